//! Frames are admitted whole or not at all, and answered in their order.

use std::num::NonZeroU32;

use domain::Code;
use domain::codes::{FactKind, Role};
use protocol::limits::COMMANDS_PER_FRAME_MAX;
use protocol::{FrameKind, Hello};

use crate::limits::SHARD_COMMANDS_MAX;
use crate::testing::give::{BANK, DESK, Given, fact, quota, reserve, run_of};
use crate::testing::house::FUNDED_FEN;
use crate::testing::world::{Spoken, World, commands_frame, frames, hello};

fn codes(spoken: &Spoken) -> Vec<Code> {
    spoken.results().iter().map(|result| result.code).collect()
}

#[test]
fn a_frame_of_many_divisions_is_answered_in_its_own_order() {
    let mut world = World::founded(3);
    let id = world.greeted(Role::Maker, DESK);
    let commands: Vec<_> = (0..90_u16)
        .map(|place| match place % 9 {
            8 => reserve(quota(place % 3, 0), 500 + u128::from(place), FUNDED_FEN),
            7 => reserve(quota(40 + place, 0), 500, 1),
            _ => reserve(quota(place % 3, 0), 500 + u128::from(place), i64::from(place) + 1),
        })
        .collect();
    let heard = world.ask(id, &commands);
    let expected: Vec<_> = (0..90)
        .map(|place| match place % 9 {
            8 => Code::OverQuota,
            7 => Code::UnknownDivision,
            _ => Code::Accepted,
        })
        .collect();
    assert_eq!(codes(&heard), expected);
    let again = world.ask(id, &commands);
    for (one, other) in heard.results().iter().zip(again.results()) {
        assert_eq!(one.sequence, other.sequence);
        assert!(other.repeat || other.code == Code::UnknownDivision);
    }
    world.house.check();
}

#[test]
fn a_reply_leaves_only_when_every_record_behind_it_is_durable() {
    let mut world = World::founded(2);
    let (one, other) = (world.greeted(Role::Maker, DESK), world.greeted(Role::Maker, DESK));
    world.send(
        one,
        &commands_frame(1, 0, &[reserve(quota(0, 0), 10, 1), reserve(quota(1, 0), 11, 1)]),
    );
    world.settle_undurable();
    // A look at what is not durable waits as well: a repeat shows it.
    world.send(other, &commands_frame(2, 0, &[reserve(quota(1, 0), 11, 1)]));
    world.settle_undurable();
    assert!(world.said(one).is_empty() && world.said(other).is_empty());
    assert_eq!(world.house.runs.len(), 2);
    let of_first = usize::from(world.house.runs[0].shard);
    assert!(world.house.land(1));
    while world.step_network() {}
    assert!(world.said(one).is_empty(), "half of it is durable");
    assert_eq!(world.said(other).is_empty(), of_first != world.house.shard_of(1));
    assert!(world.house.land(1));
    while world.step_network() {}
    let heard = frames(&world.said(one));
    assert_eq!(codes(&heard[0]), [Code::Accepted; 2]);
    let last = world.house.kept.last().expect("records").position.sequence;
    assert_eq!(heard[0].at().sequence, last, "the position it is true at");
}

#[test]
fn a_frame_beyond_the_window_is_busy_as_a_whole() {
    let mut world = World::founded(2);
    let id = world.connect();
    world.send(id, &Hello { window_commands: 3, ..hello(Role::Maker, DESK) }.encode());
    world.said(id);
    let some = |first: u128, count: u128| -> Vec<Given> {
        (first..first + count).map(|payment| reserve(quota(1, 0), payment, 1)).collect()
    };
    // An idle connection may send one frame of any size.
    world.send(id, &commands_frame(1, 0, &some(10, 5)));
    world.send(id, &commands_frame(2, 0, &some(20, 1)));
    let busy = frames(&world.said(id));
    assert_eq!((busy.len(), busy[0].request()), (1, 2));
    let error = busy[0].error();
    assert_eq!(error.code, Code::Busy);
    assert!(error.retry_after_ms > 0 && !world.is_closing(id), "the connection goes on");
    world.settle();
    assert_eq!(codes(&frames(&world.said(id))[0]), [Code::Accepted; 5]);
    world.send(id, &commands_frame(3, 0, &some(20, 2)));
    world.send(id, &commands_frame(4, 0, &some(30, 1)));
    world.send(id, &commands_frame(5, 0, &some(40, 1)));
    world.settle();
    let heard = frames(&world.said(id));
    let answered: Vec<_> = heard.iter().map(|spoken| (spoken.request(), spoken.kind())).collect();
    let results = FrameKind::Results;
    assert_eq!(answered, [(5, FrameKind::Error), (3, results), (4, results)]);
    let first = heard[1].results();
    assert!(first.iter().all(|result| !result.repeat), "nothing of a busy frame was decided");
    assert_eq!(world.metrics.busy_frames.get(), 2);
}

#[test]
fn a_session_beyond_its_rate_hears_busy_until_time_has_passed() {
    let mut world = World::rated(2, NonZeroU32::new(4).expect("not zero"));
    let id = world.greeted(Role::Maker, DESK);
    let other = world.greeted(Role::Maker, DESK);
    let some = |first: u128, count: u128| -> Vec<Given> {
        (first..first + count).map(|payment| reserve(quota(1, 0), payment, 1)).collect()
    };
    assert_eq!(codes(&world.ask(id, &some(10, 3))), [Code::Accepted; 3]);
    let busy = world.ask(id, &some(20, 2)).error();
    assert_eq!((busy.code, busy.retry_after_ms), (Code::Busy, 250));
    assert!(!world.is_closing(id), "the connection goes on");
    // Another session has a rate of its own, and questions have none.
    assert_eq!(codes(&world.ask(other, &some(30, 4))), [Code::Accepted; 4]);
    let mut health = Vec::new();
    protocol::message::put_bare(&mut health, FrameKind::Health, 9);
    world.send(id, &health);
    assert_eq!(frames(&world.said(id))[0].kind(), FrameKind::HealthReport);
    world.house.now_ms += 249;
    assert_eq!(world.ask(id, &some(20, 2)).error().retry_after_ms, 1);
    world.house.now_ms += 1;
    let results = world.ask(id, &some(20, 2)).results();
    assert!(results.iter().all(|result| result.code == Code::Accepted && !result.repeat));
    assert_eq!(world.metrics.rate_limited_frames.get(), 2);
    assert_eq!(world.metrics.busy_frames.get(), 2);
    world.house.check();
}

#[test]
fn a_shard_over_its_credit_makes_a_frame_busy_as_a_whole() {
    let mut world = World::founded(2);
    // Orders that no division decides take credit all the same.
    let full: Vec<_> = vec![reserve(quota(101, 0), 1, 1); COMMANDS_PER_FRAME_MAX];
    let frame = commands_frame(1, 0, &full);
    let mut sent = 0;
    let mut id = world.greeted(Role::Maker, DESK);
    let mut frames_here = 0;
    while sent + COMMANDS_PER_FRAME_MAX <= SHARD_COMMANDS_MAX {
        if frames_here == 8 {
            (id, frames_here) = (world.greeted(Role::Maker, DESK), 0);
        }
        world.send(id, &frame);
        (sent, frames_here) = (sent + COMMANDS_PER_FRAME_MAX, frames_here + 1);
    }
    let left = SHARD_COMMANDS_MAX - sent;
    let other = world.greeted(Role::Maker, DESK);
    let mut mixed = vec![reserve(quota(0, 0), 500, 1)];
    mixed.extend(vec![reserve(quota(101, 0), 1, 1); left + 1]);
    world.send(other, &commands_frame(7, 0, &mixed));
    let heard = frames(&world.said(other));
    assert_eq!((heard[0].request(), heard[0].error().code), (7, Code::Busy));
    // What still fits is taken, and after the answers there is room for all of it; the part of
    // the mixed frame that went elsewhere was not decided the first time.
    world.send(other, &commands_frame(8, 0, &full[..left]));
    assert!(world.said(other).is_empty());
    world.settle();
    assert_eq!(codes(&frames(&world.said(other))[0]), vec![Code::UnknownDivision; left]);
    let result = world.ask(other, &mixed).results()[0];
    assert_eq!((result.code, result.repeat), (Code::Accepted, false));
}

#[test]
fn bad_linked_runs_are_answered_at_once_and_the_rest_is_decided() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    let commands = [
        vec![reserve(quota(1, 0), 10, 1)],
        run_of(&[reserve(quota(0, 0), 11, 1), reserve(quota(1, 0), 12, 1)]),
        run_of(&[reserve(quota(1, 0), 13, 1), reserve(quota(1, 0), 14, 1)]),
        run_of(&[
            reserve(quota(1, 0), 15, 1),
            reserve(quota(1, 0), 16, 1),
            reserve(quota(2, 0), 17, 1),
            reserve(quota(1, 0), 18, 1),
        ]),
        vec![reserve(quota(0, 0), 19, 1), reserve(quota(1, 0), 20, 1).linked()],
    ];
    let commands = commands.concat();
    let heard = world.ask(id, &commands);
    let good = [0, 3, 4, 9];
    for (place, code) in codes(&heard).into_iter().enumerate() {
        let expected = if good.contains(&place) { Code::Accepted } else { Code::BadLinkedRun };
        assert_eq!(code, expected, "place {place}");
    }
    let payments = world.house.slugs(0).iter().filter(|&&slug| slug == "reserved").count();
    assert_eq!(payments, good.len(), "nothing of a bad run took effect");
    world.house.check();
}

#[test]
fn a_frame_of_bad_linked_runs_alone_waits_for_nobody() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    let bad = run_of(&[reserve(quota(0, 0), 11, 1), reserve(quota(1, 0), 12, 1)]);
    world.send(id, &commands_frame(1, 0, &bad));
    assert!(!world.network.has_gathered());
    assert_eq!(codes(&frames(&world.said(id))[0]), [Code::BadLinkedRun; 2]);
    assert!(world.network.is_drained());
    // And its window is free again.
    assert_eq!(codes(&world.ask(id, &[reserve(quota(0, 0), 11, 1)])), [Code::Accepted]);
}

#[test]
fn a_run_with_facts_is_never_torn_between_shards() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Bank, BANK);
    // Division 101 is not registered: its facts go to the province's shard, its orders to its
    // own. Behind the run stands a fact of the province that must not be taken into it.
    let unknown = quota(101, 0);
    assert_ne!(world.house.shard_of(101), world.house.shard_of(0));
    let stray = |serial| fact(FactKind::Reject, unknown, 1, serial, 0);
    let order = reserve(unknown, 2, 1);
    let single = fact(FactKind::Reject, quota(0, 0), 3, 9, 0);
    let commands = [stray(1).linked(), order, single, stray(2), order.linked(), stray(3)];
    let heard = codes(&world.ask(id, &commands));
    let bad = Code::BadLinkedRun;
    assert_eq!(heard, [bad, bad, Code::Parked, Code::Parked, bad, bad]);
    world.house.check();
}

#[test]
fn facts_go_to_their_division_once_its_registration_is_durable() {
    let mut world = World::founded(2);
    let operator = world.greeted(Role::Operator, DESK);
    let bank = world.greeted(Role::Bank, BANK);
    let early = fact(FactKind::Reject, quota(5, 0), 1, 1, 0);
    assert_eq!(codes(&world.ask(bank, &[early])), [Code::Parked]);
    let register = crate::testing::give::register(5);
    assert_eq!(codes(&world.ask(operator, &[register])), [Code::Accepted]);
    assert!(world.house.registry.is_registered(domain::ids::DivisionIndex(5)));
    let later = fact(FactKind::Reject, quota(5, 0), 2, 2, 0);
    assert_eq!(codes(&world.ask(bank, &[later])), [Code::Parked]);
    let waiting = [0, 5].map(|index| {
        let division = world.house.division(domain::ids::DivisionIndex(index));
        division.and_then(|d| d.year(crate::testing::give::YEAR)).map(|book| book.suspense.len())
    });
    assert_eq!(waiting, [Some(1), Some(1)]);
    world.house.check();
}

#[test]
fn a_budget_runs_from_the_frames_arrival() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    for (waited_ms, code) in [(50, Code::Accepted), (51, Code::Late), (50, Code::Accepted)] {
        world.send(id, &commands_frame(1, 50, &[reserve(quota(1, 0), 10 + waited_ms, 1)]));
        world.house.now_ms += waited_ms as u64;
        world.settle();
        assert_eq!(codes(&frames(&world.said(id))[0]), [code], "after {waited_ms} ms");
    }
}

#[test]
fn the_hello_decides_role_and_channel() {
    let mut world = World::founded(2);
    let bank = world.greeted(Role::Bank, BANK);
    let maker = world.greeted(Role::Maker, DESK);
    let report = fact(FactKind::Reject, quota(1, 0), 1, 1, 0);
    assert_eq!(codes(&world.ask(bank, &[reserve(quota(1, 0), 10, 1)])), [Code::NoRight]);
    assert_eq!(codes(&world.ask(maker, &[report])), [Code::NoRight]);
    assert_eq!(codes(&world.ask(bank, &[report])), [Code::Parked]);
    let counted = world.metrics.outcomes.iter().collect::<Vec<_>>();
    assert_eq!(counted, [(Code::Parked, 1), (Code::NoRight, 2)]);
}
