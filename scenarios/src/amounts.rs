//! Amounts of payments: log-normal components as tables of quantiles.
//!
//! The tables are made once with additions, multiplications, divisions and square roots alone,
//! which IEEE 754 rounds the same everywhere; every draw from them is whole-number arithmetic.

/// Cells of each table: twelve bits of a draw choose one.
const CELLS: usize = 4096;
/// Bits that place a draw within its cell.
const WITHIN_BITS: u32 = 20;

/// One kind of payment by size.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    /// Amounts in fen at the quantiles 0, 1/4096, ...; the last is the first of `tail`'s end.
    body: Vec<u64>,
    /// The same within the last cell.
    tail: Vec<u64>,
}

/// Quantiles of the normal distribution, at the places of a component's tables.
pub(crate) struct Normal {
    body: Vec<f64>,
    tail: Vec<f64>,
}

impl Normal {
    /// The quantiles.
    pub(crate) fn new() -> Normal {
        let cells = CELLS as f64;
        // The outermost quantiles stand half a step inside, since those of 0 and 1 are infinite.
        let body = (0..=CELLS).map(|cell| (cell as f64).clamp(0.5, cells - 0.5) / cells);
        let last = (cells - 1.0) / cells;
        let tail = (0..=CELLS).map(|cell| last + (cell as f64).min(cells - 0.5) / (cells * cells));
        Normal {
            body: body.map(normal_quantile).collect(),
            tail: tail.map(normal_quantile).collect(),
        }
    }
}

impl Component {
    /// The table of a log-normal amount with a median in fen and σ of its logarithm in
    /// hundredths, held between 1 yuan and `cap_fen`.
    pub(crate) fn new(
        normal: &Normal,
        median_fen: u64,
        sigma_hundredths: u32,
        cap_fen: u64,
    ) -> Component {
        let sigma = f64::from(sigma_hundredths) / 100.0;
        let at = |&z: &f64| {
            let amount = median_fen as f64 * exp(sigma * z);
            (amount as u64).clamp(100, cap_fen)
        };
        Component {
            body: normal.body.iter().map(at).collect(),
            tail: normal.tail.iter().map(at).collect(),
        }
    }

    /// The amount in fen that 64 random bits stand for.
    #[inline]
    pub(crate) fn draw(&self, bits: u64) -> u64 {
        let cell = (bits >> 52) as usize;
        if cell + 1 < CELLS {
            return between(&self.body, cell, bits >> (52 - WITHIN_BITS));
        }
        let cell = (bits >> 40) as usize % CELLS;
        between(&self.tail, cell, bits >> (40 - WITHIN_BITS))
    }
}

fn between(table: &[u64], cell: usize, within: u64) -> u64 {
    let within = within & ((1 << WITHIN_BITS) - 1);
    let (low, high) = (table[cell], table[cell + 1]);
    low + (((high - low) * within) >> WITHIN_BITS)
}

/// e to the power of `x`, for |x| < 600.
fn exp(x: f64) -> f64 {
    const LN_2: f64 = std::f64::consts::LN_2;
    let halvings = (x / LN_2) as i32;
    let rest = x - f64::from(halvings) * LN_2;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..24 {
        term *= rest / f64::from(n);
        sum += term;
    }
    for _ in 0..halvings.abs() {
        sum *= if halvings > 0 { 2.0 } else { 0.5 };
    }
    sum
}

/// Φ(z) − ½ by its series, for 0 ≤ z ≤ 6.
fn normal_half(z: f64) -> f64 {
    let density = exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term > sum * 1e-17 && odd < 1e3 {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    density * sum
}

/// The z with Φ(z) = `quantile`, by Newton's steps from the flat side, where they never overshoot.
fn normal_quantile(quantile: f64) -> f64 {
    let target = (quantile - 0.5).abs();
    let mut z = 0.0;
    for _ in 0..60 {
        let density = exp(-z * z / 2.0) / (2.0 * std::f64::consts::PI).sqrt();
        let step = (target - normal_half(z)) / density;
        z += step;
        if step < 1e-13 {
            break;
        }
    }
    if quantile < 0.5 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    #[test]
    fn quantiles_are_those_of_the_books() {
        for (quantile, z) in
            [(0.5, 0.0), (0.975, 1.959_964), (0.05, -1.644_854), (0.999, 3.090_232)]
        {
            assert!((normal_quantile(quantile) - z).abs() < 1e-5, "{quantile}");
        }
        assert!((exp(1.0) - std::f64::consts::E).abs() < 1e-14);
    }

    #[test]
    fn a_component_has_its_median_and_mean() {
        let component = Component::new(&Normal::new(), 180_000, 130, 200_000_000_000);
        let mut draws: Vec<u64> =
            (0..400_000).map(|place| component.draw(Draws::at(7, place).next())).collect();
        let mean = draws.iter().sum::<u64>() / 400_000;
        draws.sort_unstable();
        assert!(draws[200_000].abs_diff(180_000) < 2_000, "{}", draws[200_000]);
        // median * e^(1.3²/2) = 4 190.31 yuan
        assert!(mean.abs_diff(419_031) < 5_000, "{mean}");
    }

    #[test]
    fn nothing_leaves_the_bounds() {
        let component = Component::new(&Normal::new(), 800_000_000, 300, 1_000_000_000);
        assert_eq!(component.draw(u64::MAX), 1_000_000_000);
        assert!(component.draw(0) >= 100);
    }
}
