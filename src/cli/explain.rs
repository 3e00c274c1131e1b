//! `treasury explain CODE`.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::Code;
use domain::voucher::Unfit;
use serde_json::json;

use super::generate;
use crate::exit::{Exit, Failure};

/// Say what an answer code means, or what is wrong with a voucher (6001 and on), in English and Chinese.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  treasury explain 1002\n  treasury explain over-quota --json\n  treasury explain all\n  treasury explain --all --out docs/errors"
)]
pub(super) struct Explain {
    /// The number or name, or `all` for every answer code.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    code: Option<String>,
    /// Every code.
    #[arg(long)]
    all: bool,
    /// Write a page in Markdown for each code to this directory, with an index.
    #[arg(long, value_name = "DIR", requires = "all", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print JSON, one object a line.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        if let Some(directory) = &self.out {
            let pages = write_pages(directory)?;
            writeln!(out, "wrote {pages} pages to {}", directory.display())?;
            return Ok(Exit::Ok);
        }
        if let Some(unfit) = self.unfit() {
            return self.tell_unfit(unfit, &mut out);
        }
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

    /// What is wrong with a voucher, where the number or name is one of those.
    fn unfit(&self) -> Option<Unfit> {
        let asked = self.code.as_deref()?;
        let wanted = |unfit: &&Unfit| unfit.slug() == asked || unfit.number().to_string() == asked;
        Unfit::ALL.iter().find(wanted).copied()
    }

    fn tell_unfit(&self, unfit: Unfit, out: &mut impl Write) -> anyhow::Result<Exit> {
        let (number, slug) = (unfit.number(), unfit.slug());
        let (english, chinese, next) = (unfit.english(), unfit.chinese(), unfit.next_step());
        match self.json {
            true => {
                let told = json!({
                    "unfit": number, "name": slug, "english": english, "chinese": chinese, "next": next,
                });
                writeln!(out, "{told}")?;
            }
            false => writeln!(out, "{number} {slug}\n  {english}\n  {chinese}\n  next: {next}")?,
        }
        Ok(Exit::Ok)
    }

    fn codes(&self) -> anyhow::Result<Vec<Code>> {
        let Some(asked) = self.code.as_deref().filter(|&asked| asked != "all") else {
            return Ok(Code::ALL.to_vec());
        };
        let wanted = |code: &&Code| code.slug() == asked || code.number().to_string() == asked;
        let found = Code::ALL.iter().find(wanted).copied();
        let unknown = || anyhow::anyhow!("no code {asked:?}; `treasury explain all` lists them");
        Ok(vec![found.ok_or_else(|| Failure::new(Exit::Usage, unknown()))?])
    }
}

/// Writes a page for each code and one that lists them. Pages of codes that are no more are not
/// touched: numbers are never reused, so there are none.
fn write_pages(directory: &Path) -> anyhow::Result<usize> {
    generate::make(directory)?;
    let mut index = String::from(
        "# Answer codes, a page each\n\nWritten by `treasury explain --all --out docs/errors`. All \
         in one table, with what the numbers have in common: [refusals](../refusals.md).\n\n\
         | number | name | 中文 |\n| --: | --- | --- |\n",
    );
    for &code in Code::ALL {
        let (number, name) = (code.number(), code.slug());
        let _ = writeln!(index, "| {number} | [`{name}`]({number}.md) | {} |", code.chinese());
        generate::write(&directory.join(format!("{number}.md")), page(code).as_bytes())?;
    }
    generate::write(&directory.join("index.md"), index.as_bytes())?;
    Ok(Code::ALL.len() + 1)
}

fn page(code: Code) -> String {
    let (number, name, retry) = (code.number(), code.slug(), code.retry().slug());
    format!(
        "# {number} `{name}`\n\n\
         | | |\n| --- | --- |\n\
         | English | {} |\n\
         | 中文 | {} |\n\
         | what it is | {} |\n\
         | the id | `{retry}`: {} |\n\
         | next step | {} |\n\n\
         [All codes](index.md) · [how refusals work](../refusals.md) · `treasury explain {number}`\n",
        code.english(),
        code.chinese(),
        family(number),
        id_rule(code),
        code.next_step(),
    )
}

/// What codes of a number have in common.
fn family(number: u16) -> &'static str {
    match number {
        0..100 => "taken: done, or safely on record",
        100..1000 => {
            "turned away before it was decided: no trace in the journal, and no id has ended"
        }
        1000..3000 => "a quota, a plan, a rule or a year does not allow it",
        3000..3100 => "the payment does not allow it",
        3100..4000 => "why a reported fact was parked (挂账)",
        _ => "an order on quotas, moves, batches, limits or years is not allowed",
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
