//! Collection by agreement (委托收款、托收): a payee collects under an agreement, its bank's claim has debited the payer's
//! account, and the payment is asked for behind it (domain §4.7). The payment's order pays nothing a second time: it
//! takes over the debit that it names.

use thiserror::Error;

use crate::ids::FiscalYear;
use crate::money::Fen;
use crate::particulars::official_numbers;

use super::document::{Fields, Voucher};
use super::facts::named_voucher;
use super::field::Field;
use super::form;
use super::key::{DivisionCode, VoucherKey};
use super::kind::VoucherKind;

/// What a debit and the order that takes it over have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debit<'a> {
    /// The account that is debited.
    pub payer: &'a str,
    /// The account that got it.
    pub payee: &'a str,
    /// How much.
    pub amount_fen: Fen,
}

/// Why an order takes no debit over.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotCollected {
    /// It names none.
    #[error(
        "a payment of kind collection names the debit (2261) that it pays among its official numbers; ask for \
         another that does"
    )]
    NotNamed,
    /// One of another kind names one.
    #[error("only a payment of kind collection pays the debit {0}; ask for another of that kind")]
    OtherKind(VoucherKey),
    /// Nothing was debited under that number.
    #[error("no account was debited by {0}; it is paid when the debit is told, or void it")]
    NotDebited(VoucherKey),
    /// Another order has it.
    #[error("the debit {debit} is paid by {order}; void this payment")]
    Taken {
        /// The debit.
        debit: VoucherKey,
        /// The order that takes it over.
        order: VoucherKey,
    },
    /// The payee gave it back.
    #[error("the debit {0} was given back; void this payment")]
    Back(VoucherKey),
    /// Another account was debited.
    #[error(
        "the debit is of account {debited} and the payment of {ordered}; void it and ask for one that agrees"
    )]
    Payer {
        /// Which was.
        debited: String,
        /// Which pays.
        ordered: String,
    },
    /// Another account got it.
    #[error(
        "the debit went to account {debited} and the payment goes to {ordered}; void it and ask for one that agrees"
    )]
    Payee {
        /// Which got it.
        debited: String,
        /// Which is to be paid.
        ordered: String,
    },
    /// Another amount.
    #[error(
        "the debit is of {debited} yuan and the payment of {ordered}; void it and ask for one that agrees"
    )]
    Amount {
        /// How much was debited.
        debited: Fen,
        /// How much is to be paid.
        ordered: Fen,
    },
}

impl NotCollected {
    /// In Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            NotCollected::NotNamed => "托收业务未注明委托收款付款通知书编号".to_owned(),
            NotCollected::OtherKind(debit) => format!("{debit}只能由托收业务支付"),
            NotCollected::NotDebited(debit) => format!("无此托收扣款{debit}"),
            NotCollected::Taken { debit, order } => format!("托收扣款{debit}已由{order}支付"),
            NotCollected::Back(debit) => format!("托收扣款{debit}已退回"),
            NotCollected::Payer { debited, .. } => format!("付款账号与托收扣款账号{debited}不符"),
            NotCollected::Payee { debited, .. } => format!("收款账号与托收收款账号{debited}不符"),
            NotCollected::Amount { debited, .. } => format!("金额与托收扣款{debited}元不符"),
        }
    }

    /// In both languages.
    #[must_use]
    pub fn both(&self) -> String {
        format!("{}: {self}", self.chinese())
    }
}

impl Debit<'_> {
    /// That an order is for this debit: payer, payee and amount.
    ///
    /// # Errors
    /// The first of them that differs.
    pub fn must_be_paid_by(&self, ordered: &Debit<'_>) -> Result<(), NotCollected> {
        let (debited, ordered) = (*self, *ordered);
        if debited.payer != ordered.payer {
            let (debited, ordered) = (debited.payer.to_owned(), ordered.payer.to_owned());
            return Err(NotCollected::Payer { debited, ordered });
        }
        if debited.payee != ordered.payee {
            let (debited, ordered) = (debited.payee.to_owned(), ordered.payee.to_owned());
            return Err(NotCollected::Payee { debited, ordered });
        }
        if debited.amount_fen != ordered.amount_fen {
            let (debited, ordered) = (debited.amount_fen, ordered.amount_fen);
            return Err(NotCollected::Amount { debited, ordered });
        }
        Ok(())
    }
}

/// The debit that a payment's official numbers name: the first one of the same division and year.
#[must_use]
pub fn debit_among(numbers: &str, division: DivisionCode, year: FiscalYear) -> Option<VoucherKey> {
    let mut keys = official_numbers(numbers).filter_map(VoucherKey::parse);
    keys.find(|key| is_debit(key) && key.division == division && key.year == year)
}

/// The debit that an order takes over, as it stands on it; none where the order is no collection. `collects`: whether it
/// is one.
///
/// # Errors
/// When a collection names no debit, or an order of another kind names one.
pub fn debit_of(
    division: DivisionCode,
    year: FiscalYear,
    collects: bool,
    payee: &Fields,
) -> Result<Option<VoucherKey>, NotCollected> {
    let named = named_voucher(division, year, payee).filter(is_debit);
    match (collects, named) {
        (true, Some(debit)) => Ok(Some(debit)),
        (true, None) => Err(NotCollected::NotNamed),
        (false, Some(debit)) => Err(NotCollected::OtherKind(debit)),
        (false, None) => Ok(None),
    }
}

/// The debit that a voucher takes over, and what it says of it.
///
/// # Errors
/// As [`debit_of`]; and when it does not pay one payee.
pub fn debit_of_order(order: &Voucher) -> Result<Option<(VoucherKey, Debit<'_>)>, NotCollected> {
    let head = &order.head;
    let collects = head.text(Field::BusinessType) == Some(form::BUSINESS_COLLECTION);
    let VoucherKey { division, year, .. } = order.key;
    let Some(debit) = debit_of(division, year, collects, head)? else { return Ok(None) };
    let [line] = order.details.as_slice() else { return Err(NotCollected::NotNamed) };
    let said = Debit {
        payer: head.text(Field::PayerAccount).unwrap_or(""),
        payee: line.fields.text(Field::PayeeAccount).unwrap_or(""),
        amount_fen: line.fields.amount_fen(Field::Amount).unwrap_or_default(),
    };
    Ok(Some((debit, said)))
}

fn is_debit(key: &VoucherKey) -> bool {
    key.kind == VoucherKind::CollectionDebit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year() -> FiscalYear {
        FiscalYear::new(2022).expect("a year")
    }

    fn division() -> DivisionCode {
        DivisionCode::new("370102000").expect("nine digits")
    }

    const KEY: &str = "370102000-2022-2261-10200000001";

    #[test]
    fn a_payment_names_its_debit_among_its_official_numbers() {
        let named =
            |numbers: &str| debit_among(numbers, division(), year()).map(|key| key.to_string());
        assert_eq!(named(&format!("协议-7、{KEY}")).as_deref(), Some(KEY));
        for other in ["", "370103000-2022-2261-1", "370102000-2021-2261-1", "370102000-2022-8202-1"]
        {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn a_collection_and_its_debit_belong_together() {
        let of = |collects, fields: &Fields| debit_of(division(), year(), collects, fields);
        let named = Fields::new()
            .with_text(Field::OriginalKind, "2261")
            .with_text(Field::OriginalNumber, "10200000001");
        let key = VoucherKey::parse(KEY).expect("a key");
        assert_eq!(of(true, &named), Ok(Some(key)));
        assert_eq!(of(false, &named), Err(NotCollected::OtherKind(key)));
        assert_eq!(of(true, &Fields::new()), Err(NotCollected::NotNamed));
        assert_eq!(of(false, &Fields::new()), Ok(None));
        // An order that came back is no debit.
        let again = named.clone().with_text(Field::OriginalKind, "8202");
        assert_eq!((of(false, &again), of(true, &again)), (Ok(None), Err(NotCollected::NotNamed)));
    }

    #[test]
    fn payer_payee_and_amount_have_to_agree_and_both_languages_say_what_does_not() {
        let debit = Debit { payer: "1", payee: "2", amount_fen: Fen::new(100) };
        assert_eq!(debit.must_be_paid_by(&debit), Ok(()));
        for (ordered, english, chinese) in [
            (Debit { payer: "9", ..debit }, "is of account 1", "付款账号与托收扣款账号1不符"),
            (Debit { payee: "9", ..debit }, "went to account 2", "收款账号与托收收款账号2不符"),
            (
                Debit { amount_fen: Fen::new(99), ..debit },
                "is of 1.00 yuan",
                "金额与托收扣款1.00元不符",
            ),
        ] {
            let why = debit.must_be_paid_by(&ordered).expect_err("it differs").both();
            assert!(why.contains(english) && why.starts_with(chinese), "{why}");
        }
    }
}
