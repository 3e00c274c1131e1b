//! How much a bank may have paid that is not cleared (垫付限额): agreed with it, and put on file by two persons.
//!
//! [`Limits::decide`] changes nothing; [`Limits::apply`] is the only change, live and in replay. One person proposes, and
//! another one says the same; until then what was agreed before holds. Whoever says what holds takes the proposal back.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::ids::{Day, PersonId};
use crate::money::{Fen, yuan_grouped};
use crate::reconciliation::register::{Refusal as Unsaid, Remark, words};
use crate::voucher::{Party, PartyKind};

/// What a person says that was agreed with a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// The bank.
    pub bank: Party,
    /// How much it may have paid that is not cleared; none where nothing is agreed any more.
    pub limit_fen: Option<Fen>,
    /// The agreement's number.
    pub agreement: &'a str,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A first person says so; a proposal before it is void.
    Proposed {
        /// The bank.
        bank: Party,
        /// How much; none: nothing is to be agreed any more.
        limit_fen: Option<Fen>,
        /// Who, and the agreement's number.
        remark: Remark,
    },
    /// Another person says the same: it holds.
    Agreed {
        /// The bank.
        bank: Party,
        /// How much; none: nothing is agreed any more.
        limit_fen: Option<Fen>,
        /// Who proposed it, and the agreement's number.
        first: Remark,
        /// Who said the same.
        second: Remark,
    },
    /// Somebody says what holds: the proposal is taken back.
    TakenBack {
        /// The bank.
        bank: Party,
        /// Who, and the agreement's number.
        remark: Remark,
    },
}

/// Why nothing comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody says it, or the agreement has no number.
    #[error(transparent)]
    Unsaid(#[from] Unsaid),
    /// No bank, or less than nothing.
    #[error(
        "what {party} may have paid that is not cleared cannot be {}; name a bank, and an amount that is not below zero",
        limit_fen.map_or_else(|| "withdrawn".to_owned(), Fen::to_yuan)
    )]
    NoLimit {
        /// Whom it was said of.
        party: Party,
        /// How much.
        limit_fen: Option<Fen>,
    },
    /// The second person is the first.
    #[error(
        "person {} proposed this limit of {bank}; a second person has to say the same before it holds", person.0
    )]
    SamePerson {
        /// The bank.
        bank: Party,
        /// Who.
        person: PersonId,
    },
    /// It holds already.
    #[error("this is what holds for {bank}, and no other limit is proposed; nothing is left to do")]
    Holds {
        /// The bank.
        bank: Party,
    },
}

impl Refusal {
    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Refusal::Unsaid(why) => why.chinese(),
            Refusal::NoLimit { .. } => "只能与代理银行约定垫付限额，且不得为负".to_owned(),
            Refusal::SamePerson { bank, person } => {
                format!("{bank}的该限额由人员{}提出，须由另一人确认后生效", person.0)
            }
            Refusal::Holds { bank } => format!("{bank}现行限额即如此，且无待确认的变更，无须处理"),
        }
    }
}

/// A limit that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// How much.
    pub limit_fen: Fen,
    /// Who proposed it, and the agreement's number.
    pub first: Remark,
    /// Who said the same.
    pub second: Remark,
}

/// A limit that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// How much; none: nothing is to be agreed any more.
    pub limit_fen: Option<Fen>,
    /// Who, and the agreement's number.
    pub remark: Remark,
}

/// What was agreed with each bank, and what waits for a second person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    agreed: BTreeMap<Party, Agreed>,
    proposed: BTreeMap<Party, Proposed>,
}

impl Limits {
    /// Nothing.
    #[must_use]
    pub fn new() -> Limits {
        Limits::default()
    }

    /// What holds for a bank; none where nothing was agreed with it.
    #[must_use]
    pub fn agreed(&self, bank: Party) -> Option<&Agreed> {
        self.agreed.get(&bank)
    }

    /// What waits for a second person.
    #[must_use]
    pub fn proposed(&self, bank: Party) -> Option<&Proposed> {
        self.proposed.get(&bank)
    }

    /// Banks of which something is on file or proposed.
    pub fn banks(&self) -> impl Iterator<Item = Party> {
        let (proposed, agreed) = (&self.proposed, &self.agreed);
        let only_proposed = proposed.keys().filter(|bank| !agreed.contains_key(bank));
        agreed.keys().chain(only_proposed).copied()
    }

    /// What comes of what a person says on a day.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing comes of it then.
    pub fn decide(&self, person: PersonId, today: Day, order: Order<'_>) -> Result<Event, Refusal> {
        let Order { bank, limit_fen, agreement } = order;
        if person == PersonId::NOBODY {
            return Err(Unsaid::NoPerson.into());
        }
        let is_amount = limit_fen.is_none_or(|fen| fen >= Fen::ZERO && fen.in_bounds());
        if bank.kind() != PartyKind::Bank || !is_amount {
            return Err(Refusal::NoLimit { party: bank, limit_fen });
        }
        words("the agreement's number", "协议编号", agreement)?;
        let remark = Remark { person, day: today, words: agreement.into() };
        let proposed = self.proposed(bank);
        if self.holds(order) {
            return match proposed {
                Some(_) => Ok(Event::TakenBack { bank, remark }),
                None => Err(Refusal::Holds { bank }),
            };
        }
        match proposed {
            Some(first) if first.limit_fen == limit_fen && *first.remark.words == *agreement => {
                if first.remark.person == person {
                    return Err(Refusal::SamePerson { bank, person });
                }
                let first = first.remark.clone();
                Ok(Event::Agreed { bank, limit_fen, first, second: remark })
            }
            _ => Ok(Event::Proposed { bank, limit_fen, remark }),
        }
    }

    fn holds(&self, order: Order<'_>) -> bool {
        match (order.limit_fen, self.agreed(order.bank)) {
            (None, None) => true,
            (Some(fen), Some(agreed)) => {
                agreed.limit_fen == fen && *agreed.first.words == *order.agreement
            }
            _ => false,
        }
    }

    /// Changes by an event that was decided on this state.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Proposed { bank, limit_fen, remark } => {
                let proposed = Proposed { limit_fen: *limit_fen, remark: remark.clone() };
                self.proposed.insert(*bank, proposed);
            }
            Event::Agreed { bank, limit_fen, first, second } => {
                self.proposed.remove(bank);
                let (first, second) = (first.clone(), second.clone());
                match *limit_fen {
                    Some(limit_fen) => {
                        self.agreed.insert(*bank, Agreed { limit_fen, first, second })
                    }
                    None => self.agreed.remove(bank),
                };
            }
            Event::TakenBack { bank, .. } => {
                self.proposed.remove(bank);
            }
        }
    }

    /// What holds for a bank and what waits, in a sentence.
    #[must_use]
    pub fn english(&self, bank: Party) -> String {
        let mut text = match self.agreed(bank) {
            Some(Agreed { limit_fen, first, .. }) => {
                format!("{bank}: {} is agreed ({})", grouped(*limit_fen), first.words)
            }
            None => format!("{bank}: nothing is agreed"),
        };
        if let Some(waits) = self.proposed(bank) {
            text.push_str("; ");
            text.push_str(&waits.english());
        }
        text
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self, bank: Party) -> String {
        let mut text = match self.agreed(bank) {
            Some(Agreed { limit_fen, first, .. }) => {
                format!("{bank} 约定限额{}（{}）", grouped(*limit_fen), first.words)
            }
            None => format!("{bank} 未约定限额"),
        };
        if let Some(waits) = self.proposed(bank) {
            text.push('；');
            text.push_str(&waits.chinese());
        }
        text
    }
}

impl Proposed {
    /// Who proposes what, and what it waits for.
    #[must_use]
    pub fn english(&self) -> String {
        let Remark { person, day, words } = &self.remark;
        let what = match self.limit_fen {
            Some(fen) => grouped(fen),
            None => "that nothing is".to_owned(),
        };
        let day = day.get();
        format!(
            "person {} proposes {what} ({words}, {day}), which waits for a second person",
            person.0
        )
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let Remark { person, day, words } = &self.remark;
        let what = match self.limit_fen {
            Some(fen) => grouped(fen),
            None => "不再约定".to_owned(),
        };
        format!("人员{}提出{what}（{words}，{}），待另一人确认", person.0, day.get())
    }
}

fn grouped(fen: Fen) -> String {
    yuan_grouped(fen.get().into())
}
