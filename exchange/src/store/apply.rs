//! How the store changes: by events, and by nothing else.

use std::collections::VecDeque;

use domain::ids::Day;
use domain::voucher::{Flag, Party, PartyKind};

use super::deeds::{Deed, Doing};
use super::peer::Peer;
use super::rows::{InState, OutState, Row, half};
use super::sending::pieces_of;
use super::{Store, Told};
use crate::certificates::Distrust;
use crate::envelope::{Digest, Envelope};
use crate::limits::ANSWERS_MAX;
use crate::notice::{Failure, Notice};
use crate::record::{Arrival, Event, Lane, TwoPersons};

/// Sequence of a letter whose record has none yet.
const UNPLACED: [u32; 2] = [u32::MAX; 2];

/// A letter that the next place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unplaced {
    party: Party,
    entry: u32,
    outgoing: bool,
}

impl Unplaced {
    /// Whether it is this entry of the outbox for a party.
    #[must_use]
    pub(crate) fn is_ours(&self, to: Party, entry: u32) -> bool {
        self.outgoing && self.party == to && self.entry == entry
    }
}

impl Store {
    /// Changes by an event. Gives the letter that the event's record holds, to be placed when the record's
    /// sequence is known.
    ///
    /// # Panics
    /// When the event does not follow from the state.
    pub fn apply(&mut self, event: &Event) -> Option<Unplaced> {
        self.apply_read(event, None)
    }

    /// The same, where the letter of [`Event::Received`] was read before.
    ///
    /// # Panics
    /// As [`Store::apply`].
    pub fn apply_read(&mut self, event: &Event, read: Option<&Envelope>) -> Option<Unplaced> {
        let now = self.day;
        match event {
            Event::Owned(_) => self.owned = true,
            Event::Queued { to, lane, day, envelope } => {
                let (key, flag) = parts(envelope);
                let row = Row {
                    key,
                    flag,
                    digest: half(&envelope.digest()),
                    at: UNPLACED,
                    day: *day,
                    number: 0,
                    pieces: pieces_of(envelope.signed().len()),
                    state: OutState::Waiting as u8,
                    lane: *lane as u8,
                    resealed: 0,
                    by_paper: false,
                    asked_back: false,
                    met_another: false,
                };
                let held = self.holds(*to, key.map(|key| (key, flag)));
                let peer = self.peer_mut(*to);
                // A second letter under one key, as only test doubles send, stays behind the first.
                let first = key.is_none_or(|key| peer.out.find(&key, flag).is_none());
                let entry = peer.out.push(row, first);
                peer.waits(entry, held);
                if let (Some(key), Flag::Receipt) = (key, flag)
                    && let Some(original) = peer.inbox.find(&key, Flag::Original)
                {
                    let row = peer.inbox.row(original);
                    if row.in_state() == InState::Taken {
                        row.state = InState::Answered as u8;
                    }
                }
                return Some(Unplaced { party: *to, entry, outgoing: true });
            }
            Event::Given { to, first, entries } => self.peer_mut(*to).give(*first, entries),
            Event::Acknowledged { by, through } => self.peer_mut(*by).acknowledge(*through),
            Event::Piece { from, number, bytes } => {
                let peer = self.peer_mut(*from);
                assert!(*number == peer.received + 1, "messages are received in order");
                peer.received = *number;
                peer.partial.extend_from_slice(bytes);
            }
            Event::Received { from, number, arrival, letter, day } => {
                let peer = self.peer_mut(*from);
                assert!(*number == peer.received + 1, "letters are received in order");
                peer.received = *number;
                peer.partial = Vec::new();
                if let Arrival::Repeated { entry } = arrival {
                    if peer.inbox.row(*entry).by_paper {
                        peer.inbox.row(*entry).number = *number as u32;
                    }
                    return None;
                }
                let here = if read.is_some() { None } else { Envelope::decode(letter).ok() };
                let envelope = read.or(here.as_ref());
                let entry = self.arrived(*from, *number as u32, *day, arrival, envelope);
                if *arrival == Arrival::Notices {
                    let envelope = envelope.expect("notices that were followed can be read");
                    self.follow(*from, envelope.notices());
                }
                return Some(Unplaced { party: *from, entry, outgoing: false });
            }
            Event::Settled { from, entry, arrival, by, notices } => {
                self.settle(*from, *entry, arrival, by);
                self.follow(*from, notices);
            }
            Event::SentBack { to, entry } => {
                self.peer_mut(*to).inbox.row(*entry).state = InState::SentBack as u8;
            }
            Event::Voided { to, entry, by, reason } => {
                let peer = self.peer_mut(*to);
                assert!(peer.never_left(*entry), "only what never left is voided");
                peer.end(*entry, OutState::Voided, Deed::by(now, Doing::Voided, by, reason));
            }
            Event::GivenUp { to, entry, by, reason } => {
                let given_up = Deed::by(now, Doing::GivenUp, by, reason);
                self.peer_mut(*to).end(*entry, OutState::GivenUp, given_up);
            }
            Event::Resealed { to, entry, envelope, by } => {
                let held = self.holds(*to, envelope.voucher());
                let peer = self.peer_mut(*to);
                let row = peer.out.row(*entry);
                assert!(row.is_of(&envelope.digest()), "new seals leave a letter what it is");
                row.resealed = row.resealed.saturating_add(1);
                row.at = UNPLACED;
                if row.out_state() != OutState::Waiting {
                    row.state = OutState::Waiting as u8;
                    peer.waits(*entry, held);
                }
                peer.out_deeds.add(*entry, Deed::by(now, Doing::SealedAnew, by, ""));
                return Some(Unplaced { party: *to, entry: *entry, outgoing: true });
            }
            Event::Stopped { to, entry, reason } => {
                let peer = self.peer_mut(*to);
                peer.end(*entry, OutState::Stopped, Deed::of(now, Doing::Stopped, reason));
                let voucher = voucher_of(peer.out.row(*entry));
                self.alarm(
                    Some(*to),
                    voucher,
                    format!("the other side does not take it: {reason}"),
                );
            }
            Event::WentByPaper { to, entry, persons, reason } => {
                let vouched = self.vouched(Doing::WentByPaper, persons, reason);
                let peer = self.peer_mut(*to);
                peer.out.row(*entry).by_paper = true;
                peer.out_deeds.add(*entry, vouched);
            }
            Event::CameByPaper { from, day, persons, envelope } => {
                let entry = self.arrived(*from, 0, *day, &Arrival::Taken, Some(envelope));
                let vouched = self.vouched(Doing::CameByPaper, persons, "");
                let peer = self.peer_mut(*from);
                peer.inbox.row(entry).by_paper = true;
                peer.in_deeds.add(entry, vouched);
                return Some(Unplaced { party: *from, entry, outgoing: false });
            }
            Event::AskedBack { to, entry, by } => {
                let peer = self.peer_mut(*to);
                peer.out.row(*entry).asked_back = true;
                peer.out_deeds.add(*entry, Deed::by(now, Doing::AskedBack, by, ""));
            }
            Event::TookBack { to, through, entries, persons, reason } => {
                let vouched = self.vouched(Doing::TookBack, persons, reason);
                self.peer_mut(*to).took_back(*through, entries, &vouched);
            }
            Event::Business(_) => {}
            Event::Certificate(event) => self.certificates.apply(event),
            Event::Day(day) => self.day = *day,
            Event::Authorised { person, may, by } => {
                if *may {
                    self.authorised.insert(person.clone(), by.clone());
                } else {
                    self.authorised.remove(person);
                }
            }
            Event::CutOff => {
                self.after_cut_off = true;
                let banks = self.peers.iter_mut().filter(|(to, _)| to.kind() == PartyKind::Bank);
                banks.for_each(|(_, peer)| peer.hold());
            }
            Event::LetGo => {
                self.after_cut_off = false;
                self.peers.values_mut().for_each(Peer::let_go);
            }
            Event::Followed(cursor) => self.followed.clone_from(cursor),
            Event::Trouble { what } => self.alarm(None, None, what.clone()),
        }
        None
    }

    /// What two persons vouch for, with those who had authorised them.
    fn vouched(&self, what: Doing, persons: &TwoPersons, reason: &str) -> Deed {
        let by = vec![persons.first.clone(), persons.second.clone()];
        let authority = |person: &String| self.authorised.get(person).cloned();
        let authorised_by = by.iter().filter_map(authority).collect();
        Deed { by, authorised_by, ..Deed::of(self.day, what, reason) }
    }

    /// Says in which record a letter is.
    pub fn place(&mut self, letter: Unplaced, at: u64) {
        let peer = self.peer_mut(letter.party);
        let letters = if letter.outgoing { &mut peer.out } else { &mut peer.inbox };
        letters.row(letter.entry).place(at);
    }

    pub(super) fn peer_mut(&mut self, party: Party) -> &mut Peer {
        let seed = self.seed;
        self.peers.entry(party).or_insert_with(|| Peer::new(seed))
    }

    /// A row for what arrived.
    fn arrived(
        &mut self,
        from: Party,
        number: u32,
        day: Day,
        arrival: &Arrival,
        envelope: Option<&Envelope>,
    ) -> u32 {
        let (key, flag) = envelope.map_or((None, Flag::Original), parts);
        let digest = envelope.map_or(Digest([0; 32]), Envelope::digest);
        let state = in_state(arrival);
        let lane = if key.is_some() { Lane::Ordinary } else { Lane::Notices };
        let row = Row {
            key,
            flag,
            digest: half(&digest),
            at: UNPLACED,
            day,
            number,
            pieces: 1,
            state: state as u8,
            lane: lane as u8,
            resealed: 0,
            by_paper: false,
            asked_back: false,
            met_another: false,
        };
        // What was not taken or is set aside does not stand in the way of the right one under its key.
        let entry = self.peer_mut(from).inbox.push(row, state == InState::Taken);
        if let Some(deed) = on_arrival(day, arrival, "") {
            self.peer_mut(from).in_deeds.add(entry, deed);
        }
        let voucher = key.map(|key| (key, flag));
        match arrival {
            Arrival::SetAside { reason } => {
                self.alarm(Some(from), voucher, format!("set aside: {reason}"));
            }
            Arrival::NotTaken { failure, reason } if is_alarming(*failure) => {
                self.alarm(Some(from), voucher, format!("security: {reason}"));
            }
            Arrival::Taken => self.note_receipt(from, voucher),
            _ => {}
        }
        entry
    }

    /// A receipt answers its original, whatever of it was heard before.
    fn note_receipt(&mut self, from: Party, voucher: Option<(domain::voucher::VoucherKey, Flag)>) {
        let Some((key, Flag::Receipt)) = voucher else { return };
        let peer = self.peer_mut(from);
        if let Some(entry) = peer.out.find(&key, Flag::Original) {
            peer.receipt_came(entry);
        }
    }

    fn settle(&mut self, from: Party, entry: u32, arrival: &Arrival, by: &str) {
        let now = self.day;
        let peer = self.peer_mut(from);
        let row = peer.inbox.row(entry);
        assert!(row.in_state() == InState::SetAside, "only what is set aside is settled");
        let voucher = voucher_of(row);
        let deed = on_arrival(now, arrival, by);
        let released = || Deed::by(now, Doing::Released, by, "");
        peer.in_deeds.add(entry, deed.unwrap_or_else(released));
        if matches!(arrival, Arrival::SetAside { .. }) {
            return;
        }
        peer.inbox.row(entry).state = in_state(arrival) as u8;
        if *arrival == Arrival::Taken {
            let (key, flag) = voucher.expect("what is taken has a key");
            peer.inbox.add_to_index(&key, flag, entry);
            self.note_receipt(from, voucher);
        }
    }

    /// What notices say of our letters.
    pub(super) fn follow(&mut self, from: Party, notices: &[Notice]) {
        let now = self.day;
        for notice in notices {
            let peer = self.peer_mut(from);
            match notice {
                Notice::Taken { number, digest } => {
                    let entry =
                        peer.entry_of(*number).filter(|entry| peer.out.row(*entry).is_of(digest));
                    if let Some(entry) = entry {
                        peer.rise(entry, OutState::Taken);
                    } else {
                        let what =
                            format!("it says it took letter {number}, which is not what was sent");
                        self.alarm(Some(from), None, what);
                    }
                }
                Notice::NotTaken { number, reason, failure } => {
                    let Some(entry) = peer.entry_of(*number) else { continue };
                    peer.out.row(entry).met_another |= *failure == Failure::NumberReused;
                    // What is sealed anew or stopped is so by events of their own.
                    let ends = !failure.may_be_mended() && !peer.may_be_typed_in(entry);
                    if peer.may_come_back(entry) && ends {
                        peer.end(entry, OutState::NotTaken, Deed::of(now, Doing::NotTaken, reason));
                    } else if peer.out.row(entry).out_state() == OutState::Receipted {
                        let voucher = voucher_of(peer.out.row(entry));
                        let what = format!("it did not take what it has answered: {reason}");
                        self.alarm(Some(from), voucher, what);
                    }
                }
                Notice::Returned { key, flag, reason } => {
                    if let Some(entry) = peer.out.find(key, *flag)
                        && peer.may_be_sent_back(entry)
                    {
                        peer.end(entry, OutState::Returned, Deed::of(now, Doing::Returned, reason));
                    } else {
                        let what = format!("it sends back what it cannot: {reason}");
                        self.alarm(Some(from), Some((*key, *flag)), what);
                    }
                }
                Notice::KeptAfterAll { number } => {
                    let Some(entry) = peer.entry_of(*number) else { continue };
                    let row = peer.out.row(entry);
                    if std::mem::take(&mut row.asked_back) {
                        let voucher = voucher_of(row);
                        peer.out_deeds.add(entry, Deed::of(now, Doing::Kept, ""));
                        let what = "it keeps what was asked back".to_owned();
                        self.alarm(Some(from), voucher, what);
                    }
                }
                Notice::Stands { key, flag, status } => {
                    if self.told.len() == ANSWERS_MAX {
                        self.told.pop_front();
                    }
                    let (day, voucher) = (self.day, (*key, *flag));
                    self.told.push_back(Told { day, by: from, voucher, status: *status });
                }
                Notice::AskedBack { .. } | Notice::Asked { .. } => {}
            }
        }
    }
}

impl Peer {
    fn give(&mut self, first: u64, entries: &[u32]) {
        assert!(first == self.given() + 1, "numbers are dense");
        for &entry in entries {
            let row = self.out.row(entry);
            let mut number = 0;
            for piece in 0..row.pieces {
                number = self.numbers.push((entry, piece)) as u32 + 1;
            }
            assert!(row.out_state() == OutState::Waiting, "what is given waits");
            (row.state, row.number) = (OutState::Given as u8, number);
            let lane = &mut self.waiting[usize::from(row.lane)];
            assert!(lane.pop_front() == Some(entry), "a lane goes in order");
            // What went by paper may have been answered before it has a number.
            if let (true, Some(key)) = (row.by_paper, row.key)
                && self.inbox.find(&key, Flag::Receipt).is_some()
            {
                row.state = OutState::Receipted as u8;
            }
        }
    }

    /// Numbers of the time before a restore are what they were. One whose letter is not known, since it was a repeat of
    /// another, counts as the next known one's: sent again it would be a repeat again.
    fn took_back(&mut self, through: u64, entries: &[(u64, u32)], deed: &Deed) {
        let mut known = entries.iter().peekable();
        for number in self.given() + 1..=through {
            while known.peek().is_some_and(|(last, _)| *last < number) {
                known.next();
            }
            let (last, entry) =
                *known.peek().or(entries.last().as_ref()).copied().unwrap_or(&(0, 0));
            let pieces = self.out.get(entry).map_or(1, |row| u64::from(row.pieces));
            let behind = last.saturating_sub(number);
            let piece = if behind < pieces { pieces - 1 - behind } else { 0 };
            self.numbers.push((entry, piece as u16));
        }
        for &(number, entry) in entries {
            if self.out.row(entry).out_state() == OutState::Waiting {
                self.no_longer_waits(entry);
                self.out.row(entry).state = OutState::Arrived as u8;
            }
            self.out.row(entry).number = number as u32;
            self.out_deeds.add(entry, deed.clone());
        }
        self.acknowledged = through;
    }

    fn acknowledge(&mut self, through: u64) {
        assert!(through > self.acknowledged && through <= self.given(), "an acknowledgement rises");
        for number in self.acknowledged + 1..=through {
            let entry = self.entry_of(number).expect("what was given has an entry");
            // One that was sealed anew since waits under another number.
            if u64::from(self.out.row(entry).number) == number {
                self.rise(entry, OutState::Arrived);
            }
        }
        self.acknowledged = through;
    }

    /// Never back: what is heard late changes nothing.
    fn rise(&mut self, entry: u32, state: OutState) {
        let row = self.out.row(entry);
        let now = row.out_state();
        let was_given = !matches!(now, OutState::Waiting | OutState::Stopped);
        if was_given && !now.is_end() && now < state {
            row.state = state as u8;
        }
    }

    /// A receipt of a letter of ours was taken. One that stopped has it where the paper was typed in, which it went by too.
    fn receipt_came(&mut self, entry: u32) {
        let row = self.out.row(entry);
        if row.out_state() == OutState::Stopped && row.by_paper && !row.met_another {
            row.state = OutState::Receipted as u8;
        }
        self.rise(entry, OutState::Receipted);
    }

    /// Whether the other side can send a letter of ours back or not take it: it has left, and nothing final has
    /// been heard.
    pub(crate) fn may_come_back(&self, entry: u32) -> bool {
        let state = self.out.get(entry).map(Row::out_state);
        matches!(state, Some(OutState::Given | OutState::Arrived | OutState::Taken))
    }

    /// Whether an order of ours went by paper too, so that it may be typed in there whatever becomes of its letter.
    pub(crate) fn may_be_typed_in(&self, entry: u32) -> bool {
        let row = self.out.get(entry);
        row.is_some_and(|row| row.by_paper && row.flag == Flag::Original && row.key.is_some())
    }

    /// The original in a letter of theirs that was taken and not answered.
    pub(crate) fn taken_original(&self, entry: u32) -> Option<domain::voucher::VoucherKey> {
        let row = self.inbox.get(entry).filter(|row| row.in_state() == InState::Taken)?;
        row.key.filter(|_| row.flag == Flag::Original)
    }

    /// Whether the other side can send a letter of ours back (退回): besides, it stopped there since it has another under
    /// this number, or it had it on paper before it left.
    pub(crate) fn may_be_sent_back(&self, entry: u32) -> bool {
        let is_there = |row: &Row| match row.out_state() {
            OutState::Stopped => true,
            OutState::Waiting => row.by_paper,
            _ => false,
        };
        self.may_come_back(entry) || self.out.get(entry).is_some_and(is_there)
    }

    fn end(&mut self, entry: u32, state: OutState, deed: Deed) {
        if self.out.row(entry).out_state() == OutState::Waiting {
            self.no_longer_waits(entry);
        }
        self.out.row(entry).state = state as u8;
        self.out_deeds.add(entry, deed);
    }

    fn no_longer_waits(&mut self, entry: u32) {
        let lane = usize::from(self.out.row(entry).lane);
        let at = |queue: &VecDeque<u32>| queue.iter().position(|waits| *waits == entry);
        if let Some(at) = at(&self.held) {
            self.held.remove(at);
            return;
        }
        let lane = &mut self.waiting[lane];
        let at = at(lane).expect("it waits in its lane");
        lane.remove(at);
    }

    /// Puts a letter where it waits: at the end of its lane, or with what is held.
    fn waits(&mut self, entry: u32, held: bool) {
        let lane = usize::from(self.out.row(entry).lane);
        let queue = if held { &mut self.held } else { &mut self.waiting[lane] };
        queue.push_back(entry);
    }

    /// Holds the originals that wait, lane by lane.
    fn hold(&mut self) {
        let out = &self.out;
        let original = |entry: &u32| {
            let row = out.get(*entry).expect("what waits is kept");
            row.key.is_some() && row.flag == Flag::Original
        };
        for lane in &mut self.waiting {
            self.held.extend(lane.iter().copied().filter(original));
            lane.retain(|entry| !original(entry));
        }
    }

    /// Puts what is held back into its lanes, in the order it was held.
    fn let_go(&mut self) {
        for entry in std::mem::take(&mut self.held) {
            self.waits(entry, false);
        }
    }
}

fn parts(envelope: &Envelope) -> (Option<domain::voucher::VoucherKey>, Flag) {
    envelope.voucher().map_or((None, Flag::Original), |(key, flag)| (Some(key), flag))
}

fn voucher_of(row: &Row) -> Option<(domain::voucher::VoucherKey, Flag)> {
    row.key.map(|key| (key, row.flag))
}

const fn in_state(arrival: &Arrival) -> InState {
    match arrival {
        Arrival::Taken | Arrival::Repeated { .. } => InState::Taken,
        Arrival::NotTaken { .. } => InState::NotTaken,
        Arrival::SetAside { .. } => InState::SetAside,
        Arrival::Notices => InState::Notices,
    }
}

/// What is done with a letter that does not go its way on arrival, or when a person settles it.
fn on_arrival(day: Day, arrival: &Arrival, by: &str) -> Option<Deed> {
    let (what, reason) = match arrival {
        Arrival::SetAside { reason } => (Doing::SetAside, reason),
        Arrival::NotTaken { reason, .. } => (Doing::Refused, reason),
        Arrival::Taken | Arrival::Repeated { .. } | Arrival::Notices => return None,
    };
    Some(Deed::by(day, what, by, reason))
}

/// What no honest party does by mistake.
const fn is_alarming(failure: Failure) -> bool {
    matches!(
        failure,
        Failure::NumberReused
            | Failure::Distrusted(Distrust::Signature | Distrust::WrongParty | Distrust::Revoked)
    )
}
