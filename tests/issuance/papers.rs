//! What people file, and a journal that they have filed much in already.

use std::path::Path;
use std::sync::Arc;

use actors::replay::Replay;
use domain::codes::{Role, YearState};
use domain::command::{Body, By, Paper};
use domain::contents::HashKey;
use domain::event::{Event, EventBody};
use domain::ids::{ActId, BatchId, DivisionIndex, Fingerprint, PersonId};
use domain::office::paper::PaperKind;
use domain::{Command, Division, Fen};
use storage::disk::{Disk, RealDisk};
use storage::journal::{Journal, LocalJournal};
use storage::position::Position;
use storage::reader::{JournalReader, ReadFrom};
use storage::record::RecordWriter;
use storage::recovery::OpenOptions;

use super::harness::desk::{CHANNEL, Desk};
use super::harness::files::{self, Files};
use super::harness::orders::{self, BUDGET, OFFICER, YEAR, YEAR_AFTER};
use super::harness::server::Options;
use super::{LOWER, PLACED, TRANSFERS, UPPER};

/// Rows in one record, and records in one group: each far below its bound.
const ROWS_PER_PAPER: usize = 500;
const PAPERS_PER_GROUP: usize = 8;

/// Lines of a document in one paper.
const LINES_PER_PAPER: usize = 100;

pub(crate) fn code(division: DivisionIndex) -> String {
    format!("37{:07}", division.0)
}

pub(crate) fn file(
    person: PersonId,
    division: DivisionIndex,
    kind: PaperKind,
    act: u128,
    text: String,
) -> Command<'static> {
    let by = By { person, role: Role::Finance, channel: CHANNEL };
    let paper = Paper {
        act: ActId(act),
        division,
        year: YEAR,
        kind,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text: orders::key(text),
    };
    Command { by, body: Body::File(paper) }
}

/// A document, its lines, and its check by another person: the engine carries it out then.
pub(crate) fn document(
    act: u128,
    name: &str,
    kind: &str,
    lines: &[String],
) -> Vec<Command<'static>> {
    let amount = |line: &String| {
        let yuan = line.split('\t').nth(4).expect("an amount");
        Fen::from_yuan(yuan).expect("an amount").get()
    };
    let sum = Fen::new(lines.iter().map(amount).sum()).to_yuan();
    let head =
        format!("{name}\t{kind}\t鲁财预指{name}号\t\t2022-03-01\t批示\t{}\t{sum}", lines.len());
    let mut orders = vec![file(BUDGET, UPPER, PaperKind::DocumentDraft, act, head)];
    let numbered: Vec<String> =
        lines.iter().zip(1..).map(|(line, number)| format!("{number}\t{line}")).collect();
    for (part, lines) in (act + 1..).zip(numbered.chunks(LINES_PER_PAPER)) {
        let text = format!("{name}\n{}", lines.join("\n"));
        orders.push(file(BUDGET, UPPER, PaperKind::DocumentLines, part, text));
    }
    orders.push(file(OFFICER, UPPER, PaperKind::DocumentCheck, act + 99, name.to_owned()));
    orders
}

/// Rows as earlier papers have left them: a replied budget that no quota rests on yet.
fn rows(lines: &[String]) -> String {
    let unit = "+unit\t101\t教育局\t\t1\tadministrative\tfull\t1\t\t\t\t\tactive";
    let budget = "+budget\tbudget\t鲁财预〔2021〕9号\treplied\t1\t1\t\t\t\t\t\t1\t";
    lines_of(&[unit, budget]) + &lines_of(lines)
}

fn lines_of(lines: &[impl AsRef<str>]) -> String {
    lines.iter().map(|line| format!("{}\n", line.as_ref())).collect()
}

fn row(code: &str, kind: &str, reply: &str) -> String {
    format!(
        "+budget-row\t{code}\t101\tP1\t{kind}\t2050203\t50502\t302\t111\t2\t\t\t2022\t{reply}\t\
         {reply}\t{reply}\t0.00\t0.00\t{reply}\t2"
    )
}

/// What a paper changed; `place` tells it from others of its division.
fn filed(division: DivisionIndex, place: u128, changes: String) -> Event<'static> {
    let act = ActId(0xba5e_0000_0000 + (place << 16) + u128::from(division.0));
    let command = file(BUDGET, division, PaperKind::BasePut, act.0, "rows of papers".into());
    let Body::File(command) = command.body else { panic!("a paper") };
    let by = By { person: BUDGET, role: Role::Finance, channel: CHANNEL };
    let changes = changes.into();
    Event { by, body: EventBody::Filed { fingerprint: Fingerprint(1), changes, command } }
}

/// A journal of two divisions with open years and a replied budget each. The papers that lead there
/// are tried elsewhere: what they leave is written into the journal as they would.
pub(crate) fn founded() -> Files {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Options::new(dir.path()).start();
    for division in [UPPER, LOWER] {
        orders::found(server.address, division.0);
    }
    let mut operator = Desk::connect(server.address, Role::Operator);
    operator.must(&orders::year_of(0xaf7e, UPPER.0, YEAR_AFTER, YearState::Open));
    server.stop();

    let placed = (0..PLACED).map(|number| row(&format!("A{number:03}"), "placed", "100.00"));
    let handed = (0..TRANSFERS).map(|number| row(&format!("T{number:03}"), "transfer", "40.00"));
    let upper: Vec<String> = placed.chain(handed).collect();
    // Money of one quota above is in one quota below.
    let lower: Vec<String> =
        (0..TRANSFERS).map(|number| row(&format!("U{number:03}"), "received", "0.00")).collect();
    append(dir.path(), &[filed(UPPER, 0, rows(&upper)), filed(LOWER, 0, rows(&lower))]);
    files::read(dir.path())
}

/// The same of the upper division alone, with so many rows that are spent there, of 100.00 each.
pub(crate) fn founded_of(count: usize) -> Files {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Options::new(dir.path()).start();
    orders::found(server.address, UPPER.0);
    server.stop();
    let placed: Vec<String> =
        (0..count).map(|number| row(&format!("A{number:05}"), "placed", "100.00")).collect();
    let mut papers = vec![filed(UPPER, 0, rows(&[]))];
    let chunks = placed.chunks(ROWS_PER_PAPER).zip(1..);
    papers.extend(chunks.map(|(some, place)| filed(UPPER, place, lines_of(some))));
    for papers in papers.chunks(PAPERS_PER_GROUP) {
        append(dir.path(), papers);
    }
    files::read(dir.path())
}

fn append(data: &Path, events: &[Event<'static>]) {
    let mut run = RecordWriter::with_capacity(1 << 20);
    events.iter().for_each(|event| storage::event_record::write(event, &mut run));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::probe(data).expect("a disk"));
    let time_ms = last_ms(&disk, data);
    let options = OpenOptions::new("test", time_ms, &storage::event_record::knows);
    let mut recovered =
        LocalJournal::open(&disk, data, &options, &mut |_| Ok(())).expect("a journal");
    recovered.journal.append(&[run.run()], time_ms).expect("a group");
}

/// What is durable in a data directory whose server has died.
pub(crate) fn folded(data: &Path) -> Vec<Division> {
    // Opening a journal cuts its torn end: that is left to the next server.
    let copy = tempfile::tempdir().expect("a directory");
    files::write(copy.path(), &files::read(data));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::probe(copy.path()).expect("a disk"));
    let options = OpenOptions::new("test", u64::MAX >> 16, &storage::event_record::knows);
    let mut replay = Replay::new(HashKey([7; 16]));
    LocalJournal::open(&disk, copy.path(), &options, &mut |group| {
        for record in group.records {
            replay.record(record).map_err(|error| error.to_string())?;
        }
        Ok(())
    })
    .expect("a journal");
    replay.into_divisions()
}

/// When the last group of a journal was written.
fn last_ms(disk: &Arc<dyn Disk>, data: &Path) -> u64 {
    let mut reader =
        JournalReader::open(Arc::clone(disk), data, ReadFrom::Start).expect("a journal");
    let mut last = None;
    while let Some(group) = reader.next(Position::END).expect("a whole journal") {
        last = Some(group.header.time_ms);
    }
    last.expect("a group")
}
