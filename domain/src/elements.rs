//! Elements (要素) in force: which codes a year has, and which of them go together.
//!
//! Three questions, each with its refusal: is a code in the year's tables (R-ELEM,
//! [`Code::BadElement`]); is a departmental economic class mapped to this government one, and that
//! one of the branch of the unit's kind (R-ECO, [`Code::EconomicMismatch`]); does the functional
//! class belong to the statutory budget of the fund nature (R-FUNDCLS,
//! [`Code::FundClassMismatch`]). Further: which classes are bought under procurement law. What was
//! decided stays decided: replay asks no table.
//!
//! The tables are data, `data/elements.csv`, read once. Years before the first row have none, and
//! only form is looked at.

use std::sync::LazyLock;

use crate::command::Create;
use crate::ids::{Class, FiscalYear};
use crate::refusal::Code;

/// The first year the tables speak of.
const FIRST_YEAR: u16 = 2018;

/// Characters of a departmental economic class at the finest level: what payments carry.
const DEPARTMENTAL_FINEST: usize = 5;

/// Characters of a functional class in a key of elements: the national part (项).
const FUNCTIONAL: usize = 7;

/// Parts of an official key that is a key of elements, at least: division, unit, functional,
/// government and departmental economic class, fund nature. Project, document and others follow.
const KEY_PARTS_MIN: usize = 6;

/// The functional class of transfers (转移性支出).
const TRANSFERS: Class = Class(*b"230\0\0\0\0\0");

/// The functional class of debt principal (债务还本支出).
const DEBT_PRINCIPAL: Class = Class(*b"231\0\0\0\0\0");

/// The government economic class of transfers (转移性支出).
const GOVERNMENT_TRANSFERS: Class = Class(*b"513\0\0\0\0\0");

static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables::read(include_str!("../data/elements.csv")));

/// A statutory budget (四本预算).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Budget {
    General,
    GovernmentFunds,
    StateCapital,
    SocialInsurance,
}

impl Budget {
    fn named(name: &str) -> Budget {
        match name {
            "general" => Budget::General,
            "government-funds" => Budget::GovernmentFunds,
            "state-capital" => Budget::StateCapital,
            "social-insurance" => Budget::SocialInsurance,
            other => panic!("elements: {other:?} is no statutory budget"),
        }
    }
}

/// A branch of the mapping between the two economic classes: which units spend from a government
/// economic class that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Administrative units and those managed like the civil service.
    Administrative,
    /// Public institutions.
    Institution,
}

impl Branch {
    fn named(name: &str) -> Branch {
        match name {
            "administrative" => Branch::Administrative,
            "institution" => Branch::Institution,
            other => panic!("elements: {other:?} is no branch"),
        }
    }
}

/// A code with the years it holds in and what it goes with.
#[derive(Debug)]
struct Row<T> {
    code: Class,
    from: u16,
    to: u16,
    goes_with: T,
}

impl<T> Row<T> {
    fn holds_in(&self, year: u16) -> bool {
        (self.from..=self.to).contains(&year)
    }
}

/// Rows of each table by code; a code that changed has several rows, of different years.
#[derive(Debug, Default)]
struct Tables {
    funds: Vec<Row<Budget>>,
    fund_names: Vec<Row<&'static str>>,
    functional: Vec<Row<Budget>>,
    departmental: Vec<Row<Vec<Class>>>,
    /// By the number of a departmental class at the finest level: its first row, or [`NO_ROW`].
    departmental_rows: Vec<u16>,
    branches: Vec<Row<Branch>>,
    procured: Vec<Row<()>>,
}

impl Tables {
    /// From the data file, which is part of the program: anything unreadable in it is a defect.
    fn read(text: &'static str) -> Tables {
        let mut tables = Tables::default();
        let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
        for line in rows {
            let fields: Vec<&str> = line.split(',').collect();
            let [table, code, from, to, name, goes_with] = fields[..] else {
                panic!("elements: six fields expected in {line:?}")
            };
            let code = of_table(code);
            let from = from.parse().expect("elements: a first year");
            let to = if to.is_empty() { u16::MAX } else { to.parse().expect("elements: a year") };
            if table == "fund" {
                tables.fund_names.push(Row { code, from, to, goes_with: name });
            }
            match table {
                "fund" | "functional" => {
                    let row = Row { code, from, to, goes_with: Budget::named(goes_with) };
                    let budgets =
                        if table == "fund" { &mut tables.funds } else { &mut tables.functional };
                    budgets.push(row);
                }
                "departmental" => {
                    let goes_with = goes_with.split(' ').map(of_table).collect();
                    tables.departmental.push(Row { code, from, to, goes_with });
                }
                "branch" => {
                    let goes_with = Branch::named(goes_with);
                    tables.branches.push(Row { code, from, to, goes_with });
                }
                "procured" => tables.procured.push(Row { code, from, to, goes_with: () }),
                other => panic!("elements: {other:?} is no table"),
            }
        }
        tables.funds.sort_by_key(|row| row.code);
        tables.fund_names.sort_by_key(|row| row.code);
        tables.functional.sort_by_key(|row| row.code);
        tables.departmental.sort_by_key(|row| row.code);
        tables.departmental_rows = vec![NO_ROW; NUMBERS];
        for (at, row) in tables.departmental.iter().enumerate().rev() {
            if let Some(number) = number_of(row.code) {
                tables.departmental_rows[number] = at as u16;
            }
        }
        tables
    }

    /// What a departmental class goes with, in a year that has it. Looked up by its number where it
    /// has one: every payment asks.
    fn departmental_in(&self, code: Class, year: u16) -> Option<&Vec<Class>> {
        let Some(number) = number_of(code) else {
            return in_force(&self.departmental, code, year);
        };
        let first = usize::from(self.departmental_rows[number]);
        let same = self.departmental.get(first..)?.iter().take_while(|row| row.code == code);
        same.filter(|row| row.holds_in(year)).map(|row| &row.goes_with).next()
    }

    /// True when some departmental class at or under this one is mapped to the government class,
    /// or to one above or under it.
    fn are_mapped(&self, departmental: Class, government: Class, year: u16) -> bool {
        self.departmental.iter().any(|row| {
            row.holds_in(year)
                && departmental.covers(row.code)
                && row.goes_with.iter().any(|mapped| are_in_line(*mapped, government))
        })
    }
}

/// Numbers of five digits.
const NUMBERS: usize = 100_000;

/// No row has a class of this number.
const NO_ROW: u16 = u16::MAX;

/// The number of a class at the finest level: five digits and nothing else.
fn number_of(code: Class) -> Option<usize> {
    let [digits @ .., 0, 0, 0] = code.0 else { return None };
    let digit = |number: Option<usize>, byte: u8| {
        let digit = byte.wrapping_sub(b'0');
        number.filter(|_| digit < 10).map(|number| number * 10 + usize::from(digit))
    };
    digits.into_iter().fold(Some(0), digit)
}

fn of_table(code: &str) -> Class {
    Class::new(code).unwrap_or_else(|| panic!("elements: {code:?} is no code"))
}

/// Whether one of two codes stands above the other, or they are one.
fn are_in_line(one: Class, other: Class) -> bool {
    one.covers(other) || other.covers(one)
}

/// The statutory budget a code belongs to: that of the longest beginning listed, since divisions
/// extend the national codes below it.
fn budget_of(rows: &[Row<Budget>], code: Class, year: u16) -> Option<Budget> {
    let mut covering = rows.iter().rev().filter(|row| row.holds_in(year) && row.code.covers(code));
    covering.next().map(|row| row.goes_with)
}

fn in_force<T>(rows: &[Row<T>], code: Class, year: u16) -> Option<&T> {
    let first = rows.partition_point(|row| row.code < code);
    let same = rows[first..].iter().take_while(|row| row.code == code);
    same.filter(|row| row.holds_in(year)).map(|row| &row.goes_with).next()
}

/// Whether a payment may carry this departmental economic class: one of the year's, at the finest
/// level (R-ELEM).
///
/// # Errors
///
/// [`Code::BadElement`].
pub fn check_payment_class(economic: Class, year: FiscalYear) -> Result<(), Code> {
    let year = year.get();
    if year < FIRST_YEAR {
        return Ok(());
    }
    let finest = economic.as_str().len() == DEPARTMENTAL_FINEST;
    let known = finest && TABLES.departmental_in(economic, year).is_some();
    if known { Ok(()) } else { Err(Code::BadElement) }
}

/// The departmental economic classes that payments of a year may carry, as far as it has tables.
pub(crate) fn payment_classes(year: FiscalYear) -> impl Iterator<Item = Class> {
    let rows = TABLES.departmental.iter().filter(move |row| row.holds_in(year.get()));
    rows.map(|row| row.code).filter(|code| code.as_str().len() == DEPARTMENTAL_FINEST)
}

/// The fund natures of a year, as far as it has tables.
pub(crate) fn funds(year: FiscalYear) -> impl Iterator<Item = Class> {
    TABLES.funds.iter().filter(move |row| row.holds_in(year.get())).map(|row| row.code)
}

/// Whether a payment's departmental class may be booked under a government one: mapped to it, to one
/// above or to one under it (R-ECO).
///
/// # Errors
///
/// [`Code::BadElement`] for a class the year does not have, else [`Code::EconomicMismatch`].
pub fn check_pair(departmental: Class, government: Class, year: FiscalYear) -> Result<(), Code> {
    let year = year.get();
    if year < FIRST_YEAR {
        return Ok(());
    }
    let mapped = TABLES.departmental_in(departmental, year).ok_or(Code::BadElement)?;
    if mapped.iter().any(|code| are_in_line(*code, government)) {
        Ok(())
    } else {
        Err(Code::EconomicMismatch)
    }
}

/// Whether a quota may be of these elements: its fund nature and its class are of the year; and
/// where its official key is one of elements, those agree with the command, with the year's tables
/// and with each other.
///
/// # Errors
///
/// [`Code::BadElement`], [`Code::EconomicMismatch`] or [`Code::FundClassMismatch`].
pub fn check_quota(create: &Create<'_>) -> Result<(), Code> {
    let year = create.year.get();
    if year < FIRST_YEAR {
        return Ok(());
    }
    let tables = &*TABLES;
    let known = |found: bool| if found { Ok(()) } else { Err(Code::BadElement) };
    let budget = budget_of(&tables.funds, create.fund, year).ok_or(Code::BadElement)?;
    let any = create.economic == Class::ANY;
    known(any || in_force(&tables.departmental, create.economic, year).is_some())?;
    let Some(key) = Elements::of(create.key) else { return Ok(()) };
    known(key.fund == create.fund && (any || key.departmental == create.economic))?;
    key.check_under(budget, year)
}

/// The branch of units that spend from a government economic class; `None`: all do.
#[must_use]
pub fn branch_of(government: Class, year: FiscalYear) -> Option<Branch> {
    let rows = TABLES.branches.iter().filter(|row| row.holds_in(year.get()));
    rows.filter(|row| row.code.covers(government)).map(|row| row.goes_with).next()
}

/// Whether things of a departmental economic class are bought under procurement law.
#[must_use]
pub fn is_procured(departmental: Class, year: FiscalYear) -> bool {
    let mut rows = TABLES.procured.iter().filter(|row| row.holds_in(year.get()));
    rows.any(|row| row.code.covers(departmental))
}

/// Whether a fund nature is one of the year.
#[must_use]
pub fn is_fund(fund: Class, year: FiscalYear) -> bool {
    year.get() < FIRST_YEAR || budget_of(&TABLES.funds, fund, year.get()).is_some()
}

/// What a fund nature of the year is called; none where the tables have another code or none.
#[must_use]
pub fn fund_name(fund: Class, year: FiscalYear) -> Option<&'static str> {
    in_force(&TABLES.fund_names, fund, year.get()).copied()
}

/// Whether a fund nature is appropriated: of one of the four statutory budgets. What is not is
/// income that a unit registers itself.
#[must_use]
pub fn is_appropriated(fund: Class) -> bool {
    fund.as_str().starts_with('1')
}

/// Whether a functional class is one of transfers to another level.
#[must_use]
pub fn is_transfer(functional: Class) -> bool {
    TRANSFERS.covers(functional)
}

/// Whether a functional class pays back what was borrowed.
#[must_use]
pub fn is_debt_principal(functional: Class) -> bool {
    DEBT_PRINCIPAL.covers(functional)
}

/// Whether a government economic class is one of transfers to another level.
#[must_use]
pub fn is_government_transfer(government: Class) -> bool {
    GOVERNMENT_TRANSFERS.covers(government)
}

/// Whether a fund nature is of the general public budget (一般公共预算).
#[must_use]
pub fn is_general(fund: Class, year: FiscalYear) -> bool {
    is_appropriated(fund) && budget_of(&TABLES.funds, fund, year.get()) == Some(Budget::General)
}

/// What a budget row or an official key says of the money.
#[derive(Clone, Copy, Debug)]
pub struct Elements {
    /// Functional class.
    pub functional: Class,
    /// Government economic class.
    pub government: Class,
    /// Departmental economic class.
    pub departmental: Class,
    /// Fund nature.
    pub fund: Class,
}

impl Elements {
    /// Whether all of them are of the year and go together.
    ///
    /// # Errors
    ///
    /// [`Code::BadElement`], [`Code::EconomicMismatch`] or [`Code::FundClassMismatch`].
    pub fn check(&self, year: FiscalYear) -> Result<(), Code> {
        if year.get() < FIRST_YEAR {
            return Ok(());
        }
        let budget = budget_of(&TABLES.funds, self.fund, year.get()).ok_or(Code::BadElement)?;
        self.check_under(budget, year.get())
    }

    fn check_under(&self, budget: Budget, year: u16) -> Result<(), Code> {
        let tables = &*TABLES;
        in_force(&tables.departmental, self.departmental, year).ok_or(Code::BadElement)?;
        let functional =
            budget_of(&tables.functional, self.functional, year).ok_or(Code::BadElement)?;
        if !tables.are_mapped(self.departmental, self.government, year) {
            return Err(Code::EconomicMismatch);
        }
        if functional != budget {
            return Err(Code::FundClassMismatch);
        }
        Ok(())
    }

    /// `division/unit/functional/government/departmental/fund/…`; `None` for a key of another
    /// form, whose words are its owner's own.
    pub(crate) fn of(key: &str) -> Option<Elements> {
        let parts: Vec<&str> = key.split('/').collect();
        if parts.len() < KEY_PARTS_MIN || parts[2].len() != FUNCTIONAL {
            return None;
        }
        let class = |at: usize| Class::new(parts[at]);
        Some(Elements {
            functional: class(2)?,
            government: class(3)?,
            departmental: class(4)?,
            fund: class(5)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::{AuthorityKind, Posts};
    use crate::ids::{ActId, DivisionIndex, LimitKey, QuotaId};
    use crate::money::Fen;

    fn year(year: u16) -> FiscalYear {
        FiscalYear::new(year).unwrap()
    }

    fn checked(of: u16, fund: &str, economic: &str, key: &str) -> Result<(), Code> {
        check_quota(&Create {
            act: ActId(1),
            division: DivisionIndex(1),
            year: year(of),
            parent: QuotaId::NONE,
            fund: Class::new(fund).unwrap(),
            economic: Class::new(economic).unwrap(),
            posts: Posts::UNIT,
            executable: true,
            plan: LimitKey(0),
            authority: AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
            key,
        })
    }

    #[test]
    fn a_payment_carries_a_class_of_its_year_at_the_finest_level() {
        let payment = |code, of| check_payment_class(Class::new(code).unwrap(), year(of));
        assert_eq!(payment("30201", 2022), Ok(()));
        for wrong in ["302", "30298", "3020101", "99901", "50201"] {
            assert_eq!(payment(wrong, 2022), Err(Code::BadElement), "{wrong}");
            assert_eq!(payment(wrong, 2017), Ok(()), "2017 has no tables: {wrong}");
        }
    }

    #[test]
    fn a_quota_is_of_elements_of_its_year() {
        assert_eq!(checked(2022, "111", "302", "any words"), Ok(()));
        assert_eq!(checked(2022, "111", "", "any words"), Ok(()));
        assert_eq!(
            checked(2022, "1115", "302", "any words"),
            Ok(()),
            "a division's own, under 111"
        );
        assert_eq!(checked(2022, "19", "302", "any words"), Err(Code::BadElement));
        assert_eq!(checked(2022, "111", "30298", "any words"), Err(Code::BadElement));
        assert_eq!(checked(2017, "19", "30298", "any words"), Ok(()));
    }

    #[test]
    fn a_key_of_elements_says_what_the_command_says() {
        let good = "370000000/101001/2050203/50502/302/111/project/document";
        assert_eq!(checked(2022, "111", "302", good), Ok(()));
        assert_eq!(checked(2022, "112", "302", good), Err(Code::BadElement));
        assert_eq!(checked(2022, "111", "30201", good), Err(Code::BadElement));
        assert_eq!(checked(2022, "111", "", good), Ok(()), "pays any class, or none");
        let no_such = "370000000/101001/9990203/50502/302/111/project/document";
        assert_eq!(checked(2022, "111", "302", no_such), Err(Code::BadElement));
    }

    #[test]
    fn the_two_economic_classes_are_mapped() {
        let key = |government, departmental| {
            format!("370000000/101001/2050203/{government}/{departmental}/111/p/d")
        };
        for (government, departmental) in
            [("50101", "30101"), ("50501", "30101"), ("50502", "302"), ("502", "30227")]
        {
            let key = key(government, departmental);
            assert_eq!(checked(2022, "111", departmental, &key), Ok(()), "{key}");
        }
        for (government, departmental) in [("50101", "30201"), ("50905", "301"), ("50402", "310")] {
            let key = key(government, departmental);
            let found = checked(2022, "111", departmental, &key);
            assert_eq!(found, Err(Code::EconomicMismatch), "{key}");
        }
    }

    #[test]
    fn a_government_class_may_be_of_one_branch_and_a_class_of_the_procurement_list() {
        let class = |code| Class::new(code).unwrap();
        for (government, branch) in [
            ("50101", Some(Branch::Administrative)),
            ("504", Some(Branch::Administrative)),
            ("50502", Some(Branch::Institution)),
            ("50601", Some(Branch::Institution)),
            ("50905", None),
        ] {
            assert_eq!(branch_of(class(government), year(2022)), branch, "{government}");
        }
        assert!(is_procured(class("31002"), year(2022)) && !is_procured(class("310"), year(2022)));
        assert!(!is_procured(class("30201"), year(2022)));
        assert!(is_general(class("112"), year(2022)) && !is_general(class("31"), year(2022)));
        assert!(!is_general(class("121"), year(2022)) && is_appropriated(class("121")));
    }

    #[test]
    fn a_fund_pays_the_functions_of_its_budget() {
        let found = |functional, fund| {
            let key = format!("370000000/101001/{functional}/50601/310/{fund}/p/d");
            checked(2022, fund, "310", &key)
        };
        for (functional, fund) in [
            ("2130305", "111"),
            ("2120801", "121"),
            ("2296011", "122"),
            ("2230105", "13"),
            ("2090101", "14"),
            ("2050205", "2"),
            ("2050203", "31"),
        ] {
            assert_eq!(found(functional, fund), Ok(()), "{functional} {fund}");
        }
        for (functional, fund) in
            [("2120801", "111"), ("2130305", "121"), ("2230105", "111"), ("2120801", "31")]
        {
            assert_eq!(
                found(functional, fund),
                Err(Code::FundClassMismatch),
                "{functional} {fund}"
            );
        }
    }
}
