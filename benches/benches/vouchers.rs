//! What a voucher costs on its way: checked, written as canonical bytes, read back: `cargo bench -p benches
//! --bench vouchers`. One line of JSON for a payment order with one detail and one with everything filled in.

use std::hint::black_box;
use std::time::Duration;

use domain::Fen;
use domain::ids::Day;
use domain::voucher::check::{NothingHeld, check};
use domain::voucher::sample::{DAY, Fill, sample};
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKind, canonical};
use rustix::time::{ClockId, clock_gettime};

/// Vouchers of each measurement.
const VOUCHERS: u32 = 1_000_000;

fn main() {
    let order = |fill| sample(VoucherKind::Payment, Flag::Original, fill).expect("an original");
    let mut small = order(Fill::Must);
    small.details.truncate(1);
    let amount_fen = small.details[0].fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
    small.head.set(Field::Amount, Value::Amount(amount_fen));
    measure("small", &small);
    measure("full", &order(Fill::All));
}

fn measure(name: &str, voucher: &Voucher) {
    let today = Day::new(DAY).expect("a day");
    let bytes = canonical::bytes(voucher).expect("a sample can be written");
    let mut out = Vec::with_capacity(bytes.len());
    let written = per_second(|| {
        out.clear();
        canonical::write(voucher, &mut out).expect("a sample can be written");
        black_box(&out);
    });
    let read = per_second(|| {
        black_box(canonical::read(black_box(&bytes)).expect("it was written here"));
    });
    let checked = per_second(|| assert!(check(black_box(voucher), today, &NothingHeld).is_empty()));
    println!(
        "{{\"voucher\":\"{name}\",\"bytes\":{},\"checked_per_s\":{checked:.0},\
         \"written_per_s\":{written:.0},\"read_per_s\":{read:.0}}}",
        bytes.len()
    );
}

/// How often a core does it in a second.
fn per_second(mut once: impl FnMut()) -> f64 {
    let begun = core_time();
    for _ in 0..VOUCHERS {
        once();
    }
    f64::from(VOUCHERS) / (core_time() - begun).as_secs_f64()
}

fn core_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
}
