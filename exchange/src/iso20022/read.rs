//! XML in: a walk over elements, with a bound on everything and nothing that could reach outside of the message.
//!
//! No document type, no entity but the five that XML has, no processing instruction, no other encoding than UTF-8, one
//! namespace. Supplementary data is walked over and not told, but for a voucher's fields in messages that have them.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

use super::supplement::{FIELDS_ELEMENT, FIELDS_NAMESPACE};
use crate::limits::{ISO_DEPTH_MAX, ISO_MESSAGE_BYTES_MAX, ISO_TAG_BYTES_MAX, ISO_TEXT_BYTES_MAX};

/// Why a message is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}, at {path} (byte {at}); refuse the message and have it sent again")]
pub struct Bad {
    /// Where, as a path of elements.
    pub path: String,
    /// Where, in bytes from the start.
    pub at: u64,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// Longer than a message may be.
    #[error("a message of {bytes} bytes, and {ISO_MESSAGE_BYTES_MAX} are the most")]
    Message {
        /// How long.
        bytes: usize,
    },
    /// A tag that is too long.
    #[error("a tag of {bytes} bytes, and {ISO_TAG_BYTES_MAX} are the most")]
    Tag {
        /// How long.
        bytes: usize,
    },
    /// A text that is too long.
    #[error("a text of more than {ISO_TEXT_BYTES_MAX} bytes")]
    Text,
    /// Elements too deep within each other.
    #[error("elements more than {ISO_DEPTH_MAX} deep")]
    Depth,
    /// Not UTF-8.
    #[error("bytes that are not UTF-8")]
    NotUtf8,
    /// Not XML.
    #[error("not well-formed XML: {0}")]
    Malformed(String),
    /// XML that is not taken here.
    #[error("{0}, which is not taken")]
    Forbidden(&'static str),
    /// Another message.
    #[error("{found}, where the message is {expected}")]
    WrongMessage {
        /// What came.
        found: String,
        /// What is read here.
        expected: &'static str,
    },
    /// A value that the element cannot have.
    #[error("the value {text:?}, where {must} is expected")]
    Value {
        /// What it is, cut short.
        text: String,
        /// What it must be.
        must: &'static str,
    },
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Something that may be there once is there twice.
    #[error("{0} stands there twice")]
    Twice(&'static str),
    /// Too many of something.
    #[error("more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many may be.
        most: usize,
    },
    /// A number of things that is not how many there are.
    #[error("{what} says {told}, and there are {counted}")]
    Count {
        /// Which number.
        what: &'static str,
        /// What it says.
        told: u64,
        /// How many there are.
        counted: u64,
    },
    /// A sum that is not what its parts come to.
    #[error("{what} says {told}, and the parts come to {added}")]
    Sum {
        /// Which sum.
        what: &'static str,
        /// What it says, in yuan.
        told: String,
        /// What they come to, in yuan.
        added: String,
    },
}

impl Reason {
    /// A value that is not what it must be.
    pub(super) fn value(text: &str, must: &'static str) -> Reason {
        Reason::Value { text: text.chars().take(40).collect(), must }
    }
}

/// An element without elements in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf<'a> {
    /// Its text, without blanks around it.
    pub(super) text: &'a str,
    /// Its currency.
    pub(super) currency: Option<&'a str>,
}

/// What is told while a message is walked over. Paths begin below `Document`: `CstmrPmtStsRpt/GrpHdr/MsgId`.
pub(super) trait Listener {
    /// An element with elements in it begins.
    fn open(&mut self, path: &str) -> Result<(), Reason>;

    /// An element without elements in it.
    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason>;

    /// An element that was opened ends.
    fn close(&mut self, path: &str) -> Result<(), Reason>;
}

/// A kind of message: its namespace, and the one element in its document.
pub(super) struct Kind {
    pub(super) namespace: &'static str,
    pub(super) element: &'static str,
    /// Whether fields of the voucher in supplementary data are told.
    pub(super) has_fields: bool,
}

/// Walks over a message.
pub(super) fn walk(message: &[u8], kind: &Kind, listener: &mut dyn Listener) -> Result<(), Bad> {
    let bytes = message.len();
    let nowhere = |reason| Bad { path: "the start".to_owned(), at: 0, reason };
    if bytes > ISO_MESSAGE_BYTES_MAX {
        return Err(nowhere(Reason::Message { bytes }));
    }
    let text = str::from_utf8(message)
        .map_err(|wrong| Bad { at: wrong.valid_up_to() as u64, ..nowhere(Reason::NotUtf8) })?;
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().check_comments = true;
    let mut walk = Walk { kind, listener, open: Vec::new(), path: String::new(), is_over: false };
    loop {
        let step = match reader.read_event() {
            Ok(Event::Eof) if walk.is_over => return Ok(()),
            Ok(Event::Eof) => Err(Reason::Malformed("the message ends too early".to_owned())),
            Ok(event) => walk.take(&event),
            Err(wrong) => Err(Reason::Malformed(wrong.to_string().chars().take(200).collect())),
        };
        step.map_err(|reason| Bad { path: walk.place(), at: reader.buffer_position(), reason })?;
    }
}

/// Where supplementary data of any kind stands.
const ENVELOPE_PATH: &str = "SplmtryData/Envlp";

/// An element that has begun.
struct Opened {
    /// Length of the path without it.
    path_before: usize,
    text: String,
    currency: Option<String>,
    /// Whether the listener heard of it: it has elements in it.
    is_told: bool,
    /// Whether it is, or is in, supplementary data.
    is_skipped: bool,
}

struct Walk<'a> {
    kind: &'a Kind,
    listener: &'a mut dyn Listener,
    open: Vec<Opened>,
    path: String,
    is_over: bool,
}

impl Walk<'_> {
    fn place(&self) -> String {
        if self.path.is_empty() { "Document".to_owned() } else { self.path.clone() }
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), Reason> {
        match event {
            Event::Start(start) => self.start(start),
            Event::Empty(start) => {
                self.start(start)?;
                self.end()
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let letter = resolved(name)?;
                self.text(letter.encode_utf8(&mut [0; 4]))
            }
            Event::Comment(_) => Ok(()),
            Event::Decl(declaration) => match declaration.encoding() {
                None => Ok(()),
                Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
                Some(_) => Err(Reason::Forbidden("an encoding that is not UTF-8")),
            },
            Event::DocType(_) => Err(Reason::Forbidden("a document type")),
            Event::PI(_) => Err(Reason::Forbidden("a processing instruction")),
            Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Reason> {
        if start.len() > ISO_TAG_BYTES_MAX {
            return Err(Reason::Tag { bytes: start.len() });
        }
        if self.open.len() == ISO_DEPTH_MAX {
            return Err(Reason::Depth);
        }
        if self.is_over {
            return Err(Reason::Forbidden("a second document"));
        }
        let qualified = start.name();
        let prefix = qualified.prefix().map(|prefix| prefix.into_inner().to_owned());
        let name = qualified.local_name().into_inner();
        let is_skipped = self.open.last().is_some_and(|parent| parent.is_skipped);
        let mut opened = Opened {
            path_before: self.path.len(),
            text: String::new(),
            currency: None,
            is_told: false,
            is_skipped: is_skipped || (name == "SplmtryData" && !self.kind.has_fields),
        };
        let mut namespace = None;
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|wrong| Reason::Malformed(wrong.to_string()))?;
            let key = attribute.key.as_ref();
            if key == "Ccy" {
                opened.currency = Some(attribute.value.into_owned());
            } else if key == "xmlns" || key.starts_with("xmlns:") {
                let declared =
                    key.strip_prefix("xmlns").unwrap_or_default().trim_start_matches(':');
                if declared == prefix.as_deref().unwrap_or_default() {
                    namespace = Some(attribute.value.into_owned());
                }
            }
        }
        if !is_skipped {
            self.check_name(name, namespace.as_deref())?;
            self.tell_parent()?;
        }
        // `Document` itself is no part of a path.
        if !self.open.is_empty() {
            if !self.path.is_empty() {
                self.path.push('/');
            }
            self.path.push_str(name);
        }
        self.open.push(opened);
        Ok(())
    }

    /// The document and its one element must be this kind's; below, no other namespace is taken but that of fields.
    fn check_name(&self, name: &str, namespace: Option<&str>) -> Result<(), Reason> {
        let Kind { namespace: ours, element, .. } = self.kind;
        let wrong = |found: String, expected| Err(Reason::WrongMessage { found, expected });
        // No supplementary data is walked over where a voucher's fields may stand in it.
        if self.kind.has_fields && self.path.ends_with(ENVELOPE_PATH) {
            return match namespace {
                Some(FIELDS_NAMESPACE) if name == FIELDS_ELEMENT => Ok(()),
                _ => wrong(format!("an element {name}"), FIELDS_NAMESPACE),
            };
        }
        match (self.open.len(), namespace) {
            (0, _) if name != "Document" => wrong(format!("an element {name}"), "a Document"),
            (0, None) => wrong("a document without a namespace".to_owned(), ours),
            (_, Some(other)) if other != *ours => wrong(other.chars().take(80).collect(), ours),
            (1, _) if name != *element => wrong(format!("an element {name}"), element),
            _ => Ok(()),
        }
    }

    /// The element that holds what comes now has elements in it: it may not have text as well.
    fn tell_parent(&mut self) -> Result<(), Reason> {
        let Some(parent) = self.open.last_mut() else { return Ok(()) };
        if !parent.text.trim().is_empty() {
            return Err(Reason::Forbidden("text beside elements"));
        }
        if !parent.is_told {
            parent.is_told = true;
            self.listener.open(&self.path)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Reason> {
        let is_blank = text.trim().is_empty();
        let Some(opened) = self.open.last_mut() else {
            return if is_blank {
                Ok(())
            } else {
                Err(Reason::Forbidden("text beside the document"))
            };
        };
        if opened.is_skipped {
            return Ok(());
        }
        if opened.is_told {
            return if is_blank { Ok(()) } else { Err(Reason::Forbidden("text beside elements")) };
        }
        if opened.text.len() + text.len() > ISO_TEXT_BYTES_MAX {
            // Blanks between tags may be many; they are no text.
            if is_blank && opened.text.trim().is_empty() {
                opened.text.clear();
                return Ok(());
            }
            return Err(Reason::Text);
        }
        if !text.chars().all(is_xml) {
            return Err(Reason::Forbidden("a control character"));
        }
        opened.text.push_str(text);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Reason> {
        // The reader has seen to it that an end has a start.
        let Some(opened) = self.open.pop() else {
            return Err(Reason::Malformed("an end without a start".to_owned()));
        };
        if !opened.is_skipped {
            if opened.is_told {
                self.listener.close(&self.path)?;
            } else {
                let (text, currency) = (opened.text.trim(), opened.currency.as_deref());
                self.listener.leaf(&self.path, Leaf { text, currency })?;
            }
        }
        self.path.truncate(opened.path_before);
        self.is_over = self.open.is_empty();
        Ok(())
    }
}

/// The character that a reference stands for: one of five, or one by number.
fn resolved(name: &str) -> Result<char, Reason> {
    let by_number = |digits: &str| match digits.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    };
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => name
            .strip_prefix('#')
            .and_then(by_number)
            .and_then(char::from_u32)
            .filter(|&letter| is_xml(letter))
            .ok_or(Reason::Forbidden("an entity")),
    }
}

/// Whether XML 1.0 has a character; of control characters only those that part words.
pub(super) fn is_xml(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}
