//! The end of a day (日终): what has to be done before it is closed, item by item, each green or with what is open.
//!
//! A pure look at figures that are given. Who counts them, and when, is not known here.

pub mod balances;

pub mod carry;

pub mod limits;

pub mod period;

pub mod queue;

mod told;

use crate::codes::numbered;
use crate::ids::Day;
use crate::limits::DAY_NAMED_MAX;
use crate::money::{Fen, FenSum, yuan_grouped};
use crate::reconciliation::register::Told;
use crate::reconciliation::{Register, Source};
use crate::voucher::Party;

use self::carry::{By, Carryings, Name, Piles, Thing};

/// When banks stop paying for the day, in minutes from midnight in Beijing: 15:30 (截止时间).
pub const CUT_OFF_MINUTE: u16 = 15 * 60 + 30;

numbered! {
    /// An item of the checklist.
    Check {
        /// The cut-off has passed: the bank takes no more for this day (截止).
        CutOff = 1, "cut-off";
        /// Every voucher that was sent has a receipt or came back.
        Answered = 2, "answered";
        /// Every receipt of the day is cleared.
        Cleared = 3, "cleared";
        /// Every transfer request matches finance's limit notice.
        Matched = 4, "matched";
        /// Every refund is back in the treasury.
        Refunds = 5, "refunds";
        /// Every zero-balance account is at zero.
        ZeroBalance = 6, "zero-balance";
        /// Every statement that is due came and was compared.
        Statements = 7, "statements";
        /// No difference is open, but for named items.
        Differences = 8, "differences";
        /// No fact waits in suspense.
        Suspense = 9, "suspense";
        /// No bank has paid more, not yet cleared, than was agreed with it.
        Exposure = 10, "exposure";
        /// Every debit that a payee has collected has its payment (托收).
        Collections = 11, "collections";
    }
}

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Done.
    Green,
    /// Done, but for what is carried by name.
    Carried,
    /// Not done.
    Open,
}

/// Things of one kind: how many, how much, and the first of them by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    many: u64,
    amount_fen: FenSum,
    named: Vec<Box<str>>,
}

impl Pile {
    /// None.
    #[must_use]
    pub fn new() -> Pile {
        Pile::default()
    }

    /// One more. Of many the first [`DAY_NAMED_MAX`] keep their names.
    pub fn add(&mut self, name: &str, amount_fen: Fen) {
        self.put(|| name.to_owned(), FenSum::from(amount_fen.get()));
    }

    /// The same; a name is made only where it is kept.
    pub(super) fn put(&mut self, name: impl FnOnce() -> String, amount_fen: FenSum) {
        self.many += 1;
        self.amount_fen += amount_fen;
        if self.named.len() < DAY_NAMED_MAX {
            self.named.push(name().into());
        }
    }

    /// How many.
    #[must_use]
    pub const fn many(&self) -> u64 {
        self.many
    }

    /// How much.
    #[must_use]
    pub const fn amount_fen(&self) -> FenSum {
        self.amount_fen
    }

    /// The first of them.
    #[must_use]
    pub fn named(&self) -> &[Box<str>] {
        &self.named
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.many == 0
    }
}

/// What a bank has paid and not been cleared for, and how much that may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The bank.
    pub bank: Party,
    /// Paid and not cleared.
    pub uncleared_fen: FenSum,
    /// How much it may be; none where nothing was agreed.
    pub limit_fen: Option<FenSum>,
}

/// All that the checklist is made from.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The day.
    pub day: Day,
    /// When the bank stops for this day, in minutes from midnight in Beijing.
    pub cut_off_minute: u16,
    /// The time now, likewise; the last minute of the day when the day has passed.
    pub now_minute: u16,
    /// What is carried by name; the piles below are counted by it.
    pub carried: &'a Carryings,
    /// Vouchers sent and not answered; held: those that the cut-off holds until the next day.
    pub unanswered: Piles,
    /// Receipts of the day that are not cleared; held: those after the cut-off, which the next day clears.
    pub uncleared: Piles,
    /// Transfer requests without a limit notice that says the same.
    pub unmatched: Piles,
    /// Refunds on their way to the treasury.
    pub refunds: Piles,
    /// Zero-balance accounts with another balance.
    pub not_at_zero: Piles,
    /// Statements that are due.
    pub due: &'a [Told],
    /// Differences, and which statements were compared.
    pub register: &'a Register,
    /// Facts in suspense.
    pub suspense: Piles,
    /// Each bank's exposure.
    pub exposure: &'a [Exposure],
    /// Debits by collection that no payment has taken over.
    pub collected: Piles,
}

/// An item, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Which.
    pub check: Check,
    /// What is open.
    pub open: Pile,
    /// What is carried by name.
    pub carried: Pile,
    /// What of it a person carries: until when, and why.
    pub by: Vec<By>,
    /// What a cut-off holds until the next day.
    pub held: Pile,
    /// Banks that have still to tell what is counted here: of theirs nothing is known to be open, nor not to be.
    pub untold: Vec<Party>,
}

impl Item {
    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        if !(self.open.is_empty() && self.untold.is_empty()) {
            Standing::Open
        } else if !(self.carried.is_empty() && self.held.is_empty()) {
            Standing::Carried
        } else {
            Standing::Green
        }
    }
}

/// The checklist of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checklist {
    day: Day,
    items: Vec<Item>,
}

impl Checklist {
    /// Looks at what is given.
    #[must_use]
    pub fn of(given: &Given<'_>) -> Checklist {
        let items = Check::ALL
            .iter()
            .map(|&check| {
                let Piles { open, carried, by, held } = given.look(check);
                Item { check, open, carried, by, held, untold: given.untold(check) }
            })
            .collect();
        Checklist { day: given.day, items }
    }

    /// The day.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// Its items, in their order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether the day may be closed: nothing is open.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.items.iter().all(|item| item.standing() != Standing::Open)
    }
}

impl Given<'_> {
    /// What of an item is open, and what is carried.
    fn look(&self, check: Check) -> Piles {
        match check {
            Check::CutOff => self.cut_off().into(),
            Check::Answered => self.unanswered.clone(),
            Check::Cleared => self.uncleared.clone(),
            Check::Matched => self.unmatched.clone(),
            Check::Refunds => self.refunds.clone(),
            Check::ZeroBalance => self.not_at_zero.clone(),
            Check::Statements => self.statements().into(),
            Check::Differences => self.differences(),
            Check::Suspense => self.suspense.clone(),
            Check::Exposure => self.exposure(),
            Check::Collections => self.collected.clone(),
        }
    }

    /// Banks that have not told what an item counts: of their accounts' balances, before their statement of the day is here.
    fn untold(&self, check: Check) -> Vec<Party> {
        let is_due = |told: &&Told| check == Check::ZeroBalance && told.source == Source::Account;
        let due = self.due.iter().filter(is_due);
        let untold = due.filter(|told| self.register.compared(self.day, **told).is_none());
        untold.map(|told| told.party).collect()
    }

    fn cut_off(&self) -> Pile {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let mut pile = Pile::new();
        if self.now_minute < self.cut_off_minute {
            let (now, cut_off) = (clock(self.now_minute), clock(self.cut_off_minute));
            pile.add(&format!("{now} < {cut_off}"), Fen::ZERO);
        }
        pile
    }

    fn statements(&self) -> Pile {
        let mut pile = Pile::new();
        for told in self.due {
            if self.register.compared(self.day, *told).is_none() {
                pile.add(&format!("{} {}", told.party, told.source), Fen::ZERO);
            }
        }
        pile
    }

    fn differences(&self) -> Piles {
        let mut piles = Piles::default();
        for difference in self.register.blocking(self.day) {
            piles.open.add(&difference.name(self.day), difference.at_stake_fen());
        }
        for difference in self.register.carried(self.day) {
            piles.carried.add(&difference.name(self.day), difference.at_stake_fen());
        }
        piles
    }

    fn exposure(&self) -> Piles {
        let mut counting = self.carried.counting(Check::Exposure, self.day);
        for exposure in self.exposure {
            if let Some(thing) = exposure.over() {
                let limit_fen = exposure.limit_fen.unwrap_or_default();
                let [is, may] = [exposure.uncleared_fen, limit_fen].map(yuan_grouped);
                counting.add(&thing, Some(&format!("{} {is} > {may}", exposure.bank)));
            }
        }
        counting.end()
    }
}

impl Exposure {
    /// How much it is over what was agreed, as a thing that is open; none where it is not.
    #[must_use]
    pub fn over(&self) -> Option<Thing> {
        let over_fen = self.limit_fen.map_or(0, |limit_fen| self.uncleared_fen - limit_fen);
        let (name, request) = (Name::Bank(self.bank), None);
        let thing = Thing { name, request, bank: Some(self.bank), amount_fen: over_fen };
        (over_fen > 0).then_some(thing)
    }
}
