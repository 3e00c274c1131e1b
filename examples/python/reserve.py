"""A payment from its reservation to its clearing, by everyone who has a hand in it.

    python examples/python/reserve.py 127.0.0.1:7370 [payment.json]

The payment's command is kept in a file before it is sent. When the server dies in mid-way, run the
same line again: the payment is asked for by its id, and goes on from where it stands. It is never
made twice.

Ends with 0 when the payment is cleared, 75 when its outcome is not known yet, 1 when it is refused.
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import sys
import uuid
from typing import Dict, Optional

from treasury import (
    ApproveUnit,
    Clear,
    Command,
    ConfirmPaid,
    Create,
    Done,
    Instruct,
    Issue,
    NoAnswer,
    NoConnection,
    OpenYear,
    Outcome,
    Particulars,
    PaymentState,
    QuotaId,
    Refused,
    Register,
    Reserve,
    Role,
    Treasury,
    Unknown,
    command_from_json,
    new_id,
    payee_hash,
)

DIVISION, YEAR = 2, 2026  # another division than the example in Rust has
DAY = datetime.date(2026, 3, 4)
ACCOUNT = "6222020000000000017"
#: Staff numbers. Nobody fills two posts of one payment.
OPERATOR, BUDGET, DESK, CHECKER, OFFICER, TELLER, TREASURER = 1, 2, 3, 4, 5, 6, 7
NOT_KNOWN_YET = 75


def main() -> int:
    address = sys.argv[1]
    kept = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "payment.json")
    try:
        with Desks(address) as desks:
            return pay(desks, kept)
    except (NoConnection, NoAnswer) as error:
        print(f"{error}\nrun the same line again when the server is back")
        return NOT_KNOWN_YET


class Desks:
    """One connection for each role, made when it is needed."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._open: Dict[Role, Treasury] = {}

    def __getitem__(self, role: Role) -> Treasury:
        if role not in self._open:
            self._open[role] = Treasury.connect(
                self._address, role=role, channel=int(role), name=role.slug, deadline_s=5.0
            )
        return self._open[role]

    def __enter__(self) -> Desks:
        return self

    def __exit__(self, *_: object) -> None:
        for desk in self._open.values():
            desk.close()


def pay(desks: Desks, kept: pathlib.Path) -> int:
    quota = found_quota(desks)

    reservation = unfinished(kept)
    if reservation is None:
        reservation = Reserve(
            DESK,
            payment=new_id(),
            quota=quota,
            amount="400.00",
            economic="30201",
            day=DAY,
            particulars=Particulars("齐鲁文具店", ACCOUNT, purpose="办公费"),
        )
        keep(kept, reservation)
        outcome: Optional[Outcome] = desks[Role.MAKER].submit(reservation)
    else:
        print(f"{kept} has a payment that was not finished: asking for it")
        outcome = desks[Role.MAKER].ask(reservation)
        if outcome is None:
            print("it was never taken: sending the very same again")
            outcome = desks[Role.MAKER].submit(reservation)
        else:
            print("it is on record")

    if isinstance(outcome, Unknown):
        print(f"{outcome}\nrun the same line again when the server is back")
        return NOT_KNOWN_YET
    if isinstance(outcome, Refused):
        print(f"refused: {outcome}")
        return 1
    print(f"reserved {reservation.amount} yuan: {outcome}")

    # What follows is known by the payment: sent again, it is a repeat and not a second step.
    payment, amount, paid_to = reservation.payment, reservation.amount, payee_hash(ACCOUNT)
    serial = payment.int & 0xFFFF_FFFF  # of the banks' own reports
    steps = (
        (Role.CHECKER, ApproveUnit(CHECKER, payment, quota)),
        (Role.FINANCE, Instruct(OFFICER, payment, quota)),
        (Role.BANK, ConfirmPaid(TELLER, payment, quota, amount, serial, DAY, paid_to)),
        (Role.CENTRAL_BANK, Clear(TREASURER, payment, quota, amount, serial, DAY, paid_to)),
    )
    for role, step in steps:
        print(settled(desks[role], step))

    view = desks[Role.MAKER].payment(DIVISION, YEAR, payment)
    assert view is not None and view.state is PaymentState.CLEARED, view
    left = desks[Role.MAKER].quota(quota)
    assert left is not None and left.balances
    print(f"payment {payment} is {view.state.slug}; {left.equation}")

    # A refusal is an answer: it has a code, both languages, figures, and says what to do.
    asked = Reserve(DESK, new_id(), quota, left.available + 1, "30201", DAY)
    print(f"and one yuan too many: {desks[Role.MAKER].submit(asked)}")
    kept.unlink()
    return 0


def found_quota(desks: Desks) -> QuotaId:
    """A division, its year, a quota with money. The ids are made of names, so that a second run
    sends the very same commands and hears the same answers."""
    operator, finance = desks[Role.OPERATOR], desks[Role.FINANCE]
    settled(operator, Register(OPERATOR, DIVISION, 0, "370103000", "市中区"))
    settled(operator, OpenYear(OPERATOR, act_id("open"), DIVISION, YEAR))
    created = settled(
        finance,
        Create(BUDGET, act_id("create"), DIVISION, YEAR, fund="111", key="市中区财政局办公费"),
    )
    assert created.quota is not None
    settled(finance, Issue(BUDGET, act_id("issue"), created.quota, "1000.00"))
    return created.quota


def act_id(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"treasury:example:{DIVISION}/{YEAR}/{name}")


def settled(desk: Treasury, command: Command) -> Done:
    """The answer to a command that must be taken."""
    outcome = desk.submit(command)
    if isinstance(outcome, Done):
        return outcome
    if isinstance(outcome, Unknown):
        raise NoAnswer(command.NAME, 5.0)
    raise SystemExit(f"refused: {outcome}")


def unfinished(kept: pathlib.Path) -> Optional[Reserve]:
    if not kept.exists():
        return None
    command = command_from_json(json.loads(kept.read_text("utf-8")))
    assert isinstance(command, Reserve), command
    return command


def keep(kept: pathlib.Path, command: Command) -> None:
    """On the disk before it is sent: an id that is forgotten cannot be asked for."""
    with kept.open("w", encoding="utf-8") as file:
        json.dump(command.to_json(), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    sys.exit(main())
