//! A connection for the commands that ask and never change anything.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use domain::Code;
use domain::codes::Role;
use domain::ids::ChannelId;
use protocol::client::Options;
use protocol::{Client, ClientError, Hello};

use crate::exit::{Exit, Failure};

/// The channel of this command line: questions, papers and imports go by it.
pub(super) const CHANNEL: ChannelId = ChannelId(1);

/// How long a question to the directory may last, waiting and asking again included: an earlier
/// state is folded from the journal's first record.
const PATIENCE: Duration = Duration::from_secs(120);

/// Connects, asks, and hands back what was answered.
///
/// # Errors
/// When the server cannot be reached or turns the question away.
pub(super) fn ask<T>(
    address: SocketAddr,
    question: impl AsyncFnOnce(&Client) -> Result<T, ClientError>,
) -> Result<T> {
    ask_within(address, Options::default(), question)
}

/// As [`ask`], for questions to the directory: those may wait.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_patiently<T>(
    address: SocketAddr,
    question: impl AsyncFnOnce(&Client) -> Result<T, ClientError>,
) -> Result<T> {
    ask_within(address, Options { deadline: PATIENCE, ..Options::default() }, question)
}

/// The answer, or nothing where the server knows nothing under an id.
///
/// # Errors
/// Every other error.
pub(super) fn known<T>(answer: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ClientError::Server(said)) if said.code == Code::NotFound && said.detail.is_empty() => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn ask_within<T>(
    address: SocketAddr,
    options: Options,
    question: impl AsyncFnOnce(&Client) -> Result<T, ClientError>,
) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(async { question(&connect(address, options).await?).await });
    asked.map_err(failure)
}

/// A connection for a command that has a runtime of its own.
///
/// # Errors
/// When the server cannot be reached or turns it away.
pub(super) async fn client(address: SocketAddr) -> Result<Client> {
    connect(address, Options::default()).await.map_err(failure)
}

async fn connect(address: SocketAddr, options: Options) -> Result<Client, ClientError> {
    let hello = Hello::new(Role::Operator, CHANNEL, "treasury");
    Client::connect(address.to_string(), hello, options).await
}

/// The error that ends a command whose question was not answered.
pub(super) fn failure(error: ClientError) -> anyhow::Error {
    let exit = match error {
        ClientError::Server(_) => Exit::Refused,
        _ => Exit::Unreachable,
    };
    // Its text says what lies beneath it already.
    Failure::new(exit, anyhow::anyhow!("{error}")).into()
}
