//! Money moves: an engine, finance's voucher store, a bank and the central bank as processes, over real lines,
//! each killed on the way. The bank's and the central bank's own ledgers are the judges.

mod harness;

use domain::Role;
use domain::codes::{BusinessKind, Method, PaymentState, StepKind};
use domain::command::Reserve;
use domain::particulars::ParticularsText;
use harness::desk::Desk;
use harness::province::{
    ACCOUNT, BANK, BANK_NAME, DIVISION, FINANCE, FIRST_FEN, OPENING_FEN, Province, TREASURY, WAVE,
    amount_fen, file, reservation,
};
use harness::server::{Options, sound};
use harness::{files, orders, wait_for};
use protocol::lookup::{Answer, LookUp};
use serde_json::json;

#[test]
fn every_payment_is_paid_once_and_cleared_whoever_is_killed_on_the_way() {
    let mut province = Province::found();
    // Each party dies in the middle of a wave, and comes back.
    province.pay_a_wave();
    province.bank.kill_and_start();
    province.pay_a_wave();
    province.finance.kill_and_start();
    province.pay_a_wave();
    province.bank.kill_and_start();
    province.finance.kill_and_start();
    province.all_are(PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!(bank["bank"]["payments"], 3 * WAVE as u64, "{bank}");
    assert_eq!(bank["bank"]["double_payments"], 0, "{bank}");
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    province.central_bank.kill_and_start();
    province.finance.kill_and_start();
    province.all_are(PaymentState::Cleared);
    province.bank.kill_and_start();
    let left = domain::Fen::new(OPENING_FEN - province.sum_fen()).to_yuan();
    wait_for("the treasury has paid the bank", || {
        let treasury = province.central_bank.status();
        (treasury["central_bank"]["balance"] == left.as_str()).then_some(())
    });
    wait_for("the bank has heard so", || {
        let bank = province.bank.status();
        (bank["bank"]["uncleared"] == "0.00").then_some(())
    });
    let finance = province.finance.status();
    let told = &finance["finance"];
    assert_eq!(told["vouchers"], json!({ "8202": 3 * WAVE as u64 }), "{finance}");
    assert_eq!(told["standing"], json!({ "cleared": 3 * WAVE as u64 }), "{finance}");
    assert_eq!(told["cleared_fen"], province.sum_fen(), "{finance}");
    assert_eq!((&told["without_voucher"], &finance["alarms"]), (&json!(0), &json!(0)), "{finance}");
    province.bank.order("close", &nothing);
    let bank = province.bank.status();
    assert_eq!(
        (&bank["bank"]["double_payments"], &bank["bank"]["zero_alarms"]),
        (&json!(0), &json!(0))
    );
    if let Some(engine) = province.engine.take() {
        engine.stop();
    }
    sound(&province.dir.path().join("engine"));
}

#[test]
fn orders_wait_for_a_bank_that_is_not_there_and_for_an_engine_that_is_not() {
    let mut province = Province::found();
    province.bank.child.kill().expect("a child can be killed");
    province.pay_a_wave();
    wait_for("every order is in a voucher", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == json!({ "out": WAVE as u64 })).then_some(())
    });
    province.bank.kill_and_start();
    province.all_are(PaymentState::Paid);
    // The engine dies, and what the bank asks for meanwhile is cleared without it.
    let data = province.dir.path().join("engine");
    let address = province.address();
    province.engine.take().expect("it runs").kill();
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    wait_for("finance has facts for the engine", || {
        let finance = province.finance.status();
        (finance["finance"]["facts_due"] == WAVE as u64).then_some(())
    });
    province.finance.kill_and_start();
    province.engine = Some(Options::existing(&data).with("--listen", address).start());
    province.all_are(PaymentState::Cleared);
    wait_for("the engine has every fact", || {
        let finance = province.finance.status();
        (finance["finance"]["facts_due"] == 0).then_some(())
    });
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
    province.engine.take().expect("it runs").stop();
    sound(&data);
}

#[test]
fn a_payment_that_waits_for_an_account_is_paid_when_one_is_filed_whoever_died_meanwhile() {
    let mut province = Province::found();
    let mut officer = Desk::connect(province.address(), Role::Finance);
    file(
        &mut officer,
        0xba5f,
        "unit\t101003\t第二中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive\n".to_owned(),
    );
    let key = "370000005/101003/2050203/50502/30201/111/P-1/R-2";
    let quota = orders::quota_of(&mut officer, orders::creation(8, DIVISION, key), 10 * FIRST_FEN);
    province.pay(2, quota);
    let waits = |province: &Province, payments: u64| {
        wait_for("payments without an account are listed", || {
            let finance = province.finance.status();
            (finance["finance"]["without_voucher"] == payments).then_some(())
        });
    };
    waits(&province, 2);
    // What is voided while it waits gets no voucher later.
    officer.must(&orders::step(StepKind::Void, 2, quota, 3));
    waits(&province, 1);
    province.finance.kill_and_start();
    waits(&province, 1);
    let (account, name) = ("370000005002", "第二中学零余额账户");
    province.bank.order(
        "open-account",
        &json!({
            "number": account, "name": name, "division": "370000005", "treasury": TREASURY, "finance": FINANCE,
        }),
    );
    let row = format!(
        "account\t{account}\t{name}\tunit-zero\tunit\t101003\t102\t{BANK_NAME}\t102451099999\t\tactive\n"
    );
    file(&mut officer, 0xba60, row);
    province.is(1, PaymentState::Paid);
    province.is(2, PaymentState::Released);
    waits(&province, 0);
    assert_eq!(province.bank.status()["bank"]["payments"], 1);
    // Every party ends in good order, and goes on.
    province.finance.stop_and_start();
    province.bank.stop_and_start();
    province.central_bank.stop_and_start();
    province.pay(1, province.quota);
    province.is(3, PaymentState::Paid);
}

#[test]
fn a_payment_that_is_voided_while_its_bank_is_away_is_never_paid() {
    let mut province = Province::found();
    // The bank's lines are gone for finance once its process is.
    province.bank.child.kill().expect("a child can be killed");
    wait_for("finance sees no line", || {
        let line = &province.finance.status()["lines"][BANK];
        (line["primary"] == false && line["backup"] == false).then_some(())
    });
    province.pay_a_wave();
    wait_for("every order is in a voucher", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"] == json!({ "out": WAVE as u64 })).then_some(())
    });
    let mut officer = Desk::connect(province.address(), Role::Finance);
    for payment in 1..=WAVE / 2 {
        officer.must(&orders::step(StepKind::Void, payment, province.quota, 3));
    }
    province.finance.kill_and_start();
    wait_for("what was voided is at its end", || {
        let finance = province.finance.status();
        (finance["finance"]["standing"]["ended"] == (WAVE / 2) as u64).then_some(())
    });
    province.bank.kill_and_start();
    for payment in 1..=WAVE {
        let voided = payment <= WAVE / 2;
        province.is(payment, if voided { PaymentState::Released } else { PaymentState::Paid });
    }
    assert_eq!(province.bank.status()["bank"]["payments"], (WAVE / 2) as u64);
    assert_eq!(province.finance.status()["alarms"], 0);
}

#[test]
fn an_allocation_that_comes_back_is_in_the_treasury_and_on_its_quota_whoever_is_killed() {
    let mut province = Province::found();
    let rows = json!({ "rows": [{ "row": "bank-number", "number": "102451099999" }] });
    province.central_bank.order("file", &rows);
    province.pay_by(Method::Allocation, 1, province.quota);
    province.is(1, PaymentState::Cleared);
    let balance = |province: &Province| {
        let status = province.central_bank.status();
        status["central_bank"]["balance"].as_str().expect("a balance").to_owned()
    };
    let yuan = |fen| domain::Fen::new(fen).to_yuan();
    assert_eq!(balance(&province), yuan(OPENING_FEN - amount_fen(1)));
    let back = json!({ "voucher": "370000005-2022-5207-0000000001", "reason": "收款账户已销户" });
    let refused = province.central_bank.say(&json!({
        "order": "refund", "voucher": back["voucher"], "detail": "2", "reason": back["reason"],
    }));
    let why = refused["refused"].as_str().expect("it has one detail");
    assert!(why.contains("is out under detail `2`"), "{why}");
    // Finance is not there when it comes back, and the central bank ends right behind it.
    province.finance.kill();
    province.central_bank.order("refund", &back);
    province.central_bank.kill_and_start();
    assert_eq!(balance(&province), yuan(OPENING_FEN));
    province.finance.start_again();
    let mut desk = Desk::connect(province.address(), Role::Operator);
    wait_for("the quota has it again", || {
        let Answer::Quota(view) = desk.ask(LookUp::Quota(province.quota)) else {
            panic!("no quota")
        };
        let buckets = view.buckets;
        (buckets.cleared == 0 && buckets.refunding == 0 && buckets.reserved == 0).then_some(())
    });
    assert_eq!(province.finance.status()["finance"]["refunded_fen"], amount_fen(1));
    province.central_bank.order("close", &json!({}));
    wait_for("both sides of the treasury's day are equal", || {
        let day = province.finance.say(&json!({ "look": "day" }));
        let items = day["items"].as_array().expect("a checklist");
        let statements = items.iter().find(|item| item["check"] == "statements");
        (statements.expect("every item is there")["open"]["many"] == 0).then_some(())
    });
    let differences = province.finance.say(&json!({ "look": "differences" }));
    assert_eq!(differences["differences"], json!([]), "{differences}");
}

/// What finance's store says of its engine.
fn engine_is(province: &Province, standing: &str) -> serde_json::Value {
    wait_for(&format!("the engine is {standing}"), || {
        let engine = province.finance.status()["engine"].clone();
        (engine["standing"] == standing).then_some(engine)
    })
}

/// Puts another directory in the engine's place, and starts it there.
fn engine_of(province: &mut Province, data: &std::path::Path) {
    let address = province.address();
    province.engine.take().expect("it runs").stop();
    province.engine = Some(Options::existing(data).with("--listen", address).start());
}

#[test]
fn an_engine_that_was_restored_from_an_older_copy_is_not_followed_and_hears_nothing() {
    let mut province = Province::found();
    let dir = province.dir.path().to_owned();
    let (data, copy) = (dir.join("engine"), dir.join("older"));
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    let address = province.address();
    province.engine.take().expect("it runs").stop();
    files::copy_tree(&data, &copy);
    province.engine = Some(Options::existing(&data).with("--listen", address).start());
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    engine_is(&province, "followed");
    // The older copy ends before what was followed; and when it has grown beyond that, it is another chain.
    engine_of(&mut province, &copy);
    let engine = engine_is(&province, "not-ours");
    assert!(engine["why"].as_str().expect("why").contains("older copy"), "{engine}");
    let second = province.next - WAVE;
    province.next = second;
    province.pay_a_wave();
    province.pay_a_wave();
    province.pay_a_wave();
    province.finance.kill_and_start();
    let engine = engine_is(&province, "not-ours");
    assert!(engine["why"].as_str().expect("why").contains("older copy"), "{engine}");
    // Nothing of it is in a voucher, and a payment of it says why.
    let finance = province.finance.status();
    assert_eq!(finance["finance"]["vouchers"], json!({ "8202": 2 * WAVE as u64 }), "{finance}");
    let last = json!({
        "look": "payment", "division": DIVISION, "year": 2022,
        "payment": format!("{:032x}", province.next),
    });
    let told = province.finance.say(&last);
    assert!(
        told["without_voucher"].as_str().is_some_and(|why| why.contains("older copy")),
        "{told}"
    );
    province.is(province.next, PaymentState::Instructed);
    // The journal that was followed is put back, and all goes on.
    engine_of(&mut province, &data);
    engine_is(&province, "followed");
    province.next = second + WAVE;
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    assert_eq!(province.bank.status()["bank"]["double_payments"], 0);
}

#[test]
fn another_engine_at_the_same_address_is_not_followed_and_hears_nothing() {
    let mut province = Province::found();
    let dir = province.dir.path().to_owned();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    engine_is(&province, "followed");
    // What the bank is cleared for is a fact for the engine; another one has a payment by the same name.
    let address = province.address();
    province.engine.take().expect("it runs").stop();
    let other = dir.join("other");
    province.engine = Some(Options::new(&other).with("--listen", address).start());
    harness::province::put_on_file(address);
    province.next = 0;
    province.pay_a_wave();
    let engine = engine_is(&province, "not-ours");
    assert!(engine["why"].as_str().expect("why").contains("data set"), "{engine}");
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    wait_for("finance has facts for its engine", || {
        let finance = province.finance.status();
        (finance["finance"]["facts_due"] == WAVE as u64).then_some(())
    });
    province.is(1, PaymentState::Instructed);
    engine_of(&mut province, &dir.join("engine"));
    province.all_are(PaymentState::Cleared);
    let finance = province.finance.status();
    assert_eq!(finance["finance"]["vouchers"], json!({ "8202": WAVE as u64 }), "{finance}");
}

/// What `verify` finds of finance's journal beside the others': how it ends, and I8.
fn vouchers_of(dir: &std::path::Path, bank: &str) -> (Option<i32>, serde_json::Value) {
    let mut command = std::process::Command::new(harness::server::PROGRAM);
    command.args(["verify", "--json", "--data"]).arg(dir.join("finance"));
    for other in ["engine", bank, "treasury"] {
        command.arg("--with").arg(dir.join(other));
    }
    let output = command.output().expect("the program can start");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    (output.status.code(), told["invariants"]["I8"].clone())
}

#[test]
fn a_payment_is_in_one_voucher_that_both_sides_have_and_an_older_copy_of_one_is_found() {
    let mut province = Province::found();
    let dir = province.dir.path().to_owned();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    province.bank.kill();
    files::copy_tree(&dir.join("bank-102"), &dir.join("older"));
    province.bank.start_again();
    province.pay_a_wave();
    province.all_are(PaymentState::Paid);
    province.finance.kill();
    province.bank.kill();
    province.central_bank.kill();
    province.engine.take().expect("it runs").stop();
    let (ended, found) = vouchers_of(&dir, "bank-102");
    assert_eq!((ended, &found["violations"]), (Some(0), &json!(0)), "{found}");
    // Each payment has its voucher's sum and number, is the engine's, and was taken by the bank.
    let checked = found["checked"].as_u64().expect("a number");
    assert!(checked >= 4 * 2 * WAVE as u64, "{found}");
    let (ended, found) = vouchers_of(&dir, "older");
    assert_eq!(ended, Some(11), "an invariant does not hold: {found}");
    let told = found["examples"].to_string();
    assert!(told.contains("finance:") && told.contains("bank:102"), "{told}");
}

#[test]
fn what_shared_a_voucher_with_a_payment_that_was_voided_is_in_one_voucher_still() {
    let mut province = Province::found();
    let dir = province.dir.path().to_owned();
    // They are told to finance together, and share a voucher.
    province.finance.kill();
    province.bank.kill();
    for payment in 1..=3 {
        let kind = BusinessKind::Payroll;
        province.pay_so(Reserve { kind, ..reservation(payment, province.quota) });
    }
    province.finance.start_again();
    let vouchers = |province: &Province, count: u64| {
        let finance = province.finance.status();
        (finance["finance"]["vouchers"] == json!({ "8202": count })).then_some(())
    };
    wait_for("all of them are in one voucher", || vouchers(&province, 1));
    let mut officer = Desk::connect(province.address(), Role::Finance);
    officer.must(&orders::step(StepKind::Void, 2, province.quota, 3));
    wait_for("the others are in another", || vouchers(&province, 2));
    province.bank.start_again();
    for (payment, state) in
        [(1, PaymentState::Paid), (2, PaymentState::Released), (3, PaymentState::Paid)]
    {
        province.is(payment, state);
    }
    province.finance.kill();
    province.bank.kill();
    province.central_bank.kill();
    province.engine.take().expect("it runs").stop();
    let (ended, found) = vouchers_of(&dir, "bank-102");
    assert_eq!((ended, &found["violations"]), (Some(0), &json!(0)), "{found}");
    assert!(found["checked"].as_u64() > Some(0), "{found}");
}

#[test]
fn what_a_payee_has_collected_is_named_until_its_payment_takes_it_over_whoever_is_killed() {
    let mut province = Province::found();
    let collect = json!({
        "claim": "W-7", "account": ACCOUNT, "payee": "1602000109200000021",
        "payee_name": "泉城水务有限公司", "amount": "400.00", "purpose": "三月水费",
    });
    province.finance.kill();
    province.bank.order("collect", &collect);
    let refused = province.bank.say(&json!({
        "order": "collect", "claim": "W-7", "account": ACCOUNT, "payee": "1602000109200000021",
        "payee_name": "泉城水务有限公司", "amount": "400.00",
    }));
    assert!(refused["refused"].as_str().is_some_and(|why| why.contains("was debited before")));
    province.bank.kill_and_start();
    province.finance.start_again();
    wait_for("finance names the debit", || {
        let open = province.finance.status()["finance"]["collected"].clone();
        (open[0]["amount"] == "400.00").then_some(())
    });
    let debit = province.finance.status()["finance"]["collected"][0]["debit"].clone();
    let debit = debit.as_str().expect("a key").to_owned();
    assert_eq!(debit, "370000005-2022-2261-10200000001");
    let text = ParticularsText {
        payee_name: "泉城水务有限公司".to_owned(),
        payee_account: "1602000109200000021".to_owned(),
        payee_bank: "102451099999".to_owned(),
        purpose: "三月水费".to_owned(),
        numbers: format!("协议-3、{debit}"),
        ..ParticularsText::default()
    };
    let asked = |fen| Reserve {
        amount_fen: domain::Fen::new(fen),
        kind: BusinessKind::Collection,
        particulars: orders::particulars(&text),
        ..reservation(1, province.quota)
    };
    let (wrong, right) = (asked(40_001), asked(40_000));
    province.pay_so(wrong);
    wait_for("what does not agree has no voucher", || {
        let left = province.finance.status()["finance"]["without_voucher_first"].clone();
        let why = left[0]["why"].as_str()?;
        (why.contains("金额与托收扣款400.00元不符") && why.contains("is of 400.00 yuan"))
            .then_some(())
    });
    province.pay_so(right);
    province.is(2, PaymentState::Paid);
    let bank = province.bank.status();
    assert_eq!((&bank["bank"]["payments"], &bank["bank"]["paid"]), (&json!(1), &json!("400.00")));
    assert_eq!(bank["bank"]["collected"], "0.00");
    assert_eq!(province.finance.status()["finance"]["collected"], json!([]));
    let nothing = json!({});
    province.bank.order("cut-off", &nothing);
    province.bank.order("request-clearing", &nothing);
    province.is(2, PaymentState::Cleared);
}
