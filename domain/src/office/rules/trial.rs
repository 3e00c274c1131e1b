//! A rule tried out against past payments: what it would have stopped, had it been in force.
//!
//! Whoever folds the journal shows each event before it is applied, so that each payment is looked at
//! as it was asked for: with what was on file that day, and with the payments before it alone.

use super::judge::would_fire;
use crate::division::Division;
use crate::event::{Event, EventBody};
use crate::ids::{Day, DivisionIndex, PaymentId, QuotaId};
use crate::limits::TRIAL_HITS_MAX;
use crate::money::{Fen, FenSum};
use crate::office::field::Field;
use crate::office::rules::condition::Condition;
use crate::office::table::Tabled;
use crate::office::tables::rule::Rule;

/// A payment the rule would have fired at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The payment.
    pub payment: PaymentId,
    /// Its quota.
    pub quota: QuotaId,
    /// Its day.
    pub day: Day,
    /// How much.
    pub amount_fen: Fen,
    /// What the rule saw.
    pub inputs: String,
}

/// A rule, the payments it is tried out against, and what came of it.
#[derive(Clone, Debug)]
pub struct Trial {
    rule: Rule,
    division: Option<DivisionIndex>,
    days: (Day, Day),
    /// Payments looked at.
    pub payments: u64,
    /// Payments it would have fired at.
    pub fired: u64,
    /// Their sum in fen.
    pub fired_fen: FenSum,
    /// Payments without an element that it asks for: they would have been refused.
    pub lacking: u64,
    /// The first of those it would have fired at.
    pub hits: Vec<Hit>,
}

impl Trial {
    /// A trial of a rule, as a line of a `rule-propose` paper has it, against payments of some days, of
    /// one division or of all.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn new(
        line: &str,
        division: Option<DivisionIndex>,
        days: (Day, Day),
    ) -> Result<Trial, String> {
        // What a paper leaves to the engine: version, origin, persons and day.
        let mut fields: Vec<&str> = line.split('\t').collect();
        if fields.len() != 12 {
            return Err(format!("a rule has 12 fields, and this has {}", fields.len()));
        }
        fields.insert(1, "1");
        fields.extend(["own", "0", "1", "0", ""]);
        let rule = Rule::read(&fields).map_err(|unfit| {
            // The version is the second column of a row and of no line.
            let column = if unfit.column > 0 { unfit.column } else { 1 };
            format!("field {column}: {} expected", unfit.expected)
        })?;
        match Condition::parse(&rule.condition)? {
            Condition::Any(_) => {}
            _ => return Err("only rules about payments can be tried out against them".into()),
        }
        let (payments, fired, fired_fen, lacking, hits) = (0, 0, 0, 0, Vec::new());
        Ok(Trial { rule, division, days, payments, fired, fired_fen, lacking, hits })
    }

    /// The rule's id.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule.id
    }

    /// What the rule would do, as its word.
    #[must_use]
    pub fn action(&self) -> String {
        let mut word = String::new();
        self.rule.action.write(&mut word);
        word
    }

    /// Looks at an event that is about to be applied to its division.
    pub fn look(&mut self, division: &Division, event: &Event<'_>) {
        let EventBody::Reserved { command: c, .. } = &event.body else { return };
        let elsewhere = self.division.is_some_and(|only| only != division.index);
        if elsewhere || c.day < self.days.0 || c.day > self.days.1 {
            return;
        }
        self.payments += 1;
        match would_fire(division, c, &self.rule) {
            Err(_) => self.lacking += 1,
            Ok(None) => {}
            Ok(Some(inputs)) => {
                self.fired += 1;
                self.fired_fen += FenSum::from(c.amount_fen.get());
                if self.hits.len() < TRIAL_HITS_MAX {
                    let (payment, quota, day) = (c.payment, c.quota, c.day);
                    self.hits.push(Hit { payment, quota, day, amount_fen: c.amount_fen, inputs });
                }
            }
        }
    }
}
