//! What the rules say to one payment: the refusal, the posts and rows it gets from them, and the trace
//! that stays of it.

use super::Rules;
use std::cmp::Reverse;

use super::case::Case;
use super::compile::{Ready, alone};
use super::trace::{Invoices, Trace, pair_of};
use crate::codes::{Post, Posts};
use crate::command::Reserve;
use crate::division::YearBook;
use crate::limits::{RULE_INPUTS_BYTES_MAX, RULES_LISTED_MAX};
use crate::money::Fen;
use crate::office::field::Text;
use crate::office::line::Change;
use crate::office::table::{Row, Tabled};
use crate::office::tables::rule::{Action, Alert, AlertState, Held, Rule};
use crate::quota::QuotaCell;
use crate::refusal::{Code, Figure, Refusal};

/// What the rules have a payment do.
pub(crate) struct Judged {
    /// Which posts it needs, as its quota and the rules have it.
    pub(crate) posts: Posts,
    /// Whether a rule leaves rows of it.
    pub(crate) leaves_rows: bool,
}

/// A rule that fired and does not refuse.
struct Fired {
    rule: Box<str>,
    version: u32,
    code: Code,
    action: Action,
    release: Box<str>,
    inputs: String,
}

/// What the rules have a payment do, before it is reserved.
///
/// # Errors
/// The first rule that refuses it, with its version and figures; an element that is missing.
pub(crate) fn judge_before(
    case: &Case<'_>,
    rules: &Rules,
    posts: Posts,
) -> Result<Judged, Refusal> {
    let reserve = case.reserve();
    let mut needed = posts;
    let (mut stopped, mut told) = (false, false);
    let compiled = &rules.compiled;
    let mut last_fired = None;
    for head in &compiled.heads {
        // Nearly all of them end here.
        if case.is_against(head) || last_fired == Some(head.rule) {
            continue;
        }
        let rule = &compiled.rules[head.rule as usize];
        if rule.deviates_on(reserve.day) != head.deviates || !case.holds_all(rule, head)? {
            continue;
        }
        last_fired = Some(head.rule);
        let terms = rule.terms_on(reserve.day);
        match terms.action {
            Action::Refuse => {
                let fired = case.fires(rule, terms)?;
                return Err(refusal(rule, fired.and_then(|fired| fired.figures)));
            }
            Action::ApproveDepartment => needed = needed.with(Post::Department),
            Action::ApproveFinance => needed = needed.with(Post::Finance),
            Action::Hold => stopped = true,
            Action::Warn | Action::Record => told = true,
        }
    }
    // What is approved in one act has been seen by nobody: no rule may ask for more.
    if reserve.one_act && (stopped || needed != posts) {
        return Err(Code::NoRuleApproves.into());
    }
    Ok(Judged { posts: needed, leaves_rows: stopped || told })
}

/// Whether a quota may bear a payment that another bore (更正), as far as rules go by the quota.
///
/// # Errors
/// The first rule that would refuse or hold the payment there: a correction waits for nobody. An element that is
/// missing.
pub(crate) fn judge_borne(case: &Case<'_>, rules: &Rules) -> Result<(), Refusal> {
    for rule in &rules.compiled.rules {
        let terms = rule.terms_on(case.reserve().day);
        if !matches!(terms.action, Action::Refuse | Action::Hold) {
            continue;
        }
        if let Some(fired) = case.fires_by_quota(rule, terms)? {
            return Err(refusal(rule, fired.figures));
        }
    }
    Ok(())
}

fn refusal(rule: &Ready, figures: Option<(Fen, Fen)>) -> Refusal {
    let mut refusal = Refusal::new(rule.code);
    if let Some((requested_fen, left_fen)) = figures {
        refusal.add(Figure { limit: rule.code, requested_fen, left_fen });
    }
    let requested_fen = Fen::new(i64::from(rule.version));
    refusal.add(Figure { limit: Code::RuleVersion, requested_fen, left_fen: Fen::ZERO });
    refusal
}

/// The rules that fired at a payment that was just reserved and neither refuse it nor need a post.
fn judge_after(case: &Case<'_>, rules: &Rules) -> Vec<Fired> {
    let mut all = Vec::new();
    for rule in &rules.compiled.rules {
        let terms = rule.terms_on(case.reserve().day);
        if !matches!(terms.action, Action::Hold | Action::Warn | Action::Record) {
            continue;
        }
        // Every element was there before it was reserved, and nothing has changed since.
        let Ok(Some(fired)) = case.fires(rule, terms) else { continue };
        all.push(Fired {
            rule: rule.id.clone(),
            version: rule.version,
            code: rule.code,
            action: terms.action,
            release: rule.release.clone(),
            inputs: case.seen(fired.clause, fired.figures),
        });
    }
    all
}

/// What a funds check tells beside the decision: the rule that would hold the payment.
pub(crate) fn would_hold(case: &Case<'_>, rules: &Rules) -> Option<Code> {
    let mut held = rules.compiled.rules.iter().filter(|rule| {
        let terms = rule.terms_on(case.reserve().day);
        terms.action == Action::Hold && matches!(case.fires(rule, terms), Ok(Some(_)))
    });
    held.next().map(|rule| rule.code)
}

/// Rows that the rules leave of a payment that was just reserved: in the worklist, as alerts.
pub(crate) fn rows_after(book: &YearBook, reserve: &Reserve<'_>) -> Vec<Change> {
    let Some(quota) = book.quota(reserve.quota) else { return Vec::new() };
    let Ok(Some(case)) = Case::of(book, reserve, quota, true) else { return Vec::new() };
    let mut all = judge_after(&case, &book.rules);
    // By what each does on the payment's day: a deviation may have made a graver rule milder.
    all.sort_by_key(|fired| Reverse(fired.action));
    all.truncate(RULES_LISTED_MAX);
    let mut changes = Vec::new();
    let mut held = false;
    for fired in all {
        let row = if fired.action == Action::Hold && !held {
            held = true;
            held_row(&case, fired).into_row()
        } else {
            alert_row(&case, fired).into_row()
        };
        changes.push(Change::Put(row));
    }
    changes
}

fn held_row(case: &Case<'_>, fired: Fired) -> Held {
    let reserve = case.reserve();
    Held {
        payment: payment_word(reserve),
        quota: reserve.quota,
        unit: case.unit_code().into(),
        rule: (&*fired.rule).into(),
        version: fired.version,
        code: fired.code.number(),
        amount_fen: reserve.amount_fen,
        day: Some(reserve.day),
        inputs: plain(&fired.inputs),
        release: (&*fired.release).into(),
    }
}

fn alert_row(case: &Case<'_>, fired: Fired) -> Alert {
    let reserve = case.reserve();
    Alert {
        rule: (&*fired.rule).into(),
        subject: payment_word(reserve),
        version: fired.version,
        code: fired.code.number(),
        action: fired.action,
        unit: case.unit_code().into(),
        amount_fen: reserve.amount_fen,
        day: Some(reserve.day),
        inputs: plain(&fired.inputs),
        state: AlertState::Open,
        answer: "".into(),
    }
}

/// A text as it may stand in a row: no control characters, cut to its bound.
fn plain(text: &str) -> Text {
    let mut plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    while plain.len() > RULE_INPUTS_BYTES_MAX {
        plain.pop();
    }
    (&*plain).into()
}

fn payment_word(reserve: &Reserve<'_>) -> crate::office::field::Word {
    (&*reserve.payment.to_string()).into()
}

/// Whether one rule, as a row, would have fired at a payment, were it asked for now: the code it
/// gives and what it saw. For trying a rule out against past payments, each before it is applied.
///
/// # Errors
/// The refusal of a payment that lacks an element.
pub(super) fn would_fire(
    division: &crate::Division,
    reserve: &Reserve<'_>,
    rule: &Rule,
) -> Result<Option<String>, Refusal> {
    let Some(book) = division.year(reserve.quota.year()) else { return Ok(None) };
    let Some(quota) = book.quota(reserve.quota) else { return Ok(None) };
    let Some(compiled) = alone(rule) else { return Ok(None) };
    let Some(case) = Case::of(book, reserve, quota, false)? else { return Ok(None) };
    let fired = case.fires(&compiled, &compiled.terms)?;
    Ok(fired.map(|fired| case.seen(fired.clause, fired.figures)))
}

/// What stays of a payment for later ones to be held against, where the division is under control.
pub(crate) fn trace_of(book: &YearBook, reserve: &Reserve<'_>, quota: &QuotaCell) -> Option<Trace> {
    let rules = &book.rules;
    if !rules.apply() {
        return None;
    }
    let unit = rules.unit_of(reserve.quota);
    let keys = reserve.particulars.keys();
    let fen = reserve.amount_fen.get();
    Some(Trace {
        pair: pair_of(unit, keys.payee, keys.purpose),
        asked_fen: fen,
        left_fen: fen,
        economic: reserve.economic,
        fund: quota.fund,
        unit,
        day: reserve.day,
        invoices: Invoices::of(reserve.particulars, keys),
    })
}

/// The row a hold by a person leaves in the worklist.
pub(crate) fn held_by_hand(
    book: &YearBook,
    payment: crate::PaymentId,
    reason: &str,
) -> Option<Row> {
    let known = book.payment(payment)?;
    Some(
        Held {
            payment: (&*payment.to_string()).into(),
            quota: known.quota,
            unit: "".into(),
            rule: "manual".into(),
            version: 0,
            code: 0,
            amount_fen: known.amount_fen,
            day: Some(known.day),
            inputs: plain(reason),
            release: "".into(),
        }
        .into_row(),
    )
}
