//! The records about a payment, out of a journal or a server's directory.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use domain::Division;
use domain::codes::ResolveAction;
use domain::event::{Event, EventBody, RunId};
use domain::ids::{DivisionIndex, FiscalYear, PaymentId};
use domain::suspense::ParkedKey;
use protocol::directory::{AsOf, Continuation, History, HistoryPage, StateAt, Subject};
use protocol::views::PaymentView;
use protocol::{Answer, Client, ClientError, LookUp};
use storage::event_record;
use storage::position::Position;
use storage::record::RecordRef;

use crate::cli::{connection, moment, offline, words};
use crate::verification;

/// A division and year: where a payment's id is unique.
pub(in crate::cli) type Book = (DivisionIndex, FiscalYear);

/// One record about the payment.
pub(in crate::cli) struct Kept {
    pub(in crate::cli) position: Position,
    /// When it was journaled.
    pub(in crate::cli) time_ms: u64,
    kind: u16,
    version: u16,
    body: Vec<u8>,
}

impl Kept {
    /// The event it holds.
    pub(in crate::cli) fn event<'a>(&'a self, ids: &'a mut Vec<RunId>) -> Option<Event<'a>> {
        let Kept { kind, version, position, .. } = *self;
        event_record::decode(&RecordRef { kind, version, body: &self.body, position }, ids).ok()
    }
}

/// Everything about one payment in one division and year.
#[derive(Default)]
pub(in crate::cli) struct Tale {
    pub(in crate::cli) events: Vec<Kept>,
    /// Where it stands; nothing, if it was never accepted.
    pub(in crate::cli) view: Option<PaymentView>,
    /// Facts that were parked, and in whose suspense.
    parked: Vec<(Book, ParkedKey)>,
}

impl Tale {
    /// How many facts wait in suspense: those that were parked, and neither taken nor dismissed
    /// since.
    pub(in crate::cli) fn waiting(&self) -> usize {
        let mut ids = Vec::new();
        let mut open: BTreeSet<ParkedKey> = BTreeSet::new();
        for kept in &self.events {
            let Some(event) = kept.event(&mut ids) else { continue };
            let channel = event.by.channel;
            match &event.body {
                EventBody::FactParked { fingerprint, command, .. } => {
                    open.insert((channel, command.serial, *fingerprint));
                }
                EventBody::FactTaken { from_suspense: true, fingerprint, command, .. } => {
                    open.remove(&(channel, command.serial, *fingerprint));
                }
                EventBody::Resolved { fact, command, .. }
                    if command.action == ResolveAction::Dismiss =>
                {
                    open.remove(&(command.channel, command.serial, *fact));
                }
                _ => {}
            }
        }
        open.len()
    }
}

/// The payment's tales: one, unless several divisions or years use the same id.
#[derive(Default)]
pub(in crate::cli) struct Tales {
    pub(in crate::cli) of: BTreeMap<Book, Tale>,
}

impl Tales {
    /// Reads a journal that nobody need serve.
    pub(in crate::cli) fn from_journal(data: &Path, payment: PaymentId) -> Result<Tales> {
        let mut tales = Tales::default();
        let mut ids = Vec::new();
        offline::groups(data, &mut |_, group| {
            for record in group.records {
                tales.take(&record, group.header.time_ms, payment, &mut ids);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if !tales.of.is_empty() {
            let divisions = verification::fold(&offline::disk(), data)?;
            for (&book, tale) in &mut tales.of {
                tale.view = view(&divisions, book, payment);
            }
        }
        Ok(tales)
    }

    /// Asks a server's directory for every event of the payment, up to a moment or to what is
    /// durable now.
    pub(in crate::cli) fn from_server(
        address: SocketAddr,
        payment: PaymentId,
        as_of: Option<AsOf>,
    ) -> Result<Tales> {
        connection::ask_patiently(address, async |client| Tales::ask(client, payment, as_of).await)
    }

    /// The same over a connection that is there.
    pub(in crate::cli) async fn ask(
        client: &Client,
        payment: PaymentId,
        as_of: Option<AsOf>,
    ) -> Result<Tales, ClientError> {
        let mut tales = Tales::default();
        let mut asked = moment::asked(as_of, Some(client.ping().await?));
        let subject = Subject::Payment { book: None, id: payment };
        loop {
            let page = connection::known(client.history(History { asked, subject }).await)?;
            let Some(page) = page else { return Ok(tales) };
            tales.take_page(&page, payment);
            // Later pages, and the state, are of the same moment.
            asked.as_of = AsOf::Position(page.at);
            asked.after = page.after;
            if page.after == Continuation::default() {
                break;
            }
        }
        for (&(division, year), tale) in &mut tales.of {
            let look_up = LookUp::Payment { division, year, id: payment };
            tale.view = match as_of {
                None => client.payment(division, year, payment).await?,
                Some(_) => match client.state_at(StateAt { asked, look_up }).await?.answer {
                    Answer::Payment(view) => Some(*view),
                    _ => None,
                },
            };
        }
        Ok(tales)
    }

    fn take_page(&mut self, page: &HistoryPage, payment: PaymentId) {
        let mut ids = Vec::new();
        for event in page.iter() {
            let record = event.record;
            let position =
                Position { epoch: record.position.epoch, sequence: record.position.sequence };
            let (kind, version, body) = (record.kind, record.version, record.body);
            let record = RecordRef { kind, version, body, position };
            self.take(&record, event.time_ms, payment, &mut ids);
        }
    }

    /// Keeps a record if it is about the payment. Kinds nobody here knows are stepped over.
    fn take(
        &mut self,
        record: &RecordRef<'_>,
        time_ms: u64,
        payment: PaymentId,
        ids: &mut Vec<RunId>,
    ) {
        let Ok(event) = event_record::decode(record, ids) else { return };
        let Some(book) = self.book_of(&event, payment) else { return };
        let tale = self.of.entry(book).or_default();
        if let EventBody::FactParked { division, year, fingerprint, command, .. } = &event.body {
            let key = (event.by.channel, command.serial, *fingerprint);
            tale.parked.push(((*division, *year), key));
        }
        let RecordRef { kind, version, body, position } = *record;
        tale.events.push(Kept { position, time_ms, kind, version, body: body.to_vec() });
    }

    fn book_of(&self, event: &Event<'_>, payment: PaymentId) -> Option<Book> {
        if let EventBody::Resolved { fact, command: c, .. } = &event.body {
            // It names the parked fact, and not the payment the fact is about.
            let key = ((c.division, c.year), (c.channel, c.serial, *fact));
            return self
                .of
                .iter()
                .find_map(|(&book, tale)| tale.parked.contains(&key).then_some(book));
        }
        if !words::names_payment(event, payment) {
            return None;
        }
        Some(match &event.body {
            EventBody::Reserved { command, .. } => (command.quota.division(), command.quota.year()),
            EventBody::Stepped { command, .. } => (command.quota.division(), command.quota.year()),
            EventBody::FactTaken { command, .. } | EventBody::FactParked { command, .. } => {
                (command.quota.division(), command.quota.year())
            }
            EventBody::MovedOut { command, .. } => (command.from.division(), command.from.year()),
            EventBody::MovedIn { command, .. } | EventBody::MoveDeclined { command, .. } => {
                (command.from.division(), command.from.year())
            }
            EventBody::Refused { division, year, .. }
            | EventBody::RunRefused { division, year, .. } => (*division, *year),
            _ => return None,
        })
    }
}

fn view(divisions: &[Division], book: Book, payment: PaymentId) -> Option<PaymentView> {
    let division = divisions.iter().find(|division| division.index == book.0)?;
    division.year(book.1)?.payment(payment).map(PaymentView::of)
}
