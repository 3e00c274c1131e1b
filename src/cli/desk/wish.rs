//! The one order that a desk waits for. Knows when its outcome is certain; until then it is sent
//! again as it is, under the same id. Never another id for the same wish.

use domain::Code;
use domain::codes::PaymentState;
use domain::refusal::Retry;
use protocol::{Outcome, Position, Value};

use super::order::Order;
use crate::cli::show;

/// Pause before an order with an unknown outcome is sent again. Its sending lasts seconds itself.
const AGAIN_MS: u64 = 1_000;

/// An order on its way.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) order: Order,
    /// When it was first sent, by the monotonic clock.
    pub(super) since_ms: u64,
    pub(super) sendings: u32,
    /// A sending may have been taken without an answer.
    pub(super) is_doubted: bool,
    /// What the last sending met, once it is doubted.
    pub(super) met: String,
    /// When it is sent again; nothing, while its answer is due.
    again_ms: Option<u64>,
}

/// An order whose outcome is certain.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) order: Order,
    pub(super) end: End,
    /// Of how many sendings.
    pub(super) sendings: u32,
}

#[derive(Clone, Debug)]
pub(super) enum End {
    /// The server told so.
    Told(Box<protocol::client::Told>),
    /// It was never sent, and why.
    NotSent(String),
}

impl Wish {
    pub(super) fn new(order: Order, now_ms: u64) -> Wish {
        let (sendings, is_doubted, met) = (1, false, String::new());
        Wish { order, since_ms: now_ms, sendings, is_doubted, met, again_ms: None }
    }

    /// An order that an earlier desk has left, perhaps sent.
    pub(super) fn taken_up(order: Order, now_ms: u64) -> Wish {
        let met = "kept by an earlier desk".to_owned();
        let (sendings, is_doubted, again_ms) = (0, true, Some(now_ms));
        Wish { order, since_ms: now_ms, sendings, is_doubted, met, again_ms }
    }

    /// Whether it is to be sent again now; the sending is counted.
    pub(super) fn goes_again(&mut self, now_ms: u64) -> bool {
        let is_due = self.again_ms.is_some_and(|at| now_ms >= at);
        if is_due {
            self.again_ms = None;
            self.sendings += 1;
        }
        is_due
    }

    /// Takes what a sending met; gives the end, once it is certain.
    pub(super) fn hear(
        &mut self,
        outcome: Result<Outcome, String>,
        now_ms: u64,
    ) -> Option<Answered> {
        let end = match outcome {
            Ok(Outcome::Unknown) => {
                self.is_doubted = true;
                self.met = "no answer came".to_owned();
                None
            }
            // It is about this sending alone: an earlier one may have been taken.
            Ok(Outcome::Refused(told)) if self.is_doubted && told.result.code.is_turned_away() => {
                self.met = told.result.code.to_string();
                None
            }
            Ok(Outcome::Done(told) | Outcome::Refused(told)) => Some(End::Told(Box::new(told))),
            Err(why) if self.is_doubted => {
                self.met = why;
                None
            }
            Err(why) => Some(End::NotSent(why)),
        };
        let Some(end) = end else {
            self.again_ms = Some(now_ms + AGAIN_MS);
            return None;
        };
        Some(Answered { order: self.order.clone(), end, sendings: self.sendings })
    }
}

impl Answered {
    pub(super) fn is_taken(&self) -> bool {
        matches!(&self.end, End::Told(told) if told.result.code.is_taken())
    }

    /// Whether the same id may be used once more: it left no trace.
    pub(super) fn keeps_its_id(&self) -> bool {
        match &self.end {
            End::Told(told) => told.result.code.retry() == Retry::SameId,
            End::NotSent(_) => true,
        }
    }

    /// The position it is true at, to read what it wrote.
    pub(super) fn at(&self) -> Option<Position> {
        match &self.end {
            End::Told(told) if told.at.sequence > 0 => Some(told.at),
            _ => None,
        }
    }

    /// The code in a few words.
    pub(super) fn short(&self) -> String {
        match &self.end {
            End::Told(told) => told.result.code.to_string(),
            End::NotSent(_) => "not sent 未发出".to_owned(),
        }
    }

    /// The whole answer, in both languages.
    pub(super) fn lines(&self) -> Vec<String> {
        let told = match &self.end {
            End::Told(told) => told,
            End::NotSent(why) => {
                let nothing = "nothing was sent; the form is still there 未发出，表单仍在";
                return vec![why.clone(), nothing.to_owned()];
            }
        };
        let result = &told.result;
        let code = result.code;
        let mut lines = vec![format!("{code} {}", code.chinese())];
        if code.english() != code.slug() {
            lines.push(code.english().to_owned());
        }
        if result.repeat {
            lines.push("told again: an earlier sending was taken 重复告知：此前已受理".to_owned());
        }
        if let Some(refusal) = &told.refusal {
            for (index, figure) in refusal.figures().enumerate() {
                let (asked, left) = (show::yuan(figure.requested_fen), show::yuan(figure.left_fen));
                let binds = if index == 0 { "the limit that binds 限制" } else { "also 另有" };
                let (slug, chinese) = (figure.limit.slug(), figure.limit.chinese());
                lines.push(format!("{binds}: {slug} {chinese}"));
                lines.push(format!("  asked 申请 {asked}   left 剩余 {left}"));
            }
        }
        if let Value::Available(fen) = result.value {
            lines.push(format!("available now 现可用 {}", show::yuan(fen)));
        }
        if let Some(state) = result.state {
            lines.push(format!("state 状态 {}", state_words(state)));
        }
        if result.sequence > 0 {
            lines.push(format!("record 记录 {}", result.sequence));
        }
        if code != Code::Accepted {
            lines.push(format!("next 下一步: {}", code.next_step()));
            lines.push(format!("its id 编号: {}", what_of_the_id(code.retry())));
        }
        lines
    }
}

fn state_words(state: PaymentState) -> String {
    format!("{} {}", state.slug(), super::order::state_chinese(state))
}

fn what_of_the_id(retry: Retry) -> &'static str {
    match retry {
        Retry::Done => "done; do not send it again 已办结",
        Retry::SameId => "left no trace; the same id may be sent again 未留痕，可用原编号再发",
        Retry::NewId => "ended; the next try has a new one 已作废，再报用新编号",
        Retry::Ask => "not certain; the same id asks 结果不明，以原编号再问",
        Retry::Never => "do not send this as it is; a person looks 勿再发，请人工核对",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use domain::codes::{BusinessKind, Method, Role};
    use domain::command::By;
    use domain::ids::{ChannelId, Class, ContractId, Day, PaymentId, PersonId, QuotaId};
    use domain::{Fen, Refusal};
    use protocol::CommandResult;
    use protocol::client::Told;

    use super::*;
    use crate::cli::desk::order::{Reservation, What};

    pub(in crate::cli::desk) fn order() -> Order {
        let reservation = Reservation {
            economic: Class::new("30201").expect("a class"),
            method: Method::Centralized,
            kind: BusinessKind::Single,
            day: Day::new(20_220_117).expect("a day"),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            deadline_ms: 0,
            one_act: false,
            particulars: Vec::new(),
        };
        Order {
            by: By { person: PersonId(101), role: Role::Maker, channel: ChannelId(10) },
            payment: PaymentId(10),
            quota: QuotaId(3),
            amount_fen: Fen::new(40_000),
            payee: "齐鲁文具店".into(),
            what: What::Reserve(reservation),
        }
    }

    pub(in crate::cli::desk) fn told(code: Code) -> Told {
        let at = Position { epoch: 3, sequence: 41 };
        Told { result: CommandResult::new(code), refusal: Some(Refusal::new(code)), at }
    }

    #[test]
    fn an_unknown_outcome_goes_again_until_it_is_certain() {
        let mut wish = Wish::new(order(), 0);
        assert!(!wish.goes_again(99_999), "its answer is due");
        assert!(wish.hear(Ok(Outcome::Unknown), 5_000).is_none());
        assert!(!wish.goes_again(5_999) && wish.goes_again(6_000) && !wish.goes_again(7_000));
        // Turned away this time says nothing about the first time, and neither does silence.
        assert!(wish.hear(Ok(Outcome::Refused(told(Code::Busy))), 8_000).is_none());
        assert!(wish.goes_again(9_000));
        assert!(wish.hear(Err("no connection".into()), 9_500).is_none());
        assert!(wish.goes_again(10_500));
        let end = wish.hear(Ok(Outcome::Done(told(Code::Accepted))), 11_000).expect("certain");
        assert!(end.is_taken() && end.sendings == 4);
        assert_eq!(end.order, order(), "the very same");
    }

    #[test]
    fn what_was_never_in_doubt_ends_with_its_first_answer() {
        let turned = Wish::new(order(), 0).hear(Ok(Outcome::Refused(told(Code::Busy))), 1);
        assert!(turned.is_some_and(|end| end.keeps_its_id() && !end.is_taken()));
        let refused = Wish::new(order(), 0).hear(Ok(Outcome::Refused(told(Code::OverQuota))), 1);
        assert!(refused.is_some_and(|end| !end.keeps_its_id()));
        let unsent = Wish::new(order(), 0).hear(Err("too long".into()), 1);
        assert!(unsent.is_some_and(|end| end.keeps_its_id()));
    }

    #[test]
    fn a_refusal_ends_a_doubt() {
        let mut wish = Wish::new(order(), 0);
        wish.hear(Ok(Outcome::Unknown), 1);
        let refused = wish.hear(Ok(Outcome::Refused(told(Code::OverQuota))), 2);
        assert!(refused.is_some_and(|end| !end.is_taken()));
    }
}
