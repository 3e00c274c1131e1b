//! Preparation of the budget (预算编制): two ups, two downs (两上两下), to the reply.
//!
//! - `rows`: what units and finance write into rows, and what a row must be.
//! - `figures`: income, surplus, control figures, the approved table, caps before the approval.
//! - `sums`: the checks over all rows: of a unit, of the whole, against what was approved.
//! - `steps`: the steps, each by the post that owns it.

mod figures;
mod rows;
mod steps;
mod sums;

pub(super) use figures::{
    approved_put, control_put, early_cap_put, income_collect, income_put, surplus_put,
};
pub(super) use rows::{add, added, audit, drop_rows, put};
pub(super) use steps::{approve, first_down, open, reply, return_down, submit, up};

use super::Asked;
use crate::office::Office;
use crate::office::authority::budget;
use crate::office::tables::budget::{Budget, BudgetState, Sent, SentBy};
use crate::refusal::{Code, Refusal};

impl<'a> Asked<'a> {
    /// The budget, where it stands in one of these states.
    ///
    /// # Errors
    /// [`Code::BudgetWrongState`].
    fn budget_in(&self, states: &[BudgetState]) -> Result<&'a Budget, Refusal> {
        let budget = budget(self.office).filter(|budget| states.contains(&budget.state));
        budget.ok_or(Code::BudgetWrongState.into())
    }
}

/// Whether somebody has sent its part of the running round and did not get it back.
fn has_sent(office: &Office, round: u32, by: SentBy, unit: &str) -> bool {
    let sent: Option<&Sent> = office.get(&format!("{}/{unit}", by.slug()));
    sent.is_some_and(|sent| sent.round == round && !sent.is_returned)
}
