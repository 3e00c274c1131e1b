//! Statements of a month or a year: what was cleared by bank, account and fund nature (4004), and the treasury's account
//! (3552), both summed up by day or by month.

use std::collections::BTreeMap;

use domain::FiscalYear;
use domain::ids::Day;
use domain::money::FenSum;
use domain::reconciliation::period::Period;
use domain::reconciliation::period::sums::Way;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Value, VoucherKind};
use exchange::business::Effect;

use super::record::Record;
use super::statements::{Reports, in_field, told};
use super::{CentralBank, Ended, Refusal, Treasury, noted};
use crate::ledger::{AccountKind, Purpose, Statement};
use crate::portions::{amounts, in_vouchers};

/// Where something was cleared: bank, payer's account, fund nature, and what.
type Place<'a> = (&'a str, &'a str, &'a str, Day, Way);

impl CentralBank {
    /// Tells finance a month or a year that is over.
    pub(super) fn tell(&self, period: Period) -> Result<Vec<Effect>, Refusal> {
        let last = period.last();
        let is_over = |day: Day| day > last || (day == last && !self.open);
        let Some(date) = self.day.filter(|day| is_over(*day)) else {
            return Err(Refusal::NotOver { period });
        };
        let days = [period.first(), last];
        let mut reports = Reports::new(self, days, date);
        for statement in self.ledger.statements_of(AccountKind::Treasury, days) {
            let treasury = &self.master.treasuries[&statement.account];
            cleared(&mut reports, period, treasury);
            account(&mut reports, period, treasury, &statement);
        }
        let numbers = reports.count();
        let mut effects = vec![noted(&Record::Told { numbers })];
        effects.extend(reports.numbered());
        Ok(effects)
    }
}

/// What was cleared, by the year of the orders; also where nothing was: silence is no statement.
fn cleared(reports: &mut Reports<'_>, period: Period, treasury: &Treasury) {
    let mut years: BTreeMap<FiscalYear, BTreeMap<Place<'_>, FenSum>> = BTreeMap::new();
    years.insert(reports.year(), BTreeMap::new());
    let is_its = |ended: &&Ended| {
        ended.treasury == treasury.code && period.holds(ended.day) && !ended.returned
    };
    for ended in reports.bank().ended.iter().filter(is_its) {
        let way = match ended.voucher.kind {
            VoucherKind::TransferRequest => Way::Cleared,
            _ => Way::TakenBack,
        };
        let Ended { bank, account, fund, .. } = ended;
        let place = (bank.as_str(), account.as_str(), fund.as_str(), period.step(ended.day), way);
        let sums = years.entry(ended.voucher.year).or_default();
        *sums.entry(place).or_default() += FenSum::from(ended.amount_fen.get());
    }
    for (year, sums) in years {
        let lines = |((bank, account, fund, on, way), fen): (Place<'_>, FenSum)| {
            let of_place = move |line: Fields| {
                line.with_text(Field::PayBank, bank)
                    .with_text(Field::PayerAccount, account)
                    .with_text(Field::FundType, fund)
            };
            summed(on, way.chinese(), fen).map(of_place).collect::<Vec<_>>()
        };
        let (kind, to) = (VoucherKind::ClearingTotals, treasury.finance);
        for lines in in_vouchers(sums.into_iter().flat_map(lines).collect()) {
            reports.totalled(treasury, year, kind, to, reports.head(treasury), lines);
        }
    }
}

/// What moved the treasury's account, by what for, with its balances.
fn account(reports: &mut Reports<'_>, period: Period, treasury: &Treasury, statement: &Statement) {
    let mut sums: BTreeMap<(Day, Purpose), FenSum> = BTreeMap::new();
    for line in &statement.lines {
        let place = (period.step(line.day), line.purpose);
        *sums.entry(place).or_default() += FenSum::from(line.amount_fen.get());
    }
    let lines = sums.into_iter().flat_map(|((on, purpose), fen)| summed(on, told(purpose), fen));
    let head = reports
        .head(treasury)
        .with_amount(Field::OpeningBalance, in_field(statement.opening_fen))
        .with_amount(Field::ClosingBalance, in_field(statement.closing_fen));
    let (kind, to, year) = (VoucherKind::TreasuryTotals, treasury.finance, reports.year());
    reports.totalled(treasury, year, kind, to, head, lines.collect());
}

/// A sum, in as many lines as it takes.
fn summed(on: Day, what: &'static str, fen: FenSum) -> impl Iterator<Item = Fields> {
    let line = move |fen| {
        Fields::new()
            .with(Field::LastDay, Value::Day(on))
            .with_text(Field::Purpose, what)
            .with_amount(Field::Amount, fen)
    };
    amounts(fen).into_iter().map(line)
}
