//! `treasury explain CODE`.

use std::io::Write;

use clap::Args;
use domain::Code;
use serde_json::json;

use crate::exit::{Exit, Failure};

/// Say what an answer code means, in English and Chinese.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  treasury explain 1002\n  treasury explain over-quota --json\n  treasury explain all"
)]
pub(super) struct Explain {
    /// The code's number or name, or `all`.
    code: String,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        for code in self.codes()? {
            if self.json {
                let told = json!({
                    "code": code.number(), "name": code.slug(), "retry": code.retry().slug(),
                    "english": code.english(), "chinese": code.chinese(), "next": code.next_step(),
                });
                writeln!(out, "{told}")?;
            } else {
                writeln!(
                    out,
                    "{code}\n  {}\n  {}\n  next: {}\n  the id: {}",
                    code.english(),
                    code.chinese(),
                    code.next_step(),
                    id_rule(code)
                )?;
            }
        }
        Ok(Exit::Ok)
    }

    fn codes(&self) -> anyhow::Result<Vec<Code>> {
        if self.code == "all" {
            return Ok(Code::ALL.to_vec());
        }
        let wanted =
            |code: &&Code| code.slug() == self.code || code.number().to_string() == self.code;
        let found = Code::ALL.iter().find(wanted).copied();
        let unknown =
            || anyhow::anyhow!("no code {:?}; `treasury explain all` lists them", self.code);
        Ok(vec![found.ok_or_else(|| Failure::new(Exit::Usage, unknown()))?])
    }
}

fn id_rule(code: Code) -> &'static str {
    use domain::refusal::Retry;
    match code.retry() {
        Retry::Done => "done: nothing to send",
        Retry::SameId => "send the same command again with the same id",
        Retry::NewId => "this id is ended where it was refused; a new try needs a new id",
        Retry::Ask => "ask for the outcome by id first",
        Retry::Never => "do not send this again as it is",
    }
}
