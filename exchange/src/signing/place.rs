//! Where a private key is kept, as configuration names it.

use std::path::PathBuf;
use std::str::FromStr;

use super::SigningError;

/// Where a private key is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// In a PKCS#8 file in PEM; as text `file:PATH`.
    File(PathBuf),
}

impl FromStr for KeyPlace {
    type Err = SigningError;

    /// Reads a place. `module:…` is known, for keys that never leave a hardware module, and refused.
    fn from_str(text: &str) -> Result<KeyPlace, SigningError> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(KeyPlace::File(path.into())),
            Some(("module", _)) => Err(SigningError::NoModule),
            _ => Err(SigningError::NoPlace { text: text.chars().take(80).collect() }),
        }
    }
}
