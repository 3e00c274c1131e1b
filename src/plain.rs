//! The plainest quota and reservation there are: what `bench` and the demo's overload load a server
//! with, where only their number counts.

use domain::Fen;
use domain::codes::{AuthorityKind, BusinessKind, Method, Posts};
use domain::command::{Create, Reserve};
use domain::ids::{
    ActId, Class, ContractId, Day, DivisionIndex, FiscalYear, LimitKey, PaymentId, QuotaId,
};
use domain::particulars::Particulars;

/// A quota of general public money for goods and services, without a plan.
pub(crate) fn quota(
    act: ActId,
    division: DivisionIndex,
    year: FiscalYear,
    key: &str,
) -> Create<'_> {
    Create {
        act,
        division,
        year,
        parent: QuotaId::NONE,
        fund: Class::new("111").expect("a class"),
        economic: Class::new("302").expect("a class"),
        posts: Posts::UNIT,
        executable: true,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key,
    }
}

/// A reservation on such a quota of 2022, under no contract and without a deadline.
pub(crate) fn reservation(
    payment: PaymentId,
    quota: QuotaId,
    amount_fen: Fen,
    particulars: &[u8],
) -> Reserve<'_> {
    Reserve {
        payment,
        quota,
        amount_fen,
        economic: Class(*b"30201\0\0\0"),
        method: Method::Centralized,
        kind: BusinessKind::Single,
        day: Day::new(20_220_110).expect("a day"),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        deadline_ms: 0,
        one_act: false,
        particulars: Particulars::trusted(particulars),
    }
}
