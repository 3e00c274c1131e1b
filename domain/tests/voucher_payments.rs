//! From instructed payments to vouchers, and from what comes back to facts: nothing is lost, nothing stands
//! twice, and sums are the same on both sides.

use std::collections::{BTreeMap, BTreeSet};

use domain::codes::{BusinessKind, FactKind, Method};
use domain::command::Fact;
use domain::ids::Day;
use domain::particulars::account_hash;
use domain::voucher::check::{NothingHeld, check};
use domain::voucher::document::Fields;
use domain::voucher::facts;
use domain::voucher::follows::PayModes;
use domain::voucher::grouping::{Gather, Gathering, NotGrouped, Order, Payee, group, sheet_of};
use domain::voucher::sample::{DAY, Fill, sample};
use domain::voucher::{
    DivisionCode, Field, Flag, Unfit, Value, Voucher, VoucherKind, VoucherNumber,
};
use domain::{DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};
use proptest::prelude::*;

fn day() -> Day {
    Day::new(DAY).expect("a day")
}

fn year() -> FiscalYear {
    FiscalYear::new(2023).expect("a year")
}

fn payee(number: usize, fen: i64) -> Payee {
    let fields = Fields::new()
        .with_text(Field::PayeeAccount, format!("62220200000000{number:05}"))
        .with_text(Field::PayeeName, format!("收款人{number}"));
    Payee { amount_fen: Fen::new(fen), fields }
}

/// An order on one of three quotas from one of two payers.
fn order(payment: u128, business: BusinessKind, from: usize, payees: Vec<Payee>) -> Order {
    let sum = payees.iter().map(|payee| payee.amount_fen.get()).sum();
    Order {
        payment: PaymentId(payment),
        quota: QuotaId::new(DivisionIndex(1), year(), from as u64 % 3),
        amount_fen: Fen::new(sum),
        method: Method::Centralized,
        business,
        sheet: 0,
        payer: Fields::new()
            .with_text(Field::FundType, "111")
            .with_text(Field::PayBank, "102")
            .with_text(Field::PayBankName, "工商银行济南历下支行")
            .with_text(Field::PayerAccount, ["160200001", "160200002"][from % 2])
            .with_text(Field::PayerName, "历下区财政局零余额账户"),
        elements: Fields::new()
            .with_text(Field::Department, "101")
            .with_text(Field::Function, ["2050203", "2050204", "2080505"][from % 3]),
        payees,
    }
}

fn vouchers(orders: &[Order], gathering: &Gathering) -> Vec<Voucher> {
    let grouped = group(orders, &PayModes::default(), gathering);
    assert_eq!(grouped.left, []);
    let division = DivisionCode::new("370102000").expect("nine digits");
    (1..)
        .zip(grouped.drafts)
        .map(|(serial, draft)| {
            draft.into_voucher(division, year(), VoucherNumber::serial(serial), day())
        })
        .collect()
}

// ---- grouping ----------------------------------------------------------------------------------

#[test]
fn single_payments_go_alone_and_say_all_in_the_head() {
    let orders = [1, 2].map(|n| order(n, BusinessKind::Single, 0, vec![payee(1, 500_000)]));
    let vouchers = vouchers(&orders, &Gathering::default());
    assert_eq!(vouchers.len(), 2);
    for voucher in &vouchers {
        assert_eq!(check(voucher, day(), &NothingHeld), []);
        assert_eq!(voucher.key.kind, VoucherKind::Payment);
        assert_eq!(voucher.head.text(Field::PayeeName), Some("收款人1"));
        assert_eq!(voucher.head.text(Field::Function), Some("2050203"));
    }
}

#[test]
fn payroll_belongs_to_the_sheet_it_names_and_nothing_else_to_any() {
    let july = sheet_of(BusinessKind::Payroll, "2022-07");
    assert_ne!(july, 0);
    assert_eq!(july, sheet_of(BusinessKind::Payroll, "2022-07"));
    assert_ne!(july, sheet_of(BusinessKind::Payroll, "2022-08"));
    assert_eq!(sheet_of(BusinessKind::Payroll, ""), 0);
    for business in [BusinessKind::Batch, BusinessKind::Single] {
        assert_eq!(sheet_of(business, "2022-07"), 0);
    }
}

#[test]
fn a_payroll_sheet_over_several_quotas_is_one_voucher_and_two_sheets_are_two() {
    let sheet = |sheet, payments: [u128; 3]| {
        let line = |from: usize| {
            let payees = vec![payee(from * 2, 100), payee(from * 2 + 1, 200)];
            let mut order = order(payments[from], BusinessKind::Payroll, from * 2, payees);
            order.sheet = sheet;
            order
        };
        [0, 1, 2].map(line)
    };
    let orders: Vec<Order> = sheet(1, [1, 2, 3]).into_iter().chain(sheet(2, [4, 5, 6])).collect();
    let vouchers = vouchers(&orders, &Gathering::default());
    assert_eq!(vouchers.iter().map(|v| v.details.len()).collect::<Vec<_>>(), [6, 6]);
    assert_eq!(vouchers[0].head.amount_fen(Field::Amount), Some(Fen::new(900)));
    assert_eq!(vouchers[0].head.get(Field::Function), None, "its details have three");
}

#[test]
fn the_same_payee_may_be_paid_by_one_voucher() {
    let gathering = Gathering { single: Gather::SamePayee, ..Gathering::default() };
    let orders = [
        order(1, BusinessKind::Single, 0, vec![payee(1, 100)]),
        order(2, BusinessKind::Single, 0, vec![payee(1, 200)]),
        order(3, BusinessKind::Single, 0, vec![payee(2, 300)]),
        order(4, BusinessKind::Single, 2, vec![payee(1, 400)]),
        order(5, BusinessKind::Single, 1, vec![payee(1, 500)]),
    ];
    let details: Vec<usize> =
        vouchers(&orders, &gathering).iter().map(|v| v.details.len()).collect();
    assert_eq!(details, [2, 1, 1, 1], "another payee, other elements, another payer go apart");
}

#[test]
fn methods_lead_to_the_kinds_of_the_division() {
    let kinds = |modes: &PayModes| {
        let orders = Method::ALL.iter().map(|&method| {
            let number = u128::from(method.number());
            Order { method, ..order(number, BusinessKind::Single, 0, vec![payee(1, 1)]) }
        });
        let orders: Vec<Order> = orders.collect();
        let drafts = group(&orders, modes, &Gathering::default()).drafts;
        drafts
            .iter()
            .map(|d| (d.kind.code(), d.head.text(Field::PayType).map(str::to_owned)))
            .map(|(code, method)| format!("{code}/{}", method.expect("a method")))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&PayModes::BY_METHOD), ["8202/12", "5201/11", "8202/12", "5207/91"]);
    assert_eq!(kinds(&PayModes::ONE_FORM), ["8202/12", "8202/11", "8202/12", "5207/91"]);
}

#[test]
fn orders_that_fit_no_voucher_are_told_and_keep_no_other_back() {
    let good = order(1, BusinessKind::Batch, 0, vec![payee(1, 100)]);
    let mut sum = order(2, BusinessKind::Batch, 0, vec![payee(1, 100)]);
    sum.amount_fen = Fen::new(99);
    let orders = [
        good.clone(),
        sum,
        good.clone(),
        order(3, BusinessKind::Batch, 0, vec![]),
        order(4, BusinessKind::Batch, 0, vec![payee(1, 100), payee(2, 0)]),
        order(5, BusinessKind::Batch, 0, (0..4).map(|n| payee(n, 1)).collect()),
    ];
    let gathering = Gathering { details_max: 3, ..Gathering::default() };
    let grouped = group(&orders, &PayModes::default(), &gathering);
    assert_eq!(grouped.drafts.len(), 1);
    let left = [
        NotGrouped::Sum { payment: PaymentId(2), amount_fen: Fen::new(99), payees_fen: 100 },
        NotGrouped::Twice(PaymentId(1)),
        NotGrouped::NoPayee(PaymentId(3)),
        NotGrouped::Amount { payment: PaymentId(4), amount_fen: Fen::ZERO },
        NotGrouped::TooManyPayees { payment: PaymentId(5), payees: 4, details_max: 3 },
    ];
    assert_eq!(grouped.left, left);
}

#[test]
fn a_batch_has_as_many_details_as_a_voucher_holds() {
    let payees = (0..domain::limits::VOUCHER_DETAILS_MAX).map(|n| payee(n, 1)).collect();
    let vouchers = vouchers(&[order(1, BusinessKind::Batch, 0, payees)], &Gathering::default());
    assert_eq!(vouchers.len(), 1);
    assert_eq!(check(&vouchers[0], day(), &NothingHeld), []);
    let bytes = domain::voucher::canonical::bytes(&vouchers[0]).expect("it fits");
    assert_eq!(domain::voucher::canonical::read(&bytes).as_ref(), Ok(&vouchers[0]));
}

#[test]
fn sums_beyond_what_an_amount_holds_begin_another_voucher() {
    let most = domain::limits::AMOUNT_FEN_MAX;
    let orders = [1, 2].map(|n| order(n, BusinessKind::Batch, 0, vec![payee(1, most - 1)]));
    assert_eq!(vouchers(&orders, &Gathering::default()).len(), 2);
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let kinds =
        [BusinessKind::Single, BusinessKind::Card, BusinessKind::Payroll, BusinessKind::Batch];
    let one = (0..4usize, 0..6usize, proptest::collection::vec((0..9usize, 1..1_000_000i64), 1..6))
        .prop_map(move |(business, from, payees)| (kinds[business], from, payees));
    proptest::collection::vec(one, 1..40).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(number, (business, from, payees))| {
                let payees = payees.into_iter().map(|(to, fen)| payee(to, fen)).collect();
                order(number, business, from, payees)
            })
            .collect()
    })
}

/// What each payment gets in vouchers.
fn by_payment(vouchers: &[Voucher], field: Field) -> BTreeMap<PaymentId, i64> {
    let mut sums = BTreeMap::new();
    for detail in vouchers.iter().flat_map(|voucher| &voucher.details) {
        let payment = facts::payment_of(detail).expect("every detail names its payment");
        *sums.entry(payment).or_default() += detail.fields.amount_fen(field).expect("it").get();
    }
    sums
}

proptest! {
    #[test]
    fn every_payment_is_in_exactly_one_voucher_and_sums_are_those_of_payments(
        orders in orders(),
        details_max in 5..20usize,
        single in proptest::sample::select(vec![Gather::Each, Gather::SamePayee, Gather::SamePayer]),
    ) {
        let gathering = Gathering { details_max, single, ..Gathering::default() };
        let made = vouchers(&orders, &gathering);
        prop_assert_eq!(&made, &vouchers(&orders, &gathering), "the same orders, the same vouchers");
        let mut seen = BTreeSet::new();
        for voucher in &made {
            prop_assert_eq!(check(voucher, day(), &NothingHeld), []);
            prop_assert!(voucher.details.len() <= details_max);
            let sum: i64 = by_payment(std::slice::from_ref(voucher), Field::Amount).values().sum();
            prop_assert_eq!(voucher.head.amount_fen(Field::Amount), Some(Fen::new(sum)));
            let in_it: BTreeSet<_> = voucher.details.iter().filter_map(facts::payment_of).collect();
            prop_assert!(in_it.into_iter().all(|payment| seen.insert(payment)), "in two vouchers");
        }
        let asked: BTreeMap<PaymentId, i64> =
            orders.iter().map(|order| (order.payment, order.amount_fen.get())).collect();
        prop_assert_eq!(by_payment(&made, Field::Amount), asked);
    }

    /// A bank fails some details, then sends some of the paid ones back: the facts say exactly that.
    #[test]
    fn facts_sum_up_to_what_the_bank_did(
        orders in orders(),
        fails in proptest::collection::vec(any::<bool>(), 240),
        bounces in proptest::collection::vec(any::<bool>(), 240),
    ) {
        let made = vouchers(&orders, &Gathering::default());
        let (mut fails, mut bounces) = (fails.into_iter().cycle(), bounces.into_iter().cycle());
        for original in &made {
            let receipt = receipt(original, || fails.next().expect("a cycle"));
            prop_assert_eq!(check(&receipt, day(), &NothingHeld), []);
            let heard = facts::of_receipt(original, &receipt).expect("it repeats its original");
            let paid = by_payment(std::slice::from_ref(&receipt), Field::ExecutedAmount);
            prop_assert_eq!(heard.len(), paid.len());
            for fact in &heard {
                prop_assert_eq!(fact.amount_fen.get(), paid[&fact.payment]);
                let rejected = fact.kind == FactKind::Reject;
                prop_assert_eq!(rejected, fact.amount_fen == Fen::ZERO);
                prop_assert!(!rejected || fact.note == "账号不存在");
                let order = orders.iter().find(|order| order.payment == fact.payment).expect("ours");
                prop_assert_eq!(fact.quota, order.quota);
            }
            let came = refund(&receipt, || bounces.next().expect("a cycle"));
            if let Some(notice) = came {
                prop_assert_eq!(check(&notice, day(), &NothingHeld), []);
                let heard = facts::of_refund(&receipt, &notice, &|_| false).expect("it fits");
                let back: i64 = heard.iter().map(|fact| fact.amount_fen.get()).sum();
                prop_assert_eq!(Some(-back), notice.head.amount_fen(Field::Amount).map(Fen::get));
                let numbers: BTreeSet<u64> = heard.iter().map(|fact| fact.serial).collect();
                prop_assert_eq!(numbers.len(), heard.len(), "each fact has a number of its own");
            }
        }
    }
}

// ---- facts -------------------------------------------------------------------------------------

fn receipt(original: &Voucher, mut fails: impl FnMut() -> bool) -> Voucher {
    let mut receipt = original.clone();
    receipt.flag = Flag::Receipt;
    let mut sum = 0;
    for detail in &mut receipt.details {
        let mut executed = detail.fields.amount_fen(Field::Amount).expect("an amount");
        if fails() {
            executed = Fen::ZERO;
            detail.fields.set(Field::ExecutedNote, Value::Text("账号不存在".into()));
        }
        sum += executed.get();
        detail.fields.set(Field::ExecutedAmount, Value::Amount(executed));
    }
    receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::new(sum)));
    receipt.head.set(Field::ExecutedDay, Value::Day(day()));
    receipt.head.set(Field::BankSerial, Value::Text("17".into()));
    receipt
}

/// A notice of the paid details that bounce; `None` where none does.
fn refund(receipt: &Voucher, mut bounces: impl FnMut() -> bool) -> Option<Voucher> {
    let mut notice = sample(VoucherKind::PayeeRefund, Flag::Original, Fill::Must).expect("2252");
    notice.details.clear();
    let mut sum = 0;
    for paid in &receipt.details {
        let executed = paid.fields.amount_fen(Field::ExecutedAmount).expect("executed").get();
        if executed > 0 && bounces() {
            sum += executed;
            let number = (notice.details.len() + 1).to_string();
            let fields = Fields::new()
                .with_text(Field::OriginalDetail, paid.id.clone())
                .with_text(Field::RefundNumber, number.clone())
                .with_amount(Field::Amount, Fen::new(-executed));
            notice.details.push(domain::voucher::Detail { id: number, fields });
        }
    }
    notice.head.set(Field::OriginalNumber, Value::Text(receipt.key.number.as_str().into()));
    notice.head.set(Field::Amount, Value::Amount(Fen::new(-sum)));
    (sum > 0).then_some(notice)
}

/// A batch of 5,000.00 and 3,000.00 for one payment.
fn batch() -> Voucher {
    let payees = vec![payee(1, 500_000), payee(2, 300_000)];
    vouchers(&[order(7, BusinessKind::Batch, 0, payees)], &Gathering::default()).remove(0)
}

fn only<'a>(facts: &[Fact<'a>]) -> Fact<'a> {
    assert_eq!(facts.len(), 1, "{facts:?}");
    facts[0]
}

#[test]
fn a_receipt_that_comes_twice_is_one_fact() {
    let original = batch();
    let receipt = receipt(&original, || false);
    let (once, again) =
        (facts::of_receipt(&original, &receipt), facts::of_receipt(&original, &receipt));
    assert_eq!(once, again);
    assert_eq!(only(&once.expect("a fact")).amount_fen, Fen::new(800_000));
}

#[test]
fn a_detail_that_failed_is_not_confirmed() {
    let original = batch();
    let mut lines = [false, true].into_iter();
    let receipt = receipt(&original, || lines.next().expect("two lines"));
    let fact = only(&facts::of_receipt(&original, &receipt).expect("a fact"));
    assert_eq!((fact.kind, fact.amount_fen), (FactKind::ConfirmPaid, Fen::new(500_000)));
}

#[test]
fn a_detail_is_executed_whole_or_not_at_all() {
    let original = batch();
    let mut lines = [false, true].into_iter();
    let mut receipt = receipt(&original, || lines.next().expect("two lines"));
    assert_eq!(facts::executed_in_part(&receipt), []);
    for (executed_fen, in_part) in [(499_999, true), (1, true), (500_000, false), (500_001, false)]
    {
        let executed = Value::Amount(Fen::new(executed_fen));
        receipt.details[0].fields.set(Field::ExecutedAmount, executed);
        let found = facts::executed_in_part(&receipt);
        assert_eq!(found.len(), usize::from(in_part), "{executed_fen}");
        assert!(found.iter().all(|found| found.unfit == Unfit::ExecutedInPart), "{found:?}");
    }
}

#[test]
fn another_payee_shows_in_the_fact_and_the_engine_judges() {
    let single = order(1, BusinessKind::Single, 0, vec![payee(1, 100)]);
    let original = vouchers(&[single], &Gathering::default()).remove(0);
    let mut receipt = receipt(&original, || false);
    let fact = only(&facts::of_receipt(&original, &receipt).expect("a fact"));
    assert_eq!(fact.payee_hash, account_hash("6222020000000000001"));
    let other = Value::Text("6222029".into());
    receipt.details[0].fields.set(Field::ExecutedPayeeAccount, other);
    let fact = only(&facts::of_receipt(&original, &receipt).expect("a fact"));
    assert_eq!(fact.payee_hash, account_hash("6222029"));
}

#[test]
fn a_receipt_of_something_else_is_no_fact() {
    let original = batch();
    let mut receipt = receipt(&original, || false);
    receipt.details[0].fields.set(Field::Amount, Value::Amount(Fen::new(1)));
    let found = facts::of_receipt(&original, &receipt).expect_err("it repeats another amount");
    assert_eq!(found[0].unfit, Unfit::NotTheOriginal);
}

#[test]
fn an_order_that_is_sent_back_rejects_every_payment_in_it() {
    let orders: Vec<Order> =
        (1..=3).map(|n| order(n, BusinessKind::Payroll, 0, vec![payee(1, 100)])).collect();
    let original = vouchers(&orders, &Gathering::default()).remove(0);
    let long = "账户已冻结".repeat(100);
    let facts = facts::of_return(&original, &long, day()).expect("facts");
    assert_eq!(facts.iter().map(|fact| fact.payment.0).collect::<Vec<_>>(), [1, 2, 3]);
    let bound = domain::limits::NOTE_BYTES_MAX;
    assert!(facts.iter().all(|fact| fact.kind == FactKind::Reject && fact.note.len() <= bound));
}

#[test]
fn an_allocation_is_paid_and_cleared_at_once() {
    let original = sample(VoucherKind::Allocation, Flag::Original, Fill::Must).expect("5207");
    let receipt = sample(VoucherKind::Allocation, Flag::Receipt, Fill::Must).expect("its receipt");
    let facts = facts::of_receipt(&original, &receipt).expect("facts");
    let told: Vec<_> = facts.iter().map(|fact| (fact.kind, fact.amount_fen.get())).collect();
    assert_eq!(told, [(FactKind::Clear, 500_000), (FactKind::Clear, 300_000)]);
}

#[test]
fn refunds_fit_what_was_paid_or_are_told() {
    let original = batch();
    let mut lines = [false, true].into_iter();
    let receipt = receipt(&original, || lines.next().expect("two lines"));
    let notice = refund(&receipt, || true).expect("one came back");
    let fact = only(&facts::of_refund(&receipt, &notice, &|_| false).expect("a fact"));
    assert_eq!((fact.kind, fact.amount_fen.get()), (FactKind::Refund, 500_000));
    assert_eq!((fact.refund, fact.detail), (1, 1));

    let unfit = |notice: &Voucher, refunded: &dyn Fn(&str) -> bool| {
        facts::of_refund(&receipt, notice, refunded).expect_err("no facts")[0].unfit
    };
    assert_eq!(unfit(&notice, &|id| id == "1"), Unfit::DetailRepeated);
    let set = |field, value: &str| {
        let mut other = notice.clone();
        other.details[0].fields.set(field, Value::Text(value.into()));
        other
    };
    assert_eq!(unfit(&set(Field::OriginalDetail, "2"), &|_| false), Unfit::RefundDetail);
    assert_eq!(unfit(&set(Field::OriginalDetail, "3"), &|_| false), Unfit::RefundDetail);
    let mut less = notice.clone();
    less.details[0].fields.set(Field::Amount, Value::Amount(Fen::new(-499_999)));
    assert_eq!(unfit(&less, &|_| false), Unfit::RefundAmount);
    let mut other = notice.clone();
    other.head.set(Field::OriginalNumber, Value::Text("9".into()));
    assert_eq!(unfit(&other, &|_| false), Unfit::NotTheOriginal);
    let dated = |day| {
        let mut dated = notice.clone();
        dated.head.set(Field::OriginalDate, Value::Day(Day::new(day).expect("a day")));
        dated
    };
    let right = dated(receipt.date.get());
    assert!(facts::of_refund(&receipt, &right, &|_| false).is_ok());
    assert_eq!(unfit(&dated(20_230_309), &|_| false), Unfit::NotTheOriginal);
}

#[test]
fn a_refund_of_the_whole_is_what_was_paid_of_it() {
    let original = batch();
    let mut lines = [false, true].into_iter();
    let receipt = receipt(&original, || lines.next().expect("two lines"));
    let mut notice = refund(&receipt, || true).expect("one came back");
    notice.details.clear();
    notice.head.set(Field::RefundType, Value::Text("2".into()));
    notice.head.set(Field::RefundNumber, Value::Text("900".into()));
    let fact = only(&facts::of_refund(&receipt, &notice, &|_| false).expect("a fact"));
    assert_eq!((fact.amount_fen.get(), fact.refund, fact.detail), (500_000, 900, 0));
    notice.head.set(Field::Amount, Value::Amount(Fen::new(-800_000)));
    let found = facts::of_refund(&receipt, &notice, &|_| false).expect_err("3000.00 never went");
    assert_eq!(found[0].unfit, Unfit::RefundAmount);
}

#[test]
fn clearing_receipts_clear_payments_and_settle_refunds() {
    for (kind, fact) in [
        (VoucherKind::TransferRequest, FactKind::Clear),
        (VoucherKind::RefundRequest, FactKind::SettleRefund),
    ] {
        let request = sample(kind, Flag::Original, Fill::All).expect("a request");
        let mut receipt = sample(kind, Flag::Receipt, Fill::All).expect("its receipt");
        let facts = facts::of_clearing(&request, &receipt).expect("facts");
        let told: Vec<_> =
            facts.iter().map(|f| (f.kind, f.amount_fen.get(), f.payment.0)).collect();
        assert_eq!(told, [(fact, 500_000, 0xa01), (fact, 300_000, 0xa02)]);
        receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::ZERO));
        assert!(facts::of_clearing(&request, &receipt).is_err(), "nothing was cleared");
    }
}
