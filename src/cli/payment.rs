//! `treasury payment show`, and where the other commands about payments are.

pub(super) mod collect;
mod correct;
pub(super) mod explain;
mod failed;
mod held;
mod list;
pub(super) mod now;
mod payees;
mod payroll;
mod reasons;
mod row;
mod settled;
mod sheet;
pub(super) mod story;
mod vouchers;

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::Fen;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId};
use protocol::directory::{AsOf, StateAt, Subject};
use protocol::json::payment_json;
use protocol::views::PaymentView;
use protocol::{Answer, ClientError, IdKind, LookUp, OutcomeView};

use self::vouchers::OfPayment;
use super::history::HistoryArguments;
use super::quota::posts;
use super::words::{PROGRAM, PROGRAM_CHINESE, is_no_person};
use super::{arguments, connection, moment, show, words};
use crate::exit::{Exit, Failure};

/// List payments, and look at one.
#[derive(Args)]
pub(super) struct Payment {
    /// What to do.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List payments by state, quota, unit, payee, number and age.
    List(list::ListPayments),
    /// Show where a payment stands, or stood.
    Show(ShowPayment),
    /// List every event of a payment.
    History(PaymentHistory),
    /// Tell a payment's whole way in words, in English and Chinese.
    Explain(explain::ExplainPayment),
    /// Charge another quota with a settled payment, in place of the one that bore it (更正).
    Correct(correct::CorrectPayment),
    /// Reserve a payroll sheet in all its quotas, or in none (工资统发).
    Payroll(payroll::Payroll),
    /// Give the payees of a payroll sheet to finance's store, beside its orders.
    Payees(payees::Payees),
    /// Write the sheet of the payees of an order who got nothing (失败明细), to be paid again.
    Failed(failed::Failed),
}

impl Payment {
    pub(super) fn run(self) -> Result<Exit> {
        match self.what {
            What::List(list) => list.run(),
            What::Show(show) => show.run(),
            What::History(history) => history.run(),
            What::Explain(explain) => explain.run(),
            What::Correct(correct) => correct.run(),
            What::Payroll(payroll) => payroll.run(),
            What::Payees(payees) => payees.run(),
            What::Failed(failed) => failed.run(),
        }
    }
}

/// List every event of a payment.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury payment history 01927c5e-4b7a-7d11-9a41-000000000001 --connect 127.0.0.1:7370
  treasury payment history 01927c5e-4b7a-7d11-9a41-000000000001 --division 184 --year 2022 \\
      --as-of 2022-03-04 --connect 127.0.0.1:7370 --json")]
struct PaymentHistory {
    /// The payment's id.
    #[arg(value_parser = arguments::payment)]
    payment: PaymentId,
    /// Its division's index; without it, every one that knows the id.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX", requires = "year")]
    division: Option<DivisionIndex>,
    /// Its fiscal year.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR", requires = "division")]
    year: Option<FiscalYear>,
    #[command(flatten)]
    how: HistoryArguments,
}

impl PaymentHistory {
    fn run(self) -> Result<Exit> {
        let subject = Subject::Payment { book: self.division.zip(self.year), id: self.payment };
        self.how.run(subject, &format!("payment {}", self.payment))
    }
}

/// Show where a payment stands, or stood.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury payment show 01927c5e-4b7a-7d11-9a41-000000000001 --quota 184/2022/17 \\
      --connect 127.0.0.1:7370
  treasury payment show 01927c5e-4b7a-7d11-9a41-000000000001 --quota 184/2022/17 \\
      --as-of 2022-03-04T16:30 --connect 127.0.0.1:7370
  treasury payment show 01927c5e-4b7a-7d11-9a41-000000000001 --division 184 --year 2022 \\
      --connect 127.0.0.1:7370 --json
  treasury payment show 01927c5e-4b7a-7d11-9a41-000000000001 --division 184 --year 2022 \\
      --connect 127.0.0.1:7370 --exchange 127.0.0.1:7009")]
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
    /// As it stood at this position (epoch/sequence) or Beijing time, folded from the journal.
    #[arg(long, value_parser = moment::as_of, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Where finance's voucher store hears people: the payment's vouchers are told too, as they stand now.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "as_of")]
    exchange: Option<SocketAddr>,
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
        if self.as_of.is_some() {
            return self.run_as_of(division, year);
        }
        let known = connection::ask(self.connect, async |client| {
            if let Some(view) = client.payment(division, year, id).await? {
                return Ok::<_, ClientError>(Known::Payment(Box::new(view)));
            }
            let outcome = client.outcome(IdKind::Payment, division, year, id.0).await?;
            Ok(outcome.map_or(Known::Nothing, Known::Ended))
        })?;
        let what = match known {
            Known::Payment(view) => {
                let ask = |exchange| OfPayment::ask(exchange, &[], (division, year), id);
                let vouchers = self.exchange.map(ask).transpose()?;
                let mut out = std::io::stdout().lock();
                if self.json {
                    let mut told = payment_json(&view);
                    if let Some(vouchers) = vouchers {
                        told["exchange"] = vouchers.json();
                    }
                    writeln!(out, "{told}")?;
                } else {
                    print(&mut out, &view)?;
                    if let Some(vouchers) = vouchers {
                        vouchers.print(&mut out)?;
                    }
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

    fn run_as_of(&self, division: DivisionIndex, year: FiscalYear) -> Result<Exit> {
        let look_up = LookUp::Payment { division, year, id: self.payment };
        let asked = moment::asked(self.as_of, None);
        let then = connection::ask_patiently(self.connect, async |client| {
            client.state_at(StateAt { asked, look_up }).await
        })?;
        let Answer::Payment(view) = then.answer else {
            let what = anyhow::anyhow!(
                "payment {} of division {} in {} was not known at {}, {}; check id and moment",
                self.payment,
                division.0,
                year.get(),
                then.at,
                show::time(then.time_ms),
            );
            return Err(Failure::new(Exit::Refused, what).into());
        };
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", moment::json_as_of(payment_json(&view), then.at, then.time_ms))?;
        } else {
            writeln!(out, "as of {}, {}", then.at, show::time(then.time_ms))?;
            print(&mut out, &view)?;
        }
        Ok(Exit::Ok)
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
        writeln!(out, "approver     {}  审核", person(*approver))?;
    }
    if view.rule_version != 0 {
        writeln!(out, "rule         version {} approved it in one act", view.rule_version)?;
    }
    writeln!(out, "instructor   {}  支付令", person(view.instructor))?;
    for step in &view.steps {
        let by = match is_no_person(step.person) {
            true => format!("{PROGRAM}, {PROGRAM_CHINESE}"),
            false => format!("person {}", step.person.0),
        };
        writeln!(out, "order        {} {} by {by}", step.kind, step.serial)?;
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
    match id {
        PersonId::NOBODY => "nobody".to_owned(),
        id if is_no_person(id) => format!("{PROGRAM}, {PROGRAM_CHINESE}"),
        id => id.0.to_string(),
    }
}

/// What has come back of a payment, settled or not.
fn refunded(view: &PaymentView) -> Fen {
    Fen::new(view.refunds.iter().map(|refund| refund.amount_fen.get()).sum())
}
