//! `treasury quota show` and `treasury quota history`, and where documents and transfers are.

mod document;
mod transit;

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::Fen;
use domain::codes::{Post, Posts};
use domain::ids::QuotaId;
use protocol::directory::{AsOf, StateAt, Subject};
use protocol::json::quota_json;
use protocol::views::QuotaView;
use protocol::{Answer, LookUp};

use super::bench::grouped;
use super::history::HistoryArguments;
use super::paper::Filing;
use super::paper::verbs::OfTransfers;
use super::{arguments, connection, moment, show};
use crate::exit::{Exit, Failure};

/// Issue quotas (指标) by documents, receive transfers, and look at quotas.
#[derive(Args)]
pub(super) struct Quota {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show a quota with its equation, as it is or was.
    Show(ShowQuota),
    /// List every event of a quota and of the payments on it.
    History(QuotaHistory),
    /// Write, check, send back and look at quota documents (指标文).
    Document(document::Documents),
    /// List transfers on their way, out and in, with their age.
    Transit(transit::Transit),
    #[command(flatten)]
    Paper(Filing<OfTransfers>),
}

impl Quota {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Show(show) => show.run(),
            What::History(history) => history.run(),
            What::Document(document) => document.run(),
            What::Transit(transit) => transit.run(),
            What::Paper(paper) => paper.run(),
        }
    }
}

/// List every event of a quota and of the payments on it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury quota history 184/2022/17 --connect 127.0.0.1:7370
  treasury quota history 184/2022/17 --newest-first --limit 20 --connect 127.0.0.1:7370
  treasury quota history 184/2022/17 --as-of 2022-03-04T16:30 --connect 127.0.0.1:7370 --json")]
struct QuotaHistory {
    /// The quota: division/year/serial.
    #[arg(value_parser = arguments::quota)]
    quota: QuotaId,
    #[command(flatten)]
    how: HistoryArguments,
}

impl QuotaHistory {
    fn run(self) -> Result<Exit> {
        self.how.run(Subject::Quota(self.quota), &format!("quota {}", self.quota))
    }
}

/// Show a quota with its equation, as it is or was.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury quota show 184/2022/17 --connect 127.0.0.1:7370
  treasury quota show 184/2022/17 --as-of 3/900 --connect 127.0.0.1:7370
  treasury quota show 184/2022/17 --connect 127.0.0.1:7370 --json")]
struct ShowQuota {
    /// The quota: division/year/serial.
    #[arg(value_parser = arguments::quota)]
    quota: QuotaId,
    /// As it stood at this position (epoch/sequence) or Beijing time, folded from the journal.
    #[arg(long, value_parser = moment::as_of, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ShowQuota {
    fn run(self) -> Result<Exit> {
        if self.as_of.is_some() {
            return self.run_as_of();
        }
        let found = connection::ask(self.connect, async |client| client.quota(self.quota).await)?;
        let Some(view) = found else {
            let what = anyhow::anyhow!(
                "the server at {} knows no quota {}; check division, year and serial",
                self.connect,
                self.quota,
            );
            return Err(Failure::new(Exit::Refused, what).into());
        };
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", quota_json(&view))?;
        } else {
            print(&mut out, &view)?;
        }
        Ok(Exit::Ok)
    }

    fn run_as_of(&self) -> Result<Exit> {
        let look_up = LookUp::Quota(self.quota);
        let asked = moment::asked(self.as_of, None);
        let then = connection::ask_patiently(self.connect, async |client| {
            client.state_at(StateAt { asked, look_up }).await
        })?;
        let Answer::Quota(view) = then.answer else {
            let what = anyhow::anyhow!(
                "quota {} was not known at {}, {}; check id and moment",
                self.quota,
                then.at,
                show::time(then.time_ms),
            );
            return Err(Failure::new(Exit::Refused, what).into());
        };
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", moment::json_as_of(quota_json(&view), then.at, then.time_ms))?;
        } else {
            writeln!(out, "as of {}, {}", then.at, show::time(then.time_ms))?;
            print(&mut out, &view)?;
        }
        Ok(Exit::Ok)
    }
}

fn print(out: &mut impl Write, view: &QuotaView) -> std::io::Result<()> {
    writeln!(out, "quota {}  {:?}", view.quota, view.key)?;
    writeln!(out)?;
    equation(out, view)?;
    writeln!(out)?;
    totals(out, view)?;
    writeln!(out)?;
    let (english, chinese) = state(view);
    writeln!(out, "state           {english}  {chinese}")?;
    writeln!(out, "version         {}", grouped(view.version.into()))?;
    writeln!(out, "open payments   {}", grouped(view.open_payments.into()))?;
    writeln!(out, "open contracts  {}", grouped(view.open_contracts.into()))?;
    writeln!(out, "fund nature     {}  资金性质", view.fund.as_str())?;
    let economic = view.economic.as_str();
    writeln!(
        out,
        "economic class  {}  部门经济分类",
        if economic.is_empty() { "any" } else { economic }
    )?;
    writeln!(out, "posts           {}  审核岗", posts(view.posts))?;
    let parent = if view.parent.is_none() { "none".to_owned() } else { view.parent.to_string() };
    writeln!(out, "parent          {parent}  上级指标")?;
    let plan = if view.plan.0 == 0 { "exempt".to_owned() } else { view.plan.0.to_string() };
    writeln!(out, "payment plan    {plan}  用款计划")?;
    let cap = if view.cap_fen == Fen::ZERO {
        String::new()
    } else {
        format!(", at most {}", show::yuan(view.cap_fen))
    };
    writeln!(out, "authority       {}{cap}  批复依据", view.authority)
}

/// A term of a quota's equation: its sign, its name, the amount in fen, the name in Chinese.
pub(super) type Term = (&'static str, &'static str, i64, &'static str);

/// What a quota's available balance is made of: `available = issued − allocated − …`.
pub(super) fn terms(view: &QuotaView) -> [Term; 10] {
    let b = &view.buckets;
    [
        ("=", "issued", b.issued, "下达"),
        ("−", "allocated", b.allocated, "分解"),
        ("−", "transferred", b.transferred, "转移下达"),
        ("−", "frozen", b.frozen, "冻结"),
        ("−", "staged", b.staged, "批次暂留"),
        ("−", "earmarked", b.earmarked, "采购占用"),
        ("−", "reserved", b.reserved, "占用"),
        ("−", "paid", b.paid, "已付"),
        ("−", "cleared", b.cleared, "已清算"),
        ("+", "refunding", b.refunding, "退款在途"),
    ]
}

/// The equation, a line for each term.
fn equation(out: &mut impl Write, view: &QuotaView) -> std::io::Result<()> {
    let terms = terms(view);
    let amounts = terms.map(|(.., fen, _)| show::yuan(Fen::new(fen)));
    let available = show::yuan(Fen::new(view.buckets.available()));
    let width = amounts.iter().chain([&available]).map(|text| text.chars().count()).max();
    let width = width.unwrap_or_default();
    writeln!(out, "  {:<11}  {available:>width$}  可用", "available")?;
    for ((sign, name, _, chinese), amount) in terms.iter().zip(&amounts) {
        writeln!(out, "{sign} {name:<11}  {amount:>width$}  {chinese}")?;
    }
    Ok(())
}

/// The running totals behind `issued`; those that are zero are left out.
fn totals(out: &mut impl Write, view: &QuotaView) -> std::io::Result<()> {
    let t = &view.totals;
    let terms = [
        ("+", "initial", t.initial, "年初下达"),
        ("+", "supplemented", t.supplemented, "追加"),
        ("+", "moved in", t.moved_in, "上级下达"),
        ("+", "vired in", t.vired_in, "调剂转入"),
        ("+", "carried in", t.carried_in, "上年结转"),
        ("−", "cut", t.cut, "追减"),
        ("−", "returned up", t.returned_up, "上交"),
        ("−", "vired out", t.vired_out, "调剂转出"),
        ("−", "recovered", t.recovered, "收回"),
        ("−", "carried out", t.carried_out, "结转下年"),
    ];
    let issued = show::yuan(Fen::new(view.buckets.issued));
    let moved: Vec<_> = terms.into_iter().filter(|(_, _, fen, _)| *fen != 0).collect();
    let amounts: Vec<_> = moved.iter().map(|(_, _, fen, _)| show::yuan(Fen::new(*fen))).collect();
    let width = amounts.iter().chain([&issued]).map(|text| text.chars().count()).max();
    let width = width.unwrap_or_default();
    writeln!(out, "  {:<12}  {issued:>width$}  下达", "issued")?;
    for ((sign, name, _, chinese), amount) in moved.iter().zip(&amounts) {
        writeln!(out, "{sign} {name:<12}  {amount:>width$}  {chinese}")?;
    }
    Ok(())
}

/// Whether payments may be made from it, in both languages.
pub(super) fn state(view: &QuotaView) -> (&'static str, &'static str) {
    match view {
        QuotaView { quarantined: true, .. } => ("quarantined: an operator revives it", "已隔离"),
        QuotaView { closed: true, .. } => ("closed", "已关闭"),
        QuotaView { executable: true, .. } => {
            ("executable: payments may be made from it", "可执行")
        }
        _ => ("not executable: it hands money down", "不可执行"),
    }
}

/// The posts of a set, by name.
pub(super) fn posts(posts: Posts) -> String {
    let named: Vec<&str> =
        Post::ALL.iter().filter(|&&post| posts.contains(post)).map(|post| post.slug()).collect();
    if named.is_empty() { "none".to_owned() } else { named.join(", ") }
}
