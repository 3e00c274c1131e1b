//! What is sent back at the gate: form by the kind's table and what is on file, then what the treasury itself knows.

use domain::ids::Day;
use domain::voucher::check::check;
use domain::voucher::unfit::Place;
use domain::voucher::{Field, Finding, Party, PartyKind, Unfit, Voucher, VoucherKind};

use super::CentralBank;
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
            findings = self.cleared.refund_findings(voucher);
        }
        (!findings.is_empty()).then(|| findings_told(&findings))
    }
}
