//! The readable cases: every script in `tests/cases`, in the language of [`language`].

mod language;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use domain::Code;
use domain::codes::{ActKind, FactKind, MoveKind, StepKind};
use language::Coverage;

#[test]
fn every_case_comes_out_as_it_is_written_and_together_they_cover_everything() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = std::fs::read_dir(&folder).expect("the folder of cases");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut coverage = Coverage::default();
    let mut failures = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a script");
        let name = path.file_name().expect("a name").to_string_lossy();
        failures.extend(language::failures(&format!("cases/{name}"), text, &mut coverage));
    }
    failures.extend(language::failures("bounds", bounds(), &mut coverage));
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
    assert!(coverage.lines > 600, "only {} lines were executed", coverage.lines);
    let missing: Vec<_> = commands().difference(&coverage.accepted).copied().collect();
    assert!(missing.is_empty(), "no case accepts {missing:?}");
    let missing: Vec<_> = decided_codes().difference(&coverage.codes).copied().collect();
    assert!(missing.is_empty(), "no case hears {missing:?}");
}

#[test]
fn a_line_that_comes_out_otherwise_is_reported_with_its_place() {
    let text = "== two of three\nissue Q1 1000\nreserve R1 Q1 400 -> ok available 500\n\
                == the third\nissue Q1 10 -> no-right\nshow Q1 available 10\n\
                == fine\nissue Q1 1 -> ok available 1\n";
    let failures = language::failures("x.txt", text.into(), &mut Coverage::default());
    assert_eq!(
        failures,
        [
            "x.txt:3: reserve R1 Q1 400 -> ok available 500\n    heard: ok reserved available 600",
            "x.txt:5: issue Q1 10 -> no-right\n    heard: ok available 10",
        ]
    );
}

/// Every command by its name.
fn commands() -> BTreeSet<&'static str> {
    let kinds = [
        StepKind::ALL.iter().map(|kind| kind.slug()).collect::<Vec<_>>(),
        FactKind::ALL.iter().map(|kind| kind.slug()).collect(),
        ActKind::ALL.iter().map(|kind| kind.slug()).collect(),
        MoveKind::ALL.iter().map(|kind| kind.slug()).collect(),
    ];
    let others = [
        "reserve",
        "pay",
        "create",
        "move-in",
        "settle-move",
        "set-limit",
        "open-batch",
        "close-batch",
        "drop-batch",
        "lapse-batch",
        "abandon-batch",
        "open-year",
        "adjust-year",
        "close-year",
        "register",
        "resolve",
        "file",
    ];
    kinds.into_iter().flatten().chain(others).collect()
}

/// Codes that are heard from others than the domain's decisions: from the session, the shard, the
/// disk or the client.
const HEARD_ELSEWHERE: &[Code] = &[
    Code::Busy,
    Code::DiskLow,
    Code::Late,
    Code::Quarantined,
    Code::Fault,
    Code::BadLinkedRun,
    Code::OutcomeUnknown,
    Code::WrongEnvironment,
    Code::BadFrame,
    Code::WrongVersion,
    Code::DiskFull,
    Code::ShuttingDown,
    Code::SlowReader,
    Code::Diverged,
    Code::TooManyConnections,
    Code::HandshakeTimeout,
    Code::NoHello,
    Code::FactQuarantined,
    Code::NotQuarantined,
    // Never an answer: a figure that says where in a paper.
    Code::PaperLine,
    // In `a_channel_that_parks_too_much_keeps_its_facts`: it takes 65,536 facts.
    Code::SuspenseFull,
];

/// Codes of papers on one subject of the finance office: heard in that subject's own tests.
const OF_A_SUBJECT: std::ops::Range<u16> = 5004..5800;

fn decided_codes() -> BTreeSet<Code> {
    let all = Code::ALL.iter().copied();
    let here = all.filter(|code| !HEARD_ELSEWHERE.contains(code));
    let here = here.filter(|code| !OF_A_SUBJECT.contains(&code.number()));
    // What control rules answer is heard in `tests/office_rules.rs`.
    let rules = |code: Code| {
        let number = code.number();
        matches!(number, 1018..=1199 | 1201 | 1203..=1501 | 1600..=2999)
    };
    here.filter(|code| !rules(*code)).collect()
}

/// Cases with more lines than anyone would write by hand.
fn bounds() -> String {
    use domain::limits::{HOLDS_PER_PAYMENT_MAX, NOTE_BYTES_MAX, REFUNDS_PER_PAYMENT_MAX};
    use std::fmt::Write as _;
    let mut text = String::from("== a payment is held so often and no oftener\nissue Q1 1000\n");
    text.push_str("reserve R1 Q1 400\n");
    for n in 1..=HOLDS_PER_PAYMENT_MAX {
        writeln!(text, "hold R1 n={n} -> ok held\nunhold R1 n={n} -> ok reserved").expect("text");
    }
    text.push_str("hold R1 n=99 -> too-many\n");
    text.push_str("== so many refunds and no more\nissue Q1 1000\nreserve R1 Q1 400\n");
    text.push_str("approve-unit R1\ninstruct R1\nconfirm-paid R1 400\n");
    for n in 1..=REFUNDS_PER_PAYMENT_MAX {
        writeln!(text, "refund R1 1 number={n} -> ok paid").expect("text");
    }
    text.push_str("refund R1 1 number=99 -> parked too-many\n");
    let (fits, long) = ("x".repeat(NOTE_BYTES_MAX), "x".repeat(NOTE_BYTES_MAX + 1));
    writeln!(text, "== texts have a bound\nissue Q1 9\nreserve R1 Q1 9").expect("text");
    writeln!(text, "issue Q1 1 note={fits}\nissue Q1 1 note={long} -> text-too-long")
        .expect("text");
    writeln!(text, "hold R1 why={long} -> text-too-long").expect("text");
    text
}

#[test]
fn a_channel_that_parks_too_much_keeps_its_facts() {
    use domain::codes::{FactKind, Role};
    use domain::command::{Body, By, Fact, Register};
    use domain::ids::{ChannelId, Day, PersonId};
    use domain::limits::PARKED_PER_CHANNEL_MAX;
    use domain::{Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};

    let fact = |serial: u64, channel: u16| Command {
        by: By { person: PersonId(1), role: Role::Bank, channel: ChannelId(channel) },
        body: Body::Fact(Fact {
            kind: FactKind::ConfirmPaid,
            payment: PaymentId(7),
            quota: QuotaId::new(DivisionIndex(4), FiscalYear::new(2023).expect("a year"), 0),
            serial,
            amount_fen: Fen::new(5),
            payee_hash: 0,
            day: Day::new(20_230_310).expect("a day"),
            refund: 0,
            detail: 0,
            note: "",
        }),
    };
    // No division is registered but the province, so nothing fits and all of it is parked there.
    let mut world = world::World::new();
    let province = Command {
        by: By { person: PersonId(1), role: Role::Operator, channel: ChannelId(1) },
        body: Body::Register(Register {
            division: DivisionIndex::PROVINCE,
            code: *b"370000000",
            parent: DivisionIndex::PROVINCE,
            name: "省",
        }),
    };
    world.send(&province);
    for serial in 0..PARKED_PER_CHANNEL_MAX as u64 {
        assert_eq!(world.send(&fact(serial, 1)).answer.code, Code::Parked, "fact {serial}");
    }
    let over = PARKED_PER_CHANNEL_MAX as u64;
    let events = world.journal.len();
    assert_eq!(world.send(&fact(over, 1)).answer.code, Code::SuspenseFull);
    // It left no trace, a repeat of a parked one is still known, and others are not disturbed.
    assert_eq!(world.journal.len(), events);
    assert!(world.send(&fact(5, 1)).answer.repeat);
    assert_eq!(world.send(&fact(over, 2)).answer.code, Code::Parked);
}
