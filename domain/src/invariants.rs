//! I1, I2, I10, I11, I13 and I14 as checks over whole states, for `verify`, drills and tests.
//!
//! The checks look at states alone and share nothing with the decisions that should keep them.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{MoveKind, PaymentState, StepKind};
use crate::division::{Division, YearBook};
use crate::ids::{PersonId, QuotaId};
use crate::money::FenSum;
use crate::movement::Transit;
use crate::office::rules::inherited;
use crate::payment::Payment;
use crate::quota::UnderWay;
use crate::refusal::Code;

/// What checking one invariant found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many things were checked.
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
    /// The first breaks, in words.
    pub examples: Vec<String>,
}

/// Breaks that are told in words.
const EXAMPLES_MAX: usize = 8;

impl Finding {
    /// Counts one check; `broken` says in words what is wrong.
    pub fn check(&mut self, good: bool, broken: impl FnOnce() -> String) {
        self.checked += 1;
        if !good {
            self.violations += 1;
            if self.examples.len() < EXAMPLES_MAX {
                self.examples.push(broken());
            }
        }
    }
}

/// Checks every invariant that states alone can show, by name.
#[must_use]
pub fn check_all<'a>(
    divisions: impl Iterator<Item = &'a Division> + Clone,
) -> BTreeMap<&'static str, Finding> {
    let mut found = BTreeMap::new();
    found.insert("I1", sufficiency(divisions.clone()));
    found.insert("I2", conservation(divisions.clone()));
    found.insert("I3", exactly_once(divisions.clone()));
    found.insert("I10", two_pairs_of_eyes(divisions.clone()));
    found.insert("I11", budget_first(divisions.clone()));
    found.insert("I13", no_fact_lost(divisions.clone()));
    let rulebook = inherited::one_rulebook(divisions);
    // Without a province on file nothing is held against it, and nothing is said.
    if rulebook.checked > 0 {
        found.insert("I14", rulebook);
    }
    found
}

fn books<'a>(divisions: impl Iterator<Item = &'a Division>) -> impl Iterator<Item = &'a YearBook> {
    divisions.flat_map(Division::years)
}

/// I1: every bucket and `available` ≥ 0 on every quota and limit cell; and the buckets are what
/// the payments, contracts and totals behind them add up to, what is under way what the moves do.
fn sufficiency<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for book in books(divisions) {
        let sums = payment_sums(book);
        let mut under_way = under_way_sums(book);
        let mut earmarks: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
        for (quota, cell) in book.contracts() {
            *earmarks.entry(quota).or_default() += FenSum::from(cell.earmarked - cell.used);
            finding.check(cell.is_sufficient(), || format!("contract cell {cell:?} on {quota}"));
        }
        for payment in book.payments() {
            let (left, kept) = (book.trace(payment.id), still_counts(payment));
            finding.check(left.is_none_or(|left| left == kept), || {
                format!("rules count {left:?} of payment {}, {kept} stands", payment.id)
            });
        }
        for plan in book.plans() {
            finding.check(plan.is_sufficient(), || format!("plan {plan:?}"));
        }
        for (id, cell, row) in book.quotas() {
            let b = &cell.buckets;
            finding.check(b.is_sufficient(), || format!("quota {id}: {b:?}"));
            let used = sums.get(&id).copied().unwrap_or_default();
            let kept = [b.reserved, b.paid, b.cleared, b.refunding].map(FenSum::from);
            finding.check(kept == used, || {
                format!("quota {id} keeps {kept:?}, payments say {used:?}")
            });
            let earmarked = earmarks.get(&id).copied().unwrap_or(0);
            finding.check(FenSum::from(b.earmarked) == earmarked, || {
                format!("quota {id} has {} earmarked, contracts say {earmarked}", b.earmarked)
            });
            let moves = under_way.remove(&id).unwrap_or_default();
            finding.check(row.under_way() == moves, || {
                format!("quota {id} has {:?}, its moves say {moves:?}", row.under_way())
            });
            let issued = row.totals().issued();
            finding.check(FenSum::from(b.issued) == issued, || {
                format!("quota {id} has {} issued, its totals say {issued}", b.issued)
            });
        }
    }
    finding
}

/// What rules have to count of a payment: what was not given back.
fn still_counts(payment: &Payment) -> i64 {
    let back: i64 =
        payment.refunds().iter().filter(|r| !r.to_pool).map(|r| r.amount_fen.get()).sum();
    match payment.state {
        PaymentState::Released => 0,
        PaymentState::Paid | PaymentState::Cleared => payment.executed_fen.get() - back,
        _ => payment.amount_fen.get(),
    }
}

/// What each quota has under way, by its moves.
fn under_way_sums(book: &YearBook) -> BTreeMap<QuotaId, UnderWay> {
    let mut sums: BTreeMap<QuotaId, UnderWay> = BTreeMap::new();
    for (_, row) in book.moves_out().filter(|(_, row)| row.transit == Transit::InTransit) {
        let sum = sums.entry(row.from).or_default();
        sum.moves += 1;
        match row.kind {
            MoveKind::Allocate => sum.allocated += row.amount_fen.get(),
            MoveKind::Transfer => sum.transferred += row.amount_fen.get(),
            MoveKind::Correct => {}
            _ => sum.issued += row.amount_fen.get(),
        }
    }
    sums
}

/// Reserved, paid, cleared and refunding of each quota, by its payments and their corrections.
fn payment_sums(book: &YearBook) -> BTreeMap<QuotaId, [FenSum; 4]> {
    let mut sums: BTreeMap<QuotaId, [FenSum; 4]> = BTreeMap::new();
    for payment in book.payments() {
        let sum = sums.entry(payment.quota).or_default();
        let (asked, executed) =
            (FenSum::from(payment.amount_fen.get()), FenSum::from(payment.executed_fen.get()));
        let own = payment.path == crate::codes::Path::Own;
        match payment.state {
            state if state.is_open() => sum[0] += asked,
            PaymentState::Paid => sum[1] += executed,
            PaymentState::Cleared => sum[2] += executed,
            _ => {}
        }
        for refund in payment.refunds().iter().filter(|refund| !refund.to_pool) {
            let z = FenSum::from(refund.amount_fen.get());
            match (own, refund.settled) {
                (true, _) => sum[1] -= z,
                (false, true) => sum[2] -= z,
                (false, false) => sum[3] += z,
            }
        }
    }
    for (id, row) in book.moves_out().filter(|(_, row)| row.kind == MoveKind::Correct) {
        let own = book.quota(row.from).is_some_and(|cell| cell.fund.0[0] == b'3');
        let (at, x) = (if own { 1 } else { 2 }, FenSum::from(row.amount_fen.get()));
        if matches!(row.transit, Transit::InTransit | Transit::Landed) {
            sums.entry(row.from).or_default()[at] += x;
        }
        let taken = book.move_in(row.from, id).is_some_and(|row| row.outcome == Code::Accepted);
        if taken {
            sums.entry(row.to).or_default()[at] -= x;
        }
    }
    sums
}

/// I2: over everything, what came in from outside less what went out is what is there or on its
/// way; and per parent, what was handed down is what children have received and not returned, or
/// is on its way.
fn conservation<'a>(divisions: impl Iterator<Item = &'a Division> + Clone) -> Finding {
    let mut finding = Finding::default();
    let arrived = arrivals(divisions.clone());
    let mut outside: FenSum = 0;
    let mut inside: FenSum = 0;
    let mut handed: BTreeMap<QuotaId, FenSum> = BTreeMap::new();
    for book in books(divisions) {
        for (id, cell, row) in book.quotas() {
            let (b, t) = (&cell.buckets, row.totals());
            outside += FenSum::from(t.initial) + FenSum::from(t.supplemented);
            outside -= FenSum::from(t.cut) + FenSum::from(t.recovered);
            let held = [b.frozen, b.staged, b.earmarked, b.reserved, b.paid, b.cleared];
            inside += held.iter().map(|&fen| FenSum::from(fen)).sum::<FenSum>();
            inside += FenSum::from(b.available()) - FenSum::from(b.refunding);
            *handed.entry(id).or_default() +=
                FenSum::from(b.allocated) + FenSum::from(b.transferred);
            if !row.parent.is_none() {
                *handed.entry(row.parent).or_default() -= FenSum::from(t.moved_in);
                *handed.entry(row.parent).or_default() += FenSum::from(t.returned_up);
            }
        }
        for (id, row) in book.moves_out() {
            // Of a correction nothing is out: its origin bears it from the first.
            let left = row.transit == Transit::InTransit && row.kind != MoveKind::Correct;
            if !left || arrived.contains(&(row.from, id)) {
                continue;
            }
            let x = FenSum::from(row.amount_fen.get());
            inside += x;
            match row.kind {
                MoveKind::Allocate | MoveKind::Transfer => {
                    *handed.entry(row.from).or_default() -= x
                }
                MoveKind::ReturnUp => *handed.entry(row.to).or_default() -= x,
                MoveKind::Virement | MoveKind::Carry | MoveKind::Correct => {}
            }
        }
    }
    finding.check(outside == inside, || format!("{outside} fen came in, {inside} fen are there"));
    for (parent, difference) in handed {
        finding.check(difference == 0, || {
            format!("quota {parent} handed down {difference} fen more than its children have")
        });
    }
    finding
}

/// Moves that their receivers have taken, whether or not the origin knows yet.
fn arrivals<'a>(
    divisions: impl Iterator<Item = &'a Division>,
) -> BTreeSet<(QuotaId, crate::ids::MoveId)> {
    let taken = |book: &'a YearBook| {
        book.moves_in()
            .filter(|(_, row)| row.outcome == Code::Accepted)
            .map(|(id, row)| (row.from, id))
    };
    books(divisions).flat_map(taken).collect()
}

/// I3, as far as one state shows it: no id is both accepted and refused, none twice.
fn exactly_once<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for book in books(divisions) {
        let mut accepted: Vec<u128> = book.payments().map(|payment| payment.id.0).collect();
        accepted.sort_unstable();
        for pair in accepted.windows(2) {
            finding
                .check(pair[0] != pair[1], || format!("payment {:032x} accepted twice", pair[0]));
        }
        for payment in book.payments() {
            let found = book.payment(payment.id).is_some_and(|known| std::ptr::eq(known, payment));
            finding.check(found, || format!("payment {} is not what its id leads to", payment.id));
        }
    }
    finding
}

/// I10: the persons in a payment's posts are different people.
fn two_pairs_of_eyes<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for payment in books(divisions).flat_map(YearBook::payments) {
        let mut posts = persons_in_posts(payment);
        let filled = posts.len();
        posts.sort_unstable();
        posts.dedup();
        let instructed = !matches!(
            payment.state,
            PaymentState::Reserved
                | PaymentState::Approved
                | PaymentState::Held
                | PaymentState::Released
        );
        let approved =
            payment.rule_version != 0 || (posts.len() >= 3 && payment.next_post().is_none());
        let good =
            posts.len() == filled && payment.maker != PersonId::NOBODY && (!instructed || approved);
        finding.check(good, || format!("payment {}: posts {posts:?}", payment.id));
    }
    finding
}

fn persons_in_posts(payment: &Payment) -> Vec<PersonId> {
    let lifters = payment.steps().iter().filter(|step| step.kind == StepKind::Unhold);
    let mut lifters: Vec<PersonId> = lifters.map(|step| step.person).collect();
    // One officer may lift several holds of a payment: it is the same post.
    lifters.sort_unstable();
    lifters.dedup();
    let fixed = [payment.maker, payment.instructor].into_iter().chain(payment.approvers);
    fixed.chain(lifters).filter(|&person| person != PersonId::NOBODY).collect()
}

/// I11: every quota names its authority and stays under its cap; every payment has a quota.
fn budget_first<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for book in books(divisions) {
        for (id, cell, row) in book.quotas() {
            let cap = row.cap_fen.get();
            finding.check(cap == 0 || cell.buckets.issued <= cap, || {
                format!("quota {id} over its cap")
            });
        }
        for payment in book.payments() {
            finding.check(book.quota(payment.quota).is_some(), || {
                format!("payment {} without a quota", payment.id)
            });
        }
    }
    finding
}

/// I13: a fact is in its payment or in suspense, never in both.
fn no_fact_lost<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut finding = Finding::default();
    for book in books(divisions) {
        for payment in book.payments() {
            for fact in payment.facts() {
                let key = (fact.channel, fact.serial, fact.fingerprint);
                finding.check(book.suspense.get(&key).is_none(), || {
                    format!("fact {key:?} is in payment {} and in suspense", payment.id)
                });
            }
        }
        for (key, parked) in book.suspense.iter() {
            let listed = book.suspense.of_payment(parked.payment).contains(key);
            finding
                .check(listed, || format!("parked fact {key:?} is not listed under its payment"));
        }
    }
    finding
}
