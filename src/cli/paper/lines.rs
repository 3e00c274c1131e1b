//! Lines of a paper, and where people wrote them: in flags, or in the rows of CSV files.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::Result;
use domain::office::form::LineForm;

use crate::cli::import::files::{FILE_BYTES_MAX, Wrong, records};
use crate::exit::{Exit, Failure};

/// A file of lines.
#[derive(Debug)]
pub(in crate::cli) struct Sheet {
    /// As people named it.
    pub(super) name: String,
    /// For each column of the form its place in the file, from 1; 0: it is not there.
    columns: Vec<u32>,
}

/// Where a line was written.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Written {
    /// In the flags of the command.
    Flags,
    /// In a row of a file, from 1.
    Row(Rc<Sheet>, u32),
}

/// A line of a paper.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Line {
    pub(super) form: &'static LineForm,
    /// What stands in the form's columns.
    pub(super) fields: Vec<String>,
    pub(super) written: Written,
}

impl Line {
    /// A line that was written in flags, or follows from the command alone.
    pub(in crate::cli) fn of_flags(form: &'static LineForm, fields: Vec<String>) -> Line {
        Line { form, fields, written: Written::Flags }
    }

    /// As it stands in the paper.
    pub(in crate::cli) fn text(&self) -> String {
        let word = self.form.word.into_iter();
        word.chain(self.fields.iter().map(String::as_str)).collect::<Vec<_>>().join("\t")
    }

    /// What stands in a column of the line, from 1 with its word counted, and where people find it.
    pub(in crate::cli) fn wrong(&self, column: i64) -> Wrong {
        let before = 1 + usize::from(self.form.word.is_some());
        let at = usize::try_from(column).ok().and_then(|column| column.checked_sub(before));
        let name = at.and_then(|at| self.form.columns.get(at));
        let value = at.and_then(|at| self.fields.get(at)).cloned().unwrap_or_default();
        let (file, row, column) = match &self.written {
            Written::Flags => {
                (name.map_or("the line".to_owned(), |name| given(self.form, name)), 0, 0)
            }
            Written::Row(sheet, row) => {
                let column = at.and_then(|at| sheet.columns.get(at)).copied().unwrap_or(0);
                (sheet.name.clone(), *row, column)
            }
        };
        let expected = name.map_or("the line".to_owned(), |name| told(self.form, name));
        Wrong { file, row, column, value, expected }
    }

    /// What stands in a column.
    pub(in crate::cli) fn field(&self, name: &str) -> Option<&str> {
        let at = self.form.columns.iter().position(|column| *column == name)?;
        self.fields.get(at).map(String::as_str)
    }

    /// Fills a column in which nothing stands.
    pub(in crate::cli) fn fill(&mut self, name: &str, text: &str) {
        let at = self.form.columns.iter().position(|column| *column == name);
        if let Some(field) = at.and_then(|at| self.fields.get_mut(at)).filter(|f| f.is_empty()) {
            text.clone_into(field);
        }
    }

    /// Fields that cannot stand in a line.
    pub(super) fn unfit(&self) -> Option<Wrong> {
        let at = self.fields.iter().position(|field| field.chars().any(char::is_control))?;
        let column = at + 1 + usize::from(self.form.word.is_some());
        let expected = "a text without tabs and line ends".to_owned();
        Some(Wrong { expected, ..self.wrong(column as i64) })
    }
}

/// Something wrong, for people: in a file with its place, else by its flag.
pub(in crate::cli) fn shown(wrong: &Wrong) -> String {
    let Wrong { file, row, value, expected, .. } = wrong;
    if *row == 0 { format!("{file}: {value:?}: {expected}") } else { wrong.to_string() }
}

/// Flags that every paper has.
const COMMON: [&str; 6] = ["division", "year", "person", "role", "act", "lines"];

/// A column's flag, without what begins it. The first column of a line that begins with a word is
/// called by the word; what is called like a flag of every paper has its table's name before it.
pub(super) fn flag(form: &LineForm, column: &str) -> String {
    if let Some(word) = form.word.filter(|_| form.columns.first() == Some(&column)) {
        return word.to_owned();
    }
    let name = column.replace('_', "-");
    if COMMON.contains(&column) { format!("{}-{name}", form.table.slug()) } else { name }
}

/// What the value of a column is called.
pub(super) fn value_name(column: &str) -> String {
    column.to_uppercase()
}

/// A column as people gave it on the command line.
fn given(form: &LineForm, column: &str) -> String {
    match form {
        LineForm { word: None, columns: [_], .. } => value_name(column),
        _ => format!("--{}", flag(form, column)),
    }
}

/// What stands in a column, for people.
pub(in crate::cli) fn told(form: &LineForm, name: &str) -> String {
    let Some(column) = form.column(name) else { return name.to_owned() };
    let refers = column.refers.map_or(String::new(), |table| format!(", a row of {table}"));
    format!("{name} {}: {}{refers}", column.chinese, column.form)
}

/// The rows of a file as lines of a form. Its first row names the columns, in any order; those in which
/// nothing may stand, and the optional ones, may be left out. Rows that begin with # say nothing.
///
/// # Errors
/// If it cannot be read, or anything in it does not fit; everything that does not is told.
pub(in crate::cli) fn read(
    path: &Path,
    form: &'static LineForm,
    optional: &[&str],
) -> Result<Vec<Line>> {
    let name = path.display().to_string();
    let unread = |why| Failure::file(format_args!("cannot read {name}"), &why);
    let about = fs::metadata(path).map_err(unread)?;
    if about.len() > FILE_BYTES_MAX {
        let what = format!("has {} bytes, more than {FILE_BYTES_MAX}; cut it in two", about.len());
        return Err(Failure::usage(format!("{name} {what}")).into());
    }
    let bytes = fs::read(path).map_err(unread)?;
    let mut wrong = Vec::new();
    let lines = of_bytes(&name, &bytes, (form, optional), &mut wrong);
    if wrong.is_empty() { Ok(lines) } else { Err(unfit(&wrong)) }
}

fn of_bytes(
    name: &str,
    bytes: &[u8],
    (form, optional): (&'static LineForm, &[&str]),
    wrong: &mut Vec<Wrong>,
) -> Vec<Line> {
    let records = records(name, bytes, wrong);
    let mut records = records
        .into_iter()
        .filter(|record| record.fields.first().is_none_or(|field| !field.starts_with('#')));
    let Some(header) = records.next() else {
        let expected = format!("a first row that names {}", form.columns.join(","));
        let file = name.to_owned();
        wrong.push(Wrong { file, row: 0, column: 0, value: String::new(), expected });
        return Vec::new();
    };
    let columns = columns(name, &header.fields, (form, optional), wrong);
    let (width, sheet) = (header.fields.len(), Rc::new(Sheet { name: name.to_owned(), columns }));
    let mut lines = Vec::new();
    for record in records {
        if record.fields.len() != width {
            let column = record.fields.len().min(width) as u32 + 1;
            let value = record.fields.get(width).cloned().unwrap_or_default();
            let expected = format!("{width} columns, as in the first row");
            wrong.push(Wrong { file: name.to_owned(), row: record.row, column, value, expected });
            continue;
        }
        let field = |&at: &u32| match at {
            0 => String::new(),
            at => record.fields[at as usize - 1].clone(),
        };
        let fields = sheet.columns.iter().map(field).collect();
        let line = Line { form, fields, written: Written::Row(Rc::clone(&sheet), record.row) };
        wrong.extend(line.unfit());
        lines.push(line);
    }
    if lines.is_empty() && wrong.is_empty() {
        let expected = format!("rows of {}", form.columns.join(","));
        let file = name.to_owned();
        wrong.push(Wrong { file, row: 0, column: 0, value: String::new(), expected });
    }
    lines
}

/// Where the columns of a form stand in a file. An amount may be called as its table calls it.
fn columns(
    name: &str,
    header: &[String],
    (form, optional): (&LineForm, &[&str]),
    wrong: &mut Vec<Wrong>,
) -> Vec<u32> {
    let file = || name.to_owned();
    let of = |given: &str| {
        let short = given.strip_suffix("_fen").unwrap_or(given);
        form.columns.iter().position(|column| *column == given || *column == short)
    };
    let mut columns = vec![0; form.columns.len()];
    for (at, given) in header.iter().enumerate() {
        let column = at as u32 + 1;
        let place = of(given).filter(|&place| columns[place] == 0);
        match place {
            Some(place) => columns[place] = column,
            None => {
                let expected = format!("each of {} once", form.columns.join(","));
                wrong.push(Wrong { file: file(), row: 1, column, value: given.clone(), expected });
            }
        }
    }
    let missing = form.columns.iter().zip(&columns);
    let must_be = |column: &&str| !form.may_be_empty(column) && !optional.contains(column);
    let missing = missing.filter(|(column, at)| **at == 0 && must_be(column));
    for (column, _) in missing {
        let expected = format!("a column for {}", told(form, column));
        let value = String::new();
        wrong.push(Wrong { file: file(), row: 1, column: 0, value, expected });
    }
    columns
}

/// The error of lines that do not fit, all of them told.
pub(in crate::cli) fn unfit(wrong: &[Wrong]) -> anyhow::Error {
    let lines: Vec<String> = wrong.iter().map(shown).collect();
    let what = anyhow::anyhow!(
        "{}\n{} things do not fit; nothing was filed: mend them and give it again",
        lines.join("\n"),
        wrong.len()
    );
    Failure::new(Exit::Refused, what).into()
}

/// Details under the lines they belong to: the lines of blocks that stay together.
///
/// # Errors
/// A detail that names none of them.
pub(super) fn blocks(heads: Vec<Line>, details: Vec<Line>) -> Result<Vec<Vec<Line>>> {
    let mut blocks: Vec<Vec<Line>> = heads.into_iter().map(|head| vec![head]).collect();
    let mut wrong = Vec::new();
    for detail in details {
        let key = &detail.fields[0];
        match blocks.iter_mut().find(|block| block[0].fields[0] == *key) {
            Some(block) => block.push(detail),
            None => {
                let place = detail.wrong(2);
                let expected = format!("one that is in --lines; {}", place.expected);
                wrong.push(Wrong { expected, ..place });
            }
        }
    }
    if wrong.is_empty() { Ok(blocks) } else { Err(unfit(&wrong)) }
}

/// The bytes that lines take in a paper, held against what fits.
///
/// # Errors
/// One block that no paper takes.
pub(super) fn must_fit(block: &[Line], bound: usize) -> Result<usize> {
    let bytes: usize = block.iter().map(|line| line.text().len() + 1).sum();
    if bytes > bound {
        let first = block[0].wrong(0);
        let what = anyhow::anyhow!(
            "{}:{} with what belongs to it has {bytes} bytes, and {bound} fit into a paper",
            first.file,
            first.row
        );
        return Err(Failure::new(Exit::Usage, what).into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use domain::office::paper::PaperKind;

    use super::*;

    fn read(kind: PaperKind, bytes: &str) -> (Vec<String>, Vec<String>) {
        let mut wrong = Vec::new();
        let form = &kind.lines()[0];
        let lines = of_bytes("f.csv", bytes.as_bytes(), (form, &[]), &mut wrong);
        let texts = lines.iter().map(Line::text).collect();
        (texts, wrong.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn columns_stand_in_any_order_and_amounts_may_be_called_as_in_their_table() {
        let file = "amount_fen,unit,fund,class\n#rows,1\n60000.00,101002,111,personnel\n";
        let (lines, wrong) = read(PaperKind::ControlPut, file);
        assert_eq!(lines, ["101002\tpersonnel\t111\t60000.00"]);
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn everything_that_does_not_fit_is_told_with_its_place() {
        let file = "unit,class,klass\n101002,personnel,111\n1,2\n\"a\tb\",x,y,z\n";
        let (_, wrong) = read(PaperKind::ControlPut, file);
        assert_eq!(
            wrong,
            [
                "f.csv:1:3: \"klass\": each of unit,class,fund,amount once",
                "f.csv:1:0: \"\": a column for fund 资金性质: a classification code of one to eight \
                 letters or digits",
                "f.csv:1:0: \"\": a column for amount 控制数: yuan with two decimals, such as 1234.50",
                "f.csv:3:3: \"\": 3 columns, as in the first row",
                "f.csv:4:4: \"z\": 3 columns, as in the first row",
            ]
        );
        let (_, wrong) = read(PaperKind::ProjectReturn, "project,reason\nP-1,\"a\tb\"\n");
        assert_eq!(wrong, ["f.csv:2:2: \"a\\tb\": a text without tabs and line ends"]);
        let (_, wrong) = read(PaperKind::ProjectReturn, "");
        assert_eq!(wrong, ["f.csv:0:0: \"\": a first row that names project,reason"]);
        let (_, wrong) = read(PaperKind::ProjectReturn, "project,reason\n");
        assert_eq!(wrong, ["f.csv:0:0: \"\": rows of project,reason"]);
    }

    #[test]
    fn what_the_server_refuses_is_told_where_it_stands_in_the_file() {
        let form = &PaperKind::ProjectDraft.lines()[1];
        let mut wrong = Vec::new();
        let file = "\u{feff}year,amount,project\r\n\r\n2022,ten,P-1\r\n";
        let lines = of_bytes("needs.csv", file.as_bytes(), (form, &[]), &mut wrong);
        assert_eq!(lines[0].text(), "need\tP-1\t2022\tten");
        // In the paper the word is the first column.
        let told = lines[0].wrong(4).to_string();
        assert_eq!(
            told,
            "needs.csv:3:2: \"ten\": amount 金额: yuan with two decimals, such as 1234.50"
        );
        assert_eq!(lines[0].wrong(2).column, 3);
        assert_eq!(lines[0].wrong(1).column, 0, "the word is in no column");
        let flags = Line::of_flags(&PaperKind::RowAudit.lines()[0], vec!["R".into(), "x".into()]);
        assert!(shown(&flags.wrong(2)).starts_with("--amount: \"x\": amount 金额"));
    }

    #[test]
    fn details_stand_under_what_they_belong_to() {
        let [head, detail] = PaperKind::ProjectDraft.lines() else { panic!("two forms") };
        let line = |form, first: &str| Line::of_flags(form, vec![first.to_owned(); 3]);
        let heads = vec![line(head, "A"), line(head, "B")];
        let details = vec![line(detail, "B"), line(detail, "A"), line(detail, "B")];
        let sizes: Vec<usize> =
            blocks(heads.clone(), details).expect("all").iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 3]);
        let stray = blocks(heads, vec![line(detail, "C")]).expect_err("none is named C");
        assert!(stray.to_string().contains("\"C\": one that is in --lines"), "{stray}");
    }
}
