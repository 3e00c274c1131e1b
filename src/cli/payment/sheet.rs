//! A sheet of payees as a file: who gets what of which quota (工资表、批量明细).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use domain::Fen;
use domain::ids::{PaymentId, QuotaId};
use domain::limits::{LINKED_RUN_COMMANDS_MAX, VOUCHER_DETAILS_MAX};
use domain::money::yuan_plain;
use domain::voucher::payees::{Matched, PayeeLine, SheetDigest, matched};
use exchange::finance::sheet::sheet_digest;
use serde_json::{Value, json};

use crate::cli::arguments;
use crate::exit::{Exit, Failure};

/// The columns of a sheet, in the order its first row has them. The last two stand on a sheet of those who are paid again:
/// which line failed, and why, which nobody reads.
pub(super) const COLUMNS: [&str; 7] =
    ["quota", "name", "account", "bank_number", "amount", "of", "why"];

/// So many of them stand on every sheet.
const COLUMNS_OF_ALL: usize = 5;

/// A payment that a sheet becomes.
pub(super) struct Part {
    pub(super) payment: PaymentId,
    pub(super) quota: QuotaId,
    pub(super) amount_fen: Fen,
    /// How many it pays.
    pub(super) payees: usize,
    /// By which it names them.
    pub(super) digest: SheetDigest,
}

/// A sheet, by quota in the order of their ids: each becomes a payment.
pub(super) struct Sheet {
    pub(super) by_quota: BTreeMap<QuotaId, Vec<Payee>>,
}

pub(super) struct Payee {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) bank_number: String,
    pub(super) amount_fen: Fen,
    /// The line that failed which it pays again, by its number.
    pub(super) of: Option<u32>,
}

impl Sheet {
    pub(super) fn read(path: &Path) -> Result<Sheet> {
        let name = path.display();
        let mut reader =
            csv::Reader::from_path(path).with_context(|| format!("cannot read {name}"))?;
        let found = reader.headers().with_context(|| format!("cannot read {name}"))?;
        let of_all = &COLUMNS[..COLUMNS_OF_ALL];
        if !found.iter().eq(of_all.iter().copied()) && !found.iter().eq(COLUMNS) {
            let (plain, again) = (of_all.join(","), COLUMNS.join(","));
            bail!(
                "{name}: the first row has to be {plain}, or {again} of those who are paid again"
            );
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

    /// Whether its lines pay others again, all or none of them.
    ///
    /// # Errors
    /// When some do.
    pub(super) fn is_again(&self) -> Result<bool> {
        let all = || self.by_quota.values().flatten();
        let again = all().filter(|payee| payee.of.is_some()).count();
        if again != 0 && again != all().count() {
            bail!("some lines name one that failed (of) and others do not; write a sheet for each");
        }
        Ok(again != 0)
    }

    /// Each quota with its sum and its digest, and the payment it becomes: numbered from `first` on.
    pub(super) fn payments(&self, first: u128) -> Result<Vec<Part>> {
        let sum = |payees: &[Payee]| {
            payees.iter().try_fold(Fen::ZERO, |sum, payee| sum.checked_add(payee.amount_fen))
        };
        let one = |(at, (quota, payees)): (usize, (&QuotaId, &Vec<Payee>))| {
            let amount_fen =
                sum(payees).with_context(|| format!("{quota} pays more than there is"))?;
            let payment = PaymentId(first.wrapping_add(at as u128));
            let digest = sheet_digest(payees.iter().map(|payee| payee.line(*quota)));
            Ok(Part { payment, quota: *quota, amount_fen, payees: payees.len(), digest })
        };
        self.by_quota.iter().enumerate().map(one).collect()
    }

    /// Its sums held against what each quota pays, in fen.
    pub(super) fn matched(&self, quotas: &BTreeMap<QuotaId, i128>) -> Vec<Matched> {
        let sum = |payees: &Vec<Payee>| {
            payees.iter().map(|payee| i128::from(payee.amount_fen.get())).sum::<i128>()
        };
        let sums = self.by_quota.iter().map(|(quota, payees)| (*quota, sum(payees)));
        matched(&sums.collect(), quotas)
    }
}

impl Payee {
    fn line(&self, quota: QuotaId) -> PayeeLine<'_> {
        PayeeLine {
            quota,
            amount_fen: self.amount_fen,
            name: &self.name,
            account: &self.account,
            bank_number: &self.bank_number,
            again: self.of.unwrap_or(0),
        }
    }
}

fn row(record: &csv::StringRecord) -> Result<(QuotaId, Payee), String> {
    let field = |at: usize| record.get(at).unwrap_or("").trim();
    let payee = Payee {
        name: field(1).to_owned(),
        account: field(2).to_owned(),
        bank_number: field(3).to_owned(),
        amount_fen: Fen::from_yuan(field(4)).map_err(|why| why.to_string())?,
        of: match field(5) {
            "" => None,
            of => Some(of.parse().map_err(|_| format!("`{of}` is no number of a line"))?),
        },
    };
    if payee.name.is_empty() || payee.account.is_empty() {
        return Err("a payee has a name and an account".to_owned());
    }
    if !payee.amount_fen.is_payable() {
        return Err(format!("{} cannot be paid", payee.amount_fen.to_yuan()));
    }
    Ok((arguments::quota(field(0))?, payee))
}

/// That a sheet and what its quotas pay are the same on both sides.
///
/// # Errors
/// Where either is over the other, with the table of both.
pub(super) fn both_sides(sums: &[Matched]) -> Result<()> {
    let Some(why) = sums.iter().find_map(|one| one.both_sides().err()) else { return Ok(()) };
    let table = table(sums);
    let what = anyhow::anyhow!("{}: {why}; nothing was done\n{table}", why.chinese());
    Err(Failure::new(Exit::Refused, what.context("the sheet does not match")).into())
}

/// Sheet total, matched and unmatched, by quota and in all.
pub(super) fn table(sums: &[Matched]) -> String {
    let rows = sums.iter().map(|one| (one.quota.to_string(), figures(one)));
    let mut rows: Vec<(String, [i128; 4])> = rows.collect();
    let total =
        rows.iter().fold([0; 4], |all, (_, row)| std::array::from_fn(|at| all[at] + row[at]));
    rows.push(("all  合计".to_owned(), total));
    let mut told = String::new();
    for (what, row) in rows {
        let [sheet, matched, unmatched, beyond] = row.map(yuan_plain);
        let _ = write!(
            told,
            "{what}: sheet 明细 {sheet}, matched 已匹配 {matched}, unmatched 未匹配 {unmatched}"
        );
        if row[3] != 0 {
            let _ = write!(told, ", and {beyond} of the quota is on no sheet 指标多出");
        }
        told.push('\n');
    }
    told
}

fn figures(one: &Matched) -> [i128; 4] {
    [one.sheet_fen, one.matched_fen(), one.unmatched_fen(), one.beyond_fen()]
}

/// The same as JSON, a row for each quota.
pub(super) fn table_json(sums: &[Matched]) -> Value {
    let row = |one: &Matched| {
        let [sheet, matched, unmatched, beyond] = figures(one).map(yuan_plain);
        json!({
            "quota": one.quota.to_string(),
            "sheet": sheet,
            "matched": matched,
            "unmatched": unmatched,
            "beyond": beyond,
        })
    };
    sums.iter().map(row).collect()
}
