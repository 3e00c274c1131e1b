//! What banks and the central bank answer becomes facts for the engine.
//!
//! A receipt repeats its original whole, so that the original need not be kept: what is left when the fields
//! as executed are taken out is held against the original's digest. What does not fit is not taken, and its
//! sender is told why; a fact about money that the engine cannot fit is parked there, never dropped.

use std::collections::BTreeMap;

use domain::Fen;
use domain::command::Fact;
use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, Field, Finding, Flag, Party, PartyKind, Voucher, VoucherKey, VoucherKind, facts,
};

use super::back::without_voided;
use super::collection::debit_named;
use super::issue::digest;
use super::record::{FactDue, LineRecord, Record};
use super::sheet::retold;
use super::{Finance, Part, Row, Standing, failed, noted};
use crate::business::{Effect, Verdict};

impl Finance {
    pub(super) fn answer(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        use VoucherKind as Kind;
        match (voucher.flag, voucher.key.kind) {
            (Flag::Receipt, kind) if kind.is_order() => self.receipt(from, voucher),
            (Flag::Receipt, Kind::BatchDetails) => self.sheet_answered(from, voucher),
            (Flag::Receipt, Kind::AuthorizedLimit | Kind::DirectLimit) => {
                self.notice_cleared(from, voucher)
            }
            (Flag::Receipt, kind) if kind.is_correction() => self.correction_booked(from, voucher),
            (Flag::Original, Kind::TransferRequest) => self.request_came(from, voucher),
            (Flag::Receipt, Kind::RefundRequest) => self.refund_settled(from, voucher),
            (Flag::Original, Kind::CollectionDebit) => self.debit_came(from, voucher),
            (Flag::Original, kind) if is_refund_notice(kind) => self.refund(from, voucher),
            // Copies: a refund is known by its notice, a clearing by the receipt of the limit notice.
            (Flag::Original, Kind::RefundRequest) | (Flag::Receipt, Kind::TransferRequest) => {
                (Verdict::Accepted, Vec::new())
            }
            (Flag::Original, kind) if is_report(kind) && from == self.central_bank => {
                let key = voucher.key.to_string();
                (Verdict::Accepted, vec![noted(&Record::Reported { key })])
            }
            (Flag::Original, Kind::LimitArrival)
                if voucher.head.text(Field::PayBank) == Some(from.code()) =>
            {
                let key = voucher.key.to_string();
                (Verdict::Accepted, vec![noted(&Record::Reported { key })])
            }
            (flag, kind) => failed(format!(
                "finance takes no {} of kind {} {}",
                if flag == Flag::Receipt { "receipt" } else { "voucher" },
                kind.code(),
                kind.chinese()
            )),
        }
    }

    /// A voucher of ours that this party answers for, as it stands.
    pub(super) fn ours(&self, from: Party, key: &VoucherKey) -> Result<&Row, String> {
        let row = self.voucher(key).ok_or_else(|| format!("{key} was never sent by finance"))?;
        if row.to == from {
            Ok(row)
        } else {
            Err(format!("{key} was sent to {}; {from} cannot answer it", row.to))
        }
    }

    fn receipt(&self, from: Party, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        let told = self.ours(from, &receipt.key).and_then(|row| self.receipted(row, receipt));
        match told {
            Ok(effects) => (Verdict::Accepted, effects),
            Err(reason) => failed(reason),
        }
    }

    fn receipted(&self, row: &Row, receipt: &Voucher) -> Result<Vec<Effect>, String> {
        if row.standing != Standing::Out {
            return Err(format!("{} was answered before", receipt.key));
        }
        let original = original_of(receipt, row.day);
        if digest(&original)? != row.digest {
            return Err(format!(
                "the receipt of {} does not repeat the voucher that was sent",
                row.key
            ));
        }
        let in_part = facts::executed_in_part(receipt);
        if row.sheet.is_none() && !in_part.is_empty() {
            return Err(told(&in_part));
        }
        let (paid_fen, lines) = paid(receipt);
        let untold = row.sheet.as_ref().filter(|sheet| !sheet.answered);
        if let Some(sheet) = untold.filter(|_| paid_fen.iter().any(|fen| *fen != 0)) {
            return Err(format!(
                "回单{}未签收: the receipt of {}, the sheet beside {}, has not been taken, and comes first",
                sheet.key, sheet.key, row.key
            ));
        }
        // Not paid, by a bank that says so in a receipt: what was not taken back goes out again, as of a returned one.
        if row.parts.iter().any(|part| part.voided) && paid_fen.iter().all(|fen| *fen == 0) {
            return Ok(self.order_came_back(row.to, &row.key, ""));
        }
        let facts = facts::of_receipt(&original, receipt).map_err(|found| told(&found))?;
        let facts = facts::settled_at_once(&row.key, row.path, without_voided(row, facts));
        let mut effects = Finance::alarms_of_voided(row, &paid_fen);
        let (key, facts) = (row.key.to_string(), due(row, &facts));
        effects.insert(0, noted(&Record::Answered { key, paid_fen, lines, facts }));
        Ok(effects)
    }

    fn refund(&self, from: Party, notice: &Voucher) -> (Verdict, Vec<Effect>) {
        let told = match debit_named(notice) {
            Some(_) => self.debit_back(from, notice),
            None => self.refunded(from, notice),
        };
        match told {
            Ok(effects) => (Verdict::Accepted, effects),
            Err(reason) => failed(reason),
        }
    }

    fn refunded(&self, from: Party, notice: &Voucher) -> Result<Vec<Effect>, String> {
        let VoucherKey { division, year, .. } = notice.key;
        let key = facts::named_voucher(division, year, &notice.head);
        let key = key.ok_or("a refund notice names the voucher it is about")?;
        let row = self.ours(from, &key)?;
        let payees = row.payees();
        let receipt = retold(row, payees, Flag::Receipt);
        let before = |id: &str| part_at(payees, id).is_some_and(|at| payees[at].refunded);
        let facts = facts::of_refund(&receipt, notice, &before).map_err(|found| told(&found))?;
        let details = match notice.details.is_empty() {
            true => (0..payees.len()).filter(|at| payees[*at].paid_fen != Fen::ZERO).collect(),
            false => {
                let ids =
                    notice.details.iter().filter_map(|d| d.fields.text(Field::OriginalDetail));
                ids.filter_map(|id| part_at(payees, id)).collect::<Vec<usize>>()
            }
        };
        let facts = due(row, &facts::settled_at_once(&row.key, row.path, facts));
        let settled = self.settlements_due(&key, &facts);
        let refunded = noted(&Record::Refunded {
            key: key.to_string(),
            notice: notice.key.to_string(),
            details: details.into_iter().map(|at| at as u32).collect(),
            facts,
        });
        Ok([refunded].into_iter().chain(settled).collect())
    }
}

/// Which detail an id means, counted from 0.
pub(super) fn part_at(parts: &[Part], id: &str) -> Option<usize> {
    let at = facts::detail_number(id)?.checked_sub(1)? as usize;
    (at < parts.len()).then_some(at)
}

/// Facts as they are due, each in the role of whoever reports it on the voucher's path.
pub(super) fn due(row: &Row, facts: &[Fact<'_>]) -> Vec<FactDue> {
    let of = |fact: &Fact<'_>| FactDue::of(facts::reporter(row.path, fact.kind), fact);
    facts.iter().map(of).collect()
}

fn told(found: &[Finding]) -> String {
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    told.join("; ")
}

/// What was paid of each detail, and the lines it is cleared by.
fn paid(receipt: &Voucher) -> (Vec<i64>, Vec<LineRecord>) {
    let mut lines: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut paid_fen = Vec::with_capacity(receipt.details.len());
    for detail in &receipt.details {
        let fen = facts::executed_fen(receipt, detail).get();
        paid_fen.push(fen);
        if fen != 0 {
            let text = |field| detail.fields.text(field).unwrap_or("");
            *lines.entry((text(Field::Department), text(Field::Function))).or_default() += fen;
        }
    }
    let line = |((department, function), paid_fen): ((&str, &str), i64)| LineRecord {
        department: department.to_owned(),
        function: function.to_owned(),
        paid_fen,
    };
    (paid_fen, lines.into_iter().map(line).collect())
}

/// What the central bank reports out of its own ledger, taken and shown: everything it tells finance but money that came back.
/// What is compared beside was looked at before.
fn is_report(kind: VoucherKind) -> bool {
    let told = kind.from() == PartyKind::CentralBank && kind.to() == PartyKind::Finance;
    told && !is_refund_notice(kind)
}

fn is_refund_notice(kind: VoucherKind) -> bool {
    VoucherKind::ALL.iter().any(|order| order.refund_notice() == Some(kind))
}

/// The voucher of a day that a receipt repeats: without the fields as executed, which have numbers of their own. A
/// receipt has the day on which it was written, which may be a later one.
pub(super) fn original_of(receipt: &Voucher, day: Day) -> Voucher {
    let ordered = |fields: &Fields| {
        let mut ordered = Fields::with_capacity(fields.len());
        for (field, value) in fields.iter().filter(|(field, _)| !field.is_executed()) {
            ordered.append(field, value.clone());
        }
        ordered
    };
    let details = receipt
        .details
        .iter()
        .map(|line| Detail { id: line.id.clone(), fields: ordered(&line.fields) });
    Voucher {
        key: receipt.key,
        flag: Flag::Original,
        date: day,
        head: ordered(&receipt.head),
        details: details.collect(),
    }
}
