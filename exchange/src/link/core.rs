//! The link between two stores as a state machine: bytes, times and numbers in; bytes, events and actions out.
//!
//! Decides which line messages go by, what is sent again, and what is taken. Never touches a socket, a clock
//! or a disk, and keeps no message: what waits costs nothing here.
//!
//! Its shell gives it every connection ([`Link::connected`]), every byte that came ([`Link::received`]) and the
//! time ([`Link::tick`]); asks it what to write whenever a connection has room ([`Link::output`]); and does
//! what [`Link::actions`] says. Its store says what it has ([`Link::offer`]) and what it has durably of the
//! other side ([`Link::durable`]), and hears [`Link::events`].

mod connection;

mod told;

mod output;

mod switch;

use std::collections::VecDeque;

use crate::limits::LINK_HELLO_BYTES;

use self::connection::Connection;
pub use self::told::{Action, Apart, Counts, Event, Ours, Standing};
use super::frame::{self, Frame};
use super::hello::{Hello, MAGIC, VERSION};
use super::{BadSettings, Line, Reason, Settings};

/// One line.
#[derive(Debug)]
struct Slot {
    phase: Phase,
    /// Carries less than it has to.
    slow: bool,
    /// Since when it is up and not slow.
    well_since: u64,
    /// How long until it is dialled again, next time.
    redial_ms: u64,
}

#[derive(Debug)]
enum Phase {
    /// Not there; dialled at a time, or never, where the other side dials.
    Down { redial_at: Option<u64> },
    /// The shell dials it.
    Dialling,
    /// A connection. Up once it has the other side's hello.
    Open(Box<Connection>),
}

/// The link with one counterparty. See the module.
#[derive(Debug)]
pub struct Link {
    ours: Ours,
    settings: Settings,
    slots: [Slot; 2],
    /// What was learnt of the other side: its start, its window.
    peer_epoch: Option<u64>,
    ticked_at: u64,
    // Which line: see `switch`.
    sending: Option<Line>,
    used: Option<Line>,
    why_down: Reason,
    returning_since: Option<u64>,
    returned_at: Option<u64>,
    left_slow_at: Option<u64>,
    well_ms: u64,
    // Ours to them. `acked` ≤ `sent` ≤ `last`; the sizes are of the frames from `acked` + 1 to `sent`.
    acked: u64,
    sent: u64,
    highest: u64,
    sizes: VecDeque<u32>,
    in_flight_bytes: u64,
    stuck: bool,
    // Theirs to us. The sizes are of the frames from `ours.durable` + 1 to `taken`.
    taken: u64,
    taken_sizes: VecDeque<u32>,
    taken_bytes: u64,
    counts: Counts,
    events: Vec<Event>,
    actions: Vec<Action>,
}

/// Why we end a line, and more of it in words.
type Ended = (Reason, String);

impl Link {
    /// A link of which no line is there yet.
    ///
    /// # Errors
    /// Settings that cannot be.
    pub fn new(ours: Ours, settings: Settings, now_ms: u64) -> Result<Link, BadSettings> {
        settings.check()?;
        let slot = || Slot {
            phase: Phase::Down { redial_at: ours.dials.then_some(now_ms) },
            slow: false,
            well_since: now_ms,
            redial_ms: settings.redial_ms,
        };
        Ok(Link {
            ours,
            settings,
            slots: [slot(), slot()],
            peer_epoch: None,
            ticked_at: now_ms,
            sending: None,
            used: None,
            why_down: Reason::Cut,
            returning_since: None,
            returned_at: None,
            left_slow_at: None,
            well_ms: settings.well_ms,
            acked: 0,
            sent: 0,
            highest: 0,
            sizes: VecDeque::new(),
            in_flight_bytes: 0,
            stuck: false,
            taken: ours.durable,
            taken_sizes: VecDeque::new(),
            taken_bytes: 0,
            counts: Counts::default(),
            events: Vec::new(),
            actions: Vec::new(),
        })
    }

    /// The store has durable messages up to this number. Lower numbers than before change nothing.
    pub fn offer(&mut self, last: u64) {
        self.ours.last = self.ours.last.max(last);
        self.stuck = false;
    }

    /// The store has the other side's messages durably up to this number. Lower numbers than before change
    /// nothing.
    ///
    /// # Panics
    /// If there was no such message: the store would acknowledge what it was never given.
    pub fn durable(&mut self, sequence: u64) {
        assert!(sequence <= self.taken, "{sequence} is durable and only {} were given", self.taken);
        while self.ours.durable < sequence {
            self.ours.durable += 1;
            let size = self.taken_sizes.pop_front().expect("a size for each message since durable");
            self.taken_bytes -= u64::from(size);
        }
    }

    /// A connection for a line: TCP and TLS are there, and the certificate is the other party's. What was there
    /// before on this line ends. Numbers of connections never come again.
    pub fn connected(&mut self, line: Line, connection: u64, now_ms: u64) {
        if line == Line::Backup && !self.ours.backup {
            let bye = bye(Reason::WrongLine, "");
            self.actions.push(Action::Close { connection, bye });
            return;
        }
        if let Phase::Open(_) = self.slots[line.index()].phase {
            self.close(line, Reason::Replaced, String::new(), now_ms);
        }
        self.slots[line.index()].phase = Phase::Open(Box::new(Connection::new(connection, now_ms)));
    }

    /// A line could not be had.
    pub fn unreachable(&mut self, line: Line, reason: Reason, words: String, now_ms: u64) {
        if let Phase::Dialling = self.slots[line.index()].phase {
            self.ended(line, false, reason, words, false, now_ms);
        }
    }

    /// The connection ended without a bye: cut, or no trust came of its TLS after all.
    pub fn closed(&mut self, connection: u64, reason: Reason, words: String, now_ms: u64) {
        if let Some(line) = self.line_of(connection) {
            let up_long = self.up_long(line, now_ms);
            self.ended(line, up_long, reason, words, false, now_ms);
            self.choose(now_ms);
        }
    }

    /// Bytes came by a connection. Those of connections that have ended are dropped.
    pub fn received(&mut self, connection: u64, bytes: &[u8], now_ms: u64) {
        let Some(line) = self.line_of(connection) else { return };
        let Some(open) = self.open(line) else { return };
        let mut held = open.heard_now(bytes.len(), now_ms);
        let fresh = held.is_empty();
        if !fresh {
            held.extend_from_slice(bytes);
        }
        let input = if fresh { bytes } else { held.as_slice() };
        let mut at = 0;
        let end = loop {
            match self.next(line, &input[at..], now_ms) {
                Ok(Some(length)) => at += length,
                Ok(None) => break Ok(()),
                Err(ended) => break Err(ended),
            }
            if self.line_of(connection).is_none() {
                self.choose(now_ms); // It ended by what it said.
                return;
            }
        };
        if let Err((reason, words)) = end {
            self.close(line, reason, words, now_ms);
        } else {
            let rest = if fresh { bytes[at..].to_vec() } else { held.split_off(at) };
            if let Some(open) = self.open(line) {
                open.hold(rest);
            }
        }
        self.choose(now_ms);
    }

    /// Takes what is at the front of the input; how long it was, `None` while it is not whole.
    fn next(&mut self, line: Line, input: &[u8], now_ms: u64) -> Result<Option<usize>, Ended> {
        let greeted = self.open(line).is_some_and(|open| open.theirs.is_some());
        let starts_as_hello = input.first_chunk::<4>().is_some_and(|magic| *magic == MAGIC);
        if !greeted && (starts_as_hello || input.len() < 4) {
            let Some(bytes) = input.first_chunk::<LINK_HELLO_BYTES>() else { return Ok(None) };
            let hello = Hello::parse(bytes).map_err(|reason| (reason, String::new()))?;
            self.greeted(line, hello, now_ms)?;
            return Ok(Some(LINK_HELLO_BYTES));
        }
        let no_frame = |error: frame::FrameError| match greeted {
            true => (Reason::BadFrame, error.to_string()),
            false => (Reason::NoHello, String::new()),
        };
        let Some((found, length)) = frame::split(input).map_err(no_frame)? else { return Ok(None) };
        match found {
            Frame::Bye { reason, words } => {
                self.told_bye(line, reason.unwrap_or(Reason::Cut), words.to_owned(), now_ms);
            }
            _ if !greeted => return Err((Reason::NoHello, String::new())),
            Frame::Message { sequence, bytes } => self.take(sequence, bytes, length)?,
            Frame::Beat { durable, heard } => self.beat(line, durable, heard, now_ms)?,
        }
        Ok(Some(length))
    }

    fn told_bye(&mut self, line: Line, reason: Reason, words: String, now_ms: u64) {
        let Some(open) = self.open(line) else { return };
        let connection = open.id;
        if let (Reason::Diverged, Some(apart)) = (reason, Apart::told(&words)) {
            self.events.push(Event::Diverged(apart));
        }
        self.actions.push(Action::Close { connection, bye: Vec::new() });
        let up_long = self.up_long(line, now_ms);
        self.ended(line, up_long, reason, words, true, now_ms);
    }

    /// The other side's hello.
    fn greeted(&mut self, line: Line, hello: Hello, now_ms: u64) -> Result<(), Ended> {
        hello.answers(&self.hello(line)).map_err(|reason| (reason, String::new()))?;
        let first_of_start = self.peer_epoch != Some(hello.epoch);
        if self.is_up(line.other()) && Some(hello.epoch) < self.peer_epoch {
            return Err((Reason::Replaced, String::new())); // Late words of an earlier process.
        }
        if hello.durable > self.ours.last || (first_of_start && hello.last < self.taken) {
            return Err(self.apart(Apart {
                ours: self.ours.last,
                theirs_of_ours: hello.durable,
                theirs: hello.last,
                ours_of_theirs: self.taken,
            }));
        }
        if first_of_start {
            if self.is_up(line.other()) {
                // A connection of the process that was there before.
                self.close(line.other(), Reason::Replaced, String::new(), now_ms);
            }
            if hello.durable < self.acked {
                let (acknowledged, durable) = (self.acked, hello.durable);
                self.events.push(Event::WentBack { acknowledged, durable });
                self.acked = durable;
            }
            self.peer_epoch = Some(hello.epoch);
            self.rewind();
        }
        self.acknowledge(hello.durable);
        let slot = &mut self.slots[line.index()];
        (slot.slow, slot.well_since) = (false, now_ms);
        if let Phase::Open(open) = &mut slot.phase {
            (open.theirs, open.up_at) = (Some(hello), now_ms);
        }
        self.events.push(Event::LineUp { line });
        Ok(())
    }

    /// The stores have gone apart: our store hears what each knows, and the other side does by our last words.
    fn apart(&mut self, apart: Apart) -> Ended {
        self.events.push(Event::Diverged(apart));
        (Reason::Diverged, apart.words())
    }

    fn take(&mut self, sequence: u64, bytes: &[u8], length: usize) -> Result<(), Ended> {
        if sequence <= self.taken {
            self.counts.duplicates += 1;
            return Ok(());
        }
        if sequence != self.taken + 1 {
            let words = format!("{sequence} came, {} is next", self.taken + 1);
            return Err((Reason::OutOfOrder, words));
        }
        if self.taken_bytes >= u64::from(self.settings.window_bytes) {
            let words = format!("{} bytes are not durable yet", self.taken_bytes);
            return Err((Reason::OverWindow, words));
        }
        self.taken = sequence;
        self.taken_sizes.push_back(length as u32);
        self.taken_bytes += length as u64;
        self.counts.taken += 1;
        self.events.push(Event::Message { sequence, bytes: bytes.to_vec() });
        Ok(())
    }

    fn beat(&mut self, line: Line, durable: u64, heard: u64, now_ms: u64) -> Result<(), Ended> {
        if durable > self.ours.last {
            return Err(self.apart(Apart {
                ours: self.ours.last,
                theirs_of_ours: durable,
                theirs: self.taken,
                ours_of_theirs: self.taken,
            }));
        }
        let slot = &mut self.slots[line.index()];
        if let Phase::Open(open) = &mut slot.phase {
            if heard > open.said {
                let words = format!("{heard} bytes were heard and {} said", open.said);
                return Err((Reason::BadFrame, words));
            }
            if open.confirm(heard, self.settings.slow_bytes, now_ms) && slot.slow {
                (slot.slow, slot.well_since) = (false, now_ms);
            }
        }
        self.acknowledge(durable);
        Ok(())
    }

    fn acknowledge(&mut self, durable: u64) {
        if durable <= self.acked {
            return;
        }
        while self.acked < durable {
            self.acked += 1;
            match self.sizes.pop_front() {
                Some(size) => self.in_flight_bytes -= u64::from(size),
                None => self.acked = durable, // Sent by another line, or in an earlier start.
            }
        }
        self.sent = self.sent.max(self.acked);
        self.highest = self.highest.max(self.acked);
        self.events.push(Event::Acknowledged { sequence: self.acked });
    }

    /// The time goes on. To be called every [`Settings::tick_ms`]; a long pause in between is no line's fault.
    pub fn tick(&mut self, now_ms: u64) {
        let pause = now_ms.saturating_sub(self.ticked_at);
        self.ticked_at = self.ticked_at.max(now_ms);
        for line in Line::ALL {
            let (settings, slot) = (&self.settings, &mut self.slots[line.index()]);
            let unused = line == Line::Backup && !self.ours.backup;
            match &mut slot.phase {
                Phase::Down { redial_at: Some(at) } if *at <= now_ms && !unused => {
                    slot.phase = Phase::Dialling;
                    self.actions.push(Action::Dial(line));
                }
                Phase::Down { .. } | Phase::Dialling => {}
                Phase::Open(open) => {
                    if pause > settings.silence_ms / 2 {
                        open.excuse(pause, now_ms);
                    }
                    let silent = open.silent_ms(now_ms);
                    if open.theirs.is_none() {
                        if now_ms.saturating_sub(open.since) > settings.hello_ms {
                            self.close(line, Reason::Late, String::new(), now_ms);
                        }
                    } else if silent > settings.silence_ms {
                        let words = format!("{silent} ms");
                        self.close(line, Reason::Silent, words, now_ms);
                    } else if !slot.slow && open.lags_ms(now_ms) > settings.slow_ms {
                        slot.slow = true;
                        self.events.push(Event::LineSlow { line });
                    }
                }
            }
        }
        self.choose(now_ms);
    }

    /// Ends both lines with a word: this side shuts down.
    pub fn leave(&mut self, now_ms: u64) {
        self.ours.dials = false;
        for line in Line::ALL {
            self.close(line, Reason::Leaving, String::new(), now_ms);
            self.slots[line.index()].phase = Phase::Down { redial_at: None };
        }
    }

    /// What has happened since this was called last.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// What the shell has to do since this was called last.
    pub fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// How the link is.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            sending: self.sending,
            primary: self.is_up(Line::Primary),
            backup: self.is_up(Line::Backup),
            waiting: self.ours.last.saturating_sub(self.acked),
            in_flight_bytes: self.in_flight_bytes,
            counts: self.counts,
        }
    }

    /// What this side says first on a line.
    #[must_use]
    pub fn hello(&self, line: Line) -> Hello {
        Hello {
            version_min: VERSION,
            version_max: VERSION,
            environment: self.ours.environment,
            line,
            window_bytes: self.settings.window_bytes,
            silence_ms: u32::try_from(self.settings.silence_ms).unwrap_or(u32::MAX),
            epoch: self.ours.epoch,
            last: self.ours.last,
            durable: self.ours.durable,
            from: self.ours.party,
            to: self.ours.peer,
        }
    }

    // ---- lines ---------------------------------------------------------------------------------

    fn line_of(&self, connection: u64) -> Option<Line> {
        Line::ALL.into_iter().find(|line| match &self.slots[line.index()].phase {
            Phase::Open(open) => open.id == connection,
            Phase::Down { .. } | Phase::Dialling => false,
        })
    }

    fn open(&mut self, line: Line) -> Option<&mut Connection> {
        match &mut self.slots[line.index()].phase {
            Phase::Open(open) => Some(open),
            Phase::Down { .. } | Phase::Dialling => None,
        }
    }

    fn is_up(&self, line: Line) -> bool {
        self.up_at(line).is_some()
    }

    /// Since when a line is up.
    fn up_at(&self, line: Line) -> Option<u64> {
        match &self.slots[line.index()].phase {
            Phase::Open(open) => open.theirs.map(|_| open.up_at),
            Phase::Down { .. } | Phase::Dialling => None,
        }
    }

    fn up_long(&self, line: Line, now_ms: u64) -> bool {
        let bound = self.settings.redial_ms_max;
        self.up_at(line).is_some_and(|up_at| now_ms.saturating_sub(up_at) >= bound)
    }

    /// We end a line.
    fn close(&mut self, line: Line, reason: Reason, words: String, now_ms: u64) {
        let Some(open) = self.open(line) else { return };
        let connection = open.id;
        self.actions.push(Action::Close { connection, bye: bye(reason, &words) });
        let up_long = self.up_long(line, now_ms);
        self.ended(line, up_long, reason, words, false, now_ms);
    }

    fn ended(
        &mut self,
        line: Line,
        up_long: bool,
        reason: Reason,
        words: String,
        told: bool,
        now_ms: u64,
    ) {
        let slot = &mut self.slots[line.index()];
        if up_long {
            slot.redial_ms = self.settings.redial_ms;
        }
        let redial_at = self.ours.dials.then_some(now_ms.saturating_add(slot.redial_ms));
        slot.redial_ms = (2 * slot.redial_ms).min(self.settings.redial_ms_max);
        slot.phase = Phase::Down { redial_at };
        slot.slow = false;
        if self.sending == Some(line) {
            self.sending = None;
            self.why_down = reason;
        }
        self.counts.downs += 1;
        self.events.push(Event::LineDown { line, reason, told, words });
    }
}

fn bye(reason: Reason, words: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::put_bye(&mut bytes, reason, words);
    bytes
}
