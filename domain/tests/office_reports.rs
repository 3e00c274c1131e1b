//! Reports over random trees against a list of everything that was spent, counted anew for each
//! question; alerts at their thresholds; and reports that cannot be.

mod world;

use std::collections::{BTreeMap, BTreeSet};

use domain::codes::{
    ActKind, AuthorityKind, BatchEnd, BusinessKind, FactKind, LimitKind, Method, MoveKind, Path,
    PaymentState, Posts, Role,
};
use domain::command::{
    Act, Body, By, Create, Fact, MoveIn, MoveOut, Paper, Register, Reserve, SetLimit,
};
use domain::event::{Event, EventBody};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, Fingerprint, LimitKey, MoveId, PersonId,
};
use domain::limits::AMOUNT_FEN_MAX;
use domain::office::paper::PaperKind;
use domain::office::reports::calendar::TenDays;
use domain::office::reports::cell::Before;
use domain::office::reports::page::Form;
use domain::office::reports::question::{Basis, By as Rows};
use domain::office::reports::{
    Ledger, NoReport, Report, ReportKind, ReportQuestion, Sources, report,
};
use domain::office::shelves::Shelves;
use domain::office::tables::report::Threshold;
use domain::particulars::Particulars;
use domain::payment::Standing;
use domain::{Code, Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};
use proptest::prelude::*;
use world::World;

const YEAR: FiscalYear = FiscalYear::from_offset(22);

/// The first moment of 2023 in Beijing.
const YEAR_IS_OVER_MS: u64 = 1_672_502_400_000;
const HOUR_MS: u64 = 3_600_000;

const UNITS: [&str; 3] = ["101001", "101002", "203001"];
const FUNCTIONS: [&str; 4] = ["2050203", "2050299", "2080505", "2300201"];
const FUNDS: [&str; 2] = ["111", "121"];
const KINDS: [&str; 4] = ["placed", "carried", "transfer", "received"];

/// One random quota: division, unit, function, fund, kind, issued.
type Quota = (u8, u8, u8, u8, u8, u32);
/// One random payment: quota, amount, day of the year, how far it goes, what comes back.
type Payment = (u8, u16, u16, u8, u8);

/// What was spent, or may be: the model's whole memory.
#[derive(Clone, Debug)]
struct Known {
    division: u16,
    unit: &'static str,
    function: &'static str,
    fund: &'static str,
    kind: &'static str,
    budget: i128,
    /// Month, paid, cleared.
    spent: Vec<(u8, i128, i128)>,
}

/// A ledger that is told events, and the model beside it.
struct Tale {
    ledger: Ledger,
    shelves: Shelves,
    now_ms: u64,
    keys: Vec<String>,
    parents: Vec<u16>,
    known: Vec<Known>,
}

fn code(division: u16) -> String {
    format!("37{division:07}")
}

impl Tale {
    fn new(parents: &[u16]) -> Tale {
        let mut tale = Tale {
            ledger: Ledger::default(),
            shelves: Shelves::default(),
            now_ms: YEAR_IS_OVER_MS,
            keys: Vec::new(),
            parents: parents.to_vec(),
            known: Vec::new(),
        };
        for (index, &parent) in (0..).zip(parents) {
            let code: [u8; 9] = code(index).into_bytes().try_into().expect("nine digits");
            let (division, parent) = (DivisionIndex(index), DivisionIndex(parent));
            let command = Register { division, code, parent, name: "区" };
            tale.tell(EventBody::Registered { command }, None);
        }
        tale
    }

    fn tell(&mut self, body: EventBody<'_>, before: Option<Before>) {
        let by = By { person: PersonId(7), role: Role::Finance, channel: ChannelId(1) };
        let event = Event { by, body };
        self.now_ms += 1;
        let filed = self.shelves.take(&event).expect("rows");
        self.ledger.take(&event, before.as_ref(), (&self.shelves, filed), self.now_ms);
    }

    fn file(&mut self, division: u16, changes: &str) {
        self.stage(division, 0, changes);
    }

    /// A plan of a month.
    fn plan(&mut self, key: u64) {
        let command = SetLimit {
            act: ActId(1),
            division: DivisionIndex(1),
            year: YEAR,
            kind: LimitKind::PlanMonth,
            key: LimitKey(key),
            month: 3,
            amount_fen: Fen::new(7),
            checker: PersonId::NOBODY,
        };
        self.tell(EventBody::LimitSet { version: 1, fingerprint: Fingerprint(0), command }, None);
    }

    /// The end of a batch in a division.
    fn end_batch(&mut self, division: u16, batch: u128) {
        let body = EventBody::BatchEnded {
            fingerprint: Fingerprint(0),
            division: DivisionIndex(division),
            year: YEAR,
            batch: BatchId(batch),
            end: BatchEnd::Closed,
            act: ActId(1),
        };
        self.tell(body, None);
    }

    /// A paper in a batch; 0: by itself.
    fn stage(&mut self, division: u16, batch: u128, changes: &str) {
        let command = Paper {
            act: ActId(1),
            division: DivisionIndex(division),
            year: YEAR,
            kind: PaperKind::BasePut,
            batch: BatchId(batch),
            checker: PersonId::NOBODY,
            day: None,
            text: "-",
        };
        let (fingerprint, changes) = (Fingerprint(0), changes.to_owned().into());
        self.tell(EventBody::Filed { fingerprint, changes, command }, None);
    }

    /// A quota that rests on a row of a budget, with money.
    fn quota(&mut self, serial: u64, quota: Quota) -> QuotaId {
        let (division, unit, function, fund, kind, issued) = quota;
        let division = u16::from(division) % self.parents.len() as u16;
        let unit = UNITS[usize::from(unit) % UNITS.len()];
        let function = FUNCTIONS[usize::from(function) % FUNCTIONS.len()];
        let fund = FUNDS[usize::from(fund) % FUNDS.len()];
        let kind = KINDS[usize::from(kind) % KINDS.len()];
        let row = format!("B{division}-{serial}");
        self.file(
            division,
            &format!(
                "+budget-row\t{row}\t{unit}\tP\t{kind}\t{function}\t50502\t30201\t{fund}\t2\t\t\t2022\
                 \t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2\n"
            ),
        );
        let key = format!("{}/{unit}/{function}/50502/30201/{fund}/P/{row}", code(division));
        let id = QuotaId::new(DivisionIndex(division), YEAR, serial);
        let command = Create {
            act: ActId(1),
            division: DivisionIndex(division),
            year: YEAR,
            parent: QuotaId::NONE,
            fund: Class::new(fund).expect("a class"),
            economic: Class::new("30201").expect("a class"),
            posts: Posts::UNIT,
            executable: true,
            plan: LimitKey(0),
            authority: AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
            key: &key,
        };
        self.tell(EventBody::Created { quota: id, fingerprint: Fingerprint(0), command }, None);
        self.keys.push(key);
        let (budget, spent) = (0, Vec::new());
        self.known.push(Known { division, unit, function, fund, kind, budget, spent });
        self.issue(self.known.len() - 1, id, issued.into());
        id
    }

    /// Money is issued to a quota.
    fn issue(&mut self, at: usize, quota: QuotaId, fen: i64) {
        let act = Act {
            kind: ActKind::Issue,
            act: ActId(2),
            quota,
            amount_fen: Fen::new(fen),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        self.tell(EventBody::Acted { version: 2, fingerprint: Fingerprint(0), command: act }, None);
        self.known[at].budget += i128::from(fen);
    }

    /// Money goes from one quota to another, and arrives or not.
    fn send(
        &mut self,
        at: u128,
        from: (usize, QuotaId),
        to: (usize, QuotaId),
        fen: i64,
        arrives: bool,
    ) {
        let kind = match from.1.division() == to.1.division() {
            true => MoveKind::Virement,
            false => MoveKind::Transfer,
        };
        let (id, amount_fen) = (MoveId(at), Fen::new(fen));
        let (batch, note) = (BatchId(0), "");
        let out = MoveOut {
            kind,
            id,
            from: from.1,
            to: to.1,
            amount_fen,
            batch,
            payment: PaymentId::NONE,
            note,
        };
        self.tell(
            EventBody::MovedOut { version: 3, fingerprint: Fingerprint(0), command: out },
            None,
        );
        self.known[from.0].budget -= i128::from(fen);
        if arrives {
            let fund = Class::ANY;
            let command = MoveIn {
                kind,
                id,
                from: from.1,
                to: to.1,
                amount_fen,
                fund,
                payment: PaymentId::NONE,
            };
            self.tell(EventBody::MovedIn { version: 3, command }, None);
            self.known[to.0].budget += i128::from(fen);
        }
    }

    /// A payment that goes as far as it goes.
    fn pay(&mut self, id: u128, at: usize, quota: QuotaId, payment: Payment) {
        let (_, amount, day, far, back) = payment;
        let (fen, day) = (i64::from(amount) + 10, day_of(day));
        let payment = PaymentId(id);
        let reserve = Reserve {
            payment,
            quota,
            amount_fen: Fen::new(fen),
            economic: Class::new("30201").expect("a class"),
            method: Method::Centralized,
            kind: BusinessKind::Single,
            day,
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            deadline_ms: 0,
            one_act: true,
            particulars: Particulars::parse(&[]).expect("no particulars"),
        };
        let (path, posts) = (Path::Treasury, Posts::UNIT);
        let mut standing = Standing::reserved(path, posts, true);
        self.tell(
            EventBody::Reserved {
                version: 4,
                fingerprint: Fingerprint(0),
                rule_version: 0,
                path,
                posts,
                leaves_rows: false,
                command: reserve,
            },
            None,
        );
        let mut executed = Fen::ZERO;
        let kinds =
            [FactKind::ConfirmPaid, FactKind::Clear, FactKind::Refund, FactKind::SettleRefund];
        for kind in kinds.into_iter().take(usize::from(far) % 5) {
            let refunded = i64::from(back) % fen + 1;
            let refund = matches!(kind, FactKind::Refund | FactKind::SettleRefund);
            let amount = if refund { refunded } else { fen };
            let fact = Fact {
                kind,
                payment,
                quota,
                serial: id as u64,
                amount_fen: Fen::new(amount),
                payee_hash: 0,
                day,
                refund: u64::from(refund),
                detail: 0,
                note: "",
            };
            let asked_fen = Fen::new(fen);
            let before = Before { standing, asked_fen, executed_fen: executed };
            self.tell(
                EventBody::FactTaken {
                    version: 5,
                    fingerprint: Fingerprint(0),
                    from_suspense: false,
                    command: fact,
                },
                Some(before),
            );
            executed = standing.executed_after(&fact, asked_fen, executed);
            standing = standing.after_fact(kind);
            let (paid, cleared) = match kind {
                FactKind::ConfirmPaid => (amount, 0),
                FactKind::Clear => (0, amount),
                FactKind::Refund => (-amount, 0),
                _ => (0, -amount),
            };
            self.known[at].spent.push((day.month(), paid.into(), cleared.into()));
        }
        assert_ne!(standing.state, PaymentState::Released);
    }

    fn report(&self, question: &ReportQuestion) -> Result<Report, NoReport> {
        let key = |quota: QuotaId| {
            let of = self.keys.iter().position(|key| {
                key.ends_with(&format!("B{}-{}", quota.division().0, quota.serial()))
            });
            of.map_or("", |at| &*self.keys[at])
        };
        let (ledger, shelves, now_ms) = (&self.ledger, &self.shelves, self.now_ms);
        report(&Sources { ledger, shelves, now_ms, key: &key }, question)
    }

    /// Whether a division stands in the area of another, by the model's own way up.
    fn is_below(&self, mut division: u16, head: u16) -> bool {
        while division != head && self.parents[usize::from(division)] != division {
            division = self.parents[usize::from(division)];
        }
        division == head
    }

    /// What the model says of a question: the name of each row, its budget and what was spent.
    fn recount(&self, question: &ReportQuestion, head: u16) -> BTreeMap<String, (i128, i128)> {
        let mut rows = BTreeMap::new();
        for known in &self.known {
            let here = match question.whole_area {
                true => self.is_below(known.division, head),
                false => known.division == head,
            };
            let transfer = known.kind == "transfer" || known.function.starts_with("230");
            let carried = known.kind == "carried" && !question.carry_over;
            let meant = known.unit.starts_with(&*question.unit)
                && known.function.starts_with(&*question.functional)
                && known.fund.starts_with(&*question.fund);
            if !here || transfer || carried || !meant {
                continue;
            }
            let name = match question.by {
                Rows::Unit => format!("{} {}", code(known.division), known.unit),
                Rows::Function => known.function[..3].to_owned(),
                Rows::FunctionItem => known.function.to_owned(),
                Rows::Fund => known.fund.to_owned(),
                Rows::Kind => known.kind.to_owned(),
                Rows::Area => {
                    let mut shown = known.division;
                    while shown != head && self.parents[usize::from(shown)] != head {
                        shown = self.parents[usize::from(shown)];
                    }
                    code(shown)
                }
                _ => code(known.division),
            };
            let row: &mut (i128, i128) = rows.entry(name).or_default();
            row.0 += known.budget;
            let until = question.upto.map_or(12, |upto| upto.month().unwrap_or(12));
            for &(_, paid, cleared) in known.spent.iter().filter(|(month, ..)| *month <= until) {
                row.1 += if question.basis == Basis::Paid { paid } else { cleared };
            }
        }
        rows
    }
}

fn day_of(number: u16) -> Day {
    let months = [31_u16, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut left, mut month) = (number % 365, 1);
    for length in months {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    Day::new(20_220_000 + month * 100 + u32::from(left) + 1).expect("a day of 2022")
}

fn column(report: &Report, name: &str) -> usize {
    let found = report.columns.iter().position(|column| &*column.name == name);
    found.unwrap_or_else(|| panic!("no column {name} among {:?}", report.columns))
}

/// Rows by name, with budget and spent; rows of nothing are left out.
fn rows(report: &Report, by: Rows) -> BTreeMap<String, (i128, i128)> {
    let (budget, spent) = (column(report, "budget"), column(report, "spent"));
    let read = |line: &String| {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), report.columns.len(), "{line}");
        let name = match by {
            Rows::Unit => format!("{} {}", fields[0], fields[1]),
            _ => fields[0].to_owned(),
        };
        let number = |at: usize| fields[at].parse::<i128>().expect("an amount");
        (name, (number(budget), number(spent)))
    };
    report.rows.iter().map(read).filter(|(_, sums)| *sums != (0, 0)).collect()
}

fn total(report: &Report) -> (i128, i128) {
    let fields: Vec<&str> = report.total.split('\t').collect();
    let number = |name| fields[column(report, name)].parse().expect("an amount");
    (number("budget"), number("spent"))
}

fn tale(
    parents: &[u8],
    quotas: &[Quota],
    payments: &[Payment],
    moves: &[(u8, u8, u8, bool)],
) -> Tale {
    let parents: Vec<u16> = (0_u16..)
        .zip(parents)
        .map(|(index, &parent)| if index == 0 { 0 } else { u16::from(parent) % index })
        .collect();
    let mut tale = Tale::new(&parents);
    let mut serials = BTreeMap::new();
    let mut ids = Vec::new();
    for &quota in quotas {
        let division = u16::from(quota.0) % parents.len() as u16;
        let serial = serials.entry(division).or_insert(0);
        ids.push(tale.quota(*serial, quota));
        *serial += 1;
    }
    for (at, &(from, to, fen, arrives)) in moves.iter().enumerate() {
        let (from, to) = (usize::from(from) % ids.len(), usize::from(to) % ids.len());
        if from != to {
            tale.send(at as u128, (from, ids[from]), (to, ids[to]), fen.into(), arrives);
        }
    }
    for (number, &payment) in payments.iter().enumerate() {
        let at = usize::from(payment.0) % ids.len();
        tale.pay(number as u128 + 1, at, ids[at], payment);
    }
    tale
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Every question, answered as a recount of everything that was spent answers it.
    #[test]
    fn a_report_is_a_recount(
        parents in prop::collection::vec(any::<u8>(), 1..12),
        quotas in prop::collection::vec(any::<Quota>(), 1..20),
        payments in prop::collection::vec(any::<Payment>(), 0..40),
        moves in prop::collection::vec(any::<(u8, u8, u8, bool)>(), 0..12),
        head in any::<u8>(),
        basis in any::<bool>(),
        carry_over in any::<bool>(),
        whole_area in any::<bool>(),
        month in 0_u8..13,
        unit in prop::sample::select(vec!["", "101", "203001", "9"]),
        function in prop::sample::select(vec!["", "205", "2080505"]),
    ) {
        let tale = tale(&parents, &quotas, &payments, &moves);
        let head = u16::from(head) % tale.parents.len() as u16;
        let by = [
            Rows::Division, Rows::Area, Rows::Unit, Rows::Function, Rows::FunctionItem, Rows::Fund,
            Rows::Kind,
        ];
        for by in by {
            let question = ReportQuestion {
                division: code(head).into(),
                whole_area,
                by,
                basis: if basis { Basis::Paid } else { Basis::Cleared },
                carry_over,
                upto: (month > 0).then(|| TenDays::last_of_month(month)),
                unit: unit.into(),
                functional: function.into(),
                ..ReportQuestion::new(ReportKind::Execution, YEAR)
            };
            let report = tale.report(&question).expect("a report");
            let due = tale.recount(&question, head);
            let found = rows(&report, by);
            let due_rows: BTreeMap<_, _> =
                due.clone().into_iter().filter(|(_, sums)| *sums != (0, 0)).collect();
            prop_assert_eq!(&found, &due_rows, "{:?}", question);
            let sum = due.values().fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
            prop_assert_eq!(total(&report), sum);
        }
    }

    /// L6: an area is the sum of the own levels in it, whoever gave money to whom; and the budgets
    /// of all, what is a transfer and what is on its way are what was issued, each fen once.
    #[test]
    fn an_area_counts_no_fen_twice(
        parents in prop::collection::vec(any::<u8>(), 1..12),
        quotas in prop::collection::vec(any::<Quota>(), 1..20),
        payments in prop::collection::vec(any::<Payment>(), 0..40),
        moves in prop::collection::vec(any::<(u8, u8, u8, bool)>(), 0..30),
    ) {
        let tale = tale(&parents, &quotas, &payments, &moves);
        let ask = |division: u16, whole_area| {
            let division = code(division).into();
            let execution = ReportQuestion::new(ReportKind::Execution, YEAR);
            total(&tale.report(&ReportQuestion { division, whole_area, ..execution }).expect("it"))
        };
        let divisions = 0..tale.parents.len() as u16;
        for head in divisions.clone() {
            let below = divisions.clone().filter(|&division| tale.is_below(division, head));
            let own = below.map(|division| ask(division, false));
            let sum = own.fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
            prop_assert_eq!(ask(head, true), sum, "{}", head);
        }
        let books: Vec<_> = tale.ledger.books().collect();
        let cells = books.iter().flat_map(|book| tale.ledger.cells(*book));
        let transfers: i128 =
            cells.filter(|cell| cell.key.transfer).map(|cell| cell.funds.own()).sum();
        let moves = books.iter().flat_map(|book| tale.ledger.in_transit(*book));
        let on_the_way: i128 = moves.map(|(_, moved)| i128::from(moved.amount)).sum();
        let issued: i128 = quotas.iter().map(|quota| i128::from(quota.5)).sum();
        prop_assert_eq!(ask(0, true).0 + transfers + on_the_way, issued);
    }
}

/// Each quota's figures are amounts; a sum over many is larger than any of them may be.
#[test]
fn sums_over_many_quotas_go_beyond_what_one_may_hold() {
    let mut tale = Tale::new(&[0]);
    for serial in 0..1_100 {
        let quota = tale.quota(serial, (0, 0, 0, 0, 0, 1));
        tale.issue(serial as usize, quota, AMOUNT_FEN_MAX - 1);
    }
    let question = ReportQuestion::new(ReportKind::Execution, YEAR);
    let report = tale.report(&question).expect("a report");
    let all = 1_100 * i128::from(AMOUNT_FEN_MAX);
    assert!(all > i128::from(i64::MAX));
    assert_eq!(total(&report), (all, 0));
}

/// Months and ten-day periods add up to the year, and to each other.
#[test]
fn periods_add_up() {
    let payments: Vec<Payment> =
        (0..200).map(|n| (n as u8, 100 + n, n * 7, (n % 5) as u8, n as u8)).collect();
    let quotas = [(0, 0, 0, 0, 0, 900_000), (0, 1, 2, 0, 0, 800_000)];
    let tale = tale(&[0], &quotas, &payments, &[]);
    let ask = |kind, by, upto| {
        let question = ReportQuestion { by, upto, ..ReportQuestion::new(kind, YEAR) };
        tale.report(&question).expect("a report")
    };
    let year = total(&ask(ReportKind::Execution, Rows::Division, None));
    for by in [Rows::Month, Rows::TenDays] {
        let report = ask(ReportKind::Execution, by, None);
        let spent = column(&report, "spent");
        let rows = report.rows.iter().map(|line| line.split('\t').nth(spent).expect("an amount"));
        let sum: i128 = rows.map(|fen| fen.parse::<i128>().expect("an amount")).sum();
        assert_eq!(sum, year.1);
    }
    let mut so_far = 0;
    for month in 1..=12 {
        let upto = Some(TenDays::last_of_month(month));
        let monthly = ask(ReportKind::Monthly, Rows::Division, upto);
        let fields: Vec<&str> = monthly.total.split('\t').collect();
        let in_month: i128 = fields[column(&monthly, "month")].parse().expect("an amount");
        so_far += in_month;
        assert_eq!(total(&monthly).1, so_far, "{month}");
        let thirds = (0..3).map(|third| {
            let upto = TenDays::from_number(TenDays::first_of_month(month).number() + third);
            let ten_days = ask(ReportKind::TenDay, Rows::Division, upto);
            let fields: Vec<&str> = ten_days.total.split('\t').collect();
            fields[column(&ten_days, "ten_days")].parse::<i128>().expect("an amount")
        });
        assert_eq!(thirds.sum::<i128>(), in_month, "{month}");
    }
    assert_eq!(so_far, year.1);
}

/// From the province to one quota, every step down adds up to the line above it.
#[test]
fn a_drill_down_ends_at_the_quotas() {
    let payments: Vec<Payment> =
        (0..100).map(|n| (n as u8, 100 + n, n, (n % 5) as u8, n as u8)).collect();
    let quotas: Vec<Quota> =
        (0..40).map(|n| (n % 7, n / 3, n / 2, 0, if n % 9 == 0 { 2 } else { 0 }, 50_000)).collect();
    // A province, two cities, four counties.
    let tale = tale(&[0, 0, 0, 1, 1, 2, 2], &quotas, &payments, &[]);
    let ask = |division: u16, whole_area, by, unit: &str| {
        let (division, unit) = (code(division).into(), unit.into());
        let execution = ReportQuestion::new(ReportKind::Execution, YEAR);
        tale.report(&ReportQuestion { division, whole_area, by, unit, ..execution }).expect("it")
    };
    let province = ask(0, true, Rows::Area, "");
    let cities = rows(&province, Rows::Area);
    assert_eq!(cities.keys().collect::<Vec<_>>(), [&code(0), &code(1), &code(2)]);
    let city = ask(1, true, Rows::Area, "");
    assert_eq!(total(&city), cities[&code(1)]);
    let county = ask(3, true, Rows::Unit, "");
    assert_eq!(total(&county), rows(&city, Rows::Area)[&code(3)]);
    for (name, sums) in rows(&county, Rows::Unit) {
        let unit = name.split(' ').nth(1).expect("a unit");
        let of_quotas = ask(3, false, Rows::Quota, unit);
        assert_eq!(total(&of_quotas), sums, "{unit}");
        assert!(of_quotas.rows.iter().all(|line| line.contains(unit)));
    }
}

#[test]
fn what_cannot_be_reported_is_refused_with_the_reason() {
    let tale = tale(&[0, 0], &[(0, 0, 0, 0, 0, 5), (1, 0, 0, 0, 0, 5)], &[], &[]);
    let ask = |change: &dyn Fn(&mut ReportQuestion)| {
        let mut question = ReportQuestion::new(ReportKind::Execution, YEAR);
        change(&mut question);
        tale.report(&question).map(drop)
    };
    let unknown = ask(&|q| q.division = "999999999".into());
    assert_eq!(unknown, Err(NoReport::NoDivision("999999999".into())));
    assert_eq!(ask(&|q| q.by = Rows::Quota), Err(NoReport::ManyDivisions));
    let upto = TenDays::from_number(3);
    let by_period = |q: &mut ReportQuestion| {
        (q.by, q.whole_area, q.upto) = (Rows::Quota, false, upto);
    };
    assert_eq!(ask(&by_period), Err(NoReport::NoPeriods));
    let text = NoReport::NoDivision("1".into()).to_string();
    assert_eq!(text, "no division \"1\" is registered");
}

/// A page says its basis, its scope, what is left out, and how far the year has gone.
#[test]
fn a_page_says_what_it_is() {
    let quotas = [(0, 0, 0, 0, 1, 500), (0, 0, 0, 0, 2, 700), (0, 0, 0, 0, 0, 900)];
    let tale = tale(&[0], &quotas, &[(2, 90, 30, 2, 0)], &[]);
    let question = ReportQuestion {
        carry_over: false,
        basis: Basis::Cleared,
        ..ReportQuestion::new(ReportKind::Execution, YEAR)
    };
    let report = tale.report(&question).expect("a report");
    let said: BTreeMap<&str, &str> =
        report.statements.iter().map(|said| (&*said.name, &*said.text)).collect();
    assert!(said["basis"].starts_with("cleared, 清算口径"), "{said:?}");
    assert!(said["scope"].starts_with("whole area, 全辖: 370000000 区, 1 divisions"), "{said:?}");
    assert_eq!(said["carry-over"], "out, 不含结转: ¥5.00 left out");
    assert!(said["transfers"].contains("¥7.00"), "{said:?}");
    assert_eq!(said["time-progress"], "8.49% by 2022-01-31");
    assert_eq!(total(&report), (900, 100));
    assert!(report.columns.iter().any(|column| column.form == Form::BasisPoints));
}

/// An alert is raised once at its threshold, stays while the value wavers above where it is
/// cleared, and is cleared once. A division below has the province's threshold, or its own.
#[test]
fn alerts_are_raised_and_cleared_once_each() {
    let mut tale = tale(&[0, 0], &[(1, 0, 0, 0, 0, 1000), (0, 0, 0, 0, 0, 1000)], &[], &[]);
    tale.file(0, "+threshold\tbehind\texecution-behind\t1500\t500\t\n");
    tale.file(1, "+threshold\tbehind\texecution-behind\t9000\t500\t\n");
    let of = |tale: &Tale| -> Vec<(u16, bool, i64, u32)> {
        let all = tale.ledger.alerts().all();
        all.map(|((division, _), _, alert)| (division.0, alert.raised, alert.value, alert.times))
            .collect()
    };
    let (low, high) =
        (QuotaId::new(DivisionIndex(1), YEAR, 0), QuotaId::new(DivisionIndex(0), YEAR, 0));
    // 31 January: 8.49 % of the year, and 10 fen of 1000 paid.
    tale.pay(1, 0, low, (0, 0, 30, 1, 0));
    assert_eq!(of(&tale), []);
    // 1 March: 16.44 %; the province has paid nothing, the county 2 %.
    tale.pay(2, 0, low, (0, 0, 59, 1, 0));
    assert_eq!(of(&tale), [(0, true, 1644, 1)]);
    // Up to 6 % it wavers.
    tale.pay(3, 1, high, (0, 50, 59, 1, 0));
    assert_eq!(of(&tale), [(0, true, 1644, 1)]);
    // With 12 % it is cleared, and with the year it comes back.
    tale.pay(4, 1, high, (0, 50, 59, 1, 0));
    assert_eq!(of(&tale), [(0, false, 444, 1)]);
    tale.pay(5, 0, low, (0, 0, 359, 0, 0));
    assert_eq!(of(&tale), [(0, true, 8663, 2), (1, true, 9663, 1)]);
    // Whose threshold is gone is alarmed by the province's, and that by none.
    tale.file(1, "-threshold\tbehind\n");
    tale.file(0, "-threshold\tbehind\n");
    assert_eq!(of(&tale).iter().map(|alert| alert.1).collect::<Vec<_>>(), [false, false]);
    let report = tale.report(&ReportQuestion::new(ReportKind::Alerts, YEAR)).expect("a report");
    assert_eq!(report.rows.len(), 2);
    let states: BTreeSet<&str> =
        report.rows.iter().map(|line| line.split('\t').next().expect("a state")).collect();
    assert_eq!(states, BTreeSet::from(["cleared 解除"]));
}

/// A payment dated ahead moves the year on to the day it is journaled on, and no further, for nobody.
#[test]
fn no_payment_moves_the_year_on_by_its_date() {
    let quotas = [(1, 0, 0, 0, 0, 1000), (0, 0, 0, 0, 0, 1000)];
    let mut tale = tale(&[0, 0], &quotas, &[], &[]);
    tale.file(0, "+threshold\tbehind\texecution-behind\t2500\t500\t\n");
    let quota = QuotaId::new(DivisionIndex(1), YEAR, 0);
    let said = |tale: &Tale| {
        let report = tale.report(&ReportQuestion::new(ReportKind::Execution, YEAR)).expect("it");
        let said = report.statements.iter().find(|said| &*said.name == "time-progress");
        said.expect("how far the year has gone").text.to_string()
    };
    // Journaled on 31 January, one of the day before and one of New Year's Eve.
    tale.now_ms = YEAR_IS_OVER_MS - 334 * 24 * HOUR_MS - HOUR_MS;
    tale.pay(1, 0, quota, (0, 0, 29, 1, 0));
    assert_eq!(said(&tale), "8.22% by 2022-01-30");
    tale.pay(2, 0, quota, (0, 0, 364, 0, 0));
    assert_eq!(said(&tale), "8.49% by 2022-01-31");
    assert_eq!(tale.ledger.alerts().all().count(), 0, "nobody is behind in January");
    // An hour later it is February for whatever is journaled, and a payment of January is no step back.
    tale.now_ms += HOUR_MS;
    tale.pay(3, 0, quota, (0, 0, 364, 0, 0));
    assert_eq!(said(&tale), "8.77% by 2022-02-01");
    tale.pay(4, 0, quota, (0, 0, 5, 0, 0));
    assert_eq!(said(&tale), "8.77% by 2022-02-01");
}

fn raised(tale: &Tale) -> Vec<(u16, bool)> {
    tale.ledger.alerts().all().map(|((division, _), _, alert)| (division.0, alert.raised)).collect()
}

/// What ends in one division is looked at there; all are looked at where a threshold came with it.
#[test]
fn a_batch_is_looked_at_where_it_ends() {
    let quotas = [(1, 0, 0, 0, 0, 1000), (0, 0, 0, 0, 0, 1000), (2, 0, 0, 0, 0, 1000)];
    let mut tale = tale(&[0, 0, 0], &quotas, &[], &[]);
    tale.file(0, "+threshold\tlate\ttransit-hours\t1\t0\t\n");
    let of = |division| QuotaId::new(DivisionIndex(division), YEAR, 0);
    // Ten minutes past the hour.
    tale.now_ms += HOUR_MS + 600_000;
    tale.send(1, (1, of(0)), (0, of(1)), 5, false);
    tale.now_ms += 55 * 60_000;
    tale.end_batch(2, 8);
    assert_eq!(raised(&tale), [], "at the hour it was on the way for fifty-five minutes");
    tale.now_ms += 10 * 60_000;
    tale.end_batch(2, 9);
    assert_eq!(raised(&tale), [], "nothing has happened in the province");
    tale.stage(2, 10, "+threshold\tparked\tparked-facts\t3\t1\t\n");
    assert_eq!(raised(&tale), []);
    tale.end_batch(2, 10);
    assert_eq!(raised(&tale), [(0, true)]);
}

/// A division that moves under another one has that one's thresholds from then on.
#[test]
fn thresholds_follow_the_division_above() {
    let quotas = [(1, 0, 0, 0, 0, 1000), (0, 0, 0, 0, 0, 1000), (2, 0, 0, 0, 0, 1000)];
    let mut tale = tale(&[0, 0, 0], &quotas, &[], &[]);
    tale.file(2, "+threshold\tahead\texecution-ahead\t-9000\t-9500\t\n");
    let low = QuotaId::new(DivisionIndex(1), YEAR, 0);
    tale.pay(1, 0, low, (0, 200, 30, 2, 0));
    assert_eq!(raised(&tale), [(2, true)], "31 January");
    let card = |parent: u16| {
        format!("+division\t370000001\t县\tcounty\t{}\t1\t2\t2022-01-04\tactive\n", code(parent))
    };
    tale.file(1, &card(2));
    assert_eq!(raised(&tale), [(1, true), (2, true)]);
    tale.file(1, &card(0));
    assert_eq!(raised(&tale), [(1, false), (2, true)], "and no longer");
}

/// What it keeps of refunds, moves, plans, batches and facts in suspense counts too.
#[test]
fn every_kind_of_entry_takes_memory() {
    let quotas = [(1, 0, 0, 0, 0, 90_000_000), (0, 0, 0, 0, 0, 90_000_000)];
    let mut tale = tale(&[0, 0], &quotas, &[], &[]);
    let of = |division| QuotaId::new(DivisionIndex(division), YEAR, 0);
    let (high, low) = ((1, of(0)), (0, of(1)));
    let mut before = tale.ledger.bytes();
    let mut grew = |tale: &Tale, what: &str| {
        let now = tale.ledger.bytes();
        assert!(now >= before + 1_000 * 16, "{what}: {before} and then {now}");
        before = now;
    };
    (0..1_000).for_each(|at| tale.send(at, high, low, 5, false));
    grew(&tale, "moves");
    (0..1_000).for_each(|at| tale.pay(at + 1, 0, low.1, (0, 50, 30, 3, 7)));
    grew(&tale, "refunds");
    (0..1_000).for_each(|key| tale.plan(key + 1));
    grew(&tale, "plans");
    let shelves = tale.shelves.bytes();
    (0..1_000).for_each(|at| tale.stage(1, at + 1, "+threshold\tlate\ttransit-hours\t1\t0\t\n"));
    assert!(tale.shelves.bytes() >= shelves + 32_000, "staged papers");
    for unit in 0..1_000 {
        tale.file(0, &format!("+unit\tU{unit}\t一中\t\t1\tpublic-one\tfull\t1\t\t\t\t\tactive\n"));
    }
    assert!(tale.shelves.bytes() >= shelves + 64_000, "rows on file");
}

/// The bulletin counts units from their first payment, and what lies open.
#[test]
fn the_bulletin_counts_what_is_live_and_what_lies_open() {
    let quotas = [(0, 0, 0, 0, 0, 5000), (0, 1, 0, 0, 0, 5000), (1, 2, 0, 0, 0, 100)];
    let payments = [(0, 50, 30, 2, 0), (0, 50, 31, 0, 0), (1, 50, 40, 1, 0)];
    let mut tale = tale(&[0, 0], &quotas, &payments, &[(0, 2, 40, false)]);
    tale.file(
        0,
        "+division\t370000000\t省\tprovince\t\t1\t2\t2022-01-04\tactive\n\
         +unit\t101001\t一中\t\t1\tpublic-one\tfull\t1\t\t\t\t\tactive\n\
         +unit\t101003\t三中\t\t1\tpublic-one\tfull\t1\t\t\t\t\tactive\n",
    );
    tale.now_ms += 30 * 3_600_000;
    let report = tale.report(&ReportQuestion::new(ReportKind::Bulletin, YEAR)).expect("a report");
    let fields: Vec<Vec<&str>> =
        report.rows.iter().map(|line| line.split('\t').collect()).collect();
    let at = |row: usize, name: &str| fields[row][column(&report, name)];
    assert_eq!((at(0, "go_live"), at(0, "state")), ("2022-01-04", "live 已上线"));
    assert_eq!((at(0, "units"), at(0, "units_live"), at(0, "units_new")), ("2", "2", "1"));
    assert_eq!((at(0, "payments"), at(0, "on_line"), at(0, "on_line_share")), ("3", "3", "10000"));
    assert_eq!((at(0, "transit_day"), at(0, "transit_three_days")), ("0", "1"));
    assert_eq!((at(0, "transit"), at(1, "state")), ("40", "no card 未登记"));
    assert_eq!((at(1, "units_live"), at(1, "on_line_share")), ("0", ""));

    // Townships have no books of their own: their units pay from the division's quotas.
    tale.file(
        0,
        "+subdivision\t370000100\t甲镇\ttownship\t370000000\t2\t2022-01-04\tactive\n\
         +subdivision\t370000200\t乙镇\ttownship\t370000000\t2\t\tactive\n\
         +unit\t101001\t一中\t\t1\tpublic-one\tfull\t1\t\t\t370000100\t\tactive\n",
    );
    let by = Rows::Township;
    let bulletin = ReportQuestion { by, ..ReportQuestion::new(ReportKind::Bulletin, YEAR) };
    let report = tale.report(&bulletin).expect("a report");
    let fields: Vec<Vec<&str>> =
        report.rows.iter().map(|line| line.split('\t').collect()).collect();
    let at = |row: usize, name: &str| fields[row][column(&report, name)];
    assert_eq!((at(0, "division"), at(0, "state")), ("370000100", "live 已上线"));
    assert_eq!((at(0, "units"), at(0, "units_live"), at(0, "payments")), ("1", "1", "2"));
    assert_eq!((at(1, "state"), at(1, "payments"), at(1, "parked")), ("not yet 未上线", "0", ""));
    let execution = ReportQuestion { by, ..ReportQuestion::new(ReportKind::Execution, YEAR) };
    let report = tale.report(&execution).expect("a report");
    let (name, spent) = (column(&report, "township"), column(&report, "spent"));
    let has = |line: &String| {
        let fields: Vec<&str> = line.split('\t').collect();
        (fields[name], fields[spent]) == ("370000100", "60")
    };
    assert!(report.rows.iter().any(has), "{:?}", report.rows);
}

/// A deviation is listed with whether it holds on the day business has come to.
#[test]
fn deviations_are_listed_with_their_state() {
    let mut tale = tale(&[0, 0], &[(0, 0, 0, 0, 0, 5000)], &[(0, 50, 45, 0, 0)], &[]);
    let row = |rule: &str, from: &str, to: &str, checker: u64| {
        format!(
            "+deviation\t{rule}\t鲁财库〔2022〕7号\t{from}\t{to}\twarn\tamount > 0\t0.00\t0\t试点\t7\t{checker}\n"
        )
    };
    tale.file(1, &row("R-LARGE", "2022-01-01", "2022-12-31", 8));
    tale.file(1, &row("R-SPLIT", "2022-01-01", "2022-01-31", 8));
    tale.file(0, &row("R-SLOW", "2022-06-01", "2022-12-31", 8));
    tale.file(0, &row("R-DORM", "2022-01-01", "2022-12-31", 0));
    let report = tale.report(&ReportQuestion::new(ReportKind::Deviations, YEAR)).expect("a report");
    let fields = report.rows.iter().map(|line| line.split('\t').collect::<Vec<_>>());
    let states: Vec<(String, String)> = fields
        .map(|fields| (fields[3], fields[2].split(' ').next_back().expect("a state")))
        .map(|(rule, state)| (rule.to_owned(), state.to_owned()))
        .collect();
    let states: Vec<(&str, &str)> =
        states.iter().map(|(rule, state)| (&**rule, &**state)).collect();
    assert_eq!(
        states,
        [("R-SLOW", "未生效"), ("R-DORM", "待复核"), ("R-SPLIT", "已到期"), ("R-LARGE", "生效中")]
    );
    let said = report.statements.iter().find(|said| &*said.name == "deviations").expect("it");
    assert_eq!(&*said.text, "4 on file, 1 in force");
}

/// Thresholds come by a paper; a line that does not fit is named, and nothing is taken.
#[test]
fn thresholds_come_by_paper() {
    let mut world = World::new();
    let division = DivisionIndex(1);
    let by = |role| By { person: PersonId(7), role, channel: ChannelId(1) };
    let (code, parent, name) = (*b"370102000", DivisionIndex::PROVINCE, "区");
    let register = Body::Register(Register { division, code, parent, name });
    world.send(&Command { by: by(Role::Operator), body: register });
    let mut acts = 0;
    let mut file = |kind, text| {
        acts += 1;
        let (batch, checker, day) = (BatchId(0), PersonId::NOBODY, None);
        let act = ActId(acts);
        let paper = Paper { act, division, year: YEAR, kind, batch, checker, day, text };
        let answer = world.send(&Command { by: by(Role::Finance), body: Body::File(paper) }).answer;
        let place = answer.refusal.and_then(|refusal| refusal.figures().next());
        (answer.code, place.map(|at| (at.requested_fen.get(), at.left_fen.get())))
    };
    let (put, remove) = (PaperKind::ThresholdPut, PaperKind::ThresholdRemove);
    let good = "A\theld-payments\t5\t2\t\nB\tparked-facts\t9\t0\t核对";
    assert_eq!(file(put, good), (Code::Accepted, None));
    let wavers = "C\theld-payments\t5\t2\t\nD\theld-payments\t5\t5\t";
    assert_eq!(file(put, wavers), (Code::BadRow, Some((2, 4))));
    assert_eq!(file(put, "C\theld\t5\t2\t"), (Code::BadRow, Some((1, 2))));
    assert_eq!(file(remove, "C"), (Code::NoRow, Some((1, 1))));
    assert_eq!(file(remove, "A"), (Code::Accepted, None));
    let office = world.divisions[&1].year(YEAR).expect("papers began it").office();
    let codes: Vec<&str> = office.all::<Threshold>().map(|row| &*row.code).collect();
    assert_eq!(codes, ["B"]);
}
