//! Alerts: raised at one value, cleared at a lower one, each crossing once.
//!
//! Folded from events and their journaled times, so that every fold of one journal raises the same.
//! A division and year is looked at after each event that changes it, all of them when an hour has
//! gone by in the journal, business has come to another day or a threshold was put or removed. Which
//! thresholds hold for one is found out once, and again when it may have changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::calendar::{hour_of, time_progress_bp};
use super::cell::progress_bp;
use super::ledger::{Ledger, book_of};
use crate::event::{Event, EventBody};
use crate::ids::{Day, DivisionIndex, FiscalYear};
use crate::office::Office;
use crate::office::shelves::{Book, Filed, Shelves};
use crate::office::table::Table;
use crate::office::tables::report::{Measure, Threshold};
use crate::resident::{map_bytes, tree_bytes};

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

/// A threshold that holds for a division and year.
#[derive(Debug)]
struct Watch {
    code: Box<str>,
    measure: Measure,
    raise_at: i64,
    clear_at: i64,
    /// Whether its alert is raised.
    raised: bool,
}

/// Every alert that was ever raised, and what is needed to raise them.
#[derive(Debug, Default)]
pub struct Alerts {
    alerts: BTreeMap<(DivisionIndex, FiscalYear, Box<str>), Alert>,
    /// What holds for each division and year that was looked at since a threshold, or which division
    /// stands under which, has changed.
    watches: HashMap<Book, Vec<Watch>>,
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

    /// Looks at what an event may have changed.
    pub(super) fn look(
        ledger: &mut Ledger,
        event: &Event<'_>,
        filed: Filed,
        shelves: &Shelves,
        time_ms: u64,
    ) {
        let mut alerts = std::mem::take(&mut ledger.alerts);
        let everything = alerts.learn(event, filed, shelves);
        if alerts.watching || everything {
            let touched = touched(event);
            let all = alerts.an_hour_has_gone_by(time_ms) || everything;
            let year = touched.map(|(_, year)| year);
            let year = year.filter(|&year| alerts.another_day(ledger, year));
            let due = |book: &Book| all || year == Some(book.1) || touched == Some(*book);
            if all || year.is_some() {
                ledger.books().filter(due).for_each(|book| {
                    alerts.look_at(ledger, book, shelves, time_ms);
                });
            } else if let Some(book) = touched {
                alerts.look_at(ledger, book, shelves, time_ms);
            }
        }
        ledger.alerts = alerts;
    }

    /// Notes what an event changes of the thresholds; true: every division has to be looked at.
    fn learn(&mut self, event: &Event<'_>, filed: Filed, shelves: &Shelves) -> bool {
        let thresholds = filed.has(Table::Threshold);
        let registered = matches!(event.body, EventBody::Registered { .. });
        if thresholds || registered || filed.has(Table::DivisionCard) {
            self.watches.clear();
        }
        let watched = self.watching;
        if thresholds {
            let any = |office: &Office| office.all::<Threshold>().next().is_some();
            self.watching = shelves.offices().any(|(_, office)| any(office));
        }
        thresholds && (self.watching || watched)
    }

    fn an_hour_has_gone_by(&mut self, time_ms: u64) -> bool {
        let hour = hour_of(time_ms);
        let gone_by = hour > self.hour;
        self.hour = self.hour.max(hour);
        gone_by
    }

    /// Whether business of a year has come to another day than when this was asked before.
    fn another_day(&mut self, ledger: &Ledger, year: FiscalYear) -> bool {
        let day = ledger.business_day(year);
        day.is_some_and(|day| self.days.insert(year, day) != Some(day))
    }

    fn look_at(&mut self, ledger: &Ledger, book: Book, shelves: &Shelves, time_ms: u64) {
        let Alerts { alerts, watches, .. } = self;
        let watches = watches.entry(book).or_insert_with(|| {
            let holding = thresholds(ledger, book, shelves);
            clear_those_without(alerts, book, &holding, time_ms);
            watches_of(alerts, book, &holding)
        });
        for watch in watches {
            let Some(value) = value(ledger, book, watch.measure, time_ms) else { continue };
            let crosses =
                if watch.raised { value <= watch.clear_at } else { value >= watch.raise_at };
            if crosses {
                watch.raised = !watch.raised;
                let alert = alerts.entry((book.0, book.1, watch.code.clone()));
                let alert = alert.or_insert(Alert::never(watch.measure));
                alert.turn(watch.raised, watch.measure, value, time_ms);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let watch = |watch: &Watch| size_of::<Watch>() + watch.code.len();
        let watches: usize = self.watches.values().flatten().map(watch).sum();
        let words: usize = self.alerts.keys().map(|(.., code)| code.len()).sum();
        map_bytes(&self.watches) + watches + tree_bytes(&self.alerts) + words
    }
}

impl Alert {
    /// One that was not raised yet.
    const fn never(measure: Measure) -> Alert {
        Alert { measure, raised: false, since_ms: 0, value: 0, times: 0 }
    }

    fn turn(&mut self, raised: bool, measure: Measure, value: i64, time_ms: u64) {
        (self.raised, self.since_ms, self.value) = (raised, time_ms, value);
        if raised {
            (self.measure, self.times) = (measure, self.times + 1);
        }
    }
}

type Holding<'s> = BTreeMap<&'s str, &'s Threshold>;

fn watches_of(
    alerts: &BTreeMap<(DivisionIndex, FiscalYear, Box<str>), Alert>,
    (division, year): Book,
    holding: &Holding<'_>,
) -> Vec<Watch> {
    let watch = |(&code, row): (&&str, &&Threshold)| {
        let known = alerts.get(&(division, year, code.into()));
        Watch {
            code: code.into(),
            measure: row.measure,
            raise_at: row.raise_at,
            clear_at: row.clear_at,
            raised: known.is_some_and(|alert| alert.raised),
        }
    };
    holding.iter().map(watch).collect()
}

/// Clears the alerts of a division and year whose threshold is gone, with the value they were raised at.
fn clear_those_without(
    alerts: &mut BTreeMap<(DivisionIndex, FiscalYear, Box<str>), Alert>,
    book: Book,
    holding: &Holding<'_>,
    time_ms: u64,
) {
    let first = (book.0, book.1, Box::from(""));
    let of_book = alerts.range_mut(first..).take_while(|((d, y, _), _)| (*d, *y) == book);
    for ((.., code), alert) in of_book {
        if alert.raised && !holding.contains_key(&**code) {
            (alert.raised, alert.since_ms) = (false, time_ms);
        }
    }
}

/// The thresholds that hold for a division and year: its own, and those of the divisions above it
/// whose codes it has no row of.
fn thresholds<'s>(ledger: &Ledger, (division, year): Book, shelves: &'s Shelves) -> Holding<'s> {
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

/// The division and year whose figures an event may have changed.
fn touched(event: &Event<'_>) -> Option<Book> {
    match &event.body {
        EventBody::Refused { .. } | EventBody::RunRefused { .. } => None,
        EventBody::FactParked { division, year, .. }
        | EventBody::BatchEnded { division, year, .. } => Some((*division, *year)),
        EventBody::Resolved { command: c, .. } => Some((c.division, c.year)),
        EventBody::Filed { command: c, .. } => Some((c.division, c.year)),
        EventBody::MoveDeclined { command: c, .. } => Some(book_of(c.from)),
        _ => event.quota_version().map(|(quota, _)| book_of(quota)),
    }
}
