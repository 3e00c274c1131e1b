//! A server that is stopped and goes on, a disk that is slow, a disk that is full.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::files::SmallDisk;
use crate::harness::server::Options;
use crate::harness::{Chance, wait_for};
use crate::lanes::{self, Sums};
use crate::strace::{Fault, Tracer, usable};
use crate::verdict::{Outcome, Told};
use crate::{Settings, part};

/// SIGSTOP and SIGCONT under load: what was under way goes on, and nothing is lost or doubled.
pub(crate) fn stopped_and_continued(settings: &Settings, chance: &mut Chance) -> Outcome {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options::new(dir.path());
    let (lanes, ()) = lanes::under(&options, chance, |shared, chance, server| {
        for _ in 0..settings.pauses {
            shared.wait_for_answers(chance.between(20, 2_000));
            server.signal(Signal::STOP);
            sleep(Duration::from_millis(settings.pause_ms));
            server.signal(Signal::CONT);
            shared.wait_for_answers(100);
        }
        (server, ())
    });
    let sums = Sums::of(&lanes);
    assert_eq!(sums.unanswered, 0, "a pause breaks no connection");
    let line = format!(
        "{} pauses of {} ms under {} commands; no connection broke",
        settings.pauses, settings.pause_ms, sums.commands
    );
    let figures = json!({ "pauses": settings.pauses, "pause_ms": settings.pause_ms,
        "commands": sums.commands });
    Ok(Told { line, figures })
}

/// Every write of the journal takes long: answers come late, and come.
pub(crate) fn slow_disk(_: &Settings, chance: &mut Chance) -> Outcome {
    const ANSWERS: u64 = 3_000;
    usable()?;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options { segment_mib: 1, ..Options::new(dir.path()) };
    let mut slow = 0;
    let (lanes, ()) = lanes::under(&options, chance, |shared, _, server| {
        for delay in ["20ms", "300ms"] {
            let segments = (1..=100)
                .map(|number| options.data.join(format!("journal/{number:010}.seg")))
                .collect();
            let becomes = format!("delay_enter={delay}");
            let fault =
                Fault { calls: "pwrite64", paths: segments, becomes, when: "1+".to_owned() };
            let log = tempfile::NamedTempFile::new().expect("a temporary file");
            let tracer = Tracer::attach(server.id(), &fault, log.path());
            shared.wait_for_answers(ANSWERS);
            tracer.detach();
            let written = std::fs::read_to_string(log.path()).expect("strace's log");
            let writes = written.matches("(DELAYED)").count();
            assert!(writes > 0, "no write was slow");
            slow += writes;
            part!("{writes} writes, each {delay} late");
        }
        (server, ())
    });
    let sums = Sums::of(&lanes);
    assert_eq!(sums.unanswered, 0, "a slow disk breaks no connection");
    let line = format!("{slow} slow writes under {} commands; every answer came", sums.commands);
    Ok(Told { line, figures: json!({ "slow_writes": slow, "commands": sums.commands }) })
}

/// A small ext4 disk that fills up under load, and is freed: the journal waits for its next
/// segment, and goes on; it is killed while it waits, too.
pub(crate) fn full_disk(_: &Settings, chance: &mut Chance) -> Outcome {
    const MIB: u64 = 160;
    let small =
        SmallDisk::ext4(MIB).map_err(|why| format!("no ext4 can be mounted here: {why}"))?;
    let options = Options { segment_mib: 1, ..Options::new(&small.path.join("data")) };
    // No mark turns anything away before: the journal itself comes to the end of its room.
    let options = options.with("--disk-low-mib", 0).with("--disk-full-mib", 0);
    let (lanes, rounds) = lanes::under(&options, chance, |shared, _, mut server| {
        let rounds = 3;
        for round in 0..rounds {
            let ballast = small.leave(0);
            let stalled = wait_until_stalled(shared);
            part!("the disk is full, and the server waits after {stalled} answers");
            assert!(server.is_running(), "a full disk ended it: {}", server.said());
            server = if round == 1 {
                shared.announce(None);
                server.kill();
                std::fs::remove_file(ballast).expect("ballast to remove");
                lanes::kills::start_again(shared, &options)
            } else {
                std::fs::remove_file(ballast).expect("ballast to remove");
                server
            };
            shared.wait_for_answers(500);
        }
        (server, rounds)
    });
    let sums = Sums::of(&lanes);
    let line = format!(
        "{MIB} MiB of ext4 filled and freed {rounds} times, once with a kill; {} commands",
        sums.commands
    );
    Ok(Told { line, figures: json!({ "mib": MIB, "rounds": rounds, "commands": sums.commands }) })
}

/// Waits until no answer has come for a while; gives how many came before.
fn wait_until_stalled(shared: &lanes::Shared) -> u64 {
    const QUIET_LOOKS: u32 = 500;
    let (begun, mut last, mut quiet) = (shared.answers(), shared.answers(), 0);
    wait_for("a server that waits for room", || {
        let now = shared.answers();
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
        (quiet > QUIET_LOOKS).then_some(now - begun)
    })
}
