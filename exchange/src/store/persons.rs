//! What people do about letters: void what never left, ask back, release or give up what stopped, send by paper.

use domain::ids::Day;
use domain::office::rules::windows::day_number;
use domain::voucher::state::RemoteStatus;
use domain::voucher::{Flag, Party, VoucherKey};
use thiserror::Error;

use super::rows::{InState, OutState};
use super::{Peer, Store};
use crate::certificates::{CertificateRefusal, is_plain};
use crate::limits::{DAYS_AHEAD_MAX, PERSON_BYTES_MAX, REASON_BYTES_MAX};
use crate::node::recovery::NotTakenBack;
use crate::record::{Event, TwoPersons};
use crate::signing::SigningError;

/// Why a store does not do what a person asks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreRefusal {
    /// There is no such voucher.
    #[error("{key} is not among the vouchers to {party}; look it up by its number")]
    NoVoucher {
        /// The counterparty.
        party: Party,
        /// The voucher.
        key: VoucherKey,
    },
    /// There is no such letter.
    #[error("there is no letter {entry} with {party}; list what is set aside first")]
    NoLetter {
        /// The counterparty.
        party: Party,
        /// The entry.
        entry: u32,
    },
    /// It may have left.
    #[error(
        "{key} may have left: it was given to the line{}, or went by paper; ask it back instead",
        if *.number == 0 { String::new() } else { format!(" as number {number}") }
    )]
    MayHaveLeft {
        /// The voucher.
        key: VoucherKey,
        /// Its number on the line; 0 where it went by paper.
        number: u32,
    },
    /// It never left.
    #[error("{key} has not left; void it instead")]
    NotSent {
        /// The voucher.
        key: VoucherKey,
    },
    /// The other side has it, or may have.
    #[error(
        "{key} is not given up: {why}. {to} may have paid it, and given up it could be paid again. Ask where it stands \
         (`voucher ask-status`): once {to} says that it has sent it back, it may be given up. What {to} does not \
         have goes out again (`voucher seal-again`); what it paid wrongly it gives back"
    )]
    MayBeTheirs {
        /// The voucher.
        key: VoucherKey,
        /// The counterparty.
        to: Party,
        /// What speaks for it.
        why: String,
    },
    /// It stands elsewhere.
    #[error("the letter stands at {stands}; this is done only to one that {must}")]
    Elsewhere {
        /// Where it stands.
        stands: String,
        /// Where it must stand.
        must: &'static str,
    },
    /// The same voucher was taken since.
    #[error("{key} came again and was taken; dismiss this one")]
    CameAgain {
        /// The voucher.
        key: VoucherKey,
    },
    /// What is set aside cannot become a voucher.
    #[error(
        "the letter cannot be taken: {why}; dismiss it, or do what it names and release it again"
    )]
    StillNotGood {
        /// Why.
        why: String,
    },
    /// Two different persons are needed.
    #[error("paper vouchers need two different persons; {person} is named twice")]
    SamePerson {
        /// Who.
        person: String,
    },
    /// A person may not vouch.
    #[error("{person} may not vouch for paper vouchers; have somebody authorised do it")]
    NotAuthorised {
        /// Who.
        person: String,
    },
    /// One of two persons is there by the other's word.
    #[error(
        "{person} may vouch by the word of {by}, who vouches too; paper takes two whom a third has authorised: have somebody else \
         authorise {person}, or another person vouch"
    )]
    ByEachOther {
        /// Who.
        person: String,
        /// Who authorised them.
        by: String,
    },
    /// Receipts answer, and are not sent back.
    #[error("{key} is typed in as a receipt; only an original is sent back")]
    ReceiptSentBack {
        /// Whose receipt.
        key: VoucherKey,
    },
    /// Another voucher has this number.
    #[error("{key} was here before on {day}; a number is used once")]
    NumberUsed {
        /// The voucher.
        key: VoucherKey,
        /// When.
        day: String,
    },
    /// A name or reason that is empty, too long, or not as it is seen.
    #[error(
        "{what} is empty, longer than {max} bytes, or has blanks around it or characters that cannot be seen; write it plainly"
    )]
    Text {
        /// What.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// A day that does not come after the one it is.
    #[error("day {asked} does not come after {now}; a store's days only rise")]
    Day {
        /// The day asked for.
        asked: u32,
        /// The day it is.
        now: u32,
    },
    /// A day that is further off than any holiday is long.
    #[error(
        "day {asked} is {days} days after {now}, the day it is, and at most {max} are opened without a word for it: days never go back.          Look at the year; if it is meant, say so: \"far\": true"
    )]
    DayFar {
        /// The day asked for.
        asked: u32,
        /// The day it is.
        now: u32,
        /// How many days lie between.
        days: u32,
        /// How many may.
        max: u32,
    },
    /// No day has begun.
    #[error("no day has begun here; begin one first")]
    NoDay,
    /// Letters that are not taken back after a restore.
    #[error(transparent)]
    NotTakenBack(#[from] NotTakenBack),
    /// A certificate's own reasons.
    #[error(transparent)]
    Certificate(#[from] CertificateRefusal),
    /// A key's own reasons.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// Holds a person's name or a reason to its bound.
pub(crate) fn held_to(what: &'static str, text: &str, max: usize) -> Result<(), StoreRefusal> {
    if is_plain(text, max) { Ok(()) } else { Err(StoreRefusal::Text { what, max }) }
}

pub(crate) fn held_words(by: &str, reason: &str) -> Result<(), StoreRefusal> {
    held_to("the person", by, PERSON_BYTES_MAX)?;
    held_to("the reason", reason, REASON_BYTES_MAX)
}

impl Store {
    /// Whether a day may be opened: days only rise, and a slip must not make one rise by years. `far` says that it is meant.
    ///
    /// # Errors
    /// When it lies behind, or further ahead than is done without a word for it.
    pub fn may_open(&self, day: Day, far: bool) -> Result<(), StoreRefusal> {
        let now = self.day();
        if day < now {
            return Err(StoreRefusal::Day { asked: day.get(), now: now.get() });
        }
        if far || !self.has_begun() {
            return Ok(());
        }
        let (days, max) = (day_number(day) - day_number(now), DAYS_AHEAD_MAX);
        if days > max {
            return Err(StoreRefusal::DayFar { asked: day.get(), now: now.get(), days, max });
        }
        Ok(())
    }

    fn ours(&self, to: Party, key: &VoucherKey, flag: Flag) -> Result<(&Peer, u32), StoreRefusal> {
        let found = self.peer(to).and_then(|peer| Some((peer, peer.out.find(key, flag)?)));
        found.ok_or(StoreRefusal::NoVoucher { party: to, key: *key })
    }

    /// Voids a voucher that the store can show never left: it was never numbered, so no line ever had it.
    ///
    /// # Errors
    /// When it may have left.
    pub fn void(
        &self,
        to: Party,
        key: &VoucherKey,
        flag: Flag,
        by: &str,
        reason: &str,
    ) -> Result<Event, StoreRefusal> {
        held_words(by, reason)?;
        let (peer, entry) = self.ours(to, key, flag)?;
        if !peer.never_left(entry) {
            let row = peer.out.get(entry).expect("it was found");
            if row.out_state() == OutState::Voided {
                let stands = OutState::Voided.slug().to_owned();
                return Err(StoreRefusal::Elsewhere { stands, must: "waits" });
            }
            return Err(StoreRefusal::MayHaveLeft { key: *key, number: row.number });
        }
        let (by, reason) = (by.to_owned(), reason.to_owned());
        Ok(Event::Voided { to, entry, by, reason })
    }

    /// Whether a voucher of ours was asked back and the other side has not said what it does.
    #[must_use]
    pub fn is_asked_back(&self, to: Party, key: &VoucherKey, flag: Flag) -> bool {
        self.ours(to, key, flag).is_ok_and(|(peer, entry)| {
            peer.out.get(entry).is_some_and(|row| row.asked_back && peer.may_come_back(entry))
        })
    }

    /// Asks a voucher back that has left. The other side decides: what it took stays there.
    ///
    /// # Errors
    /// When it never left, or nothing can bring it back.
    pub fn ask_back(
        &self,
        to: Party,
        key: &VoucherKey,
        flag: Flag,
        by: &str,
    ) -> Result<(Event, u64), StoreRefusal> {
        held_to("the person", by, PERSON_BYTES_MAX)?;
        let (peer, entry) = self.ours(to, key, flag)?;
        if peer.never_left(entry) {
            return Err(StoreRefusal::NotSent { key: *key });
        }
        let row = peer.out.get(entry).expect("it was found");
        if !peer.may_come_back(entry) {
            let stands = row.out_state().slug().to_owned();
            return Err(StoreRefusal::Elsewhere { stands, must: "has left and is not at an end" });
        }
        let number = u64::from(row.number);
        Ok((Event::AskedBack { to, entry, by: by.to_owned() }, number))
    }

    /// A letter of ours that stopped, to be sealed anew or given up.
    ///
    /// # Errors
    /// When it did not stop.
    pub fn stopped(&self, to: Party, entry: u32) -> Result<&super::Row, StoreRefusal> {
        let row = self.peer(to).and_then(|peer| peer.out.get(entry));
        let row = row.ok_or(StoreRefusal::NoLetter { party: to, entry })?;
        if row.out_state() != OutState::Stopped {
            let stands = row.out_state().slug().to_owned();
            return Err(StoreRefusal::Elsewhere { stands, must: "stopped" });
        }
        Ok(row)
    }

    /// A letter of ours that stopped and that the other side cannot have carried out, to be given up.
    ///
    /// # Errors
    /// When it did not stop, or the other side has it, or may have.
    pub fn may_be_given_up(&self, to: Party, entry: u32) -> Result<(), StoreRefusal> {
        let row = self.stopped(to, entry)?;
        let Some(key) = row.key else { return Ok(()) };
        match self.may_be_theirs(to, &key, row) {
            Some(why) => Err(StoreRefusal::MayBeTheirs { key, to, why }),
            None => Ok(()),
        }
    }

    /// Why the other side may have carried out a voucher of ours that stopped; none where it cannot.
    fn may_be_theirs(&self, to: Party, key: &VoucherKey, row: &super::Row) -> Option<String> {
        let about = (*key, row.flag);
        let told = self.told().filter(|told| told.by == to && told.voucher == about).last();
        let told = told.map(|told| told.status);
        // The number is at an end there, whatever stood under it, and whatever receipt of it was refused here.
        if let Some(RemoteStatus::Returned | RemoteStatus::ReceiptReturned) = told {
            return None;
        }
        if row.flag == Flag::Original {
            // Also one that was refused or is set aside says that something was done under this number.
            let mut theirs = self.peer(to).into_iter().flat_map(|peer| peer.inbox.iter());
            let is_receipt = |one: &super::Row| one.key == Some(*key) && one.flag == Flag::Receipt;
            if let Some((_, receipt)) = theirs.find(|(_, one)| is_receipt(one)) {
                let stands = receipt.in_state().slug();
                return Some(format!("a receipt of it came and is {stands}"));
            }
        }
        match told {
            Some(
                RemoteStatus::NotFound
                | RemoteStatus::NotReceived
                | RemoteStatus::ReceiveFailed
                | RemoteStatus::AcceptFailed
                | RemoteStatus::ReceiptNotReceived
                | RemoteStatus::ReceiptReceiveFailed
                | RemoteStatus::ReceiptAcceptFailed,
            )
            | None => {}
            Some(status) => return Some(format!("{to} says that it stands at {}", status.slug())),
        }
        if row.met_another {
            return Some(format!("{to} has another voucher under its number"));
        }
        row.by_paper.then(|| "it went by paper, which may be typed in there yet".to_owned())
    }

    /// A letter of the other side that was set aside, to be released or dismissed.
    ///
    /// # Errors
    /// When it is not set aside.
    pub fn set_aside(&self, from: Party, entry: u32) -> Result<&super::Row, StoreRefusal> {
        let row = self.peer(from).and_then(|peer| peer.inbox.get(entry));
        let row = row.ok_or(StoreRefusal::NoLetter { party: from, entry })?;
        if row.in_state() != InState::SetAside {
            let stands = row.in_state().slug().to_owned();
            return Err(StoreRefusal::Elsewhere { stands, must: "is set aside" });
        }
        Ok(row)
    }

    /// Notes that a voucher that waits went by paper. It still goes over the line when there is one, and is
    /// matched there by its number.
    ///
    /// # Errors
    /// When it has left already, or the two persons are not two who may.
    pub fn goes_by_paper(
        &self,
        to: Party,
        key: &VoucherKey,
        flag: Flag,
        persons: TwoPersons,
        reason: &str,
    ) -> Result<Event, StoreRefusal> {
        held_to("the reason", reason, REASON_BYTES_MAX)?;
        self.may_vouch(&persons)?;
        let (peer, entry) = self.ours(to, key, flag)?;
        if !peer.never_left(entry) {
            let row = peer.out.get(entry).expect("it was found");
            let stands = row.out_state().slug().to_owned();
            return Err(StoreRefusal::Elsewhere { stands, must: "waits and has not left" });
        }
        Ok(Event::WentByPaper { to, entry, persons, reason: reason.to_owned() })
    }

    /// Whether two persons are two, and both may vouch for paper.
    ///
    /// # Errors
    /// Who is not.
    pub fn may_vouch(&self, persons: &TwoPersons) -> Result<(), StoreRefusal> {
        let TwoPersons { first, second } = persons;
        if first == second {
            return Err(StoreRefusal::SamePerson { person: first.clone() });
        }
        for (person, other) in [(first, second), (second, first)] {
            match self.authorised.get(person) {
                None => return Err(StoreRefusal::NotAuthorised { person: person.clone() }),
                Some(by) if by == other => {
                    let (person, by) = (person.clone(), by.clone());
                    return Err(StoreRefusal::ByEachOther { person, by });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
