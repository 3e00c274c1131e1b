//! A TCP proxy that a test tells to cut, to fall silent or to let nobody in.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a proxy is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Connections that were made while this was less are cut.
    cuts: u64,
    /// New connections are closed at once.
    pub(crate) refuses: bool,
    /// What the dialling side says is read, and dropped.
    pub(crate) swallows_to: bool,
    /// What the listening side says is read, and dropped.
    pub(crate) swallows_back: bool,
    /// What the dialling side says is not read any more, so that buffers fill.
    pub(crate) stalls_to: bool,
}

pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    weather: watch::Sender<Weather>,
}

impl Proxy {
    pub(crate) async fn to(target: SocketAddr) -> Proxy {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let (weather, hears) = watch::channel(Weather::default());
        tokio::spawn(async move {
            while let Ok((near, _)) = socket.accept().await {
                let weather = hears.clone();
                if !weather.borrow().refuses {
                    tokio::spawn(carry(near, target, weather));
                }
            }
        });
        Proxy { address, weather }
    }

    pub(crate) fn set(&self, change: impl FnOnce(&mut Weather)) {
        self.weather.send_modify(change);
    }

    /// Ends every connection there is.
    pub(crate) fn cut(&self) {
        self.set(|weather| weather.cuts += 1);
    }
}

async fn carry(near: TcpStream, target: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let born = weather.borrow().cuts;
    let Ok(far) = TcpStream::connect(target).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let to =
        pump(near_in, far_out, weather.clone(), |weather| (weather.swallows_to, weather.stalls_to));
    let back = pump(far_in, near_out, weather.clone(), |weather| (weather.swallows_back, false));
    tokio::select! {
        _ = weather.wait_for(|weather| weather.cuts != born) => {}
        () = to => {}
        () = back => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    faults: fn(&Weather) -> (bool, bool),
) {
    let (mut buffer, mut lost) = (vec![0; 65_536], false);
    loop {
        if weather.wait_for(|weather| !faults(weather).1).await.is_err() {
            return;
        }
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        // A connection that has lost bytes never gets well.
        lost |= faults(&weather.borrow()).0;
        if !lost && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
