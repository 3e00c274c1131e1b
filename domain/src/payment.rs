//! A payment's record: its whole life, kept by the quota that pays it.

use crate::codes::{
    BusinessKind, Ending, FactKind, Method, Path, PaymentState, Post, Posts, Role, StepKind,
};
use crate::command::Fact;
use crate::ids::{ChannelId, Class, ContractId, Day, Fingerprint, PaymentId, PersonId, QuotaId};
use crate::money::Fen;
use crate::prefetch::prefetch;
use crate::transitions::{Cell, fact_cell};

/// What a payment's state follows from, without its money and its people: what whoever keeps only
/// states folds by the same rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: PaymentState,
    /// How it ended, once released.
    pub ending: Option<Ending>,
    /// The settlement path.
    pub path: Path,
    /// Posts it needs.
    pub posts: Posts,
    /// Posts that have approved.
    pub approved: Posts,
}

impl Standing {
    /// Where a payment stands once it is asked for; `one_act`: approved and instructed with it.
    #[must_use]
    pub const fn reserved(path: Path, posts: Posts, one_act: bool) -> Standing {
        let (state, approved) = match one_act {
            true => (PaymentState::Instructed, posts),
            false => (PaymentState::Reserved, Posts::NONE),
        };
        Standing { state, ending: None, path, posts, approved }
    }

    /// Where it stands after an order that was carried out, given in a capacity.
    #[must_use]
    pub fn after_step(mut self, kind: StepKind, role: Role) -> Standing {
        if let Some(post) = kind.post() {
            self.approved = self.approved.with(post);
        }
        let released = |ending| (PaymentState::Released, Some(ending));
        (self.state, self.ending) = match kind {
            StepKind::ApproveUnit
            | StepKind::ApproveDepartment
            | StepKind::ApproveFinance
            | StepKind::Unhold => (self.unheld(), None),
            StepKind::Hold => (PaymentState::Held, None),
            StepKind::Instruct => (PaymentState::Instructed, None),
            StepKind::Doubt => (PaymentState::Unknown, None),
            StepKind::Withdraw if role == Role::Engine => released(Ending::Lapsed),
            StepKind::Withdraw => released(Ending::Withdrawn),
            StepKind::Return => released(Ending::Returned),
            StepKind::Void => released(Ending::Voided),
        };
        self
    }

    /// Where it stands after a fact that fits.
    #[must_use]
    pub fn after_fact(mut self, kind: FactKind) -> Standing {
        if let Cell::Goes(state) = fact_cell(self.state, self.path, kind) {
            self.state = state;
        }
        if kind == FactKind::Reject {
            self.ending = Some(Ending::Rejected);
        }
        self
    }

    /// The executed amount after a fact that fits, of a payment of which `asked` was asked for.
    #[must_use]
    pub fn executed_after(self, fact: &Fact<'_>, asked: Fen, executed: Fen) -> Fen {
        match fact.kind {
            FactKind::ConfirmPaid => fact.amount_fen,
            // Nobody confirms on this path: what is settled was executed.
            FactKind::Clear if self.path == Path::Allocation => asked,
            _ => executed,
        }
    }

    /// The state it returns to when a hold is lifted.
    fn unheld(self) -> PaymentState {
        match self.posts.next_after(self.approved) {
            Some(_) => PaymentState::Reserved,
            None => PaymentState::Approved,
        }
    }
}

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Keyed hash of the contents it was asked for with.
    pub fingerprint: Fingerprint,
    /// The quota that pays.
    pub quota: QuotaId,
    /// The amount asked for.
    pub amount_fen: Fen,
    /// The amount the bank executed; zero before.
    pub executed_fen: Fen,
    /// Who asked for it.
    pub maker: PersonId,
    /// Who approved, by post.
    pub approvers: [PersonId; 3],
    /// Who sent the payment order.
    pub instructor: PersonId,
    /// The contract whose earmark pays.
    pub contract: ContractId,
    /// The purchase plan.
    pub plan: ContractId,
    /// Departmental economic class.
    pub economic: Class,
    /// Hash of the payee's account; zero: none was given.
    pub payee_hash: u64,
    /// When it lapses unless approved, in ms of journaled time; zero: never.
    pub deadline_ms: u64,
    /// The sequence of the record that accepted it. Not part of the digest: it is where, not what.
    pub sequence: u64,
    /// Business date.
    pub day: Day,
    /// Version of the rule that approved a payment in one act; zero: people approve.
    pub rule_version: u32,
    /// The payment method.
    pub method: Method,
    /// The business kind.
    pub kind: BusinessKind,
    /// The settlement path.
    pub path: Path,
    /// Where it stands.
    pub state: PaymentState,
    /// How it ended, once released.
    pub ending: Option<Ending>,
    /// Posts it needs.
    pub posts: Posts,
    /// Posts that have approved.
    pub approved: Posts,
    /// Holds, facts and refunds: absent until the first of them.
    pub later: Option<Box<Later>>,
}

/// What happens to a payment after it was asked for and approved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Later {
    /// Orders that may come more than once, with who gave them.
    pub steps: Vec<StepSeen>,
    /// Facts taken.
    pub facts: Vec<FactSeen>,
    /// Refunds, in the order they came.
    pub refunds: Vec<Refund>,
}

/// An order that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepSeen {
    /// Which.
    pub kind: StepKind,
    /// The caller's number for it.
    pub serial: u64,
    /// Who gave it.
    pub person: PersonId,
}

/// A fact that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactSeen {
    /// Which.
    pub kind: FactKind,
    /// The channel it came by.
    pub channel: ChannelId,
    /// Its number there.
    pub serial: u64,
    /// Keyed hash of its contents.
    pub fingerprint: Fingerprint,
}

/// Money that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its own number.
    pub number: u64,
    /// How much.
    pub amount_fen: Fen,
    /// The detail; zero: the whole.
    pub detail: u32,
    /// True once it has reached the treasury.
    pub settled: bool,
    /// True when the year had closed: the division's recovered pool has it.
    pub to_pool: bool,
}

impl Payment {
    /// Has it brought into the cache: fields that stand in each of its lines.
    pub(crate) fn prefetch(&self) {
        prefetch(&self.id);
        prefetch(&self.approvers);
        prefetch(&self.payee_hash);
        prefetch(&self.state);
    }

    /// Whether a person fills a post in it that keeps them from another (I10): maker, approver,
    /// instructor, lifter of a hold.
    #[must_use]
    pub fn has_post(&self, person: PersonId) -> bool {
        self.has_post_but_lifter(person)
            || self
                .steps()
                .iter()
                .any(|seen| seen.kind == StepKind::Unhold && seen.person == person)
    }

    /// Whether a person is its maker, an approver or its instructor. One officer may lift several
    /// holds of a payment: that is one post.
    #[must_use]
    pub fn has_post_but_lifter(&self, person: PersonId) -> bool {
        self.maker == person || self.approvers.contains(&person) || self.instructor == person
    }

    /// What its state follows from.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        let Payment { state, ending, path, posts, approved, .. } = *self;
        Standing { state, ending, path, posts, approved }
    }

    /// Puts it where it stands after an event.
    pub(crate) fn stand(&mut self, standing: Standing) {
        self.state = standing.state;
        self.ending = standing.ending;
        self.approved = standing.approved;
    }

    /// The next post that has to approve.
    #[must_use]
    pub fn next_post(&self) -> Option<Post> {
        self.posts.next_after(self.approved)
    }

    /// The orders kept with their numbers.
    #[must_use]
    pub fn steps(&self) -> &[StepSeen] {
        self.later.as_deref().map_or(&[], |later| &later.steps)
    }

    /// The facts taken.
    #[must_use]
    pub fn facts(&self) -> &[FactSeen] {
        self.later.as_deref().map_or(&[], |later| &later.facts)
    }

    /// The refunds.
    #[must_use]
    pub fn refunds(&self) -> &[Refund] {
        self.later.as_deref().map_or(&[], |later| &later.refunds)
    }

    /// The sum of its refunds.
    #[must_use]
    pub fn refunded_fen(&self) -> Fen {
        Fen::new(self.refunds().iter().map(|refund| refund.amount_fen.get()).sum())
    }

    /// True when nothing more has to happen to it: it ended unpaid, or its money and all that came
    /// back of it has been settled. A late refund may still come.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let settled = self.refunds().iter().all(|refund| refund.settled);
        match self.state {
            PaymentState::Released => true,
            PaymentState::Cleared => settled,
            PaymentState::Paid => settled && self.path == Path::Own,
            _ => false,
        }
    }

    /// What happened later, to add to.
    pub(crate) fn later_mut(&mut self) -> &mut Later {
        self.later.get_or_insert_default()
    }
}
