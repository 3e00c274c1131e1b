//! What finance's own books say of a day, as lines to compare.

use std::collections::BTreeSet;

use domain::Fen;
use domain::codes::Path;
use domain::ids::Day;
use domain::reconciliation::register::Told;
use domain::reconciliation::{Figures, Item, ItemState, Line, Scope, Source};
use domain::voucher::VoucherKey;

use super::Request;
use crate::finance::answer::part_at;
use crate::finance::collection::Collected;
use crate::finance::{Finance, Part, Row, Standing};

/// What a debit stands under on an account's statement: it has one detail.
const DEBIT: &str = "1";

/// What a row says of one of its details on a day.
struct Said {
    /// The detail's number, from 1.
    detail: usize,
    figures: Figures,
}

impl Finance {
    /// What our books say against a statement of a day. `named`: the vouchers that the statement names; what is pending
    /// is held against it where it may be in it and was not told. `waits`: those that it says are not done yet.
    pub(super) fn our_lines<E>(
        &self,
        (told, day): (Told, Day),
        named: &BTreeSet<VoucherKey>,
        waits: &BTreeSet<VoucherKey>,
        take: &mut dyn FnMut(&Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match told.source {
            Source::Account => {
                self.paid_lines((told, day), waits, take)?;
                self.collected_lines(told, day, take)
            }
            Source::Clearing => {
                self.reconciled.requests.iter().try_for_each(|(key, request)| {
                    let said = request.said(day, named.contains(key));
                    let Some(figures) = said else { return Ok(()) };
                    let scope = Scope { bank: request.bank.code(), account: "", fund: "" };
                    take(&Line { scope, item: Item { voucher: *key, detail: "" }, figures })
                })?;
                // An allocation is named while it waits for cash, and under no bank.
                let scope = Scope { bank: "", account: "", fund: "" };
                named.iter().try_for_each(|key| match self.allocation_said(key, day) {
                    None => Ok(()),
                    Some(figures) => {
                        take(&Line { scope, item: Item { voucher: *key, detail: "" }, figures })
                    }
                })
            }
            _ => self.cash_moved(day, take),
        }
    }

    /// What a bank has paid of the treasury's money on a day, what came back, and what it has not answered.
    fn paid_lines<E>(
        &self,
        (told, day): (Told, Day),
        waits: &BTreeSet<VoucherKey>,
        take: &mut dyn FnMut(&Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let of_bank = |row: &&Row| row.to == told.party && row.path == Path::Treasury;
        for row in self.rows.iter().filter(of_bank) {
            let account = self.reconciled.payers.account(row.payer);
            let scope = Scope { bank: row.to.code(), account, fund: "" };
            // What the bank holds is told each day until it is done.
            let is_due = waits.contains(&row.key) || self.is_held_there(row);
            for Said { detail, figures } in said(row, day, is_due) {
                let detail = detail.to_string();
                let item = Item { voucher: row.key, detail: &detail };
                take(&Line { scope, item, figures })?;
            }
        }
        Ok(())
    }

    /// What payees have collected on a day from a bank's accounts, and what payments took over on it or came back.
    fn collected_lines<E>(
        &self,
        told: Told,
        day: Day,
        take: &mut dyn FnMut(&Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (key, debit) in self.collected().filter(|(_, debit)| debit.bank == told.party) {
            let scope = Scope { bank: debit.bank.code(), account: &debit.payer, fund: "" };
            let item = Item { voucher: *key, detail: DEBIT };
            for figures in
                [false, true].into_iter().filter_map(|ends| self.collected_said(debit, ends))
            {
                if figures.day == day {
                    take(&Line { scope, item, figures })?;
                }
            }
        }
        Ok(())
    }

    /// What our books say of a debit, or of its end.
    pub(super) fn collected_said(&self, debit: &Collected, ends: bool) -> Option<Figures> {
        match ends {
            false => Some(done(debit.amount_fen, debit.day)),
            true => {
                let day = debit.back.or_else(|| self.taken_over_on(debit))?;
                Some(done(Fen::new(-debit.amount_fen.get()), day))
            }
        }
    }

    /// What moved cash in our books on a day: what was cleared, what came back, and what the central bank paid itself.
    fn cash_moved<E>(
        &self,
        day: Day,
        take: &mut dyn FnMut(&Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let scope = Scope { bank: "", account: "", fund: "" };
        let mut moved = |voucher: VoucherKey, out_fen: i64| {
            let figures = done(Fen::new(-out_fen), day);
            take(&Line { scope, item: Item { voucher, detail: "" }, figures })
        };
        for (key, request) in &self.reconciled.requests {
            // Of refunds whose notices are late nothing is in our books.
            let is_known = request.ours_fen != Fen::ZERO;
            if is_known && request.end.is_some_and(|end| end.day == day && !end.returned) {
                moved(*key, request.ours_fen.get())?;
            }
        }
        let paid_by_treasury = |row: &&Row| row.path == Path::Allocation && row.paid_on == day;
        for row in self.rows.iter().filter(paid_by_treasury) {
            let paid_fen = i64::try_from(row.paid_fen()).expect("a voucher's sum is an amount");
            if paid_fen != 0 {
                moved(row.key, paid_fen)?;
            }
        }
        for (notice, (back, fen)) in &self.reconciled.back {
            if *back == day {
                moved(*notice, -fen.get())?;
            }
        }
        Ok(())
    }

    /// What our books say on a day of an allocation as a whole.
    fn allocation_said(&self, key: &VoucherKey, day: Day) -> Option<Figures> {
        let row = self.voucher(key).filter(|row| row.path == Path::Allocation)?;
        let pending = Figures { amount_fen: row.amount_fen, state: ItemState::Pending, day };
        match row.standing {
            Standing::Out => Some(pending),
            Standing::Ended => Some(Figures { state: ItemState::Returned, ..pending }),
            _ => Some(done(row.amount_fen, row.paid_on)),
        }
    }

    /// What our books say now of one item of a statement.
    pub(super) fn our_figures(
        &self,
        source: Source,
        day: Day,
        item: Item<'_>,
        back: bool,
    ) -> Option<Figures> {
        match source {
            Source::Account => {
                if let Some(debit) = self.collected.get(&item.voucher) {
                    return self.collected_said(debit, back);
                }
                let row = self.voucher(&item.voucher)?;
                figures_of(row, day, item.detail, back)
            }
            Source::Clearing => match self.reconciled.requests.get(&item.voucher) {
                Some(request) => request.said(day, true),
                None => self.allocation_said(&item.voucher, day),
            },
            Source::TransferRequests | Source::RefundRequests => self.asked_now(source, item, day),
            _ if self.reconciled.back.contains_key(&item.voucher) => {
                let (day, fen) = self.reconciled.back[&item.voucher];
                Some(done(fen, day))
            }
            _ => {
                let request = self.reconciled.requests.get(&item.voucher);
                let request = request.and_then(|request| request.said(day, true));
                let out = request.filter(|said| said.state == ItemState::Done);
                out.map(|said| done(Fen::new(-said.amount_fen.get()), said.day))
            }
        }
    }
}

/// What a row says on a day of one detail: of its payment, or of what came back.
pub(super) fn figures_of(row: &Row, day: Day, detail: &str, back: bool) -> Option<Figures> {
    if back {
        // It is in our books on one day, whichever day is asked for.
        let part = &row.payees()[part_at(row.payees(), detail)?];
        return part.refunded.then(|| done(Fen::new(-part.paid_fen.get()), part.refunded_on));
    }
    let of_detail =
        |said: &Said| said.detail.to_string() == detail && said.figures.amount_fen >= Fen::ZERO;
    let on = |day: Day| said(row, day, false).find(of_detail);
    // It may be in our books on another day by now.
    let said = on(day).or_else(|| on(row.paid_on)).or_else(|| on(row.due_on));
    said.map(|said| said.figures)
}

/// What a row says on a day: what was paid on it, what came back on it, and what was due on it, or `is_due` by its bank's own
/// word, and is not answered. What never left is none of its bank's business.
fn said(row: &Row, day: Day, is_due: bool) -> impl Iterator<Item = Said> {
    let is_paid = row.paid_on == day;
    let is_pending = row.standing == Standing::Out && !row.held && (is_due || row.due_on == day);
    let ordered = (1..).zip(row.parts.iter()).flat_map(move |(detail, part): (usize, &Part)| {
        let paid = is_paid && part.paid_fen != Fen::ZERO;
        let paid = paid.then(|| done(part.paid_fen, day));
        let state = ItemState::Pending;
        let pending = (is_pending && !part.voided).then_some(Figures {
            amount_fen: part.ordered_fen,
            state,
            day,
        });
        [paid, pending].into_iter().flatten().map(move |figures| Said { detail, figures })
    });
    // What comes back names the payee, who may stand beside the order.
    let back = (1..).zip(row.payees()).filter_map(move |(detail, part): (usize, &Part)| {
        let came_back = part.refunded && part.refunded_on == day;
        let figures = came_back.then(|| done(Fen::new(-part.paid_fen.get()), day))?;
        Some(Said { detail, figures })
    });
    ordered.chain(back)
}

pub(super) const fn done(amount_fen: Fen, day: Day) -> Figures {
    Figures { amount_fen, state: ItemState::Done, day }
}

impl Request {
    /// What a request says on a day: how it ended on it. What has not ended is on its way, and is said where it is
    /// `asked` for.
    pub(super) fn said(&self, day: Day, asked: bool) -> Option<Figures> {
        match self.end {
            // What was sent back moved nothing: it is said where it is asked for.
            Some(end) if asked || (end.day == day && !end.returned) => {
                let (amount_fen, state) = match end.returned {
                    true => (self.asked_fen, ItemState::Returned),
                    false => (self.ours_fen, ItemState::Done),
                };
                Some(Figures { amount_fen, state, day: end.day })
            }
            // Without a limit notice it can but come back.
            None if asked && self.is_without_limit() => {
                let (amount_fen, state) = (self.asked_fen, ItemState::Returned);
                Some(Figures { amount_fen, state, day })
            }
            // On its way it is on every day until it has ended.
            None if asked => {
                let (amount_fen, state) = (self.ours_fen, ItemState::Pending);
                Some(Figures { amount_fen, state, day })
            }
            _ => None,
        }
    }
}
