//! What a connection hears, byte by byte.

mod admission;
mod answers;
mod endings;
mod greeting;
mod lines;
mod questions;
