//! The house with its network: bytes in, bytes out, everything between on one thread.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use domain::Role;
use domain::ids::ChannelId;
use protocol::hello::Environment;
use protocol::{
    CommandResult, CommandsBuilder, ErrorMessage, Frame, FrameKind, Hello, Position, Reply,
    split_frame,
};
use storage::journal::{Journal, JournalFault};
use storage::position::{Cursor, GroupHash};
use storage::space::{SpaceLevel, SpaceMarks, level};

use super::give::Given;
use super::house::{House, ToNetwork, ToShard};
use crate::durable::Durable;
use crate::gate::SessionId;
use crate::metrics::Metrics;
use crate::network::{About, Network, Now};

/// The data set that a welcome names.
pub const DATA_SET: u128 = 0xda7a;
/// Connections at once.
pub const CONNECTIONS_MAX: usize = 64;

/// A frame that somebody heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Spoken {
    /// The frame.
    pub fn frame(&self) -> Frame<'_> {
        split_frame(&self.bytes).expect("a frame of ours").expect("a whole frame")
    }

    /// What it is.
    pub fn kind(&self) -> FrameKind {
        self.frame().header.kind
    }

    /// The request it answers.
    pub fn request(&self) -> u64 {
        self.frame().header.request
    }

    /// The results it brings.
    pub fn results(&self) -> Vec<CommandResult> {
        assert_eq!(self.kind(), FrameKind::Results, "{:?}", self.error());
        let frame = self.frame();
        let reply = Reply::parse(&frame).expect("results");
        reply.iter().map(|result| result.expect("a result").0).collect()
    }

    /// The position it is true at.
    pub fn at(&self) -> Position {
        Reply::parse(&self.frame()).expect("results").at
    }

    /// The error it tells.
    pub fn error(&self) -> ErrorMessage {
        ErrorMessage::parse(&self.frame()).expect("an error")
    }
}

/// The frames in what a connection was sent.
pub fn frames(bytes: &[u8]) -> Vec<Spoken> {
    let mut rest = bytes;
    let mut all = Vec::new();
    while let Some(frame) = split_frame(rest).expect("frames of ours") {
        let (bytes, after) = rest.split_at(frame.header.length as usize);
        all.push(Spoken { bytes: bytes.to_vec() });
        rest = after;
    }
    assert!(rest.is_empty(), "{} bytes behind the last frame", rest.len());
    all
}

/// A frame of commands.
pub fn commands_frame(request: u64, within_ms: u64, commands: &[Given]) -> Vec<u8> {
    let mut builder = CommandsBuilder::new();
    for given in commands {
        builder.push(&given.command, given.flags).expect("it fits into the frame");
    }
    let mut out = Vec::new();
    builder.finish_into(&mut out, request, within_ms);
    out
}

/// A hello in a role.
pub fn hello(role: Role, channel: ChannelId) -> Hello {
    Hello::new(role, channel, "tests")
}

fn about(durable: &Durable) -> About {
    About {
        environment: Environment::Test,
        data_set: DATA_SET,
        epoch: durable.cursor().position.epoch + 1,
        server_version: "treasury 0.1.0".to_owned(),
        connections_max: CONNECTIONS_MAX,
        session_commands_per_second: None,
    }
}

/// A house and its network.
pub struct World {
    /// The shards and the journal.
    pub house: House,
    /// The network.
    pub network: Network,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// The durable position.
    pub durable: Arc<Durable>,
    inputs: HashMap<SessionId, Vec<u8>>,
}

impl World {
    /// A network in front of a house that has just started.
    pub fn new(house: House) -> World {
        let metrics = Arc::new(Metrics::default());
        let last = house.kept.last().map_or(storage::position::Position::START, |k| k.position);
        let cursor = Cursor { position: last, hash: GroupHash([0; 32]) };
        World::with(house, metrics, Arc::new(Durable::new(cursor)), CONNECTIONS_MAX)
    }

    /// A network with what it shares with the rest.
    pub fn with(
        house: House,
        metrics: Arc<Metrics>,
        durable: Arc<Durable>,
        connections_max: usize,
    ) -> World {
        let about = About { connections_max, ..about(&durable) };
        World::before(house, about, metrics, durable)
    }

    fn before(house: House, about: About, metrics: Arc<Metrics>, durable: Arc<Durable>) -> World {
        let (registry, now_ms) = (Arc::clone(&house.registry), house.now_ms);
        let (of_network, shards) = (Arc::clone(&metrics), house.shards.len());
        let network =
            Network::new(about, shards, registry, of_network, Arc::clone(&durable), now_ms);
        World { house, network, metrics, durable, inputs: HashMap::new() }
    }

    /// As [`World::founded`], with sessions that may give so many commands per second.
    pub fn rated(shards: usize, commands_per_second: NonZeroU32) -> World {
        let World { house, metrics, durable, .. } = World::founded(shards);
        let session_commands_per_second = Some(commands_per_second);
        let about = About { session_commands_per_second, ..about(&durable) };
        World::before(house, about, metrics, durable)
    }

    /// Over divisions 0, 1 and 2, founded and durable before this start.
    pub fn founded(shards: usize) -> World {
        let mut house = House::new(shards);
        (0..3).for_each(|division| house.found(division));
        World::new(house.restarted(shards))
    }

    /// Opens a connection.
    pub fn connect(&mut self) -> SessionId {
        self.network.connect().expect("a free connection")
    }

    /// A connection that has said its hello and heard the welcome.
    pub fn greeted(&mut self, role: Role, channel: ChannelId) -> SessionId {
        let id = self.connect();
        self.send(id, &hello(role, channel).encode());
        let heard = frames(&self.said(id));
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].kind(), FrameKind::Welcome);
        id
    }

    /// What a socket gave.
    pub fn send(&mut self, id: SessionId, bytes: &[u8]) {
        let input = self.inputs.entry(id).or_default();
        input.extend_from_slice(bytes);
        let now = Now { wall_ms: self.house.now_ms, monotonic_ms: self.house.now_ms };
        self.network.receive(id, input, now);
    }

    /// Bytes of a connection that are not a whole message yet.
    pub fn unread(&self, id: SessionId) -> usize {
        self.inputs.get(&id).map_or(0, Vec::len)
    }

    /// What a connection was sent since it was last asked.
    pub fn said(&mut self, id: SessionId) -> Vec<u8> {
        self.network.output(id).map_or_else(Vec::new, |(out, _)| std::mem::take(out))
    }

    /// Whether a connection is to be closed after what it was sent.
    pub fn is_closing(&mut self, id: SessionId) -> bool {
        self.network.output(id).is_some_and(|(_, closing)| closing)
    }

    /// Gives what was gathered to the shards' mailboxes.
    pub fn flush(&mut self) {
        let mut turns = Vec::new();
        self.network.flush(self.house.now_ms, &mut turns);
        for (shard, turn) in turns {
            self.house.inboxes[shard].push_back(ToShard::Turn(turn));
        }
    }

    /// Makes at most so many runs durable as one group and says so, as the journal's thread does;
    /// false when none waits, or its segment is not ready.
    ///
    /// # Errors
    /// The fault that ends the process.
    pub fn land(&mut self, runs_max: usize) -> Result<bool, JournalFault> {
        let landed = self.house.try_land(runs_max)?;
        if let Some(journal) = &self.house.journal {
            self.durable.publish(journal.durable());
        }
        Ok(landed)
    }

    /// Measures how much room the journal has, as its thread does.
    pub fn measure(&self, marks: &SpaceMarks) {
        let Some(journal) = &self.house.journal else { return };
        let room = journal.space();
        self.durable.set_space(room.map_or(SpaceLevel::DiskLow, |room| level(&room, marks)));
    }

    /// Lets the network take one message; false when none waits.
    pub fn step_network(&mut self) -> bool {
        match self.house.to_network.pop_front() {
            None => return false,
            Some(ToNetwork::Reply(reply)) => self.network.reply(*reply),
            Some(ToNetwork::Group(landings)) => self.network.landed(&landings),
        }
        true
    }

    /// Moves everything there is to move but the journal.
    pub fn settle_undurable(&mut self) {
        self.flush();
        for shard in 0..self.house.shards.len() {
            while self.house.step_shard(shard) || self.house.step_pager() {}
        }
        while self.step_network() {}
    }

    /// Moves everything there is to move.
    pub fn settle(&mut self) {
        loop {
            self.settle_undurable();
            if !self.house.land(usize::MAX) && !self.house.inboxes.iter().any(|i| !i.is_empty()) {
                return;
            }
        }
    }

    /// Sends a frame of commands and gives what is heard after everything settled.
    pub fn ask(&mut self, id: SessionId, commands: &[Given]) -> Spoken {
        self.send(id, &commands_frame(1, 0, commands));
        self.settle();
        let mut heard = frames(&self.said(id));
        assert_eq!(heard.len(), 1, "one answer to one frame");
        heard.remove(0)
    }
}
