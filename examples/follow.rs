//! Follows what is committed, and goes on where it was after any stop.
//!
//! ```sh
//! cargo run --example follow -- 127.0.0.1:7370 [cursor.txt] [limit]
//! ```
//!
//! Prints each event as it is committed. The cursor is kept beside what was taken in, with the
//! sequence of the last event: events behind the cursor may come again, and are taken once.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use domain::Role;
use domain::ids::ChannelId;
use protocol::client::{EventFrame, Options};
use protocol::json::event_json;
use protocol::{Client, Cursor, Hello, Position, Subscribe};
use storage::event_record;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:7370".to_owned());
    let kept = arguments.next().unwrap_or_else(|| "cursor.txt".to_owned());
    let limit = arguments.next().map_or(Ok(0), |limit| limit.parse());
    let followed = limit.map_err(Into::into).and_then(|limit| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run(&address, Path::new(&kept), limit, &mut std::io::stdout()))
    });
    match followed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Follows until so many events were told; zero: for ever.
pub(crate) async fn run(address: &str, kept: &Path, limit: u64, out: &mut dyn Write) -> Result<()> {
    let hello = Hello::new(Role::Operator, ChannelId(9), "follow");
    let client = Client::connect(address, hello, Options::default()).await?;
    let (mut cursor, mut handled) = read_kept(kept)?;
    let subscribe = Subscribe { cursor, limit: 0, events: Vec::new() };
    let mut subscription = client.subscribe(subscribe).await?;
    let mut told = 0;
    while let Some(frame) = subscription.next().await? {
        for (sequence, line) in lines(&frame, handled)? {
            writeln!(out, "{line}")?;
            (handled, told) = (sequence, told + 1);
            keep(kept, &cursor, handled)?;
            if told == limit {
                return Ok(());
            }
        }
        cursor = frame.cursor;
        keep(kept, &cursor, handled)?;
    }
    Ok(())
}

/// The events of a frame behind the last one that was handled, as JSON.
fn lines(frame: &EventFrame, handled: u64) -> Result<Vec<(u64, String)>> {
    let mut lines = Vec::new();
    for record in frame.records() {
        let Position { epoch, sequence } = record.position;
        if sequence <= handled {
            continue;
        }
        let position = storage::position::Position { epoch, sequence };
        let (kind, version, body) = (record.kind, record.version, record.body);
        let record_ref = storage::record::RecordRef { kind, version, body, position };
        let mut ids = Vec::new();
        let event = event_record::decode(&record_ref, &mut ids)?;
        lines.push((sequence, event_json(&event, record.position).to_string()));
    }
    Ok(lines)
}

fn read_kept(kept: &Path) -> Result<(Cursor, u64)> {
    if !kept.exists() {
        return Ok((Cursor::START, 0));
    }
    let text = std::fs::read_to_string(kept)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let [epoch, sequence, hash, handled] = words[..] else {
        return Err(format!("{} is no cursor: remove it to begin anew", kept.display()).into());
    };
    let position = Position { epoch: epoch.parse()?, sequence: sequence.parse()? };
    let mut group_hash = [0; 32];
    for (index, byte) in group_hash.iter_mut().enumerate() {
        let digits = hash.get(2 * index..2 * index + 2).ok_or("the cursor's hash is short")?;
        *byte = u8::from_str_radix(digits, 16)?;
    }
    Ok((Cursor { position, group_hash }, handled.parse()?))
}

/// In one step: a crash leaves the old file or the new one.
fn keep(kept: &Path, cursor: &Cursor, handled: u64) -> Result<()> {
    let hash: String = cursor.group_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let Position { epoch, sequence } = cursor.position;
    let fresh = kept.with_extension("new");
    std::fs::write(&fresh, format!("{epoch} {sequence} {hash} {handled}\n"))?;
    Ok(std::fs::rename(fresh, kept)?)
}
