//! The rows of a sheet of payees: who gets what of which quota, held against the form of the voucher on which they go to the
//! bank (8207), so that nothing is reserved which cannot be written.

use domain::Fen;
use domain::ids::{Day, FiscalYear, QuotaId};
use domain::voucher::check::{NothingHeld, check};
use domain::voucher::document::Fields;
use domain::voucher::field::Form;
use domain::voucher::unfit::{Finding, Place};
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use exchange::gbk;

use super::sheet::{COLUMNS, Payee};
use crate::cli::arguments;

/// A payee of a sheet, and where in the file.
pub(super) struct Row {
    pub(super) quota: QuotaId,
    pub(super) payee: Payee,
    /// The line of the file it begins on.
    pub(super) line: u64,
}

/// The columns that go to the bank, by their place in [`COLUMNS`].
const SENT: [(Field, usize); 4] = [
    (Field::PayeeName, 1),
    (Field::PayeeAccount, 2),
    (Field::PayeeBankNumber, 3),
    (Field::Amount, 4),
];

/// Reads a row; what is wrong with it where it cannot be read.
pub(super) fn row(record: &csv::StringRecord) -> Result<Row, String> {
    let line = record.position().map_or(0, csv::Position::line);
    let cell = |at: usize| record.get(at).unwrap_or("").trim();
    let wrong = |at: usize, why: &str| format!("{}: {why}", place(line, at, cell(at)));
    let payee = Payee {
        name: cell(1).to_owned(),
        account: cell(2).to_owned(),
        bank_number: cell(3).to_owned(),
        amount_fen: Fen::from_yuan(cell(4)).map_err(|why| wrong(4, &why.to_string()))?,
        of: match cell(5) {
            "" => None,
            of => Some(of.parse().map_err(|_| wrong(5, "that is no number of a line"))?),
        },
    };
    if !payee.amount_fen.is_payable() {
        return Err(wrong(4, "that cannot be paid"));
    }
    let quota = arguments::quota(cell(0)).map_err(|why| wrong(0, &why))?;
    Ok(Row { quota, payee, line })
}

/// What is wrong with rows by the table of the 8207's fields, each with its line, column, value and rule.
pub(super) fn unfit(rows: &[Row]) -> Vec<String> {
    let details = (1..).zip(rows);
    let details = details
        .map(|(id, row): (u32, &Row)| Detail { id: id.to_string(), fields: row.payee.sent() });
    let date = Day::new(20_220_101).expect("a day");
    let key = VoucherKey {
        division: DivisionCode::new("000000000").expect("nine digits"),
        year: FiscalYear::new(date.year()).expect("a year of vouchers"),
        kind: VoucherKind::BatchDetails,
        number: VoucherNumber::serial(1),
    };
    let sheet = Voucher {
        key,
        flag: Flag::Original,
        date,
        head: Fields::new(),
        details: details.collect(),
    };
    // Its head is written with its order; what is missing there is nobody's mistake here.
    check(&sheet, date, &NothingHeld).iter().filter_map(|finding| told(rows, finding)).collect()
}

/// Names that cannot be sent by a store that writes the national interface's XML, which is in GBK.
pub(super) fn outside_gbk(rows: &[Row]) -> Vec<String> {
    let note = |row: &Row| {
        let lacks = gbk::outside(&row.payee.name)?;
        let place = place(row.line, 1, &row.payee.name);
        Some(format!(
            "{place}: GBK has no `{lacks}`; a store that writes national XML cannot send it"
        ))
    };
    rows.iter().filter_map(note).collect()
}

fn told(rows: &[Row], finding: &Finding) -> Option<String> {
    let Place::Detail(number, Some(field)) = finding.place else { return None };
    let (_, at) = SENT.iter().find(|(sent, _)| *sent == field)?;
    let line = rows[number.checked_sub(1)? as usize].line;
    let (unfit, rule) = (finding.unfit, rule(field));
    Some(format!(
        "{}: {unfit}, {}; {} has {rule}; {}{}",
        place(line, *at, &finding.value),
        unfit.english(),
        COLUMNS[*at],
        field.chinese(),
        unfit.chinese(),
    ))
}

/// What a cell may hold, in words.
fn rule(field: Field) -> String {
    let Form::Text(chars_max) = field.form() else {
        return "yuan with two places, more than nothing".to_owned();
    };
    match field {
        Field::PayeeBankNumber => format!("{chars_max} digits, or nothing"),
        Field::PayeeAccount => format!("1 to {chars_max} letters, digits and hyphens"),
        _ => format!("1 to {chars_max} characters, none of them a control character"),
    }
}

/// Where a value stands in the file; what breaks a line in it is shown.
fn place(line: u64, at: usize, value: &str) -> String {
    format!("line {line}, column {} ({}): {value:?}", at + 1, COLUMNS[at])
}

impl Payee {
    /// As it stands on the 8207.
    fn sent(&self) -> Fields {
        let mut fields = Fields::new().with_text(Field::PayeeName, &*self.name);
        let more =
            [(Field::PayeeAccount, &self.account), (Field::PayeeBankNumber, &self.bank_number)];
        for (field, text) in more.into_iter().filter(|(_, text)| !text.is_empty()) {
            fields.set(field, Value::Text(text.clone()));
        }
        fields.with_amount(Field::Amount, self.amount_fen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: [&str; 4]) -> Vec<String> {
        let [name, account, bank_number, amount] = cells;
        let mut record =
            csv::StringRecord::from(vec!["5/2022/1", name, account, bank_number, amount]);
        let mut position = csv::Position::new();
        position.set_line(7);
        record.set_position(Some(position));
        match row(&record) {
            Ok(row) => unfit(&[row]),
            Err(why) => vec![why],
        }
    }

    #[test]
    fn a_cell_that_the_voucher_cannot_have_is_told_with_its_place_and_rule() {
        let good = ["张三", "6222-001", "102451099999", "1.00"];
        assert_eq!(read(good), [""; 0]);
        assert_eq!(read(["张三", "6222001", "", "1.00"]), [""; 0], "its bank is known by its card");
        let (long, far) = ("三".repeat(301), "6".repeat(41));
        for (at, value, place, rule) in [
            (0, "张\n三", "line 7, column 2 (name): \"张\\n三\"", "6004 field-form"),
            (0, &long, "line 7, column 2 (name): \"三三", "1 to 300 characters"),
            (0, "", "line 7, column 2 (name): \"\"", "6001 field-missing"),
            (1, "", "line 7, column 3 (account): \"\"", "收款人账号缺少必填要素"),
            (1, &far, "line 7, column 3 (account): \"666", "6003 field-too-long"),
            (
                1,
                "6222 001",
                "line 7, column 3 (account): \"6222 001\"",
                "letters, digits and hyphens",
            ),
            (2, "xx", "line 7, column 4 (bank_number): \"xx\"", "12 digits, or nothing"),
            (2, "10245109999９", "line 7, column 4 (bank_number): ", "6004 field-form"),
            (3, "0.00", "line 7, column 5 (amount): \"0.00\"", "cannot be paid"),
            (3, "1.001", "line 7, column 5 (amount): \"1.001\"", "exactly two decimals"),
        ] {
            let mut cells = good;
            cells[at] = value;
            let told = read(cells);
            assert_eq!(told.len(), 1, "{value}: {told:?}");
            assert!(told[0].starts_with(place) && told[0].contains(rule), "{value}: {told:?}");
        }
    }
}
