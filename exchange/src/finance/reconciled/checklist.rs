//! What is open at a day's end, counted from finance's books and from what was told.

use std::collections::HashMap;

use domain::Fen;
use domain::day::carry::{Name, Piles, Thing};
use domain::day::{CUT_OFF_MINUTE, Check, Checklist, Exposure, Given, Pile};
use domain::ids::Day;
use domain::money::FenSum;
use domain::reconciliation::Source;
use domain::reconciliation::register::Told;
use domain::voucher::{VoucherKey, VoucherKind};

use crate::finance::{Finance, Row, Standing};

/// Things that are open, one by one.
type Things<'a> = Box<dyn Iterator<Item = Thing> + 'a>;

fn thing(name: Name, bank: domain::voucher::Party, amount_fen: Fen) -> Thing {
    let amount_fen = FenSum::from(amount_fen.get());
    Thing { name, request: None, bank: Some(bank), amount_fen }
}

impl Finance {
    /// The checklist of a day, at a time in Beijing in minutes from midnight; the last one where the day has passed.
    #[must_use]
    pub fn checklist(&self, day: Day, now_minute: u16) -> Checklist {
        let (due, exposure) = (self.statements_due(day), self.exposures());
        Checklist::of(&Given {
            day,
            cut_off_minute: CUT_OFF_MINUTE,
            now_minute,
            carried: &self.reconciled.carried,
            unanswered: Piles { held: self.held(day), ..self.counted(Check::Answered, day) },
            uncleared: self.counted(Check::Cleared, day),
            unmatched: self.counted(Check::Matched, day),
            refunds: self.counted(Check::Refunds, day),
            not_at_zero: self.counted(Check::ZeroBalance, day),
            due: &due,
            register: &self.reconciled.register,
            suspense: self.counted(Check::Suspense, day),
            exposure: &exposure,
            collected: self.counted(Check::Collections, day),
        })
    }

    fn counted(&self, check: Check, day: Day) -> Piles {
        let mut counting = self.reconciled.carried.counting(check, day);
        self.things(check, day).for_each(|thing| counting.add(&thing, None));
        counting.end()
    }

    /// Orders that a cut-off holds until the next day.
    fn held(&self, day: Day) -> Pile {
        let mut pile = Pile::new();
        let is_held = |row: &&Row| row.day <= day && self.waits_for_next_day(row);
        for row in self.rows.iter().filter(is_held) {
            pile.add(&row.key.to_string(), row.amount_fen);
        }
        pile
    }

    /// What of a day is open or carried under an item. Differences have a register of their own, and the cut-off and
    /// statements that are due are nobody's to carry.
    pub(super) fn things(&self, check: Check, day: Day) -> Things<'_> {
        match check {
            Check::Answered => Box::new(self.rows_of(move |row| {
                let is_out = row.standing == Standing::Out && row.day <= day;
                is_out && !self.waits_for_next_day(row)
            })),
            Check::Cleared => Box::new(self.uncleared(day)),
            Check::Matched => Box::new(self.unmatched(day)),
            Check::Refunds => Box::new(self.refunds_in_transit(day)),
            Check::ZeroBalance => Box::new(self.reconciled.balances.not_at_zero(day)),
            Check::Suspense => Box::new(self.facts_in_suspense()),
            Check::Exposure => {
                Box::new(self.exposures().into_iter().filter_map(|exposure| exposure.over()))
            }
            Check::Collections => Box::new(self.without_payment(day)),
            Check::CutOff | Check::Statements | Check::Differences => Box::new(std::iter::empty()),
        }
    }

    /// Statements that are due for a day: of each bank that was sent an order by then, and of the central bank.
    fn statements_due(&self, day: Day) -> Vec<Told> {
        let banks = self.reconciled.banks.iter().filter(|(_, first)| **first <= day);
        let of_banks = banks.map(|(bank, _)| Told { source: Source::Account, party: *bank });
        let of_treasury = [Source::Clearing, Source::Treasury]
            .map(|source| Told { source, party: self.central_bank });
        of_banks.chain(of_treasury).collect()
    }

    /// What each bank has paid and was not cleared for, and what was agreed with it.
    fn exposures(&self) -> Vec<Exposure> {
        let of_bank = |(bank, fen): (&domain::voucher::Party, &i128)| Exposure {
            bank: *bank,
            uncleared_fen: *fen,
            limit_fen: self.exposure_limit_fen(*bank).map(|limit_fen| limit_fen.get().into()),
        };
        self.exposure_fen.iter().map(of_bank).collect()
    }

    /// How much a bank may have paid that is not cleared; none where nothing was agreed with it.
    #[must_use]
    pub fn exposure_limit_fen(&self, bank: domain::voucher::Party) -> Option<Fen> {
        self.reconciled.limits.agreed(bank).map(|agreed| agreed.limit_fen)
    }

    fn rows_of(&self, is_open: impl Fn(&Row) -> bool) -> impl Iterator<Item = Thing> {
        let rows = self.rows.iter().filter(move |row| is_open(row));
        rows.map(|row| thing(Name::Voucher(row.key), row.to, row.amount_fen))
    }

    /// What banks have paid by a day and the central bank has not cleared, each with the request that asks for it.
    fn uncleared(&self, day: Day) -> impl Iterator<Item = Thing> {
        let by_notice = &self.reconciled.by_notice;
        let asked = self.noticed.iter().filter_map(|(key, rows)| Some((by_notice.get(key)?, rows)));
        let requests: HashMap<u32, VoucherKey> =
            asked.flat_map(|(request, rows)| rows.iter().map(|at| (*at, *request))).collect();
        let is_open = move |row: &Row| row.waits_for_clearing() && row.paid_on <= day;
        let rows = (0_u32..).zip(&self.rows).filter(move |(_, row)| is_open(row));
        rows.map(move |(at, row)| Thing {
            request: requests.get(&at).copied(),
            ..thing(Name::Voucher(row.key), row.to, row.amount_fen)
        })
    }

    /// Requests for other sums than our limit notices tell, while the central bank is not done with them.
    fn unmatched(&self, day: Day) -> impl Iterator<Item = Thing> {
        let requests = self.reconciled.requests.iter().filter(move |(key, request)| {
            request.asked_fen != request.ours_fen
                && key.kind == VoucherKind::TransferRequest
                && request.end.is_none()
                && request.day <= day
        });
        requests.map(|(key, request)| thing(Name::Voucher(*key), request.bank, request.asked_fen))
    }

    /// Debits by collection that no payment has taken over.
    fn without_payment(&self, day: Day) -> impl Iterator<Item = Thing> {
        let debits = self.uncollected().filter(move |(_, debit)| debit.day <= day);
        debits.map(|(key, debit)| thing(Name::Voucher(*key), debit.bank, debit.amount_fen))
    }

    fn refunds_in_transit(&self, day: Day) -> impl Iterator<Item = Thing> {
        let came = self
            .refunds
            .iter()
            .filter(move |(_, back)| back.first().is_some_and(|fact| fact.day <= day.get()));
        came.map(|((at, number), back)| {
            let fen = back.iter().map(|fact| fact.amount_fen).sum();
            let row = &self.rows[*at as usize];
            thing(Name::Refund(row.key, *number), row.to, Fen::new(fen))
        })
    }

    /// Facts that the engine has not taken, and those that it has parked.
    fn facts_in_suspense(&self) -> impl Iterator<Item = Thing> {
        let fact = |text: String, fen: i64| Thing {
            name: Name::Fact(text.into()),
            request: None,
            bank: None,
            amount_fen: FenSum::from(fen),
        };
        let parked = self.reconciled.parked.iter().map(move |(name, (payment, amount_fen))| {
            fact(format!("{payment} parked as {name}"), amount_fen.get())
        });
        let waiting = self.facts.iter();
        let waiting = waiting.map(move |one| fact(one.fact().payment.to_string(), one.amount_fen));
        parked.chain(waiting)
    }
}

impl Row {
    /// Whether a bank has paid it and the central bank has not cleared it.
    const fn waits_for_clearing(&self) -> bool {
        matches!(self.standing, Standing::Paid | Standing::Noticed)
    }
}
