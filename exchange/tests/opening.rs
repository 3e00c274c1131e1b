//! A party's journal on a real disk: whose it is, and turns that a crash cut.

use std::path::Path;
use std::sync::Arc;

use domain::ids::Day;
use domain::voucher::Party;
use exchange::finance::Finance;
use exchange::node::{CanonicalPayloads, KeyRing, Log, Means, Node};
use exchange::party::opening::{Folded, NewJournal, OpeningError, fold};
use exchange::record::{Event, KIND_GOES_ON, RECORD_VERSION, Stranger};
use exchange::signing::{CertificateId, Ed25519Signer, Ed25519Verifier};
use exchange::store::LanePolicy;
use storage::record::RecordWriter;

const FINANCE: &str = "finance:370000000";

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_secret(&[seed; 32], CertificateId([0; 16]))
}

/// A start on a directory, as far as there is a store.
fn start(
    dir: &Path,
    whose: &str,
    root: u8,
) -> Result<Node<Finance, impl Log + use<>>, OpeningError> {
    let business = Finance::new(party("central-bank:3700"));
    let new = NewJournal { id: 7, hash_key: [3; 16] };
    let Folded { folding, log, .. } =
        fold(dir, party(whose), &signer(root).public_key(), new, business, 1)?;
    let means = Means {
        payloads: Box::new(CanonicalPayloads),
        keys: KeyRing::new(Arc::new(signer(2))),
        verifier: Box::new(Ed25519Verifier::on_threads(1)),
        lanes: LanePolicy::default(),
        threads: 1,
    };
    Ok(folding.onto(log, means))
}

#[test]
fn another_party_and_another_root_are_refused_and_write_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut node = start(dir.path(), FINANCE, 1).expect("a new journal");
    node.own(1).expect("durable");
    drop(node);
    let bytes = || {
        let mut files: Vec<_> = std::fs::read_dir(dir.path().join("journal"))
            .expect("a journal")
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort_unstable();
        files.into_iter().map(|file| std::fs::read(file).expect("bytes")).collect::<Vec<_>>()
    };
    let before = bytes();
    for (whose, root) in [("bank:102", 1), (FINANCE, 9)] {
        let refused = start(dir.path(), whose, root).err().expect("refused");
        let OpeningError::Stranger { stranger, .. } = &refused else { panic!("{refused}") };
        assert_eq!(matches!(**stranger, Stranger::Party { .. }), root == 1, "{refused}");
        assert!(refused.to_string().contains(&dir.path().display().to_string()), "{refused}");
        assert!(bytes() == before, "{whose} wrote into another's journal");
    }
    let node = start(dir.path(), FINANCE, 1).expect("its own party");
    assert!(node.store().is_owned());
}

#[test]
fn a_turn_that_was_cut_before_its_end_never_was() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let day = Day::new(20_220_304).expect("a day");
    let business = Finance::new(party("central-bank:3700"));
    let new = NewJournal { id: 7, hash_key: [3; 16] };
    let root = signer(1).public_key();
    let folded = fold(dir.path(), party(FINANCE), &root, new, business, 1);
    let mut log = folded.expect("a new journal").log;
    let (event, mut body) = (Event::Day(day), Vec::new());
    event.encode(&mut body);
    let mut group = RecordWriter::default();
    group.write(event.kind(), RECORD_VERSION, &body);
    group.write(KIND_GOES_ON, RECORD_VERSION, &[]);
    log.append(group.run(), 1).expect("durable");
    drop(log);
    for _ in 0..2 {
        let node = start(dir.path(), FINANCE, 1).expect("its own party");
        assert!(!node.store().has_begun(), "the day was not begun");
    }
}
