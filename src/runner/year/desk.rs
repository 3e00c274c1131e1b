//! What a lane does in a division, over a connection for each role: papers, orders, and the waiting for
//! what the engine does by itself.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::codes::{ActKind, LimitKind, Role, YearState};
use domain::command::{Act, Body, By, Command, Paper, Register, SetLimit, SetYear};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, FiscalYear, PersonId, QuotaId,
};
use domain::office::issuance::order::plan_key;
use domain::office::paper::PaperKind;
use domain::office::rules::defaults;
use domain::office::table::Table;
use domain::{Code, Fen};
use protocol::client::{Options, Outcome};
use protocol::directory::{Asked, ListRows};
use protocol::limits::DIRECTORY_WAIT_MS_MAX;
use protocol::{Client, Hello, Position};
use scenarios::budget::{Earmark, FISCAL_YEAR, Filing, Receive, Step, Town, YEAR};

use super::Seen;
use crate::clock;

/// Commands given at once.
pub(super) const AT_ONCE: usize = 4096;

/// How long a document or a transfer may take until it is carried out.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Pause between two looks at it.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// The channel of all of it.
const CHANNEL: ChannelId = ChannelId(1);

fn fiscal(year: u16) -> Result<FiscalYear> {
    FiscalYear::new(year).with_context(|| format!("{year} is no fiscal year"))
}

/// The connections of a lane, one for each role.
pub(super) struct Desk {
    address: SocketAddr,
    clients: HashMap<Role, Client>,
    pub(super) seen: Rc<Seen>,
    acts: u128,
    /// Where the last answer is true.
    at: Position,
}

impl Desk {
    /// Without a connection yet.
    pub(super) fn new(address: SocketAddr, seen: Rc<Seen>) -> Desk {
        Desk { address, clients: HashMap::new(), seen, acts: 0, at: Position::default() }
    }

    /// Acts are numbered from here on.
    pub(super) fn number_from(&mut self, first: u128) {
        self.acts = first;
    }

    pub(super) async fn client(&mut self, role: Role) -> Result<Client> {
        if let Some(client) = self.clients.get(&role) {
            return Ok(client.clone());
        }
        let hello = Hello::new(role, CHANNEL, "treasury scenario");
        let options = Options { deadline: PATIENCE, ..Options::default() };
        let client = Client::connect(self.address.to_string(), hello, options).await?;
        self.clients.insert(role, client.clone());
        Ok(client)
    }

    /// Compares an answer, and notes where it is true.
    pub(super) fn heard(
        &mut self,
        expected: u16,
        outcome: &Outcome,
        what: impl FnOnce() -> String,
    ) {
        if let Outcome::Done(told) | Outcome::Refused(told) = outcome {
            self.at = self.at.max(told.at);
        }
        self.seen.compare(expected, outcome.code(), what);
    }

    pub(super) fn id(&mut self) -> u128 {
        self.acts += 1;
        self.acts
    }

    fn act(&mut self) -> ActId {
        ActId(self.id())
    }

    /// Does one step.
    pub(super) async fn step(&mut self, town: &Town, step: &Step) -> Result<()> {
        match step {
            Step::Register => self.register(town).await,
            Step::SetYear { year, state, expected } => {
                let state = YearState::from_number(*state).context("a state of a year")?;
                let (act, division) = (self.act(), town.division().index);
                let set = SetYear { act, division, year: fiscal(*year)?, state };
                self.one(town.treasury(), Role::Finance, Body::SetYear(set), *expected).await
            }
            Step::Close(year) => self.close(town, *year).await,
            Step::DefaultRules { maker, checker, own } => {
                self.papers(town, YEAR, &default_rules(*maker, *checker, *own)).await
            }
            Step::Papers { year, list } => self.papers(town, *year, list).await,
            Step::Plans(months) => {
                for month in months {
                    let fund = Class::new(month.fund).context("a fund nature")?;
                    let set = SetLimit {
                        act: self.act(),
                        division: town.division().index,
                        year: FISCAL_YEAR,
                        kind: LimitKind::PlanMonth,
                        key: plan_key(&month.unit, fund),
                        month: month.month,
                        amount_fen: month.amount,
                        checker: PersonId(town.treasury_head()),
                    };
                    self.one(town.treasury(), Role::Finance, Body::SetLimit(set), 0).await?;
                }
                Ok(())
            }
            Step::AwaitDocument(code) => self.await_document(town, code).await,
            Step::AwaitMoney(quota, fen) => self.await_money(*quota, *fen).await,
            Step::Payments(payments) => self.payments(town, payments).await,
            Step::Earmark(earmark) => self.earmark(town, earmark).await,
            Step::Receive(receive) => self.receive(town, receive).await,
        }
    }

    /// Gives one command.
    async fn one(&mut self, person: u64, role: Role, body: Body<'_>, expected: u16) -> Result<()> {
        let command = Command { by: by(person, role), body };
        let heard = self.client(role).await?.submit(&command).await?;
        self.heard(expected, &heard, || format!("{body:?}"));
        Ok(())
    }

    /// Closes a year. What was carried over is settled a moment after it has arrived: until then
    /// there are open items, and it is asked again.
    async fn close(&mut self, town: &Town, year: u16) -> Result<()> {
        let since = clock::now();
        loop {
            let (act, division, year) = (self.act(), town.division().index, fiscal(year)?);
            let set = SetYear { act, division, year, state: YearState::Closed };
            let command =
                Command { by: by(town.treasury(), Role::Finance), body: Body::SetYear(set) };
            let heard = self.client(Role::Finance).await?.submit(&command).await?;
            let open = matches!(heard.code(), Code::OpenItems | Code::CloseOpenItems);
            if open && since.elapsed() < PATIENCE {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            self.heard(0, &heard, || format!("{set:?}"));
            return Ok(());
        }
    }

    async fn register(&mut self, town: &Town) -> Result<()> {
        let division = town.division();
        let register = Register {
            division: division.index,
            code: division.code,
            parent: division.parent,
            name: &division.name,
        };
        self.one(town.treasury(), Role::Operator, Body::Register(register), 0).await
    }

    /// Files papers in their order; those of one role that follow each other go together.
    async fn papers(&mut self, town: &Town, year: u16, list: &[Filing]) -> Result<()> {
        let mut list = list;
        while let Some(first) = list.first() {
            let role = role_of(first)?;
            let mut count = 1;
            while let Some(next) = list.get(count) {
                if role_of(next)? != role || count == AT_ONCE {
                    break;
                }
                count += 1;
            }
            let (some, rest) = list.split_at(count);
            let commands = some.iter().map(|filing| {
                let paper = Paper {
                    act: self.act(),
                    division: town.division().index,
                    year: fiscal(year)?,
                    kind: PaperKind::from_slug(filing.kind).context("a paper")?,
                    batch: BatchId(0),
                    checker: PersonId::NOBODY,
                    day: Day::new(filing.day),
                    text: &filing.text,
                };
                Ok(Command { by: by(filing.person, role), body: Body::File(paper) })
            });
            let commands: Vec<Command<'_>> = commands.collect::<Result<_>>()?;
            let outcomes = self.client(role).await?.submit_all(&commands).await?;
            for (filing, outcome) in some.iter().zip(&outcomes) {
                self.heard(filing.expected, outcome, || told(town, filing, outcome));
            }
            list = rest;
        }
        Ok(())
    }

    /// One row whose key begins so.
    pub(super) async fn row(
        &mut self,
        town: &Town,
        table: Table,
        beginning: &str,
    ) -> Result<Option<String>> {
        let rows = self.rows(town, table, beginning).await?;
        Ok(rows.into_iter().next())
    }

    /// Rows whose key begins so, on the first page.
    async fn rows(&mut self, town: &Town, table: Table, beginning: &str) -> Result<Vec<String>> {
        let list = ListRows {
            asked: Asked { wait_for: self.at, wait_ms: DIRECTORY_WAIT_MS_MAX, ..Asked::default() },
            division: town.division().index,
            year: FISCAL_YEAR,
            table,
            beginning: beginning.to_owned(),
            after: String::new(),
        };
        Ok(self.client(Role::Finance).await?.list_rows(list).await?.rows)
    }

    async fn await_document(&mut self, town: &Town, code: &str) -> Result<()> {
        let since = clock::now();
        loop {
            let row = self.row(town, Table::Document, code).await?.unwrap_or_default();
            let fields: Vec<&str> = row.split('\t').collect();
            match fields.get(10).copied().unwrap_or_default() {
                "done" if fields[0] == code => return Ok(()),
                "failed" | "returned" => bail!("document {code} ended so: {row}"),
                _ if since.elapsed() > PATIENCE => bail!("document {code} never ended: {row}"),
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn await_money(&mut self, quota: QuotaId, due: Fen) -> Result<()> {
        let since = clock::now();
        loop {
            let view = self.client(Role::Finance).await?.quota(quota).await?;
            let left = view.map(|view| view.buckets.available());
            match left {
                Some(left) if left == due.get() => return Ok(()),
                _ if since.elapsed() > PATIENCE => {
                    bail!("quota {quota} has {left:?} fen available and never had {due:?}")
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn earmark(&mut self, town: &Town, earmark: &Earmark) -> Result<()> {
        let act = Act {
            kind: ActKind::Earmark,
            act: self.act(),
            quota: earmark.quota,
            amount_fen: earmark.amount,
            contract: ContractId(earmark.contract),
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        self.one(town.treasury(), Role::Finance, Body::Act(act), earmark.expected).await?;
        let view = self.client(Role::Finance).await?.quota(earmark.quota).await?;
        let there = view.context("a quota that was earmarked on")?.buckets.earmarked;
        self.seen.earmarked_fen.set(self.seen.earmarked_fen.get() + there);
        Ok(())
    }

    /// Waits for what was sent, receives it, and waits until it is where it should be.
    async fn receive(&mut self, town: &Town, receive: &Receive) -> Result<()> {
        let key = self.arrival(town, receive, &["waiting"]).await?;
        let (kind, text) = if receive.row.is_empty() {
            (PaperKind::Decline, format!("{key}\t项目已取消"))
        } else {
            let (number, said) = (&receive.number, receive.said.to_yuan());
            (PaperKind::Receive, format!("{key}\t{number}\t{said}\t{}", receive.row))
        };
        let paper = Paper {
            act: self.act(),
            division: town.division().index,
            year: FISCAL_YEAR,
            kind,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: &text,
        };
        let body = Body::File(paper);
        self.one(town.receiver(), Role::Finance, body, receive.expected).await?;
        if receive.expected == 0 {
            self.arrival(town, receive, &["landed", "returned"]).await?;
        }
        Ok(())
    }

    /// The key of what came by a document, once it is in one of these states.
    async fn arrival(&mut self, town: &Town, receive: &Receive, states: &[&str]) -> Result<String> {
        let since = clock::now();
        loop {
            let rows = self.rows(town, Table::Arrival, "").await?;
            let found = rows.iter().map(|row| row.split('\t').collect::<Vec<_>>()).find(|fields| {
                let amount = fields.get(8).and_then(|amount| Fen::from_yuan(amount).ok());
                fields.get(2) == Some(&&*receive.number) && amount == Some(receive.amount)
            });
            match found {
                Some(fields) if states.contains(&fields[12]) => {
                    return Ok(format!("{}/{}", fields[0], fields[1]));
                }
                found if since.elapsed() > PATIENCE => {
                    bail!("{} is not {}: {found:?}", receive.number, states.join(" or "))
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

pub(super) fn by(person: u64, role: Role) -> By {
    By { person: PersonId(person), role, channel: CHANNEL }
}

/// The rules that come with the program, as papers: proposed in the province, taken over below it, and
/// approved by another person.
fn default_rules(maker: u64, checker: u64, own: bool) -> Vec<Filing> {
    let filing = |person, kind, text| Filing {
        person,
        kind,
        text,
        day: u32::from(YEAR) * 10_000 + 103,
        expected: 0,
    };
    let mut list = Vec::new();
    for text in defaults::papers() {
        let ids: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
        let ids = ids.join("\n");
        list.push(if own {
            filing(maker, "rule-propose", text)
        } else {
            // The province's first version of each.
            let first = |line: &str| line.replacen('\t', "\t1\t", 1);
            let lines: Vec<String> = text.lines().map(first).collect();
            filing(maker, "rule-inherit", lines.join("\n"))
        });
        list.push(filing(checker, "rule-approve", ids));
    }
    list
}

fn role_of(filing: &Filing) -> Result<Role> {
    let kind = PaperKind::from_slug(filing.kind);
    let kind = kind.with_context(|| format!("{} is no paper", filing.kind))?;
    kind.roles().first().copied().context("a paper that nobody may file")
}

fn told(town: &Town, filing: &Filing, outcome: &Outcome) -> String {
    let mut place = String::new();
    if let Outcome::Refused(told) = outcome {
        let figures = told.refusal.iter().flat_map(domain::Refusal::figures);
        let place_of = |(line, _): (i64, i64)| filing.text.lines().nth(line.max(1) as usize - 1);
        let figures = figures.filter_map(|figure| {
            let at = figure.place()?;
            Some(format!(" at {at:?}: {:?}", place_of(at)))
        });
        place = figures.collect();
    }
    let first = filing.text.lines().next().unwrap_or_default();
    format!("{}, {} by {} ({first}){place}", town.code(), filing.kind, filing.person)
}
