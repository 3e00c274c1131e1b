//! Peers that vanish without a word, as when a cable is cut: their places are given back, and one
//! who comes again hears what he had not heard.
//!
//! The server runs in a network of its own at the far end of a virtual cable. That takes root and
//! `ip`, and as long as the system gives a silent peer: a minute and a half.

use std::process::Command;

use domain::{Code, Role};
use rustix::process::Signal;
use serde_json::json;

use crate::harness::bystander::HIS_FEN;
use crate::harness::desk::{CHANNEL, Desk};
use crate::harness::server::{Options, sound};
use crate::harness::{Chance, orders, wait_for};
use crate::verdict::{Outcome, Told};
use crate::{Settings, part};

/// Peers that are idle when they vanish, and as many that are owed an answer.
const PEERS: u64 = 20;

/// Waits of a minute each until their places must have been given back.
const MINUTES: u32 = 3;

/// A network with a server's end of a cable in it.
struct Cable {
    name: String,
    ours: String,
}

fn ip(arguments: &str) -> Result<(), String> {
    match Command::new("ip").args(arguments.split(' ')).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Err(format!("ip cannot be run ({error}): apt-get install iproute2")),
    }
}

impl Cable {
    fn lay() -> Result<Cable, String> {
        let process = std::process::id();
        let (name, ours) = (format!("treasury{process}"), format!("ty{process}"));
        ip(&format!("netns add {name}"))?;
        let cable = Cable { name, ours };
        let Cable { name, ours } = &cable;
        ip(&format!("link add {ours} type veth peer name far netns {name}"))?;
        ip(&format!("addr add 10.213.77.1/30 dev {ours}"))?;
        ip(&format!("link set {ours} up"))?;
        ip(&format!("-n {name} addr add 10.213.77.2/30 dev far"))?;
        ip(&format!("-n {name} link set far up"))?;
        ip(&format!("-n {name} link set lo up"))?;
        Ok(cable)
    }

    fn set(&self, state: &str) {
        ip(&format!("link set {} {state}", self.ours)).expect("a cable that was laid");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        // What was not laid cannot be taken away.
        let _ = ip(&format!("link del {}", self.ours));
        let _ = ip(&format!("netns del {}", self.name));
    }
}

pub(crate) fn vanished_peers(_: &Settings, _: &mut Chance) -> Outcome {
    let cable = Cable::lay()?;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let beneath = ["ip", "netns", "exec", &cable.name].map(str::to_owned).to_vec();
    let options = Options { beneath, ..Options::new(dir.path()) };
    let server = options.with("--listen", "10.213.77.2:0").start();
    let quota = orders::found_with(server.address, 9, 1, HIS_FEN)[0];
    let before = server.sockets();
    let idle: Vec<Desk> = (0..PEERS).map(|_| Desk::connect(server.address, Role::Maker)).collect();
    let mut owed: Vec<Desk> =
        (0..PEERS).map(|_| Desk::connect(server.address, Role::Maker)).collect();
    let connected = before + 2 * PEERS as usize;
    wait_for("all are connected", || (server.sockets() == connected).then_some(()));
    // What they ask for arrives, and is decided when nobody can be answered any more.
    server.signal(Signal::STOP);
    for (payment, desk) in owed.iter_mut().enumerate() {
        let command = orders::reserve(1 + payment as u128, quota, 1);
        desk.send(&[(command, protocol::Flags::default())]).expect("a frame is taken");
    }
    cable.set("down");
    server.signal(Signal::CONT);
    part!("{} peers have vanished", 2 * PEERS);
    let given_back = (0..MINUTES).any(|_| patiently(|| server.sockets() <= before));
    assert!(given_back, "after {MINUTES} minutes {} sockets are open", server.sockets());
    drop((idle, owed));
    cable.set("up");
    let mut again =
        wait_for("the cable", || Desk::try_connect(server.address, Role::Maker, CHANNEL).ok());
    for payment in 0..PEERS {
        let told = again.one(&orders::reserve(1 + u128::from(payment), quota, 1));
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, true), "{told:?}");
    }
    drop(again);
    server.stop();
    sound(dir.path());
    let line = format!(
        "{PEERS} idle peers and {PEERS} with an answer due vanished: places given back, answers kept"
    );
    Ok(Told { line, figures: json!({ "peers": 2 * PEERS }) })
}

/// Looks for a minute.
fn patiently(mut look: impl FnMut() -> bool) -> bool {
    for _ in 0..600 {
        if look() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    false
}
