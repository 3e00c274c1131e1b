//! What settlement takes: `cargo bench -p benches --bench settlement -- --payments 100000`.
//!
//! Finance, banks and the central bank in one process, each on a thread of its own over a journal of its own on
//! the disk, with channels where sockets would be; no engine. Every payment goes the whole way: order (8202), receipt, request
//! (2301), limit notice, clearing, receipts; everything is signed and verified. At the end the ledgers are asked:
//! each payment paid once and cleared once, and sums equal everywhere. Lines of JSON.
//!
//! | option | |
//! |---|---|
//! | `--payments N` | how many; 100,000 |
//! | `--banks N`, `--accounts N` | banks, and zero-balance accounts at each; 2 and 100 |
//! | `--threads N` | on how many threads each party seals and verifies; 1 |
//! | `--bank-down` | all orders wait before lines to banks are there: what one takes in memory |
//! | `--stages` | core time by stage; slows it down |
//! | `--dir DIR` | where journals are, on the disk to be measured; the system's place for temporary files |

mod facts;
mod meter;
mod party;
mod province;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use counterparties::bank::{Bank, Order as BankOrder};
use counterparties::central_bank::{CentralBank, Order as TreasuryOrder};
use counterparties::ledger::{AccountKind, Purpose};
use counterparties::limits::REQUESTED_PER_ORDER_MAX;
use domain::voucher::Party;
use exchange::finance::{Finance, Order as FinanceOrder, Standing};
use exchange::node::{Input, Order};
use rustix::time::ClockId;

use facts::Facts;
use meter::time_of;
use party::{Came, Keys, Link, Measured, Running, Tell, begin, give, inbox, open, run};
use province::{OPENING_FEN, Province, TREASURY, bank, central_bank, finance, today};

/// Payments that finance's store is told of at once, as a frame of the engine's journal brings them.
const FRAME: u64 = 1_000;

/// Frames that it has not answered.
const FRAMES_AHEAD: u64 = 8;

/// How long nothing may move.
const PATIENCE: Duration = Duration::from_secs(120);

struct Asked {
    province: Province,
    threads: usize,
    bank_down: bool,
    dir: PathBuf,
}

fn asked() -> Asked {
    let province = Province { payments: 100_000, banks: 2, accounts: 100 };
    let mut asked = Asked { province, threads: 1, bank_down: false, dir: std::env::temp_dir() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let told = words.next().unwrap_or_default();
            told.parse::<u64>().unwrap_or_else(|_| panic!("`{word} {told}` names no number"))
        };
        match word.as_str() {
            "--payments" => asked.province.payments = number(),
            "--banks" => asked.province.banks = number(),
            "--accounts" => asked.province.accounts = number(),
            "--threads" => asked.threads = number() as usize,
            "--bank-down" => asked.bank_down = true,
            "--stages" => meter::switch_on(),
            "--dir" => asked.dir = words.next().expect("`--dir` names a directory").into(),
            "--bench" => {}
            other => panic!("there is no option `{other}`; the file's first lines list them"),
        }
    }
    asked
}

fn main() {
    let asked = asked();
    let place = tempfile::tempdir_in(&asked.dir).expect("a directory can be made");
    let keys = keys(&asked.province);
    let mut run = Run::begin(&asked, place.path(), &keys);
    run.pay(&asked);
    run.clear(&asked.province);
    run.end(&asked.province);
    start_again(&asked, place.path(), &keys);
}

/// Keys of finance, the central bank, then of each bank.
fn keys(province: &Province) -> Vec<Keys> {
    let parties = [finance(), central_bank()].into_iter().chain((0..province.banks).map(bank));
    parties.zip(1..).map(|(party, seed)| Keys::new(party, seed, today())).collect()
}

/// How far finance is, after a turn.
struct Progress {
    ordered: u64,
    paid_fen: i128,
    cleared_fen: i128,
    store_bytes: usize,
    waiting: usize,
}

struct Run {
    finance: (Sender<Came<FinanceOrder>>, Running<Finance>),
    treasury: (Sender<Came<TreasuryOrder>>, Running<CentralBank>),
    banks: Vec<(Sender<Came<BankOrder>>, Running<Bank>)>,
    progress: Receiver<Progress>,
    facts: Arc<Mutex<Facts>>,
}

fn tell<O: Send + 'static>(inbox: &Sender<Came<O>>) -> Tell {
    let inbox = inbox.clone();
    // Whoever was stopped hears nothing more.
    Box::new(move |link: Link| drop(inbox.send(Came::Link(link))))
}

impl Run {
    /// Opens all parties, brings them to their day, and lets them run.
    fn begin(asked: &Asked, place: &Path, keys: &[Keys]) -> Run {
        let Asked { province, threads, .. } = asked;
        let business = |order| Order::Business(order);
        let dir = |keys: &Keys| place.join(keys.party.to_string());
        let (mut office, _) =
            open(&dir(&keys[0]), &keys[0], Finance::new(central_bank()), *threads);
        begin(&mut office, today(), keys);
        let new = Province::new_central_bank();
        let (mut treasury, _) = open(&dir(&keys[1]), &keys[1], new, *threads);
        begin(&mut treasury, today(), keys);
        give(&mut treasury, province.treasury_orders().into_iter().map(business).collect());
        let (to_finance, finance_hears) = inbox();
        let (to_treasury, treasury_hears) = inbox();
        let (mut to_banks, mut banks) = (BTreeMap::new(), Vec::new());
        for (at, keys_of) in (0..province.banks).zip(&keys[2..]) {
            let (mut node, _) = open(&dir(keys_of), keys_of, province.new_bank(at), *threads);
            begin(&mut node, today(), keys);
            let orders = province.bank_orders(at).into_iter();
            give(&mut node, orders.map(Order::Business).collect());
            let (to, hears) = inbox::<BankOrder>();
            let peers = BTreeMap::from([
                (finance(), tell(&to_finance)),
                (central_bank(), tell(&to_treasury)),
            ]);
            to_banks.insert(keys_of.party, to.clone());
            banks.push((to, run(node, hears, peers, |_| Vec::new())));
        }
        let all = |other: Party, to_other: Tell| {
            let mut peers: BTreeMap<Party, Tell> =
                to_banks.iter().map(|(party, to)| (*party, tell(to))).collect();
            peers.insert(other, to_other);
            peers
        };
        let (tells, progress) = std::sync::mpsc::channel();
        let facts = Arc::new(Mutex::new(Facts::of(province.payments)));
        let after = after_finance(Arc::clone(&facts), tells);
        let office = run(office, finance_hears, all(central_bank(), tell(&to_treasury)), after);
        let treasury =
            run(treasury, treasury_hears, all(finance(), tell(&to_finance)), |_| Vec::new());
        let run = Run {
            finance: (to_finance, office),
            treasury: (to_treasury, treasury),
            banks,
            progress,
            facts,
        };
        run.lines(asked.bank_down);
        run
    }

    /// Lines are there, but for those from finance to banks that are down.
    fn lines(&self, bank_down: bool) {
        let banks = (0..self.banks.len() as u64).map(bank);
        for party in banks {
            let _ = self.treasury.0.send(Came::Line { party, up: true });
            if !bank_down {
                let _ = self.finance.0.send(Came::Line { party, up: true });
            }
        }
        let _ = self.finance.0.send(Came::Line { party: central_bank(), up: true });
        let _ = self.treasury.0.send(Came::Line { party: finance(), up: true });
        for (to, _) in &self.banks {
            for party in [finance(), central_bank()] {
                let _ = to.send(Came::Line { party, up: true });
            }
        }
    }

    /// Waits until finance has come so far.
    fn until(&self, what: &str, is_so: impl Fn(&Progress) -> bool) -> Progress {
        loop {
            let now = self.progress.recv_timeout(PATIENCE);
            let now = now.unwrap_or_else(|_| panic!("nothing has moved for {PATIENCE:?}: {what}"));
            if is_so(&now) {
                return now;
            }
        }
    }

    /// From orders to receipts.
    fn pay(&mut self, asked: &Asked) {
        let province = &asked.province;
        let (payments, before) = (province.payments, resident_bytes());
        let mut clock = Clock::begin();
        let mut ordered = 0;
        for first in (0..payments).step_by(FRAME as usize) {
            let behind = (first + FRAME).min(payments);
            let due = (first..behind).map(|serial| province.due(serial)).collect();
            let follow = Came::Follow(behind, vec![FinanceOrder::Ordered(due)]);
            self.finance.0.send(follow).expect("finance runs");
            while behind - ordered > FRAMES_AHEAD * FRAME {
                ordered = self.until("orders become vouchers", |_| true).ordered;
            }
        }
        if asked.bank_down {
            let now = self.until("all orders wait", |now| now.ordered == payments);
            clock.end("waiting", payments, payments);
            assert_eq!(now.waiting as u64, payments);
            let grown = resident_bytes().saturating_sub(before);
            println!(
                "{{\"waiting\":{payments},\"store_bytes_each\":{:.1},\"process_bytes_each\":{:.1}}}",
                now.store_bytes as f64 / payments as f64,
                grown as f64 / payments as f64,
            );
            clock = Clock::begin();
            for party in (0..province.banks).map(bank) {
                self.finance.0.send(Came::Line { party, up: true }).expect("finance runs");
            }
        }
        let sum_fen = province.sum_fen();
        self.until("receipts come", |now| now.paid_fen == sum_fen);
        clock.end("paid", payments, 2 * payments);
    }

    /// From the banks' requests to receipts of clearing.
    fn clear(&mut self, province: &Province) {
        let clock = Clock::begin();
        let orders = province.payments / REQUESTED_PER_ORDER_MAX as u64 + 1;
        for (to, _) in &self.banks {
            let rest = (0..orders).map(|_| BankOrder::RequestClearing);
            for order in std::iter::once(BankOrder::CutOff).chain(rest) {
                to.send(Came::Order(Order::Business(order))).expect("a bank runs");
            }
        }
        let sum_fen = province.sum_fen();
        self.until("requests are cleared", |now| now.cleared_fen == sum_fen);
        // A request, its copy, finance's notice, a receipt of each.
        let requests = (province.banks * province.accounts).min(province.payments);
        clock.end("cleared", province.payments, 5 * requests);
    }

    /// Stops all parties, those first that others wait for, and asks their ledgers.
    fn end(self, province: &Province) {
        let Run { finance, treasury, banks, facts, .. } = self;
        let treasury = stop(treasury);
        let banks: Vec<_> = banks.into_iter().map(stop).collect();
        let finance = stop(finance);
        let cores: Vec<String> = [("finance", finance.1), ("treasury", treasury.1)]
            .into_iter()
            .chain(banks.iter().map(|(_, core)| ("bank", *core)))
            .map(|(who, core)| {
                format!("{{\"party\":\"{who}\",\"core_s\":{:.2}}}", core.as_secs_f64())
            })
            .collect();
        println!("{{\"threads\":[{}]}}", cores.join(","));
        let banks: Vec<&Bank> = banks.iter().map(|(node, _)| &node.business().0).collect();
        let facts = facts.lock().expect("nobody panicked");
        judge(province, &finance.0, &treasury.0, &banks, &facts);
    }
}

fn stop<B: exchange::business::Business>(
    (to, thread): (Sender<Came<B::Order>>, Running<B>),
) -> (Measured<B>, Duration) {
    to.send(Came::Stop).expect("it runs");
    thread.join().expect("a party does not panic")
}

/// Takes facts as the engine would, and tells how far finance is.
fn after_finance(
    facts: Arc<Mutex<Facts>>,
    tells: Sender<Progress>,
) -> impl FnMut(&Measured<Finance>) -> Vec<Input<FinanceOrder>> + Send + 'static {
    move |node| {
        let finance = &node.business().0;
        let (first, due) = finance.facts_due();
        let mut facts = facts.lock().expect("nobody panicked");
        due.iter().for_each(|fact| facts.take(fact));
        let exposed_fen: i128 = finance.exposure_fen().values().sum();
        let cleared_fen = finance.cleared_fen();
        // Whoever measured may have ended.
        let _ = tells.send(Progress {
            ordered: finance.vouchers().len() as u64,
            paid_fen: exposed_fen + cleared_fen,
            cleared_fen,
            store_bytes: node.store().bytes(),
            waiting: node.store().peers().map(|(_, peer)| peer.waiting()).sum(),
        });
        if due.is_empty() {
            return Vec::new();
        }
        let through = first + due.len() as u64 - 1;
        let order = Order::Business(FinanceOrder::FactsTaken { through });
        vec![Input::Order { ticket: 0, order }]
    }
}

/// Every payment paid once and cleared once, by the ledgers of those who did it, and sums equal everywhere.
fn judge(
    province: &Province,
    finance: &Measured<Finance>,
    treasury: &Measured<CentralBank>,
    banks: &[&Bank],
    facts: &Facts,
) {
    let sum_fen = province.sum_fen();
    let (mut paid, mut paid_fen) = (0, 0);
    for bank in banks {
        let ledger = bank.ledger();
        assert_eq!(ledger.check(), []);
        assert_eq!(bank.double_payments(), 0);
        let advances = ledger.entries().iter().filter(|entry| entry.purpose == Purpose::Advance);
        for entry in advances {
            (paid, paid_fen) = (paid + 1, paid_fen + i128::from(entry.amount_fen.get()));
        }
        for kind in [AccountKind::ZeroBalance, AccountKind::Advance, AccountKind::Claim] {
            assert_eq!(ledger.balance_of_kind_fen(kind), 0, "{kind:?} at a day's end");
        }
    }
    assert_eq!((paid, paid_fen), (province.payments, sum_fen));
    let treasury = &treasury.business().0;
    assert_eq!(treasury.ledger().check(), []);
    assert_eq!(treasury.balance_fen(TREASURY), i128::from(OPENING_FEN) - sum_fen);
    assert!(treasury.waiting().is_empty());
    let store = finance.store();
    let finance = &finance.business().0;
    assert!(finance.vouchers().iter().all(|row| row.standing == Standing::Cleared));
    assert_eq!(finance.vouchers().len() as u64, province.payments);
    assert_eq!((finance.cleared_fen(), store.alarms_so_far()), (sum_fen, 0));
    assert!(finance.exposure_fen().values().all(|fen| *fen == 0));
    assert_eq!((facts.paid, facts.cleared), (province.payments, province.payments));
    assert_eq!((facts.paid_fen, facts.cleared_fen), (sum_fen, sum_fen));
    println!(
        "{{\"paid\":{paid},\"double_payments\":0,\"cleared\":{},\"sum_fen\":{sum_fen},\"equal\":true}}",
        facts.cleared
    );
}

/// What a start of each party costs.
fn start_again(asked: &Asked, place: &Path, keys: &[Keys]) {
    let province = &asked.province;
    let dir = |keys: &Keys| place.join(keys.party.to_string());
    let told = |party: Party, start: &party::Start| {
        println!(
            "{{\"start\":\"{party}\",\"records\":{},\"seconds\":{:.2},\"core_s\":{:.2}}}",
            start.records,
            start.took.as_secs_f64(),
            start.core.as_secs_f64(),
        );
    };
    let (node, start) = open(&dir(&keys[0]), &keys[0], Finance::new(central_bank()), 1);
    assert_eq!(node.business().0.cleared_fen(), province.sum_fen());
    told(keys[0].party, &start);
    drop(node);
    let (node, start) = open(&dir(&keys[1]), &keys[1], Province::new_central_bank(), 1);
    told(keys[1].party, &start);
    drop(node);
    for (at, keys) in (0..province.banks).zip(&keys[2..]) {
        let (node, start) = open(&dir(keys), keys, province.new_bank(at), 1);
        assert_eq!(node.business().0.double_payments(), 0);
        told(keys.party, &start);
    }
}

/// Time on the wall and of cores since a phase began; what makes the load is left out.
struct Clock {
    wall: Duration,
    process: Duration,
    load: Duration,
}

impl Clock {
    fn begin() -> Clock {
        meter::taken();
        Clock {
            wall: time_of(ClockId::Monotonic),
            process: time_of(ClockId::ProcessCPUTime),
            load: time_of(ClockId::ThreadCPUTime),
        }
    }

    fn end(&self, phase: &str, payments: u64, vouchers: u64) {
        let seconds = (time_of(ClockId::Monotonic) - self.wall).as_secs_f64();
        let load = time_of(ClockId::ThreadCPUTime) - self.load;
        let core = (time_of(ClockId::ProcessCPUTime) - self.process - load).as_secs_f64();
        let stages: Vec<String> = meter::taken()
            .iter()
            .filter(|(_, took)| !took.is_zero())
            .map(|(stage, took)| format!("\"{}\":{:.2}", stage.name(), took.as_secs_f64()))
            .collect();
        println!(
            "{{\"phase\":\"{phase}\",\"payments\":{payments},\"vouchers\":{vouchers},\
             \"seconds\":{seconds:.2},\"payments_per_s\":{:.0},\"vouchers_per_s\":{:.0},\
             \"core_s\":{core:.2},\"core_us_a_payment\":{:.1},\"core_us_a_voucher\":{:.1},\
             \"resident_mib\":{},\"stages_core_s\":{{{}}}}}",
            payments as f64 / seconds,
            vouchers as f64 / seconds,
            core * 1e6 / payments as f64,
            core * 1e6 / vouchers as f64,
            resident_bytes() >> 20,
            stages.join(","),
        );
    }
}

/// Memory of this process, in bytes.
fn resident_bytes() -> u64 {
    let told = std::fs::read_to_string("/proc/self/status").expect("Linux says so");
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<u64>().ok()).expect("a number of KiB") << 10
}
