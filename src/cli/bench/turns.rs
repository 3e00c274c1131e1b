//! A load by turns, alone and beside others.

use anyhow::{Result, bail};

use super::Measured;
use super::load::Load;

/// How often a run with others beside it changes between alone and not alone, and back.
const ROUNDS: u64 = 4;

/// What a load did alone, and beside others.
pub(super) struct ByTurns {
    pub(super) alone: Measured,
    pub(super) beside: Measured,
}

/// Runs a load alone and beside others, by turns, so that what else changes meanwhile concerns both
/// alike. Others are started before their turn and stopped behind it.
pub(super) async fn by_turns<Running>(
    alone: &Load,
    beside: &Load,
    start: impl Fn() -> Result<Running>,
    mut stop: impl FnMut(Running) -> Result<()>,
    enough: impl Fn() -> bool,
) -> Result<ByTurns> {
    let mut sums: [Option<Measured>; 2] = [None, None];
    for turn in 0..2 * ROUNDS {
        let (load, running) = match turn % 2 == 0 {
            true => (alone, None),
            false => (beside, Some(start()?)),
        };
        let measured = Load { run: turn, ..load.clone() }.run(&enough).await?;
        if let Some(running) = running {
            stop(running)?;
        }
        match &mut sums[(turn % 2) as usize] {
            Some(sum) => sum.add(&measured)?,
            none => *none = Some(measured),
        }
    }
    let [Some(alone), Some(beside)] = sums else { bail!("there was no turn") };
    Ok(ByTurns { alone, beside })
}
