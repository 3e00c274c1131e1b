//! The scenario as a runner sees it: totals, coverage, determinism, waves, files.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::calendar::{CLEARS_S, CLOSES_S, OPENS_S};
use scenarios::file;
use scenarios::{
    Expected, ExpectedValue, Heard, Plan, Role, ScenarioFile, Spec, State, Step, Tally, Track,
    Wave, When, Work,
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
        105, 106, 107, 108, 110, 111, 112, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009,
        1010, 1011, 1012, 1013, 1014, 1017, 1202, 1502, 3001, 3002, 3003, 3004, 3005, 4001, 4002,
        4003, 4004, 4006, 4009, 4011, 4012, 4014, 4016, 4019, 5010, 5202, 5206, 5300, 5311, 5314,
        5400, 5501,
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
        ("approved by departments", tally.department_approvals),
        ("approved by finance", tally.finance_approvals),
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
fn shares_of_the_busiest_are_those_of_the_province() {
    for scale in ["0.05", "1"] {
        let plan = plan(scale, 7);
        let (totals, shares) = (plan.totals(), plan.shares());
        assert_eq!(shares.all.payments, totals.payments);
        assert_eq!(shares.all.amount_fen, i128::from(totals.amount.get()));
        assert_eq!(
            (shares.divisions.count, shares.quotas.count),
            (20, totals.quotas.div_ceil(100))
        );
        let divisions = shares.permille_of_payments(&shares.divisions);
        assert!((420..=580).contains(&divisions), "scale {scale}: {divisions}");
        let quotas = shares.permille_of_payments(&shares.quotas);
        assert!((250..=450).contains(&quotas), "scale {scale}: {quotas}");
    }
}

/// At the published size, without running it: the figures of the province to the last fen.
#[test]
fn the_plan_of_the_whole_province_has_the_published_figures() {
    let plan = plan("1", 2022);
    let totals = plan.totals();
    assert_eq!((totals.divisions, totals.quotas, totals.payments), (185, 194_100, 1_610_300));
    assert_eq!(totals.amount.get(), 28_206_300_000_000);
    assert_eq!((totals.units_registered, totals.units_active), (273_000, 27_300));
    assert_eq!((totals.projects, totals.days), (331_400, 37));
    let days = plan.days();
    assert_eq!(days.iter().map(|day| day.payments).sum::<u64>(), totals.payments);
    assert_eq!(days.iter().map(|day| day.amount_fen).sum::<i128>(), 28_206_300_000_000);
    let (mut units, mut spending, mut projects, mut quotas) = (0, 0, 0, 0);
    for place in plan.places() {
        for unit in plan.units(place.index) {
            units += 1;
            spending += u64::from(unit.quotas > 0);
            projects += unit.projects;
            quotas += unit.quotas;
        }
    }
    assert_eq!((units, spending, projects), (273_000, 27_300, 331_400));
    // The others hand money down, or were closed.
    assert!((180_000..194_100).contains(&quotas), "{quotas}");
}

#[test]
fn units_and_projects_are_whole_at_every_scale() {
    for (scale, registered, spending, projects) in
        [("0.000001", 185, 185, 185), ("0.001", 273, 185, 331), ("0.01", 2_730, 273, 3_314)]
    {
        let plan = plan(scale, 7);
        let totals = plan.totals();
        let told = (totals.units_registered, totals.units_active, totals.projects);
        assert_eq!(told, (registered, spending, projects), "scale {scale}");
        let units = || plan.places().iter().flat_map(|place| plan.units(place.index));
        assert_eq!(units().count() as u64, registered);
        assert_eq!(units().filter(|unit| unit.quotas > 0).count() as u64, spending);
        assert_eq!(units().map(|unit| unit.projects).sum::<u64>(), projects);
    }
}

#[test]
fn salary_days_and_the_rush_before_the_festival_are_visible() {
    let days = plan("0.05", 7).days();
    assert_eq!(days.len(), 37);
    let on = |wanted: u32| *days.iter().find(|day| day.day == wanted).unwrap();
    // A plain Wednesday, and the first salary day.
    let (plain, salaries) = (on(20_220_112), on(20_220_110));
    assert!(salaries.payroll > 10 * plain.payroll && salaries.payments > 2 * plain.payments);
    // Four days before the festival's eve, which itself is no working day.
    assert!(on(20_220_127).payments > 3 * plain.payments);
    assert!(days.iter().all(|day| day.day != 20_220_131 && day.payments > 0));
    assert!(on(20_220_207).payments < plain.payments);
}

/// In each lane time only goes on: requests in bank hours, clearing at their end, and everything
/// about a payment on its day.
#[test]
fn waves_keep_bank_hours_and_the_order_of_days() {
    let text = include_str!("../data/shandong-2022.toml");
    let text = text.replace("part_payments = 65536", "part_payments = 300");
    let plan = Plan::new(Spec::parse(&text).unwrap(), "0.005".parse().unwrap(), 7).unwrap();
    assert!(plan.totals().parts > 37);
    let (mut days, mut parts) = (BTreeSet::new(), 0);
    for lane in Work::new(plan, 2).lanes {
        let mut last = None;
        for step in lane {
            let Step::Wave(wave) = step else { continue };
            let Some(when) = wave.when else {
                let in_january = last.is_none_or(|last: When| last.day < 20_220_201);
                assert!(in_january, "all is set up before January's payments or February's");
                continue;
            };
            assert!(OPENS_S <= when.from_s && when.from_s <= when.until_s);
            assert!(when.until_s <= CLOSES_S);
            assert!(
                last.is_none_or(|last: When| {
                    (last.day, last.until_s) <= (when.day, when.from_s)
                })
            );
            for op in wave.ops() {
                let kind = u16::from_le_bytes([op.command[0], op.command[1]]);
                let day = u32::from_le_bytes(op.command[88..92].try_into().unwrap());
                if op.expected.code == 0 && matches!(kind, 1 | 2 | 33..=37) {
                    assert_eq!(day, when.day, "kind {kind}");
                }
                // What is taken: requests before four, clearings from then on.
                if op.expected.code == 0 && matches!(kind, 1 | 2 | 35) {
                    assert_eq!(kind == 35, when.from_s >= CLEARS_S);
                }
            }
            parts += u64::from(wave.role == Role::Bank && when.from_s < CLEARS_S);
            days.insert(when.day);
            last = Some(when);
        }
    }
    assert_eq!(days.len(), 37);
    assert!(parts > 2 * 37, "{parts}");
}

/// Payers whose numbers a clearing request has: bank, account and fund nature of each line's
/// payment, as the request for the payment named them.
#[test]
fn what_was_paid_is_cleared_per_bank_account_and_fund_nature() {
    let (steps, _) = run("0.01", 7, 3);
    let mut payers = BTreeMap::new();
    let plan = plan("0.01", 7);
    let paying = plan.places().iter().flat_map(|place| plan.paying(place.index));
    let funds: BTreeMap<u64, &str> = paying.map(|(quota, fund)| (quota.0, fund)).collect();
    let field =
        |command: &[u8], at: usize| u64::from_le_bytes(command[at..at + 8].try_into().unwrap());
    let mut requests: BTreeMap<u64, (u32, String, &str, u64)> = BTreeMap::new();
    for wave in waves(&steps) {
        for op in wave.ops() {
            let kind = u16::from_le_bytes([op.command[0], op.command[1]]);
            let id = op.command[16..32].to_vec();
            if matches!(kind, 1 | 2) && op.expected.code == 0 {
                let account = std::str::from_utf8(&op.tail[op.tail.len() - 16..]).unwrap();
                payers.insert(id.clone(), account.to_owned());
            }
            let serial = field(op.command, 48);
            if kind != 35 || serial >> 62 == 0 || op.expected.repeat {
                continue;
            }
            let day = u32::from_le_bytes(op.command[88..92].try_into().unwrap());
            let fund = funds[&field(op.command, 32)];
            let (request, line) = (serial >> 13, serial & 0x1fff);
            let known =
                requests.entry(request).or_insert_with(|| (day, payers[&id].clone(), fund, 0));
            assert_eq!((known.0, &known.1, known.2), (day, &payers[&id], fund));
            // Lines follow each other without a gap, so the request is one stretch of the stream.
            assert_eq!(known.3, line);
            known.3 += 1;
        }
    }
    let lines: u64 = requests.values().map(|request| request.3).sum();
    assert!(lines > 14_000 && requests.len() > 1_000, "{lines} in {}", requests.len());
    // One request for each payer and day: none is cut before it has 5 000 lines.
    let distinct: BTreeSet<_> = requests
        .iter()
        .map(|(request, (day, account, fund, _))| (request >> 33, day, account, fund))
        .collect();
    assert_eq!(distinct.len(), requests.len());
}

/// What the rules of the year's tables refuse, by the rule each stands for.
#[test]
fn elements_are_refused_as_the_tables_say() {
    let (steps, _) = run("0.01", 7, 2);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for op in waves(&steps).flat_map(|wave| wave.ops().collect::<Vec<_>>()) {
        let kind = u16::from_le_bytes([op.command[0], op.command[1]]);
        if op.expected.repeat {
            continue;
        }
        if kind == 80 {
            let rule = match op.expected.code {
                1007 => "quota of an unlisted class",
                1008 => "quota of unmapped classes",
                1017 => "quota of another budget's function",
                _ => continue,
            };
            *seen.entry(rule).or_default() += 1;
        }
        if kind != 1 {
            continue;
        }
        let class = &op.command[72..80];
        let digits = class.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let rule = match (op.expected.code, digits, op.command[102], op.command[103]) {
            (108, 0, _, _) => "class missing",
            (108, 3, _, _) => "class malformed",
            (108, _, 21, _) => "method unknown",
            (108, _, _, 9) => "business kind unknown",
            (1007, 2, _, _) => "class too coarse",
            (1007, _, _, _) => "class no table has",
            (1008, _, _, _) => "class of another quota",
            (1009, _, 91, _) => "method against fund nature",
            _ => continue,
        };
        *seen.entry(rule).or_default() += 1;
    }
    assert_eq!(seen.len(), 11, "{seen:?}");
    assert!(seen.values().all(|&count| count >= 5), "{seen:?}");
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

/// A day's part bounds what is in memory: no wave and no audit grows with the scale.
#[test]
fn memory_does_not_grow_with_the_scale() {
    let text = include_str!("../data/shandong-2022.toml");
    let text = text.replace("part_payments = 65536", "part_payments = 100");
    for scale in ["0.01", "0.04"] {
        let plan = Plan::new(Spec::parse(&text).unwrap(), scale.parse().unwrap(), 7).unwrap();
        let payments = plan.totals().payments;
        let mut paid = 0;
        for mut lane in Work::new(plan, 1).lanes {
            for step in lane.by_ref() {
                match step {
                    // A hundred payments, what goes beside them, and a rounding of each division.
                    Step::Wave(wave) if wave.role == Role::Maker && wave.when.is_some() => {
                        assert!(wave.len() < 400);
                    }
                    Step::Wave(wave) => assert!(wave.len() <= 16_384 + 16),
                    Step::Audit(audit) => assert!(audit.payments.len() <= 16_384 + 1),
                    Step::Barrier(_) => {}
                }
            }
            paid += lane.tally().paid;
        }
        assert_eq!(paid, payments);
    }
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
