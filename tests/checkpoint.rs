//! The real server and its checkpoint: starts that begin from it, settled payments that leave
//! memory and come back, and a checkpoint that is gone, damaged, stale or never opened whole: each
//! start ends in the state that the journal alone gives.

mod harness;

use std::fs;
use std::path::Path;

use domain::codes::{FactKind, StepKind};
use domain::ids::{PaymentId, QuotaId};
use domain::{Code, Role};
use harness::desk::Desk;
use harness::server::{Options, Server, digest, sound};
use harness::{Chance, files, orders, wait_for};
use protocol::lookup::{Answer, LookUp};

/// The division all of it happens in.
const DIVISION: u16 = 5;

/// What the quota has.
const HIS_FEN: i64 = 1_000_000;

/// What each payment is of.
const FEN: i64 = 100;

/// Payments that are cleared before anything else happens: several pages of them.
const SETTLED: u128 = 100;

/// Takes payments `first .. first + count` all the way to cleared.
fn settle(server: &Server, quota: QuotaId, first: u128, count: u128) {
    let mut desks = [Role::Maker, Role::Checker, Role::Finance, Role::Bank, Role::CentralBank]
        .map(|role| Desk::connect(server.address, role));
    for id in first..first + count {
        let serial = id as u64;
        let way = [
            orders::reserve(id, quota, FEN),
            orders::step(StepKind::ApproveUnit, id, quota, 0),
            orders::step(StepKind::Instruct, id, quota, 0),
            orders::fact(FactKind::ConfirmPaid, id, quota, serial, FEN),
            orders::fact(FactKind::Clear, id, quota, serial, FEN),
        ];
        for (desk, command) in desks.iter_mut().zip(&way) {
            desk.must(command);
        }
    }
}

fn metric(desk: &mut Desk, name: &str) -> u64 {
    let text = desk.metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// A data directory whose server has settled payments and ended in good order, and its digest.
fn settled() -> (tempfile::TempDir, QuotaId, String) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    settle(&server, quota, 1, SETTLED);
    let closed = server.stop();
    assert_eq!(closed.code, Some(0), "{}", closed.said);
    (dir, quota, closed.digest)
}

/// Starts a server on what is there, takes one more payment, stops it, and holds its digest
/// against the journal's. Gives its ready line.
fn goes_on(data: &Path, quota: QuotaId, payment: u128) -> serde_json::Value {
    let server = Options::existing(data).start();
    let ready = server.ready.clone();
    settle(&server, quota, payment, 1);
    let closed = server.stop();
    assert_eq!(closed.code, Some(0), "{}", closed.said);
    assert_eq!(sound(data)["digest"], closed.digest.as_str(), "live and replayed");
    ready
}

#[test]
fn a_start_goes_on_from_what_was_kept_and_reaches_the_journals_state() {
    let (dir, quota, before) = settled();
    assert_eq!(digest(dir.path(), 2), before);
    let ready = goes_on(dir.path(), quota, 1_000);
    assert!(ready["from_checkpoint"].as_u64().is_some_and(|from| from > 0), "{ready}");
    assert!(ready["checkpoint_set_aside"].is_null(), "{ready}");
    let replayed = ready["replayed"].as_u64().expect("a count");
    assert!(replayed < 10, "nearly all stands in the checkpoint: {ready}");
}

#[test]
fn settled_payments_leave_memory_and_come_back_when_they_are_named() {
    let (dir, quota, _) = settled();
    let server = Options::existing(dir.path()).with("--memory-limit", 1).start();
    let mut desk = Desk::connect(server.address, Role::Maker);
    assert!(metric(&mut desk, "treasury_payment_pages_out_total") > 0, "a start leaves them out");
    // A repeat, a look-up and a late refund each bring a page in and hear the right thing.
    let repeat = desk.one(&orders::reserve(3, quota, FEN));
    assert_eq!((repeat.code(), repeat.result.repeat), (Code::Accepted, true));
    let conflict = desk.one(&orders::reserve(20, quota, FEN + 1));
    assert_eq!(conflict.code(), Code::Conflict);
    let look_up =
        LookUp::Payment { division: quota.division(), year: quota.year(), id: PaymentId(40) };
    let Answer::Payment(view) = desk.ask(look_up) else { panic!("the payment is known") };
    assert_eq!(view.executed_fen.get(), FEN);
    let mut bank = Desk::connect(server.address, Role::Bank);
    bank.must(&orders::fact(FactKind::Refund, 60, quota, 9_060, 10));
    let again = bank.one(&orders::fact(FactKind::Refund, 60, quota, 9_060, 10));
    assert_eq!((again.code(), again.result.repeat), (Code::Accepted, true));
    let mut treasury = Desk::connect(server.address, Role::CentralBank);
    treasury.must(&orders::fact(FactKind::SettleRefund, 60, quota, 9_061, 10));
    assert!(metric(&mut desk, "treasury_payment_pages_in_total") >= 4);
    let closed = server.stop();
    assert_eq!(sound(dir.path())["digest"], closed.digest.as_str());
}

#[test]
fn a_kill_in_the_middle_of_a_sweep_costs_nothing_but_replay() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    settle(&server, quota, 1, 20);
    let mut desk = Desk::connect(server.address, Role::Maker);
    wait_for("the checkpoint keeps something", || {
        (metric(&mut desk, "treasury_checkpoint_sequence") > 0).then_some(())
    });
    server.kill();
    for life in 0..4 {
        let server = Options::existing(dir.path()).with("--memory-limit", 1).start();
        assert!(server.ready["checkpoint_set_aside"].is_null(), "{}", server.ready);
        assert!(server.ready["from_checkpoint"].as_u64() > Some(0), "{}", server.ready);
        settle(&server, quota, 1_000 * (life + 1), 30);
        server.kill();
    }
    goes_on(dir.path(), quota, 9_000);
}

#[test]
fn a_checkpoint_that_is_gone_is_made_again() {
    let (dir, quota, _) = settled();
    fs::remove_dir_all(dir.path().join("checkpoint")).expect("a checkpoint to remove");
    let ready = goes_on(dir.path(), quota, 1_000);
    assert!(ready["from_checkpoint"].is_null(), "{ready}");
    let ready = goes_on(dir.path(), quota, 1_001);
    assert!(ready["from_checkpoint"].as_u64() > Some(0), "{ready}");
}

#[test]
fn whatever_is_spoilt_in_a_checkpoint_the_journal_decides() {
    let (dir, quota, _) = settled();
    let mut chance = Chance::new("checkpoint");
    let mut set_aside = 0;
    for payment in 1_000..1_012 {
        let file = largest_file(&dir.path().join("checkpoint"));
        let length = fs::metadata(&file).expect("a file").len();
        if chance.once_in(4) {
            let cut = fs::OpenOptions::new().write(true).open(&file).expect("a file");
            cut.set_len(chance.below(length)).expect("a file that can be cut");
        } else {
            for _ in 0..64 {
                files::flip(&file, chance.below(length), chance.below(8) as u8);
            }
        }
        let ready = goes_on(dir.path(), quota, payment);
        set_aside += u32::from(!ready["checkpoint_set_aside"].is_null());
    }
    assert!(set_aside > 0, "no damage was ever seen");
}

#[test]
fn a_checkpoint_older_than_the_last_one_is_a_longer_replay() {
    let (dir, quota, _) = settled();
    let checkpoint = dir.path().join("checkpoint");
    let old = dir.path().join("old");
    files::copy_tree(&checkpoint, &old);
    goes_on(dir.path(), quota, 1_000);
    fs::remove_dir_all(&checkpoint).expect("a checkpoint to remove");
    fs::rename(&old, &checkpoint).expect("a directory that can be renamed");
    let ready = goes_on(dir.path(), quota, 1_001);
    assert!(ready["from_checkpoint"].as_u64() > Some(0), "{ready}");
    assert!(ready["replayed"].as_u64() > Some(5), "what came since is replayed: {ready}");
}

#[test]
fn another_data_sets_checkpoint_is_set_aside() {
    let (dir, quota, _) = settled();
    let (other, ..) = settled();
    let checkpoint = dir.path().join("checkpoint");
    fs::remove_dir_all(&checkpoint).expect("a checkpoint to remove");
    files::copy_tree(&other.path().join("checkpoint"), &checkpoint);
    let ready = goes_on(dir.path(), quota, 1_000);
    let why = ready["checkpoint_set_aside"].as_str().expect("it is said");
    assert!(why.contains("data set"), "{why}");
    assert!(ready["from_checkpoint"].is_null(), "{ready}");
}

#[test]
fn without_a_checkpoint_there_is_none_and_no_memory_limit() {
    let (dir, quota, before) = settled();
    let server = Options::existing(dir.path()).with("--checkpoint", false).start();
    assert!(server.ready["from_checkpoint"].is_null(), "{}", server.ready);
    let closed = server.stop();
    assert_eq!(closed.digest, before, "a start changes nothing");
    let options = Options::existing(dir.path()).with("--checkpoint", false);
    let refused = options.with("--memory-limit", 64).refused();
    assert!(refused.said.contains("without a checkpoint"), "{}", refused.said);
    goes_on(dir.path(), quota, 1_000);
}

fn largest_file(dir: &Path) -> std::path::PathBuf {
    let mut all = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                all.push(path);
            }
        }
    }
    let length = |path: &std::path::PathBuf| fs::metadata(path).map_or(0, |about| about.len());
    all.into_iter().max_by_key(length).expect("a file")
}
