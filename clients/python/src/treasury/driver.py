"""The task that owns a connection: gathers calls into frames, sends, hears, and sends again.

Calls that come while a frame is on its way are gathered into the next one: no timer, no delay when
idle, bigger frames under load. It never makes an id and never decides; what was sent and not
answered is sent again, the very same, on the next connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Tuple, Union

from .backoff import pause_s
from .codes import Code, Then
from .commands import Command
from .errors import BadFrame, Closed, NoAnswer, NoConnection, ServerSaid
from .frames import Frame, FrameKind, Hello, commands_frame, put_frame
from .limits import (
    BUDGET_MS_MAX,
    COMMAND_BYTES,
    GOODBYE_WAIT_S,
    HEADER_BYTES,
    HEARTBEATS_OF_SILENCE_MAX,
    QUEUE_MAX,
)
from .link import Address, Link
from .outcomes import Outcome, Unknown, outcome_of, turned_away
from .replies import ErrorMessage, expect, read_error, read_results

#: What passes by itself: the same is sent again after a pause, as long as its call may last.
COMES_AGAIN = frozenset(
    {
        Code.BUSY,
        Code.DISK_LOW,
        Code.DISK_FULL,
        Code.LATE,
        Code.SHUTTING_DOWN,
        Code.SUSPENSE_FULL,
    }
)


class Unit:
    """What is sent and answered as one: a command, or a linked run."""

    def __init__(
        self,
        commands: Sequence[Command],
        encoded: List[Tuple[bytes, bytes]],
        deadline: float,
        answer: "asyncio.Future[List[Outcome]]",
    ) -> None:
        self.commands = tuple(commands)
        self.encoded = encoded
        self.bytes = sum(COMMAND_BYTES + len(tail) for _, tail in encoded)
        self.deadline = deadline
        self.answer = answer
        self.attempts = 0
        #: A sending may have been taken without our hearing of it.
        self.doubted = False
        self.in_flight = False
        self.away = Code.LATE

    def settle(self, outcomes: List[Outcome]) -> None:
        """Tells the caller, if he still waits."""
        if not self.answer.done():
            self.answer.set_result(outcomes)

    def unanswered(self, why: str) -> List[Outcome]:
        """What its commands come to when no answer will be waited for."""
        if self.doubted or self.in_flight:
            return [Unknown(one, why) for one in self.commands]
        return [turned_away(one, self.away) for one in self.commands]

    def refuse(self, code: Code) -> None:
        """An answer for the whole unit that says nothing was decided this time."""
        if self.doubted and code.then is Then.SAME_ID or code.then is Then.ASK:
            self.settle([Unknown(one, code.english) for one in self.commands])
        else:
            self.settle([turned_away(one, code) for one in self.commands])


@dataclass
class Question:
    """A question about state, or about the server. Asking again is always safe."""

    what: str
    frame: Callable[[int], bytes]
    kind: FrameKind
    read: Callable[[Frame], Any]
    weight: int
    deadline: float
    answer: "asyncio.Future[Any]"
    attempts: int = 0


@dataclass
class _Flight:
    units: List[Unit]
    question: Optional[Question]
    commands: int
    bytes: int


class Driver:
    """Owns the connection of one client, and everything that waits for it."""

    def __init__(self, address: Address, hello: Hello, link: Link) -> None:
        self.address = address
        self.hello = hello
        self.welcome = link.welcome
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(QUEUE_MAX)
        self._units: Deque[Unit] = deque()
        self._questions: Deque[Question] = deque()
        self._flights: Dict[int, _Flight] = {}
        self._commands_out = 0
        self._bytes_out = 0
        self._number = 0
        self._wake = asyncio.Event()
        self._ended: Optional[str] = None
        #: What last kept a connection from working, for those who hear no answer.
        self._trouble = ""
        self._link: Optional[Link] = link
        self._goodbye: "asyncio.Future[None]" = self._loop.create_future()
        self._task = self._loop.create_task(self._run(link))

    # --- for the client ---------------------------------------------------------------------------

    async def give(
        self, batches: List[Tuple[Sequence[Command], List[Tuple[bytes, bytes]]]], wait_s: float
    ) -> List[List[Outcome]]:
        """Gives units in their order and waits for their outcomes."""
        deadline = self._loop.time() + wait_s
        units = [
            Unit(commands, encoded, deadline, self._loop.create_future())
            for commands, encoded in batches
        ]
        held = 0
        try:
            for unit in units:
                if self._ended is not None:
                    raise Closed(self._ended)
                if not await self._has_room(deadline):
                    break
                held += 1
                self._units.append(unit)
                self._wake.set()
            left = max(deadline - self._loop.time(), 0)
            await asyncio.wait([unit.answer for unit in units], timeout=left)
        finally:
            for _ in range(held):
                self._room.release()
            for unit in units:
                if not unit.answer.done():
                    unit.answer.cancel()
        why = f"no answer within {wait_s:g} s{self._trouble}"
        return [
            unit.unanswered(why) if unit.answer.cancelled() else unit.answer.result()
            for unit in units
        ]

    async def ask(
        self,
        what: str,
        frame: Callable[[int], bytes],
        kind: FrameKind,
        read: Callable[[Frame], Any],
        wait_s: float,
        weight: int = 1,
    ) -> Any:
        """Asks a question and waits for its answer."""
        if self._ended is not None:
            raise Closed(self._ended)
        deadline = self._loop.time() + wait_s
        answer: "asyncio.Future[Any]" = self._loop.create_future()
        if not await self._has_room(deadline):
            raise NoAnswer(what, wait_s, self._trouble)
        try:
            question = Question(what, frame, kind, read, weight, deadline, answer)
            self._questions.append(question)
            self._wake.set()
            return await asyncio.wait_for(answer, max(deadline - self._loop.time(), 0))
        except asyncio.TimeoutError:
            raise NoAnswer(what, wait_s, self._trouble) from None
        finally:
            self._room.release()

    async def _has_room(self, deadline: float) -> bool:
        if not self._room.locked():
            await self._room.acquire()
            return True
        try:
            await asyncio.wait_for(self._room.acquire(), max(deadline - self._loop.time(), 0))
        except asyncio.TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Says goodbye, hears what is still due, and ends."""
        if self._ended is None and self._link is not None:
            self._link.send(put_frame(FrameKind.GOODBYE, 0))
            self._ended = "it was closed"
            await asyncio.wait([self._goodbye, self._task], timeout=GOODBYE_WAIT_S)
        self._end("it was closed", Code.SHUTTING_DOWN)
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._link is not None:
            self._link.abort()

    # --- the task ---------------------------------------------------------------------------------

    async def _run(self, link: Link) -> None:
        current: Optional[Link] = link
        failures = 0
        while self._ended is None:
            at_least_ms = 0
            try:
                if current is None:
                    await self._something_waits()
                    current = await Link.open(self.address, self.hello)
                self._link, self.welcome, self._trouble = current, current.welcome, ""
                heard_at = current.heard_at
                try:
                    await self._serve(current)
                finally:
                    failures = 0 if current.heard_at > heard_at else failures
            except ServerSaid as error:
                if error.code.then is Then.NEVER:
                    return self._end(str(error), error.code)
                at_least_ms = error.message.retry_after_ms
            except (OSError, BadFrame) as error:
                # Nothing behind it can be trusted: what was in flight is sent again.
                self._trouble = f"; last trouble: {error}"
            finally:
                self._ground()
                if current is not None:
                    current.abort()
            current = self._link = None
            if self._ended is None:
                failures += 1
                await asyncio.sleep(pause_s(failures, at_least_ms))

    async def _something_waits(self) -> None:
        while not (
            any(not unit.answer.done() for unit in self._units)
            or any(not question.answer.done() for question in self._questions)
        ):
            self._units.clear()
            self._questions.clear()
            self._wake.clear()
            await self._wake.wait()

    async def _serve(self, link: Link) -> None:
        self._wake.set()
        tasks = [
            self._loop.create_task(self._hear(link)),
            self._loop.create_task(self._speak(link)),
            self._loop.create_task(self._beat(link)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self, link: Link) -> None:
        while True:
            frame = await link.frame()
            if frame is None:
                raise NoConnection(str(self.address), "it was closed")
            if frame.kind is FrameKind.GOODBYE:
                if not self._goodbye.done():
                    self._goodbye.set_result(None)
                raise NoConnection(str(self.address), "the server said goodbye")
            self._take(frame)

    async def _beat(self, link: Link) -> None:
        beat = link.welcome.heartbeat_ms / 1_000
        while True:
            await asyncio.sleep(beat / 2)
            now = self._loop.time()
            if now - link.heard_at >= beat * HEARTBEATS_OF_SILENCE_MAX:
                raise NoConnection(str(self.address), "nothing heard for four heartbeats")
            if now - min(link.heard_at, link.sent_at) >= beat / 2:
                link.ping(self._next())

    async def _speak(self, link: Link) -> None:
        while True:
            self._wake.clear()
            if not self._load(link):
                await self._wake.wait()
            await link.drained()

    def _next(self) -> int:
        self._number += 1
        return self._number

    # --- out --------------------------------------------------------------------------------------

    def _load(self, link: Link) -> bool:
        """Sends one frame, if something waits and the window is open."""
        if self._ended is not None:
            return False
        while self._questions:
            question = self._questions[0]
            if question.answer.done():
                self._questions.popleft()
                continue
            if not self._window_has(question.weight, 0):
                return False
            self._questions.popleft()
            number = self._next()
            data = question.frame(number)
            self._depart(link, number, data, _Flight([], question, question.weight, len(data)))
            return True
        return self._load_units(link)

    def _load_units(self, link: Link) -> bool:
        now = self._loop.time()
        gathered: List[Unit] = []
        commands, size = 0, HEADER_BYTES
        budget_s = BUDGET_MS_MAX / 1_000
        while self._units:
            unit = self._units[0]
            left = unit.deadline - now
            # What has less than a millisecond left is not sent: its caller is about to leave.
            if unit.answer.done() or left < 0.001:
                self._units.popleft()
                continue
            more, bigger = commands + len(unit.encoded), size + unit.bytes
            beyond = more > self.welcome.commands_per_frame_max or bigger > self.welcome.frame_bytes_max
            if beyond and not gathered:
                self._units.popleft()
                unit.refuse(Code.BAD_FRAME)
                continue
            if beyond or not self._window_has(more, bigger):
                break
            gathered.append(self._units.popleft())
            commands, size = more, bigger
            budget_s = min(budget_s, left)
        if not gathered:
            return False
        encoded = [one for unit in gathered for one in unit.encoded]
        for unit in gathered:
            unit.in_flight = True
        number = self._next()
        data = commands_frame(number, encoded, max(int(budget_s * 1_000), 1))
        self._depart(link, number, data, _Flight(gathered, None, commands, size))
        return True

    def _window_has(self, commands: int, size: int) -> bool:
        """One unit may always be in flight: a window smaller than it must not stop it for ever."""
        return not self._flights or (
            self._commands_out + commands <= self.welcome.window_commands
            and self._bytes_out + size <= self.welcome.window_bytes
        )

    def _depart(self, link: Link, number: int, data: bytes, flight: _Flight) -> None:
        self._flights[number] = flight
        self._commands_out += flight.commands
        self._bytes_out += flight.bytes
        link.send(data)

    # --- in ---------------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        if frame.kind is FrameKind.ERROR and frame.request == 0:
            raise ServerSaid(read_error(frame))
        flight = self._flights.get(frame.request)
        if flight is None:
            return
        # Read the whole reply before the flight is taken, so that a bad one leaves it in doubt.
        settle: Callable[[], None]
        if frame.kind is FrameKind.ERROR:
            settle = self._failed(flight, read_error(frame))
        elif flight.question is not None:
            settle = _answer(flight.question, frame)
        else:
            settle = self._answered(flight, expect(frame, FrameKind.RESULTS))
        del self._flights[frame.request]
        self._commands_out -= flight.commands
        self._bytes_out -= flight.bytes
        for unit in flight.units:
            unit.in_flight = False
        settle()
        self._wake.set()

    def _answered(self, flight: _Flight, frame: Frame) -> Callable[[], None]:
        position, results = read_results(frame)
        if len(results) != flight.commands:
            raise BadFrame(f"{len(results)} results for {flight.commands} commands")

        def settle() -> None:
            at = 0
            for unit in flight.units:
                own = results[at : at + len(unit.commands)]
                at += len(unit.commands)
                away = [one.code for one in own if one.code in COMES_AGAIN]
                if away:
                    self._again(unit, away[0], 0)
                elif unit.doubted and any(one.code.then is Then.SAME_ID for one in own):
                    unit.refuse(own[0].code)
                else:
                    pairs = zip(unit.commands, own)
                    unit.settle([outcome_of(one, result, position) for one, result in pairs])

        return settle

    def _failed(self, flight: _Flight, message: ErrorMessage) -> Callable[[], None]:
        def settle() -> None:
            for unit in flight.units:
                if message.code in COMES_AGAIN:
                    self._again(unit, message.code, message.retry_after_ms)
                else:
                    unit.refuse(message.code)
            if flight.question is not None:
                if message.code in COMES_AGAIN:
                    self._again(flight.question, message.code, message.retry_after_ms)
                elif not flight.question.answer.done():
                    flight.question.answer.set_exception(ServerSaid(message))

        return settle

    def _again(self, what: Union[Unit, Question], code: Code, at_least_ms: int) -> None:
        what.attempts += 1
        if isinstance(what, Unit):
            what.away = code
        self._loop.call_later(pause_s(what.attempts, at_least_ms), self._requeue, what)

    def _requeue(self, what: Union[Unit, Question]) -> None:
        if isinstance(what, Unit):
            self._units.append(what)
        else:
            self._questions.append(what)
        self._wake.set()
        if self._ended is not None:
            self._end(self._ended, Code.SHUTTING_DOWN)

    def _ground(self) -> None:
        """The connection is gone: what was in flight may have been taken, and is sent again."""
        for number in sorted(self._flights, reverse=True):
            flight = self._flights[number]
            if flight.question is not None:
                self._questions.appendleft(flight.question)
            for unit in reversed(flight.units):
                unit.doubted, unit.in_flight = True, False
                self._units.appendleft(unit)
        self._flights.clear()
        self._commands_out = self._bytes_out = 0

    def _end(self, why: str, code: Code) -> None:
        self._ended = self._ended or why
        self._ground()
        for unit in self._units:
            unit.away = code
            unit.settle(unit.unanswered(why))
        for question in self._questions:
            if not question.answer.done():
                question.answer.set_exception(Closed(why))
        self._units.clear()
        self._questions.clear()


def _answer(question: Question, frame: Frame) -> Callable[[], None]:
    answer = question.read(expect(frame, question.kind))

    def settle() -> None:
        if not question.answer.done():
            question.answer.set_result(answer)

    return settle


def as_single(outcomes: List[List[Outcome]]) -> List[Outcome]:
    """The outcomes of units of one command each."""
    return [one for unit in outcomes for one in unit]
