//! What is open at a day's end, counted from finance's books and from what was told.

use domain::Fen;
use domain::day::{CUT_OFF_MINUTE, Checklist, Exposure, Given, Pile};
use domain::ids::Day;
use domain::limits::DAY_NAMED_MAX;
use domain::reconciliation::Source;
use domain::reconciliation::register::Told;
use domain::voucher::VoucherKind;

use crate::finance::{Finance, Row, Standing};

/// One more in a pile; a name is made only where it is kept.
fn add(pile: &mut Pile, name: impl FnOnce() -> String, amount_fen: Fen) {
    let name = if pile.named().len() < DAY_NAMED_MAX { name() } else { String::new() };
    pile.add(&name, amount_fen);
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
            unanswered: self.rows_of(|row| row.standing == Standing::Out && row.day <= day),
            uncleared: self.rows_of(|row| row.waits_for_clearing() && row.paid_on <= day),
            cleared_next_day: Pile::new(),
            unmatched: self.unmatched(day),
            refunds: self.refunds_in_transit(day),
            not_at_zero: self.reconciled.balances.not_at_zero(day),
            due: &due,
            register: &self.reconciled.register,
            suspense: self.facts_in_suspense(),
            exposure: &exposure,
            collected: self.without_payment(day),
        })
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
            bank: bank.to_string().into(),
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

    fn rows_of(&self, is_open: impl Fn(&Row) -> bool) -> Pile {
        let mut pile = Pile::new();
        for row in self.rows.iter().filter(|row| is_open(row)) {
            add(&mut pile, || row.key.to_string(), row.amount_fen);
        }
        pile
    }

    /// Requests for other sums than our limit notices tell, while the central bank is not done with them.
    fn unmatched(&self, day: Day) -> Pile {
        let mut pile = Pile::new();
        for (key, request) in &self.reconciled.requests {
            let differs = request.asked_fen != request.ours_fen;
            if differs
                && key.kind == VoucherKind::TransferRequest
                && request.end.is_none()
                && request.day <= day
            {
                add(&mut pile, || key.to_string(), request.asked_fen);
            }
        }
        pile
    }

    /// Debits by collection that no payment has taken over.
    fn without_payment(&self, day: Day) -> Pile {
        let mut pile = Pile::new();
        for (key, debit) in self.uncollected().filter(|(_, debit)| debit.day <= day) {
            add(&mut pile, || key.to_string(), debit.amount_fen);
        }
        pile
    }

    fn refunds_in_transit(&self, day: Day) -> Pile {
        let mut pile = Pile::new();
        for ((at, number), back) in &self.refunds {
            if back.first().is_some_and(|fact| fact.day <= day.get()) {
                let fen = back.iter().map(|fact| fact.amount_fen).sum();
                let name = || format!("{} refund {number}", self.rows[*at as usize].key);
                add(&mut pile, name, Fen::new(fen));
            }
        }
        pile
    }

    /// Facts that the engine has not taken, and those that it has parked.
    fn facts_in_suspense(&self) -> Pile {
        let mut pile = Pile::new();
        for (name, (payment, amount_fen)) in &self.reconciled.parked {
            add(&mut pile, || format!("{payment} parked as {name}"), *amount_fen);
        }
        for fact in &self.facts {
            add(&mut pile, || fact.fact().payment.to_string(), Fen::new(fact.amount_fen));
        }
        pile
    }
}

impl Row {
    /// Whether a bank has paid it and the central bank has not cleared it.
    const fn waits_for_clearing(&self) -> bool {
        matches!(self.standing, Standing::Paid | Standing::Noticed)
    }
}
