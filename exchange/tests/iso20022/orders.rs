//! Vouchers as pain.001: every field where the table says, nothing lost, nothing unfit let out.

use std::collections::BTreeSet;

use domain::Fen;
use domain::voucher::check::{NothingHeld, check};
use domain::voucher::document::Fields;
use domain::voucher::sample::{Fill, sample};
use domain::voucher::{Detail, Field, Flag, Value, Voucher, VoucherKind};
use exchange::iso20022::ids::{Uetr, end_to_end_id};
use exchange::iso20022::mapping::MAPPING;
use exchange::iso20022::orders::{Unfit, write};
use proptest::prelude::*;

use crate::reader::{at, leaves};
use crate::samples::{created, golden, key, long, school, uetrs};

const ORDER: &str = "CstmrCdtTrfInitn";

const TRANSFER: &str = "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf";

const SUPPLEMENT: &str = "SplmtryData/Envlp";

fn written(voucher: &Voucher) -> String {
    write(voucher, created(), &uetrs(voucher.details.len())).expect("fit to go out")
}

#[test]
fn orders_are_written_as_they_were() {
    golden("pain001_school.xml", &written(&school()));
    golden("pain001_long.xml", &written(&long()));
}

#[test]
fn what_is_written_is_a_voucher_that_its_table_allows() {
    for voucher in [school(), long()] {
        assert_eq!(check(&voucher, voucher.date, &NothingHeld), []);
    }
    for kind in [VoucherKind::Payment, VoucherKind::DirectPayment] {
        let voucher = sample(kind, Flag::Original, Fill::All).expect("a sample");
        let message =
            write(&voucher, created(), &uetrs(2)).unwrap_or_else(|unfit| panic!("{unfit}"));
        assert_eq!(at(&leaves(&message), &format!("{TRANSFER}/PmtId/EndToEndId")).len(), 2);
    }
}

#[test]
fn the_table_has_every_place_of_an_order_and_no_other() {
    let supplements = [format!("{TRANSFER}/{SUPPLEMENT}"), format!("{ORDER}/{SUPPLEMENT}")];
    let mut there = BTreeSet::new();
    for message in [written(&school()), written(&long())] {
        for (path, _) in leaves(&message) {
            let path = path.split('@').next().expect("a path").to_owned();
            let ours = supplements.iter().find(|supplement| path.starts_with(*supplement));
            there.insert(ours.map_or(path, String::clone));
        }
    }
    let orders = MAPPING.iter().filter(|row| row.message.starts_with("pain.001"));
    let told: BTreeSet<String> = orders.map(|row| row.path.to_owned()).collect();
    assert_eq!(there, told);
}

#[test]
fn what_is_too_long_for_its_place_stands_in_supplementary_data() {
    let (voucher, message) = (long(), written(&long()));
    let leaves = leaves(&message);
    let fields = format!("{TRANSFER}/SplmtryData/Envlp/Fields");
    let payer = at(&leaves, "CstmrCdtTrfInitn/PmtInf/Dbtr/Nm")[0];
    let full = voucher.head.text(Field::PayerName).expect("a name");
    assert!(full.starts_with(payer) && payer.len() <= 140 && payer.len() > 137, "{payer}");
    assert_eq!(at(&leaves, &format!("{ORDER}/{SUPPLEMENT}/Fields/PayAcctName")), [full]);
    assert_eq!(
        at(&leaves, &format!("{fields}/Id")),
        ["01234567-89ab-4cde-8f01-23456789abcd", "D-2023-03-10-00000000000000000000000002"]
    );
    assert_eq!(at(&leaves, &format!("{fields}/PayCode")), ["9".repeat(60)]);
    assert_eq!(at(&leaves, &format!("{fields}/GovProcurementID")), ["C".repeat(40)]);
    let words = at(&leaves, &format!("{TRANSFER}/RmtInf/Ustrd"));
    assert_eq!(words[..2].concat(), "三月工资".repeat(50));
}

#[test]
fn business_kinds_and_purposes_have_codes() {
    let code = |business: &str, class: &str, tax: &str| {
        let mut voucher = school();
        voucher.head.set(Field::BusinessType, Value::Text(business.to_owned()));
        voucher.head.set(Field::DepartmentEconomic, Value::Text(class.to_owned()));
        voucher.head.set(Field::TaxBill, Value::Text(tax.to_owned()));
        let leaves = leaves(&written(&voucher));
        let one = |path: &str| at(&leaves, path)[0].to_owned();
        [
            one("CstmrCdtTrfInitn/PmtInf/PmtTpInf/CtgyPurp/Cd"),
            one("CstmrCdtTrfInitn/PmtInf/BtchBookg"),
            one(&format!("{TRANSFER}/Purp/Cd")),
        ]
    };
    assert_eq!(code("1", "30201", ""), ["SUPP", "false", "GOVT"]);
    assert_eq!(code("2", "30201", ""), ["CCRD", "false", "GOVT"]);
    assert_eq!(code("3", "30101", ""), ["SALA", "true", "SALA"]);
    assert_eq!(code("4", "30305", ""), ["GOVT", "true", "BENE"]);
    assert_eq!(code("1", "30108", ""), ["SUPP", "false", "SSBE"]);
    assert_eq!(code("3", "30101", "T1"), ["SALA", "true", "TAXS"]);
}

#[test]
fn what_cannot_go_out_is_told() {
    let voucher = school().key;
    let field = |detail: &str, field| Unfit::Field { voucher, detail: detail.to_owned(), field };
    let text = |field, text: &str| {
        let text = Value::Text(text.to_owned());
        move |voucher: &mut Voucher| voucher.head.set(field, text.clone())
    };
    let refused = |change: &dyn Fn(&mut Voucher)| {
        let mut voucher = school();
        change(&mut voucher);
        write(&voucher, created(), &uetrs(2)).expect_err("it is unfit")
    };
    assert_eq!(
        refused(&text(Field::PayerAccount, &"1".repeat(35))),
        field("", Field::PayerAccount)
    );
    assert_eq!(refused(&text(Field::PayerAccount, " ")), field("", Field::PayerAccount));
    assert_eq!(refused(&text(Field::PayerName, "a\u{1}b")), field("", Field::PayerName));
    assert_eq!(refused(&text(Field::BusinessType, "5")), field("", Field::BusinessType));
    assert_eq!(refused(&text(Field::Quota, "\u{ffff}")), field("", Field::Quota));
    let of_second =
        |change: fn(&mut Detail)| refused(&move |voucher| change(&mut voucher.details[1]));
    let bank = |detail: &mut Detail| {
        detail.fields.set(Field::PayeeBankNumber, Value::Text("10545100003".to_owned()))
    };
    assert_eq!(of_second(bank), field("2", Field::PayeeBankNumber));
    for fen in [0, -1, i64::MAX] {
        let mut voucher = school();
        voucher.details[1].fields.set(Field::Amount, Value::Amount(Fen::new(fen)));
        assert_eq!(write(&voucher, created(), &uetrs(2)), Err(field("2", Field::Amount)));
    }
    let more =
        |detail: &mut Detail| detail.fields.set(Field::Amount, Value::Amount(Fen::new(300_001)));
    let (head, details) = ("8000.00".to_owned(), "8000.01".to_owned());
    assert_eq!(of_second(more), Unfit::Sum { voucher, head, details });
    let detail = "1".to_owned();
    assert_eq!(
        of_second(|detail| detail.id = "1".to_owned()),
        Unfit::SameDetail { voucher, detail }
    );
    assert_eq!(refused(&|voucher| voucher.details.clear()), Unfit::Details { voucher, details: 0 });
    assert_eq!(refused(&|voucher| voucher.flag = Flag::Receipt), Unfit::NoOrder { voucher });
    let uetrs = write(&school(), created(), &uetrs(1));
    assert_eq!(uetrs, Err(Unfit::Uetrs { voucher, details: 2, uetrs: 1 }));
    let mut other = school();
    other.key.kind = VoucherKind::TransferRequest;
    let no_order = Unfit::NoOrder { voucher: other.key };
    assert_eq!(write(&other, created(), &crate::samples::uetrs(2)), Err(no_order));
}

/// A detail whose name is another's hash: they could not be told apart.
#[test]
fn two_details_under_one_name_are_refused() {
    let mut voucher = school();
    voucher.details[0].id = "明细".to_owned();
    voucher.details[1].id = end_to_end_id("明细");
    let refused = write(&voucher, created(), &uetrs(2));
    assert!(matches!(refused, Err(Unfit::SameDetail { .. })), "{refused:?}");
}

/// Texts that XML minds, and Chinese.
fn any_text(most: usize) -> impl Strategy<Value = String> {
    let letters = prop::sample::select("abc09中文&<>\"'; ]-\u{20000}".chars().collect::<Vec<_>>());
    prop::collection::vec(letters, 1..=most)
        .prop_map(|letters| letters.into_iter().collect::<String>().trim().to_owned())
        .prop_filter("a text", |text| !text.is_empty())
}

pub(crate) fn any_voucher() -> impl Strategy<Value = (Voucher, Vec<Uetr>)> {
    let detail = (any_text(34), any_text(200), any_text(300), 1..1_000_000_i64, any::<[u8; 16]>());
    (prop::collection::vec(detail, 1..8), any_text(200), "[0-9A-Z]{1,20}").prop_map(
        |(details, payer, number)| {
            let mut voucher = school();
            voucher.key = key(&number);
            voucher.head.set(Field::PayerName, Value::Text(payer));
            let mut total = 0;
            let mut uetrs = Vec::new();
            voucher.details.clear();
            for (which, (account, name, purpose, fen, uetr)) in details.into_iter().enumerate() {
                total += fen;
                let fields = Fields::new()
                    .with_text(Field::PayeeAccount, account)
                    .with_text(Field::PayeeName, name)
                    .with_text(Field::Purpose, purpose)
                    .with_amount(Field::Amount, Fen::new(fen));
                voucher.details.push(Detail { id: which.to_string(), fields });
                uetrs.push(Uetr::from_random(uetr));
            }
            voucher.head.set(Field::Amount, Value::Amount(Fen::new(total)));
            (voucher, uetrs)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_reads_back_as_it_was((voucher, uetrs) in any_voucher()) {
        let message = write(&voucher, created(), &uetrs).expect("fit to go out");
        let leaves = leaves(&message);
        let texts = |path: &str| at(&leaves, &format!("{TRANSFER}/{path}"));
        let fields = |field| voucher.details.iter().map(move |detail| detail.fields.text(field).expect("a text"));
        let count = voucher.details.len().to_string();
        let sum = voucher.head.amount_fen(Field::Amount).expect("a sum").to_yuan();
        for level in ["GrpHdr", "PmtInf"] {
            prop_assert_eq!(at(&leaves, &format!("CstmrCdtTrfInitn/{level}/NbOfTxs")), [&count]);
            prop_assert_eq!(at(&leaves, &format!("CstmrCdtTrfInitn/{level}/CtrlSum")), [&sum]);
        }
        let id = format!("37010220238202{}", voucher.key.number);
        prop_assert_eq!(at(&leaves, "CstmrCdtTrfInitn/GrpHdr/MsgId"), [&id]);
        let told: Vec<String> = uetrs.iter().map(Uetr::to_string).collect();
        prop_assert_eq!(texts("PmtId/UETR"), told);
        prop_assert_eq!(texts("CdtrAcct/Id/Othr/Id"), fields(Field::PayeeAccount).collect::<Vec<_>>());
        let amounts: Vec<String> = voucher.details.iter()
            .map(|detail| detail.fields.amount_fen(Field::Amount).expect("an amount").to_yuan()).collect();
        prop_assert_eq!(texts("Amt/InstdAmt@Ccy=CNY"), amounts);
        prop_assert_eq!(texts("RmtInf/Ustrd").concat(), fields(Field::Purpose).collect::<String>());
        // A name is there in full in one of two places.
        let mut long = texts("SplmtryData/Envlp/Fields/PayeeAcctName").into_iter();
        for (name, told) in fields(Field::PayeeName).zip(texts("Cdtr/Nm")) {
            prop_assert!(told.len() <= 140);
            let full = if told == name { told } else { long.next().expect("the long name in full") };
            prop_assert_eq!(full, name);
        }
    }
}
