//! What the desk asks and what it is told, as values: the core knows no network, and the network
//! knows no screen.

use domain::Fen;
use domain::codes::{FactKind, Path, PaymentState, Posts};
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};
use domain::particulars::ParticularsText;
use protocol::Outcome;
use protocol::directory::{ListPayments, ListedPayment, PaymentPage};
use protocol::views::{PaymentView, QuotaView};

use super::order::Order;
use crate::cli::payment::now::Both;

/// A division and year.
pub(super) type Book = (DivisionIndex, FiscalYear);

/// A question or an order, with the number its answer carries.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) ticket: u64,
    pub(super) ask: Ask,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// How a quota stands.
    Quota(QuotaId),
    /// The official keys of a book's quotas, from a serial on.
    Keys { book: Book, from: u64 },
    /// An order or a fact is given.
    Give(Box<Order>),
    /// A page of payments.
    List(Box<ListPayments>),
    /// A payment's whole way.
    Way(PaymentId),
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) ticket: u64,
    pub(super) told: Told,
}

#[derive(Clone, Debug)]
pub(super) enum Told {
    Quota(Option<Box<QuotaView>>),
    Keys(KeysPage),
    Given(Outcome),
    Page(Box<PaymentPage>),
    Way(Vec<Way>),
    /// No answer, and why. An order that failed so was not sent at all, this time.
    Failed(String),
}

/// Official keys by serial, without a gap.
#[derive(Clone, Debug)]
pub(super) struct KeysPage {
    pub(super) from: u64,
    pub(super) keys: Vec<String>,
    /// There are no more.
    pub(super) is_end: bool,
}

/// One payment's way in one book.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) book: Book,
    pub(super) payment: PaymentId,
    /// Where it stands; nothing, if it was never accepted.
    pub(super) view: Option<PaymentView>,
    pub(super) texts: ParticularsText,
    pub(super) events: Vec<Happened>,
    pub(super) now: Both,
    pub(super) receipts: Vec<Receipt>,
}

/// One event, told.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    pub(super) at: String,
    pub(super) time: String,
    pub(super) told: Both,
}

/// One fact that was reported about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) kind: FactKind,
    pub(super) time: String,
    pub(super) amount_fen: Fen,
    pub(super) serial: u64,
    pub(super) channel: u16,
    pub(super) refund: u64,
    /// The book it is in, or in whose suspense.
    pub(super) book: Book,
    pub(super) became: Became,
}

/// What became of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    Taken,
    /// In suspense, with why.
    Parked(domain::Code),
    /// It lay in suspense and was taken later.
    TakenLater,
    /// It lay in suspense and was set aside by a person.
    Dismissed,
}

/// A payment that something can be done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) payment: PaymentId,
    pub(super) quota: QuotaId,
    pub(super) amount_fen: Fen,
    pub(super) payee: String,
    pub(super) state: PaymentState,
    pub(super) path: Path,
    pub(super) posts: Posts,
    pub(super) approved: Posts,
    /// Facts about it that lie in suspense, as far as they were looked at.
    pub(super) suspended: Vec<Receipt>,
}

impl Target {
    pub(super) fn of_listed(listed: &ListedPayment) -> Target {
        Target {
            payment: listed.payment,
            quota: listed.quota,
            amount_fen: listed.amount_fen,
            payee: listed.payee_name.clone(),
            state: listed.state,
            path: listed.path,
            posts: listed.posts,
            approved: listed.approved,
            suspended: Vec::new(),
        }
    }

    /// Nothing, where the payment was never accepted.
    pub(super) fn of_way(way: &Way) -> Option<Target> {
        let view = way.view.as_ref()?;
        let lies = |receipt: &&Receipt| matches!(receipt.became, Became::Parked(_));
        Some(Target {
            payment: view.payment,
            quota: view.quota,
            amount_fen: view.amount_fen,
            payee: way.texts.payee_name.clone(),
            state: view.state,
            path: view.path,
            posts: view.posts,
            approved: view.approved,
            suspended: way.receipts.iter().filter(lies).cloned().collect(),
        })
    }
}
