"""What a server sends, read: welcome, results, health, errors, pages of events.

A reply that does not hold to its table is a `BadFrame`; nothing of it is believed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import List, NamedTuple, Optional, Tuple, Type, TypeVar

from .codes import Code, Then
from .errors import BadFrame
from .frames import Cursor, Frame, FrameKind, Welcome
from .ids import QuotaId
from .limits import CURSOR_BYTES, FIGURES_MAX, RESULT_BYTES
from .money import to_fen, to_yuan
from .names import Environment, HealthStatus, Named, PaymentState
from .reader import Reader

_REPEAT, _DETAIL, _CHECKED, _AVAILABLE, _CREATED = 1, 2, 4, 8, 16

N = TypeVar("N", bound=Named)


class Position(NamedTuple):
    """A place in the journal: an epoch and a sequence. What an answer says is on disk up to it."""

    epoch: int
    sequence: int


@dataclass(frozen=True)
class Figure:
    """A limit that would have refused: what was asked, and what is left under it."""

    limit: Code
    requested: Decimal
    left: Decimal

    @property
    def place(self) -> Optional[Tuple[int, int]]:
        """Line and column, from 1, where it says where in a paper (`Code.PAPER_LINE`)."""
        if self.limit is not Code.PAPER_LINE:
            return None
        return to_fen(self.requested), to_fen(self.left)

    def __str__(self) -> str:
        if self.place is not None:
            return f"line {self.place[0]}, column {self.place[1]}"
        return f"{self.limit.slug}: {self.requested} asked, {self.left} left"


@dataclass(frozen=True)
class Result:
    """What one command was answered."""

    code: Code
    repeat: bool
    checked: bool
    state: Optional[PaymentState]
    available: Optional[Decimal]
    quota: Optional[QuotaId]
    sequence: int
    figures: Tuple[Figure, ...]


def named(kind: Type[N], number: int, what: str) -> N:
    """A number as one of a vocabulary."""
    try:
        return kind(number)
    except ValueError:
        raise BadFrame(f"{what} with {number}, which is no {kind.__name__}") from None


def code_of(number: int, what: str) -> Code:
    """A number as a code."""
    try:
        return Code(number)
    except ValueError:
        raise BadFrame(f"{what} with code {number}, which is not known") from None


def read_position(body: Reader) -> Position:
    """The prologue of a reply."""
    epoch = body.u32()
    body.zeros(4)
    return Position(epoch, body.u64())


def read_figures(body: Reader) -> Tuple[Figure, ...]:
    """A detail: a count and so many figures."""
    count = body.u16()
    if count > FIGURES_MAX:
        raise BadFrame(f"a detail of {count} figures; at most {FIGURES_MAX}")
    return tuple(
        Figure(code_of(body.u16(), "a figure"), to_yuan(body.i64()), to_yuan(body.i64()))
        for _ in range(count)
    )


def read_result(body: Reader) -> Tuple[Result, int]:
    """One result without its figures, and the place of these."""
    code = code_of(body.u16(), "a result")
    flags, state, place, value, sequence = body.unpack("BBIqQ")
    if flags & ~31 or flags & _AVAILABLE and flags & _CREATED or bool(flags & _DETAIL) != (place > 0):
        raise BadFrame(f"a result with flags {flags}, which do not go together")
    result = Result(
        code=code,
        repeat=bool(flags & _REPEAT),
        checked=bool(flags & _CHECKED),
        state=named(PaymentState, state, "a result") if state else None,
        available=to_yuan(value) if flags & _AVAILABLE else None,
        quota=QuotaId.from_number(value & (1 << 64) - 1) if flags & _CREATED else None,
        sequence=sequence,
        figures=(),
    )
    return result, place


def with_figures(result: Result, figures: Tuple[Figure, ...]) -> Result:
    """The result with its figures."""
    return Result(**{**result.__dict__, "figures": figures})


def read_results(frame: Frame) -> Tuple[Position, List[Result]]:
    """A `results` frame."""
    body = Reader("a results frame", frame.body)
    at = read_position(body)
    appendix = body.at + frame.count * RESULT_BYTES
    results = []
    for _ in range(frame.count):
        result, place = read_result(body)
        if place:
            detail = Reader("a results frame", frame.body, appendix + place - 1)
            result = with_figures(result, read_figures(detail))
        results.append(result)
    return at, results


def read_welcome(frame: Frame) -> Welcome:
    """A `welcome` frame."""
    body = Reader("a welcome", frame.body)
    version = body.u16()
    environment = named(Environment, body.u8(), "a welcome")
    body.zeros(1)
    epoch, data_set = body.u32(), uuid.UUID(int=body.u128())
    frame_bytes, commands, window, window_bytes, heartbeat = body.unpack("IIIII")
    version_text = body.text()
    body.end()
    if not (frame_bytes and commands and window and window_bytes and heartbeat):
        raise BadFrame("a welcome that grants nothing")
    return Welcome(
        version,
        environment,
        epoch,
        data_set,
        frame_bytes,
        commands,
        window,
        window_bytes,
        heartbeat,
        version_text,
    )


@dataclass(frozen=True)
class Health:
    """How a server is."""

    position: Position
    status: HealthStatus
    environment: Environment
    connections: int
    data_set: uuid.UUID
    uptime_ms: int
    quotas: int
    divisions: int
    server_version: str
    note: str


def read_health(frame: Frame) -> Health:
    """A `health-report` frame."""
    body = Reader("a health report", frame.body)
    position = read_position(body)
    status = named(HealthStatus, body.u8(), "a health report")
    environment = named(Environment, body.u8(), "a health report")
    body.zeros(2)
    connections, data_set = body.u32(), uuid.UUID(int=body.u128())
    uptime_ms, quotas, divisions = body.unpack("QQI")
    version, note = body.text(), body.text()
    body.end()
    return Health(
        position,
        status,
        environment,
        connections,
        data_set,
        uptime_ms,
        quotas,
        divisions,
        version,
        note,
    )


@dataclass(frozen=True)
class ErrorMessage:
    """A no to a whole request or connection: nothing of it was decided."""

    code: Code
    retry_after_ms: int
    #: For `diverged`: the last position both journals have.
    common: Optional[Position]
    english: str
    chinese: str
    next_step: str
    detail: str

    @property
    def then(self) -> Then:
        """What the caller does with the id."""
        return self.code.then

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return (
            f"the server answers {self.code.slug} {self.code.value}: {self.english} "
            f"{self.chinese}{detail}; {self.next_step}"
        )


def read_error(frame: Frame) -> ErrorMessage:
    """An `error` frame."""
    body = Reader("an error frame", frame.body)
    code = code_of(body.u16(), "an error frame")
    body.zeros(2)
    retry_after_ms, epoch = body.u32(), body.u32()
    body.zeros(4)
    common = Position(epoch, body.u64())
    english, chinese, next_step, detail = body.text(), body.text(), body.text(), body.text()
    body.end()
    parted = common if code is Code.DIVERGED else None
    return ErrorMessage(code, retry_after_ms, parted, english, chinese, next_step, detail)


def read_pong(frame: Frame) -> Position:
    """A `pong` frame."""
    body = Reader("a pong", frame.body)
    position = read_position(body)
    body.end()
    return position


def read_metrics(frame: Frame) -> str:
    """A `metrics-text` frame."""
    try:
        return frame.body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadFrame("metrics that are not UTF-8") from None


class Record(NamedTuple):
    """A committed record: its body is the journal's (see `events`)."""

    epoch: int
    kind: int
    version: int
    sequence: int
    body: bytes


def read_events(frame: Frame) -> Tuple[Cursor, List[Record]]:
    """An `events` frame: where to come back to once its records are safe, and these."""
    body = Reader("an events frame", frame.body)
    cursor = Cursor.decode(body.take(CURSOR_BYTES))
    records = []
    for _ in range(frame.count):
        epoch, kind, version, sequence, length, zero = body.unpack("IHHQII")
        if zero:
            raise BadFrame("a record with bytes that have no meaning")
        records.append(Record(epoch, kind, version, sequence, body.take(length)))
    body.end()
    return cursor, records


def expect(frame: Frame, kind: FrameKind) -> Frame:
    """The frame, if it is what was asked for."""
    if frame.kind is not kind:
        raise BadFrame(f"a {frame.kind.slug} frame where {kind.slug} was asked for")
    return frame
