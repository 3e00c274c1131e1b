//! One certificate: whose key it is, which seals it may set, from when to when, and a root's word for it.

use domain::ids::Day;
use domain::voucher::{Party, SealPlace};
use thiserror::Error;

use crate::encoding::{Put, Reader, Unreadable};
use crate::envelope::Seals;
use crate::limits::{
    CERTIFICATE_BYTES_MAX, HOLDER_BYTES_MAX, PUBLIC_KEY_BYTES_MAX, SIGNATURE_BYTES_MAX,
};
use crate::signing::{
    Algorithm, CertificateId, Claim, PublicKey, Purpose, Signature, Signer, SigningError, Verifier,
};

const MAGIC: [u8; 4] = *b"TRCE";
const VERSION: u16 = 1;

/// Why bytes are no certificate that can be filed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateFault {
    /// They are none.
    #[error("this is no certificate: {0}")]
    Unreadable(#[from] Unreadable),
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] SigningError),
    /// Its last day is before its first.
    #[error(
        "the certificate ends on {last:?}, before it begins on {first:?}; have it issued again"
    )]
    Days {
        /// Its first day.
        first: Day,
        /// Its last day.
        last: Day,
    },
    /// It may set no seal.
    #[error("the certificate is for no seal; have it issued again with the seals its holder sets")]
    NoSeal,
    /// A name that is too long, empty or has control characters.
    #[error(
        "the holder's name is empty, too long or no plain text; at most {HOLDER_BYTES_MAX} bytes"
    )]
    Holder,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub party: Party,
    /// Which person or seal of that party: `业务专用章`, `记账员 王芳`.
    pub holder: String,
    /// The seals it may set.
    pub seals: Seals,
    /// The first day it is good on.
    pub first: Day,
    /// The last day it is good on.
    pub last: Day,
    /// The public key.
    pub key: PublicKey,
}

impl Certificate {
    /// The bytes a root signs, and whose hash names the certificate.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.push(self.key.algorithm().number());
        out.push(self.seals.bits());
        out.put_party(self.party);
        out.put_text(&self.holder);
        out.put_day(self.first);
        out.put_day(self.last);
        out.put_short(self.key.bytes());
        out
    }

    /// What names it.
    #[must_use]
    pub fn id(&self) -> CertificateId {
        CertificateId::of(&self.body())
    }

    /// The whole certificate: its body and a root's signature.
    ///
    /// # Errors
    /// When the root's key cannot be used.
    pub fn issued_by(&self, root: &dyn Signer) -> Result<Vec<u8>, SigningError> {
        let body = self.body();
        let signature = root.sign(Purpose::Certificate, &body)?;
        let mut out = Vec::with_capacity(body.len() + 80);
        out.put_short(&body);
        out.put_short(signature.bytes());
        Ok(out)
    }

    /// Reads a whole certificate. Whether the root signed it has not been asked.
    ///
    /// # Errors
    /// When the bytes are none, or one that could never be used.
    pub fn read(bytes: &[u8]) -> Result<(Certificate, Signature), CertificateFault> {
        let mut whole = Reader::new(bytes);
        let body = whole.short(CERTIFICATE_BYTES_MAX, "the certificate's body")?;
        let signature = whole.short(SIGNATURE_BYTES_MAX, "the root's signature")?;
        whole.end()?;
        let signature = Signature::new(signature).expect("it was held to the bound");
        Ok((Certificate::read_body(body)?, signature))
    }

    fn read_body(body: &[u8]) -> Result<Certificate, CertificateFault> {
        let mut fields = Reader::new(body);
        let (magic, version) = (fields.array::<4>("the magic")?, fields.u16("the version")?);
        Reader::known((magic == MAGIC).then_some(()), "the magic")?;
        Reader::known((version == VERSION).then_some(()), "the version")?;
        let algorithm = Algorithm::from_number(fields.u8("the algorithm")?);
        let algorithm = Reader::known(algorithm, "the algorithm")?;
        let seals = Reader::known(Seals::from_bits(fields.u8("the seals")?), "the seals")?;
        let party = fields.party("the party")?;
        let holder = fields.text(HOLDER_BYTES_MAX, "the holder")?.to_owned();
        let (first, last) = (fields.day("the first day")?, fields.day("the last day")?);
        let key = fields.short(PUBLIC_KEY_BYTES_MAX, "the public key")?;
        fields.end()?;
        if last < first {
            return Err(CertificateFault::Days { first, last });
        }
        if seals == Seals::NONE {
            return Err(CertificateFault::NoSeal);
        }
        if holder.is_empty() || holder.chars().any(char::is_control) {
            return Err(CertificateFault::Holder);
        }
        let key = PublicKey::read(algorithm, key)?;
        Ok(Certificate { party, holder, seals, first, last, key })
    }

    /// Whether a root's signature under it holds.
    #[must_use]
    pub fn is_issued_by(
        &self,
        signature: &Signature,
        root: &PublicKey,
        verifier: &dyn Verifier,
    ) -> bool {
        let bytes = self.body();
        let claim = Claim { key: root, purpose: Purpose::Certificate, bytes: &bytes, signature };
        verifier.verify(&[claim]) == [true]
    }

    /// Whether it may set a seal.
    #[must_use]
    pub const fn may_set(&self, place: SealPlace) -> bool {
        self.seals.has(place)
    }
}
