//! What finance's store takes from the engine's journal: the payments that were ordered, with all that a
//! voucher says of them.
//!
//! A fold over events from the first one on, rebuilt at each start. Of a payment it keeps what its voucher
//! needs until it was ordered or released; of a quota its official key; and what is on file.

use std::collections::HashMap;

use domain::codes::{BusinessKind, FactKind, Method, MoveKind, Path, ResolveAction, StepKind};
use domain::command::{Fact, MoveIn, Reserve};
use domain::event::EventBody;
use domain::ids::{
    ChannelId, Class, Day, DivisionIndex, Fingerprint, FiscalYear, MoveId, PaymentId, QuotaId,
};
use domain::office::shelves::{Book, Shelves};
use domain::office::table::Tabled;
use domain::office::tables::base::Unit;
use domain::office::tables::register::{Account, AgentBank, Calendar};
use domain::particulars::ParticularsText;
use domain::voucher::DivisionCode;
use domain::{Event, Fen};
use storage::event_record;
use storage::position::Position;
use storage::record::RecordRef;

use super::accounts::Payers;

/// A payment whose order has to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The payment.
    pub payment: PaymentId,
    /// The quota that pays.
    pub quota: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// Departmental economic class.
    pub economic: Class,
    /// How it is paid.
    pub method: Method,
    /// Business kind.
    pub business: BusinessKind,
    /// Who settles it.
    pub path: Path,
    /// Its business day.
    pub day: Day,
    /// Payee, purpose, document.
    pub particulars: ParticularsText,
}

impl Ordered {
    /// The division and year whose books it is in.
    #[must_use]
    pub fn book(&self) -> Book {
        (self.quota.division(), self.quota.year())
    }

    fn of(reserve: &Reserve<'_>, path: Path) -> Ordered {
        Ordered {
            payment: reserve.payment,
            quota: reserve.quota,
            amount_fen: reserve.amount_fen,
            economic: reserve.economic,
            method: reserve.method,
            business: reserve.kind,
            path,
            day: reserve.day,
            particulars: reserve.particulars.to_text(),
        }
    }
}

/// A payment of which another quota bears a part than did before (更正).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// The move in the engine.
    pub id: MoveId,
    /// The payment.
    pub payment: PaymentId,
    /// The quota that bears it now.
    pub from: QuotaId,
    /// The quota that bore it.
    pub to: QuotaId,
    /// How much of it.
    pub amount_fen: Fen,
    /// Why.
    pub reason: Box<str>,
}

/// What an event means for the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// A payment was ordered: its voucher is due.
    Ordered(Box<Ordered>),
    /// Finance took an order back (作废): its voucher must never leave.
    Voided(PaymentId, Book),
    /// A payment was paid, rejected or cleared, by whatever way: it needs no voucher any more.
    Answered(PaymentId, Book),
    /// What a payment was charged to was corrected, on both sides.
    Corrected(Box<Corrected>),
    /// A fact did not fit, and was put into suspense (挂账).
    Parked(ParkedFact),
    /// A fact has left suspense: a person dismissed it, or it was taken. Of what it then answered, as above.
    Unparked(ParkedName, Option<PaymentId>),
    /// Something was filed that vouchers rest on.
    Filed {
        /// Whose division and year.
        book: Book,
        /// Accounts, agent banks or units: what had no account may have one now.
        payers: bool,
        /// Days of the calendar: others may be worked.
        calendar: bool,
    },
}

/// What names a fact in suspense: whose suspense it is in, and its channel, number and contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParkedName {
    /// Division and year.
    pub book: Book,
    /// The channel it came by.
    pub channel: ChannelId,
    /// Its number there.
    pub serial: u64,
    /// Hash of its contents.
    pub fingerprint: Fingerprint,
}

/// A fact in suspense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedFact {
    /// Its name.
    pub name: ParkedName,
    /// The payment it is about.
    pub payment: PaymentId,
    /// How much.
    pub amount_fen: Fen,
}

/// The elements of a quota, as its official key has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elements<'a> {
    /// Unit.
    pub unit: &'a str,
    /// Functional class.
    pub functional: &'a str,
    /// Government economic class.
    pub government: &'a str,
    /// Fund nature.
    pub fund: &'a str,
    /// Project.
    pub project: &'a str,
}

/// What is ordered, of a reservation that was kept.
fn ordered(body: &[u8]) -> Ordered {
    let (kind, version) = (event_record::KIND_RESERVED, event_record::EVENT_VERSION);
    let position = Position { epoch: 0, sequence: 0 };
    let mut ids = Vec::new();
    let event = event_record::decode(&RecordRef { kind, version, body, position }, &mut ids);
    match event.map(|event| event.body) {
        Ok(EventBody::Reserved { command, path, .. }) => Ordered::of(&command, path),
        other => unreachable!("it was encoded from a reservation: {other:?}"),
    }
}

/// Whose rows an event may have put on file.
fn book_of(event: &EventBody<'_>) -> Option<Book> {
    match event {
        EventBody::Filed { command, .. } => Some((command.division, command.year)),
        EventBody::BatchEnded { division, year, .. } => Some((*division, *year)),
        _ => None,
    }
}

/// The fold.
#[derive(Debug, Default)]
pub struct Feed {
    divisions: HashMap<DivisionIndex, DivisionCode>,
    keys: HashMap<QuotaId, Box<str>>,
    /// Reservations that may be ordered, as records have them: most of a busy engine's are looked at once.
    open: HashMap<(DivisionIndex, FiscalYear, PaymentId), Box<[u8]>>,
    /// A record on its way to `open`.
    scratch: Vec<u8>,
    /// Why a correction was asked for whose second half has not come.
    reasons: HashMap<(Book, MoveId), Box<str>>,
    shelves: Shelves,
    /// The accounts that pay, of each division and year that was asked for since they were filed.
    payers: HashMap<Book, Payers>,
}

impl Feed {
    /// Takes the journal's next event in.
    ///
    /// # Errors
    /// If rows it puts on file are no rows.
    pub fn take(&mut self, event: &Event<'_>) -> Result<Told, String> {
        let filed = self.shelves.take(event)?;
        if let Some(book) = book_of(&event.body) {
            let of_payers = [Account::TABLE, AgentBank::TABLE, Unit::TABLE];
            let payers = of_payers.into_iter().any(|table| filed.has(table));
            if payers {
                self.payers.remove(&book);
            }
            let calendar = filed.has(Calendar::TABLE);
            return Ok(match payers || calendar {
                true => Told::Filed { book, payers, calendar },
                false => Told::Nothing,
            });
        }
        Ok(match &event.body {
            EventBody::Registered { command } => {
                let code = std::str::from_utf8(&command.code).ok().and_then(DivisionCode::new);
                self.divisions.extend(code.map(|code| (command.division, code)));
                Told::Nothing
            }
            EventBody::Created { quota, command, .. } => {
                self.keys.insert(*quota, command.key.into());
                Told::Nothing
            }
            EventBody::Reserved { command, path, .. } if command.one_act => {
                Told::Ordered(Box::new(Ordered::of(command, *path)))
            }
            EventBody::Reserved { command, .. } => {
                self.reserved(command, event);
                Told::Nothing
            }
            EventBody::Stepped { command, .. } => {
                let quota = command.quota;
                self.stepped(command.kind, (quota.division(), quota.year(), command.payment))
            }
            EventBody::MovedOut { command: c, .. } if c.kind == MoveKind::Correct => {
                self.reasons.insert(((c.from.division(), c.from.year()), c.id), c.note.into());
                Told::Nothing
            }
            EventBody::MovedIn { command, .. } if command.kind == MoveKind::Correct => {
                self.corrected(command)
            }
            EventBody::MoveDeclined { command: c, .. } if c.kind == MoveKind::Correct => {
                self.reasons.remove(&((c.from.division(), c.from.year()), c.id));
                Told::Nothing
            }
            EventBody::FactTaken { command, from_suspense, fingerprint, .. } => {
                let book = (command.quota.division(), command.quota.year());
                let (channel, serial) = (event.by.channel, command.serial);
                let name = ParkedName { book, channel, serial, fingerprint: *fingerprint };
                match (self.heard(command), from_suspense) {
                    (Told::Answered(payment, _), true) => Told::Unparked(name, Some(payment)),
                    (_, true) => Told::Unparked(name, None),
                    (told, false) => told,
                }
            }
            EventBody::FactParked { division, year, fingerprint, command, .. } => {
                let book = (*division, *year);
                let (channel, serial) = (event.by.channel, command.serial);
                Told::Parked(ParkedFact {
                    name: ParkedName { book, channel, serial, fingerprint: *fingerprint },
                    payment: command.payment,
                    amount_fen: command.amount_fen,
                })
            }
            // What is applied is told by the fact that is taken then.
            EventBody::Resolved { fact, command, .. }
                if command.action == ResolveAction::Dismiss =>
            {
                let book = (command.division, command.year);
                let (channel, serial) = (command.channel, command.serial);
                Told::Unparked(ParkedName { book, channel, serial, fingerprint: *fact }, None)
            }
            _ => Told::Nothing,
        })
    }

    fn corrected(&mut self, c: &MoveIn) -> Told {
        let (MoveIn { id, payment, from, to, amount_fen, .. }, book) =
            (*c, (c.from.division(), c.from.year()));
        let reason = self.reasons.remove(&(book, id)).unwrap_or_default();
        Told::Corrected(Box::new(Corrected { id, payment, from, to, amount_fen, reason }))
    }

    fn reserved(&mut self, reserve: &Reserve<'_>, event: &Event<'_>) {
        self.scratch.clear();
        event_record::encode(event, &mut self.scratch);
        let quota = reserve.quota;
        let name = (quota.division(), quota.year(), reserve.payment);
        self.open.insert(name, self.scratch.as_slice().into());
    }

    fn stepped(&mut self, kind: StepKind, payment: (DivisionIndex, FiscalYear, PaymentId)) -> Told {
        let (division, year, id) = payment;
        match kind {
            StepKind::Instruct => match self.open.remove(&payment) {
                Some(body) => Told::Ordered(Box::new(ordered(&body))),
                None => Told::Nothing,
            },
            StepKind::Withdraw | StepKind::Return => {
                self.open.remove(&payment);
                Told::Nothing
            }
            StepKind::Void => Told::Voided(id, (division, year)),
            _ => Told::Nothing,
        }
    }

    /// A bank may answer what was never ordered by a voucher of ours, in a test's hand for one.
    fn heard(&mut self, fact: &Fact<'_>) -> Told {
        if !matches!(fact.kind, FactKind::ConfirmPaid | FactKind::Reject | FactKind::Clear) {
            return Told::Nothing;
        }
        let (division, year) = (fact.quota.division(), fact.quota.year());
        self.open.remove(&(division, year, fact.payment));
        Told::Answered(fact.payment, (division, year))
    }

    /// Makes the accounts of a division and year that pay ready to be looked up, until others are filed.
    pub fn index_payers(&mut self, book: Book) {
        let shelves = &self.shelves;
        self.payers.entry(book).or_insert_with(|| Payers::of(shelves.office(book)));
    }

    /// The accounts of a division and year that pay.
    ///
    /// # Panics
    /// When they were not made ready.
    #[must_use]
    pub fn payers(&self, book: Book) -> &Payers {
        self.payers.get(&book).expect("they are made ready before they are looked up")
    }

    /// The code of a division.
    #[must_use]
    pub fn division_code(&self, division: DivisionIndex) -> Option<DivisionCode> {
        self.divisions.get(&division).copied()
    }

    /// What is on file.
    #[must_use]
    pub const fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    /// A quota's elements; parts that its key lacks are empty.
    #[must_use]
    pub fn elements(&self, quota: QuotaId) -> Option<Elements<'_>> {
        let mut parts = self.keys.get(&quota)?.split('/').skip(1);
        let mut part = || parts.next().unwrap_or("");
        let (unit, functional, government) = (part(), part(), part());
        let _departmental = part();
        Some(Elements { unit, functional, government, fund: part(), project: part() })
    }

    /// Payments that are reserved and not ordered.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }
}
