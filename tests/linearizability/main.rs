//! What concurrent desks are told about a quota is what one desk after another could have been
//! told, in an order that no desk can contradict: quotas and the ids on them are linearizable,
//! through kills too.
//!
//! Desks share a few quotas and few ids, over real connections to the real server, which is killed
//! again and again. Each command and each look-up is noted when it is sent and when its answer is
//! there. A command whose answer was lost is *unknown*: its desk sends it again, or asks for it, or
//! walks away, and it is asked for at the end; until then it may take effect at any time, or never.
//! The history of each quota is then given to the checker of `todc-utils` (Wing and Gong's search
//! with Lowe's cache) beside a sequential model of forty lines, which knows nothing of sequences,
//! journals or shards. Histories of objects that are linearizable one by one are so together.
//!
//! A checker that cannot refuse shows nothing: histories that are wrong on purpose, made by hand
//! and made of the real one by changing one answer, are refused.
//!
//! `TREASURY_KILLS` sets how often it is killed (6), `TREASURY_SEED` repeats the draws.

#[path = "../harness/mod.rs"]
mod harness;

mod by_hand;
mod desks;
mod history;
mod model;

use std::path::Path;
use std::sync::atomic::Ordering;

use desks::{Alarm, DESKS, Hall, QUOTAS, lock};
use harness::Chance;
use harness::server::{Options, Server, sound};
use history::{Moment, Notes, contradiction, is_linearizable};
use model::{Asked, Heard};

/// Answers between two kills, at most.
const BETWEEN_KILLS: u64 = 250;

/// Kills in the history of one set of quotas. Each further set has a history of its own: what the
/// checker keeps grows with the square of its length.
const ROUND_KILLS: u64 = 6;

/// How often the history of a quota is forged. A refusal has to look at every order.
const FORGED: u32 = 4;

#[test]
fn concurrent_desks_are_told_one_order_through_kills() {
    let kills: u64 = match std::env::var("TREASURY_KILLS") {
        Ok(text) => text.parse().expect("TREASURY_KILLS is a number"),
        Err(_) => ROUND_KILLS,
    };
    let mut chance = Chance::new("linearizability");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut server = Options::new(dir.path()).start();
    for round in 0..kills.div_ceil(ROUND_KILLS) {
        let hall = Hall::new(server.address, round as u16 + 1);
        let kills = ROUND_KILLS.min(kills - round * ROUND_KILLS);
        let left;
        (server, left) = through_kills(&hall, &mut chance, server, dir.path(), kills);
        ask_at_the_end(&hall, &left);
        let notes = hall.notes.into_inner().expect("nobody failed");
        tell(kills, left.len(), &notes);
        for quota in 0..QUOTAS as usize {
            let history = notes.of(quota);
            assert!(
                is_linearizable(&history),
                "quota {quota} told this:\n{}",
                contradiction(&history)
            );
            one_wrong_answer_is_refused(&history, &mut chance);
        }
    }
    drop(server);
    sound(dir.path());
}

/// Lets desks work while the server is killed; gives it, and what nobody has asked for again.
fn through_kills(
    hall: &Hall,
    chance: &mut Chance,
    mut server: Server,
    data: &Path,
    kills: u64,
) -> (Server, Vec<usize>) {
    std::thread::scope(|scope| {
        let desks: Vec<_> = (0..DESKS)
            .map(|_| {
                let chance = chance.split();
                scope.spawn(|| hall.work(chance))
            })
            .collect();
        let _alarm = Alarm(hall);
        for _ in 0..kills {
            hall.wait_for_answers(chance.between(1, BETWEEN_KILLS));
            *lock(&hall.place) = None;
            server.kill();
            server = Options::new(data).shards(1 + chance.below(4) as u32).start();
            *lock(&hall.place) = Some(server.address);
        }
        hall.wait_for_answers(BETWEEN_KILLS);
        hall.finish.store(true, Ordering::SeqCst);
        let work = desks
            .into_iter()
            .flat_map(|desk| desk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        let left = work.collect();
        (server, left)
    })
}

/// Everything that desks walked away from is asked for, and every id and balance once more: what
/// was never taken must not have come since.
fn ask_at_the_end(hall: &Hall, left: &[usize]) {
    let mut desk = hall.connect();
    let answered = "a server that nobody kills answers";
    for &at in left {
        hall.find_out(&mut desk, at, true).expect(answered);
    }
    for quota in 0..QUOTAS as usize {
        let ids = lock(&hall.ids[quota]).len() as u64;
        let every = (0..=ids).map(|payment| Asked::Outcome { payment });
        // One by one: what is asked at once may be answered in any order.
        for asked in std::iter::once(Asked::Balance).chain(every) {
            hall.ask(&mut desk, &[(quota, asked)], &mut Vec::new()).expect(answered);
        }
    }
}

fn tell(kills: u64, left: usize, notes: &Notes) {
    let count = |wanted: fn(&Heard) -> bool| {
        notes.all.iter().filter_map(|noted| noted.heard).filter(wanted).count()
    };
    let lost = count(|heard| matches!(heard, Heard::LostTaken | Heard::LostTooMuch { .. }));
    let never = notes.all.iter().filter(|noted| noted.never).count();
    let refused = count(|heard| matches!(heard, Heard::TooMuch { .. }));
    let conflicts = count(|heard| matches!(heard, Heard::Conflict));
    println!(
        "{kills} kills; {} asked on {QUOTAS} quotas by {DESKS} desks; {refused} refused, {conflicts} \
         conflicts; {lost} unanswered and on record, {never} unanswered and without effect, {left} \
         left unknown to the end",
        notes.all.len(),
    );
    assert!(refused > 0, "the quotas were never short");
    assert!(kills < ROUND_KILLS || lost + never > 0, "no kill came between sending and answer");
}

/// The real history with one answer changed.
fn one_wrong_answer_is_refused(history: &[Moment], chance: &mut Chance) {
    for _ in 0..FORGED {
        let answers: Vec<_> = history.iter().filter(|moment| !moment.is_sent).collect();
        let chosen = chance.pick(&answers);
        let Some(wrong) = falsified(chosen.deed.heard) else { continue };
        let mut forged = history.to_vec();
        let moments = forged.iter_mut().filter(|moment| moment.at == chosen.at);
        moments.for_each(|moment| moment.deed.heard = wrong);
        let (asked, heard) = (chosen.deed.asked, chosen.deed.heard);
        assert!(!is_linearizable(&forged), "{asked:?} heard {heard:?}; {wrong:?} would pass, too");
    }
}

/// An answer that cannot be given in place of the true one, whatever the order. (A repeat could be
/// the first, had a lost one never come; a number of a balance could be right a moment later.)
fn falsified(heard: Heard) -> Option<Heard> {
    match heard {
        Heard::Taken { repeat: false, sequence, available } => {
            Some(Heard::Taken { repeat: true, sequence, available })
        }
        Heard::TooMuch { repeat: false, available } => {
            Some(Heard::TooMuch { repeat: true, available })
        }
        Heard::Stands { available, reserved, open } => {
            Some(Heard::Stands { available: available + 1, reserved, open })
        }
        Heard::OnRecord { sequence, reserved } => {
            Some(Heard::OnRecord { sequence: sequence + 1_000_000, reserved })
        }
        Heard::Ended { available } => Some(Heard::Ended { available: available + 1 }),
        _ => None,
    }
}
