//! What people do about a voucher: each is an order to the party's store, under the name of whoever gives it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use domain::voucher::Party;
use serde_json::{Value, json};

use super::{Store, Which};
use crate::exit::{Exit, Failure};

/// Take what was set aside.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher release finance:370000000 17 --by 王芳 --exchange 127.0.0.1:7010

`treasury voucher list --state set-aside` shows what was set aside, why, and its entry. It is looked at
again as if it had just come; what is still not good stays where it is.")]
pub(super) struct Release {
    /// From whom it came.
    from: Party,
    /// Its entry in the inbox.
    entry: u32,
    /// Who releases it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    #[command(flatten)]
    store: Store,
}

impl Release {
    pub(super) fn run(self) -> Result<Exit> {
        let Release { from, entry, by, store } = self;
        let line =
            json!({ "order": "release", "from": from.to_string(), "entry": entry, "by": by });
        store.order(&line, &format!("letter {entry} from {from} is taken"))
    }
}

/// Do not take what was set aside.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher dismiss finance:370000000 17 --by 王芳 --reason 无法识别 \\
    --exchange 127.0.0.1:7010")]
pub(super) struct Dismiss {
    /// From whom it came.
    from: Party,
    /// Its entry in the inbox.
    entry: u32,
    /// Who dismisses it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Why; its sender is told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: Store,
}

impl Dismiss {
    pub(super) fn run(self) -> Result<Exit> {
        let Dismiss { from, entry, by, reason, store } = self;
        let line = json!({
            "order": "dismiss", "from": from.to_string(), "entry": entry, "by": by, "reason": reason,
        });
        store.order(&line, &format!("letter {entry} from {from} is not taken; {from} is told"))
    }
}

/// Void a voucher that never left.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher void 370000000-2022-8202-0000000001 --by 王芳 --reason 重复开具 \\
    --exchange 127.0.0.1:7009

Its number is at an end and is never given again. One that may have left is refused: ask it back.")]
pub(super) struct Void {
    #[command(flatten)]
    which: Which,
    /// Whom it is for; needed only where it went to several.
    #[arg(long, value_name = "PARTY")]
    to: Option<Party>,
    /// Who voids it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: Store,
}

impl Void {
    pub(super) fn run(self) -> Result<Exit> {
        let mut line = about("void", &self.store, &self.which, self.to)?;
        (line["by"], line["reason"]) = (self.by.into(), self.reason.into());
        self.store.order(&line, &format!("{} is void; it never left", self.which.voucher))
    }
}

/// Ask a voucher back that has left.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher ask-back 370000000-2022-8202-0000000001 --by 王芳 --exchange 127.0.0.1:7009

The other side decides: what it has taken stays there. `treasury voucher show` has its answer.")]
pub(super) struct AskBack {
    #[command(flatten)]
    which: Which,
    /// Who has it; needed only where it went to several.
    #[arg(long, value_name = "PARTY")]
    to: Option<Party>,
    /// Who asks.
    #[arg(long, value_name = "PERSON")]
    by: String,
    #[command(flatten)]
    store: Store,
}

impl AskBack {
    pub(super) fn run(self) -> Result<Exit> {
        let mut line = about("ask-back", &self.store, &self.which, self.to)?;
        line["by"] = self.by.into();
        self.store.order(&line, &format!("{} is asked back", self.which.voucher))
    }
}

/// Ask the other side where a voucher stands.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher ask-status 370000000-2022-8202-0000000001 --exchange 127.0.0.1:7009

`treasury voucher show` has the answer when it came.")]
pub(super) struct AskStatus {
    #[command(flatten)]
    which: Which,
    /// Who is asked; needed only where it went to several.
    #[arg(long, value_name = "PARTY")]
    to: Option<Party>,
    #[command(flatten)]
    store: Store,
}

impl AskStatus {
    pub(super) fn run(self) -> Result<Exit> {
        let line = about("ask-status", &self.store, &self.which, self.to)?;
        self.store.order(&line, &format!("{} is asked after", self.which.voucher))
    }
}

/// Seal a voucher anew that stopped.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher seal-again bank:102 17 --by 王芳 --exchange 127.0.0.1:7009

`treasury voucher list --state stopped` shows what stopped, why, and its entry.")]
pub(super) struct SealAgain {
    /// Whom it is for.
    to: Party,
    /// Its entry in the outbox.
    entry: u32,
    /// Who has it sealed.
    #[arg(long, value_name = "PERSON")]
    by: String,
    #[command(flatten)]
    store: Store,
}

impl SealAgain {
    pub(super) fn run(self) -> Result<Exit> {
        let SealAgain { to, entry, by, store } = self;
        let line = json!({ "order": "seal-again", "to": to.to_string(), "entry": entry, "by": by });
        store.order(&line, &format!("letter {entry} to {to} is sealed anew and waits"))
    }
}

/// Give up a voucher that stopped.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher give-up bank:102 17 --by 王芳 --reason 银行证书已吊销 --exchange 127.0.0.1:7009

The payments on it are as if the bank had sent it back. Only for what is known not to be paid.")]
pub(super) struct GiveUp {
    /// Whom it is for.
    to: Party,
    /// Its entry in the outbox.
    entry: u32,
    /// Who gives it up.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: Store,
}

impl GiveUp {
    pub(super) fn run(self) -> Result<Exit> {
        let GiveUp { to, entry, by, reason, store } = self;
        let line = json!({
            "order": "give-up", "to": to.to_string(), "entry": entry, "by": by, "reason": reason,
        });
        store.order(&line, &format!("letter {entry} to {to} is given up"))
    }
}

/// Two persons who vouch for what goes by paper, both authorised before.
#[derive(Args)]
struct TwoPersons {
    /// The person who does it.
    #[arg(long, value_name = "PERSON")]
    by: String,
    /// A second, different person who vouches for it.
    #[arg(long, value_name = "PERSON")]
    and: String,
}

impl TwoPersons {
    fn told(&self) -> Value {
        json!([self.by, self.and])
    }
}

/// Send a voucher by paper that waits.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher paper-send 370000000-2022-8202-0000000001 --by 王芳 --and 李强 \\
    --reason 两条线路中断 --exchange 127.0.0.1:7009

It keeps its place in the outbox, and crosses the line when there is one; the other side matches it by
its number. `treasury voucher print` makes the page.")]
pub(super) struct PaperSend {
    #[command(flatten)]
    which: Which,
    /// Whom it is for; needed only where it went to several.
    #[arg(long, value_name = "PARTY")]
    to: Option<Party>,
    #[command(flatten)]
    persons: TwoPersons,
    /// Why it cannot wait.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: Store,
}

impl PaperSend {
    pub(super) fn run(self) -> Result<Exit> {
        let mut line = about("paper-send", &self.store, &self.which, self.to)?;
        (line["persons"], line["reason"]) = (self.persons.told(), self.reason.into());
        let key = self.which.voucher;
        self.store.order(&line, &format!("{key} goes by paper; `treasury voucher print` makes it"))
    }
}

/// Take a voucher that came by paper.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher paper-take finance:370000000 voucher.json --by 赵敏 --and 孙浩 \\
    --exchange 127.0.0.1:7010

The file has the voucher as it was typed in, in the form of `treasury voucher print --as json`. When the
electronic voucher comes, it is found under its number, and nothing is done twice.")]
pub(super) struct PaperTake {
    /// From whom it came.
    from: Party,
    /// What was typed in.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    persons: TwoPersons,
    #[command(flatten)]
    store: Store,
}

impl PaperTake {
    pub(super) fn run(self) -> Result<Exit> {
        let name = self.file.display().to_string();
        let line = json!({
            "order": "paper-take",
            "from": self.from.to_string(),
            "document": typed(&self.file)?,
            "persons": self.persons.told(),
        });
        self.store.order(&line, &format!("what {name} says is taken from {}", self.from))
    }
}

/// Send a voucher back that came by paper.
#[derive(Args)]
#[command(after_help = "\
Example:
  treasury voucher paper-return finance:370000000 voucher.json --by 赵敏 --and 孙浩 \\
    --reason 账号与户名不符 --exchange 127.0.0.1:7010

Its number is at an end here: whatever comes under it later, on paper or on a line, is not paid. The
sender is told, and may pay what was on it by another voucher. One whose electronic voucher was
taken is refused.")]
pub(super) struct PaperReturn {
    /// From whom it came.
    from: Party,
    /// What was typed in.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    persons: TwoPersons,
    /// Why; its sender is told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    store: Store,
}

impl PaperReturn {
    pub(super) fn run(self) -> Result<Exit> {
        let name = self.file.display().to_string();
        let line = json!({
            "order": "paper-return",
            "from": self.from.to_string(),
            "document": typed(&self.file)?,
            "persons": self.persons.told(),
            "reason": self.reason,
        });
        self.store.order(&line, &format!("what {name} says is sent back to {}", self.from))
    }
}

/// A voucher that was typed in, as the store wants it.
fn typed(file: &Path) -> Result<Value> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|why| Failure::file(format_args!("cannot read {name}"), &why))?;
    // Read as strictly as the store reads it: a name that stands twice is not let through.
    let voucher = exchange::json::read(text.as_bytes())
        .map_err(|why| Failure::usage(format!("{name} is no voucher: {why}")))?;
    Ok(serde_json::from_str(&exchange::json::write(&voucher)?)?)
}

/// Let a person vouch for paper vouchers, or no longer.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury voucher authorise 王芳 --by 处长 --exchange 127.0.0.1:7009
  treasury voucher authorise 王芳 --no-longer --by 处长 --exchange 127.0.0.1:7009
  treasury voucher authorise --exchange 127.0.0.1:7009

Without a person it lists who may.")]
pub(super) struct Authorise {
    /// Who.
    #[arg(requires = "by")]
    person: Option<String>,
    /// By whose word: another person's.
    #[arg(long, value_name = "PERSON", requires = "person")]
    by: Option<String>,
    /// They may no longer.
    #[arg(long, requires = "person")]
    no_longer: bool,
    #[command(flatten)]
    store: Store,
}

impl Authorise {
    pub(super) fn run(self) -> Result<Exit> {
        let (Some(person), Some(by)) = (self.person, self.by) else {
            return list_authorised(&self.store);
        };
        let line =
            json!({ "order": "authorise", "person": person, "may": !self.no_longer, "by": by });
        let may = if self.no_longer { "may no longer" } else { "may" };
        self.store.order(&line, &format!("{person} {may} vouch for paper vouchers"))
    }
}

fn list_authorised(store: &Store) -> Result<Exit> {
    let seen = store.say(&json!({ "look": "authorised" }))?;
    if store.json {
        writeln!(std::io::stdout(), "{seen}")?;
        return Ok(Exit::Ok);
    }
    for person in seen["authorised"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        writeln!(std::io::stdout(), "{person}")?;
    }
    Ok(Exit::Ok)
}

/// An order about a voucher of this party.
fn about(order: &str, store: &Store, which: &Which, to: Option<Party>) -> Result<Value> {
    let to = store.receiver(which, to)?;
    Ok(json!({
        "order": order,
        "to": to.to_string(),
        "voucher": which.voucher.to_string(),
        "receipt": which.receipt,
    }))
}
