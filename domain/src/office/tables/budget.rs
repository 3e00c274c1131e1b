//! The budget of a division and year: where it stands, its rows, control figures and income.

use crate::ids::{Class, Day, FiscalYear, PersonId};
use crate::money::{Fen, FenSum};
use crate::office::field::{Name, Text, Word, vocabulary};

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
        /// Number of the notice that asked for it.
        notice: Name = "布置文号",
        /// Where it stands.
        state: BudgetState = "状态",
        /// Number of the latest version; 0: none yet. See [`Version`].
        version: u32 = "版本",
        /// Rounds of submitting by units and departments: what was sent in an earlier round has to
        /// be sent again.
        round: u32 = "轮次",
        /// Digest of the latest version, 32 hex digits; empty: none yet.
        digest: Text = "版本摘要",
        /// Day it went to the people's congress; empty before.
        submitted_on: Option<Day> = "提请审议日期",
        /// The congress's resolution number; empty before the approval.
        resolution: Text = "决议文号",
        /// Its day; empty before the approval.
        resolved_on: Option<Day> = "决议日期",
        /// Day of the reply; empty before.
        replied_on: Option<Day> = "批复日期",
        /// Who took the last step.
        signer: PersonId = "上一环节办理人",
        /// Why it was returned last.
        reason: Text = "退回原因",
    }
}

impl Budget {
    /// The key of the one row.
    pub const KEY: &'static str = "budget";
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

impl RowKind {
    /// Whether finance keeps the row, not a unit.
    #[must_use]
    pub const fn is_held_by_finance(self) -> bool {
        matches!(self, RowKind::Held | RowKind::Reserve | RowKind::Transfer)
    }
}

vocabulary! {
    /// Where a row stands. Never stored: it follows from the budget and from whether the row was
    /// dropped, so that a reply rewrites no row. See [`crate::office::authority`].
    RowState {
        /// Being prepared.
        Draft = "draft", "编制中";
        /// Replied: an authority to spend; changes only by adjustment and virement.
        Replied = "replied", "已批复";
        /// Dropped before the reply.
        Dropped = "dropped", "已取消";
    }
}

row! {
    /// A row of the yearly budget (项目年度预算). The authority of a quota: the official key of a
    /// quota ends with its code. `current = reply + adjusted + vired` holds after each step; before
    /// the reply of the budget `reply` is what it would say.
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
        /// Whether it was dropped before the reply.
        is_dropped: bool = "是否取消",
    }
}

impl BudgetRow {
    /// The row with what finance would reply.
    #[must_use]
    pub fn with_reply(self, fen: Fen) -> BudgetRow {
        BudgetRow { audited_fen: fen, reply_fen: fen, current_fen: fen, ..self }
    }

    /// Whether its identity holds, as it has to after every paper: what it has is what was replied, and
    /// what was adjusted and vired since.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let sum =
            |figures: &[Fen]| figures.iter().map(|fen| FenSum::from(fen.get())).sum::<FenSum>();
        sum(&[self.reply_fen, self.adjusted_fen, self.vired_fen]) == sum(&[self.current_fen])
    }

    /// The official key of its quota, in a division with this code. The row's own code stands
    /// last, so that a quota names the row it rests on.
    #[must_use]
    pub fn quota_key(&self, division: &str) -> String {
        let BudgetRow { code, unit, project, .. } = self;
        let (functional, government) = (self.functional.as_str(), self.government.as_str());
        let (departmental, fund) = (self.departmental.as_str(), self.fund.as_str());
        format!(
            "{division}/{}/{functional}/{government}/{departmental}/{fund}/{}/{}",
            &**unit, &**project, &**code
        )
    }
}

row! {
    /// A control figure (控制数): what a unit may draft for a class of projects and a fund nature.
    Control, key 3, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// The class of projects.
        class: super::project::ProjectClass = "项目类别",
        /// Fund nature.
        fund: Class = "资金性质",
        /// The figure.
        amount_fen: Fen = "控制数",
    }
}

vocabulary! {
    /// Where income comes from.
    IncomeSource {
        /// Taxes (税收收入).
        Tax = "tax", "税收收入";
        /// Fees, fines and the like (非税收入).
        NonTax = "non-tax", "非税收入";
        /// Transfers from the upper level (上级补助收入).
        TransferIn = "transfer-in", "上级补助收入";
        /// Returned by lower levels (下级上解收入).
        PaidUp = "paid-up", "下级上解收入";
        /// Carried over from last year (上年结转).
        CarryOver = "carry-over", "上年结转收入";
        /// Bonds (债务收入).
        Bond = "bond", "债务收入";
        /// Out of the stabilisation fund (调入预算稳定调节基金).
        Stabilisation = "stabilisation", "动用预算稳定调节基金";
        /// From another statutory budget (调入资金).
        OtherBudget = "other-budget", "调入资金";
        /// Dormant money taken back (收回存量资金).
        Recovered = "recovered", "收回存量资金";
        /// Of a fiscal special account (财政专户管理资金收入).
        SpecialAccount = "special-account", "财政专户管理资金收入";
        /// A unit's own business (事业收入).
        Business = "business", "事业收入";
        /// From the unit above (上级补助收入, of a unit).
        UnitAbove = "unit-above", "上级单位补助收入";
        /// From affiliated units (附属单位上缴收入).
        Affiliate = "affiliate", "附属单位上缴收入";
        /// Trading of a public institution (经营收入).
        Trading = "trading", "经营收入";
        /// Anything else (其他收入).
        Other = "other", "其他收入";
    }
}

row! {
    /// Income: of the division by fund nature, or registered by a unit (单位收入).
    Income, key 3, {
        /// The unit; `division` for the division's own.
        unit: Word = "单位",
        /// Fund nature.
        fund: Class = "资金性质",
        /// Which income.
        source: IncomeSource = "收入来源",
        /// What is expected.
        planned_fen: Fen = "预算数",
        /// What has been collected so far.
        collected_fen: Fen = "已收数",
    }
}

impl Income {
    /// What stands for a unit in the division's own income.
    pub const DIVISION: &'static str = "division";
}

row! {
    /// Surplus of a fund nature (年终结余): what balances its income and its spending.
    Surplus, key 1, {
        /// Fund nature.
        fund: Class = "资金性质",
        /// How much is not spent.
        amount_fen: Fen = "结余",
    }
}

vocabulary! {
    /// Who sends a part of the budget upwards.
    SentBy {
        /// A unit, to its department.
        Unit = "unit", "单位";
        /// A department, to finance.
        Department = "department", "主管部门";
    }
}

row! {
    /// What a unit or department has sent up: its rows are closed for it until they are returned
    /// or the next round begins.
    Sent, key 2, {
        /// Who sent.
        by: SentBy = "报送层级",
        /// The unit or department.
        unit: Word = "单位" in "unit",
        /// The round it was sent in.
        round: u32 = "轮次",
        /// Whether it was returned in that round.
        is_returned: bool = "是否退回",
        /// Who sent it or returned it.
        signer: PersonId = "办理人",
        /// Why it was returned.
        reason: Text = "退回原因",
    }
}

row! {
    /// A version of the budget: what all rows together were at a step of the whole. Written once,
    /// never changed.
    Version, key 1, {
        /// Its number, from 1.
        number: u32 = "版本",
        /// The step that made it.
        step: BudgetState = "环节",
        /// Digest of all rows: XXH3-128 over their lines as on file, by code, each with its line
        /// feed; 32 hex digits.
        digest: Name = "摘要",
        /// How many rows were not dropped.
        rows: u32 = "行数",
        /// All income that was planned.
        income_fen: Fen = "收入合计",
        /// The rows that were not dropped, in sum.
        spending_fen: Fen = "支出合计",
        /// Who took the step.
        signer: PersonId = "办理人",
        /// Its day, where the step has one.
        day: Option<Day> = "日期",
    }
}

row! {
    /// What a version has for a fund nature and a functional class of three digits (类).
    VersionSum, key 3, {
        /// The version.
        version: u32 = "版本" in "version",
        /// Fund nature.
        fund: Class = "资金性质",
        /// Functional class, three digits.
        functional: Class = "支出功能分类",
        /// Sum of the rows.
        amount_fen: Fen = "合计",
    }
}

row! {
    /// What the people's congress has approved for a fund nature and a functional class of seven
    /// digits (项). The reply has to say the same.
    ApprovedSum, key 2, {
        /// Fund nature.
        fund: Class = "资金性质",
        /// Functional class.
        functional: Class = "支出功能分类",
        /// The amount.
        amount_fen: Fen = "批准数",
    }
}

vocabulary! {
    /// For what money may be spent before the congress has approved (Budget Law, article 54).
    EarlyGround {
        /// Spending carried over from last year.
        Carried = "carried", "上年结转支出";
        /// Basic and project spending needed, and transfers to lower levels, by reference to the
        /// same period of last year.
        SamePeriod = "same-period", "参照上年同期必须支付的支出";
        /// What a law obliges to pay.
        Obligation = "obligation", "法律规定必须履行支付义务的支出";
        /// Natural disasters and the like.
        Relief = "relief", "自然灾害等突发事件处理支出";
    }
}

row! {
    /// What a unit may have in quotas before the budget is approved, and on which ground.
    EarlyCap, key 2, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// The ground.
        ground: EarlyGround = "支出事由",
        /// No more than this, over all its quotas on that ground.
        cap_fen: Fen = "限额",
        /// Where the figure comes from: the report of last year's same period, the law, the order.
        basis: Name = "依据",
    }
}

#[cfg(test)]
mod tests {
    use crate::office::table::{Row, Table};

    #[test]
    fn a_row_adds_up_or_does_not() {
        let row = |current: &str| {
            let line = format!(
                "R1\t101\tP1\tplaced\t2050203\t50502\t302\t111\t2\t\t\t2023\t10.00\t10.00\t10.00\t\
                 2.00\t-3.00\t{current}\t2"
            );
            let Ok(Row::BudgetRow(row)) = Row::read(Table::BudgetRow, &line) else {
                panic!("{line}")
            };
            row.adds_up()
        };
        assert!(row("9.00") && !row("9.01"));
    }
}
