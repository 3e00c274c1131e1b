//! A payment that the bank takes back (冲正): it was paid otherwise than ordered, as out of a paper that was typed in wrongly,
//! finance has not taken its receipt, and the treasury has not given the money.
//!
//! Both entries of each line are posted back, the voucher is asked for no more, and its number is sent back (退回), so that
//! finance may order the payment anew. What finance has taken as paid is given back by a refund, and never by this.

use std::collections::BTreeMap;

use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::{Party, VoucherKey};
use exchange::business::Effect;

use super::record::Record;
use super::{Bank, Refusal, Row, State, noted};
use crate::ledger::{Occasion, Purpose, SourceId, StatementLine, TextId};
use crate::reason::is_reason;
use crate::record::KeyRecord;

impl Bank {
    pub(super) fn reverse(
        &self,
        voucher: VoucherKey,
        reason: &str,
    ) -> Result<Vec<Effect>, Refusal> {
        self.today()?;
        if !is_reason(reason) {
            return Err(Refusal::Reason);
        }
        let known = self.ledger.find_source(voucher);
        if let Some(Reversal { day, .. }) = known.and_then(|source| self.reversals.get(&source)) {
            return Err(Refusal::Reversed { voucher, day: *day });
        }
        let order = self.order_of(voucher).ok_or(Refusal::NotPaid { voucher })?;
        let key = self.ledger.key(order);
        match self.row(order).state {
            State::Requested => return Err(Refusal::Requested { voucher: key }),
            State::Cleared => return Err(Refusal::Cleared { voucher: key }),
            _ => {}
        }
        if self.took_over(key) {
            return Err(Refusal::TookOver { voucher: key });
        }
        if !self.receipts_not_taken.contains(&order) {
            return Err(Refusal::ReceiptStands { voucher: key });
        }
        let record = Record::Reversed { key: KeyRecord::from(&key), reason };
        let to = self.finance_of(&self.row(order));
        let back = |key| Effect::Return { to, key, reason: reason.to_owned() };
        let beside = self.beside_of(order).map(|details| self.ledger.key(details));
        Ok([noted(&record)].into_iter().chain([key].into_iter().chain(beside).map(back)).collect())
    }

    /// Finance did not take a receipt of ours: its order may be taken back.
    pub(super) fn receipt_came_back(&self, from: Party, key: VoucherKey) -> Vec<Effect> {
        // Details beside an order have a receipt of their own, which says nothing of the order's.
        let order = self.order_of(key).filter(|order| self.ledger.key(*order) == key);
        let order = order.filter(|order| self.finance_of(&self.row(*order)) == from);
        match order.filter(|order| !self.receipts_not_taken.contains(order)) {
            Some(_) => vec![noted(&Record::ReceiptNotTaken { key: KeyRecord::from(&key) })],
            None => Vec::new(),
        }
    }

    /// A receipt goes out again: what finance says of it now is still to be heard.
    pub(super) fn receipt_goes_again(&self, order: SourceId) -> Option<Effect> {
        let key = self.ledger.key_of(order);
        let was_refused = self.receipts_not_taken.contains(&order);
        was_refused.then(|| noted(&Record::ReceiptAgain { key: KeyRecord::from(key) }))
    }

    fn finance_of(&self, row: &Row) -> Party {
        let account = self.group(row).account;
        self.payer(account).expect("what was paid was paid from an account").finance
    }

    /// The details that came beside an order that was paid.
    fn beside_of(&self, order: SourceId) -> Option<SourceId> {
        let first = &self.ledger.entries()[self.row(order).first_entry as usize];
        (first.source != order).then_some(first.source)
    }

    pub(super) fn receipt_not_taken(&mut self, key: VoucherKey) {
        let order = self.order_of(key).expect("what a record names was paid");
        self.receipts_not_taken.insert(order);
    }

    pub(super) fn receipt_again(&mut self, key: VoucherKey) {
        let order = self.order_of(key).expect("what a record names was paid");
        self.receipts_not_taken.remove(&order);
    }

    pub(super) fn reversed(&mut self, key: VoucherKey, reason: &str) {
        let day = self.day.expect("a payment is taken back on a day");
        let order = self.order_of(key).expect("what a record names was paid");
        let row = self.row(order);
        for line in 0..row.paid_lines {
            self.line_reversed(order, line, day);
            self.paid_payments.remove(&self.payments[(row.first_payment + line) as usize]);
        }
        let group = TextId(row.group);
        let waiting = &mut self.groups[group.0 as usize];
        waiting.retain(|voucher| *voucher != order);
        if waiting.is_empty() {
            self.groups_waiting.remove(&group);
        }
        let refunds = &self.refunds;
        self.refunds_waiting.retain(|refund| refunds[*refund as usize].source != order);
        self.receipts_not_taken.remove(&order);
        self.held.remove(&order);
        self.exchanging = self.exchanging.filter(|exchanging| *exchanging != order);
        self.rows[order.0 as usize].state = State::Returned;
        if let Some(details) = self.beside_of(order) {
            self.rows[details.0 as usize].state = State::Returned;
        }
        self.reversals.insert(order, Reversal { day, reason: reason.to_owned() });
    }

    /// Posts both entries of a line back; of what its payee has given back already, that the account was charged and had it
    /// again.
    fn line_reversed(&mut self, order: SourceId, line: u32, day: Day) {
        let (advanced, charged) = self.paid_line(order, line);
        let amount_fen = charged.amount_fen;
        let detail = self.ledger.detail(&charged).to_owned();
        let elements = self.ledger.elements(&charged).to_owned();
        let (advance, claim, payer) = (self.advance, self.claim, charged.debit);
        let is_back = self.refunded_lines.contains(&(order, line));
        let own = charged.purpose == Purpose::Withdrawal;
        let from_payee = (Purpose::Reversal, advanced.credit, advance);
        let moves = match (own, is_back) {
            // The payee has given it back, and the account has it.
            (true, true) => return,
            (true, false) => [from_payee, (Purpose::WithdrawalReversal, advance, payer)],
            (false, false) => [from_payee, (Purpose::ChargeReversal, claim, payer)],
            (false, true) => [
                (Purpose::ReturnChargeReversal, payer, claim),
                (Purpose::ChargeReversal, claim, payer),
            ],
        };
        let of = Occasion { source: order, detail: &detail, elements: &elements, amount_fen, day };
        self.ledger.post_pair(&of, moves);
    }
}

/// A payment that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// When.
    pub day: Day,
    /// Why.
    pub reason: String,
}

/// The lines of a statement without those of payments that were made and taken back in one step of it, a day or a month:
/// together they moved nothing.
pub(super) fn without_reversed(
    lines: &[StatementLine],
    step: impl Fn(Day) -> Day,
) -> Vec<&StatementLine> {
    let place = |line: &StatementLine| (step(line.day), line.voucher);
    // Few payments are taken back, and a statement has many lines.
    let reversed = lines.iter().filter(|line| line.purpose == Purpose::ChargeReversal);
    let mut sums: BTreeMap<(Day, VoucherKey), FenSum> =
        reversed.map(|line| (place(line), 0)).collect();
    for line in lines.iter().filter(|line| line.purpose.is_of_an_order()) {
        if let Some(sum_fen) = sums.get_mut(&place(line)) {
            *sum_fen += FenSum::from(line.amount_fen.get());
        }
    }
    lines.iter().filter(|line| sums.get(&place(line)).is_none_or(|sum_fen| *sum_fen != 0)).collect()
}
