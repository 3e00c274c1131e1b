"""Answer codes: number, name, what follows, and the texts in both languages.

The tables of docs/protocol.md and docs/refusals.md, held against them by a test.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple


class Then(Enum):
    """What the caller does with the id after an answer."""

    DONE = "done"
    """Nothing more: it took effect or is on record."""
    SAME_ID = "same-id"
    """Send the very same command again, after a pause."""
    NEW_ID = "new-id"
    """Mend the cause; a new try needs a new id, where the command has one."""
    ASK = "ask"
    """Ask for the outcome by id before anything else."""
    NEVER = "never"
    """Sending it again is useless: a person looks."""


class Code(IntEnum):
    """A code an answer can have."""

    ACCEPTED = 0
    PARKED = 1
    BUSY = 100
    DISK_LOW = 101
    LATE = 102
    QUARANTINED = 103
    FAULT = 104
    NO_RIGHT = 105
    NO_PERSON = 106
    AMOUNT_OUT_OF_BOUNDS = 107
    BAD_FIELD = 108
    TEXT_TOO_LONG = 109
    CONFLICT = 110
    UNKNOWN_DIVISION = 111
    LINKED_REFUSED = 112
    BAD_LINKED_RUN = 113
    NOT_FOUND = 114
    SUSPENSE_FULL = 115
    OUTCOME_UNKNOWN = 116
    WRONG_ENVIRONMENT = 117
    BAD_FRAME = 118
    WRONG_VERSION = 119
    DISK_FULL = 120
    SHUTTING_DOWN = 121
    SLOW_READER = 122
    DIVERGED = 123
    TOO_MANY_CONNECTIONS = 124
    HANDSHAKE_TIMEOUT = 125
    NO_HELLO = 126
    NO_QUOTA = 1001
    OVER_QUOTA = 1002
    YEAR_CLOSED = 1003
    YEAR_NOT_OPEN = 1004
    OVER_PLAN = 1005
    NOT_EXECUTABLE = 1006
    BAD_ELEMENT = 1007
    ECONOMIC_MISMATCH = 1008
    METHOD_MISMATCH = 1009
    YEAR_IN_ADJUSTMENT = 1010
    QUOTA_CLOSED = 1011
    OVER_AUTHORITY = 1012
    NO_RULE_APPROVES = 1013
    NO_LIMIT = 1014
    KEY_TAKEN = 1015
    TOO_MANY = 1016
    FUND_CLASS_MISMATCH = 1017
    CONTRACT_MISMATCH = 1202
    DUTY_SEPARATION = 1502
    NO_PAYMENT = 3001
    WRONG_STATE = 3002
    POST_NOT_NEXT = 3003
    ALREADY_APPROVED = 3004
    NOT_MAKER = 3005
    NOT_ON_PATH = 3006
    AMOUNT_MISMATCH = 3101
    PAYEE_MISMATCH = 3102
    FACT_CONFLICT = 3103
    FACT_EARLY = 3104
    NO_REFUND = 3105
    REFUND_TAKEN = 3106
    FACT_QUARANTINED = 3107
    CUT_BELOW_USED = 4001
    OVER_FROZEN = 4002
    OPEN_ITEMS = 4003
    PLAN_BELOW_USED = 4004
    OVER_BOUND = 4005
    NOT_CHILD = 4006
    FUND_MISMATCH = 4007
    OVER_ALLOCATED = 4008
    NO_PARENT = 4009
    NO_BATCH = 4010
    BATCH_MISMATCH = 4011
    BATCH_DROPPED = 4012
    NOT_BATCH_MAKER = 4013
    NOT_PARKED = 4014
    STILL_UNFIT = 4015
    WRONG_YEAR_STATE = 4016
    DIVISION_TAKEN = 4017
    NOT_QUARANTINED = 4018
    OVER_EARMARK = 4019

    @property
    def slug(self) -> str:
        """Its name on JSON lines and in the documents."""
        return self.name.lower().replace("_", "-")

    @property
    def then(self) -> Then:
        """What the caller does with the id."""
        return _TEXTS[self].then

    @property
    def english(self) -> str:
        """What it says, in English."""
        return _TEXTS[self].english

    @property
    def chinese(self) -> str:
        """What it says, in Chinese (官方用语)."""
        return _TEXTS[self].chinese

    @property
    def next_step(self) -> str:
        """What the reader can do."""
        return _TEXTS[self].next_step


class _Texts(NamedTuple):
    then: Then
    english: str
    chinese: str
    next_step: str


_TEXTS: dict[Code, _Texts] = {
    Code.ACCEPTED: _Texts(
        Then.DONE,
        "accepted",
        "已受理",
        "nothing",
    ),
    Code.PARKED: _Texts(
        Then.DONE,
        "the fact does not fit its payment and was put into suspense",
        "与支付不符，已挂账",
        "finance resolves it; do not send it again under another number",
    ),
    Code.BUSY: _Texts(
        Then.SAME_ID,
        "the engine is at its admission bound",
        "系统繁忙",
        "send the same command again after a pause",
    ),
    Code.DISK_LOW: _Texts(
        Then.SAME_ID,
        "disk space is low: new reservations and quotas are not taken",
        "磁盘空间不足，暂不受理新增",
        "operators free space; send the same command again later",
    ),
    Code.LATE: _Texts(
        Then.SAME_ID,
        "the command's deadline passed before it was decided",
        "已过时限，未受理",
        "send it again with a later deadline",
    ),
    Code.QUARANTINED: _Texts(
        Then.SAME_ID,
        "the quota or limit is quarantined after a fault",
        "指标已隔离",
        "an operator revives the quota; then send the same command again",
    ),
    Code.FAULT: _Texts(
        Then.SAME_ID,
        "a fault while deciding; nothing was changed",
        "处理异常，未生效",
        "operators look at the log; the same command may be sent again",
    ),
    Code.NO_RIGHT: _Texts(
        Then.NEVER,
        "this role may not give this command here",
        "无权办理",
        "use a connection with the role the protocol table names",
    ),
    Code.NO_PERSON: _Texts(
        Then.NEVER,
        "the command names no person",
        "未注明经办人",
        "every command names the person who gives it",
    ),
    Code.AMOUNT_OUT_OF_BOUNDS: _Texts(
        Then.NEVER,
        "the amount is not between 0.01 and 90071992547409.91 yuan",
        "金额超出范围",
        "correct the amount",
    ),
    Code.BAD_FIELD: _Texts(
        Then.NEVER,
        "a field has a value it cannot have for this command",
        "要素填写有误",
        "see the command's table in the protocol document",
    ),
    Code.TEXT_TOO_LONG: _Texts(
        Then.NEVER,
        "a text is longer than its bound",
        "文本超长",
        "shorten the text",
    ),
    Code.CONFLICT: _Texts(
        Then.NEVER,
        "the id is known with other contents",
        "编号已用于不同内容",
        "find out which of the two is meant; a new command needs a new id",
    ),
    Code.UNKNOWN_DIVISION: _Texts(
        Then.SAME_ID,
        "the division is not registered",
        "区划未登记",
        "register the division, then send the same command again",
    ),
    Code.LINKED_REFUSED: _Texts(
        Then.NEW_ID,
        "another command of the linked run was refused, so none took effect",
        "联动业务中另有一笔被拒，全部未生效",
        "mend the refused command and send the run with new ids",
    ),
    Code.BAD_LINKED_RUN: _Texts(
        Then.NEVER,
        "a linked run crosses divisions, is too long, mixes known and new ids, or holds a command that cannot be linked",
        "联动业务组成有误",
        "see linked runs in the protocol document",
    ),
    Code.NOT_FOUND: _Texts(
        Then.NEVER,
        "nothing is known under this id",
        "查无此编号",
        "check division, year and id; an unanswered command that is not found was never taken",
    ),
    Code.SUSPENSE_FULL: _Texts(
        Then.SAME_ID,
        "the channel has too many facts in suspense",
        "该渠道挂账过多",
        "finance resolves parked facts; send the same fact again later",
    ),
    Code.OUTCOME_UNKNOWN: _Texts(
        Then.ASK,
        "the outcome was not known in time",
        "结果未知",
        "ask for the outcome by id",
    ),
    Code.WRONG_ENVIRONMENT: _Texts(
        Then.NEVER,
        "this data set is of another environment",
        "环境不符（生产/测试）",
        "connect to the environment you mean",
    ),
    Code.BAD_FRAME: _Texts(
        Then.NEVER,
        "the frame could not be read",
        "报文格式错误",
        "see the frame table in the protocol document",
    ),
    Code.WRONG_VERSION: _Texts(
        Then.NEVER,
        "no common protocol version",
        "协议版本不符",
        "use a client of a supported version",
    ),
    Code.DISK_FULL: _Texts(
        Then.SAME_ID,
        "no disk space is left for the journal: reads only",
        "磁盘已满，只可查询",
        "operators free space; send the same command again later",
    ),
    Code.SHUTTING_DOWN: _Texts(
        Then.SAME_ID,
        "the server is shutting down",
        "系统正在停止",
        "connect again and send the same command",
    ),
    Code.SLOW_READER: _Texts(
        Then.ASK,
        "replies were not read in time and the connection was closed",
        "接收过慢，连接已断开",
        "connect again and ask for outcomes by id",
    ),
    Code.DIVERGED: _Texts(
        Then.NEVER,
        "the cursor is not in this journal's chain",
        "位点与日志链不符",
        "start again from the last common position in the answer",
    ),
    Code.TOO_MANY_CONNECTIONS: _Texts(
        Then.SAME_ID,
        "the connection limit is reached",
        "连接数已满",
        "close idle connections or raise the limit",
    ),
    Code.HANDSHAKE_TIMEOUT: _Texts(
        Then.SAME_ID,
        "no complete hello arrived in time",
        "握手超时",
        "send the hello at once after connecting",
    ),
    Code.NO_HELLO: _Texts(
        Then.NEVER,
        "the first frame must be a hello, and there is only one",
        "未先握手",
        "send a hello first",
    ),
    Code.NO_QUOTA: _Texts(
        Then.NEW_ID,
        "no such quota in this division and year",
        "无此指标",
        "check the quota's id",
    ),
    Code.OVER_QUOTA: _Texts(
        Then.NEW_ID,
        "the amount is more than what is available on the quota",
        "超可用指标",
        "ask for less, or for a supplement",
    ),
    Code.YEAR_CLOSED: _Texts(
        Then.NEVER,
        "the fiscal year is closed",
        "预算年度已关闭",
        "use the open year",
    ),
    Code.YEAR_NOT_OPEN: _Texts(
        Then.NEW_ID,
        "the fiscal year is not open",
        "预算年度未开启",
        "open the year first",
    ),
    Code.OVER_PLAN: _Texts(
        Then.NEW_ID,
        "the amount goes beyond the cumulative payment plan",
        "超用款计划",
        "ask for less, or for a larger plan",
    ),
    Code.NOT_EXECUTABLE: _Texts(
        Then.NEW_ID,
        "the quota is not executable: no payment may be made from it",
        "指标不可执行",
        "allocate it down to a paying unit first",
    ),
    Code.BAD_ELEMENT: _Texts(
        Then.NEW_ID,
        "an element's code is not in the year's tables, or the official key names another",
        "要素代码不在本年度代码表中或与指标要素不一致",
        "use a code of the year at the finest level, the same in field and key",
    ),
    Code.ECONOMIC_MISMATCH: _Texts(
        Then.NEW_ID,
        "the economic class is not under the quota's class, or not mapped to the government class",
        "经济分类与指标不符",
        "correct the class or choose another quota",
    ),
    Code.METHOD_MISMATCH: _Texts(
        Then.NEW_ID,
        "this payment method does not go with the quota's fund nature",
        "支付方式与资金性质不符",
        "use a method the fund nature allows",
    ),
    Code.YEAR_IN_ADJUSTMENT: _Texts(
        Then.NEW_ID,
        "the year is in its adjustment period: no new business",
        "处于调整期，不受理新业务",
        "use the open year",
    ),
    Code.QUOTA_CLOSED: _Texts(
        Then.NEW_ID,
        "the quota is closed",
        "指标已关闭",
        "use another quota",
    ),
    Code.OVER_AUTHORITY: _Texts(
        Then.NEW_ID,
        "the quota would exceed the cap of its pre-approval authority",
        "超预算批准前支出限额",
        "wait for the approved budget",
    ),
    Code.NO_RULE_APPROVES: _Texts(
        Then.NEW_ID,
        "no rule approves this payment in one act",
        "不符合一次办结条件",
        "reserve it and let the posts approve it",
    ),
    Code.NO_LIMIT: _Texts(
        Then.NEW_ID,
        "no such payment plan in this division and year",
        "无此用款计划",
        "set the plan first",
    ),
    Code.KEY_TAKEN: _Texts(
        Then.NEW_ID,
        "another quota of this division and year has this official key",
        "指标要素重复",
        "use the existing quota",
    ),
    Code.TOO_MANY: _Texts(
        Then.NEW_ID,
        "a bound on the number of such things is reached",
        "数量已达上限",
        "see the bounds in the reference",
    ),
    Code.FUND_CLASS_MISMATCH: _Texts(
        Then.NEW_ID,
        "the functional class does not belong to the statutory budget of the fund nature",
        "功能分类与资金性质不符",
        "correct the functional class or the fund nature",
    ),
    Code.CONTRACT_MISMATCH: _Texts(
        Then.NEW_ID,
        "the contract has no open earmark on this quota, less left than asked, or another purchase plan",
        "合同占用不符",
        "register the earmark first or ask for what is left",
    ),
    Code.DUTY_SEPARATION: _Texts(
        Then.NEW_ID,
        "the person already fills another post in this payment",
        "岗位不相容",
        "another person acts",
    ),
    Code.NO_PAYMENT: _Texts(
        Then.NEW_ID,
        "no such payment on this quota",
        "无此支付",
        "check the payment's id and quota",
    ),
    Code.WRONG_STATE: _Texts(
        Then.NEW_ID,
        "the payment's state does not allow this",
        "支付状态不允许",
        "look the payment up",
    ),
    Code.POST_NOT_NEXT: _Texts(
        Then.NEW_ID,
        "the post is not the next one this payment needs",
        "非当前审核岗",
        "the posts approve in their order",
    ),
    Code.ALREADY_APPROVED: _Texts(
        Then.NEW_ID,
        "somebody has approved already: the maker may no longer withdraw",
        "已审核，不可撤回",
        "ask the holder to return it",
    ),
    Code.NOT_MAKER: _Texts(
        Then.NEW_ID,
        "only the maker may withdraw a payment",
        "非经办人不可撤回",
        "the maker withdraws it",
    ),
    Code.NOT_ON_PATH: _Texts(
        Then.NEW_ID,
        "the payment's settlement path has no such step",
        "该支付的清算方式无此环节",
        "see settlement paths in the reference",
    ),
    Code.AMOUNT_MISMATCH: _Texts(
        Then.DONE,
        "the reported amount does not fit the payment",
        "金额不符",
        "finance and the reporter compare their records",
    ),
    Code.PAYEE_MISMATCH: _Texts(
        Then.DONE,
        "the paid account is not the ordered one",
        "收款人不符",
        "finance and the bank compare their records",
    ),
    Code.FACT_CONFLICT: _Texts(
        Then.DONE,
        "this fact was reported before with other contents",
        "回单内容前后不一",
        "the reporter explains which one holds",
    ),
    Code.FACT_EARLY: _Texts(
        Then.DONE,
        "an earlier fact is still missing",
        "前序回单未到",
        "nothing: it is taken when the missing fact arrives",
    ),
    Code.NO_REFUND: _Texts(
        Then.DONE,
        "no refund with this number waits for settling",
        "无此退款",
        "finance and the reporter compare their records",
    ),
    Code.REFUND_TAKEN: _Texts(
        Then.DONE,
        "the refund's number is known with other contents",
        "退款编号重复",
        "the bank corrects the number",
    ),
    Code.FACT_QUARANTINED: _Texts(
        Then.DONE,
        "the quota is quarantined: the fact waits in suspense",
        "指标已隔离，回单挂账",
        "revive the quota, then resolve the fact",
    ),
    Code.CUT_BELOW_USED: _Texts(
        Then.NEW_ID,
        "the amount is more than what is neither used nor held",
        "不得低于已用数",
        "at most the available amount",
    ),
    Code.OVER_FROZEN: _Texts(
        Then.NEW_ID,
        "the amount is more than what is frozen and not staged",
        "超冻结数",
        "at most the frozen amount",
    ),
    Code.OPEN_ITEMS: _Texts(
        Then.NEW_ID,
        "payments are open, money is left or facts are parked",
        "尚有未了事项",
        "end the open items first",
    ),
    Code.PLAN_BELOW_USED: _Texts(
        Then.NEW_ID,
        "the plan would be less than what is used through that month",
        "计划不得低于已用数",
        "at least the used amount",
    ),
    Code.OVER_BOUND: _Texts(
        Then.NEW_ID,
        "the sum would leave the bounds of an amount",
        "累计金额超出范围",
        "use more than one quota or plan",
    ),
    Code.NOT_CHILD: _Texts(
        Then.NEW_ID,
        "the two quotas are not parent and child",
        "非上下级指标",
        "move between parent and child, or use virement",
    ),
    Code.FUND_MISMATCH: _Texts(
        Then.NEW_ID,
        "the two quotas have different fund natures",
        "资金性质不同",
        "money keeps its fund nature",
    ),
    Code.OVER_ALLOCATED: _Texts(
        Then.NEW_ID,
        "more comes back than was handed down",
        "上交数超下达数",
        "check the amount and the parent",
    ),
    Code.NO_PARENT: _Texts(
        Then.NEW_ID,
        "no such parent quota",
        "无此上级指标",
        "create the parent first",
    ),
    Code.NO_BATCH: _Texts(
        Then.NEW_ID,
        "no such open batch in this division and year",
        "无此批次",
        "open the batch first",
    ),
    Code.BATCH_MISMATCH: _Texts(
        Then.NEW_ID,
        "the batch's count or digest is not what was announced",
        "批次笔数或摘要不符",
        "send what is missing, or drop the batch",
    ),
    Code.BATCH_DROPPED: _Texts(
        Then.NEW_ID,
        "the batch was dropped",
        "批次已撤销",
        "start a new batch with new ids",
    ),
    Code.NOT_BATCH_MAKER: _Texts(
        Then.NEW_ID,
        "only the batch's maker may do this",
        "非本批次经办人",
        "the maker does it",
    ),
    Code.NOT_PARKED: _Texts(
        Then.NEW_ID,
        "no such fact in suspense",
        "无此挂账",
        "list the suspense",
    ),
    Code.STILL_UNFIT: _Texts(
        Then.NEW_ID,
        "the parked fact still does not fit its payment",
        "挂账仍与支付不符",
        "mend the cause first, or dismiss it",
    ),
    Code.WRONG_YEAR_STATE: _Texts(
        Then.NEW_ID,
        "a year goes from open to adjustment to closed and never back",
        "年度状态不可逆",
        "look the year up",
    ),
    Code.DIVISION_TAKEN: _Texts(
        Then.NEW_ID,
        "the division index is registered with other particulars",
        "区划序号已占用",
        "indexes are never reused",
    ),
    Code.NOT_QUARANTINED: _Texts(
        Then.NEW_ID,
        "the quota is not quarantined",
        "指标未隔离",
        "nothing to revive",
    ),
    Code.OVER_EARMARK: _Texts(
        Then.NEW_ID,
        "the amount is more than what is left of the earmark",
        "超采购占用余额",
        "at most what is left",
    ),
}
