//! The task that owns the socket: gathers, sends, reads, repeats, connects again.
//!
//! Never keeps more in flight than the window the server granted, never more waiting than its
//! bound, and never sends what nobody waits for any more.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use domain::Code;
use domain::refusal::Retry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, Instant, sleep_until};

use super::ClientError;
use super::answers::{Ask, Query, QueryKind, comes_again, read_reply, read_results};
use super::backoff::Backoff;
use super::session::{Inbox, Session};
use super::unit::{Told, Unit};
use crate::batch::CommandsBuilder;
use crate::frame::{Frame, FrameError, FrameKind};
use crate::hello::{Hello, Welcome};
use crate::limits::{CLIENT_QUEUE_MAX, DEADLINE_MS_MAX, HEARTBEATS_MISSED_MAX};
use crate::lookup::put_look_ups;
use crate::message::{ErrorMessage, put_bare};

/// What one unanswered frame carries.
#[derive(Debug)]
enum Cargo {
    Units(Vec<Unit>),
    Query(Query),
}

#[derive(Debug)]
struct Flight {
    cargo: Cargo,
    commands: u32,
    bytes: u32,
}

/// Why a session ended.
enum End {
    /// It broke; there may be another.
    Broken { at_least_ms: u32 },
    /// The server will not have this client.
    Refused(Code),
    /// Every handle is gone.
    Done,
}

pub(super) struct Driver {
    inbox: mpsc::Receiver<Ask>,
    welcome: watch::Sender<Welcome>,
    address: Arc<str>,
    hello: Arc<Hello>,
    backoff: Backoff,
    units: VecDeque<Unit>,
    queries: VecDeque<Query>,
    delayed: BTreeMap<(Instant, u64), Cargo>,
    delayed_units: usize,
    flights: HashMap<u64, Flight>,
    commands_out: u32,
    bytes_out: u32,
    next_number: u64,
    builder: CommandsBuilder,
    out: Vec<u8>,
    sent: usize,
}

/// The request number of the task's own pings; others count from above it.
const PING: u64 = 1;

impl Driver {
    pub(super) fn new(
        inbox: mpsc::Receiver<Ask>,
        welcome: watch::Sender<Welcome>,
        address: Arc<str>,
        hello: Arc<Hello>,
        jitter_seed: u64,
    ) -> Driver {
        Driver {
            inbox,
            welcome,
            address,
            hello,
            backoff: Backoff::new(jitter_seed),
            units: VecDeque::new(),
            queries: VecDeque::new(),
            delayed: BTreeMap::new(),
            delayed_units: 0,
            flights: HashMap::new(),
            commands_out: 0,
            bytes_out: 0,
            next_number: PING,
            builder: CommandsBuilder::new(),
            out: Vec::new(),
            sent: 0,
        }
    }

    /// Runs until every handle is gone or the server refuses the client.
    pub(super) async fn run(mut self, first: Session) {
        let mut session = Some(first);
        let mut failures = 0;
        loop {
            let end = match session.take() {
                Some(session) => {
                    failures = 0;
                    self.welcome.send_replace(session.welcome.clone());
                    let end = self.serve(session).await;
                    self.ground_flights();
                    end
                }
                None => match Session::open(&self.address, &self.hello).await {
                    Ok(opened) => {
                        session = Some(opened);
                        continue;
                    }
                    Err(ClientError::Server(message)) => ended_by(&message),
                    Err(_) => End::Broken { at_least_ms: 0 },
                },
            };
            match end {
                End::Done => return,
                End::Refused(code) => return self.refuse_all(code),
                End::Broken { at_least_ms } => {
                    failures += 1;
                    let until = Instant::now() + self.backoff.pause(failures, at_least_ms);
                    if !self.wait_until(until).await {
                        return;
                    }
                }
            }
        }
    }

    /// Takes in what is asked while there is no connection; false when every handle is gone.
    async fn wait_until(&mut self, until: Instant) -> bool {
        loop {
            let room = self.has_room();
            tokio::select! {
                () = sleep_until(until) => return true,
                ask = self.inbox.recv(), if room => match ask {
                    Some(ask) => self.take_in(ask),
                    None => return false,
                },
            }
        }
    }

    async fn serve(&mut self, session: Session) -> End {
        let Session { mut stream, welcome, mut inbox } = session;
        let (mut reading, mut writing) = stream.split();
        let heartbeat = Duration::from_millis(u64::from(welcome.heartbeat_ms.max(1)));
        let mut heard = Instant::now();
        let mut pinged = heard;
        (self.out, self.sent) = (Vec::new(), 0);
        loop {
            self.load(&welcome);
            let room = self.has_room();
            let unsent = self.sent < self.out.len();
            let beat = heard.max(pinged) + heartbeat;
            let wake = self.delayed.first_key_value().map_or(beat, |((at, _), _)| beat.min(*at));
            tokio::select! {
                read = reading.read_buf(inbox.room()) => match read {
                    Ok(0) | Err(_) => return End::Broken { at_least_ms: 0 },
                    Ok(_) => {
                        heard = Instant::now();
                        if let Some(end) = self.take_frames(&mut inbox) {
                            return end;
                        }
                    }
                },
                wrote = writing.write(&self.out[self.sent..]), if unsent => match wrote {
                    Ok(bytes) if bytes > 0 => self.sent += bytes,
                    _ => return End::Broken { at_least_ms: 0 },
                },
                ask = self.inbox.recv(), if room => match ask {
                    Some(ask) => self.take_in(ask),
                    None => {
                        let mut goodbye = Vec::new();
                        put_bare(&mut goodbye, FrameKind::Goodbye, 0);
                        // Politeness only: nobody waits for anything any more.
                        let _ = writing.write_all(&goodbye).await;
                        return End::Done;
                    }
                },
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    if now >= heard + heartbeat * (HEARTBEATS_MISSED_MAX + 1) {
                        return End::Broken { at_least_ms: 0 };
                    }
                    if now >= beat {
                        pinged = now;
                        put_bare(&mut self.out, FrameKind::Ping, PING);
                    }
                    self.wake_delayed(now);
                }
            }
        }
    }

    /// Whether more may be asked: what waits and what is delayed have one bound.
    fn has_room(&self) -> bool {
        self.units.len() + self.delayed_units + self.queries.len() < CLIENT_QUEUE_MAX
    }

    fn take_in(&mut self, ask: Ask) {
        match ask {
            Ask::Units(units) => self.units.extend(units),
            Ask::Query(query) => self.queries.push_back(query),
        }
        // More may wait already: the next frame takes it along.
        while self.has_room() {
            match self.inbox.try_recv() {
                Ok(Ask::Units(units)) => self.units.extend(units),
                Ok(Ask::Query(query)) => self.queries.push_back(query),
                Err(_) => return,
            }
        }
    }

    fn wake_delayed(&mut self, now: Instant) {
        while let Some(entry) = self.delayed.first_entry() {
            if entry.key().0 > now {
                return;
            }
            match entry.remove() {
                Cargo::Units(units) => {
                    self.delayed_units -= units.len();
                    self.units.extend(units);
                }
                Cargo::Query(query) => self.queries.push_back(query),
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Makes frames of what waits, as far as the window goes.
    fn load(&mut self, welcome: &Welcome) {
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
        while let Some(query) = self.queries.pop_front() {
            let commands = match &query.kind {
                QueryKind::LookUps(look_ups) => look_ups.len() as u32,
                _ => 1,
            };
            if !self.window_has(welcome, commands, 0) {
                self.queries.push_front(query);
                return;
            }
            if query.sink.is_closed() || query.deadline <= Instant::now() {
                continue;
            }
            let (number, start) = (self.number(), self.out.len());
            match &query.kind {
                QueryKind::LookUps(look_ups) => put_look_ups(&mut self.out, number, look_ups),
                QueryKind::Health => put_bare(&mut self.out, FrameKind::Health, number),
                QueryKind::Metrics => put_bare(&mut self.out, FrameKind::Metrics, number),
                QueryKind::Ping => put_bare(&mut self.out, FrameKind::Ping, number),
                QueryKind::List(list) => list.put(&mut self.out, number),
                QueryKind::History(history) => history.put(&mut self.out, number),
                QueryKind::StateAt(state) => state.put(&mut self.out, number),
                QueryKind::Report(report) => report.put(&mut self.out, number),
                QueryKind::Rows(list) => list.put(&mut self.out, number),
            }
            let bytes = (self.out.len() - start) as u32;
            self.depart(number, Flight { cargo: Cargo::Query(query), commands, bytes });
        }
        while !self.units.is_empty() && self.load_frame(welcome) {}
    }

    /// Makes one frame of commands; false when the window is shut.
    fn load_frame(&mut self, welcome: &Welcome) -> bool {
        let now = Instant::now();
        let mut shut = false;
        let mut gathered = Vec::new();
        let mut budget = Duration::from_millis(DEADLINE_MS_MAX);
        while let Some(unit) = self.units.pop_front() {
            let commands = (self.builder.count() + unit.rows.len()) as u32;
            let bytes = (self.builder.frame_bytes() + unit.bytes()) as u32;
            let beyond = commands > welcome.commands_per_frame_max
                || bytes > welcome.frame_bytes_max
                || !self.builder.fits(unit.rows.len(), unit.tails.len());
            if beyond && self.builder.count() > 0 {
                self.units.push_front(unit);
                break;
            }
            if !self.window_has(welcome, commands, bytes) {
                self.units.push_front(unit);
                shut = true;
                break;
            }
            let left = unit.deadline.saturating_duration_since(now);
            // What has less than a millisecond left is not sent: its caller is about to leave.
            if left < Duration::from_millis(1) || !unit.may_be_sent() {
                continue;
            }
            budget = budget.min(left);
            match self.builder.push_encoded(&unit.rows, &unit.tails) {
                Ok(()) => gathered.push(unit),
                // No frame takes it; handles hand over nothing like it.
                Err(_) => unit.settle_all(Code::BadFrame),
            }
        }
        if gathered.is_empty() {
            return !shut;
        }
        let (number, commands) = (self.number(), self.builder.count() as u32);
        let bytes = self.builder.frame_bytes() as u32;
        self.builder.finish_into(&mut self.out, number, budget.as_millis() as u64);
        self.depart(number, Flight { cargo: Cargo::Units(gathered), commands, bytes });
        !shut
    }

    /// Whether so much more may be in flight. One unit may always be: a window smaller than a
    /// linked run must not stop it for ever.
    fn window_has(&self, welcome: &Welcome, commands: u32, bytes: u32) -> bool {
        (self.flights.is_empty() && self.builder.count() == 0)
            || (self.commands_out.saturating_add(commands) <= welcome.window_commands
                && self.bytes_out.saturating_add(bytes) <= welcome.window_bytes)
    }

    fn depart(&mut self, number: u64, flight: Flight) {
        self.commands_out += flight.commands;
        self.bytes_out += flight.bytes;
        self.flights.insert(number, flight);
    }

    fn arrive(&mut self, number: u64) -> Option<Cargo> {
        let flight = self.flights.remove(&number)?;
        self.commands_out -= flight.commands;
        self.bytes_out -= flight.bytes;
        Some(flight.cargo)
    }

    /// The connection is gone: what was in flight may have been taken, and is sent again.
    fn ground_flights(&mut self) {
        let mut flights: Vec<_> = self.flights.drain().collect();
        (self.commands_out, self.bytes_out) = (0, 0);
        // In the order they were sent, before what was never sent.
        flights.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        for (_, flight) in flights {
            match flight.cargo {
                Cargo::Query(query) => self.queries.push_front(query),
                Cargo::Units(units) => {
                    for mut unit in units.into_iter().rev() {
                        unit.doubted = true;
                        self.units.push_front(unit);
                    }
                }
            }
        }
    }

    fn take_frames(&mut self, inbox: &mut Inbox) -> Option<End> {
        loop {
            let outcome = match inbox.next() {
                Ok(None) => return None,
                Ok(Some(frame)) => self.take_frame(&frame),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(None) => {}
                Ok(end) => return end,
                // Nothing after it can be trusted.
                Err(_) => return Some(End::Broken { at_least_ms: 0 }),
            }
        }
    }

    fn take_frame(&mut self, frame: &Frame<'_>) -> Result<Option<End>, FrameError> {
        let number = frame.header.request;
        match frame.header.kind {
            FrameKind::Goodbye => return Ok(Some(End::Broken { at_least_ms: 0 })),
            FrameKind::Pong if number == PING => return Ok(None),
            FrameKind::Error => {
                let message = ErrorMessage::parse(frame)?;
                if number == 0 {
                    return Ok(Some(ended_by(&message)));
                }
                match self.arrive(number) {
                    Some(Cargo::Units(units)) => self.refuse(units, &message),
                    Some(Cargo::Query(query)) => self.fail(query, message),
                    None => {}
                }
                return Ok(None);
            }
            _ => {}
        }
        // Read the reply before its flight is taken, so that a bad one leaves it in doubt.
        let Some(flight) = self.flights.get(&number) else { return Ok(None) };
        match &flight.cargo {
            Cargo::Units(units) => {
                let told = read_results(frame, units)?;
                if let Some(Cargo::Units(units)) = self.arrive(number) {
                    self.settle(units, told);
                }
            }
            Cargo::Query(_) => {
                let reply = read_reply(frame)?;
                if let Some(Cargo::Query(query)) = self.arrive(number) {
                    // Whoever has left hears nothing.
                    let _ = query.sink.send(Ok(reply));
                }
            }
        }
        Ok(None)
    }

    fn settle(&mut self, units: Vec<Unit>, told: Vec<Vec<Told>>) {
        for (mut unit, told) in units.into_iter().zip(told) {
            let later = told.iter().map(|told| told.result.code).find(|&code| comes_again(code));
            match later {
                Some(code) => {
                    unit.turned_away(code);
                    let pause = self.backoff.pause(unit.attempts, 0);
                    self.delay(Cargo::Units(vec![unit]), pause);
                }
                None => unit.settle(told),
            }
        }
    }

    /// A whole frame was turned away.
    fn refuse(&mut self, mut units: Vec<Unit>, message: &ErrorMessage) {
        if !comes_again(message.code) {
            units.into_iter().for_each(|unit| unit.settle_all(message.code));
            return;
        }
        for unit in &mut units {
            unit.turned_away(message.code);
        }
        let attempts = units.iter().map(|unit| unit.attempts).max().unwrap_or(1);
        let pause = self.backoff.pause(attempts, message.retry_after_ms);
        self.delay(Cargo::Units(units), pause);
    }

    fn fail(&mut self, query: Query, message: ErrorMessage) {
        if comes_again(message.code) {
            let pause = self.backoff.pause(1, message.retry_after_ms);
            self.delay(Cargo::Query(query), pause);
        } else {
            // Whoever has left hears nothing.
            let _ = query.sink.send(Err(ClientError::server(message)));
        }
    }

    fn delay(&mut self, cargo: Cargo, pause: Duration) {
        if let Cargo::Units(units) = &cargo {
            self.delayed_units += units.len();
        }
        let key = (Instant::now() + pause, self.number());
        self.delayed.insert(key, cargo);
    }

    /// The server will not have this client: what waits is told why, what may have been taken
    /// stays in doubt.
    fn refuse_all(mut self, code: Code) {
        let delayed = std::mem::take(&mut self.delayed);
        for cargo in delayed.into_values() {
            match cargo {
                Cargo::Units(units) => self.units.extend(units),
                Cargo::Query(query) => self.queries.push_back(query),
            }
        }
        for unit in self.units.drain(..) {
            let code = if unit.doubted { Code::OutcomeUnknown } else { code };
            unit.settle_all(code);
        }
        for query in self.queries.drain(..) {
            // Whoever has left hears nothing.
            let _ = query.sink.send(Err(ClientError::server(ErrorMessage::new(code))));
        }
    }
}

/// How an error about the whole connection ends it.
fn ended_by(message: &ErrorMessage) -> End {
    match message.code.retry() {
        Retry::Never | Retry::NewId => End::Refused(message.code),
        Retry::Done | Retry::SameId | Retry::Ask => {
            End::Broken { at_least_ms: message.retry_after_ms }
        }
    }
}
