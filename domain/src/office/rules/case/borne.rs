//! A payment that another quota is to bear (更正), before the rules: what of them goes by the quota.

use super::{Case, Fired, lacks};
use crate::office::rules::compile::{Ready, Terms};
use crate::office::rules::condition::{Coded, Limit, Predicate, Subject, Thing};
use crate::refusal::Refusal;

/// What of a payment that another quota is to bear decides a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Borne {
    /// The payment as it is: nothing of it changes.
    ByPayment,
    /// The quota that bears it, or how much of it that one bears.
    ByQuota,
    /// The quota's unit, with all that this one has paid.
    ByUnit,
    /// What nobody looks at again: payee, papers, what was paid besides.
    Never,
}

impl Predicate {
    /// What decides it of a payment that another quota is to bear.
    const fn borne(&self) -> Borne {
        match self {
            Predicate::In { subject, .. } => match subject {
                Subject::UnitKind
                | Subject::UnitState
                | Subject::ProjectClass
                | Subject::ProjectState
                | Subject::Term
                | Subject::Track
                | Subject::RowState
                | Subject::Procurement => Borne::ByQuota,
                Subject::Method | Subject::Business => Borne::ByPayment,
                Subject::Payee | Subject::PayeeKind | Subject::SameName | Subject::Supplier => {
                    Borne::Never
                }
            },
            Predicate::Under { coded: Coded::Economic, .. } => Borne::ByPayment,
            Predicate::Under { .. } | Predicate::Unit { .. } => Borne::ByQuota,
            Predicate::Exists { thing, .. } => match thing {
                Thing::Contract => Borne::ByPayment,
                Thing::Goal | Thing::Lock | Thing::Income => Borne::ByQuota,
                Thing::White
                | Thing::Black
                | Thing::OwnAccount
                | Thing::Exemption
                | Thing::Invoice => Borne::Never,
            },
            // Against a standard the document has the quantity; a contract is the payment's, whoever bears it.
            Predicate::Amount(_, Limit::Standard | Limit::Contract) => Borne::Never,
            Predicate::Amount(_, Limit::Fen(_)) => Borne::ByPayment,
            Predicate::Amount(..) => Borne::ByUnit,
            Predicate::Repeat(_) | Predicate::Sum(..) => Borne::Never,
            Predicate::Total(..) | Predicate::FundTotal(..) => Borne::ByUnit,
        }
    }
}

impl Case<'_> {
    /// The first clause that holds of those that the quota decides, for a payment that it is to bear: the rest of the
    /// payment is as it was judged when it was asked for. What a unit has paid in all is asked where another unit is
    /// to bear it.
    ///
    /// # Errors
    /// An element such a clause asks for that is missing or unknown.
    pub(in crate::office::rules) fn fires_by_quota<'t>(
        &self,
        rule: &Ready,
        terms: &'t Terms,
    ) -> Result<Option<Fired<'t>>, Refusal> {
        let most = if self.counted { Borne::ByQuota } else { Borne::ByUnit };
        'clauses: for clause in &terms.clauses {
            let clause = &*clause.written;
            let by = || clause.iter().map(Predicate::borne);
            // A rule that nobody can read has no predicates, and is not passed over.
            let was_judged = !clause.is_empty() && by().all(|by| by == Borne::ByPayment);
            if was_judged || by().any(|by| by > most) {
                continue;
            }
            for predicate in clause {
                if !self.holds(rule, terms, predicate).map_err(lacks)? {
                    continue 'clauses;
                }
            }
            let figures = clause.iter().rev().find_map(|predicate| self.figures(terms, predicate));
            return Ok(Some(Fired { clause, figures }));
        }
        Ok(None)
    }
}
