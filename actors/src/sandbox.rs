//! What the bank and the central bank report in a sandbox, by a rule on the amount.
//!
//! Answers one committed event with at most one fact, from the payment as it stands. Sends nothing
//! and keeps nothing: whoever asks again of the same event is told the same.

use domain::codes::{FactKind, Path, PaymentState, StepKind};
use domain::command::{Body, By, Fact};
use domain::event::EventBody;
use domain::ids::{ChannelId, DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId};
use domain::{Command, Event, Fen, Role};
use protocol::views::PaymentView;

/// The channel by which every fact of a sandbox comes.
pub const SANDBOX_CHANNEL: ChannelId = ChannelId(u16::MAX);

/// In whose name a sandbox reports.
pub const SANDBOX_PERSON: PersonId = PersonId(u64::MAX);

/// The events that a sandbox answers, by their slugs in a subscription.
pub const SANDBOX_EVENTS: [&str; 3] = ["reserved", "stepped", "fact-taken"];

/// What is due after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A payment order went out: whoever executes it answers.
    Answer,
    /// The bank has paid: whoever settles it does.
    Settlement,
}

/// An event that a sandbox answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What is due.
    pub due: Due,
    /// The payment.
    pub payment: PaymentId,
    /// Its quota.
    pub quota: QuotaId,
    /// The number of the fact in its channel: this is the how-manieth such event of the journal.
    pub serial: u64,
}

impl Cause {
    /// The payment's division.
    #[must_use]
    pub fn division(&self) -> DivisionIndex {
        self.quota.division()
    }

    /// The payment's year.
    #[must_use]
    pub fn year(&self) -> FiscalYear {
        self.quota.year()
    }
}

/// Counts the events of a journal, from its first on, that something is due after. The same journal
/// gives the same numbers at every start, and that is what makes a fact told twice a repeat.
#[derive(Clone, Copy, Debug, Default)]
pub struct Causes {
    seen: u64,
}

impl Causes {
    /// The next event of the journal, if something is due after it.
    pub fn take(&mut self, event: &Event<'_>) -> Option<Cause> {
        let (due, payment, quota) = match &event.body {
            // `pay` reserves, approves and orders in one act.
            EventBody::Reserved { command, .. } if command.one_act => {
                (Due::Answer, command.payment, command.quota)
            }
            EventBody::Stepped { command, .. } if command.kind == StepKind::Instruct => {
                (Due::Answer, command.payment, command.quota)
            }
            EventBody::FactTaken { command, .. } if command.kind == FactKind::ConfirmPaid => {
                (Due::Settlement, command.payment, command.quota)
            }
            _ => return None,
        };
        self.seen += 1;
        Some(Cause { due, payment, quota, serial: self.seen })
    }
}

/// The fact that is due after an event, given the payment as it stands; none where the rule is
/// silent, or where the payment has gone on.
#[must_use]
pub fn report(cause: &Cause, payment: &PaymentView) -> Option<Command<'static>> {
    let (role, kind, amount_fen) = match cause.due {
        Due::Answer => answer(payment)?,
        Due::Settlement => settlement(payment)?,
    };
    let fact = Fact {
        kind,
        payment: payment.payment,
        quota: payment.quota,
        serial: cause.serial,
        amount_fen,
        payee_hash: if kind == FactKind::Reject { 0 } else { payment.payee_hash },
        day: payment.day,
        refund: 0,
        detail: 0,
        note: "",
    };
    let by = By { person: SANDBOX_PERSON, role, channel: SANDBOX_CHANNEL };
    Some(Command { by, body: Body::Fact(fact) })
}

fn answer(payment: &PaymentView) -> Option<(Role, FactKind, Fen)> {
    if !matches!(payment.state, PaymentState::Instructed | PaymentState::Unknown) {
        return None;
    }
    let asked = payment.amount_fen;
    // No agent bank is in the allocation path (实拨): the central bank pays and settles in one, and
    // always the whole.
    let (pays, paid) = match payment.path {
        Path::Allocation => (Role::CentralBank, FactKind::Clear),
        _ => (Role::Bank, FactKind::ConfirmPaid),
    };
    match asked.get() % 100 {
        1 => Some((pays, FactKind::Reject, Fen::ZERO)),
        2 => None,
        3 if paid == FactKind::ConfirmPaid => Some((pays, paid, Fen::new(asked.get() / 2))),
        _ => Some((pays, paid, asked)),
    }
}

fn settlement(payment: &PaymentView) -> Option<(Role, FactKind, Fen)> {
    if payment.state != PaymentState::Paid {
        return None;
    }
    let role = match payment.path {
        Path::Special => Role::Finance,
        Path::Own => return None,
        Path::Treasury | Path::Allocation => Role::CentralBank,
    };
    Some((role, FactKind::Clear, payment.executed_fen))
}

#[cfg(test)]
mod tests {
    use domain::codes::{BusinessKind, Method, Posts};
    use domain::ids::{Class, ContractId, Day};

    use super::*;

    fn payment(path: Path, state: PaymentState, fen: i64) -> PaymentView {
        PaymentView {
            payment: PaymentId(5),
            quota: QuotaId::NONE,
            amount_fen: Fen::new(fen),
            executed_fen: if state == PaymentState::Paid { Fen::new(fen / 2) } else { Fen::ZERO },
            maker: PersonId(1),
            approvers: [PersonId::NOBODY; 3],
            instructor: PersonId(2),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            economic: Class::ANY,
            payee_hash: 77,
            deadline_ms: 0,
            sequence: 9,
            day: Day::new(20_220_304).expect("a day"),
            rule_version: 0,
            method: Method::Centralized,
            kind: BusinessKind::Single,
            path,
            state,
            ending: None,
            posts: Posts::UNIT,
            approved: Posts::UNIT,
            steps: Vec::new(),
            facts: Vec::new(),
            refunds: Vec::new(),
        }
    }

    fn said(due: Due, payment: &PaymentView) -> Option<(Role, FactKind, i64, u64)> {
        let cause = Cause { due, payment: payment.payment, quota: payment.quota, serial: 3 };
        let command = report(&cause, payment)?;
        assert_eq!(command.check_form(), Ok(()));
        let Body::Fact(fact) = command.body else { panic!("a sandbox reports facts alone") };
        assert_eq!((fact.serial, command.by.channel), (3, SANDBOX_CHANNEL));
        Some((command.by.role, fact.kind, fact.amount_fen.get(), fact.payee_hash))
    }

    #[test]
    fn the_last_two_digits_decide_what_the_bank_says() {
        use PaymentState::{Instructed, Unknown};
        let bank = |fen, state| said(Due::Answer, &payment(Path::Treasury, state, fen));
        for state in [Instructed, Unknown] {
            assert_eq!(bank(40_000, state), Some((Role::Bank, FactKind::ConfirmPaid, 40_000, 77)));
            assert_eq!(bank(40_001, state), Some((Role::Bank, FactKind::Reject, 0, 0)));
            assert_eq!(bank(40_002, state), None);
            assert_eq!(bank(40_003, state), Some((Role::Bank, FactKind::ConfirmPaid, 20_001, 77)));
        }
        assert_eq!(bank(3, Instructed), Some((Role::Bank, FactKind::ConfirmPaid, 1, 77)));
    }

    #[test]
    fn who_settles_depends_on_the_path() {
        let settled = |path| said(Due::Settlement, &payment(path, PaymentState::Paid, 1_000));
        let cleared = |role| Some((role, FactKind::Clear, 500, 77));
        assert_eq!(settled(Path::Treasury), cleared(Role::CentralBank));
        assert_eq!(settled(Path::Special), cleared(Role::Finance));
        assert_eq!(settled(Path::Own), None);
        let allocated =
            |fen| said(Due::Answer, &payment(Path::Allocation, PaymentState::Instructed, fen));
        let central = Role::CentralBank;
        assert_eq!(allocated(1_000), Some((central, FactKind::Clear, 1_000, 77)));
        assert_eq!(allocated(1_001), Some((central, FactKind::Reject, 0, 0)));
        assert_eq!(allocated(1_002), None);
        assert_eq!(allocated(1_003), Some((central, FactKind::Clear, 1_003, 77)), "never in part");
    }

    #[test]
    fn a_payment_that_has_gone_on_is_left_alone() {
        for state in PaymentState::ALL {
            let payment = payment(Path::Treasury, *state, 1_000);
            let open = matches!(state, PaymentState::Instructed | PaymentState::Unknown);
            assert_eq!(said(Due::Answer, &payment).is_some(), open, "{}", state.slug());
            let paid = *state == PaymentState::Paid;
            assert_eq!(said(Due::Settlement, &payment).is_some(), paid, "{}", state.slug());
        }
    }
}
