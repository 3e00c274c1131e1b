//! People: who holds which post, who is paid, and what a thing may cost.

use crate::ids::{Class, Day, PersonId};
use crate::money::Fen;
use crate::office::field::{AccountNumber, BankNumber, Name, Text, Word, vocabulary};

vocabulary! {
    /// A post (岗位): what a person may do in a division under control.
    PostKind {
        /// Keeps base data (基础信息管理).
        BaseKeeper = "base-keeper", "基础信息管理岗";
        /// Writes a unit's papers (单位经办).
        UnitMaker = "unit-maker", "单位经办岗";
        /// Checks them (单位审核).
        UnitChecker = "unit-checker", "单位审核岗";
        /// Heads the unit (单位负责人).
        UnitHead = "unit-head", "单位负责人";
        /// Reviews for the department (主管部门审核).
        DepartmentReviewer = "department-reviewer", "主管部门审核岗";
        /// Reviews for a business division of the finance office (业务处室).
        BudgetOfficer = "budget-officer", "业务处室审核岗";
        /// Heads the budget division: opens, gives control figures, submits, replies (预算处).
        BudgetHead = "budget-head", "预算编制负责人";
        /// Writes quota documents (指标经办).
        QuotaMaker = "quota-maker", "指标经办岗";
        /// Checks them (指标复核).
        QuotaChecker = "quota-checker", "指标复核岗";
        /// Reviews payments and plans (国库审核).
        TreasuryReviewer = "treasury-reviewer", "国库审核岗";
        /// Heads the treasury division (国库负责人).
        TreasuryHead = "treasury-head", "国库负责人";
        /// Enters what the people's congress resolved (人大联络).
        CongressClerk = "congress-clerk", "人大决议登记岗";
        /// Reads everything, changes nothing (审计).
        Auditor = "auditor", "审计岗";
        /// Keeps goals and grades (绩效管理).
        PerformanceOfficer = "performance-officer", "绩效管理岗";
        /// Writes control rules (规则经办).
        RuleMaker = "rule-maker", "规则经办岗";
        /// Checks them (规则复核).
        RuleChecker = "rule-checker", "规则复核岗";
    }
}

row! {
    /// A post that a person holds.
    PostHolder, key 3, {
        /// Staff number.
        person: PersonId = "人员编号",
        /// The post.
        post: PostKind = "岗位",
        /// Of a unit's posts and of the department's reviewer: the unit. Of a budget officer: the
        /// division of the finance office. Empty: the whole division.
        unit: Option<Word> = "单位或处室",
        /// Name of the person.
        name: Name = "姓名",
    }
}

vocabulary! {
    /// What kind of establishment a person fills (编制类型).
    Establishment {
        /// Administrative (行政编制).
        Administrative = "administrative", "行政编制";
        /// Public institution (事业编制).
        Institution = "institution", "事业编制";
        /// Workers of public bodies (工勤编制).
        Worker = "worker", "工勤编制";
        /// None (编外).
        Outside = "outside", "编外";
    }
}

vocabulary! {
    /// Where a person stands.
    PersonState {
        /// On duty (在岗).
        OnDuty = "on-duty", "在岗";
        /// Lent to another unit (借调).
        Seconded = "seconded", "借调";
        /// Suspended (停职).
        Suspended = "suspended", "停职";
        /// Retired (退休).
        Retired = "retired", "退休";
        /// Deceased (死亡).
        Deceased = "deceased", "死亡";
        /// Left (离职).
        Left = "left", "离职";
    }
}

row! {
    /// A person on a unit's list (人员信息).
    Person, key 2, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// Staff number.
        person: PersonId = "人员编号",
        /// Name.
        name: Name = "姓名",
        /// Identity number with its middle masked.
        masked_id: Text = "证件号码（脱敏）",
        /// What the person works as (岗位类别).
        work: Text = "岗位类别",
        /// Kind of establishment.
        establishment: Establishment = "编制类型",
        /// Where the person stands.
        state: PersonState = "人员状态",
        /// Account of the salary card; empty: none.
        account: Option<AccountNumber> = "工资卡账号",
        /// Its bank.
        bank_number: Option<BankNumber> = "工资卡联行号",
    }
}

row! {
    /// What a person is paid each month (工资项).
    PayItem, key 3, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// Staff number.
        person: PersonId = "人员编号",
        /// Departmental economic class of the item.
        class: Class = "部门经济分类",
        /// The standard it follows; empty: none.
        standard: Option<Word> = "支出标准" in "standard",
        /// Each month.
        month_fen: Fen = "月标准",
    }
}

row! {
    /// How many people of a kind a unit may have (编制).
    Approved, key 2, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// Kind of establishment.
        establishment: Establishment = "编制类型",
        /// How many.
        headcount: u32 = "核定编制数",
    }
}

vocabulary! {
    /// Who set a standard.
    StandardLevel {
        /// The centre.
        Central = "central", "中央";
        /// The province.
        Province = "province", "省级";
        /// The division itself.
        Local = "local", "本地";
    }
}

vocabulary! {
    /// How hard a standard is.
    Hardness {
        /// No more than it.
        Ceiling = "ceiling", "上限";
        /// Neither more nor less.
        Fixed = "fixed", "定额";
        /// To compare with.
        Reference = "reference", "参考";
    }
}

row! {
    /// A spending standard (支出标准): what one of a thing may cost.
    Standard, key 1, {
        /// Code.
        code: Word = "标准代码",
        /// Name.
        name: Name = "标准名称",
        /// Who set it.
        level: StandardLevel = "标准级次",
        /// The departmental economic class it is for, with all under it.
        class: Class = "部门经济分类",
        /// What is counted, such as 人·天.
        measure: Name = "计量单位",
        /// Price of one.
        price_fen: Fen = "单价",
        /// First day.
        valid_from: Day = "生效日期",
        /// Last day; empty: none.
        valid_to: Option<Day> = "失效日期",
        /// The document it rests on.
        basis: Name = "文件依据",
        /// How hard it is.
        hardness: Hardness = "控制方式",
    }
}
