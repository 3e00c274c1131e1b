//! A store that was restored from an older copy takes back what it had sent since: the other side has it, under the seals it
//! was sent with.
//!
//! The numbers that its letters had there are theirs again, and are never given to others; what the other side sent
//! meanwhile it sends again by itself, once the lines are up. A voucher on whose word money moves is known again only where
//! the business has written it here anew, word for word: so nothing is ordered twice under another number, and what was
//! ordered and is not known here keeps the lines down, by its name.

use domain::voucher::{Flag, Party, VoucherKey, VoucherKind};
use thiserror::Error;

use super::turn::Turn;
use super::{Log, LogFault, Node};
use crate::business::Business;
use crate::envelope::Envelope;
use crate::limits::{REASON_BYTES_MAX, SENT_HERE_BYTES_ENOUGH};
use crate::record::{Event, Lane, TwoPersons};
use crate::store::persons::held_to;
use crate::store::{Checked, StoreRefusal};

/// Why letters are not taken back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotTakenBack {
    /// Their lines are up: nothing is missing.
    #[error(
        "a line with {party} is up: the two stores have not gone apart, and nothing is to be taken back"
    )]
    Up {
        /// The counterparty.
        party: Party,
    },
    /// They do not begin behind what is known here.
    #[error(
        "{given} numbers were given to {party} here, and the letters go from {first} to {through}; ask the other side for \
         what it has behind {given}"
    )]
    Numbers {
        /// The counterparty.
        party: Party,
        /// The last number that is known here.
        given: u64,
        /// The first that was handed in.
        first: u64,
        /// Up to which.
        through: u64,
    },
    /// A letter is none of ours for it, or its seals do not hold.
    #[error(
        "letter {number} was not sealed here for {party}: {why}; have the other side hand over what came, as it came"
    )]
    Strange {
        /// The counterparty.
        party: Party,
        /// Its number.
        number: u64,
        /// Why.
        why: String,
    },
    /// A voucher by which money moves that is not written here.
    #[error(
        "letter {number} is {key}, which is not written here again: wait until finance has followed its engine, give again the \
         sheet of payees that a person gave, take back with {key}'s bank first where it is a limit notice; then give \
         this order again"
    )]
    NotWritten {
        /// The voucher.
        key: VoucherKey,
        /// The number it had.
        number: u64,
    },
    /// Another voucher has its number here.
    #[error(
        "letter {number} is {key}, and the one that is written here under that number says something else: no line may open \
         until people have compared both; put a newer copy of this party's directory back"
    )]
    Otherwise {
        /// The voucher.
        key: VoucherKey,
        /// The number it had.
        number: u64,
    },
}

/// What the other side hands over of letters that a party sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentHere {
    /// Letters with the numbers they came under, in their order.
    pub letters: Vec<(u64, Vec<u8>)>,
    /// The number up to which these are all there are.
    pub through: u64,
    /// The last number that came at all.
    pub last: u64,
}

impl<B: Business, L: Log> Node<B, L> {
    /// The letters of a party that came under numbers behind one, as they came; as many as one answer holds.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn sent_here(&mut self, from: Party, after: u64) -> Result<SentHere, LogFault> {
        let Some(peer) = self.store.peer(from) else {
            return Ok(SentHere { letters: Vec::new(), through: after, last: 0 });
        };
        let last = peer.received();
        let rows = peer.inbox.iter().map(|(_, row)| (u64::from(row.number), row.at()));
        let mut rows: Vec<(u64, u64)> = rows.filter(|(number, _)| *number > after).collect();
        rows.sort_unstable();
        let (mut letters, mut bytes) = (Vec::new(), 0);
        for (number, at) in rows {
            if bytes > SENT_HERE_BYTES_ENOUGH {
                let through = letters.last().map_or(after, |(number, _)| *number);
                return Ok(SentHere { letters, through, last });
            }
            let letter = self.letter(at)?.to_vec();
            bytes += letter.len();
            letters.push((number, letter));
        }
        Ok(SentHere { letters, through: last.max(after), last })
    }

    /// Takes letters back that this party had sent before it was restored.
    pub(super) fn take_back_sent(
        &mut self,
        turn: &mut Turn<B>,
        to: Party,
        handed: SentHere,
        (persons, reason): (TwoPersons, String),
    ) -> Result<(), StoreRefusal> {
        held_to("the reason", &reason, REASON_BYTES_MAX)?;
        self.store.may_vouch(&persons)?;
        let SentHere { letters, through, .. } = handed;
        let given = self.store.peer(to).map_or(0, crate::store::Peer::given);
        if self.up.get(&to) == Some(&true) {
            return Err(NotTakenBack::Up { party: to }.into());
        }
        let first = letters.first().map_or(through, |(number, _)| *number);
        let rising = letters.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let last = letters.last().map_or(first, |(number, _)| *number);
        if !rising || first <= given || last > through || u32::try_from(through).is_err() {
            return Err(NotTakenBack::Numbers { party: to, given, first, through }.into());
        }
        let (numbers, bytes): (Vec<u64>, Vec<Vec<u8>>) = letters.into_iter().unzip();
        let verifier = self.means.verifier.as_ref();
        let checked = Checked::all(&self.store, bytes, verifier);
        let mut known = Vec::with_capacity(checked.len());
        for (number, letter) in numbers.into_iter().zip(checked) {
            let envelope = self.store.was_ours(to, number, &letter)?;
            known.push((number, self.known_here(to, number, &envelope)?, envelope));
        }
        // From here on nothing is refused.
        let mut entries = Vec::with_capacity(known.len());
        for (number, entry, envelope) in known {
            let entry = entry.unwrap_or_else(|| self.queued_as_it_was(turn, to, envelope));
            entries.push((number, entry));
        }
        self.decided(turn, Event::TookBack { to, through, entries, persons, reason });
        Ok(())
    }

    /// Which letter of ours a returned one is; none where it is to be kept as it came back.
    fn known_here(
        &self,
        to: Party,
        number: u64,
        envelope: &Envelope,
    ) -> Result<Option<u32>, StoreRefusal> {
        let Some((key, flag)) = envelope.voucher() else { return Ok(None) };
        let peer = self.store.peer(to);
        let found = peer.and_then(|peer| Some((peer, peer.out.find(&key, flag)?)));
        match found {
            Some((peer, entry)) => {
                let row = peer.out.get(entry).expect("it was found");
                let same = row.is_of(&envelope.digest());
                if same {
                    Ok(Some(entry))
                } else {
                    Err(NotTakenBack::Otherwise { key, number }.into())
                }
            }
            None if flag == Flag::Original && moves_money(key.kind) => {
                Err(NotTakenBack::NotWritten { key, number }.into())
            }
            None => Ok(None),
        }
    }

    fn queued_as_it_was(&mut self, turn: &mut Turn<B>, to: Party, envelope: Envelope) -> u32 {
        let (lane, day) = match envelope.voucher() {
            Some(_) => (Lane::Ordinary, self.store.day()),
            None => (Lane::Notices, self.store.day()),
        };
        let entry = self.store.peer(to).map_or(0, |peer| peer.out.len());
        self.decided(turn, Event::Queued { to, lane, day, envelope });
        u32::try_from(entry).expect("an outbox has fewer entries than that")
    }
}

/// Whether money moves on the word of a voucher of this kind.
fn moves_money(kind: VoucherKind) -> bool {
    kind.is_order()
        || matches!(
            kind,
            VoucherKind::AuthorizedLimit | VoucherKind::DirectLimit | VoucherKind::BatchDetails
        )
}
