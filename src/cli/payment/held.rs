//! Payments that a rule or a person holds (拦截), and why.

use domain::Code;
use domain::codes::{PaymentState, StepKind};
use domain::ids::{PaymentId, PersonId, QuotaId};
use protocol::client::{Outcome, Told};
use protocol::json::code_json;
use protocol::views::PaymentView;
use protocol::{Client, ClientError};
use serde_json::Value;

use super::sheet::Part;
use crate::cli::file::words;

/// A payment that is held.
pub(super) struct Held {
    pub(super) payment: PaymentId,
    quota: QuotaId,
    /// The code of the rule that holds it; none where a person does.
    code: Option<Code>,
    /// In whose name it is held.
    person: PersonId,
}

/// Those of some reserved payments that are held now.
///
/// # Errors
/// When the server goes away.
pub(super) async fn held(
    client: &Client,
    parts: &[Part],
    outcomes: &[Outcome],
) -> Result<Vec<Held>, ClientError> {
    let mut found = Vec::new();
    for (part, _) in parts.iter().zip(outcomes).filter(|(_, outcome)| may_be_held(outcome)) {
        let quota = part.quota;
        let view = client.payment(quota.division(), quota.year(), part.payment).await?;
        found.extend(view.as_ref().and_then(of));
    }
    Ok(found)
}

/// Of what was given before, the answer says how it stood then.
fn may_be_held(outcome: &Outcome) -> bool {
    let Outcome::Done(Told { result, .. }) = outcome else { return false };
    result.repeat || result.state == Some(PaymentState::Held)
}

fn of(view: &PaymentView) -> Option<Held> {
    if view.state != PaymentState::Held {
        return None;
    }
    let hold = view.steps.iter().rev().find(|step| step.kind == StepKind::Hold)?;
    // A rule holds in the name of the maker, who holds nothing himself, under the number of its code.
    let code = u16::try_from(hold.serial).ok().filter(|_| hold.person == view.maker);
    let code = code.and_then(Code::from_number);
    Some(Held { payment: view.payment, quota: view.quota, code, person: hold.person })
}

impl Held {
    /// In words: what holds it, and what can be done.
    pub(super) fn told(&self) -> String {
        let Held { payment, quota, code, person } = self;
        let (why, next) = match code {
            Some(code) => (words(*code), code.next_step()),
            None => (format!("by person {}; 人工拦截", person.0), "ask that person"),
        };
        format!(
            "payment {payment} on {quota} is held (已拦截): {why}\n  next: {next}, and have an officer of finance lift the hold"
        )
    }

    /// The same in a line of JSON.
    pub(super) fn put(&self, line: &mut Value) {
        line["state"] = PaymentState::Held.slug().into();
        match self.code {
            Some(code) => line["held"] = code_json(code),
            None => line["held"]["person"] = self.person.0.into(),
        }
    }
}
