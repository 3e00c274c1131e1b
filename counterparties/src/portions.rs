//! Sums that are beyond an amount, and lists that are beyond a voucher: told in as many lines and vouchers as it takes.

use domain::Fen;
use domain::limits::AMOUNT_FEN_MAX;
use domain::money::FenSum;
use domain::voucher::Field;
use domain::voucher::document::Fields;

use crate::limits::LISTED_PER_VOUCHER_MAX;

/// A sum as amounts: itself, where it is one.
pub(crate) fn amounts(sum_fen: FenSum) -> Vec<Fen> {
    let most = FenSum::from(AMOUNT_FEN_MAX);
    let (mut left_fen, mut amounts) = (sum_fen, Vec::new());
    loop {
        let part_fen = left_fen.clamp(-most, most);
        left_fen -= part_fen;
        amounts.push(Fen::new(i64::try_from(part_fen).expect("it was held to an amount")));
        if left_fen == 0 {
            return amounts;
        }
    }
}

/// Lines dealt out to vouchers that hold them, each with a sum that is an amount; one voucher at least.
pub(crate) fn in_vouchers(lines: Vec<Fields>) -> Vec<Vec<Fields>> {
    let mut vouchers = vec![Vec::new()];
    let mut sum_fen = 0;
    for line in lines {
        let line_fen = line.amount_fen(Field::Amount).map_or(0, |fen| FenSum::from(fen.get()));
        let last = vouchers.last_mut().expect("there is always one");
        let is_sum = (sum_fen + line_fen).abs() <= FenSum::from(AMOUNT_FEN_MAX);
        if last.len() == LISTED_PER_VOUCHER_MAX || !is_sum {
            vouchers.push(Vec::new());
            sum_fen = 0;
        }
        sum_fen += line_fen;
        vouchers.last_mut().expect("there is always one").push(line);
    }
    vouchers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_told_in_amounts_that_make_it() {
        let most = FenSum::from(AMOUNT_FEN_MAX);
        for sum_fen in [0, 1, -1, most, -most, most + 1, -most - 1, 3 * most - 7] {
            let amounts = amounts(sum_fen);
            assert!(amounts.iter().all(|fen| fen.in_bounds()), "{sum_fen}: {amounts:?}");
            let back: FenSum = amounts.iter().map(|fen| FenSum::from(fen.get())).sum();
            assert_eq!(back, sum_fen);
            assert_eq!(amounts.len() == 1, sum_fen.abs() <= most);
        }
    }

    #[test]
    fn a_voucher_holds_a_sum_and_so_many_lines() {
        let line = |fen| Fields::new().with_amount(Field::Amount, Fen::new(fen));
        assert_eq!(in_vouchers(Vec::new()), [Vec::new()]);
        let large = [AMOUNT_FEN_MAX, 1, -1, -AMOUNT_FEN_MAX, -AMOUNT_FEN_MAX];
        let many = in_vouchers(large.into_iter().map(line).collect());
        let fen = |lines: &Vec<Fields>| -> Vec<i64> {
            lines.iter().filter_map(|line| line.amount_fen(Field::Amount)).map(Fen::get).collect()
        };
        let told: Vec<Vec<i64>> = many.iter().map(fen).collect();
        assert_eq!(
            told,
            [vec![AMOUNT_FEN_MAX], vec![1, -1, -AMOUNT_FEN_MAX], vec![-AMOUNT_FEN_MAX]]
        );
        let small = vec![line(1); LISTED_PER_VOUCHER_MAX + 1];
        let lengths: Vec<usize> = in_vouchers(small).iter().map(Vec::len).collect();
        assert_eq!(lengths, [LISTED_PER_VOUCHER_MAX, 1]);
    }
}
