//! Where each setting's value comes from, and what is wrong with a file of settings.
//!
//! Reads the file a second time for its lines. Decides nothing about values.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::settings::{Layer, SettingsError};

/// Every setting, as a file names it.
pub(crate) const NAMES: [&str; 16] = [
    "listen",
    "data",
    "shards",
    "connections_max",
    "environment",
    "segment_mib",
    "hello_wait_ms",
    "frame_wait_ms",
    "silence_wait_ms",
    "disk_low_mib",
    "disk_full_mib",
    "checkpoint",
    "memory_limit_mib",
    "session_commands_per_second",
    "metrics",
    "sandbox",
];

/// How alike a name must be to be offered instead of an unknown one.
const ALIKE: f64 = 0.7;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// The command line.
    Flag(String),
}

impl Origin {
    /// The word in JSON.
    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Origin::Default => "default",
            Origin::File(..) => "file",
            Origin::Environment(_) => "environment",
            Origin::Flag(_) => "flag",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(file, line) => write!(f, "{} line {line}", file.display()),
            Origin::Environment(name) | Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// A file of settings with the line of each.
#[derive(Debug, Default)]
pub(crate) struct SettingsFile {
    /// What it says.
    pub(crate) layer: Layer,
    /// The line of each setting in it.
    pub(crate) lines: Vec<(String, usize)>,
}

impl SettingsFile {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// With line and column, and the nearest setting where a name is unknown.
    pub(crate) fn read(file: &Path) -> Result<SettingsFile, SettingsError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| SettingsError::Unreadable { file: file.to_owned(), error })?;
        SettingsFile::of(&text, file)
    }

    /// What the text of a file says.
    ///
    /// # Errors
    /// As [`SettingsFile::read`].
    pub(crate) fn of(text: &str, file: &Path) -> Result<SettingsFile, SettingsError> {
        SettingsFile::parse(text).map_err(|Wrong { at, what }| {
            let (line, column) = place(text, at);
            SettingsError::Form { file: file.to_owned(), line, column, what }
        })
    }

    fn parse(text: &str) -> Result<SettingsFile, Wrong> {
        let wrong = |error: toml::de::Error| Wrong {
            at: error.span().map_or(0, |span| span.start),
            what: error.message().to_owned(),
        };
        let table = DeTable::parse(text).map_err(wrong)?;
        let mut lines = Vec::new();
        for key in table.get_ref().keys() {
            let (name, at) = (key.get_ref().to_string(), key.span().start);
            if !NAMES.contains(&name.as_str()) {
                return Err(Wrong { at, what: unknown(&name) });
            }
            lines.push((name, place(text, at).0));
        }
        let layer = toml::from_str(text).map_err(wrong)?;
        Ok(SettingsFile { layer, lines })
    }
}

/// What is wrong with a text, and where.
struct Wrong {
    at: usize,
    what: String,
}

/// Line and column of a place in a text, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn unknown(name: &str) -> String {
    let flat = name.replace('-', "_");
    let nearest = NAMES
        .iter()
        .map(|&known| (strsim::jaro_winkler(&flat, known), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest {
        Some((alike, known)) if alike >= ALIKE => {
            format!("there is no setting `{name}`; the nearest is `{known}`")
        }
        _ => format!("there is no setting `{name}`; `treasury config check` lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> (usize, usize, String) {
        let Err(Wrong { at, what }) = SettingsFile::parse(text) else { panic!("{text} is taken") };
        let (line, column) = place(text, at);
        (line, column, what)
    }

    #[test]
    fn a_wrong_file_is_told_by_line_column_and_nearest_name() {
        let (line, column, what) = wrong("data = \"/a\"\n\n  shrads = 3\n");
        assert_eq!((line, column), (3, 3));
        assert_eq!(what, "there is no setting `shrads`; the nearest is `shards`");
        assert!(wrong("disk-low-mib = 1").2.ends_with("the nearest is `disk_low_mib`"));
        assert!(wrong("qqq = 1").2.ends_with("`treasury config check` lists them"));
        let (line, column, what) = wrong("data = \"/a\"\nshards = \"many\"");
        assert_eq!((line, column), (2, 10), "{what}");
        assert_eq!(wrong("data = \"/a\"\nshards =").0, 2);
    }

    #[test]
    fn every_setting_has_its_line_and_every_name_is_a_setting() {
        let read = SettingsFile::parse("# 中文\ndata = \"/a\"\n\nshards = 3").ok();
        let lines = read.expect("a file that can be read").lines;
        assert_eq!(lines, [("data".to_owned(), 2), ("shards".to_owned(), 4)]);
        for name in NAMES {
            let error = toml::from_str::<Layer>(&format!("{name} = []")).expect_err("no list fits");
            assert!(!error.message().contains("unknown field"), "{name}: {error}");
        }
        let unknown = toml::from_str::<Layer>("x = 1").expect_err("x is no setting").to_string();
        let listed = unknown.matches('`').count() / 2 - 1;
        assert_eq!(listed, NAMES.len(), "{unknown}");
    }
}
