//! Statuses and reasons of banks, and what they mean here.

/// What a bank says of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BankStatus {
    /// No definite answer yet (待定): ask again. What this program does not know is this too, and never a rejection:
    /// money may have left.
    Pending,
    /// Taken as an order (已签收).
    Received,
    /// Being paid (支付中).
    Paying,
    /// Paid (已支付); the entry comes with camt.054.
    Paid,
    /// Some of it paid, some of it not (部分支付).
    Partly,
    /// Nothing was paid (银行退回).
    Rejected,
}

/// Codes of statuses, and what they mean here.
pub const STATUSES: &[(&str, BankStatus)] = &[
    ("PDNG", BankStatus::Pending),
    ("RCVD", BankStatus::Received),
    ("ACTC", BankStatus::Received),
    ("ACCP", BankStatus::Received),
    ("ACSP", BankStatus::Paying),
    ("ACSC", BankStatus::Paid),
    ("PART", BankStatus::Partly),
    ("RJCT", BankStatus::Rejected),
];

impl BankStatus {
    /// What a code means.
    #[must_use]
    pub fn of(code: &str) -> BankStatus {
        let known = STATUSES.iter().find(|(known, _)| *known == code);
        known.map_or(BankStatus::Pending, |(_, status)| *status)
    }

    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            BankStatus::Pending => "待定",
            BankStatus::Received => "已签收",
            BankStatus::Paying => "支付中",
            BankStatus::Paid => "已支付",
            BankStatus::Partly => "部分支付",
            BankStatus::Rejected => "银行退回",
        }
    }
}

/// Codes of reasons, in English and in Chinese.
pub const REASONS: &[(&str, &str, &str)] = &[
    ("AC01", "account number is wrong", "账号有误"),
    ("AC04", "account is closed", "账户已销户"),
    ("AC06", "account is blocked", "账户已冻结"),
    ("AM04", "no funds, or over the limit", "余额或额度不足"),
    ("AM05", "duplicate", "重复支付"),
    ("AM09", "amount is wrong", "金额有误"),
    ("BE01", "name and account do not go together", "户名与账号不符"),
    ("DS02", "order was cancelled", "指令已撤销"),
    ("DS04", "order was rejected", "指令被拒绝"),
    ("DS0A", "signature is missing", "缺少签名"),
    ("DS0B", "form of the signature is unknown", "签名格式不识别"),
    ("DS0C", "signer's certificate is revoked", "签名证书已吊销"),
    ("DS0D", "signer's certificate is not valid", "签名证书无效"),
    ("DS0E", "signer's certificate is another one", "签名证书不符"),
    ("NARR", "see the words", "见附言"),
    ("RC01", "bank number is wrong", "行号有误"),
    ("TM01", "cut-off has passed", "已过截止时间"),
];

/// A reason in Chinese: the code with what it means, and the bank's words. A code that is not known stands for itself.
#[must_use]
pub fn reason_chinese(code: &str, words: &str) -> String {
    let known = REASONS.iter().find(|(known, _, _)| *known == code);
    let meaning = known.map_or("", |(_, _, chinese)| *chinese);
    let mut text = format!("{code}{meaning}");
    if !words.is_empty() {
        text.push('：');
        text.push_str(words);
    }
    text
}

/// The code that words begin with, and its meaning in English, where they were written as [`reason_chinese`] does.
#[must_use]
pub fn meaning(words: &str) -> Option<(&'static str, &'static str)> {
    let begins = |(code, _, chinese): &&(&str, &str, &str)| {
        words.strip_prefix(*code).is_some_and(|rest| rest.starts_with(chinese))
    };
    REASONS.iter().find(begins).map(|(code, english, _)| (*code, *english))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rejection_is_a_rejection() {
        for code in ["PDNG", "", "CANC", "rjct", "RJCT ", "XXXX", "ACWC", "ACSP", "ACSC", "PART"] {
            assert_ne!(BankStatus::of(code), BankStatus::Rejected, "{code}");
        }
        assert_eq!(BankStatus::of("RJCT"), BankStatus::Rejected);
        assert_eq!(BankStatus::of("CANC"), BankStatus::Pending);
    }

    #[test]
    fn codes_are_told_once_and_have_words() {
        let codes: Vec<&str> = REASONS.iter().map(|(code, _, _)| *code).collect();
        assert!(codes.is_sorted() && codes.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(reason_chinese("AC01", ""), "AC01账号有误");
        assert_eq!(reason_chinese("NARR", "收款行停业"), "NARR见附言：收款行停业");
        assert_eq!(reason_chinese("ZZ99", "x"), "ZZ99：x");
    }
}
