//! The table itself: every kind of command with its fields.
//!
//! Numbers and offsets are for ever: a kind is added, never changed.

use super::{Field, Form, Layout, Tail};

/// Offset of the kind, `u16`.
pub(crate) const KIND: usize = 0;
/// Offset of the flags, `u16`.
pub(crate) const FLAGS: usize = 2;
/// Offset of the tail's length, `u32`.
pub(crate) const TAIL: usize = 4;
/// Offset of the person, `u64`.
pub(crate) const PERSON: usize = 8;
/// Offset of the id, `u128`.
pub(crate) const ID: usize = 16;
/// Offset of the quota (of a move: the one it leaves; of a creation: the parent), `u64`.
pub(crate) const QUOTA: usize = 32;
/// Offset of the amount, `i64`.
pub(crate) const AMOUNT: usize = 40;
/// Offset of the serial, or a deadline, or the checker, `u64`.
pub(crate) const SERIAL: usize = 48;
/// Offset of the contract, or the quota a move goes to, or the payee's hash, `u64`.
pub(crate) const CONTRACT: usize = 56;
/// Offset of the plan, or a refund's number, `u64`.
pub(crate) const PLAN: usize = 64;
/// Offset of the economic class, 8 bytes.
pub(crate) const ECONOMIC: usize = 72;
/// Offset of the fund nature, 8 bytes.
pub(crate) const FUND: usize = 80;
/// Offset of the day, `u32`.
pub(crate) const DAY: usize = 88;
/// Offset of a detail's number or a count, `u32`.
pub(crate) const COUNT: usize = 92;
/// Offset of the division, `u16`.
pub(crate) const DIVISION: usize = 96;
/// Offset of the year, `u16`.
pub(crate) const YEAR: usize = 98;
/// Offset of the channel or the parent division, `u16`.
pub(crate) const OTHER: usize = 100;
/// Offset of the first small code, `u8`.
pub(crate) const CODE_A: usize = 102;
/// Offset of the second small code, `u8`.
pub(crate) const CODE_B: usize = 103;
/// Offset of the third small code, `u8`.
pub(crate) const CODE_C: usize = 104;
/// Offset of a batch, a digest, a correction's payment or a division's code, 16 bytes.
pub(crate) const WIDE: usize = 112;

const fn need(name: &'static str, offset: usize, form: Form) -> Field {
    Field { name, offset, form, required: true }
}

const fn may(name: &'static str, offset: usize, form: Form) -> Field {
    Field { name, offset, form, required: false }
}

const PAYMENT: Field = need("payment", ID, Form::Uuid);
const ACT: Field = need("act", ID, Form::Uuid);
const MOVE: Field = need("move", ID, Form::Uuid);
const BATCH_ID: Field = need("batch", ID, Form::Uuid);
const QUOTA_ID: Field = need("quota", QUOTA, Form::Quota);
const AMOUNT_YUAN: Field = need("amount", AMOUNT, Form::Yuan);
const STEP_SERIAL: Field = may("serial", SERIAL, Form::Number);
const FACT_SERIAL: Field = need("serial", SERIAL, Form::Number);
const CONTRACT_ID: Field = need("contract", CONTRACT, Form::Number);
const PURCHASE: Field = may("plan", PLAN, Form::Number);
const STAGED_IN: Field = may("batch", WIDE, Form::Uuid);
const ON_DAY: Field = need("day", DAY, Form::Day);
const PAYEE: Field = may("payee_hash", CONTRACT, Form::Hash);
const REFUND_NUMBER: Field = need("refund", PLAN, Form::Number);
const DETAIL: Field = may("detail", COUNT, Form::Count);
const IN_DIVISION: Field = need("division", DIVISION, Form::Index);
const IN_YEAR: Field = need("year", YEAR, Form::Year);

const RESERVE: &[Field] = &[
    PAYMENT,
    QUOTA_ID,
    AMOUNT_YUAN,
    may("deadline_ms", SERIAL, Form::Number),
    may("contract", CONTRACT, Form::Number),
    PURCHASE,
    need("economic", ECONOMIC, Form::Class),
    ON_DAY,
    need("method", CODE_A, Form::Method),
    need("business", CODE_B, Form::Business),
];
const STEP: &[Field] = &[PAYMENT, QUOTA_ID, STEP_SERIAL];
const FACT: &[Field] = &[PAYMENT, QUOTA_ID, AMOUNT_YUAN, FACT_SERIAL, PAYEE, ON_DAY];
const REJECTION: &[Field] = &[PAYMENT, QUOTA_ID, FACT_SERIAL, PAYEE, ON_DAY];
const REFUND: &[Field] =
    &[PAYMENT, QUOTA_ID, AMOUNT_YUAN, FACT_SERIAL, PAYEE, REFUND_NUMBER, ON_DAY, DETAIL];
const STAGED_ACT: &[Field] = &[ACT, QUOTA_ID, AMOUNT_YUAN, STAGED_IN];
const PLAIN_ACT: &[Field] = &[ACT, QUOTA_ID, AMOUNT_YUAN];
const CONTRACT_ACT: &[Field] = &[ACT, QUOTA_ID, AMOUNT_YUAN, CONTRACT_ID, PURCHASE];
const BARE_ACT: &[Field] = &[ACT, QUOTA_ID];
const CREATE: &[Field] = &[
    ACT,
    may("parent", QUOTA, Form::Parent),
    may("cap", AMOUNT, Form::Yuan),
    may("plan", PLAN, Form::Number),
    may("economic", ECONOMIC, Form::Class),
    need("fund", FUND, Form::Class),
    IN_DIVISION,
    IN_YEAR,
    need("posts", CODE_A, Form::Posts),
    need("executable", CODE_B, Form::Flag),
    need("authority", CODE_C, Form::Authority),
];
const MOVE_OUT: &[Field] = &[
    MOVE,
    need("from", QUOTA, Form::Quota),
    AMOUNT_YUAN,
    need("to", CONTRACT, Form::Quota),
    STAGED_IN,
];
const CORRECT: &[Field] = &[
    MOVE,
    need("from", QUOTA, Form::Quota),
    AMOUNT_YUAN,
    need("to", CONTRACT, Form::Quota),
    need("payment", WIDE, Form::Uuid),
];
const SET_LIMIT: &[Field] = &[
    ACT,
    AMOUNT_YUAN,
    need("checker", SERIAL, Form::Number),
    may("plan", PLAN, Form::Number),
    IN_DIVISION,
    IN_YEAR,
    need("limit", CODE_A, Form::Limit),
    may("month", CODE_B, Form::Month),
];
const OPEN_BATCH: &[Field] = &[
    BATCH_ID,
    may("deadline_ms", SERIAL, Form::Number),
    need("count", COUNT, Form::Count),
    IN_DIVISION,
    IN_YEAR,
    need("digest", WIDE, Form::Digest),
];
const END_BATCH: &[Field] = &[ACT, IN_DIVISION, IN_YEAR, need("batch", WIDE, Form::Uuid)];
const SET_YEAR: &[Field] = &[ACT, IN_DIVISION, IN_YEAR];
const REGISTER: &[Field] =
    &[IN_DIVISION, need("parent", OTHER, Form::Index), need("code", WIDE, Form::DivisionCode)];
const RESOLVE: &[Field] = &[
    ACT,
    FACT_SERIAL,
    IN_DIVISION,
    IN_YEAR,
    need("channel", OTHER, Form::Index),
    need("action", CODE_A, Form::Action),
];

const FILE: &[Field] = &[
    ACT,
    may("checker", SERIAL, Form::Number),
    may("day", DAY, Form::Day),
    IN_DIVISION,
    IN_YEAR,
    need("paper", CODE_A, Form::Paper),
    STAGED_IN,
];

const REASON: Tail = Tail::Text { name: "reason", required: true };
const REASON_IF_ANY: Tail = Tail::Text { name: "reason", required: false };
const NOTE: Tail = Tail::Text { name: "note", required: false };
const REQUIRED_NOTE: Tail = Tail::Text { name: "note", required: true };
const KEY: Tail = Tail::Text { name: "key", required: true };
const TEXT: Tail = Tail::Text { name: "text", required: true };
const NAME: Tail = Tail::Text { name: "name", required: true };

const fn order(number: u16, slug: &'static str, fields: &'static [Field], tail: Tail) -> Layout {
    Layout { number, slug, fact: false, fields, tail }
}

const fn fact(number: u16, slug: &'static str, fields: &'static [Field]) -> Layout {
    Layout { number, slug, fact: true, fields, tail: NOTE }
}

/// Number before the first step: a step's number is this and its `StepKind`.
pub(crate) const STEPS: u16 = 16;
/// Number before the first fact: a fact's number is this and its `FactKind`.
pub(crate) const FACTS: u16 = 32;
/// Number before the first act: an act's number is this and its `ActKind`.
pub(crate) const ACTS: u16 = 48;
/// Number before the first move: a move's number is this and its `MoveKind`.
pub(crate) const MOVES: u16 = 64;

/// Every kind of command that has a wire form, by number. What the engine sends itself (the
/// second half of a move and its settling) has none.
pub const LAYOUTS: &[Layout] = &[
    order(1, "reserve", RESERVE, Tail::Particulars),
    order(2, "pay", RESERVE, Tail::Particulars),
    order(STEPS + 1, "approve-unit", STEP, REASON_IF_ANY),
    order(STEPS + 2, "approve-department", STEP, REASON_IF_ANY),
    order(STEPS + 3, "approve-finance", STEP, REASON_IF_ANY),
    order(STEPS + 4, "hold", STEP, REASON),
    order(STEPS + 5, "unhold", STEP, REASON),
    order(STEPS + 6, "withdraw", STEP, REASON_IF_ANY),
    order(STEPS + 7, "return", STEP, REASON),
    order(STEPS + 8, "instruct", STEP, REASON_IF_ANY),
    order(STEPS + 9, "void", STEP, REASON),
    order(STEPS + 10, "doubt", STEP, REASON_IF_ANY),
    fact(FACTS + 1, "confirm-paid", FACT),
    fact(FACTS + 2, "reject", REJECTION),
    fact(FACTS + 3, "clear", FACT),
    fact(FACTS + 4, "refund", REFUND),
    fact(FACTS + 5, "settle-refund", REFUND),
    order(ACTS + 1, "issue", STAGED_ACT, NOTE),
    order(ACTS + 2, "supplement", STAGED_ACT, NOTE),
    order(ACTS + 3, "cut", STAGED_ACT, NOTE),
    order(ACTS + 4, "freeze", PLAIN_ACT, NOTE),
    order(ACTS + 5, "unfreeze", PLAIN_ACT, NOTE),
    order(ACTS + 6, "earmark", CONTRACT_ACT, NOTE),
    order(ACTS + 7, "unearmark", CONTRACT_ACT, NOTE),
    order(ACTS + 8, "recover", STAGED_ACT, NOTE),
    order(ACTS + 9, "close", BARE_ACT, NOTE),
    order(ACTS + 10, "revive", BARE_ACT, NOTE),
    order(MOVES + 1, "allocate", MOVE_OUT, NOTE),
    order(MOVES + 2, "transfer", MOVE_OUT, NOTE),
    order(MOVES + 3, "return-up", MOVE_OUT, NOTE),
    order(MOVES + 4, "virement", MOVE_OUT, NOTE),
    order(MOVES + 5, "carry-out", MOVE_OUT, NOTE),
    order(MOVES + 6, "correct", CORRECT, REQUIRED_NOTE),
    order(80, "create", CREATE, KEY),
    order(81, "set-limit", SET_LIMIT, Tail::None),
    order(82, "open-batch", OPEN_BATCH, Tail::None),
    order(83, "close-batch", END_BATCH, Tail::None),
    order(84, "drop-batch", END_BATCH, Tail::None),
    order(85, "open-year", SET_YEAR, Tail::None),
    order(86, "adjust-year", SET_YEAR, Tail::None),
    order(87, "close-year", SET_YEAR, Tail::None),
    order(88, "register", REGISTER, NAME),
    order(89, "resolve", RESOLVE, REASON),
    order(90, "file", FILE, TEXT),
];
