//! Whatever reads bytes that others wrote, given golden vectors, everything that fuzzing has found,
//! and mutations of both: no panic, and what each target of `fuzz/` says must hold of any bytes.
//!
//! `ops/fuzz` gives the same targets to libFuzzer, which sees what it reaches. This is what of it
//! runs everywhere, on a stable toolchain. `TREASURY_FUZZ_RUNS` sets how many mutations each target
//! is given (3000), `TREASURY_SEED` repeats the draws, `TREASURY_FUZZ_SEEDS=DIR` writes the seeds of
//! each target into a folder of its name.

mod harness;

// A crate of its own in `fuzz/`, where all of it is public.
#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "public in its own crate")]
mod targets;

use std::path::PathBuf;

use harness::Chance;
use targets::{TARGETS, Target};

/// Bytes of a mutation, at most.
const BYTES_MAX: usize = 64 * 1024;

fn kept(target: &Target) -> Vec<Vec<u8>> {
    targets::from_files(&format!("kept/{}", target.name))
}

#[test]
fn seeds_and_kept_findings_are_read() {
    for target in &TARGETS {
        let (seeds, kept) = ((target.seeds)(), kept(target));
        assert!(!seeds.is_empty(), "{} begins with nothing", target.name);
        println!("{}: {} seeds, {} kept findings", target.name, seeds.len(), kept.len());
        if let Some(dir) = std::env::var_os("TREASURY_FUZZ_SEEDS") {
            write(&PathBuf::from(dir).join(target.name), seeds.iter().chain(&kept));
        }
        seeds.iter().chain(&kept).for_each(|bytes| (target.read)(bytes));
    }
}

fn write<'a>(folder: &PathBuf, seeds: impl Iterator<Item = &'a Vec<u8>>) {
    std::fs::create_dir_all(folder).expect("a folder for seeds");
    for (number, seed) in seeds.enumerate() {
        std::fs::write(folder.join(format!("seed-{number:04}")), seed).expect("a seed is written");
    }
}

#[test]
fn mutations_of_them_are_read() {
    let runs = match std::env::var("TREASURY_FUZZ_RUNS") {
        Ok(text) => text.parse().expect("TREASURY_FUZZ_RUNS is a number"),
        Err(_) => 3_000,
    };
    let mut chance = Chance::new("fuzz");
    for target in &TARGETS {
        let mut from = (target.seeds)();
        from.extend(kept(target));
        for _ in 0..runs {
            let bytes = mutated(&from, &mut chance);
            let (read, given) = (target.read, bytes.clone());
            let panicked = std::panic::catch_unwind(move || read(&given)).is_err();
            assert!(!panicked, "{} panics on {}", target.name, in_hex(&bytes));
        }
    }
}

/// One of them with a few changes: bytes turned over, taken out, put in, repeated, numbers at their
/// bounds, the end of another.
fn mutated(from: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    const NUMBERS: [u32; 8] = [0, 1, 0x7f, 0x80, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let mut bytes = chance.pick(from).clone();
    for _ in 0..chance.between(1, 5) {
        let at = chance.below(bytes.len() as u64 + 1) as usize;
        let length = (chance.between(1, 16) as usize).min(bytes.len() - at);
        match chance.below(7) {
            0 if length > 0 => bytes[at] ^= 1 << chance.below(8),
            1 if length > 0 => bytes[at] = chance.next() as u8,
            2 => drop(bytes.drain(at..at + length)),
            3 => {
                let more = chance.bytes(length);
                bytes.splice(at..at, more);
            }
            4 => {
                let again = bytes[at..at + length].to_vec();
                bytes.splice(at..at, again);
            }
            5 if bytes.len() - at >= 4 => {
                let number = chance.pick(&NUMBERS).to_le_bytes();
                bytes[at..at + 4].copy_from_slice(&number);
            }
            _ => {
                let other = chance.pick(from);
                let cut = chance.below(other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[cut..]);
            }
        }
    }
    bytes.truncate(BYTES_MAX);
    bytes
}

fn in_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
