//! Whether the end of the chain is an end, a torn write, or damage.
//!
//! Judges by what is on the disk alone, and never by what would be convenient: bytes that no torn
//! write explains are damage.

use std::fmt;

use crate::disk::DiskError;
use crate::limits::{BLOCK_BYTES, SEGMENT_HEADER_BYTES, group_bytes_max};
use crate::marks::Cut;
use crate::position::Place;
use crate::walk::{Look, Walker};

/// What to do about a damaged journal.
pub const RESTORE: &str = "nothing was changed; keep a copy of this directory, then put the \
                           segment back from the archive, a backup or a standby";

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
        Damage {
            place,
            what: what.into(),
            next_step: RESTORE,
        }
    }
}

/// What was seen where the chain ends.
pub(crate) struct ChainEnd {
    pub(crate) here: Look,
    pub(crate) next_segment: Option<Look>,
}

/// A torn write to cut or nothing; or the damage that it is.
pub(crate) type Judgement = Result<Option<Cut>, Damage>;

/// Judges what lies at the end of the chain, where the walk stands.
pub(crate) fn judge(walker: &mut Walker, end: ChainEnd) -> Result<Judgement, DiskError> {
    let here = walker.place;
    let next = Place {
        segment: here.segment + 1,
        offset: SEGMENT_HEADER_BYTES as u64,
    };
    if let Look::Wrong(what) = &end.here {
        return Ok(Err(Damage::at(here, what)));
    }
    if let Some(Look::Wrong(what)) = &end.next_segment {
        return Ok(Err(Damage::at(next, what)));
    }
    let survey = walker.survey(here)?;
    if let Some((place, position)) = survey.counted {
        let what = match end.here {
            Look::Broken(what) => what,
            _ => "a group is missing",
        };
        let what = format!("{what}, and {place} holds a later group, from record {position} on");
        return Ok(Err(Damage::at(here, what)));
    }
    let largest = group_bytes_max(walker.dataset.segment_bytes) as u64;
    let mut cut = None;
    for (segment, first, last) in survey.stains {
        let start = if segment == here.segment { here } else { next };
        let past = last + BLOCK_BYTES as u64 - start.offset;
        if cut.is_some() || segment > next.segment || past > largest {
            let what = "bytes behind the end of the journal that no torn write explains";
            return Ok(Err(Damage::at(
                Place {
                    segment,
                    offset: first,
                },
                what,
            )));
        }
        cut = Some(Cut {
            place: start,
            bytes: past,
        });
    }
    Ok(Ok(cut))
}
