//! Posts, people, what they are paid, standards.

use std::collections::BTreeMap;

use super::check::{Checker, Here, post_is_of};
use crate::ids::PersonId;
use crate::money::Fen;
use crate::office::table::{Table, Tabled};
use crate::office::tables::people::{
    Approved, Establishment, Hardness, PayItem, Person, PersonState, PostHolder, Standard,
};

/// Digits in a row that an identity number with its middle masked does not have.
const UNMASKED_DIGITS: usize = 9;

impl Checker<'_> {
    pub(super) fn post(&mut self, holder: &PostHolder, here: &Here) {
        if holder.person == PersonId::NOBODY {
            self.say(here, "person", "a staff number above 0");
        }
        if post_is_of(holder).is_none() && holder.unit.is_some() {
            self.say(here, "unit", "none: the post is of the whole division");
        }
    }

    pub(super) fn person(&mut self, person: &Person, here: &Here) {
        if person.person == PersonId::NOBODY {
            self.say(here, "person", "a staff number above 0");
        }
        let mut runs = person.masked_id.split(|c: char| !c.is_ascii_digit());
        if runs.any(|run| run.len() >= UNMASKED_DIGITS) {
            self.say(here, "masked_id", "an identity number with its middle masked");
        }
        match (&person.account, &person.bank_number) {
            (Some(_), None) => self.say(here, "bank_number", "the number of the account's bank"),
            (None, Some(_)) => self.say(here, "account", "the account at that bank"),
            _ => {}
        }
    }

    pub(super) fn pay_item(&mut self, item: &PayItem, here: &Here) {
        let person = self.view.get::<Person>(&format!("{}/{}", &*item.unit, item.person.0));
        let gone = |state| matches!(state, PersonState::Left | PersonState::Deceased);
        if person.is_some_and(|person| gone(person.state)) {
            self.say(here, "person", "a person who has not left and is not deceased");
        }
        if item.month_fen <= Fen::ZERO {
            self.say(here, "month_fen", "an amount above zero");
        }
        let standard = item.standard.as_deref().and_then(|code| self.view.get::<Standard>(code));
        let Some(standard) = standard else { return };
        let price = standard.price_fen;
        match standard.hardness {
            Hardness::Ceiling if item.month_fen > price => {
                self.say(here, "month_fen", format!("at most {}, its standard", price.to_yuan()));
            }
            Hardness::Fixed if item.month_fen != price => {
                self.say(here, "month_fen", format!("{}, its standard", price.to_yuan()));
            }
            _ => {}
        }
        if !standard.class.covers(item.class) {
            self.say(here, "standard", "a standard for this class");
        }
    }

    pub(super) fn standard(&mut self, standard: &Standard, here: &Here) {
        if standard.price_fen <= Fen::ZERO {
            self.say(here, "price_fen", "an amount above zero");
        }
        if standard.valid_to.is_some_and(|to| to < standard.valid_from) {
            self.say(here, "valid_to", "a day not before valid_from");
        }
        let year = self.ground.year.get();
        if standard.valid_from.year() > year {
            self.say(here, "valid_from", format!("a day not after {year}"));
        }
        if standard.valid_to.is_some_and(|to| to.year() < year) {
            self.say(here, "valid_to", format!("a day not before {year}, or none"));
        }
    }

    /// A person fills one established post at most; a unit has no more people than approved.
    pub(super) fn check_headcounts(&mut self) {
        if !self.view.touches_any(Table::Person) && !self.view.touches_any(Table::Approved) {
            return;
        }
        let mut filled: BTreeMap<PersonId, Vec<&Person>> = BTreeMap::new();
        let mut heads: BTreeMap<(&str, Establishment), Vec<&Person>> = BTreeMap::new();
        for person in self.view.all::<Person>().filter(|person| fills(person)) {
            filled.entry(person.person).or_default().push(person);
            heads.entry((&*person.unit, person.establishment)).or_default().push(person);
        }
        for people in filled.values().filter(|people| people.len() > 1) {
            let units: Vec<&str> = people.iter().map(|person| &*person.unit).collect();
            let expected =
                format!("one established post of a person, not in {}", units.join(" and "));
            let touched = people
                .iter()
                .rev()
                .find_map(|p| Some((self.change_of(Table::Person, &p.key())?, p)));
            if let Some((change, person)) = touched {
                self.push(change, Some(0), person.unit.to_string(), expected);
            }
        }
        for ((unit, establishment), people) in heads {
            let key = format!("{unit}/{}", establishment.slug());
            let approved = self.view.get::<Approved>(&key).map_or(0, |row| row.headcount);
            if people.len() <= approved as usize {
                continue;
            }
            let expected = format!(
                "at most {approved} {} in unit {unit}, as approved, not {}",
                establishment.slug(),
                people.len(),
            );
            let touched = people.iter().rev().find_map(|p| self.change_of(Table::Person, &p.key()));
            let (change, column) = match (self.change_of(Table::Approved, &key), touched) {
                (Some(change), _) => (change, column::<Approved>("headcount")),
                (None, Some(change)) => (change, column::<Person>("establishment")),
                // Neither the people nor the number of this unit are touched.
                (None, None) => continue,
            };
            self.push(change, column, key, expected);
        }
    }
}

fn column<T: Tabled>(name: &str) -> Option<usize> {
    T::COLUMNS.iter().position(|column| column.name == name)
}

/// Whether a person fills one of the approved posts.
fn fills(person: &Person) -> bool {
    let on_list = matches!(
        person.state,
        PersonState::OnDuty | PersonState::Seconded | PersonState::Suspended
    );
    on_list && person.establishment != Establishment::Outside
}
