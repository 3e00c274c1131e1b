//! Finance's party: beside it two threads, one that follows the engine's journal, and one that gives the engine
//! what banks and the central bank have answered.

mod engine;
mod facts;
mod following;
mod gathering;
mod payees;
mod payment;
mod repeating;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use domain::ids::{ChannelId, PersonId};
use domain::money::yuan_plain;
use domain::office::working_days::WorkingDays;
use domain::voucher::{Party, VoucherKey};
use exchange::finance::collection::Collected;
use exchange::finance::sheet::{Sheet, SheetPayee};
use exchange::finance::sheet_back::SheetBack;
use exchange::finance::{Finance, Order as FinanceOrder, Part, Row};
use exchange::node::Order;
use exchange::party::lines::Lines;
use exchange::party::{Inbound, Inbox, RunningNode};
use serde_json::{Value, json};

pub(crate) use engine::{Engine, followed_position};

use super::said::Said;
use super::words::{
    Seen, Words, day, key, of_store, opening, party, payment_id, period, status, yuan,
};
use super::{After, day_text, vouchers};

/// In whose name banks' and the central bank's answers are given to the engine: they name no person.
pub(crate) const EXCHANGE: PersonId = PersonId(u64::MAX - 1);

/// The channel by which facts of the exchange come.
const CHANNEL: ChannelId = ChannelId(u16::MAX - 1);

/// Pause before a connection that broke is made again.
const PAUSE: Duration = Duration::from_millis(500);

/// Facts that were handed on and that the engine's thread has not looked at; the others wait in finance's business.
const FACTS_AHEAD: usize = 8_192;

/// Starts both threads; gives what hands facts on after each turn.
pub(crate) fn beside(
    address: SocketAddr,
    central_bank: Party,
    inbox: &Inbox<Finance>,
    (days, engine): (SharedDays, Engine),
) -> Result<After<Finance>> {
    following::start(address, central_bank, inbox.clone(), days, engine.clone())?;
    let (facts, due) = sync_channel(FACTS_AHEAD);
    facts::start(address, due, inbox.clone(), engine)?;
    let mut handed_on = 0;
    Ok(Box::new(move |finance| {
        let (first, waiting) = finance.facts_due();
        let skip = usize::try_from((handed_on + 1_u64).saturating_sub(first)).unwrap_or(0);
        for (number, fact) in (first..).zip(waiting).skip(skip) {
            // What finds no room now is handed on after the turn that hears of facts which were taken.
            if facts.try_send((number, fact.clone())).is_err() {
                return;
            }
            handed_on = number;
        }
    }))
}

/// Tells finance's business the store's day where it does not know it: its journal is new.
pub(crate) fn begin_day(inbox: &Inbox<Finance>) -> Result<()> {
    let business = inbox.clone();
    let look = Inbound::Look(Box::new(move |node: &mut RunningNode<Finance>, _: &Lines| {
        let day = node.store().day();
        if node.business().day() != Some(day) {
            let order = Order::Business(FinanceOrder::BeginDay(day));
            // A store that has ended needs no day.
            let _ = business.send(Inbound::Order { order, answered: Box::new(|_| ()) });
        }
    }));
    inbox.send(look).ok().context("finance's store has ended")
}

/// Which days are worked: written by the thread that follows the engine, read when a day is begun. No other lock is
/// taken under it.
pub(crate) type SharedDays = Arc<Mutex<WorkingDays>>;

/// Finance's words.
#[derive(Default)]
pub(crate) struct FinanceWords {
    /// Which days are worked.
    pub(crate) days: SharedDays,
    /// How the engine stands.
    pub(crate) engine: Engine,
}

impl FinanceWords {
    /// A day begins. What the banks' cut-off held back goes out on it if it is worked (R-CUTOFF).
    fn open_day(&self, said: &Said<'_>) -> Result<Vec<Order<FinanceOrder>>, String> {
        let day = day(said)?;
        let worked = match said.at("worked") {
            Value::Bool(told) => *told,
            Value::Null => self.days.lock().unwrap_or_else(PoisonError::into_inner).is_worked(day),
            _ => said.flag("worked", false)?,
        };
        let let_go = worked.then_some(Order::LetGo);
        let begins = opening(said, FinanceOrder::BeginDay)?;
        Ok(std::iter::once(begins).chain(let_go).collect())
    }
}

impl Words<Finance> for FinanceWords {
    fn orders(&self, name: &str, said: &Said<'_>) -> Result<Vec<Order<FinanceOrder>>, String> {
        match name {
            "open-day" => self.open_day(said),
            "cut-off" => Ok(vec![Order::CutOff]),
            "sheet" => {
                let payees = said.each("payees", "a list", payee)?;
                let by = said.text("by")?.to_owned();
                let order = FinanceOrder::Sheet { order: key(said)?, payees, by };
                Ok(vec![Order::Business(order)])
            }
            "notice-again" => {
                let again = FinanceOrder::NoticeAgain { notice: key(said)? };
                Ok(vec![Order::Business(again)])
            }
            name if super::day::ORDERS.contains(&name) => {
                Ok(vec![Order::Business(super::day::order(name, said)?)])
            }
            other => Ok(vec![of_store(other, said)?]),
        }
    }

    fn look(&self, name: &str, said: &Said<'_>) -> Result<Seen<Finance>, String> {
        match name {
            "status" => {
                let engine = self.engine.clone();
                Ok(Box::new(move |node, lines| {
                    let mut seen = status(node, lines);
                    seen["engine"] = engine.told(node.store().followed());
                    seen["finance"] = figures(node.business());
                    Ok(seen)
                }))
            }
            "vouchers" => {
                let list = vouchers::look::<Finance>(name, said)?;
                Ok(Box::new(move |node, lines| {
                    let mut seen = list(node, lines)?;
                    what_became(node.business(), &mut seen["letters"]);
                    Ok(seen)
                }))
            }
            "voucher" => {
                let key = key(said)?;
                Ok(Box::new(move |node, _| {
                    let mut seen = vouchers::show(node, &key)?;
                    what_became(node.business(), &mut seen["letters"]);
                    if let Value::Object(known) = voucher(node, &key)? {
                        known.into_iter().for_each(|(name, value)| seen[name] = value);
                    }
                    Ok(seen)
                }))
            }
            "failed" => payees::failed(said),
            "sheet" => payees::sent(said),
            "payment" => {
                let (book, payment) = payment::named(said)?;
                let engine = self.engine.clone();
                Ok(Box::new(move |node, _| {
                    let mut seen = payment::look(node, book, payment)?;
                    if seen["voucher"].is_null() && seen["without_voucher"].is_null() {
                        seen["without_voucher"] = json!(engine.why_not());
                    }
                    Ok(seen)
                }))
            }
            "day" => {
                let asked = match said.at("day") {
                    Value::Null => None,
                    _ => Some(day(said)?),
                };
                Ok(Box::new(move |node, _| super::day::checklist(node.business(), asked)))
            }
            "period" => {
                let period = period(said)?;
                Ok(Box::new(move |node, _| Ok(super::day::period(node.business(), period))))
            }
            "exposure" => {
                let bank = party(said, "bank")?;
                Ok(Box::new(move |node, _| Ok(super::day::exposure(node.business(), bank))))
            }
            "differences" => Ok(Box::new(|node, _| Ok(super::day::differences(node.business())))),
            other => vouchers::look(other, said),
        }
    }
}

/// Says of banks' requests among letters how each ended at the central bank, which answers the bank alone.
fn what_became(finance: &Finance, letters: &mut Value) {
    for letter in letters.as_array_mut().into_iter().flatten() {
        if letter["came"] != true || letter["receipt"] == true {
            continue;
        }
        let key = letter["voucher"].as_str().and_then(VoucherKey::parse);
        let Some(end) = key.and_then(|key| finance.request_end(&key)) else { continue };
        let day = day_text(end.day);
        let (english, chinese) = match end.sent_back {
            true => (
                format!("the central bank sent it back whole on {day}"),
                format!("国库{day}整单退回"),
            ),
            false => (format!("the central bank settled it on {day}"), format!("国库{day}已清算")),
        };
        letter["became"] = json!({
            "sent_back": end.sent_back,
            "day": end.day.get(),
            "english": english,
            "chinese": chinese,
        });
    }
}

fn payee(said: &Said<'_>) -> Result<SheetPayee, String> {
    Ok(SheetPayee {
        payment: said.may_text("payment")?.map(payment_id).transpose()?,
        amount_fen: yuan(said, "amount")?,
        name: said.text("name")?.to_owned(),
        account: said.text("account")?.to_owned(),
        bank_number: said.may_text("bank_number")?.map(str::to_owned),
        of: match said.at("of") {
            Value::Null => None,
            _ => Some(said.number("of", "the number of the line that failed")?),
        },
    })
}

/// A sum of vouchers as JSON has it; more than there is money is a defect.
fn sum(fen: i128) -> i64 {
    i64::try_from(fen).expect("sums of vouchers fit 63 bits")
}

fn figures(finance: &Finance) -> Value {
    let mut by_kind: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_standing: BTreeMap<&str, u64> = BTreeMap::new();
    for row in finance.vouchers() {
        *by_kind.entry(row.key.kind.code().to_string()).or_default() += 1;
        *by_standing.entry(row.standing.slug()).or_default() += 1;
    }
    let exposure: BTreeMap<String, i64> =
        finance.exposure_fen().iter().map(|(bank, fen)| (bank.to_string(), sum(*fen))).collect();
    let left: Vec<Value> = finance
        .left()
        .take(100)
        .map(|((_, payment), why)| json!({ "payment": payment.to_string(), "why": why }))
        .collect();
    json!({
        "vouchers": by_kind,
        "standing": by_standing,
        "cleared_fen": sum(finance.cleared_fen()),
        "refunded_fen": sum(finance.refunded_fen()),
        "exposure_fen": exposure,
        "facts_due": finance.facts_due().1.len(),
        "reports": finance.reports().len(),
        "notices_back": finance.notices_back().map(ToString::to_string).collect::<Vec<_>>(),
        "sheets_back": finance.sheets_back().take(100).map(sheet_back).collect::<Vec<_>>(),
        "collected": finance.uncollected().take(100).map(collected).collect::<Vec<_>>(),
        "without_voucher": finance.left().count(),
        "without_voucher_first": left,
    })
}

/// An order that waits for another sheet of payees, with why the one it had came back.
fn sheet_back((order, back): (&VoucherKey, &SheetBack)) -> Value {
    json!({
        "order": order.to_string(),
        "sheet": back.sheet.to_string(),
        "reason": back.reason,
        "english": format!(
            "{order} waits at its bank for another sheet of payees: {} came back: {}", back.sheet, back.reason
        ),
        "chinese": format!("{order}在银行等待新的收款人明细：{}已退回：{}", back.sheet, back.reason),
    })
}

/// A debit by collection that no payment takes over.
fn collected((key, debit): (&VoucherKey, &Collected)) -> Value {
    json!({
        "debit": key.to_string(),
        "bank": debit.bank.to_string(),
        "account": debit.payer,
        "payee": debit.payee,
        "amount": debit.amount_fen.to_yuan(),
        "day": debit.day.get(),
    })
}

/// What finance has of an order, or of the order whose payees a voucher has; null where it has neither.
fn voucher(node: &mut RunningNode<Finance>, key: &VoucherKey) -> Result<Value, String> {
    let Some(row) = payees::order_of(node.business(), key) else { return Ok(Value::Null) };
    let order = row.key;
    let mut told = match order == *key {
        true => head(row, row.parts.iter()),
        false => json!({ "beside": order.to_string() }),
    };
    let back = node.business().sheet_back(&order);
    told["sheet_back"] = back.map(|back| sheet_back((&order, back))).into();
    let held_up = node.business().held_up_by(&order);
    told["held_up"] = held_up.as_ref().map(super::day::sent_back).into();
    told["sheet"] = payees::beside(node, &order, None)?;
    Ok(told)
}

/// Who gave a sheet; null where it was given before its giver was asked for.
fn giver(sheet: &Sheet) -> Option<&str> {
    Some(&*sheet.by).filter(|by| !by.is_empty())
}

/// A voucher with some of its details.
fn head<'a>(row: &Row, parts: impl Iterator<Item = &'a Part>) -> Value {
    let part = |part: &Part| {
        json!({
            "payment": part.payment.to_string(),
            "quota": part.quota.to_string(),
            "ordered": part.ordered_fen.to_yuan(),
            "paid": part.paid_fen.to_yuan(),
            "refunded": part.refunded,
            "voided": part.voided,
        })
    };
    json!({
        "voucher": row.key.to_string(),
        "chinese": row.key.kind.chinese(),
        "to": row.to.to_string(),
        "day": row.day.get(),
        "amount": row.amount_fen.to_yuan(),
        "paid": yuan_plain(row.paid_fen()),
        "standing": row.standing.slug(),
        "english": row.standing.english(),
        "standing_chinese": row.standing.chinese(),
        "details": parts.map(part).collect::<Vec<_>>(),
    })
}
