//! Why a bank sends a payment order back (退回): what it knows of accounts and times, not of form.

use domain::ids::Day;
use domain::voucher::Finding;
use domain::voucher::collection::NotCollected;
use thiserror::Error;

use crate::limits::{BATCHES_WAITING_MAX, EARLY_MAX, REASON_CHARS_MAX};

#[derive(Debug, Error)]
pub(super) enum Returned {
    #[error(
        "the cut-off of {0:?} has passed, and {EARLY_MAX} orders wait for the next day already; send it again then under \
         a new number"
    )]
    AfterCutOff(Day),
    #[error("the bank has no business day open; send it again under a new number when it has")]
    NoDay,
    #[error("payer account {0} is none of this bank's for the division; correct the account")]
    Payer(String),
    #[error("payer account {account} belongs to {name}; correct the name")]
    PayerName { account: String, name: String },
    #[error("payer account {account} has {has} and the voucher orders more; pay money in")]
    Short { account: String, has: String },
    #[error(
        "the balance of payer account {0} would be beyond every amount; send it again when it is cleared"
    )]
    Beyond(String),
    #[error("payee account {account}: {why}; correct the account")]
    Payee { account: String, why: String },
    #[error("{0}")]
    Batch(Finding),
    #[error("{0}")]
    NotCollected(NotCollected),
    #[error(
        "a payee beside names no payment of the parent, which has several; name it in `TrackingID`"
    )]
    Unattributed,
    #[error("the parent voucher is not waiting for details; send both under new numbers")]
    ParentDone,
    #[error("{BATCHES_WAITING_MAX} batches wait for their other half; send the missing halves")]
    BatchesWaiting,
    #[error(
        "payment {0} was paid by another voucher; if that was typed in wrongly, take it back (`reverse`), and have this one \
         sealed again"
    )]
    PaidBefore(String),
    #[error("it was asked back by its sender before it was paid")]
    AskedBack,
    #[error("the voucher was sent back before, and its number is at an end; use a new one")]
    Before,
}

impl Returned {
    fn chinese(&self) -> String {
        match self {
            Returned::AfterCutOff(day) => {
                format!("已过{}支付截止时间，待次日支付的凭证已满", day.get())
            }
            Returned::NoDay => "银行未开工".to_owned(),
            Returned::Payer(account) => format!("付款账号{account}非本行该区划零余额账户"),
            Returned::PayerName { account, .. } => format!("付款账号{account}户名不符"),
            Returned::Short { account, .. } => format!("付款账号{account}余额不足"),
            Returned::Beyond(account) => format!("付款账号{account}余额超限"),
            Returned::Payee { account, .. } => format!("收款账号{account}不能入账"),
            Returned::Batch(finding) => finding.chinese(),
            Returned::NotCollected(why) => why.chinese(),
            Returned::Unattributed => "批量明细未注明所属支付".to_owned(),
            Returned::ParentDone => "主单不在等待明细".to_owned(),
            Returned::BatchesWaiting => "等待明细的批量业务过多".to_owned(),
            Returned::PaidBefore(payment) => format!("支付{payment}已由其他凭证支付"),
            Returned::AskedBack => "支付前发送方申请撤回".to_owned(),
            Returned::Before => "该凭证已退回，编号不可再用".to_owned(),
        }
    }

    /// The reason's code in ISO 20022.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Returned::AfterCutOff(_) | Returned::NoDay => "TM01",
            Returned::Payer(_) => "AC01",
            Returned::PayerName { .. } => "BE01",
            Returned::Short { .. } => "AM04",
            Returned::Payee { .. } => "AC06",
            Returned::Before | Returned::PaidBefore(_) => "AM05",
            Returned::Batch(_)
            | Returned::AskedBack
            | Returned::Beyond(_)
            | Returned::NotCollected(_)
            | Returned::Unattributed
            | Returned::ParentDone
            | Returned::BatchesWaiting => "NARR",
        }
    }

    /// In both languages, as long as a reason may be.
    pub(super) fn reason(&self) -> String {
        let both = format!("{}: {self}", self.chinese());
        both.chars().take(REASON_CHARS_MAX).collect()
    }
}

/// What is wrong with a voucher's form, in both languages: the first finding and how many there are.
pub(crate) fn findings_told(findings: &[Finding]) -> String {
    let Some(first) = findings.first() else { return String::new() };
    let more = if findings.len() > 1 { format!(" (1/{})", findings.len()) } else { String::new() };
    let both = format!("{}{more}: {first}", first.chinese());
    both.chars().take(REASON_CHARS_MAX).collect()
}
