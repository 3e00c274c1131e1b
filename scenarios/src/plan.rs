//! A scenario at a scale, laid out: how many quotas and payments each division has, what each
//! quota is for, and every amount as a function of its place, so that the total is exact before
//! the first command is written.

mod quotas;
mod shares;
mod spread;
mod units;

use std::collections::HashMap;

use domain::ids::{DivisionIndex, QuotaId};
use domain::money::Fen;
use thiserror::Error;

use crate::amounts::{Component, Normal};
use crate::calendar::{DAYS, JANUARY, Parts, payments_by_day};
use crate::cases::CaseTable;
use crate::classes::Use;
use crate::divisions::{DIVISIONS, Division, DivisionError, divisions};
use crate::draws::Keys;
use crate::payees::Payees;
use crate::scale::Scale;
use crate::spec::Spec;
pub(crate) use quotas::{DivisionPlan, Kind, QuotaPlan, payment_draws};
pub use shares::{Part, Shares};
use spread::spread;
pub use units::Unit;
pub(crate) use units::Units;
pub(crate) use units::{BANKS, Payer};

/// The fiscal year the scenarios play in.
pub const YEAR: u16 = 2022;

/// Why a scenario cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The division data cannot be used.
    #[error(transparent)]
    Divisions(#[from] DivisionError),
    /// More payments than the quotas may have.
    #[error(
        "{payments} payments are more than {quotas} quotas may have: raise payments_per_quota_max"
    )]
    TooManyPayments {
        /// Payments.
        payments: u64,
        /// Quotas that pay.
        quotas: u64,
    },
    /// The total cannot be reached with payments within their bounds.
    #[error("the total cannot be reached: {missing_fen} fen stay over; raise payment_max")]
    Total {
        /// What no payment could take.
        missing_fen: i128,
    },
}

/// What a run of the scenario adds up to, known before it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Divisions.
    pub divisions: u64,
    /// Quotas created.
    pub quotas: u64,
    /// Payments that reach Paid.
    pub payments: u64,
    /// Their executed amount, before refunds.
    pub amount: Fen,
    /// Projects registered.
    pub projects: u64,
    /// Units registered.
    pub units_registered: u64,
    /// Units among them that have quotas and payments.
    pub units_active: u64,
    /// Working days.
    pub days: u64,
    /// Parts the days are cut into.
    pub parts: u64,
}

/// A scenario laid out at a scale.
pub struct Plan {
    pub(crate) spec: Spec,
    pub(crate) scale: Scale,
    pub(crate) seed: u64,
    pub(crate) places: Vec<Division>,
    pub(crate) divisions: Vec<DivisionPlan>,
    pub(crate) parts: Parts,
    pub(crate) payees: Payees,
    pub(crate) cases: CaseTable,
    components: Vec<Component>,
    /// By use, in units of 2⁻³²: what brings the sum of draws to the total.
    factors: [u64; 5],
    /// Amounts of last payments that make the total exact.
    last_amounts: HashMap<(u16, u32), u64>,
    totals: Totals,
}

const ONE: u64 = 1 << 32;

impl Plan {
    /// Lays a scenario out at a scale.
    ///
    /// # Errors
    /// If its figures cannot be reached.
    pub fn new(spec: Spec, scale: Scale, seed: u64) -> Result<Plan, PlanError> {
        let places = divisions()?;
        let mut keys = Keys::new(seed);
        let payees = Payees::new(keys.next());
        let payments = scale.of(spec.payments);
        let quotas = scale.of(spec.quotas).max(DIVISIONS as u64);
        let payroll = payments * spec.components[Use::Payroll as usize].per_mille / 1000;
        let by_day = payments_by_day(payments - payroll, payroll);
        let parts = Parts::new(&by_day, spec.shape.part_payments);
        // Every division has units, and no unit spends without a quota.
        let units_active = scale.of(spec.units_active).max(DIVISIONS as u64);
        let units_registered = scale.of(spec.units_registered).max(units_active);
        let totals = Totals {
            divisions: DIVISIONS as u64,
            quotas,
            payments,
            amount: Fen::new(scale.of(spec.amount.get().unsigned_abs()).cast_signed()),
            projects: scale.of(spec.projects).max(units_registered),
            units_registered,
            units_active,
            days: DAYS.len() as u64,
            parts: parts.count(),
        };
        let cap = spec.shape.payment_max.get().unsigned_abs();
        let normal = Normal::new();
        let component = |size: &crate::spec::ComponentSpec| {
            Component::new(&normal, size.median.get().unsigned_abs(), size.sigma_hundredths, cap)
        };
        let mut plan = Plan {
            components: spec.components.iter().map(component).collect(),
            cases: CaseTable::new(spec.cases.iter().copied()),
            divisions: spread(&spec, &totals, &places, &mut keys)?,
            factors: [ONE; 5],
            last_amounts: HashMap::new(),
            spec,
            scale,
            seed,
            places,
            parts,
            payees,
            totals,
        };
        plan.fit_amounts()?;
        Ok(plan)
    }

    /// What a run adds up to.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The scenario.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The scale.
    #[must_use]
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The divisions, by index.
    #[must_use]
    pub fn places(&self) -> &[Division] {
        &self.places
    }

    /// Payments that reach Paid in each division.
    #[must_use]
    pub fn payments_by_division(&self) -> Vec<u64> {
        self.divisions.iter().map(|division| division.payments).collect()
    }

    /// Payments that reach Paid in one division.
    pub(crate) fn payments_of(&self, division: DivisionIndex) -> u64 {
        self.divisions[usize::from(division.0)].payments
    }

    /// The budget units that are registered in a division: those that spend come first.
    ///
    /// # Panics
    /// If there is no such division.
    pub fn units(&self, division: DivisionIndex) -> impl Iterator<Item = Unit> + '_ {
        let units = &self.divisions[usize::from(division.0)].units;
        (0..units.registered).map(|number| units.unit(number))
    }

    /// The quotas that pay in a division, each with its fund nature.
    ///
    /// # Panics
    /// If there is no such division.
    pub fn paying(&self, division: DivisionIndex) -> impl Iterator<Item = (QuotaId, &str)> + '_ {
        let division = &self.divisions[usize::from(division.0)];
        let serials = division.first_payable..division.quotas.len() as u32;
        serials.map(|serial| {
            let fund = division.quotas[serial as usize].fund;
            (division.quota(serial), fund.code())
        })
    }

    /// The executed amount of a quota's payment, in fen.
    pub(crate) fn amount(&self, division: &DivisionPlan, serial: u32, index: u32) -> i64 {
        let quota = &division.quotas[serial as usize];
        if quota.adjusted && index + 1 == quota.payments {
            return self.last_amounts[&(division.index.0, serial)].cast_signed();
        }
        self.drawn(division, quota, serial, index).cast_signed()
    }

    fn drawn(&self, division: &DivisionPlan, quota: &QuotaPlan, serial: u32, index: u32) -> u64 {
        let mut draws = payment_draws(division, serial, index);
        let raw = self.components[quota.of as usize].draw(draws.next());
        let factor = self.factors[quota.of as usize];
        let cap = self.spec.shape.payment_max.get().unsigned_abs();
        let scaled = (u128::from(raw) * u128::from(factor)) >> 32;
        let amount = (scaled as u64).clamp(1, cap);
        // Three in ten payments for goods are whole yuan.
        if quota.of == Use::Goods && draws.below(10) < 3 {
            return (amount / 100 * 100).max(100);
        }
        amount
    }

    /// Scales the large components so that the sum comes near the total, then lets last payments
    /// take up what is still missing.
    fn fit_amounts(&mut self) -> Result<(), PlanError> {
        let target = i128::from(self.totals.amount.get());
        let sums = self.sums();
        let large =
            i128::from(sums[Use::Projects as usize]) + i128::from(sums[Use::Funds as usize]);
        let all: i128 = sums.iter().map(|&sum| i128::from(sum)).sum();
        let wanted = target - (all - large);
        if all > 0 && wanted * 4 >= large && wanted <= large * 4 && large > 0 {
            let factor = ((wanted << 32) / large) as u64;
            self.factors[Use::Projects as usize] = factor;
            self.factors[Use::Funds as usize] = factor;
        } else if all > 0 {
            self.factors = [((target << 32) / all) as u64; 5];
        }
        let mut missing = target - self.measure();
        let mut takers = Vec::new();
        for (at, division) in self.divisions.iter().enumerate() {
            let paying = division.quotas.iter().enumerate().filter(|(_, quota)| quota.payments > 0);
            takers.extend(paying.map(|(serial, quota)| (quota.of, at, serial as u32)));
        }
        takers.sort_unstable_by_key(|&(of, at, serial)| (std::cmp::Reverse(of), at, serial));
        for (_, at, serial) in takers {
            if missing == 0 {
                return Ok(());
            }
            missing -= self.adjust(at, serial, missing);
        }
        if missing == 0 { Ok(()) } else { Err(PlanError::Total { missing_fen: missing }) }
    }

    /// Changes a quota's last payment by as much of `missing` as its bounds allow.
    fn adjust(&mut self, at: usize, serial: u32, missing: i128) -> i128 {
        let division = &self.divisions[at];
        let last = division.quotas[serial as usize].payments - 1;
        let amount = self.amount(division, serial, last);
        let cap = i128::from(self.spec.shape.payment_max.get());
        // A payment keeps at least a yuan unless it had less.
        let least = i128::from(amount.min(100));
        let changed = (i128::from(amount) + missing).clamp(least, cap) as i64;
        self.last_amounts.insert((division.index.0, serial), changed.unsigned_abs());
        let quota = &mut self.divisions[at].quotas[serial as usize];
        quota.adjusted = true;
        quota.need += changed - amount;
        if self.divisions[at].days(serial).before(JANUARY) > last {
            self.divisions[at].quotas[serial as usize].need_january += changed - amount;
        }
        i128::from(changed - amount)
    }

    fn sums(&self) -> [i64; 5] {
        let mut sums = [0; 5];
        for division in &self.divisions {
            for (serial, quota) in division.quotas.iter().enumerate() {
                for index in 0..quota.payments {
                    let amount = self.drawn(division, quota, serial as u32, index);
                    sums[quota.of as usize] += amount.cast_signed();
                }
            }
        }
        sums
    }

    /// Sums each quota's amounts; gives the sum of all.
    fn measure(&mut self) -> i128 {
        let mut divisions = std::mem::take(&mut self.divisions);
        let mut all = 0;
        for division in &mut divisions {
            for serial in 0..division.quotas.len() as u32 {
                let quota = division.quotas[serial as usize];
                let january = division.days(serial).before(JANUARY);
                let (mut need, mut need_january) = (0, 0);
                for index in 0..quota.payments {
                    let amount = self.drawn(division, &quota, serial, index).cast_signed();
                    need += amount;
                    if index < january {
                        need_january += amount;
                    }
                }
                let quota = &mut division.quotas[serial as usize];
                (quota.need, quota.need_january) = (need, need_january);
                all += i128::from(need);
            }
        }
        self.divisions = divisions;
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(scale: &str) -> Plan {
        Plan::new(Spec::named("shandong-2022").unwrap(), scale.parse().unwrap(), 1).unwrap()
    }

    #[test]
    fn the_total_is_exact_at_every_scale() {
        for scale in ["0.000001", "0.0003", "0.001", "0.01", "0.05"] {
            let plan = plan(scale);
            let totals = plan.totals();
            let (mut sum, mut payments, mut quotas) = (0_i128, 0, 0);
            for division in &plan.divisions {
                quotas += division.quotas.len() as u64;
                payments += division.payments;
                for (serial, quota) in division.quotas.iter().enumerate() {
                    let of_quota: i64 = (0..quota.payments)
                        .map(|index| plan.amount(division, serial as u32, index))
                        .sum();
                    assert_eq!(of_quota, quota.need);
                    assert!((0..=quota.need).contains(&quota.need_january));
                    sum += i128::from(of_quota);
                }
            }
            assert_eq!(sum, i128::from(totals.amount.get()), "{scale}");
            assert_eq!((payments, quotas), (totals.payments, totals.quotas), "{scale}");
        }
    }

    #[test]
    fn the_skew_is_that_of_the_published_figures() {
        let plan = plan("0.05");
        let mut by_division = plan.payments_by_division();
        by_division.sort_unstable_by_key(|&payments| std::cmp::Reverse(payments));
        let share = |count: usize, list: &[u64]| {
            list[..count].iter().sum::<u64>() * 100 / list.iter().sum::<u64>()
        };
        assert!((42..=58).contains(&share(20, &by_division)), "{}", share(20, &by_division));
        let mut by_quota: Vec<u64> = plan
            .divisions
            .iter()
            .flat_map(|division| division.quotas.iter().map(|quota| u64::from(quota.payments)))
            .collect();
        by_quota.sort_unstable_by_key(|&payments| std::cmp::Reverse(payments));
        assert!(share(by_quota.len() / 100, &by_quota) > 25);
        assert!(share(by_quota.len() / 10, &by_quota) > 50);
    }

    #[test]
    fn uses_and_sizes_follow_the_components() {
        let plan = plan("0.05");
        let mut payments = [0_u64; 5];
        let mut whole_yuan = 0;
        for division in &plan.divisions {
            for (serial, quota) in division.quotas.iter().enumerate() {
                payments[quota.of as usize] += u64::from(quota.payments);
                if quota.of == Use::Goods {
                    let whole =
                        |&index: &u32| plan.amount(division, serial as u32, index) % 100 == 0;
                    whole_yuan += (0..quota.payments).filter(whole).count() as u64;
                }
            }
        }
        let all: u64 = payments.iter().sum();
        for (of, size) in plan.spec.components.iter().enumerate() {
            let due = all * size.per_mille / 1000;
            assert!(payments[of].abs_diff(due) < all / 100, "{of}: {} for {due}", payments[of]);
        }
        let share = whole_yuan * 100 / payments[Use::Goods as usize];
        assert!((28..=34).contains(&share), "{share}");
    }
}
