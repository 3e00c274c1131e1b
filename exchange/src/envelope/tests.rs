//! Envelopes come back as they went; any other bytes are refused; a seal is good for one envelope, place and day.

use proptest::prelude::*;

use super::*;
use crate::signing::{Claim, Ed25519Signer, Ed25519Verifier, Verifier};

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_secret(&[5; 32], CertificateId([6; 16]))
}

fn voucher(payload: &[u8]) -> Subject {
    Subject::Voucher {
        key: VoucherKey::parse("370102000-2022-8202-0000000001").expect("a key"),
        flag: Flag::Original,
        format: PayloadFormat::Canonical,
        payload: payload.to_vec(),
    }
}

fn sealed(subject: &Subject) -> Envelope {
    let mut envelope = Envelope::new(party("finance:370000000"), party("bank:102"), subject);
    envelope.seal(SealPlace::FinanceBusiness, day(20220315), &signer()).expect("sealed");
    envelope
}

fn holds(envelope: &Envelope, at: usize) -> bool {
    let seal = &envelope.seals()[at];
    let (key, bytes) = (signer().public_key(), seal.signed_bytes(envelope.signed()));
    let claim =
        Claim { key: &key, purpose: Purpose::Seal, bytes: &bytes, signature: &seal.signature };
    Ed25519Verifier::on_threads(1).verify(&[claim]) == [true]
}

#[test]
fn an_envelope_comes_back_as_it_went_and_its_seal_holds() {
    let mut envelope = sealed(&voucher(b"payload"));
    envelope.seal(SealPlace::FinanceMaker, day(20220316), &signer()).expect("sealed");
    let read = Envelope::decode(&envelope.encode()).expect("an envelope");
    assert_eq!(read, envelope);
    assert_eq!(read.payload(), Some((PayloadFormat::Canonical, b"payload".as_slice())));
    assert!(holds(&read, 0) && holds(&read, 1));
    assert!(read.sealed().has_all(read.seals_required()));
    assert!(!read.clone().without_seals().sealed().has_all(read.seals_required()));
}

#[test]
fn no_changed_byte_passes_and_no_cut_is_read() {
    let envelope = sealed(&voucher(b"payload"));
    let bytes = envelope.encode();
    for at in 0..bytes.len() {
        assert!(Envelope::decode(&bytes[..at]).is_err(), "cut at {at}");
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok(read) = Envelope::decode(&changed) {
            let whose = read.seals()[0].certificate == signer().certificate();
            assert!(!whose || !holds(&read, 0), "changed at {at}");
        }
    }
    assert!(Envelope::decode(&[bytes, vec![0]].concat()).is_err());
}

#[test]
fn a_seal_cannot_be_moved() {
    let envelope = sealed(&voucher(b"payload"));
    for change in [
        |seal: &mut Seal| seal.place = SealPlace::BankTransfer,
        |seal: &mut Seal| seal.day = day(20220316),
        |seal: &mut Seal| seal.certificate = CertificateId([7; 16]),
        |seal: &mut Seal| seal.algorithm = Algorithm::Sm2WithSm3,
    ] {
        let mut moved = envelope.clone();
        change(&mut moved.seals[0]);
        assert!(!holds(&moved, 0), "{:?}", moved.seals[0]);
    }
    let other = sealed(&voucher(b"Payload"));
    let moved = Envelope { seals: envelope.seals.clone(), ..other };
    assert!(!holds(&moved, 0));
}

#[test]
fn the_digest_is_of_what_was_signed_whoever_signed_it() {
    let one = sealed(&voucher(b"payload"));
    let mut again = one.clone();
    again.seal(SealPlace::FinanceBusiness, day(20220401), &signer()).expect("sealed");
    assert_ne!(one.encode(), again.encode());
    assert_eq!((one.digest(), again.seals().len()), (again.digest(), 1));
    assert_ne!(one.digest(), sealed(&voucher(b"other")).digest());
}

#[test]
fn the_bytes_are_the_ones_they_always_were() {
    let envelope = sealed(&voucher(b"payload"));
    let hex: String = envelope.encode().iter().map(|byte| format!("{byte:02x}")).collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/envelope/golden.hex");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file, format!("{hex}\n")).expect("the golden file is written");
    }
    let expected = std::fs::read_to_string(file).expect("the golden file");
    assert_eq!(hex, expected.trim());
}

proptest! {
    #[test]
    fn any_payload_comes_back(payload in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let envelope = sealed(&voucher(&payload));
        prop_assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let with_magic = [&MAGIC[..], &[1, 0], &bytes].concat();
        for bytes in [bytes, with_magic] {
            if let Ok(envelope) = Envelope::decode(&bytes) {
                prop_assert_eq!(envelope.encode(), bytes);
            }
        }
    }
}
