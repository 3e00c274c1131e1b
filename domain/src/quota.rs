//! A quota's cell: its buckets, and what decides a payment fast.

use crate::codes::{AuthorityKind, MoveKind, Posts};
use crate::ids::{Class, QuotaId};
use crate::limits::AMOUNT_FEN_MAX;
use crate::money::{Fen, FenSum};
use crate::prefetch::prefetch;

/// The hot state of one quota. Every amount is in fen and ≥ 0; `available` is derived, never
/// stored. All change goes through [`QuotaCell::changed`], which asserts I1.
///
/// Laid out as two whole cache lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct QuotaCell {
    /// Counts this quota's events; an event carries the version after it.
    pub version: u32,
    /// Slot of its payment plan plus one; zero: exempt.
    pub plan_slot: u32,
    /// Payments of it that can still pay.
    pub open_payments: u32,
    /// Approval posts a payment needs.
    pub posts: Posts,
    /// Whether payments may be made from it.
    pub executable: bool,
    /// Closed for good.
    pub closed: bool,
    /// Fund nature.
    pub fund: Class,
    /// Departmental economic class it may pay, or an ancestor.
    pub economic: Class,
    /// The amounts.
    pub buckets: Buckets,
}

/// The amounts of a quota, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    /// 下达: the sum of what came in less what went back, carried out or was moved across.
    pub issued: i64,
    /// 分解: handed down to child quotas of the same division.
    pub allocated: i64,
    /// 转移下达: gone, or on its way, to another division's budget.
    pub transferred: i64,
    /// 冻结 by the finance department.
    pub frozen: i64,
    /// Held back for an open batch; shown as part of frozen, out of reach of `unfreeze`.
    pub staged: i64,
    /// 采购占用: held for contracts.
    pub earmarked: i64,
    /// 占用: asked for and not yet paid.
    pub reserved: i64,
    /// 已付: paid by the bank, not settled.
    pub paid: i64,
    /// 已清算: settled.
    pub cleared: i64,
    /// 退款在途: back from the payee, not yet with the central bank.
    pub refunding: i64,
}

impl Buckets {
    /// What may still be asked for, in fen:
    /// issued − allocated − transferred − frozen − staged − earmarked − reserved − paid − cleared
    /// + refunding. Ten amounts below 2⁵³ cannot leave an `i64`.
    #[must_use]
    pub fn available(&self) -> i64 {
        let gone = self.allocated + self.transferred + self.frozen + self.staged + self.earmarked;
        self.issued - gone - self.reserved - self.paid - self.cleared + self.refunding
    }

    /// Where what is settled stands: cleared, or, out of a unit's own account, paid.
    pub(crate) fn settled(&mut self, own: bool) -> &mut i64 {
        if own { &mut self.paid } else { &mut self.cleared }
    }

    /// Each bucket with its name, `frozen` with what is staged.
    #[must_use]
    pub fn named(&self) -> [(&'static str, i64); 9] {
        [
            ("issued", self.issued),
            ("allocated", self.allocated),
            ("transferred", self.transferred),
            ("frozen", self.frozen + self.staged),
            ("earmarked", self.earmarked),
            ("reserved", self.reserved),
            ("paid", self.paid),
            ("cleared", self.cleared),
            ("refunding", self.refunding),
        ]
    }

    /// I1: every bucket within 0 ..= 2⁵³ − 1, and `available` not negative.
    #[must_use]
    pub fn is_sufficient(&self) -> bool {
        let amounts = [
            self.issued,
            self.allocated,
            self.transferred,
            self.frozen,
            self.staged,
            self.earmarked,
            self.reserved,
            self.paid,
            self.cleared,
            self.refunding,
        ];
        amounts.iter().all(|&fen| (0..=AMOUNT_FEN_MAX).contains(&fen)) && self.available() >= 0
    }
}

impl QuotaCell {
    /// Has both lines of the cell brought into the cache.
    pub(crate) fn prefetch(&self) {
        prefetch(&self.version);
        prefetch(&self.buckets.refunding);
    }

    /// What may still be asked for.
    #[must_use]
    pub fn available(&self) -> Fen {
        Fen::new(self.buckets.available())
    }

    /// The cell after one event: a copy, changed, at the next version, with I1 asserted.
    ///
    /// # Panics
    /// If the change breaks I1: the event should not have been decided.
    #[must_use]
    pub fn changed(&self, change: impl FnOnce(&mut Buckets)) -> QuotaCell {
        let mut copy = *self;
        change(&mut copy.buckets);
        assert!(copy.buckets.is_sufficient(), "I1: {:?} after {:?}", copy.buckets, self.buckets);
        copy.version =
            self.version.checked_add(1).expect("four thousand million events on a quota");
        copy
    }
}

/// The cold state of one quota: what people look at and what conservation is checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaRow {
    /// The quota it is handed down from, or [`QuotaId::NONE`].
    pub parent: QuotaId,
    /// Under whose authority it exists.
    pub authority: AuthorityKind,
    /// The pre-approval cap, or zero.
    pub cap_fen: Fen,
    /// Official key.
    pub key: Box<str>,
    /// Contracts with an open earmark on it.
    pub open_contracts: u32,
    /// What nearly every quota got something by.
    initial: i64,
    moved_in: i64,
    /// The other totals and what is under way; absent while all of it is zero.
    more: Option<Box<More>>,
}

/// What few quotas ever have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct More {
    totals: Totals,
    under_way: UnderWay,
}

/// The code of the budget row that an official key ends with.
#[must_use]
pub fn row_of_key(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// The code of the unit that an official key names second; empty where it has one part.
#[must_use]
pub fn unit_of_key(key: &str) -> &str {
    key.split('/').nth(1).unwrap_or("")
}

impl QuotaRow {
    /// The row of a new quota.
    #[must_use]
    pub fn new(parent: QuotaId, authority: AuthorityKind, cap_fen: Fen, key: &str) -> QuotaRow {
        let (open_contracts, initial, moved_in, more) = (0, 0, 0, None);
        let key = key.into();
        QuotaRow { parent, authority, cap_fen, key, open_contracts, initial, moved_in, more }
    }

    /// The code of the budget row it rests on.
    #[must_use]
    pub fn budget_row(&self) -> &str {
        row_of_key(&self.key)
    }

    /// The code of the unit whose money it is; empty where its key is of another form.
    #[must_use]
    pub fn unit(&self) -> &str {
        unit_of_key(&self.key)
    }

    /// Running totals behind `issued`.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let more = self.more.as_deref().copied().unwrap_or_default();
        Totals { initial: self.initial, moved_in: self.moved_in, ..more.totals }
    }

    /// What has left it and is not known to have arrived.
    #[must_use]
    pub fn under_way(&self) -> UnderWay {
        self.more.as_deref().copied().unwrap_or_default().under_way
    }

    /// Puts in place what its totals are and what it has under way.
    pub fn set_figures(&mut self, totals: Totals, under_way: UnderWay) {
        (self.initial, self.moved_in) = (totals.initial, totals.moved_in);
        let more = More { totals: Totals { initial: 0, moved_in: 0, ..totals }, under_way };
        if more == More::default() {
            self.more = None;
        } else {
            **self.more.get_or_insert_default() = more;
        }
    }
}

/// What has left a quota by moves whose end its origin has not heard of: all of it may come back.
/// Follows from the year's moves; kept so that no decision has to look through them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Moves.
    pub moves: u32,
    /// Handed down to child quotas of the same division, in fen.
    pub allocated: i64,
    /// Handed down to another division, in fen.
    pub transferred: i64,
    /// Taken from what was issued, in fen: returned up, moved across, carried out.
    pub issued: i64,
}

impl UnderWay {
    /// One move more.
    pub(crate) fn begin(&mut self, kind: MoveKind, amount: Fen) {
        self.moves += 1;
        self.change(kind, amount.get());
    }

    /// One move fewer.
    pub(crate) fn end(&mut self, kind: MoveKind, amount: Fen) {
        self.moves = self.moves.checked_sub(1).expect("a move that ends was under way");
        self.change(kind, -amount.get());
    }

    fn change(&mut self, kind: MoveKind, amount: i64) {
        match kind {
            MoveKind::Allocate => self.allocated += amount,
            MoveKind::Transfer => self.transferred += amount,
            MoveKind::ReturnUp | MoveKind::Virement | MoveKind::Carry => self.issued += amount,
            // Of a correction no money is out: the origin bears it already.
            MoveKind::Correct => {}
        }
    }
}

/// Running totals behind `issued`, each ≥ 0 and only growing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// First issue.
    pub initial: i64,
    /// Supplemented.
    pub supplemented: i64,
    /// Received from the parent.
    pub moved_in: i64,
    /// Received by virement.
    pub vired_in: i64,
    /// Carried in from last year.
    pub carried_in: i64,
    /// Cut.
    pub cut: i64,
    /// Returned to the parent.
    pub returned_up: i64,
    /// Moved out by virement.
    pub vired_out: i64,
    /// Recovered.
    pub recovered: i64,
    /// Carried out into next year.
    pub carried_out: i64,
}

impl Totals {
    /// Everything the quota ever received.
    #[must_use]
    pub fn received(&self) -> FenSum {
        let totals =
            [self.initial, self.supplemented, self.moved_in, self.vired_in, self.carried_in];
        totals.iter().map(|&fen| FenSum::from(fen)).sum()
    }

    /// What `issued` must be.
    #[must_use]
    pub fn issued(&self) -> FenSum {
        let outgoing =
            [self.cut, self.returned_up, self.vired_out, self.recovered, self.carried_out];
        self.received() - outgoing.iter().map(|&fen| FenSum::from(fen)).sum::<FenSum>()
    }

    /// Each total with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, i64); 10] {
        [
            ("initial", self.initial),
            ("supplemented", self.supplemented),
            ("moved_in", self.moved_in),
            ("vired_in", self.vired_in),
            ("carried_in", self.carried_in),
            ("cut", self.cut),
            ("returned_up", self.returned_up),
            ("vired_out", self.vired_out),
            ("recovered", self.recovered),
            ("carried_out", self.carried_out),
        ]
    }
}

const _: () = assert!(size_of::<QuotaCell>() == 128, "a quota's cell is two cache lines");
const _: () = assert!(size_of::<QuotaRow>() <= 64, "a quota's row is at most 64 bytes");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_is_what_the_formula_says() {
        let buckets = Buckets {
            issued: 1000,
            allocated: 100,
            transferred: 50,
            frozen: 20,
            staged: 5,
            earmarked: 30,
            reserved: 200,
            paid: 100,
            cleared: 300,
            refunding: 60,
        };
        assert_eq!(buckets.available(), 255);
        assert!(buckets.is_sufficient());
        assert!(!Buckets { issued: 1, reserved: 2, ..Buckets::default() }.is_sufficient());
        assert!(!Buckets { refunding: -1, ..Buckets::default() }.is_sufficient());
    }

    #[test]
    fn a_row_gives_back_its_figures_and_is_small_again_without_them() {
        let new = QuotaRow::new(QuotaId::NONE, AuthorityKind::BudgetLine, Fen::ZERO, "A");
        let all = Totals {
            initial: 1,
            supplemented: 2,
            moved_in: 3,
            vired_in: 4,
            carried_in: 5,
            cut: 6,
            returned_up: 7,
            vired_out: 8,
            recovered: 9,
            carried_out: 10,
        };
        let out = UnderWay { moves: 1, allocated: 11, transferred: 12, issued: 13 };
        let mut row = new.clone();
        row.set_figures(all, out);
        assert_eq!((row.totals(), row.under_way()), (all, out));
        let common = Totals { initial: 1, moved_in: 3, ..Totals::default() };
        row.set_figures(common, UnderWay::default());
        assert_eq!((row.totals(), row.more.is_none()), (common, true));
        row.set_figures(Totals::default(), UnderWay::default());
        assert_eq!(row, new);
    }
}
