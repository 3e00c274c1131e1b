//! The journal of a data directory, read as its format document says, by the program's reader.

use std::path::Path;
use std::sync::Arc;

use domain::event::{EventBody, RefusedId};
use storage::disk::{Disk, RealDisk};
use storage::group::GroupHeader;
use storage::limits::{BLOCK_BYTES, GROUP_HEADER_BYTES};
use storage::position::Position;
use storage::reader::{JournalReader, ReadFrom};
use storage::record::DOMAIN_KIND_FIRST;

use super::files::Files;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum About {
    /// A payment was reserved, or its reservation refused.
    Payment(u128),
    /// An act on a quota, a creation, a year.
    Act(u128),
    /// A move out.
    Move(u128),
    /// A step or fact of a payment, with its number.
    Of(u128, u64),
    /// A refused linked run.
    Run,
    /// The journal's own: `Opened` or `Closed`.
    Mark,
    /// Something else.
    Other,
}

/// What lies at each sequence of a journal nobody writes.
pub(crate) fn records(data: &Path) -> Vec<(Position, About)> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only());
    let last = storage::verify::verify(&disk, data).expect("a journal").last.position;
    let mut reader = JournalReader::open(disk, data, ReadFrom::Start).expect("a journal");
    let mut found = Vec::new();
    while let Some(group) = reader.next(last).expect("a whole journal") {
        for record in group.records {
            let mut ids = Vec::new();
            let about = if record.kind < DOMAIN_KIND_FIRST {
                About::Mark
            } else {
                let event = storage::event_record::decode(&record, &mut ids).expect("an event");
                about(&event.body)
            };
            found.push((record.position, about));
        }
    }
    found
}

fn about(body: &EventBody<'_>) -> About {
    match body {
        EventBody::Reserved { command, .. } => About::Payment(command.payment.0),
        EventBody::Stepped { command, .. } => About::Of(command.payment.0, command.serial),
        EventBody::FactTaken { command, .. } | EventBody::FactParked { command, .. } => {
            About::Of(command.payment.0, command.serial)
        }
        EventBody::Acted { command, .. } => About::Act(command.act.0),
        EventBody::Created { command, .. } => About::Act(command.act.0),
        EventBody::MovedOut { command, .. } => About::Move(command.id.0),
        EventBody::YearSet { act, .. } => About::Act(act.0),
        EventBody::Refused { id, .. } => match *id {
            RefusedId::Payment(id) => About::Payment(id.0),
            RefusedId::Act(id) => About::Act(id.0),
            RefusedId::Move(id) => About::Move(id.0),
        },
        EventBody::RunRefused { .. } => About::Run,
        _ => About::Other,
    }
}

/// A group as it lies in a segment.
#[derive(Clone, Debug)]
pub(crate) struct Lying {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
    pub(crate) header: GroupHeader,
}

impl Lying {
    /// Where its padding begins.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.header.hashed_bytes() as u64
    }

    pub(crate) fn disk_end(&self) -> u64 {
        self.offset + self.header.disk_bytes() as u64
    }
}

/// Every group of a good journal, in order.
pub(crate) fn groups(files: &Files) -> Vec<Lying> {
    let mut groups = Vec::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".seg")) {
        let segment = name[..10].parse().expect("a number");
        let mut offset = BLOCK_BYTES;
        while offset + GROUP_HEADER_BYTES <= bytes.len() {
            let head = bytes[offset..].first_chunk().expect("a whole header");
            let Ok(header) = GroupHeader::decode(head) else { break };
            groups.push(Lying { segment, offset: offset as u64, header });
            offset += header.disk_bytes();
        }
    }
    groups
}
