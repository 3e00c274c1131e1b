//! Which faults a seed switches on, and how often each strikes.
//!
//! A run under every fault at once meets few of the states that a run under two of them does: each
//! seed takes a random part, each fault of it with a strength of its own. Draws, and does nothing.

use std::collections::BTreeMap;

use actors::testing::draw::Draw;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The machine stops in some operation of the disk.
    Crash,
    /// Of what was not synced a stop keeps some sectors, rather than all or nothing.
    TornSectors,
    /// A write ends early.
    ShortWrite,
    /// One operation of the disk fails.
    FailsOnce,
    /// Every operation from some point on fails.
    FailsForGood,
    /// A sync fails.
    SyncFails,
    /// The disk has no more room.
    NoSpace,
    /// A write lands elsewhere, and is reported as done.
    Misdirected,
    /// A write goes nowhere, and is reported as done.
    LostWrite,
    /// A bit of what was written is another one.
    FlippedBit,
    /// A block of what was written is what it was before.
    StaleBlock,
    /// A read fails while the engine starts.
    ReadFails,
    /// A write of the checkpoint fails, or its disk is full.
    CheckpointFails,
    /// A row of the checkpoint is lost or damaged.
    CheckpointSpoilt,
    /// The wall clock jumps ahead.
    ClockAhead,
    /// The wall clock jumps back.
    ClockBack,
    /// A connection is cut, with what was on its way in both directions.
    Cut,
    /// A connection is cut in the middle of a request.
    HalfRequest,
    /// What goes over the wire takes its time.
    Delay,
    /// What was sent before is sent again, on whatever connection.
    Repeat,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 20] = [
        Kind::Crash,
        Kind::TornSectors,
        Kind::ShortWrite,
        Kind::FailsOnce,
        Kind::FailsForGood,
        Kind::SyncFails,
        Kind::NoSpace,
        Kind::Misdirected,
        Kind::LostWrite,
        Kind::FlippedBit,
        Kind::StaleBlock,
        Kind::ReadFails,
        Kind::CheckpointFails,
        Kind::CheckpointSpoilt,
        Kind::ClockAhead,
        Kind::ClockBack,
        Kind::Cut,
        Kind::HalfRequest,
        Kind::Delay,
        Kind::Repeat,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Kind::Crash => "crash",
            Kind::TornSectors => "torn-sectors",
            Kind::ShortWrite => "short-write",
            Kind::FailsOnce => "fails-once",
            Kind::FailsForGood => "fails-for-good",
            Kind::SyncFails => "sync-fails",
            Kind::NoSpace => "no-space",
            Kind::Misdirected => "misdirected-write",
            Kind::LostWrite => "lost-write",
            Kind::FlippedBit => "flipped-bit",
            Kind::StaleBlock => "stale-block",
            Kind::ReadFails => "read-fails",
            Kind::CheckpointFails => "checkpoint-fails",
            Kind::CheckpointSpoilt => "checkpoint-spoilt",
            Kind::ClockAhead => "clock-ahead",
            Kind::ClockBack => "clock-back",
            Kind::Cut => "connection-cut",
            Kind::HalfRequest => "half-request",
            Kind::Delay => "delay",
            Kind::Repeat => "repeat",
        }
    }
}

/// The faults of one seed.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// Of a hundred occasions, how many each strikes.
    on: BTreeMap<Kind, usize>,
}

impl Swarm {
    /// Draws a part of all faults.
    #[must_use]
    pub fn draw(draw: &mut Draw) -> Swarm {
        let part = draw.one_of(&[0, 15, 30, 50, 80]);
        let mut on = BTreeMap::new();
        for kind in Kind::ALL {
            if draw.percent(part) {
                on.insert(kind, draw.one_of(&[10, 30, 60, 90]));
            }
        }
        Swarm { on }
    }

    /// Whether a fault is on at all.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.on.contains_key(&kind)
    }

    /// Whether it strikes on this occasion.
    pub fn strikes(&self, kind: Kind, draw: &mut Draw) -> bool {
        self.on.get(&kind).is_some_and(|&often| draw.percent(often))
    }

    /// Switches everything off.
    pub fn end(&mut self) {
        self.on.clear();
    }

    /// Whether nothing is on.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.on.is_empty()
    }

    /// The names of those that are on.
    #[must_use]
    pub fn slugs(&self) -> Vec<&'static str> {
        self.on.keys().map(|kind| kind.slug()).collect()
    }
}
