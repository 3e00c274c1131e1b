//! Seeds: messages lost, doubled, early and cut off, parties killed within turns; a ledger kept apart judges.

use domain::voucher::{Flag, Party};

use super::super::*;
use super::world::*;
use crate::store::{OutState, Peer};

/// Numbers from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// What was asked for: purpose by number. Kept apart from both parties.
type Ledger = Vec<(u32, &'static str)>;

const PURPOSES: [&str; 5] = ["books", "books", "wages", "refuse", "return"];

struct Run {
    world: World,
    chance: Chance,
    ledger: Ledger,
    answered: usize,
    kills: u32,
}

impl Run {
    /// One turn of a party; killed within it now and then, and born again from what its journal has.
    fn turn(
        &mut self,
        finance: bool,
        inputs: Vec<Input<(Party, domain::voucher::Voucher)>>,
    ) -> bool {
        let kill = self.chance.one_in(6).then(|| self.chance.below(3) as usize);
        let node = if finance { &mut self.world.finance } else { &mut self.world.bank };
        if let Some(groups) = kill {
            node.log.end_after(groups);
        }
        match node.turn(inputs, 0) {
            Ok(_) => {
                node.log = node.log.found();
                true
            }
            Err(NodeFault::Log(LogFault::Killed)) => {
                self.kills += 1;
                let whose = if finance { FINANCE } else { BANK };
                *node = born(whose, first_keys(whose), node.log().found());
                false
            }
            Err(fault) => panic!("{fault}"),
        }
    }

    fn line(&mut self, finance: bool, up: bool) {
        let other = party(if finance { BANK } else { FINANCE });
        self.turn(finance, vec![Input::Line { party: other, up }]);
    }

    /// Some messages of one side: the right ones, or ones that are early or have been there.
    fn carry(&mut self, finance: bool) {
        let World { finance: one, bank: other } = &mut self.world;
        let (from, to) = if finance { (one, other) } else { (other, one) };
        let (me, you) = (from.store().me(), to.store().me());
        let received = to.store().peer(me).map_or(0, Peer::received);
        let given = from.store().peer(you).map_or(0, Peer::given);
        let first = match self.chance.below(5) {
            0 => received.saturating_sub(self.chance.below(4)).max(1),
            1 => received + 2,
            _ => received + 1,
        };
        let last = given.min(first + self.chance.below(6));
        let mut messages = Vec::new();
        for number in first..=last {
            let message = from.message(you, number).expect("readable").expect("offered");
            messages.push(message);
        }
        if !messages.is_empty() {
            self.turn(!finance, vec![Input::Messages { from: me, first, messages }]);
        }
    }

    fn acknowledge(&mut self, finance: bool) {
        let World { finance: one, bank: other } = &self.world;
        let (from, to) = if finance { (one, other) } else { (other, one) };
        let (me, you) = (from.store().me(), to.store().me());
        let through = to.store().peer(me).map_or(0, Peer::received);
        self.turn(finance, vec![Input::Acknowledged { by: you, through }]);
    }

    fn step(&mut self) {
        let finance = self.chance.one_in(2);
        match self.chance.below(12) {
            0 => {
                let up = !self.chance.one_in(3);
                self.line(finance, up);
            }
            1..=2 => self.order(),
            3..=8 => self.carry(finance),
            _ => self.acknowledge(finance),
        }
    }

    /// The desk asks for a few payments, and asks again for those it heard nothing about.
    fn order(&mut self) {
        if self.ledger.len() == self.answered {
            for _ in 0..=self.chance.below(4) {
                let number = self.ledger.len() as u32 + 1;
                let purpose = PURPOSES[self.chance.below(PURPOSES.len() as u64) as usize];
                self.ledger.push((number, purpose));
            }
        }
        let inputs = self.ledger[self.answered..].iter().map(|(number, purpose)| Input::Order {
            ticket: u64::from(*number),
            order: Order::Business((party(BANK), voucher(key(*number), purpose))),
        });
        let inputs = inputs.collect();
        if self.turn(true, inputs) {
            self.answered = self.ledger.len();
        }
    }

    /// Nothing lost, nothing doubled: by the ledger that neither of them has seen.
    fn judge(&self) {
        let (finance, bank) = (self.world.finance.business(), self.world.bank.business());
        let peer = self.world.finance.store().peer(party(BANK)).expect("a peer");
        for (number, purpose) in &self.ledger {
            let key = key(*number);
            let found = (bank.paid(key), finance.receipted(key), finance.came_back(key));
            let entry = peer.out.find(&key, Flag::Original).expect("it was asked for");
            let state = peer.out.get(entry).expect("a row").out_state();
            let expected = match *purpose {
                "refuse" => ((0, 0, 1), OutState::NotTaken),
                "return" => ((0, 0, 1), OutState::Returned),
                _ => ((1, 1, 0), OutState::Receipted),
            };
            assert_eq!((found, state), expected, "{key} {purpose}");
        }
        assert_eq!(bank.taken.len(), finance.taken.len());
        for node in [&self.world.finance, &self.world.bank] {
            let alarms: Vec<_> = node.store().alarms().collect();
            assert!(alarms.is_empty(), "{alarms:?}");
        }
    }
}

fn run(seed: u64) -> u32 {
    // Small groups, so that turns are cut in their middle too.
    let world = World::with_segments(storage::limits::SEGMENT_BYTES_TEST_MIN);
    let chance = Chance(seed * 2_654_435_761 + 1);
    let mut run = Run { world, chance, ledger: Vec::new(), answered: 0, kills: 0 };
    for _ in 0..250 {
        run.step();
    }
    while run.answered < run.ledger.len() {
        run.order();
    }
    run.world.line(true);
    run.world.settle();
    run.judge();
    // What is in memory is what the journal says.
    for (node, whose) in [(&run.world.finance, FINANCE), (&run.world.bank, BANK)] {
        let again = born(whose, first_keys(whose), node.log().found());
        assert_eq!(again.business(), node.business());
        for (party, peer) in node.store().peers() {
            let folded = again.store().peer(party).expect("a peer");
            let told = |peer: &Peer| {
                let rows = peer
                    .out
                    .iter()
                    .map(|(_, row)| (row.key, row.out_state(), row.number, row.at()));
                (peer.given(), peer.received(), peer.acknowledged(), rows.collect::<Vec<_>>())
            };
            assert_eq!(told(folded), told(peer));
        }
    }
    run.kills
}

#[test]
fn nothing_is_lost_or_doubled_whatever_happens() {
    let mut kills = 0;
    for seed in 1..=24 {
        println!("seed {seed}");
        kills += run(seed);
    }
    assert!(kills > 100, "only {kills} kills");
}
