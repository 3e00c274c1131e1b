//! Subscriptions: committed records, read from the journal behind the durable position.
//!
//! Each has a thread that reads and a task that sends; between them a bounded channel, so that a
//! subscriber who reads slowly slows its own thread and nobody else.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actors::durable::Durable;
use actors::gate::SessionId;
use actors::limits::{SUBSCRIPTION_EVERY_MS, SUBSCRIPTION_FRAMES_UNSENT, SUBSCRIPTIONS_MAX};
use domain::Code;
use protocol::Position;
use protocol::frame::FrameKind;
use protocol::message::{ErrorMessage, put_bare};
use protocol::subscribe::{Cursor, EventsBuilder, Record, Subscribe};
use storage::disk::Disk;
use storage::event_record;
use storage::position::{Cursor as JournalCursor, GroupHash, Position as JournalPosition};
use storage::reader::{JournalReader, ReadError, ReadFrom};
use storage::record::{DOMAIN_KIND_FIRST, RecordRef};
use tokio::sync::mpsc;

use super::network::Shared;
use crate::clock;

/// How long a follower waits before it looks whether its subscriber is still there.
const LOOK_UP_EVERY: Duration = Duration::from_millis(500);

/// Where followers read.
#[derive(Clone)]
pub(super) struct Follow {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) data_dir: PathBuf,
    pub(super) durable: Arc<Durable>,
}

/// The subscriptions of one network thread.
pub(super) struct Subscriptions {
    follow: Follow,
    tasks: HashMap<(SessionId, u64), tokio::task::JoinHandle<()>>,
}

impl Subscriptions {
    pub(super) fn new(follow: Follow) -> Subscriptions {
        Subscriptions { follow, tasks: HashMap::new() }
    }

    /// Begins a subscription, or says why not.
    pub(super) fn begin(
        shared: &Rc<Shared>,
        all: &RefCell<Subscriptions>,
        session: SessionId,
        request: u64,
        subscribe: &Subscribe,
    ) {
        let mut subscriptions = all.borrow_mut();
        subscriptions.tasks.retain(|_, task| !task.is_finished());
        if subscriptions.tasks.len() >= SUBSCRIPTIONS_MAX {
            let what = format_args!("{SUBSCRIPTIONS_MAX} subscriptions are open");
            let mut frame = Vec::new();
            ErrorMessage::with_detail(Code::Busy, what).put(&mut frame, request);
            shared.core.borrow_mut().send(session, &frame);
            return;
        }
        let (sender, receiver) = mpsc::channel(SUBSCRIPTION_FRAMES_UNSENT);
        let follower = Follower {
            follow: subscriptions.follow.clone(),
            request,
            subscribe: subscribe.clone(),
            sender,
        };
        let spawned = std::thread::Builder::new().name("follower".into()).spawn(|| follower.run());
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for a subscription");
            return;
        }
        let task = actix::spawn(forward(Rc::clone(shared), session, receiver));
        subscriptions.tasks.insert((session, request), task);
    }

    /// Ends a subscription: its follower finds nobody to send to.
    pub(super) fn end(&mut self, session: SessionId, request: u64) {
        if let Some(task) = self.tasks.remove(&(session, request)) {
            task.abort();
        }
    }

    /// Ends every subscription of a session.
    pub(super) fn drop_session(&mut self, session: SessionId) {
        self.tasks.retain(|(of, _), task| {
            if *of == session {
                task.abort();
            }
            *of != session
        });
    }
}

async fn forward(shared: Rc<Shared>, session: SessionId, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        shared.until_read(session).await;
        shared.core.borrow_mut().send(session, &frame);
        shared.settle();
    }
}

/// Reads the journal for one subscriber.
struct Follower {
    follow: Follow,
    request: u64,
    subscribe: Subscribe,
    sender: mpsc::Sender<Vec<u8>>,
}

impl Follower {
    fn run(self) {
        let mut last = Vec::new();
        match self.read() {
            Ok(()) => put_bare(&mut last, FrameKind::SubscriptionEnded, self.request),
            Err(ReadError::Diverged { last_common, .. }) => {
                let common = Position { epoch: last_common.epoch, sequence: last_common.sequence };
                ErrorMessage { common, ..ErrorMessage::new(Code::Diverged) }
                    .put(&mut last, self.request);
            }
            Err(error) => {
                tracing::error!(%error, "a subscription ended");
                ErrorMessage::new(Code::Fault).put(&mut last, self.request);
            }
        }
        let _ = self.sender.blocking_send(last);
    }

    fn read(&self) -> Result<(), ReadError> {
        let disk = Arc::clone(&self.follow.disk);
        let from = read_from(&self.subscribe.cursor);
        let mut reader = JournalReader::open(disk, &self.follow.data_dir, from)?;
        let after = reader.position();
        let mut frame = Outgoing::new(self, after);
        if self.subscribe.cursor.group_hash != [0; 32] {
            // It is in this journal's chain: the subscriber need not wait for a record to know.
            frame.cursor = self.subscribe.cursor;
            frame.put();
        }
        let mut left = if self.subscribe.limit == 0 { u64::MAX } else { self.subscribe.limit };
        let mut wanted = Wanted::new(&self.subscribe.events);
        let mut read_ms = 0;
        loop {
            let seen = reader.position().sequence;
            let mut durable = self.follow.durable.wait_beyond(seen, LOOK_UP_EVERY).position;
            let early_ms = (read_ms + SUBSCRIPTION_EVERY_MS).saturating_sub(clock::monotonic_ms());
            if early_ms > 0 {
                std::thread::sleep(Duration::from_millis(early_ms));
                durable = self.follow.durable.cursor().position;
            }
            read_ms = clock::monotonic_ms();
            if self.sender.is_closed() {
                return Ok(());
            }
            if durable.sequence <= seen {
                // Nothing new for a while: the subscriber may know how far it has come.
                frame.move_on();
            }
            while let Some(group) = reader.next(durable)? {
                let cursor = group.cursor();
                for record in group.records.after(after) {
                    if left == 0 {
                        break;
                    }
                    if wanted.wants(&record) {
                        left -= 1;
                        frame.push(&record);
                    }
                }
                frame.at(cursor);
                if left == 0 {
                    frame.send();
                    return Ok(());
                }
                if self.sender.is_closed() {
                    return Ok(());
                }
            }
            frame.send();
        }
    }
}

/// Which events a subscriber asked for.
struct Wanted<'a> {
    /// Their names; empty: all.
    events: &'a [String],
    /// What was found out of a kind of record.
    kinds: HashMap<u16, bool>,
}

impl Wanted<'_> {
    fn new(events: &[String]) -> Wanted<'_> {
        Wanted { events, kinds: HashMap::new() }
    }

    fn wants(&mut self, record: &RecordRef<'_>) -> bool {
        if record.kind < DOMAIN_KIND_FIRST || self.events.is_empty() {
            return record.kind >= DOMAIN_KIND_FIRST;
        }
        if let Some(wanted) = self.kinds.get(&record.kind) {
            return *wanted;
        }
        let mut ids = Vec::new();
        let Ok(event) = event_record::decode(record, &mut ids) else { return false };
        let wanted = self.events.iter().any(|slug| slug == event.slug());
        self.kinds.insert(record.kind, wanted);
        wanted
    }
}

/// The frame that is being filled for a subscriber.
struct Outgoing<'a> {
    of: &'a Follower,
    events: EventsBuilder,
    cursor: Cursor,
    /// The cursor of the last frame that was sent.
    told: Cursor,
}

impl<'a> Outgoing<'a> {
    fn new(of: &'a Follower, after: JournalPosition) -> Outgoing<'a> {
        let position = Position { epoch: after.epoch, sequence: after.sequence };
        let cursor = Cursor { position, group_hash: [0; 32] };
        Outgoing { of, events: EventsBuilder::new(), cursor, told: cursor }
    }

    fn push(&mut self, record: &RecordRef<'_>) {
        let position =
            Position { epoch: record.position.epoch, sequence: record.position.sequence };
        let RecordRef { kind, version, body, .. } = *record;
        let record = Record { position, kind, version, body };
        if !self.events.push(&record) {
            self.send();
            assert!(self.events.push(&record), "an empty frame takes any record");
        }
    }

    /// A group has been read to its end: from here the subscriber can come back.
    fn at(&mut self, cursor: JournalCursor) {
        let JournalCursor { position, hash } = cursor;
        let position = Position { epoch: position.epoch, sequence: position.sequence };
        self.cursor = Cursor { position, group_hash: hash.0 };
    }

    /// Tells where the subscriber would come back to, if that is behind records that it did not
    /// ask for.
    fn move_on(&mut self) {
        if self.cursor != self.told {
            self.put();
        }
    }

    fn send(&mut self) {
        if self.events.count() > 0 {
            self.put();
        }
    }

    fn put(&mut self) {
        self.told = self.cursor;
        let mut frame = Vec::new();
        self.events.finish_into(&mut frame, self.of.request, &self.cursor);
        let _ = self.of.sender.blocking_send(frame);
    }
}

fn read_from(cursor: &Cursor) -> ReadFrom {
    let position =
        JournalPosition { epoch: cursor.position.epoch, sequence: cursor.position.sequence };
    if *cursor == Cursor::START {
        ReadFrom::Start
    } else if cursor.group_hash == [0; 32] {
        ReadFrom::After(position)
    } else {
        ReadFrom::AfterCursor(JournalCursor { position, hash: GroupHash(cursor.group_hash) })
    }
}
