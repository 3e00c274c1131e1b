//! Payloads of envelopes in the national form: a message with one voucher, read beside canonical bytes.

use domain::voucher::{Party, Voucher, canonical};

use super::{Body, read, write};
use crate::envelope::PayloadFormat;
use crate::iso20022;
use crate::node::{CanonicalPayloads, Payloads};

/// Vouchers written as national XML, and read in whichever form they come.
#[derive(Clone, Copy, Debug, Default)]
pub struct NationalPayloads;

/// Vouchers written in canonical bytes, and read in whichever form they come.
#[derive(Clone, Copy, Debug, Default)]
pub struct EitherPayloads;

impl Payloads for EitherPayloads {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        CanonicalPayloads.write(to, voucher)
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        NationalPayloads.read(format, payload, original)
    }
}

impl Payloads for NationalPayloads {
    fn write(&self, _to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        let message = Body::new(voucher.clone()).and_then(|body| write(&[body]));
        Ok((PayloadFormat::NationalXml, message.map_err(|error| error.to_string())?))
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        match format {
            PayloadFormat::Iso20022 => iso20022::payload::read(payload, original),
            PayloadFormat::Canonical => canonical::read(payload).map_err(|error| error.to_string()),
            PayloadFormat::NationalXml => {
                let mut bodies = read(payload).map_err(|error| error.to_string())?;
                match (bodies.pop(), bodies.len()) {
                    (Some(body), 0) => Ok(body.voucher),
                    _ => Err("an envelope has one voucher; send each in its own".to_owned()),
                }
            }
        }
    }
}
