//! `treasury desk` at a real terminal, against the real server: from a person's hands to the books and
//! back to the person's eyes.

mod harness;

use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use domain::codes::PaymentState;
use domain::ids::{DivisionIndex, PaymentId, QuotaId};
use domain::{Fen, Role};
use protocol::lookup::{Answer, LookUp};
use protocol::views::{PaymentView, QuotaView};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use harness::desk::Desk;
use harness::orders::{self, YEAR};
use harness::server::{Options, PROGRAM, Server};
use harness::terminal::{DONE, ENTER, ESCAPE, INTERRUPT, TAB, Terminal};
use harness::wait_for;

const DIVISION: u16 = 5;

fn desk_of(address: SocketAddr, role: &str, person: u64, more: &str) -> Terminal {
    Terminal::start(&format!(
        "desk --server {address} --role {role} --person {person} --channel 7 \
         --division {DIVISION} --year 2022 {more}"
    ))
}

/// Fills in the form of a reservation, whose amount and payee are told.
fn reserve(desk: &mut Terminal, amount: &str, payee: &str) {
    desk.press("r");
    desk.shows("economic class");
    desk.press(&format!("{amount}{TAB}30201{TAB}"));
    // The day stands there as the quota's year, or as today: it is typed over.
    desk.press(&format!("\u{15}2022-03-04{TAB}{payee}{TAB}6222020000000000017{DONE}"));
    desk.shows("Give this?");
    desk.shows(payee);
    desk.press("y");
}

fn quota_at(address: SocketAddr, quota: QuotaId) -> QuotaView {
    match Desk::connect(address, Role::Operator).ask(LookUp::Quota(quota)) {
        Answer::Quota(view) => *view,
        other => panic!("no quota: {other:?}"),
    }
}

fn payment_at(address: SocketAddr, id: PaymentId) -> PaymentView {
    let look_up = LookUp::Payment { division: DivisionIndex(DIVISION), year: YEAR, id };
    match Desk::connect(address, Role::Operator).ask(look_up) {
        Answer::Payment(view) => *view,
        other => panic!("no payment: {other:?}"),
    }
}

/// The payment's id on an answer's screen.
fn id_on(screen: &str) -> PaymentId {
    let (_, behind) = screen.split_once("payment 编号 ").expect("the answer names its payment");
    let digits: String = behind.chars().take_while(char::is_ascii_hexdigit).collect();
    PaymentId(u128::from_str_radix(&digits, 16).expect("an id"))
}

fn house() -> (TempDir, Server, QuotaId) {
    let scratch = tempfile::tempdir().expect("a directory");
    let server = Options::new(&scratch.path().join("data")).start();
    let quota = orders::found_with(server.address, DIVISION, 1, 100_000)[0];
    (scratch, server, quota)
}

#[test]
fn a_payment_goes_from_hand_to_hand() {
    // Goal: maker, checker, finance and bank each work at a desk of their own; the books say the same,
    // and what does not fit them is set aside by a person.
    let (_scratch, server, quota) = house();
    let address = server.address;

    let mut maker = desk_of(address, "maker", 101, "");
    maker.shows("1 quotas of 5/2022");
    maker.press(&format!("测试单位{ENTER}"));
    maker.shows("1,000.00");
    reserve(&mut maker, "400.00", "齐鲁文具店");
    maker.shows("0 accepted");
    maker.shows("available now 现可用 ¥600.00");
    let payment = id_on(&maker.screen());
    maker.press(ENTER);
    maker.shows("400.00\n");
    assert_eq!(quota_at(address, quota).buckets.available(), 60_000);
    reserve(&mut maker, "700.00", "齐鲁文具店");
    maker.shows("1002 over-quota");
    maker.shows("asked 申请 ¥700.00   left 剩余 ¥600.00");
    maker.press(ENTER);
    maker.shows("Ctrl-S done");
    maker.press(ESCAPE);
    maker.shows("r reserve");
    maker.press("q");
    assert_eq!(maker.ends(), Some(0));
    assert_eq!(quota_at(address, quota).buckets.available(), 60_000);

    let mut checker = desk_of(address, "checker", 201, "");
    checker.shows("unit approval");
    checker.shows("齐鲁文具店");
    checker.press("a");
    checker.shows("¥400.00");
    checker.press("y");
    checker.shows("0 accepted");
    checker.press(ENTER);
    checker.shows("nothing waits here");

    let mut finance = desk_of(address, "finance", 301, "");
    finance.shows("finance approval");
    finance.press("\u{1b}[C");
    finance.shows("to instruct");
    finance.shows("齐鲁文具店");
    finance.press("i");
    finance.shows("Give this?");
    finance.press("y");
    finance.shows("state 状态 instructed");

    let mut bank = desk_of(address, "bank", 401, "--language chinese");
    bank.shows("at the bank");
    bank.shows("齐鲁文具店");
    bank.press(ENTER);
    bank.shows("单位复核通过");
    bank.press("c");
    bank.shows("receipt number");
    bank.press(&format!("400.00{TAB}6222020000000000017{TAB}90001{TAB}\u{15}2022-03-04{DONE}"));
    bank.shows("Give this?");
    bank.press("y");
    bank.shows("0 accepted");
    bank.press(ENTER);
    bank.shows("代理银行回单，已付¥400.00");
    bank.press("f");
    bank.shows("no. 90001 ch. 7");
    let view = payment_at(address, payment);
    assert_eq!((view.state, view.executed_fen), (PaymentState::Paid, Fen::new(40_000)));

    // The bank reports it once more, with another amount: that fits nothing, and finance sets it aside.
    bank.press("c");
    bank.shows("receipt number");
    bank.press(&format!("390.00{TAB}6222020000000000017{TAB}90002{TAB}\u{15}2022-03-04{DONE}"));
    bank.shows("Give this?");
    bank.press("y");
    bank.shows("1 parked");
    finance.press(ENTER);
    finance.shows("to instruct");
    finance.press(&format!("3{payment}{ENTER}"));
    finance.shows("the bank has paid ¥400.00");
    finance.press("f");
    finance.shows("in suspense 挂账");
    finance.press("s");
    finance.shows("ch. 7 no. 90002");
    finance.press(&format!("{TAB} {TAB}重复上报{DONE}"));
    finance.shows("挂账注销");
    finance.press("y");
    finance.shows("0 accepted");
    finance.press(ENTER);
    finance.shows("lay in suspense, set aside 已注销");
    assert_eq!(payment_at(address, payment).executed_fen, Fen::new(40_000));
    server.stop();
}

#[test]
fn an_order_without_an_answer_is_sent_again_under_its_id() {
    // Goal: the server stands still while an order is on its way. The desk says that the outcome is
    // unknown, keeps the id, and the money is reserved once.
    let (_scratch, server, quota) = house();
    let pid = Pid::from_raw(server.id() as i32).expect("a process");
    let mut maker = desk_of(server.address, "maker", 101, &format!("--quota {quota}"));
    maker.shows("1,000.00");
    kill_process(pid, Signal::STOP).expect("a child can be stopped");
    reserve(&mut maker, "400.00", "齐鲁文具店");
    maker.shows("UNKNOWN 结果不明");
    maker.shows("sent 2 times, one id");
    maker.press(ESCAPE);
    maker.shows("r reserve");
    maker.press("q");
    maker.shows("Leave, though an order's outcome is open?");
    let payment = id_on(&maker.screen());
    maker.press("n");
    kill_process(pid, Signal::CONT).expect("a child can go on");
    maker.shows("0 accepted");
    assert_eq!(id_on(&maker.screen()), payment);
    maker.press(ENTER);
    assert_eq!(quota_at(server.address, quota).buckets.reserved, 40_000, "once");
    server.stop();
}

#[test]
fn leaving_gives_the_terminal_back() {
    let (_scratch, server, quota) = house();
    for keys in ["q", INTERRUPT] {
        let mut maker = desk_of(server.address, "maker", 101, &format!("--quota {quota}"));
        maker.shows("1,000.00");
        maker.press(keys);
        assert_eq!(maker.ends(), Some(0));
        let said = maker.said();
        let (_, behind) = said.rsplit_once("\u{1b}[?1049l").expect("the other screen is left");
        assert!(behind.contains("LEFT icanon echo"), "not raw any more: {behind:?}");
    }
    server.stop();
}

#[test]
fn who_leaves_an_open_outcome_is_told_its_id() {
    let (_scratch, server, quota) = house();
    let pid = Pid::from_raw(server.id() as i32).expect("a process");
    let mut maker = desk_of(server.address, "maker", 101, &format!("--quota {quota}"));
    maker.shows("1,000.00");
    kill_process(pid, Signal::STOP).expect("a child can be stopped");
    reserve(&mut maker, "400.00", "齐鲁文具店");
    maker.shows("sent, ");
    maker.press(INTERRUPT);
    maker.shows("Leave, though");
    let payment = id_on(&maker.screen());
    maker.press("y");
    assert_eq!(maker.ends(), Some(0));
    let told = format!("treasury payment explain {payment}");
    assert!(maker.said().contains(&told), "{}", maker.said());
    kill_process(pid, Signal::CONT).expect("a child can go on");
    server.stop();
}

#[test]
fn a_kept_order_outlives_its_desk() {
    // Goal: the desk's program dies while an order is on its way. The next one asks for the same id
    // before anything else, and the money is reserved once.
    let (scratch, server, quota) = house();
    let pid = Pid::from_raw(server.id() as i32).expect("a process");
    let kept = scratch.path().join("open.json");
    let more = format!("--quota {quota} --keep {}", kept.display());
    let mut maker = desk_of(server.address, "maker", 101, &more);
    maker.shows("1,000.00");
    kill_process(pid, Signal::STOP).expect("a child can be stopped");
    reserve(&mut maker, "400.00", "齐鲁文具店");
    maker.shows("sent, ");
    // Its terminal is gone, and so is the program.
    drop(maker);
    assert!(kept.exists(), "it was kept before it was sent");
    kill_process(pid, Signal::CONT).expect("a child can go on");

    let mut other = desk_of(server.address, "maker", 102, &more);
    assert_eq!(other.ends(), Some(2));
    assert!(other.said().contains("person 101 as maker"), "{}", other.said());
    let mut maker = desk_of(server.address, "maker", 101, &more);
    maker.shows("0 accepted");
    let payment = id_on(&maker.screen());
    maker.press(ENTER);
    wait_for("the order is kept no longer", || (!kept.exists()).then_some(()));
    assert_eq!(payment_at(server.address, payment).amount_fen, Fen::new(40_000));
    assert_eq!(quota_at(server.address, quota).buckets.reserved, 40_000, "once");
    server.stop();
}

#[test]
fn without_a_terminal_or_a_server_it_says_so() {
    let silent =
        TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut nobody = desk_of(silent, "maker", 101, "");
    assert_eq!(nobody.ends(), Some(6), "{}", nobody.said());
    assert!(!nobody.said().contains("\u{1b}[?1049h"), "the screen was not touched");
    let address = silent.to_string();
    let arguments = ["desk", "--server", &address, "--role", "maker", "--person", "101"];
    let piped = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output();
    let piped = piped.expect("the program can be started");
    assert_eq!(piped.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&piped.stderr).contains("needs a terminal"));
}
