"""Every golden vector of protocol/vectors: good ones byte for byte both ways, bad ones refused."""

from __future__ import annotations

import dataclasses
import datetime
import json
import unittest
import uuid
from typing import Any, Dict, List, Optional, Union

from . import ROOT
from treasury import codes, commands
from treasury.codes import Code
from treasury.directory import (
    Asked,
    History,
    HistoryPage,
    ListedPayment,
    ListPayments,
    ListRows,
    PaymentFilter,
    PaymentIn,
    PaymentPage,
    Question,
    RowPage,
    StateAt,
    ms_of,
    time_of,
)
from treasury.errors import BadFrame, BadValue
from treasury.events import FIRST_EVENT_KIND
from treasury.frames import (
    Cursor,
    Frame,
    FrameKind,
    Hello,
    LookUp,
    commands_frame,
    encode_run,
    look_ups_frame,
    put_frame,
    split_commands,
    split_frame,
    subscribe_frame,
)
from treasury.ids import QuotaId
from treasury.names import Environment, PaymentState, Role
from treasury.replies import (
    Figure,
    Position,
    Result,
    expect,
    read_error,
    read_events,
    read_health,
    read_metrics,
    read_pong,
    read_results,
    read_welcome,
)
from treasury.reports import Report, ReportBasis, ReportBy, ReportKind, ReportPage
from treasury.views import OutcomeView, PaymentView, QuotaView, View, read_answers

VECTORS = ROOT / "protocol" / "vectors"


def vectors(name: str) -> List[Dict[str, Any]]:
    """The vectors of a file; there are some."""
    found: List[Dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))["vectors"]
    assert found, name
    return found


def hello_of(line: Dict[str, Any]) -> Hello:
    """A hello from its JSON line."""
    told = line["hello"]
    roles = {role.slug: role for role in Role}
    environments = {one.slug: one for one in Environment}
    return Hello(
        roles[told["role"]],
        told["channel"],
        environments[told["environment"]],
        told.get("name", ""),
        told.get("window", 0),
    )


def request_of(line: Dict[str, Any]) -> bytes:
    """The frame that a JSON line of a client stands for."""
    line = dict(line)
    request, within_ms = int(line.pop("request")), line.pop("within_ms", 0)
    if "command" in line or "commands" in line:
        given = line.get("commands") or [line]
        flags = [
            (commands.CHECK if one.pop("check", False) else 0)
            | (commands.LINKED if one.pop("linked", False) else 0)
            for one in given
        ]
        made = [commands.command_from_json(one) for one in given]
        encoded = [one.encode(flag) for one, flag in zip(made, flags)]
        if any(flag & commands.LINKED for flag in flags):
            assert encoded == encode_run(made)
        return commands_frame(request, encoded, within_ms)
    if "look_up" in line or "look_ups" in line:
        asked = line.get("look_ups") or [line]
        return look_ups_frame(request, [look_up_of(one) for one in asked])
    if "list" in line or "history" in line or "state_at" in line or "report" in line:
        return question_of(line).frame(request)
    if "subscribe" in line:
        wish = line["subscribe"]
        cursor = Cursor()
        if "cursor" in wish:
            told = wish["cursor"]
            group_hash = bytes.fromhex(told["group_hash"])
            cursor = Cursor(told["epoch"], int(told["sequence"]), group_hash)
        limit = int(wish.get("limit", "0"))
        return subscribe_frame(request, cursor, limit, wish.get("events", ()))
    kinds = {kind.slug: kind for kind in FrameKind}
    return put_frame(kinds[line["ask"]], request)


def question_of(line: Dict[str, Any]) -> Question[Any]:
    """A question to the directory from its JSON line."""
    as_of: Any = None
    if "as_of" in line:
        as_of = position_of(line["as_of"])
    elif "as_of_ms" in line:
        as_of = time_of(int(line["as_of_ms"]))
    asked = Asked(
        wait_for=position_of(line["wait_for"]) if "wait_for" in line else None,
        wait_ms=line.get("wait_ms", 0),
        as_of=as_of,
        items=line.get("items", 0),
        newest_first=line.get("newest_first", False),
        after=bytes.fromhex(line["after"]) if "after" in line and line.get("list") != "rows" else None,
    )
    if "report" in line:
        return report_of(line, asked)
    if line.get("list") == "rows":
        place = (line["table"], line["division"], line["year"])
        return ListRows(*place, line.get("beginning", ""), line.get("after", ""), asked)
    if "history" in line:
        if line["history"] == "quota":
            return History(QuotaId.parse(line["quota"]), asked)
        payment = uuid.UUID(line["payment"])
        if "division" not in line:
            return History(payment, asked)
        return History(PaymentIn(line["division"], line["year"], payment), asked)
    if "state_at" in line:
        look_up = look_up_of({**line, "look_up": line["state_at"]})
        if line["state_at"] == "quota":
            return StateAt(look_up, asked, QuotaView)
        return StateAt(look_up, asked, PaymentView)
    states = {state.slug: state for state in PaymentState}
    ages = [line.get(field) for field in ("older_than_ms", "younger_than_ms")]
    older, younger = (None if ms is None else datetime.timedelta(milliseconds=int(ms)) for ms in ages)
    return ListPayments(
        PaymentFilter(
            states=[states[name] for name in line.get("states", ())],
            division=line.get("division"),
            year=line.get("year"),
            quota=QuotaId.parse(line["quota"]) if "quota" in line else None,
            key_prefix=line.get("key_prefix", ""),
            payee_hash=int(line["payee_hash"], 16) if "payee_hash" in line else None,
            number=line.get("number", ""),
            maker=int(line["maker"]) if "maker" in line else None,
            older_than=older,
            younger_than=younger,
            since_reserved=line.get("age_since") == "reserved",
            amount_from=line.get("amount_from"),
            amount_to=line.get("amount_to"),
        ),
        asked,
    )


def report_of(line: Dict[str, Any], asked: Asked) -> Report:
    """A question for a report from its JSON line."""
    upto: Optional[int] = None
    if "upto" in line:
        _, month, third = line["upto"].split("-")
        upto = (int(month) - 1) * 3 + int(third) - 1
    return Report(
        kind={one.slug: one for one in ReportKind}[line["report"]],
        year=line["year"],
        division=line.get("own_level", line.get("area", "")),
        whole_area="own_level" not in line,
        by={one.slug: one for one in ReportBy}[line.get("by", "division")],
        basis={one.slug: one for one in ReportBasis}[line.get("basis", "paid")],
        carry_over=line.get("carry_over", True),
        upto=upto,
        unit=line.get("unit", ""),
        function=line.get("function", ""),
        fund=line.get("fund", ""),
        quota=QuotaId.parse(line["quota"]) if "quota" in line else None,
        asked=asked,
    )


def position_of(told: Dict[str, Any]) -> Position:
    return Position(told["epoch"], int(told["sequence"]))


def look_up_of(line: Dict[str, Any]) -> LookUp:
    """A look-up from its JSON object."""
    if line["look_up"] == "quota":
        return LookUp.quota(QuotaId.parse(line["quota"]))
    place = (line["division"], line["year"])
    if line["look_up"] == "payment":
        return LookUp.payment(*place, uuid.UUID(line["payment"]))
    return LookUp.outcome(line["of"], *place, uuid.UUID(line["id"]))


# --- what a reply says, as its JSON line does -----------------------------------------------------


def code_json(code: Code) -> Dict[str, Any]:
    """A code with its texts."""
    return {
        "code": code.value,
        "name": code.slug,
        "english": code.english,
        "chinese": code.chinese,
        "next": code.next_step,
        "retry": code.then.value,
    }


def position_json(position: Position) -> Dict[str, Any]:
    return {"epoch": position.epoch, "sequence": str(position.sequence)}


def result_json(result: Result) -> Dict[str, Any]:
    told = code_json(result.code)
    if result.repeat:
        told["repeat"] = True
    if result.checked:
        told["checked"] = True
    if result.state is not None:
        told["state"] = result.state.slug
    if result.available is not None:
        told["available"] = str(result.available)
    if result.quota is not None:
        told["quota"] = str(result.quota)
    if result.sequence:
        told["sequence"] = str(result.sequence)
    if result.figures:
        told["figures"] = [figure_json(one) for one in result.figures]
    return told


def figure_json(figure: Figure) -> Dict[str, Any]:
    if figure.place is not None:
        line, column = figure.place
        return {"limit": figure.limit.slug, "line": line, "column": column}
    requested, left = str(figure.requested), str(figure.left)
    return {"limit": figure.limit.slug, "requested": requested, "left": left}


def number_or_none(number: int) -> Optional[str]:
    return str(number) if number else None


def quota_json(view: QuotaView) -> Dict[str, Any]:
    return {
        "quota": str(view.quota),
        "version": view.version,
        "open_payments": view.open_payments,
        "open_contracts": view.open_contracts,
        "executable": view.executable,
        "closed": view.closed,
        "quarantined": view.quarantined,
        "posts": view.posts.slugs,
        "authority": view.authority.slug,
        "plan": number_or_none(view.plan),
        "parent": None if view.parent is None else str(view.parent),
        "cap": None if view.cap is None else str(view.cap),
        "fund": view.fund,
        "economic": view.economic,
        "buckets": {name: str(value) for name, value in view.buckets._asdict().items()},
        "totals": {name: str(value) for name, value in view.totals._asdict().items()},
        "available": str(view.available),
        "key": view.key,
    }


def payment_json(view: PaymentView) -> Dict[str, Any]:
    unit, department, finance = map(number_or_none, view.approvers)
    return {
        "payment": view.payment.hex,
        "quota": str(view.quota),
        "amount": str(view.amount),
        "executed": str(view.executed),
        "maker": str(view.maker),
        "approvers": {"unit": unit, "department": department, "finance": finance},
        "instructor": number_or_none(view.instructor),
        "contract": number_or_none(view.contract),
        "plan": number_or_none(view.plan),
        "payee_hash": f"{view.payee_hash:016x}",
        "deadline_ms": number_or_none(view.deadline_ms),
        "sequence": str(view.sequence),
        "economic": view.economic,
        "day": view.day.isoformat(),
        "rule_version": view.rule_version,
        "method": view.method.slug,
        "business": view.business.slug,
        "path": view.path.slug,
        "state": view.state.slug,
        "ending": None if view.ending is None else view.ending.slug,
        "posts": view.posts.slugs,
        "approved": view.approved.slugs,
        "steps": [
            {"step": one.step.slug, "serial": str(one.serial), "person": str(one.person)}
            for one in view.steps
        ],
        "facts": [
            {"fact": one.fact.slug, "channel": one.channel, "serial": str(one.serial)}
            for one in view.facts
        ],
        "refunds": [
            {
                "refund": str(one.refund),
                "amount": str(one.amount),
                "detail": one.detail,
                "settled": one.settled,
                "to_pool": one.to_pool,
            }
            for one in view.refunds
        ],
    }


def view_json(view: View) -> Dict[str, Any]:
    if isinstance(view, QuotaView):
        assert view.balances
        return {"quota": quota_json(view)}
    if isinstance(view, PaymentView):
        return {"payment": payment_json(view)}
    if isinstance(view, OutcomeView):
        told = result_json(view.result)
        if view.move is not None:
            told["transit"] = view.move.slug.replace("batch-dropped", "dropped")
        return {"outcome": told}
    return {"error": code_json(view)}


def page_json(page: Union[PaymentPage, HistoryPage, ReportPage]) -> Dict[str, Any]:
    return {
        "position": position_json(page.at),
        "time_ms": ms_json(page.time),
        "after": None if page.after is None else page.after.hex(),
    }


def ms_json(time: datetime.datetime) -> str:
    return str(ms_of("time", time))


def listed_json(one: ListedPayment) -> Dict[str, Any]:
    return {
        "payment": one.payment.hex,
        "quota": str(one.quota),
        "amount": str(one.amount),
        "executed": str(one.executed),
        "maker": str(one.maker),
        "payee_hash": f"{one.payee_hash:016x}",
        "reserved_ms": ms_json(one.reserved_at),
        "changed_ms": ms_json(one.changed_at),
        "sequence": str(one.sequence),
        "changed_sequence": str(one.changed_sequence),
        "state": one.state.slug,
        "ending": None if one.ending is None else one.ending.slug,
        "path": one.path.slug,
        "posts": one.posts.slugs,
        "approved": one.approved.slugs,
        "key": one.key,
        "payee_name": one.payee_name,
        "payee_account": one.payee_account,
        "purpose": one.purpose,
        "numbers": one.numbers,
    }


def report_json(page: ReportPage) -> Dict[str, Any]:
    return {
        "title": page.title,
        "chinese": page.chinese,
        "statements": [
            {"name": name, "chinese": chinese, "text": text} for name, chinese, text in page.statements
        ],
        "columns": [
            {"name": one.name, "chinese": one.chinese, "form": one.form.slug}
            for one in page.columns
        ],
        "rows": [list(row) for row in page.rows],
        "total": None if page.total is None else list(page.total),
    }


def directory_json(frame: Frame, asked_for: Question[Any]) -> Dict[str, Any]:
    """The JSON line that an answer of the directory stands for."""
    answer = asked_for.read(expect(frame, asked_for.ANSWER))
    told: Dict[str, Any]
    if isinstance(answer, PaymentPage):
        told = {**page_json(answer), "payments": [listed_json(one) for one in answer.payments]}
    elif isinstance(answer, HistoryPage):
        events = [
            {
                "epoch": one.epoch,
                "kind": one.kind,
                "version": one.version,
                "sequence": str(one.sequence),
                "time_ms": ms_json(one.time),
                "body": one.body.hex(),
            }
            for one in answer.events
        ]
        told = {**page_json(answer), "history": events}
    elif isinstance(answer, ReportPage):
        told = {**page_json(answer), "report": report_json(answer)}
    elif isinstance(answer, RowPage):
        told = {"position": position_json(answer.at), "time_ms": ms_json(answer.time)}
        told.update(table=answer.table, after=answer.after, rows=list(answer.rows))
    else:
        view = Code.NOT_FOUND if answer.view is None else answer.view
        told = {"position": position_json(answer.at), "time_ms": ms_json(answer.time)}
        told["state"] = view_json(view)
    return {**told, "request": str(frame.request)}


def reply_json(data: bytes) -> Dict[str, Any]:
    """The JSON line that a server's frame stands for."""
    split = split_frame(data)
    assert split is not None and split[1] == len(data)
    frame = split[0]
    told: Dict[str, Any]
    if frame.kind is FrameKind.WELCOME:
        welcome = read_welcome(frame)
        told = {
            "welcome": {
                "version": welcome.version,
                "environment": welcome.environment.slug,
                "epoch": welcome.epoch,
                "data_set": welcome.data_set.hex,
                "window_commands": welcome.window_commands,
                "window_bytes": welcome.window_bytes,
                "heartbeat_ms": welcome.heartbeat_ms,
                "server_version": welcome.server_version,
                "line_bytes_max": 262_144,
                "commands_per_line_max": 256,
            }
        }
    elif frame.kind is FrameKind.RESULTS:
        position, results = read_results(frame)
        told = {"position": position_json(position), "results": [result_json(r) for r in results]}
    elif frame.kind is FrameKind.ANSWERS:
        position, views = read_answers(frame)
        told = {"position": position_json(position), "answers": [view_json(view) for view in views]}
    elif frame.kind is FrameKind.HEALTH_REPORT:
        health = read_health(frame)
        told = {
            "health": {
                "position": position_json(health.position),
                "status": health.status.slug,
                "environment": health.environment.slug,
                "connections": health.connections,
                "data_set": health.data_set.hex,
                "uptime_ms": str(health.uptime_ms),
                "quotas": str(health.quotas),
                "divisions": health.divisions,
                "server_version": health.server_version,
                "note": health.note,
            }
        }
    elif frame.kind is FrameKind.METRICS_TEXT:
        told = {"metrics": read_metrics(frame)}
    elif frame.kind is FrameKind.PONG:
        told = {"pong": True, "position": position_json(read_pong(frame))}
    elif frame.kind is FrameKind.EVENTS:
        cursor, records = read_events(frame)
        told = {
            "cursor": {
                "epoch": cursor.epoch,
                "sequence": str(cursor.sequence),
                "group_hash": cursor.group_hash.hex(),
            },
            "events": [
                {
                    "epoch": one.epoch,
                    "kind": one.kind,
                    "version": one.version,
                    "sequence": str(one.sequence),
                    "body": one.body.hex(),
                }
                for one in records
            ],
        }
    elif frame.kind is FrameKind.ERROR:
        message = read_error(frame)
        error = code_json(message.code)
        texts = (message.english, message.chinese, message.next_step)
        assert texts == (error["english"], error["chinese"], error["next"])
        if message.retry_after_ms:
            error["retry_after_ms"] = message.retry_after_ms
        if message.common is not None:
            error["common"] = position_json(message.common)
        if message.detail:
            error["detail"] = message.detail
        told = {"error": error}
    else:
        told = {frame.kind.slug.replace("-", "_"): True}
    if frame.request:
        told["request"] = str(frame.request)
    return told


def of_unknown_kind(frame: Frame) -> Frame:
    """A page of events with a kind in each that no client knows."""
    body, at = bytearray(frame.body), 48
    for _ in range(frame.count):
        body[at + 4 : at + 6] = (999).to_bytes(2, "little")
        at += 32 + int.from_bytes(body[at + 24 : at + 28], "little")
    return dataclasses.replace(frame, body=bytes(body))


class Vectors(unittest.TestCase):
    """Each file of protocol/vectors, vector by vector."""

    def test_hellos(self) -> None:
        for vector in vectors("hellos.json"):
            with self.subTest(vector["name"]):
                hello = hello_of(vector["json"])
                self.assertEqual(hello.encode().hex(), vector["hello"])
                self.assertEqual(Hello.decode(bytes.fromhex(vector["hello"])), hello)

    def test_commands(self) -> None:
        seen = set()
        for vector in vectors("commands.json"):
            with self.subTest(vector["name"]):
                command = commands.command_from_json(vector["json"])
                row, tail = command.encode()
                self.assertEqual((row.hex(), tail.hex()), (vector["row"], vector["tail"]))
                self.assertEqual(commands.command_from_bytes(row, tail), (command, 0))
                self.assertEqual(command.to_json(), vector["json"])
                seen.add(command.NAME)
        self.assertEqual(seen, set(commands.COMMANDS_BY_NAME))

    def test_requests(self) -> None:
        for vector in vectors("requests.json"):
            with self.subTest(vector["name"]):
                self.assertEqual(request_of(vector["json"]).hex(), vector["frame"])

    def test_replies(self) -> None:
        for vector in vectors("replies.json"):
            with self.subTest(vector["name"]):
                self.assertEqual(reply_json(bytes.fromhex(vector["frame"])), vector["json"])

    def test_bad(self) -> None:
        for vector in vectors("bad.json"):
            with self.subTest(vector["name"]):
                self.assertEqual(self.refused(vector), vector["expect"])

    def test_directory(self) -> None:
        found = vectors("directory.json")
        asked: Dict[str, Question[Any]] = {}
        for vector in found:
            if vector["what"] != "request":
                continue
            with self.subTest(vector["name"]):
                question = asked[vector["json"]["request"]] = question_of(vector["json"])
                self.assertEqual(request_of(vector["json"]).hex(), vector["frame"])
                self.assertEqual(bytes.fromhex(vector["frame"])[4], question.KIND)
        told = 0
        for vector in found:
            if vector["what"] != "reply":
                continue
            with self.subTest(vector["name"]):
                split = split_frame(bytes.fromhex(vector["frame"]))
                assert split is not None
                question = asked[vector["json"]["request"]]
                if "history" in vector["json"]:
                    # Bodies of these vectors are no events: of a kind that is not known they may be so.
                    frame = of_unknown_kind(split[0])
                    events = [{**one, "kind": 999} for one in vector["json"]["history"]]
                    expected = {**vector["json"], "history": events}
                else:
                    frame, expected = split[0], vector["json"]
                self.assertEqual(directory_json(frame, question), expected)
                for cut in range(len(frame.body)):
                    with self.assertRaises(BadFrame):
                        question.read(dataclasses.replace(frame, body=frame.body[:cut]))
                told += 1
        self.assertGreaterEqual(told, 5)

    def refused(self, vector: Dict[str, Any]) -> str:
        """Why a bad vector is turned away."""
        data = bytes.fromhex(vector["hex"])
        try:
            if vector["what"] == "hello":
                Hello.decode(data)
            elif vector["what"] == "frame":
                split = split_frame(data)
                if split is None:
                    return "incomplete"
                self.assertEqual(split[1], len(data))
                split_commands(split[0])
            else:
                commands.command_from_bytes(data, bytes.fromhex(vector["tail"]))
        except (BadFrame, BadValue) as error:
            return codes.Code(error.code).slug
        return "taken"


class GoldenEvents(unittest.TestCase):
    """The golden bodies of events in storage/tests/golden/events."""

    def test_each_is_read_whole(self) -> None:
        from treasury.events import EVENTS, read_event
        from treasury.replies import Record

        seen = []
        for path in sorted((ROOT / "storage" / "tests" / "golden" / "events").glob("*.hex")):
            kind, _, name = path.stem.partition("-")
            body = bytes.fromhex("".join(path.read_text("ascii").split()))
            event = read_event(Record(1, int(kind), 1, 5, body), Cursor())
            self.assertEqual(event.name, name)
            self.assertIsNotNone(event.by)
            with self.assertRaises(BadFrame):
                read_event(Record(1, int(kind), 1, 5, body + b"\0"), Cursor())
            seen.append(int(kind))
        self.assertEqual(seen, sorted(EVENTS))
        self.assertGreaterEqual(seen[0], FIRST_EVENT_KIND)


if __name__ == "__main__":
    unittest.main()
