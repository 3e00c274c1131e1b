//! Messages of every kind and many contents, as they go out: each is of the version its name says. With `TREASURY_ISO_DIR` they
//! are written there too, and `ops/test-iso20022` holds them against the standard's own schemas.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::Fen;
use domain::voucher::sample::{Fill, sample};
use domain::voucher::{Field, Flag, Value, Voucher, VoucherKind};
use exchange::iso20022::payload::write;
use proptest::prelude::*;

use super::orders::any_voucher;

/// The messages in a payload, each with its name.
fn messages(payload: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is text");
    let (count, mut rest) = payload.split_first().expect("a payload says how many it has");
    let mut found = Vec::new();
    for _ in 0..*count {
        let (length, more) = rest.split_first().expect("a name has a length");
        let (name, more) = more.split_at(usize::from(*length));
        let (length, more) = more.split_at(4);
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let (message, more) = more.split_at(length);
        found.push((text(name), text(message)));
        rest = more;
    }
    assert!(rest.is_empty(), "nothing stands behind the last message");
    found
}

/// Holds messages against their names, and writes them where they are wanted.
fn told(voucher: &Voucher) -> usize {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let Some(payload) = write(voucher) else { return 0 };
    let messages = messages(&payload);
    for (name, message) in &messages {
        let namespace = format!("xmlns=\"urn:iso:std:iso:20022:tech:xsd:{name}\"");
        assert!(message.contains(&namespace), "{name}: {message}");
        if let Some(dir) = std::env::var_os("TREASURY_ISO_DIR").filter(|dir| !dir.is_empty()) {
            let at = WRITTEN.fetch_add(1, Ordering::Relaxed);
            let path = PathBuf::from(dir).join(format!("{name}-{at:05}.xml"));
            std::fs::write(&path, message).expect("a file can be written there");
        }
    }
    messages.len()
}

/// A bank's answer to an order: of each detail paid or not, as `paid` says in turn.
fn answered(order: &Voucher, paid: &[bool], note: &str) -> Voucher {
    let mut receipt = order.clone();
    receipt.flag = Flag::Receipt;
    let mut sum_fen = 0;
    for (at, line) in receipt.details.iter_mut().enumerate() {
        let ordered = line.fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO);
        let pays = paid.is_empty() || paid[at % paid.len()];
        line.fields
            .set(Field::ExecutedAmount, Value::Amount(if pays { ordered } else { Fen::ZERO }));
        if pays {
            sum_fen += ordered.get();
            let account = line.fields.text(Field::PayeeAccount).unwrap_or_default().to_owned();
            line.fields.set(Field::ExecutedPayeeAccount, Value::Text(account));
        } else {
            line.fields.set(Field::ExecutedNote, Value::Text(note.to_owned()));
        }
    }
    receipt.head.set(Field::ExecutedAmount, Value::Amount(Fen::new(sum_fen)));
    receipt.head.set(Field::ExecutedDay, Value::Day(order.date));
    receipt.head.set(Field::BankSerial, Value::Text("102202303100000000001".to_owned()));
    receipt
}

#[test]
fn messages_of_every_kind_are_written() {
    let mut kinds = std::collections::BTreeSet::new();
    for kind in VoucherKind::ALL.iter().copied() {
        for flag in [Flag::Original, Flag::Receipt] {
            for fill in [Fill::All, Fill::Must] {
                let Some(voucher) = sample(kind, flag, fill) else { continue };
                if told(&voucher) > 0 {
                    kinds.insert((kind.code(), flag as u8));
                }
            }
        }
    }
    assert!(kinds.contains(&(8202, 0)) && kinds.contains(&(2252, 0)), "{kinds:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_its_answers_are_messages_of_their_versions(
        (order, _) in any_voucher(),
        paid in prop::collection::vec(any::<bool>(), 1..4),
        note in prop::sample::select(vec!["AC01账号有误", "收款行停业 & <关闭>", "AC06账户已冻结：法院"]),
    ) {
        prop_assert_eq!(told(&order), 1);
        prop_assert!(told(&answered(&order, &paid, note)) >= 1, "{:?}", order);
    }
}
