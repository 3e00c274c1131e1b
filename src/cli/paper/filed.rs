//! Papers on their way: as many as the lines need, one after the other, each with an id that follows
//! from the first.

use std::fmt::Write as _;
use std::io::Write;
use std::ops::Range;

use anyhow::Result;
use domain::command::{Body, By, Command, Paper};
use domain::ids::{ActId, BatchId, Day, PersonId};
use domain::limits::{PAPER_BYTES_MAX, RULES_PAPER_BYTES};
use domain::office::paper::PaperKind;
use domain::{Code, Refusal, Role};
use protocol::client::{Options, Outcome, Told};
use protocol::json::{code_json, figures_json, position_json};
use protocol::{Client, Hello};
use serde_json::{Value, json};

use super::How;
use super::lines::{self, Line};
use crate::cli::connection::{CHANNEL, failure};
use crate::cli::file;
use crate::cli::import::files::Wrong;
use crate::entropy;
use crate::exit::{Exit, Failure};

/// Lines of papers of one kind.
pub(in crate::cli) struct Part {
    pub(in crate::cli) kind: PaperKind,
    /// A line that stands first in each of its papers.
    pub(in crate::cli) first: Option<Line>,
    /// Lines that stay together.
    pub(in crate::cli) blocks: Vec<Vec<Line>>,
}

/// Files lines as papers of a business day, part by part, and tells what came of it.
///
/// # Errors
/// If the lines fit no paper, the server cannot be reached, or it refuses them.
pub(in crate::cli) fn file(how: &How, day: Option<Day>, parts: Vec<Part>) -> Result<Exit> {
    let all = parts.iter().flat_map(|part| part.first.iter().chain(part.blocks.iter().flatten()));
    let wrong: Vec<Wrong> = all.filter_map(Line::unfit).collect();
    if !wrong.is_empty() {
        return Err(lines::unfit(&wrong));
    }
    let base = how.act.map_or_else(entropy::uuid, Ok)?;
    let role = role(how, parts[0].kind);
    let mut papers = Papers { how, day, role, base, parts, filed: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let refused = runtime.block_on(async {
        let client = connect(how, role).await?;
        papers.send(&client).await
    })?;
    papers.say(refused)
}

/// In which capacity: as given, or the first that may.
fn role(how: &How, kind: PaperKind) -> Role {
    how.role.or(kind.roles().first().copied()).unwrap_or(Role::Finance)
}

async fn connect(how: &How, role: Role) -> Result<Client> {
    let hello = Hello::new(role, CHANNEL, "treasury");
    let address = how.connect.to_string();
    Client::connect(address, hello, Options::default()).await.map_err(failure)
}

/// A paper that was filed, or refused: its part and blocks, its act, what was answered.
struct Filed {
    part: usize,
    blocks: Range<usize>,
    act: u128,
    told: Told,
}

struct Papers<'a> {
    how: &'a How,
    day: Option<Day>,
    role: Role,
    /// The id of the paper that has all lines; others follow from it.
    base: u128,
    parts: Vec<Part>,
    filed: Vec<Filed>,
}

impl Papers<'_> {
    /// Sends one paper after the other; gives the one that was refused.
    async fn send(&mut self, client: &Client) -> Result<Option<Filed>> {
        // What comes next stands last.
        let mut waiting = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            waiting.extend(cut(part)?.into_iter().map(|blocks| (at, blocks)));
        }
        waiting.reverse();
        while let Some((part, blocks)) = waiting.pop() {
            let act = self.act(part, &blocks);
            let filed = match self.one(client, part, &blocks, act).await? {
                Outcome::Done(told) => Filed { part, blocks, act, told },
                // It changes more than an event holds: in two halves it changes less.
                Outcome::Refused(told) if told.result.code == Code::TooMany && blocks.len() > 1 => {
                    let middle = blocks.start + blocks.len() / 2;
                    waiting.push((part, middle..blocks.end));
                    waiting.push((part, blocks.start..middle));
                    continue;
                }
                Outcome::Refused(told) => return Ok(Some(Filed { part, blocks, act, told })),
                Outcome::Unknown => {
                    let what = anyhow::anyhow!(
                        "nobody knows whether {} was filed: give the same again with --act {:032x}",
                        self.parts[part].kind.slug(),
                        self.base
                    );
                    return Err(Failure::new(Exit::Unreachable, what).into());
                }
            };
            self.filed.push(filed);
        }
        Ok(None)
    }

    /// The id of a paper: the one that was given or drawn where it has all lines.
    fn act(&self, part: usize, blocks: &Range<usize>) -> u128 {
        if self.parts.len() == 1 && blocks.len() == self.parts[part].blocks.len() {
            return self.base;
        }
        let place = format!("{:032x}/{part}/{}/{}", self.base, blocks.start, blocks.end);
        let hash = blake3::hash(place.as_bytes());
        let (half, _) = hash.as_bytes().split_at(16);
        u128::from_le_bytes(half.try_into().expect("sixteen bytes"))
    }

    /// The lines of a paper, in their order.
    fn lines(&self, part: usize, blocks: &Range<usize>) -> impl Iterator<Item = &Line> {
        let part = &self.parts[part];
        part.first.iter().chain(part.blocks[blocks.clone()].iter().flatten())
    }

    fn slug(&self, filed: &Filed) -> &'static str {
        self.parts[filed.part].kind.slug()
    }

    fn count(&self, filed: &Filed) -> usize {
        self.lines(filed.part, &filed.blocks).count()
    }

    async fn one(
        &self,
        client: &Client,
        part: usize,
        blocks: &Range<usize>,
        act: u128,
    ) -> Result<Outcome> {
        let text = self.lines(part, blocks).map(Line::text).collect::<Vec<_>>().join("\n");
        let command = Command {
            by: By { person: PersonId(self.how.person), role: self.role, channel: CHANNEL },
            body: Body::File(Paper {
                act: ActId(act),
                division: self.how.division,
                year: self.how.year,
                kind: self.parts[part].kind,
                batch: BatchId(0),
                checker: PersonId::NOBODY,
                day: self.day,
                text: &text,
            }),
        };
        let dry = self.how.dry_run;
        let sent = if dry { client.check(&command).await } else { client.submit(&command).await };
        sent.map_err(failure)
    }

    fn say(&self, refused: Option<Filed>) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        if self.how.json {
            writeln!(out, "{}", self.json(refused.as_ref()))?;
            return Ok(if refused.is_none() { Exit::Ok } else { Exit::Refused });
        }
        for filed in &self.filed {
            writeln!(out, "{}", self.sentence(filed))?;
        }
        match refused {
            None => Ok(Exit::Ok),
            Some(refused) => Err(self.refusal(&refused)),
        }
    }

    fn sentence(&self, filed: &Filed) -> String {
        let (slug, at) = (self.slug(filed), filed.told.at);
        let lines = counted(self.count(filed));
        match (filed.told.result.checked, filed.told.result.repeat) {
            (true, _) => format!("{slug} would be filed: {lines}"),
            (_, true) => format!("{slug} was filed before, as act {:032x}", filed.act),
            _ => format!("{slug} filed at {at}, act {:032x}: {lines}", filed.act),
        }
    }

    /// Where the server points to, as people find it.
    fn places(&self, refused: &Filed) -> Vec<Wrong> {
        let lines: Vec<&Line> = self.lines(refused.part, &refused.blocks).collect();
        let figures = refused.told.refusal.iter().flat_map(Refusal::figures);
        let places = figures.filter_map(|figure| figure.place());
        let wrong = |(line, column): (i64, i64)| {
            let at = usize::try_from(line).ok()?.checked_sub(1)?;
            Some(lines.get(at)?.wrong(column))
        };
        places.filter_map(wrong).collect()
    }

    fn refusal(&self, refused: &Filed) -> anyhow::Error {
        let code = refused.told.result.code;
        let mut text = format!("{} is refused: {}", self.slug(refused), file::words(code));
        for place in self.places(refused) {
            let _ = write!(text, "\n  {}", lines::shown(&place));
        }
        text.push_str(&file::figures(refused.told.refusal.as_ref()));
        if !self.filed.is_empty() {
            let before: usize = self.filed.iter().map(|filed| self.count(filed)).sum();
            let _ = write!(text, "\n  {} before it went in other papers", counted(before));
        }
        let _ = write!(text, "\n  next: {}", code.next_step());
        Failure::new(Exit::Refused, anyhow::anyhow!(text)).into()
    }

    fn json(&self, refused: Option<&Filed>) -> Value {
        let one = |filed: &Filed| {
            let mut told = code_json(filed.told.result.code);
            told["paper"] = json!(self.slug(filed));
            told["act"] = json!(format!("{:032x}", filed.act));
            told["lines"] = json!(self.count(filed));
            told["repeat"] = json!(filed.told.result.repeat);
            told["position"] = position_json(filed.told.at);
            if let Some(refusal) = &filed.told.refusal {
                told["figures"] = figures_json(refusal);
            }
            told
        };
        let places = refused.map(|refused| self.places(refused)).unwrap_or_default();
        json!({
            "dry_run": self.how.dry_run,
            "taken": refused.is_none(),
            "papers": self.filed.iter().chain(refused).map(one).collect::<Vec<_>>(),
            "wrong": places.iter().map(Wrong::json).collect::<Vec<_>>(),
        })
    }
}

/// The blocks of each paper of a part: as many as fit.
fn cut(part: &Part) -> Result<Vec<Range<usize>>> {
    let bound = match part.kind {
        PaperKind::RulePropose | PaperKind::RuleInherit => RULES_PAPER_BYTES,
        _ => PAPER_BYTES_MAX,
    };
    let bound = bound - part.first.as_ref().map_or(0, |line| line.text().len() + 1);
    let (mut papers, mut bytes) = (Vec::<Range<usize>>::new(), 0);
    for (at, block) in part.blocks.iter().enumerate() {
        let more = lines::must_fit(block, bound)?;
        match papers.last_mut() {
            Some(paper) if bytes + more <= bound => {
                paper.end = at + 1;
                bytes += more;
            }
            _ => {
                papers.push(at..at + 1);
                bytes = more;
            }
        }
    }
    Ok(papers)
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}
