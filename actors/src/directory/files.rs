//! Pages of what the finance office has on file.
//!
//! Papers' events carry the rows as they are afterwards ([`domain::office::shelves`] folds them), so
//! nothing is decided here.

use domain::office::shelves::Shelves;
use protocol::directory::ListRows;
use protocol::limits::DIRECTORY_ROWS_BYTES_MAX;

/// The rows of a page, and the key to go on behind; empty: the end.
pub(super) fn page(shelves: &Shelves, list: &ListRows) -> (Vec<String>, String) {
    let office = shelves.office((list.division, list.year));
    let (mut rows, mut bytes, mut last) = (Vec::new(), 0, "");
    for (key, row) in office.rows_from(list.table, &list.beginning, &list.after) {
        let mut line = String::new();
        row.write(&mut line);
        let full = rows.len() == list.asked.page_items();
        if full || (bytes > 0 && bytes + line.len() > DIRECTORY_ROWS_BYTES_MAX) {
            return (rows, last.to_owned());
        }
        (bytes, last) = (bytes + line.len(), key);
        rows.push(line);
    }
    (rows, String::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::give::{self, YEAR};
    use domain::Event;
    use domain::command::Body;
    use domain::event::EventBody;
    use domain::ids::{DivisionIndex, Fingerprint};
    use domain::office::table::Table;
    use protocol::directory::Asked;

    #[test]
    fn a_page_of_rows_has_a_bound_in_bytes() {
        let mut shelves = Shelves::default();
        let given = give::paper(0, 1, &[(1, Some(1))], 0).command;
        let Body::File(command) = given.body else { panic!("a paper") };
        for code in 100..550 {
            let changes = format!("+mof-dep\t{code}\t{}\tother\n", "n".repeat(600)).into();
            let body = EventBody::Filed { fingerprint: Fingerprint(1), changes, command };
            shelves.take(&Event { by: given.by, body }).expect("a change");
        }
        let mut list = ListRows {
            asked: Asked::default(),
            division: DivisionIndex(0),
            year: YEAR,
            table: Table::MofDep,
            beginning: String::new(),
            after: String::new(),
        };
        let (rows, after) = page(&shelves, &list);
        let bytes: usize = rows.iter().map(String::len).sum();
        assert!(bytes <= DIRECTORY_ROWS_BYTES_MAX && bytes + 700 > DIRECTORY_ROWS_BYTES_MAX);
        assert_eq!(after, (100 + rows.len() - 1).to_string(), "it goes on behind its last row");
        list.after = after;
        let (rest, after) = page(&shelves, &list);
        assert_eq!((rows.len() + rest.len(), &*after), (450, ""));
    }
}
