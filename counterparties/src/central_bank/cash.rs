//! Who is paid when there is cash: the queue of each treasury from its front, nobody past another.
//!
//! A run is worked out on the side: it changes nothing, and leaves effects, up to a bound.

use std::collections::BTreeMap;

use domain::clearing::Lane;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::{Field, Flag, Party, Value, Voucher, VoucherKind};
use exchange::business::Effect;

use super::record::Record;
use super::{CentralBank, Kept, noted};
use crate::limits::SETTLED_PER_RUN_MAX;
use crate::record::KeyRecord;

/// A voucher that is about to join a queue.
pub(super) struct Joining<'a> {
    pub(super) from: Party,
    pub(super) voucher: &'a Voucher,
    pub(super) notice: Option<(Party, &'a Voucher)>,
    pub(super) lane: Lane,
    pub(super) arrived: u64,
}

/// What comes of cash that moved.
pub(super) struct Run<'a> {
    bank: &'a CentralBank,
    day: Day,
    moved_fen: BTreeMap<String, FenSum>,
    /// How many of each treasury's queue were paid so far: one may be come back to when it gets cash.
    paid: BTreeMap<String, usize>,
    joining: Option<Joining<'a>>,
    settled: usize,
    effects: Vec<Effect>,
}

impl CentralBank {
    pub(super) fn run(&self, day: Day) -> Run<'_> {
        let (moved_fen, paid) = (BTreeMap::new(), BTreeMap::new());
        Run { bank: self, day, moved_fen, paid, joining: None, settled: 0, effects: Vec::new() }
    }
}

impl<'a> Run<'a> {
    /// With a voucher that joins the queue of its treasury.
    pub(super) fn with(mut self, joining: Joining<'a>) -> Run<'a> {
        self.joining = Some(joining);
        self
    }

    /// Cash came to a treasury, or left it.
    pub(super) fn add(&mut self, treasury: &str, amount_fen: FenSum) {
        *self.moved_fen.entry(treasury.to_owned()).or_insert(0) += amount_fen;
    }

    pub(super) fn into_effects(self) -> Vec<Effect> {
        self.effects
    }

    /// Pays from the front of a treasury's queue as far as cash goes; so do treasuries that get cash by that.
    pub(super) fn drain(&mut self, treasury: &str) {
        let bank = self.bank;
        let Some(row) = bank.master.treasuries.get(treasury) else { return };
        let floor_fen = FenSum::from(row.floor_fen.get());
        let mut paid = self.paid.get(treasury).copied().unwrap_or(0);
        let mut queued = bank.queues.get(treasury).into_iter().flatten().skip(paid).peekable();
        let mut topped_up: Vec<String> = Vec::new();
        loop {
            let first = queued.peek().map(|(lane, arrived, _)| (*lane, *arrived));
            let joins =
                self.joining.as_ref().filter(|joining| treasury_of(joining.voucher) == treasury);
            let joins = joins.is_some_and(|joining| {
                first.is_none_or(|first| (joining.lane, joining.arrived) < first)
            });
            let (from, voucher, notice) = if joins {
                let joining = self.joining.as_ref().expect("it is about to join");
                (joining.from, joining.voucher, joining.notice)
            } else {
                let Some((_, _, key)) = queued.peek() else { break };
                let Kept { from, voucher, .. } = &bank.kept[key];
                let notice = bank.notices.get(key).map(|notice| &bank.kept[notice]);
                (*from, voucher, notice.map(|notice| (notice.from, &notice.voucher)))
            };
            let moved_fen = self.moved_fen.get(treasury).copied().unwrap_or(0);
            let left_fen = bank.balance_fen(treasury) + moved_fen - amount_fen(voucher);
            if left_fen < floor_fen || self.settled == SETTLED_PER_RUN_MAX {
                break;
            }
            self.settled += 1;
            self.add(treasury, -amount_fen(voucher));
            for (to, to_fen) in bank.dispatched_by(voucher) {
                self.add(to, to_fen);
                topped_up.push(to.to_owned());
            }
            if joins {
                self.joining = None;
            } else {
                queued.next();
                paid += 1;
            }
            self.effects.push(noted(&Record::Settled { key: KeyRecord::from(&voucher.key) }));
            self.effects.extend(bank.settled_answers(self.day, from, voucher, notice));
        }
        self.paid.insert(treasury.to_owned(), paid);
        for treasury in topped_up {
            self.drain(&treasury);
        }
    }
}

fn treasury_of(voucher: &Voucher) -> &str {
    voucher.head.text(Field::Treasury).unwrap_or("")
}

pub(super) fn amount_fen(voucher: &Voucher) -> FenSum {
    voucher.head.amount_fen(Field::Amount).map_or(0, |fen| FenSum::from(fen.get()))
}

impl CentralBank {
    /// What waits for cash in a treasury that finance has sent or is told of by a bank's request, in the order it will be
    /// paid. Income that is given back is in none of finance's books here.
    pub(super) fn queued_at(&self, treasury: &str) -> impl Iterator<Item = &Kept> {
        let queue = self.queues.get(treasury).into_iter().flatten();
        let kept = queue.map(|(_, _, key)| &self.kept[key]);
        kept.filter(|kept| kept.voucher.key.kind != VoucherKind::RevenueRefund)
    }

    /// What an allocation sends to other treasuries: a payee whose account is a treasury's code.
    pub(super) fn dispatched_by<'v>(&self, voucher: &'v Voucher) -> Vec<(&'v str, FenSum)> {
        if voucher.key.kind != VoucherKind::Allocation {
            return Vec::new();
        }
        let to_treasury = |line: &'v domain::voucher::Detail| {
            let account = line.fields.text(Field::PayeeAccount)?;
            let line_fen = line.fields.amount_fen(Field::Amount)?;
            let is_one = self.master.treasuries.contains_key(account);
            let other = account != treasury_of(voucher);
            (is_one && other).then_some((account, FenSum::from(line_fen.get())))
        };
        voucher.details.iter().filter_map(to_treasury).collect()
    }

    /// The receipts of what is settled: to whoever sent it, and to finance what it has no voucher of its own for. Of
    /// a transfer request finance hears by the receipt of its notice.
    pub(super) fn settled_answers(
        &self,
        day: Day,
        from: Party,
        voucher: &Voucher,
        notice: Option<(Party, &Voucher)>,
    ) -> Vec<Effect> {
        let answer = settled_receipt(day, voucher);
        let is_refund = voucher.key.kind == VoucherKind::RefundRequest;
        let mut effects = vec![Effect::Issue { to: from, voucher: answer.clone() }];
        let finance = self.master.treasuries.get(treasury_of(voucher)).map(|row| row.finance);
        if let Some(finance) = finance.filter(|_| is_refund) {
            effects.push(Effect::Issue { to: finance, voucher: answer });
        }
        if let Some((from, notice)) = notice {
            effects.push(Effect::Issue { to: from, voucher: settled_receipt(day, notice) });
        }
        effects
    }
}

/// The receipt of a voucher that was settled whole on a day.
fn settled_receipt(day: Day, voucher: &Voucher) -> Voucher {
    let mut receipt = voucher.clone();
    (receipt.flag, receipt.date) = (Flag::Receipt, day);
    let amount_fen = voucher.head.amount_fen(Field::Amount).unwrap_or_default();
    receipt.head.set(Field::ExecutedAmount, Value::Amount(amount_fen));
    receipt.head.set(Field::ClearedDay, Value::Day(day));
    if matches!(voucher.key.kind, VoucherKind::Allocation | VoucherKind::RevenueRefund) {
        receipt.head.set(Field::ExecutedDay, Value::Day(day));
        for line in &mut receipt.details {
            if let Some(line_fen) = line.fields.amount_fen(Field::Amount) {
                line.fields.set(Field::ExecutedAmount, Value::Amount(line_fen));
            }
        }
    }
    receipt
}
