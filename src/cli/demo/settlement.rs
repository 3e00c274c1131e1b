//! The demo's last act: money moves. Finance, two banks and the central bank as processes beside an engine of their
//! own; a bank is killed and a line is cut on the way, another bank answers wrongly by a script, and in the end
//! everything is cleared and both days are closed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use domain::Fen;
use domain::codes::PaymentState;
use domain::invariants::Finding;
use domain::money::yuan_grouped;
use scenarios::Scale;
use serde_json::{Value, json};

use super::super::bench::grouped;
use super::differences::{self, Differences};
use crate::child::ServerOptions;
use crate::clock;
use crate::province::{BANKS_THERE_ARE, Payments, Province, number, until};
use crate::verification;

/// Payments at full scale, and at the smallest: three waves for two banks.
const PAYMENTS: u64 = 12_000;
const PAYMENTS_MIN: u64 = 60;

/// Waves of payments: before the kill, under the cut, and after both.
const WAVES: u64 = 3;

/// Vouchers whose money comes back.
const REFUNDS: u64 = 3;

/// What the treasury has at first.
const CASH_FEN: i64 = 100_000_000_000;

/// The bank that is killed; the other one's line is cut.
const KILLED: usize = 0;

/// Closes that found an account not at zero: the scripted bank's on the first day, whose request went back whole.
const ZERO_ALARMS: u64 = 1;

/// What the act showed.
#[derive(Debug, Default)]
pub(super) struct Settlement {
    payments: u64,
    amount_fen: i128,
    /// In the engine: settled by the central bank.
    cleared: u64,
    vouchers: BTreeMap<String, u64>,
    cleared_fen: i128,
    refunded_fen: i128,
    exposure_fen: i128,
    line_switches: u64,
    redelivered: u64,
    bank_payments: u64,
    bank_double_payments: u64,
    zero_alarms: u64,
    without_voucher: u64,
    /// What the treasury paid out, less what came back, by the central bank's ledger.
    treasury_out_fen: i128,
    differences: Differences,
    /// I8 over everybody's journals, read when they had stopped.
    one_voucher: Finding,
    seconds: f64,
}

/// What came back to one bank.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Back {
    pub(super) many: u64,
    pub(super) sum_fen: i128,
}

/// What came back, by bank.
#[derive(Debug, Default)]
pub(super) struct Refunds([Back; BANKS_THERE_ARE]);

impl Refunds {
    pub(super) const fn at(&self, bank: usize) -> Back {
        self.0[bank]
    }

    pub(super) fn sum_fen(&self) -> i128 {
        self.0.iter().map(|back| back.sum_fen).sum()
    }
}

impl Settlement {
    /// Whether everything was paid once and cleared, all four books say the same, and what a script planted was found.
    pub(super) fn is_good(&self) -> bool {
        let paid_once = self.bank_payments == self.payments && self.bank_double_payments == 0;
        let all_cleared = self.cleared == self.payments && self.cleared_fen == self.amount_fen;
        let same = self.treasury_out_fen == self.amount_fen - self.refunded_fen;
        let nothing_left =
            self.exposure_fen == 0 && self.zero_alarms == ZERO_ALARMS && self.without_voucher == 0;
        let found = self.differences.is_good();
        let once = self.one_voucher.checked > 0 && self.one_voucher.violations == 0;
        paid_once && all_cleared && same && nothing_left && found && once && self.line_switches > 0
    }

    /// As the demo's JSON has it.
    pub(super) fn tell(&self, told: &mut Value) {
        let fen = |fen: i128| i64::try_from(fen).expect("a demo's sums fit 63 bits");
        told["vouchers"] = json!(self.vouchers);
        told["cleared_fen"] = json!(fen(self.cleared_fen));
        told["refunded_fen"] = json!(fen(self.refunded_fen));
        told["exposure_fen"] = json!(fen(self.exposure_fen));
        told["line_switches"] = json!(self.line_switches);
        told["redelivered"] = json!(self.redelivered);
        told["bank_double_payments"] = json!(self.bank_double_payments);
        told["differences"] = self.differences.tell();
        told["invariants"]["I8"] = verification::finding_json(&self.one_voucher);
        told["settlement"] = json!({
            "payments": self.payments,
            "amount_fen": fen(self.amount_fen),
            "cleared": self.cleared,
            "bank_payments": self.bank_payments,
            "zero_alarms": self.zero_alarms,
            "without_voucher": self.without_voucher,
            "treasury_out_fen": fen(self.treasury_out_fen),
            "seconds": self.seconds,
        });
    }

    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let vouchers: Vec<String> = self
            .vouchers
            .iter()
            .map(|(kind, count)| format!("{kind}: {}", grouped(*count)))
            .collect();
        writeln!(
            out,
            "  settled (清算)              {:>14}   of {} ordered, by {} banks and the central bank, in {:.1} s",
            grouped(self.cleared),
            grouped(self.payments),
            BANKS_THERE_ARE,
            self.seconds
        )?;
        writeln!(
            out,
            "    a bank killed, a line cut: {} switches, {} messages sent again; vouchers {}",
            self.line_switches,
            self.redelivered,
            vouchers.join(", ")
        )?;
        writeln!(
            out,
            "    cleared {}, came back {}, paid and not cleared {}; paid twice by the banks' ledgers: {}",
            yuan_grouped(self.cleared_fen),
            yuan_grouped(self.refunded_fen),
            yuan_grouped(self.exposure_fen),
            self.bank_double_payments
        )?;
        self.differences.print(out)
    }
}

/// Goes through the act in processes below a directory.
pub(super) fn settle(dir: &Path, scale: Scale) -> Result<Settlement> {
    let wave = scale.of(PAYMENTS).max(PAYMENTS_MIN) / WAVES;
    let began = clock::now();
    // The banks take turns: a bank has heard half of two waves when the last begins.
    let script = differences::script(wave);
    let engine =
        ServerOptions { data: dir.join("engine"), shards: 0, segment_mib: 16, memory_limit_mib: 0 };
    let mut province = Province::found(dir, &engine, Fen::new(CASH_FEN), &script)?;
    let mut payments = Payments::default();

    province.banks[KILLED].kill()?;
    payments.order(&province, wave)?;
    until("every order is in a voucher", || {
        let orders = &province.at_finance()?["finance"]["vouchers"]["8202"];
        Ok((orders.as_u64().unwrap_or_default(), payments.count()))
    })?;
    province.banks[KILLED].start_again()?;
    payments.all_are(&province, PaymentState::Paid)?;

    province.cable.cut();
    payments.order(&province, wave)?;
    payments.all_are(&province, PaymentState::Paid)?;
    province.cable.mend();
    payments.order(&province, wave)?;
    let wrong = script.lines().count() as u64;
    until("every payment that is answered rightly is paid", || {
        Ok((payments.in_state(&province, PaymentState::Paid)?, payments.count() - wrong))
    })?;

    let refunds = money_comes_back(&province)?;
    let mut found = Differences::planted(&province, &script)?;
    found.evening(&province, payments, &refunds)?;
    found.next_day(&province, payments, &refunds)?;
    let mut shown = look_at(&province, payments)?;
    shown.differences = found;
    shown.seconds = began.elapsed().as_secs_f64();
    province.stop()?;
    let mut journals = Province::journals(dir);
    journals.push(engine.data);
    shown.one_voucher = verification::check_vouchers(&journals)?;
    Ok(shown)
}

/// Some payees' money comes back to the banks; gives how much, by bank.
fn money_comes_back(province: &Province) -> Result<Refunds> {
    let mut refunds = Refunds::default();
    for number in 1..=REFUNDS {
        let key = province.order_voucher(number);
        let voucher = province.finance.look("voucher", json!({ "voucher": key }))?;
        let bank = voucher["to"].as_str().context("a voucher names its bank")?;
        let amount = voucher["amount"].as_str().context("a voucher has an amount")?;
        let bank = province.bank_named(bank)?;
        let back = &mut refunds.0[bank];
        back.many += 1;
        back.sum_fen += i128::from(Fen::from_yuan(amount)?.get());
        let with = json!({ "voucher": key, "reason": "收款人退回" });
        province.banks[bank].order("refund", with)?;
    }
    let sum_fen = refunds.sum_fen();
    until("finance has heard what came back", || {
        let told = province.at_finance()?;
        let told_fen = i128::from(number(&told, "/finance/refunded_fen")?);
        Ok((u64::from(told_fen == sum_fen), 1))
    })?;
    Ok(refunds)
}

/// What the treasury paid out, less what came back, by the central bank's ledger.
pub(super) fn treasury_out_fen(province: &Province) -> Result<i128> {
    Ok(i128::from(CASH_FEN) - i128::from(province.cash_fen()?.get()))
}

/// What everybody's books say in the end.
fn look_at(province: &Province, payments: Payments) -> Result<Settlement> {
    until("the engine has heard of everything", || {
        Ok((number(&province.at_finance()?, "/finance/facts_due")?, 0))
    })?;
    let finance = province.at_finance()?;
    let mut shown = Settlement {
        payments: payments.count(),
        amount_fen: payments.sum_fen(),
        cleared: payments.in_state(province, PaymentState::Cleared)?,
        cleared_fen: number(&finance, "/finance/cleared_fen")?.into(),
        refunded_fen: number(&finance, "/finance/refunded_fen")?.into(),
        without_voucher: number(&finance, "/finance/without_voucher")?,
        treasury_out_fen: treasury_out_fen(province)?,
        ..Settlement::default()
    };
    let exposure = finance["finance"]["exposure_fen"].as_object().into_iter().flatten();
    shown.exposure_fen =
        exposure.map(|(_, fen)| i128::from(fen.as_i64().unwrap_or_default())).sum();
    note_party(&finance, &mut shown);
    note_party(&province.at_central_bank()?, &mut shown);
    for bank in 0..BANKS_THERE_ARE {
        let told = province.at_bank(bank)?;
        shown.bank_payments += number(&told, "/bank/payments")?;
        shown.bank_double_payments += number(&told, "/bank/double_payments")?;
        shown.zero_alarms += number(&told, "/bank/zero_alarms")?;
        note_party(&told, &mut shown);
    }
    Ok(shown)
}

/// Adds what a party has written, and what happened on its lines.
fn note_party(told: &Value, shown: &mut Settlement) {
    for (kind, count) in told["written"].as_object().into_iter().flatten() {
        *shown.vouchers.entry(kind.clone()).or_default() += count.as_u64().unwrap_or_default();
    }
    for (_, line) in told["lines"].as_object().into_iter().flatten() {
        shown.line_switches += line["switches"].as_u64().unwrap_or_default();
        shown.redelivered += line["repeated"].as_u64().unwrap_or_default();
    }
}
