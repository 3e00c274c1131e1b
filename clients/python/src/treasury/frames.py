"""Frames: the hello, the header, and every message a client sends.

A length is held against its bound before anything else is done with it.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from enum import IntEnum
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

from .codes import Code
from .commands import LINKED, Command
from .errors import BadFrame, BadValue
from .ids import QuotaId, check_range, id_of
from .limits import (
    BUDGET_MS_MAX,
    CLIENT_NAME_BYTES_MAX,
    COMMAND_BYTES,
    COMMANDS_PER_FRAME_MAX,
    CURSOR_BYTES,
    EVENT_FILTER_NAMES_MAX,
    EVENT_NAME_BYTES_MAX,
    FRAME_BYTES_MAX,
    HEADER_BYTES,
    HELLO_BYTES,
    LOOK_UP_BYTES,
    LOOK_UPS_PER_FRAME_MAX,
    TAIL_BYTES_MAX,
    U16_MAX,
    U32_MAX,
    U64_MAX,
    YEAR_MAX,
    YEAR_MIN,
)
from .names import Environment, Role

MAGIC = b"TRSY"
VERSION = 1

_HEADER = struct.Struct("<IHHQQII")
_HELLO = struct.Struct("<4sHHBBHIII40s")
_LOOK_UP = struct.Struct("<HHHHQ16s")
_CURSOR = struct.Struct("<IIQ32s")


class FrameKind(IntEnum):
    """What a frame is."""

    COMMANDS = 1
    LOOK_UPS = 2
    HEALTH = 3
    METRICS = 4
    PING = 5
    SUBSCRIBE = 6
    UNSUBSCRIBE = 7
    LIST_PAYMENTS = 8
    HISTORY = 9
    STATE_AT = 10
    LIST_ROWS = 11
    REPORT = 12
    GOODBYE = 99
    WELCOME = 100
    RESULTS = 101
    ANSWERS = 102
    HEALTH_REPORT = 103
    METRICS_TEXT = 104
    PONG = 105
    EVENTS = 106
    SUBSCRIPTION_ENDED = 107
    ERROR = 108
    PAYMENTS = 109
    HISTORY_PAGE = 110
    STATE_THEN = 111
    ROWS = 112
    REPORT_PAGE = 113

    @property
    def slug(self) -> str:
        """Its name in the documents."""
        return self.name.lower().replace("_", "-")


_BARE = {
    FrameKind.HEALTH,
    FrameKind.METRICS,
    FrameKind.PING,
    FrameKind.UNSUBSCRIBE,
    FrameKind.GOODBYE,
    FrameKind.SUBSCRIPTION_ENDED,
}


@dataclass(frozen=True)
class Frame:
    """A frame as it came."""

    kind: FrameKind
    request: int
    budget_ms: int
    count: int
    body: bytes


def put_frame(
    kind: FrameKind, request: int, body: bytes = b"", count: int = 0, budget_ms: int = 0
) -> bytes:
    """A whole frame."""
    length = HEADER_BYTES + len(body)
    if length > FRAME_BYTES_MAX:
        raise BadFrame(f"a frame of {length} bytes; at most {FRAME_BYTES_MAX}")
    return _HEADER.pack(length, kind, 0, request, budget_ms, count, 0) + body


def split_frame(
    data: Union[bytes, bytearray], start: int = 0
) -> Optional[Tuple[Frame, int]]:
    """The frame that starts there, and where the next one does; None: more is awaited.

    Raises `BadFrame` as soon as what is there can be the start of no frame.
    """
    if len(data) - start < 4:
        return None
    length = int.from_bytes(data[start : start + 4], "little")
    if not HEADER_BYTES <= length <= FRAME_BYTES_MAX:
        raise BadFrame(f"a frame's length of {length}; from {HEADER_BYTES} to {FRAME_BYTES_MAX}")
    if len(data) - start < HEADER_BYTES:
        return None
    _, number, flags, request, budget_ms, count, zero = _HEADER.unpack_from(data, start)
    try:
        kind = FrameKind(number)
    except ValueError:
        raise BadFrame(f"a frame of kind {number}, which is not known") from None
    if flags or zero:
        raise BadFrame(f"a {kind.slug} frame with bytes that have no meaning")
    if budget_ms > BUDGET_MS_MAX:
        raise BadFrame(f"a budget of {budget_ms} ms; at most {BUDGET_MS_MAX}")
    if len(data) - start < length:
        return None
    end = start + length
    frame = Frame(kind, request, budget_ms, count, bytes(data[start + HEADER_BYTES : end]))
    if kind in _BARE and (frame.body or count):
        raise BadFrame(f"a {kind.slug} frame with a body")
    return frame, end


# --- hello ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """Who connects, and in which role every command of the connection is given."""

    role: Role
    channel: int
    environment: Environment = Environment.ANY
    name: str = ""
    #: Commands it wants in flight; 0: what the server grants.
    window: int = 0

    def __post_init__(self) -> None:
        if Role(self.role) is Role.ENGINE:
            raise BadValue("role", "the engine's role cannot be claimed", Code.NO_RIGHT)
        check_range("channel", self.channel, 0, U16_MAX)
        check_range("window", self.window, 0, U32_MAX)
        name = self.name.encode("utf-8")
        if len(name) > CLIENT_NAME_BYTES_MAX or b"\0" in name:
            problem = f"{self.name!r} takes {len(name)} bytes; at most {CLIENT_NAME_BYTES_MAX}, none zero"
            raise BadValue("name", problem, Code.TEXT_TOO_LONG)

    def encode(self) -> bytes:
        """The 64 bytes that open a connection."""
        return _HELLO.pack(
            MAGIC,
            VERSION,
            VERSION,
            Environment(self.environment),
            Role(self.role),
            self.channel,
            0,
            self.window,
            0,
            self.name.encode("utf-8"),
        )

    @classmethod
    def decode(cls, data: bytes) -> Hello:
        """Reads a hello; for tools and tests."""
        if len(data) != HELLO_BYTES:
            raise BadFrame(f"a hello of {len(data)} bytes; it has {HELLO_BYTES}")
        magic, oldest, newest, env, role, channel, flags, window, zero, name = _HELLO.unpack(data)
        if magic != MAGIC or flags or zero or oldest > newest:
            raise BadFrame("a hello with another magic, with flags, or with versions upside down")
        try:
            text = name.rstrip(b"\0").decode("utf-8")
            return cls(Role(role), channel, Environment(env), text, window)
        except (ValueError, UnicodeDecodeError) as error:
            raise BadFrame(f"a hello with {error}") from None


@dataclass(frozen=True)
class Welcome:
    """What the server grants."""

    version: int
    environment: Environment
    epoch: int
    data_set: uuid.UUID
    frame_bytes_max: int
    commands_per_frame_max: int
    window_commands: int
    window_bytes: int
    heartbeat_ms: int
    server_version: str


# --- requests -------------------------------------------------------------------------------------


def commands_frame(
    request: int, commands: Sequence[Tuple[bytes, bytes]], budget_ms: int = 0
) -> bytes:
    """A frame of encoded commands: all rows, then all tails."""
    if not 1 <= len(commands) <= COMMANDS_PER_FRAME_MAX:
        raise BadFrame(f"{len(commands)} commands in a frame; 1 to {COMMANDS_PER_FRAME_MAX}")
    body = b"".join([row for row, _ in commands] + [tail for _, tail in commands])
    return put_frame(FrameKind.COMMANDS, request, body, len(commands), budget_ms)


def encode_run(commands: Sequence[Command], flags: int = 0) -> List[Tuple[bytes, bytes]]:
    """Rows and tails of a linked run: each but the last is linked with the one behind it."""
    last = len(commands) - 1
    return [one.encode(flags | (LINKED if at < last else 0)) for at, one in enumerate(commands)]


def split_commands(frame: Frame) -> List[Tuple[bytes, bytes]]:
    """The rows and tails of a `commands` frame; for tools and tests."""
    if not 1 <= frame.count <= COMMANDS_PER_FRAME_MAX:
        raise BadFrame(f"{frame.count} commands in a frame; 1 to {COMMANDS_PER_FRAME_MAX}")
    at = frame.count * COMMAND_BYTES
    found: List[Tuple[bytes, bytes]] = []
    for start in range(0, at, COMMAND_BYTES):
        row = frame.body[start : start + COMMAND_BYTES]
        length = int.from_bytes(row[4:8], "little")
        if len(row) < COMMAND_BYTES or length > TAIL_BYTES_MAX or at + length > len(frame.body):
            raise BadFrame("a commands frame that is shorter than its commands say")
        found.append((row, frame.body[at : at + length]))
        at += length
    if at != len(frame.body):
        raise BadFrame(f"a commands frame with {len(frame.body) - at} bytes behind its tails")
    return found


class LookUp(NamedTuple):
    """A question about state. Made by `quota`, `payment` and `outcome` below."""

    what: int
    division: int
    year: int
    number: int
    id: int

    @classmethod
    def quota(cls, quota: QuotaId) -> LookUp:
        """Everything about a quota."""
        return cls(1, 0, 0, quota.number(), 0)

    @classmethod
    def payment(cls, division: int, year: int, payment: uuid.UUID) -> LookUp:
        """Everything about a payment."""
        return cls._by_id(2, division, year, payment)

    @classmethod
    def outcome(cls, of: str, division: int, year: int, id: uuid.UUID) -> LookUp:
        """What became of a payment, an act (also of a batch) or a move."""
        what = {"payment": 3, "act": 4, "move": 5}.get(of)
        if what is None:
            raise BadValue("of", f"{of!r} is none of payment, act, move")
        return cls._by_id(what, division, year, id)

    @classmethod
    def _by_id(cls, what: int, division: int, year: int, id: uuid.UUID) -> LookUp:
        check_range("division", division, 0, U16_MAX)
        check_range("year", year, YEAR_MIN, YEAR_MAX)
        return cls(what, division, year, 0, id_of("id", id).int)

    def encode(self) -> bytes:
        """Its 32 bytes."""
        id_bytes = self.id.to_bytes(16, "little")
        return _LOOK_UP.pack(self.what, self.division, self.year, 0, self.number, id_bytes)


def look_ups_frame(request: int, look_ups: Sequence[LookUp]) -> bytes:
    """A frame of questions."""
    if not 1 <= len(look_ups) <= LOOK_UPS_PER_FRAME_MAX:
        raise BadFrame(f"{len(look_ups)} look-ups in a frame; 1 to {LOOK_UPS_PER_FRAME_MAX}")
    body = b"".join(look_up.encode() for look_up in look_ups)
    assert len(body) == len(look_ups) * LOOK_UP_BYTES
    return put_frame(FrameKind.LOOK_UPS, request, body, len(look_ups))


@dataclass(frozen=True)
class Cursor:
    """A place in the journal to come back to: its last record taken in, and its group's hash."""

    epoch: int = 0
    sequence: int = 0
    group_hash: bytes = bytes(32)

    def encode(self) -> bytes:
        """Its 48 bytes."""
        check_range("epoch", self.epoch, 0, U32_MAX)
        check_range("sequence", self.sequence, 0, U64_MAX)
        if len(self.group_hash) != 32:
            raise BadValue("group_hash", f"has {len(self.group_hash)} bytes; it has 32")
        return _CURSOR.pack(self.epoch, 0, self.sequence, self.group_hash)

    @classmethod
    def decode(cls, data: bytes) -> Cursor:
        """From its 48 bytes."""
        epoch, zero, sequence, group_hash = _CURSOR.unpack(data[:CURSOR_BYTES])
        if zero:
            raise BadFrame("a cursor with bytes that have no meaning")
        return cls(epoch, sequence, group_hash)

    def __str__(self) -> str:
        """One word that `parse` reads again: to keep beside what was taken in."""
        return f"{self.epoch}/{self.sequence}/{self.group_hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Reads what `str` wrote."""
        try:
            epoch, sequence, group_hash = text.split("/")
            return cls(int(epoch), int(sequence), bytes.fromhex(group_hash))
        except ValueError:
            raise BadValue("cursor", f"{text!r} is no epoch/sequence/hash") from None


def subscribe_frame(
    request: int, cursor: Cursor, limit: int = 0, events: Sequence[str] = ()
) -> bytes:
    """A wish for every committed record behind the cursor."""
    check_range("limit", limit, 0, U64_MAX)
    check_range("events", len(events), 0, EVENT_FILTER_NAMES_MAX)
    names = [name.encode("utf-8") for name in events]
    if any(len(name) > EVENT_NAME_BYTES_MAX for name in names):
        raise BadValue("events", f"a name has at most {EVENT_NAME_BYTES_MAX} bytes")
    body = cursor.encode() + limit.to_bytes(8, "little") + len(names).to_bytes(2, "little")
    body += b"".join(len(name).to_bytes(2, "little") + name for name in names)
    return put_frame(FrameKind.SUBSCRIBE, request, body)
