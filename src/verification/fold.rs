//! Folds of a journal that somebody else may have written: what does not follow is told with its
//! position, and is no crash.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Once};

use actors::replay::Replay;
use domain::Division;
use domain::contents::HashKey;
use storage::disk::Disk;
use storage::event_record::EventError;
use storage::position::{Place, Position};
use storage::reader::{JournalReader, ReadError, ReadFrom};
use storage::recovery::Damage;
use thiserror::Error;

use crate::exit::{Exit, Failure};

/// What to do about a record that does not follow from those before it.
const NOT_OURS: &str = "every checksum holds, so this is what was written: keep a copy of this \
                        directory, start no server on it, and compare it with a backup or a standby";

/// Which divisions are folded: those whose index leaves `index`, divided by `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Which share.
    pub(crate) index: u16,
    /// Of how many.
    pub(crate) of: u16,
}

impl Share {
    /// Every division.
    pub(crate) const ALL: Share = Share { index: 0, of: 1 };
}

/// Why a journal cannot be folded.
#[derive(Debug, Error)]
pub(crate) enum FoldError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record is of a kind this program does not know.
    #[error("the record at {position} cannot be folded: {error}")]
    Unknown {
        /// Where it is.
        position: Position,
        /// Which it is.
        error: EventError,
    },
    /// A record does not follow from those before it.
    #[error("the record at {position} ({place}) {what}; {NOT_OURS}")]
    Record {
        /// The group it lies in.
        place: Place,
        /// Where it is.
        position: Position,
        /// What is wrong with it.
        what: String,
    },
}

impl FoldError {
    /// The damage it is, if it is one.
    ///
    /// # Errors
    /// The failure it is instead.
    pub(crate) fn into_damage(self) -> Result<Damage, Failure> {
        match self {
            FoldError::Read(ReadError::Damage(damage)) => Ok(damage),
            FoldError::Record { place, position, what } => {
                let what = format!("the record at {position} {what}");
                Ok(Damage { place, what, next_step: NOT_OURS })
            }
            other => Err(other.into_failure()),
        }
    }

    /// The failure of a program that needs the state.
    pub(crate) fn into_failure(self) -> Failure {
        let damage =
            matches!(self, FoldError::Record { .. } | FoldError::Read(ReadError::Damage(_)));
        Failure::new(if damage { Exit::Damage } else { Exit::CannotStart }, self)
    }
}

/// Folds the divisions of a share, up to a position. `progress` is told how many records went by.
///
/// # Errors
/// When the journal cannot be read, or a record does not follow from those before it.
pub(crate) fn fold_share(
    disk: &Arc<dyn Disk>,
    data: &Path,
    upto: Position,
    share: Share,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Division>, FoldError> {
    let mut reader = JournalReader::open(Arc::clone(disk), data, ReadFrom::Start)?;
    let key = HashKey(reader.dataset().hash_key);
    let mut replay = Replay::of_share(key, share.index, share.of);
    while let Some(group) = reader.next(upto)? {
        let place = group.header.place;
        for record in group.records {
            let position = record.position;
            // A fold that panicked is not used again.
            match caught(AssertUnwindSafe(|| replay.record(record))) {
                Ok(Ok(())) => {}
                Ok(Err(error @ EventError::UnknownKind { .. })) => {
                    return Err(FoldError::Unknown { position, error });
                }
                Ok(Err(error)) => {
                    let what = format!("is not what its kind says: {error}");
                    return Err(FoldError::Record { place, position, what });
                }
                Err(panic) => {
                    let what = format!("does not follow from those before it: {panic}");
                    return Err(FoldError::Record { place, position, what });
                }
            }
        }
        progress(group.header.last().sequence);
    }
    Ok(replay.into_divisions())
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does something that may panic, and gives the panic's words instead of printing them.
///
/// # Errors
/// The panic's words.
fn caught<T>(act: AssertUnwindSafe<impl FnOnce() -> T>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |about| {
            if !QUIET.get() {
                before(about);
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(act);
    QUIET.set(false);
    done.map_err(|panic| match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(panic) => panic
            .downcast_ref::<&str>()
            .map_or_else(|| "it cannot be applied".to_owned(), |words| (*words).to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_its_own_words() {
        let text = String::from("of two parts");
        assert_eq!(caught(AssertUnwindSafe(|| 7)), Ok(7));
        let caught_static = caught(AssertUnwindSafe(|| -> () { panic!("on purpose") }));
        assert_eq!(caught_static, Err("on purpose".to_owned()));
        let caught_owned = caught(AssertUnwindSafe(|| -> () { panic!("{text}, one more") }));
        assert_eq!(caught_owned, Err("of two parts, one more".to_owned()));
    }
}
