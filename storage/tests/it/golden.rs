//! Goal: the bytes of format 1 never change unnoticed.
//! Method: a journal of fixed inputs is compared, byte for byte, with files kept from the day the
//! format was fixed, and those files are opened by today's code.
//!
//! The kept files hold the blocks that are not zero, in hex; `GOLDEN=write` writes them anew, for
//! the day a format 2 is made beside format 1.

use std::fmt::Write as _;
use std::path::PathBuf;

use storage::disk::{SimDisk, WriteMode};
use storage::limits::BLOCK_BYTES;
use storage::recovery::OpenOptions;
use storage::segment::journal_dir;

use crate::common::*;

fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1").join(name)
}

/// Each block that is not zero: its offset, then its bytes up to the last that is not zero.
fn pack(contents: &[u8]) -> String {
    let mut text = format!("bytes {}\n", contents.len());
    for (index, block) in contents.chunks(BLOCK_BYTES).enumerate() {
        let Some(last) = block.iter().rposition(|byte| *byte != 0) else { continue };
        let _ = writeln!(text, "block {}", index * BLOCK_BYTES);
        for line in block[..=last].chunks(32) {
            for byte in line {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
    }
    text
}

fn unpack(text: &str) -> Vec<u8> {
    let mut contents = Vec::new();
    let mut at = 0;
    for line in text.lines() {
        if let Some(bytes) = line.strip_prefix("bytes ") {
            contents = vec![0; bytes.parse().unwrap()];
        } else if let Some(offset) = line.strip_prefix("block ") {
            at = offset.parse().unwrap();
        } else {
            for pair in line.as_bytes().chunks(2) {
                let pair = std::str::from_utf8(pair).unwrap();
                contents[at] = u8::from_str_radix(pair, 16).unwrap();
                at += 1;
            }
        }
    }
    contents
}

fn golden_options(epoch: u8) -> OpenOptions<'static> {
    let mut options = options();
    options.program = "golden 1";
    options.config_digest = [epoch; 32];
    options.time_ms = 1_700_000_000_000 + u64::from(epoch);
    options
}

/// The journal of fixed inputs: three starts, a torn write, two segments, an orderly end.
fn golden() -> SimDisk {
    let disk = new_disk(WriteMode::Direct);
    let (mut recovered, _) = start_with(&disk, &golden_options(1)).unwrap();
    append(&mut recovered, &bodies(1, 3, 20)).unwrap();
    append(&mut recovered, &bodies(2, 1, 5000)).unwrap();
    let torn = recovered.journal.place();
    append(&mut recovered, &bodies(3, 2, 3000)).unwrap();
    drop(recovered);
    overwrite(&disk, &segment(1), torn.offset + 1024, &[0; 512]);
    let (mut recovered, _) = start_with(&disk, &golden_options(2)).unwrap();
    append(&mut recovered, &bodies(4, 2, 15_000)).unwrap();
    append(&mut recovered, &bodies(5, 1, 12_000)).unwrap();
    recovered.journal.close(1_700_000_001_000).unwrap();
    drop(start_with(&disk, &golden_options(3)).unwrap());
    disk
}

#[test]
fn todays_bytes_are_the_kept_ones() {
    let disk = golden();
    let dir = journal_dir(&dir());
    let mut files: Vec<_> = snapshot(&disk);
    files.retain(|(path, _)| path.parent() == Some(&dir));
    assert_eq!(files.len(), 2);
    for (path, contents) in files {
        let name = format!("{}.hex", path.file_name().unwrap().to_str().unwrap());
        let today = pack(&contents);
        if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
            std::fs::create_dir_all(kept("")).unwrap();
            std::fs::write(kept(&name), &today).unwrap();
        }
        let then = std::fs::read_to_string(kept(&name)).unwrap();
        assert_eq!(unpack(&today), contents, "packing loses nothing");
        assert!(then == today, "{name}: the bytes of format 1 have changed");
    }
}

#[test]
fn the_kept_files_open_today() {
    let disk = SimDisk::new(WriteMode::Direct, CAPACITY);
    for number in 1..=2 {
        let text = std::fs::read_to_string(kept(&format!("{number:010}.seg.hex"))).unwrap();
        disk.put_file(&segment(number), &unpack(&text));
    }
    storage::disk::Disk::create_dir(&disk, &dir()).unwrap();
    let report = storage::verify::verify(&shared(&disk), &dir()).unwrap();
    assert_eq!((report.damaged, report.torn), (0, None));
    assert_eq!((report.groups, report.records), (8, 11));
    assert_eq!(report.last.position.epoch, 3);
    let (recovered, seen) = start_with(&disk, &golden_options(4)).unwrap();
    assert_eq!(recovered.epoch, 4);
    let bodies: Vec<_> = [bodies(1, 3, 20), bodies(2, 1, 5000), bodies(4, 2, 15_000)]
        .into_iter()
        .chain([bodies(5, 1, 12_000)])
        .flatten()
        .collect();
    assert_eq!(seen.into_iter().map(|(_, body)| body).collect::<Vec<_>>(), bodies);
}
