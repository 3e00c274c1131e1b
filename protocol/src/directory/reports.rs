//! Reports: what is asked, and pages of what is answered.
//!
//! Every page carries what the report says of itself, its columns and its sum, so that none can be
//! read without its basis and scope. Never decides what is in a report.

use domain::ids::{FiscalYear, QuotaId};
use domain::office::reports::calendar::TenDays;
use domain::office::reports::page::{Form, Report, ReportColumn, Statement};
use domain::office::reports::question::{Basis, By, FILTER_BYTES_MAX, ReportKind, ReportQuestion};

use super::{ANY_QUOTA, Asked, Continuation, read_year, value};
use crate::bytes::{Reader, Short, put_text};
use crate::directory::pages::{put_page_prologue, read_page_prologue};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{
    CONTINUATION_BYTES, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, HISTORY_PROLOGUE_BYTES,
    REPORT_COLUMNS_MAX, REPORT_ROW_BYTES_MAX, REPORT_TEXT_BYTES_MAX,
};
use crate::results::Position;

const WHOLE_AREA: u8 = 1;
const CARRY_OVER: u8 = 2;

/// Stands for no period.
const NO_PERIOD: u8 = u8::MAX;

/// Asks for a page of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskReport {
    /// When, how many rows, and where to go on. Rows have one order.
    pub asked: Asked,
    /// Which report.
    pub question: ReportQuestion,
}

impl AskReport {
    /// Appends the request as a frame. Texts beyond their bounds are cut.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::Report, request, 0, 0);
        self.asked.put(0, out);
        let q = &self.question;
        let whole = if q.whole_area { WHOLE_AREA } else { 0 };
        let carry = if q.carry_over { CARRY_OVER } else { 0 };
        let upto = q.upto.map_or(NO_PERIOD, TenDays::number);
        out.extend_from_slice(&[q.kind.number(), q.by.number(), q.basis.number(), whole | carry]);
        out.extend_from_slice(&q.year.get().to_le_bytes());
        out.extend_from_slice(&[upto, 0]);
        out.extend_from_slice(&q.quota.map_or(ANY_QUOTA, |quota| quota.0).to_le_bytes());
        for text in [&q.division, &q.unit, &q.functional, &q.fund] {
            put_text(out, text, FILTER_BYTES_MAX);
        }
        end_frame(out, start);
    }

    /// The request in a frame of kind [`FrameKind::Report`].
    ///
    /// # Errors
    /// [`FrameError::Body`] if the body is not one, [`FrameError::Value`] if a field cannot be so.
    pub fn parse(frame: &Frame<'_>) -> Result<AskReport, FrameError> {
        let kind = FrameKind::Report;
        let short = FrameError::short(kind);
        let mut reader = Reader::new(frame.body);
        let (asked, _) = Asked::read(&mut reader, kind, 0)?;
        let [report, by, basis, flags]: [u8; 4] = reader.array().map_err(&short)?;
        let year = reader.u16().map_err(&short)?;
        let [upto, zero]: [u8; 2] = reader.array().map_err(&short)?;
        let quota = reader.u64().map_err(&short)?;
        let mut text = || reader.text(FILTER_BYTES_MAX).map_err(&short).map(Box::from);
        let (division, unit, functional, fund) = (text()?, text()?, text()?, text()?);
        reader.end().map_err(&short)?;
        let wrong = |field, number: u8| value(kind, field, number.into());
        if flags & !(WHOLE_AREA | CARRY_OVER) != 0 {
            return Err(wrong("scope", flags));
        }
        let upto = match upto {
            NO_PERIOD => None,
            number => Some(TenDays::from_number(number).ok_or_else(|| wrong("upto", number))?),
        };
        let year: Option<FiscalYear> = read_year(kind, year)?;
        let question = ReportQuestion {
            kind: ReportKind::from_number(report).ok_or_else(|| wrong("report", report))?,
            year: year.ok_or_else(|| value(kind, "year", 0))?,
            division,
            whole_area: flags & WHOLE_AREA != 0,
            by: By::from_number(by).ok_or_else(|| wrong("by", by))?,
            basis: Basis::from_number(basis).ok_or_else(|| wrong("basis", basis))?,
            carry_over: flags & CARRY_OVER != 0,
            upto,
            unit,
            functional,
            fund,
            quota: (quota != ANY_QUOTA).then_some(QuotaId(quota)),
        };
        if zero == 0 { Ok(AskReport { asked, question }) } else { Err(short(Short)) }
    }
}

/// A page of a report: the report with some of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPage {
    /// The position it is true at.
    pub at: Position,
    /// The time of that position, and from which ages are counted back, in ms since 1970.
    pub time_ms: u64,
    /// What continues it; all zero at its end.
    pub after: Continuation,
    /// The report, with the rows of this page.
    pub report: Report,
}

impl ReportPage {
    /// Appends the page as a frame, with as many of the rows from `rows` on as have room, at most
    /// `items`, and gives how many. `after` says what continues the report behind so many rows.
    pub fn put(
        report: &Report,
        rows: usize,
        items: usize,
        (at, time_ms): (Position, u64),
        after: impl FnOnce(usize) -> Continuation,
        out: &mut Vec<u8>,
        request: u64,
    ) -> usize {
        let mut head = Vec::new();
        put_head(report, &mut head);
        let mut room = FRAME_BYTES_MAX - FRAME_HEADER_BYTES - HISTORY_PROLOGUE_BYTES - head.len();
        let has_room = |row: &&String| {
            let left = room.checked_sub(2 + row.len().min(REPORT_ROW_BYTES_MAX));
            room = left.unwrap_or(0);
            left.is_some()
        };
        let wanted = report.rows.iter().skip(rows).take(items);
        let rows: Vec<&String> = wanted.take_while(has_room).collect();
        let start = begin_frame(out, FrameKind::ReportPage, request, 0, rows.len() as u32);
        put_page_prologue(out, at, time_ms, &after(rows.len()));
        out.extend_from_slice(&head);
        rows.iter().for_each(|row| put_text(out, row, REPORT_ROW_BYTES_MAX));
        end_frame(out, start);
        rows.len()
    }

    /// The page in a frame of kind [`FrameKind::ReportPage`].
    ///
    /// # Errors
    /// If the body is not as its numbers say.
    pub fn parse(frame: &Frame<'_>) -> Result<ReportPage, FrameError> {
        let short = FrameError::short(FrameKind::ReportPage);
        read_page(frame).map_err(short)
    }
}

fn read_page(frame: &Frame<'_>) -> Result<ReportPage, Short> {
    let mut reader = Reader::new(frame.body);
    let (at, time_ms, after) = read_page_prologue(&mut reader)?;
    let (statements, columns) = (reader.u16()?, reader.u16()?);
    let mut report = Report {
        title: read_text(&mut reader)?,
        chinese: read_text(&mut reader)?,
        statements: Vec::new(),
        columns: Vec::new(),
        rows: Vec::new(),
        total: read_row(&mut reader)?,
    };
    for _ in 0..statements {
        let [name, chinese, text] = read_texts(&mut reader)?;
        report.statements.push(Statement { name, chinese, text });
    }
    for _ in 0..columns {
        let form = Form::from_number(reader.u8()?).ok_or(Short)?;
        let [name, chinese] = read_texts(&mut reader)?;
        report.columns.push(ReportColumn { name, chinese, form });
    }
    for _ in 0..frame.header.count {
        report.rows.push(read_row(&mut reader)?);
    }
    reader.end()?;
    Ok(ReportPage { at, time_ms, after, report })
}

fn put_head(report: &Report, out: &mut Vec<u8>) {
    let count = |count: usize| (count.min(REPORT_COLUMNS_MAX) as u16).to_le_bytes();
    out.extend_from_slice(&count(report.statements.len()));
    out.extend_from_slice(&count(report.columns.len()));
    let put = |out: &mut Vec<u8>, text: &str| put_text(out, text, REPORT_TEXT_BYTES_MAX);
    put(out, &report.title);
    put(out, &report.chinese);
    put_text(out, &report.total, REPORT_ROW_BYTES_MAX);
    for said in report.statements.iter().take(REPORT_COLUMNS_MAX) {
        [&said.name, &said.chinese, &said.text].into_iter().for_each(|text| put(out, text));
    }
    for column in report.columns.iter().take(REPORT_COLUMNS_MAX) {
        out.push(column.form.number());
        [&column.name, &column.chinese].into_iter().for_each(|text| put(out, text));
    }
}

fn read_text(reader: &mut Reader<'_>) -> Result<Box<str>, Short> {
    reader.text(REPORT_TEXT_BYTES_MAX).map(Box::from)
}

fn read_row(reader: &mut Reader<'_>) -> Result<String, Short> {
    reader.text(REPORT_ROW_BYTES_MAX).map(String::from)
}

fn read_texts<const N: usize>(reader: &mut Reader<'_>) -> Result<[Box<str>; N], Short> {
    let mut texts: [Box<str>; N] = std::array::from_fn(|_| Box::default());
    for text in &mut texts {
        *text = read_text(reader)?;
    }
    Ok(texts)
}

/// The bytes that continue a report: of which question, at which position, behind how many rows.
#[must_use]
pub fn continuation(question: u64, sequence: u64, rows: u64) -> Continuation {
    let mut after = [0; CONTINUATION_BYTES];
    after[..8].copy_from_slice(&question.to_le_bytes());
    after[8..16].copy_from_slice(&sequence.to_le_bytes());
    after[16..].copy_from_slice(&rows.to_le_bytes());
    after
}

#[cfg(test)]
mod tests {
    use domain::limits::OFFICE_FIELD_BYTES_MAX;
    use domain::office::table::Tabled;
    use domain::office::tables::rule::Deviation;

    use super::*;
    use crate::frame::split_frame;

    #[test]
    fn a_question_survives_its_frame_and_no_part_of_it_is_one() {
        let year = FiscalYear::from_offset(22);
        let all = ReportQuestion::new(ReportKind::Bulletin, year);
        let one = ReportQuestion {
            division: "370102000".into(),
            whole_area: false,
            by: By::Payment,
            basis: Basis::Cleared,
            carry_over: false,
            upto: TenDays::from_number(5),
            unit: "101".into(),
            functional: "205".into(),
            fund: "111".into(),
            quota: Some(QuotaId(7)),
            ..ReportQuestion::new(ReportKind::Execution, year)
        };
        for question in [all, one] {
            let ask = AskReport { asked: Asked::default(), question };
            let mut out = Vec::new();
            ask.put(&mut out, 7);
            let frame = split_frame(&out).unwrap().unwrap();
            assert_eq!(AskReport::parse(&frame), Ok(ask));
            for cut in 0..frame.body.len() {
                assert!(AskReport::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
            }
        }
    }

    #[test]
    fn a_report_survives_its_pages() {
        let report = Report {
            title: "T".into(),
            chinese: "表".into(),
            statements: vec![Statement::new("basis", "口径", "paid")],
            columns: vec![ReportColumn::new("spent", "执行数", Form::Fen)],
            rows: (0..60_000).map(|row| format!("{row:060}")).collect(),
            total: "9".into(),
        };
        let at = Position { epoch: 1, sequence: 9 };
        let (mut rows, mut pages) = (Vec::new(), 0);
        while rows.len() < report.rows.len() {
            let (from, mut out) = (rows.len(), Vec::new());
            let after = |more: usize| continuation(1, 9, (from + more) as u64);
            let put = ReportPage::put(&report, from, usize::MAX, (at, 5), after, &mut out, 3);
            let page = ReportPage::parse(&split_frame(&out).unwrap().unwrap()).unwrap();
            assert_eq!((page.at, page.time_ms, page.report.rows.len()), (at, 5, put));
            assert_eq!(page.after, continuation(1, 9, (from + put) as u64));
            assert_eq!(page.report.statements, report.statements);
            rows.extend(page.report.rows);
            pages += 1;
        }
        assert_eq!((rows, pages), (report.rows, 4));
    }

    #[test]
    fn a_deviation_of_the_longest_texts_arrives_whole() {
        let longest = "例".repeat(OFFICE_FIELD_BYTES_MAX / 3);
        assert_eq!(longest.len(), OFFICE_FIELD_BYTES_MAX);
        let fields = Deviation::COLUMNS.len() + 3;
        let row = vec![&*longest; fields].join("\t");
        assert!(row.len() > REPORT_TEXT_BYTES_MAX);
        // And one of as many columns as there may be: no page is too full for it.
        let widest = vec![&*longest; REPORT_COLUMNS_MAX].join("\t");
        let text = "表".repeat(REPORT_TEXT_BYTES_MAX);
        let report = Report {
            title: text.clone().into(),
            chinese: text.clone().into(),
            statements: vec![Statement::new(&text, &text, &text); REPORT_COLUMNS_MAX],
            columns: vec![ReportColumn::new("c", "列", Form::Text); REPORT_COLUMNS_MAX],
            rows: vec![row, widest.clone()],
            total: widest,
        };
        let (at, mut out) = (Position { epoch: 1, sequence: 9 }, Vec::new());
        let put = ReportPage::put(&report, 0, usize::MAX, (at, 5), |_| [0; 24], &mut out, 3);
        let page = ReportPage::parse(&split_frame(&out).unwrap().unwrap()).unwrap();
        assert_eq!((page.report.rows, page.report.total), (report.rows, report.total));
        assert_eq!(put, 2);
    }
}
