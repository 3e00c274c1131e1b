//! Control rules are proposed, approved by another person, inherited from the province; deviations,
//! exemptions and ceilings likewise; alerts are raised and answered.

use super::{Asked, at};
use crate::ids::Day;
use crate::money::{Fen, FenSum};
use crate::office::field::{Field, Name, Text, Word};
use crate::office::line::Change;
use crate::office::rules::condition::{Condition, Limit, Predicate};
use crate::office::rules::scan::scan;
use crate::office::table::{Table, Tabled};
use crate::office::tables::base::{Level, Unit};
use crate::office::tables::people::PostKind;
use crate::office::tables::rule::{
    Action, Alert, AlertState, Ceiling, Deviation, Exemption, Origin, Rule, RuleDraft,
    RuleInherited, RuleVersion,
};
use crate::refusal::{Code, Refusal};

type Changes = Result<Vec<Change>, Refusal>;

/// Times a rule may be looked at.
const TIMES: [&str; 5] = ["submit", "generate", "review", "receipt", "scan"];

/// A field of a line, or where it is unfit.
pub(super) fn field<T: Field>(line: usize, fields: &[&str], column: usize) -> Result<T, Refusal> {
    let value = fields.get(column - 1).and_then(|text| T::read(text));
    value.ok_or_else(|| at(Code::BadRow, line, column))
}

/// A line has just so many fields.
pub(super) fn must_have(line: usize, fields: &[&str], count: usize) -> Result<(), Refusal> {
    let first_wrong = fields.len().min(count) + 1;
    if fields.len() == count { Ok(()) } else { Err(at(Code::BadRow, line, first_wrong)) }
}

/// Maker and checker are two.
pub(super) fn must_be_another(
    asked: &Asked<'_>,
    maker: crate::ids::PersonId,
) -> Result<(), Refusal> {
    if asked.by.person == maker { Err(Code::DutySeparation.into()) } else { Ok(()) }
}

/// Changes of every line, in order.
fn each_line(asked: &Asked<'_>, mut of: impl FnMut(usize, &[&str]) -> Changes) -> Changes {
    let mut changes = Vec::new();
    for (line, fields) in asked.lines() {
        changes.extend(of(line, &fields)?);
    }
    Ok(changes)
}

/// Each line: id, times, action, condition, code, tolerances, in force, what it waits for, Chinese and
/// English text, what releases.
pub(super) fn propose(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleMaker, None)?;
    each_line(asked, |line, fields| {
        let rule = proposed(asked, line, fields)?;
        must_fit(&rule, line)?;
        must_be_strict(asked, &rule)?;
        let draft: Option<&RuleDraft> = asked.office.get(&rule.id);
        if draft.is_some() {
            return Err(at(Code::DraftWaits, line, 1));
        }
        Ok(vec![Change::Put(RuleDraft::from(&rule).into_row())])
    })
}

fn proposed(asked: &Asked<'_>, line: usize, fields: &[&str]) -> Result<Rule, Refusal> {
    must_have(line, fields, 12)?;
    let id: Word = field(line, fields, 1)?;
    let known: Option<&Rule> = asked.office.get(&id);
    let inherited: Option<&RuleInherited> = asked.office.get(&id);
    let own_level = asked.office.card().is_some_and(|card| card.level == Level::Province);
    Ok(Rule {
        version: known.map_or(0, |known| known.version) + 1,
        when: field(line, fields, 2)?,
        action: field(line, fields, 3)?,
        condition: field(line, fields, 4)?,
        code: field(line, fields, 5)?,
        tolerance_fen: field(line, fields, 6)?,
        tolerance_bp: field(line, fields, 7)?,
        in_force: field(line, fields, 8)?,
        waits_for: field(line, fields, 9)?,
        chinese: field(line, fields, 10)?,
        english: field(line, fields, 11)?,
        release: field(line, fields, 12)?,
        origin: if own_level { Origin::Province } else { Origin::Own },
        origin_version: inherited.map_or(0, |inherited| inherited.version),
        maker: asked.by.person,
        checker: crate::ids::PersonId::NOBODY,
        day: None,
        id,
    })
}

/// Time, condition, code, release and force of a rule go together.
fn must_fit(rule: &Rule, line: usize) -> Result<(), Refusal> {
    let unfit = |column| Err(at(Code::UnfitRule, line, column));
    if rule.when.split(' ').any(|time| !TIMES.contains(&time)) {
        return unfit(2);
    }
    let Ok(condition) = Condition::parse(&rule.condition) else { return unfit(4) };
    if rule.tolerance_fen < Fen::ZERO {
        return unfit(6);
    }
    if !rule.in_force {
        // It stands in the list with what it waits for.
        return if rule.waits_for.is_empty() { unfit(9) } else { Ok(()) };
    }
    let at_time = |time| rule.when.split(' ').any(|word| word == time);
    let mild = matches!(rule.action, Action::Warn | Action::Record);
    match condition {
        Condition::Engine => {}
        Condition::Any(_) if !at_time("submit") => return unfit(2),
        Condition::Any(_) if !is_answer(rule.code) => return unfit(5),
        Condition::Daily(_) if !at_time("scan") => return unfit(2),
        Condition::Daily(_) if !mild => return unfit(3),
        Condition::Any(_) | Condition::Daily(_) => {}
    }
    if rule.action == Action::Hold && rule.release.is_empty() { unfit(12) } else { Ok(()) }
}

/// Codes that a rule of payments may answer with.
fn is_answer(code: u16) -> bool {
    (1000..3000).contains(&code) && Code::from_number(code).is_some()
}

/// A division below the province may only tighten.
fn must_be_strict(asked: &Asked<'_>, rule: &Rule) -> Result<(), Refusal> {
    match asked.office.get::<RuleInherited>(&rule.id) {
        Some(inherited) if !is_as_strict(rule, &Rule::from(inherited)) => {
            Err(Code::RuleLooser.into())
        }
        _ => Ok(()),
    }
}

/// Whether a rule stops everything another one stops, at least as hard, at all its times.
fn is_as_strict(own: &Rule, other: &Rule) -> bool {
    if !other.in_force {
        return true;
    }
    let conditions = (Condition::parse(&own.condition), Condition::parse(&other.condition));
    let (Ok(condition), Ok(other_condition)) = conditions else { return false };
    let at_all_times = other.when.split(' ').all(|time| own.when.split(' ').any(|t| t == time));
    let tolerates_no_more =
        own.tolerance_fen <= other.tolerance_fen && own.tolerance_bp <= other.tolerance_bp;
    own.in_force
        && own.action >= other.action
        && at_all_times
        && tolerates_no_more
        && condition.covers(&other_condition)
}

/// Each line: the id of a proposed rule.
pub(super) fn approve(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 1)?;
        let draft: &RuleDraft =
            asked.office.get(fields[0]).ok_or_else(|| at(Code::NoDraft, line, 1))?;
        must_be_another(asked, draft.maker)?;
        let rule = Rule { checker: asked.by.person, day: asked.paper.day, ..Rule::from(draft) };
        must_be_strict(asked, &rule)?;
        let version = Change::Put(RuleVersion::from(&rule).into_row());
        let gone = Change::Remove(Table::RuleDraft, (&*rule.id).into());
        Ok(vec![Change::Put(rule.into_row()), version, gone])
    })
}

/// Each line: the id of a proposed rule.
pub(super) fn drop_drafts(asked: &Asked<'_>) -> Changes {
    let either = asked.must_hold(PostKind::RuleMaker, None);
    either.or_else(|_| asked.must_hold(PostKind::RuleChecker, None))?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 1)?;
        let draft = asked.office.row(Table::RuleDraft, fields[0]);
        draft.ok_or_else(|| at(Code::NoDraft, line, 1))?;
        Ok(vec![Change::Remove(Table::RuleDraft, fields[0].into())])
    })
}

/// Each line: a rule as it stands in the province, with who wrote and who checked it there. The
/// division's own rule stays where it is at least as strict.
pub(super) fn inherit(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    if asked.office.card().is_some_and(|card| card.level == Level::Province) {
        return Err(Code::NotInherited.into());
    }
    each_line(asked, |line, fields| {
        let set = Rule::read(fields).map_err(|unfit| at(Code::BadRow, line, unfit.column + 1))?;
        must_fit(&set, line)?;
        let two = set.maker.0 != 0 && set.checker.0 != 0 && set.maker != set.checker;
        let before: Option<&RuleInherited> = asked.office.get(&set.id);
        let is_next = before.is_none_or(|before| before.version < set.version);
        if set.origin != Origin::Province || !two || !is_next {
            return Err(at(Code::NotInherited, line, 1));
        }
        let known: Option<&Rule> = asked.office.get(&set.id);
        let own = known.filter(|known| known.origin == Origin::Own && is_as_strict(known, &set));
        let mut changes = vec![Change::Put(RuleInherited::from(&set).into_row())];
        if own.is_none() {
            let version = known.map_or(0, |known| known.version) + 1;
            let rule = Rule { version, origin_version: set.version, ..set };
            changes.push(Change::Put(RuleVersion::from(&rule).into_row()));
            changes.push(Change::Put(rule.into_row()));
        }
        Ok(changes)
    })
}

/// Each line: rule, the province's approval, first and last day, action, condition, tolerances,
/// reason.
pub(super) fn propose_deviation(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleMaker, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 9)?;
        let deviation = Deviation {
            rule: field(line, fields, 1)?,
            number: field(line, fields, 2)?,
            valid_from: field(line, fields, 3)?,
            valid_to: field(line, fields, 4)?,
            action: field(line, fields, 5)?,
            condition: field(line, fields, 6)?,
            tolerance_fen: field(line, fields, 7)?,
            tolerance_bp: field(line, fields, 8)?,
            reason: field(line, fields, 9)?,
            maker: asked.by.person,
            checker: crate::ids::PersonId::NOBODY,
        };
        let inherited: Option<&RuleInherited> = asked.office.get(&deviation.rule);
        let inherited = inherited.ok_or_else(|| at(Code::NotInherited, line, 1))?;
        must_be_a_term(asked, line, deviation.valid_from, deviation.valid_to)?;
        let of_payments = |text: &str| matches!(Condition::parse(text), Ok(Condition::Any(_)));
        if !of_payments(&deviation.condition) || !of_payments(&inherited.condition) {
            return Err(at(Code::UnfitRule, line, 6));
        }
        let before: Option<&Deviation> = asked.office.get(&deviation.rule);
        if before.is_some_and(|before| !is_over(before.valid_to, asked.paper.day)) {
            return Err(at(Code::DraftWaits, line, 1));
        }
        Ok(vec![Change::Put(deviation.into_row())])
    })
}

fn must_be_a_term(asked: &Asked<'_>, line: usize, from: Day, to: Day) -> Result<(), Refusal> {
    if from > to || is_over(to, asked.paper.day) { Err(at(Code::BadTerm, line, 4)) } else { Ok(()) }
}

fn is_over(to: Day, today: Option<Day>) -> bool {
    today.is_some_and(|today| to < today)
}

/// Each line: the rule of a deviation that waits.
pub(super) fn approve_deviation(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 1)?;
        let waiting: Option<&Deviation> = asked.office.get(fields[0]);
        let waiting = waiting.filter(|waiting| waiting.checker.0 == 0);
        let waiting = waiting.ok_or_else(|| at(Code::NoDraft, line, 1))?;
        must_be_another(asked, waiting.maker)?;
        let approved = Deviation { checker: asked.by.person, ..waiting.clone() };
        Ok(vec![Change::Put(approved.into_row())])
    })
}

/// Each line: the rule of a deviation.
pub(super) fn end_deviation(asked: &Asked<'_>) -> Changes {
    let either = asked.must_hold(PostKind::RuleMaker, None);
    either.or_else(|_| asked.must_hold(PostKind::RuleChecker, None))?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 1)?;
        let known = asked.office.row(Table::Deviation, fields[0]);
        known.ok_or_else(|| at(Code::NoRow, line, 1))?;
        Ok(vec![Change::Remove(Table::Deviation, fields[0].into())])
    })
}

/// The day's scan; the text says why it is made.
pub(super) fn scan_day(asked: &Asked<'_>) -> Changes {
    let day = asked.paper.day.ok_or(Code::BadField)?;
    Ok(asked.book.map_or_else(Vec::new, |book| scan(book, day)))
}

/// Each line: unit, name of the ceiling, what is approved, on what basis.
pub(super) fn set_ceilings(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::TreasuryReviewer, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 4)?;
        let ceiling = Ceiling {
            unit: field(line, fields, 1)?,
            name: field(line, fields, 2)?,
            approved_fen: field(line, fields, 3)?,
            basis: field(line, fields, 4)?,
            maker: asked.by.person,
        };
        must_be_unit(asked, line, 1, &ceiling.unit)?;
        let used = used_under(asked, &ceiling);
        if used > FenSum::from(ceiling.approved_fen.get()) {
            let used = Fen::new(i64::try_from(used).unwrap_or(i64::MAX));
            return Err(Refusal::with(Code::CeilingBelowUsed, ceiling.approved_fen, used));
        }
        Ok(vec![Change::Put(ceiling.into_row())])
    })
}

pub(super) fn must_be_unit(
    asked: &Asked<'_>,
    line: usize,
    column: usize,
    unit: &str,
) -> Result<(), Refusal> {
    let known: Option<&Unit> = asked.office.get(unit);
    known.map(|_| ()).ok_or_else(|| at(Code::NoRow, line, column))
}

/// The most that a unit has used under any rule that holds it to a ceiling of this name.
fn used_under(asked: &Asked<'_>, ceiling: &Ceiling) -> FenSum {
    let Some(book) = asked.book else { return 0 };
    let Some(slot) = asked.office.slot_of(Table::Unit, &ceiling.unit) else { return 0 };
    let used = |predicate: &Predicate| match predicate {
        Predicate::Total(classes, _, Limit::Ceiling(name)) if **name == *ceiling.name => {
            let total = |&class| FenSum::from(book.rules.windows().total(slot, class));
            classes.iter().map(total).sum()
        }
        _ => 0,
    };
    let rules = asked.office.all::<Rule>().filter(|rule| rule.in_force);
    let conditions = rules.filter_map(|rule| Condition::parse(&rule.condition).ok());
    let clauses = conditions.filter_map(|condition| match condition {
        Condition::Any(clauses) => Some(clauses),
        Condition::Engine | Condition::Daily(_) => None,
    });
    clauses.flatten().flatten().map(|predicate| used(&predicate)).max().unwrap_or(0)
}

/// Each line: rule, unit, payee's account, the document it rests on, last day.
pub(super) fn propose_exemptions(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleMaker, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 5)?;
        let exemption = Exemption {
            rule: field(line, fields, 1)?,
            unit: field(line, fields, 2)?,
            account: field(line, fields, 3)?,
            number: field(line, fields, 4)?,
            valid_to: field(line, fields, 5)?,
            maker: asked.by.person,
            checker: crate::ids::PersonId::NOBODY,
        };
        let rule: Option<&Rule> = asked.office.get(&exemption.rule);
        rule.ok_or_else(|| at(Code::NoRow, line, 1))?;
        must_be_unit(asked, line, 2, &exemption.unit)?;
        if is_over(exemption.valid_to, asked.paper.day) {
            return Err(at(Code::BadTerm, line, 5));
        }
        Ok(vec![Change::Put(exemption.into_row())])
    })
}

/// Each line: rule, unit, account.
pub(super) fn approve_exemptions(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 3)?;
        let waiting: Option<&Exemption> = asked.office.get(&fields.join("/"));
        let waiting = waiting.filter(|waiting| waiting.checker.0 == 0);
        let waiting = waiting.ok_or_else(|| at(Code::NoDraft, line, 1))?;
        must_be_another(asked, waiting.maker)?;
        let approved = Exemption { checker: asked.by.person, ..waiting.clone() };
        Ok(vec![Change::Put(approved.into_row())])
    })
}

/// Each line: rule, subject, what is answered.
pub(super) fn answer_alerts(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::TreasuryReviewer, None)?;
    each_line(asked, |line, fields| {
        must_have(line, fields, 3)?;
        let answer: Name = field(line, fields, 3)?;
        let alert: Option<&Alert> = asked.office.get(&format!("{}/{}", fields[0], fields[1]));
        let alert = alert.ok_or_else(|| at(Code::NoRow, line, 1))?;
        let answer = Text::from(&*answer);
        let closed = Alert { state: AlertState::Closed, answer, ..alert.clone() };
        Ok(vec![Change::Put(closed.into_row())])
    })
}
