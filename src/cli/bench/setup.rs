//! Divisions, a year, and quotas with plenty on them.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use domain::codes::{ActKind, LimitKind, Role, YearState};
use domain::command::{Act, Body, By, Command, Register, SetLimit, SetYear};
use domain::ids::{
    ActId, BatchId, ChannelId, ContractId, DivisionIndex, FiscalYear, LimitKey, PersonId, QuotaId,
};
use domain::{Code, Fen};
use protocol::{CommandsBuilder, Flags};

use crate::plain;
use crate::wire::{Asked, Wire};

/// Divisions that keep their own treasury.
const DIVISIONS: u16 = 185;

/// The year of every quota.
pub(super) const YEAR: u16 = 2022;

/// What each quota holds, in fen: more than any run takes from it.
const ISSUED_FEN: i64 = 9_000_000_000_000_000;

/// Up to what a payment goes in one act, in fen: more than any of a run.
const CEILING_FEN: i64 = 100_000_000;

/// Makes `count` quotas over 185 divisions and gives their ids; where payments go in one act, with
/// the ceiling that approves them.
pub(super) async fn quotas(address: SocketAddr, count: u32, one_act: bool) -> Result<Vec<QuotaId>> {
    let year = FiscalYear::new(YEAR).expect("a year that an id can name");
    let mut operator = Wire::connect(address, Role::Operator).await?;
    let divisions = u32::from(DIVISIONS).min(count.max(1)) as u16;
    let mut batch = Batch::default();
    for index in 0..divisions {
        let (division, code) = (DivisionIndex(index), format!("37{index:04}000"));
        let code = code.as_bytes().try_into()?;
        let parent = DivisionIndex::PROVINCE;
        let name = "区划";
        batch
            .add(
                &mut operator,
                Role::Operator,
                Body::Register(Register { division, code, parent, name }),
            )
            .await?;
        let act = ActId(1 + u128::from(index));
        let state = YearState::Open;
        batch
            .add(
                &mut operator,
                Role::Operator,
                Body::SetYear(SetYear { act, division, year, state }),
            )
            .await?;
    }
    batch.send(&mut operator).await?;
    let mut finance = Wire::connect(address, Role::Finance).await?;
    if one_act {
        for index in 0..divisions {
            let limit = SetLimit {
                act: ActId(1 << 42 | u128::from(index)),
                division: DivisionIndex(index),
                year,
                kind: LimitKind::PayCeiling,
                key: LimitKey(0),
                month: 0,
                amount_fen: Fen::new(CEILING_FEN),
                checker: PersonId(2),
            };
            batch.add(&mut finance, Role::Finance, Body::SetLimit(limit)).await?;
        }
    }
    let mut quotas = Vec::with_capacity(count as usize);
    for number in 0..count {
        let division = DivisionIndex((number % u32::from(divisions)) as u16);
        let quota = QuotaId::new(division, year, u64::from(number / u32::from(divisions)));
        quotas.push(quota);
        let key = format!("bench {number}");
        let act = ActId(u128::from(number) << 8 | 1 << 40);
        let create = plain::quota(act, division, year, &key);
        batch.add(&mut finance, Role::Finance, Body::Create(create)).await?;
        let issue = Act {
            kind: ActKind::Issue,
            act: ActId(u128::from(number) << 8 | 1 << 41),
            quota,
            amount_fen: Fen::new(ISSUED_FEN),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        batch.add(&mut finance, Role::Finance, Body::Act(issue)).await?;
    }
    batch.send(&mut finance).await?;
    Ok(quotas)
}

/// Collects commands into full frames, and checks that each is accepted.
#[derive(Default)]
struct Batch {
    builder: CommandsBuilder,
}

impl Batch {
    async fn add(&mut self, wire: &mut Wire, role: Role, body: Body<'_>) -> Result<()> {
        let by = By { person: PersonId(1), role, channel: ChannelId(1) };
        let command = Command { by, body };
        if self.builder.push(&command, Flags::default()).is_err() {
            self.send(wire).await?;
            self.builder.push(&command, Flags::default())?;
        }
        Ok(())
    }

    async fn send(&mut self, wire: &mut Wire) -> Result<()> {
        if self.builder.count() == 0 {
            return Ok(());
        }
        // One frame at a time is never more than a fresh server takes.
        let Asked::Answered(results) = wire.commands(&mut self.builder).await? else {
            bail!("the server is busy before the run has begun");
        };
        for result in results {
            ensure!(result.code == Code::Accepted, "setting up: {}", result.code);
        }
        Ok(())
    }
}
