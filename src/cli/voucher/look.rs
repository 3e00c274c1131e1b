//! Vouchers listed, shown and printed.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use domain::Fen;
use domain::ids::{Day, PaymentId};
use domain::voucher::{Party, VoucherKey};
use serde_json::{Map, Value, json};

use super::{Store, Which, key};
use crate::cli::exchange::say;
use crate::cli::{arguments, show};
use crate::exit::{Exit, Failure};

/// Letters that a page of the party's store tells; more take more pages.
const PAGE: usize = exchange::limits::SEARCH_LISTED_MAX;

/// List vouchers.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury voucher list --exchange 127.0.0.1:7009
  treasury voucher list --state set-aside --exchange 127.0.0.1:7010
  treasury voucher list --party bank:102 --kind 8202 --state waiting,stopped \\
    --exchange 127.0.0.1:7009
  treasury voucher list --payee 文具 --amount 12,000.00 --from 2022-03-01 --to 2022-03-31 \\
    --exchange 127.0.0.1:7009 --json

States of what this party wrote: waiting, stopped, given, arrived, taken, receipted, voided, not-taken,
returned, given-up. Of what came to it: set-aside, accepted, answered, refused, sent-back.")]
pub(in crate::cli) struct List {
    /// With this party alone.
    #[arg(long, value_name = "PARTY")]
    party: Option<Party>,
    /// That stand here; several with commas between.
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<String>,
    /// Of this kind, by its four digits.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// With this key alone.
    #[arg(long, value_name = "VOUCHER", value_parser = key)]
    voucher: Option<VoucherKey>,
    /// With a detail that is this payment.
    #[arg(long, value_parser = arguments::payment, value_name = "PAYMENT")]
    payment: Option<PaymentId>,
    /// To this payee: part of the name, or the whole account.
    #[arg(long, value_name = "TEXT")]
    payee: Option<String>,
    /// Of this amount in yuan, whole or in a detail.
    #[arg(long, value_name = "YUAN", value_parser = yuan)]
    amount: Option<Fen>,
    /// Written or come on this day or later.
    #[arg(long, value_name = "DAY", value_parser = arguments::day)]
    from: Option<Day>,
    /// Written or come on this day or earlier.
    #[arg(long, value_name = "DAY", value_parser = arguments::day)]
    to: Option<Day>,
    /// Behind this place, as the list before said.
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    #[command(flatten)]
    store: Store,
}

fn yuan(text: &str) -> Result<Fen, String> {
    arguments::yuan(&text.replace(',', ""))
}

impl List {
    pub(in crate::cli) fn run(self) -> Result<Exit> {
        let looked = match &self.state[..] {
            [] => self.all(None)?,
            states => {
                let mut all = Looked::default();
                for state in states {
                    let room = (self.limit as usize).saturating_sub(all.letters.len());
                    if room == 0 {
                        // Of the states behind nothing was looked at.
                        all.more = true;
                        break;
                    }
                    let one = self.all(Some((state, room)))?;
                    all.letters.extend(one.letters);
                    all.more |= one.more;
                    all.next = one.next;
                }
                all
            }
        };
        let next = looked.next.filter(|_| self.state.len() < 2);
        if self.store.json {
            writeln!(
                std::io::stdout(),
                "{}",
                json!({ "letters": looked.letters, "more": looked.more, "next": next })
            )?;
            return Ok(Exit::Ok);
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", COLUMNS.join("\t"))?;
        for letter in &looked.letters {
            writeln!(out, "{}", fields(letter).join("\t"))?;
        }
        match (looked.more, next) {
            (true, Some(next)) => eprintln!("there may be more; go on with --after {next}"),
            (true, None) => eprintln!("there may be more; raise --limit, or ask for one state"),
            (false, _) => {}
        }
        Ok(Exit::Ok)
    }

    /// Pages until there is no room or no more.
    fn all(&self, state: Option<(&String, usize)>) -> Result<Looked> {
        let room = state.map_or(self.limit as usize, |(_, room)| room);
        let mut line = self.asked();
        if let Some((state, _)) = state {
            line.insert("state".to_owned(), json!(state));
        }
        pages(self.store.exchange, line, room, usize::MAX)
    }

    fn asked(&self) -> Map<String, Value> {
        let given: [(&str, Option<Value>); 9] = [
            ("party", self.party.map(|party| json!(party.to_string()))),
            ("kind", self.kind.as_ref().map(|kind| json!(kind))),
            ("voucher", self.voucher.map(|voucher| json!(voucher.to_string()))),
            ("payment", self.payment.map(|payment| json!(payment.to_string()))),
            ("payee", self.payee.as_ref().map(|payee| json!(payee))),
            ("amount", self.amount.map(|amount| json!(amount.to_yuan()))),
            ("first", self.from.map(|day| json!(show::day(day)))),
            ("last", self.to.map(|day| json!(show::day(day)))),
            ("after", self.after.as_ref().map(|after| json!(after))),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        given.collect()
    }
}

/// What pages of a list had.
#[derive(Default)]
pub(in crate::cli) struct Looked {
    /// The letters.
    pub(in crate::cli) letters: Vec<Value>,
    /// Whether there may be more behind them.
    pub(in crate::cli) more: bool,
    /// Where it goes on.
    next: Option<String>,
}

/// Asks a party for letters, page by page, until there are so many, so many were read, or there are no more.
///
/// # Errors
/// When the party cannot be reached, or says no.
pub(in crate::cli) fn pages(
    exchange: SocketAddr,
    line: Map<String, Value>,
    letters_max: usize,
    read_max: usize,
) -> Result<Looked> {
    let mut line = line;
    line.insert("look".to_owned(), json!("vouchers"));
    let (mut looked, mut read) = (Looked::default(), 0);
    loop {
        let room = letters_max - looked.letters.len();
        line.insert("limit".to_owned(), json!(room.min(PAGE)));
        let page = say(exchange, &Value::Object(line.clone()))?;
        looked.letters.extend(page["letters"].as_array().cloned().unwrap_or_default());
        read += page["looked_at"].as_u64().map_or(0, |count| count as usize);
        looked.next = page["next"].as_str().map(str::to_owned);
        let Some(next) = &looked.next else { return Ok(looked) };
        if looked.letters.len() >= letters_max || read >= read_max {
            looked.more = true;
            return Ok(looked);
        }
        line.insert("after".to_owned(), json!(next));
    }
}

const COLUMNS: [&str; 9] =
    ["party", "way", "entry", "voucher", "state", "day", "amount", "payee", "words"];

fn fields(letter: &Value) -> [String; 9] {
    let says = &letter["says"];
    let receipt = if letter["receipt"] == true { " receipt" } else { "" };
    let paper = if letter["by_paper"] == true { " by paper" } else { "" };
    [
        plain(&letter["party"]),
        (if letter["came"] == true { "in" } else { "out" }).to_owned(),
        letter["entry"].to_string(),
        format!("{}{receipt}", plain(&letter["voucher"])),
        format!("{}{paper}", plain(&letter["state"])),
        day_of(&letter["day"]),
        plain(&says["amount"]),
        plain(&says["payee"]),
        match letter["became"]["english"].as_str() {
            Some(became) => became.to_owned(),
            None => plain(&letter["words"]),
        },
    ]
}

/// A text, or nothing; without what would break a line or a column.
fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace(char::is_control, " ")
}

/// A day that stands in JSON as eight digits.
pub(in crate::cli) fn day_of(value: &Value) -> String {
    let day = value.as_u64().and_then(|day| Day::new(u32::try_from(day).ok()?));
    day.map_or_else(String::new, show::day)
}

/// Show all that is known of a voucher.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury voucher show 370000000-2022-8202-0000000001 --exchange 127.0.0.1:7009
  treasury voucher show 370000000-2022-8202-0000000001 --exchange 127.0.0.1:7009 --json

Of what this party wrote it says whether it can be shown that it never left: no number of the line was
ever given to it, and it did not go by paper.")]
pub(in crate::cli) struct Show {
    /// The voucher: division, year, kind and number.
    #[arg(value_parser = key)]
    voucher: VoucherKey,
    #[command(flatten)]
    store: Store,
}

impl Show {
    pub(in crate::cli) fn run(self) -> Result<Exit> {
        let line = json!({ "look": "voucher", "voucher": self.voucher.to_string() });
        let seen = self.store.say(&line)?;
        if self.store.json {
            writeln!(std::io::stdout(), "{seen}")?;
            return Ok(Exit::Ok);
        }
        print(&mut std::io::stdout().lock(), &seen)?;
        Ok(Exit::Ok)
    }
}

fn print(out: &mut impl Write, seen: &Value) -> std::io::Result<()> {
    writeln!(out, "voucher      {}  {}", plain(&seen["voucher"]), plain(&seen["chinese"]))?;
    if let Some(standing) = seen["standing"].as_str() {
        let (amount, paid) = (plain(&seen["amount"]), plain(&seen["paid"]));
        match standing != "out" && paid != amount && !paid.is_empty() {
            true => writeln!(out, "standing     {standing}, {paid} of {amount} yuan paid")?,
            false => writeln!(out, "standing     {standing}, {amount} yuan")?,
        }
    }
    print_payees(out, &seen["sheet"], seen["beside"].as_str())?;
    if let Some(why) = seen["sheet_back"]["english"].as_str() {
        writeln!(out, "sheet        {}", why.replace(char::is_control, " "))?;
        writeln!(out, "             {}", plain(&seen["sheet_back"]["chinese"]))?;
    }
    if let Some(why) = seen["held_up"]["english"].as_str() {
        writeln!(out, "not cleared  {why}")?;
        writeln!(out, "             {}", plain(&seen["held_up"]["chinese"]))?;
    }
    let all = |name: &str| seen[name].as_array().cloned().unwrap_or_default();
    for letter in all("letters") {
        print_letter(out, &letter)?;
    }
    match seen["letters_more"].as_u64() {
        None | Some(0) => {}
        Some(more) => writeln!(out, "\nand {more} letters more")?,
    }
    for told in all("told") {
        let (by, day) = (plain(&told["by"]), day_of(&told["day"]));
        let status = plain(&told["status"]);
        writeln!(out, "\n{by} said on {day}: {status}  {}", plain(&told["chinese"]))?;
    }
    for alarm in all("alarms") {
        writeln!(out, "\nalarm        {}: {}", day_of(&alarm["day"]), plain(&alarm["what"]))?;
    }
    Ok(())
}

/// The payees beside an order: what they were to get and got, and who got nothing.
fn print_payees(out: &mut impl Write, sheet: &Value, beside: Option<&str>) -> std::io::Result<()> {
    let Some(key) = sheet["voucher"].as_str() else { return Ok(()) };
    let by = sheet["by"].as_str().map_or(String::new(), |by| format!(", given by {by}"));
    let beside = beside.map_or(String::new(), |order| format!(", beside {order}"));
    writeln!(out, "payees       {} on {key}{beside}{by}  收款明细", sheet["payees"])?;
    let (ordered, paid) = (plain(&sheet["ordered"]), plain(&sheet["paid"]));
    if sheet["answered"] == true {
        let failed = &sheet["failed_payees"];
        writeln!(out, "             {paid} of {ordered} yuan paid, {failed} failed  实付、失败")?;
    }
    for one in sheet["failed"].as_array().into_iter().flatten() {
        let [name, account, amount, why] =
            ["name", "account", "amount", "why"].map(|name| plain(&one[name]));
        let again = one["paid_again"]["voucher"].as_str();
        let again = again.map_or(String::new(), |by| format!("; paid again by {by}  已再次支付"));
        writeln!(out, "  failed     {}, {name} {account}, {amount}: {why}{again}", one["payee"])?;
    }
    Ok(())
}

fn print_letter(out: &mut impl Write, letter: &Value) -> std::io::Result<()> {
    let what = if letter["receipt"] == true { "receipt" } else { "original" };
    let way = if letter["came"] == true { "from" } else { "to" };
    writeln!(out, "\n{what} {way} {}", plain(&letter["party"]))?;
    writeln!(out, "  state      {}  {}", plain(&letter["state"]), plain(&letter["chinese"]))?;
    if let Some(became) = letter["became"]["english"].as_str() {
        writeln!(out, "  became     {became}  {}", plain(&letter["became"]["chinese"]))?;
    }
    writeln!(out, "  day        {}", day_of(&letter["day"]))?;
    writeln!(out, "  place      {}, record {}", plain(&letter["place"]), letter["record"])?;
    if letter["by_paper"] == true {
        writeln!(out, "  paper      by paper  线下办理")?;
    }
    if letter["left"].is_object() {
        writeln!(out, "  left       {}", left(&letter["left"], &letter["number"]))?;
    }
    for seal in letter["seals"].as_array().into_iter().flatten() {
        let day = day_of(&seal["day"]);
        let (place, holder) = (plain(&seal["chinese"]), plain(&seal["holder"]));
        writeln!(out, "  seal       {place}, {holder}, {day}")?;
    }
    if let Some(digest) = letter["digest"].as_str() {
        writeln!(out, "  digest     {digest}")?;
    }
    for name in ["words", "unreadable"] {
        if let Some(text) = letter[name].as_str() {
            writeln!(out, "  {name:<10} {}", text.replace(char::is_control, " "))?;
        }
    }
    Ok(())
}

/// What the store can show about whether a letter left.
fn left(left: &Value, number: &Value) -> String {
    let given = &left["given_to_party"];
    if left["never"] == true {
        return format!(
            "never: of the {given} numbers given on this line none is its, and it did not go by paper"
        );
    }
    match (left["by_paper"] == true, left["numbers"] == 0) {
        (true, true) => "by paper, not yet over the line".to_owned(),
        (true, false) => format!("by paper, and as number {number}"),
        (false, _) => format!(
            "as number {number}; the other side has everything up to {}",
            left["acknowledged_by_party"]
        ),
    }
}

/// Print a voucher.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury voucher print 370000000-2022-8202-0000000001 --exchange 127.0.0.1:7009 > page.html
  treasury voucher print 370000000-2022-8202-0000000001 --receipt --out page.html \\
    --exchange 127.0.0.1:7009
  treasury voucher print 370000000-2022-8202-0000000001 --as json --exchange 127.0.0.1:7009

The page stands by itself and fits A4: number, date, payer and payee, the amount in figures and in
capitals, every field and detail, whose seals are on it, and where the voucher stands.")]
pub(in crate::cli) struct Print {
    #[command(flatten)]
    which: Which,
    /// In which form.
    #[arg(long = "as", value_enum, default_value_t = Form::Html)]
    form: Form,
    /// Where it is written; standard output without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    store: Store,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A page for officials.
    Html,
    /// What stands on it, as the other side types it in.
    Json,
}

impl Print {
    pub(in crate::cli) fn run(self) -> Result<Exit> {
        let Which { voucher, receipt } = self.which;
        let line = json!({ "look": "page", "voucher": voucher.to_string(), "receipt": receipt });
        let page = self.store.say(&line)?;
        let text = match (self.store.json, self.form) {
            (true, _) => format!("{page}\n"),
            (false, Form::Html) => page["html"].as_str().unwrap_or_default().to_owned(),
            (false, Form::Json) => format!("{:#}\n", page["document"]),
        };
        match &self.out {
            None => std::io::stdout().lock().write_all(text.as_bytes())?,
            Some(path) => std::fs::write(path, text).map_err(|why| {
                Failure::file(format_args!("cannot write {}", path.display()), &why)
            })?,
        }
        Ok(Exit::Ok)
    }
}
