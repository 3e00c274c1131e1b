//! A plain connection for load generators: one request at a time, every byte checked, nothing
//! hidden. Other people's programs use `protocol::client`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domain::codes::Role;
use domain::ids::ChannelId;
use domain::refusal::Retry;
use protocol::frame::FrameKind;
use protocol::hello::{Hello, Welcome};
use protocol::limits::HEARTBEAT_MS;
use protocol::lookup::{Answer, LookUp, parse_answers, put_look_ups};
use protocol::message::{ErrorMessage, parse_metrics, put_bare};
use protocol::{CommandResult, CommandsBuilder, Reply, split_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clock;

/// What a request came to.
pub(crate) enum Asked<T> {
    /// It was answered.
    Answered(T),
    /// It was turned away whole: send it again after a pause.
    Busy,
}

/// One connection in one role.
pub(crate) struct Wire {
    stream: TcpStream,
    input: Vec<u8>,
    out: Vec<u8>,
    request: u64,
    /// When the last answer came.
    heard: Instant,
}

impl Wire {
    /// Connects on channel 1 and says hello.
    pub(crate) async fn connect(address: SocketAddr, role: Role) -> Result<Wire> {
        Wire::connect_on(address, role, ChannelId(1)).await
    }

    /// Connects on a channel and says hello.
    pub(crate) async fn connect_on(
        address: SocketAddr,
        role: Role,
        channel: ChannelId,
    ) -> Result<Wire> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}; is the server running?"))?;
        stream.set_nodelay(true)?;
        let (input, out, request, heard) = (Vec::new(), Vec::new(), 0, clock::now());
        let mut wire = Wire { stream, input, out, request, heard };
        wire.out.extend_from_slice(&Hello::new(role, channel, "treasury").encode());
        wire.flush().await?;
        wire.frame(FrameKind::Welcome, |frame| Ok(Welcome::parse(frame).map(drop)?)).await?;
        Ok(wire)
    }

    /// Whether nothing was said for so long that the server may have given it up: it says nothing by
    /// itself.
    pub(crate) fn is_stale(&self) -> bool {
        self.heard.elapsed() >= Duration::from_millis(u64::from(HEARTBEAT_MS))
    }

    /// Sends the commands of a builder and gives their results, in order.
    pub(crate) async fn commands(
        &mut self,
        builder: &mut CommandsBuilder,
    ) -> Result<Asked<Vec<CommandResult>>> {
        self.request += 1;
        builder.finish_into(&mut self.out, self.request, 0);
        self.flush().await?;
        self.frame(FrameKind::Results, |frame| {
            let reply = Reply::parse(frame)?;
            reply.iter().map(|result| Ok(result?.0)).collect()
        })
        .await
    }

    /// Asks and gives the answers, in order.
    pub(crate) async fn look_ups(&mut self, look_ups: &[LookUp]) -> Result<Asked<Vec<Answer>>> {
        self.request += 1;
        put_look_ups(&mut self.out, self.request, look_ups);
        self.flush().await?;
        self.frame(FrameKind::Answers, |frame| Ok(parse_answers(frame)?.1)).await
    }

    /// One of the server's metrics, by its whole name; `None` where it has no such.
    pub(crate) async fn metric(&mut self, name: &str) -> Result<Option<u64>> {
        self.request += 1;
        put_bare(&mut self.out, FrameKind::Metrics, self.request);
        self.flush().await?;
        let text = self
            .frame(FrameKind::MetricsText, |frame| Ok(parse_metrics(frame)?.to_owned()))
            .await?;
        let Asked::Answered(text) = text else { return Ok(None) };
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        Ok(text.lines().find_map(value))
    }

    async fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.out).await?;
        self.out.clear();
        Ok(())
    }

    /// The next frame, which must be of a kind.
    async fn frame<T>(
        &mut self,
        kind: FrameKind,
        read: impl FnOnce(&protocol::Frame<'_>) -> Result<T>,
    ) -> Result<Asked<T>> {
        loop {
            if let Some(frame) = split_frame(&self.input)? {
                let length = frame.header.length as usize;
                let told = match frame.header.kind {
                    found if found == kind => read(&frame).map(Asked::Answered),
                    FrameKind::Error => {
                        let message = ErrorMessage::parse(&frame)?;
                        let again =
                            message.code.retry() == Retry::SameId && frame.header.request != 0;
                        if again { Ok(Asked::Busy) } else { bail!("{message}") }
                    }
                    found => bail!("a {} frame came where {} was due", found.slug(), kind.slug()),
                };
                self.input.drain(..length);
                self.heard = clock::now();
                return told;
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }
}
