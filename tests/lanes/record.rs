//! A lane's own record: what it sent and heard, and by plain sums what every quota must hold.

use domain::codes::PaymentState;
use domain::{Code, Command, Role};
use protocol::lookup::{IdKind, LookUp};

use crate::harness::desk::Told;
use crate::harness::journal::About;
use crate::harness::orders::YEAR;

/// A command, and all that is known about it.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) command: Command<'static>,
    pub(crate) role: Role,
    /// In a linked run: the place of its first command.
    pub(crate) run: Option<usize>,
    /// Linked with the command behind it.
    pub(crate) linked: bool,
    /// What it must be answered.
    pub(crate) code: Code,
    /// What must then be available on its quota.
    pub(crate) available: Option<i64>,
    /// What a repeat must be answered: a parked fact may have been taken meanwhile.
    pub(crate) again: Code,
    /// What its record is about.
    pub(crate) about: About,
    /// What was heard first.
    pub(crate) heard: Option<Told>,
    /// The sequence of its record, told by its answer or by a look-up.
    pub(crate) sequence: Option<u64>,
    /// What it is about, in the lane's books.
    pub(crate) payment: Option<usize>,
}

impl Op {
    /// The look-up that asks what became of it, where its id is its own.
    pub(super) fn look_up(&self) -> Option<LookUp> {
        let (kind, id) = match self.about {
            About::Payment(id) => (IdKind::Payment, id),
            About::Act(id) => (IdKind::Act, id),
            About::Move(id) => (IdKind::Move, id),
            About::Run => match domain::decide::ends(&self.command)? {
                domain::event::RefusedId::Payment(id) => (IdKind::Payment, id.0),
                domain::event::RefusedId::Act(id) => (IdKind::Act, id.0),
                domain::event::RefusedId::Move(id) => (IdKind::Move, id.0),
            },
            About::Of(..) | About::Mark | About::Other => return None,
        };
        let (division, year) = (self.command.division(), YEAR);
        Some(LookUp::Outcome { kind, division, year, id })
    }
}

/// What a quota holds by the lane's own sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holds {
    /// All it was ever given: what was issued and supplemented, whatever was cut since.
    pub(crate) received: i64,
    pub(crate) issued: i64,
    pub(crate) transferred: i64,
    pub(crate) frozen: i64,
    pub(crate) reserved: i64,
    pub(crate) paid: i64,
    pub(crate) cleared: i64,
    pub(crate) refunding: i64,
}

impl Holds {
    pub(super) fn available(&self) -> i64 {
        self.issued - self.transferred - self.frozen - self.reserved - self.paid - self.cleared
            + self.refunding
    }
}

/// A payment by the lane's own record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payment {
    pub(crate) id: u128,
    pub(crate) quota: usize,
    pub(crate) amount: i64,
    pub(crate) executed: i64,
    pub(crate) state: PaymentState,
    /// The op of a settlement that came before the payment's receipt.
    pub(crate) early: Option<usize>,
    pub(crate) refunded: i64,
    pub(crate) refunds: u64,
    /// Refunds not yet settled: number and amount.
    pub(crate) unsettled: Option<(u64, i64)>,
}
