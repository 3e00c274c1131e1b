//! The network actor's shell: sockets around the core, gathering by tick.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler};
use actors::gate::SessionId;
use actors::network::{Ask, Network};
use actors::shells::{ShardShell, TakeGroup, TakeReply, TakeTurn};
use domain::Code;
use protocol::message::ErrorMessage;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

use super::connection::{self, Patience};
use super::directory::DirectoryDesk;
use super::subscriptions::{Follow, Subscriptions};
use crate::clock;

/// What the tasks of one network thread share.
pub(super) struct Shared {
    pub(super) core: RefCell<Network>,
    shards: Vec<Addr<ShardShell>>,
    streams: RefCell<HashMap<SessionId, Rc<Socket>>>,
    subscriptions: RefCell<Subscriptions>,
    pub(super) patience: Patience,
    directory: DirectoryDesk,
    flush_scheduled: Cell<bool>,
    /// Told whenever something was answered or sent: shutdown waits for the last of it.
    pub(super) progressed: Notify,
    /// Read buffers that no connection needs just now.
    buffers: RefCell<Vec<Vec<u8>>>,
}

/// A connection's socket, and what its tasks tell each other.
pub(super) struct Socket {
    pub(super) stream: TcpStream,
    waits_writable: Cell<bool>,
    /// Told when the connection is to end.
    pub(super) ends: Notify,
    /// Told when it has ended: who waits for the peer to read waits no longer.
    ended: Notify,
}

/// Bytes a connection may leave unread before the next frame of a subscription or the next page of
/// the directory waits.
const UNSENT_BYTES_MAX: usize = 2 << 20;

/// How long a task waits for a connection to be read.
const UNSENT_PAUSE: Duration = Duration::from_millis(5);

/// Read buffers that are kept for the next reader.
const BUFFERS_KEPT: usize = 64;

impl Shared {
    pub(super) fn new(
        core: Network,
        shards: Vec<Addr<ShardShell>>,
        follow: Follow,
        patience: Patience,
        directory: DirectoryDesk,
    ) -> Rc<Shared> {
        Rc::new(Shared {
            core: RefCell::new(core),
            shards,
            streams: RefCell::new(HashMap::new()),
            subscriptions: RefCell::new(Subscriptions::new(follow)),
            patience,
            directory,
            flush_scheduled: Cell::new(false),
            progressed: Notify::new(),
            buffers: RefCell::new(Vec::new()),
        })
    }

    pub(super) fn take_buffer(&self) -> Vec<u8> {
        self.buffers.borrow_mut().pop().unwrap_or_default()
    }

    pub(super) fn give_buffer(&self, mut buffer: Vec<u8>) {
        let mut buffers = self.buffers.borrow_mut();
        if buffers.len() < BUFFERS_KEPT {
            buffer.clear();
            buffers.push(buffer);
        }
    }

    pub(super) fn add(&self, id: SessionId, stream: TcpStream) -> Rc<Socket> {
        let waits_writable = Cell::new(false);
        let (ends, ended) = (Notify::new(), Notify::new());
        let socket = Rc::new(Socket { stream, waits_writable, ends, ended });
        self.streams.borrow_mut().insert(id, Rc::clone(&socket));
        socket
    }

    pub(super) fn remove(&self, id: SessionId) {
        if let Some(socket) = self.streams.borrow_mut().remove(&id) {
            socket.ended.notify_one();
        }
        self.subscriptions.borrow_mut().drop_session(id);
        self.core.borrow_mut().disconnect(id);
        self.progressed.notify_one();
    }

    /// Does what the core wants done after it was given something.
    pub(super) fn settle(self: &Rc<Self>) {
        let (mut dirty, mut asks) = (Vec::new(), Vec::new());
        {
            let mut core = self.core.borrow_mut();
            core.take_dirty(&mut dirty);
            core.take_asks(&mut asks);
        }
        for ask in asks {
            self.ask(ask);
        }
        for id in dirty {
            self.pump(id);
        }
        self.schedule_flush();
    }

    fn ask(self: &Rc<Self>, ask: Ask) {
        match ask {
            Ask::Subscribe { session, request, subscribe } => {
                Subscriptions::begin(self, &self.subscriptions, session, request, &subscribe);
            }
            Ask::Question { session, request, bytes, question } => {
                let answer = self.directory.ask(request, question);
                actix::spawn(Rc::clone(self).forward_answer(session, request, bytes, answer));
            }
            Ask::Unsubscribe { session, request } => {
                self.subscriptions.borrow_mut().end(session, request);
            }
        }
    }

    /// Gives the directory's answer to whoever asked.
    async fn forward_answer(
        self: Rc<Self>,
        session: SessionId,
        request: u64,
        bytes: u32,
        answer: oneshot::Receiver<Vec<u8>>,
    ) {
        let frame = answer.await.unwrap_or_else(|_| {
            let mut frame = Vec::new();
            ErrorMessage::new(Code::Fault).put(&mut frame, request);
            frame
        });
        self.until_read(session).await;
        self.core.borrow_mut().answered(session, bytes, &frame);
        self.progressed.notify_one();
        self.settle();
    }

    /// Waits until a connection has read most of what it was sent.
    pub(super) async fn until_read(&self, session: SessionId) {
        while self.core.borrow().unsent(session) > UNSENT_BYTES_MAX {
            tokio::time::sleep(UNSENT_PAUSE).await;
        }
    }

    /// Takes no more questions and requests: what was admitted is still answered.
    pub(super) fn stop(&self) {
        self.core.borrow_mut().stop();
        self.directory.stop();
    }

    /// Sends what a session has to send, as far as its socket takes it.
    pub(super) fn pump(self: &Rc<Self>, id: SessionId) {
        let Some(socket) = self.streams.borrow().get(&id).cloned() else { return };
        let mut core = self.core.borrow_mut();
        let Some((out, closing)) = core.output(id) else { return };
        let mut sent = 0;
        while sent < out.len() {
            match socket.stream.try_write(&out[sent..]) {
                Ok(0) => break,
                Ok(bytes) => sent += bytes,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.wait_writable(id, &socket);
                    break;
                }
                Err(_) => {
                    out.clear();
                    core.sent(id);
                    socket.ends.notify_one();
                    return;
                }
            }
        }
        out.drain(..sent);
        if closing {
            // What is left are last words. Whoever does not read them is not waited for long.
            socket.ends.notify_one();
        }
        if out.is_empty() {
            // Idle desks are many: their buffers go back to the allocator.
            if out.capacity() > 1 << 20 {
                *out = Vec::new();
            }
            self.progressed.notify_one();
        }
        core.sent(id);
    }

    fn wait_writable(self: &Rc<Self>, id: SessionId, socket: &Rc<Socket>) {
        if socket.waits_writable.replace(true) {
            return;
        }
        let (shared, socket) = (Rc::clone(self), Rc::clone(socket));
        actix::spawn(async move {
            let writable = tokio::select! {
                () = socket.ended.notified() => return,
                writable = socket.stream.writable() => writable,
            };
            socket.waits_writable.set(false);
            match writable {
                Ok(()) => shared.pump(id),
                Err(_) => socket.ends.notify_one(),
            }
        });
    }

    /// Gives what was gathered to the shards once this turn of the loop has read every socket
    /// that has something: one message per shard and turn.
    fn schedule_flush(self: &Rc<Self>) {
        if !self.core.borrow().has_gathered() || self.flush_scheduled.replace(true) {
            return;
        }
        let shared = Rc::clone(self);
        actix::spawn(async move {
            tokio::task::yield_now().await;
            shared.flush_scheduled.set(false);
            let mut turns = Vec::new();
            shared.core.borrow_mut().flush(clock::wall_ms(), &mut turns);
            for (shard, turn) in turns {
                shared.shards[shard].do_send(TakeTurn(turn));
            }
        });
    }

    /// Accepts connections until told to stop.
    pub(super) async fn accept(self: Rc<Self>, listener: TcpListener, stop: Rc<Notify>) {
        let mut pause = connection::AcceptPause::default();
        loop {
            let accepted = tokio::select! {
                () = stop.notified() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    pause.reset();
                    if let Some(opened) = connection::open(&self, stream) {
                        actix::spawn(connection::serve(Rc::clone(&self), opened));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    pause.wait().await;
                }
            }
        }
    }
}

/// The network actor.
pub(super) struct NetworkShell {
    pub(super) shared: Rc<Shared>,
}

impl Actor for NetworkShell {
    type Context = Context<Self>;
}

impl Handler<TakeReply> for NetworkShell {
    type Result = ();

    fn handle(&mut self, TakeReply(reply): TakeReply, _: &mut Self::Context) {
        {
            let mut core = self.shared.core.borrow_mut();
            core.tell_time(clock::monotonic_us());
            core.reply(reply);
        }
        self.shared.settle();
    }
}

impl Handler<TakeGroup> for NetworkShell {
    type Result = ();

    fn handle(&mut self, TakeGroup(landings): TakeGroup, _: &mut Self::Context) {
        let landings: Arc<[_]> = landings;
        {
            let mut core = self.shared.core.borrow_mut();
            core.tell_time(clock::monotonic_us());
            core.landed(&landings);
        }
        self.shared.settle();
    }
}
