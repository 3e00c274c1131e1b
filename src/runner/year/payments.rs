//! Payments of a lane: asked for, lifted or sent back where a rule holds them, approved, instructed,
//! reported.

use anyhow::{Context, Result};
use domain::Code;
use domain::codes::{BusinessKind, FactKind, Method, PaymentState, Role, StepKind};
use domain::command::{Body, Command, Fact, Reserve, Step as Order};
use domain::ids::{Class, ContractId, Day, PaymentId};
use domain::office::table::Table;
use domain::particulars::{Particulars, ParticularsText, account_hash};
use protocol::client::Outcome;
use scenarios::budget::{Course, Payment, Town};

use super::desk::{AT_ONCE, Desk, PATIENCE, PAUSE, by};
use crate::clock;

/// What an officer says where a rule holds a payment.
const REASON: &str = "已核实";

impl Desk {
    /// Asks for payments, and takes each that is taken through its course.
    pub(super) async fn payments(&mut self, town: &Town, payments: &[Payment]) -> Result<()> {
        for some in payments.chunks(AT_ONCE) {
            self.ask_for(town, some).await?;
            let (_, checker) = town.desk();
            let taken: Vec<&Payment> =
                some.iter().filter(|payment| payment.expected == 0).collect();
            for payment in taken.iter().filter(|payment| payment.course.held_by().is_some()) {
                self.find_held(town, payment).await?;
            }
            let lifted = |payment: &Payment| matches!(payment.course, Course::Lifted(_));
            let returned = |payment: &Payment| matches!(payment.course, Course::Returned(_));
            let by_two = |payment: &Payment| matches!(payment.course, Course::Department { .. });
            let goes_on = |payment: &Payment| !returned(payment);
            let head = town.treasury_head();
            self.orders(head, Role::Finance, StepKind::Unhold, &taken, lifted, 0).await?;
            self.orders(checker, Role::Checker, StepKind::Return, &taken, returned, 0).await?;
            self.orders(checker, Role::Checker, StepKind::ApproveUnit, &taken, goes_on, 0).await?;
            for payment in &taken {
                if let Course::Department { early } = payment.course {
                    let one = [*payment];
                    let all = |_: &Payment| true;
                    let treasury = town.treasury();
                    self.orders(treasury, Role::Finance, StepKind::Instruct, &one, all, early)
                        .await?;
                    self.seen.second_approvals.set(self.seen.second_approvals.get() + 1);
                }
            }
            let (reviewer, treasury) = (town.department_reviewer(), town.treasury());
            self.orders(reviewer, Role::Checker, StepKind::ApproveDepartment, &taken, by_two, 0)
                .await?;
            self.orders(treasury, Role::Finance, StepKind::Instruct, &taken, goes_on, 0).await?;
            for (role, kind) in
                [(Role::Bank, FactKind::ConfirmPaid), (Role::CentralBank, FactKind::Clear)]
            {
                let due = taken.iter().filter(|payment| goes_on(payment));
                let due = due.filter(|payment| kind != FactKind::Clear || payment.clears);
                let facts: Vec<Body<'_>> =
                    due.map(|payment| self.fact(kind, payment)).collect::<Result<_>>()?;
                self.wave(town.bank(), role, &facts, &vec![0; facts.len()]).await?;
            }
        }
        Ok(())
    }

    async fn ask_for(&mut self, town: &Town, some: &[Payment]) -> Result<()> {
        let (maker, _) = town.desk();
        let particulars: Vec<Vec<u8>> = some.iter().map(particulars).collect();
        let reserves = some.iter().zip(&particulars);
        let reserves: Vec<Body<'_>> =
            reserves.map(|(payment, bytes)| reserve(payment, bytes)).collect::<Result<_>>()?;
        let expected: Vec<u16> = some.iter().map(|payment| payment.expected).collect();
        let outcomes = self.wave(maker, Role::Maker, &reserves, &expected).await?;
        for (payment, outcome) in some.iter().zip(&outcomes) {
            let Outcome::Done(told) = outcome else { continue };
            let due = match payment.course.held_by() {
                Some(_) => PaymentState::Held,
                None => PaymentState::Reserved,
            };
            if told.result.state != Some(due) {
                let heard = told.result.state;
                self.seen.heard.mismatch(|| format!("{payment:?}: is {heard:?}, not {due:?}"));
            }
        }
        Ok(())
    }

    /// The worklist says which rule holds a payment.
    async fn find_held(&mut self, town: &Town, payment: &Payment) -> Result<()> {
        let key = PaymentId(payment.id).to_string();
        let since = clock::now();
        // It comes into the worklist right after the answer.
        let row = loop {
            match self.row(town, Table::Held, &key).await? {
                Some(row) => break row,
                None if since.elapsed() > PATIENCE => break String::new(),
                None => tokio::time::sleep(PAUSE).await,
            }
        };
        let at = Table::Held.column("code").context("held payments have a code")?;
        let code = row.split('\t').nth(at).and_then(|code| code.parse().ok());
        if code != payment.course.held_by() {
            self.seen.heard.mismatch(|| format!("{payment:?}: the worklist has {row:?}"));
        }
        if let Some(code) = code {
            *self.seen.held.borrow_mut().entry(code).or_default() += 1;
        }
        Ok(())
    }

    /// One order for each of these payments.
    async fn orders(
        &mut self,
        person: u64,
        role: Role,
        kind: StepKind,
        payments: &[&Payment],
        which: impl Fn(&Payment) -> bool,
        expected: u16,
    ) -> Result<()> {
        let reason = if kind.needs_reason() { REASON } else { "" };
        let order = |payment: &&Payment| {
            let (payment, quota) = (PaymentId(payment.id), payment.quota);
            Body::Step(Order { kind, payment, quota, serial: 1, reason })
        };
        let due = payments.iter().filter(|payment| which(payment));
        let orders: Vec<Body<'_>> = due.map(order).collect();
        self.wave(person, role, &orders, &vec![expected; orders.len()]).await.map(drop)
    }

    fn fact(&mut self, kind: FactKind, payment: &Payment) -> Result<Body<'static>> {
        // Numbers of a channel are its own: the division's part of the act's id keeps them apart.
        let id = self.id();
        let serial = ((id >> 64) as u64) << 48 | (id as u64 & ((1 << 48) - 1));
        let account = payment.payee.as_ref().map_or("", |payee| &payee.account);
        let reports_payee = kind == FactKind::ConfirmPaid;
        Ok(Body::Fact(Fact {
            kind,
            payment: PaymentId(payment.id),
            quota: payment.quota,
            serial,
            amount_fen: payment.amount,
            payee_hash: if reports_payee { account_hash(account) } else { 0 },
            day: Day::new(payment.day).context("a day")?,
            refund: 0,
            detail: 0,
            note: "",
        }))
    }

    async fn wave(
        &mut self,
        person: u64,
        role: Role,
        bodies: &[Body<'_>],
        expected: &[u16],
    ) -> Result<Vec<Outcome>> {
        if bodies.is_empty() {
            return Ok(Vec::new());
        }
        let commands: Vec<Command<'_>> =
            bodies.iter().map(|&body| Command { by: by(person, role), body }).collect();
        let outcomes = self.client(role).await?.submit_all(&commands).await?;
        for ((body, outcome), &expected) in bodies.iter().zip(&outcomes).zip(expected) {
            self.heard(expected, outcome, || format!("{body:?}"));
        }
        Ok(outcomes)
    }
}

fn particulars(payment: &Payment) -> Vec<u8> {
    let payee = payment.payee.as_ref();
    let text = ParticularsText {
        payee_name: payee.map_or_else(String::new, |payee| payee.name.clone()),
        payee_account: payee.map_or_else(String::new, |payee| payee.account.clone()),
        payee_bank: payee.map_or_else(String::new, |payee| payee.bank.to_owned()),
        purpose: payment.purpose.clone(),
        document: payment.document.clone(),
        numbers: String::new(),
    };
    text.encode()
}

fn reserve<'a>(payment: &Payment, particulars: &'a [u8]) -> Result<Body<'a>> {
    let particulars = Particulars::parse(particulars).map_err(Code::slug);
    Ok(Body::Reserve(Reserve {
        payment: PaymentId(payment.id),
        quota: payment.quota,
        amount_fen: payment.amount,
        economic: Class::new(payment.economic).context("a class")?,
        method: Method::Centralized,
        kind: BusinessKind::Single,
        day: Day::new(payment.day).context("a day")?,
        contract: ContractId(payment.contract),
        plan: ContractId::NONE,
        deadline_ms: 0,
        one_act: false,
        particulars: particulars.map_err(anyhow::Error::msg)?,
    }))
}
