//! The examples do what they say, against the real server.

mod harness;

#[path = "../examples/follow.rs"]
#[expect(dead_code, reason = "an example has a main of its own")]
mod follow;
#[path = "../examples/reserve.rs"]
#[expect(dead_code, reason = "an example has a main of its own")]
mod reserve;

use domain::Fen;
use domain::ids::PaymentId;
use domain::particulars::Particulars;
use harness::server::Options;
use protocol::Outcome;

#[test]
fn a_payment_is_made_once_however_often_the_example_runs() {
    let house = tempfile::tempdir().expect("a directory");
    let server = Options::new(&house.path().join("data")).start();
    let address = server.address.to_string();
    let kept = house.path().join("payment.json");

    let first = paid(&address, &kept);
    assert!(first.contains("reserve: accepted"), "{first}");
    assert!(first.contains("is cleared"), "{first}");
    assert!(first.contains("has 600.00 yuan available"), "{first}");
    assert!(first.contains("超可用指标"), "{first}");
    assert!(!kept.exists());

    // It was kept, and its process ended before it was sent.
    let quota = reserve::found_quota(&address).expect("a quota");
    let command = reserve::reservation(PaymentId(77), quota, Fen::new(40_000), Particulars::NONE);
    reserve::keep(&kept, &command).expect("a file");
    let second = paid(&address, &kept);
    assert!(second.contains("never taken, sent again: accepted"), "{second}");
    assert!(second.contains("has 200.00 yuan available"), "{second}");

    // It was kept and sent, and its process ended before it heard the answer.
    let command = reserve::reservation(PaymentId(78), quota, Fen::new(15_000), Particulars::NONE);
    reserve::keep(&kept, &command).expect("a file");
    let desk = reserve::desk(&address, domain::Role::Maker).expect("a connection");
    assert!(matches!(desk.submit(&command), Ok(Outcome::Done(_))));
    let third = paid(&address, &kept);
    assert!(third.contains("on record: accepted"), "{third}");
    assert!(third.contains("has 50.00 yuan available"), "{third}");
}

fn paid(address: &str, kept: &std::path::Path) -> String {
    let mut told = Vec::new();
    reserve::run(address, kept, &mut told).expect("a payment is made");
    String::from_utf8(told).expect("text")
}

#[test]
fn following_goes_on_where_it_was() {
    let house = tempfile::tempdir().expect("a directory");
    let server = Options::new(&house.path().join("data")).start();
    let address = server.address.to_string();
    let kept = house.path().join("cursor.txt");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    paid(&address, &house.path().join("payment.json"));

    let mut names = Vec::new();
    for limit in [3, 1, 5] {
        let mut told = Vec::new();
        let followed = follow::run(&address, &kept, limit, &mut told);
        runtime.block_on(followed).expect("events");
        for line in String::from_utf8(told).expect("text").lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
            names.push(event["event"].as_str().expect("a name").to_owned());
        }
    }
    let expected = [
        "registered",
        "year-set",
        "created",
        "acted",
        "reserved",
        "stepped",
        "stepped",
        "fact-taken",
        "fact-taken",
    ];
    assert_eq!(names, expected);
}
