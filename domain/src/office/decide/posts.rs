//! Who may file what: a post held, in a division under control.

use super::Asked;
use crate::ids::PersonId;
use crate::office::Office;
use crate::office::tables::base::{DivisionCard, Unit};
use crate::office::tables::people::{PostHolder, PostKind};
use crate::refusal::{Code, Refusal};

impl Office {
    /// What the division is. With it on file, all rules of public finance apply in the year.
    #[must_use]
    pub fn card(&self) -> Option<&DivisionCard> {
        self.all().next()
    }

    /// The unit and the units above it, from below, as their parents are stored.
    pub fn with_parents<'a>(&'a self, unit: &str) -> impl Iterator<Item = &'a Unit> {
        let above = |unit: &&'a Unit| unit.parent.as_deref().and_then(|code| self.get(code));
        // No tree is as deep as a code is long; a cycle, if there were one, ends.
        std::iter::successors(self.get(unit), above).take(crate::limits::OFFICE_TREE_DEPTH_MAX)
    }
}

impl Asked<'_> {
    /// In a division under control: whoever files the paper must hold the post; where a unit is
    /// named, for that unit. The first post on file is put there by anybody of finance.
    ///
    /// # Errors
    /// [`Code::NotHolder`].
    pub(crate) fn must_hold(&self, post: PostKind, unit: Option<&str>) -> Result<(), Refusal> {
        must_hold(self.office, self.by.person, post, unit)
    }
}

/// As [`Asked::must_hold`], of any person.
pub(super) fn must_hold(
    office: &Office,
    person: PersonId,
    post: PostKind,
    unit: Option<&str>,
) -> Result<(), Refusal> {
    let nobody = || office.all::<PostHolder>().next().is_none();
    let bootstrap = post == PostKind::BaseKeeper && nobody();
    if bootstrap || office.card().is_none() {
        return Ok(());
    }
    let key = format!("{}/{}/", person.0, post.slug());
    let mut held = office.beginning::<PostHolder>(&key);
    let holds = held.any(|holder| match (unit, holder.unit.as_deref()) {
        (None, _) | (_, None) => true,
        (Some(unit), Some(of)) => reaches(office, post, of, unit),
    });
    if holds { Ok(()) } else { Err(Code::NotHolder.into()) }
}

/// Whether a post held `of` something is good for a unit: a department's reviewer for all units
/// below it, a budget officer for all units of the sector, anybody else for that unit alone.
fn reaches(office: &Office, post: PostKind, of: &str, unit: &str) -> bool {
    match post {
        PostKind::DepartmentReviewer => office.with_parents(unit).any(|unit| &*unit.code == of),
        PostKind::BudgetOfficer => {
            let mut sectors =
                office.with_parents(unit).filter_map(|unit| unit.manage_mof_dep.as_deref());
            sectors.next() == Some(of)
        }
        _ => of == unit,
    }
}
