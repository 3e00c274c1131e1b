//! The only way the central bank changes: by what it wrote down, live and when its journal is read again.

use std::collections::BTreeMap;

use domain::money::FenSum;
use domain::voucher::{DivisionCode, Field, Voucher, VoucherKey, VoucherKind, VoucherNumber};
use domain::{Fen, FiscalYear};

use super::back::Allocated;
use super::cash::amount_fen;
use super::master::{MasterRow, Treasury};
use super::order::PaidIn;
use super::record::Record;
use super::requests::lane_of;
use super::{CentralBank, Ended, Kept, is_notice, request_of};
use crate::behind::Early;
use crate::ledger::{AccountId, AccountKind, Move, Posting, Purpose, SourceId};
use crate::record as encoding;

impl CentralBank {
    pub(super) fn apply_record(&mut self, record: Record<'_>) {
        let year = |year| FiscalYear::new(year).expect("a year was written");
        let division = |code| DivisionCode::new(code).expect("a division was written");
        match record {
            Record::Treasury { code, division: of, finance, floor_fen } => {
                self.ledger.open(AccountKind::Treasury, code);
                self.master.put(MasterRow::Treasury(Treasury {
                    code: code.to_owned(),
                    division: division(of),
                    finance: finance.parse().expect("a party was written"),
                    floor_fen: Fen::new(floor_fen),
                }));
            }
            Record::Bank { code, name } => {
                self.ledger.open(AccountKind::Reserve, code);
                let (code, name) = (code.to_owned(), name.to_owned());
                self.master.put(MasterRow::Bank { code, name });
            }
            Record::BankNumber { number } => {
                self.master.put(MasterRow::BankNumber { number: number.to_owned() });
            }
            Record::Function { year: of, code, sums_only } => {
                let (year, code) = (year(of), code.to_owned());
                self.master.put(MasterRow::Function { year, code, sums_only });
            }
            Record::Unit { division: of, code } => {
                self.master.put(MasterRow::Unit { division: division(of), code: code.to_owned() });
            }
            Record::DayOpened { day } => {
                (self.day, self.open) = (Some(encoding::day(day)), true);
                self.beginning = true;
                self.had_income.clear();
            }
            Record::IncomeCame { treasury } => {
                self.had_income.insert(treasury.to_owned());
            }
            Record::PaidIn { treasury, what, class, amount_fen } => {
                let (purpose, what) = match what {
                    what if what == PaidIn::Opening as u8 => (Purpose::Opening, PaidIn::Opening),
                    what if what == PaidIn::Bonds as u8 => (Purpose::BondProceeds, PaidIn::Bonds),
                    _ => (Purpose::Income, PaidIn::Income),
                };
                let debit = self.ledger.open(AccountKind::Outside, what.account());
                let credit = self.treasury_account(treasury);
                let source = self.cash_source(treasury);
                self.post(purpose, source, class, debit, credit, FenSum::from(amount_fen));
            }
            Record::Dispatched { from, to, amount_fen } => {
                let (debit, credit) = (self.treasury_account(from), self.treasury_account(to));
                let source = self.cash_source(from);
                self.post(Purpose::Dispatch, source, "", debit, credit, FenSum::from(amount_fen));
            }
            Record::Kept { digest, from, voucher } => {
                let voucher = encoding::voucher(voucher);
                let key = voucher.key;
                self.seen.insert(key, digest);
                let lane = lane_of(&voucher);
                let since = self.day.expect("vouchers are kept on a day");
                let from = from.parse().expect("a party was written");
                let arrived = self.arrived;
                self.arrived += 1;
                let kept = Kept { from, voucher, lane, arrived, since, queued: false };
                if is_notice(&kept.voucher)
                    && let Some(request) = request_of(&kept.voucher)
                {
                    self.notices.insert(request, key);
                }
                self.kept.insert(key, kept);
            }
            Record::Returned { key, digest } => self.returned(key.key(), digest),
            Record::Noted { key, digest } => {
                self.seen.insert(key.key(), digest);
            }
            Record::Queued { key } => {
                let key = key.key();
                let kept = self.kept.get_mut(&key).expect("what is queued is kept");
                kept.queued = true;
                let place = (kept.lane, kept.arrived, key);
                let treasury = kept.voucher.head.text(Field::Treasury).unwrap_or("").to_owned();
                self.queues.entry(treasury).or_default().insert(place);
            }
            Record::Settled { key } => self.settled(key.key()),
            Record::Told { numbers } => self.numbers += numbers,
            Record::Early { digest, from, voucher } => {
                let voucher = encoding::voucher(voucher);
                self.seen.insert(voucher.key, digest);
                let from = from.parse().expect("a party was written");
                self.behind.put(Early { from, voucher, digest, since: self.day });
            }
            Record::TakenUp { key } => self.behind.remove(&key.key()),
            Record::Begun => self.beginning = false,
            Record::Closed { numbers } => {
                self.open = false;
                self.numbers += numbers;
            }
            Record::AllocationBack { allocation, notice, lines } => {
                self.allocation_came_back(allocation.key(), notice.key(), &lines);
            }
        }
    }

    fn treasury_account(&self, code: &str) -> AccountId {
        self.ledger.find(AccountKind::Treasury, code).expect("a treasury was filed")
    }

    /// Names what moved a treasury's cash without a voucher: the day's report of income.
    fn cash_source(&mut self, treasury: &str) -> SourceId {
        let day = self.day.expect("cash moves on a day");
        let number =
            VoucherNumber::new(&format!("CASH{}", day.get())).expect("it has twelve characters");
        let division = self.master.treasuries[treasury].division;
        let year = FiscalYear::new(day.year()).expect("a business day is in a year");
        self.ledger.source(VoucherKey { division, year, kind: VoucherKind::IncomeDaily, number })
    }

    pub(super) fn post(
        &mut self,
        purpose: Purpose,
        source: SourceId,
        elements: &str,
        debit: AccountId,
        credit: AccountId,
        amount_fen: FenSum,
    ) {
        let (detail, day) = ("", self.day.expect("entries are made on a day"));
        let amount_fen = Fen::new(i64::try_from(amount_fen).expect("an amount in bounds"));
        self.ledger.post(Posting {
            purpose,
            source,
            detail,
            elements,
            debit,
            credit,
            amount_fen,
            day,
        });
    }

    fn returned(&mut self, key: VoucherKey, digest: u64) {
        self.seen.insert(key, digest);
        self.notices.retain(|_, notice| *notice != key);
        if let Some(kept) = self.kept.remove(&key) {
            self.end(&kept.voucher, true);
        }
    }

    /// Notes that a bank's request came to its end, for the statements of the day.
    fn end(&mut self, voucher: &Voucher, returned: bool) {
        let kinds = [VoucherKind::TransferRequest, VoucherKind::RefundRequest];
        if !kinds.contains(&voucher.key.kind) {
            return;
        }
        let text = |field| voucher.head.text(field).unwrap_or("").to_owned();
        self.ended.push(Ended {
            voucher: voucher.key,
            day: self.day.expect("vouchers come on a day"),
            treasury: text(Field::Treasury),
            bank: text(Field::PayBank),
            account: text(Field::PayerAccount),
            fund: text(Field::FundType),
            amount_fen: voucher.head.amount_fen(Field::Amount).unwrap_or_default(),
            returned,
        });
    }

    fn settled(&mut self, key: VoucherKey) {
        let kept = self.kept.remove(&key).expect("what is settled was kept");
        let voucher = kept.voucher;
        let code = voucher.head.text(Field::Treasury).unwrap_or("").to_owned();
        if kept.queued {
            let queue = self.queues.get_mut(&code).expect("what is queued has a queue");
            queue.remove(&(kept.lane, kept.arrived, key));
        }
        if let Some(notice) = self.notices.remove(&key) {
            self.kept.remove(&notice);
        }
        let source = self.ledger.source(key);
        let treasury = self.treasury_account(&code);
        match key.kind {
            VoucherKind::TransferRequest => self.cleared(&voucher, source, treasury),
            VoucherKind::RefundRequest => self.refunds_cleared(&voucher, source, treasury),
            VoucherKind::Allocation => {
                self.allocate(&voucher, source, treasury);
                self.allocated.insert(key, Allocated::of(kept.from, &voucher));
            }
            VoucherKind::RevenueRefund => {
                let payee = voucher.head.text(Field::PayeeAccount).unwrap_or("");
                let credit = self.ledger.open(AccountKind::Outside, payee);
                let amount_fen = amount_fen(&voucher);
                self.post(Purpose::IncomeBack, source, "", treasury, credit, amount_fen);
            }
            _ => self.corrected(&voucher, source, treasury),
        }
        self.end(&voucher, false);
    }

    fn reserve_of(&mut self, voucher: &Voucher) -> AccountId {
        let bank = voucher.head.text(Field::PayBank).unwrap_or("");
        self.ledger.open(AccountKind::Reserve, bank)
    }

    fn cleared(&mut self, voucher: &Voucher, source: SourceId, treasury: AccountId) {
        let reserve = self.reserve_of(voucher);
        self.post_classes(voucher, source, (Purpose::Clearing, treasury, reserve));
        self.cleared.clear(voucher);
    }

    fn refunds_cleared(&mut self, voucher: &Voucher, source: SourceId, treasury: AccountId) {
        let reserve = self.reserve_of(voucher);
        self.post_classes(voucher, source, (Purpose::RefundClearing, reserve, treasury));
        self.cleared.give_back(voucher);
    }

    fn allocate(&mut self, voucher: &Voucher, source: SourceId, treasury: AccountId) {
        for line in &voucher.details {
            let text = |field| line.fields.text(field).unwrap_or("");
            let payee = text(Field::PayeeAccount);
            let to_treasury = self.ledger.find(AccountKind::Treasury, payee);
            let to_treasury = to_treasury.filter(|account| *account != treasury);
            let (purpose, credit) = match to_treasury {
                Some(account) => (Purpose::Dispatch, account),
                None => (Purpose::Allocation, self.ledger.open(AccountKind::Outside, payee)),
            };
            let line_fen = line.fields.amount_fen(Field::Amount).unwrap_or_default();
            let (function, line_fen) = (text(Field::Function), FenSum::from(line_fen.get()));
            self.post(purpose, source, function, treasury, credit, line_fen);
        }
    }

    /// Spending moves from one class to another; cash goes out and comes back.
    fn corrected(&mut self, voucher: &Voucher, source: SourceId, treasury: AccountId) {
        let other = self.ledger.open(AccountKind::Outside, "correction");
        for (function, sum_fen) in by_function(voucher) {
            let (debit, credit) = if sum_fen > 0 { (treasury, other) } else { (other, treasury) };
            self.post(Purpose::Correction, source, function, debit, credit, sum_fen.abs());
        }
    }

    /// An entry for each functional class of a voucher, all of them the same way.
    fn post_classes(
        &mut self,
        voucher: &Voucher,
        source: SourceId,
        (purpose, debit, credit): Move,
    ) {
        for (function, sum_fen) in by_function(voucher) {
            self.post(purpose, source, function, debit, credit, sum_fen.abs());
        }
    }
}

/// Sums of a voucher's lines by functional class; classes whose lines cancel out are left out.
fn by_function(voucher: &Voucher) -> BTreeMap<&str, FenSum> {
    let mut sums = BTreeMap::new();
    for line in &voucher.details {
        let function = line.fields.text(Field::Function).unwrap_or("");
        let amount_fen = line.fields.amount_fen(Field::Amount).unwrap_or_default();
        *sums.entry(function).or_insert(0) += FenSum::from(amount_fen.get());
    }
    sums.retain(|_, sum_fen| *sum_fen != 0);
    sums
}
