//! How a business writes down what it decided: bincode 2 with fixed-width little-endian integers.
//!
//! A record is its variant's number (u32) and its fields in order, nothing between them; a text or bytes is a
//! u64 length and so many bytes. A business reads only records that it wrote itself, from a journal that
//! keeps them whole, so what cannot be read is damage and panics.

use bincode::{BorrowDecode, Encode};
use domain::FiscalYear;
use domain::ids::Day;
use domain::voucher::{
    DivisionCode, Field, Voucher, VoucherKey, VoucherKind, VoucherNumber, canonical,
};
use xxhash_rust::xxh3::xxh3_64;

const fn layout() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding()
}

pub(crate) fn encode(record: impl Encode) -> Vec<u8> {
    bincode::encode_to_vec(record, layout()).expect("memory takes all")
}

pub(crate) fn decode<'a, T: BorrowDecode<'a, ()>>(bytes: &'a [u8]) -> T {
    let read = bincode::borrow_decode_from_slice(bytes, layout());
    let (record, used) = read.expect("the journal gives back what this business wrote");
    assert!(used == bytes.len(), "a record of {} bytes has {used} to read", bytes.len());
    record
}

/// Where a line says that payees stand beside its order: in a transfer request (2301) the voucher (8207) they came in, in a
/// refund request (2302) the order's line that the payee it names is part of.
pub(crate) const BESIDE: Field = Field::Hold1;

/// A voucher's key.
#[derive(Clone, Copy, Encode, BorrowDecode)]
pub(crate) struct KeyRecord<'a> {
    division: [u8; 9],
    year: u16,
    kind: u16,
    number: &'a str,
}

impl<'a> From<&'a VoucherKey> for KeyRecord<'a> {
    fn from(key: &'a VoucherKey) -> KeyRecord<'a> {
        let division = key.division.as_str().as_bytes();
        KeyRecord {
            division: division.try_into().expect("a division's code has nine digits"),
            year: key.year.get(),
            kind: key.kind.code(),
            number: key.number.as_str(),
        }
    }
}

impl KeyRecord<'_> {
    pub(crate) fn key(&self) -> VoucherKey {
        let division = std::str::from_utf8(&self.division).ok().and_then(DivisionCode::new);
        VoucherKey {
            division: division.expect("a division's code was written"),
            year: FiscalYear::new(self.year).expect("a year was written"),
            kind: VoucherKind::from_code(self.kind).expect("a kind was written"),
            number: VoucherNumber::new(self.number).expect("a number was written"),
        }
    }
}

pub(crate) fn day(number: u32) -> Day {
    Day::new(number).expect("a day was written")
}

/// A whole voucher, for one that has to be kept.
///
/// # Panics
/// When it has no canonical bytes: it was checked, or made here.
pub(crate) fn voucher_bytes(voucher: &Voucher) -> Vec<u8> {
    canonical::bytes(voucher).expect("a voucher that was checked can be written")
}

pub(crate) fn voucher(bytes: &[u8]) -> Voucher {
    canonical::read(bytes).expect("a voucher was written")
}

/// What tells one voucher from another under the same key.
pub(crate) fn digest(voucher: &Voucher) -> Option<u64> {
    Some(xxh3_64(&canonical::bytes(voucher).ok()?))
}
