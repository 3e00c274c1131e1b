//! A connection in JSON lines.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::PATIENCE;

/// One connection.
pub(crate) struct Lines {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Lines {
    /// Connects and says nothing.
    pub(crate) fn silent(address: SocketAddr) -> Lines {
        let stream = TcpStream::connect(address).expect("the server takes a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        let reader = BufReader::new(stream.try_clone().expect("a socket can be shared"));
        Lines { stream, reader }
    }

    /// Connects and is welcomed.
    pub(crate) fn connect(address: SocketAddr, role: &str) -> Lines {
        let mut lines = Lines::silent(address);
        lines.send(&json!({ "hello": { "role": role, "channel": 7, "name": "test" } }).to_string());
        let welcome = lines.line().expect("a welcome");
        assert!(welcome["welcome"].is_object(), "{welcome}");
        lines
    }

    /// Sends a line.
    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    /// Sends any bytes.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server takes bytes");
    }

    /// The next line as it is; `None` at the end.
    pub(crate) fn text(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("no answer for {PATIENCE:?}")
            }
            Err(_) => None,
        }
    }

    /// The next line as an object; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<Value> {
        let text = self.text()?;
        Some(serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}")))
    }

    /// Sends a line and hears the next.
    pub(crate) fn ask(&mut self, line: &str) -> Value {
        self.send(line);
        self.line().expect("an answer")
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}
