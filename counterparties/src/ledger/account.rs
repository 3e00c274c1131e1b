//! Accounts: a kind and a number, and the balance that is kept of each.

use std::fmt;

use domain::money::FenSum;

use super::texts::{TextId, Texts};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $letter:literal, $slug:literal;)+) => {
        /// What kind of account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AccountKind { $($(#[$doc])* $name,)+ }

        impl AccountKind {
            /// How it begins among the names of accounts.
            const fn letter(self) -> char {
                match self { $(AccountKind::$name => $letter,)+ }
            }

            fn from_letter(letter: char) -> AccountKind {
                match letter {
                    $($letter => AccountKind::$name,)+
                    other => unreachable!("no kind of account is written {other}"),
                }
            }

            /// Its name in statements.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(AccountKind::$name => $slug,)+ }
            }
        }
    };
}

kinds! {
    /// A zero-balance account of finance or a unit (零余额账户). Negative: paid and not reimbursed.
    ZeroBalance = 'z', "zero-balance";
    /// The bank's own money (垫付资金). Negative: so much of it is out.
    Advance = 'a', "advance";
    /// What the treasury owes the bank: the other side of the zero-balance accounts.
    Claim = 'c', "claim";
    /// A payee's account, here or at another bank.
    Payee = 'p', "payee";
    /// In a bank's books what the treasury has reimbursed, negative; in the central bank's the deposit of
    /// one treasury (国库存款), never negative.
    Treasury = 't', "treasury";
    /// A bank's deposit at the central bank.
    Reserve = 'r', "reserve";
    /// An account at a bank that pays out of its own money: a fiscal special account, a unit's own. Never negative.
    Deposit = 'd', "deposit";
    /// Whoever pays income in, buys bonds, or is paid straight from the treasury.
    Outside = 'o', "outside";
}

/// The number of an account in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub(crate) u32);

/// An account as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'a> {
    /// Its kind.
    pub kind: AccountKind,
    /// Its number; empty where there is one of its kind.
    pub number: &'a str,
}

impl fmt::Display for Account<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.kind.slug())?;
        if self.number.is_empty() { Ok(()) } else { write!(out, " {}", self.number) }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    /// The kind's letter and the number.
    names: Texts,
    balances_fen: Vec<FenSum>,
}

impl Accounts {
    pub(super) fn open(&mut self, kind: AccountKind, number: &str) -> AccountId {
        let id = self.names.intern(&name(kind, number));
        self.balances_fen.resize(self.names.len(), 0);
        AccountId(id.0)
    }

    pub(super) fn find(&self, kind: AccountKind, number: &str) -> Option<AccountId> {
        self.names.find(&name(kind, number)).map(|id| AccountId(id.0))
    }

    pub(super) fn account(&self, id: AccountId) -> Account<'_> {
        let name = self.names.text(TextId(id.0));
        let letter = name.chars().next().expect("a name begins with its kind's letter");
        Account { kind: AccountKind::from_letter(letter), number: &name[letter.len_utf8()..] }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = AccountId> + use<> {
        (0..self.balances_fen.len() as u32).map(AccountId)
    }

    pub(super) fn len(&self) -> usize {
        self.balances_fen.len()
    }

    pub(super) fn balance_fen(&self, id: AccountId) -> FenSum {
        self.balances_fen[id.0 as usize]
    }

    pub(super) fn add(&mut self, id: AccountId, amount_fen: FenSum) {
        self.balances_fen[id.0 as usize] += amount_fen;
    }
}

fn name(kind: AccountKind, number: &str) -> String {
    let mut name = String::with_capacity(1 + number.len());
    name.push(kind.letter());
    name.push_str(number);
    name
}
