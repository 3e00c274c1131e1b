//! The fingerprint covers every field of every command: two commands that differ in one field are
//! never the same. The patterns name every field, so that a new one cannot be forgotten here.

use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, Role, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveIn, MoveOut, OpenBatch, Paper as File, Register,
    Reserve, Resolve, SetLimit, SetYear, SettleMove, Step,
};
use domain::contents::{HashKey, fingerprint};
use domain::ids::{ActId, BatchId, ChannelId, Class, ContractId, Day, LimitKey, MoveId, PersonId};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText};
use domain::{Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};
use proptest::prelude::*;

const KEY: HashKey = HashKey(*b"another test key");

/// For a struct and another value of each of its fields: every struct that differs in one field.
macro_rules! one_field_changed {
    ($base:expr, $kind:ident { $($field:ident: $other:expr),+ $(,)? }) => {{
        let base = $base;
        // Every field is named: this line does not compile when one is missing.
        let $kind { $($field: _),+ } = base;
        vec![$({
            let mut changed = base;
            assert_ne!(changed.$field, $other, "{}", stringify!($kind.$field));
            changed.$field = $other;
            (stringify!($kind.$field), changed)
        }),+]
    }};
}

/// Numbers that two values of a field are made of; they differ in every place.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    a: u64,
    b: u64,
}

type Variants = (Body<'static>, Vec<(&'static str, Body<'static>)>);

fn variants(n: Numbers) -> Vec<Variants> {
    let wide = |n: u64| u128::from(n) << 40 | u128::from(n);
    let day = |n: u64| Day::new(20_230_101 + (n % 28) as u32).expect("a day");
    let year = |n: u64| FiscalYear::from_offset(n as u8);
    let class = |n: u64| Class::new(&(n % 10_000_000).to_string()).expect("a class");
    let fen = |n: u64| Fen::new(n as i64);
    let text = |n: u64| -> &'static str { format!("text {n}").leak() };
    let of = |n: u64| {
        let text = ParticularsText { purpose: format!("{n}"), ..Default::default() };
        Particulars::trusted(Vec::leak(text.encode()))
    };
    let index = |n: u64| DivisionIndex(n as u16);
    let Numbers { a, b } = n;
    let mut all = Vec::new();
    macro_rules! body {
        ($kind:ident { $($field:ident: $one:expr => $other:expr),+ $(,)? }) => {{
            let base = $kind { $($field: $one),+ };
            let changed = one_field_changed!(base, $kind { $($field: $other),+ });
            let changed = changed.into_iter().map(|(name, body)| (name, Body::$kind(body)));
            all.push((Body::$kind(base), changed.collect::<Vec<_>>()));
        }};
    }
    body!(Reserve {
        payment: PaymentId(wide(a)) => PaymentId(wide(b)),
        quota: QuotaId(a) => QuotaId(b),
        amount_fen: fen(a) => fen(b),
        economic: class(a) => class(b),
        method: Method::Direct => Method::Authorized,
        kind: BusinessKind::Card => BusinessKind::Payroll,
        day: day(a) => day(b),
        contract: ContractId(a) => ContractId(b),
        plan: ContractId(a) => ContractId(b),
        deadline_ms: a => b,
        one_act: false => true,
        particulars: of(a) => of(b),
    });
    body!(Step {
        kind: StepKind::Hold => StepKind::Unhold,
        payment: PaymentId(wide(a)) => PaymentId(wide(b)),
        quota: QuotaId(a) => QuotaId(b),
        serial: a => b,
        reason: text(a) => text(b),
    });
    body!(Fact {
        kind: FactKind::Refund => FactKind::SettleRefund,
        payment: PaymentId(wide(a)) => PaymentId(wide(b)),
        quota: QuotaId(a) => QuotaId(b),
        serial: a => b,
        amount_fen: fen(a) => fen(b),
        payee_hash: a => b,
        day: day(a) => day(b),
        refund: a => b,
        detail: a as u32 => b as u32,
        note: text(a) => text(b),
    });
    body!(Act {
        kind: ActKind::Issue => ActKind::Supplement,
        act: ActId(wide(a)) => ActId(wide(b)),
        quota: QuotaId(a) => QuotaId(b),
        amount_fen: fen(a) => fen(b),
        contract: ContractId(a) => ContractId(b),
        plan: ContractId(a) => ContractId(b),
        batch: BatchId(wide(a)) => BatchId(wide(b)),
        note: text(a) => text(b),
    });
    body!(Create {
        act: ActId(wide(a)) => ActId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
        parent: QuotaId(a) => QuotaId(b),
        fund: class(a) => class(b),
        economic: class(a) => class(b),
        posts: Posts::UNIT => Posts::ALL,
        executable: true => false,
        plan: LimitKey(a) => LimitKey(b),
        authority: AuthorityKind::BudgetLine => AuthorityKind::PreApproval,
        cap_fen: fen(a) => fen(b),
        key: text(a) => text(b),
    });
    body!(MoveOut {
        kind: MoveKind::Correct => MoveKind::Virement,
        id: MoveId(wide(a)) => MoveId(wide(b)),
        from: QuotaId(a) => QuotaId(b),
        to: QuotaId(a) => QuotaId(b),
        amount_fen: fen(a) => fen(b),
        batch: BatchId(wide(a)) => BatchId(wide(b)),
        payment: PaymentId(wide(a)) => PaymentId(wide(b)),
        note: text(a) => text(b),
    });
    body!(MoveIn {
        kind: MoveKind::Correct => MoveKind::Virement,
        id: MoveId(wide(a)) => MoveId(wide(b)),
        from: QuotaId(a) => QuotaId(b),
        to: QuotaId(a) => QuotaId(b),
        amount_fen: fen(a) => fen(b),
        fund: class(a) => class(b),
        payment: PaymentId(wide(a)) => PaymentId(wide(b)),
    });
    body!(SettleMove {
        id: MoveId(wide(a)) => MoveId(wide(b)),
        from: QuotaId(a) => QuotaId(b),
        landed: true => false,
    });
    body!(SetLimit {
        act: ActId(wide(a)) => ActId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
        kind: LimitKind::PlanMonth => LimitKind::PayCeiling,
        key: LimitKey(a) => LimitKey(b),
        month: a as u8 => b as u8,
        amount_fen: fen(a) => fen(b),
        checker: PersonId(a) => PersonId(b),
    });
    body!(OpenBatch {
        batch: BatchId(wide(a)) => BatchId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
        count: a as u32 => b as u32,
        digest: wide(a) => wide(b),
        deadline_ms: a => b,
    });
    body!(EndBatch {
        step: BatchStep::Close => BatchStep::Drop,
        act: ActId(wide(a)) => ActId(wide(b)),
        batch: BatchId(wide(a)) => BatchId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
    });
    body!(SetYear {
        act: ActId(wide(a)) => ActId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
        state: YearState::Open => YearState::Closed,
    });
    body!(Register {
        division: index(a) => index(b),
        code: [b'0' + (a % 10) as u8; 9] => [b'0' + (b % 10) as u8; 9],
        parent: index(a) => index(b),
        name: text(a) => text(b),
    });
    body!(Resolve {
        act: ActId(wide(a)) => ActId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
        channel: ChannelId(a as u16) => ChannelId(b as u16),
        serial: a => b,
        action: ResolveAction::Apply => ResolveAction::Dismiss,
        reason: text(a) => text(b),
    });
    body!(File {
        act: ActId(wide(a)) => ActId(wide(b)),
        division: index(a) => index(b),
        year: year(a) => year(b),
        kind: PaperKind::BasePut => PaperKind::BaseRemove,
        batch: BatchId(wide(a)) => BatchId(wide(b)),
        checker: PersonId(a) => PersonId(b),
        day: Some(day(a)) => Some(day(b)),
        text: text(a) => text(b),
    });
    all
}

fn given(body: Body<'static>) -> Command<'static> {
    let by = By { person: PersonId(1), role: Role::Maker, channel: ChannelId(1) };
    Command { by, body }
}

/// Two numbers that stay apart in a byte, a day of the month and a digit.
fn numbers() -> impl Strategy<Value = Numbers> {
    let apart =
        |n: &Numbers| n.a as u8 != n.b as u8 && n.a % 28 != n.b % 28 && n.a % 10 != n.b % 10;
    (1_u64..1 << 53, 1_u64..1 << 53)
        .prop_map(|(a, b)| Numbers { a, b })
        .prop_filter("numbers that differ in every use", apart)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_field_of_every_command_changes_the_fingerprint(numbers in numbers()) {
        let all = variants(numbers);
        prop_assert_eq!(all.len(), 15, "a kind of command is missing here");
        for (body, changed) in all {
            let base = fingerprint(KEY, &given(body));
            prop_assert_eq!(fingerprint(KEY, &given(body)), base);
            for (field, body) in changed {
                prop_assert_ne!(fingerprint(KEY, &given(body)), base, "{}", field);
            }
        }
    }

    #[test]
    fn the_person_counts_in_orders_and_the_way_it_came_never(numbers in numbers()) {
        for (body, _) in variants(numbers) {
            let base = given(body);
            let print = fingerprint(KEY, &base);
            let mut other = base;
            other.by.person = PersonId(2);
            prop_assert_eq!(fingerprint(KEY, &other) == print, base.is_fact(), "{}", base.slug());
            let mut other = base;
            other.by.role = Role::Engine;
            other.by.channel = ChannelId(2);
            prop_assert_eq!(fingerprint(KEY, &other), print, "{}", base.slug());
            prop_assert_ne!(fingerprint(HashKey([7; 16]), &base), print, "{}", base.slug());
        }
    }
}

/// A move of another kind in place of a correction: it has no payment.
fn no_correction(body: Body<'static>) -> Body<'static> {
    let (kind, payment) = (MoveKind::Allocate, PaymentId::NONE);
    match body {
        Body::MoveOut(moved) => Body::MoveOut(MoveOut { kind, payment, ..moved }),
        Body::MoveIn(moved) => Body::MoveIn(MoveIn { kind, payment, ..moved }),
        other => other,
    }
}

/// A fingerprint stays on record for ever: no change of the program may give another.
#[test]
fn todays_fingerprints_are_the_kept_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/fingerprints.txt");
    let line = |body: Body<'static>| {
        let command = given(body);
        let (tag, print) = (domain::contents::tag(&body), fingerprint(KEY, &command));
        format!("{tag} {} {:032x}\n", command.slug(), print.0)
    };
    let bodies = variants(Numbers { a: 1, b: 2 }).into_iter().map(|(body, _)| body);
    let in_one_act = bodies.clone().filter_map(|body| match body {
        Body::Reserve(reserve) => Some(Body::Reserve(Reserve { one_act: true, ..reserve })),
        _ => None,
    });
    let corrections = bodies.clone().filter(|body| *body != no_correction(*body));
    let bodies = bodies.map(no_correction);
    let today: String = bodies.chain(in_one_act).chain(corrections).map(line).collect();
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path, &today).expect("the file can be written");
    }
    let kept = std::fs::read_to_string(path).expect("the file");
    assert!(kept == today, "the fingerprints have changed:\n{today}");
}

#[test]
fn kinds_with_the_same_fields_differ() {
    let all = variants(Numbers { a: 1, b: 2 });
    let mut prints: Vec<_> = all.iter().map(|(body, _)| fingerprint(KEY, &given(*body))).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), all.len());
}

/// A variable part that is absent is not one that is empty-looking: lengths cannot be shifted
/// between the fixed fields and the text.
#[test]
fn an_absent_text_differs_from_every_present_one() {
    let reason = |reason: &'static str| {
        let (kind, payment, quota) = (StepKind::Hold, PaymentId(1), QuotaId(1));
        fingerprint(KEY, &given(Body::Step(Step { kind, payment, quota, serial: 1, reason })))
    };
    let texts = ["", " ", "\0", "0000000000000000", "a"];
    for (at, one) in texts.iter().enumerate() {
        for other in &texts[at + 1..] {
            assert_ne!(reason(one), reason(other), "{one:?} and {other:?}");
        }
    }
}
