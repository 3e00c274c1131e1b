//! How everything stands, as whoever asks the server is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use domain::Code;
use domain::codes::Role;
use domain::ids::{ChannelId, QuotaId};
use domain::office::reports::question::By as Rows;
use domain::office::reports::{ReportKind, ReportQuestion};
use domain::office::table::{Row, Table};
use protocol::client::{BlockingClient, Options as ClientOptions};
use protocol::directory::{AskReport, Asked, Continuation, ListRows};
use protocol::limits::LOOK_UPS_PER_FRAME_MAX;
use protocol::lookup::{Answer, LookUp};
use protocol::views::QuotaView;
use protocol::{ClientError, Hello};

use super::papers::code;
use super::{PLACES, Place};

/// Looks at how everything stands before the test fails, and the pause between two of them.
const STANDING_LOOKS_MAX: u32 = 600;
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Everything that has to stand in the end as it does undisturbed. Ids of moves are not in it: a batch
/// that is begun again has others.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Standing {
    /// Each quota as it is looked up, its line of a report, and each budget row.
    figures: Vec<String>,
    /// How many documents, arrivals and transfers stand where, by place and state.
    pub(crate) states: BTreeMap<(u16, u16, &'static str, &'static str), usize>,
}

impl Standing {
    fn count(&mut self, place: Place, table: Table, state: &'static str) {
        *self.states.entry(key_of(place, table, state)).or_default() += 1;
    }

    /// The first thing that stands otherwise than it should.
    pub(crate) fn otherwise(&self, due: &Standing) -> Option<String> {
        let mut figures = self.figures.iter().zip(&due.figures);
        match figures.find(|(is, due)| is != due) {
            Some((is, due)) => Some(format!("{is:?} stands where {due:?} should")),
            None if self == due => None,
            None => Some(format!("{:?} stands where {:?} should", self.states, due.states)),
        }
    }

    /// How many rows of a table stand so.
    pub(crate) fn has(&self, place: Place, table: Table, state: &'static str) -> usize {
        self.states.get(&key_of(place, table, state)).copied().unwrap_or(0)
    }
}

fn key_of(
    (division, year): Place,
    table: Table,
    state: &'static str,
) -> (u16, u16, &'static str, &'static str) {
    (division.0, year.get(), table.slug(), state)
}

fn state_of(row: &Row) -> &'static str {
    match row {
        Row::Document(document) => document.state.slug(),
        Row::Arrival(arrival) => arrival.state.slug(),
        Row::Transfer(transfer) => transfer.state.slug(),
        Row::CarriedIn(_) => "registered",
        other => panic!("{other:?} has no state"),
    }
}

/// Someone who reads what the server has on file.
pub(crate) struct Reader {
    pub(crate) client: BlockingClient,
}

impl Reader {
    pub(crate) fn connect(address: SocketAddr) -> Reader {
        let hello = Hello::new(Role::Operator, ChannelId(1), "test");
        let client = BlockingClient::connect(address.to_string(), hello, ClientOptions::default());
        Reader { client: client.expect("the server is there") }
    }

    /// A question about what is durable now.
    fn asked(&self) -> Asked {
        let wait_for = self.client.health().expect("its health").durable;
        Asked { wait_for, wait_ms: 10_000, ..Asked::default() }
    }

    pub(crate) fn rows(&self, (division, year): Place, table: Table) -> Vec<Row> {
        let (asked, mut rows, mut after) = (self.asked(), Vec::new(), String::new());
        loop {
            let list = ListRows { asked, division, year, table, beginning: String::new(), after };
            let page = match self.client.list_rows(list) {
                Ok(page) => page,
                Err(ClientError::Server(said)) if said.code == Code::NotFound => return rows,
                Err(error) => panic!("no rows: {error}"),
            };
            let read = |line: &String| Row::read(table, line).expect("a row");
            rows.extend(page.rows.iter().map(read));
            after = page.after;
            if after.is_empty() {
                return rows;
            }
        }
    }

    fn report(&self, (division, year): Place) -> Vec<String> {
        let question = ReportQuestion {
            division: code(division).into(),
            whole_area: false,
            by: Rows::Quota,
            ..ReportQuestion::new(ReportKind::Execution, year)
        };
        let mut ask = AskReport { asked: self.asked(), question };
        let mut rows = Vec::new();
        loop {
            let page = self.client.report(ask.clone()).expect("a report");
            rows.extend(page.report.rows);
            ask.asked.after = page.after;
            if page.after == Continuation::default() {
                return rows;
            }
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        for place in PLACES {
            let quotas = self.quotas(place).into_iter();
            standing
                .figures
                .extend(quotas.map(|quota| format!("{} {:?}", quota.key, quota.buckets)));
            standing.figures.extend(self.report(place));
            for row in self.rows(place, Table::BudgetRow) {
                let mut line = String::new();
                row.write(&mut line);
                standing.figures.push(line);
            }
            for table in [Table::Document, Table::Arrival, Table::Transfer, Table::CarriedIn] {
                for row in self.rows(place, table) {
                    standing.count(place, table, state_of(&row));
                }
            }
        }
        standing
    }

    /// Waits until everything stands as it has to; `lacks` says what does not yet.
    pub(crate) fn must_come_to(&self, name: &str, lacks: impl Fn(&Standing) -> Option<String>) {
        let mut lacking = None;
        for _ in 0..STANDING_LOOKS_MAX {
            lacking = lacks(&self.standing());
            if lacking.is_none() {
                return;
            }
            thread::sleep(LOOK_AGAIN);
        }
        panic!("{name} came to no end: {}", lacking.unwrap_or_default())
    }

    /// The quotas of a division and year, as they are looked up.
    pub(crate) fn quotas(&self, (division, year): Place) -> Vec<QuotaView> {
        let mut quotas = Vec::new();
        for first in (0..).step_by(LOOK_UPS_PER_FRAME_MAX) {
            let part = first..first + LOOK_UPS_PER_FRAME_MAX as u64;
            let ask = part.map(|serial| LookUp::Quota(QuotaId::new(division, year, serial)));
            let (_, told) = self.client.look_up(ask.collect()).expect("answers");
            let known = told.into_iter().map_while(|answer| match answer {
                Answer::Quota(view) => Some(*view),
                Answer::Failed(Code::NotFound) => None,
                other => panic!("{other:?}"),
            });
            let before = quotas.len();
            quotas.extend(known);
            if quotas.len() - before < LOOK_UPS_PER_FRAME_MAX {
                break;
            }
        }
        quotas
    }
}
