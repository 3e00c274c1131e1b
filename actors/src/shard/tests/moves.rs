//! Money between quotas: nothing crosses before it is durable, nothing is lost, nothing lands
//! twice.

use domain::Code;
use domain::codes::{ActKind, BatchStep, MoveKind, YearState};
use domain::ids::{DivisionIndex, MoveId, QuotaId};
use domain::limits::PARTICULARS_BYTES_MAX;
use domain::movement::Transit;
use storage::limits::RUN_BYTES_MAX;

use crate::limits::{RECORD_BYTES_PLANNED, RUN_RESERVE_BYTES};
use crate::testing::give::{
    YEAR, act, create_under, end_batch, issue, move_out, open_batch, quota, reserve_with_words,
    set_year, staged, staged_move,
};
use crate::testing::house::{FUNDED_FEN, House, ToShard, check_invariants};

/// Divisions 0 and 1 live in different shards of two; the second's quota 2 is handed down from
/// the first's quota 0.
const FROM: u16 = 0;
const TO: u16 = 1;

fn founded() -> House {
    let mut house = House::new(2);
    house.found(FROM);
    house.found(TO);
    house.accept(&[create_under(TO, 90, quota(FROM, 0))]);
    assert_ne!(house.shard_of(FROM), house.shard_of(TO));
    house
}

fn origin() -> QuotaId {
    quota(FROM, 0)
}

fn receiver() -> QuotaId {
    quota(TO, 2)
}

fn transit(house: &House, id: u128) -> Option<Transit> {
    let book = house.division(DivisionIndex(FROM))?.year(YEAR)?;
    book.move_out(MoveId(id)).map(|row| row.transit)
}

fn crossings(house: &House) -> usize {
    let waiting = house.inboxes.iter().flatten();
    waiting.filter(|message| matches!(message, ToShard::Cross(_))).count()
}

#[test]
fn neither_half_of_a_move_acts_on_the_other_before_it_is_durable() {
    let mut house = founded();
    let (from, to) = (house.shard_of(FROM), house.shard_of(TO));
    house.give(&[move_out(MoveKind::Transfer, 80, origin(), receiver(), 300)]);
    assert_eq!((crossings(&house), house.available(origin())), (0, FUNDED_FEN - 300));
    assert!(house.land(1));
    assert_eq!(crossings(&house), 0, "its shard has not heard of the landing");
    assert!(house.step_shard(from));
    assert_eq!(crossings(&house), 1);
    assert!(house.step_shard(to));
    assert_eq!(house.available(receiver()), 300);
    assert_eq!((crossings(&house), transit(&house, 80)), (0, Some(Transit::InTransit)));
    assert!(house.land(1) && house.step_shard(to));
    assert_eq!(crossings(&house), 1);
    house.settle();
    assert_eq!(transit(&house, 80), Some(Transit::Landed));
    house.check();
}

#[test]
fn a_move_is_resumed_after_a_crash_at_any_record() {
    let mut whole = founded();
    let first = whole.kept.len();
    whole.accept(&[
        move_out(MoveKind::Transfer, 80, origin(), receiver(), 300),
        move_out(MoveKind::Allocate, 81, origin(), quota(FROM, 1), 200),
        move_out(MoveKind::Transfer, 82, origin(), quota(TO, 77), 100),
    ]);
    for cut in first..=whole.kept.len() {
        let before = House::over(1, Vec::new(), &whole.kept[..cut]);
        for shards in [1, 2, 3] {
            let mut house = before.restarted(shards);
            house.check();
            let landed = transit(&house, 80).map_or(0, |transit| {
                assert_eq!(transit, Transit::Landed, "cut at {cut}");
                300
            });
            assert_eq!(house.available(receiver()), landed, "cut at {cut}");
            let stays = transit(&house, 82).is_none_or(|transit| transit == Transit::CameBack);
            assert!(stays, "cut at {cut}: what is declined comes back");
        }
    }
}

#[test]
fn a_hand_over_that_is_repeated_lands_once_and_is_settled_again() {
    let mut house = founded();
    house.give(&[move_out(MoveKind::Transfer, 80, origin(), receiver(), 300)]);
    assert!(house.land(1));
    house.step_shard(house.shard_of(FROM));
    // Three hand-overs wait; the receiver's record of the first is not durable when it hears the
    // others.
    for _ in 0..2 {
        house.inboxes[0].push_back(ToShard::Resume);
    }
    house.settle();
    assert_eq!(house.available(receiver()), 300);
    assert_eq!(transit(&house, 80), Some(Transit::Landed));
    let landed = house.slugs(0).iter().filter(|&&slug| slug == "moved-in").count();
    let settled = house.slugs(0).iter().filter(|&&slug| slug == "move-settled").count();
    assert_eq!((landed, settled), (1, 1));
    house.check();
}

#[test]
fn what_is_handed_over_again_waits_for_its_own_record_too() {
    let mut house = founded();
    let from = house.shard_of(FROM);
    house.give(&[move_out(MoveKind::Transfer, 80, origin(), receiver(), 300)]);
    // A quota elsewhere was revived: every shard hands over again, just when this move is not
    // durable.
    house.shards[from].resume_moves();
    house.collect(from);
    assert_eq!(crossings(&house), 0, "I4: a crash could still take it back");
    let restarted = house.restarted(2);
    assert_eq!(restarted.available(origin()), FUNDED_FEN);
    house.settle();
    assert_eq!((house.available(receiver()), transit(&house, 80)), (300, Some(Transit::Landed)));
    house.check();
}

#[test]
fn a_repeated_hand_over_is_settled_only_once_the_receivers_record_is_durable() {
    let mut house = founded();
    let (from, to) = (house.shard_of(FROM), house.shard_of(TO));
    house.give(&[move_out(MoveKind::Transfer, 80, origin(), receiver(), 300)]);
    assert!(house.land(1) && house.step_shard(from));
    house.shards[from].resume_moves();
    house.collect(from);
    assert_eq!(crossings(&house), 2);
    assert!(house.step_shard(to) && house.step_shard(to));
    assert_eq!(crossings(&house), 0, "I4: the receiver's record is not durable");
    house.settle();
    house.check();
}

#[test]
fn what_cannot_be_taken_comes_back() {
    let mut house = founded();
    house.accept(&[issue(quota(TO, 1), 91, 5)]);
    let moves = [
        (80, quota(TO, 77), "no such quota"),
        (81, quota(TO, 1), "no child"),
        (82, quota(9, 0), "no such division"),
    ];
    for (id, to, what) in moves {
        house.accept(&[move_out(MoveKind::Transfer, id, origin(), to, 100)]);
        assert_eq!(transit(&house, id), Some(Transit::CameBack), "{what}");
        assert_eq!(house.available(origin()), FUNDED_FEN, "{what}");
        let heard = house.ask(move_out(MoveKind::Transfer, id, origin(), to, 100));
        assert!(heard.result.repeat && heard.code() == Code::Accepted);
    }
    let declining = house.division(DivisionIndex(9)).expect("what it declined is on record");
    assert!(declining.registration.is_none(), "declining registers nothing");
    house.check();
    house.accept(&[set_year(TO, 92, YEAR, YearState::Adjustment)]);
    house.accept(&[set_year(TO, 93, YEAR, YearState::Closed)]);
    house.accept(&[move_out(MoveKind::Transfer, 83, origin(), receiver(), 100)]);
    assert_eq!(transit(&house, 83), Some(Transit::CameBack));
    house.check();
}

#[test]
fn a_move_within_one_division_and_up_again() {
    let mut house = founded();
    let (parent, child) = (quota(FROM, 0), quota(FROM, 1));
    house.accept(&[move_out(MoveKind::Allocate, 80, parent, child, 300)]);
    assert_eq!((house.available(parent), house.available(child)), (FUNDED_FEN - 300, 300));
    house.accept(&[move_out(MoveKind::ReturnUp, 81, child, parent, 100)]);
    assert_eq!((house.available(parent), house.available(child)), (FUNDED_FEN - 200, 200));
    assert_eq!(
        house.ask(move_out(MoveKind::Allocate, 82, parent, child, FUNDED_FEN)).code(),
        Code::CutBelowUsed
    );
    house.check();
}

#[test]
fn moves_of_a_batch_leave_when_it_closes_and_never_when_it_is_dropped() {
    for step in [BatchStep::Close, BatchStep::Drop] {
        let mut house = founded();
        let (from, child) = (origin(), quota(FROM, 1));
        let acts = [
            staged_move(MoveKind::Transfer, 80, from, receiver(), 300, 77),
            staged_move(MoveKind::Allocate, 81, from, child, 200, 77),
            staged(ActKind::Issue, from, 31, 50, 77),
        ];
        house.accept(&[open_batch(77, &acts, 0), acts[0], acts[1], acts[2]]);
        assert_eq!(house.available(from), FUNDED_FEN - 500, "held back");
        assert_eq!((house.available(receiver()), transit(&house, 80)), (0, Some(Transit::Staged)));
        house.check();
        house.give(&[end_batch(step, 77, FROM)]);
        assert_eq!(crossings(&house), 0, "the end of the batch is not durable");
        house.settle();
        let closed = step == BatchStep::Close;
        let expected = if closed { [FUNDED_FEN - 450, 300, 200] } else { [FUNDED_FEN, 0, 0] };
        let available = [from, receiver(), child].map(|quota| house.available(quota));
        assert_eq!(available, expected, "{step:?}");
        let end = if closed { Transit::Landed } else { Transit::Dropped };
        assert_eq!(transit(&house, 80), Some(end));
        house.check();
    }
}

#[test]
fn a_close_hands_over_the_moves_of_its_batch_and_no_others() {
    let mut house = founded();
    let from = house.shard_of(FROM);
    let acts =
        [80, 81].map(|id| staged_move(MoveKind::Transfer, id, origin(), receiver(), 100, 77));
    house.give(&[move_out(MoveKind::Transfer, 79, origin(), receiver(), 300)]);
    assert!(house.land(1) && house.step_shard(from));
    assert_eq!(crossings(&house), 1, "it is in transit, and its receiver has not taken it");
    house.give(&[
        open_batch(77, &acts, 0),
        acts[0],
        acts[1],
        end_batch(BatchStep::Close, 77, FROM),
    ]);
    assert!(house.land(1) && house.step_shard(from));
    assert_eq!(crossings(&house), 3);
    house.settle();
    assert_eq!([79, 80, 81].map(|id| transit(&house, id)), [Some(Transit::Landed); 3]);
    house.check();
}

#[test]
fn a_refused_act_drops_its_batch_in_the_same_turn() {
    let mut house = founded();
    let acts = [
        staged_move(MoveKind::Transfer, 80, origin(), receiver(), 300, 77),
        staged(ActKind::Cut, origin(), 31, FUNDED_FEN, 77),
    ];
    house.accept(&[open_batch(77, &acts, 0), acts[0]]);
    let records = house.kept.len();
    assert_eq!(house.ask(acts[1]).code(), Code::CutBelowUsed);
    assert_eq!(house.slugs(records), ["refused", "batch-ended"]);
    assert_eq!(house.available(origin()), FUNDED_FEN);
    let close = house.ask(end_batch(BatchStep::Close, 77, FROM));
    assert_eq!(close.code(), Code::BatchDropped);
    house.check();
}

#[test]
fn hand_overs_that_waited_behind_a_full_run_go_into_the_next() {
    let mut house = founded();
    let (from, to) = (house.shard_of(FROM), house.shard_of(TO));
    let count = 400;
    let moves: Vec<_> = (0..count)
        .map(|id| move_out(MoveKind::Transfer, 1_000 + id, origin(), receiver(), 1))
        .collect();
    house.give(&moves);
    assert!(house.land(1) && house.step_shard(from));
    assert_eq!(crossings(&house), count as usize);
    // The receiver's shard has two runs out, and the third is as full as turns make it.
    let mut next = 1..;
    let mut big = |count: usize| -> Vec<_> {
        let ids = next.by_ref().take(count);
        ids.map(|id| reserve_with_words(quota(TO, 0), id, 1)).collect()
    };
    house.give(&big(1));
    house.give(&big(1));
    house.give(&big(1));
    let record = house.shards[to].run.bytes();
    let room = RUN_BYTES_MAX - RUN_RESERVE_BYTES;
    house.give(&big((room - record) / record));
    let brim = RUN_BYTES_MAX - RECORD_BYTES_PLANNED - PARTICULARS_BYTES_MAX;
    house.give(&big((brim - house.shards[to].run.bytes()) / record));
    assert!(house.shards[to].run.bytes() > brim - record && !house.shards[to].has_room());
    (0..count).for_each(|_| assert!(house.step_shard(to)));
    assert_eq!(house.shards[to].crossings.len(), count as usize);
    house.settle();
    assert_eq!(house.available(receiver()), count as i64);
    house.check();
}

#[test]
fn closing_acts_wait_for_what_is_in_transit() {
    let mut house = founded();
    house.give(&[move_out(MoveKind::Transfer, 80, origin(), receiver(), 300)]);
    house.give(&[set_year(FROM, 94, YEAR, YearState::Adjustment)]);
    house.give(&[set_year(FROM, 95, YEAR, YearState::Closed)]);
    house.give(&[act(ActKind::Close, origin(), 96, 0)]);
    house.settle();
    let codes: Vec<_> = house.heard().concat().iter().map(|heard| heard.code()).collect();
    assert_eq!(codes[codes.len() - 2..], [Code::OpenItems; 2]);
    house.accept(&[set_year(FROM, 97, YEAR, YearState::Closed)]);
    check_invariants(house.fold.divisions().values());
    house.check();
}
