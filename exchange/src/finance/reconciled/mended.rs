//! Facts that come later and mend our books: a difference that they end, ends.

use domain::Fen;
use domain::codes::Path;
use domain::reconciliation::register::{Difference, DifferenceId, Order};
use domain::reconciliation::{Figures, Source};
use domain::voucher::{VoucherKey, VoucherKind};

use super::ours::{done, figures_of};
use super::record::{Change, Record as ReconciledRecord};
use super::told::reconciled;
use super::{BOOKS, End, Request};
use crate::business::Effect;
use crate::finance::collection::Collected;
use crate::finance::record::{FactDue, Record, key_of};
use crate::finance::{Finance, Row, Standing};

impl Finance {
    /// What ends with what was just decided: each open difference over which we say by it what they say.
    pub(in crate::finance) fn mended(&self, effects: &[Effect]) -> Option<Effect> {
        self.reconciled.register.open().next()?;
        let mut changes = Vec::new();
        for effect in effects {
            let Effect::Record(bytes) = effect else { continue };
            match Record::decode(bytes) {
                Record::Answered { key, paid_fen, facts, .. } => {
                    let key = key_of(&key);
                    if let Some(row) = self.voucher(&key) {
                        let row = answered(row, &paid_fen, &facts);
                        self.end_those_of(&key, &mut changes, |one| {
                            let place = &one.finding.place;
                            let back = is_back(one);
                            // What its bank did on a later day it did not do on the day it told: neither side has it there.
                            let is_later = row.paid_on > one.opened && one.finding.theirs.is_none();
                            let said = (!is_later)
                                .then(|| figures_of(&row, one.opened, &place.detail, back));
                            said.flatten()
                        });
                        self.end_those_of_debit(&row, &mut changes);
                    }
                }
                Record::Debited(debit) => {
                    let (key, debit) = debit.read();
                    let told = |one: &Difference| self.collected_said(&debit, is_back(one));
                    self.end_those_of(&key, &mut changes, told);
                }
                Record::DebitBack { key, day, .. } => {
                    let key = key_of(&key);
                    if let Some(debit) = self.collected.get(&key) {
                        let debit = Collected { back: Some(super::day_of(day)), ..debit.clone() };
                        let told = |one: &Difference| self.collected_said(&debit, is_back(one));
                        self.end_those_of(&key, &mut changes, told);
                    }
                }
                Record::Refunded { key, notice, details, facts } => {
                    let (key, notice) = (key_of(&key), key_of(&notice));
                    self.end_those_of_refund(&key, &details, &facts, &mut changes);
                    self.end_those_of_notice(&key, &notice, (&details, &facts), &mut changes);
                }
                Record::Cleared { notice, facts } => {
                    let request = self.reconciled.by_notice.get(&key_of(&notice)).copied();
                    let day = facts.first().map(|fact| fact.fact().day);
                    if let (Some(request), Some(day)) = (request, day) {
                        let end = End { day, returned: false };
                        self.end_those_of_request(&request, end, &mut changes);
                    }
                }
                Record::Reconciled(ReconciledRecord::Asked(asked)) => {
                    // Its end was heard before it.
                    let key = key_of(&asked.request);
                    if let Some(end) = self.reconciled.ends.get(&key) {
                        let request = Request::of(&asked, Some(*end));
                        self.end_those_told_of(&key, &request, &mut changes);
                    }
                }
                Record::Reconciled(ReconciledRecord::RequestEnded { request, day, returned }) => {
                    let end = End { day: super::day_of(day), returned };
                    self.end_those_of_request(&key_of(&request), end, &mut changes);
                }
                _ => {}
            }
        }
        self.end_those_taken_back(effects, &mut changes);
        if let Some((fact, figures)) = self.later_figures(effects) {
            for (id, ours) in figures {
                self.end_one(id, &fact, ours, &mut changes);
            }
        }
        (!changes.is_empty()).then(|| reconciled(ReconciledRecord::Changed(changes)))
    }

    /// An allocation came back: its notice is what moved the treasury's cash.
    fn end_those_of_notice(
        &self,
        key: &VoucherKey,
        notice: &VoucherKey,
        (details, facts): (&[u32], &[FactDue]),
        changes: &mut Vec<Change>,
    ) {
        let row = self.voucher(key).filter(|row| row.path == Path::Allocation);
        let day = facts.first().map(|fact| fact.fact().day);
        if let (Some(row), Some(day)) = (row, day) {
            let parts = details.iter().map(|at| row.payees()[*at as usize].paid_fen.get());
            let back = done(Fen::new(parts.sum()), day);
            self.end_those_of(notice, changes, |_| Some(back));
        }
    }

    /// Money came back: of what the voucher's bank said of it, and of requests that named it before.
    fn end_those_of_refund(
        &self,
        key: &VoucherKey,
        details: &[u32],
        facts: &[FactDue],
        changes: &mut Vec<Change>,
    ) {
        let Some(row) = self.voucher(key) else { return };
        let mut row = row.clone();
        row.came_back(details, facts);
        self.end_those_of(key, changes, |one| {
            figures_of(&row, one.opened, &one.finding.place.detail, is_back(one))
        });
        let waiting = self.reconciled.requests.iter().filter(|(_, one)| !one.missing.is_empty());
        for (request, known) in waiting {
            let mut known = known.clone();
            // Before it ends, nothing was said of it.
            if known.refunded(key, facts) && known.end.is_some() {
                self.end_those_told_of(request, &known, changes);
            }
        }
    }

    /// An order that is answered takes the debit over that it names.
    fn end_those_of_debit(&self, answered: &Row, changes: &mut Vec<Change>) {
        let of_order = self.collected().find(|(_, debit)| debit.order == Some(answered.key));
        let Some((key, debit)) = of_order.filter(|_| answered.paid_fen() != 0) else { return };
        let over = done(Fen::new(-debit.amount_fen.get()), answered.paid_on);
        self.end_those_of(key, changes, |one| is_back(one).then_some(over));
    }

    fn end_those_of_request(&self, key: &VoucherKey, end: End, changes: &mut Vec<Change>) {
        let Some(request) = self.reconciled.requests.get(key) else { return };
        self.end_those_told_of(key, &Request { end: Some(end), ..request.clone() }, changes);
    }

    /// What the central bank's statements say of a request, as it will be known.
    fn end_those_told_of(&self, key: &VoucherKey, request: &Request, changes: &mut Vec<Change>) {
        self.end_those_of(key, changes, |one| {
            let said = request.said(one.opened, true)?;
            match one.told.source {
                Source::Treasury => {
                    let amount_fen = Fen::new(-said.amount_fen.get());
                    Some(Figures { amount_fen, ..said })
                }
                _ => Some(said),
            }
        });
    }

    fn end_those_of(
        &self,
        key: &VoucherKey,
        changes: &mut Vec<Change>,
        ours: impl Fn(&Difference) -> Option<Figures>,
    ) {
        let open = self.reconciled.register.open();
        let about = open.filter(|one| one.finding.place.voucher == *key);
        for one in about {
            self.end_one(one.id, &key.to_string(), ours(one), changes);
        }
    }

    /// Ends a difference where our books say by a fact what they say.
    fn end_one(
        &self,
        id: DifferenceId,
        fact: &str,
        ours: Option<Figures>,
        changes: &mut Vec<Change>,
    ) {
        let register = &self.reconciled.register;
        let is_it = |change: &Change| matches!(change, Change::Ended(ended, _) if *ended == id.0);
        if changes.iter().any(is_it) {
            return;
        }
        let today = self.reconciled.day.unwrap_or_default();
        let opened = register.get(id).map_or(today, |one| one.opened);
        let order = Order::Correct { id, fact, ours };
        // One that stays is refused, and stays.
        if let Ok(events) = register.decide(BOOKS, today.max(opened), order) {
            changes.extend(events.iter().map(Change::from));
        }
    }

    /// What our books say now of what a difference is about.
    pub(super) fn ours_now(&self, one: &Difference) -> Option<Figures> {
        if one.told.source.is_of_a_period() {
            return self.period_figures(one);
        }
        let item = one.finding.place.item();
        if matches!(item.voucher.kind, VoucherKind::TreasuryStatement | VoucherKind::DirectDaily) {
            // What the statement before it ended with is not ours to correct.
            return one.finding.ours;
        }
        self.our_figures(one.told.source, one.opened, item, is_back(one))
    }
}

/// Whether a difference is about money that came back.
fn is_back(one: &Difference) -> bool {
    let said = one.finding.theirs.or(one.finding.ours);
    said.is_some_and(|said| said.amount_fen.get() < 0)
}

/// A row as it will be when it is answered.
pub(super) fn answered(row: &Row, paid_fen: &[i64], facts: &[FactDue]) -> Row {
    let mut row = row.clone();
    for (part, paid_fen) in row.parts.iter_mut().zip(paid_fen) {
        part.paid_fen = Fen::new(*paid_fen);
    }
    row.paid_on = facts.first().map_or(row.day, |fact| fact.fact().day);
    row.standing = if row.paid_fen() == 0 { Standing::Ended } else { Standing::Paid };
    row
}
