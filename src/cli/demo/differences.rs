//! Two ends of a day in the demo's last act. A bank's script keeps receipts back and spoils a seal; its account
//! statement says that it has paid. The first day stays open over exactly these payments, and is closed on the next
//! one, when their receipts have come.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use counterparties::script::{Fault, Script};
use domain::codes::PaymentState;
use serde_json::{Value, json};

use super::settlement::{Refunds, treasury_out_fen};
use crate::province::{
    BANKS_THERE_ARE, DAY, NEXT_DAY, Payments, Province, SCRIPTED, number, until,
};

/// What the script has, by place behind the first order of the last wave. A bank hears ten of it at least.
const FAULTS: [(u64, Fault); 3] = [(1, Fault::Late), (3, Fault::WrongSignature), (4, Fault::Late)];

/// Who sees to differences, and who closes days.
const CLERK: u64 = 23;
const CLOSER: u64 = 7;

/// What a script planted, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// The fault of each voucher, by the script.
    planted: BTreeMap<String, Fault>,
    /// What finance's register had open at the first day's end.
    found: Vec<Found>,
    /// Why the first day could not be closed on its evening.
    day_open: String,
    /// What is still open in the end.
    left: u64,
}

/// A difference as finance lists it.
#[derive(Debug)]
struct Found {
    difference: String,
    voucher: String,
    class: String,
    words: String,
}

/// The script of a bank that hears the last of these waves behind so many orders.
pub(super) fn script(behind: u64) -> Script {
    let faults = FAULTS.into_iter();
    faults.fold(Script::default(), |script, (at, fault)| script.with(behind + at, fault))
}

/// In which class a fault shows at a day's end: the receipt has not come, and the statement says that it was paid.
const fn class_of(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::Late | Fault::WrongSignature => Some("state_diff"),
        _ => None,
    }
}

impl Differences {
    /// What the script has planted, by the vouchers that its places are.
    pub(super) fn planted(province: &Province, script: &Script) -> Result<Differences> {
        let voucher = |(place, fault)| {
            let payment = Payments::heard_at(SCRIPTED, place);
            Ok((province.voucher_of(payment)?, fault))
        };
        let planted = script.lines().map(voucher).collect::<Result<_>>()?;
        Ok(Differences { planted, ..Differences::default() })
    }

    /// Whether exactly what was planted was found, kept the day open, and ended.
    pub(super) fn is_good(&self) -> bool {
        let found: BTreeMap<&str, &str> =
            self.found.iter().map(|one| (&*one.voucher, &*one.class)).collect();
        let planted: BTreeMap<&str, &str> = self
            .planted
            .iter()
            .filter_map(|(voucher, fault)| Some((&**voucher, class_of(*fault)?)))
            .collect();
        let each_once = found.len() == self.found.len();
        !found.is_empty() && each_once && found == planted && self.left == 0
    }

    pub(super) fn tell(&self) -> Value {
        let named = self.found.iter().map(|one| {
            json!({
                "difference": one.difference, "voucher": one.voucher, "class": one.class,
                "fault": self.planted.get(&one.voucher).map(|fault| fault.slug()), "english": one.words,
            })
        });
        json!({
            "planted": self.planted.len(),
            "found": self.found.len(),
            "left": self.left,
            "day_open": self.day_open,
            "named": named.collect::<Vec<_>>(),
        })
    }

    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(
            out,
            "    differences (对账差异): {} planted by a bank's script, {} found by its statement, {} left at the close",
            self.planted.len(),
            self.found.len(),
            self.left
        )?;
        self.found.iter().try_for_each(|one| {
            let fault = self.planted.get(&one.voucher).map_or("not planted", |fault| fault.slug());
            writeln!(out, "      {} {}: {} ({fault})", one.difference, one.voucher, one.class)
        })
    }

    /// The first day's end. One bank is cleared; the other's request goes back, and its statement says why.
    pub(super) fn evening(
        &mut self,
        province: &Province,
        payments: Payments,
        refunds: &Refunds,
    ) -> Result<()> {
        for bank in &province.banks {
            bank.order("cut-off", json!({}))?;
            bank.order("request-clearing", json!({}))?;
        }
        for bank in (0..BANKS_THERE_ARE).filter(|bank| *bank != SCRIPTED) {
            let due_fen = payments.sum_at_fen(bank) - refunds.at(bank).sum_fen;
            until("the bank that answers rightly is cleared", || {
                province.banks[bank].order("request-clearing", json!({}))?;
                Ok((u64::from(treasury_out_fen(province)? == due_fen), 1))
            })?;
            heard(province, bank)?;
        }
        until("the other bank's request has gone back", || {
            let finance = province.at_finance()?;
            let back = finance["finance"]["notices_back"].as_array().map_or(0, Vec::len);
            let asked = json!({ "kind": "2301", "state": "returned" });
            let heard = province.banks[SCRIPTED].look("vouchers", asked)?;
            let heard = heard["letters"].as_array().map_or(0, Vec::len);
            Ok((back.min(heard) as u64, 1))
        })?;
        until("finance has heard of every refund that is in the treasury", || {
            let seen = province.finance.look("day", json!({ "day": DAY }))?;
            Ok((open(&seen, "refunds")?, refunds.at(SCRIPTED).many))
        })?;
        province.close_theirs()?;
        until("every statement is compared", || {
            Ok((open(&province.finance.look("day", json!({ "day": DAY }))?, "statements")?, 0))
        })?;
        self.found = listed(province)?;
        for one in &self.found {
            let with = |more: Value| {
                let mut with = json!({ "difference": one.difference, "person": CLERK });
                with.as_object_mut()
                    .expect("an object")
                    .extend(more.as_object().cloned().unwrap_or_default());
                with
            };
            province.finance.order("assign", with(json!({ "to": CLERK })))?;
            province.finance.order("write", with(json!({ "letter": "催收回单函" })))?;
        }
        let close = json!({ "day": DAY, "person": CLOSER });
        self.day_open = province.finance.refused("close-day", close)?;
        Ok(())
    }

    /// The next day: the receipts come, the differences end, the bank is cleared, and both days are closed.
    pub(super) fn next_day(
        &mut self,
        province: &Province,
        payments: Payments,
        refunds: &Refunds,
    ) -> Result<()> {
        province.open_the_next_day()?;
        let bank = &province.banks[SCRIPTED];
        bank.order("send-late", json!({}))?;
        let stopped = bank.look("vouchers", json!({ "state": "stopped" }))?;
        for letter in stopped["letters"].as_array().into_iter().flatten() {
            let with = json!({ "to": letter["party"], "entry": letter["entry"], "by": "赵敏" });
            bank.order("seal-again", with)?;
        }
        until("every receipt has come", || {
            let paid = payments.in_state(province, PaymentState::Paid)?;
            Ok((paid + payments.in_state(province, PaymentState::Cleared)?, payments.count()))
        })?;
        until("every difference has ended", || Ok((listed(province)?.len() as u64, 0)))?;
        for bank in &province.banks {
            bank.order("cut-off", json!({}))?;
        }
        let due_fen = payments.sum_fen() - refunds.sum_fen();
        until("everything is cleared, and what came back is in the treasury", || {
            for bank in &province.banks {
                bank.order("request-clearing", json!({}))?;
            }
            Ok((u64::from(treasury_out_fen(province)? == due_fen), 1))
        })?;
        (0..BANKS_THERE_ARE).try_for_each(|bank| heard(province, bank))?;
        until("finance has heard so", || {
            Ok((number(&province.at_finance()?, "/finance/cleared_fen")?, sum(payments)))
        })?;
        province.close_theirs()?;
        until("the next day may be closed", || {
            let seen = province.finance.look("day", json!({ "day": NEXT_DAY }))?;
            Ok((u64::from(seen["green"] == true), 1))
        })?;
        for day in [DAY, NEXT_DAY] {
            province.finance.order("close-day", json!({ "day": day, "person": CLOSER }))?;
        }
        self.left = listed(province)?.len() as u64;
        Ok(())
    }
}

/// A bank has heard that all it paid was cleared, and all that came back is in the treasury.
fn heard(province: &Province, bank: usize) -> Result<()> {
    until("a bank has heard that it is cleared", || {
        let told = &province.at_bank(bank)?["bank"];
        Ok((u64::from(told["uncleared"] == "0.00" && told["refunds_held"] == "0.00"), 1))
    })
}

fn sum(payments: Payments) -> u64 {
    u64::try_from(payments.sum_fen()).expect("a demo's sums fit")
}

/// How many of an item of a day's checklist are open.
fn open(day: &Value, check: &str) -> Result<u64> {
    let item = day["items"].as_array().into_iter().flatten().find(|item| item["check"] == check);
    let many = item.and_then(|item| item["open"]["many"].as_u64());
    many.with_context(|| format!("`{check}` is no item of {day}"))
}

/// What finance lists as open.
fn listed(province: &Province) -> Result<Vec<Found>> {
    let seen = province.finance.look("differences", json!({}))?;
    let all = seen["differences"].as_array().context("finance lists differences")?;
    let found = all.iter().map(|one| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        ensure!(one["difference"].is_string(), "{one} has no number");
        Ok(Found {
            difference: text("difference"),
            voucher: text("voucher"),
            class: text("class"),
            words: text("english"),
        })
    });
    found.collect()
}
