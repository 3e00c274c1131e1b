//! Finance's own business between an engine and a bank and the central bank, each behind a store of its own, on one
//! thread. Nothing here is a double: what is ordered is what the engine decided, and what comes back it takes in.

use std::collections::BTreeSet;
use std::sync::Arc;

use counterparties::bank::{self, Bank};
use counterparties::central_bank::{self, CentralBank, MasterRow, PaidIn};
use counterparties::ledger::{AccountKind, Entry, Purpose};
use domain::apply::{apply, unplaced};
use domain::codes::{
    BusinessKind, Method, MoveKind, PaymentState, Posts, Role, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, MoveOut, Paper, Register, Reserve, SetYear, SettleMove, Step,
};
use domain::contents::{HashKey, fingerprint};
use domain::decide::{Verdict, consequence, receive};
use domain::event::EventBody;
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, DivisionIndex, FiscalYear, LimitKey, MoveId,
    PaymentId, PersonId, QuotaId,
};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText};
use domain::quota::Buckets;
use domain::voucher::follows::PayModes;
use domain::voucher::{Flag, Party, SealPlace, Voucher, VoucherKey, canonical};
use domain::{Code, Command, Division, Event, Fen};
use exchange::business::Business;
use exchange::certificates::Certificate;
use exchange::envelope::{Envelope, PayloadFormat, Seals};
use exchange::finance::correction::{Correction, correction_due};
use exchange::finance::due::due;
use exchange::finance::feed::{Feed, Told};
use exchange::finance::{Finance, Order, Row};
use exchange::iso20022::payload::IsoPayloads;
use exchange::node::{
    CanonicalPayloads, Folding, Input, KeyRing, Means, MemoryLog, Node, Order as NodeOrder,
    Payloads,
};
use exchange::signing::{CertificateId, Ed25519Signer, Ed25519Verifier};
use exchange::store::{LanePolicy, Peer};
use exchange::xml::{EitherPayloads, NationalPayloads};

use crate::province::{day, new_bank, new_central, party};

pub(crate) const TODAY: u32 = 20_220_304;
const FINANCE: &str = "finance:370000005";
const TREASURY: &str = "3700000005";
const CHANNEL: ChannelId = ChannelId(u16::MAX - 1);
const DIVISION: DivisionIndex = DivisionIndex(5);
const YEAR: FiscalYear = FiscalYear::from_offset(22);

/// The account of the unit that pays everything out of the treasury.
pub(crate) const ZERO: &str = "370000005001";

/// A register of one bank's party, its seed, and the days its certificate is good.
const PARTIES: [(&str, u8); 3] = [(FINANCE, 1), ("bank:102", 2), ("central-bank:3700", 3)];

fn class(text: &str) -> Class {
    Class::new(text).expect("a class that can be")
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The engine: one division, decided and applied as a shard does it.
pub(crate) struct Engine {
    division: Division,
    feed: Feed,
    /// What the exchange has not heard.
    told: Vec<Told>,
    sequence: u64,
    acts: u128,
    /// Facts that did not fit, and why.
    pub(crate) parked: Vec<Code>,
}

impl Engine {
    fn new() -> Engine {
        Engine {
            division: Division::new(DIVISION, HashKey(*b"a key for tests.")),
            feed: Feed::default(),
            told: Vec::new(),
            sequence: 0,
            acts: 0,
            parked: Vec::new(),
        }
    }

    fn act(&mut self) -> ActId {
        self.acts += 1;
        ActId(0xac7_0000 + self.acts)
    }

    /// Takes a command; everything but a fact has to be done.
    fn give(&mut self, person: u64, role: Role, body: Body<'static>) -> Event<'static> {
        let is_fact = matches!(body, Body::Fact(_));
        let by = By { person: PersonId(person), role, channel: CHANNEL };
        let command = Command { by, body };
        let print = fingerprint(HashKey(*b"a key for tests."), &command);
        let event = match receive(&self.division, &command, print, 1_000) {
            Verdict::Event(event) => event,
            Verdict::Answer(answer) => panic!("{command:?}: {answer:?}"),
        };
        match &event.body {
            EventBody::FactParked { reason, .. } if is_fact => self.parked.push(*reason),
            EventBody::Refused { refusal, .. } => panic!("{command:?}: {refusal:?}"),
            _ => {}
        }
        let first = event.clone();
        let mut last = event;
        loop {
            self.sequence += 1;
            let placed = apply(&mut self.division, &last, unplaced(self.sequence - 1));
            if let Some(book) = command.year().and_then(|year| self.division.year_mut(year)) {
                book.place(placed, self.sequence);
            }
            let told = self.feed.take(&last).expect("an event");
            self.told.push(told);
            match consequence(&self.division, &command, &last) {
                Some(next) => last = next,
                None => return first,
            }
        }
    }

    pub(crate) fn file(&mut self, rows: &str) {
        self.file_as(PaperKind::BasePut, Role::Finance, rows);
    }

    /// Puts a project of the unit on file, as its unit drafts it, with these labels.
    pub(crate) fn project(&mut self, code: &str, topics: &str) {
        self.file_as(
            PaperKind::ProjectDraft,
            Role::Maker,
            &format!(
                "project\t{code}\t校舍维修\t101002\tspecific\t2022\t2022\t1\t1000.00\t教财〔2022〕1号\tnone\t0\t\t\t{topics}\n\
                 need\t{code}\t2022\t1000.00\n"
            ),
        );
    }

    fn file_as(&mut self, kind: PaperKind, role: Role, rows: &str) {
        let paper = Paper {
            act: self.act(),
            division: DIVISION,
            year: YEAR,
            kind,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: leaked(rows.to_owned()),
        };
        self.give(32, role, Body::File(paper));
    }

    /// A quota of the unit with so much money of a fund.
    pub(crate) fn quota(&mut self, fund: &str, fen: i64) -> QuotaId {
        self.quota_of("2050203", fund, fen)
    }

    /// The same, of a functional class.
    pub(crate) fn quota_of(&mut self, function: &str, fund: &str, fen: i64) -> QuotaId {
        let act = self.act();
        let key = format!("370000005/101002/{function}/50502/30201/{fund}/P-1/R-{}", act.0);
        let create = Create {
            act,
            division: DIVISION,
            year: YEAR,
            parent: QuotaId::NONE,
            fund: class(fund),
            economic: Class::ANY,
            posts: Posts::UNIT,
            executable: true,
            plan: LimitKey(0),
            authority: domain::codes::AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
            key: leaked(key),
        };
        let event = self.give(32, Role::Finance, Body::Create(create));
        let EventBody::Created { quota, .. } = event.body else { panic!("{event:?}") };
        let issue = Act {
            kind: domain::codes::ActKind::Issue,
            act: self.act(),
            quota,
            amount_fen: Fen::new(fen),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        self.give(32, Role::Finance, Body::Act(issue));
        quota
    }

    /// Asks for a payment, approves and orders it.
    pub(crate) fn pay(&mut self, payment: u128, quota: QuotaId, fen: i64, how: &How) {
        let text = ParticularsText {
            payee_name: "泉城文具有限公司".to_owned(),
            payee_account: how.payee.to_owned(),
            payee_bank: "102451099999".to_owned(),
            purpose: "办公用品".to_owned(),
            numbers: how.numbers.clone(),
            ..ParticularsText::default()
        };
        let reserve = Reserve {
            payment: PaymentId(payment),
            quota,
            amount_fen: Fen::new(fen),
            economic: class("30201"),
            method: how.method,
            kind: how.business,
            day: day(TODAY),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            deadline_ms: 0,
            one_act: false,
            particulars: Particulars::parse(Vec::leak(text.encode())).expect("in bounds"),
        };
        self.give(11, Role::Maker, Body::Reserve(reserve));
        for (person, role, kind) in
            [(21, Role::Checker, StepKind::ApproveUnit), (31, Role::Finance, StepKind::Instruct)]
        {
            self.step(person, role, kind, payment, quota);
        }
    }

    fn step(&mut self, person: u64, role: Role, kind: StepKind, payment: u128, quota: QuotaId) {
        let reason = if kind.needs_reason() { "依据复核意见" } else { "" };
        let serial = kind.number().into();
        let payment = PaymentId(payment);
        self.give(person, role, Body::Step(Step { kind, payment, quota, serial, reason }));
    }

    pub(crate) fn void(&mut self, payment: u128, quota: QuotaId) {
        self.step(31, Role::Finance, StepKind::Void, payment, quota);
    }

    /// Charges one quota with part of a payment in place of another, both halves.
    pub(crate) fn correct(
        &mut self,
        id: u128,
        payment: u128,
        (from, to): (QuotaId, QuotaId),
        fen: i64,
    ) {
        let out = MoveOut {
            kind: MoveKind::Correct,
            id: MoveId(id),
            from,
            to,
            amount_fen: Fen::new(fen),
            batch: BatchId(0),
            payment: PaymentId(payment),
            note: "功能分类有误",
        };
        self.give(32, Role::Finance, Body::MoveOut(out));
        let book = self.division.year(YEAR).expect("it was opened");
        let half = book.move_out(out.id).expect("it left").second_half(out.id);
        self.give(32, Role::Engine, Body::MoveIn(half));
        let settle = SettleMove { id: out.id, from, landed: true };
        self.give(32, Role::Engine, Body::SettleMove(settle));
    }

    /// Sets aside the one fact that lies in suspense.
    pub(crate) fn dismiss(&mut self) {
        let book = self.division.year(YEAR).expect("it was opened");
        let parked: Vec<_> = book.suspense.iter().map(|(key, _)| (key.0, key.1)).collect();
        let [(channel, serial)] = parked[..] else { panic!("not one fact is in suspense") };
        let resolve = domain::command::Resolve {
            act: self.act(),
            division: DIVISION,
            year: YEAR,
            channel,
            serial,
            action: domain::codes::ResolveAction::Dismiss,
            reason: "已由银行追回",
        };
        self.give(31, Role::Finance, Body::Resolve(resolve));
    }

    pub(crate) fn year(&mut self, state: YearState) {
        let set = SetYear { act: self.act(), division: DIVISION, year: YEAR, state };
        self.give(61, Role::Operator, Body::SetYear(set));
    }

    pub(crate) fn state(&self, payment: u128) -> PaymentState {
        let book = self.division.year(YEAR).expect("it was opened");
        book.payment(PaymentId(payment)).expect("it was ordered").state
    }

    pub(crate) fn buckets(&self, quota: QuotaId) -> Buckets {
        self.division.quota(quota).expect("it was created").buckets
    }

    /// What has come back after its year closed: in transit, and in hand.
    pub(crate) fn recovered_fen(&self) -> (i64, i64) {
        let pool = &self.division.year(YEAR).expect("it was opened").pool;
        (pool.in_transit_fen, pool.in_hand_fen)
    }
}

/// How a payment is to be made.
#[derive(Clone)]
pub(crate) struct How {
    pub(crate) method: Method,
    pub(crate) business: BusinessKind,
    pub(crate) payee: &'static str,
    /// Official numbers.
    pub(crate) numbers: String,
}

impl Default for How {
    fn default() -> How {
        How {
            method: Method::Authorized,
            business: BusinessKind::Single,
            payee: "1602000109200000001",
            numbers: String::new(),
        }
    }
}

/// The parties.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) finance: Node<Finance, MemoryLog>,
    pub(crate) bank: Node<Bank, MemoryLog>,
    pub(crate) central: Node<CentralBank, MemoryLog>,
    speech: Speech,
    modes: PayModes,
    followed: u64,
    bank_is_there: bool,
}

fn root() -> Ed25519Signer {
    Ed25519Signer::from_secret(&[99; 32], CertificateId([0; 16]))
}

fn certified(whose: &str, seed: u8) -> (Vec<u8>, CertificateId, KeyRing) {
    let signer = Ed25519Signer::from_secret(&[seed; 32], CertificateId([0; 16]));
    let certificate = Certificate {
        party: party(whose),
        holder: "业务专用章".to_owned(),
        seals: SealPlace::ALL.iter().fold(Seals::NONE, |all, place| all.with(*place)),
        first: day(20_220_101),
        last: day(20_241_231),
        key: signer.public_key(),
    };
    let id = certificate.id();
    let bytes = certificate.issued_by(&root()).expect("issued");
    (bytes, id, KeyRing::new(Arc::new(signer.named(id))))
}

/// What is done to the bank's messages before they are sealed.
pub(crate) type Spoil = fn(Vec<u8>) -> Vec<u8>;

/// How finance and the bank write to each other.
#[derive(Clone, Copy)]
pub(crate) enum Speech {
    /// In canonical bytes, as everybody does to everybody else.
    Canonical,
    /// In ISO 20022; what the bank writes goes through this before it is sealed.
    Iso(Spoil),
    /// The bank's program cannot read what finance writes.
    Unread,
    /// Finance writes the national form, which takes the characters of GBK alone.
    National,
}

impl Speech {
    fn payloads(self, at: usize) -> Box<dyn Payloads> {
        let iso = |to: usize| {
            IsoPayloads::new(Box::new(CanonicalPayloads), BTreeSet::from([party(PARTIES[to].0)]))
        };
        match (self, at) {
            (Speech::Iso(_), 0) => Box::new(iso(1)),
            (Speech::Iso(spoil), 1) => Box::new(Spoilt(iso(0), spoil)),
            (Speech::Unread, 1) => Box::new(Unread),
            (Speech::National, 0) => Box::new(NationalPayloads),
            (Speech::National, _) => Box::new(EitherPayloads),
            _ => Box::new(CanonicalPayloads),
        }
    }
}

/// Vouchers that can be written, and of others not read.
struct Unread;

impl Payloads for Unread {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        CanonicalPayloads.write(to, voucher)
    }

    fn read(&self, _: PayloadFormat, _: &[u8], _: Option<&Voucher>) -> Result<Voucher, String> {
        Err("its program is too old for this form".to_owned())
    }
}

/// Messages that go through something on their way out.
struct Spoilt(IsoPayloads, Spoil);

impl Payloads for Spoilt {
    fn write(&self, to: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        let (format, payload) = self.0.write(to, voucher)?;
        Ok((format, if format == PayloadFormat::Iso20022 { self.1(payload) } else { payload }))
    }

    fn read(
        &self,
        format: PayloadFormat,
        payload: &[u8],
        original: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        self.0.read(format, payload, original)
    }
}

/// Finance's business before its first order.
fn finances(modes: PayModes) -> Finance {
    Finance::new(party("central-bank:3700")).ordering(modes)
}

/// A party folded from what its journal has, or begun.
fn born<B: Business>(at: usize, speech: Speech, business: B, log: MemoryLog) -> Node<B, MemoryLog> {
    let (whose, seed) = PARTIES[at];
    let mut folding = Folding::new(party(whose), root().public_key(), 5, business);
    for group in log.records() {
        folding.group(group).expect("a store's journal");
    }
    let mut log = log;
    log.mark_start();
    let means = Means {
        payloads: speech.payloads(at),
        keys: certified(whose, seed).2,
        verifier: Box::new(Ed25519Verifier::on_threads(1)),
        lanes: LanePolicy::default(),
        threads: 1,
    };
    folding.onto(log, means)
}

/// Begins a party's first day, with the others' certificates on file.
fn begun<B: Business>(at: usize, speech: Speech, business: B) -> Node<B, MemoryLog> {
    let mut node = born(at, speech, business, MemoryLog::new(4 << 20));
    told(&mut node, NodeOrder::BeginDay(day(TODAY)));
    for (other, (whose, seed)) in PARTIES.iter().enumerate() {
        if other != at {
            let (bytes, id, _) = certified(whose, *seed);
            told(&mut node, NodeOrder::FileCertificate { bytes, by: "wang".to_owned() });
            told(&mut node, NodeOrder::VerifyCertificate { id, by: "li".to_owned() });
        }
    }
    node
}

/// Gives an order that has to be taken.
fn told<B: Business>(node: &mut Node<B, MemoryLog>, order: NodeOrder<B::Order>) {
    let output = node.turn(vec![Input::Order { ticket: 0, order }], 0).expect("durable");
    for (_, answer) in output.answers {
        if let Err(refusal) = answer {
            panic!("{refusal}");
        }
    }
}

/// Carries what one offers to the other, and its acknowledgement back; true when something moved.
fn carry<A: Business, B: Business>(
    from: &mut Node<A, MemoryLog>,
    to: &mut Node<B, MemoryLog>,
) -> bool {
    let (me, other) = (from.store().me(), to.store().me());
    let received = to.store().peer(me).map_or(0, Peer::received);
    let given = from.store().peer(other).map_or(0, Peer::given);
    let message = |number| from.message(other, number).expect("readable").expect("offered");
    let messages: Vec<_> = (received + 1..=given).map(message).collect();
    if messages.is_empty() {
        return false;
    }
    let first = received + 1;
    to.turn(vec![Input::Messages { from: me, first, messages }], 0).expect("durable");
    let through = to.store().peer(me).map_or(0, Peer::received);
    from.turn(vec![Input::Acknowledged { by: other, through }], 0).expect("durable");
    true
}

impl House {
    /// Everybody, with a unit and its account on file, cash in the treasury, and the day open.
    pub(crate) fn new() -> House {
        House::with(counterparties::script::Script::default())
    }

    /// The same, with a bank that speaks ISO 20022.
    pub(crate) fn speaking_iso(script: counterparties::script::Script, spoil: Spoil) -> House {
        let bank = new_bank("102", script).speaking_iso(BTreeSet::from([party(FINANCE)]));
        House::of(Speech::Iso(spoil), bank, PayModes::default())
    }

    /// The same, with a bank that answers by a script.
    pub(crate) fn with(script: counterparties::script::Script) -> House {
        House::of(Speech::Canonical, new_bank("102", script), PayModes::default())
    }

    /// The same, with a bank that cannot read what finance writes, and so sets it aside.
    pub(crate) fn unread_by_its_bank() -> House {
        let bank = new_bank("102", counterparties::script::Script::default());
        House::of(Speech::Unread, bank, PayModes::default())
    }

    /// The same, with finance writing the national form.
    pub(crate) fn national() -> House {
        let bank = new_bank("102", counterparties::script::Script::default());
        House::of(Speech::National, bank, PayModes::default())
    }

    /// The same, of a division that orders payments so.
    pub(crate) fn ordering(modes: PayModes) -> House {
        let bank = new_bank("102", counterparties::script::Script::default());
        House::of(Speech::Canonical, bank, modes)
    }

    fn of(speech: Speech, bank: Bank, modes: PayModes) -> House {
        let mut engine = Engine::new();
        let code = *b"370000005";
        let register =
            Register { division: DIVISION, code, parent: DivisionIndex::PROVINCE, name: "某区" };
        engine.give(61, Role::Operator, Body::Register(register));
        engine.year(YearState::Open);
        engine.file(&format!(
            "unit\t101\t教育局\t\t1\tadministrative\tfull\t2\t\t\t\t\tactive\n\
             unit\t101002\t第一中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive\n\
             agent-bank\t102\t银行102\t102451099999\tactive\n\
             account\t{TREASURY}01\t国库存款\ttreasury-single\tfinance\t\t\t国库\t011451099997\t{TREASURY}\tactive\n"
        ));
        let mut house = House {
            engine,
            finance: begun(0, speech, finances(modes)),
            bank: begun(1, speech, bank),
            central: begun(2, speech, new_central()),
            speech,
            modes,
            followed: 0,
            bank_is_there: false,
        };
        house.bank_said(bank::Order::OpenAccount(bank::ZeroBalanceAccount {
            number: ZERO.to_owned(),
            name: "第一中学零余额账户".to_owned(),
            division: domain::voucher::DivisionCode::new("370000005").expect("nine digits"),
            treasury: TREASURY.to_owned(),
            finance: party(FINANCE),
        }));
        house.bank_said(bank::Order::OpenDay(day(TODAY)));
        house.central_said(central_bank::Order::File(master()));
        house.central_said(central_bank::Order::OpenDay(day(TODAY)));
        house.pay_in(1_000_000);
        house.lines(true);
        house
    }

    /// Cash comes into the treasury.
    pub(crate) fn pay_in(&mut self, fen: i64) {
        self.central_said(central_bank::Order::PayIn {
            treasury: TREASURY.to_owned(),
            what: PaidIn::Opening,
            class: String::new(),
            amount_fen: Fen::new(fen),
        });
    }

    /// Puts the unit's zero-balance account on file.
    pub(crate) fn file_account(&mut self) {
        self.engine.file(&format!(
            "account\t{ZERO}\t第一中学零余额账户\tunit-zero\tunit\t101002\t102\t银行102\t102451099999\t\tactive\n"
        ));
    }

    /// Lines of the bank, up or down.
    pub(crate) fn line_to_bank(&mut self, up: bool) {
        self.bank_is_there = up;
        let [finance, bank] = [0, 1].map(|at| party(PARTIES[at].0));
        self.finance.turn(vec![Input::Line { party: bank, up }], 0).expect("durable");
        self.bank.turn(vec![Input::Line { party: finance, up }], 0).expect("durable");
    }

    fn lines(&mut self, up: bool) {
        self.line_to_bank(up);
        let [finance, bank, central] = [0, 1, 2].map(|at| party(PARTIES[at].0));
        self.finance.turn(vec![Input::Line { party: central, up }], 0).expect("durable");
        self.bank.turn(vec![Input::Line { party: central, up }], 0).expect("durable");
        for party in [finance, bank] {
            self.central.turn(vec![Input::Line { party, up }], 0).expect("durable");
        }
    }

    /// Finance's process ends without a word and comes back.
    pub(crate) fn finance_dies(&mut self) {
        let log = self.finance.log().found();
        self.finance = born(0, self.speech, finances(self.modes), log);
        let [bank, central] = [1, 2].map(|at| party(PARTIES[at].0));
        let to_bank = Input::Line { party: bank, up: self.bank_is_there };
        let lines = vec![to_bank, Input::Line { party: central, up: true }];
        self.finance.turn(lines, 0).expect("durable");
    }

    /// Finance's process ends, and writes canonical bytes when it comes back.
    pub(crate) fn finance_writes_canonically(&mut self) {
        self.speech = Speech::Canonical;
        self.finance_dies();
    }

    pub(crate) fn bank_said(&mut self, order: bank::Order) {
        told(&mut self.bank, NodeOrder::Business(order));
    }

    pub(crate) fn central_said(&mut self, order: central_bank::Order) {
        told(&mut self.central, NodeOrder::Business(order));
    }

    pub(crate) fn finance_said(&mut self, order: Order) {
        told(&mut self.finance, NodeOrder::Business(order));
    }

    /// What a person asks of finance's store, done or refused.
    pub(crate) fn finance_does(&mut self, order: NodeOrder<Order>) -> Result<(), String> {
        let output = self.finance.turn(vec![Input::Order { ticket: 0, order }], 0);
        let mut answers = output.expect("durable").answers.into_iter();
        answers.try_for_each(|(_, answer)| answer.map_err(|refusal| refusal.to_string()))
    }

    /// Finance's store hears what the engine decided, as one part of its journal.
    pub(crate) fn follow(&mut self) {
        let orders = self.orders();
        self.followed += 1;
        let cursor = self.followed.to_le_bytes().to_vec();
        self.finance.turn(vec![Input::Follow { cursor, orders }], 0).expect("durable");
    }

    fn orders(&mut self) -> Vec<Order> {
        let mut orders: Vec<Order> = Vec::new();
        for told in std::mem::take(&mut self.engine.told) {
            match told {
                Told::Ordered(ordered) => {
                    let central_bank = party("central-bank:3700");
                    let due =
                        due(&mut self.engine.feed, central_bank, &ordered).expect("a division");
                    match orders.last_mut() {
                        Some(Order::Ordered(same)) => same.push(due),
                        _ => orders.push(Order::Ordered(vec![due])),
                    }
                }
                Told::Voided(payment, book) => orders.push(Order::Voided { book, payment }),
                Told::Corrected(corrected) => {
                    let due = correction_due(&mut self.engine.feed, &corrected);
                    orders.push(Order::Corrected(Box::new(due.expect("a division"))));
                }
                Told::Parked(fact) => orders.push(Order::Parked(fact)),
                Told::Unparked(name, _) => orders.push(Order::Unparked(name)),
                Told::Nothing | Told::Answered(..) | Told::Filed { .. } => {}
            }
        }
        orders
    }

    /// Everything that is on its way arrives, and the engine takes in what was reported.
    pub(crate) fn run(&mut self) {
        self.follow();
        for _ in 0..50 {
            let mut moved = carry(&mut self.finance, &mut self.bank);
            moved |= carry(&mut self.bank, &mut self.finance);
            moved |= carry(&mut self.bank, &mut self.central);
            moved |= carry(&mut self.central, &mut self.bank);
            moved |= carry(&mut self.finance, &mut self.central);
            moved |= carry(&mut self.central, &mut self.finance);
            if !moved {
                return self.take_facts();
            }
        }
        panic!("it goes on for ever");
    }

    fn take_facts(&mut self) {
        let (first, due) = self.finance.business().facts_due();
        let due: Vec<_> = due.iter().cloned().collect();
        if due.is_empty() {
            return;
        }
        for fact in &due {
            let body = Body::Fact(domain::command::Fact {
                note: leaked(fact.note.clone()),
                ..fact.fact()
            });
            self.engine.give(u64::MAX - 1, fact.role(), body);
        }
        let through = first + due.len() as u64 - 1;
        self.finance_said(Order::FactsTaken { through });
    }

    /// The central bank's people send back the one request that waits without a limit notice.
    pub(crate) fn central_sends_back(&mut self) {
        let waiting: Vec<VoucherKey> =
            self.central.business().waiting().iter().map(|one| one.voucher).collect();
        let [voucher] = waiting[..] else { panic!("{waiting:?}") };
        let reason = "额度通知单未到".to_owned();
        self.central_said(central_bank::Order::SendBack { voucher, reason });
        self.run();
    }

    /// The bank asks for its money, and what comes of it.
    pub(crate) fn clear(&mut self) {
        self.bank_said(bank::Order::RequestClearing);
        self.run();
    }

    pub(crate) fn voucher_of(&self, payment: u128) -> &Row {
        let row = self.finance.business().voucher_of((DIVISION, YEAR), PaymentId(payment));
        row.expect("it has a voucher")
    }

    /// Corrections of a payment that the central bank was told of.
    pub(crate) fn corrections_of(&self, payment: u128) -> Vec<(VoucherKey, Correction)> {
        let known = self.finance.business().corrections_of((DIVISION, YEAR), PaymentId(payment));
        known.map(|(key, known)| (*key, known.clone())).collect()
    }

    /// A voucher of finance's, as the central bank has it.
    pub(crate) fn at_the_central_bank(&mut self, key: &VoucherKey) -> Voucher {
        as_it_came(&mut self.central, key)
    }

    /// A voucher that finance wrote, as it is in its outbox.
    pub(crate) fn as_finance_wrote(&mut self, key: &VoucherKey) -> Voucher {
        let out = &self.finance.store().peer(bank_party()).expect("it was written to").out;
        let entry = out.find(key, Flag::Original).expect("it is there");
        let at = out.get(entry).expect("it is there").at();
        let letter = self.finance.letter(at).expect("readable");
        let envelope = Envelope::decode(&letter).expect("a letter");
        canonical::read(envelope.payload().expect("a voucher").1).expect("canonical")
    }

    /// What a person asks of the bank's store, done or refused.
    pub(crate) fn bank_does(&mut self, order: NodeOrder<bank::Order>) -> Result<(), String> {
        let output = self.bank.turn(vec![Input::Order { ticket: 0, order }], 0);
        let mut answers = output.expect("durable").answers.into_iter();
        answers.try_for_each(|(_, answer)| answer.map_err(|refusal| refusal.to_string()))
    }

    /// The bank's process ends without a word and comes back, and speaks with nobody.
    pub(crate) fn bank_dies(&mut self) {
        let log = self.bank.log().found();
        let bank = new_bank("102", counterparties::script::Script::default());
        self.bank = born(1, self.speech, bank, log);
        self.bank_is_there = false;
        self.lines(true);
    }

    /// A voucher of finance's, as the bank has it.
    pub(crate) fn at_the_bank(&mut self, key: &VoucherKey) -> Voucher {
        as_it_came(&mut self.bank, key)
    }

    /// What the central bank has booked as spent by functional class, in fen.
    pub(crate) fn spent_fen(&self, function: &str) -> i128 {
        let ledger = self.central.business().ledger();
        let treasury = ledger.find(AccountKind::Treasury, TREASURY);
        let spending =
            [Purpose::Clearing, Purpose::Allocation, Purpose::AllocationBack, Purpose::Correction];
        let of_class = ledger.entries().iter().filter(|entry| {
            spending.contains(&entry.purpose) && ledger.elements(entry) == function
        });
        let side = |entry: &Entry| match Some(entry.debit) == treasury {
            true => i128::from(entry.amount_fen.get()),
            false => -i128::from(entry.amount_fen.get()),
        };
        of_class.map(side).sum()
    }

    pub(crate) fn voucher(&self, key: &VoucherKey) -> &Row {
        self.finance.business().voucher(key).expect("it was written")
    }

    pub(crate) fn alarms(&self) -> Vec<&str> {
        self.finance.store().alarms().map(|alarm| alarm.what.as_str()).collect()
    }

    pub(crate) fn treasury_fen(&self) -> i128 {
        self.central.business().balance_fen(TREASURY)
    }

    /// The bank's own ledger is the judge.
    pub(crate) fn assert_bank(&self, payments: usize) {
        let bank = self.bank.business();
        assert_eq!(bank.ledger().check(), []);
        assert_eq!(bank.double_payments(), 0);
        let paid = bank.ledger().entries().iter();
        let paid = paid.filter(|entry| entry.purpose == counterparties::ledger::Purpose::Advance);
        assert_eq!(paid.count(), payments);
    }

    /// Finance's business folded again from its journal is what it was.
    pub(crate) fn assert_folds(&self) {
        let again = born(0, self.speech, finances(self.modes), self.finance.log().found());
        let told = |finance: &Finance| {
            format!("{:?} {:?}", finance.vouchers(), finance.left().collect::<Vec<_>>())
        };
        assert_eq!(told(again.business()), told(self.finance.business()));
    }
}

/// A voucher that finance sent, in the words that came.
fn as_it_came<B: Business>(node: &mut Node<B, MemoryLog>, key: &VoucherKey) -> Voucher {
    let inbox = &node.store().peer(party(FINANCE)).expect("it wrote").inbox;
    let entry = inbox.find(key, Flag::Original).expect("it came");
    let letter = node.letter(inbox.get(entry).expect("it came").at()).expect("readable");
    let envelope = Envelope::decode(&letter).expect("a letter");
    canonical::read(envelope.payload().expect("a voucher").1).expect("canonical")
}

/// What the central bank has on file.
fn master() -> Vec<MasterRow> {
    let division = domain::voucher::DivisionCode::new("370000005").expect("nine digits");
    let unit = |code: &str| MasterRow::Unit { division, code: code.to_owned() };
    vec![
        MasterRow::Treasury(central_bank::Treasury {
            code: TREASURY.to_owned(),
            division,
            finance: party(FINANCE),
            floor_fen: Fen::ZERO,
        }),
        MasterRow::Bank { code: "102".to_owned(), name: "银行102".to_owned() },
        MasterRow::BankNumber { number: "102451099999".to_owned() },
        MasterRow::Function { year: YEAR, code: "2050203".to_owned(), sums_only: false },
        MasterRow::Function { year: YEAR, code: "2080505".to_owned(), sums_only: false },
        unit("101"),
        unit("101002"),
    ]
}

/// Parties by name, for those who look into stores.
pub(crate) fn bank_party() -> Party {
    party("bank:102")
}
