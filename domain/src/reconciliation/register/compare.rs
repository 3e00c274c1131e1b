//! What a compared statement means for the differences that are there.
//!
//! A finding is one that is known, the other half of one (a line that came a day late), a change of one, or a new one.

use std::collections::BTreeSet;

use crate::ids::Day;
use crate::limits::DIFFERENCES_MAX;
use crate::reconciliation::class::{Class, OwnedFinding};

use super::{Difference, DifferenceId, Ending, Event, Outcome, Refusal, Register, Told};

impl Register {
    /// The events of a statement that was compared.
    pub(super) fn compare(
        &self,
        told: Told,
        day: Day,
        agreed: u64,
        mut findings: Vec<OwnedFinding>,
    ) -> Result<Vec<Event>, Refusal> {
        // A month ends with its last day, and is told when that is closed.
        let closed = self.closed_until.filter(|_| !told.source.is_of_a_period());
        if let Some(closed) = closed.filter(|&closed| day <= closed) {
            return Err(Refusal::DayIsClosed { day, closed });
        }
        findings.sort_unstable();
        let mut events = Vec::new();
        let outcome = Outcome { agreed, different: findings.len() as u64 };
        if self.compared(day, told) != Some(outcome) {
            events.push(Event::Compared { told, day, outcome });
        }
        let mut pairing = Pairing { register: self, told, day, used: BTreeSet::new() };
        // What is known must be found before anything else may lay hold of it.
        findings.retain(|finding| !pairing.is_known(finding));
        let mut opened = Vec::new();
        for finding in findings {
            match pairing.grown(&finding) {
                Some(event) => events.push(event),
                None => opened.push(finding),
            }
        }
        events.extend(pairing.not_found_any_more());
        let many = self.kept.len() + opened.len();
        if many > DIFFERENCES_MAX {
            return Err(Refusal::TooManyDifferences { many });
        }
        let numbered = (self.last.0 + 1..).map(DifferenceId).zip(opened);
        events.extend(numbered.map(|(id, finding)| Event::Opened { id, told, day, finding }));
        Ok(events)
    }
}

struct Pairing<'a> {
    register: &'a Register,
    told: Told,
    day: Day,
    /// Differences that a finding was laid to.
    used: BTreeSet<DifferenceId>,
}

impl<'a> Pairing<'a> {
    /// Differences of a finding's place that no finding was laid to.
    fn candidates(&self, finding: &OwnedFinding) -> impl Iterator<Item = &'a Difference> {
        let register = self.register;
        let place = (self.told, finding.place.clone());
        let ids = register.by_place.get(&place).into_iter().flatten();
        let free: Vec<&Difference> =
            ids.filter(|id| !self.used.contains(id)).map(|id| &register.kept[id]).collect();
        free.into_iter()
    }

    /// Whether a finding is on record already: open, or ended although the statement brings it. What was said to be
    /// mended and comes again was not.
    fn is_known(&mut self, finding: &OwnedFinding) -> bool {
        let is_settled = |one: &Difference| {
            !matches!(one.ending, Some(Ending::Agreed | Ending::Corrected { .. }))
        };
        let is_same = |one: &&Difference| {
            one.opened == self.day && one.finding == *finding && is_settled(one)
        };
        let is_half = |one: &&Difference| {
            let days = [Some(one.opened), one.joined];
            one.joined.is_some()
                && days.contains(&Some(self.day))
                && is_half_of(finding, &one.finding)
                && is_settled(one)
        };
        let found = self.candidates(finding).find(is_same);
        let found = found.or_else(|| self.candidates(finding).find(is_half));
        found.is_some_and(|difference| self.used.insert(difference.id))
    }

    /// The change of an open difference that a finding is: other figures for the same day, or the other half of one of
    /// another day.
    fn grown(&mut self, finding: &OwnedFinding) -> Option<Event> {
        let is_changed =
            |one: &&Difference| one.is_open() && one.opened == self.day && one.joined.is_none();
        let changed = self.candidates(finding).find(is_changed);
        let (difference, finding, joined) = match changed {
            Some(difference) => (difference, finding.clone(), None),
            None => {
                let is_open = |one: &Difference| one.is_open() && one.opened != self.day;
                let mut open = self.candidates(finding).filter(|one| is_open(one));
                let (difference, whole) =
                    open.find_map(|one| Some((one, joined(&one.finding, finding)?)))?;
                (difference, whole, Some(self.day))
            }
        };
        self.used.insert(difference.id);
        Some(Event::Changed { id: difference.id, finding, joined })
    }

    /// Open differences of this statement that it does not bring any more. One that was put together from two days'
    /// statements is not ended by one of them.
    fn not_found_any_more(&self) -> impl Iterator<Item = Event> {
        let is_gone = |one: &&Difference| {
            one.is_open()
                && one.told == self.told
                && one.opened == self.day
                && one.joined.is_none()
                && !self.used.contains(&one.id)
        };
        let gone: Vec<Event> = self
            .register
            .kept
            .values()
            .filter(is_gone)
            .map(|one| Event::Ended { id: one.id, ending: Ending::Agreed })
            .collect();
        gone.into_iter()
    }
}

/// Whether a finding of one side's line is one half of a whole.
fn is_half_of(half: &OwnedFinding, whole: &OwnedFinding) -> bool {
    match half.class {
        Class::MissingHere => half.theirs == whole.theirs,
        Class::MissingThere => half.ours == whole.ours,
        _ => false,
    }
}

/// A line that only one side had, and the line that the other side brings on another day.
fn joined(there: &OwnedFinding, comes: &OwnedFinding) -> Option<OwnedFinding> {
    let (ours, theirs) = match (there.class, comes.class) {
        (Class::MissingThere, Class::MissingHere) => (there.ours?, comes.theirs?),
        (Class::MissingHere, Class::MissingThere) => (comes.ours?, there.theirs?),
        _ => return None,
    };
    let class = Class::of_pair(ours, theirs).unwrap_or(Class::Late);
    Some(OwnedFinding { place: there.place.clone(), class, ours: Some(ours), theirs: Some(theirs) })
}
