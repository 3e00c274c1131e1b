//! What a server is told: flags over environment over file over defaults.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use actors::limits::{CONNECTIONS_MAX, SHARDS_MAX, SILENCE_WAIT_MS};
use protocol::limits::{FRAME_WAIT_MS, HELLO_WAIT_MS};
use serde::Deserialize;
use storage::dataset::Environment;
use storage::space::SpaceMarks;
use thiserror::Error;

/// Size of a segment unless a data set is made with another, in MiB.
const SEGMENT_MIB: u64 = 256;

/// What a server is told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// Shards.
    pub(crate) shards: usize,
    /// Connections at once.
    pub(crate) connections_max: usize,
    /// The environment the data set must be of, or is made for.
    pub(crate) environment: Option<Environment>,
    /// Size of a segment of a new data set, in MiB.
    pub(crate) segment_mib: u64,
    /// How long a connection may take to say its whole hello, in ms.
    pub(crate) hello_wait_ms: u64,
    /// How long a message may take from its first byte to its last, in ms.
    pub(crate) frame_wait_ms: u64,
    /// How long a peer's system may be silent before its connection is given up, in ms.
    pub(crate) silence_wait_ms: u64,
    /// Room for the journal below which orders that reserve or create are turned away, in MiB;
    /// none: so many segments.
    pub(crate) disk_low_mib: Option<u64>,
    /// Room for the journal below which nothing is taken, in MiB; none: so many segments.
    pub(crate) disk_full_mib: Option<u64>,
    /// Whether a checkpoint is kept and used.
    pub(crate) checkpoint: bool,
    /// MiB that the state should stay under; settled payments leave memory above it. 0: none do.
    pub(crate) memory_limit_mib: u64,
    /// Commands that one session may give per second; none: no limit.
    pub(crate) session_commands_per_second: Option<NonZeroU32>,
    /// Where the metrics are read over plain HTTP; none: nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Whether the server plays bank and central bank; only where the environment is test.
    pub(crate) sandbox: bool,
}

/// The same, as one source says it: every value may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Layer {
    /// Where it listens.
    pub(crate) listen: Option<SocketAddr>,
    /// The data directory.
    pub(crate) data: Option<PathBuf>,
    /// Shards.
    pub(crate) shards: Option<usize>,
    /// Connections at once.
    pub(crate) connections_max: Option<usize>,
    /// `production` or `test`.
    pub(crate) environment: Option<String>,
    /// Size of a segment of a new data set, in MiB.
    pub(crate) segment_mib: Option<u64>,
    /// How long a connection may take to say its whole hello, in ms.
    pub(crate) hello_wait_ms: Option<u64>,
    /// How long a message may take from its first byte to its last, in ms.
    pub(crate) frame_wait_ms: Option<u64>,
    /// How long a peer's system may be silent before its connection is given up, in ms.
    pub(crate) silence_wait_ms: Option<u64>,
    /// Room for the journal below which orders that reserve or create are turned away, in MiB.
    pub(crate) disk_low_mib: Option<u64>,
    /// Room for the journal below which nothing is taken, in MiB.
    pub(crate) disk_full_mib: Option<u64>,
    /// Whether a checkpoint is kept and used.
    pub(crate) checkpoint: Option<bool>,
    /// MiB that the state should stay under; 0: no limit.
    pub(crate) memory_limit_mib: Option<u64>,
    /// Commands that one session may give per second.
    pub(crate) session_commands_per_second: Option<NonZeroU32>,
    /// Where the metrics are read over plain HTTP.
    pub(crate) metrics: Option<SocketAddr>,
    /// Whether the server plays bank and central bank.
    pub(crate) sandbox: Option<bool>,
}

/// Why settings cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {file}: {error}; give --config another file")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{file}:{line}:{column}: {what}")]
    Form {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in it, from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// A value is missing.
    #[error("no {name} is given; use --{name}, TREASURY_{env} or `{name} = …` in the file")]
    Missing {
        /// The setting.
        name: &'static str,
        /// Its environment variable, without prefix.
        env: &'static str,
    },
    /// A value is out of bounds.
    #[error("{name} is {value}; choose {allowed}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What may be chosen.
        allowed: String,
    },
    /// Names are only trusted on this machine.
    #[error(
        "{name} is {address}, which other machines can reach; without TLS names are trusted on loopback \
         only: choose an address on 127.0.0.1 or [::1]"
    )]
    NotLoopback {
        /// The setting.
        name: &'static str,
        /// Its value.
        address: SocketAddr,
    },
    /// Nobody plays bank where payments leave the house.
    #[error(
        "sandbox is on and environment is production; a sandbox reports payments that no bank has \
         made: leave out --sandbox, or use a data set of environment test"
    )]
    SandboxInProduction,
}

impl Layer {
    /// This layer, and below it another.
    pub(crate) fn over(self, below: Layer) -> Layer {
        Layer {
            listen: self.listen.or(below.listen),
            data: self.data.or(below.data),
            shards: self.shards.or(below.shards),
            connections_max: self.connections_max.or(below.connections_max),
            environment: self.environment.or(below.environment),
            segment_mib: self.segment_mib.or(below.segment_mib),
            hello_wait_ms: self.hello_wait_ms.or(below.hello_wait_ms),
            frame_wait_ms: self.frame_wait_ms.or(below.frame_wait_ms),
            silence_wait_ms: self.silence_wait_ms.or(below.silence_wait_ms),
            disk_low_mib: self.disk_low_mib.or(below.disk_low_mib),
            disk_full_mib: self.disk_full_mib.or(below.disk_full_mib),
            checkpoint: self.checkpoint.or(below.checkpoint),
            memory_limit_mib: self.memory_limit_mib.or(below.memory_limit_mib),
            session_commands_per_second: self
                .session_commands_per_second
                .or(below.session_commands_per_second),
            metrics: self.metrics.or(below.metrics),
            sandbox: self.sandbox.or(below.sandbox),
        }
    }

    /// The settings, with defaults below them.
    pub(crate) fn settle(self) -> Result<Settings, SettingsError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let settings = Settings {
            listen: self.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7370))),
            data: self.data.ok_or(SettingsError::Missing { name: "data", env: "DATA" })?,
            shards: self.shards.unwrap_or_else(|| cores.clamp(2, SHARDS_MAX)),
            connections_max: self.connections_max.unwrap_or(CONNECTIONS_MAX),
            environment: self.environment.as_deref().map(environment).transpose()?,
            segment_mib: self.segment_mib.unwrap_or(SEGMENT_MIB),
            hello_wait_ms: self.hello_wait_ms.unwrap_or(HELLO_WAIT_MS),
            frame_wait_ms: self.frame_wait_ms.unwrap_or(FRAME_WAIT_MS),
            silence_wait_ms: self.silence_wait_ms.unwrap_or(SILENCE_WAIT_MS),
            disk_low_mib: self.disk_low_mib,
            disk_full_mib: self.disk_full_mib,
            checkpoint: self.checkpoint.unwrap_or(true),
            memory_limit_mib: self.memory_limit_mib.unwrap_or(0),
            session_commands_per_second: self.session_commands_per_second,
            metrics: self.metrics,
            sandbox: self.sandbox.unwrap_or(false),
        };
        settings.check()?;
        Ok(settings)
    }
}

fn environment(text: &str) -> Result<Environment, SettingsError> {
    match text {
        "production" => Ok(Environment::Production),
        "test" => Ok(Environment::Test),
        other => Err(SettingsError::Value {
            name: "environment",
            value: other.to_owned(),
            allowed: "production or test".to_owned(),
        }),
    }
}

impl Settings {
    /// The environment the data set must be of: a sandbox takes nothing but a test.
    pub(crate) fn environment(&self) -> Option<Environment> {
        if self.sandbox { Some(Environment::Test) } else { self.environment }
    }

    fn check(&self) -> Result<(), SettingsError> {
        if self.sandbox && self.environment == Some(Environment::Production) {
            return Err(SettingsError::SandboxInProduction);
        }
        let within = |name, value: usize, max: usize| {
            if (1..=max).contains(&value) {
                return Ok(());
            }
            let (value, allowed) = (value.to_string(), format!("1 to {max}"));
            Err(SettingsError::Value { name, value, allowed })
        };
        within("shards", self.shards, SHARDS_MAX)?;
        within("connections-max", self.connections_max, 1_000_000)?;
        within("segment-mib", self.segment_mib as usize, 1 << 14)?;
        within("hello-wait-ms", self.hello_wait_ms as usize, HELLO_WAIT_MS as usize)?;
        within("frame-wait-ms", self.frame_wait_ms as usize, FRAME_WAIT_MS as usize)?;
        within("silence-wait-ms", self.silence_wait_ms as usize, SILENCE_WAIT_MS as usize)?;
        if self.memory_limit_mib > 0 && !self.checkpoint {
            return Err(SettingsError::Value {
                name: "memory-limit",
                value: format!("{} MiB without a checkpoint", self.memory_limit_mib),
                allowed: "no limit, or a checkpoint: what leaves memory is kept there".to_owned(),
            });
        }
        for (name, address) in [("listen", Some(self.listen)), ("metrics", self.metrics)] {
            if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
                return Err(SettingsError::NotLoopback { name, address });
            }
        }
        Ok(())
    }

    /// The value of a setting, by its name in a file; `none` where nobody said anything and nothing
    /// fixed takes its place.
    ///
    /// # Panics
    /// When there is no such setting.
    pub(crate) fn text(&self, name: &str) -> String {
        fn or_none(value: Option<impl ToString>) -> String {
            value.map_or_else(|| "none".to_owned(), |value| value.to_string())
        }
        match name {
            "listen" => self.listen.to_string(),
            "data" => self.data.display().to_string(),
            "shards" => self.shards.to_string(),
            "connections_max" => self.connections_max.to_string(),
            "environment" => or_none(self.environment()),
            "segment_mib" => self.segment_mib.to_string(),
            "hello_wait_ms" => self.hello_wait_ms.to_string(),
            "frame_wait_ms" => self.frame_wait_ms.to_string(),
            "silence_wait_ms" => self.silence_wait_ms.to_string(),
            "disk_low_mib" => or_none(self.disk_low_mib),
            "disk_full_mib" => or_none(self.disk_full_mib),
            "checkpoint" => self.checkpoint.to_string(),
            "memory_limit_mib" => self.memory_limit_mib.to_string(),
            "session_commands_per_second" => or_none(self.session_commands_per_second),
            "metrics" => or_none(self.metrics),
            "sandbox" => self.sandbox.to_string(),
            other => panic!("there is no setting {other}"),
        }
    }

    /// The marks of disk space for segments of this size: those given, in their order, and the
    /// usual ones.
    pub(crate) fn space_marks(&self, segment_bytes: u64) -> SpaceMarks {
        let usual = SpaceMarks::default_for(segment_bytes);
        let bytes = |mib: u64| mib.saturating_mul(1 << 20);
        let full_bytes = self.disk_full_mib.map_or(usual.full_bytes, bytes);
        let low_bytes = self.disk_low_mib.map_or(usual.low_bytes, bytes);
        SpaceMarks { low_bytes: low_bytes.max(full_bytes), full_bytes }
    }

    /// What the journal's `Opened` keeps of the configuration: BLAKE3 over its text.
    pub(crate) fn digest(&self) -> [u8; 32] {
        *blake3::hash(format!("{self:?}").as_bytes()).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Layer {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn flags_win_over_files_and_defaults_fill_the_rest() {
        let file = layer("listen = \"127.0.0.1:1\"\ndata = \"/a\"\nshards = 3");
        let flags = Layer { shards: Some(5), ..Layer::default() };
        let settings = flags.over(file).settle().unwrap();
        assert_eq!((settings.listen.port(), settings.shards), (1, 5));
        assert_eq!(settings.segment_mib, SEGMENT_MIB);
    }

    #[test]
    fn waits_can_be_shortened_and_never_lengthened() {
        let settings = layer("data = \"/a\"\nhello_wait_ms = 200").settle().unwrap();
        assert_eq!((settings.hello_wait_ms, settings.frame_wait_ms), (200, FRAME_WAIT_MS));
        let longer = format!("data = \"/a\"\nhello_wait_ms = {}", HELLO_WAIT_MS + 1);
        let refused = layer(&longer).settle().unwrap_err().to_string();
        assert!(refused.contains("hello-wait-ms is 5001; choose 1 to 5000"), "{refused}");
        assert_eq!(settings.silence_wait_ms, SILENCE_WAIT_MS);
        let longer = format!("data = \"/a\"\nsilence_wait_ms = {}", SILENCE_WAIT_MS + 1);
        assert!(layer(&longer).settle().is_err(), "{longer}");
    }

    #[test]
    fn marks_of_disk_space_keep_their_order() {
        let marks = |text: &str| layer(text).settle().unwrap().space_marks(1 << 20);
        let usual = SpaceMarks::default_for(1 << 20);
        assert_eq!(marks("data = \"/a\""), usual);
        let low = marks("data = \"/a\"\ndisk_low_mib = 900");
        assert_eq!(low, SpaceMarks { low_bytes: 900 << 20, ..usual });
        let full = marks("data = \"/a\"\ndisk_full_mib = 900");
        assert_eq!(full, SpaceMarks { low_bytes: 900 << 20, full_bytes: 900 << 20 });
    }

    #[test]
    fn what_cannot_be_is_named() {
        let refused = |text: &str| layer(text).settle().unwrap_err().to_string();
        assert!(refused("").contains("--data"));
        assert!(refused("data = \"/a\"\nshards = 0").contains("shards is 0"));
        assert!(refused("data = \"/a\"\nenvironment = \"prod\"").contains("production or test"));
        assert!(refused("data = \"/a\"\nlisten = \"0.0.0.0:1\"").contains("loopback"));
        let played = "data = \"/a\"\nenvironment = \"production\"\nsandbox = true";
        assert!(refused(played).contains("leave out --sandbox"));
        assert!(toml::from_str::<Layer>("dat = \"/a\"").unwrap_err().to_string().contains("dat"));
    }
}
