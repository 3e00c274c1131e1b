//! What a bank has on file by itself: who it is, its zero-balance accounts, payees' accounts that take no money.

use domain::FiscalYear;
use domain::voucher::check::{FunctionKnown, Known};
use domain::voucher::{DivisionCode, Party};

/// Who a bank is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its code: as a party, in `PayBankCode`, and at the begin of every number it gives. Digits and capital
    /// letters.
    pub code: String,
    /// Its name, as vouchers have to write it.
    pub name: String,
    /// Where it asks for its money.
    pub central_bank: Party,
    /// Its account at the central bank.
    pub clear_account: String,
    /// The internal account to which payroll and other batches are ordered when their payees come beside
    /// (8207); a voucher that names it waits for them.
    pub batch_account: String,
}

/// A zero-balance account (零余额账户).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroBalanceAccount {
    /// Its number.
    pub number: String,
    /// Whose it is, as vouchers have to write it.
    pub name: String,
    /// The division whose money it pays.
    pub division: DivisionCode,
    /// The treasury that reimburses, by its code.
    pub treasury: String,
    /// The finance department that orders and hears.
    pub finance: Party,
}

/// An account that pays out of its own money, which nobody reimburses: a fiscal special account (财政专户), or a
/// unit's own (实有资金账户).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositAccount {
    /// Its number.
    pub number: String,
    /// Whose it is, as vouchers have to write it.
    pub name: String,
    /// The division whose orders it takes.
    pub division: DivisionCode,
    /// The finance department that orders and hears.
    pub finance: Party,
}

/// What a bank holds vouchers against when it looks at their form: of all names, its own.
pub(super) struct OwnName<'a>(pub(super) &'a Identity);

impl Known for OwnName<'_> {
    fn treasury(&self, _: &str) -> bool {
        true
    }

    fn function(&self, _: FiscalYear, _: &str) -> FunctionKnown {
        FunctionKnown::NotHeld
    }

    fn unit(&self, _: DivisionCode, _: FiscalYear, _: &str) -> bool {
        true
    }

    fn bank_number(&self, _: &str) -> bool {
        true
    }

    fn bank_name(&self, code: &str, name: &str) -> bool {
        code != self.0.code || name == self.0.name
    }
}
