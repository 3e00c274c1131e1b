//! Makes a whole scenario with its predictions and throws it away: what generating costs, and how
//! much of it is ever in memory.
//!
//! ```sh
//! time cargo run --release -p scenarios --example generate -- 1
//! ```

use scenarios::{Plan, Spec, Step, Tally, Work};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let scale = arguments.next().unwrap_or_else(|| "0.05".to_owned());
    let scale = scale.parse().expect("the first argument is a scale, like 0.05");
    let lanes = arguments.next().map_or(8, |text| text.parse().expect("the second: lanes"));
    // Waves to stop after: enough to see a scale start that is too large to finish here.
    let most = arguments.next().map_or(u64::MAX, |text| text.parse().expect("the third: waves"));
    let spec = Spec::named("shandong-2022").expect("it is kept here");
    let plan = Plan::new(spec, scale, 2022).expect("its figures can be reached");
    println!("laid out: {:?}; at most {} in memory", plan.totals(), peak());
    let mut work = Work::new(plan, lanes);
    let (mut waves, mut largest) = (0_u64, 0);
    let mut left = true;
    while left && waves < most {
        left = false;
        // Side by side, as a runner drives them.
        for lane in &mut work.lanes {
            let Some(step) = lane.next() else { continue };
            left = true;
            if let Step::Wave(wave) = step {
                waves += 1;
                largest = largest.max(wave.len());
            }
        }
    }
    let mut tally = Tally::default();
    tally.add(&work.opening_tally);
    work.lanes.iter().for_each(|lane| tally.add(&lane.tally()));
    println!("{waves} waves, the largest of {largest} commands; at most {} in memory", peak());
    println!("{tally:#?}");
}

/// The most memory this process has had, as the system tells it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "an unknown amount".to_owned(), |line| line.trim().to_owned())
}
