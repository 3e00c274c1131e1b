//! Numbers that public finance sets and a division may tighten: shares, thresholds, years.
//!
//! What holds by default is data, `data/policies.csv`, read once; a row of the table `policy` takes
//! its place in a division and year. Only tighter numbers can be filed ([`super::decide`]).

use std::sync::LazyLock;

use super::Office;
use super::field::vocabulary;
use super::tables::performance::PolicyRow;

vocabulary! {
    /// A number by name.
    Policy {
        /// Years a project may wait in the library.
        LibraryYears = "library-years", "项目储备年限";
        /// Least share of the reserve fund.
        ReserveMin = "reserve-min-percent", "预备费最低比例";
        /// Largest share of the reserve fund.
        ReserveMax = "reserve-max-percent", "预备费最高比例";
        /// From which amount on procurement has to be flagged.
        ProcurementFrom = "procurement-from-yuan", "政府采购标识起点金额";
        /// Change of an amount that its goal bears.
        GoalChange = "goal-change-percent", "绩效目标重新审定幅度";
        /// Points behind at which a goal is yellow.
        LightYellow = "light-yellow-points", "黄灯偏离度";
        /// Points behind at which a goal is red.
        LightRed = "light-red-points", "红灯偏离度";
        /// Least score of the grade excellent.
        ExcellentFrom = "grade-excellent-from", "优等分数线";
        /// Least score of the grade good.
        GoodFrom = "grade-good-from", "良等分数线";
        /// Least score of the grade fair.
        FairFrom = "grade-fair-from", "中等分数线";
        /// What the grade excellent leaves of next year's need.
        ExcellentFactor = "grade-excellent-factor", "优等下年安排比例";
        /// What the grade good leaves.
        GoodFactor = "grade-good-factor", "良等下年安排比例";
        /// What the grade fair leaves.
        FairFactor = "grade-fair-factor", "中等下年安排比例";
        /// What the grade poor leaves.
        PoorFactor = "grade-poor-factor", "差等下年安排比例";
        /// Least score with which a supplement may be given.
        SupplementFrom = "grade-supplement-from", "可追加分数线";
        /// Years after which unused money is dormant.
        DormantYears = "dormant-years", "沉淀资金认定年限";
    }
}

/// Which way a number gets tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tighter {
    Up,
    Down,
}

#[derive(Clone, Copy, Debug)]
struct Default {
    value: u32,
    tighter: Tighter,
}

/// For each policy in the order of [`Policy::ALL`].
static DEFAULTS: LazyLock<Vec<Default>> =
    LazyLock::new(|| Policy::ALL.iter().map(|policy| default_of(policy.slug())).collect());

/// From the data file, which is part of the program: a number missing in it is a defect.
fn default_of(name: &str) -> Default {
    let rows = include_str!("../../data/policies.csv").lines();
    let mut rows = rows.filter(|line| !line.starts_with('#')).map(|line| line.split(','));
    let mut row = rows
        .find(|row| row.clone().next() == Some(name))
        .unwrap_or_else(|| panic!("policies: no row of {name}"));
    let mut field = || row.next().unwrap_or_else(|| panic!("policies: a field of {name}"));
    let (_, value, tighter) = (field(), field(), field());
    let tighter = match tighter {
        "up" => Tighter::Up,
        "down" => Tighter::Down,
        other => panic!("policies: {other:?} is no direction"),
    };
    Default { value: value.parse().expect("policies: a number"), tighter }
}

impl Policy {
    /// The number that holds in a division and year.
    #[must_use]
    pub fn of(self, office: &Office) -> u32 {
        let own: Option<&PolicyRow> = office.get(self.slug());
        own.map_or_else(|| self.default().value, |row| row.value)
    }

    /// The number that holds where no other is set.
    #[must_use]
    pub fn by_default(self) -> u32 {
        self.default().value
    }

    /// Whether a number is as tight as the default at least.
    #[must_use]
    pub fn admits(self, value: u32) -> bool {
        let Default { value: default, tighter } = self.default();
        match tighter {
            Tighter::Up => value >= default,
            Tighter::Down => value <= default,
        }
    }

    fn default(self) -> Default {
        DEFAULTS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::line::Change;

    #[test]
    fn every_number_has_a_default_and_only_gets_tighter() {
        assert_eq!(Policy::LibraryYears.by_default(), 3);
        assert!(Policy::ReserveMin.admits(2) && !Policy::ReserveMin.admits(0));
        assert!(Policy::ReserveMax.admits(2) && !Policy::ReserveMax.admits(4));
        let rows = include_str!("../../data/policies.csv").lines();
        let names = rows.filter(|line| !line.starts_with('#')).skip(1);
        assert_eq!(names.count(), Policy::ALL.len());
        for policy in Policy::ALL {
            assert!(policy.admits(policy.by_default()), "{policy:?}");
        }
    }

    #[test]
    fn a_row_on_file_takes_its_place() {
        let mut office = Office::default();
        assert_eq!(Policy::DormantYears.of(&office), 2);
        office.make(Change::read("+policy\tdormant-years\t1\t省财政厅通知").unwrap());
        assert_eq!(Policy::DormantYears.of(&office), 1);
    }
}
