//! What the model does with facts.

use domain::codes::{FactKind, Path, PaymentState, ResolveAction, Role, YearState};
use domain::command::{Body, Fact, Resolve};
use domain::ids::{ChannelId, Fingerprint};
use domain::{Code, Command};

use super::{Heard, Refund, Waiting, Year, print_of};

impl Year {
    pub(super) fn fact(&mut self, command: &Command<'static>) -> Heard {
        let Body::Fact(fact) = command.body else { unreachable!("a fact") };
        let (channel, role, print) = (command.by.channel, command.by.role, print_of(command));
        let taken = |known: &(FactKind, ChannelId, u64, Fingerprint)| {
            *known == (fact.kind, channel, fact.serial, print)
        };
        if self.payments.get(&fact.payment).is_some_and(|p| p.facts.iter().any(taken)) {
            return Heard::again(Code::Accepted);
        }
        let waits = self.waiting.iter().any(|w| w.channel == channel && w.fingerprint == print);
        if waits || self.dismissed.contains(&(channel, print)) {
            return Heard::again(Code::Parked);
        }
        match self.fits(&fact, channel, role, print) {
            Ok(()) => {
                self.absorb(&fact, channel, print);
                self.heal(fact.payment);
                Heard::now(Code::Accepted)
            }
            Err(Code::NoRight) => Heard::now(Code::NoRight),
            Err(reason) => {
                self.waiting.push(Waiting { role, channel, fingerprint: print, fact, reason });
                Heard { code: Code::Parked, repeat: false, parked: Some(reason) }
            }
        }
    }

    fn fits(
        &self,
        fact: &Fact<'static>,
        channel: ChannelId,
        role: Role,
        print: Fingerprint,
    ) -> Result<(), Code> {
        use FactKind as F;
        use PaymentState as S;
        let payment = self.payments.get(&fact.payment).filter(|p| p.asked.quota == fact.quota);
        let payment = payment.ok_or(Code::NoPayment)?;
        let cash = payment.path == Path::Allocation;
        let reporter = match fact.kind {
            F::ConfirmPaid => Some(Role::Bank),
            F::Reject | F::Refund => Some(if cash { Role::CentralBank } else { Role::Bank }),
            F::Clear | F::SettleRefund => match payment.path {
                Path::Special => Some(Role::Finance),
                Path::Own => None,
                _ => Some(Role::CentralBank),
            },
        };
        if reporter.is_some_and(|reporter| reporter != role) {
            return Err(Code::NoRight);
        }
        let same = |(kind, by, serial, seen): &(FactKind, ChannelId, u64, Fingerprint)| {
            (*kind, *by, *serial) == (fact.kind, channel, fact.serial) && *seen != print
        };
        if payment.facts.iter().any(same) {
            return Err(Code::FactConflict);
        }
        let x = fact.amount_fen.get();
        let asked = payment.asked.amount_fen.get();
        let sent = matches!(payment.state, S::Instructed | S::Unknown);
        let amount = |good: bool| if good { Ok(()) } else { Err(Code::AmountMismatch) };
        let ordered = payment.asked.particulars.payee_hash();
        let payee = match ordered == 0 || ordered == fact.payee_hash {
            true => Ok(()),
            false => Err(Code::PayeeMismatch),
        };
        match (fact.kind, payment.path) {
            (F::ConfirmPaid, Path::Allocation) => return Err(Code::NotOnPath),
            (F::Clear | F::SettleRefund, Path::Own) => return Err(Code::NotOnPath),
            _ => {}
        }
        match (fact.kind, payment.state) {
            (F::ConfirmPaid, _) if sent => amount(x <= asked).and(payee),
            (F::Reject, _) if sent => Ok(()),
            (F::Clear, S::Paid) => amount(x == payment.executed),
            (F::Clear, _) if sent && cash => amount(x == asked).and(payee),
            (F::Clear | F::Refund | F::SettleRefund, _) if sent => Err(Code::FactEarly),
            (F::Refund, S::Paid | S::Cleared) => {
                if payment.refunds.iter().any(|refund| refund.number == fact.refund) {
                    return Err(Code::RefundTaken);
                }
                if payment.refunds.len() == 64 {
                    return Err(Code::TooMany);
                }
                let borne = self.borne(fact.payment, fact.quota);
                let closed = self.state == YearState::Closed;
                let left = if closed { payment.executed - payment.refunded() } else { borne };
                amount(x <= left)
            }
            (F::SettleRefund, S::Paid) => Err(Code::FactEarly),
            (F::SettleRefund, S::Cleared) => {
                let open = |refund: &&Refund| refund.number == fact.refund && !refund.settled;
                let refund = payment.refunds.iter().find(open).ok_or(Code::NoRefund)?;
                amount(refund.amount == x)
            }
            _ => Err(Code::WrongState),
        }
    }

    fn absorb(&mut self, fact: &Fact<'static>, channel: ChannelId, print: Fingerprint) {
        let closed = self.state == YearState::Closed;
        let payment = self.payments.get_mut(&fact.payment).expect("it fits a payment");
        payment.facts.push((fact.kind, channel, fact.serial, print));
        let (x, asked) = (fact.amount_fen.get(), payment.asked.amount_fen.get());
        let mut back = 0;
        match fact.kind {
            FactKind::ConfirmPaid => {
                payment.state = PaymentState::Paid;
                payment.executed = x;
                back = asked - x;
            }
            FactKind::Reject => {
                payment.state = PaymentState::Released;
                back = asked;
            }
            FactKind::Clear => {
                if payment.path == Path::Allocation {
                    payment.executed = asked;
                }
                payment.state = PaymentState::Cleared;
            }
            FactKind::Refund => {
                let settled = payment.path == Path::Own;
                let (number, to_pool) = (fact.refund, closed);
                payment.refunds.push(Refund { number, amount: x, settled, to_pool });
                back = if to_pool { 0 } else { x };
            }
            FactKind::SettleRefund => {
                let mut refunds = payment.refunds.iter_mut();
                let refund = refunds.find(|refund| refund.number == fact.refund);
                refund.expect("it fits a refund").settled = true;
            }
        }
        self.give_back(fact.payment, back);
    }

    /// Facts that waited for another one are taken as soon as they fit, the oldest first.
    fn heal(&mut self, payment: domain::PaymentId) {
        loop {
            let fits = self.waiting.iter().position(|waiting| {
                waiting.fact.payment == payment
                    && matches!(waiting.reason, Code::FactEarly | Code::NoRefund)
                    && self.waiting_fits(waiting).is_ok()
            });
            let Some(at) = fits else { return };
            self.take_waiting(at);
        }
    }

    fn waiting_fits(&self, waiting: &Waiting) -> Result<(), Code> {
        self.fits(&waiting.fact, waiting.channel, waiting.role, waiting.fingerprint)
    }

    fn take_waiting(&mut self, at: usize) {
        let waiting = self.waiting.remove(at);
        self.absorb(&waiting.fact, waiting.channel, waiting.fingerprint);
    }

    pub(super) fn resolve(&mut self, c: Resolve<'static>) -> Result<(), Code> {
        // Of several under one number it is the one that came first.
        let mut named =
            self.waiting.iter().enumerate().filter(|(_, waiting)| {
                waiting.channel == c.channel && waiting.fact.serial == c.serial
            });
        let (at, waiting) = named.next().ok_or(Code::NotParked)?;
        if c.action == ResolveAction::Dismiss {
            let waiting = self.waiting.remove(at);
            self.dismissed.push((waiting.channel, waiting.fingerprint));
            return Ok(());
        }
        self.waiting_fits(waiting).map_err(|_| Code::StillUnfit)?;
        let payment = waiting.fact.payment;
        self.take_waiting(at);
        self.heal(payment);
        Ok(())
    }

    /// Facts that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}
