//! The metrics over plain HTTP, for a Prometheus on this machine. One page, GET alone.
//!
//! Every connection is answered once and closed. Their number, the bytes of a request and the time
//! for all of it are bounded, so that nobody who asks for figures costs a payment anything.

use std::sync::Arc;
use std::time::Duration;

use actors::limits::{METRICS_CONNECTIONS_MAX, METRICS_EXCHANGE_MS_MAX, METRICS_REQUEST_BYTES_MAX};
use actors::metrics::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::connection::AcceptPause;

/// The content type of Prometheus' text form.
const TEXT_FORM: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves the page until it is dropped.
pub(super) async fn serve(listener: TcpListener, metrics: Arc<Metrics>) {
    let places = Arc::new(Semaphore::new(METRICS_CONNECTIONS_MAX));
    let mut pause = AcceptPause::default();
    loop {
        // Whoever comes while all places are taken waits in the system's queue.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                pause.reset();
                let metrics = Arc::clone(&metrics);
                actix::spawn(async move {
                    let limit = Duration::from_millis(METRICS_EXCHANGE_MS_MAX);
                    // A scraper that breaks off or is slow has nothing to hear.
                    let _ = tokio::time::timeout(limit, exchange(stream, &metrics)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be accepted");
                pause.wait().await;
            }
        }
    }
}

async fn exchange(mut stream: TcpStream, metrics: &Metrics) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut whole = false;
    while !whole && request.len() < METRICS_REQUEST_BYTES_MAX {
        let room = (METRICS_REQUEST_BYTES_MAX - request.len()) as u64;
        if (&mut stream).take(room).read_buf(&mut request).await? == 0 {
            break;
        }
        whole = request.windows(4).any(|bytes| bytes == b"\r\n\r\n");
    }
    let answer = if whole { answer(&request, metrics) } else { said("400 Bad Request", "", "") };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The whole answer to a request whose head has come.
fn answer(request: &[u8], metrics: &Metrics) -> String {
    let line = request.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let words: Vec<&str> =
        std::str::from_utf8(line).map(|line| line.split(' ').collect()).unwrap_or_default();
    match words[..] {
        ["GET", "/metrics", version] if version.starts_with("HTTP/1.") => {
            said("200 OK", "", &metrics.to_text())
        }
        ["GET", _, version] if version.starts_with("HTTP/1.") => {
            said("404 Not Found", "", "the one page is /metrics\n")
        }
        [_, _, version] if version.starts_with("HTTP/1.") => {
            said("405 Method Not Allowed", "Allow: GET\r\n", "")
        }
        _ => said("400 Bad Request", "", ""),
    }
}

fn said(status: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{more}Content-Type: {TEXT_FORM}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_get_of_the_one_page_gives_figures() {
        let metrics = Metrics::default();
        let status = |request: &str| {
            let answer = answer(request.as_bytes(), &metrics);
            assert_eq!(answer.contains("treasury_"), answer.starts_with("HTTP/1.1 200"));
            answer.split(' ').nth(1).map(str::to_owned)
        };
        let of = |code: &str| Some(code.to_owned());
        assert_eq!(status("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), of("200"));
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), of("404"));
        assert_eq!(status("POST /metrics HTTP/1.1\r\n\r\n"), of("405"));
        assert_eq!(status("GET /metrics\r\n\r\n"), of("400"));
        assert_eq!(status("GET /metrics HTTP/2\r\n\r\n"), of("400"));
        assert_eq!(status("\r\n\r\n"), of("400"));
    }
}
