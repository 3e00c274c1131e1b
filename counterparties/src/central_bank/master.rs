//! What the central bank has on file by itself: treasuries, banks, functional classes and units.

use std::collections::{BTreeMap, BTreeSet};

use domain::voucher::check::{FunctionKnown, Known};
use domain::voucher::{DivisionCode, Party};
use domain::{Fen, FiscalYear};

/// Who a central bank's treasury office is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its code as a party, at the begin of every number it gives. Digits and capital letters.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A treasury (国库): the account in which a division's cash rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treasury {
    /// Its code of ten digits (`TreCode`), also the number of its account.
    pub code: String,
    /// The division whose cash it keeps.
    pub division: DivisionCode,
    /// The finance department of that division.
    pub finance: Party,
    /// Below what nothing is cleared: requests wait (R-CASHPOS).
    pub floor_fen: Fen,
}

/// One row of what is on file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterRow {
    /// A treasury.
    Treasury(Treasury),
    /// An agent bank, by its code as a party.
    Bank {
        /// Its code.
        code: String,
        /// Its name, as vouchers have to write it.
        name: String,
    },
    /// A bank of the payment system, by its number of twelve digits (联行号).
    BankNumber {
        /// The number.
        number: String,
    },
    /// A functional class of a year. Those that begin with 1 are of income, with 2 of spending.
    Function {
        /// The year.
        year: FiscalYear,
        /// Its code.
        code: String,
        /// Whether it only sums others, so that nothing is entered under it.
        sums_only: bool,
    },
    /// A unit or department of a division.
    Unit {
        /// The division.
        division: DivisionCode,
        /// Its code.
        code: String,
    },
}

#[derive(Clone, Debug, Default)]
pub(super) struct Master {
    pub(super) treasuries: BTreeMap<String, Treasury>,
    pub(super) banks: BTreeMap<String, String>,
    bank_numbers: BTreeSet<String>,
    functions: BTreeMap<(FiscalYear, String), bool>,
    units: BTreeMap<DivisionCode, BTreeSet<String>>,
}

impl Master {
    pub(super) fn put(&mut self, row: MasterRow) {
        match row {
            MasterRow::Treasury(treasury) => {
                self.treasuries.insert(treasury.code.clone(), treasury);
            }
            MasterRow::Bank { code, name } => {
                self.banks.insert(code, name);
            }
            MasterRow::BankNumber { number } => {
                self.bank_numbers.insert(number);
            }
            MasterRow::Function { year, code, sums_only } => {
                self.functions.insert((year, code), sums_only);
            }
            MasterRow::Unit { division, code } => {
                self.units.entry(division).or_default().insert(code);
            }
        }
    }
}

impl Master {
    /// Whether money may come in under a class: one of income that is on file for the year. Where no class of income is on
    /// file, as in a province that lists none, its form alone is looked at.
    pub(super) fn takes_income(&self, year: FiscalYear, class: &str) -> bool {
        match self.function(year, class) {
            FunctionKnown::Income => true,
            FunctionKnown::Unknown => {
                let digits = class.bytes().all(|byte| byte.is_ascii_digit());
                let of_income = digits && class.starts_with('1');
                let known =
                    self.functions.keys().any(|(of, code)| *of == year && code.starts_with('1'));
                of_income && !known
            }
            FunctionKnown::Spending | FunctionKnown::SumOnly | FunctionKnown::NotHeld => false,
        }
    }
}

impl Known for Master {
    fn treasury(&self, code: &str) -> bool {
        self.treasuries.contains_key(code)
    }

    fn function(&self, year: FiscalYear, code: &str) -> FunctionKnown {
        match self.functions.get(&(year, code.to_owned())) {
            None => FunctionKnown::Unknown,
            Some(true) => FunctionKnown::SumOnly,
            Some(false) if code.starts_with('1') => FunctionKnown::Income,
            Some(false) => FunctionKnown::Spending,
        }
    }

    fn unit(&self, division: DivisionCode, _: FiscalYear, code: &str) -> bool {
        self.units.get(&division).is_some_and(|units| units.contains(code))
    }

    fn bank_number(&self, number: &str) -> bool {
        self.bank_numbers.contains(number)
    }

    fn bank_name(&self, code: &str, name: &str) -> bool {
        self.banks.get(code).is_some_and(|known| known == name)
    }
}
