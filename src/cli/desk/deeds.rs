//! What can be done with a payment, by which key, and in which role. Whether it is allowed is the
//! domain's to say: this only asks its tables, so that a key is not offered in vain.

use domain::codes::{FactKind, ResolveAction, StepKind};
use domain::command::By;
use domain::ids::{ActId, ChannelId};
use domain::transitions::{Cell, fact_cell, step_cell};

use super::ask::Target;
use super::filling::{Filling, Purpose, step};
use super::order::{Report, Resolution, What};

/// A step, a fact, or what becomes of one that lies in suspense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Step(StepKind),
    Fact(FactKind),
    Resolve,
}

/// Every deed and its key. The three approvals share one: which it is follows from the payment.
pub(super) const DEEDS: [(char, Deed); 16] = [
    ('a', Deed::Step(StepKind::ApproveUnit)),
    ('a', Deed::Step(StepKind::ApproveDepartment)),
    ('a', Deed::Step(StepKind::ApproveFinance)),
    ('i', Deed::Step(StepKind::Instruct)),
    ('h', Deed::Step(StepKind::Hold)),
    ('u', Deed::Step(StepKind::Unhold)),
    ('t', Deed::Step(StepKind::Return)),
    ('w', Deed::Step(StepKind::Withdraw)),
    ('v', Deed::Step(StepKind::Void)),
    ('d', Deed::Step(StepKind::Doubt)),
    ('c', Deed::Fact(FactKind::ConfirmPaid)),
    ('x', Deed::Fact(FactKind::Reject)),
    ('k', Deed::Fact(FactKind::Clear)),
    ('b', Deed::Fact(FactKind::Refund)),
    ('e', Deed::Fact(FactKind::SettleRefund)),
    ('s', Deed::Resolve),
];

impl Deed {
    /// A word for the line of keys.
    pub(super) fn word(self) -> &'static str {
        match self {
            Deed::Step(
                StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance,
            ) => "approve",
            Deed::Step(kind) => kind.slug(),
            Deed::Fact(kind) => kind.slug(),
            Deed::Resolve => "resolve",
        }
    }

    /// Whether the role may do it at all.
    fn role_may(self, by: By, target: &Target) -> bool {
        // Of the role alone: with any text and number.
        let mut order = step(by, StepKind::Doubt, target, 0, "");
        match self {
            Deed::Step(kind) => {
                order.what = What::Step { kind, serial: 0, reason: String::new() };
            }
            Deed::Fact(kind) => {
                let day = domain::ids::Day::default();
                let (serial, payee_hash, refund, detail) = (0, 0, 0, 0);
                let note = String::new();
                let report = Report { kind, serial, payee_hash, day, refund, detail, note };
                order.what = What::Fact(report);
            }
            Deed::Resolve => {
                order.what = What::Resolve(Resolution {
                    act: ActId(0),
                    book: (target.quota.division(), target.quota.year()),
                    channel: ChannelId(0),
                    serial: 0,
                    action: ResolveAction::Apply,
                    reason: String::new(),
                });
            }
        }
        order.command().role_may()
    }

    /// Whether the payment is one for it: the state would carry the order out, or there is a fact to
    /// resolve. A fact is never refused.
    fn is_for(self, target: &Target) -> bool {
        match self {
            Deed::Step(kind) => {
                let next = target.posts.next_after(target.approved);
                let is_next = kind.post().is_none() || kind.post() == next;
                is_next && step_cell(target.state, kind) != Cell::Refused
            }
            Deed::Fact(_) => true,
            Deed::Resolve => !target.suspended.is_empty(),
        }
    }
}

/// What is offered: what the role may do, and the payment is one for.
pub(super) fn offers(by: By, target: &Target) -> Vec<(char, Deed)> {
    let offered = |deed: Deed| deed.role_may(by, target) && deed.is_for(target);
    DEEDS.into_iter().filter(|(_, deed)| offered(*deed)).collect()
}

/// The deed of a key, if it is offered.
pub(super) fn of_key(by: By, target: &Target, key: char) -> Option<Deed> {
    offers(by, target).into_iter().find(|(offered, _)| *offered == key).map(|(_, deed)| deed)
}

/// What to fill in before it can be given; nothing, where only a yes is missing.
pub(super) fn form(deed: Deed, target: &Target, day: &str) -> Option<Filling> {
    match deed {
        Deed::Step(kind) if kind.needs_reason() => Some(Filling::reason(kind, target.clone())),
        Deed::Step(_) => None,
        Deed::Fact(kind) => Some(Filling::fact(kind, target.clone(), day)),
        Deed::Resolve => Some(Filling::resolve(target.clone())),
    }
}

/// What a fact will meet where it does not fit.
pub(super) fn warning(purpose: &Purpose) -> Option<&'static str> {
    let Purpose::Fact(kind, target) = purpose else { return None };
    match fact_cell(target.state, target.path, *kind) {
        Cell::Early => Some("an earlier fact is missing: it will wait in suspense 将挂账等待"),
        Cell::Unfit | Cell::NotOnPath => {
            Some("it does not fit this payment: it will be parked 不符，将挂账")
        }
        Cell::Goes(_) | Cell::Follows | Cell::Refused => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::Fen;
    use domain::codes::{Path, PaymentState, Post, Posts, Role};
    use domain::ids::{ChannelId, PaymentId, PersonId, QuotaId};

    use super::*;

    fn target(state: PaymentState, approved: Posts) -> Target {
        Target {
            payment: PaymentId(7),
            quota: QuotaId(3),
            amount_fen: Fen::new(5),
            payee: String::new(),
            state,
            path: Path::Treasury,
            posts: Posts::UNIT.with(Post::Finance),
            approved,
            suspended: Vec::new(),
        }
    }

    fn keys(role: Role, target: &Target) -> String {
        let by = By { person: PersonId(1), role, channel: ChannelId(1) };
        offers(by, target).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn each_role_is_offered_its_own() {
        let fresh = target(PaymentState::Reserved, Posts::NONE);
        assert_eq!(keys(Role::Maker, &fresh), "w");
        assert_eq!(keys(Role::Checker, &fresh), "at");
        assert_eq!(keys(Role::Finance, &fresh), "htke", "its post is not the next one");
        let checked = target(PaymentState::Reserved, Posts::UNIT);
        assert_eq!(keys(Role::Checker, &checked), "t");
        assert_eq!(keys(Role::Finance, &checked), "ahtke");
        let ordered = target(PaymentState::Instructed, Posts::UNIT);
        assert_eq!(keys(Role::Finance, &ordered), "vke");
        assert_eq!(keys(Role::Bank, &ordered), "cxb");
        assert_eq!(keys(Role::CentralBank, &ordered), "xkbe");
        assert_eq!(keys(Role::Operator, &ordered), "d");
    }

    #[test]
    fn a_fact_that_does_not_fit_is_warned_of() {
        let early = target(PaymentState::Instructed, Posts::UNIT);
        let paid = target(PaymentState::Paid, Posts::UNIT);
        assert!(warning(&Purpose::Fact(FactKind::Clear, early.clone())).is_some());
        assert!(warning(&Purpose::Fact(FactKind::ConfirmPaid, paid)).is_some());
        assert!(warning(&Purpose::Fact(FactKind::ConfirmPaid, early)).is_none());
    }

    #[test]
    fn a_key_means_one_thing_to_a_role() {
        for &role in Role::ALL {
            for &state in PaymentState::ALL {
                let keys = keys(role, &target(state, Posts::UNIT));
                let once = keys.chars().all(|key| keys.matches(key).count() == 1);
                assert!(once, "{role} {state}: {keys}");
            }
        }
    }
}
