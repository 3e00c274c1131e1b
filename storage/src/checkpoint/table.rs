//! What is asked of the store below: ordered tables of bytes, rows and heads, and one of the rests
//! of rows, which an open leaves alone.
//!
//! Promises order and, for heads, that a commit is there whole or not at all. Never promises that
//! what was flushed outlives a power cut: sums over everything find that out.

use std::ops::ControlFlow;

use super::{Fault, Why};

/// Why the store below could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TableFault {
    /// No room.
    NoSpace,
    /// Any other failure.
    Failed(String),
}

impl From<TableFault> for Fault {
    fn from(fault: TableFault) -> Fault {
        match fault {
            TableFault::NoSpace => Fault::NoSpace,
            TableFault::Failed(what) => Fault::Failed { what },
        }
    }
}

impl From<TableFault> for Why {
    fn from(fault: TableFault) -> Why {
        match fault {
            TableFault::NoSpace => Why::Failed("no room is left on its disk".to_owned()),
            TableFault::Failed(what) => Why::Failed(what),
        }
    }
}

/// Takes stored keys and values in order, and says whether to go on.
pub(crate) type Sink<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A stored key and what lies under it.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// The tables of an open store. It may panic where it should fail: whoever calls it catches
/// that.
pub(crate) trait Table: Send + Sync {
    /// Puts a row's part in place, over one of the same key.
    fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), TableFault>;

    /// Removes a row's part; one that is not there is fine.
    fn remove(&self, key: &[u8]) -> Result<(), TableFault>;

    /// Walks over rows' parts from a key on, up to one that is not visited any more.
    fn range(
        &self,
        from: &[u8],
        below: Option<&[u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<(), TableFault>;

    /// Puts a part of a row's rest in place, over one of the same key.
    fn insert_rest(&self, key: &[u8], value: &[u8]) -> Result<(), TableFault>;

    /// Removes a part of a row's rest; one that is not there is fine.
    fn remove_rest(&self, key: &[u8]) -> Result<(), TableFault>;

    /// A part of a row's rest.
    fn rest(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableFault>;

    /// All entries of the table of heads, in order.
    fn heads(&self) -> Result<Vec<Entry>, TableFault>;

    /// Puts entries into the table of heads, all at once.
    fn commit(&self, entries: &[(&[u8], &[u8])]) -> Result<(), TableFault>;

    /// Hands everything to the operating system: from here on the end of the process loses none
    /// of it.
    fn flush(&self) -> Result<(), TableFault>;

    /// Brings everything to the disk, so that from here on a restart of the machine loses none of it
    /// either. Nothing is written afterwards.
    fn settle(&self) -> Result<(), TableFault>;

    /// Has the next open set all of it aside: something in it is not what was written.
    fn condemn(&self);

    /// Bytes on the disk.
    fn bytes_on_disk(&self) -> Result<u64, TableFault>;
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}
