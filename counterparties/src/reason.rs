//! What people say when they give something back.

use crate::limits::REASON_CHARS_MAX;

/// Whether a text says why, and is no novel; blanks say nothing.
pub(crate) fn is_reason(text: &str) -> bool {
    let chars = text.chars().count();
    !text.trim().is_empty() && chars <= REASON_CHARS_MAX && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_some_characters_and_no_control_characters() {
        let longest = "误".repeat(REASON_CHARS_MAX);
        let texts = [
            ("误", true),
            (&longest, true),
            ("", false),
            ("a\nb", false),
            (" ", false),
            ("　", false),
        ];
        for (text, is_one) in texts {
            assert_eq!(is_reason(text), is_one, "{text}");
        }
        assert!(!is_reason(&(longest + "误")));
    }
}
