//! ISO 20022 messages: orders, and of banks status reports, statements of accounts, notices of entries, daily lists.

use exchange::iso20022::orders::{Created, write};
use exchange::iso20022::statement::{Statement, read_notices, read_statements};
use exchange::iso20022::{daily, refund};
use exchange::limits::ISO_TRANSACTIONS_MAX;

/// Reads a status report. A name that is told of has one standing at most, and it is the one in the report.
pub fn status(data: &[u8]) {
    let Ok(report) = exchange::iso20022::status::read(data) else { return };
    for payment in &report.payments {
        let said = report.of(&payment.id);
        for transfer in &payment.transfers {
            if transfer.standing.status.is_some() {
                assert_eq!(said.of(&transfer.end_to_end), Some(&transfer.standing));
            }
        }
    }
}

/// Reads statements of accounts.
pub fn statement(data: &[u8]) {
    read_statements(data).iter().flatten().for_each(check);
}

/// Reads notices of entries.
pub fn notice(data: &[u8]) {
    read_notices(data).iter().flatten().for_each(check);
}

/// Reads an order. What was read says what it says when it is written again.
pub fn order(data: &[u8]) {
    let Ok(read) = exchange::iso20022::ordered::read(data) else { return };
    let created = Created { day: read.created, second: 0 };
    let Ok(again) = write(&read.voucher, created, &read.uetrs) else { return };
    assert_eq!(exchange::iso20022::ordered::read(again.as_bytes()), Ok(read));
}

/// Reads a daily list. What was read says what it says when it is written again.
pub fn list(data: &[u8]) {
    let Ok(list) = daily::read(data) else { return };
    let Ok(again) = daily::write(&list) else { return };
    assert_eq!(daily::read(again.as_bytes()), Ok(list));
}

/// Reads a notice that money came back. What was read says what it says when it is written again.
pub fn refund(data: &[u8]) {
    let Ok(notice) = refund::read(data) else { return };
    let Ok(again) = refund::write(&notice) else { return };
    assert_eq!(refund::read(again.as_bytes()), Ok(notice));
}

/// Every transfer of a booked entry is one of ours or another's, and what is read holds what it says.
fn check(statement: &Statement) {
    let booked = statement.entries.iter().filter(|entry| entry.is_booked);
    let transfers: usize = booked.map(|entry| entry.details.len().max(1)).sum();
    assert_eq!(statement.lines("102").count() + statement.others().count(), transfers);
    assert!(statement.entries.len() <= ISO_TRANSACTIONS_MAX);
    for entry in &statement.entries {
        assert!(entry.amount_fen >= domain::Fen::ZERO);
    }
}

/// Golden messages.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../exchange/tests/golden/iso20022/pain002_partly.xml").to_vec(),
        include_bytes!("../../exchange/tests/golden/iso20022/camt053_day.xml").to_vec(),
        include_bytes!("../../exchange/tests/golden/iso20022/camt054_paid.xml").to_vec(),
        include_bytes!("../../exchange/tests/golden/iso20022/pain001_long.xml").to_vec(),
        include_bytes!("../../exchange/tests/golden/iso20022/camt053_written.xml").to_vec(),
        include_bytes!("../../exchange/tests/golden/iso20022/camt054_refund.xml").to_vec(),
    ]
}
