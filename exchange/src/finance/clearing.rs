//! Clearing, as finance takes part in it: for each request of a bank a limit notice out of finance's own books,
//! and the central bank's receipt of it.
//!
//! A notice says what finance knows to be paid of the vouchers that a request names, never what the request says
//! of them: whether they agree is for the central bank to see.

use domain::Fen;
use domain::codes::{FactKind, Role};
use domain::command::Fact;
use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::numbers::Series;
use domain::voucher::{
    Detail, Field, Flag, Party, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber, facts, form,
};

use super::record::{FactDue, Record};
use super::{Finance, Row, Standing, failed, noted};
use crate::business::{Effect, Verdict};

/// Fields of a request's head that its notice repeats: whose clearing it is, not what is cleared.
const REPEATED: [Field; 9] = [
    Field::FundType,
    Field::PayType,
    Field::PayBank,
    Field::PayBankName,
    Field::PayerAccount,
    Field::PayerName,
    Field::Treasury,
    Field::FirstDay,
    Field::LastDay,
];

impl Finance {
    /// A bank asks for what it paid, and finance has a copy: it tells the central bank what may be cleared.
    pub(super) fn request_came(&self, from: Party, request: &Voucher) -> (Verdict, Vec<Effect>) {
        let mut rows: Vec<&Row> = Vec::new();
        for line in &request.details {
            let Some(key) = named(request, line) else {
                return failed(format!("detail {} names no voucher", line.id));
            };
            if rows.last().is_some_and(|row| row.key == key) {
                continue;
            }
            match self.voucher(&key) {
                Some(row) if row.to == from && row.standing == Standing::Paid => rows.push(row),
                // Left out: the central bank finds a line without a limit and refuses the request.
                _ => {}
            }
        }
        rows.sort_unstable_by_key(|row| row.key);
        rows.dedup_by_key(|row| row.key);
        let Some(first) = rows.first() else {
            return failed(format!(
                "finance knows of nothing that was paid and not cleared in {}",
                request.key
            ));
        };
        let Some(kind) = first.key.kind.limit_notice() else {
            return failed(format!("{} is not cleared by a limit notice", first.key));
        };
        match self.notice(kind, request, &rows) {
            Ok(effects) => (Verdict::Accepted, effects),
            Err(reason) => failed(reason),
        }
    }

    fn notice(
        &self,
        kind: VoucherKind,
        request: &Voucher,
        rows: &[&Row],
    ) -> Result<Vec<Effect>, String> {
        let VoucherKey { division, year, .. } = request.key;
        let series = Series { division, year, kind };
        let serial = self.numbers.clone().give(series).map_err(|none| none.to_string())?;
        let key = series.key(serial);
        let mut head = Fields::new();
        for field in REPEATED {
            if let Some(value) = request.head.get(field) {
                head.set(field, value.clone());
            }
        }
        let mut details = Vec::new();
        let mut sum_fen = 0_i64;
        for row in rows {
            for line in &row.lines {
                let id = (details.len() + 1).to_string();
                let fields = Fields::new()
                    .with_text(Field::Department, &*line.department)
                    .with_text(Field::Function, &*line.function)
                    .with_amount(Field::Amount, line.paid_fen)
                    .with_text(Field::OriginalKind, row.key.kind.code().to_string())
                    .with_text(Field::OriginalNumber, row.key.number.as_str());
                details.push(Detail { id, fields });
                sum_fen = sum_fen.checked_add(line.paid_fen.get()).ok_or("its sum is no amount")?;
            }
        }
        let head = head
            .with_amount(Field::Amount, Fen::new(sum_fen))
            .with(Field::Total, Value::Count(details.len() as u32))
            .with_text(Field::ClearingNumber, request.key.number.as_str());
        let voucher = Voucher { key, flag: Flag::Original, date: request.date, head, details };
        let vouchers = rows.iter().map(|row| row.key.to_string()).collect();
        let record = Record::Noticed { notice: key.to_string(), vouchers };
        Ok(vec![noted(&record), Effect::Issue { to: self.central_bank, voucher }])
    }

    /// The central bank has cleared a bank under a notice of ours.
    pub(super) fn notice_cleared(&self, from: Party, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        if from != self.central_bank {
            return failed(format!("{from} clears nothing; only {} does", self.central_bank));
        }
        let Some(rows) = self.noticed.get(&receipt.key) else {
            return failed(format!("{} waits for no clearing", receipt.key));
        };
        let ordered = receipt.head.amount_fen(Field::Amount);
        if receipt.head.amount_fen(Field::ExecutedAmount) != ordered {
            return failed(format!("{} is cleared whole or not at all", receipt.key));
        }
        let day = receipt.head.day(Field::ClearedDay).unwrap_or(receipt.date);
        let rows = rows.iter().map(|at| &self.rows[*at as usize]);
        let facts = rows.flat_map(|row| cleared(row, &receipt.key, day)).collect();
        let record = Record::Cleared { notice: receipt.key.to_string(), facts };
        (Verdict::Accepted, vec![noted(&record)])
    }
}

/// The voucher that a line is about.
pub(super) fn named(request: &Voucher, line: &Detail) -> Option<VoucherKey> {
    let VoucherKey { division, year, .. } = request.key;
    let kind = form::kind(line.fields.text(Field::OriginalKind)?)?;
    let number = VoucherNumber::new(line.fields.text(Field::OriginalNumber)?)?;
    Some(VoucherKey { division, year, kind, number })
}

/// That each payment of a voucher is cleared: all that was paid of it.
fn cleared(row: &Row, notice: &VoucherKey, day: Day) -> Vec<FactDue> {
    let mut facts: Vec<FactDue> = Vec::new();
    for part in row.parts.iter().filter(|part| part.paid_fen != Fen::ZERO) {
        // Details of one payment lie together.
        if let Some(same) = facts.last_mut().filter(|fact| fact.payment == part.payment.0) {
            same.amount_fen += part.paid_fen.get();
            continue;
        }
        facts.push(FactDue::of(
            Role::CentralBank,
            &Fact {
                kind: FactKind::Clear,
                payment: part.payment,
                quota: part.quota,
                serial: facts::serial(notice, Flag::Receipt, part.payment, ""),
                amount_fen: part.paid_fen,
                payee_hash: 0,
                day,
                refund: 0,
                detail: 0,
                note: "",
            },
        ));
    }
    facts
}
