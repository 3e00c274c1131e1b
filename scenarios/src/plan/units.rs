//! Base data of a division (基础信息): the budget units that are registered, those among them that
//! spend, and their projects. All of it is a function of a few counts, so that none of it is kept.

use crate::budget::{DEPARTMENT_UNITS, FINANCE, department_code, unit_code};
use crate::calendar::{Course, before};
use crate::classes::Fund;

/// A budget unit (预算单位) of a division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its place among the units of its division.
    pub number: u64,
    /// Its code: under a department, the department's and three digits more.
    pub code: String,
    /// How many quotas it has; none where it is registered and does not spend.
    pub quotas: u64,
    /// How many projects it has filed.
    pub projects: u64,
}

/// The units and projects of a division, as counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Units {
    /// Units that are registered.
    pub(crate) registered: u64,
    /// Units that spend: the first ones.
    pub(crate) spending: u64,
    /// Projects: one of each registered unit, and more of those that spend.
    pub(crate) projects: u64,
    /// Quotas that pay: each unit that spends has some, in a row.
    pub(crate) quotas: u64,
}

impl Units {
    /// The unit of a quota, by the quota's place among those that pay.
    pub(crate) fn of_place(&self, place: u32) -> u64 {
        u64::from(place) * self.spending / self.quotas
    }

    /// The places of a unit's quotas.
    pub(crate) fn places(&self, unit: u64) -> std::ops::Range<u32> {
        let first = |unit: u64| (unit * self.quotas).div_ceil(self.spending.max(1)) as u32;
        if unit < self.spending { first(unit)..first(unit + 1) } else { 0..0 }
    }

    /// Projects of a unit beyond its first, by their place among all of those.
    fn further(&self, unit: u64) -> std::ops::Range<u64> {
        let further = self.projects - self.registered;
        let first = |unit: u64| (unit * further).div_ceil(self.spending.max(1));
        if unit < self.spending { first(unit)..first(unit + 1) } else { 0..0 }
    }

    /// How many projects a unit has filed.
    pub(crate) fn projects_of(&self, unit: u64) -> u64 {
        let further = self.further(unit);
        1 + further.end - further.start
    }

    /// The project of a quota, by its number in the division: the quotas of a unit take the unit's
    /// projects in turn.
    pub(crate) fn project_of_place(&self, place: u32) -> u64 {
        let unit = self.of_place(place);
        let turn = u64::from(place - self.places(unit).start) % self.projects_of(unit);
        if turn == 0 { unit } else { self.registered + self.further(unit).start + turn - 1 }
    }

    /// How many projects have a quota.
    pub(crate) fn projects_with_quota(&self) -> u64 {
        let of_unit = |unit| self.projects_of(unit).min(self.places(unit).len() as u64);
        (0..self.spending).map(of_unit).sum()
    }

    /// A registered unit: those under departments come first, then the departments, last finance.
    pub(crate) fn unit(&self, number: u64) -> Unit {
        let Tree { leaves, departments, .. } = self.tree();
        let code = match number.checked_sub(leaves) {
            None => unit_code(number),
            Some(department) if department < departments => {
                department_code(department * DEPARTMENT_UNITS)
            }
            Some(_) => FINANCE.to_owned(),
        };
        let quotas = self.places(number).len() as u64;
        Unit { number, code, quotas, projects: self.projects_of(number) }
    }

    /// The units as a tree: finance, departments, and units under them. Where not enough are
    /// registered for all three, finance and departments come on top.
    pub(crate) fn tree(&self) -> Tree {
        let departments = self.registered.saturating_sub(1).div_ceil(DEPARTMENT_UNITS + 1);
        let leaves = self.registered.saturating_sub(1 + departments);
        if leaves >= self.spending {
            return Tree { departments, leaves, is_registered: true };
        }
        let departments = self.registered.div_ceil(DEPARTMENT_UNITS);
        Tree { departments, leaves: self.registered, is_registered: false }
    }

    /// The unit under a department that files each project; none: finance. Departments have theirs
    /// filed by a unit.
    pub(crate) fn project_units(&self) -> Vec<Option<u64>> {
        let Tree { leaves, is_registered, .. } = self.tree();
        let finance = is_registered.then(|| self.registered - 1);
        let own = (0..self.registered).map(|unit| (Some(unit) != finance).then_some(unit % leaves));
        let further =
            (0..self.spending).flat_map(|unit| self.further(unit).map(move |_| Some(unit)));
        own.chain(further).collect()
    }
}

/// How many units stand on each level below finance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) departments: u64,
    pub(crate) leaves: u64,
    /// Whether finance and the departments are among the registered units.
    pub(crate) is_registered: bool,
}

/// Who pays: a zero-balance account at an agent bank, and the fund nature that is spent. What one
/// payer paid in a day is cleared together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Payer {
    /// Agent bank, by place in [`BANKS`].
    pub(crate) bank: u8,
    /// The unit whose account it is, from 1; 0 for finance's own.
    pub(crate) account: u32,
    /// Fund nature.
    pub(crate) fund: Fund,
}

/// Agent banks by the head of their bank numbers: 工商银行, 农业银行, 中国银行, 建设银行,
/// 交通银行, 农村信用社.
pub(crate) const BANKS: [u16; 6] = [102, 103, 104, 105, 301, 402];

/// How a quota's payments fall on the working days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Days {
    pub(crate) course: Course,
    pub(crate) payments: u32,
    pub(crate) phase: u64,
}

impl Days {
    /// How many of its payments come before a working day.
    pub(crate) fn before(&self, day: usize) -> u32 {
        before(self.course, day, self.payments, self.phase)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_unit_that_spends_has_quotas_and_each_quota_a_project_of_its_unit() {
        let units = Units { registered: 1000, spending: 100, projects: 1214, quotas: 711 };
        let mut next = 0;
        for unit in 0..units.spending {
            let places = units.places(unit);
            assert_eq!(places.start, next);
            assert!((7..=8).contains(&places.len()));
            assert!(places.clone().all(|place| units.of_place(place) == unit));
            next = places.end;
        }
        assert_eq!(u64::from(next), units.quotas);
        let filed: u64 = (0..units.registered).map(|unit| units.unit(unit).projects).sum();
        assert_eq!(filed, units.projects);
        let used: BTreeSet<u64> = (0..next).map(|place| units.project_of_place(place)).collect();
        assert_eq!(used.len() as u64, units.projects_with_quota());
        assert!(used.iter().all(|&project| project < units.projects));
        assert_eq!(units.unit(999).quotas, 0);
    }

    #[test]
    fn the_tree_has_as_many_units_as_are_registered_where_they_suffice() {
        for (registered, spending) in [(1, 1), (2, 2), (3, 1), (403, 10), (1000, 100), (803, 50)] {
            let units = Units { registered, spending, projects: registered + 7, quotas: spending };
            let Tree { departments, leaves, is_registered } = units.tree();
            assert_eq!(is_registered, registered > spending + 1);
            assert!(leaves >= spending && departments * DEPARTMENT_UNITS >= leaves);
            if is_registered {
                assert_eq!(1 + departments + leaves, registered);
                assert_eq!(units.unit(registered - 1).code, FINANCE);
            }
            let filed = units.project_units();
            assert_eq!(filed.len() as u64, units.projects);
            assert_eq!(
                filed.iter().filter(|unit| unit.is_none()).count(),
                usize::from(is_registered)
            );
            assert!(filed.iter().flatten().all(|&unit| unit < leaves));
        }
        let codes = [0, 399, 400].map(unit_code);
        assert_eq!(codes, ["101001", "101400", "102001"]);
    }
}
