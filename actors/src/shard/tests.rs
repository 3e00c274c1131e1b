//! What a shard promises, seen through a house that writes down what is durable.

mod deadlines;
mod issuance;
mod linked;
mod moves;
mod quarantine;
mod turns;
