//! The server: an engine behind a socket. Wires, decides nothing.
//!
//! - [`settings`]: what a server is told.
//! - [`origins`]: where each setting comes from.
//! - [`descriptors`]: how many files and sockets the system allows, and what that leaves room for.
//! - [`network`]: sockets, around the network actor's core.
//! - [`connection`]: one connection's reading and writing.
//! - [`subscriptions`]: committed records, read behind the durable position.
//! - [`directory`]: the directory's threads.
//! - [`metrics_page`]: the metrics over plain HTTP.
//! - [`sandbox`]: a client in the server that plays bank and central bank for tests.
//! - [`run`]: start, wiring, signals, shutdown.

mod connection;
mod descriptors;
mod directory;
mod metrics_page;
mod network;
mod origins;
mod run;
mod sandbox;
mod settings;
mod subscriptions;

pub(crate) use descriptors::connections_within;
pub(crate) use origins::{NAMES, Origin, SettingsFile};
pub(crate) use run::{Ready, create, is_to_be_made, serve};
pub(crate) use settings::{Layer, Settings};
