//! The same client for programs without a runtime of their own: every call waits for its answer.
//!
//! A thread of its own runs the runtime, so that heartbeats and repeats go on between calls. It
//! has the outcomes, repeats and bounds of [`Client`] and adds none.

use std::future::Future;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use domain::Command;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::{Client, ClientError, EventFrame, Options, Outcome, Subscription};
use crate::directory::{
    AskReport, History, HistoryPage, ListPayments, ListRows, PaymentPage, ReportPage, RowPage,
    StateAt, StateThen,
};
use crate::hello::{Hello, Welcome};
use crate::lookup::{Answer, IdKind, LookUp, OutcomeView};
use crate::message::Health;
use crate::results::Position;
use crate::subscribe::Subscribe;
use crate::views::{PaymentView, QuotaView};

/// A connection to a server whose calls block. Any number of threads share its clones: what they
/// call at the same time goes out in one frame.
///
/// # Panics
/// Calls panic on a thread that runs asynchronous tasks: there, use [`Client`].
#[derive(Clone, Debug)]
pub struct BlockingClient {
    // Before the runtime: the task sees that every handle is gone while it still runs.
    client: Client,
    runtime: Arc<RuntimeThread>,
}

impl BlockingClient {
    /// Connects, says hello and starts the thread that keeps the connection.
    ///
    /// # Errors
    /// If there is no connection, or the server does not welcome this client.
    pub fn connect(
        address: impl Into<String>,
        hello: Hello,
        options: Options,
    ) -> Result<BlockingClient, ClientError> {
        let address = address.into();
        let started = RuntimeThread::start();
        let runtime =
            started.map_err(|source| ClientError::Io { address: address.clone(), source })?;
        let client = runtime.wait(Client::connect(address, hello, options))?;
        Ok(BlockingClient { client, runtime: Arc::new(runtime) })
    }

    /// What the server said when the connection was last made.
    #[must_use]
    pub fn welcome(&self) -> Welcome {
        self.client.welcome()
    }

    /// The same client, whose calls may last so long.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> BlockingClient {
        let client = self.client.with_deadline(deadline);
        BlockingClient { client, runtime: Arc::clone(&self.runtime) }
    }

    /// Gives one command; see [`Client::submit`].
    ///
    /// # Errors
    /// Only if the command cannot be sent at all. What the server says is an [`Outcome`].
    pub fn submit(&self, command: &Command<'_>) -> Result<Outcome, ClientError> {
        self.runtime.wait(self.client.submit(command))
    }

    /// Asks what a command would be answered; see [`Client::check`].
    ///
    /// # Errors
    /// As [`BlockingClient::submit`].
    pub fn check(&self, command: &Command<'_>) -> Result<Outcome, ClientError> {
        self.runtime.wait(self.client.check(command))
    }

    /// Gives many commands, each for itself; see [`Client::submit_all`].
    ///
    /// # Errors
    /// If there are none or too many, or one of them cannot be sent at all; none is sent then.
    pub fn submit_all(&self, commands: &[Command<'_>]) -> Result<Vec<Outcome>, ClientError> {
        self.runtime.wait(self.client.submit_all(commands))
    }

    /// Gives a linked run; see [`Client::submit_run`].
    ///
    /// # Errors
    /// If it is empty or too long, or one of its commands cannot be sent at all.
    pub fn submit_run(&self, commands: &[Command<'_>]) -> Result<Vec<Outcome>, ClientError> {
        self.runtime.wait(self.client.submit_run(commands))
    }

    /// Asks several questions at once; see [`Client::look_up`].
    ///
    /// # Errors
    /// If there are none or too many, or no answer came within the deadline.
    pub fn look_up(&self, look_ups: Vec<LookUp>) -> Result<(Position, Vec<Answer>), ClientError> {
        self.runtime.wait(self.client.look_up(look_ups))
    }

    /// Everything about a quota; `None` where there is none.
    ///
    /// # Errors
    /// As [`BlockingClient::look_up`], or the code it was turned away with.
    pub fn quota(&self, id: QuotaId) -> Result<Option<QuotaView>, ClientError> {
        self.runtime.wait(self.client.quota(id))
    }

    /// Everything about a payment; `None` where there is none.
    ///
    /// # Errors
    /// As [`BlockingClient::look_up`], or the code it was turned away with.
    pub fn payment(
        &self,
        division: DivisionIndex,
        year: FiscalYear,
        id: PaymentId,
    ) -> Result<Option<PaymentView>, ClientError> {
        self.runtime.wait(self.client.payment(division, year, id))
    }

    /// What became of an id; `None`: it was never taken, and may be sent.
    ///
    /// # Errors
    /// As [`BlockingClient::look_up`], or the code it was turned away with.
    pub fn outcome(
        &self,
        kind: IdKind,
        division: DivisionIndex,
        year: FiscalYear,
        id: u128,
    ) -> Result<Option<OutcomeView>, ClientError> {
        self.runtime.wait(self.client.outcome(kind, division, year, id))
    }

    /// How the server is.
    ///
    /// # Errors
    /// If no answer came within the deadline.
    pub fn health(&self) -> Result<Health, ClientError> {
        self.runtime.wait(self.client.health())
    }

    /// The server's metrics as text.
    ///
    /// # Errors
    /// If no answer came within the deadline.
    pub fn metrics(&self) -> Result<String, ClientError> {
        self.runtime.wait(self.client.metrics())
    }

    /// Whether the server is there; answers its durable position.
    ///
    /// # Errors
    /// If no answer came within the deadline.
    pub fn ping(&self) -> Result<Position, ClientError> {
        self.runtime.wait(self.client.ping())
    }

    /// One page of payments; give its `after` back in the same question for the next.
    ///
    /// # Errors
    /// As [`Client::list_payments`].
    pub fn list_payments(&self, list: ListPayments) -> Result<PaymentPage, ClientError> {
        self.runtime.wait(self.client.list_payments(list))
    }

    /// One page of events of a payment or a quota; give its `after` back for the next.
    ///
    /// # Errors
    /// As [`Client::history`].
    pub fn history(&self, history: History) -> Result<HistoryPage, ClientError> {
        self.runtime.wait(self.client.history(history))
    }

    /// How a quota or a payment stood at an earlier position or time.
    ///
    /// # Errors
    /// As [`Client::state_at`].
    pub fn state_at(&self, state: StateAt) -> Result<StateThen, ClientError> {
        self.runtime.wait(self.client.state_at(state))
    }

    /// One page of a report; give its `after` back in the same question for the next.
    ///
    /// # Errors
    /// As [`Client::report`].
    pub fn report(&self, report: AskReport) -> Result<ReportPage, ClientError> {
        self.runtime.wait(self.client.report(report))
    }

    /// One page of rows that the finance office has on file; its `after` goes on behind it.
    ///
    /// # Errors
    /// As [`Client::list_rows`].
    pub fn list_rows(&self, list: ListRows) -> Result<RowPage, ClientError> {
        self.runtime.wait(self.client.list_rows(list))
    }

    /// Follows committed records, on a connection of its own.
    ///
    /// # Errors
    /// If there is no connection, or the server does not welcome it.
    pub fn subscribe(&self, subscribe: Subscribe) -> Result<BlockingSubscription, ClientError> {
        let subscription = self.runtime.wait(self.client.subscribe(subscribe))?;
        let runtime = Arc::clone(&self.runtime);
        Ok(BlockingSubscription { subscription, runtime, failed: false })
    }
}

/// A subscription as an iterator, which ends where the subscription does, or after its first
/// error. Drop it to end it.
#[derive(Debug)]
pub struct BlockingSubscription {
    subscription: Subscription,
    runtime: Arc<RuntimeThread>,
    failed: bool,
}

impl Iterator for BlockingSubscription {
    type Item = Result<EventFrame, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.runtime.wait(self.subscription.next());
        self.failed = next.is_err();
        next.transpose()
    }
}

/// A thread that runs a runtime until it is dropped.
#[derive(Debug)]
struct RuntimeThread {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RuntimeThread {
    fn start() -> std::io::Result<RuntimeThread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            // Either way the last handle is gone.
            let _ = runtime.block_on(stopped);
        };
        let thread = std::thread::Builder::new().name("treasury-client".into()).spawn(run)?;
        Ok(RuntimeThread { handle, stop: Some(stop), thread: Some(thread) })
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.handle.block_on(call)
    }
}

impl Drop for RuntimeThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told there; whoever drops a client wants to go.
            let _ = thread.join();
        }
    }
}
