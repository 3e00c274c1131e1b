"""Committed events: what was decided, in the order of the journal.

The layouts are the tables of docs/format.md, held against them by a test. A field has the name it
has there; an amount has lost its `_fen` and is yuan.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from .codes import Code
from .errors import BadFrame
from .frames import Cursor
from .ids import NO_QUOTA, QuotaId, class_text, day_of
from .money import to_yuan
from .names import (
    ActKind,
    Authority,
    Business,
    FactKind,
    LimitKind,
    Method,
    MoveKind,
    ParkedAction,
    Path,
    Posts,
    Role,
    Step,
)
from .office import Paper
from .particulars import Particulars
from .reader import Reader
from .replies import Figure, Record, code_of, named

#: Kinds below are the journal's own: a start and a stop of the engine.
FIRST_EVENT_KIND = 16


@dataclass(frozen=True)
class By:
    """Who gave the command: person, role, and the channel it came by."""

    person: int
    role: Role
    channel: int


@dataclass(frozen=True)
class EndedId:
    """An id of a linked run that was refused."""

    of: str
    id: uuid.UUID
    quota: Optional[QuotaId]
    person: int
    fingerprint: int
    tag: int
    amount: Decimal


@dataclass(frozen=True)
class Recorded:
    """What a committed record says."""

    epoch: int
    sequence: int
    kind: int
    version: int
    #: `reserved`, `stepped`, …; `kind-N` for one this client does not know.
    name: str
    #: None for the journal's own records and those not known.
    by: Optional[By]
    #: What it says, by the names of docs/format.md. Empty where the kind is not known.
    fields: Mapping[str, Any]
    body: bytes

    @property
    def quota(self) -> Optional[QuotaId]:
        """The quota it changed, where it changed one."""
        for name in ("quota", "fact.quota", "from", "half.to", "half.from"):
            value = self.fields.get(name)
            if isinstance(value, QuotaId):
                return value
        return None


@dataclass(frozen=True)
class Event(Recorded):
    """A committed record, as a subscription tells it."""

    #: Come back with this to go on behind this event. Events that stand behind it in the journal
    #: and before the cursor's own end may be told again: take each sequence once.
    cursor: Cursor


def _quota(body: Reader) -> Optional[QuotaId]:
    number = body.u64()
    return None if number == NO_QUOTA else QuotaId.from_number(number)


def _uuid(body: Reader) -> Optional[uuid.UUID]:
    number = body.u128()
    return uuid.UUID(int=number) if number else None


def _long_text(body: Reader) -> str:
    try:
        return body.take(body.u64()).decode("utf-8")
    except UnicodeDecodeError:
        raise BadFrame("an event with a text that is not UTF-8") from None


def _day(body: Reader) -> Any:
    number = body.u32()
    return day_of("day", number) if number else None


def _bool(body: Reader) -> bool:
    number = body.u8()
    if number > 1:
        raise BadFrame(f"an event with {number} where 0 or 1 stands")
    return bool(number)


_FORMS: Dict[str, Callable[[Reader], Any]] = {
    "u8": Reader.u8,
    "u16": Reader.u16,
    "u32": Reader.u32,
    "u64": Reader.u64,
    "u128": Reader.u128,
    "fen": lambda body: to_yuan(body.i64()),
    "quota": _quota,
    "uuid": _uuid,
    "bool": _bool,
    "class": lambda body: class_text("class", body.take(8)),
    "day": _day,
    "text": _long_text,
    "digits": lambda body: body.take(9).decode("latin-1"),
    "particulars": lambda body: Particulars.decode(body.take(body.u64())),
    "posts": lambda body: Posts(body.u8()),
    "code": lambda body: code_of(body.u16(), "an event"),
    "role": lambda body: named(Role, body.u8(), "an event"),
    "path": lambda body: named(Path, body.u8(), "an event"),
    "method": lambda body: named(Method, body.u8(), "an event"),
    "business": lambda body: named(Business, body.u8(), "an event"),
    "step": lambda body: named(Step, body.u8(), "an event"),
    "fact": lambda body: named(FactKind, body.u8(), "an event"),
    "act": lambda body: named(ActKind, body.u8(), "an event"),
    "move": lambda body: named(MoveKind, body.u8(), "an event"),
    "authority": lambda body: named(Authority, body.u8(), "an event"),
    "limit": lambda body: named(LimitKind, body.u8(), "an event"),
    "action": lambda body: named(ParkedAction, body.u8(), "an event"),
    "paper": lambda body: named(Paper, body.u8(), "an event"),
}

_FACT = (
    "fact.kind:fact fact.payment:uuid fact.quota:quota fact.serial:u64 fact.amount:fen "
    "fact.payee_hash:u64 fact.day:day fact.refund:u64 fact.detail:u32 note:text"
)
_HALF = (
    "half.kind:move half.id:uuid half.from:quota half.to:quota half.amount:fen half.fund:class "
    "payment:corrected"
)

#: Every kind: its name, and its fields behind who gave it.
EVENTS: Dict[int, Tuple[str, str]] = {
    16: (
        "reserved",
        "version:u32 fingerprint:u128 rule_version:u32 path:path posts:posts payment:uuid "
        "quota:quota amount:fen economic:class method:method kind:business day:day contract:u64 "
        "plan:u64 deadline_ms:u64 one_act:bool particulars:particulars",
    ),
    17: ("stepped", "version:u32 kind:step payment:uuid quota:quota serial:u64 reason:text"),
    18: ("fact-taken", f"version:u32 fingerprint:u128 from_suspense:bool {_FACT}"),
    19: ("fact-parked", f"division:u16 year:u16 fingerprint:u128 reason:code {_FACT}"),
    20: (
        "acted",
        "version:u32 fingerprint:u128 kind:act act:uuid quota:quota amount:fen contract:u64 "
        "plan:u64 batch:uuid note:text",
    ),
    21: (
        "created",
        "quota:quota fingerprint:u128 act:uuid division:u16 year:u16 parent:quota fund:class "
        "economic:class posts:posts executable:bool plan:u64 authority:authority cap:fen "
        "official_key:text",
    ),
    22: (
        "moved-out",
        "version:u32 fingerprint:u128 kind:move id:uuid from:quota to:quota amount:fen batch:uuid "
        "payment:corrected note:text",
    ),
    23: ("moved-in", f"version:u32 {_HALF}"),
    24: ("move-declined", f"reason:code {_HALF}"),
    25: ("move-settled", "version:u32 id:uuid from:quota landed:bool"),
    26: (
        "limit-set",
        "version:u32 fingerprint:u128 act:uuid division:u16 year:u16 kind:limit key:u64 month:u8 "
        "amount:fen checker:u64",
    ),
    27: (
        "batch-opened",
        "fingerprint:u128 batch:uuid division:u16 year:u16 count:u32 digest:u128 deadline_ms:u64",
    ),
    28: (
        "batch-ended",
        "fingerprint:u128 act:uuid division:u16 year:u16 batch:uuid end:u8",
    ),
    29: ("year-set", "fingerprint:u128 act:uuid division:u16 year:u16 state:u8"),
    30: ("registered", "division:u16 code:digits parent:u16 name:text"),
    31: (
        "resolved",
        "fingerprint:u128 fact:u128 act:uuid division:u16 year:u16 channel:u16 serial:u64 "
        "action:action reason:text",
    ),
    32: (
        "refused",
        "id.what:u8 id.id:uuid quota:quota division:u16 year:u16 fingerprint:u128 tag:u8 "
        "amount:fen refusal.code:code",
    ),
    33: ("run-refused", "division:u16 year:u16 at:u16"),
    34: (
        "filed",
        "fingerprint:u128 act:uuid division:u16 year:u16 paper:paper batch:uuid checker:u64 day:day "
        "text:text changes:text",
    ),
}

#: The names that a subscription's filter takes.
EVENT_NAMES: Tuple[str, ...] = tuple(name for name, _ in EVENTS.values())

_OF = {1: "payment", 2: "act", 3: "move"}


def read_event(record: Record, cursor: Cursor) -> Event:
    """A record as an event. Kinds and versions that are not known keep their body alone."""
    return Event(**vars(read_recorded(record)), cursor=cursor)


def read_recorded(record: Record) -> Recorded:
    """What a record says."""
    name, layout = EVENTS.get(record.kind, (f"kind-{record.kind}", ""))
    by: Optional[By] = None
    found: Dict[str, Any] = {}
    if record.kind in EVENTS and record.version == 1:
        body = Reader(f"a {name} event", record.body)
        by = By(body.u64(), named(Role, body.u8(), "an event"), body.u16())
        for field in layout.split():
            key, form = field.split(":")
            if form == "corrected":
                # What only a correction has.
                if MoveKind.CORRECT in (found.get("kind"), found.get("half.kind")):
                    found[key] = _uuid(body)
                continue
            found[key] = _FORMS[form](body)
        if record.kind == 32:
            found["figures"] = _figures(body, body.u8())
        if record.kind == 33:
            found.update(_run(body))
        body.end()
    return Recorded(
        record.epoch,
        record.sequence,
        record.kind,
        record.version,
        name,
        by,
        found,
        record.body,
    )


def _figures(body: Reader, count: int) -> Tuple[Figure, ...]:
    figures: List[Figure] = []
    for _ in range(count):
        limit = code_of(body.u16(), "a figure")
        figures.append(Figure(limit, to_yuan(body.i64()), to_yuan(body.i64())))
    return tuple(figures)


def _run(body: Reader) -> Dict[str, Any]:
    count = body.u16()
    code: Code = code_of(body.u16(), "an event")
    figures = _figures(body, body.u8())
    ended = tuple(_ended(body) for _ in range(count))
    return {"refusal.code": code, "figures": figures, "ended": ended}


def _ended(body: Reader) -> EndedId:
    what = body.u8()
    if what not in _OF:
        raise BadFrame(f"an event that ends a {what}, which is no kind of id")
    id_ = uuid.UUID(int=body.u128())
    quota, person, fingerprint, tag = _quota(body), body.u64(), body.u128(), body.u8()
    return EndedId(_OF[what], id_, quota, person, fingerprint, tag, to_yuan(body.i64()))
