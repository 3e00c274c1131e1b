//! Names of scopes, each once, and the sums of each.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::limits::RECONCILED_SCOPES_MAX;
use crate::money::FenSum;
use crate::reconciliation::line::Scope;

/// The lines of one side in one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub lines: u64,
    /// Sum of those that are done.
    pub done_fen: FenSum,
}

/// Both sides of one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Ours.
    pub ours: Total,
    /// Theirs.
    pub theirs: Total,
}

/// Scopes by number, in the order they came in.
#[derive(Default)]
pub(super) struct Scopes {
    by_name: HashMap<Box<str>, u32>,
    names: Vec<[Box<str>; 3]>,
    seeds: Vec<u64>,
    pub(super) totals: Vec<Totals>,
    /// The scope of the line before: lines tend to come by account.
    last: u32,
    joined: String,
}

impl Scopes {
    /// A scope's name.
    pub(super) fn name(&self, scope: u32) -> Scope<'_> {
        let [bank, account, fund] = &self.names[scope as usize];
        Scope { bank, account, fund }
    }

    /// A hash of a scope's name.
    pub(super) fn seed(&self, scope: u32) -> u64 {
        self.seeds[scope as usize]
    }

    /// The number of a scope; `None` when there is no room for another.
    pub(super) fn number(&mut self, scope: Scope<'_>) -> Option<u32> {
        if !self.names.is_empty() && self.name(self.last) == scope {
            return Some(self.last);
        }
        self.joined.clear();
        for text in [scope.bank, "\0", scope.account, "\0", scope.fund] {
            self.joined.push_str(text);
        }
        let number = match self.by_name.get(self.joined.as_str()) {
            Some(&number) => number,
            None if self.names.len() == RECONCILED_SCOPES_MAX => return None,
            None => self.add(scope),
        };
        self.last = number;
        Some(number)
    }

    fn add(&mut self, scope: Scope<'_>) -> u32 {
        let number = self.names.len() as u32;
        self.by_name.insert(self.joined.as_str().into(), number);
        self.seeds.push(xxh3_64(self.joined.as_bytes()));
        self.names.push([scope.bank.into(), scope.account.into(), scope.fund.into()]);
        self.totals.push(Totals::default());
        number
    }

    /// Sums of each scope, by its name.
    pub(super) fn all(&self) -> Vec<(Scope<'_>, Totals)> {
        let numbers = 0..self.names.len() as u32;
        let mut named: Vec<_> =
            numbers.map(|scope| (self.name(scope), self.totals[scope as usize])).collect();
        named.sort_unstable_by_key(|(scope, _)| *scope);
        named
    }
}
