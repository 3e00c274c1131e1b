//! What a bank paid otherwise than ordered and took back (冲正): its statements tell of both, on two days, and the voucher has
//! come back with nothing paid. Together they say what our books say: nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::reconciliation::class::Place;
use domain::reconciliation::register::{DifferenceId, Event, Order};
use domain::reconciliation::{Register, Source};
use domain::voucher::VoucherKey;

use super::BOOKS;
use super::record::{Change, Record as ReconciledRecord};
use super::told::reconciled;
use crate::business::Effect;
use crate::finance::record::{Record, key_of};
use crate::finance::{Finance, Standing};

impl Finance {
    /// Ends differences over payments that were taken back: by an order that came back, or by the statement that tells of it.
    pub(super) fn end_those_taken_back(&self, effects: &[Effect], changes: &mut Vec<Change>) {
        let mut register = Cow::Borrowed(&self.reconciled.register);
        let (mut ends, mut told) = (BTreeSet::new(), BTreeSet::new());
        for effect in effects {
            let Effect::Record(bytes) = effect else { continue };
            match Record::decode(bytes) {
                Record::Answered { key, paid_fen, .. } if paid_fen.iter().all(|fen| *fen == 0) => {
                    ends.insert(key_of(&key));
                }
                Record::Reconciled(ReconciledRecord::Compared { changes, .. }) => {
                    for event in changes.iter().map(Event::from) {
                        told.extend(taken_back_by(&event));
                        register.to_mut().apply(&event);
                    }
                }
                _ => {}
            }
        }
        for key in ends.union(&told) {
            let Some(row) = self.voucher(key).filter(|row| row.paid_fen() == 0) else { continue };
            if row.standing == Standing::Ended || ends.contains(key) {
                self.offset(&register, key, changes);
            }
        }
    }

    /// The same, as one effect.
    pub(super) fn those_taken_back(&self, effects: &[Effect]) -> Option<Effect> {
        let mut changes = Vec::new();
        self.end_those_taken_back(effects, &mut changes);
        (!changes.is_empty()).then(|| reconciled(ReconciledRecord::Changed(changes)))
    }

    /// Ends what a bank's statements told of a voucher, place by place, where it adds up to nothing.
    fn offset(&self, register: &Register, key: &VoucherKey, changes: &mut Vec<Change>) {
        let mut places: BTreeMap<&Place, Vec<DifferenceId>> = BTreeMap::new();
        let mut day = self.reconciled.day.unwrap_or_default();
        for one in register.open() {
            if one.told.source == Source::Account && one.finding.place.voucher == *key {
                places.entry(&one.finding.place).or_default().push(one.id);
                day = day.max(one.opened);
            }
        }
        for ids in places.into_values() {
            let order = Order::Offset { ids: &ids, reference: &key.to_string() };
            // What does not add up to nothing stays.
            if let Ok(events) = register.decide(BOOKS, day, order) {
                changes.extend(events.iter().map(Change::from));
            }
        }
    }
}

/// The voucher of which a statement tells that money came back that our books do not know of.
fn taken_back_by(event: &Event) -> Option<VoucherKey> {
    let Event::Opened { told, finding, .. } = event else { return None };
    let is_back = finding.theirs.is_some_and(|said| said.amount_fen.get() < 0);
    let is_theirs_alone = told.source == Source::Account && finding.ours.is_none();
    (is_back && is_theirs_alone).then_some(finding.place.voucher)
}
