//! Sums of a period: what a statement tells, and what differs from our books.

use std::collections::BTreeMap;

use crate::codes::numbered;
use crate::ids::{Day, FiscalYear};
use crate::money::{Fen, FenSum};
use crate::reconciliation::comparison::{Compared, Comparison, TooMuch};
use crate::reconciliation::line::{Figures, Item, ItemState, Line, Scope, Side, Source};
use crate::reconciliation::statement::{Unfit, balance, balances};
use crate::voucher::{Detail, DivisionCode, Field, Value, Voucher, VoucherKey, VoucherKind};

use super::Period;

numbered! {
    /// What is summed up.
    Way {
        /// Payments (支付).
        Paid = 1, "paid";
        /// What came back of them (退款).
        CameBack = 2, "came-back";
        /// What the treasury gave for payments (清算划款).
        Cleared = 3, "cleared";
        /// What the treasury took of what came back (清算退款).
        TakenBack = 4, "taken-back";
        /// What the treasury paid itself (实拨).
        Allocated = 5, "allocated";
        /// An account's balance at the begin (期初余额).
        Opening = 6, "opening";
        /// An account's balance at the end (期末余额).
        Closing = 7, "closing";
        /// What came back of what the treasury paid itself (实拨退回).
        AllocatedBack = 8, "allocated-back";
        /// What payees have collected by agreement (托收扣款).
        Collected = 9, "collected";
        /// What payments took over of it, or payees gave back (托收冲回).
        CollectedBack = 10, "collected-back";
    }
}

impl Way {
    /// What it is called in a statement.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Way::Paid => "支付",
            Way::CameBack => "退款",
            Way::Cleared => "清算划款",
            Way::TakenBack => "清算退款",
            Way::Allocated => "实拨",
            Way::Opening => "期初余额",
            Way::Closing => "期末余额",
            Way::AllocatedBack => "实拨退回",
            Way::Collected => "托收扣款",
            Way::CollectedBack => "托收冲回",
        }
    }

    fn from_chinese(text: &str) -> Option<Way> {
        Way::ALL.iter().copied().find(|way| way.chinese() == text)
    }
}

/// What a sum is of. What a statement does not tell is left empty, and so is our side then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heap {
    /// Division.
    pub division: DivisionCode,
    /// Fiscal year of the orders.
    pub year: FiscalYear,
    /// Bank's code.
    pub bank: Box<str>,
    /// Payer's account.
    pub account: Box<str>,
    /// Fund nature.
    pub fund: Box<str>,
    /// The day, or the last day of the month; of a balance, the period's first or last.
    pub on: Day,
    /// What.
    pub way: Way,
}

/// How much, and by how many vouchers; none where they are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How much, in fen.
    pub fen: FenSum,
    /// How many vouchers.
    pub vouchers: u32,
}

/// The sums of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Heap, Sum>);

impl Sums {
    /// None.
    #[must_use]
    pub fn new() -> Sums {
        Sums::default()
    }

    /// Adds to a heap.
    pub fn add(&mut self, heap: Heap, fen: FenSum, vouchers: u32) {
        let sum = self.0.entry(heap).or_default();
        sum.fen += fen;
        sum.vouchers += vouchers;
    }

    /// All there are.
    pub fn iter(&self) -> impl Iterator<Item = (&Heap, &Sum)> {
        self.0.iter()
    }

    /// What these say of an item of a comparison; none where they have no such sum.
    #[must_use]
    pub fn figures(&self, period: Period, scope: Scope<'_>, item: Item<'_>) -> Option<Figures> {
        let is_it = |heap: &&Heap| {
            let VoucherKey { division, year, .. } = item.voucher;
            (heap.division, heap.year) == (division, year) && heap.scope() == scope
        };
        self.0.iter().filter(|(heap, _)| is_it(heap)).find_map(|(heap, sum)| {
            let names = [heap.name(period), heap.counted(period, sum.vouchers)];
            let figures = heap.figures(sum.fen)?;
            names.iter().any(|name| *name == item.detail).then_some(figures)
        })
    }
}

impl Heap {
    fn scope(&self) -> Scope<'_> {
        Scope { bank: &self.bank, account: &self.account, fund: &self.fund }
    }

    /// How it is named in the register: `20220304 paid`, `closing`.
    fn name(&self, period: Period) -> String {
        match self.way {
            Way::Opening | Way::Closing => self.way.to_string(),
            way => format!("{} {way}", period.step_name(self.on)),
        }
    }

    /// The same with how many vouchers it is of.
    fn counted(&self, period: Period, vouchers: u32) -> String {
        format!("{} by {vouchers}", self.name(period))
    }

    fn figures(&self, fen: FenSum) -> Option<Figures> {
        let amount_fen = bounded(fen)?;
        Some(Figures { amount_fen, state: ItemState::Done, day: self.on })
    }
}

fn bounded(fen: FenSum) -> Option<Fen> {
    i64::try_from(fen).map(Fen::new).ok().filter(|fen| fen.in_bounds())
}

/// Why two sides cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCompared {
    /// A sum is beyond every amount.
    #[error(
        "what comes together under {name} is beyond every amount; look for a line that is wrong"
    )]
    Sum {
        /// What it is of.
        name: String,
    },
    /// Too many sums.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

/// Holds both sides' sums of a period against each other. Of sums that are the same, by another number of vouchers, each
/// side has one that the other has not: both numbers are told.
///
/// # Errors
/// [`NotCompared`] when a bound is reached.
pub fn compare(
    source: Source,
    kind: VoucherKind,
    period: Period,
    ours: &Sums,
    theirs: &Sums,
) -> Result<Compared, NotCompared> {
    let mut comparison = Comparison::new(source);
    for (side, sums, others) in [(Side::Ours, ours, theirs), (Side::Theirs, theirs, ours)] {
        for (heap, sum) in sums.iter() {
            let other = others.0.get(heap);
            let is_counted =
                other.is_some_and(|other| other.fen == sum.fen && other.vouchers != sum.vouchers);
            let name = match is_counted {
                true => heap.counted(period, sum.vouchers),
                false => heap.name(period),
            };
            let Some(figures) = heap.figures(sum.fen) else {
                return Err(NotCompared::Sum { name });
            };
            let Heap { division, year, .. } = *heap;
            let voucher = VoucherKey { division, year, kind, number: period.number() };
            let item = Item { voucher, detail: &name };
            comparison.add(side, &Line { scope: heap.scope(), item, figures })?;
        }
    }
    Ok(comparison.finish())
}

/// What the statements of one party, source and period tell, all of them together and in their order.
///
/// # Errors
/// [`Unfit`] when one of them lacks something, tells of a day that is not in the period, or has balances that its lines
/// do not make or that do not go on from the one before.
pub fn told(period: Period, source: Source, statements: &[Voucher]) -> Result<Sums, Unfit> {
    let mut sums = Sums::new();
    let mut accounts: BTreeMap<(DivisionCode, &str), [Fen; 2]> = BTreeMap::new();
    let of_treasury = source.is_of_the_treasury();
    for statement in statements {
        // One account of a treasury has what was paid by orders of every year and division.
        let whose = if of_treasury { &statements[0].key } else { &statement.key };
        let read = Reading { period, source, statement, whose };
        for (at, line) in statement.details.iter().enumerate() {
            let unfit = |field| Unfit::Field { voucher: statement.key, line: at + 1, field };
            if let Some((heap, sum)) = read.line(line).map_err(unfit)? {
                sums.add(heap, sum.fen, sum.vouchers);
            }
        }
        if of_treasury {
            balances(statement)?;
        } else if let Some((account, closing_fen)) = account_of(source, statement)? {
            let opening_fen = statement.head.amount_fen(Field::OpeningBalance).unwrap_or_default();
            let known = accounts.entry((statement.key.division, account));
            let [_, before_fen] = known.or_insert([opening_fen; 2]);
            if *before_fen != opening_fen {
                let (voucher, before_fen) = (statement.key, *before_fen);
                return Err(Unfit::NotGoingOn { voucher, before_fen, opening_fen });
            }
            *before_fen = closing_fen;
        }
    }
    let bank = statements.first().and_then(|one| one.head.text(Field::PayBank)).unwrap_or("");
    for ((division, account), ends) in accounts {
        add_balances(&mut sums, period, (division, bank, account), ends);
    }
    Ok(sums)
}

/// The account of a bank's statement, and its balance behind the statement's lines.
fn account_of(source: Source, statement: &Voucher) -> Result<Option<(&str, Fen)>, Unfit> {
    if source.is_of_an_account() { balance(statement) } else { Ok(None) }
}

/// Adds an account's balances; an account that is at zero at both ends tells none.
pub fn add_balances(
    sums: &mut Sums,
    period: Period,
    (division, bank, account): (DivisionCode, &str, &str),
    balances: [Fen; 2],
) {
    let Some(year) = FiscalYear::new(period.last().year()) else { return };
    let ends = [(Way::Opening, period.first()), (Way::Closing, period.last())];
    for ((way, on), fen) in ends.into_iter().zip(balances) {
        if fen != Fen::ZERO {
            let (bank, account, fund) = (bank.into(), account.into(), "".into());
            let heap = Heap { division, year, bank, account, fund, on, way };
            sums.add(heap, FenSum::from(fen.get()), 0);
        }
    }
}

/// One statement, being read.
struct Reading<'a> {
    period: Period,
    source: Source,
    statement: &'a Voucher,
    whose: &'a VoucherKey,
}

impl Reading<'_> {
    /// What a line sums up; none where our books have no such sum.
    fn line(&self, line: &Detail) -> Result<Option<(Heap, Sum)>, Field> {
        let text = |field| line.fields.text(field).or_else(|| self.statement.head.text(field));
        let on = line.fields.day(Field::LastDay).ok_or(Field::LastDay)?;
        if !self.period.holds(on) || self.period.step(on) != on {
            return Err(Field::LastDay);
        }
        let amount_fen = line.fields.amount_fen(Field::Amount).ok_or(Field::Amount)?;
        let purpose = line.fields.text(Field::Purpose).ok_or(Field::Purpose)?;
        let Some(way) = Way::from_chinese(purpose).filter(|way| self.source.compares(*way)) else {
            return Ok(None);
        };
        let is_of_the_treasury = self.source.is_of_the_treasury();
        let told = |field| if is_of_the_treasury { "" } else { text(field).unwrap_or("") };
        let fund = if self.source.is_of_an_account() { "" } else { told(Field::FundType) };
        let vouchers = match line.fields.get(Field::Total) {
            Some(Value::Count(many)) => *many,
            _ if self.source.is_of_an_account() => return Err(Field::Total),
            _ => 0,
        };
        let VoucherKey { division, year, .. } = *self.whose;
        let heap = Heap {
            division,
            year,
            bank: told(Field::PayBank).into(),
            account: told(Field::PayerAccount).into(),
            fund: fund.into(),
            on,
            way,
        };
        Ok(Some((heap, Sum { fen: FenSum::from(amount_fen.get()), vouchers })))
    }
}

impl Source {
    /// Whether it is of a period, and not of a day.
    #[must_use]
    pub const fn is_of_a_period(self) -> bool {
        self.is_of_an_account() || self.is_of_the_treasury() || self.is_of_clearing()
    }

    const fn is_of_an_account(self) -> bool {
        matches!(self, Source::AccountMonth | Source::AccountYear)
    }

    const fn is_of_clearing(self) -> bool {
        matches!(self, Source::ClearingMonth | Source::ClearingYear)
    }

    const fn is_of_the_treasury(self) -> bool {
        matches!(self, Source::TreasuryMonth | Source::TreasuryYear)
    }

    /// Whether sums of this kind are compared: what the treasury gave to a bank's account the central bank tells of.
    const fn compares(self, way: Way) -> bool {
        let is_of_the_account =
            matches!(way, Way::Paid | Way::CameBack | Way::Collected | Way::CollectedBack);
        match self {
            Source::AccountMonth | Source::AccountYear => is_of_the_account,
            Source::TreasuryMonth | Source::TreasuryYear => {
                matches!(way, Way::Cleared | Way::TakenBack | Way::Allocated | Way::AllocatedBack)
            }
            _ => matches!(way, Way::Cleared | Way::TakenBack),
        }
    }
}
