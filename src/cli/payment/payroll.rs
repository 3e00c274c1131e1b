//! `treasury payment payroll` and `payees`: a sheet (工资表) over several quotas, reserved in all of them or in none,
//! and its payees beside the orders it becomes.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::codes::{BusinessKind, Method, Role};
use domain::command::{Body, By, Reserve};
use domain::ids::{Class, ContractId, Day, PaymentId, PersonId, QuotaId};
use domain::limits::{LINKED_RUN_COMMANDS_MAX, VOUCHER_DETAILS_MAX};
use domain::particulars::{Particulars, ParticularsText};
use domain::{Code, Command, Fen};
use protocol::client::{Options, Outcome};
use protocol::json::code_json;
use protocol::{Client, Hello};
use serde_json::{Value, json};

use crate::cli::connection::{self, CHANNEL};
use crate::cli::exchange::say;
use crate::cli::file::{figures, words};
use crate::cli::{arguments, show};
use crate::entropy;
use crate::exit::{Exit, Failure};

/// The columns of a sheet, in the order its first row has them.
const COLUMNS: [&str; 5] = ["quota", "name", "account", "bank_number", "amount"];

/// A payment that a sheet becomes.
struct Part {
    payment: PaymentId,
    quota: QuotaId,
    amount_fen: Fen,
    payees: usize,
}

/// A sheet, by quota in the order of their ids: each becomes a payment.
struct Sheet {
    by_quota: BTreeMap<QuotaId, Vec<Payee>>,
}

struct Payee {
    name: String,
    account: String,
    bank_number: String,
    amount_fen: Fen,
}

impl Sheet {
    fn read(path: &PathBuf) -> Result<Sheet> {
        let name = path.display();
        let mut reader =
            csv::Reader::from_path(path).with_context(|| format!("cannot read {name}"))?;
        let found = reader.headers().with_context(|| format!("cannot read {name}"))?;
        if found.iter().ne(COLUMNS) {
            bail!("{name}: the first row has to be {}", COLUMNS.join(","));
        }
        let mut by_quota: BTreeMap<QuotaId, Vec<Payee>> = BTreeMap::new();
        let mut rows = 0;
        for record in reader.records() {
            let record = record.with_context(|| format!("cannot read {name}"))?;
            rows += 1;
            let (quota, payee) =
                row(&record).map_err(|why| anyhow::anyhow!("{name}: row {}: {why}", rows + 1))?;
            by_quota.entry(quota).or_default().push(payee);
        }
        let Some(first) = by_quota.keys().next() else { bail!("{name} has no payee") };
        let (division, year) = (first.division(), first.year());
        if by_quota.keys().any(|quota| (quota.division(), quota.year()) != (division, year)) {
            bail!("{name}: all quotas have to be of one division and year; write a sheet for each");
        }
        if rows > VOUCHER_DETAILS_MAX || by_quota.len() > LINKED_RUN_COMMANDS_MAX {
            bail!(
                "{name} has {rows} payees over {} quotas; a sheet has at most {VOUCHER_DETAILS_MAX}, over \
                 {LINKED_RUN_COMMANDS_MAX}",
                by_quota.len()
            );
        }
        Ok(Sheet { by_quota })
    }

    /// Each quota with its sum, and the payment it becomes: numbered from `first` on.
    fn payments(&self, first: u128) -> Result<Vec<Part>> {
        let sum = |payees: &[Payee]| {
            payees.iter().try_fold(Fen::ZERO, |sum, payee| sum.checked_add(payee.amount_fen))
        };
        let one = |(at, (quota, payees)): (usize, (&QuotaId, &Vec<Payee>))| {
            let amount_fen =
                sum(payees).with_context(|| format!("{quota} pays more than there is"))?;
            let payment = PaymentId(first.wrapping_add(at as u128));
            Ok(Part { payment, quota: *quota, amount_fen, payees: payees.len() })
        };
        self.by_quota.iter().enumerate().map(one).collect()
    }
}

fn row(record: &csv::StringRecord) -> Result<(QuotaId, Payee), String> {
    let field = |at: usize| record.get(at).unwrap_or("").trim();
    let payee = Payee {
        name: field(1).to_owned(),
        account: field(2).to_owned(),
        bank_number: field(3).to_owned(),
        amount_fen: Fen::from_yuan(field(4)).map_err(|why| why.to_string())?,
    };
    if payee.name.is_empty() || payee.account.is_empty() {
        return Err("a payee has a name and an account".to_owned());
    }
    if !payee.amount_fen.is_payable() {
        return Err(format!("{} cannot be paid", payee.amount_fen.to_yuan()));
    }
    Ok((arguments::quota(field(0))?, payee))
}

/// Reserve a payroll sheet in all its quotas, or in none (工资统发).
#[derive(Args)]
#[command(after_help = "\
A sheet is a CSV file whose first row is quota,name,account,bank_number,amount: a row for each payee, the amount in
yuan. Each of its quotas becomes one payment of their sum to the account over which the bank settles batches. All
are reserved, or none is: what one quota lacks refuses the whole sheet. Given again with the same --id it takes
effect once.

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
    /// Number of its bank (联行号).
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NUMBER")]
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

impl Payroll {
    pub(super) fn run(self) -> Result<Exit> {
        let sheet = Sheet::read(&self.file)?;
        let payments = sheet.payments(self.id.map_or_else(entropy::uuid, Ok)?)?;
        let Some(economic) = Class::new(&self.economic) else {
            bail!("{:?} is no class", self.economic)
        };
        let texts = ParticularsText {
            payee_name: self.payee_name.clone(),
            payee_account: self.payee_account.clone(),
            payee_bank: self.payee_bank.clone(),
            purpose: self.purpose.clone(),
            document: self.sheet.clone(),
            numbers: self.sheet.clone(),
        };
        let encoded = texts.encode();
        let particulars = Particulars::parse(&encoded)
            .map_err(|code| anyhow::anyhow!("the texts do not fit: {}", words(code)))?;
        let by = By { person: PersonId(self.person), role: Role::Maker, channel: CHANNEL };
        let reserve = |&Part { payment, quota, amount_fen, .. }: &Part| {
            let body = Body::Reserve(Reserve {
                payment,
                quota,
                amount_fen,
                economic,
                method: Method::Centralized,
                kind: BusinessKind::Payroll,
                day: self.day,
                contract: ContractId::NONE,
                plan: ContractId::NONE,
                deadline_ms: 0,
                one_act: false,
                particulars,
            });
            Command { by, body }
        };
        let commands: Vec<Command<'_>> = payments.iter().map(reserve).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcomes = runtime.block_on(async {
            let hello = Hello::new(Role::Maker, CHANNEL, "treasury payment payroll");
            let address = self.connect.to_string();
            let client = Client::connect(address, hello, Options::default()).await?;
            client.submit_run(&commands).await
        });
        self.say(&payments, &outcomes.map_err(connection::failure)?)
    }

    fn say(&self, payments: &[Part], outcomes: &[Outcome]) -> Result<Exit> {
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
        let mut out = std::io::stdout().lock();
        if self.json {
            let line = |(part, outcome): (&Part, &Outcome)| {
                let mut line = code_json(outcome.code());
                line["payment"] = json!(part.payment.to_string());
                line["quota"] = json!(part.quota.to_string());
                line["amount"] = json!(part.amount_fen.to_yuan());
                line["payees"] = json!(part.payees);
                line
            };
            let all: Vec<Value> = payments.iter().zip(outcomes).map(line).collect();
            writeln!(out, "{}", json!({ "reserved": refused.is_none(), "payments": all }))?;
            return Ok(if refused.is_some() { Exit::Refused } else { Exit::Ok });
        }
        if let Some((part, told)) = refused {
            let (code, quota) = (told.result.code, part.quota);
            let amount = show::yuan(part.amount_fen);
            let text = format!(
                "the sheet is refused, and nothing of it is reserved: {amount} of {quota}: {}{}\n  next: {}",
                words(code),
                figures(told.refusal.as_ref()),
                code.next_step()
            );
            return Err(Failure::new(Exit::Refused, anyhow::anyhow!(text)).into());
        }
        for Part { payment, quota, amount_fen, payees } in payments {
            let amount = show::yuan(*amount_fen);
            writeln!(out, "payment {payment} reserves {amount} on {quota} for {payees} payees")?;
        }
        writeln!(out, "sheet {} is reserved, its first payment is {first}", self.sheet)?;
        Ok(Exit::Ok)
    }
}

/// Give the payees of a payroll sheet to finance's store, beside the orders it has become (8207).
#[derive(Args)]
#[command(after_help = "\
Once its payments are ordered, the bank waits for who gets what of each. Payees that failed are listed by
`treasury exchange look … voucher`; they are paid again by a payment that names the voucher, with a sheet of its own.

Examples:
  treasury payment payees july.csv --id 01927c5e-4b7a-7d11-9a41-000000000001 \\
      --exchange 127.0.0.1:7009")]
pub(super) struct Payees {
    /// The sheet.
    #[arg(value_name = "SHEET.csv")]
    file: PathBuf,
    /// Id of its first payment.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    id: u128,
    /// Where finance's voucher store hears people.
    #[arg(long, value_name = "ADDRESS")]
    exchange: SocketAddr,
}

impl Payees {
    pub(super) fn run(self) -> Result<Exit> {
        let sheet = Sheet::read(&self.file)?;
        let mut by_voucher: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for Part { payment, quota, .. } in sheet.payments(self.id)? {
            let voucher = self.voucher_of(payment, quota)?;
            let payees = by_voucher.entry(voucher).or_default();
            payees.extend(sheet.by_quota[&quota].iter().map(|payee| {
                let mut said = json!({
                    "payment": payment.to_string(),
                    "name": payee.name,
                    "account": payee.account,
                    "amount": payee.amount_fen.to_yuan(),
                });
                if !payee.bank_number.is_empty() {
                    said["bank_number"] = json!(payee.bank_number);
                }
                said
            }));
        }
        let mut out = std::io::stdout().lock();
        for (voucher, payees) in by_voucher {
            let count = payees.len();
            say(self.exchange, &json!({ "order": "sheet", "voucher": voucher, "payees": payees }))?;
            writeln!(out, "{count} payees go beside {voucher}")?;
        }
        Ok(Exit::Ok)
    }

    fn voucher_of(&self, payment: PaymentId, quota: QuotaId) -> Result<String> {
        let asked = json!({
            "look": "payment",
            "division": quota.division().0,
            "year": quota.year().get(),
            "payment": payment.to_string(),
        });
        let told = say(self.exchange, &asked)?;
        let voucher = told["voucher"]["voucher"].as_str();
        let why = told["without_voucher"].as_str().unwrap_or("it is not ordered yet");
        voucher.map(str::to_owned).ok_or_else(|| {
            let what = anyhow::anyhow!("payment {payment} on {quota} has no voucher: {why}");
            Failure::new(Exit::Refused, what).into()
        })
    }
}
