//! Money that comes back to the bank (退票、退回): told to finance at once, by detail and each detail whole.

use domain::Fen;
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, form};
use exchange::business::Effect;

use super::record::Record;
use super::{Bank, Refusal, State, noted};
use crate::ledger::{Entry, SourceId};
use crate::reason::is_reason;
use crate::record::KeyRecord;

impl Bank {
    pub(super) fn refund(
        &self,
        voucher: VoucherKey,
        detail: Option<&str>,
        reason: &str,
    ) -> Result<Vec<Effect>, Refusal> {
        if voucher.kind == VoucherKind::CollectionDebit {
            return self.debit_back(voucher, reason);
        }
        let day = self.today()?;
        if !is_reason(reason) {
            return Err(Refusal::Reason);
        }
        let source = self.order_of(voucher).ok_or(Refusal::NotPaid { voucher })?;
        let row = self.row(source);
        let lines: Vec<(u32, Entry, Entry)> = (0..row.paid_lines)
            .filter(|line| !self.refunded_lines.contains(&(source, *line)))
            .map(|line| {
                let (advanced, charged) = self.paid_line(source, line);
                (line, advanced, charged)
            })
            .filter(|(_, advanced, _)| detail.is_none_or(|id| self.ledger.detail(advanced) == id))
            .collect();
        let sum_fen: i64 = lines.iter().map(|(_, _, charged)| charged.amount_fen.get()).sum();
        if lines.is_empty() {
            let detail = detail.unwrap_or("").to_owned();
            return Err(Refusal::NothingToRefund { voucher, detail });
        }
        let order = self.ledger.key(source);
        let kind = order.kind.refund_notice().expect("orders that a bank pays can come back");
        let notice = self.own_key(order, kind, 0);
        let whole = detail.is_none() && lines.len() == row.paid_lines as usize;
        let first = self.refunds.len() as u32 + 1;
        let number = |at: usize| if whole { first } else { first + at as u32 };
        let line = |(at, (_, advanced, charged)): (usize, &(u32, Entry, Entry))| {
            let fields = Fields::new()
                .with_text(Field::OriginalDetail, self.ledger.detail(advanced))
                .with_text(Field::OriginalMessage, form::payment_message(charged.amount_fen))
                .with_text(Field::RefundNumber, number(at).to_string())
                .with_amount(Field::Amount, Fen::new(-charged.amount_fen.get()));
            Detail { id: (at + 1).to_string(), fields }
        };
        let details: Vec<Detail> = lines.iter().enumerate().map(line).collect();
        let refund_type = if whole { form::REFUND_OF_WHOLE } else { form::REFUND_BY_DETAIL };
        let group = self.group(&row);
        let account = self.payer(group.account).expect("what was paid was paid from an account");
        let mut head = Fields::new()
            .with_text(Field::FundType, group.fund)
            .with_text(Field::PayType, group.method)
            .with_text(Field::PayBank, self.identity.code.as_str())
            .with_text(Field::PayBankName, self.identity.name.as_str())
            .with_text(Field::PayerAccount, group.account)
            .with_text(Field::PayerName, account.name)
            .with_amount(Field::Amount, Fen::new(-sum_fen))
            .with_text(Field::Reason, reason)
            .with_text(Field::OriginalNumber, order.number.as_str())
            .with_text(Field::OriginalKind, order.kind.code().to_string())
            .with_text(Field::RefundType, refund_type)
            .with_text(Field::RefundNumber, number(0).to_string());
        head.set(Field::OriginalDate, Value::Day(crate::record::day(row.date)));
        let mut messages = details.iter().map(|line| line.fields.get(Field::OriginalMessage));
        // One that all of them went by stands in the head too.
        if let Some(Some(first)) = messages.next()
            && messages.all(|message| message == Some(first))
        {
            head.set(Field::OriginalMessage, first.clone());
        }
        let record = Record::Refunded {
            key: KeyRecord::from(&order),
            notice: KeyRecord::from(&notice),
            reason,
            lines: lines.iter().enumerate().map(|(at, (line, ..))| (*line, number(at))).collect(),
        };
        let voucher = Voucher { key: notice, flag: Flag::Original, date: day, head, details };
        Ok(vec![noted(&record), Effect::Issue { to: account.finance, voucher }])
    }

    /// The payment order that a key names: itself, or the parent of details beside; only one that was paid.
    pub(super) fn order_of(&self, voucher: VoucherKey) -> Option<SourceId> {
        let source = self.ledger.find_source(voucher)?;
        let row = self.row(source);
        let source = if row.state == State::Beside { SourceId(row.group) } else { source };
        self.row(source).is_paid().then_some(source)
    }

    /// The entries of a detail that was paid: what was advanced to the payee, and what was charged.
    pub(super) fn paid_line(&self, order: SourceId, line: u32) -> (Entry, Entry) {
        let at = (self.row(order).first_entry + 2 * line) as usize;
        (self.ledger.entries()[at], self.ledger.entries()[at + 1])
    }
}
