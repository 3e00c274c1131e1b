//! The files a party is known by, in one directory:
//!
//! | file | what |
//! |---|---|
//! | `root.pub` | the province's root: its public Ed25519 key, 64 hexadecimal digits |
//! | `seal.pem` | the key the party seals with (PKCS#8) |
//! | `seal-PLACE.pem` | the key of one place, if that has one of its own: `seal-finance-maker.pem` |
//! | `PARTY.cert` | a certificate under the root, its own and those of others |
//! | `tls.pem`, `tls-key.pem` | its certificate and key for lines |
//! | `PARTY.tls.pem` | what a counterparty's line is filed with |
//!
//! `PARTY` is a party with `-` for its colon: `bank-102`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::voucher::{Party, SealPlace};
use thiserror::Error;

use crate::certificates::{Certificate, CertificateFault};
use crate::link::hello::Environment;
use crate::link::tls::{Filed, Own, TlsError};
use crate::node::KeyRing;
use crate::signing::{
    Algorithm, CertificateId, Ed25519Signer, Ed25519Verifier, PublicKey, Signer, SigningError,
};

/// Why a party's files cannot be used.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// A file cannot be read.
    #[error(
        "{path} cannot be read: {why}; a test province's files come of `treasury simulate keys`"
    )]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// The root is no key.
    #[error("{path} is no public key of 64 hexadecimal digits")]
    Root {
        /// The file.
        path: PathBuf,
    },
    /// There is no certificate of the party's own that fits a key, and may seal where it seals.
    #[error(
        "{dir} has no certificate of {party} for the key in {file} that may seal {place}; have one issued"
    )]
    NoCertificate {
        /// The directory.
        dir: PathBuf,
        /// The file of the key.
        file: String,
        /// The party.
        party: Party,
        /// The place; its own where the key is the party's.
        place: String,
    },
    /// A certificate.
    #[error("{path}: {fault}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: CertificateFault,
    },
    /// A certificate of another root.
    #[error(
        "{path} is not signed by the root in root.pub; have it issued by this province's root, or take the file away"
    )]
    NotOfRoot {
        /// The file.
        path: PathBuf,
    },
    /// A key.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// Of lines.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A party by its files.
pub struct Identity {
    /// The province's root.
    pub root: PublicKey,
    /// The keys the party seals with.
    pub keys: KeyRing,
    /// Every certificate there is, whole.
    pub certificates: Vec<Vec<u8>>,
    /// For lines.
    pub own: Own,
    dir: PathBuf,
}

/// A party's name in names of files.
#[must_use]
pub fn file_name(party: Party) -> String {
    party.to_string().replace(':', "-")
}

impl Identity {
    /// Reads a party's files.
    ///
    /// # Errors
    /// What is missing or wrong, by name.
    pub fn read(dir: &Path, me: Party) -> Result<Identity, IdentityError> {
        let root = root(&dir.join("root.pub"))?;
        let certificates = certificates(dir, &root)?;
        let own: Vec<&Certificate> = certificates
            .values()
            .map(|(certificate, _)| certificate)
            .filter(|certificate| certificate.party == me)
            .collect();
        let keys = keys(dir, me, &own)?;
        let (chain, tls_key) = (bytes(&dir.join("tls.pem"))?, bytes(&dir.join("tls-key.pem"))?);
        Ok(Identity {
            root,
            keys,
            own: Own::from_pem(me, &chain, &tls_key)?,
            certificates: certificates.into_values().map(|(_, bytes)| bytes).collect(),
            dir: dir.to_owned(),
        })
    }

    /// The installation that all parties under this root are of: a test one.
    #[must_use]
    pub fn installation(&self) -> Environment {
        let hash = blake3::hash(self.root.bytes());
        let name = hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
        Environment { id: u128::from_le_bytes(*name), production: false }
    }

    /// What the line of a counterparty is filed with.
    ///
    /// # Errors
    /// When there is no such file, or it is no certificate.
    pub fn filed(&self, peer: Party) -> Result<Filed, IdentityError> {
        let path = self.dir.join(format!("{}.tls.pem", file_name(peer)));
        Ok(Filed::from_pem(peer, &bytes(&path)?, &[])?)
    }
}

/// The party's own key, and those of the places for which there is a file.
fn keys(dir: &Path, me: Party, own: &[&Certificate]) -> Result<KeyRing, IdentityError> {
    let mut ring = KeyRing::new(signer(dir, me, own, None)?);
    for place in SealPlace::ALL.iter().filter(|place| place.party() == me.kind()) {
        if dir.join(key_file(Some(*place))).exists() {
            ring = ring.with(*place, signer(dir, me, own, Some(*place))?);
        }
    }
    Ok(ring)
}

/// The file of the key of a place; of the party's own key for none.
#[must_use]
pub fn key_file(place: Option<SealPlace>) -> String {
    place.map_or_else(|| "seal.pem".to_owned(), |place| format!("seal-{}.pem", place.slug()))
}

/// A key with the certificate of the party that is for it, and may seal its place.
fn signer(
    dir: &Path,
    me: Party,
    own: &[&Certificate],
    place: Option<SealPlace>,
) -> Result<Arc<dyn Signer>, IdentityError> {
    let file = key_file(place);
    let unnamed = Ed25519Signer::from_pem(&text(&dir.join(&file))?, CertificateId([0; 16]))?;
    let key = unnamed.public_key();
    let fits = |one: &&&Certificate| one.key == key && place.is_none_or(|place| one.may_set(place));
    let Some(certificate) = own.iter().find(fits) else {
        let place = place.map_or_else(|| "for it".to_owned(), |place| place.slug().to_owned());
        return Err(IdentityError::NoCertificate { dir: dir.to_owned(), file, party: me, place });
    };
    Ok(Arc::new(unnamed.named(certificate.id())))
}

fn root(path: &Path) -> Result<PublicKey, IdentityError> {
    let text = text(path)?;
    let digits = text.trim();
    let none = || IdentityError::Root { path: path.to_owned() };
    if digits.len() != 64 || !digits.is_ascii() {
        return Err(none());
    }
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16);
    let key: Result<Vec<u8>, _> = (0..32).map(byte).collect();
    Ok(PublicKey::read(Algorithm::Ed25519, &key.map_err(|_| none())?)?)
}

/// Certificates by the names of their files, each of the root.
fn certificates(
    dir: &Path,
    root: &PublicKey,
) -> Result<BTreeMap<PathBuf, (Certificate, Vec<u8>)>, IdentityError> {
    let verifier = Ed25519Verifier::on_threads(1);
    let failed = |why| IdentityError::File { path: dir.to_owned(), why };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|end| end == "cert") {
            let bytes = bytes(&path)?;
            let read = Certificate::read(&bytes);
            let (certificate, signature) =
                read.map_err(|fault| IdentityError::Certificate { path: path.clone(), fault })?;
            if !certificate.is_issued_by(&signature, root, &verifier) {
                return Err(IdentityError::NotOfRoot { path });
            }
            found.insert(path, (certificate, bytes));
        }
    }
    Ok(found)
}

fn bytes(path: &Path) -> Result<Vec<u8>, IdentityError> {
    std::fs::read(path).map_err(|why| IdentityError::File { path: path.to_owned(), why })
}

fn text(path: &Path) -> Result<String, IdentityError> {
    std::fs::read_to_string(path).map_err(|why| IdentityError::File { path: path.to_owned(), why })
}
