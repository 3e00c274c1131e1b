//! Quota documents: written by one person, checked by another, carried out by the engine; and
//! transfers from above, confirmed or declined by whoever did not issue them.

use super::reading::{Line, each_once};
use super::{Asked, at};
use crate::codes::YearState;
use crate::limits::DOCUMENT_LINES_MAX;
use crate::money::Fen;
use crate::office::field::{Field, Text};
use crate::office::issuance::plan;
use crate::office::line::Change;
use crate::office::table::{Tabled, Unfit};
use crate::office::tables::budget::{BudgetRow, RowKind};
use crate::office::tables::document::{
    Arrival, ArrivalState, Document, DocumentLine, DocumentState, VirementRule,
};
use crate::office::tables::people::PostKind;
use crate::refusal::{Code, Figure, Refusal};

/// One row and nothing else.
fn put<T: Tabled>(row: T) -> Vec<Change> {
    vec![Change::Put(row.into_row())]
}

/// The fields of a paper's one line, so many.
fn fields<'a>(asked: &Asked<'a>, count: usize) -> Result<Vec<&'a str>, Refusal> {
    let line = asked.only()?;
    line.must_have(count)?;
    Ok(line.fields)
}

fn document<'a>(asked: &Asked<'a>, code: &str) -> Result<&'a Document, Refusal> {
    asked.office.get::<Document>(code).ok_or_else(|| at(Code::NoDocument, 1, 1))
}

/// The head: as the row, without persons, state and reason. Drafted again with fewer lines, those
/// beyond are no more.
pub(super) fn draft(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::QuotaMaker, None)?;
    let given = fields(asked, 8)?;
    let maker = asked.by.person.0.to_string();
    let whole: Vec<&str> =
        given.iter().copied().chain([maker.as_str(), "0", "drafted", ""]).collect();
    let unfit = |unfit: Unfit| at(Code::BadRow, 1, unfit.column + 1);
    let row = Document::read(&whole).map_err(unfit)?;
    let lines_fit = row.lines <= DOCUMENT_LINES_MAX && (row.lines > 0 || row.kind.may_imply());
    if !lines_fit {
        return Err(at(Code::DocumentMismatch, 1, 7));
    }
    if row.total_fen < Fen::ZERO {
        return Err(at(Code::BadRow, 1, 8));
    }
    let mut changes = Vec::new();
    if let Some(known) = asked.office.get::<Document>(&row.code) {
        must_be_makers(asked, known)?;
        let beginning = format!("{}/", &*row.code);
        let lines = asked.office.beginning::<DocumentLine>(&beginning);
        let beyond = lines.filter(|line| line.line > row.lines);
        let gone = beyond.map(|line| Change::Remove(DocumentLine::TABLE, line.key().into()));
        changes.extend(gone);
    }
    changes.extend(put(row));
    Ok(changes)
}

/// Whoever wrote it may change it until it is checked.
fn must_be_makers(asked: &Asked<'_>, known: &Document) -> Result<(), Refusal> {
    if !matches!(known.state, DocumentState::Drafted | DocumentState::Returned) {
        return Err(Code::DocumentState.into());
    }
    if known.maker == asked.by.person { Ok(()) } else { Err(Code::DocumentDuty.into()) }
}

/// First the document's code; then lines, each from its number on.
pub(super) fn lines(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::QuotaMaker, None)?;
    let mut lines = asked.lines();
    let code = match lines.next() {
        Some((_, head)) if head.len() == 1 => head[0],
        _ => return Err(at(Code::BadRow, 1, 2)),
    };
    must_be_makers(asked, document(asked, code)?)?;
    let line = |(number, given): (usize, Vec<&str>)| {
        let whole: Vec<&str> = std::iter::once(code).chain(given).collect();
        let row =
            DocumentLine::read(&whole).map_err(|unfit| at(Code::BadRow, number, unfit.column))?;
        if !(1..=DOCUMENT_LINES_MAX).contains(&row.line) {
            return Err(at(Code::BadRow, number, 1));
        }
        Ok(Change::Put(row.into_row()))
    };
    lines.map(line).collect()
}

/// Every line is held against the state, and the engine is told to go on.
pub(super) fn check(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::QuotaChecker, None)?;
    let known = document(asked, fields(asked, 1)?[0])?;
    if !matches!(known.state, DocumentState::Drafted | DocumentState::Returned) {
        return Err(Code::DocumentState.into());
    }
    if known.maker == asked.by.person {
        return Err(Code::DocumentDuty.into());
    }
    must_have_no_more_lines(asked, known)?;
    plan::draw(asked.division, asked.paper.year, &known.code)?;
    let (checker, state, reason) = (asked.by.person, DocumentState::Checked, Text::default());
    Ok(put(Document { checker, state, reason, ..known.clone() }))
}

fn must_have_no_more_lines(asked: &Asked<'_>, known: &Document) -> Result<(), Refusal> {
    let beginning = format!("{}/", &*known.code);
    let there = asked.office.beginning::<DocumentLine>(&beginning).count();
    if there == known.lines as usize {
        return Ok(());
    }
    let (said, there) = (Fen::new(i64::from(known.lines)), Fen::new(there as i64));
    Err(Refusal::with(Code::DocumentMismatch, said, there))
}

/// Code and reason; by its maker, who withdraws it, or by another, who does not check it.
pub(super) fn send_back(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let given = fields(asked, 2)?;
    let known = document(asked, given[0])?;
    if known.maker != asked.by.person {
        asked.must_hold(PostKind::QuotaChecker, None)?;
    }
    if known.state != DocumentState::Drafted {
        return Err(Code::DocumentState.into());
    }
    let reason = reason(given[1])?;
    Ok(put(Document { state: DocumentState::Returned, reason, ..known.clone() }))
}

fn reason(text: &str) -> Result<Text, Refusal> {
    Text::read(text).filter(|text| !text.trim().is_empty()).ok_or_else(|| at(Code::BadRow, 1, 2))
}

fn waiting<'a>(asked: &Asked<'a>, key: &str) -> Result<&'a Arrival, Refusal> {
    let known = asked.office.get::<Arrival>(key).ok_or_else(|| at(Code::NoArrival, 1, 1))?;
    if known.state != ArrivalState::Waiting {
        return Err(Code::DocumentState.into());
    }
    if known.maker == asked.by.person || known.checker == asked.by.person {
        return Err(Code::DocumentDuty.into());
    }
    Ok(known)
}

/// Arrival, document number, amount, budget row.
pub(super) fn receive(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::QuotaMaker, None)?;
    let given = fields(asked, 4)?;
    let known = waiting(asked, given[0])?;
    if asked.book.is_none_or(|book| book.state != YearState::Open) {
        return Err(Code::YearNotOpen.into());
    }
    if *known.number != *given[1] {
        return Err(at(Code::ReceiveMismatch, 1, 2));
    }
    let amount = Fen::read(given[2]).ok_or_else(|| at(Code::BadRow, 1, 3))?;
    if amount != known.amount_fen {
        let (code, requested_fen, left_fen) = (Code::ReceiveMismatch, amount, known.amount_fen);
        let mut refusal = at(code, 1, 3);
        refusal.add(Figure { limit: code, requested_fen, left_fen });
        return Err(refusal);
    }
    let row = asked.office.get::<BudgetRow>(given[3]).ok_or_else(|| at(Code::NoBudgetRow, 1, 4))?;
    must_take(asked, known, row)?;
    let (state, receiver) = (ArrivalState::Received, asked.by.person);
    let row = Text::from(given[3]);
    Ok(put(Arrival { state, receiver, row, ..known.clone() }))
}

/// The row is one for money from above, of its elements, and of no other quota above.
fn must_take(asked: &Asked<'_>, arrival: &Arrival, row: &BudgetRow) -> Result<(), Refusal> {
    if row.kind != RowKind::Received || row.is_dropped {
        return Err(at(Code::BadLine, 1, 4));
    }
    if row.fund != arrival.fund {
        return Err(at(Code::ReceiveMismatch, 1, 4));
    }
    if !arrival.track.is_empty() && arrival.track != row.track {
        return Err(at(Code::ElementConflict, 1, 4));
    }
    let known = asked.quota_of(row).and_then(|quota| asked.book?.row(quota));
    if known.is_some_and(|known| known.parent != arrival.from) {
        return Err(at(Code::NotChild, 1, 4));
    }
    let promised = |other: &Arrival| {
        other.state == ArrivalState::Received
            && *other.row == *row.code
            && other.from != arrival.from
    };
    if asked.office.all::<Arrival>().any(promised) {
        return Err(at(Code::NotChild, 1, 4));
    }
    Ok(())
}

/// Arrival and reason.
pub(super) fn decline(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::QuotaMaker, None)?;
    let given = fields(asked, 2)?;
    let known = waiting(asked, given[0])?;
    let (state, receiver, reason) = (ArrivalState::Declined, asked.by.person, reason(given[1])?);
    Ok(put(Arrival { state, receiver, reason, ..known.clone() }))
}

/// Rules of virement, each as its row.
pub(super) fn virement_rules(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    asked.must_hold(PostKind::BudgetHead, None)?;
    let rule = |line: &Line<'_>| Ok(Change::Put(line.row::<VirementRule>()?.into_row()));
    each_once(asked.read()?.iter().map(rule).collect::<Result<_, Refusal>>()?)
}
