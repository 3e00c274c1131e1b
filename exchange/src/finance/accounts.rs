//! From which account a payment is paid, and which party keeps it.
//!
//! The accounts on file say so (domain §1.4): a unit's zero-balance account, or finance's where the unit has
//! none; the fiscal special account for its own fund natures; the unit's own account for its own money; the
//! treasury single account for real allocation (实拨).

use domain::codes::Path;
use domain::office::Office;
use domain::office::tables::base::Standing;
use domain::office::tables::register::{Account, AccountKind, AgentBank};
use domain::voucher::{Party, PartyKind};

/// Where a payment is paid from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Who keeps the account and gets the voucher.
    pub party: Party,
    /// The account.
    pub account: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The bank's name.
    pub bank_name: Box<str>,
    /// The treasury that reimburses the bank, where the division's single account says so.
    pub treasury: Option<Box<str>>,
}

/// Why a payment has no account to be paid from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPayer {
    /// None of the right kind is on file.
    #[error(
        "no active account of kind {} ({}) is on file for unit `{unit}` or finance; import one with \
         `treasury import`, void this payment and order it anew",
        kinds[0].slug(),
        kinds[0].chinese()
    )]
    NoAccount {
        /// The unit.
        unit: String,
        /// The kinds that would do, the best first.
        kinds: &'static [AccountKind],
    },
    /// The account's bank is none of the division's agent banks.
    #[error(
        "account {account} names no active agent bank of the division; set its column `agent_bank` and \
         import it again"
    )]
    NoBank {
        /// The account.
        account: String,
    },
}

/// The kinds of accounts that pay on a path, the best first.
#[must_use]
pub const fn kinds(path: Path) -> &'static [AccountKind] {
    match path {
        Path::Treasury => &[AccountKind::UnitZero, AccountKind::FinanceZero],
        Path::Special => &[AccountKind::FiscalSpecial],
        Path::Own => &[AccountKind::RealFund],
        Path::Allocation => &[AccountKind::TreasurySingle],
    }
}

/// The account that pays for a unit on a path.
///
/// # Errors
/// When nothing fitting is on file.
pub fn payer(
    office: &Office,
    central_bank: Party,
    path: Path,
    unit: &str,
) -> Result<Payer, NoPayer> {
    let kinds = kinds(path);
    let account = kinds
        .iter()
        .find_map(|kind| office.all::<Account>().find(|account| pays(account, *kind, unit)))
        .ok_or_else(|| NoPayer::NoAccount { unit: unit.to_owned(), kinds })?;
    let party = match account.kind {
        AccountKind::TreasurySingle => Some(central_bank),
        _ => bank(office, account),
    };
    let party = party.ok_or_else(|| NoPayer::NoBank { account: account.number.to_string() })?;
    Ok(Payer {
        party,
        account: (*account.number).into(),
        name: (*account.name).into(),
        bank_name: (*account.bank_name).into(),
        treasury: treasury(office),
    })
}

/// The treasury of the division, by its single account.
fn treasury(office: &Office) -> Option<Box<str>> {
    let single = |account: &&Account| pays(account, AccountKind::TreasurySingle, "");
    let account = office.all::<Account>().find(single)?;
    account.treasury_code.as_deref().map(Into::into)
}

/// Whether an account is of a kind, works, and belongs to the unit, or to finance where its kind does.
fn pays(account: &Account, kind: AccountKind, unit: &str) -> bool {
    let is_units = matches!(kind, AccountKind::UnitZero | AccountKind::RealFund);
    let fits = !is_units || account.unit.as_deref() == Some(unit);
    account.kind == kind && account.standing == Standing::Active && fits
}

fn bank(office: &Office, account: &Account) -> Option<Party> {
    let code = account.agent_bank.as_deref()?;
    let bank = office.get::<AgentBank>(code)?;
    let works = bank.standing == Standing::Active;
    works.then(|| Party::new(PartyKind::Bank, code)).flatten()
}
