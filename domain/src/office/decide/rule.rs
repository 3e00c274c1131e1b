//! Control rules are proposed, approved by another person, inherited from the province; deviations,
//! exemptions and ceilings likewise; alerts are raised and answered.

use super::Asked;
use super::reading::{Line, each_once};
use crate::ids::Day;
use crate::money::{Fen, FenSum};
use crate::office::field::{Name, Text, Word};
use crate::office::line::Change;
use crate::office::rules::condition::{Condition, Limit, Predicate};
use crate::office::rules::scan::scan;
use crate::office::table::{Table, Tabled};
use crate::office::tables::base::Level;
use crate::office::tables::people::PostKind;
use crate::office::tables::rule::{
    Action, Alert, AlertState, Ceiling, Deviation, Exemption, Origin, Rule, RuleDraft,
    RuleInherited, RuleVersion,
};
use crate::refusal::{Code, Refusal};

type Changes = Result<Vec<Change>, Refusal>;

/// Times a rule may be looked at.
const TIMES: [&str; 5] = ["submit", "generate", "review", "receipt", "scan"];

/// Changes of every line, in order.
fn each_line<'a>(asked: &Asked<'a>, of: impl Fn(&Line<'a>) -> Changes) -> Changes {
    let mut changes = Vec::new();
    for line in asked.read()? {
        changes.extend(of(&line)?);
    }
    each_once(changes)
}

/// Each line: id, times, action, condition, code, tolerances, in force, what it waits for, Chinese and
/// English text, what releases.
pub(super) fn propose(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleMaker, None)?;
    each_line(asked, |line| {
        let rule = proposed(asked, line)?;
        must_fit(&rule, line)?;
        must_be_strict(asked, &rule)?;
        let draft: Option<&RuleDraft> = asked.office.get(&rule.id);
        if draft.is_some() {
            return Err(line.refuse(Code::DraftWaits, 0));
        }
        Ok(vec![Change::Put(RuleDraft::from(&rule).into_row())])
    })
}

fn proposed(asked: &Asked<'_>, line: &Line<'_>) -> Result<Rule, Refusal> {
    line.must_have(12)?;
    let id: Word = line.get(0)?;
    let known: Option<&Rule> = asked.office.get(&id);
    let inherited: Option<&RuleInherited> = asked.office.get(&id);
    let own_level = asked.office.card().is_some_and(|card| card.level == Level::Province);
    Ok(Rule {
        version: known.map_or(0, |known| known.version) + 1,
        when: line.get(1)?,
        action: line.get(2)?,
        condition: line.get(3)?,
        code: line.get(4)?,
        tolerance_fen: line.get(5)?,
        tolerance_bp: line.get(6)?,
        in_force: line.get(7)?,
        waits_for: line.get(8)?,
        chinese: line.get(9)?,
        english: line.get(10)?,
        release: line.get(11)?,
        origin: if own_level { Origin::Province } else { Origin::Own },
        origin_version: inherited.map_or(0, |inherited| inherited.version),
        maker: asked.by.person,
        checker: crate::ids::PersonId::NOBODY,
        day: None,
        id,
    })
}

/// Time, condition, code, release and force of a rule go together.
fn must_fit(rule: &Rule, line: &Line<'_>) -> Result<(), Refusal> {
    let unfit = |column| Err(line.refuse(Code::UnfitRule, column));
    if rule.when.split(' ').any(|time| !TIMES.contains(&time)) {
        return unfit(1);
    }
    let Ok(condition) = Condition::parse(&rule.condition) else { return unfit(3) };
    if rule.tolerance_fen < Fen::ZERO {
        return unfit(5);
    }
    if !rule.in_force {
        // It stands in the list with what it waits for.
        return if rule.waits_for.is_empty() { unfit(8) } else { Ok(()) };
    }
    let at_time = |time| rule.when.split(' ').any(|word| word == time);
    let mild = matches!(rule.action, Action::Warn | Action::Record);
    match condition {
        Condition::Engine => {}
        Condition::Any(_) if !at_time("submit") => return unfit(1),
        Condition::Any(_) if !is_answer(rule.code) => return unfit(4),
        Condition::Daily(_) if !at_time("scan") => return unfit(1),
        Condition::Daily(_) if !mild => return unfit(2),
        Condition::Any(_) | Condition::Daily(_) => {}
    }
    if rule.action == Action::Hold && rule.release.is_empty() { unfit(11) } else { Ok(()) }
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
    each_line(asked, |line| {
        line.must_have(1)?;
        let draft: &RuleDraft =
            asked.office.get(line.text(0)?).ok_or_else(|| line.refuse(Code::NoDraft, 0))?;
        asked.must_not_be(draft.maker)?;
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
    each_line(asked, |line| {
        line.must_have(1)?;
        let draft = asked.office.row(Table::RuleDraft, line.text(0)?);
        draft.ok_or_else(|| line.refuse(Code::NoDraft, 0))?;
        Ok(vec![Change::Remove(Table::RuleDraft, line.text(0)?.into())])
    })
}

/// Each line: a rule as it stands in the province, with who wrote and who checked it there. The
/// division's own rule stays where it is at least as strict.
pub(super) fn inherit(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    if asked.office.card().is_some_and(|card| card.level == Level::Province) {
        return Err(Code::NotInherited.into());
    }
    each_line(asked, |line| {
        let set: Rule = line.row()?;
        must_fit(&set, line)?;
        let two = set.maker.0 != 0 && set.checker.0 != 0 && set.maker != set.checker;
        let before: Option<&RuleInherited> = asked.office.get(&set.id);
        let is_next = before.is_none_or(|before| before.version < set.version);
        if set.origin != Origin::Province || !two || !is_next {
            return Err(line.refuse(Code::NotInherited, 0));
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
    each_line(asked, |line| {
        line.must_have(9)?;
        let deviation = Deviation {
            rule: line.get(0)?,
            number: line.get(1)?,
            valid_from: line.get(2)?,
            valid_to: line.get(3)?,
            action: line.get(4)?,
            condition: line.get(5)?,
            tolerance_fen: line.get(6)?,
            tolerance_bp: line.get(7)?,
            reason: line.get(8)?,
            maker: asked.by.person,
            checker: crate::ids::PersonId::NOBODY,
        };
        let inherited: Option<&RuleInherited> = asked.office.get(&deviation.rule);
        let inherited = inherited.ok_or_else(|| line.refuse(Code::NotInherited, 0))?;
        must_be_a_term(asked, line, deviation.valid_from, deviation.valid_to)?;
        let of_payments = |text: &str| matches!(Condition::parse(text), Ok(Condition::Any(_)));
        if !of_payments(&deviation.condition) || !of_payments(&inherited.condition) {
            return Err(line.refuse(Code::UnfitRule, 5));
        }
        let before: Option<&Deviation> = asked.office.get(&deviation.rule);
        if before.is_some_and(|before| !is_over(before.valid_to, asked.paper.day)) {
            return Err(line.refuse(Code::DraftWaits, 0));
        }
        Ok(vec![Change::Put(deviation.into_row())])
    })
}

fn must_be_a_term(asked: &Asked<'_>, line: &Line<'_>, from: Day, to: Day) -> Result<(), Refusal> {
    if from > to || is_over(to, asked.paper.day) {
        Err(line.refuse(Code::BadTerm, 3))
    } else {
        Ok(())
    }
}

fn is_over(to: Day, today: Option<Day>) -> bool {
    today.is_some_and(|today| to < today)
}

/// Each line: the rule of a deviation that waits.
pub(super) fn approve_deviation(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line| {
        line.must_have(1)?;
        let waiting: Option<&Deviation> = asked.office.get(line.text(0)?);
        let waiting = waiting.filter(|waiting| waiting.checker.0 == 0);
        let waiting = waiting.ok_or_else(|| line.refuse(Code::NoDraft, 0))?;
        asked.must_not_be(waiting.maker)?;
        let approved = Deviation { checker: asked.by.person, ..waiting.clone() };
        Ok(vec![Change::Put(approved.into_row())])
    })
}

/// Each line: the rule of a deviation.
pub(super) fn end_deviation(asked: &Asked<'_>) -> Changes {
    let either = asked.must_hold(PostKind::RuleMaker, None);
    either.or_else(|_| asked.must_hold(PostKind::RuleChecker, None))?;
    each_line(asked, |line| {
        line.must_have(1)?;
        let known = asked.office.row(Table::Deviation, line.text(0)?);
        known.ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        Ok(vec![Change::Remove(Table::Deviation, line.text(0)?.into())])
    })
}

/// The day's scan; the text says why it is made.
pub(super) fn scan_day(asked: &Asked<'_>) -> Changes {
    let day = asked.paper.day.ok_or(Code::BadField)?;
    Ok(asked.book.map_or_else(Vec::new, |book| scan(book, day)))
}

/// Each line: unit, name of the ceiling, what is approved, on what basis. The paper names its checker.
pub(super) fn set_ceilings(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::TreasuryReviewer, None)?;
    let checker = asked.checker(PostKind::RuleChecker)?;
    each_line(asked, |line| {
        line.must_have(4)?;
        let ceiling = Ceiling {
            unit: line.get(0)?,
            name: line.get(1)?,
            approved_fen: line.get(2)?,
            basis: line.get(3)?,
            maker: asked.by.person,
            checker: Some(checker),
        };
        asked.must_be_unit(line, 0, &ceiling.unit)?;
        let used = used_under(asked, &ceiling);
        if used > FenSum::from(ceiling.approved_fen.get()) {
            let used = Fen::new(i64::try_from(used).unwrap_or(i64::MAX));
            return Err(Refusal::with(Code::CeilingBelowUsed, ceiling.approved_fen, used));
        }
        Ok(vec![Change::Put(ceiling.into_row())])
    })
}

/// The most that a unit has used under any rule that holds it to a ceiling of this name.
fn used_under(asked: &Asked<'_>, ceiling: &Ceiling) -> FenSum {
    let Some(book) = asked.book else { return 0 };
    let Some(slot) = asked.office.slot_of(Table::Unit, &ceiling.unit) else { return 0 };
    let used = |predicate: &Predicate| match predicate {
        Predicate::Total(classes, _, Limit::Ceiling(name)) if **name == *ceiling.name => {
            classes.iter().map(|&class| book.rules.windows().total(slot, class)).sum()
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
    each_line(asked, |line| {
        line.must_have(5)?;
        let exemption = Exemption {
            rule: line.get(0)?,
            unit: line.get(1)?,
            account: line.get(2)?,
            number: line.get(3)?,
            valid_to: line.get(4)?,
            maker: asked.by.person,
            checker: crate::ids::PersonId::NOBODY,
        };
        let rule: Option<&Rule> = asked.office.get(&exemption.rule);
        rule.ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        asked.must_be_unit(line, 1, &exemption.unit)?;
        if is_over(exemption.valid_to, asked.paper.day) {
            return Err(line.refuse(Code::BadTerm, 4));
        }
        Ok(vec![Change::Put(exemption.into_row())])
    })
}

/// Each line: rule, unit, account.
pub(super) fn approve_exemptions(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line| {
        line.must_have(3)?;
        let waiting: Option<&Exemption> = asked.office.get(&line.fields.join("/"));
        let waiting = waiting.filter(|waiting| waiting.checker.0 == 0);
        let waiting = waiting.ok_or_else(|| line.refuse(Code::NoDraft, 0))?;
        asked.must_not_be(waiting.maker)?;
        let approved = Exemption { checker: asked.by.person, ..waiting.clone() };
        Ok(vec![Change::Put(approved.into_row())])
    })
}

/// Each line: rule, subject, what is answered.
pub(super) fn answer_alerts(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::TreasuryReviewer, None)?;
    each_line(asked, |line| {
        line.must_have(3)?;
        let answer: Name = line.get(2)?;
        let alert: Option<&Alert> = asked.office.get(&line.fields[..2].join("/"));
        let alert = alert.ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        let answer = Text::from(&*answer);
        let closed = Alert { state: AlertState::Closed, answer, ..alert.clone() };
        Ok(vec![Change::Put(closed.into_row())])
    })
}
