"""The tables of the documents against what the client has: neither may say more than the other."""

from __future__ import annotations

import os
import pathlib
import unittest
from typing import Dict, List, Type

from . import documents
from treasury import codes, commands, limits, names, office
from treasury.codes import Code
from treasury.events import EVENTS, FIRST_EVENT_KIND
from treasury.forms import OneOf
from treasury.frames import FrameKind

BOUNDS = {
    "bytes of a frame": limits.FRAME_BYTES_MAX,
    "commands in a frame": limits.COMMANDS_PER_FRAME_MAX,
    "bytes of a tail on the wire": limits.TAIL_BYTES_MAX,
    "bytes of particulars": limits.PARTICULARS_BYTES_MAX,
    "bytes of a reason or note": limits.NOTE_BYTES_MAX,
    "bytes of an official key": limits.KEY_BYTES_MAX,
    "bytes of a division's name": limits.DIVISION_NAME_BYTES_MAX,
    "bytes of a paper's text": limits.PAPER_BYTES_MAX,
    "bytes of what a paper changes": limits.FILED_BYTES_MAX,
    "bytes of what a batch stages": limits.STAGED_BYTES_MAX,
    "bytes staged in all open batches of a division and year": limits.OPEN_STAGED_BYTES_MAX,
    "commands in a linked run": limits.LINKED_RUN_COMMANDS_MAX,
    "figures in a refusal": limits.FIGURES_MAX,
    "amount, in fen, either sign": limits.AMOUNT_FEN_MAX,
    "look-ups in a frame": limits.LOOK_UPS_PER_FRAME_MAX,
    "bytes of one answer to a look-up": limits.ANSWER_BYTES_MAX,
    "event names in a filter": limits.EVENT_FILTER_NAMES_MAX,
    "bytes of an event name": limits.EVENT_NAME_BYTES_MAX,
    "bytes of a text in an error or health message": limits.MESSAGE_TEXT_BYTES_MAX,
    "bytes of a client's name": limits.CLIENT_NAME_BYTES_MAX,
    "budget of a frame, ms": limits.BUDGET_MS_MAX,
    "wait for a whole hello, ms": limits.HELLO_WAIT_MS,
    "wait for the rest of a frame, ms": limits.FRAME_WAIT_MS,
    "heartbeat, ms": limits.HEARTBEAT_MS,
    "commands in flight, at most granted": limits.WINDOW_COMMANDS_MAX,
    "bytes in flight, at most granted": limits.WINDOW_BYTES_MAX,
    "bytes of a JSON line": limits.JSON_LINE_BYTES_MAX,
    "commands in a JSON line": limits.JSON_COMMANDS_PER_LINE_MAX,
    "look-ups in a JSON line": limits.JSON_LOOK_UPS_PER_LINE_MAX,
    "items on a page of the directory": limits.DIRECTORY_PAGE_ITEMS_MAX,
    "bytes of rows on a page": limits.DIRECTORY_ROWS_BYTES_MAX,
    "bytes of a row's key": limits.ROW_KEY_BYTES_MAX,
    "wait for a position, ms": limits.DIRECTORY_WAIT_MS_MAX,
    "bytes of a text of a listed payment": limits.DIRECTORY_TEXT_BYTES_MAX,
}

VOCABULARIES: Dict[str, Type[names.Named]] = {
    "role": names.Role,
    "payment state": names.PaymentState,
    "ending of a released payment": names.Ending,
    "payment method": names.Method,
    "business kind": names.Business,
    "settlement path": names.Path,
    "authority": names.Authority,
    "limit kind": names.LimitKind,
    "action on a parked fact": names.ParkedAction,
    "step": names.Step,
    "fact": names.FactKind,
    "act": names.ActKind,
    "move": names.MoveKind,
    "paper": office.Paper,
    "health status": names.HealthStatus,
    "environment": names.Environment,
}

#: How the table of fields writes a form, by the class that has it here.
FORMS = {
    "Uuid": "u128 UUID",
    "Quota": "u64 quota",
    "Amount": "i64 fen",
    "ClassOf": "8 bytes class",
    "Day": "u32 day",
    "Year": "u16 year",
    "PostsOf": "u8 posts",
    "YesNo": "u8 0 or 1",
    "NineDigits": "9 digits",
    "Hash": "u64 hash",
    "Digest": "u128 digest",
}
ONE_OF: Dict[Type[names.Named], str] = {
    names.Method: "u8 method",
    names.Business: "u8 business kind",
    names.Authority: "u8 authority",
    names.LimitKind: "u8 limit kind",
    names.ParkedAction: "u8 action",
    office.Paper: "u8 paper",
}
WHOLE = {1: "u8 month", 2: "u16", 4: "u32", 8: "u64"}


def form_text(slot: commands.Slot) -> str:
    """A slot as the table of fields writes it."""
    form = slot.form
    mark = "?" if form.optional else ""
    if isinstance(form, OneOf):
        text = ONE_OF[form.of]
    else:
        text = FORMS.get(type(form).__name__) or WHOLE[form.size]
    if slot.name == "parent" and form.optional:
        text += ", all ones: none"
    return f"{slot.offset}: {slot.name}{mark}, {text}"


def tail_text(kind: Type[commands.Command]) -> str:
    """A tail as the table of fields writes it."""
    tail = kind.TAIL
    return "–" if tail is None else tail.name + ("" if tail.needed else "?")


class Documents(unittest.TestCase):
    """docs/protocol.md, docs/refusals.md and docs/format.md."""

    def test_frames(self) -> None:
        told = [(int(number), kind.strip("`")) for number, kind, _ in documents.protocol_table("frames")]
        self.assertEqual(told, [(kind.value, kind.slug) for kind in FrameKind])

    def test_fields(self) -> None:
        told = {}
        for kinds, fields, tail in documents.protocol_table("fields"):
            for name in documents.code_spans(kinds):
                told[name] = (sorted(fields.split("; ")), tail)
        ours = {
            kind.NAME: (sorted(form_text(slot) for slot in kind.SLOTS), tail_text(kind))
            for kind in commands.COMMANDS.values()
        }
        self.assertEqual(told, ours)

    def test_commands(self) -> None:
        told = []
        for name, number, roles, order, known_by, _ in documents.protocol_table("commands"):
            asked = None
            if known_by.endswith("a refusal ends it"):
                asked = known_by.split(";")[0].replace("batch", "act")
            told.append((name.strip("`"), int(number), roles, order, asked))
        ours = []
        for kind in commands.COMMANDS.values():
            roles = ", ".join(role.slug for role in kind.ROLES)
            ours.append(
                (kind.NAME, kind.KIND, roles, "fact" if kind.FACT else "order", kind.ASKED_BY)
            )
        self.assertEqual(told, ours)

    def test_numbers(self) -> None:
        told: Dict[str, List[str]] = {}
        for field, numbers in documents.protocol_table("numbers"):
            told[field] = numbers.split(", ")
        ours = {
            field: [f"{one.value} `{one.slug}`" for one in kind]
            for field, kind in VOCABULARIES.items()
        }
        ours["posts (bits, added)"] = [
            f"{post.value} `{post.slugs[0]}`" for post in names.Posts if post
        ]
        self.assertEqual(told, ours)

    def test_what_is_made_of_tables(self) -> None:
        made = {
            office.__file__: documents.office_module(),
            codes.__file__: documents.codes_module(pathlib.Path(codes.__file__).read_text("utf-8")),
        }
        for name, text in made.items():
            path = pathlib.Path(name)
            if os.environ.get("UPDATE_GOLDEN"):
                path.write_text(text, "utf-8")
            how = f"{path.name}: UPDATE_GOLDEN=1 python -m unittest tests.test_documents"
            self.assertEqual(path.read_text("utf-8"), text, how)

    def test_codes(self) -> None:
        told = [
            (int(number), name.strip("`"), then, english)
            for number, name, then, english in documents.protocol_table("codes")
        ]
        self.assertEqual(told, [(c.value, c.slug, c.then.value, c.english) for c in Code])
        texts = [(int(row[0]), row[4], row[5]) for row in documents.code_rows()]
        self.assertEqual(texts, [(c.value, c.chinese, c.next_step) for c in Code])

    def test_bounds(self) -> None:
        told = {bound: int(value) for bound, value in documents.protocol_table("bounds")}
        self.assertEqual(told, BOUNDS)

    def test_events(self) -> None:
        told = {}
        for kind, (name, table) in documents.event_tables().items():
            if kind < FIRST_EVENT_KIND:
                continue
            fields = [row[3] for row in table]
            self.assertEqual(fields[:3], ["by.person", "by.role", "by.channel"], name)
            # What follows the fixed fields of a refusal is read by hand, and checked by bytes.
            rest = [field for field in fields[3:] if not field.startswith(("refusal", "figures", "ids"))]
            told[kind] = (name, [field.replace("_fen", "").replace(" ", "_") for field in rest])
        ours = {}
        for kind, (name, layout) in EVENTS.items():
            fields = [field.split(":")[0] for field in layout.split()]
            ours[kind] = (name, [field for field in fields if not field.startswith("refusal")])
        self.assertEqual(told, ours)


if __name__ == "__main__":
    unittest.main()
