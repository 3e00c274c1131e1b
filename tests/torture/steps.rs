//! A fault at every step by which something is kept, one after another: at the first call of a
//! kind, at the second, and so on, until a run ends without coming to it.
//!
//! Under load, the same lanes and the same data go through all of it: a run is a start and some
//! thousand answers; whatever ends it, the next start is without a fault, and the lanes hold the
//! server to all it has said. At the making of a data set, each run has a directory of its own.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::server::{Options, Server, sound};
use crate::harness::{Chance, wait_for};
use crate::lanes::{self, Shared, Sums, kills};
use crate::strace::{Fault, Log, usable};
use crate::verdict::{Outcome, Told};
use crate::{Settings, part};

/// Segments whose names are watched, around the last there is. (Each name is an argument of strace.)
const SEGMENTS_BEFORE: u64 = 40;
const SEGMENTS_BEHIND: u64 = 60;

/// Reads that fail, of each kind, at most: a start reads the whole journal.
const READS_MAX: u64 = 60;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// Groups of the journal.
    Journal,
    /// Segments that are filled ahead.
    Filler,
    /// Entries of directories.
    Directory,
    /// The checkpoint's store.
    Checkpoint,
}

impl Aim {
    fn paths(self, data: &Path) -> Vec<PathBuf> {
        let journal = data.join("journal");
        let segments = |ending: &str| {
            let last = last_segment(&journal);
            (last.saturating_sub(SEGMENTS_BEFORE).max(1)..=last + SEGMENTS_BEHIND)
                .map(|number| journal.join(format!("{number:010}.{ending}")))
                .collect()
        };
        match self {
            Aim::Journal => segments("seg"),
            Aim::Filler => segments("tmp"),
            Aim::Directory => vec![journal, data.to_owned()],
            Aim::Checkpoint => vec![data.join("checkpoint/sled/db")],
        }
    }
}

/// The highest number of a segment.
fn last_segment(journal: &Path) -> u64 {
    let entries = std::fs::read_dir(journal).expect("a journal's directory").flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let numbers = names.filter_map(|name| name.strip_suffix(".seg")?.parse().ok());
    numbers.max().unwrap_or(1)
}

/// What becomes of a call, and whether a server may live through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    Killed,
    Failed(&'static str),
    /// It says it has written 37 bytes.
    Short,
}

impl Becomes {
    fn injected(self) -> String {
        match self {
            Becomes::Killed => "signal=KILL".to_owned(),
            Becomes::Failed(error) => format!("error={error}"),
            Becomes::Short => "retval=37".to_owned(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Becomes::Killed => "KILL",
            Becomes::Failed(error) => error,
            Becomes::Short => "short",
        }
    }
}

/// Every call by which something is kept, while a server starts and serves.
const CALLS: &[(Aim, &str)] = &[
    (Aim::Journal, "pwrite64"),
    (Aim::Journal, "openat"),
    (Aim::Filler, "openat"),
    (Aim::Filler, "fallocate"),
    (Aim::Filler, "pwrite64"),
    (Aim::Filler, "fdatasync"),
    (Aim::Filler, "rename"),
    (Aim::Directory, "fsync"),
    (Aim::Checkpoint, "pwrite64"),
    (Aim::Checkpoint, "sync_file_range"),
    (Aim::Checkpoint, "fsync"),
];

/// Faults beside a kill and EIO, where they can be.
const OTHERS: &[(Aim, &str, Becomes)] = &[
    (Aim::Journal, "pread64", Becomes::Failed("EIO")),
    (Aim::Checkpoint, "pread64", Becomes::Failed("EIO")),
    (Aim::Journal, "pwrite64", Becomes::Failed("ENOSPC")),
    (Aim::Filler, "fallocate", Becomes::Failed("ENOSPC")),
    (Aim::Filler, "pwrite64", Becomes::Failed("ENOSPC")),
    (Aim::Filler, "openat", Becomes::Failed("ENOSPC")),
    (Aim::Checkpoint, "pwrite64", Becomes::Failed("ENOSPC")),
    (Aim::Journal, "pwrite64", Becomes::Failed("EINTR")),
    (Aim::Journal, "pwrite64", Becomes::Short),
    (Aim::Filler, "pwrite64", Becomes::Short),
    (Aim::Checkpoint, "pwrite64", Becomes::Short),
];

/// What came of the faults.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    steps: u64,
    in_start: u64,
    ended: u64,
    lived: u64,
}

/// How a run under a fault went.
enum Run {
    /// The call was not made so often.
    NotReached,
    /// The server did not become ready.
    InStart,
    /// It ended while it served.
    Ended,
    /// It went on.
    Lived,
}

/// Kills, errors and short writes at every step under load.
pub(crate) fn under_load(settings: &Settings, chance: &mut Chance) -> Outcome {
    usable()?;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = Options { segment_mib: 1, ..Options::new(dir.path()) };
    let kinds = CALLS.iter().flat_map(|&(aim, call)| {
        [(aim, call, Becomes::Killed), (aim, call, Becomes::Failed("EIO"))]
    });
    let kinds: Vec<_> = kinds.chain(OTHERS.iter().copied()).collect();
    let (lanes, (counts, lines)) = lanes::under(&options, chance, |shared, _, mut server| {
        let (mut counts, mut lines) = (Counts::default(), Vec::new());
        for &(aim, call, becomes) in &kinds {
            let mut steps = 0;
            let most = if call == "pread64" { READS_MAX } else { u64::MAX };
            while steps < settings.steps_max.min(most) {
                let fault = Fault {
                    calls: call,
                    paths: aim.paths(&options.data),
                    becomes: becomes.injected(),
                    when: (steps + 1).to_string(),
                };
                let run;
                (server, run) = one_run(shared, server, &options, settings, (&fault, aim, becomes));
                match run {
                    Run::NotReached => break,
                    Run::InStart => counts.in_start += 1,
                    Run::Ended => counts.ended += 1,
                    Run::Lived => counts.lived += 1,
                }
                steps += 1;
            }
            part!("{aim:?} {call} {}: {steps} steps", becomes.name());
            counts.steps += steps;
            lines.push(json!({ "on": format!("{aim:?}").to_lowercase(), "call": call,
                "becomes": becomes.name(), "steps": steps }));
        }
        (server, (counts, lines))
    });
    let sums = Sums::of(&lanes);
    let Counts { steps, in_start, ended, lived } = counts;
    let line = format!(
        "{steps} steps of {} kinds: {in_start} in a start, {ended} ended it, {lived} lived through; \
         {} unanswered",
        kinds.len(),
        sums.unanswered
    );
    let figures = json!({ "steps": steps, "kinds": lines, "in_start": in_start, "ended": ended,
        "lived_through": lived, "commands": sums.commands, "unanswered": sums.unanswered });
    Ok(Told { line, figures })
}

/// Starts the server with the fault beneath it, lets it work, and starts it without.
fn one_run(
    shared: &Shared,
    server: Server,
    options: &Options,
    settings: &Settings,
    given: (&Fault, Aim, Becomes),
) -> (Server, Run) {
    let (fault, ..) = given;
    let log = tempfile::NamedTempFile::new().expect("a temporary file");
    shared.announce(None);
    server.kill();
    let beneath = Options { beneath: fault.beneath(log.path()), ..options.clone() };
    let run = match beneath.try_start() {
        Err(refused) => {
            wait_until_hit(log.path(), fault, &refused.said);
            Run::InStart
        }
        Ok(server) => serve(shared, server, settings.answers, log.path(), given),
    };
    let server = kills::start_again(shared, options);
    // Lanes settle what they lost before the next fault, also where starts fail one after another.
    shared.wait_for_answers(20);
    (server, run)
}

/// What the tracer of a server that has ended wrote down, once it has written why.
fn wait_until_hit(log: &Path, fault: &Fault, said: &str) -> Log {
    wait_for(
        &format!("a word on {} {}; the server said {said}", fault.calls, fault.becomes),
        || {
            let log = Log::read(log);
            log.is_hit().then_some(log)
        },
    )
}

fn serve(
    shared: &Shared,
    mut server: Server,
    answers: u64,
    log: &Path,
    (fault, aim, becomes): (&Fault, Aim, Becomes),
) -> Run {
    shared.announce(Some(server.address));
    let enough = shared.answers() + answers;
    let lives = wait_for("the fault or its answers", || match server.is_running() {
        false => Some(false),
        true => (shared.answers() >= enough).then_some(true),
    });
    shared.announce(None);
    if !lives {
        let (code, said) = server.ended();
        let log = wait_until_hit(log, fault, &said);
        if becomes == Becomes::Killed {
            assert_eq!(code, None, "a kill ends it: {said}");
        } else {
            assert!(!said.is_empty(), "{fault:?} ended it with {code:?} and no word");
        }
        // The rest of a short write is written; what failed is not tried again.
        if aim == Aim::Journal && matches!(becomes, Becomes::Failed(_)) {
            assert_eq!(log.calls_after("pwrite64"), 0, "it was tried again after {fault:?}");
        }
        return Run::Ended;
    }
    let must_end = aim == Aim::Journal
        && fault.calls == "pwrite64"
        && becomes != Becomes::Failed("EINTR")
        && becomes != Becomes::Killed;
    if must_end && Log::read(log).is_injected() {
        // It came with the last answer: a journal that was not written does not go on.
        let (code, said) = server.ended();
        assert!(!said.is_empty(), "{fault:?} ended it with {code:?} and no word");
        return Run::Ended;
    }
    server.kill();
    // The kill above is in the log as well.
    let is_hit = becomes != Becomes::Killed && Log::read(log).is_injected();
    if is_hit { Run::Lived } else { Run::NotReached }
}

/// Kills and errors at every step at which a data set is made: the next start makes it, or finds it.
pub(crate) fn at_the_making(settings: &Settings, _: &mut Chance) -> Outcome {
    const CALLS: [&str; 9] = [
        "mkdir",
        "openat",
        "pwrite64",
        "fallocate",
        "fdatasync",
        "fsync",
        "rename",
        "ftruncate",
        "unlink",
    ];
    usable()?;
    let (mut steps, mut refused) = (0, 0);
    for call in CALLS {
        for becomes in [Becomes::Killed, Becomes::Failed("EIO")] {
            for nth in 1..=settings.making_max {
                match make(call, becomes, nth) {
                    Run::NotReached => break,
                    Run::InStart => refused += 1,
                    Run::Ended | Run::Lived => {}
                }
                steps += 1;
            }
        }
        part!("making, {call}: {steps} steps so far");
    }
    let line = format!("{steps} steps, {refused} before it was ready; each next start is sound");
    Ok(Told { line, figures: json!({ "steps": steps, "before_ready": refused }) })
}

fn make(call: &'static str, becomes: Becomes, nth: u64) -> Run {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    let log = dir.path().join("log");
    let options = Options { segment_mib: 1, ..Options::new(&data) };
    let (becomes_text, when) = (becomes.injected(), nth.to_string());
    let fault = Fault { calls: call, paths: Vec::new(), becomes: becomes_text, when };
    let beneath = Options { beneath: fault.beneath(&log), ..options.clone() };
    let run = match beneath.try_start() {
        Err(_) => Run::InStart,
        Ok(server) => {
            server.kill();
            if Log::read(&log).is_injected() { Run::Lived } else { Run::NotReached }
        }
    };
    if !matches!(run, Run::NotReached) {
        options.start().stop();
        sound(&data);
    }
    run
}
