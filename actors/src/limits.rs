//! Every bound of the running engine, by name, in one place. Bounds of the journal and of the
//! protocol stand in their own crates.

/// Runs of one shard that the journal may hold at once: one on its way, one behind it. The next
/// gathers meanwhile; a shard whose next is full stops draining.
pub const RUNS_OUTSTANDING_MAX: usize = 2;

/// Bytes a run keeps free, so that what follows from a command in the same turn always fits
/// behind it.
pub const RUN_RESERVE_BYTES: usize = 96 * 1024;

/// Largest record of a command that is not linked, its tail included.
pub const RECORD_BYTES_PLANNED: usize = 40 * 1024;

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

/// Descriptors that a server has open beside its shards, subscriptions and connections: standard
/// streams, locks, listeners, event queues, journal, checkpoint, and what is open for a moment. Some
/// 21 were counted at rest.
pub const DESCRIPTORS_OWN: usize = 64;

/// Descriptors of a shard: the event queues of its thread.
pub const DESCRIPTORS_PER_SHARD: usize = 4;

/// Descriptors of a subscription: the segment it reads, and the journal's directory when it looks
/// for the next.
pub const DESCRIPTORS_PER_SUBSCRIPTION: usize = 2;

/// How long a peer's system may leave a question, or what it was sent, without a word, before its
/// connection is given up: the peer has vanished.
pub const SILENCE_WAIT_MS: u64 = 90_000;

/// Reply bytes that may wait for one connection to read; beyond it the connection is closed.
pub const SESSION_OUTPUT_BYTES_MAX: usize = 8 << 20;

/// Reply bytes that may wait for all connections of a network thread together; beyond it the one that
/// leaves most unread is closed.
pub const OUTPUTS_BYTES_MAX: usize = 1 << 30;

/// Subscriptions at once.
pub const SUBSCRIPTIONS_MAX: usize = 16;

/// Time between two reads of the journal for one subscription, in ms: what becomes durable meanwhile is one frame, so that
/// a subscriber of a busy server wakes a hundred times a second and not for each group.
pub const SUBSCRIPTION_EVERY_MS: u64 = 10;

/// Frames of events that one subscription may have unsent.
pub const SUBSCRIPTION_FRAMES_UNSENT: usize = 8;

/// Payments that the directory keeps in memory; beyond it the directory stops, and nothing else.
pub const DIRECTORY_PAYMENTS_MAX: usize = 1 << 30;

/// Bytes of a payment's row in the directory. With its index entry (up to 18 bytes) and four later
/// events (10 bytes each) a payment takes at most 160; its texts stay in the journal.
pub const DIRECTORY_ROW_BYTES: usize = 96;

/// Bytes of one later event of a payment, or of an event of a quota alone, in the directory.
pub const DIRECTORY_LINK_BYTES: usize = 10;

/// Official numbers of one payment that a list can be asked for: the first so many.
pub const DIRECTORY_NUMBERS_PER_PAYMENT: usize = 16;

/// Payments that are looked at for one page of a list.
pub const DIRECTORY_EXAMINED_MAX: usize = 100_000;

/// Events that are looked at for one page of a quota's history, in memory; a quota with more is
/// answered `too-many`.
pub const DIRECTORY_HISTORY_EVENTS_MAX: usize = 8_000_000;

/// Journal between two places from which the directory can read on.
pub const DIRECTORY_BLOCK_BYTES: u64 = 256 * 1024;

/// Records that the directory folds in one step, before it looks at questions and yields.
pub const DIRECTORY_STEP_RECORDS: u64 = 4_096;

/// Questions to the directory that may be unanswered; beyond it they hear `Busy`.
pub const DIRECTORY_QUESTIONS_MAX: usize = 256;

/// How long what was folded up to an earlier position is kept for the next page, in ms.
pub const DIRECTORY_PAST_KEPT_MS: u64 = 60_000;

/// Reports of several pages that are kept until their further pages are asked for.
pub const DIRECTORY_REPORTS_KEPT: usize = 4;

/// How much less than the engine's threads the directory's are worth to the system's scheduler.
pub const DIRECTORY_NICENESS: i32 = 10;

/// Connections that may read the metrics over HTTP at once.
pub const METRICS_CONNECTIONS_MAX: usize = 4;

/// Bytes of one HTTP request for the metrics.
pub const METRICS_REQUEST_BYTES_MAX: usize = 8 * 1024;

/// How long one such request and its answer may take, in ms.
pub const METRICS_EXCHANGE_MS_MAX: u64 = 5_000;

/// How long a sandbox waits before it tries again what was not answered, in ms.
pub const SANDBOX_PAUSE_MS: u64 = 500;

/// Times a sandbox tries before it leaves an answer to its next start.
pub const SANDBOX_TRIES_MAX: usize = 20;

/// Deadlines that one turn of the engine acts on.
pub const DEADLINES_PER_TURN: usize = 1024;

/// How far the wall clock may fall behind its last reading before deadlines wait, in ms.
pub const CLOCK_BEHIND_MS_MAX: u64 = 2_000;

/// How far the wall clock may run ahead of the monotonic clock before deadlines wait, in ms.
pub const CLOCK_AHEAD_MS_MAX: u64 = 60_000;

/// How long an orderly shutdown may take before it is given up, in ms. Giving up is safe.
pub const SHUTDOWN_MS_MAX: u64 = 10_000;

/// Commands of one shard that may wait for pages of payments; beyond it they hear `Busy`.
pub const WAITING_COMMANDS_MAX: usize = 16_384;

/// Pages of payments that one shard may have asked for and not yet got.
pub const PAGES_ASKED_MAX: usize = 256;

/// Pages of payments that leave memory in one step.
pub const PAGES_LEAVING_PER_STEP: usize = 65_536;

/// Pages that a round may have copied before its turn, for lack of time; beyond it the round is
/// given up. They are a few KiB each.
pub const CAPTURED_PAGES_MAX: usize = 65_536;

/// Pages that recovery asks a shard for at once.
pub const PAGES_PER_COPY: usize = 256;

/// Stored parts of the checkpoint that are removed in one step.
pub const PARTS_PER_SWEEP: usize = 512;

/// How long recovery waits after a sweep before it looks for changes again, in ms.
pub const SWEEP_PAUSE_MS: u64 = 1_000;

/// While desks are busy recovery rests this many times as long as it worked: at most a tenth of
/// a core.
pub const REST_PER_WORK: u32 = 9;

/// The longest rest, in ms.
pub const REST_MS_MAX: u64 = 2_000;

/// How long the watch over the laws waits after a round before it looks for changes again, in ms.
pub const LAWS_PAUSE_MS: u64 = 1_000;

/// After a look at one division the watch rests this many times as long as the look took: over all
/// shards together at most a two-hundredth of a core.
pub const LAWS_REST_PER_WORK: u32 = 199;

/// What shards have to say to the watch that may wait: each answers one question at a time.
pub const LAWS_QUEUE: usize = 4 * SHARDS_MAX;

/// Requests for pages that may wait for the pager: all that every shard may have asked for.
pub const PAGER_QUEUE: usize = PAGES_ASKED_MAX * SHARDS_MAX;

/// What shards have to say to recovery that may wait: each answers one question at a time.
pub const RECOVERY_QUEUE: usize = 4 * SHARDS_MAX;

/// How long the checkpoint may go on after the journal is closed, in ms.
pub const CHECKPOINT_AT_END_MS_MAX: u64 = 20_000;

/// Threads that fold the journal at a start, at most: each is dealt to by the one that reads.
pub const FOLD_THREADS_MAX: usize = 16;

/// Bytes of records that are gathered for one thread of a start before it gets them.
pub const FOLD_BATCH_BYTES: usize = 256 * 1024;

/// Batches of records that may lie in front of one thread of a start.
pub const FOLD_BATCHES: usize = 4;

/// Records ahead whose places in the index and cells are asked for while a start folds.
pub const FOLD_LOOKS_FAR_AHEAD: usize = 16;

/// Records ahead whose payments are asked for while a start folds: by then the index is there.
pub const FOLD_LOOKS_AHEAD: usize = 8;

/// Records that a start replays in a second, for people: planned, not measured.
pub const REPLAY_RECORDS_PER_S_PLANNED: u64 = 1_000_000;

/// How often a shard tells what it keeps in memory, in ms.
pub const RESIDENT_TOLD_EVERY_MS: u64 = 1_000;

/// Commands whose cache lines are asked for together, before the first of them is decided.
pub const PREFETCH_AHEAD: usize = 32;

/// Orders of issuance that a shard gives in one turn, so that desks do not wait behind a document.
pub const ISSUANCE_ORDERS_PER_TURN: usize = 512;

const _: () = assert!(FOLD_LOOKS_AHEAD < FOLD_LOOKS_FAR_AHEAD);
const _: () = assert!(RUN_RESERVE_BYTES >= 2 * RECORD_BYTES_PLANNED);
const _: () = assert!(RUN_RESERVE_BYTES < storage::limits::RUN_BYTES_MAX);
const _: () = assert!(SHARD_COMMANDS_MAX >= protocol::limits::COMMANDS_PER_FRAME_MAX);
const _: () = assert!(DIRECTORY_PAYMENTS_MAX < u32::MAX as usize);
const _: () = assert!(DIRECTORY_ROW_BYTES + 4 + 18 + 4 * DIRECTORY_LINK_BYTES <= 160);
