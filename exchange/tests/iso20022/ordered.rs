//! Orders as a bank reads them: what was written comes back whole, and whatever was changed on the way is refused or is
//! another order, and never the same.

use domain::voucher::sample::{Fill, sample};
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKind};
use exchange::iso20022::Reason;
use exchange::iso20022::ids::Uetr;
use exchange::iso20022::ordered::{Ordered, read};
use exchange::iso20022::orders::write;
use proptest::prelude::*;

use crate::orders::any_voucher;
use crate::samples::{created, file, long, school, uetrs};

fn reads(voucher: &Voucher, uetrs: &[Uetr]) {
    let message = write(voucher, created(), uetrs).unwrap_or_else(|unfit| panic!("{unfit}"));
    let read = read(message.as_bytes()).unwrap_or_else(|bad| panic!("{bad}: {message}"));
    let uetrs = uetrs.to_vec();
    assert_eq!(read, Ordered { voucher: voucher.clone(), created: created().day, uetrs });
}

#[test]
fn an_order_reads_as_it_was() {
    reads(&school(), &uetrs(2));
    reads(&long(), &uetrs(2));
    for kind in [VoucherKind::Payment, VoucherKind::DirectPayment] {
        for fill in [Fill::Must, Fill::All] {
            reads(&sample(kind, Flag::Original, fill).expect("a sample"), &uetrs(2));
        }
    }
    // What the head says and what the details say of the same are told apart.
    let mut voucher = school();
    let (purpose, bank) = (Field::Purpose, Field::PayeeBankName);
    voucher.head.set(purpose, Value::Text("办公用品".to_owned()));
    voucher.head.set(bank, Value::Text("行".repeat(100)));
    voucher.head.set(Field::Procurement, Value::Text("C".repeat(40)));
    reads(&voucher, &uetrs(2));
    let [first, _] = voucher.details.as_mut_slice() else { panic!("two details") };
    let kept: Vec<_> = first.fields.iter().map(|(field, value)| (field, value.clone())).collect();
    first.fields = domain::voucher::document::Fields::new();
    for (field, value) in kept.into_iter().filter(|(field, _)| ![purpose, bank].contains(field)) {
        first.fields.set(field, value);
    }
    reads(&voucher, &uetrs(2));
}

fn refused(message: &str) -> Reason {
    read(message.as_bytes()).expect_err("it is refused").reason
}

fn golden() -> String {
    String::from_utf8(file("pain001_long.xml")).expect("text")
}

#[test]
fn what_an_order_of_ours_does_not_have_is_refused() {
    let good = golden();
    read(good.as_bytes()).expect("an order");
    let not_ours = Reason::Forbidden("an element that no order has");
    for (at, more) in [
        ("<PmtMtd>TRF</PmtMtd>", "<ChrgBr>DEBT</ChrgBr>"),
        ("<DbtrAgt>", "<UltmtDbtr><Nm>A</Nm></UltmtDbtr>"),
        ("<CdtrAcct>", "<CdtrAgtAcct/>"),
    ] {
        assert_eq!(refused(&good.replacen(at, &format!("{more}{at}"), 1)), not_ours, "{more}");
    }
    let other = "<SplmtryData><Envlp><x:Any xmlns:x=\"urn:any\">1</x:Any></Envlp></SplmtryData>";
    let other = good.replacen("<SplmtryData>", &format!("{other}<SplmtryData>"), 1);
    assert!(matches!(refused(&other), Reason::WrongMessage { .. }));
    let field = good.replacen("<FundTypeCode>", "<Fund>1</Fund><FundTypeCode>", 1);
    assert!(matches!(refused(&field), Reason::Value { .. }));
}

#[test]
fn what_does_not_add_up_or_go_together_is_refused() {
    let good = golden();
    let wrong = |from: &str, to: &str| {
        let message = good.replacen(from, to, 1);
        assert_ne!(message, good, "{from}");
        refused(&message)
    };
    let sum =
        |told: &str| Reason::Sum { what: "CtrlSum", told: told.into(), added: "8000.00".into() };
    assert_eq!(wrong("<CtrlSum>8000.00", "<CtrlSum>8000.01"), sum("8000.01"));
    let amount = wrong("\"CNY\">3000.00", "\"CNY\">3000.01");
    assert!(matches!(amount, Reason::Sum { .. }), "{amount:?}");
    let count = Reason::Count { what: "NbOfTxs", told: 3, counted: 2 };
    assert_eq!(wrong("<NbOfTxs>2", "<NbOfTxs>3"), count);
    let second = good.rfind("<NbOfTxs>2").expect("two of them");
    let other = format!("{}<NbOfTxs>3{}", &good[..second], &good[second + 10..]);
    assert_eq!(refused(&other), count);
    for (from, to) in [
        ("<PmtInfId>3701022023820212345", "<PmtInfId>3701022023820212346"),
        ("<MsgId>37010220238202", "<MsgId>37010220232301"),
        ("<Id>370102000</Id>", "<Id>370102001</Id>"),
        ("<PmtMtd>TRF", "<PmtMtd>CHK"),
        ("<BtchBookg>true", "<BtchBookg>false"),
        ("<Cd>SALA", "<Cd>WELD"),
        ("<Ccy>CNY", "<Ccy>USD"),
        ("Ccy=\"CNY\"", "Ccy=\"USD\""),
        ("<Cd>CNAPS", "<Cd>CIPS"),
        ("<MmbId>105451000028", "<MmbId>10545100002"),
        ("<Id>105</Id>", "<Id>105451000028</Id>"),
        ("<EndToEndId>0123456789ab", "<EndToEndId>0123456789ac"),
        ("<UETR>01010101-0101-4101", "<UETR>01010101-0101-1101"),
        ("<InstdAmt Ccy=\"CNY\">5000.00", "<InstdAmt Ccy=\"CNY\">0.00"),
        ("<Dt>2023-03-10", "<Dt>2023-02-30"),
        ("<PayAcctName>很长", "<PayAcctName>更长"),
        ("<Prtry>TaxBillNo", "<Prtry>PaySummaryName"),
    ] {
        let _ = wrong(from, to);
    }
    let none = format!(
        "{}</PmtInf></CstmrCdtTrfInitn></Document>",
        good[..good.find("<CdtTrfTxInf>").expect("a transfer")].replace("8000.00", "0.00")
    );
    assert!(matches!(refused(&none), Reason::Count { .. }));
    let none = none.replace("<NbOfTxs>2", "<NbOfTxs>0");
    assert_eq!(refused(&none), Reason::Missing("a transfer"));
}

/// Each element taken out, put there twice, or with another text: refused, or another order. Never the same.
#[test]
fn a_change_of_any_element_is_seen() {
    let good = golden();
    let order = read(good.as_bytes()).expect("an order");
    let lines: Vec<&str> = good.lines().collect();
    let with = |at: usize, changed: &[String]| {
        let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        lines.splice(at..=at, changed.iter().cloned());
        lines.join("\n")
    };
    let mut elements = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some((tag, rest)) = line.trim().split_once('>') else { continue };
        let Some((_, end)) = rest.split_once("</") else { continue };
        elements += 1;
        let without = read(with(at, &[]).as_bytes());
        assert_ne!(without.as_ref(), Ok(&order), "without {line}");
        let twice = read(with(at, &[(*line).to_owned(), (*line).to_owned()]).as_bytes());
        // Pieces of a purpose may be as many as there are: it is another purpose then.
        assert!(twice.is_err() || tag == "<Ustrd", "twice {line}: {twice:?}");
        assert_ne!(twice.as_ref(), Ok(&order), "twice {line}");
        let other = read(with(at, &[format!("{tag}>7</{end}")]).as_bytes());
        assert_ne!(other.as_ref(), Ok(&order), "other {line}");
        assert!(read(with(at, &[format!("{tag}></{end}")]).as_bytes()).is_err(), "empty {line}");
    }
    assert!(elements > 50, "{elements}");
    let whole = good.trim_end();
    assert!(
        (0..whole.len())
            .filter(|&end| whole.is_char_boundary(end))
            .step_by(7)
            .all(|end| { read(&whole.as_bytes()[..end]).is_err() })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_that_goes_out_comes_in((voucher, uetrs) in any_voucher()) {
        let message = write(&voucher, created(), &uetrs).expect("fit to go out");
        let ordered = read(message.as_bytes());
        prop_assert_eq!(ordered.map(|ordered| (ordered.voucher, ordered.uetrs)), Ok((voucher, uetrs)));
    }

    /// Bytes changed, taken out and put in: another order or none, and never a panic.
    #[test]
    fn any_bytes_are_refused_or_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 1..6),
    ) {
        let mut bytes = file("pain001_school.xml");
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        if let Ok(ordered) = read(&bytes) {
            let again = write(&ordered.voucher, created(), &ordered.uetrs).expect("what was read can be written");
            let again = read(again.as_bytes()).expect("and be read");
            prop_assert_eq!(again.voucher, ordered.voucher);
        }
    }
}
