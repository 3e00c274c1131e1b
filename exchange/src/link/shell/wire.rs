//! One connection under TLS: what is still to be written, and bytes as they come.
//!
//! Never looks into them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use crate::limits::{LINK_READ_BYTES, LINK_READS_PER_TURN};
use crate::link::Reason;

/// A connection under TLS.
pub type Stream = TlsStream<TcpStream>;

/// What is kept of the buffer when it is empty.
const OUT_BYTES_KEPT: usize = 1 << 20;

pub(super) struct Wire {
    pub(super) id: u64,
    stream: Stream,
    out: Vec<u8>,
    written: usize,
    flushed: bool,
    read: Box<[u8]>,
}

impl Wire {
    pub(super) fn new(id: u64, stream: Stream) -> Wire {
        let read = vec![0; LINK_READ_BYTES].into_boxed_slice();
        Wire { id, stream, out: Vec::new(), written: 0, flushed: true, read }
    }

    /// Whether everything that was given to it is with the kernel.
    pub(super) fn is_idle(&self) -> bool {
        self.written == self.out.len() && self.flushed
    }

    /// The empty buffer, for what is to be written next.
    pub(super) fn refill(&mut self) -> &mut Vec<u8> {
        self.written = 0;
        if self.out.capacity() > OUT_BYTES_KEPT {
            self.out = Vec::new();
        }
        self.out.clear();
        &mut self.out
    }

    /// Writes and reads what can be. True if something more can be done now; an error if the connection has ended.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<bool, (Reason, String)> {
        // What the other side said last tells more than that nothing can be written any more.
        let wrote = self.poll_write(cx);
        for turn in 0..LINK_READS_PER_TURN {
            let mut buffer = ReadBuf::new(&mut self.read);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return wrote.map(|wrote| wrote || turn > 0).map_err(why),
                Poll::Ready(Err(error)) => return Err(why(error)),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                    return Err((Reason::Cut, String::new()));
                }
                Poll::Ready(Ok(())) => take(buffer.filled()),
            }
        }
        wrote.map(|_| true).map_err(why)
    }

    /// True if the buffer has become empty.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if self.is_idle() {
            return Ok(false);
        }
        while self.written < self.out.len() {
            self.flushed = false;
            let rest = &self.out[self.written..];
            match Pin::new(&mut self.stream).poll_write(cx, rest)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(count) => self.written += count,
                Poll::Pending => return Ok(false),
            }
        }
        match Pin::new(&mut self.stream).poll_flush(cx)? {
            Poll::Ready(()) => {
                self.flushed = true;
                Ok(true)
            }
            Poll::Pending => Ok(false),
        }
    }

    /// Writes what is left and the last bytes, and closes.
    pub(super) async fn farewell(mut self, bye: &[u8]) -> io::Result<()> {
        self.stream.write_all(&self.out[self.written..]).await?;
        self.stream.write_all(bye).await?;
        self.stream.shutdown().await
    }
}

/// An alert of the other side, or of ours, is about trust; anything else is a cut.
pub(super) fn why(error: io::Error) -> (Reason, String) {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let reason = if tls.is_some() { Reason::NoTrust } else { Reason::Cut };
    (reason, error.to_string())
}
