"""The forms a field of a command can have: in its bytes, in Python and in JSON.

Each checks what it is given, so that nothing is sent that cannot be meant, and nothing is read that
the tables do not allow.
"""

from __future__ import annotations

import datetime
import struct
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Type

from .errors import BadValue
from .ids import (
    NO_QUOTA,
    QuotaId,
    check_range,
    class_bytes,
    class_text,
    day_number,
    day_of,
    id_of,
)
from .limits import AMOUNT_FEN_MAX, U64_MAX, YEAR_MAX, YEAR_MIN
from .money import text_of, to_fen, to_yuan
from .names import Named, Posts


@dataclass(frozen=True)
class Form:
    """One form. `optional` fields have a value for "not given" and its zero (or all ones)."""

    optional: bool = False
    size = 0

    def normal(self, name: str, value: object) -> object:
        """The value as the command keeps it."""
        raise NotImplementedError

    def pack(self, name: str, value: object) -> bytes:
        """Its bytes."""
        raise NotImplementedError

    def unpack(self, name: str, data: bytes) -> object:
        """From its bytes."""
        raise NotImplementedError

    def to_json(self, value: object) -> object:
        """As it stands on a JSON line."""
        return value

    def from_json(self, name: str, value: object) -> object:
        """From a JSON line."""
        return value

    def absent(self) -> object:
        """What stands for "not given"."""
        return None


@dataclass(frozen=True)
class Whole(Form):
    """A whole number without sign; zero is "not given" where it is optional."""

    size: int = 8
    high: int = U64_MAX
    #: Written in decimal as a string on JSON lines.
    as_text: bool = True

    def absent(self) -> object:
        return 0

    def normal(self, name: str, value: object) -> object:
        return check_range(name, value, 0, self.high)  # type: ignore[arg-type]

    def pack(self, name: str, value: object) -> bytes:
        return check_range(name, value, 0, self.high).to_bytes(self.size, "little")  # type: ignore[arg-type]

    def unpack(self, name: str, data: bytes) -> object:
        return check_range(name, int.from_bytes(data, "little"), 0, self.high)

    def to_json(self, value: object) -> object:
        return str(value) if self.as_text else value

    def from_json(self, name: str, value: object) -> object:
        return decimal_of(name, value) if self.as_text else value


@dataclass(frozen=True)
class Hash(Whole):
    """64 bits, in JSON 16 hex digits."""

    def to_json(self, value: object) -> object:
        return f"{value:016x}"

    def from_json(self, name: str, value: object) -> object:
        return hex_of(name, value, 16)


@dataclass(frozen=True)
class Digest(Whole):
    """128 bits, in JSON 32 hex digits."""

    size: int = 16
    high: int = (1 << 128) - 1

    def to_json(self, value: object) -> object:
        return f"{value:032x}"

    def from_json(self, name: str, value: object) -> object:
        return hex_of(name, value, 32)


@dataclass(frozen=True)
class Year(Form):
    """A calendar year that an id can name."""

    size = 2

    def normal(self, name: str, value: object) -> object:
        return check_range(name, value, YEAR_MIN, YEAR_MAX)  # type: ignore[arg-type]

    def pack(self, name: str, value: object) -> bytes:
        return check_range(name, value, YEAR_MIN, YEAR_MAX).to_bytes(2, "little")  # type: ignore[arg-type]

    def unpack(self, name: str, data: bytes) -> object:
        return check_range(name, int.from_bytes(data, "little"), YEAR_MIN, YEAR_MAX)


@dataclass(frozen=True)
class Uuid(Form):
    """An id of 128 bits."""

    size = 16

    def normal(self, name: str, value: object) -> object:
        return None if value is None and self.optional else id_of(name, value)  # type: ignore[arg-type]

    def pack(self, name: str, value: object) -> bytes:
        return value.int.to_bytes(16, "little") if isinstance(value, uuid.UUID) else bytes(16)

    def unpack(self, name: str, data: bytes) -> object:
        number = int.from_bytes(data, "little")
        return None if number == 0 and self.optional else id_of(name, uuid.UUID(int=number))

    def to_json(self, value: object) -> object:
        return value.hex if isinstance(value, uuid.UUID) else None

    def from_json(self, name: str, value: object) -> object:
        return id_of(name, text_in(name, value))


@dataclass(frozen=True)
class Quota(Form):
    """A quota id; all ones where there is none."""

    size = 8

    def normal(self, name: str, value: object) -> object:
        if value is None and self.optional:
            return None
        if isinstance(value, str):
            return QuotaId.parse(value, name)
        if not isinstance(value, QuotaId):
            raise BadValue(name, f"{value!r} is no QuotaId")
        value.number(name)
        return value

    def pack(self, name: str, value: object) -> bytes:
        number = value.number(name) if isinstance(value, QuotaId) else NO_QUOTA
        return number.to_bytes(8, "little")

    def unpack(self, name: str, data: bytes) -> object:
        number = int.from_bytes(data, "little")
        if number == NO_QUOTA:
            if self.optional:
                return None
            raise BadValue(name, "all ones stand for no quota, and one is needed")
        return QuotaId.from_number(number)

    def to_json(self, value: object) -> object:
        return str(value)

    def from_json(self, name: str, value: object) -> object:
        return QuotaId.parse(text_in(name, value), name)


@dataclass(frozen=True)
class Amount(Form):
    """Fen on the wire, yuan elsewhere."""

    size = 8

    def normal(self, name: str, value: object) -> object:
        if value is None and self.optional:
            return None
        return to_yuan(to_fen(value, name))  # type: ignore[arg-type]

    def pack(self, name: str, value: object) -> bytes:
        fen = 0 if value is None else to_fen(value, name)  # type: ignore[arg-type]
        return struct.pack("<q", fen)

    def unpack(self, name: str, data: bytes) -> object:
        (fen,) = struct.unpack("<q", data)
        check_range(name, fen, -AMOUNT_FEN_MAX, AMOUNT_FEN_MAX)
        return None if fen == 0 and self.optional else to_yuan(fen)

    def to_json(self, value: object) -> object:
        return text_of(to_fen(value)) if isinstance(value, Decimal) else None

    def from_json(self, name: str, value: object) -> object:
        return to_yuan(to_fen(text_in(name, value), name))


@dataclass(frozen=True)
class ClassOf(Form):
    """A class of eight ASCII characters; "" where there is none."""

    size = 8

    def absent(self) -> object:
        return ""

    def normal(self, name: str, value: object) -> object:
        if value == "" and self.optional:
            return ""
        class_bytes(name, value)  # type: ignore[arg-type]
        return value

    def pack(self, name: str, value: object) -> bytes:
        return class_bytes(name, value) if isinstance(value, str) and value else bytes(8)

    def unpack(self, name: str, data: bytes) -> object:
        text = class_text(name, data)
        if not text and not self.optional:
            raise BadValue(name, "no class is given, and one is needed")
        return text

    def from_json(self, name: str, value: object) -> object:
        return text_in(name, value)


@dataclass(frozen=True)
class Day(Form):
    """A day of the calendar."""

    size = 4

    def normal(self, name: str, value: object) -> object:
        if value is not None or not self.optional:
            day_number(name, value)  # type: ignore[arg-type]
        return value

    def pack(self, name: str, value: object) -> bytes:
        if value is None and self.optional:
            return bytes(4)
        return struct.pack("<I", day_number(name, value))  # type: ignore[arg-type]

    def unpack(self, name: str, data: bytes) -> object:
        number = int.from_bytes(data, "little")
        return None if number == 0 and self.optional else day_of(name, number)

    def to_json(self, value: object) -> object:
        return value.isoformat() if isinstance(value, datetime.date) else None

    def from_json(self, name: str, value: object) -> object:
        text = text_in(name, value)
        try:
            return datetime.datetime.strptime(text, "%Y-%m-%d").date()
        except ValueError:
            raise BadValue(name, f"{text!r} is no day; write it like 2022-03-04") from None


@dataclass(frozen=True)
class OneOf(Form):
    """One of a small vocabulary."""

    of: Type[Named] = Named
    size = 1

    def normal(self, name: str, value: object) -> object:
        try:
            return self.of(value)  # type: ignore[arg-type]
        except ValueError:
            known = ", ".join(f"{self.of.__name__}.{one.name}" for one in self.of)
            raise BadValue(name, f"{value!r} is none of {known}") from None

    def pack(self, name: str, value: object) -> bytes:
        return bytes([self.of(value)])  # type: ignore[arg-type]

    def unpack(self, name: str, data: bytes) -> object:
        return self.normal(name, data[0])

    def to_json(self, value: object) -> object:
        return self.of(value).slug  # type: ignore[arg-type]

    def from_json(self, name: str, value: object) -> object:
        for one in self.of:
            if one.slug == value:
                return one
        raise BadValue(name, f"{value!r} is none of {', '.join(one.slug for one in self.of)}")


@dataclass(frozen=True)
class PostsOf(Form):
    """Posts, as bits, and as a list of names in JSON."""

    size = 1

    def normal(self, name: str, value: object) -> object:
        return Posts(check_range(name, int(value), 0, 7))  # type: ignore[call-overload]

    def pack(self, name: str, value: object) -> bytes:
        return bytes([int(value)])  # type: ignore[call-overload]

    def unpack(self, name: str, data: bytes) -> object:
        return self.normal(name, data[0])

    def to_json(self, value: object) -> object:
        return value.slugs if isinstance(value, Posts) else None

    def from_json(self, name: str, value: object) -> object:
        posts = Posts.NONE
        for item in value if isinstance(value, list) else [value]:
            one = next((post for post in Posts if post.slugs == [item]), None)
            if one is None:
                raise BadValue(name, f"{item!r} is none of unit, department, finance")
            posts |= one
        return posts


@dataclass(frozen=True)
class YesNo(Form):
    """0 or 1."""

    size = 1

    def normal(self, name: str, value: object) -> object:
        if not isinstance(value, bool):
            raise BadValue(name, f"{value!r} is neither True nor False")
        return value

    def pack(self, name: str, value: object) -> bytes:
        return bytes([bool(value)])

    def unpack(self, name: str, data: bytes) -> object:
        return bool(check_range(name, data[0], 0, 1))


@dataclass(frozen=True)
class NineDigits(Form):
    """The official code of a division."""

    size = 9

    def normal(self, name: str, value: object) -> object:
        if not (isinstance(value, str) and len(value) == 9 and value.isascii() and value.isdigit()):
            raise BadValue(name, f"{value!r} is no division code; write its nine digits")
        return value

    def pack(self, name: str, value: object) -> bytes:
        return str(value).encode("ascii")

    def unpack(self, name: str, data: bytes) -> object:
        return self.normal(name, data.decode("latin-1"))

    def from_json(self, name: str, value: object) -> object:
        return text_in(name, value)


def text_in(name: str, value: object) -> str:
    """A string of a JSON line."""
    if not isinstance(value, str):
        raise BadValue(name, f"{value!r} is not written as a string")
    return value


def decimal_of(name: str, value: object) -> int:
    """A number that a JSON line writes as a string."""
    text = text_in(name, value)
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0"):
        raise BadValue(name, f"{text!r} is no whole number")
    return int(text)


def hex_of(name: str, value: object, digits: int) -> int:
    """A number that a JSON line writes as hex digits."""
    text = text_in(name, value)
    if len(text) != digits or any(char not in "0123456789abcdefABCDEF" for char in text):
        raise BadValue(name, f"{text!r} is not {digits} hex digits")
    return int(text, 16)
