//! docs/protocol.md says what the code does: its tables are made from the code.
//!
//! `UPDATE_GOLDEN=1 cargo test -p protocol --test document` writes the tables anew.

mod support;

use std::fmt::Write;
use std::path::PathBuf;

use domain::codes::{
    ActKind, AuthorityKind, BusinessKind, Ending, FactKind, LimitKind, Method, MoveKind, Path,
    PaymentState, Post, ResolveAction, StepKind,
};
use domain::command::{Body, By};
use domain::decide::ends;
use domain::event::RefusedId;
use domain::office::paper::PaperKind;
use domain::refusal::Retry;
use domain::{Code, Command, Role};
use protocol::layout::{Field, LAYOUTS, Layout, Tail};
use protocol::{FrameKind, Status, limits};
use support::sample;

fn document() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md")
}

fn frames() -> String {
    let mut out = String::from("| number | frame | sent by |\n|---:|---|---|\n");
    for kind in FrameKind::ALL {
        let by = match kind {
            FrameKind::Goodbye => "both",
            kind if kind.is_request() => "client",
            _ => "server",
        };
        writeln!(out, "| {} | `{}` | {by} |", kind.number(), kind.slug()).unwrap();
    }
    out
}

fn roles(command: &Command<'_>) -> String {
    let may = Role::ALL.iter().copied().filter(|&role| role != Role::Engine).filter(|&role| {
        papers(command).any(|c| Command { by: By { role, ..c.by }, ..c }.role_may())
    });
    may.map(Role::slug).collect::<Vec<_>>().join(", ")
}

/// The command, or where it files a paper, the same with each kind of paper.
fn papers<'a>(command: &Command<'a>) -> impl Iterator<Item = Command<'a>> {
    let Command { by, body } = *command;
    let count = if matches!(body, Body::File(_)) { PaperKind::ALL.len() } else { 1 };
    PaperKind::ALL[..count].iter().map(move |&kind| match body {
        Body::File(paper) => {
            Command { by, body: Body::File(domain::command::Paper { kind, ..paper }) }
        }
        body => Command { by, body },
    })
}

/// What identifies a command, and whether a refusal ends that.
fn identity(layout: &Layout, command: &Command<'_>) -> &'static str {
    match ends(command) {
        Some(RefusedId::Payment(_)) => "payment; a refusal ends it",
        Some(RefusedId::Act(_)) if layout.slug == "open-batch" => "batch; a refusal ends it",
        Some(RefusedId::Act(_)) => "act; a refusal ends it",
        Some(RefusedId::Move(_)) => "move; a refusal ends it",
        None if layout.fact => "payment, channel, serial",
        None if StepKind::from_slug(layout.slug).is_some() => "payment, step, serial; stays open",
        None => "division; stays open",
    }
}

/// What each kind is answered with, and what a client does then.
fn replies(layout: &Layout, command: &Command<'_>) -> &'static str {
    if layout.fact {
        "taken or parked: done · turned away: same id · wrong: never · no answer: same id again"
    } else if ends(command).is_some() {
        "taken: done · refused: new id · turned away: same id · wrong: never · no answer: same id again, or ask"
    } else {
        "taken: done · refused: mend, same id · turned away: same id · wrong: never · no answer: same id again"
    }
}

fn commands() -> String {
    let mut out = String::from(
        "| command | number | by role | order or fact | known by | replies, and what a client does |\n|---|---:|---|---|---|---|\n",
    );
    for layout in LAYOUTS {
        let seed = sample(layout);
        let command = seed.command();
        writeln!(
            out,
            "| `{}` | {} | {} | {} | {} | {} |",
            layout.slug,
            layout.number,
            roles(&command),
            if layout.fact { "fact" } else { "order" },
            identity(layout, &command),
            replies(layout, &command),
        )
        .unwrap();
    }
    out
}

fn fields() -> String {
    let mut out =
        String::from("| commands | fields (offset: name, form) | tail |\n|---|---|---|\n");
    let mut rest: Vec<&Layout> = LAYOUTS.iter().collect();
    while let Some(&first) = rest.first() {
        let same = |layout: &&Layout| layout.fields == first.fields && layout.tail == first.tail;
        let slugs: Vec<_> =
            rest.iter().copied().filter(|l| same(l)).map(|l| format!("`{}`", l.slug)).collect();
        rest.retain(|layout| !same(layout));
        let mut own: Vec<&Field> = first.fields.iter().collect();
        own.sort_by_key(|field| field.offset);
        let fields: Vec<_> = own
            .iter()
            .map(|field| {
                let may = if field.required { "" } else { "?" };
                format!("{}: {}{may}, {}", field.offset, field.name, field.form.name())
            })
            .collect();
        let tail = match first.tail {
            Tail::None => "–".to_owned(),
            Tail::Text { name, required } => format!("{name}{}", if required { "" } else { "?" }),
            Tail::Particulars => "particulars?".to_owned(),
        };
        writeln!(out, "| {} | {} | {tail} |", slugs.join(", "), fields.join("; ")).unwrap();
    }
    out
}

fn codes() -> String {
    let mut out = String::from("| number | code | then | what it says |\n|---:|---|---|---|\n");
    for code in Code::ALL {
        let (number, slug) = (code.number(), code.slug());
        writeln!(out, "| {number} | `{slug}` | {} | {} |", code.retry().slug(), code.english())
            .unwrap();
    }
    out
}

fn numbers() -> String {
    let mut out = String::from("| field | numbers |\n|---|---|\n");
    let mut row = |name: &str, values: Vec<String>| {
        writeln!(out, "| {name} | {} |", values.join(", ")).unwrap();
    };
    macro_rules! numbers {
        ($($title:literal, $kind:ty;)+) => {
            $(row($title, <$kind>::ALL.iter().map(|v| format!("{} `{}`", v.number(), v.slug())).collect());)+
        };
    }
    numbers! {
        "role", Role;
        "payment state", PaymentState;
        "ending of a released payment", Ending;
        "payment method", Method;
        "business kind", BusinessKind;
        "settlement path", Path;
        "authority", AuthorityKind;
        "limit kind", LimitKind;
        "action on a parked fact", ResolveAction;
        "step", StepKind;
        "fact", FactKind;
        "act", ActKind;
        "move", MoveKind;
        "paper", PaperKind;
        "health status", Status;
    }
    row("environment", ["0 `any`", "1 `production`", "2 `test`"].map(String::from).to_vec());
    let posts = Post::ALL.iter().map(|post| format!("{} `{}`", 1 << post.number(), post.slug()));
    row("posts (bits, added)", posts.collect());
    out
}

fn bounds() -> String {
    let mut out = String::from("| bound | value |\n|---|---:|\n");
    let bounds: [(&str, u64); 34] = [
        ("bytes of a frame", limits::FRAME_BYTES_MAX as u64),
        ("commands in a frame", limits::COMMANDS_PER_FRAME_MAX as u64),
        ("bytes of a tail on the wire", limits::TAIL_BYTES_MAX as u64),
        ("bytes of particulars", domain::limits::PARTICULARS_BYTES_MAX as u64),
        ("bytes of a reason or note", domain::limits::NOTE_BYTES_MAX as u64),
        ("bytes of an official key", domain::limits::OFFICIAL_KEY_BYTES_MAX as u64),
        ("bytes of a division's name", domain::limits::DIVISION_NAME_BYTES_MAX as u64),
        ("bytes of a paper's text", domain::limits::PAPER_BYTES_MAX as u64),
        ("bytes of what a paper changes", domain::limits::FILED_BYTES_MAX as u64),
        ("bytes of what a batch stages", domain::limits::STAGED_BYTES_MAX as u64),
        (
            "bytes staged in all open batches of a division and year",
            domain::limits::OPEN_STAGED_BYTES_MAX as u64,
        ),
        ("commands in a linked run", domain::limits::LINKED_RUN_COMMANDS_MAX as u64),
        ("figures in a refusal", domain::limits::REFUSAL_FIGURES_MAX as u64),
        ("amount, in fen, either sign", domain::limits::AMOUNT_FEN_MAX as u64),
        ("look-ups in a frame", limits::LOOK_UPS_PER_FRAME_MAX as u64),
        ("bytes of one answer to a look-up", limits::ANSWER_BYTES_MAX as u64),
        ("event names in a filter", limits::EVENT_FILTER_SLUGS_MAX as u64),
        ("bytes of an event name", limits::EVENT_SLUG_BYTES_MAX as u64),
        ("bytes of a text in an error or health message", limits::MESSAGE_TEXT_BYTES_MAX as u64),
        ("bytes of a client's name", limits::CLIENT_NAME_BYTES_MAX as u64),
        ("budget of a frame, ms", limits::DEADLINE_MS_MAX),
        ("wait for a whole hello, ms", limits::HELLO_WAIT_MS),
        ("wait for the rest of a frame, ms", limits::FRAME_WAIT_MS),
        ("heartbeat, ms", u64::from(limits::HEARTBEAT_MS)),
        ("commands in flight, at most granted", u64::from(limits::WINDOW_COMMANDS_MAX)),
        ("bytes in flight, at most granted", u64::from(limits::WINDOW_BYTES_MAX)),
        ("bytes of a JSON line", limits::JSON_LINE_BYTES_MAX as u64),
        ("commands in a JSON line", limits::JSON_COMMANDS_PER_LINE_MAX as u64),
        ("look-ups in a JSON line", limits::JSON_LOOK_UPS_PER_LINE_MAX as u64),
        ("items on a page of the directory", limits::DIRECTORY_PAGE_ITEMS_MAX as u64),
        ("bytes of rows on a page", limits::DIRECTORY_ROWS_BYTES_MAX as u64),
        ("bytes of a row's key", limits::ROW_KEY_BYTES_MAX as u64),
        ("wait for a position, ms", u64::from(limits::DIRECTORY_WAIT_MS_MAX)),
        ("bytes of a text of a listed payment", limits::DIRECTORY_TEXT_BYTES_MAX as u64),
    ];
    for (name, value) in bounds {
        writeln!(out, "| {name} | {value} |").unwrap();
    }
    out
}

/// What makes a table.
type Table = fn() -> String;

/// Puts every table between its marks.
fn with_tables(text: &str) -> String {
    let tables: [(&str, Table); 6] = [
        ("frames", frames),
        ("commands", commands),
        ("fields", fields),
        ("codes", codes),
        ("numbers", numbers),
        ("bounds", bounds),
    ];
    let mut text = text.to_owned();
    for (name, table) in tables {
        let (begin, end) = (format!("<!-- table: {name} -->\n"), "<!-- end of table -->");
        let from = text.find(&begin).unwrap_or_else(|| panic!("no table {name}")) + begin.len();
        let to = from + text[from..].find(end).unwrap_or_else(|| panic!("{name} has no end"));
        text.replace_range(from..to, &format!("\n{}\n", table()));
    }
    text
}

#[test]
fn the_tables_of_the_document_are_the_codes() {
    let found = std::fs::read_to_string(document()).unwrap();
    let right = with_tables(&found);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(document(), right).unwrap();
    } else {
        assert!(found == right, "docs/protocol.md differs; run with UPDATE_GOLDEN=1");
    }
}

#[test]
fn the_examples_of_the_document_are_real() {
    let text = std::fs::read_to_string(document()).unwrap();
    let mut requests = 0;
    for line in text.lines().filter(|line| line.starts_with("→ ")) {
        let line = line.trim_start_matches("→ ");
        protocol::json::read_line(line.as_bytes(), &mut Vec::new())
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        requests += 1;
    }
    assert!(requests >= 6, "{requests} examples");
    let mut replies = 0;
    for line in text.lines().filter(|line| line.starts_with("← ")) {
        let line = line.trim_start_matches("← ");
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value.is_object());
        replies += 1;
    }
    assert!(replies >= 6, "{replies} examples");
}

#[test]
fn every_code_says_what_a_client_does() {
    let text = std::fs::read_to_string(document()).unwrap();
    for retry in [Retry::Done, Retry::SameId, Retry::NewId, Retry::Ask, Retry::Never] {
        assert!(text.contains(&format!("| `{}` |", retry.slug())), "{retry:?} is not explained");
    }
}
