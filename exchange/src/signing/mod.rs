//! Signing and verifying of exact bytes, behind two small traits.
//!
//! What is signed begins with words that say what it is ([`Purpose`]), so that a signature under one thing is
//! never good under another. Ed25519 is there. SM2 with SM3, and keys in a hardware module, have their names and
//! numbers here and are refused as not available. Never reads a file, never draws a number.

mod ed25519;
pub mod place;

pub use ed25519::{Ed25519Signer, Ed25519Verifier};
pub use place::KeyPlace;

use std::fmt;

use thiserror::Error;

use crate::limits::{PUBLIC_KEY_BYTES_MAX, SIGNATURE_BYTES_MAX};

/// How something is signed. Numbers are for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519 = 1,
    /// SM2 over SM3 (GM/T 0003, 0004; 国密). Known, not available yet.
    Sm2WithSm3 = 2,
}

impl Algorithm {
    /// The algorithm with a stable number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Algorithm> {
        match number {
            1 => Some(Algorithm::Ed25519),
            2 => Some(Algorithm::Sm2WithSm3),
            _ => None,
        }
    }

    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether this program signs and verifies by it.
    #[must_use]
    pub const fn is_available(self) -> bool {
        matches!(self, Algorithm::Ed25519)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::Sm2WithSm3 => "SM2 with SM3",
        })
    }
}

/// What a signature is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A seal on an envelope.
    Seal,
    /// A root's word for a party's certificate.
    Certificate,
}

impl Purpose {
    /// The first bytes of what is signed; none begins another.
    #[must_use]
    pub const fn prefix(self) -> &'static [u8] {
        match self {
            Purpose::Seal => b"treasury exchange seal 1\n",
            Purpose::Certificate => b"treasury exchange certificate 1\n",
        }
    }
}

/// The first 16 bytes of the BLAKE3 of a certificate's body: what names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CertificateId(pub [u8; 16]);

impl CertificateId {
    /// The id of a certificate's body.
    #[must_use]
    pub fn of(body: &[u8]) -> CertificateId {
        let hash = blake3::hash(body);
        CertificateId(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"))
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A signature, of at most [`SIGNATURE_BYTES_MAX`] bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    length: u8,
    bytes: [u8; SIGNATURE_BYTES_MAX],
}

impl Signature {
    /// A signature of these bytes; `None` where they are too many.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Signature> {
        let mut kept = [0; SIGNATURE_BYTES_MAX];
        kept.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Signature { length: bytes.len() as u8, bytes: kept })
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signature({} bytes)", self.length)
    }
}

/// Why nothing can be signed or verified.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SigningError {
    /// The algorithm has a number and no implementation here.
    #[error(
        "{algorithm} is known and not available in this program; use Ed25519, or a program version that has it"
    )]
    NotAvailable {
        /// Which.
        algorithm: Algorithm,
    },
    /// The place of a key is known and cannot be reached.
    #[error(
        "keys in a hardware module are known and not available in this program; use `file:PATH`"
    )]
    NoModule,
    /// The text names no place.
    #[error("`{text}` names no place of a key; write `file:PATH`")]
    NoPlace {
        /// What was given.
        text: String,
    },
    /// A key file that is none.
    #[error(
        "this is no Ed25519 key in a PKCS#8 file ({why}); make one with `openssl genpkey -algorithm ed25519`"
    )]
    NoKey {
        /// What was wrong.
        why: String,
    },
    /// A public key that is none, or that anybody can sign for.
    #[error("this is no public key for {algorithm}: {why}; make a new pair of keys")]
    NoPublicKey {
        /// For which algorithm.
        algorithm: Algorithm,
        /// What was wrong.
        why: &'static str,
    },
}

/// Signs exact bytes with one private key, in a certificate's name.
pub trait Signer: Send + Sync {
    /// By which algorithm.
    fn algorithm(&self) -> Algorithm;

    /// Whose public half the signatures are verified with.
    fn certificate(&self) -> CertificateId;

    /// Signs bytes for a purpose.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Result<Signature, SigningError>;
}

/// What a signature claims: that the holder of a key signed these bytes for this purpose.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The key.
    pub key: &'a PublicKey,
    /// The purpose.
    pub purpose: Purpose,
    /// The bytes.
    pub bytes: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
}

/// Verifies claims.
pub trait Verifier: Send + Sync {
    /// Whether each claim holds, in order. A batch where the algorithm has one.
    fn verify(&self, claims: &[Claim<'_>]) -> Vec<bool>;
}

/// A public key, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Of Ed25519.
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl PublicKey {
    /// A key from its bytes.
    ///
    /// # Errors
    /// When the algorithm is not available, or they are no key, or one that anybody can sign for.
    pub fn read(algorithm: Algorithm, bytes: &[u8]) -> Result<PublicKey, SigningError> {
        match algorithm {
            Algorithm::Ed25519 => ed25519::public_key(bytes).map(PublicKey::Ed25519),
            Algorithm::Sm2WithSm3 => Err(SigningError::NotAvailable { algorithm }),
        }
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Its bytes, at most [`PUBLIC_KEY_BYTES_MAX`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            PublicKey::Ed25519(key) => key.as_bytes(),
        }
    }
}

const _: () = assert!(ed25519_dalek::PUBLIC_KEY_LENGTH <= PUBLIC_KEY_BYTES_MAX);
const _: () = assert!(ed25519_dalek::SIGNATURE_LENGTH <= SIGNATURE_BYTES_MAX);
const _: () = assert!(SIGNATURE_BYTES_MAX <= u8::MAX as usize);

#[cfg(test)]
mod tests;
