//! `treasury verify`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::bench::grouped;
use super::show;
use crate::exit::Exit;
use crate::hex;
use crate::verification::{self, PARTY_RECORDS, Verification};

/// Check a journal offline: its chain, what follows from it, and every invariant.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury verify --data ./data
  treasury verify --data /mnt/backup/data --json
  treasury verify --data ./finance --with ./engine --with ./bank-102 --with ./central-bank

Of a party's directory (finance's store, a bank's, a central bank's) it says whose journal it
is, and checks its chain, that each record can be read, and its vouchers (I8): a payment is in
one of them, a sum is that of its payments, and no number is given twice. --with holds them
against the letters of those it exchanges them with, and finance's against the engine's payments.

Takes no lock and writes nothing, so a copy will do. Beside a running server, a group that is
just being written may be told as torn. Ends with 0 when all is well, 10 when the journal is
damaged, 11 when an invariant does not hold, 5 when there is no data set.")]
pub(super) struct Verify {
    /// The data directory.
    #[arg(long, env = "TREASURY_DATA", value_name = "DIR")]
    data: PathBuf,
    /// The directory of somebody it exchanges vouchers with, or of finance's engine: what both have is
    /// held against each other. Give one for each.
    #[arg(long, value_name = "DIR")]
    with: Vec<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let bar = show::bar();
        let found = verification::verify(&self.data, &self.with, &mut |done, total| {
            show::advance(&bar, done, total);
        });
        bar.finish_and_clear();
        let found = found?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", found.to_json())?;
        } else {
            print(&mut out, &found)?;
        }
        Ok(found.exit())
    }
}

fn print(out: &mut impl Write, found: &Verification) -> std::io::Result<()> {
    if let Some(journal) = &found.party {
        let whose = journal.party.map_or_else(|| "a party".to_owned(), |party| party.to_string());
        writeln!(
            out,
            "journal   of {whose}, a party of the exchange; its start folds what it says"
        )?;
        if let Some(root) = &journal.root {
            writeln!(out, "root      {}", hex::write(root))?;
        }
    }
    writeln!(out, "position  {}", show::position(found.position))?;
    writeln!(out, "records   {} in {} groups", grouped(found.records), grouped(found.groups))?;
    match found.digest_hex() {
        Some(digest) => writeln!(out, "digest    {digest}")?,
        None if found.party.is_some() => {}
        None => writeln!(out, "digest    none: the journal was not folded")?,
    }
    match found.torn {
        Some(cut) => writeln!(
            out,
            "end       torn: {} bytes from {} on were being written; a start cuts them off",
            grouped(cut.bytes),
            cut.place,
        )?,
        None if found.closed => writeln!(out, "end       closed in good order")?,
        None => writeln!(out, "end       open: the writer runs, or was ended without closing")?,
    }
    let mut invariants: Vec<_> = found.invariants.iter().collect();
    invariants.sort_unstable_by_key(|(name, _)| (name.starts_with('L'), name.len(), **name));
    for (name, finding) in invariants {
        let word = match finding.violations {
            0 => "holds".to_owned(),
            violations => format!("BROKEN {} times", grouped(violations)),
        };
        let checked = grouped(finding.checked);
        writeln!(out, "{name:<4}{:<12}  {word:<18}  {checked:>12} checked", meaning(name))?;
        for example in &finding.examples {
            writeln!(out, "      {example}")?;
        }
    }
    for damage in &found.damage {
        writeln!(out, "damage    {}: {}", damage.place, damage.what)?;
        writeln!(out, "          {}", damage.next_step)?;
    }
    writeln!(out, "{}", if found.is_good() { "good" } else { "NOT GOOD" })
}

/// What an invariant is about, in a word or two.
fn meaning(name: &str) -> &'static str {
    match name {
        "I1" => "sufficiency",
        "I2" => "conservation",
        "I3" => "exactly once",
        "I5" => "one fold",
        "I6" => "one chain",
        "I8" => "vouchers",
        "I10" => "two persons",
        "I11" => "budget first",
        "I13" => "no fact lost",
        "I14" => "one rulebook",
        PARTY_RECORDS => "readable",
        "L1" => "rows",
        "L2" => "edges",
        "L3" => "own level",
        "L4" => "virements",
        "L5" => "transfers",
        "L6" => "consolidated",
        "L7" => "years",
        "L8" => "plans",
        "L9" => "double entry",
        _ => "",
    }
}
