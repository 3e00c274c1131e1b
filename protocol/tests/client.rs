//! The client against a small server over real TCP that misbehaves as told.

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::{ChannelId, DivisionIndex, FiscalYear, QuotaId};
use domain::{Code, Fen, Refusal, Role};
use protocol::client::{BlockingClient, Link, Options};
use protocol::directory::{
    Asked, History, HistoryBuilder, HistoryEvent, ListPayments, ListRows, PaymentPage, RowPage,
    StateAt, Subject,
};
use protocol::layout::{LAYOUTS, layout_named};
use protocol::lookup::parse_look_ups;
use protocol::message::{put_bare, put_metrics, put_pong};
use protocol::{
    Answer, AnswersBuilder, Client, ClientError, CommandResult, Commands, CommandsBuilder, Cursor,
    Environment, ErrorMessage, EventsBuilder, Flags, FrameKind, Health, Hello, IdKind, Outcome,
    OutcomeView, Position, Record, Reply, ReplyBuilder, Status, Subscribe, Value, Welcome,
    split_frame,
};
use support::{Seed, sample};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one frame of commands.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Answers each command with this code.
    Code(Code),
    /// Answers the first with one code and the others with another.
    First(Code, Code),
    /// Turns the frame away whole.
    Away(Code),
    /// Closes the connection without a word.
    Cut,
    /// Says nothing.
    Silence,
    /// Answers `Accepted` after a while.
    Slow(u64),
}

/// A frame of commands as the server saw it.
#[derive(Clone, Debug)]
struct Seen {
    connection: usize,
    ids: Vec<u128>,
    linked: Vec<bool>,
    deadline_ms: u64,
}

type Log = Arc<Mutex<Vec<Seen>>>;

const AT: Position = Position { epoch: 3, sequence: 900 };

fn welcome(window_commands: u32) -> Welcome {
    Welcome {
        version: 1,
        environment: Environment::Test,
        data_set: 5,
        epoch: 3,
        frame_bytes_max: 1 << 20,
        commands_per_frame_max: 8_190,
        window_commands,
        window_bytes: 1 << 24,
        heartbeat_ms: 100,
        server_version: "fake".into(),
    }
}

/// Starts a server whose `script` is asked, with the number of the frame, what to do.
async fn server(
    window: u32,
    script: impl Fn(usize) -> Act + Send + Sync + 'static,
) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let log = Log::default();
    let (script, seen) = (Arc::new(script), log.clone());
    tokio::spawn(async move {
        for connection in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(converse(stream, connection, window, script.clone(), seen.clone()));
        }
    });
    (address, log)
}

async fn converse(
    mut stream: TcpStream,
    connection: usize,
    window: u32,
    script: Arc<dyn Fn(usize) -> Act + Send + Sync>,
    log: Log,
) {
    let mut hello = [0; 64];
    stream.read_exact(&mut hello).await.unwrap();
    let hello = Hello::parse(&hello).unwrap();
    let mut out = Vec::new();
    if !hello.environment.accepts(Environment::Test) {
        ErrorMessage::new(Code::WrongEnvironment).put(&mut out, 0);
        let _ = stream.write_all(&out).await;
        return;
    }
    welcome(window).put(&mut out);
    let mut bytes = Vec::new();
    loop {
        if stream.write_all(&out).await.is_err() {
            return;
        }
        out.clear();
        let Some(frame) = split_frame(&bytes).unwrap() else {
            match stream.read_buf(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => continue,
            }
        };
        let request = frame.header.request;
        match frame.header.kind {
            FrameKind::Commands => {
                let commands = Commands::parse(&frame).unwrap();
                let number = note(&log, connection, frame.header.deadline_ms, &commands);
                let count = commands.count();
                match script(number) {
                    Act::Code(code) => answer(&mut out, request, count, code, code),
                    Act::First(first, rest) => answer(&mut out, request, count, first, rest),
                    Act::Away(code) => {
                        ErrorMessage { retry_after_ms: 3, ..ErrorMessage::new(code) }
                            .put(&mut out, request);
                    }
                    Act::Cut => return,
                    Act::Silence => {}
                    Act::Slow(ms) => {
                        tokio::time::sleep(Duration::from_millis(ms)).await;
                        answer(&mut out, request, count, Code::Accepted, Code::Accepted);
                    }
                }
            }
            FrameKind::LookUps => {
                let count = parse_look_ups(&frame).unwrap().len();
                let mut answers = AnswersBuilder::new(request, count);
                let result = CommandResult { sequence: 7, ..CommandResult::new(Code::OverQuota) };
                let outcome = OutcomeView { result, refusal: None, transit: 0 };
                answers.set(0, &Answer::Outcome(outcome));
                for index in 1..count {
                    answers.set(index, &Answer::Failed(Code::NotFound));
                }
                answers.finish_into(&mut out, AT);
            }
            FrameKind::Health => health().put(&mut out, request),
            FrameKind::Metrics => put_metrics(&mut out, request, "treasury_up 1\n"),
            FrameKind::Ping => put_pong(&mut out, request, AT),
            FrameKind::Subscribe => {
                let asked = Subscribe::parse(&frame).unwrap();
                let mut events = EventsBuilder::new();
                for sequence in 1..=asked.limit {
                    let position = Position { epoch: 3, sequence };
                    assert!(events.push(&Record { position, kind: 2, version: 1, body: b"body" }));
                }
                let position = Position { epoch: 3, sequence: asked.limit };
                let cursor = Cursor { position, group_hash: [4; 32] };
                events.finish_into(&mut out, request, &cursor);
                put_bare(&mut out, FrameKind::SubscriptionEnded, request);
            }
            FrameKind::ListPayments => {
                let list = ListPayments::parse(&frame).unwrap();
                // What continues a page is given back as it was.
                let (after, payments) = (list.asked.after, Vec::new());
                PaymentPage { at: AT, time_ms: 5, after, payments }.put(&mut out, request);
            }
            FrameKind::History => {
                let asked = History::parse(&frame).unwrap().asked;
                let mut page = HistoryBuilder::new();
                for sequence in 1..=u64::from(asked.items) {
                    let position = Position { epoch: 3, sequence };
                    let record = Record { position, kind: 16, version: 1, body: b"body" };
                    assert!(page.push(&HistoryEvent { record, time_ms: sequence }));
                }
                page.finish_into(&mut out, request, AT, 5, &asked.after);
            }
            FrameKind::StateAt => {
                ErrorMessage::with_detail(Code::NotFound, "no such position")
                    .put(&mut out, request);
            }
            FrameKind::ListRows => {
                let list = ListRows::parse(&frame).unwrap();
                let (after, rows) = (list.after, vec![list.beginning]);
                RowPage { at: AT, time_ms: 5, table: list.table, after, rows }
                    .put(&mut out, request);
            }
            _ => return,
        }
        let length = frame.header.length as usize;
        bytes.drain(..length);
    }
}

fn note(log: &Log, connection: usize, deadline_ms: u64, commands: &Commands<'_>) -> usize {
    let rows: Vec<_> = commands.iter().map(|(row, _)| row).collect();
    let ids = rows.iter().map(|row| u128::from_le_bytes(row[16..32].try_into().unwrap())).collect();
    let linked = rows.iter().map(|row| Flags::of(row).unwrap().linked).collect();
    let mut log = log.lock().unwrap();
    log.push(Seen { connection, ids, linked, deadline_ms });
    log.len() - 1
}

fn answer(out: &mut Vec<u8>, request: u64, count: usize, first: Code, rest: Code) {
    let mut reply = ReplyBuilder::new(request, count);
    for index in 0..count {
        let code = if index == 0 { first } else { rest };
        let value =
            if code.is_turned_away() { Value::None } else { Value::Available(Fen::new(60_000)) };
        let result = CommandResult { value, sequence: 5, ..CommandResult::new(code) };
        if code == Code::OverQuota {
            let refusal = Refusal::with(code, Fen::new(70_000), Fen::new(60_000));
            reply.set_refused(index, result, &refusal);
        } else {
            reply.set(index, result);
        }
    }
    reply.finish_into(out, AT);
}

fn health() -> Health {
    Health {
        status: Status::Serving,
        environment: Environment::Test,
        data_set: 5,
        durable: AT,
        uptime_ms: 1,
        connections: 1,
        divisions: 1,
        quotas: 1,
        server_version: "fake".into(),
        note: String::new(),
    }
}

fn hello() -> Hello {
    Hello::new(Role::Maker, ChannelId(3), "test").to_environment(Environment::Test)
}

async fn client(address: &str, deadline_ms: u64) -> Client {
    let deadline = Duration::from_millis(deadline_ms);
    Client::connect(address, hello(), Options { deadline, jitter_seed: 7 }).await.unwrap()
}

fn reserve(id: u128) -> Seed {
    Seed { id, ..sample(layout_named("reserve").unwrap()) }
}

#[tokio::test]
async fn an_answer_is_done_or_refused_with_its_figures() {
    let (address, log) =
        server(100, |n| Act::Code([Code::Accepted, Code::Parked, Code::OverQuota][n])).await;
    let client = client(&address, 2_000).await;
    assert_eq!(client.welcome().server_version, "fake");
    let seed = reserve(1);
    for expected in [Code::Accepted, Code::Parked] {
        let outcome = client.submit(&seed.command()).await.unwrap();
        assert!(matches!(outcome, Outcome::Done(told) if told.at == AT), "{outcome:?}");
        assert_eq!(outcome.code(), expected);
    }
    let Outcome::Refused(told) = client.check(&seed.command()).await.unwrap() else { panic!() };
    assert_eq!(told.result.value, Value::Available(Fen::new(60_000)));
    assert_eq!(told.refusal.unwrap().figures().next().unwrap().requested_fen, Fen::new(70_000));
    let deadline_ms = log.lock().unwrap()[0].deadline_ms;
    assert!((1..=2_000).contains(&deadline_ms), "{deadline_ms}");
}

#[tokio::test]
async fn a_cut_connection_is_made_again_and_the_same_id_sent_again() {
    let (address, log) =
        server(100, |n| if n < 2 { Act::Cut } else { Act::Code(Code::Accepted) }).await;
    let client = client(&address, 5_000).await;
    let outcome = client.submit(&reserve(42).command()).await.unwrap();
    assert_eq!(outcome.code(), Code::Accepted);
    let log = log.lock().unwrap();
    assert_eq!(log.iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(log.iter().all(|seen| seen.ids == [42]));
}

#[tokio::test]
async fn what_passes_by_itself_is_sent_again_with_the_same_id() {
    let script = |n| match n {
        0 => Act::Away(Code::Busy),
        1 => Act::Code(Code::DiskLow),
        2 => Act::Code(Code::Late),
        _ => Act::Code(Code::Accepted),
    };
    let (address, log) = server(100, script).await;
    let client = client(&address, 5_000).await;
    assert_eq!(client.submit(&reserve(8).command()).await.unwrap().code(), Code::Accepted);
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 4);
    assert!(log.iter().all(|seen| seen.ids == [8] && seen.connection == 0));
}

#[tokio::test]
async fn what_people_must_mend_is_not_sent_again() {
    for code in [Code::Quarantined, Code::NoRight, Code::Conflict, Code::UnknownDivision] {
        let (address, log) = server(100, move |_| Act::Code(code)).await;
        let client = client(&address, 2_000).await;
        let outcome = client.submit(&reserve(8).command()).await.unwrap();
        assert!(matches!(outcome, Outcome::Refused(_)));
        assert_eq!((outcome.code(), log.lock().unwrap().len()), (code, 1));
    }
    let (address, _) = server(100, |_| Act::Away(Code::BadFrame)).await;
    let client = client(&address, 2_000).await;
    assert_eq!(client.submit(&reserve(8).command()).await.unwrap().code(), Code::BadFrame);
}

#[tokio::test]
async fn unknown_only_after_the_deadline_and_only_if_it_may_have_been_taken() {
    let (address, _) = server(100, |_| Act::Silence).await;
    let silent = client(&address, 150).await;
    let before = tokio::time::Instant::now();
    assert_eq!(silent.submit(&reserve(1).command()).await.unwrap(), Outcome::Unknown);
    assert!(before.elapsed() >= Duration::from_millis(150));

    let (address, _) = server(100, |_| Act::Away(Code::Busy)).await;
    let busy = client(&address, 150).await;
    let outcome = busy.submit(&reserve(1).command()).await.unwrap();
    assert!(matches!(outcome, Outcome::Refused(_)), "turned away each time: {outcome:?}");
    assert_eq!(outcome.code(), Code::Busy);

    let (address, _) = server(100, |n| if n == 0 { Act::Cut } else { Act::Away(Code::Busy) }).await;
    let doubted = client(&address, 300).await;
    let outcome = doubted.submit(&reserve(1).command()).await.unwrap();
    assert_eq!(outcome, Outcome::Unknown, "the first sending was never answered");
}

#[tokio::test]
async fn a_call_that_was_never_sent_is_late_and_not_unknown() {
    let (address, log) = server(1, |_| Act::Silence).await;
    let first = client(&address, 400).await;
    let second = first.with_deadline(Duration::from_millis(100));
    let (seed, other) = (reserve(1), reserve(2));
    let (seed, other) = (seed.command(), other.command());
    let (one, two) = tokio::join!(first.submit(&seed), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        second.submit(&other).await
    });
    assert_eq!(one.unwrap(), Outcome::Unknown);
    assert_eq!(two.unwrap().code(), Code::Late);
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn calls_are_gathered_while_a_frame_is_on_its_way() {
    let (address, log) = server(10_000, |n| Act::Slow(if n == 0 { 100 } else { 1 })).await;
    let client = client(&address, 5_000).await;
    let mut tasks = tokio::task::JoinSet::new();
    for id in 0..2_000_u128 {
        let client = client.clone();
        tasks.spawn(async move { client.submit(&reserve(id).command()).await.unwrap() });
    }
    while let Some(outcome) = tasks.join_next().await {
        assert_eq!(outcome.unwrap().code(), Code::Accepted);
    }
    let log = log.lock().unwrap();
    assert!(log.len() < 200, "{} frames for 2,000 calls", log.len());
    let mut ids: Vec<_> = log.iter().flat_map(|seen| seen.ids.clone()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..2_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_window_is_kept() {
    // Each frame is answered only after a pause, so that all that is in flight is in one frame.
    let (address, log) = server(10, |_| Act::Slow(2)).await;
    let client = client(&address, 5_000).await;
    let seeds: Vec<_> = (0..95).map(reserve).collect();
    let commands: Vec<_> = seeds.iter().map(Seed::command).collect();
    let outcomes = client.submit_all(&commands).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.code() == Code::Accepted));
    assert_eq!(outcomes.len(), 95);
    let log = log.lock().unwrap();
    assert!(log.iter().all(|seen| seen.ids.len() <= 10));
    let ids: Vec<_> = log.iter().flat_map(|seen| seen.ids.clone()).collect();
    assert_eq!(ids, (0..95).collect::<Vec<_>>(), "in the order given");
}

#[tokio::test]
async fn a_linked_run_is_never_parted() {
    let script =
        |n| if n == 0 { Act::First(Code::Accepted, Code::Busy) } else { Act::Code(Code::Accepted) };
    let (address, log) = server(2, script).await;
    let client = client(&address, 5_000).await;
    let seeds: Vec<_> = (0..5).map(reserve).collect();
    let commands: Vec<_> = seeds.iter().map(Seed::command).collect();
    let outcomes = client.submit_run(&commands).await.unwrap();
    assert_eq!(outcomes.len(), 5);
    assert!(matches!(client.submit_run(&[]).await, Err(ClientError::Count { found: 0, .. })));
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2, "sent again as a whole, beyond the window when nothing else is out");
    for seen in log.iter() {
        assert_eq!(seen.ids, [0, 1, 2, 3, 4]);
        assert_eq!(seen.linked, [true, true, true, true, false]);
    }
}

#[tokio::test]
async fn questions_are_answered() {
    let (address, _) = server(100, |_| Act::Silence).await;
    let client = client(&address, 2_000).await;
    assert_eq!(client.health().await.unwrap(), health());
    assert_eq!(client.metrics().await.unwrap(), "treasury_up 1\n");
    assert_eq!(client.ping().await.unwrap(), AT);
    let (division, year) = (DivisionIndex(1), FiscalYear::new(2022).unwrap());
    let outcome = client.outcome(IdKind::Payment, division, year, 9).await.unwrap().unwrap();
    assert_eq!((outcome.result.code, outcome.result.sequence), (Code::OverQuota, 7));
    let two = vec![protocol::LookUp::Quota(QuotaId(1)); 2];
    let (at, answers) = client.look_up(two).await.unwrap();
    assert_eq!((at, &answers[1]), (AT, &Answer::Failed(Code::NotFound)));
    assert!(client.quota(QuotaId(1)).await.is_err(), "an outcome is no quota");

    let asked = Asked { items: 3, after: [8; 24], ..Asked::default() };
    let list = ListPayments { asked, ..ListPayments::default() };
    let page = client.list_payments(list).await.unwrap();
    assert_eq!((page.at, page.after), (AT, [8; 24]));
    let history = History { asked, subject: Subject::Quota(QuotaId(1)) };
    let page = client.history(history).await.unwrap();
    assert_eq!(page.iter().map(|event| event.time_ms).collect::<Vec<_>>(), [1, 2, 3]);
    let list = ListRows {
        asked: Asked { items: 3, ..Asked::default() },
        division,
        year,
        table: domain::office::table::Table::MofDep,
        beginning: "0".into(),
        after: "03".into(),
    };
    let page = client.list_rows(list).await.unwrap();
    assert_eq!((page.at, &*page.after, &page.rows[..]), (AT, "03", &["0".to_owned()][..]));
    let state = StateAt { asked, look_up: protocol::LookUp::Quota(QuotaId(1)) };
    let refused = client.state_at(state).await.unwrap_err();
    assert!(matches!(&refused, ClientError::Server(said) if said.code == Code::NotFound));
}

#[tokio::test]
async fn an_idle_connection_is_kept_by_pings() {
    let (address, _) = server(100, |_| Act::Code(Code::Accepted)).await;
    let client = client(&address, 2_000).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(client.submit(&reserve(1).command()).await.unwrap().code(), Code::Accepted);
}

#[tokio::test]
async fn a_refused_hello_is_an_error_that_says_why() {
    let (address, _) = server(100, |_| Act::Silence).await;
    let wrong = hello().to_environment(Environment::Production);
    let error = Client::connect(address, wrong, Options::default()).await.unwrap_err();
    let ClientError::Server(message) = error else { panic!("{error}") };
    assert_eq!(message.code, Code::WrongEnvironment);
    let error = Client::connect("127.0.0.1:1", hello(), Options::default()).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn a_subscription_gives_records_and_a_cursor() {
    let (address, _) = server(100, |_| Act::Silence).await;
    let client = client(&address, 2_000).await;
    let mut subscription =
        client.subscribe(Subscribe { limit: 3, ..Subscribe::default() }).await.unwrap();
    let frame = subscription.next().await.unwrap().unwrap();
    assert_eq!(frame.cursor.group_hash, [4; 32]);
    let records: Vec<_> = frame.records().collect();
    assert_eq!(records.len(), 3);
    assert_eq!((records[2].position.sequence, records[2].body), (3, &b"body"[..]));
    assert!(subscription.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_bare_link_sends_frames_and_reads_results() {
    let (address, _) = server(10_000, |_| Act::Code(Code::Accepted)).await;
    let check = move || {
        let (mut link, welcome) = Link::connect(&address, &hello()).unwrap();
        assert_eq!(welcome.epoch, 3);
        let mut builder = CommandsBuilder::new();
        let mut frames = Vec::new();
        for request in 1..=3 {
            for layout in LAYOUTS.iter().cycle().take(8_000) {
                let seed = Seed { text: String::from("x"), particulars: vec![], ..sample(layout) };
                if builder.push(&seed.command(), Flags::default()).is_err() {
                    break;
                }
            }
            builder.finish_into(&mut frames, request, 0);
        }
        let mut sender = link.stream().try_clone().unwrap();
        let sending = std::thread::spawn(move || {
            std::io::Write::write_all(&mut sender, &frames).unwrap();
        });
        for request in 1..=3 {
            let frame = link.receive().unwrap();
            assert_eq!(frame.header.request, request);
            let reply = Reply::parse(&frame).unwrap();
            assert!(reply.count() > 7_000);
            assert!((0..reply.count()).all(|index| reply.code_number(index) == Some(0)));
        }
        sending.join().unwrap();
    };
    tokio::task::spawn_blocking(check).await.unwrap();
}

/// A server on a runtime of its own, for clients that block.
fn server_apart(script: impl Fn(usize) -> Act + Send + Sync + 'static) -> (String, Log) {
    let (told, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            told.send(server(100, script).await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    address.recv().unwrap()
}

#[test]
fn the_blocking_client_says_the_same() {
    let (address, log) = server_apart(|number| match number {
        0 => Act::Away(Code::Busy),
        1 => Act::Cut,
        2 => Act::Code(Code::Accepted),
        _ => Act::First(Code::OverQuota, Code::LinkedRefused),
    });
    let client = BlockingClient::connect(address, hello(), Options::default()).unwrap();
    let (one, two) = (reserve(1), reserve(2));
    assert!(matches!(client.submit(&one.command()).unwrap(), Outcome::Done(_)));
    let run = client.submit_run(&[one.command(), two.command()]).unwrap();
    let codes: Vec<_> = run.iter().map(Outcome::code).collect();
    assert_eq!(codes, [Code::OverQuota, Code::LinkedRefused]);
    let seen: Vec<_> = log.lock().unwrap().iter().map(|seen| seen.ids.clone()).collect();
    assert_eq!(seen[0], seen[2]);
    assert_eq!(seen.len(), 4);

    assert_eq!(client.metrics().unwrap(), "treasury_up 1\n");
    assert_eq!(client.ping().unwrap(), AT);
    assert_eq!(client.health().unwrap(), health());
    assert_eq!(client.list_payments(ListPayments::default()).unwrap().at, AT);
    let subject = Subject::Quota(QuotaId(1));
    let asked = Asked { items: 1, ..Asked::default() };
    assert_eq!(client.history(History { asked, subject }).unwrap().count(), 1);
    let look_up = protocol::LookUp::Quota(QuotaId(1));
    assert!(client.state_at(StateAt { asked, look_up }).is_err());
    assert_eq!(client.welcome().data_set, 5);
    let short = client.with_deadline(Duration::from_millis(50));
    assert_eq!(short.ping().unwrap(), AT);
    let subscribe = Subscribe { cursor: Cursor::START, limit: 3, events: Vec::new() };
    let frames: Vec<_> = client.subscribe(subscribe).unwrap().map(Result::unwrap).collect();
    assert_eq!(frames.iter().map(|frame| frame.records().count()).sum::<usize>(), 3);
}

#[test]
fn threads_share_a_blocking_client() {
    let (address, log) = server_apart(|_| Act::Code(Code::Accepted));
    let client = BlockingClient::connect(address, hello(), Options::default()).unwrap();
    std::thread::scope(|scope| {
        for id in 1..=8 {
            let client = client.clone();
            scope.spawn(move || {
                let outcome = client.submit(&reserve(id).command()).unwrap();
                assert!(matches!(outcome, Outcome::Done(_)));
            });
        }
    });
    drop(client);
    let mut ids: Vec<_> = log.lock().unwrap().iter().flat_map(|seen| seen.ids.clone()).collect();
    ids.sort_unstable();
    assert_eq!(ids, Vec::from_iter(1..=8));
}
