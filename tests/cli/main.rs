//! The commands that only read, driven as people drive them: over the real binary, against a real
//! server and its journal. What they print is held against `tests/golden/cli/`; set
//! `UPDATE_GOLDEN=1` to write those files anew.

mod foreign;
mod golden;
mod house;
mod papers;
mod reports;
mod rulebook;
mod rules;
mod transfers;

use std::fs;
use std::process::Stdio;
use std::time::SystemTime;

use golden::{Normal, check_json, check_text};
use house::{House, Ran, run};
use serde_json::Value;

const PAID: &str = "0192000000007000800000000000000a";
const WITHDRAWN: &str = "0192000000007000800000000000000b";
const REFUSED: &str = "0192000000007000800000000000000c";
const HELD: &str = "0192000000007000800000000000000d";
const NOBODY: &str = "0192000000007000800000000000000f";

const OK: i32 = 0;
const USAGE: i32 = 2;
const NO: i32 = 3;
const CANNOT_START: i32 = 5;
const UNREACHABLE: i32 = 6;
const DAMAGE: i32 = 10;
const MISMATCH: i32 = 11;

#[test]
fn what_is_asked_of_a_server_is_printed_as_ever() {
    let house = House::busy();
    let server = house.serve();
    let address = server.address.clone();
    let at = address.as_str();
    let normal = Normal::of(&house, at);
    let text = |name: &str, args: &[&str]| check_text(name, &normal, &run(args));

    text("quota-show", &["quota", "show", "5/2022/0", "--connect", at]);
    text("payment-show", &["payment", "show", PAID, "--quota", "5/2022/0", "--connect", at]);
    let held = ["payment", "show", HELD, "--division", "5", "--year", "2022", "--connect", at];
    text("payment-show-held", &held);
    text("explain-unfit", &["explain", "6017"]);
    text("payment-explain", &["payment", "explain", PAID, "--connect", at]);
    text("info-server", &["info", "--connect", at]);
    check_json("info-server-json", &normal, &run(&["info", "--connect", at, "--json"]));
    let quota = ["quota", "show", "5/2022/0", "--connect", at, "--json"];
    check_json("quota-show-json", &normal, &run(&quota));
    let payment = ["payment", "show", PAID, "--quota", "5/2022/9", "--connect", at, "--json"];
    check_json("payment-show-json", &normal, &run(&payment));

    let list = ["payment", "list", "--server", at];
    text("payment-list", &list);
    let some = ["--state", "held,released", "--unit", "101001", "--newest-first", "--limit", "1"];
    text("payment-list-some", &[&list[..], &some].concat());
    text("payment-list-aged", &[&list[..], &["--state", "unknown", "--older-than", "1d"]].concat());
    // Its maker asked for three; then one more had been withdrawn.
    let then = ["--maker", "101", "--as-of", "1/14", "--json"];
    check_json("payment-list-then-json", &normal, &run(&[&list[..], &then].concat()));
    text("payment-history", &["payment", "history", PAID, "--server", at]);
    let json = ["payment", "history", WITHDRAWN, "--division", "5", "--year", "2022", "--json"];
    let last = run(&[&json[..], &["--newest-first", "--limit", "1", "--server", at]].concat());
    check_json("payment-history-json", &normal, &last);
    text("quota-history", &["quota", "history", "5/2022/0", "--server", at, "--limit", "12"]);
    let then = ["quota", "show", "5/2022/0", "--as-of", "1/10", "--server", at];
    text("quota-show-then", &then);
    let then = ["payment", "show", PAID, "--quota", "5/2022/0", "--as-of", "1/16", "--server", at];
    text("payment-show-then", &then);
    let then = ["payment", "explain", PAID, "--as-of", "1/16", "--server", at];
    text("payment-explain-then", &then);
    text("payment-explain-refused-server", &["payment", "explain", REFUSED, "--server", at]);
    text("history-unknown", &["payment", "history", NOBODY, "--server", at]);
    let nowhere = ["quota", "show", "5/2022/0", "--as-of", "9/900000", "--server", at];
    text("as-of-nowhere", &nowhere);

    let metrics = run(&["info", "--connect", at, "--metrics"]);
    assert_eq!(metrics.code, OK);
    assert!(metrics.out.contains("\ntreasury_"), "{}", metrics.out);

    let top = run(&["top", "--server", at, "--once", "--json", "--interval-ms", "100"]);
    assert_eq!(top.code, OK, "{}", top.err);
    let told = top.json();
    assert_eq!((&told["schema"], &told["status"]), (&"treasury-top".into(), &"serving".into()));
    assert!(told["records_per_second"].is_u64() && told["checkpoint"]["records_behind"].is_u64());
    let lines = run(&["top", "--server", at, "--once", "--interval-ms", "100"]);
    assert!(lines.out.contains("\ncheckpoint "), "{}", lines.out);

    text("payment-refused", &["payment", "show", REFUSED, "--quota", "5/2022/0", "--connect", at]);
    text("payment-unknown", &["payment", "show", NOBODY, "--quota", "5/2022/0", "--connect", at]);
    text("explain-unknown", &["payment", "explain", NOBODY, "--connect", at]);
    text("quota-unknown", &["quota", "show", "5/2022/77", "--connect", at]);
    server.stop();
    assert_eq!(run(&["info", "--connect", at]).code, UNREACHABLE);
    assert_eq!(run(&["top", "--server", at, "--once"]).code, UNREACHABLE);
}

#[test]
fn what_is_read_from_a_directory_is_printed_as_ever() {
    let house = House::busy();
    let data = house.data();
    let normal = Normal::of(&house, "");
    let text = |name: &str, args: &[&str]| check_text(name, &normal, &run(args));

    text("verify", &["verify", "--data", data]);
    text("info-data", &["info", "--data", data]);
    text("inspect-journal", &["inspect", "journal", "--data", data]);
    let of_quota = ["inspect", "journal", "--data", data, "--quota", "5/2022/0", "--from", "8"];
    text("inspect-quota", &[&of_quota[..], &["--limit", "4"]].concat());
    text("inspect-marks", &["inspect", "journal", "--data", data, "--kind", "opened"]);
    text("payment-explain-offline", &["payment", "explain", PAID, "--data", data]);
    text("payment-explain-withdrawn", &["payment", "explain", WITHDRAWN, "--data", data]);
    text("payment-explain-held", &["payment", "explain", HELD, "--data", data]);
    text("payment-explain-refused", &["payment", "explain", REFUSED, "--data", data]);
    check_json("verify-json", &normal, &run(&["verify", "--data", data, "--json"]));
    check_json("info-data-json", &normal, &run(&["info", "--data", data, "--json"]));
    let explain = ["payment", "explain", WITHDRAWN, "--data", data, "--json"];
    check_json("payment-explain-json", &normal, &run(&explain));
    let parked = ["inspect", "journal", "--data", data, "--kind", "fact-parked", "--limit", "1"];
    check_json("inspect-json", &normal, &run(&[&parked[..], &["--json"]].concat()));
    text("explain-code", &["explain", "1002"]);
}

#[test]
fn the_digest_is_that_of_the_live_server_however_it_is_folded() {
    let house = House::busy();
    let server = house.serve();
    let closed = server.stop();
    let live = closed["digest"].as_str().expect("a digest");
    for shards in ["1", "2", "3", "64"] {
        let ran = run(&["digest", "--data", house.data(), "--shards", shards, "--json"]);
        assert_eq!(ran.json()["digest"], live, "{shards} shards");
        let position = &ran.json()["position"];
        let position = format!("{}/{}", position["epoch"], position["sequence"]);
        assert_eq!(closed["closed"], position.as_str());
    }
    let ran = run(&["digest", "--data", house.data()]);
    assert!(ran.out.starts_with(live), "{}", ran.out);
    assert_eq!(run(&["digest", "--data", house.data(), "--shards", "0"]).code, USAGE);
}

#[test]
fn nothing_is_written_where_only_reading_is_asked_for() {
    let house = House::busy();
    let before = files(&house);
    let data = house.data();
    let all: [&[&str]; 5] = [
        &["verify", "--data", data],
        &["digest", "--data", data],
        &["info", "--data", data],
        &["inspect", "journal", "--data", data],
        &["payment", "explain", PAID, "--data", data],
    ];
    for args in all {
        assert_eq!(run(args).code, OK, "{args:?}");
        assert_eq!(files(&house), before, "{args:?}");
    }
}

/// Every file below the data directory, with its length and when it was written.
fn files(house: &House) -> Vec<(String, u64, SystemTime)> {
    let mut files = Vec::new();
    for dir in [house.path().to_owned(), house.path().join("journal")] {
        for entry in fs::read_dir(dir).expect("a directory") {
            let entry = entry.expect("an entry");
            let about = entry.metadata().expect("what a file is");
            let written = about.modified().expect("when a file was written");
            files.push((entry.file_name().to_string_lossy().into_owned(), about.len(), written));
        }
    }
    files.sort();
    files
}

#[test]
fn damage_is_named_with_its_place_and_ends_with_ten() {
    let house = House::busy();
    let data = house.data();
    house.flip(4096 * 9 + 150);
    let normal = Normal::of(&house, "");
    check_text("verify-damage", &normal, &run(&["verify", "--data", data]));
    let told = run(&["verify", "--data", data, "--json"]);
    assert_eq!(told.code, DAMAGE);
    let told = told.json();
    assert_eq!(told["ok"], false);
    assert_eq!(told["damage"][0]["segment"], 1);
    assert_eq!(told["damage"][0]["offset"], 4096 * 9);
    assert_eq!(told["digest"], Value::Null);
    assert_eq!(told["invariants"].as_object().map(serde_json::Map::len), Some(1));
    let others: [&[&str]; 4] = [
        &["digest", "--data", data],
        &["info", "--data", data],
        &["inspect", "journal", "--data", data],
        &["payment", "explain", PAID, "--data", data],
    ];
    for args in others {
        let ran = run(args);
        assert_eq!(ran.code, DAMAGE, "{args:?}");
        assert!(ran.err.contains("segment 0000000001 offset 36864"), "{}", ran.err);
    }
    // What lies before the damage can still be seen.
    let listed = run(&["inspect", "journal", "--data", data]);
    assert!(listed.out.contains("registered") && listed.out.contains("  1/8"), "{}", listed.out);
}

#[test]
fn a_missing_segment_is_damage_and_a_torn_end_is_not() {
    let house = House::busy();
    house.flip(house.last_group_offset() + 100);
    let ran = run(&["verify", "--data", house.data(), "--json"]);
    assert_eq!(ran.code, OK, "{}", ran.out);
    assert_eq!(ran.json()["torn"]["offset"], house.last_group_offset());
    assert_eq!(ran.json()["closed"], false);
    let listed = run(&["inspect", "journal", "--data", house.data(), "--kind", "closed"]);
    assert_eq!((listed.code, listed.out.as_str()), (OK, ""));
    assert!(listed.err.starts_with("torn:"), "{}", listed.err);

    let first = house.path().join("journal/0000000001.seg");
    fs::rename(&first, house.path().join("journal/aside")).expect("a segment to move");
    let ran = run(&["verify", "--data", house.data(), "--json"]);
    assert_eq!(ran.code, DAMAGE);
    assert_eq!(ran.json()["damage"][0]["segment"], 1);
}

#[test]
fn a_journal_that_does_not_follow_from_itself_is_no_crash() {
    let gap = foreign::with_a_version_gap();
    let ran = run(&["verify", "--data", gap.data(), "--json"]);
    assert_eq!(ran.code, DAMAGE, "{}{}", ran.out, ran.err);
    let what = ran.json()["damage"][0]["what"].as_str().map(str::to_owned).unwrap_or_default();
    assert!(what.contains("1:4") && what.contains("version gap on quota 5/2022/0"), "{what}");
    assert_eq!(ran.json()["invariants"]["I6"]["violations"], 1);
    assert_eq!(ran.err, "", "a panic that is told is not printed");
    assert_eq!(run(&["digest", "--data", gap.data()]).code, DAMAGE);

    let twice = foreign::with_an_id_taken_twice();
    let ran = run(&["verify", "--data", twice.data(), "--json"]);
    assert_eq!(ran.code, MISMATCH, "{}", ran.out);
    let exactly_once = ran.json()["invariants"]["I3"].clone();
    assert_eq!(exactly_once["violations"], 1);
    let example = exactly_once["examples"][0].as_str().unwrap_or_default().to_owned();
    assert!(example.contains("was accepted before it was accepted at 1:3"), "{example}");
    assert_eq!(ran.json()["damage"], serde_json::json!([]));

    let newer = foreign::with_a_kind_of_tomorrow();
    let ran = run(&["verify", "--data", newer.data()]);
    assert_eq!(ran.code, CANNOT_START);
    assert!(ran.err.contains("1:3") && ran.err.contains("kind 999"), "{}", ran.err);
    let listed = run(&["inspect", "journal", "--data", newer.data(), "--kind", "unknown"]);
    assert_eq!(listed.code, OK);
    assert!(listed.out.contains("kind 999 version 7, 3 bytes"), "{}", listed.out);
}

#[test]
fn a_server_without_any_payment_knows_that_it_has_none() {
    let house = House::empty();
    let server = house.serve();
    let address = server.address.clone();
    let ran = run(&["payment", "explain", PAID, "--connect", &address]);
    assert_eq!(ran.code, NO, "{}", ran.err);
    assert!(ran.err.contains("has no event about payment"), "{}", ran.err);
    server.stop();
    let ran = run(&["payment", "explain", PAID, "--data", house.data()]);
    assert_eq!(ran.code, NO, "{}", ran.err);
}

#[test]
fn exit_codes_tell_what_is_wrong() {
    let nowhere = tempfile::tempdir().expect("a directory");
    let nowhere = nowhere.path().join("no-data");
    let nowhere = nowhere.to_str().expect("a path of UTF-8");
    let offline: [&[&str]; 5] = [
        &["verify", "--data", nowhere],
        &["digest", "--data", nowhere],
        &["info", "--data", nowhere],
        &["inspect", "journal", "--data", nowhere],
        &["payment", "explain", PAID, "--data", nowhere],
    ];
    for args in offline {
        let ran = run(args);
        assert_eq!(ran.code, CANNOT_START, "{args:?}");
        assert!(ran.err.contains("treasury init"), "{}", ran.err);
        assert!(!std::path::Path::new(nowhere).exists(), "{args:?} made the directory");
    }
    let wrong: [&[&str]; 12] = [
        &["payment", "list"],
        &["payment", "list", "--state", "lost", "--connect", "127.0.0.1:1"],
        &["payment", "list", "--older-than", "1y", "--connect", "127.0.0.1:1"],
        &["quota", "history", "5/2022/0", "--as-of", "soon", "--connect", "127.0.0.1:1"],
        &["explain", "4321"],
        &["explain", "no-such-code"],
        &["quota", "show", "5/2022", "--connect", "127.0.0.1:1"],
        &["payment", "show", "17", "--quota", "5/2022/0", "--connect", "127.0.0.1:1"],
        &["payment", "show", PAID, "--division", "5", "--connect", "127.0.0.1:1"],
        &["payment", "explain", PAID],
        &["inspect", "journal", "--data", nowhere, "--kind", "reservation"],
        &["info", "--data", nowhere, "--metrics"],
    ];
    for args in wrong {
        assert_eq!(run(args).code, USAGE, "{args:?}");
    }
    assert_eq!(run(&["quota", "show", "5/2022/0", "--connect", "127.0.0.1:1"]).code, UNREACHABLE);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_fault() {
    let house = House::busy();
    let mut child = house::program(&["inspect", "journal", "--data", house.data(), "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    drop(child.stdout.take());
    let ended = Ran::of(child.wait_with_output().expect("an end"));
    assert_eq!((ended.code, ended.err.as_str()), (OK, ""));
}
