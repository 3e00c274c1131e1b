//! Vouchers as national XML, as JSON and on paper: files that must never change unnoticed, ways there and back,
//! and what others may send instead.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Fen;
use domain::ids::Day;
use domain::voucher::document::{Detail, Fields};
use domain::voucher::field::Form;
use domain::voucher::sample::{Fill, sample};
use domain::voucher::state::State;
use domain::voucher::{
    Field, Flag, Party, SealPlace, Unfit, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use exchange::envelope::PayloadFormat;
use exchange::node::Payloads;
use exchange::print::{Sealed, Sheet, html};
use exchange::signing::CertificateId;
use exchange::store::{Deed, Doing};
use exchange::xml::{Body, NationalPayloads, XmlError};
use exchange::{gbk, json, xml};
use proptest::prelude::*;

/// Compares a file with what it must be, or writes it with `UPDATE_GOLDEN=1`.
fn golden(name: &str, must_be: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, must_be).expect("the golden file can be written");
    }
    let is = std::fs::read(&path).unwrap_or_default();
    assert!(is == must_be, "{name} differs; UPDATE_GOLDEN=1 cargo test -p exchange writes it");
}

fn samples() -> impl Iterator<Item = (String, Voucher)> {
    VoucherKind::ALL.iter().flat_map(|&kind| {
        let flags = [(Flag::Original, "original"), (Flag::Receipt, "receipt")];
        flags.into_iter().filter_map(move |(flag, name)| {
            Some((format!("{}-{name}", kind.code()), sample(kind, flag, Fill::All)?))
        })
    })
}

fn payment() -> Voucher {
    sample(VoucherKind::Payment, Flag::Original, Fill::All).expect("payments have originals")
}

fn body(voucher: &Voucher) -> Body {
    Body::new(voucher.clone()).expect("it can be written")
}

fn message(voucher: &Voucher) -> Vec<u8> {
    xml::write(&[body(voucher)]).expect("it can be written")
}

// ---- files -------------------------------------------------------------------------------------

#[test]
fn xml_and_json_of_every_kind_are_those_on_file_and_lead_back() {
    for (name, voucher) in samples() {
        let message = message(&voucher);
        // What is on file can be read: the message in GBK, and beside it what its base64 says, in UTF-8.
        golden(&format!("{name}.xml"), &message);
        let inner = gbk::decode(body(&voucher).inner()).expect("GBK");
        golden(&format!("{name}.inner.xml"), inner.replace("><", ">\n<").as_bytes());
        let read = xml::read(&message).expect("it was written here");
        assert_eq!(read, [body(&voucher)], "{name}");

        let text = json::write(&voucher).expect("it can be written");
        golden(&format!("{name}.json"), text.as_bytes());
        assert_eq!(json::read(text.as_bytes()).expect("it was written here"), voucher, "{name}");
    }
}

#[test]
fn paper_shows_what_is_on_file() {
    let voucher = sample(VoucherKind::Payment, Flag::Receipt, Fill::All).expect("a receipt");
    let seals = [sealed(SealPlace::BankTransfer, "工商银行济南历下支行", 1)];
    let sheet = Sheet { voucher: &voucher, state: State::Receipted, seals: &seals, deeds: &[] };
    golden("8202-receipt.html", html(&sheet).as_bytes());
    for (name, voucher) in samples() {
        let page = html(&Sheet { voucher: &voucher, state: State::Sealed, seals: &[], deeds: &[] });
        assert!(page.contains(voucher.key.kind.chinese()), "{name}");
        assert!(page.contains(voucher.key.number.as_str()), "{name}");
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count(), "{name}");
        assert!(page.contains("class=\"empty\""), "{name} has a place for a seal");
    }
}

fn sealed(place: SealPlace, by: &str, certificate: u8) -> Sealed {
    Sealed {
        place,
        by: by.to_owned(),
        day: Day::new(20_230_310).expect("a day"),
        certificate: CertificateId([certificate; 16]),
    }
}

/// One key may stand in places that are others': a page says so.
#[test]
fn paper_says_where_one_key_stands_for_others() {
    let voucher = sample(VoucherKind::Allocation, Flag::Original, Fill::All).expect("an order");
    let places = [SealPlace::FinanceMaker, SealPlace::FinanceChecker, SealPlace::FinanceBusiness];
    let page = |certificates: [u8; 3]| {
        let filled = places.iter().zip(certificates);
        let seals: Vec<Sealed> = filled.map(|(place, key)| sealed(*place, "甲", key)).collect();
        html(&Sheet { voucher: &voucher, state: State::Sealed, seals: &seals, deeds: &[] })
    };
    let counts = |page: &str| {
        (page.matches("以单位密钥代签").count(), page.matches("同一密钥签多处").count())
    };
    assert_eq!(counts(&page([1, 1, 1])), (2, 1), "one key for all");
    assert_eq!(counts(&page([1, 2, 3])), (0, 0), "each its own");
    assert_eq!(counts(&page([1, 1, 3])), (0, 2), "the maker checks too");
    assert_eq!(counts(&page([1, 3, 3])), (1, 1), "the checker has no key");
}

#[test]
fn paper_escapes_what_others_wrote_and_tells_what_it_leaves_out() {
    let mut voucher = payment();
    voucher.head.set(Field::PayeeName, Value::Text("<script>alert('1')</script>&\"".into()));
    voucher.details = (1..=600)
        .map(|n| Detail {
            id: n.to_string(),
            fields: Fields::new()
                .with_text(Field::PayeeName, "<b>")
                .with_amount(Field::Amount, Fen::new(100)),
        })
        .collect();
    let by = [sealed(SealPlace::FinanceBusiness, "<i>", 1)];
    let deed = Deed {
        day: Day::new(20_230_311).expect("a day"),
        what: Doing::Returned,
        by: vec!["<u>".to_owned()],
        authorised_by: Vec::new(),
        reason: "<s>".to_owned(),
    };
    let page = html(&Sheet { voucher: &voucher, state: State::Sealed, seals: &by, deeds: &[deed] });
    assert!(page.contains("2023-03-11") && page.contains("&lt;u&gt;") && !page.contains("<s>"));
    assert!(!page.contains("<script>") && !page.contains("<b>") && !page.contains("<i>"));
    assert!(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
    assert!(page.contains("其余100条未列出，金额合计¥100.00"));
    // Of a receipt also what was paid of them, which is less where some got nothing.
    for (at, line) in voucher.details.iter_mut().enumerate() {
        let paid_fen = if at % 2 == 0 { 100 } else { 0 };
        line.fields.set(Field::ExecutedAmount, Value::Amount(Fen::new(paid_fen)));
    }
    let page = html(&Sheet { voucher: &voucher, state: State::Sealed, seals: &by, deeds: &[] });
    assert!(page.contains("其余100条未列出，金额合计¥100.00，实付合计¥50.00"));
}

// ---- ways there and back -----------------------------------------------------------------------

fn value(field: Field) -> BoxedStrategy<Value> {
    match field.form() {
        Form::Text(chars_max) => {
            let text = proptest::collection::vec(
                prop_oneof![
                    proptest::char::range(' ', '~'),
                    proptest::char::range('一', '龥'),
                    Just('“'),
                    Just('　'),
                ],
                1..usize::from(chars_max).min(20) + 1,
            );
            text.prop_map(|text| Value::Text(text.into_iter().collect())).boxed()
        }
        Form::Amount => {
            let most = domain::limits::AMOUNT_FEN_MAX;
            (-most..=most).prop_map(|fen| Value::Amount(Fen::new(fen))).boxed()
        }
        Form::Day => (1..=28u32, 1..=12u32)
            .prop_map(|(day, month)| Day::new(20_230_000 + month * 100 + day).expect("a day"))
            .prop_map(Value::Day)
            .boxed(),
        Form::Count => any::<u32>().prop_map(Value::Count).boxed(),
    }
}

fn fields() -> impl Strategy<Value = Fields> {
    let field = proptest::sample::select(Field::ALL);
    let pair = field.prop_flat_map(|field| value(field).prop_map(move |value| (field, value)));
    proptest::collection::vec(pair, 0..12).prop_map(|pairs| {
        let mut fields = Fields::new();
        for (field, value) in pairs {
            fields.set(field, value);
        }
        fields
    })
}

fn vouchers() -> impl Strategy<Value = Voucher> {
    let kind = proptest::sample::select(VoucherKind::ALL);
    let detail = ("[A-Za-z0-9-]{1,40}", fields()).prop_map(|(id, fields)| Detail { id, fields });
    let details = proptest::collection::vec(detail, 0..5);
    (kind, any::<bool>(), "[A-Z0-9]{1,20}", fields(), details).prop_map(
        |(kind, receipt, number, head, details)| {
            let number = VoucherNumber::new(&number).expect("a number");
            let key = VoucherKey { kind, number, ..payment().key };
            let flag = if receipt { Flag::Receipt } else { Flag::Original };
            Voucher { key, flag, date: payment().date, head, details }
        },
    )
}

proptest! {
    #[test]
    fn any_voucher_comes_back_from_xml_json_and_canonical_bytes(voucher in vouchers()) {
        let read = xml::read(&message(&voucher)).expect("it was written here");
        prop_assert_eq!(read[0].voucher(), &voucher);
        let text = json::write(&voucher).expect("it can be written");
        prop_assert_eq!(&json::read(text.as_bytes()).expect("it was written here"), &voucher);
        let bytes = domain::voucher::canonical::bytes(&voucher).expect("it can be written");
        prop_assert_eq!(domain::voucher::canonical::read(&bytes), Ok(voucher));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = xml::read(&bytes);
        let _ = json::read(&bytes);
        let _ = domain::voucher::canonical::read(&bytes);
    }
}

#[test]
fn a_message_may_carry_several_and_a_reason() {
    let returned = Body::returned(payment(), "收款账户已销户 <请核对>").expect("it can be written");
    let receipt = sample(VoucherKind::Payment, Flag::Receipt, Fill::Must).expect("a receipt");
    let bodies = [returned, body(&receipt)];
    let read = xml::read(&xml::write(&bodies).expect("it can be written")).expect("it is one");
    assert_eq!(read, bodies);
    assert_eq!(read[0].return_reason(), "收款账户已销户 <请核对>");
    assert_eq!(xml::write(&[]).map(|bytes| xml::read(&bytes)), Ok(Ok(Vec::new())));
    let many = vec![body(&receipt); exchange::limits::XML_VOUCHERS_MAX + 1];
    assert!(matches!(xml::write(&many), Err(XmlError::TooMany { .. })));
}

fn bank() -> Party {
    "bank:102".parse().expect("a party")
}

#[test]
fn an_envelope_may_carry_the_national_form() {
    let (format, payload) = NationalPayloads.write(bank(), &payment()).expect("it can be written");
    assert_eq!((format, &payload), (PayloadFormat::NationalXml, &message(&payment())));
    assert_eq!(NationalPayloads.read(format, &payload, None), Ok(payment()));
    let bytes = domain::voucher::canonical::bytes(&payment()).expect("it can be written");
    assert_eq!(NationalPayloads.read(PayloadFormat::Canonical, &bytes, None), Ok(payment()));
    let two = xml::write(&[body(&payment()), body(&payment())]).expect("it can be written");
    assert!(NationalPayloads.read(format, &two, None).is_err(), "one voucher in each envelope");
}

// ---- what others may send ----------------------------------------------------------------------

fn outer(inner: &str, attributes: &str) -> Vec<u8> {
    let inner = STANDARD.encode(gbk::encode(inner).expect("GBK"));
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"GBK\"?><MOF><VoucherCount>1</VoucherCount>\
         <VoucherBody {attributes}><VoucherFlag>0</VoucherFlag><Return_Reason/><Attach/>\
         <Voucher>{inner}</Voucher></VoucherBody></MOF>"
    );
    gbk::encode(&text).expect("GBK")
}

const ATTRIBUTES: &str =
    "AdmDivCode=\"370102000\" StYear=\"2023\" VtCode=\"8202\" VoucherNo=\"0000000017\"";

fn inner(fields: &str) -> String {
    format!(
        "<Voucher><Id>1</Id><AdmDivCode>370102000</AdmDivCode><StYear>2023</StYear>\
         <VtCode>8202</VtCode><VouDate>20230310</VouDate><VoucherNo>0000000017</VoucherNo>{fields}\
         <DetailList/></Voucher>"
    )
}

fn unfit(message: &[u8]) -> Unfit {
    match xml::read(message) {
        Err(XmlError::Voucher(finding)) => finding.unfit,
        other => panic!("{other:?}"),
    }
}

fn with_fields(fields: &str) -> Vec<u8> {
    outer(&inner(fields), ATTRIBUTES)
}

#[test]
fn a_plain_voucher_of_another_system_is_read() {
    let detail = "<PayAmt>8000.00</PayAmt><Hold1/>\n <DetailList><Detail><Id>1</Id>\
                  <VoucherBillId>1</VoucherBillId><PayAmt>8000.00</PayAmt></Detail></DetailList>";
    let text = inner(detail).replace("<DetailList/>", "");
    let read = xml::read(&outer(&text, ATTRIBUTES)).expect("a voucher");
    let voucher = read[0].voucher();
    assert_eq!(voucher.head.amount_fen(Field::Amount), Some(Fen::new(800_000)));
    assert_eq!(voucher.head.get(Field::Hold1), None, "an empty element is no field");
    assert_eq!(gbk::decode(read[0].inner()).as_deref(), Some(text.as_str()), "bytes are kept");
}

#[test]
fn fields_are_refused_by_name() {
    let unknown = xml::read(&with_fields("<PayAmount>1.00</PayAmount>")).expect_err("no field");
    assert_eq!(
        unknown.to_string(),
        "6033 unknown-field: no field of vouchers has this name (`PayAmount`); see the table of \
         fields; local fields go into Hold1 to Hold4"
    );
    for (fields, told) in [
        ("<PayAmt>1</PayAmt>", Unfit::FieldForm),
        ("<PayAmt>1e2</PayAmt>", Unfit::FieldForm),
        ("<PayAmt>90071992547409.92</PayAmt>", Unfit::FieldForm),
        ("<AllNum>-1</AllNum>", Unfit::FieldForm),
        ("<OriVouDate>20230230</OriVouDate>", Unfit::FieldForm),
        ("<PayTypeCode>123</PayTypeCode>", Unfit::FieldTooLong),
        ("<PayAmt>1.00</PayAmt><PayAmt>1.00</PayAmt>", Unfit::FieldRepeated),
        ("<VoucherNo>2</VoucherNo>", Unfit::FieldRepeated),
        ("<PaySummaryName>&#1;</PaySummaryName>", Unfit::FieldForm),
    ] {
        assert_eq!(unfit(&with_fields(fields)), told, "{fields}");
    }
}

#[test]
fn keys_are_held_against_each_other_and_against_their_form() {
    let key = |from: &str, to: &str| outer(&inner(""), &ATTRIBUTES.replace(from, to));
    assert_eq!(unfit(&key("0000000017", "0000000018")), Unfit::KeysDiffer);
    assert_eq!(unfit(&key("8202", "5201")), Unfit::KeysDiffer);
    assert_eq!(unfit(&key("8202", "9999")), Unfit::UnknownKind);
    assert_eq!(unfit(&key("370102000", "370102")), Unfit::DivisionForm);
    assert_eq!(unfit(&key("2023", "23")), Unfit::YearForm);
    assert_eq!(unfit(&key("0000000017", "000000000000000000017")), Unfit::NumberTooLong);
    assert_eq!(unfit(&key("0000000017", "17-a")), Unfit::NumberForm);
    let bill =
        "<DetailList><Detail><Id>1</Id><VoucherBillNo>9</VoucherBillNo></Detail></DetailList>";
    let text = inner(bill).replace("<DetailList/>", "");
    assert_eq!(unfit(&outer(&text, ATTRIBUTES)), Unfit::KeysDiffer);
}

#[test]
fn characters_outside_gbk_are_refused_by_name() {
    let mut voucher = payment();
    voucher.details[1].fields.set(Field::PayeeName, Value::Text("𠮷田文具店".into()));
    let told = Body::new(voucher.clone()).expect_err("GBK has no such character").to_string();
    assert!(told.starts_with("6035 not-in-gbk: detail 2, PayeeAcctName:"), "{told}");
    assert!(told.contains("(`𠮷`)"), "{told}");
    assert!(json::write(&voucher).is_ok(), "JSON is UTF-8");
    assert!(Body::returned(payment(), "𠮷").is_err());
}

/// What must never be read: what was sent, and what it is refused as.
#[test]
fn what_is_dangerous_or_no_message_is_refused() {
    let bomb = "<!DOCTYPE MOF [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let declaration = "<?xml version=\"1.0\" encoding=\"GBK\"?>";
    let good = String::from_utf8(with_fields("")).expect("ASCII");
    let in_outer = |from: &str, to: &str| good.replacen(from, to, 1).into_bytes();
    let in_inner = |fields: &str| with_fields(fields);
    let external = "<!DOCTYPE Voucher [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a bomb", in_outer("<MOF>", &format!("{bomb}<MOF>")), "a document type"),
        (
            "an external entity inside",
            outer(&format!("{external}{}", inner("")), ATTRIBUTES),
            "a document type",
        ),
        ("an entity", in_inner("<PaySummaryName>&x;</PaySummaryName>"), "an entity"),
        ("CDATA", in_inner("<PaySummaryName><![CDATA[x]]></PaySummaryName>"), "CDATA"),
        ("an instruction", in_outer("<MOF>", "<?x y?><MOF>"), "a processing instruction"),
        ("two declarations", in_outer("<MOF>", &format!("{declaration}<MOF>")), "a declaration"),
        ("depth", in_outer("<Attach/>", &"<a>".repeat(9)), "does not belong here"),
        ("depth inside", in_inner(&format!("<PayAmt>{}", "<a>".repeat(9))), "does not belong here"),
        ("an attachment", in_outer("<Attach/>", "<Attach>eA==</Attach>"), "an attachment"),
        ("an attribute", in_outer("<VoucherBody ", "<VoucherBody x=\"1\" "), "an attribute"),
        ("an attribute twice", in_outer("<VoucherBody ", "<VoucherBody StYear=\"1\" "), "byte"),
        ("another root", in_outer("<MOF>", "<FOM>"), "outermost"),
        ("text", in_outer("<MOF>", "<MOF>x"), "text where an element belongs"),
        ("two flags", in_outer("<Attach/>", "<VoucherFlag>0</VoucherFlag>"), "twice"),
        ("flag 2", in_outer("Flag>0<", "Flag>2<"), "neither 0 nor 1"),
        ("a count too high", in_outer("Count>1<", "Count>2<"), "VoucherCount"),
        ("no base64", in_outer("<Voucher>", "<Voucher>*"), "base64"),
        ("the end missing", good.as_bytes()[..good.len() - 6].to_vec(), "byte"),
        ("more after the end", [good.as_bytes(), b"<MOF/>"].concat(), "something after the end"),
        ("UTF-8", in_outer("encoding=\"GBK\"", "encoding=\"UTF-8\""), "the encoding is `UTF-8`"),
        ("no GBK", [good.as_bytes(), &[0xff]].concat(), "not text in GBK"),
        (
            "a long value",
            in_inner(&format!("<Hold1>{}</Hold1>", "x".repeat(5_000))),
            "a value of more than 4096 bytes",
        ),
        ("two lists", in_inner("<DetailList/>"), "one DetailList"),
    ];
    for (what, message, told) in cases {
        let refused = xml::read(&message).expect_err(what).to_string();
        assert!(refused.contains(told), "{what}: {refused}");
    }
}

#[test]
fn xml_cut_anywhere_is_refused() {
    let message = message(&payment());
    let end = message.len() - 1;
    for cut in (0..end).step_by(7) {
        assert!(xml::read(&message[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn values_that_do_not_come_back_are_not_written() {
    for (field, value) in [
        (Field::Amount, Value::Text("1.00".into())),
        (Field::Purpose, Value::Text(String::new())),
        (Field::Purpose, Value::Text("a\nb".into())),
        (Field::PayType, Value::Text("123".into())),
    ] {
        let mut voucher = payment();
        voucher.head.set(field, value);
        assert!(Body::new(voucher.clone()).is_err(), "{field:?}");
        assert!(json::write(&voucher).is_err(), "{field:?}");
    }
    let mut voucher = payment();
    voucher.details[0].id = "1 2".into();
    assert!(Body::new(voucher.clone()).is_err() && json::write(&voucher).is_err());
}

#[test]
fn json_refuses_what_xml_refuses() {
    let good = json::write(&payment()).expect("it can be written");
    for (from, to, told) in [
        ("\"PayTypeCode\"", "\"PayType\"", "6033 unknown-field"),
        ("\"PayTypeCode\": \"11\"", "\"PayTypeCode\": \"123\"", "6003 field-too-long"),
        ("\"PayTypeCode\"", "\"FundTypeCode\"", "stands twice"),
        ("\"VtCode\": \"8202\"", "\"VtCode\": \"9999\"", "6029 unknown-kind"),
        ("\"VoucherFlag\": 0", "\"VoucherFlag\": 2", "6004 field-form"),
        ("\"VoucherFlag\": 0,\n", "", "6001 field-missing"),
        ("\"AllNum\": 2", "\"AllNum\": \"2\"", "6004 field-form"),
        ("\"PayAmt\": \"8000.00\"", "\"PayAmt\": 8000.00", "a text, a count or a list"),
        ("\"PayAmt\": \"8000.00\"", "\"PayAmt\": null", "a text, a count or a list"),
        ("\"Id\": \"1\"", "\"Id\": \"\"", "6004 field-form"),
        ("\"VoucherNo\": \"0000000017\"", "\"VoucherNo\": \"17-a\"", "6006 number-form"),
    ] {
        assert!(good.contains(from), "{from}");
        let refused = json::read(good.replacen(from, to, 1).as_bytes());
        let refused = refused.expect_err(to).to_string();
        assert!(refused.contains(told), "{to}: {refused}");
    }
    assert!(json::read(format!("{good}{good}").as_bytes()).is_err());
}
