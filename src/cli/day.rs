//! The end of a day and differences, of finance's voucher store: `treasury day …`.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::day::Check;
use domain::ids::Day;
use domain::reconciliation::register::DifferenceId;
use serde_json::{Value, json};

use super::exchange::say;
use crate::exit::Exit;
use crate::party::{day_of, day_text};

/// End a business day (日终): its checklist, and differences (对账差异) with banks and the central bank.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day status 127.0.0.1:7009
  treasury day differences 127.0.0.1:7009
  treasury day close 127.0.0.1:7009 --day 2022-01-04 --person 7

ADDRESS is where finance's store hears people: `control` of what `treasury exchange serve` said.")]
pub(crate) struct Days {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show a day's checklist (日终检查): green, or what is open by name, with owner and age.
    Status(Status),
    /// Show how the statements of a month or a year stand (月对账、年对账): green, or what is due and what differs, by day.
    Month(Month),
    /// List open differences, each with its class, owner and age.
    Differences(Differences),
    /// Name the person in finance who sees to a difference (指派).
    Assign(Assign),
    /// Note a letter to the other side (发函). The difference stays open.
    Write(Write),
    /// The other side says in writing what we say, or withdraws its line (对方确认): it ends.
    Confirm(Confirm),
    /// Our books were corrected and say what they say (补记更正): it ends.
    Correct(Correct),
    /// Accept that both sides differ (双人认可): one person proposes it, a second one ends it.
    Accept(Accept),
    /// Carry what is open past closes as named items (列明结转): differences by number, everything else by item and name.
    Carry(Carry),
    /// Put on file how much a bank may have paid that is not cleared (垫付限额): one person proposes it, and it holds when
    /// a second one says the same.
    AgreeExposure(AgreeExposure),
    /// Close a day (日终). Refused while anything is open and not carried.
    Close(Close),
}

/// Where finance's store hears people, and how its answer is printed.
#[derive(Args)]
struct At {
    /// Where finance's store hears people.
    address: SocketAddr,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A difference, and who gives the order.
#[derive(Args)]
struct Which {
    #[command(flatten)]
    at: At,
    /// The difference as it is listed, like D12.
    difference: String,
    /// Who gives the order, by number.
    #[arg(long, value_name = "PERSON")]
    person: u64,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day status 127.0.0.1:7009
  treasury day status 127.0.0.1:7009 --day 2022-01-04 --chinese
  treasury day status 127.0.0.1:7009 --json")]
struct Status {
    #[command(flatten)]
    at: At,
    /// Which day; the business day of finance's store where none is given.
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    day: Option<Day>,
    /// Print in Chinese.
    #[arg(long)]
    chinese: bool,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day month 127.0.0.1:7009 2022-03
  treasury day month 127.0.0.1:7009 2022 --chinese
  treasury day month 127.0.0.1:7009 2022-03 --json")]
struct Month {
    #[command(flatten)]
    at: At,
    /// Which month, like 2022-03; or a year, like 2022.
    period: String,
    /// Print in Chinese.
    #[arg(long)]
    chinese: bool,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day differences 127.0.0.1:7009
  treasury day differences 127.0.0.1:7009 --json")]
struct Differences {
    #[command(flatten)]
    at: At,
    /// Print in Chinese.
    #[arg(long)]
    chinese: bool,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury day assign 127.0.0.1:7009 D12 --to 23 --person 7")]
struct Assign {
    #[command(flatten)]
    which: Which,
    /// Who sees to it, by number.
    #[arg(long, value_name = "PERSON")]
    to: u64,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury day write 127.0.0.1:7009 D12 --letter 鲁财库函7号 --person 23")]
struct Write {
    #[command(flatten)]
    which: Which,
    /// The letter's number.
    #[arg(long)]
    letter: String,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day confirm 127.0.0.1:7009 D12 --reference 回函3号 --amount 400.00 --person 23
  treasury day confirm 127.0.0.1:7009 D13 --reference 回函3号 --withdrawn --person 23")]
struct Confirm {
    #[command(flatten)]
    which: Which,
    /// The number of their paper.
    #[arg(long)]
    reference: String,
    /// The amount that the paper says, in yuan.
    #[arg(long, value_name = "YUAN", required_unless_present = "withdrawn")]
    amount: Option<String>,
    /// The state that the paper says: done, returned or pending.
    #[arg(long, default_value = "done")]
    state: String,
    /// The paper withdraws their line.
    #[arg(long, conflicts_with = "amount")]
    withdrawn: bool,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury day correct 127.0.0.1:7009 D12 --fact 补记回单102-0001 --person 23")]
struct Correct {
    #[command(flatten)]
    which: Which,
    /// The fact that was posted, or the correction's number.
    #[arg(long)]
    fact: String,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury day accept 127.0.0.1:7009 D12 --reason 银行未办理 --person 23")]
struct Accept {
    #[command(flatten)]
    which: Which,
    /// Why.
    #[arg(long)]
    reason: String,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day carry 127.0.0.1:7009 D12 --until 2022-01-10 --reason 待补回单 --person 23
  treasury day carry 127.0.0.1:7009 cleared 370000005-2022-2301-10200000001 \\
      --until 2022-01-10 --reason 库款不足 --person 23
  treasury day carry 127.0.0.1:7009 zero-balance bank:102 --until 2022-01-10 \\
      --reason 库款不足 --person 23

ITEM is an item of the checklist, as `--json` names it: answered, cleared, matched, refunds,
zero-balance, differences, suspense, exposure, collections. The cut-off and statements that are
due are not carried. NAME is what the checklist calls it, whether it is shown or not; a voucher's
number or an account's alone; or the name of a bank or a request, for everything of that. What is
carried is what is open now: what comes later or grows is open again, and so is all that is not
done when the day UNTIL comes to be closed.")]
struct Carry {
    #[command(flatten)]
    at: At,
    /// A difference, like D12; or an item of the checklist, like cleared.
    #[arg(value_name = "ITEM")]
    item: String,
    /// What of the item, by name.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The day whose close it blocks again.
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    until: Day,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Who gives the order, by number.
    #[arg(long, value_name = "PERSON")]
    person: u64,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury day agree-exposure 127.0.0.1:7009 bank:102 --amount 50000000.00 \\
      --agreement 鲁财库协3号 --person 7
  treasury day agree-exposure 127.0.0.1:7009 bank:102 --amount 50000000.00 \\
      --agreement 鲁财库协3号 --person 8
  treasury day agree-exposure 127.0.0.1:7009 bank:102 --withdrawn \\
      --agreement 鲁财库协9号 --person 7

Until a second person says the same bank, amount and agreement, what was agreed before holds. Whoever
says what holds takes the proposal back.")]
struct AgreeExposure {
    #[command(flatten)]
    at: At,
    /// The bank, as a party.
    #[arg(value_name = "BANK")]
    bank: String,
    /// How much it may have paid that is not cleared, in yuan.
    #[arg(long, value_name = "YUAN", required_unless_present = "withdrawn")]
    amount: Option<String>,
    /// Nothing is agreed with it any more.
    #[arg(long, conflicts_with = "amount")]
    withdrawn: bool,
    /// The agreement's number.
    #[arg(long)]
    agreement: String,
    /// Who says so, by number.
    #[arg(long, value_name = "PERSON")]
    person: u64,
}

#[derive(Args)]
#[command(after_help = "\
Example:
  treasury day close 127.0.0.1:7009 --day 2022-01-04 --person 7")]
struct Close {
    #[command(flatten)]
    at: At,
    /// Which day.
    #[arg(long, value_name = "DAY", value_parser = day_of)]
    day: Day,
    /// Who closes it, by number.
    #[arg(long, value_name = "PERSON")]
    person: u64,
}

impl Days {
    /// Runs it.
    pub(crate) fn run(self) -> Result<Exit> {
        match self.what {
            What::Status(status) => status.run(),
            What::Month(month) => month.run(),
            What::Differences(asked) => asked.run(),
            What::Assign(Assign { which, to }) => which.order("assign", json!({ "to": to })),
            What::Write(Write { which, letter }) => {
                which.order("write", json!({ "letter": letter }))
            }
            What::Confirm(Confirm { which, reference, amount, state, withdrawn }) => {
                let with = json!({
                    "reference": reference, "amount": amount, "state": state, "withdrawn": withdrawn,
                });
                which.order("confirm", with)
            }
            What::Correct(Correct { which, fact }) => {
                which.order("correct", json!({ "fact": fact }))
            }
            What::Accept(Accept { which, reason }) => which.accept(&reason),
            What::Carry(carry) => carry.run(),
            What::AgreeExposure(asked) => asked.run(),
            What::Close(Close { at, day, person }) => {
                let day = day_text(day);
                let done = format!("Day {day} is closed (已日终).");
                at.order("close-day", json!({ "day": day, "person": person }), &done)
            }
        }
    }
}

impl Status {
    fn run(self) -> Result<Exit> {
        let day = self.day.map(day_text);
        let seen = say(self.at.address, &json!({ "look": "day", "day": day }))?;
        self.at.print(seen, |seen| page(seen, self.chinese))?;
        Ok(Exit::Ok)
    }
}

impl Month {
    fn run(self) -> Result<Exit> {
        let seen = say(self.at.address, &json!({ "look": "period", "period": self.period }))?;
        self.at.print(seen, |seen| page(seen, self.chinese))?;
        Ok(Exit::Ok)
    }
}

impl Carry {
    fn run(self) -> Result<Exit> {
        let Carry { at, item, names, until, reason, person } = self;
        let mut order = json!({ "until": day_text(until), "reason": reason, "person": person });
        let done = match DifferenceId::parse(&item) {
            Some(_) if names.is_empty() => {
                order["difference"] = item.clone().into();
                item
            }
            Some(_) => {
                let all: Vec<String> = std::iter::once(item).chain(names).collect();
                let done = all.join(", ");
                order["item"] = Check::Differences.slug().into();
                order["names"] = all.into();
                done
            }
            None => {
                let done = format!("{item} {}", names.join(", "));
                order["item"] = item.into();
                order["names"] = names.into();
                done
            }
        };
        at.order("carry", order, &format!("{done}: done (已办理)."))
    }
}

impl AgreeExposure {
    fn run(self) -> Result<Exit> {
        let AgreeExposure { at, bank, amount, withdrawn, agreement, person } = self;
        let order = json!({
            "order": "agree-exposure", "bank": bank, "amount": amount, "withdrawn": withdrawn,
            "agreement": agreement, "person": person,
        });
        say(at.address, &order)?;
        let seen = say(at.address, &json!({ "look": "exposure", "bank": bank }))?;
        at.print(seen, |seen| {
            format!("{}\n", [false, true].map(|chinese| page(seen, chinese)).join("\n"))
        })?;
        Ok(Exit::Ok)
    }
}

impl Differences {
    fn run(self) -> Result<Exit> {
        let seen = say(self.at.address, &json!({ "look": "differences" }))?;
        self.at.print(seen, |seen| list(seen, self.chinese))?;
        Ok(Exit::Ok)
    }
}

impl Which {
    /// Accepts, and says whether a second person is wanted.
    fn accept(self, reason: &str) -> Result<Exit> {
        let order = json!({
            "order": "accept", "difference": self.difference, "person": self.person, "reason": reason,
        });
        let answer = say(self.at.address, &order)?;
        let seen = say(self.at.address, &json!({ "look": "differences" }))?;
        let mut all = seen["differences"].as_array().into_iter().flatten();
        let waits = all
            .any(|one| one["difference"] == self.difference.as_str() && !one["proposed"].is_null());
        let told = match waits {
            true => format!(
                "{}: proposed; it ends when a second person accepts it (已提出，待第二人认可).\n",
                self.difference
            ),
            false => format!("{}: done (已办理).\n", self.difference),
        };
        self.at.print(answer, |_| told)?;
        Ok(Exit::Ok)
    }

    fn order(self, name: &str, mut with: Value) -> Result<Exit> {
        with["difference"] = self.difference.clone().into();
        with["person"] = self.person.into();
        self.at.order(name, with, &format!("{}: done (已办理).", self.difference))
    }
}

impl At {
    fn order(&self, name: &str, mut with: Value, done: &str) -> Result<Exit> {
        with["order"] = name.into();
        let answer = say(self.address, &with)?;
        self.print(answer, |_| format!("{done}\n"))?;
        Ok(Exit::Ok)
    }

    fn print(&self, answer: Value, told: impl FnOnce(&Value) -> String) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match self.json {
            true => writeln!(out, "{answer:#}")?,
            false => write!(out, "{}", told(&answer))?,
        }
        Ok(())
    }
}

/// A day's checklist as people read it.
fn page(seen: &Value, chinese: bool) -> String {
    seen[if chinese { "chinese" } else { "english" }].as_str().unwrap_or_default().to_owned()
}

/// Open differences as people read them, one in a line.
fn list(seen: &Value, chinese: bool) -> String {
    let all = seen["differences"].as_array().map_or(&[][..], Vec::as_slice);
    if all.is_empty() {
        let none = if chinese { "无未结差异。\n" } else { "No difference is open.\n" };
        return none.to_owned();
    }
    let line = |one: &Value| format!("{}\n", page(one, chinese));
    all.iter().map(line).collect()
}
