//! `treasury payment show` and `treasury payment explain`.

mod collect;
mod explain;
mod now;
mod story;

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::Fen;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId};
use protocol::json::payment_json;
use protocol::views::PaymentView;
use protocol::{ClientError, IdKind, OutcomeView};

use super::quota::posts;
use super::{arguments, connection, show, words};
use crate::exit::{Exit, Failure};

/// Look at payments.
#[derive(Args)]
pub(super) struct Payment {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show where a payment stands.
    Show(ShowPayment),
    /// Tell a payment's whole way in words, in English and Chinese.
    Explain(explain::ExplainPayment),
}

impl Payment {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::Show(show) => show.run(),
            What::Explain(explain) => explain.run(),
        }
    }
}

/// Show where a payment stands.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury payment show 01927c5e-4b7a-7d11-9a41-000000000001 --quota 184/2022/17 \\
      --connect 127.0.0.1:7370
  treasury payment show 01927c5e-4b7a-7d11-9a41-000000000001 --division 184 --year 2022 \\
      --connect 127.0.0.1:7370 --json")]
struct ShowPayment {
    /// The payment's id.
    #[arg(value_parser = arguments::payment)]
    payment: PaymentId,
    /// Its quota, or another of the same division and year.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA", required_unless_present_all = ["division", "year"], conflicts_with_all = ["division", "year"])]
    quota: Option<QuotaId>,
    /// Its division's index.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX", requires = "year")]
    division: Option<DivisionIndex>,
    /// Its fiscal year.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR", requires = "division")]
    year: Option<FiscalYear>,
    /// The server.
    #[arg(long, value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is known under a payment's id.
enum Known {
    Payment(Box<PaymentView>),
    Ended(OutcomeView),
    Nothing,
}

impl ShowPayment {
    fn run(self) -> Result<Exit> {
        let (division, year) = match (self.quota, self.division, self.year) {
            (Some(quota), ..) => (quota.division(), quota.year()),
            (None, Some(division), Some(year)) => (division, year),
            _ => unreachable!("a quota, or a division and a year, is required"),
        };
        let id = self.payment;
        let known = connection::ask(self.connect, async |client| {
            if let Some(view) = client.payment(division, year, id).await? {
                return Ok::<_, ClientError>(Known::Payment(Box::new(view)));
            }
            let outcome = client.outcome(IdKind::Payment, division, year, id.0).await?;
            Ok(outcome.map_or(Known::Nothing, Known::Ended))
        })?;
        let what = match known {
            Known::Payment(view) => {
                let mut out = std::io::stdout().lock();
                if self.json {
                    writeln!(out, "{}", payment_json(&view))?;
                } else {
                    print(&mut out, &view)?;
                }
                return Ok(Exit::Ok);
            }
            Known::Ended(OutcomeView { refusal: Some(refusal), .. }) => anyhow::anyhow!(
                "payment {id} was refused: {}; its id is ended; next: {}",
                words::refusal(&refusal),
                refusal.code.next_step(),
            ),
            Known::Ended(OutcomeView { result, .. }) => anyhow::anyhow!(
                "payment {id} was refused: {}; its id is ended; next: {}",
                result.code,
                result.code.next_step(),
            ),
            Known::Nothing => anyhow::anyhow!(
                "the server at {} knows no payment {id} of division {} in {}; check id, division \
                 and year",
                self.connect,
                division.0,
                year.get(),
            ),
        };
        Err(Failure::new(Exit::Refused, what).into())
    }
}

fn print(out: &mut impl Write, view: &PaymentView) -> std::io::Result<()> {
    let now = now::of(view);
    writeln!(out, "payment {}", view.payment)?;
    let ending = view.ending.map_or_else(String::new, |ending| format!(" ({ending})"));
    writeln!(out, "state        {}{ending}", view.state)?;
    writeln!(out, "             {}", now.english)?;
    writeln!(out, "             {}", now.chinese)?;
    writeln!(out, "quota        {}  指标", view.quota)?;
    let amounts = [show::yuan(view.amount_fen), show::yuan(view.executed_fen)];
    let width = amounts.iter().map(|text| text.chars().count()).max().unwrap_or_default();
    writeln!(out, "asked        {:>width$}  申请", amounts[0])?;
    writeln!(out, "executed     {:>width$}  执行", amounts[1])?;
    for refund in &view.refunds {
        let word = if refund.settled { "settled  已入库" } else { "under way  在途" };
        let (amount, number) = (show::yuan(refund.amount_fen), refund.number);
        let pool = if refund.to_pool { ", to the recovered pool" } else { "" };
        writeln!(out, "refund       {amount:>width$}  number {number}{pool}, {word}")?;
    }
    writeln!(out, "business     {}, {}, {}", view.kind, view.method, show::day(view.day))?;
    writeln!(out, "path         {}  清算方式", view.path)?;
    writeln!(out, "class        {}  部门经济分类", view.economic.as_str())?;
    if view.contract.is_some() {
        writeln!(out, "contract     {}  合同", view.contract.0)?;
    }
    writeln!(out, "posts        needs {}, has {}", posts(view.posts), posts(view.approved))?;
    writeln!(out, "maker        {}  经办", person(view.maker))?;
    let approvers = view.approvers.iter().filter(|&&approver| approver != PersonId::NOBODY);
    for approver in approvers {
        writeln!(out, "approver     {}  审核", approver.0)?;
    }
    if view.rule_version != 0 {
        writeln!(out, "rule         version {} approved it in one act", view.rule_version)?;
    }
    writeln!(out, "instructor   {}  支付令", person(view.instructor))?;
    for step in &view.steps {
        writeln!(out, "order        {} {} by person {}", step.kind, step.serial, step.person.0)?;
    }
    for fact in &view.facts {
        writeln!(out, "fact         {} {} on channel {}", fact.kind, fact.serial, fact.channel.0)?;
    }
    let deadline = match view.deadline_ms {
        0 => "none".to_owned(),
        deadline => show::time(deadline),
    };
    writeln!(out, "deadline     {deadline}")?;
    writeln!(out, "record       {}", view.sequence)
}

fn person(id: PersonId) -> String {
    if id == PersonId::NOBODY { "nobody".to_owned() } else { id.0.to_string() }
}

/// What has come back of a payment, settled or not.
fn refunded(view: &PaymentView) -> Fen {
    Fen::new(view.refunds.iter().map(|refund| refund.amount_fen.get()).sum())
}
