//! Control rules (控制规则) at work: compiled from their rows, held against each payment of a division
//! under control, and what came of it.
//!
//! Rules are data ([`crate::office::tables::rule`]); [`condition`] is what they may ask, `compile` makes
//! them ready, `facts` keeps what they ask of rows on file, [`trace`] and [`windows`] what is remembered of payments;
//! `case` is one payment before them, `judge` what they say to it, [`scan`] what is looked for once a
//! day. Everything here but the traces follows from rows and is made again wherever those change: live,
//! in replay and from a checkpoint alike.
//!
//! [`inherited`] holds what divisions took over from the province against what the province has set.
//!
//! A payment is held against the rules twice: before it is reserved, by all of them, and after, where
//! some of them leave rows of it, by those that hold it, warn or record. An element that a rule asks for
//! and that is missing or unknown is a refusal that names it, never a rule passed over.

pub(crate) mod case;
pub mod condition;
pub mod defaults;
pub mod inherited;
pub(crate) mod judge;
pub mod scan;
pub mod trace;
pub mod trial;
pub mod windows;

mod compile;
mod counted;
mod facts;
mod payees;

use std::collections::{BTreeSet, HashMap};

use compile::{Compiled, compile};
use facts::{Around, Facts, Footing};
use payees::Payees;
use trace::{Trace, pair_of};
use windows::{ByHash, Windows};

use crate::contents::HashKey;
use crate::division::YearBook;
use crate::ids::{ContractId, DivisionIndex, FiscalYear, QuotaId};
use crate::limit::ContractCell;
use crate::money::FenSum;
use crate::office::Office;
use crate::office::table::{Table, Tabled};
use crate::office::tables::performance::{Light, Tracked};
use crate::office::tables::register::Account;
use crate::particulars::{Invoices, Keys, account_hash};
use crate::quota::QuotaRow;

/// No slot: not on file.
pub(crate) const NONE: u32 = u32::MAX;

/// The rules of a year and what they look at, ready for payments. Without a card of the division there is
/// nothing here but the windows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    year: FiscalYear,
    /// True when the division's card is on file: all rules apply.
    has_card: bool,
    /// True when any rule is, or ever was, on file.
    has_rules: bool,
    /// Rules that are looked at when a payment is asked for.
    compiled: Compiled,
    /// True when they changed and nothing was made anew by them yet.
    is_behind: bool,
    /// What each quota rests on.
    facts: Facts,
    payees: Payees,
    /// Hash of an account, to the slot of it.
    accounts: ByHash<u32>,
    /// Goals that were far behind when they were looked at last.
    red_goals: BTreeSet<Box<str>>,
    /// Sums over payments.
    windows: Windows,
    /// What payments have used of each plan or contract, over all quotas, and what is earmarked; none
    /// where nothing is.
    under: HashMap<ContractId, Under>,
}

/// What stands under a plan or contract, over all quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Under {
    /// Earmarked less given back.
    pub(crate) earmarked: FenSum,
    /// Taken by payments.
    pub(crate) used: FenSum,
}

/// Whether what is kept still goes, or has to be made anew of the whole year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Learnt {
    /// It goes.
    Whole,
    /// The division came under control, or left it.
    Anew,
}

impl Rules {
    /// Those of a year of which nothing is known.
    pub(crate) fn new(key: HashKey, division: DivisionIndex, year: FiscalYear) -> Rules {
        let seed = |kind| key.index_seed(division, year, kind);
        Rules {
            year,
            has_card: false,
            has_rules: false,
            compiled: Compiled::default(),
            is_behind: false,
            facts: Facts::default(),
            payees: Payees::new(seed(5)),
            accounts: ByHash::default(),
            red_goals: BTreeSet::new(),
            windows: Windows::new([seed(3), seed(4)]),
            under: HashMap::new(),
        }
    }

    /// The rules of a year whose rows and traces are all there.
    pub(crate) fn of(book: &YearBook) -> Rules {
        let mut rules = Rules::new(book.key(), book.division, book.year);
        book.traces.iter().for_each(|trace| rules.windows.add(trace));
        let office = &book.office;
        rules.has_card = office.card().is_some();
        if !rules.has_card {
            return rules;
        }
        for (slot, row) in office.slots().iter().enumerate() {
            rules.note(office, row.table, &row.key, slot as u32);
            if row.table == Table::Tracked {
                let _ = rules.look_at(office, &row.key);
            }
        }
        rules.compiled = compile(office, book.year);
        rules.facts = Facts::of(rules.around(office), book.quotas().map(|(_, _, row)| row));
        for (_, cell) in book.contracts() {
            rules.learn_contract(None, Some(cell));
        }
        rules
    }

    fn around<'a>(&'a self, office: &'a Office) -> Around<'a> {
        let Rules { year, red_goals, compiled, .. } = self;
        Around { office, year: *year, red_goals, compiled }
    }

    /// Learns that a row was put or removed. [`Rules::settle`] is due after the last of them.
    pub(crate) fn learn(&mut self, office: &Office, slot: u32) -> Learnt {
        let Some(row) = office.slots().get(slot as usize) else { return Learnt::Whole };
        let (table, key) = (row.table, &*row.key);
        if table == Table::DivisionCard && office.card().is_some() != self.has_card {
            return Learnt::Anew;
        }
        if !self.has_card {
            return Learnt::Whole;
        }
        self.note(office, table, key, slot);
        match table {
            Table::Rule | Table::Deviation => self.is_behind = true,
            Table::Tracked => self.learn_goal(office, key),
            Table::Unit | Table::Project | Table::BudgetRow | Table::Budget => {
                self.with_facts(office, |facts, around| facts.learn(around, table, key, slot));
            }
            _ => {}
        }
        Learnt::Whole
    }

    /// Ends what was learnt of rows: where rules changed, every row is looked at anew by them.
    pub(crate) fn settle(&mut self, office: &Office) {
        if std::mem::take(&mut self.is_behind) {
            self.compiled = compile(office, self.year);
            self.with_facts(office, Facts::learn_all);
        }
    }

    fn with_facts(&mut self, office: &Office, learn: impl FnOnce(&mut Facts, Around<'_>)) {
        let mut facts = std::mem::take(&mut self.facts);
        learn(&mut facts, self.around(office));
        self.facts = facts;
    }

    fn note(&mut self, office: &Office, table: Table, key: &str, slot: u32) {
        match table {
            Table::Rule => self.has_rules = true,
            Table::Payee => self.payees.learn(office, key, slot),
            Table::Account => drop(self.accounts.insert(account_hash(key), slot)),
            _ => {}
        }
    }

    /// Learns that what was tracked of a goal has changed: its projects are locked by it, or not.
    fn learn_goal(&mut self, office: &Office, key: &str) {
        let Some(goal) = self.look_at(office, key) else { return };
        self.with_facts(office, |facts, around| {
            facts.learn_projects(around, around.office.projects_of_goal(goal));
        });
    }

    /// A goal that was tracked is red or is not, by the last day it was looked at; gives it where that
    /// is another colour than before.
    fn look_at<'a>(&mut self, office: &Office, key: &'a str) -> Option<&'a str> {
        let (goal, _) = key.split_once('/')?;
        let of_goal = format!("{goal}/");
        let last = office.beginning::<Tracked>(&of_goal).last();
        let changed = if last.is_some_and(|tracked| tracked.light == Light::Red) {
            self.red_goals.insert(goal.into())
        } else {
            self.red_goals.remove(goal)
        };
        changed.then_some(goal)
    }

    /// True when the division is under control and has rules on file: before that, only the engine's
    /// own rules apply.
    pub(crate) fn apply(&self) -> bool {
        self.has_rules && self.has_card
    }

    /// Learns what a new quota rests on.
    pub(crate) fn learn_quota(&mut self, office: &Office, quota: &QuotaRow) {
        if self.has_card {
            self.with_facts(office, |facts, around| facts.learn_quota(around, quota));
        }
    }

    /// What a quota rests on.
    fn footing(&self, office: &Office, quota: QuotaId) -> Footing {
        self.facts.footing(self.around(office), quota.serial())
    }

    /// Slot of the unit that a quota is of.
    pub(crate) fn unit_of(&self, quota: QuotaId) -> u32 {
        self.facts.unit_of(quota.serial())
    }

    /// Has what a coming payment of a quota will ask for brought into the cache.
    pub(crate) fn prefetch(&self, quota: QuotaId) {
        if self.has_card {
            self.facts.prefetch(quota.serial());
        }
    }

    /// Has the places of payee and invoice brought into the cache.
    pub(crate) fn prefetch_keys(&self, keys: Keys) {
        self.payees.prefetch_place(keys.payee);
        if let Invoices::One(invoice) = keys.invoices {
            self.windows.prefetch_invoice(invoice);
        }
    }

    /// Has the payee, the unit and the project of a quota, and the place of unit, payee and purpose
    /// brought into the cache.
    pub(crate) fn prefetch_behind(&self, quota: QuotaId, keys: Keys) {
        self.payees.prefetch(keys.payee);
        let unit = self.facts.prefetch_behind(quota.serial());
        self.windows.prefetch_pair(pair_of(unit, keys.payee, keys.purpose));
    }

    fn account<'a>(&self, office: &'a Office, hash: u64, account: &[u8]) -> Option<&'a Account> {
        let slot = *self.accounts.get(&hash)?;
        row_at(office, slot).filter(|known: &&Account| *known.number.as_bytes() == *account)
    }

    fn used_under(&self, contract: ContractId) -> FenSum {
        self.under.get(&contract).map_or(0, |under| under.used)
    }

    /// Learns that a contract's cell on one quota has changed.
    pub(crate) fn learn_contract(
        &mut self,
        before: Option<&ContractCell>,
        after: Option<&ContractCell>,
    ) {
        let Some(contract) = before.or(after).map(|cell| cell.contract) else { return };
        if !self.has_card {
            return;
        }
        let under = self.under.entry(contract).or_default();
        under.add(after, 1);
        under.add(before, -1);
        if *under == Under::default() {
            self.under.remove(&contract);
        }
    }

    /// The sums over payments.
    pub(crate) fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Counts a trace, or takes it back.
    pub(crate) fn count(&mut self, trace: &Trace, more: bool) {
        if more { self.windows.add(trace) } else { self.windows.remove(trace) }
    }

    /// Bytes kept in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let accounts = self.payees.bytes() + self.accounts.capacity() * 13;
        self.facts.bytes() + accounts + self.windows.bytes()
    }
}

impl Under {
    fn add(&mut self, cell: Option<&ContractCell>, sign: FenSum) {
        let Some(cell) = cell else { return };
        self.earmarked += FenSum::from(cell.earmarked) * sign;
        self.used += FenSum::from(cell.used) * sign;
    }
}

/// What stands under a plan or contract of a year, over all quotas.
pub(crate) fn under(book: &YearBook, contract: ContractId) -> Under {
    if book.rules.has_card {
        return book.rules.under.get(&contract).copied().unwrap_or_default();
    }
    let mut under = Under::default();
    let cells = book.contracts().filter(|(_, cell)| cell.contract == contract);
    cells.for_each(|(_, cell)| under.add(Some(cell), 1));
    under
}

/// The row of a slot, if it is there.
fn row_at<T: Tabled>(office: &Office, slot: u32) -> Option<&T> {
    if slot == NONE { None } else { T::of(office.slots().get(slot as usize)?.row.as_ref()?) }
}
