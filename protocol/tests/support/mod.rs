//! Any command, for property tests: every kind, with every field filled.
#![allow(dead_code, reason = "each test crate uses a part of it")]

use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve,
    SetLimit, SetYear, Step,
};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, MoveId,
    PaymentId, PersonId, QuotaId,
};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText};
use domain::{Command, Fen, Role};
use proptest::prelude::*;
use protocol::layout::{LAYOUTS, Layout};

/// What a command is made from.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) layout: &'static Layout,
    pub(crate) id: u128,
    pub(crate) wide: u128,
    pub(crate) numbers: [u64; 5],
    pub(crate) amount: i64,
    pub(crate) class: Class,
    pub(crate) fund: Class,
    pub(crate) day: Day,
    pub(crate) count: u32,
    pub(crate) shorts: [u16; 2],
    pub(crate) year: u8,
    pub(crate) picks: [u8; 3],
    pub(crate) text: String,
    pub(crate) particulars: Vec<u8>,
}

pub(crate) const ROLE: Role = Role::Finance;
pub(crate) const CHANNEL: ChannelId = ChannelId(17);

fn pick<T: Copy>(all: &[T], pick: u8) -> T {
    all[usize::from(pick) % all.len()]
}

impl Seed {
    /// The command: what its kind does not use is zero.
    pub(crate) fn command(&self) -> Command<'_> {
        let by = By { person: PersonId(self.numbers[0]), role: ROLE, channel: CHANNEL };
        Command { by, body: self.body() }
    }

    fn body(&self) -> Body<'_> {
        let slug = self.layout.slug;
        let quota = QuotaId(self.numbers[1]);
        let amount_fen = Fen::new(self.amount);
        let (a, b, c) = (self.numbers[2], self.numbers[3], self.numbers[4]);
        let division = DivisionIndex(self.shorts[0]);
        let year = FiscalYear::from_offset(self.year);
        let text = self.text.as_str();
        if let Some(kind) = StepKind::from_slug(slug) {
            let payment = PaymentId(self.id);
            return Body::Step(Step { kind, payment, quota, serial: a, reason: text });
        }
        if let Some(kind) = FactKind::from_slug(slug) {
            let refund = matches!(kind, FactKind::Refund | FactKind::SettleRefund);
            return Body::Fact(Fact {
                kind,
                payment: PaymentId(self.id),
                quota,
                serial: a,
                amount_fen: if kind == FactKind::Reject { Fen::ZERO } else { amount_fen },
                payee_hash: b,
                day: self.day,
                refund: if refund { c } else { 0 },
                detail: if refund { self.count } else { 0 },
                note: text,
            });
        }
        if let Some(kind) = ActKind::from_slug(slug) {
            let bare = matches!(kind, ActKind::Close | ActKind::Revive);
            let earmark = matches!(kind, ActKind::Earmark | ActKind::Unearmark);
            let staged = matches!(
                kind,
                ActKind::Issue | ActKind::Supplement | ActKind::Cut | ActKind::Recover
            );
            return Body::Act(Act {
                kind,
                act: ActId(self.id),
                quota,
                amount_fen: if bare { Fen::ZERO } else { amount_fen },
                contract: ContractId(if earmark { a } else { 0 }),
                plan: ContractId(if earmark { b } else { 0 }),
                batch: BatchId(if staged { self.wide } else { 0 }),
                note: text,
            });
        }
        if let Some(kind) = MoveKind::from_slug(slug) {
            let corrects = kind == MoveKind::Correct;
            return Body::MoveOut(MoveOut {
                kind,
                id: MoveId(self.id),
                from: quota,
                to: QuotaId(a),
                amount_fen,
                batch: BatchId(if corrects { 0 } else { self.wide }),
                payment: PaymentId(if corrects { self.wide } else { 0 }),
                note: text,
            });
        }
        let set_year =
            |state| Body::SetYear(SetYear { act: ActId(self.id), division, year, state });
        let end = |step| {
            let (act, batch) = (ActId(self.id), BatchId(self.wide));
            Body::EndBatch(EndBatch { step, act, batch, division, year })
        };
        match slug {
            "reserve" | "pay" => Body::Reserve(Reserve {
                payment: PaymentId(self.id),
                quota,
                amount_fen,
                economic: self.class,
                method: pick(Method::ALL, self.picks[0]),
                kind: pick(BusinessKind::ALL, self.picks[1]),
                day: self.day,
                contract: ContractId(a),
                plan: ContractId(b),
                deadline_ms: c,
                one_act: slug == "pay",
                particulars: Particulars::trusted(&self.particulars),
            }),
            "create" => Body::Create(Create {
                act: ActId(self.id),
                division,
                year,
                parent: quota,
                fund: self.fund,
                economic: self.class,
                posts: Posts::from_bits(self.picks[0] % 8).unwrap(),
                executable: self.picks[1] % 2 == 1,
                plan: LimitKey(a),
                authority: pick(AuthorityKind::ALL, self.picks[2]),
                cap_fen: amount_fen,
                key: text,
            }),
            "set-limit" => Body::SetLimit(SetLimit {
                act: ActId(self.id),
                division,
                year,
                kind: pick(LimitKind::ALL, self.picks[0]),
                key: LimitKey(a),
                month: self.picks[1],
                amount_fen,
                checker: PersonId(b),
            }),
            "open-batch" => Body::OpenBatch(OpenBatch {
                batch: BatchId(self.id),
                division,
                year,
                count: self.count,
                digest: self.wide,
                deadline_ms: a,
            }),
            "close-batch" => end(BatchStep::Close),
            "drop-batch" => end(BatchStep::Drop),
            "open-year" => set_year(YearState::Open),
            "adjust-year" => set_year(YearState::Adjustment),
            "close-year" => set_year(YearState::Closed),
            "register" => {
                let digits = format!("{:09}", self.count % 1_000_000_000);
                Body::Register(Register {
                    division,
                    code: digits.as_bytes().try_into().unwrap(),
                    parent: DivisionIndex(self.shorts[1]),
                    name: text,
                })
            }
            "resolve" => Body::Resolve(Resolve {
                act: ActId(self.id),
                division,
                year,
                channel: ChannelId(self.shorts[1]),
                serial: a,
                action: pick(ResolveAction::ALL, self.picks[0]),
                reason: text,
            }),
            "file" => Body::File(Paper {
                act: ActId(self.id),
                division,
                year,
                kind: pick(PaperKind::ALL, self.picks[0]),
                batch: BatchId(self.wide),
                checker: PersonId(a),
                day: Some(self.day),
                text,
            }),
            _ => panic!("{slug} is in the table and not here"),
        }
    }
}

fn class() -> impl Strategy<Value = Class> {
    "[0-9A-Za-z]{1,8}".prop_map(|text| Class::new(&text).unwrap())
}

fn day() -> impl Strategy<Value = Day> {
    (1900_u32..3000, 1_u32..13, 1_u32..29)
        .prop_map(|(year, month, day)| Day::new(year * 10_000 + month * 100 + day).unwrap())
}

fn particulars() -> impl Strategy<Value = Vec<u8>> {
    let text = || "\\PC{0,40}";
    let bank = prop_oneof![Just(String::new()), "[0-9]{12}"];
    (text(), text(), bank, text(), text(), text()).prop_map(
        |(payee_name, payee_account, payee_bank, purpose, document, numbers)| {
            ParticularsText { payee_name, payee_account, payee_bank, purpose, document, numbers }
                .encode()
        },
    )
}

/// Any command of a kind.
pub(crate) fn seed_of(layout: &'static Layout) -> impl Strategy<Value = Seed> {
    let fixed = (any::<[u64; 5]>(), any::<i64>(), class(), class(), day(), any::<u32>());
    let rest = (any::<[u16; 2]>(), any::<u8>(), any::<[u8; 3]>(), "\\PC{0,60}", particulars());
    (any::<u128>(), any::<u128>(), fixed, rest).prop_map(move |(id, wide, fixed, rest)| {
        let (numbers, amount, class, fund, day, count) = fixed;
        let (shorts, year, picks, text, particulars) = rest;
        Seed {
            layout,
            id,
            wide,
            numbers,
            amount,
            class,
            fund,
            day,
            count,
            shorts,
            year,
            picks,
            text,
            particulars,
        }
    })
}

/// Any command of any kind.
pub(crate) fn seed() -> impl Strategy<Value = Seed> {
    (0..LAYOUTS.len()).prop_flat_map(|index| seed_of(&LAYOUTS[index]))
}

/// One fixed command of a kind, with values a reader recognizes.
pub(crate) fn sample(layout: &'static Layout) -> Seed {
    let particulars = ParticularsText {
        payee_name: "齐鲁文具店".into(),
        payee_account: "6222020000000000017".into(),
        payee_bank: "102451000017".into(),
        purpose: "办公费".into(),
        document: "发票 3701-17".into(),
        numbers: String::new(),
    };
    let number = u64::from(layout.number);
    let quota = |serial| QuotaId::new(DivisionIndex(184), FiscalYear::from_offset(22), serial).0;
    Seed {
        layout,
        id: 0x0192_7c5e_4b7a_7d11_9a41_0000_0000_0000 + u128::from(number),
        wide: 0x0192_7c5e_4b7a_7d11_9a42_0000_0000_0000 + u128::from(number),
        numbers: [370_017, quota(5), if layout.slug == "create" { 71 } else { quota(6) }, 72, 73],
        amount: 123_450,
        class: Class::new("30201").unwrap(),
        fund: Class::new("111").unwrap(),
        day: Day::new(20_220_304).unwrap(),
        count: 370_100_000,
        shorts: [184, 3],
        year: 22,
        // The first paper: there will be more of them.
        picks: if layout.slug == "file" { [0, 1, 0] } else { [7, 1, 0] },
        text: "鲁财〔2022〕17号".into(),
        particulars: particulars.encode(),
    }
}

/// Where a file of golden vectors lies.
pub(crate) fn vector_path(name: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)
}

/// Holds a file of golden vectors against what the code makes; `UPDATE_GOLDEN=1` writes it anew.
pub(crate) fn hold_golden(name: &str, file: &serde_json::Value) {
    let text = serde_json::to_string_pretty(file).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(vector_path(name), text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(vector_path(name)).unwrap_or_default();
    assert!(
        found == text,
        "vectors/{name} is not what the code makes; if the protocol was meant to change, run with UPDATE_GOLDEN=1"
    );
}
