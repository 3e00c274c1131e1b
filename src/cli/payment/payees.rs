//! `treasury payment payees`: the payees of a sheet, beside the orders it has become (8207).

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use domain::Fen;
use domain::ids::{PaymentId, QuotaId};
use serde_json::{Value, json};

use super::sheet::{Part, Payee, Sheet, both_sides, table};
use crate::cli::arguments;
use crate::cli::exchange::say;
use crate::exit::{Exit, Failure};

/// Give the payees of a payroll sheet to finance's store, beside the orders it has become (8207).
#[derive(Args)]
#[command(after_help = "\
Once its payments are ordered, the bank waits for who gets what of each. The sheet has to be the one that was approved
with them, line by line. `treasury payment failed` writes the sheet of those who got nothing; they are paid again by a
payment that names the voucher, with that sheet.

Examples:
  treasury payment payees july.csv --id 01927c5e-4b7a-7d11-9a41-000000000001 \\
      --by 王芳 --exchange 127.0.0.1:7009")]
pub(super) struct Payees {
    /// The sheet.
    #[arg(value_name = "SHEET.csv")]
    file: PathBuf,
    /// Id of its first payment.
    #[arg(long, value_parser = arguments::id, value_name = "UUID")]
    id: u128,
    /// Who gives them.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Where finance's voucher store hears people.
    #[arg(long, value_name = "ADDRESS")]
    exchange: SocketAddr,
}

/// The order that a payment of a sheet has become.
struct Ordered {
    voucher: String,
    amount_fen: i128,
    /// Whether its payees are given already, and have not come back.
    is_given: bool,
}

/// What goes beside an order.
#[derive(Default)]
struct Beside<'a> {
    is_given: bool,
    parts: Vec<Part>,
    payees: Vec<(PaymentId, &'a Payee)>,
}

impl Payees {
    pub(super) fn run(self) -> Result<Exit> {
        let sheet = Sheet::read(&self.file)?;
        let mut by_voucher: BTreeMap<String, Beside<'_>> = BTreeMap::new();
        let mut pays = BTreeMap::new();
        for part in sheet.payments(self.id)? {
            let (payment, quota) = (part.payment, part.quota);
            let Ordered { voucher, amount_fen, is_given } = self.ordered(payment, quota)?;
            pays.insert(quota, amount_fen);
            let beside = by_voucher.entry(voucher).or_default();
            beside.is_given = is_given;
            beside.payees.extend(sheet.by_quota[&quota].iter().map(|payee| (payment, payee)));
            beside.parts.push(part);
        }
        let sums = sheet.matched(&pays);
        // Another sheet is told as that, whatever it sums up to.
        for (voucher, beside) in by_voucher.iter().filter(|(_, beside)| beside.is_given) {
            self.is_the_same(voucher, &beside.parts)?;
        }
        both_sides(&sums)?;
        let mut out = std::io::stdout().lock();
        for (voucher, Beside { is_given, payees, .. }) in by_voucher {
            let count = payees.len();
            if is_given {
                writeln!(out, "{voucher} has its payees already, and they are these")?;
                continue;
            }
            let payees: Vec<Value> = payees.iter().map(|(of, payee)| said(*of, payee)).collect();
            let order = json!({
                "order": "sheet",
                "voucher": voucher,
                "payees": payees,
                "by": self.by,
            });
            say(self.exchange, &order)?;
            writeln!(out, "{count} payees go beside {voucher}")?;
        }
        write!(out, "{}", table(&sums))?;
        Ok(Exit::Ok)
    }

    /// That the payees whom an order has are those of the sheet.
    fn is_the_same(&self, voucher: &str, parts: &[Part]) -> Result<()> {
        let told = say(self.exchange, &json!({ "look": "sheet", "voucher": voucher }))?;
        let refused = |what: String| Err(Failure::new(Exit::Refused, anyhow::anyhow!(what)).into());
        let Some(sent) = told["sent"].as_object() else {
            return refused(format!(
                "the sheet of {voucher} has just come back; give the same again"
            ));
        };
        let other = parts.iter().find(|part| {
            sent.get(&part.payment.to_string()) != Some(&json!(part.sent.to_string()))
        });
        let Some(Part { payment, quota, .. }) = other else { return Ok(()) };
        refused(format!(
            "{voucher} has other payees than {} for payment {payment} on {quota}; nothing was done. `treasury voucher show \
             {voucher}` tells its sheet, which is {}",
            self.file.display(),
            told["sheet"].as_str().unwrap_or_default(),
        ))
    }

    fn ordered(&self, payment: PaymentId, quota: QuotaId) -> Result<Ordered> {
        let asked = json!({
            "look": "payment",
            "division": quota.division().0,
            "year": quota.year().get(),
            "payment": payment.to_string(),
        });
        let told = say(self.exchange, &asked)?;
        let Some(voucher) = told["voucher"]["voucher"].as_str() else {
            let why = told["without_voucher"].as_str().unwrap_or("it is not ordered yet");
            let what = anyhow::anyhow!("payment {payment} on {quota} has no voucher: {why}");
            return Err(Failure::new(Exit::Refused, what).into());
        };
        let mut amount_fen = 0;
        for detail in told["voucher"]["details"].as_array().into_iter().flatten() {
            let ordered = Fen::from_yuan(detail["ordered"].as_str().unwrap_or_default());
            amount_fen += i128::from(ordered.context("finance tells no amount")?.get());
        }
        let is_given =
            !told["voucher"]["sheet"].is_null() && told["voucher"]["sheet_back"].is_null();
        Ok(Ordered { voucher: voucher.to_owned(), amount_fen, is_given })
    }
}

/// A payee as the order `sheet` has it.
fn said(payment: PaymentId, payee: &Payee) -> Value {
    let mut said = json!({
        "payment": payment.to_string(),
        "name": payee.name,
        "account": payee.account,
        "amount": payee.amount_fen.to_yuan(),
    });
    if !payee.bank_number.is_empty() {
        said["bank_number"] = json!(payee.bank_number);
    }
    if let Some(of) = payee.of {
        said["of"] = json!(of);
    }
    said
}
