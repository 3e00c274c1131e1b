//! Payment orders (8202, 5201) and details that come beside them (8207): what is paid, and what is sent back.

use std::collections::HashMap;

use domain::Fen;
use domain::clearing::Lane;
use domain::money::{FenSum, yuan_plain};
use domain::voucher::check::{beside, check};
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, Field, Party, Voucher, VoucherKey, VoucherKind, VoucherNumber, form,
};
use exchange::business::{Effect, Verdict};
use exchange::iso20022::codes::reason_chinese;
use exchange::iso20022::payload;

use super::master::OwnName;
use super::receipt::{Executed, receipt};
use super::record::{Paid, PaidLine, Record};
use super::refusal::{Returned, findings_told};
use super::{Bank, Phase, Row, State, failed, noted};
use crate::ledger::SourceId;
use crate::limits::{BATCHES_WAITING_MAX, REASON_CHARS_MAX};
use crate::record::{KeyRecord, digest, voucher_bytes};
use crate::script::Fault;

/// A number that was used for another voucher.
fn reused(voucher: &Voucher) -> (Verdict, Vec<Effect>) {
    let key = voucher.key;
    failed(format!("同号异文: {key} came before with other contents; never use a number again"))
}

impl Bank {
    pub(super) fn take_payment(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        let Some(digest) = digest(voucher) else {
            return failed("凭证无法规范化: the voucher has no canonical bytes; send one that has");
        };
        if let Some(source) = self.ledger.find_source(voucher.key) {
            return self.take_again(from, voucher, source, digest);
        }
        if let Some(known) = self.early_digest(&voucher.key) {
            return if known == digest { (Verdict::Accepted, Vec::new()) } else { reused(voucher) };
        }
        let waits = self.waits_for_day(voucher);
        let day =
            self.day.map_or(voucher.date, |day| if waits { day.max(voucher.date) } else { day });
        let findings = check(voucher, day, &OwnName(&self.identity));
        if !findings.is_empty() {
            return failed(findings_told(&findings));
        }
        if let Some(payment) = self.paid_before(voucher) {
            return failed(Returned::PaidBefore(payment).reason());
        }
        let effects = match waits {
            true => self.wait_for_day(from, voucher, digest),
            false => self.decided(from, voucher, digest),
        };
        (Verdict::Accepted, effects)
    }

    /// What comes of an order that has the form.
    pub(super) fn decided(&self, from: Party, voucher: &Voucher, digest: u64) -> Vec<Effect> {
        let decided = if voucher.key.kind == VoucherKind::BatchDetails {
            self.details_beside(from, voucher, digest)
        } else {
            self.order_to_pay(from, voucher, digest)
        };
        match decided {
            Ok(effects) => effects,
            Err(returned) => {
                let mut effects = self.send_back(from, voucher, digest, &returned);
                // Neither half of a batch is of use without the other.
                effects.extend(self.other_half_back(voucher, &returned));
                effects
            }
        }
    }

    /// Sends back the half that waits for this one, if there is one.
    fn other_half_back(&self, voucher: &Voucher, why: &Returned) -> Vec<Effect> {
        let source = match parent_of(voucher) {
            Some(parent) => self.ledger.find_source(parent),
            None => self.beside.get(&voucher.key).copied(),
        };
        let half = source.and_then(|source| Some((source, self.halves.get(&source)?)));
        half.map_or_else(Vec::new, |(source, half)| {
            self.send_back(half.from, &half.voucher, self.row(source).digest, why)
        })
    }

    /// A voucher whose key is known moves no money, whatever it says.
    fn take_again(
        &self,
        from: Party,
        voucher: &Voucher,
        source: SourceId,
        digest: u64,
    ) -> (Verdict, Vec<Effect>) {
        let row = self.row(source);
        if row.digest != digest {
            return reused(voucher);
        }
        let effects = match row.state {
            // What was said in a message is said.
            State::Returned if self.speak_iso.contains(&from) => Vec::new(),
            State::Returned => vec![Effect::Return {
                to: from,
                key: voucher.key,
                reason: Returned::Before.reason(),
            }],
            State::Paid | State::Requested | State::Cleared
                if row.fault != Some(Fault::Lost) && !self.held.contains_key(&source) =>
            {
                let voucher = receipt(voucher, &self.executed_before(source, voucher));
                let again = self.receipt_goes_again(source);
                again.into_iter().chain([Effect::Issue { to: from, voucher }]).collect()
            }
            _ => Vec::new(),
        };
        (Verdict::Accepted, effects)
    }

    /// An order that waits, for its other half or for its day, is given back to whoever asks for it, and the other half with it;
    /// what was paid is kept.
    pub(super) fn give_back(&self, from: Party, key: VoucherKey) -> Option<Vec<Effect>> {
        let why = Returned::AskedBack;
        if let Some(early) = self.early_order(&key).filter(|early| early.from == from) {
            let mut effects = vec![noted(&Record::TakenUp { key: KeyRecord::from(&key) })];
            effects.extend(self.send_back(from, &early.voucher, early.digest, &why));
            return Some(effects);
        }
        let source = self.ledger.find_source(key)?;
        let half = self.halves.get(&source).filter(|half| half.from == from)?;
        let mut effects = self.send_back(from, &half.voucher, self.row(source).digest, &why);
        effects.extend(self.other_half_back(&half.voucher, &why));
        Some(effects)
    }

    fn send_back(&self, to: Party, voucher: &Voucher, digest: u64, why: &Returned) -> Vec<Effect> {
        let key = KeyRecord::from(&voucher.key);
        let said = self.speak_iso.contains(&to).then(|| self.nothing_paid(voucher, why));
        let returned = match said.filter(|receipt| payload::write(receipt).is_some()) {
            Some(voucher) => Effect::Issue { to, voucher },
            None => Effect::Return { to, key: voucher.key, reason: why.reason() },
        };
        vec![noted(&Record::Returned { key, digest }), returned]
    }

    /// The receipt of an order of which nothing is paid.
    fn nothing_paid(&self, voucher: &Voucher, why: &Returned) -> Voucher {
        let note = reason_chinese(why.code(), &why.reason());
        let note: String = note.chars().take(REASON_CHARS_MAX).collect();
        let lines = vec![(Fen::ZERO, Some(note)); voucher.details.len()];
        let day = self.day.unwrap_or(voucher.date);
        receipt(voucher, &Executed { lines, ..Executed::default_on(day) })
    }

    fn order_to_pay(
        &self,
        from: Party,
        voucher: &Voucher,
        digest: u64,
    ) -> Result<Vec<Effect>, Returned> {
        if voucher.head.text(Field::PayBank) != Some(self.identity.code.as_str()) {
            let account = voucher.head.text(Field::PayerAccount).unwrap_or("");
            return Err(Returned::Payer(account.to_owned()));
        }
        self.may_pay(voucher)?;
        if !self.waits_for_details(voucher) {
            let mut effects = self.pay(from, voucher, digest, None)?;
            effects.extend(self.other_half_back(voucher, &Returned::ParentDone));
            return Ok(effects);
        }
        match self.beside.get(&voucher.key).and_then(|details| self.halves.get(details)) {
            Some(details) => {
                let details = &details.voucher;
                self.pay(from, voucher, digest, Some((details, self.digest_of(details.key))))
            }
            None => self.wait(from, voucher, digest),
        }
    }

    fn details_beside(
        &self,
        from: Party,
        details: &Voucher,
        digest: u64,
    ) -> Result<Vec<Effect>, Returned> {
        let Some(parent) = parent_of(details) else {
            return Err(Returned::ParentDone);
        };
        match self.ledger.find_source(parent) {
            None if self.beside.contains_key(&parent) => Err(Returned::ParentDone),
            None => self.wait(from, details, digest),
            Some(source) => {
                let waits = self.halves.get(&source).ok_or(Returned::ParentDone)?;
                self.may_pay(&waits.voucher)?;
                let parent_digest = self.row(source).digest;
                self.pay(from, &waits.voucher, parent_digest, Some((details, digest)))
            }
        }
    }

    fn wait(&self, from: Party, voucher: &Voucher, digest: u64) -> Result<Vec<Effect>, Returned> {
        if self.halves.len() >= BATCHES_WAITING_MAX {
            return Err(Returned::BatchesWaiting);
        }
        let (from, voucher) = (from.to_string(), voucher_bytes(voucher));
        Ok(vec![noted(&Record::Waiting { digest, from: &from, voucher: &voucher })])
    }

    fn digest_of(&self, key: VoucherKey) -> u64 {
        self.ledger.find_source(key).map_or(0, |source| self.row(source).digest)
    }

    fn may_pay(&self, voucher: &Voucher) -> Result<(), Returned> {
        match (self.phase, self.day) {
            (Phase::Open, Some(_)) => {}
            (Phase::CutOff, Some(day)) => return Err(Returned::AfterCutOff(day)),
            _ => return Err(Returned::NoDay),
        }
        let number = voucher.head.text(Field::PayerAccount).unwrap_or("");
        let payer = self.payer(number).filter(|payer| payer.division == voucher.key.division);
        let payer = payer.ok_or_else(|| Returned::Payer(number.to_owned()))?;
        if voucher.head.text(Field::PayerName) != Some(payer.name) {
            let (account, name) = (number.to_owned(), payer.name.to_owned());
            return Err(Returned::PayerName { account, name });
        }
        let ordered_fen = voucher.head.amount_fen(Field::Amount).unwrap_or_default();
        if !self.holds(number, -FenSum::from(ordered_fen.get())) {
            return Err(Returned::Beyond(number.to_owned()));
        }
        let has_fen = self.deposit_fen(number);
        if has_fen.is_some_and(|has_fen| has_fen < FenSum::from(ordered_fen.get())) {
            let (account, has) = (number.to_owned(), yuan_plain(has_fen.unwrap_or_default()));
            return Err(Returned::Short { account, has });
        }
        Ok(())
    }

    /// A payment in it that was paid by another voucher: a paper that was typed in under another's number, as it may be. When it
    /// comes it is not taken, rather than sent back: that would say that the payment is unpaid.
    fn paid_before(&self, voucher: &Voucher) -> Option<String> {
        let mut payments =
            voucher.details.iter().filter_map(|line| line.fields.text(Field::Payment));
        let paid =
            payments.find(|payment| self.paid_payments.contains(&payment_number(payment)))?;
        Some(paid.to_owned())
    }

    /// Payees come beside when the voucher pays the account that batches are settled over.
    fn waits_for_details(&self, voucher: &Voucher) -> bool {
        let business = voucher.head.text(Field::BusinessType);
        let is_batch = matches!(business, Some(form::BUSINESS_PAYROLL | form::BUSINESS_BATCH));
        let settles = |line: &Detail| {
            line.fields.text(Field::PayeeAccount) == Some(self.identity.batch_account.as_str())
        };
        is_batch && voucher.details.iter().all(settles)
    }

    /// Pays an order, or what can be paid of it.
    fn pay(
        &self,
        from: Party,
        order: &Voucher,
        order_digest: u64,
        details: Option<(&Voucher, u64)>,
    ) -> Result<Vec<Effect>, Returned> {
        if let Some((details, _)) = details
            && let Some(finding) = beside(order, details).into_iter().next()
        {
            return Err(Returned::Batch(finding));
        }
        // It may have been since this one was taken, which waited for its day or its other half.
        if let Some(payment) = self.paid_before(order) {
            return Err(Returned::PaidBefore(payment));
        }
        let mut lines = self.lines(order, details.map_or(order, |(details, _)| details))?;
        let collected = self.collected_by(order)?;
        if collected.is_some() {
            // The payee has it, whatever its account takes by now.
            lines.iter_mut().for_each(|line| line.refused = None);
        }
        if let Some(PayLine { payee, refused: Some(why), .. }) = lines.first()
            && lines.iter().all(|line| line.refused.is_some())
        {
            let (account, why) = ((*payee).to_owned(), (*why).to_owned());
            return Err(Returned::Payee { account, why });
        }
        let (key, fault) = (KeyRecord::from(&order.key), self.script.at(self.taken));
        if fault == Some(Fault::Never) {
            let mut effects = vec![noted(&Record::Silent { key, digest: order_digest })];
            if let Some((details, digest)) = details {
                let key = KeyRecord::from(&details.key);
                effects.push(noted(&Record::Silent { key, digest }));
            }
            return Ok(effects);
        }
        // What a debit was posted by is posted back before the order's own.
        let first_entry =
            self.ledger.entries().len() as u32 + if collected.is_some() { 2 } else { 0 };
        let beside = details.map(|(details, _)| details);
        let executed = self.executed_now(first_entry, order, beside, &lines);
        let right = receipt(order, &executed.of_order);
        // The receipt that waits to be exchanged, unless this one is answered wrongly in a way of its own.
        let clean = matches!(fault, None | Some(Fault::OtherPayment));
        let exchanging = self.exchanging.filter(|_| clean);
        let fault = if exchanging.is_some() { Some(Fault::OtherPayment) } else { fault };
        let keeps_back = match fault {
            Some(Fault::Late | Fault::AfterClearing) => true,
            Some(Fault::OtherPayment) => exchanging.is_none(),
            _ => false,
        };
        let held = keeps_back.then(|| voucher_bytes(&right));
        let to = from.to_string();
        let text = |field| order.head.text(field).unwrap_or("");
        let business = order.head.text(Field::BusinessType);
        let lane = Lane::of_lines(order.details.iter().map(|line| &line.fields), business);
        let paid = Paid {
            key,
            digest: order_digest,
            date: order.date.get(),
            beside: details.map(|(details, digest)| (KeyRecord::from(&details.key), digest)),
            account: text(Field::PayerAccount),
            fund: text(Field::FundType),
            method: text(Field::PayType),
            lane: lane as u8,
            fault: fault.map_or(0, |fault| fault as u8),
            held: held.as_deref().map(|receipt| (to.as_str(), receipt)),
            lines: lines.iter().map(PayLine::paid).collect(),
        };
        let record = match &collected {
            Some(debit) => Record::Collected { debit: KeyRecord::from(debit), paid },
            None => Record::Paid(paid),
        };
        let mut effects = vec![noted(&record)];
        // First what became of each payee: without it nobody takes what the order's receipt says.
        if let Some((details, _)) = details {
            let voucher = receipt(details, &executed.of_details);
            effects.push(Effect::Issue { to: from, voucher });
        }
        if let Some(first) = exchanging {
            let (key, held) = (self.ledger.key(first), &self.held[&first]);
            effects.push(noted(&Record::Sent { keys: vec![KeyRecord::from(&key)] }));
            let [own, other] = Bank::exchanged(held, &right);
            effects.push(Effect::Issue { to: from, voucher: own });
            effects.push(Effect::Issue { to: held.to, voucher: other });
        } else if held.is_none() && fault != Some(Fault::Lost) {
            let answers = Bank::wrong_answers(fault, right).into_iter();
            effects.extend(answers.map(|voucher| Effect::Issue { to: from, voucher }));
        }
        Ok(effects)
    }

    /// The lines that are paid: those of the order, or the payees that came beside it.
    fn lines<'a>(
        &'a self,
        order: &'a Voucher,
        payees: &'a Voucher,
    ) -> Result<Vec<PayLine<'a>>, Returned> {
        let aside = order.key != payees.key;
        let business = order.head.text(Field::BusinessType);
        let mut lines = Vec::with_capacity(payees.details.len());
        for (at, Detail { id, fields }) in payees.details.iter().enumerate() {
            // What is spent on stands in the order's line of the same payment.
            let of_order = if aside { attributed(order, fields) } else { Some(at) };
            let of_order = of_order.ok_or(Returned::Unattributed)?;
            let elements = &order.details[of_order].fields;
            let element = |field| {
                let of_head = business.filter(|_| field == Field::BusinessType);
                elements.text(field).or(of_head).unwrap_or("")
            };
            let payee = fields.text(Field::PayeeAccount).unwrap_or("");
            lines.push(PayLine {
                id,
                of_order,
                payee,
                order_detail: &order.details[of_order].id,
                payment: elements.text(Field::Payment).map_or(0, payment_number),
                elements: ELEMENTS.map(element),
                ordered_fen: fields.amount_fen(Field::Amount).unwrap_or_default(),
                refused: self.blocked.get(payee).map(String::as_str),
            });
        }
        Ok(lines)
    }

    /// What is being executed now.
    fn executed_now(
        &self,
        first_entry: u32,
        order: &Voucher,
        details: Option<&Voucher>,
        lines: &[PayLine<'_>],
    ) -> BothExecuted {
        let day = self.day.expect("payments are made on a day");
        let serial = self.serial(day, first_entry);
        let line = |line: &PayLine<'_>| (line.paid_fen(), line.refused.map(str::to_owned));
        let by_line: Vec<(Fen, Option<String>)> = lines.iter().map(line).collect();
        let Some(_) = details else {
            let of_order = Executed { day, serial, lines: by_line };
            return BothExecuted { of_details: Executed::default_on(day), of_order };
        };
        let mut sums: Vec<(Fen, Option<String>)> = vec![(Fen::ZERO, None); order.details.len()];
        for line in lines {
            let (sum_fen, note) = &mut sums[line.of_order];
            *sum_fen = Fen::new(sum_fen.get() + line.paid_fen().get());
            if let Some(why) = line.refused {
                *note = Some(format!("{}: {why}", line.id));
            }
        }
        BothExecuted {
            of_order: Executed { day, serial: serial.clone(), lines: sums },
            of_details: Executed { day, serial, lines: by_line },
        }
    }

    /// What was executed, as the ledger has it.
    fn executed_before(&self, source: SourceId, voucher: &Voucher) -> Executed {
        let row = self.row(source);
        let first = row.first_entry as usize;
        let entries = &self.ledger.entries()[first..first + 2 * row.paid_lines as usize];
        let day = entries.first().map(|entry| self.ledger.day(entry)).or(self.day);
        // Of each order line what was charged.
        let mut charged: HashMap<&str, i64> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.purpose.charges_payer()) {
            *charged.entry(self.ledger.detail(entry)).or_insert(0) += entry.amount_fen.get();
        }
        let lines = voucher.details.iter().map(|line| match charged.get(line.id.as_str()) {
            Some(fen) => (Fen::new(*fen), None),
            None => {
                let payee = line.fields.text(Field::PayeeAccount).unwrap_or("");
                (Fen::ZERO, Some(self.blocked.get(payee).cloned().unwrap_or_default()))
            }
        });
        let day = day.expect("what was paid was paid on a day");
        Executed { day, serial: self.serial(day, row.first_entry), lines: lines.collect() }
    }
}

/// What was executed of an order, and of details beside it.
struct BothExecuted {
    of_order: Executed,
    of_details: Executed,
}

/// One payee to be paid.
struct PayLine<'a> {
    id: &'a str,
    /// The order's line it is part of.
    of_order: usize,
    order_detail: &'a str,
    payment: u128,
    payee: &'a str,
    elements: [&'a str; 7],
    ordered_fen: Fen,
    /// Why it cannot be paid.
    refused: Option<&'a str>,
}

impl<'a> PayLine<'a> {
    fn paid_fen(&self) -> Fen {
        if self.refused.is_some() { Fen::ZERO } else { self.ordered_fen }
    }

    fn paid(&self) -> PaidLine<'a> {
        let PayLine { id, order_detail, payment, payee, elements, .. } = *self;
        let paid_fen = self.paid_fen().get();
        PaidLine { detail: id, order_detail, payment, payee, elements, paid_fen }
    }
}

/// What is kept of what a payment is spent on, for the lines of requests.
pub(super) const ELEMENTS: [Field; 7] = [
    Field::Department,
    Field::Function,
    Field::GovernmentEconomic,
    Field::DepartmentEconomic,
    Field::Quota,
    Field::Topic,
    Field::BusinessType,
];

/// The number of a payment, which vouchers write with 32 digits.
fn payment_number(text: &str) -> u128 {
    u128::from_str_radix(text, 16).unwrap_or(0)
}

/// The order's line that a payee beside it is part of: of the same payment, or the only one.
fn attributed(order: &Voucher, payee: &Fields) -> Option<usize> {
    match payee.text(Field::Payment) {
        Some(payment) => {
            order.details.iter().position(|line| line.fields.text(Field::Payment) == Some(payment))
        }
        None => (order.details.len() == 1).then_some(0),
    }
}

/// The order that details beside belong to.
pub(super) fn parent_of(details: &Voucher) -> Option<VoucherKey> {
    let kind = details.head.text(Field::OriginalKind).and_then(form::kind)?;
    let number = details.head.text(Field::Parent).and_then(VoucherNumber::new)?;
    let is_order = matches!(kind, VoucherKind::Payment | VoucherKind::DirectPayment);
    is_order.then_some(VoucherKey { kind, number, ..details.key })
}

impl Row {
    /// Whether money has gone.
    pub(super) const fn is_paid(&self) -> bool {
        matches!(self.state, State::Paid | State::Requested | State::Cleared)
    }
}
