//! A real allocation that comes back (实拨退回): its receiver's bank returns the cash to the treasury it came from,
//! and finance is told by 3208, by detail and each detail whole.

use std::collections::BTreeMap;

use domain::Fen;
use domain::money::{FenSum, yuan_plain};
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Party, Value, Voucher, VoucherKey, VoucherKind, form};
use exchange::business::Effect;

use super::record::Record;
use super::{CentralBank, Refusal, noted};
use crate::ledger::{AccountKind, Purpose, SourceId};
use crate::reason::is_reason;
use crate::record::KeyRecord;

/// An allocation that was paid.
#[derive(Clone, Debug)]
pub(super) struct Allocated {
    /// Whose it was.
    from: Party,
    treasury: String,
    fund: String,
    lines: Vec<Line>,
}

/// What one receiver got of it.
#[derive(Clone, Debug)]
struct Line {
    detail: String,
    function: String,
    payee: String,
    amount_fen: Fen,
    is_back: bool,
}

impl Allocated {
    /// What an allocation that is paid now has given.
    pub(super) fn of(from: Party, allocation: &Voucher) -> Allocated {
        let text = |fields: &Fields, field| fields.text(field).unwrap_or("").to_owned();
        let lines = allocation.details.iter().map(|line| Line {
            detail: line.id.clone(),
            function: text(&line.fields, Field::Function),
            payee: text(&line.fields, Field::PayeeAccount),
            amount_fen: line.fields.amount_fen(Field::Amount).unwrap_or_default(),
            is_back: false,
        });
        Allocated {
            from,
            treasury: text(&allocation.head, Field::Treasury),
            fund: text(&allocation.head, Field::FundType),
            lines: lines.collect(),
        }
    }
}

impl CentralBank {
    /// An allocation comes back: one detail of it, or all that has not come back before.
    pub(super) fn allocation_back(
        &self,
        allocation: VoucherKey,
        detail: Option<&str>,
        reason: &str,
    ) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        if !is_reason(reason) {
            return Err(Refusal::Reason);
        }
        let known = self.allocated.get(&allocation);
        let known = known.ok_or(Refusal::NotAllocated { voucher: allocation })?;
        let named = |line: &&Line| detail.is_none_or(|id| line.detail == id);
        let numbered = known.lines.iter().enumerate().filter(|(_, line)| !line.is_back);
        let back: Vec<(usize, &Line)> = numbered.filter(|(_, line)| named(line)).collect();
        if back.is_empty() {
            let detail = detail.unwrap_or("").to_owned();
            return Err(Refusal::NothingAllocated { voucher: allocation, detail });
        }
        let given_up = self.given_up(known, &back)?;
        let notice = self.told_back(allocation, known, &back, reason);
        let record = noted(&Record::AllocationBack {
            allocation: KeyRecord::from(&allocation),
            notice: KeyRecord::from(&notice.key),
            lines: back.iter().map(|(at, _)| *at as u32).collect(),
        });
        let mut effects = vec![record, Effect::Issue { to: known.from, voucher: notice }];
        let mut run = self.run(day);
        let sum_fen: FenSum =
            back.iter().map(|(_, line)| FenSum::from(line.amount_fen.get())).sum();
        run.add(&known.treasury, sum_fen);
        given_up.into_iter().for_each(|(treasury, fen)| run.add(treasury, -fen));
        run.drain(&known.treasury);
        effects.extend(run.into_effects());
        Ok(effects)
    }

    /// What treasuries that the allocation sent cash to (库款调度) give up again; each has to have it.
    fn given_up<'a>(
        &self,
        known: &Allocated,
        back: &[(usize, &'a Line)],
    ) -> Result<BTreeMap<&'a str, FenSum>, Refusal> {
        let mut given_up: BTreeMap<&str, FenSum> = BTreeMap::new();
        for (_, line) in back.iter().filter(|(_, line)| line.payee != known.treasury) {
            if self.master.treasuries.contains_key(&line.payee) {
                *given_up.entry(&line.payee).or_default() += FenSum::from(line.amount_fen.get());
            }
        }
        for (code, fen) in &given_up {
            let floor_fen = FenSum::from(self.treasury(code)?.floor_fen.get());
            let available_fen = self.balance_fen(code) - floor_fen;
            if available_fen < *fen {
                let (code, available) = ((*code).to_owned(), yuan_plain(available_fen));
                let amount_fen = Fen::new(i64::try_from(*fen).unwrap_or(i64::MAX));
                return Err(Refusal::CashShort { code, available, amount_fen });
            }
        }
        Ok(given_up)
    }

    /// The notice of what comes back (3208).
    fn told_back(
        &self,
        allocation: VoucherKey,
        known: &Allocated,
        back: &[(usize, &Line)],
        reason: &str,
    ) -> Voucher {
        let is_whole = back.len() == known.lines.len();
        let first = self.allocations_back + 1;
        let number = |at: usize| if is_whole { first } else { first + at as u64 };
        let line = |(at, (_, line)): (usize, &(usize, &Line))| Detail {
            id: (at + 1).to_string(),
            fields: Fields::new()
                .with_text(Field::OriginalDetail, line.detail.as_str())
                .with_text(Field::RefundNumber, number(at).to_string())
                .with_text(Field::Function, line.function.as_str())
                .with_amount(Field::Amount, Fen::new(-line.amount_fen.get())),
        };
        let details: Vec<Detail> = back.iter().enumerate().map(line).collect();
        let sum_fen: i64 = back.iter().map(|(_, line)| line.amount_fen.get()).sum();
        let refund_type = if is_whole { form::REFUND_OF_WHOLE } else { form::REFUND_BY_DETAIL };
        let head = Fields::new()
            .with_text(Field::FundType, known.fund.as_str())
            .with_text(Field::PayType, form::METHOD_ALLOCATION)
            .with_text(Field::Treasury, known.treasury.as_str())
            .with_text(Field::OriginalKind, allocation.kind.code().to_string())
            .with_text(Field::OriginalNumber, allocation.number.as_str())
            .with_text(Field::RefundType, refund_type)
            .with_text(Field::RefundNumber, first.to_string())
            .with_text(Field::Reason, reason)
            .with(Field::Total, Value::Count(details.len() as u32))
            .with_amount(Field::Amount, Fen::new(-sum_fen));
        let treasury = &self.master.treasuries[&known.treasury];
        let key = self.own_key(treasury, allocation.year, VoucherKind::AllocationRefund, 0);
        let date = self.day.expect("money comes back on a day");
        Voucher { key, flag: Flag::Original, date, head, details }
    }

    /// Cash of an allocation is in its treasury again.
    pub(super) fn allocation_came_back(
        &mut self,
        allocation: VoucherKey,
        notice: VoucherKey,
        lines: &[u32],
    ) {
        let known = self.allocated.get_mut(&allocation).expect("what comes back was paid");
        let treasury = known.treasury.clone();
        let mut back = Vec::with_capacity(lines.len());
        for at in lines {
            let line = &mut known.lines[*at as usize];
            line.is_back = true;
            back.push((line.payee.clone(), line.function.clone(), line.amount_fen));
        }
        self.allocations_back += lines.len() as u64;
        self.numbers += 1;
        let source: SourceId = self.ledger.source(notice);
        let credit = self.ledger.find(AccountKind::Treasury, &treasury);
        let credit = credit.expect("a treasury was filed");
        for (payee, function, amount_fen) in back {
            let other = self.ledger.find(AccountKind::Treasury, &payee);
            let (purpose, debit) = match other.filter(|account| *account != credit) {
                Some(account) => (Purpose::Dispatch, account),
                None => (Purpose::AllocationBack, self.ledger.open(AccountKind::Outside, &payee)),
            };
            let amount_fen = FenSum::from(amount_fen.get());
            self.post(purpose, source, &function, debit, credit, amount_fen);
        }
    }
}
