//! What was cleared of each payment order, line by line, and what of it came back.

use std::collections::{HashMap, HashSet};

use domain::Fen;
use domain::money::FenSum;
use domain::voucher::document::Fields;
use domain::voucher::unfit::Place;
use domain::voucher::{Field, Finding, Unfit, Voucher, VoucherKey};

use super::order_of;
use crate::record::BESIDE;

/// A line of an order that was cleared.
#[derive(Clone, Debug)]
struct Line {
    detail: Box<str>,
    amount_fen: i64,
    back_fen: i64,
    /// Its payees stand beside the order: each of them comes back by itself.
    in_parts: bool,
}

/// All that was cleared, by order.
#[derive(Clone, Debug, Default)]
pub(super) struct Cleared {
    /// The lines of each order, by their numbers.
    orders: HashMap<VoucherKey, Vec<Line>>,
    /// Payees beside an order whose money came back.
    parts_back: HashSet<(VoucherKey, Box<str>)>,
}

/// One line of a refund request: which line of which order it is of.
struct Back<'a> {
    order: VoucherKey,
    /// The detail that it names: the order's line, or a payee beside it.
    name: &'a str,
    /// The order's line.
    line: &'a str,
    amount_fen: i64,
}

impl<'a> Back<'a> {
    /// `None`: it names no detail of a payment order.
    fn read(request: &Voucher, fields: &'a Fields) -> Option<Back<'a>> {
        let name = fields.text(Field::OriginalDetail).filter(|name| !name.is_empty())?;
        Some(Back {
            order: order_of(request, fields)?,
            name,
            line: fields.text(BESIDE).unwrap_or(name),
            amount_fen: -amount_fen(fields),
        })
    }

    fn is_part(&self, fields: &Fields) -> bool {
        fields.text(BESIDE).is_some()
    }
}

fn amount_fen(fields: &Fields) -> i64 {
    fields.amount_fen(Field::Amount).map_or(0, Fen::get)
}

impl Cleared {
    /// A transfer request was cleared.
    pub(super) fn clear(&mut self, request: &Voucher) {
        let mut named: HashSet<VoucherKey> = HashSet::new();
        for fields in request.details.iter().map(|detail| &detail.fields) {
            let Some(order) = order_of(request, fields) else { continue };
            named.insert(order);
            self.orders.entry(order).or_default().push(Line {
                detail: fields.text(Field::OriginalDetail).unwrap_or("").into(),
                amount_fen: amount_fen(fields),
                back_fen: 0,
                in_parts: fields.text(BESIDE).is_some(),
            });
        }
        for order in named {
            let lines = self.orders.get_mut(&order).expect("it was put there");
            lines.sort_by(|one, other| one.detail.cmp(&other.detail));
            lines.shrink_to_fit();
        }
    }

    /// A refund request was cleared.
    pub(super) fn give_back(&mut self, request: &Voucher) {
        for fields in request.details.iter().map(|detail| &detail.fields) {
            let Some(back) = Back::read(request, fields) else { continue };
            if back.is_part(fields) {
                self.parts_back.insert((back.order, back.name.into()));
            }
            let lines = self.orders.get_mut(&back.order);
            let lines = lines.map_or(&mut [][..], Vec::as_mut_slice);
            if let Ok(at) = lines.binary_search_by(|line| (*line.detail).cmp(back.line)) {
                lines[at].back_fen += back.amount_fen;
            }
        }
    }

    fn line(&self, order: &VoucherKey, detail: &str) -> Option<&Line> {
        let lines = self.orders.get(order)?;
        let at = lines.binary_search_by(|line| (*line.detail).cmp(detail)).ok()?;
        lines.get(at)
    }

    /// What of a refund request does not fit. Each line names a detail that was cleared, once, with all that was cleared of
    /// it; a payee beside an order comes back with part of its line, and all of them with no more than the line had.
    pub(super) fn refund_findings(&self, request: &Voucher) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut named: HashSet<(VoucherKey, &str)> = HashSet::new();
        let mut parts_fen: HashMap<(VoucherKey, &str), FenSum> = HashMap::new();
        for (at, fields) in (1..).zip(request.details.iter().map(|detail| &detail.fields)) {
            let mut found = |unfit, field, what: &str| {
                findings.push(Finding::new(unfit, Place::Detail(at, Some(field)), what));
            };
            let name = fields.text(Field::OriginalDetail).unwrap_or("");
            let back = Back::read(request, fields);
            let line = back.as_ref().and_then(|back| self.line(&back.order, back.line));
            let (Some(back), Some(line)) = (back, line) else {
                found(Unfit::RefundDetail, Field::OriginalDetail, name);
                continue;
            };
            let is_part = back.is_part(fields);
            if is_part && !line.in_parts {
                found(Unfit::RefundDetail, Field::OriginalDetail, name);
                continue;
            }
            let came_before = match is_part {
                true => self.parts_back.contains(&(back.order, back.name.into())),
                false => line.back_fen != 0,
            };
            if !named.insert((back.order, back.name)) || came_before {
                found(Unfit::DetailRepeated, Field::OriginalDetail, name);
            }
            let parts_fen =
                parts_fen.entry((back.order, back.line)).or_insert(line.back_fen.into());
            *parts_fen += FenSum::from(back.amount_fen);
            let fits = match is_part {
                true => *parts_fen <= line.amount_fen.into(),
                false => back.amount_fen == line.amount_fen,
            };
            if !fits {
                let told = fields.amount_fen(Field::Amount).unwrap_or(Fen::ZERO).to_yuan();
                found(Unfit::RefundAmount, Field::Amount, &told);
            }
        }
        findings
    }
}
