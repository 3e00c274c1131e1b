//! An envelope: one voucher, or notices about vouchers, with the exact bytes that were signed and the seals on them.
//!
//! What was signed is kept and sent as it is, never written again: a signature is over bytes. Anything can be
//! read here without trust; whether seals hold is asked of [`crate::certificates`] and [`crate::signing`].

use std::ops::Range;

use domain::ids::Day;
use domain::voucher::schema::schema;
use domain::voucher::{Flag, Party, PartyKind, SealPlace, VoucherKey};

use crate::encoding::{Put, Reader, Unreadable};
use crate::limits::{
    ENVELOPE_BYTES_MAX, NOTICES_MAX, PAYLOAD_BYTES_MAX, SEALS_MAX, SIGNATURE_BYTES_MAX,
};
use crate::notice::Notice;
use crate::signing::{Algorithm, CertificateId, Purpose, Signature, Signer, SigningError};

const MAGIC: [u8; 4] = *b"TREV";
const VERSION: u16 = 1;

/// A set of places for seals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seals(u8);

impl Seals {
    /// None.
    pub const NONE: Seals = Seals(0);

    /// A set from its bits: place 1 is the lowest.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Seals> {
        if bits < 1 << SealPlace::ALL.len() { Some(Seals(bits)) } else { None }
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// With a place in it.
    #[must_use]
    pub const fn with(self, place: SealPlace) -> Seals {
        Seals(self.0 | 1 << (place as u8 - 1))
    }

    /// Whether a place is in it.
    #[must_use]
    pub const fn has(self, place: SealPlace) -> bool {
        self.0 & 1 << (place as u8 - 1) != 0
    }

    /// Whether all of another set are in it.
    #[must_use]
    pub const fn has_all(self, others: Seals) -> bool {
        self.0 & others.0 == others.0
    }
}

/// How the payload writes the voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PayloadFormat {
    /// Canonical bytes.
    Canonical = 1,
    /// The national interface's XML, GBK inside.
    NationalXml = 2,
    /// Messages of ISO 20022.
    Iso20022 = 3,
}

impl PayloadFormat {
    /// Whether a receipt in it does not repeat its original, and is read beside that.
    #[must_use]
    pub const fn is_read_beside(self) -> bool {
        matches!(self, PayloadFormat::Iso20022)
    }

    /// Its name in JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            PayloadFormat::Canonical => "canonical",
            PayloadFormat::NationalXml => "national",
            PayloadFormat::Iso20022 => "iso20022",
        }
    }

    /// The format with a stable number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<PayloadFormat> {
        match number {
            1 => Some(PayloadFormat::Canonical),
            2 => Some(PayloadFormat::NationalXml),
            3 => Some(PayloadFormat::Iso20022),
            _ => None,
        }
    }
}

/// What is to be put into an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A voucher, as its payload has it.
    Voucher {
        /// Its key.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
        /// How the payload is written.
        format: PayloadFormat,
        /// The payload.
        payload: Vec<u8>,
    },
    /// Notices about vouchers.
    Notices(Vec<Notice>),
}

/// What an envelope is about, with the payload left where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Read {
    Voucher { key: VoucherKey, flag: Flag, format: PayloadFormat, payload: Range<usize> },
    Notices(Vec<Notice>),
}

/// One seal: who signed the envelope's bytes, when, in which place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Where it stands.
    pub place: SealPlace,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The certificate.
    pub certificate: CertificateId,
    /// The day it was set.
    pub day: Day,
    /// The signature.
    pub signature: Signature,
}

impl Seal {
    /// The bytes under this seal: what it says of itself, and the envelope's.
    #[must_use]
    pub fn signed_bytes(&self, envelope: &[u8]) -> Vec<u8> {
        under(self.place, self.algorithm, self.certificate, self.day, envelope)
    }
}

fn under(
    place: SealPlace,
    algorithm: Algorithm,
    certificate: CertificateId,
    day: Day,
    signed: &[u8],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(signed.len() + 32);
    out.push(place as u8);
    out.push(algorithm.number());
    out.extend_from_slice(&certificate.0);
    out.put_day(day);
    out.extend_from_slice(signed);
    out
}

/// The BLAKE3 of an envelope's signed bytes: two envelopes with one digest are the same voucher, whoever sealed
/// them and when.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(out, "{byte:02x}"))?;
        out.write_str("…")
    }
}

/// An envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    from: Party,
    to: Party,
    read: Read,
    signed: Vec<u8>,
    digest: Digest,
    seals: Vec<Seal>,
}

impl Envelope {
    /// An envelope without seals.
    ///
    /// # Panics
    /// When the payload or the notices are above their bound.
    #[must_use]
    pub fn new(from: Party, to: Party, subject: &Subject) -> Envelope {
        let mut signed = Vec::with_capacity(256);
        signed.put_party(from);
        signed.put_party(to);
        match subject {
            Subject::Voucher { key, flag, format, payload } => {
                assert!(payload.len() <= PAYLOAD_BYTES_MAX, "a payload of {} bytes", payload.len());
                signed.push(1);
                signed.put_key(key);
                signed.push(*flag as u8);
                signed.push(*format as u8);
                signed.put_long(payload);
            }
            Subject::Notices(notices) => {
                assert!((1..=NOTICES_MAX).contains(&notices.len()), "{} notices", notices.len());
                signed.push(2);
                signed.extend_from_slice(&(notices.len() as u16).to_le_bytes());
                notices.iter().for_each(|notice| notice.encode(&mut signed));
            }
        }
        Envelope::of_signed(signed, Vec::new()).expect("what is written can be read")
    }

    fn of_signed(signed: Vec<u8>, seals: Vec<Seal>) -> Result<Envelope, Unreadable> {
        let mut fields = Reader::new(&signed);
        let (from, to) = (fields.party("the sender")?, fields.party("the receiver")?);
        let read = match fields.u8("the subject")? {
            1 => {
                let (key, flag) = (fields.key()?, fields.flag()?);
                let format = PayloadFormat::from_number(fields.u8("the payload's format")?);
                let format = Reader::known(format, "the payload's format")?;
                let length = fields.long(PAYLOAD_BYTES_MAX, "the payload")?.len();
                Read::Voucher { key, flag, format, payload: signed.len() - length..signed.len() }
            }
            2 => {
                let count = usize::from(fields.u16("the number of notices")?);
                if count == 0 || count > NOTICES_MAX {
                    return Err(Unreadable::Impossible { what: "the number of notices" });
                }
                let notices =
                    (0..count).map(|_| Notice::decode(&mut fields)).collect::<Result<_, _>>();
                Read::Notices(notices?)
            }
            _ => return Err(Unreadable::Impossible { what: "the subject" }),
        };
        fields.end()?;
        let digest = Digest(*blake3::hash(&signed).as_bytes());
        Ok(Envelope { from, to, read, signed, digest, seals })
    }

    /// Reads an envelope, of whoever.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Envelope, Unreadable> {
        let mut fields = Reader::new(bytes);
        if bytes.len() > ENVELOPE_BYTES_MAX {
            let (length, max) = (bytes.len(), ENVELOPE_BYTES_MAX);
            return Err(Unreadable::TooLong { what: "the envelope", length, max });
        }
        let (magic, version) = (fields.array::<4>("the magic")?, fields.u16("the version")?);
        Reader::known((magic == MAGIC).then_some(()), "the magic")?;
        Reader::known((version == VERSION).then_some(()), "the version")?;
        let signed = fields.long(ENVELOPE_BYTES_MAX, "the signed bytes")?;
        let count = usize::from(fields.u8("the number of seals")?);
        if count > SEALS_MAX {
            return Err(Unreadable::TooLong { what: "the seals", length: count, max: SEALS_MAX });
        }
        let mut seals = Vec::with_capacity(count);
        for _ in 0..count {
            let seal = read_seal(&mut fields)?;
            if seals.last().is_some_and(|before: &Seal| before.place >= seal.place) {
                return Err(Unreadable::Impossible { what: "the order of seals" });
            }
            seals.push(seal);
        }
        fields.end()?;
        Envelope::of_signed(signed.to_vec(), seals)
    }

    /// The envelope as it is sent and kept.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.signed.len() + 128 * (1 + self.seals.len()));
        self.encode_into(&mut out);
        out
    }

    /// Puts the envelope behind what is there, as it is sent and kept.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.put_long(&self.signed);
        out.push(self.seals.len() as u8);
        for seal in &self.seals {
            out.push(seal.place as u8);
            out.push(seal.algorithm.number());
            out.extend_from_slice(&seal.certificate.0);
            out.put_day(seal.day);
            out.put_short(seal.signature.bytes());
        }
    }

    /// Sets a seal, instead of one in the same place.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn seal(
        &mut self,
        place: SealPlace,
        day: Day,
        signer: &dyn Signer,
    ) -> Result<(), SigningError> {
        let (algorithm, certificate) = (signer.algorithm(), signer.certificate());
        let bytes = under(place, algorithm, certificate, day, &self.signed);
        let signature = signer.sign(Purpose::Seal, &bytes)?;
        self.seals.retain(|seal| seal.place != place);
        self.seals.push(Seal { place, algorithm, certificate, day, signature });
        self.seals.sort_by_key(|seal| seal.place);
        Ok(())
    }

    /// Takes all seals off, to be sealed anew.
    #[must_use]
    pub fn without_seals(mut self) -> Envelope {
        self.seals.clear();
        self
    }

    /// Changes a bit of each signature, so that none holds: for test doubles that answer wrongly on purpose.
    pub(crate) fn spoil_seals(&mut self) {
        for seal in &mut self.seals {
            let mut bytes = seal.signature.bytes().to_vec();
            if let Some(first) = bytes.first_mut() {
                *first ^= 1;
            }
            seal.signature = Signature::new(&bytes).expect("it is as long as it was");
        }
    }

    /// Who sends it.
    #[must_use]
    pub const fn from(&self) -> Party {
        self.from
    }

    /// For whom it is.
    #[must_use]
    pub const fn to(&self) -> Party {
        self.to
    }

    /// The voucher in it by key and flag; `None` for notices.
    #[must_use]
    pub const fn voucher(&self) -> Option<(VoucherKey, Flag)> {
        match &self.read {
            Read::Voucher { key, flag, .. } => Some((*key, *flag)),
            Read::Notices(_) => None,
        }
    }

    /// The voucher's payload and how it is written; `None` for notices.
    #[must_use]
    pub fn payload(&self) -> Option<(PayloadFormat, &[u8])> {
        match &self.read {
            Read::Voucher { format, payload, .. } => Some((*format, &self.signed[payload.clone()])),
            Read::Notices(_) => None,
        }
    }

    /// The notices in it; none where it holds a voucher.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        match &self.read {
            Read::Voucher { .. } => &[],
            Read::Notices(notices) => notices,
        }
    }

    /// The exact bytes under the seals.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        &self.signed
    }

    /// Its seals, by number of their place.
    #[must_use]
    pub fn seals(&self) -> &[Seal] {
        &self.seals
    }

    /// The digest of its signed bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The seals it has to have: a voucher those of its kind's table, notices the business seal of their sender.
    #[must_use]
    pub fn seals_required(&self) -> Seals {
        let of_kind = match &self.read {
            Read::Voucher { key, flag, .. } => schema(key.kind).seals_of(*flag),
            Read::Notices(_) => &[],
        };
        if of_kind.is_empty() {
            return Seals::NONE.with(match self.from.kind() {
                PartyKind::Finance | PartyKind::Unit => SealPlace::FinanceBusiness,
                PartyKind::Bank => SealPlace::BankBusiness,
                PartyKind::CentralBank => SealPlace::TreasuryBusiness,
            });
        }
        of_kind.iter().fold(Seals::NONE, |all, place| all.with(*place))
    }

    /// The places that are sealed.
    #[must_use]
    pub fn sealed(&self) -> Seals {
        self.seals.iter().fold(Seals::NONE, |all, seal| all.with(seal.place))
    }
}

fn read_seal(fields: &mut Reader<'_>) -> Result<Seal, Unreadable> {
    let place = SealPlace::from_number(fields.u8("a seal's place")?);
    let place = Reader::known(place, "a seal's place")?;
    let algorithm = Algorithm::from_number(fields.u8("a seal's algorithm")?);
    let algorithm = Reader::known(algorithm, "a seal's algorithm")?;
    let certificate = CertificateId(fields.array("a seal's certificate")?);
    let day = fields.day("a seal's day")?;
    let signature = fields.short(SIGNATURE_BYTES_MAX, "a signature")?;
    let signature = Signature::new(signature).expect("it was held to the bound");
    Ok(Seal { place, algorithm, certificate, day, signature })
}

#[cfg(test)]
mod tests;
