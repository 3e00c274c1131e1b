//! E-vouchers (电子凭证): what finance, agent banks and the central bank tell each other about payments.
//!
//! What a voucher is, which kinds there are, what each must hold and where it may stand. How one is
//! written as XML or JSON, signed, kept and sent is not known here.

pub mod party;

pub mod kind;

pub mod key;

pub mod field;

pub mod document;

pub mod form;

pub mod seal;

pub mod schema;

pub mod unfit;

pub mod check;

pub mod canonical;

pub mod state;

pub mod numbers;

pub mod follows;

pub mod grouping;

pub mod facts;

pub mod heard;

pub mod collection;

pub mod payees;

pub mod again;

pub mod papers;

pub mod sample;

pub mod invariant;

pub use document::{Detail, Value, Voucher};
pub use field::Field;
pub use key::{DivisionCode, Flag, VoucherKey, VoucherNumber};
pub use kind::VoucherKind;
pub use party::{Party, PartyKind};
pub use seal::SealPlace;
pub use unfit::{Finding, Unfit};
