//! What reports are made from, and the divisions one is about.

use std::collections::HashMap;

use super::calendar::day_of;
use super::ledger::Ledger;
use super::page::Statement;
use super::question::{NoReport, ReportQuestion};
use crate::ids::{Day, DivisionIndex, FiscalYear, QuotaId};
use crate::money::{FenSum, yuan_grouped};
use crate::office::shelves::{Book, Shelves};
use crate::office::tables::base::{DivisionCard, Unit};

/// What a report is made from.
pub struct Sources<'a> {
    /// Running totals.
    pub ledger: &'a Ledger,
    /// What is on file.
    pub shelves: &'a Shelves,
    /// When the moment it is about was, in ms since 1970.
    pub now_ms: u64,
    /// The official key of a quota.
    pub key: &'a dyn Fn(QuotaId) -> &'a str,
}

/// The divisions a report is about: for each, the one it is shown under by area.
pub(super) struct Scope {
    pub(super) head: DivisionIndex,
    pub(super) area: HashMap<DivisionIndex, DivisionIndex>,
}

impl Scope {
    /// The divisions, in the order of their indexes.
    pub(super) fn divisions(&self) -> Vec<DivisionIndex> {
        let mut divisions: Vec<DivisionIndex> = self.area.keys().copied().collect();
        divisions.sort_unstable();
        divisions
    }
}

impl Sources<'_> {
    pub(super) fn scope(&self, question: &ReportQuestion) -> Result<Scope, NoReport> {
        let places = self.ledger.places();
        let head = match &*question.division {
            "" => DivisionIndex::PROVINCE,
            code => places.by_code(code).ok_or_else(|| NoReport::NoDivision(code.into()))?,
        };
        let area = match question.whole_area {
            true => places.area(head, question.year, self.shelves),
            false => HashMap::from([(head, head)]),
        };
        Ok(Scope { head, area })
    }

    /// The day business has come to; without any, the day of the moment.
    pub(super) fn today(&self, year: FiscalYear) -> Day {
        self.ledger.business_day(year).unwrap_or_else(|| day_of(self.now_ms))
    }

    pub(super) fn card(&self, book: Book) -> Option<&DivisionCard> {
        self.shelves.office(book).card()
    }

    /// The code of a division; its index where it is not registered.
    pub(super) fn code(&self, division: DivisionIndex) -> String {
        match self.ledger.places().code(division) {
            "" => format!("#{}", division.0),
            code => code.to_owned(),
        }
    }

    /// What its card says of its level; empty without a card.
    pub(super) fn level(&self, book: Book) -> &'static str {
        self.card(book).map_or("", |card| card.level.chinese())
    }

    pub(super) fn unit_name(&self, book: Book, unit: &str) -> &str {
        self.shelves.office(book).get::<Unit>(unit).map_or("", |unit| &unit.name)
    }

    /// What every report says of itself.
    pub(super) fn common_statements(
        &self,
        question: &ReportQuestion,
        scope: &Scope,
    ) -> Vec<Statement> {
        let (code, name) = (self.code(scope.head), self.ledger.places().name(scope.head));
        let scope_text = match question.whole_area {
            true => format!("whole area, 全辖: {code} {name}, {} divisions", scope.area.len()),
            false => format!("own level, 本级: {code} {name}"),
        };
        let (basis, chinese) = question.basis.words();
        let (mut moves, mut fen): (u64, FenSum) = (0, 0);
        for division in scope.divisions() {
            for (_, moved) in self.ledger.in_transit((division, question.year)) {
                moves += 1;
                fen += FenSum::from(moved.amount);
            }
        }
        let transit = format!("{} in {moves} moves, in nobody's budget", yuan_grouped(fen));
        vec![
            Statement::new("year", "年度", &question.year.get().to_string()),
            Statement::new("scope", "范围", &scope_text),
            Statement::new("basis", "口径", &format!("{}, {chinese}: {basis}", question.basis)),
            Statement::new("in-transit", "在途资金", &transit),
        ]
    }
}
