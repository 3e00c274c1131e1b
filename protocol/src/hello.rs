//! The first words: the client's hello, the server's welcome.
//!
//! Says who speaks, in which version and to which data set. Never decides who may.

use domain::Role;
use domain::ids::ChannelId;

use crate::bytes::{Reader, Short, at, cut, put, put_text};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{CLIENT_NAME_BYTES_MAX, HELLO_BYTES, SERVER_VERSION_BYTES_MAX};

/// What a binary connection starts with.
pub const MAGIC: [u8; 4] = *b"TRSY";

/// First byte of a JSON connection.
pub const JSON_FIRST_BYTE: u8 = b'{';

/// First byte of a TLS connection.
pub const TLS_FIRST_BYTE: u8 = 0x16;

/// The version this crate speaks.
pub const VERSION: u16 = 1;

/// How a connection speaks, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Frames.
    Binary,
    /// One JSON object per line.
    Json,
    /// TLS, with one of the others inside.
    Tls,
}

impl Dialect {
    /// The dialect a first byte announces; `None`: one error line, then close.
    #[must_use]
    pub const fn of(first_byte: u8) -> Option<Dialect> {
        match first_byte {
            b'T' => Some(Dialect::Binary),
            JSON_FIRST_BYTE => Some(Dialect::Json),
            TLS_FIRST_BYTE => Some(Dialect::Tls),
            _ => None,
        }
    }
}

/// Which data sets a client will talk to, or which one a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Environment {
    /// Either. Only in a hello.
    Any = 0,
    /// Payments leave the house.
    Production = 1,
    /// Nothing leaves the house.
    Test = 2,
}

impl Environment {
    /// The environment with a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Environment> {
        match number {
            0 => Some(Environment::Any),
            1 => Some(Environment::Production),
            2 => Some(Environment::Test),
            _ => None,
        }
    }

    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name in texts and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Environment::Any => "any",
            Environment::Production => "production",
            Environment::Test => "test",
        }
    }

    /// The environment with a name.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Environment> {
        [Environment::Any, Environment::Production, Environment::Test]
            .into_iter()
            .find(|environment| environment.slug() == slug)
    }

    /// Whether a client that asked for `self` may talk to a server of environment `there`.
    #[must_use]
    pub fn accepts(self, there: Environment) -> bool {
        self == Environment::Any || self == there
    }
}

/// What a client says first. 64 bytes, the only message without a frame header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Oldest version it speaks.
    pub version_min: u16,
    /// Newest version it speaks.
    pub version_max: u16,
    /// Which data sets it will talk to.
    pub environment: Environment,
    /// In which capacity every command of the connection is given.
    pub role: Role,
    /// The channel every command of the connection comes by.
    pub channel: ChannelId,
    /// How many commands it wants to have unanswered; 0: what the server grants.
    pub window_commands: u32,
    /// Its name, for logs and lists of connections.
    pub name: String,
}

impl Hello {
    /// A hello in this crate's version, to any environment.
    #[must_use]
    pub fn new(role: Role, channel: ChannelId, name: &str) -> Hello {
        Hello {
            version_min: VERSION,
            version_max: VERSION,
            environment: Environment::Any,
            role,
            channel,
            window_commands: 0,
            name: name.to_owned(),
        }
    }

    /// The same, to one environment only.
    #[must_use]
    pub fn to_environment(self, environment: Environment) -> Hello {
        Hello { environment, ..self }
    }

    /// The version both sides speak, if there is one.
    #[must_use]
    pub const fn common_version(&self) -> Option<u16> {
        if self.version_min <= VERSION && VERSION <= self.version_max {
            Some(VERSION)
        } else {
            None
        }
    }

    /// The hello as bytes. A name that is too long is cut.
    #[must_use]
    pub fn encode(&self) -> [u8; HELLO_BYTES] {
        let mut bytes = [0; HELLO_BYTES];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 4, self.version_min.to_le_bytes());
        put(&mut bytes, 6, self.version_max.to_le_bytes());
        put(&mut bytes, 8, [self.environment.number(), self.role.number()]);
        put(&mut bytes, 10, self.channel.0.to_le_bytes());
        put(&mut bytes, 16, self.window_commands.to_le_bytes());
        let name = cut(&self.name, CLIENT_NAME_BYTES_MAX).as_bytes();
        bytes[24..24 + name.len()].copy_from_slice(name);
        bytes
    }

    /// Reads a hello.
    ///
    /// # Errors
    /// Wrong magic, an unknown role or environment, bits without meaning, a name that is not
    /// UTF-8. The role of the engine is refused here: nobody may claim it.
    pub fn parse(bytes: &[u8; HELLO_BYTES]) -> Result<Hello, FrameError> {
        let magic = at(bytes, 0);
        if magic != MAGIC {
            return Err(FrameError::Magic(magic));
        }
        let wrong = |field, value| FrameError::Value { kind: "hello", field, value };
        let [environment, role] = at(bytes, 8);
        let flags = u32::from_le_bytes(at(bytes, 12));
        let reserved = u32::from_le_bytes(at(bytes, 20));
        if flags != 0 || reserved != 0 {
            return Err(wrong("flags", u64::from(flags | reserved)));
        }
        let text = &bytes[24..];
        let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        if text[end..].iter().any(|&byte| byte != 0) {
            return Err(wrong("name", end as u64));
        }
        let name = std::str::from_utf8(&text[..end]).map_err(|_| wrong("name", end as u64))?;
        Ok(Hello {
            version_min: u16::from_le_bytes(at(bytes, 4)),
            version_max: u16::from_le_bytes(at(bytes, 6)),
            environment: Environment::from_number(environment)
                .ok_or_else(|| wrong("environment", u64::from(environment)))?,
            role: Role::from_number(role)
                .filter(|&role| role != Role::Engine)
                .ok_or_else(|| wrong("role", u64::from(role)))?,
            channel: ChannelId(u16::from_le_bytes(at(bytes, 10))),
            window_commands: u32::from_le_bytes(at(bytes, 16)),
            name: name.to_owned(),
        })
    }
}

/// What a server answers a hello with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The version that is spoken from here on.
    pub version: u16,
    /// What the data set is.
    pub environment: Environment,
    /// The data set's name for ever.
    pub data_set: u128,
    /// The epoch the server is in.
    pub epoch: u32,
    /// Largest frame it takes, in bytes.
    pub frame_bytes_max: u32,
    /// Most commands in a frame.
    pub commands_per_frame_max: u32,
    /// Most commands and look-ups that may be unanswered on this connection.
    pub window_commands: u32,
    /// Most bytes of unanswered request frames on this connection.
    pub window_bytes: u32,
    /// Silence after which the client sends a ping, in ms.
    pub heartbeat_ms: u32,
    /// The server's program version.
    pub server_version: String,
}

impl Welcome {
    /// Appends the welcome as a frame.
    pub fn put(&self, out: &mut Vec<u8>) {
        let start = begin_frame(out, FrameKind::Welcome, 0, 0, 0);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&[self.environment.number(), 0]);
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.data_set.to_le_bytes());
        for number in [
            self.frame_bytes_max,
            self.commands_per_frame_max,
            self.window_commands,
            self.window_bytes,
            self.heartbeat_ms,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        put_text(out, &self.server_version, SERVER_VERSION_BYTES_MAX);
        end_frame(out, start);
    }

    /// The welcome in a frame of kind [`FrameKind::Welcome`].
    ///
    /// # Errors
    /// If the body is not one.
    pub fn parse(frame: &Frame<'_>) -> Result<Welcome, FrameError> {
        Welcome::read(frame.body).map_err(FrameError::short(FrameKind::Welcome))
    }

    fn read(body: &[u8]) -> Result<Welcome, Short> {
        let mut reader = Reader::new(body);
        let version = reader.u16()?;
        let [environment, zero] = reader.array()?;
        if zero != 0 {
            return Err(Short);
        }
        let welcome = Welcome {
            version,
            environment: Environment::from_number(environment).ok_or(Short)?,
            epoch: reader.u32()?,
            data_set: reader.u128()?,
            frame_bytes_max: reader.u32()?,
            commands_per_frame_max: reader.u32()?,
            window_commands: reader.u32()?,
            window_bytes: reader.u32()?,
            heartbeat_ms: reader.u32()?,
            server_version: reader.text(SERVER_VERSION_BYTES_MAX)?.to_owned(),
        };
        reader.end()?;
        Ok(welcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;

    #[test]
    fn a_hello_survives_and_its_faults_are_named() {
        let hello =
            Hello::new(Role::Bank, ChannelId(9), "建设银行前置").to_environment(Environment::Test);
        let bytes = hello.encode();
        assert_eq!(Hello::parse(&bytes), Ok(hello));
        for (offset, field) in [(8, "environment"), (9, "role"), (12, "flags"), (20, "flags")] {
            let mut wrong = bytes;
            wrong[offset] = 99;
            let found = Hello::parse(&wrong);
            assert!(
                matches!(found, Err(FrameError::Value { field: f, .. }) if f == field),
                "{found:?}"
            );
        }
        let mut wrong = bytes;
        wrong[9] = Role::Engine.number();
        assert!(Hello::parse(&wrong).is_err());
        wrong = bytes;
        wrong[24] = 0xff;
        assert!(Hello::parse(&wrong).is_err());
        wrong = bytes;
        wrong[0] = b'G';
        assert!(matches!(Hello::parse(&wrong), Err(FrameError::Magic(_))));
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let name = "财".repeat(20);
        let hello = Hello::new(Role::Maker, ChannelId(1), &name);
        assert_eq!(Hello::parse(&hello.encode()).unwrap().name, "财".repeat(13));
    }

    #[test]
    fn a_welcome_survives() {
        let welcome = Welcome {
            version: 1,
            environment: Environment::Production,
            data_set: 7 << 100,
            epoch: 4,
            frame_bytes_max: 1 << 20,
            commands_per_frame_max: 8_190,
            window_commands: 65_536,
            window_bytes: 16 << 20,
            heartbeat_ms: 10_000,
            server_version: "0.1.0".into(),
        };
        let mut out = Vec::new();
        welcome.put(&mut out);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(Welcome::parse(&frame), Ok(welcome));
        for cut in 0..frame.body.len() {
            assert!(Welcome::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
        }
    }
}
