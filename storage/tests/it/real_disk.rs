//! real_disk
