//! A server's file of settings.

use std::path::Path;

use super::origins::{NAMES, SettingsFile};

/// Reads a file, and settles what it says.
pub fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match SettingsFile::of(text, Path::new("treasury.toml")) {
        Ok(file) => {
            for (name, line) in &file.lines {
                assert!(NAMES.contains(&name.as_str()), "{name} is no setting");
                assert!((1..=text.lines().count()).contains(line), "{name} is in no line {line}");
            }
            match file.layer.settle() {
                Ok(settings) => {
                    for name in NAMES {
                        settings.text(name);
                    }
                }
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        Err(error) => assert!(error.to_string().contains("treasury.toml"), "{error}"),
    }
}

/// The file that is installed, with and without its comments, and what is wrong in tests.
pub fn seeds() -> Vec<Vec<u8>> {
    let installed = include_str!("../../ops/treasury.toml");
    let uncommented: String = installed
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let others = [
        "data = \"/a\"\nshards = 3\nlisten = \"127.0.0.1:7022\"\ncheckpoint = false\n",
        "data = \"/a\"\n\n  shrads = 3\n",
        "memory_limit_mib = 4\ndisk_low_mib = 0\nsession_commands_per_second = 9\nsandbox = true\n",
        "metrics = \"127.0.0.1:1\"\nenvironment = \"test\"\nsegment_mib = 1\nhello_wait_ms = 1\n",
    ];
    let mut seeds = vec![installed.as_bytes().to_vec(), uncommented.into_bytes()];
    seeds.extend(others.map(|text| text.as_bytes().to_vec()));
    seeds
}
