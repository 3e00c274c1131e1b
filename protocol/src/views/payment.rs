//! A payment as it is told.

use domain::Fen;
use domain::codes::{BusinessKind, Ending, FactKind, Method, Path, PaymentState, Posts, StepKind};
use domain::ids::{ChannelId, Class, ContractId, Day, PaymentId, PersonId, QuotaId};
use domain::limits::REFUNDS_PER_PAYMENT_MAX;
use domain::payment::{Payment, Refund};

use crate::bytes::{Reader, Short};
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_FACTS_MAX, ANSWER_HEADER_BYTES, ANSWER_STEPS_MAX};

/// A hold or a lifted hold of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepView {
    /// Which.
    pub kind: StepKind,
    /// The caller's number for it.
    pub serial: u64,
    /// Who gave it.
    pub person: PersonId,
}

/// A fact a payment has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactView {
    /// Which.
    pub kind: FactKind,
    /// The channel it came by.
    pub channel: ChannelId,
    /// Its number there.
    pub serial: u64,
}

/// Everything about a payment but its particulars, which are in the record at `sequence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentView {
    /// Its id.
    pub payment: PaymentId,
    /// The quota that pays.
    pub quota: QuotaId,
    /// The amount asked for.
    pub amount_fen: Fen,
    /// The amount the bank executed; zero before.
    pub executed_fen: Fen,
    /// Who asked for it.
    pub maker: PersonId,
    /// Who approved, by post.
    pub approvers: [PersonId; 3],
    /// Who sent the payment order.
    pub instructor: PersonId,
    /// The contract whose earmark pays.
    pub contract: ContractId,
    /// The purchase plan.
    pub plan: ContractId,
    /// Departmental economic class.
    pub economic: Class,
    /// Hash of the payee's account; zero: none was given.
    pub payee_hash: u64,
    /// When it lapses unless approved, in ms of journaled time; zero: never.
    pub deadline_ms: u64,
    /// The sequence of the record that accepted it.
    pub sequence: u64,
    /// Business date.
    pub day: Day,
    /// Version of the rule that approved it in one act; zero: people approve.
    pub rule_version: u32,
    /// Payment method.
    pub method: Method,
    /// Business kind.
    pub kind: BusinessKind,
    /// Settlement path.
    pub path: Path,
    /// Where it stands.
    pub state: PaymentState,
    /// How it ended, once released.
    pub ending: Option<Ending>,
    /// Posts it needs.
    pub posts: Posts,
    /// Posts that have approved.
    pub approved: Posts,
    /// Holds and lifted holds, at most [`ANSWER_STEPS_MAX`].
    pub steps: Vec<StepView>,
    /// Facts taken, at most [`ANSWER_FACTS_MAX`].
    pub facts: Vec<FactView>,
    /// Refunds.
    pub refunds: Vec<Refund>,
}

const STEP_BYTES: usize = 17;
const FACT_BYTES: usize = 11;
const REFUND_BYTES: usize = 21;
const PAYMENT_BYTES: usize = 144;
const SETTLED: u8 = 1;
const TO_POOL: u8 = 2;

const _: () = assert!(
    ANSWER_HEADER_BYTES
        + PAYMENT_BYTES
        + 6
        + ANSWER_STEPS_MAX * STEP_BYTES
        + ANSWER_FACTS_MAX * FACT_BYTES
        + REFUNDS_PER_PAYMENT_MAX * REFUND_BYTES
        <= ANSWER_BYTES_MAX
);

impl PaymentView {
    /// The view of a payment.
    #[must_use]
    pub fn of(payment: &Payment) -> PaymentView {
        let steps = payment.steps().iter().take(ANSWER_STEPS_MAX);
        let facts = payment.facts().iter().take(ANSWER_FACTS_MAX);
        PaymentView {
            payment: payment.id,
            quota: payment.quota,
            amount_fen: payment.amount_fen,
            executed_fen: payment.executed_fen,
            maker: payment.maker,
            approvers: payment.approvers,
            instructor: payment.instructor,
            contract: payment.contract,
            plan: payment.plan,
            economic: payment.economic,
            payee_hash: payment.payee_hash,
            deadline_ms: payment.deadline_ms,
            sequence: payment.sequence,
            day: payment.day,
            rule_version: payment.rule_version,
            method: payment.method,
            kind: payment.kind,
            path: payment.path,
            state: payment.state,
            ending: payment.ending,
            posts: payment.posts,
            approved: payment.approved,
            steps: steps
                .map(|seen| StepView { kind: seen.kind, serial: seen.serial, person: seen.person })
                .collect(),
            facts: facts
                .map(|seen| FactView {
                    kind: seen.kind,
                    channel: seen.channel,
                    serial: seen.serial,
                })
                .collect(),
            refunds: payment.refunds().iter().take(REFUNDS_PER_PAYMENT_MAX).copied().collect(),
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.payment.0.to_le_bytes());
        let [unit, department, finance] = self.approvers;
        for number in [
            self.quota.0,
            self.amount_fen.get() as u64,
            self.executed_fen.get() as u64,
            self.maker.0,
            unit.0,
            department.0,
            finance.0,
            self.instructor.0,
            self.contract.0,
            self.plan.0,
            self.payee_hash,
            self.deadline_ms,
            self.sequence,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.economic.0);
        out.extend_from_slice(&self.day.get().to_le_bytes());
        out.extend_from_slice(&self.rule_version.to_le_bytes());
        out.extend_from_slice(&[
            self.method.number(),
            self.kind.number(),
            self.path.number(),
            self.state.number(),
            self.ending.map_or(0, Ending::number),
            self.posts.bits(),
            self.approved.bits(),
            0,
        ]);
        out.extend_from_slice(&(self.steps.len() as u16).to_le_bytes());
        for step in &self.steps {
            out.push(step.kind.number());
            out.extend_from_slice(&step.serial.to_le_bytes());
            out.extend_from_slice(&step.person.0.to_le_bytes());
        }
        out.extend_from_slice(&(self.facts.len() as u16).to_le_bytes());
        for fact in &self.facts {
            out.push(fact.kind.number());
            out.extend_from_slice(&fact.channel.0.to_le_bytes());
            out.extend_from_slice(&fact.serial.to_le_bytes());
        }
        out.extend_from_slice(&(self.refunds.len() as u16).to_le_bytes());
        for refund in &self.refunds {
            out.extend_from_slice(&refund.number.to_le_bytes());
            out.extend_from_slice(&refund.amount_fen.get().to_le_bytes());
            out.extend_from_slice(&refund.detail.to_le_bytes());
            let settled = if refund.settled { SETTLED } else { 0 };
            out.push(settled | if refund.to_pool { TO_POOL } else { 0 });
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<PaymentView, Short> {
        let payment = PaymentId(reader.u128()?);
        let quota = QuotaId(reader.u64()?);
        let amount_fen = Fen::new(reader.i64()?);
        let executed_fen = Fen::new(reader.i64()?);
        let mut person = || reader.u64().map(PersonId);
        let maker = person()?;
        let approvers = [person()?, person()?, person()?];
        let instructor = person()?;
        let contract = ContractId(reader.u64()?);
        let plan = ContractId(reader.u64()?);
        let payee_hash = reader.u64()?;
        let deadline_ms = reader.u64()?;
        let sequence = reader.u64()?;
        let economic = Class(reader.array()?);
        let day = Day::new(reader.u32()?).ok_or(Short)?;
        let rule_version = reader.u32()?;
        let [method, kind, path, state, ending, posts, approved, zero] = reader.array()?;
        if zero != 0 {
            return Err(Short);
        }
        let ending = match ending {
            0 => None,
            number => Some(Ending::from_number(number).ok_or(Short)?),
        };
        Ok(PaymentView {
            payment,
            quota,
            amount_fen,
            executed_fen,
            maker,
            approvers,
            instructor,
            contract,
            plan,
            economic,
            payee_hash,
            deadline_ms,
            sequence,
            day,
            rule_version,
            method: Method::from_number(method).ok_or(Short)?,
            kind: BusinessKind::from_number(kind).ok_or(Short)?,
            path: Path::from_number(path).ok_or(Short)?,
            state: PaymentState::from_number(state).ok_or(Short)?,
            ending,
            posts: Posts::from_bits(posts).ok_or(Short)?,
            approved: Posts::from_bits(approved).ok_or(Short)?,
            steps: list(reader, ANSWER_STEPS_MAX, read_step)?,
            facts: list(reader, ANSWER_FACTS_MAX, read_fact)?,
            refunds: list(reader, REFUNDS_PER_PAYMENT_MAX, read_refund)?,
        })
    }
}

fn list<'a, T>(
    reader: &mut Reader<'a>,
    max: usize,
    one: impl Fn(&mut Reader<'a>) -> Result<T, Short>,
) -> Result<Vec<T>, Short> {
    let count = usize::from(reader.u16()?);
    if count > max {
        return Err(Short);
    }
    (0..count).map(|_| one(reader)).collect()
}

fn read_step(reader: &mut Reader<'_>) -> Result<StepView, Short> {
    let kind = StepKind::from_number(reader.u8()?).ok_or(Short)?;
    Ok(StepView { kind, serial: reader.u64()?, person: PersonId(reader.u64()?) })
}

fn read_fact(reader: &mut Reader<'_>) -> Result<FactView, Short> {
    let kind = FactKind::from_number(reader.u8()?).ok_or(Short)?;
    Ok(FactView { kind, channel: ChannelId(reader.u16()?), serial: reader.u64()? })
}

fn read_refund(reader: &mut Reader<'_>) -> Result<Refund, Short> {
    let number = reader.u64()?;
    let amount_fen = Fen::new(reader.i64()?);
    let detail = reader.u32()?;
    let flags = reader.u8()?;
    if flags > SETTLED | TO_POOL {
        return Err(Short);
    }
    let (settled, to_pool) = (flags & SETTLED != 0, flags & TO_POOL != 0);
    Ok(Refund { number, amount_fen, detail, settled, to_pool })
}
