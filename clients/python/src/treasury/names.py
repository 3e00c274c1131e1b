"""The small closed vocabularies: each a number on the wire and a name on JSON lines.

The table "Numbers" of docs/protocol.md, held against it by a test.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Named(IntEnum):
    """A number with a name in kebab case."""

    @property
    def slug(self) -> str:
        """Its name on JSON lines and in the documents."""
        return self.name.lower().replace("_", "-")


class Role(Named):
    """In which capacity a connection gives its commands. `engine` cannot be claimed."""

    MAKER = 1
    CHECKER = 2
    FINANCE = 3
    BANK = 4
    CENTRAL_BANK = 5
    OPERATOR = 6
    ENGINE = 7


class PaymentState(Named):
    """Where a payment stands."""

    RESERVED = 1
    APPROVED = 2
    HELD = 3
    INSTRUCTED = 4
    UNKNOWN = 5
    PAID = 6
    CLEARED = 7
    RELEASED = 8


class Ending(Named):
    """How a released payment ended."""

    WITHDRAWN = 1
    LAPSED = 2
    RETURNED = 3
    VOIDED = 4
    REJECTED = 5


class Method(Named):
    """Payment method (支付方式)."""

    CENTRALIZED = 1
    DIRECT = 11
    AUTHORIZED = 12
    ALLOCATION = 91


class Business(Named):
    """Business kind of a payment."""

    SINGLE = 1
    CARD = 2
    PAYROLL = 3
    BATCH = 4
    COLLECTION = 5


class Path(Named):
    """Settlement path (清算方式)."""

    TREASURY = 1
    SPECIAL = 2
    OWN = 3
    ALLOCATION = 4


class Authority(Named):
    """What a quota rests on."""

    BUDGET_LINE = 1
    PRE_APPROVAL = 2


class LimitKind(Named):
    """Kind of a limit across quotas."""

    PLAN_MONTH = 1
    PAY_CEILING = 2


class ParkedAction(Named):
    """What a person decides about a parked fact (挂账)."""

    APPLY = 1
    DISMISS = 2


class Step(Named):
    """An order on a payment."""

    APPROVE_UNIT = 1
    APPROVE_DEPARTMENT = 2
    APPROVE_FINANCE = 3
    HOLD = 4
    UNHOLD = 5
    WITHDRAW = 6
    RETURN = 7
    INSTRUCT = 8
    VOID = 9
    DOUBT = 10


class FactKind(Named):
    """What a bank, the central bank or finance reports."""

    CONFIRM_PAID = 1
    REJECT = 2
    CLEAR = 3
    REFUND = 4
    SETTLE_REFUND = 5


class ActKind(Named):
    """An order on a quota."""

    ISSUE = 1
    SUPPLEMENT = 2
    CUT = 3
    FREEZE = 4
    UNFREEZE = 5
    EARMARK = 6
    UNEARMARK = 7
    RECOVER = 8
    CLOSE = 9
    REVIVE = 10
    AUTHORIZE = 11


class MoveKind(Named):
    """An order that takes money from one quota to another."""

    ALLOCATE = 1
    TRANSFER = 2
    RETURN_UP = 3
    VIREMENT = 4
    CARRY_OUT = 5
    CORRECT = 6


class MoveStage(Named):
    """Where a move stands, in the answer to a look-up of its outcome."""

    STAGED = 1
    IN_TRANSIT = 2
    LANDED = 3
    CAME_BACK = 4
    BATCH_DROPPED = 5


class HealthStatus(Named):
    """How a server is."""

    SERVING = 1
    BUSY = 2
    DISK_LOW = 3
    DISK_FULL = 4
    RECOVERING = 5
    STOPPING = 6


class Environment(Named):
    """Which kind of data set a client will talk to; a data set is never `any`."""

    ANY = 0
    PRODUCTION = 1
    TEST = 2


class Posts(IntFlag):
    """The posts that approve a payment, added up."""

    NONE = 0
    UNIT = 1
    DEPARTMENT = 2
    FINANCE = 4

    @property
    def slugs(self) -> list[str]:
        """Their names, in the order in which they approve."""
        posts = ((Posts.UNIT, "unit"), (Posts.DEPARTMENT, "department"), (Posts.FINANCE, "finance"))
        return [name for post, name in posts if self & post]
