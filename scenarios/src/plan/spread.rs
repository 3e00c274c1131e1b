//! How quotas and payments are dealt out: divisions by weight, quotas by rank, uses by their
//! share of the payments.

use crate::apportion::{Interleave, deal, zipf_weights};
use crate::classes::{Fund, USES, Use};
use crate::divisions::{Division, Level};
use crate::draws::Keys;
use crate::spec::Spec;

use super::quotas::{DivisionPlan, Kind, QuotaPlan, is_allocated};
use super::units::Units;
use super::{PlanError, Totals};

/// Deals quotas and payments out to divisions, and gives each quota its use.
pub(super) fn spread(
    spec: &Spec,
    totals: &Totals,
    places: &[Division],
    keys: &mut Keys,
) -> Result<Vec<DivisionPlan>, PlanError> {
    // The province's own level and the cities pay most, then the counties in an order of chance.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&at| places[at].level);
    let own = places.iter().filter(|place| place.level != Level::County).count();
    keys.shuffle(&mut order[own..]);
    let by_rank = zipf_weights(places.len(), spec.shape.zipf_fifths);
    let mut weights = vec![0; places.len()];
    for (rank, &at) in order.iter().enumerate() {
        weights[at] = by_rank[rank];
    }

    let mut counts = vec![1_u64; places.len()];
    let rest = totals.quotas - counts.len() as u64;
    let seats = Interleave::new(&weights, vec![u64::MAX; places.len()]);
    for at in seats.take(rest as usize) {
        counts[at] += 1;
    }
    let mut divisions: Vec<DivisionPlan> = counts
        .iter()
        .zip(places)
        .map(|(&count, place)| {
            let parents = if count < 6 { 0 } else { (count / 25).max(1) as u32 };
            let first_payable = if count < 6 { 0 } else { parents + 1 };
            let payments = 0;
            let (index, key) = (place.index, keys.next());
            let (first_ordinal, quotas) = (0, Vec::with_capacity(count as usize));
            let units = Units::default();
            DivisionPlan {
                index,
                key,
                first_ordinal,
                payments,
                parents,
                first_payable,
                units,
                quotas,
            }
        })
        .collect();
    let paying: Vec<u64> = counts
        .iter()
        .zip(&divisions)
        .map(|(&count, division)| count - u64::from(division.first_payable))
        .collect();
    settle_units(totals, &paying, &mut divisions);
    let drawn = uses_by_rank(spec, totals.payments, &paying)?;
    for (division, uses) in divisions.iter_mut().zip(drawn) {
        fill(division, uses, keys);
    }
    let mut ordinal = 0;
    for division in &mut divisions {
        division.first_ordinal = ordinal;
        ordinal += division.payments;
    }
    Ok(divisions)
}

/// Deals units out by the quotas that pay, and projects by the units. Every unit that spends has a
/// quota, and every registered unit has filed a project.
fn settle_units(totals: &Totals, paying: &[u64], divisions: &mut [DivisionPlan]) {
    let ones = vec![1; paying.len()];
    let spending = more(totals.units_active, ones, paying, paying);
    let registered = more(totals.units_registered, spending.clone(), &spending, &[]);
    let projects = more(totals.projects, registered.clone(), &spending, &[]);
    for (at, division) in divisions.iter_mut().enumerate() {
        division.units = Units {
            registered: registered[at],
            spending: spending[at],
            projects: projects[at],
            quotas: paying[at],
        };
    }
}

/// Deals out what `total` has beyond `given`, by weight and up to limits; without limits where
/// there are none.
fn more(total: u64, mut given: Vec<u64>, weights: &[u64], limits: &[u64]) -> Vec<u64> {
    let rest = total - given.iter().sum::<u64>();
    let limit = |at: usize| limits.get(at).map_or(u64::MAX, |limit| limit - given[at]);
    let limits = (0..given.len()).map(limit).collect();
    for at in Interleave::new(weights, limits).take(rest as usize) {
        given[at] += 1;
    }
    given
}

/// For each division the payments and uses of its paying quotas, busiest first.
fn uses_by_rank(
    spec: &Spec,
    payments: u64,
    paying: &[u64],
) -> Result<Vec<Vec<(u32, Use)>>, PlanError> {
    let quotas: u64 = paying.iter().sum();
    let weights = zipf_weights(quotas as usize, spec.shape.zipf_fifths);
    let shares = deal(payments, &weights, spec.shape.payments_per_quota_max)
        .ok_or(PlanError::TooManyPayments { payments, quotas })?;
    let mut given = [0_i128; 5];
    let mut seen = 0_i128;
    let mut drawn: Vec<Vec<(u32, Use)>> = vec![Vec::new(); paying.len()];
    for (share, at) in shares.into_iter().zip(Interleave::new(paying, paying.to_vec())) {
        seen += i128::from(share);
        // The use that is furthest behind its share of the payments so far.
        let behind = |of: &Use| {
            i128::from(spec.components[*of as usize].per_mille) * seen - given[*of as usize] * 1000
        };
        let of = USES.into_iter().max_by_key(behind).unwrap_or(Use::Office);
        given[of as usize] += i128::from(share);
        drawn[at].push((share as u32, of));
    }
    Ok(drawn)
}

/// Lists the quotas of a division: those that hand down, the closed one, those that pay.
fn fill(division: &mut DivisionPlan, mut uses: Vec<(u32, Use)>, keys: &mut Keys) {
    let blank = QuotaPlan {
        payments: 0,
        kind: Kind::Parent,
        of: Use::Office,
        fund: Fund::General,
        variety: 0,
        adjusted: false,
        need: 0,
        need_january: 0,
    };
    for serial in 0..division.first_payable {
        let kind = if serial < division.parents { Kind::Parent } else { Kind::Shut };
        division.quotas.push(QuotaPlan { kind, ..blank });
    }
    keys.shuffle(&mut uses);
    let start = keys.below(100);
    for (place, (payments, of)) in uses.into_iter().enumerate() {
        let variety = (place as u64 * 37 + start) % 100;
        let kind = match place {
            _ if is_allocated(place as u32) && division.parents > 0 => Kind::Allocated,
            _ => Kind::Direct,
        };
        let fund = if kind == Kind::Direct { Fund::pick(of, variety) } else { Fund::General };
        let variety = variety as u8;
        division.payments += u64::from(payments);
        division.quotas.push(QuotaPlan { payments, kind, of, fund, variety, ..blank });
    }
}
