//! Bytes of the records that a bank and the central bank write down, which journals keep.

use counterparties::script::Script;

use crate::province::*;

const MONDAY: u32 = 20_230_313;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_payment_is_these_bytes() {
    let mut province = Province::new(day(MONDAY), 1, Notices::None, Script::default());
    province.pay(&[order("102", "A7", day(MONDAY), &[("6222001", "2050203", 12_345)])]);
    province.run();
    let records = &province.records[&province.banks[0].party()];
    let paid = records.last().expect("it was paid");
    // Variant, key (division, year, kind, number), digest, date, nothing beside, account, fund, method, lane, no fault,
    // no receipt kept back, one line: detail, the order's,
    // payment, payee, elements, fen.
    let expected = [
        "04000000",
        "333730313032303030",
        "e707",
        "0a20",
        "0200000000000000",
        "4137",
        &hex(&paid[27..35]),
        "a9b03401",
        "00",
        "0a00000000000000",
        "31303230303030303031",
        "0300000000000000",
        "313131",
        "0200000000000000",
        "3132",
        "04",
        "00",
        "00",
        "0100000000000000",
        "0100000000000000",
        "31",
        "0100000000000000",
        "31",
        "00a70000000000000000000000000000",
        "0700000000000000",
        "36323232303031",
        "0300000000000000",
        "313031",
        "0700000000000000",
        "32303530323033",
        "0500000000000000",
        "3530323031",
        "0000000000000000",
        "0000000000000000",
        "0000000000000000",
        "0100000000000000",
        "31",
        "3930000000000000",
    ]
    .concat();
    assert_eq!(hex(paid), expected);
}
