//! What would be on file after some changes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::office::Office;
use crate::office::line::Change;
use crate::office::table::{Row, Table, Tabled};

/// An office with changes laid over it.
pub(super) struct View<'a> {
    office: &'a Office,
    /// For each table, what becomes of a key: a row, or none.
    over: BTreeMap<Table, BTreeMap<Box<str>, Option<&'a Row>>>,
}

impl<'a> View<'a> {
    /// The changes over the office. Of several with one key the first stands; the others are given
    /// back, by their numbers.
    pub(super) fn new(office: &'a Office, changes: &'a [Change]) -> (View<'a>, Vec<usize>) {
        let mut over: BTreeMap<Table, BTreeMap<Box<str>, Option<&Row>>> = BTreeMap::new();
        let mut twice = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let (table, key) = change.names();
            let row = match change {
                Change::Put(row) => Some(row),
                Change::Remove(..) => None,
                Change::Shift(_) => continue,
            };
            match over.entry(table).or_default().entry(key) {
                Entry::Vacant(place) => drop(place.insert(row)),
                Entry::Occupied(_) => twice.push(number),
            }
        }
        (View { office, over }, twice)
    }

    /// The row as it was before.
    pub(super) fn before(&self, table: Table, key: &str) -> Option<&'a Row> {
        self.office.row(table, key)
    }

    /// Whether a change touches any row of the table.
    pub(super) fn touches_any(&self, table: Table) -> bool {
        self.over.contains_key(&table)
    }

    /// Whether a change touches a row of the table that is on file.
    pub(super) fn touches_known(&self, table: Table) -> bool {
        let keys = self.over.get(&table).into_iter().flatten();
        keys.map(|(key, _)| key).any(|key| self.office.row(table, key).is_some())
    }

    /// Every row of one type that is put.
    pub(super) fn put<T: Tabled>(&self) -> impl Iterator<Item = &'a T> {
        let keys = self.over.get(&T::TABLE).into_iter().flatten();
        keys.filter_map(|(_, row)| T::of((*row)?))
    }

    /// The row afterwards.
    pub(super) fn row(&self, table: Table, key: &str) -> Option<&'a Row> {
        match self.over.get(&table).and_then(|keys| keys.get(key)) {
            Some(row) => *row,
            None => self.office.row(table, key),
        }
    }

    /// The row of one type afterwards.
    pub(super) fn get<T: Tabled>(&self, key: &str) -> Option<&'a T> {
        T::of(self.row(T::TABLE, key)?)
    }

    /// Every row of a table afterwards: those that stay as they are, then those put.
    pub(super) fn rows(&self, table: Table) -> impl Iterator<Item = (&str, &'a Row)> {
        let put = self.over.get(&table).into_iter().flatten();
        let put = put.filter_map(|(key, row)| Some((&**key, (*row)?)));
        self.untouched(table).chain(put)
    }

    /// Every row of a table that no change touches.
    pub(super) fn untouched(&self, table: Table) -> impl Iterator<Item = (&str, &'a Row)> {
        let over = self.over.get(&table);
        let stays = move |key: &str| over.is_none_or(|keys| !keys.contains_key(key));
        let keep = move |(key, row): (&'a str, &'a Row)| -> Option<(&str, &'a Row)> {
            stays(key).then_some((key, row))
        };
        self.office.rows(table).filter_map(keep)
    }

    /// Every row of one type afterwards.
    pub(super) fn all<T: Tabled>(&self) -> impl Iterator<Item = &'a T> {
        self.rows(T::TABLE).filter_map(|(_, row)| T::of(row))
    }
}
