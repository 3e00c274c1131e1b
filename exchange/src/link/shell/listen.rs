//! Connections that others make: turned away with a reason, or handed to the link of their party.
//!
//! Nothing of a stranger is believed before its certificate has been seen, and nothing of it lasts: how many
//! may wait for their hello is bounded, together and for each address, and so is the time they have.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::voucher::Party;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::limits::{
    LINK_ARRIVALS_MAX, LINK_FAREWELL_MS, LINK_HELLO_BYTES, LINK_HELLO_MS, LINK_STRANGERS_MAX,
    LINK_STRANGERS_PER_ADDRESS_MAX, LINK_TURNED_MAX,
};
use crate::link::frame::put_bye;
use crate::link::hello::{Environment, Hello, MAGIC};
use crate::link::tls::ListenTls;
use crate::link::{Line, Reason};

use super::Came;
use super::wire::{Stream, why};

/// First byte of a TLS connection.
const TLS_FIRST_BYTE: u8 = 0x16;

/// After the system refused a connection, for want of files perhaps, the next is tried then.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a link takes its connections over.
#[derive(Debug)]
pub struct Arrivals {
    came: mpsc::Receiver<(Line, Box<Stream>, Vec<u8>)>,
}

/// Where a listener hands connections to a link.
#[derive(Clone, Debug)]
pub struct Door {
    to: mpsc::Sender<(Line, Box<Stream>, Vec<u8>)>,
}

/// A door, and what is behind it.
#[must_use]
pub fn door() -> (Door, Arrivals) {
    let (to, came) = mpsc::channel(LINK_ARRIVALS_MAX);
    (Door { to }, Arrivals { came })
}

impl Arrivals {
    pub(super) async fn next(&mut self) -> Option<Came> {
        let (line, stream, read) = self.came.recv().await?;
        Some(Came { line, stream: Ok(*stream), read })
    }
}

/// Who may come, and where each is taken over.
#[derive(Debug)]
pub struct Routes {
    /// Our party.
    pub party: Party,
    /// The installation.
    pub environment: Environment,
    /// The counterparties that dial us.
    pub doors: BTreeMap<Party, Door>,
    /// Our certificates, and those of the counterparties, to begin with.
    pub tls: Arc<ListenTls>,
}

/// A connection that was turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// Where it came from.
    pub from: SocketAddr,
    /// Why.
    pub reason: Reason,
    /// More of it; may be empty.
    pub words: String,
}

/// What listens for counterparties. It ends when this is dropped; connections that were handed over do not.
#[derive(Debug)]
pub struct Listener {
    tasks: JoinSet<()>,
    house: Arc<House>,
}

#[derive(Debug)]
struct House {
    routes: Routes,
    /// What `routes` came with, or what took its place.
    tls: Mutex<Arc<ListenTls>>,
    strangers: Mutex<Strangers>,
    turned: Mutex<BTreeMap<Reason, u64>>,
    told: mpsc::Sender<Turned>,
}

/// Connections that have not said their hello.
#[derive(Debug, Default)]
struct Strangers {
    count: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Listener {
    /// Takes connections from sockets, of one line or of both: a hello says which line it is for. Those that are
    /// turned away are told to the receiver, up to [`LINK_TURNED_MAX`] that wait, and counted.
    #[must_use]
    pub fn start(sockets: Vec<TcpListener>, routes: Routes) -> (Listener, mpsc::Receiver<Turned>) {
        let (told, hears) = mpsc::channel(LINK_TURNED_MAX);
        let house = Arc::new(House {
            tls: Mutex::new(Arc::clone(&routes.tls)),
            routes,
            strangers: Mutex::default(),
            turned: Mutex::default(),
            told,
        });
        let mut tasks = JoinSet::new();
        for socket in sockets {
            tasks.spawn(accept(socket, Arc::clone(&house)));
        }
        (Listener { tasks, house }, hears)
    }

    /// Other certificates from the next connection on: ours have been renewed, or a counterparty's. Connections that
    /// are there stay.
    pub fn renew(&self, tls: ListenTls) {
        *self.house.tls.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(tls);
    }

    /// How many were turned away, by reason.
    #[must_use]
    pub fn turned(&self) -> BTreeMap<Reason, u64> {
        self.house.turned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many sockets it listens on.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.tasks.len()
    }
}

async fn accept(socket: TcpListener, house: Arc<House>) {
    let mut greeting = JoinSet::new();
    loop {
        let (stream, from) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while greeting.try_join_next().is_some() {}
        match House::stranger(&house, from) {
            Some(place) => {
                greeting.spawn(greet(stream, from, place));
            }
            None => {
                house.turn(from, Reason::Crowded, String::new());
                // One line of text, if the system takes it at once.
                let _ = stream.try_write(line_of_text(Reason::Crowded).as_bytes());
            }
        }
    }
}

fn line_of_text(reason: Reason) -> String {
    format!("{reason} / {}\n", reason.chinese())
}

/// The place of a stranger, given back when it is dropped.
struct Place {
    house: Arc<House>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut strangers = self.house.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.count -= 1;
        if let Some(count) = strangers.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                strangers.by_address.remove(&self.address);
            }
        }
    }
}

impl House {
    fn stranger(house: &Arc<House>, from: SocketAddr) -> Option<Place> {
        let mut strangers = house.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = strangers.by_address.get(&from.ip()).copied().unwrap_or(0);
        if strangers.count >= LINK_STRANGERS_MAX || of_address >= LINK_STRANGERS_PER_ADDRESS_MAX {
            return None;
        }
        strangers.count += 1;
        *strangers.by_address.entry(from.ip()).or_default() += 1;
        Some(Place { house: Arc::clone(house), address: from.ip() })
    }

    fn turn(&self, from: SocketAddr, reason: Reason, words: String) {
        let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        *turned.entry(reason).or_default() += 1;
        let _ = self.told.try_send(Turned { from, reason, words }); // It is counted anyhow.
    }
}

/// From the first byte to the hello, all of it in one bounded time.
async fn greet(stream: TcpStream, from: SocketAddr, place: Place) {
    let house = &place.house;
    let farewell = Duration::from_millis(LINK_FAREWELL_MS);
    let deadline = Instant::now() + Duration::from_millis(LINK_HELLO_MS);
    match timeout_at(deadline, first_byte(&stream)).await.unwrap_or_else(late) {
        Ok(()) => {}
        Err((reason, words)) => {
            house.turn(from, reason, words);
            let text = line_of_text(reason);
            let mut stream = stream;
            let _ = timeout(farewell, stream.write_all(text.as_bytes())).await;
            return;
        }
    }
    let tls = Arc::clone(&house.tls.lock().unwrap_or_else(PoisonError::into_inner));
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    let mut stream: Stream = match timeout_at(deadline, acceptor.accept(stream)).await {
        Err(_) => return house.turn(from, Reason::Late, String::new()),
        Ok(Err(error)) => return house.turn(from, Reason::NoTrust, error.to_string()),
        Ok(Ok(stream)) => stream.into(),
    };
    let (reason, words) =
        match timeout_at(deadline, known(&mut stream, house, &tls)).await.unwrap_or_else(late) {
            Err(told) => told,
            Ok((line, door, read)) => match door.to.try_send((line, Box::new(stream), read)) {
                Ok(()) => return,
                Err(full) => {
                    stream = *full.into_inner().1;
                    (Reason::Crowded, "its link is busy".to_owned())
                }
            },
        };
    let mut bye = Vec::new();
    put_bye(&mut bye, reason, &words);
    house.turn(from, reason, words);
    let _ = timeout(farewell, async {
        stream.write_all(&bye).await?;
        stream.shutdown().await
    })
    .await;
}

fn late<T>(_: Elapsed) -> Result<T, (Reason, String)> {
    Err((Reason::Late, String::new()))
}

/// Looks at the first byte without taking it.
async fn first_byte(stream: &TcpStream) -> Result<(), (Reason, String)> {
    stream.set_nodelay(true).map_err(why)?;
    let mut first = [0];
    match stream.peek(&mut first).await.map_err(why)? {
        0 => Err((Reason::Cut, String::new())),
        _ if first[0] != TLS_FIRST_BYTE => Err((Reason::PlainText, String::new())),
        _ => Ok(()),
    }
}

/// Reads the hello and finds the link it is for.
async fn known<'a>(
    stream: &mut Stream,
    house: &'a House,
    tls: &ListenTls,
) -> Result<(Line, &'a Door, Vec<u8>), (Reason, String)> {
    let mut bytes = [0; LINK_HELLO_BYTES];
    let ended = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => (Reason::Cut, String::new()),
        _ => why(error),
    };
    let (magic, rest) = bytes.split_at_mut(MAGIC.len());
    stream.read_exact(magic).await.map_err(ended)?;
    if *magic != MAGIC {
        return Err((Reason::NoHello, String::new()));
    }
    stream.read_exact(rest).await.map_err(ended)?;
    let told = |reason| (reason, String::new());
    let hello = Hello::parse(&bytes).map_err(told)?;
    let routes = &house.routes;
    let (_, connection) = stream.get_ref();
    tls.is(hello.from, connection.peer_certificates())?;
    if hello.environment.production != routes.environment.production {
        return Err(told(Reason::WrongKind));
    }
    if hello.environment.id != routes.environment.id {
        return Err(told(Reason::WrongEnvironment));
    }
    if hello.to != routes.party {
        return Err((Reason::WrongParty, format!("this is {}", routes.party)));
    }
    let door = routes.doors.get(&hello.from).ok_or(told(Reason::Stranger))?;
    Ok((hello.line, door, bytes.to_vec()))
}
