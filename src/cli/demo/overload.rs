//! More than the server takes: reservations by a schedule at three times what it was just seen to
//! do, and at twice that where it takes them all, until frames hear `Busy`; each is sent again until it is taken, and
//! every id is looked up in the end. It works in a division and on quotas of its own, and nothing it reserves is ever
//! approved or paid: the scenario's totals stay what they are.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::codes::{ActKind, Role, YearState};
use domain::command::{Act, Body, By, Command, Register, Reserve, SetYear};
use domain::ids::{
    ActId, BatchId, ChannelId, ContractId, DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId,
};
use domain::refusal::Retry;
use domain::{Code, Fen};
use protocol::frame::FrameKind;
use protocol::hello::Hello;
use protocol::limits::{COMMANDS_PER_FRAME_MAX, LOOK_UPS_PER_FRAME_MAX};
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::message::ErrorMessage;
use protocol::{CommandsBuilder, Flags, Reply, split_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use crate::clock;
use crate::plain;
use crate::runner::Latency;
use crate::wire::{Asked, Wire};

/// A division that no scenario has or asks for.
const DIVISION: DivisionIndex = DivisionIndex(900);

/// Its code: of the province, and nobody's.
const DIVISION_CODE: [u8; 9] = *b"379999000";

/// The year of its quotas.
const YEAR: u16 = 2022;

/// What each quota holds, in fen: more than the phase takes.
const ISSUED_FEN: i64 = 9_000_000_000_000_000;

/// Frames of a connection with which the server's pace is taken, one at a time.
const FRAMES_TO_MEASURE: usize = 4;

/// Frames of a connection that are sent by the schedule: together more than its window, and more
/// than a shard admits of all connections.
const FRAMES_OFFERED: usize = 16;

/// How many times its own pace the server is offered first.
const TIMES_CAPACITY: u64 = 3;

/// How often more is offered, twice as much each time: the pace was taken with one frame in flight, perhaps while others
/// had the cores, and says less than the server can do.
const ROUNDS_MAX: usize = 6;

/// Pause before a frame that heard `Busy` is sent again.
const PAUSE: Duration = Duration::from_millis(5);

/// Largest amount of one reservation, in fen, less one.
const AMOUNT_SPAN_FEN: i64 = 100_000;

/// What the phase showed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overload {
    /// Reservations a second that the server did just before, with one frame in flight on each
    /// connection.
    pub(super) capacity_per_s: u64,
    /// How many times that was offered.
    pub(super) times_capacity: u64,
    /// Reservations a second that were offered by the schedule.
    pub(super) offered_per_s: u64,
    /// Reservations offered by the last schedule, all of them taken in the end.
    pub(super) taken: u64,
    /// Frames that heard `Busy`.
    pub(super) busy: u64,
    /// From the first frame's due time to the last answer.
    pub(super) seconds: f64,
    /// Ids looked up afterwards, those that took the pace included.
    pub(super) looked_up: u64,
    /// Ids that were taken and are not there.
    pub(super) lost: u64,
    /// Fen by which what quotas have reserved differs from what was taken, each once.
    pub(super) more_fen: i64,
}

impl Overload {
    /// Reservations a second that were durable while more was offered.
    pub(super) fn durable_per_s(&self) -> f64 {
        if self.seconds > 0.0 { self.taken as f64 / self.seconds } else { 0.0 }
    }

    /// Whether nothing was lost and nothing taken twice.
    pub(super) fn is_whole(&self) -> bool {
        self.lost == 0 && self.more_fen == 0
    }
}

/// Offers a server more than it takes, over so many connections.
pub(super) async fn overload(
    address: SocketAddr,
    connections: usize,
    latency: Rc<Latency>,
) -> Result<Overload> {
    let quotas = set_up(address, connections).await?;
    let capacity_per_s = pace_of(address, &quotas).await?;
    let mut overload = Overload {
        capacity_per_s: capacity_per_s as u64,
        taken: (FRAMES_OFFERED * COMMANDS_PER_FRAME_MAX * connections) as u64,
        ..Overload::default()
    };
    let mut frames = FRAMES_TO_MEASURE;
    for times_capacity in (0..ROUNDS_MAX).map(|round| TIMES_CAPACITY << round) {
        let offered_per_s = capacity_per_s * times_capacity as f64;
        let latency = Rc::clone(&latency);
        let (busy, seconds) = offer(address, &quotas, (frames, offered_per_s), latency).await?;
        frames += FRAMES_OFFERED;
        let offered_per_s = offered_per_s as u64;
        overload = Overload { times_capacity, offered_per_s, busy, seconds, ..overload };
        if busy > 0 {
            break;
        }
    }
    look_up_all(address, &quotas, frames, &mut overload).await?;
    Ok(overload)
}

fn year() -> FiscalYear {
    FiscalYear::new(YEAR).expect("a year that an id can name")
}

fn payment(connection: usize, number: usize) -> PaymentId {
    PaymentId((0x0b5_u128 << 96) | (connection as u128 + 1) << 64 | number as u128)
}

/// Amounts differ, so that one taken twice cannot hide behind one that is missing.
fn amount_fen(number: usize) -> i64 {
    1 + (number as i64 * 7_919) % AMOUNT_SPAN_FEN
}

fn command(role: Role, body: Body<'_>) -> Command<'_> {
    Command { by: By { person: PersonId(9), role, channel: ChannelId(1) }, body }
}

/// Registers the division, opens its year, and makes a quota for each connection.
async fn set_up(address: SocketAddr, connections: usize) -> Result<Vec<QuotaId>> {
    let mut builder = CommandsBuilder::new();
    let (division, parent) = (DIVISION, DivisionIndex::PROVINCE);
    let register = Register { division, code: DIVISION_CODE, parent, name: "超载演示区" };
    let open = SetYear { act: ActId(1), division, year: year(), state: YearState::Open };
    builder.push(&command(Role::Operator, Body::Register(register)), Flags::default())?;
    builder.push(&command(Role::Operator, Body::SetYear(open)), Flags::default())?;
    accepted(&mut Wire::connect(address, Role::Operator).await?, &mut builder).await?;
    let quotas: Vec<_> =
        (0..connections).map(|number| QuotaId::new(DIVISION, year(), number as u64)).collect();
    let keys: Vec<_> = (0..connections).map(|number| format!("overload {number}")).collect();
    for (number, (&quota, key)) in quotas.iter().zip(&keys).enumerate() {
        let create = plain::quota(ActId(1_000 + number as u128), division, year(), key);
        let issue = Act {
            kind: ActKind::Issue,
            act: ActId(2_000 + number as u128),
            quota,
            amount_fen: Fen::new(ISSUED_FEN),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        builder.push(&command(Role::Finance, Body::Create(create)), Flags::default())?;
        builder.push(&command(Role::Finance, Body::Act(issue)), Flags::default())?;
    }
    accepted(&mut Wire::connect(address, Role::Finance).await?, &mut builder).await?;
    Ok(quotas)
}

async fn accepted(wire: &mut Wire, builder: &mut CommandsBuilder) -> Result<()> {
    let Asked::Answered(results) = wire.commands(builder).await? else {
        bail!("the server is busy before it was offered anything");
    };
    for result in results {
        ensure!(result.code == Code::Accepted, "setting up the overload: {}", result.code);
    }
    Ok(())
}

fn reservation(connection: usize, number: usize, quota: QuotaId) -> Reserve<'static> {
    let amount_fen = Fen::new(amount_fen(number));
    plain::reservation(payment(connection, number), quota, amount_fen, &[])
}

/// Puts the commands of a numbered frame into a builder.
fn fill(builder: &mut CommandsBuilder, at: (usize, QuotaId), frame: usize) -> Result<()> {
    for place in 0..COMMANDS_PER_FRAME_MAX {
        let reserve = reservation(at.0, frame * COMMANDS_PER_FRAME_MAX + place, at.1);
        builder.push(&command(Role::Maker, Body::Reserve(reserve)), Flags::default())?;
    }
    Ok(())
}

/// How many reservations a second are durable with one frame in flight on each connection.
async fn pace_of(address: SocketAddr, quotas: &[QuotaId]) -> Result<f64> {
    let (local, mut tasks, began) = (LocalSet::new(), JoinSet::new(), clock::now());
    for (number, &quota) in quotas.iter().enumerate() {
        let sent = async move {
            let mut wire = Wire::connect(address, Role::Maker).await?;
            let mut builder = CommandsBuilder::new();
            for frame in 0..FRAMES_TO_MEASURE {
                fill(&mut builder, (number, quota), frame)?;
                accepted(&mut wire, &mut builder).await?;
            }
            anyhow::Ok(())
        };
        tasks.spawn_local_on(sent, &local);
    }
    local.run_until(all(&mut tasks)).await?;
    let commands = FRAMES_TO_MEASURE * COMMANDS_PER_FRAME_MAX * quotas.len();
    Ok(commands as f64 / began.elapsed().as_secs_f64())
}

async fn all(tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("a connection panicked")??;
    }
    Ok(())
}

/// What the connections that follow the schedule share.
struct Schedule {
    began: Instant,
    /// Between two frames of one connection.
    apart: Duration,
    busy: Cell<u64>,
    /// From when a frame was due to its answer.
    latency: Rc<Latency>,
}

/// Sends every frame of a schedule, from a numbered one on, and again what heard `Busy`, until all were taken.
async fn offer(
    address: SocketAddr,
    quotas: &[QuotaId],
    (first, rate_per_s): (usize, f64),
    latency: Rc<Latency>,
) -> Result<(u64, f64)> {
    let mut senders = Vec::new();
    for (number, &quota) in quotas.iter().enumerate() {
        senders.push(Sender::connect(address, (number, quota), first).await?);
    }
    let commands = (COMMANDS_PER_FRAME_MAX * quotas.len()) as f64;
    let schedule = Rc::new(Schedule {
        began: clock::now(),
        apart: Duration::from_secs_f64(commands / rate_per_s),
        busy: Cell::new(0),
        latency,
    });
    let (local, mut tasks) = (LocalSet::new(), JoinSet::new());
    for sender in senders {
        tasks.spawn_local_on(sender.send_all(Rc::clone(&schedule)), &local);
    }
    local.run_until(all(&mut tasks)).await?;
    Ok((schedule.busy.get(), schedule.began.elapsed().as_secs_f64()))
}

/// One connection with its frames, made before the clock runs.
struct Sender {
    stream: TcpStream,
    frames: Vec<Vec<u8>>,
}

impl Sender {
    async fn connect(address: SocketAddr, at: (usize, QuotaId), first: usize) -> Result<Sender> {
        let (mut builder, mut frames) = (CommandsBuilder::new(), Vec::new());
        for frame in 0..FRAMES_OFFERED {
            fill(&mut builder, at, first + frame)?;
            let mut bytes = Vec::new();
            builder.finish_into(&mut bytes, frame as u64 + 1, 0);
            frames.push(bytes);
        }
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&Hello::new(Role::Maker, ChannelId(1), "overload").encode()).await?;
        Ok(Sender { stream, frames })
    }

    /// Writes by the schedule and reads beside it, so that neither waits for the other.
    async fn send_all(self, schedule: Rc<Schedule>) -> Result<()> {
        let (read, write) = self.stream.into_split();
        let (again, turned_away) = mpsc::channel(FRAMES_OFFERED);
        let writes = write_frames(write, &self.frames, turned_away, &schedule);
        tokio::try_join!(writes, read_replies(read, again, &schedule)).map(drop)
    }
}

/// First the frames of the schedule, then those that heard `Busy`, until there can be none.
async fn write_frames(
    mut stream: OwnedWriteHalf,
    frames: &[Vec<u8>],
    mut turned_away: mpsc::Receiver<usize>,
    schedule: &Schedule,
) -> Result<()> {
    for (number, frame) in frames.iter().enumerate() {
        tokio::time::sleep_until((schedule.began + schedule.apart * number as u32).into()).await;
        stream.write_all(frame).await?;
    }
    while let Some(number) = turned_away.recv().await {
        tokio::time::sleep(PAUSE).await;
        stream.write_all(&frames[number]).await?;
    }
    Ok(())
}

/// Reads until every frame was taken.
async fn read_replies(
    mut stream: OwnedReadHalf,
    again: mpsc::Sender<usize>,
    schedule: &Schedule,
) -> Result<()> {
    let (mut input, mut taken) = (Vec::with_capacity(1 << 20), 0);
    while taken < FRAMES_OFFERED {
        ensure!(stream.read_buf(&mut input).await? > 0, "the server closed a connection");
        let mut used = 0;
        while let Some(frame) = split_frame(&input[used..])? {
            used += frame.header.length as usize;
            let number = (frame.header.request as usize).saturating_sub(1);
            match frame.header.kind {
                FrameKind::Welcome => {}
                FrameKind::Results => {
                    for result in Reply::parse(&frame)?.iter() {
                        let code = result?.0.code;
                        ensure!(code == Code::Accepted, "a reservation was answered {code}");
                    }
                    let due = schedule.began + schedule.apart * number as u32;
                    schedule.latency.note(clock::now().saturating_duration_since(due), 1);
                    taken += 1;
                }
                FrameKind::Error => {
                    let message = ErrorMessage::parse(&frame)?;
                    let busy = message.code.retry() == Retry::SameId && frame.header.request != 0;
                    ensure!(busy, "{message}");
                    schedule.busy.set(schedule.busy.get() + 1);
                    again.send(number).await?;
                }
                kind => bail!("a {} frame came unasked", kind.slug()),
            }
        }
        input.drain(..used);
    }
    Ok(())
}

/// Looks every id of so many frames up, and holds what each quota has reserved against what it took.
async fn look_up_all(
    address: SocketAddr,
    quotas: &[QuotaId],
    frames: usize,
    overload: &mut Overload,
) -> Result<()> {
    let mut wire = Wire::connect(address, Role::Maker).await?;
    let numbers: Vec<usize> = (0..frames * COMMANDS_PER_FRAME_MAX).collect();
    let taken_fen: i64 = numbers.iter().map(|&number| amount_fen(number)).sum();
    for (connection, &quota) in quotas.iter().enumerate() {
        for some in numbers.chunks(LOOK_UPS_PER_FRAME_MAX) {
            let look_ups: Vec<_> = some
                .iter()
                .map(|&number| LookUp::Outcome {
                    kind: IdKind::Payment,
                    division: DIVISION,
                    year: year(),
                    id: payment(connection, number).0,
                })
                .collect();
            for answer in ask(&mut wire, &look_ups).await? {
                let there = matches!(&answer, Answer::Outcome(view)
                    if view.result.code == Code::Accepted);
                overload.looked_up += 1;
                overload.lost += u64::from(!there);
            }
        }
        match ask(&mut wire, &[LookUp::Quota(quota)]).await?.first() {
            Some(Answer::Quota(view)) => {
                overload.more_fen += (view.buckets.reserved - taken_fen).abs();
            }
            other => bail!("quota {quota}: {other:?}"),
        }
    }
    Ok(())
}

async fn ask(wire: &mut Wire, look_ups: &[LookUp]) -> Result<Vec<Answer>> {
    loop {
        match wire.look_ups(look_ups).await? {
            Asked::Answered(answers) => return Ok(answers),
            Asked::Busy => tokio::time::sleep(PAUSE).await,
        }
    }
}
