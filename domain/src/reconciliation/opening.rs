//! Whether a treasury account's statements begin where the one before ended (期初余额、期末余额).

use std::collections::BTreeMap;

use crate::ids::Day;
use crate::money::Fen;
use crate::voucher::{Field, Voucher};

use super::line::{Figures, Item, ItemState, Line, Scope};

/// An account that begins with another balance than its last statement ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break<'a> {
    /// The statement that begins otherwise.
    pub statement: &'a Voucher,
    /// The account, by its treasury's code.
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
        let scope = Scope { bank: "", account: self.account, fund: "" };
        let detail = Field::OpeningBalance.wire_name();
        let item = Item { voucher: self.statement.key, detail };
        [self.ended_fen, self.begins_fen].map(|amount_fen| {
            let figures = Figures { amount_fen, state: ItemState::Done, day };
            Line { scope, item, figures }
        })
    }
}

/// All breaks in a day's statements, in the order of their parts, and what each account ends with. `last`: what the last
/// day before ended with; an account that is not in it was not told of, and begins as it says.
#[must_use]
pub fn openings<'a>(
    statements: impl IntoIterator<Item = &'a Voucher>,
    last: &BTreeMap<Box<str>, Fen>,
) -> (Vec<Break<'a>>, BTreeMap<&'a str, Fen>) {
    let (mut breaks, mut ends) = (Vec::new(), BTreeMap::new());
    for statement in statements {
        let head = &statement.head;
        let balance = |field| head.amount_fen(field);
        let (Some(account), Some(begins_fen), Some(ends_fen)) = (
            head.text(Field::Treasury),
            balance(Field::OpeningBalance),
            balance(Field::ClosingBalance),
        ) else {
            continue;
        };
        let ended_fen = ends.get(account).or_else(|| last.get(account)).copied();
        if let Some(ended_fen) = ended_fen.filter(|ended_fen| *ended_fen != begins_fen) {
            breaks.push(Break { statement, account, ended_fen, begins_fen });
        }
        ends.insert(account, ends_fen);
    }
    (breaks, ends)
}
