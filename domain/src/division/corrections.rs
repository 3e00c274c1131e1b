//! What each quota bears of a payment, after its corrections (更正).

use crate::codes::MoveKind;
use crate::ids::{MoveId, PaymentId, QuotaId};
use crate::money::Fen;
use crate::movement::{MoveOutRow, Transit};
use crate::payment::Payment;

use super::YearBook;

impl YearBook {
    /// The corrections of a payment, in the order they were asked for.
    pub fn corrections_of(
        &self,
        payment: PaymentId,
    ) -> impl Iterator<Item = (MoveId, &MoveOutRow)> {
        let ids = self.corrections.get(&payment).into_iter().flatten();
        ids.filter_map(|&id| Some((id, self.move_out(id)?)))
    }

    /// What a quota bears of a payment: of its own payment what was executed and did not come back,
    /// with what corrections charged it with, less what they gave back or are about to. A correction
    /// counts for the quota it charges once it is known to have landed.
    #[must_use]
    pub fn borne_fen(&self, payment: &Payment, quota: QuotaId) -> Fen {
        let own = match payment.quota == quota {
            true => payment.executed_fen.get() - payment.refunded_fen().get(),
            false => 0,
        };
        let corrected = self.corrections_of(payment.id).map(|(_, row)| {
            let x = row.amount_fen.get();
            match row.transit {
                Transit::InTransit | Transit::Landed if row.to == quota => -x,
                Transit::Landed if row.from == quota => x,
                _ => 0,
            }
        });
        Fen::new(own + corrected.sum::<i64>())
    }

    /// The same, with what corrections are about to charge it with.
    pub(crate) fn to_be_borne_fen(&self, payment: &Payment, quota: QuotaId) -> Fen {
        let coming = self
            .corrections_of(payment.id)
            .filter(|(_, row)| row.from == quota && matches!(row.transit, Transit::InTransit));
        let coming: i64 = coming.map(|(_, row)| row.amount_fen.get()).sum();
        Fen::new(self.borne_fen(payment, quota).get() + coming)
    }

    /// Keeps the corrections of a payment in step with the moves.
    pub(crate) fn learn_correction(&mut self, id: MoveId, row: &MoveOutRow) {
        if row.kind == MoveKind::Correct {
            self.corrections.entry(row.payment).or_default().push(id);
        }
    }
}
