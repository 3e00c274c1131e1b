//! One connection: reads what comes within its deadlines, and ends when either side does.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actors::gate::SessionId;
use actors::network::{Now, Waits};
use domain::Code;
use protocol::limits::{HEARTBEAT_MS, HEARTBEATS_MISSED_MAX};
use protocol::message::ErrorMessage;
use tokio::net::TcpStream;

use super::network::{Shared, Socket};
use crate::clock;

/// Bytes asked of a socket at once.
const READ_BYTES: usize = 256 * 1024;

/// Bytes read from one socket in one turn of the loop, so that others have theirs.
const READ_BYTES_PER_TURN: usize = 4 << 20;

/// How long the last words of a closed connection may take.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// Pause between two looks at whether they have left.
const LAST_WORDS_PAUSE: Duration = Duration::from_millis(2);

/// Questions to an idle peer's system that may stay without an answer.
const KEEPALIVE_QUESTIONS: u32 = 3;

/// The system counts the pauses between its questions in whole seconds.
const KEEPALIVE_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Pauses between failed accepts, longer each time.
#[derive(Default)]
pub(super) struct AcceptPause {
    failures: u32,
}

impl AcceptPause {
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    pub(super) async fn wait(&mut self) {
        self.failures = (self.failures + 1).min(8);
        tokio::time::sleep(Duration::from_millis(4 << self.failures)).await;
    }
}

/// Takes a connection in, or turns it away at once: of those that come in one turn of the loop, none
/// beyond the limit keeps its descriptor until its turn.
pub(super) fn open(shared: &Shared, stream: TcpStream) -> Option<(SessionId, Rc<Socket>)> {
    // Replies are whole when they are written: nothing is gained by waiting for more.
    let _ = stream.set_nodelay(true);
    if let Err(error) = watch(&stream, shared.patience.silence) {
        tracing::warn!(%error, "a peer that vanishes will be missed late");
    }
    match shared.core.borrow_mut().connect() {
        Ok(id) => Some((id, shared.add(id, stream))),
        Err(line) => {
            let _ = stream.try_write(line.as_bytes());
            None
        }
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(shared: Rc<Shared>, (id, socket): (SessionId, Rc<Socket>)) {
    read(&shared, id, &socket).await;
    say_last_words(&shared, id, &socket).await;
    shared.remove(id);
}

/// Has the system give up a peer that vanished without a word. An idle one is asked whether it is
/// there; one that is owed an answer is not asked, but has to acknowledge what it was sent.
fn watch(stream: &TcpStream, silence: Duration) -> std::io::Result<()> {
    let (idle, pause) = questions(silence);
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(idle)
        .with_interval(pause)
        .with_retries(KEEPALIVE_QUESTIONS);
    let socket = socket2::SockRef::from(stream);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(silence))
}

/// Silence before the first question to an idle peer, and between two of them: the last is due when
/// the wait is over.
fn questions(silence: Duration) -> (Duration, Duration) {
    let pause = silence / (3 * KEEPALIVE_QUESTIONS);
    let idle = silence - KEEPALIVE_QUESTIONS * pause;
    (idle.max(KEEPALIVE_PAUSE_MIN), pause.max(KEEPALIVE_PAUSE_MIN))
}

/// Reads until the peer or the core ends the connection.
async fn read(shared: &Rc<Shared>, id: SessionId, socket: &Rc<Socket>) {
    let mut input = Vec::new();
    let mut deadline = Deadline { waits: Waits::ForHello, since: clock::now() };
    loop {
        let Some(waits) = shared.core.borrow().waits(id) else { break };
        deadline.waits_for(waits, clock::now());
        let Some(end) = deadline.end(&shared.patience) else { break };
        let readable = tokio::select! {
            () = socket.ends.notified() => break,
            readable = tokio::time::timeout_at(end.into(), socket.stream.readable()) => readable,
        };
        match readable {
            Ok(Ok(())) => {}
            Ok(Err(_)) => break,
            Err(_) => {
                give_up(shared, id, waits);
                break;
            }
        }
        match take(shared, id, socket, &mut input) {
            Taken::Whole => deadline.since = clock::now(),
            Taken::Part => {}
            Taken::Last => break,
        }
    }
    shared.give_buffer(input);
}

/// What one reading of a socket gave.
enum Taken {
    /// A message has come to its end.
    Whole,
    /// No message has.
    Part,
    /// The peer has closed.
    Last,
}

/// Reads what is there and gives it to the core.
fn take(shared: &Rc<Shared>, id: SessionId, socket: &Socket, input: &mut Vec<u8>) -> Taken {
    if input.capacity() == 0 {
        *input = shared.take_buffer();
    }
    let mut open = true;
    let mut read = 0;
    while read < READ_BYTES_PER_TURN {
        input.reserve(READ_BYTES);
        match socket.stream.try_read_buf(input) {
            Ok(0) => {
                open = false;
                break;
            }
            Ok(bytes) => read += bytes,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
            Err(_) => {
                open = false;
                break;
            }
        }
    }
    let before = input.len();
    {
        let now_us = clock::monotonic_us();
        let now = Now { wall_ms: clock::wall_ms(), monotonic_ms: now_us / 1000 };
        let mut core = shared.core.borrow_mut();
        core.tell_time(now_us);
        core.receive(id, input, now);
    }
    let whole = input.len() < before;
    shared.settle();
    if input.is_empty() {
        shared.give_buffer(std::mem::take(input));
    }
    match (open, whole) {
        (false, _) => Taken::Last,
        (true, true) => Taken::Whole,
        (true, false) => Taken::Part,
    }
}

/// How long a connection may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For its whole hello.
    pub(super) hello: Duration,
    /// For a message, from its first byte to its last.
    pub(super) rest: Duration,
    /// For a word of its system, where the peer may have vanished.
    pub(super) silence: Duration,
}

/// When a wait is over. It runs from the beginning of what is waited for: one who sends a byte now
/// and then gets no more time than one who is silent.
#[derive(Debug)]
struct Deadline {
    waits: Waits,
    since: Instant,
}

impl Deadline {
    fn waits_for(&mut self, waits: Waits, now: Instant) {
        if waits != self.waits {
            *self = Deadline { waits, since: now };
        }
    }

    /// `None`: nothing more is read.
    fn end(&self, patience: &Patience) -> Option<Instant> {
        let idle =
            Duration::from_millis(u64::from(HEARTBEAT_MS) * u64::from(HEARTBEATS_MISSED_MAX));
        let wait = match self.waits {
            Waits::ForHello => patience.hello,
            Waits::ForRest => patience.rest,
            Waits::ForFrame => idle,
            Waits::ForLine => Duration::from_secs(24 * 60 * 60),
            Waits::ForClose => return None,
        };
        Some(self.since + wait)
    }
}

fn give_up(shared: &Rc<Shared>, id: SessionId, waits: Waits) {
    let (code, what) = match waits {
        Waits::ForHello => (Code::HandshakeTimeout, "no whole hello came in time"),
        Waits::ForRest => (Code::BadFrame, "the rest of a message did not come in time"),
        _ => (Code::OutcomeUnknown, "nothing was heard for three heartbeats"),
    };
    shared.core.borrow_mut().fail(id, &ErrorMessage::with_detail(code, what));
    shared.settle();
}

/// Gives what is unanswered and unsent a moment to leave: a peer may have closed its own side and
/// still read.
async fn say_last_words(shared: &Rc<Shared>, id: SessionId, socket: &Rc<Socket>) {
    let sent = async {
        loop {
            let (unsent, answered) = {
                let core = shared.core.borrow();
                (core.unsent(id), core.is_answered(id))
            };
            if unsent == 0 && answered {
                return;
            }
            if unsent > 0 && socket.stream.writable().await.is_err() {
                return;
            }
            shared.pump(id);
            tokio::time::sleep(LAST_WORDS_PAUSE).await;
        }
    };
    let _ = tokio::time::timeout(CLOSE_WAIT, sent).await;
}

#[cfg(test)]
mod tests {
    use actors::limits::SILENCE_WAIT_MS;

    use super::*;

    #[test]
    fn a_wait_ends_at_the_same_time_however_many_bytes_come() {
        let patience = Patience {
            hello: Duration::from_secs(5),
            rest: Duration::from_secs(30),
            silence: Duration::from_secs(90),
        };
        let began = clock::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut deadline = Deadline { waits: Waits::ForHello, since: began };
        for seconds in 1..4 {
            deadline.waits_for(Waits::ForHello, at(seconds));
            assert_eq!(deadline.end(&patience), Some(at(5)));
        }
        deadline.waits_for(Waits::ForFrame, at(4));
        assert_eq!(deadline.end(&patience), Some(at(34)));
        deadline.waits_for(Waits::ForRest, at(10));
        deadline.waits_for(Waits::ForRest, at(20));
        assert_eq!(deadline.end(&patience), Some(at(40)), "from the message's first byte");
        deadline.waits_for(Waits::ForClose, at(21));
        assert_eq!(deadline.end(&patience), None);
    }

    #[test]
    fn an_idle_peer_is_asked_so_that_the_last_question_ends_the_wait() {
        let seconds = |idle, pause| (Duration::from_secs(idle), Duration::from_secs(pause));
        assert_eq!(questions(Duration::from_millis(SILENCE_WAIT_MS)), seconds(60, 10));
        assert_eq!(questions(Duration::from_secs(9)), seconds(6, 1));
        assert_eq!(questions(Duration::from_millis(1)), seconds(1, 1), "whole seconds");
    }
}
