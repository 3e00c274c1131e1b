//! What people do about differences (对账差异处理), and the close of a day (日终).

use domain::Fen;
use domain::day::carry::{Order as CarryOrder, Refusal as CarryRefusal};
use domain::day::limits::{Limits, Order as LimitOrder, Refusal as LimitRefusal};
use domain::day::{Check, Checklist, Standing};
use domain::ids::{Day, PersonId};
use domain::reconciliation::register::{
    Difference, DifferenceId, Order as RegisterOrder, Refusal as RegisterRefusal,
};
use domain::reconciliation::{Figures, ItemState, Register};
use domain::voucher::Party;
use thiserror::Error;

use super::record::{Change, LimitChange, Record};
use super::told::reconciled;
use crate::business::Effect;
use crate::finance::Finance;
use crate::finance::feed::{ParkedFact, ParkedName};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who.
    pub person: PersonId,
    /// What.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Somebody is to see to a difference (指派).
    Assign {
        /// Which.
        id: DifferenceId,
        /// Who.
        to: PersonId,
    },
    /// The other side was written to (发函).
    Write {
        /// Which.
        id: DifferenceId,
        /// The letter's number.
        letter: String,
    },
    /// The other side says in writing what we say, or withdraws its line (对方确认).
    Confirm {
        /// Which.
        id: DifferenceId,
        /// Their paper's number.
        reference: String,
        /// What the paper says; none: that they have no such line.
        says: Option<(Fen, ItemState)>,
    },
    /// Our books were corrected, and say what they say (补记更正). What they say is looked up in them.
    Correct {
        /// Which.
        id: DifferenceId,
        /// The fact that was posted, or the correction's number.
        fact: String,
    },
    /// A person accepts that the sides differ; a second one ends it (双人认可).
    Accept {
        /// Which.
        id: DifferenceId,
        /// Why.
        reason: String,
    },
    /// It is carried as a named item (列明结转).
    Carry {
        /// Which.
        id: DifferenceId,
        /// The day whose close it blocks again.
        until: Day,
        /// Why.
        reason: String,
    },
    /// What is open under an item of the checklist is carried by its names (列明结转); a difference by its number.
    CarryByName {
        /// Which item.
        check: Check,
        /// What, as the checklist names it; everything of a bank or a request by that one's name.
        names: Vec<String>,
        /// The day whose close it blocks again.
        until: Day,
        /// Why.
        reason: String,
    },
    /// How much a bank may have paid that is not cleared was agreed with it (垫付限额), or is not agreed any more: one
    /// person proposes it, and it holds when another one asks the same.
    AgreeExposure {
        /// Which bank.
        bank: Party,
        /// How much, none where nothing is agreed any more.
        limit_fen: Option<Fen>,
        /// The agreement's number.
        agreement: String,
    },
    /// A day is closed (日终), and every day before it.
    CloseDay {
        /// Which.
        day: Day,
        /// The time in Beijing, in minutes from midnight; the last one where the day has passed.
        now_minute: u16,
    },
}

/// Why nothing comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// By the register.
    #[error("{0}; {chinese}", chinese = .0.chinese())]
    Register(#[from] RegisterRefusal),
    /// Finance has not begun a day.
    #[error("finance has begun no day; open one first; 财政尚未开工：先开工")]
    NoDay,
    /// Of a limit of exposure.
    #[error("{0}; {chinese}", chinese = .0.chinese())]
    Limit(#[from] LimitRefusal),
    /// Of what is carried by name.
    #[error("{0}; {chinese}", chinese = .0.chinese())]
    Carry(#[from] CarryRefusal),
    /// Something of the day is open.
    #[error(
        "day {} is open: {items}; see to each, or carry it by name; {} 尚不能日终：先处理未完事项",
        day.get(),
        day.get()
    )]
    DayIsOpen {
        /// The day.
        day: Day,
        /// What is open, by its names.
        items: String,
    },
}

impl Finance {
    /// Open differences, and which statements were compared.
    #[must_use]
    pub const fn differences(&self) -> &Register {
        &self.reconciled.register
    }

    /// How much each bank may have paid that is not cleared, and what of it waits for a second person.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.reconciled.limits
    }

    /// The business day that has begun.
    #[must_use]
    pub const fn day(&self) -> Option<Day> {
        self.reconciled.day
    }

    pub(in crate::finance) fn day_began(day: Day) -> Effect {
        reconciled(Record::DayBegan { day: day.get() })
    }

    pub(in crate::finance) fn fact_parked(fact: &ParkedFact) -> Effect {
        let (payment, amount_fen) = (fact.payment.0, fact.amount_fen.get());
        reconciled(Record::Parked { name: (&fact.name).into(), payment, amount_fen })
    }

    pub(in crate::finance) fn fact_unparked(name: &ParkedName) -> Effect {
        reconciled(Record::Unparked(name.into()))
    }

    pub(in crate::finance) fn reconcile(&self, order: &Order) -> Result<Vec<Effect>, Refusal> {
        let Order { person, ask } = order;
        let today = self.reconciled.day.ok_or(Refusal::NoDay)?;
        let decided = match ask {
            Ask::AgreeExposure { bank, limit_fen, agreement } => {
                let order = LimitOrder { bank: *bank, limit_fen: *limit_fen, agreement };
                let event = self.reconciled.limits.decide(*person, today, order)?;
                return Ok(vec![reconciled(Record::Limit(LimitChange::from(&event)))]);
            }
            Ask::Assign { id, to } => RegisterOrder::Assign { id: *id, to: *to },
            Ask::Write { id, letter } => RegisterOrder::Write { id: *id, letter },
            Ask::Confirm { id, reference, says } => {
                let theirs = self.confirmed(*id, *says, today);
                RegisterOrder::Confirm { id: *id, reference, theirs }
            }
            Ask::Correct { id, fact } => {
                let known = self.reconciled.register.get(*id);
                let ours = known.and_then(|one| self.ours_now(one));
                RegisterOrder::Correct { id: *id, fact, ours }
            }
            Ask::Accept { id, reason } => RegisterOrder::Accept { id: *id, reason },
            Ask::Carry { id, until, reason } => {
                RegisterOrder::Carry { id: *id, until: *until, reason }
            }
            Ask::CarryByName { check, names, until, reason } => {
                let order = CarryOrder { check: *check, names, until: *until, reason };
                return self.carry_things(*person, today, order);
            }
            Ask::CloseDay { day, now_minute } => {
                return self.close_day(*person, today, (*day, *now_minute));
            }
        };
        let events = self.reconciled.register.decide(*person, today, decided)?;
        Ok(vec![reconciled(Record::Changed(events.iter().map(Change::from).collect()))])
    }

    fn close_day(
        &self,
        person: PersonId,
        today: Day,
        (day, now_minute): (Day, u16),
    ) -> Result<Vec<Effect>, Refusal> {
        let closed = self.reconciled.register.closed_until();
        if closed.is_none_or(|closed| day > closed) {
            may_close(&self.checklist(day, now_minute))?;
        }
        let order = RegisterOrder::CloseDay { day };
        let events = self.reconciled.register.decide(person, today, order)?;
        let changes = events.iter().map(Change::from).collect();
        let mut effects = vec![reconciled(Record::Changed(changes))];
        if !self.reconciled.carried.is_empty() {
            // A day that has begun behind it has things of its own.
            effects.extend(self.carried_gone(&self.checklist(day.max(today), now_minute)));
        }
        Ok(effects)
    }

    /// What they say by a paper: on the day that they said before, or we.
    fn confirmed(
        &self,
        id: DifferenceId,
        says: Option<(Fen, ItemState)>,
        today: Day,
    ) -> Option<Figures> {
        let (amount_fen, state) = says?;
        let day = |one: &Difference| one.finding.theirs.or(one.finding.ours).map(|said| said.day);
        let day = self.reconciled.register.get(id).and_then(day).unwrap_or(today);
        Some(Figures { amount_fen, state, day })
    }
}

fn may_close(checklist: &Checklist) -> Result<(), Refusal> {
    if checklist.is_green() {
        return Ok(());
    }
    let open = checklist.items().iter().filter(|item| item.standing() == Standing::Open);
    let items: Vec<String> =
        open.map(|item| format!("{} ({})", item.check, item.open.many())).collect();
    Err(Refusal::DayIsOpen { day: checklist.day(), items: items.join(", ") })
}
