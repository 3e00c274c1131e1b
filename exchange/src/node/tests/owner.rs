//! A journal knows whose it is and which root it trusts; nobody else goes on with it.

use super::super::*;
use super::world::*;
use crate::node::{Folding, MemoryLog};
use crate::record::Stranger;
use crate::signing::{Ed25519Signer, PublicKey};

fn another_root() -> PublicKey {
    Ed25519Signer::from_secret(&[77; 32], CertificateId([0; 16])).public_key()
}

fn folded(log: &MemoryLog, whose: &str, root: PublicKey) -> Result<(), NotATurn> {
    let mut folding = Folding::new(party(whose), root, 5, Counts::default());
    log.records().try_for_each(|group| folding.group(group))
}

fn is_stranger(found: Result<(), NotATurn>) -> Stranger {
    match found {
        Err(NotATurn::Stranger(stranger)) => *stranger,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_journal_goes_on_with_its_own_party_under_its_own_root_alone() {
    let mut node = born(BANK, first_keys(BANK), MemoryLog::new(1 << 20));
    assert!(!node.store().is_owned());
    node.own(0).expect("durable");
    node.own(0).expect("durable");
    assert!(node.store().is_owned());
    let log = node.into_log().found();
    assert_eq!(log.groups(), 2, "a start's mark, and its owner once");
    assert!(folded(&log, BANK, root().public_key()).is_ok());
    assert!(born(BANK, first_keys(BANK), log.clone()).store().is_owned());
    let (theirs, mine) = (party(BANK), party(FINANCE));
    let other = is_stranger(folded(&log, FINANCE, root().public_key()));
    assert_eq!(other, Stranger::Party { theirs, mine });
    let said = other.to_string();
    assert!(said.contains(BANK) && said.contains(FINANCE), "{said}");
    let other = is_stranger(folded(&log, BANK, another_root()));
    let said = other.to_string();
    for key in [root().public_key(), another_root()] {
        let digits: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(said.contains(&digits), "{said}");
    }
}

#[test]
fn a_journal_that_does_not_say_whose_it_is_is_known_by_its_letters() {
    let mut world = World::new();
    world.pay([1], "books");
    let log = world.finance.into_log().found();
    assert!(folded(&log, FINANCE, root().public_key()).is_ok());
    let other = is_stranger(folded(&log, BANK, root().public_key()));
    assert_eq!(other, Stranger::Party { theirs: party(FINANCE), mine: party(BANK) });
}

#[test]
fn a_certificate_of_another_root_that_was_verified_is_found_until_it_is_revoked() {
    use crate::signing::Ed25519Verifier;
    let verifier = Ed25519Verifier::on_threads(1);
    let world = World::new();
    let ours = world.finance.store().certificates();
    assert!(ours.iter().count() > 0);
    assert!(ours.of_another_root(&verifier).is_none());
    // What was verified under this root, folded under another.
    let mut folding = Folding::new(party(FINANCE), another_root(), 5, Counts::default());
    let log = world.finance.into_log().found();
    log.records().try_for_each(|group| folding.group(group)).expect("no owner in it");
    let mut node = folding.onto(log, means(first_keys(FINANCE)));
    let known: Vec<_> = node.store().certificates().iter().map(|(id, _)| id).collect();
    for id in known {
        assert!(node.store().certificates().of_another_root(&verifier).is_some());
        let (by, reason) = ("wang".to_owned(), "another province's".to_owned());
        done(&mut node, vec![Order::RevokeCertificate { id, by, reason }]);
    }
    assert!(node.store().certificates().of_another_root(&verifier).is_none());
}
