//! A panic in a decision: one quota stands still, nothing else does.

use domain::Code;
use domain::codes::{FactKind, MoveKind, ResolveAction, StepKind};
use domain::command::{Body, Command};
use domain::ids::{DivisionIndex, QuotaId};
use domain::limits::PARKED_PER_CHANNEL_MAX;
use domain::{Division, Fen};
use protocol::lookup::{Answer, LookUp};

use crate::replay::Replay;
use crate::testing::give::{
    Given, fact, issue, move_out, quota, reserve, reserve_until, resolve, revive, run_of, step,
};
use crate::testing::house::{FUNDED_FEN, Heard, House, KEY, ToNetwork};
use crate::turn::{Alarm, LookUpPart, Turn};

const FUNDED: u16 = 1;
const UNLUCKY_FEN: i64 = 666;

/// Panics over an unlucky amount.
fn unlucky(command: &Command<'_>) {
    let amount = match command.body {
        Body::Reserve(c) => c.amount_fen,
        Body::MoveIn(c) => c.amount_fen,
        _ => return,
    };
    assert!(amount != Fen::new(UNLUCKY_FEN), "an unlucky amount");
}

fn founded() -> House {
    let mut house = House::new(2);
    house.found(FUNDED);
    house.accept(&[issue(quota(FUNDED, 1), 5, FUNDED_FEN)]);
    house.shards.iter_mut().for_each(|shard| shard.failpoint = Some(unlucky));
    house
}

/// A house whose first quota is quarantined.
fn struck() -> House {
    let mut house = founded();
    assert_eq!(house.ask(reserve(quota(FUNDED, 0), 60, UNLUCKY_FEN)).code(), Code::Fault);
    house.shards.iter_mut().for_each(|shard| shard.failpoint = None);
    house
}

/// The division's fold of the first so many durable records.
fn fold_of(house: &House, records: usize) -> Division {
    let mut replay = Replay::of_division(KEY, DivisionIndex(FUNDED));
    for record in &house.kept[..records] {
        replay.record(record.record()).expect("an event");
    }
    replay.into_divisions().pop().expect("the division")
}

fn hand_in_fold(house: &mut House, quota: QuotaId) {
    let fold = fold_of(house, house.kept.len());
    let shard = house.shard_of(FUNDED);
    house.shards[shard].revived(quota, &fold);
    house.collect(shard);
}

#[test]
fn a_panic_leaves_nothing_behind_and_stops_its_quota_alone() {
    let mut house = founded();
    let (q, other) = (quota(FUNDED, 0), quota(FUNDED, 1));
    house.accept(&[reserve(q, 9, 10)]);
    let (records, before) = (house.kept.len(), house.live_digest());
    let unlucky = reserve(q, 60, UNLUCKY_FEN);
    let codes = house.codes(&[unlucky, reserve(q, 10, 1), issue(q, 11, 1)]);
    assert_eq!(codes, [Code::Fault, Code::Quarantined, Code::Quarantined]);
    assert_eq!((house.kept.len(), house.live_digest()), (records, before));
    let Some(Alarm::Quarantined { quota, what }) = house.alarms.pop() else { panic!("an alarm") };
    assert_eq!(quota, q);
    assert!(what.contains("an unlucky amount"), "{what}");
    // The next quota of the same division and turn is as it was.
    house.accept(&[reserve(other, 12, 10), step(StepKind::Withdraw, other, 12)]);
    let heard = house.ask(reserve(q, 9, 10));
    assert!(heard.result.repeat && heard.code() == Code::Accepted, "what is known is told");
    house.check();
}

#[test]
fn facts_of_a_quarantined_quota_are_parked_and_applied_by_a_person_afterwards() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[
        reserve(q, 9, 10),
        step(StepKind::ApproveUnit, q, 9),
        step(StepKind::Instruct, q, 9),
    ]);
    house.ask(reserve(q, 60, UNLUCKY_FEN));
    let paid = fact(FactKind::ConfirmPaid, q, 9, 1, 10);
    assert_eq!(house.codes(&[paid, paid]), [Code::Parked; 2]);
    assert_eq!(house.available(q), FUNDED_FEN - 10);
    house.ask(revive(q, 70));
    hand_in_fold(&mut house, q);
    house.accept(&[revive(q, 70), resolve(ResolveAction::Apply, 71, FUNDED, 1)]);
    let cell = house.division(DivisionIndex(FUNDED)).and_then(|d| d.quota(q)).copied();
    assert_eq!(cell.map(|cell| (cell.buckets.paid, cell.buckets.reserved)), Some((10, 0)));
    house.check();
}

/// I12: a quarantined quota must not fill the suspense beyond the bound that holds for every fact.
#[test]
fn a_channel_parks_no_more_facts_of_a_quarantined_quota_than_of_any_other() {
    let mut house = struck();
    let (q, other) = (quota(FUNDED, 0), quota(FUNDED, 1));
    let unfit = |quota, serial| fact(FactKind::ConfirmPaid, quota, 9, serial, 10);
    let serials: Vec<u64> = (1..=PARKED_PER_CHANNEL_MAX as u64).collect();
    for serials in serials.chunks(4096) {
        let facts: Vec<_> = serials.iter().map(|&serial| unfit(q, serial)).collect();
        assert!(house.codes(&facts).iter().all(|&code| code == Code::Parked));
    }
    let over = PARKED_PER_CHANNEL_MAX as u64 + 1;
    let records = house.kept.len();
    assert_eq!(house.codes(&[unfit(q, over), unfit(other, over)]), [Code::SuspenseFull; 2]);
    assert_eq!(house.kept.len(), records, "it stays with its sender");
    let again = house.ask(unfit(q, 1));
    assert!(again.result.repeat && again.code() == Code::Parked, "what is parked is known");
    house.accept(&[resolve(ResolveAction::Dismiss, 71, FUNDED, 1)]);
    assert_eq!(house.codes(&[unfit(q, over)]), [Code::Parked], "there is room again");
}

#[test]
fn a_look_up_says_that_a_quota_is_quarantined() {
    let mut house = struck();
    house.to_network.clear();
    let mut turn = Turn::new();
    let look_up = LookUp::Quota(quota(FUNDED, 0));
    turn.look_ups.push(LookUpPart { ticket: 0, place: 0, look_up });
    house.turn(house.shard_of(FUNDED), turn);
    let Some(ToNetwork::Reply(reply)) = house.to_network.pop_front() else { panic!("a reply") };
    let Answer::Quota(view) = &reply.answers[0].2 else { panic!("a quota") };
    assert!(view.quarantined);
}

#[test]
fn a_quota_is_revived_from_its_fold_by_the_order_sent_again() {
    let mut house = struck();
    let q = quota(FUNDED, 0);
    let order = revive(q, 70);
    assert_eq!(house.ask(order).code(), Code::Quarantined);
    assert_eq!(house.codes(&[order, order]), [Code::Quarantined; 2], "it is being folded");
    assert_eq!(house.rebuilds, [q], "the fold is asked for once");
    hand_in_fold(&mut house, q);
    assert_eq!(house.ask(reserve(q, 10, 1)).code(), Code::Quarantined, "not before the order");
    let heard = house.ask(order);
    assert!(heard.code() == Code::Accepted && !heard.result.repeat);
    assert!(house.ask(order).result.repeat);
    house.accept(&[reserve(q, 10, 1), reserve(q, 60, UNLUCKY_FEN)]);
    house.check();
}

#[test]
fn a_fold_is_asked_for_only_once_it_will_have_every_event() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let order = revive(q, 70);
    house.give(&[reserve(q, 9, 10), reserve(q, 60, UNLUCKY_FEN), order]);
    assert!(house.rebuilds.is_empty(), "payment 9 is not in the journal yet");
    house.settle();
    assert_eq!(house.rebuilds, [q]);
    hand_in_fold(&mut house, q);
    house.accept(&[order]);
    assert_eq!(house.available(q), FUNDED_FEN - 10);
    house.check();
}

#[test]
fn a_fold_that_lacks_events_is_not_taken_and_is_asked_for_again() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve(q, 9, 10)]);
    let before = house.kept.len() - 1;
    house.ask(reserve(q, 60, UNLUCKY_FEN));
    house.ask(revive(q, 70));
    let shard = house.shard_of(FUNDED);
    let short = fold_of(&house, before);
    house.shards[shard].revived(q, &short);
    assert_eq!(house.ask(revive(q, 70)).code(), Code::Quarantined);
    assert_eq!(house.rebuilds, [q, q]);
    assert_eq!(house.available(q), FUNDED_FEN - 10);
    hand_in_fold(&mut house, q);
    house.accept(&[revive(q, 70)]);
    house.check();
}

#[test]
fn a_fold_that_comes_when_nobody_waits_takes_nothing_back() {
    let mut house = struck();
    let q = quota(FUNDED, 0);
    house.ask(revive(q, 70));
    let old = fold_of(&house, house.kept.len());
    hand_in_fold(&mut house, q);
    house.accept(&[revive(q, 70), reserve(q, 10, 500)]);
    let shard = house.shard_of(FUNDED);
    house.shards[shard].revived(q, &old);
    assert_eq!(house.available(q), FUNDED_FEN - 500);
    house.accept(&[reserve(q, 11, 1)]);
    house.check();
}

#[test]
fn a_fold_that_failed_is_asked_for_again() {
    let mut house = struck();
    let (q, shard) = (quota(FUNDED, 0), house.shard_of(FUNDED));
    house.ask(revive(q, 70));
    house.shards[shard].not_revived(q);
    assert_eq!(house.ask(revive(q, 70)).code(), Code::Quarantined);
    assert_eq!(house.rebuilds, [q, q]);
    hand_in_fold(&mut house, q);
    house.shards[shard].not_revived(q);
    house.accept(&[revive(q, 70)]);
    house.check();
}

#[test]
fn a_checked_revival_frees_nothing() {
    let mut house = struck();
    let q = quota(FUNDED, 0);
    let check = revive(q, 70).checked();
    assert_eq!(house.ask(check).code(), Code::Quarantined);
    assert!(house.rebuilds.is_empty(), "a check asks for no fold");
    house.ask(revive(q, 70));
    hand_in_fold(&mut house, q);
    assert_eq!(house.ask(check).code(), Code::Accepted);
    assert_eq!(house.ask(reserve(q, 10, 1)).code(), Code::Quarantined);
    house.accept(&[revive(q, 70)]);
    assert_eq!(house.ask(revive(q, 71).checked()).code(), Code::NotQuarantined);
    house.check();
}

#[test]
fn a_revival_of_a_sound_quota_is_a_refusal_that_ends_its_id() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    assert_eq!(house.ask(revive(q, 70)).code(), Code::NotQuarantined);
    assert_eq!(house.slugs(house.kept.len() - 1), ["refused"]);
    assert_eq!(house.ask(revive(quota(FUNDED, 50), 71)).code(), Code::NoQuota);
    house.ask(reserve(q, 60, UNLUCKY_FEN));
    let heard = house.ask(revive(q, 70));
    assert!(heard.result.repeat && heard.code() == Code::NotQuarantined);
    assert!(house.rebuilds.is_empty(), "an ended id asks for nothing");
    house.check();
}

#[test]
fn a_panicking_member_of_a_run_takes_the_run_back_without_trace() {
    let mut house = founded();
    let (q, other) = (quota(FUNDED, 0), quota(FUNDED, 1));
    let (records, before) = (house.kept.len(), house.live_digest());
    let run = run_of(&[reserve(other, 10, 5), reserve(q, 60, UNLUCKY_FEN), reserve(other, 11, 5)]);
    let codes = house.codes(&run);
    assert_eq!(codes, [Code::LinkedRefused, Code::Fault, Code::LinkedRefused]);
    assert_eq!((house.kept.len(), house.live_digest()), (records, before));
    assert_eq!(house.codes(&run), [Code::Quarantined; 3], "a run that names it waits");
    house.accept(&[reserve(other, 10, 5), reserve(other, 11, 5)]);
    house.check();
}

#[test]
fn money_on_its_way_to_a_quarantined_quota_arrives_when_it_is_revived() {
    let mut house = founded();
    let (q, other) = (quota(FUNDED, 0), quota(FUNDED, 1));
    let all: [Given; 2] = [
        move_out(MoveKind::Allocate, 80, q, other, UNLUCKY_FEN),
        move_out(MoveKind::Allocate, 81, q, other, 100),
    ];
    let heard = house.ask_all(&all);
    assert!(heard.iter().all(|heard: &Heard| heard.code() == Code::Accepted));
    assert_eq!(house.available(other), FUNDED_FEN, "it stands still");
    house.check();
    house.shards.iter_mut().for_each(|shard| shard.failpoint = None);
    house.ask(revive(other, 70));
    hand_in_fold(&mut house, other);
    house.accept(&[revive(other, 70)]);
    assert_eq!(house.available(other), FUNDED_FEN + 100 + UNLUCKY_FEN);
    house.check();
}

#[test]
fn a_deadline_of_a_quarantined_quota_waits_for_its_revival() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let deadline_ms = house.now_ms + 10;
    house.accept(&[reserve_until(q, 9, 10, deadline_ms)]);
    fn at_lapse(command: &Command<'_>) {
        let lapse = matches!(command.body, Body::Step(c) if c.kind == StepKind::Withdraw);
        assert!(!lapse, "at the lapse");
    }
    let shard = house.shard_of(FUNDED);
    house.shards[shard].failpoint = Some(at_lapse);
    house.now_ms = deadline_ms;
    house.let_pass(shard);
    house.shards[shard].failpoint = None;
    assert!(matches!(house.alarms.last(), Some(Alarm::Quarantined { .. })));
    let again = house.shards[shard].next_deadline_ms().expect("it is looked at again");
    house.now_ms = again;
    house.let_pass(shard);
    house.settle();
    assert_eq!(house.available(q), FUNDED_FEN - 10, "quarantined: nothing lapses");
    house.ask(revive(q, 70));
    hand_in_fold(&mut house, q);
    house.accept(&[revive(q, 70)]);
    house.now_ms = house.shards[shard].next_deadline_ms().expect("it still stands");
    house.let_pass(shard);
    house.settle();
    assert_eq!(house.available(q), FUNDED_FEN);
    house.check();
}
