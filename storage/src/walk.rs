//! Groups read one by one, each judged before it is believed.
//!
//! A walk goes along the chain and returns groups that are whole, in their place and linked to
//! the one before. Where that ends, it says what it saw and no more: whether an end is the end, a
//! torn write or damage is judged by those who know more (`recovery`, `reader`, `verify`).
//! Never writes, and never holds more than one window of a segment.

use std::path::PathBuf;
use std::sync::Arc;

use crate::aligned::{AlignedBytes, is_zero};
use crate::dataset::DataSet;
use crate::disk::{Disk, DiskError, DiskFile, FileUse};
use crate::group::{GroupHeader, HeaderFault, group_hash};
use crate::limits::{
    BLOCK_BYTES, GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES, WINDOW_BYTES, group_bytes_max,
};
use crate::marks::{KIND_CLOSED, KIND_OPENED};
use crate::position::{Cursor, GroupHash, Place, Position};
use crate::record::{DOMAIN_KIND_FIRST, Records};
use crate::recovery::BlankSegments;
use crate::segment::{segment_path, u128_at};

/// A group that may be believed.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// Its header.
    pub header: GroupHeader,
    /// Its hash.
    pub hash: GroupHash,
    /// Its records.
    pub records: Records<'a>,
}

impl Group<'_> {
    /// The cursor of one who has seen all of it.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { position: self.header.last(), hash: self.hash }
    }
}

/// What a look at one place showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// The segment has no more room there.
    NoRoom,
    /// The first block is all zeros.
    Blank,
    /// No checksum holds: a torn write may look like this, and so does rot.
    Broken(&'static str),
    /// A sound header of this data set in another version of the format.
    OtherFormat(u16),
    /// Checksums hold over what does not belong there: no torn write looks like this.
    Wrong(String),
    /// Whole, ours, and written for this place. Whether it is linked has not been asked.
    Sound(GroupHeader, GroupHash),
}

/// A part of one segment in memory.
pub(crate) struct Window {
    buffer: AlignedBytes,
    file: Box<dyn DiskFile>,
    segment: u64,
    segment_bytes: u64,
    read_ahead: usize,
    start: u64,
    filled: usize,
}

impl Window {
    /// The bytes from a block boundary on; read from the disk if they are not at hand.
    pub(crate) fn get(&mut self, offset: u64, bytes: usize) -> Result<&[u8], DiskError> {
        assert!(offset.is_multiple_of(BLOCK_BYTES as u64) && bytes <= self.buffer.len());
        assert!(offset + bytes as u64 <= self.segment_bytes, "a look past the segment's end");
        let end = self.start + self.filled as u64;
        if offset < self.start || offset > end {
            self.start = offset;
            self.filled = 0;
        } else if offset + bytes as u64 > end {
            let kept = (end - offset) as usize;
            let from = self.filled - kept;
            self.buffer.copy_within(from..self.filled, 0);
            self.start = offset;
            self.filled = kept;
        }
        let skip = (offset - self.start) as usize;
        if skip + bytes > self.filled {
            let left = (self.segment_bytes - self.start) as usize;
            let wanted = (skip + bytes).next_multiple_of(BLOCK_BYTES).max(self.read_ahead);
            let upto = wanted.min(left).min(self.buffer.len());
            let begin = self.filled;
            self.file.read_at(&mut self.buffer[begin..upto], self.start + begin as u64)?;
            self.filled = upto;
        }
        Ok(&self.buffer[skip..skip + bytes])
    }

    /// Forgets what is at hand, so that the next look sees the disk as it is then.
    pub(crate) fn forget(&mut self) {
        self.filled = 0;
    }
}

/// The links of the chain up to some group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    pub(crate) last: Cursor,
    pub(crate) time_ms: u64,
    /// Whether the last group was a `Closed`: its epoch has ended.
    pub(crate) closed: bool,
}

impl Chain {
    pub(crate) fn genesis(dataset: &DataSet) -> Chain {
        let last = Cursor { position: Position::START, hash: dataset.genesis() };
        Chain::behind(last, 0)
    }

    /// The chain behind groups that are not read: what the next one's own header says of them.
    pub(crate) const fn behind(last: Cursor, time_ms: u64) -> Chain {
        Chain { last, time_ms, closed: false }
    }

    /// What keeps a sound group from being the next one.
    pub(crate) fn refuses(&self, header: &GroupHeader) -> Option<String> {
        let last = self.last.position;
        if header.first_sequence != last.sequence + 1 {
            let first = header.first_sequence;
            let wanted = last.sequence + 1;
            return Some(format!("its first record is {first} where {wanted} comes next"));
        }
        if header.previous != self.last.hash {
            return Some("it is not linked to the group before it".to_owned());
        }
        if header.epoch < last.epoch || header.epoch == 0 {
            return Some(format!("its epoch is {}, after epoch {}", header.epoch, last.epoch));
        }
        if header.durable_before != last {
            let before = header.durable_before;
            return Some(format!("it was written after {before}, and {last} comes before it"));
        }
        if header.time_ms < self.time_ms {
            return Some("its time is before that of the group before it".to_owned());
        }
        None
    }

    /// What is wrong with the journal's own records in the group that comes next: an epoch begins
    /// with `Opened` and may end with `Closed`, and each mark has its group to itself.
    fn mark_misplaced(&self, header: &GroupHeader, records: Records<'_>) -> Option<String> {
        let alone = header.records == 1;
        let mut records = records;
        let mark = records.find(|record| record.kind < DOMAIN_KIND_FIRST);
        if let (Some(mark), false) = (mark, alone) {
            return Some(format!("the mark at {} shares it with other records", mark.position));
        }
        let (epoch, begins) = (header.epoch, header.epoch != self.last.position.epoch);
        let opened = mark.is_some_and(|mark| mark.kind == KIND_OPENED);
        match (begins, opened) {
            (true, false) => Some(format!("epoch {epoch} does not begin with `Opened`")),
            (false, true) => Some(format!("it is a second `Opened` of epoch {epoch}")),
            (false, false) if self.closed => {
                Some(format!("it lies behind the `Closed` of its epoch {epoch}"))
            }
            _ => None,
        }
    }

    fn accept(&mut self, linked: &Linked) {
        let Linked { header, hash, closed } = *linked;
        assert!(header.first_sequence == self.last.position.sequence + 1);
        self.last = Cursor { position: header.last(), hash };
        self.time_ms = header.time_ms;
        self.closed = closed;
    }
}

/// What comes next on a walk.
pub(crate) enum Found<'a> {
    /// A group that is whole, in place and linked.
    Group(Group<'a>),
    /// None.
    Nothing(ChainEnd),
}

/// What was seen where the chain ends.
#[derive(Debug, Clone)]
pub(crate) struct ChainEnd {
    /// What was seen where the next group should be.
    pub(crate) here: Look,
    /// What was seen at the start of the next segment, if there is one and `here` left open that
    /// the chain goes on there.
    pub(crate) next_segment: Option<Look>,
}

/// A group that comes next and has not been taken yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linked {
    pub(crate) header: GroupHeader,
    pub(crate) hash: GroupHash,
    closed: bool,
}

/// A walk along the chain.
pub(crate) struct Walker {
    disk: Arc<dyn Disk>,
    journal_dir: PathBuf,
    pub(crate) dataset: DataSet,
    pub(crate) last_segment: u64,
    window: Window,
    /// Segments that a survey need not look at.
    pub(crate) blank: BlankSegments,
    /// Where the next group should be.
    pub(crate) place: Place,
    pub(crate) chain: Chain,
}

impl Walker {
    /// A walk from the first group of a segment on, behind the chain given.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        journal_dir: PathBuf,
        dataset: DataSet,
        segments: std::ops::RangeInclusive<u64>,
        chain: Chain,
    ) -> Result<Walker, DiskError> {
        let first = *segments.start();
        let file = disk.open(&segment_path(&journal_dir, first), FileUse::Read)?;
        let window = Window {
            buffer: AlignedBytes::new(WINDOW_BYTES),
            file,
            segment: first,
            segment_bytes: dataset.segment_bytes,
            read_ahead: WINDOW_BYTES,
            start: 0,
            filled: 0,
        };
        let place = Place { segment: first, offset: SEGMENT_HEADER_BYTES as u64 };
        let last_segment = *segments.end();
        let blank = BlankSegments::NONE;
        Ok(Walker { disk, journal_dir, dataset, last_segment, window, blank, place, chain })
    }

    /// Reads no more ahead than this; a follower of a live journal reads what there is.
    pub(crate) fn read_ahead(&mut self, bytes: usize) {
        self.window.read_ahead = bytes.min(WINDOW_BYTES);
    }

    /// The window over a segment.
    pub(crate) fn window(&mut self, segment: u64) -> Result<&mut Window, DiskError> {
        if self.window.segment != segment {
            let path = segment_path(&self.journal_dir, segment);
            self.window.file = self.disk.open(&path, FileUse::Read)?;
            self.window.segment = segment;
            self.window.forget();
        }
        Ok(&mut self.window)
    }

    /// Looks at one place.
    pub(crate) fn look(&mut self, place: Place) -> Result<Look, DiskError> {
        let dataset = self.dataset;
        if place.offset + BLOCK_BYTES as u64 > dataset.segment_bytes {
            return Ok(Look::NoRoom);
        }
        let window = self.window(place.segment)?;
        let block = window.get(place.offset, BLOCK_BYTES)?;
        if is_zero(block) {
            return Ok(Look::Blank);
        }
        let Some(head) = block.first_chunk::<GROUP_HEADER_BYTES>() else {
            unreachable!("a block is longer than a group header");
        };
        let header = match GroupHeader::decode(head) {
            Ok(header) => header,
            Err(HeaderFault::NoMagic) => return Ok(Look::Broken("no group begins there")),
            Err(HeaderFault::Crc) => {
                return Ok(Look::Broken("the checksum of the group's header does not hold"));
            }
            Err(HeaderFault::OtherFormat(version)) => {
                return Ok(if dataset_id(head) == dataset.id {
                    Look::OtherFormat(version)
                } else {
                    Look::Wrong(other_format(version))
                });
            }
            Err(HeaderFault::Impossible(what)) => {
                return Ok(Look::Wrong(format!("a group header that says the impossible: {what}")));
            }
        };
        if header.dataset_id != dataset.id || header.environment != dataset.environment {
            let (id, environment) = (header.dataset_id, header.environment);
            return Ok(Look::Wrong(format!("a group of {environment} data set {id:032x}")));
        }
        if header.place != place {
            return Ok(Look::Wrong(format!("a group that belongs to {}", header.place)));
        }
        let bytes = header.hashed_bytes();
        let room = (dataset.segment_bytes - place.offset) as usize;
        if header.disk_bytes() > room.min(group_bytes_max(dataset.segment_bytes)) {
            return Ok(Look::Wrong(format!("a group of {bytes} bytes where {room} are left")));
        }
        let group = window.get(place.offset, bytes)?;
        if crc32c::crc32c(&group[GROUP_HEADER_BYTES..]) != header.body_crc {
            return Ok(Look::Broken("the checksum of the group's body does not hold"));
        }
        Ok(Look::Sound(header, group_hash(group)))
    }

    /// The next group, if the chain goes on.
    pub(crate) fn next(&mut self) -> Result<Found<'_>, DiskError> {
        match self.peek()? {
            Ok(linked) => Ok(Found::Group(self.take(linked)?)),
            Err(end) => Ok(Found::Nothing(end)),
        }
    }

    /// What comes next, without going there. A group whose records are not whole is wrong.
    pub(crate) fn peek(&mut self) -> Result<Result<Linked, ChainEnd>, DiskError> {
        let here = self.judged(self.place)?;
        let here = match here {
            Ok(linked) => return Ok(Ok(linked)),
            Err(look) => look,
        };
        let open = matches!(here, Look::Blank | Look::NoRoom);
        if !open || self.place.segment >= self.last_segment {
            return Ok(Err(ChainEnd { here, next_segment: None }));
        }
        Ok(match self.judged(self.next_segment())? {
            Ok(linked) => Ok(linked),
            Err(look) => Err(ChainEnd { here, next_segment: Some(look) }),
        })
    }

    /// Where the next segment's first group is.
    pub(crate) const fn next_segment(&self) -> Place {
        Place { segment: self.place.segment + 1, offset: SEGMENT_HEADER_BYTES as u64 }
    }

    /// A look at a place, with the chain's word on it.
    fn judged(&mut self, place: Place) -> Result<Result<Linked, Look>, DiskError> {
        let (header, hash) = match self.look(place)? {
            Look::Sound(header, hash) => (header, hash),
            other => return Ok(Err(other)),
        };
        let why = match self.chain.refuses(&header) {
            Some(why) => why,
            None => {
                let chain = self.chain;
                let body = self.body(&header)?;
                match Records::read(body, header.first(), header.records) {
                    Ok(records) => match chain.mark_misplaced(&header, records) {
                        Some(why) => why,
                        None => {
                            // A mark is alone in its group, so one look is enough.
                            let mut records = records;
                            let closed = records.next().is_some_and(|r| r.kind == KIND_CLOSED);
                            return Ok(Ok(Linked { header, hash, closed }));
                        }
                    },
                    Err(error) => error.to_string(),
                }
            }
        };
        Ok(Err(Look::Wrong(format!("a whole group, but {why}"))))
    }

    /// Goes past the group that was just peeked at.
    pub(crate) fn take(&mut self, linked: Linked) -> Result<Group<'_>, DiskError> {
        let Linked { header, hash, .. } = linked;
        self.chain.accept(&linked);
        let Place { segment, offset } = header.place;
        self.place = Place { segment, offset: offset + header.disk_bytes() as u64 };
        let records = Records::counted(self.body(&header)?, header.first(), header.records);
        Ok(Group { header, hash, records })
    }

    fn body(&mut self, header: &GroupHeader) -> Result<&[u8], DiskError> {
        let Place { segment, offset } = header.place;
        let group = self.window(segment)?.get(offset, header.hashed_bytes())?;
        Ok(&group[GROUP_HEADER_BYTES..])
    }

    /// The padding of the group just returned, up to the whole block.
    pub(crate) fn padding_is_zero(&mut self, header: &GroupHeader) -> Result<bool, DiskError> {
        let Place { segment, offset } = header.place;
        let blocks = self.window(segment)?.get(offset, header.disk_bytes())?;
        Ok(is_zero(&blocks[header.hashed_bytes()..]))
    }
}

/// The data set that a group header names; it stands there in every format.
fn dataset_id(head: &[u8; GROUP_HEADER_BYTES]) -> u128 {
    u128_at(head, 8)
}

/// What a group of another format is called.
pub(crate) fn other_format(version: u16) -> String {
    format!("a group of format version {version}")
}

/// What lies at and behind the end of the chain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Survey {
    /// The first group that counts: whole, ours, and of a later sequence.
    pub(crate) counted: Option<(Place, Position)>,
    /// The first sound header of our data set that this format does not know, and what is odd
    /// about it: no torn write looks like this, and a later format may.
    pub(crate) later: Option<(Place, String)>,
    /// Per segment, the first and the last block that are not zero (offsets of both).
    pub(crate) stains: Vec<(u64, u64, u64)>,
}

impl Walker {
    /// Reads all that lies at and behind a place, block by block, and stops at the first group
    /// that counts: its checksums hold, its data set is ours and its sequence is above the
    /// chain's.
    pub(crate) fn survey(&mut self, from: Place) -> Result<Survey, DiskError> {
        let mut survey = Survey::default();
        let block_bytes = BLOCK_BYTES as u64;
        for segment in from.segment..=self.last_segment {
            if self.blank.has(segment) {
                break;
            }
            let start = if segment == from.segment { from.offset } else { block_bytes };
            let mut offset = start;
            while offset + block_bytes <= self.dataset.segment_bytes {
                let last = self.chain.last.position.sequence;
                let dataset = self.dataset;
                let window = self.window(segment)?;
                let block = window.get(offset, BLOCK_BYTES)?;
                if !is_zero(block) {
                    match survey.stains.last_mut() {
                        Some((stained, _, end)) if *stained == segment => *end = offset,
                        _ => survey.stains.push((segment, offset, offset)),
                    }
                    let head = block.first_chunk::<GROUP_HEADER_BYTES>();
                    let read = head.map(|head| (head, GroupHeader::decode(head)));
                    if let Some((head, Err(fault))) = read
                        && dataset_id(head) == dataset.id
                        && survey.later.is_none()
                    {
                        let what = match fault {
                            HeaderFault::NoMagic | HeaderFault::Crc => None,
                            HeaderFault::OtherFormat(version) => Some(other_format(version)),
                            HeaderFault::Impossible(what) => {
                                Some(format!("a group header that says {what}"))
                            }
                        };
                        survey.later = what.map(|what| (Place { segment, offset }, what));
                    }
                    if let Some((_, Ok(header))) = read
                        && header.dataset_id == dataset.id
                        && header.first_sequence > last
                        && offset + header.disk_bytes() as u64 <= dataset.segment_bytes
                    {
                        let group = window.get(offset, header.hashed_bytes())?;
                        if crc32c::crc32c(&group[GROUP_HEADER_BYTES..]) == header.body_crc {
                            let place = Place { segment, offset };
                            survey.counted = Some((place, header.first()));
                            return Ok(survey);
                        }
                    }
                }
                offset += block_bytes;
            }
        }
        Ok(survey)
    }
}
