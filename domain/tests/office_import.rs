//! Imports of base data: the example is taken, and everything that can be wrong is found where it
//! is. `UPDATE_GOLDEN=1` writes `golden/import.txt` anew.

mod county;

use std::fmt::Write as _;
use std::path::PathBuf;

use county::{Files, misfits, on_file};
use domain::FiscalYear;
use domain::ids::Class;
use domain::office::Office;
use domain::office::table::Table;
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn the_example_county_has_every_table_and_is_taken() {
    let files = Files::example();
    assert_eq!(files.findings(), [""; 0]);
    let office = on_file();
    for &table in Table::ALL.iter().filter(|table| table.is_base()) {
        assert!(office.count(table) > 0, "no row of {}", table.slug());
    }
    // The same again changes nothing and is taken.
    assert_eq!(files.import(&office).findings, []);
}

#[test]
fn the_columns_of_a_file_stand_in_any_order() {
    let mut files = Files::example();
    let turned = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",");
    let text = files.0["mof-dep.csv"].lines().map(turned).collect::<Vec<_>>().join("\n");
    files.0.insert("mof-dep.csv".to_owned(), text.clone());
    assert_eq!(files.findings(), [""; 0]);
    files
        .0
        .insert("mof-dep.csv".to_owned(), text.replace("业务主管处室", "").replace("预算科", " "));
    assert_eq!(
        files.findings(),
        [r#"mof-dep.csv:2:2: " ": name (处室名称): a text that is not empty"#]
    );
}

/// Each: what is wrong, the file, a text in it, and what stands there instead.
const BAD: &[(&str, &str, &str, &str)] = &[
    // Files
    ("no header", "mof-dep.csv", "code,name,kind\n", "#year,2022\n# "),
    ("a column is missing", "mof-dep.csv", "code,name,kind", "code,name,sort"),
    ("a column stands twice", "mof-dep.csv", "code,name,kind", "code,name,name"),
    ("a row is too short", "mof-dep.csv", "02,国库科,treasury", "02,国库科"),
    ("a row is too long", "mof-dep.csv", "02,国库科,treasury", "02,国库科,treasury,more"),
    ("a sum does not add up", "pay-item.csv", "#total,month_fen,", "#total,month_fen,1"),
    ("a sum of a column that has none", "pay-item.csv", "#total,month_fen", "#total,unit"),
    (
        "a sum over a field that is no amount",
        "pay-item.csv",
        "1001,30101,,4200.00",
        "1001,30101,,4200",
    ),
    (
        "a headcount does not add up",
        "establishment.csv",
        "103002,institution,120",
        "103002,institution,121",
    ),
    (
        "rows are missing",
        "unit.csv",
        "103001,卫生健康局机关,103,2,administrative,full,1,113701240001030016,03,,,active\n",
        "",
    ),
    ("another year's file", "division.csv", "#year,2022", "#year,2021"),
    ("another division's file", "division.csv", "#division,370124000", "#division,370126000"),
    ("an unknown remark", "division.csv", "#year,2022", "#yaer,2022"),
    // Forms
    ("a division code", "subdivision.csv", "370124104,孔村镇", "37012410,孔村镇"),
    (
        "an unknown word",
        "unit.csv",
        "103002,人民医院,103,2,public-two",
        "103002,人民医院,103,2,public-three",
    ),
    (
        "two fields of a row",
        "agent-bank.csv",
        "ICBC,工商银行平阴支行,102451099999,active",
        "ICBC,,10245109999,active",
    ),
    ("a day that is none", "division.csv", "2022-01-04", "2022-02-29"),
    ("a credit code's check", "unit.csv", "11370124000101001P", "11370124000101001Q"),
    ("a treasury code", "account.csv", "1501240000", "150124000"),
    ("an account number", "payee.csv", "1602000109200000001", "1602 0001 0920 0000 001"),
    ("a time", "calendar.csv", "2022-01-04,1,16:30", "2022-01-04,1,25:30"),
    ("an amount", "standard.csv", "人·天,380.00", "人·天,三百八"),
    // Trees
    ("a duplicate code", "unit.csv", "\n101003,", "\n101002,"),
    ("a duplicate over two files", "code.local.csv", "functional,20105,", "functional,20103,"),
    ("a unit's own parent", "unit.csv", "103002,人民医院,103,", "103002,人民医院,103002,"),
    ("a cycle of units", "unit.csv", "101,教育和体育局,,1", "101,教育和体育局,101002,3"),
    ("an unknown parent", "unit.csv", "103002,人民医院,103,", "103002,人民医院,105,"),
    ("a level", "unit.csv", "103002,人民医院,103,2,", "103002,人民医院,103,3,"),
    ("a department below the first level", "unit.csv", "104,农业农村局,,1", "104,农业农村局,,2"),
    (
        "a leaf with units below it",
        "unit.csv",
        "902,孝直镇,,1,administrative,full,2",
        "902,孝直镇,,1,administrative,full,1",
    ),
    ("a unit's code", "unit.csv", "103002,人民医院", "103-2,人民医院"),
    (
        "a unit under one that ended",
        "unit.csv",
        "102,财政局,,1,administrative,full,2,,05,,,active",
        "102,财政局,,1,administrative,full,2,,05,,,cancelled",
    ),
    (
        "merged into none",
        "unit.csv",
        "104001,农业农村局机关,104,2,civil-service,full,1,11370124000104001D,04,,,active",
        "104001,农业农村局机关,104,2,civil-service,full,1,11370124000104001D,04,,,merged",
    ),
    (
        "merged into one that is not active",
        "unit.csv",
        "101003,实验小学,101,2,public-one,full,1,12370124000101003T,03,,,active",
        "101003,实验小学,101,2,public-one,full,1,12370124000101003T,03,,101003,merged",
    ),
    (
        "a successor of an active unit",
        "unit.csv",
        "101003,实验小学,101,2,public-one,full,1,12370124000101003T,03,,,active",
        "101003,实验小学,101,2,public-one,full,1,12370124000101003T,03,,101002,active",
    ),
    (
        "a township that is not below",
        "unit.csv",
        "901,东阿镇,,1,administrative,full,2,,04,370124102",
        "901,东阿镇,,1,administrative,full,2,,04,370126102",
    ),
    (
        "another sector",
        "unit.csv",
        "104,农业农村局,,1,administrative,full,2,,04",
        "104,农业农村局,,1,administrative,full,2,,09",
    ),
    ("another division's card", "division.csv", "370124000,平阴县", "370126000,商河县"),
    ("a county under none", "division.csv", "county,370100000,1", "county,,1"),
    ("a province under one", "division.csv", "county,370100000,1", "province,370100000,1"),
    ("a county under itself", "division.csv", "county,370100000,1", "county,370124000,1"),
    ("books of the whole area", "division.csv", "county,370100000,1", "county,370100000,2"),
    (
        "a cycle of divisions",
        "subdivision.csv",
        "370124104,孔村镇,township,370124000",
        "370124104,孔村镇,township,370124104",
    ),
    (
        "an unknown division above",
        "subdivision.csv",
        "370124104,孔村镇,township,370124000",
        "370124104,孔村镇,township,370124999",
    ),
    ("a level above", "subdivision.csv", "370124104,孔村镇,township", "370124104,孔村镇,county"),
    ("the division below itself", "subdivision.csv", "370124104,孔村镇", "370124000,孔村镇"),
    ("a long code of finance", "mof-dep.csv", "05,行政政法科", "0500001,行政政法科"),
    // People
    ("a post of no unit on file", "post.csv", "unit-maker,101001", "unit-maker,101009"),
    ("a post of the whole division", "post.csv", "treasury-head,", "treasury-head,101001"),
    ("a budget officer of no sector", "post.csv", "4,budget-officer,03", "4,budget-officer,33"),
    ("no base keeper", "post.csv", "base-keeper", "auditor"),
    ("nobody's post", "post.csv", "\n8,treasury-head", "\n0,treasury-head"),
    ("an identity number in clear", "person.csv", "370124********1003", "370124198001011003"),
    (
        "an account without its bank",
        "person.csv",
        "6222000100001003,102451099999",
        "6222000100001003,",
    ),
    ("a bank without an account", "person.csv", "6222000100001003,102451099999", ",102451099999"),
    ("nobody", "person.csv", "101002,1003,", "101002,0,"),
    ("a person at two posts", "person.csv", "101003,1008,赵敏", "101003,1001,赵敏"),
    (
        "more people than approved",
        "establishment.csv",
        "101002,institution,6\n101003,institution,4",
        "101002,institution,4\n101003,institution,6",
    ),
    ("pay of a person who left", "person.csv", "institution,retired", "institution,left"),
    ("pay of nobody", "pay-item.csv", "101002,1005,30107", "101002,1999,30107"),
    ("pay by no class", "pay-item.csv", "101002,1005,30107", "101002,1005,30197"),
    ("pay of nothing", "pay-item.csv", "101002,1005,30107,,2600.00", "101002,1005,30107,,0.00"),
    (
        "pay beside a fixed standard",
        "pay-item.csv",
        "102001,1013,30102,STD-ALLOW,1800.00",
        "102001,1013,30102,STD-ALLOW,1900.00",
    ),
    (
        "pay above a ceiling",
        "pay-item.csv",
        "102001,1013,30101,,4800.00",
        "102001,1013,30101,STD-DESK,4800.00",
    ),
    (
        "a standard that is not on file",
        "pay-item.csv",
        "102001,1013,30102,STD-ALLOW",
        "102001,1013,30102,STD-ALLEW",
    ),
    ("a standard of nothing", "standard.csv", "人·天,380.00", "人·天,0.00"),
    ("a standard that ended", "standard.csv", "2025-12-31", "2021-12-31"),
    (
        "a standard of next year",
        "standard.csv",
        "人·月,1800.00,2022-01-01",
        "人·月,1800.00,2023-01-01",
    ),
    (
        "a standard that ends before it begins",
        "standard.csv",
        "2020-01-01,2025-12-31",
        "2022-08-01,2022-07-31",
    ),
    ("a standard of no class", "standard.csv", "province,30211", "province,30298"),
    // Registers
    (
        "a treasury account at an agent bank",
        "account.csv",
        "treasury-single,finance,,,",
        "treasury-single,finance,,ICBC,",
    ),
    (
        "a treasury account without a code",
        "account.csv",
        "011451099997,1501240000",
        "011451099997,",
    ),
    (
        "a treasury code elsewhere",
        "account.csv",
        "402451099998,,active\n370124001000000011",
        "402451099998,1501240000,active\n370124001000000011",
    ),
    (
        "a unit's account of finance",
        "account.csv",
        "real-fund,unit,103002",
        "real-fund,finance,103002",
    ),
    ("an account of no unit", "account.csv", "real-fund,unit,103002", "real-fund,unit,"),
    (
        "a zero-balance account at no agent bank",
        "account.csv",
        "finance-zero,finance,,ICBC",
        "finance-zero,finance,,",
    ),
    (
        "a zero-balance account of a department",
        "account.csv",
        "unit-zero,unit,102001",
        "unit-zero,unit,102",
    ),
    (
        "an account at a bank that ended",
        "agent-bank.csv",
        "402451099998,active",
        "402451099998,cancelled",
    ),
    ("a list without a reason", "payee.csv", "white,供水托收", "white,"),
    (
        "a reason without a list",
        "payee.csv",
        "泉城文具有限公司,102451099999,enterprise,none,",
        "泉城文具有限公司,102451099999,enterprise,none,常用",
    ),
    (
        "a supplier's account",
        "supplier.csv",
        "泉城文具有限公司,1602000109200000001",
        "泉城文具有限公司,1602000109200000009",
    ),
    ("a calendar's year", "calendar.csv", "2022-12-31,2,,", "2023-12-31,2,,"),
    ("a working day without a time", "calendar.csv", "2022-01-04,1,16:30", "2022-01-04,1,"),
    ("a day off with a time", "calendar.csv", "2022-01-08,2,,", "2022-01-08,2,16:30,"),
    (
        "a Saturday at work, for no reason",
        "calendar.csv",
        "2022-01-29,1,16:30,春节调休",
        "2022-01-29,1,16:30,",
    ),
    ("a Tuesday off, for no reason", "calendar.csv", "2022-01-04,1,16:30,", "2022-01-04,2,,"),
    ("a code table of another year", "code-table.csv", "government,2022.1", "government,2021.1"),
    ("a code of no table", "code-table.csv", "fund,2022.1", "# fund,2022.1"),
    (
        "a code under no such code",
        "code.local.csv",
        "2010507,专项普查活动,20105",
        "2010507,专项普查活动,20106",
    ),
    (
        "a code under an unknown one",
        "code.local.csv",
        "2010507,专项普查活动,20105",
        "2010507,专项普查活动,201050",
    ),
    (
        "a code of no budget",
        "code.local.csv",
        "1111,一般公共预算资金（县本级）,111,1,general",
        "1111,一般公共预算资金（县本级）,111,1,",
    ),
    (
        "a class mapped to none",
        "code.csv",
        "departmental,30101,基本工资,301,1,50101 50501",
        "departmental,30101,基本工资,301,1,",
    ),
    (
        "a class mapped to an unknown one",
        "code.csv",
        "departmental,30101,基本工资,301,1,50101 50501",
        "departmental,30101,基本工资,301,1,50101 50591",
    ),
    (
        "a government class that is mapped itself",
        "code.csv",
        "government,50101,工资奖金津补贴,501,1,",
        "government,50101,工资奖金津补贴,501,1,30101",
    ),
];

/// Each: what is wrong, and what is changed when the example is on file.
const BAD_CHANGES: &[(&str, &[&str])] = &[
    ("a unit that others name goes", &["-unit\t101002"]),
    ("a bank that accounts name goes", &["-agent-bank\tRCC"]),
    ("a township that a unit names goes", &["-subdivision\t370124103"]),
    ("a person who is paid goes", &["-person\t101002/1001"]),
    ("a payee that a supplier names goes", &["-payee\t1602000109200000001"]),
    ("a class that is in use goes", &["-code\tdepartmental/30211"]),
    ("a code table goes", &["-code-table\tfund"]),
    ("the card goes", &["-division\t370124000"]),
    ("the last base keeper goes", &["-post\t1/base-keeper/"]),
    ("everybody goes whom posts need", &["-post\t1/base-keeper/", "+post\t2\tauditor\t\t李强"]),
    (
        "a department becomes a leaf",
        &["+unit\t101\t教育和体育局\t\t1\tadministrative\tfull\t1\t\t03\t\t\tactive"],
    ),
    (
        "a department ends before its units",
        &["+unit\t101\t教育和体育局\t\t1\tadministrative\tfull\t2\t\t03\t\t\tcancelled"],
    ),
    (
        "a unit moves to another department",
        &[
            "+unit\t101003\t实验小学\t103\t2\tpublic-one\tfull\t1\t12370124000101003T\t03\t\t\tactive",
        ],
    ),
    (
        "a unit becomes another kind",
        &[
            "+unit\t101003\t实验小学\t101\t2\tpublic-two\tfull\t1\t12370124000101003T\t03\t\t\tactive",
        ],
    ),
    (
        "a unit becomes a township's",
        &[
            "+unit\t101003\t实验小学\t101\t2\tpublic-one\tfull\t1\t12370124000101003T\t03\t370124102\t\tactive",
        ],
    ),
    (
        "an active unit becomes a draft",
        &[
            "+unit\t101003\t实验小学\t101\t2\tpublic-one\tfull\t1\t12370124000101003T\t03\t\t\tdraft",
        ],
    ),
    ("fewer posts than people", &["+establishment\t101002\tinstitution\t4"]),
    ("no posts for people", &["-establishment\t101001/administrative"]),
    (
        "a standard below what is paid",
        &[
            "+standard\tSTD-ALLOW\t津贴补贴定额\tlocal\t30102\t人·月\t1700.00\t2022-01-01\t\t平财预〔2021〕41号\tfixed",
        ],
    ),
    (
        "a person leaves and is paid",
        &["+person\t101002\t1001\t张伟\t370124********1001\t专业技术\tinstitution\tleft\t\t"],
    ),
    ("a bank ends before its accounts", &["+agent-bank\tRCC\t农村商业银行\t402451099998\tmerged"]),
    ("one key twice", &["+mof-dep\t06\t社保科\tbusiness", "-mof-dep\t06"]),
    (
        "a frozen township is a draft again",
        &["+subdivision\t370124103\t孝直镇\ttownship\t370124000\t2\t\tdraft"],
    ),
];

#[test]
fn everything_wrong_is_found_where_it_is() {
    let mut told = String::new();
    for &(what, file, from, to) in BAD {
        let mut files = Files::example();
        files.edit(file, from, to);
        let found = files.findings();
        assert!(!found.is_empty(), "{what}: nothing found");
        tell(&mut told, what, &found);
    }
    let office = on_file();
    for &(what, lines) in BAD_CHANGES {
        let found = misfits(&office, lines);
        assert!(!found.is_empty(), "{what}: nothing found");
        tell(&mut told, what, &found);
    }
    golden("import.txt", &told);
}

#[test]
fn several_wrong_things_are_all_listed() {
    let mut files = Files::example();
    files.edit("unit.csv", "103002,人民医院,103,2,public-two", "103002,人民医院,103,3,public-two");
    files.edit("payee.csv", "white,供水托收", "white,");
    files.edit("calendar.csv", "2022-01-04,1,16:30", "2022-01-04,1,");
    files.edit("agent-bank.csv", "ICBC,工商银行平阴支行,102451099999", "ICBC,,1");
    let found = files.findings();
    let places: Vec<&str> =
        found.iter().map(|line| line.split(": ").next().unwrap_or("")).collect();
    assert_eq!(
        places,
        [
            "agent-bank.csv:2:2",
            "agent-bank.csv:2:3",
            "calendar.csv:8:3",
            "payee.csv:3:6",
            "unit.csv:10:4"
        ],
        "and nobody who names the bank is blamed: {found:#?}"
    );
}

#[test]
fn what_may_change_is_taken() {
    let office = on_file();
    for lines in [
        &["-post\t1/base-keeper/", "+post\t2\tbase-keeper\t\t李强"][..],
        &[
            "+unit\t101003\t第二小学\t101\t2\tpublic-one\tfull\t1\t12370124000101003T\t03\t\t\tfrozen",
        ],
        &[
            "+unit\t101003\t实验小学\t101\t2\tpublic-one\tfull\t1\t12370124000101003T\t03\t\t101002\tmerged",
        ],
        &["-payee\t1602000109200000005"],
        &["+division\t370124000\t平阴县\tcounty\t370100000\t1\t1\t2022-03-01\tfrozen"],
        &["-pay-item\t101002/1006/30302", "-person\t101002/1006"],
        &["+subdivision\t370124104\t孔村镇\ttownship\t370124000\t2\t2022-04-01\tactive"],
    ] {
        assert_eq!(misfits(&office, lines), [""; 0], "{lines:?}");
    }
}

fn tell(told: &mut String, what: &str, found: &[String]) {
    writeln!(told, "== {what}").expect("text");
    for line in found {
        writeln!(told, "{line}").expect("text");
    }
}

/// Compares with a file beside the tests, or writes it.
fn golden(name: &str, must_be: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(&path, must_be).expect("the file can be written");
    }
    let is = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = is.lines().zip(must_be.lines()).find(|(is, must_be)| is != must_be);
    assert!(
        is == must_be,
        "{name} is out of date; run UPDATE_GOLDEN=1 cargo test -p domain\n{differs:#?}"
    );
}

/// The data of the program and the data on file say the same of each code.
#[test]
fn the_national_tables_are_the_elements_in_force() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data");
    let elements = std::fs::read_to_string(root.join("elements.csv")).expect("the elements");
    let rows: Vec<Vec<&str>> = elements
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    assert!(rows.len() > 150);
    for year in [2022_u16, 2023] {
        let folder = root.join(year.to_string());
        let codes = std::fs::read_to_string(folder.join("code.csv")).expect("the codes");
        let codes: Vec<Vec<&str>> = codes.lines().map(|line| line.split(',').collect()).collect();
        // The other rows of the elements say something about codes, they are none.
        let is_code = |row: &&Vec<&str>| ["fund", "functional", "departmental"].contains(&row[0]);
        for row in rows.iter().filter(is_code) {
            let [table, code, from, to, name, goes_with] = row[..] else { panic!("{row:?}") };
            assert!(from.parse::<u16>().is_ok_and(|from| from <= year) && to.is_empty());
            let same = codes.iter().find(|of| of.get(..2) == Some(&[table, code]));
            let same = same.unwrap_or_else(|| panic!("{year} lacks {table} {code}"));
            assert_eq!((same[2], same[5]), (name, goes_with), "{year} {table} {code}");
        }
        let fiscal = FiscalYear::new(year).expect("a year");
        let paid = codes.iter().filter(|row| row[0] == "departmental" && row[4] == "1");
        for row in paid.clone() {
            let class = Class::new(row[1]).expect("a class");
            assert_eq!(domain::elements::check_payment_class(class, fiscal), Ok(()), "{row:?}");
        }
        assert!(paid.count() > 80);
    }
}

/// A row of a random tree: its parent's place, if any, and whether it may have children.
type Node = (Option<usize>, bool);

/// Trees of units: parents stand before their children and are no leaves.
fn trees() -> impl Strategy<Value = Vec<Node>> {
    let picks = vec((any::<u32>(), any::<bool>(), any::<bool>()), 2..40);
    picks.prop_map(|picks| {
        let (mut nodes, mut depths): (Vec<Node>, Vec<u32>) = (Vec::new(), Vec::new());
        for (pick, top, leaf) in picks {
            let above: Vec<usize> =
                (0..nodes.len()).filter(|&at| !nodes[at].1 && depths[at] < 16).collect();
            let parent = (!top && !above.is_empty()).then(|| above[pick as usize % above.len()]);
            depths.push(parent.map_or(1, |parent| depths[parent] + 1));
            nodes.push((parent, leaf || depths[nodes.len()] == 16));
        }
        nodes
    })
}

/// Codes that say nothing of the tree: as a serial, scattered.
fn code_of(at: usize) -> String {
    format!("{:03}", (at * 37 + 11) % 1000)
}

fn unit_lines(nodes: &[Node]) -> Vec<[String; 13]> {
    let depth = |mut at: usize| {
        let mut depth = 1;
        while let Some(parent) = nodes[at].0 {
            (at, depth) = (parent, depth + 1);
        }
        depth
    };
    let line = |(at, &(parent, leaf)): (usize, &Node)| {
        let parent = parent.map_or(String::new(), code_of);
        let (level, leaf) = (depth(at).to_string(), if leaf { "1" } else { "2" });
        let [kind, funding, none] = ["other", "full", ""].map(str::to_owned);
        let [code, name] = [code_of(at), format!("单位{at}")];
        let (leaf, standing) = (leaf.to_owned(), "active".to_owned());
        [
            "+unit".to_owned(),
            code,
            name,
            parent,
            level,
            kind,
            funding,
            leaf,
            none.clone(),
            none.clone(),
            none.clone(),
            none,
            standing,
        ]
    };
    nodes.iter().enumerate().map(line).collect()
}

/// Lines of changes, in an order of their own.
fn found_in(lines: &[[String; 13]], turn: usize) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().map(|fields| fields.join("\t")).collect();
    let turn = turn % lines.len();
    lines.rotate_left(turn);
    let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
    misfits(Office::empty(), &lines)
}

proptest! {
    #[test]
    fn a_tree_is_taken_and_each_single_fault_in_it_is_found(
        nodes in trees(),
        at in any::<prop::sample::Index>(),
        fault in 0_usize..8,
        turn in any::<usize>(),
    ) {
        let good = unit_lines(&nodes);
        prop_assert_eq!(found_in(&good, turn), Vec::<String>::new());
        let at = at.index(nodes.len());
        let mut bad = good.clone();
        let row = &mut bad[at];
        match fault {
            0 => row[3] = row[1].clone(),
            1 => row[3] = "999999".to_owned(),
            2 => row[4] = (row[4].parse::<u8>().expect("a level") + 1).to_string(),
            3 => row[1] = format!("1{:021}", 7),
            4 => row[10] = "370124102".to_owned(),
            5 => row[12] = "merged".to_owned(),
            6 => {
                // The way down from here comes back.
                let below = (0..nodes.len()).rev().find(|&child| {
                    std::iter::successors(Some(child), |&child| nodes[child].0).any(|up| up == at)
                });
                row[3] = code_of(below.expect("at least itself"));
            }
            _ => bad.push(good[at].clone()),
        }
        let found = found_in(&bad, turn);
        // At the row itself; of a row that stands twice, at the one that comes later.
        let place = |row: usize| (row + bad.len() - turn % bad.len()) % bad.len() + 1;
        let row = if fault == 7 { place(at).max(place(bad.len() - 1)) } else { place(at) };
        let there = format!("{row}:");
        prop_assert!(
            found.iter().any(|line| line.starts_with(&there)),
            "{fault} at {row} was not found in {bad:?}: {found:?}"
        );
    }
}

/// An office that holds nothing refers to nothing.
#[test]
fn nothing_fits_on_nothing() {
    let found = misfits(
        Office::empty(),
        &["+account\t1\t甲\treal-fund\tunit\t101\t\t银行\t102451099999\t\tactive"],
    );
    assert_eq!(found, [r#"1:5: "101": unit (所属单位): a row of unit on file or in this import"#]);
}
