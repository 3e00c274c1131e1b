//! The vouchers of a payment, as finance's store has them: the order, its receipt, what it stands in place of, and what
//! names it since.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId};
use domain::voucher::{Flag, VoucherKey};
use exchange::business::BY_ITSELF;
use serde_json::{Map, Value, json};

use super::now::Both;
use super::settled::told_of_settlement;
use crate::cli::exchange::say;
use crate::cli::voucher::look::{day_of, pages};

/// Letters that are told of one payment.
const LETTERS_MAX: usize = 100;

/// Letters that are read to find those that name its voucher: requests, notices and refunds, never orders; and again
/// for orders in its place, where nothing or not all was paid by it.
const LETTERS_READ_MAX: usize = 20_000;

/// Vouchers that one stands in place of, or that stand in its place, one behind the other.
const CHAIN_MAX: usize = 8;

/// What a store has of a payment.
pub(super) struct OfPayment {
    /// What finance's business knows: its voucher, corrections, differences, or why it has none.
    told: Value,
    /// Every letter of it, as lists have them.
    letters: Vec<Value>,
    /// Vouchers that were written in place of its own, by other payments.
    instead: Vec<Value>,
    /// What other parties say of its vouchers, from their own books.
    beside: Vec<Value>,
    /// Whether letters were left out: there are too many of them, or too many to read.
    more: bool,
}

impl OfPayment {
    /// Asks finance's store, and other parties of what they have.
    ///
    /// # Errors
    /// When one of them cannot be reached, or says no.
    pub(super) fn ask(
        exchange: SocketAddr,
        beside: &[SocketAddr],
        (division, year): (DivisionIndex, FiscalYear),
        payment: PaymentId,
    ) -> Result<OfPayment> {
        let asked = json!({
            "look": "payment",
            "division": division.0,
            "year": year.get(),
            "payment": payment.to_string(),
        });
        let told = say(exchange, &asked)?;
        let voucher = &told["voucher"];
        let key = voucher["voucher"].as_str().map(str::to_owned);
        let (day, never) = (day_of(&voucher["day"]), voucher["standing"] == "ended");
        let failed = voucher["sheet"]["failed_payees"].as_u64().is_some_and(|count| count > 0);
        let mut of = OfPayment {
            told,
            letters: Vec::new(),
            instead: Vec::new(),
            beside: Vec::new(),
            more: false,
        };
        let Some(key) = key else { return Ok(of) };
        of.letters = of.before(exchange, &key)?;
        if let Some(sheet) = of.told["voucher"]["sheet"]["voucher"].as_str().map(str::to_owned) {
            let beside = of.before(exchange, &sheet)?;
            of.add(beside);
        }
        let since = of.naming(exchange, &key, &day, None)?;
        of.add(since);
        if never || failed {
            let kind = key.split('-').nth(2).map(str::to_owned);
            let instead = of.naming(exchange, &key, &day, kind)?;
            of.instead = instead.into_iter().filter(|letter| letter["came"] == false).collect();
        }
        for party in beside {
            of.ask_beside(*party)?;
        }
        Ok(of)
    }

    /// Letters of a voucher, behind those of the vouchers that it stands in place of, or of the debit that it pays.
    fn before(&mut self, exchange: SocketAddr, key: &str) -> Result<Vec<Value>> {
        let (mut all, mut next) = (Vec::new(), Some(key.to_owned()));
        let mut seen = BTreeSet::new();
        while let Some(key) = next.take() {
            if seen.len() == CHAIN_MAX || !seen.insert(key.clone()) {
                self.more |= seen.len() == CHAIN_MAX;
                break;
            }
            let line = Map::from_iter([("voucher".to_owned(), json!(key))]);
            let page = pages(exchange, line, LETTERS_MAX, usize::MAX)?;
            self.more |= page.more;
            let names = page.letters.iter().filter(|letter| letter["came"] == false);
            next = names
                .filter_map(|letter| letter["says"]["names"].as_str())
                .next()
                .map(str::to_owned);
            all.splice(0..0, page.letters);
        }
        Ok(all)
    }

    /// Letters that name a voucher: what follows from it, or orders of a kind in its place.
    fn naming(
        &mut self,
        exchange: SocketAddr,
        key: &str,
        first: &str,
        kind: Option<String>,
    ) -> Result<Vec<Value>> {
        let mut line =
            Map::from_iter([("names".to_owned(), json!(key)), ("first".to_owned(), json!(first))]);
        match kind {
            Some(kind) => line.insert("kind".to_owned(), kind.into()),
            None => line.insert("no_orders".to_owned(), true.into()),
        };
        let page = pages(exchange, line, LETTERS_MAX, LETTERS_READ_MAX)?;
        self.more |= page.more;
        Ok(page.letters)
    }

    fn add(&mut self, letters: Vec<Value>) {
        let known: BTreeSet<String> =
            self.letters.iter().map(|letter| plain(&letter["place"]).to_owned()).collect();
        let new = letters.into_iter().filter(|letter| !known.contains(plain(&letter["place"])));
        self.letters.extend(new);
    }

    /// Asks another party where vouchers stand that it was sent, or has sent.
    fn ask_beside(&mut self, party: SocketAddr) -> Result<()> {
        let mut asked = BTreeSet::new();
        for letter in &self.letters {
            let key = plain(&letter["voucher"]);
            if letter["receipt"] == true || !asked.insert(key) {
                continue;
            }
            let mut told = say(party, &json!({ "look": "stands", "voucher": key }))?;
            let whose = told["party"].as_str().unwrap_or_default();
            // What it does not wait for, and what was never for it, it has nothing to say of.
            let is_its = letter["party"] == whose || told["waits_for"].is_string();
            if is_its && told["english"].is_string() {
                told["voucher"] = json!(key);
                self.beside.push(told);
            }
        }
        Ok(())
    }

    /// The vouchers among them, which facts may have been heard of.
    pub(super) fn sources(&self) -> Vec<(VoucherKey, Flag)> {
        let one = |letter: &Value| {
            let key = VoucherKey::parse(plain(&letter["voucher"]))?;
            let flag = if letter["receipt"] == true { Flag::Receipt } else { Flag::Original };
            Some((key, flag))
        };
        self.letters.iter().filter_map(one).collect()
    }

    /// As one object.
    pub(super) fn json(&self) -> Value {
        let of = |name: &str| self.told[name].clone();
        json!({
            "standing": self.told["voucher"]["standing"],
            "voucher": of("voucher"),
            "vouchers": self.letters,
            "in_its_place": self.instead,
            "corrections": of("corrections"),
            "differences": of("differences"),
            "facts_due": of("facts_due"),
            "beside": self.beside,
            "more": self.more,
            "without_voucher": of("without_voucher"),
        })
    }

    /// As lines of `payment show`.
    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        for letter in &self.letters {
            let (state, chinese) = (plain(&letter["state"]), plain(&letter["chinese"]));
            let day = day_of(&letter["day"]);
            let (what, party) = (what(letter), plain(&letter["party"]));
            let way = if letter["came"] == true { "from" } else { "to" };
            writeln!(out, "voucher      {what} {way} {party}, {day}, {state}  {chinese}")?;
        }
        let (standing, without) =
            (&self.told["voucher"]["standing"], &self.told["without_voucher"]);
        match (standing.as_str(), without.as_str()) {
            (Some(standing), _) => {
                writeln!(out, "settlement   {standing}")?;
                if let Some(why) = self.told["voucher"]["held_up"]["english"].as_str() {
                    writeln!(out, "             not cleared: {why}")?;
                }
            }
            (None, Some(why)) => writeln!(out, "voucher      none: {why}")?,
            (None, None) => writeln!(out, "voucher      none yet")?,
        }
        if self.more {
            writeln!(out, "             there may be more; `treasury voucher list` has all")?;
        }
        Ok(())
    }

    /// In words: a line for each letter, what was done about it behind it, and where all of it stands.
    pub(super) fn told(&self) -> Vec<Both> {
        let mut told: Vec<Both> = Vec::new();
        for letter in &self.letters {
            told.push(of_letter(letter));
            told.extend(deeds(letter));
        }
        told.extend(told_of_settlement(&self.told, &self.instead));
        for one in &self.beside {
            let (party, key) = (plain(&one["party"]), plain(&one["voucher"]));
            told.push(Both::new(
                format!("{party} says of {key}: {}", plain(&one["english"])),
                format!("{party}称{key}：{}", plain(&one["chinese"])),
            ));
        }
        if self.more {
            let english = "there may be more vouchers; `treasury voucher list` has all";
            told.push(Both::new(english, "凭证可能未列全，可用treasury voucher list查看"));
        }
        told
    }
}

fn of_letter(letter: &Value) -> Both {
    let (what, party) = (what(letter), plain(&letter["party"]));
    let (day, kind) = (day_of(&letter["day"]), plain(&letter["kind"]));
    let (state, chinese) = (plain(&letter["state"]), plain(&letter["chinese"]));
    let key = plain(&letter["voucher"]);
    let receipt = if letter["receipt"] == true { "回单" } else { "" };
    let paper = letter["by_paper"] == true;
    let (by, by_chinese) = if paper { (" by paper", "（线下办理）") } else { ("", "") };
    let mut told = match letter["came"] == true {
        true => Both::new(
            format!("{what} came{by} from {party} on {day}: {state}"),
            format!("{kind}{receipt}{key}由{party}发来{by_chinese}，{day}：{chinese}"),
        ),
        false => Both::new(
            format!("{what} was written{by} to {party} on {day}: {state}"),
            format!("{kind}{receipt}{key}开具给{party}{by_chinese}，{day}：{chinese}"),
        ),
    };
    if let Some(named) = letter["says"]["names"].as_str().filter(|_| is_our_order(letter)) {
        let pays = named.split('-').nth(2) == Some(DEBIT);
        match pays {
            true => told.push(
                &format!("; it takes over the debit {named}"),
                &format!("；承接托收扣款{named}"),
            ),
            false => told.push(&format!("; it is in place of {named}"), &format!("；代替{named}")),
        }
    }
    let became = &letter["became"];
    if !became.is_null() {
        let (english, chinese) = (plain(&became["english"]), plain(&became["chinese"]));
        told.push(&format!("; {english}"), &format!("；{chinese}"));
    }
    if letter["held"] == true {
        told.push(
            "; it is held since the banks' cut-off, and goes out on the next working day",
            "；已过银行截止时间，留待下一工作日发送",
        );
    }
    told
}

/// The kind of the voucher by which a bank tells of a debit.
const DEBIT: &str = "2261";

/// Whether a letter is an order of ours, which names what it stands in place of.
fn is_our_order(letter: &Value) -> bool {
    let key = VoucherKey::parse(plain(&letter["voucher"]));
    let is_order = key.is_some_and(|key| key.kind.is_order());
    is_order && letter["came"] == false && letter["receipt"] == false
}

/// What was done about a letter: by whom, when and why.
fn deeds(letter: &Value) -> Vec<Both> {
    let names = |value: &Value, between: &str| {
        let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut names: Vec<&str> = names.collect();
        names.dedup();
        names.join(between)
    };
    let one = |deed: &Value| {
        let day = day_of(&deed["day"]);
        let mut told = Both::new(
            format!("on {day} {}", plain(&deed["english"])),
            format!("{day}{}", plain(&deed["chinese"])),
        );
        let (by, by_chinese) = (names(&deed["by"], " and "), names(&deed["by"], "、"));
        if by == BY_ITSELF {
            told.push(", by the store, as its business decided", "，凭证库按业务处理");
        } else if !by.is_empty() {
            told.push(&format!(", by {by}"), &format!("，{by_chinese}"));
        }
        let (given, given_chinese) =
            (names(&deed["authorised_by"], " and "), names(&deed["authorised_by"], "、"));
        if !given.is_empty() {
            told.push(
                &format!(", who may vouch by the word of {given}"),
                &format!("（授权人：{given_chinese}）"),
            );
        }
        let reason = plain(&deed["reason"]);
        if !reason.is_empty() {
            let words = super::reasons::told(reason);
            told.push(
                &format!("; reason: {}", words.english),
                &format!("；事由：{}", words.chinese),
            );
        }
        Both::new(format!("    {}", told.english), format!("    {}", told.chinese))
    };
    letter["deeds"].as_array().into_iter().flatten().map(one).collect()
}

pub(super) fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn what(letter: &Value) -> String {
    let receipt = if letter["receipt"] == true { "receipt of " } else { "" };
    format!("{receipt}{}", plain(&letter["voucher"]))
}
