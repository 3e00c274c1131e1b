//! Commands that should not have been given, to the real server over real sockets: impossible
//! amounts and places, ids used twice, wrong roles, wrong states, facts that do not fit. Each is
//! answered with its code, and the books stay as they were.

mod harness;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use domain::codes::{
    ActKind, BatchStep, FactKind, LimitKind, MoveKind, PaymentState, ResolveAction, StepKind,
    YearState,
};
use domain::command::{Body, Create, Reserve};
use domain::ids::{DivisionIndex, PaymentId, PersonId, QuotaId};
use domain::limits::AMOUNT_FEN_MAX;
use domain::movement::Transit;
use domain::{Code, Command, Fen, Role};
use harness::desk::{Desk, Lost, Told};
use harness::orders::{self, YEAR};
use harness::server::{Options, Server, sound};
use harness::wait_for;
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::views::PaymentView;
use protocol::{Flags, Value};

/// The division all of it happens in.
const DIVISION: u16 = 5;

/// What is issued on each quota, in fen.
const ISSUED: i64 = 1_000_000;

struct House {
    dir: tempfile::TempDir,
    server: Server,
    quotas: Vec<QuotaId>,
}

impl House {
    fn new() -> House {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Options::new(dir.path()).start();
        let quotas = orders::found_with(server.address, DIVISION, 3, ISSUED);
        House { dir, server, quotas }
    }

    fn desk(&self, role: Role) -> Desk {
        Desk::connect(self.server.address, role)
    }

    /// Ends in good order, and the journal is sound.
    fn ends_well(self) {
        self.server.stop();
        sound(self.dir.path());
    }
}

/// What is available on a quota, in fen.
fn available(desk: &mut Desk, quota: QuotaId) -> i64 {
    match desk.ask(LookUp::Quota(quota)) {
        Answer::Quota(view) => view.buckets.available(),
        other => panic!("quota {quota} is answered {other:?}"),
    }
}

fn payment(desk: &mut Desk, quota: QuotaId, id: u128) -> PaymentView {
    let (division, year, id) = (quota.division(), quota.year(), PaymentId(id));
    match desk.ask(LookUp::Payment { division, year, id }) {
        Answer::Payment(view) => *view,
        other => panic!("payment {id} is answered {other:?}"),
    }
}

/// The sequence of the last durable record.
fn durable(desk: &mut Desk) -> u64 {
    desk.health().durable.sequence
}

/// A quota of this division that was never created.
fn nowhere() -> QuotaId {
    QuotaId::new(DivisionIndex(DIVISION), YEAR, 4_711)
}

/// A quota of a division that was never registered.
fn beyond() -> QuotaId {
    QuotaId::new(DivisionIndex(999), YEAR, 0)
}

// ---- amounts and places --------------------------------------------------------------------------

#[test]
fn impossible_amounts_and_unknown_places_are_refused_and_move_nothing() {
    let house = House::new();
    let quota = house.quotas[0];
    let (mut maker, mut finance) = (house.desk(Role::Maker), house.desk(Role::Finance));
    let amounts = [0, -1, -ISSUED, i64::MIN, AMOUNT_FEN_MAX + 1, i64::MAX];
    let before = durable(&mut maker);
    for (at, fen) in amounts.into_iter().enumerate() {
        let id = 100 + at as u128;
        let told = maker.one(&orders::reserve(id, quota, fen));
        assert_eq!(told.code(), Code::AmountOutOfBounds, "{fen} fen reserved");
        for kind in [ActKind::Issue, ActKind::Cut, ActKind::Freeze, ActKind::Unfreeze] {
            let told = finance.one(&orders::act(kind, id, quota, fen));
            assert_eq!(told.code(), Code::AmountOutOfBounds, "{kind} of {fen} fen");
        }
        let moved = orders::move_out(MoveKind::Virement, id, quota, house.quotas[1], fen);
        assert_eq!(finance.one(&moved).code(), Code::AmountOutOfBounds, "{fen} fen moved");
    }
    let other = maker.one(&orders::reserve(200, beyond(), 1));
    assert_eq!(other.code(), Code::UnknownDivision);
    assert_eq!(durable(&mut maker), before, "what is turned away leaves no record");

    let told = maker.one(&orders::reserve(201, nowhere(), 1));
    assert_eq!(told.code(), Code::NoQuota);
    let told = finance.one(&orders::act(ActKind::Issue, 202, nowhere(), 1));
    assert_eq!(told.code(), Code::NoQuota);
    // The largest amount can be asked for; what it would add up to cannot be.
    let told = maker.one(&orders::reserve(203, quota, AMOUNT_FEN_MAX));
    assert_eq!(told.code(), Code::OverQuota);
    let figure = told.refusal.and_then(|refusal| refusal.figures().next()).expect("a figure");
    assert_eq!((figure.requested_fen.get(), figure.left_fen.get()), (AMOUNT_FEN_MAX, ISSUED));
    let told = finance.one(&orders::act(ActKind::Supplement, 204, quota, AMOUNT_FEN_MAX));
    assert_eq!(told.code(), Code::OverBound);
    finance.must(&orders::act(ActKind::Supplement, 205, quota, AMOUNT_FEN_MAX - ISSUED));
    let told = finance.one(&orders::act(ActKind::Supplement, 206, quota, 1));
    assert_eq!(told.code(), Code::OverBound);
    assert_eq!(available(&mut maker, quota), AMOUNT_FEN_MAX);
    let told = maker.must(&orders::reserve(207, quota, AMOUNT_FEN_MAX));
    assert_eq!(told.result.value, Value::Available(Fen::ZERO));
    for quota in &house.quotas[1..] {
        assert_eq!(available(&mut maker, *quota), ISSUED);
    }
    house.ends_well();
}

// ---- ids -----------------------------------------------------------------------------------------

#[test]
fn an_id_used_again_with_other_contents_is_a_conflict_whatever_became_of_it() {
    let house = House::new();
    let (quota, other) = (house.quotas[0], house.quotas[1]);
    let (mut maker, mut finance) = (house.desk(Role::Maker), house.desk(Role::Finance));
    maker.must(&orders::reserve(1, quota, 100));
    let told = maker.one(&orders::reserve(2, quota, ISSUED));
    assert_eq!(told.code(), Code::OverQuota);
    finance.must(&orders::act(ActKind::Freeze, 3, quota, 100));
    finance.must(&orders::move_out(MoveKind::Virement, 4, quota, other, 100));
    let left = ISSUED - 300;
    let (kind, division, year) = (IdKind::Move, quota.division(), quota.year());
    wait_for("the move's end", || {
        match maker.ask(LookUp::Outcome { kind, division, year, id: 4 }) {
            Answer::Outcome(outcome) => (outcome.transit == Transit::Landed as u8).then_some(()),
            other => panic!("the move is answered {other:?}"),
        }
    });
    let before = durable(&mut maker);
    for id in [1, 2] {
        let changed = Reserve { amount_fen: Fen::new(7), ..orders::reservation(id, quota, 100) };
        let elsewhere = orders::reservation(id, other, 100);
        for reservation in [changed, elsewhere] {
            let told = maker.one(&orders::reserve_of(reservation));
            assert_eq!(told.code(), Code::Conflict, "payment {id} hears {told:?}");
        }
        let by_another = orders::by(orders::reserve(id, quota, 100), PersonId(99));
        assert_eq!(maker.one(&by_another).code(), Code::Conflict, "payment {id} by another");
    }
    for act in [
        orders::act(ActKind::Freeze, 3, quota, 101),
        orders::act(ActKind::Unfreeze, 3, quota, 100),
        orders::act(ActKind::Freeze, 3, other, 100),
    ] {
        assert_eq!(finance.one(&act).code(), Code::Conflict);
    }
    let moved = orders::move_out(MoveKind::Virement, 4, quota, other, 101);
    assert_eq!(finance.one(&moved).code(), Code::Conflict);
    assert_eq!(durable(&mut maker), before, "a conflict leaves no record");
    assert_eq!(available(&mut maker, quota), left);
    assert_eq!(available(&mut maker, other), ISSUED + 100);
    let told = maker.one(&orders::reserve(1, quota, 100));
    assert!(told.code() == Code::Accepted && told.result.repeat, "the right contents: {told:?}");
    house.ends_well();
}

#[test]
fn a_stalled_copy_of_a_refused_command_is_refused_still_after_money_appeared() {
    let house = House::new();
    let quota = house.quotas[0];
    let (mut maker, mut finance) = (house.desk(Role::Maker), house.desk(Role::Finance));
    let too_much = orders::reserve(1, quota, ISSUED + 1);
    let first = maker.one(&too_much);
    assert_eq!((first.code(), first.result.repeat), (Code::OverQuota, false));
    finance.must(&orders::act(ActKind::Supplement, 2, quota, ISSUED));
    let heard = |told: Told| {
        assert_eq!((told.code(), told.result.repeat), (Code::OverQuota, true), "{told:?}");
        assert_eq!(told.result.sequence, first.result.sequence, "{told:?}");
        assert_eq!(told.refusal, first.refusal, "the figures of then");
    };
    heard(maker.one(&too_much));
    heard(house.desk(Role::Maker).one(&too_much));
    // The same wish under a new id is a new command.
    maker.must(&orders::reserve(3, quota, ISSUED + 1));
    house.server.kill();
    let server = Options::existing(house.dir.path()).start();
    let mut maker = Desk::connect(server.address, Role::Maker);
    heard(maker.one(&too_much));
    assert_eq!(available(&mut maker, quota), ISSUED - 1);
    server.stop();
    sound(house.dir.path());
}

// ---- roles ---------------------------------------------------------------------------------------

/// Who may give what, as the protocol document says it.
fn roles_of_the_document() -> BTreeMap<String, Vec<Role>> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/protocol.md");
    let document = std::fs::read_to_string(document).expect("the protocol document");
    let table = document.split_once("<!-- table: commands -->").expect("the table").1;
    let table = table.split_once("<!-- end of table -->").expect("its end").0;
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let roles = cells[3].split(", ").map(|slug| Role::from_slug(slug).expect("a role"));
        (cells[1].trim_matches('`').to_owned(), roles.collect())
    };
    rows.map(row).collect()
}

/// One of each command that a connection can give, sound in form, about things there are not:
/// nothing of it can take effect but a fact in suspense.
fn one_of_each(quota: QuotaId) -> Vec<Command<'static>> {
    let next_year = QuotaId::new(quota.division(), orders::YEAR_AFTER, 0);
    let elsewhere = QuotaId::new(DivisionIndex(DIVISION + 1), YEAR, 0);
    let mut all = vec![
        orders::reserve(1, quota, 100),
        orders::reserve_of(Reserve { one_act: true, ..orders::reservation(2, quota, 100) }),
        orders::create(Create { ..orders::creation(3, DIVISION, "一个键") }),
        orders::set_limit(4, DIVISION, LimitKind::PayCeiling, 100),
        orders::open_batch(5, DIVISION, 1, 1, 0),
        orders::register(DIVISION + 7),
        orders::resolve(6, DIVISION, 1, ResolveAction::Dismiss),
        orders::grade(7, DIVISION),
    ];
    all.extend(StepKind::ALL.iter().map(|&kind| orders::step(kind, 7, quota, 1)));
    let serial = |kind: FactKind| u64::from(kind.number());
    all.extend(FactKind::ALL.iter().map(|&kind| orders::fact(kind, 8, quota, serial(kind), 100)));
    let act = |kind: ActKind| orders::act(kind, 20 + u128::from(kind.number()), quota, 100);
    // What only the engine does has no form on the wire.
    let asked = ActKind::ALL.iter().filter(|&&kind| kind != ActKind::Authorize);
    all.extend(asked.map(|&kind| act(kind)));
    for &kind in MoveKind::ALL {
        let to = match kind {
            MoveKind::Transfer => elsewhere,
            MoveKind::Carry => next_year,
            _ => nowhere(),
        };
        let id = 40 + u128::from(kind.number());
        all.push(match kind {
            MoveKind::Correct => orders::correct(id, 7, quota, to, 100),
            _ => orders::move_out(kind, id, quota, to, 100),
        });
    }
    let ends = [BatchStep::Close, BatchStep::Drop];
    all.extend(ends.map(|step| orders::end_batch(step, 50, DIVISION)));
    let states = [YearState::Open, YearState::Adjustment, YearState::Closed];
    all.extend(states.map(|state| orders::year(60 + state as u128, DIVISION, state)));
    all
}

#[test]
fn every_command_from_every_wrong_role_is_turned_away_without_trace() {
    let house = House::new();
    let told_by_document = roles_of_the_document();
    let commands = one_of_each(house.quotas[0]);
    let slugs: Vec<&str> = commands.iter().map(Command::slug).collect();
    for slug in told_by_document.keys() {
        assert!(slugs.contains(&slug.as_str()), "{slug} is not tried");
    }
    assert_eq!(slugs.len(), told_by_document.len(), "each once");
    let mut observer = house.desk(Role::Operator);
    let (mut wrong_ones, mut right_ones) = (0, 0);
    for &role in Role::ALL.iter().filter(|&&role| role != Role::Engine) {
        let mut desk = house.desk(role);
        let may = |command: &Command<'static>| told_by_document[command.slug()].contains(&role);
        let (right, wrong): (Vec<_>, Vec<_>) = commands.iter().copied().partition(may);
        let before = durable(&mut observer);
        for (told, command) in desk.give(&wrong).iter().zip(&wrong) {
            assert_eq!(told.code(), Code::NoRight, "{role} gives {}", command.slug());
        }
        assert_eq!(durable(&mut observer), before, "{role} left a record");
        // Whoever may is heard, if only to be refused: orders are only checked.
        let flags = |command: &Command<'_>| Flags { check: !command.is_fact(), linked: false };
        let right: Vec<_> = right.iter().map(|command| (*command, flags(command))).collect();
        for (told, (command, _)) in desk.try_give(&right).expect("answers").iter().zip(&right) {
            assert_ne!(told.code(), Code::NoRight, "{role} gives {}", command.slug());
        }
        wrong_ones += wrong.len();
        right_ones += right.len();
    }
    println!("{} commands: {wrong_ones} by a wrong role, {right_ones} by a right one", slugs.len());
    assert_eq!(available(&mut observer, house.quotas[0]), ISSUED, "nothing took effect");
    house.ends_well();
}

// ---- states --------------------------------------------------------------------------------------

/// Gives orders by their role's own connection.
struct Desks {
    address: SocketAddr,
    open: BTreeMap<Role, Desk>,
}

impl Desks {
    fn new(address: SocketAddr) -> Desks {
        Desks { address, open: BTreeMap::new() }
    }

    fn of(&mut self, role: Role) -> &mut Desk {
        let address = self.address;
        self.open.entry(role).or_insert_with(|| Desk::connect(address, role))
    }

    fn hears(&mut self, command: Command<'static>, code: Code) {
        let role = command.by.role;
        let told = self.of(role).one(&command);
        assert_eq!(told.code(), code, "{command:?} hears {told:?}");
    }
}

#[test]
fn orders_in_a_wrong_state_or_by_a_wrong_person_change_nothing() {
    let house = House::new();
    let quota = house.quotas[0];
    let mut desks = Desks::new(house.server.address);
    let step = |kind, serial| orders::step(kind, 1, quota, serial);
    desks.hears(orders::reserve(1, quota, 100), Code::Accepted);
    for kind in [StepKind::Instruct, StepKind::Void, StepKind::Doubt, StepKind::Unhold] {
        desks.hears(step(kind, 1), Code::WrongState);
    }
    desks.hears(step(StepKind::ApproveDepartment, 1), Code::PostNotNext);
    let own = orders::by(step(StepKind::ApproveUnit, 1), orders::MAKER);
    desks.hears(own, Code::DutySeparation);
    let stranger = orders::by(step(StepKind::Withdraw, 1), PersonId(99));
    desks.hears(stranger, Code::NotMaker);
    desks.hears(orders::step(StepKind::ApproveUnit, 2, quota, 1), Code::NoPayment);
    desks.hears(orders::step(StepKind::ApproveUnit, 1, house.quotas[1], 1), Code::NoPayment);
    let view = payment(desks.of(Role::Maker), quota, 1);
    assert_eq!((view.state, view.steps.len()), (PaymentState::Reserved, 0));

    desks.hears(step(StepKind::ApproveUnit, 2), Code::Accepted);
    let again = orders::by(step(StepKind::ApproveUnit, 3), PersonId(98));
    desks.hears(again, Code::WrongState);
    desks.hears(step(StepKind::Withdraw, 1), Code::WrongState);
    let approver = orders::by(step(StepKind::Instruct, 3), orders::CHECKER);
    desks.hears(approver, Code::DutySeparation);
    desks.hears(step(StepKind::Instruct, 3), Code::Accepted);
    for kind in [StepKind::Hold, StepKind::Return, StepKind::ApproveFinance] {
        desks.hears(step(kind, 4), Code::WrongState);
    }
    desks.hears(orders::fact(FactKind::ConfirmPaid, 1, quota, 1, 100), Code::Accepted);
    for kind in [StepKind::Void, StepKind::Doubt, StepKind::Return, StepKind::Hold] {
        desks.hears(step(kind, 5), Code::WrongState);
    }
    let view = payment(desks.of(Role::Maker), quota, 1);
    assert_eq!((view.state, view.executed_fen.get()), (PaymentState::Paid, 100));
    assert_eq!((view.approvers[0], view.instructor), (orders::CHECKER, orders::OFFICER));
    assert_eq!(available(desks.of(Role::Maker), quota), ISSUED - 100);
    house.ends_well();
}

// ---- facts ---------------------------------------------------------------------------------------

fn is_parked(told: &Told, repeat: bool) {
    assert_eq!((told.code(), told.result.repeat), (Code::Parked, repeat), "{told:?}");
}

#[test]
fn facts_that_come_twice_late_or_for_something_else_move_money_once_at_most() {
    let house = House::new();
    let (quota, other) = (house.quotas[0], house.quotas[1]);
    let mut desks = Desks::new(house.server.address);
    for id in [1, 2] {
        desks.hears(orders::reserve(id, quota, 100), Code::Accepted);
        desks.hears(orders::step(StepKind::ApproveUnit, id, quota, 1), Code::Accepted);
        desks.hears(orders::step(StepKind::Instruct, id, quota, 1), Code::Accepted);
    }
    let mut bank = house.desk(Role::Bank);
    let fact = |kind, id, quota, serial, fen| orders::fact(kind, id, quota, serial, fen);
    let paid = |id, serial, fen| fact(FactKind::ConfirmPaid, id, quota, serial, fen);

    // For another amount, another payment, another quota, a quota and a division there are not.
    let strays = [
        paid(1, 10, 101),
        paid(77, 11, 100),
        fact(FactKind::ConfirmPaid, 1, other, 12, 100),
        fact(FactKind::ConfirmPaid, 1, nowhere(), 13, 100),
        // It waits for the receipt, and is more than will be paid.
        fact(FactKind::Refund, 1, quota, 14, 101),
    ];
    for stray in &strays {
        is_parked(&bank.one(stray), false);
        is_parked(&bank.one(stray), true);
    }
    let view = payment(&mut bank, quota, 1);
    assert_eq!((view.state, view.facts.len()), (PaymentState::Instructed, 0), "nothing moved");

    // The right one, and its copies: on this connection and on another.
    bank.must(&paid(1, 20, 100));
    for told in [bank.one(&paid(1, 20, 100)), house.desk(Role::Bank).one(&paid(1, 20, 100))] {
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, true), "{told:?}");
    }
    // The same number with other contents, and the same contents under another number: too late.
    is_parked(&bank.one(&paid(1, 20, 99)), false);
    is_parked(&bank.one(&paid(1, 20, 99)), true);
    is_parked(&bank.one(&paid(1, 21, 100)), false);
    is_parked(&bank.one(&fact(FactKind::Reject, 1, quota, 22, 0)), false);
    // Paid behind a rejection is kept, not believed.
    bank.must(&fact(FactKind::Reject, 2, quota, 30, 0));
    is_parked(&bank.one(&paid(2, 31, 100)), false);
    is_parked(&bank.one(&paid(2, 31, 100)), true);

    let (one, two) = (payment(&mut bank, quota, 1), payment(&mut bank, quota, 2));
    assert_eq!((one.state, one.executed_fen.get()), (PaymentState::Paid, 100));
    assert_eq!((two.state, two.executed_fen.get()), (PaymentState::Released, 0));
    assert_eq!(available(&mut bank, quota), ISSUED - 100, "paid once");
    assert_eq!(available(&mut bank, other), ISSUED);

    // What a person has set aside stays set aside, and its copies hear the same as ever.
    let mut finance = house.desk(Role::Finance);
    let unfit = finance.one(&orders::resolve(40, DIVISION, 10, ResolveAction::Apply));
    assert_eq!(unfit.code(), Code::StillUnfit);
    finance.must(&orders::resolve(41, DIVISION, 10, ResolveAction::Dismiss));
    let gone = finance.one(&orders::resolve(42, DIVISION, 10, ResolveAction::Dismiss));
    assert_eq!(gone.code(), Code::NotParked);
    is_parked(&bank.one(&paid(1, 10, 101)), true);

    // All of it is on record: a start finds the same.
    house.server.kill();
    let server = Options::existing(house.dir.path()).start();
    let mut bank = Desk::connect(server.address, Role::Bank);
    strays.iter().for_each(|stray| is_parked(&bank.one(stray), true));
    is_parked(&bank.one(&paid(2, 31, 100)), true);
    let told = bank.one(&paid(1, 20, 100));
    assert_eq!((told.code(), told.result.repeat), (Code::Accepted, true), "{told:?}");
    assert_eq!(available(&mut bank, quota), ISSUED - 100);
    server.stop();
    sound(house.dir.path());
}

#[test]
fn facts_of_a_year_that_has_closed_are_kept() {
    let house = House::new();
    let quota = house.quotas[0];
    let mut desks = Desks::new(house.server.address);
    desks.hears(orders::reserve(1, quota, 100), Code::Accepted);
    desks.hears(orders::step(StepKind::Withdraw, 1, quota, 1), Code::Accepted);
    desks.hears(orders::year(70, DIVISION, YearState::Adjustment), Code::Accepted);
    desks.hears(orders::reserve(2, quota, 100), Code::YearInAdjustment);
    desks.hears(orders::year(71, DIVISION, YearState::Closed), Code::Accepted);
    desks.hears(orders::reserve(3, quota, 100), Code::YearClosed);
    desks.hears(orders::year(72, DIVISION, YearState::Open), Code::WrongYearState);
    let late = orders::fact(FactKind::ConfirmPaid, 1, quota, 1, 100);
    let bank = desks.of(Role::Bank);
    is_parked(&bank.one(&late), false);
    is_parked(&bank.one(&late), true);
    assert_eq!(available(bank, quota), ISSUED, "nothing moved");
    house.ends_well();
}

// ---- form ----------------------------------------------------------------------------------------

#[test]
fn commands_without_a_person_or_with_fields_they_cannot_have_are_turned_away() {
    let house = House::new();
    let quota = house.quotas[0];
    let (mut maker, mut finance) = (house.desk(Role::Maker), house.desk(Role::Finance));
    let before = durable(&mut maker);
    let nobody = orders::by(orders::reserve(1, quota, 100), PersonId(0));
    assert_eq!(maker.one(&nobody).code(), Code::NoPerson);
    let mut without_reason = orders::step(StepKind::Hold, 1, quota, 1);
    if let Body::Step(step) = &mut without_reason.body {
        step.reason = "";
    }
    assert_eq!(finance.one(&without_reason).code(), Code::BadField);
    let mut long = orders::step(StepKind::Hold, 1, quota, 1);
    if let Body::Step(step) = &mut long.body {
        step.reason = orders::key("长".repeat(400));
    }
    assert_eq!(finance.one(&long).code(), Code::TextTooLong);
    // A linked run of a fact, and one over two divisions.
    let fact = orders::fact(FactKind::ConfirmPaid, 1, quota, 1, 100);
    let bank_run = house.desk(Role::Bank).run(&[fact, fact]);
    assert!(bank_run.iter().all(|told| told.code() == Code::BadLinkedRun), "{bank_run:?}");
    let elsewhere = QuotaId::new(DivisionIndex(DIVISION + 1), YEAR, 0);
    let run = maker.run(&[orders::reserve(1, quota, 1), orders::reserve(2, elsewhere, 1)]);
    assert!(run.iter().all(|told| told.code() == Code::BadLinkedRun), "{run:?}");
    // A budget beyond its bound ends the connection, which is told so.
    let mut stranger = house.desk(Role::Maker);
    let mut frame = Vec::new();
    let mut builder = protocol::CommandsBuilder::new();
    builder.push(&orders::reserve(3, quota, 1), Flags::default()).expect("it fits");
    builder.finish_into(&mut frame, 1, 0);
    frame[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    stranger.send_bytes(&frame).expect("the server takes bytes");
    match stranger.results(1) {
        Err(Lost::Said(message)) => assert_eq!(message.code, Code::BadFrame),
        other => panic!("a budget without end hears {other:?}"),
    }
    assert!(stranger.is_closed());
    assert_eq!(durable(&mut maker), before, "nothing of it left a record");
    house.ends_well();
}
