//! `treasury payment list`.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, ValueEnum};
use domain::Fen;
use domain::codes::PaymentState;
use domain::ids::{DivisionIndex, FiscalYear, PersonId, QuotaId};
use domain::particulars::account_hash;
use protocol::directory::{
    self as ask, AgeSince, AsOf, Continuation, ListedPayment, PaymentFilter, PaymentPage,
};
use protocol::json::payment_page_json;
use protocol::limits::DIRECTORY_PAGE_ITEMS_MAX;

use crate::cli::{arguments, connection, moment, show};
use crate::exit::Exit;
use crate::hex;

/// List payments that meet every condition, in the order of their reservation.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury payment list --state unknown --older-than 1d --connect 127.0.0.1:7370
  treasury payment list --unit 184001 --newest-first --limit 20 --connect 127.0.0.1:7370
  treasury payment list --payee 6222020000000000017 --as-of 2022-03-04 --connect 127.0.0.1:7370 --json

An age counts from the payment's last event, which is how long it has stood as it stands, or with
--since reserved from its reservation. A unit (预算单位) is what the official key of its quota begins
with. The position that the list is true at goes to standard error, and what continues it.")]
pub(super) struct ListPayments {
    /// In these states: reserved, approved, held, instructed, unknown, paid, cleared, released.
    #[arg(long, value_parser = state, value_delimiter = ',', value_name = "STATE")]
    state: Vec<PaymentState>,
    /// Of this division.
    #[arg(long, value_parser = arguments::division, value_name = "INDEX")]
    division: Option<DivisionIndex>,
    /// Of this fiscal year.
    #[arg(long, value_parser = arguments::fiscal_year, value_name = "YEAR")]
    year: Option<FiscalYear>,
    /// Of this quota.
    #[arg(long, value_parser = arguments::quota, value_name = "QUOTA")]
    quota: Option<QuotaId>,
    /// Of this unit: the beginning of the quota's official key.
    #[arg(long, visible_alias = "key", value_name = "PREFIX")]
    unit: Option<String>,
    /// To this payee's account.
    #[arg(long, value_name = "ACCOUNT")]
    payee: Option<String>,
    /// With this official number.
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Asked for by this person.
    #[arg(long, value_name = "PERSON")]
    maker: Option<u64>,
    /// At least so old: 30m, 12h, 1d, 2w.
    #[arg(long, value_parser = moment::age_ms, value_name = "AGE")]
    older_than: Option<u64>,
    /// At most so old.
    #[arg(long, value_parser = moment::age_ms, value_name = "AGE")]
    younger_than: Option<u64>,
    /// From what ages count.
    #[arg(long, value_enum, default_value_t = Since::Changed, value_name = "EVENT")]
    since: Since,
    /// Of at least so many yuan.
    #[arg(long, value_parser = amount, value_name = "YUAN")]
    amount_from: Option<Fen>,
    /// Of at most so many yuan.
    #[arg(long, value_parser = amount, value_name = "YUAN")]
    amount_to: Option<Fen>,
    /// As they stood at this position (epoch/sequence) or Beijing time, folded from the journal.
    #[arg(long, value_parser = moment::as_of, value_name = "POSITION|TIME")]
    as_of: Option<AsOf>,
    /// Wait until the directory has come to this position, for up to ten seconds.
    #[arg(long, value_parser = moment::position, value_name = "POSITION")]
    wait_for: Option<protocol::Position>,
    /// Newest first.
    #[arg(long)]
    newest_first: bool,
    /// At most so many payments.
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Go on behind a list that ended with this.
    #[arg(long, value_parser = continuation, value_name = "CONTINUATION")]
    after: Option<Continuation>,
    /// The server.
    #[arg(long, visible_alias = "server", value_name = "ADDRESS")]
    connect: SocketAddr,
    /// Print one JSON object per page.
    #[arg(long)]
    json: bool,
}

/// From what ages count.
#[derive(Clone, Copy, ValueEnum)]
enum Since {
    /// The payment's last event.
    Changed,
    /// Its reservation.
    Reserved,
}

impl ListPayments {
    pub(super) fn run(self) -> Result<Exit> {
        let mut list = self.question();
        let mut left = self.limit;
        let mut out = std::io::stdout().lock();
        let pages = connection::ask_patiently(self.connect, async |client| {
            let mut pages = Vec::new();
            loop {
                list.asked.items = left.min(DIRECTORY_PAGE_ITEMS_MAX as u64) as u16;
                let page = client.list_payments(list.clone()).await?;
                left -= page.payments.len() as u64;
                list.asked.after = page.after;
                pages.push(page);
                if left == 0 || list.asked.after == Continuation::default() {
                    return Ok(pages);
                }
            }
        })?;
        for page in &pages {
            self.print(&mut out, page)?;
        }
        if let Some(page) = pages.last().filter(|_| !self.json) {
            let more = match page.after {
                after if after == Continuation::default() => String::new(),
                after => format!("; more with --after {}", hex::write(&after)),
            };
            let (at, time) = (page.at, show::time(page.time_ms));
            eprintln!("true at {}/{}, {time}{more}", at.epoch, at.sequence);
        }
        Ok(Exit::Ok)
    }

    fn question(&self) -> ask::ListPayments {
        let mut asked = moment::asked(self.as_of, self.wait_for);
        asked.newest_first = self.newest_first;
        asked.after = self.after.unwrap_or_default();
        let filter = PaymentFilter {
            states: self.state.clone(),
            division: self.division,
            year: self.year,
            quota: self.quota,
            key_prefix: self.unit.clone().unwrap_or_default(),
            payee_hash: self.payee.as_deref().map(account_hash),
            number: self.number.clone().unwrap_or_default(),
            maker: self.maker.map(PersonId),
            older_than_ms: self.older_than,
            younger_than_ms: self.younger_than,
            age_since: match self.since {
                Since::Changed => AgeSince::Changed,
                Since::Reserved => AgeSince::Reserved,
            },
            amount_from: self.amount_from,
            amount_to: self.amount_to,
        };
        ask::ListPayments { asked, filter }
    }

    fn print(&self, out: &mut impl Write, page: &PaymentPage) -> Result<()> {
        if self.json {
            return Ok(writeln!(out, "{}", payment_page_json(page))?);
        }
        let amounts: Vec<String> =
            page.payments.iter().map(|payment| show::yuan(payment.amount_fen)).collect();
        let width = amounts.iter().map(|text| text.chars().count()).max().unwrap_or_default();
        for (payment, amount) in page.payments.iter().zip(&amounts) {
            line(out, payment, amount, width)?;
        }
        Ok(())
    }
}

/// One payment: what is as wide as ever first, texts last. Texts that people wrote are quoted.
fn line(
    out: &mut impl Write,
    payment: &ListedPayment,
    amount: &str,
    width: usize,
) -> std::io::Result<()> {
    let (id, state) = (payment.payment, payment.state.slug());
    let since = show::time(payment.changed_ms);
    write!(out, "{id}  {state:<10}  {amount:>width$}  {since}  {}", payment.quota)?;
    write!(out, "  {:?}", payment.key)?;
    if !payment.payee_name.is_empty() {
        write!(out, "  {:?}", payment.payee_name)?;
    }
    if !payment.numbers.is_empty() {
        write!(out, "  {:?}", payment.numbers)?;
    }
    writeln!(out)
}

fn state(text: &str) -> Result<PaymentState, String> {
    PaymentState::from_slug(text).ok_or_else(|| {
        let known: Vec<&str> = PaymentState::ALL.iter().map(|state| state.slug()).collect();
        format!("{text:?} is no state of a payment; choose of {}", known.join(", "))
    })
}

fn amount(text: &str) -> Result<Fen, String> {
    let fen = arguments::yuan(text)?;
    if fen > Fen::ZERO { Ok(fen) } else { Err("an amount is above zero, like 1234.50".to_owned()) }
}

fn continuation(text: &str) -> Result<Continuation, String> {
    let after = hex::read(text).and_then(|bytes| bytes.try_into().ok());
    after.ok_or_else(|| format!("{text:?} continues nothing; give what a list ended with"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_list_goes_on_with_it() {
        let after = [7; 24];
        assert_eq!(continuation(&hex::write(&after)), Ok(after));
        let long = hex::write(&[7; 25]);
        for wrong in ["07", &long, "x7", &long[1..]] {
            assert!(continuation(wrong).is_err(), "{wrong}");
        }
        assert!(state("unkown").unwrap_err().contains("unknown"));
        assert_eq!(state("unknown"), Ok(PaymentState::Unknown));
        assert!(amount("0.00").is_err() && amount("1.5x").is_err());
    }
}
