//! Whether the end of the chain is an end, a torn write, or damage.
//!
//! Judges by what is on the disk alone, and never by what would be convenient: bytes that no torn
//! write explains are damage.

use std::fmt;

use crate::disk::DiskError;
use crate::limits::{BLOCK_BYTES, group_bytes_max};
use crate::marks::Cut;
use crate::position::Place;
use crate::walk::{ChainEnd, Look, Walker, other_format};

/// What to do about a damaged journal.
pub const RESTORE: &str = "nothing was changed; keep a copy of this directory, then put the \
                           segment back from the archive, a backup or a standby";

/// What to do about a journal that holds what this program does not know.
pub const NEWER: &str = "nothing was changed; start the newer program version that wrote it";

/// A place where the journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub what: String,
    /// What to do.
    pub next_step: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}; {}", self.place, self.what, self.next_step)
    }
}

impl Damage {
    pub(crate) fn at(place: Place, what: impl Into<String>) -> Damage {
        Damage { place, what: what.into(), next_step: RESTORE }
    }

    /// What a later program may have written, rather than damage.
    fn newer(place: Place, what: impl Into<String>) -> Damage {
        Damage { place, what: what.into(), next_step: NEWER }
    }

    /// Whether a later program may have written it.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.next_step == NEWER
    }
}

/// What is plainly wrong where the chain ends; nothing, if there are only zeros to see.
pub(crate) fn fault(walker: &Walker, end: &ChainEnd) -> Option<Damage> {
    let (here, next) = (walker.place, walker.next_segment());
    match (&end.here, &end.next_segment) {
        (Look::OtherFormat(version), _) => Some(Damage::newer(here, other_format(*version))),
        (Look::Wrong(what), _) => Some(Damage::at(here, what)),
        (Look::Broken(what), _) => Some(Damage::at(here, *what)),
        (Look::Blank | Look::NoRoom, Some(Look::OtherFormat(version))) => {
            Some(Damage::newer(next, other_format(*version)))
        }
        // If this segment still had room, a whole group behind it means that one is missing here.
        (Look::Blank, Some(Look::Wrong(what))) => {
            Some(Damage::at(here, format!("{MISSING}; at {next}: {what}")))
        }
        (_, Some(Look::Wrong(what))) => Some(Damage::at(next, what)),
        (_, Some(Look::Broken(what))) => Some(Damage::at(next, *what)),
        _ => None,
    }
}

/// What a blank place is called where a group must be.
pub(crate) const MISSING: &str = "a group is missing";

/// A torn write to cut or nothing; or the damage that it is.
pub(crate) type Judgement = Result<Option<Cut>, Damage>;

/// Judges what lies at the end of the chain, where the walk stands.
pub(crate) fn judge(walker: &mut Walker, end: &ChainEnd) -> Result<Judgement, DiskError> {
    let (here, next) = (walker.place, walker.next_segment());
    let wrong = |look: &Look| matches!(look, Look::Wrong(_) | Look::OtherFormat(_));
    if (wrong(&end.here) || end.next_segment.as_ref().is_some_and(wrong))
        && let Some(damage) = fault(walker, end)
    {
        return Ok(Err(damage));
    }
    let survey = walker.survey(here)?;
    #[cfg(feature = "planted-bugs")]
    if domain::planted::is(domain::planted::Bug::DamageSkipped) && survey.counted.is_some() {
        let bytes = walker.dataset.segment_bytes - here.offset;
        return Ok(Ok(Some(Cut { place: here, bytes })));
    }
    if let Some((place, position)) = survey.counted {
        let damage = fault(walker, end).unwrap_or_else(|| Damage::at(here, MISSING));
        let what = format!("{}, and {place} holds a later group, from {position} on", damage.what);
        return Ok(Err(Damage::at(damage.place, what)));
    }
    if let Some((place, what)) = survey.later {
        return Ok(Err(Damage::newer(place, what)));
    }
    let largest = group_bytes_max(walker.dataset.segment_bytes) as u64;
    let mut cut = None;
    for (segment, first, last) in survey.stains {
        let start = if segment == here.segment { here } else { next };
        let past = last + BLOCK_BYTES as u64 - start.offset;
        if cut.is_some() || segment > next.segment || past > largest {
            let what = "bytes behind the end of the journal that no torn write explains";
            return Ok(Err(Damage::at(Place { segment, offset: first }, what)));
        }
        cut = Some(Cut { place: start, bytes: past });
    }
    Ok(Ok(cut))
}
