//! Rows of the checkpoint: key and value of a page.

use storage::page_record::{WhichPayments, decode, encode, key};

/// Reads a row: a byte that says how long the key is, the key, the value.
pub fn read(data: &[u8]) {
    let Some((&length, rest)) = data.split_first() else { return };
    let Some((row_key, value)) = rest.split_at_checked(length as usize) else { return };
    let ids = decode(row_key, value, WhichPayments::Unsettled);
    match decode(row_key, value, WhichPayments::All) {
        Ok(page) => {
            assert!(ids.is_ok(), "less of a page can be read where all of it can");
            assert_eq!(key(&page.name()), row_key, "a page is kept under its own key");
            // The same number can be written longer than needed: what is written again is the measure.
            let (written, rest_begins) = encode(&page);
            let again = decode(row_key, &written, WhichPayments::All).expect("a page just written");
            let same = encode(&again) == (written.clone(), rest_begins);
            assert!(same, "a page that was read is written as it was");
            let first = decode(row_key, &written[..rest_begins], WhichPayments::Unsettled);
            assert!(first.is_ok(), "what a start is given is enough for it");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Rows of every kind, from a checkpoint of the real server.
pub fn seeds() -> Vec<Vec<u8>> {
    super::from_files("seeds/checkpoint_row")
}
