//! A party on a thread of its own: its node over a journal on the disk, and channels instead of sockets.
//!
//! The loop is that of `exchange::party::run`: what has come goes into one turn, and what the turn gave out
//! is handed on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::ids::Day;
use domain::voucher::{Party, SealPlace};
use exchange::business::Business;
use exchange::certificates::Certificate;
use exchange::envelope::Seals;
use exchange::limits::PARTY_INPUTS_MAX;
use exchange::node::{CanonicalPayloads, Input, JournalLog, KeyRing, Means, Node, Order};
use exchange::party::opening::{NewJournal, fold};
use exchange::signing::{CertificateId, Ed25519Signer, Ed25519Verifier, Signer};
use exchange::store::LanePolicy;
use rustix::time::ClockId;

use crate::meter::{Noted, time_of};

/// A node whose stages are noted.
pub(crate) type Measured<B> = Node<Noted<B>, Noted<JournalLog>>;

/// What one party tells another.
pub(crate) enum Link {
    Messages { from: Party, first: u64, messages: Vec<Vec<u8>> },
    Acknowledged { by: Party, through: u64 },
}

/// What comes to a party.
pub(crate) enum Came<O> {
    Link(Link),
    Line {
        party: Party,
        up: bool,
    },
    Order(Order<O>),
    /// What is followed, with how far.
    Follow(u64, Vec<O>),
    Stop,
}

/// Where a counterparty is told.
pub(crate) type Tell = Box<dyn Fn(Link) + Send>;

/// Whose keys: a seal under the province's root.
pub(crate) struct Keys {
    pub(crate) party: Party,
    seal: Arc<dyn Signer>,
    certificate: (CertificateId, Vec<u8>),
}

fn root() -> Ed25519Signer {
    Ed25519Signer::from_secret(&[99; 32], CertificateId([0; 16]))
}

impl Keys {
    /// Keys that follow from a seed.
    pub(crate) fn new(party: Party, seed: u8, today: Day) -> Keys {
        let signer = Ed25519Signer::from_secret(&[seed; 32], CertificateId([0; 16]));
        let certificate = Certificate {
            party,
            holder: "业务专用章".to_owned(),
            seals: SealPlace::ALL.iter().fold(Seals::NONE, |all, place| all.with(*place)),
            first: today,
            last: today,
            key: signer.public_key(),
        };
        let id = certificate.id();
        let bytes = certificate.issued_by(&root()).expect("a key in memory signs");
        Keys { party, seal: Arc::new(signer.named(id)), certificate: (id, bytes) }
    }
}

/// What a start found.
pub(crate) struct Start {
    pub(crate) records: u64,
    pub(crate) took: Duration,
    pub(crate) core: Duration,
}

/// Opens a party's journal, made if there is none.
pub(crate) fn open<B: Business>(
    dir: &Path,
    keys: &Keys,
    business: B,
    threads: usize,
) -> (Measured<B>, Start) {
    let (begun, core) = (time_of(ClockId::Monotonic), time_of(ClockId::ProcessCPUTime));
    std::fs::create_dir_all(dir).expect("a directory can be made");
    let new = NewJournal { id: 7, hash_key: [3; 16] };
    let folded = fold(dir, keys.party, &root().public_key(), new, Noted(business), 0);
    let folded = folded.unwrap_or_else(|error| panic!("{}: {error}", keys.party));
    let start = Start {
        records: folded.records,
        took: time_of(ClockId::Monotonic) - begun,
        core: time_of(ClockId::ProcessCPUTime) - core,
    };
    let means = Means {
        payloads: Box::new(Noted(CanonicalPayloads)),
        keys: KeyRing::new(Arc::new(Noted(Arc::clone(&keys.seal)))),
        verifier: Box::new(Noted(Ed25519Verifier::on_threads(threads))),
        lanes: LanePolicy::default(),
        threads,
    };
    (folded.folding.onto(Noted(folded.log), means), start)
}

/// Begins the first day and files everybody's certificates.
pub(crate) fn begin<B: Business>(node: &mut Measured<B>, today: Day, all: &[Keys]) {
    let by = |who: &str| who.to_owned();
    let mut orders = vec![Order::BeginDay(today)];
    for Keys { certificate: (id, bytes), .. } in all {
        orders.push(Order::FileCertificate { bytes: bytes.clone(), by: by("王") });
        orders.push(Order::VerifyCertificate { id: *id, by: by("李") });
    }
    give(node, orders);
}

/// Gives orders, each of which is taken.
pub(crate) fn give<B: Business>(node: &mut Measured<B>, orders: Vec<Order<B::Order>>) {
    let inputs = orders.into_iter().map(|order| Input::Order { ticket: 0, order }).collect();
    let output = node.turn(inputs, 0).expect("a journal on the disk");
    for (_, answer) in output.answers {
        answer.unwrap_or_else(|refusal| panic!("{refusal}"));
    }
}

/// A channel to a party that is about to run.
pub(crate) fn inbox<O>() -> (Sender<Came<O>>, Receiver<Came<O>>) {
    channel()
}

/// A party's thread: gives the node back, and its own core time.
pub(crate) type Running<B> = JoinHandle<(Measured<B>, Duration)>;

/// Runs a party until it is told to stop. `after` sees the node after each turn, and gives what goes into the next.
pub(crate) fn run<B>(
    mut node: Measured<B>,
    inbox: Receiver<Came<B::Order>>,
    peers: BTreeMap<Party, Tell>,
    mut after: impl FnMut(&Measured<B>) -> Vec<Input<B::Order>> + Send + 'static,
) -> Running<B>
where
    B: Business + Send + 'static,
    B::Order: Send,
{
    let name = node.store().me().to_string();
    let body = move || {
        let mut told: BTreeMap<Party, u64> = BTreeMap::new();
        let (mut inputs, mut stops) = (Vec::new(), false);
        while !stops || !inputs.is_empty() {
            let mut came = Vec::new();
            if inputs.is_empty() {
                came.push(inbox.recv().expect("whoever made this party stops it"));
            }
            came.extend(inbox.try_iter().take(PARTY_INPUTS_MAX));
            for one in came {
                match one {
                    Came::Link(Link::Messages { from, first, messages }) => {
                        inputs.push(Input::Messages { from, first, messages });
                    }
                    Came::Link(Link::Acknowledged { by, through }) => {
                        inputs.push(Input::Acknowledged { by, through });
                    }
                    Came::Line { party, up } => inputs.push(Input::Line { party, up }),
                    Came::Order(order) => inputs.push(Input::Order { ticket: 0, order }),
                    Came::Follow(read, orders) => {
                        inputs.push(Input::Follow { cursor: read.to_le_bytes().to_vec(), orders });
                    }
                    Came::Stop => stops = true,
                }
            }
            if inputs.is_empty() {
                continue;
            }
            turn(&mut node, std::mem::take(&mut inputs), &peers, &mut told);
            inputs = after(&node);
        }
        (node, time_of(ClockId::ThreadCPUTime))
    };
    std::thread::Builder::new().name(name).spawn(body).expect("the system gives threads")
}

/// One turn, and what it gave out handed on.
fn turn<B: Business>(
    node: &mut Measured<B>,
    inputs: Vec<Input<B::Order>>,
    peers: &BTreeMap<Party, Tell>,
    told: &mut BTreeMap<Party, u64>,
) {
    let me = node.store().me();
    let output = node.turn(inputs, 0).expect("a journal on the disk");
    for (_, answer) in output.answers {
        answer.unwrap_or_else(|refusal| panic!("{me}: {refusal}"));
    }
    for (peer, through) in output.offered {
        let last = told.entry(peer).or_default();
        let first = *last + 1;
        let message = |number| {
            let message = node.message(peer, number).expect("a journal on the disk");
            message.expect("what was offered is there")
        };
        let messages: Vec<Vec<u8>> = (first..=through).map(message).collect();
        *last = through;
        peers[&peer](Link::Messages { from: me, first, messages });
    }
    for (peer, through) in output.kept {
        peers[&peer](Link::Acknowledged { by: me, through });
    }
}
