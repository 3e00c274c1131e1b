//! One line of a server's metrics, as text. Never asks anybody.

/// A metric's value at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample<'a> {
    pub(super) name: &'a str,
    /// The value of its one label.
    pub(super) label: Option<&'a str>,
    pub(super) value: u64,
}

impl<'a> Sample<'a> {
    /// Reads a line. Nothing: a comment, or what a newer server tells in another way.
    pub(super) fn read(line: &'a str) -> Option<Sample<'a>> {
        let (name, value) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
        let value = value.parse().ok()?;
        match name.split_once('{') {
            None => Some(Sample { name, label: None, value }),
            Some((name, label)) => {
                Some(Sample { name, label: Some(label.split('"').nth(1)?), value })
            }
        }
    }
}
