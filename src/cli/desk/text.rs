//! Texts in cells of a terminal: a Chinese character takes two. Never lets a control character
//! through: people wrote some of these texts.

use ratatui::text::Span;

/// Cells a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in exactly so many cells: cut with `…`, or filled with blanks behind it.
pub(super) fn fit(text: &str, cells: usize) -> String {
    let mut fitted = cut(text, cells);
    let left = cells.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', left));
    fitted
}

/// A text in exactly so many cells, blanks before it.
pub(super) fn right(text: &str, cells: usize) -> String {
    let fitted = cut(text, cells);
    format!("{}{fitted}", " ".repeat(cells.saturating_sub(width(&fitted))))
}

/// A text in at most so many cells.
pub(super) fn cut(text: &str, cells: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if width(&clean) <= cells {
        return clean;
    }
    let mut shorter = String::new();
    for c in clean.chars() {
        if width(&shorter) + width(c.encode_utf8(&mut [0; 4])) >= cells {
            break;
        }
        shorter.push(c);
    }
    if cells > 0 {
        shorter.push('…');
    }
    shorter
}

/// A text in lines of at most so many cells, broken at blanks where there are any.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(2);
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let mut word = word;
        while !word.is_empty() {
            let line = lines.last_mut().expect("there is a line from the beginning");
            if width(line) + width(word.trim_end()) <= cells {
                line.push_str(word);
                break;
            }
            if !line.is_empty() && width(word.trim_end()) <= cells {
                lines.push(String::new());
                continue;
            }
            // Longer than a line, as Chinese without blanks is.
            let mut taken = 0;
            for c in word.chars() {
                if width(line) + width(c.encode_utf8(&mut [0; 4])) > cells {
                    break;
                }
                line.push(c);
                taken += c.len_utf8();
            }
            word = &word[taken..];
            if !word.is_empty() {
                lines.push(String::new());
            }
        }
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// How long something has stood: its two largest units.
pub(super) fn age(ms: u64) -> String {
    let (s, m, h, d) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match (d, h, m) {
        (1.., ..) => format!("{d}d {}h", h % 24),
        (0, 1.., _) => format!("{h}h {}m", m % 60),
        (0, 0, 1..) => format!("{m}m {}s", s % 60),
        _ => format!("{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_take_the_cells_they_are_given() {
        assert_eq!(fit("齐鲁文具店", 7), "齐鲁文…");
        assert_eq!(fit("齐鲁", 6), "齐鲁  ");
        assert_eq!(width(&fit("齐鲁文具店", 8)), 8);
        assert_eq!(right("1.00", 6), "  1.00");
        assert_eq!(cut("a\u{1b}[31mb", 10), "a [31mb", "no escape gets through");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn lines_break_at_blanks_and_chinese_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("从指标申请支付", 6), ["从指标", "申请支", "付"]);
        assert_eq!(wrap("", 6), [""]);
        assert!(wrap("a 从指标申请 b", 5).iter().all(|line| width(line) <= 5));
    }

    #[test]
    fn ages_have_two_units() {
        let told = [900, 61_000, 3_720_000, 90_000_000].map(age);
        assert_eq!(told, ["0s", "1m 1s", "1h 2m", "1d 1h"]);
    }
}
