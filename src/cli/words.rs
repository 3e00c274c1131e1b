//! Committed events in a line, for listings.

use actors::sandbox::SANDBOX_PERSON;
use domain::codes::{BatchEnd, LimitKind, MoveKind};
use domain::command::{By, Fact};
use domain::event::{Event, EventBody, RefusedId};
use domain::ids::{BatchId, PaymentId, PersonId, QuotaId};
use domain::{Fen, Refusal};

use super::show::yuan;
use crate::party::finance::EXCHANGE;

/// Who gave the command an event comes from.
pub(super) fn who(by: By) -> String {
    let channel = by.channel.0;
    if by.person == EXCHANGE {
        return format!("told by the voucher store as {} on channel {channel}", by.role);
    }
    if is_no_person(by.person) {
        return format!("{PROGRAM} as {} on channel {channel}", by.role);
    }
    format!("person {} as {} on channel {channel}", by.person.0, by.role)
}

/// What a line says in a person's place where none acted.
pub(super) const PROGRAM: &str = "the program";

/// The same in Chinese.
pub(super) const PROGRAM_CHINESE: &str = "系统自动";

/// Whether a number in a person's place is no person's: of the engine itself, the voucher store, or a sandbox.
pub(super) fn is_no_person(person: PersonId) -> bool {
    person == PersonId::NOBODY || person == EXCHANGE || person == SANDBOX_PERSON
}

/// A refusal with the figures of its limits.
pub(super) fn refusal(refusal: &Refusal) -> String {
    let mut text = refusal.code.to_string();
    for figure in refusal.figures() {
        if let Some((line, column)) = figure.place() {
            text.push_str(&format!(", line {line}, column {column}"));
            continue;
        }
        if let Some((asked, may_be)) = figure.counts() {
            text.push_str(&format!(", {}: {asked}, at most {may_be}", figure.limit.slug()));
            continue;
        }
        let (asked, left) = (yuan(figure.requested_fen), yuan(figure.left_fen));
        text.push_str(&format!(", {}: asked {asked}, left {left}", figure.limit.slug()));
    }
    text
}

/// What happened, in a line. Texts that people wrote are quoted and their control characters
/// escaped.
pub(super) fn line(event: &Event<'_>) -> String {
    format!("{}; {}", what(event), who(event.by))
}

fn what(event: &Event<'_>) -> String {
    match &event.body {
        EventBody::Reserved { command: c, .. } => {
            let act = if c.one_act { "pay" } else { "reserve" };
            format!("{act} {} for payment {} from {}", yuan(c.amount_fen), c.payment, c.quota)
        }
        EventBody::Stepped { command: c, .. } => {
            format!("{} payment {} on {}{}", c.kind, c.payment, c.quota, said(c.reason))
        }
        EventBody::FactTaken { from_suspense, command: c, .. } => {
            let from = if *from_suspense { " out of suspense" } else { "" };
            format!("{}{from}", fact(c))
        }
        EventBody::FactParked { reason, command: c, .. } => {
            format!("{} does not fit: {reason}", fact(c))
        }
        EventBody::Acted { command: c, .. } => {
            let amount = if c.amount_fen == Fen::ZERO {
                String::new()
            } else {
                format!(" {}", yuan(c.amount_fen))
            };
            let staged = staged(c.batch);
            format!("{}{amount} on {}{staged}{}", c.kind, c.quota, said(c.note))
        }
        EventBody::Created { quota, command: c, .. } => format!("create {quota} as {:?}", c.key),
        EventBody::MovedOut { command: c, .. } => {
            let (amount, staged) = (yuan(c.amount_fen), staged(c.batch));
            let of = match c.kind {
                MoveKind::Correct => format!(" of payment {}", c.payment),
                _ => String::new(),
            };
            let said = said(c.note);
            let (kind, from, to) = (c.kind, c.from, c.to);
            format!("{kind} {amount}{of} from {from} to {to}, move {}{staged}{said}", c.id)
        }
        EventBody::MovedIn { command: c, .. } => {
            format!(
                "{} {} arrived at {} from {}, move {}",
                c.kind,
                yuan(c.amount_fen),
                c.to,
                c.from,
                c.id
            )
        }
        EventBody::MoveDeclined { reason, command: c } => {
            format!("{} cannot take move {} of {}: {reason}", c.to, c.id, yuan(c.amount_fen))
        }
        EventBody::MoveSettled { id, from, landed, .. } => {
            format!("move {id} from {from} {}", if *landed { "landed" } else { "came back" })
        }
        EventBody::LimitSet { command: c, .. } => match c.kind {
            LimitKind::PlanMonth => {
                format!("plan {} of month {} is {}", c.key.0, c.month, yuan(c.amount_fen))
            }
            LimitKind::PayCeiling => format!("pay in one act up to {}", yuan(c.amount_fen)),
        },
        EventBody::BatchOpened { command: c, .. } => {
            format!("open batch {} of {} acts", c.batch, c.count)
        }
        EventBody::BatchEnded { batch, end, .. } => format!("batch {batch} {}", batch_end(*end)),
        EventBody::YearSet { division, year, state, .. } => {
            format!("year {} of division {} is {state}", year.get(), division.0)
        }
        EventBody::Registered { command: c } => {
            let code = String::from_utf8_lossy(&c.code);
            format!("division {} is {code} {:?}", c.division.0, c.name)
        }
        EventBody::Resolved { command: c, .. } => {
            let (action, serial, channel) = (c.action, c.serial, c.channel.0);
            format!("{action} parked fact {serial} of channel {channel}{}", said(c.reason))
        }
        EventBody::Filed { changes, command: c, .. } => {
            let (rows, staged) = (changes.lines().count(), staged(c.batch));
            format!("file {} for {}: {rows} rows change{staged}", c.kind.slug(), c.year.get())
        }
        EventBody::Refused { id, quota, amount_fen, refusal: why, .. } => {
            let on = if quota.is_none() { String::new() } else { format!(" on {quota}") };
            let of = match *amount_fen {
                Fen::ZERO => String::new(),
                amount => format!(" of {}", yuan(amount)),
            };
            format!("{}{of}{on} is ended: {}", ended(*id), refusal(why))
        }
        EventBody::RunRefused { refusal: why, ids, .. } => {
            let ids: Vec<String> = ids.iter().map(|run_id| ended(run_id.id)).collect();
            format!("a linked run is refused: {}; ended: {}", refusal(why), ids.join(", "))
        }
    }
}

fn fact(c: &Fact<'_>) -> String {
    let amount =
        if c.amount_fen == Fen::ZERO { String::new() } else { format!(" {}", yuan(c.amount_fen)) };
    format!(
        "{} {}{amount} for payment {} on {}{}",
        c.kind,
        c.serial,
        c.payment,
        c.quota,
        said(c.note)
    )
}

fn batch_end(end: BatchEnd) -> &'static str {
    match end {
        BatchEnd::Closed => "is closed: all of it took effect",
        BatchEnd::Dropped => "is dropped by its maker",
        BatchEnd::Refused => "is dropped with its refused act",
        BatchEnd::Lapsed => "is dropped: its time limit has passed",
        BatchEnd::Abandoned => "is dropped: it was open when the engine started",
    }
}

fn staged(batch: BatchId) -> String {
    if batch == BatchId(0) { String::new() } else { format!(", staged in batch {batch}") }
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(", {text:?}") }
}

fn ended(id: RefusedId) -> String {
    match id {
        RefusedId::Payment(id) => format!("payment {id}"),
        RefusedId::Act(id) => format!("act {id}"),
        RefusedId::Move(id) => format!("move {id}"),
    }
}

/// Whether an event is about a payment.
pub(super) fn names_payment(event: &Event<'_>, payment: PaymentId) -> bool {
    match &event.body {
        EventBody::Reserved { command, .. } => command.payment == payment,
        EventBody::Stepped { command, .. } => command.payment == payment,
        EventBody::FactTaken { command, .. } | EventBody::FactParked { command, .. } => {
            command.payment == payment
        }
        EventBody::MovedOut { command: c, .. } => {
            c.kind == MoveKind::Correct && c.payment == payment
        }
        EventBody::MovedIn { command: c, .. } | EventBody::MoveDeclined { command: c, .. } => {
            c.kind == MoveKind::Correct && c.payment == payment
        }
        EventBody::Refused { id, .. } => *id == RefusedId::Payment(payment),
        EventBody::RunRefused { ids, .. } => {
            ids.iter().any(|run_id| run_id.id == RefusedId::Payment(payment))
        }
        _ => false,
    }
}

/// Whether an event changes a quota, was meant to, or moves money to or from it.
pub(super) fn names_quota(event: &Event<'_>, quota: QuotaId) -> bool {
    let changed = event.quota_version().is_some_and(|(changed, _)| changed == quota);
    changed
        || match &event.body {
            EventBody::FactParked { command, .. } => command.quota == quota,
            EventBody::MovedOut { command, .. } => command.to == quota,
            EventBody::MovedIn { command, .. } | EventBody::MoveDeclined { command, .. } => {
                command.from == quota || command.to == quota
            }
            EventBody::Refused { quota: refused, .. } => *refused == quota,
            EventBody::RunRefused { ids, .. } => ids.iter().any(|run_id| run_id.quota == quota),
            _ => false,
        }
}
