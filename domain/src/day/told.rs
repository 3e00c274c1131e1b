//! The checklist in words, in both languages.

use crate::limits::DAY_NAMED_MAX;
use crate::money::yuan_grouped;

use super::{Check, Checklist, Item, Pile, Standing};

/// What an item counts and what to do about what is open, in English and in Chinese.
struct Words {
    title: [&'static str; 2],
    next: [&'static str; 2],
}

impl Check {
    const fn words(self) -> Words {
        match self {
            Check::CutOff => Words {
                title: ["cut-off", "截止时间"],
                next: ["wait for it", "待截止时间"],
            },
            Check::Answered => Words {
                title: ["vouchers without an answer", "未回单凭证"],
                next: [
                    "ask for their state; never send one again before",
                    "先查询状态，查询前不得重发",
                ],
            },
            Check::Cleared => Words {
                title: ["receipts not cleared", "未清算回单"],
                next: [
                    "ask the bank for its request, the central bank for the clearing",
                    "催代理银行划款申请、国库清算",
                ],
            },
            Check::Matched => Words {
                title: [
                    "requests without a limit notice that says the same",
                    "与额度通知不符的划款申请",
                ],
                next: [
                    "send the notice, or have the request made anew",
                    "补发额度通知，或由银行重新申请",
                ],
            },
            Check::Refunds => Words {
                title: ["refunds not in the treasury yet", "未入库退款"],
                next: ["the bank hands them on at once", "由代理银行立即缴回国库"],
            },
            Check::ZeroBalance => Words {
                title: ["zero-balance accounts not at zero", "余额不为零的零余额账户"],
                next: ["clear what was paid, return what came in", "清算已付款项，退回来款"],
            },
            Check::Statements => Words {
                title: ["statements not reconciled", "未核对对账单"],
                next: ["ask for what is missing, and compare it", "催收缺少的对账单并核对"],
            },
            Check::Differences => Words {
                title: ["open differences", "未结差异"],
                next: ["end each, or carry it as a named item", "逐项核销，或列明结转"],
            },
            Check::Suspense => Words {
                title: ["facts in suspense", "挂账"],
                next: ["apply or dismiss each parked fact", "逐笔入账或销账"],
            },
            Check::Collections => Words {
                title: ["debits by collection without a payment", "未补支付申请的托收扣款"],
                next: [
                    "have the unit ask for the payment that names it, or the bank get it back",
                    "由单位补报支付申请并注明扣款编号，或由银行追回",
                ],
            },
            Check::Exposure => Words {
                title: ["exposure over its limit", "超限垫款"],
                next: [
                    "hold further payments to the bank until it is cleared",
                    "清算前暂缓向该行发送支付",
                ],
            },
        }
    }
}

impl Check {
    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        self.words().title[1]
    }
}

impl Checklist {
    /// As a page of text.
    #[must_use]
    pub fn english(&self) -> String {
        let standing = if self.is_green() { "may be closed" } else { "is open" };
        self.page(0, &format!("Day {} {standing}.", self.day.get()))
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let standing = if self.is_green() { "可以日终" } else { "尚不能日终" };
        self.page(1, &format!("{} {standing}。", self.day.get()))
    }

    fn page(&self, language: usize, first: &str) -> String {
        let mut page = format!("{first}\n");
        for item in &self.items {
            page.push_str(&item.line(language));
            page.push('\n');
            for by in item.by.iter().take(DAY_NAMED_MAX) {
                let told = if language == 0 { by.english() } else { by.chinese() };
                page.push_str(&format!("  {told}\n"));
            }
        }
        page
    }
}

impl Item {
    fn line(&self, language: usize) -> String {
        let words = self.check.words();
        let mark = match self.standing() {
            Standing::Green => ["green  ", "完成"],
            Standing::Carried => ["carried", "列明"],
            Standing::Open => ["open   ", "未完"],
        };
        let nothing = match self.check {
            Check::CutOff => ["passed", "已过"],
            _ => ["none", "无"],
        };
        let mut line = format!("{}  {}", mark[language], words.title[language]);
        line.push_str([": ", "："][language]);
        if !self.open.is_empty() {
            line.push_str(&self.open.told(language));
            line.push_str(["; ", "；"][language]);
            line.push_str(words.next[language]);
        } else if self.untold.is_empty() {
            line.push_str(nothing[language]);
        }
        if !self.untold.is_empty() {
            if !self.open.is_empty() {
                line.push_str(["; ", "；"][language]);
            }
            line.push_str(&self.untold_told(language));
        }
        if !self.carried.is_empty() {
            line.push_str(["; carried by name: ", "；列明结转："][language]);
            line.push_str(&self.carried.told(language));
        }
        if !self.held.is_empty() {
            line.push_str(
                ["; held by the cut-off until the next day: ", "；截止后顺延次日："][language],
            );
            line.push_str(&self.held.told(language));
        }
        line
    }
}

impl Item {
    /// Who has still to tell what is counted here, and what to do about it.
    fn untold_told(&self, language: usize) -> String {
        let some = self.untold.iter().take(DAY_NAMED_MAX).map(ToString::to_string);
        let names = some.collect::<Vec<_>>().join([", ", "、"][language]);
        let more = self.untold.len().saturating_sub(DAY_NAMED_MAX);
        let more = match (more, language) {
            (0, _) => String::new(),
            (more, 0) => format!(" and {more} more"),
            (more, _) => format!("等，另{more}家"),
        };
        match language {
            0 => format!("not told yet by {names}{more}: ask for the account statement"),
            _ => format!("{names}{more}尚未告知：催收账户对账单"),
        }
    }
}

impl Pile {
    /// `2, ¥300.00: one, other and 5 more`.
    fn told(&self, language: usize) -> String {
        let mut text = [self.many().to_string(), format!("{}项", self.many())][language].clone();
        if self.amount_fen() != 0 {
            text.push_str([", ", "，"][language]);
            text.push_str(&yuan_grouped(self.amount_fen()));
        }
        text.push_str([" (", "（"][language]);
        text.push_str(&self.named().join([", ", "、"][language]));
        let more = self.many() - self.named().len() as u64;
        if more > 0 {
            text.push_str(&[format!(" and {more} more"), format!("等，另{more}项")][language]);
        }
        text.push_str([")", "）"][language]);
        text
    }
}
