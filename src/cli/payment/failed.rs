//! `treasury payment failed`: the sheet of those who got nothing of an order, to be mended and paid again.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use domain::voucher::VoucherKey;
use serde_json::{Value, json};

use super::sheet::COLUMNS;
use crate::cli::exchange::say;
use crate::cli::voucher::key;
use crate::exit::{Exit, Failure};

/// Write the sheet of the payees of an order who got nothing (失败明细), to be paid again.
#[derive(Args)]
#[command(after_help = "\
Each line of it names the number of the line that failed (of), and why. Mend the accounts, leave the amounts; then reserve it
with `payment payroll --again VOUCHER` and give it with `payment payees`, as any sheet. Whoever is paid again already,
or is about to be, is not in it. A file that is there is not written over.

Examples:
  treasury payment failed 370000000-2022-8202-0000000001 --to again.csv --exchange 127.0.0.1:7009")]
pub(super) struct Failed {
    /// The order beside which they stood: division, year, kind and number.
    #[arg(value_parser = key)]
    voucher: VoucherKey,
    /// The file.
    #[arg(long, value_name = "SHEET.csv")]
    to: PathBuf,
    /// Where finance's voucher store hears people.
    #[arg(long, value_name = "ADDRESS")]
    exchange: SocketAddr,
}

impl Failed {
    pub(super) fn run(self) -> Result<Exit> {
        let failed = self.asked()?;
        if failed.is_empty() {
            let what = anyhow::anyhow!(
                "nobody beside {} is to be paid again: all were paid, or are paid again or about to be",
                self.voucher
            );
            return Err(Failure::new(Exit::Refused, what).into());
        }
        let name = self.to.display();
        let file = OpenOptions::new().write(true).create_new(true).open(&self.to);
        let file = file.map_err(|why| Failure::file(format_args!("cannot write {name}"), &why))?;
        let mut sheet = csv::Writer::from_writer(file);
        sheet.write_record(COLUMNS)?;
        for line in &failed {
            let text = |name: &str| match &line[name] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            sheet.write_record(COLUMNS.map(text))?;
        }
        sheet.flush().with_context(|| format!("cannot write {name}"))?;
        let (count, order) = (failed.len(), self.voucher);
        writeln!(
            std::io::stdout(),
            "{count} payees beside {order} got nothing; they are in {name}"
        )?;
        Ok(Exit::Ok)
    }

    /// All of them, answer by answer.
    fn asked(&self) -> Result<Vec<Value>> {
        let (mut failed, mut after) = (Vec::new(), Value::Null);
        loop {
            let asked = json!({
                "look": "failed",
                "voucher": self.voucher.to_string(),
                "after": after,
            });
            let mut told = say(self.exchange, &asked)?;
            if let Value::Array(more) = told["failed"].take() {
                failed.extend(more);
            }
            after = told["next"].take();
            if after.is_null() {
                return Ok(failed);
            }
        }
    }
}
