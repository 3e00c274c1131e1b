//! What a rule saw in a payment, in words for the worklist.

use std::fmt::Write;

use super::Case;
use crate::ids::Class;
use crate::money::{Fen, yuan_plain};
use crate::office::rules::condition::{Coded, Predicate};

impl Case<'_> {
    /// What a clause saw, in words for the worklist.
    pub(crate) fn seen(&self, clause: &[Predicate], figures: Option<(Fen, Fen)>) -> String {
        let mut text = format!("amount={}", self.reserve.amount_fen.to_yuan());
        let mut say = |name: &str, value: &str| {
            let _ = write!(text, " {name}={value}");
        };
        for predicate in clause {
            match predicate {
                Predicate::In { subject, .. } => {
                    let place = self.word(*subject).ok().map(usize::from);
                    let word = place.and_then(|place| subject.words().get(place));
                    say(subject.slug(), word.unwrap_or(&"unknown"));
                }
                Predicate::Under { coded, .. } => {
                    let code = self.code(*coded).unwrap_or(Class::ANY);
                    let name = match coded {
                        Coded::Functional => "functional",
                        Coded::Government => "government",
                        Coded::Economic => "economic",
                        Coded::Fund => "fund",
                    };
                    say(name, code.as_str());
                }
                Predicate::Unit { .. } => say("unit", self.unit_code()),
                Predicate::Exists { thing, holds } => {
                    say(&format!("{thing:?}").to_lowercase(), if *holds { "yes" } else { "no" });
                }
                Predicate::Repeat(days) => say("repeat-within-days", &days.to_string()),
                Predicate::Sum(days, ..) => {
                    let known = self.counted_of(self.pair).sum(self.reserve.day, *days);
                    let sum = self.with_own(known);
                    say(&format!("sum-of-{days}-days"), &yuan_plain(sum));
                }
                Predicate::Total(classes, ..) => {
                    say("year-total", &yuan_plain(self.with_own(self.total(classes))));
                }
                Predicate::Amount(..) | Predicate::FundTotal(..) => {}
            }
        }
        if let Some((_, left)) = figures {
            say("left", &left.to_yuan());
        }
        text
    }
}
