//! A report as an Excel workbook of one sheet.
//!
//! Excel counts in floating point: fifteen digits are exact, and larger amounts are written as text
//! rather than as numbers that are nearly right.

use anyhow::Result;
use domain::money::yuan_plain;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet};

use super::sheet::{Sheet, Value, percent};

/// Digits of a number that Excel keeps exactly.
const EXACT_DIGITS: usize = 15;

/// Width of a column of names and of one of figures, in characters.
const WIDTHS: (u16, u16) = (18, 22);

pub(super) fn write(sheet: &Sheet) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    // The same report is the same file: nothing in it says when it was written.
    let made = ExcelDateTime::from_timestamp((sheet.time_ms / 1000) as i64)?;
    book.set_properties(&DocProperties::new().set_title(&sheet.title).set_creation_datetime(&made));
    let page = book.add_worksheet();
    page.set_name(&sheet.chinese)?;
    fill(page, sheet)?;
    Ok(book.save_to_buffer()?)
}

fn fill(page: &mut Worksheet, sheet: &Sheet) -> Result<()> {
    let bold = Format::new().set_bold();
    let head = Format::new().set_bold().set_align(FormatAlign::Center).set_text_wrap();
    page.write_with_format(0, 0, format!("{}  {}", sheet.chinese, sheet.title), &bold)?;
    let mut row = 1;
    for [name, chinese, text] in &sheet.statements {
        page.write(row, 0, format!("{chinese} {name}"))?;
        page.write(row, 1, text)?;
        row += 1;
    }
    row += 1;
    for (at, column) in (0..).zip(&sheet.columns) {
        page.write_with_format(row, at, format!("{}\n{}", column.chinese, column.name), &head)?;
        page.set_column_width(at, if column.is_figure() { WIDTHS.1 } else { WIDTHS.0 })?;
    }
    row += 1;
    page.set_freeze_panes(row, 0)?;
    let money = Format::new().set_num_format("#,##0.00");
    let share = Format::new().set_num_format("0.00\"%\"");
    let count = Format::new().set_num_format("#,##0");
    for values in sheet.rows.iter().chain(&sheet.total) {
        for (at, value) in (0..).zip(values) {
            match value {
                Value::Empty => {}
                Value::Text(text) => {
                    page.write(row, at, text)?;
                }
                Value::Fen(fen) => number(page, row, at, &yuan_plain(*fen), &money)?,
                Value::Count(number_of) => number(page, row, at, &number_of.to_string(), &count)?,
                Value::BasisPoints(bp) => number(page, row, at, &percent(*bp), &share)?,
            }
        }
        row += 1;
    }
    Ok(())
}

/// Writes a decimal number, as text where Excel would not keep it.
fn number(page: &mut Worksheet, row: u32, at: u16, text: &str, format: &Format) -> Result<()> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text.parse::<f64>() {
        Ok(number) if digits <= EXACT_DIGITS => page.write_with_format(row, at, number, format)?,
        _ => page.write_with_format(row, at, text, format)?,
    };
    Ok(())
}
