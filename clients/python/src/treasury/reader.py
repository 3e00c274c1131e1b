"""Reads the fields of a body one behind the other and notices when there are too few."""

from __future__ import annotations

import struct
from typing import Any, Tuple

from .errors import BadFrame


class Reader:
    """A body, and how far it was read."""

    def __init__(self, what: str, data: bytes, at: int = 0) -> None:
        self._what = what
        self._data = data
        self.at = at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.at + count
        if end > len(self._data):
            raise BadFrame(f"{self._what} cut short at byte {self.at}")
        self.at, start = end, self.at
        return self._data[start:end]

    def unpack(self, form: str) -> Tuple[Any, ...]:
        """The next numbers, in the notation of `struct` without its byte order."""
        form = "<" + form
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def u8(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """The next 16 bits."""
        return int.from_bytes(self.take(2), "little")

    def u32(self) -> int:
        """The next 32 bits."""
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        """The next 64 bits."""
        return int.from_bytes(self.take(8), "little")

    def i64(self) -> int:
        """The next 64 bits with a sign."""
        return int.from_bytes(self.take(8), "little", signed=True)

    def u128(self) -> int:
        """The next 128 bits."""
        return int.from_bytes(self.take(16), "little")

    def text(self) -> str:
        """A u16 length and so many bytes of UTF-8."""
        data = self.take(self.u16())
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise BadFrame(f"{self._what} with a text that is not UTF-8") from None

    def zeros(self, count: int) -> None:
        """Bytes that have no meaning."""
        if any(self.take(count)):
            raise BadFrame(f"{self._what} with bytes that have no meaning")

    def end(self) -> None:
        """Nothing may be left."""
        if self.at != len(self._data):
            raise BadFrame(f"{self._what} with {len(self._data) - self.at} bytes behind its end")
