//! What goes first when treasury cash is short: wages, basic livelihood, direct funds, operations (三保), then the rest.
//!
//! Taken from the elements on a line alone, so that banks, finance and the central bank come to the same.

use crate::codes::numbered;
use crate::office::tables::project::DIRECT_FUNDS;
use crate::voucher::document::Fields;
use crate::voucher::{Field, form};

numbered! {
    /// A place in the queue for cash, the first one first.
    Lane {
        /// Wages (保工资): payroll, or wages and welfare by economic class.
        Wages = 1, "wages";
        /// Basic livelihood (保基本民生): social security, health, aid to persons and families.
        Livelihood = 2, "livelihood";
        /// Direct funds (直达资金): money of the centre for a project, which its label (热点分类) says.
        DirectFunds = 3, "direct-funds";
        /// What keeps offices running (保运转): goods and services.
        Operations = 4, "operations";
        /// Everything else.
        Other = 5, "other";
    }
}

/// Economic classes of wages and welfare: of the government, of departments.
const WAGES: [&str; 2] = ["501", "301"];
/// Functional classes of social security and employment, and of health.
const LIVELIHOOD_FUNCTIONS: [&str; 2] = ["208", "210"];
/// Economic classes of aid to persons and families: of the government, of departments.
const LIVELIHOOD: [&str; 2] = ["509", "303"];
/// Economic classes of goods and services: of the government, of departments.
const OPERATIONS: [&str; 2] = ["502", "302"];

impl Lane {
    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Lane::Wages => "保工资",
            Lane::Livelihood => "保基本民生",
            Lane::DirectFunds => "直达资金",
            Lane::Operations => "保运转",
            Lane::Other => "其他",
        }
    }

    /// The lane that officials call so.
    #[must_use]
    pub fn from_chinese(text: &str) -> Option<Lane> {
        Lane::ALL.iter().copied().find(|lane| lane.chinese() == text)
    }

    /// The lane of a line. `business` is the voucher's kind of business, where the line says none.
    #[must_use]
    pub fn of_line(line: &Fields, business: Option<&str>) -> Lane {
        let economic = [Field::GovernmentEconomic, Field::DepartmentEconomic];
        let is_of = |classes: [&str; 2]| {
            let pairs = economic.iter().zip(classes);
            pairs
                .filter_map(|(field, class)| Some(line.text(*field)?.starts_with(class)))
                .any(|is| is)
        };
        let business = line.text(Field::BusinessType).or(business);
        let function = line.text(Field::Function).unwrap_or("");
        let lives = LIVELIHOOD_FUNCTIONS.iter().any(|class| function.starts_with(class));
        if business == Some(form::BUSINESS_PAYROLL) || is_of(WAGES) {
            Lane::Wages
        } else if lives || is_of(LIVELIHOOD) {
            Lane::Livelihood
        } else if is_direct_funds(line) {
            Lane::DirectFunds
        } else if is_of(OPERATIONS) {
            Lane::Operations
        } else {
            Lane::Other
        }
    }

    /// The lane of a request or allocation: the first among those of its lines.
    #[must_use]
    pub fn of_lines<'a>(lines: impl Iterator<Item = &'a Fields>, business: Option<&str>) -> Lane {
        lines.map(|line| Lane::of_line(line, business)).min().unwrap_or(Lane::Other)
    }
}

/// Whether a head or line is paid out of direct funds (直达资金).
#[must_use]
pub fn is_direct_funds(fields: &Fields) -> bool {
    fields.text(Field::Topic) == Some(DIRECT_FUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wages_come_before_livelihood_and_what_is_bought() {
        let line = |function: &str, economic: &str| {
            Fields::new()
                .with_text(Field::Function, function)
                .with_text(Field::GovernmentEconomic, economic)
        };
        let cases = [
            ("2080505", "50102", None, Lane::Wages),
            ("2080505", "50299", None, Lane::Livelihood),
            ("2050203", "50901", None, Lane::Livelihood),
            ("2050203", "50201", None, Lane::Operations),
            ("2050203", "50201", Some("3"), Lane::Wages),
            ("2050203", "50601", Some("1"), Lane::Other),
        ];
        for (function, economic, business, lane) in cases {
            assert_eq!(
                Lane::of_line(&line(function, economic), business),
                lane,
                "{function} {economic}"
            );
        }
        let direct =
            |function, economic| line(function, economic).with_text(Field::Topic, DIRECT_FUNDS);
        assert_eq!(Lane::of_line(&direct("2050203", "50201"), None), Lane::DirectFunds);
        assert_eq!(Lane::of_line(&direct("2050203", "50601"), None), Lane::DirectFunds);
        assert_eq!(Lane::of_line(&direct("2050203", "50101"), None), Lane::Wages);
        let other = line("2050203", "50601").with_text(Field::Topic, "一卡通");
        assert_eq!(Lane::of_line(&other, None), Lane::Other);
        let department = Fields::new().with_text(Field::DepartmentEconomic, "30101");
        assert_eq!(Lane::of_line(&department, None), Lane::Wages);
        let lines = [line("2050203", "50601"), line("2050203", "50201")];
        assert_eq!(Lane::of_lines(lines.iter(), None), Lane::Operations);
        assert_eq!(Lane::of_lines([].into_iter(), None), Lane::Other);
    }
}
