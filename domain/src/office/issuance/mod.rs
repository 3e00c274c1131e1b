//! Issuance (指标下达): how checked documents are carried out, step by step.
//!
//! One supervisor for each division. It reads what is on file and what has become of its earlier
//! orders, and gives the next ones; it changes nothing itself. Every order has an id that follows
//! from the document and its place in it, so that after a crash at any point the same steps go on
//! where they were: none is lost, none is done twice.
//!
//! - [`plan`]: what a document does, line by line, or why it may not. Asked when it is checked and
//!   again when it is carried out.
//! - [`order`]: one order of the engine, and the ids orders have.
//! - [`supervisor`]: which orders come next.

pub mod order;
pub mod plan;
pub mod supervisor;

pub use order::Order;
pub use plan::Plan;
pub use supervisor::Supervisor;
