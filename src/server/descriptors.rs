//! Descriptors: how many files and sockets the system lets this process have open, how many of them a
//! server needs for itself, and how many connections that leaves room for.
//!
//! A server that ran out of them could not open the journal's next segment, and would end. So
//! connections end before it, and a start that has too few for itself does not begin.

use actors::limits::{
    DESCRIPTORS_OWN, DESCRIPTORS_PER_SHARD, DESCRIPTORS_PER_SUBSCRIPTION, METRICS_CONNECTIONS_MAX,
    SUBSCRIPTIONS_MAX, TURNED_AWAY_MAX,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use thiserror::Error;

use super::settings::Settings;

/// Too few for a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "this process may have {allowed} files and sockets open at once, and a server with {shards} shards \
     needs {needed}: for itself and one connection; raise the limit (`ulimit -n 65536` in a shell, \
     LimitNOFILE=65536 in a unit of systemd), then start again"
)]
pub(crate) struct TooFew {
    allowed: usize,
    needed: usize,
    shards: usize,
}

/// Has the system allow what these settings need, as far as it does, and gives how many connections
/// there is room for: those in the settings at most.
///
/// # Errors
/// When there is room for none.
pub(crate) fn connections_within(settings: &Settings) -> Result<usize, TooFew> {
    let own = own(settings.shards);
    room(settings, allowed(own + settings.connections_max), own)
}

/// What a server has open beside its connections, at most.
fn own(shards: usize) -> usize {
    DESCRIPTORS_OWN
        + DESCRIPTORS_PER_SHARD * shards
        + DESCRIPTORS_PER_SUBSCRIPTION * SUBSCRIPTIONS_MAX
        + METRICS_CONNECTIONS_MAX
        + TURNED_AWAY_MAX
}

fn room(settings: &Settings, allowed: usize, own: usize) -> Result<usize, TooFew> {
    if allowed <= own {
        return Err(TooFew { allowed, needed: own + 1, shards: settings.shards });
    }
    Ok(settings.connections_max.min(allowed - own))
}

/// How many descriptors this process may have, once it has asked for so many: the soft limit is a
/// default of shells, which a process may raise as far as the hard one.
fn allowed(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let number = |limit: Option<u64>| limit.map_or(usize::MAX, |limit| limit as usize);
    let (soft, hard) = (number(limit.current), number(limit.maximum));
    if soft >= wanted {
        return soft;
    }
    let raised = wanted.min(hard);
    let asked = Rlimit { current: Some(raised as u64), maximum: limit.maximum };
    setrlimit(Resource::Nofile, asked).map_or(soft, |()| raised)
}

#[cfg(test)]
mod tests {
    use super::super::settings::Layer;
    use super::*;

    fn settings(shards: usize, connections_max: usize) -> Settings {
        let layer = Layer {
            data: Some("/a".into()),
            shards: Some(shards),
            connections_max: Some(connections_max),
            ..Layer::default()
        };
        layer.settle().expect("settings that can be")
    }

    #[test]
    fn connections_are_as_many_as_settings_and_system_allow() {
        let own = own(2);
        assert_eq!(room(&settings(2, 50), own + 80, own), Ok(50));
        assert_eq!(room(&settings(2, 50), own + 30, own), Ok(30));
        assert_eq!(room(&settings(2, 50), own + 1, own), Ok(1));
        let too_few = room(&settings(2, 50), own, own).expect_err("room for none");
        assert_eq!(too_few, TooFew { allowed: own, needed: own + 1, shards: 2 });
    }

    #[test]
    fn more_shards_need_more() {
        assert_eq!(own(64) - own(1), 63 * DESCRIPTORS_PER_SHARD);
    }
}
