"""One connection: hello, welcome, then frames both ways."""

from __future__ import annotations

import asyncio
from typing import NamedTuple, Optional

from .errors import BadFrame, BadValue, NoConnection, ServerSaid
from .frames import VERSION, Frame, FrameKind, Hello, Welcome, put_frame, split_frame
from .limits import HELLO_WAIT_MS, READ_BYTES
from .replies import read_error, read_welcome


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads `127.0.0.1:7370` or `[::1]:7370`."""
        host, colon, port = text.rpartition(":")
        if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
            raise BadValue("address", f"{text!r} is no address; write host:port")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Link:
    """A connection that has been welcomed."""

    def __init__(
        self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.address = address
        self.welcome: Welcome
        self._reader = reader
        self._writer = writer
        self._bytes = bytearray()
        self._taken = 0
        self._clock = asyncio.get_running_loop().time
        self.heard_at = self._clock()
        self.sent_at = self._clock()

    @classmethod
    async def open(cls, address: Address, hello: Hello) -> Link:
        """Connects and says hello. Raises `NoConnection`, `ServerSaid` or `BadFrame`."""
        try:
            return await asyncio.wait_for(cls._open(address, hello), HELLO_WAIT_MS / 1_000)
        except asyncio.TimeoutError:
            problem = f"nothing heard within {HELLO_WAIT_MS} ms"
            raise NoConnection(str(address), problem) from None
        except OSError as error:
            if isinstance(error, NoConnection):
                raise
            raise NoConnection(str(address), str(error)) from error

    @classmethod
    async def _open(cls, address: Address, hello: Hello) -> Link:
        reader, writer = await asyncio.open_connection(
            address.host, address.port, limit=READ_BYTES
        )
        link = cls(address, reader, writer)
        try:
            link.send(hello.encode())
            frame = await link.frame()
            if frame is None:
                raise NoConnection(str(address), "it was closed before a welcome")
            if frame.kind is FrameKind.ERROR:
                raise ServerSaid(read_error(frame))
            if frame.kind is not FrameKind.WELCOME:
                raise BadFrame(f"a {frame.kind.slug} frame where a welcome was awaited")
            link.welcome = read_welcome(frame)
            if link.welcome.version != VERSION:
                raise BadFrame(f"a welcome in version {link.welcome.version}; this is {VERSION}")
        except BaseException:
            link.abort()
            raise
        return link

    async def frame(self) -> Optional[Frame]:
        """The next frame; None when the other side has closed. Raises `OSError`, `BadFrame`."""
        while True:
            found = split_frame(self._bytes, self._taken)
            if found is not None:
                frame, self._taken = found
                return frame
            del self._bytes[: self._taken]
            self._taken = 0
            read = await self._reader.read(READ_BYTES)
            if not read:
                return None
            self.heard_at = self._clock()
            self._bytes += read

    def send(self, data: bytes) -> None:
        """Hands bytes over to be sent; `drained` waits until most of them are."""
        self.sent_at = self._clock()
        self._writer.write(data)

    async def drained(self) -> None:
        """Waits while too much is unsent."""
        await self._writer.drain()

    def ping(self, request: int) -> None:
        """Says that this side is alive."""
        self.send(put_frame(FrameKind.PING, request))

    def abort(self) -> None:
        """Ends the connection without a word."""
        self._writer.transport.abort()
