//! A scenario's file.

use scenarios::spec::Spec;

/// Reads a scenario; what is wrong is told by line and column.
pub fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Spec::parse(text) {
        Ok(spec) => assert!(!spec.name.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The scenario that is kept.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../scenarios/data/shandong-2022.toml").to_vec()]
}
