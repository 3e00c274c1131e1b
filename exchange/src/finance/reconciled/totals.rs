//! Statements of a month or a year: what finance's own books add up to, by account and day.

use domain::Fen;
use domain::codes::Path;
use domain::day::period::Standing as PeriodStanding;
use domain::ids::{Day, FiscalYear};
use domain::money::FenSum;
use domain::reconciliation::class::OwnedFinding;
use domain::reconciliation::period::sums::{Heap, Sums, Way, add_balances, compare, told};
use domain::reconciliation::period::{Period, of_statement};
use domain::reconciliation::register::{Difference, Told};
use domain::reconciliation::{Figures, Source};
use domain::voucher::{DivisionCode, Voucher, VoucherKey, VoucherKind};

use std::collections::BTreeMap;

use super::told::taken_down;
use crate::finance::{Finance, Row};

/// Kinds of statements of a period, and whether a bank tells them.
const KINDS: [(VoucherKind, bool); 3] = [
    (VoucherKind::AccountTotals, true),
    (VoucherKind::ClearingTotals, false),
    (VoucherKind::TreasuryTotals, false),
];

/// A day that is told; none is no day.
fn known(day: Day) -> Option<Day> {
    (day != Day::default()).then_some(day)
}

impl Finance {
    /// How the statements of a period stand: of each bank that was sent an order by its end, and of the central bank.
    #[must_use]
    pub fn period(&self, period: Period) -> PeriodStanding<'_> {
        let mut due = Vec::new();
        for (kind, of_bank) in KINDS {
            let Some(source) = period.source(kind) else { continue };
            let banks = self.reconciled.banks.iter();
            let banks = banks.filter(|(_, first)| of_bank && **first <= period.last());
            due.extend(banks.map(|(bank, _)| Told { source, party: *bank }));
            if !of_bank {
                due.push(Told { source, party: self.central_bank });
            }
        }
        PeriodStanding::of(period, &due, &self.reconciled.register)
    }

    /// How many sums of a period's statements agree with ours, and all that differs.
    pub(super) fn period_findings(
        &self,
        of: Told,
        statements: &[Voucher],
    ) -> Result<(u64, Vec<OwnedFinding>), String> {
        let first = statements.first().ok_or("there is no statement")?;
        let (period, _) = of_statement(first).ok_or("it tells of no month and of no year")?;
        let theirs = told(period, of.source, statements).map_err(|unfit| unfit.to_string())?;
        let ours = self.period_sums(of, period, &first.key);
        let compared = compare(of.source, first.key.kind, period, &ours, &theirs);
        taken_down(&compared.map_err(|why| why.to_string())?)
    }

    /// What our books say now of a sum that differed.
    pub(super) fn period_figures(&self, one: &Difference) -> Option<Figures> {
        let place = &one.finding.place;
        let period = Period::from_number(&place.voucher.number)?;
        let sums = self.period_sums(one.told, period, &place.voucher);
        sums.figures(period, place.scope(), place.item())
    }

    /// Our sums of a period against what a party tells. `whose`: under which division a treasury's account is told.
    fn period_sums(&self, told: Told, period: Period, whose: &VoucherKey) -> Sums {
        let books = Books { finance: self, period };
        let mut sums = Sums::new();
        match told.source {
            Source::AccountMonth | Source::AccountYear => books.accounts(told, &mut sums),
            Source::ClearingMonth | Source::ClearingYear => books.cleared(None, &mut sums),
            _ => {
                books.cleared(Some(whose.division), &mut sums);
                books.allocated(whose.division, &mut sums);
            }
        }
        sums
    }
}

/// Finance's books of a period.
struct Books<'a> {
    finance: &'a Finance,
    period: Period,
}

impl Books<'_> {
    fn heap(&self, row: &Row, on: Day, way: Way) -> Heap {
        let (account, fund) = self.finance.reconciled.payers.name(row.payer);
        let VoucherKey { division, year, .. } = row.key;
        Heap {
            division,
            year,
            bank: row.to.code().into(),
            account: account.into(),
            fund: fund.into(),
            on: self.period.step(on),
            way,
        }
    }

    /// A heap of the treasury's account, which has what was paid by orders of every year and division.
    fn of_treasury(&self, division: DivisionCode, on: Day, way: Way) -> Option<Heap> {
        let year = FiscalYear::new(self.period.last().year())?;
        let (bank, account, fund) = ("".into(), "".into(), "".into());
        Some(Heap { division, year, bank, account, fund, on: self.period.step(on), way })
    }

    /// What a bank has paid and what came back, by account; and what each account then had at both ends.
    fn accounts(&self, told: Told, sums: &mut Sums) {
        let mut balances: BTreeMap<(DivisionCode, &str), [FenSum; 2]> = BTreeMap::new();
        let rows = self.finance.rows.iter().zip(0_u32..);
        for (row, at) in rows.filter(|(row, _)| row.to == told.party && row.path == Path::Treasury)
        {
            let account = self.finance.reconciled.payers.account(row.payer);
            let balance = balances.entry((row.key.division, account)).or_default();
            let mut moved = |on: Day, fen: FenSum| {
                let ends = [on < self.period.first(), on <= self.period.last()];
                for (balance, is_moved) in balance.iter_mut().zip(ends) {
                    *balance += if is_moved { fen } else { 0 };
                }
            };
            let paid = known(row.paid_on).map(|on| (on, row.paid_fen()));
            let back = came_back(row).into_iter().map(|(on, fen)| (Way::CameBack, on, -fen));
            let paid = paid.map(|(on, fen)| (Way::Paid, on, fen));
            for (way, on, fen) in paid.into_iter().chain(back) {
                moved(on, -fen);
                if self.period.holds(on) && fen != 0 {
                    let heap = Heap { fund: "".into(), ..self.heap(row, on, way) };
                    sums.add(heap, fen, 1);
                }
            }
            if let Some(on) = known(row.cleared_on) {
                moved(on, row.paid_fen());
            }
            for (on, fen) in self.finance.settled_of(at) {
                moved(on, -fen);
            }
        }
        for ((division, account), ends_fen) in balances {
            let bounded = |fen: FenSum| i64::try_from(fen).map_or(Fen::ZERO, Fen::new);
            let whose = (division, told.party.code(), account);
            add_balances(sums, self.period, whose, ends_fen.map(bounded));
        }
    }

    /// What the central bank has cleared and taken back: by account, or all of it as cash of the treasury's account.
    fn cleared(&self, cash: Option<DivisionCode>, sums: &mut Sums) {
        let mut add = |row: &Row, on: Day, way: Way, fen: FenSum| match cash {
            Some(division) => {
                let heap = self.of_treasury(division, on, way);
                heap.into_iter().for_each(|heap| sums.add(heap, -fen, 0));
            }
            None => sums.add(self.heap(row, on, way), fen, 0),
        };
        for (row, at) in self.finance.rows.iter().zip(0_u32..) {
            let cleared = known(row.cleared_on).filter(|on| self.period.holds(*on));
            if let Some(on) = cleared.filter(|_| row.path == Path::Treasury) {
                add(row, on, Way::Cleared, row.paid_fen());
            }
            for (on, fen) in self.finance.settled_of(at) {
                if self.period.holds(on) {
                    add(row, on, Way::TakenBack, -fen);
                }
            }
        }
    }

    /// What the treasury paid itself.
    fn allocated(&self, division: DivisionCode, sums: &mut Sums) {
        let rows = self.finance.rows.iter().filter(|row| row.path == Path::Allocation);
        for row in rows.filter(|row| self.period.holds(row.paid_on) && row.paid_fen() != 0) {
            let heap = self.of_treasury(division, row.paid_on, Way::Allocated);
            heap.into_iter().for_each(|heap| sums.add(heap, -row.paid_fen(), 0));
        }
    }
}

impl Finance {
    /// What came back of a voucher and reached the treasury, by day.
    fn settled_of(&self, at: u32) -> impl Iterator<Item = (Day, FenSum)> {
        let of_row = self.settled.range((at, Day::default())..);
        of_row.take_while(move |((of, _), _)| *of == at).map(|((_, on), fen)| (*on, *fen))
    }
}

/// What came back of a voucher, by day.
fn came_back(row: &Row) -> BTreeMap<Day, FenSum> {
    let mut by_day = BTreeMap::new();
    for part in row.payees().iter().filter(|part| part.refunded) {
        *by_day.entry(part.refunded_on).or_default() += FenSum::from(part.paid_fen.get());
    }
    by_day
}
