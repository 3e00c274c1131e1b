//! Pages of the documentation that tests write and compare.
//!
//! The part of a page between `<!-- generated: name -->` and `<!-- end of name -->` comes from the
//! program. `UPDATE_GOLDEN=1 cargo test -p domain` writes it; without, a difference fails.

use std::path::PathBuf;

/// Compares the named part of `docs/<page>` with what it must be, or writes it.
pub(crate) fn check(page: &str, name: &str, must_be: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let text = std::fs::read_to_string(&path).expect("the page");
    let (first, last) =
        (format!("<!-- generated: {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = text.find(&first).expect("the page marks the part that is generated") + first.len();
    let length = text[start..].find(&last).expect("the page marks the end of the part");
    let is = &text[start..start + length];
    let must_be = format!("\n{}\n\n", must_be.trim_end());
    if is == must_be {
        return;
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let page = format!("{}{must_be}{}", &text[..start], &text[start + length..]);
        std::fs::write(&path, page).expect("the page can be written");
        return;
    }
    let differs = |(is, must_be): &(&str, &str)| is != must_be;
    let at = is.lines().zip(must_be.lines()).find(differs);
    panic!(
        "docs/{page}, part {name}, is out of date; run UPDATE_GOLDEN=1 cargo test -p domain\n{at:?}"
    );
}
