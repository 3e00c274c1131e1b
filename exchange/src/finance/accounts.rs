//! From which account a payment is paid, and which party keeps it.
//!
//! The accounts on file say so (domain §1.4): a unit's zero-balance account, or finance's where the unit has
//! none; the fiscal special account for its own fund natures; the unit's own account for its own money; the
//! treasury single account for real allocation (实拨).

use std::collections::BTreeMap;

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
         `treasury import`, and the payment gets its voucher",
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

/// The accounts of a division and year that pay, by kind and unit, so that a payment needs no look through all.
#[derive(Debug, Default)]
pub struct Payers {
    /// The first of each kind that works, of a unit's kinds by unit; its number.
    accounts: BTreeMap<AccountKind, BTreeMap<Box<str>, Box<str>>>,
    /// The treasury of the division, by its single account.
    treasury: Option<Box<str>>,
}

impl Payers {
    /// Those on file.
    #[must_use]
    pub fn of(office: &Office) -> Payers {
        let mut payers = Payers::default();
        for account in office.all::<Account>().filter(|one| one.standing == Standing::Active) {
            let is_units = matches!(account.kind, AccountKind::UnitZero | AccountKind::RealFund);
            let unit = if is_units { account.unit.as_deref() } else { Some("") };
            let Some(unit) = unit else { continue };
            let of_kind = payers.accounts.entry(account.kind).or_default();
            of_kind.entry(unit.into()).or_insert_with(|| (*account.number).into());
            if account.kind == AccountKind::TreasurySingle && payers.treasury.is_none() {
                payers.treasury = account.treasury_code.as_deref().map(Into::into);
            }
        }
        payers
    }

    /// The treasury of the division, where its single account says so.
    #[must_use]
    pub fn treasury(&self) -> Option<&str> {
        self.treasury.as_deref()
    }

    /// The account that pays for a unit on a path.
    ///
    /// # Errors
    /// When nothing fitting is on file.
    pub fn payer(
        &self,
        office: &Office,
        central_bank: Party,
        path: Path,
        unit: &str,
    ) -> Result<Payer, NoPayer> {
        let kinds = kinds(path);
        let of_kind = |kind: &AccountKind| {
            let of_kind = self.accounts.get(kind)?;
            office.get::<Account>(of_kind.get(unit).or_else(|| of_kind.get(""))?)
        };
        let account = kinds.iter().find_map(of_kind);
        let account = account.ok_or_else(|| NoPayer::NoAccount { unit: unit.to_owned(), kinds })?;
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
            treasury: self.treasury.clone(),
        })
    }
}

fn bank(office: &Office, account: &Account) -> Option<Party> {
    let code = account.agent_bank.as_deref()?;
    let bank = office.get::<AgentBank>(code)?;
    let works = bank.standing == Standing::Active;
    works.then(|| Party::new(PartyKind::Bank, code)).flatten()
}
