//! What ends by itself, and what never does.

use domain::Code;
use domain::codes::{ActKind, BatchEnd, BatchStep, Ending, PaymentState, Role, StepKind};
use domain::event::EventBody;
use domain::ids::{BatchId, DivisionIndex, PaymentId};

use crate::testing::give::{
    FINANCE, MAKER, YEAR, end_batch, open_batch, quota, reserve, reserve_until, staged, step,
};
use crate::testing::house::{FUNDED_FEN, House};

const FUNDED: u16 = 1;
const SOON_MS: u64 = 2_000_000;
const LATER_MS: u64 = 9_000_000_000;

fn founded() -> House {
    let mut house = House::new(2);
    house.found(FUNDED);
    house
}

fn pass(house: &mut House, now_ms: u64) {
    house.now_ms = now_ms;
    let shard = house.shard_of(FUNDED);
    house.let_pass(shard);
    house.settle();
}

fn state(house: &House, payment: u128) -> (PaymentState, Option<Ending>) {
    let book = house.division(DivisionIndex(FUNDED)).and_then(|d| d.year(YEAR));
    let payment = book.and_then(|book| book.payment(PaymentId(payment))).expect("a payment");
    (payment.state, payment.ending)
}

#[test]
fn a_reservation_lapses_at_its_deadline_in_its_makers_name() {
    let mut house = founded();
    let (q, shard) = (quota(FUNDED, 0), house.shard_of(FUNDED));
    house.accept(&[reserve_until(q, 9, 10, SOON_MS), reserve(q, 10, 10)]);
    assert_eq!(house.shards[shard].next_deadline_ms(), Some(SOON_MS));
    pass(&mut house, SOON_MS - 1);
    assert_eq!(state(&house, 9), (PaymentState::Reserved, None));
    let records = house.kept.len();
    pass(&mut house, SOON_MS);
    assert_eq!(state(&house, 9), (PaymentState::Released, Some(Ending::Lapsed)));
    assert_eq!(state(&house, 10), (PaymentState::Reserved, None), "it has no deadline");
    assert_eq!(house.available(q), FUNDED_FEN - 10);
    assert_eq!(house.shards[shard].next_deadline_ms(), None);
    assert_eq!(house.slugs(records), ["stepped"]);
    let mut ids = Vec::new();
    let kept = house.kept[records].clone();
    let event = storage::event_record::decode(&kept.record(), &mut ids).expect("an event");
    assert_eq!((event.by.person, event.by.role), (MAKER, Role::Engine));
    assert!(matches!(event.body, EventBody::Stepped { command, .. } if command.payment.0 == 9));
    house.check();
}

/// Simulation, seeds 6 and 5: the turn that came while the clock stood ahead ended deadlines when
/// it was right again, and made every command with a budget late.
#[test]
fn a_clock_that_jumped_and_is_right_again_ends_nothing() {
    let mut house = founded();
    let (q, shard) = (quota(FUNDED, 0), house.shard_of(FUNDED));
    let before_ms = house.now_ms;
    house.accept(&[reserve_until(q, 9, 10, SOON_MS)]);
    house.now_ms = LATER_MS;
    house.accept(&[reserve(q, 10, 10)]);
    pass(&mut house, before_ms + 1);
    assert_eq!(state(&house, 9), (PaymentState::Reserved, None));
    let mut turn = house.make_turn(&[reserve(q, 11, 10)]);
    turn.parts.iter_mut().for_each(|part| part.deadline_ms = before_ms + 2);
    house.to_network.clear();
    house.turn(shard, turn);
    house.settle();
    assert_eq!(house.heard().concat()[0].code(), Code::Accepted, "its budget is not over");
    pass(&mut house, SOON_MS);
    assert_eq!(state(&house, 9), (PaymentState::Released, Some(Ending::Lapsed)));
    house.check();
}

#[test]
fn nothing_lapses_after_an_approval() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[
        reserve_until(q, 9, 10, SOON_MS),
        reserve_until(q, 10, 10, SOON_MS),
        step(StepKind::ApproveUnit, q, 9),
        step(StepKind::ApproveUnit, q, 10),
        step(StepKind::Instruct, q, 10),
    ]);
    let records = house.kept.len();
    pass(&mut house, LATER_MS);
    assert_eq!(state(&house, 9).0, PaymentState::Approved);
    assert_eq!(state(&house, 10).0, PaymentState::Instructed);
    assert_eq!(house.kept.len(), records);
    assert_eq!(house.shards[house.shard_of(FUNDED)].next_deadline_ms(), None, "looked at once");
}

#[test]
fn a_held_payment_is_put_off_and_lapses_once_it_is_lifted() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve_until(q, 9, 10, SOON_MS), step(StepKind::Hold, q, 9)]);
    for round in 1..4 {
        pass(&mut house, SOON_MS * round);
        assert_eq!(state(&house, 9).0, PaymentState::Held);
        let next = house.shards[house.shard_of(FUNDED)].next_deadline_ms();
        assert!(next.is_some_and(|next| next > house.now_ms), "looked at again, not at once");
    }
    house.accept(&[step(StepKind::Unhold, q, 9)]);
    pass(&mut house, LATER_MS);
    assert_eq!(state(&house, 9), (PaymentState::Released, Some(Ending::Lapsed)));
    house.check();
}

#[test]
fn a_deadline_outlives_a_restart_and_a_withdrawn_payment_has_none() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[
        reserve_until(q, 9, 10, SOON_MS),
        reserve_until(q, 10, 10, SOON_MS),
        reserve_until(q, 11, 10, SOON_MS),
        step(StepKind::Hold, q, 11),
        step(StepKind::Withdraw, q, 10),
    ]);
    let mut house = house.restarted(3);
    pass(&mut house, SOON_MS);
    assert_eq!(state(&house, 9).1, Some(Ending::Lapsed));
    assert_eq!(state(&house, 10).1, Some(Ending::Withdrawn));
    assert_eq!(state(&house, 11).0, PaymentState::Held);
    let again = house.ask(step(StepKind::Withdraw, q, 9));
    assert!(again.result.repeat, "its maker's own withdrawal finds it done");
    house.check();
}

#[test]
fn many_deadlines_at_once_are_worked_off_turn_by_turn() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let count = crate::limits::DEADLINES_PER_TURN as u128 + 200;
    let all: Vec<_> = (0..count).map(|id| reserve_until(q, 100 + id, 1, SOON_MS)).collect();
    house.accept(&all);
    pass(&mut house, SOON_MS);
    assert_eq!(house.available(q), FUNDED_FEN - 200);
    assert_eq!(house.shards[house.shard_of(FUNDED)].next_deadline_ms(), Some(SOON_MS));
    pass(&mut house, SOON_MS);
    assert_eq!(house.available(q), FUNDED_FEN);
    house.check();
}

/// How a batch of the funded division ended.
fn batch_end(house: &House, batch: u128) -> Option<BatchEnd> {
    let book = house.division(DivisionIndex(FUNDED)).and_then(|division| division.year(YEAR));
    book.and_then(|book| book.batch(BatchId(batch))).expect("the batch").end
}

#[test]
fn a_batch_is_dropped_at_its_deadline_and_what_it_held_comes_back() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let acts = [staged(ActKind::Cut, q, 30, 700, 77), staged(ActKind::Issue, q, 31, 5, 77)];
    house.accept(&[open_batch(77, &acts, SOON_MS), acts[0]]);
    assert_eq!(house.available(q), FUNDED_FEN - 700, "held back while it is staged");
    pass(&mut house, SOON_MS - 1);
    house.accept(&[acts[1]]);
    pass(&mut house, SOON_MS);
    assert_eq!(house.available(q), FUNDED_FEN);
    assert_eq!(house.ask(end_batch(BatchStep::Close, 77, FUNDED)).code(), Code::BatchDropped);
    assert_eq!(house.ask(end_batch(BatchStep::Drop, 77, FUNDED)).code(), Code::BatchDropped);
    assert_eq!(batch_end(&house, 77), Some(BatchEnd::Lapsed));
    house.check();
}

#[test]
fn a_close_that_was_refused_stays_refused_when_the_batch_is_whole() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let acts = [staged(ActKind::Cut, q, 30, 700, 77)];
    let early = end_batch(BatchStep::Close, 77, FUNDED);
    house.accept(&[open_batch(77, &acts, 0)]);
    let records = house.kept.len();
    let heard = house.ask(early);
    assert_eq!(heard.code(), Code::BatchMismatch);
    assert_eq!(house.slugs(records), ["refused"]);
    house.accept(&[acts[0]]);
    let late = house.ask(early);
    assert!(late.result.repeat && late.code() == Code::BatchMismatch);
    assert_eq!(late.result.sequence, heard.result.sequence);
    assert_eq!(batch_end(&house, 77), None);
    house.accept(&[end_batch(BatchStep::Drop, 77, FUNDED)]);
    assert_eq!(batch_end(&house, 77), Some(BatchEnd::Dropped));
    house.check();
}

#[test]
fn a_closed_batch_is_not_dropped_at_its_deadline() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let acts = [staged(ActKind::Cut, q, 30, 700, 77)];
    house.accept(&[
        open_batch(77, &acts, SOON_MS),
        acts[0],
        end_batch(BatchStep::Close, 77, FUNDED),
    ]);
    let records = house.kept.len();
    pass(&mut house, SOON_MS);
    assert_eq!((house.kept.len(), house.available(q)), (records, FUNDED_FEN - 700));
    house.check();
}

#[test]
fn a_batch_left_open_is_dropped_by_the_first_act_after_a_start() {
    let mut before = founded();
    let q = quota(FUNDED, 0);
    let acts = [staged(ActKind::Cut, q, 30, 700, 77)];
    before.accept(&[open_batch(77, &acts, 0), acts[0]]);
    for first in [end_batch(BatchStep::Close, 77, FUNDED), reserve(q, 50, FUNDED_FEN)] {
        let mut house = before.restarted(2);
        let expected = match first.command.quota() {
            None => Code::BatchDropped,
            Some(_) => Code::Accepted,
        };
        assert_eq!(house.ask(first).code(), expected);
        let dropped = &house.kept[before.kept.len()];
        assert_eq!(dropped.slug(), "batch-ended");
        let mut ids = Vec::new();
        let event = storage::event_record::decode(&dropped.record(), &mut ids).expect("an event");
        assert_eq!((event.by.person, event.by.role), (FINANCE, Role::Engine));
        assert_eq!(batch_end(&house, 77), Some(BatchEnd::Abandoned));
        house.check();
    }
    let mut house = before.restarted(1);
    assert_eq!(house.shards[0].next_deadline_ms(), Some(0), "without any turn too");
    pass(&mut house, 1_000_000);
    assert_eq!(house.available(q), FUNDED_FEN);
    house.check();
}
