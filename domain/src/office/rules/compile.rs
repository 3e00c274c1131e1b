//! From rows to rules that payments can be held against.

use super::condition::Condition;
use super::{Compiled, Terms};
use crate::office::Office;
use crate::office::tables::rule::{Deviation, Rule};
use crate::refusal::Code;

/// The rules in force that are looked at when a payment is asked for: those that refuse first, each
/// kind in the order of its ids.
pub(super) fn compile(office: &Office) -> Vec<Compiled> {
    let deviation = |rule: &Rule| {
        office.get::<Deviation>(&rule.id).filter(|deviation| deviation.checker.0 != 0)
    };
    let rules = office.all::<Rule>().filter(|rule| rule.in_force && is_at_submit(rule));
    let mut all: Vec<_> = rules.filter_map(|rule| one(rule, deviation(rule))).collect();
    all.sort_by_key(|rule| std::cmp::Reverse(rule.terms.action));
    all
}

fn is_at_submit(rule: &Rule) -> bool {
    rule.when.split(' ').any(|word| word == "submit")
}

/// One rule; `None`: the quota's own decision has it, or it is looked for once a day.
pub(super) fn one(rule: &Rule, deviation: Option<&Deviation>) -> Option<Compiled> {
    let Ok(Condition::Any(clauses)) = Condition::parse(&rule.condition) else { return None };
    let (tolerance_fen, tolerance_bp) = (rule.tolerance_fen, rule.tolerance_bp);
    let terms = Terms { action: rule.action, clauses, tolerance_fen, tolerance_bp };
    let deviation = deviation.and_then(|deviation| {
        let Ok(Condition::Any(clauses)) = Condition::parse(&deviation.condition) else {
            return None;
        };
        let terms = Terms {
            action: deviation.action,
            clauses,
            tolerance_fen: deviation.tolerance_fen,
            tolerance_bp: deviation.tolerance_bp,
        };
        Some((deviation.valid_from, deviation.valid_to, terms))
    });
    Some(Compiled {
        id: (&*rule.id).into(),
        version: rule.version,
        code: Code::from_number(rule.code)?,
        release: (&*rule.release).into(),
        terms,
        deviation,
    })
}
