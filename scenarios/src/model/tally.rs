//! What the model counts on the way.

use std::collections::BTreeMap;

use crate::command::Role;

use super::Answer;
use super::codes::code;

/// Counts over commands and payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commands, repeats included.
    pub commands: u64,
    /// Commands by role.
    pub by_role: BTreeMap<Role, u64>,
    /// First answers other than accepted and parked, by code.
    pub refusals: BTreeMap<u16, u64>,
    /// Answers that told an earlier outcome again.
    pub repeats: u64,
    /// Requests for payment, repeats aside.
    pub attempts: u64,
    /// Payments that reached Paid.
    pub paid: u64,
    /// Their executed amounts in fen, before refunds.
    pub paid_fen: i128,
    /// Payments by real allocation that were settled.
    pub allocated: u64,
    /// Their amounts in fen.
    pub allocated_fen: i128,
    /// Refunds taken.
    pub refunds: u64,
    /// Their amounts in fen.
    pub refunds_fen: i128,
    /// Facts that were parked.
    pub parked: u64,
    /// Parked facts that were taken by themselves later.
    pub taken_from_suspense: u64,
    /// Parked facts that finance set aside.
    pub dismissed: u64,
    /// Quotas made.
    pub quotas: u64,
    /// Of them, those that stood on pre-approval authority and rest on their budget rows now.
    pub pre_approval_replaced: u64,
    /// Projects put on file.
    pub projects: u64,
    /// Budget units put on file.
    pub units: u64,
    /// Quota documents carried out.
    pub documents: u64,
    /// Approvals by departments, which rules asked for.
    pub department_approvals: u64,
    /// Approvals by finance, which rules asked for.
    pub finance_approvals: u64,
}

impl Tally {
    /// Counts a command and its answer.
    pub(crate) fn count(&mut self, role: Role, answer: &Answer) {
        self.commands += 1;
        *self.by_role.entry(role).or_default() += 1;
        if answer.repeat {
            self.repeats += 1;
        } else if answer.code == code::PARKED {
            self.parked += 1;
        } else if answer.code != code::ACCEPTED {
            *self.refusals.entry(answer.code).or_default() += 1;
        }
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Tally) {
        self.commands += other.commands;
        for (&role, count) in &other.by_role {
            *self.by_role.entry(role).or_default() += count;
        }
        for (&code, count) in &other.refusals {
            *self.refusals.entry(code).or_default() += count;
        }
        self.repeats += other.repeats;
        self.attempts += other.attempts;
        self.paid += other.paid;
        self.paid_fen += other.paid_fen;
        self.allocated += other.allocated;
        self.allocated_fen += other.allocated_fen;
        self.refunds += other.refunds;
        self.refunds_fen += other.refunds_fen;
        self.parked += other.parked;
        self.taken_from_suspense += other.taken_from_suspense;
        self.dismissed += other.dismissed;
        self.quotas += other.quotas;
        self.pre_approval_replaced += other.pre_approval_replaced;
        self.projects += other.projects;
        self.units += other.units;
        self.documents += other.documents;
        self.department_approvals += other.department_approvals;
        self.finance_approvals += other.finance_approvals;
    }
}
