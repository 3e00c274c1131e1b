//! The laws between and over levels and years: L3, L5, L6, L7.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::codes::{AuthorityKind, MoveKind, YearState};
use crate::division::{Division, YearBook};
use crate::ids::{Class, DivisionIndex, FiscalYear, MoveId, QuotaId};
use crate::invariants::Finding;
use crate::money::FenSum;
use crate::movement::{MoveOutRow, Transit};
use crate::office::table::{Row, Table};
use crate::office::tables::budget::{Budget, BudgetState, RowKind};
use crate::office::tables::document::{
    Arrival, ArrivalState, CarriedIn, Document, DocumentKind, DocumentState, Transfer,
    TransferState,
};
use crate::quota::QuotaRow;
use crate::refusal::Code;

use super::{Seen, books, from_outside, held, sum};

type OfFund = (DivisionIndex, FiscalYear, Class);

/// L3 (level): per division, year and fund nature, what stands on its quotas, what is on its way
/// between them and what went to lower divisions is what was approved, received from above and
/// carried in, less what was cut, recovered, carried out and returned. And where the finance office
/// is at work, each budget row is what its quota has.
pub(super) fn own_level<'a>(
    divisions: impl Iterator<Item = &'a Division> + Clone,
    seen: &Seen<'a>,
) -> Finding {
    let mut finding = Finding::default();
    let mut here: BTreeMap<OfFund, FenSum> = BTreeMap::new();
    let mut came: BTreeMap<OfFund, FenSum> = BTreeMap::new();
    for book in books(divisions.clone()) {
        for (id, cell, row) in book.quotas() {
            let key = (book.division, book.year, cell.fund);
            *here.entry(key).or_default() += held(&cell.buckets) + sum(&[cell.buckets.transferred]);
            let t = row.totals();
            let from_above = !row.parent.is_none() && row.parent.division() != id.division();
            let above = if from_above { sum(&[t.moved_in, -t.returned_up]) } else { 0 };
            *came.entry(key).or_default() += from_outside(&t) + above;
        }
    }
    for (_, row) in seen.in_transit() {
        let inside = row.from.division() == row.to.division() && row.kind != MoveKind::Carry;
        if inside {
            let key = (row.from.division(), row.from.year(), row.fund);
            *here.entry(key).or_default() += FenSum::from(row.amount_fen.get());
        }
    }
    for (key, fen) in here {
        let came = came.get(&key).copied().unwrap_or_default();
        let (division, year, fund) = key;
        finding.check(fen == came, || {
            let place = format!("{} {} fund {fund:?}", division.0, year.get());
            format!("{place}: {fen} fen are there, {came} fen came")
        });
    }
    for division in divisions {
        let controlled = |book: &&YearBook| book.office().card().is_some();
        for book in division.years().filter(controlled) {
            budget_rows(division, book, seen, &mut finding);
        }
    }
    finding
}

/// Each replied row against its quota: what was issued and not handed down, what is not issued yet,
/// and what is on its way to it.
fn budget_rows(division: &Division, book: &YearBook, seen: &Seen<'_>, finding: &mut Finding) {
    let office = book.office();
    let budget = office.get::<Budget>(Budget::KEY);
    let replied = budget.is_some_and(|budget| budget.state == BudgetState::Replied);
    // By the slot of the row: what its quota has, and whether one rests on pre-approval authority.
    let mut quotas: HashMap<u32, (QuotaId, FenSum)> = HashMap::new();
    let mut before_approval: HashSet<u32> = HashSet::new();
    let slot_of = |row: &QuotaRow| office.slot_of(Table::BudgetRow, row.budget_row());
    for (id, cell, row) in book.quotas() {
        let Some(slot) = slot_of(row) else { continue };
        match row.authority {
            AuthorityKind::BudgetLine => {}
            AuthorityKind::PreApproval => {
                before_approval.insert(slot);
                continue;
            }
        }
        let Some(Row::BudgetRow(budget_row)) = &office.slots()[slot as usize].row else { continue };
        let waits = sum(&[budget_row.reply_fen.get(), -row.totals().initial]).max(0);
        let has = sum(&[cell.buckets.issued, -cell.buckets.allocated]);
        quotas.insert(slot, (id, waits + has));
    }
    let inside = |row: &MoveOutRow| row.from.division() == row.to.division();
    for (_, row) in seen.in_transit().filter(|(_, row)| inside(row) && row.kind != MoveKind::Carry)
    {
        let slot = book.row(row.to).and_then(slot_of);
        if let Some((id, fen)) = slot.and_then(|slot| quotas.get_mut(&slot))
            && *id == row.to
        {
            *fen += FenSum::from(row.amount_fen.get());
        }
    }
    // The row follows its quota within the same steps of issuance.
    for arrival in office.all::<Arrival>() {
        let moved = book.move_in(arrival.from, arrival.id);
        let landed = moved.is_some_and(|row| row.outcome == Code::Accepted);
        let slot = office.slot_of(Table::BudgetRow, &arrival.row);
        if landed
            && arrival.state == ArrivalState::Received
            && let Some((_, fen)) = slot.and_then(|slot| quotas.get_mut(&slot))
        {
            *fen -= FenSum::from(arrival.amount_fen.get());
        }
    }
    let carried_waits = waits_to_be_carried_in(division, book);
    for (slot, row) in office.slots().iter().enumerate() {
        let Some(Row::BudgetRow(row)) = &row.row else { continue };
        let slot = slot as u32;
        let own = matches!(row.kind, RowKind::Received | RowKind::Carried | RowKind::Recovered);
        let skipped = row.kind == RowKind::Carried && carried_waits;
        if row.is_dropped || !(own || replied) || skipped {
            continue;
        }
        let current = FenSum::from(row.current_fen.get());
        match quotas.get(&slot) {
            Some(&(id, fen)) => finding.check(current == fen, || {
                format!("budget row {}: {current} fen, its quota {id} has {fen}", &*row.code)
            }),
            None if before_approval.contains(&slot) => {}
            None => {
                let changed = sum(&[row.adjusted_fen.get(), row.vired_fen.get()]);
                finding.check(changed == 0, || {
                    format!("budget row {} changed by {changed} fen without a quota", &*row.code)
                });
            }
        }
    }
}

/// Whether money has left the year before by a document that is not on file in this one.
fn waits_to_be_carried_in(division: &Division, book: &YearBook) -> bool {
    let before = FiscalYear::new(book.year.get().saturating_sub(1));
    let Some(old) = before.and_then(|year| division.year(year)) else { return false };
    old.office().all::<Document>().any(|document| {
        document.kind == DocumentKind::Carry
            && document.state == DocumentState::Done
            && book
                .office()
                .get::<CarriedIn>(&format!("{}/{}", old.year.get(), &*document.code))
                .is_none()
    })
}

/// L5 (across levels): what a division sent to another is in the other or on its way, by move, by
/// quota and by document; nothing is dropped, nothing arrives that was not sent.
pub(super) fn across_levels<'a>(
    divisions: impl Iterator<Item = &'a Division> + Clone,
    seen: &Seen<'a>,
) -> Finding {
    let mut finding = Finding::default();
    let mut sent: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
    let mut moves: BTreeMap<(DivisionIndex, FiscalYear, MoveId), &MoveOutRow> = BTreeMap::new();
    for &(id, row) in &seen.out {
        if row.from.division() == row.to.division() {
            continue;
        }
        moves.insert((row.from.division(), row.from.year(), id), row);
        if row.transit == Transit::Landed {
            finding.check(seen.is_taken(id, row.from), || {
                format!("transfer {id} from {} is said to have arrived and is nowhere", row.from)
            });
        }
        let x = FenSum::from(row.amount_fen.get());
        match row.kind {
            MoveKind::Transfer => *sent.entry(row.from).or_default() += x,
            MoveKind::ReturnUp if seen.is_taken(id, row.from) => {
                *sent.entry(row.to).or_default() -= x;
            }
            _ => {}
        }
    }
    for book in books(divisions) {
        for (id, cell, _) in book.quotas() {
            let transferred = FenSum::from(cell.buckets.transferred);
            let moved = sent.remove(&id).unwrap_or_default();
            finding.check(transferred == moved, || {
                format!("quota {id} has {transferred} fen transferred, its moves say {moved}")
            });
        }
        let taken = book.moves_in().filter(|(_, row)| row.outcome == Code::Accepted);
        for (id, row) in taken.filter(|(_, row)| row.from.division() != row.to.division()) {
            let out = moves.get(&(row.from.division(), row.from.year(), id));
            finding.check(out.is_some_and(|out| out.amount_fen == row.amount_fen), || {
                format!("{} fen arrived at {} by {id}, which was not sent", row.amount_fen, row.to)
            });
        }
        by_document(book, &mut finding);
    }
    finding
}

/// The transfers of each document: as many fen as it says, each with its move.
pub(super) fn by_document(book: &YearBook, finding: &mut Finding) {
    let office = book.office();
    let mut sums: BTreeMap<&str, FenSum> = BTreeMap::new();
    for transfer in office.all::<Transfer>() {
        *sums.entry(&transfer.document).or_default() += FenSum::from(transfer.amount_fen.get());
        let known = book.move_out(transfer.id);
        let same = known.is_some_and(|row| {
            let transit = match transfer.state {
                TransferState::Out => row.transit != Transit::Staged,
                TransferState::Landed => row.transit == Transit::Landed,
                TransferState::CameBack => row.transit == Transit::CameBack,
            };
            transit && row.amount_fen == transfer.amount_fen && row.from == transfer.from
        });
        finding.check(same, || format!("transfer {} of its document is not its move", transfer.id));
    }
    for document in office.all::<Document>() {
        let done = document.state == DocumentState::Done;
        if done && document.kind == DocumentKind::Transfer {
            let said = FenSum::from(document.total_fen.get());
            let sent = sums.get(&*document.code).copied().unwrap_or_default();
            finding.check(said == sent, || {
                format!("document {} says {said} fen, {sent} were sent", &*document.code)
            });
        }
    }
}

/// L6 (consolidation): over all divisions, per year and fund nature, what stands on quotas counts
/// each fen once: transfers between levels add nothing.
pub(super) fn consolidated<'a>(
    divisions: impl Iterator<Item = &'a Division>,
    seen: &Seen<'a>,
) -> Finding {
    let mut finding = Finding::default();
    let mut apart: BTreeMap<(FiscalYear, Class), FenSum> = BTreeMap::new();
    for book in books(divisions) {
        for (_, cell, row) in book.quotas() {
            let fen = held(&cell.buckets) - from_outside(&row.totals());
            *apart.entry((book.year, cell.fund)).or_default() += fen;
        }
    }
    for (_, row) in seen.in_transit().filter(|(_, row)| row.kind != MoveKind::Carry) {
        *apart.entry((row.from.year(), row.fund)).or_default() +=
            FenSum::from(row.amount_fen.get());
    }
    for ((year, fund), fen) in apart {
        finding.check(fen == 0, || {
            format!("{} fund {fund:?}: {fen} fen are counted more than once", year.get())
        });
    }
    finding
}

/// L7 (year): what was carried out of a year is carried into the next, for the same purpose, or on
/// its way; and a closed year has nothing left.
pub(super) fn years<'a>(
    divisions: impl Iterator<Item = &'a Division> + Clone,
    seen: &Seen<'a>,
) -> Finding {
    let mut finding = Finding::default();
    let mut apart: BTreeMap<(DivisionIndex, FiscalYear, Class), FenSum> = BTreeMap::new();
    for book in books(divisions.clone()) {
        for (id, cell, row) in book.quotas() {
            let t = row.totals();
            let before = FiscalYear::new(book.year.get().saturating_sub(1));
            *apart.entry((book.division, book.year, cell.fund)).or_default() +=
                FenSum::from(t.carried_out);
            if let Some(before) = before {
                *apart.entry((book.division, before, cell.fund)).or_default() -=
                    FenSum::from(t.carried_in);
            }
            let closed = book.state == YearState::Closed && book.office().card().is_some();
            if closed {
                let b = &cell.buckets;
                let gone = sum(&[b.allocated, b.transferred, b.paid, b.cleared, -b.refunding]);
                finding.check(gone == FenSum::from(b.issued), || {
                    format!("quota {id} of a closed year still has money: {b:?}")
                });
            }
        }
    }
    for (_, row) in seen.in_transit().filter(|(_, row)| row.kind == MoveKind::Carry) {
        let key = (row.from.division(), row.from.year(), row.fund);
        *apart.entry(key).or_default() -= FenSum::from(row.amount_fen.get());
    }
    for ((division, year, fund), fen) in apart {
        finding.check(fen == 0, || {
            let place = format!("{} {} fund {fund:?}", division.0, year.get());
            format!("{place}: {fen} fen carried out are not in the next year")
        });
    }
    for division in divisions {
        for (id, row) in division.years().flat_map(YearBook::moves_out) {
            if row.kind == MoveKind::Carry && row.transit == Transit::Landed {
                let key = |quota: QuotaId| division.year(quota.year())?.row(quota).map(|q| &*q.key);
                let same = match (key(row.from), key(row.to)) {
                    (Some(from), Some(to)) => same_purpose(from, to),
                    _ => false,
                };
                finding.check(same, || format!("carry-over {id} changed its purpose"));
            }
        }
    }
    finding
}

/// The natural key (unit, functional and government class, fund nature, project), where both
/// official keys are keys of elements.
fn same_purpose(from: &str, to: &str) -> bool {
    let parts = |key: &str| key.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(to));
    let elements = from.len() >= 8 && to.len() >= 8;
    !elements || [1, 2, 3, 5, 6].iter().all(|&at| from[at] == to[at])
}
