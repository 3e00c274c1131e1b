//! A payment from its reservation to its clearing, by everyone who has a hand in it.
//!
//! ```sh
//! cargo run --example reserve -- 127.0.0.1:7370 [payment.json]
//! ```
//!
//! The payment's command is kept in a file before it is sent. When the server dies in mid-way, run
//! the same line again: the payment is asked for by its id, and goes on from where it stands. It
//! is never made twice.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use domain::codes::{
    ActKind, AuthorityKind, BusinessKind, FactKind, Method, Posts, StepKind, YearState,
};
use domain::command::{Act, Body, By, Create, Fact, Register, Reserve, SetYear, Step};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey,
    PaymentId, PersonId, QuotaId,
};
use domain::particulars::{Particulars, ParticularsText, account_hash};
use domain::{Command, Fen, Role};
use protocol::client::Options;
use protocol::json::{command_json, parse_command};
use protocol::limits::COMMAND_BYTES;
use protocol::{BlockingClient, Hello, IdKind, Outcome, Value, decode_command};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const DIVISION: DivisionIndex = DivisionIndex(1);
const YEAR: FiscalYear = FiscalYear::from_offset(26);
const ACCOUNT: &str = "6222020000000000017";

/// Staff numbers. Nobody fills two posts of one payment.
const OPERATOR: PersonId = PersonId(1);
const BUDGET: PersonId = PersonId(2);
const DESK: PersonId = PersonId(3);
const CHECKER: PersonId = PersonId(4);
const OFFICER: PersonId = PersonId(5);
const TELLER: PersonId = PersonId(6);
const TREASURER: PersonId = PersonId(7);

/// The channel by which all of this comes.
const CHANNEL: ChannelId = ChannelId(3);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:7370".to_owned());
    let kept = arguments.next().unwrap_or_else(|| "payment.json".to_owned());
    match run(&address, Path::new(&kept), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Pays, and tells how it goes.
pub(crate) fn run(address: &str, kept: &Path, out: &mut dyn Write) -> Result<()> {
    let quota = found_quota(address)?;
    let maker = desk(address, Role::Maker)?;
    let particulars = ParticularsText {
        payee_name: "齐鲁文具店".into(),
        payee_account: ACCOUNT.into(),
        purpose: "办公费".into(),
        ..ParticularsText::default()
    }
    .encode();

    let (payment, amount_fen) = match unfinished(kept)? {
        None => {
            let (payment, amount_fen) = (PaymentId(new_id()?), Fen::from_yuan("400.00")?);
            let particulars = Particulars::parse(&particulars).map_err(|code| code.english())?;
            let command = reservation(payment, quota, amount_fen, particulars);
            keep(kept, &command)?;
            writeln!(out, "reserve: {}", settled(maker.submit(&command)?)?)?;
            (payment, amount_fen)
        }
        Some(Kept { payment, amount_fen, row, tail }) => {
            writeln!(out, "{} has a payment that was not finished: asking", kept.display())?;
            match maker.outcome(IdKind::Payment, DIVISION, YEAR, payment.0)? {
                Some(outcome) => writeln!(out, "on record: {}", outcome.result.code.english())?,
                None => {
                    let command = decode_command(&row, &tail, Role::Maker, CHANNEL)
                        .map_err(|code| code.english())?;
                    writeln!(
                        out,
                        "never taken, sent again: {}",
                        settled(maker.submit(&command)?)?
                    )?;
                }
            }
            (payment, amount_fen)
        }
    };

    // What follows is known by the payment: sent again, it is a repeat and not a second step.
    let fact = |kind| fact(kind, payment, quota, amount_fen);
    let steps = [
        (Role::Checker, CHECKER, step(StepKind::ApproveUnit, payment, quota)),
        (Role::Finance, OFFICER, step(StepKind::Instruct, payment, quota)),
        (Role::Bank, TELLER, fact(FactKind::ConfirmPaid)),
        (Role::CentralBank, TREASURER, fact(FactKind::Clear)),
    ];
    for (role, person, body) in steps {
        let command = given(person, role, body);
        let told = settled(desk(address, role)?.submit(&command)?)?;
        writeln!(out, "{}: {told}", command.slug())?;
    }

    let view = maker.payment(DIVISION, YEAR, payment)?.ok_or("the payment is not there")?;
    let left = maker.quota(quota)?.ok_or("the quota is not there")?;
    let available = Fen::new(left.buckets.available());
    writeln!(out, "payment {payment} is {}", view.state.slug())?;
    writeln!(out, "quota {quota} has {} yuan available", available.to_yuan())?;

    // A refusal is an answer: it has a code, both languages, figures, and says what to do.
    let beyond = Fen::new(available.get() + 1);
    let asked = reservation(PaymentId(new_id()?), quota, beyond, Particulars::NONE);
    if let Outcome::Refused(told) = maker.submit(&asked)? {
        let code = told.result.code;
        writeln!(out, "one fen too many: {} {}", code.english(), code.chinese())?;
    }
    std::fs::remove_file(kept)?;
    Ok(())
}

pub(crate) fn desk(address: &str, role: Role) -> Result<BlockingClient> {
    let options = Options { deadline: Duration::from_secs(5), jitter_seed: new_id()? as u64 };
    Ok(BlockingClient::connect(address, Hello::new(role, CHANNEL, role.slug()), options)?)
}

/// A division, its year, a quota with money. The ids are fixed, so that a second run sends the
/// very same commands and hears the same answers.
pub(crate) fn found_quota(address: &str) -> Result<QuotaId> {
    let operator = desk(address, Role::Operator)?;
    let register = Register {
        division: DIVISION,
        code: *b"370102000",
        parent: DivisionIndex(0),
        name: "历下区",
    };
    settled(operator.submit(&given(OPERATOR, Role::Operator, Body::Register(register)))?)?;
    let open =
        SetYear { act: ActId(0xe7a1), division: DIVISION, year: YEAR, state: YearState::Open };
    settled(operator.submit(&given(OPERATOR, Role::Operator, Body::SetYear(open)))?)?;

    let finance = desk(address, Role::Finance)?;
    let create = Create {
        act: ActId(0xe7a2),
        division: DIVISION,
        year: YEAR,
        parent: QuotaId::NONE,
        fund: Class::new("111").ok_or("no class")?,
        economic: Class::ANY,
        posts: Posts::UNIT,
        executable: true,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key: "历下区财政局办公费",
    };
    let created = finance.submit(&given(BUDGET, Role::Finance, Body::Create(create)))?;
    let Outcome::Done(told) = created else { return Err(format!("{created:?}").into()) };
    let Value::Created(quota) = told.result.value else { return Err("no quota".into()) };
    let issue = Act {
        kind: ActKind::Issue,
        act: ActId(0xe7a3),
        quota,
        amount_fen: Fen::from_yuan("1000.00")?,
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: BatchId(0),
        note: "",
    };
    settled(finance.submit(&given(BUDGET, Role::Finance, Body::Act(issue)))?)?;
    Ok(quota)
}

fn given(person: PersonId, role: Role, body: Body<'_>) -> Command<'_> {
    Command { by: By { person, role, channel: CHANNEL }, body }
}

pub(crate) fn reservation(
    payment: PaymentId,
    quota: QuotaId,
    amount_fen: Fen,
    particulars: Particulars<'_>,
) -> Command<'_> {
    let reserve = Reserve {
        payment,
        quota,
        amount_fen,
        economic: Class::new("30201").expect("five digits are a class"),
        method: Method::Centralized,
        kind: BusinessKind::Single,
        day: day(),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        deadline_ms: 0,
        one_act: false,
        particulars,
    };
    given(DESK, Role::Maker, Body::Reserve(reserve))
}

fn step(kind: StepKind, payment: PaymentId, quota: QuotaId) -> Body<'static> {
    Body::Step(Step { kind, payment, quota, serial: 0, reason: "" })
}

/// A bank's report; its serial is made of the payment, so that a second run repeats it.
fn fact(kind: FactKind, payment: PaymentId, quota: QuotaId, amount_fen: Fen) -> Body<'static> {
    Body::Fact(Fact {
        kind,
        payment,
        quota,
        serial: payment.0 as u64,
        amount_fen,
        payee_hash: account_hash(ACCOUNT),
        day: day(),
        refund: 0,
        detail: 0,
        note: "",
    })
}

fn day() -> Day {
    Day::new(20_260_304).expect("a day of the calendar")
}

/// What was told of a command that must be taken.
fn settled(outcome: Outcome) -> Result<String> {
    match outcome {
        Outcome::Done(told) => {
            let again = if told.result.repeat { " (told again)" } else { "" };
            Ok(format!("{}{again}", told.result.code.english()))
        }
        Outcome::Refused(told) => {
            let code = told.result.code;
            Err(format!("refused: {} {}; {}", code.english(), code.chinese(), code.next_step())
                .into())
        }
        Outcome::Unknown => Err("not known whether it took effect: run the same line again".into()),
    }
}

/// On the disk before it is sent: an id that is forgotten cannot be asked for.
pub(crate) fn keep(kept: &Path, command: &Command<'_>) -> Result<()> {
    let text = command_json(command).ok_or("not a command of a client")?.to_string();
    let mut file = std::fs::File::create(kept)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

/// A reservation whose end is not known.
struct Kept {
    payment: PaymentId,
    amount_fen: Fen,
    row: [u8; COMMAND_BYTES],
    tail: Vec<u8>,
}

fn unfinished(kept: &Path) -> Result<Option<Kept>> {
    if !kept.exists() {
        return Ok(None);
    }
    let (row, tail) = parse_command(&std::fs::read(kept)?)?;
    let command =
        decode_command(&row, &tail, Role::Maker, CHANNEL).map_err(|code| code.english())?;
    let Body::Reserve(reserve) = command.body else { return Err("not a reservation".into()) };
    let (payment, amount_fen) = (reserve.payment, reserve.amount_fen);
    Ok(Some(Kept { payment, amount_fen, row, tail }))
}

/// A fresh id: drawn once and kept, for whoever calls the engine draws its own.
#[expect(clippy::disallowed_methods, reason = "an example is a caller from outside, and draws ids")]
fn new_id() -> Result<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(u128::from_le_bytes(bytes) | 1)
}
