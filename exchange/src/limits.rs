//! Every bound of the exchange, by name.

/// Effects that one voucher or order may have: a batch's receipt is one, a day's clearing requests are many.
pub const EFFECTS_MAX: usize = 65_536;

// ---- the link ----------------------------------------------------------------------------------

/// One message of a link, in bytes. Stores split what is longer.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// Bytes of the hello that starts every line.
pub const LINK_HELLO_BYTES: usize = 96;

/// Bytes of the header of every frame behind the hello.
pub const LINK_HEADER_BYTES: usize = 16;

/// The largest frame of a link, header included.
pub const LINK_FRAME_BYTES_MAX: usize = LINK_HEADER_BYTES + MESSAGE_BYTES_MAX;

/// Bytes of a beat, header included.
pub const LINK_BEAT_BYTES: usize = LINK_HEADER_BYTES + 8;

/// Words with which a line is ended, in bytes of UTF-8. Longer ones are cut.
pub const LINK_WORDS_BYTES_MAX: usize = 300;

/// Bytes that are handed to a line at a time, but for one frame more.
pub const LINK_OUTPUT_BYTES: usize = 256 << 10;

/// Silence of ours on a line after which a beat is sent.
pub const LINK_HEARTBEAT_MS: u64 = 100;

/// Silence of the other side after which a line is given up.
pub const LINK_SILENCE_MS: u64 = 500;

/// How long a line may take from its connection to the other side's hello.
pub const LINK_HELLO_MS: u64 = 3_000;

/// How long the next [`LINK_SLOW_BYTES`] of a line, or all there is, may take to be heard.
pub const LINK_SLOW_MS: u64 = 1_000;

/// With as much waiting, a line that does not carry this in [`LINK_SLOW_MS`] is slow.
pub const LINK_SLOW_BYTES: u64 = 64 << 10;

/// How long the primary line has to be well before messages go back to it.
pub const LINK_WELL_MS: u64 = 10_000;

/// The same, where it keeps failing soon after: it doubles up to this.
pub const LINK_WELL_MS_MAX: u64 = 600_000;

/// How long messages that are on their way by the backup may hold up the way back.
pub const LINK_DRAIN_MS: u64 = 1_000;

/// How long a backup has to be up before it is taken where the primary is expected.
pub const LINK_PREFER_MS: u64 = 200;

/// The first wait before a line is dialled again.
pub const LINK_REDIAL_MS: u64 = 50;

/// The longest wait before a line is dialled again.
pub const LINK_REDIAL_MS_MAX: u64 = 5_000;

/// Bytes of frames that a receiver takes without having them durably.
pub const LINK_WINDOW_BYTES: u32 = 8 << 20;

/// Bytes of frames that may be on one line without having been heard.
pub const LINK_LINE_BYTES: u64 = 1 << 20;

/// What a side hears of a line before it says so without waiting for the next beat.
pub const LINK_CONFIRM_BYTES: u64 = 128 << 10;
