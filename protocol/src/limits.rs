//! Every bound of the protocol, by name, in one place.
//!
//! Lengths that arrive from a peer are held against these before anything is allocated for them.

/// Bytes of the header that starts every frame after the hello.
pub const FRAME_HEADER_BYTES: usize = 32;

/// Largest frame, header included.
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// Bytes of a hello. It is the only message without a frame header.
pub const HELLO_BYTES: usize = 64;

/// Name of a client in its hello, in bytes of UTF-8.
pub const CLIENT_NAME_BYTES_MAX: usize = 40;

/// Version text of a server in its welcome, in bytes of UTF-8.
pub const SERVER_VERSION_BYTES_MAX: usize = 64;

/// Bytes of one command without its tail.
pub const COMMAND_BYTES: usize = 128;

/// Commands in one frame.
pub const COMMANDS_PER_FRAME_MAX: usize = 8_190;

/// Variable part of one command: particulars, reason, note, key or name.
pub const TAIL_BYTES_MAX: usize = 8 * 1024;

/// Bytes of one result.
pub const RESULT_BYTES: usize = 24;

/// Bytes before the results of a reply: the position it is true at.
pub const REPLY_PROLOGUE_BYTES: usize = 16;

/// Bytes of one figure in a refusal's detail.
pub const FIGURE_BYTES: usize = 18;

/// Bytes of the largest refusal detail.
pub const DETAIL_BYTES_MAX: usize = 2 + domain::limits::REFUSAL_FIGURES_MAX * FIGURE_BYTES;

/// Bytes of one look-up.
pub const LOOK_UP_BYTES: usize = 32;

/// Look-ups in one frame: few enough that the largest answers to all of them fit in one.
pub const LOOK_UPS_PER_FRAME_MAX: usize = 256;

/// Bytes before each answer to a look-up.
pub const ANSWER_HEADER_BYTES: usize = 8;

/// One answer to a look-up, its header included.
pub const ANSWER_BYTES_MAX: usize = 4_000;

/// Holds and lifted holds that a payment's answer lists.
pub const ANSWER_STEPS_MAX: usize = 2 * domain::limits::HOLDS_PER_PAYMENT_MAX + 2;

/// Facts that a payment's answer lists: each refund with its settling, and the others.
pub const ANSWER_FACTS_MAX: usize = 2 * domain::limits::REFUNDS_PER_PAYMENT_MAX + 4;

/// Event names in the filter of one subscription.
pub const EVENT_FILTER_SLUGS_MAX: usize = 32;

/// One event name in a filter, in bytes.
pub const EVENT_SLUG_BYTES_MAX: usize = 32;

/// Bytes before the records of an events frame: the cursor to come back with.
pub const EVENTS_PROLOGUE_BYTES: usize = 48;

/// Bytes before each record of an events frame.
pub const EVENT_HEADER_BYTES: usize = 24;

/// Payments of a list, or events of a history, on one page.
pub const DIRECTORY_PAGE_ITEMS_MAX: usize = 500;

/// Columns of a report, and what it says of itself.
pub const REPORT_COLUMNS_MAX: usize = 64;

/// One text of what a report says of itself and of its columns, in bytes of UTF-8. Longer ones are cut.
pub const REPORT_TEXT_BYTES_MAX: usize = 2_048;

/// A row of a report, or its sum, in bytes of UTF-8: as many fields as it has columns, each as long as
/// one on file may be.
pub const REPORT_ROW_BYTES_MAX: usize = 40 * 1024;

/// Bytes of rows on one page, unless its first row alone has more.
pub const DIRECTORY_ROWS_BYTES_MAX: usize = 256 * 1024;

/// A row's key, in bytes of UTF-8.
pub const ROW_KEY_BYTES_MAX: usize = 4096;

/// How long a question to the directory may wait for a position. Longer waits are `bad-field`.
pub const DIRECTORY_WAIT_MS_MAX: u32 = 10_000;

/// One text of a listed payment, and an official number in a filter, in bytes of UTF-8.
pub const DIRECTORY_TEXT_BYTES_MAX: usize = 256;

/// Bytes of what continues a list behind a page.
pub const CONTINUATION_BYTES: usize = 24;

/// Bytes of a listed payment without its texts.
pub const LISTED_PAYMENT_BYTES: usize = 96;

/// Bytes before the events of a page of a history: position, time, continuation.
pub const HISTORY_PROLOGUE_BYTES: usize = REPLY_PROLOGUE_BYTES + 8 + CONTINUATION_BYTES;

/// Bytes before each event of a history.
pub const HISTORY_EVENT_HEADER_BYTES: usize = 32;

/// One text in an error or health message, in bytes of UTF-8.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 1_024;

/// The longest budget a frame may give its commands: one day. Longer ones are `BadFrame`.
pub const DEADLINE_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// Silence after which a client sends a ping.
pub const HEARTBEAT_MS: u32 = 10_000;

/// Silence, as a multiple of the heartbeat, after which either side gives the connection up.
pub const HEARTBEATS_MISSED_MAX: u32 = 3;

/// How long a connection may take to say its whole hello.
pub const HELLO_WAIT_MS: u64 = 5_000;

/// How long one frame may take from its first byte to its last.
pub const FRAME_WAIT_MS: u64 = 30_000;

/// Commands and look-ups of one connection that may be unanswered; a server may grant less.
pub const WINDOW_COMMANDS_MAX: u32 = 65_536;

/// Bytes of unanswered request frames of one connection; a server may grant less.
pub const WINDOW_BYTES_MAX: u32 = 16 << 20;

/// One JSON line, without its line feed.
pub const JSON_LINE_BYTES_MAX: usize = 256 * 1024;

/// Commands in one JSON line.
pub const JSON_COMMANDS_PER_LINE_MAX: usize = 256;

/// Look-ups in one JSON line.
pub const JSON_LOOK_UPS_PER_LINE_MAX: usize = LOOK_UPS_PER_FRAME_MAX;

/// Commands, linked runs and questions that wait inside a client for the window to open, and
/// commands in one call.
pub const CLIENT_QUEUE_MAX: usize = 16_384;

/// Calls that wait for a client's task to take them in.
pub const CLIENT_ASKS_MAX: usize = 1_024;

/// First pause before a client sends the same command again.
pub const CLIENT_BACKOFF_MS_MIN: u64 = 5;

/// Longest pause before a client sends the same command again.
pub const CLIENT_BACKOFF_MS_MAX: u64 = 2_000;

/// Event frames that a subscription reads ahead of its caller.
pub const SUBSCRIPTION_FRAMES_MAX: usize = 4;

const _: () = assert!(
    FRAME_HEADER_BYTES + COMMANDS_PER_FRAME_MAX * COMMAND_BYTES <= FRAME_BYTES_MAX,
    "a full frame of commands without tails must fit"
);
const _: () = assert!(
    FRAME_HEADER_BYTES
        + REPLY_PROLOGUE_BYTES
        + COMMANDS_PER_FRAME_MAX * (RESULT_BYTES + DETAIL_BYTES_MAX)
        <= FRAME_BYTES_MAX,
    "a reply in which every command is refused with every figure must fit"
);
const _: () = assert!(
    FRAME_HEADER_BYTES + REPLY_PROLOGUE_BYTES + LOOK_UPS_PER_FRAME_MAX * ANSWER_BYTES_MAX
        <= FRAME_BYTES_MAX,
    "the largest answers to a full frame of look-ups must fit"
);
const _: () = assert!(
    FRAME_HEADER_BYTES
        + HISTORY_PROLOGUE_BYTES
        + 4
        + 2 * (2 + REPORT_TEXT_BYTES_MAX)
        + 2 * (2 + REPORT_ROW_BYTES_MAX)
        + 6 * REPORT_COLUMNS_MAX * (2 + REPORT_TEXT_BYTES_MAX)
        <= FRAME_BYTES_MAX,
    "a page of a report has room for a row"
);
const _: () = assert!(
    REPORT_COLUMNS_MAX * (domain::limits::OFFICE_FIELD_BYTES_MAX + 1) <= REPORT_ROW_BYTES_MAX
        && REPORT_ROW_BYTES_MAX <= u16::MAX as usize,
    "a row of the longest fields fits, and its length stands in two bytes"
);
const _: () = assert!(
    FRAME_HEADER_BYTES
        + HISTORY_PROLOGUE_BYTES
        + DIRECTORY_PAGE_ITEMS_MAX
            * (LISTED_PAYMENT_BYTES
                + 2
                + domain::limits::OFFICIAL_KEY_BYTES_MAX
                + 4 * (2 + DIRECTORY_TEXT_BYTES_MAX))
        <= FRAME_BYTES_MAX,
    "a full page of payments with every text must fit"
);
const _: () = assert!(
    FRAME_HEADER_BYTES
        + HISTORY_PROLOGUE_BYTES
        + ROW_KEY_BYTES_MAX
        + 2 * DIRECTORY_PAGE_ITEMS_MAX
        + DIRECTORY_ROWS_BYTES_MAX
        + domain::limits::FILED_BYTES_MAX
        <= FRAME_BYTES_MAX,
    "a full page of rows must fit"
);
const _: () = assert!(domain::limits::PARTICULARS_BYTES_MAX <= TAIL_BYTES_MAX);
const _: () = assert!(domain::limits::NOTE_BYTES_MAX <= TAIL_BYTES_MAX);
const _: () = assert!(domain::limits::PAPER_BYTES_MAX <= TAIL_BYTES_MAX);
const _: () = assert!(domain::limits::LINKED_RUN_COMMANDS_MAX <= JSON_COMMANDS_PER_LINE_MAX);
const _: () = assert!(WINDOW_COMMANDS_MAX as usize >= COMMANDS_PER_FRAME_MAX);
const _: () = assert!(WINDOW_BYTES_MAX as usize >= FRAME_BYTES_MAX);
