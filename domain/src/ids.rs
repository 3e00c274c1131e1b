//! Who and what a command names.

use crate::limits::{QUOTA_SERIAL_MAX, YEAR_FIRST, YEAR_LAST};

/// A fiscal division (财政区划) by its index in the data set: never reused, given when the
/// division is registered. Index 0 is the province's own level, whose suspense also takes the
/// facts of unknown divisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionIndex(pub u16);

impl DivisionIndex {
    /// The province's own level.
    pub const PROVINCE: DivisionIndex = DivisionIndex(0);
}

/// A fiscal year (预算年度), the calendar year, 2000 ..= 2255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FiscalYear(u16);

impl FiscalYear {
    /// A year, if a quota id can name it.
    #[must_use]
    pub const fn new(year: u16) -> Option<FiscalYear> {
        if year >= YEAR_FIRST && year <= YEAR_LAST { Some(FiscalYear(year)) } else { None }
    }

    /// The year from its offset since 2000.
    #[must_use]
    pub const fn from_offset(offset: u8) -> FiscalYear {
        FiscalYear(YEAR_FIRST + offset as u16)
    }

    /// The calendar year.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Years since 2000.
    #[must_use]
    pub const fn offset(self) -> u8 {
        (self.0 - YEAR_FIRST) as u8
    }
}

/// The serial that stands for a quota its receiver has yet to name.
const UNNAMED_SERIAL: u64 = (1 << 40) - 2;

/// A quota (指标): division index (16 bits) | year − 2000 (8) | serial (40, dense, from 0).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaId(pub u64);

impl QuotaId {
    /// No quota: used where a parent is absent. Serial 2⁴⁰ − 1 is never given.
    pub const NONE: QuotaId = QuotaId(u64::MAX);

    /// The receiver in a division and year that has yet to be named there: a transfer that its
    /// receiver confirms. Serial 2⁴⁰ − 2 is never given.
    #[must_use]
    pub const fn unnamed(division: DivisionIndex, year: FiscalYear) -> QuotaId {
        let place = ((division.0 as u64) << 48) | ((year.offset() as u64) << 40);
        QuotaId(place | UNNAMED_SERIAL)
    }

    /// True for [`QuotaId::unnamed`] of any division and year.
    #[must_use]
    pub const fn is_unnamed(self) -> bool {
        self.serial() == UNNAMED_SERIAL
    }

    /// The id of serial `serial` in a division and year.
    ///
    /// # Panics
    /// If the serial is beyond [`QUOTA_SERIAL_MAX`].
    #[must_use]
    pub const fn new(division: DivisionIndex, year: FiscalYear, serial: u64) -> QuotaId {
        assert!(serial <= QUOTA_SERIAL_MAX, "quota serial beyond its bound");
        QuotaId(((division.0 as u64) << 48) | ((year.offset() as u64) << 40) | serial)
    }

    /// The division it lives in.
    #[must_use]
    pub const fn division(self) -> DivisionIndex {
        DivisionIndex((self.0 >> 48) as u16)
    }

    /// The fiscal year it belongs to.
    #[must_use]
    pub const fn year(self) -> FiscalYear {
        FiscalYear::from_offset((self.0 >> 40) as u8)
    }

    /// Its place in the division and year.
    #[must_use]
    pub const fn serial(self) -> u64 {
        self.0 & ((1 << 40) - 1)
    }

    /// True for [`QuotaId::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == QuotaId::NONE.0
    }
}

impl std::fmt::Debug for QuotaId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{self}")
    }
}

impl std::fmt::Display for QuotaId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_none() {
            return out.write_str("none");
        }
        if self.is_unnamed() {
            return write!(out, "{}/{}/unnamed", self.division().0, self.year().get());
        }
        write!(out, "{}/{}/{}", self.division().0, self.year().get(), self.serial())
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "{:032x}", self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "{:032x}", self.0)
            }
        }
    };
}

uuid_id! {
    /// A payment: the caller's UUID, unique among payments of a division and year.
    PaymentId
}

impl PaymentId {
    /// No payment: of a move that is no correction.
    pub const NONE: PaymentId = PaymentId(0);
}

uuid_id! {
    /// A quota act or any other order that is no payment: the caller's UUID, unique among acts
    /// of a division and year.
    ActId
}
uuid_id! {
    /// A move of money between two quotas: the caller's UUID, unique among the moves out of a
    /// division and year, and again among the moves into one.
    MoveId
}
uuid_id! {
    /// A batch: the caller's UUID, unique among batches of a division and year. Zero: no batch.
    BatchId
}

/// A person, by staff number. Zero names nobody and is never accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub u64);

impl PersonId {
    /// Nobody: an empty post.
    pub const NOBODY: PersonId = PersonId(0);
}

/// A counterparty's channel (an agent bank, the central bank, a desk system), as its hello names
/// it. A fact is known by channel and serial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u16);

/// A purchase plan or contract (采购计划、合同), by its registration number. Zero: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractId(pub u64);

impl ContractId {
    /// No contract.
    pub const NONE: ContractId = ContractId(0);

    /// True when it names a contract.
    #[must_use]
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }
}

/// A limit cell across quotas, by a key its division chooses. Zero: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey(pub u64);

/// A classification code (fund nature, economic class): one to eight ASCII digits or letters,
/// left-aligned, zero-padded. A prefix is an ancestor, leading zeros matter, so never a number.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub [u8; 8]);

impl Class {
    /// No code: as a quota's class it matches every payment.
    pub const ANY: Class = Class([0; 8]);

    /// A code from text, if it is at most eight ASCII letters or digits.
    #[must_use]
    pub fn new(text: &str) -> Option<Class> {
        let mut bytes = [0; 8];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Class(bytes)).filter(|class| class.is_well_formed())
    }

    /// Letters and digits, then only zeros.
    #[must_use]
    pub fn is_well_formed(self) -> bool {
        let text = self.len();
        self.0[..text].iter().all(u8::is_ascii_alphanumeric) && self.0[text..] == [0; 8][text..]
    }

    /// Characters of the code.
    fn len(self) -> usize {
        self.0.iter().position(|&byte| byte == 0).unwrap_or(8)
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0[..self.len()]).unwrap_or("")
    }

    /// True when `self` is `other` or one of its ancestors.
    #[must_use]
    pub fn covers(self, other: Class) -> bool {
        let (own, other) = (u64::from_le_bytes(self.0), u64::from_le_bytes(other.0));
        // The bytes that say something: all up to the last that is not zero.
        let said = u64::MAX.checked_shr(own.leading_zeros() / 8 * 8).unwrap_or(0);
        other & said == own
    }
}

impl std::fmt::Debug for Class {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?}", self.as_str())
    }
}

/// A business, payment or clearing day in Beijing, as the number YYYYMMDD. Data from the
/// business, never the engine's clock.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Day {
    /// A day from YYYYMMDD, if the calendar has it (years 1900 ..= 2999).
    #[must_use]
    pub const fn new(yyyymmdd: u32) -> Option<Day> {
        let (year, month, day) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + leap as u32,
            _ => return None,
        };
        if year >= 1900 && year <= 2999 && day >= 1 && day <= length {
            Some(Day(yyyymmdd))
        } else {
            None
        }
    }

    /// The number YYYYMMDD.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The calendar year.
    #[must_use]
    pub const fn year(self) -> u16 {
        (self.0 / 10_000) as u16
    }

    /// The month, 1 ..= 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        (self.0 / 100 % 100) as u8
    }
}

impl std::fmt::Debug for Day {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// A keyed 128-bit hash of a command's contents: two commands with one id are the same command
/// exactly when their fingerprints agree.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_id_holds_its_parts() {
        let id = QuotaId::new(DivisionIndex(184), FiscalYear::new(2022).unwrap(), 194_099);
        assert_eq!((id.division().0, id.year().get(), id.serial()), (184, 2022, 194_099));
        assert_eq!(id.to_string(), "184/2022/194099");
        let unnamed = QuotaId::unnamed(DivisionIndex(7), FiscalYear::new(2022).unwrap());
        assert_eq!((unnamed.division().0, unnamed.to_string().as_str()), (7, "7/2022/unnamed"));
        assert!(unnamed.is_unnamed() && !unnamed.is_none() && !QuotaId::NONE.is_unnamed());
        assert_eq!(FiscalYear::new(1999), None);
        assert_eq!(FiscalYear::new(2256), None);
    }

    #[test]
    fn a_class_is_text_and_a_prefix_is_an_ancestor() {
        let class = Class::new("30201").unwrap();
        assert!(Class::new("302").unwrap().covers(class));
        assert!(Class::ANY.covers(class));
        assert!(!Class::new("303").unwrap().covers(class));
        assert_eq!(Class::new("302 1"), None);
        assert_eq!(Class::new("302010101"), None);
        assert!(!Class(*b"30\x00201\x00\x00").is_well_formed());
    }

    #[test]
    fn a_day_is_one_the_calendar_has() {
        assert!(Day::new(20_240_229).is_some());
        for wrong in [20_230_229, 20_221_301, 20_220_400, 20_220_431, 0, u32::MAX] {
            assert_eq!(Day::new(wrong), None, "{wrong}");
        }
        assert_eq!(Day::new(20_220_128).map(Day::month), Some(1));
    }
}
