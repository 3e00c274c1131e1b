//! `treasury payment payroll`: a sheet (工资表、批量明细) over several quotas, reserved in all of them or in none, each
//! payment naming the digest of its payees.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use domain::codes::{BusinessKind, Method, Role};
use domain::command::{Body, By, Reserve};
use domain::ids::{Class, ContractId, Day, PaymentId, PersonId, QuotaId};
use domain::particulars::{Particulars, ParticularsText};
use domain::voucher::papers::PAYEE_SHEET;
use domain::voucher::payees::Matched;
use domain::voucher::{Field, VoucherKey, form};
use domain::{Code, Command, Fen};
use protocol::client::{Options, Outcome};
use protocol::json::code_json;
use protocol::{Client, Hello};
use serde_json::{Value, json};

use super::held::{Held, held};
use super::sheet::{Part, Sheet, both_sides, table, table_json};
use crate::cli::connection::{self, CHANNEL};
use crate::cli::file::{figures, words};
use crate::cli::voucher::key;
use crate::cli::{arguments, show};
use crate::entropy;
use crate::exit::{Exit, Failure};

/// Reserve a payroll sheet in all its quotas, or in none (工资统发).
#[derive(Args)]
#[command(after_help = "\
A sheet is a CSV file whose first row is quota,name,account,bank_number,amount: a row for each payee, the amount in
yuan. Each of its quotas becomes one payment of their sum to the account over which the bank settles batches. All
are reserved, or none is: what one quota lacks refuses the whole sheet. Given again with the same --id it takes
effect once. What a rule holds is told with its code, and the command ends with 3.

Each cell is held against the form of the voucher on which it goes to the bank (8207) before anything is reserved.
The account over which batches are settled has to be on file as a payee, and on the white list where a rule asks for
that.

Those who failed are paid again by a sheet as `treasury payment failed` writes it, reserved with --again.

Each payment names the digest of its payees (PayeeSheet) among its official numbers. Whoever approves it approves
them: finance's store takes no others beside the order. With --match nothing is reserved unless the sheet's sum of
each quota is exactly what is given, and it has no other quota.

Examples:
  treasury payment payroll july.csv --sheet 2022-07 --person 11 --day 2022-07-08 \\
      --payee-name 代发工资专户 --payee-account 102888 --payee-bank 102451099999 \\
      --connect 127.0.0.1:7370")]
pub(super) struct Payroll {
    /// The sheet.
    #[arg(value_name = "SHEET.csv")]
    file: PathBuf,
    /// The sheet's official number.
    #[arg(long)]
    sheet: String,
    /// Who asks for it, by staff number.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    person: u64,
    /// The business date.
    #[arg(long, value_parser = arguments::day, value_name = "YYYY-MM-DD")]
    day: Day,
    /// What a quota is to pay of it; give it for each quota, or for none.
    #[arg(long = "match", value_name = "QUOTA=YUAN", value_parser = quota_amount)]
    matches: Vec<(QuotaId, Fen)>,
    /// The order beside which these payees failed: they are paid again.
    #[arg(long, value_name = "VOUCHER", value_parser = key)]
    again: Option<VoucherKey>,
    /// A batch of other payments (批量), not payroll.
    #[arg(long)]
    batch: bool,
    /// Departmental economic class.
    #[arg(long, default_value = "30101", value_name = "CLASS")]
    economic: String,
    /// What it is for.
    #[arg(long, default_value = "代发工资")]
    purpose: String,
    /// Name of the account over which the bank settles batches.
    #[arg(long, value_name = "NAME")]
    payee_name: String,
    /// That account.
    #[arg(long, value_name = "ACCOUNT")]
    payee_account: String,
    /// Number of its bank (联行号): twelve digits.
    #[arg(long, value_name = "NUMBER", value_parser = bank_number)]
    payee_bank: String,
    /// Id of the first payment, the others count on from it. Drawn if not given.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    id: Option<u128>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn bank_number(text: &str) -> Result<String, String> {
    match form::holds(Field::PayeeBankNumber, text) {
        true => Ok(text.to_owned()),
        false => Err("a bank's number has twelve digits".to_owned()),
    }
}

fn quota_amount(text: &str) -> Result<(QuotaId, Fen), String> {
    let parts = text.split_once('=').ok_or("write a quota, `=` and yuan, like 5/2022/1=800.00")?;
    Ok((arguments::quota(parts.0)?, arguments::yuan(parts.1)?))
}

impl Payroll {
    pub(super) fn run(self) -> Result<Exit> {
        let sheet = Sheet::read(&self.file)?;
        if sheet.is_again()? != self.again.is_some() {
            let what = "a sheet whose lines name those that failed (of) is reserved with --again and the order they failed \
                 beside, and no other is; `treasury payment failed` writes such a sheet";
            return Err(Failure::usage(what).into());
        }
        if !self.matches.is_empty() {
            both_sides(&sheet.matched(&sums(self.matches.iter().copied())))?;
        }
        let payments = sheet.payments(self.id.map_or_else(entropy::uuid, Ok)?)?;
        let economic = Class::new(&self.economic)
            .ok_or_else(|| Failure::usage(format!("--economic {:?} is no class", self.economic)))?;
        let encoded: Vec<Vec<u8>> = payments.iter().map(|part| self.texts(part).encode()).collect();
        let particulars: Result<Vec<Particulars<'_>>, Code> =
            encoded.iter().map(|encoded| Particulars::parse(encoded)).collect();
        let particulars = particulars
            .map_err(|code| Failure::usage(format!("the texts do not fit: {}", words(code))))?;
        let by = By { person: PersonId(self.person), role: Role::Maker, channel: CHANNEL };
        let kind = if self.batch { BusinessKind::Batch } else { BusinessKind::Payroll };
        let reserve = |(&Part { payment, quota, amount_fen, .. }, particulars)| {
            let body = Body::Reserve(Reserve {
                payment,
                quota,
                amount_fen,
                economic,
                method: Method::Centralized,
                kind,
                day: self.day,
                contract: ContractId::NONE,
                plan: ContractId::NONE,
                deadline_ms: 0,
                one_act: false,
                particulars,
            });
            Command { by, body }
        };
        let commands: Vec<Command<'_>> = payments.iter().zip(particulars).map(reserve).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let given = runtime.block_on(async {
            let hello = Hello::new(Role::Maker, CHANNEL, "treasury payment payroll");
            let address = self.connect.to_string();
            let client = Client::connect(address, hello, Options::default()).await?;
            let outcomes = client.submit_run(&commands).await?;
            let held = held(&client, &payments, &outcomes).await;
            Ok((outcomes, held))
        });
        let (outcomes, held) = given.map_err(connection::failure)?;
        let held = held.map_err(|error| {
            let first = payments.first().map_or(PaymentId::NONE, |part| part.payment);
            let what = "the sheet is reserved, and nobody knows whether it is held: give the same again with --id";
            Failure::new(Exit::Unreachable, anyhow::anyhow!("{what} {first}: {error}"))
        })?;
        self.say(&sheet, &payments, &outcomes, &held)
    }

    /// What one of its payments says: the sheet's number, and its payees by their digest.
    fn texts(&self, part: &Part) -> ParticularsText {
        ParticularsText {
            payee_name: self.payee_name.clone(),
            payee_account: self.payee_account.clone(),
            payee_bank: self.payee_bank.clone(),
            purpose: self.purpose.clone(),
            document: self.sheet.clone(),
            numbers: self.numbers(part),
        }
    }

    /// The official numbers of one of its payments.
    fn numbers(&self, part: &Part) -> String {
        let again = self.again.map_or(String::new(), |order| format!(" {order}"));
        format!("{}{again} {PAYEE_SHEET}={}", self.sheet, part.digest)
    }

    fn say(
        &self,
        sheet: &Sheet,
        payments: &[Part],
        outcomes: &[Outcome],
        held: &[Held],
    ) -> Result<Exit> {
        let first = payments.first().map_or(PaymentId::NONE, |part| part.payment);
        if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown)) {
            let what = anyhow::anyhow!(
                "nobody knows whether the sheet was reserved: give the same again with --id {first}"
            );
            return Err(Failure::new(Exit::Unreachable, what).into());
        }
        let refused = payments.iter().zip(outcomes).find_map(|(part, outcome)| match outcome {
            Outcome::Refused(told) if told.result.code != Code::LinkedRefused => Some((part, told)),
            _ => None,
        });
        let reserved = payments.iter().filter(|_| refused.is_none());
        let matched = sheet.matched(&sums(reserved.map(|part| (part.quota, part.amount_fen))));
        let exit = if refused.is_some() || !held.is_empty() { Exit::Refused } else { Exit::Ok };
        if self.json {
            let line = |(part, outcome)| line(part, outcome, held);
            let all: Vec<Value> = payments.iter().zip(outcomes).map(line).collect();
            let told = json!({
                "reserved": exit == Exit::Ok,
                "held": !held.is_empty(),
                "payments": all,
                "matched": table_json(&matched),
            });
            writeln!(std::io::stdout(), "{told}")?;
            return Ok(exit);
        }
        if let Some((part, told)) = refused {
            let (code, quota) = (told.result.code, part.quota);
            let amount = show::yuan(part.amount_fen);
            let text = format!(
                "the sheet is refused, and nothing of it is reserved: {amount} of {quota}: {}{}\n  next: {}\n{}",
                words(code),
                figures(told.refusal.as_ref()),
                code.next_step(),
                table(&matched).trim_end(),
            );
            return Err(Failure::new(Exit::Refused, anyhow::anyhow!(text)).into());
        }
        self.print(payments, &matched)?;
        if held.is_empty() {
            let number = &self.sheet;
            writeln!(
                std::io::stdout(),
                "sheet {number} is reserved, its first payment is {first}"
            )?;
            return Ok(exit);
        }
        let told: Vec<String> = held.iter().map(Held::told).collect();
        let text =
            format!("sheet {} is held, first payment {first}:\n{}", self.sheet, told.join("\n"));
        Err(Failure::new(exit, anyhow::anyhow!(text)).into())
    }

    fn print(&self, payments: &[Part], matched: &[Matched]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        for Part { payment, quota, amount_fen, payees, digest, .. } in payments {
            let amount = show::yuan(*amount_fen);
            writeln!(out, "payment {payment} reserves {amount} on {quota} for {payees} payees")?;
            writeln!(out, "  their sheet is {digest}")?;
        }
        write!(out, "{}", table(matched))
    }
}

/// What became of a payment of the sheet, as JSON.
fn line(part: &Part, outcome: &Outcome, held: &[Held]) -> Value {
    let mut line = code_json(outcome.code());
    line["payment"] = json!(part.payment.to_string());
    line["quota"] = json!(part.quota.to_string());
    line["amount"] = json!(part.amount_fen.to_yuan());
    line["payees"] = json!(part.payees);
    line["sheet"] = json!(part.digest.to_string());
    if let Some(held) = held.iter().find(|held| held.payment == part.payment) {
        held.put(&mut line);
    }
    line
}

/// What quotas pay, in fen; of one that stands twice the sum.
fn sums(pays: impl Iterator<Item = (QuotaId, Fen)>) -> BTreeMap<QuotaId, i128> {
    pays.fold(BTreeMap::new(), |mut sums, (quota, amount_fen)| {
        *sums.entry(quota).or_default() += i128::from(amount_fen.get());
        sums
    })
}
