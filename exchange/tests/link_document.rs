//! docs/link.md says what the code says: the table of reasons is written from it (`UPDATE_GOLDEN=1` writes it anew),
//! and the numbers of the page are the bounds.

use std::fs;

use exchange::limits::{
    LINK_FRAME_BYTES_MAX, LINK_HEADER_BYTES, LINK_HELLO_BYTES, LINK_WORDS_BYTES_MAX,
    MESSAGE_BYTES_MAX,
};
use exchange::link::Reason;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/link.md");
const BEGIN: &str = "<!-- table: link-reasons -->\n";
const END: &str = "\n<!-- end of table -->";

fn table() -> String {
    let mut table =
        String::from("\n| number | reason | what it means | 中文 |\n|---:|---|---|---|\n");
    for reason in Reason::ALL {
        let (number, slug) = (reason.number(), reason.slug());
        table +=
            &format!("| {number} | `{slug}` | {} | {} |\n", reason.english(), reason.chinese());
    }
    table
}

#[test]
fn the_page_has_every_reason() {
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let (before, rest) = page.split_once(BEGIN).expect("the table begins");
    let (found, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let page = format!("{before}{BEGIN}{}{END}{after}", table());
        fs::write(PAGE, page).expect("the page is written");
    } else {
        assert_eq!(found, table(), "UPDATE_GOLDEN=1 writes it anew");
    }
}

#[test]
fn the_page_has_the_bounds() {
    let page = fs::read_to_string(PAGE).expect("the page is there").replace(',', "");
    for said in [
        format!("{LINK_HELLO_BYTES} bytes without a frame header"),
        format!("u32 {LINK_HEADER_BYTES} to {LINK_FRAME_BYTES_MAX}"),
        format!("1 to {MESSAGE_BYTES_MAX} bytes"),
        format!("at most {LINK_WORDS_BYTES_MAX} bytes of UTF-8"),
    ] {
        assert!(page.contains(&said), "the page does not say: {said}");
    }
}
