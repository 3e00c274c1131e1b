//! What of a day's checklist is carried by name, and what waits for cash at the central bank: how both are written down, and
//! what of a statement says the latter.

use std::collections::BTreeSet;

use bincode::{Decode, Encode};
use domain::Fen;
use domain::clearing::Lane;
use domain::day::carry::{Event, Name, Order};
use domain::day::queue::Waiting;
use domain::day::{Check, Checklist};
use domain::ids::{Day, PersonId};
use domain::money::FenSum;
use domain::reconciliation::register::{Carried, DifferenceId, Order as RegisterOrder, Remark};
use domain::voucher::facts::named_voucher;
use domain::voucher::{Field, Voucher, VoucherKey, form};

use super::order::Refusal;
use super::record::{Change, Record, RemarkRecord, day_of};
use super::told::reconciled;
use crate::business::Effect;
use crate::finance::record::{key_of, party_of};
use crate::finance::{Finance, Standing};

/// What was said of things that are carried.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CarryChange {
    /// Which item, what and how much of each in fen, until when, and by whom and why.
    Carried(u8, Vec<(NameRecord, i128)>, u32, RemarkRecord),
    /// What nothing is carried under any more: the item of each, and its name.
    Gone(Vec<(u8, NameRecord)>),
}

/// What a thing of the checklist is called.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NameRecord {
    /// A voucher's key.
    Voucher(String),
    /// A voucher's key, and the number of what came back of it.
    Refund(String, u64),
    /// A bank, and an account of it.
    Account(String, String),
    /// A bank.
    Bank(String),
    /// A fact in suspense.
    Fact(String),
}

impl From<&Name> for NameRecord {
    fn from(name: &Name) -> NameRecord {
        match name {
            Name::Voucher(key) => NameRecord::Voucher(key.to_string()),
            Name::Refund(key, number) => NameRecord::Refund(key.to_string(), *number),
            Name::Account(bank, account) => {
                NameRecord::Account(bank.to_string(), account.to_string())
            }
            Name::Bank(bank) => NameRecord::Bank(bank.to_string()),
            Name::Fact(text) => NameRecord::Fact(text.to_string()),
        }
    }
}

impl From<&NameRecord> for Name {
    fn from(name: &NameRecord) -> Name {
        match name {
            NameRecord::Voucher(key) => Name::Voucher(key_of(key)),
            NameRecord::Refund(key, number) => Name::Refund(key_of(key), *number),
            NameRecord::Account(bank, account) => {
                Name::Account(party_of(bank), account.as_str().into())
            }
            NameRecord::Bank(bank) => Name::Bank(party_of(bank)),
            NameRecord::Fact(text) => Name::Fact(text.as_str().into()),
        }
    }
}

fn check_of(number: u8) -> Check {
    Check::from_number(number).expect("an item was written")
}

impl From<&Event> for CarryChange {
    fn from(event: &Event) -> CarryChange {
        match event {
            Event::Carried { check, things, carried: Carried { until, remark } } => {
                let things = things.iter().map(|(name, fen)| (name.into(), *fen)).collect();
                CarryChange::Carried(check.number(), things, until.get(), remark.into())
            }
            Event::Gone { things } => {
                let things = things.iter().map(|(check, name)| (check.number(), name.into()));
                CarryChange::Gone(things.collect())
            }
        }
    }
}

impl From<&CarryChange> for Event {
    fn from(change: &CarryChange) -> Event {
        match change {
            CarryChange::Carried(check, things, until, remark) => {
                let things = things.iter().map(|(name, fen)| (name.into(), *fen as FenSum));
                let carried = Carried { until: day_of(*until), remark: Remark::from(remark) };
                Event::Carried { check: check_of(*check), things: things.collect(), carried }
            }
            CarryChange::Gone(things) => {
                let things = things.iter().map(|(check, name)| (check_of(*check), name.into()));
                Event::Gone { things: things.collect() }
            }
        }
    }
}

/// What waits for cash by a day's clearing statements, as it is taken down.
pub(super) fn waiting_in(day: Day, statements: &[Voucher]) -> Record {
    let mut waiting: Vec<(String, u8, i64)> = Vec::new();
    for statement in statements {
        let VoucherKey { division, year, .. } = statement.key;
        let lines = statement.details.iter().map(|line| &line.fields);
        let waits = lines.filter(|line| line.text(Field::LineState) == Some(form::LINE_WAITING));
        waiting.extend(waits.filter_map(|line| {
            let key = named_voucher(division, year, line)?;
            let lane = line.text(Field::Hold1).and_then(Lane::from_chinese).unwrap_or(Lane::Other);
            Some((key.to_string(), lane.number(), line.amount_fen(Field::Amount)?.get()))
        }));
    }
    // As the queue goes: by lane, and in each as it is told.
    waiting.sort_by_key(|(_, lane, _)| *lane);
    Record::Waiting { day: day.get(), waiting }
}

/// A voucher that was written down as waiting.
pub(super) fn waiting_of(day: Day, (key, lane, fen): &(String, u8, i64)) -> Waiting {
    let lane = Lane::from_number(*lane).expect("a lane was written");
    Waiting { lane, voucher: key_of(key), amount_fen: Fen::new(*fen), told: day }
}

impl Finance {
    /// What waits for cash at the central bank, as its last statement told it and as far as it has not ended since.
    pub fn waiting_for_cash(&self) -> impl Iterator<Item = &Waiting> {
        self.reconciled.waiting.iter().filter(|waiting| {
            let request = self.reconciled.requests.get(&waiting.voucher);
            let order = self.voucher(&waiting.voucher);
            request.is_some_and(|request| request.end.is_none())
                || order.is_some_and(|row| row.standing == Standing::Out)
        })
    }

    /// Carries what is open under an item past closes, by its names.
    pub(super) fn carry_things(
        &self,
        person: PersonId,
        today: Day,
        order: Order<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        if order.check == Check::Differences {
            return self.carry_differences(person, today, order);
        }
        let open = self.things(order.check, today);
        let event = self.reconciled.carried.decide(person, today, order, open)?;
        Ok(vec![reconciled(Record::Carrying(CarryChange::from(&event)))])
    }

    /// Differences keep their own register: all that are named, or none.
    fn carry_differences(
        &self,
        person: PersonId,
        today: Day,
        order: Order<'_>,
    ) -> Result<Vec<Effect>, Refusal> {
        let Order { check, names, until, reason } = order;
        let mut changes = Vec::new();
        let names: BTreeSet<&String> = names.iter().collect();
        if names.is_empty() {
            return Err(domain::day::carry::Refusal::Nameless { check }.into());
        }
        for name in names {
            let id = DifferenceId::parse(name);
            let id = id.ok_or_else(|| domain::day::carry::Refusal::NotOpen {
                check,
                name: name.clone(),
            })?;
            let order = RegisterOrder::Carry { id, until, reason };
            let events = self.reconciled.register.decide(person, today, order)?;
            changes.extend(events.iter().map(Change::from));
        }
        Ok(vec![reconciled(Record::Changed(changes))])
    }

    /// What leaves with the close of a day of all that is carried by name: what is done, and what is not carried any longer.
    pub(super) fn carried_gone(&self, checklist: &Checklist) -> Option<Effect> {
        let items = checklist.items().iter();
        let still = items.flat_map(|item| item.by.iter().map(|by| (item.check, by.name.clone())));
        let event = self.reconciled.carried.gone(&still.collect())?;
        Some(reconciled(Record::Carrying(CarryChange::from(&event))))
    }
}
