//! From the body of a record to its event. No length and no number is trusted.

use bincode::Decode;
use domain::codes::{
    ActKind, AuthorityKind, BatchEnd, BusinessKind, FactKind, LimitKind, Method, MoveKind, Path,
    Posts, ResolveAction, Role, StepKind, YearState,
};
use domain::command::{
    Act, By, Create, Fact, MoveIn, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve, SetLimit,
    Step,
};
use domain::contents::TAG_MAX;
use domain::event::{Event, EventBody, RefusedId, RunId};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear,
    LimitKey, MoveId, PaymentId, PersonId, QuotaId,
};
use domain::limits::{LINKED_RUN_COMMANDS_MAX, REFUSAL_FIGURES_MAX};
use domain::money::Fen;
use domain::office::line::Changes;
use domain::office::paper::PaperKind;
use domain::particulars::Particulars;
use domain::refusal::{Code, Figure, Refusal};

use super::layout::*;
use super::*;

/// What is left of a body.
struct Body<'a> {
    kind: u16,
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    #[inline]
    fn take<T: Decode<()>>(&mut self) -> Result<T, EventError> {
        let layout = EventError::Layout { kind: self.kind };
        let (fixed, used) = bincode::decode_from_slice(self.rest, config()).map_err(|_| layout)?;
        self.rest = &self.rest[used..];
        Ok(fixed)
    }

    fn bytes(&mut self) -> Result<&'a [u8], EventError> {
        let layout = EventError::Layout { kind: self.kind };
        let (length, rest) = self.rest.split_first_chunk::<8>().ok_or(layout)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| layout)?;
        let (bytes, rest) = rest.split_at_checked(length).ok_or(layout)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<&'a str, EventError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| EventError::Layout { kind: self.kind })
    }

    /// The value of a number, or an error that names the field.
    fn known<T>(
        &self,
        field: &'static str,
        value: impl Into<u64>,
        known: Option<T>,
    ) -> Result<T, EventError> {
        let (kind, value) = (self.kind, value.into());
        known.ok_or(EventError::Field { kind, field, value })
    }

    fn year(&self, year: u16) -> Result<FiscalYear, EventError> {
        self.known("year", year, FiscalYear::new(year))
    }

    fn day(&self, day: u32) -> Result<Day, EventError> {
        let none = (day == 0).then(Day::default);
        self.known("day", day, none.or_else(|| Day::new(day)))
    }

    fn class(&self, field: &'static str, class: u64) -> Result<Class, EventError> {
        let read = Class(class.to_le_bytes());
        self.known(field, class, read.is_well_formed().then_some(read))
    }

    fn code(&self, field: &'static str, code: u16) -> Result<Code, EventError> {
        self.known(field, code, Code::from_number(code))
    }

    fn by(&self, by: &ByOnDisk) -> Result<By, EventError> {
        Ok(By {
            person: PersonId(by.person),
            role: self.known("role", by.role, Role::from_number(by.role))?,
            channel: ChannelId(by.channel),
        })
    }

    fn fact(&mut self, fact: &FactOnDisk) -> Result<Fact<'a>, EventError> {
        Ok(Fact {
            kind: self.known("fact", fact.kind, FactKind::from_number(fact.kind))?,
            payment: PaymentId(fact.payment),
            quota: QuotaId(fact.quota),
            serial: fact.serial,
            amount_fen: Fen::new(fact.amount_fen),
            payee_hash: fact.payee_hash,
            day: self.day(fact.day)?,
            refund: fact.refund,
            detail: fact.detail,
            note: self.text()?,
        })
    }

    /// What only a correction has.
    fn corrected(&mut self, kind: MoveKind) -> Result<PaymentId, EventError> {
        match kind {
            MoveKind::Correct => self.take().map(PaymentId),
            _ => Ok(PaymentId::NONE),
        }
    }

    fn half(&mut self, half: &MoveInOnDisk) -> Result<MoveIn, EventError> {
        let kind = self.known("move", half.kind, MoveKind::from_number(half.kind))?;
        Ok(MoveIn {
            kind,
            id: MoveId(half.id),
            from: QuotaId(half.from),
            to: QuotaId(half.to),
            amount_fen: Fen::new(half.amount_fen),
            fund: self.class("fund", half.fund)?,
            payment: self.corrected(kind)?,
        })
    }

    fn refused_id(&self, id: &RefusedIdOnDisk) -> Result<RefusedId, EventError> {
        let known = match id.what {
            1 => Some(RefusedId::Payment(PaymentId(id.id))),
            2 => Some(RefusedId::Act(ActId(id.id))),
            3 => Some(RefusedId::Move(MoveId(id.id))),
            _ => None,
        };
        self.known("kind of id", id.what, known)
    }

    fn refusal(&mut self, refusal: &RefusalOnDisk) -> Result<Refusal, EventError> {
        let count = usize::from(refusal.figures);
        let bounded = (count <= REFUSAL_FIGURES_MAX).then_some(count);
        let count = self.known("number of figures", refusal.figures, bounded)?;
        let mut decoded = Refusal::new(self.code("code", refusal.code)?);
        for _ in 0..count {
            let figure: FigureOnDisk = self.take()?;
            decoded.add(Figure {
                limit: self.code("limit", figure.limit)?,
                requested_fen: Fen::new(figure.requested_fen),
                left_fen: Fen::new(figure.left_fen),
            });
        }
        Ok(decoded)
    }
}

/// The event of a body of a known kind.
pub(super) fn decode<'a>(
    kind: u16,
    body: &'a [u8],
    ids: &'a mut Vec<RunId>,
) -> Result<Event<'a>, EventError> {
    let mut body = Body { kind, rest: body };
    let by: ByOnDisk = body.take()?;
    let by = body.by(&by)?;
    let event = match kind {
        KIND_RESERVED => reserved(&mut body)?,
        KIND_STEPPED => stepped(&mut body)?,
        KIND_FACT_TAKEN => {
            let fixed: FactTakenOnDisk = body.take()?;
            EventBody::FactTaken {
                version: fixed.version,
                fingerprint: Fingerprint(fixed.fingerprint),
                from_suspense: fixed.from_suspense,
                command: body.fact(&fixed.fact)?,
            }
        }
        KIND_FACT_PARKED => {
            let fixed: FactParkedOnDisk = body.take()?;
            EventBody::FactParked {
                division: DivisionIndex(fixed.division),
                year: body.year(fixed.year)?,
                fingerprint: Fingerprint(fixed.fingerprint),
                reason: body.code("reason", fixed.reason)?,
                command: body.fact(&fixed.fact)?,
            }
        }
        KIND_ACTED => acted(&mut body)?,
        KIND_CREATED => created(&mut body)?,
        KIND_MOVED_OUT => moved_out(&mut body)?,
        KIND_MOVED_IN => {
            let fixed: MovedInOnDisk = body.take()?;
            EventBody::MovedIn { version: fixed.version, command: body.half(&fixed.half)? }
        }
        KIND_MOVE_DECLINED => {
            let fixed: MoveDeclinedOnDisk = body.take()?;
            let reason = body.code("reason", fixed.reason)?;
            EventBody::MoveDeclined { reason, command: body.half(&fixed.half)? }
        }
        KIND_MOVE_SETTLED => {
            let fixed: MoveSettledOnDisk = body.take()?;
            EventBody::MoveSettled {
                version: fixed.version,
                id: MoveId(fixed.id),
                from: QuotaId(fixed.from),
                landed: fixed.landed,
            }
        }
        KIND_LIMIT_SET => limit_set(&mut body)?,
        KIND_BATCH_OPENED => batch_opened(&mut body)?,
        KIND_BATCH_ENDED => {
            let fixed: BatchEndedOnDisk = body.take()?;
            EventBody::BatchEnded {
                fingerprint: Fingerprint(fixed.fingerprint),
                act: ActId(fixed.act),
                division: DivisionIndex(fixed.division),
                year: body.year(fixed.year)?,
                batch: BatchId(fixed.batch),
                end: body.known("end", fixed.end, BatchEnd::from_number(fixed.end))?,
            }
        }
        KIND_YEAR_SET => {
            let fixed: YearSetOnDisk = body.take()?;
            EventBody::YearSet {
                fingerprint: Fingerprint(fixed.fingerprint),
                act: ActId(fixed.act),
                division: DivisionIndex(fixed.division),
                year: body.year(fixed.year)?,
                state: body.known("state", fixed.state, YearState::from_number(fixed.state))?,
            }
        }
        KIND_REGISTERED => {
            let fixed: RegisteredOnDisk = body.take()?;
            let command = Register {
                division: DivisionIndex(fixed.division),
                code: fixed.code,
                parent: DivisionIndex(fixed.parent),
                name: body.text()?,
            };
            EventBody::Registered { command }
        }
        KIND_RESOLVED => resolved(&mut body)?,
        KIND_FILED => filed(&mut body)?,
        KIND_REFUSED => {
            let fixed: RefusedOnDisk = body.take()?;
            EventBody::Refused {
                id: body.refused_id(&fixed.id)?,
                quota: QuotaId(fixed.quota),
                division: DivisionIndex(fixed.division),
                year: body.year(fixed.year)?,
                fingerprint: Fingerprint(fixed.fingerprint),
                tag: body.known("tag", fixed.tag, known_tag(fixed.tag))?,
                amount_fen: Fen::new(fixed.amount_fen),
                refusal: body.refusal(&fixed.refusal)?,
            }
        }
        KIND_RUN_REFUSED => run_refused(&mut body, ids)?,
        _ => return Err(EventError::UnknownKind { kind, version: EVENT_VERSION }),
    };
    if body.rest.is_empty() {
        Ok(Event { by, body: event })
    } else {
        Err(EventError::Layout { kind })
    }
}

/// The tag of a command's kind, if there is such a kind.
fn known_tag(tag: u8) -> Option<u8> {
    (1..=TAG_MAX).contains(&tag).then_some(tag)
}

fn reserved<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: ReservedOnDisk = body.take()?;
    let particulars = body.bytes()?;
    let command = Reserve {
        payment: PaymentId(fixed.payment),
        quota: QuotaId(fixed.quota),
        amount_fen: Fen::new(fixed.amount_fen),
        economic: body.class("economic class", fixed.economic)?,
        method: body.known("method", fixed.method, Method::from_number(fixed.method))?,
        kind: body.known("business kind", fixed.kind, BusinessKind::from_number(fixed.kind))?,
        day: body.day(fixed.day)?,
        contract: ContractId(fixed.contract),
        plan: ContractId(fixed.plan),
        deadline_ms: fixed.deadline_ms,
        one_act: fixed.one_act,
        // They were parsed before they were journaled, and the group's checksum has held since.
        particulars: Particulars::trusted(particulars),
    };
    Ok(EventBody::Reserved {
        version: fixed.version,
        fingerprint: Fingerprint(fixed.fingerprint),
        rule_version: fixed.rule_version,
        path: body.known("path", fixed.path, Path::from_number(fixed.path))?,
        posts: body.known("posts", fixed.posts, Posts::from_bits(fixed.posts & !LEAVES_ROWS))?,
        leaves_rows: fixed.posts & LEAVES_ROWS != 0,
        command,
    })
}

fn stepped<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: SteppedOnDisk = body.take()?;
    let command = Step {
        kind: body.known("step", fixed.kind, StepKind::from_number(fixed.kind))?,
        payment: PaymentId(fixed.payment),
        quota: QuotaId(fixed.quota),
        serial: fixed.serial,
        reason: body.text()?,
    };
    Ok(EventBody::Stepped { version: fixed.version, command })
}

fn acted<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: ActedOnDisk = body.take()?;
    let command = Act {
        kind: body.known("act", fixed.kind, ActKind::from_number(fixed.kind))?,
        act: ActId(fixed.act),
        quota: QuotaId(fixed.quota),
        amount_fen: Fen::new(fixed.amount_fen),
        contract: ContractId(fixed.contract),
        plan: ContractId(fixed.plan),
        batch: BatchId(fixed.batch),
        note: body.text()?,
    };
    let fingerprint = Fingerprint(fixed.fingerprint);
    Ok(EventBody::Acted { version: fixed.version, fingerprint, command })
}

fn created<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: CreatedOnDisk = body.take()?;
    let quota = QuotaId(fixed.quota);
    let authority = AuthorityKind::from_number(fixed.authority);
    let command = Create {
        act: ActId(fixed.act),
        division: DivisionIndex(fixed.division),
        year: body.year(fixed.year)?,
        parent: QuotaId(fixed.parent),
        fund: body.class("fund", fixed.fund)?,
        economic: body.class("economic class", fixed.economic)?,
        posts: body.known("posts", fixed.posts, Posts::from_bits(fixed.posts))?,
        executable: fixed.executable,
        plan: LimitKey(fixed.plan),
        authority: body.known("authority", fixed.authority, authority)?,
        cap_fen: Fen::new(fixed.cap_fen),
        key: body.text()?,
    };
    let fingerprint = Fingerprint(fixed.fingerprint);
    let here = quota.division() == command.division && quota.year() == command.year;
    let quota = body.known("quota", fixed.quota, here.then_some(quota))?;
    Ok(EventBody::Created { quota, fingerprint, command })
}

fn moved_out<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: MovedOutOnDisk = body.take()?;
    let kind = body.known("move", fixed.kind, MoveKind::from_number(fixed.kind))?;
    let command = MoveOut {
        kind,
        id: MoveId(fixed.id),
        from: QuotaId(fixed.from),
        to: QuotaId(fixed.to),
        amount_fen: Fen::new(fixed.amount_fen),
        batch: BatchId(fixed.batch),
        payment: body.corrected(kind)?,
        note: body.text()?,
    };
    let fingerprint = Fingerprint(fixed.fingerprint);
    Ok(EventBody::MovedOut { version: fixed.version, fingerprint, command })
}

fn limit_set<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: LimitSetOnDisk = body.take()?;
    let kind = body.known("limit", fixed.kind, LimitKind::from_number(fixed.kind))?;
    let months = match kind {
        LimitKind::PlanMonth => 1..=12,
        LimitKind::PayCeiling => 0..=0,
    };
    let month = months.contains(&fixed.month).then_some(fixed.month);
    let command = SetLimit {
        act: ActId(fixed.act),
        division: DivisionIndex(fixed.division),
        year: body.year(fixed.year)?,
        kind,
        key: LimitKey(fixed.key),
        month: body.known("month", fixed.month, month)?,
        amount_fen: Fen::new(fixed.amount_fen),
        checker: PersonId(fixed.checker),
    };
    let fingerprint = Fingerprint(fixed.fingerprint);
    Ok(EventBody::LimitSet { version: fixed.version, fingerprint, command })
}

fn batch_opened<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: BatchOpenedOnDisk = body.take()?;
    let command = OpenBatch {
        batch: BatchId(fixed.batch),
        division: DivisionIndex(fixed.division),
        year: body.year(fixed.year)?,
        count: fixed.count,
        digest: fixed.digest,
        deadline_ms: fixed.deadline_ms,
    };
    Ok(EventBody::BatchOpened { fingerprint: Fingerprint(fixed.fingerprint), command })
}

fn resolved<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: ResolvedOnDisk = body.take()?;
    let command = Resolve {
        act: ActId(fixed.act),
        division: DivisionIndex(fixed.division),
        year: body.year(fixed.year)?,
        channel: ChannelId(fixed.channel),
        serial: fixed.serial,
        action: body.known("action", fixed.action, ResolveAction::from_number(fixed.action))?,
        reason: body.text()?,
    };
    let (fingerprint, fact) = (Fingerprint(fixed.fingerprint), Fingerprint(fixed.fact));
    Ok(EventBody::Resolved { fingerprint, fact, command })
}

fn filed<'a>(body: &mut Body<'a>) -> Result<EventBody<'a>, EventError> {
    let fixed: FiledOnDisk = body.take()?;
    let day = if fixed.day == 0 { None } else { Some(body.day(fixed.day)?) };
    let command = Paper {
        act: ActId(fixed.act),
        division: DivisionIndex(fixed.division),
        year: body.year(fixed.year)?,
        kind: body.known("paper", fixed.kind, PaperKind::from_number(fixed.kind))?,
        batch: BatchId(fixed.batch),
        checker: PersonId(fixed.checker),
        day,
        text: body.text()?,
    };
    let changes = Changes::from(body.text()?);
    if changes.read().is_err() {
        return Err(EventError::Layout { kind: body.kind });
    }
    let fingerprint = Fingerprint(fixed.fingerprint);
    Ok(EventBody::Filed { fingerprint, changes, command })
}

fn run_refused<'a>(
    body: &mut Body<'a>,
    ids: &'a mut Vec<RunId>,
) -> Result<EventBody<'a>, EventError> {
    let fixed: RunRefusedOnDisk = body.take()?;
    let bounded = (usize::from(fixed.ids) <= LINKED_RUN_COMMANDS_MAX).then_some(fixed.ids);
    let count = body.known("number of ids", fixed.ids, bounded)?;
    let refusal = body.refusal(&fixed.refusal)?;
    ids.clear();
    for _ in 0..count {
        let on_disk: RunIdOnDisk = body.take()?;
        ids.push(RunId {
            id: body.refused_id(&on_disk.id)?,
            quota: QuotaId(on_disk.quota),
            person: PersonId(on_disk.person),
            fingerprint: Fingerprint(on_disk.fingerprint),
            tag: body.known("tag", on_disk.tag, known_tag(on_disk.tag))?,
            amount_fen: Fen::new(on_disk.amount_fen),
        });
    }
    Ok(EventBody::RunRefused {
        division: DivisionIndex(fixed.division),
        year: body.year(fixed.year)?,
        at: fixed.at,
        refusal,
        ids,
    })
}
