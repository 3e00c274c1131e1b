//! What a look-up tells of a quota and of a payment.
//!
//! Copies what is there into the form that is sent. Derives nothing but `available`.

mod payment;
mod quota;

pub use payment::{FactView, PaymentView, StepView};
pub use quota::QuotaView;
