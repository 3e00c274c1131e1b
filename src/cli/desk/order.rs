//! What a desk gives to the server: an order or a fact with its texts, owned so that the very same
//! can be sent again. Never makes an id.

use domain::codes::{BusinessKind, FactKind, Method, PaymentState, Post, ResolveAction, StepKind};
use domain::command::{Body, By, Fact, Reserve, Resolve, Step};
use domain::ids::{ActId, ChannelId, Class, ContractId, Day, PaymentId, QuotaId};
use domain::particulars::Particulars;
use domain::{Command, Fen};

use super::ask::Book;
use crate::cli::show::yuan;

/// One command, and what a person wants to see of it before it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) by: By,
    pub(super) payment: PaymentId,
    pub(super) quota: QuotaId,
    /// The amount it is about: its own, or its payment's.
    pub(super) amount_fen: Fen,
    /// To whom its payment goes; empty: nobody was named.
    pub(super) payee: String,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Reserve(Reservation),
    Step { kind: StepKind, serial: u64, reason: String },
    Fact(Report),
    Resolve(Resolution),
}

/// What a reservation says beside payment, quota and amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reservation {
    pub(super) economic: Class,
    pub(super) method: Method,
    pub(super) kind: BusinessKind,
    pub(super) day: Day,
    pub(super) contract: ContractId,
    pub(super) plan: ContractId,
    pub(super) deadline_ms: u64,
    pub(super) one_act: bool,
    /// Encoded, and within their bounds.
    pub(super) particulars: Vec<u8>,
}

/// What a fact says beside payment, quota and amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) kind: FactKind,
    pub(super) serial: u64,
    pub(super) payee_hash: u64,
    pub(super) day: Day,
    pub(super) refund: u64,
    pub(super) detail: u32,
    pub(super) note: String,
}

/// What is decided of a fact in suspense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolution {
    pub(super) act: ActId,
    /// In whose suspense it lies.
    pub(super) book: Book,
    pub(super) channel: ChannelId,
    pub(super) serial: u64,
    pub(super) action: ResolveAction,
    pub(super) reason: String,
}

impl Order {
    /// The command as it is sent.
    pub(super) fn command(&self) -> Command<'_> {
        let Order { by, payment, quota, amount_fen, .. } = *self;
        let body = match &self.what {
            What::Reserve(told) => Body::Reserve(Reserve {
                payment,
                quota,
                amount_fen,
                economic: told.economic,
                method: told.method,
                kind: told.kind,
                day: told.day,
                contract: told.contract,
                plan: told.plan,
                deadline_ms: told.deadline_ms,
                one_act: told.one_act,
                particulars: Particulars::trusted(&told.particulars),
            }),
            What::Step { kind, serial, reason } => {
                Body::Step(Step { kind: *kind, payment, quota, serial: *serial, reason })
            }
            What::Fact(told) => Body::Fact(Fact {
                kind: told.kind,
                payment,
                quota,
                serial: told.serial,
                amount_fen: if told.kind == FactKind::Reject { Fen::ZERO } else { amount_fen },
                payee_hash: told.payee_hash,
                day: told.day,
                refund: told.refund,
                detail: told.detail,
                note: &told.note,
            }),
            What::Resolve(told) => Body::Resolve(Resolve {
                act: told.act,
                division: told.book.0,
                year: told.book.1,
                channel: told.channel,
                serial: told.serial,
                action: told.action,
                reason: &told.reason,
            }),
        };
        Command { by, body }
    }

    /// Its name in both languages.
    pub(super) fn name(&self) -> String {
        let slug = self.command().slug();
        let chinese = match &self.what {
            What::Reserve(told) if told.one_act => "一次办结",
            What::Reserve(_) => "占用",
            What::Step { kind, .. } => step_chinese(*kind),
            What::Fact(told) => fact_chinese(told.kind),
            What::Resolve(told) => action_chinese(told.action),
        };
        format!("{slug} {chinese}")
    }

    /// What it does, in a line: its name, the amount, the payee.
    pub(super) fn line(&self) -> String {
        format!("{}  {}  {}", self.name(), yuan(self.amount_fen), self.payee())
    }

    /// The payee, or that there is none.
    pub(super) fn payee(&self) -> &str {
        if self.payee.is_empty() { "(no payee named 未注明收款人)" } else { &self.payee }
    }
}

pub(super) const fn step_chinese(kind: StepKind) -> &'static str {
    match kind {
        StepKind::ApproveUnit => "单位复核",
        StepKind::ApproveDepartment => "主管部门审核",
        StepKind::ApproveFinance => "财政审核",
        StepKind::Hold => "拦截",
        StepKind::Unhold => "解除拦截",
        StepKind::Withdraw => "撤回",
        StepKind::Return => "退回",
        StepKind::Instruct => "支付令",
        StepKind::Void => "作废",
        StepKind::Doubt => "状态不明",
    }
}

pub(super) const fn fact_chinese(kind: FactKind) -> &'static str {
    match kind {
        FactKind::ConfirmPaid => "回单",
        FactKind::Reject => "银行退回",
        FactKind::Clear => "清算",
        FactKind::Refund => "退款",
        FactKind::SettleRefund => "退款入库",
    }
}

pub(super) const fn action_chinese(action: ResolveAction) -> &'static str {
    match action {
        ResolveAction::Apply => "挂账入账",
        ResolveAction::Dismiss => "挂账注销",
    }
}

pub(super) const fn state_chinese(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Reserved => "待审核",
        PaymentState::Approved => "已审核",
        PaymentState::Held => "已拦截",
        PaymentState::Instructed => "已发支付令",
        PaymentState::Unknown => "状态不明",
        PaymentState::Paid => "已支付",
        PaymentState::Cleared => "已清算",
        PaymentState::Released => "已释放",
    }
}

pub(super) const fn post_chinese(post: Post) -> &'static str {
    match post {
        Post::Unit => "单位",
        Post::Department => "主管部门",
        Post::Finance => "财政",
    }
}
