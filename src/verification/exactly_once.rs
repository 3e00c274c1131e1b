//! I3 over the journal's events, without any state of the engine: each id takes effect at most
//! once and never after it was refused, and the versions of each quota and limit are dense.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use domain::codes::{LimitKind, StepKind};
use domain::event::{Event, EventBody, RefusedId};
use domain::ids::{ActId, DivisionIndex, FiscalYear, LimitKey, QuotaId};
use domain::invariants::Finding;
use storage::disk::Disk;
use storage::event_record::{self, EventError};
use storage::position::{Place, Position};
use storage::reader::{JournalReader, ReadFrom};
use storage::record::DOMAIN_KIND_FIRST;

use super::FoldError;

/// Reads the journal up to a position and counts.
pub(super) fn walk(
    disk: &Arc<dyn Disk>,
    data: &Path,
    upto: Position,
) -> Result<Finding, FoldError> {
    let mut reader = JournalReader::open(Arc::clone(disk), data, ReadFrom::Start)?;
    let mut seen = Seen::default();
    let mut ids = Vec::new();
    while let Some(group) = reader.next(upto)? {
        let place = group.header.place;
        for record in group.records.filter(|record| record.kind >= DOMAIN_KIND_FIRST) {
            let at = record.position;
            let event = event_record::decode(&record, &mut ids);
            seen.event(&event.map_err(|error| unreadable(place, at, error))?, at);
        }
    }
    Ok(seen.finding)
}

fn unreadable(place: Place, position: Position, error: EventError) -> FoldError {
    match error {
        EventError::UnknownKind { .. } => FoldError::Unknown { position, error },
        other => {
            let what = format!("is not what its kind says: {other}");
            FoldError::Record { place, position, what }
        }
    }
}

/// A division and year: where an id is unique.
type Book = (DivisionIndex, FiscalYear);

/// Kinds of ids; the same number may be used once in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Of {
    Payment,
    Act,
    MoveOut,
    MoveIn,
    MoveSettled,
    BatchEnd,
}

impl Of {
    const fn name(self) -> &'static str {
        match self {
            Of::Payment => "payment",
            Of::Act => "act",
            Of::MoveOut => "move",
            Of::MoveIn => "arrival of move",
            Of::MoveSettled => "settling of move",
            Of::BatchEnd => "end of batch",
        }
    }
}

/// What became of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Accepted,
    Refused,
}

impl Heard {
    const fn name(self) -> &'static str {
        match self {
            Heard::Accepted => "accepted",
            Heard::Refused => "refused",
        }
    }
}

#[derive(Default)]
struct Seen {
    finding: Finding,
    ids: HashMap<(Of, Book, u128), Heard>,
    /// Orders that a payment hears once, as bits by the number of the order.
    steps: HashMap<(Book, u128), u16>,
    /// Holds and lifted holds, which may come again under another number or by another person.
    holds: HashSet<(Book, u128, StepKind, u64, u64)>,
    /// Facts taken, by payment, kind, channel, number and fingerprint.
    facts: HashSet<(Book, u128, u8, u16, u64, u128)>,
    /// Facts parked, by channel, number and fingerprint.
    parked: HashSet<(Book, u16, u64, u128)>,
    versions: HashMap<QuotaId, u32>,
    limits: HashMap<(Book, LimitKind, LimitKey), u32>,
}

impl Seen {
    fn event(&mut self, event: &Event<'_>, at: Position) {
        if let Some((quota, version)) = event.quota_version() {
            let known = self.versions.entry(quota).or_default();
            let wanted = known.wrapping_add(1);
            *known = version;
            self.finding.check(version == wanted, || {
                format!("quota {quota} has version {version} at {at} where {wanted} comes next")
            });
        }
        match &event.body {
            EventBody::Reserved { command: c, .. } => {
                self.id(Of::Payment, book(c.quota), c.payment.0, Heard::Accepted, at);
            }
            EventBody::Stepped { command: c, .. } => {
                let person = event.by.person.0;
                self.step(book(c.quota), c.payment.0, c.kind, (c.serial, person), at);
            }
            EventBody::FactTaken { fingerprint, command: c, .. } => {
                let (kind, channel) = (c.kind.number(), event.by.channel.0);
                let key = (book(c.quota), c.payment.0, kind, channel, c.serial, fingerprint.0);
                let new = self.facts.insert(key);
                self.finding.check(new, || {
                    format!("fact {} of channel {channel} was taken twice, at {at} again", c.serial)
                });
            }
            EventBody::FactParked { division, year, fingerprint, command: c, .. } => {
                let channel = event.by.channel.0;
                let new =
                    self.parked.insert(((*division, *year), channel, c.serial, fingerprint.0));
                self.finding.check(new, || {
                    format!(
                        "fact {} of channel {channel} was parked twice, at {at} again",
                        c.serial
                    )
                });
            }
            EventBody::Acted { command: c, .. } => {
                self.id(Of::Act, book(c.quota), c.act.0, Heard::Accepted, at);
            }
            EventBody::Created { quota, command: c, .. } => {
                self.id(Of::Act, book(*quota), c.act.0, Heard::Accepted, at);
            }
            EventBody::MovedOut { command: c, .. } => {
                self.id(Of::MoveOut, book(c.from), c.id.0, Heard::Accepted, at);
            }
            EventBody::MovedIn { command: c, .. } => {
                self.id(Of::MoveIn, book(c.from), c.id.0, Heard::Accepted, at);
            }
            EventBody::MoveDeclined { command: c, .. } => {
                self.id(Of::MoveIn, book(c.from), c.id.0, Heard::Refused, at);
            }
            EventBody::MoveSettled { id, from, .. } => {
                self.id(Of::MoveSettled, book(*from), id.0, Heard::Accepted, at);
            }
            EventBody::LimitSet { version, command: c, .. } => {
                let known = self.limits.entry(((c.division, c.year), c.kind, c.key)).or_default();
                let wanted = known.wrapping_add(1);
                *known = *version;
                self.finding.check(*version == wanted, || {
                    let (kind, key) = (c.kind, c.key.0);
                    format!("{kind} {key} has version {version} at {at} where {wanted} comes next")
                });
                self.id(Of::Act, (c.division, c.year), c.act.0, Heard::Accepted, at);
            }
            EventBody::Filed { command: c, .. } => {
                self.id(Of::Act, (c.division, c.year), c.act.0, Heard::Accepted, at);
            }
            EventBody::BatchOpened { command: c, .. } => {
                self.id(Of::Act, (c.division, c.year), c.batch.0, Heard::Accepted, at);
            }
            EventBody::BatchEnded { act, division, year, batch, .. } => {
                self.id(Of::BatchEnd, (*division, *year), batch.0, Heard::Accepted, at);
                if *act != ActId(0) {
                    self.id(Of::Act, (*division, *year), act.0, Heard::Accepted, at);
                }
            }
            EventBody::YearSet { act, division, year, .. } => {
                self.id(Of::Act, (*division, *year), act.0, Heard::Accepted, at);
            }
            EventBody::Resolved { command: c, .. } => {
                self.id(Of::Act, (c.division, c.year), c.act.0, Heard::Accepted, at);
            }
            EventBody::Refused { id, division, year, .. } => {
                self.refused((*division, *year), *id, at);
            }
            EventBody::RunRefused { division, year, ids, .. } => {
                for ended in *ids {
                    self.refused((*division, *year), ended.id, at);
                }
            }
            EventBody::Registered { .. } => {}
        }
    }

    fn id(&mut self, of: Of, book: Book, id: u128, heard: Heard, at: Position) {
        match self.ids.entry((of, book, id)) {
            Entry::Vacant(vacant) => {
                vacant.insert(heard);
                self.finding.check(true, String::new);
            }
            Entry::Occupied(known) => {
                let before = known.get().name();
                let (name, now, (division, year)) = (of.name(), heard.name(), book);
                self.finding.check(false, || {
                    format!(
                        "{name} {id:032x} of division {} in {} was {before} before it was {now} \
                         at {at}",
                        division.0,
                        year.get()
                    )
                });
            }
        }
    }

    fn refused(&mut self, book: Book, id: RefusedId, at: Position) {
        let (of, id) = match id {
            RefusedId::Payment(id) => (Of::Payment, id.0),
            RefusedId::Act(id) => (Of::Act, id.0),
            RefusedId::Move(id) => (Of::MoveOut, id.0),
        };
        self.id(of, book, id, Heard::Refused, at);
    }

    fn step(&mut self, book: Book, payment: u128, kind: StepKind, by: (u64, u64), at: Position) {
        let new = if matches!(kind, StepKind::Hold | StepKind::Unhold) {
            self.holds.insert((book, payment, kind, by.0, by.1))
        } else {
            let bit = 1 << kind.number();
            let done = self.steps.entry((book, payment)).or_default();
            let new = *done & bit == 0;
            *done |= bit;
            new
        };
        self.finding.check(new, || {
            format!("`{kind}` on payment {payment:032x} took effect twice, at {at} again")
        });
    }
}

fn book(quota: QuotaId) -> Book {
    (quota.division(), quota.year())
}
