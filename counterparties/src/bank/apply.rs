//! The only way a bank changes: by what it wrote down, live and when its journal is read again.

use domain::voucher::{DivisionCode, VoucherKey, VoucherKind, VoucherNumber};
use domain::{Fen, FiscalYear};

use super::clearing::Group;
use super::payment::parent_of;
use super::record::{Paid, PaidLine, Record};
use super::{
    Bank, DepositAccount, HalfBatch, HeldReceipt, Phase, RefundRow, Request, RequestEnd, Row,
    State, ZeroAlarm, ZeroBalanceAccount,
};
use crate::behind::Early;
use crate::ledger::{AccountKind, Occasion, Posting, Purpose, SourceId, TextId};
use crate::record as encoding;
use crate::script::{Fault, Planted};

impl Bank {
    pub(super) fn apply_record(&mut self, record: Record<'_>) {
        match record {
            Record::AccountOpened { number, name, division, treasury, finance } => {
                self.ledger.open(AccountKind::ZeroBalance, number);
                let account = ZeroBalanceAccount {
                    number: number.to_owned(),
                    name: name.to_owned(),
                    division: DivisionCode::new(division).expect("a division was written"),
                    treasury: treasury.to_owned(),
                    finance: finance.parse().expect("a party was written"),
                };
                self.accounts.insert(number.to_owned(), account);
            }
            Record::DepositOpened { number, name, division, finance } => {
                self.ledger.open(AccountKind::Deposit, number);
                let account = DepositAccount {
                    number: number.to_owned(),
                    name: name.to_owned(),
                    division: DivisionCode::new(division).expect("a division was written"),
                    finance: finance.parse().expect("a party was written"),
                };
                self.deposits.insert(number.to_owned(), account);
            }
            Record::PaidIn { account, amount_fen } => self.paid_in(account, Fen::new(amount_fen)),
            Record::PayeeBlocked { account, why } => {
                self.blocked.insert(account.to_owned(), why.to_owned());
            }
            Record::DayOpened { day } => {
                (self.day, self.phase) = (Some(encoding::day(day)), Phase::Open);
            }
            Record::Early { digest, from, voucher } => {
                let (from, since) = (from.parse().expect("a party was written"), self.day);
                let voucher = encoding::voucher(voucher);
                self.behind.put(Early { from, voucher, digest, since });
            }
            Record::TakenUp { key } => self.behind.remove(&key.key()),
            Record::ReceiptNotTaken { key } => self.receipt_not_taken(key.key()),
            Record::ReceiptAgain { key } => self.receipt_again(key.key()),
            Record::Reversed { key, reason } => self.reversed(key.key(), reason),
            Record::CutOff => self.phase = Phase::CutOff,
            Record::Paid(paid) => self.paid(&paid),
            Record::Debited { debit, number, account, payee, amount_fen } => {
                self.debited(debit.key(), number, account, payee, Fen::new(amount_fen));
            }
            Record::Collected { debit, paid } => {
                self.taken_over(debit.key(), paid.key.key());
                self.paid(&paid);
            }
            Record::DebitBack { debit, notice } => {
                self.debit_came_back(debit.key(), notice.key());
            }
            Record::Returned { key, digest } => self.ended(key.key(), digest, State::Returned),
            Record::Silent { key, digest } => self.ended(key.key(), digest, State::Silent),
            Record::Waiting { digest, from, voucher } => self.waits(digest, from, voucher),
            Record::Requested { key, group, vouchers, amount_fen } => {
                self.requested(key.key(), group, vouchers as usize, Fen::new(amount_fen));
            }
            Record::RefundsRequested { key, group, refunds, amount_fen } => {
                self.refunds_requested(key.key(), group, refunds, Fen::new(amount_fen));
            }
            Record::Settled { key, cleared_day } => {
                self.settled(key.key(), encoding::day(cleared_day));
            }
            Record::Refused { key } => self.refused(key.key()),
            Record::Refunded { key, notice, reason, lines } => {
                self.refunded(key.key(), notice.key(), reason, &lines);
            }
            Record::Sent { keys } => {
                for key in keys {
                    let source = self.known(key.key());
                    self.held.remove(&source);
                    self.exchanging = self.exchanging.filter(|exchanging| *exchanging != source);
                }
            }
            Record::Numbered { count } => self.numbers += count,
            Record::Closed { not_zero } => {
                let day = self.day.expect("a day that ends was open");
                self.phase = Phase::Closed;
                self.alarms.extend(not_zero.into_iter().map(|(account, balance_fen)| ZeroAlarm {
                    day,
                    account: account.to_owned(),
                    balance_fen,
                }));
            }
        }
    }

    fn paid_in(&mut self, number: &str, amount_fen: Fen) {
        let day = self.day.expect("money comes in on a day");
        let account = &self.deposits[number];
        let running = VoucherNumber::new(&format!("CASH{}", day.get()));
        let source = self.ledger.source(VoucherKey {
            division: account.division,
            year: FiscalYear::new(day.year()).expect("a business day is in a year"),
            kind: VoucherKind::IncomeDaily,
            number: running.expect("it has twelve characters"),
        });
        let debit = self.ledger.open(AccountKind::Outside, "");
        let credit = self.ledger.open(AccountKind::Deposit, number);
        let (detail, elements, purpose) = ("", "", Purpose::PayIn);
        let posting = Posting { purpose, source, detail, elements, debit, credit, amount_fen, day };
        self.ledger.post(posting);
    }

    fn known(&self, key: VoucherKey) -> SourceId {
        self.ledger.find_source(key).expect("what a record names was written before")
    }

    pub(super) fn put(&mut self, key: VoucherKey, row: Row) -> SourceId {
        let source = self.ledger.source(key);
        self.rows.resize(self.ledger.sources(), Row::OWN);
        self.rows[source.0 as usize] = row;
        source
    }

    fn ended(&mut self, key: VoucherKey, digest: u64, state: State) {
        let is_order = key.kind != VoucherKind::BatchDetails;
        let fault = (state == State::Silent).then_some(Fault::Never);
        let source = self.put(key, Row { digest, state, fault, ..Row::OWN });
        self.no_longer_half(source);
        if is_order {
            self.taken += 1;
        }
        if let Some(fault) = fault.filter(|_| is_order) {
            self.planted.push(Planted { voucher: key, fault });
        }
    }

    fn no_longer_half(&mut self, source: SourceId) {
        if let Some(half) = self.halves.remove(&source)
            && let Some(parent) = parent_of(&half.voucher)
        {
            self.beside.remove(&parent);
        }
    }

    fn waits(&mut self, digest: u64, from: &str, voucher: &[u8]) {
        let voucher = encoding::voucher(voucher);
        let row = Row { digest, state: State::Waiting, ..Row::OWN };
        let source = self.put(voucher.key, row);
        if let Some(parent) = parent_of(&voucher) {
            self.beside.insert(parent, source);
        }
        let from = from.parse().expect("a party was written");
        self.halves.insert(source, HalfBatch { from, voucher });
    }

    fn paid(&mut self, paid: &Paid<'_>) {
        let Paid { key, digest, date, beside, account, fund, method, lane, fault, held, lines } =
            paid;
        let (key, fault) = (key.key(), Fault::from_number(*fault));
        let day = self.day.expect("payments are made on a day");
        let (division, year, lane) = (key.division, key.year, *lane);
        let group = Group { day, division, year, account, fund, method, lane };
        let group = self.group_named(&group.name());
        let first_entry = self.ledger.entries().len() as u32;
        let row = Row {
            digest: *digest,
            first_entry,
            first_payment: self.payments.len() as u32,
            group: group.0,
            date: *date,
            state: State::Paid,
            fault,
            ..Row::OWN
        };
        let order = self.put(key, row);
        self.no_longer_half(order);
        let source = match beside {
            Some((details, digest)) => {
                let row = Row { digest: *digest, group: order.0, state: State::Beside, ..Row::OWN };
                let source = self.put(details.key(), row);
                self.no_longer_half(source);
                source
            }
            None => order,
        };
        let deposit = self.ledger.find(AccountKind::Deposit, account);
        let zero = self.ledger.find(AccountKind::ZeroBalance, account);
        let payer = deposit.or(zero).expect("a payer account was looked at");
        let (charge, charged_for) = match deposit {
            // The account's own money: the bank is out of pocket for nothing.
            Some(_) => (Purpose::Withdrawal, self.advance),
            None => (Purpose::Charge, self.claim),
        };
        let (mut paid_fen, mut paid_lines) = (0, 0);
        for line in lines {
            let PaidLine { detail, order_detail, payment, payee, elements, .. } = line;
            let line_fen = line.paid_fen;
            if line_fen == 0 {
                continue;
            }
            let payee = if payee.is_empty() { "cash" } else { payee };
            let payee = self.ledger.open(AccountKind::Payee, payee);
            let elements = elements.join("\t");
            let advance = Posting {
                purpose: Purpose::Advance,
                source,
                detail,
                elements: &elements,
                debit: self.advance,
                credit: payee,
                amount_fen: Fen::new(line_fen),
                day,
            };
            self.ledger.post(advance);
            self.ledger.post(Posting {
                purpose: charge,
                source: order,
                detail: order_detail,
                debit: payer,
                credit: charged_for,
                ..advance
            });
            self.payments.push(*payment);
            if *payment != 0 {
                self.paid_payments.insert(*payment);
            }
            paid_fen += line_fen;
            paid_lines += 1;
        }
        let row = &mut self.rows[order.0 as usize];
        (row.paid_fen, row.paid_lines) = (Fen::new(paid_fen), paid_lines);
        if deposit.is_none() {
            self.groups[group.0 as usize].push_back(order);
            self.groups_waiting.insert(group);
        }
        self.taken += 1;
        if let Some(fault) = fault {
            self.planted.push(Planted { voucher: key, fault });
        }
        if let Some((to, receipt)) = held {
            let to = to.parse().expect("a party was written");
            self.held.insert(order, HeldReceipt { to, receipt: encoding::voucher(receipt) });
            if fault == Some(Fault::OtherPayment) {
                self.exchanging = Some(order);
            }
        }
    }

    fn group_named(&mut self, name: &str) -> TextId {
        let group = self.group_names.intern(name);
        self.groups.resize_with(self.group_names.len(), Default::default);
        group
    }

    fn requested(&mut self, key: VoucherKey, group: &str, vouchers: usize, amount_fen: Fen) {
        let group = self.group_named(group);
        let source = self.put(key, Row::OWN);
        let waiting = &mut self.groups[group.0 as usize];
        let mut vouchers: Vec<SourceId> = waiting.drain(..vouchers).collect();
        if waiting.is_empty() {
            self.groups_waiting.remove(&group);
        }
        // Sorted, to be looked through when it is settled.
        vouchers.sort_unstable();
        for voucher in &vouchers {
            self.rows[voucher.0 as usize].state = State::Requested;
        }
        let request = Request { group, vouchers, refunds: Vec::new(), amount_fen, end: None };
        self.requests.insert(source, request);
        self.numbers += 1;
    }

    fn refunds_requested(
        &mut self,
        key: VoucherKey,
        group: &str,
        refunds: Vec<u32>,
        amount_fen: Fen,
    ) {
        let group = self.group_named(group);
        let source = self.put(key, Row::OWN);
        for refund in &refunds {
            self.refunds_waiting.remove(refund);
        }
        let request = Request { group, vouchers: Vec::new(), refunds, amount_fen, end: None };
        self.requests.insert(source, request);
        self.numbers += 1;
    }

    fn settled(&mut self, key: VoucherKey, cleared_day: domain::ids::Day) {
        let source = self.known(key);
        let request = self.requests.get_mut(&source).expect("a request was written before");
        request.end = Some(RequestEnd::Settled(cleared_day));
        let (group, amount_fen) = (request.group, request.amount_fen);
        for voucher in &request.vouchers {
            self.rows[voucher.0 as usize].state = State::Cleared;
        }
        let account = Group::read(self.group_names.text(group)).account;
        let zero = self.ledger.find(AccountKind::ZeroBalance, account);
        let zero = zero.expect("a payer account was looked at");
        let day = self.day.unwrap_or(cleared_day);
        let amount_fen = Fen::new(amount_fen.get().abs());
        let (treasury, advance, claim) = (self.treasury, self.advance, self.claim);
        let moves = if key.kind == VoucherKind::TransferRequest {
            [(Purpose::Reimbursement, treasury, advance), (Purpose::Discharge, claim, zero)]
        } else {
            [(Purpose::ReturnHandover, advance, treasury), (Purpose::ReturnDischarge, zero, claim)]
        };
        let of = Occasion { source, detail: "", elements: "", amount_fen, day };
        self.ledger.post_pair(&of, moves);
    }

    fn refused(&mut self, key: VoucherKey) {
        let day = self.day.expect("a request was sent on a day");
        let source = self.known(key);
        let request = self.requests.get_mut(&source).expect("a request was written before");
        request.end = Some(RequestEnd::Refused(day));
        let group = request.group;
        // Ready for another request, under another number.
        let vouchers = std::mem::take(&mut request.vouchers);
        let refunds = std::mem::take(&mut request.refunds);
        for voucher in vouchers.into_iter().rev() {
            self.rows[voucher.0 as usize].state = State::Paid;
            self.groups[group.0 as usize].push_front(voucher);
            self.groups_waiting.insert(group);
        }
        self.refunds_waiting.extend(refunds);
    }

    fn refunded(&mut self, key: VoucherKey, notice: VoucherKey, reason: &str, back: &[(u32, u32)]) {
        let day = self.day.expect("money comes back on a day");
        let source = self.known(key);
        self.put(notice, Row::OWN);
        for &(line, number) in back {
            let (advanced, charged) = self.paid_line(source, line);
            let detail = self.ledger.detail(&advanced).to_owned();
            let elements = self.ledger.elements(&charged).to_owned();
            let own = charged.purpose == Purpose::Withdrawal;
            let (purpose, debit) = match own {
                true => (Purpose::ReturnWithdrawal, self.advance),
                false => (Purpose::ReturnCharge, self.claim),
            };
            let (detail, elements) = (detail.as_str(), elements.as_str());
            let of = Occasion { source, detail, elements, amount_fen: charged.amount_fen, day };
            let from_payee = (Purpose::Return, advanced.credit, self.advance);
            self.ledger.post_pair(&of, [from_payee, (purpose, debit, charged.debit)]);
            let at = self.refunds.len() as u32;
            self.refunds.push(RefundRow { source, number, line, reason: reason.to_owned() });
            if !own {
                self.refunds_waiting.insert(at);
            }
            self.refunded_lines.insert((source, line));
        }
        self.numbers += 1;
    }
}
