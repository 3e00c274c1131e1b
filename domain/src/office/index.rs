//! Rows by something that is not their key: projects by name, goal and rank, budget rows by project and
//! unit. So a paper looks at the rows it is about, however many there are beside them.
//!
//! Each part is made of the rows when it is first asked for, and from then on kept wherever a row changes;
//! an office in which nobody prepares a budget never has one. All of it follows from the rows: it is
//! neither journaled nor kept by a checkpoint, and it decides nothing.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use xxhash_rust::xxh3::Xxh3;

use super::Office;
use super::table::{Row, Table, Tabled};
use super::tables::base::Unit;
use super::tables::budget::BudgetRow;
use super::tables::project::{Project, ProjectState};

/// Slots of rows by a hash of some of their words. What hashes alike and is not is told apart by the row.
type ByHash = BTreeSet<(u64, u32)>;

/// Slots of projects by the hash of their department and by rank.
type ByRank = BTreeSet<(u64, u16, u32)>;

/// What is found without looking at every row.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    lists: OnceLock<Lists>,
    ranks: OnceLock<Ranks>,
}

impl Index {
    /// Nothing was asked for yet.
    pub(super) const fn new() -> Index {
        Index { lists: OnceLock::new(), ranks: OnceLock::new() }
    }

    /// Bytes it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let of_lists = |lists: &Lists| {
            [&lists.names, &lists.goals, &lists.of_project, &lists.of_unit].map(BTreeSet::len)
        };
        let lists: usize = self.lists.get().map_or(0, |lists| of_lists(lists).iter().sum());
        let ranks = self.ranks.get().map_or(0, |ranks| ranks.ranking.len() + ranks.waiting.len());
        // A tree of such entries is about two thirds full.
        (lists + ranks) * size_of::<(u64, u16, u32)>() * 3 / 2
    }

    /// Learns that the row of a slot is another one than before.
    pub(super) fn learn(&mut self, office: &Office, slot: u32, before: Option<&Row>) {
        let after = office.slots().get(slot as usize).and_then(|slot| slot.row.as_ref());
        let rows = [(before, false), (after, true)];
        if let Some(lists) = self.lists.get_mut() {
            rows.iter().for_each(|&(row, is_there)| lists.note(slot, row, is_there));
        }
        let Some(ranks) = self.ranks.get_mut() else { return };
        if ranks.are_moved_by(before, after) {
            self.ranks = OnceLock::new();
            return;
        }
        rows.iter().for_each(|&(row, is_there)| ranks.note(office, slot, row, is_there));
    }
}

/// What needs one row alone to be found.
#[derive(Clone, Debug, Default)]
struct Lists {
    /// Projects by unit and name.
    names: ByHash,
    /// Projects by goal.
    goals: ByHash,
    /// Budget rows by project.
    of_project: ByHash,
    /// Budget rows by unit.
    of_unit: ByHash,
}

impl Lists {
    fn of(office: &Office) -> Lists {
        let mut lists = Lists::default();
        for (slot, row) in of_preparation(office) {
            lists.note(slot, Some(row), true);
        }
        lists
    }

    fn note(&mut self, slot: u32, row: Option<&Row>, is_there: bool) {
        match row {
            Some(Row::Project(project)) => {
                put(&mut self.names, (hash(&[&project.unit, &project.name]), slot), is_there);
                put(&mut self.goals, (hash(&[&project.goal]), slot), is_there);
            }
            Some(Row::BudgetRow(row)) => {
                put(&mut self.of_project, (hash(&[&row.project]), slot), is_there);
                put(&mut self.of_unit, (hash(&[&row.unit]), slot), is_there);
            }
            _ => {}
        }
    }
}

/// What follows from a project and from the tree of units it stands in.
#[derive(Clone, Debug, Default)]
struct Ranks {
    /// Projects in the ranking that have a rank.
    ranking: ByRank,
    /// Of them, those in the library that nobody has chosen.
    waiting: ByRank,
    /// Codes, hashed, at which a tree above some project ended though there should be more.
    ends: BTreeSet<u64>,
}

impl Ranks {
    fn of(office: &Office) -> Ranks {
        let mut ranks = Ranks::default();
        for (slot, row) in of_preparation(office) {
            ranks.note(office, slot, Some(row), true);
        }
        ranks
    }

    /// Whether a change of a row may move projects to another department.
    fn are_moved_by(&self, before: Option<&Row>, after: Option<&Row>) -> bool {
        let unit = |row: Option<&Row>| match row {
            Some(Row::Unit(unit)) => Some((unit.code.clone(), unit.parent.clone())),
            _ => None,
        };
        match (unit(before), unit(after)) {
            (None, None) => false,
            (None, Some((code, _))) => self.ends.contains(&hash(&[&code])),
            (before, after) => before != after,
        }
    }

    fn note(&mut self, office: &Office, slot: u32, row: Option<&Row>, is_there: bool) {
        let Some(Row::Project(project)) = row else { return };
        if project.priority == 0 || !project.state.is_in_ranking() {
            return;
        }
        let place = (hash(&[self.department(office, project)]), project.priority, slot);
        put(&mut self.ranking, place, is_there);
        if project.state == ProjectState::InLibrary {
            put(&mut self.waiting, place, is_there);
        }
    }

    fn department<'a>(&mut self, office: &'a Office, project: &'a Project) -> &'a str {
        let Some(top) = office.with_parents(&project.unit).last() else {
            self.ends.insert(hash(&[&project.unit]));
            return &project.unit;
        };
        if let Some(parent) = &top.parent {
            self.ends.insert(hash(&[parent]));
        }
        &top.code
    }
}

/// Every project and budget row with its slot.
fn of_preparation(office: &Office) -> impl Iterator<Item = (u32, &Row)> {
    let kept = |table| matches!(table, Table::Project | Table::BudgetRow);
    let slots = (0_u32..).zip(office.slots()).filter(move |(_, slot)| kept(slot.table));
    slots.filter_map(|(number, slot)| Some((number, slot.row.as_ref()?)))
}

fn put<T: Ord>(set: &mut BTreeSet<T>, entry: T, is_there: bool) {
    if is_there {
        set.insert(entry);
    } else {
        set.remove(&entry);
    }
}

fn hash(words: &[&str]) -> u64 {
    let mut hash = Xxh3::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update(&[0]);
    }
    hash.digest()
}

impl Office {
    fn lists(&self) -> &Lists {
        self.index.lists.get_or_init(|| Lists::of(self))
    }

    fn ranks(&self) -> &Ranks {
        self.index.ranks.get_or_init(|| Ranks::of(self))
    }

    fn found<'a, T: Tabled>(&'a self, list: &'a ByHash, hash: u64) -> impl Iterator<Item = &'a T> {
        let slots = list.range((hash, 0)..=(hash, u32::MAX));
        slots.filter_map(|&(_, slot)| self.at::<T>(slot))
    }

    fn at<T: Tabled>(&self, slot: u32) -> Option<&T> {
        super::looked::note();
        T::of(self.slots.get(slot as usize)?.row.as_ref()?)
    }

    /// Projects of a unit under a name, given up or not.
    pub(crate) fn projects_named<'a>(
        &'a self,
        unit: &'a str,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Project> {
        let found = self.found::<Project>(&self.lists().names, hash(&[unit, name]));
        found.filter(move |project| *project.unit == *unit && *project.name == *name)
    }

    /// Projects that name a goal, by code.
    pub(crate) fn projects_of_goal(&self, goal: &str) -> Vec<&Project> {
        let found = self.found::<Project>(&self.lists().goals, hash(&[goal]));
        let mut projects: Vec<&Project> = found.filter(|one| *one.goal == *goal).collect();
        projects.sort_unstable_by(|a, b| a.code.cmp(&b.code));
        projects
    }

    /// Budget rows that name a project and were not dropped.
    pub(crate) fn rows_of_project<'a>(
        &'a self,
        project: &'a str,
    ) -> impl Iterator<Item = &'a BudgetRow> {
        let found = self.found::<BudgetRow>(&self.lists().of_project, hash(&[project]));
        found.filter(move |row| *row.project == *project && !row.is_dropped)
    }

    /// Budget rows of a unit that were not dropped.
    pub(crate) fn rows_of_unit<'a>(&'a self, unit: &'a str) -> impl Iterator<Item = &'a BudgetRow> {
        let found = self.found::<BudgetRow>(&self.lists().of_unit, hash(&[unit]));
        found.filter(move |row| *row.unit == *unit && !row.is_dropped)
    }

    /// Projects in the ranking of a department that have this rank there.
    pub(crate) fn projects_ranked<'a>(
        &'a self,
        department: &'a str,
        rank: u16,
    ) -> impl Iterator<Item = &'a Project> {
        let hash = hash(&[department]);
        let places = self.ranks().ranking.range((hash, rank, 0)..=(hash, rank, u32::MAX));
        self.in_department(places, department)
    }

    /// Projects of a department that wait in the library with a rank, the first rank first.
    pub(crate) fn projects_waiting<'a>(
        &'a self,
        department: &'a str,
    ) -> impl Iterator<Item = &'a Project> {
        let hash = hash(&[department]);
        let places = self.ranks().waiting.range((hash, 0, 0)..=(hash, u16::MAX, u32::MAX));
        self.in_department(places, department)
    }

    fn in_department<'a>(
        &'a self,
        places: impl Iterator<Item = &'a (u64, u16, u32)>,
        department: &'a str,
    ) -> impl Iterator<Item = &'a Project> {
        let projects = places.filter_map(|&(_, _, slot)| self.at::<Project>(slot));
        projects.filter(move |project| self.department_of(&project.unit) == department)
    }

    /// The department a unit belongs to: the last of those above it.
    pub(crate) fn department_of<'a>(&'a self, unit: &'a str) -> &'a str {
        self.with_parents(unit).last().map_or(unit, |unit: &Unit| &unit.code)
    }
}

#[cfg(test)]
mod tests;
