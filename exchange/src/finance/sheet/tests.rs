use domain::codes::BusinessKind;

use super::super::tests::{
    bank, book, central_bank, day, done, due, ordered, receipt, refused, taken,
};
use super::super::{Due, Order};
use super::*;

fn quota() -> QuotaId {
    QuotaId::new(book().0, book().1, 7)
}

/// A payee: the payment it is part of, the card, fen.
type Card = (u128, &'static str, i64);

fn payee((payment, card, fen): Card) -> SheetPayee {
    SheetPayee {
        payment: Some(PaymentId(payment)),
        amount_fen: Fen::new(fen),
        name: "职工".to_owned(),
        account: card.to_owned(),
        bank_number: None,
        of: None,
    }
}

fn digest_of(cards: &[Card]) -> SheetDigest {
    let line = |(_, account, fen): &Card| PayeeLine {
        quota: quota(),
        amount_fen: Fen::new(*fen),
        name: "职工",
        account,
        bank_number: "",
        again: 0,
    };
    sheet_digest(cards.iter().map(line))
}

/// A payroll of one payment that was approved for some payees.
fn payroll(payment: u128, cards: &[Card]) -> Due {
    let fen = cards.iter().map(|(.., fen)| fen).sum();
    Due { payees: Some(digest_of(cards)), ..due(payment, fen, BusinessKind::Payroll) }
}

fn given(order: VoucherKey, cards: &[Card], by: &str) -> Order {
    let payees = cards.iter().copied().map(payee).collect();
    Order::Sheet { order, payees, by: by.to_owned() }
}

fn why(finance: &Finance, order: &Order) -> String {
    use crate::business::Business;
    finance.order(order).expect_err("it is refused").to_string()
}

fn gives(finance: &mut Finance, order: &Order) -> Vec<(Party, Voucher)> {
    use crate::business::Business;
    let effects = finance.order(order).expect("it is taken");
    done(finance, effects)
}

const SHEET: [Card; 3] = [(1, "6222001", 500), (1, "6222009", 300), (1, "6222003", 200)];

#[test]
fn the_digest_of_a_sheet_is_pinned() {
    let told = digest_of(&SHEET[..1]).to_string();
    assert_eq!(told, "3143c2089cf1d73d0cf845887ddfa4bd09e5c6eebf59947e6e07aca22e7e0eca");
}

#[test]
fn payees_that_were_not_approved_with_their_payment_go_to_no_bank() {
    let mut finance = Finance::new(central_bank());
    let order = ordered(&mut finance, vec![payroll(1, &SHEET)]).remove(0).1.key;
    let wrong: [(&str, Vec<Card>); 4] = [
        ("another account", vec![SHEET[0], (1, "6222666", 300), SHEET[2]]),
        ("other amounts", vec![(1, "6222001", 400), (1, "6222009", 400), SHEET[2]]),
        ("another order of lines", vec![SHEET[1], SHEET[0], SHEET[2]]),
        ("two lines for one", vec![SHEET[0], SHEET[1], (1, "6222003", 100), (1, "6222003", 100)]),
    ];
    for (what, cards) in wrong {
        let told = why(&finance, &given(order, &cards, "王芳"));
        assert!(told.contains("审批的明细不一致: payment"), "{what}: {told}");
    }
    let mut named = given(order, &SHEET, "王芳");
    let Order::Sheet { payees, .. } = &mut named else { unreachable!("it is a sheet") };
    payees[2].bank_number = Some("102451099999".to_owned());
    assert!(why(&finance, &named).contains("were approved"), "a bank's number that was not there");
    let sheet = gives(&mut finance, &given(order, &SHEET, "王芳")).remove(0).1;
    assert_eq!(
        (sheet.key.kind, sheet.details.len()),
        (domain::voucher::VoucherKind::BatchDetails, 3)
    );
}

#[test]
fn a_payment_that_names_no_sheet_has_none_and_is_told_what_to_do() {
    let mut finance = Finance::new(central_bank());
    let unnamed = Due { payees: None, ..payroll(1, &SHEET) };
    let order = ordered(&mut finance, vec![unnamed]).remove(0).1.key;
    let told = why(&finance, &given(order, &SHEET, "王芳"));
    assert!(told.contains("明细未经审批: payment") && told.contains("reserve it anew"), "{told}");
}

#[test]
fn each_payment_of_a_voucher_has_the_payees_that_were_approved_with_it() {
    let mut finance = Finance::new(central_bank());
    let two: [Card; 2] = [(2, "6222004", 300), (2, "6222005", 200)];
    let issued = ordered(&mut finance, vec![payroll(1, &SHEET), payroll(2, &two)]);
    let [(_, order)] = &issued[..] else { panic!("they share a voucher: {issued:?}") };
    // The lines of one for the other: all sums are right.
    let crossed =
        [(2, "6222001", 500), SHEET[1], SHEET[2], (1, "6222004", 300), (1, "6222005", 200)];
    assert!(why(&finance, &given(order.key, &crossed, "王芳")).contains("was approved for"));
    let all = [SHEET[0], two[0], SHEET[1], SHEET[2], two[1]];
    assert_eq!(gives(&mut finance, &given(order.key, &all, "王芳")).len(), 1);
}

#[test]
fn a_sheet_has_the_person_who_gave_it_and_nobody_gives_none() {
    let mut finance = Finance::new(central_bank());
    let order = ordered(&mut finance, vec![payroll(1, &SHEET)]).remove(0).1;
    for by in ["", " ", "王芳 ", "王\n芳", &"王".repeat(PERSON_BYTES_MAX)] {
        let told = why(&finance, &given(order.key, &SHEET, by));
        assert!(told.starts_with("the person is empty, longer than 120 bytes"), "{by:?}: {told}");
    }
    let sheet = gives(&mut finance, &given(order.key, &SHEET, "王芳")).remove(0).1;
    let row = finance.voucher(&order.key).expect("it was written");
    let kept = row.sheet.as_ref().expect("it was given");
    assert_eq!((&*kept.by, kept.key), ("王芳", sheet.key));
    assert!(why(&finance, &given(order.key, &SHEET, "李强")).contains("it has a sheet"));
    let told = refused(&finance, bank(), &receipt(&order, &[700]));
    assert!(told.contains("has not been taken, and comes first"), "{told}");
    taken(&mut finance, bank(), &receipt(&sheet, &[500, 0, 200]));
    taken(&mut finance, bank(), &receipt(&order, &[700]));
    let kept = finance.voucher(&order.key).and_then(|row| row.sheet.as_deref());
    assert_eq!(kept.map(|sheet| &*sheet.by), Some("王芳"));
    assert_eq!(day(), finance.voucher(&order.key).expect("it is there").paid_on);
}

/// A payee that pays another again: the payment, the card, fen, the number of the line that failed.
type Again = (u128, &'static str, i64, u32);

fn again_lines(cards: &[Again]) -> SheetDigest {
    let line = |(_, account, fen, of): &Again| PayeeLine {
        quota: quota(),
        amount_fen: Fen::new(*fen),
        name: "职工",
        account,
        bank_number: "",
        again: *of,
    };
    sheet_digest(cards.iter().map(line))
}

/// A payment in place of what failed beside an order.
fn again(payment: u128, failed: VoucherKey, cards: &[Again]) -> Due {
    let fen = cards.iter().map(|(_, _, fen, _)| fen).sum();
    let mut due = due(payment, fen, BusinessKind::Payroll);
    due.payees = Some(again_lines(cards));
    let (_, order) = due.order.as_mut().expect("an order");
    let fields = &mut order.payees[0].fields;
    fields.set(Field::OriginalKind, Value::Text(failed.kind.code().to_string()));
    fields.set(Field::OriginalNumber, Value::Text(failed.number.as_str().to_owned()));
    due
}

fn given_again(order: VoucherKey, cards: &[Again]) -> Order {
    let line = |(payment, card, fen, of): &Again| SheetPayee {
        of: (*of != 0).then_some(*of),
        ..payee((*payment, card, *fen))
    };
    Order::Sheet { order, payees: cards.iter().map(line).collect(), by: "王芳".to_owned() }
}

/// A finance that has paid two of three payees, and the order.
fn one_failed() -> (Finance, VoucherKey) {
    let mut finance = Finance::new(central_bank());
    let order = ordered(&mut finance, vec![payroll(1, &SHEET)]).remove(0).1;
    let sheet = gives(&mut finance, &given(order.key, &SHEET, "王芳")).remove(0).1;
    taken(&mut finance, bank(), &receipt(&sheet, &[500, 0, 200]));
    taken(&mut finance, bank(), &receipt(&order, &[700]));
    (finance, order.key)
}

/// The order of a payment that is due, or why it has none.
fn out(finance: &mut Finance, due: Due) -> Result<Voucher, String> {
    let payment = due.payment;
    let issued = ordered(finance, vec![due]);
    match issued.into_iter().next() {
        Some((_, order)) => Ok(order),
        None => Err(finance.why_left(book(), payment).expect("it is listed").to_owned()),
    }
}

#[test]
fn a_line_of_a_retry_names_one_that_failed_with_exactly_its_amount() {
    for (cards, chinese) in [
        (vec![(2, "6222010", 300, 0)], "明细未注明370124000-2022-8202-0000000001的失败序号"),
        (vec![(2, "6222010", 300, 1)], "第1人已支付"),
        (vec![(2, "6222010", 300, 4)], "无此明细"),
        (vec![(2, "6222010", 100, 2), (2, "6222011", 200, 2)], "失败金额为3.00元"),
        (vec![(2, "6222010", 299, 2)], "失败金额为3.00元"),
    ] {
        let (mut finance, failed) = one_failed();
        let order = out(&mut finance, again(2, failed, &cards)).expect("it is within what failed");
        let told = why(&finance, &given_again(order.key, &cards));
        assert!(told.contains(chinese), "{cards:?}: {told}");
    }
    let (mut finance, _) = one_failed();
    let cards = [(2, "6222010", 300, 2)];
    let due = Due { payees: Some(again_lines(&cards)), ..payroll(2, &[(2, "6222010", 300)]) };
    let order = out(&mut finance, due).expect("it names nobody");
    assert!(why(&finance, &given_again(order.key, &cards)).contains("未注明原支付凭证号"));
}

#[test]
fn two_payments_for_one_failed_payee_pay_it_once_and_a_retry_that_fails_may_be_paid_again() {
    let (mut finance, failed) = one_failed();
    let cards = |payment| [(payment, "6222010", 300, 2)];
    let first = out(&mut finance, again(2, failed, &cards(2))).expect("it failed");
    let told = out(&mut finance, again(3, failed, &cards(3))).expect_err("another is out for it");
    assert!(told.contains("未再次支付的金额0.00元: it is of 3.00 yuan"), "{told}");
    let over = out(&mut finance, again(4, failed, &[(4, "6222010", 301, 2)])).expect_err("over");
    assert!(over.contains("超出"), "{over}");
    let sheet = gives(&mut finance, &given_again(first.key, &cards(2))).remove(0).1;
    assert!(out(&mut finance, again(5, failed, &cards(5))).is_err(), "its payee is under way");
    // It fails too: whoever names either order pays it, and only one of them.
    let effects = finance_hears(&finance, &sheet, first.key);
    done(&mut finance, effects);
    let second = out(&mut finance, again(6, failed, &cards(6))).expect("the retry failed");
    let third = out(&mut finance, again(7, first.key, &[(7, "6222010", 300, 1)]));
    let third = third.expect("it failed there as well");
    gives(&mut finance, &given_again(second.key, &cards(6)));
    let told = why(&finance, &given_again(third.key, &[(7, "6222010", 300, 1)]));
    assert!(told.contains("已由370124000-2022-8202-0000000003第1人再次支付"), "{told}");
    assert_eq!(finance.owed(finance.voucher(&failed).expect("it is there")).count(), 0);
}

/// The bank sends an order back, with its sheet.
fn finance_hears(finance: &Finance, sheet: &Voucher, order: VoucherKey) -> Vec<Effect> {
    use crate::business::Business;
    let mut effects = finance.came_back(bank(), order, "账户已销户");
    effects.extend(finance.came_back(bank(), sheet.key, "账户已销户"));
    effects
}

#[test]
fn what_failed_on_a_sheet_is_paid_again_by_a_sheet_alone() {
    let (mut finance, failed) = one_failed();
    let cards = [(2, "6222010", 300, 2)];
    let unnamed = Due { payees: None, ..again(2, failed, &cards) };
    let told = out(&mut finance, unnamed).expect_err("nobody approved who is paid");
    assert!(told.contains("须附收款明细: it pays again"), "{told}");
    let mut single = again(3, failed, &cards);
    single.order.as_mut().expect("an order").1.business = BusinessKind::Single;
    assert!(out(&mut finance, single).is_err());
    // Two that are due in one turn are held against it together.
    let both = vec![
        again(4, failed, &[(4, "6222010", 300, 2)]),
        again(5, failed, &[(5, "6222010", 300, 2)]),
    ];
    assert_eq!(ordered(&mut finance, both).len(), 1);
    assert!(finance.why_left(book(), PaymentId(5)).is_some());
}
