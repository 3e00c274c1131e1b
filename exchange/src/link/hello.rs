//! The first words on a line, the same both ways: who speaks, to whom, and how far each store is.
//!
//! Says whether two hellos go together. Never knows whose certificate came along.

use domain::voucher::{Party, PartyKind};

use crate::limits::LINK_HELLO_BYTES;

use super::{Line, Reason};

/// What a line starts with, both ways.
pub const MAGIC: [u8; 4] = *b"TRLK";

/// The version this crate speaks.
pub const VERSION: u16 = 1;

/// Which installation a store belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Environment {
    /// The installation's name for ever, the same in every store of it.
    pub id: u128,
    /// Whether money really moves.
    pub production: bool,
}

/// What each side says first. [`LINK_HELLO_BYTES`] long, without a frame header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Oldest version it speaks.
    pub version_min: u16,
    /// Newest version it speaks.
    pub version_max: u16,
    /// Its installation.
    pub environment: Environment,
    /// The line it takes this connection for.
    pub line: Line,
    /// Bytes of frames that it takes without having them durably.
    pub window_bytes: u32,
    /// How long it bears silence, in ms: beats have to come in a fraction of it.
    pub silence_ms: u32,
    /// Which of its starts this is: another number, another process.
    pub epoch: u64,
    /// The highest number of a message it has for the other side.
    pub last: u64,
    /// The highest number up to which it has every message of the other side durably.
    pub durable: u64,
    /// Who speaks.
    pub from: Party,
    /// To whom.
    pub to: Party,
}

impl Hello {
    /// The hello as bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; LINK_HELLO_BYTES] {
        let mut bytes = Vec::with_capacity(LINK_HELLO_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.version_min.to_le_bytes());
        bytes.extend_from_slice(&self.version_max.to_le_bytes());
        bytes.extend_from_slice(&self.environment.id.to_le_bytes());
        bytes.push(if self.environment.production { 1 } else { 2 });
        bytes.push(self.line.number());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&self.window_bytes.to_le_bytes());
        bytes.extend_from_slice(&self.silence_ms.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        for number in [self.epoch, self.last, self.durable] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for party in [self.from, self.to] {
            let code = party.code().as_bytes();
            let mut block = [0; 16];
            (block[0], block[1]) = (party.kind().number(), code.len() as u8);
            block[2..2 + code.len()].copy_from_slice(code);
            bytes.extend_from_slice(&block);
        }
        bytes.try_into().expect("the fields above are as long as a hello")
    }

    /// Reads a hello.
    ///
    /// # Errors
    /// [`Reason::NoHello`] if it is none, [`Reason::WrongVersion`] if it is one of another version,
    /// [`Reason::WrongLine`] for a line that is neither.
    pub fn parse(bytes: &[u8; LINK_HELLO_BYTES]) -> Result<Hello, Reason> {
        if bytes[..4] != MAGIC {
            return Err(Reason::NoHello);
        }
        let (version_min, version_max) = (u16_at(bytes, 4), u16_at(bytes, 6));
        if !(version_min..=version_max).contains(&VERSION) {
            return Err(Reason::WrongVersion);
        }
        let production = match bytes[24] {
            1 => true,
            2 => false,
            _ => return Err(Reason::NoHello),
        };
        let line = Line::from_number(bytes[25]).ok_or(Reason::WrongLine)?;
        if bytes[26..28] != [0; 2] || bytes[36..40] != [0; 4] {
            return Err(Reason::NoHello);
        }
        let party = |at: usize| {
            let block = &bytes[at..at + 16];
            let kind = PartyKind::from_number(block[0])?;
            let (code, rest) = block[2..].split_at_checked(usize::from(block[1]))?;
            let zeros = rest.iter().all(|&byte| byte == 0);
            let code = std::str::from_utf8(code).ok().filter(|_| zeros)?;
            Party::new(kind, code)
        };
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[8..24]);
        Ok(Hello {
            version_min,
            version_max,
            environment: Environment { id: u128::from_le_bytes(id), production },
            line,
            window_bytes: u32_at(bytes, 28),
            silence_ms: u32_at(bytes, 32),
            epoch: u64_at(bytes, 40),
            last: u64_at(bytes, 48),
            durable: u64_at(bytes, 56),
            from: party(64).ok_or(Reason::NoHello)?,
            to: party(80).ok_or(Reason::NoHello)?,
        })
    }

    /// Whether the other side's hello goes together with ours.
    ///
    /// # Errors
    /// The first thing that does not, as the other side is told it.
    pub fn answers(&self, ours: &Hello) -> Result<(), Reason> {
        if self.environment.production != ours.environment.production {
            return Err(Reason::WrongKind);
        }
        if self.environment.id != ours.environment.id {
            return Err(Reason::WrongEnvironment);
        }
        if self.to != ours.from || self.from != ours.to {
            return Err(Reason::WrongParty);
        }
        if self.line != ours.line {
            return Err(Reason::WrongLine);
        }
        Ok(())
    }
}

fn u16_at(bytes: &[u8; LINK_HELLO_BYTES], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8; LINK_HELLO_BYTES], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8; LINK_HELLO_BYTES], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            version_min: 1,
            version_max: 3,
            environment: Environment { id: 7 << 100, production: false },
            line: Line::Backup,
            window_bytes: 8 << 20,
            silence_ms: 500,
            epoch: 4,
            last: 1_000_000,
            durable: 17,
            from: "bank:102".parse().expect("a party"),
            to: "finance:370000000".parse().expect("a party"),
        }
    }

    #[test]
    fn a_hello_reads_as_it_is_written() {
        let bytes = hello().encode();
        assert_eq!(Hello::parse(&bytes), Ok(hello()));
        assert_eq!(&bytes[..8], b"TRLK\x01\0\x03\0");
        assert_eq!(&bytes[64..70], b"\x03\x03102\0");
    }

    #[test]
    fn what_is_no_hello_is_told() {
        let cases = [
            (0, b'G', Reason::NoHello),
            (4, 2, Reason::WrongVersion),
            (6, 0, Reason::WrongVersion),
            (24, 0, Reason::NoHello),
            (25, 3, Reason::WrongLine),
            (27, 1, Reason::NoHello),
            (39, 1, Reason::NoHello),
            (64, 9, Reason::NoHello),
            (65, 0, Reason::NoHello),
            (65, 200, Reason::NoHello),
            (66, 0xff, Reason::NoHello),
            (79, 1, Reason::NoHello),
        ];
        for (at, byte, reason) in cases {
            let mut bytes = hello().encode();
            bytes[at] = byte;
            assert_eq!(Hello::parse(&bytes), Err(reason), "byte {at}");
        }
    }

    #[test]
    fn two_hellos_go_together_or_the_first_difference_is_told() {
        let ours = Hello { from: hello().to, to: hello().from, ..hello() };
        assert_eq!(hello().answers(&ours), Ok(()));
        let environment =
            |id, production| Hello { environment: Environment { id, production }, ..hello() };
        let other = "bank:103".parse().expect("a party");
        for (theirs, reason) in [
            (environment(7 << 100, true), Reason::WrongKind),
            (environment(8, false), Reason::WrongEnvironment),
            (Hello { from: other, ..hello() }, Reason::WrongParty),
            (Hello { to: other, ..hello() }, Reason::WrongParty),
            (Hello { line: Line::Primary, ..hello() }, Reason::WrongLine),
        ] {
            assert_eq!(theirs.answers(&ours), Err(reason));
        }
    }
}
