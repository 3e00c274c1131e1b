//! The words of a bank or a person, told in both languages as far as they can be.

use exchange::iso20022::codes::meaning;

use super::now::Both;

/// Words as they were given. Where they begin with a code of ISO 20022 and its meaning in Chinese, its meaning in
/// English is told too.
pub(super) fn told(words: &str) -> Both {
    // Written by others: nothing in it breaks a line.
    let plain = words.replace(char::is_control, " ");
    let english = match meaning(&plain) {
        Some((code, english)) => format!("{plain:?} ({code}: {english})"),
        None => format!("{plain:?}"),
    };
    Both::new(english, format!("{plain:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_with_what_it_means_and_other_words_as_they_are() {
        let blocked = told("AC06账户已冻结：法院冻结");
        assert_eq!(blocked.english, "\"AC06账户已冻结：法院冻结\" (AC06: account is blocked)");
        assert_eq!(blocked.chinese, "\"AC06账户已冻结：法院冻结\"");
        assert_eq!(told("收款账户\n已销户").english, "\"收款账户 已销户\"");
    }
}
