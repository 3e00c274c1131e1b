//! Which kind of voucher comes of what: of a payment that is instructed, of its receipt, of money that comes
//! back, of a statement.
//!
//! How a division orders its payments is data: [`PayModes`]. The kinds that follow from an order follow from
//! its kind.

use crate::codes::{Method, Path};
use crate::ids::FiscalYear;
use crate::particulars::official_numbers;

use super::form;
use super::key::{DivisionCode, VoucherKey};
use super::kind::VoucherKind;
use super::schema::schema;

/// How payments of one method are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayMode {
    /// The kind of voucher.
    pub kind: VoucherKind,
    /// What stands as its payment method (`PayTypeCode`).
    pub method: &'static str,
}

impl PayMode {
    /// How a voucher of a kind was ordered, by the payment method that stands on it; `None` where its table has no
    /// such method.
    #[must_use]
    pub fn told(kind: VoucherKind, method: &str) -> Option<PayMode> {
        let known = schema(kind).methods.iter().find(|known| **known == method);
        known.map(|method| PayMode { kind, method })
    }

    /// What tells the central bank that a payment which was ordered so is charged elsewhere. Which voucher follows
    /// from the order's kind; its method is the payment's own, since that is what was cleared: an 8202 by direct
    /// payment is corrected as direct. `None`: none tells of it. Of a fiscal special account and of a unit's own money
    /// the central bank has booked nothing.
    #[must_use]
    pub fn correction(self, path: Path) -> Option<PayMode> {
        match path {
            Path::Treasury | Path::Allocation => {
                PayMode::told(self.kind.correction()?, self.method)
            }
            Path::Special | Path::Own => None,
        }
    }
}

/// How a division orders its payments, by the method a payment has in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayModes {
    /// The one form after integration (国库集中支付).
    pub centralized: PayMode,
    /// Direct payment (财政直接支付).
    pub direct: PayMode,
    /// Authorized payment (财政授权支付).
    pub authorized: PayMode,
    /// Real allocation (实拨).
    pub allocation: PayMode,
}

const AUTHORIZED: PayMode = PayMode { kind: VoucherKind::Payment, method: form::METHOD_AUTHORIZED };
const ALLOCATION: PayMode =
    PayMode { kind: VoucherKind::Allocation, method: form::METHOD_ALLOCATION };

impl PayModes {
    /// What divisions have unless they set another: 5201 for direct payment, 8202 for authorized and for the
    /// one form.
    pub const BY_METHOD: PayModes = PayModes {
        centralized: AUTHORIZED,
        direct: PayMode { kind: VoucherKind::DirectPayment, method: form::METHOD_DIRECT },
        authorized: AUTHORIZED,
        allocation: ALLOCATION,
    };

    /// One order for direct and authorized payment alike: 8202, with the method on it.
    pub const ONE_FORM: PayModes = PayModes {
        centralized: AUTHORIZED,
        direct: PayMode { kind: VoucherKind::Payment, method: form::METHOD_DIRECT },
        authorized: AUTHORIZED,
        allocation: ALLOCATION,
    };

    /// How a payment of a method is ordered.
    #[must_use]
    pub const fn of(&self, method: Method) -> PayMode {
        match method {
            Method::Centralized => self.centralized,
            Method::Direct => self.direct,
            Method::Authorized => self.authorized,
            Method::Allocation => self.allocation,
        }
    }
}

impl Default for PayModes {
    fn default() -> PayModes {
        PayModes::BY_METHOD
    }
}

/// The voucher for which a payment is ordered again (再次支付): the first order of the same division and year among its
/// official numbers. A rejected payment's id is at an end, as is its voucher's number (domain §4.5, T14): who asks
/// anew names the old voucher, and the new one refers to it.
#[must_use]
pub fn ordered_again(
    numbers: &str,
    division: DivisionCode,
    year: FiscalYear,
) -> Option<VoucherKey> {
    let keys = official_numbers(numbers).filter_map(VoucherKey::parse);
    keys.into_iter().find(|key| key.kind.is_order() && key.division == division && key.year == year)
}

impl VoucherKind {
    /// True for orders to pay: their receipt says what was paid.
    #[must_use]
    pub const fn is_order(self) -> bool {
        matches!(
            self,
            VoucherKind::Payment
                | VoucherKind::DirectPayment
                | VoucherKind::Allocation
                | VoucherKind::RevenueRefund
        )
    }

    /// What tells finance that money of an order came back.
    #[must_use]
    pub const fn refund_notice(self) -> Option<VoucherKind> {
        match self {
            VoucherKind::DirectPayment => Some(VoucherKind::DirectRefund),
            VoucherKind::Payment => Some(VoucherKind::PayeeRefund),
            VoucherKind::Allocation => Some(VoucherKind::AllocationRefund),
            VoucherKind::RevenueRefund => Some(VoucherKind::RevenueRefundReturn),
            _ => None,
        }
    }

    /// What tells the central bank how much a bank may be cleared for orders of this kind.
    #[must_use]
    pub const fn limit_notice(self) -> Option<VoucherKind> {
        match self {
            VoucherKind::DirectPayment => Some(VoucherKind::DirectLimit),
            VoucherKind::Payment => Some(VoucherKind::AuthorizedLimit),
            _ => None,
        }
    }

    /// What moves a payment of this kind among elements without cash.
    #[must_use]
    pub const fn correction(self) -> Option<VoucherKind> {
        match self {
            VoucherKind::DirectPayment => Some(VoucherKind::DirectCorrection),
            VoucherKind::Payment => Some(VoucherKind::AuthorizedCorrection),
            VoucherKind::Allocation => Some(VoucherKind::AllocationCorrection),
            _ => None,
        }
    }

    /// True for corrections: their sum is zero, and their receipt says that they are booked.
    #[must_use]
    pub const fn is_correction(self) -> bool {
        matches!(
            self,
            VoucherKind::DirectCorrection
                | VoucherKind::AuthorizedCorrection
                | VoucherKind::AllocationCorrection
        )
    }

    /// What answers a statement, with what was found different.
    #[must_use]
    pub const fn statement_answer(self) -> Option<VoucherKind> {
        match self {
            VoucherKind::ClearingStatement => Some(VoucherKind::StatementAnswer),
            VoucherKind::BankClearingStatement => Some(VoucherKind::BankStatementAnswer),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_is_one_that_its_kinds_table_has() {
        for modes in [PayModes::BY_METHOD, PayModes::ONE_FORM] {
            for &method in Method::ALL {
                let mode = modes.of(method);
                assert!(mode.kind.is_order() && schema(mode.kind).methods.contains(&mode.method));
            }
        }
    }

    #[test]
    fn a_correction_has_the_method_of_what_it_corrects() {
        let on = |path: Path, modes: PayModes, method| {
            let told = modes.of(method).correction(path);
            told.map(|told| (told.kind.code(), told.method))
        };
        let corrected = |modes, method| on(Path::Treasury, modes, method);
        let (by_method, one_form) = (PayModes::BY_METHOD, PayModes::ONE_FORM);
        assert_eq!(corrected(by_method, Method::Direct), Some((5253, "11")));
        assert_eq!(corrected(one_form, Method::Direct), Some((5351, "11")));
        for modes in [by_method, one_form] {
            assert_eq!(corrected(modes, Method::Authorized), Some((5351, "12")));
            assert_eq!(corrected(modes, Method::Centralized), Some((5351, "12")));
            let allocated = on(Path::Allocation, modes, Method::Allocation);
            assert_eq!(allocated, Some((5407, "91")));
            assert_eq!(on(Path::Special, modes, Method::Authorized), None);
            assert_eq!(on(Path::Own, modes, Method::Direct), None);
            for &method in Method::ALL {
                let mode = modes.of(method);
                assert_eq!(PayMode::told(mode.kind, mode.method), Some(mode));
            }
        }
        assert_eq!(PayMode::told(VoucherKind::DirectPayment, "12"), None);
    }

    #[test]
    fn an_order_again_names_an_order_of_its_own_division_and_year() {
        let division = DivisionCode::new("370102000").expect("nine digits");
        let year = FiscalYear::new(2022).expect("a year");
        let old = "370102000-2022-8202-0000000007";
        let again =
            |numbers: &str| ordered_again(numbers, division, year).map(|key| key.to_string());
        assert_eq!(again(&format!("申请-17、{old}")).as_deref(), Some(old));
        for other in
            ["", "17", "370103000-2022-8202-7", "370102000-2021-8202-7", "370102000-2022-2301-7"]
        {
            assert_eq!(again(other), None, "{other}");
        }
    }

    #[test]
    fn what_follows_goes_the_way_it_must() {
        for &kind in VoucherKind::ALL {
            if let Some(notice) = kind.refund_notice() {
                assert!(
                    kind.is_order() && notice.from() == kind.to() && notice.to() == kind.from()
                );
            }
            if let Some(correction) = kind.correction() {
                assert!(kind.is_order() && correction.is_correction());
            }
            if let Some(answer) = kind.statement_answer() {
                assert!(answer.from() == kind.to() && answer.to() == kind.from());
            }
        }
    }
}
