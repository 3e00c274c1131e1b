//! Who is paid by a sheet beside an order (工资表、批量明细), as it is approved: the bytes by which a sheet is known, and
//! its sums held against what its quotas pay (domain §4.7).
//!
//! A payment says only how much goes to the account over which its bank settles batches. Who gets it stands on the
//! sheet, so a payment names the digest of its lines among its official numbers ([`super::papers`]), and whoever
//! approves the payment approves its payees.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use thiserror::Error;

use crate::digest::DigestSink;
use crate::ids::{PaymentId, QuotaId};
use crate::money::{Fen, yuan_plain};

/// What the bytes of a payment's lines begin with.
const HEAD: &[u8] = b"treasury payee sheet 1\n";

/// A line of a sheet of payees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayeeLine<'a> {
    /// The quota of the payment that it is part of.
    pub quota: QuotaId,
    /// How much.
    pub amount_fen: Fen,
    /// Name of the account.
    pub name: &'a str,
    /// The account.
    pub account: &'a str,
    /// Number of its bank (联行号); empty where none is given.
    pub bank_number: &'a str,
    /// The number of the line that failed which it pays again; zero: none.
    pub again: u32,
}

/// Writes the bytes of one payment's lines, in the sheet's order, for a hash: a head, and of each line the quota (8
/// bytes), the amount in fen (8), the line that it pays again (4), and name, account and bank number, each with its
/// length in 4 bytes before it. Numbers are little-endian, texts UTF-8.
pub fn write_lines<'a>(lines: impl IntoIterator<Item = PayeeLine<'a>>, sink: &mut dyn DigestSink) {
    sink.write(HEAD);
    for line in lines {
        sink.write(&line.quota.0.to_le_bytes());
        sink.write(&line.amount_fen.get().to_le_bytes());
        sink.write(&line.again.to_le_bytes());
        for text in [line.name, line.account, line.bank_number] {
            sink.write(&(text.len() as u32).to_le_bytes());
            sink.write(text.as_bytes());
        }
    }
}

/// The BLAKE3 of [`write_lines`]: which sheet a payment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetDigest(pub [u8; 32]);

impl SheetDigest {
    /// From 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<SheetDigest> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(SheetDigest(bytes))
    }
}

impl fmt::Display for SheetDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a sheet is not the one that was approved.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotApproved {
    /// Its payment names no sheet.
    #[error(
        "payment {0} names no sheet of payees (`PayeeSheet`) among its official numbers, so nobody has approved who gets it; \
         void it and reserve it anew with its sheet, as `treasury payment payroll` does"
    )]
    NotNamed(PaymentId),
    /// Its payment names another sheet.
    #[error(
        "payment {payment} was approved for the sheet {approved} and these payees are {given}; give the lines as they were approved, \
         in their order, or void it and reserve it anew with these"
    )]
    Another {
        /// The payment.
        payment: PaymentId,
        /// The sheet that it names.
        approved: SheetDigest,
        /// What was given.
        given: SheetDigest,
    },
}

impl NotApproved {
    /// In Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            NotApproved::NotNamed(payment) => format!("支付{payment}未注明收款明细，明细未经审批"),
            NotApproved::Another { payment, .. } => {
                format!("收款明细与支付{payment}审批的明细不一致")
            }
        }
    }

    /// In both languages.
    #[must_use]
    pub fn both(&self) -> String {
        format!("{}: {self}", self.chinese())
    }
}

/// That the payees of a payment are those which were approved with it.
///
/// # Errors
/// When it names no sheet, or another.
pub fn is_approved(
    payment: PaymentId,
    approved: Option<SheetDigest>,
    given: SheetDigest,
) -> Result<(), NotApproved> {
    match approved {
        None => Err(NotApproved::NotNamed(payment)),
        Some(approved) if approved == given => Ok(()),
        Some(approved) => Err(NotApproved::Another { payment, approved, given }),
    }
}

/// A quota's part of a sheet, held against what the quota pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The quota.
    pub quota: QuotaId,
    /// What its lines on the sheet come to, in fen.
    pub sheet_fen: i128,
    /// What it pays, in fen.
    pub quota_fen: i128,
}

impl Matched {
    /// What is on both sides, in fen.
    #[must_use]
    pub fn matched_fen(&self) -> i128 {
        self.sheet_fen.min(self.quota_fen)
    }

    /// What is on the sheet alone, in fen.
    #[must_use]
    pub fn unmatched_fen(&self) -> i128 {
        self.sheet_fen - self.matched_fen()
    }

    /// What the quota alone has, in fen.
    #[must_use]
    pub fn beyond_fen(&self) -> i128 {
        self.quota_fen - self.matched_fen()
    }

    /// That neither side is over the other.
    ///
    /// # Errors
    /// Which is, and by how much.
    pub fn both_sides(&self) -> Result<(), NotMatched> {
        let Matched { quota, sheet_fen, quota_fen } = *self;
        if sheet_fen == quota_fen {
            Ok(())
        } else {
            Err(NotMatched { quota, sheet_fen, quota_fen })
        }
    }
}

/// A sheet's sum by quota that is not what the quota pays.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "of {quota} the sheet has {} and {} is to be paid; correct one of them, so that neither is over the other",
    yuan_plain(*.sheet_fen), yuan_plain(*.quota_fen)
)]
pub struct NotMatched {
    /// The quota.
    pub quota: QuotaId,
    /// What its lines come to, in fen.
    pub sheet_fen: i128,
    /// What it pays, in fen.
    pub quota_fen: i128,
}

impl NotMatched {
    /// In Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let (sheet, quota) = (yuan_plain(self.sheet_fen), yuan_plain(self.quota_fen));
        format!("指标{}明细合计{sheet}元，与支付金额{quota}元不符", self.quota)
    }
}

/// Every quota that a sheet, or what is to be paid, has, with both sums.
#[must_use]
pub fn matched(sheet: &BTreeMap<QuotaId, i128>, quotas: &BTreeMap<QuotaId, i128>) -> Vec<Matched> {
    let all: BTreeSet<QuotaId> = sheet.keys().chain(quotas.keys()).copied().collect();
    let of = |sums: &BTreeMap<QuotaId, i128>, quota| sums.get(&quota).copied().unwrap_or(0);
    let one = |quota| Matched { quota, sheet_fen: of(sheet, quota), quota_fen: of(quotas, quota) };
    all.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DivisionIndex, FiscalYear};

    fn quota(serial: u64) -> QuotaId {
        QuotaId::new(DivisionIndex(5), FiscalYear::new(2022).expect("a year"), serial)
    }

    fn line() -> PayeeLine<'static> {
        let amount_fen = Fen::new(50_000);
        PayeeLine {
            quota: quota(1),
            amount_fen,
            name: "张三",
            account: "6222001",
            bank_number: "",
            again: 0,
        }
    }

    fn bytes(lines: &[PayeeLine<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_lines(lines.iter().copied(), &mut bytes);
        bytes
    }

    #[test]
    fn the_bytes_of_a_sheet_are_pinned() {
        let told: String = bytes(&[line()]).iter().map(|byte| format!("{byte:02x}")).collect();
        // The head, the quota, 500.00 yuan, no line that failed, and three texts.
        let pinned = [
            "747265617375727920706179656520736865657420310a",
            "0100000000160500",
            "50c3000000000000",
            "00000000",
            "06000000e5bca0e4b889",
            "0700000036323232303031",
            "00000000",
        ];
        assert_eq!(told, pinned.concat());
    }

    #[test]
    fn whatever_differs_in_a_line_differs_in_the_bytes() {
        let one = line();
        let others = [
            PayeeLine { quota: quota(2), ..one },
            PayeeLine { amount_fen: Fen::new(50_001), ..one },
            PayeeLine { name: "张三6", account: "222001", ..one },
            PayeeLine { account: "6222002", ..one },
            PayeeLine { account: "", bank_number: "6222001", ..one },
            PayeeLine { again: 1, ..one },
        ];
        for other in &others {
            assert_ne!(bytes(&[one]), bytes(&[*other]), "{other:?}");
        }
        assert_ne!(bytes(&[one]), bytes(&[one, one]));
        assert_ne!(bytes(&[one, others[0]]), bytes(&[others[0], one]), "their order is theirs");
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = SheetDigest(std::array::from_fn(|at| at as u8 * 7));
        let text = digest.to_string();
        assert_eq!(SheetDigest::parse(&text), Some(digest));
        for wrong in [&text[1..], &text.to_uppercase(), &format!("{text}0"), ""] {
            assert_eq!(SheetDigest::parse(wrong), None, "{wrong}");
        }
        assert_eq!(SheetDigest::parse(&format!("g{}", &text[1..])), None);
    }

    #[test]
    fn payees_are_those_that_were_approved_or_nobody() {
        let [one, other] = [1, 2].map(|byte| SheetDigest([byte; 32]));
        let payment = PaymentId(7);
        assert_eq!(is_approved(payment, Some(one), one), Ok(()));
        let another = NotApproved::Another { payment, approved: one, given: other };
        assert_eq!(is_approved(payment, Some(one), other), Err(another.clone()));
        assert!(another.both().starts_with("收款明细与支付"), "{}", another.both());
        let none = is_approved(payment, None, one).expect_err("nobody approved it");
        assert!(none.both().contains("未经审批: payment") && none.both().contains("void it"));
    }

    #[test]
    fn over_either_side_is_no_match() {
        let sums = |sums: &[(u64, i128)]| sums.iter().map(|(at, fen)| (quota(*at), *fen)).collect();
        let found =
            matched(&sums(&[(1, 500), (2, 300), (3, 70)]), &sums(&[(1, 500), (3, 80), (4, 9)]));
        let told =
            found.iter().map(|one| (one.matched_fen(), one.unmatched_fen(), one.beyond_fen()));
        let told: Vec<_> = told.collect();
        assert_eq!(told, [(500, 0, 0), (0, 300, 0), (70, 0, 10), (0, 0, 9)]);
        let is_matched = found.iter().map(|one| one.both_sides().is_ok());
        assert_eq!(is_matched.collect::<Vec<_>>(), [true, false, false, false]);
        let why = found[2].both_sides().expect_err("ten fen are over");
        assert!(why.to_string().contains("has 0.70 and 0.80 is to be paid"), "{why}");
        assert!(why.chinese().contains("明细合计0.70元，与支付金额0.80元不符"));
    }
}
