//! Payloads in canonical bytes.

use domain::voucher::{Party, Voucher, canonical};

use super::Payloads;
use crate::envelope::PayloadFormat;

/// Vouchers in canonical bytes, and in nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct CanonicalPayloads;

impl Payloads for CanonicalPayloads {
    fn write(&self, _to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        let bytes = canonical::bytes(voucher).map_err(|error| error.to_string())?;
        Ok((PayloadFormat::Canonical, bytes))
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        _original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        match format {
            PayloadFormat::Canonical => canonical::read(payload).map_err(|error| error.to_string()),
            PayloadFormat::NationalXml => {
                Err("it is in the national interface's XML, which this party does not read"
                    .to_owned())
            }
            PayloadFormat::Iso20022 => {
                Err("it is in messages of ISO 20022, which this party does not read".to_owned())
            }
        }
    }
}
