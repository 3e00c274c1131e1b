//! One connection: hello, welcome, then frames both ways.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use super::ClientError;
use crate::frame::{Frame, FrameError, FrameKind, split_frame};
use crate::hello::{Hello, Welcome};
use crate::limits::HELLO_WAIT_MS;
use crate::message::ErrorMessage;

/// An open connection that has been welcomed.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stream: TcpStream,
    pub(super) welcome: Welcome,
    pub(super) inbox: Inbox,
}

impl Session {
    pub(super) async fn open(address: &str, hello: &Hello) -> Result<Session, ClientError> {
        let io = |source| ClientError::Io { address: address.to_owned(), source };
        let opening = async {
            let mut stream = TcpStream::connect(address).await.map_err(io)?;
            stream.set_nodelay(true).map_err(io)?;
            stream.write_all(&hello.encode()).await.map_err(io)?;
            let mut inbox = Inbox::default();
            let welcome = loop {
                if let Some(frame) = inbox.next()? {
                    break match frame.header.kind {
                        FrameKind::Welcome => Welcome::parse(&frame)?,
                        FrameKind::Error => {
                            return Err(ClientError::server(ErrorMessage::parse(&frame)?));
                        }
                        kind => return Err(FrameError::Kind(kind.number()).into()),
                    };
                }
                if stream.read_buf(inbox.room()).await.map_err(io)? == 0 {
                    return Err(io(std::io::ErrorKind::UnexpectedEof.into()));
                }
            };
            Ok(Session { stream, welcome, inbox })
        };
        match timeout(Duration::from_millis(HELLO_WAIT_MS), opening).await {
            Ok(opened) => opened,
            Err(_) => Err(io(std::io::ErrorKind::TimedOut.into())),
        }
    }
}

/// Bytes read and not yet taken apart.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
}

/// How much is read at once.
const READ_BYTES: usize = 256 * 1024;

impl Inbox {
    /// The buffer to read into, with room for more.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.reserve(READ_BYTES);
        &mut self.bytes
    }

    /// The next whole frame, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let frame = split_frame(&self.bytes[self.taken..])?;
        self.taken += frame.map_or(0, |frame| frame.header.length as usize);
        Ok(frame)
    }
}
