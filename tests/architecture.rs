//! The rules of the house that a compiler does not check.
//!
//! Which crate may know which, what `domain` may touch, that every dependency is accounted for,
//! that no file names somebody's machine, and that every link in the documents leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Our crates, and which of our crates each may use. `*`: all of them.
const ARROWS: &[(&str, &[&str])] = &[
    ("treasury", &["*"]),
    ("benches", &["*"]),
    ("fuzz", &["*"]),
    ("simulation", &["*"]),
    ("actors", &["storage", "protocol", "domain"]),
    ("scenarios", &["protocol", "domain"]),
    ("counterparties", &["exchange", "domain"]),
    ("exchange", &["storage", "domain"]),
    ("storage", &["domain"]),
    ("protocol", &["domain"]),
    ("domain", &[]),
];

/// All that `domain` may use in what it ships, and in its tests.
const DOMAIN_USES: &[&str] = &["rust_decimal", "thiserror", "xxhash-rust"];
const DOMAIN_TESTS_USE: &[&str] = &["proptest"];

/// Modules of `std` that reach out of a computation.
const STD_OUTSIDE: &[&str] = &["fs", "net", "thread", "time", "io", "env", "process"];

/// Where people's checkouts and home directories are. Spelt in halves, since this file is read too.
const MACHINE_ROOTS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("C:", "\\"),
];

const DEPENDENCIES_DOC: &str = "docs/decisions/dependencies.md";

// ---- crates ------------------------------------------------------------------------------------

#[test]
fn crates_know_only_whom_they_may() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = our_packages(&metadata).map(|p| p.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in our_packages(&metadata) {
        let from = package.name.as_str();
        let Some(may) = allowed.get(from) else {
            wrong.push(format!("{from} has no line in ARROWS of tests/architecture.rs"));
            continue;
        };
        for to in package.dependencies.iter().map(|d| d.name.as_str()) {
            if ours.contains(to) && !may.contains(&"*") && !may.contains(&to) {
                wrong.push(format!("{from} -> {to}"));
            }
        }
    }
    assert_none(&wrong, "arrows that ARCHITECTURE.md does not have");
}

#[test]
fn domain_uses_a_closed_list() {
    let metadata = metadata();
    let domain = our_packages(&metadata)
        .find(|p| p.name.as_str() == "domain")
        .expect("a crate called domain");
    let wrong: Vec<String> = domain
        .dependencies
        .iter()
        .filter(|d| {
            let name = d.name.as_str();
            let in_tests = d.kind == DependencyKind::Development;
            let allowed = DOMAIN_USES.contains(&name);
            !allowed && (!in_tests || !DOMAIN_TESTS_USE.contains(&name))
        })
        .map(|d| d.name.clone())
        .collect();
    assert_none(&wrong, "dependencies that domain may not have");
}

#[test]
fn domain_reaches_for_nothing_outside() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files_below(&root().join("domain/src"), "rs") {
        seen += 1;
        for module in std_modules_used(&without_comments(&read(&file))) {
            if STD_OUTSIDE.contains(&module.as_str()) {
                wrong.push(format!("{}: std::{module}", shown(&file)));
            }
        }
    }
    assert!(seen > 0, "no source found in domain/src");
    assert_none(&wrong, "uses of the outside world in domain/src");
}

// ---- dependencies ------------------------------------------------------------------------------

#[test]
fn every_dependency_has_its_line() {
    let manifest = workspace_dependencies();
    let document = read(&root().join(DEPENDENCIES_DOC));
    let told: BTreeSet<&str> = document.lines().filter_map(dependency_told).collect();
    let mut wrong = Vec::new();
    for name in &manifest {
        if !told.contains(name.as_str()) {
            wrong.push(format!("{name}: no row that begins with its name"));
        }
    }
    for name in told {
        if !manifest.contains(name) {
            wrong.push(format!("{name}: a line, and no such dependency"));
        }
    }
    assert_none(&wrong, "differences between Cargo.toml and docs/decisions/dependencies.md");
}

#[test]
fn every_dependency_is_the_workspaces() {
    let manifest = workspace_dependencies();
    let metadata = metadata();
    let ours: BTreeSet<&str> = our_packages(&metadata).map(|p| p.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in our_packages(&metadata) {
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if !ours.contains(name) && !manifest.contains(name) {
                wrong.push(format!("{}: {name}", package.name));
            }
        }
    }
    assert_none(&wrong, "dependencies that are not in [workspace.dependencies]");
}

// ---- text --------------------------------------------------------------------------------------

#[test]
fn no_file_names_a_machine() {
    let mut wrong = Vec::new();
    for file in repository_files() {
        let Ok(text) = fs::read_to_string(&file) else {
            continue; // Not text.
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(path) = machine_path(line) {
                wrong.push(format!("{}:{}: {path}", shown(&file), number + 1));
            }
        }
    }
    assert_none(&wrong, "absolute paths of somebody's machine");
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    let documents: Vec<PathBuf> = repository_files()
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "md"))
        .collect();
    assert!(documents.contains(&root().join("README.md")));
    for document in &documents {
        for link in relative_links(&read(document)) {
            if let Err(why) = follow(document, &link) {
                wrong.push(format!("{}: {link}: {why}", shown(document)));
            }
        }
    }
    assert_none(&wrong, "links that lead nowhere");
}

fn follow(document: &Path, link: &str) -> Result<(), &'static str> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() {
        document.to_path_buf()
    } else {
        let directory = document.parent().expect("a file is in a directory");
        tidied(&directory.join(path)).ok_or("leads out of the repository")?
    };
    if !target.starts_with(root()) {
        return Err("leads out of the repository");
    }
    if !target.exists() {
        return Err("no such file");
    }
    if anchor.is_empty() || target.extension().is_none_or(|e| e != "md") {
        return Ok(());
    }
    if anchors(&read(&target)).contains(anchor) { Ok(()) } else { Err("no such heading") }
}

// ---- the scans themselves ----------------------------------------------------------------------

#[test]
fn the_scan_for_std_finds_what_is_planted() {
    let planted = "use std::{collections::{BTreeMap, fs}, time::Duration, io};\n\
                   fn f() { std :: env::var(\"X\"); my_std::net::go(); }";
    let found: Vec<String> = std_modules_used(planted);
    assert_eq!(found, ["collections", "time", "io", "env"]);
}

#[test]
fn the_scan_for_comments_leaves_code() {
    let code = "a(); // std::fs\n/* std::net /* nested */ std::io */ b(\"// std::time\");";
    assert_eq!(without_comments(code), "a(); \n b(\"// std::time\");");
}

#[test]
fn the_scan_for_machines_finds_what_is_planted() {
    let planted = format!("see {}anna/x", MACHINE_ROOTS[0]);
    assert!(machine_path(&planted).is_some());
    let address = format!("see https://example.org{}anna", MACHINE_ROOTS[0]);
    assert_eq!(machine_path(&address), None);
    assert_eq!(machine_path("/var/lib/treasury and /dev/null"), None);
}

#[test]
fn the_scan_for_links_finds_what_is_planted() {
    let planted = "[a](x.md) `[b](no.md)` [c](https://example.org) ![d](y.png \"t\") [e](#f)\n\
                   ```\n[g](no.md)\n```\n[h]: z.md\n";
    assert_eq!(relative_links(planted), ["x.md", "y.png", "#f", "z.md"]);
    let headings = "# One `payment`'s way\n## 占用, twice\n## 占用, twice\n";
    let expected = ["one-payments-way", "占用-twice", "占用-twice-1"];
    assert_eq!(anchors(headings), expected.map(String::from).into());
}

// ---- means -------------------------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A path as it stands in the repository.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("failed to read {}: {e}", shown(path)))
}

#[track_caller]
fn assert_none(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

/// The manifests alone: no resolution, so no network.
fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs")
}

fn our_packages(metadata: &Metadata) -> impl Iterator<Item = &cargo_metadata::Package> {
    metadata.packages.iter().filter(|p| metadata.workspace_members.contains(&p.id))
}

/// Names in `[workspace.dependencies]` that are not our own crates.
fn workspace_dependencies() -> BTreeSet<String> {
    let manifest: toml::Table = read(&root().join("Cargo.toml")).parse().expect("TOML");
    let dependencies = manifest["workspace"]["dependencies"].as_table().expect("a table");
    dependencies
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name.clone())
        .collect()
}

/// The dependency that a row of the table is about: `` | `name` | … | ``.
fn dependency_told(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name)
}

/// What git keeps; in a source tree without git, everything but `target` and hidden directories.
fn repository_files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|out| out.status.success() && !out.stdout.is_empty());
    match listed {
        Some(out) => String::from_utf8(out.stdout)
            .expect("file names are UTF-8")
            .split_terminator('\0')
            .map(|name| root().join(name))
            .filter(|path| path.is_file())
            .collect(),
        None => files_below(root(), ""),
    }
}

/// Files with an extension (any, if it is empty), in order.
fn files_below(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() {
                if name != "target" && !name.as_encoded_bytes().starts_with(b".") {
                    open.push(path);
                }
            } else if extension.is_empty() || path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A path with `.` and `..` worked out, without asking the disk.
fn tidied(path: &Path) -> Option<PathBuf> {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !tidy.pop() {
                    return None;
                }
            }
            other => tidy.push(other),
        }
    }
    Some(tidy)
}

/// Rust source without its comments. Strings stay, with what looks like a comment in them.
fn without_comments(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    let mut nested = 0_u32;
    let mut in_string = false;
    while let Some(next) = rest.chars().next() {
        let mut taken = next.len_utf8();
        if nested == 0 && !in_string && rest.starts_with("//") {
            taken = rest.find('\n').unwrap_or(rest.len());
        } else if !in_string && rest.starts_with("/*") {
            nested += 1;
            taken = 2;
        } else if nested > 0 && rest.starts_with("*/") {
            nested -= 1;
            taken = 2;
        } else if nested == 0 {
            let quote_as_char = rest.starts_with("'\"'") || rest.starts_with("'\\\"'");
            if quote_as_char && !in_string {
                taken = if rest.starts_with("'\"'") { 3 } else { 4 };
            } else if next == '\\' && in_string {
                taken += rest[1..].chars().next().map_or(0, char::len_utf8);
            } else if next == '"' {
                in_string = !in_string;
            }
            code.push_str(&rest[..taken]);
        }
        rest = &rest[taken..];
    }
    code
}

/// First segment of every path below `std::`, also in groups.
fn std_modules_used(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("std") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let Some(path) = code[at + 3..].trim_start().strip_prefix("::") else {
            continue;
        };
        match path.trim_start().strip_prefix('{') {
            Some(group) => found.extend(heads_of_group(group)),
            None => found.push(identifier(path)),
        }
    }
    found
}

/// First segments of the members of `{…}`, given what follows the brace.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.push(identifier(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

fn identifier(text: &str) -> String {
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    text.trim_start().chars().take_while(word).collect()
}

/// The first absolute path of somebody's machine in a line.
fn machine_path(line: &str) -> Option<&str> {
    let inside_a_word = |c: char| c.is_alphanumeric() || "._-".contains(c);
    MACHINE_ROOTS.iter().find_map(|start| {
        let at = line
            .match_indices(start)
            .map(|(at, _)| at)
            .find(|at| !line[..*at].chars().next_back().is_some_and(inside_a_word))?;
        line[at..].split_whitespace().next()
    })
}

/// Targets of Markdown links that are not addresses, outside of code.
fn relative_links(markdown: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose_lines(markdown) {
        let line = without_code_spans(line);
        if let Some((label, target)) = line.trim_start().split_once("]: ")
            && label.starts_with('[')
            && !label.starts_with("[^")
        {
            links.push(target.to_owned());
        }
        links.extend(line.split("](").skip(1).filter_map(|after| {
            let (target, _) = after.split_once(')')?;
            Some(target.to_owned())
        }));
    }
    links
        .into_iter()
        .filter_map(|target| {
            let bare = target.split_whitespace().next()?.trim_matches(['<', '>']);
            let address = bare.contains("://") || bare.starts_with("mailto:");
            (!address).then(|| bare.to_owned())
        })
        .collect()
}

/// The anchors a page offers: its headings, spelt the way forges spell them.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for line in prose_lines(markdown) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug: String = title
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let seen = times.entry(slug.clone()).or_default();
        anchors.insert(if *seen == 0 { slug } else { format!("{slug}-{seen}") });
        *seen += 1;
    }
    anchors
}

/// The lines of a page that are not in a fenced block.
fn prose_lines(markdown: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    markdown.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// A line with what stands between backticks left out; odd pieces are code.
fn without_code_spans(line: &str) -> String {
    line.split('`').step_by(2).collect()
}
