//! Where a voucher stands, in the words of the interface: what our store knows, and what it answers who asks.

use domain::voucher::state::{RemoteStatus, State};
use domain::voucher::{Flag, Party, VoucherKey};

use super::rows::{InState, OutState, Row};
use super::{Peer, Store};

impl Row {
    /// Where a letter of ours stands, as vouchers do.
    #[must_use]
    pub fn voucher_state(&self) -> State {
        match self.out_state() {
            OutState::Waiting => State::Sealed,
            OutState::Stopped | OutState::Given => State::Sent,
            OutState::Arrived | OutState::Taken => State::Received,
            OutState::Receipted => State::Receipted,
            OutState::Voided => State::Voided,
            OutState::NotTaken | OutState::Returned | OutState::GivenUp => State::Returned,
        }
    }

    /// Where a letter of the other side stands, as vouchers do.
    #[must_use]
    pub fn voucher_state_of_theirs(&self) -> State {
        match self.in_state() {
            InState::Notices | InState::SetAside | InState::Taken => State::Received,
            InState::Answered => State::Receipted,
            InState::NotTaken => State::ValidationFailed,
            InState::SentBack => State::Returned,
        }
    }
}

impl Store {
    /// What we know of a voucher of ours without asking; `None` where only the other side can say: it is on its
    /// way, or stopped there.
    #[must_use]
    pub fn status_of_ours(&self, to: Party, key: &VoucherKey, flag: Flag) -> Option<RemoteStatus> {
        let row = self.peer(to).and_then(|peer| peer.out.get(peer.out.find(key, flag)?));
        let Some(row) = row else { return Some(RemoteStatus::NotFound) };
        let original = flag == Flag::Original;
        let either = |ours, receipts| Some(if original { ours } else { receipts });
        match row.out_state() {
            OutState::Given | OutState::Stopped => None,
            OutState::Waiting | OutState::Voided => {
                either(RemoteStatus::OriginalNotSent, RemoteStatus::ReceiptNotSent)
            }
            OutState::Arrived => either(RemoteStatus::Received, RemoteStatus::ReceiptReceived),
            OutState::Taken => either(RemoteStatus::Accepted, RemoteStatus::ReceiptAccepted),
            OutState::Receipted => Some(RemoteStatus::ReceiptArrived),
            OutState::NotTaken | OutState::GivenUp => {
                either(RemoteStatus::AcceptFailed, RemoteStatus::ReceiptAcceptFailed)
            }
            OutState::Returned => either(RemoteStatus::Returned, RemoteStatus::ReceiptReturned),
        }
    }

    /// What we answer a party that asks about a voucher it sent.
    #[must_use]
    pub fn status_of_theirs(&self, from: Party, key: &VoucherKey, flag: Flag) -> RemoteStatus {
        let original = flag == Flag::Original;
        let either = |ours, receipts| if original { ours } else { receipts };
        let peer = self.peer(from);
        let Some((peer, row)) = peer.and_then(|peer| Some((peer, newest(peer, key, flag)?))) else {
            return either(RemoteStatus::NotReceived, RemoteStatus::ReceiptNotReceived);
        };
        match row.in_state() {
            InState::Answered if has_receipt(peer, key) => RemoteStatus::ReceiptArrived,
            InState::Taken | InState::Answered => {
                either(RemoteStatus::Accepted, RemoteStatus::ReceiptAccepted)
            }
            InState::NotTaken => {
                either(RemoteStatus::AcceptFailed, RemoteStatus::ReceiptAcceptFailed)
            }
            InState::SentBack => either(RemoteStatus::Returned, RemoteStatus::ReceiptReturned),
            InState::SetAside | InState::Notices => {
                either(RemoteStatus::Received, RemoteStatus::ReceiptReceived)
            }
        }
    }
}

/// The letter of theirs with a key: the one that was taken, else the newest that was not.
fn newest<'a>(peer: &'a Peer, key: &VoucherKey, flag: Flag) -> Option<&'a Row> {
    if let Some(taken) = peer.inbox.find(key, flag) {
        return peer.inbox.get(taken);
    }
    let is_it = |row: &&Row| row.key.as_ref() == Some(key) && row.flag == flag;
    peer.inbox.iter().map(|(_, row)| row).filter(is_it).last()
}

/// Whether they have our receipt.
fn has_receipt(peer: &Peer, key: &VoucherKey) -> bool {
    let receipt = peer.out.find(key, Flag::Receipt).and_then(|entry| peer.out.get(entry));
    receipt.is_some_and(|row| matches!(row.out_state(), OutState::Arrived | OutState::Taken))
}
