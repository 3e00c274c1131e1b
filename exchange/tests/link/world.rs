//! Two stores, the two cores between them, and lines that cut, stall, slow down and come again.
//!
//! Everything is a function of a seed and the calls that were made; time is a number of ms.

use std::borrow::Cow;
use std::collections::VecDeque;

use exchange::link::hello::Environment;
use exchange::link::{Action, Event, Line, Link, Ours, Outbox, Reason, Settings};

/// Draws (SplitMix64).
#[derive(Clone)]
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The message with a number: its bytes follow from it, so that any other bytes are noticed.
pub(crate) fn message(side: usize, sequence: u64, longest: u64) -> Vec<u8> {
    let mut draws = Draws(sequence.wrapping_mul(7).wrapping_add(side as u64));
    let length = 1 + draws.below(longest);
    let mut bytes = sequence.to_le_bytes().to_vec();
    bytes.resize(8 + length as usize, draws.next() as u8);
    bytes
}

/// A store: what it has for the other side, and what it has of it.
pub(crate) struct Store {
    side: usize,
    pub(crate) epoch: u64,
    /// Its messages are durable up to here.
    pub(crate) last: u64,
    /// Of the other side's: given, and of these durable.
    pub(crate) given: u64,
    pub(crate) durable: u64,
    /// Given and not durable yet, with the time when they will be.
    writing: VecDeque<(u64, u64)>,
    pub(crate) acknowledged: u64,
    pub(crate) write_ms: u64,
    longest: u64,
    /// Asked for so many.
    pub(crate) asked: u64,
}

impl Outbox for Store {
    fn message(&mut self, sequence: u64) -> Option<Cow<'_, [u8]>> {
        self.asked += 1;
        assert!(sequence <= self.last, "{sequence} was asked for and never offered");
        Some(Cow::Owned(message(self.side, sequence, self.longest)))
    }
}

/// One direction of a connection.
struct Pipe {
    /// Bytes on their way, with the time they arrive.
    bytes: VecDeque<(u64, Vec<u8>)>,
    /// When the last byte that was put in has passed the bottleneck.
    free_at: u64,
}

/// A connection of a line between the two sides.
struct Wire {
    id: u64,
    line: Line,
    /// Side 0 dials. `pipes[n]` is what side n says.
    pipes: [Pipe; 2],
    /// When an end hears that the other one has closed.
    closing: [Option<u64>; 2],
    /// When the listening side has the connection.
    accepted_at: Option<u64>,
    dead: [bool; 2],
    /// What side n says is lost for good: bytes of it were.
    lost: [bool; 2],
}

/// How a line is at the moment.
#[derive(Clone, Copy)]
pub(crate) struct Weather {
    /// No connection can be made.
    pub(crate) refuses: bool,
    /// What side n says is lost without a word. A connection that has lost bytes never gets well.
    pub(crate) swallows: [bool; 2],
    pub(crate) delay_ms: u64,
    pub(crate) bytes_per_ms: u64,
}

pub(crate) const FAIR: Weather =
    Weather { refuses: false, swallows: [false; 2], delay_ms: 1, bytes_per_ms: 20_000 };

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) links: [Link; 2],
    pub(crate) stores: [Store; 2],
    pub(crate) weather: [Weather; 2],
    pub(crate) settings: Settings,
    wires: Vec<Wire>,
    connections: u64,
    dials: Vec<(u64, Line)>,
    /// Everything either side has heard but messages, with its time.
    pub(crate) told: Vec<(u64, usize, Event)>,
    /// A side does not run until then.
    pub(crate) stopped_until: [u64; 2],
    /// The sizes in which bytes arrive.
    pub(crate) draws: Draws,
    backup: bool,
}

fn ours(side: usize, store: &Store, backup: bool) -> Ours {
    let party = |side| match side {
        0 => "bank:102".parse().expect("a party"),
        _ => "finance:370000000".parse().expect("a party"),
    };
    Ours {
        party: party(side),
        peer: party(1 - side),
        environment: Environment { id: 7, production: false },
        epoch: store.epoch,
        last: store.last,
        durable: store.durable,
        dials: side == 0,
        backup,
    }
}

impl World {
    pub(crate) fn new(settings: Settings, longest: u64, seed: u64, backup: bool) -> World {
        let store = |side| Store {
            side,
            epoch: 1,
            last: 0,
            given: 0,
            durable: 0,
            writing: VecDeque::new(),
            acknowledged: 0,
            write_ms: 2,
            longest,
            asked: 0,
        };
        let stores = [store(0), store(1)];
        let link = |side: usize| {
            Link::new(ours(side, &stores[side], backup), settings, 0).expect("settings that can be")
        };
        World {
            now: 0,
            links: [link(0), link(1)],
            weather: [FAIR; 2],
            settings,
            wires: Vec::new(),
            connections: 0,
            dials: Vec::new(),
            told: Vec::new(),
            stopped_until: [0; 2],
            draws: Draws(seed),
            backup,
            stores,
        }
    }

    /// The store of a side has so many more messages.
    pub(crate) fn offer(&mut self, side: usize, more: u64) {
        self.stores[side].last += more;
        self.links[side].offer(self.stores[side].last);
    }

    /// The process of a side dies and starts again: what was not durable is gone.
    pub(crate) fn restart(&mut self, side: usize) {
        let store = &mut self.stores[side];
        store.epoch += 1;
        store.writing.clear();
        store.given = store.durable;
        store.acknowledged = 0;
        self.links[side] = Link::new(ours(side, store, self.backup), self.settings, self.now)
            .expect("settings that can be");
        if side == 0 {
            self.dials.clear();
        }
        for at in 0..self.wires.len() {
            self.hang_up(at, side);
        }
    }

    /// Every connection of a line ends, and both sides hear so.
    pub(crate) fn cut(&mut self, line: Line) {
        for at in 0..self.wires.len() {
            if self.wires[at].line == line {
                let wire = &mut self.wires[at];
                wire.pipes.iter_mut().for_each(|pipe| pipe.bytes.clear());
                wire.closing = [Some(self.now); 2];
            }
        }
    }

    /// One end closes; the other one hears it behind what was said before.
    fn hang_up(&mut self, at: usize, side: usize) {
        let delay = self.weather[place(self.wires[at].line)];
        let wire = &mut self.wires[at];
        wire.dead[side] = true;
        let behind = wire.pipes[side].free_at.max(self.now) + delay.delay_ms;
        wire.lost[side] |= delay.swallows[side];
        if !wire.lost[side] {
            wire.closing[1 - side].get_or_insert(behind);
        }
    }

    /// One more ms.
    pub(crate) fn step(&mut self) {
        self.now += 1;
        self.dial();
        for side in 0..2 {
            if self.stopped_until[side] > self.now {
                continue;
            }
            self.deliver(side);
            self.write(side);
            if self.now.is_multiple_of(self.settings.tick_ms()) {
                self.links[side].tick(self.now);
            }
            self.act(side);
            self.speak(side);
            self.act(side);
        }
        self.wires.retain(|wire| wire.dead != [true; 2]);
    }

    pub(crate) fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.step();
        }
    }

    /// Steps until something holds.
    #[track_caller]
    pub(crate) fn until(&mut self, ms_max: u64, holds: impl Fn(&World) -> bool) -> u64 {
        let begun = self.now;
        while !holds(self) {
            assert!(self.now - begun < ms_max, "not in {ms_max} ms: {}", self.told_last());
            self.step();
        }
        self.now - begun
    }

    fn dial(&mut self) {
        let due: Vec<Line> =
            self.dials.extract_if(.., |(at, _)| *at <= self.now).map(|d| d.1).collect();
        for line in due {
            if self.weather[place(line)].refuses {
                let reason = Reason::Unreachable;
                self.links[0].unreachable(line, reason, String::new(), self.now);
                continue;
            }
            self.connections += 1;
            let pipe = || Pipe { bytes: VecDeque::new(), free_at: 0 };
            let accepted_at = Some(self.now + self.weather[place(line)].delay_ms);
            self.wires.push(Wire {
                id: self.connections,
                line,
                pipes: [pipe(), pipe()],
                closing: [None; 2],
                accepted_at,
                dead: [false; 2],
                lost: [false; 2],
            });
            self.links[0].connected(line, self.connections, self.now);
        }
    }

    fn deliver(&mut self, side: usize) {
        for at in 0..self.wires.len() {
            let (now, from) = (self.now, 1 - side);
            let wire = &mut self.wires[at];
            if wire.dead[side] {
                continue;
            }
            let (line, id) = (wire.line, wire.id);
            if side == 1 && wire.accepted_at.is_some_and(|at| at <= now) {
                wire.accepted_at = None;
                self.links[1].connected(line, id, now);
            }
            while wire.pipes[from].bytes.front().is_some_and(|(at, _)| *at <= now) {
                let Some((_, bytes)) = wire.pipes[from].bytes.pop_front() else { break };
                // Bytes arrive in any pieces.
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let size = match self.draws.below(4) {
                        0 => 1 + self.draws.below(40) as usize,
                        _ => 16_384,
                    };
                    let (piece, behind) = rest.split_at(size.min(rest.len()));
                    self.links[side].received(id, piece, now);
                    rest = behind;
                }
            }
            let empty = wire.pipes[from].bytes.is_empty();
            if wire.closing[side].is_some_and(|at| at <= now) && empty {
                wire.dead[side] = true;
                self.links[side].closed(id, Reason::Cut, String::new(), now);
            }
        }
        self.hear(side);
    }

    fn hear(&mut self, side: usize) {
        for event in self.links[side].events() {
            let store = &mut self.stores[side];
            match event {
                Event::Message { sequence, bytes } => {
                    assert_eq!(sequence, store.given + 1, "each once, in order");
                    assert!(bytes == message(1 - side, sequence, store.longest), "as it was sent");
                    store.given = sequence;
                    store.writing.push_back((self.now + store.write_ms, sequence));
                }
                Event::Acknowledged { sequence } => {
                    assert!(sequence > store.acknowledged, "acknowledgements rise");
                    store.acknowledged = sequence;
                }
                other => {
                    if let Event::WentBack { durable, .. } = other {
                        store.acknowledged = durable;
                    }
                    self.told.push((self.now, side, other));
                }
            }
        }
        let other = self.stores[1 - side].durable;
        assert!(self.stores[side].acknowledged <= other, "only what is durable is acknowledged");
    }

    fn write(&mut self, side: usize) {
        let store = &mut self.stores[side];
        while let Some((_, sequence)) = store.writing.pop_front_if(|(at, _)| *at <= self.now) {
            store.durable = sequence;
            self.links[side].durable(sequence);
        }
    }

    fn act(&mut self, side: usize) {
        self.hear(side);
        for action in self.links[side].actions() {
            match action {
                Action::Dial(line) => {
                    assert_eq!(side, 0, "only one side dials");
                    let at = self.now + self.weather[place(line)].delay_ms;
                    self.dials.push((at, line));
                }
                Action::Close { connection, bye } => {
                    if let Some(at) = self.wires.iter().position(|wire| wire.id == connection) {
                        self.put(at, side, bye);
                        self.hang_up(at, side);
                    }
                }
            }
        }
    }

    /// Asks the link what to write wherever a connection has room: where little of what was written before has
    /// not passed the bottleneck.
    fn speak(&mut self, side: usize) {
        for at in 0..self.wires.len() {
            let wire = &self.wires[at];
            if wire.dead[side] || wire.pipes[side].free_at > self.now + 50 {
                continue;
            }
            let mut out = Vec::new();
            self.links[side].output(wire.id, &mut self.stores[side], self.now, &mut out);
            self.put(at, side, out);
        }
    }

    fn put(&mut self, at: usize, side: usize, bytes: Vec<u8>) {
        let weather = self.weather[place(self.wires[at].line)];
        if bytes.is_empty() {
            return;
        }
        let wire = &mut self.wires[at];
        wire.lost[side] |= weather.swallows[side];
        let (pipe, lost) = (&mut wire.pipes[side], wire.lost[side]);
        // In pieces, as a slow line lets them through.
        let size = (weather.bytes_per_ms as usize * 20).clamp(20, 16_384);
        for piece in bytes.chunks(size) {
            let takes = (piece.len() as u64) / weather.bytes_per_ms;
            pipe.free_at = pipe.free_at.max(self.now) + takes;
            if !lost {
                let arrives = pipe.free_at + weather.delay_ms;
                let last = pipe.bytes.back().map_or(0, |(at, _)| *at);
                pipe.bytes.push_back((arrives.max(last), piece.to_vec()));
            }
        }
    }

    /// Everything that is offered is durable on the other side, and acknowledged.
    pub(crate) fn done(&self) -> bool {
        let [a, b] = &self.stores;
        let one =
            |from: &Store, to: &Store| to.durable == from.last && from.acknowledged == from.last;
        one(a, b) && one(b, a)
    }

    /// The end of the story, for whoever reads that a test has failed.
    pub(crate) fn told_last(&self) -> String {
        let mut text = String::new();
        for told in &self.told[self.told.len().saturating_sub(20)..] {
            text += &format!("\n  {told:?}");
        }
        for (store, link) in self.stores.iter().zip(&self.links) {
            text += &format!(
                "\n  last {} given {} durable {} acknowledged {}: {:?}",
                store.last,
                store.given,
                store.durable,
                store.acknowledged,
                link.standing()
            );
        }
        text
    }
}

pub(crate) fn place(line: Line) -> usize {
    match line {
        Line::Primary => 0,
        Line::Backup => 1,
    }
}
