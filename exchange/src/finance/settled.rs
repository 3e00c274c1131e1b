//! What came back reaches the treasury: the central bank's receipt of a request (2302) settles the refunds it names.
//!
//! The receipt may come before a refund's own notice, which goes another way. It waits for it then: money that is in the
//! treasury is not unsaid because a notice is late.

use std::collections::BTreeSet;

use domain::Fen;
use domain::codes::{FactKind, Role};
use domain::command::Fact;
use domain::ids::PaymentId;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Party, Voucher, VoucherKey, canonical, facts, form};

use super::answer::part_at;
use super::record::{FactDue, Record};
use super::{Finance, Standing, failed, noted};
use crate::business::{Effect, Verdict};
use crate::limits::SETTLEMENTS_WAITING_MAX;

/// Why a receipt settles nothing.
enum Unsettled {
    /// Not yet: the notice of a refund has not come.
    Waits,
    /// Never.
    Wrong(String),
}

impl From<&str> for Unsettled {
    fn from(why: &str) -> Unsettled {
        Unsettled::Wrong(why.to_owned())
    }
}

/// Refunds that are about to be taken down, of one voucher.
type Coming<'a> = Option<(&'a VoucherKey, &'a [FactDue])>;

impl Finance {
    /// What came back has reached the treasury.
    pub(super) fn refund_settled(&self, from: Party, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        if from != self.central_bank {
            let ours = self.central_bank;
            return failed(format!("{from} takes no refunds into the treasury; only {ours} does"));
        }
        match self.settled(receipt, None) {
            Ok(effects) => (Verdict::Accepted, effects),
            Err(Unsettled::Waits) => self.settlement_waits(receipt),
            Err(Unsettled::Wrong(reason)) => failed(reason),
        }
    }

    fn settlement_waits(&self, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        if self.settlements.len() >= SETTLEMENTS_WAITING_MAX {
            return failed(format!(
                "{SETTLEMENTS_WAITING_MAX} receipts wait for notices of the refunds they settle; ask the banks for those"
            ));
        }
        match canonical::bytes(receipt) {
            Ok(receipt) => (Verdict::Accepted, vec![noted(&Record::SettlementWaits { receipt })]),
            Err(why) => failed(why.to_string()),
        }
    }

    /// What is settled once refunds are taken down that are known now: receipts that waited for them.
    pub(super) fn settlements_due(&self, voucher: &VoucherKey, facts: &[FactDue]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (request, receipt) in &self.settlements {
            if let Ok(settled) = self.settled(receipt, Some((voucher, facts))) {
                effects.extend(settled);
                effects.push(noted(&Record::SettlementEnded { request: request.to_string() }));
            }
        }
        effects
    }

    fn settled(&self, receipt: &Voucher, coming: Coming<'_>) -> Result<Vec<Effect>, Unsettled> {
        let VoucherKey { division, year, .. } = receipt.key;
        let mut effects = Vec::new();
        let mut seen = BTreeSet::new();
        for line in &receipt.details {
            let key = facts::named_voucher(division, year, &line.fields);
            let key = key.ok_or("a line names no voucher")?;
            let number = line.fields.text(Field::RefundNumber).and_then(form::refund_number);
            let number = number.ok_or("a line names no refund")?;
            if !seen.insert((key, number)) {
                continue;
            }
            let back = self.in_transit(&key, number, coming);
            if back.is_empty() {
                return Err(self.not_in_transit(&key, number, &line.fields));
            }
            let facts = back.into_iter().map(|back| settled_fact(receipt, number, back)).collect();
            effects.push(noted(&Record::RefundSettled { key: key.to_string(), number, facts }));
        }
        Ok(effects)
    }

    /// What came back under a number and has not reached the treasury, by payment.
    fn in_transit<'a>(
        &'a self,
        key: &VoucherKey,
        number: u64,
        coming: Coming<'a>,
    ) -> Vec<&'a FactDue> {
        let known = self.by_key.get(key).and_then(|at| self.refunds.get(&(*at, number)));
        let coming = coming.filter(|(of, _)| *of == key).map_or(&[][..], |(_, facts)| facts);
        let coming = coming.iter().filter(|fact| fact.refund == number);
        known.into_iter().flatten().chain(coming).collect()
    }

    fn not_in_transit(&self, key: &VoucherKey, number: u64, line: &Fields) -> Unsettled {
        let detail = line.text(Field::OriginalDetail);
        let may_come = self.voucher(key).is_some_and(|row| {
            let payees = row.payees();
            let part = detail.and_then(|id| part_at(payees, id)).map(|at| &payees[at]);
            let may_come = |paid: Fen, refunded: bool| paid != Fen::ZERO && !refunded;
            row.standing == Standing::Out
                || part.is_some_and(|part| may_come(part.paid_fen, part.refunded))
        });
        match may_come {
            true => Unsettled::Waits,
            false => Unsettled::Wrong(format!("refund {number} of {key} is not in transit")),
        }
    }
}

/// That what came back of a payment is in the treasury.
fn settled_fact(receipt: &Voucher, number: u64, back: &FactDue) -> FactDue {
    let told = number.to_string();
    let fact = Fact {
        kind: FactKind::SettleRefund,
        serial: facts::serial(&receipt.key, Flag::Receipt, PaymentId(back.payment), &told),
        day: receipt.head.day(Field::ClearedDay).unwrap_or(receipt.date),
        detail: 0,
        note: "",
        ..back.fact()
    };
    FactDue::of(Role::CentralBank, &fact)
}
