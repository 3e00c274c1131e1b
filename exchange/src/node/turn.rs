//! The turn itself: inputs in order, notices, numbers, seals, the journal, and then what may be told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::voucher::{Party, VoucherKey};

use super::letters::Message;
use super::{Answer, Input, Log, Node, NodeFault, Output};
use crate::business::{Business, OnPurpose, Verdict};
use crate::envelope::{Envelope, Subject};
use crate::limits::{
    EFFECTS_MAX, ENVELOPE_BYTES_MAX, NOTICES_MAX, REASON_BYTES_MAX, TURN_BYTES_ENOUGH,
    WINDOW_LETTERS_MAX,
};
use crate::notice::{Failure, Notice};
use crate::record::turn::TurnWriter;
use crate::record::{Arrival, Event, Lane};
use crate::store::{Checked, Judged, Unplaced};

/// What a turn has decided so far. Memory has it; the journal does not.
pub(super) struct Turn<B: Business> {
    pub(super) events: Vec<(Event, Option<Unplaced>)>,
    pub(super) notices: BTreeMap<Party, Vec<Notice>>,
    pub(super) heard: BTreeSet<Party>,
    pub(super) answers: Vec<Answer<B>>,
    /// Vouchers of ours that the business asked for, and to whom they were written.
    pub(super) read_again: VecDeque<(Party, VoucherKey)>,
    offered: BTreeSet<Party>,
    bytes: usize,
}

impl<B: Business> Turn<B> {
    /// Nothing decided yet.
    fn begun() -> Turn<B> {
        Turn {
            events: Vec::new(),
            notices: BTreeMap::new(),
            heard: BTreeSet::new(),
            answers: Vec::new(),
            read_again: VecDeque::new(),
            offered: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// The envelope of an entry of an outbox, where this turn has written it.
    pub(super) fn envelope_of(&self, to: Party, entry: u32) -> Option<&Envelope> {
        self.events.iter().rev().find_map(|(event, unplaced)| {
            let is_it = unplaced.is_some_and(|letter| letter.is_ours(to, entry));
            match event {
                Event::Queued { envelope, .. } | Event::Resealed { envelope, .. } if is_it => {
                    Some(envelope)
                }
                _ => None,
            }
        })
    }
}

/// An input whose letters have been looked at.
enum Ready<O> {
    Other(Input<O>),
    Messages { from: Party, first: u64, letters: Vec<Looked> },
}

/// A message, and the letter it is, looked at where it is whole.
enum Looked {
    Letter(Box<Checked>),
    Message(Vec<u8>),
}

impl<B: Business, L: Log> Node<B, L> {
    /// Decides all that came in, makes it durable as one turn, and gives out what may then be told. A turn that
    /// changes nothing writes nothing.
    ///
    /// # Errors
    /// When it cannot be made durable: then nothing was told, what is in memory is ahead of the journal, and the
    /// party has to be folded again.
    pub fn turn(
        &mut self,
        inputs: Vec<Input<B::Order>>,
        time_ms: u64,
    ) -> Result<Output<B>, NodeFault> {
        let mut turn = Turn::begun();
        for input in self.look_at(inputs) {
            self.handle(&mut turn, input, time_ms)?;
            self.give_again(&mut turn)?;
        }
        self.finish(&mut turn, time_ms)?;
        Ok(self.output(turn))
    }

    /// A turn of one event.
    pub(super) fn decide_alone(&mut self, event: Event, time_ms: u64) -> Result<(), NodeFault> {
        let mut turn = Turn::begun();
        self.decided(&mut turn, event);
        self.write_down(&mut turn, time_ms)
    }

    /// Brings what was decided to its end, and makes it durable.
    fn finish(&mut self, turn: &mut Turn<B>, time_ms: u64) -> Result<(), NodeFault> {
        self.write_notices(turn);
        self.give(turn);
        self.write_down(turn, time_ms)
    }

    /// Verifies the letters of all inputs together.
    fn look_at(&self, mut inputs: Vec<Input<B::Order>>) -> Vec<Ready<B::Order>> {
        let mut letters = Vec::new();
        for input in &mut inputs {
            let Input::Messages { messages, .. } = input else { continue };
            for message in messages {
                if let Ok(Message::Whole) = Message::read(message) {
                    // What is left of the message still says that it is a whole letter.
                    letters.push(message.split_off(1));
                }
            }
        }
        let checked = Checked::all(&self.store, letters, self.means.verifier.as_ref());
        let mut checked = checked.into_iter();
        let mut look = |message: Vec<u8>| match Message::read(&message) {
            Ok(Message::Whole) => {
                Looked::Letter(Box::new(checked.next().expect("each whole letter was looked at")))
            }
            _ => Looked::Message(message),
        };
        let ready = |input| match input {
            Input::Messages { from, first, messages } => {
                let letters = messages.into_iter().map(&mut look).collect();
                Ready::Messages { from, first, letters }
            }
            other => Ready::Other(other),
        };
        inputs.into_iter().map(ready).collect()
    }

    fn handle(
        &mut self,
        turn: &mut Turn<B>,
        input: Ready<B::Order>,
        time_ms: u64,
    ) -> Result<(), NodeFault> {
        match input {
            Ready::Messages { from, first, letters } => {
                assert!(
                    self.store.has_begun(),
                    "a party begins its first day before it opens a line"
                );
                turn.heard.insert(from);
                for (number, message) in (first..).zip(letters) {
                    self.message_came(turn, from, number, message)?;
                    self.give_again(turn)?;
                    if turn.bytes > TURN_BYTES_ENOUGH {
                        self.finish(turn, time_ms)?;
                    }
                }
            }
            Ready::Other(Input::Line { party, up }) => {
                self.up.insert(party, up);
            }
            Ready::Other(Input::Acknowledged { by, through }) => {
                let known =
                    self.store.peer(by).map_or((0, 0), |peer| (peer.acknowledged(), peer.given()));
                let through = through.min(known.1);
                if through > known.0 {
                    self.decided(turn, Event::Acknowledged { by, through });
                }
            }
            Ready::Other(Input::Order { ticket, order }) => {
                let answer = self.order(turn, order)?;
                turn.answers.push((ticket, answer));
            }
            Ready::Other(Input::Follow { cursor, orders }) => {
                assert!(self.store.has_begun(), "a party begins its first day before it follows");
                for order in orders {
                    match self.business.order(&order) {
                        Ok(effects) => self.effects(turn, effects),
                        Err(refusal) => {
                            self.trouble(turn, &format!("what was followed is refused: {refusal}"))
                        }
                    }
                }
                self.decided(turn, Event::Followed(cursor));
            }
            Ready::Other(Input::Messages { .. }) => unreachable!("messages were looked at"),
        }
        Ok(())
    }

    fn message_came(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        number: u64,
        message: Looked,
    ) -> Result<(), NodeFault> {
        let received = self.store.peer(from).map_or(0, crate::store::Peer::received);
        if number != received + 1 {
            return Ok(());
        }
        let message = match message {
            Looked::Letter(letter) => return self.letter_came(turn, from, number, *letter),
            Looked::Message(message) => message,
        };
        let so_far = self.store.peer(from).map_or(0, |peer| peer.partial().len());
        match Message::read(&message) {
            Ok(Message::Piece { bytes, last: false })
                if so_far + bytes.len() <= ENVELOPE_BYTES_MAX =>
            {
                self.decided(turn, Event::Piece { from, number, bytes: bytes.to_vec() });
                Ok(())
            }
            // The last one, or more than any letter has.
            Ok(Message::Piece { bytes, .. }) => {
                let partial = self.store.peer(from).map_or(&[][..], crate::store::Peer::partial);
                let mut letter = [partial, bytes].concat();
                letter.truncate(ENVELOPE_BYTES_MAX);
                let letter = self.look_at_one(letter);
                self.letter_came(turn, from, number, letter)
            }
            Ok(Message::Whole) => unreachable!("whole letters were looked at"),
            // What is no message is no letter either; a person sees its bytes.
            Err(_) => {
                let letter = self.look_at_one(message);
                self.letter_came(turn, from, number, letter)
            }
        }
    }

    pub(super) fn look_at_one(&self, letter: Vec<u8>) -> Checked {
        let looked = Checked::all(&self.store, vec![letter], self.means.verifier.as_ref());
        looked.into_iter().next().expect("one letter was given")
    }

    fn letter_came(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        number: u64,
        letter: Checked,
    ) -> Result<(), NodeFault> {
        let judged = self.store.judge(from, number, &letter);
        let (arrival, effects) = match self.as_typed(turn, from, judged, &letter)? {
            Judged::Before | Judged::Early => return Ok(()),
            Judged::Settled(arrival) => (arrival, Vec::new()),
            Judged::Voucher => self.taken_by_business(turn, from, &letter)?,
        };
        if let Some(notice) = self.store.answer(number, &arrival, &letter) {
            turn.notices.entry(from).or_default().push(notice);
        }
        let followed = if arrival == Arrival::Notices {
            let notices = letter.envelope.as_ref().map_or(&[][..], Envelope::notices);
            self.before_notices(from, notices)?
        } else {
            super::effects::Followed::default()
        };
        let kept = !matches!(arrival, Arrival::Repeated { .. });
        let Checked { bytes, envelope, .. } = letter;
        let bytes = if kept { bytes } else { Vec::new() };
        let day = self.store.day();
        let event = Event::Received { from, number, day, arrival, letter: bytes };
        self.decided_on(turn, event, envelope.as_ref().ok());
        self.effects(turn, effects);
        self.after_notices(turn, from, followed);
        Ok(())
    }

    /// Lets the business take a voucher that binds its sender. What it cannot work with is set aside.
    pub(super) fn taken_by_business(
        &mut self,
        turn: &Turn<B>,
        from: Party,
        letter: &Checked,
    ) -> Result<(Arrival, Vec<crate::business::Effect>), NodeFault> {
        let set_aside = |reason: String| {
            let reason = crate::encoding::cut(&reason, REASON_BYTES_MAX).to_owned();
            Ok((Arrival::SetAside { reason }, Vec::new()))
        };
        let envelope = letter.envelope.as_ref().expect("a voucher was read");
        let voucher = match self.voucher_from(turn, from, envelope)? {
            Ok(voucher) => voucher,
            Err(why) => return set_aside(format!("its payload is no voucher: {why}")),
        };
        if envelope.voucher() != Some((voucher.key, voucher.flag)) {
            return set_aside(format!(
                "its head says {:?} and its body {}",
                envelope.voucher(),
                voucher.key
            ));
        }
        let (verdict, effects) = self.business.take(from, &voucher);
        if effects.len() > EFFECTS_MAX {
            return set_aside(format!(
                "{} effects would come of it; at most {EFFECTS_MAX}",
                effects.len()
            ));
        }
        let arrival = match verdict {
            Verdict::Accepted => Arrival::Taken,
            Verdict::Failed { reason } => {
                let reason = crate::encoding::cut(&reason, REASON_BYTES_MAX).to_owned();
                Arrival::NotTaken { failure: Failure::NotTaken, reason }
            }
        };
        Ok((arrival, effects))
    }

    /// Puts the turn's notices into letters.
    fn write_notices(&mut self, turn: &mut Turn<B>) {
        for (to, notices) in std::mem::take(&mut turn.notices) {
            for notices in notices.chunks(NOTICES_MAX) {
                let subject = Subject::Notices(notices.to_vec());
                let envelope = Envelope::new(self.store.me(), to, &subject);
                let day = self.store.day();
                self.decided(turn, Event::Queued { to, lane: Lane::Notices, day, envelope });
            }
        }
    }

    /// Numbers what may go out now: on lines that are there, as much as may be on its way.
    fn give(&mut self, turn: &mut Turn<B>) {
        let up: Vec<Party> =
            self.up.iter().filter(|(_, up)| **up).map(|(party, _)| *party).collect();
        for to in up {
            let Some(peer) = self.store.peer(to) else { continue };
            let entries = peer.next_to_give(WINDOW_LETTERS_MAX);
            if !entries.is_empty() {
                let first = peer.given() + 1;
                self.decided(turn, Event::Given { to, first, entries });
            }
        }
    }

    /// Takes an event into the turn and changes by it.
    pub(super) fn decided(&mut self, turn: &mut Turn<B>, event: Event) {
        self.decided_on(turn, event, None);
    }

    /// The same, with the envelope that was read of what arrived.
    fn decided_on(&mut self, turn: &mut Turn<B>, event: Event, read: Option<&Envelope>) {
        let unplaced = self.store.apply_read(&event, read);
        if let Event::Business(record) = &event {
            self.business.apply(record);
        }
        turn.bytes += event.about_bytes();
        turn.events.push((event, unplaced));
    }

    /// Seals what is not sealed, and makes the turn durable.
    fn write_down(&mut self, turn: &mut Turn<B>, time_ms: u64) -> Result<(), NodeFault> {
        if turn.events.is_empty() {
            return Ok(());
        }
        let mut unsealed: Vec<&mut Envelope> = turn
            .events
            .iter_mut()
            .filter_map(|(event, _)| match event {
                Event::Queued { envelope, .. } | Event::Resealed { envelope, .. } => Some(envelope),
                _ => None,
            })
            // What was sent before a restore has its seals.
            .filter(|envelope| !envelope.sealed().has_all(envelope.seals_required()))
            .collect();
        let day = self.store.day();
        self.means.keys.seal_all(&mut unsealed, day, self.means.threads)?;
        for (event, _) in &mut turn.events {
            let Event::Queued { envelope, .. } = event else { continue };
            let on_purpose = |(key, flag)| self.business.on_purpose(key, flag);
            if envelope.voucher().and_then(on_purpose) == Some(OnPurpose::SpoiltSeals) {
                envelope.spoil_seals();
            }
        }
        let mut writer = TurnWriter::new(self.log.next(), self.log.group_bytes_max());
        let mut places = Vec::with_capacity(turn.events.len());
        for (event, unplaced) in &turn.events {
            let at = writer.write(event);
            places.extend(unplaced.map(|letter| (letter, at)));
            if let Event::Queued { envelope, .. } | Event::Resealed { envelope, .. } = event {
                self.recent.add(at, envelope.encode());
            }
        }
        for group in writer.groups() {
            self.log.append(group, time_ms)?;
        }
        for (letter, at) in places {
            self.store.place(letter, at);
        }
        let given = |(event, _): &(Event, Option<Unplaced>)| match event {
            Event::Given { to, .. } | Event::TookBack { to, .. } => Some(*to),
            _ => None,
        };
        turn.offered.extend(turn.events.iter().filter_map(given));
        turn.events.clear();
        turn.bytes = 0;
        Ok(())
    }

    fn output(&self, turn: Turn<B>) -> Output<B> {
        let last_given = |to: Party| self.store.peer(to).map_or(0, crate::store::Peer::given);
        let received = |from: Party| self.store.peer(from).map_or(0, crate::store::Peer::received);
        Output {
            offered: turn.offered.into_iter().map(|to| (to, last_given(to))).collect(),
            kept: turn.heard.into_iter().map(|from| (from, received(from))).collect(),
            answers: turn.answers,
        }
    }
}
