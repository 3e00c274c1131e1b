//! One payment's whole way in words, for every way that a payment can take: over the real binary, with the parties'
//! processes. What is told is held against `tests/golden/explain/`; `UPDATE_GOLDEN=1` writes those files anew.

mod harness;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use domain::Role;
use domain::codes::{BusinessKind, Method, PaymentState, StepKind};
use domain::command::Reserve;
use domain::ids::{PaymentId, QuotaId};
use domain::particulars::ParticularsText;
use domain::voucher::papers::PAYEE_SHEET;
use domain::voucher::payees::PayeeLine;
use exchange::finance::sheet::sheet_digest;
use harness::desk::Desk;
use harness::province::{
    ACCOUNT, BANK, FINANCE, OPENING_FEN, Party, Province, TREASURY, keys_with, reservation,
};
use harness::server::PROGRAM;
use harness::{orders, wait_for};
use protocol::lookup::{Answer, LookUp};
use serde_json::{Value, json};

/// The account over which the bank settles batches.
const BATCH: &str = "102888";
/// A payee whose account takes no money.
const BLOCKED: &str = "1602000109200000099";

fn run(args: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(args).output().expect("the program can be started");
    let text = |bytes| String::from_utf8(bytes).expect("what it prints is text");
    assert!(output.status.success(), "{args:?}: {}", text(output.stderr));
    text(output.stdout)
}

/// What `treasury payment explain` tells of a payment with finance's vouchers, and what other parties have of it.
fn explain(province: &Province, payment: u128, beside: &[&Party]) -> (String, Value) {
    let (engine, finance) = (province.address().to_string(), province.finance.control.to_string());
    let id = PaymentId(payment).to_string();
    let beside: Vec<String> = beside.iter().map(|party| party.control.to_string()).collect();
    let mut args = vec!["payment", "explain", &id, "--connect", &engine, "--exchange", &finance];
    beside.iter().for_each(|party| args.extend(["--beside", party]));
    let told = run(&args);
    args.push("--json");
    (told, serde_json::from_str(&run(&args)).expect("one object"))
}

/// Holds what was told against its golden file, but for positions and times; its twin in JSON has every line of it.
fn golden(name: &str, province: &Province, payment: u128, beside: &[&Party]) -> String {
    let (told, twin) = explain(province, payment, beside);
    let mut found = String::new();
    for line in told.split_inclusive('\n') {
        match line.split_once("  ") {
            Some((position, _)) if position.contains('/') && !position.contains(' ') => {
                found.push_str("<position>  <time>\n");
            }
            _ => found.push_str(line),
        }
    }
    let twin = &twin["told"][0];
    let events = twin["events"].as_array().expect("events");
    for event in events {
        let english = event["english"].as_str().expect("words");
        assert!(told.contains(english), "{name}: {english}");
    }
    let letters = twin["exchange"]["vouchers"].as_array().expect("letters");
    for letter in letters {
        let key = letter["voucher"].as_str().expect("a key");
        assert!(told.contains(key), "{name}: {key}");
        for person in letter["deeds"]
            .as_array()
            .expect("deeds")
            .iter()
            .flat_map(|deed| deed["by"].as_array().expect("persons").clone())
        {
            assert!(told.contains(person.as_str().expect("a name")), "{name}: {person}");
        }
    }
    let path = format!("{}/tests/golden/explain/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let path = PathBuf::from(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(&path, &found).expect("a golden file");
    } else {
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(golden, found, "{name} differs; UPDATE_GOLDEN=1 writes it anew");
    }
    told
}

/// What a payment says of itself, to be varied.
fn texts(account: &str, numbers: &str) -> ParticularsText {
    ParticularsText {
        payee_name: "泉城文具有限公司".to_owned(),
        payee_account: account.to_owned(),
        payee_bank: "102451099999".to_owned(),
        purpose: "办公用品".to_owned(),
        numbers: numbers.to_owned(),
        ..ParticularsText::default()
    }
}

fn paying(quota: QuotaId, text: &ParticularsText, fen: i64) -> Reserve<'static> {
    Reserve {
        amount_fen: domain::Fen::new(fen),
        particulars: orders::particulars(text),
        ..reservation(1, quota)
    }
}

/// Finance's voucher of a payment, once it stands there.
fn voucher_at(province: &Province, payment: u128, standing: &str) -> String {
    let asked = json!({
        "look": "payment", "division": 5, "year": 2022, "payment": PaymentId(payment).to_string(),
    });
    wait_for(&format!("the voucher of payment {payment} is {standing}"), || {
        let told = province.finance.say(&asked);
        let settled = told["facts_due"] == json!([]);
        let voucher = &told["voucher"];
        (voucher["standing"] == standing && settled)
            .then(|| voucher["voucher"].as_str().expect("a key").to_owned())
    })
}

/// Waits until a letter that finance wrote stands somewhere.
fn letter_is(province: &Province, voucher: &str, state: &str) {
    wait_for(&format!("{voucher} is {state}"), || {
        let seen = province.finance.say(&json!({ "look": "voucher", "voucher": voucher }));
        let letters = seen["letters"].as_array()?;
        let is = |letter: &Value| letter["came"] == false && letter["state"] == state;
        letters.iter().any(is).then_some(())
    });
}

fn block(bank: &Party) {
    bank.order("block-payee", &json!({ "account": BLOCKED, "why": "收款账户已销户" }));
}

fn nothing() -> Value {
    json!({})
}

#[test]
fn what_a_bank_sends_back_is_told_with_its_reason_and_what_was_ordered_in_its_place() {
    let mut province = Province::found();
    let quota = province.quota;
    block(&province.bank);
    province.pay_so(paying(quota, &texts(BLOCKED, ""), 10_001));
    province.is(1, PaymentState::Released);
    let back = voucher_at(&province, 1, "ended");
    province.pay_so(paying(quota, &texts("1602000109200000001", &back), 10_001));
    province.is(2, PaymentState::Paid);
    let again = voucher_at(&province, 2, "paid");
    letter_is(&province, &again, "receipted");
    let told = golden("returned", &province, 1, &[&province.bank]);
    assert!(told.contains("收款账户已销户") && told.contains(&again), "{told}");
    let told = golden("paid-again", &province, 2, &[&province.bank]);
    assert!(told.contains(&format!("in place of {back}")), "{told}");
    // Money that comes back, before it is cleared and behind that.
    let refund = json!({ "voucher": again, "reason": "收款人退回多付货款" });
    province.bank.order("refund", &refund);
    province.bank.order("cut-off", &nothing());
    province.bank.order("request-clearing", &nothing());
    province.is(2, PaymentState::Cleared);
    province.bank.order("request-clearing", &nothing());
    wait_for("the refund is in the treasury", || {
        let (_, twin) = explain(&province, 2, &[]);
        twin.to_string().contains("\"settle-refund\"").then_some(())
    });
    voucher_at(&province, 2, "cleared");
    let told = golden("refunded", &province, 2, &[]);
    assert!(told.contains("收款人退回多付货款"), "{told}");
}

#[test]
fn a_voucher_that_is_held_voided_or_goes_by_paper_is_told_with_its_persons() {
    let mut province = Province::found();
    let quota = province.quota;
    let control = province.finance.control.to_string();
    province.finance.order("cut-off", &nothing());
    province.pay_so(paying(quota, &texts("1602000109200000001", ""), 10_001));
    let held = voucher_at(&province, 1, "out");
    let told = golden("held", &province, 1, &[&province.bank]);
    assert!(told.contains("已过银行截止时间"), "{told}");
    // A person voids it in the store.
    run(&[
        "voucher",
        "void",
        &held,
        "--by",
        "王芳",
        "--reason",
        "收款人有误",
        "--exchange",
        &control,
    ]);
    province.is(1, PaymentState::Released);
    voucher_at(&province, 1, "ended");
    let told = golden("voided", &province, 1, &[]);
    assert!(told.contains("王芳") && told.contains("收款人有误"), "{told}");
    // Finance voids a payment in the engine: the store follows.
    province.pay_so(paying(quota, &texts("1602000109200000001", ""), 10_002));
    voucher_at(&province, 2, "out");
    let mut officer = Desk::connect(province.address(), Role::Finance);
    officer.must(&orders::step(StepKind::Void, 2, province.quota, 3));
    voucher_at(&province, 2, "ended");
    golden("voided-in-the-engine", &province, 2, &[]);
    // Another goes by paper, and its bank sends it back.
    province.pay_so(paying(quota, &texts(BLOCKED, ""), 10_003));
    let paper = voucher_at(&province, 3, "out");
    for person in ["李强", "赵敏"] {
        run(&["voucher", "authorise", person, "--by", "孙处长", "--exchange", &control]);
    }
    run(&[
        "voucher",
        "paper-send",
        &paper,
        "--by",
        "李强",
        "--and",
        "赵敏",
        "--reason",
        "两条线路中断",
        "--exchange",
        &control,
    ]);
    block(&province.bank);
    province.finance.order("open-day", &json!({ "day": "2022-03-05", "worked": true }));
    province.is(3, PaymentState::Released);
    voucher_at(&province, 3, "ended");
    let told = golden("paper-back", &province, 3, &[]);
    for what in ["李强、赵敏", "授权人：孙处长", "两条线路中断", "收款账户已销户"]
    {
        assert!(told.contains(what), "{what}: {told}");
    }
    // Its page says so too: who vouched for it, and why it came back.
    let page = run(&["voucher", "print", &paper, "--exchange", &control]);
    for what in ["<td>李强、赵敏</td><td>孙处长</td>", "两条线路中断", "对方退回", "收款账户已销户"]
    {
        assert!(page.contains(what), "{what}: {page}");
    }
}

#[test]
fn a_sheet_of_payees_is_told_with_who_failed_and_how_they_are_paid_again() {
    let mut province = Province::found();
    let quota = province.quota;
    block(&province.bank);
    let payroll = |numbers: &str, cards: &[(&str, &str, i64, u32)]| {
        let lines = cards.iter().map(|(name, account, fen, again)| PayeeLine {
            quota,
            amount_fen: domain::Fen::new(*fen),
            name,
            account,
            bank_number: "",
            again: *again,
        });
        let numbers = format!("{numbers} {PAYEE_SHEET}={}", sheet_digest(lines));
        let fen = cards.iter().map(|(_, _, fen, _)| fen).sum();
        let kind = BusinessKind::Payroll;
        Reserve { kind, ..paying(quota, &texts(BATCH, &numbers), fen) }
    };
    let cards = [
        ("张三", "6222001", 50_000, 0),
        ("李四", BLOCKED, 20_000, 0),
        ("王五", "6222003", 10_000, 0),
    ];
    let (first, none) = (payroll("", &cards), json!([]));
    province.pay_so(first);
    let order = voucher_at(&province, 1, "out");
    let payee = |name: &str, account: &str, amount: &str| json!({ "name": name, "account": account, "amount": amount });
    let payees = [
        payee("张三", "6222001", "500.00"),
        payee("李四", BLOCKED, "200.00"),
        payee("王五", "6222003", "100.00"),
    ];
    let sheet = json!({ "voucher": order, "payees": payees, "by": "王芳" });
    province.finance.order("sheet", &sheet);
    province.is(1, PaymentState::Paid);
    let sheet_is = |field: &str, wanted: &Value| {
        wait_for("the sheet is answered", || {
            let asked = json!({
                "look": "payment", "division": 5, "year": 2022, "payment": PaymentId(1).to_string(),
            });
            let told = province.finance.say(&asked);
            (told["voucher"]["sheet"][field] == *wanted && told["facts_due"] == none).then_some(())
        });
    };
    sheet_is("answered", &json!(true));
    let again = payroll(&order, &[("李四", "6222010", 20_000, 2)]);
    province.pay_so(again);
    let second = voucher_at(&province, 2, "out");
    let mut payees = [payee("李四", "6222010", "200.00")];
    payees[0]["of"] = json!(2);
    let sheet = json!({ "voucher": second, "payees": payees, "by": "李强" });
    province.finance.order("sheet", &sheet);
    province.is(2, PaymentState::Paid);
    voucher_at(&province, 2, "paid");
    letter_is(&province, &second, "receipted");
    let told = golden("sheet", &province, 1, &[]);
    for what in
        ["李四", BLOCKED, &second, "370000005-2022-8207-0000000001 was written", "given by 王芳"]
    {
        assert!(told.contains(what), "{what}: {told}");
    }
    let told = golden("sheet-again", &province, 2, &[]);
    assert!(told.contains(&order), "{told}");
}

/// How a command ends, and what it says.
fn ends(args: &[&str]) -> (i32, String) {
    let output = Command::new(PROGRAM).args(args).output().expect("the program can be started");
    let text = |bytes| String::from_utf8(bytes).expect("what it prints is text");
    let code = output.status.code().expect("it ends by itself");
    (code, text(output.stdout) + &text(output.stderr))
}

/// A payroll by the commands that a person has: reserved, approved and ordered; gives its order.
fn payroll_by_hand(province: &Province, file: &str, payment: u128, again: &[&str]) -> String {
    let (engine, id) = (province.address().to_string(), PaymentId(payment).to_string());
    let args = [
        "payment",
        "payroll",
        file,
        "--sheet=2022-03",
        "--person=11",
        "--day=2022-03-04",
        "--payee-name=代发工资专户",
        "--payee-bank=102451099999",
        "--economic=30201",
        "--payee-account",
        BATCH,
        "--id",
        &id,
        "--connect",
        &engine,
    ];
    run(&[&args[..], again].concat());
    for (role, kind) in
        [(Role::Checker, StepKind::ApproveUnit), (Role::Finance, StepKind::Instruct)]
    {
        let step = orders::step(kind, payment, province.quota, 1);
        Desk::connect(province.address(), role).must(&step);
    }
    voucher_at(province, payment, "out")
}

#[test]
fn those_who_got_nothing_are_written_to_a_sheet_mended_and_paid_again_once() {
    let province = Province::found();
    let (quota, control) = (province.quota, province.finance.control.to_string());
    block(&province.bank);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| dir.path().join(name).to_str().expect("a plain path").to_owned();
    let [sheet, other, again, once_more] =
        ["sheet.csv", "other.csv", "again.csv", "once-more.csv"].map(file);
    let head = "quota,name,account,bank_number,amount";
    let approved = format!(
        "{head}\n{quota},张三,6222001,,500.00\n{quota},李四,{BLOCKED},102451099999,200.00\n{quota},王五,6222003,,100.00\n"
    );
    fs::write(&sheet, &approved).expect("a sheet");
    fs::write(&other, approved.replace("6222001", "6222666")).expect("another sheet");
    let order = payroll_by_hand(&province, &sheet, 0xa001, &[]);
    let payees = |sheet: &str, payment: u128| {
        let id = PaymentId(payment).to_string();
        ends(&["payment", "payees", sheet, "--id", &id, "--by", "王芳", "--exchange", &control])
    };
    let failed = |voucher: &str, to: &str| {
        ends(&["payment", "failed", voucher, "--to", to, "--exchange", &control])
    };
    let (code, told) = failed(&order, &again);
    assert!(code == 3 && told.contains("has no payees beside it"), "{told}");
    let (code, told) = payees(&other, 0xa001);
    assert!(code == 3 && told.contains("审批的明细不一致"), "one account is another: {told}");
    let (code, told) = payees(&sheet, 0xa001);
    assert!(code == 0 && told.contains("all  合计: sheet 明细 800.00, matched"), "{told}");
    // Given again it is the same, and another one is another, whatever it sums up to.
    let (code, told) = payees(&sheet, 0xa001);
    assert!(code == 0 && told.contains("has its payees already"), "{told}");
    let smaller = approved.replace("王五,6222003,,100.00", "王五,6222003,,99.00");
    for another in [approved.replace("6222001", "6222666"), smaller] {
        fs::write(&other, another).expect("another sheet");
        let (code, told) = payees(&other, 0xa001);
        assert!(code == 3 && told.contains("has other payees than"), "{told}");
        assert!(told.contains("its sheet, which is 370000005-2022-8207-0000000001"), "{told}");
    }
    province.is(0xa001, PaymentState::Paid);
    let asked = json!({ "look": "voucher", "voucher": order });
    wait_for("the bank has told who failed", || {
        (province.finance.say(&asked)["sheet"]["answered"] == true).then_some(())
    });
    let (code, told) = failed(&order, &again);
    assert!(code == 0 && told.contains("1 payees beside"), "{told}");
    let written = fs::read_to_string(&again).expect("a sheet");
    let line = format!("{quota},李四,{BLOCKED},102451099999,200.00,2,收款账户已销户\n");
    assert_eq!(written, format!("{head},of,why\n{line}"));
    assert_eq!(failed(&order, &again).0, 2, "what is mended there is not written over");
    fs::write(&again, written.replace(BLOCKED, "6222010")).expect("it is mended");
    let retry = payroll_by_hand(&province, &again, 0xb001, &["--again", &order]);
    let (code, told) = payees(&again, 0xb001);
    assert_eq!(code, 0, "{told}");
    province.is(0xb001, PaymentState::Paid);
    let (code, told) = failed(&order, &once_more);
    assert!(code == 3 && told.contains("nobody beside"), "{told}");
    // Another retry for the same card gets no voucher, and is told why.
    let engine = province.address().to_string();
    let id = PaymentId(0xc001).to_string();
    let (code, told) = ends(&[
        "payment",
        "payroll",
        &again,
        "--sheet=2022-03",
        "--person=11",
        "--day=2022-03-04",
        "--payee-name=代发工资专户",
        "--payee-bank=102451099999",
        "--economic=30201",
        "--payee-account",
        BATCH,
        "--id",
        &id,
        "--connect",
        &engine,
    ]);
    assert!(code == 2 && told.contains("--again"), "its lines name those that failed: {told}");
    for (voucher, wanted) in [
        (order.as_str(), "standing     paid, 600.00 of 800.00 yuan paid"),
        (&order, "given by 王芳"),
        (&order, "failed     2, 李四 1602000109200000099, 200.00: 收款账户已销户; paid again by"),
        ("370000005-2022-8207-0000000001", "600.00 of 800.00 yuan paid, 1 failed"),
        (&retry, "standing     paid, 200.00 yuan"),
    ] {
        let (_, told) = ends(&["voucher", "show", voucher, "--exchange", &control]);
        assert!(told.contains(wanted), "{voucher}: {wanted}: {told}");
    }
}

#[test]
fn a_sheet_that_came_back_is_given_again_by_the_same_command() {
    let mut province = Province::found();
    let plain = province.finance.arguments.clone();
    // GBK has no such name: its store cannot write the sheet for the bank.
    province.finance.arguments.push("--national".to_owned());
    province.finance.kill_and_start();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("sheet.csv");
    let sheet = path.to_str().expect("a plain path").to_owned();
    let head = "quota,name,account,bank_number,amount";
    fs::write(&path, format!("{head}\n{},张𠮷,6222001,,500.00\n", province.quota))
        .expect("a sheet");
    let order = payroll_by_hand(&province, &sheet, 0xa001, &[]);
    let id = PaymentId(0xa001).to_string();
    let given = |province: &Province| {
        let control = province.finance.control.to_string();
        let args =
            ["payment", "payees", &sheet, "--id", &id, "--by", "王芳", "--exchange", &control];
        let (code, told) = ends(&args);
        assert!(code == 0 && told.contains("1 payees go beside"), "{told}");
    };
    let asked = json!({ "look": "voucher", "voucher": order });
    for _ in 0..2 {
        given(&province);
        wait_for("it came back", || {
            (!province.finance.say(&asked)["sheet_back"].is_null()).then_some(())
        });
        let told = province.finance.say(&json!({ "look": "sheet", "voucher": order }));
        assert!(told["sent"].is_null(), "{told}");
    }
    province.finance.arguments = plain;
    province.finance.kill_and_start();
    given(&province);
    let told = province.finance.say(&json!({ "look": "sheet", "voucher": order }));
    assert!(told["sent"][&id].is_string(), "it is on its way: {told}");
    assert!(province.finance.say(&asked)["sheet_back"].is_null());
}

#[test]
fn a_correction_a_collection_and_an_allocation_that_waits_for_cash_are_told() {
    let mut province = Province::found();
    let quota = province.quota;
    let mut officer = Desk::connect(province.address(), Role::Finance);
    // A correction that is booked, and one to a class that the central bank has never heard of.
    let other = |id, function: &str| {
        let key = format!("370000005/101002/{function}/50502/30201/111/P-1/R-{id}");
        orders::creation(id, 5, orders::key(key))
    };
    let right = orders::quota_of(&mut officer, other(11, "2050203"), 1_000_000);
    let unheard = orders::quota_of(&mut officer, other(12, "2080505"), 1_000_000);
    province.pay_so(paying(quota, &texts("1602000109200000001", ""), 40_000));
    province.is(1, PaymentState::Paid);
    province.bank.order("request-clearing", &nothing());
    province.is(1, PaymentState::Cleared);
    officer.must(&orders::correct(0xc1, 1, right, province.quota, 10_000));
    // The engine carries its other half out by itself: the second stands behind it.
    wait_for("the first is carried out on both sides", || {
        let Answer::Quota(view) = officer.ask(LookUp::Quota(quota)) else { panic!("no quota") };
        (view.buckets.cleared == 30_000).then_some(())
    });
    officer.must(&orders::correct(0xc2, 1, unheard, province.quota, 20_000));
    wait_for("both corrections are answered", || {
        let asked = json!({
            "look": "payment", "division": 5, "year": 2022, "payment": PaymentId(1).to_string(),
        });
        let told = province.finance.say(&asked);
        let all = told["corrections"].as_array()?;
        (all.len() == 2 && all.iter().all(|one| one["standing"] != "out")).then_some(())
    });
    let told = golden("corrected", &province, 1, &[]);
    assert!(told.contains("人民银行已记账") && told.contains("books differ"), "{told}");
    // A debit that its payment takes over.
    province.bank.order(
        "collect",
        &json!({
            "claim": "W-7", "account": ACCOUNT, "payee": "1602000109200000021",
            "payee_name": "泉城水务有限公司", "amount": "400.00", "purpose": "三月水费",
        }),
    );
    let debit = wait_for("finance names the debit", || {
        let open = province.finance.status()["finance"]["collected"].clone();
        open[0]["debit"].as_str().map(str::to_owned)
    });
    let text = ParticularsText {
        payee_name: "泉城水务有限公司".to_owned(),
        ..texts("1602000109200000021", &debit)
    };
    let collection = |fen| Reserve { kind: BusinessKind::Collection, ..paying(quota, &text, fen) };
    let (right, wrong) = (collection(40_000), collection(40_001));
    province.pay_so(right);
    province.is(2, PaymentState::Paid);
    let taken = voucher_at(&province, 2, "paid");
    letter_is(&province, &taken, "receipted");
    let told = golden("collected", &province, 2, &[]);
    assert!(
        told.contains(&format!("{debit} came")) && told.contains("takes over the debit"),
        "{told}"
    );
    province.pay_so(wrong);
    wait_for("what does not agree has no voucher", || {
        (province.finance.status()["finance"]["without_voucher"] == 1).then_some(())
    });
    golden("not-collected", &province, 3, &[]);
    // An allocation for which the treasury has no cash, behind another.
    let floor = domain::Fen::new(OPENING_FEN).to_yuan();
    let rows = json!({ "rows": [
        { "row": "bank-number", "number": "102451099999" },
        { "row": "treasury", "code": TREASURY, "division": "370000005", "finance": FINANCE, "floor": floor },
    ] });
    province.central_bank.order("file", &rows);
    province.pay_by(Method::Allocation, 2, province.quota);
    for payment in [4, 5] {
        let order = voucher_at(&province, payment, "out");
        letter_is(&province, &order, "taken");
    }
    let told = golden("waits-for-cash", &province, 5, &[&province.central_bank]);
    assert!(told.contains("库款不足") && told.contains("waits since"), "{told}");
    let (_, twin) = explain(&province, 5, &[&province.central_bank]);
    let beside = &twin["told"][0]["exchange"]["beside"][0];
    assert_eq!((&beside["waits_for"], &beside["before"]), (&json!("Cash"), &json!(1)), "{beside}");
}

#[test]
fn each_place_of_a_seal_has_a_signer_of_its_own_and_a_page_says_whose() {
    let persons =
        [format!("{FINANCE}=finance-maker=王芳"), format!("{FINANCE}=finance-checker=李强")];
    let mut province = Province::found_with(&["--national"], |keys| {
        fs::remove_dir_all(keys).expect("it is there");
        keys_with(keys, &persons.each_ref().map(String::as_str));
    });
    let rows = json!({ "rows": [{ "row": "bank-number", "number": "102451099999" }] });
    province.central_bank.order("file", &rows);
    province.pay_by(Method::Allocation, 1, province.quota);
    province.is(1, PaymentState::Cleared);
    let print = |party: &Party, more: &[&str]| {
        let control = party.control.to_string();
        let voucher = "370000005-2022-5207-0000000001";
        run(&[&["voucher", "print", voucher, "--exchange", &control], more].concat())
    };
    for party in [&province.finance, &province.central_bank] {
        let page = print(party, &[]);
        for what in [
            "经办人签名<br>finance:370000005 王芳 2022-03-04</li>",
            "复核人签名<br>finance:370000005 李强 2022-03-04</li>",
            "财政业务专用章<br>finance:370000005 业务专用章 2022-03-04</li>",
        ] {
            assert!(page.contains(what), "{what}: {page}");
        }
    }
    // The central bank has one key, as every party has that was given no other.
    let page = print(&province.finance, &["--receipt"]);
    assert!(page.contains("国库转讫章<br>central-bank:3700 业务专用章 2022-03-04</li>"), "{page}");
    // Each is verified by itself: a maker whose certificate is revoked there binds nobody.
    let control = province.central_bank.control.to_string();
    let listed = run(&["certificate", "list", "--exchange", &control, "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("one object");
    let all = listed["certificates"].as_array().expect("a list");
    let maker = all.iter().find(|one| one["holder"] == "王芳").expect("it is on file");
    let maker = maker["certificate"].as_str().expect("an id");
    let revoke = ["certificate", "revoke", maker, "--by", "赵敏", "--reason", "调离"];
    run(&[&revoke[..], &["--exchange", &control]].concat());
    province.pay_by(Method::Allocation, 1, province.quota);
    letter_is(&province, "370000005-2022-5207-0000000002", "stopped");
    province.is(2, PaymentState::Instructed);
}

#[test]
fn a_bank_that_speaks_iso_20022_says_why_it_does_not_pay_and_its_code_is_told_in_both_languages() {
    let mut province = Province::found_with_iso();
    let (bank, quota) = province.other.as_ref().expect("there are two");
    block(bank);
    let reserve = paying(*quota, &texts(BLOCKED, ""), 10_001);
    province.pay_so(reserve);
    province.is(1, PaymentState::Released);
    voucher_at(&province, 1, "ended");
    let told = golden("rejected-in-iso", &province, 1, &[]);
    assert!(told.contains("AC06: account is blocked") && told.contains("收款账户已销户"), "{told}");
    assert!(!told.contains(BANK), "{told}");
}
