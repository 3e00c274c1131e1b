//! What micro-benches share: a division with quotas to pay from, and reservations to send.

use domain::apply::apply;
use domain::codes::{ActKind, AuthorityKind, BusinessKind, Method, Posts, Role, YearState};
use domain::command::{Act, Body, By, Command, Create, Paper, Register, Reserve, SetYear};
use domain::contents::{HashKey, fingerprint};
use domain::decide::{Verdict, receive};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear,
    LimitKey, PaymentId, PersonId, QuotaId,
};
use std::sync::LazyLock;

use domain::event::{Event, EventBody};
use domain::office::paper::PaperKind;
use domain::office::rules::defaults;
use domain::particulars::{Particulars, ParticularsText};
use domain::{Division, Fen};

/// Quotas of the division: as many as the province has.
pub const QUOTAS: u64 = 194_100;

/// The key of the data set.
pub const KEY: HashKey = HashKey([7; 16]);

/// The division and year of everything.
pub const DIVISION: DivisionIndex = DivisionIndex(0);

fn by(role: Role) -> By {
    By { person: PersonId(1), role, channel: ChannelId(1) }
}

fn year() -> FiscalYear {
    FiscalYear::from_offset(22)
}

/// The quota with a serial.
#[must_use]
pub fn quota(serial: u64) -> QuotaId {
    QuotaId::new(DIVISION, year(), serial)
}

/// Takes a command that must be accepted.
///
/// # Panics
/// If it is not.
pub fn take(division: &mut Division, role: Role, body: Body<'_>) {
    let command = Command { by: by(role), body };
    match receive(division, &command, fingerprint(KEY, &command), 0) {
        Verdict::Event(event) => {
            if let EventBody::Refused { refusal, .. } = &event.body {
                panic!("{refusal:?}");
            }
            apply(division, &event, 0);
        }
        Verdict::Answer(answer) => panic!("{}", answer.code),
    }
}

/// A division with [`QUOTAS`] quotas and plenty on each.
#[must_use]
pub fn division() -> Division {
    let mut division = empty();
    quotas(&mut division, |serial| serial.to_string());
    division
}

fn empty() -> Division {
    let mut division = Division::new(DIVISION, KEY);
    let register =
        Register {
            division: DIVISION, code: *b"370000000", parent: DIVISION, name: "山东省本级"
        };
    take(&mut division, Role::Operator, Body::Register(register));
    let open = SetYear { act: ActId(1), division: DIVISION, year: year(), state: YearState::Open };
    take(&mut division, Role::Operator, Body::SetYear(open));
    division
}

fn quotas(division: &mut Division, key: impl Fn(u64) -> String) {
    for serial in 0..QUOTAS {
        let key = key(serial);
        let create = Create {
            act: ActId(1 << 64 | u128::from(serial)),
            division: DIVISION,
            year: year(),
            parent: QuotaId::NONE,
            fund: Class(*b"111\0\0\0\0\0"),
            economic: Class(*b"302\0\0\0\0\0"),
            posts: Posts::UNIT,
            executable: true,
            plan: LimitKey(0),
            authority: AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
            key: &key,
        };
        // As documents bring it: where the division is under control, quotas come in no other way.
        take(division, Role::Engine, Body::Create(create));
        let issue = Act {
            kind: ActKind::Issue,
            act: ActId(2 << 64 | u128::from(serial)),
            quota: quota(serial),
            amount_fen: Fen::new(1 << 52),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        take(division, Role::Engine, Body::Act(issue));
    }
}

/// The reservation with a number, on a quota far from the one before.
#[must_use]
pub fn reservation(number: u64) -> Command<'static> {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let body = Body::Reserve(Reserve {
        payment: PaymentId(u128::from(number) << 64 | u128::from(scattered)),
        quota: quota(scattered % QUOTAS),
        amount_fen: Fen::new(100 + (number % 1000) as i64),
        economic: Class(*b"30201\0\0\0"),
        method: Method::Centralized,
        kind: BusinessKind::Single,
        day: Day::new(20_220_110).expect("a day"),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        deadline_ms: 0,
        one_act: false,
        particulars: Particulars::NONE,
    });
    Command { by: by(Role::Maker), body }
}

/// Units of the division under control; each has a project and a budget row for each of its quotas.
const UNITS: u64 = 1_000;

/// Payees of the division under control.
const PAYEES: u64 = 10_000;

/// A division like [`division`] with everything on file that a payment rests on, and the rules that
/// come with the program or none.
#[must_use]
pub fn division_under_control(with_rules: bool) -> Division {
    let mut division = empty();
    let mut rows = vec![
        "+division\t370000000\t山东省本级\tprovince\t\t1\t1\t2022-01-01\tactive".to_owned(),
        "+budget\tbudget\t布置\treplied\t1\t1\t\t\t\t\t2022-01-01\t1\t".to_owned(),
    ];
    for unit in 0..UNITS {
        rows.push(format!("+unit\t{unit}\t单位{unit}\t\t1\tpublic-one\tfull\t1\t\t\t\t\tactive"));
        rows.push(format!(
            "+project\tP{unit}\t项目\t{unit}\tspecific\t2022\t2022\t3\t9.00\t9.00\t文\tnone\t0\tG\t\t\t1\tselected\t2022\t1\t2\t"
        ));
    }
    for quota in 0..QUOTAS {
        let unit = quota % UNITS;
        rows.push(format!(
            "+budget-row\tR{quota}\t{unit}\tP{unit}\tplaced\t2050203\t50502\t302\t111\t2\t\t\t2022\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2"
        ));
    }
    for payee in 0..PAYEES {
        rows.push(format!(
            "+payee\t62220000{payee:08}\t收款人{payee}\t102451000018\tenterprise\tnone\t"
        ));
    }
    file(&mut division, &rows);
    quotas(&mut division, |quota| {
        format!("370000000/{}/2050203/50502/302/111/P{}/R{quota}", quota % UNITS, quota % UNITS)
    });
    if with_rules {
        let rule = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let (id, rest) = (fields[0], fields[1..].join("\t"));
            format!("+rule\t{id}\t1\t{rest}\tprovince\t0\t1\t2\t2022-01-01")
        };
        let rules: Vec<String> = defaults::lines().map(rule).collect();
        file(&mut division, &rules);
    }
    division
}

/// Puts rows on file, as events say it.
fn file(division: &mut Division, rows: &[String]) {
    for (at, rows) in rows.chunks(64).enumerate() {
        let command = Paper {
            act: ActId(3 << 64 | at as u128 | (rows.len() as u128) << 32),
            division: DIVISION,
            year: year(),
            kind: PaperKind::BasePut,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: "",
        };
        let changes = rows.iter().map(|row| format!("{row}\n")).collect::<String>().into();
        let body = EventBody::Filed { fingerprint: Fingerprint(0), changes, command };
        apply(division, &Event { by: by(Role::Finance), body }, 0);
    }
}

/// Particulars of payments to each payee, encoded once.
static PARTICULARS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let of = |invoice: u64| {
        let payee = invoice % PAYEES;
        let texts = ParticularsText {
            payee_name: format!("收款人{payee}"),
            payee_account: format!("62220000{payee:08}"),
            payee_bank: "102451000018".into(),
            purpose: format!("办公用品{}", invoice % 97),
            document: format!("发票 3700222130+{invoice:08}"),
            numbers: String::new(),
        };
        texts.encode()
    };
    (0..INVOICES).map(of).collect()
});

/// Invoices that payments name, before they begin anew.
const INVOICES: u64 = 1 << 20;

/// The reservation with a number, with everything rules ask for: to some payee, with an invoice of its
/// own.
///
/// # Panics
/// Never: the particulars are well formed.
#[must_use]
pub fn full_reservation(number: u64) -> Command<'static> {
    let mut command = reservation(number);
    if let Body::Reserve(reserve) = &mut command.body {
        let bytes = &PARTICULARS[(number % INVOICES) as usize];
        reserve.particulars = Particulars::parse(bytes).expect("six texts");
    }
    command
}
