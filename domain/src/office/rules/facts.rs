//! What a quota rests on: its budget row, unit and project, and what these decide of the rules, kept
//! where those rows change, so that no payment reads them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xxhash_rust::xxh3::xxh3_64;

use super::compile::{Compiled, Question, covers};
use super::condition::{Coded, Predicate, Subject, Thing};
use super::{NONE, row_at};
use crate::codes::AuthorityKind;
use crate::ids::{Class, FiscalYear};
use crate::limits::RULE_QUESTIONS_MAX;
use crate::office::Office;
use crate::office::authority::{project_may_pay, project_state_with_rows};
use crate::office::table::Table;
use crate::office::tables::base::Unit;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::project::{Project, ProjectState};
use crate::prefetch::prefetch;
use crate::quota::QuotaRow;

/// Set where the row is on file.
const ON_FILE: u64 = 1 << 63;

/// Set where a unit has none below it.
const LEAF: u64 = 1 << 62;

/// Set for a quota before the approval: where its project stands is its own matter.
const EARLY: u64 = 1 << 61;

/// The bits that rules ask for.
const ASKED: u64 = EARLY - 1;

const _: () = assert!(ASKED.count_ones() as usize == RULE_QUESTIONS_MAX);

/// Of every quota, what it rests on.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// By serial.
    quotas: Vec<QuotaFacts>,
    /// By slot of a budget row: the last quota that rests on it.
    last_on: HashMap<u32, u32>,
    /// By slot of a unit or project: what it decides, and the hash of its name.
    bits: Vec<(u64, u64)>,
    /// By what is not on file yet: the quotas that rest on such a row, the rows that name such a unit
    /// or project.
    waiting: BTreeMap<(Table, Box<str>), Vec<u32>>,
}

/// What a quota rests on, half a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct QuotaFacts {
    /// Slot of the budget row.
    row: u32,
    /// Slot of the unit it names.
    unit: u32,
    /// Slot of the project it names.
    project: u32,
    /// The quota before it on the same row.
    before: u32,
    government: Class,
    /// What the row decides, and [`EARLY`].
    bits: u64,
}

/// What a quota on a row that is not there rests on.
const NOWHERE: QuotaFacts = QuotaFacts {
    row: NONE,
    unit: NONE,
    project: NONE,
    before: NONE,
    government: Class::ANY,
    bits: 0,
};

/// What decides, beside a row itself.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) office: &'a Office,
    pub(super) year: FiscalYear,
    pub(super) red_goals: &'a BTreeSet<Box<str>>,
    pub(super) compiled: &'a Compiled,
}

/// What one quota rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footing {
    /// Slot of the budget row.
    pub(super) row: u32,
    /// Slot of the unit.
    pub(super) unit: u32,
    /// Slot of the project.
    pub(super) project: u32,
    /// Government economic class of the budget row.
    pub(super) government: Class,
    /// Hash of the unit's name.
    unit_name: u64,
    /// What the three decide, a bit each, where all of them are on file.
    pub(super) bits: u64,
    /// What of them is missing.
    pub(super) lacks: Option<Table>,
}

impl Footing {
    /// Whether a name may be the unit's own; false: it is not.
    pub(super) fn may_be_unit(&self, name: &[u8]) -> bool {
        xxh3_64(name) == self.unit_name
    }
}

impl Facts {
    /// Of all quotas and rows on file.
    pub(super) fn of<'a>(around: Around<'_>, quotas: impl Iterator<Item = &'a QuotaRow>) -> Facts {
        let mut facts = Facts::default();
        facts.learn_all(around);
        quotas.for_each(|quota| facts.learn_quota(around, quota));
        facts
    }

    /// Learns every row, anew where it is known.
    pub(super) fn learn_all(&mut self, around: Around<'_>) {
        for (slot, row) in around.office.slots().iter().enumerate() {
            if matches!(row.table, Table::Unit | Table::Project | Table::BudgetRow) {
                self.learn(around, row.table, &row.key, slot as u32);
            }
        }
    }

    /// Learns that a row was put or removed.
    pub(super) fn learn(&mut self, around: Around<'_>, table: Table, key: &str, slot: u32) {
        match table {
            Table::Unit => {
                let unit = row_at(around.office, slot);
                let name = unit.map_or(0, |unit: &Unit| xxh3_64(unit.name.as_bytes()));
                let bits = unit.map_or(0, |unit| unit_bits(around.compiled, unit));
                self.set_bits(slot, (bits, name));
            }
            Table::Project => {
                let project = row_at(around.office, slot);
                let bits = |project| project_bits(around, project, AuthorityKind::BudgetLine);
                self.set_bits(slot, (project.map_or(0, bits), 0));
            }
            Table::BudgetRow => self.learn_row(around, slot),
            // Where the whole budget stands is where its projects do.
            Table::Budget => return self.learn_projects(around, around.office.all::<Project>()),
            _ => return,
        }
        self.bring_together(around, table, key, slot);
    }

    /// What waited for a row that is on file now.
    fn bring_together(&mut self, around: Around<'_>, table: Table, key: &str, slot: u32) {
        if self.waiting.is_empty() {
            return;
        }
        for waiting in self.waiting.remove(&(table, key.into())).unwrap_or_default() {
            if table == Table::BudgetRow {
                self.rest_on(slot, waiting);
                self.learn_row(around, slot);
            } else {
                self.learn_row(around, waiting);
            }
        }
    }

    /// A quota rests on the row of a slot.
    fn rest_on(&mut self, slot: u32, serial: u32) {
        let quota = &mut self.quotas[serial as usize];
        (quota.row, quota.before) = (slot, self.last_on.insert(slot, serial).unwrap_or(NONE));
    }

    fn set_bits(&mut self, slot: u32, bits: (u64, u64)) {
        if self.bits.len() <= slot as usize {
            self.bits.resize(slot as usize + 1, (0, 0));
        }
        self.bits[slot as usize] = bits;
    }

    /// Learns what a budget row says, for every quota that rests on it.
    fn learn_row(&mut self, around: Around<'_>, slot: u32) {
        let Some(&last) = self.last_on.get(&slot) else { return };
        let facts = self.facts_of(around, slot);
        let mut serial = last;
        while let Some(quota) = self.quotas.get_mut(serial as usize) {
            let (before, early) = (quota.before, quota.bits & EARLY);
            *quota = QuotaFacts { before, bits: facts.bits | early, ..facts };
            serial = before;
        }
    }

    fn facts_of(&mut self, around: Around<'_>, slot: u32) -> QuotaFacts {
        match row_at::<BudgetRow>(around.office, slot) {
            None => QuotaFacts { row: slot, ..NOWHERE },
            Some(row) => QuotaFacts {
                row: slot,
                unit: self.slot_or_wait(around.office, Table::Unit, &row.unit, slot),
                project: self.slot_or_wait(around.office, Table::Project, &row.project, slot),
                before: NONE,
                government: row.government,
                bits: row_bits(around.compiled, row),
            },
        }
    }

    fn slot_or_wait(&mut self, office: &Office, table: Table, key: &str, row: u32) -> u32 {
        office.slot_of(table, key).unwrap_or_else(|| {
            self.wait(table, key, row);
            NONE
        })
    }

    fn wait(&mut self, table: Table, key: &str, who: u32) {
        let waiting = self.waiting.entry((table, key.into())).or_default();
        if !waiting.contains(&who) {
            waiting.push(who);
        }
    }

    /// Learns what decides projects anew, of some of them.
    pub(super) fn learn_projects<'a>(
        &mut self,
        around: Around<'a>,
        which: impl IntoIterator<Item = &'a Project>,
    ) {
        for project in which {
            if let Some(slot) = around.office.slot_of(Table::Project, &project.code) {
                let bits = project_bits(around, project, AuthorityKind::BudgetLine);
                self.set_bits(slot, (bits, 0));
            }
        }
    }

    /// Learns of a new quota: the last part of its official key is the budget row.
    pub(super) fn learn_quota(&mut self, around: Around<'_>, quota: &QuotaRow) {
        let serial = self.quotas.len() as u32;
        let early = if quota.authority == AuthorityKind::PreApproval { EARLY } else { 0 };
        self.quotas.push(QuotaFacts { bits: early, ..NOWHERE });
        let code = quota.budget_row();
        let Some(slot) = around.office.slot_of(Table::BudgetRow, code) else {
            return self.wait(Table::BudgetRow, code, serial);
        };
        self.rest_on(slot, serial);
        let facts = self.facts_of(around, slot);
        let quota = &mut self.quotas[serial as usize];
        *quota = QuotaFacts { before: quota.before, bits: facts.bits | early, ..facts };
    }

    /// What a quota rests on.
    pub(super) fn footing(&self, around: Around<'_>, serial: u64) -> Footing {
        let row = self.quotas.get(serial as usize).copied().unwrap_or(NOWHERE);
        let bits_of = |slot: u32| self.bits.get(slot as usize).copied().unwrap_or((0, 0));
        let ((unit, unit_name), (mut project, _)) = (bits_of(row.unit), bits_of(row.project));
        if row.bits & EARLY != 0 {
            let early = |of| project_bits(around, of, AuthorityKind::PreApproval);
            project = row_at(around.office, row.project).map_or(0, early);
        }
        let lacks = if row.bits & ON_FILE == 0 {
            Some(Table::BudgetRow)
        } else if unit & ON_FILE == 0 {
            Some(Table::Unit)
        } else if project & ON_FILE == 0 {
            Some(Table::Project)
        } else if unit & LEAF == 0 {
            Some(Table::Unit)
        } else {
            None
        };
        Footing {
            row: row.row,
            unit: row.unit,
            project: row.project,
            government: row.government,
            unit_name,
            bits: (row.bits | unit | project) & ASKED,
            lacks,
        }
    }

    /// Has what a quota rests on brought into the cache.
    pub(super) fn prefetch(&self, serial: u64) {
        if let Some(quota) = self.quotas.get(serial as usize) {
            prefetch(quota);
        }
    }

    /// Has what unit and project decide brought into the cache; gives the unit's slot.
    pub(super) fn prefetch_behind(&self, serial: u64) -> u32 {
        let Some(quota) = self.quotas.get(serial as usize) else { return NONE };
        for slot in [quota.unit, quota.project] {
            if let Some(bits) = self.bits.get(slot as usize) {
                prefetch(bits);
            }
        }
        quota.unit
    }

    /// Slot of the unit that a quota is of.
    pub(super) fn unit_of(&self, serial: u64) -> u32 {
        self.quotas.get(serial as usize).map_or(NONE, |quota| quota.unit)
    }

    /// Bytes kept in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.quotas.capacity() * size_of::<QuotaFacts>()
            + self.last_on.capacity() * 9
            + self.bits.capacity() * 16
    }
}

/// Whatever waits, waits for rows that are not there: it follows from the others.
impl PartialEq for Facts {
    fn eq(&self, other: &Facts) -> bool {
        (&self.quotas, &self.bits) == (&other.quotas, &other.bits)
    }
}

fn bits(compiled: &Compiled, holds: impl Fn(&Question) -> bool) -> u64 {
    let all = compiled.questions.iter().enumerate();
    ON_FILE
        | all.map(|(at, question)| u64::from(holds(question)) << at).fold(0, |all, bit| all | bit)
}

fn unit_bits(compiled: &Compiled, unit: &Unit) -> u64 {
    let leaf = if unit.is_leaf { LEAF } else { 0 };
    leaf | bits(compiled, |question| match question {
        Question::Holds(Predicate::In { subject, words }) => {
            unit_word(*subject, unit).is_some_and(|word| words >> word & 1 == 1)
        }
        Question::Holds(Predicate::Unit { prefixes, holds }) => is_under(unit, prefixes) == *holds,
        _ => false,
    })
}

fn row_bits(compiled: &Compiled, row: &BudgetRow) -> u64 {
    bits(compiled, |question| match question {
        Question::Holds(Predicate::In { subject, words }) => {
            row_word(*subject, row).is_some_and(|word| words >> word & 1 == 1)
        }
        Question::Holds(Predicate::Under { coded, prefixes, holds }) => {
            row_code(*coded, row).is_some_and(|code| covers(prefixes, code) == *holds)
        }
        Question::Tracked => !row.track.is_empty(),
        _ => false,
    })
}

fn project_bits(around: Around<'_>, project: &Project, authority: AuthorityKind) -> u64 {
    bits(around.compiled, |question| match question {
        Question::Holds(Predicate::In { subject, words }) => {
            let word = project_word(*subject, around.office, around.year, project, authority);
            word.is_some_and(|word| words >> word & 1 == 1)
        }
        Question::Holds(Predicate::Exists { thing: Thing::Goal, holds }) => {
            project.goal.is_empty() != *holds
        }
        Question::Holds(Predicate::Exists { thing: Thing::Lock, holds }) => {
            around.red_goals.contains(&*project.goal) == *holds
        }
        Question::Standard => *project.standard != *NO_STANDARD,
        Question::Tracked => !project.track.is_empty(),
        _ => false,
    })
}

/// What stands where a project has no standard of spending.
pub(super) const NO_STANDARD: &str = "none";

/// True where a unit's code begins with one of these.
pub(super) fn is_under(unit: &Unit, prefixes: &[Box<str>]) -> bool {
    prefixes.iter().any(|prefix| unit.code.starts_with(&**prefix))
}

/// The place of a subject's word that a unit decides.
pub(super) fn unit_word(subject: Subject, unit: &Unit) -> Option<u8> {
    match subject {
        Subject::UnitKind => Some(unit.kind as u8),
        Subject::UnitState => Some(unit.standing as u8),
        _ => None,
    }
}

/// The place of a subject's word that a budget row decides.
pub(super) fn row_word(subject: Subject, row: &BudgetRow) -> Option<u8> {
    match subject {
        Subject::RowState => Some(u8::from(row.is_dropped)),
        Subject::Procurement => Some(u8::from(!row.procurement)),
        _ => None,
    }
}

/// A code of a budget row.
pub(super) fn row_code(coded: Coded, row: &BudgetRow) -> Option<Class> {
    match coded {
        Coded::Functional => Some(row.functional),
        Coded::Government => Some(row.government),
        Coded::Economic | Coded::Fund => None,
    }
}

/// The place of a subject's word that a project decides, for a quota of an authority.
pub(super) fn project_word(
    subject: Subject,
    office: &Office,
    year: FiscalYear,
    project: &Project,
    authority: AuthorityKind,
) -> Option<u8> {
    match subject {
        Subject::ProjectClass => Some(project.class as u8),
        Subject::ProjectState => Some(state_of(office, project, authority) as u8),
        Subject::Term => {
            let (year, from) = (year.get(), project.start_year.get());
            let over = u32::from(year) >= u32::from(from) + u32::from(project.term_years);
            Some(if year < from { 0 } else { 1 + u8::from(over) })
        }
        _ => None,
    }
}

/// Where the project stands for a payment of a quota: one before the approval may pay too.
fn state_of(office: &Office, project: &Project, authority: AuthorityKind) -> ProjectState {
    if project_may_pay(office, project, authority) {
        return ProjectState::Executing;
    }
    project_state_with_rows(office, project)
}
