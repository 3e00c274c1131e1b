//! An import on its way: one batch of papers, which takes effect whole or not at all.
//!
//! Ids follow from what changes and into what, so that an import that was cut off goes on when it
//! is given again, and one that was taken is not taken twice.

use anyhow::{Result, bail};
use domain::batch::fold_paper;
use domain::codes::{BatchStep, Role};
use domain::command::{Body, By, Command, EndBatch, OpenBatch, Paper};
use domain::ids::{ActId, BatchId, DivisionIndex, FiscalYear, PersonId};
use domain::limits::{PAPER_BYTES_MAX, STAGED_BYTES_MAX};
use domain::office::Office;
use domain::office::line::Change;
use domain::office::paper::PaperKind;
use domain::refusal::Figure;
use domain::{Code, Fen, Refusal};
use indicatif::ProgressBar;
use protocol::client::{Outcome, Told};
use protocol::lookup::IdKind;
use protocol::{Client, ClientError};

use super::super::connection::{CHANNEL, failure};
use crate::clock;

/// Papers sent at once.
const PAPERS_AT_ONCE: usize = 64;

/// Batches of the same contents that may have ended within the hour before a new one is given up.
const ATTEMPTS_MAX: u32 = 64;

const HOUR_MS: u64 = 3_600_000;

/// Where an import goes, and in whose name.
#[derive(Clone, Copy)]
pub(super) struct To {
    pub(super) division: DivisionIndex,
    pub(super) year: FiscalYear,
    pub(super) person: PersonId,
}

/// How it ended.
pub(super) enum End {
    /// On file; the batch, and the answer to its close.
    Taken(BatchId, Box<Told>),
    /// Refused whole; the figures say at which lines, counted over all papers from 1.
    Refused(Code, Option<Refusal>),
}

/// A refusal of one paper, its places counted over all papers: so many lines stand in those before it.
pub(super) fn over_all(refusal: &Refusal, lines_before: usize) -> Refusal {
    let mut counted = Refusal::new(refusal.code);
    for figure in refusal.figures() {
        let line = |(line, _): (i64, i64)| Fen::new(line.saturating_add(lines_before as i64));
        let requested_fen = figure.place().map_or(figure.requested_fen, line);
        counted.add(Figure { requested_fen, ..figure });
    }
    counted
}

/// The papers of an import.
pub(super) struct Papers {
    texts: Vec<String>,
    /// A digest of what changes and what was there before.
    contents: blake3::Hash,
}

impl Papers {
    /// Rows as papers, in their order.
    ///
    /// # Errors
    /// If they are more than one batch takes.
    pub(super) fn of(changes: &[Change], on_file: &Office) -> Result<Papers> {
        let (mut texts, mut contents) = (vec![String::new()], blake3::Hasher::new());
        let mut bytes = 0;
        for change in changes {
            let mut line = String::new();
            change.write(&mut line);
            contents.update(line.as_bytes());
            let (table, key) = change.names();
            let mut before = String::new();
            if let Some(row) = on_file.row(table, &key) {
                row.write(&mut before);
            }
            contents.update(before.as_bytes()).update(b"\n");
            bytes += line.len();
            // A paper names no sign: what it does, its kind says.
            let line = &line[1..];
            if texts.last().is_some_and(|text| text.len() + line.len() > PAPER_BYTES_MAX) {
                texts.push(String::new());
            }
            texts.last_mut().expect("at least one").push_str(line);
        }
        if bytes > STAGED_BYTES_MAX {
            bail!(
                "{bytes} bytes change, more than the {STAGED_BYTES_MAX} that one batch takes; \
                 import the tables one after the other"
            );
        }
        Ok(Papers { texts, contents: contents.finalize() })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.texts.len()
    }
}

/// Sends an import. What an earlier one of the same contents left open goes on.
///
/// # Errors
/// If the server cannot be reached, or did not say how it ended.
pub(super) async fn send(
    client: &Client,
    to: To,
    papers: &Papers,
    bar: &ProgressBar,
) -> Result<End> {
    // Dropped by the engine one to two hours from now, if nobody comes back to it.
    let deadline_ms = (clock::wall_ms() / HOUR_MS + 2) * HOUR_MS;
    for attempt in 0..ATTEMPTS_MAX {
        let batch = Batch::new(to, papers, deadline_ms, attempt);
        if batch.has_ended(client).await? {
            continue;
        }
        if let Some(end) = batch.send(client, bar).await? {
            return Ok(end);
        }
    }
    bail!("the same import ended {ATTEMPTS_MAX} times within the hour; try again later")
}

/// One attempt.
struct Batch<'a> {
    to: To,
    texts: &'a [String],
    seed: blake3::Hash,
    deadline_ms: u64,
}

impl<'a> Batch<'a> {
    fn new(to: To, papers: &'a Papers, deadline_ms: u64, attempt: u32) -> Batch<'a> {
        let mut seed = blake3::Hasher::new();
        let To { division, year, person } = to;
        seed.update(papers.contents.as_bytes());
        let about = format!("{}/{}/{}/{deadline_ms}/{attempt}", division.0, year.get(), person.0);
        seed.update(about.as_bytes());
        Batch { to, texts: &papers.texts, seed: seed.finalize(), deadline_ms }
    }

    /// An id of its own for each thing in it.
    fn id(&self, what: &str) -> u128 {
        let hash = blake3::keyed_hash(self.seed.as_bytes(), what.as_bytes());
        let (half, _) = hash.as_bytes().split_at(16);
        u128::from_le_bytes(half.try_into().expect("sixteen bytes"))
    }

    fn command<'b>(&self, body: Body<'b>) -> Command<'b> {
        let by = By { person: self.to.person, role: Role::Finance, channel: CHANNEL };
        Command { by, body }
    }

    fn end(&self, step: BatchStep) -> Command<'static> {
        let To { division, year, .. } = self.to;
        let act = ActId(self.id(step.slug()));
        let end = EndBatch { step, act, batch: BatchId(self.id("open")), division, year };
        self.command(Body::EndBatch(end))
    }

    /// Whether it was closed, refused or dropped before.
    async fn has_ended(&self, client: &Client) -> Result<bool> {
        for step in [BatchStep::Close, BatchStep::Drop] {
            let To { division, year, .. } = self.to;
            let known = client.outcome(IdKind::Act, division, year, self.id(step.slug())).await;
            if known.map_err(failure)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `None`: it turned out to have been dropped before.
    async fn send(&self, client: &Client, bar: &ProgressBar) -> Result<Option<End>> {
        let To { division, year, .. } = self.to;
        let batch = BatchId(self.id("open"));
        let kind = PaperKind::BasePut;
        let paper = |(at, text): (usize, &'a String)| {
            let act = ActId(self.id(&format!("paper {at}")));
            let (checker, day) = (PersonId::NOBODY, None);
            Paper { act, division, year, kind, batch, checker, day, text }
        };
        let papers: Vec<Paper<'a>> = self.texts.iter().enumerate().map(paper).collect();
        let digest = papers.iter().fold(0, fold_paper);
        let (count, deadline_ms) = (papers.len() as u32, self.deadline_ms);
        let open = OpenBatch { batch, division, year, count, digest, deadline_ms };
        if let Err(end) = told(client.submit(&self.command(Body::OpenBatch(open))).await)? {
            return Ok(Some(end));
        }
        bar.set_length(papers.len() as u64);
        let mut lines_before = 0;
        for some in papers.chunks(PAPERS_AT_ONCE) {
            let commands: Vec<Command<'_>> =
                some.iter().map(|&paper| self.command(Body::File(paper))).collect();
            let outcomes = client.submit_all(&commands).await.map_err(failure)?;
            for (paper, outcome) in some.iter().zip(outcomes) {
                match told(Ok(outcome))? {
                    Ok(_) => bar.inc(1),
                    Err(End::Refused(Code::BatchDropped | Code::NoBatch, _)) => return Ok(None),
                    // A refused paper drops its batch. It knows of its own lines alone.
                    Err(End::Refused(code, refusal)) => {
                        let refusal = refusal.map(|refusal| over_all(&refusal, lines_before));
                        return Ok(Some(End::Refused(code, refusal)));
                    }
                    Err(end) => return Ok(Some(end)),
                }
                lines_before += paper.text.lines().count();
            }
        }
        match told(client.submit(&self.end(BatchStep::Close)).await)? {
            Ok(told) => Ok(Some(End::Taken(batch, told))),
            // Open when the server started: the engine has dropped it, its papers are known.
            Err(End::Refused(Code::BatchDropped, _)) => Ok(None),
            Err(end) => {
                // Whatever that comes to: the engine drops what stays open.
                client.submit(&self.end(BatchStep::Drop)).await.map_err(failure)?;
                Ok(Some(end))
            }
        }
    }
}

/// What was told of a command; the inner error is an answer that says no.
fn told(outcome: Result<Outcome, ClientError>) -> Result<Result<Box<Told>, End>> {
    match outcome.map_err(failure)? {
        Outcome::Done(told) => Ok(Ok(Box::new(told))),
        Outcome::Refused(told) => Ok(Err(End::Refused(told.result.code, told.refusal))),
        Outcome::Unknown => bail!("the server did not say how it ended; give the import again"),
    }
}
