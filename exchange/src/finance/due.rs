//! A payment whose voucher is due, with all that goes on the voucher.

use domain::codes::{BusinessKind, Path};
use domain::ids::{Day, PaymentId};
use domain::office::Office;
use domain::office::shelves::Book;
use domain::office::tables::base::Unit;
use domain::office::tables::project::{DIRECT_FUNDS, Project};
use domain::voucher::collection::debit_among;
use domain::voucher::document::Fields;
use domain::voucher::follows::ordered_again;
use domain::voucher::grouping::{Order, Payee, sheet_of};
use domain::voucher::papers;
use domain::voucher::payees::SheetDigest;
use domain::voucher::{DivisionCode, Field, Party, PartyKind, Value, VoucherKey, form};

use super::accounts::{NoPayer, Payer};
use super::feed::{Elements, Feed, Ordered};

/// A payment whose voucher is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The division's code.
    pub division: DivisionCode,
    /// Division and year.
    pub book: Book,
    /// The payment.
    pub payment: PaymentId,
    /// Who settles it.
    pub path: Path,
    /// The payment's day, which becomes the voucher's.
    pub day: Day,
    /// The sheet of payees that it is for, as it was approved.
    pub payees: Option<SheetDigest>,
    /// Who is ordered to pay, and what goes on the voucher; or why there is none.
    pub order: Result<(Party, Order), String>,
}

/// What a payment's voucher needs, from what is on file.
///
/// # Errors
/// When its division was never registered, which no journal says.
pub fn due(feed: &mut Feed, central_bank: Party, ordered: &Ordered) -> Result<Due, String> {
    let book = ordered.book();
    let Some(division) = feed.division_code(book.0) else {
        return Err(format!(
            "payment {} is of division {}, which is not registered",
            ordered.payment, book.0.0
        ));
    };
    feed.index_payers(book);
    let office = feed.shelves().office(book);
    let elements = feed.elements(ordered.quota);
    let order = match elements {
        None => Err(format!("quota {} has no official key", ordered.quota)),
        Some(elements) => feed
            .payers(book)
            .payer(office, central_bank, ordered.path, elements.unit)
            .map_err(|none: NoPayer| none.to_string())
            .and_then(|payer| {
                let numbers = &ordered.particulars.numbers;
                let papers = papers::named(numbers);
                let papers = papers.map_err(|why| format!("{}: {why}", why.chinese()))?;
                let named = match ordered.business {
                    // What it names is the debit that it pays.
                    BusinessKind::Collection => debit_among(numbers, division, book.1),
                    _ => ordered_again(numbers, division, book.1),
                };
                let of_payee = of_payee(ordered, named, papers);
                Ok((payer.party, order(office, ordered, &elements, &payer, of_payee)))
            }),
    };
    let Ordered { payment, path, day, .. } = *ordered;
    // What is no digest is told with the papers.
    let payees = papers::sheet_named(&ordered.particulars.numbers).ok().flatten();
    Ok(Due { division, book, payment, path, day, payees, order })
}

fn order(
    office: &Office,
    ordered: &Ordered,
    elements: &Elements<'_>,
    payer: &Payer,
    of_payee: Fields,
) -> Order {
    let department = department(office, elements.unit);
    let mut of_payer = Fields::new()
        .with_text(Field::FundType, elements.fund)
        .with_text(Field::PayerAccount, &*payer.account)
        .with_text(Field::PayerName, &*payer.name);
    // The treasury pays by itself: no bank is named.
    if payer.party.kind() == PartyKind::Bank {
        of_payer.set(Field::PayBank, Value::Text(payer.party.code().to_owned()));
        for field in [Field::PayBankName, Field::PayerBankName] {
            of_payer.set(field, Value::Text((*payer.bank_name).to_owned()));
        }
    }
    if let Some(treasury) = &payer.treasury {
        of_payer = of_payer.with_text(Field::Treasury, &**treasury);
    }
    let of_elements = elements_of(elements, department)
        .with_text(Field::DepartmentEconomic, ordered.economic.as_str())
        .with_text(Field::Project, elements.project);
    let of_elements = match office.get::<Project>(elements.project) {
        Some(project) if project.has_direct_funds() => {
            of_elements.with_text(Field::Topic, DIRECT_FUNDS)
        }
        _ => of_elements,
    };
    Order {
        payment: ordered.payment,
        quota: ordered.quota,
        amount_fen: ordered.amount_fen,
        method: ordered.method,
        business: ordered.business,
        sheet: sheet_of(ordered.business, &ordered.particulars.document),
        payer: of_payer,
        elements: of_elements,
        payees: vec![Payee { amount_fen: ordered.amount_fen, fields: of_payee }],
    }
}

/// What a voucher says of the one who is paid, and of what for: `papers` of a tax, a non-tax payment or a purchase.
fn of_payee(ordered: &Ordered, named: Option<VoucherKey>, papers: Fields) -> Fields {
    let told = &ordered.particulars;
    let mut of_payee = papers.with_text(Field::PayeeName, told.payee_name.as_str()).with_text(
        Field::SettlementMode,
        match told.payee_account.is_empty() {
            // Whoever is named takes it at the counter (提现).
            true => form::SETTLED_IN_CASH,
            false => form::SETTLED_BY_TRANSFER,
        },
    );
    if let Some(named) = named {
        of_payee.set(Field::OriginalKind, Value::Text(named.kind.code().to_string()));
        of_payee.set(Field::OriginalNumber, Value::Text(named.number.as_str().to_owned()));
    }
    for (field, text) in [
        (Field::PayeeAccount, &told.payee_account),
        (Field::PayeeBankNumber, &told.payee_bank),
        (Field::Purpose, &told.purpose),
    ] {
        if !text.is_empty() {
            of_payee.set(field, Value::Text(text.clone()));
        }
    }
    of_payee
}

/// What a quota's elements are on a voucher, but its project, which comes last.
pub(super) fn elements_of(elements: &Elements<'_>, department: &str) -> Fields {
    Fields::new()
        .with_text(Field::Department, department)
        .with_text(Field::Unit, elements.unit)
        .with_text(Field::Function, elements.functional)
        .with_text(Field::GovernmentEconomic, elements.government)
}

/// The department a unit belongs to: the unit of the first level above it, or itself where nothing says more.
pub(super) fn department<'a>(office: &'a Office, unit: &'a str) -> &'a str {
    let mut code = unit;
    for _ in 0..domain::limits::OFFICE_TREE_DEPTH_MAX {
        match office.get::<Unit>(code).and_then(|unit| unit.parent.as_deref()) {
            Some(parent) => code = parent,
            None => break,
        }
    }
    code
}
