//! Settlement beside a load: orders that go through finance's store to two banks, and receipts that come back, while
//! desks reserve at the same engine.
//!
//! Finance follows everything that is reserved at its engine, whether it is ordered or not: what that costs is in the
//! figure.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use counterparties::script::Script;
use domain::Fen;
use domain::codes::PaymentState;

use crate::child::ServerOptions;
use crate::clock;
use crate::province::{BANKS_THERE_ARE, Payments, Province, number};

/// Vouchers of a payment until it is paid: its order (8202) and the bank's receipt.
const VOUCHERS_EACH: u32 = 2;

/// How often payments are ordered: as many as are due by then.
const ORDER_EVERY: Duration = Duration::from_millis(100);

/// What the treasury has, and as much on each unit's quota: more than any run pays.
const CASH_FEN: i64 = 100_000_000_000;

/// What was settled beside a load.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settled {
    pub(super) payments: u64,
    /// While payments were ordered.
    pub(super) seconds: f64,
}

impl Settled {
    /// Vouchers a second: orders and receipts.
    pub(super) fn vouchers_per_second(self) -> f64 {
        (self.payments as f64 * f64::from(VOUCHERS_EACH) / self.seconds).round()
    }
}

/// A small province whose engine takes a load besides.
pub(super) struct Settlement {
    province: Arc<Province>,
    vouchers_per_s: u32,
    payments: Payments,
    pub(super) settled: Settled,
}

impl Settlement {
    pub(super) fn found(
        dir: &Path,
        engine: &ServerOptions,
        vouchers_per_s: u32,
    ) -> Result<Settlement> {
        let province = Province::found(dir, engine, Fen::new(CASH_FEN), &Script::default())?;
        let (payments, settled) = (Payments::default(), Settled::default());
        Ok(Settlement { province: Arc::new(province), vouchers_per_s, payments, settled })
    }

    /// Where its engine listens.
    pub(super) fn engine(&self) -> SocketAddr {
        self.province.engine.address
    }

    /// Begins to order payments.
    pub(super) fn start(&self) -> Result<Settling> {
        let stop = Arc::new(AtomicBool::new(false));
        let (own, province) = (Arc::clone(&stop), Arc::clone(&self.province));
        let payments_per_s = f64::from(self.vouchers_per_s) / f64::from(VOUCHERS_EACH);
        let payments = self.payments;
        let run = move || order(&province, payments, payments_per_s, &own);
        let thread = std::thread::Builder::new().name("settling".into()).spawn(run)?;
        Ok(Settling { stop, thread })
    }

    /// Ends it, and waits until everything is paid and finance has read what the load left in the journal, so that what
    /// follows is alone.
    pub(super) fn stop(&mut self, settling: Settling) -> Result<()> {
        settling.stop.store(true, Ordering::Release);
        let (payments, settled) = settling.thread.join().ok().context("settlement panicked")??;
        self.settled.payments += settled.payments;
        self.settled.seconds += settled.seconds;
        self.payments = payments;
        Ok(())
    }

    /// Ends everybody in good order.
    pub(super) fn end(self) -> Result<()> {
        let province = Arc::into_inner(self.province);
        province.context("nobody else has the province any more")?.stop()
    }

    /// Holds the banks' ledgers against what was ordered.
    pub(super) fn check(&self) -> Result<()> {
        let (mut paid, mut twice) = (0, 0);
        for bank in 0..BANKS_THERE_ARE {
            let told = self.province.at_bank(bank)?;
            paid += number(&told, "/bank/payments")?;
            twice += number(&told, "/bank/double_payments")?;
        }
        let ordered = self.payments.count();
        ensure!(
            paid == ordered && twice == 0,
            "{ordered} payments were ordered; the banks' ledgers have {paid}, and {twice} of them twice"
        );
        Ok(())
    }
}

/// Settlement that runs.
pub(super) struct Settling {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(Payments, Settled)>>,
}

/// Orders payments by a schedule until it is told to stop, and waits until finance has nothing left to do.
fn order(
    province: &Province,
    mut payments: Payments,
    per_s: f64,
    stop: &AtomicBool,
) -> Result<(Payments, Settled)> {
    let (began, before) = (clock::now(), payments.count());
    while !stop.load(Ordering::Acquire) {
        let due = before + (began.elapsed().as_secs_f64() * per_s) as u64;
        if due > payments.count() {
            payments.order(province, due - payments.count())?;
        }
        std::thread::sleep(ORDER_EVERY);
    }
    let seconds = began.elapsed().as_secs_f64();
    let settled = Settled { payments: payments.count() - before, seconds };
    // Finance reads in order: once this one is paid, it has read all before it.
    payments.order(province, 1)?;
    payments.all_are(province, PaymentState::Paid)?;
    Ok((payments, settled))
}
