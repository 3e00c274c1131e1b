//! JSON lines and frames say the same.

mod support;

use domain::codes::{BatchEnd, MoveKind, Path, PaymentState, Posts, Role, YearState};
use domain::command::{Body, By, EndBatch, MoveIn};
use domain::event::{Event, EventBody, RefusedId, RunId};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, DivisionIndex, Fingerprint, FiscalYear, MoveId, PaymentId,
    PersonId, QuotaId,
};
use domain::limits::AMOUNT_FEN_MAX;
use domain::{Code, Fen, Refusal};
use proptest::prelude::*;
use protocol::json::{
    JsonError, Line, command_json, event_json, parse_command, read_line, write_line,
};
use protocol::layout::{Form, LAYOUTS, Tail};
use protocol::limits::{COMMAND_BYTES, JSON_LINE_BYTES_MAX};
use protocol::{
    CommandResult, Commands, Environment, ErrorMessage, Events, EventsBuilder, Flags, FrameKind,
    Hello, LookUp, Position, Record, ReplyBuilder, Subscribe, Value, decode_command,
    encode_command, split_frame,
};
use serde_json::json;
use support::{CHANNEL, ROLE, Seed, seed};

/// JSON has no form for amounts beyond the bounds, and none for the id of no quota.
fn within_bounds(mut seed: Seed) -> Seed {
    seed.amount %= AMOUNT_FEN_MAX + 1;
    seed.numbers[1] %= u64::MAX;
    if LAYOUTS.iter().any(|l| l.slug == seed.layout.slug && l.fields.iter().any(|f| f.name == "to"))
    {
        seed.numbers[2] %= u64::MAX;
    }
    if let "create" = seed.layout.slug {
        seed.picks[0] = seed.picks[0] % 7 + 1;
    }
    seed
}

fn request_of(line: &str) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::new();
    read_line(line.as_bytes(), &mut out).map(|_| out)
}

proptest! {
    #[test]
    fn a_command_is_the_same_in_both_forms(seed in seed().prop_map(within_bounds), linked: bool) {
        let command = seed.command();
        let flags = Flags { check: !seed.layout.fact, linked };
        let (mut row, mut tail) = ([0; COMMAND_BYTES], Vec::new());
        encode_command(&command, flags, &mut row, &mut tail).unwrap();

        let mut object = command_json(&command).unwrap();
        prop_assert_eq!(&object["command"], &json!(seed.layout.slug));
        if flags.check {
            object["check"] = json!(true);
        }
        if flags.linked {
            object["linked"] = json!(true);
        }
        let (found_row, found_tail) = parse_command(object.to_string().as_bytes()).unwrap();
        prop_assert_eq!(found_row, row);
        prop_assert_eq!(&found_tail, &tail);
        prop_assert_eq!(decode_command(&found_row, &found_tail, ROLE, CHANNEL), Ok(command));

        object["request"] = json!("12");
        object["within_ms"] = json!(900);
        let bytes = request_of(&object.to_string()).unwrap();
        let frame = split_frame(&bytes).unwrap().unwrap();
        prop_assert_eq!((frame.header.request, frame.header.deadline_ms), (12, 900));
        let commands = Commands::parse(&frame).unwrap();
        prop_assert_eq!(commands.iter().next(), Some((&row, tail.as_slice())));
    }

    #[test]
    fn no_line_panics(line in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_line(line.as_bytes(), &mut Vec::new());
        let _ = read_line(&bytes, &mut Vec::new());
    }

    #[test]
    fn a_changed_line_is_a_request_or_an_error(
        seed in seed().prop_map(within_bounds), at in 0_usize..2_000, byte: u8,
    ) {
        let mut object = command_json(&seed.command()).unwrap();
        object["request"] = json!("12");
        let mut line = object.to_string().into_bytes();
        let at = at % line.len();
        line[at] = byte;
        let mut out = Vec::new();
        if read_line(&line, &mut out).is_err() {
            prop_assert!(out.is_empty(), "nothing is sent for a line that is wrong");
        }
    }
}

const RESERVE: &str = r#"{"request":"7","command":"reserve","person":"17","payment":"0000000000000000000000000000002a","quota":"184/2022/194099","amount":"1234.50","economic":"30201","day":"2022-03-04","method":"centralized","business":"single"}"#;

#[test]
fn an_error_names_the_field_and_the_nearest_key() {
    let cases = [
        (r#""amount""#, r#""ammount""#, "ammount", Some("amount")),
        (r#""1234.50""#, "1234.5", "amount", None),
        (r#""1234.50""#, r#""1,234.50""#, "amount", None),
        (r#""reserve""#, r#""reserv""#, "command", Some("reserve")),
        (r#""centralized""#, r#""centralised""#, "method", Some("centralized")),
        (r#""184/2022/194099""#, r#""194099""#, "quota", None),
        (r#""person":"17","#, "", "person", None),
        (r#""request":"7","#, "", "request", None),
        (r#""2022-03-04""#, r#""2022-02-30""#, "day", None),
        (r#""single"}"#, r#""single","amount":"1.00"}"#, "line", None),
        (r#""single"}"#, r#""single","reason":"x"}"#, "reason", None),
        (r#""single"}"#, r#""single","particulars":{"payee":"x"}}"#, "particulars.payee", None),
        (r#""single"}"#, r#""single","within_ms":0}"#, "within_ms", None),
        (r#""single"}"#, r#""single","ask":"ping"}"#, "ask", None),
        (r#""single"}"#, r#""single"} {}"#, "line", None),
    ];
    assert!(request_of(RESERVE).is_ok());
    for (good, bad, field, nearest) in cases {
        let line = RESERVE.replacen(good, bad, 1);
        assert_ne!(line, RESERVE, "{good}");
        let error = request_of(&line).unwrap_err();
        assert_eq!(error.field, field, "{line}: {error}");
        if nearest.is_some() {
            assert_eq!(error.nearest.as_deref(), nearest, "{error}");
        }
        let told: serde_json::Value = serde_json::from_str(&error.line()).unwrap();
        assert_eq!(told["error"]["field"], json!(field));
        assert!(told["error"]["chinese"].is_string());
    }
    let long = format!("{{\"request\":\"{}\"}}", "1".repeat(JSON_LINE_BYTES_MAX));
    assert_eq!(request_of(&long).unwrap_err().code, Code::BadFrame);
}

#[test]
fn an_error_inside_a_list_says_where() {
    let line = r#"{"request":"3","commands":[{"command":"open-year","person":"1","act":"00000000000000000000000000000001","division":1,"year":2022},{"command":"open-year","person":"1","act":"00000000000000000000000000000002","division":70000,"year":2022}]}"#;
    let error = request_of(line).unwrap_err();
    assert_eq!((error.field.as_str(), error.request), ("commands[1].division", 3));
    let good = line.replace("70000", "7");
    let bytes = request_of(&good).unwrap();
    assert_eq!(Commands::parse(&split_frame(&bytes).unwrap().unwrap()).unwrap().count(), 2);
}

#[test]
fn a_hello_line_is_a_hello() {
    let line = r#"{"hello":{"environment":"test","role":"maker","channel":3,"name":"窗口"}}"#;
    let hello = Hello::new(Role::Maker, ChannelId(3), "窗口").to_environment(Environment::Test);
    assert_eq!(read_line(line.as_bytes(), &mut Vec::new()), Ok(Line::Hello(hello)));
    for (wrong, field) in [("engine", "hello.role"), ("makr", "hello.role")] {
        let error = request_of(&line.replace("maker", wrong)).unwrap_err();
        assert_eq!(error.field, field);
    }
}

#[test]
fn questions_become_the_frames_of_a_binary_client() {
    let (division, year) = (DivisionIndex(1), FiscalYear::new(2022).unwrap());
    let quota = QuotaId::new(division, year, 5);
    let look_ups = [
        (r#"{"request":"1","look_up":"quota","quota":"1/2022/5"}"#, LookUp::Quota(quota)),
        (
            r#"{"request":"1","look_up":"payment","division":1,"year":2022,"payment":"0000000000000000000000000000002a"}"#,
            LookUp::Payment { division, year, id: PaymentId(42) },
        ),
        (
            r#"{"request":"1","look_up":"outcome","of":"move","division":1,"year":2022,"id":"0000000000000000000000000000002a"}"#,
            LookUp::Outcome { kind: protocol::IdKind::Move, division, year, id: 42 },
        ),
    ];
    for (line, look_up) in look_ups {
        let mut expected = Vec::new();
        protocol::lookup::put_look_ups(&mut expected, 1, &[look_up]);
        assert_eq!(request_of(line), Ok(expected));
        let many =
            format!(r#"{{"request":"2","look_ups":[{}]}}"#, line.replace(r#""request":"1","#, ""));
        assert!(request_of(&many).is_ok(), "{many}");
    }
    for ask in ["health", "metrics", "ping", "unsubscribe", "goodbye"] {
        let line = format!(r#"{{"request":"9","ask":"{ask}"}}"#);
        let bytes = request_of(&line).unwrap();
        assert_eq!(split_frame(&bytes).unwrap().unwrap().header.kind.slug(), ask);
    }
    let hash = "0a".repeat(32);
    let line = format!(
        r#"{{"request":"4","subscribe":{{"cursor":{{"epoch":2,"sequence":"9","group_hash":"{hash}"}},"limit":"5","events":["reserved"]}}}}"#
    );
    let bytes = request_of(&line).unwrap();
    let found = Subscribe::parse(&split_frame(&bytes).unwrap().unwrap()).unwrap();
    assert_eq!(found.cursor.position, Position { epoch: 2, sequence: 9 });
    assert_eq!((found.cursor.group_hash, found.limit), ([10; 32], 5));
    assert_eq!(found.events, ["reserved"]);
}

fn line_of(frame: &[u8]) -> serde_json::Value {
    let mut out = Vec::new();
    let render = |record: &Record<'_>| json!({ "kind": record.kind });
    write_line(&split_frame(frame).unwrap().unwrap(), render, &mut out).unwrap();
    assert_eq!(out.pop(), Some(b'\n'));
    assert!(!out.contains(&b'\n'), "one line");
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn replies_become_lines() {
    let mut reply = ReplyBuilder::new(7, 2);
    let value = Value::Available(Fen::new(60_000));
    reply.set_refused(
        0,
        CommandResult { value, sequence: 5, ..CommandResult::new(Code::OverQuota) },
        &Refusal::with(Code::OverQuota, Fen::new(70_000), Fen::new(60_000)),
    );
    let quota = QuotaId::new(DivisionIndex(1), FiscalYear::new(2022).unwrap(), 5);
    let state = Some(PaymentState::Reserved);
    let created = CommandResult {
        repeat: true,
        state,
        value: Value::Created(quota),
        ..CommandResult::new(Code::Accepted)
    };
    reply.set(1, created);
    let mut frame = Vec::new();
    reply.finish_into(&mut frame, Position { epoch: 1, sequence: 8 });
    let line = line_of(&frame);
    assert_eq!(line["request"], "7");
    assert_eq!(line["position"], json!({ "epoch": 1, "sequence": "8" }));
    let refused = &line["results"][0];
    assert_eq!(refused["code"], 1002);
    assert_eq!(refused["name"], "over-quota");
    assert_eq!(refused["retry"], "new-id");
    assert_eq!(refused["available"], "600.00");
    let figure = json!({ "limit": "over-quota", "requested": "700.00", "left": "600.00" });
    assert_eq!(refused["figures"], json!([figure]));
    assert_eq!(line["results"][1]["quota"], "1/2022/5");
    assert_eq!(line["results"][1]["state"], "reserved");
    assert_eq!(line["results"][1]["repeat"], true);

    frame.clear();
    ErrorMessage { retry_after_ms: 20, ..ErrorMessage::new(Code::Busy) }.put(&mut frame, 9);
    let line = line_of(&frame);
    assert_eq!((&line["request"], &line["error"]["name"]), (&json!("9"), &json!("busy")));
    assert_eq!(line["error"]["retry_after_ms"], 20);

    let mut events = EventsBuilder::new();
    let position = Position { epoch: 1, sequence: 8 };
    assert!(events.push(&Record { position, kind: 3, version: 1, body: b"raw" }));
    frame.clear();
    events.finish_into(&mut frame, 2, &protocol::Cursor::START);
    assert_eq!(Events::parse(&split_frame(&frame).unwrap().unwrap()).unwrap().count(), 1);
    let line = line_of(&frame);
    assert_eq!(line["events"], json!([{ "kind": 3 }]));
    assert_eq!(line["cursor"]["group_hash"], "00".repeat(32));

    frame.clear();
    protocol::message::put_bare(&mut frame, FrameKind::Ping, 1);
    let wrong = split_frame(&frame).unwrap().unwrap();
    assert!(write_line(&wrong, |_| json!(null), &mut Vec::new()).is_err());
}

#[test]
fn every_event_has_a_line() {
    let by = By { person: PersonId(17), role: Role::Finance, channel: ChannelId(3) };
    let at = Position { epoch: 2, sequence: 1 << 60 };
    let (division, year) = (DivisionIndex(1), FiscalYear::new(2022).unwrap());
    let quota = QuotaId::new(division, year, 5);
    let fingerprint = Fingerprint(9);
    let refusal = Refusal::with(Code::OverQuota, Fen::new(3), Fen::new(2));
    let seeds: Vec<Seed> = LAYOUTS.iter().map(support::sample).collect();
    let mut events = Vec::new();
    for seed in &seeds {
        let body = match seed.command().body {
            Body::Reserve(command) => {
                let (path, posts) = (Path::Treasury, Posts::NONE);
                EventBody::Reserved {
                    version: 2,
                    fingerprint,
                    rule_version: 1,
                    path,
                    posts,
                    leaves_rows: false,
                    command,
                }
            }
            Body::Step(command) => EventBody::Stepped { version: 2, command },
            Body::Fact(command) => {
                let reason = Code::AmountMismatch;
                events.push(EventBody::FactParked { division, year, fingerprint, reason, command });
                EventBody::FactTaken { version: 2, fingerprint, from_suspense: true, command }
            }
            Body::Act(command) => EventBody::Acted { version: 2, fingerprint, command },
            Body::Create(command) => EventBody::Created { quota, fingerprint, command },
            Body::MoveOut(command) => EventBody::MovedOut { version: 2, fingerprint, command },
            Body::SetLimit(command) => EventBody::LimitSet { version: 2, fingerprint, command },
            Body::OpenBatch(command) => EventBody::BatchOpened { fingerprint, command },
            Body::EndBatch(c) => {
                let (EndBatch { act, batch, .. }, end) = (c, BatchEnd::by(c.step));
                EventBody::BatchEnded { fingerprint, act, division, year, batch, end }
            }
            Body::SetYear(c) => {
                EventBody::YearSet { fingerprint, act: c.act, division, year, state: c.state }
            }
            Body::Register(command) => EventBody::Registered { command },
            Body::Resolve(command) => {
                let fact = Fingerprint(0xfac7);
                EventBody::Resolved { fingerprint, fact, command }
            }
            Body::File(command) => {
                let changes = "+mof-dep\t03\t教科文处\tbusiness\n-mof-dep\t04\n".into();
                EventBody::Filed { fingerprint, changes, command }
            }
            Body::MoveIn(_) | Body::SettleMove(_) => continue,
        };
        events.push(body);
    }
    let move_in = MoveIn {
        kind: MoveKind::Transfer,
        id: MoveId(4),
        from: quota,
        to: quota,
        amount_fen: Fen::new(100),
        fund: Class::new("111").unwrap(),
        payment: PaymentId::NONE,
    };
    let person = PersonId(18);
    let amount_fen = Fen::new(1234);
    let ended = |id, quota, tag| RunId { id, quota, person, fingerprint, tag, amount_fen };
    let ids = [
        ended(RefusedId::Payment(PaymentId(1)), quota, 1),
        ended(RefusedId::Act(ActId(2)), QuotaId::NONE, 5),
        ended(RefusedId::Move(MoveId(3)), quota, 7),
    ];
    events.extend([
        EventBody::MovedIn { version: 2, command: move_in },
        EventBody::MoveDeclined { reason: Code::QuotaClosed, command: move_in },
        EventBody::MoveSettled { version: 2, id: MoveId(4), from: quota, landed: true },
        EventBody::BatchEnded {
            fingerprint: Fingerprint(0),
            act: ActId(0),
            division,
            year,
            batch: BatchId(7),
            end: BatchEnd::Abandoned,
        },
        EventBody::YearSet { fingerprint, act: ActId(6), division, year, state: YearState::Closed },
        EventBody::Refused {
            id: ids[0].id,
            quota,
            division,
            year,
            fingerprint,
            tag: 1,
            amount_fen: Fen::new(1234),
            refusal,
        },
        EventBody::RunRefused { division, year, at: 1, refusal, ids: &ids },
    ]);
    let mut slugs = std::collections::BTreeSet::new();
    let mut lines = Vec::new();
    for body in events {
        let event = Event { by, body };
        let line = event_json(&event, at);
        assert_eq!(line["event"], json!(event.slug()));
        assert_eq!(line["sequence"], json!((1_u64 << 60).to_string()));
        assert_eq!(line["by"]["role"], "finance");
        assert!(line["command"].is_object() || line.get("command").is_none(), "{line}");
        slugs.insert(event.slug());
        lines.push(json!({ "name": event.slug(), "json": line }));
    }
    assert_eq!(slugs.len(), 19, "{slugs:?}");
    let about = "Each kind of event, as it stands in a line of a subscription.";
    support::hold_golden("events.json", &json!({ "about": about, "vectors": lines }));
}

#[test]
fn every_required_field_is_required() {
    for layout in LAYOUTS {
        let seed = support::sample(layout);
        let object = command_json(&seed.command()).unwrap();
        let tail = match layout.tail {
            Tail::Text { name, required: true } => Some(name),
            _ => None,
        };
        let required = layout.fields.iter().filter(|field| field.required);
        for name in required.map(|field| field.name).chain(tail).chain(["command", "person"]) {
            let mut without = object.clone();
            without.as_object_mut().unwrap().remove(name).unwrap();
            let error = parse_command(without.to_string().as_bytes()).unwrap_err();
            assert_eq!(error.field, name, "{}: {error}", layout.slug);
        }
        for field in layout.fields.iter().filter(|field| !field.required) {
            assert_ne!(field.form, Form::Flag, "an absent flag must not mean something");
        }
    }
}
