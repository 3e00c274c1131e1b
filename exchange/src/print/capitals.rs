//! Amounts in Chinese capitals (大写金额), as they stand on every paper of a bank, so that nobody adds a
//! stroke.
//!
//! The rules are those for filling in bank papers: no zero is written twice in a row, 整 closes an amount
//! without fen, 零 stands for zeros between figures.

use domain::Fen;

const FIGURES: [&str; 10] = ["零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const FOURS: [&str; 4] = ["", "万", "亿", "万亿"];

/// An amount in capitals: `人民币捌仟元整`.
#[must_use]
pub fn in_capitals(amount: Fen) -> String {
    let mut out = String::from("人民币");
    if amount < Fen::ZERO {
        out.push('负');
    }
    let fen = amount.get().unsigned_abs();
    let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    if yuan > 0 || (jiao, fen) == (0, 0) {
        out.push_str(&whole(yuan));
        out.push('元');
    }
    match (jiao, fen) {
        (0, 0) => out.push('整'),
        (0, fen) => {
            if yuan > 0 {
                out.push('零');
            }
            out.push_str(FIGURES[fen as usize]);
            out.push('分');
        }
        (jiao, fen) => {
            // A zero in the last place of yuan is said before jiao.
            if yuan > 0 && yuan.is_multiple_of(10) {
                out.push('零');
            }
            out.push_str(FIGURES[jiao as usize]);
            out.push('角');
            match fen {
                0 => out.push('整'),
                fen => {
                    out.push_str(FIGURES[fen as usize]);
                    out.push('分');
                }
            }
        }
    }
    out
}

/// Whole yuan below 10¹⁶.
fn whole(yuan: u64) -> String {
    if yuan == 0 {
        return FIGURES[0].into();
    }
    let (mut out, mut zero, mut said_yi) = (String::new(), false, false);
    for place in (0..FOURS.len()).rev() {
        let four = yuan / 10_000_u64.pow(place as u32) % 10_000;
        if four == 0 {
            // 亿 is said when 万亿 was, though nothing stands between them.
            if place == 2 && said_yi {
                out.push('亿');
            }
            zero |= !out.is_empty();
            continue;
        }
        if !out.is_empty() && (zero || four < 1_000) {
            out.push('零');
        }
        out.push_str(&below_ten_thousand(four));
        match place {
            3 => {
                out.push('万');
                said_yi = true;
            }
            _ => out.push_str(FOURS[place]),
        }
        zero = false;
    }
    out
}

/// A number of 1 to 9999, without a zero before it.
fn below_ten_thousand(number: u64) -> String {
    let (mut out, mut zero) = (String::new(), false);
    for place in (0..PLACES.len()).rev() {
        let figure = number / 10_u64.pow(place as u32) % 10;
        if figure == 0 {
            zero |= !out.is_empty();
            continue;
        }
        if zero {
            out.push('零');
        }
        out.push_str(FIGURES[figure as usize]);
        out.push_str(PLACES[place]);
        zero = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_on_bank_papers() {
        for (fen, capitals) in [
            (0, "人民币零元整"),
            (1, "人民币壹分"),
            (10, "人民币壹角整"),
            (105, "人民币壹元零伍分"),
            (800_000, "人民币捌仟元整"),
            (140_950, "人民币壹仟肆佰零玖元伍角整"),
            (600_714, "人民币陆仟零柒元壹角肆分"),
            (168_032, "人民币壹仟陆佰捌拾元零叁角贰分"),
            (1_640_902, "人民币壹万陆仟肆佰零玖元零贰分"),
            (10_700_053, "人民币壹拾万柒仟元零伍角叁分"),
            (1_000_000_000, "人民币壹仟万元整"),
            (10_000_000_100, "人民币壹亿零壹元整"),
            (10_001_000_000, "人民币壹亿零壹万元整"),
            (100_000_000_000_000, "人民币壹万亿元整"),
            (100_000_001_000_000, "人民币壹万亿零壹万元整"),
            (100_010_000_000_000, "人民币壹万零壹亿元整"),
            (-300_000, "人民币负叁仟元整"),
            (
                9_007_199_254_740_991,
                "人民币玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分",
            ),
        ] {
            assert_eq!(in_capitals(Fen::new(fen)), capitals, "{fen} fen");
        }
    }
}
