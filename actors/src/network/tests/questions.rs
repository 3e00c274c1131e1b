//! Goal: questions leave for the directory within the window, come back once, and hold up neither
//! a goodbye that has heard everything nor a stop that has not.

use domain::ids::ChannelId;
use domain::{Code, Role};
use protocol::FrameKind;
use protocol::directory::{Asked, ListPayments};
use protocol::message::{ErrorMessage, put_bare};

use crate::directory::Question;
use crate::gate::SessionId;
use crate::limits::DIRECTORY_QUESTIONS_MAX;
use crate::network::Ask;
use crate::testing::world::{World, frames, hello};

fn list(request: u64) -> Vec<u8> {
    let mut frame = Vec::new();
    ListPayments::default().put(&mut frame, request);
    frame
}

/// What went to the directory: request and bytes of each.
fn asked(world: &mut World) -> Vec<(SessionId, u64, u32)> {
    let mut asks = Vec::new();
    world.network.take_asks(&mut asks);
    let one = |ask| match ask {
        Ask::Question { session, request, bytes, question } => {
            assert_eq!(question, Question::List(Box::default()));
            (session, request, bytes)
        }
        other => panic!("{other:?}"),
    };
    asks.into_iter().map(one).collect()
}

fn answer(world: &mut World, (session, request, bytes): (SessionId, u64, u32)) {
    let mut frame = Vec::new();
    ErrorMessage::new(Code::NotFound).put(&mut frame, request);
    world.network.answered(session, bytes, &frame);
}

#[test]
fn a_question_takes_a_place_in_the_window_until_it_is_answered() {
    let mut world = World::founded(1);
    let id = world.connect();
    let small = protocol::Hello { window_commands: 2, ..hello(Role::Maker, ChannelId(7)) };
    world.send(id, &small.encode());
    world.said(id);
    (1..=3).for_each(|request| world.send(id, &list(request)));
    let questions = asked(&mut world);
    assert_eq!(questions.iter().map(|one| one.1).collect::<Vec<_>>(), [1, 2]);
    let heard = frames(&world.said(id));
    assert_eq!((heard[0].request(), heard[0].error().code), (3, Code::Busy));

    answer(&mut world, questions[0]);
    assert_eq!(frames(&world.said(id))[0].request(), 1);
    world.send(id, &list(4));
    assert_eq!(asked(&mut world).len(), 1);

    let mut goodbye = Vec::new();
    put_bare(&mut goodbye, FrameKind::Goodbye, 9);
    world.send(id, &goodbye);
    assert!(world.said(id).is_empty(), "two answers are due");
    answer(&mut world, (id, 4, questions[1].2));
    answer(&mut world, questions[1]);
    let heard = frames(&world.said(id));
    assert_eq!(heard.iter().map(|one| one.request()).collect::<Vec<_>>(), [4, 2, 9]);
}

#[test]
fn a_value_that_cannot_be_costs_the_request_and_a_body_the_connection() {
    let mut world = World::founded(1);
    let id = world.greeted(Role::Maker, ChannelId(7));
    let mut wrong = Vec::new();
    let asked_too_much = Asked { items: u16::MAX, ..Asked::default() };
    ListPayments { asked: asked_too_much, ..ListPayments::default() }.put(&mut wrong, 1);
    world.send(id, &wrong);
    let heard = frames(&world.said(id));
    assert_eq!((heard[0].request(), heard[0].error().code), (1, Code::BadField));
    assert!(!world.is_closing(id));
    let mut short = list(2);
    short.pop();
    let length = short.len() as u32;
    short[..4].copy_from_slice(&length.to_le_bytes());
    world.send(id, &short);
    let heard = frames(&world.said(id));
    assert_eq!((heard[0].request(), heard[0].error().code), (0, Code::BadFrame));
    assert!(world.is_closing(id) && asked(&mut world).is_empty());
}

#[test]
fn questions_have_a_bound_and_a_stop_waits_for_their_answers() {
    let mut world = World::founded(1);
    let id = world.greeted(Role::Maker, ChannelId(7));
    (1..=DIRECTORY_QUESTIONS_MAX as u64 + 1).for_each(|request| world.send(id, &list(request)));
    let questions = asked(&mut world);
    assert_eq!(questions.len(), DIRECTORY_QUESTIONS_MAX);
    assert_eq!(frames(&world.said(id))[0].error().code, Code::Busy);
    world.network.stop();
    world.send(id, &list(1_000));
    assert_eq!(frames(&world.said(id))[0].error().code, Code::ShuttingDown);
    assert!(!world.network.is_drained());
    // Whoever has left is answered too, and hears nothing.
    world.network.disconnect(id);
    questions.into_iter().for_each(|question| answer(&mut world, question));
    assert!(world.network.is_drained());
}
