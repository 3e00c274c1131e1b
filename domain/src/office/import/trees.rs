//! Divisions and units: trees whose parents are stored.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Checker, Here};
use crate::division::YearBook;
use crate::limits::OFFICE_TREE_DEPTH_MAX;
use crate::office::table::{Table, Tabled};
use crate::office::tables::base::{DivisionCard, Level, MofDep, Standing, Subdivision, Unit};
use crate::quota::QuotaCell;

/// Characters of a unit's code, at most.
const UNIT_CODE_MAX: usize = 21;

/// Characters of the code of a division of the finance office, at most.
const MOF_DEP_CODE_MAX: usize = 6;

/// The unit an official key of elements names: `division/unit/functional/…`.
#[must_use]
pub(crate) fn unit_of_key(key: &str) -> Option<&str> {
    let mut parts = key.split('/');
    let unit = parts.nth(1)?;
    // Functional, government and departmental class and the fund nature follow, at least.
    parts.nth(3).map(|_| unit)
}

impl Checker<'_> {
    pub(super) fn card(&mut self, card: &DivisionCard, here: &Here) {
        if *card.code != *self.ground.division {
            let expected = format!("the division's own code, {}", self.ground.division);
            self.say(here, "code", expected);
        }
        match (card.level, &card.parent) {
            (Level::Province, Some(_)) => self.say(here, "parent", "none above the province"),
            (Level::Province, None) => {}
            (_, None) => self.say(here, "parent", "the division above"),
            (_, Some(parent)) if *parent == card.code => {
                self.say(here, "parent", "another division than itself");
            }
            _ => {}
        }
        if !card.own_level {
            self.say(here, "own_level", "1: books are those of the tier itself");
        }
    }

    pub(super) fn subdivision(&mut self, below: &Subdivision, here: &Here) {
        if *below.code == *self.ground.division {
            self.say(here, "code", "a division below this one");
        }
        let above =
            |code: &str| self.view.get::<Subdivision>(code).map(|row| row.parent.to_string());
        if let Some(cycle) = cycle(&below.code, above) {
            self.say(here, "parent", format!("a tree, not the cycle {cycle}"));
        }
        let level = if *below.parent == *self.ground.division {
            self.view.get::<DivisionCard>(self.ground.division).map(|card| card.level)
        } else {
            self.view.get::<Subdivision>(&below.parent).map(|row| row.level)
        };
        if level.is_some_and(|level| below.level <= level) {
            self.say(here, "level", "a level below that of the division above");
        }
    }

    pub(super) fn mof_dep(&mut self, dep: &MofDep, here: &Here) {
        if dep.code.len() > MOF_DEP_CODE_MAX {
            self.say(here, "code", format!("at most {MOF_DEP_CODE_MAX} characters"));
        }
    }

    pub(super) fn unit(&mut self, unit: &Unit, here: &Here) {
        if unit.code.len() > UNIT_CODE_MAX || !unit.code.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            self.say(here, "code", format!("at most {UNIT_CODE_MAX} letters or digits"));
        }
        self.unit_stands_in_a_tree(unit, here);
        if unit.is_leaf && self.parents.contains(&*unit.code) {
            self.say(here, "is_leaf", "2, since other units stand below it");
        }
        let merged = unit.standing == Standing::Merged;
        match &unit.successor {
            None if merged => self.say(here, "successor", "the unit it was merged into"),
            Some(_) if !merged => self.say(here, "successor", "none, unless it is merged"),
            Some(successor) => {
                let into = self.view.get::<Unit>(successor);
                if into.is_some_and(|into| into.standing != Standing::Active) {
                    self.say(here, "successor", "a unit that is active");
                }
            }
            None => {}
        }
    }

    fn unit_stands_in_a_tree(&mut self, unit: &Unit, here: &Here) {
        let above = |code: &str| {
            self.view
                .get::<Unit>(code)
                .and_then(|row| row.parent.as_ref())
                .map(|code| code.to_string())
        };
        if let Some(cycle) = cycle(&unit.code, above) {
            return self.say(here, "parent", format!("a tree, not the cycle {cycle}"));
        }
        let level = match unit.parent.as_deref().map(|code| self.view.get::<Unit>(code)) {
            None => 1,
            // Not on file, or its form does not fit: said where it is so.
            Some(None) => return,
            Some(Some(parent)) => {
                if parent.is_leaf {
                    self.say(here, "parent", "a unit that is not a leaf");
                }
                if is_over(parent.standing) && !is_over(unit.standing) {
                    self.say(here, "parent", "a unit that is not merged or cancelled");
                }
                usize::from(parent.level) + 1
            }
        };
        if level > OFFICE_TREE_DEPTH_MAX {
            self.say(here, "parent", format!("at most {OFFICE_TREE_DEPTH_MAX} levels"));
        } else if usize::from(unit.level) != level {
            self.say(here, "level", level.to_string());
        }
    }

    /// A reorganisation is a new code, never an edit.
    pub(super) fn unit_may_follow(&mut self, was: &Unit, is: &Unit, here: &Here) {
        if was.standing == Standing::Draft {
            return;
        }
        let fixed = |same: bool, column: &'static str| (!same).then_some(column);
        let changed = [
            fixed(was.parent == is.parent, "parent"),
            fixed(was.kind == is.kind, "kind"),
            fixed(was.township == is.township, "township"),
        ];
        for column in changed.into_iter().flatten() {
            self.say(here, column, "as it is on file: a reorganisation is a new code");
        }
    }

    /// No unit ends or goes while money is on it or on its way.
    pub(super) fn check_units_that_end(&mut self) {
        let Some(book) = self.ground.book.filter(|_| self.view.touches_any(Table::Unit)) else {
            return;
        };
        let ends =
            |code: &str| self.view.get::<Unit>(code).is_none_or(|unit| is_over(unit.standing));
        let ending: BTreeMap<String, usize> = self
            .touched(Table::Unit)
            .filter(|(code, _)| self.view.before(Table::Unit, code).is_some() && ends(code))
            .map(|(code, change)| (code.to_owned(), change))
            .collect();
        if ending.is_empty() {
            return;
        }
        let (holding, all) = units_with_quotas(book);
        for (code, change) in ending {
            let stays = self.view.get::<Unit>(&code).is_some();
            let standing = Unit::COLUMNS.iter().position(|column| column.name == "standing");
            if stays && holding.contains(&*code) {
                let expected = "no money on its quotas and no payment under way".to_owned();
                self.push(change, standing, code, expected);
            } else if !stays && all.contains(&*code) {
                self.push(change, Some(0), code, "a unit without quotas".to_owned());
            }
        }
    }
}

/// Units whose quotas hold money or have payments under way, and all that have quotas.
fn units_with_quotas(book: &YearBook) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let (mut holding, mut all) = (BTreeSet::new(), BTreeSet::new());
    for (_, cell, row) in book.quotas() {
        let Some(unit) = unit_of_key(&row.key) else { continue };
        all.insert(unit);
        if holds(cell) {
            holding.insert(unit);
        }
    }
    (holding, all)
}

fn holds(cell: &QuotaCell) -> bool {
    let of = &cell.buckets;
    let under_way = [of.frozen, of.staged, of.earmarked, of.reserved, of.paid, of.refunding];
    cell.open_payments > 0 || of.available() != 0 || under_way.iter().any(|&fen| fen != 0)
}

fn is_over(standing: Standing) -> bool {
    matches!(standing, Standing::Merged | Standing::Cancelled)
}

/// The way up that comes back to where it began.
fn cycle(start: &str, above: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut way = vec![start.to_owned()];
    while let Some(next) = above(way.last()?) {
        if next == start {
            way.push(next);
            return Some(way.join(" -> "));
        }
        // A cycle further up is found at its own rows.
        if way.contains(&next) {
            return None;
        }
        way.push(next);
    }
    None
}
