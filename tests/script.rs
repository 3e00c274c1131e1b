//! Wrong answers on purpose, between processes: a bank whose script has every fault, and what finance does with
//! each. The bank's own ledger says what was paid.

mod harness;

use domain::codes::PaymentState;
use domain::ids::PaymentId;
use harness::desk::Desk;
use harness::province::{FINANCE, Party, Province, WAVE, amount_fen};
use harness::wait_for;
use protocol::lookup::{Answer, LookUp};
use protocol::views::PaymentView;
use serde_json::{Value, json};

/// The faults, each at an order of its own; what is exchanged with the next one's needs two.
const SCRIPT: &str = "\
1 twice
3 twice-otherwise
5 late
7 never
9 lost
11 other-payment
14 other-amount
16 other-payee
18 wrong-signature
20 after-clearing
";

/// Payments without an answer that finance takes as right, by the place of their order.
const UNANSWERED: [u64; 9] = [5, 7, 9, 11, 12, 14, 16, 18, 20];

fn order(place: u64) -> String {
    format!("370000005-2022-8202-{:010}", place + 1)
}

fn letters(at: &Party, place: u64) -> Vec<Value> {
    let seen = at.say(&json!({ "look": "voucher", "voucher": order(place) }));
    seen["letters"].as_array().unwrap_or_else(|| panic!("{seen}")).clone()
}

/// Where the receipts of an order stand at a party, in order.
fn receipts(at: &Party, place: u64) -> Vec<String> {
    let all = letters(at, place).into_iter().filter(|letter| letter["receipt"] == true);
    all.map(|letter| letter["state"].as_str().expect("a state").to_owned()).collect()
}

struct Money {
    desk: Desk,
    quota: domain::ids::QuotaId,
}

impl Money {
    fn of(&mut self, payment: PaymentId) -> PaymentView {
        let asked = LookUp::Payment {
            division: self.quota.division(),
            year: self.quota.year(),
            id: payment,
        };
        match self.desk.ask(asked) {
            Answer::Payment(view) => *view,
            other => panic!("no payment {payment}: {other:?}"),
        }
    }
}

/// The payment that the order at a place is for.
fn payment(finance: &Party, place: u64) -> PaymentId {
    let seen = finance.say(&json!({ "look": "voucher", "voucher": order(place) }));
    let id = seen["details"][0]["payment"].as_str().expect("a payment").replace('-', "");
    PaymentId(u128::from_str_radix(&id, 16).expect("an id"))
}

#[test]
fn every_fault_of_a_script_happens_between_processes_and_finance_is_not_taken_in() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), SCRIPT).expect("a script");
    let script_path = script.path().to_str().expect("a plain path");
    let mut province = Province::found_with(&["--script", script_path], |_| ());
    province.pay_a_wave();
    let mut money = Money {
        desk: Desk::connect(province.address(), domain::Role::Operator),
        quota: province.quota,
    };
    let of_place: Vec<PaymentId> = {
        wait_for("every order is in a voucher", || {
            let finance = province.finance.status();
            (finance["finance"]["vouchers"] == json!({ "8202": WAVE as u64 })).then_some(())
        });
        (0..WAVE as u64).map(|place| payment(&province.finance, place)).collect()
    };
    let mut is_paid = |place: u64| money.of(of_place[place as usize]).state == PaymentState::Paid;
    let right: Vec<u64> = (0..WAVE as u64).filter(|place| !UNANSWERED.contains(place)).collect();
    wait_for("what was answered rightly is paid", || {
        right.iter().all(|place| is_paid(*place)).then_some(())
    });
    assert!(UNANSWERED.iter().all(|place| !is_paid(*place)), "no wrong answer is taken as right");
    let bank = province.bank.status();
    assert_eq!(bank["bank"]["payments"], WAVE as u64 - 1, "all but the one it never pays");
    assert_eq!(bank["bank"]["double_payments"], 0);
    let until = |what: &str, at: &Party, place: u64, states: &[&str]| {
        wait_for(what, || (receipts(at, place) == states).then_some(()));
    };
    let alarms_about = |at: &Party, place: u64| -> String {
        let seen = at.say(&json!({ "look": "voucher", "voucher": order(place) }));
        let all = seen["alarms"].as_array().expect("a list").iter();
        all.map(|alarm| alarm["what"].as_str().expect("words")).collect::<Vec<_>>().join("; ")
    };
    let (finance, bank) = (&province.finance, &province.bank);

    // twice: two letters left the bank, and the second is the first again.
    until("both were taken", bank, 1, &["taken", "taken"]);
    until("one is kept", finance, 1, &["accepted"]);
    assert_eq!(alarms_about(finance, 1), "");
    // twice-otherwise: the second has the number of the first and other contents.
    until("the second stops", bank, 3, &["taken", "stopped"]);
    until("it is not taken", finance, 3, &["accepted", "refused"]);
    assert!(alarms_about(finance, 3).contains("with other contents"));
    // late, never, lost, after-clearing: nothing came. The bank's own ledger knows which was paid.
    for (place, paid) in [(5, true), (7, false), (9, true), (20, true)] {
        until("nothing came", finance, place, &[]);
        let trade = bank.say(&json!({ "look": "trade", "voucher": order(place) }));
        assert_eq!(trade["trade"], if paid { "paid" } else { "not-paid" }, "{place}: {trade}");
    }
    // other-payment: each of two receipts repeats the other's order.
    for place in [11, 12] {
        until("it does not repeat its order", finance, place, &["refused"]);
        until("the bank is told", bank, place, &["not-taken"]);
    }
    // other-amount: a fen less was paid, says the bank, and its ledger says otherwise: paid is whole or not at all.
    until("a part is not taken", finance, 14, &["refused"]);
    until("the bank is told so", bank, 14, &["not-taken"]);
    assert_eq!(money.of(of_place[14]).state, PaymentState::Instructed);
    // other-payee: the receipt is kept, and the payment is not confirmed by it.
    until("the receipt is kept", finance, 16, &["accepted"]);
    assert_ne!(money.of(of_place[16]).state, PaymentState::Paid);
    // wrong-signature: not trusted, an alarm; sealed again by a person it is good.
    until("it stops", bank, 18, &["stopped"]);
    until("it is not trusted", finance, 18, &["refused"]);
    assert!(alarms_about(finance, 18).contains("security: "));
    let stopped = letters(bank, 18).into_iter().find(|letter| letter["state"] == "stopped");
    let entry = stopped.expect("it stopped")["entry"].clone();
    bank.order("seal-again", &json!({ "to": FINANCE, "entry": entry, "by": "赵敏" }));
    wait_for("under good seals it is taken", || {
        (money.of(of_place[18]).state == PaymentState::Paid).then_some(())
    });
    // late: sent when the bank is told so.
    bank.order("send-late", &json!({}));
    wait_for("the late receipt is taken", || {
        (money.of(of_place[5]).state == PaymentState::Paid).then_some(())
    });
    // Nothing was paid twice, and every payment that is not confirmed is still open.
    let told = finance.status();
    let open = json!({ "out": 6, "paid": WAVE as u64 - 6 });
    assert_eq!(told["finance"]["standing"], open, "7, 9, 11, 12, 14 and 20: {told}");
    assert_eq!(bank.status()["bank"]["double_payments"], 0);
    // after-clearing: the bank asks for what finance does not know as paid, and gets nothing for it.
    let nothing = json!({});
    bank.order("cut-off", &nothing);
    bank.order("request-clearing", &nothing);
    wait_for("the central bank sends the request back", || {
        let all = bank.say(&json!({ "look": "vouchers", "kind": "2301", "state": "returned" }));
        all["letters"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    });
    assert_eq!(province.central_bank.status()["central_bank"]["waiting"], json!([]));
    let uncleared: i64 =
        (1..=WAVE).map(amount_fen).sum::<i64>() - money.of(of_place[7]).amount_fen.get();
    assert_eq!(bank.status()["bank"]["uncleared"], domain::Fen::new(uncleared).to_yuan());
}
