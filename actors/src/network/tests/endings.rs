//! How connections end, and that nobody hears what was meant for another.

use std::sync::Arc;

use domain::Code;
use domain::codes::Role;
use protocol::FrameKind;
use protocol::lookup::{LookUp, put_look_ups};
use protocol::message::put_bare;

use crate::limits::{SESSION_OUTPUT_BYTES_MAX, TURNED_AWAY_MAX};
use crate::network::Waits;
use crate::testing::give::{DESK, quota, reserve};
use crate::testing::world::{World, commands_frame, frames, hello};

fn bare(kind: FrameKind, request: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_bare(&mut out, kind, request);
    out
}

#[test]
fn a_goodbye_is_answered_behind_everything_that_is_due() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    world.send(id, &commands_frame(1, 0, &[reserve(quota(1, 0), 10, 1)]));
    let mut look_up = Vec::new();
    put_look_ups(&mut look_up, 2, &[LookUp::Quota(quota(0, 0))]);
    world.send(id, &look_up);
    world.send(id, &bare(FrameKind::Goodbye, 3));
    assert!(world.said(id).is_empty() && !world.is_closing(id), "two answers are due");
    world.send(id, &commands_frame(4, 0, &[reserve(quota(1, 0), 11, 1)]));
    world.settle();
    let heard = frames(&world.said(id));
    let mut kinds: Vec<_> = heard.iter().map(|spoken| (spoken.request(), spoken.kind())).collect();
    assert_eq!(kinds.pop(), Some((3, FrameKind::Goodbye)), "the last word");
    kinds.sort_unstable();
    assert_eq!(kinds, [(1, FrameKind::Results), (2, FrameKind::Answers)]);
    assert!(world.is_closing(id));
    assert_eq!(world.network.waits(id), Some(Waits::ForClose));
    let other = world.greeted(Role::Maker, DESK);
    let result = world.ask(other, &[reserve(quota(1, 0), 11, 1)]).results()[0];
    assert!(!result.repeat, "nothing behind a goodbye is read");
}

#[test]
fn a_goodbye_of_an_idle_connection_is_answered_at_once() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    world.send(id, &bare(FrameKind::Goodbye, 3));
    let heard = frames(&world.said(id));
    assert_eq!((heard.len(), heard[0].kind()), (1, FrameKind::Goodbye));
    assert!(world.is_closing(id));
}

#[test]
fn a_reader_that_does_not_read_is_cut_off_and_gathers_no_more() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    world.send(id, &commands_frame(1, 0, &[reserve(quota(1, 0), 10, 1)]));
    let piece = bare(FrameKind::SubscriptionEnded, 7).repeat(16 * 1024);
    let pieces = SESSION_OUTPUT_BYTES_MAX / piece.len();
    (0..pieces).for_each(|_| world.network.send(id, &piece));
    assert!(!world.is_closing(id), "its bound is reached, not passed");
    world.network.send(id, &bare(FrameKind::SubscriptionEnded, 7));
    assert!(world.is_closing(id));
    let unsent = world.network.unsent(id);
    assert!(unsent < SESSION_OUTPUT_BYTES_MAX + 4 * 1024);
    world.settle();
    (0..10).for_each(|_| world.network.send(id, &piece));
    assert_eq!(world.network.unsent(id), unsent, "nothing is added behind the last word");
    let heard = frames(&world.said(id));
    assert_eq!(heard.last().map(|spoken| spoken.error().code), Some(Code::SlowReader));
    assert_eq!(world.metrics.connections_failed.get(), 1);
}

#[test]
fn of_all_that_do_not_read_the_slowest_is_cut_off() {
    let mut world = World::founded(2);
    let ids = [1_usize, 3, 2].map(|pieces| (world.greeted(Role::Maker, DESK), pieces));
    let piece = bare(FrameKind::SubscriptionEnded, 7).repeat(1024);
    world.network.unsent_bytes_max = 6 * piece.len();
    for (id, pieces) in ids {
        (0..pieces).for_each(|_| world.network.send(id, &piece));
    }
    assert!(ids.iter().all(|(id, _)| !world.is_closing(*id)), "the bound is reached, not passed");
    world.network.send(ids[0].0, &bare(FrameKind::SubscriptionEnded, 7));
    assert_eq!(ids.map(|(id, _)| world.is_closing(id)), [false, true, false]);
    let heard = frames(&world.said(ids[1].0));
    assert_eq!(heard.last().map(|spoken| spoken.error().code), Some(Code::SlowReader));
    // What has been sent, or was never to be sent any more, does not count.
    world.network.disconnect(ids[1].0);
    (0..2).for_each(|_| world.network.send(ids[2].0, &piece));
    assert!(!world.is_closing(ids[2].0));
}

#[test]
fn connections_are_bounded() {
    let founded = World::founded(2);
    let (metrics, durable) = (Arc::clone(&founded.metrics), Arc::clone(&founded.durable));
    let mut world = World::with(founded.house, metrics, durable, 2);
    let first = world.connect();
    let second = world.greeted(Role::Maker, DESK);
    // A third is too many, and hears so in the dialect it speaks.
    let third = world.connect();
    world.send(third, &hello(Role::Maker, DESK).encode());
    assert!(world.is_closing(third));
    assert_eq!(frames(&world.said(third))[0].error().code, Code::TooManyConnections);
    let lines = world.connect();
    world.send(lines, b"{\"hello\":{\"role\":\"maker\",\"channel\":7}}\n");
    assert!(world.is_closing(lines));
    let said = String::from_utf8(world.said(lines)).expect("text");
    assert!(said.starts_with('{') && said.contains("too-many-connections"), "{said}");
    // Those too are bounded; what is beyond hears a line of text.
    let strangers: Vec<_> = (2..TURNED_AWAY_MAX).map(|_| world.connect()).collect();
    let refused = world.network.connect().expect_err("nobody more is heard");
    assert!(refused.starts_with("124 too-many-connections: "), "{refused}");
    assert_eq!((world.network.connections(), world.metrics.connections.get()), (2, 2));
    for stranger in strangers.into_iter().chain([third, lines]) {
        world.network.disconnect(stranger);
    }
    assert_eq!(world.network.connections(), 2, "they were never counted");
    world.network.disconnect(first);
    world.network.disconnect(first);
    assert_eq!(world.network.connections(), 1, "an end is counted once");
    let taken = world.greeted(Role::Maker, DESK);
    assert!(!world.is_closing(taken), "there is room again");
    let result = world.ask(second, &[reserve(quota(1, 0), 10, 1)]).results()[0];
    assert_eq!(result.code, Code::Accepted);
}

#[test]
fn a_late_reply_never_reaches_a_new_connection_in_the_same_place() {
    let mut world = World::founded(2);
    let old = world.greeted(Role::Maker, DESK);
    let commands: Vec<_> = (10..20).map(|payment| reserve(quota(1, 0), payment, 1)).collect();
    world.send(old, &commands_frame(1, 0, &commands));
    world.settle_undurable();
    world.network.disconnect(old);
    let new = world.greeted(Role::Maker, DESK);
    assert_eq!((new.place, new.generation), (old.place, old.generation + 1));
    world.send(new, &commands_frame(1, 0, &[reserve(quota(1, 0), 30, 1)]));
    world.settle();
    let heard = frames(&world.said(new));
    assert_eq!((heard.len(), heard[0].results().len()), (1, 1), "its own answer alone");
    assert!(world.said(old).is_empty() && world.network.waits(old).is_none());
    world.send(old, &commands_frame(2, 0, &commands));
    assert!(!world.network.has_gathered(), "nobody speaks for a connection that ended");
    // The window of the new one is its own: a full one is still granted.
    let many = vec![reserve(quota(1, 0), 31, 1); 8_000];
    for request in 1..=8 {
        world.send(new, &commands_frame(request, 0, &many));
    }
    assert!(world.said(new).is_empty(), "none was busy");
    world.settle();
    assert_eq!(frames(&world.said(new)).len(), 8);
    assert!(world.network.is_drained());
}

#[test]
fn credits_of_a_connection_that_ended_come_back() {
    let mut world = World::founded(1);
    let commands = vec![reserve(quota(60, 0), 1, 1); 8_000];
    for _ in 0..40 {
        let id = world.greeted(Role::Maker, DESK);
        world.send(id, &commands_frame(1, 0, &commands));
        assert!(world.said(id).is_empty(), "not busy");
        world.network.disconnect(id);
        world.settle();
    }
    assert!(world.network.is_drained());
}

#[test]
fn a_stopping_server_answers_what_it_admitted_and_takes_nothing_new() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    let late = world.connect();
    world.send(id, &commands_frame(1, 0, &[reserve(quota(1, 0), 10, 1)]));
    world.network.stop();
    let refused = world.network.connect().expect_err("it takes no connections");
    assert!(refused.starts_with("121 shutting-down: "), "{refused}");
    world.send(late, &hello(Role::Maker, DESK).encode());
    assert_eq!(frames(&world.said(late))[0].kind(), FrameKind::Welcome);
    let mut look_up = Vec::new();
    put_look_ups(&mut look_up, 3, &[LookUp::Quota(quota(0, 0))]);
    world.send(id, &commands_frame(2, 0, &[reserve(quota(1, 0), 11, 1)]));
    world.send(id, &look_up);
    let heard = frames(&world.said(id));
    for (spoken, request) in heard.iter().zip([2, 3]) {
        assert_eq!((spoken.request(), spoken.error().code), (request, Code::ShuttingDown));
    }
    assert_eq!(heard.len(), 2);
    assert!(!world.network.is_drained(), "an answer is due");
    world.settle();
    assert!(!world.network.is_drained(), "it is not sent");
    let heard = frames(&world.said(id));
    assert_eq!((heard[0].request(), heard[0].results()[0].code), (1, Code::Accepted));
    assert!(world.network.is_drained());
    let payments = world.house.slugs(0).iter().filter(|&&slug| slug == "reserved").count();
    assert_eq!(payments, 1);
}

#[test]
fn a_connection_can_be_ended_from_this_side_with_a_last_word() {
    let mut world = World::founded(2);
    let id = world.greeted(Role::Maker, DESK);
    world.send(id, &commands_frame(1, 0, &[reserve(quota(1, 0), 10, 1)]));
    world.network.fail(id, &protocol::ErrorMessage::new(Code::OutcomeUnknown));
    world.settle();
    let heard = frames(&world.said(id));
    assert_eq!((heard.len(), heard[0].error().code), (1, Code::OutcomeUnknown));
    assert!(world.is_closing(id));
}
