//! The national form of vouchers: `MOF` in GBK, with each voucher inside as base64 of its own GBK XML.
//!
//! ```text
//! <?xml version="1.0" encoding="GBK"?>
//! <MOF><VoucherCount>1</VoucherCount>
//!   <VoucherBody AdmDivCode=".." StYear=".." VtCode=".." VoucherNo="..">
//!     <VoucherFlag>0</VoucherFlag><Return_Reason/><Attach/><Voucher>base64</Voucher>
//!   </VoucherBody></MOF>
//! inside: <Voucher><Id/><AdmDivCode/><StYear/><VtCode/><VouDate/><VoucherNo/> fields
//!         <DetailList><Detail><Id/><VoucherBillId/><VoucherBillNo/> fields</Detail></DetailList></Voucher>
//! ```
//!
//! An empty element is a field that is not there. A name that is no field of vouchers is refused, not kept: what
//! is signed has to be what is read, and local fields have `Hold1` to `Hold4`. So are document types,
//! entities, processing instructions, CDATA and attachments. The inner bytes are kept as they came; they are
//! what was signed.

mod payloads;
mod read;
mod write;

use domain::voucher::{Finding, Voucher};
use thiserror::Error;

pub use payloads::{EitherPayloads, NationalPayloads};
pub use read::read;
pub use write::write;

/// One voucher of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    voucher: Voucher,
    inner: Vec<u8>,
    return_reason: String,
}

impl Body {
    /// A voucher that is to be sent.
    ///
    /// # Errors
    /// A field that cannot be written: of another form, or with a character that GBK does not have.
    pub fn new(voucher: Voucher) -> Result<Body, XmlError> {
        let inner = write::inner(&voucher)?;
        Ok(Body { voucher, inner, return_reason: String::new() })
    }

    /// A voucher that is sent back, with the reason.
    ///
    /// # Errors
    /// As [`Body::new`]; also a reason that GBK cannot write.
    pub fn returned(voucher: Voucher, reason: &str) -> Result<Body, XmlError> {
        write::reason(reason)?;
        Ok(Body { return_reason: reason.to_owned(), ..Body::new(voucher)? })
    }

    /// The voucher.
    #[must_use]
    pub const fn voucher(&self) -> &Voucher {
        &self.voucher
    }

    /// Its own XML in GBK, byte for byte as it was written by whoever signed it.
    #[must_use]
    pub fn inner(&self) -> &[u8] {
        &self.inner
    }

    /// Why it was sent back; empty where it was not.
    #[must_use]
    pub fn return_reason(&self) -> &str {
        &self.return_reason
    }
}

/// Why a message or voucher is not read or written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum XmlError {
    /// More bytes than a message may have.
    #[error("{bytes} bytes, and a message has at most {bytes_max}; send fewer vouchers in one")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// How many there may be.
        bytes_max: usize,
    },
    /// More vouchers than a message may have.
    #[error("{vouchers} vouchers, and a message has at most {vouchers_max}; send several messages")]
    TooMany {
        /// How many.
        vouchers: usize,
        /// How many there may be.
        vouchers_max: usize,
    },
    /// Another encoding.
    #[error("the encoding is `{0}`; the national interface is GBK")]
    Encoding(String),
    /// Bytes that GBK does not have.
    #[error("{0} is not text in GBK; write it with GBK's characters alone")]
    NotGbk(&'static str),
    /// Something that no message of the interface has, and that is not read for safety.
    #[error("byte {at}: {what} is refused; leave it out")]
    Refused {
        /// Where.
        at: u64,
        /// What.
        what: &'static str,
    },
    /// Not the XML of a message.
    #[error("byte {at}: {what}; see the form of messages")]
    Malformed {
        /// Where.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// A voucher in it is not one.
    #[error("{0}")]
    Voucher(Finding),
}
