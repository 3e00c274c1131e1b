"""What a command comes to: `Done`, `Refused` or `Unknown`. There is no fourth.

```python
outcome = treasury.submit(command)
if isinstance(outcome, Done): ...       # it took effect, or is on record
elif isinstance(outcome, Refused): ...  # it did not; outcome.then says what to do with the id
else: ...                               # Unknown: ask by id, or submit the very same again
```
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Optional, Tuple, Union

from .codes import Code, Then
from .commands import Command
from .ids import QuotaId
from .names import MoveStage, PaymentState
from .replies import Figure, Position, Result


@dataclass(frozen=True)
class _Answered:
    """What an answer says, whether yes or no."""

    command: Command
    code: Code
    #: The outcome of an earlier sending, told again.
    repeat: bool
    #: Only checked: nothing took effect.
    checked: bool
    #: The payment's state, where there is one.
    state: Optional[PaymentState]
    #: What is available (可用) on the quota after it, in yuan.
    available: Optional[Decimal]
    #: Where its record is in the journal; 0: it left none.
    sequence: int
    #: The position the answer is true at; None: it was given by no server.
    position: Optional[Position]

    @property
    def then(self) -> Then:
        """What to do with the id."""
        return self.code.then

    @property
    def english(self) -> str:
        """The answer in English."""
        return self.code.english

    @property
    def chinese(self) -> str:
        """The answer in Chinese."""
        return self.code.chinese

    @property
    def next_step(self) -> str:
        """What the reader can do."""
        return self.code.next_step


@dataclass(frozen=True)
class Done(_Answered):
    """It took effect, or is on record."""

    #: The quota that a `Create` made.
    quota: Optional[QuotaId] = None
    #: Where a move stands; only in the answer to a look-up of its outcome.
    move: Optional[MoveStage] = None

    @property
    def parked(self) -> bool:
        """A fact that does not fit its payment and waits in suspense (挂账) for a person."""
        return self.code is Code.PARKED

    def __str__(self) -> str:
        return f"{self.command.NAME}: {self.code.slug} {self.english} {self.chinese}"


@dataclass(frozen=True)
class Refused(_Answered):
    """It had no effect. `then` says whether the same may be sent again, or needs a new id."""

    #: The limits that refuse, the binding one first.
    figures: Tuple[Figure, ...] = ()
    #: Where a move stands; only in the answer to a look-up of its outcome.
    move: Optional[MoveStage] = None

    def __str__(self) -> str:
        figures = "".join(f"; {one}" for one in self.figures)
        return (
            f"{self.command.NAME}: {self.code.slug} {self.code.value} {self.english} "
            f"{self.chinese}{figures}; {self.next_step}"
        )


@dataclass(frozen=True)
class Unknown:
    """It may have taken effect: `ask` about it, or `submit` the very same command again."""

    command: Command
    why: str

    @property
    def code(self) -> Code:
        """The code of an outcome that is not known."""
        return Code.OUTCOME_UNKNOWN

    @property
    def then(self) -> Then:
        """What to do with the id."""
        return Then.ASK

    def __str__(self) -> str:
        ask = "ask for its outcome" if self.command.ASKED_BY else "submit the very same again"
        return f"{self.command.NAME}: not known whether it took effect ({self.why}); {ask}"


Outcome = Union[Done, Refused, Unknown]


def outcome_of(
    command: Command, result: Result, position: Position, move: Optional[MoveStage] = None
) -> Outcome:
    """What a result means for its command."""
    then = result.code.then
    if then is Then.ASK:
        return Unknown(command, result.code.english)
    if then is Then.DONE:
        return Done(
            command,
            result.code,
            result.repeat,
            result.checked,
            result.state,
            result.available,
            result.sequence,
            position,
            result.quota,
            move,
        )
    return Refused(
        command,
        result.code,
        result.repeat,
        result.checked,
        result.state,
        result.available,
        result.sequence,
        position,
        result.figures,
        move,
    )


def turned_away(command: Command, code: Code) -> Refused:
    """A command that was turned away each time, the last time with this code."""
    return Refused(command, code, False, False, None, None, 0, None)
