use domain::codes::{BusinessKind, FactKind, Method, Path, Role};
use domain::ids::{Day, DivisionIndex, PaymentId, QuotaId};
use domain::office::shelves::Book;
use domain::voucher::document::Fields;
use domain::voucher::grouping::{Order as Ordered, Payee};
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Party, Value, Voucher, VoucherKey, VoucherKind,
};
use domain::{Fen, FiscalYear};

use super::due::Due;
use super::record::FactDue;
use super::*;

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

pub(super) fn bank() -> Party {
    party("bank:102")
}

pub(super) fn central_bank() -> Party {
    party("central-bank:3700")
}

pub(super) fn day() -> Day {
    Day::new(20_220_304).expect("a day")
}

pub(super) fn book() -> Book {
    (DivisionIndex(3), FiscalYear::new(2022).expect("a year"))
}

pub(super) fn due(payment: u128, fen: i64, business: BusinessKind) -> Due {
    let payer = Fields::new()
        .with_text(Field::FundType, "111")
        .with_text(Field::PayBank, "102")
        .with_text(Field::PayerAccount, "370124001");
    let elements =
        Fields::new().with_text(Field::Department, "101").with_text(Field::Function, "2050203");
    let payee = Payee {
        amount_fen: Fen::new(fen),
        fields: Fields::new()
            .with_text(Field::PayeeName, "泉城文具有限公司")
            .with_text(Field::PayeeAccount, "1602000109200000001"),
    };
    let order = Ordered {
        payment: PaymentId(payment),
        quota: QuotaId::new(book().0, book().1, 7),
        amount_fen: Fen::new(fen),
        method: Method::Authorized,
        business,
        sheet: 0,
        payer,
        elements,
        payees: vec![payee],
    };
    let division = DivisionCode::new("370124000").expect("a code");
    Due {
        division,
        book: book(),
        payment: PaymentId(payment),
        path: Path::Treasury,
        day: day(),
        payees: None,
        order: Ok((bank(), order)),
    }
}

/// Applies what an input gave and keeps the vouchers that go out.
pub(super) fn done(finance: &mut Finance, effects: Vec<Effect>) -> Vec<(Party, Voucher)> {
    let mut issued = Vec::new();
    for effect in effects {
        match effect {
            Effect::Record(record) => finance.apply(&record),
            Effect::Issue { to, voucher } => issued.push((to, voucher)),
            other => panic!("nothing else comes of it here: {other:?}"),
        }
    }
    issued
}

pub(super) fn ordered(finance: &mut Finance, due: Vec<Due>) -> Vec<(Party, Voucher)> {
    let effects = finance.order(&Order::Ordered(due)).expect("taken");
    done(finance, effects)
}

pub(super) fn taken(
    finance: &mut Finance,
    from: Party,
    voucher: &Voucher,
) -> Vec<(Party, Voucher)> {
    let (verdict, effects) = finance.take(from, voucher);
    assert_eq!(verdict, Verdict::Accepted, "{}", voucher.key);
    done(finance, effects)
}

pub(super) fn refused(finance: &Finance, from: Party, voucher: &Voucher) -> String {
    let (verdict, effects) = finance.take(from, voucher);
    assert!(effects.is_empty(), "nothing comes of what is not taken");
    match verdict {
        Verdict::Failed { reason } => reason,
        Verdict::Accepted => panic!("{} was taken", voucher.key),
    }
}

pub(super) fn facts(finance: &mut Finance) -> Vec<FactDue> {
    let (first, due) = finance.facts_due();
    let (through, due) = (first + due.len() as u64 - 1, due.iter().cloned().collect());
    let effects = finance.order(&Order::FactsTaken { through }).expect("they were due");
    done(finance, effects);
    due
}

/// The receipt of an order, with what was paid of each detail.
pub(super) fn receipt(order: &Voucher, paid_fen: &[i64]) -> Voucher {
    let details = order.details.iter().zip(paid_fen).map(|(line, paid_fen)| {
        let mut fields =
            line.fields.clone().with_amount(Field::ExecutedAmount, Fen::new(*paid_fen));
        if *paid_fen == 0 {
            fields = fields.with_text(Field::ExecutedNote, "账户已销户");
        }
        Detail { id: line.id.clone(), fields }
    });
    let head = order
        .head
        .clone()
        .with_amount(Field::ExecutedAmount, Fen::new(paid_fen.iter().sum()))
        .with(Field::ExecutedDay, Value::Day(day()))
        .with_text(Field::BankSerial, "102000001");
    Voucher { flag: Flag::Receipt, head, details: details.collect(), ..order.clone() }
}

fn paid(finance: &mut Finance, payment: u128, fen: i64) -> Voucher {
    let (_, order) = ordered(finance, vec![due(payment, fen, BusinessKind::Single)]).remove(0);
    taken(finance, bank(), &receipt(&order, &[fen]));
    order
}

/// A bank's request for vouchers that it paid.
fn request(orders: &[&Voucher]) -> Voucher {
    let lines = orders.iter().zip(1..).map(|(order, id)| Detail {
        id: i32::to_string(&id),
        fields: Fields::new()
            .with_text(Field::OriginalKind, order.key.kind.code().to_string())
            .with_text(Field::OriginalNumber, order.key.number.as_str())
            .with_text(Field::Department, "101")
            .with_text(Field::Function, "2050203")
            .with_amount(Field::Amount, order.head.amount_fen(Field::Amount).expect("an amount")),
    });
    let key = VoucherKey::parse("370124000-2022-2301-102A1").expect("a key");
    let head = Fields::new().with_text(Field::FundType, "111").with_text(Field::PayBank, "102");
    Voucher { key, flag: Flag::Original, date: day(), head, details: lines.collect() }
}

#[test]
fn a_payment_goes_into_one_voucher_however_often_it_is_told() {
    let mut finance = Finance::new(central_bank());
    let issued = ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]);
    let (to, voucher) = &issued[0];
    assert_eq!((*to, voucher.key.kind), (bank(), VoucherKind::Payment));
    assert_eq!(voucher.head.amount_fen(Field::Amount), Some(Fen::new(40_000)));
    assert!(ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]).is_empty());
    let row = finance.voucher_of(book(), PaymentId(1)).expect("it has a voucher");
    assert_eq!((row.key, row.standing), (voucher.key, Standing::Out));
}

#[test]
fn a_payment_without_an_account_is_listed_with_why_and_gets_its_voucher_later() {
    let mut finance = Finance::new(central_bank());
    let none = Due { order: Err("no account".to_owned()), ..due(1, 40_000, BusinessKind::Single) };
    assert!(ordered(&mut finance, vec![none]).is_empty());
    let left: Vec<_> = finance.left().map(|((_, payment), why)| (*payment, why)).collect();
    assert_eq!(left, [(PaymentId(1), "no account")]);
    assert_eq!(ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]).len(), 1);
    assert_eq!(finance.left().count(), 0);
}

#[test]
fn a_receipt_becomes_facts_once() {
    let mut finance = Finance::new(central_bank());
    let order = paid(&mut finance, 1, 40_000);
    let told = facts(&mut finance);
    let fact = told[0].fact();
    assert_eq!((told.len(), told[0].role(), fact.kind), (1, Role::Bank, FactKind::ConfirmPaid));
    assert_eq!((fact.payment, fact.amount_fen), (PaymentId(1), Fen::new(40_000)));
    assert_eq!(finance.exposure_fen()[&bank()], 40_000);
    let again = refused(&finance, bank(), &receipt(&order, &[40_000]));
    assert!(again.contains("answered before"), "{again}");
    assert!(facts(&mut finance).is_empty());
}

#[test]
fn of_a_batch_what_failed_is_rejected_and_the_rest_is_paid() {
    let mut finance = Finance::new(central_bank());
    let two = vec![due(1, 500_000, BusinessKind::Payroll), due(2, 300_000, BusinessKind::Payroll)];
    let issued = ordered(&mut finance, two);
    assert_eq!((issued.len(), issued[0].1.details.len()), (1, 2));
    taken(&mut finance, bank(), &receipt(&issued[0].1, &[500_000, 0]));
    let told = facts(&mut finance);
    let told: Vec<_> = told.iter().map(|fact| (fact.fact().kind, fact.amount_fen)).collect();
    assert_eq!(told, [(FactKind::ConfirmPaid, 500_000), (FactKind::Reject, 0)]);
    assert_eq!(finance.exposure_fen()[&bank()], 500_000);
}

#[test]
fn a_receipt_that_is_not_of_the_voucher_is_not_taken() {
    let mut finance = Finance::new(central_bank());
    let issued = ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]);
    let order = &issued[0].1;
    let good = receipt(order, &[40_000]);
    let mut changed = good.clone();
    changed.head.set(Field::PayerAccount, Value::Text("370124002".to_owned()));
    assert!(refused(&finance, bank(), &changed).contains("does not repeat"));
    assert!(refused(&finance, party("bank:103"), &good).contains("cannot answer it"));
    let unknown = VoucherKey::parse("370124000-2022-8202-0000000099").expect("a key");
    let unknown = Voucher { key: unknown, ..good.clone() };
    assert!(refused(&finance, bank(), &unknown).contains("never sent"));
    taken(&mut finance, bank(), &good);
}

#[test]
fn an_order_that_comes_back_rejects_its_payments_and_ends_its_number() {
    let mut finance = Finance::new(central_bank());
    let issued = ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]);
    let key = issued[0].1.key;
    let effects = finance.came_back(bank(), key, "收款账户不存在");
    done(&mut finance, effects);
    let told = facts(&mut finance);
    assert_eq!((told[0].fact().kind, told[0].note.as_str()), (FactKind::Reject, "收款账户不存在"));
    assert_eq!(finance.voucher(&key).map(|row| row.standing), Some(Standing::Ended));
    assert!(finance.came_back(bank(), key, "again").is_empty());
}

#[test]
fn a_payee_that_the_national_form_cannot_write_rejects_the_payment_and_says_which_character() {
    use crate::node::Payloads;
    let mut finance = Finance::new(central_bank());
    let mut due = due(1, 40_000, BusinessKind::Single);
    let (_, order) = due.order.as_mut().expect("an order");
    order.payees[0].fields.set(Field::PayeeName, Value::Text("孙😀".to_owned()));
    let issued = ordered(&mut finance, vec![due]);
    let voucher = &issued[0].1;
    let why = crate::xml::NationalPayloads.write(bank(), voucher).expect_err("GBK lacks it");
    assert!(why.contains(Field::PayeeName.wire_name()) && why.contains('😀'), "{why}");
    let effects = finance.came_back(bank(), voucher.key, &why);
    done(&mut finance, effects);
    let told = facts(&mut finance);
    assert_eq!((told[0].fact().kind, told[0].note.as_str()), (FactKind::Reject, why.as_str()));
    assert_eq!(finance.voucher(&voucher.key).map(|row| row.standing), Some(Standing::Ended));
}

#[test]
fn a_notice_says_what_finance_knows_and_its_receipt_clears() {
    let mut finance = Finance::new(central_bank());
    let (one, two) = (paid(&mut finance, 1, 40_000), paid(&mut finance, 2, 2_500));
    facts(&mut finance);
    // What the request says of the second voucher is of no account.
    let mut asked = request(&[&one, &two]);
    asked.details[1].fields.set(Field::Amount, Value::Amount(Fen::new(9_999)));
    let issued = taken(&mut finance, bank(), &asked);
    let (to, notice) = &issued[0];
    assert_eq!((*to, notice.key.kind), (central_bank(), VoucherKind::AuthorizedLimit));
    assert_eq!(notice.head.text(Field::ClearingNumber), Some("102A1"));
    assert_eq!(notice.head.amount_fen(Field::Amount), Some(Fen::new(42_500)));
    let lines: Vec<_> =
        notice.details.iter().map(|line| line.fields.amount_fen(Field::Amount)).collect();
    assert_eq!(lines, [Some(Fen::new(40_000)), Some(Fen::new(2_500))]);
    let mut cleared = Voucher { flag: Flag::Receipt, ..notice.clone() };
    cleared.head.set(Field::ExecutedAmount, Value::Amount(Fen::new(42_499)));
    cleared.head.set(Field::ClearedDay, Value::Day(day()));
    assert!(refused(&finance, central_bank(), &cleared).contains("whole or not at all"));
    cleared.head.set(Field::ExecutedAmount, Value::Amount(Fen::new(42_500)));
    assert!(refused(&finance, bank(), &cleared).contains("clears nothing"));
    taken(&mut finance, central_bank(), &cleared);
    let told = facts(&mut finance);
    assert!(told.iter().all(|fact| fact.role() == Role::CentralBank));
    let told: Vec<_> = told.iter().map(|fact| (fact.fact().kind, fact.amount_fen)).collect();
    assert_eq!(told, [(FactKind::Clear, 40_000), (FactKind::Clear, 2_500)]);
    assert_eq!((finance.cleared_fen(), finance.exposure_fen()[&bank()]), (42_500, 0));
    assert!(refused(&finance, central_bank(), &cleared).contains("waits for no clearing"));
}

#[test]
fn what_was_asked_for_before_or_never_paid_gets_no_limit() {
    let mut finance = Finance::new(central_bank());
    let one = paid(&mut finance, 1, 40_000);
    let out = ordered(&mut finance, vec![due(2, 2_500, BusinessKind::Single)]).remove(0).1;
    assert!(without_limit(&mut finance, &request(&[&out])).contains("knows of nothing"));
    assert_eq!(taken(&mut finance, bank(), &third(&[&one, &out]))[0].1.details.len(), 1);
    // A second request for the same waits for what the first notice comes to, and gets none when it is cleared.
    assert!(taken(&mut finance, bank(), &second(&[&one])).is_empty());
    let notice = VoucherKey::parse("370124000-2022-5106-0000000001").expect("a key");
    let (verdict, effects) = finance.take(central_bank(), &cleared(notice, 40_000));
    assert_eq!(verdict, Verdict::Accepted);
    let alarms = done_with_alarms(&mut finance, effects).1;
    assert!(
        alarms[0].contains("asks by 370124000-2022-2301-102A2 for what was cleared"),
        "{alarms:?}"
    );
    let told = without_limit(&mut finance, &second(&[&one]));
    assert!(told.contains("370124000-2022-2301-102A2 of bank:102 gets no limit notice"), "{told}");
}

/// What a person is told of a request that gets no limit notice.
fn without_limit(finance: &mut Finance, request: &Voucher) -> String {
    let (verdict, effects) = finance.take(bank(), request);
    assert_eq!(verdict, Verdict::Accepted, "it is on record");
    let (issued, mut alarms) = done_with_alarms(finance, effects);
    assert_eq!((issued.len(), alarms.len()), (0, 1), "{alarms:?}");
    alarms.remove(0)
}

/// A third request of the bank.
fn third(orders: &[&Voucher]) -> Voucher {
    let key = VoucherKey::parse("370124000-2022-2301-102A3").expect("a key");
    Voucher { key, ..request(orders) }
}

/// Another request of the bank.
fn second(orders: &[&Voucher]) -> Voucher {
    let key = VoucherKey::parse("370124000-2022-2301-102A2").expect("a key");
    Voucher { key, ..request(orders) }
}

/// The central bank's receipt of a notice.
fn cleared(notice: VoucherKey, fen: i64) -> Voucher {
    let head = Fields::new()
        .with_amount(Field::Amount, Fen::new(fen))
        .with_amount(Field::ExecutedAmount, Fen::new(fen))
        .with(Field::ClearedDay, Value::Day(day()));
    Voucher { key: notice, flag: Flag::Receipt, date: day(), head, details: Vec::new() }
}

/// Applies what an input gave; keeps the vouchers that go out and what a person is told.
fn done_with_alarms(
    finance: &mut Finance,
    effects: Vec<Effect>,
) -> (Vec<(Party, Voucher)>, Vec<String>) {
    let (alarms, others): (Vec<Effect>, Vec<Effect>) =
        effects.into_iter().partition(|effect| matches!(effect, Effect::Alarm { .. }));
    let told = alarms.into_iter().map(|alarm| match alarm {
        Effect::Alarm { what } => what,
        other => panic!("{other:?} is no alarm"),
    });
    let told = told.collect();
    (done(finance, others), told)
}

#[test]
fn a_notice_that_comes_back_leaves_its_vouchers_paid_and_they_are_noticed_again() {
    let mut finance = Finance::new(central_bank());
    let (one, two) = (paid(&mut finance, 1, 40_000), paid(&mut finance, 2, 2_500));
    let first = taken(&mut finance, bank(), &request(&[&one, &two])).remove(0).1;
    let effects = finance.came_back(central_bank(), first.key, "明细不符");
    let (issued, alarms) = done_with_alarms(&mut finance, effects);
    assert!(issued.is_empty() && alarms[0].contains("明细不符"), "{alarms:?}");
    let standing = |finance: &Finance, order: &Voucher| {
        finance.voucher(&order.key).expect("it was written").standing
    };
    assert_eq!(standing(&finance, &one), Standing::Paid);
    assert_eq!(finance.notices_back().collect::<Vec<_>>(), [&first.key]);
    // The bank asks again, and the old notice is replaced.
    let next = taken(&mut finance, bank(), &second(&[&one, &two])).remove(0).1;
    assert_eq!(next.key.to_string(), "370124000-2022-5106-0000000002");
    assert_eq!(finance.notices_back().count(), 0);
    assert!(finance.order(&Order::NoticeAgain { notice: first.key }).is_err());
    taken(&mut finance, central_bank(), &cleared(next.key, 42_500));
    assert_eq!(standing(&finance, &two), Standing::Cleared);
    assert!(refused(&finance, central_bank(), &cleared(first.key, 42_500)).contains("no clearing"));
}

#[test]
fn a_request_that_comes_before_its_notice_came_back_is_answered_when_it_does() {
    let mut finance = Finance::new(central_bank());
    let one = paid(&mut finance, 1, 40_000);
    let first = taken(&mut finance, bank(), &request(&[&one])).remove(0).1;
    assert!(taken(&mut finance, bank(), &second(&[&one])).is_empty());
    let effects = finance.came_back(central_bank(), first.key, "明细不符");
    let issued = done(&mut finance, effects);
    let notice = &issued[0].1;
    assert_eq!(notice.head.text(Field::ClearingNumber), Some("102A2"));
    assert_eq!(notice.key.to_string(), "370124000-2022-5106-0000000002");
    taken(&mut finance, central_bank(), &cleared(notice.key, 40_000));
    assert_eq!(finance.voucher(&one.key).map(|row| row.standing), Some(Standing::Cleared));
}

#[test]
fn a_notice_goes_out_again_as_it_was_when_a_person_says_so() {
    let mut finance = Finance::new(central_bank());
    let one = paid(&mut finance, 1, 40_000);
    let first = taken(&mut finance, bank(), &request(&[&one])).remove(0).1;
    let effects = finance.came_back(central_bank(), first.key, "功能科目未备案");
    done_with_alarms(&mut finance, effects);
    let effects = finance.order(&Order::NoticeAgain { notice: first.key }).expect("it came back");
    assert_eq!(effects, [Effect::ReadAgain { to: central_bank(), key: first.key }]);
    let effects = finance.read_again(central_bank(), &first);
    let again = done(&mut finance, effects).remove(0).1;
    assert_eq!(again.key.to_string(), "370124000-2022-5106-0000000002");
    assert_eq!((&again.head, &again.details), (&first.head, &first.details));
    assert!(finance.order(&Order::NoticeAgain { notice: first.key }).is_err());
    assert!(finance.read_again(central_bank(), &first).is_empty());
}

fn void(finance: &mut Finance, payment: u128) -> Vec<Effect> {
    let order = Order::Voided { book: book(), payment: PaymentId(payment) };
    let effects = finance.order(&order).expect("what was followed is not refused");
    let (records, others): (Vec<Effect>, Vec<Effect>) =
        effects.into_iter().partition(|effect| matches!(effect, Effect::Record(_)));
    done(finance, records);
    others
}

#[test]
fn a_voided_payment_takes_its_voucher_back_once_and_rejects_nothing() {
    let mut finance = Finance::new(central_bank());
    let order = ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]).remove(0).1;
    let others = void(&mut finance, 1);
    assert!(
        matches!(&others[..], [Effect::TakeBack { to, key, .. }] if (*to, *key) == (bank(), order.key))
    );
    assert!(void(&mut finance, 1).is_empty(), "the journal may be told twice");
    let effects = finance.came_back(bank(), order.key, "it never left");
    assert!(done(&mut finance, effects).is_empty());
    assert_eq!(finance.voucher(&order.key).map(|row| row.standing), Some(Standing::Ended));
    assert!(facts(&mut finance).is_empty(), "the engine has released it");
    assert!(ordered(&mut finance, vec![due(1, 40_000, BusinessKind::Single)]).is_empty());
}

#[test]
fn the_others_of_a_voucher_with_a_voided_payment_go_out_under_a_new_number() {
    let mut finance = Finance::new(central_bank());
    let three = (1..=3).map(|id| due(id, 1_000 * id as i64, BusinessKind::Payroll)).collect();
    let order = ordered(&mut finance, three).remove(0).1;
    void(&mut finance, 2);
    let effects = finance.came_back(bank(), order.key, "it never left");
    let (others, records): (Vec<Effect>, Vec<Effect>) =
        effects.into_iter().partition(|effect| matches!(effect, Effect::ReadAgain { .. }));
    done(&mut finance, records);
    assert_eq!(others, [Effect::ReadAgain { to: bank(), key: order.key }]);
    let effects = finance.read_again(bank(), &order);
    let rest = done(&mut finance, effects).remove(0).1;
    assert_eq!(rest.key.to_string(), "370124000-2022-8202-0000000002");
    assert_eq!(rest.head.amount_fen(Field::Amount), Some(Fen::new(4_000)));
    assert_eq!(rest.head.text(Field::OriginalNumber), Some("0000000001"));
    let ids: Vec<&str> = rest.details.iter().map(|detail| &*detail.id).collect();
    assert_eq!(ids, ["1", "2"]);
    assert!(finance.read_again(bank(), &order).is_empty(), "each payment is written once");
    taken(&mut finance, bank(), &receipt(&rest, &[1_000, 3_000]));
    let told = facts(&mut finance);
    let told: Vec<_> = told.iter().map(|fact| (fact.fact().payment.0, fact.amount_fen)).collect();
    assert_eq!(told, [(1, 1_000), (3, 3_000)]);
    assert_eq!(finance.voucher_of(book(), PaymentId(3)).map(|row| row.key), Some(rest.key));
}

#[test]
fn a_voided_payment_that_was_paid_all_the_same_is_told_to_a_person_and_to_the_engine() {
    let mut finance = Finance::new(central_bank());
    let two = vec![due(1, 500, BusinessKind::Payroll), due(2, 300, BusinessKind::Payroll)];
    let order = ordered(&mut finance, two).remove(0).1;
    void(&mut finance, 1);
    void(&mut finance, 2);
    let (verdict, effects) = finance.take(bank(), &receipt(&order, &[500, 0]));
    assert_eq!(verdict, Verdict::Accepted);
    let alarms = done_with_alarms(&mut finance, effects).1;
    assert!(alarms.len() == 1 && alarms[0].contains("have it given back"), "{alarms:?}");
    let told = facts(&mut finance);
    let told: Vec<_> = told.iter().map(|fact| (fact.fact().kind, fact.amount_fen)).collect();
    assert_eq!(told, [(FactKind::ConfirmPaid, 500)], "what failed was released before");
    // Voided after the receipt: the same alarm, and nothing to take back.
    let order = paid(&mut finance, 3, 700);
    let others = void(&mut finance, 3);
    assert!(
        matches!(&others[..], [Effect::Alarm { what }] if what.contains(&order.key.to_string()))
    );
}

#[test]
fn a_payment_that_waits_for_an_account_is_struck_from_the_list_when_it_is_voided() {
    let mut finance = Finance::new(central_bank());
    let none = Due { order: Err("no account".to_owned()), ..due(1, 40_000, BusinessKind::Single) };
    ordered(&mut finance, vec![none.clone()]);
    let effects = finance.order(&Order::Ordered(vec![none])).expect("taken");
    assert!(effects.is_empty(), "the reason is on record");
    assert!(void(&mut finance, 1).is_empty());
    assert_eq!(finance.left().count(), 0);
}

#[test]
fn what_no_central_bank_repays_is_settled_with_its_receipt() {
    let of = |path| Due { path, ..due(1, 40_000, BusinessKind::Single) };
    for (path, told) in [
        (
            Path::Special,
            vec![(FactKind::ConfirmPaid, Role::Bank), (FactKind::Clear, Role::Finance)],
        ),
        (Path::Own, vec![(FactKind::ConfirmPaid, Role::Bank)]),
    ] {
        let mut finance = Finance::new(central_bank());
        let order = ordered(&mut finance, vec![of(path)]).remove(0).1;
        taken(&mut finance, bank(), &receipt(&order, &[40_000]));
        let facts: Vec<_> =
            facts(&mut finance).iter().map(|fact| (fact.fact().kind, fact.role())).collect();
        assert_eq!(facts, told);
        assert_eq!(finance.voucher(&order.key).map(|row| row.standing), Some(Standing::Settled));
        assert!(finance.exposure_fen().is_empty());
        let told = without_limit(&mut finance, &request(&[&order]));
        assert!(told.contains("knows of nothing"), "{told}");
    }
}

#[test]
fn money_that_comes_back_is_told_and_told_again_when_the_treasury_has_it() {
    let mut finance = Finance::new(central_bank());
    let order = paid(&mut finance, 1, 40_000);
    facts(&mut finance);
    let line = Detail {
        id: "1".to_owned(),
        fields: Fields::new()
            .with_text(Field::OriginalDetail, "1")
            .with_text(Field::RefundNumber, "17")
            .with_amount(Field::Amount, Fen::new(-40_000)),
    };
    let head = Fields::new()
        .with_text(Field::OriginalKind, "8202")
        .with_text(Field::OriginalNumber, order.key.number.as_str())
        .with_text(Field::RefundType, "1")
        .with_text(Field::Reason, "收款人账号有误")
        .with_amount(Field::Amount, Fen::new(-40_000));
    let key = VoucherKey::parse("370124000-2022-2252-102B1").expect("a key");
    let notice = Voucher { key, flag: Flag::Original, date: day(), head, details: vec![line] };
    taken(&mut finance, bank(), &notice);
    let told = facts(&mut finance);
    assert_eq!(
        (told[0].fact().kind, told[0].amount_fen, told[0].refund),
        (FactKind::Refund, 40_000, 17)
    );
    refused(&finance, bank(), &notice);
    let line = Detail {
        id: "1".to_owned(),
        fields: Fields::new()
            .with_text(Field::OriginalKind, "8202")
            .with_text(Field::OriginalNumber, order.key.number.as_str())
            .with_text(Field::RefundNumber, "17")
            .with_amount(Field::Amount, Fen::new(-40_000)),
    };
    let key = VoucherKey::parse("370124000-2022-2302-102C1").expect("a key");
    let head = Fields::new().with(Field::ClearedDay, Value::Day(day()));
    let settled = Voucher { key, flag: Flag::Receipt, date: day(), head, details: vec![line] };
    assert!(refused(&finance, bank(), &settled).contains("takes no refunds"));
    taken(&mut finance, central_bank(), &settled);
    let told = facts(&mut finance);
    assert_eq!((told[0].fact().kind, told[0].amount_fen), (FactKind::SettleRefund, 40_000));
    assert_eq!(told[0].role(), Role::CentralBank);
    assert!(refused(&finance, central_bank(), &settled).contains("not in transit"));
    assert_eq!(finance.refunded_fen(), 40_000);
}

/// The treasury's statement of the day: what went out, and what came back, by vouchers.
fn treasury_statement(moved: &[(&VoucherKey, i64)]) -> Voucher {
    let line = |(key, fen): &(&VoucherKey, i64)| {
        Fields::new()
            .with_text(Field::OriginalKind, key.kind.code().to_string())
            .with_text(Field::OriginalNumber, key.number.as_str())
            .with_amount(Field::Amount, Fen::new(*fen))
    };
    let detail = |(at, moved)| Detail { id: usize::to_string(&at), fields: line(moved) };
    let details: Vec<Detail> = (1..).zip(moved).map(detail).collect();
    let head = Fields::new()
        .with_text(Field::Treasury, "3700000003")
        .with(Field::FirstDay, Value::Day(day()))
        .with(Field::LastDay, Value::Day(day()))
        .with(Field::Total, Value::Count(details.len() as u32));
    let key = VoucherKey::parse("370124000-2022-3513-370000000009").expect("a key");
    Voucher { key, flag: Flag::Original, date: day(), head, details }
}

#[test]
fn an_allocations_notice_that_comes_after_the_statement_ends_the_difference() {
    let mut finance = Finance::new(central_bank());
    let (path, plain) = (Path::Allocation, due(1, 40_000, BusinessKind::Single));
    let (_, order) = plain.order.clone().expect("an order");
    let order = Ok((central_bank(), Ordered { method: Method::Allocation, ..order }));
    let allocated = Due { path, order, ..plain };
    let (to, order) = ordered(&mut finance, vec![allocated]).remove(0);
    assert_eq!((to, order.key.kind), (central_bank(), VoucherKind::Allocation));
    taken(&mut finance, central_bank(), &receipt(&order, &[40_000]));
    let key = VoucherKey::parse("370124000-2022-3208-370000000008").expect("a key");
    let back = Fields::new()
        .with_text(Field::OriginalDetail, "1")
        .with_text(Field::RefundNumber, "1")
        .with_amount(Field::Amount, Fen::new(-40_000));
    let head = Fields::new()
        .with_text(Field::OriginalKind, "5207")
        .with_text(Field::OriginalNumber, order.key.number.as_str())
        .with_text(Field::RefundType, "1")
        .with_text(Field::Reason, "账户已销户")
        .with_amount(Field::Amount, Fen::new(-40_000));
    let details = vec![Detail { id: "1".to_owned(), fields: back }];
    let notice = Voucher { key, flag: Flag::Original, date: day(), head, details };
    let statement = treasury_statement(&[(&order.key, -40_000), (&key, 40_000)]);
    taken(&mut finance, central_bank(), &statement);
    let open = |finance: &Finance| -> Vec<VoucherKey> {
        finance.differences().open().map(|one| one.finding.place.voucher).collect()
    };
    assert_eq!(open(&finance), [key]);
    // Nobody else says that it came back.
    assert!(refused(&finance, bank(), &notice).contains("cannot answer it"));
    taken(&mut finance, central_bank(), &notice);
    assert_eq!(open(&finance), []);
    assert_eq!(finance.refunded_fen(), 40_000);
    let told: Vec<_> =
        facts(&mut finance).iter().map(|due| (due.role(), due.fact().kind)).collect();
    let kinds = [FactKind::Clear, FactKind::Refund, FactKind::SettleRefund];
    assert_eq!(told, kinds.map(|kind| (Role::CentralBank, kind)));
    // Once more it is no second refund.
    refused(&finance, central_bank(), &notice);
}

#[test]
fn what_the_central_bank_reports_is_kept_and_nobody_elses() {
    let mut finance = Finance::new(central_bank());
    let key = VoucherKey::parse("370124000-2022-3501-3700A1").expect("a key");
    let report = Voucher {
        key,
        flag: Flag::Original,
        date: day(),
        head: Fields::new(),
        details: Vec::new(),
    };
    assert!(refused(&finance, bank(), &report).contains("to tell"));
    taken(&mut finance, central_bank(), &report);
    assert!(finance.reports().contains(&key));
}

#[test]
fn what_is_read_again_is_what_was_there() {
    let mut finance = Finance::new(central_bank());
    let mut records = Vec::new();
    let effects =
        finance.order(&Order::Ordered(vec![due(1, 40_000, BusinessKind::Single)])).expect("taken");
    let mut orders = Vec::new();
    for effect in effects {
        match effect {
            Effect::Record(record) => records.push(record),
            Effect::Issue { voucher, .. } => orders.push(voucher),
            other => panic!("nothing else comes of it: {other:?}"),
        }
    }
    records.iter().for_each(|record| finance.apply(record));
    let (_, effects) = finance.take(bank(), &receipt(&orders[0], &[40_000]));
    for effect in effects {
        if let Effect::Record(record) = effect {
            finance.apply(&record);
            records.push(record);
        }
    }
    let mut again = Finance::new(central_bank());
    records.iter().for_each(|record| again.apply(record));
    assert_eq!(format!("{finance:?}"), format!("{again:?}"));
}

#[test]
fn facts_are_taken_in_order_and_none_that_are_not_due() {
    let mut finance = Finance::new(central_bank());
    paid(&mut finance, 1, 40_000);
    let refusal = finance.order(&Order::FactsTaken { through: 2 }).expect_err("there is one");
    assert_eq!(refusal, Refusal::NoSuchFact { through: 2, last: 1 });
}
