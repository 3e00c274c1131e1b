//! The tables, a file for each subject.

pub mod base;
pub mod budget;
pub mod commitment;
pub mod document;
pub mod people;
pub mod performance;
pub mod project;
pub mod register;
pub mod report;
pub mod rule;
