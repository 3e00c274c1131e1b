//! A cable that can be cut: it carries what comes to one address on to another.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

/// Bytes that are carried on at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Both ends of what is being carried, and whether anything is.
#[derive(Default)]
struct Carried {
    is_cut: bool,
    ends: Vec<TcpStream>,
}

/// A cable from an address of its own to another one.
pub(crate) struct Cable {
    address: SocketAddr,
    carried: Arc<Mutex<Carried>>,
}

impl Cable {
    /// Lays a cable to an address.
    pub(crate) fn to(there: SocketAddr) -> Result<Cable> {
        let listener = TcpListener::bind("127.0.0.1:0").context("a cable cannot be laid")?;
        let address = listener.local_addr()?;
        let carried = Arc::new(Mutex::new(Carried::default()));
        let of_thread = Arc::clone(&carried);
        thread::Builder::new().name("cable".into()).spawn(move || {
            for here in listener.incoming().flatten() {
                // One that cannot be carried is closed, as by a cut.
                let _ = carry(here, there, &of_thread);
            }
        })?;
        Ok(Cable { address, carried })
    }

    /// Where it begins.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts it: what is on its way is lost, and nothing new is carried.
    pub(crate) fn cut(&self) {
        let mut carried = self.carried.lock().unwrap_or_else(PoisonError::into_inner);
        carried.is_cut = true;
        for end in carried.ends.drain(..) {
            // It may have ended already.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Mends it.
    pub(crate) fn mend(&self) {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner).is_cut = false;
    }
}

fn carry(here: TcpStream, there: SocketAddr, carried: &Mutex<Carried>) -> std::io::Result<()> {
    let there = TcpStream::connect(there)?;
    let (from_here, from_there) = (here.try_clone()?, there.try_clone()?);
    let mut carried = carried.lock().unwrap_or_else(PoisonError::into_inner);
    if carried.is_cut {
        return Ok(());
    }
    carried.ends.extend([from_here.try_clone()?, from_there.try_clone()?]);
    thread::Builder::new().name("cable-out".into()).spawn(move || pass(from_here, there))?;
    thread::Builder::new().name("cable-back".into()).spawn(move || pass(from_there, here))?;
    Ok(())
}

/// Passes bytes on until either end is gone.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
