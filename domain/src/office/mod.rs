//! What the finance office (财政部门) keeps on file of one division and year, beside its quotas:
//! base data, projects, budgets, documents, rules, commitments, performance.
//!
//! Everything on file is a **row** of a **table**. A person changes rows by filing a **paper**
//! ([`crate::command::Paper`]); what a paper may do is decided in [`decide`], and the event carries
//! the rows as they are afterwards, so that replay asks no rule again. Rows have one text form
//! ([`line`]), the same in files people import, on the wire, in the journal and in the checkpoint.
//!
//! In reading order:
//!
//! - [`field`]: what a column may hold, to and from text.
//! - [`table`]: how a table is declared, and the list of all of them.
//! - [`tables`]: the tables, a file for each subject.
//! - [`line`]: rows and changes as lines of text.
//! - `index`: rows by something that is not their key; `looked`: how many a decision looks at.
//! - [`paper`]: what can be filed.
//! - [`form`]: what the lines of papers are.
//! - [`policy`]: numbers that a division may tighten.
//! - [`authority`]: what a row and a project are by where the budget stands.
//! - [`performance`]: what goals and grades say, and which money is dormant.
//! - [`decide`]: what filing does, or why not; a file for each subject.
//! - `gate`: from which day on payments run, as a payment asks it.
//! - [`import`]: sheets of base data, and everything in them that does not fit.
//! - [`issuance`]: how checked documents are carried out, step by step.
//! - [`shelves`]: what is on file everywhere, for whoever follows the journal.
//! - [`reports`]: sums over all of it.
//! - [`rules`]: control rules, held against payments.

pub mod authority;
pub mod decide;
mod early;
pub mod field;
pub mod form;
mod gate;
pub mod import;
mod index;
pub mod issuance;
pub mod line;
mod looked;
pub mod paper;
pub mod performance;
pub mod policy;
#[macro_use]
pub mod table;
pub mod reports;
pub mod rules;
pub mod shelves;
pub mod tables;

pub mod working_days;

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::money::Fen;
pub(crate) use gate::Gate;
use index::Index;
use line::{Change, Shift};
use table::{Row, Table, Tabled};

/// Everything on file of a division and year.
#[derive(Clone, Debug, Default)]
pub struct Office {
    slots: Vec<Slot>,
    /// For each table, by its place in [`Table::ALL`]: keys to slots, also of rows that are gone.
    keys: Vec<BTreeMap<Box<str>, u32>>,
    /// Of keys and rows, without the slots themselves.
    bytes: usize,
    /// Some rows by something that is not their key.
    index: Index,
}

/// Where a row lies, for ever; an empty one keeps its key, for the row may come back.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: Box<str>,
    /// The row, unless it was removed.
    pub row: Option<Row>,
}

impl Office {
    /// Nothing on file.
    #[must_use]
    pub fn empty<'a>() -> &'a Office {
        static EMPTY: Office =
            Office { slots: Vec::new(), keys: Vec::new(), bytes: 0, index: Index::new() };
        &EMPTY
    }

    /// The row of a table with a key.
    #[must_use]
    pub fn row(&self, table: Table, key: &str) -> Option<&Row> {
        looked::note();
        self.slots[self.slot_of(table, key)? as usize].row.as_ref()
    }

    /// The row of one type with a key.
    #[must_use]
    pub fn get<T: Tabled>(&self, key: &str) -> Option<&T> {
        T::of(self.row(T::TABLE, key)?)
    }

    /// Every row of one type, by key.
    pub fn all<T: Tabled>(&self) -> impl Iterator<Item = &T> {
        self.rows(T::TABLE).filter_map(|(_, row)| T::of(row))
    }

    /// Every row of one type whose key begins so, by key.
    pub fn beginning<'a, 'b, T: Tabled>(
        &'a self,
        beginning: &'b str,
    ) -> impl Iterator<Item = &'a T> + use<'a, 'b, T> {
        let from = (Bound::Included(beginning), Bound::Unbounded);
        let keys =
            self.keys_of(T::TABLE).into_iter().flat_map(move |keys| keys.range::<str, _>(from));
        let within = keys.take_while(move |(key, _)| key.starts_with(beginning));
        within.filter_map(|(_, &slot)| T::of(self.looked_at(slot)?))
    }

    /// Every row of a table with its key, by key.
    pub fn rows(&self, table: Table) -> impl Iterator<Item = (&str, &Row)> {
        let keys = self.keys_of(table).into_iter().flatten();
        keys.filter_map(|(key, &slot)| Some((&**key, self.looked_at(slot)?)))
    }

    /// Rows of a table whose keys come after `after`, by key.
    pub fn rows_after<'a>(
        &'a self,
        table: Table,
        after: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Row)> {
        let from = (Bound::Excluded(after), Bound::Unbounded);
        let from = if after.is_empty() { (Bound::Unbounded, Bound::Unbounded) } else { from };
        let keys = self.keys_of(table).into_iter().flat_map(move |keys| keys.range::<str, _>(from));
        keys.filter_map(|(key, &slot)| Some((&**key, self.looked_at(slot)?)))
    }

    /// Rows of a table whose keys begin so and come after `after`, by key.
    pub fn rows_from<'a>(
        &'a self,
        table: Table,
        beginning: &'a str,
        after: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Row)> {
        let from = match after >= beginning && !after.is_empty() {
            true => Bound::Excluded(after),
            false => Bound::Included(beginning),
        };
        let keys = self.keys_of(table).into_iter();
        let keys = keys.flat_map(move |keys| keys.range::<str, _>((from, Bound::Unbounded)));
        let within = keys.take_while(move |(key, _)| key.starts_with(beginning));
        within.filter_map(|(key, &slot)| Some((&**key, self.looked_at(slot)?)))
    }

    fn looked_at(&self, slot: u32) -> Option<&Row> {
        looked::note();
        self.slots[slot as usize].row.as_ref()
    }

    /// How many rows there are of a table.
    #[must_use]
    pub fn count(&self, table: Table) -> usize {
        self.rows(table).count()
    }

    /// True when nothing was ever filed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Every slot, in the order they were taken.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The slot of a key, if the key was ever on file.
    #[must_use]
    pub fn slot_of(&self, table: Table, key: &str) -> Option<u32> {
        self.keys_of(table)?.get(key).copied()
    }

    /// The slot a change will touch.
    pub(crate) fn slot_for(&self, change: &Change) -> u32 {
        let (table, key) = change.names();
        self.slot_of(table, &key).unwrap_or(self.slots.len() as u32)
    }

    /// Whether the row a change names is on file.
    pub(crate) fn has(&self, change: &Change) -> bool {
        let (table, key) = change.names();
        self.row(table, &key).is_some()
    }

    /// Makes one change.
    pub fn make(&mut self, change: Change) {
        let (table, key) = change.names();
        let row = match change {
            Change::Put(row) => Some(row),
            Change::Remove(..) => None,
            Change::Shift(shift) => return self.shift(&shift),
        };
        match self.slot_of(table, &key) {
            Some(slot) => {
                let before = std::mem::replace(&mut self.slots[slot as usize].row, row);
                self.changed(slot, before);
            }
            None => self.add(Slot { table, key, row }),
        }
    }

    /// Adds to a budget row's figures; its identity holds after it.
    fn shift(&mut self, shift: &Shift) {
        let slot = self.slot_of(Table::BudgetRow, &shift.row);
        let row = slot.and_then(|slot| self.slots[slot as usize].row.as_mut());
        // Nothing takes a replied row away, and only such a row is shifted; the laws look for what
        // is missing.
        let Some(Row::BudgetRow(row)) = row else { return };
        let sum = |figure: Fen, by: Fen| Fen::new(figure.get() + by.get());
        row.adjusted_fen = sum(row.adjusted_fen, shift.adjusted_fen);
        row.vired_fen = sum(row.vired_fen, shift.vired_fen);
        row.current_fen = sum(sum(row.reply_fen, row.adjusted_fen), row.vired_fen);
    }

    /// Adds a slot, the next.
    pub(crate) fn add(&mut self, slot: Slot) {
        let number = self.slots.len() as u32;
        if self.keys.is_empty() {
            self.keys.resize_with(Table::ALL.len(), BTreeMap::new);
        }
        self.bytes += 2 * slot.key.len();
        self.keys[slot.table.place()].insert(slot.key.clone(), number);
        self.slots.push(slot);
        self.changed(number, None);
    }

    /// The row of a slot is another one than before: what is counted and found by rows learns of it.
    fn changed(&mut self, slot: u32, before: Option<Row>) {
        let after = self.slots.get(slot as usize).and_then(|slot| slot.row.as_ref());
        self.bytes += after.map_or(0, Row::bytes);
        self.bytes -= before.as_ref().map_or(0, Row::bytes);
        let mut index = std::mem::take(&mut self.index);
        index.learn(self, slot, before.as_ref());
        self.index = index;
    }

    /// Bytes of all slots, keys and rows, as far as their lengths tell.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.bytes + self.index.bytes()
    }

    /// Puts a slot back as it was.
    pub(crate) fn put_back(&mut self, number: u32, slot: Slot) {
        let now = std::mem::replace(&mut self.slots[number as usize], slot);
        self.changed(number, now.row);
    }

    /// Takes the newest slot back, key and all.
    pub(crate) fn take_back(&mut self) {
        let slot = self.slots.pop().expect("a slot that was added");
        self.keys[slot.table.place()].remove(&slot.key);
        self.bytes -= 2 * slot.key.len();
        self.changed(self.slots.len() as u32, slot.row);
    }

    fn keys_of(&self, table: Table) -> Option<&BTreeMap<Box<str>, u32>> {
        self.keys.get(table.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tables::base::Unit;

    fn put(office: &mut Office, line: &str) {
        let change = Change::read(line).unwrap();
        office.make(change);
    }

    #[test]
    fn rows_are_put_changed_and_removed_and_keep_their_slots() {
        let mut office = Office::default();
        put(&mut office, "+unit\t101\t教育局\t\t1\tadministrative\tfull\t2\t\t\t\t\tactive");
        put(&mut office, "+unit\t101001\t第一中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive");
        put(&mut office, "+unit\t102\t财政局\t\t1\tadministrative\tfull\t1\t\t\t\t\tactive");
        let names: Vec<&str> = office.all::<Unit>().map(|unit| &*unit.name).collect();
        assert_eq!(names, ["教育局", "第一中学", "财政局"]);
        assert_eq!(office.beginning::<Unit>("101").count(), 2);
        put(&mut office, "-unit\t101001");
        assert!(office.get::<Unit>("101001").is_none() && office.slots().len() == 3);
        put(&mut office, "+unit\t101001\t第二中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive");
        assert_eq!(office.slot_of(Table::Unit, "101001"), Some(1));
        let after: Vec<&str> = office.rows_after(Table::Unit, "101").map(|(key, _)| key).collect();
        assert_eq!(after, ["101001", "102"]);
        let from = |beginning, after| -> Vec<&str> {
            office.rows_from(Table::Unit, beginning, after).map(|(key, _)| key).collect()
        };
        assert_eq!(from("", ""), ["101", "101001", "102"]);
        assert_eq!(from("101", ""), ["101", "101001"]);
        assert_eq!(from("101", "101"), ["101001"]);
        assert_eq!(from("102", "101"), ["102"]);
        assert_eq!(from("101", "102"), Vec::<&str>::new());
    }

    #[test]
    fn a_row_that_was_kept_before_a_column_came_reads_with_it_empty() {
        let whole =
            "P1\t项目\t101\tspecific\t2022\t2022\t1\t1.00\t1.00\t\t\t0\t\t\t\t0\tdrafted\t\t1\t0\t";
        let row = Row::read(Table::Project, whole).unwrap();
        let before = whole.strip_suffix('\t').unwrap();
        assert_eq!(Row::read(Table::Project, before).as_ref(), Ok(&row));
        // A column that cannot be empty was there from the start, and a person gives every one.
        let cut = before.strip_suffix("\t0").unwrap();
        assert!(Row::read(Table::Project, cut).is_err());
        let fields: Vec<&str> = before.split('\t').collect();
        assert!(Row::of_fields(Table::Project, &fields).is_err());
    }

    #[test]
    fn a_line_that_is_no_change_says_why() {
        for (line, why) in [
            ("", "an empty change"),
            ("+unit", "a change of no row"),
            ("+units\tx", "no table \"units\""),
            ("?unit\tx", "a change begins with + or -, not '?'"),
            (
                "+unit\t101\t \t\t1\tother\tfull\t1\t\t\t\t\tactive",
                "column 2 of unit: a text that is not empty expected",
            ),
            (
                "+unit\t101\tA\t\t1\tother\tfull\t1\t\t\t\t\tactive\tmore",
                "column 13 of unit: no further field expected",
            ),
        ] {
            assert_eq!(Change::read(line).unwrap_err(), why, "{line}");
        }
    }
}
