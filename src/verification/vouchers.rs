//! I8 over the journals of parties that exchange vouchers, and of their engine: payments, sums and numbers in each
//! writer's, and what one side has of another's letters.
//!
//! What is read are the letters as they lie in the journals. No store and no business is folded.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ids::PaymentId;
use domain::invariants::Finding;
use domain::office::shelves::Book;
use domain::voucher::invariant::{InEngine, Name, Written};
use domain::voucher::{DivisionCode, Flag, Party, PartyKind, VoucherKey, canonical};
use exchange::envelope::{Digest, Envelope};
use exchange::finance::record::without_voucher;
use exchange::iso20022::payload::IsoPayloads;
use exchange::node::Payloads;
use exchange::notice::Notice;
use exchange::record::turn::TurnReader;
use exchange::record::{Arrival, Event};
use exchange::xml::EitherPayloads;
use storage::disk::{Disk, RealDisk};
use storage::position::Position;
use storage::reader::{JournalReader, ReadFrom};

use super::fold::Share;
use super::outbox::Outboxes;
use super::{FoldError, fold_share, last_position, party_journal};
use crate::party::finance::followed_position;

/// What one party's journal says of letters, by those it exchanges them with.
#[derive(Default)]
struct Letters {
    /// Vouchers it wrote: for whom, and the digest of what is signed.
    wrote: HashSet<(Party, Digest)>,
    /// Vouchers of others that it took: from whom, which, and under which digest.
    took: Vec<(Party, VoucherKey, Digest)>,
    /// All letters that came to it, taken or not.
    came: HashSet<(Party, Digest)>,
    /// What others said they took of its letters.
    heard_taken: Vec<(Party, Digest)>,
    /// What became of the orders it wrote.
    out: Outboxes,
}

/// All of them.
struct Checked {
    payloads: IsoPayloads,
    written: Written,
    letters: HashMap<Party, Letters>,
    /// Payments of which finance's store says that they have no voucher.
    without_voucher: HashSet<(Book, PaymentId)>,
    /// How far finance's store has followed its engine.
    followed: Option<Position>,
    /// Originals that cannot be read.
    unreadable: Finding,
}

/// Holds the journals in these directories against each other: of parties, and at most one engine's. Its payments are
/// those at the position that finance's store has followed it to.
///
/// # Errors
/// When a journal cannot be read, or is damaged.
pub(crate) fn check(directories: &[PathBuf]) -> anyhow::Result<Finding> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only());
    let otherwise: Box<dyn Payloads> = Box::new(EitherPayloads);
    let mut checked = Checked {
        payloads: IsoPayloads::new(otherwise, std::collections::BTreeSet::new()),
        written: Written::new(),
        letters: HashMap::new(),
        without_voucher: HashSet::new(),
        followed: None,
        unreadable: Finding::default(),
    };
    let mut engines = Vec::new();
    for data in directories {
        let upto = last_position(&disk, data)?;
        match party_journal::is_one(&disk, data, upto).map_err(FoldError::into_failure)? {
            true => checked.read(&disk, data, upto)?,
            false => engines.push((data, upto)),
        }
    }
    for (data, upto) in engines {
        checked.engine(&disk, data, upto).map_err(FoldError::into_failure)?;
    }
    Ok(checked.finding())
}

fn in_words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Checked {
    fn read(&mut self, disk: &Arc<dyn Disk>, data: &Path, upto: Position) -> anyhow::Result<()> {
        let failure = |error: FoldError| error.into_failure();
        let mut reader = JournalReader::open(Arc::clone(disk), data, ReadFrom::Start)
            .map_err(|error| failure(error.into()))?;
        let (mut turns, mut me) = (TurnReader::default(), None);
        while let Some(group) = reader.next(upto).map_err(|error| failure(error.into()))? {
            for (_, event) in turns.group(group.records)?.into_iter().flatten() {
                self.event(&mut me, event);
            }
        }
        Ok(())
    }

    fn event(&mut self, me: &mut Option<Party>, event: Event) {
        if let Some(me) = *me {
            let came_back = self.letters.entry(me).or_default().out.came_back(&event);
            came_back.into_iter().for_each(|key| self.written.came_back(key));
        }
        match event {
            Event::Owned(owner) => *me = Some(owner.party),
            Event::Queued { to, envelope, .. } => {
                let me = *me.get_or_insert(envelope.from());
                self.wrote(me, to, &envelope);
            }
            Event::Received { from, arrival, letter, .. } => {
                let (Some(me), Ok(envelope)) = (*me, Envelope::decode(&letter)) else { return };
                self.came(me, from, &arrival, &envelope);
            }
            Event::CameByPaper { from, envelope, .. } => {
                let Some(me) = *me else { return };
                self.letters.entry(me).or_default().came.insert((from, envelope.digest()));
            }
            Event::Business(record) if me.is_some_and(|me| me.kind() == PartyKind::Finance) => {
                self.without_voucher.extend(without_voucher(&record));
            }
            Event::Followed(bytes) => self.followed = Some(followed_position(&bytes)),
            _ => {}
        }
    }

    fn wrote(&mut self, me: Party, to: Party, envelope: &Envelope) {
        let Some((key, flag)) = envelope.voucher() else { return };
        let digest = envelope.digest();
        self.letters.entry(me).or_default().wrote.insert((to, digest));
        if flag != Flag::Original {
            return;
        }
        // One voucher may go to two parties, in the form that each of them reads: it is what it says.
        let (format, payload) = envelope.payload().expect("a voucher has a payload");
        let read = self.payloads.read(format, payload, None);
        match read.and_then(|voucher| Ok((canonical::bytes(&voucher).map_err(in_words)?, voucher)))
        {
            Ok((says, voucher)) => {
                let hash = blake3::hash(&says);
                let half = hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
                self.written.numbered(me, key, u128::from_le_bytes(*half));
                self.written.orders(&voucher);
            }
            Err(why) => self.unreadable.check(false, || format!("{key} of {me}: {why}")),
        }
    }

    fn came(&mut self, me: Party, from: Party, arrival: &Arrival, envelope: &Envelope) {
        let letters = self.letters.entry(me).or_default();
        let digest = envelope.digest();
        letters.came.insert((from, digest));
        match (arrival, envelope.voucher()) {
            (Arrival::Taken, Some((key, _))) => letters.took.push((from, key, digest)),
            (Arrival::Notices, _) => {
                let came_back = letters.out.told(from, envelope.notices());
                came_back.into_iter().for_each(|key| self.written.came_back(key));
                let taken = envelope.notices().iter().filter_map(|notice| match notice {
                    Notice::Taken { digest, .. } => Some((from, *digest)),
                    _ => None,
                });
                letters.heard_taken.extend(taken);
            }
            _ => {}
        }
    }

    fn engine(
        &mut self,
        disk: &Arc<dyn Disk>,
        data: &Path,
        upto: Position,
    ) -> Result<(), FoldError> {
        let upto = self.followed.map_or(upto, |followed| followed.min(upto));
        let divisions = fold_share(disk, data, upto, Share::ALL, &mut |_| {})?;
        let code = |index| {
            let found = divisions.iter().find(|division| division.index == index)?;
            let digits = found.registration.as_ref()?.code;
            DivisionCode::new(std::str::from_utf8(&digits).ok()?)
        };
        let left: HashSet<Name> = self
            .without_voucher
            .iter()
            .filter_map(|((index, year), payment)| Some((code(*index)?, *year, *payment)))
            .collect();
        self.written.held_against(InEngine::all(divisions.iter()), &|name| left.contains(name));
        Ok(())
    }

    /// What each pair of parties has of each other's letters, where both journals are here; and all that was found.
    fn finding(self) -> Finding {
        let mut finding = self.written.into_finding();
        super::join(&mut finding, self.unreadable);
        for (me, letters) in &self.letters {
            for (from, key, digest) in &letters.took {
                let Some(theirs) = self.letters.get(from) else { continue };
                finding.check(theirs.wrote.contains(&(*me, *digest)), || {
                    format!("{me} has taken {key} of {from}, whose journal has no such letter")
                });
            }
            for (by, digest) in &letters.heard_taken {
                let Some(theirs) = self.letters.get(by) else { continue };
                finding.check(theirs.came.contains(&(*me, *digest)), || {
                    format!("{by} has told {me} that it took letter {digest:?}, and has it no more")
                });
            }
        }
        finding
    }
}
