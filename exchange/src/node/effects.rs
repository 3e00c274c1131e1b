//! What comes of the business's decisions and of the other side's notices.

use std::collections::BTreeSet;

use domain::voucher::{Flag, Party, Voucher, VoucherKey};

use super::turn::Turn;
use super::{Log, Node, NodeFault};
use crate::business::{BY_ITSELF, Business, Effect, OnPurpose};
use crate::encoding::cut;
use crate::envelope::{Envelope, Seal, Subject};
use crate::limits::{
    BODY_BYTES_MAX, PAYLOAD_BYTES_MAX, REASON_BYTES_MAX, RESEALS_MAX, TROUBLE_BYTES_MAX,
};
use crate::notice::{Failure, Notice};
use crate::record::Event;
use crate::store::sending::Queueing;
use crate::store::{OutState, Row, StoreRefusal};

/// What follows from notices, once they are applied.
#[derive(Default)]
pub(super) struct Followed {
    /// Vouchers that came back, and why.
    came_back: Vec<(VoucherKey, String)>,
    /// Letters that are sealed anew or stopped.
    again: Vec<Event>,
    /// Answers to what the other side asked, or asked back.
    answers: Vec<Notice>,
    /// Letters of theirs that they asked back in time.
    recalled: Vec<u32>,
    /// Vouchers of theirs that were taken and are asked back, and the number that the other side asked by.
    asked_back: Vec<(VoucherKey, u64)>,
}

/// Whether notices that came together also say that the voucher in a letter is sent back: then its number is at an end there,
/// whatever became of the letter.
fn is_sent_back(notices: &[Notice], row: &Row) -> bool {
    row.by_paper
        && notices.iter().any(|notice| match notice {
            Notice::Returned { key, flag, .. } => (Some(*key), *flag) == (row.key, row.flag),
            _ => false,
        })
}

impl<B: Business, L: Log> Node<B, L> {
    /// Carries out effects, in order.
    pub(super) fn effects(&mut self, turn: &mut Turn<B>, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(record) if record.len() > BODY_BYTES_MAX => {
                    let bytes = record.len();
                    panic!(
                        "a business changes by a record of {bytes} bytes; at most {BODY_BYTES_MAX}"
                    );
                }
                Effect::Record(record) => self.decided(turn, Event::Business(record)),
                Effect::Issue { to, voucher } => self.issue(turn, to, &voucher),
                Effect::Return { to, key, reason } => self.send_back(turn, to, key, &reason),
                Effect::TakeBack { to, key, reason } => self.take_back(turn, to, key, &reason),
                Effect::ReadAgain { to, key } => turn.read_again.push_back((to, key)),
                Effect::Alarm { what } => self.trouble(turn, &what),
            }
        }
    }

    /// Voids a voucher of ours that never left, or asks it back; what is on its way back already stays so.
    fn take_back(&mut self, turn: &mut Turn<B>, to: Party, key: VoucherKey, reason: &str) {
        let (flag, by) = (Flag::Original, BY_ITSELF);
        let reason = cut(reason, REASON_BYTES_MAX);
        match self.store.void(to, &key, flag, by, reason) {
            Ok(voided) => return self.voided(turn, to, key, flag, voided, reason),
            Err(StoreRefusal::MayHaveLeft { .. }) => {}
            Err(refusal) => return self.not_taken_back(turn, key, reason, &refusal),
        }
        if self.store.is_asked_back(to, &key, flag) {
            return;
        }
        match self.store.ask_back(to, &key, flag, by) {
            Ok((event, number)) => {
                turn.notices.entry(to).or_default().push(Notice::AskedBack { number });
                self.decided(turn, event);
            }
            Err(refusal) => self.not_taken_back(turn, key, reason, &refusal),
        }
    }

    fn not_taken_back(
        &mut self,
        turn: &mut Turn<B>,
        key: VoucherKey,
        reason: &str,
        why: &StoreRefusal,
    ) {
        self.trouble(turn, &format!("{key} cannot be taken back ({reason}): {why}"));
    }

    /// A voucher of ours ends before it left; the business hears that it came back.
    pub(super) fn voided(
        &mut self,
        turn: &mut Turn<B>,
        to: Party,
        key: VoucherKey,
        flag: Flag,
        voided: Event,
        reason: &str,
    ) {
        self.decided(turn, voided);
        if flag == Flag::Original {
            self.came_back(turn, to, key, reason);
        }
    }

    /// Gives the business the vouchers of ours that it asked for, out of this turn or the journal.
    pub(super) fn give_again(&mut self, turn: &mut Turn<B>) -> Result<(), NodeFault> {
        while let Some((to, key)) = turn.read_again.pop_front() {
            let voucher = match self.voucher_of_ours(turn, to, &key)? {
                Ok(voucher) => voucher,
                Err(why) => {
                    self.trouble(turn, &format!("{key} cannot be read again: {why}"));
                    continue;
                }
            };
            let effects = self.business.read_again(to, &voucher);
            self.effects(turn, effects);
        }
        Ok(())
    }

    fn voucher_of_ours(
        &mut self,
        turn: &Turn<B>,
        to: Party,
        key: &VoucherKey,
    ) -> Result<Result<Voucher, String>, NodeFault> {
        let found = self.store.peer(to).and_then(|peer| {
            let entry = peer.out.find(key, Flag::Original)?;
            Some((entry, peer.out.get(entry)?.at()))
        });
        let Some((entry, at)) = found else {
            return Ok(Err(format!("it is not among the vouchers to {to}")));
        };
        // What this turn has written is not in the journal yet.
        let envelope = match turn.envelope_of(to, entry) {
            Some(envelope) => envelope.clone(),
            None => Envelope::decode(&self.letter(at)?).expect("what was sent can be read"),
        };
        let (format, payload) = envelope.payload().expect("a voucher has a payload");
        Ok(self.means.payloads.read(format, payload, None))
    }

    /// The voucher in an envelope from a party. Of a receipt the original is looked up among ours.
    pub(super) fn voucher_from(
        &mut self,
        turn: &Turn<B>,
        from: Party,
        envelope: &Envelope,
    ) -> Result<Result<Voucher, String>, NodeFault> {
        let (format, payload) = envelope.payload().expect("a voucher has a payload");
        let original = match envelope.voucher() {
            Some((key, Flag::Receipt)) if format.is_read_beside() => {
                self.voucher_of_ours(turn, from, &key)?.ok()
            }
            _ => None,
        };
        Ok(self.means.payloads.read(format, payload, original.as_ref()))
    }

    /// Puts a voucher into an outbox. One that is there already is not put there twice; a number that was used
    /// for another is trouble of ours, and nothing is sent; a test double may do both on purpose. One that cannot be
    /// written in its party's form has come back.
    fn issue(&mut self, turn: &mut Turn<B>, to: Party, voucher: &Voucher) {
        let (key, flag) = (voucher.key, voucher.flag);
        let (format, payload) = match self.means.payloads.write(to, voucher) {
            Ok(written) => written,
            Err(why) => return self.not_written(turn, to, voucher, &why),
        };
        if payload.len() > PAYLOAD_BYTES_MAX {
            let bytes = payload.len();
            let why =
                format!("it has {bytes} bytes; at most {PAYLOAD_BYTES_MAX}: split its details");
            return self.not_written(turn, to, voucher, &why);
        }
        let subject = Subject::Voucher { key, flag, format, payload };
        let envelope = Envelope::new(self.store.me(), to, &subject);
        let doubled = self.business.on_purpose(key, flag) == Some(OnPurpose::Doubled);
        match self.store.queueing(to, &key, flag, &envelope.digest()) {
            queueing if doubled || queueing == Queueing::New => {
                let lane = self.store.lane_for(to, voucher, &self.means.lanes);
                let day = self.store.day();
                self.decided(turn, Event::Queued { to, lane, day, envelope });
                if self.store.holds(to, Some((key, flag))) {
                    let effects = self.business.held_back(&[key]);
                    self.effects(turn, effects);
                }
            }
            Queueing::Used(what) => self.trouble(turn, &format!("not sent: {what}")),
            Queueing::There | Queueing::New => {}
        }
    }

    /// What cannot be written for its party never leaves: a person is told, and the business, which would wait for an
    /// answer for ever.
    fn not_written(&mut self, turn: &mut Turn<B>, to: Party, voucher: &Voucher, why: &str) {
        let (key, flag) = (voucher.key, voucher.flag);
        self.trouble(turn, &format!("{key} cannot be written for {to}: {why}"));
        // One that is there already was written before, in another form, and may have left.
        let is_there = self.store.peer(to).is_some_and(|peer| peer.out.find(&key, flag).is_some());
        if flag == Flag::Original && !is_there {
            let reason = format!("it cannot be written for {to}: {why}");
            self.came_back(turn, to, key, cut(&reason, REASON_BYTES_MAX));
        }
    }

    /// Sends a voucher back that was taken.
    pub(super) fn send_back(
        &mut self,
        turn: &mut Turn<B>,
        to: Party,
        key: VoucherKey,
        reason: &str,
    ) {
        let flag = Flag::Original;
        let Some(entry) = self.store.peer(to).and_then(|peer| peer.inbox.find(&key, flag)) else {
            return self
                .trouble(turn, &format!("{key} cannot be sent back: it did not come from {to}"));
        };
        self.decided(turn, Event::SentBack { to, entry });
        let reason = cut(reason, REASON_BYTES_MAX).to_owned();
        turn.notices.entry(to).or_default().push(Notice::Returned { key, flag, reason });
    }

    pub(super) fn trouble(&mut self, turn: &mut Turn<B>, what: &str) {
        let what = cut(what, TROUBLE_BYTES_MAX).to_owned();
        self.decided(turn, Event::Trouble { what });
    }

    /// Tells the business that a voucher of ours came back.
    pub(super) fn came_back(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        key: VoucherKey,
        reason: &str,
    ) {
        let effects = self.business.came_back(from, key, reason);
        self.effects(turn, effects);
    }

    /// What notices will mean, looked up before they change anything.
    pub(super) fn before_notices(
        &mut self,
        from: Party,
        notices: &[Notice],
    ) -> Result<Followed, NodeFault> {
        let (mut followed, mut ended) = (Followed::default(), BTreeSet::new());
        for notice in notices {
            let Some(peer) = self.store.peer(from) else { break };
            match notice {
                Notice::NotTaken { number, failure, reason } => {
                    let Some(entry) = peer.entry_of(*number) else { continue };
                    let row = peer.out.get(entry).expect("a number is of a letter");
                    let is_last = u64::from(row.number) == *number;
                    if !peer.may_come_back(entry) || !is_last || is_sent_back(notices, row) {
                        continue;
                    }
                    if ended.insert(entry) {
                        self.not_taken(&mut followed, from, entry, (*failure, reason))?;
                    }
                }
                Notice::Returned { key, flag, reason } => {
                    if let Some(entry) = peer.out.find(key, *flag)
                        && peer.may_be_sent_back(entry)
                        && ended.insert(entry)
                    {
                        followed.came_back.push((*key, reason.clone()));
                    }
                }
                Notice::AskedBack { number } => {
                    let theirs = peer.inbox.by_number(*number);
                    match theirs {
                        Some(entry) if self.store.set_aside(from, entry).is_ok() => {
                            followed.recalled.push(entry);
                        }
                        _ => match theirs.and_then(|entry| peer.taken_original(entry)) {
                            Some(key) => followed.asked_back.push((key, *number)),
                            None => {
                                followed.answers.push(Notice::KeptAfterAll { number: *number });
                            }
                        },
                    }
                }
                Notice::Asked { key, flag } => {
                    let (key, flag) = (*key, *flag);
                    let status = self.store.status_of_theirs(from, &key, flag);
                    followed.answers.push(Notice::Stands { key, flag, status });
                }
                Notice::Taken { .. } | Notice::KeptAfterAll { .. } | Notice::Stands { .. } => {}
            }
        }
        Ok(followed)
    }

    /// What comes of a letter of ours that was not taken.
    fn not_taken(
        &mut self,
        followed: &mut Followed,
        from: Party,
        entry: u32,
        (failure, reason): (Failure, &str),
    ) -> Result<(), NodeFault> {
        let peer = self.store.peer(from).expect("what came back was sent to somebody");
        let row = peer.out.get(entry).expect("it was found");
        let stopped = |reason: &str| {
            let reason = cut(reason, REASON_BYTES_MAX).to_owned();
            Event::Stopped { to: from, entry, reason }
        };
        match (failure, row.key) {
            (Failure::Distrusted(distrust), _) => {
                let (tries, at) = (row.resealed, row.at());
                let reason = cut(reason, REASON_BYTES_MAX).to_owned();
                let again = distrust.is_healed_by_new_seal() && tries < RESEALS_MAX;
                let event = self.again_or_stop(from, entry, at, again, reason)?;
                followed.again.push(event);
            }
            // They have another voucher under this number, perhaps paid: nothing has come back.
            (Failure::NumberReused, _) => followed.again.push(stopped(reason)),
            // Its letter has come back, the paper has not: typed in, it is paid.
            (_, Some(_)) if peer.may_be_typed_in(entry) => {
                let why = "it went by paper too, which may be typed in there yet";
                let reason = cut(reason, REASON_BYTES_MAX - why.len() - 2);
                followed.again.push(stopped(&format!("{reason}; {why}")));
            }
            (_, Some(key)) => followed.came_back.push((key, reason.to_owned())),
            (_, None) => {}
        }
        Ok(())
    }

    /// A letter that is not trusted as it is sealed: sealed anew where other keys are at hand or its seals are
    /// only too old, else stopped for a person.
    fn again_or_stop(
        &mut self,
        to: Party,
        entry: u32,
        at: u64,
        again: bool,
        reason: String,
    ) -> Result<Event, NodeFault> {
        let letter = self.letter(at)?;
        let envelope = Envelope::decode(&letter).expect("what was sent can be read");
        let today = self.store.day();
        let keys = &self.means.keys;
        let better =
            |seal: &Seal| keys.certificate(seal.place) != seal.certificate || seal.day != today;
        if again && envelope.seals().iter().any(better) {
            let envelope = envelope.without_seals();
            return Ok(Event::Resealed { to, entry, by: String::new(), envelope });
        }
        Ok(Event::Stopped { to, entry, reason })
    }

    /// What follows from notices that have been applied.
    pub(super) fn after_notices(&mut self, turn: &mut Turn<B>, from: Party, followed: Followed) {
        let Followed { came_back, again, mut answers, recalled, asked_back } = followed;
        for (key, number) in asked_back {
            match self.business.gives_back(from, key) {
                Some(effects) => self.effects(turn, effects),
                None => answers.push(Notice::KeptAfterAll { number }),
            }
        }
        for event in again {
            self.decided(turn, event);
        }
        for entry in recalled {
            let reason = "asked back by its sender".to_owned();
            self.not_taken_after_all(turn, from, entry, Failure::Recalled, reason, "");
        }
        if !answers.is_empty() {
            turn.notices.entry(from).or_default().extend(answers);
        }
        for (key, reason) in came_back {
            self.came_back(turn, from, key, &reason);
        }
    }

    /// Settles what was set aside as not taken, and tells its sender.
    pub(super) fn not_taken_after_all(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        entry: u32,
        failure: Failure,
        reason: String,
        by: &str,
    ) {
        let row = self.store.peer(from).and_then(|peer| peer.inbox.get(entry));
        let number = row.map_or(0, |row| u64::from(row.number));
        let arrival = crate::record::Arrival::NotTaken { failure, reason: reason.clone() };
        let (by, notices) = (by.to_owned(), Vec::new());
        self.decided(turn, Event::Settled { from, entry, arrival, by, notices });
        let notice = Notice::NotTaken { number, failure, reason };
        turn.notices.entry(from).or_default().push(notice);
    }

    /// Gives up what stopped; the business hears that it came back.
    pub(super) fn give_up(
        &mut self,
        turn: &mut Turn<B>,
        to: Party,
        entry: u32,
        by: String,
        reason: String,
    ) {
        let row = self.store.peer(to).and_then(|peer| peer.out.get(entry)).expect("it was found");
        assert!(row.out_state() == OutState::Stopped, "only what stopped is given up");
        let key = row.key;
        self.decided(turn, Event::GivenUp { to, entry, by, reason: reason.clone() });
        if let Some(key) = key {
            self.came_back(turn, to, key, &reason);
        }
    }
}
