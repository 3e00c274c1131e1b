//! Quotas, plans and contracts as plain sums.

use domain::ids::Class;

/// A quota.
#[derive(Clone, Debug)]
pub(crate) struct Quota {
    /// Amounts in fen.
    pub(crate) buckets: Buckets,
    /// Fund nature.
    pub(crate) fund: Class,
    /// Departmental economic class, or an ancestor, or any.
    pub(crate) economic: Class,
    /// The plan's key; zero: exempt.
    pub(crate) plan: u64,
    /// Posts that approve, as bits.
    pub(crate) posts: u8,
    /// Whether it pays.
    pub(crate) executable: bool,
    /// Whether it was closed.
    pub(crate) closed: bool,
    /// Payments that can still pay.
    pub(crate) open_payments: u32,
}

/// The amounts of a quota, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buckets {
    /// What came in less what went out.
    pub issued: i64,
    /// Handed down within the division.
    pub allocated: i64,
    /// Handed down to other divisions.
    pub transferred: i64,
    /// Held back, staged acts included.
    pub frozen: i64,
    /// Held for contracts.
    pub earmarked: i64,
    /// Asked for and not yet paid.
    pub reserved: i64,
    /// Paid and not settled.
    pub paid: i64,
    /// Settled.
    pub cleared: i64,
    /// On its way back.
    pub refunding: i64,
}

impl Buckets {
    /// What may still be asked for.
    #[must_use]
    pub fn available(&self) -> i64 {
        let held = self.allocated + self.transferred + self.frozen + self.earmarked;
        let used = self.reserved + self.paid + self.cleared;
        self.issued - held - used + self.refunding
    }

    /// Each bucket with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, i64); 9] {
        [
            ("issued", self.issued),
            ("allocated", self.allocated),
            ("transferred", self.transferred),
            ("frozen", self.frozen),
            ("earmarked", self.earmarked),
            ("reserved", self.reserved),
            ("paid", self.paid),
            ("cleared", self.cleared),
            ("refunding", self.refunding),
        ]
    }

    /// True when nothing is negative.
    #[must_use]
    pub fn is_sufficient(&self) -> bool {
        self.available() >= 0 && self.named().iter().all(|&(_, fen)| fen >= 0)
    }
}

/// A payment plan by month.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// Planned in each month, in fen.
    pub(crate) planned: [i64; 12],
    /// Used by payments of each month, in fen.
    pub(crate) used: [i64; 12],
}

impl Plan {
    /// What a payment of a month may still take: through no month from there on may more be used
    /// than is planned.
    pub(crate) fn left(&self, month: u8) -> i64 {
        let through = |amounts: &[i64; 12], last: usize| amounts[..=last].iter().sum::<i64>();
        let months = usize::from(month) - 1..12;
        months
            .map(|last| through(&self.planned, last) - through(&self.used, last))
            .min()
            .unwrap_or(0)
    }

    /// True when no month's use exceeds the plan through it.
    pub(crate) fn holds(&self) -> bool {
        self.left(1) >= 0
    }
}

/// What a contract holds on a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contract {
    /// The purchase plan it stands under.
    pub(crate) plan: u64,
    /// What payments may still take, in fen.
    pub(crate) left: i64,
    /// What payments have taken, in fen.
    pub(crate) used: i64,
    /// Whether releases still come back to it.
    pub(crate) open: bool,
}
