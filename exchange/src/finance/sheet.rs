//! Sheets of payees beside an order (批量业务支付明细, 8207): a payroll or batch pays one account of the bank, and the
//! sheet says to whom it goes on.
//!
//! The engine knows the payment, not its payees; of them it has the digest, in what was approved, and a sheet goes out only
//! where it has that digest. The bank pays when it has both halves; the order's receipt says what
//! was paid of each payment, the sheet's of each payee. Money that comes back names the payee by the sheet's number.

use std::collections::BTreeSet;

use domain::Fen;
use domain::digest::DigestSink;
use domain::ids::{PaymentId, QuotaId};
use domain::voucher::again::Line;
use domain::voucher::document::Fields;
use domain::voucher::grouping::{Payee, payees_beside};
use domain::voucher::numbers::{Giving, Series};
use domain::voucher::payees::{self, NotApproved, PayeeLine, SheetDigest};
use domain::voucher::{Field, Flag, Party, Value, Voucher, VoucherKey, facts};

use super::answer::original_of;
use super::due::Due;
use super::issue::{digest, part};
use super::record::{FailedPayee, LineAgain, PaymentName, Record, SheetIssued};
use super::{Finance, Part, Refusal, Row, Standing, failed, noted};
use crate::business::{Effect, Verdict};
use crate::limits::PERSON_BYTES_MAX;
use crate::store::persons::held_to;

/// A payee of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetPayee {
    /// The payment it is part of; none: the order has one.
    pub payment: Option<PaymentId>,
    /// How much.
    pub amount_fen: Fen,
    /// Name of the account.
    pub name: String,
    /// The account.
    pub account: String,
    /// Number of its bank (联行号).
    pub bank_number: Option<String>,
    /// The line that failed which it pays again, by its number beside the order that its payment names.
    pub of: Option<u32>,
}

/// The sheet beside an order.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its key.
    pub key: VoucherKey,
    /// Who gave it; nobody where it was given before its giver was asked for.
    pub by: Box<str>,
    /// Hash of its canonical bytes.
    pub digest: u128,
    /// Its details, in order; their ids count from 1.
    pub parts: Box<[Part]>,
    /// Whether the bank has answered it.
    pub answered: bool,
    /// Payees that were not paid, counted from 0, and why.
    pub failed: Vec<(u32, Box<str>)>,
}

impl Finance {
    /// A person gives the payees of an order that waits for them at its bank.
    pub(super) fn sheet_came(
        &self,
        order: &VoucherKey,
        payees: &[SheetPayee],
        by: &str,
    ) -> Result<Vec<Effect>, Refusal> {
        held_to("the person", by, PERSON_BYTES_MAX).map_err(Refusal::Person)?;
        let refused = |why: &str| Refusal::NoSheet { order: *order, why: why.to_owned() };
        let row = self.voucher(order).ok_or_else(|| refused("finance wrote no such order"))?;
        if row.standing != Standing::Out {
            return Err(refused("its bank has answered it"));
        }
        if let Some(part) = row.parts.iter().find(|part| part.voided) {
            let payment = part.payment;
            return Err(refused(&format!(
                "payment {payment} in it was voided (作废), and its bank is asked to give the order back"
            )));
        }
        if row.sheet.is_some() && self.sheet_back(order).is_none() {
            return Err(refused("it has a sheet"));
        }
        let only = row.parts.first().filter(|_| row.parts.len() == 1).map(|part| part.payment);
        let mut named = Vec::with_capacity(payees.len());
        for payee in payees {
            let payment = payee.payment.or(only);
            let payment = payment.ok_or_else(|| refused("a payee names none of its payments"))?;
            named.push((payment, payee));
        }
        let payees: Vec<(PaymentId, Payee)> =
            named.iter().map(|(payment, payee)| (*payment, payee.written())).collect();
        let written = self.write_sheet(row, (&payees, by), &mut self.numbers.giving());
        let effects = written.map_err(|why| refused(&why))?;
        self.is_as_approved(row, &named).map_err(|why| refused(&why.both()))?;
        let again = self.lines_again(row, &named).map_err(|why| refused(&why.both()))?;
        Ok(with_again(row.key, effects, again))
    }

    /// That the payees of each payment of an order are those of the sheet that was approved with it.
    fn is_as_approved(
        &self,
        row: &Row,
        payees: &[(PaymentId, &SheetPayee)],
    ) -> Result<(), NotApproved> {
        let mut seen = BTreeSet::new();
        for Part { payment, quota, .. } in &row.parts {
            if !seen.insert(*payment) {
                continue;
            }
            let approved = self.sheets_named.get(&(row.book(), *payment)).copied();
            let own = payees.iter().filter(|(of, _)| of == payment);
            let given = sheet_digest(own.map(|(_, payee)| payee.line(*quota)));
            payees::is_approved(*payment, approved, given)?;
        }
        Ok(())
    }

    /// That a payment which is due is for a sheet, where that is not on record yet.
    pub(super) fn sheet_named(&self, due: &Due) -> Option<Effect> {
        let SheetDigest(digest) = due.payees?;
        let known = self.sheets_named.contains_key(&(due.book, due.payment));
        let payment = PaymentName::of(due.book, due.payment);
        (!known).then(|| noted(&Record::SheetNamed { payment, digest }))
    }

    fn write_sheet(
        &self,
        row: &Row,
        (payees, by): (&[(PaymentId, Payee)], &str),
        numbers: &mut Giving<'_>,
    ) -> Result<Vec<Effect>, String> {
        let ordered: Vec<(PaymentId, QuotaId, Fen)> =
            row.parts.iter().map(|part| (part.payment, part.quota, part.ordered_fen)).collect();
        let payer = self.reconciled.payers.told(row.payer);
        let draft =
            payees_beside(&row.key, &payer, &ordered, payees).map_err(|why| why.to_string())?;
        let series = Series { kind: draft.kind, ..Series::of(&row.key) };
        let serial = numbers.give(series).map_err(|none| none.to_string())?;
        let number = series.key(serial).number;
        let sheet = draft.into_voucher(row.key.division, row.key.year, number, row.day);
        let record = Record::SheetIssued(SheetIssued {
            key: sheet.key.to_string(),
            order: row.key.to_string(),
            digest: digest(&sheet)?,
            parts: sheet.details.iter().map(part).collect(),
        });
        let given = Record::SheetGiven { order: row.key.to_string(), by: by.to_owned() };
        Ok(vec![noted(&record), noted(&given), Effect::Issue { to: row.to, voucher: sheet }])
    }

    /// The bank says what became of each payee; what that makes of each payment, the order's receipt says.
    pub(super) fn sheet_answered(&self, from: Party, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        let row = self.by_sheet.get(&receipt.key).map(|at| &self.rows[*at as usize]);
        let of_row = row.and_then(|row| Some((row, row.sheet.as_deref()?)));
        let Some((row, sheet)) = of_row.filter(|(row, _)| row.to == from) else {
            return failed(format!("{} was never sent to {from} by finance", receipt.key));
        };
        if sheet.answered {
            return failed(format!("{} was answered before", receipt.key));
        }
        if digest(&original_of(receipt, row.day)).ok() != Some(sheet.digest) {
            return failed(format!(
                "the receipt of {} does not repeat the sheet that was sent",
                receipt.key
            ));
        }
        let paid = |line| facts::executed_fen(receipt, line).get();
        let paid_fen: Vec<i64> = receipt.details.iter().map(paid).collect();
        let failed = (0..).zip(receipt.details.iter().zip(&paid_fen));
        let failed = failed.filter(|(_, (_, fen))| **fen == 0).map(|(at, (line, _))| FailedPayee {
            at,
            why: line.fields.text(Field::ExecutedNote).unwrap_or("").to_owned(),
        });
        let record = Record::SheetAnswered {
            order: row.key.to_string(),
            failed: failed.collect(),
            paid_fen: paid_fen.clone(),
        };
        (Verdict::Accepted, vec![noted(&record)])
    }

    /// The sheet of what is left of an order, under a new number beside the order's new one.
    pub(super) fn write_sheet_without_voided(&self, sheet: &Voucher) -> Vec<Effect> {
        let Some(old) = self.by_sheet.get(&sheet.key).map(|at| &self.rows[*at as usize]) else {
            return Vec::new();
        };
        let is_left = |payment: &PaymentId| !old.is_voided(*payment);
        let payments = sheet.details.iter().filter_map(facts::payment_of);
        let now = payments.into_iter().find(is_left);
        let now = now.and_then(|payment| self.voucher_of(old.book(), payment));
        let Some(now) = now.filter(|now| now.key != old.key && now.sheet.is_none()) else {
            return Vec::new();
        };
        let mut payees: Vec<(PaymentId, Payee)> = Vec::with_capacity(sheet.details.len());
        let mut again = Vec::new();
        for (number, detail) in (1..).zip(&sheet.details) {
            let payment = facts::payment_of(detail).filter(is_left);
            let amount_fen = detail.fields.amount_fen(Field::Amount);
            let Some((payment, amount_fen)) = payment.zip(amount_fen) else { continue };
            payees.push((payment, Payee { amount_fen, fields: detail.fields.clone() }));
            // What paid somebody again still does, under its new number.
            if self.retries.is_again(Line { order: old.key, number }) {
                let (now, order) = (payees.len() as u32, old.key.to_string());
                again.push(LineAgain { number: now, order, again: number });
            }
        }
        let by = old.sheet.as_ref().map_or("", |sheet| &*sheet.by);
        match self.write_sheet(now, (&payees, by), &mut self.numbers.giving()) {
            Ok(effects) => with_again(now.key, effects, again),
            Err(why) => {
                let what = format!("{} has no sheet any more: {why}; give it one", now.key);
                vec![Effect::Alarm { what }]
            }
        }
    }
}

impl SheetPayee {
    /// As it was approved.
    fn line(&self, quota: QuotaId) -> PayeeLine<'_> {
        PayeeLine {
            quota,
            amount_fen: self.amount_fen,
            name: &self.name,
            account: &self.account,
            bank_number: self.bank_number.as_deref().unwrap_or(""),
            again: self.of.unwrap_or(0),
        }
    }

    /// As it stands on the sheet.
    fn written(&self) -> Payee {
        let mut fields = Fields::new().with_text(Field::PayeeName, &*self.name);
        fields.set(Field::PayeeAccount, Value::Text(self.account.clone()));
        if let Some(number) = &self.bank_number {
            fields.set(Field::PayeeBankNumber, Value::Text(number.clone()));
        }
        Payee { amount_fen: self.amount_fen, fields }
    }
}

/// What comes of a sheet that is given, with the payees of it that pay others again: that is on record before it goes out.
fn with_again(order: VoucherKey, effects: Vec<Effect>, lines: Vec<LineAgain>) -> Vec<Effect> {
    let mut effects = effects;
    if !lines.is_empty() {
        let order = order.to_string();
        effects.insert(1, noted(&Record::LinesAgain { order, lines }));
    }
    effects
}

/// By which a payment names the lines of its sheet: their BLAKE3.
pub fn sheet_digest<'a>(lines: impl IntoIterator<Item = PayeeLine<'a>>) -> SheetDigest {
    struct Hash(blake3::Hasher);
    impl DigestSink for Hash {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut hash = Hash(blake3::Hasher::new());
    payees::write_lines(lines, &mut hash);
    SheetDigest(*hash.0.finalize().as_bytes())
}

impl Row {
    /// Who was paid by it: the payees of its sheet, or its own details.
    #[must_use]
    pub fn payees(&self) -> &[Part] {
        self.sheet.as_ref().map_or(&self.parts, |sheet| &sheet.parts)
    }

    pub(super) fn payees_mut(&mut self) -> &mut [Part] {
        match &mut self.sheet {
            Some(sheet) => &mut sheet.parts,
            None => &mut self.parts,
        }
    }
}

/// As much of an order, or of its receipt, as is known here, with a detail for each payee.
pub(super) fn retold(row: &Row, parts: &[Part], flag: Flag) -> Voucher {
    let detail = |(at, part): (usize, &Part)| {
        let mut fields = Fields::new()
            .with_text(Field::Payment, part.payment.to_string())
            .with_text(Field::Quota, part.quota.to_string())
            .with_amount(Field::Amount, part.ordered_fen);
        if flag == Flag::Receipt {
            fields = fields.with_amount(Field::ExecutedAmount, part.paid_fen);
        }
        domain::voucher::Detail { id: (at + 1).to_string(), fields }
    };
    let details = parts.iter().enumerate().map(detail).collect();
    Voucher { key: row.key, flag, date: row.day, head: Fields::new(), details }
}

#[cfg(test)]
mod tests;
