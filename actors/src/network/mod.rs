//! The network actor's core: sessions, admission, gathering by tick, and the gate.
//!
//! It is given the bytes that sockets gave and says which bytes they shall be sent; it owns no
//! socket and reads no clock. Everything read in one turn of the loop goes to each shard as one
//! message, and everything one group made visible leaves in one write per socket.

mod allowance;
mod gather;
mod requests;
mod session;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::sync::Arc;

use domain::Code;
use protocol::Position;
use protocol::hello::Environment;
use protocol::message::ErrorMessage;
use protocol::subscribe::Subscribe;

use crate::directory::Question;
use crate::durable::Durable;
use crate::gate::{Gate, Gathering, Released, SessionId};
use crate::limits::{OUTPUTS_BYTES_MAX, SESSION_OUTPUT_BYTES_MAX, TURNED_AWAY_MAX};
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::turn::{Landing, Turn, TurnReply};

use gather::Gather;
use session::{Session, Stage};

/// What the network needs to know about the engine it stands in front of.
#[derive(Clone, Debug)]
pub struct About {
    /// The data set's environment.
    pub environment: Environment,
    /// The data set's name.
    pub data_set: u128,
    /// The epoch.
    pub epoch: u32,
    /// The program's version text.
    pub server_version: String,
    /// Connections at once.
    pub connections_max: usize,
    /// Commands that one session may give per second; none: as many as its window lets it.
    pub session_commands_per_second: Option<NonZeroU32>,
}

/// What time it is, as whoever hands over bytes says.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Journaled time, from which budgets run, in ms since 1970.
    pub wall_ms: u64,
    /// Monotonic time, by which rates are measured, in ms.
    pub monotonic_ms: u64,
}

/// What the shell must do for a session beyond moving bytes.
#[derive(Debug)]
pub enum Ask {
    /// Begin a subscription.
    Subscribe {
        /// Whose.
        session: SessionId,
        /// The request that began it.
        request: u64,
        /// From where, of what.
        subscribe: Subscribe,
    },
    /// Ask the directory; its answer comes back by [`Network::answered`].
    Question {
        /// Who asks.
        session: SessionId,
        /// The request number.
        request: u64,
        /// Bytes of the request frame.
        bytes: u32,
        /// What.
        question: Question,
    },
    /// End a subscription.
    Unsubscribe {
        /// Whose.
        session: SessionId,
        /// The request that began it.
        request: u64,
    },
}

/// The core of one network thread.
pub struct Network {
    about: About,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    durable: Arc<Durable>,
    sessions: Vec<Slot>,
    free: Vec<u32>,
    gate: Gate,
    gather: Gather,
    /// Sessions beyond the limit, which hear so when they have said hello.
    turned_away: usize,
    /// Sessions with bytes to send, each once.
    dirty: Vec<SessionId>,
    asks: Vec<Ask>,
    /// Questions that the directory has not answered yet.
    questions: usize,
    released: Vec<Released>,
    /// Bytes that wait to be sent to all connections together, and how many may.
    unsent_bytes: usize,
    unsent_bytes_max: usize,
    stopping: bool,
    started_ms: u64,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    session: Option<Session>,
}

impl Network {
    /// A network with no connection yet. `now_ms` is when the process became ready.
    #[must_use]
    pub fn new(
        about: About,
        shards: usize,
        registry: Arc<Registry>,
        metrics: Arc<Metrics>,
        durable: Arc<Durable>,
        now_ms: u64,
    ) -> Network {
        let at = durable.cursor().position;
        let position = Position { epoch: at.epoch, sequence: at.sequence };
        Network {
            about,
            registry,
            metrics,
            durable,
            sessions: Vec::new(),
            free: Vec::new(),
            gate: Gate::new(shards, position),
            gather: Gather::new(shards),
            turned_away: 0,
            dirty: Vec::new(),
            asks: Vec::new(),
            questions: 0,
            released: Vec::new(),
            unsent_bytes: 0,
            unsent_bytes_max: OUTPUTS_BYTES_MAX,
            stopping: false,
            started_ms: now_ms,
        }
    }

    /// Takes a new connection. One beyond the limit is heard as far as its hello and told so in its
    /// own dialect; where there are too many of those as well, its last words are given instead.
    ///
    /// # Errors
    /// The line to send before closing.
    pub fn connect(&mut self) -> Result<SessionId, String> {
        let refuse = |code| Err(ErrorMessage::new(code).line());
        if self.stopping {
            return refuse(Code::ShuttingDown);
        }
        let turned_away = self.connections() >= self.about.connections_max;
        if turned_away && self.turned_away >= TURNED_AWAY_MAX {
            return refuse(Code::TooManyConnections);
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.sessions.push(Slot::default());
            (self.sessions.len() - 1) as u32
        });
        let slot = &mut self.sessions[place as usize];
        slot.session = Some(Session { turned_away, ..Session::new() });
        let id = SessionId { place, generation: slot.generation };
        self.turned_away += usize::from(turned_away);
        self.metrics.connections.set(self.connections() as u64);
        Ok(id)
    }

    /// Forgets a connection. Replies that are still gathered for it are dropped.
    pub fn disconnect(&mut self, id: SessionId) {
        let Some(slot) = self.slot(id) else { return };
        let session = slot.session.take();
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.place);
        if let Some(session) = session {
            self.turned_away -= usize::from(session.turned_away);
            self.unsent_bytes -= session.counted;
        }
        self.metrics.connections.set(self.connections() as u64);
    }

    /// Open connections, without those beyond the limit.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.sessions.len() - self.free.len() - self.turned_away
    }

    /// Stops taking requests: what was admitted is still answered.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// True when nothing that was admitted is unanswered or unsent.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let unsent = self.sessions.iter().filter_map(|slot| slot.session.as_ref());
        let answered = self.gate.held() == 0 && self.questions == 0;
        answered && unsent.into_iter().all(|session| session.out.is_empty())
    }

    /// Whether a connection has said its hello, and whether part of a message is on its way.
    #[must_use]
    pub fn waits(&self, id: SessionId) -> Option<Waits> {
        let session = self.session(id)?;
        Some(match session.stage {
            Stage::Greeting => Waits::ForHello,
            Stage::Closing => Waits::ForClose,
            Stage::Binary | Stage::Json if session.partial => Waits::ForRest,
            Stage::Binary | Stage::Leaving(_) => Waits::ForFrame,
            Stage::Json => Waits::ForLine,
        })
    }

    /// Ends a connection from this side, with a last message.
    pub fn fail(&mut self, id: SessionId, message: &ErrorMessage) {
        self.metrics.connections_failed.add(1);
        self.say(id, |out| message.put(out, 0));
        self.close(id);
    }

    /// Nothing more is read from a connection, and nothing more is said.
    fn close(&mut self, id: SessionId) {
        if let Some(session) = self.session_mut(id) {
            session.stage = Stage::Closing;
        }
    }

    /// Adds a ready frame to a connection's output: events of a subscription.
    pub fn send(&mut self, id: SessionId, frame: &[u8]) {
        self.say(id, |out| out.extend_from_slice(frame));
    }

    /// The directory has answered a question whose request had so many bytes.
    pub fn answered(&mut self, id: SessionId, bytes: u32, frame: &[u8]) {
        self.questions -= 1;
        self.gauge();
        if let Some(session) = self.session_mut(id) {
            session.window_used -= 1;
            session.window_bytes_used -= bytes;
        }
        self.say(id, |out| out.extend_from_slice(frame));
        self.say_goodbye(id);
    }

    /// Bytes a connection has not been sent yet.
    #[must_use]
    pub fn unsent(&self, id: SessionId) -> usize {
        self.session(id).map_or(0, |session| session.out.len())
    }

    /// Whether everything a connection asked has been answered, if not yet sent.
    #[must_use]
    pub fn is_answered(&self, id: SessionId) -> bool {
        self.session(id).is_none_or(|session| session.window_used == 0)
    }

    /// What was gathered since the last flush, shard by shard.
    pub fn flush(&mut self, now_ms: u64, into: &mut Vec<(usize, Turn)>) {
        while let Some((_, spare)) = self.gate.take_spare() {
            self.gather.keep(spare);
        }
        self.gather.flush(now_ms, self.durable.space(), into);
    }

    /// True when a flush would give something.
    #[must_use]
    pub fn has_gathered(&self) -> bool {
        !self.gather.is_empty()
    }

    /// Tells the time, in µs of a monotonic clock, before something is received or heard.
    pub fn tell_time(&mut self, now_us: u64) {
        self.gate.tell_time(now_us);
    }

    /// Takes a shard's reply.
    pub fn reply(&mut self, reply: TurnReply) {
        self.count(&reply);
        self.gather.came_back(&reply);
        self.gate.take(reply);
        self.hand_out();
    }

    /// Hears of runs that are durable now.
    pub fn landed(&mut self, landings: &[Landing]) {
        self.gate.landed(landings);
        self.hand_out();
    }

    /// Sessions that have bytes to send or are to be closed.
    pub fn take_dirty(&mut self, into: &mut Vec<SessionId>) {
        into.append(&mut self.dirty);
    }

    /// The bytes of a session that wait to be sent, and whether to close it after them.
    pub fn output(&mut self, id: SessionId) -> Option<(&mut Vec<u8>, bool)> {
        let session = self.session_mut(id)?;
        session.dirty = false;
        let closing = session.stage == Stage::Closing;
        Some((&mut session.out, closing))
    }

    /// Some of a session's output has been sent.
    pub fn sent(&mut self, id: SessionId) {
        let Some(session) = self.session_mut(id) else { return };
        let (before, now) = (session.counted, session.out.len());
        session.counted = now;
        self.unsent_bytes = self.unsent_bytes - before + now;
    }

    /// What the shell must do beyond moving bytes.
    pub fn take_asks(&mut self, into: &mut Vec<Ask>) {
        into.append(&mut self.asks);
    }

    /// Writes released replies into their sessions' output.
    fn hand_out(&mut self) {
        let mut released = std::mem::take(&mut self.released);
        self.gate.take_released(&mut released);
        let at = self.gate.position();
        for reply in released.drain(..) {
            self.metrics.reply_us.count(reply.held_us, u64::from(reply.items));
            if let Some(session) = self.session_mut(reply.session) {
                session.window_used -= reply.items;
                session.window_bytes_used -= reply.bytes;
            }
            self.say(reply.session, |out| match &reply.gathering {
                Gathering::Results(results) => results.finish_into(out, at),
                Gathering::Answers(answers) => answers.finish_into(out, at),
            });
            self.say_goodbye(reply.session);
        }
        self.released = released;
        self.gauge();
    }

    /// Counts outcomes by code; neighbours are mostly alike.
    fn count(&self, reply: &TurnReply) {
        let mut rest = reply.outcomes.as_slice();
        while let Some(first) = rest.first() {
            let code = first.result.code;
            let alike = rest.iter().take_while(|outcome| outcome.result.code == code).count();
            self.metrics.outcomes.count(code, alike as u64);
            rest = &rest[alike..];
        }
        self.metrics.look_ups.add(reply.answers.len() as u64);
    }

    /// Appends frames to a session's output, as lines where it speaks JSON. A session whose
    /// output nobody reads is closed, and gathers no more.
    fn say(&mut self, id: SessionId, put: impl FnOnce(&mut Vec<u8>)) {
        let Some(session) = self.session_mut(id) else { return };
        if session.stage == Stage::Closing {
            return;
        }
        session.put(put);
        if session.out.len() > SESSION_OUTPUT_BYTES_MAX {
            self.cut_off(id);
        }
        self.sent(id);
        self.mark(id);
        if self.unsent_bytes > self.unsent_bytes_max {
            self.cut_off_the_slowest();
        }
    }

    /// Ends a connection that does not read what it was sent.
    fn cut_off(&mut self, id: SessionId) {
        let Some(session) = self.session_mut(id) else { return };
        session.stage = Stage::Closing;
        session.put(|out| ErrorMessage::new(Code::SlowReader).put(out, 0));
        self.metrics.connections_failed.add(1);
        self.mark(id);
    }

    /// All connections together leave too much unread: the one that leaves most pays for it.
    fn cut_off_the_slowest(&mut self) {
        let open = self.sessions.iter().enumerate().filter_map(|(place, slot)| {
            let session = slot.session.as_ref()?;
            let id = SessionId { place: place as u32, generation: slot.generation };
            (session.stage != Stage::Closing).then_some((session.counted, id))
        });
        if let Some((_, id)) = open.max_by_key(|(unread, _)| *unread) {
            self.cut_off(id);
        }
    }

    fn mark(&mut self, id: SessionId) {
        let Some(session) = self.session_mut(id) else { return };
        if !session.dirty {
            session.dirty = true;
            self.dirty.push(id);
        }
    }

    fn slot(&mut self, id: SessionId) -> Option<&mut Slot> {
        let slot = self.sessions.get_mut(id.place as usize)?;
        (slot.generation == id.generation && slot.session.is_some()).then_some(slot)
    }

    fn session(&self, id: SessionId) -> Option<&Session> {
        let slot = self.sessions.get(id.place as usize)?;
        slot.session.as_ref().filter(|_| slot.generation == id.generation)
    }

    fn session_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.slot(id)?.session.as_mut()
    }
}

/// What a connection's silence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// It has not said its hello.
    ForHello,
    /// Part of a message has come.
    ForRest,
    /// It speaks frames and is between two of them.
    ForFrame,
    /// It speaks lines and is between two of them: people think.
    ForLine,
    /// Its last bytes are on their way.
    ForClose,
}
