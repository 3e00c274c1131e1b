//! Rounds: rows written unseen, then made visible at once; and reading what is committed.
//!
//! A round writes new versions of rows beside the committed ones. The commit writes the unit's
//! head and the marker in one piece; only then may the superseded versions be swept. Never
//! removes a version that a committed head counts on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};

use super::layout::{
    Kind, MARKER_KEY, Part, Place, RestSum, begun_body, check_bounds, check_first, head_checksum,
    head_key, prefix_end, read_begun, read_stored_value, row_prefix, stored_value, tail_of,
    with_tail, write_head, write_marker,
};
use super::table::{Table, TableFault, panic_text};
use super::{CheckpointReader, CheckpointStore, Commit, Counters, Fault, Head, Marker};
use crate::limits::{CHECKPOINT_PART_BYTES_MAX, CHECKPOINT_ROUND_PARTS_MAX};

/// What nobody can see any more, by unit, in the order it is to be removed in.
pub(crate) type Unseen = BTreeMap<u16, VecDeque<Stored>>;

/// A stored part, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Of a row.
    Row(Vec<u8>),
    /// Of a row's rest.
    Rest(Vec<u8>),
}

impl Stored {
    fn key(&self) -> &[u8] {
        let (Stored::Row(key) | Stored::Rest(key)) = self;
        key
    }

    fn insert_into(&self, table: &dyn Table, value: &[u8]) -> Result<(), TableFault> {
        match self {
            Stored::Row(key) => table.insert(key, value),
            Stored::Rest(key) => table.insert_rest(key, value),
        }
    }

    fn remove_from(&self, table: &dyn Table) -> Result<(), TableFault> {
        match self {
            Stored::Row(key) => table.remove(key),
            Stored::Rest(key) => table.remove_rest(key),
        }
    }
}

/// The parts of a rest, whose row's version has this prefix and round.
pub(crate) fn rests(prefix: &[u8], round: u64, parts: u8) -> impl Iterator<Item = Stored> + use<> {
    let prefix = prefix.to_vec();
    (0..parts).map(move |part| Stored::Rest(with_tail(prefix.clone(), round, part)))
}

/// A checkpoint over an open table.
pub(crate) struct Rounds {
    table: Arc<dyn Table>,
    committed: Arc<Committed>,
    marker: Marker,
    open: BTreeMap<u16, Round>,
    unseen: Unseen,
    counters: Counters,
    ended: bool,
}

/// A round that is open.
struct Round {
    number: u64,
    /// Rows and sum as they will be when it is committed.
    rows: u64,
    sum: u128,
    /// Parts of versions that it supersedes, and its own deletions: unseen once it is committed.
    superseded: Vec<Stored>,
    deletions: BTreeSet<Vec<u8>>,
    /// Parts that it wrote: unseen once it is abandoned.
    written: Vec<Stored>,
}

/// What readers know.
#[derive(Default)]
struct Committed(RwLock<BTreeMap<u16, Head>>);

impl Committed {
    fn head(&self, unit: u16) -> Option<Head> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&unit).copied()
    }

    fn all(&self) -> Vec<Head> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    fn put(&self, head: Head) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(head.unit, head);
    }
}

/// One version of a row, as far as its parts are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version {
    pub(crate) round: u64,
    pub(crate) kind: Kind,
    pub(crate) parts: u8,
    seen: u8,
    pub(crate) sum: u128,
    /// What its rest adds up to, where it has one.
    pub(crate) rest: Option<RestSum>,
}

impl Version {
    /// The stored keys of its row.
    fn keys(self, prefix: &[u8]) -> impl Iterator<Item = Vec<u8>> + use<> {
        let prefix = prefix.to_vec();
        (0..self.parts).map(move |part| with_tail(prefix.clone(), self.round, part))
    }

    /// All that is stored of it, in the order it is to be removed in: as long as anything of a rest
    /// is there, its row says so.
    pub(crate) fn stored(self, prefix: &[u8]) -> impl Iterator<Item = Stored> + use<> {
        let parts = self.rest.map_or(0, |rest| rest.parts);
        rests(prefix, self.round, parts).chain(self.keys(prefix).map(Stored::Row))
    }

    /// Its rest, if every part of it is what was written.
    ///
    /// # Errors
    /// When the store fails, or what is wrong.
    pub(crate) fn rest(
        self,
        table: &dyn Table,
        prefix: &[u8],
    ) -> Result<Result<Vec<u8>, &'static str>, TableFault> {
        let (mut bytes, mut sum) = (Vec::new(), 0_u128);
        let Some(rest) = self.rest else { return Ok(Ok(bytes)) };
        for number in 0..rest.parts {
            let key = with_tail(prefix.to_vec(), self.round, number);
            let Some(stored) = table.rest(&key)? else {
                return Ok(Err("a part of its rest is missing"));
            };
            match read_stored_value(&key, &stored) {
                Some(part) if part.kind == Kind::Rest && part.parts == rest.parts => {
                    sum = sum.wrapping_add(part.checksum);
                    bytes.extend_from_slice(part.body);
                }
                _ => return Ok(Err("the checksum of its rest does not hold")),
            }
        }
        Ok(if sum == rest.sum { Ok(bytes) } else { Err("its rest is another one") })
    }
}

/// The newest version of a row, joined from its parts as they come by in order. Only the newest
/// is judged: of older ones, parts may have been swept away.
#[derive(Default)]
pub(crate) struct Joined {
    round: u64,
    version: Option<Version>,
    wrong: Option<&'static str>,
    pub(crate) value: Vec<u8>,
}

impl Joined {
    /// Takes a stored part.
    pub(crate) fn take(&mut self, round: u64, number: u8, part: Option<&Part<'_>>) {
        if round != self.round {
            *self = Joined { round, value: std::mem::take(&mut self.value), ..Joined::default() };
            self.value.clear();
        }
        let Some(part) = part else {
            self.wrong = Some("its checksum does not hold");
            return;
        };
        let Part { checksum, parts, kind, mut body } = *part;
        let mut rest = None;
        if kind == Kind::Begun {
            match read_begun(body).filter(|_| parts == 1) {
                Some((of_rest, first)) => (rest, body) = (Some(of_rest), first),
                None => self.wrong = Some("it does not say what its rest is"),
            }
        } else if kind == Kind::Rest {
            self.wrong = Some("it is a rest and no row");
        }
        let first = Version { round, kind, parts, seen: 0, sum: 0, rest };
        let version = self.version.get_or_insert(first);
        if number != version.seen {
            self.wrong = Some("a part of it is missing");
        } else if version.kind != kind || version.parts != parts {
            self.wrong = Some("its parts disagree about the row");
        }
        version.seen = version.seen.saturating_add(1);
        version.sum = version.sum.wrapping_add(checksum);
        self.value.extend_from_slice(body);
    }

    /// The round of the version that is being joined.
    pub(crate) const fn round(&self) -> u64 {
        self.round
    }

    /// The version that one of another round takes the place of.
    pub(crate) fn other_than(&self, round: u64) -> Option<Version> {
        self.version.filter(|version| version.round != round)
    }

    /// What was joined, if it is whole.
    pub(crate) fn whole(&self) -> Result<Option<Version>, &'static str> {
        match (self.wrong, self.version) {
            (Some(wrong), _) => Err(wrong),
            (None, Some(version)) if version.seen != version.parts => {
                Err("a part of it is missing")
            }
            (None, version) => Ok(version),
        }
    }
}

/// The committed version of a row, and the one that an open round has written so far.
fn look(
    table: &dyn Table,
    unit: u16,
    key: &[u8],
    committed_round: u64,
) -> Result<(Joined, Joined), Fault> {
    let prefix = row_prefix(unit, key);
    let mut committed = Joined::default();
    let mut own = Joined::default();
    table.range(&prefix, Some(&prefix_end(&prefix)), &mut |stored, value| {
        // A shorter key than any of ours cannot begin with this prefix and end before its end.
        let (round, number) = tail_of(stored).unwrap_or_default();
        let joined = if round <= committed_round { &mut committed } else { &mut own };
        joined.take(round, number, read_stored_value(stored, value).as_ref());
        ControlFlow::Continue(())
    })?;
    Ok((committed, own))
}

/// What a row becomes.
enum New<'a> {
    /// It is deleted.
    Nothing,
    /// It has this value.
    Value(&'a [u8]),
    /// It has a value with a rest.
    WithRest(&'a [u8], &'a [u8]),
}

/// A part as it is to be stored.
struct NewPart {
    stored: Stored,
    value: Vec<u8>,
    checksum: u128,
}

impl New<'_> {
    fn check(&self, key: &[u8]) -> Result<(), Fault> {
        match *self {
            New::Nothing => check_bounds(key, &[]),
            New::Value(value) => check_bounds(key, value),
            New::WithRest(first, rest) => {
                check_first(first)?;
                check_bounds(key, rest)
            }
        }
    }

    /// Its parts, those of the row before those of the rest.
    fn parts(&self, prefix: &[u8], round: u64) -> Vec<NewPart> {
        let chunked = |value: &[u8], kind: Kind| -> Vec<NewPart> {
            let chunks: Vec<&[u8]> = match value {
                [] => vec![&[]],
                _ => value.chunks(CHECKPOINT_PART_BYTES_MAX).collect(),
            };
            let count = chunks.len() as u8;
            let part = |(number, chunk): (u8, &[u8])| {
                let key = with_tail(prefix.to_vec(), round, number);
                let (value, checksum) = stored_value(&key, count, kind, chunk);
                let stored = if kind == Kind::Rest { Stored::Rest(key) } else { Stored::Row(key) };
                NewPart { stored, value, checksum }
            };
            (0..=u8::MAX).zip(chunks).map(part).collect()
        };
        match *self {
            New::Nothing => chunked(&[], Kind::Deleted),
            New::Value(value) => chunked(value, Kind::Live),
            New::WithRest(first, rest) => {
                let rests = chunked(rest, Kind::Rest);
                let sum = rests.iter().fold(0_u128, |sum, part| sum.wrapping_add(part.checksum));
                let body = begun_body(RestSum { parts: rests.len() as u8, sum }, first);
                let mut parts = chunked(&body, Kind::Begun);
                parts.extend(rests);
                parts
            }
        }
    }
}

/// A version as it must be, or what is wrong with it.
fn judged(unit: u16, key: &[u8], joined: &Joined) -> Result<Option<Version>, Fault> {
    joined.whole().map_err(|what| damaged(unit, key, joined.round, what))
}

fn damaged(unit: u16, key: &[u8], round: u64, what: &str) -> Fault {
    let place = Place { unit, key, round, part: 0 };
    Fault::Damaged { what: format!("{place}: {what}") }
}

/// Runs what asks the table, which may panic. What a panic leaves half done is not looked at
/// again: a store ends with it, and a reader changes nothing.
fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        Err(panic) => Err(Fault::Panicked { what: panic_text(panic.as_ref()) }),
    }
}

impl Rounds {
    pub(crate) fn new(
        table: Arc<dyn Table>,
        marker: Marker,
        heads: &[Head],
        unseen: Unseen,
    ) -> Rounds {
        let committed = Arc::new(Committed::default());
        for head in heads {
            committed.put(*head);
        }
        Rounds {
            table,
            committed,
            marker,
            open: BTreeMap::new(),
            unseen,
            counters: Counters::default(),
            ended: false,
        }
    }

    /// Does what may fail, once: after a fault that left the table in doubt nothing is tried.
    fn run<T>(&mut self, work: impl FnOnce(&mut Rounds) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.ended {
            return Err(Fault::Ended);
        }
        let done = caught(|| work(self));
        self.ended = done.as_ref().is_err_and(|fault| !matches!(fault, Fault::Bounds { .. }));
        done
    }

    /// Whether a round of the unit is open is the caller's to know.
    fn expect_round(&self, unit: u16) {
        assert!(self.ended || self.open.contains_key(&unit), "no round of unit {unit} is open");
    }

    fn round_of(&mut self, unit: u16) -> &mut Round {
        match self.open.get_mut(&unit) {
            Some(round) => round,
            None => panic!("no round of unit {unit} is open"),
        }
    }

    fn write(&mut self, unit: u16, key: &[u8], new: New<'_>) -> Result<(), Fault> {
        new.check(key)?;
        let round = self.round_of(unit);
        let number = round.number;
        let found = round.written.len() + round.superseded.len();
        if found >= CHECKPOINT_ROUND_PARTS_MAX {
            let what = "the parts of one round";
            return Err(Fault::Bounds { what, found, max: CHECKPOINT_ROUND_PARTS_MAX });
        }
        let table = Arc::clone(&self.table);
        let (before, own) = look(table.as_ref(), unit, key, number - 1)?;
        let (before, own) = (judged(unit, key, &before)?, judged(unit, key, &own)?);
        let prefix = row_prefix(unit, key);
        let absent = before.is_none_or(|version| version.kind == Kind::Deleted);
        let deletes = matches!(new, New::Nothing);
        // Nothing to delete: at most what this round itself wrote.
        let parts = if deletes && absent { Vec::new() } else { new.parts(&prefix, number) };
        let is_row = |part: &&NewPart| matches!(part.stored, Stored::Row(_));
        let rows = parts.iter().filter(is_row).count();
        if let Some(own) = own {
            // Before the row that says how many parts its rest has.
            let before = own.rest.map_or(0, |rest| rest.parts);
            for stored in rests(&prefix, number, before).skip(parts.len() - rows) {
                stored.remove_from(table.as_ref())?;
            }
        }
        let sum =
            parts.iter().filter(is_row).fold(0, |sum: u128, part| sum.wrapping_add(part.checksum));
        for NewPart { stored, value, .. } in parts {
            self.counters.bytes_written += (stored.key().len() + value.len()) as u64;
            stored.insert_into(table.as_ref(), &value)?;
            self.round_of(unit).written.push(stored);
        }
        if let Some(own) = own {
            for stored in own.keys(&prefix).skip(rows) {
                table.remove(&stored)?;
            }
        }
        self.counters.rows_written += 1;
        let round = self.round_of(unit);
        // What counted for this row so far: what the round itself wrote, else what is committed.
        if let Some(counted) = own.or(before).filter(|version| version.kind != Kind::Deleted) {
            round.rows -= 1;
            round.sum = round.sum.wrapping_sub(counted.sum);
        }
        let first = with_tail(prefix.clone(), number, 0);
        if !deletes {
            round.rows += 1;
            round.sum = round.sum.wrapping_add(sum);
            round.deletions.remove(&first);
        } else if !absent {
            round.deletions.insert(first);
        }
        if own.is_none()
            && let Some(before) = before
        {
            round.superseded.extend(before.stored(&prefix));
        }
        Ok(())
    }

    fn commit_round(&mut self, unit: u16, commit: &Commit) -> Result<Head, Fault> {
        let Some(round) = self.open.remove(&unit) else {
            panic!("no round of unit {unit} is open");
        };
        let head = Head {
            unit,
            round: round.number,
            included: commit.included,
            replay_from: commit.replay_from,
            rows: round.rows,
            sum: round.sum,
        };
        let before = self.committed.head(unit);
        let sum = self.marker.sum.wrapping_sub(before.as_ref().map_or(0, head_checksum));
        let marker = Marker {
            replay_from: commit.replay_all_from,
            durable: commit.durable,
            heads: self.marker.heads + u32::from(before.is_none()),
            sum: sum.wrapping_add(head_checksum(&head)),
            ..self.marker
        };
        self.table.flush()?;
        self.table.commit(&[
            (&head_key(unit), &write_head(&head)),
            (MARKER_KEY, &write_marker(&marker)),
        ])?;
        self.table.flush()?;
        self.marker = marker;
        self.committed.put(head);
        self.counters.rounds_committed += 1;
        // A deletion goes last: without it, the version that it hides would be seen again.
        self.unseen.entry(unit).or_default().extend(
            round.superseded.into_iter().chain(round.deletions.into_iter().map(Stored::Row)),
        );
        Ok(head)
    }

    fn sweep_unit(&mut self, unit: u16, parts_max: usize) -> Result<usize, Fault> {
        let Some(unseen) = self.unseen.get_mut(&unit) else {
            return Ok(0);
        };
        let mut swept = 0;
        while swept < parts_max
            && let Some(stored) = unseen.pop_front()
        {
            stored.remove_from(self.table.as_ref())?;
            swept += 1;
        }
        if unseen.is_empty() {
            self.unseen.remove(&unit);
        }
        self.counters.parts_removed += swept as u64;
        Ok(swept)
    }
}

impl CheckpointStore for Rounds {
    fn marker(&self) -> Marker {
        self.marker
    }

    fn heads(&self) -> Vec<Head> {
        self.committed.all()
    }

    fn reader(&self) -> Arc<dyn CheckpointReader> {
        let (table, committed) = (Arc::clone(&self.table), Arc::clone(&self.committed));
        Arc::new(Reader { table, committed })
    }

    fn begin(&mut self, unit: u16) -> Result<(), Fault> {
        assert!(!self.open.contains_key(&unit), "a round of unit {unit} is open already");
        self.run(|rounds| rounds.sweep_unit(unit, usize::MAX))?;
        let head = self.committed.head(unit);
        let round = Round {
            number: head.map_or(1, |head| head.round + 1),
            rows: head.map_or(0, |head| head.rows),
            sum: head.map_or(0, |head| head.sum),
            superseded: Vec::new(),
            deletions: BTreeSet::new(),
            written: Vec::new(),
        };
        self.open.insert(unit, round);
        Ok(())
    }

    fn put(&mut self, unit: u16, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.expect_round(unit);
        self.run(|rounds| rounds.write(unit, key, New::Value(value)))
    }

    fn put_with_rest(
        &mut self,
        unit: u16,
        key: &[u8],
        first: &[u8],
        rest: &[u8],
    ) -> Result<(), Fault> {
        self.expect_round(unit);
        self.run(|rounds| rounds.write(unit, key, New::WithRest(first, rest)))
    }

    fn delete(&mut self, unit: u16, key: &[u8]) -> Result<(), Fault> {
        self.expect_round(unit);
        self.run(|rounds| rounds.write(unit, key, New::Nothing))
    }

    fn commit(&mut self, unit: u16, commit: &Commit) -> Result<Head, Fault> {
        self.expect_round(unit);
        self.run(|rounds| rounds.commit_round(unit, commit))
    }

    fn abandon(&mut self, unit: u16) {
        self.expect_round(unit);
        let Some(round) = self.open.remove(&unit) else {
            return;
        };
        self.counters.rounds_abandoned += 1;
        if !round.written.is_empty() {
            // From the back: a rest goes before the row that says there is one.
            self.unseen.entry(unit).or_default().extend(round.written.into_iter().rev());
        }
    }

    fn sweep(&mut self, parts_max: usize) -> Result<usize, Fault> {
        self.run(|rounds| {
            let mut left = parts_max;
            while left > 0
                && let Some(unit) = rounds.unseen.keys().next().copied()
            {
                left -= rounds.sweep_unit(unit, left)?;
            }
            Ok(rounds.unseen.values().map(VecDeque::len).sum())
        })
    }

    fn settle(&mut self) -> Result<(), Fault> {
        self.run(|rounds| {
            rounds.table.flush()?;
            Ok(rounds.table.settle()?)
        })?;
        self.ended = true;
        Ok(())
    }

    fn bytes_on_disk(&self) -> Result<u64, Fault> {
        Ok(self.table.bytes_on_disk()?)
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}

struct Reader {
    table: Arc<dyn Table>,
    committed: Arc<Committed>,
}

impl CheckpointReader for Reader {
    fn read(&self, unit: u16, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        check_bounds(key, &[])?;
        loop {
            let Some(head) = self.committed.head(unit) else {
                return Ok(None);
            };
            let read = self.as_of(&head, key);
            // A commit in between may have had the version swept away that was looked for.
            if self.committed.head(unit).is_some_and(|now| now.round == head.round) {
                if matches!(read, Err(Fault::Damaged { .. })) {
                    self.table.condemn();
                }
                return read;
            }
        }
    }

    fn head(&self, unit: u16) -> Option<Head> {
        self.committed.head(unit)
    }
}

impl Reader {
    fn as_of(&self, head: &Head, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let table = self.table.as_ref();
        caught(|| {
            let (committed, _) = look(table, head.unit, key, head.round)?;
            let live =
                judged(head.unit, key, &committed)?.filter(|version| version.kind != Kind::Deleted);
            let Some(version) = live else { return Ok(None) };
            let mut value = committed.value;
            let rest = version.rest(table, &row_prefix(head.unit, key))?;
            value.extend(rest.map_err(|what| damaged(head.unit, key, version.round, what))?);
            Ok(Some(value))
        })
    }
}
