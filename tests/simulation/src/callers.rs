//! Callers: what comes to their mind, what is on the wire between them and the node.
//!
//! They send commands of every kind, fitting and not, and send again what was not answered. A wire
//! keeps the order of what it carries; it may take its time, and be cut.

use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;

use actors::gate::SessionId;
use actors::testing::give::{
    self, BANK, DESK, Given, act, end_batch, fact, move_out, open_batch, quota, reserve,
    reserve_until, resolve, revive, run_of, staged, step,
};
use actors::testing::world::{Spoken, commands_frame, frames, hello};
use domain::codes::{
    ActKind, BatchStep, FactKind, MoveKind, PaymentState, ResolveAction, Role, StepKind,
};
use domain::command::Body;
use domain::ids::{ChannelId, DivisionIndex, QuotaId};
use domain::particulars::{Particulars, ParticularsText};
use protocol::lookup::{LookUp, put_look_ups};
use protocol::{CommandResult, FrameKind, Hello};

use crate::founding::{FOUNDED, OLD_FIRST, OLD_PAYMENTS};
use crate::ledger::id_of;
use crate::run::{Requests, Run};
use crate::swarm::Kind;

/// Divisions that commands name: 5 is never registered.
const DIVISIONS: [u16; 4] = [0, 1, 2, 5];

/// Frames that are kept to be sent again, at most.
const UNHEARD_MAX: usize = 64;

/// Who connects.
const ROLES: [Role; 9] = [
    Role::Maker,
    Role::Maker,
    Role::Checker,
    Role::Finance,
    Role::Finance,
    Role::Bank,
    Role::Bank,
    Role::CentralBank,
    Role::Operator,
];

/// One connection and who is at it.
pub(crate) struct Caller {
    pub(crate) id: SessionId,
    pub(crate) role: Role,
    pub(crate) channel: ChannelId,
    /// What each frame sent so far asked, and once it is heard, what it heard.
    pub(crate) sent: Requests,
    /// On its way to the node.
    out: VecDeque<Vec<u8>>,
    /// On its way back.
    pub(crate) back: VecDeque<Spoken>,
}

/// One request.
pub(crate) enum Sent {
    /// Commands; the sequence that was durable when they were sent; what they heard.
    Commands(Vec<Given>, u64, Option<Vec<CommandResult>>),
    /// Look-ups; the sequence that was durable then; whether they were answered.
    LookUps(u64, bool),
}

/// A payment with many words, so that some groups take several blocks.
fn with_words(mut given: Given) -> Given {
    static WORDS: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = WORDS.get_or_init(|| {
        let purpose = "办公用品".repeat(240);
        ParticularsText { purpose, ..Default::default() }.encode()
    });
    if let Body::Reserve(reserve) = &mut given.command.body {
        reserve.particulars = Particulars::parse(bytes).expect("particulars");
    }
    given
}

impl Run<'_> {
    pub(crate) fn connect_all(&mut self) {
        ROLES.into_iter().for_each(|role| self.connect(role));
    }

    fn connect(&mut self, role: Role) {
        let bank = matches!(role, Role::Bank | Role::CentralBank);
        let channel = if bank { BANK } else { DESK };
        let id = self.world.connect();
        let window_commands = self.draw.one_of(&[0, 0, 3, 40]);
        let hello = Hello { window_commands, ..hello(role, channel) };
        self.world.send(id, &hello.encode());
        assert_eq!(frames(&self.world.said(id))[0].kind(), FrameKind::Welcome, "O10: a hello");
        let (out, back) = (VecDeque::new(), VecDeque::new());
        self.callers.push(Caller { id, role, channel, sent: BTreeMap::new(), out, back });
    }

    // ---- the wire ------------------------------------------------------------------------------

    /// Something of one caller goes one step on, in one direction.
    pub(crate) fn deliver(&mut self) {
        let at = self.draw.below(self.callers.len());
        self.deliver_of(at);
    }

    fn deliver_of(&mut self, at: usize) -> bool {
        let moved = match self.callers[at].out.pop_front() {
            Some(bytes) => {
                self.world.send(self.callers[at].id, &bytes);
                true
            }
            None => false,
        };
        self.listen();
        match self.callers[at].back.pop_front() {
            Some(spoken) => {
                self.hear(at, &spoken);
                true
            }
            None => moved,
        }
    }

    /// Everything on the wires goes one step on; false when there is nothing.
    pub(crate) fn deliver_all(&mut self) -> bool {
        let mut moved = false;
        for at in 0..self.callers.len() {
            moved |= self.deliver_of(at);
        }
        moved
    }

    /// Cuts a connection: what is on its wire is lost. `half`: after half a request got through.
    pub(crate) fn cut(&mut self, half: bool) {
        if half {
            self.send();
        }
        let at = match half {
            // Whoever has just sent, most likely.
            true => {
                (0..self.callers.len()).max_by_key(|&at| self.callers[at].out.len()).unwrap_or(0)
            }
            false => self.draw.below(self.callers.len()),
        };
        let caller = &mut self.callers[at];
        if half && let Some(bytes) = caller.out.pop_front() {
            let through = self.draw.below(bytes.len() + 1);
            self.world.send(caller.id, &bytes[..through]);
        }
        self.notes.fault(if half { Kind::HalfRequest } else { Kind::Cut });
        let caller = self.callers.swap_remove(at);
        self.world.network.disconnect(caller.id);
        let role = caller.role;
        self.leave(caller);
        self.connect(role);
    }

    /// A connection has ended: what it did not hear, its caller sends again.
    pub(crate) fn leave(&mut self, caller: Caller) {
        for sent in caller.sent.values() {
            if let Sent::Commands(commands, _, None) = sent {
                self.unheard.push_back(commands.clone());
            }
        }
        while self.unheard.len() > UNHEARD_MAX {
            self.unheard.pop_front();
        }
        self.gone.push(caller);
    }

    // ---- sending -------------------------------------------------------------------------------

    pub(crate) fn send(&mut self) {
        let at = self.draw.below(self.callers.len());
        let role = self.callers[at].role;
        if self.draw.percent(12) {
            return self.look_up(at);
        }
        let (at, commands) = match self.once_more() {
            Some(again) => again,
            None => (at, self.commands(role)),
        };
        let within_ms = self.draw.one_of(&[0, 0, 0, 0, 100, 2_000]);
        self.send_commands(at, commands, within_ms);
    }

    /// Something that was sent before, by a caller who may send it.
    fn once_more(&mut self) -> Option<(usize, Vec<Given>)> {
        if self.draw.percent(20)
            && let Some(commands) = self.unheard.pop_front()
        {
            return Some((self.caller_like(&commands[0])?, commands));
        }
        let repeats = self.swarm.has(Kind::Repeat) && !self.answered.is_empty();
        if !repeats || !self.swarm.strikes(Kind::Repeat, &mut self.draw) || !self.draw.percent(30) {
            return None;
        }
        let answered = self.answered[self.draw.below(self.answered.len())];
        if answered.given.flags.linked || answered.given.flags.check {
            return None;
        }
        self.notes.fault(Kind::Repeat);
        let copies = 1 + self.draw.below(3);
        Some((self.caller_like(&answered.given)?, vec![answered.given; copies]))
    }

    pub(crate) fn send_commands(&mut self, at: usize, commands: Vec<Given>, within_ms: u64) {
        let request = self.callers[at].sent.len() as u64 + 1;
        let bytes = commands_frame(request, within_ms, &commands);
        self.asked.extend(commands.iter().filter_map(|given| id_of(&given.command)));
        self.notes.say(|| {
            let words: Vec<_> = commands.iter().map(|given| given.command.slug()).collect();
            format!("      {:?} asks {}", commands[0].role(), words.join(", "))
        });
        let sent = Sent::Commands(commands, self.durable_sequence(), None);
        self.put_on_wire(at, request, bytes, sent);
    }

    fn look_up(&mut self, at: usize) {
        let request = self.callers[at].sent.len() as u64 + 1;
        let looks: Vec<_> = (0..3).map(|_| LookUp::Quota(self.quota())).collect();
        let mut bytes = Vec::new();
        put_look_ups(&mut bytes, request, &looks);
        let sent = Sent::LookUps(self.durable_sequence(), false);
        self.put_on_wire(at, request, bytes, sent);
    }

    fn put_on_wire(&mut self, at: usize, request: u64, bytes: Vec<u8>, sent: Sent) {
        let cut = self.draw.below(bytes.len());
        let delayed = self.swarm.strikes(Kind::Delay, &mut self.draw);
        let caller = &mut self.callers[at];
        caller.sent.insert(request, sent);
        caller.out.push_back(bytes[..cut].to_vec());
        caller.out.push_back(bytes[cut..].to_vec());
        if delayed {
            return self.notes.fault(Kind::Delay);
        }
        while let Some(bytes) = self.callers[at].out.pop_front() {
            self.world.send(self.callers[at].id, &bytes);
        }
        self.listen();
    }

    // ---- what comes to mind --------------------------------------------------------------------

    fn quota(&mut self) -> QuotaId {
        let division = self.draw.one_of(&[0, 0, 1, 1, 2, 2, 2, 5]);
        quota(division, self.draw.below(3) as u64)
    }

    fn amount(&mut self) -> i64 {
        1 + self.draw.below(self.draw.clone().one_of(&[50, 5_000, 900_000])) as i64
    }

    /// A payment on the quota it is mostly asked of.
    fn payment(&mut self) -> (QuotaId, u128) {
        if self.draw.percent(12) {
            // One that was settled before the run: its page may be out of memory.
            let old = self.draw.below(OLD_PAYMENTS as usize) as u128;
            return (quota(self.draw.below(usize::from(FOUNDED)) as u16, 0), OLD_FIRST + old);
        }
        let payment = self.draw.below(40);
        let strays = self.draw.percent(8);
        let own = quota([0, 0, 1, 2][payment % 4], 0);
        (if strays { self.quota() } else { own }, 1_000 + payment as u128)
    }

    fn command(&mut self, role: Role) -> Given {
        let (fen, (q, payment)) = (self.amount(), self.payment());
        // What is said of a payment mostly fits what was said before.
        let fits = self.draw.percent(85);
        let (fen, serial) =
            if fits { (payment as i64, payment as u64) } else { (fen, self.draw.below(40) as u64) };
        let id = 2_000 + self.draw.below(300) as u128;
        let given = match role {
            Role::Maker => match self.draw.below(10) {
                0 => step(StepKind::Withdraw, q, payment),
                1 | 2 => {
                    let wait_ms = self.draw.one_of(&[500, 300_000]);
                    reserve_until(q, payment, fen, self.clocks.steady_ms() + wait_ms)
                }
                3 | 4 => with_words(reserve(q, payment, fen)),
                _ => reserve(q, payment, fen),
            },
            Role::Checker if self.draw.percent(80) => step(StepKind::ApproveUnit, q, payment),
            Role::Checker => step(StepKind::Return, q, payment),
            Role::Bank | Role::CentralBank if self.draw.percent(60) => {
                let kind = if role == Role::Bank { FactKind::ConfirmPaid } else { FactKind::Clear };
                self.sound_fact(role).unwrap_or(fact(kind, q, payment, serial, fen))
            }
            Role::Bank => {
                let kinds = [FactKind::ConfirmPaid, FactKind::ConfirmPaid, FactKind::Refund];
                match self.draw.below(8) {
                    0 => fact(FactKind::Reject, q, payment, serial, 0),
                    _ => fact(self.draw.one_of(&kinds), q, payment, serial, fen),
                }
            }
            Role::CentralBank => {
                let kind = self.draw.one_of(&[FactKind::Clear, FactKind::SettleRefund]);
                fact(kind, q, payment, serial, fen)
            }
            Role::Operator if self.draw.percent(50) => revive(q, id),
            Role::Operator => step(StepKind::Doubt, q, payment),
            _ if self.draw.percent(8) => {
                let action = self.draw.one_of(&[ResolveAction::Apply, ResolveAction::Dismiss]);
                resolve(action, id, q.division().0, serial)
            }
            _ if self.draw.percent(40) => {
                use StepKind::{Hold, Instruct, Unhold};
                step(self.draw.one_of(&[Instruct, Instruct, Instruct, Hold, Unhold]), q, payment)
            }
            _ => {
                let fen = self.amount();
                self.finance(fen, id)
            }
        };
        if self.draw.percent(4) && !given.command.is_fact() { given.checked() } else { given }
    }

    /// The next thing a bank or the central bank may have to say about some payment.
    fn sound_fact(&mut self, role: Role) -> Option<Given> {
        use PaymentState as S;
        let due = |state: PaymentState| match (role, state) {
            (Role::Bank, S::Instructed | S::Unknown) | (Role::CentralBank, S::Paid) => true,
            (_, state) => state == S::Cleared,
        };
        let all: Vec<_> = self.ledger.payments.iter().filter(|(_, paid)| due(paid.state)).collect();
        let ((_, id), paid) = all.get(self.draw.below(all.len().max(1)))?;
        let (kind, fen) = match (role, paid.state) {
            (Role::Bank, S::Cleared) => (FactKind::Refund, 1),
            (_, S::Cleared) => (FactKind::SettleRefund, 1),
            // A part of what was asked for may fail.
            (Role::Bank, _) => {
                let part = if self.draw.percent(25) { paid.asked / 2 + 1 } else { paid.asked };
                (FactKind::ConfirmPaid, part)
            }
            _ => (FactKind::Clear, paid.executed),
        };
        Some(fact(kind, paid.quota, *id, *id as u64, fen))
    }

    fn finance(&mut self, fen: i64, id: u128) -> Given {
        let q = self.quota();
        let (division, other) = (q.division().0, self.draw.one_of(&DIVISIONS));
        match self.draw.below(11) {
            9 | 10 => self.paper(division, id, 0),
            0 => act(self.draw.one_of(&[ActKind::Freeze, ActKind::Unfreeze]), q, id, fen),
            1 | 2 => act(self.draw.one_of(&[ActKind::Issue, ActKind::Cut]), q, id, fen),
            3 => give::create_under(division, id, quota(other, 0)),
            4 | 5 => {
                let (parent, child) = (quota(division, 0), quota(division, 1));
                let down = self.draw.percent(70);
                let kind = if down { MoveKind::Allocate } else { MoveKind::ReturnUp };
                let (from, to) = if down { (parent, child) } else { (child, parent) };
                move_out(kind, id, from, to, fen)
            }
            _ if other == division => move_out(MoveKind::Virement, id, q, quota(division, 9), fen),
            _ => move_out(MoveKind::Transfer, id, q, quota(other, 2), fen),
        }
    }

    /// Few codes and names, so that papers meet.
    fn paper(&mut self, division: u16, id: u128, batch: u128) -> Given {
        let removes = self.draw.percent(30);
        let rows: Vec<_> = (0..1 + self.draw.below(2))
            .map(|_| {
                let (code, name) = (self.draw.below(6) as u8, self.draw.below(4) as u8);
                (code, Some(name).filter(|_| !removes))
            })
            .collect();
        give::paper(division, id, &rows, batch)
    }

    /// A batch with its end, most of the time.
    fn batch(&mut self) -> Vec<Given> {
        let division = self.draw.below(usize::from(FOUNDED)) as u16;
        self.batches += 1;
        let batch = 90_000 + self.batches;
        let from = quota(division, 0);
        let acts: Vec<_> = (0..1 + self.draw.below(3))
            .map(|_| {
                // The upper half tells these ids from all others, and leaves room for a planted one.
                let (id, fen) = (u128::from(self.draw.bits()), self.amount());
                match self.draw.below(4) {
                    3 => self.paper(division, id, batch),
                    0 => staged(ActKind::Issue, from, id, fen, batch),
                    1 => staged(ActKind::Cut, from, id, fen, batch),
                    _ => {
                        let to = quota((division + 1) % FOUNDED, 2);
                        give::staged_move(MoveKind::Transfer, id, from, to, fen, batch)
                    }
                }
            })
            .collect();
        let deadline_ms = self.draw.one_of(&[0, self.clocks.steady_ms() + 300]);
        let mut all = vec![open_batch(batch, &acts, deadline_ms)];
        all.extend(acts);
        match self.draw.below(10) {
            0 | 1 => {}
            2 => all.push(end_batch(BatchStep::Drop, batch, division)),
            3 => all.insert(all.len() - 1, end_batch(BatchStep::Close, batch, division)),
            _ => all.push(end_batch(BatchStep::Close, batch, division)),
        }
        all
    }

    fn commands(&mut self, role: Role) -> Vec<Given> {
        if role == Role::Finance && self.draw.percent(15) {
            return self.batch();
        }
        let mut all = Vec::new();
        for _ in 0..1 + self.draw.below(6) {
            let decides = matches!(role, Role::Maker | Role::Checker | Role::Finance);
            if self.draw.percent(if decides { 20 } else { 2 }) {
                all.extend(self.linked(role));
            } else {
                all.push(self.command(role));
            }
        }
        if all.is_empty() { vec![self.command(role)] } else { all }
    }

    fn linked(&mut self, role: Role) -> Vec<Given> {
        let mut run: Vec<_> = (0..1 + self.draw.below(6)).map(|_| self.command(role)).collect();
        let (first, any): (DivisionIndex, bool) =
            (run[0].command.division(), self.draw.percent(15));
        run.retain(|given| {
            any || (given.command.division() == first && given.command.is_linkable())
        });
        if run.is_empty() { run } else { run_of(&run) }
    }
}
