//! Transfers: those that a person here has received or declined, and those that have ended at their
//! receivers.

use crate::codes::{AuthorityKind, MoveKind};
use crate::command::MoveIn;
use crate::division::YearBook;
use crate::ids::{PaymentId, QuotaId};
use crate::money::Fen;
use crate::movement::Transit;
use crate::office::decide::division_code;
use crate::office::issuance::order::{What, make_id, paper_id};
use crate::office::issuance::plan::{Make, is_executable};
use crate::office::paper::PaperKind;
use crate::office::table::Tabled;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::document::{Arrival, ArrivalState, Transfer, TransferState};

use super::document::create;
use super::{Orders, papers_of, refused_with};

impl Orders<'_> {
    /// What was received goes into its quota; what was declined goes back.
    pub(super) fn arrivals(&mut self, book: &YearBook) {
        for arrival in book.office().all::<Arrival>() {
            if self.is_full() {
                return;
            }
            if !matches!(arrival.state, ArrivalState::Received | ArrivalState::Declined) {
                continue;
            }
            if book.move_in(arrival.from, arrival.id).is_some() {
                let key = arrival.key();
                let act = paper_id(book.key(), PaperKind::Received, &key, 0);
                self.file(book, arrival.receiver, PaperKind::Received, act, key);
            } else if let Some(to) = self.receiver_of(book, arrival) {
                let moved = MoveIn {
                    kind: MoveKind::Transfer,
                    id: arrival.id,
                    from: arrival.from,
                    to,
                    amount_fen: arrival.amount_fen,
                    fund: arrival.fund,
                    payment: PaymentId::NONE,
                };
                self.push(arrival.receiver, What::MoveIn(moved));
            }
        }
    }

    /// The quota it goes to, or where it comes back from; `None`: the quota is made first.
    fn receiver_of(&mut self, book: &YearBook, arrival: &Arrival) -> Option<QuotaId> {
        let back = QuotaId::unnamed(book.division, book.year);
        if arrival.state == ArrivalState::Declined {
            return Some(back);
        }
        let Some(row) = book.office().get::<BudgetRow>(&arrival.row) else { return Some(back) };
        let key = row.quota_key(division_code(self.division, book.office()));
        if let Some(quota) = book.quota_by_key(&key) {
            return Some(quota);
        }
        let act = make_id(book.key(), &arrival.key(), &key);
        if refused_with(book, act).is_some() {
            return Some(back);
        }
        let make = Make {
            year: book.year,
            key: key.into(),
            parent: arrival.from,
            fund: row.fund,
            economic: row.departmental,
            unit: (*row.unit).into(),
            executable: is_executable(book.office(), row),
            authority: AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
        };
        self.push(arrival.receiver, create(&make, act, book));
        None
    }

    /// How transfers ended is put on file where they came from.
    pub(super) fn transfers_that_ended(&mut self, book: &YearBook) {
        let ended = |transfer: &&Transfer| {
            let transit = book.move_out(transfer.id).map(|row| row.transit);
            let over = matches!(transit, Some(Transit::Landed | Transit::CameBack));
            transfer.state == TransferState::Out && over
        };
        let all: Vec<&Transfer> = book.office().all::<Transfer>().filter(ended).collect();
        let Some(first) = all.first() else { return };
        let person = first.maker;
        for text in papers_of(0, all.iter().map(|transfer| transfer.id.to_string())) {
            let act = paper_id(book.key(), PaperKind::TransferEnd, &text, 0);
            self.file(book, person, PaperKind::TransferEnd, act, text);
        }
    }
}
