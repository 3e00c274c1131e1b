//! What a small province has on file at its engine, and the payments that its desks order there.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use domain::codes::{ActKind, Method, PaymentState, Role, StepKind, YearState};
use domain::command::{Act, Body, By, Command, Create, Paper, Register, Reserve, SetYear, Step};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, DivisionIndex, FiscalYear, PaymentId, PersonId,
    QuotaId,
};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText};

use domain::Fen;
use protocol::client::{BlockingClient, Options};
use protocol::limits::LOOK_UPS_PER_FRAME_MAX;
use protocol::lookup::{Answer, LookUp};
use protocol::{Hello, Outcome, Value};

use super::{BANKS, DIVISION_CODE, Province, TREASURY, until};
use crate::plain;

/// The division.
const DIVISION: DivisionIndex = DivisionIndex(901);

/// The year of its quotas.
pub(super) const YEAR: u16 = 2022;

/// The function that its payments are for, as quotas name it.
pub(super) const FUNCTION: &str = "2050203";

/// The department that its units belong to.
pub(super) const DEPARTMENT: &str = "101";

/// Whose posts are taken: nobody approves what they made.
const MAKER: u64 = 1;
const CHECKER: u64 = 2;
const OFFICER: u64 = 3;
const OPERATOR: u64 = 4;

/// The first payment's amount; each next one is worth a fen more, so that one cannot stand for another.
const FIRST_FEN: i64 = 10_000;

/// Payments of one frame: each is reserved, approved and ordered.
const PER_FRAME: u64 = 500;

fn year() -> FiscalYear {
    FiscalYear::new(YEAR).expect("a year that an id can name")
}

fn by(person: u64, role: Role) -> By {
    By { person: PersonId(person), role, channel: ChannelId(1) }
}

fn connect(engine: SocketAddr, role: Role) -> Result<BlockingClient> {
    let hello = Hello::new(role, ChannelId(1), "treasury demo");
    Ok(BlockingClient::connect(engine.to_string(), hello, Options::default())?)
}

/// Gives commands that have to be accepted.
fn give(client: &BlockingClient, commands: &[Command<'_>]) -> Result<Vec<protocol::client::Told>> {
    let outcomes = client.submit_all(commands)?;
    let told = outcomes.into_iter().zip(commands).map(|(outcome, command)| match outcome {
        Outcome::Done(told) => Ok(told),
        Outcome::Refused(told) => bail!("{command:?} is refused: {}", told.result.code),
        Outcome::Unknown => bail!("{command:?} has no answer"),
    });
    told.collect()
}

/// Registers the division with its units, banks and accounts, and makes a quota for the unit of each bank, with so
/// much money.
pub(super) fn put_on_file(engine: SocketAddr, each_fen: Fen) -> Result<[QuotaId; BANKS.len()]> {
    let register = Register {
        division: DIVISION,
        code: *b"379998000",
        parent: DivisionIndex::PROVINCE,
        name: "结算演示区",
    };
    ensure!(register.code == DIVISION_CODE.as_bytes(), "one division has one code");
    let open = SetYear { act: ActId(1), division: DIVISION, year: year(), state: YearState::Open };
    let operator = by(OPERATOR, Role::Operator);
    let bodies = [Body::Register(register), Body::SetYear(open)];
    let commands = bodies.map(|body| Command { by: operator, body });
    give(&connect(engine, Role::Operator)?, &commands)?;
    let text = rows();
    let paper = Paper {
        act: ActId(2),
        division: DIVISION,
        year: year(),
        kind: PaperKind::BasePut,
        batch: BatchId(0),
        checker: PersonId::NOBODY,
        day: None,
        text: &text,
    };
    let officer = by(OFFICER, Role::Finance);
    let finance = connect(engine, Role::Finance)?;
    give(&finance, &[Command { by: officer, body: Body::File(paper) }])?;
    let keys = BANKS
        .map(|bank| format!("{DIVISION_CODE}/{}/{FUNCTION}/50502/30201/111/P-1/R-1", bank.unit));
    let mut quotas = [QuotaId::NONE; BANKS.len()];
    for ((quota, key), number) in quotas.iter_mut().zip(&keys).zip(0..) {
        let plain = plain::quota(ActId(10 + number), DIVISION, year(), key);
        let create = Create { economic: Class::ANY, ..plain };
        let told = give(&finance, &[Command { by: officer, body: Body::Create(create) }])?;
        let Value::Created(made) = told[0].result.value else { bail!("no quota was made") };
        *quota = made;
        let issue = Act {
            kind: ActKind::Issue,
            act: ActId(20 + number),
            quota: made,
            amount_fen: each_fen,
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        give(&finance, &[Command { by: officer, body: Body::Act(issue) }])?;
    }
    Ok(quotas)
}

/// Units, agent banks and accounts, as a paper has them.
fn rows() -> String {
    let mut rows =
        format!("unit\t{DEPARTMENT}\t教育局\t\t1\tadministrative\tfull\t2\t\t\t\t\tactive\n");
    for bank in &BANKS {
        let (unit, name) = (bank.unit, bank.unit_name);
        rows += &format!(
            "unit\t{unit}\t{name}\t{DEPARTMENT}\t2\tpublic-one\tfull\t1\t\t\t\t\tactive\n\
             agent-bank\t{}\t{}\t{}\tactive\n\
             account\t{}\t{}\tunit-zero\tunit\t{unit}\t{}\t{}\t{}\t\tactive\n",
            bank.code,
            bank.name,
            bank.number,
            bank.account,
            bank.account_name,
            bank.code,
            bank.name,
            bank.number,
        );
    }
    rows += &format!(
        "account\t{TREASURY}01\t国库存款\ttreasury-single\tfinance\t\t\t国库\t011451099997\t{TREASURY}\tactive\n"
    );
    rows
}

/// The payments that were ordered so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Payments {
    ordered: u64,
}

impl Payments {
    /// How many there are.
    pub(crate) fn count(self) -> u64 {
        self.ordered
    }

    /// What they are worth, all together.
    pub(crate) fn sum_fen(self) -> i128 {
        (1..=self.ordered).map(|payment| i128::from(amount_fen(payment).get())).sum()
    }

    /// What those at a bank are worth.
    pub(crate) fn sum_at_fen(self, bank: usize) -> i128 {
        let of_bank = (1..=self.ordered).filter(|payment| bank_of(*payment) == bank);
        of_bank.map(|payment| i128::from(amount_fen(payment).get())).sum()
    }

    /// The payment whose order a bank hears at a place, from 0.
    pub(crate) fn heard_at(bank: usize, place: u64) -> u64 {
        let first = (1..).find(|payment| bank_of(*payment) == bank).expect("a bank has payments");
        first + place * BANKS.len() as u64
    }

    /// Reserves, approves and orders so many more, in turn from the quotas of all banks' units.
    ///
    /// # Errors
    /// If the engine refuses one.
    pub(crate) fn order(&mut self, province: &Province, count: u64) -> Result<()> {
        let engine = province.engine.address;
        let [maker, checker, officer] = [
            (MAKER, Role::Maker, None),
            (CHECKER, Role::Checker, Some(StepKind::ApproveUnit)),
            (OFFICER, Role::Finance, Some(StepKind::Instruct)),
        ];
        let mut desks = Vec::new();
        for (person, role, step) in [maker, checker, officer] {
            desks.push((connect(engine, role)?, by(person, role), step));
        }
        let end = self.ordered + count;
        while self.ordered < end {
            let frame = self.ordered + 1..=(self.ordered + PER_FRAME).min(end);
            let words: Vec<Vec<u8>> =
                frame.clone().map(|payment| text_of(payment).encode()).collect();
            for (desk, by, step) in &desks {
                let commands = frame.clone().zip(&words).map(|(payment, words)| {
                    let quota = province.quota(bank_of(payment));
                    let body = match *step {
                        None => Body::Reserve(reservation(payment, quota, words)),
                        Some(kind) => Body::Step(step_of(kind, payment, quota)),
                    };
                    Command { by: *by, body }
                });
                give(desk, &commands.collect::<Vec<_>>())?;
            }
            self.ordered = *frame.end();
        }
        Ok(())
    }

    /// Waits until all of them are in a state, as the engine has them.
    ///
    /// # Errors
    /// If the engine is gone, or none gets there any more.
    pub(crate) fn all_are(self, province: &Province, state: PaymentState) -> Result<()> {
        until(&format!("every payment is {state}"), || {
            Ok((self.in_state(province, state)?, self.count()))
        })
    }

    /// How many are in a state, as the engine has them.
    ///
    /// # Errors
    /// If the engine is gone, or does not know one.
    pub(crate) fn in_state(self, province: &Province, state: PaymentState) -> Result<u64> {
        let client = connect(province.engine.address, Role::Operator)?;
        let all: Vec<u64> = (1..=self.ordered).collect();
        let mut count = 0;
        for some in all.chunks(LOOK_UPS_PER_FRAME_MAX) {
            let asked = some.iter().map(|&payment| LookUp::Payment {
                division: DIVISION,
                year: year(),
                id: PaymentId(u128::from(payment)),
            });
            let (_, answers) = client.look_up(asked.collect())?;
            for (answer, payment) in answers.into_iter().zip(some) {
                let Answer::Payment(view) = answer else {
                    bail!("the engine has no payment {payment}: {answer:?}")
                };
                count += u64::from(view.state == state);
            }
        }
        Ok(count)
    }
}

/// A payment as finance's store is asked for it.
pub(super) fn named(payment: u64) -> serde_json::Value {
    serde_json::json!({
        "division": DIVISION.0, "year": YEAR, "payment": PaymentId(u128::from(payment)).to_string(),
    })
}

/// Whose unit pays a payment.
fn bank_of(payment: u64) -> usize {
    usize::try_from(payment % BANKS.len() as u64).expect("there are few banks")
}

fn amount_fen(payment: u64) -> Fen {
    let more = i64::try_from(payment).expect("fewer payments than fen");
    Fen::new(FIRST_FEN).checked_add(Fen::new(more)).expect("small amounts")
}

fn text_of(payment: u64) -> ParticularsText {
    ParticularsText {
        payee_name: "泉城文具有限公司".to_owned(),
        payee_account: format!("16020001{payment:08}"),
        payee_bank: "102451099999".to_owned(),
        purpose: "办公用品".to_owned(),
        ..ParticularsText::default()
    }
}

fn reservation(payment: u64, quota: QuotaId, words: &[u8]) -> Reserve<'_> {
    let id = PaymentId(u128::from(payment));
    let plain = plain::reservation(id, quota, amount_fen(payment), &[]);
    let day = domain::ids::Day::new(20_220_304).expect("a day");
    Reserve { method: Method::Authorized, day, particulars: Particulars::trusted(words), ..plain }
}

fn step_of(kind: StepKind, payment: u64, quota: QuotaId) -> Step<'static> {
    let payment = PaymentId(u128::from(payment));
    let serial = u64::from(kind == StepKind::Instruct) + 1;
    Step { kind, payment, quota, serial, reason: "" }
}
