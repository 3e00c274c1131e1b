//! The project library (项目库): all spending goes through projects.

use crate::ids::{FiscalYear, PersonId};
use crate::money::Fen;
use crate::office::field::{Name, Text, Word, vocabulary};

vocabulary! {
    /// Class of a project.
    ProjectClass {
        /// Personnel (人员类).
        Personnel = "personnel", "人员类";
        /// Operating public funds (公用经费).
        Public = "public", "公用经费";
        /// Other operation (其他运转类).
        Operation = "operation", "其他运转类";
        /// Specific purpose (特定目标类).
        Specific = "specific", "特定目标类";
    }
}

impl ProjectClass {
    /// Whether projects of the class compete for money by their rank. Personnel and public funds
    /// do not: wages and operation come first.
    #[must_use]
    pub const fn is_ranked(self) -> bool {
        matches!(self, ProjectClass::Operation | ProjectClass::Specific)
    }
}

vocabulary! {
    /// Where a project stands.
    ProjectState {
        /// Being written.
        Drafted = "drafted", "起草";
        /// Submitted by its unit.
        Submitted = "submitted", "单位申报";
        /// Reviewed by its department.
        DeptReviewed = "dept-reviewed", "部门审核";
        /// In the library (储备): reviewed by finance, may be chosen.
        InLibrary = "in-library", "入库储备";
        /// Chosen for the budget (入预算).
        Selected = "selected", "入预算";
        /// Approved with the budget (批复). Never stored: see [`crate::office::authority`].
        Approved = "approved", "批复";
        /// Under way: its quotas may pay. Never stored either.
        Executing = "executing", "执行";
        /// Stopped for a while: its quotas may not pay.
        Suspended = "suspended", "暂停";
        /// Done.
        Finished = "finished", "完成";
        /// Its performance was graded.
        Evaluated = "evaluated", "已评价";
        /// Nothing follows.
        Closed = "closed", "关闭";
        /// Sent back, with a reason.
        Returned = "returned", "退回";
        /// Given up.
        Cancelled = "cancelled", "取消";
        /// Not chosen in time.
        Expired = "expired", "过期";
    }
}

/// The label (热点分类) of projects that are paid out of direct funds.
pub const DIRECT_FUNDS: &str = "直达资金";

impl Project {
    /// Whether it is paid out of direct funds: one of its labels says so.
    #[must_use]
    pub fn has_direct_funds(&self) -> bool {
        self.topics.split_whitespace().any(|label| label == DIRECT_FUNDS)
    }
}

row! {
    /// A project (项目).
    Project, key 1, {
        /// Code, at most 21 characters.
        code: Word = "项目代码",
        /// Name.
        name: Name = "项目名称",
        /// Its unit.
        unit: Word = "单位" in "unit",
        /// Class.
        class: ProjectClass = "项目类别",
        /// Year it was set up (设立年度).
        setup_year: FiscalYear = "设立年度",
        /// First year of its term.
        start_year: FiscalYear = "起始年度",
        /// Years of its term; 0: not yet known.
        term_years: u8 = "实施年限",
        /// What it needs over its term.
        total_need_fen: Fen = "总需求",
        /// What it needs in this year, after what its grade took off.
        year_need_fen: Fen = "本年需求",
        /// The document it rests on; empty: none yet.
        basis: Text = "立项依据",
        /// The spending standard it is held to; `none`: none applies; empty: nobody has said.
        standard: Text = "支出标准",
        /// How many of what the standard counts it needs in this year; 0 where none applies.
        quantity: u32 = "数量",
        /// Code of its performance goal; empty: none yet.
        goal: Text = "绩效目标",
        /// The upper-level project whose code it must keep; empty: not tracked.
        track: Text = "追踪项目",
        /// Labels such as direct funds (热点分类), parted by blanks.
        topics: Text = "热点分类",
        /// Ranking in its department: 1 comes first; 0: not ranked.
        priority: u16 = "优先级",
        /// Where it stands.
        state: ProjectState = "状态",
        /// Year in which it came into the library; empty: not yet.
        library_year: Option<FiscalYear> = "入库年度",
        /// Who wrote it.
        maker: PersonId = "经办人",
        /// Who took its last step.
        signer: PersonId = "上一环节办理人",
        /// Why it was returned, suspended or cancelled.
        reason: Text = "原因",
    }
}

impl ProjectState {
    /// Whether a project in this state stands in the ranking of its department.
    #[must_use]
    pub const fn is_in_ranking(self) -> bool {
        use ProjectState::{DeptReviewed, InLibrary, Selected, Submitted};
        matches!(self, Submitted | DeptReviewed | InLibrary | Selected)
    }
}

impl Project {
    /// The word that says: no standard applies.
    pub const NO_STANDARD: &'static str = "none";

    /// True when a year is in its term.
    #[must_use]
    pub fn covers(&self, year: FiscalYear) -> bool {
        let years = self.start_year.get()..self.start_year.get() + u16::from(self.term_years);
        years.contains(&year.get())
    }
}

row! {
    /// What a project needs in a year of its term.
    ProjectNeed, key 2, {
        /// The project.
        project: Word = "项目代码" in "project",
        /// The year.
        year: FiscalYear = "年度",
        /// What it needs in that year.
        need_fen: Fen = "需求",
    }
}
