//! The end of a day, its reports (2206), and the comparison with what the central bank says it cleared (3502).

use std::collections::BTreeMap;

use domain::Fen;
use domain::FiscalYear;
use domain::ids::Day;
use domain::money::{FenSum, yuan_plain};
use domain::reconciliation::statement::Part;
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Party, Value, Voucher, VoucherKey, VoucherKind,
    VoucherNumber, form,
};
use exchange::business::{Effect, Verdict};

use super::record::Record;
use super::reversal::without_reversed;
use super::{Bank, Refusal, RequestEnd, noted};
use crate::ledger::{AccountKind, Purpose, Statement};
use crate::limits::{LISTED_PER_VOUCHER_MAX, REASON_CHARS_MAX};
use crate::portions::in_vouchers;

/// Whom a report is for: a finance department, and one of its divisions.
pub(super) type Whose = (Party, DivisionCode);

/// Lines of an account, each with the year of the orders it is of.
pub(super) type Lines = Vec<(FiscalYear, Fields)>;

/// One voucher of a day's reports.
struct Report {
    /// The year of the orders.
    year: FiscalYear,
    /// The account and its balances before these lines and behind them; none where there is nothing to tell.
    account: Option<(String, [Fen; 2])>,
    lines: Vec<Fields>,
}

/// What is told: by which kind of voucher, of which first and last day, and when.
pub(super) struct Told {
    pub(super) kind: VoucherKind,
    pub(super) days: [Day; 2],
    pub(super) date: Day,
}

/// What lines come to: what was paid, less what came in.
fn paid_fen(lines: &[Fields]) -> FenSum {
    let amounts = lines.iter().filter_map(|line| line.amount_fen(Field::Amount));
    amounts.map(|fen| FenSum::from(fen.get())).sum()
}

/// Reports behind the record that their numbers are given.
pub(super) fn numbered(reports: Vec<Effect>) -> Vec<Effect> {
    let count = reports.len() as u32;
    let given = (count > 0).then(|| noted(&Record::Numbered { count }));
    given.into_iter().chain(reports).collect()
}

/// Lines by the year of their orders.
fn by_year(lines: Lines) -> BTreeMap<FiscalYear, Vec<Fields>> {
    let mut by_year: BTreeMap<FiscalYear, Vec<Fields>> = BTreeMap::new();
    for (year, line) in lines {
        by_year.entry(year).or_default().push(line);
    }
    by_year
}

/// What is told of an order that the cut-off holds: each of its details, as it was ordered.
fn held_lines(order: &Voucher) -> impl Iterator<Item = Fields> {
    order.details.iter().map(|detail| {
        let amount_fen = detail.fields.amount_fen(Field::Amount).unwrap_or_default();
        Fields::new()
            .with_text(Field::PayerAccount, order.head.text(Field::PayerAccount).unwrap_or(""))
            .with_amount(Field::Amount, amount_fen)
            .with_text(Field::OriginalNumber, order.key.number.as_str())
            .with_text(Field::OriginalKind, order.key.kind.code().to_string())
            .with_text(Field::OriginalDetail, detail.id.as_str())
            .with_text(Field::LineState, form::LINE_WAITING)
    })
}

/// A balance, or the sum of a voucher's lines, as an amount.
///
/// # Panics
/// When it is none: an order that would make it so is sent back, and lines are dealt out to vouchers by their sums.
pub(super) fn amount(sum_fen: FenSum) -> Fen {
    let amount_fen = i64::try_from(sum_fen).map(Fen::new).ok();
    amount_fen.filter(|fen| fen.in_bounds()).expect("a bank's sum is an amount")
}

impl Bank {
    /// Statements of all zero-balance accounts for a day, from the ledger.
    #[must_use]
    pub fn account_statements(&self, day: Day) -> Vec<Statement> {
        self.ledger.statements(AccountKind::ZeroBalance, day)
    }

    pub(super) fn close(&self) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        let balances = self
            .ledger
            .accounts(AccountKind::ZeroBalance)
            .map(|id| (self.ledger.account(id).number, self.ledger.balance_fen(id)));
        let not_zero = balances.filter(|(_, balance_fen)| *balance_fen != 0).collect();
        let reports = self.day_reports(day);
        let mut effects = vec![noted(&Record::Closed { not_zero })];
        effects.extend(numbered(reports));
        Ok(effects)
    }

    /// What moved zero-balance accounts on a day, line by line; and what the cut-off holds until the next one.
    fn day_reports(&self, day: Day) -> Vec<Effect> {
        let told = Told { kind: VoucherKind::DirectDaily, days: [day; 2], date: day };
        let mut held: BTreeMap<Whose, Lines> = BTreeMap::new();
        for early in self.held_past(day) {
            let VoucherKey { division, year, .. } = early.voucher.key;
            let lines = held_lines(&early.voucher).map(|line| (year, line));
            held.entry((early.from, division)).or_default().extend(lines);
        }
        self.reports(&told, &self.account_statements(day), held, report_lines)
    }

    /// What moved zero-balance accounts and what they had before and have after it, for each finance office by division,
    /// year and account. Each voucher of an account goes on where the one before ended. An account that was not moved and
    /// is at zero is not told of; for a division with nothing to tell there is an empty report, so that silence is no
    /// statement. `held`: what moved no account and is told beside them, under none.
    pub(super) fn reports(
        &self,
        of: &Told,
        statements: &[Statement],
        held: BTreeMap<Whose, Lines>,
        lines: impl Fn(&Statement) -> Lines,
    ) -> Vec<Effect> {
        let this_year = FiscalYear::new(of.days[1].year()).expect("a business day is in a year");
        let mut reports: BTreeMap<Whose, Vec<Report>> = BTreeMap::new();
        for statement in statements {
            let account = &self.accounts[&statement.account];
            let whose = (account.finance, account.division);
            let mut by_year = by_year(lines(statement));
            if by_year.is_empty() && statement.closing_fen != 0 {
                by_year.insert(this_year, Vec::new());
            }
            let told = reports.entry(whose).or_default();
            let mut before_fen = statement.opening_fen;
            for (year, lines) in by_year {
                told.extend(in_vouchers(lines).into_iter().map(|lines| {
                    let after_fen = before_fen - paid_fen(&lines);
                    let balances = [before_fen, after_fen].map(amount);
                    before_fen = after_fen;
                    Report { year, account: Some((statement.account.clone(), balances)), lines }
                }));
            }
        }
        for (whose, lines) in held {
            let told = reports.entry(whose).or_default();
            for (year, lines) in by_year(lines) {
                let vouchers = in_vouchers(lines).into_iter();
                told.extend(vouchers.map(|lines| Report { year, account: None, lines }));
            }
        }
        let mut parts: BTreeMap<Party, Part> = BTreeMap::new();
        for ((to, _), told) in &mut reports {
            if told.is_empty() {
                told.push(Report { year: this_year, account: None, lines: Vec::new() });
            }
            parts.entry(*to).or_insert(Part { number: 0, of: 0 }).of += told.len() as u32;
        }
        let mut written = Vec::new();
        for ((to, division), told) in reports {
            for report in told {
                let number = self.number_after(written.len() as u32);
                let key = VoucherKey { division, year: report.year, kind: of.kind, number };
                let part = parts.get_mut(&to).expect("it was counted");
                part.number += 1;
                let voucher = self.report(key, of, *part, report);
                written.push(Effect::Issue { to, voucher });
            }
        }
        written
    }

    fn report(&self, key: VoucherKey, of: &Told, part: Part, report: Report) -> Voucher {
        let Report { account, lines, .. } = report;
        let sum_fen = paid_fen(&lines);
        let mut head = Fields::new()
            .with_text(Field::PayBank, self.identity.code.as_str())
            .with_text(Field::PayBankName, self.identity.name.as_str())
            .with(Field::Total, Value::Count(lines.len() as u32))
            .with_amount(Field::TotalAmount, amount(sum_fen))
            .with(Field::FirstDay, Value::Day(of.days[0]))
            .with(Field::LastDay, Value::Day(of.days[1]))
            .with_text(Field::Hold1, part.to_string());
        if let Some((account, [opening_fen, closing_fen])) = account {
            head.set(Field::PayerName, Value::Text(self.accounts[&account].name.clone()));
            head.set(Field::PayerAccount, Value::Text(account));
            head.set(Field::OpeningBalance, Value::Amount(opening_fen));
            head.set(Field::ClosingBalance, Value::Amount(closing_fen));
        }
        let numbered = lines.into_iter().enumerate();
        let details = numbered.map(|(at, fields)| Detail { id: (at + 1).to_string(), fields });
        Voucher { key, flag: Flag::Original, date: of.date, head, details: details.collect() }
    }

    /// Holds the central bank's clearing statement against the bank's own requests, and answers (2502).
    pub(super) fn take_statement(
        &self,
        from: Party,
        statement: &Voucher,
    ) -> (Verdict, Vec<Effect>) {
        let first = statement.head.day(Field::FirstDay).unwrap_or(statement.date);
        let last = statement.head.day(Field::LastDay).unwrap_or(first);
        let treasury = statement.head.text(Field::Treasury);
        // What we say of each request that ended in these days.
        let mut ours: BTreeMap<(VoucherKind, &str), (FenSum, &str)> = BTreeMap::new();
        let behind: BTreeMap<VoucherKey, Day> = self
            .settlements_behind()
            .map(|receipt| {
                (receipt.key, receipt.head.day(Field::ClearedDay).unwrap_or(receipt.date))
            })
            .collect();
        for (source, request) in &self.requests {
            let key = self.ledger.key_of(*source);
            let (day, state) = match request.end {
                Some(RequestEnd::Settled(day)) => (day, form::LINE_NORMAL),
                Some(RequestEnd::Refused(day)) => (day, form::LINE_RETURNED),
                // It has come, and is posted when the next day begins.
                None => match behind.get(key) {
                    Some(day) => (*day, form::LINE_NORMAL),
                    None => continue,
                },
            };
            let group = super::clearing::Group::read(self.group_names.text(request.group));
            let same_place = key.division == statement.key.division
                && key.year == statement.key.year
                && treasury == Some(self.accounts[group.account].treasury.as_str());
            if same_place && (first..=last).contains(&day) {
                let amount_fen = FenSum::from(request.amount_fen.get());
                ours.insert((key.kind, key.number.as_str()), (amount_fen, state));
            }
        }
        let mut different = Vec::new();
        for line in &statement.details {
            let text = |field| line.fields.text(field).unwrap_or("");
            let amount_fen = line.fields.amount_fen(Field::Amount).unwrap_or_default();
            let (number, state) = (text(Field::OriginalNumber), text(Field::LineState));
            let known =
                form::kind(text(Field::OriginalKind)).and_then(|kind| ours.remove(&(kind, number)));
            let why = match known {
                None => "我方无此笔: this bank has no such line".to_owned(),
                Some((ours_fen, _)) if ours_fen != FenSum::from(amount_fen.get()) => {
                    format!("金额不符: this bank has {}", yuan_plain(ours_fen))
                }
                Some((_, ours)) if ours != state => format!("状态不符: this bank has state {ours}"),
                Some(_) => continue,
            };
            different.push(answer_line(text(Field::OriginalKind), number, amount_fen, &why));
        }
        for ((kind, number), (amount_fen, _)) in ours {
            let amount_fen = Fen::new(i64::try_from(amount_fen).expect("an amount was requested"));
            let why = "对账单无此笔: the statement lacks it";
            different.push(answer_line(&kind.code().to_string(), number, amount_fen, why));
        }
        for (at, line) in different.iter_mut().enumerate() {
            line.id = (at + 1).to_string();
        }
        different.truncate(LISTED_PER_VOUCHER_MAX);
        let equal = different.is_empty();
        let mut head = Fields::new()
            .with_text(Field::OriginalKind, statement.key.kind.code().to_string())
            .with_text(Field::OriginalNumber, statement.key.number.as_str())
            .with_text(Field::PayBank, self.identity.code.as_str())
            .with_text(Field::PayBankName, self.identity.name.as_str())
            .with_text(
                Field::CheckResult,
                if equal { form::CHECK_EQUAL } else { form::CHECK_DIFFERENT },
            );
        if !equal {
            let why = format!("{}笔不符: {} lines differ", different.len(), different.len());
            head.set(Field::CheckReason, Value::Text(why));
        }
        let number: VoucherNumber = self.number_after(0);
        let key = VoucherKey { kind: VoucherKind::BankStatementAnswer, number, ..statement.key };
        let date = self.day.unwrap_or(statement.date);
        let voucher = Voucher { key, flag: Flag::Original, date, head, details: different };
        let noted = noted(&Record::Numbered { count: 1 });
        (Verdict::Accepted, vec![noted, Effect::Issue { to: from, voucher }])
    }
}

/// What moved one account on a day, by the year of its order: a line for each detail that was paid, and one with less than
/// zero for each that came back, or was taken back on a later day than it was paid on. Payees beside an order are part of its detail. What the treasury gave back has a line of
/// its own for each request, with less than zero, and what it got one with more.
fn report_lines(statement: &Statement) -> Lines {
    let mut sums: BTreeMap<(VoucherKey, Purpose, &str), FenSum> = BTreeMap::new();
    for line in without_reversed(&statement.lines, |day| day) {
        *sums.entry((line.voucher, line.purpose, &line.detail)).or_default() -=
            FenSum::from(line.amount_fen.get());
    }
    let line = |((voucher, purpose, detail), fen): ((VoucherKey, Purpose, &str), FenSum)| {
        let fen = i64::try_from(fen).expect("a detail's payees are an amount together");
        let fields = Fields::new()
            .with_text(Field::PayerAccount, statement.account.as_str())
            .with_amount(Field::Amount, Fen::new(fen))
            .with_text(Field::OriginalNumber, voucher.number.as_str())
            .with_text(Field::OriginalKind, voucher.kind.code().to_string())
            .with_text(Field::LineState, form::LINE_NORMAL);
        let fields = match purpose {
            Purpose::Discharge => fields.with_text(Field::Purpose, "清算划款"),
            Purpose::ReturnDischarge => fields.with_text(Field::Purpose, "清算退款"),
            _ => fields.with_text(Field::OriginalDetail, detail),
        };
        (voucher.year, fields)
    };
    sums.into_iter().map(line).collect()
}

fn answer_line(kind: &str, number: &str, amount_fen: Fen, why: &str) -> Detail {
    let why: String = why.chars().take(REASON_CHARS_MAX).collect();
    let fields = Fields::new()
        .with_text(Field::OriginalKind, kind)
        .with_text(Field::OriginalNumber, number)
        .with_amount(Field::Amount, amount_fen)
        .with_text(Field::CheckResult, form::CHECK_DIFFERENT)
        .with_text(Field::CheckReason, why);
    Detail { id: String::new(), fields }
}
