//! What a document does to projects: no more money where the last grade allows none, and no change
//! that a project's goal was not approved for.

use std::collections::BTreeMap;

use crate::money::FenSum;
use crate::office::decide::at;
use crate::office::performance::{goals_must_fit, is_of_goal, may_be_supplemented};
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::document::{DocumentKind, DocumentLine};
use crate::office::tables::project::Project;
use crate::refusal::Refusal;

use super::{Drawing, column};

impl<'a> Drawing<'a> {
    /// Supplement, virement and adjustment change what projects have; a document is held to all of
    /// its lines together. Without control there are rows of projects that are not on file.
    pub(super) fn must_suit_projects(&self, lines: &[DocumentLine]) -> Result<(), Refusal> {
        use DocumentKind as K;
        if !matches!(self.document.kind, K::Supplement | K::Virement | K::Adjustment) {
            return Ok(());
        }
        let changes = self.changes_of_projects();
        let refused = |(project, no): (&str, Refusal)| self.placed(no, project, lines);
        for (&project, _) in changes.iter().filter(|&(_, &change)| change > 0) {
            may_be_supplemented(self.division, self.book.year, project)
                .map_err(|no| refused((project, no)))?;
        }
        goals_must_fit(self.office, &changes).map_err(refused)
    }

    /// By how much the rows change that goals are for, by project.
    fn changes_of_projects(&self) -> BTreeMap<&'a str, FenSum> {
        let controlled = self.office.card().is_some();
        let mut changes: BTreeMap<&str, FenSum> = BTreeMap::new();
        for (code, &(adjusted, vired)) in &self.shifts {
            let row: Option<&BudgetRow> = self.office.get(code);
            let Some(row) = row.filter(|row| is_of_goal(row.kind)) else { continue };
            if controlled || self.office.get::<Project>(&row.project).is_some() {
                let change = FenSum::from(adjusted) + FenSum::from(vired);
                *changes.entry(&row.project).or_default() += change;
            }
        }
        changes.retain(|_, change| *change != 0);
        changes
    }

    /// A refusal about a project, in the first line that is about it.
    fn placed(&self, no: Refusal, project: &str, lines: &[DocumentLine]) -> Refusal {
        let of_project = |row: Option<&BudgetRow>| row.is_some_and(|row| *row.project == *project);
        let gets = |line: &DocumentLine| of_project(self.office.get(&line.row));
        let gives = |line: &DocumentLine| {
            let quota = self.book.row(line.from);
            of_project(quota.and_then(|quota| self.office.get(quota.budget_row())))
        };
        let of_line = |line: &DocumentLine| {
            let column = match (gets(line), gives(line)) {
                (true, _) => column::ROW,
                (false, true) => column::FROM,
                (false, false) => return None,
            };
            Some(at(no.code, line.line as usize, column))
        };
        let Some(mut placed) = lines.iter().find_map(of_line) else { return no };
        no.figures().for_each(|figure| placed.add(figure));
        placed
    }
}
