//! Registers: banks and accounts, payees and suppliers, the calendar, code tables.

use crate::ids::{Class, Day};
use crate::office::field::{
    AccountNumber, BankNumber, CreditCode, Name, Text, TimeOfDay, TreasuryCode, Word, vocabulary,
};
use crate::office::tables::base::Standing;

row! {
    /// An agent bank (代理银行) of the division.
    AgentBank, key 1, {
        /// Code.
        code: Word = "银行代码",
        /// Name.
        name: Name = "银行名称",
        /// Its number in the payment system.
        bank_number: BankNumber = "联行号",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

vocabulary! {
    /// Kind of a bank account.
    AccountKind {
        /// Treasury single account, at the central bank.
        TreasurySingle = "treasury-single", "国库单一账户";
        /// Zero-balance account of finance, at an agent bank.
        FinanceZero = "finance-zero", "财政零余额账户";
        /// Zero-balance account of a unit, at an agent bank.
        UnitZero = "unit-zero", "预算单位零余额账户";
        /// Fiscal special account, at a commercial bank.
        FiscalSpecial = "fiscal-special", "财政专户";
        /// A unit's own money.
        RealFund = "real-fund", "实有资金账户";
        /// Where non-tax income is gathered: inbound only.
        NonTax = "non-tax", "非税收入汇缴专户";
        /// An employee's official card.
        OfficialCard = "official-card", "公务卡";
    }
}

vocabulary! {
    /// What kind of owner an account has.
    AccountOwner {
        /// Finance.
        Finance = "finance", "财政部门";
        /// A unit.
        Unit = "unit", "预算单位";
        /// An employee of a unit.
        Employee = "employee", "职工";
    }
}

row! {
    /// A bank account (银行账户).
    Account, key 1, {
        /// Account number.
        number: AccountNumber = "账号",
        /// Account name.
        name: Name = "户名",
        /// Kind.
        kind: AccountKind = "账户类别",
        /// What kind of owner it has.
        owner: AccountOwner = "所有者类别",
        /// The owning unit, or the employee's; empty: finance.
        unit: Option<Word> = "所属单位" in "unit",
        /// The agent bank that keeps it; empty: another bank.
        agent_bank: Option<Word> = "代理银行" in "agent-bank",
        /// Name of the bank.
        bank_name: Name = "开户行",
        /// Number of the bank.
        bank_number: BankNumber = "联行号",
        /// Code of the treasury, of the treasury single account; else empty.
        treasury_code: Option<TreasuryCode> = "国库代码",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

vocabulary! {
    /// Kind of a payee (资金往来对象类别).
    PayeeKind {
        /// A budget unit or other public body.
        Unit = "unit", "单位";
        /// An enterprise.
        Enterprise = "enterprise", "企业";
        /// A natural person.
        Individual = "individual", "个人";
    }
}

vocabulary! {
    /// The list a payee is on.
    PayeeList {
        /// None: registered.
        None = "none", "已登记";
        /// The white list.
        White = "white", "白名单";
        /// The black list: nothing is paid to it.
        Black = "black", "黑名单";
    }
}

row! {
    /// A registered payee (收款人).
    Payee, key 1, {
        /// Account number.
        account: AccountNumber = "收款人账号",
        /// Name, as the bank has it.
        name: Name = "收款人全称",
        /// Number of the bank.
        bank_number: BankNumber = "收款行联行号",
        /// Kind.
        kind: PayeeKind = "资金往来对象类别",
        /// The list it is on.
        list: PayeeList = "名单类别",
        /// Why it is on a list; empty: on none.
        reason: Text = "列入原因",
    }
}

row! {
    /// A supplier of government procurement (供应商).
    Supplier, key 1, {
        /// Unified social credit code.
        credit_code: CreditCode = "统一社会信用代码",
        /// Name.
        name: Name = "供应商名称",
        /// The account it is paid to, a registered payee.
        account: AccountNumber = "收款账号" in "payee",
        /// Where it stands.
        standing: Standing = "状态",
    }
}

row! {
    /// A day of the working calendar (工作日历).
    Calendar, key 1, {
        /// The day.
        day: Day = "日期",
        /// Whether it is worked.
        working: bool = "是否工作日",
        /// Payments instructed after this time go out on the next working day; empty on days off.
        cut_off: Option<TimeOfDay> = "截止时间",
        /// Why it is not what its weekday says; empty: it is.
        note: Text = "说明",
    }
}

vocabulary! {
    /// A classification whose codes are a table of each year.
    CodeKind {
        /// Functional classification (支出功能分类).
        Functional = "functional", "支出功能分类";
        /// Government economic classification (政府预算支出经济分类).
        Government = "government", "政府预算支出经济分类";
        /// Departmental economic classification (部门预算支出经济分类).
        Departmental = "departmental", "部门预算支出经济分类";
        /// Fund nature (资金性质).
        Fund = "fund", "资金性质";
    }
}

row! {
    /// The version of a code table that holds in the year.
    CodeTable, key 1, {
        /// The classification.
        table: CodeKind = "代码表",
        /// Its version.
        version: Word = "版本",
        /// Where it was taken from.
        source: Name = "来源",
    }
}

vocabulary! {
    /// How far a row of a code table is known to be right.
    CodeSource {
        /// Seen in a source that can be named.
        Verified = "verified", "已核实";
        /// From general knowledge, not held against the printed table.
        General = "general", "一般知识";
        /// Assumed here.
        Assumed = "assumed", "设定";
        /// Added by the division, below a national code.
        Local = "local", "地方自定";
    }
}

row! {
    /// A code of a classification.
    CodeRow, key 2, {
        /// The classification.
        table: CodeKind = "代码表" in "code-table",
        /// The code.
        code: Class = "代码",
        /// Its name.
        name: Name = "名称",
        /// The code above, stored, never computed; empty: the first level.
        parent: Option<Class> = "上级代码",
        /// Whether payments and quotas may carry it, or only codes below it.
        enterable: bool = "是否可填报",
        /// What it goes with, parted by blanks: of a departmental class, the government classes it is
        /// mapped to; of a fund nature or functional class, the statutory budget.
        goes_with: Text = "对应关系",
        /// How far the row is known to be right.
        source: CodeSource = "来源",
    }
}
