//! Payloads in canonical bytes.

use domain::voucher::{Voucher, canonical};

use super::Payloads;
use crate::envelope::PayloadFormat;

/// Vouchers in canonical bytes, and in nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct CanonicalPayloads;

impl Payloads for CanonicalPayloads {
    fn write(&self, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        let bytes = canonical::bytes(voucher).map_err(|error| error.to_string())?;
        Ok((PayloadFormat::Canonical, bytes))
    }

    fn read(&self, format: PayloadFormat, payload: &[u8]) -> Result<Voucher, String> {
        match format {
            PayloadFormat::Canonical => canonical::read(payload).map_err(|error| error.to_string()),
            PayloadFormat::NationalXml => {
                Err("it is in the national interface's XML, which this party does not read"
                    .to_owned())
            }
        }
    }
}
