//! What no bank would send: bombs, entities, other messages, cut-off ones, any bytes. It is refused, and never read in part.

use exchange::iso20022::statement::{read_notices, read_statements};
use exchange::iso20022::status::read;
use exchange::iso20022::{Bad, Reason};
use exchange::limits::{
    ISO_DEPTH_MAX, ISO_MESSAGE_BYTES_MAX, ISO_REASONS_MAX, ISO_TAG_BYTES_MAX, ISO_TEXT_BYTES_MAX,
    ISO_TRANSACTIONS_MAX,
};
use proptest::prelude::*;

use crate::samples::file;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10";

fn report(inside: &str) -> String {
    format!(
        "<Document xmlns=\"{NAMESPACE}\"><CstmrPmtStsRpt><GrpHdr><MsgId>R</MsgId></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId>{inside}</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"
    )
}

fn refused(message: &str) -> Reason {
    read(message.as_bytes()).expect_err("it is refused").reason
}

#[test]
fn nothing_that_reaches_outside_or_grows_is_taken() {
    let good = report("");
    read(good.as_bytes()).expect("a report");
    let bomb = "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let outside = "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>";
    for doctype in [bomb, outside, "<!DOCTYPE d>"] {
        assert_eq!(refused(&format!("{doctype}{good}")), Reason::Forbidden("a document type"));
    }
    for entity in ["&b;", "&x;", "&#0;", "&#x110000;", "&#xD800;", "&#-1;", "&#;", "&#x;", "&nbsp;"]
    {
        let message = report(&format!("<StsRsnInf><AddtlInf>{entity}</AddtlInf></StsRsnInf>"));
        assert_eq!(refused(&message), Reason::Forbidden("an entity"), "{entity}");
    }
    let pi = "<?xml-stylesheet href=\"a.xsl\"?>";
    assert_eq!(refused(&format!("{pi}{good}")), Reason::Forbidden("a processing instruction"));
    for encoding in ["GBK", "UTF-16", "utf-7"] {
        let message = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{good}");
        assert_eq!(refused(&message), Reason::Forbidden("an encoding that is not UTF-8"));
    }
    let control = report("<StsRsnInf><AddtlInf>a&#7;b</AddtlInf></StsRsnInf>");
    assert_eq!(refused(&control), Reason::Forbidden("an entity"));
    let control = report("<StsRsnInf><AddtlInf>a\u{7}b</AddtlInf></StsRsnInf>");
    assert_eq!(refused(&control), Reason::Forbidden("a control character"));
}

#[test]
fn every_bound_holds_at_its_edge() {
    let text = |many: usize| {
        report(&format!("<StsRsnInf><AddtlInf>{}</AddtlInf></StsRsnInf>", "x".repeat(many)))
    };
    read(text(ISO_TEXT_BYTES_MAX).as_bytes()).expect("the longest text");
    assert_eq!(refused(&text(ISO_TEXT_BYTES_MAX + 1)), Reason::Text);
    // In pieces it is one text too.
    let pieces = format!(
        "<StsRsnInf><AddtlInf>{}</AddtlInf></StsRsnInf>",
        "xx&amp;".repeat(ISO_TEXT_BYTES_MAX / 2)
    );
    assert_eq!(refused(&report(&pieces)), Reason::Text);

    // Document, report and group are there already.
    let deep = |many: usize| report(&format!("{}{}", "<A>".repeat(many), "</A>".repeat(many)));
    read(deep(ISO_DEPTH_MAX - 3).as_bytes()).expect("the deepest");
    assert_eq!(refused(&deep(ISO_DEPTH_MAX - 2)), Reason::Depth);
    assert_eq!(refused(&deep(100_000)), Reason::Depth);

    let tag = |many: usize| report(&format!("<A b=\"{}\"/>", "x".repeat(many - 6)));
    read(tag(ISO_TAG_BYTES_MAX).as_bytes()).expect("the longest tag");
    let bytes = ISO_TAG_BYTES_MAX + 1;
    assert_eq!(refused(&tag(bytes)), Reason::Tag { bytes });

    let reasons =
        |many: usize| report(&"<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf>".repeat(many));
    read(reasons(ISO_REASONS_MAX).as_bytes()).expect("the most reasons");
    let (what, most) = ("reasons", ISO_REASONS_MAX);
    assert_eq!(refused(&reasons(ISO_REASONS_MAX + 1)), Reason::TooMany { what, most });

    let bytes = ISO_MESSAGE_BYTES_MAX + 1;
    let message = vec![b' '; bytes];
    assert_eq!(read(&message).expect_err("too long").reason, Reason::Message { bytes });
}

#[test]
fn no_more_transfers_are_read_than_there_may_be() {
    let message = |many: usize| {
        let entry = "<Ntry><Amt Ccy=\"CNY\">1</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts></Ntry>";
        format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn><Ntfctn>\
             <Id>N</Id><Acct><Id><IBAN>A</IBAN></Id></Acct>{}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>",
            entry.repeat(many)
        )
    };
    // The notice itself counts as well.
    let read = read_notices(message(ISO_TRANSACTIONS_MAX - 1).as_bytes()).expect("the most");
    assert_eq!(read[0].entries.len(), ISO_TRANSACTIONS_MAX - 1);
    let refused = read_notices(message(ISO_TRANSACTIONS_MAX).as_bytes()).expect_err("one too many");
    assert!(matches!(refused.reason, Reason::TooMany { .. }), "{refused}");
}

#[test]
fn another_message_is_not_read() {
    let bytes = file("camt053_day.xml");
    let other = read(&bytes).expect_err("a statement is no report").reason;
    assert!(matches!(other, Reason::WrongMessage { .. }), "{other:?}");
    assert!(read_notices(&bytes).is_err());
    assert!(read_statements(&file("camt054_paid.xml")).is_err());
    let good = report("");
    let cases = [
        good.replace(NAMESPACE, "urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"),
        good.replace(&format!(" xmlns=\"{NAMESPACE}\""), ""),
        good.replace("Document", "Letter"),
        good.replace("CstmrPmtStsRpt", "CstmrPmtStsRptV2"),
        good.replace("<GrpHdr>", "<GrpHdr xmlns=\"urn:other\">"),
    ];
    for message in cases {
        let reason = refused(&message);
        assert!(matches!(reason, Reason::WrongMessage { .. }), "{message}: {reason:?}");
    }
    assert_eq!(refused(&format!("{good}{good}")), Reason::Forbidden("a second document"));
    assert_eq!(refused(&format!("{good}more")), Reason::Forbidden("text beside the document"));
    assert_eq!(refused(&report("words<A/>")), Reason::Forbidden("text beside elements"));
    assert_eq!(refused(&report("<A/>words")), Reason::Forbidden("text beside elements"));
}

#[test]
fn what_is_not_told_of_is_walked_over() {
    let supplement = "<SplmtryData><Envlp><x:Any xmlns:x=\"urn:any\">text<x:B/>text</x:Any></Envlp></SplmtryData>";
    let with = report(supplement);
    assert_eq!(read(with.as_bytes()), read(report("").as_bytes()));
    let mut with_mark = vec![0xef, 0xbb, 0xbf];
    with_mark.extend(report("<!-- a remark --><![CDATA[ ]]><NewElement>1</NewElement>").bytes());
    assert_eq!(read(&with_mark), read(report("").as_bytes()));
}

/// A golden message cut off anywhere is refused: nothing is read in part.
#[test]
fn a_message_that_is_cut_off_is_refused_wherever() {
    let whole = file("camt054_paid.xml");
    let length = whole.trim_ascii_end().len();
    for end in 0..length {
        let refused: Result<_, Bad> = read_notices(&whole[..end]);
        assert!(refused.is_err(), "{end} of {length} bytes");
    }
    assert!(read_notices(&whole[..length]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any bytes, and golden messages with bytes changed, taken out and put in: refused or read, never a panic.
    #[test]
    fn any_bytes_are_refused_or_read(
        which in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, any::<u8>()), 0..6),
        any in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = file(["pain002_partly.xml", "camt053_day.xml", "camt054_paid.xml"][which]);
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        for bytes in [bytes, any] {
            let _ = read(&bytes);
            let _ = read_notices(&bytes);
            let _ = read_statements(&bytes);
        }
    }
}
