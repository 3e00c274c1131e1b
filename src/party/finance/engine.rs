//! The engine beside which finance's store runs: that it is the one the store has followed, and how it stands.
//!
//! An engine that was restored from an older copy, or another one at the same address, numbers other events as the store
//! has them: what it orders would be taken for what was ordered long ago, and the answers to payments would go to
//! whoever has their names now. Neither is followed, and neither is given a fact.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use protocol::{Cursor, Position};
use serde_json::{Value, json};

/// How far the store has followed, and whose journal, as it lies in the store's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Followed {
    /// The last position, and the hash of its group.
    pub(super) cursor: Cursor,
    /// The engine's data set; none before the first turn, and in journals of before this was kept.
    pub(super) data_set: Option<u128>,
}

impl Followed {
    /// Epoch, sequence, hash, data set.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(60);
        bytes.extend_from_slice(&self.cursor.position.epoch.to_le_bytes());
        bytes.extend_from_slice(&self.cursor.position.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.cursor.group_hash);
        bytes.extend(self.data_set.into_iter().flat_map(u128::to_le_bytes));
        bytes
    }

    /// What [`Followed::to_bytes`] wrote; of a new store nothing is followed.
    pub(super) fn of_bytes(bytes: &[u8]) -> Followed {
        let read = || {
            let (epoch, rest) = bytes.split_first_chunk()?;
            let (sequence, rest) = rest.split_first_chunk()?;
            let (group_hash, rest) = rest.split_first_chunk()?;
            let (epoch, sequence) = (u32::from_le_bytes(*epoch), u64::from_le_bytes(*sequence));
            let cursor = Cursor { position: Position { epoch, sequence }, group_hash: *group_hash };
            let data_set = rest.first_chunk().map(|bytes| u128::from_le_bytes(*bytes));
            Some(Followed { cursor, data_set })
        };
        read().unwrap_or(Followed { cursor: Cursor::START, data_set: None })
    }

    /// Holds an engine against what was followed.
    ///
    /// # Errors
    /// When it is another one, or does not reach as far as it did.
    pub(super) fn is_of(self, data_set: u128, durable: Position) -> Result<(), String> {
        let followed = self.cursor.position;
        match self.data_set {
            Some(ours) if ours != data_set => Err(format!(
                "the engine has data set {data_set:032x} and this store follows {ours:032x}; start it beside its own \
                 engine (--server), or the engine with its own data"
            )),
            _ if durable < followed => Err(format!(
                "the engine ends at {durable} and this store has followed it to {followed}: the engine was restored from an \
                 older copy; {RESTORED}"
            )),
            _ => Ok(()),
        }
    }
}

/// How far a store has followed its engine, by what it wrote down of that.
pub(crate) fn followed_position(bytes: &[u8]) -> storage::position::Position {
    let Position { epoch, sequence } = Followed::of_bytes(bytes).cursor.position;
    storage::position::Position { epoch, sequence }
}

/// What to do when engine and store do not continue each other.
pub(super) const RESTORED: &str = "restore the journal that the store has followed, or compare payments and vouchers by hand; nothing is ordered and \
     nothing reported until then";

/// How the engine stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Standing {
    /// Nobody has asked yet.
    #[default]
    Starting,
    /// It is the store's, and what it has is read.
    Followed,
    /// It does not answer, or not as an engine.
    Away(String),
    /// It is not the one the store has followed.
    NotOurs(String),
}

#[derive(Debug, Default)]
struct Seen {
    standing: Standing,
    data_set: u128,
}

/// How the engine stands, for all threads beside the store. No other lock is taken under it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Engine(Arc<Mutex<Seen>>);

impl Engine {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_followed(&self, data_set: u128) {
        *self.seen() = Seen { standing: Standing::Followed, data_set };
    }

    pub(super) fn is_away(&self, why: String) {
        self.seen().standing = Standing::Away(why);
    }

    pub(super) fn is_not_ours(&self, why: String) {
        self.seen().standing = Standing::NotOurs(why);
    }

    /// Whether facts may be given to the engine with this data set.
    ///
    /// # Errors
    /// When it is not the one that is followed, or none is yet.
    pub(super) fn takes_facts(&self, data_set: u128) -> Result<()> {
        match &*self.seen() {
            Seen { standing: Standing::Followed, data_set: ours } if *ours == data_set => Ok(()),
            _ => bail!("the engine is not followed; `look status` says why"),
        }
    }

    /// Why nothing of the engine is heard at present; `None`: it is followed.
    pub(super) fn why_not(&self) -> Option<String> {
        match &self.seen().standing {
            Standing::Followed => None,
            Standing::Starting => Some("the engine has not been reached yet".to_owned()),
            Standing::Away(why) => Some(format!("the engine is away: {why}")),
            Standing::NotOurs(why) => Some(why.clone()),
        }
    }

    /// What people are told of it.
    pub(super) fn told(&self, followed: &[u8]) -> Value {
        let standing = match &self.seen().standing {
            Standing::Starting => "starting",
            Standing::Followed => "followed",
            Standing::Away(_) => "away",
            Standing::NotOurs(_) => "not-ours",
        };
        let Followed { cursor, data_set } = Followed::of_bytes(followed);
        json!({
            "standing": standing,
            "why": self.why_not(),
            "followed_to": cursor.position.to_string(),
            "data_set": data_set.map(|data_set| format!("{data_set:032x}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(sequence: u64, data_set: Option<u128>) -> Followed {
        let position = Position { epoch: 2, sequence };
        Followed { cursor: Cursor { position, group_hash: [7; 32] }, data_set }
    }

    #[test]
    fn what_was_followed_is_read_as_it_was_written_with_its_data_set_or_without() {
        for followed in [followed(9, Some(5)), followed(9, None)] {
            assert_eq!(Followed::of_bytes(&followed.to_bytes()), followed);
        }
        let nothing = Followed { cursor: Cursor::START, data_set: None };
        assert_eq!(Followed::of_bytes(&[]), nothing);
    }

    #[test]
    fn another_engine_and_one_that_ends_earlier_are_not_followed() {
        let at = |sequence| Position { epoch: 2, sequence };
        assert_eq!(followed(9, Some(5)).is_of(5, at(9)), Ok(()));
        assert_eq!(followed(9, None).is_of(5, at(12)), Ok(()));
        let another = followed(9, Some(5)).is_of(6, at(9)).expect_err("another data set");
        assert!(another.contains("00000006") && another.contains("00000005"), "{another}");
        let older = followed(9, Some(5)).is_of(5, at(8)).expect_err("an older copy");
        assert!(older.contains("2/8") && older.contains("2/9"), "{older}");
    }

    #[test]
    fn facts_are_for_the_engine_that_is_followed_alone() {
        let engine = Engine::default();
        assert!(engine.takes_facts(5).is_err());
        engine.is_followed(5);
        assert!(engine.takes_facts(5).is_ok() && engine.takes_facts(6).is_err());
        assert_eq!(engine.why_not(), None);
        engine.is_not_ours("it is another".to_owned());
        assert!(engine.takes_facts(5).is_err());
        assert_eq!(engine.why_not().as_deref(), Some("it is another"));
        assert_eq!(engine.told(&followed(9, Some(5)).to_bytes())["standing"], "not-ours");
    }
}
