//! The payments of one quota, as the last step of a drill-down.

use super::cell::Spent;
use super::page::{Form, Report, ReportColumn, RowText, Statement};
use super::question::{NoReport, ReportQuestion};
use super::sources::Sources;
use crate::codes::PaymentState;
use crate::ids::{PaymentId, QuotaId};
use crate::limits::REPORT_ROWS_MAX;
use crate::money::{Fen, FenSum, yuan_grouped};

/// What is known of a payment.
#[derive(Clone, Copy, Debug)]
pub struct PaymentRow {
    /// Its id.
    pub id: PaymentId,
    /// Where it stands.
    pub state: PaymentState,
    /// What was asked for.
    pub amount_fen: Fen,
    /// What was executed.
    pub executed_fen: Fen,
    /// When it was reserved, in ms since 1970.
    pub reserved_ms: u64,
    /// When its last event was, in ms since 1970.
    pub changed_ms: u64,
}

/// The report by payment: rows of the payments of the quota that the question names.
///
/// # Errors
/// When the question names no quota of its year, or a period.
pub fn by_payment(
    sources: &Sources<'_>,
    question: &ReportQuestion,
    payments: impl Iterator<Item = PaymentRow>,
) -> Result<Report, NoReport> {
    let quota = question.quota.ok_or(NoReport::NoQuota)?;
    let known = sources.ledger.quota(quota).filter(|_| quota.year() == question.year);
    let (figures, _) = known.ok_or(NoReport::NoQuota)?;
    if question.upto.is_some() {
        return Err(NoReport::NoPeriods);
    }
    let (mut rows, mut text, mut total) = (Vec::new(), RowText::default(), (0, 0));
    for payment in payments {
        if rows.len() >= REPORT_ROWS_MAX {
            return Err(NoReport::TooManyRows);
        }
        let spent = question.basis.of(spent(sources, quota, &payment));
        text.text(&payment.id.to_string()).text(payment.state.slug());
        text.number(payment.amount_fen.get()).number(spent);
        rows.push(text.number(payment.reserved_ms).number(payment.changed_ms).line());
        total.0 += FenSum::from(payment.amount_fen.get());
        total.1 += spent;
    }
    let total = text.text("total 合计").text("").number(total.0).number(total.1);
    let total = total.text("").text("").line();
    let (title, chinese) = question.kind.title();
    let (basis, basis_chinese) = question.basis.words();
    let of_quota = question.basis.of(figures.spent);
    let statements = vec![
        Statement::new("year", "年度", &question.year.get().to_string()),
        Statement::new("scope", "范围", &format!("quota 指标 {quota} {}", (sources.key)(quota))),
        Statement::new("basis", "口径", &format!("{}, {basis_chinese}: {basis}", question.basis)),
        Statement::new(
            "quota",
            "指标",
            &format!("{} to spend, {} spent", yuan_grouped(figures.own), yuan_grouped(of_quota)),
        ),
    ];
    let column = ReportColumn::new;
    let columns = vec![
        column("payment", "支付", Form::Text),
        column("state", "状态", Form::Text),
        column("amount", "申请金额", Form::Fen),
        column("spent", "执行数", Form::Fen),
        column("reserved_at", "申请时间", Form::TimeMs),
        column("changed_at", "最近变动", Form::TimeMs),
    ];
    let (title, chinese) = (title.into(), chinese.into());
    Ok(Report { title, chinese, statements, columns, rows, total })
}

/// What a payment spent, net of refunds.
fn spent(sources: &Sources<'_>, quota: QuotaId, payment: &PaymentRow) -> Spent {
    let executed = FenSum::from(payment.executed_fen.get());
    let own = match payment.state {
        PaymentState::Paid => Spent { paid: executed, cleared: 0 },
        PaymentState::Cleared => Spent { paid: executed, cleared: executed },
        _ => Spent::default(),
    };
    own.and(sources.ledger.refunds((quota.division(), quota.year()), payment.id))
}
