//! Goal: the checkpoint in sled leaves a committed round of every unit whole when its process ends
//! at any moment, and is set aside, without harm, when its files are not what was written.
//! Method: a child process killed in a loop and one that runs out of disk; files flipped, cut and
//! removed.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::PoisonError;

use storage::checkpoint::{CheckpointStore, Checkpoints, Fault, Found, SledCheckpoint, Why};
use storage::limits::CHECKPOINT_ASIDE_MAX;
use tempfile::TempDir;

use crate::checkpoint::*;
use crate::common::DATASET;

/// Tells the child where to write.
const WRITER_DIR: &str = "STORAGE_TEST_CHECKPOINT_DIR";

fn new_place() -> (TempDir, SledCheckpoint) {
    let dir = TempDir::new().unwrap();
    let place = SledCheckpoint::in_data_dir(dir.path());
    let (opened, _) = open_on(&place, 1);
    assert_eq!(opened.found, Found::Nothing);
    (dir, place)
}

fn scripted() -> (TempDir, SledCheckpoint) {
    let (dir, place) = new_place();
    let (mut store, _) = open_whole(&place);
    assert_eq!(run_script(store.as_mut()), (script().len(), None));
    (dir, place)
}

/// The same rows in another directory, to be damaged.
fn copy(place: &SledCheckpoint) -> (TempDir, SledCheckpoint) {
    let dir = TempDir::new().unwrap();
    let to = SledCheckpoint::in_data_dir(dir.path());
    copy_dir(&place.dir(), &to.dir());
    (dir, to)
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn file(place: &SledCheckpoint, name: &str) -> PathBuf {
    place.dir().join("sled").join(name)
}

fn names(dir: &TempDir) -> Vec<String> {
    let listed = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<_> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn each_round_is_there_after_a_reopen_and_unfinished_ones_are_not() {
    let (_dir, place) = new_place();
    for (number, (change, state)) in script().iter().zip(&script_states()[1..]).enumerate() {
        let (mut store, _) = open_whole(&place);
        change.write(store.as_mut()).unwrap();
        drop(store);
        let (mut store, units) = open_whole(&place);
        assert_eq!(units, script_states()[number], "round {number} was not committed");
        change.run(store.as_mut(), 1).unwrap();
        let reader = store.reader();
        for (unit, rows) in state {
            for (key, value) in rows {
                assert_eq!(reader.read(*unit, key).unwrap().as_ref(), Some(value));
            }
        }
        assert!(store.bytes_on_disk().unwrap() > 0);
        drop((store, reader));
        for threads in 1..4 {
            let (opened, units) = open_on(&place, threads);
            assert_eq!((opened.found, &units), (Found::Whole, state));
        }
    }
}

fn round(unit: u16, round: u64) -> Change {
    let key = |number: u64| format!("row {number}").into_bytes();
    let put = (0..40).filter(|number| number % 4 == round % 4);
    let bytes = |number: u64| ((number * 977 + round * 131) % 9000) as usize;
    Change {
        unit,
        put: put.map(|number| (key(number), value(round * 64 + number, bytes(number)))).collect(),
        delete: (0..40).filter(|number| number % 7 == round % 7).map(key).collect(),
    }
}

/// The body of the child process: rounds over three units until it is killed or fails. Told no
/// directory, it has nothing to do.
#[test]
fn writer_process() {
    let Some(dir) = std::env::var_os(WRITER_DIR) else {
        return;
    };
    let mut out = std::io::stdout();
    let (mut store, _) = open_whole(&SledCheckpoint::in_data_dir(Path::new(&dir)));
    writeln!(out, "\n! opened").unwrap();
    loop {
        for unit in 0..3 {
            let number = store.head(unit).map_or(0, |head| head.round) + 1;
            writeln!(out, "! begun {unit} {number}").unwrap();
            if let Err(fault) = round(unit, number).run(store.as_mut(), number) {
                writeln!(out, "! {fault:?}").unwrap();
                return;
            }
            writeln!(out, "! committed {unit} {number}").unwrap();
        }
    }
}

trait HeadOf {
    fn head(&self, unit: u16) -> Option<storage::checkpoint::Head>;
}

impl HeadOf for Box<dyn CheckpointStore> {
    fn head(&self, unit: u16) -> Option<storage::checkpoint::Head> {
        self.heads().into_iter().find(|head| head.unit == unit)
    }
}

/// What a child said it did, per unit: the last round begun, and the last committed.
#[derive(Default)]
struct Said {
    begun: [u64; 3],
    committed: [u64; 3],
    fault: Option<String>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        let Some(words) = line.strip_prefix("! ") else {
            return;
        };
        let words: Vec<&str> = words.split(' ').collect();
        let told = match words[0] {
            "begun" => &mut self.begun,
            "committed" => &mut self.committed,
            "opened" => return,
            _ => {
                self.fault = Some(words.join(" "));
                return;
            }
        };
        told[words[1].parse::<usize>().unwrap()] = words[2].parse().unwrap();
    }

    /// Opens, and holds what is there against what was said. `states` are those of each unit after
    /// each round.
    fn check(&self, place: &SledCheckpoint, states: &mut [Vec<Rows>; 3]) {
        let (store, units) = open_whole(place);
        for unit in 0..3 {
            let there = store.head(unit).map_or(0, |head| head.round);
            let at = usize::from(unit);
            let said = self.committed[at]..=self.begun[at].max(self.committed[at]);
            assert!(said.contains(&there), "unit {unit} is at round {there}, {said:?} was said");
            let states = &mut states[at];
            while states.len() <= there as usize {
                let mut units = Units::from([(unit, states.last().unwrap().clone())]);
                round(unit, states.len() as u64).apply(&mut units);
                states.push(units.remove(&unit).unwrap_or_default());
            }
            let rows = units.get(&unit).cloned().unwrap_or_default();
            assert_eq!(rows.len(), states[there as usize].len());
            assert!(rows == states[there as usize], "unit {unit} at round {there}");
        }
    }
}

/// What the child says, line by line.
type Heard = Lines<BufReader<ChildStdout>>;

/// Starts the child, by way of `before` if there is any: a program that executes it. Returns once
/// it has said something, so that it is past its exec.
fn spawn_writer(dir: &TempDir, before: &[&str]) -> (Child, Heard) {
    let own = std::env::current_exe().unwrap();
    let arguments = ["--exact", "checkpoint_sled::writer_process", "--nocapture"];
    let mut command = match before {
        [] => Command::new(own),
        [program, rest @ ..] => {
            let mut command = Command::new(program);
            command.args(rest).arg(own);
            command
        }
    };
    let _spawning = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    command.args(arguments).env(WRITER_DIR, dir.path()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    (child, lines)
}

#[test]
fn a_killed_process_leaves_every_unit_at_a_committed_round() {
    let (dir, place) = new_place();
    let mut states = [const { Vec::new() }; 3];
    states.fill(vec![Rows::new()]);
    let mut said = Said::default();
    for turn in 0..25 {
        let (mut child, mut lines) = spawn_writer(&dir, &[]);
        let mut heard = 0;
        while heard < 2 + turn * 7 % 23 {
            let line = lines.next().unwrap().unwrap();
            heard += u32::from(line.starts_with("! "));
            said.hear(&line);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        lines.for_each(|line| said.hear(&line.unwrap()));
        assert_eq!(said.fault, None);
        said.check(&place, &mut states);
    }
    assert!(said.committed.iter().sum::<u64>() > 50, "the child got somewhere");
}

#[test]
fn a_full_disk_ends_the_store_and_leaves_what_was_committed() {
    let (dir, place) = new_place();
    // No file of that process may grow past 1.5 MiB; the system says so to a write instead of ending
    // the process.
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 3072; exec \"$0\" \"$@\""];
    let (mut child, lines) = spawn_writer(&dir, &limited);
    let mut said = Said::default();
    lines.for_each(|line| said.hear(&line.unwrap()));
    child.wait().unwrap();
    assert_eq!(said.fault.as_deref(), Some("NoSpace"));
    let mut states = [const { Vec::new() }; 3];
    states.fill(vec![Rows::new()]);
    said.check(&place, &mut states);
}

/// Opens what may be damaged: whole, perhaps as of an earlier round (sled lost the end of its log),
/// or set aside, and why.
fn committed_or_aside(place: &SledCheckpoint, what: &str) -> Option<Why> {
    let (opened, units) = open_on(place, 1);
    match opened.found {
        Found::Whole => {
            assert!(script_states().contains(&units), "{what}: rows that were never committed");
            None
        }
        Found::SetAside { why, kept_as } => {
            assert!(Path::new(&kept_as).join("sled").exists() || why == Why::NoMarker, "{what}");
            drop(opened.store);
            assert_eq!(open_whole(place).1, Units::new(), "{what}: the new one is sound");
            Some(why)
        }
        Found::Nothing => panic!("{what}: it was there"),
    }
}

#[test]
fn a_flipped_byte_anywhere_is_set_aside_or_does_not_matter() {
    let (_dir, place) = scripted();
    let mut aside = 0;
    for name in ["db", "conf"] {
        let bytes = fs::read(file(&place, name)).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        for at in (0..=used).step_by((used / 60).max(1)) {
            let (_dir, place) = copy(&place);
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x20;
            fs::write(file(&place, name), bytes).unwrap();
            let why = committed_or_aside(&place, &format!("byte {at} of {name}"));
            aside += u32::from(why.is_some());
        }
    }
    assert!(aside > 10, "{aside} were set aside");
}

#[test]
fn cut_missing_and_strange_files_are_set_aside() {
    let (_dir, place) = scripted();
    let bytes = fs::metadata(file(&place, "db")).unwrap().len();
    let mut cuts = vec![("conf", 0), ("conf", 3), ("db", 0), ("db", 1), ("db", 4096)];
    cuts.extend((1..8).map(|part| ("db", bytes * part / 8)));
    for (name, length) in cuts {
        let (_dir, place) = copy(&place);
        fs::File::options().write(true).open(file(&place, name)).unwrap().set_len(length).unwrap();
        committed_or_aside(&place, &format!("{name} cut to {length}"));
    }
    for name in ["conf", "db"] {
        let (_dir, place) = copy(&place);
        fs::remove_file(file(&place, name)).unwrap();
        let why = committed_or_aside(&place, &format!("no {name}"));
        assert!(name == "conf" || why.is_some(), "without its log nothing can be whole");
    }
    // A name that is no text, where sled keeps large values: it panics over that.
    let (_dir, panicking) = copy(&place);
    let name = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    fs::write(file(&panicking, "blobs").join::<&std::ffi::OsStr>(name), "").unwrap();
    assert!(matches!(committed_or_aside(&panicking, "a panic"), Some(Why::Panicked(_))));
    let (_dir, place) = copy(&place);
    fs::remove_dir_all(place.dir()).unwrap();
    assert_eq!(open_on(&place, 1).0.found, Found::Nothing);
}

#[test]
fn an_open_that_died_is_set_aside_and_only_so_many_are_kept() {
    let (dir, place) = scripted();
    for _ in 0..CHECKPOINT_ASIDE_MAX + 2 {
        fs::write(place.dir().join("opening"), "").unwrap();
        assert_eq!(open_aside(&place), Why::Died);
        assert!(!place.dir().join("opening").exists());
    }
    assert_eq!(names(&dir), ["checkpoint", "checkpoint.aside-3", "checkpoint.aside-4"]);
}

#[test]
fn another_data_set_is_set_aside_and_so_is_what_the_caller_says() {
    let (dir, place) = scripted();
    let other = storage::dataset::DataSet { id: 0xabc, ..DATASET };
    let (_copied, elsewhere) = copy(&place);
    let opened = elsewhere.open(&other, &mut [Box::new(|_| panic!("nothing is visited"))]).unwrap();
    let Found::SetAside { why, .. } = opened.found else { panic!("{:?}", opened.found) };
    assert_eq!(why, Why::OtherDataSet { found: DATASET.id });

    let (store, _) = open_whole(&place);
    let reader = store.reader();
    let why = Why::Diverged("its cursor is not in the journal".to_owned());
    let opened = place.set_aside(&DATASET, store, why).unwrap();
    assert!(opened.store.heads().is_empty());
    assert_eq!(names(&dir), ["checkpoint", "checkpoint.aside-1"]);
    drop((opened, reader));
    assert_eq!(open_whole(&place).1, Units::new());
}

#[test]
fn what_a_running_engine_has_is_not_touched() {
    let (dir, place) = scripted();
    let (mut store, units) = open_whole(&place);
    let error = place.open(&DATASET, &mut [Box::new(|_| Ok(()))]).err().unwrap();
    assert!(error.to_string().contains("is in use"), "{error}");
    assert_eq!(names(&dir), ["checkpoint"]);
    script()[0].run(store.as_mut(), 9).unwrap();
    drop(store);
    let mut expected = units;
    script()[0].apply(&mut expected);
    assert_eq!(open_whole(&place).1, expected);
}

#[test]
fn where_none_can_be_made_the_caller_is_told() {
    let dir = TempDir::new().unwrap();
    let place = SledCheckpoint::in_data_dir(&dir.path().join("absent"));
    let error = place.open(&DATASET, &mut [Box::new(|_| Ok(()))]).err().unwrap();
    assert!(error.to_string().contains("cannot make directory"), "{error}");
    assert_eq!(names(&dir), [""; 0]);
    fs::write(dir.path().join("checkpoint"), "a file in its place").unwrap();
    let place = SledCheckpoint::in_data_dir(dir.path());
    assert!(place.open(&DATASET, &mut [Box::new(|_| Ok(()))]).is_err());
}

#[test]
fn after_a_fault_nothing_more_is_tried() {
    let (_dir, place) = scripted();
    let (mut store, _) = open_whole(&place);
    store.begin(1).unwrap();
    let too_long = [0; 100];
    assert!(matches!(store.put(1, &too_long, b""), Err(Fault::Bounds { .. })));
    store.put(1, b"k", b"v").unwrap();
    store.commit(1, &commit(9)).unwrap();
    drop(store);
    assert_eq!(open_whole(&place).1[&1][&b"k"[..]], b"v");
}

#[test]
fn what_another_boot_wrote_is_checked_whole_unless_it_was_brought_to_the_disk() {
    let (_dir, place) = scripted();
    let written = place.dir().join("written");
    let this_boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(fs::read_to_string(&written).unwrap(), this_boot);
    // A round that is not committed has lost a rest; so has one that is.
    let damaged = |says: Option<&str>| {
        let (dir, place) = copy(&place);
        let sled = sled::open(place.dir().join("sled")).unwrap();
        let rests = sled.open_tree("rests").unwrap();
        let (key, _) = rests.first().unwrap().unwrap();
        rests.remove(&key).unwrap();
        sled.flush().unwrap();
        drop((rests, sled));
        match says {
            Some(says) => fs::write(place.dir().join("written"), says).unwrap(),
            None => fs::remove_file(place.dir().join("written")).unwrap(),
        }
        let opened = open_on(&place, 2).0;
        drop(dir);
        opened.found
    };
    for trusted in [this_boot.as_str(), "settled"] {
        assert_eq!(damaged(Some(trusted)), Found::Whole, "{trusted}");
    }
    for not in [Some("another boot\n"), Some(""), None] {
        assert!(matches!(damaged(not), Found::SetAside { .. }), "{not:?}");
    }
    let (mut store, _) = open_whole(&place);
    store.settle().unwrap();
    drop(store);
    assert_eq!(fs::read_to_string(&written).unwrap(), "settled");
    drop(open_whole(&place));
    assert_eq!(
        fs::read_to_string(&written).unwrap(),
        this_boot,
        "from here on it is being written"
    );
}
