//! Daily income and bond proceeds of a test province, from a seed: what comes into a treasury, the same for ever.

use domain::Fen;
use domain::ids::Day;

use crate::central_bank::PaidIn;
use crate::draw::Draw;

/// Classes of income, with their share of a usual day in thousandths: value-added tax, corporate and personal income
/// tax, city maintenance, charges, paid use of state assets.
const CLASSES: [(&str, u64); 6] = [
    ("1010101", 400),
    ("1010401", 250),
    ("1010601", 120),
    ("1010901", 80),
    ("1030401", 90),
    ("1030701", 60),
];

/// The class that bond proceeds are reported under.
const BONDS: &str = "1050401";

/// One day in so many has bond proceeds.
const BOND_DAYS: u64 = 20;

/// Bond proceeds in usual days of income.
const BOND_SIZE: u64 = 5;

/// What comes into one treasury.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Income {
    /// The treasury, by its code.
    pub treasury: String,
    /// Income of a usual day.
    pub usual_fen: Fen,
}

impl Income {
    /// What comes in on a day, by class: each between half and one and a half of its share, bonds now and then.
    #[must_use]
    pub fn of_day(&self, seed: u64, day: Day) -> Vec<(PaidIn, &'static str, Fen)> {
        let mut draw = Draw::of(seed, format!("{} {}", self.treasury, day.get()).as_bytes());
        let usual = u64::try_from(self.usual_fen.get()).unwrap_or(0);
        let mut came = Vec::new();
        for (class, share) in CLASSES {
            let thousandths = 500 + draw.below(1_001);
            let amount =
                u128::from(usual) * u128::from(share) * u128::from(thousandths) / 1_000_000;
            came.extend(payable(amount).map(|fen| (PaidIn::Income, class, fen)));
        }
        if draw.below(BOND_DAYS) == 0 {
            let amount = u128::from(usual) * u128::from(BOND_SIZE);
            came.extend(payable(amount).map(|fen| (PaidIn::Bonds, BONDS, fen)));
        }
        came
    }
}

/// An amount that can be paid in: above zero and in bounds.
fn payable(amount: u128) -> Option<Fen> {
    i64::try_from(amount).map(Fen::new).ok().filter(|fen| fen.is_payable())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_fen(came: &[(PaidIn, &str, Fen)]) -> i64 {
        came.iter().map(|(_, _, fen)| fen.get()).sum()
    }

    #[test]
    fn a_year_comes_near_what_is_usual_and_is_the_same_for_ever() {
        let income = Income { treasury: "3701000000".into(), usual_fen: Fen::new(1_000_000_000) };
        let days: Vec<Day> = (1..=12)
            .flat_map(|m| (1..=28).map(move |d| Day::new(20_230_000 + m * 100 + d)))
            .flatten()
            .collect();
        let by_day: Vec<Vec<_>> = days.iter().map(|day| income.of_day(7, *day)).collect();
        assert!(by_day.iter().all(|orders| (6..=7).contains(&orders.len())));
        let bonds = by_day.iter().filter(|orders| orders.len() == 7).count();
        assert!((8..=30).contains(&bonds), "{bonds} days of bonds among {}", days.len());
        let mean =
            by_day.iter().map(|orders| sum_fen(&orders[..6])).sum::<i64>() / days.len() as i64;
        assert!((950_000_000..1_050_000_000).contains(&mean), "{mean}");
        assert_eq!(income.of_day(7, days[0]), by_day[0]);
        assert_ne!(income.of_day(8, days[0]), by_day[0]);
    }

    #[test]
    fn a_treasury_without_income_has_none() {
        let income = Income { treasury: "3701000000".into(), usual_fen: Fen::ZERO };
        assert_eq!(income.of_day(7, Day::new(20_230_310).expect("a day")), []);
    }
}
