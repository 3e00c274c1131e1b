//! Rows that the finance office has on file: the question, and a page of them.
//!
//! Knows a table's number and the bounds of keys and lines, and not what stands in a line.

use domain::ids::{DivisionIndex, FiscalYear};
use domain::limits::FILED_BYTES_MAX;
use domain::office::table::Table;

use super::{Asked, read_year, value};
use crate::bytes::{Reader, Short, put_text};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{CONTINUATION_BYTES, DIRECTORY_PAGE_ITEMS_MAX, ROW_KEY_BYTES_MAX};
use crate::results::{Position, put_prologue, read_prologue};

/// Asks for a page of rows of one table, by key. Of what is asked, the order and the bytes that
/// continue a page mean nothing: a page goes on behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRows {
    /// When, and how many.
    pub asked: Asked,
    /// The division.
    pub division: DivisionIndex,
    /// The year.
    pub year: FiscalYear,
    /// The table.
    pub table: Table,
    /// Only rows whose key begins so.
    pub beginning: String,
    /// Only rows whose key comes behind this one; empty: from the first.
    pub after: String,
}

impl ListRows {
    /// Appends the request as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::ListRows, request, 0, 0);
        self.asked.put(0, out);
        out.extend_from_slice(&self.division.0.to_le_bytes());
        out.extend_from_slice(&self.year.get().to_le_bytes());
        out.extend_from_slice(&[self.table as u8, 0, 0, 0]);
        put_text(out, &self.beginning, ROW_KEY_BYTES_MAX);
        put_text(out, &self.after, ROW_KEY_BYTES_MAX);
        end_frame(out, start);
    }

    /// The request in a frame of kind [`FrameKind::ListRows`].
    ///
    /// # Errors
    /// As [`super::ListPayments::parse`].
    pub fn parse(frame: &Frame<'_>) -> Result<ListRows, FrameError> {
        let kind = FrameKind::ListRows;
        let short = FrameError::short(kind);
        let mut reader = Reader::new(frame.body);
        let (asked, _) = Asked::read(&mut reader, kind, 0)?;
        let division = DivisionIndex(reader.u16().map_err(&short)?);
        let year = reader.u16().map_err(&short)?;
        let [number, zeros @ ..]: [u8; 4] = reader.array().map_err(&short)?;
        let beginning = reader.text(ROW_KEY_BYTES_MAX).map_err(&short)?.to_owned();
        let after = reader.text(ROW_KEY_BYTES_MAX).map_err(&short)?.to_owned();
        reader.end().map_err(&short)?;
        if zeros != [0; 3] {
            return Err(short(Short));
        }
        if asked.newest_first {
            return Err(value(kind, "flags", 1));
        }
        if asked.after != [0; CONTINUATION_BYTES] {
            return Err(value(kind, "after", 1));
        }
        let table = Table::from_number(number);
        let table = table.ok_or_else(|| value(kind, "table", number.into()))?;
        let known = read_year(kind, year)?;
        let year = known.ok_or_else(|| value(kind, "year", year.into()))?;
        Ok(ListRows { asked, division, year, table, beginning, after })
    }
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPage {
    /// The position it is true at.
    pub at: Position,
    /// The time of that position, in ms since 1970.
    pub time_ms: u64,
    /// The table.
    pub table: Table,
    /// What to go on behind; empty: the end.
    pub after: String,
    /// The rows, each as the texts of its columns, parted by tabs.
    pub rows: Vec<String>,
}

impl RowPage {
    /// Appends it as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::Rows, request, 0, self.rows.len() as u32);
        put_prologue(out, self.at);
        out.extend_from_slice(&self.time_ms.to_le_bytes());
        out.extend_from_slice(&[self.table as u8, 0, 0, 0]);
        put_text(out, &self.after, ROW_KEY_BYTES_MAX);
        for row in &self.rows {
            put_text(out, row, FILED_BYTES_MAX);
        }
        end_frame(out, start);
    }

    /// The page in a frame of kind [`FrameKind::Rows`].
    ///
    /// # Errors
    /// If the body is not as its numbers say.
    pub fn parse(frame: &Frame<'_>) -> Result<RowPage, FrameError> {
        let read = RowPage::read(frame.body, frame.header.count as usize);
        read.map_err(FrameError::short(FrameKind::Rows))
    }

    fn read(body: &[u8], count: usize) -> Result<RowPage, Short> {
        if count > DIRECTORY_PAGE_ITEMS_MAX {
            return Err(Short);
        }
        let mut reader = Reader::new(body);
        let at = read_prologue(&mut reader)?;
        let time_ms = reader.u64()?;
        let [number, zeros @ ..]: [u8; 4] = reader.array()?;
        if zeros != [0; 3] {
            return Err(Short);
        }
        let table = Table::from_number(number).ok_or(Short)?;
        let after = reader.text(ROW_KEY_BYTES_MAX)?.to_owned();
        let row = |_| reader.text(FILED_BYTES_MAX).map(str::to_owned);
        let rows = (0..count).map(row).collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(RowPage { at, time_ms, table, after, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;
    use domain::limits::OFFICE_FIELD_BYTES_MAX;

    #[test]
    fn a_question_and_its_page_survive_their_frames_and_no_part_of_them_is_one() {
        let asked = Asked { wait_ms: 5, items: 9, ..Asked::default() };
        let list = ListRows {
            asked,
            division: DivisionIndex(184),
            year: FiscalYear::from_offset(22),
            table: Table::MofDep,
            beginning: "0".into(),
            after: "03".into(),
        };
        let mut out = Vec::new();
        list.put(&mut out, 7);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(ListRows::parse(&frame).as_ref(), Ok(&list));
        for cut in 0..frame.body.len() {
            assert!(ListRows::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
        }
        let page = RowPage {
            at: Position { epoch: 1, sequence: 9 },
            time_ms: 10,
            table: Table::MofDep,
            after: "04".into(),
            rows: vec!["04\t教科文处\tbusiness".into(); DIRECTORY_PAGE_ITEMS_MAX],
        };
        let mut out = Vec::new();
        page.put(&mut out, 7);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(RowPage::parse(&frame), Ok(page));
        for cut in [0, 30, frame.body.len() - 1] {
            assert!(RowPage::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
        }
    }

    #[test]
    fn no_tables_key_is_longer_than_its_bound() {
        for &table in Table::ALL {
            let longest = table.keys() * (OFFICE_FIELD_BYTES_MAX + 1);
            assert!(longest <= ROW_KEY_BYTES_MAX, "{}", table.slug());
        }
    }
}
