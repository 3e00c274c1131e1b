//! What the model does with orders.

use domain::codes::{
    ActKind, BatchEnd, BatchStep, LimitKind, Method, MoveKind, Path, PaymentState, Post, Role,
    StepKind, YearState,
};
use domain::command::{Act, Body, EndBatch, MoveOut, Reserve, SetLimit, SetYear, Step};
use domain::ids::{BatchId, PersonId};
use domain::{Code, Command};

use super::papers::fit_together;
use super::{Batch, Heard, Out, Payment, Quota, Stands, Year};

impl Year {
    pub(super) fn order(&mut self, command: &Command<'static>) -> Result<(), Code> {
        let person = command.by.person;
        match command.body {
            Body::Reserve(c) => self.reserve(person, c),
            Body::Act(c) => self.act(person, c),
            Body::MoveOut(c) => self.leave(person, c),
            Body::Create(create) => {
                self.must_be_open()?;
                let quota = Quota { create, closed: false, contracts: Default::default() };
                let serial = self.quotas.len() as u64;
                let id = domain::QuotaId::new(create.division, create.year, serial);
                self.quotas.insert(id, quota);
                Ok(())
            }
            Body::SetLimit(c) => self.limit(c),
            Body::OpenBatch(c) => {
                self.must_not_be_over()?;
                let batch = Batch {
                    maker: person,
                    count: c.count as usize,
                    announced: c.digest,
                    digest: 0,
                    staged: Vec::new(),
                    ended: None,
                };
                self.batches.insert(c.batch, batch);
                Ok(())
            }
            Body::EndBatch(c) => self.end_batch(person, c),
            Body::SetYear(c) => self.set_year(c),
            Body::Resolve(c) => self.resolve(c),
            Body::File(c) => self.file(person, c),
            _ => unreachable!("not an order with an id: {command:?}"),
        }
    }

    fn must_be_open(&self) -> Result<(), Code> {
        match self.state {
            YearState::Open => Ok(()),
            YearState::Unopened => Err(Code::YearNotOpen),
            YearState::Adjustment => Err(Code::YearInAdjustment),
            YearState::Closed => Err(Code::YearClosed),
        }
    }

    /// Before it opens, too.
    fn must_not_be_over(&self) -> Result<(), Code> {
        if self.state == YearState::Unopened { Ok(()) } else { self.must_be_open() }
    }

    /// In the adjustment period too.
    fn must_run(&self) -> Result<(), Code> {
        if self.state == YearState::Adjustment { Ok(()) } else { self.must_be_open() }
    }

    fn reserve(&mut self, maker: PersonId, c: Reserve<'static>) -> Result<(), Code> {
        self.must_be_open()?;
        let quota = self.quotas.get(&c.quota).ok_or(Code::NoQuota)?;
        if quota.closed {
            return Err(Code::QuotaClosed);
        }
        let fund = quota.create.fund;
        let path = match (fund.as_str().as_bytes()[0], c.method) {
            (b'1', Method::Allocation) => Path::Allocation,
            (b'1', _) => Path::Treasury,
            (_, Method::Allocation) => return Err(Code::MethodMismatch),
            (b'2', _) => Path::Special,
            _ => Path::Own,
        };
        let x = c.amount_fen.get();
        if c.one_act && x > self.ceiling {
            return Err(Code::NoRuleApproves);
        }
        if c.contract.is_some() {
            match quota.contracts.get(&c.contract) {
                Some(&(plan, held, true)) if plan == c.plan && x <= held => {}
                _ => return Err(Code::ContractMismatch),
            }
        } else if x > self.money(c.quota).available() {
            return Err(Code::OverQuota);
        }
        let plan = quota.create.plan;
        if plan.0 != 0 && x > self.plan_left(plan, c.day.month()) {
            return Err(Code::OverPlan);
        }
        if c.contract.is_some() {
            let quota = self.quotas.get_mut(&c.quota).expect("just seen");
            quota.contracts.get_mut(&c.contract).expect("just seen").1 -= x;
        }
        let state = if c.one_act { PaymentState::Instructed } else { PaymentState::Reserved };
        self.payments.insert(
            c.payment,
            Payment {
                asked: c,
                state,
                path,
                maker,
                by_rule: c.one_act,
                approvals: Vec::new(),
                instructor: None,
                steps: Vec::new(),
                taken_back: false,
                executed: 0,
                facts: Vec::new(),
                refunds: Vec::new(),
            },
        );
        Ok(())
    }

    /// The posts that a payment still needs, in their order.
    fn needed(&self, payment: &Payment) -> Vec<StepKind> {
        let posts = self.quotas[&payment.asked.quota].create.posts;
        let needed = Post::ALL.iter().filter(|&&post| posts.contains(post));
        let needed = needed.map(|post| match post {
            Post::Unit => StepKind::ApproveUnit,
            Post::Department => StepKind::ApproveDepartment,
            Post::Finance => StepKind::ApproveFinance,
        });
        needed.filter(|step| payment.approvals.iter().all(|(done, _)| done != step)).collect()
    }

    pub(super) fn step(
        &mut self,
        person: PersonId,
        role: Role,
        c: Step<'static>,
        now_ms: u64,
    ) -> Heard {
        let found = self.payments.get(&c.payment).filter(|p| p.asked.quota == c.quota);
        if found.is_some_and(|payment| payment.has_done(&c, person)) {
            return Heard::again(Code::Accepted);
        }
        use StepKind::{Doubt, Return, Void, Withdraw};
        let late = matches!(c.kind, Withdraw | Return | Void | Doubt);
        let runs = if late { self.must_run() } else { self.must_be_open() };
        let decided = runs
            .and_then(|()| found.ok_or(Code::NoPayment))
            .and_then(|payment| self.allows(payment, person, role, &c, now_ms));
        match decided {
            Ok(to) => {
                self.go(&c, person, to);
                Heard::now(Code::Accepted)
            }
            Err(code) => Heard::now(code),
        }
    }

    /// The state after a step, or why there is none.
    fn allows(
        &self,
        payment: &Payment,
        person: PersonId,
        role: Role,
        c: &Step<'static>,
        now_ms: u64,
    ) -> Result<PaymentState, Code> {
        use PaymentState as S;
        let needed = self.needed(payment);
        let lifted = payment.steps.iter().any(|(k, _, p)| *k == StepKind::Unhold && *p == person);
        let fills = payment.maker == person
            || payment.approvals.iter().any(|(_, by)| *by == person)
            || payment.instructor == Some(person);
        let other = |filled: bool, to| if filled { Err(Code::DutySeparation) } else { Ok(to) };
        match (c.kind, payment.state) {
            (
                StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance,
                S::Reserved,
            ) => {
                if needed.first() != Some(&c.kind) {
                    return Err(Code::PostNotNext);
                }
                let to = if needed.len() == 1 { S::Approved } else { S::Reserved };
                other(fills || lifted, to)
            }
            (StepKind::Hold, S::Reserved | S::Approved) => {
                let holds = payment.steps.iter().filter(|(kind, ..)| *kind == StepKind::Hold);
                if holds.count() < 16 { Ok(S::Held) } else { Err(Code::TooMany) }
            }
            (StepKind::Unhold, S::Held) => {
                other(fills, if needed.is_empty() { S::Approved } else { S::Reserved })
            }
            (StepKind::Withdraw, S::Reserved) => {
                let lapsed = payment.asked.deadline_ms != 0 && now_ms >= payment.asked.deadline_ms;
                if payment.maker != person {
                    Err(Code::NotMaker)
                } else if !payment.approvals.is_empty() {
                    Err(Code::AlreadyApproved)
                } else if role == Role::Engine && !lapsed {
                    Err(Code::WrongState)
                } else {
                    Ok(S::Released)
                }
            }
            (StepKind::Return, S::Reserved | S::Approved | S::Held) => Ok(S::Released),
            (StepKind::Instruct, S::Approved) => other(fills || lifted, S::Instructed),
            (StepKind::Void, S::Instructed) => Ok(S::Released),
            (StepKind::Doubt, S::Instructed) => Ok(S::Unknown),
            _ => Err(Code::WrongState),
        }
    }

    fn go(&mut self, c: &Step<'static>, person: PersonId, to: PaymentState) {
        let payment = self.payments.get_mut(&c.payment).expect("just seen");
        payment.state = to;
        match c.kind {
            StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance => {
                payment.approvals.push((c.kind, person));
            }
            StepKind::Instruct => payment.instructor = Some(person),
            StepKind::Withdraw => payment.taken_back = true,
            kind => payment.steps.push((kind, c.serial, person)),
        }
        if to == PaymentState::Released {
            let amount = payment.asked.amount_fen.get();
            self.give_back(c.payment, amount);
        }
    }

    /// To the contract while it is open; what is not held there is available by itself.
    pub(super) fn give_back(&mut self, id: domain::PaymentId, amount: i64) {
        let asked = self.payments[&id].asked;
        let quota = self.quotas.get_mut(&asked.quota).expect("a payment has its quota");
        if let Some((_, held, true)) = quota.contracts.get_mut(&asked.contract) {
            *held += amount;
        }
    }

    /// How a batch ended, if it did.
    pub(crate) fn end_of(&self, id: BatchId) -> Option<BatchEnd> {
        self.batches[&id].ended
    }

    pub(super) fn batch_takes(&self, id: BatchId, person: PersonId) -> Result<(), Code> {
        if id == BatchId(0) {
            return Ok(());
        }
        let batch = self.batches.get(&id).ok_or(Code::NoBatch)?;
        match batch.ended {
            Some(BatchEnd::Closed) => Err(Code::NoBatch),
            Some(_) => Err(Code::BatchDropped),
            None if batch.maker != person => Err(Code::NotBatchMaker),
            None if batch.staged.len() == batch.count => Err(Code::BatchMismatch),
            None => Ok(()),
        }
    }

    fn act(&mut self, person: PersonId, c: Act<'static>) -> Result<(), Code> {
        use ActKind as K;
        match c.kind {
            K::Revive => {}
            K::Unfreeze | K::Unearmark | K::Recover | K::Close => self.must_run()?,
            _ => self.must_be_open()?,
        }
        self.batch_takes(c.batch, person)?;
        let quota = self.quotas.get(&c.quota).ok_or(Code::NoQuota)?;
        if quota.closed && c.kind != K::Revive {
            return Err(Code::QuotaClosed);
        }
        let money = self.money(c.quota);
        let x = c.amount_fen.get();
        let at_most = |left: i64, code| if x <= left { Ok(()) } else { Err(code) };
        let contract = quota.contracts.get(&c.contract).copied();
        match c.kind {
            K::Issue | K::Supplement => self.may_grow(c.quota, x)?,
            // The engine's own, with documents: no caller of this model gives it.
            K::Authorize => return Err(Code::NoRight),
            K::Cut | K::Freeze | K::Recover => at_most(money.available(), Code::CutBelowUsed)?,
            K::Unfreeze => at_most(money.frozen, Code::OverFrozen)?,
            K::Earmark => {
                if contract.is_some_and(|(plan, ..)| plan != c.plan) {
                    return Err(Code::ContractMismatch);
                }
                at_most(money.available(), Code::OverQuota)?;
            }
            K::Unearmark => match contract {
                Some((plan, held, true)) if plan == c.plan => at_most(held, Code::OverEarmark)?,
                _ => return Err(Code::ContractMismatch),
            },
            K::Close => {
                let held = money.frozen + money.staged + money.earmarked + money.available();
                let of_it = |p: &Payment| p.asked.quota == c.quota && p.is_open();
                let gone = |o: &Out| o.order.from == c.quota && o.stands == Stands::UnderWay;
                let open = self.payments.values().any(of_it) || self.out.values().any(gone);
                if held != 0 || open {
                    return Err(Code::OpenItems);
                }
            }
            K::Revive => {}
        }
        if c.batch != BatchId(0) {
            self.stage(c.batch, Body::Act(c));
            return Ok(());
        }
        self.done.push(c);
        let quota = self.quotas.get_mut(&c.quota).expect("just seen");
        match c.kind {
            K::Close => quota.closed = true,
            K::Earmark => {
                let held = contract.map_or(0, |(_, held, _)| held) + x;
                quota.contracts.insert(c.contract, (c.plan, held, true));
            }
            K::Unearmark => {
                let held = contract.map_or(0, |(_, held, _)| held) - x;
                quota.contracts.insert(c.contract, (c.plan, held, held > 0));
            }
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, person: PersonId, c: MoveOut<'static>) -> Result<(), Code> {
        if c.kind == MoveKind::Correct {
            return self.correct(person, c);
        }
        if c.kind == MoveKind::Carry {
            self.must_run()?
        } else {
            self.must_be_open()?
        }
        self.batch_takes(c.batch, person)?;
        let quota = self.quotas.get(&c.from).ok_or(Code::NoQuota)?;
        if quota.closed {
            return Err(Code::QuotaClosed);
        }
        if c.kind == MoveKind::ReturnUp && quota.create.parent != c.to {
            return Err(Code::NotChild);
        }
        if c.amount_fen.get() > self.money(c.from).available() {
            return Err(Code::CutBelowUsed);
        }
        let mut stands = Stands::UnderWay;
        if c.batch != BatchId(0) {
            stands = Stands::Staged;
            self.stage(c.batch, Body::MoveOut(c));
        }
        self.out.insert(c.id, Out { order: c, stands });
        Ok(())
    }

    /// The quota that should have borne a settled payment is charged; the one that bore it gets the
    /// amount back when the other half arrives.
    fn correct(&mut self, person: PersonId, c: MoveOut<'static>) -> Result<(), Code> {
        self.must_run()?;
        let payment = self.payments.get(&c.payment).ok_or(Code::NoPayment)?;
        let settled = match payment.path {
            Path::Own => payment.state == PaymentState::Paid,
            _ => payment.state == PaymentState::Cleared,
        };
        if !settled {
            return Err(Code::WrongState);
        }
        if payment.maker == person {
            return Err(Code::DutySeparation);
        }
        let charged = self.quotas.get(&c.from).ok_or(Code::NoQuota)?;
        let given = self.quotas.get(&c.to).ok_or(Code::NoQuota)?;
        if charged.closed || given.closed {
            return Err(Code::QuotaClosed);
        }
        if !charged.create.executable {
            return Err(Code::NotExecutable);
        }
        if charged.create.fund != given.create.fund {
            return Err(Code::FundMismatch);
        }
        if !charged.create.economic.covers(payment.asked.economic) {
            return Err(Code::EconomicMismatch);
        }
        let of_payment = |out: &&Out| out.order.payment == c.payment;
        if self.out.values().filter(of_payment).count() == 64 {
            return Err(Code::TooMany);
        }
        if c.amount_fen.get() > self.borne(c.payment, c.to) {
            return Err(Code::OverBorne);
        }
        if c.amount_fen.get() > self.money(c.from).available() {
            return Err(Code::OverQuota);
        }
        self.out.insert(c.id, Out { order: c, stands: Stands::UnderWay });
        Ok(())
    }

    pub(super) fn end_batch(&mut self, person: PersonId, c: EndBatch) -> Result<(), Code> {
        let batch = self.batches.get(&c.batch).ok_or(Code::NoBatch)?;
        self.may_end(batch, person, c.step)?;
        let end = match c.step {
            BatchStep::Close => BatchEnd::Closed,
            BatchStep::Drop => BatchEnd::Dropped,
            BatchStep::Lapse => BatchEnd::Lapsed,
            BatchStep::Abandon => BatchEnd::Abandoned,
        };
        if end != BatchEnd::Closed {
            self.drop_batch(c.batch, end);
            return Ok(());
        }
        let batch = self.batches.get_mut(&c.batch).expect("just seen");
        batch.ended = Some(end);
        for body in std::mem::take(&mut batch.staged) {
            match body {
                Body::Act(act) => self.done.push(act),
                Body::MoveOut(moved) => {
                    self.out.get_mut(&moved.id).expect("staged").stands = Stands::UnderWay;
                }
                Body::File(paper) => self.put_on_file(paper),
                _ => {}
            }
        }
        Ok(())
    }

    fn may_end(&self, batch: &Batch, person: PersonId, step: BatchStep) -> Result<(), Code> {
        let by_people = matches!(step, BatchStep::Close | BatchStep::Drop);
        match batch.ended {
            Some(BatchEnd::Closed) => return Err(Code::NoBatch),
            Some(_) => return Err(Code::BatchDropped),
            None if by_people && batch.maker != person => return Err(Code::NotBatchMaker),
            None => {}
        }
        if step != BatchStep::Close {
            return Ok(());
        }
        self.must_not_be_over()?;
        if batch.staged.len() != batch.count || batch.digest != batch.announced {
            return Err(Code::BatchMismatch);
        }
        for &quota in self.quotas.keys() {
            let gives = batch.staged.iter().filter_map(|body| match body {
                Body::Act(act) if act.quota == quota => match act.kind {
                    ActKind::Issue | ActKind::Supplement => Some(act.amount_fen.get()),
                    _ => None,
                },
                _ => None,
            });
            let sum: i64 = gives.sum();
            if sum > 0 && self.quotas[&quota].closed {
                return Err(Code::QuotaClosed);
            }
            if sum > 0 {
                self.may_grow(quota, sum)?;
            }
        }
        fit_together(&batch.staged)
    }

    fn limit(&mut self, c: SetLimit) -> Result<(), Code> {
        self.must_be_open()?;
        if c.kind == LimitKind::PayCeiling {
            self.ceiling = c.amount_fen.get();
            return Ok(());
        }
        let before = self.planned.get(&c.key).copied();
        let mut planned = before.unwrap_or_default();
        planned[usize::from(c.month) - 1] = c.amount_fen.get();
        self.planned.insert(c.key, planned);
        if self.plan_left(c.key, 1) < 0 {
            self.planned.insert(c.key, before.expect("a new plan has no use"));
            return Err(Code::PlanBelowUsed);
        }
        Ok(())
    }

    fn set_year(&mut self, c: SetYear) -> Result<(), Code> {
        use YearState as Y;
        match (self.state, c.state) {
            (Y::Unopened, Y::Open) | (Y::Open, Y::Adjustment) => {}
            (Y::Adjustment, Y::Closed) => {
                let open = self.payments.values().any(Payment::is_open)
                    || self.out.values().any(|out| out.stands == Stands::UnderWay)
                    || self.batches.values().any(|batch| batch.ended.is_none())
                    || !self.waiting.is_empty();
                if open {
                    return Err(Code::OpenItems);
                }
            }
            _ => return Err(Code::WrongYearState),
        }
        self.state = c.state;
        Ok(())
    }
}

impl Payment {
    fn has_done(&self, c: &Step<'static>, person: PersonId) -> bool {
        match c.kind {
            StepKind::ApproveUnit | StepKind::ApproveDepartment | StepKind::ApproveFinance => {
                self.approvals.contains(&(c.kind, person))
            }
            StepKind::Instruct => self.instructor == Some(person),
            StepKind::Withdraw => self.taken_back && self.maker == person,
            kind => self.steps.contains(&(kind, c.serial, person)),
        }
    }

    /// I10, by the model's own record: everybody in it is somebody else, and nothing was ordered
    /// to the bank without its approvals.
    pub(crate) fn has_two_pairs_of_eyes(&self) -> bool {
        let mut people = vec![self.maker];
        people.extend(self.approvals.iter().map(|(_, person)| *person));
        people.extend(self.instructor);
        let mut lifters: Vec<_> = self.steps.iter().filter(|s| s.0 == StepKind::Unhold).collect();
        lifters.sort_unstable_by_key(|step| step.2);
        lifters.dedup_by_key(|step| step.2);
        people.extend(lifters.iter().map(|step| step.2));
        let count = people.len();
        people.sort_unstable();
        people.dedup();
        let ordered = self.instructor.is_some() && !self.approvals.is_empty();
        let never = matches!(
            self.state,
            PaymentState::Reserved | PaymentState::Approved | PaymentState::Held
        );
        people.len() == count
            && (ordered || self.by_rule || never || self.state == PaymentState::Released)
    }
}
