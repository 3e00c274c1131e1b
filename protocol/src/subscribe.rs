//! Subscriptions: committed records from a cursor on, as they lie in the journal.
//!
//! Passes record bodies through without reading them; their layout is the journal's.

use crate::bytes::{Reader, Short, put_text};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{
    EVENT_FILTER_SLUGS_MAX, EVENT_HEADER_BYTES, EVENT_SLUG_BYTES_MAX, EVENTS_PROLOGUE_BYTES,
    FRAME_BYTES_MAX, FRAME_HEADER_BYTES,
};
use crate::results::{Position, put_prologue, read_prologue};

/// A place in the journal that can be held against its chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The last record that was taken in; sequence 0: none.
    pub position: Position,
    /// Hash of the group that ends there; zero only at the start.
    pub group_hash: [u8; 32],
}

impl Cursor {
    /// Before the first record.
    pub const START: Cursor =
        Cursor { position: Position { epoch: 0, sequence: 0 }, group_hash: [0; 32] };

    fn put(&self, out: &mut Vec<u8>) {
        put_prologue(out, self.position);
        out.extend_from_slice(&self.group_hash);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Cursor, Short> {
        Ok(Cursor { position: read_prologue(reader)?, group_hash: reader.array()? })
    }
}

/// What a subscriber asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscribe {
    /// Records behind this one.
    pub cursor: Cursor,
    /// End after so many records; 0: never.
    pub limit: u64,
    /// Names of the events wanted; empty: all.
    pub events: Vec<String>,
}

impl Subscribe {
    /// Appends the request as a frame. Names beyond the bounds are cut.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::Subscribe, request, 0, 0);
        self.cursor.put(out);
        out.extend_from_slice(&self.limit.to_le_bytes());
        let events = &self.events[..self.events.len().min(EVENT_FILTER_SLUGS_MAX)];
        out.extend_from_slice(&(events.len() as u16).to_le_bytes());
        for slug in events {
            put_text(out, slug, EVENT_SLUG_BYTES_MAX);
        }
        end_frame(out, start);
    }

    /// The request in a frame of kind [`FrameKind::Subscribe`].
    ///
    /// # Errors
    /// If the body is not one.
    pub fn parse(frame: &Frame<'_>) -> Result<Subscribe, FrameError> {
        Subscribe::read(frame.body).map_err(FrameError::short(FrameKind::Subscribe))
    }

    fn read(body: &[u8]) -> Result<Subscribe, Short> {
        let mut reader = Reader::new(body);
        let cursor = Cursor::read(&mut reader)?;
        let limit = reader.u64()?;
        let count = usize::from(reader.u16()?);
        if count > EVENT_FILTER_SLUGS_MAX {
            return Err(Short);
        }
        let mut events = Vec::with_capacity(count);
        for _ in 0..count {
            events.push(reader.text(EVENT_SLUG_BYTES_MAX)?.to_owned());
        }
        reader.end()?;
        Ok(Subscribe { cursor, limit, events })
    }
}

/// One committed record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it lies.
    pub position: Position,
    /// Its kind in the journal.
    pub kind: u16,
    /// The version of that kind's layout.
    pub version: u16,
    /// Its body, as in the journal.
    pub body: &'a [u8],
}

/// Builds frames of records. Its buffer is kept from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct EventsBuilder {
    records: Vec<u8>,
    count: u32,
}

impl EventsBuilder {
    /// An empty frame.
    #[must_use]
    pub fn new() -> EventsBuilder {
        EventsBuilder::default()
    }

    /// How many records it holds.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Adds a record; false when the frame has no room for it.
    #[must_use]
    pub fn push(&mut self, record: &Record<'_>) -> bool {
        let bytes = EVENT_HEADER_BYTES + record.body.len();
        let head = FRAME_HEADER_BYTES + EVENTS_PROLOGUE_BYTES;
        if head + self.records.len() + bytes > FRAME_BYTES_MAX {
            return false;
        }
        let out = &mut self.records;
        out.extend_from_slice(&record.position.epoch.to_le_bytes());
        out.extend_from_slice(&record.kind.to_le_bytes());
        out.extend_from_slice(&record.version.to_le_bytes());
        out.extend_from_slice(&record.position.sequence.to_le_bytes());
        out.extend_from_slice(&(record.body.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(record.body);
        self.count += 1;
        true
    }

    /// Appends the frame and begins the next one. `cursor` is the end of the last group of which
    /// everything wanted has been sent: what the subscriber comes back with.
    pub fn finish_into(&mut self, out: &mut Vec<u8>, request: u64, cursor: &Cursor) {
        let start = begin_frame(out, FrameKind::Events, request, 0, self.count);
        cursor.put(out);
        out.extend_from_slice(&self.records);
        end_frame(out, start);
        self.records.clear();
        self.count = 0;
    }
}

/// One frame of records, checked to be as long as it says.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    /// What to come back with after this frame.
    pub cursor: Cursor,
    count: u32,
    records: &'a [u8],
}

impl<'a> Events<'a> {
    /// The records in a frame of kind [`FrameKind::Events`].
    ///
    /// # Errors
    /// If the body is not as its numbers say.
    pub fn parse(frame: &Frame<'a>) -> Result<Events<'a>, FrameError> {
        Events::read(frame).map_err(FrameError::short(FrameKind::Events))
    }

    fn read(frame: &Frame<'a>) -> Result<Events<'a>, Short> {
        let mut reader = Reader::new(frame.body);
        let cursor = Cursor::read(&mut reader)?;
        let records = reader.rest();
        for _ in 0..frame.header.count {
            read_record(&mut reader)?;
        }
        reader.end()?;
        Ok(Events { cursor, count: frame.header.count, records })
    }

    /// How many records it holds; none in a frame that only moves the cursor on.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Each record in order.
    pub fn iter(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let mut reader = Reader::new(self.records);
        std::iter::from_fn(move || read_record(&mut reader).ok())
    }
}

fn read_record<'a>(reader: &mut Reader<'a>) -> Result<Record<'a>, Short> {
    let epoch = reader.u32()?;
    let kind = reader.u16()?;
    let version = reader.u16()?;
    let position = Position { epoch, sequence: reader.u64()? };
    let length = reader.u32()? as usize;
    if reader.u32()? != 0 {
        return Err(Short);
    }
    Ok(Record { position, kind, version, body: reader.take(length)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;

    #[test]
    fn a_subscription_and_its_records_survive() {
        let cursor = Cursor { position: Position { epoch: 2, sequence: 40 }, group_hash: [7; 32] };
        let subscribe =
            Subscribe { cursor, limit: 9, events: vec!["reserved".into(), "stepped".into()] };
        let mut out = Vec::new();
        subscribe.put(&mut out, 3);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(Subscribe::parse(&frame), Ok(subscribe));

        let record = |sequence, body| Record {
            position: Position { epoch: 2, sequence },
            kind: 5,
            version: 1,
            body,
        };
        let records = [record(41, &b"one"[..]), record(42, b"")];
        let mut builder = EventsBuilder::new();
        assert!(records.iter().all(|record| builder.push(record)));
        out.clear();
        builder.finish_into(&mut out, 3, &cursor);
        let frame = split_frame(&out).unwrap().unwrap();
        let events = Events::parse(&frame).unwrap();
        assert_eq!((events.cursor, events.count()), (cursor, 2));
        assert_eq!(events.iter().collect::<Vec<_>>(), records);
        for cut in 0..frame.body.len() {
            assert!(Events::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
        }
    }

    #[test]
    fn a_frame_of_events_has_an_end() {
        let body = vec![1; 100_000];
        let position = Position { epoch: 1, sequence: 1 };
        let record = Record { position, kind: 1, version: 1, body: &body };
        let mut builder = EventsBuilder::new();
        let taken = (0..20).take_while(|_| builder.push(&record)).count();
        assert_eq!(taken, 10);
        builder.finish_into(&mut Vec::new(), 1, &Cursor::START);
        assert_eq!(builder.count(), 0);
    }
}
