//! What it costs to hold a full day against a statement: `cargo bench -p benches --bench reconciliation`.
//!
//! 1.6 million lines on each side of 500 accounts, theirs in an order of their own. Core time, so that what else the machine
//! does is left out; the lines are made beforehand. One line of JSON for each mix of differences.

use domain::Fen;
use domain::ids::{Day, FiscalYear};
use domain::reconciliation::{Comparison, Figures, Item, ItemState, Line, Scope, Side, Source};
use domain::voucher::{DivisionCode, VoucherKey, VoucherKind, VoucherNumber};
use rustix::time::{ClockId, clock_gettime};

const LINES: usize = 1_600_000;

fn main() {
    let accounts: Vec<String> = (0..500).map(|account| format!("3700{account:012}")).collect();
    let day = Day::new(20_220_310).expect("a day");
    let line = |serial: usize| Line {
        scope: Scope { bank: "102", account: &accounts[serial / (LINES / 500)], fund: "111" },
        item: Item { voucher: voucher(serial / 2), detail: ["1", "2"][serial % 2] },
        figures: Figures { amount_fen: Fen::new(serial as i64 + 1), state: ItemState::Done, day },
    };
    let ours: Vec<Line<'_>> = (0..LINES).map(line).collect();
    for (mix, every) in [("none differs", usize::MAX), ("1 in 100 differs", 100), ("all differ", 1)]
    {
        // A step that has no divisor in common with the number of lines.
        let theirs = (0..LINES).map(|step| {
            let serial = step * 1_000_003 % LINES;
            let mut line = ours[serial];
            if serial.is_multiple_of(every) && every < usize::MAX {
                line.figures.amount_fen = Fen::new(-1);
            }
            line
        });
        let theirs: Vec<Line<'_>> = theirs.collect();
        let begin_ms = core_ms();
        let mut comparison = Comparison::new(Source::Receipts);
        for (side, lines) in [(Side::Ours, &ours), (Side::Theirs, &theirs)] {
            for line in lines {
                comparison.add(side, line).expect("it fits");
            }
        }
        let added_ms = core_ms() - begin_ms;
        let compared = comparison.finish();
        let whole_ms = core_ms() - begin_ms;
        println!(
            "{{\"mix\":\"{mix}\",\"lines\":{LINES},\"added_ms\":{added_ms},\"whole_ms\":{whole_ms},\
             \"different\":{},\"bytes_a_line\":{}}}",
            compared.different(),
            compared.resident_bytes() / (2 * LINES),
        );
    }
}

fn voucher(serial: usize) -> VoucherKey {
    VoucherKey {
        division: DivisionCode::new("370102000").expect("a code"),
        year: FiscalYear::new(2022).expect("a year"),
        kind: VoucherKind::Payment,
        number: VoucherNumber::serial(serial as u32),
    }
}

/// Core time of this process so far, in milliseconds.
fn core_ms() -> i64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec * 1000 + spent.tv_nsec / 1_000_000
}
