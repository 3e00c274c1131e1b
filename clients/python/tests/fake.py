"""A small server over real TCP that misbehaves as told: each frame of commands meets the next act."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import List, Optional, Set, Tuple, Union

from treasury import Code
from treasury.frames import Frame, FrameKind, Hello, put_frame, split_commands, split_frame
from treasury.limits import HELLO_BYTES


@dataclass(frozen=True)
class Codes:
    """Answers each command of the frame with the next of these; the last one again and again."""

    codes: Tuple[Code, ...] = (Code.ACCEPTED,)


@dataclass(frozen=True)
class Away:
    """Turns the whole frame away."""

    code: Code
    request_zero: bool = False
    retry_after_ms: int = 1


class Cut:
    """Closes the connection without a word."""


class Silence:
    """Says nothing."""


@dataclass(frozen=True)
class Raw:
    """Answers with these bytes, behind a header of this kind."""

    kind: FrameKind
    body: bytes
    count: int = 0


Act = Union[Codes, Away, Cut, Silence, Raw]


def error_body(code: Code, retry_after_ms: int = 0) -> bytes:
    """The body of an error frame."""
    body = int(code).to_bytes(2, "little") + bytes(2) + retry_after_ms.to_bytes(4, "little") + bytes(16)
    for text in (code.english, code.chinese, code.next_step, ""):
        data = text.encode("utf-8")
        body += len(data).to_bytes(2, "little") + data
    return body


def results_body(codes: List[Code]) -> bytes:
    """The body of a results frame."""
    rows = [int(code).to_bytes(2, "little") + bytes(22) for code in codes]
    return (3).to_bytes(4, "little") + bytes(4) + (900).to_bytes(8, "little") + b"".join(rows)


@dataclass
class Seen:
    """A frame of commands as the server saw it: ids, flags and budget."""

    ids: List[int]
    flags: List[int]
    budget_ms: int


@dataclass
class FakeServer:
    """Listens on a free port; acts are used up one by one, and then every frame is accepted."""

    acts: List[Act] = field(default_factory=list)
    window: int = 65_536
    per_frame: int = 8_190
    heartbeat_ms: int = 10_000
    refuses_hello: Optional[Code] = None
    seen: List[Seen] = field(default_factory=list)
    answers_pings: bool = True
    pings: int = 0
    connections: int = 0
    hold: Optional[asyncio.Event] = None
    _server: Optional[asyncio.base_events.Server] = None
    _tasks: "Set[asyncio.Task[None]]" = field(default_factory=set)

    async def __aenter__(self) -> FakeServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    def _welcome(self) -> bytes:
        body = (1).to_bytes(2, "little") + bytes([2, 0]) + (3).to_bytes(4, "little")
        body += (5).to_bytes(16, "little")
        for number in (1 << 20, self.per_frame, self.window, 1 << 24, self.heartbeat_ms):
            body += number.to_bytes(4, "little")
        return put_frame(FrameKind.WELCOME, 0, body + (4).to_bytes(2, "little") + b"fake")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            Hello.decode(await reader.readexactly(HELLO_BYTES))
            if self.refuses_hello is not None:
                writer.write(put_frame(FrameKind.ERROR, 0, error_body(self.refuses_hello)))
                await writer.drain()
                return
            writer.write(self._welcome())
            data = b""
            while True:
                split = split_frame(data)
                if split is None:
                    more = await reader.read(1 << 16)
                    if not more:
                        return
                    data += more
                    continue
                frame, end = split
                data = data[end:]
                if not await self._answer(frame, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _answer(self, frame: Frame, writer: asyncio.StreamWriter) -> bool:
        if frame.kind is FrameKind.GOODBYE:
            writer.write(put_frame(FrameKind.GOODBYE, 0))
            return False
        if frame.kind is FrameKind.PING:
            self.pings += 1
            if not self.answers_pings:
                return True
            writer.write(put_frame(FrameKind.PONG, frame.request, results_body([])))
            return True
        act: Act = self.acts.pop(0) if self.acts else Codes()
        if frame.kind is FrameKind.COMMANDS:
            rows = [row for row, _ in split_commands(frame)]
            ids = [int.from_bytes(row[16:32], "little") for row in rows]
            flags = [int.from_bytes(row[2:4], "little") for row in rows]
            self.seen.append(Seen(ids, flags, frame.budget_ms))
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(act, Cut):
            return False
        if isinstance(act, Away):
            request = 0 if act.request_zero else frame.request
            writer.write(put_frame(FrameKind.ERROR, request, error_body(act.code, act.retry_after_ms)))
            return not act.request_zero
        if isinstance(act, Codes):
            codes = list(act.codes[: frame.count])
            codes += [act.codes[-1]] * (frame.count - len(codes))
            body = results_body(codes)
            writer.write(put_frame(FrameKind.RESULTS, frame.request, body, frame.count))
        if isinstance(act, Raw):
            writer.write(put_frame(act.kind, frame.request, act.body, act.count))
        return True
