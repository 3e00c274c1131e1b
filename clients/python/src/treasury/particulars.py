"""The particulars (要素) of a payment: six texts that the engine keeps and does not judge."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Dict, List

from .codes import Code
from .errors import BadValue
from .limits import PARTICULARS_BYTES_MAX, U16_MAX

_BANK_DIGITS = 12


@dataclass(frozen=True)
class Particulars:
    """Six texts; all of them empty is none. `numbers` are official numbers (文号)."""

    payee_name: str = ""
    payee_account: str = ""
    payee_bank: str = ""
    purpose: str = ""
    document: str = ""
    numbers: str = ""

    def __post_init__(self) -> None:
        bank = self.payee_bank
        if bank and not (len(bank) == _BANK_DIGITS and bank.isascii() and bank.isdigit()):
            raise BadValue("payee_bank", f"{bank!r} is no bank number (联行号); write twelve digits")
        self.encode()

    def encode(self) -> bytes:
        """The tail they make: empty, or six texts in a row."""
        texts = [text.encode("utf-8") for text in self._texts()]
        if not any(texts):
            return b""
        if any(len(text) > U16_MAX for text in texts):
            raise self._too_long(sum(map(len, texts)))
        tail = b"".join(len(text).to_bytes(2, "little") + text for text in texts)
        if len(tail) > PARTICULARS_BYTES_MAX:
            raise self._too_long(len(tail))
        return tail

    def _texts(self) -> List[str]:
        texts = [getattr(self, one.name) for one in fields(self)]
        for one, text in zip(fields(self), texts):
            if not isinstance(text, str):
                raise BadValue(one.name, f"{text!r} is no text")
        return texts

    @staticmethod
    def _too_long(found: int) -> BadValue:
        problem = f"have {found} bytes; at most {PARTICULARS_BYTES_MAX} together"
        return BadValue("particulars", problem, Code.TEXT_TOO_LONG)

    @classmethod
    def decode(cls, data: bytes) -> Particulars:
        """From the tail of a command, or from an event's body."""
        if not data:
            return cls()
        texts: List[str] = []
        at = 0
        for one in fields(cls):
            end = at + 2 + int.from_bytes(data[at : at + 2], "little")
            if at + 2 > len(data) or end > len(data):
                raise BadValue("particulars", f"are cut short in {one.name}")
            try:
                texts.append(data[at + 2 : end].decode("utf-8"))
            except UnicodeDecodeError as error:
                raise BadValue(one.name, f"is not UTF-8: {error.reason}") from None
            at = end
        if at != len(data):
            raise BadValue("particulars", f"have {len(data) - at} bytes behind their six texts")
        return cls(*texts)

    def to_json(self) -> Dict[str, str]:
        """Those that are not empty."""
        return {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name)}

    @classmethod
    def from_json(cls, value: Any) -> Particulars:
        """From the object of a JSON line."""
        known = {one.name for one in fields(cls)}
        if not isinstance(value, dict) or not set(value) <= known:
            raise BadValue("particulars", f"are an object with some of {', '.join(sorted(known))}")
        return cls(**value)
