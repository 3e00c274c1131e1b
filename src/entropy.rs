//! The one place that draws random numbers: a data set's name and key, and seeds that were not
//! given.

use anyhow::{Context, Result};

/// So many random bytes from the system.
#[expect(clippy::disallowed_methods, reason = "this is the one place that draws random numbers")]
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(std::io::Error::other)
        .context("the system gives no random bytes")?;
    Ok(bytes)
}

/// A random UUID, version 4.
pub(crate) fn uuid() -> Result<u128> {
    let random = u128::from_le_bytes(bytes()?);
    let (version, variant) = (0x4 << 76, 0b10 << 62);
    Ok(random & !(0xf << 76) & !(0b11 << 62) | version | variant)
}
