"""The asyncio client.

```python
async with await AsyncTreasury.connect("127.0.0.1:7370", role=Role.MAKER, channel=3) as desk:
    outcome = await desk.submit(Reserve(...))
```

Any number of tasks share one client: what they call at the same time goes out in one frame.
"""

from __future__ import annotations

import uuid
import weakref
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Dict, List, Optional, Sequence, Tuple, Type

from .codes import Code
from .commands import CHECK, Command
from .directory import (
    Asked,
    History,
    HistoryEvent,
    HistoryPage,
    ListedPayment,
    ListPayments,
    ListRows,
    PaymentFilter,
    PaymentPage,
    PaymentThen,
    Question,
    QuotaThen,
    R,
    RowPage,
    StateAt,
    Subject,
)
from .driver import Driver, as_single
from .errors import BadFrame, BadValue, NotAskable
from .frames import (
    Cursor,
    Frame,
    FrameKind,
    Hello,
    LookUp,
    Welcome,
    encode_run,
    look_ups_frame,
    put_frame,
)
from .ids import QuotaId, check_range
from .limits import (
    CALL_DEADLINE_S,
    CALL_DEADLINE_S_MAX,
    COMMAND_BYTES,
    FRAME_BYTES_MAX,
    HEADER_BYTES,
    LINKED_RUN_COMMANDS_MAX,
    LOOK_UPS_PER_FRAME_MAX,
    QUEUE_MAX,
)
from .link import Address, Link
from .names import Environment, Role
from .outcomes import Outcome, outcome_of
from .replies import (
    Health,
    Position,
    read_health,
    read_metrics,
    read_pong,
)
from .reports import Report, ReportPage
from .subscription import AsyncSubscription
from .views import OutcomeView, PaymentView, QuotaView, View, found_view, read_answers


class AsyncTreasury:
    """A client in one role. Use it as an `async with` block, or `close` it."""

    def __init__(self, driver: Driver, deadline_s: float) -> None:
        self._driver = driver
        self._deadline_s = deadline_s
        self._subscriptions: "weakref.WeakSet[AsyncSubscription]" = weakref.WeakSet()

    @classmethod
    async def connect(
        cls,
        address: str,
        *,
        role: Role,
        channel: int,
        environment: Environment = Environment.ANY,
        name: str = "",
        window: int = 0,
        deadline_s: float = CALL_DEADLINE_S,
    ) -> AsyncTreasury:
        """Connects to `host:port` and is welcomed.

        `deadline_s` is how long each call may last, repeats included. Raises `NoConnection`, or
        `ServerSaid` where the server will not have this client.
        """
        hello = Hello(role, channel, environment, name, window)
        place = Address.parse(address)
        _check_deadline(deadline_s)
        return cls(Driver(place, hello, await Link.open(place, hello)), deadline_s)

    @property
    def welcome(self) -> Welcome:
        """What the server said when the connection was last made."""
        return self._driver.welcome

    async def close(self) -> None:
        """Says goodbye and ends the connection; what is still due is heard first."""
        for subscription in list(self._subscriptions):
            await subscription.close()
        await self._driver.close()

    async def __aenter__(self) -> AsyncTreasury:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    # --- commands ---------------------------------------------------------------------------------

    async def submit(self, command: Command, *, deadline_s: Optional[float] = None) -> Outcome:
        """Gives one command and waits for its outcome.

        It is sent again, the very same, when the connection breaks or the server is busy, until
        `deadline_s` is over; it takes effect at most once.
        """
        return (await self.submit_all([command], deadline_s=deadline_s))[0]

    async def check(self, command: Command, *, deadline_s: Optional[float] = None) -> Outcome:
        """Asks what an order would be answered now, without effect. Nothing is promised by it."""
        given = [((command,), [command.encode(CHECK)])]
        return as_single(await self._driver.give(list(given), self._wait(deadline_s)))[0]

    async def submit_all(
        self, commands: Sequence[Command], *, deadline_s: Optional[float] = None
    ) -> List[Outcome]:
        """Gives many commands, each for itself, in their order; so are the outcomes.

        They go out in frames as large as the server takes. One that is turned away and sent again
        may be decided behind those after it.
        """
        check_range("commands", len(commands), 1, QUEUE_MAX)
        given = [((one,), [one.encode()]) for one in commands]
        return as_single(await self._driver.give(list(given), self._wait(deadline_s)))

    async def submit_run(
        self, commands: Sequence[Command], *, deadline_s: Optional[float] = None
    ) -> List[Outcome]:
        """Gives a linked run: all of it takes effect, or nothing does."""
        check_range("commands", len(commands), 1, LINKED_RUN_COMMANDS_MAX)
        encoded = encode_run(commands)
        size = HEADER_BYTES + sum(COMMAND_BYTES + len(tail) for _, tail in encoded)
        if size > FRAME_BYTES_MAX:
            problem = f"take {size} bytes as one run; shorten their texts to at most {FRAME_BYTES_MAX}"
            raise BadValue("commands", problem, Code.BAD_LINKED_RUN)
        return as_single(await self._driver.give([(commands, encoded)], self._wait(deadline_s)))

    # --- look-ups ---------------------------------------------------------------------------------

    async def ask(self, command: Command, *, deadline_s: Optional[float] = None) -> Optional[Outcome]:
        """What became of a command, by its id. None: it was never taken, and may be submitted.

        Raises `NotAskable` for commands without an id that can be asked by: submit them again.
        """
        if command.ASKED_BY is None or command.id is None:
            raise NotAskable(command.NAME)
        look_up = LookUp.outcome(command.ASKED_BY, *command.place, command.id)
        position, views = await self.look_up([look_up], deadline_s=deadline_s)
        view = found_view(views[0], OutcomeView)
        return None if view is None else outcome_of(command, view.result, position, view.move)

    async def quota(
        self, quota: QuotaId, *, deadline_s: Optional[float] = None
    ) -> Optional[QuotaView]:
        """Everything about a quota (指标), its equation included; None where there is none."""
        _, views = await self.look_up([LookUp.quota(quota)], deadline_s=deadline_s)
        return found_view(views[0], QuotaView)

    async def payment(
        self, division: int, year: int, payment: uuid.UUID, *, deadline_s: Optional[float] = None
    ) -> Optional[PaymentView]:
        """Everything about a payment; None where there is none."""
        look_up = LookUp.payment(division, year, payment)
        _, views = await self.look_up([look_up], deadline_s=deadline_s)
        return found_view(views[0], PaymentView)

    async def outcome(
        self,
        of: str,
        division: int,
        year: int,
        id: uuid.UUID,
        *,
        deadline_s: Optional[float] = None,
    ) -> Optional[OutcomeView]:
        """What became of an id of a `payment`, an `act` or a `move`; None: never taken."""
        look_up = LookUp.outcome(of, division, year, id)
        _, views = await self.look_up([look_up], deadline_s=deadline_s)
        return found_view(views[0], OutcomeView)

    async def look_up(
        self, look_ups: Sequence[LookUp], *, deadline_s: Optional[float] = None
    ) -> Tuple[Position, List[View]]:
        """Many questions at once; the answers are true at the position beside them.

        A `Code` stands where there is no answer.
        """
        count = check_range("look_ups", len(look_ups), 1, LOOK_UPS_PER_FRAME_MAX)

        def read(frame: Frame) -> Tuple[Position, List[View]]:
            position, views = read_answers(frame)
            if len(views) != count:
                raise BadFrame(f"{len(views)} answers to {count} look-ups")
            return position, views

        found: Tuple[Position, List[View]] = await self._driver.ask(
            "a look-up",
            lambda number: look_ups_frame(number, look_ups),
            FrameKind.ANSWERS,
            read,
            self._wait(deadline_s),
            count,
        )
        return found

    # --- the directory ----------------------------------------------------------------------------

    async def payments(
        self,
        filter: PaymentFilter = PaymentFilter(),
        asked: Asked = Asked(),
        *,
        deadline_s: Optional[float] = None,
    ) -> PaymentPage:
        """A page of payments that meet every condition, in the order of their reservation.

        `page.after` in `asked` brings the next one; `each_payment` does so by itself.
        """
        return await self._of_directory(ListPayments(filter, asked), deadline_s)

    async def each_payment(
        self,
        filter: PaymentFilter = PaymentFilter(),
        asked: Asked = Asked(),
        *,
        deadline_s: Optional[float] = None,
    ) -> AsyncIterator[ListedPayment]:
        """Every such payment, page behind page; `deadline_s` is for each page."""
        after: Optional[Asked] = asked
        while after is not None:
            page = await self.payments(filter, after, deadline_s=deadline_s)
            for payment in page.payments:
                yield payment
            after = page.next(after)

    async def history(
        self, subject: Subject, asked: Asked = Asked(), *, deadline_s: Optional[float] = None
    ) -> HistoryPage:
        """A page of the events of a quota (a `QuotaId`) or a payment (its id, or a `PaymentIn`)."""
        return await self._of_directory(History(subject, asked), deadline_s)

    async def each_event(
        self, subject: Subject, asked: Asked = Asked(), *, deadline_s: Optional[float] = None
    ) -> AsyncIterator[HistoryEvent]:
        """Every event of it, page behind page; `deadline_s` is for each page."""
        after: Optional[Asked] = asked
        while after is not None:
            page = await self.history(subject, after, deadline_s=deadline_s)
            for event in page.events:
                yield event
            after = page.next(after)

    async def quota_at(
        self, quota: QuotaId, asked: Asked, *, deadline_s: Optional[float] = None
    ) -> QuotaThen:
        """How a quota stood at the position or time in `asked.as_of`."""
        return await self._of_directory(StateAt(LookUp.quota(quota), asked, QuotaView), deadline_s)

    async def payment_at(
        self,
        division: int,
        year: int,
        payment: uuid.UUID,
        asked: Asked,
        *,
        deadline_s: Optional[float] = None,
    ) -> PaymentThen:
        """How a payment stood at the position or time in `asked.as_of`."""
        look_up = LookUp.payment(division, year, payment)
        return await self._of_directory(StateAt(look_up, asked, PaymentView), deadline_s)

    async def report(
        self, report: Report, *, deadline_s: Optional[float] = None
    ) -> ReportPage:
        """A page of a report; `page.next(report.asked)` as its `asked` brings the next one."""
        return await self._of_directory(report, deadline_s)

    async def rows(
        self,
        table: str,
        division: int,
        year: int,
        asked: Asked = Asked(),
        *,
        beginning: str = "",
        after: str = "",
        deadline_s: Optional[float] = None,
    ) -> RowPage:
        """A page of rows that the finance office has on file, by their key (docs/office.md).

        `page.after` brings the next one; `each_row` does so by itself.
        """
        question = ListRows(table, division, year, beginning, after, asked)
        return await self._of_directory(question, deadline_s)

    async def each_row(
        self,
        table: str,
        division: int,
        year: int,
        asked: Asked = Asked(),
        *,
        beginning: str = "",
        deadline_s: Optional[float] = None,
    ) -> AsyncIterator[Dict[str, str]]:
        """Every such row, its columns by their names; `deadline_s` is for each page."""
        after: Optional[str] = ""
        while after is not None:
            page = await self.rows(
                table, division, year, asked, beginning=beginning, after=after, deadline_s=deadline_s
            )
            for row in page.rows:
                yield row
            after = page.after

    async def _of_directory(self, question: Question[R], deadline_s: Optional[float]) -> R:
        # What cannot be asked is told here, and not in the task that owns the connection.
        question.body()
        found: R = await self._driver.ask(
            question.WHAT, question.frame, question.ANSWER, question.read, self._wait(deadline_s)
        )
        return found

    # --- the server -------------------------------------------------------------------------------

    async def health(self, *, deadline_s: Optional[float] = None) -> Health:
        """How the server is."""
        found: Health = await self._bare(
            FrameKind.HEALTH, FrameKind.HEALTH_REPORT, read_health, deadline_s
        )
        return found

    async def metrics(self, *, deadline_s: Optional[float] = None) -> str:
        """The server's metrics as text."""
        found: str = await self._bare(
            FrameKind.METRICS, FrameKind.METRICS_TEXT, read_metrics, deadline_s
        )
        return found

    async def ping(self, *, deadline_s: Optional[float] = None) -> Position:
        """Whether the server is there; its durable position."""
        found: Position = await self._bare(FrameKind.PING, FrameKind.PONG, read_pong, deadline_s)
        return found

    async def _bare(
        self,
        kind: FrameKind,
        answer: FrameKind,
        read: Callable[[Frame], Any],
        deadline_s: Optional[float],
    ) -> Any:
        return await self._driver.ask(
            kind.slug, lambda number: put_frame(kind, number), answer, read, self._wait(deadline_s)
        )

    def events(
        self,
        cursor: Cursor = Cursor(),
        *,
        names: Sequence[str] = (),
        limit: int = 0,
        handled: int = 0,
        resume: bool = True,
    ) -> AsyncSubscription:
        """Every committed event behind the cursor, on a connection of its own.

        `names` filters by event name, `limit` ends it after so many, `handled` is the sequence of
        the last event that was taken in if that is beyond the cursor. With `resume` a broken
        connection is made again, and no event is told twice.
        """
        driver = self._driver
        subscription = AsyncSubscription(
            driver.address, driver.hello, cursor, tuple(names), limit, handled, resume
        )
        self._subscriptions.add(subscription)
        return subscription

    def _wait(self, deadline_s: Optional[float]) -> float:
        return self._deadline_s if deadline_s is None else _check_deadline(deadline_s)


def _check_deadline(deadline_s: float) -> float:
    if not 0 < deadline_s <= CALL_DEADLINE_S_MAX:
        raise BadValue("deadline_s", f"{deadline_s!r} is not between 0 and {CALL_DEADLINE_S_MAX:g}")
    return deadline_s
