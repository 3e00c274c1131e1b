//! The Rust client: a handle that any number of tasks share, and one task that owns the socket.
//!
//! Calls that come while a frame is on its way are gathered into the next one: no timer, no delay
//! when idle, bigger frames under load. The same command is sent again, with the same id, as long
//! as its call may last; an outcome is `Unknown` only when that time is over. Never makes an id,
//! never draws a random number (the caller gives the seed of the pauses), never decides.

mod answers;
mod backoff;
mod blocking;
mod driver;
mod link;
mod session;
mod subscription;
mod unit;

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};
use domain::{Code, Command};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::command::EncodeError;
use crate::directory::{
    AskReport, History, HistoryPage, ListPayments, ListRows, PaymentPage, ReportPage, RowPage,
    StateAt, StateThen,
};
use crate::flags::Flags;
use crate::frame::{FrameError, FrameKind};
use crate::hello::{Hello, Welcome};
use crate::limits::{
    CLIENT_ASKS_MAX, CLIENT_QUEUE_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, LOOK_UPS_PER_FRAME_MAX,
};
use crate::lookup::{Answer, IdKind, LookUp, OutcomeView};
use crate::message::{ErrorMessage, Health};
use crate::results::Position;
use crate::subscribe::Subscribe;
use crate::views::{PaymentView, QuotaView};

use answers::{Ask, Query, QueryKind, QueryReply};
use driver::Driver;
use session::Session;
use unit::{Call, Unit};

pub use blocking::{BlockingClient, BlockingSubscription};
pub use link::{Link, LinkError};
pub use subscription::{EventFrame, Subscription};
pub use unit::{Outcome, Told};

/// How a client behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a call may last, repeats included.
    pub deadline: Duration,
    /// What the pauses between repeats are spread with: give every client another one.
    pub jitter_seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { deadline: Duration::from_secs(10), jitter_seed: 0 }
    }
}

/// Why a call has no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error(
        "connection to {address}: {source}; check that the server runs and the address is right"
    )]
    Io {
        /// Where to.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server said no to the hello, the request or the connection.
    #[error("the server answers {0}")]
    Server(Box<ErrorMessage>),
    /// The server said something that is not of this protocol.
    #[error("the server's answer cannot be read: {0}; compare the versions of both sides")]
    Frame(#[from] FrameError),
    /// The command cannot be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A list is empty or has more items than go into one frame.
    #[error("{found} items in one call; give 1 to {max}")]
    Count {
        /// How many were given.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// A linked run is larger than a frame.
    #[error("the linked run takes {found} bytes; shorten its texts to at most {max}")]
    RunTooLarge {
        /// What it takes.
        found: usize,
        /// The bound.
        max: usize,
    },
    /// No answer within the call's deadline.
    #[error("no answer within the deadline; ask again, or give it longer")]
    Deadline,
    /// The client's task has ended: the server will not have this client.
    #[error("the client has ended after the server refused it; connect anew")]
    Ended,
}

impl ClientError {
    pub(crate) fn server(message: ErrorMessage) -> ClientError {
        ClientError::Server(Box::new(message))
    }
}

/// A connection to a server, kept up until the last clone of it is dropped.
#[derive(Clone, Debug)]
pub struct Client {
    asks: mpsc::Sender<Ask>,
    welcome: watch::Receiver<Welcome>,
    address: Arc<str>,
    hello: Arc<Hello>,
    deadline: Duration,
}

impl Client {
    /// Connects, says hello and starts the task that owns the connection.
    ///
    /// # Errors
    /// If there is no connection, or the server does not welcome this client.
    pub async fn connect(
        address: impl Into<String>,
        hello: Hello,
        options: Options,
    ) -> Result<Client, ClientError> {
        let address: Arc<str> = address.into().into();
        let session = Session::open(&address, &hello).await?;
        let (asks, inbox) = mpsc::channel(CLIENT_ASKS_MAX);
        let (told, welcome) = watch::channel(session.welcome.clone());
        let hello = Arc::new(hello);
        let driver = Driver::new(inbox, told, address.clone(), hello.clone(), options.jitter_seed);
        tokio::spawn(driver.run(session));
        Ok(Client { asks, welcome, address, hello, deadline: options.deadline })
    }

    /// What the server said when the connection was last made.
    #[must_use]
    pub fn welcome(&self) -> Welcome {
        self.welcome.borrow().clone()
    }

    /// The same client, whose calls may last so long.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Client {
        Client { deadline, ..self.clone() }
    }

    /// Gives one command.
    ///
    /// # Errors
    /// Only if the command cannot be sent at all. What the server says is an [`Outcome`].
    pub async fn submit(&self, command: &Command<'_>) -> Result<Outcome, ClientError> {
        self.one(command, Flags::default()).await
    }

    /// Asks what a command would be answered, without effect.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub async fn check(&self, command: &Command<'_>) -> Result<Outcome, ClientError> {
        self.one(command, Flags { check: true, linked: false }).await
    }

    /// Gives many commands, each for itself, in their order; the outcomes come in that order too.
    ///
    /// # Errors
    /// If there are none or too many, or one of them cannot be sent at all; none is sent then.
    pub async fn submit_all(&self, commands: &[Command<'_>]) -> Result<Vec<Outcome>, ClientError> {
        let (found, max) = (commands.len(), CLIENT_QUEUE_MAX);
        if found == 0 || found > max {
            return Err(ClientError::Count { found, max });
        }
        let mut units = Vec::with_capacity(commands.len());
        let mut calls = Vec::with_capacity(commands.len());
        for command in commands {
            let (unit, call) = Unit::new(std::slice::from_ref(command), Flags::default())?;
            units.push(unit);
            calls.push(call);
        }
        let outcomes = self.settle(units, calls).await?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Gives a linked run: all of it takes effect, or nothing does.
    ///
    /// # Errors
    /// If it is empty or too long, or one of its commands cannot be sent at all.
    pub async fn submit_run(&self, commands: &[Command<'_>]) -> Result<Vec<Outcome>, ClientError> {
        let (found, max) = (commands.len(), domain::limits::LINKED_RUN_COMMANDS_MAX);
        if found == 0 || found > max {
            return Err(ClientError::Count { found, max });
        }
        let (unit, call) = Unit::new(commands, Flags::default())?;
        let (found, max) = (unit.bytes(), FRAME_BYTES_MAX - FRAME_HEADER_BYTES);
        if found > max {
            return Err(ClientError::RunTooLarge { found, max });
        }
        let outcomes = self.settle(vec![unit], vec![call]).await?;
        Ok(outcomes.into_iter().flatten().collect())
    }

    async fn one(&self, command: &Command<'_>, flags: Flags) -> Result<Outcome, ClientError> {
        let (unit, call) = Unit::new(std::slice::from_ref(command), flags)?;
        let mut outcomes = self.settle(vec![unit], vec![call]).await?;
        Ok(outcomes.pop().and_then(|mut all| all.pop()).unwrap_or(Outcome::Unknown))
    }

    async fn settle(
        &self,
        mut units: Vec<Unit>,
        calls: Vec<Call>,
    ) -> Result<Vec<Vec<Outcome>>, ClientError> {
        let deadline = Instant::now() + self.deadline;
        for unit in &mut units {
            unit.deadline = deadline;
        }
        // A queue that stays full until the deadline is seen by each call for itself: its unit was
        // dropped unsent.
        if let Ok(Err(_)) = timeout_at(deadline, self.asks.send(Ask::Units(units))).await {
            return Err(ClientError::Ended);
        }
        let mut outcomes = Vec::with_capacity(calls.len());
        for call in calls {
            outcomes.push(call.wait(deadline).await);
        }
        Ok(outcomes)
    }

    /// Asks several questions at once; the answers are true at the position beside them.
    ///
    /// # Errors
    /// If there are none or too many, or no answer came within the deadline.
    pub async fn look_up(
        &self,
        look_ups: Vec<LookUp>,
    ) -> Result<(Position, Vec<Answer>), ClientError> {
        let (found, max) = (look_ups.len(), LOOK_UPS_PER_FRAME_MAX);
        if found == 0 || found > max {
            return Err(ClientError::Count { found, max });
        }
        match self.query(QueryKind::LookUps(look_ups)).await? {
            QueryReply::Answers(at, answers) if answers.len() == found => Ok((at, answers)),
            _ => Err(FrameError::Body("answers").into()),
        }
    }

    async fn look_up_one(&self, look_up: LookUp) -> Result<Option<Answer>, ClientError> {
        let (_, mut answers) = self.look_up(vec![look_up]).await?;
        match answers.pop() {
            Some(Answer::Failed(Code::NotFound)) | None => Ok(None),
            Some(Answer::Failed(code)) => Err(ClientError::server(ErrorMessage::new(code))),
            answer => Ok(answer),
        }
    }

    /// Everything about a quota; `None` where there is none.
    ///
    /// # Errors
    /// As [`Client::look_up`], or the code it was turned away with.
    pub async fn quota(&self, id: QuotaId) -> Result<Option<QuotaView>, ClientError> {
        match self.look_up_one(LookUp::Quota(id)).await? {
            None => Ok(None),
            Some(Answer::Quota(view)) => Ok(Some(*view)),
            Some(_) => Err(FrameError::Body("answers").into()),
        }
    }

    /// Everything about a payment; `None` where there is none.
    ///
    /// # Errors
    /// As [`Client::look_up`], or the code it was turned away with.
    pub async fn payment(
        &self,
        division: DivisionIndex,
        year: FiscalYear,
        id: PaymentId,
    ) -> Result<Option<PaymentView>, ClientError> {
        match self.look_up_one(LookUp::Payment { division, year, id }).await? {
            None => Ok(None),
            Some(Answer::Payment(view)) => Ok(Some(*view)),
            Some(_) => Err(FrameError::Body("answers").into()),
        }
    }

    /// What became of an id; `None`: it was never taken, and may be sent.
    ///
    /// # Errors
    /// As [`Client::look_up`], or the code it was turned away with.
    pub async fn outcome(
        &self,
        kind: IdKind,
        division: DivisionIndex,
        year: FiscalYear,
        id: u128,
    ) -> Result<Option<OutcomeView>, ClientError> {
        match self.look_up_one(LookUp::Outcome { kind, division, year, id }).await? {
            None => Ok(None),
            Some(Answer::Outcome(view)) => Ok(Some(view)),
            Some(_) => Err(FrameError::Body("answers").into()),
        }
    }

    /// How the server is.
    ///
    /// # Errors
    /// If no answer came within the deadline.
    pub async fn health(&self) -> Result<Health, ClientError> {
        match self.query(QueryKind::Health).await? {
            QueryReply::Health(health) => Ok(*health),
            _ => Err(FrameError::Body("health-report").into()),
        }
    }

    /// The server's metrics as text.
    ///
    /// # Errors
    /// If no answer came within the deadline.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        match self.query(QueryKind::Metrics).await? {
            QueryReply::Metrics(text) => Ok(text),
            _ => Err(FrameError::Body("metrics-text").into()),
        }
    }

    /// Whether the server is there; answers its durable position.
    ///
    /// # Errors
    /// If no answer came within the deadline.
    pub async fn ping(&self) -> Result<Position, ClientError> {
        match self.query(QueryKind::Ping).await? {
            QueryReply::Pong(at) => Ok(at),
            _ => Err(FrameError::Body("pong").into()),
        }
    }

    /// One page of payments; give its `after` back in the same question for the next.
    ///
    /// # Errors
    /// If no answer came within the deadline, or the code it was turned away with.
    pub async fn list_payments(&self, list: ListPayments) -> Result<PaymentPage, ClientError> {
        match self.query(QueryKind::List(Box::new(list))).await? {
            QueryReply::Payments(page) => Ok(*page),
            _ => Err(FrameError::Body(FrameKind::Payments.slug()).into()),
        }
    }

    /// One page of events of a payment or a quota; give its `after` back for the next.
    ///
    /// # Errors
    /// As [`Client::list_payments`]; `not-found` where nothing is known.
    pub async fn history(&self, history: History) -> Result<HistoryPage, ClientError> {
        match self.query(QueryKind::History(Box::new(history))).await? {
            QueryReply::History(page) => Ok(*page),
            _ => Err(FrameError::Body(FrameKind::HistoryPage.slug()).into()),
        }
    }

    /// How a quota or a payment stood at an earlier position or time.
    ///
    /// # Errors
    /// As [`Client::list_payments`]; `not-found` is an answer and no error.
    pub async fn state_at(&self, state: StateAt) -> Result<StateThen, ClientError> {
        match self.query(QueryKind::StateAt(Box::new(state))).await? {
            QueryReply::State(state) => Ok(*state),
            _ => Err(FrameError::Body(FrameKind::StateThen.slug()).into()),
        }
    }

    /// One page of a report; give its `after` back in the same question for the next.
    ///
    /// # Errors
    /// As [`Client::list_payments`].
    pub async fn report(&self, report: AskReport) -> Result<ReportPage, ClientError> {
        match self.query(QueryKind::Report(Box::new(report))).await? {
            QueryReply::Report(page) => Ok(*page),
            _ => Err(FrameError::Body(FrameKind::ReportPage.slug()).into()),
        }
    }

    /// One page of rows that the finance office has on file; its `after` goes on behind it.
    ///
    /// # Errors
    /// As [`Client::list_payments`].
    pub async fn list_rows(&self, list: ListRows) -> Result<RowPage, ClientError> {
        match self.query(QueryKind::Rows(Box::new(list))).await? {
            QueryReply::Rows(page) => Ok(*page),
            _ => Err(FrameError::Body(FrameKind::Rows.slug()).into()),
        }
    }

    async fn query(&self, kind: QueryKind) -> Result<QueryReply, ClientError> {
        let deadline = Instant::now() + self.deadline;
        let (sink, answer) = oneshot::channel();
        let query = Query { kind, deadline, sink };
        match timeout_at(deadline, self.asks.send(Ask::Query(query))).await {
            Err(_) => return Err(ClientError::Deadline),
            Ok(Err(_)) => return Err(ClientError::Ended),
            Ok(Ok(())) => {}
        }
        match timeout_at(deadline, answer).await {
            Err(_) => Err(ClientError::Deadline),
            Ok(Err(_)) => Err(ClientError::Ended),
            Ok(Ok(reply)) => reply,
        }
    }

    /// Follows committed records, on a connection of its own.
    ///
    /// # Errors
    /// If there is no connection, or the server does not welcome it.
    pub async fn subscribe(&self, subscribe: Subscribe) -> Result<Subscription, ClientError> {
        Subscription::open(&self.address, &self.hello, subscribe).await
    }
}
