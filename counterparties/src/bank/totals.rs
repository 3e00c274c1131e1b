//! The statement of a month or a year (4006): what moved each zero-balance account, summed up by day or by month.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::Day;
use domain::money::FenSum;
use domain::reconciliation::period::Period;
use domain::reconciliation::period::sums::Way;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Value, VoucherKey, VoucherKind};
use domain::{Fen, FiscalYear};
use exchange::business::Effect;

use super::reversal::without_reversed;
use super::statement::{Told, numbered};
use super::{Bank, Phase, Refusal};
use crate::ledger::{AccountKind, Purpose, Statement};
use crate::portions::amounts;

/// What is added up in one line: by how much, and by which vouchers on which days.
#[derive(Default)]
struct Sum {
    fen: FenSum,
    vouchers: BTreeSet<(VoucherKey, Day)>,
}

impl Bank {
    /// Tells a month or a year that is over.
    pub(super) fn tell(&self, period: Period) -> Result<Vec<Effect>, Refusal> {
        let last = period.last();
        let is_over = |day: Day| day > last || (day == last && self.phase() == Phase::Closed);
        let Some(date) = self.day.filter(|day| is_over(*day)) else {
            return Err(Refusal::NotOver { period });
        };
        let days = [period.first(), last];
        let statements = self.ledger.statements_of(AccountKind::ZeroBalance, days);
        let told = Told { kind: VoucherKind::AccountTotals, days, date };
        Ok(numbered(self.reports(&told, &statements, BTreeMap::new(), |one| summed(period, one))))
    }
}

/// The sums of one account, by the year of the orders.
fn summed(period: Period, statement: &Statement) -> Vec<(FiscalYear, Fields)> {
    let mut sums: BTreeMap<(FiscalYear, Day, Way), Sum> = BTreeMap::new();
    for line in without_reversed(&statement.lines, |day| period.step(day)) {
        let way = match line.purpose {
            Purpose::Charge | Purpose::ChargeReversal => Way::Paid,
            Purpose::ReturnCharge | Purpose::ReturnChargeReversal => Way::CameBack,
            Purpose::Discharge => Way::Cleared,
            Purpose::CollectionCharge => Way::Collected,
            Purpose::CollectionDischarge => Way::CollectedBack,
            _ => Way::TakenBack,
        };
        let sum = sums.entry((line.voucher.year, period.step(line.day), way)).or_default();
        // What went out of the account is more than zero, as in a day's report.
        sum.fen -= FenSum::from(line.amount_fen.get());
        sum.vouchers.insert((line.voucher, line.day));
    }
    let lines = |((year, on, way), sum): ((FiscalYear, Day, Way), Sum)| {
        // Of a sum in several lines the first has the vouchers.
        let counts = std::iter::once(sum.vouchers.len() as u32).chain(std::iter::repeat(0));
        let line = move |(fen, count): (Fen, u32)| {
            let fields = Fields::new()
                .with_text(Field::PayerAccount, statement.account.as_str())
                .with(Field::LastDay, Value::Day(on))
                .with_text(Field::Purpose, way.chinese())
                .with_amount(Field::Amount, fen)
                .with(Field::Total, Value::Count(count));
            (year, fields)
        };
        amounts(sum.fen).into_iter().zip(counts).map(line)
    };
    sums.into_iter().flat_map(lines).collect()
}
