//! Values in messages: amounts, days, numbers of things.

use domain::Fen;
use domain::ids::Day;
use domain::money::{FenSum, yuan_plain};

use super::read::{Leaf, Reason};

/// The only currency there is here.
pub(super) const CURRENCY: &str = "CNY";

/// Longest free text in a message (Max140Text).
pub(super) const FREE_CHARS_MAX: usize = 140;

/// An amount in yuan that is not negative; more than two places only if they are zeros.
pub(super) fn amount(text: &str) -> Result<Fen, Reason> {
    let wrong = || Reason::value(text, "an amount in yuan with two places");
    let (whole, places) = text.split_once('.').unwrap_or((text, "00"));
    let (cents, beyond) = places.split_at_checked(places.len().min(2)).ok_or_else(wrong)?;
    if places.is_empty() || !beyond.bytes().all(|byte| byte == b'0') {
        return Err(wrong());
    }
    let amount_fen = Fen::from_yuan(&format!("{whole}.{cents:0<2}")).map_err(|_| wrong())?;
    if amount_fen < Fen::ZERO { Err(wrong()) } else { Ok(amount_fen) }
}

/// An amount with its currency.
pub(super) fn money(leaf: Leaf<'_>) -> Result<Fen, Reason> {
    if leaf.currency != Some(CURRENCY) {
        let currency = leaf.currency.unwrap_or_default();
        return Err(Reason::value(currency, "the currency CNY"));
    }
    amount(leaf.text)
}

/// A day: a date, or the date of a time in Beijing.
pub(super) fn day(text: &str) -> Result<Day, Reason> {
    let wrong = || Reason::value(text, "a date, or a time of +08:00");
    let (date, time) = text.split_at_checked(10).ok_or_else(wrong)?;
    let is_beijing = match time.strip_prefix('T') {
        None => time.is_empty(),
        Some(time) => time.ends_with("+08:00") || !time.contains(['Z', '+', '-']),
    };
    let bytes = date.as_bytes();
    let is_date = bytes.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !is_date || !is_beijing {
        return Err(wrong());
    }
    let digits = date.replace('-', "").parse().map_err(|_| wrong())?;
    Day::new(digits).ok_or_else(wrong)
}

/// A day as a date.
pub(super) fn date(day: Day) -> String {
    let number = day.get();
    format!("{:04}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100)
}

/// How many.
pub(super) fn count(text: &str) -> Result<u64, Reason> {
    let is_number =
        (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| Reason::value(text, "a number of 1 to 15 digits"))
}

/// A text that is there and not too long, in characters.
pub(super) fn text(text: &str, characters_max: usize) -> Result<String, Reason> {
    let characters = text.chars().count();
    if (1..=characters_max).contains(&characters) {
        Ok(text.to_owned())
    } else {
        Err(Reason::value(text, "a text of the length that the standard allows"))
    }
}

/// A text in pieces of at most so many characters. No piece begins or ends with a blank: those around a text are not
/// told.
pub(super) fn pieces(text: &str, characters_max: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < letters.len() {
        let most = letters.len().min(start + characters_max);
        let parts_words = |end: usize| {
            let blank = |at: usize| letters.get(at).is_some_and(|letter| letter.is_whitespace());
            end < letters.len() && (blank(end - 1) || blank(end))
        };
        let end = (start + 1..=most).rev().find(|&end| !parts_words(end)).unwrap_or(most);
        pieces.push(letters[start..end].iter().collect());
        start = end;
    }
    pieces
}

/// Sets what may be told once.
pub(super) fn once<T>(place: &mut Option<T>, value: T, what: &'static str) -> Result<(), Reason> {
    if place.replace(value).is_some() { Err(Reason::Twice(what)) } else { Ok(()) }
}

/// That a told sum is what its parts come to.
pub(super) fn same_sum(
    what: &'static str,
    told_fen: Option<Fen>,
    added_fen: FenSum,
) -> Result<(), Reason> {
    match told_fen {
        Some(told) if FenSum::from(told.get()) != added_fen => {
            Err(Reason::Sum { what, told: told.to_yuan(), added: yuan_plain(added_fen) })
        }
        _ => Ok(()),
    }
}

/// That a told number is how many there are.
pub(super) fn same_count(
    what: &'static str,
    told: Option<u64>,
    counted: usize,
) -> Result<(), Reason> {
    match told {
        Some(told) if told != counted as u64 => {
            Err(Reason::Count { what, told, counted: counted as u64 })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_may_have_fewer_places_and_zeros_behind_them() {
        for (text, fen) in
            [("1", 100), ("1.5", 150), ("1.05", 105), ("1.05000", 105), ("0", 0), ("0.00", 0)]
        {
            assert_eq!(amount(text), Ok(Fen::new(fen)), "{text}");
        }
        for text in
            ["", ".", "1.", "1.005", "-1.00", "1e2", "１.00", "1.0元", "99999999999999999.00"]
        {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pieces_come_to_the_text_and_keep_their_blanks() {
        for text in ["", "a", "ab cd ef gh", "三月工资 三月", "abc    def", "abcdefg"] {
            for most in 3..=7 {
                let pieces = pieces(text, most);
                assert_eq!(pieces.concat(), text);
                let is_within = |piece: &String| piece.chars().count() <= most;
                assert!(pieces.iter().all(is_within), "{pieces:?}");
            }
        }
        assert_eq!(pieces("ab cd ef", 6), ["ab c", "d ef"]);
        assert_eq!(pieces("abc def", 3), ["ab", "c d", "ef"]);
    }

    #[test]
    fn days_are_those_of_beijing() {
        let tenth = Day::new(20_220_310).expect("a day");
        for text in ["2022-03-10", "2022-03-10T09:31:00+08:00", "2022-03-10T09:31:00.123"] {
            assert_eq!(day(text), Ok(tenth), "{text}");
        }
        for text in [
            "",
            "2022-3-10",
            "20220310",
            "2022-02-30",
            "2022-03-10T23:00:00Z",
            "2022-03-1０",
            "2022-03-10x",
        ] {
            assert!(day(text).is_err(), "{text}");
        }
        assert_eq!(date(tenth), "2022-03-10");
    }
}
