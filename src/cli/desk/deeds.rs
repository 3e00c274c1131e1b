//! What can be done with a payment, by which key, and in which role. Whether it is allowed is the
//! domain's to say: this only asks its tables, so that a key is not offered in vain.

use domain::codes::{FactKind, StepKind};
use domain::command::By;
use domain::transitions::{Cell, fact_cell, step_cell};

use super::ask::Target;
use super::filling::{Filling, Purpose, step};
use super::order::{Report, What};

/// A step or a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Step(StepKind),
    Fact(FactKind),
}

/// Every deed and its key. The three approvals share one: which it is follows from the payment.
pub(super) const DEEDS: [(char, Deed); 15] = [
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
        }
        order.command().role_may()
    }

    /// What the payment's state says to it.
    pub(super) fn cell(self, target: &Target) -> Cell {
        match self {
            Deed::Step(kind) if kind.post().is_some() => {
                let next = target.posts.next_after(target.approved);
                if kind.post() == next { step_cell(target.state, kind) } else { Cell::Refused }
            }
            Deed::Step(kind) => step_cell(target.state, kind),
            Deed::Fact(kind) => fact_cell(target.state, target.path, kind),
        }
    }
}

/// What is offered: orders the state would carry out, and every fact the role may report, since a
/// fact is never refused.
pub(super) fn offers(by: By, target: &Target) -> Vec<(char, Deed)> {
    let offered = |deed: Deed| {
        let is_fact = matches!(deed, Deed::Fact(_));
        deed.role_may(by, target) && (is_fact || deed.cell(target) != Cell::Refused)
    };
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
    }
}

/// What a fact will meet where it does not fit.
pub(super) fn warning(purpose: &Purpose) -> Option<&'static str> {
    let Purpose::Fact(kind, target) = purpose else { return None };
    match Deed::Fact(*kind).cell(target) {
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
