"""What can go wrong outside the engine's decisions. Each error says what the reader can do.

A refusal is no error: it is an `Outcome`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .codes import Code

if TYPE_CHECKING:
    from .replies import ErrorMessage


class TreasuryError(Exception):
    """The base of all errors of this client."""


class BadValue(TreasuryError, ValueError):
    """A value cannot be sent, or bytes cannot be a command: the caller mends it.

    `code` is what the server would answer to it.
    """

    def __init__(self, field: str, problem: str, code: Code = Code.BAD_FIELD) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.code = code


class BadFrame(TreasuryError):
    """Bytes that are not of this protocol."""

    code = Code.BAD_FRAME

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}; compare the versions of both sides")
        self.problem = problem


class NoConnection(TreasuryError, ConnectionError):
    """No connection could be made, or it broke while no call can be repeated on another."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(
            f"connection to {address}: {problem}; check that the server runs and the address is right"
        )
        self.address = address


class NoAnswer(TreasuryError, TimeoutError):
    """A question was not answered within its deadline. Asking again is always safe."""

    def __init__(self, what: str, deadline_s: float, trouble: str = "") -> None:
        super().__init__(
            f"no answer to {what} within {deadline_s:g} s{trouble}; ask again, or give it longer"
        )


class Closed(TreasuryError):
    """The client was closed, or the server will not have it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the client has ended: {why}; connect anew")


class ServerSaid(TreasuryError):
    """The server said no to the hello, a question or the connection."""

    def __init__(self, message: ErrorMessage) -> None:
        super().__init__(str(message))
        self.message = message

    @property
    def code(self) -> Code:
        """The code of its answer."""
        return self.message.code


class Diverged(ServerSaid):
    """The cursor of a subscription is not in this journal: `message.common` is where they parted."""


class NotAskable(TreasuryError):
    """A command whose outcome cannot be looked up: the very same is sent again instead."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the outcome of {name} cannot be looked up by an id; submit the very same command "
            "again, it takes effect at most once"
        )
