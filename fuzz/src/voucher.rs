//! Vouchers as others send them: canonical bytes, national XML, JSON. A byte says which.

use domain::voucher::check::{NothingHeld, check};
use domain::voucher::sample::{DAY, Fill, sample};
use domain::voucher::{Flag, Voucher, VoucherKind, canonical};
use exchange::print::{Sheet, html};
use exchange::xml::Body;
use exchange::{gbk, json, xml};

/// What the first byte names.
const CANONICAL: u8 = 0;
const XML: u8 = 1;
const JSON: u8 = 2;

/// Reads a voucher, and whatever was read again as it is written.
pub fn read(data: &[u8]) {
    let Some((&which, bytes)) = data.split_first() else { return };
    match which % 3 {
        CANONICAL => {
            if let Ok(voucher) = canonical::read(bytes) {
                let again = canonical::bytes(&voucher).expect("what was read can be written");
                assert_eq!(again, bytes, "a voucher that was read is written as it was");
                any(&voucher);
            }
        }
        XML => {
            for body in xml::read(bytes).into_iter().flatten() {
                assert!(gbk::decode(body.inner()).is_some());
                any(body.voucher());
                // A character reference may name what GBK lacks; anything else can be written.
                if let Ok(own) = Body::new(body.voucher().clone()) {
                    let message = xml::write(&[own]).expect("one voucher of what was read fits");
                    let read = xml::read(&message).expect("it was written here");
                    assert_eq!(read[0].voucher(), body.voucher());
                }
            }
        }
        _ => {
            if let Ok(voucher) = json::read(bytes) {
                let text = json::write(&voucher).expect("what was read can be written");
                let again = json::read(text.as_bytes()).expect("it was written here");
                assert_eq!(again, voucher);
                any(&voucher);
            }
        }
    }
}

/// What is done with any voucher before anybody trusts it.
fn any(voucher: &Voucher) {
    let today = domain::ids::Day::new(DAY).expect("a day");
    for finding in check(voucher, today, &NothingHeld) {
        assert!(!finding.to_string().is_empty() && !finding.chinese().is_empty());
    }
    if voucher.details.len() < 100 {
        let state = domain::voucher::state::State::Received;
        let page = html(&Sheet { voucher, state, seals: &[], deeds: &[] });
        assert!(!page.contains("<script"), "text of others is escaped");
    }
}

/// Every kind, original and receipt, in each form.
pub fn seeds() -> Vec<Vec<u8>> {
    let flags = [Flag::Original, Flag::Receipt];
    let of_kind = |&kind: &VoucherKind| flags.map(move |flag| (kind, flag));
    let all = VoucherKind::ALL.iter().flat_map(of_kind);
    let samples = all.filter_map(|(kind, flag)| sample(kind, flag, Fill::All));
    let forms = |voucher: Voucher| {
        let bytes = canonical::bytes(&voucher).expect("a sample can be written");
        let text = json::write(&voucher).expect("a sample can be written").into_bytes();
        let body = Body::new(voucher).expect("a sample can be written");
        let message = xml::write(&[body]).expect("a sample can be written");
        let named = |which: u8, bytes: Vec<u8>| [&[which][..], &bytes].concat();
        [named(CANONICAL, bytes), named(XML, message), named(JSON, text)]
    };
    samples.flat_map(forms).collect()
}
