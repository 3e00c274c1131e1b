"""The clients against a small server that misbehaves as told."""

from __future__ import annotations

import asyncio
import datetime
import threading
import unittest
import uuid
from typing import List

from . import ROOT  # noqa: F401 - puts the package on the path
from .fake import Act, Away, Codes, Cut, FakeServer, Raw, Silence, error_body
from treasury import (
    ApproveUnit,
    AsyncTreasury,
    Closed,
    Code,
    Diverged,
    Done,
    NoAnswer,
    NoConnection,
    NotAskable,
    QuotaId,
    Refused,
    Reserve,
    Role,
    ServerSaid,
    Then,
    Treasury,
    Unknown,
    new_id,
)
from treasury.frames import FrameKind

QUOTA = QuotaId(184, 2022, 5)


def reserve() -> Reserve:
    """A reservation with an id of its own."""
    return Reserve(7, new_id(), QUOTA, "1.00", "30201", datetime.date(2022, 3, 4))


async def connect(server: FakeServer, deadline_s: float = 10.0) -> AsyncTreasury:
    """A client of that server."""
    return await AsyncTreasury.connect(
        server.address, role=Role.MAKER, channel=3, deadline_s=deadline_s
    )


class Commands(unittest.IsolatedAsyncioTestCase):
    async def test_what_is_turned_away_is_sent_again_the_very_same(self) -> None:
        acts: List[Act] = [
            Away(Code.BUSY),
            Codes((Code.DISK_LOW,)),
            Codes((Code.LATE,)),
            Away(Code.SHUTTING_DOWN, request_zero=True),
        ]
        async with FakeServer(acts) as server, await connect(server) as client:
            command = reserve()
            outcome = await client.submit(command)
            self.assertIsInstance(outcome, Done)
            self.assertEqual([one.ids for one in server.seen], [[command.payment.int]] * 5)
            self.assertEqual(server.connections, 2)

    async def test_a_broken_connection_is_made_again(self) -> None:
        async with FakeServer([Cut(), Cut()]) as server, await connect(server) as client:
            outcomes = await client.submit_all([reserve() for _ in range(3)])
            self.assertEqual([type(one) for one in outcomes], [Done] * 3)
            self.assertEqual(server.connections, 3)
            self.assertEqual(server.seen[0].ids, server.seen[2].ids)

    async def test_no_answer_is_unknown_and_names_the_next_step(self) -> None:
        async with FakeServer([Silence()]) as server, await connect(server, 1.0) as client:
            outcome = await client.submit(reserve())
            self.assertIsInstance(outcome, Unknown)
            self.assertIs(outcome.then, Then.ASK)
            self.assertIn("ask for its outcome", str(outcome))

    async def test_busy_until_the_end_is_a_refusal_that_may_be_sent_again(self) -> None:
        # The pause is longer than the call may last, so that nothing is in flight at its end.
        acts: List[Act] = [Away(Code.BUSY, retry_after_ms=2_000)]
        async with FakeServer(acts) as server, await connect(server, 1.0) as client:
            outcome = await client.submit(reserve())
            self.assertIsInstance(outcome, Refused)
            self.assertEqual((outcome.code, outcome.then), (Code.BUSY, Then.SAME_ID))

    async def test_busy_after_a_broken_connection_proves_nothing(self) -> None:
        acts: List[Act] = [Cut(), *[Away(Code.BUSY)] * 99]
        async with FakeServer(acts) as server, await connect(server, 0.3) as client:
            self.assertIsInstance(await client.submit(reserve()), Unknown)
        async with FakeServer([Cut(), Codes((Code.QUARANTINED,))]) as server:
            async with await connect(server) as client:
                self.assertIsInstance(await client.submit(reserve()), Unknown)
        async with FakeServer([Codes((Code.QUARANTINED,))]) as server:
            async with await connect(server) as client:
                self.assertIsInstance(await client.submit(reserve()), Refused)

    async def test_a_refusal_tells_both_languages_and_what_to_do(self) -> None:
        async with FakeServer([Codes((Code.OVER_QUOTA,))]) as server, await connect(server) as client:
            outcome = await client.submit(reserve())
            assert isinstance(outcome, Refused)
            self.assertIs(outcome.then, Then.NEW_ID)
            for text in ("over-quota 1002", "超可用指标", "ask for less"):
                self.assertIn(text, str(outcome))

    async def test_calls_at_the_same_time_share_a_frame(self) -> None:
        async with FakeServer() as server, await connect(server) as client:
            commands = [reserve() for _ in range(100)]
            outcomes = await asyncio.gather(*map(client.submit, commands))
            self.assertEqual([one.command for one in outcomes], commands)
            self.assertEqual(len(server.seen), 1)
            self.assertEqual(server.seen[0].ids, [one.payment.int for one in commands])

    async def test_frames_keep_to_what_the_server_grants(self) -> None:
        async with FakeServer(per_frame=100, window=150) as server, await connect(server) as client:
            server.hold = asyncio.Event()
            call = asyncio.ensure_future(client.submit_all([reserve() for _ in range(320)]))
            while not server.seen:
                await asyncio.sleep(0)
            server.hold.set()
            await call
            sizes = [len(one.ids) for one in server.seen]
            self.assertEqual(sum(sizes), 320)
            self.assertLessEqual(max(sizes), 100)
            self.assertLessEqual(sizes[0] + sizes[1], 150)

    async def test_a_linked_run_is_flagged_and_answered_as_one(self) -> None:
        acts: List[Act] = [Codes((Code.BUSY,)), Codes((Code.LINKED_REFUSED, Code.OVER_QUOTA))]
        async with FakeServer(acts) as server, await connect(server) as client:
            outcomes = await client.submit_run([reserve(), reserve()])
            self.assertEqual([one.flags for one in server.seen], [[2, 0], [2, 0]])
            codes = [one.code for one in outcomes]
            self.assertEqual(codes, [Code.LINKED_REFUSED, Code.OVER_QUOTA])

    async def test_a_check_is_flagged_and_a_budget_is_given(self) -> None:
        async with FakeServer() as server, await connect(server, 5.0) as client:
            await client.check(reserve())
            self.assertEqual(server.seen[0].flags, [1])
            self.assertTrue(0 < server.seen[0].budget_ms <= 5_000)

    async def test_a_reply_that_cannot_be_read_leaves_it_in_doubt(self) -> None:
        acts: List[Act] = [Raw(FrameKind.RESULTS, bytes(15), 1), Raw(FrameKind.PONG, bytes(16))]
        async with FakeServer(acts) as server, await connect(server) as client:
            self.assertIsInstance(await client.submit(reserve()), Done)
            self.assertEqual((len(server.seen), server.connections), (3, 3))

    async def test_a_server_that_will_not_have_the_client_ends_it(self) -> None:
        async with FakeServer(refuses_hello=Code.WRONG_ENVIRONMENT) as server:
            with self.assertRaises(ServerSaid) as caught:
                await connect(server)
            self.assertIs(caught.exception.code, Code.WRONG_ENVIRONMENT)
            self.assertIn("connect to the environment you mean", str(caught.exception))
        async with FakeServer([Away(Code.NO_HELLO, request_zero=True)]) as server:
            async with await connect(server) as client:
                self.assertIsInstance(await client.submit(reserve()), Unknown)
                with self.assertRaises(Closed):
                    await client.submit(reserve())

    async def test_a_line_without_traffic_is_kept_alive(self) -> None:
        async with FakeServer(heartbeat_ms=50) as server, await connect(server):
            while server.pings < 3:
                await asyncio.sleep(0.005)

    async def test_a_server_that_says_nothing_for_four_heartbeats_is_given_up(self) -> None:
        async with FakeServer([Silence()], heartbeat_ms=20, answers_pings=False) as server:
            async with await connect(server) as client:
                self.assertIsInstance(await client.submit(reserve()), Done)
                self.assertGreaterEqual(server.connections, 2)
                self.assertEqual(server.seen[0].ids, server.seen[1].ids)

    async def test_nobody_there(self) -> None:
        async with FakeServer() as server:
            address = server.address
        with self.assertRaises(NoConnection) as caught:
            await AsyncTreasury.connect(address, role=Role.MAKER, channel=3)
        self.assertIn("check that the server runs", str(caught.exception))


class Questions(unittest.IsolatedAsyncioTestCase):
    async def test_asking_again_is_safe(self) -> None:
        acts: List[Act] = [Cut(), Away(Code.BUSY), Raw(FrameKind.METRICS_TEXT, b"up 1\n")]
        async with FakeServer(acts) as server, await connect(server) as client:
            self.assertEqual(await client.metrics(), "up 1\n")

    async def test_no_answer_is_an_error(self) -> None:
        async with FakeServer([Silence()]) as server, await connect(server, 0.1) as client:
            with self.assertRaises(NoAnswer):
                await client.health()

    async def test_what_has_no_id_is_sent_again(self) -> None:
        async with FakeServer() as server, await connect(server) as client:
            with self.assertRaises(NotAskable) as caught:
                await client.ask(ApproveUnit(7, uuid.uuid4(), QUOTA))
            self.assertIn("submit the very same command again", str(caught.exception))

    async def test_a_subscription_that_diverged(self) -> None:
        acts: List[Act] = [Raw(FrameKind.ERROR, error_body(Code.DIVERGED))]
        async with FakeServer(acts) as server, await connect(server) as client:
            with self.assertRaises(Diverged) as caught:
                await client.events().__anext__()
            self.assertIsNotNone(caught.exception.message.common)

    async def test_a_subscription_goes_on_where_it_was(self) -> None:
        def page(first: int, count: int, cursor: int) -> Raw:
            body = (3).to_bytes(4, "little") + bytes(4) + cursor.to_bytes(8, "little") + b"\7" * 32
            for sequence in range(first, first + count):
                body += (3).to_bytes(4, "little") + (4_000).to_bytes(2, "little") + b"\1\0"
                body += sequence.to_bytes(8, "little") + bytes(8)
            return Raw(FrameKind.EVENTS, body, count)

        # Three records of which one is behind the last whole group; then the line breaks.
        acts: List[Act] = [page(1, 3, 2), page(3, 2, 4)]
        async with FakeServer(acts) as server, await connect(server) as client:
            subscription = client.events(limit=4)
            sequences = []
            async for event in subscription:
                sequences.append((event.sequence, event.cursor.sequence))
                if event.sequence == 3:
                    subscription._break()
            self.assertEqual(sequences, [(1, 0), (2, 0), (3, 2), (4, 4)])
            self.assertEqual(server.connections, 3)


class Blocking(unittest.TestCase):
    """The blocking client shares all but its thread; each call passes through once."""

    def setUp(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        acts: List[Act] = [Away(Code.BUSY), Codes(), Raw(FrameKind.METRICS_TEXT, b"up 1\n")]
        self.server = FakeServer(acts)
        self.run_there(self.server.__aenter__())

    def run_there(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()  # type: ignore[arg-type]

    def tearDown(self) -> None:
        self.run_there(self.server.__aexit__())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def test_calls(self) -> None:
        with Treasury.connect(self.server.address, role=Role.MAKER, channel=3) as client:
            self.assertIsInstance(client.submit(reserve()), Done)
            self.assertEqual(client.metrics(), "up 1\n")
            self.assertEqual(client.ping().sequence, 900)
            self.assertEqual(client.welcome.server_version, "fake")
        with self.assertRaises(Closed):
            client.submit(reserve())
        client.close()


if __name__ == "__main__":
    unittest.main()
