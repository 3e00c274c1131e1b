//! Where a payment's money is now, in both languages.

use domain::Fen;
use domain::codes::{Path, PaymentState};
use protocol::views::PaymentView;

use super::refunded;
use crate::cli::show::yuan;

/// The same in English and Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Both {
    pub(in crate::cli) english: String,
    pub(in crate::cli) chinese: String,
}

impl Both {
    pub(in crate::cli) fn new(english: impl Into<String>, chinese: impl Into<String>) -> Both {
        Both { english: english.into(), chinese: chinese.into() }
    }

    pub(in crate::cli) fn push(&mut self, english: &str, chinese: &str) {
        self.english.push_str(english);
        self.chinese.push_str(chinese);
    }
}

/// Where the money of an accepted payment is.
pub(in crate::cli) fn of(view: &PaymentView) -> Both {
    let (asked, quota) = (yuan(view.amount_fen), view.quota);
    let held = |why: &str, zh: &str| {
        Both::new(
            format!("{why}: {asked} is reserved on quota {quota}"),
            format!("{zh}：指标{quota}占用{asked}"),
        )
    };
    match view.state {
        PaymentState::Reserved => held("waits for approval", "待审核"),
        PaymentState::Approved => {
            held("approved, waits for its payment order", "已审核，待发支付令")
        }
        PaymentState::Held => held("stopped until an officer lifts it", "已拦截，待解除"),
        PaymentState::Instructed => held("ordered to the bank", "已发支付令"),
        PaymentState::Unknown => held("the bank is silent", "状态不明"),
        PaymentState::Paid => paid(view),
        PaymentState::Cleared => cleared(view),
        PaymentState::Released => Both::new(
            format!("ended without paying: {asked} was given back and nothing is held"),
            format!("未支付已终止：{asked}已退回，无占用"),
        ),
    }
}

fn paid(view: &PaymentView) -> Both {
    let executed = view.executed_fen;
    if view.path == Path::Own {
        let left = yuan(Fen::new(executed.get() - refunded(view).get()));
        let mut now = Both::new(
            format!("paid from the unit's own account, which is final: {left} is paid"),
            format!("单位资金已支付（终态）：已付{left}"),
        );
        came_back(view, &mut now);
        return now;
    }
    let mut now = Both::new(
        format!("paid by the bank, waits for settlement: {} is paid", yuan(executed)),
        format!("代理银行已支付，待清算：已付{}", yuan(executed)),
    );
    came_back(view, &mut now);
    now
}

fn cleared(view: &PaymentView) -> Both {
    let settled = view.refunds.iter().filter(|refund| refund.settled && !refund.to_pool);
    let gone: i64 = settled.map(|refund| refund.amount_fen.get()).sum();
    let left = yuan(Fen::new(view.executed_fen.get() - gone));
    let mut now = Both::new(format!("settled: {left} is cleared"), format!("已清算：已清算{left}"));
    came_back(view, &mut now);
    now
}

fn came_back(view: &PaymentView, now: &mut Both) {
    let sum = |settled: bool, to_pool: bool| -> Fen {
        let some = view.refunds.iter().filter(|r| r.settled == settled && r.to_pool == to_pool);
        Fen::new(some.map(|refund| refund.amount_fen.get()).sum())
    };
    let parts = [
        (sum(true, false), "came back and is settled", "已退款入库"),
        (sum(false, false), "came back and is on its way to the treasury", "退款在途"),
        (
            sum(true, true),
            "came back after the year's close and is in the recovered pool",
            "关账后退款，已入收回资金",
        ),
        (
            sum(false, true),
            "came back after the year's close and is on its way",
            "关账后退款，在途",
        ),
    ];
    for (fen, english, chinese) in parts.iter().filter(|(fen, ..)| *fen != Fen::ZERO) {
        let amount = yuan(*fen);
        now.push(&format!(", {amount} {english}"), &format!("，{chinese}{amount}"));
    }
}
