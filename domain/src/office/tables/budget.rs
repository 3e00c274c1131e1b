//! The budget of a division and year: where it stands, its rows, control figures and income.

use crate::ids::{Class, FiscalYear};
use crate::money::Fen;
use crate::office::field::{Text, Word, vocabulary};

vocabulary! {
    /// Where the preparation stands (两上两下).
    BudgetState {
        /// Finance has asked for the year's budget (布置).
        Opened = "opened", "布置";
        /// Units have submitted their needs (一上).
        FirstUp = "first-up", "一上";
        /// Control figures are out (一下).
        FirstDown = "first-down", "一下";
        /// The full draft is in (二上).
        SecondUp = "second-up", "二上";
        /// Before the people's congress (上会).
        Submitted = "submitted", "提请审议";
        /// Approved by the people's congress (人大批准).
        Approved = "approved", "人大批准";
        /// Replied to departments and units; quotas exist (二下、批复).
        Replied = "replied", "批复";
    }
}

row! {
    /// Where the division's budget of the year stands. One row, under `budget`.
    Budget, key 1, {
        /// Always `budget`.
        name: Word = "名称",
        /// Where it stands.
        state: BudgetState = "状态",
        /// Counts versions: each step to the congress and back is one, none is ever edited.
        version: u32 = "版本",
        /// The version's digest over all rows, 32 hex digits; empty before it was submitted.
        digest: Text = "版本摘要",
        /// The congress's resolution number; empty before the approval.
        resolution: Text = "决议文号",
        /// Its day; empty before the approval.
        resolved_on: Option<crate::ids::Day> = "决议日期",
        /// Surplus that balances income and spending.
        surplus_fen: Fen = "结余",
    }
}

vocabulary! {
    /// What kind of row it is at the approval.
    RowKind {
        /// Placed with a unit: becomes executable at once.
        Placed = "placed", "已落实到单位";
        /// Held by finance for later allocation (财政待分配).
        Held = "held", "财政待分配";
        /// The reserve fund (预备费).
        Reserve = "reserve", "预备费";
        /// A transfer to a lower division.
        Transfer = "transfer", "对下转移支付";
        /// Received from the upper level (上级转移支付).
        Received = "received", "上级转移支付";
        /// Carried over from last year (结转).
        Carried = "carried", "上年结转";
        /// Recovered dormant money, to be planned anew (盘活).
        Recovered = "recovered", "收回盘活";
    }
}

vocabulary! {
    /// Where a row stands.
    RowState {
        /// Being prepared.
        Draft = "draft", "编制中";
        /// Replied: an authority to spend; changes only by adjustment and virement.
        Replied = "replied", "已批复";
        /// Cancelled before the reply.
        Dropped = "dropped", "已取消";
    }
}

row! {
    /// A row of the yearly budget (项目年度预算). The authority of a quota: the official key of a
    /// quota ends with its code. `current = reply + adjusted + vired` holds after each step.
    BudgetRow, key 1, {
        /// Code, unique in its division and year.
        code: Word = "预算编码",
        /// The unit; of a row that finance holds, finance itself.
        unit: Word = "单位" in "unit",
        /// The project.
        project: Word = "项目" in "project",
        /// What kind of row.
        kind: RowKind = "预算类型",
        /// Functional class, seven digits.
        functional: Class = "支出功能分类",
        /// Government economic class.
        government: Class = "政府经济分类",
        /// Departmental economic class, or an ancestor.
        departmental: Class = "部门经济分类",
        /// Fund nature.
        fund: Class = "资金性质",
        /// Whether it must be bought under procurement law.
        procurement: bool = "是否政府采购",
        /// The upper-level project whose code it keeps; empty: not tracked.
        track: Text = "追踪项目",
        /// The division it is transferred to, nine digits; empty: none.
        to_division: Text = "接收区划",
        /// The year the money was first approved: kept through every carry-over.
        first_year: FiscalYear = "资金安排初始年度",
        /// Asked for at the first submission.
        asked_fen: Fen = "申报数",
        /// What finance agreed to.
        audited_fen: Fen = "财政审核数",
        /// What the reply says.
        reply_fen: Fen = "年初批复数",
        /// By statutory adjustment (调整), signed.
        adjusted_fen: Fen = "调整金额",
        /// By virement (调剂) and every other change inside the approved total, signed.
        vired_fen: Fen = "调剂金额",
        /// What it is now.
        current_fen: Fen = "变动后预算数",
        /// Where it stands.
        state: RowState = "状态",
    }
}

row! {
    /// A control figure (控制数): what a unit may draft for a class of projects and a fund nature.
    Control, key 3, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// The class of projects, as its word.
        class: super::project::ProjectClass = "项目类别",
        /// Fund nature.
        fund: Class = "资金性质",
        /// The figure.
        amount_fen: Fen = "控制数",
    }
}

row! {
    /// Income: of the division by fund nature, or registered by a unit (单位收入).
    Income, key 3, {
        /// The unit; `division` for the division's own.
        unit: Word = "单位",
        /// Fund nature.
        fund: Class = "资金性质",
        /// Which income: tax, transfer-in, carry-over, bond, stabilisation, business, other.
        source: Word = "收入来源",
        /// What is expected.
        planned_fen: Fen = "预算数",
        /// What has been collected so far.
        collected_fen: Fen = "已收数",
    }
}
