//! Keys and certificates of a test province: a root, and for each party a seal and a line certificate under it.
//!
//! Never for production: whoever runs this holds every party's keys.

use std::path::Path;

use anyhow::{Context, Result, bail};
use domain::ids::Day;
use domain::voucher::{Party, SealPlace};
use exchange::certificates::Certificate;
use exchange::envelope::Seals;
use exchange::link::tls::name_of;
use exchange::party::identity::file_name;
use exchange::signing::{CertificateId, Ed25519Signer};

use crate::{entropy, hex};

/// Makes a directory for each party, with its own keys and what it needs of the others.
pub(crate) fn make(dir: &Path, parties: &[Party], first: Day, last: Day) -> Result<()> {
    if dir.exists() {
        bail!("{} is there already; choose a new directory", dir.display());
    }
    let root = Ed25519Signer::from_secret(&entropy::bytes()?, CertificateId([0; 16]));
    let root_text: String = hex::write(root.public_key().bytes());
    let mut seals = Vec::new();
    let mut lines = Vec::new();
    for &party in parties {
        let own = dir.join(file_name(party));
        std::fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
        let secret = entropy::bytes()?;
        write(&own.join("seal.pem"), &Ed25519Signer::to_pem(&secret))?;
        let signer = Ed25519Signer::from_secret(&secret, CertificateId([0; 16]));
        let certificate = Certificate {
            party,
            holder: "业务专用章".to_owned(),
            seals: SealPlace::ALL.iter().fold(Seals::NONE, |all, place| all.with(*place)),
            first,
            last,
            key: signer.public_key(),
        };
        seals.push((party, certificate.issued_by(&root)?));
        let key = rcgen::KeyPair::generate()?;
        let line = rcgen::CertificateParams::new(vec![name_of(party)])?.self_signed(&key)?;
        write(&own.join("tls.pem"), &line.pem())?;
        write(&own.join("tls-key.pem"), &key.serialize_pem())?;
        lines.push((party, line.pem()));
    }
    for &party in parties {
        let own = dir.join(file_name(party));
        write(&own.join("root.pub"), &format!("{root_text}\n"))?;
        for (other, bytes) in &seals {
            let path = own.join(format!("{}.cert", file_name(*other)));
            std::fs::write(&path, bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        for (other, pem) in lines.iter().filter(|(other, _)| *other != party) {
            write(&own.join(format!("{}.tls.pem", file_name(*other))), pem)?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
