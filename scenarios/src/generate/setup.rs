//! Everything before the first payment of a division.
//!
//! Each stage of the set-up is one loop over the division's quotas, so that waves can be cut
//! anywhere between two quotas.

use domain::ids::{ActId, BatchId, Class, ContractId, DivisionIndex, LimitKey, MoveId, QuotaId};
use domain::money::Fen;
use xxhash_rust::xxh3::xxh3_128;

use crate::classes::{Fund, Line, OF_GOVERNMENT_FUNDS, UNLISTED, UNMAPPED, class, lines};
use crate::command::{
    Act, ActKind, Body, CloseBatch, Command, Create, LimitKind, Move, MoveKind, OpenBatch, Role,
    SetLimit, Tail,
};
use crate::plan::{Kind, YEAR, unit_text};
use crate::stream::{Awaited, Barrier, Wave};

use super::Run;
use super::people::{Post, Space, id, person};

/// A stage of the set-up, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The ceiling and the payment plans.
    Limits,
    /// The quotas.
    Create,
    /// First issues.
    Issue,
    /// The province waits until the quotas it hands down to exist.
    Receivers,
    /// Money goes down.
    HandDown,
    /// It has arrived.
    HandedDown,
    /// Some goes up or across.
    Across,
    /// It has arrived.
    Crossed,
    /// Contracts.
    Contracts,
    /// Documents in batches.
    Batches,
}

/// Every stage, in order.
pub(crate) const STAGES: [Stage; 10] = [
    Stage::Limits,
    Stage::Create,
    Stage::Issue,
    Stage::Receivers,
    Stage::HandDown,
    Stage::HandedDown,
    Stage::Across,
    Stage::Crossed,
    Stage::Contracts,
    Stage::Batches,
];

impl Stage {
    /// True where a lane waits instead of sending.
    pub(crate) fn is_barrier(self) -> bool {
        matches!(self, Stage::Receivers | Stage::HandedDown | Stage::Crossed)
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
            Stage::Limits => self.limits(serial, wave),
            Stage::Create => self.create(serial, wave),
            Stage::Issue => self.issue(serial, wave),
            Stage::HandDown => self.hand_down(serial, wave),
            Stage::Across => self.across(serial, wave),
            Stage::Contracts => self.contract(serial, wave),
            Stage::Batches => self.batches(serial, wave),
            Stage::Receivers | Stage::HandedDown | Stage::Crossed => {}
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
        let members = division.plan_members(serial);
        if members.is_empty() {
            return;
        }
        let key = division.plan_key(serial);
        let (mut january, mut february) = (0, 0);
        for member in members {
            let quota = &division.quotas[member as usize];
            january += quota.need_january + division.margin(member);
            february += quota.need - quota.need_january + division.margin(member);
        }
        for (month, fen) in [(1, january), (2, february)] {
            let number = number(1 + u64::from(month), serial);
            let limit = self.limit(number, LimitKind::PlanMonth, key, month, fen);
            self.send(wave, limit);
        }
    }

    fn create(&mut self, serial: u32, wave: &mut Wave) {
        let create = self.creation(number(4, serial), serial, self.division().plan_key(serial));
        if serial != 0 || !self.at.is_multiple_of(4) {
            self.send(wave, create);
            return;
        }
        self.send_twice(wave, create.clone());
        // The same act with other posts, the same key under another act, and two quotas that
        // name what does not exist.
        let mut conflict = create.clone();
        let mut taken = create;
        let mut orphan = self.creation(number(6, 0), 0, LimitKey(0));
        let unplanned = self.creation(number(7, 0), 0, LimitKey(u64::MAX));
        if let (Body::Create(conflict), Body::Create(taken), Body::Create(orphan)) =
            (&mut conflict.body, &mut taken.body, &mut orphan.body)
        {
            conflict.posts ^= 2;
            taken.act = self.set_up_act(number(5, 0));
            orphan.parent = self.division().quota(1 << 30);
        }
        orphan.tail = Tail::Text("无上级指标".into());
        self.send(wave, conflict);
        self.send_twice(wave, taken);
        self.send(wave, orphan);
        let unplanned = Command { tail: Tail::Text("无用款计划".into()), ..unplanned };
        self.send(wave, unplanned);
        for (place, line) in (1..).zip([&OF_GOVERNMENT_FUNDS, &UNMAPPED, &UNLISTED]) {
            let vain = self.creation_of(number(5, place), line);
            self.send_twice(wave, vain);
        }
    }

    /// A quota of general public money with this line of elements.
    fn creation_of(&self, number: u64, line: &Line) -> Command {
        let mut create = self.creation(number, 0, LimitKey(0));
        if let Body::Create(create) = &mut create.body {
            (create.economic, create.fund) = (class(line.economic), class(Fund::General.code()));
        }
        create.tail = Tail::Text(self.official_key(0, line, Fund::General).into());
        create
    }

    fn line(&self, serial: u32) -> &'static Line {
        let quota = &self.division().quotas[serial as usize];
        let lines = lines(quota.of, quota.fund);
        &lines[usize::from(quota.variety) % lines.len()]
    }

    fn creation(&self, number: u64, serial: u32, plan: LimitKey) -> Command {
        let division = self.division();
        let quota = &division.quotas[serial as usize];
        let parent = match quota.kind {
            Kind::Transferred => self.plan.divisions[0].quota(0),
            _ => division.parent_of(serial).map_or(QuotaId::NONE, |parent| division.quota(parent)),
        };
        let pays = !matches!(quota.kind, Kind::Parent);
        // Some spend on pre-approval authority, up to twice what they are given.
        let early = quota.kind == Kind::Direct && quota.variety % 10 == 4;
        let cap = if early { 2 * division.endowment(serial) } else { 0 };
        let economic = if pays { class(self.line(serial).economic) } else { Class::ANY };
        let body = Body::Create(Create {
            act: self.set_up_act(number),
            division: division.index,
            year: YEAR,
            parent,
            fund: class(quota.fund.code()),
            economic,
            posts: quota.posts,
            executable: pays,
            plan,
            cap: Fen::new(cap),
        });
        let key = self.official_key(serial, self.line(serial), quota.fund);
        self.officer(body, Tail::Text(key.into()))
    }

    /// Division, unit, functional, government and departmental economic class, fund nature, project
    /// and document of a quota. What pays no unit has finance's own, of zeros.
    fn official_key(&self, serial: u32, line: &Line, fund: Fund) -> String {
        let division = self.division();
        let (unit, project) = (division.unit_of(serial), division.project_of(serial));
        let place = self.plan.places[self.at].code_text();
        format!(
            "{place}/{}/{}/{}/{}/{}/{}{YEAR}{:011}/{}财预〔{YEAR}〕{}号/{serial}",
            unit.map_or_else(|| "000000000".to_owned(), unit_text),
            line.functional,
            line.government,
            line.economic,
            fund.code(),
            &place[..6],
            project.map_or(0, |project| project + 1),
            if self.at == 0 { "鲁" } else { "市" },
            1 + unit.unwrap_or(0) % 90,
        )
    }

    pub(super) fn act(&self, kind: ActKind, act: ActId, serial: u32, fen: i64) -> Act {
        Act {
            kind,
            act,
            quota: self.division().quota(serial),
            amount: Fen::new(fen),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            batch: BatchId(0),
        }
    }

    fn issue(&mut self, serial: u32, wave: &mut Wave) {
        let division = self.division();
        let quota = division.quotas[serial as usize];
        let mut fen = division.endowment(serial);
        if self.at == 0 && serial == 0 {
            fen += self.transfers().map(|(_, _, fen)| fen).sum::<i64>();
        }
        let note = Tail::Fixed("年初预算批复");
        match quota.kind {
            Kind::Allocated | Kind::Transferred => {}
            Kind::Shut => {
                let act = self.act(ActKind::Close, self.set_up_act(number(8, serial)), serial, 0);
                self.send_twice(wave, self.officer(Body::Act(act), note));
            }
            Kind::Parent | Kind::Direct => {
                let act = self.act(ActKind::Issue, self.set_up_act(number(8, serial)), serial, fen);
                self.send(wave, self.officer(Body::Act(act), note));
                if quota.kind == Kind::Direct && quota.variety % 10 == 4 {
                    let act = self.set_up_act(number(9, serial));
                    let act = self.act(ActKind::Supplement, act, serial, fen + 1);
                    self.send(wave, self.officer(Body::Act(act), Tail::Fixed("追加")));
                }
            }
        }
    }

    /// The quotas the province hands down to: division, quota, amount in fen.
    pub(super) fn transfers(&self) -> impl Iterator<Item = (DivisionIndex, u32, i64)> + '_ {
        let from_parent = self.plan.divisions[0].parents > 0;
        self.plan.divisions.iter().filter(move |_| from_parent).filter_map(|division| {
            let serial = division.transferred()?;
            Some((division.index, serial, division.endowment(serial)))
        })
    }

    fn moved(&self, kind: MoveKind, number: u64, from: u32, to: QuotaId, fen: i64) -> Command {
        let body = Body::Move(Move {
            kind,
            id: MoveId(id(self.division().key, Space::Move, number)),
            from: self.division().quota(from),
            to,
            amount: Fen::new(fen),
        });
        self.officer(body, Tail::Fixed("指标下达"))
    }

    fn hand_down(&mut self, serial: u32, wave: &mut Wave) {
        if self.at == 0 && serial == 0 {
            let down: Vec<_> = self.transfers().collect();
            for (division, serial, fen) in down {
                let to = self.plan.divisions[usize::from(division.0)].quota(serial);
                let number = number(1, u32::from(division.0));
                self.send(wave, self.moved(MoveKind::Transfer, number, 0, to, fen));
            }
        }
        let division = self.division();
        let Some(parent) = division.parent_of(serial) else { return };
        let (to, fen) = (division.quota(serial), division.endowment(serial));
        self.send(wave, self.moved(MoveKind::Allocate, number(2, serial), parent, to, fen));
        if serial.is_multiple_of(5) {
            let over = self.model.available(self.division().quota(parent)).unwrap_or(0) + 1;
            let refused = self.moved(MoveKind::Allocate, number(3, serial), parent, to, over);
            self.send_twice(wave, refused);
        }
    }

    /// Moves after the money is down: the receiver and the amount of one that starts here.
    fn crossing(&self, serial: u32) -> Option<(MoveKind, u32, i64)> {
        let division = self.division();
        let quota = &division.quotas[serial as usize];
        let place = serial.checked_sub(division.first_payable)?;
        let fen = division.margin(serial) / 4;
        if let Some(parent) = division.parent_of(serial) {
            // Every other child has been given too much.
            return (place / 8).is_multiple_of(2).then_some((MoveKind::ReturnUp, parent, fen));
        }
        let other = serial.checked_sub(1).filter(|&other| other >= division.first_payable)?;
        let like = division.quotas[other as usize].fund == quota.fund;
        let direct = quota.kind == Kind::Direct && quota.variety % 10 != 4;
        let receives = division.quotas[other as usize].kind == Kind::Direct
            && division.quotas[other as usize].variety % 10 != 4;
        let across = place % 16 == 2 && like && direct && receives;
        across.then_some((MoveKind::Virement, other, fen))
    }

    fn across(&mut self, serial: u32, wave: &mut Wave) {
        let Some((kind, to, fen)) = self.crossing(serial) else { return };
        let to = self.division().quota(to);
        self.send(wave, self.moved(kind, number(4, serial), serial, to, fen));
        if kind == MoveKind::ReturnUp {
            let wrong =
                self.moved(kind, number(5, serial), serial, self.division().quota(1 << 30), fen);
            self.send(wave, wrong);
        }
    }

    /// What the division waits for at a stage; the model takes what arrives.
    pub(crate) fn wait(&mut self, stage: Stage, barrier: &mut Barrier) {
        let mut arrived = Vec::new();
        match stage {
            Stage::Receivers if self.at == 0 => {
                let receivers = self.transfers().map(|(division, serial, _)| {
                    let quota = self.plan.divisions[usize::from(division.0)].quota(serial);
                    (quota, Awaited::Created)
                });
                barrier.quotas.extend(receivers);
            }
            Stage::HandedDown => {
                let division = self.division();
                for serial in division.first_payable..self.quota_count() {
                    let fen = division.endowment(serial);
                    if division.parent_of(serial).is_some() {
                        arrived.push((MoveKind::Allocate, self.index(), serial, fen));
                    } else if division.transferred() == Some(serial)
                        && self.plan.divisions[0].parents > 0
                    {
                        arrived.push((MoveKind::Transfer, DivisionIndex(0), serial, fen));
                    }
                }
            }
            Stage::Crossed => {
                for serial in 0..self.quota_count() {
                    if let Some((kind, to, fen)) = self.crossing(serial) {
                        arrived.push((kind, self.index(), to, fen));
                    }
                }
            }
            _ => {}
        }
        for &(kind, from, to, fen) in &arrived {
            self.model.land(kind, from, to, fen);
        }
        let mut receivers: Vec<u32> = arrived.iter().map(|&(_, _, to, _)| to).collect();
        receivers.sort_unstable();
        receivers.dedup();
        for to in receivers {
            let buckets = self.model.quotas[to as usize].buckets;
            barrier.quotas.push((self.division().quota(to), Awaited::Buckets(buckets)));
        }
    }

    fn contract(&mut self, serial: u32, wave: &mut Wave) {
        let division = self.division();
        let contract = division.contract(serial);
        if !contract.is_some() {
            return;
        }
        let payments = division.quotas[serial as usize].payments;
        let under = (0..payments).filter(|&index| division.is_contracted(serial, index));
        let need: i64 = under.map(|index| self.plan.amount(division, serial, index)).sum();
        let fen = need + division.margin(serial);
        let mut act = self.act(ActKind::Earmark, self.set_up_act(number(10, serial)), serial, fen);
        (act.contract, act.plan) = (contract, purchase_plan(contract));
        self.send(wave, self.officer(Body::Act(act), Tail::Fixed("政府采购合同备案")));
    }

    /// One batch that closes, after a close that came too early, and one that a refused act drops.
    fn batches(&mut self, serial: u32, wave: &mut Wave) {
        let first = self.division().first_payable;
        if serial != 0 || self.quota_count() < first + 3 {
            return;
        }
        let available =
            |run: &Run, serial: u32| run.model.available(run.division().quota(serial)).unwrap_or(0);
        let staged = [
            (ActKind::Supplement, first, 120_000),
            (ActKind::Cut, first + 1, 80_000),
            (ActKind::Recover, first + 2, 40_000),
        ];
        self.batch(11, &staged, wave);
        let over = available(self, first) + 1;
        let refused = [
            (ActKind::Cut, first + 1, 50_000),
            (ActKind::Cut, first, over),
            (ActKind::Supplement, first + 2, 10_000),
        ];
        self.batch(12, &refused, wave);
    }

    fn batch(&mut self, stage: u64, acts: &[(ActKind, u32, i64)], wave: &mut Wave) {
        let batch = BatchId(self.set_up_act(number(stage, u32::MAX)).0);
        let acts: Vec<Act> = acts
            .iter()
            .zip(0..)
            .map(|(&(kind, serial, fen), place)| {
                let act = self.set_up_act(number(stage, place));
                Act { batch, ..self.act(kind, act, serial, fen) }
            })
            .collect();
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

/// The purchase plan a contract stands under.
pub(super) fn purchase_plan(contract: ContractId) -> ContractId {
    ContractId(contract.0 | 1 << 60)
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
