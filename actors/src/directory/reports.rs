//! Reports from the running totals, page by page.
//!
//! A report is made once, at one position; its further pages come from what was made then, so that
//! no page speaks of another moment. Never looks at payments, except at those of one quota.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::Code;
use domain::ids::QuotaId;
use domain::office::reports::payments::{PaymentRow, by_payment};
use domain::office::reports::question::By;
use domain::office::reports::{NoReport, Report, ReportQuestion, Sources, report};
use protocol::Position;
use protocol::directory::{AsOf, AskReport, Continuation, ReportPage, continuation};
use protocol::message::ErrorMessage;

use crate::limits::DIRECTORY_REPORTS_KEPT;

use super::answers::{error, told};
use super::fold::Directory;

/// Bytes of each of the three numbers that continue a report.
const NUMBER_BYTES: usize = 8;

/// The last reports that had more than one page.
#[derive(Default)]
pub(super) struct KeptReports {
    kept: VecDeque<Kept>,
}

struct Kept {
    name: u64,
    at: Position,
    time_ms: u64,
    report: Report,
}

impl Kept {
    /// The page behind some rows as a frame, and whether there are more.
    fn page(&self, request: u64, ask: &AskReport, rows: u64) -> (Vec<u8>, bool) {
        let all = self.report.rows.len() as u64;
        let items = if ask.asked.items == 0 { usize::MAX } else { ask.asked.page_items() };
        let mut more = false;
        let after = |put: usize| {
            let upto = rows + put as u64;
            more = upto < all;
            if more { continuation(self.name, self.at.sequence, upto) } else { [0; 24] }
        };
        let (moment, mut frame) = ((self.at, self.time_ms), Vec::new());
        let from = usize::try_from(rows).unwrap_or(usize::MAX);
        ReportPage::put(&self.report, from, items, moment, after, &mut frame, request);
        (frame, more)
    }

    /// The rows behind which a page begins; nothing: what it continues is another report.
    fn begins_at(&self, ask: &AskReport) -> Option<u64> {
        if ask.asked.after == Continuation::default() {
            return Some(0);
        }
        let [name, sequence, rows] = read_continuation(ask);
        let asked_for = match ask.asked.as_of {
            AsOf::Now => true,
            AsOf::Position(at) => at == self.at,
            AsOf::TimeMs(time_ms) => time_ms == self.time_ms,
        };
        // By what is asked now: the report may be of another question.
        let is_it = name == self.name && name == name_of(&ask.question, self.time_ms);
        (is_it && asked_for && sequence == self.at.sequence).then_some(rows)
    }
}

/// Names a question and from when ages are counted in its answer, as long as the program runs.
fn name_of(question: &ReportQuestion, time_ms: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (question, time_ms).hash(&mut hasher);
    hasher.finish()
}

/// The name, the sequence and the rows that a continuation is made of.
fn read_continuation(ask: &AskReport) -> [u64; 3] {
    let number = |at: usize| {
        let bytes = &ask.asked.after[at * NUMBER_BYTES..][..NUMBER_BYTES];
        bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    };
    [number(0), number(1), number(2)]
}

impl KeptReports {
    /// Makes a report and gives its first page as a frame.
    pub(super) fn first_page(
        &mut self,
        directory: &Directory,
        request: u64,
        ask: &AskReport,
        now_ms: u64,
    ) -> Vec<u8> {
        let made = match make(directory, ask, now_ms) {
            Ok(made) => made,
            Err(why) => return no_report(request, &why),
        };
        let (frame, more) = made.page(request, ask, 0);
        if more {
            self.kept.truncate(DIRECTORY_REPORTS_KEPT - 1);
            self.kept.push_front(made);
        }
        frame
    }

    /// A further page of a report that is kept.
    pub(super) fn next_page(&self, request: u64, ask: &AskReport) -> Option<Vec<u8>> {
        let begins = |kept| Some((kept, Kept::begins_at(kept, ask)?));
        self.kept.iter().find_map(begins).map(|(kept, rows)| kept.page(request, ask, rows).0)
    }
}

/// What is said to a continuation that leads nowhere.
pub(super) fn kept_no_longer(request: u64) -> Vec<u8> {
    let detail = "after belongs to another question, or to a report that is kept no longer: begin \
                  without it";
    error(request, &ErrorMessage::with_detail(Code::BadField, detail))
}

/// A page of a report as things stood, from a directory that stands there.
pub(super) fn page_then(
    directory: &Directory,
    request: u64,
    ask: &AskReport,
    now_ms: u64,
) -> Vec<u8> {
    match make(directory, ask, now_ms) {
        Ok(made) => match made.begins_at(ask) {
            Some(rows) => made.page(request, ask, rows).0,
            None => kept_no_longer(request),
        },
        Err(why) => no_report(request, &why),
    }
}

fn make(directory: &Directory, ask: &AskReport, now_ms: u64) -> Result<Kept, NoReport> {
    let report = directory.make_report(&ask.question, now_ms)?;
    let (at, name) = (told(directory.position()), name_of(&ask.question, now_ms));
    Ok(Kept { name, at, time_ms: now_ms, report })
}

fn no_report(request: u64, why: &NoReport) -> Vec<u8> {
    let code = match why {
        NoReport::NoDivision(_) | NoReport::NoQuota => Code::NotFound,
        NoReport::TooManyRows => Code::TooMany,
        NoReport::ManyDivisions | NoReport::NoPeriods => Code::BadField,
    };
    error(request, &ErrorMessage::with_detail(code, why))
}

impl Directory {
    /// A report as everything stands that was folded. `now_ms` is when ages are counted from.
    ///
    /// # Errors
    /// When the question names what is not there.
    pub fn make_report(&self, question: &ReportQuestion, now_ms: u64) -> Result<Report, NoReport> {
        let key = |quota: QuotaId| self.rows.quota(quota).map_or("", |quota| &*quota.key);
        let (ledger, shelves) = (&self.ledger, &self.shelves);
        let sources = Sources { ledger, shelves, now_ms, key: &key };
        match (question.by, question.quota) {
            (By::Payment, Some(quota)) => {
                let last = self.rows.quota(quota).map_or(super::rows::NONE, |q| q.last_payment);
                let mut rows: Vec<u32> = self.rows.chain(last, |row| row.quota_before).collect();
                rows.reverse();
                by_payment(&sources, question, rows.into_iter().map(|at| self.payment_row(at)))
            }
            (By::Payment, None) => Err(NoReport::NoQuota),
            _ => report(&sources, question),
        }
    }

    fn payment_row(&self, at: u32) -> PaymentRow {
        let row = self.rows.row(at);
        PaymentRow {
            id: row.id(),
            state: row.state(),
            amount_fen: row.amount_fen,
            executed_fen: self.rows.executed_fen(at),
            reserved_ms: row.reserved_ms,
            changed_ms: row.changed_ms,
        }
    }
}
