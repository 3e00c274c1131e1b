//! Why the register refuses, in two languages: the thing, the value, the next step.

use thiserror::Error;

use crate::ids::{Day, PersonId};
use crate::limits::{DIFFERENCES_MAX, NOTE_BYTES_MAX};
use crate::reconciliation::line::Figures;

use super::DifferenceId;

/// Why an order is refused. Nothing changes then.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody gives it.
    #[error("the order names no person; name who gives it")]
    NoPerson,
    /// There is no such difference, or it ended on a day that is closed.
    #[error("difference {id} is not on record; list the open ones")]
    NoDifference {
        /// Which.
        id: DifferenceId,
    },
    /// It has ended.
    #[error("difference {id} has ended; nothing is left to do")]
    HasEnded {
        /// Which.
        id: DifferenceId,
    },
    /// A text is missing or too long.
    #[error("{what} has {bytes} bytes; give 1 to {NOTE_BYTES_MAX}")]
    Words {
        /// What.
        what: &'static str,
        /// The same in Chinese.
        what_chinese: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// What is confirmed or corrected does not make both sides agree.
    #[error(
        "difference {id} stays: ours is {}, theirs is {}; both need one amount and state, or two persons \
         accept it",
        said(ours),
        said(theirs)
    )]
    StillDiffers {
        /// Which.
        id: DifferenceId,
        /// Ours, with the order carried out.
        ours: Option<Figures>,
        /// Theirs, likewise.
        theirs: Option<Figures>,
    },
    /// The second person is the first.
    #[error("difference {id} was proposed by person {}; a second person has to accept it", person.0)]
    SamePerson {
        /// Which.
        id: DifferenceId,
        /// Who.
        person: PersonId,
    },
    /// It would be carried to a day that is not ahead.
    #[error("difference {id} is carried to {}, which is not after {}; give a later day", until.get(), after.get())]
    NotAhead {
        /// Which.
        id: DifferenceId,
        /// The day given.
        until: Day,
        /// What it must be after.
        after: Day,
    },
    /// The day is closed.
    #[error("day {} is closed, as all up to {}; settle it on an open day", day.get(), closed.get())]
    DayIsClosed {
        /// Which.
        day: Day,
        /// The last day that is closed.
        closed: Day,
    },
    /// Differences stand in the way.
    #[error("day {} has {many} open differences, the first {first}; end them, or carry them as named items", day.get())]
    OpenDifferences {
        /// Of which day.
        day: Day,
        /// How many.
        many: usize,
        /// The first of them.
        first: DifferenceId,
    },
    /// There is no room for so many.
    #[error(
        "with this statement {many} differences are on record, and {DIFFERENCES_MAX} are the most; it is the \
         statement that is wrong: have it sent again"
    )]
    TooManyDifferences {
        /// How many.
        many: usize,
    },
}

fn said(figures: &Option<Figures>) -> String {
    figures.map_or_else(|| "nothing".to_owned(), |figures| figures.to_string())
}

impl Refusal {
    /// The name in JSON and scripts.
    #[must_use]
    pub const fn slug(&self) -> &'static str {
        match self {
            Refusal::NoPerson => "no-person",
            Refusal::NoDifference { .. } => "no-difference",
            Refusal::HasEnded { .. } => "has-ended",
            Refusal::Words { .. } => "words",
            Refusal::StillDiffers { .. } => "still-differs",
            Refusal::SamePerson { .. } => "same-person",
            Refusal::NotAhead { .. } => "not-ahead",
            Refusal::DayIsClosed { .. } => "day-is-closed",
            Refusal::OpenDifferences { .. } => "open-differences",
            Refusal::TooManyDifferences { .. } => "too-many-differences",
        }
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let said = |figures: &Option<Figures>| {
            figures.map_or_else(|| "无此笔".to_owned(), Figures::chinese)
        };
        match self {
            Refusal::NoPerson => "未注明经办人，请注明".to_owned(),
            Refusal::NoDifference { id } => format!("差异{id}无记录，请查询未结差异"),
            Refusal::HasEnded { id } => format!("差异{id}已结，无须处理"),
            Refusal::Words { what_chinese, bytes, .. } => {
                format!("{what_chinese}为{bytes}字节，须为1至{NOTE_BYTES_MAX}字节")
            }
            Refusal::StillDiffers { id, ours, theirs } => format!(
                "差异{id}仍不符：我方{}，对方{}；双方金额与状态一致方可核销，否则须双人认可",
                said(ours),
                said(theirs)
            ),
            Refusal::SamePerson { id, person } => {
                format!("差异{id}由人员{}提出，须由另一人认可", person.0)
            }
            Refusal::NotAhead { id, until, after } => {
                format!("差异{id}结转至{}，不晚于{}，请填写更晚日期", until.get(), after.get())
            }
            Refusal::DayIsClosed { day, closed } => {
                format!("{}已日终（已结至{}），请在未结日期处理", day.get(), closed.get())
            }
            Refusal::OpenDifferences { day, many, first } => {
                format!("{}尚有{many}项未结差异，首项{first}；请核销或列明结转", day.get())
            }
            Refusal::TooManyDifferences { many } => {
                format!(
                    "连同本对账单共{many}项差异，上限{DIFFERENCES_MAX}；对账单本身有误，请对方重发"
                )
            }
        }
    }
}
