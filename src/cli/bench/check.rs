//! Whether the server's quotas say what was reserved: a figure for work done wrong means nothing.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use domain::codes::Role;
use domain::ids::QuotaId;
use protocol::limits::LOOK_UPS_PER_FRAME_MAX;
use protocol::lookup::{Answer, LookUp};

use crate::wire::{Asked, Wire};

/// What a load reserved: every reservation that was answered `accepted`, warming up included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reserved {
    pub(super) payments: u64,
    pub(super) fen: i64,
}

impl Reserved {
    /// Adds what another load reserved on the same quotas.
    pub(super) fn add(&mut self, more: Reserved) {
        self.payments += more.payments;
        self.fen += more.fen;
    }
}

/// Looks up every quota: together they hold what was reserved (or, when all of it was reported
/// paid, what was paid) and not a fen more, and none is overdrawn.
pub(super) async fn check(
    address: SocketAddr,
    quotas: &[QuotaId],
    sent: Reserved,
    paid: bool,
) -> Result<()> {
    let mut wire = Wire::connect(address, Role::Maker).await?;
    let mut held = Reserved::default();
    for some in quotas.chunks(LOOK_UPS_PER_FRAME_MAX) {
        let look_ups: Vec<LookUp> = some.iter().map(|quota| LookUp::Quota(*quota)).collect();
        let Asked::Answered(answers) = wire.look_ups(&look_ups).await? else {
            bail!("the server is busy although the load is over");
        };
        ensure!(
            answers.len() == some.len(),
            "{} answers to {} look-ups",
            answers.len(),
            some.len()
        );
        for answer in answers {
            let Answer::Quota(view) = answer else {
                bail!("a look-up of a quota was answered {}", answer.code());
            };
            let left = view.buckets.available();
            ensure!(left >= 0, "quota {} is overdrawn: {left} fen are available", view.quota);
            held.payments += u64::from(view.open_payments);
            held.fen += if paid { view.buckets.paid } else { view.buckets.reserved };
            ensure!(!paid || view.buckets.reserved == 0, "quota {} waits for receipts", view.quota);
        }
    }
    // What is paid counts as open no more: then the sum alone tells.
    let sent = if paid { Reserved { payments: 0, ..sent } } else { sent };
    ensure!(
        held == sent,
        "{} payments of {} fen were accepted, the quotas hold {} of {} fen",
        sent.payments,
        sent.fen,
        held.payments,
        held.fen
    );
    Ok(())
}
