//! What micro-benches share: a division with quotas to pay from, and reservations to send.

use domain::apply::apply;
use domain::codes::{ActKind, AuthorityKind, BusinessKind, Method, Posts, Role, YearState};
use domain::command::{Act, Body, By, Command, Create, Register, Reserve, SetYear};
use domain::contents::{HashKey, fingerprint};
use domain::decide::{Verdict, receive};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey,
    PaymentId, PersonId, QuotaId,
};
use domain::particulars::Particulars;
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
        Verdict::Event(event) => drop(apply(division, &event, 0)),
        Verdict::Answer(answer) => panic!("{}", answer.code),
    }
}

/// A division with [`QUOTAS`] quotas and plenty on each.
#[must_use]
pub fn division() -> Division {
    let mut division = Division::new(DIVISION, KEY);
    let register =
        Register {
            division: DIVISION, code: *b"370000000", parent: DIVISION, name: "山东省本级"
        };
    take(&mut division, Role::Operator, Body::Register(register));
    let open = SetYear { act: ActId(1), division: DIVISION, year: year(), state: YearState::Open };
    take(&mut division, Role::Operator, Body::SetYear(open));
    for serial in 0..QUOTAS {
        let key = serial.to_string();
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
        take(&mut division, Role::Finance, Body::Create(create));
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
        take(&mut division, Role::Finance, Body::Act(issue));
    }
    division
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
