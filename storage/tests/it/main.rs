//! The journal and the checkpoint under test as a whole: on a simulated disk that fails as planned,
//! and on a real one.

mod common;

mod checkpoint;
mod checkpoint_faults;
mod checkpoint_rounds;
mod checkpoint_sled;
mod crash;
mod damage;
mod event_source;
mod events;
mod filler;
mod golden;
mod kept_events;
mod office_pages;
mod reading;
mod real_disk;
mod resuming;
mod segments;
mod torn;
mod verifying;
