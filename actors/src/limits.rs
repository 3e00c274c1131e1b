//! Every bound of the running engine, by name, in one place. Bounds of the journal and of the
//! protocol stand in their own crates.

/// Runs of one shard that the journal may hold at once: one on its way, one behind it. The next
/// gathers meanwhile; a shard whose next is full stops draining.
pub const RUNS_OUTSTANDING_MAX: usize = 2;

/// Bytes a run keeps free, so that what follows from a command in the same turn always fits
/// behind it.
pub const RUN_RESERVE_BYTES: usize = 64 * 1024;

/// Largest record of a command that is not linked, its tail included.
pub const RECORD_BYTES_PLANNED: usize = 16 * 1024;

/// Runs that may wait in front of the journal, over all shards.
pub const JOURNAL_QUEUE_RUNS: usize = 64 * RUNS_OUTSTANDING_MAX;

/// Commands of one shard that may be between socket and reply; beyond it frames hear `Busy`.
pub const SHARD_COMMANDS_MAX: usize = 262_144;

/// Bytes of commands of one shard that may be between socket and reply.
pub const SHARD_BYTES_MAX: usize = 64 << 20;

/// Shards at most.
pub const SHARDS_MAX: usize = 64;

/// Connections at once, unless configured lower.
pub const CONNECTIONS_MAX: usize = 20_000;

/// Connections beyond their limit that are heard at once, to be told so in their own dialect.
/// Further ones hear a line of text.
pub const TURNED_AWAY_MAX: usize = 64;

/// Reply bytes that may wait for one connection to read; beyond it the connection is closed.
pub const SESSION_OUTPUT_BYTES_MAX: usize = 8 << 20;

/// Subscriptions at once.
pub const SUBSCRIPTIONS_MAX: usize = 16;

/// Frames of events that one subscription may have unsent.
pub const SUBSCRIPTION_FRAMES_UNSENT: usize = 8;

/// Deadlines that one turn of the engine acts on.
pub const DEADLINES_PER_TURN: usize = 1024;

/// How far the wall clock may fall behind its last reading before deadlines wait, in ms.
pub const CLOCK_BEHIND_MS_MAX: u64 = 2_000;

/// How far the wall clock may run ahead of the monotonic clock before deadlines wait, in ms.
pub const CLOCK_AHEAD_MS_MAX: u64 = 60_000;

/// How long an orderly shutdown may take before it is given up, in ms. Giving up is safe.
pub const SHUTDOWN_MS_MAX: u64 = 10_000;

/// Commands brought into the cache ahead of their decision.
pub const TOUCH_AHEAD: usize = 32;

const _: () = assert!(RUN_RESERVE_BYTES >= 2 * RECORD_BYTES_PLANNED);
const _: () = assert!(RUN_RESERVE_BYTES < storage::limits::RUN_BYTES_MAX);
const _: () = assert!(SHARD_COMMANDS_MAX >= protocol::limits::COMMANDS_PER_FRAME_MAX);
