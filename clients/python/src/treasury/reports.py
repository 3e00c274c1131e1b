"""Reports: execution of the budget, the bulletin, deviations, alerts.

Every page says the report's basis and scope, its columns and its sum; its rows are texts, each read by the
form of its column.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Optional, Tuple

from .directory import Asked, Question, _Page, _read_page, _text
from .errors import BadFrame
from .frames import Frame, FrameKind
from .ids import NO_QUOTA, QuotaId, check_range
from .limits import REPORT_FILTER_BYTES_MAX, YEAR_MAX, YEAR_MIN
from .money import to_yuan
from .reader import Reader

_REPORT = struct.Struct("<BBBBHBxQ")
_WHOLE_AREA, _CARRY_OVER = 1, 2
_NO_PERIOD = 255


class _Named(IntEnum):
    @property
    def slug(self) -> str:
        """Its name in the documents."""
        return self.name.lower().replace("_", "-")


class ReportKind(_Named):
    """A report."""

    EXECUTION = 1
    TEN_DAY = 2
    MONTHLY = 3
    BULLETIN = 4
    DEVIATIONS = 5
    ALERTS = 6


class ReportBy(_Named):
    """What a row of an execution report stands for."""

    DIVISION = 1
    AREA = 2
    UNIT = 3
    FUNCTION = 4
    FUNCTION_GROUP = 5
    FUNCTION_ITEM = 6
    FUND = 7
    KIND = 8
    MONTH = 9
    TEN_DAYS = 10
    QUOTA = 11
    PAYMENT = 12
    TOWNSHIP = 13


class ReportBasis(_Named):
    """What counts as spent: what the banks have paid, or what is settled."""

    PAID = 1
    CLEARED = 2


class ReportForm(_Named):
    """What stands in a column."""

    TEXT = 1
    FEN = 2
    COUNT = 3
    BP = 4
    DAY = 5
    TIME_MS = 6
    AGE_MS = 7


@dataclass(frozen=True)
class Report(Question["ReportPage"]):
    """Asks for a page of a report."""

    kind: ReportKind
    year: int
    #: The division's nine-digit code; empty: the province.
    division: str = ""
    #: Its whole area (全辖); False: its own level (本级).
    whole_area: bool = True
    by: ReportBy = ReportBy.DIVISION
    basis: ReportBasis = ReportBasis.PAID
    carry_over: bool = True
    #: The last ten-day period, 0 to 35 from the year's beginning; 36: the adjustment period.
    upto: Optional[int] = None
    #: Beginnings of codes.
    unit: str = ""
    function: str = ""
    fund: str = ""
    #: The quota whose payments are rows.
    quota: Optional[QuotaId] = None
    asked: Asked = Asked()

    WHAT = "a report"
    KIND = FrameKind.REPORT
    ANSWER = FrameKind.REPORT_PAGE

    def body(self) -> bytes:
        scope = (_WHOLE_AREA if self.whole_area else 0) | (_CARRY_OVER if self.carry_over else 0)
        fixed = _REPORT.pack(
            self.kind,
            self.by,
            self.basis,
            scope,
            check_range("year", self.year, YEAR_MIN, YEAR_MAX),
            _NO_PERIOD if self.upto is None else check_range("upto", self.upto, 0, 36),
            NO_QUOTA if self.quota is None else self.quota.number(),
        )
        texts = {"division": self.division, "unit": self.unit, "function": self.function, "fund": self.fund}
        return self.asked.encode() + fixed + b"".join(
            _text(field, text, REPORT_FILTER_BYTES_MAX) for field, text in texts.items()
        )

    def read(self, frame: Frame) -> ReportPage:
        body = Reader("a page of a report", frame.body)
        # As many rows as a frame has room for, not as many as a list may have.
        at, time, after = _read_page(body, 0)
        statements, columns = body.unpack("2H")
        title, chinese, total = body.text(), body.text(), body.text()
        said = tuple((body.text(), body.text(), body.text()) for _ in range(statements))
        named = tuple(_read_column(body) for _ in range(columns))
        rows = tuple(_fields(body.text(), named) for _ in range(frame.count))
        body.end()
        return ReportPage(
            at, time, after, title, chinese, said, named, rows, _fields(total, named) if total else None
        )


@dataclass(frozen=True)
class ReportColumn:
    """A column of a report."""

    name: str
    chinese: str
    form: ReportForm


@dataclass(frozen=True)
class ReportPage(_Page):
    """A page of a report."""

    title: str
    chinese: str
    #: What it says of itself: name, Chinese name, text.
    statements: Tuple[Tuple[str, str, str], ...]
    columns: Tuple[ReportColumn, ...]
    #: Fields as texts; amounts in yuan.
    rows: Tuple[Tuple[str, ...], ...]
    #: The sum over all pages; None: nothing is added up.
    total: Optional[Tuple[str, ...]]


def _read_column(body: Reader) -> ReportColumn:
    (number,) = body.unpack("B")
    try:
        form = ReportForm(number)
    except ValueError:
        raise BadFrame(f"a column of form {number}, which is none") from None
    name = body.text()
    return ReportColumn(name, body.text(), form)


def _fields(line: str, columns: Tuple[ReportColumn, ...]) -> Tuple[str, ...]:
    return tuple(
        str(to_yuan(int(field))) if column.form is ReportForm.FEN and field else field
        for field, column in zip(line.split("\t"), columns)
    )
