//! What is sent back at the gate: form by the kind's table and what is on file, then what the treasury itself knows.

use std::collections::{BTreeMap, HashSet};

use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::check::check;
use domain::voucher::unfit::Place;
use domain::voucher::{Field, Finding, Party, PartyKind, Unfit, Voucher, VoucherKey, VoucherKind};

use super::{CentralBank, order_of};
use crate::bank::findings_told;

impl CentralBank {
    /// Why a voucher is sent back, in both languages; `None`: it passes.
    pub(super) fn stopped_at_gate(
        &self,
        from: Party,
        voucher: &Voucher,
        today: Day,
    ) -> Option<String> {
        let mut findings = check(voucher, today, &self.master);
        let head = &voucher.head;
        if let Some(code) = head.text(Field::Treasury) {
            let row = self.master.treasuries.get(code);
            if row.is_some_and(|row| row.division != voucher.key.division) {
                let place = Place::Head(Field::Treasury);
                findings.push(Finding::new(Unfit::UnknownTreasury, place, code));
            }
        }
        let bank = head.text(Field::PayBank).filter(|_| from.kind() == PartyKind::Bank);
        if let Some(bank) = bank.filter(|bank| *bank != from.code()) {
            let place = Place::Head(Field::PayBank);
            findings.push(Finding::new(Unfit::BankNameMismatch, place, bank));
        }
        if findings.is_empty() && voucher.key.kind == VoucherKind::RefundRequest {
            findings = self.refund_findings(voucher);
        }
        (!findings.is_empty()).then(|| findings_told(&findings))
    }

    /// Refunds have to name details that were cleared, each once, and not more than was cleared.
    fn refund_findings(&self, voucher: &Voucher) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut named = HashSet::new();
        let mut back_fen: BTreeMap<VoucherKey, FenSum> = BTreeMap::new();
        for (line, detail) in (1..).zip(&voucher.details) {
            let fields = &detail.fields;
            let place = Place::Detail(line, Some(Field::OriginalDetail));
            let name = fields.text(Field::OriginalDetail).unwrap_or("");
            let order = order_of(voucher, fields);
            let cleared = order.and_then(|order| Some((order, self.cleared.get(&order)?)));
            let Some((order, cleared)) = cleared.filter(|_| !name.is_empty()) else {
                findings.push(Finding::new(Unfit::RefundDetail, place, name));
                continue;
            };
            let again = self.refunded.contains(&(order, name.to_owned()));
            if again || !named.insert((order, name)) {
                findings.push(Finding::new(Unfit::DetailRepeated, place, name));
            }
            let amount_fen = fields.amount_fen(Field::Amount).unwrap_or_default();
            let sum_fen = back_fen.entry(order).or_insert(cleared.refunded_fen);
            *sum_fen -= FenSum::from(amount_fen.get());
            if *sum_fen > cleared.amount_fen {
                let place = Place::Detail(line, Some(Field::Amount));
                findings.push(Finding::new(Unfit::RefundAmount, place, &amount_fen.to_yuan()));
            }
        }
        findings
    }
}
