//! Clearing, as finance takes part in it: for each request of a bank a limit notice out of finance's own books,
//! and the central bank's receipt of it.
//!
//! A notice says what finance knows to be paid of the vouchers that a request names, never what the request says
//! of them: whether they agree is for the central bank to see.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::codes::{FactKind, Role};
use domain::command::Fact;
use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::numbers::{Giving, Series};
use domain::voucher::{Detail, Field, Flag, Party, Value, Voucher, VoucherKey, canonical, facts};

use super::record::{FactDue, Record};
use super::{Finance, Row, Standing, failed, noted};
use crate::business::{Effect, Verdict};
use crate::limits::REQUESTS_WAITING_MAX;

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
        let named = match self.rows_named(from, request) {
            Ok(named) => named,
            Err(reason) => return failed(reason),
        };
        // Its bank has heard that an earlier notice came back, and finance has not: it hears so soon.
        if named.iter().any(|at| self.row_at(*at).standing == Standing::Noticed) {
            return self.request_waits(from, request);
        }
        if !named.iter().any(|at| self.row_at(*at).standing == Standing::Paid) {
            // It is kept, and the central bank holds it until its people send it back.
            let what = format!(
                "{} of {from} gets no limit notice: finance knows of nothing in it that was paid and not cleared; when the \
                 central bank has sent it back (`send-back`), its bank asks again",
                request.key
            );
            return (Verdict::Accepted, vec![Effect::Alarm { what }]);
        }
        match self.notice_of(request, &named, &[], &mut self.numbers.giving()) {
            Ok(effects) => (Verdict::Accepted, effects),
            Err(reason) => failed(reason),
        }
    }

    fn row_at(&self, at: u32) -> &Row {
        &self.rows[at as usize]
    }

    /// The vouchers of a bank that its request names, each once, in the order of their keys.
    fn rows_named(&self, from: Party, request: &Voucher) -> Result<Vec<u32>, String> {
        let VoucherKey { division, year, .. } = request.key;
        let mut rows = BTreeMap::new();
        for line in &request.details {
            let key = facts::named_voucher(division, year, &line.fields)
                .ok_or_else(|| format!("detail {} names no voucher", line.id))?;
            if let Some(at) = self.by_key.get(&key).filter(|at| self.row_at(**at).to == from) {
                rows.insert(key, *at);
            }
        }
        Ok(rows.into_values().collect())
    }

    fn request_waits(&self, from: Party, request: &Voucher) -> (Verdict, Vec<Effect>) {
        if self.requests.len() >= REQUESTS_WAITING_MAX {
            return failed(format!(
                "{REQUESTS_WAITING_MAX} requests wait for notices that are out; ask again when they are answered"
            ));
        }
        match canonical::bytes(request) {
            Ok(bytes) => {
                let record = Record::RequestWaits { from: from.to_string(), request: bytes };
                (Verdict::Accepted, vec![noted(&record)])
            }
            Err(why) => failed(why.to_string()),
        }
    }

    /// Answers requests that waited for a notice which is not out any more. Its vouchers, `back`, stand as noticed
    /// until what is decided here is applied.
    pub(super) fn answer_requests(&self, back: &[u32]) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut numbers = self.numbers.giving();
        let mut free: BTreeSet<u32> = back.iter().copied().collect();
        for (key, (from, request)) in &self.requests {
            let Ok(named) = self.rows_named(*from, request) else { continue };
            let waits =
                |at: &u32| self.row_at(*at).standing == Standing::Noticed && !free.contains(at);
            if named.iter().any(waits) {
                continue;
            }
            let free_now: Vec<u32> = free.iter().copied().collect();
            let noticed = self.notice_of(request, &named, &free_now, &mut numbers);
            effects.push(noted(&Record::RequestEnded { request: key.to_string() }));
            match noticed {
                Ok(noticed) => {
                    named.iter().for_each(|at| {
                        free.remove(at);
                    });
                    effects.extend(noticed);
                }
                Err(why) => effects.push(Effect::Alarm { what: format!("{key}: {why}") }),
            }
        }
        effects
    }

    /// The notice for a request: of the vouchers it names those that are paid, or become so by what is decided now.
    fn notice_of(
        &self,
        request: &Voucher,
        named: &[u32],
        free: &[u32],
        numbers: &mut Giving<'_>,
    ) -> Result<Vec<Effect>, String> {
        // What is left out, the central bank finds without a limit, and refuses the request.
        let is_paid = |at: &&u32| self.row_at(**at).standing == Standing::Paid || free.contains(at);
        let rows: Vec<&Row> = named.iter().filter(is_paid).map(|at| self.row_at(*at)).collect();
        let Some(first) = rows.first() else {
            return Err(format!(
                "finance knows of nothing that was paid and not cleared in {}",
                request.key
            ));
        };
        let kind = first.key.kind.limit_notice();
        let kind = kind.ok_or_else(|| format!("{} is not cleared by a limit notice", first.key))?;
        let mut head = Fields::new();
        for field in REPEATED {
            if let Some(value) = request.head.get(field) {
                head.set(field, value.clone());
            }
        }
        let mut details = Vec::new();
        let mut sum_fen = 0_i64;
        for row in &rows {
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
        let key = VoucherKey { kind, ..request.key };
        let notice = Voucher { key, flag: Flag::Original, date: request.date, head, details };
        self.notice_with(notice, &rows, numbers)
    }

    /// A notice under the next number of its series, whatever number it has.
    pub(super) fn notice_with(
        &self,
        notice: Voucher,
        rows: &[&Row],
        numbers: &mut Giving<'_>,
    ) -> Result<Vec<Effect>, String> {
        let series = Series::of(&notice.key);
        let serial = numbers.give(series).map_err(|none| none.to_string())?;
        let voucher = Voucher { key: series.key(serial), ..notice };
        let vouchers = rows.iter().map(|row| row.key.to_string()).collect();
        let record = Record::Noticed { notice: voucher.key.to_string(), vouchers };
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
        let facts = rows.iter().flat_map(|at| cleared(self.row_at(*at), &receipt.key, day));
        let record = Record::Cleared { notice: receipt.key.to_string(), facts: facts.collect() };
        let mut effects = vec![noted(&record)];
        effects.extend(self.end_requests(rows));
        (Verdict::Accepted, effects)
    }

    /// Requests that waited for a notice under which their vouchers were cleared: a bank asks for money twice.
    fn end_requests(&self, cleared: &[u32]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (key, (from, request)) in &self.requests {
            let named = self.rows_named(*from, request).unwrap_or_default();
            if named.iter().any(|at| cleared.contains(at)) {
                effects.push(noted(&Record::RequestEnded { request: key.to_string() }));
                let what =
                    format!("{from} asks by {key} for what was cleared by now; it gets no notice");
                effects.push(Effect::Alarm { what });
            }
        }
        effects
    }
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
