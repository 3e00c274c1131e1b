//! Days begin for the store and its business together, or for neither.

use super::super::*;
use super::world::*;

fn open(number: u32, purpose: &str) -> Order<(Party, Voucher)> {
    opening(number, false, purpose)
}

fn opening(number: u32, far: bool, purpose: &str) -> Order<(Party, Voucher)> {
    Order::OpenDay { day: day(number), far, business: (party(BANK), voucher(key(1), purpose)) }
}

#[test]
fn a_day_that_the_business_refuses_has_not_begun_for_the_store_either() {
    let mut world = World::new();
    let now = day(20220315);
    assert_eq!(refused(&mut world.finance, open(20220316, "never")), "no");
    assert_eq!(world.finance.store().day(), now);
    let said = refused(&mut world.finance, open(20220314, "books"));
    assert!(said.contains("20220314 does not come after 20220315"), "{said}");
    assert_eq!(world.finance.store().peer(party(BANK)).map_or(0, |peer| peer.waiting()), 0);
    // What was refused is done once the business takes it, at the same day too.
    done(&mut world.finance, vec![open(20220316, "books")]);
    assert_eq!(world.finance.store().day(), day(20220316));
    assert_eq!(world.finance.store().peer(party(BANK)).map_or(0, |peer| peer.waiting()), 1);
    let business = (party(BANK), voucher(key(2), "books"));
    done(&mut world.finance, vec![Order::OpenDay { day: day(20220316), far: false, business }]);
    assert_eq!(world.finance.store().day(), day(20220316));
    assert_eq!(world.finance.store().peer(party(BANK)).map_or(0, |peer| peer.waiting()), 2);
    // A new party's first day may begin so.
    let mut node = born(BANK, first_keys(BANK), MemoryLog::new(1 << 20));
    done(&mut node, vec![open(20220316, "books")]);
    assert_eq!(node.store().day(), day(20220316));
}

#[test]
fn a_day_further_ahead_than_a_holiday_is_long_is_opened_only_when_it_is_meant() {
    let mut world = World::new();
    // The year is a slip of the finger.
    let why = refused(&mut world.finance, open(20320316, "books"));
    assert!(why.contains("day 20320316 is 3654 days after 20220315"), "{why}");
    assert!(why.contains("say so: \"far\": true"), "{why}");
    let why = refused(&mut world.finance, open(20220416, "books"));
    assert!(why.contains("is 32 days after 20220315, the day it is, and at most 31"), "{why}");
    assert_eq!(world.finance.store().day(), day(20220315));
    done(&mut world.finance, vec![open(20220415, "books")]);
    assert_eq!(world.finance.store().day(), day(20220415));
    // A leap that is meant says so; a day behind is none, whatever is said.
    done(&mut world.finance, vec![opening(20230104, true, "books")]);
    assert_eq!(world.finance.store().day(), day(20230104));
    let why = refused(&mut world.finance, opening(20230103, true, "books"));
    assert!(why.contains("does not come after"), "{why}");
}
