//! Each planted defect is found, and the seed that finds it is clean without.

#![cfg(feature = "planted-bugs")]

use std::num::NonZeroUsize;

use actors::testing::give::{create_under, move_out, quota};
use actors::testing::house::House;
use domain::codes::MoveKind;
use domain::ids::DivisionIndex;
use domain::planted::{Bug, plant};
use simulation::planted::{Found, find_all};

#[test]
fn every_planted_defect_is_found() {
    let threads = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    let all = find_all(threads);
    let table: Vec<String> = all.iter().map(Found::line).collect();
    println!("{}", table.join("\n"));
    assert!(all.iter().all(Found::is_good), "\n{}", table.join("\n"));
}

#[test]
fn the_watch_of_a_running_engine_names_the_laws_that_a_lost_second_half_breaks() {
    let (upper, lower) = (0, 1);
    let mut house = House::new(2);
    house.found(upper);
    house.found(lower);
    house.accept(&[create_under(lower, 90, quota(upper, 0))]);
    let transfer = |id| move_out(MoveKind::Transfer, id, quota(upper, 0), quota(lower, 2), 300);
    house.accept(&[transfer(80)]);
    house.settle();
    house.watch_laws();
    assert!(house.broken.is_empty(), "{:?}", house.broken);
    plant(Some(Bug::SecondHalfLost));
    house.accept(&[transfer(81)]);
    house.settle();
    plant(None);
    let counts = house.watch_laws();
    let named: Vec<_> = house.broken.iter().map(|broken| (broken.law, broken.division)).collect();
    assert_eq!(named, [("L2", Some(DivisionIndex(lower))), ("L6", Some(DivisionIndex(lower)))]);
    assert!(house.broken[0].what.contains("300 fen"), "{:?}", house.broken[0]);
    let violations: Vec<u64> = counts.iter().map(|count| count.violations).collect();
    assert_eq!(violations, [0, 1, 0, 0, 0, 1, 0, 0, 0]);
}
