//! Goal: what the finance office has on file, and papers staged in a batch, come back from the rows
//! of a checkpoint as they were, and no row is read as another.
//! Method: pages beside bytes kept in files; each byte of them changed or cut off.

use std::fmt::Write as _;
use std::path::PathBuf;

use domain::batch::{Batch, Staged};
use domain::codes::{ActKind, BatchEnd};
use domain::ids::{BatchId, Fingerprint, FiscalYear, MoveId, PersonId, QuotaId};
use domain::money::Fen;
use domain::office::Slot;
use domain::office::table::{Row, Table};
use domain::page::{Page, YearPage};
use storage::page_record::{PageError, WhichPayments, decode, encode, key};

const YEAR: FiscalYear = FiscalYear::from_offset(22);

fn slot(row: Option<&str>) -> Page {
    let row = row.map(|line| Row::read(Table::MofDep, line).expect("a row"));
    Page::OfYear(YEAR, YearPage::Slot(258, Slot { table: Table::MofDep, key: "03".into(), row }))
}

fn staged() -> Page {
    let staged = vec![
        Staged::Act { kind: ActKind::Issue, quota: QuotaId(5), amount_fen: Fen::new(123_450) },
        Staged::Paper { changes: "+mof-dep\t03\t教科文处\tbusiness\n-mof-dep\t04\n".into() },
        Staged::Move { id: MoveId(9) },
    ];
    Page::OfYear(YEAR, YearPage::Staged(BatchId(1), 259, staged))
}

fn batch(end: Option<BatchEnd>) -> Page {
    let batch = Batch {
        fingerprint: Fingerprint(7),
        maker: PersonId(370_031),
        count: 4,
        digest: 11,
        staged_digest: 12,
        deadline_ms: 13,
        end,
        staged_bytes: 0,
        staged: Vec::new(),
    };
    Page::OfYear(YEAR, YearPage::Batch(BatchId(1), batch))
}

fn pages() -> [(&'static str, Page); 5] {
    [
        ("slot", slot(Some("03\t教科文处\tbusiness"))),
        ("slot-removed", slot(None)),
        ("batch", batch(None)),
        ("batch-staged", staged()),
        ("batch-ended", batch(Some(BatchEnd::Closed))),
    ]
}

/// A row as a fuzzer reads it: how long the key is, the key, the value.
fn row(page: &Page) -> Vec<u8> {
    let key = key(&page.name());
    [&[key.len() as u8][..], &key, &encode(page).0].concat()
}

#[test]
fn pages_come_back_as_they_were_and_their_bytes_are_the_kept_ones() {
    for (name, page) in pages() {
        let bytes = row(&page);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden/pages")
            .join(format!("{name}.hex"));
        let mut hex = String::new();
        for byte in &bytes {
            let _ = write!(hex, "{byte:02x}");
        }
        hex.push('\n');
        if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &hex).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), hex, "{name}");
        let back = decode(&key(&page.name()), &encode(&page).0, WhichPayments::All).unwrap();
        assert_eq!(format!("{back:?}"), format!("{page:?}"), "{name}");
    }
}

#[test]
fn a_row_that_is_cut_or_longer_is_no_page() {
    for (name, page) in pages() {
        let (key, value) = (key(&page.name()), encode(&page).0);
        for cut in 0..value.len() {
            assert!(decode(&key, &value[..cut], WhichPayments::All).is_err(), "{name} at {cut}");
        }
        let longer = [&value[..], &[0]].concat();
        assert!(decode(&key, &longer, WhichPayments::All).is_err(), "{name}");
    }
}

#[test]
fn a_row_on_file_that_is_not_under_its_own_key_is_no_page() {
    let value = encode(&slot(Some("03\t教科文处\tbusiness"))).0;
    let place = key(&slot(None).name());
    let at = |text: &str| {
        value.windows(text.len()).position(|window| window == text.as_bytes()).expect("it is there")
    };
    // The first 03 is the slot's key, the second begins its line.
    let mut other = value.clone();
    other[at("03")] = b'4';
    assert!(matches!(decode(&place, &other, WhichPayments::All), Err(PageError::Field { .. })));
    let mut unfit = value.clone();
    unfit[at("business")] = b'B';
    assert!(matches!(decode(&place, &unfit, WhichPayments::All), Err(PageError::Field { .. })));
    let mut unread = encode(&staged()).0;
    let sign = unread.iter().position(|byte| *byte == b'+').expect("a change");
    unread[sign] = b'?';
    let place = key(&staged().name());
    assert!(matches!(decode(&place, &unread, WhichPayments::All), Err(PageError::Field { .. })));
}
