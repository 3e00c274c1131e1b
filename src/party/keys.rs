//! Keys and certificates of a test province: a root, and for each party a seal and a line certificate under it.
//!
//! Never for production: whoever runs this holds every party's keys.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::ids::Day;
use domain::voucher::{Party, SealPlace};
use exchange::certificates::Certificate;
use exchange::envelope::Seals;
use exchange::link::tls::name_of;
use exchange::party::identity::{file_name, key_file};
use exchange::signing::{CertificateId, Ed25519Signer};

use crate::{entropy, hex};

/// The directory of the root's key. No party has this name: a party's has its kind and code.
const ROOT: &str = "root";

/// Days on which certificates are good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Days {
    /// The first.
    pub(crate) first: Day,
    /// The last.
    pub(crate) last: Day,
}

/// A person with a key of their own for one place of a party's seals.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    party: Party,
    place: SealPlace,
    name: String,
}

impl std::str::FromStr for Person {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Person> {
        let parts = text.split_once('=');
        let parts = parts.and_then(|(party, rest)| Some((party, rest.split_once('=')?)));
        let Some((party, (place, name))) = parts else {
            bail!("`{text}` names no person; write them like finance:370000000=finance-maker=王芳");
        };
        let party: Party = party.parse()?;
        let places = || SealPlace::ALL.iter().filter(|place| place.party() == party.kind());
        let Some(place) = places().find(|known| known.slug() == place).copied() else {
            let known: Vec<&str> = places().map(|place| place.slug()).collect();
            bail!("`{place}` is no place of {party}'s seals; there are {}", known.join(", "));
        };
        Ok(Person { party, place, name: name.to_owned() })
    }
}

/// Makes a directory for each party, with its own keys and what it needs of the others, and one for the root's key.
pub(crate) fn make(dir: &Path, parties: &[Party], persons: &[Person], days: Days) -> Result<()> {
    if let Some(stranger) = persons.iter().find(|person| !parties.contains(&person.party)) {
        bail!("--person names {}, which is no --party; give it too", stranger.party);
    }
    if dir.exists() {
        bail!("{} is there already; choose a new directory", dir.display());
    }
    let root_secret = entropy::bytes()?;
    let root = signer(&root_secret);
    let root_text: String = hex::write(root.public_key().bytes());
    let mut seals = Vec::new();
    let mut lines = Vec::new();
    for &party in parties {
        let own = dir.join(file_name(party));
        std::fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
        let (secret, certificate) = issue(party, None, days, &root)?;
        write_secret(&own.join(key_file(None)), &Ed25519Signer::to_pem(&secret))?;
        seals.push((format!("{}.cert", file_name(party)), certificate));
        for person in persons.iter().filter(|person| person.party == party) {
            let (secret, certificate) = issue(party, Some(person), days, &root)?;
            write_secret(&own.join(key_file(Some(person.place))), &Ed25519Signer::to_pem(&secret))?;
            let name = format!("{}-{}.cert", file_name(party), person.place.slug());
            seals.push((name, certificate));
        }
        let key = rcgen::KeyPair::generate()?;
        let line = rcgen::CertificateParams::new(vec![name_of(party)])?.self_signed(&key)?;
        write(&own.join("tls.pem"), line.pem().as_bytes())?;
        write_secret(&own.join("tls-key.pem"), &key.serialize_pem())?;
        lines.push((party, line.pem()));
    }
    for &party in parties {
        let own = dir.join(file_name(party));
        write(&own.join("root.pub"), format!("{root_text}\n").as_bytes())?;
        for (name, bytes) in &seals {
            write(&own.join(name), bytes)?;
        }
        for (other, pem) in lines.iter().filter(|(other, _)| *other != party) {
            write(&own.join(format!("{}.tls.pem", file_name(*other))), pem.as_bytes())?;
        }
    }
    let own = dir.join(ROOT);
    let made = DirBuilder::new().mode(0o700).create(&own);
    made.with_context(|| format!("cannot make {}", own.display()))?;
    write_secret(&own.join("root.pem"), &Ed25519Signer::to_pem(&root_secret))
}

/// Gives a party a new key, and everybody its certificate beside the old one; gives the certificate and the name of its file.
/// The key comes last: until it is there, a start goes on with the old one.
pub(crate) fn renew(dir: &Path, party: Party, days: Days) -> Result<(CertificateId, String)> {
    let path = dir.join(ROOT).join("root.pem");
    let pem = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read the root's key {}; give a directory that `treasury simulate keys` made",
            path.display()
        )
    })?;
    let root = Ed25519Signer::from_pem(&pem, CertificateId([0; 16]))?;
    let own = dir.join(file_name(party));
    if !own.join("seal.pem").exists() {
        bail!("{} has no keys of {party}; name a party that it has", dir.display());
    }
    let name = free_name(&own, party);
    let (secret, bytes) = issue(party, None, days, &root)?;
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let theirs = entry?.path();
        if theirs.join("root.pub").exists() {
            write(&theirs.join(&name), &bytes)?;
        }
    }
    let (new, seal) = (own.join("seal.pem.new"), own.join(key_file(None)));
    write_secret(&new, &Ed25519Signer::to_pem(&secret))?;
    std::fs::rename(&new, &seal).with_context(|| format!("cannot write {}", seal.display()))?;
    let (certificate, _) = Certificate::read(&bytes)?;
    Ok((certificate.id(), name))
}

/// The name of a party's next certificate: the first has none but the party's, the second ends with 2.
fn free_name(own: &Path, party: Party) -> String {
    let name = |number: u32| format!("{}-{number}.cert", file_name(party));
    let free = (2..).map(name).find(|name| !own.join(name).exists());
    free.expect("numbers do not end before files do")
}

/// A new key of a party, or of a person for one place, and its certificate.
fn issue(
    party: Party,
    person: Option<&Person>,
    days: Days,
    root: &Ed25519Signer,
) -> Result<([u8; 32], Vec<u8>)> {
    let secret = entropy::bytes()?;
    let all = || SealPlace::ALL.iter().fold(Seals::NONE, |all, place| all.with(*place));
    let certificate = Certificate {
        party,
        holder: person.map_or_else(|| "业务专用章".to_owned(), |person| person.name.clone()),
        seals: person.map_or_else(all, |person| Seals::NONE.with(person.place)),
        first: days.first,
        last: days.last,
        key: signer(&secret).public_key(),
    };
    let bytes = certificate.issued_by(root)?;
    // One that could never be filed is not handed out.
    Certificate::read(&bytes)?;
    Ok((secret, bytes))
}

fn signer(secret: &[u8; 32]) -> Ed25519Signer {
    Ed25519Signer::from_secret(secret, CertificateId([0; 16]))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes what nobody but the owner may read.
fn write_secret(path: &PathBuf, text: &str) -> Result<()> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}
