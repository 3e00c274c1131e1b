//! Reports (报表): sums over what the journal says, each with its basis and scope on the page.
//!
//! Running totals ([`ledger`]) are folded event by event, so that a report over all payments of a
//! province looks at none of them. Reports change nothing and decide nothing.
//!
//! In reading order:
//!
//! - [`calendar`]: ten-day periods, and how far a year has gone.
//! - [`cell`]: what totals are kept by, and what counts as spent.
//! - [`places`]: the divisions, and which stands under which.
//! - [`ledger`]: the fold; [`memory`]: what it keeps.
//! - [`alerts`]: raised and cleared as the fold goes on.
//! - [`question`]: what is asked.
//! - [`page`]: what is answered.
//! - [`sources`]: what reports are made from.
//! - [`execution`], [`payments`], [`bulletin`], [`lists`]: the reports.

pub mod alerts;
mod bulletin;
pub mod calendar;
pub mod cell;
mod execution;
pub mod ledger;
mod lists;
mod memory;
pub mod page;
pub mod payments;
pub mod places;
pub mod question;
pub mod sources;

pub use ledger::Ledger;
pub use page::Report;
pub use question::{NoReport, ReportKind, ReportQuestion};
pub use sources::Sources;

/// The report that a question asks for; one by payment is made by [`payments::by_payment`].
///
/// # Errors
/// When the question names what is not there.
pub fn report(sources: &Sources<'_>, question: &ReportQuestion) -> Result<Report, NoReport> {
    match question.kind {
        ReportKind::Execution | ReportKind::TenDay | ReportKind::Monthly => {
            execution::report(sources, question)
        }
        ReportKind::Bulletin => bulletin::report(sources, question),
        ReportKind::Deviations => lists::deviations(sources, question),
        ReportKind::Alerts => lists::alerts(sources, question),
    }
}
