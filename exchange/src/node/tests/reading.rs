//! Letters that people look for: by where they stand and by what they say, page by page.

use domain::Fen;
use domain::ids::PaymentId;
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Voucher};

use super::super::*;
use super::world::*;
use crate::store::search::{Found, Search};

/// An order of payments, each with an amount, to one payee; in canonical bytes.
fn order(number: u32, payee: &str, payments: &[(u128, i64)]) -> (Party, Voucher) {
    let detail = |(at, (payment, fen)): (usize, &(u128, i64))| Detail {
        id: (at + 1).to_string(),
        fields: Fields::new()
            .with_text(Field::Payment, PaymentId(*payment).to_string())
            .with_amount(Field::Amount, Fen::new(*fen)),
    };
    let sum: i64 = payments.iter().map(|(_, fen)| fen).sum();
    let head = Fields::new()
        .with_amount(Field::Amount, Fen::new(sum))
        .with_text(Field::PayeeName, payee)
        .with_text(Field::PayeeAccount, "6222");
    let details = payments.iter().enumerate().map(detail).collect();
    (party(BANK), Voucher { head, details, ..voucher(key(number), "") })
}

fn office() -> Test {
    let mut finance = World::new().finance;
    finance.means.payloads = Box::new(CanonicalPayloads);
    let orders = [
        order(1, "泉城文具有限公司", &[(1, 100), (2, 250)]),
        order(2, "历下图书有限公司", &[(3, 350)]),
        order(3, "泉城文具有限公司", &[(4, 900)]),
    ];
    done(&mut finance, orders.map(Order::Business).into());
    finance
}

fn numbers(page: &Page) -> Vec<u32> {
    page.listed.iter().map(|listed| listed.found.entry).collect()
}

#[test]
fn letters_are_found_by_what_they_say() {
    let mut finance = office();
    let vouchers = Search { no_notices: true, ..Search::default() };
    let mut found = |contents: Contents| {
        let page = finance.page(&vouchers, &contents, 10).expect("the journal is there");
        assert_eq!((page.looked_at, page.next), (3, None));
        numbers(&page)
    };
    let nothing = Contents::default();
    assert_eq!(found(nothing.clone()), [0, 1, 2]);
    let payment = |id| Contents { payment: Some(PaymentId(id)), ..nothing.clone() };
    assert_eq!(
        (found(payment(2)), found(payment(4)), found(payment(5))),
        (vec![0], vec![2], vec![])
    );
    let amount = |fen| Contents { amount_fen: Some(Fen::new(fen)), ..nothing.clone() };
    assert_eq!(
        (found(amount(350)), found(amount(250)), found(amount(1))),
        (vec![0, 1], vec![0], vec![])
    );
    let payee = |text: &str| Contents { payee: Some(text.to_owned()), ..nothing.clone() };
    assert_eq!((found(payee("文具")), found(payee("6222"))), (vec![0, 2], vec![0, 1, 2]));
    assert_eq!(found(payee("622")), [0; 0], "an account is named whole");
    let both = Contents { amount_fen: Some(Fen::new(350)), ..payee("图书") };
    assert_eq!(found(both), [1]);
}

#[test]
fn a_page_says_where_the_next_goes_on_and_what_each_letter_says() {
    let mut finance = office();
    let (mut search, nothing) =
        (Search { no_notices: true, ..Search::default() }, Contents::default());
    let first = finance.page(&search, &nothing, 2).expect("the journal is there");
    let told = first.listed[0].says.as_ref().expect("a voucher");
    assert_eq!((told.amount_fen, told.details), (Some(Fen::new(350)), 2));
    assert_eq!(told.payments, [PaymentId(1), PaymentId(2)]);
    let last = Found { party: party(BANK), came: false, entry: 1 };
    assert_eq!((numbers(&first), first.next), (vec![0, 1], Some(last)));
    search.after = first.next;
    let second = finance.page(&search, &nothing, 2).expect("the journal is there");
    assert_eq!((numbers(&second), second.next), (vec![2], None));
    // By its key, and what it is about.
    let by_key = Search { key: Some(key(3)), ..Search::default() };
    assert_eq!(numbers(&finance.page(&by_key, &nothing, 2).expect("there")), [2]);
    let orders_out = Search { no_orders: true, ..Search::default() };
    assert_eq!(numbers(&finance.page(&orders_out, &nothing, 2).expect("there")), [0; 0]);
}

#[test]
fn a_letter_is_read_as_it_was_signed_and_whether_it_left_can_be_shown() {
    let mut finance = office();
    let at = Found { party: party(BANK), came: false, entry: 1 };
    let kept = finance.kept(at).expect("the journal is there").expect("a letter");
    let voucher = kept.voucher.expect("no notices").expect("canonical bytes");
    assert_eq!(voucher, order(2, "历下图书有限公司", &[(3, 350)]).1);
    let envelope = kept.envelope.expect("an envelope");
    assert!(envelope.sealed().has_all(envelope.seals_required()));
    assert!(finance.kept(Found { entry: 9, ..at }).expect("the journal is there").is_none());
    let proof = |finance: &Test| finance.store().peer(party(BANK)).expect("a peer").proof(1);
    let before = proof(&finance).expect("a letter");
    assert!(before.never_left() && before.given == 0);
    let void = Order::Void {
        to: party(BANK),
        key: key(1),
        flag: Flag::Original,
        by: "wang".to_owned(),
        reason: "twice".to_owned(),
    };
    done(&mut finance, vec![void]);
    finance.turn(vec![Input::Line { party: party(BANK), up: true }], 0).expect("durable");
    let after = proof(&finance).expect("a letter");
    assert!(!after.never_left() && after.given == 2, "{after:?}");
    let voided = finance.store().peer(party(BANK)).expect("a peer").proof(0).expect("a letter");
    assert!(
        voided.never_left(),
        "a line that came later did not get what was voided before: {voided:?}"
    );
}
