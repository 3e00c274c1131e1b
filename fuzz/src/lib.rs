//! What reads bytes that others wrote, one module for each kind of bytes: what must hold of any
//! bytes (`read`), and where to begin (`seeds`). A finding is a panic: of the code that reads, or
//! of a check here.
//!
//! `fuzz_targets/` gives them to libFuzzer; `tests/fuzz.rs` runs seeds, kept findings and a few
//! mutations of both in an ordinary test.

pub mod checkpoint_row;
pub mod configuration;
pub mod envelope;
pub mod frame;
pub mod iso20022;
pub mod journal;
pub mod json_line;
pub mod link;
pub mod scenario;
pub mod voucher;

// The program's own reading of settings; the program is no library.
#[allow(dead_code, unreachable_pub, reason = "the program uses all of it")]
#[path = "../../src/server/origins.rs"]
mod origins;
#[allow(dead_code, unreachable_pub, reason = "the program uses all of it")]
#[path = "../../src/server/settings.rs"]
mod settings;

use std::path::{Path, PathBuf};

/// A kind of bytes: its name, what reads it, and where to begin.
pub struct Target {
    /// As in `fuzz_targets/` and `kept/`.
    pub name: &'static str,
    /// Reads any bytes.
    pub read: fn(&[u8]),
    /// Bytes that are good, or nearly.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 15] = [
    Target { name: "frame", read: frame::read, seeds: frame::seeds },
    Target { name: "json_line", read: json_line::read, seeds: json_line::seeds },
    Target { name: "journal", read: journal::read, seeds: journal::seeds },
    Target { name: "checkpoint_row", read: checkpoint_row::read, seeds: checkpoint_row::seeds },
    Target { name: "envelope", read: envelope::read, seeds: envelope::seeds },
    Target { name: "configuration", read: configuration::read, seeds: configuration::seeds },
    Target { name: "link", read: link::read, seeds: link::seeds },
    Target { name: "iso_status", read: iso20022::status, seeds: iso20022::seeds },
    Target { name: "iso_statement", read: iso20022::statement, seeds: iso20022::seeds },
    Target { name: "iso_notice", read: iso20022::notice, seeds: iso20022::seeds },
    Target { name: "iso_order", read: iso20022::order, seeds: iso20022::seeds },
    Target { name: "iso_list", read: iso20022::list, seeds: iso20022::seeds },
    Target { name: "iso_refund", read: iso20022::refund, seeds: iso20022::seeds },
    Target { name: "scenario", read: scenario::read, seeds: scenario::seeds },
    Target { name: "voucher", read: voucher::read, seeds: voucher::seeds },
];

/// The bytes of a golden file's hex.
fn from_hex(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| (digit as char).to_digit(16).expect("a digit") as u8;
    digits.chunks_exact(2).map(|pair| (value(pair[0]) << 4) | value(pair[1])).collect()
}

/// Field `name` of every vector in a golden file; empty where a vector has none.
fn each(file: &str, name: &str) -> impl Iterator<Item = String> {
    let file: serde_json::Value = serde_json::from_str(file).expect("golden vectors");
    let vectors = file["vectors"].as_array().expect("a list of vectors").clone();
    let name = name.to_owned();
    vectors.into_iter().map(move |vector| match &vector[&name] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// The same without those that have none.
fn vectors(file: &str, name: &str) -> Vec<String> {
    each(file, name).filter(|text| !text.is_empty()).collect()
}

/// A folder of `fuzz/`, whichever crate this is compiled in.
pub fn folder(name: &str) -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzz = if manifest.ends_with("fuzz") { manifest.into() } else { manifest.join("fuzz") };
    fuzz.join(name)
}

/// Every file of a folder, by name.
pub fn from_files(name: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder(name)).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a file that can be read")).collect()
}
