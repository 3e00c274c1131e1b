//! A bank's transfer request (2301) against finance's limit notice (5106, 5108), line by line.
//!
//! One line that differs refuses the whole request: nothing is cleared in part. A notice whose lines name
//! vouchers is compared voucher by voucher; one that sums, by department and functional class.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::limits::CLEARING_MISMATCHES_MAX;
use crate::money::{FenSum, yuan_plain};
use crate::voucher::{Detail, Field, Voucher, VoucherKind, form};

/// What a line is compared by: texts of its kind, voucher, department and functional class.
pub type LineKey = [String; 4];

/// How a request and a notice differ.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// The notice is for another request, division or year.
    #[error("the notice is not for request {request}; name the request in the notice")]
    AnotherRequest {
        /// The request's number.
        request: String,
    },
    /// Direct payments take a direct notice, others an authorized one.
    #[error(
        "payments by method {method} are not cleared under a {notice}; send the other kind of notice"
    )]
    Method {
        /// Of the request.
        method: String,
        /// The notice's kind.
        notice: &'static str,
    },
    /// A field of the heads differs.
    #[error("{}: the request says `{request}`, the notice `{notice}`; correct the one that is wrong", .field.wire_name())]
    Head {
        /// Which.
        field: Field,
        /// In the request.
        request: String,
        /// In the notice.
        notice: String,
    },
    /// Only the request has a line.
    #[error("{}: requested {}, and the notice has no such line; ask finance for the limit", told(.line), yuan_plain(*.request_fen))]
    NotNoticed {
        /// The line.
        line: LineKey,
        /// In the request, in fen.
        request_fen: FenSum,
    },
    /// Only the notice has a line.
    #[error("{}: noticed {}, and not requested; request it, or have the notice corrected", told(.line), yuan_plain(*.notice_fen))]
    NotRequested {
        /// The line.
        line: LineKey,
        /// In the notice, in fen.
        notice_fen: FenSum,
    },
    /// Both have a line, with different amounts.
    #[error("{}: requested {}, noticed {}; correct the one that is wrong", told(.line), yuan_plain(*.request_fen), yuan_plain(*.notice_fen))]
    Amount {
        /// The line.
        line: LineKey,
        /// In the request, in fen.
        request_fen: FenSum,
        /// In the notice, in fen.
        notice_fen: FenSum,
    },
}

impl Mismatch {
    /// In Chinese, for the reason that goes back with the request.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Mismatch::AnotherRequest { request } => format!("额度通知单不对应划款凭证{request}"),
            Mismatch::Method { method, .. } => format!("支付方式{method}与额度通知单种类不符"),
            Mismatch::Head { field, request, notice } => {
                format!("{}不符：划款凭证“{request}”，额度通知单“{notice}”", field.chinese())
            }
            Mismatch::NotNoticed { line, request_fen } => {
                format!("{}：申请{}，额度通知单无此行", told(line), yuan_plain(*request_fen))
            }
            Mismatch::NotRequested { line, notice_fen } => {
                format!("{}：额度{}，划款凭证无此行", told(line), yuan_plain(*notice_fen))
            }
            Mismatch::Amount { line, request_fen, notice_fen } => {
                let (request, notice) = (yuan_plain(*request_fen), yuan_plain(*notice_fen));
                format!("{}：申请{request}，额度{notice}，金额不符", told(line))
            }
        }
    }
}

fn told(line: &LineKey) -> String {
    let parts: Vec<&str> =
        line.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// Fields of the heads that have to agree wherever the notice has them.
const HEADS: [Field; 5] =
    [Field::FundType, Field::PayType, Field::PayBank, Field::PayerAccount, Field::Treasury];

/// How a request and the notice for it differ, up to [`CLEARING_MISMATCHES_MAX`] ways; none: it may be cleared.
#[must_use]
pub fn compare(request: &Voucher, notice: &Voucher) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let same_place =
        (request.key.division, request.key.year) == (notice.key.division, notice.key.year);
    let number = request.key.number.as_str();
    if !same_place || notice.head.text(Field::ClearingNumber) != Some(number) {
        found.push(Mismatch::AnotherRequest { request: number.to_owned() });
        return found;
    }
    let method = request.head.text(Field::PayType).unwrap_or("");
    if (method == form::METHOD_DIRECT) != (notice.key.kind == VoucherKind::DirectLimit)
        && notice.head.text(Field::PayType) != Some(method)
    {
        let notice = notice.key.kind.slug();
        found.push(Mismatch::Method { method: method.to_owned(), notice });
    }
    for field in HEADS {
        let (ours, theirs) = (request.head.text(field), notice.head.text(field));
        if theirs.is_some() && ours != theirs {
            let text = |side: Option<&str>| side.unwrap_or("").to_owned();
            found.push(Mismatch::Head { field, request: text(ours), notice: text(theirs) });
        }
    }
    let by_voucher =
        notice.details.iter().any(|line| line.fields.get(Field::OriginalNumber).is_some());
    let (requested, noticed) =
        (lines(&request.details, by_voucher), lines(&notice.details, by_voucher));
    for (line, &request_fen) in &requested {
        let line = line.clone();
        match noticed.get(&line) {
            None => found.push(Mismatch::NotNoticed { line, request_fen }),
            Some(&notice_fen) if notice_fen != request_fen => {
                found.push(Mismatch::Amount { line, request_fen, notice_fen });
            }
            Some(_) => {}
        }
    }
    for (line, &notice_fen) in &noticed {
        if !requested.contains_key(line) {
            found.push(Mismatch::NotRequested { line: line.clone(), notice_fen });
        }
    }
    found.truncate(CLEARING_MISMATCHES_MAX);
    found
}

fn lines(details: &[Detail], by_voucher: bool) -> BTreeMap<LineKey, FenSum> {
    let mut lines = BTreeMap::new();
    for Detail { fields, .. } in details {
        let text = |field| fields.text(field).unwrap_or("").to_owned();
        let voucher = |field| if by_voucher { text(field) } else { String::new() };
        let key = [
            voucher(Field::OriginalKind),
            voucher(Field::OriginalNumber),
            text(Field::Department),
            text(Field::Function),
        ];
        let amount_fen = fields.amount_fen(Field::Amount).map_or(0, |fen| fen.get());
        *lines.entry(key).or_insert(0) += FenSum::from(amount_fen);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Day;
    use crate::money::Fen;
    use crate::voucher::document::Fields;
    use crate::voucher::{Flag, VoucherKey};

    fn voucher(key: &str, lines: &[(&str, &str, i64)]) -> Voucher {
        let head = Fields::new()
            .with_text(Field::FundType, "111")
            .with_text(Field::PayType, "12")
            .with_text(Field::PayBank, "102")
            .with_text(Field::PayerAccount, "37010001");
        let line = |(at, (number, function, fen)): (usize, &(&str, &str, i64))| {
            let fields = Fields::new()
                .with_text(Field::OriginalKind, "8202")
                .with_text(Field::Department, "101")
                .with_text(Field::Function, *function)
                .with_amount(Field::Amount, Fen::new(*fen));
            let named = !number.is_empty();
            let fields =
                if named { fields.with_text(Field::OriginalNumber, *number) } else { fields };
            Detail { id: (at + 1).to_string(), fields }
        };
        Voucher {
            key: VoucherKey::parse(key).expect("a key"),
            flag: Flag::Original,
            date: Day::new(20_230_310).expect("a day"),
            head,
            details: lines.iter().enumerate().map(line).collect(),
        }
    }

    fn notice(lines: &[(&str, &str, i64)]) -> Voucher {
        let mut notice = voucher("370102000-2023-5106-9", lines);
        notice.head.set(Field::ClearingNumber, crate::voucher::Value::Text("B7".into()));
        notice
    }

    fn request() -> Voucher {
        let lines = [("1", "2050203", 500), ("2", "2050203", 300), ("2", "2080505", 1)];
        voucher("370102000-2023-2301-B7", &lines)
    }

    #[test]
    fn equal_lines_match_in_any_order_and_by_sums() {
        let by_voucher = [("2", "2080505", 1), ("2", "2050203", 300), ("1", "2050203", 500)];
        assert_eq!(compare(&request(), &notice(&by_voucher)), []);
        assert_eq!(compare(&request(), &notice(&[("", "2050203", 800), ("", "2080505", 1)])), []);
    }

    #[test]
    fn each_difference_is_named() {
        let told = |notice: &Voucher| -> Vec<String> {
            compare(&request(), notice).iter().map(ToString::to_string).collect()
        };
        let lines = [("1", "2050203", 499), ("2", "2050203", 300), ("3", "2050203", 1)];
        assert_eq!(
            told(&notice(&lines)),
            [
                "8202 1 101 2050203: requested 5.00, noticed 4.99; correct the one that is wrong",
                "8202 2 101 2080505: requested 0.01, and the notice has no such line; ask finance for \
                 the limit",
                "8202 3 101 2050203: noticed 0.01, and not requested; request it, or have the notice \
                 corrected",
            ]
        );
        let right = [("1", "2050203", 500), ("2", "2050203", 300), ("2", "2080505", 1)];
        let mut other = notice(&right);
        other.head.set(Field::PayBank, crate::voucher::Value::Text("103".into()));
        assert!(matches!(compare(&request(), &other)[..], [Mismatch::Head { .. }]));
        let mut other = notice(&right);
        other.head.set(Field::ClearingNumber, crate::voucher::Value::Text("B8".into()));
        assert!(matches!(compare(&request(), &other)[..], [Mismatch::AnotherRequest { .. }]));
        let mut direct = notice(&right);
        direct.key.kind = VoucherKind::DirectLimit;
        direct.head.set(Field::PayType, crate::voucher::Value::Text("11".into()));
        let found = compare(&request(), &direct);
        assert!(matches!(found[..], [Mismatch::Method { .. }, Mismatch::Head { .. }]), "{found:?}");
        assert!(found.iter().all(|mismatch| mismatch.chinese().chars().any(|c| c > '\u{2fff}')));
    }

    #[test]
    fn what_is_listed_is_bounded() {
        let many: Vec<(String, i64)> = (10..200).map(|n| (n.to_string(), 1)).collect();
        let lines: Vec<(&str, &str, i64)> =
            many.iter().map(|(number, fen)| (number.as_str(), "2050203", *fen)).collect();
        assert_eq!(compare(&request(), &notice(&lines)).len(), CLEARING_MISMATCHES_MAX);
    }
}
