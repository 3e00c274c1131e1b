//! Two buckets, walked side by side.

use std::cmp::Ordering;
use std::ops::Range;

use crate::reconciliation::class::Class;

use super::lines::{Bucket, place_order};

/// No line on this side.
pub(super) const NONE: u32 = u32::MAX;

/// A difference, by the places of its lines in their bucket.
#[derive(Clone, Copy)]
pub(super) struct Difference {
    pub(super) ours: u32,
    pub(super) theirs: u32,
    pub(super) bucket: u16,
    pub(super) class: Class,
}

const _: () = assert!(size_of::<Difference>() == 12);

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    /// Pairs of lines that say the same.
    pub(super) agreed: u64,
    /// All else.
    pub(super) differences: Vec<Difference>,
    bucket: u16,
}

impl Found {
    /// Joins one bucket of both sides, each sorted.
    pub(super) fn join(&mut self, bucket: usize, ours: &Bucket, theirs: &Bucket) {
        self.bucket = bucket as u16;
        let (mut here, mut there) = (0, 0);
        while here < ours.entries.len() || there < theirs.entries.len() {
            let order = match (ours.entries.get(here), theirs.entries.get(there)) {
                (Some(one), Some(other)) => place_order(ours, one, theirs, other),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            let has_here = if order.is_le() { ours.run(here) } else { 0 };
            let has_there = if order.is_ge() { theirs.run(there) } else { 0 };
            self.group(ours, here..here + has_here, theirs, there..there + has_there);
            here += has_here;
            there += has_there;
        }
    }

    /// Lines of one item in one scope, each side in the order of what they say.
    fn group(&mut self, ours: &Bucket, here: Range<usize>, theirs: &Bucket, there: Range<usize>) {
        let (mut left_here, mut left_there) = (here.start, there.start);
        if let ([one], [other]) = (&ours.entries[here.clone()], &theirs.entries[there.clone()])
            && one.told() == other.told()
        {
            self.agreed += 1;
            return;
        }
        let (mut alone_here, mut alone_there) = (Vec::new(), Vec::new());
        // Those that say the same on both sides agree, whatever else there is.
        while left_here < here.end && left_there < there.end {
            let (one, other) = (&ours.entries[left_here], &theirs.entries[left_there]);
            match one.told().cmp(&other.told()) {
                Ordering::Equal => {
                    self.agreed += 1;
                    left_here += 1;
                    left_there += 1;
                }
                Ordering::Less => {
                    alone_here.push(left_here as u32);
                    left_here += 1;
                }
                Ordering::Greater => {
                    alone_there.push(left_there as u32);
                    left_there += 1;
                }
            }
        }
        alone_here.extend(left_here as u32..here.end as u32);
        alone_there.extend(left_there as u32..there.end as u32);
        let pairs = alone_here.len().min(alone_there.len());
        for (&one, &other) in alone_here.iter().zip(&alone_there) {
            let (here, there) = (&ours.entries[one as usize], &theirs.entries[other as usize]);
            let class = Class::of_pair(here.figures(), there.figures())
                .expect("lines that say the same were taken out before");
            self.add(one, other, class);
        }
        self.surplus(&alone_here[pairs..], there.is_empty(), Class::MissingThere);
        self.surplus(&alone_there[pairs..], here.is_empty(), Class::MissingHere);
    }

    /// Lines with no counterpart: the first is missing on the other side if that has none at all; what is more is
    /// there too often.
    fn surplus(&mut self, lines: &[u32], is_other_empty: bool, missing: Class) {
        for (nth, &line) in lines.iter().enumerate() {
            let class = if nth == 0 && is_other_empty { missing } else { Class::Duplicate };
            let (ours, theirs) = match missing {
                Class::MissingThere => (line, NONE),
                _ => (NONE, line),
            };
            self.add(ours, theirs, class);
        }
    }

    fn add(&mut self, ours: u32, theirs: u32, class: Class) {
        self.differences.push(Difference { ours, theirs, bucket: self.bucket, class });
    }
}
