//! A certificate's life, and whom a seal binds on which day.

use domain::ids::Day;
use domain::voucher::{Party, SealPlace};

use super::*;
use crate::envelope::Seals;
use crate::signing::{CertificateId, Ed25519Signer, Ed25519Verifier};

const PLACE: SealPlace = SealPlace::BankBusiness;

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

fn root() -> Ed25519Signer {
    Ed25519Signer::from_secret(&[99; 32], CertificateId([0; 16]))
}

fn certificate(party: Party, seed: u8, first: u32, last: u32) -> Certificate {
    Certificate {
        party,
        holder: "业务专用章".to_owned(),
        seals: Seals::NONE.with(PLACE),
        first: day(first),
        last: day(last),
        key: Ed25519Signer::from_secret(&[seed; 32], CertificateId([0; 16])).public_key(),
    }
}

fn verifier() -> Ed25519Verifier {
    Ed25519Verifier::on_threads(1)
}

/// A registry with one certificate that is filed and verified, and its id.
fn with(certificate: &Certificate) -> (Certificates, CertificateId) {
    let mut registry = Certificates::under(root().public_key());
    let id = add(&mut registry, certificate);
    (registry, id)
}

fn add(registry: &mut Certificates, certificate: &Certificate) -> CertificateId {
    let bytes = certificate.issued_by(&root()).expect("issued");
    let filed = registry.file(&bytes, day(20220101), "wang").expect("filed");
    registry.apply(&filed);
    let id = certificate.id();
    let verified = registry.verify(id, day(20220102), "li", &verifier()).expect("verified");
    registry.apply(&verified);
    id
}

#[test]
fn a_certificate_reads_as_it_was_issued_and_no_changed_byte_passes() {
    let whole = certificate(party("bank:102"), 1, 20220101, 20241231);
    let bytes = whole.issued_by(&root()).expect("issued");
    let (read, signature) = Certificate::read(&bytes).expect("a certificate");
    assert_eq!((read.id(), &read), (whole.id(), &whole));
    assert!(read.is_issued_by(&signature, &root().public_key(), &verifier()));
    for at in 0..bytes.len() {
        assert!(Certificate::read(&bytes[..at]).is_err(), "cut at {at}");
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok((read, signature)) = Certificate::read(&changed) {
            let root = root().public_key();
            assert!(!read.is_issued_by(&signature, &root, &verifier()), "changed at {at}");
        }
    }
}

#[test]
fn it_is_filed_by_one_and_verified_by_another() {
    let mut registry = Certificates::under(root().public_key());
    let own = certificate(party("bank:102"), 1, 20220101, 20241231);
    let bytes = own.issued_by(&root()).expect("issued");
    let id = own.id();
    let unknown = registry.verify(id, day(20220101), "li", &verifier());
    assert_eq!(unknown, Err(CertificateRefusal::Unknown { id }));
    registry.apply(&registry.file(&bytes, day(20220101), "wang").expect("filed"));
    let state = |registry: &Certificates, on| registry.get(id).expect("on file").state_on(day(on));
    assert_eq!(state(&registry, 20220103), CertificateState::Filed);
    assert_eq!(registry.file(&bytes, day(20220101), "wang"), Err(CertificateRefusal::Known { id }));
    let same = registry.verify(id, day(20220101), "wang", &verifier());
    assert_eq!(same, Err(CertificateRefusal::SamePerson { id, by: "wang".to_owned() }));
    for same in ["wang ", " wang", "wang\t", "wang\u{3000}"] {
        let told = registry.verify(id, day(20220101), same, &verifier());
        assert!(matches!(told, Err(CertificateRefusal::Text { .. })), "{same:?}: {told:?}");
    }
    registry.apply(&registry.verify(id, day(20220101), "li", &verifier()).expect("verified"));
    for (on, expected) in [
        (20211231, CertificateState::Verified),
        (20220101, CertificateState::Active),
        (20241201, CertificateState::Active),
        (20241202, CertificateState::Expiring),
        (20241231, CertificateState::Expiring),
        (20250101, CertificateState::Ended),
    ] {
        assert_eq!(state(&registry, on), expected, "{on}");
    }
    registry.apply(&registry.revoke(id, day(20230101), "li", "key lost").expect("revoked"));
    assert_eq!(state(&registry, 20230101), CertificateState::Revoked);
    let again = registry.revoke(id, day(20230101), "li", "key lost");
    assert_eq!(again, Err(CertificateRefusal::Revoked { id }));
}

#[test]
fn what_the_root_did_not_sign_is_never_verified() {
    let mut registry = Certificates::under(root().public_key());
    let own = certificate(party("bank:102"), 1, 20220101, 20241231);
    let other = Ed25519Signer::from_secret(&[98; 32], CertificateId([0; 16]));
    let bytes = own.issued_by(&other).expect("issued");
    registry.apply(&registry.file(&bytes, day(20220101), "wang").expect("filed"));
    let id = own.id();
    let refused = registry.verify(id, day(20220101), "li", &verifier());
    assert_eq!(refused, Err(CertificateRefusal::NotOfRoot { id }));
}

#[test]
fn whom_a_seal_binds_goes_by_party_seal_and_days() {
    let bank = party("bank:102");
    let (mut registry, id) = with(&certificate(bank, 1, 20220101, 20220630));
    let trusted = |registry: &Certificates, party, place, signed, today| {
        registry.trusted(id, party, place, day(signed), day(today)).map(|_| ())
    };
    let cases = [
        (bank, PLACE, 20220315, 20220315, Ok(())),
        // Signed on its last day, here weeks later: a roll-over orphans nothing.
        (bank, PLACE, 20220630, 20220715, Ok(())),
        (bank, PLACE, 20220701, 20220715, Err(Distrust::Expired)),
        (bank, PLACE, 20211231, 20220101, Err(Distrust::TooSoon)),
        (bank, PLACE, 20220630, 20220829, Ok(())),
        (bank, PLACE, 20220630, 20220830, Err(Distrust::TooOld)),
        (bank, PLACE, 20220318, 20220315, Ok(())),
        (bank, PLACE, 20220319, 20220315, Err(Distrust::Ahead)),
        (party("bank:103"), PLACE, 20220315, 20220315, Err(Distrust::WrongParty)),
        (bank, SealPlace::BankTransfer, 20220315, 20220315, Err(Distrust::WrongSeal)),
    ];
    for (party, place, signed, today, expected) in cases {
        let found = trusted(&registry, party, place, signed, today);
        assert_eq!(found, expected, "{party} {place:?} signed {signed}, today {today}");
    }
    let unknown =
        registry.trusted(CertificateId([5; 16]), bank, PLACE, day(20220315), day(20220315));
    assert_eq!(unknown.map(|_| ()), Err(Distrust::Unknown));
    registry.apply(&registry.revoke(id, day(20220316), "li", "key lost").expect("revoked"));
    // Also what says it was signed before: whoever has the key can write any day.
    let after = trusted(&registry, bank, PLACE, 20220315, 20220317);
    assert_eq!(after, Err(Distrust::Revoked));
}

#[test]
fn two_certificates_of_one_party_stand_beside_each_other() {
    let bank = party("bank:102");
    let (mut registry, old) = with(&certificate(bank, 1, 20220101, 20220630));
    let new = add(&mut registry, &certificate(bank, 2, 20220601, 20231231));
    for (id, signed, expected) in [
        (old, 20220615, Ok(())),
        (new, 20220615, Ok(())),
        (old, 20220701, Err(Distrust::Expired)),
        (new, 20220701, Ok(())),
    ] {
        let found = registry.trusted(id, bank, PLACE, day(signed), day(20220702));
        assert_eq!(found.map(|_| ()), expected, "{id} {signed}");
    }
    assert_eq!(registry.iter().count(), 2);
}

#[test]
fn events_read_as_they_were_written_and_fold_to_the_same() {
    let own = certificate(party("bank:102"), 1, 20220101, 20241231);
    let bytes = own.issued_by(&root()).expect("issued");
    let id = own.id();
    let (on, by) = (day(20220101), "王".to_owned());
    let events = [
        CertificateEvent::Filed { bytes, day: on, by: by.clone() },
        CertificateEvent::Verified { id, day: on, by: by.clone() },
        CertificateEvent::Revoked { id, day: on, by, reason: "密钥丢失".to_owned() },
    ];
    let mut registry = Certificates::under(root().public_key());
    for event in &events {
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        let read = CertificateEvent::decode(&bytes).expect("an event");
        assert_eq!(&read, event);
        for at in 0..bytes.len() {
            assert!(CertificateEvent::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
        registry.apply(&read);
    }
    assert_eq!(registry.get(id).expect("on file").state_on(on), CertificateState::Revoked);
}

#[test]
fn distrust_has_numbers_that_lead_back() {
    for &distrust in Distrust::ALL {
        assert_eq!(Distrust::from_number(distrust as u8), Some(distrust));
        assert!(!distrust.chinese().is_empty() && !distrust.to_string().is_empty());
    }
    assert_eq!(Distrust::from_number(0), None);
}
