//! What a plan shows before it is run: how its payments fall on the days, and what share the
//! busiest divisions and quotas have.

use domain::money::FenSum;

use crate::calendar::{DAYS, DayTotal};
use crate::classes::Use;

use super::Plan;

/// Divisions whose share is told.
const TOP_DIVISIONS: usize = 20;

/// Payments and amount of a part of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Of how many divisions or quotas.
    pub count: u64,
    /// Payments that reach Paid.
    pub payments: u64,
    /// Their executed amounts, in fen.
    pub amount_fen: FenSum,
}

/// The shares of the busiest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Of all.
    pub all: Part,
    /// Of the twenty divisions with most payments.
    pub divisions: Part,
    /// Of the hundredth of quotas with most payments.
    pub quotas: Part,
    /// Projects that have a quota.
    pub projects_with_quota: u64,
}

impl Shares {
    /// A part's share of payments, in tenths of a percent.
    #[must_use]
    pub fn permille_of_payments(&self, part: &Part) -> u64 {
        (part.payments * 1000).checked_div(self.all.payments).unwrap_or(0)
    }

    /// A part's share of the amount, in tenths of a percent.
    #[must_use]
    pub fn permille_of_amount(&self, part: &Part) -> u64 {
        (part.amount_fen * 1000).checked_div(self.all.amount_fen).unwrap_or(0) as u64
    }
}

/// The first of a list that has most payments first, summed.
fn sum(mut parts: Vec<(u64, i128)>, count: usize) -> Part {
    parts.sort_unstable_by(|left, right| right.cmp(left));
    parts.truncate(count);
    let none = Part { count: parts.len() as u64, ..Part::default() };
    parts.into_iter().fold(none, |sum, (payments, amount_fen)| Part {
        payments: sum.payments + payments,
        amount_fen: sum.amount_fen + amount_fen,
        ..sum
    })
}

impl Plan {
    /// What share the busiest divisions and quotas have.
    #[must_use]
    pub fn shares(&self) -> Shares {
        let quota = |quota: &super::QuotaPlan| (u64::from(quota.payments), i128::from(quota.need));
        let quotas: Vec<(u64, i128)> =
            self.divisions.iter().flat_map(|division| division.quotas.iter().map(quota)).collect();
        let divisions: Vec<(u64, i128)> = self
            .divisions
            .iter()
            .map(|division| {
                let need = division.quotas.iter().map(|quota| i128::from(quota.need)).sum();
                (division.payments, need)
            })
            .collect();
        let hundredth = quotas.len().div_ceil(100);
        let with_quota = self.divisions.iter().map(|d| d.units.projects_with_quota());
        Shares {
            all: sum(divisions.clone(), divisions.len()),
            divisions: sum(divisions, TOP_DIVISIONS),
            quotas: sum(quotas, hundredth),
            projects_with_quota: with_quota.sum(),
        }
    }

    /// How the payments fall on the working days.
    #[must_use]
    pub fn days(&self) -> Vec<DayTotal> {
        let mut totals: Vec<DayTotal> =
            DAYS.iter().map(|day| DayTotal { day: day.day, ..DayTotal::default() }).collect();
        for division in &self.divisions {
            for serial in 0..division.quotas.len() as u32 {
                let days = division.days(serial);
                for (day, total) in totals.iter_mut().enumerate() {
                    let on_it = days.before(day)..days.before(day + 1);
                    let count = on_it.len() as u64;
                    total.payments += count;
                    let is_payroll = division.quotas[serial as usize].of == Use::Payroll;
                    total.payroll += if is_payroll { count } else { 0 };
                    let amounts = on_it.map(|index| self.amount(division, serial, index));
                    total.amount_fen += amounts.map(i128::from).sum::<i128>();
                }
            }
        }
        totals
    }
}
