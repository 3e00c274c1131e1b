//! The tables of `docs/iso20022.md`, which the program fills.

use std::path::PathBuf;

use domain::voucher::Field;
use exchange::iso20022::codes::{REASONS, STATUSES};
use exchange::iso20022::mapping::{DETAIL_PLACES, HEAD_PLACES, MAPPING};

/// Compares a named part of the page with what it must be, or writes it.
fn check(name: &str, must_be: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/iso20022.md");
    let page = std::fs::read_to_string(&path).expect("the page");
    let (first, last) =
        (format!("<!-- generated: {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = page.find(&first).expect("the page marks the part that is generated") + first.len();
    let length = page[start..].find(&last).expect("the page marks the end of the part");
    let must_be = format!("\n{}\n\n", must_be.trim_end());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let page = format!("{}{must_be}{}", &page[..start], &page[start + length..]);
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let is = &page[start..start + length];
    assert_eq!(is, must_be, "part {name}: UPDATE_GOLDEN=1 cargo test -p exchange --test iso20022");
}

#[test]
fn the_page_has_the_mapping_and_the_codes() {
    let mut table = String::new();
    for message in ["pain.001.001.09", "pain.002.001.10", "camt.053.001.08", "camt.054.001.08"] {
        table +=
            &format!("### {message}\n\n| place | field of the voucher | rule |\n|---|---|---|\n");
        for row in MAPPING.iter().filter(|row| row.message == message) {
            let path = row.path.split_once('/').map_or(row.path, |(_, below)| below);
            table += &format!("| `{path}` | {} | {} |\n", row.field, row.rule);
        }
        table.push('\n');
    }
    let names = |fields: &[Field]| {
        let names = fields.iter().map(|field| format!("`{}`", field.wire_name()));
        names.collect::<Vec<_>>().join(", ")
    };
    table += &format!(
        "Fields of an order with a place of their own are, of its head: {}; of a detail: {}.\n",
        names(HEAD_PLACES),
        names(DETAIL_PLACES)
    );
    check("mapping", &table);

    let mut table = "| code | means here | 中文 |\n|---|---|---|\n".to_owned();
    for (code, status) in STATUSES {
        let status_name = format!("{status:?}").to_lowercase();
        table += &format!("| `{code}` | {status_name} | {} |\n", status.chinese());
    }
    check("statuses", &table);

    let mut table = "| code | meaning | 中文 |\n|---|---|---|\n".to_owned();
    for (code, english, chinese) in REASONS {
        table += &format!("| `{code}` | {english} | {chinese} |\n");
    }
    check("reasons", &table);
}
