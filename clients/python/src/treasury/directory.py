"""Questions to the directory: lists of payments, histories, states as they were, and rows on file.

Each is a value that knows its frame and reads its answer; both clients ask the same ones. A page says
the position it is true at, and what continues it.
"""

from __future__ import annotations

import datetime
import struct
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import (
    ClassVar,
    Dict,
    Generic,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from .codes import Code
from .errors import BadFrame, BadValue
from .events import Recorded, read_recorded
from .frames import Frame, FrameKind, LookUp, put_frame
from .ids import NO_QUOTA, QuotaId, check_range, id_of
from .limits import (
    CONTINUATION_BYTES,
    DIRECTORY_PAGE_ITEMS_MAX,
    DIRECTORY_TEXT_BYTES_MAX,
    DIRECTORY_WAIT_MS,
    DIRECTORY_WAIT_MS_MAX,
    KEY_BYTES_MAX,
    ROW_KEY_BYTES_MAX,
    U16_MAX,
    U32_MAX,
    U64_MAX,
    YEAR_MAX,
    YEAR_MIN,
)
from .money import Yuan, to_fen, to_yuan
from .names import Ending, Path, PaymentState, Posts
from .office import TABLES
from .reader import Reader
from .replies import Position, Record, named, read_position
from .views import PaymentView, QuotaView, V, found_view, read_answer

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MS = datetime.timedelta(milliseconds=1)
_NEWEST_FIRST, _SINCE_RESERVED, _OF_DIVISION = 1, 2, 4
_END = bytes(CONTINUATION_BYTES)
_ASKED = struct.Struct("<I4xQI4xQQIHH24s")
_FILTER = struct.Struct("<HHH2xQQQQQqq")
_ROWS = struct.Struct("<HHB3x")
_SUBJECT = struct.Struct("<HHH2xQ16s")

R = TypeVar("R")
P = TypeVar("P", bound="_Page")


def ms_of(field: str, time: datetime.datetime) -> int:
    """A time as ms since 1970. It says its time zone: a time without one is another on each machine."""
    if not isinstance(time, datetime.datetime) or time.utcoffset() is None:
        raise BadValue(field, f"{time!r} is no datetime with a time zone")
    return check_range(field, (time - _EPOCH) // _MS, 1, U64_MAX)


def time_of(ms: int) -> datetime.datetime:
    """The time, in UTC, of ms since 1970."""
    try:
        return _EPOCH + ms * _MS
    except OverflowError:
        raise BadFrame(f"a time of {ms} ms, which is in no calendar") from None


@dataclass(frozen=True)
class Asked:
    """What every question to the directory says beside its subject."""

    #: Answer only once the directory has come so far: to find what was just written, the position of
    #: the reply that told of it.
    wait_for: Optional[Position] = None
    #: How long one sending of the question waits there. It is sent again as long as its call may last.
    wait_ms: int = DIRECTORY_WAIT_MS
    #: The position, or the time with its time zone, it is about; None: now.
    as_of: Union[None, Position, datetime.datetime] = None
    #: Items wanted on a page; 0: as many as a page may have.
    items: int = 0
    newest_first: bool = False
    #: What continues a page, as that page gave it, in the same question.
    after: Optional[bytes] = None

    def encode(self, flags: int = 0) -> bytes:
        """Its 72 bytes."""
        position, time_ms = Position(0, 0), 0
        if isinstance(self.as_of, datetime.datetime):
            time_ms = ms_of("as_of", self.as_of)
        elif self.as_of is not None:
            position = _checked("as_of", self.as_of)
        wait_for = _checked("wait_for", self.wait_for or Position(0, 0))
        after = _END if self.after is None else self.after
        if len(after) != CONTINUATION_BYTES:
            raise BadValue("after", f"has {len(after)} bytes; give back what the page before gave")
        return _ASKED.pack(
            *wait_for,
            *position,
            time_ms,
            check_range("wait_ms", self.wait_ms, 0, DIRECTORY_WAIT_MS_MAX),
            check_range("items", self.items, 0, DIRECTORY_PAGE_ITEMS_MAX),
            flags | (_NEWEST_FIRST if self.newest_first else 0),
            after,
        )


def _checked(field: str, position: Position) -> Position:
    epoch = check_range(f"{field}.epoch", position[0], 0, U32_MAX)
    return Position(epoch, check_range(f"{field}.sequence", position[1], 0, U64_MAX))


@dataclass(frozen=True)
class PaymentFilter:
    """Which payments are listed: those that meet every condition. Without any, all."""

    states: Sequence[PaymentState] = ()
    division: Optional[int] = None
    year: Optional[int] = None
    quota: Optional[QuotaId] = None
    #: What the official key of the quota begins with: the budget unit (预算单位) stands there.
    key_prefix: str = ""
    #: Of the payee's account: `payee_hash(account)`.
    payee_hash: Optional[int] = None
    #: One of the payment's official numbers, whole.
    number: str = ""
    #: Who asked for it, by staff number.
    maker: Optional[int] = None
    #: How long ago its last event was; with `since_reserved`, its reservation.
    older_than: Optional[datetime.timedelta] = None
    younger_than: Optional[datetime.timedelta] = None
    since_reserved: bool = False
    amount_from: Optional[Yuan] = None
    amount_to: Optional[Yuan] = None

    @property
    def flags(self) -> int:
        """The flags it puts beside the order."""
        since = _SINCE_RESERVED if self.since_reserved else 0
        return since | (0 if self.division is None else _OF_DIVISION)

    def encode(self) -> bytes:
        """Its bytes behind the 72."""
        states = 0
        for state in self.states:
            states |= 1 << PaymentState(state).value - 1
        return (
            _FILTER.pack(
                states,
                check_range("division", self.division or 0, 0, U16_MAX),
                0 if self.year is None else check_range("year", self.year, YEAR_MIN, YEAR_MAX),
                NO_QUOTA if self.quota is None else self.quota.number(),
                _some("payee_hash", self.payee_hash),
                _some("maker", self.maker),
                _age("older_than", self.older_than),
                _age("younger_than", self.younger_than),
                _amount("amount_from", self.amount_from),
                _amount("amount_to", self.amount_to),
            )
            + _text("key_prefix", self.key_prefix, KEY_BYTES_MAX)
            + _text("number", self.number, DIRECTORY_TEXT_BYTES_MAX)
        )


def _some(field: str, value: Optional[int]) -> int:
    return 0 if value is None else check_range(field, value, 1, U64_MAX)


def _age(field: str, age: Optional[datetime.timedelta]) -> int:
    if age is None:
        return 0
    if not isinstance(age, datetime.timedelta) or age < _MS:
        raise BadValue(field, f"{age!r} is no timedelta of a millisecond or more")
    return age // _MS


def _amount(field: str, amount: Optional[Yuan]) -> int:
    fen = 0 if amount is None else to_fen(amount, field)
    if fen < 0:
        raise BadValue(field, f"{amount} yuan is below zero", Code.AMOUNT_OUT_OF_BOUNDS)
    return fen


def _text(field: str, text: str, bytes_max: int) -> bytes:
    data = text.encode("utf-8")
    if len(data) > bytes_max:
        raise BadValue(field, f"takes {len(data)} bytes; at most {bytes_max}", Code.TEXT_TOO_LONG)
    return len(data).to_bytes(2, "little") + data


class PaymentIn(NamedTuple):
    """A payment by its place and id, where the id alone may be known in more than one year."""

    division: int
    year: int
    payment: uuid.UUID


#: Whose history is asked for.
Subject = Union[QuotaId, uuid.UUID, PaymentIn]


# --- questions ------------------------------------------------------------------------------------


class Question(Generic[R]):
    """A question, its frame, and what its answer is read as."""

    WHAT: ClassVar[str]
    KIND: ClassVar[FrameKind]
    ANSWER: ClassVar[FrameKind]

    def body(self) -> bytes:
        """What it asks."""
        raise NotImplementedError

    def read(self, frame: Frame) -> R:
        """What its answer says."""
        raise NotImplementedError

    def frame(self, request: int) -> bytes:
        """The frame that asks it."""
        return put_frame(self.KIND, request, self.body())


@dataclass(frozen=True)
class ListPayments(Question["PaymentPage"]):
    """Asks for a page of payments."""

    filter: PaymentFilter = PaymentFilter()
    asked: Asked = Asked()

    WHAT = "a list of payments"
    KIND = FrameKind.LIST_PAYMENTS
    ANSWER = FrameKind.PAYMENTS

    def body(self) -> bytes:
        return self.asked.encode(self.filter.flags) + self.filter.encode()

    def read(self, frame: Frame) -> PaymentPage:
        body = Reader("a page of payments", frame.body)
        page = _read_page(body, frame.count)
        found = tuple(_read_listed(body) for _ in range(frame.count))
        body.end()
        return PaymentPage(*page, payments=found)


@dataclass(frozen=True)
class History(Question["HistoryPage"]):
    """Asks for a page of events."""

    subject: Subject
    asked: Asked = Asked()

    WHAT = "a history"
    KIND = FrameKind.HISTORY
    ANSWER = FrameKind.HISTORY_PAGE

    def body(self) -> bytes:
        subject = self.subject
        if isinstance(subject, QuotaId):
            row = _SUBJECT.pack(2, 0, 0, subject.number(), bytes(16))
        else:
            division, year, payment = (0, 0, subject) if isinstance(subject, uuid.UUID) else subject
            if not isinstance(subject, uuid.UUID):
                check_range("division", division, 0, U16_MAX)
                check_range("year", year, YEAR_MIN, YEAR_MAX)
            id_bytes = id_of("payment", payment).int.to_bytes(16, "little")
            row = _SUBJECT.pack(1, division, year, 0, id_bytes)
        return self.asked.encode() + row

    def read(self, frame: Frame) -> HistoryPage:
        body = Reader("a page of events", frame.body)
        page = _read_page(body, frame.count)
        found = tuple(_read_told(body) for _ in range(frame.count))
        body.end()
        return HistoryPage(*page, events=found)


@dataclass(frozen=True)
class StateAt(Question["StateThen[V]"], Generic[V]):
    """Asks how a quota or a payment stood. Made with the kind of view that its look-up asks for."""

    look_up: LookUp
    asked: Asked
    of: Type[V]

    WHAT = "a state as it was"
    KIND = FrameKind.STATE_AT
    ANSWER = FrameKind.STATE_THEN

    def body(self) -> bytes:
        return self.asked.encode() + self.look_up.encode()

    def read(self, frame: Frame) -> StateThen[V]:
        body = Reader("a state as it was", frame.body)
        at, time_ms = read_position(body), body.u64()
        view = found_view(read_answer(body), self.of)
        body.end()
        return StateThen(at, time_of(time_ms), view)


@dataclass(frozen=True)
class ListRows(Question["RowPage"]):
    """Asks for a page of rows that the finance office has on file (docs/office.md), by their key."""

    #: The table by its name: one of `TABLES`.
    table: str
    division: int
    year: int
    #: Only rows whose key begins so.
    beginning: str = ""
    #: Only rows behind this key: what the page before gave.
    after: str = ""
    #: Of it, the order and what continues a page mean nothing here.
    asked: Asked = Asked()

    WHAT = "rows on file"
    KIND = FrameKind.LIST_ROWS
    ANSWER = FrameKind.ROWS

    def body(self) -> bytes:
        known = TABLES.get(self.table)
        if known is None:
            raise BadValue("table", f"{self.table!r} is none of {', '.join(TABLES)}")
        return (
            self.asked.encode()
            + _ROWS.pack(
                check_range("division", self.division, 0, U16_MAX),
                check_range("year", self.year, YEAR_MIN, YEAR_MAX),
                known.number,
            )
            + _text("beginning", self.beginning, ROW_KEY_BYTES_MAX)
            + _text("after", self.after, ROW_KEY_BYTES_MAX)
        )

    def read(self, frame: Frame) -> RowPage:
        body = Reader("a page of rows", frame.body)
        if frame.count > DIRECTORY_PAGE_ITEMS_MAX:
            raise BadFrame(f"a page of {frame.count} items; at most {DIRECTORY_PAGE_ITEMS_MAX}")
        at, time_ms, number = read_position(body), body.u64(), body.u8()
        body.zeros(3)
        table = next((table for table in TABLES.values() if table.number == number), None)
        if table is None:
            raise BadFrame(f"a page of rows of table {number}, which is not known")
        after = body.text()
        found = tuple(dict(zip(table.columns, body.text().split("\t"))) for _ in range(frame.count))
        body.end()
        return RowPage(at, time_of(time_ms), table.name, after or None, found)


# --- answers --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Page:
    """What each page says."""

    #: The position it is true at.
    at: Position
    #: The time of that position, and from which ages are counted back.
    time: datetime.datetime
    #: What continues it, for `Asked.after`; None: it is the last one. A page may be short, even
    #: empty, and yet not be the last.
    after: Optional[bytes]

    def next(self, asked: Asked) -> Optional[Asked]:
        """What asks for the page behind this one; None behind the last."""
        return None if self.after is None else replace(asked, after=self.after)


@dataclass(frozen=True)
class ListedPayment:
    """One payment of a list. Texts are cut to 256 bytes each."""

    payment: uuid.UUID
    quota: QuotaId
    amount: Decimal
    #: Zero before it was paid.
    executed: Decimal
    maker: int
    payee_hash: int
    #: When it was reserved, and when its last event was, by journaled time.
    reserved_at: datetime.datetime
    changed_at: datetime.datetime
    #: Sequences of the record that reserved it, and of its last event.
    sequence: int
    changed_sequence: int
    state: PaymentState
    ending: Optional[Ending]
    path: Path
    posts: Posts
    approved: Posts
    #: The official key of its quota.
    key: str
    payee_name: str
    payee_account: str
    purpose: str
    numbers: str


@dataclass(frozen=True)
class HistoryEvent(Recorded):
    """A committed record of a history."""

    #: When it was journaled.
    time: datetime.datetime


@dataclass(frozen=True)
class PaymentPage(_Page):
    """A page of payments."""

    payments: Tuple[ListedPayment, ...]


@dataclass(frozen=True)
class HistoryPage(_Page):
    """A page of events."""

    events: Tuple[HistoryEvent, ...]


@dataclass(frozen=True)
class RowPage:
    """A page of rows."""

    #: The position it is true at, and its time.
    at: Position
    time: datetime.datetime
    table: str
    #: The key that the next page goes on behind; None: it is the last one.
    after: Optional[str]
    #: Each row's columns by their names, as texts.
    rows: Tuple[Dict[str, str], ...]


@dataclass(frozen=True)
class StateThen(Generic[V]):
    """How something stood."""

    #: The position it is true at, and its time.
    at: Position
    time: datetime.datetime
    #: None: nothing was known of it then.
    view: Optional[V]


QuotaThen = StateThen[QuotaView]
PaymentThen = StateThen[PaymentView]


def _read_page(
    body: Reader, count: int
) -> Tuple[Position, datetime.datetime, Optional[bytes]]:
    if count > DIRECTORY_PAGE_ITEMS_MAX:
        raise BadFrame(f"a page of {count} items; at most {DIRECTORY_PAGE_ITEMS_MAX}")
    at, time_ms, after = read_position(body), body.u64(), body.take(CONTINUATION_BYTES)
    return at, time_of(time_ms), None if after == _END else after


def _read_listed(body: Reader) -> ListedPayment:
    payment = uuid.UUID(int=body.u128())
    quota, amount, executed, maker, payee_hash = body.unpack("QqqQQ")
    reserved_ms, changed_ms, sequence, changed_sequence = body.unpack("4Q")
    state, ending, path, posts, approved = body.unpack("5B")
    body.zeros(3)
    return ListedPayment(
        payment=payment,
        quota=QuotaId.from_number(quota),
        amount=to_yuan(amount),
        executed=to_yuan(executed),
        maker=maker,
        payee_hash=payee_hash,
        reserved_at=time_of(reserved_ms),
        changed_at=time_of(changed_ms),
        sequence=sequence,
        changed_sequence=changed_sequence,
        state=named(PaymentState, state, "a payment"),
        ending=named(Ending, ending, "a payment") if ending else None,
        path=named(Path, path, "a payment"),
        posts=Posts(posts),
        approved=Posts(approved),
        key=body.text(),
        payee_name=body.text(),
        payee_account=body.text(),
        purpose=body.text(),
        numbers=body.text(),
    )


def _read_told(body: Reader) -> HistoryEvent:
    epoch, kind, version, sequence, time_ms, length = body.unpack("IHHQQI")
    body.zeros(4)
    record = Record(epoch, kind, version, sequence, body.take(length))
    return HistoryEvent(**vars(read_recorded(record)), time=time_of(time_ms))
