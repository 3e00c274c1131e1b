//! What became of a payment order (TR04): a definite answer from the ledger, whatever was said before.

use domain::Fen;
use domain::ids::Day;
use domain::voucher::VoucherKey;

use super::{Bank, Reversal, State};
use crate::ledger::SourceId;

/// The answer to a question after a payment order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trade {
    /// The bank has never seen it. It may be sent.
    Unknown,
    /// It was sent back, and will never be paid.
    SentBack,
    /// It was paid, and the bank has taken that back (冲正). It will never be paid.
    Reversed {
        /// What had been paid.
        paid_fen: Fen,
        /// When it was taken back.
        day: Day,
        /// Why.
        reason: String,
    },
    /// It is here and not paid.
    NotPaid,
    /// It was paid.
    Paid {
        /// In all; less than ordered when details failed.
        paid_fen: Fen,
        /// When.
        day: Day,
        /// The bank's number of it, as on the receipt.
        serial: String,
        /// Each detail that was paid.
        details: Vec<(String, Fen)>,
        /// What of it came back later.
        refunded_fen: Fen,
    },
}

impl Bank {
    /// What became of a payment order.
    ///
    /// # Panics
    /// Never for an order that the bank took: what was paid has entries.
    #[must_use]
    pub fn trade(&self, voucher: VoucherKey) -> Trade {
        if self.early_digest(&voucher).is_some() {
            return Trade::NotPaid;
        }
        let Some(mut source) = self.ledger.find_source(voucher) else { return Trade::Unknown };
        let mut row = self.row(source);
        if row.state == State::Beside {
            source = SourceId(row.group);
            row = self.row(source);
        }
        if let Some(Reversal { day, reason }) = self.reversals.get(&source) {
            let (paid_fen, day, reason) = (row.paid_fen, *day, reason.clone());
            return Trade::Reversed { paid_fen, day, reason };
        }
        match row.state {
            State::Own => Trade::Unknown,
            State::Returned => Trade::SentBack,
            State::Silent | State::Waiting => Trade::NotPaid,
            State::Beside | State::Paid | State::Requested | State::Cleared => {
                let first = &self.ledger.entries()[row.first_entry as usize];
                let day = self.ledger.day(first);
                let (mut details, mut refunded_fen) = (Vec::new(), 0);
                for line in 0..row.paid_lines {
                    let (advanced, charged) = self.paid_line(source, line);
                    details.push((self.ledger.detail(&advanced).to_owned(), charged.amount_fen));
                    if self.refunded_lines.contains(&(source, line)) {
                        refunded_fen += charged.amount_fen.get();
                    }
                }
                let refunded_fen = Fen::new(refunded_fen);
                let serial = self.serial(day, row.first_entry);
                Trade::Paid { paid_fen: row.paid_fen, day, serial, details, refunded_fen }
            }
        }
    }
}
