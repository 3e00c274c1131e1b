"""Money: `Decimal` yuan with two decimals at the edge, a whole number of fen (分) inside.

A float never becomes money: it is turned away.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Union

from .codes import Code
from .errors import BadValue
from .limits import AMOUNT_FEN_MAX

#: What a caller may give as an amount of yuan.
Yuan = Union[Decimal, int, str]

_TEXT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]{1,2})?")


def to_fen(amount: Yuan, field: str = "amount") -> int:
    """Whole fen from yuan: `Decimal("12.5")`, `12` or `"12.50"` is 1250.

    Raises `BadValue` for a float, a third decimal, or what is out of bounds.
    """
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
        raise BadValue(
            field, f"{amount!r} is no amount; give yuan as Decimal, int or text, never as float"
        )
    if isinstance(amount, str):
        if not _TEXT.fullmatch(amount):
            raise BadValue(field, f"{amount!r} is no amount; write yuan like 1234.50")
        amount = Decimal(amount)
    if isinstance(amount, int):
        amount = Decimal(amount)
    if not amount.is_finite():
        raise BadValue(field, f"{amount} is no amount; give a finite number of yuan")
    if not -AMOUNT_FEN_MAX <= amount <= AMOUNT_FEN_MAX:
        raise _out_of_bounds(field, amount)
    numerator, denominator = amount.as_integer_ratio()
    fen, rest = divmod(numerator * 100, denominator)
    if rest:
        raise BadValue(field, f"{amount} yuan is no whole number of fen; round it where it is made")
    if abs(fen) > AMOUNT_FEN_MAX:
        raise _out_of_bounds(field, amount)
    return fen


def to_yuan(fen: int) -> Decimal:
    """Yuan with exactly two decimals from whole fen."""
    sign, digits = (1, str(-fen)) if fen < 0 else (0, str(fen))
    return Decimal((sign, tuple(int(digit) for digit in digits), -2))


def text_of(fen: int) -> str:
    """Yuan as text with two decimals: 123450 is "1234.50"."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def _out_of_bounds(field: str, amount: Decimal) -> BadValue:
    bound = text_of(AMOUNT_FEN_MAX)
    return BadValue(
        field,
        f"{amount} yuan is out of bounds; at most {bound} on either side of zero",
        Code.AMOUNT_OUT_OF_BOUNDS,
    )
