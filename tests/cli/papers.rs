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
