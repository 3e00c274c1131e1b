//! How the statements of a month or a year stand (月对账、年对账): which came and were compared, and what differs.

use crate::ids::Day;
use crate::limits::DAY_NAMED_MAX;
use crate::reconciliation::Register;
use crate::reconciliation::period::Period;
use crate::reconciliation::register::{Difference, Outcome, Told};

/// A period's statements, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    period: Period,
    statements: Vec<(Told, Option<Outcome>)>,
    open: Vec<&'a Difference>,
}

impl<'a> Standing<'a> {
    /// Looks at what came of the statements that are due for a period.
    #[must_use]
    pub fn of(period: Period, due: &[Told], register: &'a Register) -> Standing<'a> {
        let last = period.last();
        let statements = due.iter().map(|told| (*told, register.compared(last, *told))).collect();
        let is_its = |one: &&Difference| one.opened == last && due.contains(&one.told);
        Standing { period, statements, open: register.open().filter(is_its).collect() }
    }

    /// The period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Its statements, and what came of each; none where it did not come, or is forgotten.
    #[must_use]
    pub fn statements(&self) -> &[(Told, Option<Outcome>)] {
        &self.statements
    }

    /// What is open, the oldest number first.
    #[must_use]
    pub fn open(&self) -> &[&'a Difference] {
        &self.open
    }

    /// Whether every statement came and nothing that it brought is open.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.open.is_empty() && self.statements.iter().all(|(_, outcome)| outcome.is_some())
    }

    /// As a page of text, on a day.
    #[must_use]
    pub fn english(&self, today: Day) -> String {
        let standing = if self.is_green() { "agrees" } else { "is open" };
        let mut page = format!("{} {standing}.\n", self.period);
        for (told, outcome) in &self.statements {
            page.push_str(&match outcome {
                None => format!("open     {} {}: due; ask for it\n", told.party, told.source),
                Some(outcome) => {
                    let open = self.open_of(*told);
                    let mark = if open == 0 { "green  " } else { "open   " };
                    let (agreed, different) = (outcome.agreed, outcome.different);
                    format!(
                        "{mark}  {} {}: {agreed} sums agree, {different} differed, {open} are open\n",
                        told.party, told.source
                    )
                }
            });
        }
        self.named(page, |one| one.english(today))
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self, today: Day) -> String {
        let standing = if self.is_green() { "相符" } else { "未结" };
        let mut page = format!("{} {standing}。\n", self.period);
        for (told, outcome) in &self.statements {
            let (party, source) = (told.party, told.source.chinese());
            page.push_str(&match outcome {
                None => format!("未完  {party} {source}：未收到，请催收\n"),
                Some(outcome) => {
                    let open = self.open_of(*told);
                    let mark = if open == 0 { "完成" } else { "未完" };
                    let (agreed, different) = (outcome.agreed, outcome.different);
                    format!("{mark}  {party} {source}：相符{agreed}项，不符{different}项，未结{open}项\n")
                }
            });
        }
        self.named(page, |one| one.chinese(today))
    }

    fn open_of(&self, told: Told) -> usize {
        self.open.iter().filter(|one| one.told == told).count()
    }

    /// What is open in a line each; of many the first.
    fn named(&self, mut page: String, said: impl Fn(&Difference) -> String) -> String {
        for one in self.open.iter().take(DAY_NAMED_MAX) {
            page.push_str(&format!("  {}\n", said(one)));
        }
        page
    }
}
