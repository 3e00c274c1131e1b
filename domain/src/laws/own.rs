//! One division by itself: what its own state shows of each law, as of one moment.
//!
//! L1, L3, L4, L7, L8 and L9 are about one division anyway. Of L2, L5 and L6 a division shows its own
//! side: what its moves to and from others say beside what its quotas have. That both sides of a move
//! are of one mind, [`Between`](super::Between) looks at. Where all of that holds, every law holds over
//! all divisions.

use std::collections::BTreeMap;

use crate::codes::MoveKind;
use crate::division::{Division, YearBook};
use crate::ids::{Class, DivisionIndex, FiscalYear, MoveId, QuotaId};
use crate::invariants::Finding;
use crate::money::{Fen, FenSum};
use crate::movement::{MoveInRow, MoveOutRow, Transit};
use crate::refusal::Code;

use super::{
    LAWS, Seen, books, double_entry, from_outside, held, levels, plans, rows, sum, virements,
};

/// What one division says of the laws, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The division.
    pub division: DivisionIndex,
    /// What its own side of each law shows, in the order of [`LAWS`].
    pub findings: [Finding; LAWS.len()],
    /// What has left it for other divisions, by id.
    pub sent: Vec<Crossed>,
    /// What it has taken from other divisions, by id.
    pub taken: Vec<Crossed>,
}

/// One side of a move between two divisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crossed {
    /// The move, unique among what leaves one division and year.
    pub id: MoveId,
    /// The division it left.
    pub from: DivisionIndex,
    /// The year it left.
    pub year: FiscalYear,
    /// The division it went to.
    pub to: DivisionIndex,
    /// How much.
    pub amount_fen: Fen,
    /// Taken by its receiver; at its origin: known there to be taken.
    pub landed: bool,
}

impl Statement {
    /// What a division says of itself. Costs what its quotas, rows on file and moves cost.
    #[must_use]
    pub fn of(division: &Division) -> Statement {
        let one = || std::iter::once(division);
        let seen = Seen::of(one());
        let findings = [
            rows(one()),
            edges(division, &seen),
            levels::own_level(one(), &seen),
            virements(one(), &seen),
            across(division),
            consolidated(division, &seen),
            levels::years(one(), &seen),
            plans(one()),
            double_entry(one()),
        ];
        let (mut sent, mut taken) = (Vec::new(), Vec::new());
        for book in division.years() {
            sent.extend(sent_from(book).map(|(id, row)| Crossed {
                id,
                from: book.division,
                year: book.year,
                to: row.to.division(),
                amount_fen: row.amount_fen,
                landed: row.transit == Transit::Landed,
            }));
            taken.extend(taken_by(book).map(|(id, row)| Crossed {
                id,
                from: row.from.division(),
                year: row.from.year(),
                to: book.division,
                amount_fen: row.amount_fen,
                landed: true,
            }));
        }
        sent.sort_unstable();
        taken.sort_unstable();
        Statement { division: division.index, findings, sent, taken }
    }
}

/// Moves to other divisions that are out: under way, or known to have arrived.
fn sent_from(book: &YearBook) -> impl Iterator<Item = (MoveId, &MoveOutRow)> {
    book.moves_out().filter(|(_, row)| {
        row.from.division() != row.to.division()
            && matches!(row.transit, Transit::InTransit | Transit::Landed)
    })
}

/// Moves from other divisions that were taken.
fn taken_by(book: &YearBook) -> impl Iterator<Item = (MoveId, &MoveInRow)> {
    book.moves_in().filter(|(_, row)| {
        row.from.division() != row.to.division() && row.outcome == Code::Accepted
    })
}

/// Whether money that was taken came down to a quota from the one it is handed down from; else it
/// came back up.
fn came_down(book: &YearBook, row: &MoveInRow) -> bool {
    book.row(row.to).is_some_and(|quota| quota.parent == row.from)
}

/// L2: what a quota handed down is what its children here have of it, what is on its way, and what its
/// moves say went to other divisions; what a quota has from one above in another division is what it
/// took of it.
fn edges(division: &Division, seen: &Seen<'_>) -> Finding {
    let mut finding = Finding::default();
    let mut apart: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
    // Most quotas neither hand down nor have anything from above.
    let mut add = |quota: QuotaId, fen: FenSum| {
        if fen != 0 {
            *apart.entry(quota).or_default() += fen;
        }
    };
    for (id, cell, row) in division.years().flat_map(YearBook::quotas) {
        add(id, sum(&[cell.buckets.allocated, cell.buckets.transferred]));
        if !row.parent.is_none() {
            let t = row.totals();
            // From another division: against what it took itself, below.
            let above = if row.parent.division() == id.division() { row.parent } else { id };
            add(above, -sum(&[t.moved_in, -t.returned_up]));
        }
    }
    for (_, row) in seen.in_transit() {
        let above = match row.kind {
            MoveKind::Allocate | MoveKind::Transfer => row.from,
            MoveKind::ReturnUp => row.to,
            MoveKind::Virement | MoveKind::Carry | MoveKind::Correct => continue,
        };
        if row.from.division() == row.to.division() {
            add(above, -FenSum::from(row.amount_fen.get()));
        }
    }
    for book in division.years() {
        for (_, row) in sent_from(book) {
            add(row.from, -FenSum::from(row.amount_fen.get()));
        }
        for (_, row) in taken_by(book) {
            add(row.to, FenSum::from(row.amount_fen.get()));
        }
    }
    for (quota, fen) in apart {
        finding.check(fen == 0, || {
            format!("quota {quota}: {fen} fen handed down or had from above are in no move")
        });
    }
    finding
}

/// L5: what each quota gave to other divisions is what its moves say, and so is each document.
fn across(division: &Division) -> Finding {
    let mut finding = Finding::default();
    for book in division.years() {
        let mut sent: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
        for (_, row) in sent_from(book).filter(|(_, row)| row.kind == MoveKind::Transfer) {
            *sent.entry(row.from).or_default() += FenSum::from(row.amount_fen.get());
        }
        for (_, row) in taken_by(book).filter(|(_, row)| !came_down(book, row)) {
            *sent.entry(row.to).or_default() -= FenSum::from(row.amount_fen.get());
        }
        for (id, cell, _) in book.quotas() {
            let transferred = FenSum::from(cell.buckets.transferred);
            let moved = sent.get(&id).copied().unwrap_or_default();
            finding.check(transferred == moved, || {
                format!("quota {id} has {transferred} fen transferred, its moves say {moved}")
            });
        }
        levels::by_document(book, &mut finding);
    }
    finding
}

/// L6: per year and fund nature, what stands here beyond what came from outside all quotas is what
/// other divisions sent less what they were sent.
fn consolidated(division: &Division, seen: &Seen<'_>) -> Finding {
    let mut finding = Finding::default();
    let mut apart: BTreeMap<(FiscalYear, Class), FenSum> = BTreeMap::new();
    for book in books(std::iter::once(division)) {
        for (_, cell, row) in book.quotas() {
            let fen = held(&cell.buckets) - from_outside(&row.totals());
            *apart.entry((book.year, cell.fund)).or_default() += fen;
        }
        for (_, row) in sent_from(book) {
            let fen = FenSum::from(row.amount_fen.get());
            *apart.entry((book.year, row.fund)).or_default() += fen;
        }
        for (_, row) in taken_by(book) {
            let fund = book.quota(row.to).map_or(Class::ANY, |cell| cell.fund);
            *apart.entry((book.year, fund)).or_default() -= FenSum::from(row.amount_fen.get());
        }
    }
    let inside =
        |row: &MoveOutRow| row.kind != MoveKind::Carry && row.from.division() == row.to.division();
    for (_, row) in seen.in_transit().filter(|(_, row)| inside(row)) {
        *apart.entry((row.from.year(), row.fund)).or_default() +=
            FenSum::from(row.amount_fen.get());
    }
    for ((year, fund), fen) in apart {
        finding.check(fen == 0, || {
            let place = format!("{} {} fund {fund:?}", division.index.0, year.get());
            format!("{place}: {fen} fen are counted here and elsewhere, or nowhere")
        });
    }
    finding
}
