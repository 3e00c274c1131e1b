//! `treasury report`: what the directory's running totals say, as a table, CSV, JSON or XLSX.
//!
//! Every form carries the report's basis, scope, position and time.

mod csv;
mod json;
mod sheet;
mod table;
mod xlsx;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use domain::ids::{FiscalYear, QuotaId};
use domain::office::field::DivisionCode;
use domain::office::reports::calendar::TenDays;
use domain::office::reports::question::{self as ask, ReportKind, ReportQuestion};
use protocol::directory::{AsOf, AskReport, Continuation, ReportPage};

use super::{arguments, connection, moment};
use crate::exit::{Exit, Failure};
use sheet::Sheet;

/// Report how the budget is carried out (预算执行), from running totals on a server.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury report execution --year 2022 --connect 127.0.0.1:7370
  treasury report execution --year 2022 --area 370100000 --by area --connect 127.0.0.1:7370
  treasury report execution --year 2022 --division 370102000 --by unit --basis cleared \\
      --carry-over out --upto 2022-02 --connect 127.0.0.1:7370
  treasury report execution --year 2022 --division 370102000 --by quota --unit 101001 \\
      --connect 127.0.0.1:7370
  treasury report execution --year 2022 --quota 12/2022/17 --by payment --connect 127.0.0.1:7370
  treasury report monthly --year 2022 --upto 2022-02 --by function --format xlsx --out 02.xlsx \\
      --connect 127.0.0.1:7370
  treasury report bulletin --year 2022 --format csv --connect 127.0.0.1:7370

A report drills down: from an area by area, to one division by unit, to its quotas, to the payments
of a quota. An area is the sum of its divisions' own levels: transfers to lower divisions are no
spending, and are left out.")]
pub(super) struct Report {
    /// Which report.
    #[command(subcommand)]
    which: Which,
}

#[derive(Subcommand)]
enum Which {
    /// Execution against what may be spent and against the plan (预算执行情况).
    #[command(after_help = "\
Examples:
  treasury report execution --year 2022 --connect 127.0.0.1:7370
  treasury report execution --year 2022 --area 370100000 --by area --connect 127.0.0.1:7370")]
    Execution(ReportArguments),
    /// The ten-day execution report (旬报).
    #[command(after_help = "\
Example:
  treasury report ten-day --year 2022 --upto 2022-02-1 --by function --connect 127.0.0.1:7370")]
    TenDay(ReportArguments),
    /// The monthly execution report (月报).
    #[command(after_help = "\
Example:
  treasury report monthly --year 2022 --upto 2022-02 --by function --format xlsx --out 02.xlsx \\
      --connect 127.0.0.1:7370")]
    Monthly(ReportArguments),
    /// The half-monthly roll-out bulletin (上线进度通报).
    #[command(after_help = "\
Example:
  treasury report bulletin --year 2022 --format csv --connect 127.0.0.1:7370")]
    Bulletin(ReportArguments),
    /// Deviations from the rules, as approved, and what is not the province's (规则偏离).
    #[command(after_help = "\
Example:
  treasury report deviations --year 2022 --division 370102000 --connect 127.0.0.1:7370")]
    Deviations(ReportArguments),
    /// Alerts, raised and cleared (预警).
    #[command(after_help = "\
Example:
  treasury report alerts --year 2022 --area 370100000 --connect 127.0.0.1:7370")]
    Alerts(ReportArguments),
}

impl Report {
    pub(super) fn run(self) -> Result<Exit> {
        match self.which {
            Which::Execution(how) => how.run(ReportKind::Execution),
            Which::TenDay(how) => how.run(ReportKind::TenDay),
            Which::Monthly(how) => how.run(ReportKind::Monthly),
            Which::Bulletin(how) => how.run(ReportKind::Bulletin),
            Which::Deviations(how) => how.run(ReportKind::Deviations),
            Which::Alerts(how) => how.run(ReportKind::Alerts),
        }
    }
}

#[derive(Args)]
struct ReportArguments {
    /// The fiscal year.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR")]
    year: FiscalYear,
    /// This division's own level (本级), by its nine-digit code.
    #[arg(long, value_parser = arguments::division_code, value_name = "CODE")]
    division: Option<DivisionCode>,
    /// This division's whole area (全辖); without either, the whole province.
    #[arg(long, value_parser = arguments::division_code, value_name = "CODE", conflicts_with = "division")]
    area: Option<DivisionCode>,
    /// What a row stands for.
    #[arg(long, value_enum, default_value_t = Rows::Division, value_name = "ROWS")]
    by: Rows,
    /// What counts as spent: paid by the banks, or settled.
    #[arg(long, value_enum, default_value_t = On::Paid, value_name = "BASIS")]
    basis: On,
    /// Whether carry-over counts (含结转, 不含结转).
    #[arg(long, value_enum, default_value_t = CarryOver::In, value_name = "WHETHER")]
    carry_over: CarryOver,
    /// Up to this month (2022-02), ten-day period (2022-02-1) or the adjustment period
    /// (2022-adjustment).
    #[arg(long, value_name = "PERIOD")]
    upto: Option<String>,
    /// Only units (预算单位) whose code begins so.
    #[arg(long, value_parser = filter, value_name = "PREFIX")]
    unit: Option<String>,
    /// Only functional classes (支出功能分类) that begin so.
    #[arg(long, value_parser = filter, value_name = "PREFIX")]
    function: Option<String>,
    /// Only fund natures (资金性质) that begin so.
    #[arg(long, value_parser = filter, value_name = "PREFIX")]
    fund: Option<String>,
    /// The quota whose payments are wanted, with --by payment.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA")]
    quota: Option<QuotaId>,
    /// As it stood at this position (epoch/sequence) or Beijing time, folded from the journal.
    #[arg(long, visible_alias = "as-of-position", value_parser = moment::as_of, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// Wait until the directory has come to this position, for up to ten seconds.
    #[arg(long, value_parser = moment::position, value_name = "POSITION")]
    wait_for: Option<protocol::Position>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    format: Format,
    /// Write it to this file.
    #[arg(long, value_name = "FILE", required_if_eq("format", "xlsx"))]
    out: Option<PathBuf>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
}

/// What a row stands for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// A division, at its own level (区划).
    Division,
    /// Each area directly below, and the head's own level (下级全辖).
    Area,
    /// The townships of a division (乡镇).
    Township,
    /// A unit (预算单位).
    Unit,
    /// A class of functions, three digits (类).
    Function,
    /// Five digits (款).
    FunctionGroup,
    /// Seven digits (项).
    FunctionItem,
    /// Fund nature (资金性质).
    Fund,
    /// What kind of money (指标类型).
    Kind,
    /// A month (月).
    Month,
    /// A ten-day period (旬).
    TenDays,
    /// A quota of one division (指标).
    Quota,
    /// A payment of one quota (支付).
    Payment,
}

impl From<Rows> for ask::By {
    fn from(rows: Rows) -> ask::By {
        match rows {
            Rows::Division => ask::By::Division,
            Rows::Area => ask::By::Area,
            Rows::Township => ask::By::Township,
            Rows::Unit => ask::By::Unit,
            Rows::Function => ask::By::Function,
            Rows::FunctionGroup => ask::By::FunctionGroup,
            Rows::FunctionItem => ask::By::FunctionItem,
            Rows::Fund => ask::By::Fund,
            Rows::Kind => ask::By::Kind,
            Rows::Month => ask::By::Month,
            Rows::TenDays => ask::By::TenDays,
            Rows::Quota => ask::By::Quota,
            Rows::Payment => ask::By::Payment,
        }
    }
}

/// What counts as spent.
#[derive(Clone, Copy, ValueEnum)]
enum On {
    /// What the banks have paid (支付口径).
    Paid,
    /// What is settled (清算口径).
    Cleared,
}

/// Whether carry-over counts.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CarryOver {
    /// It counts.
    In,
    /// It is left out.
    Out,
}

/// How a report is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// One JSON object.
    Json,
    /// An Excel workbook.
    Xlsx,
}

impl ReportArguments {
    fn run(self, kind: ReportKind) -> Result<Exit> {
        let question = self.question(kind).map_err(|why| Failure::new(Exit::Usage, why))?;
        let mut asked = moment::asked(self.as_of, self.wait_for);
        let page = connection::ask_patiently(self.connect, async |client| {
            let mut whole: Option<ReportPage> = None;
            loop {
                let question = question.clone();
                let page = client.report(AskReport { asked, question }).await?;
                asked.after = page.after;
                let whole = match &mut whole {
                    Some(whole) => {
                        whole.report.rows.extend(page.report.rows);
                        whole
                    }
                    None => whole.insert(page),
                };
                if asked.after == Continuation::default() {
                    return Ok(whole.clone());
                }
            }
        })?;
        self.write(&Sheet::of(&page))?;
        Ok(Exit::Ok)
    }

    fn question(&self, kind: ReportKind) -> Result<ReportQuestion> {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
        let upto = self.upto.as_deref().map(|text| period(text, self.year)).transpose();
        Ok(ReportQuestion {
            division: self.division.as_deref().or(self.area.as_deref()).unwrap_or_default().into(),
            whole_area: self.division.is_none(),
            by: self.by.into(),
            basis: match self.basis {
                On::Paid => ask::Basis::Paid,
                On::Cleared => ask::Basis::Cleared,
            },
            carry_over: self.carry_over == CarryOver::In,
            upto: upto.map_err(anyhow::Error::msg)?,
            unit: text(&self.unit),
            functional: text(&self.function),
            fund: text(&self.fund),
            quota: self.quota,
            ..ReportQuestion::new(kind, self.year)
        })
    }

    fn write(&self, sheet: &Sheet) -> Result<()> {
        let bytes = match self.format {
            Format::Table => table::write(sheet).into_bytes(),
            Format::Csv => csv::write(sheet).into_bytes(),
            Format::Json => json::write(sheet).into_bytes(),
            Format::Xlsx => xlsx::write(sheet).context("the workbook cannot be made")?,
        };
        match &self.out {
            Some(path) => write_whole(path, &bytes),
            None => Ok(std::io::stdout().lock().write_all(&bytes)?),
        }
    }
}

/// Writes a file whole: whoever reads it meanwhile sees the one before.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = directory.unwrap_or(Path::new("."));
    let wrong = || format!("cannot write {}", path.display());
    let mut file = tempfile::NamedTempFile::new_in(beside).with_context(wrong)?;
    file.write_all(bytes).with_context(wrong)?;
    file.persist(path).with_context(wrong)?;
    eprintln!("wrote {}", path.display());
    Ok(())
}

fn filter(text: &str) -> Result<String, String> {
    let max = ask::FILTER_BYTES_MAX;
    let good = (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let wrong = || format!("{text:?} begins no code; write letters and digits, at most {max}");
    if good { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// A month, a ten-day period or the adjustment period of a year.
fn period(text: &str, year: FiscalYear) -> Result<TenDays, String> {
    let wrong = || {
        let year = year.get();
        format!(
            "{text:?} is no period of {year}; write a month like {year}-02, ten days of it like \
             {year}-02-1, or {year}-adjustment"
        )
    };
    TenDays::from_name(text, year).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_checked_before_it_is_sent() {
        let year = FiscalYear::from_offset(22);
        assert_eq!(period("2022-02", year), Ok(TenDays::last_of_month(2)));
        assert!(period("2022-13", year).is_err_and(|why| why.contains("2022-02-1")));
        assert!(filter("101001").is_ok() && filter("").is_err() && filter("1 2").is_err());
    }
}
