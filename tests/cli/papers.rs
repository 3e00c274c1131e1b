//! Papers as people file them on the command line, and the tables they fill.

use std::fs;

use crate::golden::{Normal, check_json, check_text};
use crate::house::{House, run};
use crate::{NO, OK, USAGE};

const ACT: &str = "01920000000070008000000000000f01";

#[test]
fn a_paper_is_filed_and_its_rows_are_read() {
    let house = House::busy();
    let server = house.serve();
    let address = server.address.clone();
    let at = address.as_str();
    let normal = Normal::of(&house, at);
    let text = |name: &str, args: &[&str]| check_text(name, &normal, &run(args));
    let file = house.path().join("offices.tsv");
    let path = file.to_str().expect("a path");
    let place = ["--division", "5", "--year", "2022", "--connect", at];
    let filing = |paper: &'static str, more: &[&str]| -> Vec<String> {
        let fixed = ["file", paper, "--person", "301", "--act", ACT];
        let all = fixed.iter().chain(&place).chain(more);
        all.map(|word| (*word).to_owned()).collect()
    };
    let ran = |args: Vec<String>| run(&args.iter().map(String::as_str).collect::<Vec<_>>());

    let wrong =
        "# divisions of the office\nmof-dep\t01\t综合处\tbudget\n\nmof-dep\t02\t教科文处\tnone\n";
    fs::write(&file, wrong).expect("a file");
    check_text("file-unfit", &normal, &ran(filing("base-put", &["-f", path, "--check"])));
    fs::write(&file, wrong.replace("none", "business")).expect("a file");
    check_text("file-check", &normal, &ran(filing("base-put", &["-f", path, "--check"])));
    check_text("file-filed", &normal, &ran(filing("base-put", &["-f", path])));
    check_text("file-again", &normal, &ran(filing("base-put", &["-f", path])));
    check_json("file-json", &normal, &ran(filing("base-put", &["-f", path, "--json"])));
    let other = ["--text", "mof-dep\\t01", "--json"];
    check_json("file-conflict-json", &normal, &ran(filing("base-remove", &other)));
    assert_eq!(ran(filing("base-remove", &["--text", "# nothing"])).code, USAGE);
    assert_eq!(ran(filing("base-drop", &["--text", "x"])).code, USAGE);

    // As far as the paper above, whatever the directory has come to.
    let position = ran(filing("base-put", &["-f", path, "--json"])).json()["position"].clone();
    let position = format!("{}/{}", position["epoch"], position["sequence"].as_str().expect("it"));
    let wait = ["--wait-for", &position];
    let list = [&["base", "list", "mof-dep"][..], &place, &wait].concat();
    text("base-list", &list);
    text("base-list-one", &[&list[..], &["--limit", "1"]].concat());
    text("base-list-csv", &[&list[..], &["--beginning", "02", "--csv"]].concat());
    check_json(
        "base-list-json",
        &normal,
        &run(&[&list[..], &["--after", "01", "--json"]].concat()),
    );
    text("base-list-then", &[&list[..], &["--as-of", "1/10"]].concat());
    let show = [&["base", "show", "mof-dep", "02"][..], &place, &wait].concat();
    text("base-show", &show);
    check_json("base-show-json", &normal, &run(&[&show[..], &["--json"]].concat()));
    text("base-show-none", &[&["base", "show", "mof-dep", "0"][..], &place].concat());
    text("base-tables", &["base", "tables", "mof-dep"]);
    let every = run(&["base", "tables"]);
    assert_eq!(
        (every.code, every.out.lines().count()),
        (OK, domain::office::table::Table::ALL.len())
    );
    assert_eq!(run(&["base", "list", "mof-deps", "--division", "5"]).code, USAGE);
    assert_eq!(run(&[&["base", "show", "mof-dep", "9"][..], &place].concat()).code, NO);
    server.stop();
    let filed = ["inspect", "journal", "--data", house.data(), "--kind", "filed"];
    text("inspect-filed", &filed);
}

#[test]
fn lines_of_a_file_go_in_as_many_papers_as_they_need() {
    let house = House::busy();
    let server = house.serve();
    let at = ["--division", "5", "--year", "2022", "--connect", &server.address];
    let ran = |words: &[&str], more: &[&str]| run(&[words, &at, more].concat());
    let defaults = run(&["rule", "defaults", "--csv"]);
    let file = house.path().join("rules.csv");
    let path = file.to_str().expect("a path");
    let count = defaults.out.lines().count() - 1;

    // A row that the server refuses, far behind: told where it stands, and what went before it stays.
    fs::write(&file, defaults.out.replace("R-ZERO,scan,", "R-ZERO,noon,")).expect("a file");
    let propose = ["rule", "propose", "--lines", path, "--person", "12", "--act", ACT];
    let dry = ran(&propose, &["--json", "--dry-run"]);
    assert_eq!(dry.code, NO, "{}", dry.out);
    assert_eq!(dry.json()["wrong"][0]["row"], count + 1);
    let list = ["rule", "list", "--proposed"];
    assert_eq!(ran(&list, &[]).out.lines().count(), 1, "a dry run files nothing");
    let refused = ran(&propose, &[]);
    assert_eq!(refused.code, NO);
    let place =
        format!("rules.csv:{}:2: \"noon\": when 触发时点: a text that is not empty", count + 1);
    assert!(refused.err.contains(&place), "{}", refused.err);
    assert!(refused.err.contains(" lines before it went in other papers"), "{}", refused.err);
    let before = ran(&list, &["--json"]).out.lines().count();
    assert!(before > 0 && before < count, "{before} of {count}");

    // The same file, mended: what was filed is not filed again.
    fs::write(&file, &defaults.out).expect("a file");
    let told = ran(&propose, &["--json"]);
    assert_eq!(told.code, NO, "what was refused keeps its id: {}", told.out);
    let rest: Vec<&str> = defaults.out.lines().skip(1 + before).collect();
    let header = defaults.out.lines().next().expect("a header");
    fs::write(&file, [&[header][..], &rest].concat().join("\n")).expect("a file");
    let told = ran(&["rule", "propose", "--lines", path, "--person", "12"], &["--json"]);
    assert_eq!(told.code, OK, "{}", told.out);
    assert_eq!(told.json()["taken"], true);

    // All of them at once change more than one event holds.
    let ids: Vec<&str> =
        defaults.out.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
    let approve = [&["rule", "approve"][..], &ids, &["--person", "13"]].concat();
    let told = ran(&approve, &["--json"]);
    assert_eq!(told.code, OK, "{}", told.out);
    let lines = told.json()["papers"]
        .as_array()
        .expect("papers")
        .iter()
        .map(|paper| paper["lines"].as_u64().expect("a count") as usize)
        .sum::<usize>();
    assert_eq!(lines, count);
    let waiting = ran(&["rule", "list", "--waiting"], &["--json"]);
    for line in waiting.out.lines() {
        let rule: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_ne!(rule["waits_for"], "", "{line}");
        assert_eq!(rule["standing"], "not in force");
    }
    assert_eq!(waiting.out.lines().count(), 7);
    let cash = ran(&["rule", "show", "R-CASH"], &["--json"]).json();
    assert_eq!(
        (&cash["rule"]["checker"], &cash["proposed"]),
        (&"13".into(), &serde_json::Value::Null)
    );
    assert_eq!(cash["versions"].as_array().map(Vec::len), Some(1));
    assert!(ran(&["rule", "show", "R-NONE"], &[]).err.contains("treasury rule list lists them"));
}

#[test]
fn a_document_is_written_by_one_person_and_shown_with_its_lines() {
    let house = House::busy();
    let server = house.serve();
    let at = ["--division", "5", "--year", "2022", "--connect", &server.address];
    let ran = |words: &[&str], more: &[&str]| run(&[words, &at, more].concat());
    let head = ["quota", "document", "draft", "--code", "D-1", "--kind", "cut", "--person", "2"];
    let names = ["--number", "文1", "--date", "2022-03-01", "--authority", "据"];
    let draft = [&head[..], &names].concat();
    let file = house.path().join("lines.csv");
    let path = file.to_str().expect("a path");
    fs::write(&file, "amount,from,row\n100.00,5/2022/0,R-1\nten,5/2022/0,R-2\n").expect("a file");
    let wrong = ran(&draft, &["--lines", path]);
    assert_eq!(wrong.code, NO);
    assert!(wrong.err.contains("lines.csv:3:1: \"ten\": amount 金额: yuan"), "{}", wrong.err);

    fs::write(&file, "amount,from,row\n100.00,5/2022/0,R-1\n20.50,5/2022/0,R-2\n").expect("a file");
    let dry = ran(&draft, &["--lines", path, "--dry-run"]);
    assert_eq!((dry.code, dry.out.trim()), (OK, "document-draft would be filed: 1 line"));
    let none = ran(&["quota", "document", "show", "D-1"], &[]);
    assert_eq!(none.code, NO);
    assert!(none.err.contains("no document \"D-1\" is on file"), "{}", none.err);
    let told = ran(&draft, &["--lines", path, "--json"]);
    assert_eq!(told.code, OK, "{}", told.out);
    assert_eq!(told.json()["papers"][1]["lines"], 3, "the document's code, and two lines");
    let shown = ran(&["quota", "document", "show", "D-1"], &["--json"]).json();
    assert_eq!((&shown["lines"], &shown["total_fen"]), (&"2".into(), &"120.50".into()));
    let second = &shown["document_lines"][1];
    assert_eq!((&second["from"], &second["to"]), (&"5/2022/0".into(), &"none".into()));
    let listed = ran(&["quota", "document", "list", "--state", "drafted"], &[]);
    assert!(
        listed.out.ends_with("D-1\tdrafted\tcut\t文1\t2022-03-01\t2\t120.50\t2\t0\n"),
        "{}",
        listed.out
    );

    // A field is a field, whatever stands in it.
    let parted = ran(&draft, &["--title", "a\tb", "--all"]);
    assert_eq!(parted.code, NO);
    let place = "--title: \"a\\tb\": a text without tabs and line ends";
    assert!(parted.err.contains(place), "{}", parted.err);
    let short = ["goal", "track", "--goal", "G", "--reached", "1", "--person", "2"];
    let short = ran(&short, &["--day", "2022-03-01"]);
    assert_eq!(short.code, USAGE);
    assert!(
        short.err.contains("--reached \"1\" has 1 values; write 2: indicator,share"),
        "{}",
        short.err
    );

    // Whoever wrote it does not check it.
    let check = ran(&["quota", "document", "check", "D-1", "--person", "2"], &["--dry-run"]);
    assert_eq!(check.code, NO);
    assert!(check.err.contains("document-duty"), "{}", check.err);
    let transit = ran(&["quota", "transit"], &[]);
    assert_eq!((transit.code, transit.out.lines().count()), (OK, 1));
    let budget = ran(&["budget", "show"], &[]);
    assert_eq!(budget.code, NO);
    assert!(budget.err.contains("treasury budget open asks for it"), "{}", budget.err);
}
