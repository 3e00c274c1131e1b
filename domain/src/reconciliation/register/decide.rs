//! What comes of an order, decided without changing anything.

use crate::ids::{Day, PersonId};
use crate::limits::NOTE_BYTES_MAX;
use crate::money::FenSum;
use crate::reconciliation::line::{Figures, ItemState};

use super::{Carried, Difference, DifferenceId, Ending, Event, Order, Refusal, Register, Remark};

impl Register {
    /// What comes of an order that a person gives on a day.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing comes of it then.
    pub fn decide(
        &self,
        person: PersonId,
        today: Day,
        order: Order<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        if person == PersonId::NOBODY {
            return Err(Refusal::NoPerson);
        }
        let remark = |words: &str| Remark { person, day: today, words: words.into() };
        Ok(match order {
            Order::Compare { told, day, agreed, findings } => {
                self.compare(told, day, agreed, findings)?
            }
            Order::Assign { id, to } => {
                self.still_open(id)?;
                if to == PersonId::NOBODY {
                    return Err(Refusal::NoPerson);
                }
                vec![Event::Assigned { id, to }]
            }
            Order::Write { id, letter } => {
                self.still_open(id)?;
                words("the letter's number", "函件编号", letter)?;
                vec![Event::Written { id, remark: remark(letter) }]
            }
            Order::Confirm { id, reference, theirs } => {
                let ours = self.still_open(id)?.finding.ours;
                words("the number of their paper", "对方文件编号", reference)?;
                agree(id, ours, theirs)?;
                let ending = Ending::Confirmed { theirs, remark: remark(reference) };
                vec![Event::Ended { id, ending }]
            }
            Order::Correct { id, fact, ours } => {
                let theirs = self.still_open(id)?.finding.theirs;
                words("the fact that was posted", "补记事实编号", fact)?;
                agree(id, ours, theirs)?;
                let ending = Ending::Corrected { ours, remark: remark(fact) };
                vec![Event::Ended { id, ending }]
            }
            Order::Offset { ids, reference } => {
                words("what took it back", "冲正依据", reference)?;
                self.offset(ids)?;
                let ending = Ending::Confirmed { theirs: None, remark: remark(reference) };
                ids.iter().map(|id| Event::Ended { id: *id, ending: ending.clone() }).collect()
            }
            Order::Accept { id, reason } => {
                let difference = self.still_open(id)?;
                words("the reason", "理由", reason)?;
                match &difference.proposed {
                    None => vec![Event::Proposed { id, remark: remark(reason) }],
                    Some(first) if first.person == person => {
                        return Err(Refusal::SamePerson { id, person });
                    }
                    Some(first) => {
                        let (first, second) = (first.clone(), remark(reason));
                        vec![Event::Ended { id, ending: Ending::Accepted { first, second } }]
                    }
                }
            }
            Order::Carry { id, until, reason } => {
                let difference = self.still_open(id)?;
                words("the reason", "理由", reason)?;
                let after = difference.opened.max(today);
                if until <= after {
                    return Err(Refusal::NotAhead { id, until, after });
                }
                let carried = Carried { until, remark: remark(reason) };
                vec![Event::Carried { id, carried }]
            }
            Order::CloseDay { day } => self.close(day)?,
        })
    }

    /// Whether lines that the other side told of one place add up to nothing.
    fn offset(&self, ids: &[DifferenceId]) -> Result<(), Refusal> {
        let mut sum_fen: FenSum = 0;
        let mut first: Option<&Difference> = None;
        for id in ids {
            let one = self.still_open(*id)?;
            let first = *first.get_or_insert(one);
            let theirs = one.finding.theirs.filter(|said| said.state == ItemState::Done);
            let is_of_it = (first.told, &first.finding.place) == (one.told, &one.finding.place);
            let Some(theirs) = theirs.filter(|_| is_of_it) else {
                let theirs = one.finding.theirs;
                return Err(Refusal::StillDiffers { id: *id, ours: None, theirs });
            };
            sum_fen += FenSum::from(theirs.amount_fen.get());
        }
        match first.filter(|_| sum_fen != 0) {
            None => Ok(()),
            Some(one) => {
                let (id, theirs) = (one.id, one.finding.theirs);
                Err(Refusal::StillDiffers { id, ours: None, theirs })
            }
        }
    }

    fn close(&self, day: Day) -> Result<Vec<Event>, Refusal> {
        if let Some(closed) = self.closed_until.filter(|&closed| day <= closed) {
            return Err(Refusal::DayIsClosed { day, closed });
        }
        let mut blocking = self.blocking(day);
        match blocking.next() {
            Some(first) => {
                let (first, many) = (first.id, 1 + blocking.count());
                Err(Refusal::OpenDifferences { day, many, first })
            }
            None => Ok(vec![Event::DayClosed { day }]),
        }
    }

    fn still_open(&self, id: DifferenceId) -> Result<&Difference, Refusal> {
        let difference = self.get(id).ok_or(Refusal::NoDifference { id })?;
        if difference.is_open() { Ok(difference) } else { Err(Refusal::HasEnded { id }) }
    }
}

/// Whether a text is one that somebody wrote, and not too long to be kept.
///
/// # Errors
/// [`Refusal::Words`], with what the text was to be in both languages.
pub fn words(what: &'static str, what_chinese: &'static str, text: &str) -> Result<(), Refusal> {
    let bytes = text.len();
    let fits = !text.trim().is_empty() && bytes <= NOTE_BYTES_MAX;
    if fits { Ok(()) } else { Err(Refusal::Words { what, what_chinese, bytes }) }
}

/// Both sides have nothing, or one amount and state. Their days may differ: money that is there late is there.
fn agree(id: DifferenceId, ours: Option<Figures>, theirs: Option<Figures>) -> Result<(), Refusal> {
    let told = |figures: Figures| (figures.amount_fen, figures.state);
    if ours.map(told) == theirs.map(told) {
        Ok(())
    } else {
        Err(Refusal::StillDiffers { id, ours, theirs })
    }
}
