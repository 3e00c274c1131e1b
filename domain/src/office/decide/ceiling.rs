//! Ceilings on units' years are proposed by one person and set by another.

use super::Asked;
use super::reading::Line;
use super::rule::{Changes, each_line};
use crate::money::{Fen, FenSum};
use crate::office::line::Change;
use crate::office::rules::condition::{Condition, Limit, Predicate};
use crate::office::table::{Table, Tabled};
use crate::office::tables::people::PostKind;
use crate::office::tables::rule::{Ceiling, CeilingDraft, Rule};
use crate::refusal::{Code, Refusal};

/// Each line: unit, name of the ceiling, what is approved, on what basis. It waits for another person,
/// and what was set before holds meanwhile.
pub(super) fn propose(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::TreasuryReviewer, None)?;
    each_line(asked, |line| {
        line.must_have(4)?;
        let draft = CeilingDraft {
            unit: line.get(0)?,
            name: line.get(1)?,
            approved_fen: line.amount(2)?,
            basis: line.get(3)?,
            maker: asked.by.person,
        };
        asked.must_be_unit(line, 0, &draft.unit)?;
        if asked.office.get::<CeilingDraft>(&line.fields[..2].join("/")).is_some() {
            return Err(line.refuse(Code::DraftWaits, 0));
        }
        must_bear_what_is_used(asked, line, &draft)?;
        Ok(vec![Change::Put(draft.into_row())])
    })
}

/// Each line: unit, name of a ceiling that waits.
pub(super) fn set(asked: &Asked<'_>) -> Changes {
    asked.must_hold(PostKind::RuleChecker, None)?;
    each_line(asked, |line| {
        let draft = named(asked, line)?;
        asked.must_not_be(draft.maker)?;
        // Payments have gone on since it was proposed.
        must_bear_what_is_used(asked, line, draft)?;
        let gone = Change::Remove(Table::CeilingDraft, draft.key().into());
        let CeilingDraft { unit, name, approved_fen, basis, maker } = draft.clone();
        let checker = Some(asked.by.person);
        let ceiling = Ceiling { unit, name, approved_fen, basis, maker, checker };
        Ok(vec![Change::Put(ceiling.into_row()), gone])
    })
}

/// Each line: unit, name of a ceiling that waits.
pub(super) fn drop_drafts(asked: &Asked<'_>) -> Changes {
    let either = asked.must_hold(PostKind::TreasuryReviewer, None);
    either.or_else(|_| asked.must_hold(PostKind::RuleChecker, None))?;
    each_line(asked, |line| {
        let draft = named(asked, line)?;
        Ok(vec![Change::Remove(Table::CeilingDraft, draft.key().into())])
    })
}

/// The one a line names.
fn named<'a>(asked: &Asked<'a>, line: &Line<'a>) -> Result<&'a CeilingDraft, Refusal> {
    line.must_have(2)?;
    let draft = asked.office.get(&line.fields.join("/"));
    draft.ok_or_else(|| line.refuse(Code::NoDraft, 0))
}

fn must_bear_what_is_used(
    asked: &Asked<'_>,
    line: &Line<'_>,
    draft: &CeilingDraft,
) -> Result<(), Refusal> {
    let used = used_under(asked, draft);
    if used <= FenSum::from(draft.approved_fen.get()) {
        return Ok(());
    }
    let used = Fen::new(i64::try_from(used).unwrap_or(i64::MAX));
    let no = Refusal::with(Code::CeilingBelowUsed, draft.approved_fen, used);
    Err(line.place(no, 0))
}

/// The most that a unit has used under any rule that holds it to a ceiling of this name.
fn used_under(asked: &Asked<'_>, ceiling: &CeilingDraft) -> FenSum {
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
