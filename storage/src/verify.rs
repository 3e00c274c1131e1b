//! The whole journal checked, offline: every group, every byte of padding, every zero behind it.
//!
//! Takes no lock, writes nothing, and goes on behind damage to name all of it. What a start would
//! cut off as a torn write is reported apart from damage.

use std::path::Path;
use std::sync::Arc;

use crate::disk::{Disk, DiskError};
use crate::inventory::{Inventory, InventoryError};
use crate::limits::DAMAGE_LISTED_MAX;
use crate::marks::{Closed, Cut, KIND_CLOSED, KIND_OPENED, MARK_VERSION, Opened};
use crate::position::{Cursor, Place};
use crate::record::RecordRef;
use crate::recovery::{Damage, judge};
use crate::segment::journal_dir;
use crate::walk::{Chain, Found, Group, Look, Walker};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The last group that could be believed, and its last record.
    pub last: Cursor,
    /// Segments there are, ready ones included.
    pub segments: u64,
    /// Groups believed.
    pub groups: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of them, padding included.
    pub bytes: u64,
    /// Damage found, at most [`DAMAGE_LISTED_MAX`] places of it.
    pub damage: Vec<Damage>,
    /// Damaged places in all.
    pub damaged: u64,
    /// What a start would cut off: a group that was being written.
    pub torn: Option<Cut>,
    /// Whether the journal ends with `Closed`.
    pub closed: bool,
}

/// Verifies the journal of a data directory. While an engine writes there, the group on its way
/// may be reported as torn.
///
/// # Errors
/// When the segments are not a journal at all, or the disk fails.
pub fn verify(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<Report, InventoryError> {
    let inventory = Inventory::take(disk.as_ref(), data_dir)?;
    let dataset = inventory.dataset;
    let chain = Chain::genesis(&dataset);
    let segments = inventory.first..=inventory.last;
    let walker = Walker::new(Arc::clone(disk), journal_dir(data_dir), dataset, segments, chain)?;
    let mut pass = Pass {
        report: Report {
            last: chain.last,
            segments: inventory.last - inventory.first + 1,
            groups: 0,
            records: 0,
            bytes: 0,
            damage: Vec::new(),
            damaged: 0,
            torn: None,
            closed: false,
        },
        epoch: Epoch { number: 0, groups: 0, records: 0 },
    };
    pass.run(walker)?;
    Ok(pass.report)
}

/// What the groups of one epoch add up to, for its `Closed`.
struct Epoch {
    number: u32,
    groups: u64,
    records: u64,
}

struct Pass {
    report: Report,
    epoch: Epoch,
}

impl Pass {
    fn damage(&mut self, damage: Damage) {
        self.report.damaged += 1;
        if self.report.damage.len() < DAMAGE_LISTED_MAX {
            self.report.damage.push(damage);
        }
    }

    fn run(&mut self, mut walker: Walker) -> Result<(), DiskError> {
        loop {
            let chain_end = match walker.next()? {
                Found::Group(group) => {
                    let header = group.header;
                    let place = header.place;
                    for what in self.believed(&group) {
                        self.damage(Damage::at(place, what));
                    }
                    if !walker.padding_is_zero(&header)? {
                        self.damage(Damage::at(place, "the padding behind the group is not zero"));
                    }
                    continue;
                }
                Found::Nothing(end) => end,
            };
            let end = walker.place;
            match judge::judge(&mut walker, &chain_end)? {
                Ok(torn) => {
                    self.report.torn = torn;
                    return Ok(());
                }
                Err(damage) => {
                    self.damage(damage);
                    if !self.go_on_behind(&mut walker, end)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Checks what the chain alone does not, and counts.
    fn believed(&mut self, group: &Group<'_>) -> Vec<String> {
        let header = &group.header;
        let mut wrong = Vec::new();
        if header.epoch != self.epoch.number {
            self.epoch = Epoch { number: header.epoch, groups: 0, records: 0 };
        }
        self.report.closed = false;
        for record in group.records {
            wrong.extend(self.mark_is_wrong(&record));
        }
        self.epoch.groups += 1;
        self.epoch.records += u64::from(header.records);
        self.report.groups += 1;
        self.report.records += u64::from(header.records);
        self.report.bytes += header.disk_bytes() as u64;
        self.report.last = group.cursor();
        wrong
    }

    fn mark_is_wrong(&mut self, record: &RecordRef<'_>) -> Option<String> {
        let position = record.position;
        let known = record.version == MARK_VERSION;
        match record.kind {
            KIND_OPENED if known => {
                let sound = Opened::from_body(record.body).is_some();
                (!sound).then(|| format!("the `Opened` at {position} cannot be read"))
            }
            KIND_CLOSED if known => {
                self.report.closed = true;
                let Some(closed) = Closed::from_body(record.body) else {
                    return Some(format!("the `Closed` at {position} cannot be read"));
                };
                let (groups, records) = (self.epoch.groups, self.epoch.records);
                (closed != Closed { groups, records }).then(|| {
                    format!(
                        "the `Closed` at {position} counts {} groups and {} records where there \
                         are {groups} and {records}",
                        closed.groups, closed.records
                    )
                })
            }
            _ => None,
        }
    }

    /// Behind damage the chain is taken up again at the next whole group; false if there is none.
    fn go_on_behind(&mut self, walker: &mut Walker, damaged: Place) -> Result<bool, DiskError> {
        let block = crate::limits::BLOCK_BYTES as u64;
        let mut from = Place { segment: damaged.segment, offset: damaged.offset + block };
        loop {
            let Some((place, _)) = walker.survey(from)?.counted else {
                return Ok(false);
            };
            if let Look::Sound(header, _) = walker.look(place)? {
                let last = Cursor { position: header.durable_before, hash: header.previous };
                let time_ms = walker.chain.time_ms.min(header.time_ms);
                walker.chain = Chain::behind(last, time_ms);
                walker.place = place;
                if walker.chain.refuses(&header).is_none() {
                    // What the epoch adds up to is not known behind a gap.
                    self.epoch.number = header.epoch;
                    return Ok(true);
                }
            }
            self.damage(Damage::at(place, "a whole group in a place that is not its own"));
            from = Place { segment: place.segment, offset: place.offset + block };
        }
    }
}
