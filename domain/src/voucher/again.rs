//! Payees of a sheet who got nothing are paid again (失败明细再次支付), each at most once.
//!
//! A payment names the order by which they failed; each line of its own sheet names the line that it pays again. Both
//! lines are then one debt, and so is every line that names either of them later: of all lines of a debt only the last
//! can be under way or paid, since the next one is taken only when the last has failed.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::ids::PaymentId;
use crate::money::{Fen, yuan_plain};

use super::key::VoucherKey;

/// A payee's line on the sheet beside an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The order.
    pub order: VoucherKey,
    /// Its number on the sheet, from 1.
    pub number: u32,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It may be paid yet.
    Waits,
    /// It was paid.
    Paid,
    /// It was not paid, or what was paid came back: at an end.
    Failed,
}

/// A line as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// How much it is.
    pub amount_fen: Fen,
    /// What became of it.
    pub became: Became,
}

/// Why payees are not paid again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAgain {
    /// A payment in place of what failed on a sheet has no sheet.
    #[error(
        "it pays again what failed beside {0}, so its payees stand on a sheet too; write it with `treasury payment failed`, void \
         this payment and reserve another by `treasury payment payroll`"
    )]
    NoSheet(VoucherKey),
    /// A payment is over what failed and is not paid again.
    #[error(
        "it is of {asked} yuan, and of what failed beside {order} {} yuan are to be paid again; void this payment and \
         reserve another for those whom `treasury payment failed` lists", yuan_plain(*.left_fen)
    )]
    Beyond {
        /// The order beside which payees failed.
        order: VoucherKey,
        /// How much is to be paid again, in fen.
        left_fen: i128,
        /// How much is asked for.
        asked: Fen,
    },
    /// A line names none that failed.
    #[error(
        "payment {payment} pays again what failed beside {order}, and a payee names no line of it (`of`); \
         `treasury payment failed` writes a sheet that does"
    )]
    NotNamed {
        /// The payment.
        payment: PaymentId,
        /// The order that it names.
        order: VoucherKey,
    },
    /// A line names one, and its payment names no order.
    #[error(
        "a payee of payment {0} names a line that failed (`of`), and the payment no order with payees among its official numbers; \
         reserve it anew with `--again`"
    )]
    NoOrder(PaymentId),
    /// There is no such line.
    #[error("{} has no payee {}; `treasury payment failed` lists who failed there", .0.order, .0.number)]
    NoLine(Line),
    /// It may be paid yet.
    #[error("payee {} of {} may be paid yet; wait for the bank's answer", .0.number, .0.order)]
    Waits(Line),
    /// It was paid.
    #[error("payee {} of {} was paid; take the line out", .0.number, .0.order)]
    Paid(Line),
    /// It was paid again, or is about to be.
    #[error(
        "payee {} of {} is paid again as payee {} of {}; take the line out", .line.number, .line.order, .by.number,
        .by.order
    )]
    PaidAgain {
        /// The line that failed.
        line: Line,
        /// The line that pays it.
        by: Line,
    },
    /// It stands on the sheet twice.
    #[error("payee {} of {} would be paid twice by this sheet; take one line out", .0.number, .0.order)]
    Twice(Line),
    /// Another amount.
    #[error("payee {} of {} failed with {failed} yuan and would get {given}; correct the line", .line.number, .line.order)]
    Amount {
        /// The line that failed.
        line: Line,
        /// Its amount.
        failed: Fen,
        /// What the new line has.
        given: Fen,
    },
}

impl NotAgain {
    /// In Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let told = |line: &Line| format!("{}第{}人", line.order, line.number);
        match self {
            NotAgain::NoSheet(order) => format!("{order}失败明细再次支付须附收款明细"),
            NotAgain::Beyond { order, left_fen, .. } => {
                format!("超出{order}失败且未再次支付的金额{}元", yuan_plain(*left_fen))
            }
            NotAgain::NotNamed { order, .. } => format!("明细未注明{order}的失败序号"),
            NotAgain::NoOrder(payment) => format!("支付{payment}未注明原支付凭证号"),
            NotAgain::NoLine(line) => format!("无此明细{}", told(line)),
            NotAgain::Waits(line) => format!("{}尚可能支付", told(line)),
            NotAgain::Paid(line) => format!("{}已支付", told(line)),
            NotAgain::PaidAgain { line, by } => format!("{}已由{}再次支付", told(line), told(by)),
            NotAgain::Twice(line) => format!("{}在明细中重复", told(line)),
            NotAgain::Amount { line, failed, .. } => {
                format!("{}失败金额为{failed}元，与明细不符", told(line))
            }
        }
    }

    /// In both languages.
    #[must_use]
    pub fn both(&self) -> String {
        format!("{}: {self}", self.chinese())
    }
}

/// Which lines pay which again: a fold over sheets as they were given.
#[derive(Clone, Debug, Default)]
pub struct Retries {
    /// The first line of a line's debt, of lines that pay another again.
    first: BTreeMap<Line, Line>,
    /// The last line of a debt, by its first.
    last: BTreeMap<Line, Line>,
}

impl Retries {
    /// Whether a line pays another again.
    #[must_use]
    pub fn is_again(&self, line: Line) -> bool {
        self.first.contains_key(&line)
    }

    /// The last line of a line's debt: itself, where nobody has paid it again.
    #[must_use]
    pub fn last(&self, line: Line) -> Line {
        let first = self.first_of(line);
        self.last.get(&first).copied().unwrap_or(first)
    }

    /// Whether a line failed, and nothing that pays it again is paid or may be.
    #[must_use]
    pub fn is_owed(&self, line: Line, stands: &dyn Fn(Line) -> Option<Stands>) -> bool {
        let failed = |line| stands(line).is_some_and(|line| line.became == Became::Failed);
        failed(line) && failed(self.last(line))
    }

    /// Whether a sheet may pay lines again, each with an amount.
    ///
    /// # Errors
    /// The first that is not owed, or is owed another amount, or stands twice.
    pub fn may_pay(
        &self,
        lines: impl IntoIterator<Item = (Line, Fen)>,
        stands: &dyn Fn(Line) -> Option<Stands>,
    ) -> Result<(), NotAgain> {
        let mut debts = BTreeSet::new();
        for (line, given) in lines {
            let known = stands(line).ok_or(NotAgain::NoLine(line))?;
            match known.became {
                Became::Waits => return Err(NotAgain::Waits(line)),
                Became::Paid => return Err(NotAgain::Paid(line)),
                Became::Failed => {}
            }
            if !self.is_owed(line, stands) {
                return Err(NotAgain::PaidAgain { line, by: self.last(line) });
            }
            if known.amount_fen != given {
                return Err(NotAgain::Amount { line, failed: known.amount_fen, given });
            }
            if !debts.insert(self.first_of(line)) {
                return Err(NotAgain::Twice(line));
            }
        }
        Ok(())
    }

    /// A line of a sheet that was given pays another again.
    pub fn given(&mut self, line: Line, again: Line) {
        let first = self.first_of(again);
        self.first.insert(line, first);
        self.last.insert(first, line);
    }

    fn first_of(&self, line: Line) -> Line {
        self.first.get(&line).copied().unwrap_or(line)
    }
}

/// Whether a payment may go out in place of what failed beside an order: not over what is still to be paid again.
///
/// # Errors
/// [`NotAgain::Beyond`].
pub fn is_within(order: VoucherKey, left_fen: i128, asked: Fen) -> Result<(), NotAgain> {
    match i128::from(asked.get()) > left_fen {
        true => Err(NotAgain::Beyond { order, left_fen, asked }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn order(serial: usize) -> VoucherKey {
        let key = format!("370000005-2022-8202-{:010}", serial + 1);
        VoucherKey::parse(&key).expect("a key")
    }

    /// An order with its sheet: of each line who is to get it, and what became of it.
    type Sheet = Vec<(usize, Became)>;

    /// Sheets as their bank sees them. Who is meant by a line is known here, by a person's own number; the rule is told only
    /// which line names which.
    #[derive(Default)]
    struct Bank {
        sheets: Vec<Sheet>,
        /// How often each person was paid, less what came back.
        has: Vec<i32>,
        retries: Retries,
    }

    const PERSONS: usize = 4;

    /// What each is owed.
    fn owed(person: usize) -> Fen {
        Fen::new(100 + person as i64 % 2)
    }

    impl Bank {
        fn new() -> Bank {
            let first = (0..PERSONS).map(|person| (person, Became::Waits)).collect();
            Bank { sheets: vec![first], has: vec![0; PERSONS], ..Bank::default() }
        }

        fn stands(&self, line: Line) -> Option<Stands> {
            let at = self.sheets.iter().enumerate().find(|(at, _)| order(*at) == line.order)?.0;
            let (person, became) = *self.sheets[at].get(line.number.checked_sub(1)? as usize)?;
            Some(Stands { amount_fen: owed(person), became })
        }

        /// Lines of a person that are under way, in all sheets.
        fn under_way(&self, person: usize) -> i32 {
            let all = self.sheets.iter().flatten();
            all.filter(|line| **line == (person, Became::Waits)).count() as i32
        }

        /// What a bank that knows the persons would say of a sheet.
        fn allows(&self, lines: &[(usize, usize, i64)]) -> bool {
            let mut persons = Vec::new();
            lines.iter().all(|(sheet, at, off)| {
                let Some((person, became)) = self.sheets[*sheet].get(*at).copied() else {
                    return false;
                };
                let is_new = !persons.contains(&person);
                persons.push(person);
                let unpaid = self.has[person] == 0 && self.under_way(person) == 0;
                became == Became::Failed && unpaid && is_new && *off == 0
            })
        }

        /// Gives a sheet whose lines name others by sheet and place, with amounts that are so much off.
        fn gives(&mut self, lines: &[(usize, usize, i64)]) -> Result<(), NotAgain> {
            let line =
                |at: usize, place: usize| Line { order: order(at), number: place as u32 + 1 };
            let person = |at: usize, place: usize| self.sheets[at].get(place).map(|line| line.0);
            let named: Vec<(Line, Fen)> = lines
                .iter()
                .map(|(at, place, off)| {
                    let fen = person(*at, *place).map_or(0, |person| owed(person).get());
                    (line(*at, *place), Fen::new(fen + off))
                })
                .collect();
            self.retries.may_pay(named.iter().copied(), &|line| self.stands(line))?;
            let sheet: Sheet = lines
                .iter()
                .map(|(at, place, _)| (person(*at, *place).expect("it was found"), Became::Waits))
                .collect();
            for (place, (again, _)) in named.iter().enumerate() {
                self.retries.given(line(self.sheets.len(), place), *again);
            }
            self.sheets.push(sheet);
            Ok(())
        }

        fn becomes(&mut self, sheet: usize, at: usize, became: Became) {
            let Some(line) = self.sheets[sheet].get_mut(at) else { return };
            match (line.1, became) {
                (Became::Waits, Became::Paid) => self.has[line.0] += 1,
                (Became::Paid, Became::Failed) => self.has[line.0] -= 1,
                (Became::Waits, Became::Failed) => {}
                _ => return,
            }
            line.1 = became;
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Give(Vec<(usize, usize, i64)>),
        Becomes(usize, usize, bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let off = prop_oneof![9 => Just(0_i64), 1 => -1..=1_i64];
        let give = prop::collection::vec((0..64_usize, 0..=PERSONS, off), 1..4);
        let becomes = (0..64_usize, 0..PERSONS, prop::bool::weighted(0.3));
        let step = prop_oneof![
            2 => give.prop_map(Step::Give),
            3 => becomes.prop_map(|(sheet, at, paid)| Step::Becomes(sheet, at, paid)),
        ];
        prop::collection::vec(step, 1..60)
    }

    proptest! {
        #[test]
        fn a_line_that_failed_is_paid_again_once_and_whoever_is_owed_may_be_paid(steps in steps()) {
            let mut bank = Bank::new();
            for step in steps {
                match step {
                    Step::Give(lines) => {
                        let sheets = bank.sheets.len();
                        let lines: Vec<_> =
                            lines.into_iter().map(|(sheet, at, off)| (sheet % sheets, at, off)).collect();
                        let allowed = bank.allows(&lines);
                        let given = bank.gives(&lines);
                        prop_assert_eq!(given.is_ok(), allowed, "{:?}: {:?}", lines, given);
                    }
                    Step::Becomes(sheet, at, paid) => {
                        let became = if paid { Became::Paid } else { Became::Failed };
                        let sheet = sheet % bank.sheets.len();
                        bank.becomes(sheet, at, became);
                    }
                }
                for person in 0..PERSONS {
                    let once = bank.has[person] + bank.under_way(person);
                    prop_assert!(once <= 1, "person {} is paid {} times", person, once);
                    let lines = bank.sheets.iter().enumerate().flat_map(|(sheet, lines)| {
                        lines.iter().enumerate().map(move |(at, line)| (sheet, at, *line))
                    });
                    for (sheet, at, line) in lines.filter(|(.., line)| line.0 == person) {
                        let own = Line { order: order(sheet), number: at as u32 + 1 };
                        let owed = bank.retries.is_owed(own, &|line| bank.stands(line));
                        prop_assert_eq!(owed, line.1 == Became::Failed && once == 0);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_over_what_failed_or_no_debt_is_told_in_both_languages() {
        let mut bank = Bank::new();
        for at in [0, 1] {
            bank.becomes(0, at, Became::Failed);
        }
        bank.becomes(0, 2, Became::Paid);
        let mut told = |lines: &[(usize, usize, i64)]| bank.gives(lines).map_err(|why| why.both());
        for (lines, chinese, english) in [
            (&[(0, 9, 0)][..], "无此明细370000005-2022-8202-0000000001第10人: ", "has no payee 10"),
            (&[(0, 2, 0)], "第3人已支付: ", "payee 3 of"),
            (&[(0, 3, 0)], "第4人尚可能支付: ", "may be paid yet"),
            (&[(0, 0, 1)], "第1人失败金额为1.00元", "failed with 1.00 yuan and would get 1.01"),
            (&[(0, 0, 0), (0, 0, 0)], "第1人在明细中重复", "twice by this sheet"),
        ] {
            let why = told(lines).expect_err("it is not owed");
            assert!(why.contains(chinese) && why.contains(english), "{why}");
        }
        told(&[(0, 0, 0)]).expect("it failed");
        let why = told(&[(0, 1, 0), (0, 0, 0)]).expect_err("it is under way");
        assert!(why.contains("第1人已由370000005-2022-8202-0000000002第1人再次支付"), "{why}");
        assert_eq!(is_within(order(0), 100, Fen::new(100)), Ok(()));
        let why = is_within(order(0), 100, Fen::new(101)).expect_err("over").both();
        assert!(why.contains("未再次支付的金额1.00元: it is of 1.01 yuan"), "{why}");
    }
}
