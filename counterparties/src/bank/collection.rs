//! Collection by agreement (委托收款、托收): a payee's claim debits a zero-balance account at once, finance is told, and
//! the payment order that names the debit takes it over: nothing is paid a second time.

use domain::Fen;
use domain::FiscalYear;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::check::check;
use domain::voucher::collection::{Debit, NotCollected, debit_of_order};
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKey, VoucherKind, form};
use exchange::business::Effect;

use super::master::OwnName;
use super::record::Record;
use super::refusal::{Returned, findings_told};
use super::{Bank, Phase, Refusal, Row, noted};
use crate::ledger::{AccountKind, Occasion, Purpose};
use crate::limits::REASON_CHARS_MAX;
use crate::record::KeyRecord;

/// A claim of a payee under an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The payee's own number of it.
    pub number: String,
    /// The zero-balance account that is debited.
    pub account: String,
    /// The account that gets it.
    pub payee: String,
    /// Whose that is.
    pub payee_name: String,
    /// How much.
    pub amount_fen: Fen,
    /// What for.
    pub purpose: String,
}

/// A debit by a claim.
#[derive(Clone, Debug)]
pub(super) struct Debited {
    account: String,
    payee: String,
    amount_fen: Fen,
    /// The day it is dated on.
    day: Day,
    end: Option<End>,
}

/// What became of a debit.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The order that took it over.
    Order(VoucherKey),
    /// The payee gave it back.
    Back,
}

/// A debit has one detail.
const DETAIL: &str = "1";

impl Bank {
    /// A payee collects from a zero-balance account: the bank pays with its own money, and tells finance.
    pub(super) fn collect(&self, claim: &Claim) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        if self.phase != Phase::Open {
            return Err(Refusal::NoDay);
        }
        let Claim { number, account, payee, payee_name, amount_fen, purpose } = claim;
        let payer = self.accounts.get(account);
        let payer = payer.ok_or_else(|| Refusal::NoZeroBalance { account: account.clone() })?;
        if !amount_fen.is_payable() {
            return Err(Refusal::Amount { amount_fen: *amount_fen });
        }
        if !self.holds(account, -FenSum::from(amount_fen.get())) {
            return Err(Refusal::Beyond { account: account.clone() });
        }
        if self.claims.contains(&(payee.clone(), number.clone())) {
            let (payee, number) = (payee.clone(), number.clone());
            return Err(Refusal::Collected { payee, number });
        }
        let key = VoucherKey {
            division: payer.division,
            year: FiscalYear::new(day.year()).expect("a business day is in a year"),
            kind: VoucherKind::CollectionDebit,
            number: self.number_after(0),
        };
        let mut head = Fields::new()
            .with_text(Field::PayBank, self.identity.code.as_str())
            .with_text(Field::PayBankName, self.identity.name.as_str())
            .with_text(Field::PayerAccount, account.as_str())
            .with_text(Field::PayerName, payer.name.as_str())
            .with_text(Field::PayeeAccount, payee.as_str())
            .with_text(Field::PayeeName, payee_name.as_str())
            .with_amount(Field::Amount, *amount_fen)
            .with_text(Field::CheckNumber, number.as_str());
        if !purpose.is_empty() {
            head = head.with_text(Field::Purpose, purpose.as_str());
        }
        let voucher = Voucher { key, flag: Flag::Original, date: day, head, details: Vec::new() };
        // What cannot be told is not done.
        let findings = check(&voucher, day, &OwnName(&self.identity));
        if !findings.is_empty() {
            return Err(Refusal::Claim { why: findings_told(&findings) });
        }
        let amount_fen = amount_fen.get();
        let debit = KeyRecord::from(&key);
        let record = noted(&Record::Debited { debit, number, account, payee, amount_fen });
        Ok(vec![record, Effect::Issue { to: payer.finance, voucher }])
    }

    /// The debit that an order takes over; none where it is no collection.
    pub(super) fn collected_by(&self, order: &Voucher) -> Result<Option<VoucherKey>, Returned> {
        let Some((key, said)) = debit_of_order(order).map_err(Returned::NotCollected)? else {
            return Ok(None);
        };
        let debit = self.debits.get(&key).ok_or(NotCollected::NotDebited(key));
        let debit = debit.map_err(Returned::NotCollected)?;
        let agrees = match debit.end {
            Some(End::Order(order)) => Err(NotCollected::Taken { debit: key, order }),
            Some(End::Back) => Err(NotCollected::Back(key)),
            None => debit.said().must_be_paid_by(&said),
        };
        agrees.map(|()| Some(key)).map_err(Returned::NotCollected)
    }

    /// A payee gives a debit back that no order has taken over.
    pub(super) fn debit_back(&self, key: VoucherKey, reason: &str) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        if !(1..=REASON_CHARS_MAX).contains(&reason.chars().count())
            || reason.chars().any(char::is_control)
        {
            return Err(Refusal::Reason);
        }
        let debit = self.debits.get(&key).filter(|debit| debit.end.is_none());
        let debit = debit.ok_or(Refusal::NotPaid { voucher: key })?;
        let payer = &self.accounts[&debit.account];
        let notice = self.own_key(key, VoucherKind::PayeeRefund, 0);
        let head = Fields::new()
            .with_text(Field::PayBank, self.identity.code.as_str())
            .with_text(Field::PayBankName, self.identity.name.as_str())
            .with_text(Field::PayerAccount, debit.account.as_str())
            .with_text(Field::PayerName, payer.name.as_str())
            .with_amount(Field::Amount, Fen::new(-debit.amount_fen.get()))
            .with_text(Field::Reason, reason)
            .with_text(Field::OriginalNumber, key.number.as_str())
            .with_text(Field::OriginalKind, key.kind.code().to_string())
            .with(Field::OriginalDate, Value::Day(debit.day))
            .with_text(Field::RefundType, form::REFUND_OF_WHOLE)
            .with_text(Field::RefundNumber, (self.numbers + 1).to_string());
        let record = noted(&Record::DebitBack {
            debit: KeyRecord::from(&key),
            notice: KeyRecord::from(&notice),
        });
        let voucher =
            Voucher { key: notice, flag: Flag::Original, date: day, head, details: Vec::new() };
        Ok(vec![record, Effect::Issue { to: payer.finance, voucher }])
    }

    pub(super) fn debited(
        &mut self,
        key: VoucherKey,
        number: &str,
        account: &str,
        payee: &str,
        amount_fen: Fen,
    ) {
        self.put(key, Row::OWN);
        self.numbers += 1;
        self.claims.insert((payee.to_owned(), number.to_owned()));
        let (account, payee) = (account.to_owned(), payee.to_owned());
        let day = self.day.expect("accounts are debited on a day");
        let debit = Debited { account, payee, amount_fen, day, end: None };
        self.post_debit(key, &debit, true);
        self.debits.insert(key, debit);
    }

    /// A debit ends where an order takes it over: what is posted for it is posted back, and the order's own behind it.
    pub(super) fn taken_over(&mut self, key: VoucherKey, order: VoucherKey) {
        self.debit_ends(key, End::Order(order));
    }

    pub(super) fn debit_came_back(&mut self, key: VoucherKey, notice: VoucherKey) {
        self.put(notice, Row::OWN);
        self.numbers += 1;
        self.debit_ends(key, End::Back);
    }

    fn debit_ends(&mut self, key: VoucherKey, end: End) {
        let mut debit = self.debits.remove(&key).expect("a debit was written before");
        debit.end = Some(end);
        self.post_debit(key, &debit, false);
        self.debits.insert(key, debit);
    }

    fn post_debit(&mut self, key: VoucherKey, debit: &Debited, begins: bool) {
        let day = self.day.expect("accounts are debited on a day");
        let source = self.ledger.source(key);
        let payee = self.ledger.open(AccountKind::Payee, &debit.payee);
        let zero = self.ledger.open(AccountKind::ZeroBalance, &debit.account);
        let (advance, claim) = (self.advance, self.claim);
        let moves = match begins {
            true => {
                [(Purpose::Collection, advance, payee), (Purpose::CollectionCharge, zero, claim)]
            }
            false => [
                (Purpose::CollectionBack, payee, advance),
                (Purpose::CollectionDischarge, claim, zero),
            ],
        };
        let amount_fen = debit.amount_fen;
        let of = Occasion { source, detail: DETAIL, elements: "", amount_fen, day };
        self.ledger.post_pair(&of, moves);
    }

    /// Whether an order took a debit over.
    pub(super) fn took_over(&self, order: VoucherKey) -> bool {
        let is_its = |end: Option<End>| matches!(end, Some(End::Order(by)) if by == order);
        self.debits.values().any(|debit| is_its(debit.end))
    }

    /// What payees have collected that no order has taken over, in fen.
    #[must_use]
    pub fn collected_fen(&self) -> FenSum {
        let open = self.debits.values().filter(|debit| debit.end.is_none());
        open.map(|debit| FenSum::from(debit.amount_fen.get())).sum()
    }
}

impl Debited {
    fn said(&self) -> Debit<'_> {
        Debit { payer: &self.account, payee: &self.payee, amount_fen: self.amount_fen }
    }
}
