//! Lines of both sides, given in any order, joined by item and scope.
//!
//! A line is kept in 32 bytes and the text of its item. Both sides are parted into buckets by a hash of what lines are told
//! apart by, each bucket is sorted by it, ties by all of it, and walked side by side with the other's: whoever chooses the
//! numbers can make it no slower than a sort.

mod join;
mod lines;
mod scopes;

use std::cmp::Ordering;

use thiserror::Error;

use crate::limits::{
    DIFFERENCES_MAX, RECONCILED_DETAIL_BYTES_MAX, RECONCILED_LINES_MAX, RECONCILED_SCOPE_BYTES_MAX,
    RECONCILED_SCOPES_MAX,
};
use crate::money::FenSum;
use crate::voucher::VoucherKey;

use super::class::Finding;
use super::line::{ItemState, Line, Scope, Side, Source};
use join::{Difference, Found};
use lines::{Bucket, Entry, Lines};
use scopes::Scopes;

pub use scopes::{Total, Totals};

/// Why a line is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TooMuch {
    /// A side has too many lines.
    #[error(
        "{side} has more than {RECONCILED_LINES_MAX} lines of {from}; compare one day at a time"
    )]
    Lines {
        /// Whose.
        side: Side,
        /// What is compared.
        from: Source,
    },
    /// Too many scopes.
    #[error(
        "more than {RECONCILED_SCOPES_MAX} banks, accounts and fund natures in {from}; compare one bank \
         at a time"
    )]
    Scopes {
        /// What is compared.
        from: Source,
    },
    /// A detail's number or a scope's text is too long.
    #[error(
        "the line of {item} has a text of {bytes} bytes where {most} are the most; refuse its voucher"
    )]
    Text {
        /// The voucher.
        item: VoucherKey,
        /// How long.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
}

/// Lines of both sides, being gathered.
pub struct Comparison {
    source: Source,
    scopes: Scopes,
    ours: Lines,
    theirs: Lines,
}

impl Comparison {
    /// Nothing yet.
    #[must_use]
    pub fn new(source: Source) -> Comparison {
        let (ours, theirs) = (Lines::new(), Lines::new());
        Comparison { source, scopes: Scopes::default(), ours, theirs }
    }

    /// Takes a line.
    ///
    /// # Errors
    /// [`TooMuch`] when a bound is reached; the line is not taken then, and the comparison cannot be trusted.
    pub fn add(&mut self, side: Side, line: &Line<'_>) -> Result<(), TooMuch> {
        let Scope { bank, account, fund } = line.scope;
        let bounded = [
            (line.item.detail, RECONCILED_DETAIL_BYTES_MAX),
            (bank, RECONCILED_SCOPE_BYTES_MAX),
            (account, RECONCILED_SCOPE_BYTES_MAX),
            (fund, RECONCILED_SCOPE_BYTES_MAX),
        ];
        if let Some((text, most)) = bounded.into_iter().find(|(text, most)| text.len() > *most) {
            return Err(TooMuch::Text { item: line.item.voucher, bytes: text.len(), most });
        }
        let from = self.source;
        let lines = match side {
            Side::Ours => &mut self.ours,
            Side::Theirs => &mut self.theirs,
        };
        if lines.len() == RECONCILED_LINES_MAX {
            return Err(TooMuch::Lines { side, from });
        }
        let scope = self.scopes.number(line.scope).ok_or(TooMuch::Scopes { from })?;
        lines.push(scope, self.scopes.seed(scope), line);
        let totals = &mut self.scopes.totals[scope as usize];
        let total = match side {
            Side::Ours => &mut totals.ours,
            Side::Theirs => &mut totals.theirs,
        };
        total.lines += 1;
        if line.figures.state == ItemState::Done {
            total.done_fen += FenSum::from(line.figures.amount_fen.get());
        }
        Ok(())
    }

    /// Bytes held for lines of both sides.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.ours.resident_bytes() + self.theirs.resident_bytes()
    }

    /// Joins both sides.
    #[must_use]
    pub fn finish(mut self) -> Compared {
        let mut found = Found::default();
        let buckets = self.ours.buckets.iter_mut().zip(&mut self.theirs.buckets);
        for (bucket, (ours, theirs)) in buckets.enumerate() {
            ours.sort();
            theirs.sort();
            found.join(bucket, ours, theirs);
        }
        let Found { agreed, mut differences, .. } = found;
        if differences.len() <= DIFFERENCES_MAX {
            differences.sort_unstable_by(|one, other| self.order(one, other));
        }
        Compared { comparison: self, agreed, differences }
    }

    /// The lines of a difference on both sides, each with its bucket; [`join::NONE`] is beyond every bucket.
    fn both(&self, difference: &Difference) -> [Option<(&Bucket, &Entry)>; 2] {
        let sides = [(&self.ours, difference.ours), (&self.theirs, difference.theirs)];
        sides.map(|(lines, at)| {
            let bucket = &lines.buckets[usize::from(difference.bucket)];
            Some((bucket, bucket.entries.get(at as usize)?))
        })
    }

    /// The order of two findings, without making them.
    fn order(&self, one: &Difference, other: &Difference) -> Ordering {
        let said = |lines: [Option<(&Bucket, &Entry)>; 2]| {
            lines.map(|line| line.map(|(_, entry)| entry.told()))
        };
        let (lines, other_lines) = (self.both(one), self.both(other));
        let ((bucket, entry), (other_bucket, other_entry)) = (first(lines), first(other_lines));
        let name = |entry: &Entry| self.scopes.name(entry.scope);
        bucket
            .text(entry)
            .cmp(other_bucket.text(other_entry))
            .then_with(|| name(entry).cmp(&name(other_entry)))
            .then_with(|| (one.class, said(lines)).cmp(&(other.class, said(other_lines))))
    }

    fn finding(&self, difference: &Difference) -> Finding<'_> {
        let lines = self.both(difference);
        let ((bucket, entry), [ours, theirs]) = (first(lines), lines);
        Finding {
            item: bucket.item(entry),
            scope: self.scopes.name(entry.scope),
            class: difference.class,
            ours: ours.map(|(_, entry)| entry.figures()),
            theirs: theirs.map(|(_, entry)| entry.figures()),
        }
    }
}

/// The line that a difference has; ours where there are two.
fn first<'a>(lines: [Option<(&'a Bucket, &'a Entry)>; 2]) -> (&'a Bucket, &'a Entry) {
    let [ours, theirs] = lines;
    ours.or(theirs).expect("a difference has a line")
}

/// Both sides, joined.
pub struct Compared {
    comparison: Comparison,
    agreed: u64,
    differences: Vec<Difference>,
}

impl Compared {
    /// What was compared.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.comparison.source
    }

    /// Pairs of lines that say the same.
    #[must_use]
    pub const fn agreed(&self) -> u64 {
        self.agreed
    }

    /// How many differences there are.
    #[must_use]
    pub const fn different(&self) -> usize {
        self.differences.len()
    }

    /// The differences, by item, scope and class; more of them than a register keeps are in no order that says anything.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        self.differences.iter().map(|difference| self.comparison.finding(difference))
    }

    /// How many differences of each class, in the order of [`Class::ALL`].
    #[must_use]
    pub fn by_class(&self) -> [u64; 6] {
        let mut counts = [0; 6];
        for difference in &self.differences {
            counts[usize::from(difference.class.number()) - 1] += 1;
        }
        counts
    }

    /// Sums of each scope, by its name.
    #[must_use]
    pub fn scopes(&self) -> Vec<(Scope<'_>, Totals)> {
        self.comparison.scopes.all()
    }

    /// Bytes held for lines of both sides and their differences.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        let differences = self.differences.capacity() * size_of::<Difference>();
        self.comparison.resident_bytes() + differences
    }
}
