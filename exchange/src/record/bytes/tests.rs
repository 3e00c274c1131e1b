//! Every event comes back as it went, has the bytes it always had, and no cut of it is read.

use domain::ids::Day;
use domain::voucher::{Flag, Party, VoucherKey};

use super::*;
use crate::certificates::Distrust;
use crate::envelope::{Digest, PayloadFormat, Subject};
use crate::signing::{Algorithm, CertificateId, PublicKey};

/// A public key of Ed25519: the first of RFC 8032, 7.1.
const ROOT: &[u8; 32] = b"\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\
    \x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

fn every_event() -> Vec<Event> {
    let (to, by) = ("bank:102".parse::<Party>().expect("a party"), "王芳".to_owned());
    let from = "finance:370000000".parse::<Party>().expect("a party");
    let day = Day::new(20220315).expect("a day");
    let reason = "户名不符".to_owned();
    let key = VoucherKey::parse("370102000-2022-8202-7").expect("a key");
    let subject = Subject::Voucher {
        key,
        flag: Flag::Original,
        format: PayloadFormat::Canonical,
        payload: b"payload".to_vec(),
    };
    let envelope = Envelope::new(from, to, &subject);
    let persons = TwoPersons { first: by.clone(), second: "李明".to_owned() };
    let arrivals = [
        Arrival::Taken,
        Arrival::Repeated { entry: 9 },
        Arrival::NotTaken {
            failure: Failure::Distrusted(Distrust::Expired),
            reason: reason.clone(),
        },
        Arrival::SetAside { reason: reason.clone() },
        Arrival::Notices,
    ];
    let notices = vec![Notice::Taken { number: 3, digest: Digest([4; 32]) }];
    let certificate =
        CertificateEvent::Verified { id: CertificateId([8; 16]), day, by: by.clone() };
    let mut events = vec![
        Event::Queued { to, lane: Lane::Urgent, day, envelope: envelope.clone() },
        Event::Given { to, first: 5, entries: vec![1, 2, 70_000] },
        Event::Acknowledged { by: to, through: 1 << 40 },
        Event::Piece { from, number: 6, bytes: vec![1, 2, 3] },
        Event::Settled { from, entry: 2, arrival: Arrival::Notices, by: by.clone(), notices },
        Event::SentBack { to, entry: 3 },
        Event::Voided { to, entry: 4, by: by.clone(), reason: reason.clone() },
        Event::Resealed { to, entry: 5, by: String::new(), envelope: envelope.clone() },
        Event::Stopped { to, entry: 6, reason: reason.clone() },
        Event::GivenUp { to, entry: 7, by: by.clone(), reason: reason.clone() },
        Event::WentByPaper { to, entry: 8, persons: persons.clone(), reason: reason.clone() },
        Event::CameByPaper { from, day, persons: persons.clone(), envelope },
        Event::TookBack {
            to,
            through: 12,
            entries: vec![(8, 3), (12, 4)],
            persons: persons.clone(),
            reason: reason.clone(),
        },
        Event::AskedBack { to, entry: 9, by: by.clone() },
        Event::Business(vec![9, 9]),
        Event::Certificate(certificate),
        Event::Day(day),
        Event::Authorised { person: "李明".to_owned(), may: true, by },
        Event::Followed(vec![5; 44]),
        Event::Trouble { what: "编号重复".to_owned() },
    ];
    let letter = vec![0, 1, 2];
    events.extend(arrivals.into_iter().map(|arrival| Event::Received {
        from,
        number: 11,
        day,
        arrival,
        letter: letter.clone(),
    }));
    events.extend([Event::CutOff, Event::LetGo]);
    let root = PublicKey::read(Algorithm::Ed25519, ROOT).expect("a key");
    events.push(Event::Owned(Box::new(Owner { party: to, root })));
    events
}

fn body(event: &Event) -> Vec<u8> {
    let mut out = Vec::new();
    event.encode(&mut out);
    out
}

#[test]
fn every_event_comes_back_as_it_went() {
    for event in every_event() {
        assert_eq!(Event::decode(event.kind(), &body(&event)), Ok(event));
    }
}

#[test]
fn no_cut_of_an_event_is_read_as_the_same() {
    for event in every_event() {
        let whole = body(&event);
        for at in 0..whole.len() {
            // Bytes of others at the end have no length of their own: a cut of those is another event.
            assert_ne!(
                Event::decode(event.kind(), &whole[..at]).as_ref(),
                Ok(&event),
                "cut at {at}"
            );
        }
    }
}

#[test]
fn the_letter_of_a_record_is_found_without_reading_the_rest() {
    for event in every_event() {
        let found = Event::letter_in(event.kind(), &body(&event));
        let expected = match &event {
            Event::Queued { envelope, .. }
            | Event::Resealed { envelope, .. }
            | Event::CameByPaper { envelope, .. } => Some(envelope.encode()),
            Event::Received { letter, .. } => Some(letter.clone()),
            _ => None,
        };
        assert_eq!(found.ok(), expected, "{event:?}");
    }
}

#[test]
fn the_bytes_are_the_ones_they_always_were() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/record/bytes/golden.txt");
    let line = |event: Event| {
        let hex: String = body(&event).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{} {hex}\n", event.kind())
    };
    let now: String = every_event().into_iter().map(line).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file, &now).expect("the golden file is written");
    }
    assert_eq!(now, std::fs::read_to_string(file).expect("the golden file"));
}
