//! The six classes of differences (对账差异), whom each waits for, and what resolves it.

use crate::codes::numbered;
use crate::voucher::{PartyKind, VoucherKey};

use super::line::{Figures, Item, Scope, Side, Source};

numbered! {
    /// How two sides differ over one item.
    Class {
        /// They have it, we do not.
        MissingHere = 1, "missing_here";
        /// We have it, they do not.
        MissingThere = 2, "missing_there";
        /// Both have it in one state, with different amounts.
        AmountDiff = 3, "amount_diff";
        /// Both have it, in different states.
        StateDiff = 4, "state_diff";
        /// Both have it with one amount and state, on different days.
        Late = 5, "late";
        /// One side has it more often than the other.
        Duplicate = 6, "duplicate";
    }
}

/// What is to be done about a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// Who moves first: finance, or whoever tells the statement.
    pub owner: PartyKind,
    /// What resolves it.
    pub english: &'static str,
    /// The same in Chinese.
    pub chinese: &'static str,
}

impl Class {
    /// How two sides that both have an item differ; `None` when they do not.
    #[must_use]
    pub fn of_pair(ours: Figures, theirs: Figures) -> Option<Class> {
        if ours.state != theirs.state {
            Some(Class::StateDiff)
        } else if ours.amount_fen != theirs.amount_fen {
            Some(Class::AmountDiff)
        } else if ours.day != theirs.day {
            Some(Class::Late)
        } else {
            None
        }
    }

    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Class::MissingHere => "对方有我方无",
            Class::MissingThere => "我方有对方无",
            Class::AmountDiff => "金额不符",
            Class::StateDiff => "状态不符",
            Class::Late => "跨日到达",
            Class::Duplicate => "重复",
        }
    }

    /// Who moves first, and what resolves it. `surplus` is the side that has an item too often; it matters for
    /// [`Class::Duplicate`] alone.
    #[must_use]
    pub const fn remedy(self, source: Source, surplus: Side) -> Remedy {
        let them = source.told_by();
        match (self, surplus) {
            (Class::MissingHere, _) => Remedy {
                owner: PartyKind::Finance,
                english: "find the voucher they name: post the fact that did not arrive, or have them withdraw the line",
                chinese: "核查对方所列凭证：补记未达事实，或由对方撤销该笔",
            },
            (Class::MissingThere, _) => Remedy {
                owner: them,
                english: "ask for it: a later statement brings it, or they say in writing that it was not done and ours is corrected",
                chinese: "向对方查询：由后续对账单补列，或对方书面说明未办理后更正我方记录",
            },
            (Class::AmountDiff, _) => Remedy {
                owner: them,
                english: "compare the receipt with the voucher: they confirm our amount, or ours is corrected to theirs",
                chinese: "核对回单与凭证金额：由对方确认我方金额，或更正我方记录",
            },
            (Class::StateDiff, _) => Remedy {
                owner: PartyKind::Finance,
                english: "ask for the trade by its serial: post what really happened, or have them confirm our state",
                chinese: "按交易流水查询：补记实际结果，或由对方确认我方状态",
            },
            (Class::Late, _) => Remedy {
                owner: PartyKind::Finance,
                english: "nothing is wrong with the money: they confirm both days, or it is accepted as a named item",
                chinese: "金额无误：由对方确认两个日期，或作为已列明事项认可",
            },
            (Class::Duplicate, Side::Theirs) => Remedy {
                owner: them,
                english: "ask whether it was done twice: they withdraw the second line, or money that moved twice comes back by a refund",
                chinese: "查询是否重复办理：由对方撤销重复行，确已重复支付的按退款收回",
            },
            (Class::Duplicate, Side::Ours) => Remedy {
                owner: PartyKind::Finance,
                english: "our books have it twice: correct ours",
                chinese: "我方重复记账：更正我方记录",
            },
        }
    }
}

/// One item over which two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding<'a> {
    /// Of what.
    pub item: Item<'a>,
    /// Where.
    pub scope: Scope<'a>,
    /// How.
    pub class: Class,
    /// What we say; none where we have no such line.
    pub ours: Option<Figures>,
    /// What they say; none where they have no such line.
    pub theirs: Option<Figures>,
}

impl Finding<'_> {
    /// The side that has more: it is the only one with figures in a duplicate.
    #[must_use]
    pub const fn surplus(&self) -> Side {
        if self.theirs.is_some() { Side::Theirs } else { Side::Ours }
    }

    /// The same, with texts of its own.
    #[must_use]
    pub fn to_owned(&self) -> OwnedFinding {
        OwnedFinding {
            place: Place {
                voucher: self.item.voucher,
                detail: self.item.detail.into(),
                bank: self.scope.bank.into(),
                account: self.scope.account.into(),
                fund: self.scope.fund.into(),
            },
            class: self.class,
            ours: self.ours,
            theirs: self.theirs,
        }
    }
}

/// An item in its scope, with texts of its own: what two reports of one difference have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The voucher.
    pub voucher: VoucherKey,
    /// Its detail; empty for the voucher as a whole.
    pub detail: Box<str>,
    /// Bank.
    pub bank: Box<str>,
    /// Payer's account.
    pub account: Box<str>,
    /// Fund nature.
    pub fund: Box<str>,
}

impl Place {
    /// The item.
    #[must_use]
    pub fn item(&self) -> Item<'_> {
        Item { voucher: self.voucher, detail: &self.detail }
    }

    /// The scope.
    #[must_use]
    pub fn scope(&self) -> Scope<'_> {
        Scope { bank: &self.bank, account: &self.account, fund: &self.fund }
    }
}

/// A [`Finding`] with texts of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnedFinding {
    /// Of what, and where.
    pub place: Place,
    /// How they differ.
    pub class: Class,
    /// What we say.
    pub ours: Option<Figures>,
    /// What they say.
    pub theirs: Option<Figures>,
}

impl OwnedFinding {
    /// The side that has more, as [`Finding::surplus`] says.
    #[must_use]
    pub const fn surplus(&self) -> Side {
        if self.theirs.is_some() { Side::Theirs } else { Side::Ours }
    }

    /// The same, borrowed.
    #[must_use]
    pub fn as_finding(&self) -> Finding<'_> {
        let (item, scope) = (self.place.item(), self.place.scope());
        Finding { item, scope, class: self.class, ours: self.ours, theirs: self.theirs }
    }
}
