//! An agent bank (代理银行): pays orders with its own money, answers, and asks the central bank for it.
//!
//! Its ledger is the judge of what was paid. A payment order is paid at most once for ever, whatever arrives:
//! the ledger knows every key it ever took. It knows nothing of quotas, and no voucher that did not come to it.
//!
//! A payment is two entries. The bank's own money goes to the payee (*advance*), and the zero-balance account is
//! charged, against what the treasury owes (*claim*). Clearing undoes both for the bank, so that at a day's end
//! zero-balance accounts, advance and claim are at zero, and what the treasury has given is with payees. Out of an
//! account with money of its own it pays as far as that goes, and asks nobody for it.

mod accounts;
mod apply;
mod clearing;
mod collection;
mod day;
mod early;
mod master;
mod order;
mod payment;
mod receipt;
mod record;
mod refund;
mod refusal;
mod reversal;
mod statement;
mod totals;
mod trade;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use domain::Fen;
use domain::clearing::Exposure;
use domain::ids::Day;
use domain::money::FenSum;
use domain::voucher::{
    DivisionCode, Flag, Party, PartyKind, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use exchange::business::{Business, Effect, OnPurpose, Verdict};

use self::collection::Debited;
pub use collection::Claim;
pub use master::{DepositAccount, Identity, ZeroBalanceAccount};
pub use order::{Order, Refusal};
use record::Record;
pub(crate) use refusal::findings_told;
pub use reversal::Reversal;
pub use trade::Trade;

use crate::behind::Behind;
use crate::ledger::{AccountId, AccountKind, Ledger, Purpose, SourceId, TextId, Texts};
use crate::record::{self as encoding, KeyRecord};
use crate::script::{Fault, Planted, Script};

/// Where the bank stands in its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No day is open.
    Closed,
    /// Orders are paid.
    Open,
    /// Orders wait for the next day; clearing goes on.
    CutOff,
}

/// Where a voucher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// One of the bank's own, or one that only an entry names.
    Own,
    Returned,
    Silent,
    /// Parent or details of a batch, without the other half.
    Waiting,
    /// Details that came beside: the parent's row says what became of them.
    Beside,
    Paid,
    Requested,
    Cleared,
}

/// What is kept of each voucher.
#[derive(Clone, Copy, Debug)]
struct Row {
    digest: u64,
    paid_fen: Fen,
    /// Where its entries begin.
    first_entry: u32,
    /// How many details were paid, two entries each.
    paid_lines: u32,
    /// Where its payments begin among those of all details.
    first_payment: u32,
    /// Its group; of details beside: their parent.
    group: u32,
    /// The date on it; zero: nothing was paid by it.
    date: u32,
    state: State,
    fault: Option<Fault>,
}

const _: () = assert!(size_of::<Row>() <= 40, "millions of rows are kept");

impl Row {
    const OWN: Row = Row {
        digest: 0,
        paid_fen: Fen::ZERO,
        first_entry: 0,
        paid_lines: 0,
        first_payment: 0,
        group: 0,
        date: 0,
        state: State::Own,
        fault: None,
    };
}

/// A request to the central bank, of either kind.
#[derive(Clone, Debug)]
struct Request {
    group: TextId,
    vouchers: Vec<SourceId>,
    refunds: Vec<u32>,
    amount_fen: Fen,
    end: Option<RequestEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RequestEnd {
    Settled(Day),
    Refused(Day),
}

/// Money that came back.
#[derive(Clone, Debug)]
struct RefundRow {
    /// The payment order.
    source: SourceId,
    /// The bank's number of it; refunds of a whole order have one together.
    number: u32,
    /// Which of the details that were paid, from 0.
    line: u32,
    reason: String,
}

#[derive(Clone, Debug)]
struct HeldReceipt {
    to: Party,
    receipt: Voucher,
}

#[derive(Clone, Debug)]
struct HalfBatch {
    from: Party,
    voucher: Voucher,
}

/// A zero-balance account that was not at zero when the day ended (R-ZERO).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroAlarm {
    /// The day.
    pub day: Day,
    /// The account.
    pub account: String,
    /// What it was at, in fen.
    pub balance_fen: FenSum,
}

/// An agent bank.
#[derive(Clone, Debug)]
pub struct Bank {
    identity: Identity,
    script: Script,
    ledger: Ledger,
    advance: AccountId,
    claim: AccountId,
    treasury: AccountId,
    accounts: BTreeMap<String, ZeroBalanceAccount>,
    deposits: BTreeMap<String, DepositAccount>,
    blocked: BTreeMap<String, String>,
    day: Option<Day>,
    phase: Phase,
    rows: Vec<Row>,
    /// The engine's payment of each detail that was paid, in the order they were.
    payments: Vec<u128>,
    /// Those that were paid and not taken back.
    paid_payments: HashSet<u128>,
    /// Payment orders that were decided on: places of the script.
    taken: u64,
    /// A payment whose receipt waits to be exchanged with the next one's: the script says so.
    exchanging: Option<SourceId>,
    group_names: Texts,
    groups: Vec<VecDeque<SourceId>>,
    groups_waiting: BTreeSet<TextId>,
    requests: BTreeMap<SourceId, Request>,
    refunds: Vec<RefundRow>,
    refunds_waiting: BTreeSet<u32>,
    refunded_lines: HashSet<(SourceId, u32)>,
    /// Payments whose receipt finance did not take, as far as the bank has heard.
    receipts_not_taken: BTreeSet<SourceId>,
    /// Payments that the bank took back.
    reversals: BTreeMap<SourceId, Reversal>,
    halves: BTreeMap<SourceId, HalfBatch>,
    /// Details beside by their parent.
    beside: HashMap<VoucherKey, SourceId>,
    held: BTreeMap<SourceId, HeldReceipt>,
    /// What payees have collected by agreement, by the numbers it was told under.
    debits: BTreeMap<VoucherKey, Debited>,
    /// Claims that were debited, by payee and the payee's number.
    claims: BTreeSet<(String, String)>,
    /// Orders that wait for a day.
    behind: Behind,
    numbers: u32,
    planted: Vec<Planted>,
    alarms: Vec<ZeroAlarm>,
    /// Whom it tells in a message what it does not pay.
    speak_iso: BTreeSet<Party>,
    /// The minute from midnight at which it stops for the day; none: only when it is told to.
    cut_off_minute: Option<u16>,
}

impl Bank {
    /// A bank without accounts, with room for so many vouchers.
    ///
    /// # Panics
    /// When its code is not 1 to 12 digits and capital letters.
    #[must_use]
    pub fn new(identity: Identity, script: Script, vouchers: usize) -> Bank {
        let code = identity.code.as_str();
        let plain = code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        assert!(plain && Party::new(PartyKind::Bank, code).is_some(), "`{code}` is no bank's code");
        let mut ledger = Ledger::with_capacity(vouchers);
        Bank {
            advance: ledger.open(AccountKind::Advance, ""),
            claim: ledger.open(AccountKind::Claim, ""),
            treasury: ledger.open(AccountKind::Treasury, ""),
            identity,
            script,
            ledger,
            accounts: BTreeMap::new(),
            deposits: BTreeMap::new(),
            blocked: BTreeMap::new(),
            day: None,
            phase: Phase::Closed,
            rows: Vec::with_capacity(vouchers),
            payments: Vec::with_capacity(vouchers),
            paid_payments: HashSet::new(),
            taken: 0,
            exchanging: None,
            group_names: Texts::default(),
            groups: Vec::new(),
            groups_waiting: BTreeSet::new(),
            requests: BTreeMap::new(),
            refunds: Vec::new(),
            refunds_waiting: BTreeSet::new(),
            refunded_lines: HashSet::new(),
            receipts_not_taken: BTreeSet::new(),
            reversals: BTreeMap::new(),
            halves: BTreeMap::new(),
            beside: HashMap::new(),
            held: BTreeMap::new(),
            debits: BTreeMap::new(),
            claims: BTreeSet::new(),
            behind: Behind::default(),
            numbers: 0,
            planted: Vec::new(),
            alarms: Vec::new(),
            speak_iso: BTreeSet::new(),
            cut_off_minute: None,
        }
    }

    /// The bank, speaking ISO 20022 with these parties: an order of theirs that it does not pay at all is answered by a
    /// receipt of nothing, where that can be said in a message, and is not sent back.
    #[must_use]
    pub fn speaking_iso(self, parties: BTreeSet<Party>) -> Bank {
        Bank { speak_iso: parties, ..self }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The bank as a party.
    ///
    /// # Panics
    /// Never: the code was looked at when the bank began.
    #[must_use]
    pub fn party(&self) -> Party {
        Party::new(PartyKind::Bank, &self.identity.code).expect("a bank's code names a party")
    }

    /// Its ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Where it stands in its day.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Its zero-balance accounts, by number.
    pub fn accounts(&self) -> impl Iterator<Item = &ZeroBalanceAccount> {
        self.accounts.values()
    }

    /// Payments of one voucher and detail that stand twice in the ledger, by its entries. Must be 0.
    #[must_use]
    pub fn double_payments(&self) -> u64 {
        self.ledger.repeated(Purpose::Advance)
    }

    /// What the bank is out of pocket, by account: from the ledger's entries alone.
    #[must_use]
    pub fn exposures(&self) -> BTreeMap<String, Exposure> {
        let mut exposures: BTreeMap<String, Exposure> = BTreeMap::new();
        for entry in self.ledger.entries() {
            let amount_fen = FenSum::from(entry.amount_fen.get());
            let (account, uncleared_fen, refunds_fen) = match entry.purpose {
                Purpose::Charge | Purpose::CollectionCharge => (entry.debit, amount_fen, 0),
                Purpose::Discharge | Purpose::CollectionDischarge | Purpose::ChargeReversal => {
                    (entry.credit, -amount_fen, 0)
                }
                Purpose::ReturnCharge => (entry.credit, 0, amount_fen),
                Purpose::ReturnDischarge | Purpose::ReturnChargeReversal => {
                    (entry.debit, 0, -amount_fen)
                }
                _ => continue,
            };
            let number = self.ledger.account(account).number.to_owned();
            let exposure = exposures.entry(number).or_default();
            exposure.uncleared_fen += uncleared_fen;
            exposure.refunds_held_fen += refunds_fen;
        }
        exposures
    }

    /// What the bank as a whole is out of pocket.
    #[must_use]
    pub fn exposure(&self) -> Exposure {
        let sum = |sum: Exposure, one: Exposure| Exposure {
            uncleared_fen: sum.uncleared_fen + one.uncleared_fen,
            refunds_held_fen: sum.refunds_held_fen + one.refunds_held_fen,
        };
        self.exposures().into_values().fold(Exposure::default(), sum)
    }

    /// Accounts that were not at zero when their day ended.
    #[must_use]
    pub fn alarms(&self) -> &[ZeroAlarm] {
        &self.alarms
    }

    /// Differences that the script has planted so far.
    #[must_use]
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }

    fn row(&self, source: SourceId) -> Row {
        self.rows.get(source.0 as usize).copied().unwrap_or(Row::OWN)
    }

    /// The number that comes so many after the last one given: the bank's code and a running number.
    fn number_after(&self, more: u32) -> VoucherNumber {
        let running = self.numbers + 1 + more;
        let text = format!("{}{running:08}", self.identity.code);
        VoucherNumber::new(&text).expect("twelve characters and eight digits are a number")
    }

    fn own_key(&self, like: VoucherKey, kind: VoucherKind, more: u32) -> VoucherKey {
        VoucherKey { kind, number: self.number_after(more), ..like }
    }
}

/// What is known of an account that pays, whoever's money is in it.
#[derive(Clone, Copy, Debug)]
struct Payer<'a> {
    name: &'a str,
    division: DivisionCode,
    finance: Party,
}

/// A decision as an effect.
fn noted(record: &Record<'_>) -> Effect {
    Effect::Record(encoding::encode(record))
}

fn failed(reason: impl Into<String>) -> (Verdict, Vec<Effect>) {
    (Verdict::Failed { reason: reason.into() }, Vec::new())
}

impl Business for Bank {
    type Order = Order;
    type Refusal = Refusal;

    fn take(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        match (from.kind(), voucher.key.kind, voucher.flag) {
            (
                PartyKind::Finance,
                VoucherKind::Payment | VoucherKind::DirectPayment | VoucherKind::BatchDetails,
                Flag::Original,
            ) => self.take_payment(from, voucher),
            (
                PartyKind::CentralBank,
                VoucherKind::TransferRequest | VoucherKind::RefundRequest,
                Flag::Receipt,
            ) => self.take_settled(voucher),
            (PartyKind::CentralBank, VoucherKind::BankClearingStatement, Flag::Original) => {
                self.take_statement(from, voucher)
            }
            // What a month's clearing comes to: read, and nothing is compared.
            (PartyKind::CentralBank, VoucherKind::BankClearingTotals, Flag::Original) => {
                (Verdict::Accepted, Vec::new())
            }
            _ => failed(format!(
                "非本行受理凭证: a bank takes no {} from {from}; send it to whom it is for",
                voucher.key.kind.slug()
            )),
        }
    }

    fn order(&self, order: &Order) -> Result<Vec<Effect>, Refusal> {
        match order {
            Order::OpenAccount(account) => self.open_account(account),
            Order::OpenDeposit(account) => self.open_deposit(account),
            Order::PayIn { account, amount_fen } => self.pay_in(account, *amount_fen),
            Order::BlockPayee { account, why } => self.block_payee(account, why),
            Order::OpenDay(day) => self.open_day(*day),
            Order::CutOff => {
                self.today()?;
                Ok(vec![noted(&Record::CutOff)])
            }
            Order::Minute { day, minute } => Ok(self.minute(*day, *minute)),
            Order::RequestClearing => self.request_clearing(),
            Order::Refund { voucher, detail, reason } => {
                self.refund(*voucher, detail.as_deref(), reason)
            }
            Order::Reverse { voucher, reason } => self.reverse(*voucher, reason),
            Order::Collect(claim) => self.collect(claim),
            Order::SendLate => Ok(self.send_late()),
            Order::Close => self.close(),
            Order::Tell(period) => self.tell(*period),
        }
    }

    fn goes_on(&self) -> Vec<Effect> {
        self.take_up()
    }

    fn gives_back(&self, from: Party, key: VoucherKey) -> Option<Vec<Effect>> {
        self.give_back(from, key)
    }

    fn came_back(&self, from: Party, key: VoucherKey, _reason: &str) -> Vec<Effect> {
        if from != self.identity.central_bank {
            return self.receipt_came_back(from, key);
        }
        let open = |request: &Request| request.end.is_none();
        let source = self.ledger.find_source(key);
        match source.and_then(|source| self.requests.get(&source)).is_some_and(open) {
            true => vec![noted(&Record::Refused { key: KeyRecord::from(&key) })],
            false => Vec::new(),
        }
    }

    fn on_purpose(&self, key: VoucherKey, flag: Flag) -> Option<OnPurpose> {
        let row = self.ledger.find_source(key).and_then(|source| self.rows.get(source.0 as usize));
        match row.filter(|_| flag == Flag::Receipt)?.fault? {
            Fault::Twice | Fault::TwiceOtherwise => Some(OnPurpose::Doubled),
            Fault::WrongSignature => Some(OnPurpose::SpoiltSeals),
            _ => None,
        }
    }

    fn apply(&mut self, record: &[u8]) {
        self.apply_record(encoding::decode(record));
    }
}

impl Bank {
    /// Receipts that were kept back.
    fn send_held(&self, due: &[SourceId]) -> Vec<Effect> {
        if due.is_empty() {
            return Vec::new();
        }
        let named: Vec<VoucherKey> = due.iter().map(|source| self.ledger.key(*source)).collect();
        let keys = named.iter().map(KeyRecord::from).collect();
        let mut effects = vec![noted(&Record::Sent { keys })];
        effects.extend(due.iter().map(|source| {
            let HeldReceipt { to, receipt } = self.held[source].clone();
            Effect::Issue { to, voucher: receipt }
        }));
        effects
    }

    fn send_late(&self) -> Vec<Effect> {
        let is_late = |source: &&SourceId| {
            matches!(self.row(**source).fault, Some(Fault::Late | Fault::OtherPayment))
        };
        let due: Vec<SourceId> = self.held.keys().filter(is_late).copied().collect();
        self.send_held(&due)
    }
}
