"""The blocking client: the asyncio one on a thread of its own, so that heartbeats go on.

```python
with Treasury.connect("127.0.0.1:7370", role=Role.MAKER, channel=3) as desk:
    outcome = desk.submit(Reserve(...))
```

Any number of threads share one client: what they call at the same time goes out in one frame.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from types import TracebackType
from typing import (
    Any,
    AsyncIterator,
    Coroutine,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
)

from .aio import AsyncTreasury
from .commands import Command
from .directory import (
    Asked,
    HistoryEvent,
    HistoryPage,
    ListedPayment,
    PaymentFilter,
    PaymentPage,
    PaymentThen,
    QuotaThen,
    RowPage,
    Subject,
)
from .errors import Closed
from .events import Event
from .frames import Cursor, LookUp, Welcome
from .ids import QuotaId
from .limits import CALL_DEADLINE_S
from .names import Environment, Role
from .outcomes import Outcome
from .replies import Health, Position
from .reports import Report, ReportPage
from .subscription import AsyncSubscription
from .views import OutcomeView, PaymentView, QuotaView, View

T = TypeVar("T")


class _Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="treasury-client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs it there and waits for it here."""
        if self._loop.is_closed() or not self._thread.is_alive():
            coroutine.close()
            raise Closed("it was closed")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def each(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The same items, waited for here one by one."""
        while True:
            try:
                item = self.call(_next(items))
            except StopAsyncIteration:
                return
            yield item

    def stop(self) -> None:
        """Ends the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


async def _next(items: AsyncIterator[T]) -> T:
    return await items.__anext__()


class Subscription:
    """An iterator of committed events. Keep `event.cursor` beside what was taken in."""

    def __init__(self, loop: _Loop, inner: AsyncSubscription) -> None:
        self._loop = loop
        self._inner = inner

    @property
    def cursor(self) -> Cursor:
        """Where to come back to once every event told so far is safe."""
        return self._inner.cursor

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Event:
        try:
            return self._loop.call(_next(self._inner))
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Ends the subscription."""
        self._loop.call(self._inner.close())

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()


class Treasury:
    """A client in one role. Use it as a `with` block, or `close` it."""

    def __init__(self, loop: _Loop, inner: AsyncTreasury) -> None:
        self._loop = loop
        self._inner = inner

    @classmethod
    def connect(
        cls,
        address: str,
        *,
        role: Role,
        channel: int,
        environment: Environment = Environment.ANY,
        name: str = "",
        window: int = 0,
        deadline_s: float = CALL_DEADLINE_S,
    ) -> Treasury:
        """Connects to `host:port` and is welcomed; see `AsyncTreasury.connect`."""
        loop = _Loop()
        try:
            inner = loop.call(
                AsyncTreasury.connect(
                    address,
                    role=role,
                    channel=channel,
                    environment=environment,
                    name=name,
                    window=window,
                    deadline_s=deadline_s,
                )
            )
        except BaseException:
            loop.stop()
            raise
        return cls(loop, inner)

    @property
    def welcome(self) -> Welcome:
        """What the server said when the connection was last made."""
        return self._inner.welcome

    def close(self) -> None:
        """Says goodbye and ends the connection; what is still due is heard first."""
        try:
            self._loop.call(self._inner.close())
        except Closed:
            return
        self._loop.stop()

    def __enter__(self) -> Treasury:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def submit(self, command: Command, *, deadline_s: Optional[float] = None) -> Outcome:
        """Gives one command and waits for its outcome; see `AsyncTreasury.submit`."""
        return self._loop.call(self._inner.submit(command, deadline_s=deadline_s))

    def check(self, command: Command, *, deadline_s: Optional[float] = None) -> Outcome:
        """Asks what an order would be answered now, without effect."""
        return self._loop.call(self._inner.check(command, deadline_s=deadline_s))

    def submit_all(
        self, commands: Sequence[Command], *, deadline_s: Optional[float] = None
    ) -> List[Outcome]:
        """Gives many commands, each for itself, in their order; so are the outcomes."""
        return self._loop.call(self._inner.submit_all(commands, deadline_s=deadline_s))

    def submit_run(
        self, commands: Sequence[Command], *, deadline_s: Optional[float] = None
    ) -> List[Outcome]:
        """Gives a linked run: all of it takes effect, or nothing does."""
        return self._loop.call(self._inner.submit_run(commands, deadline_s=deadline_s))

    def ask(self, command: Command, *, deadline_s: Optional[float] = None) -> Optional[Outcome]:
        """What became of a command, by its id. None: it was never taken, and may be submitted."""
        return self._loop.call(self._inner.ask(command, deadline_s=deadline_s))

    def quota(self, quota: QuotaId, *, deadline_s: Optional[float] = None) -> Optional[QuotaView]:
        """Everything about a quota (指标), its equation included; None where there is none."""
        return self._loop.call(self._inner.quota(quota, deadline_s=deadline_s))

    def payment(
        self, division: int, year: int, payment: uuid.UUID, *, deadline_s: Optional[float] = None
    ) -> Optional[PaymentView]:
        """Everything about a payment; None where there is none."""
        call = self._inner.payment(division, year, payment, deadline_s=deadline_s)
        return self._loop.call(call)

    def outcome(
        self,
        of: str,
        division: int,
        year: int,
        id: uuid.UUID,
        *,
        deadline_s: Optional[float] = None,
    ) -> Optional[OutcomeView]:
        """What became of an id of a `payment`, an `act` or a `move`; None: never taken."""
        return self._loop.call(self._inner.outcome(of, division, year, id, deadline_s=deadline_s))

    def look_up(
        self, look_ups: Sequence[LookUp], *, deadline_s: Optional[float] = None
    ) -> Tuple[Position, List[View]]:
        """Many questions at once; the answers are true at the position beside them."""
        return self._loop.call(self._inner.look_up(look_ups, deadline_s=deadline_s))

    def payments(
        self,
        filter: PaymentFilter = PaymentFilter(),
        asked: Asked = Asked(),
        *,
        deadline_s: Optional[float] = None,
    ) -> PaymentPage:
        """A page of payments that meet every condition; see `AsyncTreasury.payments`."""
        return self._loop.call(self._inner.payments(filter, asked, deadline_s=deadline_s))

    def each_payment(
        self,
        filter: PaymentFilter = PaymentFilter(),
        asked: Asked = Asked(),
        *,
        deadline_s: Optional[float] = None,
    ) -> Iterator[ListedPayment]:
        """Every such payment, page behind page."""
        return self._loop.each(self._inner.each_payment(filter, asked, deadline_s=deadline_s))

    def history(
        self, subject: Subject, asked: Asked = Asked(), *, deadline_s: Optional[float] = None
    ) -> HistoryPage:
        """A page of the events of a quota or a payment; see `AsyncTreasury.history`."""
        return self._loop.call(self._inner.history(subject, asked, deadline_s=deadline_s))

    def each_event(
        self, subject: Subject, asked: Asked = Asked(), *, deadline_s: Optional[float] = None
    ) -> Iterator[HistoryEvent]:
        """Every event of it, page behind page."""
        return self._loop.each(self._inner.each_event(subject, asked, deadline_s=deadline_s))

    def report(self, report: Report, *, deadline_s: Optional[float] = None) -> ReportPage:
        """A page of a report; see `AsyncTreasury.report`."""
        return self._loop.call(self._inner.report(report, deadline_s=deadline_s))

    def rows(
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
        """A page of rows that the finance office has on file; see `AsyncTreasury.rows`."""
        found = self._inner.rows(
            table, division, year, asked, beginning=beginning, after=after, deadline_s=deadline_s
        )
        return self._loop.call(found)

    def each_row(
        self,
        table: str,
        division: int,
        year: int,
        asked: Asked = Asked(),
        *,
        beginning: str = "",
        deadline_s: Optional[float] = None,
    ) -> Iterator[Dict[str, str]]:
        """Every such row, page behind page."""
        found = self._inner.each_row(
            table, division, year, asked, beginning=beginning, deadline_s=deadline_s
        )
        return self._loop.each(found)

    def quota_at(
        self, quota: QuotaId, asked: Asked, *, deadline_s: Optional[float] = None
    ) -> QuotaThen:
        """How a quota stood at the position or time in `asked.as_of`."""
        return self._loop.call(self._inner.quota_at(quota, asked, deadline_s=deadline_s))

    def payment_at(
        self,
        division: int,
        year: int,
        payment: uuid.UUID,
        asked: Asked,
        *,
        deadline_s: Optional[float] = None,
    ) -> PaymentThen:
        """How a payment stood at the position or time in `asked.as_of`."""
        call = self._inner.payment_at(division, year, payment, asked, deadline_s=deadline_s)
        return self._loop.call(call)

    def health(self, *, deadline_s: Optional[float] = None) -> Health:
        """How the server is."""
        return self._loop.call(self._inner.health(deadline_s=deadline_s))

    def metrics(self, *, deadline_s: Optional[float] = None) -> str:
        """The server's metrics as text."""
        return self._loop.call(self._inner.metrics(deadline_s=deadline_s))

    def ping(self, *, deadline_s: Optional[float] = None) -> Position:
        """Whether the server is there; its durable position."""
        return self._loop.call(self._inner.ping(deadline_s=deadline_s))

    def events(
        self,
        cursor: Cursor = Cursor(),
        *,
        names: Sequence[str] = (),
        limit: int = 0,
        handled: int = 0,
        resume: bool = True,
    ) -> Subscription:
        """Every committed event behind the cursor; see `AsyncTreasury.events`."""
        inner = self._inner.events(
            cursor, names=names, limit=limit, handled=handled, resume=resume
        )
        return Subscription(self._loop, inner)
