"""Tables of the project's documents, as lists of cells."""

from __future__ import annotations

import json
import re
from typing import Dict, List, Tuple

from . import ROOT


def rows(text: str) -> List[List[str]]:
    """The rows of the tables in a text, without heads and rules."""
    found = []
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            found.append(cells)
    return [cells for cells in found if not re.fullmatch(r":?-+:?", cells[0])]


def protocol_table(name: str) -> List[List[str]]:
    """A table of docs/protocol.md that stands between marks, without its head."""
    text = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    _, _, rest = text.partition(f"<!-- table: {name} -->")
    table, mark, _ = rest.partition("<!-- end of table -->")
    if not mark:
        raise AssertionError(f"docs/protocol.md has no table {name}")
    return rows(table)[1:]


def code_rows() -> List[List[str]]:
    """The list of answers in docs/refusals.md."""
    text = (ROOT / "docs" / "refusals.md").read_text("utf-8")
    _, _, rest = text.partition("<!-- generated: codes -->")
    return rows(rest.partition("<!-- end of codes -->")[0])[1:]


def event_tables() -> Dict[int, Tuple[str, List[List[str]]]]:
    """The events of docs/format.md: kind, name and fields."""
    text = (ROOT / "docs" / "format.md").read_text("utf-8")
    found: Dict[int, Tuple[str, List[List[str]]]] = {}
    for part in text.split("\n### Kind ")[1:]:
        head, _, rest = part.partition("\n")
        kind, name = re.fullmatch(r"(\d+) `([A-Za-z-]+)`", head).groups()  # type: ignore[union-attr]
        table = rows(re.split(r"\n##+ ", rest)[0])[1:]
        found[int(kind)] = (name, table)
    return found


def code_spans(cell: str) -> List[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def papers_module() -> str:
    """src/treasury/papers.py, from the table of papers in docs/office.md."""
    text = (ROOT / "docs" / "office.md").read_text("utf-8")
    _, _, rest = text.partition("<!-- generated: papers -->")
    table = rows(rest.partition("<!-- end of papers -->")[0])[1:]
    numbers, roles = [], []
    for number, paper, _, filed_by, _ in table:
        name = paper.strip("`").upper().replace("-", "_")
        named = [f"Role.{role.upper().replace('-', '_')}" for role in filed_by.split(", ")]
        numbers.append(f"    {name} = {number}\n")
        tuple_of = ", ".join(named) + ("," if len(named) == 1 else "")
        roles.append(f"    Paper.{name}: ({tuple_of}),\n")
    return (
        _PAPERS_HEAD
        + "".join(numbers)
        + "\n\n#: Who files which.\nPAPER_ROLES: Dict[Paper, Tuple[Role, ...]] = {\n"
        + "".join(roles)
        + "}\n"
    )


def codes_module(text: str) -> str:
    """src/treasury/codes.py with its numbers and texts as docs/refusals.md has them."""

    def constant(name: str) -> str:
        return name.strip("`").upper().replace("-", "_")

    numbers, texts = [], []
    for number, name, then, english, chinese, next_step in code_rows():
        numbers.append(f"    {constant(name)} = {number}\n")
        told = "".join(f"        {json.dumps(one, ensure_ascii=False)},\n" for one in (english, chinese, next_step))
        head = f"    Code.{constant(name)}: _Texts(\n        Then.{constant(then)},\n"
        texts.append(f"{head}{told}    ),\n")
    before, mark, rest = text.partition('"""A code an answer can have."""\n\n')
    _, members, rest = rest.partition("\n    @property\n    def slug")
    between, table, _ = rest.partition("_TEXTS: dict[Code, _Texts] = {\n")
    return "".join([before, mark, *numbers, members, between, table, *texts, "}\n"])


_PAPERS_HEAD = '''"""The papers that can be filed with the finance office: number, name, and who files them.

Made from the table of docs/office.md: `UPDATE_GOLDEN=1 python -m unittest tests.test_documents`.
"""

from __future__ import annotations

from typing import Dict, Tuple

from .names import Named, Role


class Paper(Named):
    """A kind of paper."""

'''
