//! What people and timers ask of a party.

use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::{Field, Flag, Party, Voucher, VoucherKey};

use super::turn::Turn;
use super::{Log, Node, NodeFault, Order, OrderRefusal};
use crate::business::{Business, Effect};
use crate::encoding::cut;
use crate::envelope::{Envelope, Subject};
use crate::limits::{EFFECTS_MAX, HELD_BACK_TOLD_MAX, PERSON_BYTES_MAX, REASON_BYTES_MAX};
use crate::notice::{Failure, Notice};
use crate::record::{Arrival, Event, TwoPersons};
use crate::store::persons::{held_to, held_words};
use crate::store::search::Found;
use crate::store::{Checked, Judged, StoreRefusal};

/// An order's answer.
type Answered<B> = Result<(), OrderRefusal<<B as Business>::Refusal>>;

impl<B: Business, L: Log> Node<B, L> {
    pub(super) fn order(
        &mut self,
        turn: &mut Turn<B>,
        order: Order<B::Order>,
    ) -> Result<Answered<B>, NodeFault> {
        let begins = matches!(order, Order::BeginDay(_) | Order::OpenDay { .. });
        if !self.store.has_begun() && !begins {
            return Ok(Err(StoreRefusal::NoDay.into()));
        }
        let order = match order {
            Order::Business(order) => return Ok(self.business_order(turn, &order)),
            Order::OpenDay { day, far, business } => {
                return Ok(self.open_day(turn, day, far, &business));
            }
            other => other,
        };
        let done = match order {
            Order::Release { from, entry, by } => self.release(turn, from, entry, &by)?,
            Order::SealAgain { to, entry, by } => self.seal_again(turn, to, entry, by)?,
            other => self.decided_by_store(turn, other),
        };
        Ok(done.map_err(OrderRefusal::Store))
    }

    fn business_order(&mut self, turn: &mut Turn<B>, order: &B::Order) -> Answered<B> {
        let effects = self.business_effects(order)?;
        self.order_done(turn, effects);
        Ok(())
    }

    /// Carries an order's effects out, and all that the business goes on with by itself.
    fn order_done(&mut self, turn: &mut Turn<B>, mut effects: Vec<Effect>) {
        while !effects.is_empty() {
            self.effects(turn, effects);
            effects = self.business.goes_on();
        }
    }

    /// Begins a day for the store and the business, once neither refuses it.
    fn open_day(
        &mut self,
        turn: &mut Turn<B>,
        day: Day,
        far: bool,
        order: &B::Order,
    ) -> Answered<B> {
        self.store.may_open(day, far)?;
        let now = self.store.day();
        let effects = self.business_effects(order)?;
        if day > now {
            self.decided(turn, Event::Day(day));
        }
        self.order_done(turn, effects);
        Ok(())
    }

    /// What would come of an order of the business; nothing has.
    fn business_effects(&self, order: &B::Order) -> Result<Vec<Effect>, OrderRefusal<B::Refusal>> {
        let effects = self.business.order(order).map_err(OrderRefusal::Business)?;
        let count = effects.len();
        if count > EFFECTS_MAX {
            let why = format!("{count} effects would come of it; at most {EFFECTS_MAX}");
            return Err(StoreRefusal::StillNotGood { why }.into());
        }
        Ok(effects)
    }

    fn decided_by_store(
        &mut self,
        turn: &mut Turn<B>,
        order: Order<B::Order>,
    ) -> Result<(), StoreRefusal> {
        let day = self.store.day();
        let event = match order {
            Order::BeginDay(next) => {
                if next <= day {
                    return Err(StoreRefusal::Day { asked: next.get(), now: day.get() });
                }
                Event::Day(next)
            }
            // Said again, both change nothing.
            Order::CutOff | Order::CutOffOf(_) if self.store.is_after_cut_off() => return Ok(()),
            Order::CutOffOf(of) if of != day => return Ok(()),
            Order::LetGo if !self.store.is_after_cut_off() => return Ok(()),
            Order::CutOff | Order::CutOffOf(_) => {
                self.decided(turn, Event::CutOff);
                let held: Vec<VoucherKey> = self.store.held_back().collect();
                for some in held.chunks(HELD_BACK_TOLD_MAX) {
                    let effects = self.business.held_back(some);
                    self.effects(turn, effects);
                }
                return Ok(());
            }
            Order::LetGo => {
                self.decided(turn, Event::LetGo);
                let effects = self.business.let_go();
                self.effects(turn, effects);
                return Ok(());
            }
            Order::Void { to, key, flag, by, reason } => {
                let voided = self.store.void(to, &key, flag, &by, &reason)?;
                self.voided(turn, to, key, flag, voided, &format!("{by}: {reason}"));
                return Ok(());
            }
            Order::AskBack { to, key, flag, by } => {
                let (event, number) = self.store.ask_back(to, &key, flag, &by)?;
                turn.notices.entry(to).or_default().push(Notice::AskedBack { number });
                event
            }
            Order::AskStatus { to, key, flag } => {
                turn.notices.entry(to).or_default().push(Notice::Asked { key, flag });
                return Ok(());
            }
            Order::Dismiss { from, entry, by, reason } => {
                held_words(&by, &reason)?;
                self.store.set_aside(from, entry)?;
                self.not_taken_after_all(turn, from, entry, Failure::Dismissed, reason, &by);
                return Ok(());
            }
            Order::GiveUp { to, entry, by, reason } => {
                held_words(&by, &reason)?;
                self.store.may_be_given_up(to, entry)?;
                self.give_up(turn, to, entry, by, reason);
                return Ok(());
            }
            Order::SendByPaper { to, key, flag, persons, reason } => {
                self.store.goes_by_paper(to, &key, flag, persons, &reason)?
            }
            Order::TakePaper { from, voucher, persons } => {
                return self.take_paper(turn, from, &voucher, persons);
            }
            Order::ReturnPaper { from, voucher, persons, reason } => {
                held_to("the reason", &reason, REASON_BYTES_MAX)?;
                return self.return_paper(turn, from, &voucher, (persons, reason));
            }
            Order::TakeBackSent { to, handed, persons, reason } => {
                return self.take_back_sent(turn, to, handed, (persons, reason));
            }
            Order::Authorise { person, may, by } => {
                held_to("the person", &person, PERSON_BYTES_MAX)?;
                held_to("the person", &by, PERSON_BYTES_MAX)?;
                if person == by {
                    return Err(StoreRefusal::SamePerson { person });
                }
                Event::Authorised { person, may, by }
            }
            Order::FileCertificate { bytes, by } => {
                Event::Certificate(self.store.certificates().file(&bytes, day, &by)?)
            }
            Order::VerifyCertificate { id, by } => {
                let verifier = self.means.verifier.as_ref();
                let certificates = self.store.certificates();
                let event = certificates.verify(id, day, &by, verifier)?;
                Event::Certificate(event)
            }
            Order::RevokeCertificate { id, by, reason } => {
                Event::Certificate(self.store.certificates().revoke(id, day, &by, &reason)?)
            }
            Order::Business(_)
            | Order::OpenDay { .. }
            | Order::Release { .. }
            | Order::SealAgain { .. } => {
                unreachable!("these are decided elsewhere")
            }
        };
        self.decided(turn, event);
        Ok(())
    }

    /// Looks at what was set aside as if it had just come.
    fn release(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        entry: u32,
        by: &str,
    ) -> Result<Result<(), StoreRefusal>, NodeFault> {
        if let Err(refusal) = held_to("the person", by, PERSON_BYTES_MAX) {
            return Ok(Err(refusal));
        }
        let (at, number) = match self.store.set_aside(from, entry) {
            Ok(row) => (row.at(), u64::from(row.number)),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let letter = self.letter(at)?.to_vec();
        let letter = self.look_at_one(letter);
        let still_not = |why: String| Ok(Err(StoreRefusal::StillNotGood { why }));
        let judged = self.store.judge_contents(from, &letter);
        let (arrival, effects) = match self.as_typed(turn, from, judged, &letter)? {
            Judged::Settled(Arrival::Notices) => (Arrival::Notices, Vec::new()),
            Judged::Settled(Arrival::Repeated { .. }) => {
                let key = letter.envelope.as_ref().ok().and_then(Envelope::voucher);
                let (key, _) = key.expect("what was repeated is a voucher");
                return Ok(Err(StoreRefusal::CameAgain { key }));
            }
            Judged::Settled(Arrival::SetAside { reason } | Arrival::NotTaken { reason, .. }) => {
                return still_not(reason);
            }
            Judged::Settled(Arrival::Taken) | Judged::Before | Judged::Early => {
                unreachable!("the business decides what is taken, and no number was given")
            }
            Judged::Voucher => match self.taken_by_business(turn, from, &letter)? {
                (Arrival::SetAside { reason }, _) => return still_not(reason),
                other => other,
            },
        };
        if let Some(notice) = self.store.answer(number, &arrival, &letter) {
            turn.notices.entry(from).or_default().push(notice);
        }
        let notices = letter.envelope.as_ref().map_or(&[][..], Envelope::notices).to_vec();
        let followed = self.before_notices(from, &notices)?;
        let by = by.to_owned();
        self.decided(turn, Event::Settled { from, entry, arrival, by, notices });
        self.effects(turn, effects);
        self.after_notices(turn, from, followed);
        Ok(Ok(()))
    }

    /// Seals a letter of ours anew that stopped.
    fn seal_again(
        &mut self,
        turn: &mut Turn<B>,
        to: Party,
        entry: u32,
        by: String,
    ) -> Result<Result<(), StoreRefusal>, NodeFault> {
        if let Err(refusal) = held_to("the person", &by, PERSON_BYTES_MAX) {
            return Ok(Err(refusal));
        }
        let at = match self.store.stopped(to, entry) {
            Ok(row) => row.at(),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let letter = self.letter(at)?;
        let envelope = Envelope::decode(&letter).expect("what was sent can be read");
        let envelope = envelope.without_seals();
        self.decided(turn, Event::Resealed { to, entry, by, envelope });
        Ok(Ok(()))
    }

    /// Takes a voucher that came by paper and was typed in. That it went by paper stands in its row; the mark on the
    /// paper is no part of what was ordered.
    fn take_paper(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        voucher: &Voucher,
        persons: TwoPersons,
    ) -> Result<(), StoreRefusal> {
        let voucher = &unmarked(voucher);
        let envelope = self.typed(from, voucher, &persons)?;
        let (verdict, effects) = self.business.take(from, voucher);
        if let crate::business::Verdict::Failed { reason } = verdict {
            let why = cut(&reason, REASON_BYTES_MAX).to_owned();
            return Err(StoreRefusal::StillNotGood { why });
        }
        let day = self.store.day();
        self.decided(turn, Event::CameByPaper { from, day, persons, envelope });
        self.effects(turn, effects);
        Ok(())
    }

    /// Sends a voucher back that came by paper and is not carried out: its number is at an end here, and what comes under it
    /// later, on paper or on a line, changes nothing.
    fn return_paper(
        &mut self,
        turn: &mut Turn<B>,
        from: Party,
        voucher: &Voucher,
        (persons, reason): (TwoPersons, String),
    ) -> Result<(), StoreRefusal> {
        let (voucher, key) = (&unmarked(voucher), voucher.key);
        if voucher.flag == Flag::Receipt {
            return Err(StoreRefusal::ReceiptSentBack { key });
        }
        let envelope = self.typed(from, voucher, &persons)?;
        let day = self.store.day();
        self.decided(turn, Event::CameByPaper { from, day, persons, envelope });
        self.send_back(turn, from, voucher.key, &reason);
        Ok(())
    }

    /// What a paper says, as a letter of this party's own writing. One whose number was here before is refused.
    fn typed(
        &self,
        from: Party,
        voucher: &Voucher,
        persons: &TwoPersons,
    ) -> Result<Envelope, StoreRefusal> {
        self.store.may_vouch(persons)?;
        let (key, flag) = (voucher.key, voucher.flag);
        let known = self.store.peer(from).and_then(|peer| {
            let entry = peer.inbox.find(&key, flag)?;
            peer.inbox.get(entry)
        });
        if let Some(known) = known {
            let day = format!("{:?}", known.day);
            return Err(StoreRefusal::NumberUsed { key, day });
        }
        // In a form of this party's own, as nobody else reads it.
        let written = self.means.payloads.write(self.store.me(), voucher);
        let (format, payload) = written.map_err(|why| StoreRefusal::StillNotGood { why })?;
        let subject = Subject::Voucher { key, flag, format, payload };
        Ok(Envelope::new(from, self.store.me(), &subject))
    }

    /// What a letter is when its voucher came by paper before: typed in here it may be written in another form
    /// than its sender's, and then its digest is another. What it says decides.
    pub(super) fn as_typed(
        &mut self,
        turn: &Turn<B>,
        from: Party,
        judged: Judged,
        letter: &Checked,
    ) -> Result<Judged, NodeFault> {
        let reused = matches!(
            &judged,
            Judged::Settled(Arrival::NotTaken { failure: Failure::NumberReused, .. })
        );
        let Some(envelope) = letter.envelope.as_ref().ok().filter(|_| reused) else {
            return Ok(judged);
        };
        let voucher = envelope.voucher();
        let inbox = self.store.peer(from).map(|peer| &peer.inbox);
        let entry = voucher.zip(inbox).and_then(|((key, flag), inbox)| inbox.find(&key, flag));
        let by_paper = |entry: &u32| {
            let row = inbox.and_then(|inbox| inbox.get(*entry));
            row.is_some_and(|row| row.by_paper)
        };
        let Some(entry) = entry.filter(by_paper) else { return Ok(judged) };
        // What was typed in by this very turn is not in the journal yet.
        let now = turn.events.iter().find_map(|(event, _)| match event {
            Event::CameByPaper { from: whose, envelope, .. } => {
                (*whose == from && envelope.voucher() == voucher).then(|| self.read(envelope))
            }
            _ => None,
        });
        let typed = match now {
            Some(now) => now,
            None => {
                let kept = self.kept(Found { party: from, came: true, entry })?;
                kept.and_then(|kept| kept.voucher?.ok())
            }
        };
        match (typed, self.voucher_from(turn, from, envelope)?) {
            (Some(typed), Ok(came)) if unmarked(&typed) == unmarked(&came) => {
                Ok(Judged::Settled(Arrival::Repeated { entry }))
            }
            _ => Ok(judged),
        }
    }

    /// The voucher in an envelope of one that was typed in.
    fn read(&self, envelope: &Envelope) -> Option<Voucher> {
        let (format, payload) = envelope.payload()?;
        self.means.payloads.read(format, payload, None).ok()
    }
}

/// A voucher without the mark that it went by paper.
fn unmarked(voucher: &Voucher) -> Voucher {
    let mut head = Fields::with_capacity(voucher.head.len());
    for (field, value) in voucher.head.iter().filter(|(field, _)| *field != Field::Offline) {
        head.set(field, value.clone());
    }
    Voucher { head, ..voucher.clone() }
}
