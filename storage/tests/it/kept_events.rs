//! One event of each kind as a real payment, quota and day would have it: what the golden files
//! hold, for readers written elsewhere.
//!
//! A supplies order of the Lixia district (division 184) in 2022: its unit pays 1,234.50 yuan to a
//! stationer, gets a refund, and everything that can happen around it happens once.

use domain::codes::{
    ActKind, AuthorityKind, BatchEnd, BusinessKind, FactKind, LimitKind, Method, MoveKind, Path,
    Posts, ResolveAction, Role, StepKind, YearState,
};
use domain::command::{
    Act, By, Create, Fact, MoveIn, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve, SetLimit,
    Step,
};
use domain::event::{Event, EventBody, RefusedId, RunId};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear,
    LimitKey, MoveId, PaymentId, PersonId, QuotaId,
};
use domain::money::Fen;
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText, account_hash};
use domain::refusal::{Code, Figure, Refusal};

const DIVISION: DivisionIndex = DivisionIndex(184);
const PAYMENT: PaymentId = PaymentId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_0001);
const BATCH: BatchId = BatchId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_00b1);
const MOVE: MoveId = MoveId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_0c01);
const PRINT: Fingerprint = Fingerprint(0xab28_fb3f_9ee9_eaa3_337a_52d4_5181_099f);
const ACCOUNT: &str = "6222020000000000017";
const PLAN: LimitKey = LimitKey(184_001);
const AMOUNT: Fen = Fen::new(123_450);

fn act(number: u128) -> ActId {
    ActId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_a000 + number)
}

fn year() -> FiscalYear {
    FiscalYear::new(2022).unwrap()
}

fn quota(serial: u64) -> QuotaId {
    QuotaId::new(DIVISION, year(), serial)
}

fn class(code: &str) -> Class {
    Class::new(code).unwrap()
}

fn day(day: u32) -> Day {
    Day::new(day).unwrap()
}

const fn by(person: u64, role: Role, channel: u16) -> By {
    By { person: PersonId(person), role, channel: ChannelId(channel) }
}

const MAKER: By = by(370_017, Role::Maker, 12);
const CHECKER: By = by(370_018, Role::Checker, 12);
const FINANCE: By = by(370_031, Role::Finance, 3);
const BANK: By = by(900_004_017, Role::Bank, 102);
const OPERATOR: By = by(370_099, Role::Operator, 1);
/// The engine, in the name of who moved the money or opened the batch.
const ENGINE: By = by(370_031, Role::Engine, 0);

/// The particulars of the payment.
pub(crate) fn particulars() -> Vec<u8> {
    ParticularsText {
        payee_name: "齐鲁文具店".to_owned(),
        payee_account: ACCOUNT.to_owned(),
        payee_bank: "102451000017".to_owned(),
        purpose: "办公费".to_owned(),
        document: "合同 2022-0301".to_owned(),
        numbers: "370102000-2022-000017".to_owned(),
    }
    .encode()
}

/// The ids of a linked run: a reservation and a freeze.
pub(crate) fn run_ids() -> Vec<RunId> {
    let id = |id, person, tag, amount_fen| RunId {
        id,
        quota: quota(5),
        person: PersonId(person),
        fingerprint: PRINT,
        tag,
        amount_fen,
    };
    vec![
        id(RefusedId::Payment(PaymentId(PAYMENT.0 + 2)), 370_017, 1, AMOUNT),
        id(RefusedId::Act(act(9)), 370_031, 5, Fen::new(1_000)),
    ]
}

fn receipt(kind: FactKind, serial: u64, amount_fen: Fen, note: &str) -> Fact<'_> {
    let refund = if kind == FactKind::Refund { 70_001 } else { 0 };
    Fact {
        kind,
        payment: PAYMENT,
        quota: quota(5),
        serial,
        amount_fen,
        payee_hash: account_hash(ACCOUNT),
        day: day(20_220_308),
        refund,
        detail: u32::from(refund != 0),
        note,
    }
}

fn over_quota() -> Refusal {
    let mut refusal = Refusal::with(Code::OverQuota, AMOUNT, Fen::new(100_000));
    let (limit, left_fen) = (Code::OverPlan, Fen::new(80_000));
    refusal.add(Figure { limit, requested_fen: AMOUNT, left_fen });
    refusal
}

fn moved() -> MoveIn {
    MoveIn {
        kind: MoveKind::Transfer,
        id: MOVE,
        from: QuotaId::new(DivisionIndex(180), year(), 2),
        to: quota(1),
        amount_fen: Fen::new(50_000_000),
        fund: class("111"),
        payment: PaymentId::NONE,
    }
}

/// The event of the `index`th kind.
pub(crate) fn event<'a>(index: usize, particulars: &'a [u8], ids: &'a [RunId]) -> Event<'a> {
    let (division, year, fingerprint) = (DIVISION, year(), PRINT);
    let (by, body) = match index {
        0 => {
            let command = Reserve {
                payment: PAYMENT,
                quota: quota(5),
                amount_fen: AMOUNT,
                economic: class("30201"),
                method: Method::Centralized,
                kind: BusinessKind::Single,
                day: day(20_220_304),
                contract: ContractId(2_022_000_301),
                plan: ContractId(2_022_000_017),
                deadline_ms: 1_647_000_000_000,
                one_act: false,
                particulars: Particulars::parse(particulars).unwrap(),
            };
            let (path, posts) = (Path::Treasury, Posts::UNIT);
            let (version, rule_version) = (7, 0);
            (
                MAKER,
                EventBody::Reserved {
                    version,
                    fingerprint,
                    rule_version,
                    path,
                    posts,
                    leaves_rows: false,
                    command,
                },
            )
        }
        1 => {
            let (kind, reason) = (StepKind::ApproveUnit, "同意");
            let command = Step { kind, payment: PAYMENT, quota: quota(5), serial: 1, reason };
            (CHECKER, EventBody::Stepped { version: 8, command })
        }
        2 => {
            let command = receipt(FactKind::ConfirmPaid, 8_001, AMOUNT, "已付");
            let (version, from_suspense) = (10, false);
            (BANK, EventBody::FactTaken { version, fingerprint, from_suspense, command })
        }
        3 => {
            let command = receipt(FactKind::Refund, 8_002, Fen::new(23_450), "账号有误");
            let reason = Code::FactEarly;
            (BANK, EventBody::FactParked { division, year, fingerprint, reason, command })
        }
        4 => {
            let command = Act {
                kind: ActKind::Earmark,
                act: act(1),
                quota: quota(5),
                amount_fen: Fen::new(10_000_000),
                contract: ContractId(2_022_000_301),
                plan: ContractId(2_022_000_017),
                batch: BatchId(0),
                note: "采购合同备案",
            };
            (FINANCE, EventBody::Acted { version: 6, fingerprint, command })
        }
        5 => {
            let command = Create {
                act: act(2),
                division,
                year,
                parent: quota(1),
                fund: class("111"),
                economic: class("302"),
                posts: Posts::UNIT,
                executable: true,
                plan: PLAN,
                authority: AuthorityKind::PreApproval,
                cap_fen: Fen::new(30_000_000),
                key: "184001/2010301/302/111/历财预〔2022〕1号",
            };
            (FINANCE, EventBody::Created { quota: quota(5), fingerprint, command })
        }
        6 => {
            let command = MoveOut {
                kind: MoveKind::Allocate,
                id: MOVE,
                from: quota(1),
                to: quota(5),
                amount_fen: Fen::new(20_000_000),
                batch: BATCH,
                payment: PaymentId::NONE,
                note: "历财预〔2022〕1号",
            };
            (FINANCE, EventBody::MovedOut { version: 3, fingerprint, command })
        }
        7 => (ENGINE, EventBody::MovedIn { version: 2, command: moved() }),
        8 => (ENGINE, EventBody::MoveDeclined { reason: Code::NotChild, command: moved() }),
        9 => {
            let from = moved().from;
            (ENGINE, EventBody::MoveSettled { version: 4, id: MOVE, from, landed: true })
        }
        10 => {
            let command = SetLimit {
                act: act(3),
                division,
                year,
                kind: LimitKind::PlanMonth,
                key: PLAN,
                month: 3,
                amount_fen: Fen::new(5_000_000),
                checker: PersonId(370_032),
            };
            (FINANCE, EventBody::LimitSet { version: 3, fingerprint, command })
        }
        11 => {
            let command = OpenBatch {
                batch: BATCH,
                division,
                year,
                count: 2,
                digest: 0x5d14_8db1_1c9f_3a0e_77c2_0e51_9b3d_42f8,
                deadline_ms: 1_646_400_000_000,
            };
            (FINANCE, EventBody::BatchOpened { fingerprint, command })
        }
        12 => {
            let (act, batch, end) = (act(4), BATCH, BatchEnd::Closed);
            (FINANCE, EventBody::BatchEnded { fingerprint, act, division, year, batch, end })
        }
        13 => {
            let (act, state) = (act(5), YearState::Open);
            (OPERATOR, EventBody::YearSet { fingerprint, act, division, year, state })
        }
        14 => {
            let (code, parent) = (*b"370102000", DivisionIndex(180));
            let command = Register { division, code, parent, name: "历下区" };
            (OPERATOR, EventBody::Registered { command })
        }
        15 => {
            let command = Resolve {
                act: act(6),
                division,
                year,
                channel: BANK.channel,
                serial: 8_002,
                action: ResolveAction::Apply,
                reason: "银行已补报回单",
            };
            let fact = Fingerprint(0x16fd_4615_fd84_3c80_0ac9_4fd9_d53d_b5de);
            (FINANCE, EventBody::Resolved { fingerprint, fact, command })
        }
        16 => {
            let body = EventBody::Refused {
                id: RefusedId::Payment(PaymentId(PAYMENT.0 + 1)),
                quota: quota(5),
                division,
                year,
                fingerprint,
                tag: 1,
                amount_fen: AMOUNT,
                refusal: over_quota(),
            };
            (MAKER, body)
        }
        17 => {
            let refusal = over_quota();
            (MAKER, EventBody::RunRefused { division, year, at: 0, refusal, ids })
        }
        18 => {
            let command = Paper {
                act: act(7),
                division,
                year,
                kind: PaperKind::BasePut,
                batch: BATCH,
                checker: PersonId(370_032),
                day: Some(day(20_220_304)),
                text: "mof-dep\t03\t教科文处\tbusiness",
            };
            let changes = "+mof-dep\t03\t教科文处\tbusiness\n".into();
            (FINANCE, EventBody::Filed { fingerprint, changes, command })
        }
        _ => panic!("there is no kind {index}"),
    };
    Event { by, body }
}
