//! How events change a payment, its quota, and the limit cells it drew on.

use crate::codes::{FactKind, Path, PaymentState, Posts, StepKind};
use crate::command::{By, Fact, Reserve, Step};
use crate::decide::goes_to_pool;
use crate::division::{Found, YearBook};
use crate::ids::{ContractId, Fingerprint, PaymentId, PersonId, QuotaId};
use crate::money::Fen;
use crate::office::rules::judge::trace_of;
use crate::payment::{FactSeen, Payment, Refund, Standing, StepSeen};
use crate::quota::Buckets;

/// What was decided about a reservation, beside what its command says.
pub(super) struct Ruled {
    pub(super) fingerprint: Fingerprint,
    pub(super) rule_version: u32,
    pub(super) path: Path,
    pub(super) posts: Posts,
}

pub(super) fn reserve(
    book: &mut YearBook,
    by: By,
    reserve: &Reserve<'_>,
    ruled: Ruled,
    sequence: u64,
) -> u32 {
    let x = reserve.amount_fen.get();
    let quota = *book.quota(reserve.quota).expect("a reservation names a quota that exists");
    let mut cell = quota.changed(|buckets| {
        buckets.reserved += x;
        if reserve.contract.is_some() {
            buckets.earmarked -= x;
        }
    });
    cell.open_payments += 1;
    let plan = plan_cell(book, cell.plan_slot, reserve.day.month(), x);
    let contract = reserve.contract.is_some().then(|| {
        let mut cell = *book.contract(reserve.quota, reserve.contract).expect("decided with it");
        cell.used += x;
        cell
    });
    book.put_quota(reserve.quota, cell);
    if let Some((slot, plan)) = plan {
        book.put_plan(slot, plan);
    }
    if let Some(contract) = contract {
        book.put_contract(reserve.quota, contract);
    }
    let standing = Standing::reserved(ruled.path, ruled.posts, reserve.one_act);
    let payee_hash = reserve.particulars.payee_hash();
    let trace = trace_of(book, reserve, &quota);
    let index = book.add_payment(Payment {
        id: reserve.payment,
        fingerprint: ruled.fingerprint,
        quota: reserve.quota,
        amount_fen: reserve.amount_fen,
        executed_fen: Fen::ZERO,
        maker: by.person,
        approvers: [PersonId::NOBODY; 3],
        instructor: PersonId::NOBODY,
        contract: reserve.contract,
        plan: reserve.plan,
        economic: reserve.economic,
        payee_hash,
        deadline_ms: reserve.deadline_ms,
        sequence,
        day: reserve.day,
        rule_version: ruled.rule_version,
        method: reserve.method,
        kind: reserve.kind,
        path: ruled.path,
        state: standing.state,
        ending: standing.ending,
        posts: ruled.posts,
        approved: standing.approved,
        later: None,
    });
    if let Some(trace) = trace {
        book.add_trace(index as usize, trace);
    }
    index
}

fn plan_cell(
    book: &YearBook,
    slot: u32,
    month: u8,
    delta: i64,
) -> Option<(usize, crate::limit::PlanCell)> {
    let slot = (slot as usize).checked_sub(1)?;
    Some((slot, book.plans[slot].used_more(month, delta)))
}

fn index_of(book: &YearBook, id: PaymentId) -> u32 {
    match book.find_payment(id) {
        Some(Found::Payment(index, _)) => index,
        _ => panic!("an event names payment {id}, which was never accepted"),
    }
}

pub(super) fn step(book: &mut YearBook, by: By, step: &Step<'_>) {
    let index = index_of(book, step.payment);
    let standing = book.payment_mut(index).standing().after_step(step.kind, by.role);
    if standing.state == PaymentState::Released {
        release(book, index);
    } else {
        let id = step.quota;
        let cell = book.quota(id).expect("a step names a quota that exists").changed(|_| {});
        book.put_quota(id, cell);
    }
    let payment = book.payment_mut(index);
    payment.stand(standing);
    if let Some(post) = step.kind.post() {
        payment.approvers[usize::from(post.number())] = by.person;
    }
    if step.kind == StepKind::Instruct {
        payment.instructor = by.person;
    }
    let numbered = step.kind.needs_reason() || step.kind == StepKind::Doubt;
    if numbered {
        let seen = StepSeen { kind: step.kind, serial: step.serial, person: by.person };
        payment.later_mut().steps.push(seen);
    }
}

/// What a payment took that ends without paying goes back.
fn release(book: &mut YearBook, index: u32) {
    let payment = book.payment_mut(index);
    let (quota, amount) = (payment.quota, payment.amount_fen.get());
    give_back(book, index, quota, amount, |buckets| buckets.reserved -= amount);
    close_open(book, quota);
}

/// Returns `amount` to where payment `index` took it: the contract's earmark while that is open,
/// else available; and the plan's month. `change` is the rest of what happens to the quota.
fn give_back(
    book: &mut YearBook,
    index: u32,
    quota: QuotaId,
    amount: i64,
    change: impl FnOnce(&mut Buckets),
) {
    let payment = book.payments.get(index as usize).expect("the payment was just looked up");
    let (contract, month) = (payment.contract, payment.day.month());
    let cell = *book.quota(quota).expect("a payment names a quota that exists");
    let contract = contract_after(book, quota, contract, amount);
    let to_earmark = contract.is_some_and(|cell| cell.open);
    let plan = plan_cell(book, cell.plan_slot, month, -amount);
    let cell = cell.changed(|buckets| {
        change(buckets);
        if to_earmark {
            buckets.earmarked += amount;
        }
    });
    book.put_quota(quota, cell);
    if let Some(contract) = contract {
        book.put_contract(quota, contract);
    }
    #[cfg(feature = "planted-bugs")]
    let plan = plan.filter(|_| !crate::planted::is(crate::planted::Bug::LimitNotGivenBack));
    if let Some((slot, plan)) = plan {
        book.put_plan(slot, plan);
    }
    book.trace_less(index as usize, amount);
}

/// The contract's cell with `amount` given back; of a closed one its total shrinks with its use.
fn contract_after(
    book: &YearBook,
    quota: QuotaId,
    contract: ContractId,
    amount: i64,
) -> Option<crate::limit::ContractCell> {
    if !contract.is_some() {
        return None;
    }
    let mut cell = *book.contract(quota, contract).expect("a payment under a contract drew on it");
    cell.used -= amount;
    if !cell.open {
        cell.earmarked -= amount;
    }
    Some(cell)
}

/// One payment fewer that can still pay.
fn close_open(book: &mut YearBook, quota: QuotaId) {
    let mut cell = *book.quota(quota).expect("a payment names a quota that exists");
    cell.open_payments = cell.open_payments.checked_sub(1).expect("an open payment was counted");
    book.put_quota(quota, cell);
    book.set_open_payments(book.open_payments - 1);
}

pub(super) fn fact(book: &mut YearBook, by: By, fact: &Fact<'_>, fingerprint: Fingerprint) {
    let index = index_of(book, fact.payment);
    let pool = goes_to_pool(book);
    let payment = book.payment_mut(index);
    let (kind, channel, serial) = (fact.kind, by.channel, fact.serial);
    payment.later_mut().facts.push(FactSeen { kind, channel, serial, fingerprint });
    let standing = payment.standing();
    let (asked, executed) = (payment.amount_fen, payment.executed_fen);
    payment.executed_fen = standing.executed_after(fact, asked, executed);
    match fact.kind {
        FactKind::Reject => release(book, index),
        FactKind::ConfirmPaid => confirm(book, index),
        FactKind::Clear => clear(book, index),
        FactKind::Refund => refund(book, index, fact, pool),
        FactKind::SettleRefund => settle_refund(book, index, fact),
    }
    book.payment_mut(index).stand(standing.after_fact(fact.kind));
}

/// The bank paid what is executed; what failed of the amount goes back.
fn confirm(book: &mut YearBook, index: u32) {
    let payment = book.payment_mut(index);
    let (quota, asked) = (payment.quota, payment.amount_fen.get());
    let y = payment.executed_fen.get();
    give_back(book, index, quota, asked - y, |buckets| {
        buckets.reserved -= asked;
        buckets.paid += y;
    });
    close_open(book, quota);
}

fn clear(book: &mut YearBook, index: u32) {
    let payment = book.payment_mut(index);
    let quota = payment.quota;
    let from_reserved = payment.path == Path::Allocation;
    let y = payment.executed_fen.get();
    let cell = book.quota(quota).expect("a payment names a quota that exists").changed(|buckets| {
        let from = if from_reserved { &mut buckets.reserved } else { &mut buckets.paid };
        *from -= y;
        buckets.cleared += y;
    });
    book.put_quota(quota, cell);
    if from_reserved {
        close_open(book, quota);
    }
}

fn refund(book: &mut YearBook, index: u32, fact: &Fact<'_>, to_pool: bool) {
    let z = fact.amount_fen.get();
    let payment = book.payment_mut(index);
    let (quota, own) = (payment.quota, payment.path == Path::Own);
    payment.later_mut().refunds.push(Refund {
        number: fact.refund,
        amount_fen: fact.amount_fen,
        detail: fact.detail,
        settled: own,
        to_pool,
    });
    if to_pool {
        let pool = &mut book.pool;
        let side = if own { &mut pool.in_hand_fen } else { &mut pool.in_transit_fen };
        *side = side.checked_add(z).expect("the recovered pool stays in bounds");
        touch(book, quota);
    } else if own {
        give_back(book, index, quota, z, |buckets| buckets.paid -= z);
    } else {
        give_back(book, index, quota, z, |buckets| buckets.refunding += z);
    }
}

fn settle_refund(book: &mut YearBook, index: u32, fact: &Fact<'_>) {
    let z = fact.amount_fen.get();
    let payment = book.payment_mut(index);
    let quota = payment.quota;
    let refunds = &mut payment.later_mut().refunds;
    let refund = refunds.iter_mut().find(|refund| refund.number == fact.refund);
    let refund = refund.expect("a settling names a refund that was taken");
    refund.settled = true;
    if refund.to_pool {
        book.pool.in_transit_fen -= z;
        book.pool.in_hand_fen += z;
        touch(book, quota);
    } else {
        let cell = book.quota(quota).expect("a payment names a quota that exists");
        let cell = cell.changed(|buckets| {
            buckets.cleared -= z;
            buckets.refunding -= z;
        });
        book.put_quota(quota, cell);
    }
}

/// The quota's next version, with no bucket changed.
fn touch(book: &mut YearBook, quota: QuotaId) {
    let cell = book.quota(quota).expect("a payment names a quota that exists").changed(|_| {});
    book.put_quota(quota, cell);
}
