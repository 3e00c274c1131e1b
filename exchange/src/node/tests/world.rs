//! Two parties, finance and a bank, with a business that counts, keys, certificates and a line that a test moves.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Party, SealPlace, Voucher, VoucherKey};

use super::super::*;
use crate::business::{Business, Effect, OnPurpose, Verdict};
use crate::certificates::Certificate;
use crate::envelope::Seals;
use crate::signing::{Ed25519Signer, Ed25519Verifier};

pub(super) const FINANCE: &str = "finance:370102000";
pub(super) const BANK: &str = "bank:102";

pub(super) fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

pub(super) fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

pub(super) fn key(number: u32) -> VoucherKey {
    VoucherKey::parse(&format!("370102000-2022-8202-{number:010}")).expect("a key")
}

/// The order whose receipts go out as often as they are issued.
pub(super) fn key_of_doubled() -> VoucherKey {
    key(901)
}

/// The order whose receipt goes out under seals that do not hold.
pub(super) fn key_of_spoilt() -> VoucherKey {
    key(902)
}

/// A payment order whose purpose says what the bank is to do with it.
pub(super) fn voucher(key: VoucherKey, purpose: &str) -> Voucher {
    let head = Fields::new().with_text(Field::Purpose, purpose);
    Voucher { key, flag: Flag::Original, date: day(20220315), head, details: Vec::new() }
}

/// Vouchers as `key|flag|purpose|business type|original number`.
pub(super) struct Texts;

impl Payloads for Texts {
    fn write(&self, _: Party, voucher: &Voucher) -> Result<(PayloadFormat, Vec<u8>), String> {
        let text = |field| voucher.head.text(field).unwrap_or("");
        let (purpose, kind, number) =
            (text(Field::Purpose), text(Field::BusinessType), text(Field::OriginalNumber));
        if purpose.contains('😀') {
            return Err("its purpose has 😀".to_owned());
        }
        let whole = format!("{}|{}|{purpose}|{kind}|{number}", voucher.key, voucher.flag as u8);
        Ok((PayloadFormat::Canonical, whole.into_bytes()))
    }

    fn read(
        &self,
        _: PayloadFormat,
        payload: &[u8],
        _: Option<&Voucher>,
    ) -> Result<Voucher, String> {
        let text = std::str::from_utf8(payload).map_err(|error| error.to_string())?.trim();
        let parts: Vec<_> = text.split('|').collect();
        let [key, flag, purpose, kind, number] = parts[..] else {
            return Err("five parts are wanted".to_owned());
        };
        let key = VoucherKey::parse(key).ok_or("no key")?;
        let mut read = voucher(key, purpose);
        if flag == "1" {
            read.flag = Flag::Receipt;
        }
        for (field, text) in [(Field::BusinessType, kind), (Field::OriginalNumber, number)] {
            if !text.is_empty() {
                read.head = read.head.with_text(field, text);
            }
        }
        Ok(read)
    }
}

/// A business that counts what happened to each voucher, and answers orders with receipts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) taken: BTreeMap<(VoucherKey, bool), u32>,
    pub(super) back: BTreeMap<VoucherKey, u32>,
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
pub(super) struct No;

impl Counts {
    pub(super) fn paid(&self, key: VoucherKey) -> u32 {
        self.taken.get(&(key, false)).copied().unwrap_or(0)
    }

    pub(super) fn receipted(&self, key: VoucherKey) -> u32 {
        self.taken.get(&(key, true)).copied().unwrap_or(0)
    }

    pub(super) fn came_back(&self, key: VoucherKey) -> u32 {
        self.back.get(&key).copied().unwrap_or(0)
    }
}

impl Business for Counts {
    type Order = (Party, Voucher);
    type Refusal = No;

    fn take(&self, from: Party, voucher: &Voucher) -> (Verdict, Vec<Effect>) {
        let key = voucher.key;
        let record = |tag: &str| Effect::Record(format!("{tag} {key}").into_bytes());
        let purpose = voucher.head.text(Field::Purpose).unwrap_or("");
        match (voucher.flag, purpose) {
            (Flag::Receipt, "bribes") => {
                (Verdict::Failed { reason: "not what was ordered".to_owned() }, Vec::new())
            }
            (Flag::Receipt, _) => (Verdict::Accepted, vec![record("receipt")]),
            (_, "refuse") => (Verdict::Failed { reason: "account closed".to_owned() }, Vec::new()),
            (_, "return") => {
                let reason = "payee unknown".to_owned();
                (Verdict::Accepted, vec![Effect::Return { to: from, key, reason }])
            }
            (_, "doubled") => {
                let receipt = Voucher { flag: Flag::Receipt, ..voucher.clone() };
                let mut other = receipt.clone();
                other.head.set(Field::Purpose, domain::voucher::Value::Text("other".to_owned()));
                let all = [receipt.clone(), receipt, other];
                let all = all.map(|voucher| Effect::Issue { to: from, voucher });
                (Verdict::Accepted, std::iter::once(record("paid")).chain(all).collect())
            }
            _ => {
                let receipt = Voucher { flag: Flag::Receipt, ..voucher.clone() };
                (
                    Verdict::Accepted,
                    vec![record("paid"), Effect::Issue { to: from, voucher: receipt }],
                )
            }
        }
    }

    fn order(&self, (to, voucher): &(Party, Voucher)) -> Result<Vec<Effect>, No> {
        if voucher.head.text(Field::Purpose) == Some("never") {
            return Err(No);
        }
        Ok(vec![Effect::Issue { to: *to, voucher: voucher.clone() }])
    }

    fn came_back(&self, _: Party, key: VoucherKey, _: &str) -> Vec<Effect> {
        vec![Effect::Record(format!("back {key}").into_bytes())]
    }

    fn on_purpose(&self, key: VoucherKey, flag: Flag) -> Option<OnPurpose> {
        match (key, flag) {
            (one, Flag::Receipt) if one == key_of_doubled() => Some(OnPurpose::Doubled),
            (one, Flag::Receipt) if one == key_of_spoilt() => Some(OnPurpose::SpoiltSeals),
            _ => None,
        }
    }

    fn apply(&mut self, record: &[u8]) {
        let text = std::str::from_utf8(record).expect("text");
        let (tag, key) = text.split_once(' ').expect("two words");
        let key = VoucherKey::parse(key).expect("a key");
        match tag {
            "back" => *self.back.entry(key).or_default() += 1,
            tag => *self.taken.entry((key, tag == "receipt")).or_default() += 1,
        }
    }
}

pub(super) type Test = Node<Counts, MemoryLog>;

pub(super) fn root() -> Ed25519Signer {
    Ed25519Signer::from_secret(&[99; 32], CertificateId([0; 16]))
}

/// A certificate of a party, as bytes, and the keys that go with it.
pub(super) fn certified(
    whose: &str,
    seed: u8,
    first: u32,
    last: u32,
) -> (Vec<u8>, CertificateId, KeyRing) {
    let signer = Ed25519Signer::from_secret(&[seed; 32], CertificateId([0; 16]));
    let certificate = Certificate {
        party: party(whose),
        holder: "业务专用章".to_owned(),
        seals: SealPlace::ALL.iter().fold(Seals::NONE, |all, place| all.with(*place)),
        first: day(first),
        last: day(last),
        key: signer.public_key(),
    };
    let id = certificate.id();
    let bytes = certificate.issued_by(&root()).expect("issued");
    (bytes, id, KeyRing::new(Arc::new(signer.named(id))))
}

/// The keys a party has from the beginning.
pub(super) fn first_keys(whose: &str) -> KeyRing {
    match whose {
        FINANCE => certified(FINANCE, 1, 20220101, 20221231).2,
        _ => certified(BANK, 2, 20220101, 20231231).2,
    }
}

pub(super) fn means(keys: KeyRing) -> Means {
    Means {
        payloads: Box::new(Texts),
        keys,
        verifier: Box::new(Ed25519Verifier::on_threads(1)),
        lanes: LanePolicy::default(),
        threads: 1,
    }
}

/// A party folded from what its journal has.
pub(super) fn born(whose: &str, keys: KeyRing, log: MemoryLog) -> Test {
    let mut folding = Folding::new(party(whose), root().public_key(), 5, Counts::default());
    for group in log.records() {
        folding.group(group).expect("a store's journal");
    }
    let mut log = log;
    log.mark_start();
    folding.onto(log, means(keys))
}

/// Does orders, each of which is taken.
pub(super) fn done(node: &mut Test, orders: Vec<Order<(Party, Voucher)>>) -> Output<Counts> {
    let inputs = orders.into_iter().map(|order| Input::Order { ticket: 0, order }).collect();
    let output = node.turn(inputs, 0).expect("durable");
    for (_, answer) in &output.answers {
        assert!(answer.is_ok(), "{answer:?}");
    }
    output
}

/// The refusal of an order.
pub(super) fn refused(node: &mut Test, order: Order<(Party, Voucher)>) -> String {
    let before = node.log().groups();
    let inputs = vec![Input::Order { ticket: 7, order }];
    let mut output = node.turn(inputs, 0).expect("durable");
    assert_eq!(node.log().groups(), before, "a refusal writes nothing");
    let (ticket, answer) = output.answers.pop().expect("an answer");
    assert_eq!(ticket, 7);
    answer.expect_err("refused").to_string()
}

/// Files and verifies a certificate.
pub(super) fn know(node: &mut Test, bytes: &[u8], id: CertificateId) {
    let by = |name: &str| name.to_owned();
    done(
        node,
        vec![
            Order::FileCertificate { bytes: bytes.to_vec(), by: by("wang") },
            Order::VerifyCertificate { id, by: by("li") },
        ],
    );
}

/// Finance and a bank, and a line.
pub(super) struct World {
    pub(super) finance: Test,
    pub(super) bank: Test,
}

impl World {
    /// Two parties that know each other, on the 15th of March 2022, without a line.
    pub(super) fn new() -> World {
        World::with_segments(4 << 20)
    }

    pub(super) fn with_segments(segment_bytes: u64) -> World {
        let (finance_certificate, finance_id, finance_keys) =
            certified(FINANCE, 1, 20220101, 20221231);
        let (bank_certificate, bank_id, bank_keys) = certified(BANK, 2, 20220101, 20231231);
        let log = || MemoryLog::new(segment_bytes);
        let mut world = World {
            finance: born(FINANCE, finance_keys, log()),
            bank: born(BANK, bank_keys, log()),
        };
        for node in [&mut world.finance, &mut world.bank] {
            done(node, vec![Order::BeginDay(day(20220315))]);
        }
        know(&mut world.finance, &bank_certificate, bank_id);
        know(&mut world.bank, &finance_certificate, finance_id);
        world
    }

    pub(super) fn line(&mut self, up: bool) {
        for (node, other) in [(&mut self.finance, BANK), (&mut self.bank, FINANCE)] {
            node.turn(vec![Input::Line { party: party(other), up }], 0).expect("durable");
        }
    }

    pub(super) fn pay(&mut self, numbers: impl IntoIterator<Item = u32>, purpose: &str) {
        let bank = party(BANK);
        let order = |number| Order::Business((bank, voucher(key(number), purpose)));
        done(&mut self.finance, numbers.into_iter().map(order).collect());
    }

    /// Carries everything both ways until nothing moves.
    pub(super) fn settle(&mut self) {
        for _ in 0..50 {
            let there = carry(&mut self.finance, &mut self.bank);
            let back = carry(&mut self.bank, &mut self.finance);
            if !there && !back {
                return;
            }
        }
        panic!("it goes on for ever");
    }
}

/// Carries what one offers to the other, and its acknowledgement back; true when something moved.
pub(super) fn carry(from: &mut Test, to: &mut Test) -> bool {
    let (me, other) = (from.store().me(), to.store().me());
    let received = to.store().peer(me).map_or(0, Peer::received);
    let (given, known) =
        from.store().peer(other).map_or((0, 0), |peer| (peer.given(), peer.acknowledged()));
    let messages: Vec<_> = (received + 1..=given)
        .map(|number| from.message(other, number).expect("readable").expect("offered"))
        .collect();
    let moved = !messages.is_empty();
    if moved {
        to.turn(vec![Input::Messages { from: me, first: received + 1, messages }], 0)
            .expect("durable");
    }
    let through = to.store().peer(me).map_or(0, Peer::received);
    if through > known {
        from.turn(vec![Input::Acknowledged { by: other, through }], 0).expect("durable");
    }
    moved || through > known
}

use crate::store::Peer;
