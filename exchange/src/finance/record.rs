//! How finance's business writes down what it decided: bincode 2 with fixed-width little-endian integers.
//!
//! A record is its variant's number (u32) and its fields in order; a text is a u64 length and so many bytes, a
//! list a u64 count and so many items. Read only from a journal that keeps records whole: what cannot be read
//! is damage and panics.

use bincode::{Decode, Encode};
use domain::codes::{FactKind, Role};
use domain::command::Fact;
use domain::ids::{Day, DivisionIndex, MoveId, PaymentId, QuotaId};
use domain::office::shelves::Book;
use domain::voucher::{Party, VoucherKey};
use domain::{Fen, FiscalYear};

use super::collection::Collected;
use super::correction::{Correction, CorrectionStanding};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Record {
    /// A voucher was written.
    Issued(Issued),
    /// For a payment no voucher could be written.
    Left {
        /// Which.
        payment: PaymentName,
        /// Why.
        why: String,
    },
    /// A voucher was answered.
    Answered {
        /// The voucher's key.
        key: String,
        /// What was paid of each detail, in fen; empty: nothing of any.
        paid_fen: Vec<i64>,
        /// What it is cleared by.
        lines: Vec<LineRecord>,
        /// Facts for the engine.
        facts: Vec<FactDue>,
    },
    /// Money of a voucher came back.
    Refunded {
        /// The voucher's key.
        key: String,
        /// The notice that says so.
        notice: String,
        /// Which details, counted from 0.
        details: Vec<u32>,
        /// Facts for the engine.
        facts: Vec<FactDue>,
    },
    /// A refund has reached the treasury.
    RefundSettled {
        /// The voucher's key.
        key: String,
        /// The refund's number.
        number: u64,
        /// Facts for the engine.
        facts: Vec<FactDue>,
    },
    /// A limit notice was written.
    Noticed {
        /// The notice's key.
        notice: String,
        /// Keys of the vouchers it is about.
        vouchers: Vec<String>,
    },
    /// The central bank took refunds into the treasury of which a notice has not come.
    SettlementWaits {
        /// Its receipt's canonical bytes.
        receipt: Vec<u8>,
    },
    /// All refunds of a receipt that waited are known, and settled.
    SettlementEnded {
        /// The key of the request that the receipt is of.
        request: String,
    },
    /// The central bank has cleared a notice.
    Cleared {
        /// The notice's key.
        notice: String,
        /// Facts for the engine.
        facts: Vec<FactDue>,
    },
    /// Finance took a payment back (作废) whose voucher was due or written.
    Voided {
        /// Which.
        payment: PaymentName,
    },
    /// The central bank sent a limit notice back: its vouchers are paid and not noticed.
    NoticeBack {
        /// The notice's key.
        notice: String,
    },
    /// A bank's request waits for what an earlier notice for the same vouchers comes to.
    RequestWaits {
        /// Which bank's.
        from: String,
        /// The request's canonical bytes.
        request: Vec<u8>,
    },
    /// A bank's request that waited is answered, or cannot be.
    RequestEnded {
        /// The request's key.
        request: String,
    },
    /// A sheet of payees was written beside an order.
    SheetIssued(SheetIssued),
    /// The bank has said what became of the payees of a sheet.
    SheetAnswered {
        /// The order's key.
        order: String,
        /// What was paid of each payee, in fen.
        paid_fen: Vec<i64>,
        /// Payees that were not paid.
        failed: Vec<FailedPayee>,
    },
    /// The central bank has reported a day.
    Reported {
        /// Key of the statement or report, which the store keeps.
        key: String,
    },
    /// The engine has taken facts in, up to a number.
    FactsTaken {
        /// The number of the last.
        through: u64,
    },
    /// Of reconciliation.
    Reconciled(super::reconciled::record::Record),
    /// A correction's voucher was written.
    CorrectionIssued(CorrectionIssued),
    /// The central bank has booked a correction.
    CorrectionBooked {
        /// Its key.
        key: String,
    },
    /// A correction came back.
    CorrectionBack {
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// A payee has collected from an account (托收).
    Debited(DebitRecord),
    /// A voucher that was written takes a debit over.
    DebitOrdered {
        /// The debit's key.
        debit: String,
        /// The voucher's key.
        order: String,
    },
    /// A payment waits for its debit to be told.
    WaitsForDebit {
        /// Which.
        payment: PaymentName,
        /// Who is to pay it.
        to: String,
        /// Number of the path by which it is settled.
        path: u8,
        /// Canonical bytes of its voucher, under no number.
        voucher: Vec<u8>,
    },
    /// A payee has given a debit back.
    DebitBack {
        /// The debit's key.
        key: String,
        /// The notice that says so.
        notice: String,
        /// When.
        day: u32,
    },
    /// A payment is for a sheet of payees that was approved with it.
    SheetNamed {
        /// Which.
        payment: PaymentName,
        /// The sheet's digest.
        digest: [u8; 32],
    },
    /// A person gave the payees of an order.
    SheetGiven {
        /// The order's key.
        order: String,
        /// Who.
        by: String,
    },
    /// A payment is in place of what failed on the sheet beside an order.
    PaysAgain {
        /// Which.
        payment: PaymentName,
        /// The order's key.
        order: String,
    },
    /// Payees of a sheet that pay others again.
    LinesAgain {
        /// Key of the order that the sheet stands beside.
        order: String,
        /// Which of its lines.
        lines: Vec<LineAgain>,
    },
    /// A sheet of payees came back, and its order waits for another.
    SheetBack {
        /// The order's key.
        order: String,
        /// The sheet's.
        sheet: String,
        /// Why.
        reason: String,
    },
}

/// What a payee has collected from an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DebitRecord {
    /// Key of the voucher that says so.
    pub key: String,
    /// Whose account it was.
    pub bank: String,
    /// The account.
    pub payer: String,
    /// The account that got it.
    pub payee: String,
    /// How much, in fen.
    pub amount_fen: i64,
    /// When.
    pub day: u32,
}

impl DebitRecord {
    pub(super) fn read(&self) -> (VoucherKey, Collected) {
        let debit = Collected {
            bank: party_of(&self.bank),
            payer: self.payer.as_str().into(),
            payee: self.payee.as_str().into(),
            amount_fen: Fen::new(self.amount_fen),
            day: Day::new(self.day).expect("a day was written"),
            order: None,
            back: None,
        };
        (key_of(&self.key), debit)
    }
}

/// A correction's voucher that was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CorrectionIssued {
    /// Its key.
    pub key: String,
    /// Hash of its canonical bytes.
    pub digest: u128,
    /// Its date.
    pub day: u32,
    /// Index of the payment's division.
    pub division: u16,
    /// The payment's year.
    pub year: u16,
    /// The payment.
    pub payment: u128,
    /// The move in the engine.
    pub id: u128,
}

impl CorrectionIssued {
    pub(super) fn read(self) -> (VoucherKey, Book, Correction) {
        let CorrectionIssued { key, digest, day, division, year, payment, id } = self;
        let (book, payment) = PaymentName { division, year, payment }.name();
        let day = Day::new(day).expect("a day was written");
        let (id, standing) = (MoveId(id), CorrectionStanding::Out);
        (key_of(&key), book, Correction { payment, id, day, digest, standing })
    }
}

/// A voucher that was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Issued {
    /// Its key.
    pub key: String,
    /// To whom.
    pub to: String,
    /// Hash of its canonical bytes.
    pub digest: u128,
    /// Its date.
    pub day: u32,
    /// Its amount, in fen.
    pub amount_fen: i64,
    /// Index of the division its payments are in.
    pub division: u16,
    /// Their year.
    pub year: u16,
    /// Number of the path by which they are settled.
    pub path: u8,
    /// Who pays.
    pub payer: PayerRecord,
    /// Its details, in order.
    pub parts: Vec<PartRecord>,
}

/// What a voucher's head says of who pays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct PayerRecord {
    /// The account it is paid from.
    pub account: String,
    /// The nature of its funds.
    pub fund: String,
    /// Its payment method (`PayTypeCode`).
    pub method: String,
    /// The account's name.
    pub name: String,
    /// The bank's code.
    pub bank: String,
    /// The bank's name.
    pub bank_name: String,
    /// Number of the business kind.
    pub business: String,
}

/// A sheet of payees that was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SheetIssued {
    /// Its key.
    pub key: String,
    /// The order it stands beside.
    pub order: String,
    /// Hash of its canonical bytes.
    pub digest: u128,
    /// Its details, in order.
    pub parts: Vec<PartRecord>,
}

/// A payee that pays another again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LineAgain {
    /// Its number on its sheet, from 1.
    pub number: u32,
    /// The order beside which the other failed.
    pub order: String,
    /// The other's number there.
    pub again: u32,
}

/// A payee that was not paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FailedPayee {
    /// Which, counted from 0.
    pub at: u32,
    /// The bank's words.
    pub why: String,
}

/// A detail of a voucher that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartRecord {
    /// The payment.
    pub payment: u128,
    /// Its quota.
    pub quota: u64,
    /// How much, in fen.
    pub ordered_fen: i64,
}

/// What of a voucher is cleared under one department and functional class.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LineRecord {
    /// Department in charge.
    pub department: String,
    /// Functional class.
    pub function: String,
    /// How much, in fen.
    pub paid_fen: i64,
}

/// A payment by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaymentName {
    /// Index of its division.
    pub division: u16,
    /// Its year.
    pub year: u16,
    /// Its id.
    pub payment: u128,
}

/// A fact for the engine.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FactDue {
    /// Number of the role that reports it.
    pub role: u8,
    /// Number of its kind.
    pub kind: u8,
    /// The payment.
    pub payment: u128,
    /// Its quota.
    pub quota: u64,
    /// Its own number.
    pub serial: u64,
    /// Its amount, in fen.
    pub amount_fen: i64,
    /// Hash of the account that was paid.
    pub payee_hash: u64,
    /// Its day.
    pub day: u32,
    /// Number of a refund.
    pub refund: u64,
    /// The detail that came back.
    pub detail: u32,
    /// The reporter's words.
    pub note: String,
}

impl FactDue {
    /// A fact that a role reports.
    #[must_use]
    pub fn of(role: Role, fact: &Fact<'_>) -> FactDue {
        FactDue {
            role: role.number(),
            kind: fact.kind.number(),
            payment: fact.payment.0,
            quota: fact.quota.0,
            serial: fact.serial,
            amount_fen: fact.amount_fen.get(),
            payee_hash: fact.payee_hash,
            day: fact.day.get(),
            refund: fact.refund,
            detail: fact.detail,
            note: fact.note.to_owned(),
        }
    }

    /// In which role it is reported.
    #[must_use]
    pub fn role(&self) -> Role {
        Role::from_number(self.role).expect("a role was written")
    }

    /// The fact.
    #[must_use]
    pub fn fact(&self) -> Fact<'_> {
        Fact {
            kind: FactKind::from_number(self.kind).expect("a kind was written"),
            payment: PaymentId(self.payment),
            quota: QuotaId(self.quota),
            serial: self.serial,
            amount_fen: Fen::new(self.amount_fen),
            payee_hash: self.payee_hash,
            day: Day::new(self.day).expect("a day was written"),
            refund: self.refund,
            detail: self.detail,
            note: &self.note,
        }
    }
}

impl PaymentName {
    pub(super) fn of((division, year): Book, payment: PaymentId) -> PaymentName {
        PaymentName { division: division.0, year: year.get(), payment: payment.0 }
    }

    pub(super) fn name(self) -> (Book, PaymentId) {
        let year = FiscalYear::new(self.year).expect("a year was written");
        ((DivisionIndex(self.division), year), PaymentId(self.payment))
    }
}

const fn layout() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding()
}

impl Record {
    pub(super) fn encode(&self) -> Vec<u8> {
        bincode::encode_to_vec(self, layout()).expect("memory takes all")
    }

    pub(super) fn decode(bytes: &[u8]) -> Record {
        let read = bincode::decode_from_slice(bytes, layout());
        let (record, used) = read.expect("the journal gives back what this business wrote");
        assert!(used == bytes.len(), "a record of {} bytes has {used} to read", bytes.len());
        record
    }
}

/// The payment of which a record says that it has no voucher: none can be written, it waits for a debit, or it was
/// taken back.
///
/// # Panics
/// When it is no record of finance's business.
#[must_use]
pub fn without_voucher(record: &[u8]) -> Option<(Book, PaymentId)> {
    match Record::decode(record) {
        Record::Left { payment, .. }
        | Record::WaitsForDebit { payment, .. }
        | Record::Voided { payment } => Some(payment.name()),
        _ => None,
    }
}

pub(super) fn key_of(text: &str) -> VoucherKey {
    VoucherKey::parse(text).expect("a key was written")
}

pub(super) fn party_of(text: &str) -> Party {
    text.parse().expect("a party was written")
}
