"""docs/schema against every JSON line the project has: golden vectors, the document, a real server."""

from __future__ import annotations

import importlib
import json
import os
import re
import socket
import unittest
import uuid
from typing import Any, Dict, List, Tuple

from . import ROOT, schemas
from .live import Server, program
from .test_vectors import vectors

jsonschema: Any
referencing: Any
try:
    jsonschema = importlib.import_module("jsonschema")
    referencing = importlib.import_module("referencing")
except ImportError:
    jsonschema = referencing = None

STRICT = bool(os.environ.get("TREASURY_PYTHON_STRICT"))


def document_lines() -> List[Tuple[str, Dict[str, Any]]]:
    """The lines of docs/protocol.md, with who says them."""
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    found = re.findall(r"^(→|←) (\{.*\})$", text, re.MULTILINE)
    return [(who, json.loads(line)) for who, line in found]


class Files(unittest.TestCase):
    """The files are what the tables make."""

    def test_files(self) -> None:
        for name, schema in schemas.files().items():
            path = schemas.FOLDER / name
            if os.environ.get("UPDATE_GOLDEN"):
                path.write_text(schemas.text_of(schema), "utf-8")
            self.assertEqual(
                path.read_text("utf-8"),
                schemas.text_of(schema),
                f"docs/schema/{name}: UPDATE_GOLDEN=1 python -m unittest tests.test_schemas",
            )


@unittest.skipIf(jsonschema is None and not STRICT, "jsonschema is not installed")
class Lines(unittest.TestCase):
    """Good lines validate, bad ones do not."""

    def setUp(self) -> None:
        made = schemas.files()
        resources = [
            (name, referencing.Resource.from_contents(schema)) for name, schema in made.items()
        ]
        registry: Any = referencing.Registry().with_resources(resources)
        self.validators: Dict[str, Any] = {}
        for name, schema in made.items():
            jsonschema.Draft202012Validator.check_schema(schema)
            self.validators[name] = jsonschema.Draft202012Validator(schema, registry=registry)

    def good(self, schema: str, line: Any) -> None:
        errors = list(self.validators[schema].iter_errors(line))
        self.assertFalse(errors, f"{line}\n{errors}")

    def bad(self, schema: str, line: Any) -> None:
        self.assertTrue(list(self.validators[schema].iter_errors(line)), line)

    def test_requests(self) -> None:
        for name in ("hellos.json", "requests.json"):
            for vector in vectors(name):
                self.good(schemas.REQUESTS, vector["json"])
        for vector in vectors("commands.json"):
            self.good(schemas.REQUESTS, {"request": "1", **vector["json"]})
            self.good(schemas.REQUESTS, {"request": "1", "commands": [vector["json"]]})
            self.bad(schemas.REQUESTS, vector["json"])
            self.bad(schemas.REQUESTS, {"request": "1", **vector["json"], "colour": "red"})

    def test_each_key_that_is_needed_is_missed(self) -> None:
        for vector in vectors("commands.json"):
            line = {"request": "1", **vector["json"]}
            needed = schemas.requests()["$defs"][vector["name"]]["required"]
            for key in needed:
                self.bad(schemas.REQUESTS, {k: v for k, v in line.items() if k != key})

    def test_bad_lines(self) -> None:
        seen = 0
        for vector in vectors("bad-lines.json"):
            if vector["shape"]:
                with self.subTest(vector["name"]):
                    self.bad(schemas.REQUESTS, json.loads(vector["line"]))
                    seen += 1
        self.assertGreater(seen, 20)

    def test_replies(self) -> None:
        for vector in vectors("replies.json"):
            line = dict(vector["json"])
            if "events" in line:
                # The vectors show bodies as hex; events have vectors of their own.
                line["events"] = [one["json"] for one in vectors("events.json")]
            self.good(schemas.REPLIES, line)
            self.bad(schemas.REPLIES, {**line, "colour": "red"})

    def test_directory(self) -> None:
        for vector in vectors("directory.json"):
            if vector["what"] == "request":
                self.good(schemas.REQUESTS, vector["json"])
                self.bad(schemas.REQUESTS, {**vector["json"], "colour": "red"})
                self.bad(schemas.REQUESTS, {**vector["json"], "as_of": 3})
            elif vector["what"] == "reply":
                line = dict(vector["json"])
                if "history" in line:
                    line["history"] = [
                        {**one["json"], "time_ms": "1"} for one in vectors("events.json")
                    ]
                self.good(schemas.REPLIES, line)
                self.bad(schemas.REPLIES, {**line, "colour": "red"})

    def test_events(self) -> None:
        for vector in vectors("events.json"):
            event = vector["json"]
            self.good(schemas.EVENTS, event)
            self.bad(schemas.EVENTS, {**event, "colour": "red"})
            for key in ("event", "epoch", "sequence", "division", "by"):
                self.bad(schemas.EVENTS, {k: v for k, v in event.items() if k != key})

    def test_the_documents_lines(self) -> None:
        said = {"→": schemas.REQUESTS, "←": schemas.REPLIES}
        lines = document_lines()
        self.assertGreater(len(lines), 15)
        for who, line in lines:
            self.good(said[who], line)

    @unittest.skipIf(program() is None and not STRICT, "no server was built: cargo build")
    def test_what_a_real_server_says(self) -> None:
        with Server() as server:
            heard = [line for role, lines in conversation() for line in talk(server, role, lines)]
        self.assertTrue(any("results" in line for line in heard))
        self.assertTrue(any(line.get("events") for line in heard))
        for line in heard:
            self.good(schemas.REPLIES, line)


def conversation() -> List[Tuple[str, List[Dict[str, Any]]]]:
    """What three roles say, in turn."""
    def act() -> str:
        return uuid.uuid4().hex

    year = {"division": 1, "year": 2026}
    payment = act()
    register = {"command": "register", "division": 1, "parent": 0, "code": "370102000", "name": "区"}
    create = {"command": "create", "act": act(), **year, "fund": "111", "posts": ["unit"]}
    create.update({"executable": True, "authority": "budget-line", "key": "k"})
    quota = {"quota": "1/2026/0"}
    reserve = {"command": "reserve", "payment": payment, **quota, "economic": "30201"}
    reserve.update({"day": "2026-03-04", "method": "centralized", "business": "single"})
    return [
        ("operator", [register, {"command": "open-year", "act": act(), **year}]),
        (
            "finance",
            [
                {**create},
                {"command": "issue", "act": act(), **quota, "amount": "10.00"},
                {"command": "issue", "act": act(), **quota, "amount": "ten"},
            ],
        ),
        (
            "maker",
            [
                {**reserve, "amount": "4.00"},
                {**reserve, "payment": act(), "amount": "40.00"},
                {"look_up": "quota", **quota},
                {"look_up": "payment", **year, "payment": payment},
                {"look_up": "outcome", "of": "payment", **year, "id": payment},
                {"look_up": "outcome", "of": "payment", **year, "id": act()},
                {"ask": "health"},
                {"ask": "metrics"},
                {"ask": "ping"},
                {"subscribe": {"limit": "6"}},
            ],
        ),
    ]


def talk(server: Server, role: str, lines: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Says each line and hears what is answered, to the goodbye."""
    host, port = server.address.split(":")
    heard: List[Dict[str, Any]] = []
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        file = connection.makefile("rw", encoding="utf-8", newline="\n")

        def say(line: Dict[str, Any]) -> None:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()

        def hear() -> Dict[str, Any]:
            heard.append(json.loads(file.readline()))
            return heard[-1]

        say({"hello": {"role": role, "channel": 3}})
        hear()
        for number, line in enumerate(lines, 1):
            person = {"person": "7"} if "command" in line else {}
            say({"request": str(number), **line, **person})
            told = hear()
            while "events" in told:
                told = hear()
        say({"request": "99", "ask": "goodbye"})
        hear()
    return heard


if __name__ == "__main__":
    unittest.main()
