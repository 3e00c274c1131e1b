"""Follows what is committed, and goes on where it was after any stop.

    python examples/python/follow.py 127.0.0.1:7370 [--keep cursor.txt] [--limit 20] [event …]

Prints each event as it is committed. The cursor is kept beside what was taken in: start the same
line again, and no event is missed and none is printed twice.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pathlib
from typing import Tuple

from treasury import EVENT_NAMES, AsyncTreasury, Cursor, Role


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("names", nargs="*", metavar="event", help=f"some of {', '.join(EVENT_NAMES)}")
    parser.add_argument("--keep", type=pathlib.Path, help="where the cursor is kept")
    parser.add_argument("--limit", type=int, default=0, help="end after so many; 0: never")
    given = parser.parse_args()

    cursor, handled = kept(given.keep)
    async with await AsyncTreasury.connect(
        given.address, role=Role.OPERATOR, channel=9, name="follow"
    ) as client:
        events = client.events(cursor, names=given.names, limit=given.limit, handled=handled)
        async for event in events:
            who = f"person {event.by.person} ({event.by.role.slug})" if event.by else ""
            amount = event.fields.get("amount", event.fields.get("fact.amount", ""))
            print(event.epoch, event.sequence, event.name, event.quota or "", amount, who, flush=True)
            if given.keep:
                keep(given.keep, event.cursor, event.sequence)


def kept(path: "pathlib.Path | None") -> Tuple[Cursor, int]:
    if path is None or not path.exists():
        return Cursor(), 0
    cursor, handled = path.read_text("ascii").split()
    return Cursor.parse(cursor), int(handled)


def keep(path: pathlib.Path, cursor: Cursor, handled: int) -> None:
    """In one step: a crash leaves the old file or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{cursor} {handled}\n", "ascii")
    os.replace(fresh, path)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
