//! What can be filed: the kinds of papers, by number and name.

use crate::codes::Role;

macro_rules! papers {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $slug:literal, $chinese:literal, $roles:expr;)+) => {
        /// A kind of paper. Numbers and names are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum PaperKind { $($(#[doc = $doc])+ $name = $number,)+ }

        impl PaperKind {
            /// Every kind, by number.
            pub const ALL: &'static [PaperKind] = &[$(PaperKind::$name,)+];

            /// The kind with a number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<PaperKind> {
                match number { $($number => Some(PaperKind::$name),)+ _ => None }
            }

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The name in texts, JSON and scripts.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(PaperKind::$name => $slug,)+ }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(PaperKind::$name => $chinese,)+ }
            }

            /// What filing it does, in a sentence or two.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(PaperKind::$name => concat!($($doc),+).trim_ascii_start(),)+ }
            }

            /// The kind with a name.
            #[must_use]
            pub fn from_slug(slug: &str) -> Option<PaperKind> {
                match slug { $($slug => Some(PaperKind::$name),)+ _ => None }
            }

            /// In which capacities it may be filed.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self { $(PaperKind::$name => $roles,)+ }
            }
        }
    };
}

const FINANCE: &[Role] = &[Role::Finance];
const MAKERS: &[Role] = &[Role::Maker, Role::Finance];
const CHECKERS: &[Role] = &[Role::Checker, Role::Finance];
const DESKS: &[Role] = &[Role::Maker, Role::Checker, Role::Finance];
const ENGINE: &[Role] = &[Role::Engine];
const FINANCE_OR_ENGINE: &[Role] = &[Role::Finance, Role::Engine];

papers! {
    /// Put rows of base data: each line a table's name and a row's fields.
    BasePut = 1, "base-put", "登记基础信息", FINANCE;
    /// Remove rows of base data: each line a table's name and a key.
    BaseRemove = 2, "base-remove", "删除基础信息", FINANCE;

    /// Write projects: lines `project` with lines `need` under each.
    ProjectDraft = 20, "project-draft", "项目填报", MAKERS;
    /// Submit projects of a unit.
    ProjectSubmit = 21, "project-submit", "单位申报项目", CHECKERS;
    /// Review them for the department.
    ProjectDeptReview = 22, "project-dept-review", "部门审核项目", CHECKERS;
    /// Review them for finance: into the library.
    ProjectFinanceReview = 23, "project-finance-review", "财政审核入库", FINANCE;
    /// Send projects back, with a reason.
    ProjectReturn = 24, "project-return", "项目退回", CHECKERS;
    /// Rank projects in their department.
    ProjectRank = 25, "project-rank", "项目排序", CHECKERS;
    /// Choose projects for the budget, by rank.
    ProjectSelect = 26, "project-select", "项目列入预算", FINANCE;
    /// Stop projects for a while, with a reason.
    ProjectSuspend = 27, "project-suspend", "项目暂停", FINANCE;
    /// Let them go on.
    ProjectResume = 28, "project-resume", "项目恢复", FINANCE;
    /// Projects that are done.
    ProjectFinish = 29, "project-finish", "项目完成", FINANCE;
    /// Give projects up, with a reason.
    ProjectCancel = 30, "project-cancel", "项目取消", MAKERS;
    /// Take last year's projects into this year.
    ProjectRoll = 31, "project-roll", "项目滚动", FINANCE;
    /// Projects that nobody chose in time.
    ProjectExpire = 32, "project-expire", "项目过期", FINANCE;
    /// Projects after which nothing follows.
    ProjectClose = 33, "project-close", "项目关闭", FINANCE;

    /// Ask for the year's budget.
    BudgetOpen = 40, "budget-open", "布置预算编制", FINANCE;
    /// Put rows of the budget.
    RowPut = 41, "row-put", "填报预算", MAKERS;
    /// Drop rows.
    RowDrop = 42, "row-drop", "取消预算", MAKERS;
    /// Put income.
    IncomePut = 43, "income-put", "填报收入预算", MAKERS;
    /// Put control figures.
    ControlPut = 44, "control-put", "填报控制数", FINANCE;
    /// Send needs up: a unit, a department, or the whole.
    BudgetFirstUp = 45, "budget-first-up", "一上", DESKS;
    /// Give the control figures down.
    BudgetFirstDown = 46, "budget-first-down", "一下", FINANCE;
    /// Send the full draft up: a unit, a department, or the whole.
    BudgetSecondUp = 47, "budget-second-up", "二上", DESKS;
    /// Send a unit's, a department's or the whole draft back, with a reason.
    BudgetReturn = 48, "budget-return", "退回预算草案", CHECKERS;
    /// Bring the draft before the people's congress.
    BudgetSubmit = 49, "budget-submit", "提请人大审议", FINANCE;
    /// What the congress has resolved.
    BudgetApprove = 50, "budget-approve", "人大批准", FINANCE;
    /// Reply to departments and units.
    BudgetReply = 51, "budget-reply", "预算批复", FINANCE;
    /// What finance agrees to, row by row.
    RowAudit = 52, "row-audit", "财政审核预算", FINANCE;
    /// Add rows after the reply, without money: documents bring it.
    RowAdd = 53, "row-add", "增设预算", FINANCE;
    /// Income that was collected.
    IncomeCollect = 54, "income-collect", "登记已收收入", MAKERS;
    /// Put surplus.
    SurplusPut = 55, "surplus-put", "填报年终结余", FINANCE;
    /// Put the table the congress approves.
    ApprovedPut = 56, "approved-put", "登记人大批准预算表", FINANCE;
    /// What units may have before the approval.
    EarlyCapPut = 57, "early-cap-put", "核定批准前支出限额", FINANCE;

    /// The head of a quota document: code, kind, official number, title, day, authority, how many
    /// lines, their sum. Of kinds that go by what is there, no lines: the engine takes all of it.
    DocumentDraft = 70, "document-draft", "起草指标文", FINANCE;
    /// Lines of a document: its code, then each line's fields.
    DocumentLines = 71, "document-lines", "填报指标文明细", FINANCE;
    /// Another person has checked a document: the engine carries it out.
    DocumentCheck = 72, "document-check", "审核指标文", FINANCE;
    /// A document goes back to its maker: code, reason.
    DocumentReturn = 73, "document-return", "退回指标文", FINANCE;
    /// A transfer that has arrived is confirmed against its document: arrival, document number,
    /// amount, the budget row it goes to.
    Receive = 74, "receive", "接收转移支付", FINANCE;
    /// A transfer that has arrived goes back: arrival, reason.
    Decline = 75, "decline", "退回转移支付", FINANCE;
    /// Rules of virement: each line a rule's fields.
    VirementRules = 76, "virement-rules", "调剂规则", FINANCE;

    /// Propose rules: each line a rule.
    RulePropose = 110, "rule-propose", "拟订规则", FINANCE;
    /// Approve rules that were proposed or taken over: each line an id.
    RuleApprove = 111, "rule-approve", "审批规则", FINANCE;
    /// Drop rules that wait for approval: each line an id.
    RuleDrop = 112, "rule-drop", "撤回规则", FINANCE;
    /// Take over the province's rules, for another person to approve: each line a rule as it is there.
    RuleInherit = 113, "rule-inherit", "承接省级规则", FINANCE;
    /// Propose a deviation from a rule, by the province's approval.
    DeviationPropose = 114, "deviation-propose", "拟订规则例外", FINANCE;
    /// Check a deviation.
    DeviationApprove = 115, "deviation-approve", "复核规则例外", FINANCE;
    /// End a deviation.
    DeviationEnd = 116, "deviation-end", "终止规则例外", FINANCE;
    /// Look for what rules look for once a day.
    ScanDay = 117, "scan-day", "日终扫描", FINANCE_OR_ENGINE;
    /// Set ceilings on units' years that another person has proposed.
    CeilingSet = 118, "ceiling-set", "审批控制额度", FINANCE;
    /// Propose exemptions.
    ExemptionPropose = 119, "exemption-propose", "拟订豁免", FINANCE;
    /// Check exemptions.
    ExemptionApprove = 120, "exemption-approve", "复核豁免", FINANCE;
    /// Answer alerts.
    AlertAnswer = 121, "alert-answer", "处理预警", FINANCE;
    /// Propose ceilings on units' years: what was set before holds meanwhile.
    CeilingPropose = 122, "ceiling-propose", "拟订控制额度", FINANCE;
    /// Drop proposed ceilings.
    CeilingDrop = 123, "ceiling-drop", "撤回控制额度", FINANCE;
    /// Put thresholds of alerts: each line a row's fields.
    ThresholdPut = 138, "threshold-put", "登记预警阈值", FINANCE;
    /// Remove thresholds: each line a code.
    ThresholdRemove = 139, "threshold-remove", "删除预警阈值", FINANCE;

    /// Write procurement plans and contracts.
    CommitmentPropose = 140, "commitment-propose", "登记采购计划或合同", MAKERS;
    /// Check them, or a change of them.
    CommitmentCheck = 141, "commitment-check", "复核采购计划或合同", CHECKERS;
    /// Propose another amount.
    CommitmentChange = 142, "commitment-change", "变更采购计划或合同", MAKERS;
    /// Close them.
    CommitmentClose = 143, "commitment-close", "关闭采购计划或合同", CHECKERS;

    /// Put goals with their indicators.
    GoalPut = 170, "goal-put", "填报绩效目标", MAKERS;
    /// How far goals are.
    Track = 171, "track", "绩效监控", DESKS;
    /// Scores of projects: the unit's own, then finance's.
    Evaluate = 172, "evaluate", "绩效评价", DESKS;
    /// Numbers that the division sets for itself.
    PolicyPut = 173, "policy-put", "设置管理参数", FINANCE;
    /// Approve goals anew.
    GoalApprove = 174, "goal-approve", "重新审定绩效目标", FINANCE;
    /// List rows whose money is dormant.
    DormantList = 175, "dormant-list", "认定沉淀资金", FINANCE;
    /// Plan recovered money anew.
    Replan = 176, "replan", "盘活资金重新安排", FINANCE;
    /// What rules leave of a payment. The engine files it by itself, in the maker's name.
    RulesFired = 210, "rules-fired", "规则命中", ENGINE;
    /// A document is carried out: its code. Takes effect with the document's batch.
    DocumentDone = 211, "document-done", "指标文办结", ENGINE;
    /// A document could not be carried out: its code, why.
    DocumentFailed = 212, "document-failed", "指标文未生效", ENGINE;
    /// Figures of budget rows change with a document: code, adjusted, vired.
    RowFigures = 213, "row-figures", "预算项金额变动", ENGINE;
    /// Transfers of a document leave, to be confirmed by their receivers: rows but for the time.
    TransferOut = 214, "transfer-out", "转移支付发出", ENGINE;
    /// How transfers ended, as their origin knows: each line a move.
    TransferEnd = 215, "transfer-end", "转移支付办结", ENGINE;
    /// A transfer has come to its receiver and waits there for a person.
    Arrive = 216, "arrive", "转移支付到达", ENGINE;
    /// A transfer that was received or declined is in its quota or on its way back: its key.
    Received = 217, "received", "转移支付入账", ENGINE;
    /// Rows of the new year that last year's money is carried into, without figures yet.
    CarryRows = 218, "carry-rows", "结转预算项", ENGINE;
    /// Money carried in from last year: the old year and the document, then row and move.
    CarryIn = 219, "carry-in", "结转入账", ENGINE;
}

impl PaperKind {
    /// Whether the engine has something to carry out after it.
    #[must_use]
    pub const fn asks_for_issuance(self) -> bool {
        matches!(self, PaperKind::DocumentCheck | PaperKind::Receive | PaperKind::Decline)
    }

    /// Whether it may stand in a batch, to take effect with others or not at all. Papers that depend
    /// on where a project, budget or document stands may not: that can change before the batch closes.
    #[must_use]
    pub const fn is_stageable(self) -> bool {
        matches!(
            self,
            PaperKind::BasePut
                | PaperKind::BaseRemove
                | PaperKind::DocumentDone
                | PaperKind::RowFigures
                | PaperKind::TransferOut
        )
    }
}

/// The lines of a paper, as fields.
pub fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect())
}
