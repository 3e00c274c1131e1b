//! Golden vectors: bytes that every client and every version must agree on.
//!
//! `UPDATE_GOLDEN=1 cargo test -p protocol --test vectors` writes them anew; a change in them is a
//! change of the protocol.

mod bad;
mod bad_lines;
mod directory;
#[path = "../support/mod.rs"]
mod support;

use domain::codes::PaymentState;
use domain::ids::{ChannelId, DivisionIndex, FiscalYear, LimitKey, PaymentId, QuotaId};
use domain::quota::{Buckets, Totals};
use domain::{Code, Fen, Refusal, Role};
use protocol::json::{Line, parse_command, read_line, write_line};
use protocol::layout::{LAYOUTS, layout_named};
use protocol::limits::COMMAND_BYTES;
use protocol::lookup::{parse_answers, parse_look_ups};
use protocol::message::{put_bare, put_metrics, put_pong};
use protocol::views::QuotaView;
use protocol::{
    Answer, AnswersBuilder, CommandResult, Commands, CommandsBuilder, Cursor, Environment,
    ErrorMessage, Events, EventsBuilder, Flags, Frame, FrameKind, Health, Hello, OutcomeView,
    Position, Record, Reply, ReplyBuilder, Status, Subscribe, Value as Number, Welcome,
    decode_command, encode_command, split_frame,
};
use serde_json::{Value, json};
use support::{Seed, sample};

const ROLE: Role = Role::Finance;
const CHANNEL: ChannelId = ChannelId(3);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn seed(layout: &'static protocol::layout::Layout) -> Seed {
    let mut seed = sample(layout);
    if layout.slug == "register" {
        seed.text = "济南市".into();
    }
    if layout.slug == "file" {
        seed.text = "mof-dep\t03\t教科文处\tbusiness".into();
    }
    seed
}

fn row_of(slug: &str, flags: Flags) -> ([u8; COMMAND_BYTES], Vec<u8>) {
    let seed = seed(layout_named(slug).unwrap());
    let (mut row, mut tail) = ([0; COMMAND_BYTES], Vec::new());
    encode_command(&seed.command(), flags, &mut row, &mut tail).unwrap();
    (row, tail)
}

fn commands() -> Value {
    let mut vectors = Vec::new();
    for layout in LAYOUTS {
        let (row, tail) = row_of(layout.slug, Flags::default());
        let object = protocol::json::command_json(&seed(layout).command()).unwrap();
        vectors.push(json!({
            "name": layout.slug,
            "row": hex(&row),
            "tail": hex(&tail),
            "json": object,
        }));
    }
    json!({
        "about": "Each kind of command: its 128 bytes, its tail, and the same as a JSON object.",
        "vectors": vectors,
    })
}

fn hellos() -> Value {
    let hello = |role, channel, name: &str, environment| {
        let hello = Hello::new(role, ChannelId(channel), name).to_environment(environment);
        json!({
            "name": name,
            "hello": hex(&hello.encode()),
            "json": { "hello": {
                "version": 1,
                "environment": environment.slug(),
                "role": role.slug(),
                "channel": channel,
                "name": name,
            } },
        })
    };
    json!({
        "about": "Hellos: 64 bytes, and the same as a JSON line.",
        "vectors": [
            hello(Role::Maker, 1, "desk", Environment::Any),
            hello(Role::Bank, 17, "建设银行前置机", Environment::Production),
            hello(Role::Operator, 65_535, "", Environment::Test),
        ],
    })
}

fn requests() -> Value {
    let id = "01927c5e4b7a7d119a41000000000001";
    let reserve = protocol::json::command_json(&seed(&LAYOUTS[0]).command()).unwrap();
    let mut one = reserve.clone();
    one["request"] = json!("7");
    one["within_ms"] = json!(2_500);
    let mut check = reserve.clone();
    check["request"] = json!("8");
    check["check"] = json!(true);
    let mut first = reserve;
    first["linked"] = json!(true);
    let withdraw =
        protocol::json::command_json(&seed(layout_named("withdraw").unwrap()).command()).unwrap();
    let cursor = json!({ "epoch": 3, "sequence": "900", "group_hash": "0a".repeat(32) });
    let lines = [
        ("one command within 2,500 ms", one),
        ("a command to check only", check),
        ("a linked run of two", json!({ "request": "9", "commands": [first, withdraw] })),
        ("a quota", json!({ "request": "10", "look_up": "quota", "quota": "184/2022/5" })),
        (
            "a payment and three outcomes",
            json!({ "request": "11", "look_ups": [
                { "look_up": "payment", "division": 184, "year": 2022, "payment": id },
                { "look_up": "outcome", "of": "payment", "division": 184, "year": 2022, "id": id },
                { "look_up": "outcome", "of": "act", "division": 184, "year": 2022, "id": id },
                { "look_up": "outcome", "of": "move", "division": 184, "year": 2022, "id": id },
            ] }),
        ),
        ("health", json!({ "request": "12", "ask": "health" })),
        ("metrics", json!({ "request": "13", "ask": "metrics" })),
        ("ping", json!({ "request": "14", "ask": "ping" })),
        ("subscribe from the start", json!({ "request": "15", "subscribe": {} })),
        (
            "subscribe from a cursor",
            json!({ "request": "16", "subscribe": {
                "cursor": cursor, "limit": "5", "events": ["reserved", "fact-taken"],
            } }),
        ),
        ("unsubscribe", json!({ "request": "16", "ask": "unsubscribe" })),
        ("goodbye", json!({ "request": "17", "ask": "goodbye" })),
    ];
    let mut vectors = Vec::new();
    for (name, line) in lines {
        let mut frame = Vec::new();
        read_line(line.to_string().as_bytes(), &mut frame).unwrap();
        vectors.push(json!({ "name": name, "frame": hex(&frame), "json": line }));
    }
    json!({
        "about": "Frames a client sends, and the same as JSON lines.",
        "vectors": vectors,
    })
}

fn quota_view() -> QuotaView {
    QuotaView {
        quota: QuotaId::new(DivisionIndex(184), FiscalYear::new(2022).unwrap(), 5),
        version: 12,
        open_payments: 1,
        open_contracts: 2,
        executable: true,
        closed: false,
        quarantined: false,
        posts: domain::codes::Posts::UNIT,
        authority: domain::codes::AuthorityKind::BudgetLine,
        plan: LimitKey(9),
        parent: QuotaId::NONE,
        cap_fen: Fen::ZERO,
        fund: domain::ids::Class::new("111").unwrap(),
        economic: domain::ids::Class::new("302").unwrap(),
        buckets: Buckets { issued: 100_000, reserved: 30_000, staged: 500, ..Buckets::default() },
        totals: Totals { initial: 90_000, supplemented: 10_000, ..Totals::default() },
        key: "184001-111-302".into(),
    }
}

fn payment_view() -> protocol::views::PaymentView {
    use domain::codes::{BusinessKind, FactKind, Method, Path, Posts, StepKind};
    use domain::ids::{Class, ContractId, Day, PersonId};
    let fact = |kind, serial| protocol::views::FactView { kind, channel: ChannelId(17), serial };
    protocol::views::PaymentView {
        payment: PaymentId(0x0192_7c5e_4b7a_7d11_9a41_0000_0000_0001),
        quota: quota_view().quota,
        amount_fen: Fen::new(30_000),
        executed_fen: Fen::new(30_000),
        maker: PersonId(1),
        approvers: [PersonId(2), PersonId(0), PersonId(0)],
        instructor: PersonId(3),
        contract: ContractId(0),
        plan: ContractId(0),
        economic: Class::new("30201").unwrap(),
        payee_hash: domain::particulars::account_hash("6222020000000000017"),
        deadline_ms: 0,
        sequence: 41,
        day: Day::new(20_220_304).unwrap(),
        rule_version: 0,
        method: Method::Centralized,
        kind: BusinessKind::Single,
        path: Path::Treasury,
        state: PaymentState::Cleared,
        ending: None,
        posts: Posts::UNIT,
        approved: Posts::UNIT,
        steps: vec![protocol::views::StepView {
            kind: StepKind::Hold,
            serial: 1,
            person: PersonId(3),
        }],
        facts: vec![fact(FactKind::ConfirmPaid, 5), fact(FactKind::Clear, 6)],
        refunds: vec![domain::payment::Refund {
            number: 7,
            amount_fen: Fen::new(1_000),
            detail: 0,
            settled: true,
            to_pool: false,
        }],
    }
}

fn replies() -> Value {
    let at = Position { epoch: 3, sequence: 900 };
    let quota = quota_view().quota;
    let mut vectors = Vec::new();
    let mut add = |name: &str, frame: Vec<u8>| {
        let mut line = Vec::new();
        let found = split_frame(&frame).unwrap().unwrap();
        write_line(&found, raw_record, &mut line).unwrap();
        let line: Value = serde_json::from_slice(&line).unwrap();
        vectors.push(json!({ "name": name, "frame": hex(&frame), "json": line }));
    };
    let mut frame = Vec::new();
    Welcome {
        version: 1,
        environment: Environment::Test,
        data_set: 0x0192_7c5e_4b7a_7d11_9a41_0000_0000_00ff,
        epoch: 3,
        frame_bytes_max: 1 << 20,
        commands_per_frame_max: 8_190,
        window_commands: 65_536,
        window_bytes: 16 << 20,
        heartbeat_ms: 10_000,
        server_version: "0.1.0".into(),
    }
    .put(&mut frame);
    add("welcome", std::mem::take(&mut frame));

    let mut reply = ReplyBuilder::new(7, 6);
    let available = Number::Available(Fen::new(70_000));
    let accepted = CommandResult {
        state: Some(PaymentState::Reserved),
        value: available,
        sequence: 41,
        ..CommandResult::new(Code::Accepted)
    };
    let refused =
        CommandResult { value: available, sequence: 42, ..CommandResult::new(Code::OverQuota) };
    let mut refusal = Refusal::with(Code::OverQuota, Fen::new(123_450), Fen::new(70_000));
    refusal.add(domain::refusal::Figure {
        limit: Code::OverPlan,
        requested_fen: Fen::new(123_450),
        left_fen: Fen::new(100),
    });
    reply.set(0, accepted);
    reply.set(1, CommandResult { repeat: true, ..accepted });
    reply.set_refused(2, refused, &refusal);
    reply.set(
        3,
        CommandResult { value: Number::Created(quota), ..CommandResult::new(Code::Accepted) },
    );
    reply.set(4, CommandResult { checked: true, ..CommandResult::new(Code::BadField) });
    let unfit = CommandResult { sequence: 43, ..CommandResult::new(Code::BadRow) };
    let mut place = Refusal::new(Code::BadRow);
    place.add(domain::refusal::Figure {
        limit: Code::PaperLine,
        requested_fen: Fen::new(3),
        left_fen: Fen::new(12),
    });
    reply.set_refused(5, unfit, &place);
    reply.finish_into(&mut frame, at);
    add("results", std::mem::take(&mut frame));

    let mut answers = AnswersBuilder::new(11, 4);
    answers.set(0, &Answer::Quota(Box::new(quota_view())));
    answers.set(1, &Answer::Payment(Box::new(payment_view())));
    let outcome = OutcomeView { result: refused, refusal: Some(refusal), transit: 0 };
    answers.set(2, &Answer::Outcome(outcome));
    answers.set(3, &Answer::Failed(Code::NotFound));
    answers.finish_into(&mut frame, at);
    add("answers", std::mem::take(&mut frame));

    let mut answers = AnswersBuilder::new(18, 2);
    let outcome = OutcomeView { result: accepted, refusal: None, transit: 0 };
    answers.set(0, &Answer::Outcome(outcome));
    answers.set(1, &Answer::Outcome(OutcomeView { transit: 3, ..outcome }));
    answers.finish_into(&mut frame, at);
    add("answers: a payment that was taken, a move that landed", std::mem::take(&mut frame));

    Health {
        status: Status::DiskLow,
        environment: Environment::Test,
        data_set: 1,
        durable: at,
        uptime_ms: 86_400_000,
        connections: 2,
        divisions: 185,
        quotas: 194_100,
        server_version: "0.1.0".into(),
        note: "disk space is low".into(),
    }
    .put(&mut frame, 12);
    add("health-report", std::mem::take(&mut frame));
    put_metrics(&mut frame, 13, "treasury_up 1\n");
    add("metrics-text", std::mem::take(&mut frame));
    put_pong(&mut frame, 14, at);
    add("pong", std::mem::take(&mut frame));

    let mut events = EventsBuilder::new();
    let record = |sequence, body| Record {
        position: Position { epoch: 3, sequence },
        kind: 2,
        version: 1,
        body,
    };
    assert!(events.push(&record(899, &[1, 2, 3])) && events.push(&record(900, &[])));
    events.finish_into(&mut frame, 16, &Cursor { position: at, group_hash: [10; 32] });
    add("events", std::mem::take(&mut frame));
    put_bare(&mut frame, FrameKind::SubscriptionEnded, 16);
    add("subscription-ended", std::mem::take(&mut frame));
    ErrorMessage { retry_after_ms: 20, ..ErrorMessage::new(Code::Busy) }.put(&mut frame, 7);
    add("error: busy", std::mem::take(&mut frame));
    let diverged = ErrorMessage::with_detail(Code::Diverged, "cursor 3/900");
    ErrorMessage { common: Position { epoch: 2, sequence: 850 }, ..diverged }.put(&mut frame, 16);
    add("error: diverged", std::mem::take(&mut frame));
    put_bare(&mut frame, FrameKind::Goodbye, 0);
    add("goodbye", frame);
    json!({
        "about": "Frames a server sends, and the same as JSON lines. Bodies of records are shown \
                  as hex here.",
        "vectors": vectors,
    })
}

fn raw_record(record: &Record<'_>) -> Value {
    json!({
        "epoch": record.position.epoch,
        "sequence": record.position.sequence.to_string(),
        "kind": record.kind,
        "version": record.version,
        "body": hex(record.body),
    })
}

fn files() -> [(&'static str, Value); 7] {
    [
        ("hellos.json", hellos()),
        ("commands.json", commands()),
        ("requests.json", requests()),
        ("replies.json", replies()),
        ("bad.json", bad::bad()),
        ("bad-lines.json", bad_lines::bad_lines()),
        ("directory.json", directory::directory()),
    ]
}

fn vectors(name: &str) -> Vec<Value> {
    let text = std::fs::read(support::vector_path(name)).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

#[test]
fn the_vectors_are_what_the_code_makes() {
    for (name, file) in files() {
        support::hold_golden(name, &file);
    }
}

#[test]
fn every_good_vector_decodes_as_it_says() {
    for vector in vectors("hellos.json") {
        let hello = Hello::parse(&bytes(&vector["hello"]).try_into().unwrap()).unwrap();
        let line = vector["json"].to_string();
        assert_eq!(read_line(line.as_bytes(), &mut Vec::new()), Ok(Line::Hello(hello)));
    }
    let known = vectors("commands.json");
    assert_eq!(known.len(), LAYOUTS.len());
    for vector in known {
        let row: [u8; COMMAND_BYTES] = bytes(&vector["row"]).try_into().unwrap();
        let tail = bytes(&vector["tail"]);
        let command = decode_command(&row, &tail, ROLE, CHANNEL).unwrap();
        assert_eq!(vector["name"], command.slug());
        let line = vector["json"].to_string();
        assert_eq!(parse_command(line.as_bytes()), Ok((row, tail.clone())));
    }
    for vector in vectors("requests.json") {
        let expected = bytes(&vector["frame"]);
        let mut frame = Vec::new();
        read_line(vector["json"].to_string().as_bytes(), &mut frame).unwrap();
        assert_eq!(frame, expected, "{}", vector["name"]);
        let found = split_frame(&frame).unwrap().unwrap();
        assert!(found.header.kind.is_request() && reads(&found), "{}", vector["name"]);
    }
    for vector in vectors("replies.json") {
        let frame = bytes(&vector["frame"]);
        let found = split_frame(&frame).unwrap().unwrap();
        assert!(reads(&found), "{}", vector["name"]);
        let mut line = Vec::new();
        write_line(&found, raw_record, &mut line).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&line).unwrap(), vector["json"]);
    }
}

/// Whether a frame can be read as what its kind says.
fn reads(frame: &Frame<'_>) -> bool {
    match frame.header.kind {
        FrameKind::Commands => Commands::parse(frame).is_ok(),
        FrameKind::LookUps => parse_look_ups(frame).is_ok(),
        FrameKind::Subscribe => Subscribe::parse(frame).is_ok(),
        FrameKind::Welcome => Welcome::parse(frame).is_ok(),
        FrameKind::Results => {
            Reply::parse(frame).is_ok_and(|reply| reply.iter().all(|result| result.is_ok()))
        }
        FrameKind::Answers => parse_answers(frame).is_ok(),
        FrameKind::HealthReport => Health::parse(frame).is_ok(),
        FrameKind::Events => Events::parse(frame).is_ok(),
        FrameKind::Error => ErrorMessage::parse(frame).is_ok(),
        _ => true,
    }
}

#[test]
fn every_bad_vector_is_turned_away_as_it_says() {
    for vector in vectors("bad.json") {
        let (found, tail) = (bytes(&vector["hex"]), bytes(&vector["tail"]));
        let told = match vector["what"].as_str().unwrap() {
            "hello" => match Hello::parse(&found.try_into().unwrap()) {
                Ok(_) => "taken",
                Err(error) => error.code().slug(),
            },
            "command" => match decode_command(&found.try_into().unwrap(), &tail, ROLE, CHANNEL) {
                Ok(_) => "taken",
                Err(code) => code.slug(),
            },
            _ => match split_frame(&found) {
                Ok(None) => "incomplete",
                Ok(Some(frame)) => match Commands::parse(&frame) {
                    Ok(_) => "taken",
                    Err(error) => error.code().slug(),
                },
                Err(error) => error.code().slug(),
            },
        };
        assert_eq!(vector["expect"], told, "{}", vector["name"]);
    }
}

#[test]
fn a_builder_of_commands_makes_the_same_frame_as_a_line() {
    let seed = seed(&LAYOUTS[0]);
    let mut builder = CommandsBuilder::new();
    builder.push(&seed.command(), Flags::default()).unwrap();
    let mut frame = Vec::new();
    builder.finish_into(&mut frame, 7, 2_500);
    let known = vectors("requests.json");
    assert_eq!(bytes(&known[0]["frame"]), frame);
}
