//! What handles ask of the task, and what the server's frames say to it.

use domain::Code;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::ClientError;
use super::unit::{Told, Unit};
use crate::directory::{
    AskReport, History, HistoryPage, ListPayments, ListRows, PaymentPage, ReportPage, RowPage,
    StateAt, StateThen,
};
use crate::frame::{Frame, FrameError, FrameKind};
use crate::lookup::{Answer, LookUp, parse_answers};
use crate::message::{Health, parse_metrics, parse_pong};
use crate::results::{Position, Reply};

/// What a handle asks the task for.
#[derive(Debug)]
pub(super) enum Ask {
    /// Give commands.
    Units(Vec<Unit>),
    /// Ask a question.
    Query(Query),
}

/// A question about state, or about the server.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) kind: QueryKind,
    pub(super) deadline: Instant,
    pub(super) sink: oneshot::Sender<Result<QueryReply, ClientError>>,
}

/// What is asked.
#[derive(Debug)]
pub(super) enum QueryKind {
    LookUps(Vec<LookUp>),
    Health,
    Metrics,
    Ping,
    List(Box<ListPayments>),
    History(Box<History>),
    StateAt(Box<StateAt>),
    Report(Box<AskReport>),
    Rows(Box<ListRows>),
}

/// What is answered.
#[derive(Debug)]
pub(super) enum QueryReply {
    Answers(Position, Vec<Answer>),
    Health(Box<Health>),
    Metrics(String),
    Pong(Position),
    Payments(Box<PaymentPage>),
    History(Box<HistoryPage>),
    State(Box<StateThen>),
    Report(Box<ReportPage>),
    Rows(Box<RowPage>),
}

/// What passes by itself, so that the same is sent again.
pub(super) fn comes_again(code: Code) -> bool {
    matches!(
        code,
        Code::Busy
            | Code::DiskLow
            | Code::DiskFull
            | Code::Late
            | Code::ShuttingDown
            | Code::SuspenseFull
    )
}

/// The results of a frame of units, unit by unit.
pub(super) fn read_results(
    frame: &Frame<'_>,
    units: &[Unit],
) -> Result<Vec<Vec<Told>>, FrameError> {
    if frame.header.kind != FrameKind::Results {
        return Err(FrameError::Kind(frame.header.kind.number()));
    }
    let reply = Reply::parse(frame)?;
    let commands: usize = units.iter().map(|unit| unit.rows.len()).sum();
    if reply.count() != commands {
        return Err(FrameError::Body(FrameKind::Results.slug()));
    }
    let mut results = reply.iter();
    let mut told = Vec::with_capacity(units.len());
    for unit in units {
        let one = |result: Result<_, FrameError>| {
            result.map(|(result, refusal)| Told { result, refusal, at: reply.at })
        };
        told.push(results.by_ref().take(unit.rows.len()).map(one).collect::<Result<_, _>>()?);
    }
    Ok(told)
}

/// The answer to a question.
pub(super) fn read_reply(frame: &Frame<'_>) -> Result<QueryReply, FrameError> {
    match frame.header.kind {
        FrameKind::Answers => {
            parse_answers(frame).map(|(at, answers)| QueryReply::Answers(at, answers))
        }
        FrameKind::HealthReport => {
            Health::parse(frame).map(|health| QueryReply::Health(Box::new(health)))
        }
        FrameKind::MetricsText => {
            parse_metrics(frame).map(|text| QueryReply::Metrics(text.to_owned()))
        }
        FrameKind::Pong => parse_pong(frame).map(QueryReply::Pong),
        FrameKind::Payments => {
            PaymentPage::parse(frame).map(|page| QueryReply::Payments(Box::new(page)))
        }
        FrameKind::HistoryPage => {
            HistoryPage::parse(frame).map(|page| QueryReply::History(Box::new(page)))
        }
        FrameKind::StateThen => {
            StateThen::parse(frame).map(|state| QueryReply::State(Box::new(state)))
        }
        FrameKind::ReportPage => {
            ReportPage::parse(frame).map(|page| QueryReply::Report(Box::new(page)))
        }
        FrameKind::Rows => RowPage::parse(frame).map(|page| QueryReply::Rows(Box::new(page))),
        kind => Err(FrameError::Kind(kind.number())),
    }
}
