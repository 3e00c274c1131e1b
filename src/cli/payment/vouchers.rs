//! The vouchers of a payment, as finance's store has them: the order, its receipt, and what names it since.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId};
use serde_json::{Map, Value, json};

use super::now::Both;
use crate::cli::exchange::say;
use crate::cli::voucher::look::{day_of, pages};

/// Letters that are told of one payment.
const LETTERS_MAX: usize = 100;

/// Letters that are read to find those that name its voucher: requests, notices and refunds, never orders.
const LETTERS_READ_MAX: usize = 20_000;

/// What a store has of a payment.
pub(super) struct OfPayment {
    /// Where its order stands with finance: out, paid, noticed, cleared, ended. None without a voucher.
    standing: Option<String>,
    /// Every letter of it, as lists have them.
    letters: Vec<Value>,
    /// Whether letters were left out: there are too many of them, or too many to read.
    more: bool,
    /// Why it has no voucher.
    without: Option<String>,
}

impl OfPayment {
    /// Asks finance's store.
    ///
    /// # Errors
    /// When it cannot be reached, or says no.
    pub(super) fn ask(
        exchange: SocketAddr,
        (division, year): (DivisionIndex, FiscalYear),
        payment: PaymentId,
    ) -> Result<OfPayment> {
        let told = say(
            exchange,
            &json!({
                "look": "payment",
                "division": division.0,
                "year": year.get(),
                "payment": payment.to_string(),
            }),
        )?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let without = text(&told["without_voucher"]);
        let Some(key) = text(&told["voucher"]["voucher"]) else {
            return Ok(OfPayment { standing: None, letters: Vec::new(), more: false, without });
        };
        let one = |name: &str, value: Value| Map::from_iter([(name.to_owned(), value)]);
        let mut all = pages(exchange, one("voucher", json!(key)), LETTERS_MAX, usize::MAX)?;
        let mut about = one("names", json!(key));
        about.insert("no_orders".to_owned(), true.into());
        about.insert("first".to_owned(), json!(day_of(&told["voucher"]["day"])));
        let since = pages(exchange, about, LETTERS_MAX, LETTERS_READ_MAX)?;
        all.letters.extend(since.letters);
        let more = all.more || since.more;
        let standing = text(&told["voucher"]["standing"]);
        Ok(OfPayment { standing, letters: all.letters, more, without })
    }

    /// As one object.
    pub(super) fn json(&self) -> Value {
        json!({
            "standing": self.standing,
            "vouchers": self.letters,
            "more": self.more,
            "without_voucher": self.without,
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
        match (&self.standing, &self.without) {
            (Some(standing), _) => writeln!(out, "settlement   {standing}")?,
            (None, Some(why)) => writeln!(out, "voucher      none: {why}")?,
            (None, None) => writeln!(out, "voucher      none yet")?,
        }
        if self.more {
            writeln!(out, "             there may be more; `treasury voucher list` has all")?;
        }
        Ok(())
    }

    /// In words, a line for each letter.
    pub(super) fn told(&self) -> Vec<Both> {
        let one = |letter: &Value| {
            let (what, party) = (what(letter), plain(&letter["party"]));
            let (day, kind) = (day_of(&letter["day"]), plain(&letter["kind"]));
            let (state, chinese) = (plain(&letter["state"]), plain(&letter["chinese"]));
            let key = plain(&letter["voucher"]);
            let receipt = if letter["receipt"] == true { "回单" } else { "" };
            let paper = letter["by_paper"] == true;
            let (by, by_chinese) =
                if paper { (" by paper", "（线下办理）") } else { ("", "") };
            if letter["came"] == true {
                Both::new(
                    format!("{what} came{by} from {party} on {day}: {state}"),
                    format!("{kind}{receipt}{key}由{party}发来{by_chinese}，{day}：{chinese}"),
                )
            } else {
                Both::new(
                    format!("{what} was written{by} to {party} on {day}: {state}"),
                    format!("{kind}{receipt}{key}开具给{party}{by_chinese}，{day}：{chinese}"),
                )
            }
        };
        let mut told: Vec<Both> = self.letters.iter().map(one).collect();
        if let Some(why) = &self.without {
            told.push(Both::new(format!("it has no voucher: {why}"), format!("尚无凭证：{why}")));
        } else if told.is_empty() {
            told.push(Both::new("it has no voucher yet", "尚无凭证"));
        }
        if self.more {
            let english = "there may be more vouchers; `treasury voucher list` has all";
            told.push(Both::new(english, "凭证可能未列全，可用treasury voucher list查看"));
        }
        told
    }
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn what(letter: &Value) -> String {
    let receipt = if letter["receipt"] == true { "receipt of " } else { "" };
    format!("{receipt}{}", plain(&letter["voucher"]))
}
