//! From which business day on payments run: what the division's card, its townships and its units
//! say, kept so that a payment asks no table.

use std::collections::BTreeMap;

use super::Office;
use super::import::unit_of_key;
use super::table::Table;
use super::tables::base::{Standing, Subdivision, Unit};
use crate::ids::Day;

/// No business day is as late.
const NEVER: u32 = u32::MAX;

/// When payments of a division and year run. Follows from what is on file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gate {
    /// First business day of the division, as YYYYMMDD; zero: there is no card, and only a unit that
    /// does not work, or whose township does not run yet, is held up.
    from: u32,
    /// Units whose own first day is later, with that day.
    later: BTreeMap<Box<str>, u32>,
    /// The latest of those days.
    latest: u32,
}

impl Gate {
    /// Whether payments of a quota with this official key run on a business day.
    pub(crate) fn is_open<'a>(&self, day: Day, key: impl FnOnce() -> &'a str) -> bool {
        if day.get() < self.from {
            return false;
        }
        // Usual: no unit has a later day than this one.
        if day.get() >= self.latest {
            return true;
        }
        let own = unit_of_key(key()).and_then(|unit| self.later.get(unit));
        own.is_none_or(|&from| day.get() >= from)
    }

    /// Takes notice of a row that was put or removed.
    pub(crate) fn learn(&mut self, office: &Office, table: Table, key: &str) {
        match table {
            Table::DivisionCard => {
                self.from = office.card().map_or(0, |card| match card.standing {
                    Standing::Active => card.go_live.get(),
                    _ => NEVER,
                });
            }
            Table::Unit => self.learn_unit(office, key),
            Table::Subdivision => {
                let of_it = |unit: &&Unit| unit.township.as_deref() == Some(key);
                office
                    .all::<Unit>()
                    .filter(of_it)
                    .for_each(|unit| self.learn_unit(office, &unit.code));
            }
            _ => return,
        }
        self.latest = self.later.values().copied().max().unwrap_or(0);
    }

    fn learn_unit(&mut self, office: &Office, code: &str) {
        match office.get::<Unit>(code).map_or(NEVER, |unit| first_day(office, unit)) {
            0 => self.later.remove(code),
            from => self.later.insert(code.into(), from),
        };
    }
}

/// The first day of a unit, as YYYYMMDD; zero: as the division's.
fn first_day(office: &Office, unit: &Unit) -> u32 {
    if unit.standing != Standing::Active {
        return NEVER;
    }
    let Some(township) = unit.township.as_deref() else { return 0 };
    match office.get::<Subdivision>(township) {
        Some(Subdivision { standing: Standing::Active, go_live: Some(day), .. }) => day.get(),
        _ => NEVER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::line::Change;

    const KEY: &str = "370102000/901/2130122/50201/30201/111/P1/R1";

    fn filed(lines: &[&str]) -> Gate {
        let (mut office, mut gate) = (Office::default(), Gate::default());
        for line in lines {
            let change = Change::read(line).unwrap();
            let (table, key) = change.names();
            office.make(change);
            gate.learn(&office, table, &key);
        }
        gate
    }

    fn is_open(gate: &Gate, day: u32) -> bool {
        gate.is_open(Day::new(day).unwrap(), || KEY)
    }

    fn card(standing: &str) -> String {
        format!("+division\t370102000\t历下区\tcounty\t370100000\t1\t2\t2022-02-01\t{standing}")
    }

    fn unit(standing: &str, township: &str) -> String {
        format!("+unit\t901\t农办\t\t1\tadministrative\tfull\t1\t\t\t{township}\t\t{standing}")
    }

    fn township(day: &str, standing: &str) -> String {
        format!("+subdivision\t370102101\t某镇\ttownship\t370102000\t2\t{day}\t{standing}")
    }

    #[test]
    fn a_division_runs_from_its_day_on_while_it_is_active() {
        assert!(is_open(&Gate::default(), 20_220_101), "no card holds nothing up");
        let gate = filed(&[&card("active")]);
        assert!(!is_open(&gate, 20_220_131) && is_open(&gate, 20_220_201));
        for standing in ["draft", "frozen", "merged", "cancelled"] {
            assert!(!is_open(&filed(&[&card(standing)]), 20_221_231), "{standing}");
        }
        assert!(is_open(&filed(&[&card("frozen"), "-division\t370102000"]), 20_220_101));
    }

    #[test]
    fn a_unit_runs_from_its_townships_day_on_while_it_is_active() {
        let (own, of_town) = (unit("active", ""), unit("active", "370102101"));
        assert!(is_open(&filed(&[&card("active"), &own]), 20_220_201));
        assert!(!is_open(&filed(&[&unit("frozen", "")]), 20_221_231));
        assert!(is_open(&filed(&[&unit("frozen", ""), &own]), 20_220_201));
        let town = township("2022-06-01", "active");
        for order in [[&of_town, &town], [&town, &of_town]] {
            let gate = filed(&[&card("active"), order[0], order[1]]);
            assert!(!is_open(&gate, 20_220_531) && is_open(&gate, 20_220_601));
            let other = "370102000/902/2130122/50201/30201/111/P1/R1";
            assert!(gate.is_open(Day::new(20_220_531).unwrap(), || other));
        }
        for town in [township("", "active"), township("2022-01-01", "draft")] {
            assert!(!is_open(&filed(&[&of_town, &town]), 20_221_231), "{town}");
        }
        assert!(!is_open(&filed(&[&of_town]), 20_221_231), "the township is not on file");
    }
}
