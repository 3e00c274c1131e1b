//! The engine's place: it takes facts in, and here each is counted against its payment.

use domain::Fen;
use domain::codes::FactKind;
use exchange::finance::record::FactDue;

use crate::province::amount_fen;

/// What finance's facts said of each payment.
pub(crate) struct Facts {
    /// 1: paid, 2: cleared, by serial number.
    said: Vec<u8>,
    pub(crate) paid: u64,
    pub(crate) cleared: u64,
    pub(crate) paid_fen: i128,
    pub(crate) cleared_fen: i128,
}

impl Facts {
    pub(crate) fn of(payments: u64) -> Facts {
        let said = vec![0; payments as usize];
        Facts { said, paid: 0, cleared: 0, paid_fen: 0, cleared_fen: 0 }
    }

    /// Takes a fact in: each payment is paid once, then cleared once, for what it is worth.
    pub(crate) fn take(&mut self, due: &FactDue) {
        let fact = due.fact();
        let serial = fact.payment.0 as u64 - 1;
        assert_eq!(fact.amount_fen, Fen::new(amount_fen(serial)), "payment {serial}");
        let said = &mut self.said[serial as usize];
        let fen = i128::from(fact.amount_fen.get());
        match fact.kind {
            FactKind::ConfirmPaid => {
                assert_eq!(*said, 0, "payment {serial} is reported as paid once");
                (self.paid, self.paid_fen) = (self.paid + 1, self.paid_fen + fen);
                *said = 1;
            }
            FactKind::Clear => {
                assert_eq!(*said, 1, "payment {serial} is cleared once, after it was paid");
                (self.cleared, self.cleared_fen) = (self.cleared + 1, self.cleared_fen + fen);
                *said = 3;
            }
            other => panic!("nothing went wrong, and payment {serial} is told {other:?}"),
        }
    }
}
