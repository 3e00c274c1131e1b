//! Every bound of the exchange, by name.

/// Effects that one voucher or order may have: a batch's receipt is one, a day's clearing requests are many.
pub const EFFECTS_MAX: usize = 65_536;

/// Vouchers that one statement may come in: one for each account of a bank that was moved on the day, and more for one
/// with more lines than a voucher holds.
pub const STATEMENT_PARTS_MAX: u32 = 16_384;

/// Statements that finance keeps because not all of their parts have come.
pub const STATEMENTS_IN_PARTS_MAX: usize = 16;

/// Largest payload of an envelope: a batch of 50,000 details in the national interface's XML.
pub const PAYLOAD_BYTES_MAX: usize = 64 * MIB;

/// Largest envelope, its names and seals included.
pub const ENVELOPE_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + 8 * 1024;

/// Seals on one envelope.
pub const SEALS_MAX: usize = 8;

/// Notices in one envelope.
pub const NOTICES_MAX: usize = 4096;

/// Bytes of one event: an envelope, or a change of a business.
pub const BODY_BYTES_MAX: usize = ENVELOPE_BYTES_MAX + 8 * 1024;

/// Bytes of a part of an event that is too long for a record.
pub const PART_BYTES_MAX: usize = 192 * 1024;

/// Bytes of one turn in the journal.
pub const TURN_BYTES_MAX: usize = 512 * MIB;

/// Bytes after which a turn that still has letters to take comes to its end first.
pub const TURN_BYTES_ENOUGH: usize = 32 * MIB;

/// Longest text about something wrong that is nobody's letter.
pub const TROUBLE_BYTES_MAX: usize = 2000;

/// Vouchers that a cut-off holds back, as a business is told of them at a time.
pub const HELD_BACK_TOLD_MAX: usize = 16_384;

/// Letters that may be on their way to one counterparty: numbered, and not acknowledged.
pub const WINDOW_LETTERS_MAX: usize = 8192;

/// Letters of one direction with one counterparty: entries have 32 bits.
pub const LETTERS_MAX: usize = u32::MAX as usize - 1;

/// Alarms that a store keeps at hand; older ones are in the journal.
pub const ALARMS_MAX: usize = 1024;

/// Bytes of letters after which what a counterparty had sent here is handed over in another answer: as hexadecimal digits
/// they fit the line by which an order is given.
pub const SENT_HERE_BYTES_ENOUGH: usize = 2 << 20;

/// What was done about one letter that a store keeps at hand: by persons, and by the other side.
pub const LETTER_DEEDS_MAX: usize = 32;

/// Answers about vouchers that a store keeps at hand; older ones are in the journal.
pub const ANSWERS_MAX: usize = 1024;

/// Receipts of the central bank that wait for notices of the refunds they settle.
pub const SETTLEMENTS_WAITING_MAX: usize = 1024;

/// Requests whose end was heard before the request itself; of more the one with the lowest key is forgotten.
pub const REQUEST_ENDS_WAITING_MAX: usize = 1024;

/// Requests of banks that wait for a notice about the same vouchers to come back or be cleared.
pub const REQUESTS_WAITING_MAX: usize = 1024;

/// Rows of one page of a search.
pub const SEARCH_ROWS_MAX: usize = 1000;

/// Letters that one page of a list tells.
pub const SEARCH_LISTED_MAX: usize = 200;

/// Letters that one page of a search by contents reads; the page then says where to go on.
pub const SEARCH_LETTERS_READ_MAX: usize = 1000;

/// Bytes of letters after which one page of a search by contents goes on no further.
pub const SEARCH_BYTES_READ_ENOUGH: usize = 64 * MIB;

/// Payments that a page tells of one letter; of more it tells how many there are.
pub const SEARCH_PAYMENTS_TOLD_MAX: usize = 16;

/// Times a letter is sealed anew by itself before a person looks at it.
pub const RESEALS_MAX: u8 = 3;

/// Bytes of one piece of a letter that is too long for one message.
pub const PIECE_BYTES_MAX: usize = 3 * MIB;

/// Bytes of letters of the last turns that are kept at hand, to be sent without reading the journal.
pub const RECENT_BYTES_MAX: usize = 16 * MIB;

/// Records of the journal between two places that are remembered, to read on from there.
pub const MARK_EVERY_RECORDS: u64 = 1024;

/// How long a turn waits for the journal's next segment before the party gives up.
pub const SEGMENT_WAIT_MS_MAX: u64 = 30_000;

/// Longest signature of any algorithm that is known.
pub const SIGNATURE_BYTES_MAX: usize = 128;

/// Longest public key of any algorithm that is known.
pub const PUBLIC_KEY_BYTES_MAX: usize = 128;

/// Longest name of who holds a certificate, in bytes.
pub const HOLDER_BYTES_MAX: usize = 120;

/// Largest certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 1024;

/// Certificates one store keeps, those that have ended included: they verify what was signed with them.
pub const CERTIFICATES_MAX: usize = 4096;

/// Days before its end from which a certificate is called expiring.
pub const EXPIRING_DAYS: u32 = 30;

/// Days after its signing day on which a signature is still taken. Vouchers wait over holidays and broken lines;
/// older ones are signed again, so that a key that leaked after its end cannot sign for long ago.
pub const SIGNED_LATE_DAYS_MAX: u32 = 60;

/// Days by which a signer's day may be ahead of ours: parties open and close their days at other hours.
pub const SIGNED_AHEAD_DAYS_MAX: u32 = 3;

/// Longest reason, in bytes, that goes with a refusal, a return or a decision of a person.
pub const REASON_BYTES_MAX: usize = 1200;

/// Longest name of a person, in bytes.
pub const PERSON_BYTES_MAX: usize = 120;

/// Signatures that are verified as one batch: from some 100 on a batch is added up in another way, which is faster.
pub const VERIFY_BATCH: usize = 256;

/// Parts into which a batch that does not hold is cut, to be verified again.
pub const VERIFY_PARTS: usize = 8;

/// Signatures or messages below which a second thread is not worth its start.
pub const THREADS_WORTH: usize = 256;

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

/// Connections of a listener, together, that have not said their hello yet.
pub const LINK_STRANGERS_MAX: usize = 256;

/// The same, from one address.
pub const LINK_STRANGERS_PER_ADDRESS_MAX: usize = 64;

/// Connections with a hello that wait for their link to take them over.
pub const LINK_ARRIVALS_MAX: usize = 4;

/// Connections of a link that are writing their last bytes.
pub const LINK_FAREWELLS_MAX: usize = 8;

/// How long the last bytes of a connection may take.
pub const LINK_FAREWELL_MS: u64 = 1_000;

/// What was turned away and has not been read by anybody yet; more is counted only.
pub const LINK_TURNED_MAX: usize = 1_024;

/// What is read of a connection at a time, in bytes.
pub const LINK_READ_BYTES: usize = 64 << 10;

/// How often a connection is read before the others have their turn.
pub const LINK_READS_PER_TURN: usize = 16;
// ---- texts -------------------------------------------------------------------------------------

/// One message of the national interface, in bytes: the largest voucher, written out as base64 of its XML.
pub const TEXT_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Vouchers in one message: what the central bank's message bus takes.
pub const XML_VOUCHERS_MAX: usize = 1_000;

/// How deep elements stand in one another: `Voucher`, `DetailList`, `Detail`, a field.
pub const XML_DEPTH_MAX: usize = 4;

/// A field or reason as it stands in a message, in bytes.
pub const XML_VALUE_BYTES_MAX: usize = 4_096;

/// Details that a printed voucher lists; the others are told as a number and a sum.
pub const PRINTED_DETAILS_MAX: usize = 500;
/// An ISO 20022 message, in bytes: its most transfers at 1.3 KB each, as banks write them.
pub const ISO_MESSAGE_BYTES_MAX: usize = 128 << 20;

/// ISO 20022 messages in one payload: a report and a notice.
pub const ISO_MESSAGES_MAX: u8 = 2;

/// Elements of an ISO 20022 message within each other. The deepest that is read is at 9.
pub const ISO_DEPTH_MAX: usize = 24;

/// A tag of an ISO 20022 message with its attributes, in bytes.
pub const ISO_TAG_BYTES_MAX: usize = 1024;

/// The text of one element of an ISO 20022 message, in bytes: 500 characters is the longest of the standard.
pub const ISO_TEXT_BYTES_MAX: usize = 4096;

/// Transactions that one ISO 20022 message may tell of.
pub const ISO_TRANSACTIONS_MAX: usize = 100_000;

/// Reasons that one ISO 20022 status may have.
pub const ISO_REASONS_MAX: usize = 16;

const MIB: usize = 1024 * 1024;

const _: () = assert!(ENVELOPE_BYTES_MAX < u32::MAX as usize);
const _: () = assert!(
    CERTIFICATE_BYTES_MAX > HOLDER_BYTES_MAX + PUBLIC_KEY_BYTES_MAX + SIGNATURE_BYTES_MAX + 128
);
const _: () = assert!(PART_BYTES_MAX + 64 < storage::limits::RECORD_BYTES_MAX);
const _: () = assert!(TURN_BYTES_MAX > 4 * BODY_BYTES_MAX + TURN_BYTES_ENOUGH);
const _: () = assert!(NOTICES_MAX <= u16::MAX as usize);
const _: () = assert!(SEALS_MAX <= u8::MAX as usize);
const _: () =
    assert!(REASON_BYTES_MAX <= u16::MAX as usize && PERSON_BYTES_MAX <= REASON_BYTES_MAX);

/// What a running party takes into one turn: bounds how long an order waits for its answer.
pub const PARTY_INPUTS_MAX: usize = 1024;

/// Time between the beginnings of two turns of a running party: what comes meanwhile is taken together.
pub const PARTY_TURN_EVERY_MS: u64 = 10;

/// Size of the segments of a party's journal.
pub const PARTY_SEGMENT_BYTES: u64 = 64 << 20;

/// Days that a business day may be opened ahead of a party's last one without a word for it: the longest that treasuries are closed
/// is the new year's holiday with the days swapped around it, and a month covers it whatever it falls on. A day once opened does
/// not go back.
pub const DAYS_AHEAD_MAX: u32 = 31;
