"""Tables of the project's documents, as lists of cells."""

from __future__ import annotations

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
