//! What an event did to a payment, in English and Chinese.

use domain::codes::{FactKind, Path, ResolveAction, Role, StepKind};
use domain::command::{By, Fact, Reserve, Step};
use domain::event::{Event, EventBody, RefusedId};
use domain::ids::PaymentId;
use domain::voucher::heard::heard_of;
use domain::voucher::{Flag, VoucherKey};
use domain::{Code, Fen, Refusal};
use protocol::views::PaymentView;

use super::now::Both;
use super::reasons;
use crate::cli::show::{day, yuan};
use crate::cli::words::{PROGRAM_CHINESE, is_no_person, who};
use crate::party::finance::EXCHANGE;

/// What is known of the payment when an event of it is told.
pub(in crate::cli) struct Told<'a> {
    payment: PaymentId,
    view: Option<&'a PaymentView>,
    /// Vouchers that facts may have been heard of.
    sources: &'a [(VoucherKey, Flag)],
}

impl<'a> Told<'a> {
    pub(in crate::cli) fn new(payment: PaymentId, view: Option<&'a PaymentView>) -> Told<'a> {
        Told { payment, view, sources: &[] }
    }

    /// With the vouchers that facts may have been heard of.
    pub(super) fn heard_of(self, sources: &'a [(VoucherKey, Flag)]) -> Told<'a> {
        Told { sources, ..self }
    }

    /// The voucher that the fact of an event was heard of.
    pub(super) fn source(&self, event: &Event<'_>) -> Option<(VoucherKey, Flag)> {
        match &event.body {
            EventBody::FactTaken { command, .. } | EventBody::FactParked { command, .. } => {
                heard_of(command, self.sources)
            }
            _ => None,
        }
    }

    /// What an event did.
    pub(in crate::cli) fn event(&self, event: &Event<'_>) -> Both {
        let mut told = self.body(event);
        if let EventBody::FactTaken { command, .. } | EventBody::FactParked { command, .. } =
            &event.body
        {
            self.said(command, &mut told);
        }
        told.push(&format!("; {}", who(event.by)), &format!("；{}", who_chinese(event.by)));
        if let Some((quota, version)) = event.quota_version() {
            let chinese = format!("；指标{quota}第{version}版");
            told.push(&format!("; quota {quota} version {version}"), &chinese);
        }
        told
    }

    fn body(&self, event: &Event<'_>) -> Both {
        match &event.body {
            EventBody::Reserved { command, rule_version, .. } => reserved(command, *rule_version),
            EventBody::Stepped { command, .. } => self.step(event.by, command),
            EventBody::FactTaken { from_suspense, command, .. } => {
                let mut told = self.fact(command);
                if *from_suspense {
                    told.push("; it lay in suspense and fits now", "；原挂账，现已相符");
                }
                told
            }
            EventBody::FactParked { reason, command, .. } => parked(command, *reason),
            EventBody::Resolved { command: c, .. } => match c.action {
                ResolveAction::Apply => Both::new(
                    format!("finance applies the parked fact {}: {:?}", c.serial, c.reason),
                    format!("财政确认挂账回单{}：{:?}", c.serial, c.reason),
                ),
                ResolveAction::Dismiss => Both::new(
                    format!("finance sets the parked fact {} aside: {:?}", c.serial, c.reason),
                    format!("财政注销挂账回单{}：{:?}", c.serial, c.reason),
                ),
            },
            EventBody::Refused { quota, amount_fen, refusal, .. } => {
                let mut told = refused(refusal, None);
                let asked = yuan(*amount_fen);
                told.push(
                    &format!("; {asked} was asked for on quota {quota}"),
                    &format!("；原申请：指标{quota}，{asked}"),
                );
                told
            }
            EventBody::RunRefused { refusal, at, ids, .. } => {
                let own = ids.get(usize::from(*at));
                if own.is_some_and(|own| own.id == RefusedId::Payment(self.payment)) {
                    return refused(refusal, None);
                }
                refused(&Refusal::new(Code::LinkedRefused), Some(refusal.code))
            }
            EventBody::MovedOut { command: c, .. } => {
                let (z, from, to, id) = (yuan(c.amount_fen), c.from, c.to, c.id);
                let settled = self.settled();
                Both::new(
                    format!(
                        "{z} of it is to be borne by quota {from} in place of {to}: {} + {z} on {from}; \
                         move {id}; reason: {:?}",
                        settled.0, c.note
                    ),
                    format!(
                        "更正：{z}改由指标{from}承担，原指标{to}：{from}{}＋{z}；编号{id}；事由：{:?}",
                        settled.1, c.note
                    ),
                )
            }
            EventBody::MovedIn { command: c, .. } => {
                let (z, to, id) = (yuan(c.amount_fen), c.to, c.id);
                let (settled, chinese) = self.settled();
                Both::new(
                    format!(
                        "quota {to} bears it no more: {settled} − {z}, back to available; move {id}"
                    ),
                    format!("指标{to}不再承担：{chinese}－{z}，退回可用；编号{id}"),
                )
            }
            EventBody::MoveDeclined { reason, command: c } => {
                let (z, from, to, id) = (yuan(c.amount_fen), c.from, c.to, c.id);
                let (english, chinese) = (reason.english(), reason.chinese());
                Both::new(
                    format!(
                        "quota {to} bears it still, {from} is given back {z}: {english} ({reason}); move {id}"
                    ),
                    format!("指标{to}仍承担，{z}退回指标{from}：{chinese}；编号{id}"),
                )
            }
            _ => Both::new(event.slug(), event.slug()),
        }
    }

    /// What a fact's reporter said, and by which voucher.
    fn said(&self, fact: &Fact<'_>, told: &mut Both) {
        if !fact.note.is_empty() {
            let words = reasons::told(fact.note);
            told.push(
                &format!("; reason: {}", words.english),
                &format!("；事由：{}", words.chinese),
            );
        }
        let Some((key, flag)) = heard_of(fact, self.sources) else { return };
        let chinese = key.kind.chinese();
        match (flag, fact.kind) {
            (Flag::Receipt, _) => told
                .push(&format!("; by the receipt of {key}"), &format!("；据{chinese}{key}的回单")),
            (Flag::Original, FactKind::Reject) => told.push(
                &format!("; {key} was not paid and is at its end"),
                &format!("；{chinese}{key}未支付，已退回"),
            ),
            (Flag::Original, _) => {
                told.push(&format!("; by {key}"), &format!("；据{chinese}{key}"));
            }
        }
    }

    fn asked(&self) -> Fen {
        self.view.map_or(Fen::ZERO, |view| view.amount_fen)
    }

    fn path(&self) -> Option<Path> {
        self.view.map(|view| view.path)
    }

    /// The bucket that what is settled lies in.
    fn settled(&self) -> (&'static str, &'static str) {
        match self.path() {
            Some(Path::Own) => ("paid", "已付"),
            _ => ("cleared", "已清算"),
        }
    }

    /// Where the money that comes back goes.
    fn given_back(&self) -> (&'static str, &'static str) {
        match self.view.is_some_and(|view| view.contract.is_some()) {
            true => (
                "back to its contract's earmark, or to available if that is closed",
                "退回合同占用（合同已结则退回可用）",
            ),
            false => ("back to available", "退回可用"),
        }
    }

    fn step(&self, by: By, step: &Step<'_>) -> Both {
        let x = yuan(self.asked());
        let (to, to_chinese) = self.given_back();
        let released = |english: &str, chinese: &str| {
            Both::new(
                format!("{english}: reserved − {x}, {to}"),
                format!("{chinese}：占用－{x}，{to_chinese}"),
            )
        };
        let mut told = match step.kind {
            StepKind::ApproveUnit => Both::new("the unit post approves", "单位复核通过"),
            StepKind::ApproveDepartment => {
                Both::new("the department post approves", "主管部门审核通过")
            }
            StepKind::ApproveFinance => Both::new("the finance post approves", "财政审核通过"),
            StepKind::Hold => {
                Both::new(format!("stopped; {x} stays reserved"), format!("拦截；{x}仍占用"))
            }
            StepKind::Unhold => Both::new("the stop is lifted", "解除拦截"),
            StepKind::Withdraw if by.role == Role::Engine => {
                released("lapsed, its maker's deadline has passed", "逾期自动撤回")
            }
            StepKind::Withdraw => released("withdrawn by its maker", "经办人撤回"),
            StepKind::Return => released("returned", "退回"),
            StepKind::Instruct => Both::new(
                format!("the payment order goes to the bank; {x} stays reserved"),
                format!("发出支付令；{x}仍占用"),
            ),
            StepKind::Void => released("voided before it left", "作废（未发出）"),
            StepKind::Doubt => Both::new(
                format!("the bank is silent, the state is unknown; {x} stays reserved"),
                format!("银行未回，状态不明；{x}仍占用"),
            ),
        };
        if !step.reason.is_empty() {
            told.push(
                &format!("; reason: {:?}", step.reason),
                &format!("；事由：{:?}", step.reason),
            );
        }
        told
    }

    fn fact(&self, fact: &Fact<'_>) -> Both {
        let (x, y) = (self.asked(), fact.amount_fen);
        let (asked, amount) = (yuan(x), yuan(y));
        let (to, to_chinese) = self.given_back();
        let (day, serial) = (day(fact.day), fact.serial);
        let mut told = match fact.kind {
            FactKind::ConfirmPaid => {
                let mut told = Both::new(
                    format!("the bank has paid {amount}: reserved − {asked}, paid + {amount}"),
                    format!("代理银行回单，已付{amount}：占用－{asked}，已付＋{amount}"),
                );
                if y < x {
                    let failed = yuan(Fen::new(x.get() - y.get()));
                    told.push(
                        &format!(", {failed} failed and goes {to}"),
                        &format!("，失败{failed}{to_chinese}"),
                    );
                }
                told
            }
            FactKind::Reject => Both::new(
                format!("the bank has paid nothing: reserved − {asked}, {to}"),
                format!("银行退回，未支付：占用－{asked}，{to_chinese}"),
            ),
            FactKind::Clear => {
                let (from, from_chinese) = match self.path() {
                    Some(Path::Allocation) => ("reserved", "占用"),
                    _ => ("paid", "已付"),
                };
                Both::new(
                    format!("settled: {from} − {amount}, cleared + {amount}"),
                    format!("清算：{from_chinese}－{amount}，已清算＋{amount}"),
                )
            }
            FactKind::Refund => self.refund(fact),
            FactKind::SettleRefund => self.settle_refund(fact),
        };
        told.push(&format!("; fact {serial} of {day}"), &format!("；回单{serial}，日期{day}"));
        told
    }

    fn goes_to_pool(&self, number: u64) -> bool {
        let refunds = self.view.map_or(&[][..], |view| &view.refunds);
        refunds.iter().any(|refund| refund.number == number && refund.to_pool)
    }

    fn refund(&self, fact: &Fact<'_>) -> Both {
        let (z, number) = (yuan(fact.amount_fen), fact.refund);
        let (to, to_chinese) = self.given_back();
        if self.goes_to_pool(number) {
            return Both::new(
                format!(
                    "refund {number} of {z} after the year's close: no bucket changes, the recovered pool takes it"
                ),
                format!("关账后退款{number}，{z}：各项不变，计入收回资金"),
            );
        }
        if self.path() == Some(Path::Own) {
            return Both::new(
                format!("refund {number}: paid − {z}, {to}"),
                format!("退款{number}：已付－{z}，{to_chinese}"),
            );
        }
        Both::new(
            format!("refund {number} is back from the payee: refunding + {z}, {to}"),
            format!("退款{number}：退款在途＋{z}，{to_chinese}"),
        )
    }

    fn settle_refund(&self, fact: &Fact<'_>) -> Both {
        let (z, number) = (yuan(fact.amount_fen), fact.refund);
        if self.goes_to_pool(number) {
            return Both::new(
                format!("refund {number} has reached the recovered pool: {z}"),
                format!("关账后退款{number}入库：{z}"),
            );
        }
        Both::new(
            format!("refund {number} has reached the treasury: cleared − {z}, refunding − {z}"),
            format!("退款{number}入库：已清算－{z}，退款在途－{z}"),
        )
    }
}

fn reserved(reserve: &Reserve<'_>, rule_version: u32) -> Both {
    let (x, quota) = (yuan(reserve.amount_fen), reserve.quota);
    let (from, from_chinese) = match reserve.contract.0 {
        0 => ("available".to_owned(), "可用".to_owned()),
        contract => (format!("contract {contract}'s earmark"), format!("合同{contract}占用")),
    };
    let mut told = Both::new(
        format!("asked for on quota {quota}: reserved + {x}, out of {from}"),
        format!("从指标{quota}申请支付：占用＋{x}，出自{from_chinese}"),
    );
    if reserve.one_act {
        told.push(
            &format!("; approved by version {rule_version} of the rule and ordered, in one act"),
            &format!("；按规则第{rule_version}版一次办结，已发支付令"),
        );
    }
    let texts = reserve.particulars.to_text();
    if !texts.payee_name.is_empty() {
        told.push(
            &format!("; to {:?}", texts.payee_name),
            &format!("；收款人{:?}", texts.payee_name),
        );
    }
    if !texts.purpose.is_empty() {
        told.push(&format!(" for {:?}", texts.purpose), &format!("，用途{:?}", texts.purpose));
    }
    told
}

fn parked(fact: &Fact<'_>, reason: Code) -> Both {
    let what = match fact.kind {
        FactKind::ConfirmPaid => ("a receipt", "回单"),
        FactKind::Reject => ("a rejection", "银行退回"),
        FactKind::Clear => ("a clearing", "清算回单"),
        FactKind::Refund => ("a refund", "退款"),
        FactKind::SettleRefund => ("a refund's settling", "退款入库"),
    };
    let (of, of_chinese) = match fact.amount_fen {
        Fen::ZERO => (String::new(), String::new()),
        amount => (format!(" of {}", yuan(amount)), yuan(amount)),
    };
    let serial = fact.serial;
    Both::new(
        format!(
            "{}{of}, fact {serial}, does not fit and lies in suspense: {} ({reason}); no bucket changes",
            what.0,
            reason.english()
        ),
        format!("{}{of_chinese}（{serial}）不符，挂账：{}；各项不变", what.1, reason.chinese()),
    )
}

/// `other`: why another command of its linked run was refused.
fn refused(refusal: &Refusal, other: Option<Code>) -> Both {
    let code = refusal.code;
    let mut told = Both::new(
        format!("refused: {} ({code})", code.english()),
        format!("拒绝：{}（{}）", code.chinese(), code.number()),
    );
    for figure in refusal.figures() {
        let (asked, left) = (yuan(figure.requested_fen), yuan(figure.left_fen));
        let limit = figure.limit;
        told.push(
            &format!("; {}: asked {asked}, left {left}", limit.slug()),
            &format!("；{}：申请{asked}，剩余{left}", limit.chinese()),
        );
    }
    if let Some(other) = other {
        let chinese = format!("；该笔：{}", other.chinese());
        told.push(&format!("; that one: {} ({other})", other.english()), &chinese);
    }
    told.push("; the id is ended, nothing was reserved", "；编号作废，未占用");
    told
}

fn who_chinese(by: By) -> String {
    let role = match by.role {
        Role::Maker => "经办",
        Role::Checker => "复核",
        Role::Finance => "财政",
        Role::Bank => "代理银行",
        Role::CentralBank => "人民银行国库",
        Role::Operator => "运维",
        Role::Engine => "系统代",
    };
    match by.person {
        EXCHANGE => format!("凭证库转告（{role}），渠道{}", by.channel.0),
        person if is_no_person(person) => {
            let role =
                if by.role == Role::Engine { String::new() } else { format!("（{role}）") };
            format!("{PROGRAM_CHINESE}{role}，渠道{}", by.channel.0)
        }
        person => format!("{role}{}，渠道{}", person.0, by.channel.0),
    }
}
