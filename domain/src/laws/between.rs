//! L5 between divisions, from what each says of its own side, each as of a moment of its own.
//!
//! Money leaves before it arrives, and its origin hears of that last. So a side that was heard later
//! must know what the other knew before: what is told to have arrived is there, what arrived was sent.
//! What only the side heard first could know waits for the next hearing.

use std::collections::BTreeMap;

use crate::ids::DivisionIndex;
use crate::invariants::Finding;

use super::own::{Crossed, Statement};

/// What divisions said of the moves between them.
#[derive(Debug, Default)]
pub struct Between {
    sides: BTreeMap<DivisionIndex, Side>,
    /// Hearings so far.
    heard: u64,
}

#[derive(Debug)]
struct Side {
    /// As of which hearing it is true.
    heard: u64,
    sent: Vec<Crossed>,
    taken: Vec<Crossed>,
}

impl Between {
    /// Hears what a division says now.
    pub fn hear(&mut self, statement: &Statement) {
        self.heard += 1;
        let (sent, taken) = (statement.sent.clone(), statement.taken.clone());
        self.sides.insert(statement.division, Side { heard: self.heard, sent, taken });
    }

    /// These divisions would say the same again, all of them now.
    pub fn hear_again(&mut self, unchanged: impl Iterator<Item = DivisionIndex>) {
        self.heard += 1;
        for division in unchanged {
            if let Some(side) = self.sides.get_mut(&division) {
                side.heard = self.heard;
            }
        }
    }

    /// Moves it keeps, both sides of each.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sides.values().map(|side| side.sent.len() + side.taken.len()).sum()
    }

    /// True when it keeps none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Holds the two sides of each move against each other.
    #[must_use]
    pub fn meet(&self) -> Finding {
        let mut finding = Finding::default();
        for side in self.sides.values() {
            for sent in &side.sent {
                let Some(other) = self.sides.get(&sent.to) else { continue };
                let good = match found(&other.taken, sent) {
                    Some(taken) => taken.amount_fen == sent.amount_fen,
                    None => !sent.landed || other.heard < side.heard,
                };
                finding.check(good, || {
                    let (id, from, to) = (sent.id, sent.from.0, sent.to.0);
                    format!(
                        "transfer {id} from {from} is said to have arrived in {to} and is not there"
                    )
                });
            }
            for taken in &side.taken {
                let Some(other) = self.sides.get(&taken.from) else { continue };
                let sent = found(&other.sent, taken);
                let good = match sent {
                    Some(sent) => sent.amount_fen == taken.amount_fen,
                    None => other.heard < side.heard,
                };
                finding.check(good, || {
                    let (fen, id) = (taken.amount_fen, taken.id);
                    format!(
                        "{fen} fen arrived in {} by {id}, which {} did not send",
                        taken.to.0, taken.from.0
                    )
                });
            }
        }
        finding
    }
}

/// The other side of a move, among those of one division.
fn found<'a>(among: &'a [Crossed], crossed: &Crossed) -> Option<&'a Crossed> {
    let key = |one: &Crossed| (one.id, one.from, one.year, one.to);
    let at = among.binary_search_by_key(&key(crossed), key).ok()?;
    among.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FiscalYear, MoveId};
    use crate::money::Fen;

    fn crossed(fen: i64, landed: bool) -> Crossed {
        Crossed {
            id: MoveId(7),
            from: DivisionIndex(0),
            year: FiscalYear::from_offset(22),
            to: DivisionIndex(1),
            amount_fen: Fen::new(fen),
            landed,
        }
    }

    fn says(division: u16, sent: &[Crossed], taken: &[Crossed]) -> Statement {
        let (division, findings) = (DivisionIndex(division), Default::default());
        Statement { division, findings, sent: sent.to_vec(), taken: taken.to_vec() }
    }

    fn violations(between: &Between) -> u64 {
        between.meet().violations
    }

    #[test]
    fn what_is_said_to_have_arrived_has_to_be_there_once_its_receiver_is_heard_later() {
        let mut between = Between::default();
        between.hear(&says(1, &[], &[]));
        between.hear(&says(0, &[crossed(5, true)], &[]));
        assert_eq!((violations(&between), between.len()), (0, 1), "it may have come since");
        between.hear(&says(1, &[], &[crossed(5, true)]));
        assert_eq!(violations(&between), 0);
        between.hear(&says(1, &[], &[]));
        assert_eq!(violations(&between), 1);
        between.hear(&says(0, &[crossed(5, false)], &[]));
        assert_eq!(violations(&between), 0, "on its way");
    }

    #[test]
    fn what_arrived_has_to_be_sent_once_its_origin_is_heard_later() {
        let mut between = Between::default();
        between.hear(&says(0, &[], &[]));
        between.hear(&says(1, &[], &[crossed(5, true)]));
        assert_eq!(violations(&between), 0);
        between.hear_again([DivisionIndex(0), DivisionIndex(1)].into_iter());
        assert_eq!(violations(&between), 1, "neither has changed");
    }

    #[test]
    fn both_sides_of_a_move_are_of_one_amount() {
        let mut between = Between::default();
        between.hear(&says(1, &[], &[crossed(6, true)]));
        between.hear(&says(0, &[crossed(5, false)], &[]));
        assert_eq!(violations(&between), 2, "each side sees it");
    }
}
