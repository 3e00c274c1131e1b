//! Which fields of details stand on paper, where there is room for some: what says whom and what, then the
//! amounts.

use domain::voucher::{Field, Voucher};

use super::stands_behind;

/// Columns beside the amounts.
const DESCRIBING_MAX: usize = 7;

/// What describes a detail, the most telling first.
const DESCRIBING: [Field; 22] = [
    Field::OriginalKind,
    Field::OriginalNumber,
    Field::OriginalDetail,
    Field::RefundNumber,
    Field::PayeeName,
    Field::PayeeAccount,
    Field::PayeeBankName,
    Field::UnitName,
    Field::Unit,
    Field::Department,
    Field::Function,
    Field::DepartmentEconomic,
    Field::GovernmentEconomic,
    Field::Project,
    Field::Purpose,
    Field::Reason,
    Field::FundType,
    Field::PayBankName,
    Field::PayerName,
    Field::PayerAccount,
    Field::LineState,
    Field::CheckResult,
];

/// Amounts and what was really done.
const DONE: [Field; 4] =
    [Field::Amount, Field::ExecutedAmount, Field::ExecutedNote, Field::CheckReason];

/// The columns of a voucher's details, left to right.
pub(super) fn of(voucher: &Voucher) -> Vec<Field> {
    // A name that stands behind its code in each detail needs no column.
    let has = |field: &Field| {
        let mut lines = voucher.details.iter().map(|line| &line.fields);
        lines.any(|fields| fields.get(*field).is_some() && !stands_behind(*field, fields))
    };
    let describing = DESCRIBING.into_iter().filter(has).take(DESCRIBING_MAX);
    describing.chain(DONE.into_iter().filter(has)).collect()
}
