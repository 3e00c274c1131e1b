//! Follows the journal, takes questions, and answers each once the directory has come far enough.
//!
//! A synchronous core: it is given the durable position, the clocks and the questions, and gives
//! frames. Never reads past the durable position, and never keeps a question longer than it may
//! wait.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use domain::Code;
use domain::contents::HashKey;
use protocol::directory::{
    AsOf, AskReport, Asked, Continuation, History, ListPayments, ListRows, StateAt,
};
use protocol::frame::{Frame, FrameError, FrameKind};
use protocol::message::ErrorMessage;
use storage::disk::Disk;
use storage::position::Position;
use storage::reader::{JournalReader, ReadError, ReadFrom};
use thiserror::Error;

use crate::limits::{DIRECTORY_QUESTIONS_MAX, DIRECTORY_STEP_RECORDS};

use super::answers::{error, told, unreadable};
use super::fold::{Directory, FoldError};
use super::pages::Pages;
use super::past::{PastQuestion, PastWhat};
use super::reports::{KeptReports, kept_no_longer, page_then};

/// How long a sender should wait before it asks again what could not be answered yet, in ms.
const RETRY_AFTER_MS: u32 = 200;

/// A question to the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A page of payments.
    List(Box<ListPayments>),
    /// A page of events.
    History(Box<History>),
    /// A state as it was.
    StateAt(Box<StateAt>),
    /// A page of a report.
    Report(Box<AskReport>),
    /// A page of rows on file.
    Rows(Box<ListRows>),
}

impl Question {
    /// The question in a frame of one of its kinds.
    ///
    /// # Errors
    /// If the body is not one, or the frame is of another kind.
    pub fn parse(frame: &Frame<'_>) -> Result<Question, FrameError> {
        match frame.header.kind {
            FrameKind::ListPayments => {
                ListPayments::parse(frame).map(|list| Question::List(Box::new(list)))
            }
            FrameKind::History => {
                History::parse(frame).map(|history| Question::History(Box::new(history)))
            }
            FrameKind::StateAt => {
                StateAt::parse(frame).map(|state| Question::StateAt(Box::new(state)))
            }
            FrameKind::Report => {
                AskReport::parse(frame).map(|report| Question::Report(Box::new(report)))
            }
            FrameKind::ListRows => {
                ListRows::parse(frame).map(|list| Question::Rows(Box::new(list)))
            }
            kind => Err(FrameError::Kind(kind.number())),
        }
    }

    fn asked(&self) -> &Asked {
        match self {
            Question::List(list) => &list.asked,
            Question::History(history) => &history.asked,
            Question::StateAt(state) => &state.asked,
            Question::Report(report) => &report.asked,
            Question::Rows(list) => &list.asked,
        }
    }
}

/// Why the directory stopped.
#[derive(Debug, Error)]
pub enum ClerkError {
    /// The journal cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record cannot be folded.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// What becomes of a question. `T` is whom the answer goes to.
#[derive(Debug)]
pub enum Given<T> {
    /// Its answer, as a frame.
    Answer(T, Vec<u8>),
    /// It is about the past: for [`super::Past`], one at a time.
    Past(T, PastQuestion),
}

struct Waiting<T> {
    whom: T,
    request: u64,
    question: Question,
    until_ms: u64,
}

/// The directory with its journal and the questions that wait.
pub struct Clerk<T> {
    directory: Directory,
    reader: JournalReader,
    pages: Pages,
    /// What was durable when it began: before that it is being rebuilt.
    begun: u64,
    waiting: VecDeque<Waiting<T>>,
    reports: KeptReports,
    stopped: bool,
}

impl<T> Clerk<T> {
    /// One that has folded nothing, of a journal that is durable up to a position.
    ///
    /// # Errors
    /// If the journal cannot be opened.
    pub fn open(
        disk: &Arc<dyn Disk>,
        data_dir: &Path,
        key: HashKey,
        durable: Position,
    ) -> Result<Clerk<T>, ReadError> {
        let open = || JournalReader::open(Arc::clone(disk), data_dir, ReadFrom::Start);
        Ok(Clerk {
            directory: Directory::new(key),
            reader: open()?,
            pages: Pages::new(open()?),
            begun: durable.sequence,
            waiting: VecDeque::new(),
            reports: KeptReports::default(),
            stopped: false,
        })
    }

    /// What it has folded.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Whether it has come to where the journal ended when it began.
    #[must_use]
    pub const fn is_built(&self) -> bool {
        self.directory.position().sequence >= self.begun
    }

    /// Folds one step of what is durable; true when there is more.
    ///
    /// # Errors
    /// If the journal cannot be read or folded: the directory stops, and says so to whoever asks.
    pub fn follow(&mut self, durable: Position) -> Result<bool, ClerkError> {
        let followed = if self.stopped { Ok(false) } else { self.step(durable) };
        self.stopped |= followed.is_err();
        followed
    }

    fn step(&mut self, durable: Position) -> Result<bool, ClerkError> {
        let first = self.directory.position().sequence;
        while self.directory.position().sequence < durable.sequence {
            if self.directory.position().sequence - first >= DIRECTORY_STEP_RECORDS {
                return Ok(true);
            }
            let before = self.reader.mark();
            let Some(group) = self.reader.next(durable)? else { return Ok(false) };
            self.pages.passed(before, group.header.disk_bytes() as u64);
            for record in group.records {
                self.directory.record(&record, group.header.time_ms)?;
            }
        }
        Ok(false)
    }

    /// Takes a question. `monotonic_ms` is when.
    pub fn ask(
        &mut self,
        whom: T,
        request: u64,
        question: Question,
        monotonic_ms: u64,
        given: &mut Vec<Given<T>>,
    ) {
        if self.waiting.len() >= DIRECTORY_QUESTIONS_MAX {
            let message =
                ErrorMessage { retry_after_ms: RETRY_AFTER_MS, ..ErrorMessage::new(Code::Busy) };
            return given.push(Given::Answer(whom, error(request, &message)));
        }
        let until_ms = monotonic_ms.saturating_add(u64::from(question.asked().wait_ms));
        self.waiting.push_back(Waiting { whom, request, question, until_ms });
    }

    /// When the first question stops waiting, if one waits.
    #[must_use]
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.waiting.iter().map(|waiting| waiting.until_ms).min()
    }

    /// Answers what can be answered now, and what waits no longer. `wall_ms` is the wall clock.
    pub fn answer(&mut self, monotonic_ms: u64, wall_ms: u64, given: &mut Vec<Given<T>>) {
        for _ in 0..self.waiting.len() {
            let Some(waiting) = self.waiting.pop_front() else { return };
            let needs = waiting.question.asked().wait_for.sequence;
            let at = self.directory.position().sequence;
            let ready = self.stopped || (self.is_built() && needs <= at);
            if !ready && monotonic_ms < waiting.until_ms {
                self.waiting.push_back(waiting);
                continue;
            }
            let Waiting { whom, request, question, .. } = waiting;
            given.push(match ready {
                true => self.given(whom, request, question, wall_ms),
                false => Given::Answer(whom, error(request, &self.not_yet(needs))),
            });
        }
    }

    /// Answers everything that waits with a code: the server stops.
    pub fn turn_away(&mut self, code: Code, given: &mut Vec<Given<T>>) {
        for Waiting { whom, request, .. } in self.waiting.drain(..) {
            given.push(Given::Answer(whom, error(request, &ErrorMessage::new(code))));
        }
    }

    fn not_yet(&self, needs: u64) -> ErrorMessage {
        let at = told(self.directory.position());
        let (code, detail) = if self.is_built() {
            (Code::Late, format!("the directory is at {at} and was to wait for {needs}"))
        } else {
            let begun = self.begun;
            let detail = format!("the directory is being built: at {at} of {begun} records");
            (Code::Busy, detail)
        };
        ErrorMessage { retry_after_ms: RETRY_AFTER_MS, ..ErrorMessage::with_detail(code, detail) }
    }

    fn given(&mut self, whom: T, request: u64, question: Question, wall_ms: u64) -> Given<T> {
        if self.stopped {
            let message = ErrorMessage::with_detail(
                Code::Fault,
                "the directory has stopped, the log says why; payments go on",
            );
            return Given::Answer(whom, error(request, &message));
        }
        // A further page is of the report that its first was of, and not of where the directory is now.
        if let Question::Report(report) = &question
            && report.asked.after != Continuation::default()
        {
            match self.reports.next_page(request, report) {
                Some(frame) => return Given::Answer(whom, frame),
                None if report.asked.as_of == AsOf::Now => {
                    return Given::Answer(whom, kept_no_longer(request));
                }
                None => {}
            }
        }
        let moment = match self.moment(request, question.asked().as_of) {
            Ok(moment) => moment,
            Err(frame) => return Given::Answer(whom, frame),
        };
        let now_ms = moment.now_ms.unwrap_or_else(|| wall_ms.max(self.directory.time_ms()));
        let Moment { at, time_ms, .. } = moment;
        let what = match question {
            Question::History(history) => {
                let (directory, pages) = (&self.directory, &mut self.pages);
                let frame = directory.history_page(pages, request, &history, at, time_ms);
                return Given::Answer(whom, frame);
            }
            Question::List(list) if at == self.directory.position() => {
                let pages = &mut self.pages;
                let frame = self.directory.payment_page(pages, request, &list, now_ms);
                return Given::Answer(whom, frame);
            }
            Question::Report(report) if at == self.directory.position() => {
                let directory = &self.directory;
                let frame = match report.asked.after == Continuation::default() {
                    true => self.reports.first_page(directory, request, &report, now_ms),
                    false => page_then(directory, request, &report, now_ms),
                };
                return Given::Answer(whom, frame);
            }
            Question::Rows(list) if at == self.directory.position() => {
                let frame = self.directory.row_page(request, &list, time_ms);
                return Given::Answer(whom, frame);
            }
            Question::List(list) => PastWhat::List(list),
            Question::Rows(list) => PastWhat::Rows(list),
            Question::StateAt(state) => PastWhat::State(state),
            Question::Report(report) => PastWhat::Report(report),
        };
        Given::Past(whom, PastQuestion { request, what, at, time_ms, now_ms })
    }

    /// The position a question is about, which the directory has come to.
    fn moment(&mut self, request: u64, as_of: AsOf) -> Result<Moment, Vec<u8>> {
        let here = self.directory.position();
        match as_of {
            AsOf::Now => Ok(Moment { at: here, time_ms: self.directory.time_ms(), now_ms: None }),
            AsOf::Position(asked) => {
                let asked = Position { epoch: asked.epoch, sequence: asked.sequence };
                if self.directory.position_of(asked.sequence) != Some(asked) {
                    let (asked, here) = (told(asked), told(here));
                    let what = format!("{asked} is no position up to {here}, where the journal is");
                    let message = ErrorMessage::with_detail(Code::NotFound, what);
                    return Err(error(request, &message));
                }
                let time_ms = self.pages.time_of(asked.sequence);
                let time_ms = time_ms.map_err(|why| unreadable(request, &why))?;
                Ok(Moment { at: asked, time_ms, now_ms: Some(time_ms) })
            }
            AsOf::TimeMs(time_ms) => {
                let last = self.pages.last_until(time_ms, here);
                let last = last.map_err(|why| unreadable(request, &why))?;
                let Some(at) = self.directory.position_of(last) else {
                    let what = "nothing was journaled up to this time";
                    let message = ErrorMessage::with_detail(Code::NotFound, what);
                    return Err(error(request, &message));
                };
                Ok(Moment { at, time_ms, now_ms: Some(time_ms) })
            }
        }
    }
}

/// A moment a question is about.
struct Moment {
    at: Position,
    time_ms: u64,
    /// From when ages are counted; nothing: from the clock.
    now_ms: Option<u64>,
}
