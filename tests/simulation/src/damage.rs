//! What was durable reads otherwise: a start stops and says so, or it did not need those bytes.
//!
//! Wrong bytes are an overlay over what was written. A start is tried on a copy, judged, and thrown
//! away; then the overlay is taken off and everything has to be there.

use std::path::PathBuf;

use actors::engine::StartError;
use storage::disk::SimDisk;
use storage::group::GroupHeader;
use storage::limits::{BLOCK_BYTES, GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use storage::recovery::OpenError;
use storage::segment::{journal_dir, segment_path};

use crate::founding::{data_dir, start_engine};
use crate::run::Run;
use crate::swarm::Kind;

/// A group as it was written.
#[derive(Clone, Debug)]
struct Written {
    path: PathBuf,
    from: u64,
    /// Behind its last byte that counts; padding follows.
    end: u64,
    last: u64,
}

impl Written {
    fn is_hit(&self, (path, from, end): &(PathBuf, u64, u64)) -> bool {
        *path == self.path && *from < self.end && *end > self.from
    }
}

/// The groups of a journal, in order, from the bytes that were written.
fn groups_of(disk: &SimDisk) -> Vec<Written> {
    let pristine = disk.image();
    pristine.heal();
    let dir = journal_dir(&data_dir());
    let mut all: Vec<Written> = Vec::new();
    for number in 1.. {
        let path = segment_path(&dir, number);
        let Some(bytes) = pristine.contents(&path) else { return all };
        let mut at = SEGMENT_HEADER_BYTES;
        while let Some(head) = bytes[at..].first_chunk::<GROUP_HEADER_BYTES>()
            && let Ok(header) = GroupHeader::decode(head)
        {
            let end = at + GROUP_HEADER_BYTES + header.body_bytes as usize;
            let body = bytes.get(at + GROUP_HEADER_BYTES..end).unwrap_or_default();
            if crc32c::crc32c(body) != header.body_crc {
                // Torn when the machine stopped.
                return all;
            }
            let last = header.last().sequence;
            if all.last().is_some_and(|before| before.last + 1 != header.first_sequence) {
                return all;
            }
            all.push(Written { path: path.clone(), from: at as u64, end: end as u64, last });
            at += header.disk_bytes();
        }
    }
    all
}

impl Run<'_> {
    /// Bits turn over and blocks go stale while nobody looks.
    pub(crate) fn damage_at_rest(&mut self) {
        for kind in [Kind::FlippedBit, Kind::StaleBlock] {
            if !self.swarm.strikes(kind, &mut self.draw) {
                continue;
            }
            let groups = groups_of(&self.disk);
            let group = groups[self.draw.below(groups.len())].clone();
            self.notes.fault(kind);
            if kind == Kind::FlippedBit {
                let bits = (group.end - group.from) as usize * 8;
                self.disk.flip_bit(&group.path, group.from * 8 + self.draw.below(bits) as u64);
            } else {
                let blocks = (group.end - group.from).div_ceil(BLOCK_BYTES as u64);
                let at = group.from + self.draw.below(blocks as usize) as u64 * BLOCK_BYTES as u64;
                self.disk.put_wrong(&group.path, at, &[0; BLOCK_BYTES]);
            }
        }
    }

    /// O1, O6, O10: where a group is not what was written, a start stops with the place. It may go
    /// on where it reads nothing of the group (a checkpoint knows it), and where no whole group
    /// follows and nobody else knows of it: one node cannot tell that from a torn write.
    pub(crate) fn must_stop_at_damage(&mut self) {
        let wrong = self.disk.wrong();
        if wrong.is_empty() {
            return;
        }
        let groups = groups_of(&self.disk);
        let is_hit = |group: &&Written| wrong.iter().any(|range| group.is_hit(range));
        // The last that is whole is a witness of all before it.
        let witness =
            groups.iter().rev().find(|group| !is_hit(group)).map_or(0, |whole| whole.last);
        let hit: Vec<&Written> = groups.iter().filter(is_hit).collect();
        let (copy, checkpoint) = (self.disk.image(), self.checkpoint.after_kill(0));
        let started = start_engine(&copy, &checkpoint, 1, self.clocks.wall_ms());
        match started {
            Ok(started) => {
                let read_from = started.summary.from_checkpoint.map_or(0, |from| from.sequence);
                drop(started);
                for group in hit {
                    let unread = group.last <= read_from;
                    let torn = group.last > witness;
                    assert!(
                        unread || torn,
                        "O6: a start went on over a damaged group: {group:?}, read from {read_from}"
                    );
                    self.notes.last_groups_lost += u64::from(torn);
                }
            }
            Err(StartError::Journal(error)) => {
                self.notes.refused_starts += 1;
                if let OpenError::Damage(damage) = &error {
                    let near = wrong.iter().any(|(path, ..)| {
                        let dir = journal_dir(&data_dir());
                        let place = damage.place.segment;
                        (place.saturating_sub(1)..=place + 1)
                            .any(|number| *path == segment_path(&dir, number))
                    });
                    assert!(near, "O10: the start stopped elsewhere: {error}, wrong is {wrong:?}");
                }
                // Nothing was changed that counts: what was written is all there.
                copy.heal();
                let again = start_engine(&copy, &checkpoint, 1, self.clocks.wall_ms());
                assert!(again.is_ok(), "O6: a start that stopped changed the journal");
            }
        }
        self.disk.heal();
    }
}
