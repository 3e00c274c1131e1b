//! A client in the server that plays bank and central bank for integrators' tests.
//!
//! It follows committed events by a subscription and gives its facts as any bank does, over
//! connections of its own: nothing in the engine knows of it. It keeps nothing either; every start
//! reads the journal from its first event and looks each payment up before it says anything.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use actors::limits::{SANDBOX_PAUSE_MS, SANDBOX_TRIES_MAX};
use actors::sandbox::{Cause, Causes, SANDBOX_CHANNEL, SANDBOX_EVENTS, report};
use domain::refusal::Retry;
use domain::{Code, Command, Role};
use protocol::client::{EventFrame, Options};
use protocol::limits::LOOK_UPS_PER_FRAME_MAX;
use protocol::{Answer, Client, ClientError, Cursor, Environment, Hello, LookUp, Outcome};
use protocol::{Position, Subscribe};
use storage::event_record;
use storage::record::RecordRef;
use tokio::sync::oneshot;

/// A sandbox that runs until it is stopped.
pub(super) struct Sandbox {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Sandbox {
    /// Starts it for the server that listens there.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(server: SocketAddr) -> std::io::Result<Sandbox> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = play(server) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("sandbox".into()).spawn(run)?;
        Ok(Sandbox { stop, thread })
    }

    /// Stops it. What it has not been answered is looked up by the next start.
    pub(super) fn stop(self) {
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the sandbox panicked; payments did not notice");
        }
    }
}

/// Plays until it is dropped. A connection that breaks is made again, from the first event on: what
/// was answered before is seen to be answered.
async fn play(server: SocketAddr) {
    loop {
        if let Err(error) = follow(server).await {
            tracing::warn!(%error, "the sandbox begins again");
        }
        tokio::time::sleep(Duration::from_millis(SANDBOX_PAUSE_MS)).await;
    }
}

/// The roles a sandbox speaks for, each by a connection.
const ROLES: [Role; 3] = [Role::Bank, Role::CentralBank, Role::Finance];

async fn follow(server: SocketAddr) -> Result<(), ClientError> {
    let mut clients = Vec::with_capacity(ROLES.len());
    for role in ROLES {
        let hello = Hello::new(role, SANDBOX_CHANNEL, "sandbox").to_environment(Environment::Test);
        clients.push(Client::connect(server.to_string(), hello, Options::default()).await?);
    }
    let events = SANDBOX_EVENTS.iter().map(|&slug| slug.to_owned()).collect();
    let subscribe = Subscribe { cursor: Cursor::START, limit: 0, events };
    let mut subscription = clients[0].subscribe(subscribe).await?;
    let mut causes = Causes::default();
    let mut due = Vec::new();
    while let Some(frame) = subscription.next().await? {
        take(&frame, &mut causes, &mut due);
        for some in due.chunks(LOOK_UPS_PER_FRAME_MAX) {
            answer(&clients, some).await?;
        }
        due.clear();
    }
    Ok(())
}

/// What is due after a frame of events.
fn take(frame: &EventFrame, causes: &mut Causes, due: &mut Vec<Cause>) {
    let mut ids = Vec::new();
    for record in frame.records() {
        let Position { epoch, sequence } = record.position;
        let position = storage::position::Position { epoch, sequence };
        let (kind, version, body) = (record.kind, record.version, record.body);
        match event_record::decode(&RecordRef { kind, version, body, position }, &mut ids) {
            Ok(event) => due.extend(causes.take(&event)),
            Err(error) => tracing::error!(%error, "the sandbox cannot read a record"),
        }
    }
}

/// Answers what is due, again and again until all of it is answered or it has been tried often.
async fn answer(clients: &[Client], due: &[Cause]) -> Result<(), ClientError> {
    let mut left = due.to_vec();
    for _ in 0..SANDBOX_TRIES_MAX {
        left = answer_once(clients, &left).await?;
        if left.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(SANDBOX_PAUSE_MS)).await;
    }
    let payments = left.len();
    tracing::warn!(payments, "the sandbox could not answer for some; the next start tries again");
    Ok(())
}

/// Answers what is due as the payments stand now; gives back what has to be tried again.
async fn answer_once(clients: &[Client], due: &[Cause]) -> Result<Vec<Cause>, ClientError> {
    let look_up = |cause: &Cause| LookUp::Payment {
        division: cause.division(),
        year: cause.year(),
        id: cause.payment,
    };
    let (_, answers) = clients[0].look_up(due.iter().map(look_up).collect()).await?;
    let mut again = Vec::new();
    let mut reports: Vec<(Cause, Command<'static>)> = Vec::new();
    for (cause, found) in due.iter().zip(&answers) {
        match found {
            Answer::Payment(payment) => {
                reports.extend(report(cause, payment).map(|command| (*cause, command)));
            }
            Answer::Failed(Code::NotFound) => {}
            _ => again.push(*cause),
        }
    }
    for (role, client) in ROLES.iter().zip(clients) {
        let of_role = |(_, command): &&(Cause, Command<'static>)| command.by.role == *role;
        let (causes, commands): (Vec<_>, Vec<_>) = reports.iter().filter(of_role).copied().unzip();
        if commands.is_empty() {
            continue;
        }
        let outcomes = client.submit_all(&commands).await?;
        for (cause, outcome) in causes.iter().zip(outcomes) {
            match outcome {
                Outcome::Done(_) => {}
                Outcome::Refused(told) if told.result.code.retry() != Retry::SameId => {
                    let (payment, code) = (cause.payment, told.result.code);
                    tracing::warn!(%payment, %code, "a sandbox's fact was turned away");
                }
                Outcome::Refused(_) | Outcome::Unknown => again.push(*cause),
            }
        }
    }
    Ok(again)
}
