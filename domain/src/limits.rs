//! Every bound of the domain, by name, in one place.

/// Largest amount in fen that any single figure may have, either sign: 2⁵³ − 1, so that every
/// figure survives a JSON reader that keeps numbers in doubles.
pub const AMOUNT_FEN_MAX: i64 = (1 << 53) - 1;

/// Particulars of one payment, encoded, in bytes.
pub const PARTICULARS_BYTES_MAX: usize = 4096;

/// A reason, note or document number given with an order, in bytes of UTF-8.
pub const NOTE_BYTES_MAX: usize = 512;

/// The text of a paper filed with the finance office, in bytes of UTF-8.
pub const PAPER_BYTES_MAX: usize = 8 * 1024;

/// What one paper may change, as text, in bytes of UTF-8.
pub const FILED_BYTES_MAX: usize = 24 * 1024;

/// One field of a row on file, in bytes of UTF-8.
pub const OFFICE_FIELD_BYTES_MAX: usize = 600;

/// Text of rules in one paper, in bytes: approved, each rule is two or three rows of its length.
pub const RULES_PAPER_BYTES: usize = 6 * 1024;

/// Predicates in one control rule.
pub const RULE_TERMS_MAX: usize = 32;

/// Different questions of a year's control rules that are a bit each: as many as a word has beside three
/// marks. Further ones are asked of each payment, clause by clause.
pub const RULE_QUESTIONS_MAX: usize = 61;

/// Rows that control rules leave of one payment: the hold first, then alerts, the gravest first. What is
/// beyond them fired too, and is not listed.
pub const RULES_LISTED_MAX: usize = 8;

/// What a rule saw, as it stands in a row, in bytes of UTF-8.
pub const RULE_INPUTS_BYTES_MAX: usize = 240;

/// Bytes planned for the records that control rules leave of one payment.
pub const RULED_BYTES_PLANNED: usize = 8 * 1024;

/// Payments that the trial of a rule lists.
pub const TRIAL_HITS_MAX: usize = 1_000;

/// Days that a control rule's window may span.
pub const RULE_WINDOW_DAYS_MAX: u32 = 31;

/// Alerts that one daily scan files; the worst first, the others with the next.
pub const ALERTS_PER_SCAN_MAX: usize = 64;

/// Levels of a tree of units or divisions.
pub const OFFICE_TREE_DEPTH_MAX: usize = 16;

/// Characters of a project's code.
pub const PROJECT_CODE_CHARS_MAX: usize = 21;

/// Years of a project's term.
pub const PROJECT_TERM_YEARS_MAX: u8 = 30;

/// Lines of one quota document.
pub const DOCUMENT_LINES_MAX: u32 = 4_096;

/// The official key of a quota, in bytes of UTF-8.
pub const OFFICIAL_KEY_BYTES_MAX: usize = 256;

/// The name of a division, in bytes of UTF-8.
pub const DIVISION_NAME_BYTES_MAX: usize = 120;

/// Commands in one linked run.
pub const LINKED_RUN_COMMANDS_MAX: usize = 256;

/// Holds that one payment may collect over its life.
pub const HOLDS_PER_PAYMENT_MAX: usize = 16;

/// Refunds that one payment may collect over its life.
pub const REFUNDS_PER_PAYMENT_MAX: usize = 64;

/// Corrections that one payment may collect over its life.
pub const CORRECTIONS_PER_PAYMENT_MAX: usize = 64;

/// Facts one channel may have in a division's suspense; beyond it the sender hears `Busy`.
pub const PARKED_PER_CHANNEL_MAX: usize = 65_536;

/// Half of [`PARKED_PER_CHANNEL_MAX`]: the point at which people are alarmed.
pub const PARKED_PER_CHANNEL_ALARM: usize = PARKED_PER_CHANNEL_MAX / 2;

/// Batches that may be open at once in one division and year.
pub const OPEN_BATCHES_MAX: usize = 1024;

/// Acts and moves that one document may make, whatever its lines: all of them take effect in one step,
/// for which the division's shard serves nobody else.
pub const DOCUMENT_DEEDS_MAX: usize = 65_536;

/// What the acts and papers staged in one batch may take together, in bytes: what the largest document
/// stages, with the papers that go with it.
pub const STAGED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What all open batches of a division and year may have staged together, in bytes.
pub const OPEN_STAGED_BYTES_MAX: usize = 4 * STAGED_BYTES_MAX;

/// Open contract earmarks of one quota.
pub const CONTRACTS_PER_QUOTA_MAX: usize = 4096;

/// Limit figures that one refusal carries: the binding one first.
pub const REFUSAL_FIGURES_MAX: usize = 4;

/// First fiscal year a quota id can name.
pub const YEAR_FIRST: u16 = 2000;

/// Last fiscal year a quota id can name: its year field has eight bits.
pub const YEAR_LAST: u16 = YEAR_FIRST + 255;

/// Serial numbers of quotas in one division and year: forty bits in the id, held to what an
/// index of 32 bits can name.
pub const QUOTA_SERIAL_MAX: u64 = (1 << 31) - 1;

/// Payments, acts or refusals of one division and year that the id index can locate.
pub const RECORDS_PER_YEAR_MAX: usize = (1 << 31) - 2;

/// Rows of one report.
pub const REPORT_ROWS_MAX: usize = 500_000;

// A deed with what it does to two rows' figures.
const _: () =
    assert!(DOCUMENT_DEEDS_MAX * (crate::batch::STAGED_ACT_BYTES + 2 * 100) <= STAGED_BYTES_MAX);
const _: () = assert!(REFUSAL_FIGURES_MAX >= 3, "available, earmark, plan and cap must fit");
const _: () = assert!(LINKED_RUN_COMMANDS_MAX <= 256);

/// Largest code of a party that exchanges vouchers, in characters.
pub const PARTY_CODE_CHARS_MAX: usize = 12;

/// Longest voucher number, in characters: what the national interface takes.
pub const VOUCHER_NUMBER_CHARS_MAX: usize = 20;

/// Details of one voucher: what a batch of the national interface may hold.
pub const VOUCHER_DETAILS_MAX: usize = 50_000;

/// Characters that number a detail within its voucher.
pub const VOUCHER_DETAIL_ID_CHARS_MAX: usize = 40;

/// Findings that the check of one voucher lists; what is beyond them is wrong too.
pub const VOUCHER_FINDINGS_MAX: usize = 32;

/// One voucher as canonical bytes: the most details, each with a payee and elements written out.
pub const VOUCHER_BYTES_MAX: usize = 48 * 1024 * 1024;

/// Largest serial number of a voucher in its series: what the central bank's message bus can count to.
pub const VOUCHER_SERIAL_MAX: u32 = 99_999_999;

/// Lines that one side of a reconciliation may have: five times a full day of the province.
pub const RECONCILED_LINES_MAX: usize = 8 << 20;

/// Banks, payer accounts and fund natures that one reconciliation tells apart.
pub const RECONCILED_SCOPES_MAX: usize = 1 << 18;

/// A detail's number in a reconciliation, in bytes of UTF-8: 40 characters.
pub const RECONCILED_DETAIL_BYTES_MAX: usize = 160;

/// A bank, account or fund nature in a reconciliation, in bytes of UTF-8: 40 characters.
pub const RECONCILED_SCOPE_BYTES_MAX: usize = 160;

/// Differences between our books and theirs that are kept, open ones and those of days not closed. With more, the
/// statement as a whole is wrong and is sent again.
pub const DIFFERENCES_MAX: usize = 65_536;

/// Days behind a period's last one on whose close is still known what came of its statements: a year's are told in the next.
pub const PERIOD_KEPT_DAYS: u32 = 400;

/// Things of a day's checklist that are carried past closes by names of their own; what a request asks for goes by one name.
pub const CARRIED_THINGS_MAX: usize = 65_536;

/// Open things that an item of a day's checklist calls by name; of further ones it tells how many.
pub const DAY_NAMED_MAX: usize = 20;

/// Ways that a clearing request and its limit notice may differ, as far as they are listed.
pub const CLEARING_MISMATCHES_MAX: usize = 32;
