//! Letters found by party, key, day and state, page by page.

use std::fmt;
use std::str::FromStr;

use domain::ids::Day;
use domain::voucher::{Flag, Party, VoucherKey, VoucherKind};
use thiserror::Error;

use super::rows::{InState, OutState, Row};
use super::{Peer, Store};
use crate::limits::SEARCH_ROWS_MAX;

/// What is looked for. Everything that is given has to hold.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// With this party.
    pub party: Option<Party>,
    /// Ours that stand here.
    pub ours: Option<OutState>,
    /// Theirs that stand here.
    pub theirs: Option<InState>,
    /// With this key.
    pub key: Option<VoucherKey>,
    /// Of this kind.
    pub kind: Option<VoucherKind>,
    /// Of no kind that orders money to be paid: what follows from orders.
    pub no_orders: bool,
    /// Vouchers, and what is set aside or stopped, whatever it is; without notices that went their way.
    pub no_notices: bool,
    /// From this day on.
    pub first: Option<Day>,
    /// Up to this day.
    pub last: Option<Day>,
    /// Behind this one: where the page before ended.
    pub after: Option<Found>,
}

/// Where a letter is: as text `bank:102/out/17`, or `bank:102/in/17` where it came from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// With whom.
    pub party: Party,
    /// Whether it came from there; else it is ours.
    pub came: bool,
    /// Its entry.
    pub entry: u32,
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.came { "in" } else { "out" };
        write!(out, "{}/{way}/{}", self.party, self.entry)
    }
}

/// A text that says no place of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is no place of a letter; write its party, way and entry, like bank:102/out/17")]
pub struct NoPlace {
    /// What was given.
    pub text: String,
}

impl FromStr for Found {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Found, NoPlace> {
        let mut parts = text.split('/');
        let found = (|| {
            let party = parts.next()?.parse().ok()?;
            let came = match parts.next()? {
                "in" => true,
                "out" => false,
                _ => return None,
            };
            let entry = parts.next()?.parse().ok()?;
            parts.next().is_none().then_some(Found { party, came, entry })
        })();
        found.ok_or_else(|| NoPlace { text: text.chars().take(80).collect() })
    }
}

impl Store {
    /// The letter at a place.
    #[must_use]
    pub fn row_at(&self, found: Found) -> Option<&Row> {
        let peer = self.peer(found.party)?;
        if found.came { peer.inbox.get(found.entry) } else { peer.out.get(found.entry) }
    }

    /// The next letters that fit, by party, ours first, in order of entry; at most [`SEARCH_ROWS_MAX`].
    #[must_use]
    pub fn search(&self, search: &Search) -> Vec<(Found, &Row)> {
        let behind = |party| search.after.is_none_or(|after| after.party <= party);
        let peers = self
            .peers()
            .filter(|(party, _)| search.party.is_none_or(|only| only == *party) && behind(*party));
        let all = peers.flat_map(|(party, peer)| both_ways(party, peer));
        all.filter(|(found, _)| search.after.is_none_or(|after| after < *found))
            .filter(|(found, row)| fits(search, *found, row))
            .take(SEARCH_ROWS_MAX)
            .collect()
    }

    /// A voucher by its key, with whomever: ours and theirs, originals and receipts.
    #[must_use]
    pub fn find(&self, key: &VoucherKey) -> Vec<(Found, &Row)> {
        let mut all = Vec::new();
        for (party, peer) in self.peers() {
            for (came, letters) in [(false, &peer.out), (true, &peer.inbox)] {
                for flag in [Flag::Original, Flag::Receipt] {
                    if let Some(entry) = letters.find(key, flag) {
                        let row = letters.get(entry).expect("it was found");
                        all.push((Found { party, came, entry }, row));
                    }
                }
            }
        }
        all
    }
}

fn both_ways(party: Party, peer: &Peer) -> impl Iterator<Item = (Found, &Row)> {
    let with = move |came| move |(entry, row)| (Found { party, came, entry }, row);
    peer.out.iter().map(with(false)).chain(peer.inbox.iter().map(with(true)))
}

fn fits(search: &Search, found: Found, row: &Row) -> bool {
    let state = match (search.ours, search.theirs) {
        (None, None) => true,
        (_, theirs) if found.came => theirs == Some(row.in_state()),
        (ours, _) => ours == Some(row.out_state()),
    };
    let waits_for_a_person = match found.came {
        true => row.in_state() == InState::SetAside,
        false => row.out_state() == OutState::Stopped,
    };
    state
        && search.key.is_none_or(|key| row.key == Some(key))
        && !(search.no_orders && row.key.is_some_and(|key| key.kind.is_order()))
        && !(search.no_notices && row.key.is_none() && !waits_for_a_person)
        && search.kind.is_none_or(|kind| row.key.is_some_and(|key| key.kind == kind))
        && search.first.is_none_or(|first| row.day >= first)
        && search.last.is_none_or(|last| row.day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_it_is_written() {
        for text in ["bank:102/out/0", "central-bank:3700/in/4294967295"] {
            assert_eq!(text.parse::<Found>().expect("a place").to_string(), text);
        }
        for text in ["", "bank:102", "bank:102/on/1", "bank:102/in/-1", "bank:102/in/1/2", "x/in/1"]
        {
            assert!(text.parse::<Found>().is_err(), "{text}");
        }
    }
}
