//! Control rules are proposed, or taken over from the province, and approved by another person;
//! deviations and exemptions likewise; alerts are raised and answered.

use super::Asked;
use super::reading::{Line, each_once};
use crate::ids::Day;
use crate::money::Fen;
use crate::office::field::{Name, Text, Word};
use crate::office::line::Change;
use crate::office::rules::condition::Condition;
use crate::office::rules::scan::scan;
use crate::office::table::{Table, Tabled};
use crate::office::tables::base::Level;
use crate::office::tables::people::PostKind;
use crate::office::tables::rule::{
    Action, Alert, AlertState, Deviation, Exemption, Origin, Rule, RuleDraft, RuleInherited,
    RuleVersion,
};
use crate::refusal::{Code, Refusal};

pub(super) type Changes = Result<Vec<Change>, Refusal>;

/// Times a rule may be looked at.
const TIMES: [&str; 5] = ["submit", "generate", "review", "receipt", "scan"];

/// Changes of every line, in order.
pub(super) fn each_line<'a>(asked: &Asked<'a>, of: impl Fn(&Line<'a>) -> Changes) -> Changes {
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
    let origin = if is_the_province(asked) { Origin::Province } else { Origin::Own };
    each_line(asked, |line| {
        let rule = proposed(asked, line, 1)?;
        let inherited: Option<&RuleInherited> = asked.office.get(&rule.id);
        let origin_version = inherited.map_or(0, |inherited| inherited.version);
        let rule = Rule { origin, origin_version, ..rule };
        must_be_strict(asked, &rule)?;
        waiting(asked, line, &rule)
    })
}

fn is_the_province(asked: &Asked<'_>) -> bool {
    asked.office.card().is_some_and(|card| card.level == Level::Province)
}

/// A rule for which another person has to take a step; nothing else waits under its id.
fn waiting(asked: &Asked<'_>, line: &Line<'_>, rule: &Rule) -> Changes {
    let draft: Option<&RuleDraft> = asked.office.get(&rule.id);
    if draft.is_some() {
        return Err(line.refuse(Code::DraftWaits, 0));
    }
    Ok(vec![Change::Put(RuleDraft::from(rule).into_row())])
}

/// The rule of a line whose columns from its times on begin at `from`.
fn proposed(asked: &Asked<'_>, line: &Line<'_>, from: usize) -> Result<Rule, Refusal> {
    line.must_have(from + 11)?;
    let id: Word = line.get(0)?;
    let known: Option<&Rule> = asked.office.get(&id);
    let rule = Rule {
        version: known.map_or(0, |known| known.version) + 1,
        when: line.get(from)?,
        action: line.get(from + 1)?,
        condition: line.get(from + 2)?,
        code: line.get(from + 3)?,
        tolerance_fen: line.get(from + 4)?,
        tolerance_bp: line.get(from + 5)?,
        in_force: line.get(from + 6)?,
        waits_for: line.get(from + 7)?,
        chinese: line.get(from + 8)?,
        english: line.get(from + 9)?,
        release: line.get(from + 10)?,
        origin: Origin::Own,
        origin_version: 0,
        maker: asked.by.person,
        checker: crate::ids::PersonId::NOBODY,
        day: None,
        id,
    };
    match unfit(&rule) {
        None => Ok(rule),
        Some(column) => Err(line.refuse(Code::UnfitRule, from + column)),
    }
}

/// Where time, condition, code, release and force of a rule do not go together: the column, from its
/// times on.
fn unfit(rule: &Rule) -> Option<usize> {
    if rule.when.split(' ').any(|time| !TIMES.contains(&time)) {
        return Some(0);
    }
    let Ok(condition) = Condition::parse(&rule.condition) else { return Some(2) };
    if rule.tolerance_fen < Fen::ZERO {
        return Some(4);
    }
    if !rule.in_force {
        // It stands in the list with what it waits for.
        return rule.waits_for.is_empty().then_some(7);
    }
    let at_time = |time| rule.when.split(' ').any(|word| word == time);
    let mild = matches!(rule.action, Action::Warn | Action::Record);
    match condition {
        Condition::Engine => {}
        Condition::Any(_) if !at_time("submit") => return Some(0),
        Condition::Any(_) if !is_answer(rule.code) => return Some(3),
        Condition::Daily(_) if !at_time("scan") => return Some(0),
        Condition::Daily(_) if !mild => return Some(1),
        Condition::Any(_) | Condition::Daily(_) => {}
    }
    (rule.action == Action::Hold && rule.release.is_empty()).then_some(10)
}

/// Codes that a rule of payments may answer with.
fn is_answer(code: u16) -> bool {
    (1000..3000).contains(&code) && Code::from_number(code).is_some()
}

/// A division below the province may only tighten.
fn must_be_strict(asked: &Asked<'_>, rule: &Rule) -> Result<(), Refusal> {
    match asked.office.get::<RuleInherited>(&rule.id) {
        Some(inherited) if !rule.is_as_strict_as(&Rule::from(inherited)) => {
            Err(Code::RuleLooser.into())
        }
        _ => Ok(()),
    }
}

/// Each line: the id of a rule that waits, proposed or inherited.
pub(super) fn approve(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line| {
        line.must_have(1)?;
        let draft: &RuleDraft =
            asked.office.get(line.text(0)?).ok_or_else(|| line.refuse(Code::NoDraft, 0))?;
        asked.must_not_be(draft.maker)?;
        let rule = Rule { checker: asked.by.person, day: asked.paper.day, ..Rule::from(draft) };
        let mut changes = if rule.origin == Origin::Province && !is_the_province(asked) {
            taken_over(asked, rule)
        } else {
            must_be_strict(asked, &rule)?;
            in_force(rule)
        };
        changes.push(Change::Remove(Table::RuleDraft, (&*draft.id).into()));
        Ok(changes)
    })
}

/// A rule as it is now, and as it was in this version.
fn in_force(rule: Rule) -> Vec<Change> {
    vec![Change::Put(RuleVersion::from(&rule).into_row()), Change::Put(rule.into_row())]
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

/// Each line: a rule as it stands in the province: id, version there, then as it is proposed. It
/// waits for another person, who holds it against what the province has set. The version that was taken
/// over last is taken over again where its text was not right.
pub(super) fn inherit(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleMaker, None)?;
    if is_the_province(asked) {
        return Err(Code::NotInherited.into());
    }
    each_line(asked, |line| {
        let rule = proposed(asked, line, 2)?;
        let version: u32 = line.get(1)?;
        let before: Option<&RuleInherited> = asked.office.get(&rule.id);
        let is_due = before.map_or(version > 0, |before| {
            let mends = || !rule.is_same_text_as(&Rule::from(before));
            version > before.version || version == before.version && mends()
        });
        if !is_due {
            return Err(line.refuse(Code::NotInherited, 1));
        }
        let (origin, origin_version) = (Origin::Province, version);
        waiting(asked, line, &Rule { origin, origin_version, ..rule })
    })
}

/// An inherited rule takes effect. The division's own stays where it is at least as strict.
fn taken_over(asked: &Asked<'_>, rule: Rule) -> Vec<Change> {
    let set = Rule { version: rule.origin_version, ..rule.clone() };
    let known: Option<&Rule> = asked.office.get(&rule.id);
    let own = known.filter(|known| known.origin == Origin::Own && known.is_as_strict_as(&set));
    let mut changes = vec![Change::Put(RuleInherited::from(&set).into_row())];
    if own.is_none() {
        changes.extend(in_force(rule));
    }
    changes
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
