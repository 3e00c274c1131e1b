"""Committed events as they come, on a connection of their own."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Deque, Optional, Tuple, Type

from .backoff import pause_s
from .codes import Code, Then
from .errors import BadFrame, Diverged, NoConnection, ServerSaid
from .events import Event, read_event
from .frames import Cursor, FrameKind, Hello, put_frame, subscribe_frame
from .limits import HEARTBEATS_OF_SILENCE_MAX, RESUMES_IN_A_ROW_MAX
from .link import Address, Link
from .replies import read_error, read_events

_REQUEST, _PING = 1, 2


class AsyncSubscription:
    """An async iterator of events. Keep `event.cursor` beside what was taken in, to go on later.

    Raises `Diverged` where the cursor is not in this journal, and `NoConnection` when the
    connection breaks and cannot be made again.
    """

    def __init__(
        self,
        address: Address,
        hello: Hello,
        cursor: Cursor,
        names: Tuple[str, ...],
        limit: int,
        handled: int,
        resume: bool,
    ) -> None:
        self._address = address
        self._hello = hello
        self._cursor = cursor
        self._names = names
        self._limit = limit
        self._resume = resume
        self._told = 0
        self._last = max(handled, cursor.sequence)
        self._ready: Deque[Event] = deque()
        self._link: Optional[Link] = None
        self._beat: "Optional[asyncio.Task[None]]" = None
        self._ended = False
        # Checks the names and the limit before anything is sent.
        subscribe_frame(_REQUEST, cursor, limit, names)

    @property
    def cursor(self) -> Cursor:
        """Where to come back to once every event told so far is safe."""
        return self._cursor

    def __aiter__(self) -> AsyncSubscription:
        return self

    async def __anext__(self) -> Event:
        failures = 0
        while not self._ready:
            if self._ended or self._limit and self._told >= self._limit:
                await self.close()
                raise StopAsyncIteration
            try:
                await self._more()
                failures = 0
            except (OSError, BadFrame, ServerSaid) as error:
                self._break()
                passes = not isinstance(error, ServerSaid) or error.code.then is not Then.NEVER
                failures += 1
                if not (self._resume and passes) or failures > RESUMES_IN_A_ROW_MAX:
                    raise
                await asyncio.sleep(pause_s(failures))
        event = self._ready.popleft()
        self._cursor, self._last = event.cursor, event.sequence
        self._told += 1
        return event

    async def _more(self) -> None:
        link = self._link
        if link is None:
            link = self._link = await Link.open(self._address, self._hello)
            left = self._limit - self._told if self._limit else 0
            if left:
                # What was told behind the cursor is told again, and counts against a limit.
                left += max(self._last - self._cursor.sequence, 0)
            link.send(subscribe_frame(_REQUEST, self._cursor, left, self._names))
            self._beat = asyncio.get_running_loop().create_task(_beat(link))
        silence_s = link.welcome.heartbeat_ms * HEARTBEATS_OF_SILENCE_MAX / 1_000
        try:
            frame = await asyncio.wait_for(link.frame(), silence_s)
        except asyncio.TimeoutError:
            raise NoConnection(str(self._address), "nothing heard for four heartbeats") from None
        if frame is None or frame.kind is FrameKind.GOODBYE:
            raise NoConnection(str(self._address), "it was closed")
        if frame.kind is FrameKind.ERROR:
            message = read_error(frame)
            raise Diverged(message) if message.code is Code.DIVERGED else ServerSaid(message)
        if frame.kind is FrameKind.SUBSCRIPTION_ENDED:
            self._ended = True
        elif frame.kind is FrameKind.EVENTS:
            cursor, records = read_events(frame)
            fresh = [record for record in records if record.sequence > self._last]
            for at, record in enumerate(fresh):
                whole = at == len(fresh) - 1
                self._ready.append(read_event(record, cursor if whole else self._cursor))
            if not fresh:
                self._cursor = cursor
        elif frame.kind is not FrameKind.PONG:
            raise BadFrame(f"a {frame.kind.slug} frame in a subscription")

    async def close(self) -> None:
        """Ends the subscription."""
        self._ended = True
        if self._link is not None:
            self._link.send(put_frame(FrameKind.UNSUBSCRIBE, _REQUEST))
        self._break()

    def _break(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
        if self._link is not None:
            self._link.abort()
        self._beat = self._link = None

    async def __aenter__(self) -> AsyncSubscription:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()


async def _beat(link: Link) -> None:
    """Says that this side is alive, however long the caller thinks about an event."""
    while True:
        await asyncio.sleep(link.welcome.heartbeat_ms / 1_000)
        link.ping(_PING)
