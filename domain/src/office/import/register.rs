//! Accounts, payees, the calendar, code tables.

use super::check::{Checker, Here};
use crate::ids::Day;
use crate::office::tables::base::{Standing, Unit};
use crate::office::tables::register::{
    Account, AccountKind, AccountOwner, AgentBank, Calendar, CodeKind, CodeRow, CodeTable, Payee,
    PayeeList,
};

/// The statutory budgets (四本预算) a fund nature or a functional class may belong to.
const BUDGETS: &[&str] = &["general", "government-funds", "state-capital", "social-insurance"];

impl Checker<'_> {
    pub(super) fn account(&mut self, account: &Account, here: &Here) {
        let (owner, at_agent_bank) = rule_of(account.kind);
        if account.owner != owner {
            self.say(here, "owner", format!("{}, of such an account", owner.slug()));
        }
        match (&account.unit, account.owner) {
            (Some(_), AccountOwner::Finance) => self.say(here, "unit", "none, of finance"),
            (None, AccountOwner::Unit | AccountOwner::Employee) => {
                self.say(here, "unit", "the unit it belongs to");
            }
            _ => {}
        }
        let unit = account.unit.as_deref().and_then(|code| self.view.get::<Unit>(code));
        if account.kind == AccountKind::UnitZero && unit.is_some_and(|unit| !unit.is_leaf) {
            self.say(here, "unit", "a leaf: no other unit pays");
        }
        let bank = account.agent_bank.as_deref().and_then(|code| self.view.get::<AgentBank>(code));
        match (&account.agent_bank, at_agent_bank) {
            (None, true) => self.say(here, "agent_bank", "the agent bank that keeps it"),
            (Some(_), false) if account.kind == AccountKind::TreasurySingle => {
                self.say(here, "agent_bank", "none: it is kept by the central bank");
            }
            _ => {}
        }
        let open = account.standing == Standing::Active;
        if open && bank.is_some_and(|bank| bank.standing != Standing::Active) {
            self.say(here, "agent_bank", "an agent bank that is active");
        }
        match (&account.treasury_code, account.kind) {
            (None, AccountKind::TreasurySingle) => {
                self.say(here, "treasury_code", "the code of the treasury");
            }
            (Some(_), kind) if kind != AccountKind::TreasurySingle => {
                self.say(here, "treasury_code", "none, but of the treasury single account");
            }
            _ => {}
        }
    }

    pub(super) fn payee(&mut self, payee: &Payee, here: &Here) {
        let listed = payee.list != PayeeList::None;
        if listed && payee.reason.trim().is_empty() {
            self.say(here, "reason", "why it is on the list");
        }
        if !listed && !payee.reason.is_empty() {
            self.say(here, "reason", "none, on no list");
        }
    }

    pub(super) fn calendar(&mut self, row: &Calendar, here: &Here) {
        let year = self.ground.year.get();
        if row.day.year() != year {
            self.say(here, "day", format!("a day of {year}"));
        }
        match (row.working, row.cut_off) {
            (true, None) => self.say(here, "cut_off", "the cut-off time of a working day"),
            (false, Some(_)) => self.say(here, "cut_off", "none on a day off"),
            _ => {}
        }
        if row.working == is_weekend(row.day) && row.note.trim().is_empty() {
            self.say(here, "note", "why it is not what its weekday says");
        }
    }

    pub(super) fn code_table(&mut self, table: &CodeTable, here: &Here) {
        let year = self.ground.year.get().to_string();
        if !table.version.starts_with(&year) {
            self.say(here, "version", format!("a version of {year}, that begins so"));
        }
    }

    pub(super) fn code(&mut self, row: &CodeRow, here: &Here) {
        if let Some(parent) = row.parent
            && (!parent.covers(row.code) || parent == row.code)
        {
            self.say(here, "parent", "a code that this one begins with");
        }
        let with: Vec<&str> = row.goes_with.split(' ').filter(|word| !word.is_empty()).collect();
        match row.table {
            CodeKind::Fund | CodeKind::Functional if !matches!(with[..], [budget] if BUDGETS.contains(&budget)) =>
            {
                self.say(here, "goes_with", format!("one of {}", BUDGETS.join(" ")));
            }
            CodeKind::Departmental if row.enterable && with.is_empty() => {
                self.say(here, "goes_with", "the government classes it is mapped to");
            }
            CodeKind::Government if !with.is_empty() => {
                self.say(here, "goes_with", "none: the departmental classes name these");
            }
            _ => {}
        }
    }
}

/// Who owns an account of a kind, and whether it is at an agent bank.
fn rule_of(kind: AccountKind) -> (AccountOwner, bool) {
    match kind {
        AccountKind::FinanceZero => (AccountOwner::Finance, true),
        AccountKind::TreasurySingle | AccountKind::FiscalSpecial | AccountKind::NonTax => {
            (AccountOwner::Finance, false)
        }
        AccountKind::UnitZero => (AccountOwner::Unit, true),
        AccountKind::RealFund => (AccountOwner::Unit, false),
        AccountKind::OfficialCard => (AccountOwner::Employee, false),
    }
}

/// Saturday or Sunday, by the days that have passed since 1 March of the year 0.
fn is_weekend(day: Day) -> bool {
    let (year, month, date) = (u32::from(day.year()), u32::from(day.month()), day.get() % 100);
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date;
    // 1 March of the year 0 of this count was a Wednesday, and is day 1.
    matches!((days + 2) % 7, 6 | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_of_known_dates() {
        let weekend = |day| is_weekend(Day::new(day).unwrap());
        for day in [20_220_101, 20_220_102, 20_240_225, 20_000_226, 19_000_107, 20_231_231] {
            assert!(weekend(day), "{day}");
        }
        for day in [20_220_103, 20_220_107, 20_240_229, 20_000_229, 20_231_229] {
            assert!(!weekend(day), "{day}");
        }
    }
}
