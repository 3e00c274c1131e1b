//! Lines of a paper as the fields of its kind.

use super::{Asked, at};
use crate::money::Fen;
use crate::office::field::Field;
use crate::office::line::Change;
use crate::office::table::Tabled;
use crate::office::tables::base::Unit;
use crate::refusal::{Code, Refusal};

/// One line of a paper.
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// Its fields.
    pub(crate) fields: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The field in a column, from 0.
    ///
    /// # Errors
    /// [`Code::BadRow`], with the place.
    pub(crate) fn get<T: Field>(&self, column: usize) -> Result<T, Refusal> {
        let value = self.fields.get(column).and_then(|text| T::read(text));
        value.ok_or_else(|| self.refuse(Code::BadRow, column))
    }

    /// The whole line as a row of a table.
    ///
    /// # Errors
    /// [`Code::BadRow`], with the place.
    pub(crate) fn row<T: Tabled>(&self) -> Result<T, Refusal> {
        T::read(&self.fields).map_err(|unfit| self.refuse(Code::BadRow, unfit.column))
    }

    /// The text in a column, from 0.
    ///
    /// # Errors
    /// [`Code::BadRow`], with the place.
    pub(crate) fn text(&self, column: usize) -> Result<&'a str, Refusal> {
        let text = self.fields.get(column).copied();
        text.ok_or_else(|| self.refuse(Code::BadRow, column))
    }

    /// The amount in a column, from 0: nothing at least.
    ///
    /// # Errors
    /// [`Code::BadRow`], with the place.
    pub(crate) fn amount(&self, column: usize) -> Result<Fen, Refusal> {
        let amount: Fen = self.get(column)?;
        if amount < Fen::ZERO { Err(self.refuse(Code::BadRow, column)) } else { Ok(amount) }
    }

    /// The reason in a column, from 0.
    ///
    /// # Errors
    /// [`Code::ReasonMissing`], with the place.
    pub(crate) fn reason(&self, column: usize) -> Result<crate::office::field::Text, Refusal> {
        let reason: crate::office::field::Name =
            self.get(column).map_err(|_| self.refuse(Code::ReasonMissing, column))?;
        Ok((&*reason).into())
    }

    /// Whether the line has this many fields.
    ///
    /// # Errors
    /// [`Code::BadRow`], at the first field that is missing or too many.
    pub(crate) fn must_have(&self, count: usize) -> Result<(), Refusal> {
        let have = self.fields.len();
        if have == count { Ok(()) } else { Err(self.refuse(Code::BadRow, count.min(have))) }
    }

    /// A refusal that points at a column, from 0.
    pub(crate) fn refuse(&self, code: Code, column: usize) -> Refusal {
        at(code, self.number, column + 1)
    }

    /// A refusal found elsewhere, made to point at a column, from 0. It keeps its own figures first.
    pub(crate) fn place(&self, refusal: impl Into<Refusal>, column: usize) -> Refusal {
        let mut refusal = refusal.into();
        self.refuse(refusal.code, column).figures().for_each(|figure| refusal.add(figure));
        refusal
    }
}

impl<'a> Asked<'a> {
    /// The lines, one at least.
    ///
    /// # Errors
    /// [`Code::BadRow`]: the paper is empty.
    pub(crate) fn read(&self) -> Result<Vec<Line<'a>>, Refusal> {
        let lines: Vec<Line<'a>> =
            self.lines().map(|(number, fields)| Line { number, fields }).collect();
        if lines.is_empty() { Err(at(Code::BadRow, 1, 1)) } else { Ok(lines) }
    }

    /// The one line of a paper.
    ///
    /// # Errors
    /// [`Code::BadRow`]: it is empty, or has a second one.
    pub(crate) fn only(&self) -> Result<Line<'a>, Refusal> {
        let mut lines = self.read()?;
        match lines.get(1) {
            None => Ok(lines.swap_remove(0)),
            Some(second) => Err(second.refuse(Code::BadRow, 0)),
        }
    }

    /// The paper's business day.
    ///
    /// # Errors
    /// [`Code::PaperNoDay`].
    pub(crate) fn day(&self) -> Result<crate::ids::Day, Refusal> {
        self.paper.day.ok_or(Code::PaperNoDay.into())
    }

    /// Whether a unit that a line names is on file.
    ///
    /// # Errors
    /// [`Code::NoRow`], with the place.
    pub(crate) fn must_be_unit(
        &self,
        line: &Line<'_>,
        column: usize,
        unit: &str,
    ) -> Result<(), Refusal> {
        let known: Option<&Unit> = self.office.get(unit);
        known.map(|_| ()).ok_or_else(|| line.refuse(Code::NoRow, column))
    }

    /// Whether the person is another than one who took an earlier step.
    ///
    /// # Errors
    /// [`Code::DutySeparation`].
    pub(crate) fn must_not_be(&self, earlier: crate::ids::PersonId) -> Result<(), Refusal> {
        if self.by.person == earlier { Err(Code::DutySeparation.into()) } else { Ok(()) }
    }
}

/// Whether no row is changed twice: the second change would be decided by what the first has undone.
///
/// # Errors
/// [`Code::RowTwice`].
pub(crate) fn each_once(changes: Vec<Change>) -> Result<Vec<Change>, Refusal> {
    let mut names: Vec<_> = changes.iter().map(Change::names).collect();
    names.sort();
    let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
    if twice { Err(Code::RowTwice.into()) } else { Ok(changes) }
}
