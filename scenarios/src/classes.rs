//! Classification codes as they are in force: functional, government and departmental economic,
//! fund nature; and which of them go together on a quota.

use domain::ids::Class;

/// What a quota pays for, and so how large its payments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Use {
    /// Reimbursement, office, official card.
    Office = 0,
    /// Goods and services.
    Goods = 1,
    /// Payroll, social insurance, housing fund of a unit and month.
    Payroll = 2,
    /// Projects, capital, subsidies to units.
    Projects = 3,
    /// Funds, transfers, batch relief.
    Funds = 4,
}

/// Every use, by number.
pub(crate) const USES: [Use; 5] =
    [Use::Office, Use::Goods, Use::Payroll, Use::Projects, Use::Funds];

/// A line of classification: what a quota's key names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Functional class (支出功能分类), seven digits.
    pub(crate) functional: &'static str,
    /// Government economic class, five digits.
    pub(crate) government: &'static str,
    /// Departmental economic class of the quota: two levels, three or five digits.
    pub(crate) economic: &'static str,
    /// Departmental classes that payments of it carry, at the finest level, and that are mapped to its
    /// government class.
    pub(crate) paid: &'static [&'static str],
}

const fn line(
    functional: &'static str,
    government: &'static str,
    economic: &'static str,
    paid: &'static [&'static str],
) -> Line {
    Line { functional, government, economic, paid }
}

const OFFICE: &[Line] = &[
    line("2010301", "50201", "302", &["30201", "30202", "30207", "30211", "30228", "30239"]),
    line("2050203", "50502", "302", &["30201", "30205", "30206", "30211", "30228"]),
    line("2010601", "50201", "30211", &["30211"]),
    line("2040601", "50201", "302", &["30201", "30202", "30207", "30228"]),
    line("2100408", "50502", "30201", &["30201"]),
];
const GOODS: &[Line] = &[
    line("2050202", "50502", "302", &["30209", "30213", "30214", "30226", "30227"]),
    line("2040201", "50205", "30227", &["30227"]),
    line("2010607", "50205", "302", &["30226", "30227"]),
    line("2130108", "50502", "302", &["30226", "30227"]),
    line("2070104", "50601", "310", &["31002", "31003"]),
];
const PAYROLL: &[Line] = &[
    line("2050203", "50501", "301", &["30101", "30102", "30103", "30107"]),
    line("2010301", "50101", "301", &["30101", "30102", "30103"]),
    line("2080505", "50102", "30108", &["30108"]),
    line("2080506", "50102", "30109", &["30109"]),
    line("2101101", "50102", "30110", &["30110"]),
    line("2210201", "50103", "30113", &["30113"]),
    line("2080502", "50905", "303", &["30301", "30302", "30303"]),
];
const PROJECTS: &[Line] = &[
    line("2140104", "50302", "310", &["31005"]),
    line("2130305", "50601", "310", &["31005"]),
    line("2110301", "50205", "302", &["30227"]),
    line("2120303", "50302", "310", &["31005"]),
    line("2060404", "50502", "302", &["30226", "30227"]),
];
const FUNDS: &[Line] = &[
    line("2082602", "51002", "313", &["31302"]),
    line("2101202", "51002", "313", &["31302"]),
    line("2081902", "50901", "303", &["30305"]),
    line("2240703", "50901", "303", &["30305"]),
    line("2050299", "50902", "30308", &["30308"]),
];
/// Under government funds (政府性基金).
const GOVERNMENT: &[Line] = &[
    line("2120801", "50305", "310", &["31009", "31012"]),
    line("2296011", "50302", "310", &["31005"]),
];
/// Under the state capital budget (国有资本经营预算).
const STATE_CAPITAL: &[Line] =
    &[line("2230105", "50502", "302", &["30227"]), line("2230105", "50799", "312", &["31299"])];
/// Under the social insurance funds (社会保险基金).
const SOCIAL_INSURANCE: &[Line] =
    &[line("2090101", "50901", "303", &["30305"]), line("2090101", "50905", "30302", &["30302"])];

/// The lines of a use under a fund nature.
pub(crate) fn lines(of: Use, fund: Fund) -> &'static [Line] {
    match (fund, of) {
        (Fund::Government | Fund::SpecialBond, _) => GOVERNMENT,
        (Fund::StateCapital, _) => STATE_CAPITAL,
        (Fund::SocialInsurance, _) => SOCIAL_INSURANCE,
        (_, Use::Office) => OFFICE,
        (_, Use::Goods) => GOODS,
        (_, Use::Payroll) => PAYROLL,
        (_, Use::Projects) => PROJECTS,
        (_, Use::Funds) => FUNDS,
    }
}

/// Fund nature (资金性质).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Fund {
    /// 111 general public budget.
    General = 0,
    /// 121 government fund.
    Government = 1,
    /// 122 government fund, special bonds.
    SpecialBond = 2,
    /// 13 state capital.
    StateCapital = 3,
    /// 14 social insurance: paid from a special account.
    SocialInsurance = 4,
    /// 2 money managed in a special account.
    SpecialAccount = 5,
    /// 31 the unit's own income.
    Own = 6,
}

impl Fund {
    /// The fund nature of a quota, from its use and a number below 100.
    pub(crate) fn pick(of: Use, draw: u64) -> Fund {
        match (of, draw) {
            (Use::Projects, 0..12) => Fund::SpecialBond,
            (Use::Projects, 12..22) => Fund::Government,
            (Use::Funds, 0..30) => Fund::SocialInsurance,
            (Use::Goods | Use::Projects, 22..24) => Fund::StateCapital,
            (Use::Office | Use::Goods, 24..28) => Fund::SpecialAccount,
            (Use::Office | Use::Goods | Use::Payroll, 28..34) => Fund::Own,
            _ => Fund::General,
        }
    }

    /// The code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Fund::General => "111",
            Fund::Government => "121",
            Fund::SpecialBond => "122",
            Fund::StateCapital => "13",
            Fund::SocialInsurance => "14",
            Fund::SpecialAccount => "2",
            Fund::Own => "31",
        }
    }

    /// True where the central bank settles.
    pub(crate) const fn is_treasury(self) -> bool {
        !matches!(self, Fund::SocialInsurance | Fund::SpecialAccount | Fund::Own)
    }
}

/// A line of government funds, which general public money may not pay.
pub(crate) const OF_GOVERNMENT_FUNDS: Line = GOVERNMENT[0];

/// A line whose two economic classes are not mapped to each other.
pub(crate) const UNMAPPED: Line = line("2050203", "50905", "301", &["30101"]);

/// A line of a departmental class no table has.
pub(crate) const UNLISTED: Line = line("2050203", "50502", "30298", &["30298"]);

/// A code of the tables above as a class.
pub(crate) fn class(code: &str) -> Class {
    Class::new(code).expect("a code of the tables is well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_covers_what_it_pays() {
        for of in USES {
            let others = GOVERNMENT.iter().chain(STATE_CAPITAL).chain(SOCIAL_INSURANCE);
            for line in lines(of, Fund::General).iter().chain(others) {
                assert_eq!((line.functional.len(), line.government.len()), (7, 5));
                for paid in line.paid {
                    assert_eq!(paid.len(), 5, "payments carry the finest level");
                    assert!(paid.starts_with(line.economic));
                    assert!(class(line.economic).covers(class(paid)));
                }
            }
        }
    }
}
