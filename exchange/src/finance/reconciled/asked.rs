//! A bank's requests (2301, 2302) held against our books, line by line.
//!
//! A request is compared when it comes, and what differs is kept. At the bank's day's end, when its account statement
//! is there, that is looked at again: by then a receipt may have come. What is left is a difference, unless the account
//! statement differs over the same voucher, which is the same matter. Money that came back is asked for apart, and
//! never netted against payments.

use std::collections::BTreeSet;

use domain::Fen;
use domain::ids::Day;
use domain::reconciliation::class::{Class, OwnedFinding};
use domain::reconciliation::register::{Order, Told};
use domain::reconciliation::statement::{day_of as stated_day, lines, source_of};
use domain::reconciliation::{
    Comparison, Figures, Item, ItemState, Line, Register, Scope, Side, Source,
};
use domain::voucher::{Party, Voucher, VoucherKey};

use super::ours::done;
use super::record::{Change, FindingRecord, Record};
use super::told::reconciled;
use super::{BOOKS, Differs};
use crate::business::Effect;
use crate::finance::{Finance, Row, Standing};

impl Finance {
    /// What a request's lines say that our books do not, and how many say the same.
    pub(super) fn request_held(&self, from: Party, request: &Voucher) -> Option<Differs> {
        let source = source_of(request.key.kind, request.flag)?;
        let mut comparison = Comparison::new(source);
        let (mut named, mut items) = (BTreeSet::new(), BTreeSet::new());
        for line in lines(request).ok()? {
            // One that cannot be read is refused with the request.
            let line = line.ok()?;
            comparison.add(Side::Theirs, &line).ok()?;
            named.insert(line.item.voucher);
            items.insert((line.item.voucher, line.item.detail.to_owned()));
        }
        let asked = Asked { back: source == Source::RefundRequests, day: stated_day(request) };
        for voucher in named {
            let Some(row) = self.voucher(&voucher).filter(|row| row.to == from) else { continue };
            let (account, fund) = self.reconciled.payers.name(row.payer);
            let scope = Scope { bank: from.code(), account, fund };
            for detail in 1..=asked.parts(row).len() {
                let detail = detail.to_string();
                // Of a voucher's refunds a request names some.
                let is_asked = !asked.back || items.contains(&(voucher, detail.clone()));
                let Some(figures) = asked.figures(row, &detail).filter(|_| is_asked) else {
                    continue;
                };
                let line = Line { scope, item: Item { voucher, detail: &detail }, figures };
                comparison.add(Side::Ours, &line).ok()?;
            }
        }
        let compared = comparison.finish();
        let findings = compared.findings().map(|one| one.to_owned()).collect();
        Some(Differs { agreed: compared.agreed(), findings })
    }

    /// That a request was compared; and at once what comes of it, where its bank's day has ended.
    pub(super) fn request_compared(&self, from: Party, request: &Voucher) -> Vec<Effect> {
        let Some(differs) = self.request_held(from, request) else { return Vec::new() };
        let held = Record::Held {
            request: request.key.to_string(),
            agreed: differs.agreed,
            findings: differs.findings.iter().map(FindingRecord::from).collect(),
        };
        let mut effects = vec![reconciled(held)];
        let (day, register) = (request.date, &self.reconciled.register);
        if register.compared(day, Told { source: Source::Account, party: from }).is_some() {
            let more = (request.key, &differs);
            effects.extend(self.requests_of_day(from, day, register.clone(), Some(more)));
        }
        effects
    }

    /// A bank's day has ended: what its requests of the day say that our books do not say by now. The register is as
    /// its account statement leaves it. `more`: a request that is not taken down yet.
    pub(super) fn requests_of_day(
        &self,
        bank: Party,
        day: Day,
        mut register: Register,
        more: Option<(VoucherKey, &Differs)>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let known = told_of(&register, bank);
        for source in [Source::TransferRequests, Source::RefundRequests] {
            let of_source = |key: &VoucherKey| {
                source_of(key.kind, domain::voucher::Flag::Original) == Some(source)
            };
            let asked = self.reconciled.requests.iter();
            let asked = asked.filter(|(key, request)| {
                of_source(key) && request.bank == bank && request.day == day
            });
            let all = asked.filter_map(|(_, request)| {
                let came_back = request.end.is_some_and(|end| end.returned);
                let moved_nothing = came_back || request.is_without_limit();
                Some((request.differs.as_ref()?, moved_nothing))
            });
            let more = more.filter(|(key, _)| of_source(key)).map(|(_, differs)| (differs, false));
            let (mut agreed, mut findings) = (0, BTreeSet::new());
            for (Differs { agreed: same, findings: differs }, moved_nothing) in all.chain(more) {
                agreed += same;
                for one in differs {
                    match self.looked_at_again(source, one, moved_nothing) {
                        None => agreed += 1,
                        Some(one) if known.contains(&matter(&one)) => {}
                        Some(one) => {
                            findings.insert(one);
                        }
                    }
                }
            }
            let told = Told { source, party: bank };
            let findings = findings.into_iter().collect();
            let order = Order::Compare { told, day, agreed, findings };
            let events = match register.decide(BOOKS, day, order) {
                Ok(events) => events,
                Err(refusal) => {
                    let what =
                        format!("{source} of {bank} on {} not compared: {refusal}", day.get());
                    effects.push(Effect::Alarm { what });
                    continue;
                }
            };
            events.iter().for_each(|event| register.apply(event));
            let changes = events.iter().map(Change::from).collect();
            effects.push(reconciled(Record::Compared {
                told: told.into(),
                day: day.get(),
                changes,
            }));
        }
        effects
    }

    /// A finding against our books as they are now; none where both say the same. A request that came back whole,
    /// or can but come back, moved nothing, so that what it asked for out of a voucher that came back as well (冲正) is over.
    pub(super) fn looked_at_again(
        &self,
        source: Source,
        one: &OwnedFinding,
        moved_nothing: bool,
    ) -> Option<OwnedFinding> {
        let Some(theirs) = one.theirs.filter(|_| one.class != Class::Duplicate) else {
            return Some(one.clone());
        };
        let ours = self.asked_now(source, one.place.item(), theirs.day);
        let row = self.voucher(&one.place.voucher);
        if moved_nothing && ours.is_none() && row.is_some_and(|row| row.standing == Standing::Ended)
        {
            return None;
        }
        let class = match ours {
            Some(ours) => Class::of_pair(ours, theirs)?,
            None => Class::MissingHere,
        };
        Some(OwnedFinding { class, ours, ..one.clone() })
    }

    /// What our books say now of what a request asks for.
    pub(super) fn asked_now(&self, source: Source, item: Item<'_>, day: Day) -> Option<Figures> {
        let asked = Asked { back: source == Source::RefundRequests, day };
        asked.figures(self.voucher(&item.voucher)?, item.detail)
    }
}

/// What a finding is about: a voucher, and whether money went or came back.
fn matter(one: &OwnedFinding) -> (VoucherKey, bool) {
    let said = one.theirs.or(one.ours);
    (one.place.voucher, said.is_some_and(|said| said.amount_fen.get() < 0))
}

/// What a bank's account statements differ about.
fn told_of(register: &Register, bank: Party) -> BTreeSet<(VoucherKey, bool)> {
    let told = Told { source: Source::Account, party: bank };
    let of_bank = register.open().filter(|known| known.told == told);
    of_bank.map(|known| matter(&known.finding)).collect()
}

/// What a request asks for: payments, or money that came back, which it hands over on its day.
#[derive(Clone, Copy)]
struct Asked {
    back: bool,
    day: Day,
}

impl Asked {
    fn parts(self, row: &Row) -> &[crate::finance::Part] {
        // What comes back names the payee, who may stand beside the order.
        if self.back { row.payees() } else { &row.parts }
    }

    /// What our books have of one detail: paid, come back, or ordered and not answered.
    fn figures(self, row: &Row, detail: &str) -> Option<Figures> {
        let at = detail.parse::<usize>().ok()?.checked_sub(1)?;
        let part = self.parts(row).get(at)?;
        if self.back {
            return part.refunded.then(|| done(Fen::new(-part.paid_fen.get()), self.day));
        }
        if part.paid_fen != Fen::ZERO {
            return Some(done(part.paid_fen, row.paid_on));
        }
        let is_pending = row.standing == Standing::Out && !part.voided;
        let (amount_fen, state) = (part.ordered_fen, ItemState::Pending);
        is_pending.then_some(Figures { amount_fen, state, day: row.day })
    }
}
