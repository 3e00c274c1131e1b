//! The model must not share a rule with what it checks: of `domain` this crate may name amounts
//! and ids, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn only_amounts_and_ids_of_domain_are_named() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 20);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for (at, _) in code.match_indices("domain::") {
                let path = &code[at + "domain::".len()..];
                let allowed = path.starts_with("ids::") || path.starts_with("money::Fen");
                assert!(allowed, "{}:{}: {line}", file.display(), number + 1);
            }
            let bare = ["use domain;", "use domain as", "extern crate domain"];
            assert!(!bare.iter().any(|bare| code.contains(bare)), "{}", file.display());
        }
    }
}
