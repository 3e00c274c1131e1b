//! The desk's connection: takes requests, gives answers, on a thread of its own. Every request runs
//! beside the others, so that a slow list never delays an order. Never decides, and never sends an
//! order that it was not handed.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use crossbeam_channel::Sender;
use domain::codes::ResolveAction;
use domain::event::EventBody;
use domain::ids::{PaymentId, QuotaId};
use domain::limits::QUOTA_SERIAL_MAX;
use domain::particulars::ParticularsText;
use protocol::client::Options;
use protocol::limits::LOOK_UPS_PER_FRAME_MAX;
use protocol::{Answer as Looked, Client, ClientError, Hello, LookUp, Welcome};
use tokio::sync::{mpsc, oneshot};

use super::ask::{Answer, Ask, Became, Book, Happened, KeysPage, Receipt, Request, Told, Way};
use super::{Input, Setup};
use crate::cli::payment::collect::{Tale, Tales};
use crate::cli::payment::explain::now_of;
use crate::cli::payment::story;
use crate::cli::{connection, show};
use crate::entropy;

/// How long one sending of an order, or a look at a quota, may last.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a question to the directory may: it waits by itself for ten seconds.
const PATIENCE_DIRECTORY: Duration = Duration::from_secs(20);

/// Requests that wait to be taken. The desk has at most one of each kind that counts.
const REQUESTS_MAX: usize = 64;

/// A connection that is there.
pub(super) struct Network {
    asks: mpsc::Sender<Request>,
    pub(super) welcome: Welcome,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// Connects, and answers into `answers` from then on.
    ///
    /// # Errors
    /// If the server cannot be reached or does not welcome the desk.
    pub(super) fn connect(setup: &Setup, answers: Sender<Input>) -> Result<Network> {
        let hello = Hello::new(setup.by.role, setup.by.channel, "treasury desk");
        let server = setup.server.clone();
        let jitter_seed = u64::from_le_bytes(entropy::bytes()?);
        let options = Options { deadline: PATIENCE, jitter_seed };
        let (asks, inbox) = mpsc::channel(REQUESTS_MAX);
        let (ready, connected) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let run = move || {
            runtime.block_on(async move {
                match Client::connect(server.clone(), hello.clone(), options).await {
                    Ok(client) => {
                        // Whoever asked for it waits for it.
                        let _ = ready.send(Ok(client.welcome()));
                        serve(client, Dial { server, hello, options }, inbox, answers).await;
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            });
        };
        let thread = std::thread::Builder::new().name("desk-network".into()).spawn(run)?;
        let welcome = connected.blocking_recv().context("the connection's thread has ended")?;
        let welcome = welcome.map_err(connection::failure)?;
        Ok(Network { asks, welcome, thread: Some(thread) })
    }

    /// Hands a request over; false where the connection's thread has ended, or takes nothing.
    pub(super) fn ask(&self, request: Request) -> bool {
        self.asks.try_send(request).is_ok()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let (gone, _) = mpsc::channel(1);
        self.asks = gone;
        if let Some(thread) = self.thread.take() {
            // A panic there was told there.
            let _ = thread.join();
        }
    }
}

/// How to connect once more, after the server ended the client for good.
struct Dial {
    server: String,
    hello: Hello,
    options: Options,
}

async fn serve(
    mut client: Client,
    dial: Dial,
    mut inbox: mpsc::Receiver<Request>,
    answers: Sender<Input>,
) {
    let dial = Arc::new(dial);
    let (ended, mut endings) = mpsc::channel::<()>(REQUESTS_MAX);
    loop {
        let request = tokio::select! {
            request = inbox.recv() => request,
            _ = endings.recv() => {
                // One connection at a time: what is asked meanwhile waits in the inbox.
                let Dial { server, hello, options } = &*dial;
                if let Ok(anew) = Client::connect(server.clone(), hello.clone(), *options).await {
                    client = anew;
                }
                continue;
            }
        };
        let Some(Request { ticket, ask }) = request else { return };
        let (client, answers, ended) = (client.clone(), answers.clone(), ended.clone());
        tokio::spawn(async move {
            let told = match answer(&client, ask).await {
                Ok(told) => told,
                Err(error) => {
                    if matches!(error, ClientError::Ended) {
                        // A full queue of endings says the same.
                        let _ = ended.try_send(());
                    }
                    Told::Failed(error.to_string())
                }
            };
            // A desk that has left hears nothing.
            let _ = answers.send(Input::Answer(Answer { ticket, told }));
        });
    }
}

async fn answer(client: &Client, ask: Ask) -> Result<Told, ClientError> {
    let patient = || client.with_deadline(PATIENCE_DIRECTORY);
    Ok(match ask {
        Ask::Quota(quota) => Told::Quota(client.quota(quota).await?.map(Box::new)),
        Ask::Keys { book, from } => Told::Keys(keys(client, book, from).await?),
        Ask::Give(order) => Told::Given(client.submit(&order.command()).await?),
        Ask::List(list) => Told::Page(Box::new(patient().list_payments(*list).await?)),
        Ask::Way(id) => Told::Way(ways(&patient(), id).await?),
    })
}

/// The official keys from a serial on, as many as one frame asks for. Serials have no gaps.
async fn keys(client: &Client, book: Book, from: u64) -> Result<KeysPage, ClientError> {
    let (division, year) = book;
    let last = QUOTA_SERIAL_MAX.min(from.saturating_add(LOOK_UPS_PER_FRAME_MAX as u64 - 1));
    let look_up = |serial| LookUp::Quota(QuotaId::new(division, year, serial));
    let (_, answers) = client.look_up((from..=last).map(look_up).collect()).await?;
    let asked = answers.len();
    let key = |answer| match answer {
        Looked::Quota(view) => Some(view.key),
        _ => None,
    };
    let keys: Vec<String> = answers.into_iter().map_while(key).collect();
    let is_end = keys.len() < asked;
    Ok(KeysPage { from, keys, is_end })
}

async fn ways(client: &Client, id: PaymentId) -> Result<Vec<Way>, ClientError> {
    let tales = Tales::ask(client, id, None).await?;
    Ok(tales.of.iter().map(|(&book, tale)| way(book, id, tale)).collect())
}

fn way(book: Book, payment: PaymentId, tale: &Tale) -> Way {
    let told = story::Told::new(payment, tale.view.as_ref());
    let (mut events, mut ids) = (Vec::new(), Vec::new());
    let mut texts = ParticularsText::default();
    for kept in &tale.events {
        let Some(event) = kept.event(&mut ids) else { continue };
        if let EventBody::Reserved { command, .. } = &event.body {
            texts = command.particulars.to_text();
        }
        events.push(Happened {
            at: show::position(kept.position),
            time: show::time(kept.time_ms),
            told: told.event(&event),
        });
    }
    let (view, now, receipts) = (tale.view.clone(), now_of(tale), receipts(tale));
    Way { book, payment, view, texts, events, now, receipts }
}

/// Every fact that was reported, once, with what became of it.
fn receipts(tale: &Tale) -> Vec<Receipt> {
    let mut receipts: Vec<(domain::ids::Fingerprint, Receipt)> = Vec::new();
    let mut ids = Vec::new();
    for kept in &tale.events {
        let Some(event) = kept.event(&mut ids) else { continue };
        let channel = event.by.channel.0;
        match &event.body {
            EventBody::FactTaken { from_suspense: true, fingerprint, .. } => {
                became(&mut receipts, *fingerprint, Became::TakenLater);
            }
            EventBody::Resolved { fact, command, .. }
                if command.action == ResolveAction::Dismiss =>
            {
                became(&mut receipts, *fact, Became::Dismissed);
            }
            EventBody::FactTaken { fingerprint, command: fact, .. }
            | EventBody::FactParked { fingerprint, command: fact, .. } => {
                let (book, became) = match &event.body {
                    EventBody::FactParked { division, year, reason, .. } => {
                        ((*division, *year), Became::Parked(*reason))
                    }
                    _ => ((fact.quota.division(), fact.quota.year()), Became::Taken),
                };
                let receipt = Receipt {
                    kind: fact.kind,
                    time: show::time(kept.time_ms),
                    amount_fen: fact.amount_fen,
                    serial: fact.serial,
                    channel,
                    refund: fact.refund,
                    book,
                    became,
                };
                receipts.push((*fingerprint, receipt));
            }
            _ => {}
        }
    }
    receipts.into_iter().map(|(_, receipt)| receipt).collect()
}

fn became(
    receipts: &mut [(domain::ids::Fingerprint, Receipt)],
    fact: domain::ids::Fingerprint,
    became: Became,
) {
    if let Some((_, receipt)) = receipts.iter_mut().find(|(fingerprint, _)| *fingerprint == fact) {
        receipt.became = became;
    }
}
