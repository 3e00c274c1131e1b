//! Kinds of business at the command line, against the real server: a payroll sheet over several quotas, and what a
//! payment was charged to corrected.

mod harness;

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use domain::Role;
use domain::codes::{FactKind, PaymentState, StepKind};
use domain::ids::{PaymentId, PersonId, QuotaId};
use harness::desk::Desk;
use harness::orders;
use harness::server::{Options, PROGRAM, sound};
use harness::wait_for;
use protocol::lookup::{Answer, LookUp};
use protocol::views::QuotaView;
use serde_json::Value;

const DIVISION: u16 = 5;
/// What is issued on each quota, in fen.
const ISSUED: i64 = 1_000_000;
const ID: &str = "0000000000000000000000000000a001";

fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(PROGRAM).args(args).output().expect("the program can be started");
    let text = |bytes| String::from_utf8(bytes).expect("what it prints is text");
    let code = output.status.code().expect("it ends by itself");
    (code, text(output.stdout), text(output.stderr))
}

fn quota(desk: &mut Desk, quota: QuotaId) -> QuotaView {
    match desk.ask(LookUp::Quota(quota)) {
        Answer::Quota(view) => *view,
        other => panic!("quota {quota} is answered {other:?}"),
    }
}

fn state(desk: &mut Desk, quota: QuotaId, payment: u128) -> Option<PaymentState> {
    let (division, year, id) = (quota.division(), quota.year(), PaymentId(payment));
    match desk.ask(LookUp::Payment { division, year, id }) {
        Answer::Payment(view) => Some(view.state),
        _ => None,
    }
}

fn payroll(address: SocketAddr, file: &str) -> (i32, String, String) {
    payroll_as(address, file, &[])
}

fn payroll_as(address: SocketAddr, file: &str, more: &[&str]) -> (i32, String, String) {
    let address = address.to_string();
    let plain = [
        "payment",
        "payroll",
        file,
        "--sheet",
        "2022-03",
        "--person",
        "11",
        "--day",
        "2022-03-04",
        "--payee-name",
        "代发工资专户",
        "--payee-account",
        "370102090001",
        "--payee-bank",
        "102451099999",
        "--economic",
        "30201",
        "--id",
        ID,
        "--connect",
        &address,
    ];
    run(&[&plain[..], more].concat())
}

#[test]
fn a_payroll_sheet_is_reserved_in_all_its_quotas_or_in_none() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, DIVISION, 3, ISSUED);
    let mut desk = Desk::connect(server.address, Role::Maker);
    let path = dir.path().join("sheet.csv");
    let file = path.to_str().expect("a plain path").to_owned();
    let sheet = |rows: &[(usize, &str, &str)]| {
        let head = "quota,name,account,bank_number,amount\n".to_owned();
        let line = |(at, card, yuan): &(usize, &str, &str)| {
            format!("{},职工,{card},102451099999,{yuan}\n", quotas[*at])
        };
        fs::write(&path, head + &rows.iter().map(line).collect::<String>()).expect("a sheet");
    };
    // The last quota lacks a fen: nothing is reserved in any.
    sheet(&[(0, "6222001", "4000.00"), (1, "6222002", "3000.00"), (2, "6222003", "10000.01")]);
    let (code, _, err) = payroll(server.address, &file);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("nothing of it is reserved") && err.contains("over-quota"), "{err}");
    assert!(
        err.contains("all  合计: sheet 明细 17000.01, matched 已匹配 0.00, unmatched"),
        "{err}"
    );
    assert!(err.contains(&quotas[2].to_string()), "{err}");
    for at in &quotas {
        assert_eq!(quota(&mut desk, *at).buckets.available(), ISSUED);
    }
    // Its ids are ended with it: another sheet needs others.
    sheet(&[(0, "6222001", "4000.00"), (1, "6222002", "3000.00"), (0, "6222004", "500.00")]);
    let (code, out, err) = payroll(server.address, &file);
    assert_ne!(code, 0, "{out}{err}");
    let next = ID.replace("a001", "b001");
    let address = server.address.to_string();
    let matching = |more: &[&str]| {
        let plain = [
            "payment",
            "payroll",
            &file,
            "--sheet",
            "2022-03",
            "--person",
            "11",
            "--day",
            "2022-03-04",
            "--payee-name",
            "代发工资专户",
            "--payee-account",
            "370102090001",
            "--payee-bank",
            "102451099999",
            "--economic",
            "30201",
            "--id",
            &next,
            "--connect",
            &address,
            "--json",
        ];
        run(&[&plain[..], more].concat())
    };
    let again = || matching(&[]);
    // What the unit has of each quota for the sheet, over on one side and on the other: nothing is asked.
    let of = |at: usize, yuan: &str| format!("--match={}={yuan}", quotas[at]);
    for (first, second, chinese, table) in [
        (
            "4500.01",
            "3000.00",
            "明细合计4500.00元，与支付金额4500.01元不符",
            "and 0.01 of the quota",
        ),
        (
            "4500.00",
            "2999.99",
            "明细合计3000.00元，与支付金额2999.99元不符",
            "unmatched 未匹配 0.01",
        ),
    ] {
        let (code, _, err) = matching(&[&of(0, first), &of(1, second)]);
        assert!(code == 3 && err.contains(chinese) && err.contains(table), "{err}");
    }
    let (code, _, err) = matching(&[&of(0, "4500.00")]);
    assert!(code == 3 && err.contains("与支付金额0.00元不符"), "{err}");
    assert_eq!(quota(&mut desk, quotas[0]).buckets.reserved, 0);
    let exact = [of(0, "4500.00"), of(1, "3000.00")];
    let (code, out, err) = matching(&[&exact[0], &exact[1]]);
    assert_eq!(code, 0, "{out}{err}");
    let told: Value = serde_json::from_str(&out).expect("one object");
    let matched = &told["matched"][1];
    assert_eq!((&matched["matched"], &matched["unmatched"]), (&"3000.00".into(), &"0.00".into()));
    let digests: Vec<&str> =
        (0..2).map(|at| told["payments"][at]["sheet"].as_str().expect("a digest")).collect();
    assert!(digests.iter().all(|one| one.len() == 64) && digests[0] != digests[1], "{digests:?}");
    // Two payees that change their places are another sheet under the same ids.
    sheet(&[(0, "6222004", "500.00"), (1, "6222002", "3000.00"), (0, "6222001", "4000.00")]);
    let (code, out, err) = again();
    assert!(code == 3 && out.contains("conflict"), "{out}{err}");
    sheet(&[(0, "6222001", "4000.00"), (1, "6222002", "3000.00"), (0, "6222004", "500.00")]);
    for _ in 0..2 {
        // Given twice it takes effect once.
        let (code, out, err) = again();
        assert_eq!(code, 0, "{out}{err}");
        let told: Value = serde_json::from_str(&out).expect("one object");
        assert_eq!(
            (&told["reserved"], told["payments"].as_array().map(Vec::len)),
            (&Value::Bool(true), Some(2))
        );
        let reserved = |at: usize, desk: &mut Desk| quota(desk, quotas[at]).buckets.reserved;
        assert_eq!([0, 1, 2].map(|at| reserved(at, &mut desk)), [450_000, 300_000, 0]);
    }
    assert_eq!(state(&mut desk, quotas[1], 0xb002), Some(PaymentState::Reserved));
    // What is wrong with a sheet is told before anything is asked.
    fs::write(&path, "quota,name,amount\n").expect("a sheet");
    let (code, _, err) = again();
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("the first row has to be quota,name,account,bank_number,amount"), "{err}");
    sheet(&[(0, "6222001", "0.00")]);
    let (code, _, err) = again();
    let place = "line 2, column 5 (amount): \"0.00\": that cannot be paid";
    assert!(code == 2 && err.contains(&format!("{file}: wrong cells: 1\n  {place}")), "{err}");
    // A cell that the voucher cannot have is told before anything is asked, and so is a bank that is not named.
    let head = "quota,name,account,bank_number,amount";
    let rows = [("a", "6222001", "xx"), ("\"a\nb\"", "6222001", ""), ("a", &"6".repeat(200), "")];
    let rows =
        rows.map(|(name, account, bank)| format!("{},{name},{account},{bank},2.11\n", quotas[2]));
    fs::write(&path, format!("{head}\n{}", rows.concat())).expect("a sheet");
    let (code, out, err) = again();
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    for place in [
        "line 2, column 4 (bank_number): \"xx\": 6004 field-form",
        "line 3, column 2 (name): \"a\\nb\": 6004 field-form",
        "line 5, column 3 (account): \"6666",
    ] {
        assert!(err.contains(&file) && err.contains(place), "{place}: {err}");
    }
    // A name that the national form lacks is noted, and no more: not every store writes that.
    fs::write(&path, format!("{head}\n{},张𠮷,6222001,,99999.99\n", quotas[2])).expect("a sheet");
    let err = again().2;
    assert!(err.contains("line 2, column 2 (name): \"张𠮷\": GBK has no `𠮷`"), "{err}");
    let missing = ["payment", "payroll", &file, "--sheet=1", "--person=11", "--day=2022-03-04"];
    let more = ["--payee-name=甲", "--payee-account=1", "--connect", &address];
    let (code, _, err) = run(&[&missing[..], &more].concat());
    assert!(code == 2 && err.contains("--payee-bank"), "{err}");
    assert_eq!(quota(&mut desk, quotas[2]).buckets.reserved, 0);
    server.stop();
    sound(dir.path());
}

#[test]
fn a_payroll_that_is_held_says_so_and_why() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, DIVISION, 3, ISSUED);
    let path = dir.path().join("sheet.csv");
    let file = path.to_str().expect("a plain path");
    let line = |quota: &QuotaId| format!("{quota},职工,6222001,102451099999,4000.00\n");
    let lines: String = quotas.iter().map(line).collect();
    fs::write(&path, format!("quota,name,account,bank_number,amount\n{lines}")).expect("a sheet");
    let (code, out, err) = payroll(server.address, file);
    assert!(code == 0 && out.contains("sheet 2022-03 is reserved"), "{out}{err}");
    // A person holds the first; a rule holds in the name of the maker, under the number of its code.
    let mut finance = Desk::connect(server.address, Role::Finance);
    finance.must(&orders::step(StepKind::Hold, 0xa001, quotas[0], 9));
    let mut by_rule = orders::step(StepKind::Hold, 0xa002, quotas[1], 1402);
    by_rule.by.person = PersonId(11);
    finance.must(&by_rule);
    let (code, out, err) = payroll(server.address, file);
    assert_eq!(code, 3, "{out}{err}");
    assert!(!out.contains("is reserved") && err.contains("sheet 2022-03 is held"), "{out}{err}");
    let (person, rule) = ("is held (已拦截): by person", "is held (已拦截): 1402 not-whitelisted");
    for what in [person, rule, "收款人不在白名单", "have an officer of finance lift the hold"]
    {
        assert!(err.contains(what), "{what}: {err}");
    }
    assert_eq!(err.matches("已拦截").count(), 2, "the third waits for approval: {err}");
    let (code, out, err) = payroll_as(server.address, file, &["--json"]);
    let told: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!((code, &told["reserved"], &told["held"]), (3, &false.into(), &true.into()), "{out}");
    let one = |at: usize, name: &str| told["payments"][at][name].clone();
    assert_eq!(
        [one(0, "state"), one(1, "state"), one(2, "state")],
        ["held".into(), "held".into(), Value::Null]
    );
    assert!(one(0, "held")["person"].is_u64() && one(2, "held").is_null(), "{out}");
    assert_eq!(one(1, "held")["code"], 1402);
    assert_eq!(one(1, "held")["chinese"], "收款人不在白名单");
    server.stop();
    sound(dir.path());
}

#[test]
fn what_a_payment_was_charged_to_is_corrected_and_told() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, DIVISION, 2, ISSUED);
    let (wrong, right) = (quotas[0], quotas[1]);
    let mut maker = Desk::connect(server.address, Role::Maker);
    maker.must(&orders::reserve(7, wrong, 40_000));
    for (role, kind) in
        [(Role::Checker, StepKind::ApproveUnit), (Role::Finance, StepKind::Instruct)]
    {
        Desk::connect(server.address, role).must(&orders::step(kind, 7, wrong, 1));
    }
    let address = server.address.to_string();
    let payment = PaymentId(7).to_string();
    let (charge, instead) = (right.to_string(), wrong.to_string());
    let correct = |yuan: &str, id: &str| {
        let id = &format!("{id:0>32}");
        run(&[
            "payment",
            "correct",
            &payment,
            "--charge",
            &charge,
            "--instead-of",
            &instead,
            "--amount",
            yuan,
            "--person",
            "31",
            "--reason",
            "功能分类有误",
            "--id",
            id,
            "--connect",
            &address,
        ])
    };
    let (code, _, err) = correct("300.00", "c0");
    assert!(code == 3 && err.contains("wrong-state"), "not settled yet: {err}");
    for (role, kind) in [(Role::Bank, FactKind::ConfirmPaid), (Role::CentralBank, FactKind::Clear)]
    {
        Desk::connect(server.address, role).must(&orders::fact(kind, 7, wrong, 1, 40_000));
    }
    let (code, _, err) = correct("400.01", "c1");
    assert!(code == 3 && err.contains("over-borne: 400.01 asked, 400.00 left"), "{err}");
    let (code, out, err) = correct("300.00", "c2");
    assert_eq!(code, 0, "{out}{err}");
    wait_for("both sides of it", || {
        let cleared = [wrong, right].map(|at| quota(&mut maker, at).buckets.cleared);
        (cleared == [10_000, 30_000]).then_some(())
    });
    assert!(correct("300.00", "c2").1.contains("charged before"));
    assert!(correct("200.00", "c2").2.contains("conflict"), "another amount under its id");
    let asked = ["--division", "5", "--year", "2022", "--connect", &address];
    let (_, history, err) = run(&[&["payment", "history", &payment][..], &asked].concat());
    assert_eq!(history.matches("correct ¥300.00").count(), 2, "{history}{err}");
    let (_, told, err) = run(&["payment", "explain", &payment, "--connect", &address]);
    assert!(told.contains("is to be borne by quota") && told.contains("更正："), "{told}{err}");
    assert!(told.contains("bears it no more"), "{told}");
    server.stop();
    sound(dir.path());
}
