//! Signatures hold for exactly what was signed, alone and in batches, on one thread and on two.

use super::*;

fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_secret(&[seed; 32], CertificateId([seed; 16]))
}

#[test]
fn a_key_file_reads_as_it_was_written() {
    let text = Ed25519Signer::to_pem(&[7; 32]);
    assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{text}");
    let read = Ed25519Signer::from_pem(&text, CertificateId([1; 16])).expect("a key");
    assert_eq!(read.public_key(), signer(7).public_key());
    // As `openssl genpkey -algorithm ed25519` writes it; the key of RFC 8410, 10.3.
    let known = "-----BEGIN PRIVATE KEY-----\n\
                 MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                 -----END PRIVATE KEY-----\n";
    let read = Ed25519Signer::from_pem(known, CertificateId([1; 16])).expect("a key");
    let public = read.public_key();
    assert_eq!(public.bytes()[..4], [0x19, 0xbf, 0x44, 0x09]);
}

#[test]
fn other_files_are_refused_with_what_to_do() {
    for text in ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let refused = Ed25519Signer::from_pem(text, CertificateId([1; 16])).expect_err("no key");
        assert!(refused.to_string().contains("openssl genpkey"), "{refused}");
    }
}

#[test]
fn a_signature_holds_for_its_bytes_its_purpose_and_its_key_alone() {
    let (one, other) = (signer(1), signer(2));
    let signature = one.sign(Purpose::Seal, b"pay 5").expect("signed");
    let verifier = Ed25519Verifier::on_threads(1);
    let holds = |key: &PublicKey, purpose, bytes: &[u8], signature: &Signature| {
        verifier.verify(&[Claim { key, purpose, bytes, signature }]) == [true]
    };
    let (key, wrong) = (one.public_key(), other.public_key());
    assert!(holds(&key, Purpose::Seal, b"pay 5", &signature));
    assert!(!holds(&key, Purpose::Seal, b"pay 6", &signature));
    assert!(!holds(&key, Purpose::Certificate, b"pay 5", &signature));
    assert!(!holds(&wrong, Purpose::Seal, b"pay 5", &signature));
    let cut = Signature::new(&signature.bytes()[..63]).expect("short");
    assert!(!holds(&key, Purpose::Seal, b"pay 5", &cut));
    let mut bytes = signature.bytes().to_vec();
    bytes[40] ^= 1;
    assert!(!holds(&key, Purpose::Seal, b"pay 5", &Signature::new(&bytes).expect("fits")));
}

#[test]
fn in_a_batch_exactly_the_bad_ones_are_named() {
    let signers: Vec<_> = (0..7).map(signer).collect();
    let keys: Vec<_> = signers.iter().map(Ed25519Signer::public_key).collect();
    let count = THREADS_TESTED * 3;
    let messages: Vec<_> = (0..count).map(|n| format!("voucher {n}").into_bytes()).collect();
    let mut signatures: Vec<_> = (0..count)
        .map(|n| signers[n % 7].sign(Purpose::Seal, &messages[n]).expect("signed"))
        .collect();
    let bad = [0, 63, 64, 255, 256, 300, count - 1];
    for n in bad {
        signatures[n] = signers[n % 7].sign(Purpose::Seal, b"another").expect("signed");
    }
    let claims: Vec<_> = (0..count)
        .map(|n| Claim {
            key: &keys[n % 7],
            purpose: Purpose::Seal,
            bytes: &messages[n],
            signature: &signatures[n],
        })
        .collect();
    for threads in [1, 2, 5] {
        let results = Ed25519Verifier::on_threads(threads).verify(&claims);
        let found: Vec<_> = (0..count).filter(|n| !results[*n]).collect();
        assert_eq!((results.len(), found), (count, bad.to_vec()), "{threads} threads");
    }
}

const THREADS_TESTED: usize = crate::limits::THREADS_WORTH;

#[test]
fn weak_keys_are_no_keys() {
    // The neutral point, and one of order 8: whoever likes can sign for them.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let order_8 = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ];
    for weak in [neutral, order_8] {
        let refused = PublicKey::read(Algorithm::Ed25519, &weak).expect_err("weak");
        assert!(refused.to_string().contains("weak"), "{refused}");
    }
    assert!(PublicKey::read(Algorithm::Ed25519, &[3; 31]).is_err());
}

#[test]
fn what_is_known_and_not_available_is_refused_by_name() {
    assert_eq!(Algorithm::from_number(2), Some(Algorithm::Sm2WithSm3));
    assert!(!Algorithm::Sm2WithSm3.is_available());
    let refused = PublicKey::read(Algorithm::Sm2WithSm3, &[0; 64]).expect_err("not available");
    assert!(refused.to_string().contains("SM2 with SM3 is known and not available"), "{refused}");
    assert_eq!("module:slot 1".parse::<KeyPlace>(), Err(SigningError::NoModule));
    assert_eq!("file:/a/b".parse(), Ok(KeyPlace::File("/a/b".into())));
    assert!("elsewhere".parse::<KeyPlace>().is_err());
}
