//! Ed25519: signing with a key from a file, verifying in batches.
//!
//! A batch that fails says of no claim which it was; then its parts are verified, and each claim of a part that
//! fails is looked at alone, strictly. A batch
//! that holds may hold a signature that its own signer made so that a strict look refuses it: nobody else can
//! make one, and whoever made it is bound by it here.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey, verify_batch};

use super::{
    Algorithm, CertificateId, Claim, PublicKey, Purpose, Signature, Signer, SigningError, Verifier,
};
use crate::limits::{THREADS_WORTH, VERIFY_BATCH, VERIFY_PARTS};

/// Signs with a private key in memory, which is wiped when this is dropped.
pub struct Ed25519Signer {
    key: SigningKey,
    certificate: CertificateId,
}

impl std::fmt::Debug for Ed25519Signer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Ed25519Signer({})", self.certificate)
    }
}

impl Ed25519Signer {
    /// A signer from the text of a PKCS#8 file, in a certificate's name.
    ///
    /// # Errors
    /// When the text is no such file.
    pub fn from_pem(text: &str, certificate: CertificateId) -> Result<Ed25519Signer, SigningError> {
        let key = SigningKey::from_pkcs8_pem(text)
            .map_err(|error| SigningError::NoKey { why: error.to_string() })?;
        Ok(Ed25519Signer { key, certificate })
    }

    /// A signer from 32 secret bytes, drawn by whoever may draw.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32], certificate: CertificateId) -> Ed25519Signer {
        Ed25519Signer { key: SigningKey::from_bytes(secret), certificate }
    }

    /// The text of a PKCS#8 file of 32 secret bytes.
    #[must_use]
    pub fn to_pem(secret: &[u8; 32]) -> String {
        let key = SigningKey::from_bytes(secret);
        let text = key.to_pkcs8_pem(LineEnding::LF).expect("32 bytes are a key and have a file");
        text.to_string()
    }

    /// The same key in another certificate's name.
    #[must_use]
    pub fn named(self, certificate: CertificateId) -> Ed25519Signer {
        Ed25519Signer { certificate, ..self }
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.key.verifying_key())
    }
}

impl Signer for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn certificate(&self) -> CertificateId {
        self.certificate
    }

    fn sign(&self, purpose: Purpose, bytes: &[u8]) -> Result<Signature, SigningError> {
        let signature = self.key.sign(&whole(purpose, bytes));
        Ok(Signature::new(&signature.to_bytes()).expect("64 bytes are a signature"))
    }
}

fn whole(purpose: Purpose, bytes: &[u8]) -> Vec<u8> {
    [purpose.prefix(), bytes].concat()
}

/// A key that only the holder of its private half can sign for.
pub(super) fn public_key(bytes: &[u8]) -> Result<VerifyingKey, SigningError> {
    let refused = |why| SigningError::NoPublicKey { algorithm: Algorithm::Ed25519, why };
    let bytes = bytes.try_into().map_err(|_| refused("it has not 32 bytes"))?;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| refused("it is no point"))?;
    // A key with a small part verifies otherwise alone than in a batch.
    if key.is_weak() || !key.to_edwards().is_torsion_free() {
        return Err(refused("it is a weak point"));
    }
    Ok(key)
}

/// Verifies Ed25519, in batches, on as many threads as it is given.
#[derive(Clone, Copy, Debug)]
pub struct Ed25519Verifier {
    threads: usize,
}

impl Ed25519Verifier {
    /// A verifier on this many threads; few claims are verified on the caller's.
    #[must_use]
    pub const fn on_threads(threads: usize) -> Ed25519Verifier {
        Ed25519Verifier { threads }
    }
}

impl Verifier for Ed25519Verifier {
    fn verify(&self, claims: &[Claim<'_>]) -> Vec<bool> {
        if self.threads < 2 || claims.len() < THREADS_WORTH {
            return claims.chunks(VERIFY_BATCH).flat_map(batch).collect();
        }
        let share = claims.len().div_ceil(self.threads).next_multiple_of(VERIFY_BATCH);
        let on_one = |claims: &[Claim<'_>]| -> Vec<bool> {
            claims.chunks(VERIFY_BATCH).flat_map(batch).collect()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                claims.chunks(share).map(|share| scope.spawn(move || on_one(share))).collect();
            let results = threads.into_iter().map(|thread| thread.join());
            results.flat_map(|result| result.expect("verifying does not panic")).collect()
        })
    }
}

/// Verifies one batch, by parts where it does not hold.
fn batch(claims: &[Claim<'_>]) -> Vec<bool> {
    if claims.len() > 1 && holds(claims) {
        return vec![true; claims.len()];
    }
    let parts = claims.chunks(claims.len().div_ceil(VERIFY_PARTS));
    let verified = |part: &[Claim<'_>]| match part.len() > 1 && holds(part) {
        true => vec![true; part.len()],
        false => part.iter().map(holds_alone).collect(),
    };
    parts.flat_map(verified).collect()
}

/// Whether all claims of a batch hold.
fn holds(claims: &[Claim<'_>]) -> bool {
    let messages: Vec<_> = claims.iter().map(|claim| whole(claim.purpose, claim.bytes)).collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let keys: Vec<VerifyingKey> = claims.iter().map(key_of).collect();
    let signatures: Option<Vec<_>> = claims.iter().map(signature_of).collect();
    signatures.is_some_and(|all| verify_batch(&messages, &all, &keys).is_ok())
}

fn holds_alone(claim: &Claim<'_>) -> bool {
    let message = whole(claim.purpose, claim.bytes);
    signature_of(claim).is_some_and(|one| key_of(claim).verify_strict(&message, &one).is_ok())
}

fn signature_of(claim: &Claim<'_>) -> Option<ed25519_dalek::Signature> {
    ed25519_dalek::Signature::from_slice(claim.signature.bytes()).ok()
}

const fn key_of(claim: &Claim<'_>) -> VerifyingKey {
    match claim.key {
        PublicKey::Ed25519(key) => *key,
    }
}
