//! Kills at random moments, in the midst of a start too.

use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use super::Shared;
use crate::harness::Chance;
use crate::harness::server::{Options, Server};

/// What the deaths were like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deaths {
    pub(crate) during_start: u64,
    pub(crate) torn: u64,
}

impl Deaths {
    /// Lets the lanes hear a random number of answers, kills the server, and starts it again:
    /// sometimes it is killed in its start, too.
    pub(crate) fn kill_and_start(
        &mut self,
        shared: &Shared,
        chance: &mut Chance,
        server: Server,
        options: &Options,
    ) -> Server {
        shared.wait_for_answers(chance.between(20, 4_000));
        sleep(Duration::from_micros(chance.below(4_000)));
        shared.announce(None);
        let epoch = server.epoch();
        server.kill();
        let mut epochs = 1;
        while chance.once_in(4) {
            let mut process = options.launch();
            sleep(Duration::from_micros(chance.below(40_000)));
            process.kill();
            self.during_start += 1;
            epochs += 1;
        }
        let server = start_again(shared, &options.clone().shards(1 + chance.below(4) as u32));
        // A start that was killed may or may not have got as far as its `Opened`.
        let risen = server.epoch() - epoch;
        assert!((1..=epochs).contains(&risen), "{epochs} starts, and epoch {risen} later");
        self.torn += u64::from(server.has_cut());
        server
    }
}

/// Starts a server that has died: it goes on where the last answer was, or later.
pub(crate) fn start_again(shared: &Shared, options: &Options) -> Server {
    let acknowledged = shared.acknowledged.load(Ordering::SeqCst);
    let server = options.start();
    assert!(
        server.ready_sequence() > acknowledged,
        "the start ends at {}, and {acknowledged} was acknowledged",
        server.ready_sequence()
    );
    shared.announce(Some(server.address));
    server
}
