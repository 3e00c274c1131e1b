//! Orders and limit notices that do not stand: payments that finance takes back (作废), vouchers that come back.
//!
//! The engine gives the money of a voided payment back at once, on finance's word; the store follows it. A voucher
//! that never left is voided, one that left is asked back, and what the bank keeps all the same a person hears of.
//! Payments that shared a voucher with one that was taken back are not rejected: they go out under a new number.

use domain::codes::FactKind;
use domain::ids::PaymentId;
use domain::office::shelves::Book;
use domain::voucher::grouping::without;
use domain::voucher::{Flag, Party, Voucher, VoucherKey, facts};

use super::answer::due;
use super::record::{PaymentName, Record};
use super::sheet::retold;
use super::{Finance, Refusal, Row, Standing, noted};
use crate::business::Effect;

impl Row {
    /// Whether a payment in it was taken back.
    pub(super) fn is_voided(&self, payment: PaymentId) -> bool {
        self.parts.iter().any(|part| part.voided && part.payment == payment)
    }

    pub(super) fn book(&self) -> Book {
        let quota = self.parts.first().expect("a voucher has details").quota;
        (quota.division(), quota.year())
    }
}

impl Finance {
    /// A payment was voided in the engine. Told twice, it is done once.
    pub(super) fn take_back(&self, book: Book, payment: PaymentId) -> Vec<Effect> {
        let voided = || noted(&Record::Voided { payment: PaymentName::of(book, payment) });
        let Some(row) = self.voucher_of(book, payment) else {
            let waits = self.left.contains_key(&(book, payment));
            return if waits { vec![voided()] } else { Vec::new() };
        };
        if row.is_voided(payment) {
            return Vec::new();
        }
        let reason = format!("finance voided payment {payment}");
        match row.standing {
            Standing::Out => {
                // One that came back is at its end.
                let sheet = row.sheet.iter().map(|sheet| sheet.key);
                let sheet = sheet.filter(|_| self.sheet_back(&row.key).is_none());
                let keys = sheet.chain([row.key]);
                let back = |key| Effect::TakeBack { to: row.to, key, reason: reason.clone() };
                [voided()].into_iter().chain(keys.map(back)).collect()
            }
            // What is left of it may be about to be written anew in this very turn.
            Standing::Ended => vec![voided()],
            _ if row.paid_of(payment) == 0 => Vec::new(),
            _ => vec![voided(), paid_all_the_same(row, payment)],
        }
    }

    /// An order of ours ends unpaid: its bank sent it back or could not take it, or it was taken back in time.
    pub(super) fn order_came_back(
        &self,
        from: Party,
        key: &VoucherKey,
        reason: &str,
    ) -> Vec<Effect> {
        let Ok(row) = self.ours(from, key) else { return Vec::new() };
        if row.standing != Standing::Out {
            return Vec::new();
        }
        let taken_back = row.parts.iter().any(|part| part.voided);
        let facts = match taken_back {
            // The engine has released what was voided; the others are still to be paid.
            true => Vec::new(),
            false => {
                let original = retold(row, &row.parts, Flag::Original);
                let facts = facts::of_return(&original, reason, row.day);
                due(row, &facts.expect("every detail of ours names its payment"))
            }
        };
        let key = key.to_string();
        let (paid_fen, lines) = (Vec::new(), Vec::new());
        let mut effects = vec![noted(&Record::Answered { key, paid_fen, lines, facts })];
        if taken_back && row.parts.iter().any(|part| !part.voided) {
            effects.push(Effect::ReadAgain { to: row.to, key: row.key });
        }
        effects
    }

    /// What is left of a voucher without the payments that were taken back, under a new number.
    pub(super) fn write_without_voided(&self, to: Party, order: &Voucher) -> Vec<Effect> {
        let Some(row) = self.voucher(&order.key).filter(|row| row.standing == Standing::Ended)
        else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        // What has another voucher by now needs no third.
        let is_elsewhere = |payment| {
            let now = self.voucher_of(row.book(), payment);
            row.is_voided(payment) || now.is_none_or(|now| now.key != row.key)
        };
        if let Some(draft) = without(order, &is_elsewhere) {
            let heap = (row.key.division, row.book(), row.day, to, row.path);
            self.write(heap, draft, &mut self.numbers.giving(), &mut effects);
            // Behind the order, so that there is one to stand beside.
            effects.extend(row.sheet.iter().map(|sheet| Effect::ReadAgain { to, key: sheet.key }));
        }
        effects
    }

    /// What a receipt says that was voided before: money that went all the same.
    pub(super) fn alarms_of_voided(row: &Row, paid_fen: &[i64]) -> Vec<Effect> {
        let paid = row.parts.iter().zip(paid_fen).filter(|(part, fen)| part.voided && **fen != 0);
        let mut alarms: Vec<Effect> =
            paid.map(|(part, _)| paid_all_the_same(row, part.payment)).collect();
        alarms.dedup();
        alarms
    }

    /// The central bank sent a limit notice back: nothing of it was cleared.
    pub(super) fn notice_came_back(&self, notice: &VoucherKey, reason: &str) -> Vec<Effect> {
        let mut effects = vec![noted(&Record::NoticeBack { notice: notice.to_string() })];
        effects.extend(self.request_sent_back(notice));
        let rows = &self.noticed[notice];
        let answered = self.answer_requests(rows);
        if answered.is_empty() {
            effects.push(Effect::Alarm {
                what: format!(
                    "limit notice {notice} came back: {reason}; its vouchers are paid and not cleared until their \
                     bank asks again, or the notice goes out again by the order `notice-again`"
                ),
            });
        }
        effects.extend(answered);
        effects
    }

    /// A notice that came back goes out again, as it was.
    pub(super) fn notice_again(&self, notice: &VoucherKey) -> Result<Vec<Effect>, Refusal> {
        if !self.notices_back.contains_key(notice) {
            return Err(Refusal::NoNotice { notice: *notice });
        }
        Ok(vec![Effect::ReadAgain { to: self.central_bank, key: *notice }])
    }

    pub(super) fn write_notice_again(&self, notice: &Voucher) -> Vec<Effect> {
        // Its vouchers may be noticed under another by now.
        let Some(rows) = self.notices_back.get(&notice.key) else { return Vec::new() };
        let rows: Vec<&Row> = rows.iter().map(|at| &self.rows[*at as usize]).collect();
        match self.notice_with(notice.clone(), &rows, &mut self.numbers.giving()) {
            Ok(effects) => effects,
            Err(why) => vec![Effect::Alarm { what: format!("{}: {why}", notice.key) }],
        }
    }
}

impl Row {
    fn paid_of(&self, payment: PaymentId) -> i64 {
        let parts = self.parts.iter().filter(|part| part.payment == payment);
        parts.map(|part| part.paid_fen.get()).sum()
    }
}

fn paid_all_the_same(row: &Row, payment: PaymentId) -> Effect {
    Effect::Alarm {
        what: format!(
            "payment {payment} was voided, and {} has paid it by {}: have it given back; the engine keeps what is \
             reported of it in suspense",
            row.to, row.key
        ),
    }
}

/// Without rejections of payments that the engine has released already.
pub(super) fn without_voided<'a>(
    row: &Row,
    facts: Vec<domain::command::Fact<'a>>,
) -> Vec<domain::command::Fact<'a>> {
    let mut facts = facts;
    facts.retain(|fact| fact.kind != FactKind::Reject || !row.is_voided(fact.payment));
    facts
}
