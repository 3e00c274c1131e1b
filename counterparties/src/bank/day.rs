//! A bank's day: it is opened by order, and its cut-off passes by order or at a time that the bank is told.

use domain::ids::Day;
use exchange::business::Effect;

use super::record::Record;
use super::{Bank, Phase, Refusal, noted};

impl Bank {
    pub(super) fn open_day(&self, day: Day) -> Result<Vec<Effect>, Refusal> {
        match self.day {
            Some(open) if self.phase != Phase::Closed => Err(Refusal::DayOpen { day: open }),
            Some(last) if last >= day => Err(Refusal::DayPast { day, last }),
            _ => Ok(vec![noted(&Record::DayOpened { day: day.get() })]),
        }
    }

    pub(super) fn today(&self) -> Result<Day, Refusal> {
        self.day.filter(|_| self.phase != Phase::Closed).ok_or(Refusal::NoDay)
    }

    /// What time does: at its cut-off time the bank stops for the day, once.
    pub(super) fn minute(&self, day: Day, minute: u16) -> Vec<Effect> {
        let passes = self.awaits_cut_off() == Some(day)
            && self.cut_off_minute.is_some_and(|cut_off_minute| cut_off_minute <= minute);
        if passes { vec![noted(&Record::CutOff)] } else { Vec::new() }
    }

    /// The bank, with a time at which it stops paying for a day (截止时间), in minutes from midnight in Beijing. It reads no clock: what
    /// time it is it is told by [`super::Order::Minute`].
    #[must_use]
    pub fn stopping_at(self, cut_off_minute: Option<u16>) -> Bank {
        Bank { cut_off_minute, ..self }
    }

    /// The open day whose cut-off time has not passed; none where the bank has no such time, or is past it.
    #[must_use]
    pub fn awaits_cut_off(&self) -> Option<Day> {
        self.day.filter(|_| self.phase == Phase::Open && self.cut_off_minute.is_some())
    }
}
