//! Look-ups and their answers over the wire form.

use domain::codes::{
    AuthorityKind, BusinessKind, Ending, FactKind, Method, Path, PaymentState, Posts, StepKind,
};
use domain::ids::{
    ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, PaymentId, PersonId,
    QuotaId,
};
use domain::limits::REFUNDS_PER_PAYMENT_MAX;
use domain::payment::Refund;
use domain::quota::{Buckets, Totals};
use domain::{Code, Fen, Refusal};
use proptest::prelude::*;
use protocol::limits::{
    ANSWER_FACTS_MAX, ANSWER_STEPS_MAX, FRAME_BYTES_MAX, LOOK_UPS_PER_FRAME_MAX,
};
use protocol::lookup::{parse_answers, parse_look_ups, put_look_ups};
use protocol::message::{ErrorMessage, Health};
use protocol::views::{FactView, PaymentView, QuotaView, StepView};
use protocol::{
    Answer, AnswersBuilder, CommandResult, Events, Frame, IdKind, LookUp, OutcomeView, Position,
    Subscribe, Value, Welcome, split_frame,
};

fn quota() -> QuotaView {
    QuotaView {
        quota: QuotaId(7 << 48 | 22 << 40 | 3),
        version: 12,
        open_payments: 1,
        open_contracts: 2,
        executable: true,
        closed: false,
        quarantined: true,
        posts: Posts::ALL,
        authority: AuthorityKind::BudgetLine,
        plan: LimitKey(9),
        parent: QuotaId::NONE,
        cap_fen: Fen::ZERO,
        fund: Class::new("111").unwrap(),
        economic: Class::new("302").unwrap(),
        buckets: Buckets { issued: 1000, reserved: 300, refunding: 20, ..Buckets::default() },
        totals: Totals { initial: 900, supplemented: 100, ..Totals::default() },
        key: "键".repeat(85),
    }
}

fn payment() -> PaymentView {
    let refund = |number| Refund {
        number,
        amount_fen: Fen::new(1),
        detail: 2,
        settled: number % 2 == 0,
        to_pool: number % 3 == 0,
    };
    let step = |serial| StepView { kind: StepKind::Hold, serial, person: PersonId(5) };
    let fact = |serial| FactView { kind: FactKind::Refund, channel: ChannelId(3), serial };
    PaymentView {
        payment: PaymentId(1 << 100),
        quota: QuotaId(7 << 48),
        amount_fen: Fen::new(300),
        executed_fen: Fen::new(280),
        maker: PersonId(1),
        approvers: [PersonId(2), PersonId(3), PersonId(0)],
        instructor: PersonId(4),
        contract: ContractId(8),
        plan: ContractId(9),
        economic: Class::new("30201").unwrap(),
        payee_hash: 77,
        deadline_ms: 88,
        sequence: 99,
        day: Day::new(20_220_301).unwrap(),
        rule_version: 0,
        method: Method::Centralized,
        kind: BusinessKind::Single,
        path: Path::Treasury,
        state: PaymentState::Released,
        ending: Some(Ending::Rejected),
        posts: Posts::ALL,
        approved: Posts::UNIT,
        steps: (0..ANSWER_STEPS_MAX as u64).map(step).collect(),
        facts: (0..ANSWER_FACTS_MAX as u64).map(fact).collect(),
        refunds: (0..REFUNDS_PER_PAYMENT_MAX as u64).map(refund).collect(),
    }
}

fn outcome() -> OutcomeView {
    let refusal = Refusal::with(Code::OverQuota, Fen::new(3), Fen::new(2));
    let value = Value::Available(Fen::new(2));
    let result =
        CommandResult { repeat: true, value, sequence: 4, ..CommandResult::new(Code::OverQuota) };
    OutcomeView { result, refusal: Some(refusal), transit: 2 }
}

#[test]
fn every_answer_survives_and_no_cut_one_does() {
    let answers = [
        Answer::Quota(Box::new(quota())),
        Answer::Payment(Box::new(payment())),
        Answer::Outcome(outcome()),
        Answer::Failed(Code::NotFound),
    ];
    let mut builder = AnswersBuilder::new(4, answers.len() + 1);
    for (index, answer) in answers.iter().enumerate().rev() {
        builder.set(index, answer);
    }
    let at = Position { epoch: 1, sequence: 55 };
    let mut out = Vec::new();
    builder.finish_into(&mut out, at);
    let frame = split_frame(&out).unwrap().unwrap();
    let (found_at, found) = parse_answers(&frame).unwrap();
    assert_eq!(found_at, at);
    assert_eq!(found[..4], answers);
    assert_eq!(found[4], Answer::Failed(Code::Fault));
    for cut in 0..frame.body.len() {
        assert!(parse_answers(&Frame { body: &frame.body[..cut], ..frame }).is_err(), "{cut}");
    }
}

#[test]
fn the_largest_answers_to_a_full_frame_fit_in_one() {
    let answer = Answer::Payment(Box::new(payment()));
    let mut builder = AnswersBuilder::new(4, LOOK_UPS_PER_FRAME_MAX);
    for index in 0..LOOK_UPS_PER_FRAME_MAX {
        builder.set(index, &answer);
    }
    let mut out = Vec::new();
    builder.finish_into(&mut out, Position::default());
    assert!(out.len() <= FRAME_BYTES_MAX);
    assert!(parse_answers(&split_frame(&out).unwrap().unwrap()).is_ok());
}

#[test]
fn look_ups_survive_and_wrong_ones_are_answered_in_their_place() {
    let (division, year) = (DivisionIndex(7), FiscalYear::new(2022).unwrap());
    let outcome = |kind| LookUp::Outcome { kind, division, year, id: 6 };
    let look_ups = [
        LookUp::Quota(QuotaId(7 << 48)),
        LookUp::Payment { division, year, id: PaymentId(5) },
        outcome(IdKind::Payment),
        outcome(IdKind::Act),
        outcome(IdKind::Move),
    ];
    let mut out = Vec::new();
    put_look_ups(&mut out, 1, &look_ups);
    let frame = split_frame(&out).unwrap().unwrap();
    let rows = parse_look_ups(&frame).unwrap();
    for (row, look_up) in rows.iter().zip(look_ups) {
        assert_eq!(LookUp::decode(row), Ok(look_up));
        assert_eq!(look_up.division(), division);
        let mut wrong = *row;
        wrong[6] = 1;
        assert_eq!(LookUp::decode(&wrong), Err(Code::BadField));
    }
    let short = Frame { body: &frame.body[1..], ..frame };
    assert!(parse_look_ups(&short).is_err());
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic(
        kind in 1_u16..109, count in 0_u32..300, body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&(32 + body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(&[0; 18]);
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&body);
        if let Ok(Some(frame)) = split_frame(&bytes) {
            let _ = Welcome::parse(&frame);
            let _ = ErrorMessage::parse(&frame);
            let _ = Health::parse(&frame);
            let _ = Subscribe::parse(&frame);
            let _ = Events::parse(&frame).map(|events| events.iter().count());
            let _ = parse_answers(&frame);
            let _ = parse_look_ups(&frame);
        }
    }

    #[test]
    fn a_changed_answer_is_another_or_an_error(byte in 0_usize..4_000, value: u8) {
        let mut builder = AnswersBuilder::new(4, 2);
        builder.set(0, &Answer::Payment(Box::new(payment())));
        builder.set(1, &Answer::Quota(Box::new(quota())));
        let mut out = Vec::new();
        builder.finish_into(&mut out, Position::default());
        let at = 32 + byte % (out.len() - 32);
        out[at] = value;
        let _ = parse_answers(&split_frame(&out).unwrap().unwrap());
    }
}
