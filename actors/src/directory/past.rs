//! How things stood at an earlier position: folded from the journal's first record, one question at
//! a time, on a thread that nobody waits for.
//!
//! Keeps the last fold for the next page of the same list. Never decides, and never reads past the
//! position it was given.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Code;
use domain::contents::HashKey;
use protocol::directory::{AskReport, ListPayments, ListRows, StateAt, StateThen};
use protocol::lookup::{Answer, LookUp};
use protocol::message::ErrorMessage;
use protocol::views::PaymentView;
use storage::disk::Disk;
use storage::position::Position;
use storage::reader::{JournalReader, ReadError, ReadFrom};
use thiserror::Error;

use crate::replay::Replay;
use crate::shard::quota_view;

use super::answers::{error, told};
use super::fold::{Directory, FoldError};
use super::pages::Pages;

/// A question about the past.
#[derive(Debug)]
pub struct PastQuestion {
    /// Its request number.
    pub(super) request: u64,
    pub(super) what: PastWhat,
    /// The moment it is about.
    pub(super) at: Position,
    /// When that was journaled, in ms since 1970.
    pub(super) time_ms: u64,
    /// From when ages are counted back.
    pub(super) now_ms: u64,
}

#[derive(Debug)]
pub(super) enum PastWhat {
    List(Box<ListPayments>),
    State(Box<StateAt>),
    Report(Box<AskReport>),
    Rows(Box<ListRows>),
}

impl PastQuestion {
    /// Its request number.
    #[must_use]
    pub const fn request(&self) -> u64 {
        self.request
    }
}

/// Why the past could not be told.
#[derive(Debug, Error)]
enum PastError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Fold(#[from] FoldError),
    #[error("an event cannot be folded: {0}")]
    Event(#[from] storage::event_record::EventError),
    #[error("an event does not follow from the ones before")]
    Foreign,
    #[error("the server is stopping")]
    Stopping,
}

/// Answers questions about the past.
pub struct Past {
    disk: Arc<dyn Disk>,
    data_dir: PathBuf,
    key: HashKey,
    stopping: Arc<AtomicBool>,
    kept: Option<(Directory, Pages)>,
}

impl Past {
    /// One that has folded nothing. It gives up once `stopping` is true.
    #[must_use]
    pub fn new(
        disk: Arc<dyn Disk>,
        data_dir: PathBuf,
        key: HashKey,
        stopping: Arc<AtomicBool>,
    ) -> Past {
        Past { disk, data_dir, key, stopping, kept: None }
    }

    /// Forgets the last fold.
    pub fn forget(&mut self) {
        self.kept = None;
    }

    /// Whether a fold is kept.
    #[must_use]
    pub const fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// The answer to a question, as a frame.
    pub fn answer(&mut self, question: &PastQuestion) -> Vec<u8> {
        let answered = match &question.what {
            PastWhat::List(list) => self.list(question, list),
            PastWhat::State(state) => self.state(question, state.look_up),
            PastWhat::Report(report) => self.report(question, report),
            PastWhat::Rows(list) => self.rows(question, list),
        };
        answered.unwrap_or_else(|why| {
            let code = match why {
                PastError::Stopping => Code::ShuttingDown,
                _ => Code::Fault,
            };
            tracing::error!(%why, at = %question.at, "a state cannot be folded from the journal");
            error(question.request, &ErrorMessage::new(code))
        })
    }

    fn open(&self) -> Result<JournalReader, ReadError> {
        JournalReader::open(Arc::clone(&self.disk), &self.data_dir, ReadFrom::Start)
    }

    fn go_on(&self) -> Result<(), PastError> {
        std::thread::yield_now();
        let stopping = self.stopping.load(Ordering::Acquire);
        if stopping { Err(PastError::Stopping) } else { Ok(()) }
    }

    /// The directory as it was: the one that is kept, or folded anew.
    fn directory_at(&mut self, at: Position) -> Result<(Directory, Pages), PastError> {
        match self.kept.take().filter(|(directory, _)| directory.position() == at) {
            Some(kept) => Ok(kept),
            None => self.fold_directory(at),
        }
    }

    fn report(&mut self, question: &PastQuestion, ask: &AskReport) -> Result<Vec<u8>, PastError> {
        let (directory, pages) = self.directory_at(question.at)?;
        let frame = super::reports::page_then(&directory, question.request, ask, question.now_ms);
        self.kept = Some((directory, pages));
        Ok(frame)
    }

    fn list(&mut self, question: &PastQuestion, list: &ListPayments) -> Result<Vec<u8>, PastError> {
        let (directory, mut pages) = self.directory_at(question.at)?;
        let frame = directory.payment_page(&mut pages, question.request, list, question.now_ms);
        self.kept = Some((directory, pages));
        Ok(frame)
    }

    fn rows(&mut self, question: &PastQuestion, list: &ListRows) -> Result<Vec<u8>, PastError> {
        let (directory, pages) = self.directory_at(question.at)?;
        let frame = directory.row_page(question.request, list, question.time_ms);
        self.kept = Some((directory, pages));
        Ok(frame)
    }

    fn fold_directory(&self, at: Position) -> Result<(Directory, Pages), PastError> {
        let mut directory = Directory::new(self.key);
        let (mut reader, mut pages) = (self.open()?, Pages::new(self.open()?));
        while directory.position().sequence < at.sequence {
            self.go_on()?;
            let before = reader.mark();
            let Some(group) = reader.next(Position::END)? else { break };
            pages.passed(before, group.header.disk_bytes() as u64);
            for record in group.records.take_while(|r| r.position.sequence <= at.sequence) {
                directory.record(&record, group.header.time_ms)?;
            }
        }
        Ok((directory, pages))
    }

    fn state(&self, question: &PastQuestion, look_up: LookUp) -> Result<Vec<u8>, PastError> {
        let at = question.at;
        let mut replay = Replay::of_division(self.key, look_up.division());
        let mut reader = self.open()?;
        let mut folded = 0;
        while folded < at.sequence {
            self.go_on()?;
            let Some(group) = reader.next(Position::END)? else { break };
            for record in group.records.take_while(|r| r.position.sequence <= at.sequence) {
                folded = record.position.sequence;
                // What does not follow panics in the fold, and is no reason to end anything here.
                catch_unwind(AssertUnwindSafe(|| replay.record(record)))
                    .map_err(|_| PastError::Foreign)??;
            }
        }
        let division = replay.divisions().get(&look_up.division());
        let answer = division.and_then(|division| match look_up {
            LookUp::Quota(id) => {
                let view = quota_view(division.year(id.year())?, id, false)?;
                Some(Answer::Quota(Box::new(view)))
            }
            LookUp::Payment { year, id, .. } => {
                let payment = division.year(year)?.payment(id)?;
                Some(Answer::Payment(Box::new(PaymentView::of(payment))))
            }
            LookUp::Outcome { .. } => None,
        });
        let answer = answer.unwrap_or(Answer::Failed(Code::NotFound));
        let mut frame = Vec::new();
        StateThen { at: told(at), time_ms: question.time_ms, answer }
            .put(&mut frame, question.request);
        Ok(frame)
    }
}
