//! The codes of 2022, as far as the scenarios use them, and which go together: written from the
//! classification itself, not from the engine's tables.

use crate::command::{Create, Tail};

use super::codes::code;

/// Departmental economic classes at the finest level, by their branch: the last two digits.
const DEPARTMENTAL: [(&str, &[u8]); 6] = [
    ("301", &[1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 99]),
    (
        "302",
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 24, 25, 26, 27, 28, 29, 31,
            39, 40, 99,
        ],
    ),
    ("303", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99]),
    ("310", &[1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 19, 21, 22, 99]),
    ("312", &[1, 3, 4, 5, 99]),
    ("313", &[2, 3]),
];

/// Classes of branches that only refused requests name.
const OTHER: [&str; 1] = ["39999"];

/// Government economic classes (类) by departmental branch: of offices, then of institutions.
const GOVERNMENT: [(&str, [&str; 2]); 6] = [
    ("301", ["501", "505"]),
    ("302", ["502", "505"]),
    ("303", ["509", "509"]),
    ("310", ["503", "506"]),
    ("312", ["507", "508"]),
    ("313", ["510", "510"]),
];

/// True for a departmental class that a payment may carry.
pub(super) fn is_payable_class(class: &str) -> bool {
    let listed = |&(branch, numbers): &(&str, &[u8])| {
        let number = class.strip_prefix(branch).filter(|number| number.len() == 2);
        number
            .and_then(|number| number.parse().ok())
            .is_some_and(|number| numbers.contains(&number))
    };
    OTHER.contains(&class) || DEPARTMENTAL.iter().any(listed)
}

/// The code a quota is refused with for what its official key names.
pub(super) fn unfit_elements(create: &Create, tail: &Tail) -> Option<u16> {
    let Tail::Text(key) = tail else { return None };
    let mut parts = key.split('/').skip(2);
    let mut part = || parts.next();
    let (Some(functional), Some(government), Some(departmental), Some(fund)) =
        (part(), part(), part(), part())
    else {
        return None;
    };
    let named = create.economic.as_str();
    let same = fund == create.fund.as_str() && (named.is_empty() || named == departmental);
    let branch = DEPARTMENTAL.iter().any(|&(branch, _)| branch == departmental);
    if !same || !(branch || is_payable_class(departmental)) {
        return Some(code::BAD_ELEMENT);
    }
    let mapped = GOVERNMENT.iter().any(|(branch, classes)| {
        departmental.starts_with(branch)
            && classes.iter().any(|class| government.starts_with(class))
    });
    if !mapped {
        return Some(code::ECONOMIC_MISMATCH);
    }
    (budget_of(functional) != budget_of_fund(fund)).then_some(code::FUND_CLASS_MISMATCH)
}

/// Which of the four budgets a function is in: land and lottery money are government funds.
fn budget_of(functional: &str) -> char {
    match functional {
        _ if functional.starts_with("21208") || functional.starts_with("22960") => 'g',
        _ if functional.starts_with("223") => 'c',
        _ if functional.starts_with("209") => 's',
        _ => 'p',
    }
}

/// Which of the four budgets a fund nature is in; what is outside all four follows the public one.
fn budget_of_fund(fund: &str) -> char {
    match fund {
        _ if fund.starts_with("12") => 'g',
        "13" => 'c',
        "14" => 's',
        _ => 'p',
    }
}
