//! Letters found by party, key, day and state, page by page.

use domain::ids::Day;
use domain::voucher::{Flag, Party, VoucherKey, VoucherKind};

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
    /// Of this kind.
    pub kind: Option<VoucherKind>,
    /// From this day on.
    pub first: Option<Day>,
    /// Up to this day.
    pub last: Option<Day>,
    /// Behind this one: where the page before ended.
    pub after: Option<Found>,
}

/// Where a letter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// With whom.
    pub party: Party,
    /// Whether it came from there; else it is ours.
    pub came: bool,
    /// Its entry.
    pub entry: u32,
}

impl Store {
    /// The next letters that fit, by party, ours first, in order of entry; at most [`SEARCH_ROWS_MAX`].
    #[must_use]
    pub fn search(&self, search: &Search) -> Vec<(Found, &Row)> {
        let peers =
            self.peers().filter(|(party, _)| search.party.is_none_or(|only| only == *party));
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
    state
        && search.kind.is_none_or(|kind| row.key.is_some_and(|key| key.kind == kind))
        && search.first.is_none_or(|first| row.day >= first)
        && search.last.is_none_or(|last| row.day <= last)
}
