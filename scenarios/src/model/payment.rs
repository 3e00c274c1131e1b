//! A payment as the model remembers it.

use crate::command::{FactKind, StepKind};

use super::codes::{Path, State};

/// One payment.
#[derive(Clone, Debug)]
pub(crate) struct Payment {
    /// Hash of the contents it was asked for with.
    pub(crate) contents: u64,
    /// Serial of its quota.
    pub(crate) quota: u32,
    /// Amount asked for, in fen.
    pub(crate) amount: i64,
    /// Amount executed, in fen.
    pub(crate) executed: i64,
    /// Month of its business date.
    pub(crate) month: u8,
    /// Contract; zero: none.
    pub(crate) contract: u64,
    /// Hash of the ordered account.
    pub(crate) payee_hash: u64,
    /// Settlement path.
    pub(crate) path: Path,
    /// Where it stands.
    pub(crate) state: State,
    /// Posts needed, as bits.
    pub(crate) posts: u8,
    /// Who asked.
    pub(crate) maker: u64,
    /// Who approved, by post; zero: nobody yet.
    pub(crate) approvers: [u64; 3],
    /// Who instructed; zero: nobody yet.
    pub(crate) instructor: u64,
    /// Other orders carried out: kind, number, person.
    pub(crate) steps: Vec<(StepKind, u64, u64)>,
    /// Facts taken: kind, channel, number, contents.
    pub(crate) facts: Vec<(FactKind, u16, u64, u64)>,
    /// Refunds: number, amount in fen, settled.
    pub(crate) refunds: Vec<(u64, i64, bool)>,
    /// Early facts of it in suspense.
    pub(crate) waiting: u32,
}

impl Payment {
    /// The next post that has to approve: 0 unit, 1 department, 2 finance.
    pub(crate) fn next_post(&self) -> Option<usize> {
        (0..3).find(|&post| self.posts & (1 << post) != 0 && self.approvers[post] == 0)
    }

    /// True when somebody has approved.
    pub(crate) fn is_approved_by_any(&self) -> bool {
        self.approvers.iter().any(|&person| person != 0)
    }

    /// Whether a person already is maker, approver, instructor or lifter of a hold.
    pub(crate) fn has_post(&self, person: u64) -> bool {
        let lifted =
            |&(kind, _, who): &(StepKind, u64, u64)| kind == StepKind::Unhold && who == person;
        self.maker == person
            || self.approvers.contains(&person)
            || self.instructor == person
            || self.steps.iter().any(lifted)
    }

    /// True when this very order was carried out before.
    pub(crate) fn has_done(&self, kind: StepKind, serial: u64, person: u64) -> bool {
        match kind {
            StepKind::ApproveUnit => self.approvers[0] == person,
            StepKind::ApproveDepartment => self.approvers[1] == person,
            StepKind::ApproveFinance => self.approvers[2] == person,
            StepKind::Instruct => self.instructor == person,
            _ => self.steps.contains(&(kind, serial, person)),
        }
    }

    /// The state without its hold: by what the posts have done.
    pub(crate) fn unheld(&self) -> State {
        if self.next_post().is_some() { State::Reserved } else { State::Approved }
    }

    /// The sum of its refunds in fen.
    pub(crate) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.1).sum()
    }
}
