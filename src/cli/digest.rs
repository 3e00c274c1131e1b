//! `treasury digest`.

use std::io::Write;
use std::path::PathBuf;

use actors::limits::SHARDS_MAX;
use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{offline, show};
use crate::exit::Exit;
use crate::verification::{self, FoldError};

/// Print the digest of the state that a journal leads to.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury digest --data ./data
  treasury digest --data ./data --shards 8 --json

The digest is BLAKE3 over every quota, payment, limit and id at the position beside it. It is the
same on every copy of the journal, however many threads fold it.")]
pub(super) struct Digest {
    /// The data directory.
    #[arg(long, env = "TREASURY_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Fold with so many threads, each with the divisions of its share.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=SHARDS_MAX as i64))]
    shards: u16,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Digest {
    pub(super) fn run(self) -> Result<Exit> {
        let disk = offline::disk();
        let bar = show::bar();
        show::advance(&bar, 0, 0);
        let upto = verification::last_position(&disk, &self.data)?;
        let total = upto.sequence;
        let progress = &mut |done| show::advance(&bar, done, total);
        let folded = verification::fold_by(&disk, &self.data, upto, self.shards, progress);
        bar.finish_and_clear();
        let divisions = folded.map_err(FoldError::into_failure)?;
        let digest = blake3::Hash::from_bytes(actors::replay::digest(&divisions)).to_hex();
        let mut out = std::io::stdout().lock();
        if self.json {
            let position = verification::position_json(upto);
            let told = json!({
                "position": position, "digest": digest.as_str(), "shards": self.shards,
            });
            writeln!(out, "{told}")?;
        } else {
            writeln!(out, "{digest} at position {}", show::position(upto))?;
        }
        Ok(Exit::Ok)
    }
}
