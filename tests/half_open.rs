//! Half-open connections of the real server: peers that vanish without a word, idle or owed an
//! answer. `ops/torture --only vanished` does the same over a cable that is cut.

mod harness;

use harness::vanish::{Dropped, Vanished, peers_vanish};

#[test]
fn peers_that_vanish_are_given_up_and_leave_nothing_behind() {
    let Vanished { peers, payments, beside, grown_kib } = peers_vanish(&Dropped, 2, 2);
    println!(
        "{peers} peers vanished with {payments} payments given, {beside} paid beside them; \
         {grown_kib} KiB more after the last round than after the first"
    );
}
