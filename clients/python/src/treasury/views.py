"""Answers to look-ups: a quota with its equation, a payment, the outcome of an id."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import List, NamedTuple, Optional, Tuple, Type, TypeVar, Union

from .codes import Code
from .errors import BadFrame, ServerSaid
from .frames import Frame
from .ids import NO_QUOTA, QuotaId, class_text, day_of
from .money import to_yuan
from .names import (
    Authority,
    Business,
    Ending,
    FactKind,
    Method,
    MoveStage,
    Path,
    PaymentState,
    Posts,
    Step,
)
from .reader import Reader
from .replies import (
    ErrorMessage,
    Position,
    Result,
    code_of,
    named,
    read_figures,
    read_position,
    read_result,
    with_figures,
)


class Buckets(NamedTuple):
    """Where a quota's money is, in yuan."""

    issued: Decimal
    allocated: Decimal
    transferred: Decimal
    frozen: Decimal
    staged: Decimal
    earmarked: Decimal
    reserved: Decimal
    paid: Decimal
    cleared: Decimal
    refunding: Decimal


class Totals(NamedTuple):
    """What stands behind `issued`, in yuan."""

    initial: Decimal
    supplemented: Decimal
    moved_in: Decimal
    vired_in: Decimal
    carried_in: Decimal
    cut: Decimal
    returned_up: Decimal
    vired_out: Decimal
    recovered: Decimal
    carried_out: Decimal


@dataclass(frozen=True)
class QuotaView:
    """Everything about a quota (指标)."""

    quota: QuotaId
    version: int
    open_payments: int
    open_contracts: int
    executable: bool
    closed: bool
    quarantined: bool
    posts: Posts
    authority: Authority
    plan: int
    parent: Optional[QuotaId]
    cap: Optional[Decimal]
    fund: str
    economic: str
    buckets: Buckets
    available: Decimal
    totals: Totals
    key: str

    @property
    def equation(self) -> str:
        """How `available` (可用) follows from the buckets, in figures; staged counts as frozen."""
        taken = self.buckets[1:9]
        names = Buckets._fields[1:9]
        parts = [f"{self.available} = {self.buckets.issued} issued"]
        parts += [f"- {value} {name}" for name, value in zip(names, taken) if value]
        if self.buckets.refunding:
            parts.append(f"+ {self.buckets.refunding} refunding")
        return " ".join(parts)

    @property
    def balances(self) -> bool:
        """Whether the equation holds; it always does."""
        left = self.buckets.issued - sum(self.buckets[1:9]) + self.buckets.refunding
        return left == self.available


class StepTaken(NamedTuple):
    """A hold or a lifted hold."""

    step: Step
    serial: int
    person: int


class FactTaken(NamedTuple):
    """A fact that was taken into a payment."""

    fact: FactKind
    channel: int
    serial: int


class RefundTaken(NamedTuple):
    """Money that came back."""

    refund: int
    amount: Decimal
    detail: int
    settled: bool
    to_pool: bool


@dataclass(frozen=True)
class PaymentView:
    """Everything about a payment; its particulars are in the record at `sequence`."""

    payment: uuid.UUID
    quota: QuotaId
    amount: Decimal
    executed: Decimal
    maker: int
    #: Who approved for the unit, the department and finance; 0: nobody.
    approvers: Tuple[int, int, int]
    instructor: int
    contract: int
    plan: int
    payee_hash: int
    deadline_ms: int
    sequence: int
    economic: str
    day: datetime.date
    rule_version: int
    method: Method
    business: Business
    path: Path
    state: PaymentState
    ending: Optional[Ending]
    posts: Posts
    approved: Posts
    steps: Tuple[StepTaken, ...]
    facts: Tuple[FactTaken, ...]
    refunds: Tuple[RefundTaken, ...]


@dataclass(frozen=True)
class OutcomeView:
    """What became of an id, and where a move stands."""

    result: Result
    move: Optional[MoveStage]


View = Union[QuotaView, PaymentView, OutcomeView, Code]

V = TypeVar("V", QuotaView, PaymentView, OutcomeView)


def read_answers(frame: Frame) -> Tuple[Position, List[View]]:
    """An `answers` frame; a code stands where there is no answer."""
    body = Reader("an answers frame", frame.body)
    at = read_position(body)
    views = [read_answer(body) for _ in range(frame.count)]
    body.end()
    return at, views


def read_answer(body: Reader) -> View:
    """One answer."""
    code, form, length = code_of(body.u16(), "an answer"), body.u16(), body.u32()
    if (code is Code.ACCEPTED) != (form != 0) or (form == 0 and length):
        raise BadFrame(f"an answer with code {code.value} and form {form}")
    answer = Reader("an answer", body.take(length))
    view: View
    if form == 0:
        view = code
    elif form == 1:
        view = _read_quota(answer)
    elif form == 2:
        view = _read_payment(answer)
    elif form == 3:
        view = _read_outcome(answer)
    else:
        raise BadFrame(f"an answer of form {form}, which is not known")
    answer.end()
    return view


def found_view(view: View, kind: Type[V]) -> Optional[V]:
    """The answer as what was asked for; None where nothing is known. Another no is `ServerSaid`."""
    if isinstance(view, kind):
        return view
    if view is Code.NOT_FOUND:
        return None
    if isinstance(view, Code):
        texts = (view.english, view.chinese, view.next_step)
        raise ServerSaid(ErrorMessage(view, 0, None, *texts, ""))
    raise BadFrame(f"an answer of {type(view).__name__} where {kind.__name__} was asked for")


def _quota_or_none(number: int) -> Optional[QuotaId]:
    return None if number == NO_QUOTA else QuotaId.from_number(number)


def _read_quota(body: Reader) -> QuotaView:
    quota, version, payments, contracts, flags = body.unpack("QIIIB")
    posts, authority = body.u8(), named(Authority, body.u8(), "a quota")
    body.zeros(1)
    plan, parent, cap = body.unpack("QQq")
    fund, economic = body.take(8), body.take(8)
    buckets = Buckets(*map(to_yuan, body.unpack("10q")))
    available = to_yuan(body.i64())
    totals = Totals(*map(to_yuan, body.unpack("10q")))
    return QuotaView(
        quota=QuotaId.from_number(quota),
        version=version,
        open_payments=payments,
        open_contracts=contracts,
        executable=bool(flags & 1),
        closed=bool(flags & 2),
        quarantined=bool(flags & 4),
        posts=Posts(posts),
        authority=authority,
        plan=plan,
        parent=_quota_or_none(parent),
        cap=to_yuan(cap) if cap else None,
        fund=class_text("fund", fund),
        economic=class_text("economic", economic),
        buckets=buckets,
        available=available,
        totals=totals,
        key=body.text(),
    )


def _read_payment(body: Reader) -> PaymentView:
    payment = uuid.UUID(int=body.u128())
    quota, amount, executed = body.unpack("Qqq")
    maker, unit, department, finance, instructor = body.unpack("5Q")
    contract, plan, payee_hash, deadline_ms, sequence = body.unpack("5Q")
    economic = class_text("economic", body.take(8))
    day, rule_version = body.unpack("II")
    method, business, path, state, ending, needed, done = body.unpack("7B")
    body.zeros(1)
    steps = tuple(
        StepTaken(named(Step, body.u8(), "a payment"), body.u64(), body.u64())
        for _ in range(body.u16())
    )
    facts = tuple(
        FactTaken(named(FactKind, body.u8(), "a payment"), body.u16(), body.u64())
        for _ in range(body.u16())
    )
    refunds = []
    for _ in range(body.u16()):
        number, back, detail, flags = body.unpack("QqIB")
        refunds.append(RefundTaken(number, to_yuan(back), detail, bool(flags & 1), bool(flags & 2)))
    return PaymentView(
        payment=payment,
        quota=QuotaId.from_number(quota),
        amount=to_yuan(amount),
        executed=to_yuan(executed),
        maker=maker,
        approvers=(unit, department, finance),
        instructor=instructor,
        contract=contract,
        plan=plan,
        payee_hash=payee_hash,
        deadline_ms=deadline_ms,
        sequence=sequence,
        economic=economic,
        day=day_of("day", day),
        rule_version=rule_version,
        method=named(Method, method, "a payment"),
        business=named(Business, business, "a payment"),
        path=named(Path, path, "a payment"),
        state=named(PaymentState, state, "a payment"),
        ending=named(Ending, ending, "a payment") if ending else None,
        posts=Posts(needed),
        approved=Posts(done),
        steps=steps,
        facts=facts,
        refunds=tuple(refunds),
    )


def _read_outcome(body: Reader) -> OutcomeView:
    result, place = read_result(body)
    if place > 1:
        raise BadFrame(f"an outcome whose detail is at {place}")
    stage = body.u8()
    figures = read_figures(body)
    if bool(figures) and not place:
        raise BadFrame("an outcome with figures and no place for them")
    result = with_figures(result, figures)
    return OutcomeView(result, named(MoveStage, stage, "an outcome") if stage else None)
