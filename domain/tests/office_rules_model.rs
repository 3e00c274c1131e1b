//! Windows of control rules against a model that remembers every payment and adds everything up anew:
//! repeats, sums over days, invoices and a year's total, with all that comes back.

mod rules_house;
mod world;

use domain::Code;
use domain::codes::{FactKind, PaymentState, Role, StepKind};
use domain::office::tables::rule::Alert;
use proptest::prelude::*;

use rules_house::{House, Pay, TREASURY};

/// What is done next.
#[derive(Clone, Debug)]
enum Deed {
    Pay {
        payee: usize,
        purpose: usize,
        amount: usize,
        class: usize,
        day: u32,
        invoice: u32,
    },
    /// A payment that has not left is sent back.
    Return(usize),
    /// A payment is paid, in whole or by half.
    Finish(usize, bool),
    /// Of a payment that was paid, all that is left or a part comes back.
    Refund(usize, bool),
}

const PAYEES: [(&str, &str, &str); 2] = [
    ("齐鲁文具店", "6222000000000001", "102451000018"),
    ("泉城商店", "6222000000000005", "102451000018"),
];
const PURPOSES: [&str; 2] = ["办公用品", "维修"];
const AMOUNTS: [(&str, i64); 4] =
    [("50.00", 5_000), ("100.00", 10_000), ("70000.00", 7_000_000), ("199999.99", 19_999_999)];
const CLASSES: [&str; 3] = ["30201", "30217", "30231"];
/// What is approved of the last two classes together.
const APPROVED_FEN: i64 = 40_000;

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let pay = (0..2_usize, 0..2_usize, 0..4_usize, 0..3_usize, 1..15_u32, 0..4_u32).prop_map(
        |(payee, purpose, amount, class, day, invoice)| Deed::Pay {
            payee,
            purpose,
            amount,
            class,
            day,
            invoice,
        },
    );
    let deed = prop_oneof![
        6 => pay,
        2 => (0..30_usize).prop_map(Deed::Return),
        2 => (0..30_usize, any::<bool>()).prop_map(|(at, whole)| Deed::Finish(at, whole)),
        2 => (0..30_usize, any::<bool>()).prop_map(|(at, whole)| Deed::Refund(at, whole)),
    ];
    proptest::collection::vec(deed, 1..40)
}

/// A payment as the model remembers it.
#[derive(Clone, Debug)]
struct Known {
    id: u128,
    payee: usize,
    purpose: usize,
    fen: i64,
    class: usize,
    day: u32,
    invoice: u32,
    left_fen: i64,
}

#[derive(Debug, PartialEq)]
enum Expected {
    Refused(Code),
    Taken { held: bool, warned: bool },
}

/// Everything from the list alone.
fn expected(all: &[Known], new: &Known) -> Expected {
    let standing = || all.iter().filter(|known| known.left_fen > 0);
    let three_public: i64 =
        standing().filter(|known| known.class > 0).map(|known| known.left_fen).sum();
    if new.class > 0 && three_public + new.fen > APPROVED_FEN {
        return Expected::Refused(Code::ThreePublicOver);
    }
    if new.invoice > 0 && standing().any(|known| known.invoice == new.invoice) {
        return Expected::Refused(Code::DuplicateInvoice);
    }
    let alike =
        || standing().filter(|known| (known.payee, known.purpose) == (new.payee, new.purpose));
    let apart = |known: &Known| known.day.abs_diff(new.day);
    let held = alike().any(|known| known.fen == new.fen && apart(known) <= 1);
    let near: i64 = alike().filter(|known| apart(known) < 7).map(|known| known.left_fen).sum();
    let warned = new.fen < 20_000_000 && near + new.fen >= 20_000_000;
    Expected::Taken { held, warned }
}

fn pay_of(new: &Known) -> Pay {
    let invoice = format!("发票 3700222130+{}", new.invoice);
    Pay {
        payee: PAYEES[new.payee],
        purpose: PURPOSES[new.purpose],
        amount: AMOUNTS.iter().find(|(_, fen)| *fen == new.fen).expect("one of them").0,
        economic: CLASSES[new.class],
        day: 20_230_300 + new.day,
        document: if new.invoice == 0 { "清单" } else { invoice.leak() },
        ..Pay::default()
    }
}

fn play(deeds: &[Deed]) {
    let mut house = House::new();
    house.on_file(&[
        "+payee\t6222000000000005\t泉城商店\t102451000018\tenterprise\tnone\t",
        "+ceiling\t101001\tthree-public\t400.00\t文\t33",
    ]);
    let mut all: Vec<Known> = Vec::new();
    for (at, deed) in deeds.iter().enumerate() {
        match *deed {
            Deed::Pay { payee, purpose, amount, class, day, invoice } => {
                let (id, fen) = (at as u128 + 1, AMOUNTS[amount].1);
                let new = Known { id, payee, purpose, fen, class, day, invoice, left_fen: fen };
                let foreseen = expected(&all, &new);
                house.pay_as(&pay_of(&new), id);
                assert_eq!(heard(&house, id), foreseen, "{new:?} after {all:?}");
                if matches!(foreseen, Expected::Taken { .. }) {
                    all.push(new);
                }
            }
            Deed::Return(which) => {
                let Some(known) = all.get_mut(which) else { continue };
                let state = house.payment(known.id).state;
                if matches!(state, PaymentState::Reserved | PaymentState::Held) {
                    house.step(known.id, StepKind::Return, TREASURY, Role::Finance);
                    known.left_fen = 0;
                }
            }
            Deed::Finish(which, whole) => {
                let Some(known) = all.get_mut(which) else { continue };
                if house.payment(known.id).state == PaymentState::Reserved {
                    known.left_fen = if whole { known.fen } else { known.fen / 2 };
                    house.pay_to_the_end(known.id, known.left_fen);
                }
            }
            Deed::Refund(which, whole) => {
                let Some(known) = all.get_mut(which) else { continue };
                if house.payment(known.id).state == PaymentState::Cleared && known.left_fen > 1 {
                    let back = if whole { known.left_fen } else { known.left_fen / 2 };
                    house.fact(known.id, FactKind::Refund, back);
                    known.left_fen -= back;
                }
            }
        }
    }
    house.must_hold_together();
}

fn heard(house: &House, id: u128) -> Expected {
    let answer = house.answer(id);
    if answer.code != Code::Accepted {
        return Expected::Refused(answer.code);
    }
    let held = answer.state == Some(PaymentState::Held);
    assert_eq!(held, house.held(id).is_some(), "the worklist says what the state does");
    let warned = house.office().get::<Alert>(&format!("R-SPLIT/{}", house.word(id))).is_some();
    Expected::Taken { held, warned }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn windows_are_what_adding_up_every_payment_gives(deeds in deeds()) {
        play(&deeds);
    }
}
