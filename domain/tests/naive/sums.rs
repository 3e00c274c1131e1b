//! Every figure of the model, summed anew from what happened.

use domain::codes::{ActKind, MoveKind, Path, PaymentState};
use domain::command::{Body, MoveOut};
use domain::ids::LimitKey;
use domain::{Code, PaymentId, QuotaId};

use super::{Payment, Stands, Year};

/// A quota's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) issued: i64,
    pub(crate) allocated: i64,
    pub(crate) transferred: i64,
    pub(crate) frozen: i64,
    pub(crate) staged: i64,
    pub(crate) earmarked: i64,
    pub(crate) reserved: i64,
    pub(crate) paid: i64,
    pub(crate) cleared: i64,
    pub(crate) refunding: i64,
}

impl Money {
    pub(crate) fn available(&self) -> i64 {
        let gone = self.allocated + self.transferred + self.frozen + self.staged + self.earmarked;
        let spent = self.reserved + self.paid + self.cleared - self.refunding;
        self.issued - gone - spent
    }
}

impl Payment {
    pub(super) fn is_open(&self) -> bool {
        use PaymentState::{Approved, Held, Instructed, Reserved, Unknown};
        [Reserved, Approved, Held, Instructed, Unknown].contains(&self.state)
    }

    /// What came back and counts for the quota.
    fn back(&self, settled: Option<bool>) -> i64 {
        let counts = |refund: &&super::Refund| {
            !refund.to_pool && settled.is_none_or(|settled| refund.settled == settled)
        };
        self.refunds.iter().filter(counts).map(|refund| refund.amount).sum()
    }

    pub(super) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    /// What it takes of its plan's month.
    fn planned(&self) -> i64 {
        match self.state {
            PaymentState::Paid | PaymentState::Cleared => self.executed - self.back(None),
            _ if self.is_open() => self.asked.amount_fen.get(),
            _ => 0,
        }
    }
}

impl Year {
    pub(crate) fn money(&self, quota: QuotaId) -> Money {
        let mut money = Money::default();
        for act in self.done.iter().filter(|act| act.quota == quota) {
            let x = act.amount_fen.get();
            match act.kind {
                ActKind::Issue | ActKind::Supplement => money.issued += x,
                ActKind::Cut | ActKind::Recover => money.issued -= x,
                ActKind::Freeze => money.frozen += x,
                ActKind::Unfreeze => money.frozen -= x,
                _ => {}
            }
        }
        for out in self.out.values().filter(|out| out.order.from == quota) {
            let x = out.order.amount_fen.get();
            match (out.stands, out.order.kind) {
                (Stands::Dropped | Stands::Back, _) => {}
                (Stands::Staged, _) => money.staged += x,
                (_, MoveKind::Allocate) => money.allocated += x,
                (_, MoveKind::Transfer) => money.transferred += x,
                (_, MoveKind::Correct) => *self.settled(&mut money, quota) += x,
                _ => money.issued -= x,
            }
        }
        for (moved, outcome) in self.arrived.values() {
            if moved.to != quota || *outcome != Code::Accepted {
                continue;
            }
            let x = moved.amount_fen.get();
            let home = moved.from.division() == quota.division();
            match (moved.kind, home) {
                (MoveKind::ReturnUp, true) => money.allocated -= x,
                (MoveKind::ReturnUp, false) => money.transferred -= x,
                (MoveKind::Correct, _) => *self.settled(&mut money, quota) -= x,
                _ => money.issued += x,
            }
        }
        for body in self.batches.values().flat_map(|batch| &batch.staged) {
            if let Body::Act(act) = body
                && act.quota == quota
                && matches!(act.kind, ActKind::Cut | ActKind::Recover)
            {
                money.staged += act.amount_fen.get();
            }
        }
        if let Some(quota) = self.quotas.get(&quota) {
            money.earmarked = quota.contracts.values().map(|(_, held, _)| held).sum();
        }
        for payment in self.payments.values().filter(|p| p.asked.quota == quota) {
            match payment.state {
                PaymentState::Paid => money.paid += payment.executed,
                PaymentState::Cleared => money.cleared += payment.executed,
                _ if payment.is_open() => money.reserved += payment.asked.amount_fen.get(),
                _ => {}
            }
            if payment.path == Path::Own {
                money.paid -= payment.back(None);
            } else {
                money.cleared -= payment.back(Some(true));
                money.refunding += payment.back(Some(false));
            }
        }
        money
    }

    /// Where a quota has what is settled: units' own money is never cleared.
    fn settled<'a>(&self, money: &'a mut Money, quota: QuotaId) -> &'a mut i64 {
        match self.quotas[&quota].create.fund.0[0] {
            b'3' => &mut money.paid,
            _ => &mut money.cleared,
        }
    }

    /// What a quota bears of a payment. What a correction is about to give back it bears no more;
    /// what one charges it with counts once that is known to have landed.
    pub(super) fn borne(&self, id: PaymentId, quota: QuotaId) -> i64 {
        let payment = &self.payments[&id];
        let mut borne = 0;
        if payment.asked.quota == quota {
            borne += payment.executed - payment.refunded();
        }
        let corrects = |order: &MoveOut<'_>| order.kind == MoveKind::Correct && order.payment == id;
        for out in self.out.values().filter(|out| corrects(&out.order)) {
            let x = out.order.amount_fen.get();
            if out.order.to == quota && matches!(out.stands, Stands::UnderWay | Stands::Landed) {
                borne -= x;
            }
            if out.order.from == quota && out.stands == Stands::Landed {
                borne += x;
            }
        }
        borne
    }

    /// What a payment dated in `month` may still take of a plan.
    pub(crate) fn plan_left(&self, key: LimitKey, month: u8) -> i64 {
        let planned = self.planned.get(&key).copied().unwrap_or_default();
        let of_plan = |payment: &&Payment| self.quotas[&payment.asked.quota].create.plan == key;
        let left_through = |through: u8| {
            let taken = self.payments.values().filter(of_plan);
            let taken = taken.filter(|payment| payment.asked.day.month() <= through);
            let taken: i64 = taken.map(Payment::planned).sum();
            planned[..usize::from(through)].iter().sum::<i64>() - taken
        };
        (month..=12).map(left_through).min().unwrap_or(0)
    }

    pub(super) fn may_grow(&self, quota: QuotaId, x: i64) -> Result<(), Code> {
        let cap = self.quotas[&quota].create.cap_fen.get();
        let may_return = self.out.values().filter(|out| {
            let elsewhere = [MoveKind::Allocate, MoveKind::Transfer, MoveKind::Correct];
            let issued = !elsewhere.contains(&out.order.kind);
            out.order.from == quota && out.stands == Stands::UnderWay && issued
        });
        let may_return: i64 = may_return.map(|out| out.order.amount_fen.get()).sum();
        if cap > 0 && self.money(quota).issued + may_return + x > cap {
            return Err(Code::OverAuthority);
        }
        Ok(())
    }

    /// What came back after the close: on its way, and in hand.
    pub(crate) fn pool(&self) -> (i64, i64) {
        let refunds = self.payments.values().flat_map(|payment| &payment.refunds);
        refunds.filter(|refund| refund.to_pool).fold((0, 0), |(way, hand), refund| {
            match refund.settled {
                true => (way, hand + refund.amount),
                false => (way + refund.amount, hand),
            }
        })
    }
}
