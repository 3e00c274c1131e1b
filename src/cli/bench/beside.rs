//! Others who use the server while the load runs: terminals that watch it, lists that are walked.
//!
//! On a thread and connections of their own, so that they take nothing of the load's client but
//! time of a core. They never send a command.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::Code;
use domain::codes::{PaymentState, Role};
use domain::ids::{ChannelId, DivisionIndex};
use protocol::client::Options;
use protocol::directory::{Continuation, ListPayments, PaymentFilter};
use protocol::limits::DIRECTORY_PAGE_ITEMS_MAX;
use protocol::{Client, ClientError, Hello};
use tokio::task::LocalSet;

/// How often a terminal reads, as `treasury top` does.
const TERMINAL_EVERY: Duration = Duration::from_secs(1);

/// How long a list waits before it asks again for what was `Busy`.
const LIST_PAUSE: Duration = Duration::from_millis(50);

/// How long an answer may take: the directory answers behind the desks.
const PATIENCE: Duration = Duration::from_secs(60);

/// What they have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) readings: u64,
    pub(super) pages: u64,
    pub(super) payments: u64,
}

impl Done {
    pub(super) fn add(&mut self, more: Done) {
        self.readings += more.readings;
        self.pages += more.pages;
        self.payments += more.payments;
    }
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    readings: AtomicU64,
    pages: AtomicU64,
    payments: AtomicU64,
}

/// Terminals and lists that run.
pub(super) struct Beside {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<()>>,
}

impl Beside {
    /// Starts so many terminals and so many lists.
    pub(super) fn start(address: SocketAddr, each: u16) -> Result<Beside> {
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(LocalSet::new().run_until(all(address, each, own)))
        };
        let thread = std::thread::Builder::new().name("beside".into()).spawn(run)?;
        Ok(Beside { shared, thread })
    }

    /// Ends them, and says what they have done.
    pub(super) fn stop(self) -> Result<Done> {
        self.shared.stop.store(true, Ordering::Release);
        self.thread.join().ok().context("terminals and lists panicked")??;
        let count = |number: &AtomicU64| number.load(Ordering::Acquire);
        let Shared { readings, pages, payments, .. } = &*self.shared;
        Ok(Done { readings: count(readings), pages: count(pages), payments: count(payments) })
    }
}

async fn all(address: SocketAddr, each: u16, shared: Arc<Shared>) -> Result<()> {
    let shared = Rc::new(shared);
    let mut tasks = Vec::new();
    for number in 0..each {
        let (one, other) = (Rc::clone(&shared), Rc::clone(&shared));
        tasks.push(tokio::task::spawn_local(async move { terminal(address, &one).await }));
        tasks.push(tokio::task::spawn_local(async move { list(address, number, &other).await }));
    }
    for task in tasks {
        task.await.context("a terminal or a list panicked")??;
    }
    Ok(())
}

async fn connect(address: SocketAddr) -> Result<Client, ClientError> {
    let hello = Hello::new(Role::Operator, ChannelId(1), "bench beside");
    let options = Options { deadline: PATIENCE, ..Options::default() };
    Client::connect(address.to_string(), hello, options).await
}

async fn terminal(address: SocketAddr, shared: &Shared) -> Result<()> {
    let client = connect(address).await?;
    while !shared.stop.load(Ordering::Acquire) {
        client.health().await?;
        client.metrics().await?;
        shared.readings.fetch_add(1, Ordering::AcqRel);
        tokio::time::sleep(TERMINAL_EVERY).await;
    }
    Ok(())
}

/// Walks a division's open payments page by page, the next page as soon as the last has come, and
/// from the beginning again behind the end.
async fn list(address: SocketAddr, number: u16, shared: &Shared) -> Result<()> {
    let client = connect(address).await?;
    let mut list = ListPayments::default();
    list.asked.items = DIRECTORY_PAGE_ITEMS_MAX as u16;
    list.filter = PaymentFilter {
        states: vec![PaymentState::Reserved],
        division: Some(DivisionIndex(number)),
        ..PaymentFilter::default()
    };
    while !shared.stop.load(Ordering::Acquire) {
        match client.list_payments(list.clone()).await {
            Ok(page) => {
                shared.pages.fetch_add(1, Ordering::AcqRel);
                shared.payments.fetch_add(page.payments.len() as u64, Ordering::AcqRel);
                list.asked.after = page.after;
                if page.after == Continuation::default() && page.payments.is_empty() {
                    tokio::time::sleep(LIST_PAUSE).await;
                }
            }
            Err(ClientError::Server(said)) if said.code == Code::Busy => {
                tokio::time::sleep(LIST_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
