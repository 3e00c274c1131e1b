//! The bank of a load that pays: each payment that was accepted is reported paid, on a connection
//! beside the maker's.

use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use domain::codes::{FactKind, Role};
use domain::command::{Body, By, Command, Fact};
use domain::ids::{ChannelId, Day, PaymentId, PersonId, QuotaId};
use domain::{Code, Fen};
use protocol::frame::FrameKind;
use protocol::hello::Hello;
use protocol::message::ErrorMessage;
use protocol::{CommandsBuilder, Flags, Reply, split_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::load::Shared;
use crate::clock;

/// First channel of a bank: one for each maker's connection, above every desk's.
const FIRST_CHANNEL: u16 = 1000;

/// A payment that waits for its receipt.
#[derive(Clone, Copy)]
pub(super) struct Due {
    pub(super) payment: PaymentId,
    pub(super) quota: QuotaId,
    pub(super) amount_fen: Fen,
}

/// One connection of the bank. Each frame of payments it is given becomes one of receipts.
pub(super) async fn bank(
    shared: Rc<Shared>,
    number: usize,
    mut due: mpsc::Receiver<Vec<Due>>,
) -> Result<()> {
    let mut stream = TcpStream::connect(shared.address()).await?;
    stream.set_nodelay(true)?;
    let channel = ChannelId(FIRST_CHANNEL + number as u16);
    stream.write_all(&Hello::new(Role::Bank, channel, "bench").encode()).await?;
    let mut bank = Bank {
        channel,
        serial: 0,
        builder: CommandsBuilder::new(),
        places: vec![None; shared.in_flight()],
        out: Vec::new(),
        input: Vec::with_capacity(1 << 18),
    };
    let mut open = true;
    loop {
        let free = bank.places.iter().position(Option::is_none);
        let idle = bank.places.iter().all(Option::is_none);
        if idle && !open {
            return Ok(());
        }
        tokio::select! {
            frame = due.recv(), if open && free.is_some() => match (frame, free) {
                (Some(frame), Some(place)) => {
                    bank.build(&frame, place)?;
                    stream.write_all(&bank.out).await?;
                    bank.out.clear();
                }
                _ => open = false,
            },
            read = stream.read_buf(&mut bank.input) => {
                ensure!(read? > 0, "the server closed a bank's connection");
                bank.take(&shared)?;
            }
        }
    }
}

struct Bank {
    channel: ChannelId,
    /// Numbers of its receipts so far.
    serial: u64,
    builder: CommandsBuilder,
    /// When the frame in each place was sent; `None`: the place is free.
    places: Vec<Option<Instant>>,
    out: Vec<u8>,
    input: Vec<u8>,
}

impl Bank {
    fn build(&mut self, frame: &[Due], place: usize) -> Result<()> {
        for due in frame {
            self.serial += 1;
            let fact = Fact {
                kind: FactKind::ConfirmPaid,
                payment: due.payment,
                quota: due.quota,
                serial: self.serial,
                amount_fen: due.amount_fen,
                payee_hash: 0,
                day: Day::new(20_220_110).context("a day")?,
                refund: 0,
                detail: 0,
                note: "",
            };
            let by = By { person: PersonId(8), role: Role::Bank, channel: self.channel };
            let command = Command { by, body: Body::Fact(fact) };
            self.builder.push(&command, Flags::default())?;
        }
        self.places[place] = Some(clock::now());
        self.builder.finish_into(&mut self.out, place as u64 + 1, 0);
        Ok(())
    }

    fn take(&mut self, shared: &Shared) -> Result<()> {
        let mut used = 0;
        while let Some(frame) = split_frame(&self.input[used..])? {
            used += frame.header.length as usize;
            match frame.header.kind {
                FrameKind::Welcome => {}
                FrameKind::Results => {
                    let reply = Reply::parse(&frame)?;
                    for result in reply.iter() {
                        let code = result?.0.code;
                        ensure!(code == Code::Accepted, "a receipt was answered {code}");
                    }
                    let place = frame.header.request as usize - 1;
                    let sent = self.places.get_mut(place).and_then(Option::take);
                    shared.count_confirmed(
                        sent.context("a reply to no request")?,
                        reply.count() as u64,
                    );
                }
                FrameKind::Error => bail!("{}", ErrorMessage::parse(&frame)?),
                kind => bail!("a {} frame came unasked", kind.slug()),
            }
        }
        self.input.drain(..used);
        Ok(())
    }
}
