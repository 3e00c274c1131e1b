//! The central bank's treasury (人民银行国库): keeps the cash of divisions, and reimburses banks out of it.
//!
//! A request (2301) is cleared when finance's limit notice says the same, line by line, and there is cash. Without a
//! notice it is held; on a mismatch it is sent back whole; without cash it waits in a queue, wages and basic
//! livelihood first, and is never refused for cash. It never clears in part, and knows nothing of quotas.

mod apply;
mod back;
mod cash;
mod cleared;
mod gate;
mod master;
mod order;
mod record;
mod requests;
mod statements;
mod totals;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::clearing::Lane;
use domain::ids::Day;
use domain::limits::AMOUNT_FEN_MAX;
use domain::money::{FenSum, yuan_plain};
use domain::voucher::document::Fields;
use domain::voucher::facts::named_voucher;
use domain::voucher::{
    Field, Flag, Party, PartyKind, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use domain::{Fen, FiscalYear};
use exchange::business::{Business, Effect, Verdict};

pub use master::{Identity, MasterRow, Treasury};
pub use order::{Order, PaidIn, Refusal};

use self::back::Allocated;
use self::cleared::Cleared;
use self::master::Master;
use self::record::Record;
use self::requests::lane_of;
use crate::behind::Behind;
use crate::income::Income;
use crate::ledger::{AccountKind, Ledger};
use crate::record::{self as encoding};

/// What a voucher waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitsFor {
    /// The next business day: it came behind the close.
    Day,
    /// Finance's limit notice.
    Notice,
    /// Cash in the treasury (Q1902).
    Cash,
}

/// A voucher that waits, as the queue shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The voucher.
    pub voucher: VoucherKey,
    /// The treasury that is to pay, by its code.
    pub treasury: String,
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// Its place: wages first.
    pub lane: Lane,
    /// How much.
    pub amount_fen: Fen,
    /// Since when.
    pub since: Day,
}

/// A voucher that is kept until it is settled.
#[derive(Clone, Debug)]
struct Kept {
    from: Party,
    voucher: Voucher,
    lane: Lane,
    arrived: u64,
    since: Day,
    queued: bool,
}

/// A request of a bank that came to its end.
#[derive(Clone, Debug)]
struct Ended {
    voucher: VoucherKey,
    day: Day,
    treasury: String,
    bank: String,
    account: String,
    fund: String,
    amount_fen: Fen,
    returned: bool,
}

/// Names of vouchers in a queue, in the order they are paid.
type Queue = BTreeSet<(Lane, u64, VoucherKey)>;

/// The central bank's treasury office.
#[derive(Clone, Debug)]
pub struct CentralBank {
    identity: Identity,
    master: Master,
    ledger: Ledger,
    day: Option<Day>,
    open: bool,
    /// What came behind the close.
    behind: Behind,
    /// The day has begun, and what waited for it is not looked at yet.
    beginning: bool,
    /// Every voucher that was ever taken, with what tells it from others under its key.
    seen: HashMap<VoucherKey, u64>,
    kept: BTreeMap<VoucherKey, Kept>,
    /// Notices by the request they are for.
    notices: BTreeMap<VoucherKey, VoucherKey>,
    arrived: u64,
    queues: BTreeMap<String, Queue>,
    cleared: Cleared,
    ended: Vec<Ended>,
    /// Treasuries whose generated income of the day has come.
    had_income: BTreeSet<String>,
    /// Allocations that were paid.
    allocated: HashMap<VoucherKey, Allocated>,
    /// Details of allocations that came back.
    allocations_back: u64,
    numbers: u32,
}

impl CentralBank {
    /// A central bank with nothing on file.
    ///
    /// # Panics
    /// When its code is not 1 to 12 digits and capital letters.
    #[must_use]
    pub fn new(identity: Identity) -> CentralBank {
        let code = identity.code.as_str();
        let plain = code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        let names = Party::new(PartyKind::CentralBank, code).is_some();
        assert!(plain && names, "`{code}` is no central bank's code");
        CentralBank {
            identity,
            master: Master::default(),
            ledger: Ledger::default(),
            day: None,
            open: false,
            behind: Behind::default(),
            beginning: false,
            seen: HashMap::new(),
            kept: BTreeMap::new(),
            notices: BTreeMap::new(),
            arrived: 0,
            queues: BTreeMap::new(),
            cleared: Cleared::default(),
            ended: Vec::new(),
            had_income: BTreeSet::new(),
            allocated: HashMap::new(),
            allocations_back: 0,
            numbers: 0,
        }
    }

    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The central bank as a party.
    ///
    /// # Panics
    /// Never: the code was looked at when it began.
    #[must_use]
    pub fn party(&self) -> Party {
        let party = Party::new(PartyKind::CentralBank, &self.identity.code);
        party.expect("a central bank's code names a party")
    }

    /// Its ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The business day that is open.
    #[must_use]
    pub fn day(&self) -> Option<Day> {
        self.day.filter(|_| self.open)
    }

    /// What a treasury holds, in fen.
    #[must_use]
    pub fn balance_fen(&self, treasury: &str) -> FenSum {
        let account = self.ledger.find(AccountKind::Treasury, treasury);
        account.map_or(0, |account| self.ledger.balance_fen(account))
    }

    /// What has to stay in a treasury (库底资金); nothing where it is not on file.
    #[must_use]
    pub fn floor_fen(&self, treasury: &str) -> Fen {
        self.master.treasuries.get(treasury).map_or(Fen::ZERO, |row| row.floor_fen)
    }

    /// Everything that waits: for cash in the order it will be paid, then for notices, then for a day.
    #[must_use]
    pub fn waiting(&self) -> Vec<Waiting> {
        let queued = self.queues.values().flatten().map(|(_, _, key)| *key);
        let early = self.behind.iter().filter(|early| !is_notice(&early.voucher));
        let for_notices =
            self.kept.iter().filter(|(_, kept)| !kept.queued && !is_notice(&kept.voucher));
        queued
            .chain(for_notices.map(|(key, _)| *key))
            .map(|voucher| {
                let Kept { voucher: held, lane, since, queued, .. } = &self.kept[&voucher];
                let waits_for = if *queued { WaitsFor::Cash } else { WaitsFor::Notice };
                let treasury = held.head.text(Field::Treasury).unwrap_or("").to_owned();
                let amount_fen = held.head.amount_fen(Field::Amount).unwrap_or_default();
                Waiting { voucher, treasury, waits_for, lane: *lane, amount_fen, since: *since }
            })
            .chain(early.map(|early| Waiting {
                voucher: early.voucher.key,
                treasury: early.voucher.head.text(Field::Treasury).unwrap_or("").to_owned(),
                waits_for: WaitsFor::Day,
                lane: lane_of(&early.voucher),
                amount_fen: early.voucher.head.amount_fen(Field::Amount).unwrap_or_default(),
                since: early.since.unwrap_or(early.voucher.date),
            }))
            .collect()
    }

    fn own_key(
        &self,
        division: &Treasury,
        year: FiscalYear,
        kind: VoucherKind,
        more: u32,
    ) -> VoucherKey {
        let running = self.numbers + 1 + more;
        let number = VoucherNumber::new(&format!("{}{running:08}", self.identity.code));
        let number = number.expect("twelve characters and eight digits are a number");
        VoucherKey { division: division.division, year, kind, number }
    }
}

/// The order that a line of a request names.
fn order_of(request: &Voucher, line: &Fields) -> Option<VoucherKey> {
    let VoucherKey { division, year, .. } = request.key;
    named_voucher(division, year, line)
}

const fn is_notice(voucher: &Voucher) -> bool {
    matches!(voucher.key.kind, VoucherKind::AuthorizedLimit | VoucherKind::DirectLimit)
}

/// The key of the request that a notice is for.
fn request_of(notice: &Voucher) -> Option<VoucherKey> {
    let number = notice.head.text(Field::ClearingNumber).and_then(VoucherNumber::new)?;
    Some(VoucherKey { kind: VoucherKind::TransferRequest, number, ..notice.key })
}

fn noted(record: &Record<'_>) -> Effect {
    Effect::Record(encoding::encode(record))
}

fn failed(reason: impl Into<String>) -> (Verdict, Vec<Effect>) {
    (Verdict::Failed { reason: reason.into() }, Vec::new())
}

impl Business for CentralBank {
    type Order = Order;
    type Refusal = Refusal;

    fn take(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        let kind = voucher.key.kind;
        let is_for_us = kind.to() == PartyKind::CentralBank
            && kind.from() == from.kind()
            && voucher.flag == Flag::Original;
        if !is_for_us {
            return failed(format!(
                "非国库受理凭证: the treasury takes no {} from {from}; send it to whom it is for",
                kind.slug()
            ));
        }
        self.take_voucher(from, voucher)
    }

    fn order(&self, order: &Order) -> Result<Vec<Effect>, Refusal> {
        match order {
            Order::File(rows) => Ok(rows.iter().map(file).collect()),
            Order::OpenDay(day) => self.open_day(*day),
            Order::PayIn { treasury, what, class, amount_fen } => {
                self.pay_in(treasury, *what, class, *amount_fen)
            }
            Order::Income { seed, day, incomes } => self.day_income(*seed, *day, incomes),
            Order::Dispatch { from, to, amount_fen } => self.dispatch(from, to, *amount_fen),
            Order::SendBack { voucher, reason } => self.send_held_back(*voucher, reason),
            Order::AllocationBack { allocation, detail, reason } => {
                self.allocation_back(*allocation, detail.as_deref(), reason)
            }
            Order::Settle => Ok(self.drained(self.today()?)),
            Order::Close => self.close(),
            Order::Tell(period) => self.tell(*period),
        }
    }

    fn goes_on(&self) -> Vec<Effect> {
        let Some(day) = self.day().filter(|_| self.beginning) else { return Vec::new() };
        if let Some(early) = self.behind.first_by(day) {
            return self.take_up(early, day);
        }
        let mut effects = vec![noted(&Record::Begun)];
        effects.extend(self.drained(day));
        effects
    }

    fn came_back(&self, _from: Party, _key: VoucherKey, _reason: &str) -> Vec<Effect> {
        // What the central bank sends are answers and statements; its ledger does not depend on them.
        Vec::new()
    }

    fn apply(&mut self, record: &[u8]) {
        self.apply_record(encoding::decode(record));
    }
}

fn file(row: &MasterRow) -> Effect {
    match row {
        MasterRow::Treasury(Treasury { code, division, finance, floor_fen }) => {
            let (division, finance) = (division.as_str(), finance.to_string());
            let (finance, floor_fen) = (finance.as_str(), floor_fen.get());
            noted(&Record::Treasury { code, division, finance, floor_fen })
        }
        MasterRow::Bank { code, name } => noted(&Record::Bank { code, name }),
        MasterRow::BankNumber { number } => noted(&Record::BankNumber { number }),
        MasterRow::Function { year, code, sums_only } => {
            let (year, sums_only) = (year.get(), *sums_only);
            noted(&Record::Function { year, code, sums_only })
        }
        MasterRow::Unit { division, code } => {
            let division = division.as_str();
            noted(&Record::Unit { division, code })
        }
    }
}

impl CentralBank {
    fn today(&self) -> Result<Day, Refusal> {
        self.day().ok_or(Refusal::NoDay)
    }

    fn treasury(&self, code: &str) -> Result<&Treasury, Refusal> {
        let treasury = self.master.treasuries.get(code);
        treasury.ok_or_else(|| Refusal::NoTreasury { code: code.to_owned() })
    }

    fn open_day(&self, day: Day) -> Result<Vec<Effect>, Refusal> {
        match self.day {
            Some(open) if self.open => Err(Refusal::DayOpen { day: open }),
            Some(last) if last >= day => Err(Refusal::DayPast { day, last }),
            _ => {
                // What waited for the day joins the queues before anything is paid out of them.
                Ok(vec![noted(&Record::DayOpened { day: day.get() })])
            }
        }
    }

    /// What is paid out of all queues.
    fn drained(&self, day: Day) -> Vec<Effect> {
        let mut run = self.run(day);
        self.queues.keys().for_each(|treasury| run.drain(treasury));
        run.into_effects()
    }

    fn pay_in(
        &self,
        code: &str,
        what: PaidIn,
        class: &str,
        amount_fen: Fen,
    ) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        self.treasury(code)?;
        let year = FiscalYear::new(day.year());
        // What was there before is reported under none.
        let is_reported = what != PaidIn::Opening || !class.is_empty();
        if is_reported && !year.is_some_and(|year| self.master.takes_income(year, class)) {
            return Err(Refusal::NoIncome { class: class.to_owned(), year: day.year() });
        }
        if !amount_fen.is_payable() {
            return Err(Refusal::Amount { amount_fen });
        }
        self.may_come_in(FenSum::from(amount_fen.get()))?;
        let (what, amount) = (what as u8, amount_fen.get());
        let record = Record::PaidIn { treasury: code, what, class, amount_fen: amount };
        let mut effects = vec![noted(&record)];
        let mut run = self.run(day);
        run.add(code, FenSum::from(amount));
        run.drain(code);
        effects.extend(run.into_effects());
        Ok(effects)
    }

    /// A day's income of treasuries, once a day. What was paid in by hand is not it.
    fn day_income(&self, seed: u64, day: Day, incomes: &[Income]) -> Result<Vec<Effect>, Refusal> {
        let open = self.today()?;
        if day != open {
            return Err(Refusal::OtherDay { day, open });
        }
        let (mut effects, mut run, mut codes) = (Vec::new(), self.run(day), BTreeSet::new());
        let mut in_all_fen = 0;
        for income in incomes {
            let code = income.treasury.as_str();
            self.treasury(code)?;
            if self.had_income.contains(code) || !codes.insert(code) {
                return Err(Refusal::IncomeCame { code: code.to_owned(), day });
            }
            effects.push(noted(&Record::IncomeCame { treasury: code }));
            for (what, class, amount_fen) in income.of_day(seed, day) {
                let (what, amount) = (what as u8, amount_fen.get());
                in_all_fen += FenSum::from(amount);
                effects.push(noted(&Record::PaidIn {
                    treasury: code,
                    what,
                    class,
                    amount_fen: amount,
                }));
                run.add(code, FenSum::from(amount));
            }
        }
        self.may_come_in(in_all_fen)?;
        codes.into_iter().for_each(|code| run.drain(code));
        effects.extend(run.into_effects());
        Ok(effects)
    }

    /// Whether so much more may be paid in. All that ever was is an amount, so that every balance is one.
    fn may_come_in(&self, amount_fen: FenSum) -> Result<(), Refusal> {
        let outside = [PaidIn::Opening, PaidIn::Income, PaidIn::Bonds].map(PaidIn::account);
        let accounts =
            outside.iter().filter_map(|name| self.ledger.find(AccountKind::Outside, name));
        let came_fen: FenSum = accounts.map(|account| -self.ledger.balance_fen(account)).sum();
        if came_fen + amount_fen > FenSum::from(AMOUNT_FEN_MAX) {
            let came = yuan_plain(came_fen);
            return Err(Refusal::TooMuch { came });
        }
        Ok(())
    }

    fn dispatch(&self, from: &str, to: &str, amount_fen: Fen) -> Result<Vec<Effect>, Refusal> {
        let day = self.today()?;
        let treasury = self.treasury(from)?;
        self.treasury(to)?;
        if !amount_fen.is_payable() || from == to {
            return Err(Refusal::Amount { amount_fen });
        }
        let amount = amount_fen.get();
        let available_fen = self.balance_fen(from) - FenSum::from(treasury.floor_fen.get());
        if available_fen < FenSum::from(amount) {
            let (code, available) = (from.to_owned(), yuan_plain(available_fen));
            return Err(Refusal::CashShort { code, available, amount_fen });
        }
        let mut effects = vec![noted(&Record::Dispatched { from, to, amount_fen: amount })];
        let mut run = self.run(day);
        run.add(from, -FenSum::from(amount));
        run.add(to, FenSum::from(amount));
        run.drain(to);
        effects.extend(run.into_effects());
        Ok(effects)
    }
}
