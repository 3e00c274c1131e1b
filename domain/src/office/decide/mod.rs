//! What filing a paper does, or why not: a file for each subject.
//!
//! Each decision reads what is on file and gives the rows as they are afterwards. It changes
//! nothing.

mod base;
mod budget;
mod ceiling;
pub(crate) mod commitment;
mod document;
mod engine;
mod performance;
mod posts;
mod project;
mod reading;
mod rule;
mod threshold;

pub(crate) use base::must_fit_staged;

use super::Office;
use super::line::{Change, write_all};
use super::paper::PaperKind;
use super::tables::budget::BudgetRow;
use crate::command::{By, Paper};
use crate::division::{Division, YearBook};
use crate::ids::QuotaId;
use crate::limits::FILED_BYTES_MAX;
use crate::money::Fen;
use crate::refusal::{Code, Figure, Refusal};

/// A paper, with everything its decision may look at.
pub(crate) struct Asked<'a> {
    /// The division; other years of it stand there.
    pub(crate) division: &'a Division,
    /// The year's quotas and payments, where anything ever happened in it.
    pub(crate) book: Option<&'a YearBook>,
    /// What is on file of the year.
    pub(crate) office: &'a Office,
    /// Who files it.
    pub(crate) by: By,
    /// The paper.
    pub(crate) paper: Paper<'a>,
    /// Journaled time of the turn.
    pub(crate) now_ms: u64,
}

impl<'a> Asked<'a> {
    /// A paper filed in a division.
    pub(crate) fn new(division: &'a Division, by: By, paper: Paper<'a>, now_ms: u64) -> Asked<'a> {
        let book = division.year(paper.year);
        let office = book.map_or_else(Office::empty, YearBook::office);
        Asked { division, book, office, by, paper, now_ms }
    }

    /// The quota that rests on a row under its official key.
    pub(crate) fn quota_of(&self, row: &BudgetRow) -> Option<QuotaId> {
        self.book?.quota_by_key(&row.quota_key(division_code(self.division, self.office)))
    }

    /// The lines with their numbers from 1, as fields.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, Vec<&'a str>)> {
        super::paper::lines(self.paper.text).enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// The division's code: of its card, or else of its registration; empty where it has neither.
pub(crate) fn division_code<'a>(division: &'a Division, office: &'a Office) -> &'a str {
    let card = office.card().map(|card| &*card.code);
    let registered = || {
        let code = division.registration.as_ref().map(|registration| &registration.code);
        code.and_then(|code| std::str::from_utf8(code).ok()).unwrap_or("")
    };
    card.unwrap_or_else(registered)
}

/// A refusal that says where in the paper: line and column, both from 1.
pub(crate) fn at(code: Code, line: usize, column: usize) -> Refusal {
    let mut refusal = Refusal::new(code);
    refusal.add(Figure {
        limit: Code::PaperLine,
        requested_fen: Fen::new(line as i64),
        left_fen: Fen::new(column as i64),
    });
    refusal
}

/// What filing a paper changes, as text.
///
/// # Errors
/// The refusal.
pub(crate) fn decide(asked: &Asked<'_>) -> Result<String, Refusal> {
    let changes = changes(asked)?;
    let text = write_all(&changes);
    if text.len() > FILED_BYTES_MAX { Err(Code::TooMany.into()) } else { Ok(text) }
}

fn changes(asked: &Asked<'_>) -> Result<Vec<Change>, Refusal> {
    match asked.paper.kind {
        PaperKind::BasePut => base::put(asked),
        PaperKind::BaseRemove => base::remove(asked),
        PaperKind::ProjectDraft => project::draft(asked),
        PaperKind::ProjectRank => project::rank(asked),
        PaperKind::ProjectSelect => project::select(asked),
        PaperKind::ProjectRoll => project::roll(asked),
        PaperKind::ProjectSubmit
        | PaperKind::ProjectDeptReview
        | PaperKind::ProjectFinanceReview
        | PaperKind::ProjectReturn
        | PaperKind::ProjectSuspend
        | PaperKind::ProjectResume
        | PaperKind::ProjectFinish
        | PaperKind::ProjectCancel
        | PaperKind::ProjectExpire
        | PaperKind::ProjectClose => project::step(asked),
        PaperKind::BudgetOpen => budget::open(asked),
        PaperKind::RowPut => budget::put(asked),
        PaperKind::RowDrop => budget::drop_rows(asked),
        PaperKind::RowAudit => budget::audit(asked),
        PaperKind::RowAdd => budget::add(asked),
        PaperKind::IncomePut => budget::income_put(asked),
        PaperKind::IncomeCollect => budget::income_collect(asked),
        PaperKind::SurplusPut => budget::surplus_put(asked),
        PaperKind::ControlPut => budget::control_put(asked),
        PaperKind::ApprovedPut => budget::approved_put(asked),
        PaperKind::EarlyCapPut => budget::early_cap_put(asked),
        PaperKind::BudgetFirstUp | PaperKind::BudgetSecondUp => budget::up(asked),
        PaperKind::BudgetFirstDown => budget::first_down(asked),
        PaperKind::BudgetReturn => budget::return_down(asked),
        PaperKind::BudgetSubmit => budget::submit(asked),
        PaperKind::BudgetApprove => budget::approve(asked),
        PaperKind::BudgetReply => budget::reply(asked),
        PaperKind::GoalPut => performance::goal_put(asked),
        PaperKind::GoalApprove => performance::goal_approve(asked),
        PaperKind::Track => performance::track(asked),
        PaperKind::Evaluate => performance::evaluate(asked),
        PaperKind::PolicyPut => performance::policy_put(asked),
        PaperKind::DormantList => performance::dormant_list(asked),
        PaperKind::Replan => performance::replan(asked),
        PaperKind::ThresholdPut => threshold::put(asked),
        PaperKind::ThresholdRemove => threshold::remove(asked),
        PaperKind::RulePropose => rule::propose(asked),
        PaperKind::RuleApprove => rule::approve(asked),
        PaperKind::RuleDrop => rule::drop_drafts(asked),
        PaperKind::RuleInherit => rule::inherit(asked),
        PaperKind::DeviationPropose => rule::propose_deviation(asked),
        PaperKind::DeviationApprove => rule::approve_deviation(asked),
        PaperKind::DeviationEnd => rule::end_deviation(asked),
        PaperKind::ScanDay => rule::scan_day(asked),
        PaperKind::CeilingPropose => ceiling::propose(asked),
        PaperKind::CeilingSet => ceiling::set(asked),
        PaperKind::CeilingDrop => ceiling::drop_drafts(asked),
        PaperKind::ExemptionPropose => rule::propose_exemptions(asked),
        PaperKind::ExemptionApprove => rule::approve_exemptions(asked),
        PaperKind::AlertAnswer => rule::answer_alerts(asked),
        PaperKind::CommitmentPropose => commitment::propose(asked),
        PaperKind::CommitmentCheck => commitment::check(asked),
        PaperKind::CommitmentChange => commitment::change(asked),
        PaperKind::CommitmentClose => commitment::close(asked),
        // An event of the engine's own, never a command.
        PaperKind::RulesFired => Err(Code::NoRight.into()),
        PaperKind::DocumentDraft => document::draft(asked),
        PaperKind::DocumentLines => document::lines(asked),
        PaperKind::DocumentCheck => document::check(asked),
        PaperKind::DocumentReturn => document::send_back(asked),
        PaperKind::Receive => document::receive(asked),
        PaperKind::Decline => document::decline(asked),
        PaperKind::VirementRules => document::virement_rules(asked),
        PaperKind::DocumentDone => engine::done(asked),
        PaperKind::DocumentFailed => engine::failed(asked),
        PaperKind::RowFigures => engine::row_figures(asked),
        PaperKind::TransferOut => engine::transfer_out(asked),
        PaperKind::TransferEnd => engine::transfer_end(asked),
        PaperKind::Arrive => engine::arrive(asked),
        PaperKind::Received => engine::received(asked),
        PaperKind::CarryRows => engine::carry_rows(asked),
        PaperKind::CarryIn => engine::carry_in(asked),
    }
}
