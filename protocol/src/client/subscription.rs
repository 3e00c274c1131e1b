//! Committed records as they come, on a connection of their own.

use std::collections::VecDeque;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, timeout};

use super::ClientError;
use super::session::Session;
use crate::frame::{Frame, FrameError, FrameKind};
use crate::hello::Hello;
use crate::limits::{HEARTBEATS_MISSED_MAX, SUBSCRIPTION_FRAMES_MAX};
use crate::message::{ErrorMessage, put_bare};
use crate::subscribe::{Cursor, Events, Record, Subscribe};

/// The request number of the subscription; pings have another.
const REQUEST: u64 = 1;
const PING: u64 = 2;

/// A subscription. Drop it to end it.
#[derive(Debug)]
pub struct Subscription {
    address: String,
    session: Session,
    ready: VecDeque<EventFrame>,
    ended: bool,
}

/// Some committed records, and where to go on after them.
#[derive(Clone, Debug)]
pub struct EventFrame {
    /// What to come back with after these records.
    pub cursor: Cursor,
    body: Vec<u8>,
    header: crate::frame::Header,
}

impl EventFrame {
    /// Each record in order; none where only the cursor moved on.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let frame = Frame { header: self.header, body: &self.body };
        Events::parse(&frame).into_iter().flat_map(|events| events.iter())
    }
}

impl Subscription {
    /// Opens a connection and subscribes.
    ///
    /// # Errors
    /// If there is no connection, or the server does not welcome it.
    pub async fn open(
        address: &str,
        hello: &Hello,
        subscribe: Subscribe,
    ) -> Result<Subscription, ClientError> {
        let mut session = Session::open(address, hello).await?;
        let mut out = Vec::new();
        subscribe.put(&mut out, REQUEST);
        let address = address.to_owned();
        let io = |source| ClientError::Io { address: address.clone(), source };
        session.stream.write_all(&out).await.map_err(io)?;
        let ready = VecDeque::with_capacity(SUBSCRIPTION_FRAMES_MAX);
        Ok(Subscription { address, session, ready, ended: false })
    }

    /// The next records; `None` at the end the subscription asked for. A connection that breaks
    /// is an error: open another with the last frame's cursor.
    ///
    /// # Errors
    /// If the connection breaks or is silent for too long, or the server ends it, for one because
    /// the cursor is not in its journal.
    pub async fn next(&mut self) -> Result<Option<EventFrame>, ClientError> {
        let heartbeat = u64::from(self.session.welcome.heartbeat_ms.max(1));
        let mut silent = 0;
        loop {
            self.take_frames()?;
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            if self.ended {
                return Ok(None);
            }
            let io = |source| ClientError::Io { address: self.address.clone(), source };
            let Session { stream, inbox, .. } = &mut self.session;
            let wait = Duration::from_millis(heartbeat);
            match timeout(wait, stream.read_buf(inbox.room())).await {
                Ok(Ok(0)) => return Err(io(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(Ok(_)) => silent = 0,
                Ok(Err(error)) => return Err(io(error)),
                Err(_) if silent == HEARTBEATS_MISSED_MAX => {
                    return Err(io(std::io::ErrorKind::TimedOut.into()));
                }
                Err(_) => {
                    silent += 1;
                    let mut ping = Vec::new();
                    put_bare(&mut ping, FrameKind::Ping, PING);
                    stream.write_all(&ping).await.map_err(io)?;
                }
            }
        }
    }

    fn take_frames(&mut self) -> Result<(), ClientError> {
        while self.ready.len() < SUBSCRIPTION_FRAMES_MAX && !self.ended {
            let Some(frame) = self.session.inbox.next()? else { return Ok(()) };
            match frame.header.kind {
                FrameKind::Events => {
                    let cursor = Events::parse(&frame)?.cursor;
                    let (header, body) = (frame.header, frame.body.to_vec());
                    self.ready.push_back(EventFrame { cursor, body, header });
                }
                FrameKind::SubscriptionEnded | FrameKind::Goodbye => self.ended = true,
                FrameKind::Pong => {}
                FrameKind::Error => {
                    return Err(ClientError::server(ErrorMessage::parse(&frame)?));
                }
                kind => return Err(FrameError::Kind(kind.number()).into()),
            }
        }
        Ok(())
    }
}
