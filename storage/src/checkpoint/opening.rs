//! The open of a checkpoint: under a tripwire, checked whole, and set aside if anything is wrong.
//!
//! Believes nothing: not that the store opens, not that it is ours, not that its rows are those
//! that were committed. Repairs nothing but what a round that never ended left behind.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::layout::{
    Kind, MARKER_KEY, MarkerRead, Place, head_checksum, read_begun, read_head, read_marker,
    read_stored_key, read_stored_value, row_prefix, with_tail, write_marker,
};
use super::rounds::{Joined, Rounds, Stored, Unseen, rests};
use super::table::{Table, TableFault, panic_text};
use super::{CheckpointStore, Found, Head, Marker, OpenFault, Opened, Row, RowVisitor, Why};
use crate::dataset::DataSet;
use crate::limits::CHECKPOINT_SCAN_THREADS_MAX;
use crate::position::{Cursor, Position};

/// Where a store lies: what an open asks of directories and files.
pub(crate) trait Site {
    /// Whether there is anything.
    fn exists(&self) -> Result<bool, String>;

    /// Whether a tripwire was left behind.
    fn tripped(&self) -> Result<bool, String>;

    /// Makes the place, with a tripwire in it.
    fn set_tripwire(&self) -> Result<(), String>;

    /// Takes the tripwire away.
    fn clear_tripwire(&self) -> Result<(), String>;

    /// Whether the machine was restarted since what lies here was written, and not all of it was
    /// brought to the disk before: what the system was handed may then be missing.
    fn may_have_lost(&self) -> Result<bool, String>;

    /// Notes that from here on what is written is lost if the machine is restarted.
    fn note_writing(&self) -> Result<(), String>;

    /// Opens the store below, or makes an empty one.
    fn table(&self) -> Result<Arc<dyn Table>, TableFault>;

    /// Puts all of it out of the way, tripwire included; says where it lies now.
    fn set_aside(&self) -> Result<String, String>;
}

/// Opens what is there, or makes an empty one.
pub(crate) fn open(
    site: &dyn Site,
    dataset: &DataSet,
    visitors: &mut [Box<RowVisitor<'_>>],
) -> Result<Opened, OpenFault> {
    let threads = visitors.len();
    assert!((1..=CHECKPOINT_SCAN_THREADS_MAX).contains(&threads), "{threads} visitors");
    let failed = |what| OpenFault { what };
    if !site.exists().map_err(failed)? {
        return Ok(Opened { store: make(site, dataset)?, found: Found::Nothing });
    }
    let why = if site.tripped().map_err(failed)? {
        Why::Died
    } else {
        match open_whole(site, dataset, visitors) {
            Ok(store) => return Ok(Opened { store: Box::new(store), found: Found::Whole }),
            Err(why) => why,
        }
    };
    put_aside(site, dataset, why)
}

/// Puts away what is there and makes an empty one.
pub(crate) fn put_aside(site: &dyn Site, dataset: &DataSet, why: Why) -> Result<Opened, OpenFault> {
    let kept_as = site.set_aside().map_err(|what| OpenFault { what: format!("{why}; {what}") })?;
    tracing::warn!(%why, %kept_as, "the checkpoint was set aside and is rebuilt from the journal");
    Ok(Opened { store: make(site, dataset)?, found: Found::SetAside { why, kept_as } })
}

/// Runs what may panic inside the store below.
fn caught<T>(work: impl FnOnce() -> Result<T, Why>) -> Result<T, Why> {
    // What a panic leaves half done is dropped with the table, and never looked at again.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(Why::Panicked(panic_text(panic.as_ref()))),
    }
}

/// Makes an empty checkpoint. It has a marker from the first, so that a missing one is noticed.
fn make(site: &dyn Site, dataset: &DataSet) -> Result<Box<dyn CheckpointStore>, OpenFault> {
    let made = caught(|| {
        site.set_tripwire().map_err(Why::Failed)?;
        let start = Cursor { position: Position::START, hash: dataset.genesis() };
        let marker =
            Marker { dataset_id: dataset.id, replay_from: start, durable: start, heads: 0, sum: 0 };
        let table = site.table()?;
        table.commit(&[(MARKER_KEY, &write_marker(&marker))])?;
        table.flush()?;
        site.note_writing().map_err(Why::Failed)?;
        site.clear_tripwire().map_err(Why::Failed)?;
        Ok(Rounds::new(table, marker, &[], Unseen::new()))
    });
    match made {
        Ok(store) => Ok(Box::new(store)),
        Err(why) => Err(OpenFault { what: format!("a new one cannot be made: {why}") }),
    }
}

fn open_whole(
    site: &dyn Site,
    dataset: &DataSet,
    visitors: &mut [Box<RowVisitor<'_>>],
) -> Result<Rounds, Why> {
    caught(|| {
        site.set_tripwire().map_err(Why::Failed)?;
        let table = site.table()?;
        let (marker, heads) = read_heads(table.as_ref(), dataset)?;
        let with_rests = site.may_have_lost().map_err(Why::Failed)?;
        let unseen = scan(table.as_ref(), &heads, visitors, with_rests)?;
        site.note_writing().map_err(Why::Failed)?;
        site.clear_tripwire().map_err(Why::Failed)?;
        let heads: Vec<Head> = heads.into_values().collect();
        Ok(Rounds::new(table, marker, &heads, unseen))
    })
}

/// The marker and the heads, which must add up to it.
fn read_heads(table: &dyn Table, dataset: &DataSet) -> Result<(Marker, BTreeMap<u16, Head>), Why> {
    let entries = table.heads()?;
    let marker = entries.iter().find(|(key, _)| key == MARKER_KEY).ok_or(Why::NoMarker)?;
    let marker = match read_marker(&marker.1) {
        MarkerRead::Marker(marker) => marker,
        MarkerRead::OtherFormat(found) => return Err(Why::OtherFormat { found }),
        MarkerRead::Damaged => return Err(Why::Damaged("the marker".to_owned())),
    };
    if marker.dataset_id != dataset.id {
        return Err(Why::OtherDataSet { found: marker.dataset_id });
    }
    let mut heads = BTreeMap::new();
    let mut sum: u128 = 0;
    for (key, bytes) in entries.iter().filter(|(key, _)| key != MARKER_KEY) {
        let Some(head) = read_head(key, bytes) else {
            return Err(Why::Damaged(format!("the head under {key:02x?}")));
        };
        sum = sum.wrapping_add(head_checksum(&head));
        heads.insert(head.unit, head);
    }
    if heads.len() as u64 != u64::from(marker.heads) {
        let (found, told) = (heads.len(), marker.heads);
        return Err(Why::Mismatch(format!("{found} heads where the marker counts {told}")));
    }
    if sum != marker.sum {
        return Err(Why::Mismatch("a head is stale: their sum is not the marker's".to_owned()));
    }
    Ok((marker, heads))
}

/// Checks every row, and every rest if need be, each visitor on its own thread with a range of
/// units.
fn scan(
    table: &dyn Table,
    heads: &BTreeMap<u16, Head>,
    visitors: &mut [Box<RowVisitor<'_>>],
    with_rests: bool,
) -> Result<Unseen, Why> {
    let ranges = ranges(heads, visitors.len());
    let results: Vec<Result<Unseen, Why>> = std::thread::scope(|scope| {
        let mut work = ranges.into_iter().zip(visitors.iter_mut());
        let own = work.next();
        let scan_units = move |units, visit: &mut RowVisitor<'_>| {
            scan_units(table, heads, units, visit, with_rests)
        };
        let running: Vec<_> =
            work.map(|(units, visit)| scope.spawn(move || scan_units(units, visit))).collect();
        let own = own.map(|(units, visit)| caught(|| scan_units(units, visit)));
        let joined = running.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => Err(Why::Panicked(panic_text(panic.as_ref()))),
        });
        own.into_iter().chain(joined).collect()
    });
    let mut all = Unseen::new();
    for unseen in results {
        // Ranges share no unit.
        all.extend(unseen?);
    }
    Ok(all)
}

/// All units there can be, cut into so many ranges with about as many rows each.
fn ranges(heads: &BTreeMap<u16, Head>, count: usize) -> Vec<Range<u32>> {
    let total: u64 = heads.values().map(|head| head.rows + 1).sum();
    let mut ranges = Vec::with_capacity(count);
    let (mut begin, mut rows) = (0, 0);
    for head in heads.values() {
        rows += head.rows + 1;
        let due = (ranges.len() as u64 + 1) * total / count as u64;
        if rows >= due && ranges.len() + 1 < count {
            let end = u32::from(head.unit) + 1;
            ranges.push(begin..end);
            begin = end;
        }
    }
    ranges.push(begin..u32::from(u16::MAX) + 1);
    ranges
}

/// Checks and visits the rows of some units.
fn scan_units(
    table: &dyn Table,
    heads: &BTreeMap<u16, Head>,
    units: Range<u32>,
    visit: &mut RowVisitor<'_>,
    with_rests: bool,
) -> Result<Unseen, Why> {
    let bound = |unit: u32| u16::try_from(unit).ok().map(u16::to_be_bytes);
    let Some(from) = bound(units.start) else {
        return Ok(Unseen::new());
    };
    let mut scan = Scan {
        heads,
        visit,
        rests_in: with_rests.then_some(table),
        unit: 0,
        key: Vec::new(),
        joined: Joined::default(),
        totals: BTreeMap::new(),
        unseen: Unseen::new(),
        deletions: Vec::new(),
    };
    let mut wrong = None;
    let mut key = Vec::new();
    let below = bound(units.end);
    table.range(&from, below.as_ref().map(|below| &below[..]), &mut |stored, value| match scan
        .take(stored, value, &mut key)
    {
        Ok(()) => ControlFlow::Continue(()),
        Err(why) => {
            wrong = Some(why);
            ControlFlow::Break(())
        }
    })?;
    if let Some(why) = wrong {
        return Err(why);
    }
    scan.end_row()?;
    for unit in units {
        let Some(head) = u16::try_from(unit).ok().and_then(|unit| heads.get(&unit)) else {
            continue;
        };
        let (rows, sum) = scan.totals.get(&head.unit).copied().unwrap_or_default();
        if rows != head.rows {
            let told = head.rows;
            return Err(Why::Mismatch(format!("unit {unit} has {rows} rows, and had {told}")));
        }
        if sum != head.sum {
            return Err(Why::Mismatch(format!(
                "a row of unit {unit} is stale: the sum is another"
            )));
        }
    }
    // Deletions go last: without one, the version that it hides would be seen again.
    for (unit, stored) in scan.deletions {
        scan.unseen.entry(unit).or_default().push_back(Stored::Row(stored));
    }
    Ok(scan.unseen)
}

/// A scan on its way, at one row.
struct Scan<'a, 'v> {
    heads: &'a BTreeMap<u16, Head>,
    visit: &'a mut RowVisitor<'v>,
    /// Where rests are read and checked too, if they are.
    rests_in: Option<&'a dyn Table>,
    unit: u16,
    key: Vec<u8>,
    joined: Joined,
    totals: BTreeMap<u16, (u64, u128)>,
    unseen: Unseen,
    deletions: Vec<(u16, Vec<u8>)>,
}

impl Scan<'_, '_> {
    /// Takes one stored part.
    fn take(&mut self, stored: &[u8], value: &[u8], key: &mut Vec<u8>) -> Result<(), Why> {
        let Some(place) = read_stored_key(stored, key) else {
            return Err(Why::Damaged(format!("the key {stored:02x?}")));
        };
        let Place { unit, round, part, .. } = place;
        if unit != self.unit || place.key != self.key {
            self.end_row()?;
            self.unit = unit;
            self.key.clear();
            self.key.extend_from_slice(place.key);
        }
        let committed = self.heads.get(&unit).map_or(0, |head| head.round);
        if round > committed {
            let unseen = self.unseen.entry(unit).or_default();
            let begun = read_stored_value(stored, value).filter(|part| part.kind == Kind::Begun);
            if let Some((rest, _)) = begun.and_then(|part| read_begun(part.body)) {
                unseen.extend(rests(&row_prefix(unit, &self.key), round, rest.parts));
            }
            unseen.push_back(Stored::Row(stored.to_vec()));
            return Ok(());
        }
        if let Some(older) = self.joined.other_than(round) {
            let all = older.stored(&row_prefix(unit, &self.key));
            self.unseen.entry(unit).or_default().extend(all);
        }
        self.joined.take(round, part, read_stored_value(stored, value).as_ref());
        Ok(())
    }

    /// Judges the row that ends here, counts it and hands it on.
    fn end_row(&mut self) -> Result<(), Why> {
        let joined = std::mem::take(&mut self.joined);
        let version = joined.whole().map_err(|what| {
            let (unit, key, round) = (self.unit, &self.key[..], joined.round());
            Why::Damaged(format!("{}: {what}", Place { unit, key, round, part: 0 }))
        })?;
        let (Some(version), Some(head)) = (version, self.heads.get(&self.unit)) else {
            return Ok(());
        };
        if version.kind == Kind::Deleted {
            let stored = with_tail(row_prefix(self.unit, &self.key), version.round, 0);
            self.deletions.push((self.unit, stored));
        } else {
            if let Some(table) = self.rests_in {
                let rest = version.rest(table, &row_prefix(self.unit, &self.key))?;
                rest.map_err(|what| {
                    let (unit, key, round) = (self.unit, &self.key[..], version.round);
                    Why::Damaged(format!("{}: {what}", Place { unit, key, round, part: 0 }))
                })?;
            }
            let (rows, sum) = self.totals.entry(self.unit).or_default();
            *rows += 1;
            *sum = sum.wrapping_add(version.sum);
            let row = Row { head, key: &self.key, value: &joined.value };
            (self.visit)(row).map_err(Why::Refused)?;
        }
        // The memory of the value is used again.
        self.joined.value = joined.value;
        Ok(())
    }
}
