//! What is asked of a report.

use super::calendar::TenDays;
use super::cell::Spent;
use crate::codes::numbered;
use crate::ids::{FiscalYear, QuotaId};
use crate::limits::REPORT_ROWS_MAX;
use crate::money::FenSum;

numbered! {
    /// A report.
    ReportKind {
        /// Execution against what may be spent, and against the plan (预算执行情况).
        Execution = 1, "execution";
        /// The ten-day execution report (预算执行旬报).
        TenDay = 2, "ten-day";
        /// The monthly execution report (预算执行月报).
        Monthly = 3, "monthly";
        /// The half-monthly roll-out bulletin (上线进度通报).
        Bulletin = 4, "bulletin";
        /// What lower divisions do otherwise, by the province's approval (规则偏离报告).
        Deviations = 5, "deviations";
        /// Alerts, raised and cleared (动态监控预警).
        Alerts = 6, "alerts";
    }
}

impl ReportKind {
    /// What it is called on the page, in English and Chinese.
    #[must_use]
    pub const fn title(self) -> (&'static str, &'static str) {
        match self {
            ReportKind::Execution => ("Budget execution", "预算执行情况表"),
            ReportKind::TenDay => ("Ten-day report of budget execution", "预算执行旬报"),
            ReportKind::Monthly => ("Monthly report of budget execution", "预算执行月报"),
            ReportKind::Bulletin => ("Roll-out bulletin", "上线进度通报"),
            ReportKind::Deviations => ("Deviations from the rules in force", "规则偏离情况表"),
            ReportKind::Alerts => ("Alerts", "动态监控预警表"),
        }
    }
}

numbered! {
    /// What a row of an execution report stands for.
    By {
        /// A division, at its own level (区划).
        Division = 1, "division";
        /// The area of each division directly below, and the head's own level (下级全辖).
        Area = 2, "area";
        /// A unit (预算单位).
        Unit = 3, "unit";
        /// A class of functions, three digits (功能分类类级).
        Function = 4, "function";
        /// A function to five digits (款级).
        FunctionGroup = 5, "function-group";
        /// A function to seven digits (项级).
        FunctionItem = 6, "function-item";
        /// Fund nature (资金性质).
        Fund = 7, "fund";
        /// What kind of money (指标类型).
        Kind = 8, "kind";
        /// A month (月份).
        Month = 9, "month";
        /// A ten-day period (旬).
        TenDays = 10, "ten-days";
        /// A quota (指标), of one division.
        Quota = 11, "quota";
        /// A payment (支付), of one quota.
        Payment = 12, "payment";
        /// A township of one division, and the division without townships (乡镇).
        Township = 13, "township";
    }
}

numbered! {
    /// What counts as spent.
    Basis {
        /// What the banks have paid (支付口径): for management.
        Paid = 1, "paid";
        /// What is settled (清算口径): for official statistics.
        Cleared = 2, "cleared";
    }
}

impl Basis {
    pub(super) const fn of(self, spent: Spent) -> FenSum {
        match self {
            Basis::Paid => spent.paid,
            Basis::Cleared => spent.cleared,
        }
    }

    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Basis::Paid => ("paid by the banks, net of refunds that came back", "支付口径"),
            Basis::Cleared => ("settled, net of refunds that were settled", "清算口径"),
        }
    }
}

/// Bytes of a filter's text at most.
pub const FILTER_BYTES_MAX: usize = 32;

/// One question for a report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReportQuestion {
    /// Which report.
    pub kind: ReportKind,
    /// The fiscal year.
    pub year: FiscalYear,
    /// Nine-digit code of the division it is about; empty: the province.
    pub division: Box<str>,
    /// True: the division's whole area (全辖). False: its own level (本级).
    pub whole_area: bool,
    /// What a row stands for, in an execution report.
    pub by: By,
    /// What counts as spent.
    pub basis: Basis,
    /// Whether carry-over counts (含结转).
    pub carry_over: bool,
    /// The ten-day period it goes up to; none: everything, and in a ten-day or monthly report the
    /// period business has come to.
    pub upto: Option<TenDays>,
    /// Only units whose code begins so.
    pub unit: Box<str>,
    /// Only functions at or under this class.
    pub functional: Box<str>,
    /// Only fund natures at or under this one.
    pub fund: Box<str>,
    /// The quota whose payments are rows.
    pub quota: Option<QuotaId>,
}

impl ReportQuestion {
    /// A report of a year over the whole province, by division, on a paid basis, with carry-over.
    #[must_use]
    pub fn new(kind: ReportKind, year: FiscalYear) -> ReportQuestion {
        ReportQuestion {
            kind,
            year,
            division: "".into(),
            whole_area: true,
            by: By::Division,
            basis: Basis::Paid,
            carry_over: true,
            upto: None,
            unit: "".into(),
            functional: "".into(),
            fund: "".into(),
            quota: None,
        }
    }
}

/// Why there is no such report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReport {
    /// The division is not registered.
    #[error("no division {0:?} is registered")]
    NoDivision(Box<str>),
    /// Rows by quota are of one division.
    #[error("a report by quota is of one division's own level: name it as the division")]
    ManyDivisions,
    /// Rows by payment need a quota that exists.
    #[error("a report by payment is of one quota: name one that exists")]
    NoQuota,
    /// It would have more rows than a report may.
    #[error("the report has more than {max} rows: name a unit, a function or a fund nature", max = REPORT_ROWS_MAX)]
    TooManyRows,
    /// Quotas and payments are not kept by period.
    #[error("a report by quota or payment knows no periods: ask for it as it stands")]
    NoPeriods,
}
