//! Statements of a month or a year: what finance's own books add up to, by account and day.

use domain::Fen;
use domain::codes::Path;
use domain::day::period::Standing as PeriodStanding;
use domain::ids::{Day, FiscalYear};
use domain::money::FenSum;
use domain::reconciliation::class::OwnedFinding;
use domain::reconciliation::period::sums::{Heap, Sums, Way, add_balances, compare, told};
use domain::reconciliation::period::{Period, of_statement};
use domain::reconciliation::register::{Difference, DifferenceId, Told};
use domain::reconciliation::{Figures, Source};
use domain::voucher::{DivisionCode, Voucher, VoucherKey, VoucherKind};

use std::collections::{BTreeMap, HashMap};

use super::mended::answered;
use super::told::taken_down;
use crate::business::Effect;
use crate::finance::collection::Collected;
use crate::finance::record::{FactDue, Record, key_of};
use crate::finance::{Finance, Row};

/// What our books say of each of some differences.
type Said = Vec<(DifferenceId, Option<Figures>)>;

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
        let ours = self.period_sums(of, period, &first.key, &Later::default());
        let compared = compare(of.source, first.key.kind, period, &ours, &theirs);
        taken_down(&compared.map_err(|why| why.to_string())?)
    }

    /// What our books say now of a sum that differed.
    pub(super) fn period_figures(&self, one: &Difference) -> Option<Figures> {
        let place = &one.finding.place;
        let period = Period::from_number(&place.voucher.number)?;
        let sums = self.period_sums(one.told, period, &place.voucher, &Later::default());
        sums.figures(period, place.scope(), place.item())
    }

    /// Differences of periods, and what our books will say of each once what was just decided has happened. Nothing is looked up
    /// unless it happened in a period that differs, or before: all rows have to be gone through for it.
    pub(super) fn later_figures(&self, effects: &[Effect]) -> Option<(String, Said)> {
        let open = self.reconciled.register.open();
        let open = open.filter(|one| one.told.source.is_of_a_period());
        let mut open = open
            .filter_map(|one| Some((one, Period::from_number(&one.finding.place.voucher.number)?)));
        let first_open = open.next()?;
        let later = self.later(effects);
        let (first, fact) = later.first.as_ref()?;
        let mut sums: BTreeMap<(Told, Period, VoucherKey), Sums> = BTreeMap::new();
        let mut figures = Vec::new();
        for (one, period) in std::iter::once(first_open).chain(open) {
            if *first > period.last() {
                continue;
            }
            let (place, told) = (&one.finding.place, one.told);
            let sums = sums
                .entry((told, period, place.voucher))
                .or_insert_with(|| self.period_sums(told, period, &place.voucher, &later));
            figures.push((one.id, sums.figures(period, place.scope(), place.item())));
        }
        Some((fact.clone(), figures))
    }

    /// What will be otherwise in our books once what was decided has happened.
    fn later(&self, effects: &[Effect]) -> Later {
        let mut later = Later::default();
        for effect in effects {
            let Effect::Record(bytes) = effect else { continue };
            match Record::decode(bytes) {
                Record::Answered { key, paid_fen, facts, .. } => {
                    if let Some((row, _)) = later.row(self, &key) {
                        *row = answered(row, &paid_fen, &facts);
                    }
                    later.happened(&facts, &key);
                }
                Record::Refunded { key, details, facts, .. } => {
                    if let Some((row, _)) = later.row(self, &key) {
                        row.came_back(&details, &facts);
                    }
                    later.happened(&facts, &key);
                }
                Record::RefundSettled { key, facts, .. } => {
                    let fen = facts.iter().map(|fact| FenSum::from(fact.amount_fen)).sum();
                    let day = facts.first().map(|fact| fact.fact().day);
                    if let (Some((_, at)), Some(day)) = (later.row(self, &key), day) {
                        later.settled.push((at, day, fen));
                    }
                    later.happened(&facts, &key);
                }
                Record::Cleared { notice, facts } => {
                    let day = facts.first().map(|fact| fact.fact().day);
                    let rows = self.noticed.get(&key_of(&notice)).into_iter().flatten();
                    for at in rows {
                        let known = || self.rows[*at as usize].clone();
                        let row = later.rows.entry(*at).or_insert_with(known);
                        row.cleared_on = day.unwrap_or_default();
                    }
                    later.happened(&facts, &notice);
                }
                Record::Debited(debit) => {
                    let (key, debit) = debit.read();
                    later.happened_on(debit.day, &key.to_string());
                    later.debits.insert(key, debit);
                }
                Record::DebitBack { key, day, .. } => {
                    let day = super::day_of(day);
                    later.happened_on(day, &key);
                    let key = key_of(&key);
                    if let Some(debit) = self.collected.get(&key) {
                        let debit = Collected { back: Some(day), ..debit.clone() };
                        later.debits.insert(key, debit);
                    }
                }
                _ => {}
            }
        }
        later
    }

    /// Our sums of a period against what a party tells. `whose`: under which division a treasury's account is told.
    fn period_sums(&self, told: Told, period: Period, whose: &VoucherKey, later: &Later) -> Sums {
        let books = Books { finance: self, period, later };
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

/// What is about to be otherwise in finance's books.
#[derive(Default)]
struct Later {
    /// The first day of which something is, and the voucher that says so.
    first: Option<(Day, String)>,
    rows: HashMap<u32, Row>,
    /// What of a voucher has come to the treasury, besides what is known.
    settled: Vec<(u32, Day, FenSum)>,
    debits: BTreeMap<VoucherKey, Collected>,
}

impl Later {
    fn row<'a>(&'a mut self, finance: &Finance, key: &str) -> Option<(&'a mut Row, u32)> {
        let at = *finance.by_key.get(&key_of(key))?;
        let row = self.rows.entry(at).or_insert_with(|| finance.rows[at as usize].clone());
        Some((row, at))
    }

    fn happened(&mut self, facts: &[FactDue], key: &str) {
        if let Some(fact) = facts.first() {
            self.happened_on(fact.fact().day, key);
        }
    }

    fn happened_on(&mut self, day: Day, key: &str) {
        if self.first.as_ref().is_none_or(|(first, _)| day < *first) {
            self.first = Some((day, key.to_owned()));
        }
    }
}

/// Finance's books of a period.
struct Books<'a> {
    finance: &'a Finance,
    period: Period,
    later: &'a Later,
}

impl<'a> Books<'a> {
    fn rows(&self) -> impl Iterator<Item = (&'a Row, u32)> {
        let later = &self.later.rows;
        let rows = self.finance.rows.iter().zip(0_u32..);
        rows.map(|(row, at)| (later.get(&at).unwrap_or(row), at))
    }

    fn row(&self, key: &VoucherKey) -> Option<&'a Row> {
        let at = self.finance.by_key.get(key)?;
        Some(self.later.rows.get(at).unwrap_or(&self.finance.rows[*at as usize]))
    }

    /// What of a voucher has come to the treasury, by day.
    fn settled_of(&self, at: u32) -> impl Iterator<Item = (Day, FenSum)> {
        let later = self.later.settled.iter().filter(move |(of, ..)| *of == at);
        self.finance.settled_of(at).chain(later.map(|(_, on, fen)| (*on, *fen)))
    }

    /// Debits by collection of a bank: when each was made, and when a payment took it over or it came back.
    fn debits(&self, told: Told) -> Vec<(VoucherKey, &'a Collected, Option<Day>)> {
        let later = &self.later.debits;
        let known = self.finance.collected().filter(|(key, _)| !later.contains_key(key));
        let all = known.chain(later).filter(|(_, debit)| debit.bank == told.party);
        let ended = |debit: &Collected| {
            let order = debit.order.and_then(|order| self.row(&order));
            let taken_over = order.filter(|row| row.paid_fen() != 0).map(|row| row.paid_on);
            debit.back.or(taken_over)
        };
        all.map(|(key, debit)| (*key, debit, ended(debit))).collect()
    }

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
        for (key, debit, ended) in self.debits(told) {
            let balance = balances.entry((key.division, &debit.payer)).or_default();
            let fen = FenSum::from(debit.amount_fen.get());
            let moves = [(Way::Collected, Some(debit.day), fen), (Way::CollectedBack, ended, -fen)];
            for (way, on, fen) in moves {
                let Some(on) = on else { continue };
                moved_by(balance, self.period, on, -fen);
                if self.period.holds(on) {
                    let (division, year, fund) = (key.division, key.year, "".into());
                    let (bank, account) = (debit.bank.code().into(), (*debit.payer).into());
                    let on = self.period.step(on);
                    sums.add(Heap { division, year, bank, account, fund, on, way }, fen, 1);
                }
            }
        }
        let of_bank = |row: &Row| row.to == told.party && row.path == Path::Treasury;
        for (row, at) in self.rows().filter(|(row, _)| of_bank(row)) {
            let account = self.finance.reconciled.payers.account(row.payer);
            let balance = balances.entry((row.key.division, account)).or_default();
            let mut moved = |on: Day, fen: FenSum| moved_by(balance, self.period, on, fen);
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
            for (on, fen) in self.settled_of(at) {
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
        for (row, at) in self.rows() {
            let cleared = known(row.cleared_on).filter(|on| self.period.holds(*on));
            if let Some(on) = cleared.filter(|_| row.path == Path::Treasury) {
                add(row, on, Way::Cleared, row.paid_fen());
            }
            for (on, fen) in self.settled_of(at) {
                if self.period.holds(on) {
                    add(row, on, Way::TakenBack, -fen);
                }
            }
        }
    }

    /// What the treasury paid itself, and what came back of it.
    fn allocated(&self, division: DivisionCode, sums: &mut Sums) {
        let mut add = |way: Way, on: Day, fen: FenSum| {
            let heap = self.of_treasury(division, on, way).filter(|_| self.period.holds(on));
            heap.into_iter().for_each(|heap| sums.add(heap, fen, 0));
        };
        for (row, _) in self.rows().filter(|(row, _)| row.path == Path::Allocation) {
            if row.paid_fen() != 0 {
                add(Way::Allocated, row.paid_on, -row.paid_fen());
            }
            for (on, fen) in came_back(row) {
                add(Way::AllocatedBack, on, fen);
            }
        }
    }
}

impl Finance {
    /// What came back of a voucher and reached the treasury, by day.
    fn settled_of(&self, at: u32) -> impl Iterator<Item = (Day, FenSum)> {
        let of_row = self.settled.range((at, 0)..=(at, u64::MAX));
        of_row.map(|(_, settled)| *settled)
    }
}

/// Moves an account's balances at both ends of a period by what moved it on a day.
fn moved_by(balances: &mut [FenSum; 2], period: Period, on: Day, fen: FenSum) {
    let ends = [on < period.first(), on <= period.last()];
    for (balance, is_moved) in balances.iter_mut().zip(ends) {
        *balance += if is_moved { fen } else { 0 };
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
