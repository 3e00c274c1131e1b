"""Every command of the protocol as a typed, frozen object, checked when it is made.

A command carries its id: the same object, submitted again, is the same command. `to_json` and
`command_from_json` keep one in a file or a table until its outcome is known. The layouts are the
tables "fields" and "commands" of docs/protocol.md, held against them by a test.

Amounts may be given as `Decimal`, `int` or text yuan and are kept as `Decimal` with two decimals.
Numbers that stand for "none" are 0, texts "", and ids `None`.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar, Dict, List, Mapping, NamedTuple, Optional, Tuple, Type

from .codes import Code
from .errors import BadValue
from .forms import (
    Amount,
    ClassOf,
    Day,
    Digest,
    Form,
    Hash,
    NineDigits,
    OneOf,
    PostsOf,
    Quota,
    Uuid,
    Whole,
    Year,
    YesNo,
    decimal_of,
    text_in,
)
from .ids import QuotaId
from .limits import (
    COMMAND_BYTES,
    DIVISION_NAME_BYTES_MAX,
    KEY_BYTES_MAX,
    NOTE_BYTES_MAX,
    PAPER_BYTES_MAX,
    TAIL_BYTES_MAX,
    U16_MAX,
    U32_MAX,
)
from .money import Yuan, to_fen
from .names import Authority, Business, LimitKind, Method, ParkedAction, Posts, Role
from .office import PAPER_ROLES, Paper
from .particulars import Particulars

#: Flag: decide without effect and without trace.
CHECK = 1
#: Flag: linked with the command behind it.
LINKED = 2


class Slot(NamedTuple):
    """Where a field lies in the 128 bytes. `name` is the document's; `attribute` is Python's."""

    name: str
    offset: int
    form: Form

    @property
    def attribute(self) -> str:
        """`from` is a word of Python's, so that field is called `from_`."""
        return "from_" if self.name == "from" else self.name


class Tail(NamedTuple):
    """The variable part: one text, or the particulars of a payment."""

    name: str
    bytes_max: int
    needed: bool = False


@dataclass(frozen=True)
class Command:
    """What all commands share: the person who gives it (经办人), by staff number, never zero."""

    person: int
    _encoded: Tuple[bytes, bytes] = field(init=False, repr=False, compare=False)

    KIND: ClassVar[int]
    NAME: ClassVar[str]
    #: Who may give it.
    ROLES: ClassVar[Tuple[Role, ...]]
    #: A report of what has happened: never refused, taken or parked (挂账).
    FACT: ClassVar[bool] = False
    SLOTS: ClassVar[Tuple[Slot, ...]]
    TAIL: ClassVar[Optional[Tail]] = None
    #: Which id its outcome can be asked by: `payment`, `act` or `move`; None: it is sent again.
    ASKED_BY: ClassVar[Optional[str]] = None

    def __post_init__(self) -> None:
        row = bytearray(COMMAND_BYTES)
        row[0:2] = self.KIND.to_bytes(2, "little")
        if self.person == 0:
            raise BadValue("person", "names nobody; every command names its person", Code.NO_PERSON)
        row[8:16] = _U64.pack("person", self.person)
        for slot in self.SLOTS:
            value = slot.form.normal(slot.name, getattr(self, slot.attribute))
            object.__setattr__(self, slot.attribute, value)
            row[slot.offset : slot.offset + slot.form.size] = slot.form.pack(slot.name, value)
        tail = self._tail()
        row[4:8] = len(tail).to_bytes(4, "little")
        object.__setattr__(self, "_encoded", (bytes(row), tail))

    def _tail(self) -> bytes:
        if self.TAIL is None:
            return b""
        value = getattr(self, self.TAIL.name)
        if isinstance(value, Particulars):
            return value.encode()
        data = text_in(self.TAIL.name, value).encode("utf-8")
        if self.TAIL.needed and not data:
            raise BadValue(self.TAIL.name, f"is empty, and {self.NAME} needs one")
        if len(data) > self.TAIL.bytes_max:
            problem = f"has {len(data)} bytes; at most {self.TAIL.bytes_max}"
            raise BadValue(self.TAIL.name, problem, Code.TEXT_TOO_LONG)
        return data

    def encode(self, flags: int = 0) -> Tuple[bytes, bytes]:
        """Its row of 128 bytes with these flags, and its tail."""
        row, tail = self._encoded
        if flags == 0:
            return row, tail
        if flags & CHECK and self.FACT:
            raise BadValue("check", f"{self.NAME} is a fact and cannot be checked; report it")
        return row[:2] + flags.to_bytes(2, "little") + row[4:], tail

    def to_json(self) -> Dict[str, Any]:
        """The object a JSON line has for it; what is not given is left out."""
        found: Dict[str, Any] = {"command": self.NAME, "person": str(self.person)}
        for slot in self.SLOTS:
            value = getattr(self, slot.attribute)
            if not (slot.form.optional and value == slot.form.absent()):
                found[slot.name] = slot.form.to_json(value)
        if self.TAIL is not None:
            value = getattr(self, self.TAIL.name)
            value = value.to_json() if isinstance(value, Particulars) else value
            if value:
                found[self.TAIL.name] = value
        return found

    @property
    def place(self) -> Tuple[int, int]:
        """The division and the year it goes to; the year of a registration is 0."""
        for name in ("quota", "from_"):
            quota = getattr(self, name, None)
            if isinstance(quota, QuotaId):
                return quota.division, quota.year
        return getattr(self, "division", 0), getattr(self, "year", 0)

    @property
    def id(self) -> Optional[uuid.UUID]:
        """The id it carries, if it carries one."""
        slot = self.SLOTS[0]
        value = getattr(self, slot.attribute)
        return value if slot.offset == 16 and isinstance(value, uuid.UUID) else None


_U64 = Whole()

# --- slots ----------------------------------------------------------------------------------------

_PAYMENT = Slot("payment", 16, Uuid())
_ACT = Slot("act", 16, Uuid())
_MOVE = Slot("move", 16, Uuid())
_BATCH_ID = Slot("batch", 16, Uuid())
_QUOTA = Slot("quota", 32, Quota())
_AMOUNT = Slot("amount", 40, Amount())
_BATCH = Slot("batch", 112, Uuid(optional=True))
_DIVISION = Slot("division", 96, Whole(size=2, high=U16_MAX, as_text=False))
_YEAR = Slot("year", 98, Year())
_DEADLINE = Slot("deadline_ms", 48, Whole(optional=True))
_SERIAL = Slot("serial", 48, Whole())
_PAYEE_HASH = Slot("payee_hash", 56, Hash(optional=True))
_DAY = Slot("day", 88, Day())
_PLAN = Slot("plan", 64, Whole(optional=True))

_NOTE = Tail("note", NOTE_BYTES_MAX)
_NOTE_NEEDED = Tail("note", NOTE_BYTES_MAX, needed=True)
_REASON = Tail("reason", NOTE_BYTES_MAX)
_REASON_NEEDED = Tail("reason", NOTE_BYTES_MAX, needed=True)


# --- payments -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asking(Command):
    """Asks for a payment (支付申请) from a quota; money is reserved (占用) for it."""

    payment: uuid.UUID
    quota: QuotaId
    amount: Yuan
    economic: str
    day: datetime.date
    method: Method = Method.CENTRALIZED
    business: Business = Business.SINGLE
    contract: int = 0
    plan: int = 0
    deadline_ms: int = 0
    particulars: Particulars = Particulars()

    ROLES = (Role.MAKER,)
    ASKED_BY = "payment"
    SLOTS = (
        _PAYMENT,
        _QUOTA,
        _AMOUNT,
        _DEADLINE,
        Slot("contract", 56, Whole(optional=True)),
        _PLAN,
        Slot("economic", 72, ClassOf()),
        _DAY,
        Slot("method", 102, OneOf(of=Method)),
        Slot("business", 103, OneOf(of=Business)),
    )
    TAIL = Tail("particulars", TAIL_BYTES_MAX)


@dataclass(frozen=True)
class Reserve(_Asking):
    """Reserve money (占用); the posts approve it afterwards."""

    KIND, NAME = 1, "reserve"


@dataclass(frozen=True)
class Pay(_Asking):
    """Reserve, approve and instruct in one act, where a rule allows it."""

    KIND, NAME = 2, "pay"


@dataclass(frozen=True)
class _PaymentStep(Command):
    """A step of a payment. `serial` tells a second hold from a repeat of the first."""

    payment: uuid.UUID
    quota: QuotaId
    serial: int = 0
    reason: str = ""

    SLOTS = (_PAYMENT, _QUOTA, Slot("serial", 48, Whole(optional=True)))
    TAIL = _REASON


@dataclass(frozen=True)
class _ReasonedStep(Command):
    """A step of a payment that needs a reason."""

    payment: uuid.UUID
    quota: QuotaId
    reason: str
    serial: int = 0

    SLOTS = (_PAYMENT, _QUOTA, Slot("serial", 48, Whole(optional=True)))
    TAIL = _REASON_NEEDED


@dataclass(frozen=True)
class ApproveUnit(_PaymentStep):
    """The unit's post approves (单位复核)."""

    KIND, NAME, ROLES = 17, "approve-unit", (Role.CHECKER,)


@dataclass(frozen=True)
class ApproveDepartment(_PaymentStep):
    """The department's post approves (主管部门审核)."""

    KIND, NAME, ROLES = 18, "approve-department", (Role.CHECKER,)


@dataclass(frozen=True)
class ApproveFinance(_PaymentStep):
    """Finance's post approves (财政审核)."""

    KIND, NAME, ROLES = 19, "approve-finance", (Role.FINANCE,)


@dataclass(frozen=True)
class Hold(_ReasonedStep):
    """Stop a payment (拦截) until an officer lifts it."""

    KIND, NAME, ROLES = 20, "hold", (Role.FINANCE, Role.OPERATOR)


@dataclass(frozen=True)
class Unhold(_ReasonedStep):
    """Lift a hold (解除)."""

    KIND, NAME, ROLES = 21, "unhold", (Role.FINANCE,)


@dataclass(frozen=True)
class Withdraw(_PaymentStep):
    """The maker takes a payment back (撤回) before anyone has approved."""

    KIND, NAME, ROLES = 22, "withdraw", (Role.MAKER,)


@dataclass(frozen=True)
class Return(_ReasonedStep):
    """Send a payment back (退回)."""

    KIND, NAME, ROLES = 23, "return", (Role.CHECKER, Role.FINANCE)


@dataclass(frozen=True)
class Instruct(_PaymentStep):
    """Order the bank to pay (支付令)."""

    KIND, NAME, ROLES = 24, "instruct", (Role.FINANCE,)


@dataclass(frozen=True)
class Void(_ReasonedStep):
    """Void an instruction that has not left (作废)."""

    KIND, NAME, ROLES = 25, "void", (Role.FINANCE,)


@dataclass(frozen=True)
class Doubt(_PaymentStep):
    """The bank is silent: the payment's state is not known (状态不明)."""

    KIND, NAME, ROLES = 26, "doubt", (Role.OPERATOR,)


# --- facts ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _AmountFact(Command):
    """A fact about a payment. `serial` is the fact's own number in its channel."""

    payment: uuid.UUID
    quota: QuotaId
    amount: Yuan
    serial: int
    day: datetime.date
    payee_hash: int = 0
    note: str = ""

    FACT = True
    SLOTS = (_PAYMENT, _QUOTA, _AMOUNT, _SERIAL, _PAYEE_HASH, _DAY)
    TAIL = _NOTE


@dataclass(frozen=True)
class ConfirmPaid(_AmountFact):
    """The bank has paid (回单)."""

    KIND, NAME, ROLES = 33, "confirm-paid", (Role.BANK,)


@dataclass(frozen=True)
class Clear(_AmountFact):
    """The central bank, or finance for the special account, has settled (清算)."""

    KIND, NAME, ROLES = 35, "clear", (Role.FINANCE, Role.CENTRAL_BANK)


@dataclass(frozen=True)
class Reject(Command):
    """The bank sends a payment back (银行退回)."""

    payment: uuid.UUID
    quota: QuotaId
    serial: int
    day: datetime.date
    payee_hash: int = 0
    note: str = ""

    KIND, NAME, ROLES = 34, "reject", (Role.BANK, Role.CENTRAL_BANK)
    FACT = True
    SLOTS = (_PAYMENT, _QUOTA, _SERIAL, _PAYEE_HASH, _DAY)
    TAIL = _NOTE


@dataclass(frozen=True)
class _RefundFact(Command):
    """A fact about money that comes back; `refund` is the refund's number."""

    payment: uuid.UUID
    quota: QuotaId
    amount: Yuan
    serial: int
    day: datetime.date
    refund: int
    detail: int = 0
    payee_hash: int = 0
    note: str = ""

    FACT = True
    SLOTS = (
        _PAYMENT,
        _QUOTA,
        _AMOUNT,
        _SERIAL,
        _PAYEE_HASH,
        Slot("refund", 64, Whole()),
        _DAY,
        Slot("detail", 92, Whole(optional=True, size=4, high=U32_MAX, as_text=False)),
    )
    TAIL = _NOTE


@dataclass(frozen=True)
class Refund(_RefundFact):
    """Money has come back (退款)."""

    KIND, NAME, ROLES = 36, "refund", (Role.BANK, Role.CENTRAL_BANK)


@dataclass(frozen=True)
class SettleRefund(_RefundFact):
    """Money that came back is in the treasury again (退款入库)."""

    KIND, NAME, ROLES = 37, "settle-refund", (Role.FINANCE, Role.CENTRAL_BANK)


# --- acts on a quota ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _BatchAct(Command):
    """An act on a quota (指标) that may be staged in a batch (批次)."""

    act: uuid.UUID
    quota: QuotaId
    amount: Yuan
    batch: Optional[uuid.UUID] = None
    note: str = ""

    ROLES = (Role.FINANCE,)
    ASKED_BY = "act"
    SLOTS = (_ACT, _QUOTA, _AMOUNT, _BATCH)
    TAIL = _NOTE


@dataclass(frozen=True)
class Issue(_BatchAct):
    """Issue a quota's money (下达)."""

    KIND, NAME = 49, "issue"


@dataclass(frozen=True)
class Supplement(_BatchAct):
    """Raise it in the year (追加)."""

    KIND, NAME = 50, "supplement"


@dataclass(frozen=True)
class Cut(_BatchAct):
    """Lower it in the year (追减)."""

    KIND, NAME = 51, "cut"


@dataclass(frozen=True)
class Recover(_BatchAct):
    """Take unused money back (收回)."""

    KIND, NAME = 56, "recover"


@dataclass(frozen=True)
class _PlainAct(Command):
    """An act on a quota with an amount."""

    act: uuid.UUID
    quota: QuotaId
    amount: Yuan
    note: str = ""

    ROLES = (Role.FINANCE,)
    ASKED_BY = "act"
    SLOTS = (_ACT, _QUOTA, _AMOUNT)
    TAIL = _NOTE


@dataclass(frozen=True)
class Freeze(_PlainAct):
    """Hold money back (冻结)."""

    KIND, NAME = 52, "freeze"


@dataclass(frozen=True)
class Unfreeze(_PlainAct):
    """Give it free again (解冻)."""

    KIND, NAME = 53, "unfreeze"


@dataclass(frozen=True)
class _EarmarkAct(Command):
    """An act on the earmark (采购占用) of a contract."""

    act: uuid.UUID
    quota: QuotaId
    amount: Yuan
    contract: int
    plan: int = 0
    note: str = ""

    ROLES = (Role.MAKER, Role.FINANCE)
    ASKED_BY = "act"
    SLOTS = (_ACT, _QUOTA, _AMOUNT, Slot("contract", 56, Whole()), _PLAN)
    TAIL = _NOTE


@dataclass(frozen=True)
class Earmark(_EarmarkAct):
    """Set money aside for a contract (采购占用)."""

    KIND, NAME = 54, "earmark"


@dataclass(frozen=True)
class Unearmark(_EarmarkAct):
    """Give it free again."""

    KIND, NAME = 55, "unearmark"


@dataclass(frozen=True)
class _BareAct(Command):
    """An act on a quota without an amount."""

    act: uuid.UUID
    quota: QuotaId
    note: str = ""

    ASKED_BY = "act"
    SLOTS = (_ACT, _QUOTA)
    TAIL = _NOTE


@dataclass(frozen=True)
class Close(_BareAct):
    """Close a quota (关闭): nothing is left on it and nothing is open."""

    KIND, NAME, ROLES = 57, "close", (Role.FINANCE,)


@dataclass(frozen=True)
class Revive(_BareAct):
    """Take a quota out of quarantine (隔离)."""

    KIND, NAME, ROLES = 58, "revive", (Role.OPERATOR,)


# --- moves ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Moving(Command):
    """Moves money from one quota to another."""

    move: uuid.UUID
    from_: QuotaId
    to: QuotaId
    amount: Yuan
    batch: Optional[uuid.UUID] = None
    note: str = ""

    ROLES = (Role.FINANCE,)
    ASKED_BY = "move"
    SLOTS = (
        _MOVE,
        Slot("from", 32, Quota()),
        _AMOUNT,
        Slot("to", 56, Quota()),
        _BATCH,
    )
    TAIL = _NOTE


@dataclass(frozen=True)
class Allocate(_Moving):
    """Split to a child (分解)."""

    KIND, NAME = 65, "allocate"


@dataclass(frozen=True)
class Transfer(_Moving):
    """Send down to another division (转移下达)."""

    KIND, NAME = 66, "transfer"


@dataclass(frozen=True)
class ReturnUp(_Moving):
    """Give back to the parent (上交)."""

    KIND, NAME = 67, "return-up"


@dataclass(frozen=True)
class Virement(_Moving):
    """Move inside the approved total (调剂)."""

    KIND, NAME = 68, "virement"


@dataclass(frozen=True)
class CarryOut(_Moving):
    """Carry over into the next year (结转)."""

    KIND, NAME = 69, "carry-out"


@dataclass(frozen=True)
class Correct(Command):
    """Charge ``from_`` with part of a settled payment in place of ``to`` (更正)."""

    move: uuid.UUID
    payment: uuid.UUID
    from_: QuotaId
    to: QuotaId
    amount: Yuan
    note: str

    KIND, NAME, ROLES = 70, "correct", (Role.FINANCE,)
    ASKED_BY = "move"
    SLOTS = (
        _MOVE,
        Slot("from", 32, Quota()),
        _AMOUNT,
        Slot("to", 56, Quota()),
        Slot("payment", 112, Uuid()),
    )
    TAIL = _NOTE_NEEDED


# --- quotas, limits, batches, years, divisions ----------------------------------------------------


@dataclass(frozen=True)
class Create(Command):
    """Create a quota (指标); its id is in the answer."""

    act: uuid.UUID
    division: int
    year: int
    fund: str
    key: str
    posts: Posts = Posts.UNIT
    executable: bool = True
    economic: str = ""
    parent: Optional[QuotaId] = None
    plan: int = 0
    authority: Authority = Authority.BUDGET_LINE
    cap: Optional[Yuan] = None

    KIND, NAME, ROLES = 80, "create", (Role.FINANCE,)
    ASKED_BY = "act"
    SLOTS = (
        _ACT,
        Slot("parent", 32, Quota(optional=True)),
        Slot("cap", 40, Amount(optional=True)),
        _PLAN,
        Slot("economic", 72, ClassOf(optional=True)),
        Slot("fund", 80, ClassOf()),
        _DIVISION,
        _YEAR,
        Slot("posts", 102, PostsOf()),
        Slot("executable", 103, YesNo()),
        Slot("authority", 104, OneOf(of=Authority)),
    )
    TAIL = Tail("key", KEY_BYTES_MAX, needed=True)


@dataclass(frozen=True)
class SetLimit(Command):
    """Set a month of a payment plan (用款计划), or the ceiling under which one act pays."""

    act: uuid.UUID
    division: int
    year: int
    limit: LimitKind
    amount: Yuan
    checker: int
    plan: int = 0
    month: int = 0

    KIND, NAME, ROLES = 81, "set-limit", (Role.FINANCE,)
    ASKED_BY = "act"
    SLOTS = (
        _ACT,
        _AMOUNT,
        Slot("checker", 48, Whole()),
        _PLAN,
        _DIVISION,
        _YEAR,
        Slot("limit", 102, OneOf(of=LimitKind)),
        Slot("month", 103, Whole(optional=True, size=1, high=12, as_text=False)),
    )


@dataclass(frozen=True)
class OpenBatch(Command):
    """Announce a batch (批次): how many acts, and their digest (see `digests.batch_digest`)."""

    batch: uuid.UUID
    division: int
    year: int
    count: int
    digest: int
    deadline_ms: int = 0

    KIND, NAME, ROLES = 82, "open-batch", (Role.FINANCE,)
    ASKED_BY = "act"
    SLOTS = (
        _BATCH_ID,
        _DEADLINE,
        Slot("count", 92, Whole(size=4, high=U32_MAX, as_text=False)),
        _DIVISION,
        _YEAR,
        Slot("digest", 112, Digest()),
    )


@dataclass(frozen=True)
class _EndBatch(Command):
    """Ends a batch. Each attempt is an act with an id of its own."""

    act: uuid.UUID
    batch: uuid.UUID
    division: int
    year: int

    ROLES = (Role.FINANCE,)
    ASKED_BY = "act"
    SLOTS = (_ACT, _DIVISION, _YEAR, Slot("batch", 112, Uuid()))


@dataclass(frozen=True)
class CloseBatch(_EndBatch):
    """All of a batch takes effect."""

    KIND, NAME = 83, "close-batch"


@dataclass(frozen=True)
class DropBatch(_EndBatch):
    """Nothing of a batch takes effect."""

    KIND, NAME = 84, "drop-batch"


@dataclass(frozen=True)
class _YearAct(Command):
    """Sets the state of a fiscal year."""

    act: uuid.UUID
    division: int
    year: int

    ROLES = (Role.FINANCE, Role.OPERATOR)
    ASKED_BY = "act"
    SLOTS = (_ACT, _DIVISION, _YEAR)


@dataclass(frozen=True)
class OpenYear(_YearAct):
    """Open a fiscal year (开启)."""

    KIND, NAME = 85, "open-year"


@dataclass(frozen=True)
class AdjustYear(_YearAct):
    """Begin its adjustment period (调整期)."""

    KIND, NAME = 86, "adjust-year"


@dataclass(frozen=True)
class CloseYear(_YearAct):
    """Close it for ever (关闭)."""

    KIND, NAME = 87, "close-year"


@dataclass(frozen=True)
class Register(Command):
    """Register a division (区划): its index for ever, its nine digits, its name."""

    division: int
    parent: int
    code: str
    name: str

    KIND, NAME, ROLES = 88, "register", (Role.OPERATOR,)
    SLOTS = (
        _DIVISION,
        Slot("parent", 100, Whole(size=2, high=U16_MAX, as_text=False)),
        Slot("code", 112, NineDigits()),
    )
    TAIL = Tail("name", DIVISION_NAME_BYTES_MAX, needed=True)


@dataclass(frozen=True)
class Resolve(Command):
    """Decide about a parked fact (挂账), known by its channel and serial."""

    act: uuid.UUID
    division: int
    year: int
    channel: int
    serial: int
    action: ParkedAction
    reason: str

    KIND, NAME, ROLES = 89, "resolve", (Role.FINANCE, Role.OPERATOR)
    ASKED_BY = "act"
    SLOTS = (
        _ACT,
        _SERIAL,
        _DIVISION,
        _YEAR,
        Slot("channel", 100, Whole(size=2, high=U16_MAX, as_text=False)),
        Slot("action", 102, OneOf(of=ParkedAction)),
    )
    TAIL = _REASON_NEEDED


@dataclass(frozen=True)
class File(Command):
    """File a paper with the finance office (docs/office.md): lines of columns parted by tabs."""

    act: uuid.UUID
    division: int
    year: int
    paper: Paper
    text: str
    checker: int = 0
    day: Optional[datetime.date] = None
    batch: Optional[uuid.UUID] = None

    KIND, NAME = 90, "file"
    #: Who files one paper or another; which, `PAPER_ROLES` says.
    ROLES = tuple(
        role
        for role in Role
        if role is not Role.ENGINE and any(role in roles for roles in PAPER_ROLES.values())
    )
    ASKED_BY = "act"
    SLOTS = (
        _ACT,
        Slot("checker", 48, Whole(optional=True)),
        Slot("day", 88, Day(optional=True)),
        _DIVISION,
        _YEAR,
        Slot("paper", 102, OneOf(of=Paper)),
        _BATCH,
    )
    TAIL = Tail("text", PAPER_BYTES_MAX, needed=True)


#: Every command by its number.
COMMANDS: Dict[int, Type[Command]] = {
    one.KIND: one
    for one in (
        *(Reserve, Pay),
        *(ApproveUnit, ApproveDepartment, ApproveFinance, Hold, Unhold, Withdraw, Return),
        *(Instruct, Void, Doubt),
        *(ConfirmPaid, Reject, Clear, Refund, SettleRefund),
        *(Issue, Supplement, Cut, Freeze, Unfreeze, Earmark, Unearmark, Recover, Close, Revive),
        *(Allocate, Transfer, ReturnUp, Virement, CarryOut, Correct),
        *(Create, SetLimit, OpenBatch, CloseBatch, DropBatch),
        *(OpenYear, AdjustYear, CloseYear, Register, Resolve, File),
    )
}
#: Every command by its name.
COMMANDS_BY_NAME: Dict[str, Type[Command]] = {one.NAME: one for one in COMMANDS.values()}


def fen_of(command: Command) -> int:
    """The amount a command names, in fen; 0 where it names none."""
    amount = getattr(command, "amount", None)
    return 0 if amount is None else to_fen(amount)


def command_from_json(line: Mapping[str, Any]) -> Command:
    """A command from the object that `to_json` gave, or that a JSON line has."""
    kind = COMMANDS_BY_NAME.get(text_in("command", line.get("command")))
    if kind is None:
        raise BadValue("command", f"{line.get('command')!r} is no command")
    given: Dict[str, Any] = {}
    known = {"command", "person"}
    for slot in kind.SLOTS:
        known.add(slot.name)
        if slot.name in line:
            given[slot.attribute] = slot.form.from_json(slot.name, line[slot.name])
        elif not slot.form.optional:
            raise BadValue(slot.name, "is missing")
    if kind.TAIL is not None:
        known.add(kind.TAIL.name)
        value = line.get(kind.TAIL.name)
        if value is not None:
            particulars = kind.TAIL.name == "particulars"
            given[kind.TAIL.name] = Particulars.from_json(value) if particulars else value
        elif kind.TAIL.needed:
            raise BadValue(kind.TAIL.name, "is missing")
    for key in line:
        if key not in known:
            raise BadValue(key, f"is not known here; {kind.NAME} has {', '.join(sorted(known))}")
    return kind(person=decimal_of("person", line.get("person")), **given)


def command_from_bytes(row: bytes, tail: bytes) -> Tuple[Command, int]:
    """A command and its flags from its 128 bytes and its tail."""
    kind = COMMANDS.get(int.from_bytes(row[0:2], "little"))
    if kind is None:
        raise BadValue("kind", f"{int.from_bytes(row[0:2], 'little')} is no command's number")
    flags = int.from_bytes(row[2:4], "little")
    if flags & ~(CHECK | LINKED) or (flags & CHECK and kind.FACT):
        raise BadValue("flags", f"{flags} is no sum of flags that {kind.NAME} can have")
    if int.from_bytes(row[4:8], "little") != len(tail):
        raise BadValue("tail", f"has {len(tail)} bytes, and the row says otherwise")
    used = bytearray(COMMAND_BYTES)
    used[0:16] = b"\1" * 16
    given: Dict[str, Any] = {}
    for slot in kind.SLOTS:
        end = slot.offset + slot.form.size
        used[slot.offset : end] = b"\1" * slot.form.size
        given[slot.attribute] = slot.form.unpack(slot.name, row[slot.offset : end])
    stray: List[int] = [at for at in range(COMMAND_BYTES) if row[at] and not used[at]]
    if stray:
        raise BadValue(f"byte {stray[0]}", f"is not zero, and {kind.NAME} has no field there")
    if kind.TAIL is None and tail:
        raise BadValue("tail", f"has {len(tail)} bytes, and {kind.NAME} has none")
    if kind.TAIL is not None:
        given[kind.TAIL.name] = _read_tail(kind.TAIL, tail)
    return kind(person=int.from_bytes(row[8:16], "little"), **given), flags


def _read_tail(tail: Tail, data: bytes) -> object:
    if tail.name == "particulars":
        return Particulars.decode(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadValue(tail.name, f"is not UTF-8: {error.reason}") from None
