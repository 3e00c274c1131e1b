//! Measures appends on a real disk: `cargo run --release -p storage --example append -- DIR`.
//!
//! Prints groups, bytes and time for a few group sizes, with the filler running, and beside them
//! bare direct writes of the same size in the same minute: only the ratio of the two says
//! something about the journal.

#![allow(clippy::disallowed_methods, reason = "a measuring tool reads the clock")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use storage::aligned::AlignedBytes;
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, FileUse, RealDisk};
use storage::filler::{FillStep, FillerThread};
use storage::group::{GroupBuffer, SealFields};
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::limits::GROUP_BYTES_MAX;
use storage::position::{GroupHash, Place, Position};
use storage::record::RecordWriter;
use storage::recovery::OpenOptions;
use storage::segment::{journal_dir, segment_path};

const MEASURED_BYTES: u64 = 1 << 30;
const BARE_WRITES_MAX: u64 = 2000;

fn main() {
    let Some(dir) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: append DIR (a directory that is not there yet)");
        std::process::exit(2);
    };
    let disk = match RealDisk::probe(&dir) {
        Ok(disk) => disk,
        Err(error) => panic!("{error}"),
    };
    println!("writes are {}", disk.mode());
    let disk: Arc<dyn Disk> = Arc::new(disk);
    assembly();
    for kib in [4, 64, 256, 1023, 2046] {
        for filled_before in [true, false] {
            measure(&disk, &dir.join(format!("{kib}-{filled_before}")), kib * 1024, filled_before);
        }
    }
}

/// Building a group alone: copy, frames, CRC and hash, without a disk.
fn assembly() {
    let mut run = RecordWriter::default();
    while run.has_room(120) {
        run.write(16, 1, &[0x5a; 120]);
    }
    let mut buffer = GroupBuffer::new(GROUP_BYTES_MAX);
    let mut fields = SealFields {
        environment: Environment::Test,
        dataset_id: 1,
        place: Place { segment: 1, offset: 4096 },
        first: Position { epoch: 1, sequence: 1 },
        time_ms: 1,
        durable_before: Position::START,
        previous: GroupHash([0; 32]),
    };
    let mut times = Vec::new();
    for _ in 0..300 {
        let begin = Instant::now();
        buffer.begin();
        assert!(buffer.push_run(run.run()));
        fields.previous = buffer.seal(&fields).hash;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    let middle = times[times.len() / 2];
    println!(
        "building a group of 1 MiB: {middle:?}, {:.0} MB/s",
        run.bytes() as f64 / middle.as_secs_f64() / 1e6
    );
}

fn measure(disk: &Arc<dyn Disk>, dir: &Path, group_bytes: usize, filled_before: bool) {
    let dataset = DataSet {
        id: 1,
        environment: Environment::Test,
        hash_key: [0; 16],
        segment_bytes: 256 << 20,
    };
    LocalJournal::create(disk, dir, dataset).expect("a new directory");
    let mut options = OpenOptions::new("append", 1, &|_, _| true);
    if filled_before {
        options.fill_ahead = 5;
    }
    let mut opened = LocalJournal::open(disk, dir, &options, &mut |_| Ok(())).expect("just made");
    if filled_before {
        assert!(matches!(opened.filler.fill_all(), Ok(FillStep::Enough)), "room for segments");
    }
    let mut journal = opened.journal;
    let filler = FillerThread::spawn(opened.filler).expect("a thread");
    assert!(journal.wait_ready(Duration::from_secs(60)), "the first spare segment");
    let runs = group_bytes.div_ceil(1 << 20);
    let mut run = RecordWriter::default();
    while run.bytes() + 128 <= (group_bytes - 256) / runs {
        run.write(16, 1, &[0x5a; 120]);
    }
    let groups = (MEASURED_BYTES / group_bytes as u64).min(20_000);
    let mut latencies = Vec::with_capacity(groups as usize);
    let mut waited = Duration::ZERO;
    let begin = Instant::now();
    for group in 0..groups {
        let start = Instant::now();
        for _ in 0..runs {
            assert!(journal.stage(run.run()));
        }
        loop {
            match journal.commit(group) {
                Ok(_) => break,
                Err(JournalFault::NotReady { .. }) => {
                    let pause = Instant::now();
                    let _ = journal.wait_ready(Duration::from_millis(100));
                    waited += pause.elapsed();
                }
                Err(fault) => panic!("{fault}"),
            }
        }
        latencies.push(start.elapsed());
    }
    let took = begin.elapsed();
    filler.stop();
    latencies.sort_unstable();
    let bytes = groups * group_bytes as u64;
    let records = groups * runs as u64 * u64::from(run.records());
    println!(
        "{:>5} KiB groups, segments filled {}: {:>6.0} MB/s, {:>5.2} M records/s of 128 bytes, p50 {:?}, p99 {:?}, \
         waited for segments {:?}; bare writes {:.0} MB/s",
        group_bytes / 1024,
        if filled_before { "before" } else { "beside" },
        bytes as f64 / took.as_secs_f64() / 1e6,
        records as f64 / took.as_secs_f64() / 1e6,
        latencies[latencies.len() / 2],
        latencies[latencies.len() * 99 / 100],
        waited,
        bare(disk, dir, group_bytes),
    );
    drop(journal);
    let begin = Instant::now();
    let mut seen = 0_u64;
    let again = LocalJournal::open(disk, dir, &options, &mut |group| {
        seen += group.records.count() as u64;
        Ok(())
    })
    .expect("a journal just written");
    let took = begin.elapsed();
    println!(
        "{:>22}: opened again in {took:?}, {:.0} MB/s, {:.1} M records/s",
        "",
        again.bytes as f64 / took.as_secs_f64() / 1e6,
        seen as f64 / took.as_secs_f64() / 1e6
    );
    std::fs::remove_dir_all(dir).expect("our own directory");
}

fn bare(disk: &Arc<dyn Disk>, dir: &Path, bytes: usize) -> f64 {
    let path = segment_path(&journal_dir(dir), 1);
    let file = disk.open(&path, FileUse::Journal).expect("the first segment");
    let mut buffer = AlignedBytes::new(bytes);
    let writes = ((256_u64 << 20) / bytes as u64 - 1).min(BARE_WRITES_MAX);
    // The same bytes are written back that were there, so the journal stays readable.
    let mut spent = Duration::ZERO;
    for index in 0..writes {
        let offset = index * buffer.len() as u64;
        file.read_at(&mut buffer, offset).expect("a filled segment");
        let begin = Instant::now();
        file.write_at(&buffer, offset).expect("a filled segment");
        spent += begin.elapsed();
    }
    writes as f64 * bytes as f64 / spent.as_secs_f64() / 1e6
}
