//! Alerts: raised at one value, cleared at a lower one, each crossing once.
//!
//! Folded from events and their journaled times, so that every fold of one journal raises the same.
//! A division and year is looked at after each event that changes it, all of them when an hour has
//! gone by in the journal or business has come to another day.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{hour_of, time_progress_bp};
use super::cell::progress_bp;
use super::ledger::Ledger;
use crate::codes::BatchEnd;
use crate::event::{Event, EventBody};
use crate::ids::{BatchId, Day, DivisionIndex, FiscalYear};
use crate::office::shelves::{Book, Shelves};
use crate::office::tables::report::{Measure, Threshold};

const HOUR_MS: u64 = 3_600_000;

/// One alert of a division and year under a threshold, raised or cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What it watches.
    pub measure: Measure,
    /// True while it is raised.
    pub raised: bool,
    /// Since when it stands so, in ms of journaled time.
    pub since_ms: u64,
    /// The value that raised or cleared it.
    pub value: i64,
    /// How often it was raised.
    pub times: u32,
}

/// Every alert that was ever raised, and what is needed to raise them.
#[derive(Debug, Default)]
pub struct Alerts {
    alerts: BTreeMap<(DivisionIndex, FiscalYear, Box<str>), Alert>,
    /// Whether any division has thresholds.
    watching: bool,
    hour: u64,
    days: BTreeMap<FiscalYear, Day>,
}

impl Alerts {
    /// Each alert with its division, its year and the code of its threshold.
    pub fn all(&self) -> impl Iterator<Item = (Book, &str, &Alert)> {
        self.alerts
            .iter()
            .map(|((division, year, code), alert)| ((*division, *year), &**code, alert))
    }

    /// Notes whether thresholds were put or removed.
    pub(super) fn note(&mut self, event: &Event<'_>, shelves: &Shelves) -> bool {
        let changed = match &event.body {
            EventBody::Filed { changes, command, .. } => {
                command.batch == BatchId(0) && changes.contains("threshold\t")
            }
            EventBody::BatchEnded { end, .. } => *end == BatchEnd::Closed,
            _ => false,
        };
        if changed {
            let any = |office: &crate::office::Office| office.all::<Threshold>().next().is_some();
            let watched = self.watching;
            self.watching = shelves.offices().any(|(_, office)| any(office));
            return self.watching || watched;
        }
        false
    }

    /// Looks at what an event may have changed.
    pub(super) fn look(
        ledger: &mut Ledger,
        event: &Event<'_>,
        touched: Option<Book>,
        shelves: &Shelves,
        time_ms: u64,
    ) {
        let mut alerts = std::mem::take(&mut ledger.alerts);
        let everything = alerts.note(event, shelves);
        if alerts.watching || everything {
            for book in alerts.due(ledger, everything, touched, time_ms) {
                alerts.look_at(ledger, book, shelves, time_ms);
            }
        }
        ledger.alerts = alerts;
    }

    fn due(
        &mut self,
        ledger: &Ledger,
        everything: bool,
        touched: Option<Book>,
        time_ms: u64,
    ) -> BTreeSet<Book> {
        let hour = hour_of(time_ms);
        let an_hour_on = hour > self.hour;
        self.hour = self.hour.max(hour);
        let mut due: BTreeSet<Book> = touched.into_iter().collect();
        let mut of_year = |year: Option<FiscalYear>| {
            due.extend(ledger.books().filter(|book| year.is_none_or(|year| book.1 == year)));
        };
        if everything || an_hour_on {
            of_year(None);
        }
        if let Some((_, year)) = touched
            && let Some(day) = ledger.business_day(year)
            && self.days.insert(year, day) != Some(day)
        {
            of_year(Some(year));
        }
        due
    }

    fn look_at(&mut self, ledger: &Ledger, book: Book, shelves: &Shelves, time_ms: u64) {
        let thresholds = thresholds(ledger, book, shelves);
        let (division, year) = book;
        for (code, threshold) in &thresholds {
            let Some(value) = value(ledger, book, threshold.measure, time_ms) else { continue };
            let key = (division, year, Box::from(*code));
            let raised = self.alerts.get(&key).is_some_and(|alert| alert.raised);
            if !raised && value >= threshold.raise_at {
                let times = self.alerts.get(&key).map_or(0, |alert| alert.times) + 1;
                let measure = threshold.measure;
                let alert = Alert { measure, raised: true, since_ms: time_ms, value, times };
                self.alerts.insert(key, alert);
            } else if raised && value <= threshold.clear_at {
                self.clear(&key, value, time_ms);
            }
        }
        let first = (division, year, Box::from(""));
        let of_book = self.alerts.range(first..).take_while(|((d, y, _), _)| (*d, *y) == book);
        let gone =
            of_book.filter(|((.., code), alert)| alert.raised && !thresholds.contains_key(&**code));
        let gone: Vec<_> = gone.map(|(key, alert)| (key.clone(), alert.value)).collect();
        for (key, value) in gone {
            self.clear(&key, value, time_ms);
        }
    }

    fn clear(&mut self, key: &(DivisionIndex, FiscalYear, Box<str>), value: i64, time_ms: u64) {
        if let Some(alert) = self.alerts.get_mut(key) {
            (alert.raised, alert.since_ms, alert.value) = (false, time_ms, value);
        }
    }
}

/// The thresholds that hold for a division and year: its own, and those of the divisions above it
/// whose codes it has no row of.
fn thresholds<'s>(
    ledger: &Ledger,
    (division, year): Book,
    shelves: &'s Shelves,
) -> BTreeMap<&'s str, &'s Threshold> {
    let mut found = BTreeMap::new();
    let (mut at, mut seen) = (Some(division), BTreeSet::new());
    while let Some(here) = at.filter(|here| seen.insert(*here)) {
        for row in shelves.office((here, year)).all::<Threshold>() {
            found.entry(&*row.code).or_insert(row);
        }
        at = ledger.places().above(here, year, shelves);
    }
    found
}

/// What a measure stands at; none where there is nothing to measure.
fn value(ledger: &Ledger, book: Book, measure: Measure, time_ms: u64) -> Option<i64> {
    let hours = |since_ms: u64| (time_ms.saturating_sub(since_ms) / HOUR_MS) as i64;
    let of = ledger.books.get(&book)?;
    Some(match measure {
        Measure::ExecutionBehind => behind_bp(ledger, book)?,
        Measure::ExecutionAhead => -behind_bp(ledger, book)?,
        Measure::TransitHours => {
            let since = ledger.in_transit(book).map(|(_, moved)| moved.since_ms).min();
            since.map_or(0, hours)
        }
        Measure::HeldPayments => of.held.into(),
        Measure::UnknownPayments => of.unknown.into(),
        Measure::ParkedFacts => of.parked.len() as i64,
        Measure::ParkedHours => of.parked.values().min().map_or(0, |&since_ms| hours(since_ms)),
    })
}

/// By how much execution is behind the year (时间进度 − 执行进度).
fn behind_bp(ledger: &Ledger, book: Book) -> Option<i64> {
    let of = ledger.books.get(&book)?;
    let done = progress_bp(of.spent_all.paid, of.own)?;
    Some(time_progress_bp(ledger.business_day(book.1)?, book.1) - done)
}
