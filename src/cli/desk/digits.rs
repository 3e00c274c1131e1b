//! An amount three lines high, in characters that every terminal has and gives one cell.

/// The strokes of a digit: above, middle, below.
const DIGITS: [[&str; 3]; 10] = [
    [" _ ", "| |", "|_|"],
    ["   ", "  |", "  |"],
    [" _ ", " _|", "|_ "],
    [" _ ", " _|", " _|"],
    ["   ", "|_|", "  |"],
    [" _ ", "|_ ", " _|"],
    [" _ ", "|_ ", "|_|"],
    [" _ ", "  |", "  |"],
    [" _ ", "|_|", "|_|"],
    [" _ ", "|_|", " _|"],
];

/// The lines of an amount in yuan, like `-1,234.50`.
pub(super) fn large(yuan: &str) -> [String; 3] {
    let mut lines = [const { String::new() }; 3];
    for c in yuan.chars() {
        let strokes = match c {
            '0'..='9' => DIGITS[c as usize - '0' as usize],
            '-' => ["   ", " _ ", "   "],
            '.' => [" ", " ", "."],
            _ => [" ", " ", ","],
        };
        for (line, stroke) in lines.iter_mut().zip(strokes) {
            line.push_str(stroke);
            line.push(' ');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_amount_fits_on_a_small_terminal() {
        let lines = large("90,071,992,547,409.91");
        assert!(lines.iter().all(|line| line.len() == lines[0].len() && line.len() <= 78));
    }

    #[test]
    fn every_digit_is_another() {
        let of = |digit: usize| large(&digit.to_string()).concat();
        for digit in 1..10 {
            assert!((0..digit).all(|other| of(other) != of(digit)), "{digit}");
        }
    }
}
