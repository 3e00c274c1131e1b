//! A ledger by double entry: accounts, and a journal of entries that name the voucher and detail they are for.
//!
//! Every entry debits one account and credits another by the same amount, so that the balances of all accounts
//! add up to zero. A balance is credits less debits. Balances are kept beside the journal, and
//! [`Ledger::check`] adds the journal up a second time. It decides nothing: whoever posts has decided.

mod account;
mod slots;
mod statement;
mod texts;

use domain::Fen;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::VoucherKey;
use xxhash_rust::xxh3::xxh3_64;

pub use account::{Account, AccountId, AccountKind};
use slots::Slots;
pub use statement::{Statement, StatementLine};
pub(crate) use texts::{TextId, Texts};

use crate::limits::{DAYS_MAX, NAMES_MAX};

/// The number of a voucher in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(crate) u32);

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// A balance that was there before the ledger began.
    Opening,
    /// The bank's own money to a payee, before the treasury gives it (垫付).
    Advance,
    /// The zero-balance account is charged with what was advanced.
    Charge,
    /// The treasury gives the bank what it advanced.
    Reimbursement,
    /// The zero-balance account is discharged.
    Discharge,
    /// Money back from a payee.
    Return,
    /// The zero-balance account has what came back.
    ReturnCharge,
    /// What came back goes to the treasury.
    ReturnHandover,
    /// The zero-balance account has handed it over.
    ReturnDischarge,
    /// The treasury reimburses a bank.
    Clearing,
    /// A bank gives the treasury a refund.
    RefundClearing,
    /// Taxes and other income.
    Income,
    /// Proceeds of bonds.
    BondProceeds,
    /// Cash from a treasury to one below it (库款调度).
    Dispatch,
    /// Cash straight to its receiver (实拨).
    Allocation,
    /// Income given back to whoever paid it.
    IncomeBack,
    /// Spending moves from one class to another; no cash in the end.
    Correction,
    /// Money into an account that pays out of its own.
    PayIn,
    /// Such an account is charged with what was paid.
    Withdrawal,
    /// Such an account has what came back.
    ReturnWithdrawal,
    /// Cash back from whoever got it straight (实拨退回).
    AllocationBack,
    /// The bank's own money to a payee that collects by agreement, before there is an order.
    Collection,
    /// The zero-balance account is charged with it.
    CollectionCharge,
    /// An order has taken it over, or the payee has given it back.
    CollectionBack,
    /// The zero-balance account is discharged of it.
    CollectionDischarge,
    /// The bank's own money back, of a payment that it takes back (冲正).
    Reversal,
    /// The zero-balance account is not charged with it any more.
    ChargeReversal,
    /// Of what its payee had given back before, the zero-balance account has nothing any more.
    ReturnChargeReversal,
    /// An account with money of its own has again what such a payment took.
    WithdrawalReversal,
}

impl Purpose {
    /// Whether the payer's account is charged by it with what went to a payee.
    #[must_use]
    pub const fn charges_payer(self) -> bool {
        matches!(self, Purpose::Charge | Purpose::Withdrawal)
    }

    /// Whether it moves a zero-balance account for an order of its own: what was paid, came back or was taken back.
    #[must_use]
    pub const fn is_of_an_order(self) -> bool {
        matches!(
            self,
            Purpose::Charge
                | Purpose::ReturnCharge
                | Purpose::ChargeReversal
                | Purpose::ReturnChargeReversal
        )
    }
}

/// One entry of the journal.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The voucher it is for.
    pub source: SourceId,
    detail: TextId,
    elements: TextId,
    /// The account that gives.
    pub debit: AccountId,
    /// The account that gets.
    pub credit: AccountId,
    /// How much; always above zero.
    pub amount_fen: Fen,
    day: u16,
    /// What for.
    pub purpose: Purpose,
}

/// What is to be posted.
#[derive(Clone, Copy, Debug)]
pub struct Posting<'a> {
    /// What for.
    pub purpose: Purpose,
    /// The voucher it is for.
    pub source: SourceId,
    /// Which of the voucher's details; empty: the voucher as a whole.
    pub detail: &'a str,
    /// What it was spent on, as whoever posts writes it; empty where that does not matter.
    pub elements: &'a str,
    /// The account that gives.
    pub debit: AccountId,
    /// The account that gets.
    pub credit: AccountId,
    /// How much, above zero.
    pub amount_fen: Fen,
    /// The business day.
    pub day: Day,
}

/// What two entries have in common that are posted for one thing.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The voucher they are for.
    pub source: SourceId,
    /// Which of the voucher's details; empty: the voucher as a whole.
    pub detail: &'a str,
    /// What it was spent on, as whoever posts writes it.
    pub elements: &'a str,
    /// How much, above zero.
    pub amount_fen: Fen,
    /// The business day.
    pub day: Day,
}

/// What for, the account that gives, and the account that gets.
pub type Move = (Purpose, AccountId, AccountId);

/// What is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imbalance {
    /// Balances of all accounts together are not zero.
    Trial {
        /// What they are.
        sum_fen: FenSum,
    },
    /// An account's balance is not what its entries make.
    Account {
        /// Which account.
        account: String,
        /// The balance that is kept.
        kept_fen: FenSum,
        /// What entries make.
        made_fen: FenSum,
    },
}

/// The ledger.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    accounts: account::Accounts,
    entries: Vec<Entry>,
    sources: Vec<VoucherKey>,
    source_slots: Slots,
    details: Texts,
    elements: Texts,
    days: Vec<Day>,
}

const _: () = assert!(size_of::<Entry>() == 32, "millions of entries are kept");

impl Ledger {
    /// An empty ledger with room for so many vouchers.
    #[must_use]
    pub fn with_capacity(vouchers: usize) -> Ledger {
        Ledger {
            sources: Vec::with_capacity(vouchers),
            source_slots: Slots::with_capacity(vouchers),
            entries: Vec::with_capacity(2 * vouchers),
            ..Ledger::default()
        }
    }

    /// An account, opened if there is none.
    pub fn open(&mut self, kind: AccountKind, number: &str) -> AccountId {
        self.accounts.open(kind, number)
    }

    /// An account, if it was opened.
    #[must_use]
    pub fn find(&self, kind: AccountKind, number: &str) -> Option<AccountId> {
        self.accounts.find(kind, number)
    }

    /// An account's kind and number.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Account<'_> {
        self.accounts.account(id)
    }

    /// Every account of a kind, in the order they were opened.
    pub fn accounts(&self, kind: AccountKind) -> impl Iterator<Item = AccountId> + '_ {
        self.accounts.ids().filter(move |id| self.account(*id).kind == kind)
    }

    /// Credits less debits of an account, in fen.
    #[must_use]
    pub fn balance_fen(&self, id: AccountId) -> FenSum {
        self.accounts.balance_fen(id)
    }

    /// Credits less debits of all accounts of a kind, in fen.
    #[must_use]
    pub fn balance_of_kind_fen(&self, kind: AccountKind) -> FenSum {
        self.accounts(kind).map(|id| self.balance_fen(id)).sum()
    }

    /// The number of a voucher, given now if it has none.
    ///
    /// # Panics
    /// When the ledger cannot name another voucher.
    pub fn source(&mut self, key: VoucherKey) -> SourceId {
        if let Some(known) = self.find_source(key) {
            return known;
        }
        assert!(self.sources.len() < NAMES_MAX, "a ledger cannot name so many vouchers");
        let row = self.sources.len() as u32;
        self.sources.push(key);
        let sources = &self.sources;
        self.source_slots.insert(hash(key), row, |row| hash(sources[row as usize]));
        SourceId(row)
    }

    /// The number of a voucher, if it has one.
    #[must_use]
    pub fn find_source(&self, key: VoucherKey) -> Option<SourceId> {
        let is_it = |row: u32| self.sources[row as usize] == key;
        self.source_slots.find(hash(key), is_it).map(SourceId)
    }

    /// The voucher with a number.
    #[must_use]
    pub fn key(&self, source: SourceId) -> VoucherKey {
        self.sources[source.0 as usize]
    }

    /// The voucher with a number, where its texts are to be borrowed.
    pub(crate) fn key_of(&self, source: SourceId) -> &VoucherKey {
        &self.sources[source.0 as usize]
    }

    /// How many vouchers have a number.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Writes an entry.
    ///
    /// # Panics
    /// When the amount is not above zero or both accounts are the same: whoever posts has checked.
    pub fn post(&mut self, posting: Posting<'_>) {
        let Posting { purpose, source, detail, elements, debit, credit, amount_fen, day } = posting;
        assert!(amount_fen.is_payable(), "an entry of {amount_fen} yuan");
        assert!(debit != credit, "an entry from an account to itself");
        let (detail, elements) = (self.details.intern(detail), self.elements.intern(elements));
        let day = self.day_number(day);
        self.accounts.add(debit, -FenSum::from(amount_fen.get()));
        self.accounts.add(credit, FenSum::from(amount_fen.get()));
        let entry = Entry { source, detail, elements, debit, credit, amount_fen, day, purpose };
        self.entries.push(entry);
    }

    /// Writes two entries for one thing, in their order.
    ///
    /// # Panics
    /// As [`Ledger::post`] does.
    pub fn post_pair(&mut self, of: &Occasion<'_>, moves: [Move; 2]) {
        let Occasion { source, detail, elements, amount_fen, day } = *of;
        for (purpose, debit, credit) in moves {
            self.post(Posting {
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
    }

    /// Entries so far, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The detail an entry is for; empty: the voucher as a whole.
    #[must_use]
    pub fn detail(&self, entry: &Entry) -> &str {
        self.details.text(entry.detail)
    }

    /// What an entry's money was spent on, as whoever posted it wrote it.
    #[must_use]
    pub fn elements(&self, entry: &Entry) -> &str {
        self.elements.text(entry.elements)
    }

    /// The business day of an entry.
    #[must_use]
    pub fn day(&self, entry: &Entry) -> Day {
        self.days[usize::from(entry.day)]
    }

    /// What is wrong, if anything: balances that do not add up to zero, or are not what the entries make.
    #[must_use]
    pub fn check(&self) -> Vec<Imbalance> {
        let mut found = Vec::new();
        let mut made = vec![0; self.accounts.len()];
        for entry in &self.entries {
            made[entry.debit.0 as usize] -= FenSum::from(entry.amount_fen.get());
            made[entry.credit.0 as usize] += FenSum::from(entry.amount_fen.get());
        }
        let sum_fen = self.accounts.ids().map(|id| self.balance_fen(id)).sum();
        if sum_fen != 0 {
            found.push(Imbalance::Trial { sum_fen });
        }
        for id in self.accounts.ids() {
            let (kept_fen, made_fen) = (self.balance_fen(id), made[id.0 as usize]);
            if kept_fen != made_fen {
                let account = self.account(id).to_string();
                found.push(Imbalance::Account { account, kept_fen, made_fen });
            }
        }
        found
    }

    /// Entries of one purpose that have the voucher and detail of an earlier one, by keys and texts as they are
    /// written: what was done twice, whatever the tables say.
    #[must_use]
    pub fn repeated(&self, purpose: Purpose) -> u64 {
        let mut seen: Vec<(VoucherKey, &str)> = self
            .entries
            .iter()
            .filter(|entry| entry.purpose == purpose)
            .map(|entry| (self.key(entry.source), self.detail(entry)))
            .collect();
        seen.sort_unstable();
        seen.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64
    }

    /// Days come in order, so the last is nearly always the one.
    fn day_number(&mut self, day: Day) -> u16 {
        if let Some(at) = self.days.iter().rposition(|known| *known == day) {
            return at as u16;
        }
        assert!(self.days.len() < DAYS_MAX, "a ledger cannot have so many days");
        self.days.push(day);
        (self.days.len() - 1) as u16
    }
}

fn hash(key: VoucherKey) -> u64 {
    let mut bytes = [0; 40];
    let number = key.number.as_str().as_bytes();
    bytes[..9].copy_from_slice(key.division.as_str().as_bytes());
    bytes[9..11].copy_from_slice(&key.year.get().to_le_bytes());
    bytes[11..13].copy_from_slice(&key.kind.code().to_le_bytes());
    bytes[13..13 + number.len()].copy_from_slice(number);
    xxh3_64(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 20_230_310;

    fn key(text: &str) -> VoucherKey {
        VoucherKey::parse(text).expect("a key")
    }

    fn day(number: u32) -> Day {
        Day::new(number).expect("a day")
    }

    fn paid(ledger: &mut Ledger, voucher: &str, detail: &str, amount: i64, on: u32) {
        let source = ledger.source(key(voucher));
        let debit = ledger.open(AccountKind::Advance, "");
        let credit = ledger.open(AccountKind::Payee, "6222");
        let amount_fen = Fen::new(amount);
        let (purpose, elements, day) = (Purpose::Advance, "", day(on));
        let posting = Posting { purpose, source, detail, elements, debit, credit, amount_fen, day };
        ledger.post(posting);
    }

    #[test]
    fn balances_are_what_entries_make() {
        let mut ledger = Ledger::default();
        paid(&mut ledger, "370102000-2023-8202-1", "a", 500_000, DAY);
        paid(&mut ledger, "370102000-2023-8202-1", "b", 300_000, DAY);
        paid(&mut ledger, "370102000-2023-8202-2", "a", 1, DAY + 1);
        assert_eq!(ledger.balance_of_kind_fen(AccountKind::Advance), -800_001);
        assert_eq!(ledger.balance_of_kind_fen(AccountKind::Payee), 800_001);
        assert_eq!(ledger.check(), []);
        ledger.accounts.add(AccountId(0), 1);
        let told = ledger.check();
        assert_eq!(told[0], Imbalance::Trial { sum_fen: 1 });
        let account = "advance".to_owned();
        let expected = Imbalance::Account { account, kept_fen: -800_000, made_fen: -800_001 };
        assert_eq!(told[1], expected);
    }

    #[test]
    fn what_is_paid_twice_is_counted_from_the_entries() {
        let mut ledger = Ledger::default();
        paid(&mut ledger, "370102000-2023-8202-1", "a", 5, DAY);
        paid(&mut ledger, "370102000-2023-8202-1", "b", 5, DAY);
        paid(&mut ledger, "370102000-2023-8202-2", "a", 5, DAY);
        assert_eq!(ledger.repeated(Purpose::Advance), 0);
        paid(&mut ledger, "370102000-2023-8202-1", "a", 4, DAY + 1);
        paid(&mut ledger, "370102000-2023-8202-1", "a", 4, DAY + 2);
        assert_eq!(ledger.repeated(Purpose::Advance), 2);
        assert_eq!(ledger.repeated(Purpose::Charge), 0);
    }

    #[test]
    fn a_voucher_keeps_its_number() {
        let mut ledger = Ledger::with_capacity(3);
        let keys: Vec<VoucherKey> =
            (0..100).map(|n| key(&format!("370102000-2023-8202-{n}"))).collect();
        for (row, key) in keys.iter().enumerate() {
            assert_eq!(ledger.find_source(*key), None);
            assert_eq!(ledger.source(*key), SourceId(row as u32));
        }
        for (row, key) in keys.iter().enumerate() {
            assert_eq!(ledger.find_source(*key), Some(SourceId(row as u32)));
            assert_eq!(ledger.key(SourceId(row as u32)), *key);
        }
    }

    #[test]
    #[should_panic(expected = "an entry of 0.00 yuan")]
    fn nothing_is_no_entry() {
        paid(&mut Ledger::default(), "370102000-2023-8202-1", "a", 0, DAY);
    }

    #[test]
    fn a_statement_begins_where_the_day_before_ended() {
        let mut ledger = Ledger::default();
        paid(&mut ledger, "370102000-2023-8202-1", "a", 5, DAY);
        paid(&mut ledger, "370102000-2023-8202-2", "b", 7, DAY + 1);
        let payee = ledger.find(AccountKind::Payee, "6222").expect("opened");
        let statement = ledger.statement(payee, day(DAY + 1));
        assert_eq!((statement.opening_fen, statement.closing_fen), (5, 12));
        let line = &statement.lines[0];
        assert_eq!((line.amount_fen, line.detail.as_str()), (Fen::new(7), "b"));
        assert_eq!(line.voucher, key("370102000-2023-8202-2"));
        assert_eq!(ledger.statement(payee, day(DAY + 2)).lines, []);
        let advance = ledger.find(AccountKind::Advance, "").expect("opened");
        assert_eq!(ledger.statement(advance, day(DAY)).lines[0].amount_fen, Fen::new(-5));
        let all = ledger.statements(AccountKind::Payee, day(DAY + 1));
        assert_eq!(all, [statement]);
    }
}
