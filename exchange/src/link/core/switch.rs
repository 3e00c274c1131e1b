//! Which line messages go by.
//!
//! The primary where it is well, the backup otherwise. A line that is taken begins behind what is acknowledged:
//! whatever was on its way by the other one goes again, and the other side drops what it has.

use crate::link::{Line, Reason};

use super::{Event, Link};

impl Link {
    /// Takes another line where it is time to.
    pub(super) fn choose(&mut self, now_ms: u64) {
        let Some(line) = self.sending else {
            self.choose_first(now_ms);
            return;
        };
        // Two lines that are slow both are not left for each other again and again.
        let long = |at| now_ms.saturating_sub(at) >= self.settings.well_ms;
        let may_leave = self.left_slow_at.is_none_or(long);
        if self.slots[line.index()].slow && self.is_well(line.other()) && may_leave {
            self.left_slow_at = Some(now_ms);
            self.close(line, Reason::Slow, String::new(), now_ms);
            self.begin(line.other(), now_ms);
            return;
        }
        let back =
            line == Line::Backup && self.well_ms(Line::Primary, now_ms) >= Some(self.well_ms);
        if !back {
            self.returning_since = None;
            return;
        }
        // Nothing new goes by the backup until what is on its way is acknowledged.
        let since = *self.returning_since.get_or_insert(now_ms);
        if self.sizes.is_empty() || now_ms.saturating_sub(since) >= self.settings.drain_ms {
            self.why_down = Reason::WellAgain;
            self.returned_at = Some(now_ms);
            self.begin(Line::Primary, now_ms);
        }
    }

    fn choose_first(&mut self, now_ms: u64) {
        let lines = || Line::ALL.into_iter();
        let found = lines().find(|&line| self.is_well(line));
        let Some(line) = found.or_else(|| lines().find(|&line| self.is_up(line))) else { return };
        // When both come up at the same time, the backup is not taken for being a moment earlier.
        let fresh = self.up_ms(line, now_ms) < Some(self.settings.prefer_ms);
        if line == Line::Backup && self.used != Some(line) && fresh {
            return;
        }
        self.begin(line, now_ms);
    }

    fn begin(&mut self, line: Line, now_ms: u64) {
        let repeated = self.highest - self.acked;
        self.rewind();
        self.sending = Some(line);
        self.returning_since = None;
        let Some(from) = self.used.replace(line).filter(|&from| from != line) else { return };
        if from == Line::Primary {
            self.damp(now_ms);
        }
        self.counts.switches += 1;
        self.events.push(Event::Switched {
            from,
            to: line,
            reason: self.why_down,
            switches: self.counts.switches,
            repeated,
        });
    }

    /// A primary that fails soon after each way back has to be well for longer each time.
    fn damp(&mut self, now_ms: u64) {
        let soon = |at| now_ms.saturating_sub(at) < self.well_ms;
        self.well_ms = match self.returned_at.take() {
            Some(at) if soon(at) => (2 * self.well_ms).min(self.settings.well_ms_max),
            _ => self.settings.well_ms,
        };
    }

    /// Sending goes on behind what is acknowledged.
    pub(super) fn rewind(&mut self) {
        self.sent = self.acked;
        self.sizes.clear();
        self.in_flight_bytes = 0;
    }

    fn is_well(&self, line: Line) -> bool {
        self.is_up(line) && !self.slots[line.index()].slow
    }

    /// For how long a line has been up; `None` if it is not.
    fn up_ms(&self, line: Line, now_ms: u64) -> Option<u64> {
        self.up_at(line).map(|at| now_ms.saturating_sub(at))
    }

    /// For how long a line has been well; `None` if it is not.
    fn well_ms(&self, line: Line, now_ms: u64) -> Option<u64> {
        let since = self.slots[line.index()].well_since;
        self.is_well(line).then(|| now_ms.saturating_sub(since))
    }
}
