//! What is kept: the journal of a treasury, on a disk that is passed in.
//!
//! The journal is a chain of **groups** of **records** in numbered **segments**. A group is on the
//! disk, whole, before anyone hears of it; everything else the engine knows is a fold over it.
//! `docs/format.md` describes every byte.
//!
//! Beside the journal lies a **checkpoint**, from which a start can begin: rebuildable, checked whole
//! before it is believed, described in `docs/checkpoint.md`.
//!
//! Nothing here reads a clock, draws a random number or decides a payment. Threads are the one that
//! fills segments ahead of their use, a shell around [`filler::Filler::step`], those that scan a
//! checkpoint while it is opened, and sled's own.
//!
//! Modules, in reading order:
//!
//! - [`limits`]: every bound, by name.
//! - [`position`]: where a record is, and the hash that makes a position provable.
//! - [`dataset`]: which treasury a directory belongs to.
//! - [`disk`]: all that the journal asks of a disk; a real one and a simulated one.
//! - [`aligned`]: memory that direct writes accept.
//! - [`record`]: the frame of one record, read without trusting a length.
//! - [`marks`]: the two records that the journal writes by itself, `Opened` and `Closed`.
//! - [`event_record`]: the domain's events as records.
//! - [`page_record`]: pages of the state as rows of the checkpoint.
//! - [`group`]: the header of a group, and the buffer in which one is built.
//! - [`segment`]: the header of a segment, and the names of segment files.
//! - [`filler`]: segments written with zeros ahead of their use.
//! - [`inventory`]: which segments there are, and whether they are the right ones.
//! - [`walk`]: groups read one by one, each judged before it is believed.
//! - [`journal`]: the trait, and the journal on the local disk.
//! - [`recovery`]: what a start does: read, judge, cut, sync, go on.
//! - [`reader`]: the journal read from a position, by those who may not write it.
//! - [`verify`]: the whole journal checked, offline.
//! - [`space`]: how much room is left, as two marks.
//! - [`checkpoint`]: what a start can begin from instead of the whole journal.

pub mod aligned;
pub mod checkpoint;
pub mod dataset;
pub mod disk;
pub mod event_record;
pub mod filler;
pub mod group;
pub mod inventory;
pub mod journal;
pub mod limits;
pub mod marks;
pub mod page_record;
pub mod position;
pub mod reader;
pub mod record;
pub mod recovery;
pub mod segment;
pub mod space;
pub mod verify;
pub mod walk;
