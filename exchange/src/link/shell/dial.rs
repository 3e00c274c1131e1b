//! Connections that this side makes.
//!
//! Never tries again by itself: the core says when.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::link::tls::DialTls;
use crate::link::{Line, Reason};

use super::Came;
use super::wire::{Stream, why};

/// Where the other side listens, and what it is dialled with.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The primary line, as `host:port`.
    pub primary: String,
    /// The backup line, if there is one.
    pub backup: Option<String>,
    /// Our certificates, and whom we trust.
    pub tls: DialTls,
}

pub(super) struct Dialler {
    addresses: Addresses,
    time: Duration,
    dialling: JoinSet<Came>,
}

impl Dialler {
    pub(super) fn new(addresses: Addresses, hello_ms: u64) -> Dialler {
        Dialler { addresses, time: Duration::from_millis(hello_ms), dialling: JoinSet::new() }
    }

    /// Dials a line, with other certificates from now on where there are.
    pub(super) fn dial(&mut self, line: Line, renewed: Option<DialTls>) {
        if let Some(tls) = renewed {
            self.addresses.tls = tls;
        }
        let address = match line {
            Line::Primary => Some(self.addresses.primary.clone()),
            Line::Backup => self.addresses.backup.clone(),
        };
        let (tls, time) = (self.addresses.tls.clone(), self.time);
        self.dialling.spawn(async move {
            let late = |_| Err((Reason::Late, "no TLS came of it in its time".to_owned()));
            let stream = timeout(time, connect(address, tls)).await.unwrap_or_else(late);
            Came { line, stream, read: Vec::new() }
        });
    }

    /// The next that came about or failed; `None` while nothing is dialled.
    pub(super) async fn next(&mut self) -> Option<Came> {
        let came = self.dialling.join_next().await?;
        Some(came.expect("dialling neither panics nor is aborted while somebody waits for it"))
    }
}

async fn connect(address: Option<String>, tls: DialTls) -> Result<Stream, (Reason, String)> {
    let address = address.ok_or((Reason::Unreachable, "the line has no address".to_owned()))?;
    tls.connect(&address).await
}

impl DialTls {
    /// A connection to an address, as `host:port`, with our certificate, to nobody but the counterparty.
    ///
    /// # Errors
    /// [`Reason::Unreachable`], [`Reason::NoTrust`] or [`Reason::Cut`], with words.
    pub async fn connect(&self, address: &str) -> Result<Stream, (Reason, String)> {
        let unreachable = |error: std::io::Error| (Reason::Unreachable, error.to_string());
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        Ok(connector.connect(self.name.clone(), stream).await.map_err(why)?.into())
    }
}
