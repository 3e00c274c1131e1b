//! Throughput over time: what was counted now and then, as rates of equal spans, and as a chart of
//! block characters.

/// Spans that a run is cut into, at most: columns of a chart.
const SPANS_MAX: u64 = 60;

/// The shortest span, in ms: a few counts fall into each.
const SPAN_MS_MIN: u64 = 50;

/// Rates over spans of equal length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Throughput {
    /// Length of a span, in ms.
    pub(super) span_ms: u64,
    /// Answers a second in each span.
    pub(super) per_s: Vec<u64>,
}

impl Throughput {
    /// From counts of all answers so far, each with its time in ms, in order of time.
    pub(super) fn of(counts: &[(u64, u64)]) -> Throughput {
        let end = counts.last().map_or(0, |&(ms, _)| ms);
        let span_ms = end.div_ceil(SPANS_MAX).max(SPAN_MS_MIN);
        let spans = end.div_ceil(span_ms);
        let reached: Vec<f64> =
            (0..=spans).map(|span| answers_at(counts, span * span_ms)).collect();
        let length = |span: usize| (end - span as u64 * span_ms).min(span_ms) as f64;
        let rate = |(span, ends): (usize, &[f64])| {
            ((ends[1] - ends[0]) * 1000.0 / length(span)).round() as u64
        };
        Throughput { span_ms, per_s: reached.windows(2).enumerate().map(rate).collect() }
    }
}

/// How many answers there were at a time, evenly between two counts.
fn answers_at(counts: &[(u64, u64)], ms: u64) -> f64 {
    let after = counts.partition_point(|&(at, _)| at < ms);
    let Some(&(late, more)) = counts.get(after) else {
        return counts.last().map_or(0.0, |&(_, answers)| answers as f64);
    };
    let (early, fewer) = if after == 0 { (0, 0) } else { counts[after - 1] };
    if late == early {
        return more as f64;
    }
    fewer as f64 + (more - fewer) as f64 * (ms - early) as f64 / (late - early) as f64
}

/// Columns of block characters, `rows` high, the highest line first. The largest value fills its
/// column.
pub(super) fn columns(values: &[u64], rows: u64) -> Vec<String> {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let largest = values.iter().copied().max().unwrap_or(0).max(1);
    let height = |value: u64| (value * rows * 8).div_ceil(largest);
    let line = |row: u64| {
        let eighths = |&value: &u64| height(value).saturating_sub(row * 8).min(8) as usize;
        values.iter().map(|value| EIGHTHS[eighths(value)]).collect()
    };
    (0..rows).rev().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_spans_and_a_pause_shows() {
        let counts = [(0, 0), (100, 1000), (200, 1000), (250, 1500)];
        let throughput = Throughput::of(&counts);
        assert_eq!(throughput.span_ms, 50);
        assert_eq!(throughput.per_s, [10_000, 10_000, 0, 0, 10_000]);
        let last_is_short = Throughput::of(&[(0, 0), (60, 600)]);
        assert_eq!(last_is_short.per_s, [10_000, 10_000]);
        assert_eq!(Throughput::of(&[]).per_s, Vec::<u64>::new());
        let long: Vec<_> = (0..10_000).map(|at| (at * 20, at)).collect();
        let throughput = Throughput::of(&long);
        assert_eq!(throughput.per_s.len() as u64, SPANS_MAX);
        assert!(throughput.per_s.iter().all(|&rate| rate == 50), "{throughput:?}");
    }

    #[test]
    fn the_largest_value_fills_its_column_and_none_vanishes() {
        assert_eq!(columns(&[0, 1, 8, 16], 2), ["   █", " ▁██"]);
        assert_eq!(columns(&[], 2), ["", ""]);
        assert_eq!(columns(&[0, 0], 1), ["  "]);
    }
}
