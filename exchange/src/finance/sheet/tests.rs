use domain::codes::BusinessKind;

use super::super::tests::{bank, book, central_bank, day, done, due, ordered, receipt, taken};
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
    taken(&mut finance, bank(), &receipt(&order, &[700]));
    taken(&mut finance, bank(), &receipt(&sheet, &[500, 0, 200]));
    let kept = finance.voucher(&order.key).and_then(|row| row.sheet.as_deref());
    assert_eq!(kept.map(|sheet| &*sheet.by), Some("王芳"));
    assert_eq!(day(), finance.voucher(&order.key).expect("it is there").paid_on);
}
