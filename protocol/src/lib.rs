//! What is said: frames, messages, codes, and the Rust client.
//!
//! This crate knows bytes and knows no rules. It turns what a peer sent into what `domain`
//! understands, and back, and never decides anything; no parser in it trusts a length.
//!
//! In reading order:
//!
//! - [`limits`]: every bound of the protocol, by name.
//! - [`frame`]: 32 bytes of header, then a body; where a frame ends.
//! - [`hello`]: the first words of both sides.
//! - [`layout`]: where each kind of command keeps each of its fields.
//! - [`flags`]: how a command is to be taken.
//! - [`command`]: 128 bytes and a tail, to and from `domain::Command`.
//! - [`routing`]: which division a command goes to, read without decoding it.
//! - [`batch`]: a frame of commands.
//! - [`results`]: a frame of results.
//! - [`lookup`], [`views`]: questions about quotas, payments and ids, and their answers.
//! - [`message`]: errors, health, metrics, pings.
//! - [`subscribe`]: committed records from a cursor on.
//! - [`directory`]: lists, histories and states as they were, page by page.
//! - [`json`]: the same as lines of JSON.
//! - [`client`]: the Rust client, and the bare link under load generators.

mod bytes;

pub mod limits;

pub mod frame;

pub mod hello;

pub mod layout;

pub mod flags;

pub mod command;

pub mod routing;

pub mod batch;

pub mod results;

pub mod lookup;

pub mod views;

pub mod message;

pub mod subscribe;

pub mod directory;

pub mod json;

pub mod client;

pub use batch::{Commands, CommandsBuilder};
pub use client::{BlockingClient, Client, ClientError, Outcome};
pub use command::{decode_command, encode_command};
pub use flags::Flags;
pub use frame::{Frame, FrameError, FrameKind, Header, split_frame};
pub use hello::{Dialect, Environment, Hello, Welcome};
pub use lookup::{Answer, AnswersBuilder, IdKind, LookUp, OutcomeView};
pub use message::{ErrorMessage, Health, Status};
pub use results::{CommandResult, Position, Reply, ReplyBuilder, Value, ValueKind};
pub use subscribe::{Cursor, Events, EventsBuilder, Record, Subscribe};
