//! What stands between the papers of a division: limits, earmarks, orders by hand, a quota's closing.
//!
//! Each stage is one loop over the division's quotas, so that waves can be cut anywhere between two
//! quotas; those of papers are in `office`.

use domain::ids::{ActId, BatchId, ContractId, DivisionIndex, LimitKey, MoveId, QuotaId};
use domain::money::Fen;
use xxhash_rust::xxh3::xxh3_128;

use crate::classes::{Fund, Line, OF_GOVERNMENT_FUNDS, UNLISTED, UNMAPPED, class};
use crate::command::{
    Act, ActKind, Body, CloseBatch, Command, Create, LimitKind, Move, MoveKind, OpenBatch, Role,
    SetLimit, Tail,
};
use crate::divisions::DIVISIONS;
use crate::plan::YEAR;
use crate::stream::Wave;

use super::Run;
use super::people::{Post, Space, id, person};

/// A stage of what comes before January's payments, or between those and February's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Quotas that cannot be, by hand, before the division is under control.
    Vain,
    /// Card, units and posts.
    BaseData,
    /// Control rules: the province's own, and below it what it has set.
    Rules,
    /// Projects come into the library.
    Projects,
    /// Two ups, two downs, and before the congress.
    Budget,
    /// The ceiling and the payment plans.
    Limits,
    /// Quotas before the approval, within their caps.
    EarlyQuotas,
    /// Contracts are registered.
    Contracts,
    /// Budget is set aside for them.
    Earmarks,
    /// Orders by hand that need a document.
    ByHand,
    /// The congress approves, finance replies, and the reply takes the place of what was before.
    Reply,
    /// Money goes down to new rows.
    HandDown,
    /// Some goes up or across.
    Across,
    /// Budget is set aside for contracts of what was handed down.
    LateEarmarks,
    /// A quota that has nothing any more is closed.
    Closing,
}

/// Every stage, in order.
pub(crate) const STAGES: [Stage; 15] = [
    Stage::Vain,
    Stage::BaseData,
    Stage::Rules,
    Stage::Projects,
    Stage::Budget,
    Stage::Limits,
    Stage::EarlyQuotas,
    Stage::Contracts,
    Stage::Earmarks,
    Stage::ByHand,
    Stage::Reply,
    Stage::HandDown,
    Stage::Across,
    Stage::LateEarmarks,
    Stage::Closing,
];

/// The first stage after January.
pub(crate) const CONGRESS: usize = Stage::Reply as usize;

impl Stage {
    /// True where the office files papers, and waits for what comes of them.
    pub(crate) fn is_of_office(self) -> bool {
        use Stage as S;
        matches!(
            self,
            S::BaseData
                | S::Rules
                | S::Projects
                | S::Budget
                | S::EarlyQuotas
                | S::Contracts
                | S::Reply
                | S::HandDown
                | S::Across
        )
    }
}

/// Ids of the set-up: each stage has its own numbers.
fn number(stage: u64, serial: u32) -> u64 {
    stage << 40 | u64::from(serial)
}

impl Run {
    /// The commands of a stage for one quota.
    pub(crate) fn set_up(&mut self, stage: Stage, serial: u32, wave: &mut Wave) {
        match stage {
            Stage::Vain if serial == 0 => self.vain(wave),
            Stage::Limits => self.limits(serial, wave),
            Stage::Earmarks if self.division().is_early(serial) => self.earmark(serial, wave),
            Stage::ByHand if serial == 0 => self.by_hand(wave),
            Stage::LateEarmarks if !self.division().is_early(serial) => self.earmark(serial, wave),
            Stage::Closing if self.division().shut() == Some(serial) => {
                let act = self.set_up_act(number(8, serial));
                let act = self.act(ActKind::Close, act, self.division().quota(serial), 0);
                self.send_twice(wave, self.officer(Body::Act(act), Tail::Fixed("项目已取消")));
            }
            _ => {}
        }
    }

    fn officer(&self, body: Body, tail: Tail) -> Command {
        self.command(Role::Finance, Post::Officer, 0, body, tail)
    }

    pub(super) fn set_up_act(&self, number: u64) -> ActId {
        ActId(id(self.division().key, Space::Setup, number))
    }

    fn limit(&self, number: u64, kind: LimitKind, key: LimitKey, month: u8, fen: i64) -> Command {
        let body = Body::SetLimit(SetLimit {
            act: self.set_up_act(number),
            division: self.index(),
            year: YEAR,
            kind,
            key,
            month,
            amount: Fen::new(fen),
            checker: person(self.index(), Post::SecondOfficer, 0),
        });
        self.officer(body, Tail::None)
    }

    fn limits(&mut self, serial: u32, wave: &mut Wave) {
        if serial == 0 {
            let fen = self.plan.spec.shape.one_act_ceiling.get();
            let ceiling = self.limit(number(1, 0), LimitKind::Ceiling, LimitKey(0), 0, fen);
            self.send_twice(wave, ceiling);
        }
        let division = self.division();
        let (mut january, mut february) = (0, 0);
        for member in division.plan_members(serial) {
            let quota = &division.quotas[member as usize];
            january += quota.need_january + division.margin(member);
            february += quota.need - quota.need_january + division.margin(member);
        }
        if january == 0 {
            return;
        }
        let key = division.plan_key(serial);
        for (month, fen) in [(1, january), (2, february)] {
            let number = number(1 + u64::from(month), serial);
            let limit = self.limit(number, LimitKind::PlanMonth, key, month, fen);
            self.send(wave, limit);
        }
    }

    /// In every fourth division quotas are asked for that name what does not exist.
    fn vain(&mut self, wave: &mut Wave) {
        if !self.at.is_multiple_of(4) {
            return;
        }
        let line = self.division().line(0);
        let mut orphan = self.creation(number(6, 0), line, Fund::General);
        let mut unplanned = self.creation(number(7, 0), line, Fund::General);
        if let (Body::Create(orphan), Body::Create(unplanned)) =
            (&mut orphan.body, &mut unplanned.body)
        {
            orphan.parent = self.division().quota(1 << 30);
            unplanned.plan = LimitKey(u64::MAX);
        }
        orphan.tail = Tail::Text("无上级指标".into());
        unplanned.tail = Tail::Text("无用款计划".into());
        self.send(wave, orphan);
        self.send(wave, unplanned);
        for (place, line) in (1..).zip([&OF_GOVERNMENT_FUNDS, &UNMAPPED, &UNLISTED]) {
            let vain = self.creation(number(5, place), line, Fund::General);
            self.send_twice(wave, vain);
        }
    }

    /// A quota by hand, with this line of elements.
    fn creation(&self, number: u64, line: &Line, fund: Fund) -> Command {
        let (functional, government, economic) = (line.functional, line.government, line.economic);
        let place = self.plan.places[self.at].code_text();
        let fund = fund.code();
        let key = format!("{place}/100/{functional}/{government}/{economic}/{fund}/PF/{number}");
        let body = Body::Create(Create {
            act: self.set_up_act(number),
            division: self.index(),
            year: YEAR,
            parent: QuotaId::NONE,
            fund: class(fund),
            economic: class(economic),
            posts: 1,
            executable: true,
            plan: LimitKey(0),
            cap: Fen::ZERO,
        });
        self.officer(body, Tail::Text(key.into()))
    }

    pub(super) fn act(&self, kind: ActKind, act: ActId, quota: QuotaId, fen: i64) -> Act {
        Act {
            kind,
            act,
            quota,
            amount: Fen::new(fen),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
        }
    }

    /// What a quota's contract is for, in fen: what is paid under it, and room for what is returned.
    pub(super) fn contracted(&self, serial: u32) -> i64 {
        let division = self.division();
        let payments = division.quotas[serial as usize].payments;
        let under = (0..payments).filter(|&index| division.is_contracted(serial, index));
        let need: i64 = under.map(|index| self.plan.amount(division, serial, index)).sum();
        need + division.margin(serial)
    }

    fn earmark(&mut self, serial: u32, wave: &mut Wave) {
        let contract = self.division().contract(serial);
        if !contract.is_some() {
            return;
        }
        let (id, quota) = (self.set_up_act(number(10, serial)), self.division().quota(serial));
        let note = Tail::Fixed("政府采购合同备案");
        let fen = self.contracted(serial);
        let earmark = Act { contract, ..self.act(ActKind::Earmark, id, quota, fen) };
        self.send(wave, self.officer(Body::Act(earmark), note.clone()));
        if serial.is_multiple_of(4) {
            let id = self.set_up_act(number(12, serial));
            let more = Act { contract, ..self.act(ActKind::Unearmark, id, quota, fen + 1) };
            self.send_twice(wave, self.officer(Body::Act(more), note));
        }
    }

    /// What changes quotas needs a document now: by hand all of it is refused, and a batch of such acts
    /// is dropped with the first of them.
    fn by_hand(&mut self, wave: &mut Wave) {
        let Some(serial) = self.division().early().next() else { return };
        let (from, above) = (self.division().quota(serial), self.division().quota(1 << 30));
        let line = self.division().line(serial);
        let create = self.creation(number(4, serial), line, Fund::General);
        self.send_twice(wave, create);
        let kinds = [
            ActKind::Issue,
            ActKind::Supplement,
            ActKind::Cut,
            ActKind::Freeze,
            ActKind::Unfreeze,
            ActKind::Recover,
        ];
        for (kind, place) in kinds.into_iter().zip(0..) {
            let act = self.act(kind, self.set_up_act(number(9, place)), from, 120_000);
            self.send(wave, self.officer(Body::Act(act), Tail::Fixed("财政调整")));
        }
        let elsewhere = DivisionIndex((self.index().0 + 1) % DIVISIONS as u16);
        let elsewhere = QuotaId::new(elsewhere, from.year(), 0);
        let moves = [
            (MoveKind::Allocate, above),
            (MoveKind::Transfer, elsewhere),
            (MoveKind::ReturnUp, above),
            (MoveKind::Virement, above),
        ];
        for ((kind, to), place) in moves.into_iter().zip(0..) {
            let id = MoveId(id(self.division().key, Space::Move, place));
            let body = Body::Move(Move { kind, id, from, to, amount: Fen::new(120_000) });
            self.send_twice(wave, self.officer(body, Tail::Fixed("指标下达")));
        }
        self.batch(from, wave);
    }

    fn batch(&mut self, quota: QuotaId, wave: &mut Wave) {
        let stage = 11;
        let batch = BatchId(self.set_up_act(number(stage, u32::MAX)).0);
        let acts = [ActKind::Supplement, ActKind::Cut].into_iter().zip(0..).map(|(kind, place)| {
            let act = self.set_up_act(number(stage, place));
            Act { batch, ..self.act(kind, act, quota, 80_000) }
        });
        let acts: Vec<Act> = acts.collect();
        let digest = acts.iter().fold(0, batch_digest);
        let (division, year, count) = (self.index(), YEAR, acts.len() as u32);
        let open = Body::OpenBatch(OpenBatch { batch, division, year, count, digest });
        self.send_twice(wave, self.officer(open, Tail::None));
        let close = |run: &Run, attempt: u32| {
            let act = run.set_up_act(number(stage, u32::MAX - attempt));
            let body = Body::CloseBatch(CloseBatch { act, batch, division, year });
            run.officer(body, Tail::None)
        };
        let early = close(self, 1);
        self.send(wave, early.clone());
        for act in acts {
            self.send(wave, self.officer(Body::Act(act), Tail::Fixed("预算调整")));
        }
        // The early close comes once more, late: it was refused and must stay so.
        self.send(wave, early);
        self.send(wave, close(self, 2));
    }
}

/// A batch's digest with one more act: XXH3-128 over the digest so far, the act's id, its kind,
/// its quota, zero, and its amount.
fn batch_digest(digest: u128, act: &Act) -> u128 {
    let mut bytes = Vec::with_capacity(57);
    bytes.extend_from_slice(&digest.to_le_bytes());
    bytes.extend_from_slice(&act.act.0.to_le_bytes());
    bytes.push(act.kind as u8);
    bytes.extend_from_slice(&act.quota.0.to_le_bytes());
    bytes.extend_from_slice(&0_u64.to_le_bytes());
    bytes.extend_from_slice(&act.amount.get().to_le_bytes());
    xxh3_128(&bytes)
}
