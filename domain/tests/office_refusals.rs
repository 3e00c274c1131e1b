//! Every refusal of the finance office is reached by a test, and the documents say by which.

mod golden;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use domain::Code;

/// Refusals of papers and documents. What control rules answer stands with them in `docs/rules.md`.
const OF_THE_OFFICE: std::ops::Range<u16> = 5001..5800;

/// What stands at the left margin of a source: a test, or a function or table that tests use.
struct Item {
    name: String,
    is_test: bool,
    text: String,
}

/// The items of a source, each to the beginning of the next.
fn items(source: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut is_test = false;
    for line in source.lines() {
        if let Some(name) = name_of(line) {
            items.push(Item { name, is_test, text: String::new() });
            is_test = false;
        }
        is_test |= line == "#[test]";
        // Comments name what they like.
        if let Some(item) = items.last_mut().filter(|_| !line.trim_start().starts_with("//")) {
            item.text += line;
            item.text.push('\n');
        }
    }
    items
}

fn name_of(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
    let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("const "))?;
    let ends = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    Some(rest[..ends].to_owned())
}

/// Whether a text has a word that is part of no longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// Whether something must hear a code: by its name, or as the beginning of what is told.
fn hears(text: &str, code: Code) -> bool {
    let told = format!("\"{}", code.slug());
    let told =
        text.match_indices(&told).any(|(at, _)| text[at + told.len()..].starts_with(['"', ' ']));
    told || has_word(text, &format!("Code::{code:?}"))
}

/// The tests of a file that must hear a code, themselves or in what they use.
fn tests_that_hear(items: &[Item], code: Code) -> Vec<&str> {
    let heard_in: Vec<&Item> = items.iter().filter(|item| hears(&item.text, code)).collect();
    let reaches = |test: &&Item| {
        let uses = |item: &&Item| !item.is_test && has_word(&test.text, &item.name);
        test.is_test && (hears(&test.text, code) || heard_in.iter().any(uses))
    };
    items.iter().filter(reaches).map(|test| &*test.name).collect()
}

/// Tests of the finance office, by file.
fn sources() -> BTreeMap<String, Vec<Item>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = fs::read_dir(root).expect("the folder of tests");
    let paths = files.map(|file| file.expect("a file").path());
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    let of_office = paths.map(|path| (name(&path), path)).filter(|(name, _)| {
        name.starts_with("office_") && name.ends_with(".rs") && name != "office_refusals.rs"
    });
    let read = |path: PathBuf| items(&fs::read_to_string(path).expect("a source"));
    of_office.map(|(name, path)| (name, read(path))).collect()
}

#[test]
fn every_refusal_of_the_office_is_reached_by_a_test_that_the_documents_name() {
    let sources = sources();
    let mut table =
        String::from("| code | refusal | 中文 | reached in |\n| --: | --- | --- | --- |\n");
    let mut missing = Vec::new();
    for &code in Code::ALL.iter().filter(|code| OF_THE_OFFICE.contains(&code.number())) {
        let first = sources.iter().find_map(|(file, items)| {
            let test = *tests_that_hear(items, code).first()?;
            Some(format!("`{}::{test}`", file.trim_end_matches(".rs")))
        });
        let Some(test) = first else {
            missing.push(code);
            continue;
        };
        let (number, slug, chinese) = (code.number(), code.slug(), code.chinese());
        writeln!(table, "| {number} | `{slug}` | {chinese} | {test} |").expect("text");
    }
    assert!(missing.is_empty(), "no test reaches {missing:?}");
    golden::check("office.md", "refusals", &table);
}

#[test]
fn a_code_is_heard_where_it_is_expected_and_nowhere_else() {
    let source = "/// Tells `Code::NoRow`.\n#[test]\nfn one() {\n    // Code::NoDraft\n    \
                  assert_eq!(heard, Code::NoRowAtAll);\n    helped();\n}\n\nfn helper() {\n    \
                  let heard = \"no-row at 1:1\";\n}\n\n#[test]\nfn two() {\n    helper();\n}\n";
    let items = items(source);
    let found = |code| tests_that_hear(&items, code);
    assert_eq!(found(Code::NoRow), ["two"]);
    assert_eq!(found(Code::NoDraft), Vec::<&str>::new());
}
