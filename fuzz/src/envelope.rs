//! Envelopes with what they hold, certificates, and records of a party's journal.

use exchange::certificates::Certificate;
use exchange::encoding::Reader;
use exchange::envelope::Envelope;
use exchange::limits::ENVELOPE_BYTES_MAX;
use exchange::notice::Notice;
use exchange::record::{Event, KIND_FIRST, KIND_LAST};

/// Reads the bytes as each of them.
pub fn read(data: &[u8]) {
    if let Ok(envelope) = Envelope::decode(data) {
        assert!(data.len() <= ENVELOPE_BYTES_MAX);
        assert_eq!(envelope.encode(), data, "an envelope that was read is written as it was");
        assert_eq!(
            envelope.voucher().is_some(),
            envelope.notices().is_empty(),
            "it holds one or the other"
        );
    }
    if let Ok((certificate, _)) = Certificate::read(data) {
        let body = certificate.body();
        assert!(data[2..].starts_with(&body), "a certificate's body is written as it was");
    }
    let mut fields = Reader::new(data);
    while let Ok(notice) = Notice::decode(&mut fields) {
        let mut again = Vec::new();
        notice.encode(&mut again);
        assert!(
            data[..data.len() - fields.left()].ends_with(&again),
            "a notice is written as it was"
        );
    }
    // The first byte says which kind of record.
    let Some((kind, body)) = data.split_first() else { return };
    let kind = KIND_FIRST + u16::from(*kind);
    assert!(kind <= KIND_LAST);
    if let Ok(event) = Event::decode(kind, body) {
        let mut again = Vec::new();
        event.encode(&mut again);
        assert_eq!(again, body, "an event is written as it was");
    }
    let _ = Event::letter_in(kind, body);
}

/// The golden envelope, and each golden record behind a byte that says its kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let envelope = super::from_hex(include_str!("../../exchange/src/envelope/golden.hex"));
    let records = include_str!("../../exchange/src/record/bytes/golden.txt").lines().map(|line| {
        let (kind, body) = line.split_once(' ').expect("a kind and a body");
        let kind: u16 = kind.parse().expect("a kind");
        [&[(kind - KIND_FIRST) as u8], super::from_hex(body).as_slice()].concat()
    });
    let taken = [&[1_u8][..], &9_u64.to_le_bytes(), &[5; 32]].concat();
    records.chain([envelope, taken]).collect()
}
