//! Certificates of parties: filed, verified, used, renewed, revoked.
//!
//! A province's root signs each certificate; a store keeps those of everybody it exchanges with, and says whom
//! a signature binds. What was signed while a certificate was good stays good. Days are passed in. State changes
//! in [`Certificates::apply`] alone, by events that [`Certificates`] decided.

mod certificate;
mod registry;

pub use certificate::{Certificate, CertificateFault};
pub(crate) use registry::is_plain;
pub use registry::{
    CertificateEvent, CertificateRefusal, CertificateState, Certificates, Distrust, Filed,
};

#[cfg(test)]
mod tests;
