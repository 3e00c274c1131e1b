use domain::codes::MoveKind;
use domain::ids::DivisionIndex;
use domain::laws::LAWS;

use super::{Count, LawNews, LawOrder, Watch};
use crate::testing::give::{create_under, move_out, quota, reserve};
use crate::testing::house::House;

/// Two divisions in two shards; the second's quota 2 is handed down from the first's quota 0.
fn founded() -> House {
    let mut house = House::new(2);
    house.found(0);
    house.found(1);
    house.accept(&[create_under(1, 90, quota(0, 0))]);
    assert_ne!(house.shard_of(0), house.shard_of(1));
    house
}

#[test]
fn every_law_is_checked_and_holds_whenever_it_is_looked_at() {
    let mut house = founded();
    house.accept(&[reserve(quota(0, 0), 50, 700)]);
    for id in 80..90 {
        house.give(&[move_out(MoveKind::Transfer, id, quota(0, 0), quota(1, 2), 300)]);
        // Each half, its landing and its settling stand between two of the watch's questions.
        for step in 0..40 {
            house.step_watch();
            if step % 4 == 0 {
                house.land(1);
            } else {
                house.step_shard(step % 2);
            }
        }
        house.step_watch();
    }
    house.settle();
    let counts = house.watch_laws();
    assert!(house.broken.is_empty(), "{:?}", house.broken);
    for (law, Count { checked, violations }) in LAWS.iter().zip(counts) {
        assert_eq!(violations, 0, "{law}");
        // Nothing was planned by the month, and nobody has carried anything over.
        assert!(checked > 0 || *law == "L8", "{law} was not checked");
    }
    house.check();
}

#[test]
fn only_what_has_changed_is_looked_at_again() {
    let mut house = founded();
    let mut watch = Watch::new(2);
    let round = |house: &mut House, watch: &mut Watch| {
        let (mut orders, mut looks) = (watch.begin(), Vec::new());
        while let Some((shard, order)) = orders.pop() {
            if let LawOrder::Look(division) = order {
                looks.push(division);
            }
            let said = house.shards[shard].law(order);
            orders.extend(watch.hear(shard, said));
        }
        looks
    };
    assert_eq!(round(&mut house, &mut watch).len(), 2, "all of it at first");
    assert!(round(&mut house, &mut watch).is_empty());
    house.accept(&[reserve(quota(1, 0), 50, 700)]);
    assert_eq!(round(&mut house, &mut watch), [DivisionIndex(1)]);
    assert_eq!(watch.rounds(), 3);
}

#[test]
fn a_division_that_is_not_there_says_nothing_and_the_round_goes_on() {
    let mut watch = Watch::new(1);
    watch.begin();
    let listed = vec![(DivisionIndex(7), true), (DivisionIndex(8), true)];
    let orders = watch.hear(0, LawNews::Listed(listed));
    assert_eq!(orders, [(0, LawOrder::Look(DivisionIndex(7)))]);
    let orders = watch.hear(0, LawNews::Said(None));
    assert_eq!(orders, [(0, LawOrder::Look(DivisionIndex(8)))]);
    assert!(watch.hear(0, LawNews::Said(None)).is_empty());
    assert!(watch.is_idle() && watch.rounds() == 1);
}
