//! Any order of deliveries, each as often as you like: nothing is paid or cleared twice, and books balance.

use counterparties::bank::{Order, Trade};
use counterparties::ledger::{AccountKind, Purpose};
use counterparties::script::{Fault, Script};
use domain::clearing::Exposure;
use domain::money::FenSum;
use proptest::prelude::*;

use crate::province::*;

const MONDAY: u32 = 20_230_313;

/// One payment order of a case.
#[derive(Clone, Debug)]
struct Wanted {
    bank: usize,
    /// Payees that do not exist among `lines`, and how much each line is.
    lines: Vec<(bool, i64)>,
    /// Whether payees come beside.
    beside: bool,
    /// A detail comes back after it was paid.
    comes_back: bool,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let line = (prop::bool::weighted(0.2), 1_i64..10_000);
    (0_usize..2, prop::collection::vec(line, 1..4), prop::bool::weighted(0.3), any::<bool>())
        .prop_map(|(bank, lines, beside, comes_back)| Wanted { bank, lines, beside, comes_back })
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    prop::option::of(prop::sample::select(Fault::ALL.to_vec()))
}

fn send(province: &mut Province, at: usize, wanted: &Wanted) {
    let (code, number) = (BANKS[wanted.bank], (at + 1).to_string());
    let to = province.banks[wanted.bank].party();
    let payee =
        |missing: bool, at: usize| if missing { "404".to_owned() } else { format!("622{at}") };
    let payees: Vec<(String, i64)> = wanted
        .lines
        .iter()
        .enumerate()
        .map(|(at, (missing, fen))| (payee(*missing, at), *fen))
        .collect();
    if wanted.beside {
        let sum_fen = payees.iter().map(|(_, fen)| fen).sum();
        let mut parent = order(code, &number, day(MONDAY), &[(BATCH, "2050203", sum_fen)]);
        parent.head = parent.head.with_text(domain::voucher::Field::BusinessType, "3");
        let payees: Vec<(&str, usize, i64)> =
            payees.iter().map(|(payee, fen)| (payee.as_str(), 0, *fen)).collect();
        let details = beside(&parent, &number, &payees);
        province.send(to, details);
        province.send(to, parent);
    } else {
        let lines: Vec<Line<'_>> =
            payees.iter().map(|(payee, fen)| (payee.as_str(), "2050203", *fen)).collect();
        let order = order(code, &number, day(MONDAY), &lines);
        province.send(to, order);
    }
}

/// Delivers what is on its way by dice: which message, and whether it stays to come again.
fn shuffle(province: &mut Province, dice: &[(prop::sample::Index, bool)]) {
    for (which, again) in dice {
        if province.on_the_way.is_empty() {
            return;
        }
        let at = which.index(province.on_the_way.len());
        province.deliver(at, *again);
        province.assert_books();
    }
}

fn dice() -> impl Strategy<Value = Vec<(prop::sample::Index, bool)>> {
    prop::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.3)), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_paid_twice_and_books_balance(
        orders in prop::collection::vec(wanted(), 1..8),
        faults in prop::collection::vec(fault(), 8),
        paying in dice(),
        clearing in dice(),
        cash in 0_i64..40_000,
    ) {
        let mut script = Script::default();
        for (place, fault) in faults.iter().enumerate() {
            if let Some(fault) = fault {
                script = script.with(place as u64, *fault);
            }
        }
        let mut province = Province::new(day(MONDAY), cash, Notices::AsRequested, script);
        for at in 0..2 {
            let (account, why) = ("404".to_owned(), "查无此户".to_owned());
            province.bank(at, &Order::BlockPayee { account, why });
        }
        for (at, wanted) in orders.iter().enumerate() {
            send(&mut province, at, wanted);
        }
        shuffle(&mut province, &paying);
        province.run();
        for (at, wanted) in orders.iter().enumerate() {
            let order = key(domain::voucher::VoucherKind::Payment, &(at + 1).to_string());
            let paid = province.banks[wanted.bank].trade(order);
            let alive: i64 = wanted.lines.iter().filter(|line| !line.0).map(|line| line.1).sum();
            if let Trade::Paid { paid_fen, .. } = &paid {
                prop_assert_eq!(paid_fen.get(), alive);
                let reason = "退票".to_owned();
                if wanted.comes_back {
                    province.bank(wanted.bank, &Order::Refund { voucher: order, detail: None, reason });
                }
            } else {
                let never = faults.contains(&Some(Fault::Never));
                prop_assert!(alive == 0 || never, "{:?}", paid);
            }
        }
        for at in 0..2 {
            province.bank(at, &Order::RequestClearing);
        }
        shuffle(&mut province, &clearing);
        province.run();
        // Whatever cash was there: with enough of it, and refunds asked for once more, all is settled.
        province.pay_in(TREASURY, counterparties::central_bank::PaidIn::Income, 1_000_000);
        province.run();
        for at in 0..2 {
            province.bank(at, &Order::RequestClearing);
        }
        province.run();
        province.assert_books();
        prop_assert_eq!(province.central.waiting(), []);
        let mut left_fen: FenSum = 0;
        for bank in &province.banks {
            prop_assert_eq!(bank.exposure(), Exposure::default());
            let ledger = bank.ledger();
            for account in ledger.accounts(AccountKind::ZeroBalance) {
                prop_assert_eq!(ledger.balance_fen(account), 0);
            }
            left_fen += ledger.balance_of_kind_fen(AccountKind::Payee);
        }
        prop_assert_eq!(province.central.ledger().repeated(Purpose::RefundClearing), 0);
        let spent_fen = FenSum::from(cash) + 1_000_000 - province.central.balance_fen(TREASURY);
        prop_assert_eq!(spent_fen, left_fen, "what the treasury gave is with payees");
        province.close();
        prop_assert!(province.banks.iter().all(|bank| bank.alarms().is_empty()));
        province.assert_replays();
    }
}
