"""Ids: what names a quota, a payment, an act, a day, and how they are written."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import NamedTuple, Union

from .errors import BadValue
from .limits import (
    CLASS_CHARS_MAX,
    QUOTA_SERIAL_MAX,
    U16_MAX,
    U64_MAX,
    YEAR_MAX,
    YEAR_MIN,
)

#: The quota id that means none, as a parent.
NO_QUOTA = U64_MAX

_QUOTA = re.compile(r"(0|[1-9][0-9]{0,4})/([0-9]{4})/(0|[1-9][0-9]{0,12})")
_CLASS = re.compile(r"[0-9A-Za-z]{1,8}")


class QuotaId(NamedTuple):
    """A quota (指标): division, year and serial; as text `division/year/serial`."""

    division: int
    year: int
    serial: int

    @classmethod
    def parse(cls, text: str, field: str = "quota") -> QuotaId:
        """Reads `184/2022/5`."""
        match = _QUOTA.fullmatch(text)
        if match is None:
            raise BadValue(field, f"{text!r} is no quota; write division/year/serial like 184/2022/5")
        quota = cls(*(int(part) for part in match.groups()))
        quota.number(field)
        return quota

    @classmethod
    def from_number(cls, number: int) -> QuotaId:
        """From the 64 bits it has on the wire."""
        return cls(number >> 48, YEAR_MIN + (number >> 40 & 0xFF), number & QUOTA_SERIAL_MAX)

    def number(self, field: str = "quota") -> int:
        """The 64 bits it has on the wire."""
        check_range(field, self.division, 0, U16_MAX)
        check_range(field, self.year, YEAR_MIN, YEAR_MAX)
        check_range(field, self.serial, 0, QUOTA_SERIAL_MAX)
        number = self.division << 48 | (self.year - YEAR_MIN) << 40 | self.serial
        if number == NO_QUOTA:
            raise BadValue(field, "all ones stand for no quota; leave the field out instead")
        return number

    def __str__(self) -> str:
        return f"{self.division}/{self.year}/{self.serial}"


def new_id() -> uuid.UUID:
    """A fresh id for a payment, an act, a move or a batch.

    Draw it once, store it with the business it stands for, and send it again until the outcome is
    known.
    """
    return uuid.uuid4()


def check_range(field: str, value: int, low: int, high: int) -> int:
    """The value, if it is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadValue(field, f"{value!r} is not a whole number from {low} to {high}")
    return value


def id_of(field: str, value: Union[uuid.UUID, str]) -> uuid.UUID:
    """A UUID that is not zero, from itself or from its 32 hex digits."""
    if isinstance(value, str):
        try:
            value = uuid.UUID(value)
        except ValueError:
            raise BadValue(field, f"{value!r} is no UUID; write its 32 hex digits") from None
    if not isinstance(value, uuid.UUID):
        raise BadValue(field, f"{value!r} is no UUID; draw one with new_id() and store it")
    if value.int == 0:
        raise BadValue(field, "the UUID of zeros stands for none; draw one with new_id() and store it")
    return value


def class_bytes(field: str, value: str) -> bytes:
    """The 8 bytes of a class (分类): one to eight ASCII digits or letters, zeros behind."""
    if not isinstance(value, str) or not _CLASS.fullmatch(value):
        raise BadValue(field, f"{value!r} is no class; write one to eight digits or letters")
    return value.encode("ascii").ljust(CLASS_CHARS_MAX, b"\0")


def class_text(field: str, data: bytes) -> str:
    """A class from its 8 bytes; all zeros are "" (none, or any)."""
    text = data.rstrip(b"\0").decode("ascii", "replace")
    if text and not _CLASS.fullmatch(text):
        raise BadValue(field, f"{data!r} is no class; it is digits or letters with zeros behind")
    return text


def day_number(field: str, day: datetime.date) -> int:
    """A day as the number YYYYMMDD."""
    if isinstance(day, datetime.datetime) or not isinstance(day, datetime.date):
        raise BadValue(field, f"{day!r} is no day; give a datetime.date without a time")
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(field: str, number: int) -> datetime.date:
    """The day of the number YYYYMMDD."""
    try:
        return datetime.date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError:
        raise BadValue(field, f"{number} is no day of the calendar; write YYYYMMDD") from None
