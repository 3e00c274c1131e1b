//! Instructed payments into vouchers (T10): which go together, and what each voucher then holds.
//!
//! A payment is in exactly one voucher, whole; a voucher's amount is the sum of its payments. The same orders
//! in the same sequence give the same vouchers. Numbers are the caller's to give.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use crate::codes::{BusinessKind, Method};
use crate::ids::{Day, FiscalYear, PaymentId, QuotaId};
use crate::limits::VOUCHER_DETAILS_MAX;
use crate::money::{Fen, yuan_plain};

use super::document::{Detail, Fields, Value, Voucher};
use super::facts;
use super::field::Field;
use super::follows::PayModes;
use super::key::{DivisionCode, Flag, VoucherKey, VoucherNumber};
use super::kind::VoucherKind;

/// One instructed payment, with what its voucher says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The payment.
    pub payment: PaymentId,
    /// The quota that pays.
    pub quota: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// Its method in the engine.
    pub method: Method,
    /// Its business kind.
    pub business: BusinessKind,
    /// The payroll sheet or list it belongs to; zero: none. Payments of two sheets never share a voucher.
    pub sheet: u128,
    /// What the head says: fund nature, paying bank, payer. Payments share a voucher only where all of it is
    /// the same.
    pub payer: Fields,
    /// What each of its details says: department, unit, function and the other elements of its quota.
    pub elements: Fields,
    /// Who is paid: one, or as many as a batch has.
    pub payees: Vec<Payee>,
}

/// One payee of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// How much.
    pub amount_fen: Fen,
    /// Account, name, bank, purpose and whatever else belongs to this one alone.
    pub fields: Fields,
}

/// Which payments go into one voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// Each has its own.
    Each,
    /// Those with the same payer, payee, fund nature and elements.
    SamePayee,
    /// Those with the same payer and fund nature; payees and elements stand on the details.
    SamePayer,
}

/// Which payments go together, by business kind, and how many details a voucher has at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathering {
    /// Single payments.
    pub single: Gather,
    /// Official cards.
    pub card: Gather,
    /// Payroll.
    pub payroll: Gather,
    /// Batches.
    pub batch: Gather,
    /// Details of one voucher, 1 to [`VOUCHER_DETAILS_MAX`].
    pub details_max: usize,
}

impl Default for Gathering {
    fn default() -> Gathering {
        Gathering {
            single: Gather::Each,
            card: Gather::SamePayer,
            payroll: Gather::SamePayer,
            batch: Gather::SamePayer,
            details_max: VOUCHER_DETAILS_MAX,
        }
    }
}

impl Gathering {
    /// How payments of a business kind are gathered.
    #[must_use]
    pub const fn of(&self, business: BusinessKind) -> Gather {
        match business {
            BusinessKind::Single => self.single,
            BusinessKind::Card => self.card,
            BusinessKind::Payroll => self.payroll,
            BusinessKind::Batch => self.batch,
            // Each takes a debit of its own over.
            BusinessKind::Collection => Gather::Each,
        }
    }
}

/// Why a payment went into no voucher.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotGrouped {
    /// It stands among the orders twice.
    #[error("payment {0} stands among the orders twice; give each payment once")]
    Twice(PaymentId),
    /// Nobody is to be paid.
    #[error("payment {0} names no payee; give at least one")]
    NoPayee(PaymentId),
    /// A payee of a payment that the order does not pay.
    #[error("payment {0} is not in this order; name one that is")]
    NotOrdered(PaymentId),
    /// More payees than a voucher has details.
    #[error(
        "payment {payment} has {payees} payees and a voucher at most {details_max} details; split it"
    )]
    TooManyPayees {
        /// The payment.
        payment: PaymentId,
        /// How many it has.
        payees: usize,
        /// How many fit.
        details_max: usize,
    },
    /// An amount that cannot be paid.
    #[error("payment {payment} has an amount of {amount_fen} for a payee; correct it")]
    Amount {
        /// The payment.
        payment: PaymentId,
        /// The amount.
        amount_fen: Fen,
    },
    /// The payees do not get what the payment is.
    #[error(
        "payment {payment} is {amount_fen} and its payees get {}; correct the list",
        yuan_plain(*payees_fen)
    )]
    Sum {
        /// The payment.
        payment: PaymentId,
        /// What it is.
        amount_fen: Fen,
        /// What its payees get.
        payees_fen: i128,
    },
}

impl NotGrouped {
    /// The payment that is left out.
    #[must_use]
    pub const fn payment(&self) -> PaymentId {
        match self {
            NotGrouped::Twice(payment)
            | NotGrouped::NoPayee(payment)
            | NotGrouped::NotOrdered(payment) => *payment,
            NotGrouped::TooManyPayees { payment, .. }
            | NotGrouped::Amount { payment, .. }
            | NotGrouped::Sum { payment, .. } => *payment,
        }
    }
}

/// A voucher but for its key and date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its kind.
    pub kind: VoucherKind,
    /// The payments in it, in the order of its details.
    pub payments: Vec<PaymentId>,
    /// Its sum.
    pub amount_fen: Fen,
    /// Fields of its head.
    pub head: Fields,
    /// Its details, numbered from 1.
    pub details: Vec<Detail>,
}

impl Draft {
    /// The voucher, once it has a number and a date.
    #[must_use]
    pub fn into_voucher(
        self,
        division: DivisionCode,
        year: FiscalYear,
        number: VoucherNumber,
        date: Day,
    ) -> Voucher {
        let Draft { kind, head, details, .. } = self;
        let key = VoucherKey { division, year, kind, number };
        Voucher { key, flag: Flag::Original, date, head, details }
    }
}

/// What became of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grouped {
    /// The vouchers, in the order of their first payments.
    pub drafts: Vec<Draft>,
    /// Orders that went into none, in their order.
    pub left: Vec<NotGrouped>,
}

/// What a sheet of payees repeats of its order's head: who pays, from where, and for which business.
const OF_PAYER: [Field; 5] = [
    Field::PayBank,
    Field::PayBankName,
    Field::PayerAccount,
    Field::PayerName,
    Field::BusinessType,
];

/// The payees of an order that stand beside it (8207): a detail for each, numbered from 1, with the payment it is part
/// of. `payer` is what the order's head says of who pays, `ordered` what it pays: payment, quota, amount of each detail.
///
/// # Errors
/// When payees do not get what their payment is, or there are none or too many.
pub fn payees_beside(
    order: &VoucherKey,
    payer: &Fields,
    ordered: &[(PaymentId, QuotaId, Fen)],
    payees: &[(PaymentId, Payee)],
) -> Result<Draft, NotGrouped> {
    let first = ordered.first().map_or(PaymentId(0), |(payment, ..)| *payment);
    let (count, details_max) = (payees.len(), VOUCHER_DETAILS_MAX);
    if count > details_max {
        return Err(NotGrouped::TooManyPayees { payment: first, payees: count, details_max });
    }
    let mut left: BTreeMap<PaymentId, (QuotaId, i128, i128)> = BTreeMap::new();
    for (payment, quota, amount_fen) in ordered {
        left.entry(*payment).or_insert((*quota, 0, 0)).1 += i128::from(amount_fen.get());
    }
    let mut details = Vec::with_capacity(count);
    for (payment, payee) in payees {
        if !payee.amount_fen.is_payable() {
            return Err(NotGrouped::Amount { payment: *payment, amount_fen: payee.amount_fen });
        }
        let known = left.get_mut(payment).ok_or(NotGrouped::NotOrdered(*payment))?;
        known.2 += i128::from(payee.amount_fen.get());
        let mut fields = payee.fields.clone();
        fields.set(Field::Payment, Value::Text(payment.to_string()));
        fields.set(Field::Quota, Value::Text(known.0.to_string()));
        fields.set(Field::Amount, Value::Amount(payee.amount_fen));
        details.push(Detail { id: (details.len() + 1).to_string(), fields });
    }
    let mut sum_fen = 0;
    for (payment, (_, ordered_fen, payees_fen)) in left {
        let amount = i64::try_from(ordered_fen).map_or(Fen::ZERO, Fen::new);
        if payees_fen == 0 {
            return Err(NotGrouped::NoPayee(payment));
        }
        if payees_fen != ordered_fen {
            return Err(NotGrouped::Sum { payment, amount_fen: amount, payees_fen });
        }
        sum_fen += amount.get();
    }
    let amount_fen = Fen::new(sum_fen);
    let mut head = Fields::new();
    for (field, value) in payer.iter().filter(|(field, _)| OF_PAYER.contains(field)) {
        head.append(field, value.clone());
    }
    let mut head = head
        .with_text(Field::Parent, order.number.as_str())
        .with_text(Field::OriginalKind, order.kind.code().to_string())
        .with_amount(Field::Amount, amount_fen);
    head.set(Field::Total, Value::Count(details.len() as u32));
    let payments = payees.iter().map(|(payment, _)| *payment).collect();
    Ok(Draft { kind: VoucherKind::BatchDetails, payments, amount_fen, head, details })
}

/// What is left of an order that never left, or came back, without some of its payments: the others, with
/// details numbered anew and the old number beside, for a voucher of its own. `None`: no payment is left.
///
/// A number is at an end with its voucher (domain §4.5, T14 and T24): what is still to be paid needs a new one.
#[must_use]
pub fn without(order: &Voucher, taken_out: &dyn Fn(PaymentId) -> bool) -> Option<Draft> {
    let (mut details, mut payments, mut sum_fen) = (Vec::new(), Vec::new(), 0);
    for detail in &order.details {
        let payment = facts::payment_of(detail)?;
        if taken_out(payment) {
            continue;
        }
        if payments.last() != Some(&payment) {
            payments.push(payment);
        }
        sum_fen += detail.fields.amount_fen(Field::Amount)?.get();
        let id = (details.len() + 1).to_string();
        details.push(Detail { id, fields: detail.fields.clone() });
    }
    if details.is_empty() {
        return None;
    }
    let amount_fen = Fen::new(sum_fen);
    let mut head = order.head.clone();
    head.set(Field::Amount, Value::Amount(amount_fen));
    head.set(Field::Total, Value::Count(details.len() as u32));
    head.set(Field::OriginalKind, Value::Text(order.key.kind.code().to_string()));
    head.set(Field::OriginalNumber, Value::Text(order.key.number.as_str().to_owned()));
    Some(Draft { kind: order.key.kind, payments, amount_fen, head, details })
}

/// What payments of one voucher have in common.
type Common = Vec<u8>;

/// Groups orders of one division and year. An order that fits no voucher is told and keeps no other back.
#[must_use]
pub fn group(orders: &[Order], modes: &PayModes, gathering: &Gathering) -> Grouped {
    let details_max = gathering.details_max.clamp(1, VOUCHER_DETAILS_MAX);
    let mut grouped = Grouped::default();
    let mut seen = BTreeSet::new();
    let mut open: BTreeMap<Common, usize> = BTreeMap::new();
    let mut members: Vec<Vec<&Order>> = Vec::new();
    let mut filled: Vec<(usize, i128)> = Vec::new();
    for order in orders {
        let fits = fits(order, details_max).and_then(|()| match seen.insert(order.payment) {
            true => Ok(()),
            false => Err(NotGrouped::Twice(order.payment)),
        });
        if let Err(told) = fits {
            grouped.left.push(told);
            continue;
        }
        let common = common(order, modes, gathering);
        let (details, fen) = (order.payees.len(), i128::from(order.amount_fen.get()));
        let room = |at: &usize| {
            let (of_details, of_fen) = filled[*at];
            of_details + details <= details_max
                && i64::try_from(of_fen + fen).is_ok_and(|sum| Fen::new(sum).is_payable())
        };
        let at = match common.as_ref().and_then(|common| open.get(common)).filter(|at| room(at)) {
            Some(&at) => at,
            None => {
                members.push(Vec::new());
                filled.push((0, 0));
                members.len() - 1
            }
        };
        if let Some(common) = common {
            open.insert(common, at);
        }
        members[at].push(order);
        filled[at].0 += details;
        filled[at].1 += fen;
    }
    grouped.drafts = members.into_iter().map(|members| draft(&members, modes)).collect();
    grouped
}

fn fits(order: &Order, details_max: usize) -> Result<(), NotGrouped> {
    let payment = order.payment;
    if order.payees.is_empty() {
        return Err(NotGrouped::NoPayee(payment));
    }
    if order.payees.len() > details_max {
        let payees = order.payees.len();
        return Err(NotGrouped::TooManyPayees { payment, payees, details_max });
    }
    if let Some(payee) = order.payees.iter().find(|payee| !payee.amount_fen.is_payable()) {
        return Err(NotGrouped::Amount { payment, amount_fen: payee.amount_fen });
    }
    let payees_fen = order.payees.iter().map(|payee| i128::from(payee.amount_fen.get())).sum();
    if payees_fen != i128::from(order.amount_fen.get()) {
        let amount_fen = order.amount_fen;
        return Err(NotGrouped::Sum { payment, amount_fen, payees_fen });
    }
    // A sum in bounds is held by the type of amounts; one beyond is no amount to pay.
    if !order.amount_fen.is_payable() {
        return Err(NotGrouped::Amount { payment, amount_fen: order.amount_fen });
    }
    Ok(())
}

/// Which sheet a payment belongs to, by the document that it names (工资表号): payroll alone has one. Zero: none.
#[must_use]
pub fn sheet_of(business: BusinessKind, document: &str) -> u128 {
    match business == BusinessKind::Payroll && !document.is_empty() {
        // Zero is none.
        true => xxh3_128(document.as_bytes()).max(1),
        false => 0,
    }
}

/// What has to be the same; `None`: it goes alone.
fn common(order: &Order, modes: &PayModes, gathering: &Gathering) -> Option<Common> {
    let gather = gathering.of(order.business);
    if gather == Gather::Each {
        return None;
    }
    let mode = modes.of(order.method);
    let mut common = Vec::with_capacity(256);
    common.extend_from_slice(&mode.kind.code().to_le_bytes());
    common.extend_from_slice(mode.method.as_bytes());
    common.push(order.business.number());
    common.extend_from_slice(&order.sheet.to_le_bytes());
    append(&order.payer, &mut common);
    if gather == Gather::SamePayee {
        append(&order.elements, &mut common);
        for payee in &order.payees {
            for field in [Field::PayeeAccount, Field::PayeeName, Field::PayeeBankNumber] {
                append_text(payee.fields.text(field).unwrap_or(""), &mut common);
            }
        }
    }
    Some(common)
}

fn append(fields: &Fields, out: &mut Common) {
    out.extend_from_slice(&(fields.len() as u32).to_le_bytes());
    for (field, value) in fields.iter() {
        out.extend_from_slice(&(field as u16).to_le_bytes());
        match value {
            Value::Text(text) => append_text(text, out),
            Value::Amount(fen) => out.extend_from_slice(&fen.get().to_le_bytes()),
            Value::Day(day) => out.extend_from_slice(&day.get().to_le_bytes()),
            Value::Count(count) => out.extend_from_slice(&count.to_le_bytes()),
        }
    }
}

fn append_text(text: &str, out: &mut Common) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn draft(members: &[&Order], modes: &PayModes) -> Draft {
    let first = members.first().expect("a voucher begins with a payment");
    let mode = modes.of(first.method);
    let mut details = Vec::with_capacity(members.iter().map(|order| order.payees.len()).sum());
    let mut sum_fen = 0;
    for order in members {
        sum_fen += order.amount_fen.get();
        for payee in &order.payees {
            let mut fields = order.elements.clone();
            for (field, value) in payee.fields.iter() {
                fields.set(field, value.clone());
            }
            fields.set(Field::Payment, Value::Text(order.payment.to_string()));
            fields.set(Field::Quota, Value::Text(order.quota.to_string()));
            fields.set(Field::Amount, Value::Amount(payee.amount_fen));
            details.push(Detail { id: (details.len() + 1).to_string(), fields });
        }
    }
    let mut head = first.payer.clone();
    // What holds of every detail stands in the head too, where people look first.
    if let [only] = members {
        for (field, value) in only.elements.iter() {
            head.set(field, value.clone());
        }
        if let [payee] = &only.payees[..] {
            for (field, value) in payee.fields.iter() {
                head.set(field, value.clone());
            }
        }
    }
    let amount_fen = Fen::new(sum_fen);
    head.set(Field::PayType, Value::Text(mode.method.into()));
    head.set(Field::BusinessType, Value::Text(first.business.number().to_string()));
    head.set(Field::Amount, Value::Amount(amount_fen));
    head.set(Field::Total, Value::Count(details.len() as u32));
    let payments = members.iter().map(|order| order.payment).collect();
    Draft { kind: mode.kind, payments, amount_fen, head, details }
}
