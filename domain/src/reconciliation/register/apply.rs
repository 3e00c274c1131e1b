//! The only way the register changes. What does not follow from it is a defect or damage, and panics.

use crate::ids::{Day, PersonId};
use crate::limits::PERIOD_KEPT_DAYS;
use crate::office::rules::windows::day_number;
use crate::reconciliation::line::Source;

use super::{Difference, DifferenceId, Event, Register};

impl Register {
    /// Changes by an event that was decided on this state.
    ///
    /// # Panics
    /// When the event does not follow from the state.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Compared { told, day, outcome } => {
                self.compared.insert((*day, *told), *outcome);
            }
            Event::Opened { id, told, day, finding } => {
                assert_eq!(id.0, self.last.0 + 1, "numbers of differences have no gaps");
                self.last = *id;
                let place = (*told, finding.place.clone());
                self.by_place.entry(place).or_default().insert(*id);
                let difference = Difference {
                    id: *id,
                    told: *told,
                    finding: finding.clone(),
                    opened: *day,
                    joined: None,
                    assigned: PersonId::NOBODY,
                    written: None,
                    proposed: None,
                    carried: None,
                    ending: None,
                };
                self.kept.insert(*id, difference);
            }
            Event::Changed { id, finding, joined } => {
                let difference = self.open_one(*id);
                assert_eq!(difference.finding.place, finding.place, "a difference keeps its place");
                difference.finding = finding.clone();
                difference.proposed = None;
                difference.joined = joined.or(difference.joined);
            }
            Event::Assigned { id, to } => self.open_one(*id).assigned = *to,
            Event::Written { id, remark } => self.open_one(*id).written = Some(remark.clone()),
            Event::Proposed { id, remark } => self.open_one(*id).proposed = Some(remark.clone()),
            Event::Carried { id, carried } => self.open_one(*id).carried = Some(carried.clone()),
            Event::Ended { id, ending } => self.open_one(*id).ending = Some(ending.clone()),
            Event::DayClosed { day } => {
                assert!(self.closed_until < Some(*day), "days are closed in their order");
                self.closed_until = Some(*day);
                let is_kept = |of: Day, source: Source| match source.is_of_a_period() {
                    true => day_number(of) + PERIOD_KEPT_DAYS > day_number(*day),
                    false => of > *day,
                };
                self.compared.retain(|(of, told), _| is_kept(*of, told.source));
                let done =
                    |one: &&Difference| !one.is_open() && !is_kept(one.last_day(), one.told.source);
                let ended: Vec<DifferenceId> =
                    self.kept.values().filter(done).map(|difference| difference.id).collect();
                ended.into_iter().for_each(|id| self.forget(id));
            }
        }
    }

    fn open_one(&mut self, id: DifferenceId) -> &mut Difference {
        let difference = self.kept.get_mut(&id).expect("the difference of an event is kept");
        assert!(difference.is_open(), "{id} has ended");
        difference
    }

    fn forget(&mut self, id: DifferenceId) {
        let difference = self.kept.remove(&id).expect("it was found there");
        let place = (difference.told, difference.finding.place);
        let ids = self.by_place.get_mut(&place).expect("every difference is listed by its place");
        ids.remove(&id);
        if ids.is_empty() {
            self.by_place.remove(&place);
        }
    }
}
