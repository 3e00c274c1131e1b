//! Documents are carried out to their end, whatever is cut off where: never lost, never twice.

use domain::codes::{BatchStep, Role, YearState};
use domain::command::{Body, By, Command, Paper, Register, SetYear};
use domain::event::{Event, EventBody};
use domain::ids::{
    ActId, BatchId, ChannelId, DivisionIndex, Fingerprint, FiscalYear, PersonId, QuotaId,
};
use domain::office::issuance::order::batch_id;
use domain::office::paper::PaperKind;
use domain::office::table::Tabled;
use domain::office::tables::document::{Arrival, Document, DocumentState};
use domain::{Code, Division, Fen};

use crate::replay::Replay;
use crate::testing::give::{FINANCE, Given, OFFICER, YEAR, end_batch, office_paper, revive};
use crate::testing::house::{House, KEY, check_invariants};
use crate::turn::Alarm;

const NEXT: FiscalYear = FiscalYear::from_offset(23);
/// What row B is issued.
const UNLUCKY_FEN: i64 = 50_000;
/// Checks what [`FINANCE`] writes.
const SECOND: PersonId = PersonId(31);

fn by() -> By {
    By { person: FINANCE, role: Role::Finance, channel: ChannelId(7) }
}

fn code(division: u16) -> String {
    format!("37{division:04}000")
}

fn event(body: EventBody<'static>) -> Event<'static> {
    Event { by: by(), body }
}

/// A registered division with both years open and rows on file.
fn founded(division: u16, lines: &[String]) -> Vec<Event<'static>> {
    let index = DivisionIndex(division);
    let digits = code(division);
    let register = Register {
        division: index,
        code: *digits.as_bytes().first_chunk().expect("nine digits"),
        parent: DivisionIndex::PROVINCE,
        name: "历下区",
    };
    let opened = |year: FiscalYear| {
        let set = SetYear {
            act: ActId(9000 + u128::from(year.offset())),
            division: index,
            year,
            state: YearState::Open,
        };
        let (fingerprint, act, state) = (Fingerprint(1), set.act, set.state);
        event(EventBody::YearSet { fingerprint, act, division: index, year, state })
    };
    let filed = |year: FiscalYear, act: u128| {
        let command = Paper {
            act: ActId(act),
            division: index,
            year,
            kind: PaperKind::BasePut,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: "rows that other papers made",
        };
        let changes: String = lines.iter().map(|line| format!("{line}\n")).collect();
        event(EventBody::Filed { fingerprint: Fingerprint(1), changes: changes.into(), command })
    };
    vec![
        event(EventBody::Registered { command: register }),
        opened(YEAR),
        opened(NEXT),
        filed(YEAR, 1000),
    ]
}

fn row(code: &str, kind: &str, reply: &str) -> String {
    format!(
        "+budget-row\t{code}\t101\tP1\t{kind}\t2050203\t50502\t302\t111\t2\t\t\t2022\t{reply}\t\
         {reply}\t{reply}\t0.00\t0.00\t{reply}\t2"
    )
}

/// Two divisions: the first with a replied budget, the second with a row to receive into.
fn house() -> House {
    let unit = "+unit\t101\t教育局\t\t1\tadministrative\tfull\t1\t\t\t\t\tactive".to_owned();
    let budget = "+budget\tbudget\t鲁财预〔2021〕9号\treplied\t1\t1\t\t\t\t\t\t1\t".to_owned();
    let upper = [
        unit.clone(),
        budget.clone(),
        row("A", "placed", "1000.00"),
        row("B", "placed", "500.00"),
        row("H", "held", "300.00"),
        row("N", "placed", "0.00"),
        row("T", "transfer", "400.00"),
    ];
    let lower = [unit, budget, row("U", "received", "0.00")];
    let events = [founded(0, &upper), founded(1, &lower)].concat();
    let kept = crate::testing::house::kept_of(&events);
    let mut replay = Replay::new(KEY);
    kept.iter().for_each(|kept| replay.record(kept.record()).expect("an event"));
    House::over(2, replay.into_divisions(), &kept)
}

/// The head and the lines of a document, and its check.
fn document(id: u128, division: u16, name: &str, kind: &str, lines: &[String]) -> [Given; 2] {
    let sum: i64 = lines
        .iter()
        .map(|line| line.split('\t').nth(4).expect("an amount"))
        .map(|yuan| domain::Fen::from_yuan(yuan).expect("an amount").get())
        .sum();
    let sum = domain::Fen::new(sum).to_yuan();
    let head =
        format!("{name}\t{kind}\t鲁财预指{name}号\t\t2022-03-01\t批示\t{}\t{sum}", lines.len());
    let numbered = lines.iter().zip(1..);
    let text: String = numbered.map(|(line, number)| format!("\n{number}\t{line}")).collect();
    let lines = format!("{name}{text}");
    [
        office_paper(PaperKind::DocumentDraft, division, id, &head),
        office_paper(PaperKind::DocumentLines, division, id + 1, &lines),
    ]
}

fn check(id: u128, division: u16, name: &str) -> Given {
    office_paper(PaperKind::DocumentCheck, division, id, name).by(SECOND)
}

/// Writes a document and has it checked; the engine has not begun.
fn write(house: &mut House, id: u128, name: &str, kind: &str, lines: &[String]) {
    let [head, text] = document(id, 0, name, kind, lines);
    house.accept(&[head]);
    if !lines.is_empty() {
        house.accept(&[text]);
    }
    house.settle();
    house.to_network.clear();
    house.give(&[check(id + 2, 0, name)]);
}

fn quota_of(house: &House, division: u16, year: FiscalYear, row: &str) -> QuotaId {
    let division = house.division(DivisionIndex(division)).expect("a division");
    let book = division.year(year).expect("open");
    let ends = format!("/{row}");
    let mut found = book.quotas().filter(|(.., cold)| cold.key.ends_with(&ends));
    found.next().unwrap_or_else(|| panic!("no quota of {row}")).0
}

fn state(house: &House, name: &str) -> DocumentState {
    let book = house.division(DivisionIndex(0)).and_then(|division| division.year(YEAR));
    let known = book.and_then(|book| book.office().get::<Document>(name));
    known.expect("a document on file").state
}

/// Ends the process after each durable record from the `from`th on, starts another with another
/// number of shards, and looks at what becomes of it.
fn cut_everywhere(house: &House, from: usize, must: impl Fn(&mut House)) {
    for cut in from..=house.kept.len() {
        let kept = &house.kept[..cut];
        let mut replay = Replay::new(KEY);
        kept.iter().for_each(|kept| replay.record(kept.record()).expect("an event"));
        let mut again = House::over(1 + cut % 3, replay.into_divisions(), kept);
        again.settle();
        must(&mut again);
        again.check();
    }
}

fn replied() -> House {
    let mut house = house();
    write(&mut house, 1, "D1", "initial", &[]);
    house.settle();
    assert_eq!(state(&house, "D1"), DocumentState::Done);
    house
}

fn line(row: &str, from: QuotaId, to: &str, code: &str, yuan: &str) -> String {
    format!("{row}\t{from}\t{to}\t{code}\t{yuan}\t0.00")
}

#[test]
fn a_reply_ends_once_wherever_it_is_cut_off() {
    let mut house = house();
    let from = house.kept.len();
    write(&mut house, 1, "D1", "initial", &[]);
    house.settle();
    let written = |house: &House| {
        let division = house.division(DivisionIndex(0)).expect("a division");
        let office = division.year(YEAR).expect("open").office();
        office.get::<Document>("D1").is_some_and(|known| known.state != DocumentState::Drafted)
    };
    cut_everywhere(&house, from, |again| {
        if written(again) {
            assert_eq!(state(again, "D1"), DocumentState::Done);
            assert_eq!(again.available(quota_of(again, 0, YEAR, "A")), 100_000);
            assert_eq!(again.available(quota_of(again, 0, YEAR, "T")), 40_000);
        }
    });
}

#[test]
fn a_transfer_ends_once_wherever_it_is_cut_off() {
    let mut house = replied();
    let from = house.kept.len();
    let t = quota_of(&house, 0, YEAR, "T");
    let to = QuotaId::unnamed(DivisionIndex(1), YEAR).to_string();
    write(&mut house, 11, "X", "transfer", &[line("", t, &to, &code(1), "150.00")]);
    house.settle();
    let key = |house: &House| {
        let division = house.division(DivisionIndex(1)).expect("a division");
        let office = division.year(YEAR).expect("open").office();
        office.all::<Arrival>().next().map(Tabled::key)
    };
    let arrived = key(&house).expect("it has arrived");
    let text = format!("{arrived}\t鲁财预指X号\t150.00\tU");
    let receive = office_paper(PaperKind::Receive, 1, 21, &text).by(OFFICER);
    house.accept(&[receive]);
    cut_everywhere(&house, from, |again| {
        let sent = again.available(t) == 25_000;
        if !sent {
            return;
        }
        // A person receives it where that is not on record.
        let arrived = key(again).expect("it has arrived");
        let text = format!("{arrived}\t鲁财预指X号\t150.00\tU");
        let receive = office_paper(PaperKind::Receive, 1, 31, &text).by(OFFICER);
        let heard = again.ask(receive).code();
        assert!(matches!(heard, Code::Accepted | Code::DocumentState), "{heard}");
        again.settle();
        assert_eq!(again.available(quota_of(again, 1, YEAR, "U")), 15_000);
    });
}

#[test]
fn a_document_between_rows_ends_once_wherever_it_is_cut_off() {
    let mut house = replied();
    let from = house.kept.len();
    let (a, h) = (quota_of(&house, 0, YEAR, "A"), quota_of(&house, 0, YEAR, "H"));
    write(
        &mut house,
        11,
        "V",
        "virement",
        &[line("B", a, "none", "", "10.00"), line("B", a, "none", "", "5.00")],
    );
    house.settle();
    write(&mut house, 21, "L", "allocate", &[line("N", h, "none", "", "70.00")]);
    house.settle();
    cut_everywhere(&house, from, |again| {
        let b = quota_of(again, 0, YEAR, "B");
        let sum = again.available(a) + again.available(b);
        assert_eq!(sum, 150_000, "nothing is lost on the way");
        assert!([50_000, 51_500].contains(&again.available(b)));
    });
}

#[test]
fn what_is_carried_over_ends_once_wherever_it_is_cut_off() {
    let mut house = replied();
    let from = house.kept.len();
    write(&mut house, 11, "C", "carry", &[]);
    house.settle();
    assert_eq!(state(&house, "C"), DocumentState::Done);
    cut_everywhere(&house, from, |again| {
        let division = again.division(DivisionIndex(0)).expect("a division");
        let of = |year: FiscalYear| {
            let quotas = division.year(year).expect("open").quotas();
            quotas.map(|(_, cell, _)| cell.buckets.available()).sum::<i64>()
        };
        let (old, new) = (of(YEAR), of(NEXT));
        assert_eq!(old + new, 220_000, "all of it is somewhere");
        assert!(old == 0 || new == 0, "all of it or none");
    });
}

#[test]
fn desks_are_decided_between_the_steps_of_a_document() {
    use crate::testing::give::reserve;
    let mut house = replied();
    let a = quota_of(&house, 0, YEAR, "A");
    let lines: Vec<String> = (0..60).map(|_| line("B", a, "none", "", "1.00")).collect();
    write(&mut house, 11, "V", "virement", &lines);
    let shard = house.shard_of(0);
    let turn = house.make_turn(&[reserve(a, 1, 95_000)]);
    house.inboxes[shard].push_back(crate::testing::house::ToShard::Turn(turn));
    house.settle();
    assert_eq!(state(&house, "V"), DocumentState::Failed, "the desk was first");
    let known = house.fold.divisions()[&DivisionIndex(0)].year(YEAR).expect("open").office();
    let reason = known.get::<Document>("V").expect("on file").reason.to_string();
    assert!(reason.starts_with("4001 cut-below-used"), "{reason}");
    house.check();
    let divisions: Vec<&Division> = house.fold.divisions().values().collect();
    check_invariants(divisions.into_iter());
    assert_ne!(
        house.heard().concat().iter().filter(|heard| heard.code() == Code::Accepted).count(),
        0
    );
}

/// Panics over what is issued to one row.
fn unlucky(command: &Command<'_>) {
    if let Body::Act(act) = command.body {
        assert!(act.amount_fen != Fen::new(UNLUCKY_FEN), "an unlucky amount");
    }
}

/// A house whose document stands still, half issued, at a quota that is quarantined.
fn half_issued() -> (House, QuotaId) {
    let mut house = house();
    house.shards.iter_mut().for_each(|shard| shard.failpoint = Some(unlucky));
    write(&mut house, 1, "D1", "initial", &[]);
    house.settle();
    house.shards.iter_mut().for_each(|shard| shard.failpoint = None);
    let quota = quota_of(&house, 0, YEAR, "B");
    assert_eq!(state(&house, "D1"), DocumentState::Checked);
    let alarm = house.alarms.pop().expect("an alarm");
    assert!(matches!(alarm, Alarm::Quarantined { quota: struck, .. } if struck == quota));
    (house, quota)
}

#[test]
fn a_document_goes_on_when_the_quota_it_stopped_at_is_revived() {
    let (mut house, quota) = half_issued();
    assert_eq!(house.ask(revive(quota, 70)).code(), Code::Quarantined, "its fold is asked for");
    let mut replay = Replay::of_division(KEY, DivisionIndex(0));
    house.kept.iter().for_each(|kept| replay.record(kept.record()).expect("an event"));
    let shard = house.shard_of(0);
    let fold = replay.into_divisions().pop().expect("the division");
    house.shards[shard].revived(quota, &fold);
    house.collect(shard);
    house.accept(&[revive(quota, 70)]);
    house.settle();
    assert_eq!(state(&house, "D1"), DocumentState::Done);
    assert_eq!(house.available(quota), UNLUCKY_FEN);
    house.check();
}

#[test]
fn a_document_fails_when_a_person_drops_its_batch() {
    let (mut house, quota) = half_issued();
    let mut drop = end_batch(BatchStep::Drop, batch_id(KEY, "D1", 0).0, 0);
    let Body::EndBatch(end) = &mut drop.command.body else { panic!("the end of a batch") };
    end.act = ActId(71);
    house.accept(&[drop]);
    house.settle();
    assert_eq!(state(&house, "D1"), DocumentState::Failed);
    assert_eq!((house.available(quota), house.available(quota_of(&house, 0, YEAR, "A"))), (0, 0));
    house.check();
}
