//! Orders on quotas, limits, batches and years.

use domain::ids::{DivisionIndex, FiscalYear, QuotaId};
use xxhash_rust::xxh3::xxh3_128;

use crate::command::{
    Act, ActKind, CloseBatch, Command, Create, LimitKind, Move, MoveKind, OpenBatch, SetLimit,
    SetYear, YearState,
};

use super::cells::{Buckets, Contract, Quota};
use super::codes::code;
use super::elements::unfit_elements;
use super::{Answer, Known, Model, recall};

/// A batch.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    maker: u64,
    count: u32,
    state: BatchState,
    staged: Vec<Act>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BatchState {
    Open,
    Closed,
    Dropped,
}

impl Model {
    /// The outcome of a known act, told again.
    fn act_again(&self, known: &Known, contents: u64) -> Answer {
        let code = recall(known, contents);
        if code == code::CONFLICT {
            return Answer::of(code);
        }
        let value = match known.quota {
            Some(quota) if known.created => Some(quota.0.cast_signed()),
            Some(quota) => self.available(quota),
            None => None,
        };
        Answer { value, ..Answer::of(code).again() }
    }

    fn remember(&mut self, id: u128, contents: u64, code: u16, quota: Option<QuotaId>) {
        if code != code::YEAR_CLOSED {
            self.acts.insert(id, Known { contents, code, quota, created: false });
        }
    }

    pub(super) fn act(&mut self, command: &Command, act: &Act, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&act.act.0) {
            return self.act_again(known, contents);
        }
        let code = self.act_refused(act, command.person.0).unwrap_or(code::ACCEPTED);
        if code == code::ACCEPTED {
            self.carry_out_act(act);
        } else if let Some(batch) = self.batches.get_mut(&act.batch.0)
            && batch.maker == command.person.0
        {
            drop_batch(batch, &mut self.quotas);
        }
        self.remember(act.act.0, contents, code, Some(act.quota));
        Answer { value: self.available(act.quota), ..Answer::of(code) }
    }

    fn act_refused(&self, act: &Act, person: u64) -> Option<u16> {
        if let Some(code) = self.year_bars(act.quota.year().get()) {
            return Some(code);
        }
        if act.batch.0 != 0 {
            match self.batches.get(&act.batch.0) {
                None => return Some(code::NO_BATCH),
                Some(batch) => match batch.state {
                    BatchState::Closed => return Some(code::NO_BATCH),
                    BatchState::Dropped => return Some(code::BATCH_DROPPED),
                    BatchState::Open if batch.maker != person => {
                        return Some(code::NOT_BATCH_MAKER);
                    }
                    BatchState::Open if batch.staged.len() >= batch.count as usize => {
                        return Some(code::BATCH_MISMATCH);
                    }
                    BatchState::Open => {}
                },
            }
        }
        let Some(quota) = self.quota(act.quota) else { return Some(code::NO_QUOTA) };
        if quota.closed {
            return Some(code::QUOTA_CLOSED);
        }
        let amount = act.amount.get();
        let available = quota.buckets.available();
        let over = |left: i64, code: u16| (amount > left).then_some(code);
        match act.kind {
            ActKind::Issue | ActKind::Supplement => {
                let capped = quota.cap > 0 && quota.buckets.issued + amount > quota.cap;
                capped.then_some(code::OVER_AUTHORITY)
            }
            ActKind::Cut | ActKind::Freeze | ActKind::Recover => {
                over(available, code::CUT_BELOW_USED)
            }
            ActKind::Unfreeze => over(quota.buckets.frozen, code::OVER_FROZEN),
            ActKind::Earmark => over(available, code::OVER_QUOTA),
            ActKind::Unearmark => {
                let cell = self.contracts.get(&(act.quota.serial() as u32, act.contract.0));
                match cell.filter(|cell| cell.open && cell.plan == act.plan.0) {
                    Some(cell) => over(cell.left, code::OVER_EARMARK),
                    None => Some(code::CONTRACT_MISMATCH),
                }
            }
            ActKind::Close => {
                let held = quota.buckets.frozen + quota.buckets.earmarked + available;
                (held != 0 || quota.open_payments != 0).then_some(code::OPEN_ITEMS)
            }
        }
    }

    fn carry_out_act(&mut self, act: &Act) {
        let serial = act.quota.serial() as u32;
        let quota = &mut self.quotas[serial as usize];
        let amount = act.amount.get();
        if let Some(batch) = self.batches.get_mut(&act.batch.0) {
            if matches!(act.kind, ActKind::Cut | ActKind::Recover) {
                quota.buckets.frozen += amount;
            }
            batch.staged.push(*act);
            return;
        }
        match act.kind {
            ActKind::Issue | ActKind::Supplement => quota.buckets.issued += amount,
            ActKind::Cut | ActKind::Recover => quota.buckets.issued -= amount,
            ActKind::Freeze => quota.buckets.frozen += amount,
            ActKind::Unfreeze => quota.buckets.frozen -= amount,
            ActKind::Earmark => {
                quota.buckets.earmarked += amount;
                let new = Contract { plan: act.plan.0, left: 0, used: 0, open: true };
                let cell = self.contracts.entry((serial, act.contract.0)).or_insert(new);
                cell.left += amount;
                cell.open = true;
            }
            ActKind::Unearmark => {
                quota.buckets.earmarked -= amount;
                if let Some(cell) = self.contracts.get_mut(&(serial, act.contract.0)) {
                    cell.left -= amount;
                    cell.open = cell.left > 0;
                }
            }
            ActKind::Close => quota.closed = true,
        }
    }

    pub(super) fn create(&mut self, command: &Command, create: &Create, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&create.act.0) {
            return self.act_again(known, contents);
        }
        let key = match &command.tail {
            crate::command::Tail::Text(text) => xxh3_128(text.as_bytes()),
            _ => 0,
        };
        let parent_missing = !create.parent.is_none()
            && create.parent.division() == self.index
            && self.quota(create.parent).is_none();
        let refused = if let Some(code) = self.year_bars(create.year) {
            Some(code)
        } else if self.keys.contains(&key) {
            Some(code::KEY_TAKEN)
        } else if let Some(code) = unfit_elements(create, &command.tail) {
            Some(code)
        } else if parent_missing {
            Some(code::NO_PARENT)
        } else if create.plan.0 != 0 && !self.plans.contains_key(&create.plan.0) {
            Some(code::NO_LIMIT)
        } else {
            None
        };
        if let Some(code) = refused {
            self.remember(create.act.0, contents, code, None);
            return Answer::of(code);
        }
        let Some(year) = FiscalYear::new(create.year) else { return Answer::of(code::BAD_FIELD) };
        let id = QuotaId::new(self.index, year, self.quotas.len() as u64);
        self.quotas.push(Quota {
            buckets: Buckets::default(),
            fund: create.fund,
            economic: create.economic,
            plan: create.plan.0,
            parent: create.parent.0,
            cap: create.cap.get(),
            posts: create.posts,
            executable: create.executable,
            closed: false,
            open_payments: 0,
        });
        self.keys.insert(key);
        self.tally.quotas += 1;
        let known = Known { contents, code: code::ACCEPTED, quota: Some(id), created: true };
        self.acts.insert(create.act.0, known);
        Answer { value: Some(id.0.cast_signed()), ..Answer::of(code::ACCEPTED) }
    }

    pub(super) fn move_out(&mut self, moved: &Move, contents: u64) -> Answer {
        if let Some(known) = self.moves.get(&moved.id.0) {
            return self.act_again(known, contents);
        }
        let code = self.move_refused(moved).unwrap_or(code::ACCEPTED);
        if code == code::ACCEPTED {
            let buckets = &mut self.quotas[moved.from.serial() as usize].buckets;
            let amount = moved.amount.get();
            match moved.kind {
                MoveKind::Allocate => buckets.allocated += amount,
                MoveKind::Transfer => buckets.transferred += amount,
                MoveKind::ReturnUp | MoveKind::Virement => buckets.issued -= amount,
            }
        }
        let known = Known { contents, code, quota: Some(moved.from), created: false };
        self.moves.insert(moved.id.0, known);
        Answer { value: self.available(moved.from), ..Answer::of(code) }
    }

    fn move_refused(&self, moved: &Move) -> Option<u16> {
        if let Some(code) = self.year_bars(moved.from.year().get()) {
            return Some(code);
        }
        let Some(quota) = self.quota(moved.from) else { return Some(code::NO_QUOTA) };
        if quota.closed {
            return Some(code::QUOTA_CLOSED);
        }
        if moved.kind == MoveKind::ReturnUp && quota.parent != moved.to.0 {
            return Some(code::NOT_CHILD);
        }
        (moved.amount.get() > quota.buckets.available()).then_some(code::CUT_BELOW_USED)
    }

    /// Money of a move arrives on a quota of this division.
    pub(crate) fn land(&mut self, kind: MoveKind, from: DivisionIndex, to: u32, amount: i64) {
        let buckets = &mut self.quotas[to as usize].buckets;
        match kind {
            MoveKind::Allocate | MoveKind::Transfer | MoveKind::Virement => {
                buckets.issued += amount;
            }
            MoveKind::ReturnUp if from == self.index => buckets.allocated -= amount,
            MoveKind::ReturnUp => buckets.transferred -= amount,
        }
    }

    pub(super) fn set_limit(&mut self, limit: &SetLimit, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&limit.act.0) {
            return self.act_again(known, contents);
        }
        let code = self.year_bars(limit.year).unwrap_or_else(|| match limit.kind {
            LimitKind::Ceiling => {
                self.ceiling = limit.amount.get();
                code::ACCEPTED
            }
            LimitKind::PlanMonth => {
                let mut plan = self.plans.get(&limit.key.0).copied().unwrap_or_default();
                plan.planned[usize::from(limit.month) - 1] = limit.amount.get();
                if plan.holds() {
                    self.plans.insert(limit.key.0, plan);
                    code::ACCEPTED
                } else {
                    code::PLAN_BELOW_USED
                }
            }
        });
        self.remember(limit.act.0, contents, code, None);
        Answer::of(code)
    }

    pub(super) fn open_batch(
        &mut self,
        command: &Command,
        open: &OpenBatch,
        contents: u64,
    ) -> Answer {
        if let Some(known) = self.acts.get(&open.batch.0) {
            return self.act_again(known, contents);
        }
        let code = self.year_bars(open.year).unwrap_or(code::ACCEPTED);
        if code == code::ACCEPTED {
            let maker = command.person.0;
            let (state, staged) = (BatchState::Open, Vec::new());
            self.batches.insert(open.batch.0, Batch { maker, count: open.count, state, staged });
        }
        self.remember(open.batch.0, contents, code, None);
        Answer::of(code)
    }

    /// Closing a batch, under an id of its own: an attempt that was refused stays refused. The
    /// generator closes while the year is open, and its digests are true once the batch is whole.
    pub(super) fn close_batch(
        &mut self,
        command: &Command,
        close: &CloseBatch,
        contents: u64,
    ) -> Answer {
        if let Some(known) = self.acts.get(&close.act.0) {
            return self.act_again(known, contents);
        }
        let code = match self.batches.get(&close.batch.0) {
            None => code::NO_BATCH,
            Some(batch) => match batch.state {
                BatchState::Closed => code::NO_BATCH,
                BatchState::Dropped => code::BATCH_DROPPED,
                BatchState::Open if batch.maker != command.person.0 => code::NOT_BATCH_MAKER,
                BatchState::Open if batch.staged.len() != batch.count as usize => {
                    code::BATCH_MISMATCH
                }
                BatchState::Open => code::ACCEPTED,
            },
        };
        if code == code::ACCEPTED {
            self.take_batch(close.batch.0);
        }
        self.remember(close.act.0, contents, code, None);
        Answer::of(code)
    }

    /// Everything that is staged in a batch takes effect.
    fn take_batch(&mut self, id: u128) {
        let Some(batch) = self.batches.get_mut(&id) else { return };
        batch.state = BatchState::Closed;
        for act in std::mem::take(&mut batch.staged) {
            let buckets = &mut self.quotas[act.quota.serial() as usize].buckets;
            match act.kind {
                ActKind::Cut | ActKind::Recover => {
                    buckets.frozen -= act.amount.get();
                    buckets.issued -= act.amount.get();
                }
                _ => buckets.issued += act.amount.get(),
            }
        }
    }

    pub(super) fn set_year(&mut self, set: &SetYear, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&set.act.0) {
            return self.act_again(known, contents);
        }
        let before = self.years.get(&set.year).copied();
        let code = match (before, set.state) {
            (None, YearState::Open)
            | (Some(YearState::Open), YearState::Adjustment)
            | (Some(YearState::Adjustment), YearState::Closed) => {
                self.years.insert(set.year, set.state);
                code::ACCEPTED
            }
            _ => code::WRONG_YEAR_STATE,
        };
        self.remember(set.act.0, contents, code, None);
        Answer::of(code)
    }

    /// Registers the division; the generator only repeats it with the same contents.
    pub(super) fn register(&mut self) -> Answer {
        let known = std::mem::replace(&mut self.registered, true);
        Answer { repeat: known, ..Answer::of(code::ACCEPTED) }
    }
}

/// Undoes the staging of a batch.
fn drop_batch(batch: &mut Batch, quotas: &mut [Quota]) {
    if batch.state != BatchState::Open {
        return;
    }
    batch.state = BatchState::Dropped;
    for act in batch.staged.drain(..) {
        if matches!(act.kind, ActKind::Cut | ActKind::Recover) {
            quotas[act.quota.serial() as usize].buckets.frozen -= act.amount.get();
        }
    }
}
