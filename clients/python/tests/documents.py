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


def _part(name: str) -> str:
    """A generated part of docs/office.md."""
    text = (ROOT / "docs" / "office.md").read_text("utf-8")
    _, _, rest = text.partition(f"<!-- generated: {name} -->")
    return rest.partition(f"<!-- end of {name} -->")[0]


def office_module() -> str:
    """src/treasury/office.py, from the tables of docs/office.md."""
    numbers, roles = [], []
    for number, paper, _, filed_by, _ in rows(_part("papers"))[1:]:
        name = paper.strip("`").upper().replace("-", "_")
        numbers.append(f"    {name} = {number}\n")
        named = [f"Role.{role.upper().replace('-', '_')}" for role in filed_by.split(", ")]
        roles.append(f"    Paper.{name}: ({', '.join(named)}{',' if len(named) == 1 else ''}),\n")
    tables = []
    for part in _part("tables").split("\n### ")[1:]:
        head, _, rest = part.partition("\n")
        slug, number = re.fullmatch(r"`([a-z-]+)` .*, table (\d+)", head).groups()  # type: ignore[union-attr]
        columns = [cells[0] for cells in rows(rest)[1:]]
        keys = sum(column.endswith("(key)") for column in columns)
        text = " ".join(column.split("`")[1] for column in columns)
        tables.append(f'    "{slug}": Table({number}, "{slug}", {keys}, "{text}".split()),\n')
    return _OFFICE.format(numbers="".join(numbers), roles="".join(roles), tables="".join(tables))


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


_OFFICE = '''"""What the finance office keeps on file: papers that can be filed, and tables that can be read.

Made from the tables of docs/office.md: `UPDATE_GOLDEN=1 python -m unittest tests.test_documents`.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

from .names import Named, Role


class Paper(Named):
    """A kind of paper."""

{numbers}

#: Who files which.
PAPER_ROLES: Dict[Paper, Tuple[Role, ...]] = {{
{roles}}}


class Table(NamedTuple):
    """A table."""

    number: int
    name: str
    #: How many of its columns, from the first, are the key; `/` stands between them in a key.
    keys: int
    columns: List[str]


#: Every table by its name.
TABLES: Dict[str, Table] = {{
{tables}}}
'''
