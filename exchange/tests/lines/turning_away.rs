//! Strangers, wrong parties, expired and revoked certificates, plain text and floods: turned away, each with a
//! reason, and nobody else is disturbed.

use exchange::limits::LINK_STRANGERS_PER_ADDRESS_MAX;
use exchange::link::hello::{Environment, Hello};
use exchange::link::shell::{Addresses, Stream, Turned, Ways};
use exchange::link::tls::{DialTls, Filed, Own, TlsError, name_of};
use exchange::link::{Event, Line, Reason, Settings};
use rcgen::{SerialNumber, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::certificates::{Authority, Papers, party, today};
use crate::house::{House, PATIENCE, Side, bank, finance, listening, listening_with, reaches};

async fn turned_for(turned: &mut mpsc::Receiver<Turned>, reason: Reason) -> Turned {
    loop {
        let next = timeout(PATIENCE, turned.recv()).await;
        let Ok(Some(turned)) = next else { panic!("nobody was turned away for {reason}") };
        if turned.reason == reason {
            return turned;
        }
    }
}

/// Lines that nothing but an end of the connection ends, however busy the machine is.
fn calm() -> Settings {
    Settings { silence_ms: 30_000, slow_ms: 30_000, ..Settings::default() }
}

fn dialling(own: &Own, to: &Filed, address: impl ToString) -> Ways {
    let tls = DialTls::new(own, to, today()).expect("certificates that can be used");
    Ways::Dials(Addresses { primary: address.to_string(), backup: None, tls })
}

/// What a caller with some papers hears, and what the listener says of it.
async fn refused(
    own: impl FnOnce(&Authority) -> Own,
    filed: impl FnOnce(&Authority) -> Filed,
    calls_itself: &str,
) -> (Reason, Event) {
    let authority = Authority::new();
    let (listener, mut turned, addresses, _ways) =
        listening(&authority.own(finance()), &[filed(&authority)]).await;
    let ways = dialling(&own(&authority), &authority.filed(finance()), addresses[0]);
    let mut caller = Side::start(party(calls_itself), finance(), 1, ways, Settings::default());
    let down = |event: &Event| matches!(event, Event::LineDown { .. });
    let seen = caller.until(down).await;
    let told = timeout(PATIENCE, turned.recv()).await.expect("in time").expect("it listens");
    assert!(listener.turned()[&told.reason] >= 1, "it is counted");
    (told.reason, seen.last().expect("at least one").clone())
}

fn reason_of(event: &Event) -> Reason {
    match event {
        Event::LineDown { reason, .. } => *reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn certificates_that_are_not_the_partys_are_not_trusted() {
    let filed = |authority: &Authority| authority.filed(bank());
    // Of an authority that nobody has filed.
    let other = Authority::new();
    let (reason, heard) = refused(|_| other.own(bank()), filed, "bank:102").await;
    assert_eq!((reason, reason_of(&heard)), (Reason::NoTrust, Reason::NoTrust), "{heard:?}");
    // Expired, and not valid yet.
    for (from, to) in [(2025, 2026), (2027, 2028)] {
        let own = |authority: &Authority| {
            let papers = authority.issue(&name_of(bank()), |params| {
                params.not_before = date_time_ymd(from, 1, 1);
                params.not_after = date_time_ymd(to, 1, 1);
            });
            papers.own(bank())
        };
        let (reason, heard) = refused(own, filed, "bank:102").await;
        assert_eq!((reason, reason_of(&heard)), (Reason::NoTrust, Reason::NoTrust), "{heard:?}");
    }
    // Revoked.
    let own = |authority: &Authority| {
        let number = SerialNumber::from(77);
        authority.issue(&name_of(bank()), |params| params.serial_number = Some(number)).own(bank())
    };
    let revoking = |authority: &Authority| {
        let list = authority.revoking(77);
        Filed::from_pem(bank(), authority.pem().as_bytes(), list.as_bytes()).expect("a list")
    };
    let (reason, heard) = refused(own, revoking, "bank:102").await;
    assert_eq!((reason, reason_of(&heard)), (Reason::NoTrust, Reason::NoTrust), "{heard:?}");
    // Good, and another party's.
    let own = |authority: &Authority| authority.own(party("bank:103"));
    let (reason, heard) = refused(own, filed, "bank:102").await;
    let both = (Reason::WrongCertificate, Reason::WrongCertificate);
    assert_eq!((reason, reason_of(&heard)), both, "{heard:?}");
    // Good, and not filed here.
    let own = |authority: &Authority| authority.own(party("bank:103"));
    let (reason, heard) = refused(own, filed, "bank:103").await;
    assert_eq!((reason, reason_of(&heard)), (Reason::Stranger, Reason::Stranger), "{heard:?}");
}

#[tokio::test]
async fn a_party_cannot_vouch_for_another() {
    // Bank 103 has an authority of its own, and issues itself a certificate in the name of bank 102.
    let authority = Authority::new();
    let of_103 = Authority::new();
    let filed = [authority.filed(bank()), of_103.filed(party("bank:103"))];
    let (_listener, mut turned, addresses, _ways) =
        listening(&authority.own(finance()), &filed).await;
    let ways = dialling(&of_103.own(bank()), &authority.filed(finance()), addresses[0]);
    let _caller = Side::start(bank(), finance(), 1, ways, Settings::default());
    turned_for(&mut turned, Reason::WrongCertificate).await;
}

#[tokio::test]
async fn a_certificate_of_its_own_making_is_good_where_it_is_filed() {
    let (ours, theirs) = (Papers::self_signed(finance()), Papers::self_signed(bank()));
    let file = |of, papers: &Papers| {
        Filed::from_pem(of, papers.chain.as_bytes(), b"").expect("a certificate")
    };
    let (_listener, _turned, addresses, ways) =
        listening(&ours.own(finance()), &[file(bank(), &theirs)]).await;
    let dials = dialling(&theirs.own(bank()), &file(finance(), &ours), addresses[0]);
    let mut office = Side::start(finance(), bank(), 1, ways, Settings::default());
    let caller = Side::start(bank(), finance(), 1, dials, Settings::default());
    caller.offer(1_000);
    reaches(&mut office.taken, 1_000).await;
}

#[tokio::test]
async fn a_dialler_trusts_nobody_else_at_the_address() {
    let authority = Authority::new();
    // Somebody with a good certificate of another party listens there.
    let own = authority.own(party("finance:370100000"));
    let (_listener, _turned, addresses, _ways) = listening(&own, &[authority.filed(bank())]).await;
    let ways = dialling(&authority.own(bank()), &authority.filed(finance()), addresses[0]);
    let mut caller = Side::start(bank(), finance(), 1, ways, Settings::default());
    let seen = caller.until(|event| matches!(event, Event::LineDown { .. })).await;
    assert_eq!(reason_of(&seen[0]), Reason::NoTrust, "{seen:?}");
}

#[tokio::test]
async fn certificates_are_renewed_while_the_link_goes_on() {
    let mut house = House::new(calm()).await;
    house.warm().await;
    // Both sides have certificates of another authority from now on, and file them.
    let next = Authority::new();
    let filed = [next.filed(bank())];
    house.listener.renew(listening_with(&next.own(finance()), &filed));
    let tls = DialTls::new(&next.own(bank()), &next.filed(finance()), today());
    house.bank.handle.renew(tls.expect("certificates that can be used"));
    house.bank.offer(1_000);
    reaches(&mut house.finance.taken, 1_000).await;
    assert_eq!(house.bank.standing().counts.downs, 0, "what is there stays");
    house.proxies[0].cut();
    house.bank.until(|event| matches!(event, Event::LineUp { line: Line::Primary })).await;
    assert_eq!(house.listener.turned().get(&Reason::NoTrust), None);
}

/// A TLS connection to the listener with good papers, to say anything by.
async fn with_papers(house: &House) -> Stream {
    let own = house.authority.own(bank());
    let tls = DialTls::new(&own, &house.authority.filed(finance()), today());
    let address = house.proxies[0].address.to_string();
    tls.expect("certificates that can be used").connect(&address).await.expect("TLS")
}

fn hello() -> Hello {
    Hello {
        version_min: 1,
        version_max: 1,
        environment: crate::house::ENVIRONMENT,
        line: Line::Primary,
        window_bytes: 1 << 20,
        silence_ms: 500,
        epoch: 1,
        last: 0,
        durable: 0,
        from: bank(),
        to: finance(),
    }
}

#[tokio::test]
async fn a_hello_that_does_not_fit_is_answered_with_the_reason() {
    let mut house = House::new(calm()).await;
    house.warm().await;
    let elsewhere = Environment { id: 8, production: false };
    let real = Environment { id: 7, production: true };
    let cases = [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), Reason::NoHello),
        (
            Hello { version_min: 2, version_max: 2, ..hello() }.encode().to_vec(),
            Reason::WrongVersion,
        ),
        (Hello { environment: elsewhere, ..hello() }.encode().to_vec(), Reason::WrongEnvironment),
        (Hello { environment: real, ..hello() }.encode().to_vec(), Reason::WrongKind),
        (Hello { to: party("finance:370100000"), ..hello() }.encode().to_vec(), Reason::WrongParty),
        (Hello { from: party("bank:103"), ..hello() }.encode().to_vec(), Reason::Stranger),
    ];
    for (bytes, reason) in cases {
        let mut stream = with_papers(&house).await;
        stream.write_all(&bytes).await.expect("it is written");
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("in time").expect("a bye");
        let bye = exchange::link::frame::split(&answer).expect("a frame").expect("a whole one").0;
        let is = matches!(bye, exchange::link::frame::Frame::Bye { reason: Some(told), .. } if told == reason);
        assert!(is, "{bye:?}");
        turned_for(&mut house.turned, reason).await;
    }
    // Nobody was disturbed.
    house.bank.offer(1_000);
    house.finance.offer(1_000);
    house.settled(1_000).await;
    assert_eq!(house.bank.standing().counts.downs, 0);
}

#[tokio::test]
async fn plain_text_is_told_what_is_spoken_here() {
    let mut house = House::new(calm()).await;
    let mut stream = TcpStream::connect(house.proxies[0].address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it is written");
    let mut line = [0; 10];
    timeout(PATIENCE, stream.read_exact(&mut line)).await.expect("in time").expect("a line");
    assert_eq!(&line, b"plain-text");
    turned_for(&mut house.turned, Reason::PlainText).await;
}

#[tokio::test]
async fn a_flood_of_connections_is_turned_away_and_disturbs_nobody() {
    let mut house = House::new(calm()).await;
    house.warm().await;
    let target = house.proxies[0].address;
    let mut flood = Vec::new();
    for _ in 0..4 * LINK_STRANGERS_PER_ADDRESS_MAX {
        flood.push(TcpStream::connect(target).await.expect("a connection"));
    }
    turned_for(&mut house.turned, Reason::Crowded).await;
    house.bank.offer(5_000);
    house.finance.offer(5_000);
    house.settled(5_000).await;
    assert_eq!(house.bank.standing().counts.switches, 0);
    let crowded = house.listener.turned()[&Reason::Crowded];
    assert!(crowded >= 2 * LINK_STRANGERS_PER_ADDRESS_MAX as u64, "{crowded}");
    // Those who say nothing lose their place in time.
    turned_for(&mut house.turned, Reason::Late).await;
}

#[test]
fn what_is_no_certificate_is_named() {
    let of = bank();
    let told = Filed::from_pem(of, b"nothing", b"").expect_err("no certificate");
    let none =
        TlsError::Pem { party: of, what: "the filed certificate", why: "there is none".to_owned() };
    assert_eq!(told, none);
    let papers = Papers::self_signed(of);
    let told = Own::from_pem(of, papers.chain.as_bytes(), b"").expect_err("no key");
    assert!(told.to_string().starts_with("the key of bank:102"), "{told}");
}
