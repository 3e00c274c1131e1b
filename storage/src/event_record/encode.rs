//! From an event to the body of its record, without an allocation of its own.

use bincode::Encode;
use domain::codes::MoveKind;
use domain::command::{By, Fact, MoveIn};
use domain::event::{Event, EventBody, RefusedId};
use domain::ids::{Day, PaymentId};
use domain::limits::LINKED_RUN_COMMANDS_MAX;
use domain::refusal::Refusal;

use super::layout::*;

/// Appends a fixed part, by way of the stack: one copy into the run, one check for room.
fn put(body: &mut Vec<u8>, fixed: &impl Encode) {
    let mut bytes = [0_u8; FIXED_BYTES_MAX];
    match bincode::encode_into_slice(fixed, &mut bytes, config()) {
        Ok(length) => body.extend_from_slice(&bytes[..length]),
        Err(error) => panic!("a fixed part is larger than {FIXED_BYTES_MAX} bytes: {error}"),
    }
}

/// Appends bytes of any length, as bincode writes a slice.
fn put_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    body.extend_from_slice(bytes);
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    put_bytes(body, text.as_bytes());
}

/// What only a correction has.
fn put_corrected(body: &mut Vec<u8>, kind: MoveKind, payment: PaymentId) {
    if kind == MoveKind::Correct {
        put(body, &payment.0);
    }
}

fn by(by: &By) -> ByOnDisk {
    ByOnDisk { person: by.person.0, role: by.role.number(), channel: by.channel.0 }
}

fn fact(command: &Fact<'_>) -> FactOnDisk {
    FactOnDisk {
        kind: command.kind.number(),
        payment: command.payment.0,
        quota: command.quota.0,
        serial: command.serial,
        amount_fen: command.amount_fen.get(),
        payee_hash: command.payee_hash,
        day: command.day.get(),
        refund: command.refund,
        detail: command.detail,
    }
}

fn half(command: &MoveIn) -> MoveInOnDisk {
    MoveInOnDisk {
        kind: command.kind.number(),
        id: command.id.0,
        from: command.from.0,
        to: command.to.0,
        amount_fen: command.amount_fen.get(),
        fund: u64::from_le_bytes(command.fund.0),
    }
}

fn refused_id(id: RefusedId) -> RefusedIdOnDisk {
    match id {
        RefusedId::Payment(id) => RefusedIdOnDisk { what: 1, id: id.0 },
        RefusedId::Act(id) => RefusedIdOnDisk { what: 2, id: id.0 },
        RefusedId::Move(id) => RefusedIdOnDisk { what: 3, id: id.0 },
    }
}

fn refusal(refusal: &Refusal) -> RefusalOnDisk {
    let figures = refusal.figures().count() as u8;
    RefusalOnDisk { code: refusal.code.number(), figures }
}

fn put_figures(body: &mut Vec<u8>, refusal: &Refusal) {
    for figure in refusal.figures() {
        let limit = figure.limit.number();
        let (requested_fen, left_fen) = (figure.requested_fen.get(), figure.left_fen.get());
        put(body, &FigureOnDisk { limit, requested_fen, left_fen });
    }
}

/// Appends the body of an event's record.
pub(super) fn encode(event: &Event<'_>, body: &mut Vec<u8>) {
    let by = by(&event.by);
    match &event.body {
        EventBody::Reserved {
            version,
            fingerprint,
            rule_version,
            path,
            posts,
            leaves_rows,
            command,
        } => {
            let mark = if *leaves_rows { LEAVES_ROWS } else { 0 };
            let fixed = ReservedOnDisk {
                version: *version,
                fingerprint: fingerprint.0,
                rule_version: *rule_version,
                path: path.number(),
                posts: posts.bits() | mark,
                payment: command.payment.0,
                quota: command.quota.0,
                amount_fen: command.amount_fen.get(),
                economic: u64::from_le_bytes(command.economic.0),
                method: command.method.number(),
                kind: command.kind.number(),
                day: command.day.get(),
                contract: command.contract.0,
                plan: command.plan.0,
                deadline_ms: command.deadline_ms,
                one_act: command.one_act,
            };
            put(body, &(by, fixed));
            put_bytes(body, command.particulars.bytes());
        }
        EventBody::Stepped { version, command } => {
            let fixed = SteppedOnDisk {
                version: *version,
                kind: command.kind.number(),
                payment: command.payment.0,
                quota: command.quota.0,
                serial: command.serial,
            };
            put(body, &(by, fixed));
            put_text(body, command.reason);
        }
        EventBody::FactTaken { version, fingerprint, from_suspense, command } => {
            let fixed = FactTakenOnDisk {
                version: *version,
                fingerprint: fingerprint.0,
                from_suspense: *from_suspense,
                fact: fact(command),
            };
            put(body, &(by, fixed));
            put_text(body, command.note);
        }
        EventBody::FactParked { division, year, fingerprint, reason, command } => {
            let fixed = FactParkedOnDisk {
                division: division.0,
                year: year.get(),
                fingerprint: fingerprint.0,
                reason: reason.number(),
                fact: fact(command),
            };
            put(body, &(by, fixed));
            put_text(body, command.note);
        }
        EventBody::Acted { version, fingerprint, command } => {
            let fixed = ActedOnDisk {
                version: *version,
                fingerprint: fingerprint.0,
                kind: command.kind.number(),
                act: command.act.0,
                quota: command.quota.0,
                amount_fen: command.amount_fen.get(),
                contract: command.contract.0,
                plan: command.plan.0,
                batch: command.batch.0,
            };
            put(body, &(by, fixed));
            put_text(body, command.note);
        }
        EventBody::Created { quota, fingerprint, command } => {
            let fixed = CreatedOnDisk {
                quota: quota.0,
                fingerprint: fingerprint.0,
                act: command.act.0,
                division: command.division.0,
                year: command.year.get(),
                parent: command.parent.0,
                fund: u64::from_le_bytes(command.fund.0),
                economic: u64::from_le_bytes(command.economic.0),
                posts: command.posts.bits(),
                executable: command.executable,
                plan: command.plan.0,
                authority: command.authority.number(),
                cap_fen: command.cap_fen.get(),
            };
            put(body, &(by, fixed));
            put_text(body, command.key);
        }
        EventBody::MovedOut { version, fingerprint, command } => {
            let fixed = MovedOutOnDisk {
                version: *version,
                fingerprint: fingerprint.0,
                kind: command.kind.number(),
                id: command.id.0,
                from: command.from.0,
                to: command.to.0,
                amount_fen: command.amount_fen.get(),
                batch: command.batch.0,
            };
            put(body, &(by, fixed));
            put_corrected(body, command.kind, command.payment);
            put_text(body, command.note);
        }
        EventBody::MovedIn { version, command } => {
            put(body, &(by, MovedInOnDisk { version: *version, half: half(command) }));
            put_corrected(body, command.kind, command.payment);
        }
        EventBody::MoveDeclined { reason, command } => {
            let reason = reason.number();
            put(body, &(by, MoveDeclinedOnDisk { reason, half: half(command) }));
            put_corrected(body, command.kind, command.payment);
        }
        EventBody::MoveSettled { version, id, from, landed } => {
            let (id, from) = (id.0, from.0);
            put(body, &(by, MoveSettledOnDisk { version: *version, id, from, landed: *landed }));
        }
        EventBody::RunRefused { division, year, at, refusal: why, ids } => {
            assert!(ids.len() <= LINKED_RUN_COMMANDS_MAX, "a linked run of {} ids", ids.len());
            let fixed = RunRefusedOnDisk {
                division: division.0,
                year: year.get(),
                at: *at,
                ids: ids.len() as u16,
                refusal: refusal(why),
            };
            put(body, &(by, fixed));
            put_figures(body, why);
            for run_id in *ids {
                let on_disk = RunIdOnDisk {
                    id: refused_id(run_id.id),
                    quota: run_id.quota.0,
                    person: run_id.person.0,
                    fingerprint: run_id.fingerprint.0,
                    tag: run_id.tag,
                    amount_fen: run_id.amount_fen.get(),
                };
                put(body, &on_disk);
            }
        }
        other => encode_rare(by, other, body),
    }
}

/// The events that no payment's way goes through.
fn encode_rare(by: ByOnDisk, event: &EventBody<'_>, body: &mut Vec<u8>) {
    match event {
        EventBody::LimitSet { version, fingerprint, command } => {
            let fixed = LimitSetOnDisk {
                version: *version,
                fingerprint: fingerprint.0,
                act: command.act.0,
                division: command.division.0,
                year: command.year.get(),
                kind: command.kind.number(),
                key: command.key.0,
                month: command.month,
                amount_fen: command.amount_fen.get(),
                checker: command.checker.0,
            };
            put(body, &(by, fixed));
        }
        EventBody::BatchOpened { fingerprint, command } => {
            let fixed = BatchOpenedOnDisk {
                fingerprint: fingerprint.0,
                batch: command.batch.0,
                division: command.division.0,
                year: command.year.get(),
                count: command.count,
                digest: command.digest,
                deadline_ms: command.deadline_ms,
            };
            put(body, &(by, fixed));
        }
        EventBody::BatchEnded { fingerprint, act, division, year, batch, end } => {
            let fixed = BatchEndedOnDisk {
                fingerprint: fingerprint.0,
                act: act.0,
                division: division.0,
                year: year.get(),
                batch: batch.0,
                end: end.number(),
            };
            put(body, &(by, fixed));
        }
        EventBody::YearSet { fingerprint, act, division, year, state } => {
            let fixed = YearSetOnDisk {
                fingerprint: fingerprint.0,
                act: act.0,
                division: division.0,
                year: year.get(),
                state: state.number(),
            };
            put(body, &(by, fixed));
        }
        EventBody::Registered { command } => {
            let (division, parent) = (command.division.0, command.parent.0);
            put(body, &(by, RegisteredOnDisk { division, code: command.code, parent }));
            put_text(body, command.name);
        }
        EventBody::Filed { fingerprint, changes, command } => {
            let fixed = FiledOnDisk {
                fingerprint: fingerprint.0,
                act: command.act.0,
                division: command.division.0,
                year: command.year.get(),
                kind: command.kind.number(),
                batch: command.batch.0,
                checker: command.checker.0,
                day: command.day.map_or(0, Day::get),
            };
            put(body, &(by, fixed));
            put_text(body, command.text);
            put_text(body, changes);
        }
        EventBody::Resolved { fingerprint, fact, command } => {
            let fixed = ResolvedOnDisk {
                fingerprint: fingerprint.0,
                fact: fact.0,
                act: command.act.0,
                division: command.division.0,
                year: command.year.get(),
                channel: command.channel.0,
                serial: command.serial,
                action: command.action.number(),
            };
            put(body, &(by, fixed));
            put_text(body, command.reason);
        }
        EventBody::Refused {
            id,
            quota,
            division,
            year,
            fingerprint,
            tag,
            amount_fen,
            refusal: why,
        } => {
            let fixed = RefusedOnDisk {
                id: refused_id(*id),
                quota: quota.0,
                division: division.0,
                year: year.get(),
                fingerprint: fingerprint.0,
                tag: *tag,
                amount_fen: amount_fen.get(),
                refusal: refusal(why),
            };
            put(body, &(by, fixed));
            put_figures(body, why);
        }
        EventBody::Reserved { .. }
        | EventBody::Stepped { .. }
        | EventBody::FactTaken { .. }
        | EventBody::FactParked { .. }
        | EventBody::Acted { .. }
        | EventBody::Created { .. }
        | EventBody::MovedOut { .. }
        | EventBody::MovedIn { .. }
        | EventBody::MoveDeclined { .. }
        | EventBody::MoveSettled { .. }
        | EventBody::RunRefused { .. } => unreachable!("encoded by the caller"),
    }
}
