//! A sheet of payees as a file: who gets what of which quota (工资表、批量明细).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use domain::Fen;
use domain::ids::{PaymentId, QuotaId};
use domain::limits::{LINKED_RUN_COMMANDS_MAX, VOUCHER_DETAILS_MAX};
use domain::money::yuan_plain;
use domain::voucher::payees::{Matched, PayeeLine, SheetDigest, matched};
use exchange::finance::sheet::sheet_digest;
use serde_json::{Value, json};

use super::row::{Row, outside_gbk, row, unfit};
use crate::exit::{Exit, Failure};

/// The columns of a sheet, in the order its first row has them. The last two stand on a sheet of those who are paid again:
/// which line failed, and why, which nobody reads.
pub(super) const COLUMNS: [&str; 7] =
    ["quota", "name", "account", "bank_number", "amount", "of", "why"];

/// So many of them stand on every sheet.
const COLUMNS_OF_ALL: usize = 5;

/// Wrong cells of a sheet that are told at once.
const WRONG_TOLD_MAX: usize = 20;

/// A payment that a sheet becomes.
pub(super) struct Part {
    pub(super) payment: PaymentId,
    pub(super) quota: QuotaId,
    pub(super) amount_fen: Fen,
    /// How many it pays.
    pub(super) payees: usize,
    /// By which it names them.
    pub(super) digest: SheetDigest,
    /// The same of what goes to the bank of them: all but whom they pay again.
    pub(super) sent: SheetDigest,
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
    /// Reads a sheet, and holds it against the form of the voucher on which it goes to the bank.
    ///
    /// # Errors
    /// When it cannot be read, or is no such sheet: each wrong cell is told with its place.
    pub(super) fn read(path: &Path) -> Result<Sheet> {
        let name = path.display();
        let wrong = |what: String| Failure::usage(format!("{name}: {what}"));
        let unread = |why: csv::Error| match why.kind() {
            csv::ErrorKind::Io(why) => Failure::file(format_args!("cannot read {name}"), why),
            _ => Failure::usage(format!("cannot read {name}: {why}")),
        };
        let mut reader = csv::Reader::from_path(path).map_err(unread)?;
        let found = reader.headers().map_err(unread)?;
        let of_all = &COLUMNS[..COLUMNS_OF_ALL];
        if !found.iter().eq(of_all.iter().copied()) && !found.iter().eq(COLUMNS) {
            let (plain, again) = (of_all.join(","), COLUMNS.join(","));
            let what =
                format!("the first row has to be {plain}, or {again} of those who are paid again");
            return Err(wrong(what).into());
        }
        let mut rows = Vec::new();
        let mut told = Vec::new();
        for record in reader.records() {
            match row(&record.map_err(unread)?) {
                Ok(row) => rows.push(row),
                Err(why) => told.push(why),
            }
        }
        told.extend(unfit(&rows));
        if !told.is_empty() {
            let (count, some) = (told.len(), &told[..told.len().min(WRONG_TOLD_MAX)]);
            return Err(wrong(format!("wrong cells: {count}\n  {}", some.join("\n  "))).into());
        }
        for note in outside_gbk(&rows).iter().take(WRONG_TOLD_MAX) {
            eprintln!("{name}: {note}");
        }
        Sheet::of(rows).map_err(|what| wrong(what).into())
    }

    fn of(rows: Vec<Row>) -> Result<Sheet, String> {
        let count = rows.len();
        let mut by_quota: BTreeMap<QuotaId, Vec<Payee>> = BTreeMap::new();
        for Row { quota, payee, .. } in rows {
            by_quota.entry(quota).or_default().push(payee);
        }
        let first = *by_quota.keys().next().ok_or("it has no payee")?;
        let book = (first.division(), first.year());
        if by_quota.keys().any(|quota| (quota.division(), quota.year()) != book) {
            return Err(
                "all quotas have to be of one division and year; write a sheet for each".to_owned()
            );
        }
        if count > VOUCHER_DETAILS_MAX || by_quota.len() > LINKED_RUN_COMMANDS_MAX {
            return Err(format!(
                "it has {count} payees over {} quotas; a sheet has at most {VOUCHER_DETAILS_MAX}, over \
                 {LINKED_RUN_COMMANDS_MAX}",
                by_quota.len()
            ));
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
            let what =
                "some lines name one that failed (of) and others do not; write a sheet for each";
            return Err(Failure::usage(what).into());
        }
        Ok(again != 0)
    }

    /// Each quota with its sum and its digest, and the payment it becomes: numbered from `first` on.
    pub(super) fn payments(&self, first: u128) -> Result<Vec<Part>> {
        let sum = |payees: &[Payee]| {
            payees.iter().try_fold(Fen::ZERO, |sum, payee| sum.checked_add(payee.amount_fen))
        };
        let one = |(at, (quota, payees)): (usize, (&QuotaId, &Vec<Payee>))| {
            let amount_fen = sum(payees)
                .ok_or_else(|| Failure::usage(format!("{quota} pays more than there is")))?;
            let payment = PaymentId(first.wrapping_add(at as u128));
            let lines = || payees.iter().map(|payee| payee.line(*quota));
            let digest = sheet_digest(lines());
            let sent = sheet_digest(lines().map(|line| PayeeLine { again: 0, ..line }));
            Ok(Part { payment, quota: *quota, amount_fen, payees: payees.len(), digest, sent })
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
