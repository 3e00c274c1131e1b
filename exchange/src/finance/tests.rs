use domain::codes::{BusinessKind, FactKind, Method, Role};
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

fn bank() -> Party {
    party("bank:102")
}

fn central_bank() -> Party {
    party("central-bank:3700")
}

fn day() -> Day {
    Day::new(20_220_304).expect("a day")
}

fn book() -> Book {
    (DivisionIndex(3), FiscalYear::new(2022).expect("a year"))
}

fn due(payment: u128, fen: i64, business: BusinessKind) -> Due {
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
        day: day(),
        order: Ok((bank(), order)),
    }
}

/// Applies what an input gave and keeps the vouchers that go out.
fn done(finance: &mut Finance, effects: Vec<Effect>) -> Vec<(Party, Voucher)> {
    let mut issued = Vec::new();
    for effect in effects {
        match effect {
            Effect::Record(record) => finance.apply(&record),
            Effect::Issue { to, voucher } => issued.push((to, voucher)),
            Effect::Return { .. } => panic!("finance returns nothing here"),
        }
    }
    issued
}

fn ordered(finance: &mut Finance, due: Vec<Due>) -> Vec<(Party, Voucher)> {
    let effects = finance.order(&Order::Ordered(due)).expect("taken");
    done(finance, effects)
}

fn taken(finance: &mut Finance, from: Party, voucher: &Voucher) -> Vec<(Party, Voucher)> {
    let (verdict, effects) = finance.take(from, voucher);
    assert_eq!(verdict, Verdict::Accepted, "{}", voucher.key);
    done(finance, effects)
}

fn refused(finance: &Finance, from: Party, voucher: &Voucher) -> String {
    let (verdict, effects) = finance.take(from, voucher);
    assert!(effects.is_empty(), "nothing comes of what is not taken");
    match verdict {
        Verdict::Failed { reason } => reason,
        Verdict::Accepted => panic!("{} was taken", voucher.key),
    }
}

fn facts(finance: &mut Finance) -> Vec<FactDue> {
    let (first, due) = finance.facts_due();
    let (through, due) = (first + due.len() as u64 - 1, due.iter().cloned().collect());
    let effects = finance.order(&Order::FactsTaken { through }).expect("they were due");
    done(finance, effects);
    due
}

/// The receipt of an order, with what was paid of each detail.
fn receipt(order: &Voucher, paid_fen: &[i64]) -> Voucher {
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
    let left: Vec<_> = finance.left().map(|((_, payment), left)| (*payment, &*left.why)).collect();
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
    assert!(refused(&finance, bank(), &request(&[&out])).contains("knows of nothing"));
    assert_eq!(taken(&mut finance, bank(), &request(&[&one, &out]))[0].1.details.len(), 1);
    let again = Voucher {
        key: VoucherKey::parse("370124000-2022-2301-102A2").expect("a key"),
        ..request(&[&one])
    };
    assert!(refused(&finance, bank(), &again).contains("knows of nothing"));
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
    assert!(refused(&finance, bank(), &report).contains("takes no voucher"));
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
            Effect::Return { .. } => {}
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
