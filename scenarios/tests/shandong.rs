//! The scenario as a runner sees it: totals, coverage, determinism, waves, files.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::file;
use scenarios::{
    Expected, ExpectedValue, Heard, Plan, Role, ScenarioFile, Spec, State, Step, Tally, Track,
    Wave, Work,
};

fn plan(scale: &str, seed: u64) -> Plan {
    let spec = Spec::named("shandong-2022").unwrap();
    Plan::new(spec, scale.parse().unwrap(), seed).unwrap()
}

/// Everything a run gives, and what it adds up to.
fn run(scale: &str, seed: u64, lanes: usize) -> (Vec<Step>, Tally) {
    let work = Work::new(plan(scale, seed), lanes);
    let mut steps: Vec<Step> = work.opening.into_iter().map(Step::Wave).collect();
    let mut tally = work.opening_tally;
    for mut lane in work.lanes {
        steps.extend(lane.by_ref());
        for end in lane.quotas() {
            assert!(end.buckets.is_sufficient(), "{end:?}");
            assert_eq!(end.buckets.reserved, 0, "a payment of {} never ended", end.quota);
        }
        tally.add(&lane.tally());
    }
    (steps, tally)
}

fn waves(steps: &[Step]) -> impl Iterator<Item = &Wave> {
    steps.iter().filter_map(|step| match step {
        Step::Wave(wave) => Some(wave),
        _ => None,
    })
}

fn bytes(steps: &[Step]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for wave in waves(steps) {
        bytes.extend_from_slice(wave.commands().as_flattened());
        bytes.extend_from_slice(wave.tails(0..wave.len()));
    }
    bytes
}

#[test]
fn totals_are_exact_at_each_scale() {
    for (scale, payments, fen) in [
        ("0.0001", 161, 2_820_630_000),
        ("0.001", 1_610, 28_206_300_000),
        ("0.01", 16_103, 282_063_000_000),
        ("0.05", 80_515, 1_410_315_000_000),
    ] {
        let (_, tally) = run(scale, 7, 3);
        assert_eq!((tally.paid, tally.paid_fen), (payments, fen), "scale {scale}");
    }
}

#[test]
fn every_promised_answer_occurs_at_a_hundredth() {
    let (steps, tally) = run("0.01", 7, 4);
    let promised = [
        105, 106, 107, 108, 110, 111, 112, 1001, 1002, 1003, 1004, 1005, 1006, 1008, 1009, 1010,
        1011, 1012, 1013, 1014, 1015, 1202, 1502, 3001, 3002, 3003, 3004, 3005, 4001, 4002, 4003,
        4004, 4006, 4009, 4012, 4014, 4016, 4019,
    ];
    for code in promised {
        assert!(tally.refusals.get(&code).is_some_and(|&count| count > 0), "{code} never occurs");
    }
    let expected: Vec<&Expected> = waves(&steps).flat_map(Wave::expected).collect();
    for code in [0, 1, 110, 112, 1002, 4012, 4014] {
        let repeats = expected.iter().filter(|e| e.code == code && e.repeat).count();
        let first = expected.iter().filter(|e| e.code == code && !e.repeat).count();
        assert!(first > 0, "{code} is never heard");
        assert!(repeats > 0 || [110, 4012].contains(&code), "{code} is never told again");
    }
    let refused: u64 = tally.refusals.range(1000..3000).map(|(_, &count)| count).sum();
    let share = refused * 1000 / tally.attempts;
    assert!((30..=80).contains(&share), "{share} of 1000 requests are refused");
    for role in Role::ALL {
        assert!(tally.by_role.get(&role).is_some_and(|&count| count > 100), "{}", role.slug());
    }
    for (name, count) in [
        ("parked", tally.parked),
        ("taken from suspense", tally.taken_from_suspense),
        ("dismissed", tally.dismissed),
        ("refunds", tally.refunds),
        ("allocated", tally.allocated),
        ("repeats", tally.repeats),
    ] {
        assert!(count > 10, "{name}: {count}");
    }
    let seen: BTreeSet<Option<State>> = expected.iter().map(|expected| expected.state).collect();
    assert_eq!(seen.len(), 9, "every state is heard of: {seen:?}");
}

#[test]
fn one_seed_gives_one_run_and_another_another() {
    let (first, again, other) = (run("0.001", 7, 2).0, run("0.001", 7, 2).0, run("0.001", 8, 2).0);
    assert!(first == again);
    assert_ne!(bytes(&first), bytes(&other));
}

#[test]
fn the_number_of_lanes_changes_the_order_alone() {
    let gather = |lanes| {
        let (steps, tally) = run("0.002", 3, lanes);
        let mut all: Vec<(Vec<u8>, Expected)> = waves(&steps)
            .flat_map(|wave| wave.ops().collect::<Vec<_>>())
            .map(|op| ([op.command.as_slice(), op.tail].concat(), *op.expected))
            .collect();
        all.sort_by(|left, right| left.0.cmp(&right.0).then(left.1.repeat.cmp(&right.1.repeat)));
        (all, tally)
    };
    assert!(gather(1) == gather(5));
}

#[test]
fn amounts_are_skewed_as_published() {
    let mut payments = plan("0.05", 7).payments_by_division();
    payments.sort_unstable();
    let all: u64 = payments.iter().sum();
    let top: u64 = payments.iter().rev().take(20).sum();
    assert!((42..=58).contains(&(top * 100 / all)), "{top} of {all}");
}

#[test]
fn waves_are_whole_and_bounded() {
    let (steps, _) = run("0.01", 7, 2);
    let mut linked = 0;
    for wave in waves(&steps) {
        assert!(!wave.is_empty());
        let mut start = 0;
        let mut frames = Vec::new();
        while start < wave.len() {
            let end = wave.frame_end(start, 100, 1 << 16);
            assert!(end > start && end - start <= 100);
            assert!(!wave.op(end - 1).linked, "a frame cuts a linked run");
            frames.extend_from_slice(wave.tails(start..end));
            start = end;
        }
        assert_eq!(frames, wave.tails(0..wave.len()));
        linked += wave.ops().filter(|op| op.linked).count();
    }
    assert!(linked > 20);
}

/// The window bounds what is in memory: no wave and no audit grows with the scale.
#[test]
fn memory_does_not_grow_with_the_scale() {
    let text = include_str!("../data/shandong-2022.toml");
    let text = text.replace("window_payments = 65536", "window_payments = 2000");
    let mut largest = BTreeMap::new();
    for scale in ["0.01", "0.04"] {
        let plan = Plan::new(Spec::parse(&text).unwrap(), scale.parse().unwrap(), 7).unwrap();
        let payments = plan.totals().payments;
        let mut paid = 0;
        for mut lane in Work::new(plan, 1).lanes {
            let mut largest_here = 0;
            for step in lane.by_ref() {
                let count = match step {
                    // The set-up has waves of its own size.
                    Step::Wave(wave) if wave.role == Role::Maker => wave.len(),
                    Step::Audit(audit) => audit.payments.len(),
                    _ => 0,
                };
                largest_here = count.max(largest_here);
            }
            largest.insert(scale, largest_here);
            paid += lane.tally().paid;
        }
        assert_eq!(paid, payments);
    }
    assert!(largest.values().all(|&largest| largest < 4000), "{largest:?}");
}

#[test]
fn predictions_accept_what_was_predicted_and_nothing_else() {
    let fen = domain::money::Fen::new(600);
    let value = ExpectedValue::Available(fen);
    let expected = Expected { code: 0, repeat: false, state: Some(State::Reserved), value };
    let heard = Heard { code: 0, repeat: false, state: 1, value: 600 };
    assert!(expected.accepts(&heard, false) && expected.accepts(&heard, true));
    for wrong in [
        Heard { code: 1, ..heard },
        Heard { state: 2, ..heard },
        Heard { value: 601, ..heard },
        Heard { repeat: true, ..heard },
    ] {
        assert!(!expected.accepts(&wrong, false), "{wrong:?}");
    }
    // Asked again after a crash, an outcome that was kept is told with today's figures.
    let later = Heard { repeat: true, state: 7, value: 1, ..heard };
    assert!(expected.accepts(&later, true));
    assert!(!expected.accepts(&Heard { code: 1002, ..later }, true));
}

#[test]
fn a_file_gives_the_same_steps_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scenario.bin");
    let head = file::write(&path, plan("0.001", 7), 3).unwrap();
    let opened = ScenarioFile::open(&path).unwrap();
    assert_eq!((opened.head(), head.lanes, head.totals.payments), (&head, 3, 1610));
    let work = Work::new(plan("0.001", 7), 3);
    assert_eq!(opened.opening(), work.opening);
    for lane in work.lanes {
        let mut read = Track::Read(Box::new(opened.lane(lane.index()).unwrap()));
        let mut made = Track::Made(Box::new(lane));
        assert!(made.end().is_none() && read.end().is_none());
        loop {
            let (left, right) = (made.next(), read.next());
            assert_eq!(left.is_none(), right.is_none());
            let (Some(left), Some(right)) = (left, right) else { break };
            assert!(left.unwrap() == right.unwrap());
        }
        assert!(made.end().is_some() && made.end() == read.end());
    }
}

#[test]
fn a_damaged_file_is_named_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("scenario.bin");
    file::write(&path, plan("0.0001", 7), 1).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let error = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        ScenarioFile::open(&path).unwrap_err().to_string()
    };
    assert!(error(b"not one").contains("not a scenario file"));
    for cut in [9, 60, whole.len() / 2, whole.len() - 1] {
        assert!(error(&whole[..cut]).contains("byte "), "cut at {cut}");
    }
    for at in (8..whole.len()).step_by(whole.len() / 200) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        let message = error(&flipped);
        assert!(message.contains("byte "), "flipped at {at}: {message}");
    }
}
