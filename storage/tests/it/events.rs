//! Goal: every event comes back from its record as it was, its bytes never change unnoticed, and
//! they are what the format document says.
//! Method: any event from a seed; one event of each kind with the values of a real payment beside
//! bytes kept in files; the document's tables against events from a counter.

use std::fmt::Write as _;
use std::path::PathBuf;

use domain::event::{Event, EventBody, RunId};
use domain::ids::{PaymentId, QuotaId};
use proptest::prelude::*;
use storage::event_record::{
    EVENT_KINDS, EVENT_VERSION, EventError, decode, division, encode, kind_of, knows, payment,
    write,
};
use storage::position::Position;
use storage::record::{RecordRef, RecordWriter, Records};

use crate::event_source::{KINDS, Source};
use crate::kept_events;

fn record(kind: u16, body: &[u8]) -> RecordRef<'_> {
    let position = Position { epoch: 1, sequence: 1 };
    RecordRef { kind, version: EVENT_VERSION, body, position }
}

fn body_of(event: &Event<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    encode(event, &mut body);
    body
}

fn payment_of(event: &Event<'_>) -> Option<(PaymentId, QuotaId)> {
    match &event.body {
        EventBody::Reserved { command, .. } => Some((command.payment, command.quota)),
        EventBody::Stepped { command, .. } => Some((command.payment, command.quota)),
        EventBody::FactTaken { command, .. } => Some((command.payment, command.quota)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_event_comes_back_as_it_was(seed in any::<u64>(), index in 0..KINDS) {
        let mut source = Source::Seed(seed);
        let (text, particulars, ids) = (source.text(), source.particulars(), source.run_ids());
        let event = source.event(index, &text, &particulars, &ids);
        let mut run = RecordWriter::default();
        write(&event, &mut run);
        let all: Vec<_> = Records::read(run.run().bytes, Position::START, 1).unwrap().collect();
        prop_assert_eq!(all[0].kind, kind_of(&event));
        let mut memory = vec![];
        prop_assert_eq!(decode(&all[0], &mut memory), Ok(event));
    }

    #[test]
    fn a_record_is_dealt_to_the_division_its_event_belongs_to(
        seed in any::<u64>(),
        index in 0..KINDS,
    ) {
        let mut source = Source::Seed(seed);
        let (text, particulars, ids) = (source.text(), source.particulars(), source.run_ids());
        let event = source.event(index, &text, &particulars, &ids);
        let body = body_of(&event);
        let dealt = division(&record(kind_of(&event), &body));
        prop_assert_eq!(dealt, Ok(event.division()));
        prop_assert_eq!(payment(&record(kind_of(&event), &body)), payment_of(&event));
        let kind = kind_of(&event);
        let short = &body[..body.len().min(12)];
        let dealt = division(&record(kind, short));
        let says = Ok(event.division());
        let nothing = Err(EventError::Layout { kind });
        prop_assert!(dealt == says || dealt == nothing, "from 12 bytes");
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        kind in 14_u16..37,
    ) {
        let mut memory = vec![];
        let dealt = division(&record(kind, &bytes));
        // What decodes encodes to the same bytes: there is one way to write an event.
        if let Ok(event) = decode(&record(kind, &bytes), &mut memory) {
            prop_assert_eq!(dealt, Ok(event.division()));
            prop_assert_eq!(body_of(&event), bytes);
        }
    }

    #[test]
    fn a_changed_byte_never_gives_the_same_event(
        seed in any::<u64>(), index in 0..KINDS, at in any::<prop::sample::Index>(), bit in 0..8_u8,
    ) {
        let mut source = Source::Seed(seed);
        let (text, particulars, ids) = (source.text(), source.particulars(), source.run_ids());
        let event = source.event(index, &text, &particulars, &ids);
        let mut body = body_of(&event);
        let at = at.index(body.len());
        body[at] ^= 1 << bit;
        let mut memory = vec![];
        prop_assert_ne!(decode(&record(kind_of(&event), &body), &mut memory), Ok(event));
    }
}

/// The fixed event of a kind.
fn fixed(index: usize, check: impl FnOnce(&Event<'_>)) {
    let mut source = Source::Counter(0);
    let particulars = domain::particulars::ParticularsText {
        payee_name: "齐鲁文具店".to_owned(),
        payee_account: "6222020000000000017".to_owned(),
        payee_bank: "102451000017".to_owned(),
        purpose: "办公费".to_owned(),
        ..Default::default()
    };
    let particulars = particulars.encode();
    let mut ids = source.run_ids();
    ids.extend(source.run_ids());
    check(&source.event(index, "依据 2026-17", &particulars, &ids));
}

fn kept(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events").join(name)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

#[test]
fn todays_bodies_are_the_kept_ones() {
    let mut kinds = Vec::new();
    let (particulars, ids) = (kept_events::particulars(), kept_events::run_ids());
    for index in 0..KINDS {
        let event = kept_events::event(index, &particulars, &ids);
        kinds.push(kind_of(&event));
        let body = body_of(&event);
        let name = format!("{}-{}.hex", kind_of(&event), event.slug());
        if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
            std::fs::create_dir_all(kept("")).unwrap();
            std::fs::write(kept(&name), hex(&body)).unwrap();
        }
        let then = std::fs::read_to_string(kept(&name)).unwrap();
        assert!(then == hex(&body), "{name}: the bytes have changed");
        let mut memory = Vec::new();
        assert_eq!(decode(&record(kind_of(&event), &body), &mut memory), Ok(event));
    }
    assert_eq!(kinds, EVENT_KINDS, "each kind once, in order");
}

#[test]
fn a_body_cut_at_any_byte_or_with_one_more_is_no_event() {
    for index in 0..KINDS {
        fixed(index, |event| {
            let mut body = body_of(event);
            let kind = kind_of(event);
            let mut memory = Vec::new();
            for cut in 0..body.len() {
                let refused = decode(&record(kind, &body[..cut]), &mut memory);
                assert_eq!(refused, Err(EventError::Layout { kind }), "kind {kind}, byte {cut}");
            }
            body.push(0);
            assert!(decode(&record(kind, &body), &mut memory).is_err());
        });
    }
}

#[test]
fn numbers_that_are_never_written_are_named() {
    fixed(0, |event| {
        let mut body = body_of(event);
        body[8] = 99;
        let mut memory = Vec::new();
        let error = decode(&record(16, &body), &mut memory).unwrap_err();
        assert_eq!(error, EventError::Field { kind: 16, field: "role", value: 99 });
        assert!(error.to_string().contains("99 as its role"), "{error}");
    });
    let field = |index: usize, at: usize, value: u8| {
        let mut named = "";
        fixed(index, |event| {
            let mut body = body_of(event);
            body[at] = value;
            match decode(&record(kind_of(event), &body), &mut Vec::new()) {
                Err(EventError::Field { field, .. }) => named = field,
                other => panic!("{other:?}"),
            }
        });
        named
    };
    assert_eq!(field(10, 60, 13), "month");
    assert_eq!(field(0, 69, b' '), "economic class");
    assert_eq!(field(0, 35, 9), "path");
    assert_eq!(field(5, 11 + 7, 0xee), "quota");
    assert_eq!(field(5, 63, 0xff), "fund");
    assert_eq!(field(16, 56, 17), "tag");
    assert_eq!(field(18, 47, 0xff), "paper");
    let mut memory: Vec<RunId> = Vec::new();
    let mut other = record(16, &[]);
    other.version = 2;
    assert_eq!(decode(&other, &mut memory), Err(EventError::UnknownKind { kind: 16, version: 2 }));
    assert!(knows(16, 1) && knows(34, 1) && !knows(16, 2) && !knows(15, 1) && !knows(35, 1));
}

/// The tables of the format document: kind, then (offset, size) of each field of the fixed part.
fn documented() -> Vec<(u16, Vec<(usize, usize)>)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/format.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut tables: Vec<(u16, Vec<(usize, usize)>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### Kind ") {
            let kind: u16 = title.split_whitespace().next().unwrap().parse().unwrap();
            inside = kind >= 16;
            if inside {
                tables.push((kind, Vec::new()));
            }
        } else if line.starts_with('#') {
            inside = false;
        } else if inside && line.starts_with('|') {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            if let (Ok(offset), Ok(size)) = (cells[1].parse(), cells[2].parse()) {
                tables.last_mut().unwrap().1.push((offset, size));
            }
        }
    }
    tables
}

#[test]
fn the_document_gives_every_kind_its_bytes() {
    let tables = documented();
    let kinds: Vec<_> = tables.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, EVENT_KINDS);
    for (index, (kind, fields)) in tables.iter().enumerate() {
        let mut expected = 0;
        for (offset, size) in fields {
            assert_eq!(*offset, expected, "kind {kind}");
            expected += size;
        }
        // Without text, particulars, ids and figures, a body is its fixed part and an empty tail.
        let mut source = Source::Counter(0);
        let event = source.event(index, "", &[], &[]);
        let figures = match &event.body {
            domain::event::EventBody::Refused { refusal, .. }
            | domain::event::EventBody::RunRefused { refusal, .. } => refusal.figures().count(),
            _ => 0,
        };
        let mut body = body_of(&event);
        body.truncate(body.len() - figures * 18);
        // Lengths of what is not there.
        let tail = &body[expected..];
        let lengths = [0, 8, 16].contains(&tail.len()) && tail.iter().all(|byte| *byte == 0);
        assert!(lengths, "kind {kind}: {tail:?}");
    }
}
