//! Look-ups, health, metrics, pings and subscriptions.

use domain::codes::Role;
use domain::ids::{DivisionIndex, PaymentId};
use domain::{Code, QuotaId};
use protocol::lookup::{Answer, IdKind, LookUp, parse_answers, put_look_ups};
use protocol::message::{Health, Status, parse_metrics, parse_pong, put_bare};
use protocol::{FrameKind, Subscribe};
use storage::space::SpaceLevel;

use crate::network::Ask;
use crate::testing::give::{DESK, YEAR, quota, reserve};
use crate::testing::house::FUNDED_FEN;
use crate::testing::world::{DATA_SET, World, commands_frame, frames};

fn ask_for(asks: &[LookUp]) -> Vec<u8> {
    let mut out = Vec::new();
    put_look_ups(&mut out, 3, asks);
    out
}

fn bare(kind: FrameKind, request: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_bare(&mut out, kind, request);
    out
}

#[test]
fn look_ups_of_many_divisions_are_answered_in_order() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    world.ask(id, &[reserve(quota(1, 0), 10, 70), reserve(quota(1, 0), 11, FUNDED_FEN)]);
    let (division, year) = (DivisionIndex(1), YEAR);
    let asks = [
        LookUp::Quota(quota(1, 0)),
        LookUp::Quota(quota(0, 0)),
        LookUp::Payment { division, year, id: PaymentId(10) },
        LookUp::Outcome { kind: IdKind::Payment, division, year, id: 11 },
        LookUp::Quota(quota(60, 0)),
        LookUp::Quota(QuotaId(3)),
    ];
    let mut bytes = ask_for(&asks);
    // The fourth asks what cannot be asked: it is answered in its place.
    bytes[32 + 3 * 32] = 99;
    world.send(id, &bytes);
    world.settle();
    let heard = frames(&world.said(id));
    assert_eq!((heard.len(), heard[0].request()), (1, 3));
    let (at, answers) = parse_answers(&heard[0].frame()).expect("answers");
    assert_eq!(at.sequence, world.house.kept.last().expect("records").position.sequence);
    let codes: Vec<_> = answers.iter().map(Answer::code).collect();
    use Code::{Accepted, BadField, NotFound, UnknownDivision};
    assert_eq!(codes, [Accepted, Accepted, Accepted, BadField, UnknownDivision, NotFound]);
    let Answer::Quota(view) = &answers[0] else { panic!("a quota") };
    assert_eq!((view.quota, view.buckets.reserved), (quota(1, 0), 70));
    assert_eq!(world.metrics.look_ups.get(), 5);
}

#[test]
fn an_answer_waits_until_what_it_shows_is_durable() {
    let mut world = World::founded(2);
    let (one, other) = (world.greeted(Role::Maker, DESK), world.greeted(Role::Maker, DESK));
    world.send(one, &commands_frame(1, 0, &[reserve(quota(1, 0), 10, 70)]));
    world.settle_undurable();
    world.send(other, &ask_for(&[LookUp::Quota(quota(1, 0))]));
    world.settle_undurable();
    assert!(world.said(other).is_empty(), "I4: payment 10 could still be taken back");
    world.settle();
    let (_, answers) = parse_answers(&frames(&world.said(other))[0].frame()).expect("answers");
    let Answer::Quota(view) = &answers[0] else { panic!("a quota") };
    assert_eq!(view.buckets.reserved, 70);
}

#[test]
fn look_ups_that_all_fail_here_are_answered_at_once() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    let mut bytes = ask_for(&[LookUp::Quota(quota(1, 0))]);
    bytes[32] = 99;
    world.send(id, &bytes);
    let (_, answers) = parse_answers(&frames(&world.said(id))[0].frame()).expect("answers");
    assert_eq!(answers, [Answer::Failed(Code::BadField)]);
    assert!(world.network.is_drained() && !world.is_closing(id));
}

#[test]
fn look_ups_are_bounded_by_frame_and_window() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    let most = protocol::limits::LOOK_UPS_PER_FRAME_MAX;
    let full = ask_for(&vec![LookUp::Quota(quota(1, 0)); most]);
    for _ in 0..protocol::limits::WINDOW_COMMANDS_MAX as usize / most {
        world.send(id, &full);
    }
    assert!(world.said(id).is_empty());
    world.send(id, &ask_for(&[LookUp::Quota(quota(1, 0))]));
    let heard = frames(&world.said(id));
    assert_eq!((heard[0].request(), heard[0].error().code), (3, Code::Busy));
    let other = world.greeted(Role::Maker, DESK);
    let mut long = full.clone();
    long[24..28].copy_from_slice(&(most as u32 + 1).to_le_bytes());
    world.send(other, &long);
    assert_eq!(frames(&world.said(other))[0].error().code, Code::BadFrame);
    assert!(world.is_closing(other));
}

#[test]
fn health_says_how_the_engine_is() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Operator, DESK);
    let _other = world.connect();
    world.metrics.divisions.add(3);
    world.metrics.quotas.set(6);
    world.house.now_ms += 500;
    let status = |world: &mut World| {
        world.send(id, &bare(FrameKind::Health, 4));
        let heard = frames(&world.said(id));
        assert_eq!(heard[0].request(), 4);
        Health::parse(&heard[0].frame()).expect("health")
    };
    let health = status(&mut world);
    assert_eq!((health.status, health.uptime_ms, health.connections), (Status::Serving, 500, 2));
    assert_eq!((health.data_set, health.divisions, health.quotas), (DATA_SET, 3, 6));
    assert!(health.note.is_empty());
    assert_eq!(health.durable.sequence, world.durable.cursor().position.sequence);
    for (level, expected) in
        [(SpaceLevel::DiskLow, Status::DiskLow), (SpaceLevel::Full, Status::DiskFull)]
    {
        world.durable.set_space(level);
        assert_eq!(status(&mut world).status, expected);
    }
    world.metrics.quarantines.add(1);
    world.network.stop();
    let health = status(&mut world);
    assert_eq!(health.status, Status::Stopping);
    assert!(health.note.contains("quarantined"));
}

#[test]
fn disk_space_reaches_the_shards_with_each_turn() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    world.durable.set_space(SpaceLevel::DiskLow);
    assert_eq!(world.ask(id, &[reserve(quota(1, 0), 10, 1)]).results()[0].code, Code::DiskLow);
    world.durable.set_space(SpaceLevel::Plenty);
    let result = world.ask(id, &[reserve(quota(1, 0), 10, 1)]).results()[0];
    assert_eq!((result.code, result.repeat), (Code::Accepted, false));
}

#[test]
fn metrics_and_pings_need_nobody_else() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Operator, DESK);
    world.metrics.outcomes.count(Code::OverQuota, 2);
    world.send(id, &[bare(FrameKind::Metrics, 5), bare(FrameKind::Ping, 6)].concat());
    let heard = frames(&world.said(id));
    let metrics = heard[0].frame();
    let text = parse_metrics(&metrics).expect("text");
    assert!(text.contains("treasury_outcomes_total{code=\"over-quota\"} 2\n"));
    let durable = parse_pong(&heard[1].frame()).expect("a pong");
    assert_eq!(durable.sequence, world.durable.cursor().position.sequence);
    assert_eq!((heard[0].request(), heard[1].request()), (5, 6));
}

#[test]
fn what_waits_and_how_long_it_took_are_in_the_metrics() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    let told = |world: &mut World| {
        world.send(id, &bare(FrameKind::Metrics, 5));
        let heard = frames(&world.said(id));
        let last = heard.last().expect("metrics").frame();
        parse_metrics(&last).expect("text").to_owned()
    };
    let counted = "treasury_reply_microseconds_count ";
    let before = told(&mut world);
    let before = before.lines().find_map(|line| line.strip_prefix(counted)).expect("a count");
    let before: u64 = before.parse().expect("a number");
    let two = [reserve(quota(1, 0), 10, 1), reserve(quota(1, 0), 11, 1)];
    world.send(id, &commands_frame(4, 0, &two));
    let waiting = told(&mut world);
    assert!(waiting.contains("\ntreasury_replies_held 1\n"), "{waiting}");
    world.settle();
    let after = told(&mut world);
    assert!(after.contains("\ntreasury_replies_held 0\n"), "{after}");
    assert!(after.contains("\ntreasury_commands_in_flight 0\n"), "{after}");
    assert!(after.contains(&format!("\n{counted}{}\n", before + 2)), "{after}");
}

#[test]
fn a_subscription_is_asked_of_the_shell_and_its_frames_are_sent_on() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Operator, DESK);
    let mut bytes = Vec::new();
    let wanted = Subscribe { limit: 9, ..Subscribe::default() };
    wanted.put(&mut bytes, 7);
    put_bare(&mut bytes, FrameKind::Unsubscribe, 7);
    world.send(id, &bytes);
    let mut asks = Vec::new();
    world.network.take_asks(&mut asks);
    assert!(matches!(&asks[0], Ask::Subscribe { session, request: 7, subscribe }
        if *session == id && subscribe.limit == 9));
    assert!(matches!(asks[1], Ask::Unsubscribe { session, request: 7 } if session == id));
    let events = bare(FrameKind::SubscriptionEnded, 7);
    world.network.send(id, &events);
    assert_eq!(world.network.unsent(id), events.len());
    let mut dirty = Vec::new();
    world.network.take_dirty(&mut dirty);
    assert!(dirty.contains(&id));
    assert_eq!(world.said(id), events);
}
