//! What people can say to a party, and see of it, by name: what every party has, and what each business adds.

use std::collections::BTreeMap;

use domain::ids::PaymentId;
use domain::reconciliation::period::Period;
use domain::voucher::{Flag, Party, Voucher, VoucherKey};
use exchange::business::Business;
use exchange::node::Order;
use exchange::party::RunningNode;
use exchange::party::lines::Lines;
use exchange::record::TwoPersons;
use exchange::store::Store;
use serde_json::{Value, json};

use super::said::Said;
use super::vouchers::flag;
use super::{apart, certificates, day_of};
use crate::hex;

/// What a look does when it is the node's turn.
pub(crate) type Seen<B> =
    Box<dyn FnOnce(&mut RunningNode<B>, &Lines) -> Result<Value, String> + Send>;

/// The words of one kind of party.
pub(crate) trait Words<B: Business> {
    /// The orders that a name means, given in turn.
    ///
    /// # Errors
    /// When there is no such order, or something is missing in it.
    fn orders(&self, name: &str, said: &Said<'_>) -> Result<Vec<Order<B::Order>>, String>;

    /// The look that a name means.
    ///
    /// # Errors
    /// When there is no such look.
    fn look(&self, name: &str, said: &Said<'_>) -> Result<Seen<B>, String>;
}

/// A day that has to be there.
pub(crate) fn day(said: &Said<'_>) -> Result<domain::ids::Day, String> {
    day_of(said.text("day")?).map_err(|error| error.to_string())
}

/// The order that begins a day for a party's store and its business; `far` where a leap is meant.
pub(crate) fn opening<O>(
    said: &Said<'_>,
    business: impl FnOnce(domain::ids::Day) -> O,
) -> Result<Order<O>, String> {
    let day = day(said)?;
    Ok(Order::OpenDay { day, far: said.flag("far", false)?, business: business(day) })
}

/// A month or a year that has to be there.
pub(crate) fn period(said: &Said<'_>) -> Result<Period, String> {
    let told = said.text("period")?;
    Period::parse(told)
        .ok_or_else(|| format!("`{told}` is no month and no year; write one like 2022-03, or 2022"))
}

/// A payment's id, as a UUID is written.
pub(crate) fn payment_id(text: &str) -> Result<PaymentId, String> {
    let id = hex::uuid(text).map(PaymentId);
    id.ok_or_else(|| format!("`{text}` is no payment's id; give a UUID"))
}

/// An amount in yuan that has to be there.
pub(crate) fn yuan(said: &Said<'_>, name: &'static str) -> Result<domain::Fen, String> {
    domain::Fen::from_yuan(said.text(name)?).map_err(|error| error.to_string())
}

/// A party that has to be there.
pub(crate) fn party(said: &Said<'_>, name: &'static str) -> Result<Party, String> {
    said.text(name)?.parse().map_err(|error: domain::voucher::party::NotAParty| error.to_string())
}

/// A voucher's key that has to be there.
pub(crate) fn key(said: &Said<'_>) -> Result<VoucherKey, String> {
    key_of(said.text("voucher")?)
}

/// A voucher's key as people write it.
pub(crate) fn key_of(key: &str) -> Result<VoucherKey, String> {
    VoucherKey::parse(key).ok_or_else(|| {
        format!("`{key}` is no voucher; write division, year, kind and number, like 370000000-2022-8202-0000000001")
    })
}

/// Two persons who vouch for what goes by paper.
fn persons(said: &Said<'_>) -> Result<TwoPersons, String> {
    said.wanted("persons", "a list of two names", |value| match &value.as_array()?[..] {
        [Value::String(first), Value::String(second)] => {
            Some(TwoPersons { first: first.clone(), second: second.clone() })
        }
        _ => None,
    })
}

/// A voucher that was typed in, as its JSON twin has it.
fn document(said: &Said<'_>) -> Result<Box<Voucher>, String> {
    let is_object = |value: &Value| value.is_object().then(|| value.to_string());
    let text = said.wanted("document", "the voucher as JSON", is_object)?;
    exchange::json::read(text.as_bytes()).map(Box::new).map_err(|error| error.to_string())
}

fn entry(said: &Said<'_>) -> Result<u32, String> {
    said.number("entry", "the number that `look` shows")
}

/// Orders that every party's store takes.
///
/// # Errors
/// When there is no such order, or something is missing in it.
pub(crate) fn of_store<O>(name: &str, said: &Said<'_>) -> Result<Order<O>, String> {
    let by = || said.text("by").map(str::to_owned);
    let reason = || said.text("reason").map(str::to_owned);
    Ok(match name {
        "void" => Order::Void {
            to: party(said, "to")?,
            key: key(said)?,
            flag: flag(said)?,
            by: by()?,
            reason: reason()?,
        },
        "ask-back" => {
            Order::AskBack { to: party(said, "to")?, key: key(said)?, flag: flag(said)?, by: by()? }
        }
        "release" => Order::Release { from: party(said, "from")?, entry: entry(said)?, by: by()? },
        "dismiss" => Order::Dismiss {
            from: party(said, "from")?,
            entry: entry(said)?,
            by: by()?,
            reason: reason()?,
        },
        "ask-status" => {
            Order::AskStatus { to: party(said, "to")?, key: key(said)?, flag: flag(said)? }
        }
        "paper-send" => Order::SendByPaper {
            to: party(said, "to")?,
            key: key(said)?,
            flag: flag(said)?,
            persons: persons(said)?,
            reason: reason()?,
        },
        "paper-take" => Order::TakePaper {
            from: party(said, "from")?,
            voucher: document(said)?,
            persons: persons(said)?,
        },
        "paper-return" => Order::ReturnPaper {
            from: party(said, "from")?,
            voucher: document(said)?,
            persons: persons(said)?,
            reason: reason()?,
        },
        "seal-again" => Order::SealAgain { to: party(said, "to")?, entry: entry(said)?, by: by()? },
        "give-up" => Order::GiveUp {
            to: party(said, "to")?,
            entry: entry(said)?,
            by: by()?,
            reason: reason()?,
        },
        "file-certificate" => {
            Order::FileCertificate { bytes: certificates::document(said)?, by: by()? }
        }
        "verify-certificate" => Order::VerifyCertificate { id: certificates::id(said)?, by: by()? },
        "revoke-certificate" => {
            Order::RevokeCertificate { id: certificates::id(said)?, by: by()?, reason: reason()? }
        }
        "take-back-sent" => Order::TakeBackSent {
            to: party(said, "to")?,
            handed: apart::handed(said)?,
            persons: persons(said)?,
            reason: reason()?,
        },
        "authorise" => Order::Authorise {
            person: said.text("person")?.to_owned(),
            may: said.flag("may", true)?,
            by: by()?,
        },
        other => {
            return Err(format!("there is no order `{other}` here; docs/exchange.md lists them"));
        }
    })
}

/// Vouchers that a store has written, by kind: originals, whatever became of them.
fn written(store: &Store) -> BTreeMap<String, u64> {
    let mut by_kind = BTreeMap::new();
    for (_, row) in store.peers().flat_map(|(_, peer)| peer.out.iter()) {
        if let (Some(key), Flag::Original) = (&row.key, row.flag) {
            *by_kind.entry(key.kind.code().to_string()).or_default() += 1;
        }
    }
    by_kind
}

/// What every party shows of its store and lines.
pub(crate) fn status<B: Business>(node: &RunningNode<B>, lines: &Lines) -> Value {
    let store = node.store();
    let peers: serde_json::Map<String, Value> = store
        .peers()
        .map(|(party, peer)| {
            let told = json!({
                "out": peer.out.len(),
                "waiting": peer.waiting(),
                "held": peer.held(),
                "given": peer.given(),
                "acknowledged": peer.acknowledged(),
                "in": peer.inbox.len(),
            });
            (party.to_string(), told)
        })
        .collect();
    let standing: serde_json::Map<String, Value> = lines
        .standing()
        .map(|(party, link)| {
            let told = json!({
                "sending": link.sending.map(exchange::link::Line::slug),
                "primary": link.primary,
                "backup": link.backup,
                "switches": link.counts.switches,
                "repeated": link.counts.repeated,
            });
            (party.to_string(), told)
        })
        .collect();
    let alarms: Vec<Value> = store
        .alarms()
        .map(|alarm| json!({ "party": alarm.party.map(|party| party.to_string()), "what": alarm.what }))
        .collect();
    json!({
        "party": store.me().to_string(),
        "day": store.day().get(),
        "after_cut_off": store.is_after_cut_off(),
        "written": written(store),
        "peers": peers,
        "lines": standing,
        "alarms": store.alarms_so_far(),
        "newest_alarms": alarms,
        "apart": apart::told(node.store(), lines),
        "certificates_ending": certificates::ending(node),
        "store_bytes": store.bytes(),
    })
}
