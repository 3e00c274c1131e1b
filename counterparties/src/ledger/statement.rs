//! Statements: what an account had at a day's begin, what moved it, and what it had at the end.

use domain::Fen;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::VoucherKey;

use super::{AccountId, AccountKind, Entry, Ledger, Purpose};

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The voucher it is for.
    pub voucher: VoucherKey,
    /// The day.
    pub day: Day,
    /// Which of the voucher's details; empty: the voucher as a whole.
    pub detail: String,
    /// What for.
    pub purpose: Purpose,
    /// Credited, or debited when below zero.
    pub amount_fen: Fen,
}

/// A statement of one account, for a day or for several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The account's kind.
    pub kind: AccountKind,
    /// The account's number.
    pub account: String,
    /// The first day, and the last.
    pub days: [Day; 2],
    /// Balance before the first day, in fen.
    pub opening_fen: FenSum,
    /// What moved it, in the order it did.
    pub lines: Vec<StatementLine>,
    /// Balance after the last day, in fen.
    pub closing_fen: FenSum,
}

impl Statement {
    fn empty(ledger: &Ledger, id: AccountId, days: [Day; 2]) -> Statement {
        let account = ledger.account(id);
        let (kind, account) = (account.kind, account.number.to_owned());
        Statement { kind, account, days, opening_fen: 0, lines: Vec::new(), closing_fen: 0 }
    }

    /// Takes in an entry of this account, of these days or an earlier one.
    fn add(&mut self, ledger: &Ledger, entry: &Entry, signed: i64, on: Day) {
        self.closing_fen += FenSum::from(signed);
        if on < self.days[0] {
            self.opening_fen += FenSum::from(signed);
            return;
        }
        self.lines.push(StatementLine {
            voucher: ledger.key(entry.source),
            day: on,
            detail: ledger.detail(entry).to_owned(),
            purpose: entry.purpose,
            amount_fen: Fen::new(signed),
        });
    }
}

impl Ledger {
    /// The statement of one account and day.
    #[must_use]
    pub fn statement(&self, account: AccountId, day: Day) -> Statement {
        let mut statement = Statement::empty(self, account, [day; 2]);
        self.each_until(day, |entry, id, signed, on| {
            if id == account {
                statement.add(self, entry, signed, on);
            }
        });
        statement
    }

    /// The statements of all accounts of a kind for a day, in the order they were opened.
    #[must_use]
    pub fn statements(&self, kind: AccountKind, day: Day) -> Vec<Statement> {
        self.statements_of(kind, [day; 2])
    }

    /// The same from a first day to a last one.
    #[must_use]
    pub fn statements_of(&self, kind: AccountKind, days: [Day; 2]) -> Vec<Statement> {
        let mut place = vec![None; self.accounts.len()];
        let mut statements = Vec::new();
        for id in self.accounts(kind) {
            place[id.0 as usize] = Some(statements.len());
            statements.push(Statement::empty(self, id, days));
        }
        self.each_until(days[1], |entry, id, signed, on| {
            if let Some(at) = place[id.0 as usize] {
                statements[at].add(self, entry, signed, on);
            }
        });
        statements
    }

    fn each_until(&self, day: Day, mut each: impl FnMut(&Entry, AccountId, i64, Day)) {
        for entry in &self.entries {
            let on = self.day(entry);
            if on <= day {
                each(entry, entry.debit, -entry.amount_fen.get(), on);
                each(entry, entry.credit, entry.amount_fen.get(), on);
            }
        }
    }
}
