//! A day on which the treasury is short of cash: finance sees what waits, carries it by name, and closes the day.

use counterparties::central_bank::{self, PaidIn};
use counterparties::script::Script;
use domain::Fen;
use domain::clearing::Lane;
use domain::day::{Check, Checklist};
use domain::voucher::VoucherKind;
use exchange::finance::reconciled::order::Ask;

use crate::closing::{Closing, PASSED};
use crate::province::{BANKS, TREASURY, account, day};
use crate::reconciliation::{MONDAY, TUESDAY, open};

/// More than half of what there is, so that two banks cannot both be cleared.
const MUCH_FEN: i64 = 6_000_000_000;

fn checklist(house: &Closing, on: u32) -> Checklist {
    house.finance.checklist(day(on), PASSED)
}

fn carry(house: &mut Closing, check: Check, name: &str, until: u32) -> Result<(), String> {
    let (names, reason) = (vec![name.to_owned()], "库款不足".to_owned());
    house.ask(7, Ask::CarryByName { check, names, until: day(until), reason })
}

#[test]
fn a_day_short_of_cash_is_closed_by_name_and_ends_by_itself_when_cash_comes() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &[MUCH_FEN]);
    let late = house.pay(1, MONDAY, &[MUCH_FEN - 2, 2]);
    house.cut_off();
    house.engine_takes_all();
    assert_eq!(house.finance.waiting_for_cash().count(), 0, "nobody has told of it yet");
    house.close_theirs();
    assert_eq!((house.failed.as_slice(), house.open_ones().len()), (&[][..], 0));
    let waiting: Vec<_> = house.finance.waiting_for_cash().copied().collect();
    let [one] = waiting[..] else { panic!("{waiting:?}") };
    assert_eq!(one.voucher.kind, VoucherKind::TransferRequest);
    assert_eq!((one.lane, one.amount_fen), (Lane::Operations, Fen::new(MUCH_FEN)));
    let request = one.voucher.to_string();
    assert_eq!(
        one.english(),
        format!("operations {request} ¥60,000,000.00 waits for cash, by the statement of 20230313")
    );
    house.assert_replays();
    let vouchers: Vec<String> = late.iter().map(ToString::to_string).collect();
    let named = format!("bank:{} {}", BANKS[1], account(BANKS[1]));
    assert_eq!(open(&house, MONDAY, Check::Cleared), vouchers);
    assert_eq!(open(&house, MONDAY, Check::ZeroBalance), [named.as_str()]);
    house.close_day(MONDAY).expect_err("nobody carries it");
    carry(&mut house, Check::Statements, "x", TUESDAY).expect_err("never carried");
    carry(&mut house, Check::Answered, &request, TUESDAY).expect_err("nothing of it is unanswered");
    carry(&mut house, Check::Cleared, &request, TUESDAY).expect("it is open");
    house.close_day(MONDAY).expect_err("the account is not at zero");
    carry(&mut house, Check::ZeroBalance, &format!("bank:{}", BANKS[1]), TUESDAY).expect("open");
    house.assert_replays();
    let page = checklist(&house, MONDAY).english();
    let carried = format!(
        "  {request}: 2, ¥60,000,000.00, carried until 20230314 by person 7 on 20230313: 库款不足\n"
    );
    assert!(page.contains(&carried), "{page}");
    house.close_day(MONDAY).expect("all that is open is carried");
    // The next day it is open again until it is done.
    house.begin(TUESDAY);
    assert_eq!(open(&house, TUESDAY, Check::Cleared), vouchers);
    house.central(&central_bank::Order::PayIn {
        treasury: TREASURY.to_owned(),
        what: PaidIn::Income,
        class: "1010101".to_owned(),
        amount_fen: Fen::new(MUCH_FEN),
    });
    house.run();
    house.engine_takes_all();
    assert_eq!(open(&house, TUESDAY, Check::Cleared), [""; 0]);
    assert_eq!(house.finance.waiting_for_cash().count(), 0);
    house.cut_off();
    house.close_theirs();
    assert!(checklist(&house, TUESDAY).is_green(), "{}", checklist(&house, TUESDAY).english());
    house.close_day(TUESDAY).expect("all is green");
    assert_eq!((house.failed.as_slice(), house.open_ones().len()), (&[][..], 0));
    house.assert_replays();
}

#[test]
fn what_waits_for_days_is_told_each_day_and_agrees_each_day() {
    let mut house = Closing::open(MONDAY, Script::default());
    house.pay(0, MONDAY, &[MUCH_FEN]);
    house.pay(1, MONDAY, &[MUCH_FEN]);
    house.cut_off();
    house.engine_takes_all();
    for (on, next) in [(MONDAY, TUESDAY), (TUESDAY, TUESDAY + 1)] {
        house.close_theirs();
        assert_eq!(house.open_ones().len(), 0, "day {on}");
        let told: Vec<u32> = house.finance.waiting_for_cash().map(|one| one.told.get()).collect();
        assert_eq!(told, [on]);
        house.close_day(on).expect_err("it is open again");
        for check in [Check::Cleared, Check::ZeroBalance] {
            carry(&mut house, check, &format!("bank:{}", BANKS[1]), next).expect("it is open");
        }
        house.close_day(on).expect("it is carried");
        house.begin(next);
        house.cut_off();
    }
    assert_eq!((house.failed.as_slice(), house.alarms.len()), (&[][..], 0));
    house.assert_replays();
}
