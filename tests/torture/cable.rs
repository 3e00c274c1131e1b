//! Desks behind a cable that is cut: two networks of the system (namespaces) and a pair of virtual
//! interfaces between them. The server listens on the loopback of one of them, as it must, and that
//! one lets the desks of the other through to it.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;

use domain::{Code, Role};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::json;

use crate::Settings;
use crate::harness::bystander::{Bystander, HIS_FEN};
use crate::harness::desk::Desk;
use crate::harness::server::{Options, sound};
use crate::harness::vanish::{Cut, Dropped, Peers, Vanished, peers_vanish};
use crate::harness::{Chance, orders};
use crate::verdict::{Outcome, Told};

/// Rounds in which peers vanish: enough to tell a server that keeps something of each from an allocator
/// that keeps once what all of one round held.
const ROUNDS: u64 = 12;

/// Cuts that are mended before anybody is given up.
const SHORT_CUTS: u128 = 5;

/// The name of each end of the cable, where it is.
const END: &str = "cable";

const SERVER_END: &str = "10.77.0.1";
const DESKS_END: &str = "10.77.0.2/24";

/// Two networks and a cable. Taken away when dropped.
struct Cable {
    server: String,
    desks: String,
}

impl Cable {
    /// Lays one; says why, where that cannot be done here.
    fn lay() -> Result<Cable, String> {
        let name = |of: &str| format!("treasury-{}-{of}", std::process::id());
        let cable = Cable { server: name("server"), desks: name("desks") };
        let (server, desks) = (cable.server.as_str(), cable.desks.as_str());
        ip(&["netns", "add", server])?;
        ip(&["netns", "add", desks])?;
        ip(&["-n", server, "link", "set", "lo", "up"])?;
        let other = ["peer", "name", END, "netns", desks];
        ip(&[&["link", "add", END, "netns", server, "type", "veth"], &other[..]].concat())?;
        // Loopback addresses pass through these two interfaces, and through no others.
        inside(server, pass_loopback)?;
        inside(desks, pass_loopback)?;
        let own = format!("{SERVER_END}/24");
        ip(&["-n", server, "address", "add", &own, "dev", END])?;
        ip(&["-n", server, "link", "set", END, "up"])?;
        ip(&["-n", desks, "address", "add", DESKS_END, "dev", END])?;
        cable.plug_in()?;
        Ok(cable)
    }

    fn plug_in(&self) -> Result<(), String> {
        ip(&["-n", &self.desks, "link", "set", END, "up"])?;
        ip(&["-n", &self.desks, "route", "add", "127.0.0.1/32", "via", SERVER_END, "dev", END])
    }

    fn pull(&self) {
        ip(&["-n", &self.desks, "link", "set", END, "down"]).expect("a cable can be pulled");
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for network in [&self.server, &self.desks] {
            if let Err(why) = ip(&["netns", "delete", network]) {
                eprintln!("the network {network} stays: {why}");
            }
        }
    }
}

impl Cut for Cable {
    fn there<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        inside(&self.desks, what)
    }

    fn cut(&self, _: &Peers) {
        self.pull();
    }

    fn mend(&self) {
        self.plug_in().expect("a cable can be plugged in");
    }
}

/// Runs `ip` of iproute2; says why, where that does not work here.
fn ip(arguments: &[&str]) -> Result<(), String> {
    match Command::new("ip").args(arguments).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("ip {}: {}", arguments.join(" "), said.trim()))
        }
        Err(error) => Err(format!("ip cannot be run ({error}): apt-get install iproute2")),
    }
}

/// Does something in one of the networks: threads and programs that it starts are there too.
fn inside<T: Send>(network: &str, what: impl FnOnce() -> T + Send) -> T {
    let network = File::open(format!("/run/netns/{network}")).expect("a network that was made");
    std::thread::scope(|scope| {
        let there = scope.spawn(|| {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))
                .expect("whoever makes networks may enter them");
            what()
        });
        there.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn pass_loopback() -> Result<(), String> {
    let setting = format!("/proc/sys/net/ipv4/conf/{END}/route_localnet");
    std::fs::write(&setting, "1").map_err(|error| format!("cannot write {setting}: {error}"))
}

/// Peers on the server's own machine whose system says nothing more.
pub(crate) fn vanished(settings: &Settings, _: &mut Chance) -> Outcome {
    Ok(told("dropped", &peers_vanish(&Dropped, settings.vanishing, ROUNDS)))
}

/// The cable is cut: for good, as far as the peers are concerned, and for a moment.
pub(crate) fn cut(settings: &Settings, _: &mut Chance) -> Outcome {
    let cable = Cable::lay().map_err(|why| format!("no cable can be laid here: {why}"))?;
    let server = cable.server.clone();
    inside(&server, || short_cuts(&cable));
    let vanished = inside(&server, || peers_vanish(&cable, settings.vanishing.max(1), ROUNDS));
    Ok(told("cut", &vanished))
}

fn told(how: &str, vanished: &Vanished) -> Told {
    let Vanished { peers, payments, beside, grown_kib } = vanished;
    let line = format!(
        "{peers} peers vanished ({how}) and were given up; {payments} payments known to those who \
         came back; {beside} paid beside them"
    );
    let figures = json!({ "peers": peers, "payments": payments, "beside": beside,
        "grown_kib": grown_kib });
    Told { line, figures }
}

/// A cut that is mended within the bound breaks no connection: what was sent arrives.
fn short_cuts(cable: &Cable) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let quotas = orders::found_with(server.address, 5, 2, HIS_FEN);
    let bystander = Bystander::beside(server.address, quotas[0]);
    let mut desk = cable.there(|| Desk::connect(server.address, Role::Maker));
    for payment in 1..=SHORT_CUTS {
        cable.pull();
        let reserve = [(orders::reserve(payment, quotas[1], 1), protocol::Flags::default())];
        let sent = desk.send(&reserve).and_then(|request| {
            bystander.must_go_on(50);
            cable.mend();
            desk.results(request)
        });
        let told = sent.unwrap_or_else(|lost| panic!("a short cut broke it: {lost:?}"));
        assert_eq!(told[0].code(), Code::Accepted);
    }
    bystander.leave();
    server.stop();
    sound(dir.path());
}
