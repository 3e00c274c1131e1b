//! The end of a day: statements to compare with (3501, 3502, 3513) and daily reports (3401, 3402, 3410), all from the
//! central bank's own ledger.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::Day;
use domain::money::FenSum;
use domain::reconciliation::period::of_statement;
use domain::reconciliation::statement::{Part, source_of};
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Party, PartyKind, Value, Voucher, VoucherKind, form};
use domain::{Fen, FiscalYear};
use exchange::business::Effect;

use super::record::Record;
use super::{CentralBank, Ended, Kept, Refusal, Treasury, noted};
use crate::ledger::{AccountKind, Purpose, Statement, StatementLine};
use crate::limits::LISTED_PER_VOUCHER_MAX;
use crate::portions::{amounts, in_vouchers};

/// Statements and reports that are being written.
pub(super) struct Reports<'a> {
    bank: &'a CentralBank,
    /// What is told of: the first day and the last.
    days: [Day; 2],
    /// When.
    date: Day,
    written: Vec<(Party, Voucher)>,
}

impl CentralBank {
    /// Statements of all treasuries' accounts for a day, from the ledger.
    #[must_use]
    pub fn treasury_statements(&self, day: Day) -> Vec<Statement> {
        self.ledger.statements(AccountKind::Treasury, day)
    }

    pub(super) fn close(&self) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        let mut reports = Reports::new(self, [day; 2], day);
        for statement in self.treasury_statements(day) {
            let treasury = &self.master.treasuries[&statement.account];
            reports.clearing(treasury);
            reports.account(treasury, &statement);
            reports.daily(treasury, &statement);
        }
        let numbers = reports.count();
        let mut effects = vec![noted(&Record::Closed { numbers })];
        effects.extend(reports.numbered());
        Ok(effects)
    }
}

impl<'a> Reports<'a> {
    pub(super) fn new(bank: &'a CentralBank, days: [Day; 2], date: Day) -> Reports<'a> {
        Reports { bank, days, date, written: Vec::new() }
    }

    pub(super) const fn bank(&self) -> &'a CentralBank {
        self.bank
    }

    /// How many were written.
    pub(super) fn count(&self) -> u32 {
        self.written.len() as u32
    }

    /// To finance and to each bank: what was cleared, and what was sent back; to finance also what waits for cash.
    fn clearing(&mut self, treasury: &Treasury) {
        let bank = self.bank;
        let ended: Vec<&Ended> = bank
            .ended
            .iter()
            .rev()
            .take_while(|ended| ended.day == self.days[1])
            .filter(|ended| ended.treasury == treasury.code)
            .collect();
        let waiting: Vec<&Kept> = bank.queued_at(&treasury.code).collect();
        let mut years: BTreeSet<FiscalYear> =
            ended.iter().map(|ended| ended.voucher.year).collect();
        years.extend(waiting.iter().map(|kept| kept.voucher.key.year));
        // Also when nothing was cleared: silence is no statement.
        years.insert(self.year());
        for year in years {
            let of_year: Vec<&Ended> =
                ended.iter().rev().copied().filter(|ended| ended.voucher.year == year).collect();
            let kind = VoucherKind::ClearingStatement;
            let waiting = waiting.iter().filter(|kept| kept.voucher.key.year == year);
            let lines = of_year.iter().map(|ended| ended_line(ended));
            let lines = lines.chain(waiting.map(|kept| waiting_line(kept))).collect();
            self.compared(treasury, year, kind, treasury.finance, None, lines);
            let banks: BTreeSet<&str> = of_year.iter().map(|ended| ended.bank.as_str()).collect();
            for code in banks {
                let of_bank = of_year.iter().filter(|ended| ended.bank == code);
                let lines = of_bank.map(|ended| ended_line(ended)).collect();
                let Some(to) = Party::new(PartyKind::Bank, code) else { continue };
                let kind = VoucherKind::BankClearingStatement;
                self.compared(treasury, year, kind, to, Some(code), lines);
            }
        }
    }

    fn compared(
        &mut self,
        treasury: &Treasury,
        year: FiscalYear,
        kind: VoucherKind,
        to: Party,
        bank: Option<&str>,
        lines: Vec<Fields>,
    ) {
        for lines in in_vouchers(lines) {
            let mut head = self.head(treasury);
            if let Some(code) = bank {
                let name = self.bank.master.banks.get(code).map_or("", String::as_str);
                head = head.with_text(Field::PayBank, code).with_text(Field::PayBankName, name);
            }
            self.totalled(treasury, year, kind, to, head, lines);
        }
    }

    /// The treasury's account with everything that moved it (3513).
    fn account(&mut self, treasury: &Treasury, statement: &Statement) {
        let Statement { opening_fen, lines, .. } = statement;
        let mut before_fen = *opening_fen;
        // A line names a voucher by kind and number: its year is that of the statement it stands in.
        let mut lines: Vec<&StatementLine> = lines.iter().collect();
        lines.sort_by_key(|line| line.voucher.year);
        let of_years = lines.chunk_by(|one, next| one.voucher.year == next.voucher.year);
        let mut chunks: Vec<&[&StatementLine]> =
            of_years.flat_map(|of_year| of_year.chunks(LISTED_PER_VOUCHER_MAX)).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        for chunk in chunks {
            let year = chunk.first().map_or(self.year(), |line| line.voucher.year);
            let sum_fen: FenSum =
                chunk.iter().map(|line| FenSum::from(line.amount_fen.get())).sum();
            let line = |line: &&StatementLine| {
                let fields = Fields::new()
                    .with_amount(Field::Amount, line.amount_fen)
                    .with_text(Field::Purpose, told(line.purpose));
                if line.voucher.kind == VoucherKind::IncomeDaily {
                    return fields;
                }
                fields
                    .with_text(Field::OriginalKind, line.voucher.kind.code().to_string())
                    .with_text(Field::OriginalNumber, line.voucher.number.as_str())
            };
            let head = self
                .head(treasury)
                .with(Field::Total, Value::Count(chunk.len() as u32))
                .with_amount(Field::OpeningBalance, in_field(before_fen))
                .with_amount(Field::ClosingBalance, in_field(before_fen + sum_fen));
            before_fen += sum_fen;
            let (kind, to) = (VoucherKind::TreasuryStatement, treasury.finance);
            self.write(treasury, year, kind, to, head, chunk.iter().map(line).collect());
        }
    }

    /// Income by class, the balance, and spending by class (3401, 3402, 3410).
    fn daily(&mut self, treasury: &Treasury, statement: &Statement) {
        let ledger = &self.bank.ledger;
        let account = ledger.find(AccountKind::Treasury, &treasury.code);
        let account = account.expect("a treasury has an account");
        let mut income: BTreeMap<&str, FenSum> = BTreeMap::new();
        let mut spending: BTreeMap<&str, FenSum> = BTreeMap::new();
        let of_day =
            ledger.entries().iter().rev().take_while(|entry| ledger.day(entry) == self.days[1]);
        for entry in of_day {
            let amount_fen = FenSum::from(entry.amount_fen.get());
            let out_fen = match (entry.debit == account, entry.credit == account) {
                (true, _) => amount_fen,
                (_, true) => -amount_fen,
                _ => continue,
            };
            let class = ledger.elements(entry);
            match entry.purpose {
                Purpose::Income | Purpose::BondProceeds => {
                    *income.entry(class).or_insert(0) -= out_fen;
                }
                Purpose::Clearing
                | Purpose::RefundClearing
                | Purpose::Allocation
                | Purpose::AllocationBack
                | Purpose::Correction => *spending.entry(class).or_insert(0) += out_fen,
                _ => {}
            }
        }
        let lines = |sums: BTreeMap<&str, FenSum>| -> Vec<Fields> {
            let lines = |(class, sum_fen): (&str, FenSum)| {
                let line = Fields::new().with_text(Field::Function, class);
                let amounts = amounts(sum_fen).into_iter();
                amounts
                    .map(move |fen| line.clone().with_amount(Field::Amount, fen))
                    .collect::<Vec<_>>()
            };
            sums.into_iter().filter(|(_, sum_fen)| *sum_fen != 0).flat_map(lines).collect()
        };
        let (income, spending) = (lines(income), lines(spending));
        let (year, to) = (self.year(), treasury.finance);
        let head = self.head(treasury);
        for (kind, lines) in
            [(VoucherKind::IncomeDaily, income), (VoucherKind::SpendingDaily, spending)]
        {
            for lines in in_vouchers(lines) {
                self.totalled(treasury, year, kind, to, head.clone(), lines);
            }
        }
        let balances = head
            .with_amount(Field::OpeningBalance, in_field(statement.opening_fen))
            .with_amount(Field::ClosingBalance, in_field(statement.closing_fen));
        self.write(treasury, year, VoucherKind::BalanceDaily, to, balances, Vec::new());
    }

    pub(super) fn year(&self) -> FiscalYear {
        FiscalYear::new(self.days[1].year()).expect("a business day is in a year")
    }

    pub(super) fn head(&self, treasury: &Treasury) -> Fields {
        Fields::new()
            .with_text(Field::Treasury, treasury.code.as_str())
            .with(Field::FirstDay, Value::Day(self.days[0]))
            .with(Field::LastDay, Value::Day(self.days[1]))
    }

    /// Writes lines under a head that counts and sums them.
    pub(super) fn totalled(
        &mut self,
        treasury: &Treasury,
        year: FiscalYear,
        kind: VoucherKind,
        to: Party,
        head: Fields,
        lines: Vec<Fields>,
    ) {
        let amounts = lines.iter().filter_map(|line| line.amount_fen(Field::Amount));
        let sum_fen: FenSum = amounts.map(|fen| FenSum::from(fen.get())).sum();
        let head = head
            .with(Field::Total, Value::Count(lines.len() as u32))
            .with_amount(Field::TotalAmount, in_field(sum_fen));
        self.write(treasury, year, kind, to, head, lines);
    }

    fn write(
        &mut self,
        treasury: &Treasury,
        year: FiscalYear,
        kind: VoucherKind,
        to: Party,
        head: Fields,
        lines: Vec<Fields>,
    ) {
        let key = self.bank.own_key(treasury, year, kind, self.written.len() as u32);
        let detail = |(at, fields): (usize, Fields)| Detail { id: (at + 1).to_string(), fields };
        let details = lines.into_iter().enumerate().map(detail).collect();
        let voucher = Voucher { key, flag: Flag::Original, date: self.date, head, details };
        self.written.push((to, voucher));
    }

    /// All that was written; each statement says which part of its kind it is to whoever gets it.
    pub(super) fn numbered(self) -> impl Iterator<Item = Effect> {
        let mut parts: BTreeMap<(Party, VoucherKind), Part> = BTreeMap::new();
        for (to, voucher) in &self.written {
            let part = parts.entry((*to, voucher.key.kind));
            part.or_insert(Part { number: 0, of: 0 }).of += 1;
        }
        self.written.into_iter().map(move |(to, mut voucher)| {
            let part = parts.get_mut(&(to, voucher.key.kind)).expect("it was counted");
            part.number += 1;
            let is_compared = source_of(voucher.key.kind, voucher.flag).is_some();
            if is_compared || of_statement(&voucher).is_some() {
                voucher.head.set(Field::Hold1, Value::Text(part.to_string()));
            }
            Effect::Issue { to, voucher }
        })
    }
}

/// A request that came to its end.
fn ended_line(ended: &Ended) -> Fields {
    let state = if ended.returned { form::LINE_RETURNED } else { form::LINE_NORMAL };
    Fields::new()
        .with_text(Field::OriginalKind, ended.voucher.kind.code().to_string())
        .with_text(Field::OriginalNumber, ended.voucher.number.as_str())
        .with_amount(Field::Amount, ended.amount_fen)
        .with_text(Field::LineState, state)
        .with_text(Field::PayBank, ended.bank.as_str())
        .with(Field::ClearedDay, Value::Day(ended.day))
}

/// A request or an allocation that waits for cash, with its place in the queue.
fn waiting_line(kept: &Kept) -> Fields {
    let Kept { voucher, lane, .. } = kept;
    let line = Fields::new()
        .with_text(Field::OriginalKind, voucher.key.kind.code().to_string())
        .with_text(Field::OriginalNumber, voucher.key.number.as_str())
        .with_amount(Field::Amount, voucher.head.amount_fen(Field::Amount).unwrap_or_default())
        .with_text(Field::LineState, form::LINE_WAITING)
        .with_text(Field::Hold1, lane.chinese());
    match voucher.head.text(Field::PayBank) {
        Some(bank) if voucher.key.kind == VoucherKind::TransferRequest => {
            line.with_text(Field::PayBank, bank)
        }
        _ => line,
    }
}

/// A balance, or the sum of a voucher's lines, as a field.
///
/// # Panics
/// When it leaves the bounds of amounts: what is paid in, and what a voucher holds, is held to them.
pub(super) fn in_field(sum_fen: FenSum) -> Fen {
    let fen = i64::try_from(sum_fen).map(Fen::new).ok().filter(|fen| fen.in_bounds());
    fen.expect("a treasury's sums are amounts")
}

pub(super) const fn told(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Opening => "期初余额",
        Purpose::Clearing => "清算划款",
        Purpose::RefundClearing => "清算退款",
        Purpose::Income => "收入",
        Purpose::BondProceeds => "债券发行收入",
        Purpose::Dispatch => "库款调度",
        Purpose::Allocation => "实拨",
        Purpose::AllocationBack => "实拨退回",
        Purpose::IncomeBack => "收入退还",
        Purpose::Correction => "更正",
        _ => "其他",
    }
}
