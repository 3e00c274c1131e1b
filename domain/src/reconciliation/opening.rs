//! Whether an account's statements begin where the one before ended (期初余额、期末余额): a treasury's, and zero-balance accounts.

use std::collections::BTreeMap;

use crate::ids::Day;
use crate::money::Fen;
use crate::voucher::{Field, Voucher, VoucherKind};

use super::line::{Figures, Item, ItemState, Line, Scope};

/// An account that begins with another balance than its last statement ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break<'a> {
    /// The statement that begins otherwise.
    pub statement: &'a Voucher,
    /// The bank that keeps it; empty: the central bank.
    pub bank: &'a str,
    /// The account: its number, or its treasury's code.
    pub account: &'a str,
    /// What the statement before it ended with.
    pub ended_fen: Fen,
    /// What it begins with.
    pub begins_fen: Fen,
}

impl<'a> Break<'a> {
    /// As lines of one item, ours and theirs: what the statement before said is what we hold it against.
    #[must_use]
    pub fn lines(&self, day: Day) -> [Line<'a>; 2] {
        let scope = Scope { bank: self.bank, account: self.account, fund: "" };
        let detail = Field::OpeningBalance.wire_name();
        let item = Item { voucher: self.statement.key, detail };
        [self.ended_fen, self.begins_fen].map(|amount_fen| {
            let figures = Figures { amount_fen, state: ItemState::Done, day };
            Line { scope, item, figures }
        })
    }
}

/// What accounts ended with on the last day that was told before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// By account.
    pub balances: BTreeMap<Box<str>, Fen>,
    /// Whether every other account was at zero, and each that is not told of now is: a bank leaves out what is at zero and
    /// was not moved.
    pub others_at_zero: bool,
}

/// All breaks in a day's statements, in the order of their parts, and what each account ends with. An account of which nothing is
/// known begins as it says.
#[must_use]
pub fn openings<'a>(
    statements: &'a [Voucher],
    last: &'a Ended,
) -> (Vec<Break<'a>>, BTreeMap<&'a str, Fen>) {
    let (mut breaks, mut ends) = (Vec::new(), BTreeMap::new());
    let unknown = last.others_at_zero.then_some(Fen::ZERO);
    for statement in statements {
        let Some((bank, account, [begins_fen, ends_fen])) = told(statement) else { continue };
        let known = ends.get(account).or_else(|| last.balances.get(account)).copied();
        if let Some(ended_fen) = known.or(unknown).filter(|ended_fen| *ended_fen != begins_fen) {
            breaks.push(Break { statement, bank, account, ended_fen, begins_fen });
        }
        ends.insert(account, ends_fen);
    }
    if let Some(statement) = statements.first().filter(|_| last.others_at_zero) {
        let bank = statement.head.text(Field::PayBank).unwrap_or("");
        let untold = last.balances.iter().filter(|(account, _)| !ends.contains_key(&***account));
        for (account, ended_fen) in untold.filter(|(_, ended_fen)| **ended_fen != Fen::ZERO) {
            let (ended_fen, begins_fen) = (*ended_fen, Fen::ZERO);
            breaks.push(Break { statement, bank, account, ended_fen, begins_fen });
        }
    }
    (breaks, ends)
}

/// Bank, account and balances before and behind, of a statement that tells them.
fn told(statement: &Voucher) -> Option<(&str, &str, [Fen; 2])> {
    let head = &statement.head;
    let (bank, account) = match statement.key.kind {
        VoucherKind::TreasuryStatement => ("", head.text(Field::Treasury)?),
        _ => (head.text(Field::PayBank)?, head.text(Field::PayerAccount)?),
    };
    let balances = [Field::OpeningBalance, Field::ClosingBalance];
    let [begins_fen, ends_fen] = balances.map(|field| head.amount_fen(field));
    Some((bank, account, [begins_fen?, ends_fen?]))
}
