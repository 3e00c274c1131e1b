//! What a payment was charged to was corrected (更正) in the engine: the central bank is told by a voucher whose
//! sum is zero, so that its books of spending follow. No cash moves, and no bank has to know.

use domain::Fen;
use domain::ids::{Day, MoveId, PaymentId};
use domain::office::shelves::Book;
use domain::voucher::document::Fields;
use domain::voucher::follows::PayMode;
use domain::voucher::numbers::Series;
use domain::voucher::{Detail, DivisionCode, Field, Flag, Party, Voucher, VoucherKey};

use super::answer::original_of;
use super::due::{department, elements_of};
use super::feed::{Corrected, Elements, Feed};
use super::issue::digest;
use super::record::{CorrectionIssued, Record};
use super::{Finance, Row, failed, noted};
use crate::business::{Effect, Verdict};

/// A correction that the central bank has to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionDue {
    /// The division's code.
    pub division: DivisionCode,
    /// Division and year.
    pub book: Book,
    /// The move in the engine.
    pub id: MoveId,
    /// The payment.
    pub payment: PaymentId,
    /// What moves.
    pub amount_fen: Fen,
    /// What goes on the voucher beside amounts and the payment's own voucher; or why there is none.
    pub told: Result<Lines, String>,
}

/// The two sides of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The treasury.
    pub treasury: String,
    /// Fund nature.
    pub fund: String,
    /// Why it is corrected.
    pub reason: String,
    /// Elements of the quota that bears it no more.
    pub given: Fields,
    /// Elements of the quota that bears it now.
    pub charged: Fields,
}

/// A correction's voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The payment.
    pub payment: PaymentId,
    /// The move in the engine.
    pub id: MoveId,
    /// Its date.
    pub day: Day,
    /// Hash of its canonical bytes.
    pub digest: u128,
    /// Where it stands.
    pub standing: CorrectionStanding,
}

/// Where a correction's voucher stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorrectionStanding {
    /// It went out and is not answered.
    Out,
    /// The central bank has booked it.
    Booked,
    /// It came back, with the reason: the central bank's books differ from ours.
    Back(String),
}

impl CorrectionStanding {
    /// Its name in texts and JSON.
    #[must_use]
    pub const fn slug(&self) -> &'static str {
        match self {
            CorrectionStanding::Out => "out",
            CorrectionStanding::Booked => "booked",
            CorrectionStanding::Back(_) => "back",
        }
    }
}

/// What a correction's voucher needs, from what is on file.
///
/// # Errors
/// When its division was never registered, which no journal says.
pub fn correction_due(feed: &mut Feed, corrected: &Corrected) -> Result<CorrectionDue, String> {
    let Corrected { id, payment, from, to, amount_fen, .. } = *corrected;
    let book = (to.division(), to.year());
    let Some(division) = feed.division_code(book.0) else {
        return Err(format!(
            "payment {payment} is of division {}, which is not registered",
            book.0.0
        ));
    };
    feed.index_payers(book);
    let told = match (feed.elements(from), feed.elements(to)) {
        (Some(charged), Some(given)) => lines(feed, book, corrected, &given, &charged),
        _ => Err(format!("quota {from} or {to} has no official key")),
    };
    Ok(CorrectionDue { division, book, id, payment, amount_fen, told })
}

fn lines(
    feed: &Feed,
    book: Book,
    corrected: &Corrected,
    given: &Elements<'_>,
    charged: &Elements<'_>,
) -> Result<Lines, String> {
    let treasury = feed.payers(book).treasury().ok_or(
        "no treasury of the division is on file: import its treasury single account (国库单一账户) with one",
    )?;
    let office = feed.shelves().office(book);
    let side = |elements: &Elements<'_>| {
        elements_of(elements, department(office, elements.unit))
            .with_text(Field::Project, elements.project)
    };
    Ok(Lines {
        treasury: treasury.to_owned(),
        fund: given.fund.to_owned(),
        reason: corrected.reason.to_string(),
        given: side(given),
        charged: side(charged),
    })
}

impl Finance {
    /// The voucher of a correction; none where it has one, or where none tells of it.
    pub(super) fn correct(&self, due: &CorrectionDue) -> Vec<Effect> {
        let told_before = self.corrected.contains(&(due.book, due.id));
        let row = self.voucher_of(due.book, due.payment);
        let of_ours = row.and_then(|row| Some((row, self.ordered(row)?.correction(row.path)?)));
        let Some((row, mode)) = of_ours.filter(|_| !told_before) else { return Vec::new() };
        match self.written(due, row, mode) {
            Ok((record, voucher)) => {
                vec![noted(&record), Effect::Issue { to: self.central_bank, voucher }]
            }
            Err(why) => vec![Effect::Alarm {
                what: format!(
                    "payment {} was corrected by {}, and {} cannot be told: {why}",
                    due.payment, due.id, self.central_bank
                ),
            }],
        }
    }

    /// How a voucher of ours was ordered.
    fn ordered(&self, row: &Row) -> Option<PayMode> {
        PayMode::told(row.key.kind, self.reconciled.payers.method(row.payer))
    }

    fn written(
        &self,
        due: &CorrectionDue,
        row: &Row,
        mode: PayMode,
    ) -> Result<(Record, Voucher), String> {
        let lines = due.told.as_ref().map_err(Clone::clone)?;
        let series = Series { division: due.division, year: due.book.1, kind: mode.kind };
        let serial = self.numbers.giving().give(series).map_err(|none| none.to_string())?;
        let head = Fields::new()
            .with_text(Field::FundType, lines.fund.as_str())
            .with_text(Field::PayType, mode.method)
            .with_text(Field::Treasury, lines.treasury.as_str())
            .with_text(Field::Reason, lines.reason.as_str())
            .with_text(Field::OriginalKind, row.key.kind.code().to_string())
            .with_text(Field::OriginalNumber, row.key.number.as_str())
            .with_amount(Field::Amount, Fen::ZERO);
        let less = Fen::new(-due.amount_fen.get());
        let sides = [("1", &lines.given, less), ("2", &lines.charged, due.amount_fen)];
        let details = sides.map(|(id, elements, amount_fen)| Detail {
            id: id.to_owned(),
            fields: elements
                .clone()
                .with_text(Field::Payment, due.payment.to_string())
                .with_amount(Field::Amount, amount_fen),
        });
        // Never later than the day that has begun, and never before the payment's own.
        let date = self.day().map_or(row.day, |day| day.max(row.day));
        let key = series.key(serial);
        let voucher = Voucher { key, flag: Flag::Original, date, head, details: details.into() };
        let issued = CorrectionIssued {
            key: key.to_string(),
            digest: digest(&voucher)?,
            day: date.get(),
            division: due.book.0.0,
            year: due.book.1.get(),
            payment: due.payment.0,
            id: due.id.0,
        };
        Ok((Record::CorrectionIssued(issued), voucher))
    }

    /// The central bank has booked a correction.
    pub(super) fn correction_booked(
        &self,
        from: Party,
        receipt: &Voucher,
    ) -> (Verdict, Vec<Effect>) {
        let known = self.corrections.get(&receipt.key).filter(|_| from == self.central_bank);
        let Some(known) = known else {
            return failed(format!("{} was never sent to {from} by finance", receipt.key));
        };
        if known.standing != CorrectionStanding::Out {
            return failed(format!("{} was answered before", receipt.key));
        }
        match digest(&original_of(receipt, known.day)) {
            Ok(digest) if digest == known.digest => {
                let key = receipt.key.to_string();
                (Verdict::Accepted, vec![noted(&Record::CorrectionBooked { key })])
            }
            Ok(_) => failed(format!(
                "the receipt of {} does not repeat the voucher that was sent",
                receipt.key
            )),
            Err(why) => failed(why),
        }
    }

    /// A correction came back: the engine's books have it, the central bank's do not.
    pub(super) fn correction_came_back(&self, key: &VoucherKey, reason: &str) -> Vec<Effect> {
        let known = self.corrections.get(key);
        let out = known.filter(|known| known.standing == CorrectionStanding::Out);
        let Some(known) = out else { return Vec::new() };
        let what = format!(
            "the correction {key} of payment {} came back: {reason}; the engine has charged the other quota, \
             the central bank has not: correct it back, or have it booked there",
            known.payment
        );
        let (key, reason) = (key.to_string(), reason.to_owned());
        vec![noted(&Record::CorrectionBack { key, reason }), Effect::Alarm { what }]
    }

    /// Corrections of a payment that the central bank was told of, by their vouchers' keys.
    pub fn corrections_of(
        &self,
        book: Book,
        payment: PaymentId,
    ) -> impl Iterator<Item = (&VoucherKey, &Correction)> {
        let of_payment = move |(key, known): &(&VoucherKey, &Correction)| {
            known.payment == payment
                && self.corrected.contains(&(book, known.id))
                && key.year == book.1
        };
        self.corrections.iter().filter(of_payment)
    }

    pub(super) fn correction_issued(&mut self, issued: CorrectionIssued) {
        let (key, book, known) = issued.read();
        self.numbered(Series::of(&key), key.number.as_str());
        self.corrected.insert((book, known.id));
        self.corrections.insert(key, known);
    }

    pub(super) fn correction_stands(&mut self, key: &str, standing: CorrectionStanding) {
        let key = super::record::key_of(key);
        let known = self.corrections.get_mut(&key);
        known.expect("a correction that was written is answered").standing = standing;
    }
}
