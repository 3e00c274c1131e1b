//! Days begin for the store and its business together, or for neither.

use super::super::*;
use super::world::*;

fn open(number: u32, purpose: &str) -> Order<(Party, Voucher)> {
    Order::OpenDay { day: day(number), business: (party(BANK), voucher(key(1), purpose)) }
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
    done(&mut world.finance, vec![Order::OpenDay { day: day(20220316), business }]);
    assert_eq!(world.finance.store().day(), day(20220316));
    assert_eq!(world.finance.store().peer(party(BANK)).map_or(0, |peer| peer.waiting()), 2);
    // A new party's first day may begin so.
    let mut node = born(BANK, first_keys(BANK), MemoryLog::new(1 << 20));
    done(&mut node, vec![open(20220316, "books")]);
    assert_eq!(node.store().day(), day(20220316));
}
