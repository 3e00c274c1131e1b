//! One fault at a time, with the time that its handling may take.

use exchange::limits::{
    LINK_HEADER_BYTES, LINK_PREFER_MS, LINK_SILENCE_MS, LINK_SLOW_MS, LINK_WELL_MS,
    LINK_WINDOW_BYTES,
};
use exchange::link::frame::{put_beat, put_message};
use exchange::link::hello::Hello;
use exchange::link::{Action, Apart, Event, Line, Link, Reason, Settings};

use crate::world::{FAIR, Weather, World};

/// A world in which both lines are up.
fn world() -> World {
    let mut world = World::new(Settings::default(), 800, 1, true);
    world.until(1_000, |world| {
        world.links.iter().all(|link| link.standing().primary && link.standing().backup)
    });
    world.run(LINK_PREFER_MS);
    world
}

fn sending(world: &World) -> [Option<Line>; 2] {
    [0, 1].map(|side| world.links[side].standing().sending)
}

fn switches(world: &World, side: usize) -> u64 {
    world.links[side].standing().counts.switches
}

/// Everything waits, and 5 ms of it are on their way.
fn under_way(world: &mut World, messages: u64) {
    world.offer(0, messages);
    world.offer(1, messages);
    world.run(5);
    assert!(!world.done(), "messages are on their way");
}

fn down_for(world: &World, side: usize, wanted: Reason) -> bool {
    world.told.iter().any(|(_, at, event)| {
        *at == side && matches!(event, Event::LineDown { reason, .. } if *reason == wanted)
    })
}

#[test]
fn messages_arrive_both_ways_by_the_primary() {
    let mut world = world();
    under_way(&mut world, 5_000);
    world.until(5_000, World::done);
    assert_eq!(sending(&world), [Some(Line::Primary); 2]);
    for side in [0, 1] {
        let counts = world.links[side].standing().counts;
        assert_eq!((counts.sent, counts.repeated, counts.duplicates), (5_000, 0, 0));
        assert_eq!(counts.switches, 0);
    }
}

#[test]
fn a_million_messages_may_wait_and_cost_nothing() {
    let mut world = World::new(Settings::default(), 8, 1, true);
    world.weather = [Weather { refuses: true, ..FAIR }; 2];
    world.offer(0, 1_000_000);
    world.run(60_000);
    assert_eq!(world.stores[0].asked, 0, "nothing is asked of the store while no line is there");
    let standing = world.links[0].standing();
    assert_eq!((standing.waiting, standing.in_flight_bytes), (1_000_000, 0));
    world.weather = [FAIR; 2];
    world.until(60_000, World::done);
}

#[test]
fn what_is_in_flight_stays_within_the_window() {
    let mut world = world();
    world.stores[1].write_ms = 100_000;
    world.offer(0, 50_000);
    world.run(5_000);
    let in_flight = world.links[0].standing().in_flight_bytes;
    let window = u64::from(LINK_WINDOW_BYTES);
    assert!(in_flight >= window && in_flight < window + 1_000, "{in_flight}");
    assert!(!down_for(&world, 0, Reason::Slow), "a slow store is no slow line");
    assert_eq!(sending(&world), [Some(Line::Primary); 2]);
}

#[test]
fn a_cut_of_the_line_in_use_is_bridged_at_once() {
    let mut world = world();
    under_way(&mut world, 50_000);
    world.weather[0].refuses = true;
    world.cut(Line::Primary);
    let acknowledged = world.stores[0].acknowledged;
    let ms = world.until(1_000, |world| world.stores[0].acknowledged > acknowledged + 2_000);
    assert!(ms <= 100, "{ms} ms");
    world.until(20_000, World::done);
    assert_eq!([switches(&world, 0), switches(&world, 1)], [1, 1]);
    assert_eq!(sending(&world), [Some(Line::Backup); 2]);
}

#[test]
fn a_cut_of_the_warm_backup_disturbs_nobody() {
    let mut world = world();
    under_way(&mut world, 50_000);
    world.cut(Line::Backup);
    world.until(20_000, World::done);
    assert_eq!(switches(&world, 0), 0);
    assert_eq!(world.links[0].standing().counts.repeated, 0);
    world.until(1_000, |world| world.links[0].standing().backup);
}

#[test]
fn a_half_open_line_is_left_before_a_second_has_gone() {
    for swallows in [[true, true], [true, false], [false, true]] {
        let mut world = world();
        under_way(&mut world, 50_000);
        world.weather[0] = Weather { swallows, ..FAIR };
        world.run(20); // What was on its way is there.
        let before = [0, 1].map(|side| world.stores[side].acknowledged);
        let ms = world.until(1_000, |world| {
            (0..2).all(|side| world.stores[side].acknowledged > before[side] + 2_000)
        });
        assert!(ms < LINK_SILENCE_MS + 200, "{swallows:?}: {ms} ms");
        world.until(20_000, World::done);
        assert_eq!(sending(&world), [Some(Line::Backup); 2], "{swallows:?}");
    }
}

#[test]
fn a_slow_line_is_left_and_closed() {
    let mut world = world();
    under_way(&mut world, 20_000);
    world.weather[0] = Weather { bytes_per_ms: 20, ..FAIR };
    world.until(20_000, |world| sending(world)[0] == Some(Line::Backup));
    assert!(down_for(&world, 0, Reason::Slow));
    world.until(20_000, World::done);
}

#[test]
fn a_line_with_a_long_delay_is_slow_even_with_little_to_say() {
    let mut world = world();
    world.weather[0] = Weather { delay_ms: 2 * LINK_SLOW_MS, ..FAIR };
    world.run(LINK_SILENCE_MS / 2);
    world.offer(0, 3);
    world.until(10_000, |world| sending(world)[0] == Some(Line::Backup) && world.done());
}

#[test]
fn a_slow_line_stays_in_use_while_it_is_the_only_one() {
    let mut world = World::new(Settings::default(), 800, 1, false);
    world.weather[0] = Weather { bytes_per_ms: 20, ..FAIR };
    world.offer(0, 2_000);
    world.until(200_000, World::done);
    assert_eq!(switches(&world, 0), 0);
    let slow = |event: &Event| matches!(event, Event::LineSlow { line: Line::Primary });
    assert!(world.told.iter().any(|(_, side, event)| *side == 0 && slow(event)));
}

#[test]
fn two_slow_lines_are_not_left_for_each_other_all_the_time() {
    let mut world = world();
    world.weather = [Weather { bytes_per_ms: 30, ..FAIR }; 2];
    world.offer(0, 8_000);
    let ms = world.until(400_000, World::done);
    assert!(switches(&world, 0) <= 2 + ms / LINK_WELL_MS, "{} in {ms} ms", switches(&world, 0));
}

#[test]
fn messages_go_back_to_the_primary_when_it_has_been_well_for_long_enough() {
    let mut world = world();
    world.weather[0].refuses = true;
    world.cut(Line::Primary);
    world.until(1_000, |world| sending(world)[0] == Some(Line::Backup));
    world.weather[0].refuses = false;
    world.until(10_000, |world| world.links[0].standing().primary);
    // A steady flow, none of it repeated.
    let up = world.now;
    while sending(&world) != [Some(Line::Primary); 2] {
        assert!(world.now - up < 2 * LINK_WELL_MS, "{}", world.told_last());
        world.offer(0, 3);
        world.offer(1, 3);
        world.step();
    }
    assert!(world.now - up >= LINK_WELL_MS, "only after {LINK_WELL_MS} ms");
    world.until(5_000, World::done);
    assert_eq!(world.links[0].standing().counts.repeated, 0, "a way back that nobody forces");
    let back = |event: &Event| {
        matches!(
            event,
            Event::Switched { to: Line::Primary, reason: Reason::WellAgain, switches: 2, .. }
        )
    };
    assert!(world.told.iter().any(|(_, side, event)| *side == 0 && back(event)));
}

#[test]
fn a_store_that_is_slow_does_not_hold_up_the_way_back() {
    let mut world = world();
    world.cut(Line::Primary);
    world.stores[1].write_ms = 5_000;
    let mut steps = 0;
    while switches(&world, 0) < 2 {
        world.offer(0, 1);
        world.step();
        steps += 1;
        assert!(steps < 3 * LINK_WELL_MS, "{}", world.told_last());
    }
    world.until(20_000, World::done);
}

#[test]
fn a_primary_that_keeps_failing_is_gone_back_to_more_and_more_seldom() {
    let mut world = world();
    let mut waits = Vec::new();
    for _ in 0..4 {
        world.cut(Line::Primary);
        world.until(1_000, |world| sending(world)[0] == Some(Line::Backup));
        waits.push(world.until(200_000, |world| sending(world)[0] == Some(Line::Primary)) / 1_000);
    }
    assert_eq!(waits, [10, 20, 40, 80]);
    // After a time in which it held, it is trusted as at first.
    world.run(81_000);
    world.cut(Line::Primary);
    world.until(1_000, |world| sending(world)[0] == Some(Line::Backup));
    let wait = world.until(200_000, |world| sending(world)[0] == Some(Line::Primary));
    assert_eq!(wait / 1_000, 10);
}

#[test]
fn a_line_opened_anew_takes_the_place_of_the_old_one() {
    let mut world = world();
    under_way(&mut world, 20_000);
    // The dialling side has lost the connection, the listening one does not know.
    world.weather[0] = Weather { swallows: [true, true], ..FAIR };
    world.run(1);
    world.links[0].received(1, b"no frame at all!", world.now);
    world.weather[0] = FAIR;
    world.until(20_000, World::done);
    assert!(down_for(&world, 0, Reason::BadFrame));
    assert!(down_for(&world, 1, Reason::Replaced));
}

#[test]
fn a_store_that_starts_again_goes_on_where_its_disk_was() {
    for side in [0, 1] {
        let mut world = world();
        world.stores[side].write_ms = 40;
        under_way(&mut world, 20_000);
        world.run(50);
        assert!(world.stores[side].given > world.stores[side].durable, "something is lost");
        world.restart(side);
        world.until(20_000, World::done);
        let went_back = |event: &Event| matches!(event, Event::WentBack { .. });
        assert!(!world.told.iter().any(|(_, _, event)| went_back(event)));
    }
}

#[test]
fn a_pause_of_ours_is_no_fault_of_the_line() {
    let mut world = world();
    let counts = world.links[1].standing().counts;
    world.stopped_until[1] = world.now + LINK_SILENCE_MS / 2 + 200;
    // The other side bears more.
    world.run(LINK_SILENCE_MS / 2 + 190);
    let before = world.told.len();
    world.run(400);
    let downs = world.told[before..].iter().filter(|(_, side, _)| *side == 1).count();
    assert_eq!((downs, world.links[1].standing().counts), (0, counts));
}

// ---- stores that do not fit, and callers that do not keep to the rules ----------------------------

#[test]
fn a_store_restored_from_an_older_copy_is_named() {
    let mut world = world();
    world.offer(0, 200);
    world.offer(1, 200);
    world.until(5_000, World::done);
    // It has lost what it had sent: nothing goes before people have looked at it.
    world.stores[0].last = 150;
    world.restart(0);
    world.run(3_000);
    let diverged = |(_, side, event): &(u64, usize, Event)| {
        *side == 1
            && matches!(
                event,
                Event::Diverged(Apart { theirs: 150, ours_of_theirs: 200, ours: 200, .. })
            )
    };
    assert!(world.told.iter().any(diverged), "{}", world.told_last());
    assert!(down_for(&world, 0, Reason::Diverged), "the other side is told");
    // Each knows which of them is behind, and from where on.
    let told = |side: usize| {
        world.told.iter().rev().find_map(|(_, whose, event)| match event {
            Event::Diverged(apart) if *whose == side => Some(*apart),
            _ => None,
        })
    };
    let (behind, ahead) = (told(0).expect("it hears"), told(1).expect("it sees"));
    assert!(behind.we_are_behind() && !ahead.we_are_behind());
    assert_eq!((behind.ours, behind.theirs_of_ours), (ahead.theirs, ahead.ours_of_theirs));
    assert_eq!((behind.theirs, behind.ours_of_theirs), (ahead.ours, ahead.theirs_of_ours));
    assert_eq!(sending(&world), [None; 2]);
}

#[test]
fn a_store_that_lost_what_it_had_acknowledged_is_sent_it_again() {
    let mut world = world();
    world.offer(0, 200);
    world.offer(1, 200);
    world.until(5_000, World::done);
    world.stores[0].durable = 120;
    world.stores[1].acknowledged = 120;
    world.restart(0);
    world.until(5_000, World::done);
    let went_back = |(_, side, event): &(u64, usize, Event)| {
        *side == 1 && *event == Event::WentBack { acknowledged: 200, durable: 120 }
    };
    assert!(world.told.iter().any(went_back));
}

/// A link of one side with a connection for the primary line, and a hello of the other side that fits.
fn alone() -> (Link, Hello) {
    let world = World::new(Settings::default(), 8, 1, true);
    let [_, link] = world.links;
    let ours = link.hello(Line::Primary);
    let theirs = Hello { from: ours.to, to: ours.from, epoch: 9, ..ours };
    (link, theirs)
}

fn end_of(link: &mut Link) -> Option<Reason> {
    link.events().into_iter().find_map(|event| match event {
        Event::LineDown { reason, .. } => Some(reason),
        _ => None,
    })
}

#[test]
fn whoever_does_not_keep_to_the_rules_is_turned_away_with_a_reason() {
    let (_, fits) = alone();
    let other = "bank:999".parse().expect("a party");
    let message = |sequence| {
        let mut bytes = fits.encode().to_vec();
        put_message(&mut bytes, sequence, b"x");
        bytes
    };
    let beat = |durable, heard| {
        let mut bytes = fits.encode().to_vec();
        put_beat(&mut bytes, durable, heard);
        bytes
    };
    let mut behind = fits.encode().to_vec();
    behind.extend([0xff; 4]);
    let mut elsewhere = fits;
    elsewhere.environment.id = 8;
    let mut real = fits;
    real.environment.production = true;
    let cases: &[(Vec<u8>, Reason)] = &[
        (b"GET / HTTP/1.1\r\n".to_vec(), Reason::NoHello),
        (message(1)[96..].to_vec(), Reason::NoHello),
        (Hello { from: other, ..fits }.encode().to_vec(), Reason::WrongParty),
        (Hello { to: other, ..fits }.encode().to_vec(), Reason::WrongParty),
        (Hello { line: Line::Backup, ..fits }.encode().to_vec(), Reason::WrongLine),
        (elsewhere.encode().to_vec(), Reason::WrongEnvironment),
        (real.encode().to_vec(), Reason::WrongKind),
        (Hello { version_min: 2, version_max: 9, ..fits }.encode().to_vec(), Reason::WrongVersion),
        (Hello { durable: 1, ..fits }.encode().to_vec(), Reason::Diverged),
        (message(2), Reason::OutOfOrder),
        (beat(1, 0), Reason::Diverged),
        (beat(0, 1), Reason::BadFrame),
        (behind, Reason::BadFrame),
    ];
    for (bytes, reason) in cases {
        let (mut link, _) = alone();
        link.connected(Line::Primary, 1, 0);
        link.received(1, bytes, 1);
        assert_eq!(end_of(&mut link), Some(*reason));
        let told = link.actions().into_iter().any(|action| match action {
            Action::Close { connection: 1, bye } => bye[8] == reason.number() as u8,
            _ => false,
        });
        assert!(told, "{reason}: the other side is told");
    }
}

#[test]
fn a_connection_without_a_hello_ends_in_its_time() {
    let (mut link, _) = alone();
    link.connected(Line::Primary, 1, 0);
    link.received(1, b"TRLK", 1);
    for now in (0..4_000).step_by(25) {
        link.tick(now);
    }
    assert_eq!(end_of(&mut link), Some(Reason::Late));
}

#[test]
fn more_than_the_window_ends_the_line() {
    let (mut link, theirs) = alone();
    link.connected(Line::Primary, 1, 0);
    link.received(1, &theirs.encode(), 1);
    let large = vec![7; 1 << 20];
    let mut sequence = 0;
    let reason = loop {
        sequence += 1;
        let mut bytes = Vec::new();
        put_message(&mut bytes, sequence, &large);
        link.received(1, &bytes, 2);
        if let Some(reason) = end_of(&mut link) {
            break reason;
        }
    };
    assert_eq!((reason, sequence), (Reason::OverWindow, 9));
    let taken = u64::from(LINK_WINDOW_BYTES) / (large.len() + LINK_HEADER_BYTES) as u64 + 1;
    assert_eq!(link.standing().counts.taken, taken);
}

#[test]
fn a_message_that_the_store_does_not_give_is_named_and_asked_for_again_at_the_next_offer() {
    struct Empty;
    impl exchange::link::Outbox for Empty {
        fn message(&mut self, _: u64) -> Option<std::borrow::Cow<'_, [u8]>> {
            None
        }
    }
    let (mut link, theirs) = alone();
    link.offer(3);
    link.connected(Line::Primary, 1, 0);
    link.received(1, &theirs.encode(), 1);
    for _ in 0..3 {
        link.output(1, &mut Empty, 2, &mut Vec::new());
    }
    let stuck = |link: &mut Link| {
        link.events().iter().filter(|event| matches!(event, Event::Stuck { sequence: 1 })).count()
    };
    assert_eq!(stuck(&mut link), 1);
    link.offer(3);
    link.output(1, &mut Empty, 3, &mut Vec::new());
    assert_eq!(stuck(&mut link), 1);
}
