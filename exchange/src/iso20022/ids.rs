//! What vouchers, details and transfers are called in messages, and what of it leads back.

use std::fmt;

use domain::ids::FiscalYear;
use domain::voucher::{DivisionCode, VoucherKey, VoucherKind, VoucherNumber};

use super::read::{Reason, is_xml};

/// Longest name of a message, payment or transfer (Max35Text).
pub(super) const ID_CHARS_MAX: usize = 35;

/// What a voucher is called as a message and as a payment in it: division, year, kind and number without anything
/// between them, since with three dashes they could have 37 characters and a name has 35.
///
/// A division has six digits where its last three are zeros, and nine otherwise. `None` where even so the name is too
/// long: a number of more than 18 characters in a division of nine digits.
///
/// ```
/// use domain::voucher::VoucherKey;
/// use exchange::iso20022::ids::{key_of, message_id};
///
/// let key = VoucherKey::parse("370102000-2022-8202-12345678901234567890").expect("a key");
/// let id = message_id(key).expect("34 characters");
/// assert_eq!(id, "3701022022820212345678901234567890");
/// assert_eq!(key_of(&id), Some(key));
/// ```
#[must_use]
pub fn message_id(key: VoucherKey) -> Option<String> {
    let VoucherKey { division, year, kind, number } = key;
    let division = division.as_str();
    let division = division.strip_suffix("000").unwrap_or(division);
    let id = format!("{division}{}{}{number}", year.get(), kind.code());
    (id.len() <= ID_CHARS_MAX).then_some(id)
}

/// The payment order that a message or payment is called after; `None` for other names.
///
/// Six digits are tried first. That cannot go wrong: nine digits read as six would need a kind of payment orders that
/// begins with 0, 1 or 2, and theirs begin with 5 and 8.
#[must_use]
pub fn key_of(id: &str) -> Option<VoucherKey> {
    named(id, is_order)
}

/// The daily list of a bank (2206) that a message is called after; `None` for other names.
///
/// Of nine digits read as six the kind would end with the first digit of the real one, which is no 6.
#[must_use]
pub fn daily_key_of(id: &str) -> Option<VoucherKey> {
    named(id, |kind| kind == VoucherKind::DirectDaily)
}

/// The order that an entry of an account is for, or the request (2301, 2302) that the treasury paid or took back by it;
/// `None` for other names.
///
/// Of nine digits read as six the kind would be three digits of the year and one more, which no kind is before the year
/// 2230.
pub(super) fn entry_key_of(id: &str) -> Option<VoucherKey> {
    named(id, |kind| is_order(kind) || is_request(kind))
}

/// The notice that money came back (2203, 2252) that a message is called after; `None` for other names.
pub(super) fn refund_key_of(id: &str) -> Option<VoucherKey> {
    named(id, is_refund)
}

/// Whether a kind of voucher tells that money came back to a bank.
pub(super) const fn is_refund(kind: VoucherKind) -> bool {
    matches!(kind, VoucherKind::DirectRefund | VoucherKind::PayeeRefund)
}

/// Whether a kind of voucher asks the treasury for what was paid, or hands it what came back.
pub(super) const fn is_request(kind: VoucherKind) -> bool {
    matches!(kind, VoucherKind::TransferRequest | VoucherKind::RefundRequest)
}

fn named(id: &str, is_one: fn(VoucherKind) -> bool) -> Option<VoucherKey> {
    let read = |digits| read_key(id, digits).filter(|key| is_one(key.kind));
    [6, 9].into_iter().find_map(read)
}

fn read_key(id: &str, digits: usize) -> Option<VoucherKey> {
    let (division, rest) = id.split_at_checked(digits)?;
    let (year, rest) = rest.split_at_checked(4)?;
    let (kind, number) = rest.split_at_checked(4)?;
    let is_plain = [year, kind].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let division = match digits {
        6 => DivisionCode::new(&format!("{division}000"))?,
        _ => DivisionCode::new(division).filter(|code| !code.as_str().ends_with("000"))?,
    };
    if !is_plain {
        return None;
    }
    let kind = VoucherKind::from_code(kind.parse().ok()?)?;
    let year = FiscalYear::new(year.parse().ok()?)?;
    Some(VoucherKey { division, year, kind, number: VoucherNumber::new(number)? })
}

/// What a bank's message about an order is called: a letter and the order's name, or a hash where that is too long.
pub(super) fn own_id(letter: char, id: &str) -> String {
    let name = format!("{letter}{id}");
    match name.len() <= ID_CHARS_MAX {
        true => name,
        false => blake3::hash(name.as_bytes()).to_hex()[..32].to_owned(),
    }
}

/// Whether a kind of voucher orders a bank to pay.
pub(super) const fn is_order(kind: VoucherKind) -> bool {
    matches!(kind, VoucherKind::Payment | VoucherKind::DirectPayment | VoucherKind::BatchDetails)
}

/// What a detail is called from end to end: its number, if a name may be so; a UUID without its dashes; otherwise the
/// 32 digits of a hash of it, and the number itself stands in supplementary data.
#[must_use]
pub fn end_to_end_id(detail: &str) -> String {
    let is_name = |text: &str| {
        (1..=ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if is_name(detail) {
        return detail.to_owned();
    }
    let is_uuid = detail.len() == 36
        && detail.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid {
        return detail.replace('-', "");
    }
    blake3::hash(detail.as_bytes()).to_hex()[..32].to_owned()
}

/// The name of one transfer through every bank (UETR): a UUID that stays the same when its order is sent again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uetr([u8; 16]);

impl Uetr {
    /// A UETR from 16 random bytes, six bits of which say that it is one.
    #[must_use]
    pub const fn from_random(mut bytes: [u8; 16]) -> Uetr {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Uetr(bytes)
    }

    /// The UETR of a detail: 16 bytes of a hash of the voucher's key and the detail's number. Keys are used once, so that
    /// two transfers never share one, and an order that is written again has the same.
    #[must_use]
    pub fn of(voucher: VoucherKey, detail: &str) -> Uetr {
        let mut hash = blake3::Hasher::new();
        hash.update(format!("treasury exchange uetr 1\n{voucher}\n{detail}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize().as_bytes()[..16]);
        Uetr::from_random(bytes)
    }

    /// A UETR as it is written: small letters, with dashes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Uetr> {
        let digits: String = text.chars().filter(|&letter| letter != '-').collect();
        let uetr = Uetr(u128::from_str_radix(&digits, 16).ok()?.to_be_bytes());
        // Whatever is not written as it is told is none: dashes elsewhere, a sign, another version.
        let is_one = uetr == Uetr::from_random(uetr.0) && uetr.to_string() == text;
        is_one.then_some(uetr)
    }

    pub(super) fn read(text: &str) -> Result<Uetr, Reason> {
        Uetr::parse(text).ok_or_else(|| Reason::value(text, "a UUID of version 4"))
    }
}

impl fmt::Display for Uetr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", u128::from_be_bytes(self.0));
        let [a, b, c, d, e] =
            [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        write!(out, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl fmt::Debug for Uetr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Whether all of a text can be written into a message.
pub(super) fn can_be_written(text: &str) -> bool {
    text.chars().all(is_xml)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> VoucherKey {
        VoucherKey::parse(text).expect("a key")
    }

    #[test]
    fn names_of_vouchers_lead_back() {
        for (text, id) in [
            ("370102000-2022-8202-0000000001", "370102202282020000000001"),
            ("370102000-2022-5201-A7", "37010220225201A7"),
            ("370102202-2022-8202-123456789012345678", "37010220220228202123456789012345678"),
            // Nine digits that begin like six with the year behind them.
            ("370102202-2282-8202-1", ""),
        ] {
            let Some(key) = VoucherKey::parse(text) else {
                assert_eq!(id, "", "{text} is no key");
                continue;
            };
            assert_eq!(message_id(key).as_deref(), Some(id), "{text}");
            assert_eq!(key_of(id), Some(key), "{text}");
        }
        let longest = key("370102000-2022-8202-12345678901234567890");
        assert_eq!(message_id(longest).map(|id| id.len()), Some(34));
        assert_eq!(
            message_id(key("370102202-2022-8202-1234567890123456789")),
            None,
            "36 characters"
        );
    }

    #[test]
    fn daily_lists_are_named_as_orders_are_and_are_none() {
        for text in ["370102000-2022-2206-0000000001", "370102202-2022-2206-10200000001"] {
            let id = message_id(key(text)).expect("a name");
            assert_eq!((daily_key_of(&id), key_of(&id)), (Some(key(text)), None), "{text}");
        }
        assert_eq!(daily_key_of("370102202282020000000001"), None);
    }

    #[test]
    fn a_uetr_is_of_one_detail_of_one_voucher() {
        let (one, other) = (key("370102000-2022-8202-1"), key("370102000-2022-8202-2"));
        assert_eq!(Uetr::of(one, "1"), Uetr::of(one, "1"));
        assert!(
            Uetr::of(one, "1") != Uetr::of(one, "2") && Uetr::of(one, "1") != Uetr::of(other, "1")
        );
        assert_eq!(Uetr::parse(&Uetr::of(one, "1").to_string()), Some(Uetr::of(one, "1")));
    }

    #[test]
    fn other_names_are_of_no_order() {
        for id in [
            "",
            "370102",
            "3701022022820",
            "37010220228202",
            "370102202235010000000001",
            "３７０１０２20228202A",
            "370102+0228202A",
        ] {
            assert_eq!(key_of(id), None, "{id}");
        }
    }

    #[test]
    fn details_keep_their_number_where_a_name_may_be_so() {
        assert_eq!(end_to_end_id("370102-1"), "370102-1");
        assert_eq!(end_to_end_id(&"9".repeat(35)), "9".repeat(35));
        assert_eq!(
            end_to_end_id("01234567-89ab-4cde-8f01-23456789abcd"),
            "0123456789ab4cde8f0123456789abcd"
        );
        for other in [&"9".repeat(36), "明细1", "a b", "", "01234567-89ab-4cde-8f01-23456789abcg"]
        {
            let id = end_to_end_id(other);
            assert_eq!(id.len(), 32, "{other}");
            assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{other}");
        }
        assert_ne!(end_to_end_id("明细1"), end_to_end_id("明细2"));
    }

    #[test]
    fn a_uetr_reads_as_it_is_written_and_others_are_none() {
        let uetr = Uetr::from_random([0xff; 16]);
        assert_eq!(uetr.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uetr::parse(&uetr.to_string()), Some(uetr));
        for text in [
            "",
            "ffffffffffff4fffbfffffffffffffff",
            "FFFFFFFF-ffff-4fff-bfff-ffffffffffff",
            "ffffffff-ffff-1fff-bfff-ffffffffffff",
            "ffffffff-ffff-4fff-ffff-ffffffffffff",
            "+fffffff-ffff-4fff-bfff-ffffffffffff",
            "ffffffff-ffff-4fff-bfff-fffffffffff",
        ] {
            assert_eq!(Uetr::parse(text), None, "{text}");
        }
    }
}
