"""The clients and the examples against the real server, killed once in mid-way.

Skipped where the server was not built; `ops/test-python` builds it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import unittest
from typing import Any, Dict, List

from . import ROOT
from .live import PATIENCE_S, Server, Wire, program
from treasury import (
    Allocate,
    ApproveUnit,
    Asked,
    AsyncTreasury,
    BadValue,
    By,
    CloseBatch,
    Code,
    Command,
    ConfirmPaid,
    Create,
    Cursor,
    Diverged,
    Done,
    File,
    Freeze,
    HealthStatus,
    Hold,
    Instruct,
    Issue,
    LookUp,
    MoveStage,
    OpenBatch,
    OpenYear,
    Outcome,
    Paper,
    ParkedAction,
    Particulars,
    PaymentFilter,
    PaymentIn,
    PaymentState,
    Position,
    QuotaId,
    QuotaView,
    Refused,
    Register,
    Reserve,
    Resolve,
    Role,
    ServerSaid,
    Then,
    Treasury,
    Unfreeze,
    Unhold,
    Unknown,
    batch_digest,
    new_id,
    payee_hash,
)

DAY = datetime.date(2026, 3, 4)
EXAMPLES = ROOT / "examples" / "python"


def example(name: str, *arguments: str, timeout: float = PATIENCE_S) -> "subprocess.CompletedProcess[str]":
    """Runs an example to its end."""
    import treasury

    package = str(pathlib.Path(treasury.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": package, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=timeout,
        check=False,
    )


@unittest.skipIf(
    program() is None and not os.environ.get("TREASURY_PYTHON_STRICT"),
    "no server was built: cargo build",
)
class Live(unittest.TestCase):
    """One server for each test."""

    def setUp(self) -> None:
        self.server = Server()
        self.server.start()
        self.addCleanup(self.server.__exit__)
        self.desks: List[Treasury] = []

    def tearDown(self) -> None:
        for desk in self.desks:
            desk.close()

    def desk(self, role: Role, address: str = "") -> Treasury:
        """A client in a role."""
        desk = Treasury.connect(address or self.server.address, role=role, channel=7, name="test")
        self.desks.append(desk)
        return desk

    def done(self, desk: Treasury, command: object) -> Done:
        """The answer to what must be taken."""
        outcome = desk.submit(command)  # type: ignore[arg-type]
        self.assertIsInstance(outcome, Done, str(outcome))
        assert isinstance(outcome, Done)
        return outcome

    def quota(self, fen: str = "1000.00", key: str = "k1", executable: bool = True) -> QuotaId:
        """A quota with money in division 1."""
        operator, finance = self.desk(Role.OPERATOR), self.desk(Role.FINANCE)
        self.done(operator, Register(1, 1, 0, "370102000", "历下区"))
        outcome = operator.submit(OpenYear(1, new_id(), 1, 2026))
        self.assertIn(outcome.code, (Code.ACCEPTED, Code.WRONG_YEAR_STATE))
        made = self.done(finance, Create(2, new_id(), 1, 2026, "111", key, executable=executable))
        assert made.quota is not None
        self.done(finance, Issue(2, new_id(), made.quota, fen))
        return made.quota


class Commands(Live):
    def test_a_payments_way_and_its_look_ups(self) -> None:
        quota = self.quota()
        maker, checker, finance = (
            self.desk(role) for role in (Role.MAKER, Role.CHECKER, Role.FINANCE)
        )
        bank = self.desk(Role.BANK)
        reservation = Reserve(3, new_id(), quota, "400.00", "30201", DAY)
        payment = reservation.payment
        checked = maker.check(reservation)
        assert isinstance(checked, Done)
        self.assertTrue(checked.checked)
        self.assertIsNone(maker.ask(reservation))
        first = self.done(maker, reservation)
        self.assertEqual((str(first.available), first.state), ("600.00", PaymentState.RESERVED))
        again = self.done(maker, reservation)
        self.assertEqual((again.repeat, again.sequence), (True, first.sequence))
        asked = maker.ask(reservation)
        assert isinstance(asked, Done)
        self.assertEqual(asked.sequence, first.sequence)

        early = finance.submit(Instruct(5, payment, quota))
        assert isinstance(early, Refused)
        self.assertIs(early.code, Code.WRONG_STATE)
        self.done(finance, Hold(5, payment, quota, "核对合同", serial=1))
        self.done(finance, Unhold(8, payment, quota, "已核对", serial=1))
        self.done(checker, ApproveUnit(4, payment, quota))
        self.done(finance, Instruct(9, payment, quota))
        parked = self.done(bank, ConfirmPaid(6, payment, quota, "500.00", 1, DAY))
        self.assertTrue(parked.parked)
        self.done(finance, Resolve(5, new_id(), 1, 2026, 7, 1, ParkedAction.DISMISS, "金额有误"))
        self.done(bank, ConfirmPaid(6, payment, quota, "400.00", 2, DAY))

        view = maker.payment(1, 2026, payment)
        assert view is not None
        self.assertEqual((view.state, str(view.executed)), (PaymentState.PAID, "400.00"))
        self.assertEqual([one.person for one in view.steps], [5, 8])
        left = maker.quota(quota)
        assert left is not None
        self.assertTrue(left.balances)
        self.assertEqual(left.equation, "600.00 = 1000.00 issued - 400.00 paid")
        self.assertIsNone(maker.quota(QuotaId(1, 2026, 99)))
        position, views = maker.look_up(
            [LookUp.quota(quota), LookUp.payment(1, 2026, new_id())]
        )
        self.assertIsInstance(views[0], QuotaView)
        self.assertIs(views[1], Code.NOT_FOUND)
        self.assertEqual(position.epoch, self.server.epoch)

    def test_refusals_say_why_and_what_to_do(self) -> None:
        quota = self.quota()
        maker = self.desk(Role.MAKER)
        reservation = Reserve(3, new_id(), quota, "1000.01", "30201", DAY)
        refusals = [maker.submit(reservation) for _ in range(2)]
        for refused in refusals:
            assert isinstance(refused, Refused)
            self.assertEqual((refused.code, refused.then), (Code.OVER_QUOTA, Then.NEW_ID))
            figure = refused.figures[0]
            self.assertEqual((str(figure.requested), str(figure.left)), ("1000.01", "1000.00"))
        told = maker.ask(reservation)
        assert isinstance(told, Refused)
        self.assertEqual((told.code, len(told.figures)), (Code.OVER_QUOTA, 1))
        wrong_role = maker.submit(Issue(2, new_id(), quota, "1.00"))
        self.assertIs(wrong_role.code, Code.NO_RIGHT)
        conflict = maker.submit(Reserve(3, reservation.payment, quota, "1.00", "30201", DAY))
        self.assertIs(conflict.code, Code.CONFLICT)
        with self.assertRaises(BadValue):
            Treasury.connect(self.server.address, role=Role.ENGINE, channel=1)

    def test_runs_moves_and_batches(self) -> None:
        parent = self.quota(executable=False)
        finance = self.desk(Role.FINANCE)
        made = self.done(finance, Create(2, new_id(), 1, 2026, "111", "k2", parent=parent))
        child = made.quota
        assert child is not None
        move = Allocate(2, new_id(), parent, child, "250.00")
        self.done(finance, move)
        stages = set()
        for _ in range(10_000):
            asked = finance.ask(move)
            assert isinstance(asked, Done)
            stages.add(asked.move)
            if asked.move is MoveStage.LANDED:
                break
        self.assertIn(MoveStage.LANDED, stages)

        run = [Freeze(2, new_id(), child, "100.00"), Unfreeze(2, new_id(), child, "150.00")]
        codes = [one.code for one in finance.submit_run(run)]
        self.assertEqual(codes, [Code.LINKED_REFUSED, Code.OVER_FROZEN])

        batch = new_id()
        acts = [
            Issue(2, new_id(), parent, "10.00", batch),
            Allocate(2, new_id(), parent, child, "5.00", batch),
        ]
        opened = OpenBatch(2, batch, 1, 2026, len(acts), batch_digest(acts))
        outcomes = finance.submit_all([opened, *acts, CloseBatch(2, new_id(), batch, 1, 2026)])
        self.assertEqual([one.code for one in outcomes], [Code.ACCEPTED] * 4)

    def test_many_commands_go_out_in_few_frames(self) -> None:
        quota = self.quota()

        async def many() -> None:
            async with await AsyncTreasury.connect(
                self.server.address, role=Role.MAKER, channel=7, deadline_s=PATIENCE_S
            ) as client:
                commands = [Reserve(3, new_id(), quota, "0.01", "30201", DAY) for _ in range(2_000)]
                outcomes = await asyncio.gather(*map(client.submit, commands))
                self.assertTrue(all(isinstance(one, Done) for one in outcomes))
                again = await client.submit_all(commands)
                self.assertTrue(all(isinstance(one, Done) and one.repeat for one in again))
                view = await client.quota(quota)
                assert view is not None
                self.assertEqual((view.open_payments, str(view.available)), (2_000, "980.00"))

        asyncio.run(many())

    def test_the_server_itself(self) -> None:
        desk = self.desk(Role.OPERATOR)
        health = desk.health()
        self.assertEqual((health.status, health.position.epoch), (HealthStatus.SERVING, 1))
        self.assertEqual(health.data_set, desk.welcome.data_set)
        self.assertIn("treasury", desk.metrics())
        self.assertGreaterEqual(desk.ping().sequence, 1)


class Directory(Live):
    def test_lists_page_by_page_and_by_every_condition(self) -> None:
        quota, other = self.quota(key="184001-1"), self.quota(key="184002-1")
        maker, checker = self.desk(Role.MAKER), self.desk(Role.CHECKER)
        to_shop = Particulars(payee_name="齐鲁文具店", payee_account="6222", numbers="2026-8、17")
        commands = [
            Reserve(3 + at % 2, new_id(), quota, f"{at + 1}.00", "30201", DAY, particulars=to_shop)
            for at in range(7)
        ]
        commands.append(Reserve(3, new_id(), other, "9.00", "30201", DAY))
        outcomes = maker.submit_all(commands)
        last = self.done(checker, ApproveUnit(9, commands[0].payment, quota))
        self.assertTrue(all(isinstance(one, Done) for one in outcomes))
        wrote = Asked(wait_for=last.position)

        def found(filter: PaymentFilter, asked: Asked = wrote) -> List[str]:
            return [str(one.amount) for one in maker.each_payment(filter, asked)]

        everything = [f"{at + 1}.00" for at in range(7)] + ["9.00"]
        self.assertEqual(found(PaymentFilter()), everything)
        small = Asked(wait_for=last.position, items=3, newest_first=True)
        self.assertEqual(found(PaymentFilter(), small), everything[::-1])
        page = maker.payments(asked=small)
        self.assertEqual([str(one.amount) for one in page.payments], ["9.00", "7.00", "6.00"])
        assert last.position is not None
        self.assertGreaterEqual(page.at, last.position)
        assert page.after is not None
        second = maker.payments(asked=dataclasses.replace(small, after=page.after))
        self.assertEqual(str(second.payments[0].amount), "5.00")

        approved = maker.payments(PaymentFilter(states=[PaymentState.APPROVED]), wrote).payments
        self.assertEqual([one.payment for one in approved], [commands[0].payment])
        one = approved[0]
        self.assertEqual((one.payee_name, one.numbers, one.maker), ("齐鲁文具店", "2026-8、17", 3))
        self.assertEqual((one.quota, one.key), (quota, "184001-1"))
        self.assertEqual((one.sequence, one.changed_sequence), (outcomes_sequence(outcomes[0]), last.sequence))
        self.assertLessEqual(one.reserved_at, one.changed_at)
        self.assertEqual(found(PaymentFilter(key_prefix="184002")), ["9.00"])
        self.assertEqual(found(PaymentFilter(quota=other)), ["9.00"])
        self.assertEqual(found(PaymentFilter(number="17", maker=4)), ["2.00", "4.00", "6.00"])
        self.assertEqual(len(found(PaymentFilter(payee_hash=payee_hash("6222")))), 7)
        self.assertEqual(found(PaymentFilter(amount_from="6.00", amount_to="7")), ["6.00", "7.00"])
        self.assertEqual(len(found(PaymentFilter(division=1, year=2026))), 8)
        day = datetime.timedelta(days=1)
        self.assertEqual(found(PaymentFilter(older_than=day)), [])
        self.assertEqual(len(found(PaymentFilter(younger_than=day, since_reserved=True))), 8)
        with self.assertRaises(ServerSaid) as said:
            maker.payments(PaymentFilter(quota=other), dataclasses.replace(small, after=page.after))
        self.assertIs(said.exception.code, Code.BAD_FIELD)

    def test_histories_and_states_as_they_were(self) -> None:
        quota = self.quota()
        maker, checker, finance = (
            self.desk(role) for role in (Role.MAKER, Role.CHECKER, Role.FINANCE)
        )
        reservation = Reserve(3, new_id(), quota, "400.00", "30201", DAY)
        payment = reservation.payment
        reserved = self.done(maker, reservation)
        self.done(checker, ApproveUnit(4, payment, quota))
        last = self.done(finance, Instruct(9, payment, quota))
        wrote = Asked(wait_for=last.position)

        told = maker.history(payment, wrote)
        self.assertEqual([one.name for one in told.events], ["reserved", "stepped", "stepped"])
        self.assertIsNone(told.after)
        first = told.events[0]
        self.assertEqual((first.sequence, first.quota), (reserved.sequence, quota))
        self.assertEqual(str(first.fields["amount"]), "400.00")
        self.assertEqual(told.events[1].by, By(4, Role.CHECKER, 7))
        self.assertLessEqual(first.time, told.time)
        self.assertEqual(maker.history(PaymentIn(1, 2026, payment), wrote).events, told.events)
        names = ["created", "acted", "reserved", "stepped", "stepped"]
        pages = Asked(wait_for=last.position, items=2)
        self.assertEqual([one.name for one in maker.each_event(quota, pages)], names)
        then = Asked(wait_for=last.position, as_of=reserved.position)
        self.assertEqual([one.name for one in maker.each_event(quota, then)], names[:3])
        with self.assertRaises(ServerSaid) as said:
            maker.history(new_id(), wrote)
        self.assertIs(said.exception.code, Code.NOT_FOUND)

        before = maker.payment_at(1, 2026, payment, then)
        assert before.view is not None
        self.assertEqual((before.at, before.view.state), (reserved.position, PaymentState.RESERVED))
        by_time = dataclasses.replace(wrote, as_of=told.time)
        now = maker.payment_at(1, 2026, payment, by_time)
        assert now.view is not None
        self.assertIs(now.view.state, PaymentState.INSTRUCTED)
        left = maker.quota_at(quota, then)
        assert left.view is not None
        self.assertEqual(left.view.equation, "600.00 = 1000.00 issued - 400.00 reserved")
        self.assertIsNone(maker.quota_at(QuotaId(1, 2026, 99), then).view)
        listed = maker.payments(asked=then).payments
        self.assertEqual([one.state for one in listed], [PaymentState.RESERVED])
        self.assertEqual(maker.payments(asked=wrote).payments[0].state, PaymentState.INSTRUCTED)

    def test_papers_are_filed_and_their_rows_read(self) -> None:
        self.quota()
        finance = self.desk(Role.FINANCE)
        year: Dict[str, Any] = {"division": 1, "year": 2026}

        def paper(paper: Paper, lines: List[str], **more: Any) -> File:
            text = "\n".join(lines)
            return File(3, new_id(), paper=paper, text=text, **year, **more)

        def named(lines: List[str]) -> List[str]:
            return ["mof-dep\t" + line for line in lines]

        first = paper(Paper.BASE_PUT, named([f"{code}\t第{code}处\tother" for code in range(10, 18)]))
        self.done(finance, first)
        refused = finance.submit(paper(Paper.BASE_PUT, named(["01\t一处\tother", "02\t二处\tnone"])))
        assert isinstance(refused, Refused)
        self.assertEqual((refused.code, refused.figures[0].place), (Code.BAD_ROW, (2, 4)))
        self.assertIn("line 2, column 4", str(refused))

        batch = new_id()
        papers: List[Command] = [
            paper(Paper.BASE_PUT, named(["10\t综合处\tbudget"]), batch=batch),
            paper(Paper.BASE_REMOVE, named(["17"]), batch=batch),
        ]
        digest = batch_digest(papers)
        self.done(finance, OpenBatch(3, batch, count=2, digest=digest, **year))
        for one in papers:
            self.done(finance, one)
        closed = self.done(finance, CloseBatch(3, new_id(), batch, **year))

        wrote = Asked(wait_for=closed.position, items=3)
        rows = list(finance.each_row("mof-dep", 1, 2026, wrote))
        self.assertEqual([row["code"] for row in rows], [str(code) for code in range(10, 17)])
        self.assertEqual(rows[0], {"code": "10", "name": "综合处", "kind": "budget"})
        page = finance.rows("mof-dep", 1, 2026, wrote, beginning="1", after="15")
        self.assertEqual(([row["code"] for row in page.rows], page.after), (["16"], None))
        then = Asked(wait_for=closed.position, as_of=first_position(finance, first))
        self.assertEqual(len(finance.rows("mof-dep", 1, 2026, then).rows), 8)
        self.assertEqual(finance.rows("unit", 1, 2026, wrote).rows, ())
        with self.assertRaises(BadValue):
            finance.rows("units", 1, 2026)

    def test_the_asyncio_client_asks_the_same(self) -> None:
        quota = self.quota()

        async def ask() -> None:
            async with await AsyncTreasury.connect(
                self.server.address, role=Role.MAKER, channel=7, deadline_s=PATIENCE_S
            ) as client:
                commands = [Reserve(3, new_id(), quota, "0.01", "30201", DAY) for _ in range(1_203)]
                outcomes = await client.submit_all(commands)
                position = outcomes[-1].position  # type: ignore[union-attr]
                wrote = Asked(wait_for=position)
                ids = [one.payment async for one in client.each_payment(asked=wrote)]
                self.assertEqual(ids, [one.payment for one in commands])
                events = [one async for one in client.each_event(quota, wrote)]
                self.assertEqual(len(events), 1_205)
                view = (await client.quota_at(quota, Asked(as_of=position))).view
                assert view is not None
                self.assertEqual(str(view.available), "987.97")

        asyncio.run(ask())


def first_position(desk: Treasury, paper: File) -> Position:
    """Where a paper's record is."""
    outcome = desk.submit(paper)
    assert isinstance(outcome, Done) and outcome.position is not None
    return Position(outcome.position.epoch, outcome.sequence)


def outcomes_sequence(outcome: Outcome) -> int:
    """Where its record is."""
    assert isinstance(outcome, Done)
    return outcome.sequence


class Killed(Live):
    def test_the_very_same_is_sent_again_by_itself(self) -> None:
        quota = self.quota()
        wire = Wire(self.server)
        self.addCleanup(wire.close)
        maker = self.desk(Role.MAKER, wire.address)
        reservation = Reserve(3, new_id(), quota, "400.00", "30201", DAY)
        wire.kill_at(reservation.KIND)
        unknown = maker.submit(reservation, deadline_s=1.0)
        self.assertIsInstance(unknown, Unknown)
        self.assertTrue(wire.wait_killed())
        self.server.start()
        # The connection is made again, the id is asked, and the very same is a repeat.
        asked = maker.ask(reservation, deadline_s=PATIENCE_S)
        assert isinstance(asked, Done)
        outcome = maker.submit(reservation, deadline_s=PATIENCE_S)
        assert isinstance(outcome, Done)
        self.assertTrue(outcome.repeat)
        self.assertEqual(maker.welcome.epoch, 2)
        view = maker.quota(quota)
        assert view is not None
        self.assertEqual((view.open_payments, str(view.available)), (1, "600.00"))


class Subscriptions(Live):
    def test_events_go_on_over_a_restart(self) -> None:
        quota = self.quota()
        wire = Wire(self.server)
        self.addCleanup(wire.close)
        follower = self.desk(Role.OPERATOR, wire.address)
        events = follower.events()
        names = [next(events).name for _ in range(4)]
        self.assertEqual(names, ["registered", "year-set", "created", "acted"])
        self.server.end(signal.SIGTERM)
        self.server.start()
        maker = self.desk(Role.MAKER)
        reservation = Reserve(3, new_id(), quota, "1.00", "30201", DAY)
        self.done(maker, reservation)
        event = next(events)
        self.assertEqual((event.name, event.epoch), ("reserved", 2))
        self.assertEqual(event.fields["payment"], reservation.payment)
        self.assertEqual(str(event.fields["amount"]), "1.00")
        self.assertEqual(event.quota, quota)
        cursor = event.cursor
        events.close()

        self.done(maker, Reserve(3, new_id(), quota, "2.00", "30201", DAY))
        with maker.events(Cursor.parse(str(cursor)), names=["reserved"], limit=1) as later:
            self.assertEqual([str(one.fields["amount"]) for one in later], ["2.00"])
        foreign = Cursor(cursor.epoch, cursor.sequence, b"\1" * 32)
        with self.assertRaises(Diverged):
            next(maker.events(foreign))


class Examples(Live):
    def test_reserve(self) -> None:
        kept = self.server.data / "payment.json"
        ended = example("reserve.py", self.server.address, str(kept))
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("600.00 = 1000.00 issued - 400.00 cleared", ended.stdout)
        self.assertIn("over-quota 1002", ended.stdout)
        self.assertIn("超可用指标", ended.stdout)
        self.assertFalse(kept.exists())

    def test_reserve_when_the_server_dies_in_mid_way(self) -> None:
        kept = self.server.data / "payment.json"
        wire = Wire(self.server)
        self.addCleanup(wire.close)
        wire.kill_at(Reserve.KIND)
        ended = example("reserve.py", wire.address, str(kept))
        self.assertTrue(wire.wait_killed())
        self.assertEqual(ended.returncode, 75, ended.stdout + ended.stderr)
        self.assertIn("not known whether it took effect", ended.stdout)
        self.server.start()
        again = example("reserve.py", wire.address, str(kept))
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("it is on record", again.stdout)
        self.assertIn("600.00 = 1000.00 issued - 400.00 cleared", again.stdout)

    def test_follow(self) -> None:
        self.quota()
        kept = self.server.data / "cursor.txt"
        first = example("follow.py", self.server.address, "--keep", str(kept), "--limit", "3")
        self.assertEqual(first.returncode, 0, first.stderr)
        second = example("follow.py", self.server.address, "--keep", str(kept), "--limit", "1")
        self.assertEqual(second.returncode, 0, second.stderr)
        sequences = [line.split()[1] for line in (first.stdout + second.stdout).splitlines()]
        self.assertEqual(sequences, ["2", "3", "4", "5"])


if __name__ == "__main__":
    unittest.main()
