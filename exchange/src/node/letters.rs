//! Letters as messages of a line, and back: whole where they fit one, in pieces where they do not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use domain::voucher::Party;

use super::{Log, LogFault, Node};
use crate::business::Business;
use crate::encoding::Unreadable;
use crate::limits::RECENT_BYTES_MAX;
use crate::record::Event;

/// A message that is a whole letter.
const WHOLE: u8 = 0;
/// A message that is a piece of a letter that goes on in the next.
const GOES_ON: u8 = 1;
/// A message that is the last piece of a letter.
const LAST: u8 = 2;

/// A message of the other side.
pub(super) enum Message<'a> {
    /// A letter, behind the first byte.
    Whole,
    /// A piece of one.
    Piece { bytes: &'a [u8], last: bool },
}

impl Message<'_> {
    pub(super) fn read(bytes: &[u8]) -> Result<Message<'_>, Unreadable> {
        match bytes.split_first() {
            Some((&WHOLE, _)) => Ok(Message::Whole),
            Some((&GOES_ON, bytes)) => Ok(Message::Piece { bytes, last: false }),
            Some((&LAST, bytes)) => Ok(Message::Piece { bytes, last: true }),
            _ => Err(Unreadable::Impossible { what: "a message" }),
        }
    }
}

/// The letters of the last turns, which are asked for next.
#[derive(Default)]
pub(super) struct Recent {
    letters: BTreeMap<u64, Arc<Vec<u8>>>,
    order: VecDeque<u64>,
    bytes: usize,
}

impl Recent {
    pub(super) fn add(&mut self, at: u64, letter: Vec<u8>) {
        self.bytes += letter.len();
        self.letters.insert(at, Arc::new(letter));
        self.order.push_back(at);
        while self.bytes > RECENT_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.letters.remove(&oldest).map_or(0, |letter| letter.len());
        }
    }
}

impl<B: Business, L: Log> Node<B, L> {
    /// The message with a number for a party, for its line; none where none was offered.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn message(&mut self, to: Party, number: u64) -> Result<Option<Vec<u8>>, LogFault> {
        let Some(peer) = self.store.peer(to) else { return Ok(None) };
        let Some((entry, piece)) = peer.piece_of(number) else { return Ok(None) };
        let row = peer.out.get(entry).expect("a number is of a letter");
        let (at, pieces, piece) = (row.at(), usize::from(row.pieces), usize::from(piece));
        let letter = self.letter(at)?;
        if pieces == 1 {
            return Ok(Some([&[WHOLE], letter.as_slice()].concat()));
        }
        let share = letter.len().div_ceil(pieces);
        let bytes = &letter[piece * share..letter.len().min((piece + 1) * share)];
        let tag = if piece + 1 == pieces { LAST } else { GOES_ON };
        Ok(Some([&[tag], bytes].concat()))
    }

    /// The letter that the record at a sequence of the journal holds, as it is sent and kept.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn letter(&mut self, at: u64) -> Result<Arc<Vec<u8>>, LogFault> {
        if let Some(letter) = self.recent.letters.get(&at) {
            return Ok(Arc::clone(letter));
        }
        let (kind, body) = self.log.read(at)?;
        let letter = Event::letter_in(kind, &body);
        letter.map(Arc::new).map_err(|_| LogFault::Missing { sequence: at })
    }
}
