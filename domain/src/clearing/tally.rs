//! C1, and what is paid and not cleared, folded from vouchers alone: what finance can know without any ledger.
//!
//! For each day of payment, bank, division and fund nature, what banks say they paid, what they requested, what
//! finance noticed and what the central bank cleared are one amount, or the difference is an open item.
//! Each voucher is to be taken once: telling repeats apart is the store's duty.

use std::collections::{BTreeMap, HashMap};

use crate::ids::{Day, FiscalYear};
use crate::money::FenSum;
use crate::voucher::{DivisionCode, Field, Flag, Voucher, VoucherKey, VoucherKind, VoucherNumber};

/// Where amounts are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The day it was paid.
    pub day: Day,
    /// The bank's code.
    pub bank: String,
    /// The division.
    pub division: DivisionCode,
    /// The fund nature.
    pub fund: String,
}

/// The amounts of one place, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// By receipts of payments (回单).
    pub receipts_fen: FenSum,
    /// By transfer requests (2301) that were not refused.
    pub requested_fen: FenSum,
    /// By limit notices (5106, 5108).
    pub noticed_fen: FenSum,
    /// By receipts of limit notices: the central bank has cleared.
    pub cleared_fen: FenSum,
}

impl Sums {
    /// C1: one amount everywhere.
    #[must_use]
    pub const fn agree(&self) -> bool {
        let Sums { receipts_fen, requested_fen, noticed_fen, cleared_fen } = *self;
        receipts_fen == requested_fen && requested_fen == noticed_fen && noticed_fen == cleared_fen
    }
}

/// What a bank is out of pocket, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Paid with its own money and not cleared yet.
    pub uncleared_fen: FenSum,
    /// Back from payees and not handed to the treasury yet.
    pub refunds_held_fen: FenSum,
}

/// A request: of which division, year and number.
type Request = (DivisionCode, FiscalYear, VoucherNumber);

/// The sums of all places.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    places: BTreeMap<Place, Sums>,
    /// By bank: refunds told less refunds handed over.
    refunds_fen: BTreeMap<String, FenSum>,
    /// Requests that are open: their place and amount.
    requests: HashMap<Request, (Place, FenSum)>,
    /// Notices that came before their requests.
    early_fen: HashMap<Request, FenSum>,
}

impl Tally {
    /// Takes in a voucher; what tells nothing about clearing changes nothing.
    pub fn take(&mut self, voucher: &Voucher) {
        let Voucher { key, flag, head, .. } = voucher;
        let amount = |field| head.amount_fen(field).map_or(0, |fen| FenSum::from(fen.get()));
        let bank = || head.text(Field::PayBank).unwrap_or("").to_owned();
        match (key.kind, flag) {
            (VoucherKind::Payment | VoucherKind::DirectPayment, Flag::Receipt) => {
                let day = head.day(Field::ExecutedDay).unwrap_or(voucher.date);
                self.sums(place(voucher, day)).receipts_fen += amount(Field::ExecutedAmount);
            }
            (VoucherKind::TransferRequest, Flag::Original) => {
                let day = head.day(Field::FirstDay).unwrap_or(voucher.date);
                let (place, amount_fen) = (place(voucher, day), amount(Field::Amount));
                let early_fen = self.early_fen.remove(&request(*key)).unwrap_or(0);
                let sums = self.sums(place.clone());
                sums.requested_fen += amount_fen;
                sums.noticed_fen += early_fen;
                self.requests.insert(request(*key), (place, amount_fen));
            }
            (VoucherKind::AuthorizedLimit | VoucherKind::DirectLimit, Flag::Original) => {
                let number = head.text(Field::ClearingNumber).and_then(VoucherNumber::new);
                let Some(number) = number else { return };
                let request = (key.division, key.year, number);
                match self.requests.get(&request) {
                    Some((place, _)) => {
                        let place = place.clone();
                        self.sums(place).noticed_fen += amount(Field::Amount);
                    }
                    None => *self.early_fen.entry(request).or_insert(0) += amount(Field::Amount),
                }
            }
            (VoucherKind::AuthorizedLimit | VoucherKind::DirectLimit, Flag::Receipt) => {
                let number = head.text(Field::ClearingNumber).and_then(VoucherNumber::new);
                let request = number.map(|number| (key.division, key.year, number));
                let open = request.and_then(|request| self.requests.remove(&request));
                let day = head.day(Field::FirstDay).unwrap_or(voucher.date);
                let place = open.map_or_else(|| place(voucher, day), |(place, _)| place);
                self.sums(place).cleared_fen += amount(Field::ExecutedAmount);
            }
            (VoucherKind::DirectRefund | VoucherKind::PayeeRefund, Flag::Original) => {
                *self.refunds_fen.entry(bank()).or_insert(0) -= amount(Field::Amount);
            }
            (VoucherKind::RefundRequest, Flag::Receipt) => {
                *self.refunds_fen.entry(bank()).or_insert(0) += amount(Field::ExecutedAmount);
            }
            _ => {}
        }
    }

    /// Takes in that a request was refused, with the notice for it: what it asked for waits for another one.
    pub fn refused(&mut self, key: VoucherKey, noticed_fen: FenSum) {
        if let Some((place, amount_fen)) = self.requests.remove(&request(key)) {
            let sums = self.sums(place);
            sums.requested_fen -= amount_fen;
            sums.noticed_fen -= noticed_fen;
        }
    }

    /// Every place with its sums.
    pub fn places(&self) -> impl Iterator<Item = (&Place, &Sums)> {
        self.places.iter()
    }

    /// Places where C1 does not hold: open items.
    pub fn open(&self) -> impl Iterator<Item = (&Place, &Sums)> {
        self.places().filter(|(_, sums)| !sums.agree())
    }

    /// What each bank is out of pocket.
    #[must_use]
    pub fn exposures(&self) -> BTreeMap<String, Exposure> {
        let mut by_bank: BTreeMap<String, Exposure> = BTreeMap::new();
        for (place, sums) in &self.places {
            let exposure = by_bank.entry(place.bank.clone()).or_default();
            exposure.uncleared_fen += sums.receipts_fen - sums.cleared_fen;
        }
        for (bank, &held_fen) in &self.refunds_fen {
            by_bank.entry(bank.clone()).or_default().refunds_held_fen += held_fen;
        }
        by_bank
    }

    fn sums(&mut self, place: Place) -> &mut Sums {
        self.places.entry(place).or_default()
    }
}

fn request(key: VoucherKey) -> Request {
    (key.division, key.year, key.number)
}

fn place(voucher: &Voucher, day: Day) -> Place {
    let text = |field| voucher.head.text(field).unwrap_or("").to_owned();
    let (bank, fund) = (text(Field::PayBank), text(Field::FundType));
    Place { day, bank, division: voucher.key.division, fund }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Fen;
    use crate::voucher::document::Fields;

    fn voucher(key: &str, flag: Flag, fields: &[(Field, i64)]) -> Voucher {
        let mut head =
            Fields::new().with_text(Field::FundType, "111").with_text(Field::PayBank, "102");
        for (field, fen) in fields {
            head = head.with_amount(*field, Fen::new(*fen));
        }
        let (key, date) = (VoucherKey::parse(key).expect("a key"), Day::new(20_230_310));
        Voucher { key, flag, date: date.expect("a day"), head, details: Vec::new() }
    }

    fn naming(mut voucher: Voucher, request: &str) -> Voucher {
        voucher.head = voucher.head.with_text(Field::ClearingNumber, request);
        voucher
    }

    const PAID: &str = "370102000-2023-8202-1";
    const REQUEST: &str = "370102000-2023-2301-B1";
    const NOTICE: &str = "370102000-2023-5106-1";

    #[test]
    fn a_day_agrees_when_everything_was_cleared() {
        let paid = voucher(PAID, Flag::Receipt, &[(Field::ExecutedAmount, 800)]);
        let request = voucher(REQUEST, Flag::Original, &[(Field::Amount, 800)]);
        let notice = naming(voucher(NOTICE, Flag::Original, &[(Field::Amount, 800)]), "B1");
        let amount = [(Field::ExecutedAmount, 800)];
        let cleared = naming(voucher(NOTICE, Flag::Receipt, &amount), "B1");
        for order in [[&paid, &request, &notice], [&notice, &request, &paid]] {
            let mut tally = Tally::default();
            for voucher in order {
                tally.take(voucher);
            }
            assert_eq!(tally.open().count(), 1, "not cleared yet");
            assert_eq!(tally.exposures()["102"].uncleared_fen, 800);
            tally.take(&cleared);
            assert_eq!(tally.open().count(), 0);
            assert_eq!(tally.places().count(), 1);
            assert_eq!(tally.exposures()["102"], Exposure::default());
        }
    }

    #[test]
    fn a_refused_request_counts_no_more() {
        let mut tally = Tally::default();
        tally.take(&voucher(PAID, Flag::Receipt, &[(Field::ExecutedAmount, 800)]));
        let request = voucher(REQUEST, Flag::Original, &[(Field::Amount, 800)]);
        tally.take(&request);
        tally.take(&naming(voucher(NOTICE, Flag::Original, &[(Field::Amount, 799)]), "B1"));
        tally.refused(request.key, 799);
        let (_, sums) = tally.open().next().expect("still open");
        assert_eq!(*sums, Sums { receipts_fen: 800, ..Sums::default() });
    }

    #[test]
    fn refunds_stand_apart_until_the_treasury_has_them() {
        let mut tally = Tally::default();
        let refund = voucher("370102000-2023-2252-B2", Flag::Original, &[(Field::Amount, -300)]);
        tally.take(&refund);
        let held = Exposure { uncleared_fen: 0, refunds_held_fen: 300 };
        assert_eq!(tally.exposures()["102"], held);
        let amount = [(Field::ExecutedAmount, -300)];
        tally.take(&voucher("370102000-2023-2302-B3", Flag::Receipt, &amount));
        assert_eq!(tally.exposures()["102"], Exposure::default());
    }
}
