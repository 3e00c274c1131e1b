//! What a party's journal says became of the orders it wrote, by the letters alone: which have come back.

use std::collections::{HashMap, HashSet};

use domain::voucher::{Flag, Party, VoucherKey};
use exchange::notice::Notice;
use exchange::record::Event;
use exchange::store::pieces_of;

/// The letters that one party wrote to each other one.
#[derive(Default)]
pub(super) struct Outboxes(HashMap<Party, Outbox>);

#[derive(Default)]
struct Outbox {
    /// The order in each entry, and how many messages it is; other letters are none.
    entries: Vec<(Option<VoucherKey>, u16)>,
    /// The entry of each number of the line, from 1.
    given: Vec<u32>,
    /// Orders that went by paper too.
    by_paper: HashSet<VoucherKey>,
}

impl Outboxes {
    /// Takes an event of the journal in; gives the orders that came back by it: they were voided before they left, not taken,
    /// sent back, or given up.
    pub(super) fn came_back(&mut self, event: &Event) -> Vec<VoucherKey> {
        match event {
            Event::Queued { to, envelope, .. } => {
                let order = envelope.voucher().filter(|(_, flag)| *flag == Flag::Original);
                let order = order.map(|(key, _)| key).filter(|key| key.kind.is_order());
                let pieces = pieces_of(envelope.signed().len());
                self.of(*to).entries.push((order, pieces));
                Vec::new()
            }
            Event::Given { to, entries, .. } => {
                let outbox = self.of(*to);
                for entry in entries {
                    let (_, pieces) = outbox.entries[*entry as usize];
                    outbox.given.extend(std::iter::repeat_n(*entry, pieces.into()));
                }
                Vec::new()
            }
            Event::TookBack { to, through, entries, .. } => {
                let outbox = self.of(*to);
                for number in outbox.given.len() as u64 + 1..=*through {
                    let known = entries.iter().find(|(of, _)| *of == number);
                    outbox.given.push(known.map_or(u32::MAX, |(_, entry)| *entry));
                }
                Vec::new()
            }
            // The paper may be typed in there whatever becomes of the letter.
            Event::WentByPaper { to, entry, .. } => {
                let outbox = self.of(*to);
                outbox.by_paper.extend(outbox.order(*entry));
                Vec::new()
            }
            Event::Voided { to, entry, .. } | Event::GivenUp { to, entry, .. } => {
                self.of(*to).order(*entry).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The same of notices of the other side.
    pub(super) fn told(&mut self, by: Party, notices: &[Notice]) -> Vec<VoucherKey> {
        let outbox = self.of(by);
        let came_back = notices.iter().filter_map(|notice| match notice {
            Notice::Returned { key, flag: Flag::Original, .. } => Some(*key),
            Notice::NotTaken { number, failure, .. } if !failure.may_be_mended() => {
                let at = usize::try_from(number.checked_sub(1)?).ok()?;
                let order = outbox.order(*outbox.given.get(at)?)?;
                (!outbox.by_paper.contains(&order)).then_some(order)
            }
            _ => None,
        });
        came_back.collect()
    }

    fn of(&mut self, party: Party) -> &mut Outbox {
        self.0.entry(party).or_default()
    }
}

impl Outbox {
    fn order(&self, entry: u32) -> Option<VoucherKey> {
        self.entries.get(entry as usize).and_then(|(order, _)| *order)
    }
}
