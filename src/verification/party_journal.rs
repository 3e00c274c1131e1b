//! A party's journal (电子凭证库) as a verification finds it: whose it is, and that every record in it can be read.

use std::path::Path;
use std::sync::Arc;

use domain::voucher::Party;
use exchange::record::turn::TurnReader;
use exchange::record::{Event, KIND_FIRST, KIND_LAST};
use storage::disk::Disk;
use storage::position::Position;
use storage::reader::{JournalReader, ReadFrom};
use storage::record::DOMAIN_KIND_FIRST;

use super::FoldError;

/// What is known of a party's journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartyJournal {
    /// Whose it is, by its first turn, or by its letters where it was made before journals said so.
    pub(crate) party: Option<Party>,
    /// The public key of the root that the party trusts.
    pub(crate) root: Option<Vec<u8>>,
    /// Records of the party's own.
    pub(crate) records: u64,
    /// The first record that cannot be read.
    pub(crate) unreadable: Option<String>,
}

/// Whether the first record behind the journal's own marks is a party's, and not an engine's.
pub(super) fn is_one(disk: &Arc<dyn Disk>, data: &Path, upto: Position) -> Result<bool, FoldError> {
    let mut reader = JournalReader::open(Arc::clone(disk), data, ReadFrom::Start)?;
    while let Some(group) = reader.next(upto)? {
        let mut kinds = group.records.map(|record| record.kind);
        if let Some(kind) = kinds.find(|kind| *kind >= DOMAIN_KIND_FIRST) {
            return Ok((KIND_FIRST..=KIND_LAST).contains(&kind));
        }
    }
    Ok(false)
}

/// Reads all of it.
pub(super) fn read(
    disk: &Arc<dyn Disk>,
    data: &Path,
    upto: Position,
    progress: &mut dyn FnMut(u64),
) -> Result<PartyJournal, FoldError> {
    let mut reader = JournalReader::open(Arc::clone(disk), data, ReadFrom::Start)?;
    let (mut turns, mut found) = (TurnReader::default(), PartyJournal::default());
    while let Some(group) = reader.next(upto)? {
        let last = group.header.last().sequence;
        let counted = group.records.inspect(|record| {
            found.records += u64::from(record.kind >= DOMAIN_KIND_FIRST);
        });
        match turns.group(counted) {
            Ok(events) => {
                events.into_iter().flatten().for_each(|(_, event)| found.note(&event));
            }
            Err(fault) => {
                found.unreadable = Some(fault.to_string());
                return Ok(found);
            }
        }
        progress(last);
    }
    Ok(found)
}

impl PartyJournal {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Owned(owner) => {
                self.party = Some(owner.party);
                self.root = Some(owner.root.bytes().to_vec());
            }
            Event::Queued { envelope, .. } => {
                self.party.get_or_insert(envelope.from());
            }
            _ => {}
        }
    }
}
