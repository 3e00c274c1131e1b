//! Whether changes of base data fit together and with what is on file.
//!
//! After the changes everything on file must hold again. So each changed row is looked at, each row
//! that names one, and what is counted over many.

use std::collections::{BTreeMap, BTreeSet};

use super::Broken;
use super::view::View;
use crate::division::YearBook;
use crate::ids::FiscalYear;
use crate::office::Office;
use crate::office::line::Change;
use crate::office::table::{Row, Table};
use crate::office::tables::base::{Standing, Unit};
use crate::office::tables::people::{PostHolder, PostKind};
use crate::office::tables::register::{CodeKind, CodeTable};

/// What changes are held against.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// What is on file.
    pub office: &'a Office,
    /// The code the division is registered with.
    pub division: &'a str,
    /// The year.
    pub year: FiscalYear,
    /// Quotas and payments, where they can be seen.
    pub book: Option<&'a YearBook>,
    /// What may be named although it is not there.
    pub broken: &'a Broken,
}

/// A change that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misfit {
    /// Which, from 0.
    pub change: usize,
    /// The column of its table, from 0; `None`: the whole row.
    pub column: Option<usize>,
    /// What stands there.
    pub value: String,
    /// What is expected.
    pub expected: String,
}

/// Everything that does not fit, by change and column.
#[must_use]
pub fn check(ground: Ground<'_>, changes: &[Change]) -> Vec<Misfit> {
    let (view, twice) = View::new(ground.office, changes);
    let mut numbers = BTreeMap::new();
    for (number, change) in changes.iter().enumerate() {
        numbers.entry(change.names()).or_insert(number);
    }
    // Nothing on file stands below a unit that was not on file.
    let parent = |unit: &Unit| unit.parent.as_deref().map(Box::from);
    let parents = match view.touches_known(Table::Unit) {
        true => view.all().filter_map(parent).collect(),
        false => view.put().filter_map(parent).collect(),
    };
    let mut checker = Checker { ground, view, numbers, parents, found: BTreeSet::new() };
    for number in twice {
        let (table, key) = changes[number].names();
        let expected = format!("a row of {} that was not given before", table.slug());
        checker.push(number, Some(0), key.into(), expected);
    }
    checker.changed(changes);
    checker.named();
    checker.counted();
    checker.found.into_iter().collect()
}

/// Which table may name which, beside what columns declare.
const ALSO_NAME: &[(Table, Table)] = &[
    (Table::Subdivision, Table::Subdivision),
    (Table::PostHolder, Table::Unit),
    (Table::PostHolder, Table::MofDep),
    (Table::PayItem, Table::Person),
    (Table::PayItem, Table::CodeRow),
    (Table::Standard, Table::CodeRow),
    (Table::CodeRow, Table::CodeRow),
];

/// Whether rows of a table may name rows of another.
fn may_name(table: Table, other: Table) -> bool {
    let declared = table.columns().iter().any(|column| column.refers == Some(other.slug()));
    declared || ALSO_NAME.contains(&(table, other))
}

/// The row that is looked at, and the change that answers for it.
pub(super) struct Here {
    /// Its table.
    pub(super) table: Table,
    /// Its fields.
    pub(super) fields: Vec<String>,
    /// The change.
    change: usize,
    /// When the row itself is not changed: the key of the changed row it names.
    names: Option<Box<str>>,
}

impl Here {
    fn of(row: &Row, change: usize, names: Option<&str>) -> Here {
        let mut text = String::new();
        row.write(&mut text);
        let fields = text.split('\t').map(str::to_owned).collect();
        Here { table: row.table(), fields, change, names: names.map(Box::from) }
    }
}

pub(super) struct Checker<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) view: View<'a>,
    /// For each touched key, the change.
    numbers: BTreeMap<(Table, Box<str>), usize>,
    /// Units that others stand below; looked for only where units change.
    pub(super) parents: BTreeSet<Box<str>>,
    found: BTreeSet<Misfit>,
}

impl Checker<'_> {
    /// Each changed row by itself.
    fn changed(&mut self, changes: &[Change]) {
        for (number, change) in changes.iter().enumerate() {
            match change {
                Change::Put(row) => {
                    self.row(row, &Here::of(row, number, None));
                    self.may_follow(row, number);
                }
                Change::Remove(table, key) => self.may_go(*table, key, number),
                // Figures of a budget row: nothing of base data.
                Change::Shift(_) => {}
            }
        }
    }

    /// Rows that are not changed and name changed ones. What was not on file, nothing on file names;
    /// but for codes, which rows name only once the year has a table of them.
    fn named(&mut self) {
        let touched: BTreeSet<Table> = self.numbers.keys().map(|(table, _)| *table).collect();
        let is_named = |table: &Table| *table == Table::CodeRow || self.view.touches_known(*table);
        let touched: BTreeSet<Table> = touched.into_iter().filter(is_named).collect();
        for &table in Table::ALL {
            let names_some = touched.iter().any(|&other| may_name(table, other));
            if !names_some {
                continue;
            }
            let rows: Vec<(Box<str>, &Row)> =
                self.view.untouched(table).map(|(key, row)| (key.into(), row)).collect();
            for (key, row) in rows {
                self.names_changed(&key, row);
            }
        }
    }

    fn names_changed(&mut self, key: &str, row: &Row) {
        let here = Here::of(row, 0, None);
        for (column, table, name) in self.names(row, &here.fields) {
            let Some(&change) = self.numbers.get(&(table, name.as_str().into())) else { continue };
            let by = format!(
                "{} {key} names it as {}",
                here.table.slug(),
                here.table.columns()[column].name
            );
            if self.view.row(table, &name).is_none() {
                self.push(change, Some(0), name, format!("a row that nothing names; {by}"));
            } else if here.table.is_base() {
                self.row(row, &Here::of(row, change, Some(&name)));
            }
        }
    }

    /// What is counted over many rows.
    fn counted(&mut self) {
        self.check_headcounts();
        self.check_units_that_end();
        self.check_base_keepers();
    }

    fn row(&mut self, row: &Row, here: &Here) {
        for (column, table, key) in self.names(row, &here.fields) {
            let known = self.view.row(table, &key).is_some();
            if !known && !self.ground.broken.has(table, &key) {
                let name = here.table.columns()[column].name;
                self.say(
                    here,
                    name,
                    format!("a row of {} on file or in this import", table.slug()),
                );
            }
        }
        match row {
            Row::DivisionCard(row) => self.card(row, here),
            Row::Subdivision(row) => self.subdivision(row, here),
            Row::MofDep(row) => self.mof_dep(row, here),
            Row::Unit(row) => self.unit(row, here),
            Row::PostHolder(row) => self.post(row, here),
            Row::Person(row) => self.person(row, here),
            Row::PayItem(row) => self.pay_item(row, here),
            Row::Standard(row) => self.standard(row, here),
            Row::Account(row) => self.account(row, here),
            Row::Payee(row) => self.payee(row, here),
            Row::Calendar(row) => self.calendar(row, here),
            Row::CodeTable(row) => self.code_table(row, here),
            Row::CodeRow(row) => self.code(row, here),
            _ => {}
        }
    }

    /// The rows a row names: column, table, key.
    fn names(&self, row: &Row, fields: &[String]) -> Vec<(usize, Table, String)> {
        let columns = row.table().columns().iter().zip(fields).enumerate();
        let declared = columns.filter(|(_, (_, field))| !field.is_empty());
        let mut names: Vec<(usize, Table, String)> = declared
            .filter_map(|(at, (column, field))| {
                Some((at, Table::from_slug(column.refers?)?, field.clone()))
            })
            .collect();
        let mut also = |column: &str, table: Table, key: String| {
            let at = row.table().column(column).expect("a column of the table");
            names.push((at, table, key));
        };
        match row {
            Row::Subdivision(row) if *row.parent != *self.ground.division => {
                also("parent", Table::Subdivision, row.parent.to_string());
            }
            Row::PostHolder(row) => {
                if let (Some(table), Some(of)) = (post_is_of(row), &row.unit) {
                    also("unit", table, of.to_string());
                }
            }
            Row::PayItem(row) => {
                also("person", Table::Person, format!("{}/{}", &*row.unit, row.person.0));
                if self.has_codes(CodeKind::Departmental) {
                    also(
                        "class",
                        Table::CodeRow,
                        code_key(CodeKind::Departmental, row.class.as_str()),
                    );
                }
            }
            Row::Standard(row) if self.has_codes(CodeKind::Departmental) => {
                also("class", Table::CodeRow, code_key(CodeKind::Departmental, row.class.as_str()));
            }
            Row::CodeRow(row) => {
                if let Some(parent) = row.parent {
                    also("parent", Table::CodeRow, code_key(row.table, parent.as_str()));
                }
                let mapped =
                    row.table == CodeKind::Departmental && self.has_codes(CodeKind::Government);
                for code in row.goes_with.split(' ').filter(|code| mapped && !code.is_empty()) {
                    also("goes_with", Table::CodeRow, code_key(CodeKind::Government, code));
                }
            }
            _ => {}
        }
        names
    }

    /// Whether the year has its own table of a classification.
    fn has_codes(&self, kind: CodeKind) -> bool {
        self.view.get::<CodeTable>(kind.slug()).is_some()
    }

    /// Whether a row may become what it is from what it was.
    fn may_follow(&mut self, row: &Row, change: usize) {
        let Some(before) = self.view.before(row.table(), &row.key()) else { return };
        let here = Here::of(row, change, None);
        if let (Some(was), Some(is)) = (standing(before), standing(row)) {
            let allowed = following(was);
            if !allowed.contains(&is) {
                let words: Vec<&str> = allowed.iter().map(|standing| standing.slug()).collect();
                let expected = format!("one of {}, since it is {}", words.join(" "), was.slug());
                self.say(&here, "standing", expected);
            }
        }
        if let (Row::Unit(was), Row::Unit(is)) = (before, row) {
            self.unit_may_follow(was, is, &here);
        }
    }

    fn may_go(&mut self, table: Table, key: &str, change: usize) {
        if table == Table::DivisionCard {
            let expected = "the card stays: what is under control stays so for the year";
            self.push(change, Some(0), key.to_owned(), expected.to_owned());
        }
    }

    /// Whoever may put posts on file must go on to exist.
    fn check_base_keepers(&mut self) {
        if !self.view.touches_any(Table::PostHolder) {
            return;
        }
        let is_keeper = |holder: &PostHolder| holder.post == PostKind::BaseKeeper;
        let anybody = self.view.all::<PostHolder>().next().is_some()
            || self.ground.office.all::<PostHolder>().next().is_some();
        if anybody && !self.view.all::<PostHolder>().any(is_keeper) {
            let mut touched =
                self.numbers.iter().filter(|((table, _), _)| *table == Table::PostHolder);
            let Some(((_, key), &change)) = touched.next() else { return };
            let value = key.to_string();
            self.push(change, None, value, "a base-keeper among the posts".to_owned());
        }
    }

    /// The touched keys of a table, each with its change.
    pub(super) fn touched(&self, table: Table) -> impl Iterator<Item = (&str, usize)> {
        let of_table = move |((of, _), _): &(&(Table, Box<str>), &usize)| *of == table;
        self.numbers.iter().filter(of_table).map(|((_, key), &change)| (&**key, change))
    }

    /// The change of a touched key.
    pub(super) fn change_of(&self, table: Table, key: &str) -> Option<usize> {
        self.numbers.get(&(table, key.into())).copied()
    }

    /// A column of the row does not fit.
    pub(super) fn say(&mut self, here: &Here, column: &str, expected: impl Into<String>) {
        let at = here.table.column(column).expect("a column of the table");
        let (value, expected) = (here.fields[at].clone(), expected.into());
        let official = here.table.columns()[at].chinese;
        match &here.names {
            None => self.push(
                here.change,
                Some(at),
                value,
                format!("{column} ({official}): {expected}"),
            ),
            Some(names) => {
                let key = here.fields[..here.table.keys()].join("/");
                let whose = format!("{} {key}, {column} ({official}) {value:?}", here.table.slug());
                self.push(here.change, Some(0), names.to_string(), format!("{expected}: {whose}"));
            }
        }
    }

    pub(super) fn push(
        &mut self,
        change: usize,
        column: Option<usize>,
        value: String,
        expected: String,
    ) {
        self.found.insert(Misfit { change, column, value, expected });
    }
}

/// The table whose rows a post is held of, if of any.
pub(super) fn post_is_of(holder: &PostHolder) -> Option<Table> {
    match holder.post {
        PostKind::UnitMaker
        | PostKind::UnitChecker
        | PostKind::UnitHead
        | PostKind::DepartmentReviewer => Some(Table::Unit),
        PostKind::BudgetOfficer => Some(Table::MofDep),
        _ => None,
    }
}

/// The key of a code.
pub(super) fn code_key(kind: CodeKind, code: &str) -> String {
    format!("{}/{code}", kind.slug())
}

fn standing(row: &Row) -> Option<Standing> {
    match row {
        Row::DivisionCard(row) => Some(row.standing),
        Row::Subdivision(row) => Some(row.standing),
        Row::Unit(row) => Some(row.standing),
        Row::AgentBank(row) => Some(row.standing),
        Row::Account(row) => Some(row.standing),
        Row::Supplier(row) => Some(row.standing),
        _ => None,
    }
}

/// Draft → active ⇄ frozen → merged or cancelled, and no way back.
fn following(was: Standing) -> &'static [Standing] {
    use Standing::{Active, Cancelled, Draft, Frozen, Merged};
    match was {
        Draft => &[Draft, Active],
        Active | Frozen => &[Active, Frozen, Merged, Cancelled],
        Merged => &[Merged],
        Cancelled => &[Cancelled],
    }
}
