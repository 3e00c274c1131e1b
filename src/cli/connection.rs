//! A connection for the commands that ask and never change anything.

use std::net::SocketAddr;

use anyhow::Result;
use domain::codes::Role;
use domain::ids::ChannelId;
use protocol::client::Options;
use protocol::{Client, ClientError, Hello};

use crate::exit::{Exit, Failure};

/// Connects, asks, and hands back what was answered.
///
/// # Errors
/// When the server cannot be reached or turns the question away.
pub(super) fn ask<T>(
    address: SocketAddr,
    question: impl AsyncFnOnce(&Client) -> Result<T, ClientError>,
) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(async {
        let hello = Hello::new(Role::Operator, ChannelId(1), "treasury");
        let client = Client::connect(address.to_string(), hello, Options::default()).await?;
        question(&client).await
    });
    asked.map_err(|error| {
        let exit = match error {
            ClientError::Server(_) => Exit::Refused,
            _ => Exit::Unreachable,
        };
        // Its text says what lies beneath it already.
        Failure::new(exit, anyhow::anyhow!("{error}")).into()
    })
}
