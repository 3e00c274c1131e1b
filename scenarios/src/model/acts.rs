//! Orders on quotas, limits, batches and years.

use domain::ids::QuotaId;

use crate::command::{
    Act, ActKind, CloseBatch, Command, Create, File, LimitKind, Move, OpenBatch, SetLimit, SetYear,
    YearState,
};

use super::cells::Contract;
use super::codes::code;
use super::elements::unfit_elements;
use super::{Answer, Known, Model, recall};

/// A batch. Nothing is ever staged in one here: what could be needs a document.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    maker: u64,
    dropped: bool,
}

impl Model {
    /// The outcome of a known act, told again.
    fn act_again(&self, known: &Known, contents: u64) -> Answer {
        let code = recall(known, contents);
        if code == code::CONFLICT {
            return Answer::of(code);
        }
        let value = known.quota.and_then(|quota| self.available(quota));
        Answer { value, ..Answer::of(code).again() }
    }

    fn remember(&mut self, id: u128, contents: u64, code: u16, quota: Option<QuotaId>) {
        if code != code::YEAR_CLOSED {
            self.acts.insert(id, Known { contents, code, quota });
        }
    }

    /// A paper hears what whoever wrote it knows it should.
    pub(super) fn file(&mut self, file: &File, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&file.act.0) {
            return self.act_again(known, contents);
        }
        self.remember(file.act.0, contents, file.expected, None);
        Answer::of(file.expected)
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
            batch.dropped = true;
        }
        self.remember(act.act.0, contents, code, Some(act.quota));
        Answer { value: self.available(act.quota), ..Answer::of(code) }
    }

    fn act_refused(&self, act: &Act, person: u64) -> Option<u16> {
        use ActKind::{Close, Earmark, Unearmark};
        if !matches!(act.kind, Earmark | Unearmark | Close) && self.under_control {
            return Some(code::NO_DOCUMENT);
        }
        if let Some(code) = self.year_bars(act.quota.year().get()) {
            return Some(code);
        }
        if act.batch.0 != 0 {
            match self.batches.get(&act.batch.0) {
                None => return Some(code::NO_BATCH),
                Some(batch) if batch.dropped => return Some(code::BATCH_DROPPED),
                Some(batch) if batch.maker != person => return Some(code::NOT_BATCH_MAKER),
                Some(_) => {}
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
            Earmark => {
                let registered = self.registered_contracts.contains(&act.contract.0);
                let unregistered = (!registered).then_some(code::NO_COMMITMENT);
                over(available, code::OVER_QUOTA).or(unregistered)
            }
            Unearmark => {
                let cell = self.contracts.get(&(act.quota.serial() as u32, act.contract.0));
                match cell.filter(|cell| cell.open && cell.plan == act.plan.0) {
                    Some(cell) => over(cell.left, code::OVER_EARMARK),
                    None => Some(code::CONTRACT_MISMATCH),
                }
            }
            Close => {
                let held = quota.buckets.frozen + quota.buckets.earmarked + available;
                (held != 0 || quota.open_payments != 0).then_some(code::OPEN_ITEMS)
            }
            _ => unreachable!("the generator gives no such order before there are quotas"),
        }
    }

    fn carry_out_act(&mut self, act: &Act) {
        let serial = act.quota.serial() as u32;
        let quota = &mut self.quotas[serial as usize];
        let amount = act.amount.get();
        match act.kind {
            ActKind::Earmark => {
                quota.buckets.earmarked += amount;
                let new = Contract { plan: act.plan.0, left: 0, used: 0, open: true };
                let cell = self.contracts.entry((serial, act.contract.0)).or_insert(new);
                cell.left += amount;
                cell.open = true;
            }
            ActKind::Close => quota.closed = true,
            _ => unreachable!("the generator gives none that is taken"),
        }
    }

    /// Before the division is under control the generator asks for quotas that cannot be; from then on
    /// none comes by hand.
    pub(super) fn create(&mut self, command: &Command, create: &Create, contents: u64) -> Answer {
        if let Some(known) = self.acts.get(&create.act.0) {
            return self.act_again(known, contents);
        }
        let parent_missing = !create.parent.is_none() && self.quota(create.parent).is_none();
        let plan_missing = create.plan.0 != 0 && !self.plans.contains_key(&create.plan.0);
        let code = if self.under_control {
            code::NO_DOCUMENT
        } else if let Some(code) = unfit_elements(create, &command.tail) {
            code
        } else if parent_missing {
            code::NO_PARENT
        } else if plan_missing {
            code::NO_LIMIT
        } else {
            unreachable!("the generator asks for no quota that could be")
        };
        self.remember(create.act.0, contents, code, None);
        Answer::of(code)
    }

    /// Money moves by documents alone.
    pub(super) fn move_out(&mut self, moved: &Move, contents: u64) -> Answer {
        if let Some(known) = self.moves.get(&moved.id.0) {
            return self.act_again(known, contents);
        }
        assert!(self.under_control, "the generator moves nothing before");
        let code = code::NO_DOCUMENT;
        self.moves.insert(moved.id.0, Known { contents, code, quota: Some(moved.from) });
        Answer { value: self.available(moved.from), ..Answer::of(code) }
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
            self.batches.insert(open.batch.0, Batch { maker: command.person.0, dropped: false });
        }
        self.remember(open.batch.0, contents, code, None);
        Answer::of(code)
    }

    /// Closing a batch, under an id of its own: an attempt that was refused stays refused.
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
            Some(batch) if batch.dropped => code::BATCH_DROPPED,
            Some(batch) if batch.maker != command.person.0 => code::NOT_BATCH_MAKER,
            Some(_) => code::BATCH_MISMATCH,
        };
        self.remember(close.act.0, contents, code, None);
        Answer::of(code)
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
