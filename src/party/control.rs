//! People's orders to a party's process, and their looks at it: lines of JSON on loopback, one answer for each.
//!
//! `{"order": "cut-off"}` is answered by `{"done": true}` or `{"refused": "why"}`, `{"look": "status"}` by what is
//! seen.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::voucher::Party;
use exchange::business::Business;
use exchange::node::{Order, OrderRefusal};
use exchange::party::identity::Identity;
use exchange::party::{Inbound, Inbox};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::certificates;
use super::said::Said;
use super::words::{Seen, Words};

/// Longest line that is read.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// Connections of people at once.
const CONNECTIONS_MAX: usize = 16;

/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(600);

/// How long whoever asked may take to read an answer.
const UNREAD: Duration = Duration::from_secs(60);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Says a line to a party's process, and gives its answer.
///
/// # Errors
/// When nobody is there, or the answer is no line of JSON.
pub(crate) fn ask(address: SocketAddr, line: &Value) -> Result<Value> {
    let mut stream = TcpStream::connect(address).with_context(|| {
        format!("nobody hears orders on {address}; start the party, and give its `control`")
    })?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{line}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    serde_json::from_str(&answer).with_context(|| {
        format!("what listens on {address} answers no line of JSON; give the `control` of a party")
    })
}

/// Where a party's keys lie, to be read again when they are renewed.
pub(super) struct Keys {
    /// The directory.
    pub(super) dir: PathBuf,
    /// Whose they are.
    pub(super) party: Party,
}

/// Hears orders on an address; gives the one that was bound.
pub(super) fn listen<B, W>(
    address: SocketAddr,
    inbox: Inbox<B>,
    words: W,
    keys: Keys,
) -> Result<SocketAddr>
where
    B: Business + 'static,
    B::Order: Send + 'static,
    B::Refusal: Send + 'static,
    W: Words<B> + Send + Sync + 'static,
{
    let listener =
        TcpListener::bind(address).with_context(|| format!("cannot hear orders on {address}"))?;
    let bound = listener.local_addr()?;
    let words = Arc::new((words, keys));
    let open = Arc::new(());
    std::thread::Builder::new().name("control".into()).spawn(move || {
        for stream in listener.incoming().flatten() {
            if Arc::strong_count(&open) > CONNECTIONS_MAX {
                turn_away(stream);
                continue;
            }
            let (inbox, words, place) = (inbox.clone(), Arc::clone(&words), Arc::clone(&open));
            let heard = std::thread::Builder::new().name("control".into()).spawn(move || {
                let _place = place;
                let (words, keys) = words.as_ref();
                hear(stream, &inbox, words, keys)
            });
            if heard.is_err() {
                tracing::warn!("the system gives no thread for another connection of people");
            }
        }
    })?;
    Ok(bound)
}

/// Stops the party at the first SIGTERM or SIGINT; a second one ends the process at once.
pub(super) fn stop_on_signals<B>(inbox: Inbox<B>) -> Result<()>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            let (Ok(mut terminate), Ok(mut interrupt)) =
                (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
            else {
                return;
            };
            let mut first = true;
            loop {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
                if !std::mem::take(&mut first) {
                    std::process::exit(1);
                }
                let _ = inbox.send(Inbound::Stop);
            }
        });
    })?;
    Ok(())
}

/// Says why nobody listens, and ends the connection.
fn turn_away(mut stream: TcpStream) {
    let why = format!("{CONNECTIONS_MAX} connections are open here; end one first");
    let line = format!("{}\n", json!({ "refused": why }));
    // A new socket has room for a line; where it has not, the connection just ends.
    let _ = stream.set_nonblocking(true).and_then(|()| stream.write_all(line.as_bytes()));
}

fn hear<B, W>(stream: TcpStream, inbox: &Inbox<B>, words: &W, keys: &Keys) -> Option<()>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
    W: Words<B>,
{
    stream.set_read_timeout(Some(SILENCE)).ok()?;
    stream.set_write_timeout(Some(UNREAD)).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        let read = (&mut reader).take(LINE_BYTES_MAX).read_line(&mut line).ok()?;
        if read as u64 == LINE_BYTES_MAX && !line.ends_with('\n') {
            let why = format!("this line has more than {LINE_BYTES_MAX} bytes; say less at once");
            let _ = writer.write_all(format!("{}\n", json!({ "refused": why })).as_bytes());
            return None;
        }
        if read == 0 || !line.ends_with('\n') {
            return None;
        }
        let answer = match serde_json::from_str(&line) {
            Ok(said) => answer(&said, inbox, words, keys),
            Err(error) => json!({ "refused": format!("this is no line of JSON: {error}") }),
        };
        writer.write_all(format!("{answer}\n").as_bytes()).ok()?;
    }
}

fn answer<B, W>(said: &Value, inbox: &Inbox<B>, words: &W, keys: &Keys) -> Value
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
    W: Words<B>,
{
    let said = &Said::of(said);
    let done = match (said.at("order").as_str(), said.at("look").as_str()) {
        (Some("renew-keys"), None) => renew(keys, inbox),
        (Some(order), None) => give(words, order, said, inbox).map(|()| json!({ "done": true })),
        (None, Some(look)) => see(words, look, said, inbox),
        _ => Err("give either `order` or `look`, with a name".to_owned()),
    };
    done.unwrap_or_else(|why| json!({ "refused": why }))
}

fn give<B, W>(words: &W, order: &str, said: &Said<'_>, inbox: &Inbox<B>) -> Result<(), String>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
    W: Words<B>,
{
    let orders = words.orders(order, said)?;
    said.is_understood(order)?;
    for order in orders {
        ordered(inbox, order)?;
    }
    Ok(())
}

/// Gives a party an order and waits for its answer.
fn ordered<B: Business + 'static>(inbox: &Inbox<B>, order: Order<B::Order>) -> Result<(), String>
where
    B::Refusal: Send,
{
    let (answer, answered) = channel();
    let told = Box::new(move |told: Result<(), OrderRefusal<B::Refusal>>| {
        let _ = answer.send(told.map_err(|refusal| refusal.to_string()));
    });
    let gone = || "the party has ended".to_owned();
    inbox.send(Inbound::Order { order, answered: told }).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

fn see<B, W>(words: &W, look: &str, said: &Said<'_>, inbox: &Inbox<B>) -> Result<Value, String>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
    W: Words<B>,
{
    at_its_turn(words.look(look, said)?, inbox)
}

/// Has a party seal with the keys that lie in its directory now.
fn renew<B>(keys: &Keys, inbox: &Inbox<B>) -> Result<Value, String>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
{
    let identity = Identity::read(&keys.dir, keys.party).map_err(|error| error.to_string())?;
    at_its_turn(Box::new(move |node, _| certificates::renew(node, &identity)), inbox)
}

/// Does something with a party's node between two of its turns, and waits for what comes of it.
fn at_its_turn<B>(what: Seen<B>, inbox: &Inbox<B>) -> Result<Value, String>
where
    B: Business + 'static,
    B::Order: Send,
    B::Refusal: Send,
{
    let (answer, answered) = channel();
    let seen = Box::new(
        move |node: &mut exchange::party::RunningNode<B>, lines: &exchange::party::lines::Lines| {
            let _ = answer.send(what(node, lines));
        },
    );
    let gone = || "the party has ended".to_owned();
    inbox.send(Inbound::Look(seen)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}
