//! Lines that are cut, go half-open or stall under load: everything arrives once, in order, by the other one.

use std::time::Duration;

use exchange::link::{Event, Line, Reason, Settings};
use tokio::time::Instant;

use crate::house::{House, reaches};

const MESSAGES: u64 = 60_000;

/// Soon back to the primary; the rest as it is.
fn settings() -> Settings {
    Settings { prefer_ms: 0, well_ms: 300, well_ms_max: 300, ..Settings::default() }
}

/// The same, where nothing but a cut is to end a line, however busy the machine is.
fn patient() -> Settings {
    Settings { silence_ms: 30_000, slow_ms: 30_000, ..settings() }
}

async fn under_way(settings: Settings) -> House {
    let mut house = House::new(settings).await;
    house.warm().await;
    house.bank.offer(MESSAGES);
    house.finance.offer(MESSAGES);
    reaches(&mut house.finance.taken, 100).await;
    reaches(&mut house.bank.taken, 100).await;
    house
}

fn switched(to: Line) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Switched { to: line, .. } if *line == to)
}

fn down(line: Line, why: &[Reason]) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::LineDown { line: at, reason, .. } if *at == line && why.contains(reason))
}

#[tokio::test]
async fn a_cut_line_is_bridged_and_gone_back_to() {
    let mut house = under_way(patient()).await;
    house.proxies[0].set(|weather| weather.refuses = true);
    house.proxies[0].cut();
    let seen = house.bank.until(switched(Line::Backup)).await;
    assert!(seen.iter().any(down(Line::Primary, &[Reason::Cut])), "{seen:?}");
    house.finance.until(switched(Line::Backup)).await;
    house.settled(MESSAGES).await;
    house.proxies[0].set(|weather| weather.refuses = false);
    house.bank.until(switched(Line::Primary)).await;
    house.finance.until(switched(Line::Primary)).await;
    house.bank.offer(1_000);
    house.finance.offer(1_000);
    house.settled(MESSAGES + 1_000).await;
    let counts = house.bank.standing().counts;
    assert_eq!(counts.taken, MESSAGES + 1_000);
    assert!(counts.switches >= 2 && counts.sent >= MESSAGES + 1_000, "{counts:?}");
}

#[tokio::test]
async fn a_half_open_line_is_noticed_by_its_silence() {
    for (to, back) in [(true, true), (true, false), (false, true)] {
        let mut house = under_way(settings()).await;
        house.proxies[0].set(|weather| {
            (weather.swallows_to, weather.swallows_back) = (to, back);
        });
        house.bank.until(switched(Line::Backup)).await;
        house.finance.until(switched(Line::Backup)).await;
        house.settled(MESSAGES).await;
    }
}

#[tokio::test]
async fn a_line_that_takes_nothing_any_more_is_left() {
    let mut house = under_way(settings()).await;
    house.proxies[0].set(|weather| weather.stalls_to = true);
    house.finance.until(switched(Line::Backup)).await;
    house.settled(MESSAGES).await;
}

#[tokio::test]
async fn both_lines_down_and_up_again_lose_nothing() {
    let mut house = under_way(patient()).await;
    for proxy in &house.proxies {
        proxy.set(|weather| weather.refuses = true);
        proxy.cut();
    }
    for line in [Line::Primary, Line::Backup] {
        house.bank.until(down(line, &[Reason::Cut, Reason::Unreachable, Reason::NoTrust])).await;
        house.proxies[line as usize - 1].set(|weather| weather.refuses = false);
    }
    house.settled(MESSAGES).await;
}

#[tokio::test]
async fn cut_again_and_again_everything_arrives_once() {
    let mut house = under_way(patient()).await;
    for round in 1..=10 {
        house.proxies[round % 2].cut();
        let taken = *house.finance.taken.borrow();
        reaches(&mut house.finance.taken, (taken + 3_000).min(MESSAGES)).await;
    }
    house.settled(MESSAGES).await;
}

#[tokio::test]
async fn whoever_leaves_says_so() {
    let mut house = under_way(patient()).await;
    house.settled(MESSAGES).await;
    house.bank.handle.leave();
    let seen = house.finance.until(down(Line::Primary, &[Reason::Leaving])).await;
    assert!(seen.iter().all(|event| !matches!(event, Event::Stuck { .. })), "{seen:?}");
    // Nobody dials any more.
    let begun = Instant::now();
    while house.finance.standing().backup {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::task::yield_now().await;
    }
}
