//! Tells a party what time it is, where it stops for the day at one (截止时间): a simulated bank, and finance's store. The clock is
//! read here and nowhere behind.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use counterparties::bank::{Bank, Order as BankOrder};
use exchange::business::Business;
use exchange::finance::{Finance, Order as FinanceOrder};
use exchange::node::Order;
use exchange::party::lines::Lines;
use exchange::party::{Inbound, Inbox, RunningNode};

use super::day::minute_at;
use crate::clock;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Has a bank told what time it is, as long as its process runs.
pub(crate) fn tell_bank(inbox: &Inbox<Bank>) -> Result<()> {
    tell(inbox, bank_hears)
}

/// Has finance's store pass its banks' cut-off at a minute from midnight in Beijing, as long as its process runs.
pub(crate) fn tell_finance(inbox: &Inbox<Finance>, cut_off_minute: u16) -> Result<()> {
    tell(inbox, move |node, wall_ms| finance_hears(node, cut_off_minute, wall_ms))
}

/// What a bank is told at a time: what time it is, while it awaits its cut-off.
fn bank_hears(node: &RunningNode<Bank>, wall_ms: u64) -> Option<Order<BankOrder>> {
    let day = node.business().awaits_cut_off()?;
    Some(Order::Business(BankOrder::Minute { day, minute: minute_at(day, wall_ms) }))
}

/// What finance's store is told at a time: that the cut-off of its day has passed, once it has.
fn finance_hears(
    node: &RunningNode<Finance>,
    cut_off_minute: u16,
    wall_ms: u64,
) -> Option<Order<FinanceOrder>> {
    let (store, day) = (node.store(), node.store().day());
    let passes = !store.is_after_cut_off() && minute_at(day, wall_ms) >= cut_off_minute;
    passes.then_some(Order::CutOffOf(day))
}

fn tell<B, H>(inbox: &Inbox<B>, hears: H) -> Result<()>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
    H: Fn(&RunningNode<B>, u64) -> Option<Order<B::Order>> + Send + Sync + 'static,
{
    let beat = || {
        std::thread::sleep(EVERY);
        true
    };
    // It ends with the party's process.
    watch(inbox, beat, clock::wall_ms, hears).map(drop)
}

/// Starts the thread that looks at the clock at each beat, until there are no more or the party has ended.
fn watch<B, H>(
    inbox: &Inbox<B>,
    mut beat: impl FnMut() -> bool + Send + 'static,
    wall_ms: impl Fn() -> u64 + Send + Sync + 'static,
    hears: H,
) -> Result<JoinHandle<()>>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
    H: Fn(&RunningNode<B>, u64) -> Option<Order<B::Order>> + Send + Sync + 'static,
{
    let (inbox, asks) = (inbox.clone(), Arc::new((wall_ms, hears)));
    let looking = std::thread::Builder::new().name("cut-off".into()).spawn(move || {
        while beat() {
            let (party, asks) = (inbox.clone(), Arc::clone(&asks));
            let look = Inbound::Look(Box::new(move |node: &mut RunningNode<B>, _: &Lines| {
                let (wall_ms, hears) = &*asks;
                if let Some(order) = hears(node, wall_ms()) {
                    // A party that has ended needs no time.
                    let _ = party.send(Inbound::Order { order, answered: Box::new(|_| ()) });
                }
            }));
            if inbox.send(look).is_err() {
                return;
            }
        }
    });
    looking.context("the system gives no thread for the cut-off time")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

    use counterparties::bank::Phase;
    use counterparties::script::Script;
    use domain::ids::Day;
    use domain::voucher::Party;
    use exchange::link::Settings;
    use exchange::node::CanonicalPayloads;
    use exchange::party::identity::Identity;
    use exchange::party::lines::LinesSetup;
    use exchange::party::opening::{NewJournal, open};
    use exchange::party::run;

    use super::super::{bank, keys};
    use super::*;

    const CENTRAL: &str = "central-bank:3700";
    /// Friday, and the Monday behind it.
    const DAYS: [u32; 2] = [20_220_304, 20_220_307];
    /// Midnight of the Friday in Beijing, in ms since 1970.
    const MIDNIGHT_MS: u64 = (19_055 * 24 - 8) * 3_600_000;
    const CUT_OFF: u16 = 15 * 60 + 30;

    fn day(number: u32) -> Day {
        Day::new(number).expect("a day")
    }

    fn party(text: &str) -> Party {
        text.parse().expect("a party")
    }

    /// A party that runs, whose clock and whose beats a test has in hand.
    struct Driven<B: Business> {
        inbox: Inbox<B>,
        wall_ms: Arc<AtomicU64>,
        beats: SyncSender<()>,
        /// The thread is done with a beat, and waits for the next.
        done: Receiver<()>,
    }

    impl<B: Business + 'static> Driven<B>
    where
        B::Order: Send,
        B::Refusal: Send,
    {
        /// The thread, and the inbox it speaks into.
        fn of(
            inbox: Inbox<B>,
            hears: impl Fn(&RunningNode<B>, u64) -> Option<Order<B::Order>> + Send + Sync + 'static,
        ) -> (Driven<B>, JoinHandle<()>) {
            let wall_ms = Arc::new(AtomicU64::new(MIDNIGHT_MS));
            let (beats, beaten) = sync_channel(0);
            let (asking, done) = channel();
            let clock = Arc::clone(&wall_ms);
            let beat = move || {
                let _ = asking.send(());
                beaten.recv().is_ok()
            };
            let clock = move || clock.load(Ordering::Relaxed);
            let thread = watch(&inbox, beat, clock, hears).expect("a thread");
            done.recv().expect("it waits for its first beat");
            (Driven { inbox, wall_ms, beats, done }, thread)
        }

        /// It is a minute of the Friday, or so many days later, and the thread looks at the clock.
        fn is(&self, days: u64, minute: u16) {
            let minutes = days * 24 * 60 + u64::from(minute);
            self.wall_ms.store(MIDNIGHT_MS + minutes * 60_000, Ordering::Relaxed);
            self.beats.send(()).expect("the thread is there");
            self.done.recv().expect("it goes on");
            // What the look has ordered is done before the next look but one.
            self.seen(|_| ());
        }

        fn seen<T: Send + 'static>(
            &self,
            what: impl FnOnce(&RunningNode<B>) -> T + Send + 'static,
        ) -> T {
            let (tell, told) = channel();
            let look = Inbound::Look(Box::new(move |node: &mut RunningNode<B>, _: &Lines| {
                let _ = tell.send(what(node));
            }));
            self.inbox.send(look).expect("the party runs");
            told.recv().expect("it looks")
        }

        fn does(&self, order: Order<B::Order>) {
            let (tell, told) = channel();
            let answered = Box::new(move |answer: Result<(), _>| {
                let _ = tell.send(answer.is_ok());
            });
            self.inbox.send(Inbound::Order { order, answered }).expect("the party runs");
            assert!(told.recv().expect("an answer"), "it is done");
        }
    }

    /// Runs a party whose clock a test drives.
    fn driven<B: Business + 'static>(
        me: &str,
        business: B,
        hears: impl Fn(&RunningNode<B>, u64) -> Option<Order<B::Order>> + Send + Sync + 'static,
        test: impl FnOnce(&Driven<B>) + Send,
    ) where
        B::Order: Send,
        B::Refusal: Send,
    {
        let dir = tempfile::tempdir().expect("a directory");
        let (keys_dir, me) = (dir.path().join("keys"), party(me));
        let days = keys::Days { first: day(20_220_101), last: day(20_301_231) };
        keys::make(&keys_dir, &[me, party(CENTRAL)], &[], days).expect("keys");
        let identity = identity(&keys_dir, me);
        let new = NewJournal { id: 7, hash_key: [7; 16] };
        let data = dir.path().join("data");
        let payloads = Box::new(CanonicalPayloads);
        let opened = open(&data, me, &identity, new, business, payloads, 0).expect("opened");
        let (inbox, hears_from) = channel();
        let setup = LinesSetup {
            me,
            environment: identity.installation(),
            epoch: 1,
            own: identity.own,
            peers: BTreeMap::new(),
            listen: Vec::new(),
            settings: Settings::default(),
        };
        let lines = Lines::start(setup, &opened.node, &inbox).expect("lines");
        let (driven, thread) = Driven::of(inbox.clone(), hears);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                test(&driven);
                drop(driven);
                inbox.send(Inbound::Stop).expect("the party runs");
            });
            run(opened.node, &lines, &hears_from, &|| 0, |_| ()).expect("it ends in good order");
        });
        lines.leave();
        thread.join().expect("it ends when there are no more beats");
    }

    fn identity(dir: &Path, me: Party) -> Identity {
        Identity::read(&dir.join(me.to_string().replace(':', "-")), me).expect("its keys")
    }

    #[test]
    fn a_bank_stops_at_its_minute_and_pays_again_on_its_next_day() {
        let bank =
            Bank::new(bank::identity("102", "工商银行", party(CENTRAL)), Script::default(), 0);
        driven("bank:102", bank.stopping_at(Some(CUT_OFF)), bank_hears, |bank| {
            let phase = || bank.seen(|node| node.business().phase());
            let open = |at: usize| Order::OpenDay {
                day: day(DAYS[at]),
                far: false,
                business: BankOrder::OpenDay(day(DAYS[at])),
            };
            bank.does(open(0));
            bank.is(0, CUT_OFF - 1);
            assert_eq!(phase(), Phase::Open);
            bank.is(0, CUT_OFF);
            assert_eq!(phase(), Phase::CutOff);
            bank.does(Order::Business(BankOrder::Close));
            // The next day is opened in the evening before it.
            bank.does(open(1));
            bank.is(0, CUT_OFF + 240);
            assert_eq!(phase(), Phase::Open);
            // The process was not there at the minute: a day that has passed is past it.
            bank.is(4, 0);
            assert_eq!(phase(), Phase::CutOff);
        });
    }

    #[test]
    fn finance_holds_what_is_for_banks_from_its_minute_on_until_a_day_that_is_worked() {
        let hears = |node: &RunningNode<Finance>, wall_ms| finance_hears(node, CUT_OFF, wall_ms);
        driven("finance:370000000", Finance::new(party(CENTRAL)), hears, |finance| {
            let held = || finance.seen(|node| node.store().is_after_cut_off());
            let open = |at: usize| Order::OpenDay {
                day: day(DAYS[at]),
                far: false,
                business: FinanceOrder::BeginDay(day(DAYS[at])),
            };
            finance.does(open(0));
            finance.is(0, CUT_OFF - 1);
            assert!(!held());
            finance.is(0, CUT_OFF);
            assert!(held());
            finance.is(0, CUT_OFF + 1);
            // The next day is opened in the evening before it, and is worked.
            finance.does(open(1));
            assert!(held());
            finance.does(Order::LetGo);
            finance.is(0, CUT_OFF + 240);
            assert!(!held());
            finance.is(3, CUT_OFF - 1);
            assert!(!held());
            finance.is(3, CUT_OFF);
            assert!(held());
            // What was seen of a day says nothing of the one that has begun since.
            finance.does(Order::LetGo);
            finance.does(Order::CutOffOf(day(DAYS[0])));
            assert!(!held());
        });
    }
}
