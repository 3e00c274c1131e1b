//! Receipts (回单): the order again under the same key, with what was really done; and wrong ones, by the script.

use domain::Fen;
use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Value, Voucher};

use super::{Bank, HeldReceipt};
use crate::script::Fault;

/// What was done of a voucher.
pub(super) struct Executed {
    pub(super) day: Day,
    /// The bank's own number of it.
    pub(super) serial: String,
    /// For each detail what was paid, and why not, where something was not.
    pub(super) lines: Vec<(Fen, Option<String>)>,
}

impl Executed {
    pub(super) const fn default_on(day: Day) -> Executed {
        Executed { day, serial: String::new(), lines: Vec::new() }
    }
}

/// The receipt of a voucher.
pub(super) fn receipt(order: &Voucher, executed: &Executed) -> Voucher {
    let Executed { day, serial, lines } = executed;
    let mut receipt = order.clone();
    (receipt.flag, receipt.date) = (Flag::Receipt, *day);
    let mut sum_fen = 0;
    for (line, (paid_fen, note)) in receipt.details.iter_mut().zip(lines) {
        sum_fen += paid_fen.get();
        line.fields.set(Field::ExecutedAmount, Value::Amount(*paid_fen));
        if paid_fen.get() != 0
            && let Some(account) = line.fields.text(Field::PayeeAccount)
        {
            let account = account.to_owned();
            line.fields.set(Field::ExecutedPayeeAccount, Value::Text(account));
        }
        if let Some(note) = note {
            let told = if note.is_empty() { "收款账户不能入账" } else { note };
            line.fields.set(Field::ExecutedNote, Value::Text(told.to_owned()));
        }
    }
    receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::new(sum_fen)));
    receipt.head.set(Field::ExecutedDay, Value::Day(*day));
    receipt.head.set(Field::BankSerial, Value::Text(serial.clone()));
    receipt
}

impl Bank {
    /// The bank's number of what begins at an entry: its code, the day, and the entry.
    pub(super) fn serial(&self, day: Day, first_entry: u32) -> String {
        format!("{}{}{first_entry:010}", self.identity.code, day.get())
    }

    /// A receipt and the one that was kept back for it, each under the other's number.
    pub(super) fn exchanged(held: &HeldReceipt, right: &Voucher) -> [Voucher; 2] {
        let other = Voucher { key: right.key, ..held.receipt.clone() };
        [other, Voucher { key: held.receipt.key, ..right.clone() }]
    }

    /// The answers that go out: the receipt, or what the script makes of it.
    pub(super) fn wrong_answers(fault: Option<Fault>, right: Voucher) -> Vec<Voucher> {
        match fault {
            Some(Fault::Twice) => vec![right.clone(), right],
            Some(Fault::TwiceOtherwise) => {
                let mut second = right.clone();
                let serial = second.head.text(Field::BankSerial).unwrap_or("").to_owned();
                second.head.set(Field::BankSerial, Value::Text(serial + "R"));
                vec![right, second]
            }
            Some(Fault::OtherAmount) => {
                let mut wrong = right;
                let line = wrong.details.iter_mut().find(|line| paid_fen(&line.fields) > 0);
                if let Some(line) = line {
                    let less = less_fen(paid_fen(&line.fields));
                    let by = paid_fen(&line.fields) - less;
                    line.fields.set(Field::ExecutedAmount, Value::Amount(Fen::new(less)));
                    let sum_fen = Fen::new(paid_fen(&wrong.head) - by);
                    wrong.head.set(Field::ExecutedAmount, Value::Amount(sum_fen));
                }
                vec![wrong]
            }
            Some(Fault::OtherPayee) => {
                let mut wrong = right;
                for line in &mut wrong.details {
                    let other = Value::Text("62220000999999".to_owned());
                    line.fields.set(Field::ExecutedPayeeAccount, other);
                }
                vec![wrong]
            }
            _ => vec![right],
        }
    }
}

fn paid_fen(fields: &Fields) -> i64 {
    fields.amount_fen(Field::ExecutedAmount).unwrap_or_default().get()
}

/// One fen less; of one fen, one more: a receipt of nothing is a return.
const fn less_fen(fen: i64) -> i64 {
    if fen > 1 { fen - 1 } else { fen + 1 }
}
