//! Every form of a report, as it was ever printed: the table, CSV, JSON, and the workbook's cells.

use std::io::Read;

use crate::golden::{Normal, check_json, check_printed, check_text};
use crate::house::{House, run};
use crate::{NO, USAGE};

#[test]
fn reports_are_printed_as_ever() {
    let house = House::busy();
    let server = house.serve();
    let at = server.address.clone();
    let normal = Normal::of(&house, &at);
    let ask = |kind: &str, options: &[&str]| {
        let begin = ["report", kind, "--year", "2022", "--connect", &at];
        run(&[&begin[..], options].concat())
    };
    let text = |name: &str, kind: &str, options: &[&str]| {
        check_text(name, &normal, &ask(kind, options));
    };
    text("report-execution", "execution", &[]);
    text("report-unit", "execution", &["--division", "370102000", "--by", "unit"]);
    text("report-month", "execution", &["--by", "month", "--upto", "2022-02"]);
    text("report-quota", "execution", &["--division", "370102000", "--by", "quota"]);
    text("report-payment", "execution", &["--by", "payment", "--quota", "5/2022/0"]);
    let cleared = ["--basis", "cleared", "--carry-over", "out", "--format", "csv"];
    text("report-ten-day-csv", "ten-day", &cleared);
    check_json("report-monthly-json", &normal, &ask("monthly", &["--format", "json"]));
    text("report-bulletin", "bulletin", &[]);
    text("report-alerts", "alerts", &[]);
    text("report-nowhere", "execution", &["--division", "990000000"]);
    assert_eq!(ask("execution", &["--by", "quota"]).code, NO);
    assert_eq!(ask("execution", &["--upto", "2023-01"]).code, USAGE);
    assert_eq!(ask("execution", &["--format", "xlsx"]).code, USAGE);

    let file = house.path().join("report.xlsx");
    let out = file.to_str().expect("a path of UTF-8");
    let ran = ask("execution", &["--format", "xlsx", "--out", out]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    check_printed("report-xlsx", &normal, &cells(out));
    server.stop();
}

/// The workbook's sheet and its texts, a line for each row and text.
fn cells(path: &str) -> String {
    let file = std::fs::File::open(path).expect("the workbook");
    let mut archive = zip::ZipArchive::new(file).expect("a workbook is an archive");
    let mut printed = String::new();
    for (part, end) in [("xl/worksheets/sheet1.xml", "</row>"), ("xl/sharedStrings.xml", "</si>")] {
        let mut text = String::new();
        let mut part = archive.by_name(part).expect("a part of every workbook");
        part.read_to_string(&mut text).expect("text");
        printed.push_str(&text.replace(end, &format!("{end}\n")));
        printed.push('\n');
    }
    printed
}
