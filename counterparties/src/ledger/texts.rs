//! Texts kept once, end to end, and named by number.

use xxhash_rust::xxh3::xxh3_64;

use super::slots::Slots;
use crate::limits::NAMES_MAX;

/// The number of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TextId(pub(crate) u32);

/// Texts in the order they came, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<usize>,
    slots: Slots,
}

impl Texts {
    /// A text's number, if it is known.
    pub(crate) fn find(&self, text: &str) -> Option<TextId> {
        let is_it = |row: u32| self.text(TextId(row)) == text;
        self.slots.find(xxh3_64(text.as_bytes()), is_it).map(TextId)
    }

    /// A text's number, given now if it has none.
    pub(crate) fn intern(&mut self, text: &str) -> TextId {
        if let Some(known) = self.find(text) {
            return known;
        }
        assert!(self.ends.len() < NAMES_MAX, "a ledger cannot name so many texts");
        let row = self.ends.len() as u32;
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        let Texts { bytes, ends, slots } = self;
        let hash_of = |row: u32| xxh3_64(of(bytes, ends, row).as_bytes());
        slots.insert(xxh3_64(text.as_bytes()), row, hash_of);
        TextId(row)
    }

    /// The text with a number.
    pub(crate) fn text(&self, id: TextId) -> &str {
        of(&self.bytes, &self.ends, id.0)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn of<'a>(bytes: &'a str, ends: &[usize], row: u32) -> &'a str {
    let row = row as usize;
    let begin = if row == 0 { 0 } else { ends[row - 1] };
    &bytes[begin..ends[row]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut texts = Texts::default();
        let names: Vec<String> = (0..1000).map(|number| format!("账户{number}")).collect();
        let ids: Vec<TextId> = names.iter().map(|name| texts.intern(name)).collect();
        for (name, id) in names.iter().zip(ids) {
            assert_eq!(texts.find(name), Some(id));
            assert_eq!(texts.intern(name), id);
            assert_eq!(texts.text(id), name);
        }
        assert_eq!(texts.len(), 1000);
        assert_eq!(texts.find("账户1000"), None);
        let empty = texts.intern("");
        assert_eq!((texts.text(empty), texts.find("")), ("", Some(empty)));
    }
}
