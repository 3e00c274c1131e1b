//! The voucher store (电子凭证库): what a party sent, got and has yet to send, by counterparty.
//!
//! A pure core, folded from the party's journal: it decides events without changing, and changes in
//! [`Store::apply`] alone, live and in replay. It knows no line, no clock and no business. Letters stay in the
//! journal; a row of some 80 bytes is kept of each.

mod apply;
mod arriving;
mod deeds;
mod peer;
pub(crate) mod persons;
mod rows;
pub mod search;
pub(crate) mod sending;
mod status;

use std::collections::{BTreeMap, VecDeque};

use domain::ids::Day;
use domain::voucher::state::RemoteStatus;
use domain::voucher::{Flag, Party, PartyKind, VoucherKey};

use crate::certificates::Certificates;
use crate::limits::ALARMS_MAX;
use crate::signing::PublicKey;

pub use apply::Unplaced;
pub use arriving::{Checked, Judged};
pub use deeds::{Deed, Doing};
pub use peer::{Letters, Peer, Proof};
pub use persons::StoreRefusal;
pub use rows::{InState, OutState, Row};
pub use sending::{LanePolicy, pieces_of};

/// Something a person has to know about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its number, dense from 1.
    pub number: u64,
    /// The day.
    pub day: Day,
    /// Whom it is about.
    pub party: Option<Party>,
    /// The voucher it is about.
    pub voucher: Option<(VoucherKey, Flag)>,
    /// What is wrong.
    pub what: String,
}

/// What the other side said of a voucher when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The day.
    pub day: Day,
    /// Who said it.
    pub by: Party,
    /// Of which voucher.
    pub voucher: (VoucherKey, Flag),
    /// What.
    pub status: RemoteStatus,
}

/// The store of one party.
#[derive(Clone, Debug)]
pub struct Store {
    me: Party,
    seed: u64,
    day: Day,
    peers: BTreeMap<Party, Peer>,
    certificates: Certificates,
    /// Who may vouch for paper vouchers, and by whose word.
    authorised: BTreeMap<String, String>,
    followed: Vec<u8>,
    /// Whether its journal says whose it is.
    owned: bool,
    /// Whether the banks' cut-off of the day has passed.
    after_cut_off: bool,
    alarms: VecDeque<Alarm>,
    alarms_so_far: u64,
    told: VecDeque<Told>,
}

impl Store {
    /// An empty store of a party, under a province's root, before its first day.
    #[must_use]
    pub fn new(me: Party, root: PublicKey, seed: u64) -> Store {
        Store {
            me,
            seed,
            day: Day::default(),
            peers: BTreeMap::new(),
            certificates: Certificates::under(root),
            authorised: BTreeMap::new(),
            followed: Vec::new(),
            owned: false,
            after_cut_off: false,
            alarms: VecDeque::new(),
            alarms_so_far: 0,
            told: VecDeque::new(),
        }
    }

    /// Whose store it is.
    #[must_use]
    pub const fn me(&self) -> Party {
        self.me
    }

    /// Whether its journal says whose it is.
    #[must_use]
    pub const fn is_owned(&self) -> bool {
        self.owned
    }

    /// The day it is; day 0 before the first was begun.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// Whether its first day has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.day != Day::default()
    }

    /// A counterparty; none before the first letter either way.
    #[must_use]
    pub fn peer(&self, party: Party) -> Option<&Peer> {
        self.peers.get(&party)
    }

    /// Every counterparty.
    pub fn peers(&self) -> impl Iterator<Item = (Party, &Peer)> {
        self.peers.iter().map(|(party, peer)| (*party, peer))
    }

    /// The certificates on file.
    #[must_use]
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Who may vouch for paper vouchers.
    pub fn authorised(&self) -> impl Iterator<Item = &str> {
        self.authorised.keys().map(String::as_str)
    }

    /// Whether the banks' cut-off has passed, and what is for them is held for the next working day.
    #[must_use]
    pub const fn is_after_cut_off(&self) -> bool {
        self.after_cut_off
    }

    /// The originals that are held for the next working day.
    pub(crate) fn held_back(&self) -> impl Iterator<Item = VoucherKey> {
        self.peers.values().flat_map(|peer| {
            peer.held.iter().filter_map(|entry| peer.out.get(*entry).and_then(|row| row.key))
        })
    }

    /// Whether a letter of ours is held for the next working day, since the banks' cut-off has passed.
    #[must_use]
    pub fn is_held(&self, to: Party, row: &Row) -> bool {
        let voucher = row.key.map(|key| (key, row.flag));
        row.out_state() == OutState::Waiting && self.holds(to, voucher)
    }

    /// Whether a letter is held: an original to a bank after the cut-off, which would wait there (R-CUTOFF).
    pub(crate) fn holds(&self, to: Party, voucher: Option<(VoucherKey, Flag)>) -> bool {
        let original = matches!(voucher, Some((_, Flag::Original)));
        self.after_cut_off && to.kind() == PartyKind::Bank && original
    }

    /// How far another journal was followed; empty before the beginning.
    #[must_use]
    pub fn followed(&self) -> &[u8] {
        &self.followed
    }

    /// The newest alarms, the oldest first.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter()
    }

    /// How many alarms there were.
    #[must_use]
    pub const fn alarms_so_far(&self) -> u64 {
        self.alarms_so_far
    }

    /// The newest answers to what was asked, the oldest first.
    pub fn told(&self) -> impl Iterator<Item = &Told> {
        self.told.iter()
    }

    /// Bytes that rows and indexes take in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.peers.values().map(Peer::bytes).sum()
    }

    fn alarm(&mut self, party: Option<Party>, voucher: Option<(VoucherKey, Flag)>, what: String) {
        self.alarms_so_far += 1;
        if self.alarms.len() == ALARMS_MAX {
            self.alarms.pop_front();
        }
        let (number, day) = (self.alarms_so_far, self.day);
        self.alarms.push_back(Alarm { number, day, party, voucher, what });
    }
}

#[cfg(test)]
mod tests;
