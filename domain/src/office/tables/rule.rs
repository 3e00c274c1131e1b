//! Control rules (控制规则) as rows: what is in force, what is proposed, what was, what the province
//! set; deviations, exemptions, ceilings; the payments held and the alerts raised by rules.

use crate::ids::{Day, PersonId, QuotaId};
use crate::money::Fen;
use crate::office::field::{AccountNumber, Name, Text, Word, vocabulary};

vocabulary! {
    /// What a rule does where it fires, from the mildest on.
    Action {
        /// Nothing but a row.
        Record = "record", "记录";
        /// The payment goes on; somebody has to explain.
        Warn = "warn", "预警";
        /// The department approves too.
        ApproveDepartment = "approve-department", "主管部门加审";
        /// The finance office approves too.
        ApproveFinance = "approve-finance", "财政加审";
        /// The payment waits until an officer lifts it.
        Hold = "hold", "拦截";
        /// The payment is refused.
        Refuse = "refuse", "禁止";
    }
}

vocabulary! {
    /// Who set a rule.
    Origin {
        /// The province: for all divisions.
        Province = "province", "省级规则";
        /// The division itself: at least as strict.
        Own = "own", "本级加严";
    }
}

/// Declares a table of rules: they differ in their key alone.
macro_rules! rules {
    ($(#[$doc:meta])* $name:ident, key $keys:literal) => {
        row! {
            $(#[$doc])*
            $name, key $keys, {
                /// Its id, such as `R-LARGE`.
                id: Word = "规则编号",
                /// Counts its changes.
                version: u32 = "版本",
                /// When it is looked at: words of submit, generate, review, receipt, scan.
                when: Name = "触发时点",
                /// What it does.
                action: Action = "处置方式",
                /// When it fires, as text.
                condition: Name = "触发条件",
                /// The code callers hear, or that stands in an alert.
                code: u16 = "提示代码",
                /// Tolerance: an amount.
                tolerance_fen: Fen = "容差金额",
                /// Tolerance: ten-thousandths of the limit. Of the two, the lower binds.
                tolerance_bp: u16 = "容差比例（万分之）",
                /// Whether it is in force.
                in_force: bool = "是否启用",
                /// What it waits for, while it is not.
                waits_for: Text = "待接入数据",
                /// What officials read.
                chinese: Name = "中文说明",
                /// The same in English.
                english: Name = "英文说明",
                /// What would release a payment that it holds; empty: it holds none.
                release: Text = "解除条件",
                /// Who set it.
                origin: Origin = "规则来源",
                /// The province's version it was held against.
                origin_version: u32 = "省级版本",
                /// Who wrote it.
                maker: PersonId = "经办人",
                /// Who checked it; 0: nobody yet.
                checker: PersonId = "复核人",
                /// The day it was approved.
                day: Option<Day> = "批准日期",
            }
        }
    };
}

rules! {
    /// A rule as it is now.
    Rule, key 1
}

rules! {
    /// A rule somebody proposes.
    RuleDraft, key 1
}

rules! {
    /// A rule as it was in one version.
    RuleVersion, key 2
}

rules! {
    /// A rule as the province has set it, in a division below.
    RuleInherited, key 1
}

macro_rules! as_rows {
    ($($name:ident)+) => {
        $(impl From<&Rule> for $name {
            fn from(rule: &Rule) -> $name {
                let Rule {
                    id, version, when, action, condition, code, tolerance_fen, tolerance_bp,
                    in_force, waits_for, chinese, english, release, origin, origin_version, maker,
                    checker, day,
                } = rule.clone();
                $name {
                    id, version, when, action, condition, code, tolerance_fen, tolerance_bp,
                    in_force, waits_for, chinese, english, release, origin, origin_version, maker,
                    checker, day,
                }
            }
        }

        impl From<&$name> for Rule {
            fn from(rule: &$name) -> Rule {
                let $name {
                    id, version, when, action, condition, code, tolerance_fen, tolerance_bp,
                    in_force, waits_for, chinese, english, release, origin, origin_version, maker,
                    checker, day,
                } = rule.clone();
                Rule {
                    id, version, when, action, condition, code, tolerance_fen, tolerance_bp,
                    in_force, waits_for, chinese, english, release, origin, origin_version, maker,
                    checker, day,
                }
            }
        })+
    };
}

as_rows! { RuleDraft RuleVersion RuleInherited }

row! {
    /// A deviation (例外): for a time, by the province's approval, a rule is looser here.
    Deviation, key 1, {
        /// The rule.
        rule: Word = "规则编号" in "rule",
        /// The province's approval (批准文号).
        number: Name = "省级批准文号",
        /// First day it holds.
        valid_from: Day = "起始日期",
        /// Last day it holds.
        valid_to: Day = "截止日期",
        /// What the rule does instead.
        action: Action = "处置方式",
        /// When it fires instead.
        condition: Name = "触发条件",
        /// Tolerance instead: an amount.
        tolerance_fen: Fen = "容差金额",
        /// Tolerance instead: ten-thousandths of the limit.
        tolerance_bp: u16 = "容差比例（万分之）",
        /// Why.
        reason: Name = "理由",
        /// Who wrote it.
        maker: PersonId = "经办人",
        /// Who checked it; 0: nobody yet, and it does not hold.
        checker: PersonId = "复核人",
    }
}

row! {
    /// An exemption (豁免): one unit may pay one account though a rule would stop it.
    Exemption, key 3, {
        /// The rule.
        rule: Word = "规则编号" in "rule",
        /// The unit.
        unit: Word = "单位" in "unit",
        /// The payee's account.
        account: AccountNumber = "收款人账号",
        /// The document it rests on.
        number: Name = "批准文号",
        /// Last day it holds.
        valid_to: Day = "截止日期",
        /// Who wrote it.
        maker: PersonId = "经办人",
        /// Who checked it; 0: nobody yet, and it does not hold.
        checker: PersonId = "复核人",
    }
}

row! {
    /// A ceiling on a unit's year (控制额度), such as its three public expenses.
    Ceiling, key 2, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// Its name in rules.
        name: Word = "额度名称",
        /// What is approved.
        approved_fen: Fen = "批准额度",
        /// The document it rests on.
        basis: Name = "批准文件",
        /// Who set it.
        maker: PersonId = "经办人",
        /// Who checked it; empty: set when nobody had to.
        checker: Option<PersonId> = "复核人",
    }
}

row! {
    /// A ceiling somebody proposes (待审控制额度).
    CeilingDraft, key 2, {
        /// The unit.
        unit: Word = "单位" in "unit",
        /// Its name in rules.
        name: Word = "额度名称",
        /// What is to be approved.
        approved_fen: Fen = "批准额度",
        /// The document it rests on.
        basis: Name = "批准文件",
        /// Who proposes it.
        maker: PersonId = "经办人",
    }
}

row! {
    /// A payment that waits for an officer (拦截待办).
    Held, key 1, {
        /// The payment.
        payment: Word = "支付编号",
        /// Its quota.
        quota: QuotaId = "指标",
        /// The unit.
        unit: Text = "单位",
        /// The rule that holds it; `manual`: a person does.
        rule: Word = "规则编号",
        /// The rule's version.
        version: u32 = "规则版本",
        /// The rule's code.
        code: u16 = "提示代码",
        /// The amount.
        amount_fen: Fen = "金额",
        /// The payment's day.
        day: Option<Day> = "业务日期",
        /// What the rule saw.
        inputs: Text = "判定依据",
        /// What would release it.
        release: Text = "解除条件",
    }
}

vocabulary! {
    /// Where an alert stands.
    AlertState {
        /// Nobody has answered it.
        Open = "open", "待处理";
        /// What it told of is no more, or was answered.
        Closed = "closed", "已关闭";
    }
}

row! {
    /// An alert that a rule raised (预警).
    Alert, key 2, {
        /// The rule.
        rule: Word = "规则编号",
        /// What it is about: a payment, a quota, a unit.
        subject: Word = "对象",
        /// The rule's version.
        version: u32 = "规则版本",
        /// The rule's code.
        code: u16 = "提示代码",
        /// What the rule did: warn or record.
        action: Action = "处置方式",
        /// The unit.
        unit: Text = "单位",
        /// The amount it is about.
        amount_fen: Fen = "金额",
        /// The day.
        day: Option<Day> = "日期",
        /// What the rule saw.
        inputs: Text = "判定依据",
        /// Where it stands.
        state: AlertState = "状态",
        /// What was answered; empty: nothing.
        answer: Text = "处理说明",
    }
}
