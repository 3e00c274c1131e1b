//! Vouchers that come: requests held against notices, refunds, allocations, corrections, answers to statements.

use domain::clearing::{Lane, compare};
use domain::ids::Day;
use domain::voucher::{Field, Party, Voucher, VoucherKey, VoucherKind};
use exchange::business::{Effect, Verdict};

use super::cash::{Joining, amount_fen};
use super::record::Record;
use super::{CentralBank, Refusal, failed, noted, request_of};
use crate::behind::Early;
use crate::limits::{KEPT_MAX, REASON_CHARS_MAX};
use crate::reason::is_reason;
use crate::record::{KeyRecord, digest, voucher_bytes};

impl CentralBank {
    pub(super) fn take_voucher(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        let Some(digest) = digest(voucher) else {
            return failed("凭证无法规范化: the voucher has no canonical bytes; send one that has");
        };
        match self.seen.get(&voucher.key) {
            Some(known) if *known == digest => return (Verdict::Accepted, Vec::new()),
            Some(_) => {
                return failed(format!(
                    "同号异文: {} came before with other contents; never use a number again",
                    voucher.key
                ));
            }
            None => {}
        }
        let Some(day) = self.day else {
            return failed("国库未开工: the treasury has not begun its first day; send it later");
        };
        let effects = match self.is_behind(voucher, day) {
            true => self.wait_for_day(from, voucher, digest),
            false => self.look_at(from, voucher, digest, day),
        };
        (Verdict::Accepted, effects)
    }

    /// Whether a voucher came behind the close. What answers a statement of the closed day is part of it.
    fn is_behind(&self, voucher: &Voucher, day: Day) -> bool {
        let is_answer = matches!(
            voucher.key.kind,
            VoucherKind::StatementAnswer | VoucherKind::BankStatementAnswer
        );
        !self.open && (!is_answer || voucher.date > day)
    }

    fn wait_for_day(&self, from: Party, voucher: &Voucher, digest: u64) -> Vec<Effect> {
        if self.kept.len() + self.behind.len() >= KEPT_MAX {
            return send_back(from, voucher.key, digest, too_many());
        }
        let (from, voucher) = (from.to_string(), voucher_bytes(voucher));
        vec![noted(&Record::Early { digest, from: &from, voucher: &voucher })]
    }

    /// Looks at what waited for the day as if it had just come.
    pub(super) fn take_up(&self, early: &Early, day: Day) -> Vec<Effect> {
        let Early { from, voucher, digest, .. } = early;
        let mut effects = vec![noted(&Record::TakenUp { key: KeyRecord::from(&voucher.key) })];
        effects.extend(self.look_at(*from, voucher, *digest, day));
        effects
    }

    fn look_at(&self, from: Party, voucher: &Voucher, digest: u64, day: Day) -> Vec<Effect> {
        if let Some(reason) = self.stopped_at_gate(from, voucher, day) {
            return send_back(from, voucher.key, digest, reason);
        }
        match voucher.key.kind {
            VoucherKind::TransferRequest => self.take_request(from, voucher, digest, day),
            VoucherKind::AuthorizedLimit | VoucherKind::DirectLimit => {
                self.take_notice(from, voucher, digest, day)
            }
            VoucherKind::Allocation | VoucherKind::RevenueRefund => {
                self.join(from, voucher, digest, None, day)
            }
            VoucherKind::RefundRequest => self.post_now(from, voucher, digest, day),
            kind if kind.is_correction() => self.post_now(from, voucher, digest, day),
            VoucherKind::SpecialAllocation | VoucherKind::GeneralPayment => {
                let why = "国库不受理此类支付: this treasury pays by 5207 and 5209; order it by one of them";
                send_back(from, voucher.key, digest, why.to_owned())
            }
            VoucherKind::BaseData => take_base_data(voucher, digest),
            _ => vec![noted(&Record::Noted { key: KeyRecord::from(&voucher.key), digest })],
        }
    }

    fn take_request(&self, from: Party, request: &Voucher, digest: u64, day: Day) -> Vec<Effect> {
        let notice = self.notices.get(&request.key).and_then(|notice| self.kept.get(notice));
        match notice {
            Some(notice) => {
                self.matched((from, request, digest), (notice.from, &notice.voucher), day)
            }
            None => self.keep(from, request, digest),
        }
    }

    fn take_notice(&self, from: Party, notice: &Voucher, digest: u64, day: Day) -> Vec<Effect> {
        let Some(request) = request_of(notice) else {
            let why = "缺划款凭证号: a notice names the request it is for in `ClearVoucherNo`";
            return send_back(from, notice.key, digest, why.to_owned());
        };
        if self.notices.contains_key(&request) {
            let why = format!(
                "已有额度通知单: a notice for {request} came before; have it sent back first"
            );
            return send_back(from, notice.key, digest, why);
        }
        let Some(kept) = self.kept.get(&request).filter(|kept| !kept.queued) else {
            if self.seen.contains_key(&request) && self.behind.get(&request).is_none() {
                let why =
                    format!("划款凭证已了结: {request} has come to its end; notice the next one");
                return send_back(from, notice.key, digest, why);
            }
            return self.keep(from, notice, digest);
        };
        let request_digest = self.seen[&request];
        let mut effects = self.keep(from, notice, digest);
        if self.kept.len() >= KEPT_MAX {
            return effects;
        }
        let request = (kept.from, &kept.voucher, request_digest);
        effects.extend(self.matched(request, (from, notice), day));
        effects
    }

    /// A request with its notice: both go back on a mismatch, or the request joins the queue for cash.
    fn matched(
        &self,
        (from, request, digest): (Party, &Voucher, u64),
        (noticer, notice): (Party, &Voucher),
        day: Day,
    ) -> Vec<Effect> {
        let mismatches = compare(request, notice);
        let Some(first) = mismatches.first() else {
            return self.join(from, request, digest, Some((noticer, notice)), day);
        };
        let (chinese, count) = (first.chinese(), mismatches.len());
        let reason = format!("{chinese} (1/{count}): {first}");
        let notice_digest = crate::record::digest(notice).unwrap_or_default();
        let mut effects = send_back(from, request.key, digest, reason.clone());
        effects.extend(send_back(noticer, notice.key, notice_digest, reason));
        effects
    }

    /// Sends back what waits for its other half: its number is at an end.
    pub(super) fn send_held_back(
        &self,
        voucher: VoucherKey,
        reason: &str,
    ) -> Result<Vec<Effect>, Refusal> {
        self.today()?;
        if !is_reason(reason) {
            return Err(Refusal::Reason);
        }
        let kept = self.kept.get(&voucher).filter(|kept| !kept.queued);
        let kept = kept.ok_or(Refusal::NotHeld { voucher })?;
        Ok(send_back(kept.from, voucher, self.seen[&voucher], reason.to_owned()))
    }

    fn keep(&self, from: Party, voucher: &Voucher, digest: u64) -> Vec<Effect> {
        if self.kept.len() >= KEPT_MAX {
            return send_back(from, voucher.key, digest, too_many());
        }
        let (from, voucher) = (from.to_string(), voucher_bytes(voucher));
        vec![noted(&Record::Kept { digest, from: &from, voucher: &voucher })]
    }

    /// A voucher that waits for nothing but cash: it is paid now, or when its turn comes.
    fn join<'a>(
        &'a self,
        from: Party,
        voucher: &'a Voucher,
        digest: u64,
        notice: Option<(Party, &'a Voucher)>,
        day: Day,
    ) -> Vec<Effect> {
        let known = self.kept.get(&voucher.key);
        let mut effects = match known {
            Some(_) => Vec::new(),
            None => self.keep(from, voucher, digest),
        };
        if known.is_none() && self.kept.len() >= KEPT_MAX {
            return effects;
        }
        effects.push(noted(&Record::Queued { key: KeyRecord::from(&voucher.key) }));
        if self.beginning {
            return effects;
        }
        let lane = lane_of(voucher);
        let arrived = known.map_or(self.arrived, |kept| kept.arrived);
        let mut run = self.run(day).with(Joining { from, voucher, notice, lane, arrived });
        run.drain(voucher.head.text(Field::Treasury).unwrap_or(""));
        effects.extend(run.into_effects());
        effects
    }

    /// A voucher that needs no cash: refunds bring some, corrections move none.
    fn post_now(&self, from: Party, voucher: &Voucher, digest: u64, day: Day) -> Vec<Effect> {
        let mut effects = self.keep(from, voucher, digest);
        if self.kept.len() >= KEPT_MAX {
            return effects;
        }
        effects.push(noted(&Record::Settled { key: KeyRecord::from(&voucher.key) }));
        effects.extend(self.settled_answers(day, from, voucher, None));
        let treasury = voucher.head.text(Field::Treasury).unwrap_or("");
        if !self.beginning {
            let mut run = self.run(day);
            run.add(treasury, -amount_fen(voucher));
            run.drain(treasury);
            effects.extend(run.into_effects());
        }
        effects
    }
}

fn too_many() -> String {
    format!("待清算凭证过多: {KEPT_MAX} vouchers wait already; send it again tomorrow")
}

/// Units and departments that finance tells.
fn take_base_data(voucher: &Voucher, digest: u64) -> Vec<Effect> {
    let division = voucher.key.division;
    let mut effects = vec![noted(&Record::Noted { key: KeyRecord::from(&voucher.key), digest })];
    for line in &voucher.details {
        for field in [Field::Department, Field::Unit] {
            if let Some(code) = line.fields.text(field) {
                let division = division.as_str();
                effects.push(noted(&Record::Unit { division, code }));
            }
        }
    }
    effects
}

/// A request's or allocation's place in the queue.
pub(super) fn lane_of(voucher: &Voucher) -> Lane {
    let business = voucher.head.text(Field::BusinessType);
    Lane::of_lines(voucher.details.iter().map(|line| &line.fields), business)
}

fn send_back(to: Party, key: VoucherKey, digest: u64, reason: String) -> Vec<Effect> {
    let reason = reason.chars().take(REASON_CHARS_MAX).collect();
    let record = noted(&Record::Returned { key: KeyRecord::from(&key), digest });
    vec![record, Effect::Return { to, key, reason }]
}
