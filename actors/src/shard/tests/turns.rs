//! Order, runs, sequences, and what leaves no trace.

use domain::Code;
use domain::codes::{FactKind, ResolveAction, StepKind};
use domain::ids::{DivisionIndex, PersonId};
use protocol::lookup::{Answer, IdKind, LookUp};
use storage::space::SpaceLevel;

use crate::testing::give::{
    self, Given, YEAR, act, create, fact, issue, open_year, quota, register, reserve,
    reserve_with_words, resolve, step,
};
use crate::testing::house::{FUNDED_FEN, Heard, House, ToNetwork, with_space};
use crate::turn::{LookUpPart, Turn};

const FUNDED: u16 = 1;

fn founded() -> House {
    let mut house = House::new(2);
    house.found(FUNDED);
    house
}

fn replies(house: &House) -> usize {
    house.to_network.iter().filter(|message| matches!(message, ToNetwork::Reply(_))).count()
}

/// Reservations whose records take about 430 KB together.
fn big_turn(first: u128) -> Vec<Given> {
    (first..first + 100).map(|id| reserve_with_words(quota(FUNDED, 0), id, 1)).collect()
}

#[test]
fn commands_are_decided_in_the_order_they_came() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let heard = house.ask_all(&[
        reserve(q, 10, 600_000),
        reserve(q, 11, 500_000),
        step(StepKind::Withdraw, q, 10),
        reserve(q, 12, 500_000),
        reserve(q, 13, 500_001),
    ]);
    let codes: Vec<_> = heard.iter().map(Heard::code).collect();
    use Code::{Accepted, OverQuota};
    assert_eq!(codes, [Accepted, OverQuota, Accepted, Accepted, OverQuota]);
    let figure = heard[4].refusal.expect("figures").figures().next().expect("a figure");
    assert_eq!((figure.requested_fen.get(), figure.left_fen.get()), (500_001, 500_000));
    let sequences: Vec<_> = heard.iter().map(|heard| heard.result.sequence).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{sequences:?}");
    assert_eq!(heard[3].available(), FUNDED_FEN - 500_000);
    house.check();
}

#[test]
fn a_repeat_hears_the_same_code_and_sequence_before_and_after_a_restart() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let commands = [
        reserve(q, 10, 100),
        reserve(q, 11, FUNDED_FEN),
        issue(q, 12, 5),
        create(FUNDED, 13),
        give::move_out(domain::codes::MoveKind::Allocate, 14, q, quota(FUNDED, 1), 7),
        give::move_out(domain::codes::MoveKind::Allocate, 15, q, quota(FUNDED, 1), FUNDED_FEN),
    ];
    let first = house.ask_all(&commands);
    for (again, mut house) in [(1, house.restarted(1)), (2, house.restarted(3)), (3, house)] {
        let records = house.kept.len();
        for (heard, known) in house.ask_all(&commands).iter().zip(&first) {
            assert!(heard.result.repeat && !known.result.repeat);
            assert_eq!(heard.code(), known.code(), "house {again}");
            assert_eq!(heard.result.sequence, known.result.sequence, "house {again}");
            assert_eq!(heard.refusal, known.refusal);
        }
        assert_eq!(house.kept.len(), records, "a repeat writes nothing");
        let conflict = house.codes(&[reserve(q, 10, 101), reserve(q, 11, 1), issue(q, 12, 6)]);
        assert_eq!(conflict, [Code::Conflict; 3]);
        assert_eq!(house.kept.len(), records, "a conflict writes nothing");
        house.check();
    }
}

#[test]
fn at_most_two_runs_are_out_and_a_shard_without_room_waits_for_a_landing() {
    let mut house = founded();
    house.to_network.clear();
    for turn in 0..8 {
        house.give(&big_turn(1_000 + turn * 100));
    }
    // Two runs are out, one gathers until it overflows; the rest of the turns has not begun.
    assert_eq!(house.runs.len(), 2);
    let before = replies(&house);
    assert!((3..8).contains(&before), "{before} turns were taken");
    let shard = house.shard_of(FUNDED);
    assert!(!house.shards[shard].is_drained());
    let mut landings = 0;
    while replies(&house) < 8 {
        let taken = replies(&house);
        assert!(house.land(1), "a shard that waits has runs out");
        landings += 1;
        house.step_shard(shard);
        assert!(house.runs.len() <= 2 && replies(&house) >= taken);
    }
    assert!(landings > 0);
    house.settle();
    assert!(house.shards[shard].is_drained());
    let heard = house.heard();
    assert_eq!(heard.len(), 8);
    assert!(heard.concat().iter().all(|heard| heard.code() == Code::Accepted));
    house.check();
}

#[test]
fn a_turn_larger_than_a_run_overflows_into_several_behind_its_reply() {
    let mut house = founded();
    house.to_network.clear();
    let commands: Vec<_> = (0..9).flat_map(|part| big_turn(1_000 + part * 100)).collect();
    // The house holds that no run goes to the journal before the reply that names its records:
    // a landing that came first would be forgotten by the gate.
    house.give(&commands);
    assert_eq!((replies(&house), house.runs.len()), (1, 2));
    let mut runs = 2;
    let shard = house.shard_of(FUNDED);
    while house.land(1) {
        let left = house.runs.len();
        house.step_shard(shard);
        runs += house.runs.len() - left;
    }
    assert!(runs >= 4, "{runs} runs");
    let heard = house.heard().concat();
    assert_eq!(heard.len(), commands.len());
    assert!(heard.windows(2).all(|pair| pair[0].result.sequence + 1 == pair[1].result.sequence));
    house.check();
}

#[test]
fn orders_to_an_unknown_division_leave_no_trace_and_may_be_sent_again() {
    let mut house = House::new(2);
    house.found(0);
    let records = house.kept.len();
    let orders = [
        reserve(quota(5, 0), 10, 1),
        issue(quota(5, 0), 11, 1),
        create(5, 12),
        open_year(5, 13),
        register(5).checked(),
    ];
    let codes = house.codes(&orders);
    assert_eq!(codes[..4], [Code::UnknownDivision; 4]);
    assert_eq!(codes[4], Code::Accepted, "a check says what the order would hear");
    assert_eq!(house.kept.len(), records);
    assert!(house.division(DivisionIndex(5)).is_none(), "no empty division is left behind");
    house.accept(&[register(5), open_year(5, 13), create(5, 12), issue(quota(5, 0), 11, 1)]);
    assert_eq!(house.ask(reserve(quota(5, 0), 10, 1)).code(), Code::Accepted);
    house.check();
}

#[test]
fn a_registration_is_once_and_its_repeat_is_known() {
    let mut house = founded();
    let records = house.kept.len();
    let heard = house.ask(register(FUNDED));
    assert!(heard.result.repeat && heard.code() == Code::Accepted);
    let mut other = register(FUNDED);
    if let domain::command::Body::Register(register) = &mut other.command.body {
        register.name = "市中区";
    }
    assert_eq!(house.ask(other).code(), Code::DivisionTaken);
    assert_eq!(house.ask(register(6).by(PersonId::NOBODY)).code(), Code::NoPerson);
    assert!(house.division(DivisionIndex(6)).is_none());
    assert_eq!(house.kept.len(), records);
    house.check();
}

#[test]
fn a_fact_of_an_unknown_division_goes_to_the_province() {
    let mut house = House::new(2);
    let stray = fact(FactKind::ConfirmPaid, quota(5, 0), 10, 1, 100);
    let province = house.shard_of(0);
    let turn = house.make_turn(&[stray]);
    house.turn(province, turn);
    assert_eq!(house.heard()[0][0].code(), Code::UnknownDivision, "there is no province yet");
    house.found(0);
    let records = house.kept.len();
    for sending in 0..2 {
        let turn = house.make_turn(&[stray]);
        house.to_network.clear();
        house.turn(province, turn);
        house.settle();
        let heard = house.heard()[0][0];
        assert_eq!((heard.code(), heard.result.repeat), (Code::Parked, sending == 1));
    }
    assert_eq!(house.slugs(records), ["fact-parked"], "I13: on record once");
    let parked = house.division(DivisionIndex::PROVINCE).and_then(|p| p.year(YEAR));
    assert_eq!(parked.map(|book| book.suspense.len()), Some(1));
    assert!(matches!(house.alarms[..], [crate::turn::Alarm::Parked { waiting: 1, .. }]));
    house.check();
}

#[test]
fn what_is_turned_away_leaves_no_trace() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve(q, 9, 10)]);
    let (records, shard, before) = (house.kept.len(), house.shard_of(FUNDED), house.live_digest());
    let orders = [reserve(q, 10, 1), create(FUNDED, 11), issue(q, 12, 1)];
    let others =
        [step(StepKind::ApproveUnit, q, 9), fact(FactKind::Reject, q, 9, 1, 0), reserve(q, 9, 10)];
    let everything: Vec<_> = orders.into_iter().chain(others).collect();
    let mut turns = Vec::new();
    turns.push((with_space(house.make_turn(&orders), SpaceLevel::DiskLow), Code::DiskLow));
    turns.push((with_space(house.make_turn(&everything), SpaceLevel::Full), Code::DiskFull));
    let mut late = house.make_turn(&everything);
    late.parts.iter_mut().for_each(|part| part.deadline_ms = late.now_ms - 1);
    turns.push((late, Code::Late));
    for (turn, code) in turns {
        house.to_network.clear();
        house.turn(shard, turn);
        house.settle();
        for heard in house.heard().concat() {
            assert_eq!((heard.code(), heard.result.sequence), (code, 0));
        }
    }
    assert_eq!((house.kept.len(), house.live_digest()), (records, before));
    // The same ids may be sent again.
    house.accept(&orders);
    house.check();
}

#[test]
fn low_disk_space_takes_facts_releases_and_acts_of_people() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve(q, 9, 10), reserve(q, 10, 10)]);
    let commands = [
        step(StepKind::ApproveUnit, q, 9),
        step(StepKind::Withdraw, q, 10),
        fact(FactKind::Reject, q, 9, 1, 0),
        act(domain::codes::ActKind::Cut, q, 20, 5),
    ];
    let turn = with_space(house.make_turn(&commands), SpaceLevel::DiskLow);
    house.turn(house.shard_of(FUNDED), turn);
    house.settle();
    let codes: Vec<_> = house.heard().concat().iter().map(Heard::code).collect();
    use Code::{Accepted, Parked};
    assert_eq!(codes[codes.len() - 4..], [Accepted, Accepted, Parked, Accepted]);
    house.check();
}

#[test]
fn a_budget_that_is_just_used_up_is_not_late() {
    let mut house = founded();
    let mut turn = house.make_turn(&[reserve(quota(FUNDED, 0), 10, 1)]);
    turn.parts[0].deadline_ms = turn.now_ms;
    house.to_network.clear();
    house.turn(house.shard_of(FUNDED), turn);
    house.settle();
    assert_eq!(house.heard()[0][0].code(), Code::Accepted);
}

#[test]
fn a_check_says_what_would_be_heard_and_leaves_no_trace() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve(q, 9, 10)]);
    let (records, before) = (house.kept.len(), house.live_digest());
    let orders = [
        reserve(q, 10, 100),
        reserve(q, 11, FUNDED_FEN),
        step(StepKind::Instruct, q, 9),
        create(FUNDED, 12),
        give::move_out(domain::codes::MoveKind::Allocate, 13, q, quota(FUNDED, 1), 10),
        reserve(q, 9, 10),
        reserve(q, 9, 11),
    ];
    let checks: Vec<_> = orders.iter().map(|given| given.checked()).collect();
    let checked = house.ask_all(&checks);
    assert!(checked.iter().all(|heard| heard.result.checked));
    assert_eq!((house.kept.len(), house.live_digest()), (records, before));
    let codes: Vec<_> = checked.iter().map(Heard::code).collect();
    assert_eq!(house.codes(&orders), codes, "nothing came between");
    assert_eq!(checked[1].refusal.map(|refusal| refusal.figures().count()), Some(1));
    house.check();
}

#[test]
fn a_parked_fact_leaves_suspense_in_the_turn_of_the_one_it_waited_for() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[
        reserve(q, 9, 10),
        step(StepKind::ApproveUnit, q, 9),
        step(StepKind::Instruct, q, 9),
    ]);
    let records = house.kept.len();
    let settled = fact(FactKind::SettleRefund, q, 9, 4, 3);
    let refund = fact(FactKind::Refund, q, 9, 3, 3);
    let cleared = fact(FactKind::Clear, q, 9, 2, 10);
    let paid = fact(FactKind::ConfirmPaid, q, 9, 1, 10);
    let heard = house.ask_all(&[settled, cleared, refund, paid]);
    let codes: Vec<_> = heard.iter().map(Heard::code).collect();
    assert_eq!(codes, [Code::Parked, Code::Parked, Code::Parked, Code::Accepted]);
    let slugs = house.slugs(records);
    assert_eq!(slugs, [&["fact-parked"; 3][..], &["fact-taken"; 4]].concat());
    assert_eq!(heard[3].result.sequence as usize, records + 4, "its own record, not the last");
    let cell = house.division(DivisionIndex(FUNDED)).and_then(|d| d.quota(q)).copied();
    let buckets = cell.expect("the quota").buckets;
    assert_eq!((buckets.cleared, buckets.refunding, buckets.reserved), (7, 0, 0));
    assert_eq!(house.available(q), FUNDED_FEN - 7);
    house.check();
}

#[test]
fn a_person_decides_about_a_parked_fact() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve(q, 9, 10), step(StepKind::ApproveUnit, q, 9)]);
    let early = fact(FactKind::ConfirmPaid, q, 9, 1, 10);
    let stray = fact(FactKind::ConfirmPaid, q, 8, 2, 10);
    assert_eq!(house.codes(&[early, stray]), [Code::Parked; 2]);
    let apply = |act| resolve(ResolveAction::Apply, act, FUNDED, 1);
    assert_eq!(house.ask(apply(20)).code(), Code::StillUnfit);
    house.accept(&[step(StepKind::Instruct, q, 9)]);
    let records = house.kept.len();
    house.accept(&[apply(21), resolve(ResolveAction::Dismiss, 22, FUNDED, 2)]);
    assert_eq!(house.slugs(records), ["resolved", "fact-taken", "resolved"]);
    assert_eq!(house.codes(&[early, stray]), [Code::Accepted, Code::Parked], "told again");
    house.check();
}

#[test]
fn look_ups_show_what_the_turn_decided_and_wait_for_it() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.to_network.clear();
    let mut turn = house.make_turn(&[reserve(q, 9, 10), reserve(q, 10, FUNDED_FEN)]);
    let (division, year) = (DivisionIndex(FUNDED), YEAR);
    let outcome = |kind, id| LookUp::Outcome { kind, division, year, id };
    let asked = [
        LookUp::Quota(q),
        LookUp::Payment { division, year, id: domain::PaymentId(9) },
        outcome(IdKind::Payment, 10),
        outcome(IdKind::Act, 3),
        outcome(IdKind::Move, 77),
        LookUp::Quota(quota(FUNDED, 99)),
        LookUp::Quota(quota(33, 0)),
    ];
    let parts = asked.into_iter().enumerate();
    let part = |(place, look_up)| LookUpPart { ticket: 50, place: place as u16, look_up };
    turn.look_ups = parts.map(part).collect();
    house.turn(house.shard_of(FUNDED), turn);
    let Some(ToNetwork::Reply(reply)) = house.to_network.pop_front() else { panic!("a reply") };
    let top = reply.outcomes.iter().map(|outcome| outcome.ordinal).max();
    assert_eq!(Some(reply.needs), top.map(|ordinal| ordinal + 1), "answers wait too");
    let codes: Vec<_> = reply.answers.iter().map(|(_, _, answer)| answer.code()).collect();
    use Code::{Accepted, NotFound, UnknownDivision};
    assert_eq!(
        codes,
        [Accepted, Accepted, Accepted, Accepted, NotFound, NotFound, UnknownDivision]
    );
    let Answer::Quota(view) = &reply.answers[0].2 else { panic!("a quota") };
    assert_eq!((view.buckets.reserved, view.quarantined), (10, false));
    let Answer::Outcome(view) = &reply.answers[2].2 else { panic!("an outcome") };
    assert_eq!(view.result.code, Code::OverQuota);
}

#[test]
fn an_empty_turn_is_answered_and_its_memory_comes_back() {
    let mut house = founded();
    house.to_network.clear();
    let mut turn = Turn::new();
    turn.request_bytes = 99;
    turn.rows.reserve(10);
    house.turn(0, turn);
    let Some(ToNetwork::Reply(reply)) = house.to_network.pop_front() else { panic!("a reply") };
    assert_eq!((reply.request_bytes, reply.outcomes.len()), (99, 0));
    assert!(reply.spare.rows.capacity() >= 10);
    assert!(house.runs.is_empty(), "an empty run is never written");
}
