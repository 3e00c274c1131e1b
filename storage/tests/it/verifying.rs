//! verifying
