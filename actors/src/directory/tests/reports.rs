//! Goal: a report is what the states say at its position, now and then; all its pages are of one
//! moment, whatever happens between them.
//! Method: the business of the lists; sums over states that are folded by the replay beside it.

use domain::Code;
use domain::ids::DivisionIndex;
use domain::office::reports::question::{Basis, By};
use domain::office::reports::{Report, ReportKind, ReportQuestion};
use protocol::Position;
use protocol::directory::{AsOf, AskReport, Asked, ReportPage};

use super::{Desk, Ledger, busy_ledger, told, whole};
use crate::directory::Question;
use crate::limits::DIRECTORY_REPORTS_KEPT;
use crate::testing::draw::Draw;
use crate::testing::give::{YEAR, quota};

fn ask(by: By, basis: Basis) -> AskReport {
    let question = ReportQuestion { by, basis, ..ReportQuestion::new(ReportKind::Execution, YEAR) };
    AskReport { asked: Asked::default(), question }
}

impl Desk {
    fn report(&mut self, ask: &AskReport) -> ReportPage {
        let frame = self.ask(Question::Report(Box::new(ask.clone())));
        ReportPage::parse(&whole(&frame)).expect("a page of a report")
    }

    /// Every page of a report, and how many there were.
    fn whole_report(&mut self, mut ask: AskReport) -> (Position, Report, u32) {
        let mut first = self.report(&ask);
        let mut pages = 1;
        let mut after = first.after;
        while after != [0; 24] {
            assert!(pages < 1_000, "a report ends");
            ask.asked.after = after;
            let page = self.report(&ask);
            assert_eq!((page.at, &page.report.total), (first.at, &first.report.total));
            assert!(page.report.rows.len() <= ask.asked.page_items());
            first.report.rows.extend(page.report.rows);
            (after, pages) = (page.after, pages + 1);
        }
        (first.at, first.report, pages)
    }
}

/// What the states up to a record say: what may be spent, what was spent, what is reserved.
fn due(ledger: &Ledger, upto: u64, basis: Basis) -> (i128, i128, i128) {
    let replay = ledger.folded(upto);
    let books = replay.divisions().values().filter_map(|division| division.year(YEAR));
    let mut sums = (0, 0, 0);
    for (_, cell, _) in books.flat_map(|book| book.quotas()) {
        let b = &cell.buckets;
        let spent = match basis {
            Basis::Paid => b.paid + b.cleared - b.refunding,
            Basis::Cleared => b.cleared,
        };
        sums.0 += i128::from(b.issued - b.allocated - b.transferred);
        sums.1 += i128::from(spent);
        sums.2 += i128::from(b.reserved);
    }
    sums
}

fn figure(report: &Report, line: &str, name: &str) -> i128 {
    let at = report.columns.iter().position(|column| &*column.name == name).expect("a column");
    line.split('\t').nth(at).expect("a field").parse().expect("a number")
}

#[test]
fn a_report_is_what_the_states_say_now_and_then() {
    let ledger = busy_ledger(11);
    let mut desk = Desk::built(&ledger);
    let mut draw = Draw(11);
    let mut spent_at_last = 0;
    for round in 0..14 {
        let kept = &ledger.kept[draw.below(ledger.kept.len())];
        let (as_of, upto) = match round % 2 {
            0 => (AsOf::Now, ledger.durable().sequence),
            _ => (AsOf::Position(told(kept.position)), kept.position.sequence),
        };
        let basis = if draw.percent(50) { Basis::Paid } else { Basis::Cleared };
        let mut ask = ask([By::Division, By::Fund, By::Kind][draw.below(3)], basis);
        ask.asked.as_of = as_of;
        let (at, report, _) = desk.whole_report(ask);
        assert_eq!(at.sequence, upto);
        let total = |name| figure(&report, &report.total, name);
        let found = (total("budget"), total("spent"), total("reserved"));
        assert_eq!(found, due(&ledger, upto, basis), "{basis} up to {upto}");
        spent_at_last = spent_at_last.max(found.1);
    }
    assert!(spent_at_last > 0, "the business pays");
}

#[test]
fn the_payments_of_a_quota_add_up_to_it() {
    let ledger = busy_ledger(12);
    let mut desk = Desk::built(&ledger);
    let replay = ledger.folded(ledger.durable().sequence);
    for (division, serial) in [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)] {
        let id = quota(division, serial);
        let book = replay.divisions()[&DivisionIndex(division)].year(YEAR).expect("a year");
        let b = book.quota(id).expect("a quota").buckets;
        for (basis, due) in
            [(Basis::Paid, b.paid + b.cleared - b.refunding), (Basis::Cleared, b.cleared)]
        {
            let mut ask = ask(By::Payment, basis);
            ask.question.quota = Some(id);
            ask.asked.items = 7;
            let (_, report, _) = desk.whole_report(ask);
            assert_eq!(figure(&report, &report.total, "spent"), i128::from(due), "{id} {basis}");
            let sum: i128 = report.rows.iter().map(|line| figure(&report, line, "spent")).sum();
            assert_eq!(sum, i128::from(due), "{id} {basis}");
            let payments = book.payments().filter(|payment| payment.quota == id).count();
            assert_eq!(report.rows.len(), payments);
        }
    }
}

#[test]
fn pages_are_of_one_moment_while_business_goes_on() {
    let mut ledger = busy_ledger(13);
    let mut desk = Desk::built(&ledger);
    let mut ask = ask(By::Payment, Basis::Paid);
    ask.question.quota = Some(quota(1, 1));
    ask.asked.items = 3;
    let (_, at_once, pages) = desk.whole_report(ask.clone());
    assert!(pages > 3, "{pages} pages");
    let first = desk.report(&ask);
    ledger.run_business(300);
    while desk.clerk.follow(ledger.durable()).expect("a journal that can be folded") {}
    let mut rows = first.report.rows.clone();
    let mut next = AskReport { asked: Asked { after: first.after, ..ask.asked }, ..ask.clone() };
    while next.asked.after != [0; 24] {
        let page = desk.report(&next);
        assert_eq!((page.at, page.time_ms), (first.at, first.time_ms));
        rows.extend(page.report.rows);
        next.asked.after = page.after;
    }
    assert_eq!(rows, at_once.rows);

    // Its pages are its own, and are kept as long as few others are asked for.
    let begun = AskReport { asked: Asked { after: first.after, ..ask.asked }, ..ask.clone() };
    let mut other = begun.clone();
    other.question.basis = Basis::Cleared;
    let told = desk.error(Question::Report(Box::new(other)));
    assert_eq!(told.code, Code::BadField);
    for _ in 0..DIRECTORY_REPORTS_KEPT {
        desk.report(&ask);
        ledger.run_business(5);
        while desk.clerk.follow(ledger.durable()).expect("a journal that can be folded") {}
    }
    assert_eq!(desk.error(Question::Report(Box::new(begun))).code, Code::BadField);
    let mut nowhere = ask;
    nowhere.question.quota = Some(quota(1, 99));
    assert_eq!(desk.error(Question::Report(Box::new(nowhere))).code, Code::NotFound);
}

#[test]
fn pages_asked_of_the_present_position_follow_each_other_and_end() {
    let mut ledger = busy_ledger(14);
    let mut desk = Desk::built(&ledger);
    let here = ledger.durable();
    let as_of = AsOf::Position(told(here));
    let last_ms = ledger.kept.last().expect("a record").time_ms;
    for as_of in [as_of, AsOf::TimeMs(last_ms)] {
        let mut ask = ask(By::Division, Basis::Paid);
        ask.asked.as_of = as_of;
        let (_, at_once, _) = desk.whole_report(ask.clone());
        ask.asked.items = 1;
        let (at, report, pages) = desk.whole_report(ask);
        assert_eq!((at, &report), (told(here), &at_once), "{as_of:?}");
        assert!(pages > 1 && pages as usize == report.rows.len(), "{pages} pages");
    }

    // Where the directory has gone on, or keeps the report no longer, the page is made again.
    let mut first = ask(By::Payment, Basis::Paid);
    first.question.quota = Some(quota(1, 1));
    (first.asked.as_of, first.asked.items) = (as_of, 3);
    let (_, at_once, _) = desk.whole_report(first.clone());
    let page = desk.report(&first);
    for gone_on in [false, true] {
        if gone_on {
            ledger.run_business(50);
            while desk.clerk.follow(ledger.durable()).expect("a journal that can be folded") {}
        }
        for fund in 0..DIRECTORY_REPORTS_KEPT {
            let mut other = ask(By::Division, Basis::Paid);
            (other.question.fund, other.asked.items) = (fund.to_string().into(), 1);
            desk.report(&other);
        }
        let mut next = first.clone();
        next.asked.after = page.after;
        let second = desk.report(&next);
        assert_eq!((second.at, second.time_ms), (page.at, page.time_ms));
        assert_eq!(second.report.rows, at_once.rows[3..6], "{gone_on}");
    }
}

#[test]
fn no_page_continues_another_question_or_another_moment() {
    let ledger = busy_ledger(15);
    let mut desk = Desk::built(&ledger);
    let here = told(ledger.durable());
    let mut earlier = here;
    earlier.sequence -= 40;
    let time_ms = ledger.kept.last().expect("a record").time_ms;
    let mut first = ask(By::Payment, Basis::Paid);
    first.question.quota = Some(quota(1, 1));
    first.asked.items = 2;
    for (as_of, others) in [
        (AsOf::Now, [AsOf::Position(earlier), AsOf::TimeMs(time_ms - 1)]),
        (AsOf::Position(here), [AsOf::Position(earlier), AsOf::TimeMs(time_ms + 1)]),
        (AsOf::Position(earlier), [AsOf::Now, AsOf::Position(here)]),
        (AsOf::TimeMs(time_ms), [AsOf::Position(earlier), AsOf::TimeMs(time_ms - 1)]),
    ] {
        first.asked.as_of = as_of;
        let mut next = first.clone();
        next.asked.after = desk.report(&first).after;
        assert_ne!(next.asked.after, [0; 24]);
        for other in others {
            let mut moved = next.clone();
            moved.asked.as_of = other;
            let told = desk.error(Question::Report(Box::new(moved)));
            assert_eq!(told.code, Code::BadField, "{as_of:?} went on as {other:?}");
        }
        next.question.basis = Basis::Cleared;
        let told = desk.error(Question::Report(Box::new(next)));
        assert_eq!(told.code, Code::BadField, "{as_of:?} went on as another question");
    }
}

#[test]
fn two_reports_of_one_position_whose_ages_differ_do_not_mix() {
    let ledger = busy_ledger(16);
    let mut desk = Desk::built(&ledger);
    let mut first = ask(By::Payment, Basis::Paid);
    first.question.quota = Some(quota(1, 1));
    first.asked.items = 2;
    let one = desk.report(&first);
    desk.wall_ms += 5_000;
    let other = desk.report(&first);
    assert_eq!((one.at, one.time_ms + 5_000), (other.at, other.time_ms));
    for page in [one, other] {
        let mut next = first.clone();
        next.asked.after = page.after;
        assert_eq!(desk.report(&next).time_ms, page.time_ms);
    }
}
