//! A journal of random business on a simulated disk, and what a plain filter over it says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::codes::{
    ActKind, BatchEnd, BatchStep, FactKind, MoveKind, PaymentState, ResolveAction, StepKind,
};
use domain::command::{Body, By, MoveIn, SettleMove};
use domain::contents::fingerprint;
use domain::decide::{Verdict, consequence, receive};
use domain::event::{EventBody, RefusedId};
use domain::ids::{BatchId, Class, DivisionIndex, PaymentId, QuotaId};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText, account_hash, official_numbers};
use domain::{Command, Division, Event, Role};
use protocol::directory::{AgeSince, ListPayments, Subject};
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, SimDisk, WriteMode};
use storage::event_record;
use storage::journal::{Journal, JournalFault, LocalJournal};
use storage::position::Position;
use storage::record::{RecordRef, RecordWriter};
use storage::recovery::{OpenOptions, Recovered};

use crate::replay::Replay;
use crate::testing::draw::Draw;
use crate::testing::give::{self, Given};
use crate::testing::house::KEY;

const DATASET: DataSet = DataSet {
    id: 0xd14e,
    environment: Environment::Test,
    hash_key: KEY.0,
    segment_bytes: 256 * 1024,
};

pub(super) fn data_dir() -> PathBuf {
    PathBuf::from("/data")
}

/// Ids of payments that the business knows.
pub(super) const PAYMENTS: usize = 160;

/// One record of the journal.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) position: Position,
    pub(super) time_ms: u64,
    kind: u16,
    version: u16,
    pub(super) body: Vec<u8>,
}

impl Kept {
    fn record(&self) -> RecordRef<'_> {
        let Kept { kind, version, position, .. } = *self;
        RecordRef { kind, version, body: &self.body, position }
    }
}

/// A payment as a plain reader of the journal has it.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    pub(super) id: PaymentId,
    pub(super) quota: QuotaId,
    pub(super) state: PaymentState,
    pub(super) executed: i64,
    amount: i64,
    maker: u64,
    key: String,
    payee_hash: u64,
    numbers: String,
    pub(super) reserved_ms: u64,
    pub(super) changed_ms: u64,
    pub(super) sequence: u64,
    pub(super) changed_sequence: u64,
}

/// A journal that grows.
pub(super) struct Ledger {
    pub(super) disk: Arc<dyn Disk>,
    writer: Option<Recovered>,
    divisions: BTreeMap<DivisionIndex, Division>,
    pub(super) kept: Vec<Kept>,
    run: RecordWriter,
    pub(super) now_ms: u64,
    draw: Draw,
    serial: u64,
}

impl Ledger {
    pub(super) fn new(seed: u64) -> Ledger {
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(WriteMode::Direct, 256 << 20));
        LocalJournal::create(&disk, &data_dir(), DATASET).expect("a new journal");
        let now_ms = 1_000_000;
        let writer = Some(open(&disk, now_ms));
        let mut ledger = Ledger {
            disk,
            writer,
            divisions: BTreeMap::new(),
            kept: Vec::new(),
            run: RecordWriter::default(),
            now_ms,
            draw: Draw(seed),
            serial: 100,
        };
        ledger.found();
        ledger
    }

    /// Divisions 0 and 1, each with three quotas.
    fn found(&mut self) {
        for division in [0, 1] {
            self.give(give::register(division));
            self.give(give::open_year(division, 1));
            for serial in 0..3 {
                let mut create = give::create(division, 10 + u128::from(serial));
                if let Body::Create(create) = &mut create.command.body {
                    create.key = Box::leak(format!("{division}84{serial:03}/111").into_boxed_str());
                    create.economic = Class::ANY;
                }
                self.give(create);
                let act = 20 + u128::from(serial);
                self.give(give::issue(give::quota(division, serial), act, 400_000));
            }
        }
        self.write_group();
    }

    /// Ends this writer and begins another: the next epoch.
    pub(super) fn restart(&mut self) {
        self.write_group();
        self.writer = None;
        self.writer = Some(open(&self.disk, self.now_ms));
        self.read_back();
    }

    pub(super) fn durable(&self) -> Position {
        self.writer.as_ref().expect("a writer").journal.durable().position
    }

    /// So many random commands, in groups of random size.
    pub(super) fn run_business(&mut self, commands: usize) {
        for _ in 0..commands {
            let given = self.random();
            self.give(given);
            if self.draw.percent(25) {
                self.write_group();
            }
            if self.draw.percent(10) {
                self.now_ms += self.draw.below(100_000) as u64;
            }
        }
        self.write_group();
    }

    fn random(&mut self) -> Given {
        // Business moves on: payments that were begun get ended, and new ones are begun.
        self.serial += 1;
        let begun = (self.serial as usize / 12) % (PAYMENTS - 30);
        let payment = 1_000 + (begun + self.draw.below(30)) as u128;
        let q = give::quota((payment % 2) as u16, (payment % 3) as u64);
        let (serial, id) = (self.serial, 50_000 + u128::from(self.serial));
        let fen = [1_000, 1_000, 2_500, 900_000][payment as usize % 4];
        let mut given = match self.due(q, payment, fen) {
            Some(given) if self.draw.percent(50) => given,
            _ => self.anything(q, payment, fen, id),
        };
        if let Body::Fact(fact) = &mut given.command.body
            && !payment.is_multiple_of(5)
        {
            fact.payee_hash = account_hash(&format!("6222{}", payment % 7));
        }
        let holder = matches!(&given.command.body, Body::Step(step) if step.kind == StepKind::Hold);
        if holder && let Body::Step(step) = &mut given.command.body {
            step.serial = serial;
        }
        given
    }

    /// What comes next for a payment that goes its way.
    fn due(&mut self, q: QuotaId, payment: u128, fen: i64) -> Option<Given> {
        let serial = self.serial;
        let book = self.divisions.get(&q.division())?.year(give::YEAR)?;
        let Some(found) = book.payment(PaymentId(payment)) else {
            return Some(self.reserve(q, payment, fen));
        };
        let (state, executed) = (found.state, found.executed_fen.get());
        let part = if self.draw.percent(30) { 10 } else { 0 };
        Some(match state {
            PaymentState::Reserved => give::step(StepKind::ApproveUnit, q, payment),
            PaymentState::Approved => give::step(StepKind::Instruct, q, payment),
            PaymentState::Instructed if self.draw.percent(50) => {
                give::step(StepKind::Doubt, q, payment)
            }
            PaymentState::Instructed | PaymentState::Unknown => {
                give::fact(FactKind::ConfirmPaid, q, payment, serial, fen - part)
            }
            PaymentState::Paid => give::fact(FactKind::Clear, q, payment, serial, executed),
            PaymentState::Cleared => give::fact(FactKind::Refund, q, payment, serial, 5),
            PaymentState::Held | PaymentState::Released => return None,
        })
    }

    /// Anything that may be asked or reported, whether it fits or not.
    fn anything(&mut self, q: QuotaId, payment: u128, fen: i64, id: u128) -> Given {
        let serial = self.serial;
        match self.draw.below(13) {
            12 => self.paper(q.division().0, id, 0),
            0 | 1 => self.reserve(q, payment, fen),
            2 | 3 => {
                use StepKind as K;
                let kinds = [K::Hold, K::Unhold, K::Withdraw, K::Return, K::Void, K::Doubt];
                give::step(self.draw.one_of(&kinds), q, payment)
            }
            4 => give::fact(FactKind::ConfirmPaid, q, payment, serial, fen),
            5 => give::fact(FactKind::Reject, q, payment, serial, 0),
            6 => give::fact(FactKind::Clear, q, payment, serial, fen),
            7 => give::fact(FactKind::Refund, q, payment, serial, 5),
            8 => give::act(self.draw.one_of(&[ActKind::Freeze, ActKind::Supplement]), q, id, 100),
            9 => {
                let serial = 100 + self.draw.below(self.serial as usize - 99) as u64;
                let actions = [ResolveAction::Apply, ResolveAction::Dismiss];
                give::resolve(self.draw.one_of(&actions), id, q.division().0, serial)
            }
            10 => self.batch(q, id),
            _ => {
                let to = give::quota(q.division().0, (q.serial() + 1) % 3);
                give::move_out(MoveKind::Virement, id, q, to, 50)
            }
        }
    }

    fn reserve(&mut self, q: QuotaId, payment: u128, fen: i64) -> Given {
        let mut given =
            give::reserve(q, payment, fen).by(domain::ids::PersonId(1 + payment as u64 % 3));
        if let Body::Reserve(reserve) = &mut given.command.body
            && !payment.is_multiple_of(5)
        {
            let texts = ParticularsText {
                payee_name: format!("收款人{}", payment % 7),
                payee_account: format!("6222{}", payment % 7),
                numbers: format!("2023-{:06}、{}", payment % 11, payment),
                ..ParticularsText::default()
            };
            let bytes: &'static [u8] = Box::leak(texts.encode().into_boxed_slice());
            reserve.particulars = Particulars::parse(bytes).expect("particulars");
        }
        given
    }

    /// Puts or removes one or two rows of few.
    fn paper(&mut self, division: u16, id: u128, batch: u128) -> Given {
        let removes = self.draw.percent(30);
        let first = self.draw.below(9) as u8;
        let rows: Vec<_> = (first..=first + self.draw.below(2) as u8)
            .map(|code| (code, Some(self.draw.below(5) as u8).filter(|_| !removes)))
            .collect();
        give::paper(division, id, &rows, batch)
    }

    /// A batch with an act and a paper in it, closed or dropped at once.
    fn batch(&mut self, q: QuotaId, id: u128) -> Given {
        let staged = give::staged(ActKind::Supplement, q, id + (1 << 64), 70, id);
        let paper = self.paper(q.division().0, id + (2 << 64), id);
        self.give(give::open_batch(id, &[staged, paper], 0));
        self.give(staged);
        self.give(paper);
        let step = self.draw.one_of(&[BatchStep::Close, BatchStep::Drop]);
        give::end_batch(step, id, q.division().0)
    }

    /// Decides, applies and writes down one command, and what the engine does after it.
    fn give(&mut self, given: Given) {
        let index = given.command.division();
        let division = self.divisions.entry(index).or_insert_with(|| Division::new(index, KEY));
        let print = fingerprint(KEY, &given.command);
        let Verdict::Event(event) = receive(division, &given.command, print, self.now_ms) else {
            return;
        };
        domain::apply::apply(division, &event, 0);
        event_record::write(&event, &mut self.run);
        let mut next = consequence(division, &given.command, &event);
        while let Some(event) = next {
            domain::apply::apply(division, &event, 0);
            event_record::write(&event, &mut self.run);
            next = consequence(division, &given.command, &event);
        }
        let by = By { role: Role::Engine, ..given.command.by };
        let body = match &event.body {
            EventBody::MovedOut { command: c, .. } => {
                let (kind, id, from, to, amount_fen) = (c.kind, c.id, c.from, c.to, c.amount_fen);
                let fund = Class::new("111").expect("a class");
                Body::MoveIn(MoveIn { kind, id, from, to, amount_fen, fund, payment: c.payment })
            }
            EventBody::MovedIn { command: c, .. } => {
                Body::SettleMove(SettleMove { id: c.id, from: c.from, landed: true })
            }
            _ => return,
        };
        self.give(Given { command: Command { by, body }, ..given });
    }

    fn write_group(&mut self) {
        if self.run.is_empty() {
            return;
        }
        let time_ms = self.now_ms;
        let run = self.run.run();
        let writer = self.writer.as_mut().expect("a writer");
        while let Err(fault) = writer.journal.append(&[run], time_ms) {
            let JournalFault::NotReady { .. } = fault else { panic!("{fault}") };
            writer.filler.fill_one().expect("room");
        }
        self.run.clear();
        self.read_back();
    }

    /// Keeps what the journal holds beyond what is kept.
    fn read_back(&mut self) {
        let seen = self.kept.last().map_or(0, |kept| kept.position.sequence);
        let from = storage::reader::ReadFrom::Start;
        let disk = Arc::clone(&self.disk);
        let mut reader =
            storage::reader::JournalReader::open(disk, &data_dir(), from).expect("a journal");
        let durable = self.durable();
        while let Some(group) = reader.next(durable).expect("a group") {
            let time_ms = group.header.time_ms;
            for record in group.records.filter(|record| record.position.sequence > seen) {
                let RecordRef { kind, version, body, position } = record;
                self.kept.push(Kept { position, time_ms, kind, version, body: body.to_vec() });
            }
        }
    }

    /// What is on file of a division, by code, as the texts of papers up to a sequence say.
    pub(super) fn on_file(&self, division: DivisionIndex, upto: u64) -> BTreeMap<String, String> {
        let (mut rows, mut staged) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        let mut file = |removes: bool, text: &str| {
            for line in text.lines() {
                let (_, row) = line.split_once('\t').expect("a table and a row");
                let code = row.split('\t').next().expect("a code").to_owned();
                if removes {
                    rows.remove(&code)
                } else {
                    rows.insert(code, row.to_owned())
                };
            }
        };
        for kept in self.kept.iter().filter(|kept| kept.position.sequence <= upto) {
            let mut ids = Vec::new();
            let record = kept.record();
            let Ok(event) = event_record::decode(&record, &mut ids) else { continue };
            match event.body {
                EventBody::Filed { command: c, .. } if c.division == division => {
                    let removes = c.kind == PaperKind::BaseRemove;
                    if c.batch == BatchId(0) {
                        file(removes, c.text);
                    } else {
                        staged.entry(c.batch).or_default().push((removes, c.text.to_owned()));
                    }
                }
                EventBody::BatchEnded { division: of, batch, end, .. } if of == division => {
                    let papers = staged.remove(&batch).unwrap_or_default();
                    let close = end == BatchEnd::Closed;
                    papers
                        .iter()
                        .filter(|_| close)
                        .for_each(|(removes, text)| file(*removes, text));
                }
                _ => {}
            }
        }
        rows
    }

    /// Every division, folded up to a sequence.
    pub(super) fn folded(&self, upto: u64) -> Replay {
        let mut replay = Replay::new(KEY);
        for kept in self.kept.iter().filter(|kept| kept.position.sequence <= upto) {
            replay.record(kept.record()).expect("an event");
        }
        replay
    }

    /// Every payment up to a sequence, as a plain reader has it.
    pub(super) fn plain(&self, upto: u64) -> Vec<Plain> {
        let replay = self.folded(upto);
        let mut all: Vec<Plain> = Vec::new();
        let mut ids = Vec::new();
        for kept in self.kept.iter().filter(|kept| kept.position.sequence <= upto) {
            let Ok(event) = event_record::decode(&kept.record(), &mut ids) else { continue };
            let (sequence, time_ms) = (kept.position.sequence, kept.time_ms);
            let mut changed = |quota: QuotaId, id: PaymentId| {
                let of = (quota.division(), quota.year());
                let one = all
                    .iter_mut()
                    .find(|one| one.id == id && (one.quota.division(), one.quota.year()) == of);
                let one = one.expect("a payment that was accepted");
                (one.changed_ms, one.changed_sequence) = (time_ms, sequence);
            };
            match &event.body {
                EventBody::Reserved { command: c, .. } => {
                    let division = &replay.divisions()[&c.quota.division()];
                    let book = division.year(c.quota.year()).expect("a year");
                    let payment = book.payment(c.payment).expect("a payment");
                    let texts = c.particulars.to_text();
                    all.push(Plain {
                        id: c.payment,
                        quota: c.quota,
                        state: payment.state,
                        executed: payment.executed_fen.get(),
                        amount: c.amount_fen.get(),
                        maker: event.by.person.0,
                        key: book.row(c.quota).expect("a quota").key.to_string(),
                        payee_hash: account_hash(&texts.payee_account),
                        numbers: texts.numbers,
                        reserved_ms: time_ms,
                        changed_ms: time_ms,
                        sequence,
                        changed_sequence: sequence,
                    });
                }
                EventBody::Stepped { command: c, .. } => changed(c.quota, c.payment),
                EventBody::FactTaken { command: c, .. } => changed(c.quota, c.payment),
                _ => {}
            }
        }
        all
    }

    /// The sequences of a subject's events up to one, by looking at each.
    pub(super) fn trail(&self, subject: Subject, upto: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let mut ids = Vec::new();
        // Facts that were parked and batches that hold acts of the quota.
        let (mut parked, mut batches) = (Vec::new(), Vec::new());
        for kept in self.kept.iter().filter(|kept| kept.position.sequence <= upto) {
            let Ok(event) = event_record::decode(&kept.record(), &mut ids) else { continue };
            let is = match subject {
                Subject::Payment { book, id } => {
                    is_of_payment(&event, id, &mut parked)
                        && book.is_none_or(|(division, _)| division == event.division())
                }
                Subject::Quota(quota) => is_of_quota(&event, quota, &mut parked, &mut batches),
            };
            if is {
                found.push(kept.position.sequence);
            }
        }
        found
    }
}

type ParkedKey = (u16, u16, u64, u128);

fn parked_key(event: &Event<'_>) -> Option<ParkedKey> {
    match &event.body {
        EventBody::FactParked { division, fingerprint, command, .. } => {
            Some((division.0, event.by.channel.0, command.serial, fingerprint.0))
        }
        EventBody::Resolved { fact, command: c, .. } => {
            Some((c.division.0, c.channel.0, c.serial, fact.0))
        }
        _ => None,
    }
}

fn is_of_payment(event: &Event<'_>, id: PaymentId, parked: &mut Vec<ParkedKey>) -> bool {
    match &event.body {
        EventBody::Reserved { command: c, .. } => c.payment == id,
        EventBody::Stepped { command: c, .. } => c.payment == id,
        EventBody::FactTaken { command: c, .. } => c.payment == id,
        EventBody::FactParked { command: c, .. } => {
            if c.payment == id {
                parked.extend(parked_key(event));
            }
            c.payment == id
        }
        EventBody::Resolved { .. } => parked_key(event).is_some_and(|key| parked.contains(&key)),
        EventBody::Refused { id: refused, .. } => *refused == RefusedId::Payment(id),
        _ => false,
    }
}

fn is_of_quota(
    event: &Event<'_>,
    quota: QuotaId,
    parked: &mut Vec<ParkedKey>,
    batches: &mut Vec<u128>,
) -> bool {
    if let EventBody::Acted { command: c, .. } = &event.body
        && c.quota == quota
    {
        batches.push(c.batch.0);
    }
    let changes = event.quota_version().is_some_and(|(changed, _)| changed == quota);
    changes
        || match &event.body {
            EventBody::FactParked { command: c, .. } => {
                if c.quota == quota {
                    parked.extend(parked_key(event));
                }
                c.quota == quota
            }
            EventBody::Resolved { .. } => {
                parked_key(event).is_some_and(|key| parked.contains(&key))
            }
            EventBody::MovedOut { command: c, .. } => c.to == quota,
            EventBody::MovedIn { command: c, .. } | EventBody::MoveDeclined { command: c, .. } => {
                c.from == quota || c.to == quota
            }
            EventBody::BatchEnded { batch, .. } => batches.contains(&batch.0),
            EventBody::Refused { quota: refused, .. } => *refused == quota,
            _ => false,
        }
}

/// Whether a payment meets every condition.
pub(super) fn meets(list: &ListPayments, plain: &Plain, now_ms: u64) -> bool {
    let filter = &list.filter;
    let since = match filter.age_since {
        AgeSince::Changed => plain.changed_ms,
        AgeSince::Reserved => plain.reserved_ms,
    };
    let age = now_ms - since;
    (filter.states.is_empty() || filter.states.contains(&plain.state))
        && filter.division.is_none_or(|division| division == plain.quota.division())
        && filter.year.is_none_or(|year| year == plain.quota.year())
        && filter.quota.is_none_or(|quota| quota == plain.quota)
        && plain.key.starts_with(&filter.key_prefix)
        && filter.payee_hash.is_none_or(|hash| hash == plain.payee_hash)
        && filter.maker.is_none_or(|maker| maker.0 == plain.maker)
        && (filter.number.is_empty()
            || official_numbers(&plain.numbers).any(|number| number == filter.number))
        && filter.older_than_ms.is_none_or(|least| age >= least)
        && filter.younger_than_ms.is_none_or(|most| age <= most)
        && filter.amount_from.is_none_or(|least| plain.amount >= least.get())
        && filter.amount_to.is_none_or(|most| plain.amount <= most.get())
}

fn open(disk: &Arc<dyn Disk>, now_ms: u64) -> Recovered {
    let options = OpenOptions::new("tests", now_ms, &event_record::knows);
    LocalJournal::open(disk, Path::new("/data"), &options, &mut |_| Ok(())).expect("a journal")
}
