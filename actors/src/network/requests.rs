//! What a connection's bytes ask for.

use domain::Code;
use protocol::batch::Commands;
use protocol::frame::{Frame, FrameError, FrameKind};
use protocol::hello::{Dialect, Hello, Welcome};
use protocol::json::{self, Line};
use protocol::limits::{
    COMMANDS_PER_FRAME_MAX, FRAME_BYTES_MAX, HEARTBEAT_MS, HELLO_BYTES, JSON_LINE_BYTES_MAX,
    WINDOW_BYTES_MAX,
};
use protocol::lookup::{Answer, AnswersBuilder, LookUp, parse_look_ups};
use protocol::message::{ErrorMessage, Health, Status, put_bare, put_metrics, put_pong};
use protocol::subscribe::{Record, Subscribe};
use protocol::{Position, split_frame};
use storage::event_record;
use storage::record::RecordRef;
use storage::space::SpaceLevel;

use crate::directory::Question;
use crate::gate::{Gathering, SessionId};
use crate::limits::DIRECTORY_QUESTIONS_MAX;

use super::allowance::Allowance;
use super::gather::CommandFrame;
use super::session::Stage;
use super::{Ask, Network, Now};

impl Network {
    /// Takes what a connection sent, as far as it is whole, and removes it from `bytes`.
    pub fn receive(&mut self, id: SessionId, bytes: &mut Vec<u8>, now: Now) {
        let mut used = 0;
        while let Some(session) = self.session(id) {
            let rest = &bytes[used..];
            let taken = match session.stage {
                Stage::Leaving(_) | Stage::Closing => rest.len(),
                Stage::Greeting => self.take_hello(id, rest, now),
                Stage::Binary => self.take_frame(id, rest, now),
                Stage::Json => self.take_line(id, rest, now),
            };
            used += taken;
            if taken == 0 {
                break;
            }
        }
        bytes.drain(..used);
        if let Some(session) = self.session_mut(id) {
            session.partial = !bytes.is_empty();
        }
    }

    fn fail_with(&mut self, id: SessionId, error: &FrameError) {
        self.fail(id, &ErrorMessage::with_detail(error.code(), error));
    }

    fn take_hello(&mut self, id: SessionId, bytes: &[u8], now: Now) -> usize {
        let Some(&first) = bytes.first() else { return 0 };
        match Dialect::of(first) {
            Some(Dialect::Binary) => {
                let Some(hello) = bytes.first_chunk::<HELLO_BYTES>() else {
                    return self.bad_magic(id, bytes);
                };
                match Hello::parse(hello) {
                    Ok(hello) => self.greet(id, &hello, false, now),
                    Err(error) => self.fail_with(id, &error),
                }
                HELLO_BYTES
            }
            Some(Dialect::Json) => {
                if let Some(session) = self.session_mut(id) {
                    (session.json, session.stage) = (true, Stage::Json);
                }
                // The line itself is read by `take_line`, which sees that no hello came yet.
                self.take_first_line(id, bytes, now)
            }
            Some(Dialect::Tls) | None => {
                let message = ErrorMessage::new(Code::BadFrame);
                if let Some(session) = self.session_mut(id) {
                    session.stage = Stage::Closing;
                    session.out.extend_from_slice(message.line().as_bytes());
                }
                self.metrics.connections_failed.add(1);
                self.mark(id);
                bytes.len()
            }
        }
    }

    /// A hello that is not whole yet may already be wrong.
    fn bad_magic(&mut self, id: SessionId, bytes: &[u8]) -> usize {
        let magic = protocol::hello::MAGIC;
        let seen = bytes.len().min(magic.len());
        if bytes[..seen] == magic[..seen] {
            return 0;
        }
        let mut shown = [0; 4];
        shown[..seen].copy_from_slice(&bytes[..seen]);
        self.fail_with(id, &FrameError::Magic(shown));
        bytes.len()
    }

    fn take_first_line(&mut self, id: SessionId, bytes: &[u8], now: Now) -> usize {
        let Some(end) = line_end(bytes) else {
            if let Some(session) = self.session_mut(id) {
                session.stage = Stage::Greeting;
            }
            return self.long_line(id, bytes);
        };
        match json::read_line(&bytes[..end], &mut Vec::new()) {
            Ok(Line::Hello(hello)) => self.greet(id, &hello, true, now),
            Ok(Line::Request(_)) => self.fail(id, &ErrorMessage::new(Code::NoHello)),
            Err(error) => {
                self.say_line(id, &error.line());
                self.fail(id, &ErrorMessage::new(Code::NoHello));
            }
        }
        end + 1
    }

    fn greet(&mut self, id: SessionId, hello: &Hello, json: bool, now: Now) {
        if self.session(id).is_some_and(|session| session.turned_away) {
            return self.fail(id, &ErrorMessage::new(Code::TooManyConnections));
        }
        let Some(version) = hello.common_version() else {
            return self.fail(id, &ErrorMessage::new(Code::WrongVersion));
        };
        if !hello.environment.accepts(self.about.environment) {
            let there = self.about.environment.slug();
            let message =
                ErrorMessage::with_detail(Code::WrongEnvironment, format_args!("this is {there}"));
            return self.fail(id, &message);
        }
        let rate = self.about.session_commands_per_second;
        let Some(session) = self.session_mut(id) else { return };
        session.allowance = rate.map(|rate| Allowance::new(rate.get(), now.monotonic_ms));
        session.json = json;
        session.stage = if json { Stage::Json } else { Stage::Binary };
        (session.role, session.channel) = (hello.role, hello.channel);
        let window_commands = session.grant(hello.window_commands);
        let welcome = Welcome {
            version,
            environment: self.about.environment,
            data_set: self.about.data_set,
            epoch: self.about.epoch,
            frame_bytes_max: FRAME_BYTES_MAX as u32,
            commands_per_frame_max: COMMANDS_PER_FRAME_MAX as u32,
            window_commands,
            window_bytes: WINDOW_BYTES_MAX,
            heartbeat_ms: HEARTBEAT_MS,
            server_version: self.about.server_version.clone(),
        };
        self.say(id, |out| welcome.put(out));
    }

    fn take_frame(&mut self, id: SessionId, bytes: &[u8], now: Now) -> usize {
        match split_frame(bytes) {
            Ok(Some(frame)) => {
                self.frame(id, &frame, now);
                frame.header.length as usize
            }
            Ok(None) => 0,
            Err(error) => {
                self.fail_with(id, &error);
                bytes.len()
            }
        }
    }

    fn take_line(&mut self, id: SessionId, bytes: &[u8], now: Now) -> usize {
        let Some(end) = line_end(bytes) else { return self.long_line(id, bytes) };
        let line = &bytes[..end];
        if line.iter().all(u8::is_ascii_whitespace) {
            return end + 1;
        }
        let mut frame = Vec::new();
        match json::read_line(line, &mut frame) {
            Ok(Line::Hello(_)) => self.fail(id, &ErrorMessage::new(Code::NoHello)),
            Ok(Line::Request(_)) => match split_frame(&frame) {
                Ok(Some(frame)) => self.frame(id, &frame, now),
                Ok(None) => {}
                Err(error) => self.fail_with(id, &error),
            },
            Err(error) => self.say_line(id, &error.line()),
        }
        end + 1
    }

    /// A line beyond its bound ends the connection before it is held in memory.
    fn long_line(&mut self, id: SessionId, bytes: &[u8]) -> usize {
        if bytes.len() <= JSON_LINE_BYTES_MAX {
            return 0;
        }
        let what = format_args!("a line has more than {JSON_LINE_BYTES_MAX} bytes");
        self.fail(id, &ErrorMessage::with_detail(Code::BadFrame, what));
        bytes.len()
    }

    fn say_line(&mut self, id: SessionId, line: &str) {
        if let Some(session) = self.session_mut(id) {
            session.out.extend_from_slice(line.as_bytes());
        }
        self.mark(id);
    }

    /// Takes one whole frame.
    fn frame(&mut self, id: SessionId, frame: &Frame<'_>, now: Now) {
        let request = frame.header.request;
        match frame.header.kind {
            FrameKind::Commands => self.commands(id, frame, now),
            FrameKind::LookUps => self.look_ups(id, frame),
            FrameKind::Health => {
                let health = self.health(now.wall_ms);
                self.say(id, |out| health.put(out, request));
            }
            FrameKind::Metrics => {
                let text = self.metrics.to_text();
                self.say(id, |out| put_metrics(out, request, &text));
            }
            FrameKind::Ping => {
                let at = self.gate.position();
                self.say(id, |out| put_pong(out, request, at));
            }
            FrameKind::Subscribe => match Subscribe::parse(frame) {
                Ok(subscribe) => self.asks.push(Ask::Subscribe { session: id, request, subscribe }),
                Err(error) => self.fail_with(id, &error),
            },
            FrameKind::ListPayments
            | FrameKind::History
            | FrameKind::StateAt
            | FrameKind::ListRows
            | FrameKind::Report => self.question(id, frame),
            FrameKind::Unsubscribe => self.asks.push(Ask::Unsubscribe { session: id, request }),
            FrameKind::Goodbye => {
                if let Some(session) = self.session_mut(id) {
                    session.stage = Stage::Leaving(request);
                }
                self.say_goodbye(id);
            }
            other => self.fail_with(id, &FrameError::Kind(other.number())),
        }
    }

    /// Says goodbye to one who is leaving and has heard everything.
    pub(super) fn say_goodbye(&mut self, id: SessionId) {
        let Some(session) = self.session(id) else { return };
        let Stage::Leaving(request) = session.stage else { return };
        if session.window_used == 0 {
            self.say(id, |out| put_bare(out, FrameKind::Goodbye, request));
            self.close(id);
        }
    }

    fn commands(&mut self, id: SessionId, frame: &Frame<'_>, now: Now) {
        let commands = match Commands::parse(frame) {
            Ok(commands) => commands,
            Err(error) => return self.fail_with(id, &error),
        };
        let (items, bytes) = (commands.count() as u32, frame.header.length);
        let Some(session) = self.session(id) else { return };
        let window = session.has_window(items, bytes);
        let (role, channel) = (session.role, session.channel);
        let request = frame.header.request;
        let deadline_ms = match frame.header.deadline_ms {
            0 => 0,
            budget => now.wall_ms.saturating_add(budget),
        };
        if !self.stopping && window {
            let session = self.session_mut(id);
            let checked = session.map_or(Ok(()), |session| session.allows(items, now));
            if let Err(wait_ms) = checked {
                self.metrics.rate_limited_frames.add(1);
                return self.turn_away_for(id, request, Code::Busy, wait_ms);
            }
        }
        let of = CommandFrame { session: id, request, deadline_ms, role, channel, bytes, commands };
        let admitted = match (self.stopping, window) {
            (true, _) => Err(Code::ShuttingDown),
            (false, false) => Err(Code::Busy),
            (false, true) => self.gather.admit(&of, &self.registry, &mut self.gate),
        };
        match admitted {
            Ok(()) => {
                self.use_window(id, items, bytes);
                if let Some(session) = self.session_mut(id) {
                    session.spend(items);
                }
            }
            Err(code) => self.turn_away(id, request, code),
        }
        self.hand_out();
    }

    fn use_window(&mut self, id: SessionId, items: u32, bytes: u32) {
        if let Some(session) = self.session_mut(id) {
            session.window_used += items;
            session.window_bytes_used += bytes;
        }
    }

    /// Answers a whole frame with one code; none of it was decided.
    fn turn_away(&mut self, id: SessionId, request: u64, code: Code) {
        self.turn_away_for(id, request, code, RETRY_AFTER_MS);
    }

    fn turn_away_for(&mut self, id: SessionId, request: u64, code: Code, retry_after_ms: u32) {
        self.metrics.busy_frames.add(1);
        let message = ErrorMessage { retry_after_ms, ..ErrorMessage::new(code) };
        self.say(id, |out| message.put(out, request));
    }

    fn look_ups(&mut self, id: SessionId, frame: &Frame<'_>) {
        let rows = match parse_look_ups(frame) {
            Ok(rows) => rows,
            Err(error) => return self.fail_with(id, &error),
        };
        let (items, bytes, request) =
            (rows.len() as u32, frame.header.length, frame.header.request);
        let window = self.session(id).is_some_and(|session| session.has_window(items, bytes));
        if self.stopping || !window || !self.gather.takes_look_ups(rows.len()) {
            let code = if self.stopping { Code::ShuttingDown } else { Code::Busy };
            return self.turn_away(id, request, code);
        }
        let decoded: Vec<_> = rows.iter().map(LookUp::decode).collect();
        let missing = decoded.iter().filter(|look_up| look_up.is_ok()).count() as u32;
        let mut answers = AnswersBuilder::new(request, rows.len());
        for (place, look_up) in decoded.iter().enumerate() {
            if let Err(code) = look_up {
                answers.set(place, &Answer::Failed(*code));
            }
        }
        let gathering = Gathering::Answers(answers);
        let ticket = self.gate.open(id, gathering, items, bytes, missing);
        for (place, look_up) in decoded.into_iter().enumerate() {
            if let Ok(look_up) = look_up {
                self.gather.look_up(ticket, place as u16, look_up, &self.registry);
            }
        }
        self.use_window(id, items, bytes);
        if missing == 0 {
            self.gate.release_unasked(ticket);
            self.hand_out();
        }
    }

    /// A question goes to the directory, beside the payments' way: it counts as one command.
    fn question(&mut self, id: SessionId, frame: &Frame<'_>) {
        let (request, bytes) = (frame.header.request, frame.header.length);
        let question = match Question::parse(frame) {
            Ok(question) => question,
            Err(error @ FrameError::Value { .. }) => {
                let message = ErrorMessage::with_detail(Code::BadField, error);
                return self.say(id, |out| message.put(out, request));
            }
            Err(error) => return self.fail_with(id, &error),
        };
        let window = self.session(id).is_some_and(|session| session.has_window(1, bytes));
        if self.stopping || !window || self.questions >= DIRECTORY_QUESTIONS_MAX {
            let code = if self.stopping { Code::ShuttingDown } else { Code::Busy };
            return self.turn_away(id, request, code);
        }
        self.use_window(id, 1, bytes);
        self.questions += 1;
        self.gauge();
        self.asks.push(Ask::Question { session: id, request, bytes, question });
    }

    /// Sets what this thread knows and nobody counts as it goes.
    pub(super) fn gauge(&self) {
        self.metrics.replies_held.set(self.gate.held() as u64);
        self.metrics.commands_in_flight.set(self.gather.commands_in_flight() as u64);
        self.metrics.questions_open.set(self.questions as u64);
    }

    fn health(&self, now_ms: u64) -> Health {
        let status = match (self.stopping, self.durable.space()) {
            (true, _) => Status::Stopping,
            (false, SpaceLevel::Plenty) => Status::Serving,
            (false, SpaceLevel::DiskLow) => Status::DiskLow,
            (false, SpaceLevel::Full) => Status::DiskFull,
        };
        let quarantines = self.metrics.quarantines.get();
        let mut notes = Vec::new();
        if quarantines > 0 {
            let what =
                format!("{quarantines} quotas were quarantined since the start; see the log");
            notes.push(what);
        }
        let broken = self.metrics.law_violations.iter().filter(|&(_, violations)| violations > 0);
        let broken: Vec<&str> = broken.map(|(law, _)| law).collect();
        if !broken.is_empty() {
            notes.push(format!("{} broken: stop issuing, run verify", broken.join(", ")));
        }
        let note = notes.join("; ");
        Health {
            status,
            environment: self.about.environment,
            data_set: self.about.data_set,
            durable: self.gate.position(),
            uptime_ms: now_ms.saturating_sub(self.started_ms),
            connections: self.connections() as u32,
            divisions: self.metrics.divisions.get() as u32,
            quotas: self.metrics.quotas.get(),
            server_version: self.about.server_version.clone(),
            note,
        }
    }
}

/// How long a sender should wait before it sends a turned-away frame again.
const RETRY_AFTER_MS: u32 = 5;

fn line_end(bytes: &[u8]) -> Option<usize> {
    let seen = &bytes[..bytes.len().min(JSON_LINE_BYTES_MAX + 1)];
    seen.iter().position(|&byte| byte == b'\n')
}

/// A committed record as JSON, for subscriptions in lines.
pub(super) fn render(record: &Record<'_>) -> serde_json::Value {
    let Position { epoch, sequence } = record.position;
    let position = storage::position::Position { epoch, sequence };
    let (kind, version, body) = (record.kind, record.version, record.body);
    let mut ids = Vec::new();
    match event_record::decode(&RecordRef { kind, version, body, position }, &mut ids) {
        Ok(event) => json::event_json(&event, record.position),
        // The journal's own records: `Opened` and `Closed`.
        Err(_) => serde_json::json!({ "kind": kind, "version": version }),
    }
}
