//! Debits that payees have collected by agreement (委托收款、托收): told by the bank, and taken over by the payments
//! that name them. A debit pays one payment; a payment without its debit waits for it, and is paid nothing meanwhile.

use domain::Fen;
use domain::codes::{BusinessKind, Path};
use domain::ids::{Day, PaymentId};
use domain::office::shelves::Book;
use domain::voucher::collection::{Debit, NotCollected, debit_of, debit_of_order};
use domain::voucher::facts::{named_voucher, other_date, payment_of};
use domain::voucher::grouping::{Draft, Order};
use domain::voucher::numbers::Giving;
use domain::voucher::{
    DivisionCode, Field, Party, Voucher, VoucherKey, VoucherKind, VoucherNumber, canonical,
};

use super::issue::Heap;
use super::record::{DebitRecord, PaymentName, Record};
use super::{Finance, Row, Standing, failed, noted};
use crate::business::{Effect, Verdict};

/// A debit that a payee has collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// Whose account it was: the bank that keeps it.
    pub bank: Party,
    /// The account.
    pub payer: Box<str>,
    /// The account that got it.
    pub payee: Box<str>,
    /// How much.
    pub amount_fen: Fen,
    /// When.
    pub day: Day,
    /// The order that takes it over; it may have come back.
    pub order: Option<VoucherKey>,
    /// When the payee gave it back, if it did.
    pub back: Option<Day>,
}

/// A payment that waits for the debit that it names.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    to: Party,
    path: Path,
    book: Book,
    voucher: Voucher,
}

impl Collected {
    fn said(&self) -> Debit<'_> {
        Debit { payer: &self.payer, payee: &self.payee, amount_fen: self.amount_fen }
    }
}

impl Finance {
    /// Debits that payees have collected, by the numbers their banks gave them.
    pub fn collected(&self) -> impl Iterator<Item = (&VoucherKey, &Collected)> {
        self.collected.iter()
    }

    /// Those that no payment takes over: nobody has asked for it, or its order came back.
    pub fn uncollected(&self) -> impl Iterator<Item = (&VoucherKey, &Collected)> {
        let is_open = |debit: &Collected| debit.back.is_none() && self.paid_by(debit).is_none();
        self.collected.iter().filter(move |(_, debit)| is_open(debit))
    }

    /// The order that has a debit, unless it came back.
    fn paid_by(&self, debit: &Collected) -> Option<&Row> {
        let row = self.voucher(debit.order.as_ref()?)?;
        (row.standing != Standing::Ended).then_some(row)
    }

    /// The day on which an order's receipt took a debit over.
    pub(super) fn taken_over_on(&self, debit: &Collected) -> Option<Day> {
        let row = self.paid_by(debit).filter(|row| row.standing != Standing::Out)?;
        Some(row.paid_on)
    }

    /// A bank tells that an account was debited.
    pub(super) fn debit_came(&self, from: Party, told: &Voucher) -> (Verdict, Vec<Effect>) {
        let text = |field| told.head.text(field).unwrap_or("");
        if text(Field::PayBank) != from.code() {
            return failed(format!("{} is not {from}'s to tell", told.key));
        }
        let record = DebitRecord {
            key: told.key.to_string(),
            bank: from.to_string(),
            payer: text(Field::PayerAccount).to_owned(),
            payee: text(Field::PayeeAccount).to_owned(),
            amount_fen: told.head.amount_fen(Field::Amount).unwrap_or_default().get(),
            day: told.date.get(),
        };
        let debit = record.read().1;
        let mut effects = vec![noted(&Record::Debited(record))];
        let mut numbers = self.numbers.giving();
        for (name, waiting) in &self.waiting {
            let named = debit_of_order(&waiting.voucher).ok().flatten();
            let Some((_, said)) = named.filter(|(key, _)| *key == told.key) else { continue };
            // Of several that name it the first has it; the others are told so.
            let agrees = match effects.iter().find_map(order_in) {
                None => debit_agrees(&debit, waiting.to, &said),
                Some(order) => Err(NotCollected::Taken { debit: told.key, order }),
            };
            match agrees {
                Ok(()) => self.write_waiting(waiting, &mut numbers, &mut effects),
                Err(why) => effects.extend(self.left_out(name.0, name.1, why.both())),
            }
        }
        (Verdict::Accepted, effects)
    }

    fn write_waiting(
        &self,
        waiting: &Waiting,
        numbers: &mut Giving<'_>,
        effects: &mut Vec<Effect>,
    ) {
        let Waiting { to, path, book, voucher } = waiting;
        let payment = payment_of(&voucher.details[0]);
        let draft = Draft {
            kind: voucher.key.kind,
            payments: payment.into_iter().collect(),
            amount_fen: voucher.head.amount_fen(Field::Amount).unwrap_or_default(),
            head: voucher.head.clone(),
            details: voucher.details.clone(),
        };
        let heap = (voucher.key.division, *book, voucher.date, *to, *path);
        self.write(heap, draft, numbers, effects);
    }

    /// Whether a payment is paid by a debit, and that it may be.
    pub(super) fn may_collect(
        &self,
        division: DivisionCode,
        book: Book,
        to: Party,
        order: &Order,
    ) -> Result<(), NotCollected> {
        let Some(payee) = order.payees.first() else { return Ok(()) };
        let collects = order.business == BusinessKind::Collection;
        let Some(key) = debit_of(division, book.1, collects, &payee.fields)? else {
            return Ok(());
        };
        let debit = self.collected.get(&key).ok_or(NotCollected::NotDebited(key))?;
        if debit.back.is_some() {
            return Err(NotCollected::Back(key));
        }
        if let Some(row) = self.paid_by(debit) {
            return Err(NotCollected::Taken { debit: key, order: row.key });
        }
        let said = Debit {
            payer: order.payer.text(Field::PayerAccount).unwrap_or(""),
            payee: payee.fields.text(Field::PayeeAccount).unwrap_or(""),
            amount_fen: order.amount_fen,
        };
        debit_agrees(debit, to, &said)
    }

    /// A payment whose debit is not told yet: listed with why, and kept as it would go out.
    pub(super) fn wait_for_debit(
        &self,
        (division, book, day, to, path): Heap,
        payment: PaymentId,
        draft: Draft,
        why: &NotCollected,
    ) -> Vec<Effect> {
        // A number that is never given: the voucher gets its own when it is written.
        let number = VoucherNumber::serial(0);
        let voucher = draft.into_voucher(division, book.1, number, day);
        let mut effects: Vec<Effect> =
            self.left_out(book, payment, why.both()).into_iter().collect();
        if let (false, Ok(voucher)) = (effects.is_empty(), canonical::bytes(&voucher)) {
            let (payment, to) = (PaymentName::of(book, payment), to.to_string());
            effects.push(noted(&Record::WaitsForDebit {
                payment,
                to,
                path: path.number(),
                voucher,
            }));
        }
        effects
    }

    /// A payee has given a debit back that no payment has taken over.
    pub(super) fn debit_back(&self, from: Party, notice: &Voucher) -> Result<Vec<Effect>, String> {
        let key = debit_named(notice).ok_or("a refund notice names the voucher it is about")?;
        let debit = self.collected.get(&key).filter(|debit| debit.bank == from);
        let debit = debit.ok_or_else(|| format!("{key} was never told by {from}"))?;
        if debit.back.is_some() || self.taken_over_on(debit).is_some() {
            return Err(format!("{key} is paid by a payment or came back before"));
        }
        if let Some(told) = other_date(debit.day, notice) {
            return Err(told.to_string());
        }
        let back_fen = notice.head.amount_fen(Field::Amount).unwrap_or_default();
        if back_fen.get() != -debit.amount_fen.get() {
            return Err(format!("{key} is of {} and comes back whole", debit.amount_fen));
        }
        let (key, notice, day) = (key.to_string(), notice.key.to_string(), notice.date.get());
        Ok(vec![noted(&Record::DebitBack { key, notice, day })])
    }

    pub(super) fn debited(&mut self, record: &DebitRecord) {
        let (key, debit) = record.read();
        self.collected.insert(key, debit);
    }

    pub(super) fn debit_ordered(&mut self, debit: VoucherKey, order: VoucherKey) {
        let known = self.collected.get_mut(&debit).expect("a debit that was told is ordered");
        known.order = Some(order);
    }

    pub(super) fn debit_came_back(&mut self, debit: VoucherKey, day: Day) {
        let known = self.collected.get_mut(&debit).expect("a debit that was told comes back");
        known.back = Some(day);
    }

    pub(super) fn waits(&mut self, payment: PaymentName, to: Party, path: Path, voucher: &[u8]) {
        let (book, payment) = payment.name();
        let voucher = canonical::read(voucher).expect("a voucher was written");
        self.waiting.insert((book, payment), Waiting { to, path, book, voucher });
    }
}

fn order_in(effect: &Effect) -> Option<VoucherKey> {
    match effect {
        Effect::Issue { voucher, .. } => Some(voucher.key),
        _ => None,
    }
}

/// The debit that a voucher's head names.
pub(super) fn debit_named(voucher: &Voucher) -> Option<VoucherKey> {
    let named = named_voucher(voucher.key.division, voucher.key.year, &voucher.head);
    named.filter(|key| key.kind == VoucherKind::CollectionDebit)
}

/// That a debit is what an order to a bank says.
fn debit_agrees(debit: &Collected, to: Party, said: &Debit<'_>) -> Result<(), NotCollected> {
    debit.said().must_be_paid_by(said)?;
    // The account is another bank's, whatever its number.
    if debit.bank != to {
        let (debited, ordered) = (debit.bank.to_string(), to.to_string());
        return Err(NotCollected::Payer { debited, ordered });
    }
    Ok(())
}
