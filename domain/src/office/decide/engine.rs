//! Papers of the engine's own: what it puts on file when it carries documents out.
//!
//! They come from the supervisor alone, in the name of the person whose document it is. What they
//! say is still held against the state.

use super::reading::Line;
use super::{Asked, at};
use crate::ids::{MoveId, QuotaId};
use crate::money::Fen;
use crate::movement::Transit;
use crate::office::field::{Field, Text};
use crate::office::line::{Change, Shift};
use crate::office::table::Tabled;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::document::{
    Arrival, ArrivalState, CarriedIn, Document, DocumentState, Transfer, TransferState,
};
use crate::refusal::{Code, Refusal};

fn put<T: Tabled>(row: T) -> Change {
    Change::Put(row.into_row())
}

fn checked<'a>(asked: &Asked<'a>, code: &str) -> Result<&'a Document, Refusal> {
    let known = asked.office.get::<Document>(code).ok_or_else(|| at(Code::NoDocument, 1, 1))?;
    if known.state == DocumentState::Checked { Ok(known) } else { Err(Code::DocumentState.into()) }
}

/// The document's code.
pub(super) fn done(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let known = checked(asked, asked.paper.text)?;
    Ok(vec![put(Document { state: DocumentState::Done, ..known.clone() })])
}

/// The document's code and why.
pub(super) fn failed(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let (code, reason) = asked.paper.text.split_once('\t').ok_or_else(|| at(Code::BadRow, 1, 2))?;
    let known = checked(asked, code)?;
    let reason = Text::read(reason).ok_or_else(|| at(Code::BadRow, 1, 2))?;
    Ok(vec![put(Document { state: DocumentState::Failed, reason, ..known.clone() })])
}

/// Each line a shift.
pub(super) fn row_figures(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let shift = |line: &Line<'_>| {
        let shift = Shift::read(&line.fields.join("\t"));
        let shift = shift.ok_or_else(|| line.refuse(Code::BadRow, 0))?;
        must_keep_bounds(asked, &shift).map_err(|code| line.refuse(code, 0))?;
        Ok(Change::Shift(shift))
    };
    asked.read()?.iter().map(shift).collect()
}

fn must_keep_bounds(asked: &Asked<'_>, shift: &Shift) -> Result<(), Code> {
    let row = asked.office.get::<BudgetRow>(&shift.row).ok_or(Code::NoBudgetRow)?;
    let adjusted = row.adjusted_fen.checked_add(shift.adjusted_fen).ok_or(Code::OverBound)?;
    let vired = row.vired_fen.checked_add(shift.vired_fen).ok_or(Code::OverBound)?;
    let sum = row.reply_fen.checked_add(adjusted).and_then(|sum| sum.checked_add(vired));
    sum.map(|_| ()).ok_or(Code::OverBound)
}

/// Each line a transfer's row; when it left, the turn says.
pub(super) fn transfer_out(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let row = |line: &Line<'_>| Ok(put(Transfer { out_ms: asked.now_ms, ..line.row()? }));
    asked.read()?.iter().map(row).collect()
}

/// Each line a move: how it ended stands in the year's moves.
pub(super) fn transfer_end(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let row = |line: &Line<'_>| {
        let known = asked.office.get::<Transfer>(line.fields[0]);
        let known = known.ok_or_else(|| line.refuse(Code::NoRow, 0))?;
        let transit = asked.book.and_then(|book| book.move_out(known.id)).map(|row| row.transit);
        let state = match transit {
            Some(Transit::Landed) => TransferState::Landed,
            Some(Transit::CameBack) => TransferState::CameBack,
            _ => return Err(line.refuse(Code::DocumentState, 0)),
        };
        Ok(put(Transfer { state, ..known.clone() }))
    };
    asked.read()?.iter().map(row).collect()
}

/// The sender's row of a transfer: it waits here for a person. One meant for another division does
/// not.
pub(super) fn arrive(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let sent: Transfer = asked.only()?.row()?;
    let own = super::division_code(asked.division, asked.office);
    if *sent.to_division != *own {
        return Err(Code::BadDivision.into());
    }
    let arrival = Arrival {
        sender: sent.from.division(),
        id: sent.id,
        number: sent.number,
        from: sent.from,
        to_division: sent.to_division,
        functional: sent.functional,
        fund: sent.fund,
        track: sent.track,
        amount_fen: sent.amount_fen,
        maker: sent.maker,
        checker: sent.checker,
        out_ms: sent.out_ms,
        state: ArrivalState::Waiting,
        row: Text::default(),
        receiver: crate::ids::PersonId::NOBODY,
        reason: Text::default(),
    };
    if asked.office.get::<Arrival>(&arrival.key()).is_some() {
        return Err(Code::DocumentState.into());
    }
    Ok(vec![put(arrival)])
}

/// The arrival's key: it is in its quota, or on its way back.
pub(super) fn received(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let known = asked.office.get::<Arrival>(asked.paper.text);
    let known = known.ok_or_else(|| at(Code::NoArrival, 1, 1))?;
    let open = matches!(known.state, ArrivalState::Received | ArrivalState::Declined);
    let moved = asked.book.and_then(|book| book.move_in(known.from, known.id)).filter(|_| open);
    let moved = moved.ok_or(Code::DocumentState)?;
    if moved.outcome != Code::Accepted {
        let stays = !known.reason.is_empty();
        let why = Text::from(moved.outcome.slug());
        let reason = if stays { known.reason.clone() } else { why };
        return Ok(vec![put(Arrival { state: ArrivalState::Returned, reason, ..known.clone() })]);
    }
    let shift =
        Shift { row: (*known.row).into(), adjusted_fen: Fen::ZERO, vired_fen: moved.amount_fen };
    must_keep_bounds(asked, &shift)?;
    let landed = put(Arrival { state: ArrivalState::Landed, ..known.clone() });
    Ok(vec![Change::Shift(shift), landed])
}

/// Each line a row of money carried over, without figures.
pub(super) fn carry_rows(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let mut changes = Vec::new();
    for line in asked.read()? {
        let row: BudgetRow = line.row()?;
        if asked.office.get::<BudgetRow>(&row.code).is_none() {
            changes.push(put(row));
        }
    }
    Ok(changes)
}

/// The old year, the document and whether this is its last paper; then row, move and origin.
pub(super) fn carry_in(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    let lines = asked.read()?;
    let [head, lines @ ..] = &lines[..] else { return Err(at(Code::BadRow, 1, 1)) };
    head.must_have(3)?;
    let (year, code, end) = (head.get(0)?, head.text(1)?, head.text(2)?);
    let old = asked.division.year(year).and_then(|book| book.office().get::<Document>(code));
    let old = old.ok_or_else(|| head.refuse(Code::NoDocument, 1))?;
    let mut changes = Vec::new();
    for line in lines {
        line.must_have(3)?;
        let (row, id, from): (&str, MoveId, QuotaId) = (line.text(0)?, line.get(1)?, line.get(2)?);
        let moved = asked.book.and_then(|book| book.move_in(from, id));
        let moved = moved.ok_or_else(|| line.refuse(Code::NotFound, 1))?;
        let (adjusted_fen, vired_fen) = (Fen::ZERO, moved.amount_fen);
        let shift = Shift { row: row.into(), adjusted_fen, vired_fen };
        must_keep_bounds(asked, &shift).map_err(|code| line.refuse(code, 0))?;
        changes.push(Change::Shift(shift));
    }
    if end == "last" {
        changes.push(put(CarriedIn { year, document: old.code.clone() }));
    }
    Ok(changes)
}
