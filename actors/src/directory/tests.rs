//! Goal: a list is what a plain filter over the journal says, a history what a look at each record
//! says, a state what a fold says; at every position, page by page, and never before its time.
//! Method: random business on a simulated disk, random questions, a plain reader beside them.

mod ledger;
mod reports;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::Code;
use domain::codes::PaymentState;
use domain::command::{Body, By};
use domain::event::EventBody;
use domain::ids::{DivisionIndex, PaymentId, PersonId};
use domain::office::table::Table;
use domain::particulars::{Particulars, account_hash};
use domain::{Fen, QuotaId};
use protocol::directory::{
    AgeSince, AsOf, Asked, History, HistoryPage, ListPayments, ListRows, ListedPayment,
    PaymentFilter, PaymentPage, RowPage, StateAt, StateThen, Subject,
};
use protocol::frame::FrameKind;
use protocol::lookup::{Answer, LookUp};
use protocol::message::ErrorMessage;
use protocol::views::PaymentView;
use protocol::{Position, split_frame};

use super::{Clerk, Given, Past, Question};
use crate::limits::DIRECTORY_EXAMINED_MAX;
use crate::shard::quota_view;
use crate::testing::draw::Draw;
use crate::testing::give::{YEAR, quota};
use crate::testing::house::KEY;
use ledger::{Ledger, PAYMENTS, data_dir, meets};

/// A clerk with one for the past, and its clocks.
struct Desk {
    clerk: Clerk<()>,
    past: Past,
    monotonic_ms: u64,
    wall_ms: u64,
}

impl Desk {
    fn new(ledger: &Ledger) -> Desk {
        let clerk = Clerk::open(&ledger.disk, &data_dir(), KEY, ledger.durable());
        let stopping = Arc::new(AtomicBool::new(false));
        let past = Past::new(Arc::clone(&ledger.disk), data_dir(), KEY, stopping);
        let clerk = clerk.expect("a journal");
        Desk { clerk, past, monotonic_ms: 0, wall_ms: ledger.now_ms }
    }

    /// Follows to the end.
    fn built(ledger: &Ledger) -> Desk {
        let mut desk = Desk::new(ledger);
        while desk.clerk.follow(ledger.durable()).expect("a journal that can be folded") {}
        assert!(desk.clerk.is_built());
        desk
    }

    fn put(&mut self, question: Question) {
        let mut given = Vec::new();
        self.clerk.ask((), 7, question, self.monotonic_ms, &mut given);
        assert!(given.is_empty(), "there was room");
    }

    /// What can be answered now.
    fn answers(&mut self) -> Vec<Vec<u8>> {
        let mut given = Vec::new();
        self.clerk.answer(self.monotonic_ms, self.wall_ms, &mut given);
        let frame = |given| match given {
            Given::Answer((), frame) => frame,
            Given::Past((), question) => self.past.answer(&question),
        };
        given.into_iter().map(frame).collect()
    }

    fn ask(&mut self, question: Question) -> Vec<u8> {
        self.put(question);
        self.answers().pop().expect("an answer at once")
    }

    fn list(&mut self, list: &ListPayments) -> PaymentPage {
        let frame = self.ask(Question::List(Box::new(list.clone())));
        PaymentPage::parse(&whole(&frame)).expect("a page")
    }

    /// Every page of a list.
    fn whole_list(&mut self, list: &ListPayments) -> Vec<ListedPayment> {
        let mut list = list.clone();
        let mut all = Vec::new();
        loop {
            let page = self.list(&list);
            assert!(page.payments.len() <= list.asked.page_items());
            all.extend(page.payments);
            if page.after == [0; 24] {
                return all;
            }
            list.asked.after = page.after;
        }
    }

    fn error(&mut self, question: Question) -> ErrorMessage {
        let frame = self.ask(question);
        assert_eq!(whole(&frame).header.kind, FrameKind::Error);
        ErrorMessage::parse(&whole(&frame)).expect("an error")
    }
}

fn whole(frame: &[u8]) -> protocol::Frame<'_> {
    split_frame(frame).expect("a frame of ours").expect("a whole frame")
}

fn some_list(draw: &mut Draw) -> ListPayments {
    let mut filter = PaymentFilter::default();
    let payment = 1_000 + draw.below(PAYMENTS) as u64;
    if draw.percent(50) {
        let states = PaymentState::ALL.iter().copied();
        filter.states = states.filter(|_| draw.percent(30)).collect();
    }
    let mut some = |percent| draw.percent(percent);
    filter.division = some(20).then_some(DivisionIndex((payment % 2) as u16));
    filter.year = some(10).then_some(YEAR);
    filter.quota = some(20).then_some(quota((payment % 2) as u16, payment % 3));
    filter.key_prefix =
        if some(15) { format!("{}8400{}", payment % 2, payment % 3) } else { String::new() };
    filter.payee_hash = some(25).then_some(account_hash(&format!("6222{}", payment % 7)));
    filter.number = match (some(15), some(50)) {
        (true, true) => payment.to_string(),
        (true, false) => format!("2023-{:06}", payment % 11),
        _ => String::new(),
    };
    filter.maker = some(15).then_some(PersonId(1 + payment % 3));
    filter.older_than_ms = some(25).then_some(payment * 4_000);
    filter.younger_than_ms = some(25).then_some(payment * 6_000);
    filter.age_since = if some(50) { AgeSince::Changed } else { AgeSince::Reserved };
    filter.amount_from = some(15).then_some(Fen::new(1_001));
    filter.amount_to = some(15).then_some(Fen::new(2_500));
    let newest_first = some(50);
    let items = [0, 1, 3, 50][draw.below(4)];
    ListPayments { asked: Asked { items, newest_first, ..Asked::default() }, filter }
}

fn check_list(found: &[ListedPayment], ledger: &Ledger, list: &ListPayments, upto: u64, now: u64) {
    let mut due: Vec<_> =
        ledger.plain(upto).into_iter().filter(|plain| meets(list, plain, now)).collect();
    if list.asked.newest_first {
        due.reverse();
    }
    let ids = |id: PaymentId, quota: QuotaId| (quota.division(), id);
    let found_ids: Vec<_> = found.iter().map(|one| ids(one.payment, one.quota)).collect();
    let due_ids: Vec<_> = due.iter().map(|one| ids(one.id, one.quota)).collect();
    assert_eq!(found_ids, due_ids, "{list:?} up to {upto}");
    for (one, plain) in found.iter().zip(&due) {
        assert_eq!((one.state, one.executed_fen.get()), (plain.state, plain.executed));
        assert_eq!((one.reserved_ms, one.changed_ms), (plain.reserved_ms, plain.changed_ms));
        let sequences = (one.sequence, one.changed_sequence);
        assert_eq!(sequences, (plain.sequence, plain.changed_sequence));
        assert_eq!(one.payee_hash, account_hash(&one.payee_account), "the text is its own");
    }
}

fn told(at: storage::position::Position) -> Position {
    Position { epoch: at.epoch, sequence: at.sequence }
}

fn busy_ledger(seed: u64) -> Ledger {
    let mut ledger = Ledger::new(seed);
    ledger.run_business(900);
    ledger.restart();
    ledger.run_business(500);
    ledger
}

#[test]
fn a_list_is_what_a_plain_filter_says() {
    let mut states = std::collections::BTreeSet::new();
    for seed in [1, 2, 3, 4] {
        let ledger = busy_ledger(seed);
        let mut desk = Desk::built(&ledger);
        let durable = ledger.durable();
        assert_eq!(desk.clerk.directory().position(), durable);
        states.extend(ledger.plain(durable.sequence).iter().map(|plain| plain.state));
        let mut draw = Draw(seed);
        for _ in 0..150 {
            let list = some_list(&mut draw);
            let found = desk.whole_list(&list);
            check_list(&found, &ledger, &list, durable.sequence, desk.wall_ms);
        }
    }
    assert_eq!(states.len(), PaymentState::ALL.len(), "the business reaches {states:?}");
}

#[test]
fn a_list_as_of_an_earlier_moment_is_what_it_was_then() {
    let ledger = busy_ledger(4);
    let mut desk = Desk::built(&ledger);
    let mut draw = Draw(4);
    for _ in 0..25 {
        let kept = &ledger.kept[draw.below(ledger.kept.len())];
        let (as_of, upto) = if draw.percent(50) {
            (AsOf::Position(told(kept.position)), kept.position.sequence)
        } else {
            let of_that_time = ledger.kept.iter().filter(|other| other.time_ms <= kept.time_ms);
            let last = of_that_time.map(|other| other.position.sequence).max();
            (AsOf::TimeMs(kept.time_ms), last.expect("itself"))
        };
        let mut list = some_list(&mut draw);
        list.asked.as_of = as_of;
        let found = desk.whole_list(&list);
        check_list(&found, &ledger, &list, upto, kept.time_ms);
    }
}

#[test]
fn a_history_holds_every_event_of_its_subject_and_no_other() {
    let ledger = busy_ledger(5);
    let mut desk = Desk::built(&ledger);
    let mut draw = Draw(5);
    let mut seen = 0;
    let payments = (1_000..1_000 + PAYMENTS as u128).map(|number| {
        let book = (number % 3 > 0).then_some((DivisionIndex((number % 2) as u16), YEAR));
        Subject::Payment { book, id: PaymentId(number) }
    });
    let quotas = (0..6).map(|at| Subject::Quota(quota(at % 2, u64::from(at / 2))));
    for subject in payments.chain(quotas) {
        let kept = &ledger.kept[draw.below(ledger.kept.len())];
        let (as_of, upto) = match draw.below(3) {
            0 => (AsOf::Position(told(kept.position)), kept.position.sequence),
            _ => (AsOf::Now, ledger.durable().sequence),
        };
        let newest_first = draw.percent(50);
        let mut asked = Asked { as_of, newest_first, items: 4, ..Asked::default() };
        let mut due = ledger.trail(subject, upto);
        if ledger.trail(subject, u64::MAX).is_empty() {
            let told = desk.error(Question::History(Box::new(History { asked, subject })));
            assert_eq!(told.code, Code::NotFound);
            continue;
        }
        seen += due.len();
        if newest_first {
            due.reverse();
        }
        let mut found = Vec::new();
        loop {
            let frame = desk.ask(Question::History(Box::new(History { asked, subject })));
            let page = HistoryPage::parse(&whole(&frame)).expect("a page");
            assert_eq!(page.at.sequence, upto);
            for event in page.iter() {
                let sequence = event.record.position.sequence;
                let kept = &ledger.kept[sequence as usize - 1];
                assert_eq!((event.record.body, event.time_ms), (&*kept.body, kept.time_ms));
                found.push(sequence);
            }
            if page.after == [0; 24] {
                break;
            }
            asked.after = page.after;
        }
        assert_eq!(found, due, "{subject:?} up to {upto}");
    }
    assert!(seen > 800, "{seen} events were asked for");
}

#[test]
fn a_state_is_what_a_fold_up_to_there_says() {
    let ledger = busy_ledger(6);
    let mut desk = Desk::built(&ledger);
    let mut draw = Draw(6);
    for _ in 0..20 {
        let kept = &ledger.kept[draw.below(ledger.kept.len())];
        let number = 1_000 + draw.below(PAYMENTS) as u64;
        let (division, id) = (DivisionIndex((number % 2) as u16), PaymentId(u128::from(number)));
        let q = quota(division.0, number % 3);
        let replay = ledger.folded(kept.position.sequence);
        let book = replay.divisions().get(&division).and_then(|division| division.year(YEAR));
        let asked = Asked { as_of: AsOf::Position(told(kept.position)), ..Asked::default() };
        let mut ask = |look_up| {
            let frame = desk.ask(Question::StateAt(Box::new(StateAt { asked, look_up })));
            StateThen::parse(&whole(&frame)).expect("a state")
        };
        let not_found = Answer::Failed(Code::NotFound);
        let of_quota = ask(LookUp::Quota(q));
        let due = book.and_then(|book| quota_view(book, q, false));
        let due = due.map_or(not_found.clone(), |view| Answer::Quota(Box::new(view)));
        assert_eq!((of_quota.at, of_quota.answer), (told(kept.position), due));
        assert_eq!(of_quota.time_ms, kept.time_ms);
        let of_payment = ask(LookUp::Payment { division, year: YEAR, id });
        let due = book.and_then(|book| book.payment(id));
        let due = due.map_or(not_found, |found| Answer::Payment(Box::new(PaymentView::of(found))));
        // Where a record lies is not told by a fold that was given no places.
        assert_eq!(of_payment.answer, due);
    }
}

#[test]
fn rows_are_what_the_texts_of_papers_say_page_by_page_then_and_now() {
    let ledger = busy_ledger(10);
    let mut desk = Desk::built(&ledger);
    let mut draw = Draw(10);
    let (mut seen, mut then) = (0, 0);
    for _ in 0..120 {
        let kept = &ledger.kept[draw.below(ledger.kept.len())];
        let (as_of, upto, time_ms) = match draw.below(3) {
            0 => (AsOf::Position(told(kept.position)), kept.position, kept.time_ms),
            _ => (AsOf::Now, ledger.durable(), ledger.kept.last().expect("a record").time_ms),
        };
        then += u32::from(as_of != AsOf::Now);
        let division = DivisionIndex(draw.below(3) as u16);
        let beginning = if draw.percent(30) { draw.below(9).to_string() } else { String::new() };
        let mut list = ListRows {
            asked: Asked { as_of, items: [0, 1, 4][draw.below(3)], ..Asked::default() },
            division,
            year: YEAR,
            table: Table::MofDep,
            beginning,
            after: String::new(),
        };
        let mut found = Vec::new();
        loop {
            let frame = desk.ask(Question::Rows(Box::new(list.clone())));
            let page = RowPage::parse(&whole(&frame)).expect("a page");
            assert_eq!((page.at, page.time_ms, page.table), (told(upto), time_ms, list.table));
            assert!(page.rows.len() <= list.asked.page_items());
            found.extend(page.rows);
            if page.after.is_empty() {
                break;
            }
            list.after = page.after;
        }
        let rows = ledger.on_file(division, upto.sequence);
        let due: Vec<_> = rows
            .into_iter()
            .filter(|(code, _)| code.starts_with(&list.beginning))
            .map(|(_, row)| row)
            .collect();
        assert_eq!(found, due, "{list:?} up to {upto}");
        seen += found.len();
    }
    assert!(seen > 200 && then > 10, "{seen} rows, {then} questions about the past");
}

#[test]
fn a_question_waits_for_its_position_and_no_longer_than_it_may() {
    let mut ledger = Ledger::new(7);
    ledger.run_business(50);
    let mut desk = Desk::built(&ledger);
    let here = ledger.durable();
    let wait_for = Position { epoch: here.epoch, sequence: here.sequence + 1 };
    let asked = Asked { wait_for, wait_ms: 100, ..Asked::default() };
    let list = ListPayments { asked, ..ListPayments::default() };
    desk.put(Question::List(Box::new(list.clone())));
    assert!(desk.answers().is_empty());
    assert_eq!(desk.clerk.next_deadline_ms(), Some(100));
    desk.monotonic_ms = 100;
    let late = desk.answers();
    assert_eq!(ErrorMessage::parse(&whole(&late[0])).expect("an error").code, Code::Late);

    desk.put(Question::List(Box::new(list)));
    assert!(desk.answers().is_empty());
    ledger.run_business(50);
    desk.clerk.follow(ledger.durable()).expect("a journal");
    let answers = desk.answers();
    let page = PaymentPage::parse(&whole(&answers[0])).expect("a page");
    assert!(page.at.sequence >= wait_for.sequence);
}

#[test]
fn while_it_is_built_nobody_is_shown_half_of_it() {
    let ledger = busy_ledger(8);
    let mut desk = Desk::new(&ledger);
    let list = Question::List(Box::default());
    let told = desk.error(list.clone());
    assert_eq!((told.code, told.retry_after_ms > 0), (Code::Busy, true));
    let asked = Asked { wait_ms: 50, ..Asked::default() };
    desk.put(Question::List(Box::new(ListPayments { asked, ..ListPayments::default() })));
    assert!(desk.answers().is_empty());
    while desk.clerk.follow(ledger.durable()).expect("a journal") {}
    assert_eq!(desk.answers().len(), 1);
    desk.put(list);
    let mut given = Vec::new();
    desk.clerk.turn_away(Code::ShuttingDown, &mut given);
    let Some(Given::Answer((), frame)) = given.pop() else { panic!("an answer") };
    assert_eq!(ErrorMessage::parse(&whole(&frame)).expect("one").code, Code::ShuttingDown);
}

#[test]
fn what_belongs_to_another_question_or_no_position_is_turned_away() {
    let ledger = busy_ledger(9);
    let mut desk = Desk::built(&ledger);
    let asked = Asked { items: 1, ..Asked::default() };
    let mut list = ListPayments { asked, ..ListPayments::default() };
    list.asked.after = desk.list(&list).after;
    assert_ne!(list.asked.after, [0; 24]);
    list.filter.maker = Some(PersonId(1));
    assert_eq!(desk.error(Question::List(Box::new(list))).code, Code::BadField);

    let here = told(ledger.durable());
    for wrong in [
        Position { sequence: here.sequence + 1, ..here },
        Position { epoch: here.epoch + 1, ..here },
        Position { epoch: 1, ..here },
    ] {
        let asked = Asked { as_of: AsOf::Position(wrong), ..Asked::default() };
        let list = ListPayments { asked, ..ListPayments::default() };
        assert_eq!(desk.error(Question::List(Box::new(list))).code, Code::NotFound, "{wrong}");
    }
    let asked = Asked { as_of: AsOf::TimeMs(1), ..Asked::default() };
    let list = ListPayments { asked, ..ListPayments::default() };
    assert_eq!(desk.error(Question::List(Box::new(list))).code, Code::NotFound);
}

/// A directory of so many payments on one quota, to one payee; the last is another person's.
fn folded_of_many(payments: u64) -> super::Directory {
    let create = crate::testing::give::create(0, 1);
    let reserve = crate::testing::give::reserve(quota(0, 0), 1, 100);
    let texts = domain::particulars::ParticularsText {
        payee_account: "6222".to_owned(),
        ..domain::particulars::ParticularsText::default()
    };
    let particulars = texts.encode();
    let mut directory = super::Directory::new(KEY);
    let mut fold = |sequence: u64, event: &domain::Event<'_>| {
        let mut body = Vec::new();
        storage::event_record::encode(event, &mut body);
        let record = storage::record::RecordRef {
            kind: storage::event_record::kind_of(event),
            version: storage::event_record::EVENT_VERSION,
            body: &body,
            position: storage::position::Position { epoch: 1, sequence },
        };
        directory.record(&record, 1_000 + sequence).expect("it follows");
    };
    let fingerprint = domain::ids::Fingerprint(0);
    let Body::Create(command) = create.command.body else { panic!("a creation") };
    let body = EventBody::Created { quota: quota(0, 0), fingerprint, command };
    fold(1, &domain::Event { by: create.command.by, body });
    for number in 1..=payments {
        let Body::Reserve(mut command) = reserve.command.body else { panic!("a reservation") };
        command.payment = PaymentId(number.into());
        command.particulars = Particulars::trusted(&particulars);
        let person = PersonId(if number == payments { 2 } else { 1 });
        let body = EventBody::Reserved {
            version: number as u32 + 1,
            fingerprint,
            rule_version: 0,
            path: domain::codes::Path::Treasury,
            posts: domain::codes::Posts::UNIT,
            leaves_rows: false,
            command,
        };
        fold(1 + number, &domain::Event { by: By { person, ..reserve.command.by }, body });
    }
    directory
}

#[test]
fn a_page_looks_at_so_many_payments_and_no_more() {
    let payments = DIRECTORY_EXAMINED_MAX as u64 + 500;
    let directory = folded_of_many(payments);
    let by_the_last = PaymentFilter { maker: Some(PersonId(2)), ..PaymentFilter::default() };
    let payee_hash = Some(account_hash("6222"));
    let states = vec![PaymentState::Reserved];
    for filter in [
        by_the_last.clone(),
        PaymentFilter { payee_hash, ..by_the_last.clone() },
        PaymentFilter { quota: Some(quota(0, 0)), ..by_the_last.clone() },
        PaymentFilter { states, ..by_the_last },
    ] {
        let mut list = ListPayments { filter, ..ListPayments::default() };
        let first = directory.select(&list, 0).expect("a page");
        assert!(first.rows.is_empty() && first.after != [0; 24], "{list:?}");
        list.asked.after = first.after;
        let second = directory.select(&list, 0).expect("a page");
        assert_eq!((second.rows.len(), second.after), (1, [0; 24]), "{list:?}");
        list.asked = Asked { newest_first: true, ..Asked::default() };
        let newest = directory.select(&list, 0).expect("a page");
        assert_eq!(newest.rows, second.rows);
    }
}
