//! The bare connection, without a task and without repeats: for load generators and tools that
//! build their frames themselves and want nothing in between.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use super::ClientError;
use crate::frame::{Frame, FrameError, FrameKind, Header, split_frame};
use crate::hello::{Hello, Welcome};
use crate::message::ErrorMessage;

/// A blocking connection over anything that reads and writes.
#[derive(Debug)]
pub struct Link<S> {
    stream: S,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// How much is read at once, at least.
const READ_BYTES: usize = 256 * 1024;

impl Link<TcpStream> {
    /// Connects, says hello and waits for the welcome.
    ///
    /// # Errors
    /// If there is no connection, or the server does not welcome this client.
    pub fn connect(
        address: &str,
        hello: &Hello,
    ) -> Result<(Link<TcpStream>, Welcome), ClientError> {
        let io = |source| ClientError::Io { address: address.to_owned(), source };
        let stream = TcpStream::connect(address).map_err(io)?;
        stream.set_nodelay(true).map_err(io)?;
        let mut link = Link::new(stream);
        let welcome = link.greet(hello).map_err(|error| match error {
            LinkError::Io(source) => io(source),
            LinkError::Frame(error) => error.into(),
            LinkError::Server(message) => ClientError::Server(message),
        })?;
        Ok((link, welcome))
    }
}

/// Why a link has no frame to give.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The server said something that is not of this protocol.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The server answered with an error.
    #[error("the server answers {0}")]
    Server(Box<ErrorMessage>),
}

impl<S: Read + Write> Link<S> {
    /// A link over a stream that has not said hello.
    #[must_use]
    pub fn new(stream: S) -> Link<S> {
        Link { stream, bytes: vec![0; READ_BYTES], start: 0, end: 0 }
    }

    /// Says hello and waits for the welcome.
    ///
    /// # Errors
    /// If the connection breaks, or the server does not welcome this client.
    pub fn greet(&mut self, hello: &Hello) -> Result<Welcome, LinkError> {
        self.send(&hello.encode())?;
        let frame = self.receive()?;
        match frame.header.kind {
            FrameKind::Welcome => Ok(Welcome::parse(&frame)?),
            FrameKind::Error => Err(LinkError::Server(Box::new(ErrorMessage::parse(&frame)?))),
            kind => Err(FrameError::Kind(kind.number()).into()),
        }
    }

    /// Sends bytes: one frame, or many.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn send(&mut self, frames: &[u8]) -> io::Result<()> {
        self.stream.write_all(frames)
    }

    /// Waits for the next frame. It borrows the link's buffer.
    ///
    /// # Errors
    /// If the connection breaks, or what comes is no frame.
    pub fn receive(&mut self) -> Result<Frame<'_>, LinkError> {
        loop {
            if let Some(Frame { header, .. }) = split_frame(&self.bytes[self.start..self.end])? {
                let from = self.start;
                self.start += header.length as usize;
                return Ok(frame_at(&self.bytes[from..self.start], header));
            }
            self.make_room();
            let read = self.stream.read(&mut self.bytes[self.end..])?;
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            self.end += read;
        }
    }

    /// The stream: for its settings, or for a clone that another thread writes to.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    fn make_room(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.bytes.len() - self.end < READ_BYTES / 2 {
            // A frame is within its bound, so this ends below two of them.
            self.bytes.resize(self.bytes.len() + READ_BYTES, 0);
        }
    }
}

fn frame_at(bytes: &[u8], header: Header) -> Frame<'_> {
    Frame { header, body: &bytes[crate::limits::FRAME_HEADER_BYTES..] }
}
