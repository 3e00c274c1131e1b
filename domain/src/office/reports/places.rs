//! The divisions and which stands under which: as they were registered and as their cards say,
//! never computed from a code.

use std::collections::{HashMap, HashSet};

use crate::command::Register;
use crate::ids::{DivisionIndex, FiscalYear};
use crate::office::shelves::Shelves;
use crate::resident::map_bytes;

/// One division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its nine-digit code.
    pub code: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The division above it; itself for the province.
    pub parent: DivisionIndex,
}

/// Every division.
#[derive(Clone, Debug, Default)]
pub struct Places {
    places: HashMap<DivisionIndex, Place>,
    codes: HashMap<Box<str>, DivisionIndex>,
}

impl Places {
    pub(super) fn register(&mut self, register: &Register<'_>) {
        let code: Box<str> = String::from_utf8_lossy(&register.code).into();
        // What people wrote goes into lines of fields.
        let name: String = register.name.chars().filter(|c| !c.is_control()).collect();
        self.codes.insert(code.clone(), register.division);
        let place = Place { code, name: name.into(), parent: register.parent };
        self.places.insert(register.division, place);
    }

    pub(super) fn bytes(&self) -> usize {
        let texts: usize =
            self.places.values().map(|place| place.code.len() + place.name.len()).sum();
        let codes: usize = self.codes.keys().map(|code| code.len()).sum();
        map_bytes(&self.places) + map_bytes(&self.codes) + texts + codes
    }

    /// A division, if it is registered.
    #[must_use]
    pub fn get(&self, division: DivisionIndex) -> Option<&Place> {
        self.places.get(&division)
    }

    /// The division with a code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<DivisionIndex> {
        self.codes.get(code).copied()
    }

    /// Every division, in the order of their codes.
    #[must_use]
    pub fn all(&self) -> Vec<DivisionIndex> {
        let mut all: Vec<DivisionIndex> = self.places.keys().copied().collect();
        all.sort_unstable_by(|a, b| self.code(*a).cmp(self.code(*b)).then(a.cmp(b)));
        all
    }

    /// The code; empty where it is not registered.
    #[must_use]
    pub fn code(&self, division: DivisionIndex) -> &str {
        self.get(division).map_or("", |place| &place.code)
    }

    /// The name; empty where it is not registered.
    #[must_use]
    pub fn name(&self, division: DivisionIndex) -> &str {
        self.get(division).map_or("", |place| &place.name)
    }

    /// The division above one in a year; none above the province.
    #[must_use]
    pub fn above(
        &self,
        division: DivisionIndex,
        year: FiscalYear,
        shelves: &Shelves,
    ) -> Option<DivisionIndex> {
        let card = shelves.office((division, year)).card();
        let named = card.and_then(|card| self.by_code(card.parent.as_deref()?));
        let above = named.or_else(|| self.get(division).map(|place| place.parent));
        above.filter(|above| *above != division)
    }

    /// For each division in the area of one, itself included, the division below the area's head
    /// that it belongs to: the head itself, or one that stands directly under it.
    #[must_use]
    pub fn area(
        &self,
        head: DivisionIndex,
        year: FiscalYear,
        shelves: &Shelves,
    ) -> HashMap<DivisionIndex, DivisionIndex> {
        let mut area = HashMap::from([(head, head)]);
        for division in self.all() {
            let (mut at, mut seen) = (division, HashSet::new());
            while at != head && seen.insert(at) {
                match self.above(at, year, shelves) {
                    Some(above) if above == head => {
                        area.insert(division, at);
                        at = head;
                    }
                    Some(above) => at = above,
                    None => break,
                }
            }
        }
        area
    }
}
