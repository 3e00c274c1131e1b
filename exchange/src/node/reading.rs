//! Letters read again for people who look for one: what was signed, what it says, and which ones say a thing.

use domain::Fen;
use domain::ids::PaymentId;
use domain::voucher::document::Fields;
use domain::voucher::facts::{named_voucher, payment_of};
use domain::voucher::{Field, Flag, Voucher, VoucherKey};

use super::{Log, LogFault, Node};
use crate::business::Business;
use crate::encoding::Unreadable;
use crate::envelope::Envelope;
use crate::limits::{
    SEARCH_BYTES_READ_ENOUGH, SEARCH_LETTERS_READ_MAX, SEARCH_PAYMENTS_TOLD_MAX, SEARCH_ROWS_MAX,
};
use crate::store::Row;
use crate::store::search::{Found, Search};

/// A letter as it lies in the journal.
#[derive(Debug)]
pub struct Kept {
    /// Its row.
    pub row: Row,
    /// What was signed, and the seals on it.
    pub envelope: Result<Envelope, Unreadable>,
    /// The voucher in it, or why it is none; none for notices and for what cannot be read.
    pub voucher: Option<Result<Voucher, String>>,
    /// How long it is.
    pub bytes: usize,
    /// How much was read for it: a receipt may be read beside its original.
    pub bytes_read: usize,
}

/// What a letter is looked for by, beside where it stands. Everything that is given has to hold.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// A detail of it is this payment.
    pub payment: Option<PaymentId>,
    /// Its sum, or a detail's.
    pub amount_fen: Option<Fen>,
    /// Part of a payee's name, or a payee's whole account.
    pub payee: Option<String>,
    /// It is about this voucher: names it as the one it comes of.
    pub names: Option<VoucherKey>,
}

/// What a voucher says, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its sum; none where its kind has none.
    pub amount_fen: Option<Fen>,
    /// The payee, or that of the first detail.
    pub payee: String,
    /// How many details it has.
    pub details: usize,
    /// Its first payments, each once.
    pub payments: Vec<PaymentId>,
    /// The voucher that it names as the one it comes of: in its head, or in the first detail that names one.
    pub names: Option<VoucherKey>,
}

/// One letter of a page.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Where it is.
    pub found: Found,
    /// Its row.
    pub row: Row,
    /// What it says, where it is a voucher that can be read.
    pub says: Option<Summary>,
}

/// A page of letters.
#[derive(Clone, Debug)]
pub struct Page {
    /// The letters, in order.
    pub listed: Vec<Listed>,
    /// How many were read for it.
    pub looked_at: usize,
    /// Where the next page goes on; none at the end.
    pub next: Option<Found>,
}

impl<B: Business, L: Log> Node<B, L> {
    /// The letter at a place; none where there is no such letter.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn kept(&mut self, found: Found) -> Result<Option<Kept>, LogFault> {
        let Some(row) = self.store.row_at(found).cloned() else { return Ok(None) };
        let letter = self.letter(row.at())?;
        let envelope = Envelope::decode(&letter);
        let original = envelope.as_ref().ok().and_then(|envelope| self.answered(found, envelope));
        let original = original.map(|at| self.letter(at)).transpose()?;
        let bytes = letter.len();
        let bytes_read = bytes + original.as_ref().map_or(0, |letter| letter.len());
        let original = original.and_then(|letter| Envelope::decode(&letter).ok());
        let original = original.and_then(|envelope| {
            let (format, payload) = envelope.payload()?;
            self.means.payloads.read(format, payload, None).ok()
        });
        let payload = envelope.as_ref().ok().and_then(Envelope::payload);
        let voucher = payload
            .map(|(format, payload)| self.means.payloads.read(format, payload, original.as_ref()));
        Ok(Some(Kept { row, voucher, envelope, bytes, bytes_read }))
    }

    /// Where the original of a receipt lies that is read beside it: it went the other way.
    fn answered(&self, found: Found, envelope: &Envelope) -> Option<u64> {
        let (key, flag) = envelope.voucher()?;
        let (format, _) = envelope.payload()?;
        if flag != Flag::Receipt || !format.is_read_beside() {
            return None;
        }
        let peer = self.store.peer(found.party)?;
        let row = match found.came {
            true => peer.out.get(peer.out.find(&key, Flag::Original)?),
            false => peer.inbox.get(peer.inbox.find(&key, Flag::Original)?),
        };
        row.map(Row::at)
    }

    /// The next letters that fit, each read for what it says. A page ends after so many letters, or when much was
    /// read, and then says where to go on: it holds up the party's turns no longer than that.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn page(
        &mut self,
        search: &Search,
        contents: &Contents,
        letters_max: usize,
    ) -> Result<Page, LogFault> {
        let rows = self.store.search(search);
        let all: Vec<Found> = rows.into_iter().map(|(found, _)| found).collect();
        let mut page = Page { listed: Vec::new(), looked_at: 0, next: None };
        let mut bytes = 0;
        for (at, found) in all.iter().enumerate() {
            let full = page.listed.len() >= letters_max;
            if full || at >= SEARCH_LETTERS_READ_MAX || bytes > SEARCH_BYTES_READ_ENOUGH {
                page.next = at.checked_sub(1).map(|last| all[last]);
                return Ok(page);
            }
            let kept = self.kept(*found)?.expect("what was found is there");
            (page.looked_at, bytes) = (at + 1, bytes + kept.bytes_read);
            let voucher = kept.voucher.and_then(Result::ok);
            if contents.fit(voucher.as_ref()) {
                let says = voucher.as_ref().map(summary);
                page.listed.push(Listed { found: *found, row: kept.row, says });
            }
        }
        if all.len() == SEARCH_ROWS_MAX {
            page.next = all.last().copied();
        }
        Ok(page)
    }
}

impl Contents {
    /// Whether they hold of a voucher; of a letter that is none, only where nothing is asked for.
    fn fit(&self, voucher: Option<&Voucher>) -> bool {
        let asks = self.payment.is_some()
            || self.amount_fen.is_some()
            || self.payee.is_some()
            || self.names.is_some();
        let Some(voucher) = voucher else { return !asks };
        let all =
            || std::iter::once(&voucher.head).chain(voucher.details.iter().map(|d| &d.fields));
        let amount = |wanted: Fen| {
            all().any(|fields| {
                let mut sums = [Field::Amount, Field::TotalAmount].into_iter();
                sums.any(|field| fields.amount_fen(field) == Some(wanted))
            })
        };
        let payee = |wanted: &String| {
            all().any(|fields| {
                let name = fields.text(Field::PayeeName);
                name.is_some_and(|name| name.contains(wanted.as_str()))
                    || fields.text(Field::PayeeAccount) == Some(wanted)
            })
        };
        let is_of = |wanted: PaymentId| {
            voucher.details.iter().any(|detail| payment_of(detail) == Some(wanted))
        };
        let VoucherKey { division, year, .. } = voucher.key;
        let names = |wanted: VoucherKey| {
            all().any(|fields| named_voucher(division, year, fields) == Some(wanted))
        };
        self.payment.is_none_or(is_of)
            && self.amount_fen.is_none_or(amount)
            && self.payee.as_ref().is_none_or(payee)
            && self.names.is_none_or(names)
    }
}

fn summary(voucher: &Voucher) -> Summary {
    let Voucher { head, details, .. } = voucher;
    let sum = |fields: &Fields| {
        fields.amount_fen(Field::Amount).or_else(|| fields.amount_fen(Field::TotalAmount))
    };
    let first = details.first().map(|detail| &detail.fields);
    let payee = head.text(Field::PayeeName).or_else(|| first?.text(Field::PayeeName));
    let mut payments: Vec<PaymentId> = Vec::new();
    for payment in details.iter().filter_map(payment_of) {
        if payments.len() < SEARCH_PAYMENTS_TOLD_MAX && !payments.contains(&payment) {
            payments.push(payment);
        }
    }
    let VoucherKey { division, year, .. } = voucher.key;
    let all = std::iter::once(head).chain(details.iter().map(|detail| &detail.fields));
    Summary {
        names: all.filter_map(|fields| named_voucher(division, year, fields)).next(),
        amount_fen: sum(head),
        payee: payee.unwrap_or_default().to_owned(),
        details: details.len(),
        payments,
    }
}
