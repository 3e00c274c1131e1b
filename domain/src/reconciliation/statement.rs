//! Statements as vouchers: their head held against their lines, their lines as lines to compare, and the answer.

use thiserror::Error;

use crate::ids::Day;
use crate::limits::VOUCHER_DETAILS_MAX;
use crate::money::{Fen, FenSum, yuan_plain};
use crate::voucher::document::Fields;
use crate::voucher::field::Form;
use crate::voucher::schema::schema;
use crate::voucher::{
    Detail, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber, form,
};

use super::class::{Class, Finding};
use super::line::{Figures, Item, ItemState, Line, Scope, Source};

/// Why a voucher has no lines to compare.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// It is no statement.
    #[error(
        "voucher {voucher} is no statement to compare; give receipts, 2206, 2301, 2302, 3501, 3502 or 3513"
    )]
    NoStatement {
        /// Which.
        voucher: VoucherKey,
    },
    /// A line lacks a field, or has something there that it cannot have.
    #[error("line {line} of voucher {voucher} has no good {}; return the voucher", field.wire_name())]
    Field {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which line, from 1.
        line: usize,
        /// Which field.
        field: Field,
    },
    /// The head lacks a field.
    #[error("the head of voucher {voucher} has no {}; return the voucher", field.wire_name())]
    Head {
        /// Which voucher.
        voucher: VoucherKey,
        /// Which field.
        field: Field,
    },
    /// Balances that are not what the lines make.
    #[error(
        "voucher {voucher} has {} before and {} after, and its lines come to {}; return the voucher",
        opening_fen.to_yuan(), closing_fen.to_yuan(), yuan_plain(*sum_fen)
    )]
    Balances {
        /// Which voucher.
        voucher: VoucherKey,
        /// Before.
        opening_fen: Fen,
        /// What its lines come to.
        sum_fen: FenSum,
        /// After.
        closing_fen: Fen,
    },
    /// An account's statement that does not go on where the one before ended.
    #[error(
        "voucher {voucher} begins with {}, and the one before it ended with {}; return the voucher",
        opening_fen.to_yuan(), before_fen.to_yuan()
    )]
    NotGoingOn {
        /// Which voucher.
        voucher: VoucherKey,
        /// Where the one before ended.
        before_fen: Fen,
        /// Where it begins.
        opening_fen: Fen,
    },
    /// Too many lines.
    #[error(
        "voucher {voucher} has {lines} lines and {VOUCHER_DETAILS_MAX} are the most; have it split"
    )]
    TooMany {
        /// Which.
        voucher: VoucherKey,
        /// How many.
        lines: usize,
    },
}

/// What of a voucher is compared; `None` for a voucher that is no statement.
#[must_use]
pub const fn source_of(kind: VoucherKind, flag: Flag) -> Option<Source> {
    match (kind, flag) {
        (
            VoucherKind::Payment | VoucherKind::DirectPayment | VoucherKind::BatchDetails,
            Flag::Receipt,
        ) => Some(Source::Receipts),
        (VoucherKind::TransferRequest, Flag::Original) => Some(Source::TransferRequests),
        (VoucherKind::RefundRequest, Flag::Original) => Some(Source::RefundRequests),
        // The central bank's receipt says what it cleared.
        (VoucherKind::TransferRequest | VoucherKind::RefundRequest, Flag::Receipt) => {
            Some(Source::Clearing)
        }
        (VoucherKind::ClearingStatement | VoucherKind::BankClearingStatement, Flag::Original) => {
            Some(Source::Clearing)
        }
        (VoucherKind::TreasuryStatement, Flag::Original) => Some(Source::Treasury),
        // What moved the zero-balance accounts that it names line by line.
        (VoucherKind::DirectDaily, Flag::Original) => Some(Source::Account),
        _ => None,
    }
}

/// Which part of a statement a voucher is: what a party tells of one kind and day goes out in as many vouchers as it takes,
/// and is compared when all of them are there. It stands in [`Field::Hold1`] as `2/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its place, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl Part {
    /// A statement in one voucher.
    pub const WHOLE: Part = Part { number: 1, of: 1 };

    /// The part that a voucher says it is; all there is where it says nothing. `None`: what it says is no part.
    #[must_use]
    pub fn of(statement: &Voucher) -> Option<Part> {
        let Some(text) = statement.head.text(Field::Hold1) else { return Some(Part::WHOLE) };
        let (number, of) = text.split_once('/')?;
        let part = Part { number: number.parse().ok()?, of: of.parse().ok()? };
        (1..=part.of).contains(&part.number).then_some(part)
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.number, self.of)
    }
}

/// The day that a statement tells of: the last of its days, or its own.
#[must_use]
pub fn day_of(statement: &Voucher) -> Day {
    statement.head.day(Field::LastDay).unwrap_or(statement.date)
}

/// The account that a bank's account statement (2206) tells of, and its balance behind its lines. `None`: it tells of no
/// account, and so has no line that moved one: all are at zero and were not moved, or it tells of orders that the bank holds. Of the vouchers of one account and day each goes on
/// where the one before ended.
///
/// # Errors
/// [`Unfit::Head`] when it has lines of no account, or an account without its balances; [`Unfit::Balances`] when they are
/// not what its lines make.
pub fn balance(statement: &Voucher) -> Result<Option<(&str, Fen)>, Unfit> {
    let (head, voucher) = (&statement.head, statement.key);
    let Some(account) = head.text(Field::PayerAccount) else {
        let waits = |line: &Detail| line.fields.text(Field::LineState) == Some(form::LINE_WAITING);
        return match statement.details.iter().all(waits) {
            true => Ok(None),
            false => Err(Unfit::Head { voucher, field: Field::PayerAccount }),
        };
    };
    let [_, closing_fen] = balances(statement)?;
    Ok(Some((account, closing_fen)))
}

/// A statement's balances before its lines and behind them.
///
/// # Errors
/// [`Unfit::Head`] when it does not tell both; [`Unfit::Balances`] when they are not what its lines make.
pub(super) fn balances(statement: &Voucher) -> Result<[Fen; 2], Unfit> {
    let (head, voucher) = (&statement.head, statement.key);
    let told = |field| head.amount_fen(field).ok_or(Unfit::Head { voucher, field });
    let (opening_fen, closing_fen) = (told(Field::OpeningBalance)?, told(Field::ClosingBalance)?);
    let made_fen = schema(voucher.kind).closing_fen(head, &statement.details);
    if made_fen.is_some_and(|made_fen| made_fen != FenSum::from(closing_fen.get())) {
        let amounts = statement.details.iter().filter_map(amount_of);
        let sum_fen = amounts.map(|fen| FenSum::from(fen.get())).sum();
        return Err(Unfit::Balances { voucher, opening_fen, sum_fen, closing_fen });
    }
    Ok([opening_fen, closing_fen])
}

/// The lines of a statement, in its order. Lines of the treasury account that name no voucher, as income does not, are left
/// out: the balance has them. So are those of a bank's account by which the treasury gave back what was paid, or got what
/// came back: the central bank tells of these.
///
/// # Errors
/// [`Unfit`] when the voucher is no statement or has too many lines. Each line may be unfit on its own.
pub fn lines(statement: &Voucher) -> Result<impl Iterator<Item = Result<Line<'_>, Unfit>>, Unfit> {
    let voucher = statement.key;
    let source = source_of(voucher.kind, statement.flag).ok_or(Unfit::NoStatement { voucher })?;
    let many = statement.details.len();
    if many > VOUCHER_DETAILS_MAX {
        return Err(Unfit::TooMany { voucher, lines: many });
    }
    let numbered = statement.details.iter().enumerate();
    Ok(numbered.filter_map(move |(at, detail)| {
        let read = Reading { statement, detail };
        let is_apart = match source {
            Source::Treasury => read.text(Field::OriginalNumber).is_none(),
            Source::Account => read.is_of_the_treasury(),
            _ => false,
        };
        if is_apart {
            return None;
        }
        let line = read.line(source);
        Some(line.map_err(|field| Unfit::Field { voucher, line: at + 1, field }))
    }))
}

/// One line of a voucher, being read. What it does not say itself, the head says for it.
struct Reading<'a> {
    statement: &'a Voucher,
    detail: &'a Detail,
}

impl<'a> Reading<'a> {
    fn own_or_head<T>(&self, get: impl Fn(&'a Fields) -> Option<T>) -> Option<T> {
        get(&self.detail.fields).or_else(|| get(&self.statement.head))
    }

    fn text(&self, field: Field) -> Option<&'a str> {
        self.own_or_head(|fields| fields.text(field))
    }

    fn line(&self, source: Source) -> Result<Line<'a>, Field> {
        let scope = Scope {
            bank: self.text(Field::PayBank).unwrap_or_default(),
            account: self.text(Field::PayerAccount).unwrap_or_default(),
            fund: self.text(Field::FundType).unwrap_or_default(),
        };
        let (item, figures) = match source {
            Source::Receipts => (self.own_item(), self.executed()?),
            _ => (self.original()?, self.stated()?),
        };
        Ok(Line { scope, item, figures })
    }

    fn named_kind(&self) -> Option<VoucherKind> {
        let kind = self.text(Field::OriginalKind).and_then(|code| code.parse().ok());
        kind.and_then(VoucherKind::from_code)
    }

    /// Whether it is of a request to the treasury, and not of an order.
    fn is_of_the_treasury(&self) -> bool {
        let requests = [VoucherKind::TransferRequest, VoucherKind::RefundRequest];
        self.named_kind().is_some_and(|kind| requests.contains(&kind))
    }

    /// The line is of this voucher.
    fn own_item(&self) -> Item<'a> {
        Item { voucher: self.statement.key, detail: &self.detail.id }
    }

    /// The line is of another voucher of the same division and year: of a detail of it, or of a refund by its number, where
    /// it says so.
    fn original(&self) -> Result<Item<'a>, Field> {
        let key = self.statement.key;
        let kind = self.named_kind().ok_or(Field::OriginalKind)?;
        let number = self.text(Field::OriginalNumber).and_then(VoucherNumber::new);
        let number = number.ok_or(Field::OriginalNumber)?;
        let voucher = VoucherKey { kind, number, ..key };
        let own = |field| self.detail.fields.text(field);
        let detail = own(Field::OriginalDetail).or_else(|| own(Field::RefundNumber));
        Ok(Item { voucher, detail: detail.unwrap_or_default() })
    }

    /// What a receipt says of a detail: paid with so much, or failed with nothing.
    fn executed(&self) -> Result<Figures, Field> {
        let amount_fen =
            self.detail.fields.amount_fen(Field::ExecutedAmount).ok_or(Field::ExecutedAmount)?;
        let day = self.own_or_head(|fields| fields.day(Field::ExecutedDay));
        let state = if amount_fen == Fen::ZERO { ItemState::Returned } else { ItemState::Done };
        Ok(Figures { amount_fen, state, day: day.unwrap_or(self.statement.date) })
    }

    /// What a statement or a request says of a voucher.
    fn stated(&self) -> Result<Figures, Field> {
        let executed = self.detail.fields.amount_fen(Field::ExecutedAmount);
        let amount_fen = executed.or_else(|| amount_of(self.detail)).ok_or(Field::Amount)?;
        let state = match self.detail.fields.text(Field::LineState) {
            None if executed == Some(Fen::ZERO) => ItemState::Returned,
            None | Some(form::LINE_NORMAL) => ItemState::Done,
            Some(form::LINE_RETURNED) => ItemState::Returned,
            Some(form::LINE_WAITING) => ItemState::Pending,
            Some(_) => return Err(Field::LineState),
        };
        let day = self.own_or_head(|fields| fields.day(Field::ClearedDay));
        let day = day.or_else(|| self.statement.head.day(Field::LastDay));
        Ok(Figures { amount_fen, state, day: day.unwrap_or(self.statement.date) })
    }
}

fn amount_of(detail: &Detail) -> Option<Fen> {
    detail.fields.amount_fen(Field::Amount)
}

/// A head that does not say what its lines say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadProblem {
    /// Not as many lines as it says.
    Count {
        /// The head's number; none where it has none.
        head: Option<u32>,
        /// How many lines there are.
        lines: usize,
    },
    /// Another sum than it says.
    Sum {
        /// The head's sum; none where it has none.
        head: Option<Fen>,
        /// What the lines add up to, in fen.
        lines_fen: FenSum,
    },
}

/// A statement's head held against its lines: their number and their sum.
#[must_use]
pub fn check_head(statement: &Voucher) -> Vec<HeadProblem> {
    let head = match statement.head.get(Field::Total) {
        Some(Value::Count(count)) => Some(*count),
        _ => None,
    };
    let lines = statement.details.len();
    let amounts = statement.details.iter().filter_map(amount_of);
    let lines_fen: FenSum = amounts.map(|amount_fen| FenSum::from(amount_fen.get())).sum();
    let mut problems = Vec::new();
    if head.is_none_or(|head| head as usize != lines) {
        problems.push(HeadProblem::Count { head, lines });
    }
    let head = statement.head.amount_fen(Field::TotalAmount);
    if head.is_none_or(|head| FenSum::from(head.get()) != lines_fen) {
        problems.push(HeadProblem::Sum { head, lines_fen });
    }
    problems
}

/// What was found of a statement, in Chinese: what `XCheckReason` says. Empty when all agrees; it ends with how many
/// differences there are in all when not every one fits.
#[must_use]
pub fn reason<'a>(problems: &[HeadProblem], findings: impl Iterator<Item = Finding<'a>>) -> String {
    let room = match Field::CheckReason.form() {
        Form::Text(characters) => usize::from(characters),
        Form::Amount | Form::Day | Form::Count => unreachable!("a reason is text"),
    };
    let mut parts = problems.iter().map(head_problem).chain(findings.map(|one| difference(&one)));
    let (mut text, mut told, mut all) = (String::new(), 0_usize, 0_usize);
    // What the last words need: `；等共` and 20 digits and `项`.
    let ending = 24;
    for part in parts.by_ref() {
        all += 1;
        let has_room = text.chars().count() + 1 + part.chars().count() + ending <= room;
        if told + 1 == all && has_room {
            if told > 0 {
                text.push('；');
            }
            text.push_str(&part);
            told += 1;
        }
    }
    if told < all {
        text.push_str(&format!("；等共{all}项"));
    }
    text
}

fn head_problem(problem: &HeadProblem) -> String {
    match problem {
        HeadProblem::Count { head, lines } => {
            let head = head.map_or_else(|| "未填".to_owned(), |count| count.to_string());
            format!("笔数不符：表头{head}，明细{lines}")
        }
        HeadProblem::Sum { head, lines_fen } => {
            let head = head.map_or_else(|| "未填".to_owned(), Fen::to_yuan);
            format!("总额不符：表头{head}，明细{}", yuan_plain(*lines_fen))
        }
    }
}

fn difference(finding: &Finding<'_>) -> String {
    let VoucherKey { kind, number, .. } = finding.item.voucher;
    let said = |figures: Option<Figures>| {
        figures.map_or_else(|| "无".to_owned(), |said| said.amount_fen.to_yuan())
    };
    let figures = match finding.class {
        Class::StateDiff => {
            let state =
                |figures: Option<Figures>| figures.map_or("无", |said| said.state.chinese());
            format!("我方{}、对方{}", state(finding.ours), state(finding.theirs))
        }
        _ => format!("我方{}、对方{}", said(finding.ours), said(finding.theirs)),
    };
    format!("{}-{number}{}（{figures}）", kind.code(), finding.class.chinese())
}

/// The answer to a clearing statement: 5502 to a 3501, 2502 to a 3502; `None` for any other voucher. `reason` is what
/// [`reason`] says; without one the answer is that all agrees.
#[must_use]
pub fn answer(
    statement: &Voucher,
    number: VoucherNumber,
    date: Day,
    reason: &str,
) -> Option<Voucher> {
    let kind = match statement.key.kind {
        VoucherKind::ClearingStatement => VoucherKind::StatementAnswer,
        VoucherKind::BankClearingStatement => VoucherKind::BankStatementAnswer,
        _ => return None,
    };
    let asked = statement.key;
    let mut head = Fields::new()
        .with_text(Field::OriginalKind, asked.kind.code().to_string())
        .with_text(Field::OriginalNumber, asked.number.as_str())
        .with(Field::OriginalDate, Value::Day(statement.date))
        .with_text(Field::CheckResult, if reason.is_empty() { "0" } else { "1" });
    if !reason.is_empty() {
        head.set(Field::CheckReason, Value::Text(reason.to_owned()));
    }
    let key = VoucherKey { kind, number, ..asked };
    Some(Voucher { key, flag: Flag::Original, date, head, details: Vec::new() })
}
