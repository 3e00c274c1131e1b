//! Things of a checklist that are carried past closes by name (列明结转): who carried each, until which day, and why.
//!
//! [`Carryings::decide`] changes nothing; [`Carryings::apply`] is the only change, live and in replay. What is carried is what
//! is open at that moment, thing by thing: a bank or a request that is named stands for what is open of it then. A thing that
//! has grown since is open again, and so is one whose day has come. One that is done leaves with the next close.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use thiserror::Error;

use crate::ids::{Day, PersonId};
use crate::limits::CARRIED_THINGS_MAX;
use crate::money::{FenSum, yuan_grouped};
use crate::reconciliation::register::{Carried, Refusal as Unsaid, Remark, words};
use crate::voucher::{Party, VoucherKey, VoucherNumber};

use super::{Check, Pile};

/// What a thing is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A voucher. For things that a request asks for, the request.
    Voucher(VoucherKey),
    /// Money that came back of a voucher, by its bank's number.
    Refund(VoucherKey, u64),
    /// An account of a bank.
    Account(Party, Box<str>),
    /// A bank.
    Bank(Party),
    /// A fact in suspense.
    Fact(Box<str>),
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Voucher(key) => write!(out, "{key}"),
            Name::Refund(key, number) => write!(out, "{key} refund {number}"),
            Name::Account(bank, account) => write!(out, "{bank} {account}"),
            Name::Bank(bank) => write!(out, "{bank}"),
            Name::Fact(text) => out.write_str(text),
        }
    }
}

/// A thing that is open under an item, and what else it may be called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Its own name.
    pub name: Name,
    /// The request that asks for it; none where there is none, or it is one.
    pub request: Option<VoucherKey>,
    /// The bank it is of.
    pub bank: Option<Party>,
    /// How much.
    pub amount_fen: FenSum,
}

/// What a person has called, read once to be held against many things: each name's place among them.
#[derive(Default)]
struct Called<'a> {
    texts: BTreeMap<&'a str, usize>,
    keys: BTreeMap<VoucherKey, usize>,
    numbers: BTreeMap<VoucherNumber, usize>,
    parties: BTreeMap<Party, usize>,
}

impl<'a> Called<'a> {
    fn read(names: &[&'a str]) -> Called<'a> {
        let mut called = Called::default();
        for (at, &text) in names.iter().enumerate() {
            called.texts.insert(text, at);
            called.keys.extend(VoucherKey::parse(text).map(|key| (key, at)));
            called.numbers.extend(VoucherNumber::new(text).map(|number| (number, at)));
            called.parties.extend(text.parse().ok().map(|party| (party, at)));
        }
        called
    }

    /// A voucher may be called by its number alone.
    fn voucher(&self, key: &VoucherKey) -> [Option<usize>; 2] {
        [self.keys.get(key).copied(), self.numbers.get(&key.number).copied()]
    }

    fn named(&self, name: &Name) -> [Option<usize>; 2] {
        let text = |text: &str| self.texts.get(text).copied();
        match name {
            Name::Voucher(key) => self.voucher(key),
            Name::Account(_, account) => [text(account), text(&name.to_string())],
            Name::Bank(bank) => [self.parties.get(bank).copied(), None],
            Name::Refund(..) | Name::Fact(_) => [text(&name.to_string()), None],
        }
    }

    /// By which of the names a thing is called, and under which name it is carried then.
    fn carries(&self, thing: &Thing) -> impl Iterator<Item = (usize, Name)> {
        let own = self.named(&thing.name).map(|at| Some((at?, thing.name.clone())));
        let of_request = thing.request.map_or([None; 2], |key| self.voucher(&key));
        let of_bank = thing.bank.and_then(|bank| self.parties.get(&bank).copied());
        // What a request asks for does not change: all of it goes by the request's own name.
        let together = || thing.request.map_or_else(|| thing.name.clone(), Name::Voucher);
        let [first, second] = of_request;
        let others = [first, second, of_bank].map(|at| Some((at?, together())));
        own.into_iter().chain(others).flatten()
    }
}

/// What a person asks to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// Of which item.
    pub check: Check,
    /// What, by names as the checklist tells them; a voucher by its number alone too; everything of a request or of a bank by
    /// that one's.
    pub names: &'a [String],
    /// The day whose close it blocks again.
    pub until: Day,
    /// Why.
    pub reason: &'a str,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Things are carried.
    Carried {
        /// Of which item.
        check: Check,
        /// Which, and how much each is then.
        things: Vec<(Name, FenSum)>,
        /// Until when, by whom, and why.
        carried: Carried,
    },
    /// Nothing that is open is carried under these names any more.
    Gone {
        /// Of which item each.
        things: Vec<(Check, Name)>,
    },
}

/// Why nothing comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody says it, or no reason.
    #[error(transparent)]
    Unsaid(#[from] Unsaid),
    /// An item that has to be done.
    #[error("`{check}` cannot be carried: it has to be done before the day is closed")]
    NeverCarried {
        /// Which.
        check: Check,
    },
    /// Nothing was named.
    #[error("nothing of `{check}` was named; name what is to be carried, as the checklist does")]
    Nameless {
        /// Which item.
        check: Check,
    },
    /// Nothing of that name is open.
    #[error("`{name}` is nothing that is open under `{check}`; look at the day's checklist")]
    NotOpen {
        /// Which item.
        check: Check,
        /// What was named.
        name: String,
    },
    /// It would be carried to a day that is not ahead.
    #[error("nothing is carried to {}, which is not after {}; give a later day", until.get(), after.get())]
    NotAhead {
        /// The day given.
        until: Day,
        /// What it must be after.
        after: Day,
    },
    /// There is no room for so many.
    #[error(
        "{many} things would be carried by name and {CARRIED_THINGS_MAX} are the most; have banks ask for what they paid \
         first: what a request asks for is carried by its name alone"
    )]
    TooMany {
        /// How many.
        many: usize,
    },
}

impl Refusal {
    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Refusal::Unsaid(why) => why.chinese(),
            Refusal::NeverCarried { check } => {
                format!("“{}”不得结转，须办理完毕后日终", check.chinese())
            }
            Refusal::Nameless { check } => {
                format!("未列明“{}”的结转事项，请按日终检查所列名称填写", check.chinese())
            }
            Refusal::NotOpen { check, name } => {
                format!("“{}”下无未完事项{name}，请查看日终检查", check.chinese())
            }
            Refusal::NotAhead { until, after } => {
                format!("结转至{}，不晚于{}，请填写更晚日期", until.get(), after.get())
            }
            Refusal::TooMany { many } => {
                format!(
                    "列明结转共{many}项，上限{CARRIED_THINGS_MAX}；请先由代理银行提出划款申请，按申请结转"
                )
            }
        }
    }
}

impl Check {
    /// Whether what is open under it may be carried past a close by name.
    #[must_use]
    pub const fn may_be_carried(self) -> bool {
        !matches!(self, Check::CutOff | Check::Statements)
    }
}

/// A thing that is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    amount_fen: FenSum,
    carried: Carried,
}

impl Entry {
    /// Whether it covers a thing of an amount on a day: what has grown, or has become another matter, is not what was named.
    fn covers(&self, amount_fen: FenSum, day: Day) -> bool {
        let is_same_way = amount_fen.signum() * self.amount_fen.signum() >= 0;
        self.holds_on(day) && is_same_way && amount_fen.abs() <= self.amount_fen.abs()
    }

    fn holds_on(&self, day: Day) -> bool {
        self.carried.until > day
    }
}

/// All that is carried by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carryings {
    by_check: BTreeMap<Check, BTreeMap<Name, Entry>>,
}

impl Carryings {
    /// Nothing.
    #[must_use]
    pub fn new() -> Carryings {
        Carryings::default()
    }

    /// Whether nothing is carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_check.is_empty()
    }

    /// How many things are carried by names of their own.
    #[must_use]
    pub fn many(&self) -> usize {
        self.by_check.values().map(BTreeMap::len).sum()
    }

    /// What comes of what a person asks on a day. `open`: everything that is open or carried under the item now.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing comes of it then.
    pub fn decide(
        &self,
        person: PersonId,
        today: Day,
        order: Order<'_>,
        open: impl Iterator<Item = Thing>,
    ) -> Result<Event, Refusal> {
        let Order { check, names, until, reason } = order;
        if person == PersonId::NOBODY {
            return Err(Unsaid::NoPerson.into());
        }
        words("the reason", "理由", reason)?;
        if !check.may_be_carried() {
            return Err(Refusal::NeverCarried { check });
        }
        if names.is_empty() {
            return Err(Refusal::Nameless { check });
        }
        if until <= today {
            return Err(Refusal::NotAhead { until, after: today });
        }
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let (called, mut is_found) = (Called::read(&names), vec![false; names.len()]);
        let mut things: BTreeMap<Name, FenSum> = BTreeMap::new();
        for thing in open {
            let mut under = BTreeSet::new();
            for (at, name) in called.carries(&thing) {
                is_found[at] = true;
                under.insert(name);
            }
            for name in under {
                *things.entry(name).or_default() += thing.amount_fen;
            }
        }
        if let Some((name, _)) = names.iter().zip(is_found).find(|(_, is_found)| !is_found) {
            return Err(Refusal::NotOpen { check, name: (*name).to_owned() });
        }
        let known = self.by_check.get(&check);
        let is_new = |name: &&Name| known.is_none_or(|known| !known.contains_key(name));
        let many = self.many() + things.keys().filter(is_new).count();
        if many > CARRIED_THINGS_MAX {
            return Err(Refusal::TooMany { many });
        }
        let remark = Remark { person, day: today, words: reason.into() };
        let carried = Carried { until, remark };
        Ok(Event::Carried { check, things: things.into_iter().collect(), carried })
    }

    /// What leaves with the close of a day: names under which nothing is carried any more. `still`: those under which
    /// something is, now.
    #[must_use]
    pub fn gone(&self, still: &BTreeSet<(Check, Name)>) -> Option<Event> {
        let all = self.by_check.iter();
        let all = all.flat_map(|(check, names)| names.keys().map(|name| (*check, name.clone())));
        let things: Vec<(Check, Name)> = all.filter(|one| !still.contains(one)).collect();
        (!things.is_empty()).then_some(Event::Gone { things })
    }

    /// Changes by an event that was decided on this state.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Carried { check, things, carried } => {
                let names = self.by_check.entry(*check).or_default();
                for (name, amount_fen) in things {
                    let entry = Entry { amount_fen: *amount_fen, carried: carried.clone() };
                    names.insert(name.clone(), entry);
                }
            }
            Event::Gone { things } => {
                for (check, name) in things {
                    if let Some(names) = self.by_check.get_mut(check) {
                        names.remove(name);
                    }
                }
                self.by_check.retain(|_, names| !names.is_empty());
            }
        }
    }

    /// Begins to count an item's things on a day.
    #[must_use]
    pub fn counting(&self, check: Check, day: Day) -> Counting<'_> {
        Counting {
            names: self.by_check.get(&check),
            day,
            piles: Piles::default(),
            by: BTreeMap::new(),
        }
    }
}

/// Things of an item while they are counted: each is open, or carried by its name or its request's.
#[derive(Debug)]
pub struct Counting<'a> {
    names: Option<&'a BTreeMap<Name, Entry>>,
    day: Day,
    piles: Piles,
    by: BTreeMap<&'a Name, (u64, FenSum, &'a Carried)>,
}

impl Counting<'_> {
    /// One more. `told`: its text in lists, where that is not its name.
    pub fn add(&mut self, thing: &Thing, told: Option<&str>) {
        let amount_fen = thing.amount_fen;
        let found = self.names.and_then(|names| {
            let own = names.get_key_value(&thing.name);
            let own = own.filter(|(_, entry)| entry.covers(amount_fen, self.day));
            let of_request = || names.get_key_value(&Name::Voucher(thing.request?));
            own.or_else(|| of_request().filter(|(_, entry)| entry.holds_on(self.day)))
        });
        let text = || told.map_or_else(|| thing.name.to_string(), str::to_owned);
        match found {
            None => self.piles.open.put(text, amount_fen),
            Some((name, entry)) => {
                self.piles.carried.put(text, amount_fen);
                let (many, fen, _) = self.by.entry(name).or_insert((0, 0, &entry.carried));
                *many += 1;
                *fen += amount_fen;
            }
        }
    }

    /// What came of all.
    #[must_use]
    pub fn end(self) -> Piles {
        let by = self.by.into_iter().map(|(name, (many, amount_fen, carried))| By {
            name: name.clone(),
            many,
            amount_fen,
            carried: carried.clone(),
        });
        Piles { by: by.collect(), ..self.piles }
    }
}

/// What of an item is carried under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The name.
    pub name: Name,
    /// How many things.
    pub many: u64,
    /// How much.
    pub amount_fen: FenSum,
    /// Until when, by whom, and why.
    pub carried: Carried,
}

impl By {
    /// In a line: `370000005-2022-2301-10200000001: 2, ¥300.00, carried until 20220307 by person 7 on 20220304: 库款不足`.
    #[must_use]
    pub fn english(&self) -> String {
        let By { name, many, amount_fen, carried: Carried { until, remark } } = self;
        let (until, day) = (until.get(), remark.day.get());
        let (fen, words) = (yuan_grouped(*amount_fen), &remark.words);
        let person = remark.person.0;
        format!("{name}: {many}, {fen}, carried until {until} by person {person} on {day}: {words}")
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let By { name, many, amount_fen, carried: Carried { until, remark } } = self;
        let (until, day) = (until.get(), remark.day.get());
        let (fen, words) = (yuan_grouped(*amount_fen), &remark.words);
        let person = remark.person.0;
        format!("{name}：{many}项，{fen}，由人员{person}于{day}结转至{until}：{words}")
    }
}

/// What of an item is open, and what is carried: by itself, or by a name that a person gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piles {
    /// What is open.
    pub open: Pile,
    /// What is carried.
    pub carried: Pile,
    /// What of it a person carries, name by name.
    pub by: Vec<By>,
    /// What a cut-off holds until the next day: it is carried by itself.
    pub held: Pile,
}

impl From<Pile> for Piles {
    fn from(open: Pile) -> Piles {
        Piles { open, ..Piles::default() }
    }
}
