//! Desks that share quotas and ids, and what each does about an answer that it lost.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::codes::{PaymentState, StepKind};
use domain::ids::{DivisionIndex, QuotaId};
use domain::{Code, Command, Role};
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::{Flags, Value};

use crate::harness::desk::{CHANNEL, Desk, Lost, Told};
use crate::harness::orders::{self, YEAR};
use crate::harness::{Chance, wait_for};
use crate::history::{Noted, Notes};
use crate::model::{Asked, Heard, ISSUED};

pub(crate) const QUOTAS: u32 = 3;
pub(crate) const DESKS: u32 = 7;

/// Commands of one frame, and look-ups of one, at most.
pub(crate) const FRAME_MAX: u64 = 2;

/// Among how many of a quota's youngest ids desks choose one that is known already.
pub(crate) const YOUNG: u64 = 8;

/// What desks and killer share.
pub(crate) struct Hall {
    division: u16,
    quotas: Vec<QuotaId>,
    pub(crate) place: Mutex<Option<SocketAddr>>,
    pub(crate) notes: Mutex<Notes>,
    pub(crate) answers: AtomicU64,
    /// Ids handed out so far, of each quota, with their amounts.
    pub(crate) ids: Vec<Mutex<Vec<i64>>>,
    /// Those of them that were taken and not withdrawn, as far as desks have heard.
    holding: Vec<Mutex<Vec<u64>>>,
    pub(crate) finish: AtomicBool,
    pub(crate) failed: AtomicBool,
}

/// Tells everybody when a thread fails, so that nobody waits for it.
pub(crate) struct Alarm<'a>(pub(crate) &'a Hall);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed.store(true, Ordering::SeqCst);
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The id of a payment on the wire.
pub(crate) fn id(quota: usize, payment: u64) -> u128 {
    (0x11ea_u128 << 80) | ((quota as u128) << 64) | u128::from(payment + 1)
}

impl Hall {
    /// Quotas of their own in a division of its own.
    pub(crate) fn new(server: SocketAddr, division: u16) -> Hall {
        Hall {
            quotas: orders::found_with(server, division, QUOTAS, ISSUED),
            division,
            place: Mutex::new(Some(server)),
            notes: Mutex::default(),
            answers: AtomicU64::new(0),
            ids: (0..QUOTAS).map(|_| Mutex::default()).collect(),
            holding: (0..QUOTAS).map(|_| Mutex::default()).collect(),
            finish: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        }
    }

    pub(crate) fn wait_for_answers(&self, more: u64) {
        let before = self.answers.load(Ordering::SeqCst);
        wait_for("answers", || {
            assert!(!self.failed.load(Ordering::SeqCst), "a desk has failed");
            (self.answers.load(Ordering::SeqCst) >= before + more).then_some(())
        });
    }

    pub(crate) fn connect(&self) -> Desk {
        wait_for("a connection", || {
            assert!(!self.failed.load(Ordering::SeqCst), "another desk has failed");
            match Desk::try_connect((*lock(&self.place))?, Role::Maker, CHANNEL) {
                Ok(desk) => Some(desk),
                Err(Lost::Broken) => None,
                Err(Lost::Said(message)) => panic!("not welcome: {message}"),
            }
        })
    }

    fn command(&self, quota: usize, asked: Asked) -> Option<Command<'static>> {
        let to = self.quotas[quota];
        match asked {
            Asked::Reserve { payment, fen } => Some(orders::reserve(id(quota, payment), to, fen)),
            Asked::Withdraw { payment } => {
                Some(orders::step(StepKind::Withdraw, id(quota, payment), to, 1))
            }
            Asked::Balance | Asked::Outcome { .. } => None,
        }
    }

    fn look_up(&self, quota: usize, asked: Asked) -> LookUp {
        match asked {
            Asked::Outcome { payment } => LookUp::Outcome {
                kind: IdKind::Payment,
                division: DivisionIndex(self.division),
                year: YEAR,
                id: id(quota, payment),
            },
            _ => LookUp::Quota(self.quotas[quota]),
        }
    }

    /// Works until told to finish; gives what it never heard of again.
    pub(crate) fn work(&self, mut chance: Chance) -> Vec<usize> {
        let _alarm = Alarm(self);
        let mut left = Vec::new();
        let mut unknown = Vec::new();
        loop {
            let mut desk = self.connect();
            let done =
                self.settle(&mut desk, &mut chance, &mut unknown, &mut left).and_then(|()| {
                    while !self.finish.load(Ordering::SeqCst) {
                        let asked = self.draw(&mut chance);
                        self.ask(&mut desk, &asked, &mut unknown)?;
                    }
                    Ok(())
                });
            match done {
                Ok(()) => return left,
                Err(Lost::Broken) => {}
                Err(Lost::Said(message)) => panic!("turned away: {message}"),
            }
        }
    }

    /// What a desk does about commands whose answers it lost.
    fn settle(
        &self,
        desk: &mut Desk,
        chance: &mut Chance,
        unknown: &mut Vec<usize>,
        left: &mut Vec<usize>,
    ) -> Result<(), Lost> {
        while let Some(&at) = unknown.last() {
            if chance.once_in(3) {
                left.push(at);
            } else {
                self.find_out(desk, at, chance.once_in(2))?;
            }
            unknown.pop();
        }
        Ok(())
    }

    /// Finds out whether an unknown command took effect: sends it again, or asks by its id.
    pub(crate) fn find_out(&self, desk: &mut Desk, at: usize, again: bool) -> Result<(), Lost> {
        let Noted { quota, asked, .. } = lock(&self.notes).all[at];
        let question = match asked {
            Asked::Reserve { payment, .. } if !again => Asked::Outcome { payment },
            _ => asked,
        };
        let mut lost_again = Vec::new();
        let answers = self.ask(desk, &[(quota, question)], &mut lost_again);
        if answers.is_err() {
            // The second sending is as unknown as the first, and settled with it.
            let mut notes = lock(&self.notes);
            lost_again.iter().for_each(|&at| notes.all[at].never = true);
        }
        let heard = answers?[0];
        let mut notes = lock(&self.notes);
        let found = match heard {
            Heard::Taken { repeat: true, .. } | Heard::OnRecord { .. } => Heard::LostTaken,
            Heard::TooMuch { repeat: true, available } | Heard::Ended { available } => {
                Heard::LostTooMuch { available }
            }
            // It was taken just now, or is not there; or the id had other contents before.
            _ => {
                notes.all[at].never = true;
                return Ok(());
            }
        };
        notes.heard(at, found);
        Ok(())
    }

    /// Sends some commands, or some look-ups, as one frame, and hears the answers.
    pub(crate) fn ask(
        &self,
        desk: &mut Desk,
        asked: &[(usize, Asked)],
        unknown: &mut Vec<usize>,
    ) -> Result<Vec<Heard>, Lost> {
        let commands: Vec<_> = asked
            .iter()
            .filter_map(|&(quota, asked)| Some((self.command(quota, asked)?, Flags::default())))
            .collect();
        let look_ups: Vec<_> =
            asked.iter().map(|&(quota, asked)| self.look_up(quota, asked)).collect();
        let sent: Vec<usize> = {
            let mut notes = lock(&self.notes);
            asked.iter().map(|&(quota, asked)| notes.sent(quota, asked)).collect()
        };
        let heard: Result<Vec<Heard>, Lost> = if commands.is_empty() {
            desk.try_ask(&look_ups).map(|answers| answers.iter().map(heard_of_look_up).collect())
        } else {
            assert_eq!(commands.len(), asked.len(), "commands and look-ups are not mixed");
            desk.try_give(&commands).map(|told| told.iter().map(heard_of_command).collect())
        };
        let mut notes = lock(&self.notes);
        match &heard {
            Ok(heard) => {
                for (&at, &heard) in sent.iter().zip(heard) {
                    notes.heard(at, heard);
                    self.note_holding(notes.all[at]);
                }
                self.answers.fetch_add(sent.len() as u64, Ordering::SeqCst);
            }
            // A look-up that was not answered has no effect to ask for.
            Err(_) if commands.is_empty() => sent.iter().for_each(|&at| notes.all[at].never = true),
            Err(_) => unknown.extend(sent),
        }
        heard
    }

    fn note_holding(&self, noted: Noted) {
        let mut holding = lock(&self.holding[noted.quota]);
        match (noted.asked, noted.heard) {
            (Asked::Reserve { payment, .. }, Some(Heard::Taken { repeat: false, .. })) => {
                holding.push(payment);
            }
            (Asked::Withdraw { payment }, Some(Heard::Taken { .. })) => {
                holding.retain(|&held| held != payment);
            }
            _ => {}
        }
    }

    fn draw(&self, chance: &mut Chance) -> Vec<(usize, Asked)> {
        let is_look_up = chance.once_in(4);
        let count = chance.between(1, FRAME_MAX);
        (0..count)
            .map(|_| {
                let quota = chance.below(u64::from(QUOTAS)) as usize;
                let asked = if is_look_up {
                    self.draw_look_up(quota, chance)
                } else {
                    self.draw_command(quota, chance)
                };
                (quota, asked)
            })
            .collect()
    }

    /// One of a quota's youngest ids; now and then, one that nobody has sent yet.
    fn young(&self, quota: usize, chance: &mut Chance) -> (u64, Option<i64>) {
        let ids = lock(&self.ids[quota]);
        let payment = (ids.len() as u64).saturating_sub(chance.below(YOUNG));
        (payment, ids.get(payment as usize).copied())
    }

    fn draw_look_up(&self, quota: usize, chance: &mut Chance) -> Asked {
        if chance.once_in(2) {
            return Asked::Balance;
        }
        Asked::Outcome { payment: self.young(quota, chance).0 }
    }

    fn draw_command(&self, quota: usize, chance: &mut Chance) -> Asked {
        let (payment, fen) = self.young(quota, chance);
        match (chance.below(8), fen) {
            (0..4, Some(_)) => {
                // One that holds money, if there is any: else the quota would soon be empty for good.
                let holding = lock(&self.holding[quota]);
                let payment = if holding.is_empty() { payment } else { *chance.pick(&holding) };
                Asked::Withdraw { payment }
            }
            (4, Some(fen)) => {
                let other = i64::from(chance.once_in(4));
                Asked::Reserve { payment, fen: fen + other }
            }
            _ => {
                let fen = chance.between(1, ISSUED as u64 / 3) as i64;
                let mut ids = lock(&self.ids[quota]);
                ids.push(fen);
                Asked::Reserve { payment: ids.len() as u64 - 1, fen }
            }
        }
    }
}

pub(crate) fn heard_of_command(told: &Told) -> Heard {
    let (repeat, sequence) = (told.result.repeat, told.result.sequence);
    let short_of = || {
        let mut figures = told.refusal.iter().flat_map(domain::Refusal::figures);
        figures.next().expect("the limit that refused").left_fen.get()
    };
    match (told.code(), told.result.value) {
        (Code::Accepted, Value::Available(fen)) => {
            Heard::Taken { repeat, sequence, available: fen.get() }
        }
        (Code::OverQuota, _) => Heard::TooMuch { repeat, available: short_of() },
        (Code::Conflict, _) => Heard::Conflict,
        (Code::NoPayment, _) => Heard::NoPayment,
        _ => panic!("no model knows {told:?}"),
    }
}

pub(crate) fn heard_of_look_up(answer: &Answer) -> Heard {
    match answer {
        Answer::Quota(view) => Heard::Stands {
            available: view.buckets.available(),
            reserved: view.buckets.reserved,
            open: view.open_payments,
        },
        Answer::Outcome(outcome) if outcome.result.code == Code::Accepted => Heard::OnRecord {
            sequence: outcome.result.sequence,
            reserved: outcome.result.state == Some(PaymentState::Reserved),
        },
        Answer::Outcome(outcome) => {
            assert_eq!(outcome.result.code, Code::OverQuota, "{outcome:?}");
            let mut figures = outcome.refusal.iter().flat_map(domain::Refusal::figures);
            let available = figures.next().expect("the limit that refused").left_fen.get();
            Heard::Ended { available }
        }
        Answer::Failed(Code::NotFound) => Heard::NotFound,
        other => panic!("no model knows {other:?}"),
    }
}
