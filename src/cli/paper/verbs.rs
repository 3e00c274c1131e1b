//! Which word of a command files which paper, with an example of the county in `docs/examples`.

use domain::office::paper::PaperKind::{self, *};

/// A word that files a paper.
#[derive(Debug)]
pub(in crate::cli) struct Verb {
    /// The word.
    pub(super) name: &'static str,
    /// The paper.
    pub(super) kind: PaperKind,
    /// In the example: who files it.
    pub(super) person: u64,
    /// In the example: its lines.
    pub(super) example: &'static str,
}

const fn verb(name: &'static str, kind: PaperKind, person: u64, example: &'static str) -> Verb {
    Verb { name, kind, person, example }
}

/// The words of a command.
pub(in crate::cli) trait Verbs {
    /// The command, without the program.
    const PATH: &'static str;
    /// Its words.
    const ALL: &'static [Verb];
}

/// `treasury project`.
pub(in crate::cli) struct OfProjects;

impl Verbs for OfProjects {
    const PATH: &'static str = "project";
    const ALL: &'static [Verb] = &[
        verb("draft", ProjectDraft, 24, "--lines projects.csv --need-lines needs.csv"),
        verb("submit", ProjectSubmit, 25, "P-WAGES P-DESKS"),
        verb("review", ProjectDeptReview, 20, "P-WAGES P-DESKS"),
        verb("accept", ProjectFinanceReview, 4, "P-WAGES P-DESKS"),
        verb("return", ProjectReturn, 20, "--project P-DESKS --reason 依据不足"),
        verb("rank", ProjectRank, 20, "--project P-DESKS --rank 1"),
        verb("select", ProjectSelect, 4, "P-WAGES P-DESKS"),
        verb("suspend", ProjectSuspend, 4, "--project P-DESKS --reason 审计"),
        verb("resume", ProjectResume, 4, "P-DESKS"),
        verb("finish", ProjectFinish, 4, "P-DESKS"),
        verb("cancel", ProjectCancel, 24, "--project P-DESKS --reason 不再需要"),
        verb("roll", ProjectRoll, 4, "P-WAGES"),
        verb("expire", ProjectExpire, 4, "P-DESKS"),
        verb("close", ProjectClose, 4, "P-DESKS"),
    ];
}

/// `treasury goal`.
pub(in crate::cli) struct OfGoals;

impl Verbs for OfGoals {
    const PATH: &'static str = "goal";
    const ALL: &'static [Verb] = &[
        verb("put", GoalPut, 24, "--lines goals.csv --indicator-lines indicators.csv"),
        verb("approve", GoalApprove, 11, "--goal G-DESKS --approved 21000.00"),
        verb(
            "track",
            Track,
            24,
            "--goal G-DESKS --reached 1,50.00 --reached 2,40.00 --day 2022-07-31",
        ),
        verb("evaluate", Evaluate, 11, "--finance P-DESKS --evaluation-year 2022 --score 91.50"),
    ];
}

/// `treasury budget`.
pub(in crate::cli) struct OfBudgets;

impl Verbs for OfBudgets {
    const PATH: &'static str = "budget";
    const ALL: &'static [Verb] = &[
        verb("open", BudgetOpen, 53, "平财预〔2021〕9号"),
        verb("put", RowPut, 24, "--lines rows.csv"),
        verb("drop", RowDrop, 24, "R-DESKS"),
        verb(
            "income",
            IncomePut,
            24,
            "--unit 101002 --fund 31 --source business --planned 5000.00",
        ),
        verb("audit", RowAudit, 4, "--row R-DESKS --amount 19000.00"),
        verb("control", ControlPut, 4, "--lines control.csv"),
        verb("surplus", SurplusPut, 4, "--fund 111 --amount 1000.00"),
        verb("first-up", BudgetFirstUp, 25, "--unit 101002"),
        verb("first-down", BudgetFirstDown, 53, ""),
        verb("second-up", BudgetSecondUp, 20, "--department 101"),
        verb("return", BudgetReturn, 20, "--unit 101002 --reason 重新测算"),
        verb(
            "submit",
            BudgetSubmit,
            53,
            "$(treasury budget show --digest --division 3 --year 2022 --connect 127.0.0.1:7370) \
             --day 2022-01-20",
        ),
        verb("approved", ApprovedPut, 9, "--lines approved.csv"),
        verb(
            "approve",
            BudgetApprove,
            9,
            "--resolution 平人发〔2022〕1号 --day 2022-02-10 --digest 0123456789abcdef0123456789abcdef",
        ),
        verb("reply", BudgetReply, 53, "--day 2022-02-25"),
        verb("add", RowAdd, 4, "--lines rows.csv"),
        verb(
            "collect",
            IncomeCollect,
            24,
            "--unit 101002 --fund 31 --source business --collected 3000.00",
        ),
        verb(
            "early-cap",
            EarlyCapPut,
            4,
            "--unit 101002 --ground same-period --cap 5000.00 --basis 上年同期决算",
        ),
        verb("policy", PolicyPut, 53, "--name dormant-years --value 1 --basis 平财预〔2022〕3号"),
        verb("dormant", DormantList, 4, "R-DESKS --day 2022-11-30"),
        verb("replan", Replan, 4, "--lines replanned.csv"),
    ];
}

/// `treasury quota document`.
pub(in crate::cli) struct OfDocuments;

impl Verbs for OfDocuments {
    const PATH: &'static str = "quota document";
    const ALL: &'static [Verb] = &[
        verb("check", DocumentCheck, 3, "D-2022-001"),
        verb("return", DocumentReturn, 3, "--document D-2022-001 --reason 依据不足"),
    ];
}

/// `treasury quota`.
pub(in crate::cli) struct OfTransfers;

impl Verbs for OfTransfers {
    const PATH: &'static str = "quota";
    const ALL: &'static [Verb] = &[
        verb(
            "receive",
            Receive,
            2,
            "--arrival 0/0123456789abcdef0123456789abcdef --number 鲁财预指〔2022〕5号 \
             --amount 90000.00 --row R-FROM-ABOVE",
        ),
        verb(
            "decline",
            Decline,
            2,
            "--arrival 0/0123456789abcdef0123456789abcdef --reason 非本区划项目",
        ),
        verb(
            "virement-rules",
            VirementRules,
            53,
            "--code V-1 --from-class 301 --above 0.00 --need forbidden",
        ),
    ];
}

/// `treasury rule`.
pub(in crate::cli) struct OfRules;

impl Verbs for OfRules {
    const PATH: &'static str = "rule";
    const ALL: &'static [Verb] = &[
        verb("propose", RulePropose, 12, "--lines rules.csv"),
        verb("approve", RuleApprove, 13, "R-LARGE R-BLACK --day 2022-01-04"),
        verb("drop", RuleDrop, 12, "R-LARGE"),
        verb("inherit", RuleInherit, 12, "--lines rules-of-the-province.csv"),
        verb("propose-deviation", DeviationPropose, 12, "--lines deviations.csv --day 2022-01-04"),
        verb("approve-deviation", DeviationApprove, 13, "R-LARGE"),
        verb("end-deviation", DeviationEnd, 12, "R-LARGE"),
        verb("propose-exemption", ExemptionPropose, 12, "--lines exemptions.csv --day 2022-01-04"),
        verb(
            "approve-exemption",
            ExemptionApprove,
            13,
            "--rule R-SELFACCT --unit 103002 --account 370124001000000031",
        ),
        verb(
            "propose-ceiling",
            CeilingPropose,
            7,
            "--unit 101002 --name three-public --approved 8000.00 --basis 平财预〔2022〕4号",
        ),
        verb("approve-ceiling", CeilingSet, 13, "--unit 101002 --name three-public"),
        verb("drop-ceiling", CeilingDrop, 7, "--unit 101002 --name three-public"),
        verb("scan", ScanDay, 7, "日终扫描 --day 2022-03-31"),
        verb("answer", AlertAnswer, 7, "--rule R-SLOW --subject 101002 --answer 已督办"),
        verb(
            "threshold",
            ThresholdPut,
            8,
            "--code transit --measure transit-hours --raise-at 48 --clear-at 24",
        ),
        verb("drop-threshold", ThresholdRemove, 8, "transit"),
    ];
}

/// `treasury commitment`.
pub(in crate::cli) struct OfCommitments;

impl Verbs for OfCommitments {
    const PATH: &'static str = "commitment";
    const ALL: &'static [Verb] = &[
        verb("propose", CommitmentPropose, 24, "--lines contracts.csv"),
        verb("check", CommitmentCheck, 25, "20220001"),
        verb(
            "change",
            CommitmentChange,
            24,
            "--number 20220001 --amount 21000.00 --reason 数量增加",
        ),
        verb("close", CommitmentClose, 25, "20220001"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Papers that have a command of their own, or none but `treasury file`.
    const ELSEWHERE: [PaperKind; 4] = [BasePut, BaseRemove, DocumentDraft, DocumentLines];

    #[test]
    fn every_paper_that_people_file_has_one_word() {
        let all = [
            OfProjects::ALL,
            OfGoals::ALL,
            OfBudgets::ALL,
            OfDocuments::ALL,
            OfTransfers::ALL,
            OfRules::ALL,
            OfCommitments::ALL,
        ];
        let verbs = all.iter().flat_map(|verbs| verbs.iter());
        let mut filed: Vec<PaperKind> = verbs.map(|verb| verb.kind).collect();
        filed.extend(ELSEWHERE);
        filed.sort();
        let people = |kind: &&PaperKind| kind.roles() != [domain::Role::Engine];
        let wanted: Vec<PaperKind> = PaperKind::ALL.iter().filter(people).copied().collect();
        assert_eq!(filed, wanted);
    }
}
