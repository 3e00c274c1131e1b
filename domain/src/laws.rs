//! L1 to L9, the laws of conservation of quotas, as checks over whole states.
//!
//! For `verify`, drills and tests [all of it at once](check_all). Live, each division says what [its own
//! side](Statement) shows, one after the other, and [between](Between) them the sides of moves are held
//! against each other. Besides, as soon as a document is carried out, L1 of the quotas its lines take from
//! and of the budget rows they name, and L5 of its transfers.
//! They look at states alone and share nothing with the decisions that should keep them: sums are
//! made here a second time, from buckets on one side and from totals, moves and papers on the other.

mod between;
mod documents;
mod levels;
mod own;

use std::collections::{BTreeMap, HashSet};

use crate::codes::MoveKind;
use crate::division::{Division, YearBook};
use crate::ids::{Class, DivisionIndex, FiscalYear, MoveId, QuotaId};
use crate::invariants::Finding;
use crate::money::FenSum;
use crate::movement::{MoveOutRow, Transit};
use crate::office::tables::budget::BudgetRow;
use crate::quota::{Buckets, Totals};
use crate::refusal::Code;

pub use between::Between;
pub use documents::after_document;
pub use own::{Crossed, Statement};

/// Their names, in order.
pub const LAWS: [&str; 9] = ["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9"];

/// Checks every law, by name.
#[must_use]
pub fn check_all<'a>(
    divisions: impl Iterator<Item = &'a Division> + Clone,
) -> BTreeMap<&'static str, Finding> {
    let seen = Seen::of(divisions.clone());
    let mut found = BTreeMap::new();
    found.insert("L1", rows(divisions.clone()));
    found.insert("L2", edges(divisions.clone(), &seen));
    found.insert("L3", levels::own_level(divisions.clone(), &seen));
    found.insert("L4", virements(divisions.clone(), &seen));
    found.insert("L5", levels::across_levels(divisions.clone(), &seen));
    found.insert("L6", levels::consolidated(divisions.clone(), &seen));
    found.insert("L7", levels::years(divisions.clone(), &seen));
    found.insert("L8", plans(divisions.clone()));
    found.insert("L9", double_entry(divisions));
    found
}

/// What is looked up from several laws.
struct Seen<'a> {
    /// Moves that receivers have taken, by where they left.
    taken: HashSet<(DivisionIndex, FiscalYear, MoveId)>,
    /// Moves that are out: under way, or known to have arrived.
    out: Vec<(MoveId, &'a MoveOutRow)>,
}

impl<'a> Seen<'a> {
    fn of(divisions: impl Iterator<Item = &'a Division>) -> Seen<'a> {
        let mut seen = Seen { taken: HashSet::new(), out: Vec::new() };
        for book in divisions.flat_map(Division::years) {
            let taken = book.moves_in().filter(|(_, row)| row.outcome == Code::Accepted);
            seen.taken.extend(taken.map(|(id, row)| (row.from.division(), row.from.year(), id)));
            let out =
                |row: &MoveOutRow| matches!(row.transit, Transit::InTransit | Transit::Landed);
            seen.out.extend(book.moves_out().filter(|(_, row)| out(row)));
        }
        seen
    }

    fn is_taken(&self, id: MoveId, from: QuotaId) -> bool {
        self.taken.contains(&(from.division(), from.year(), id))
    }

    /// What has left its quota and is in no other. A correction leaves none: its origin bears it.
    fn in_transit(&self) -> impl Iterator<Item = &(MoveId, &'a MoveOutRow)> {
        let on_its_way = |&&(id, row): &&(MoveId, &MoveOutRow)| {
            let out = row.transit == Transit::InTransit && row.kind != MoveKind::Correct;
            out && !self.is_taken(id, row.from)
        };
        self.out.iter().filter(on_its_way)
    }
}

fn books<'a>(divisions: impl Iterator<Item = &'a Division>) -> impl Iterator<Item = &'a YearBook> {
    divisions.flat_map(Division::years)
}

/// What stands on a quota, by buckets: nothing of it has gone to another quota.
fn held(b: &Buckets) -> FenSum {
    let available = [
        b.issued,
        -b.allocated,
        -b.transferred,
        -b.frozen,
        -b.staged,
        -b.earmarked,
        -b.reserved,
        -b.paid,
        -b.cleared,
        b.refunding,
    ];
    let kept = [b.frozen, b.staged, b.earmarked, b.reserved, b.paid, b.cleared, -b.refunding];
    available.iter().chain(&kept).map(|&fen| FenSum::from(fen)).sum()
}

fn sum(figures: &[i64]) -> FenSum {
    figures.iter().map(|&fen| FenSum::from(fen)).sum()
}

/// What came from outside all quotas less what went there, by totals.
fn from_outside(t: &Totals) -> FenSum {
    sum(&[t.initial, t.supplemented, t.carried_in, -t.cut, -t.recovered, -t.carried_out])
}

/// L1 (row): every bucket and what is available are at least zero; a budget row is the sum of what
/// was replied, adjusted and vired, and not below zero.
fn rows<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for book in books(divisions) {
        for (id, cell, _) in book.quotas() {
            let b = &cell.buckets;
            let named = b.named();
            let available = held(b)
                - sum(&[b.frozen, b.staged, b.earmarked, b.reserved, b.paid, b.cleared])
                + FenSum::from(b.refunding);
            let good = named.iter().all(|&(_, fen)| fen >= 0) && b.staged >= 0 && available >= 0;
            finding.check(good, || format!("quota {id}: {b:?}"));
        }
        for row in book.office().all::<BudgetRow>() {
            let parts = sum(&[row.reply_fen.get(), row.adjusted_fen.get(), row.vired_fen.get()]);
            let current = FenSum::from(row.current_fen.get());
            finding.check(current == parts && current >= 0, || {
                format!("budget row {}: {current} fen now, its parts are {parts}", &*row.code)
            });
        }
    }
    finding
}

/// L2 (edge): what a parent handed down is what its children have of it and what is on its way.
fn edges<'a>(divisions: impl Iterator<Item = &'a Division>, seen: &Seen<'a>) -> Finding {
    let mut finding = Finding::default();
    let mut apart: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
    for (id, cell, row) in books(divisions).flat_map(YearBook::quotas) {
        *apart.entry(id).or_default() += sum(&[cell.buckets.allocated, cell.buckets.transferred]);
        if !row.parent.is_none() {
            let t = row.totals();
            *apart.entry(row.parent).or_default() -= sum(&[t.moved_in, -t.returned_up]);
        }
    }
    for (_, row) in seen.in_transit() {
        let above = match row.kind {
            MoveKind::Allocate | MoveKind::Transfer => row.from,
            MoveKind::ReturnUp => row.to,
            MoveKind::Virement | MoveKind::Carry | MoveKind::Correct => continue,
        };
        *apart.entry(above).or_default() -= FenSum::from(row.amount_fen.get());
    }
    for (parent, fen) in apart {
        finding.check(fen == 0, || {
            format!("quota {parent} handed down {fen} fen more than its children have")
        });
    }
    finding
}

/// L4 (virement): what left rows of a fund nature by virement is in others of the same, or on its
/// way there.
fn virements<'a>(
    divisions: impl Iterator<Item = &'a Division> + Clone,
    seen: &Seen<'a>,
) -> Finding {
    let mut finding = Finding::default();
    let mut apart: BTreeMap<(DivisionIndex, FiscalYear, Class), FenSum> = BTreeMap::new();
    for book in books(divisions.clone()) {
        for (_, cell, row) in book.quotas() {
            let t = row.totals();
            *apart.entry((book.division, book.year, cell.fund)).or_default() +=
                sum(&[t.vired_out, -t.vired_in]);
        }
    }
    for (_, row) in seen.in_transit().filter(|(_, row)| row.kind == MoveKind::Virement) {
        let key = (row.from.division(), row.from.year(), row.fund);
        *apart.entry(key).or_default() -= FenSum::from(row.amount_fen.get());
    }
    for ((division, year, fund), fen) in apart {
        finding.check(fen == 0, || {
            format!("{} {} fund {fund:?}: virements sum to {fen} fen", division.0, year.get())
        });
    }
    for book in books(divisions) {
        let moves = book.moves_out().filter(|(_, row)| row.kind == MoveKind::Virement);
        for (id, row) in moves.filter(|(_, row)| row.transit == Transit::Landed) {
            let fund = book.quota(row.to).map(|cell| cell.fund);
            finding.check(fund == Some(row.fund), || format!("virement {id} changed its fund"));
        }
    }
    finding
}

/// L8 (plan): through each month, what is used is at most what was planned.
fn plans<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for plan in books(divisions).flat_map(YearBook::plans) {
        let (mut planned, mut used): (FenSum, FenSum) = (0, 0);
        for (month, (plan_fen, used_fen)) in plan.planned.iter().zip(&plan.used).enumerate() {
            planned += FenSum::from(*plan_fen);
            used += FenSum::from(*used_fen);
            finding.check(used <= planned && *used_fen >= 0, || {
                let month = month + 1;
                format!("plan {:?}: {used} fen used of {planned} through month {month}", plan.key)
            });
        }
    }
    finding
}

/// L9 (nothing from nothing): on every quota all that ever came in equals all that went out and
/// all that stands on it; the only accounts outside are the approved budget, the level above, next
/// and last year, and what was spent.
fn double_entry<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    let (mut debits, mut credits): (FenSum, FenSum) = (0, 0);
    for (id, cell, row) in books(divisions).flat_map(YearBook::quotas) {
        let (b, t) = (&cell.buckets, row.totals());
        let credit =
            sum(&[t.initial, t.supplemented, t.moved_in, t.vired_in, t.carried_in, b.refunding]);
        let gone = [t.cut, t.returned_up, t.vired_out, t.recovered, t.carried_out];
        let stands = [
            b.allocated,
            b.transferred,
            b.frozen,
            b.staged,
            b.earmarked,
            b.reserved,
            b.paid,
            b.cleared,
            b.available(),
        ];
        let debit = sum(&gone) + sum(&stands);
        debits += debit;
        credits += credit;
        finding.check(debit == credit, || {
            format!("quota {id}: {debit} fen debited, {credit} fen credited")
        });
    }
    finding.check(debits == credits, || format!("{debits} fen debited, {credits} fen credited"));
    finding
}

/// Takes one transfer that has arrived out of what its receiver has on record, for a drill that
/// wants to see L5 broken. Works on states that were folded for a check; nothing else looks at them.
#[must_use]
pub fn lose_transfer(divisions: &mut [Division]) -> Option<MoveId> {
    let books = divisions.iter_mut().flat_map(|division| division.years.iter_mut());
    for book in books {
        let home = book.division;
        let lost = book
            .moves_in()
            .find(|(_, row)| row.outcome == Code::Accepted && row.from.division() != home);
        if let Some((id, row)) = lost {
            let key = (id, row.from.division(), row.from.year());
            book.moves_in.remove(&key);
            return Some(id);
        }
    }
    None
}
