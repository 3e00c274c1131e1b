//! The directory's shells: a thread that follows and answers, one that wakes it, and one for the
//! past.
//!
//! Between them and the network bounded channels: a full one is `Busy`. All of them are worth less
//! than the engine's threads to the system's scheduler, so that no desk waits for a list.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actors::directory::{Clerk, Given, Past, PastQuestion, Question};
use actors::durable::Durable;
use actors::limits::{DIRECTORY_NICENESS, DIRECTORY_PAST_KEPT_MS, DIRECTORY_QUESTIONS_MAX};
use actors::metrics::Metrics;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use domain::Code;
use domain::contents::HashKey;
use protocol::message::ErrorMessage;
use storage::disk::Disk;
use tokio::sync::oneshot;

use crate::clock;

/// How long the waker waits before it looks whether the directory is still there.
const LOOK_UP_EVERY: Duration = Duration::from_secs(5);

/// How often the directory follows while nobody asks: each time it reads the journal again, and desks
/// that give single commands make a group of each. Whoever asks makes it follow at once.
const FOLLOW_PAUSE: Duration = Duration::from_millis(100);

/// While desks work and nobody asks, the directory rests so many times as long as it folded: a tenth of a
/// core is enough for it, and it may lag.
const REST_FACTOR: u32 = 9;

/// Questions about the past that may wait behind the one that is being answered.
const PAST_QUEUE: usize = 1;

/// Whom an answer goes to.
type Sink = oneshot::Sender<Vec<u8>>;

/// A question with whom its answer goes to.
struct Asked {
    request: u64,
    question: Question,
    sink: Sink,
}

/// What the directory's threads are made with.
#[derive(Clone)]
pub(super) struct Environment {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) data_dir: PathBuf,
    pub(super) key: HashKey,
    pub(super) durable: Arc<Durable>,
    pub(super) metrics: Arc<Metrics>,
    /// True once the server stops: what waits is turned away.
    pub(super) stopping: Arc<AtomicBool>,
}

/// The directory, as the network thread sees it.
pub(super) struct DirectoryDesk {
    questions: Sender<Asked>,
    news: Sender<()>,
    stopping: Arc<AtomicBool>,
}

impl DirectoryDesk {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(environment: Environment) -> std::io::Result<DirectoryDesk> {
        let (questions, inbox) = bounded(DIRECTORY_QUESTIONS_MAX);
        let (news, heard) = bounded(1);
        let (past, past_inbox) = bounded(PAST_QUEUE);
        let stopping = Arc::clone(&environment.stopping);
        let spawn = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let of_past = environment.clone();
        spawn("past").spawn(move || tell_the_past(of_past, &past_inbox))?;
        let (durable, waker) = (Arc::clone(&environment.durable), news.clone());
        spawn("waker").spawn(move || wake(&durable, &waker))?;
        spawn("directory").spawn(move || Shell { environment, inbox, heard, past }.run())?;
        Ok(DirectoryDesk { questions, news, stopping })
    }

    /// Hands a question over; the answer comes by the receiver, which ends where there is none.
    pub(super) fn ask(&self, request: u64, question: Question) -> oneshot::Receiver<Vec<u8>> {
        let (sink, answer) = oneshot::channel();
        match self.questions.try_send(Asked { request, question, sink }) {
            Ok(()) => {}
            Err(TrySendError::Full(asked)) => refuse(asked.sink, request, Code::Busy),
            Err(TrySendError::Disconnected(asked)) => refuse(asked.sink, request, Code::Fault),
        }
        answer
    }

    /// Turns away what waits.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        // A full channel wakes it just as well.
        let _ = self.news.try_send(());
    }
}

fn refuse(sink: Sink, request: u64, code: Code) {
    let mut frame = Vec::new();
    ErrorMessage::new(code).put(&mut frame, request);
    // Whoever has left hears nothing.
    let _ = sink.send(frame);
}

/// Lets the engine's threads go first.
fn stand_back() {
    if let Err(error) = rustix::process::setpriority_process(None, DIRECTORY_NICENESS) {
        tracing::debug!(%error, "the directory's threads are scheduled like any other");
    }
}

/// Tells the directory when more is durable, and not more often than it has to know. While it has not
/// taken the last word in, the next waits.
fn wake(durable: &Durable, news: &Sender<()>) {
    let mut seen = 0;
    loop {
        let now = durable.wait_beyond(seen, LOOK_UP_EVERY).position.sequence;
        if now > seen {
            std::thread::sleep(FOLLOW_PAUSE);
            seen = durable.cursor().position.sequence;
            if news.send(()).is_err() {
                return;
            }
        }
    }
}

/// The thread that follows and answers.
struct Shell {
    environment: Environment,
    inbox: Receiver<Asked>,
    heard: Receiver<()>,
    past: Sender<(Sink, PastQuestion)>,
}

impl Shell {
    fn run(self) {
        stand_back();
        let Environment { disk, data_dir, key, durable, .. } = &self.environment;
        let begun = durable.cursor().position;
        let mut clerk = match Clerk::open(disk, data_dir, *key, begun) {
            Ok(clerk) => clerk,
            Err(error) => {
                tracing::error!(%error, "there is no directory: the journal cannot be read");
                return;
            }
        };
        let mut built = false;
        let mut given = Vec::new();
        let mut seen = begun;
        loop {
            let (began, now) = (clock::now(), durable.cursor().position);
            let desks_work = now > std::mem::replace(&mut seen, now);
            let more = clerk.follow(now).unwrap_or_else(|error| {
                tracing::error!(%error, "the directory stops; payments go on");
                false
            });
            while let Ok(asked) = self.inbox.try_recv() {
                self.take(&mut clerk, asked, &mut given);
            }
            if self.environment.stopping.load(Ordering::Acquire) {
                clerk.turn_away(Code::ShuttingDown, &mut given);
            }
            clerk.answer(clock::monotonic_ms(), clock::wall_ms(), &mut given);
            given.drain(..).for_each(|given| self.put_out(given));
            self.measure(&clerk);
            if !built && clerk.is_built() {
                built = true;
                let payments = clerk.directory().payments();
                tracing::info!(payments, position = %begun, "the directory is built");
            }
            if more && desks_work && clerk.next_deadline_ms().is_none() {
                let rest = (clock::now() - began) * REST_FACTOR;
                if let Ok(asked) = self.inbox.recv_timeout(rest.min(FOLLOW_PAUSE)) {
                    self.take(&mut clerk, asked, &mut given);
                }
            } else if more {
                std::thread::yield_now();
            } else if !self.rest(&mut clerk, &mut given) {
                return;
            }
        }
    }

    /// Waits for a question, for news, or until a question waits no longer; false when nobody can
    /// ask any more.
    fn rest(&self, clerk: &mut Clerk<Sink>, given: &mut Vec<Given<Sink>>) -> bool {
        let until = clerk.next_deadline_ms().map_or(LOOK_UP_EVERY, |at| {
            Duration::from_millis(at.saturating_sub(clock::monotonic_ms()))
        });
        crossbeam_channel::select! {
            recv(self.inbox) -> asked => match asked {
                Ok(asked) => self.take(clerk, asked, given),
                Err(_) => return false,
            },
            recv(self.heard) -> _ => {}
            default(until) => {}
        }
        true
    }

    fn take(&self, clerk: &mut Clerk<Sink>, asked: Asked, given: &mut Vec<Given<Sink>>) {
        let Asked { request, question, sink } = asked;
        clerk.ask(sink, request, question, clock::monotonic_ms(), given);
    }

    fn put_out(&self, given: Given<Sink>) {
        self.environment.metrics.directory_answers.add(1);
        match given {
            // Whoever has left hears nothing.
            Given::Answer(sink, frame) => drop(sink.send(frame)),
            Given::Past(sink, question) => {
                if let Err(full) = self.past.try_send((sink, question)) {
                    let (sink, question) = full.into_inner();
                    refuse(sink, question.request(), Code::Busy);
                }
            }
        }
    }

    fn measure(&self, clerk: &Clerk<Sink>) {
        let metrics = &self.environment.metrics;
        metrics.directory_sequence.set(clerk.directory().position().sequence);
        metrics.directory_payments.set(clerk.directory().payments() as u64);
        metrics.directory_bytes.set(clerk.directory().bytes() as u64);
    }
}

/// The thread that folds what was.
fn tell_the_past(environment: Environment, inbox: &Receiver<(Sink, PastQuestion)>) {
    stand_back();
    let Environment { disk, data_dir, key, stopping, .. } = environment;
    let mut past = Past::new(disk, data_dir, key, stopping);
    let kept = Duration::from_millis(DIRECTORY_PAST_KEPT_MS);
    loop {
        let next = match past.keeps() {
            true => inbox.recv_timeout(kept),
            false => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            // Whoever has left hears nothing.
            Ok((sink, question)) => drop(sink.send(past.answer(&question))),
            Err(RecvTimeoutError::Timeout) => past.forget(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
