//! Each planted defect is found, and the seed that finds it is clean without.

#![cfg(feature = "planted-bugs")]

use std::num::NonZeroUsize;

use simulation::planted::{Found, find_all};

#[test]
fn every_planted_defect_is_found() {
    let threads = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    let all = find_all(threads);
    let table: Vec<String> = all.iter().map(Found::line).collect();
    println!("{}", table.join("\n"));
    assert!(all.iter().all(Found::is_good), "\n{}", table.join("\n"));
}
