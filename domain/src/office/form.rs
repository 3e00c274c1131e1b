//! What the lines of a paper are: the words they begin with and the columns that follow, for people
//! who write papers, the command line that helps them, and the documents.
//!
//! The decisions read the same columns; `tests/office_forms.rs` holds them together.

use super::paper::PaperKind;

/// One kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineForm {
    /// The word it begins with; none: it begins with its first column.
    pub word: Option<&'static str>,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
}

impl LineForm {
    /// How many fields the line has, its word counted.
    #[must_use]
    pub const fn fields(&self) -> usize {
        self.columns.len() + self.word.is_some() as usize
    }
}

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

const fn plain(columns: &'static [&'static str]) -> LineForm {
    LineForm { word: None, columns }
}

const fn begins(word: &'static str, columns: &'static [&'static str]) -> LineForm {
    LineForm { word: Some(word), columns }
}

const PROJECT: &[LineForm] = &[plain(&["project"])];
const PROJECT_WHY: &[LineForm] = &[plain(&["project", "reason"])];
const WHOLE: &[LineForm] = &[begins("whole", &[])];
const UPWARDS: &[LineForm] =
    &[begins("unit", &["unit"]), begins("department", &["unit"]), begins("whole", &[])];

impl PaperKind {
    /// The kinds of line it may have; none for papers whose lines are described elsewhere.
    #[must_use]
    pub const fn lines(self) -> &'static [LineForm] {
        use PaperKind as P;
        match self {
            P::ProjectDraft => {
                const {
                    &[
                        begins(
                            "project",
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
                        ),
                        begins("need", &["project", "year", "amount"]),
                    ]
                }
            }
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
            P::ProjectRank => const { &[plain(&["project", "rank"])] },
            P::BudgetOpen => const { &[plain(&["notice"])] },
            P::RowPut => const { &[plain(row_columns!(; "amount"))] },
            P::RowAdd => const { &[plain(row_columns!(; "agreed_amount"))] },
            P::RowDrop => const { &[plain(&["row"])] },
            P::RowAudit => const { &[plain(&["row", "amount"])] },
            P::IncomePut => const { &[plain(&["unit", "fund", "source", "planned"])] },
            P::IncomeCollect => const { &[plain(&["unit", "fund", "source", "collected"])] },
            P::SurplusPut => const { &[plain(&["fund", "amount"])] },
            P::ControlPut => const { &[plain(&["unit", "class", "fund", "amount"])] },
            P::ApprovedPut => const { &[plain(&["fund", "functional", "amount"])] },
            P::EarlyCapPut => const { &[plain(&["unit", "ground", "cap", "basis"])] },
            P::BudgetFirstUp | P::BudgetSecondUp => UPWARDS,
            P::BudgetFirstDown | P::BudgetReply => WHOLE,
            P::BudgetReturn => {
                const {
                    &[
                        begins("unit", &["unit", "reason"]),
                        begins("department", &["unit", "reason"]),
                        begins("whole", &["nothing", "reason"]),
                    ]
                }
            }
            P::BudgetSubmit => const { &[plain(&["digest"])] },
            P::BudgetApprove => const { &[plain(&["resolution", "day", "digest"])] },
            P::GoalPut => {
                const {
                    &[
                        begins("goal", &["goal", "unit", "target"]),
                        begins("indicator", &["goal", "code", "level", "name", "value", "weight"]),
                    ]
                }
            }
            P::GoalApprove => const { &[plain(&["goal", "approved"])] },
            P::Track => {
                const {
                    &[
                        begins("goal", &["goal", "note"]),
                        begins("reached", &["goal", "indicator", "share"]),
                    ]
                }
            }
            P::Evaluate => {
                const {
                    &[
                        begins("self", &["project", "year", "score", "note"]),
                        begins("finance", &["project", "year", "score", "note"]),
                    ]
                }
            }
            P::PolicyPut => const { &[plain(&["name", "value", "basis"])] },
            P::DormantList => const { &[plain(&["row"])] },
            P::Replan => const { &[plain(row_columns!("dormant_row"; "amount"))] },
            _ => &[],
        }
    }
}
