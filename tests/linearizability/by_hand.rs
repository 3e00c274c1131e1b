//! Histories made by hand: what can be is accepted, and what is wrong on purpose is refused.

use crate::history::{Moment, is_linearizable};
use crate::model::{Asked, Deed, Heard, ISSUED};

/// `(sent, answered, asked, heard)` by a clock: one after another, or over one another.
type ByClock = (u32, u32, Asked, Heard);

fn by_hand(deeds: &[ByClock]) -> bool {
    let mut moments = Vec::new();
    for (at, &(sent, answered, asked, heard)) in deeds.iter().enumerate() {
        let deed = Deed { asked, heard };
        moments.push((sent, Moment { at, is_sent: true, deed }));
        moments.push((answered, Moment { at, is_sent: false, deed }));
    }
    moments.sort_by_key(|&(when, _)| when);
    is_linearizable(&moments.into_iter().map(|(_, moment)| moment).collect::<Vec<_>>())
}

const fn reserve(payment: u64, fen: i64) -> Asked {
    Asked::Reserve { payment, fen }
}

const fn withdraw(payment: u64) -> Asked {
    Asked::Withdraw { payment }
}

const fn taken(sequence: u64, available: i64) -> Heard {
    Heard::Taken { repeat: false, sequence, available }
}

const fn again(sequence: u64, available: i64) -> Heard {
    Heard::Taken { repeat: true, sequence, available }
}

const fn stands(available: i64, open: u32) -> Heard {
    Heard::Stands { available, reserved: ISSUED - available, open }
}

const fn too_much(available: i64) -> Heard {
    Heard::TooMuch { repeat: false, available }
}

#[test]
fn a_checker_that_sees_accepts_what_can_be() {
    let one = reserve(1, 400);
    // Beside a reservation a balance may be the one before or the one after it.
    for seen in [stands(1_000, 0), stands(600, 1)] {
        assert!(by_hand(&[(1, 4, one, taken(9, 600)), (2, 3, Asked::Balance, seen)]));
    }
    // Of two at once either may have been first, and its answer tells which.
    let other = reserve(2, 700);
    assert!(by_hand(&[(1, 3, one, taken(9, 600)), (2, 4, other, too_much(600))]));
    assert!(by_hand(&[(1, 3, one, too_much(300)), (2, 4, other, taken(9, 300))]));
    // What was lost may come late, and money that was given back can be reserved again.
    assert!(by_hand(&[
        (1, 9, one, Heard::LostTaken),
        (2, 3, Asked::Balance, stands(1_000, 0)),
        (4, 5, Asked::Balance, stands(600, 1)),
        (6, 7, one, again(9, 600)),
        (8, 10, withdraw(1), taken(10, 1_000)),
        (11, 12, other, taken(11, 300)),
    ]));
    // The same id twice: one is the repeat.
    assert!(by_hand(&[(1, 3, one, again(9, 600)), (2, 4, one, taken(9, 600))]));
}

#[test]
fn histories_made_wrong_are_refused() {
    let one = reserve(1, 400);
    let first = (1, 2, one, taken(9, 600));
    let wrong: &[(&str, &[ByClock])] = &[
        ("a stale balance", &[first, (3, 4, Asked::Balance, stands(1_000, 0))]),
        ("a doubled reservation", &[first, (3, 4, one, taken(10, 200))]),
        ("a repeat that took money", &[first, (3, 4, one, again(9, 200))]),
        ("a repeat of another record", &[first, (3, 4, one, again(10, 600))]),
        (
            "an acknowledged payment is gone",
            &[first, (3, 4, Asked::Outcome { payment: 1 }, Heard::NotFound)],
        ),
        (
            "a balance that goes back",
            &[
                (1, 9, one, Heard::LostTaken),
                (2, 3, Asked::Balance, stands(600, 1)),
                (4, 5, Asked::Balance, stands(1_000, 0)),
            ],
        ),
        (
            "two who both had the last money",
            &[(1, 3, reserve(1, 600), taken(9, 400)), (2, 4, reserve(2, 600), taken(10, 400))],
        ),
        ("a refusal while there was money", &[(1, 2, one, too_much(300))]),
        (
            "a refusal that is taken back",
            &[
                (1, 2, reserve(2, 700), taken(9, 300)),
                (3, 4, one, too_much(300)),
                (5, 6, withdraw(2), taken(10, 1_000)),
                (7, 8, one, taken(11, 600)),
            ],
        ),
        (
            "money given back twice",
            &[first, (3, 4, withdraw(1), taken(10, 1_000)), (5, 6, withdraw(1), taken(11, 1_400))],
        ),
        (
            "an effect before it was asked for",
            &[(1, 2, Asked::Balance, stands(600, 1)), (3, 4, one, taken(9, 600))],
        ),
        ("one id with two contents", &[first, (3, 4, reserve(1, 300), taken(10, 300))]),
    ];
    for (what, history) in wrong {
        assert!(!by_hand(history), "{what} passes");
    }
}
