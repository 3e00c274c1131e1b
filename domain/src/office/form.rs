//! What the lines of a paper are: the words they begin with and the columns that follow, for people
//! who write papers, the command line that helps them, and the documents.
//!
//! The decisions read the same columns; `tests/office_forms.rs` holds them together.

use super::field::{Field, Name, Word};
use super::paper::PaperKind;
use super::table::{Column, Table};
use super::tables::performance::Hundredths;
use crate::ids::Day;
use crate::money::Fen;

/// One kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineForm {
    /// The word it begins with; none: it begins with its first column.
    pub word: Option<&'static str>,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
    /// The table of the row it writes or names.
    pub table: Table,
    /// It stands under a line of the first form. Where it begins with a word, its first column names
    /// that line's first.
    pub is_detail: bool,
}

impl LineForm {
    /// How many fields the line has, its word counted.
    #[must_use]
    pub const fn fields(&self) -> usize {
        self.columns.len() + self.word.is_some() as usize
    }

    /// What stands in a column, as its table or the papers themselves say.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Column> {
        let asked = SAID.iter().find(|column| column.name == name).copied();
        if asked.is_some() {
            return asked;
        }
        let amount = |column: &&Column| column.name.strip_suffix("_fen") == Some(name);
        let columns = self.table.columns().iter();
        let of_table = columns.clone().find(|column| column.name == name);
        let of_table = of_table.or_else(|| columns.clone().find(amount)).copied();
        of_table.or_else(|| OF_PAPERS.iter().find(|column| column.name == name).copied())
    }

    /// Whether nothing may stand in a column.
    #[must_use]
    pub fn may_be_empty(&self, name: &str) -> bool {
        if SAID.iter().any(|column| column.name == name) {
            return false;
        }
        let columns = self.table.columns();
        let is_named =
            |column: &Column| column.name == name || column.name.strip_suffix("_fen") == Some(name);
        let empty = vec![""; columns.len()];
        let at = columns.iter().position(is_named);
        at.is_some_and(|at| self.table.unfit(&empty).iter().all(|unfit| unfit.column != at))
    }

    /// As a line begun by a word.
    const fn word(self, word: &'static str) -> LineForm {
        LineForm { word: Some(word), ..self }
    }

    /// As a line under another.
    const fn detail(self) -> LineForm {
        LineForm { is_detail: true, ..self }
    }
}

const fn column(name: &'static str, chinese: &'static str, form: &'static str) -> Column {
    Column { name, chinese, form, refers: None }
}

const fn key(name: &'static str, chinese: &'static str, refers: &'static str) -> Column {
    Column { name, chinese, form: Word::FORM, refers: Some(refers) }
}

/// Columns that papers must fill and their tables need not.
const SAID: &[Column] =
    &[column("reason", "原因", Name::FORM), column("answer", "处理说明", Name::FORM)];

/// Columns that papers have and their tables do not.
const OF_PAPERS: &[Column] = &[
    key("project", "项目代码", "project"),
    key("row", "预算编码", "budget-row"),
    key("dormant_row", "沉淀资金预算编码", "dormant"),
    key("goal", "绩效目标代码", "goal"),
    key("document", "单据编号", "document"),
    Column {
        name: "arrival",
        chinese: "转移支付接收",
        form: "sender/move",
        refers: Some("arrival"),
    },
    column("rank", "排序", "a whole number, 1 first, 0 for none"),
    column("amount", "金额", Fen::FORM),
    column("agreed_amount", "同意金额", "0.00: documents bring the money"),
    column("share", "完成率", Hundredths::FORM),
    column("day", "日期", Day::FORM),
    column("nothing", "空", "nothing"),
];

/// What the budget's rows are written with.
macro_rules! row_columns {
    ($($before:literal),* ; $amount:literal) => {
        &[
            $($before,)*
            "code", "unit", "project", "kind", "functional", "government", "departmental", "fund",
            "procurement", "track", "to_division", "first_year", $amount,
        ]
    };
}

const fn plain(table: Table, columns: &'static [&'static str]) -> LineForm {
    LineForm { word: None, columns, table, is_detail: false }
}

const PROJECT: &[LineForm] = &[plain(Table::Project, &["project"])];
const PROJECT_WHY: &[LineForm] = &[plain(Table::Project, &["project", "reason"])];
const WHOLE: &[LineForm] = &[plain(Table::Budget, &[]).word("whole")];
const UPWARDS: &[LineForm] = &[
    plain(Table::Sent, &["unit"]).word("unit"),
    plain(Table::Sent, &["unit"]).word("department"),
    plain(Table::Budget, &[]).word("whole"),
];

impl PaperKind {
    /// The kinds of line it may have; none for papers whose lines are rows of any table, and for
    /// those of the engine.
    #[must_use]
    pub const fn lines(self) -> &'static [LineForm] {
        let number = self.number();
        match number {
            20..70 => preparation(self),
            70..110 => issuance(self),
            110..170 => control(self),
            170..210 => performance(self),
            _ => &[],
        }
    }

    /// Whether its business day is read: the day of a step, or what terms are held against.
    #[must_use]
    pub const fn has_day(self) -> bool {
        use PaperKind as P;
        matches!(
            self,
            P::BudgetSubmit
                | P::BudgetReply
                | P::Track
                | P::DormantList
                | P::RuleApprove
                | P::DeviationPropose
                | P::ExemptionPropose
                | P::ScanDay
        )
    }

    /// The form of a line by its number, from 1, and the word it begins with.
    #[must_use]
    pub fn line(self, number: usize, first: &str) -> Option<&'static LineForm> {
        let forms = self.lines();
        match forms {
            [LineForm { word: None, .. }, detail] if number > 1 => Some(detail),
            _ => forms.iter().find(|form| form.word.is_none_or(|word| word == first)),
        }
    }
}

const fn preparation(kind: PaperKind) -> &'static [LineForm] {
    use PaperKind as P;
    use Table as T;
    match kind {
        P::ProjectDraft => PROJECT_DRAFT,
        P::ProjectSubmit
        | P::ProjectDeptReview
        | P::ProjectFinanceReview
        | P::ProjectSelect
        | P::ProjectResume
        | P::ProjectFinish
        | P::ProjectRoll
        | P::ProjectExpire
        | P::ProjectClose => PROJECT,
        P::ProjectReturn | P::ProjectSuspend | P::ProjectCancel => PROJECT_WHY,
        P::ProjectRank => const { &[plain(T::Project, &["project", "rank"])] },
        P::BudgetOpen => const { &[plain(T::Budget, &["notice"])] },
        P::RowPut => const { &[plain(T::BudgetRow, row_columns!(; "amount"))] },
        P::RowAdd => const { &[plain(T::BudgetRow, row_columns!(; "agreed_amount"))] },
        P::RowDrop => const { &[plain(T::BudgetRow, &["row"])] },
        P::RowAudit => const { &[plain(T::BudgetRow, &["row", "amount"])] },
        P::IncomePut => const { &[plain(T::Income, &["unit", "fund", "source", "planned"])] },
        P::IncomeCollect => const { &[plain(T::Income, &["unit", "fund", "source", "collected"])] },
        P::SurplusPut => const { &[plain(T::Surplus, &["fund", "amount"])] },
        P::ControlPut => const { &[plain(T::Control, &["unit", "class", "fund", "amount"])] },
        P::ApprovedPut => const { &[plain(T::ApprovedSum, &["fund", "functional", "amount"])] },
        P::EarlyCapPut => const { &[plain(T::EarlyCap, &["unit", "ground", "cap", "basis"])] },
        P::BudgetFirstUp | P::BudgetSecondUp => UPWARDS,
        P::BudgetFirstDown | P::BudgetReply => WHOLE,
        P::BudgetReturn => {
            const {
                &[
                    plain(T::Sent, &["unit", "reason"]).word("unit"),
                    plain(T::Sent, &["unit", "reason"]).word("department"),
                    plain(T::Budget, &["nothing", "reason"]).word("whole"),
                ]
            }
        }
        P::BudgetSubmit => const { &[plain(T::Budget, &["digest"])] },
        P::BudgetApprove => const { &[plain(T::Budget, &["resolution", "day", "digest"])] },
        _ => &[],
    }
}

const PROJECT_DRAFT: &[LineForm] = &[
    plain(
        Table::Project,
        &[
            "code",
            "name",
            "unit",
            "class",
            "setup_year",
            "start_year",
            "term_years",
            "total_need",
            "basis",
            "standard",
            "quantity",
            "goal",
            "track",
            "topics",
        ],
    )
    .word("project"),
    plain(Table::ProjectNeed, &["project", "year", "amount"]).word("need").detail(),
];

const fn issuance(kind: PaperKind) -> &'static [LineForm] {
    use PaperKind as P;
    use Table as T;
    match kind {
        P::DocumentDraft => {
            const {
                &[plain(
                    T::Document,
                    &["code", "kind", "number", "title", "day", "authority", "lines", "total"],
                )]
            }
        }
        P::DocumentLines => {
            const {
                &[
                    plain(T::Document, &["document"]),
                    plain(
                        T::DocumentLine,
                        &["line", "row", "from", "to", "to_division", "amount", "cap"],
                    )
                    .detail(),
                ]
            }
        }
        P::DocumentCheck => const { &[plain(T::Document, &["document"])] },
        P::DocumentReturn => const { &[plain(T::Document, &["document", "reason"])] },
        P::Receive => const { &[plain(T::Arrival, &["arrival", "number", "amount", "row"])] },
        P::Decline => const { &[plain(T::Arrival, &["arrival", "reason"])] },
        P::VirementRules => {
            const { &[plain(T::VirementRule, &["code", "from_class", "to_class", "above", "need"])] }
        }
        _ => &[],
    }
}

const RULE: &[LineForm] = &[plain(
    Table::Rule,
    &[
        "id",
        "when",
        "action",
        "condition",
        "code",
        "tolerance",
        "tolerance_bp",
        "in_force",
        "waits_for",
        "chinese",
        "english",
        "release",
    ],
)];

const INHERITED: &[LineForm] = &[plain(
    Table::Rule,
    &[
        "id",
        "version",
        "when",
        "action",
        "condition",
        "code",
        "tolerance",
        "tolerance_bp",
        "in_force",
        "waits_for",
        "chinese",
        "english",
        "release",
    ],
)];

const DEVIATION: &[LineForm] = &[plain(
    Table::Deviation,
    &[
        "rule",
        "number",
        "valid_from",
        "valid_to",
        "action",
        "condition",
        "tolerance",
        "tolerance_bp",
        "reason",
    ],
)];

const COMMITMENT: &[LineForm] = &[plain(
    Table::Commitment,
    &["number", "kind", "under", "unit", "name", "code", "supplier", "amount", "day"],
)];

const fn control(kind: PaperKind) -> &'static [LineForm] {
    use PaperKind as P;
    use Table as T;
    match kind {
        P::RulePropose => RULE,
        P::RuleApprove | P::RuleDrop => const { &[plain(T::Rule, &["id"])] },
        P::RuleInherit => INHERITED,
        P::DeviationPropose => DEVIATION,
        P::DeviationApprove | P::DeviationEnd => const { &[plain(T::Deviation, &["rule"])] },
        P::ScanDay => const { &[plain(T::Alert, &["reason"])] },
        P::CeilingPropose => {
            const { &[plain(T::CeilingDraft, &["unit", "name", "approved", "basis"])] }
        }
        P::CeilingSet | P::CeilingDrop => const { &[plain(T::CeilingDraft, &["unit", "name"])] },
        P::ExemptionPropose => {
            const { &[plain(T::Exemption, &["rule", "unit", "account", "number", "valid_to"])] }
        }
        P::ExemptionApprove => const { &[plain(T::Exemption, &["rule", "unit", "account"])] },
        P::AlertAnswer => const { &[plain(T::Alert, &["rule", "subject", "answer"])] },
        P::ThresholdPut => {
            const { &[plain(T::Threshold, &["code", "measure", "raise_at", "clear_at", "note"])] }
        }
        P::ThresholdRemove => const { &[plain(T::Threshold, &["code"])] },
        P::CommitmentPropose => COMMITMENT,
        P::CommitmentCheck | P::CommitmentClose => const { &[plain(T::Commitment, &["number"])] },
        P::CommitmentChange => const { &[plain(T::Commitment, &["number", "amount", "reason"])] },
        _ => &[],
    }
}

const fn performance(kind: PaperKind) -> &'static [LineForm] {
    use PaperKind as P;
    use Table as T;
    match kind {
        P::GoalPut => {
            const {
                &[
                    plain(T::Goal, &["goal", "unit", "target"]).word("goal"),
                    plain(T::Indicator, &["goal", "code", "level", "name", "value", "weight"])
                        .word("indicator")
                        .detail(),
                ]
            }
        }
        P::GoalApprove => const { &[plain(T::Goal, &["goal", "approved"])] },
        P::Track => {
            const {
                &[
                    plain(T::Tracked, &["goal", "note"]).word("goal"),
                    plain(T::Achieved, &["goal", "indicator", "share"]).word("reached").detail(),
                ]
            }
        }
        P::Evaluate => {
            const {
                &[
                    plain(T::Evaluation, &["project", "year", "score", "note"]).word("self"),
                    plain(T::Evaluation, &["project", "year", "score", "note"]).word("finance"),
                ]
            }
        }
        P::PolicyPut => const { &[plain(T::PolicyRow, &["name", "value", "basis"])] },
        P::DormantList => const { &[plain(T::BudgetRow, &["row"])] },
        P::Replan => const { &[plain(T::BudgetRow, row_columns!("dormant_row"; "amount"))] },
        _ => &[],
    }
}
