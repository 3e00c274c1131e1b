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
    FROZEN = 1018
    FORBIDDEN_CLASS = 1019
    NOT_UNIT_CLASS = 1020
    ELEMENT_ROW = 1021
    ELEMENT_UNIT = 1022
    ELEMENT_PROJECT = 1023
    ELEMENT_PAYEE = 1024
    ELEMENT_PAYEE_NAME = 1025
    ELEMENT_BANK = 1026
    ELEMENT_PURPOSE = 1027
    ELEMENT_DOCUMENT = 1028
    ELEMENT_QUANTITY = 1029
    ELEMENT_STANDARD = 1030
    ELEMENT_CEILING = 1031
    ELEMENT_CONTRACT = 1032
    ELEMENT_INCOME = 1033
    RULE_VERSION = 1034
    PROJECT_STATE = 1101
    TRACK_BROKEN = 1102
    NO_GOAL = 1103
    PERFORMANCE_LOCK = 1104
    NO_CONTRACT = 1201
    CONTRACT_MISMATCH = 1202
    SPLIT_SUSPECT = 1204
    DUPLICATE_INVOICE = 1301
    DUPLICATE_PAYMENT = 1302
    PAYEE_INVALID = 1401
    NOT_WHITELISTED = 1402
    BLACKLISTED = 1403
    OWN_ACCOUNT = 1404
    TO_PERSON = 1405
    SECOND_APPROVAL = 1501
    DUTY_SEPARATION = 1502
    OVER_STANDARD = 1601
    THREE_PUBLIC_OVER = 1602
    INCOME_NOT_REGISTERED = 1701
    UNIT_FUND_SHORT = 1702
    DORMANT_MONEY = 1801
    SLOW_PROGRESS = 1802
    YEAR_END_RUSH = 1805
    NO_PAYMENT = 3001
    WRONG_STATE = 3002
    POST_NOT_NEXT = 3003
    ALREADY_APPROVED = 3004
    NOT_MAKER = 3005
    NOT_ON_PATH = 3006
    OVER_BORNE = 3007
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
    PAPER_LINE = 5000
    NO_TABLE = 5001
    BAD_ROW = 5002
    NO_ROW = 5003
    IMPORT_UNFIT = 5004
    NOT_BASE = 5005
    NOT_HOLDER = 5010
    NOT_LIVE = 5011
    PROJECT_WRONG_STATE = 5100
    PROJECT_NO_GOAL = 5101
    PROJECT_NO_BASIS = 5102
    PROJECT_NO_STANDARD = 5103
    PROJECT_OVER_STANDARD = 5104
    PROJECT_DUPLICATE = 5105
    PROJECT_NOT_IN_LIBRARY = 5106
    PROJECT_TERM_ENDED = 5107
    PROJECT_NEED_MISMATCH = 5108
    PROJECT_IN_BUDGET = 5109
    PROJECT_RANK_TAKEN = 5110
    PROJECT_OUT_OF_RANK = 5111
    REASON_MISSING = 5112
    PROJECT_CUT_BY_GRADE = 5113
    PROJECT_NOT_EXPIRED = 5114
    PROJECT_NO_TERM = 5115
    PROJECT_NO_NEED = 5116
    PROJECT_OF_ANOTHER_UNIT = 5117
    PROJECT_NOT_SELECTED = 5118
    PROJECT_OVER_NEED = 5119
    BUDGET_WRONG_STATE = 5200
    OVER_ENVELOPE = 5201
    OVER_CONTROL = 5202
    UNBALANCED = 5203
    NO_INCOME_REGISTERED = 5204
    BUDGET_NO_GOAL = 5205
    SNAPSHOT_DIRTY = 5206
    REPLY_MISMATCH = 5207
    RESERVE_OUT_OF_RANGE = 5208
    PROCUREMENT_UNFLAGGED = 5209
    NOT_SENT = 5210
    ALREADY_SENT = 5211
    UNIT_NOT_ACTIVE = 5212
    UNIT_NOT_LEAF = 5213
    ROW_DROPPED = 5215
    NO_APPROVED_TABLE = 5216
    ROW_HAS_QUOTA = 5218
    OVER_EARLY_CAP = 5219
    PAPER_NO_DAY = 5220
    ROW_TWICE = 5221
    OVER_LAST_YEAR = 5222
    NO_DOCUMENT = 5300
    DOCUMENT_STATE = 5301
    DOCUMENT_DUTY = 5302
    DOCUMENT_MISMATCH = 5303
    BAD_LINE = 5304
    NO_APPROVED_BUDGET = 5305
    BAD_DIVISION = 5306
    RECEIVE_MISMATCH = 5307
    OVER_PARENT = 5308
    ELEMENT_CONFLICT = 5309
    RETURN_OVER_AVAILABLE = 5310
    VIRE_FUND_NATURE = 5311
    VIRE_FORBIDDEN_CLASS = 5312
    VIRE_NEEDS_CONGRESS = 5313
    NEEDS_CONGRESS = 5314
    CLOSE_OPEN_ITEMS = 5315
    DORMANT = 5317
    OVER_BUDGET_ROW = 5318
    NO_BUDGET_ROW = 5319
    DECLINED = 5320
    NO_ARRIVAL = 5321
    NOT_PRE_APPROVAL = 5322
    DOCUMENT_TOO_LARGE = 5323
    RULE_LOOSER = 5400
    NO_DRAFT = 5401
    DRAFT_WAITS = 5402
    UNFIT_RULE = 5403
    NOT_INHERITED = 5404
    BAD_TERM = 5405
    CEILING_BELOW_USED = 5406
    COMMITMENT_TAKEN = 5500
    NO_COMMITMENT = 5501
    OVER_COMMITMENT = 5502
    COMMITMENT_BELOW_USED = 5503
    COMMITMENT_STATE = 5504
    WEIGHTS_NOT_WHOLE = 5600
    LEVELS_MISSING = 5601
    GOAL_FROZEN = 5602
    TRACK_INCOMPLETE = 5603
    NO_SUPPLEMENT_BY_GRADE = 5604
    GOAL_STALE = 5605
    NOT_DORMANT = 5606
    OVER_RECOVERED = 5607
    NO_SELF_SCORE = 5608
    OVER_HUNDRED = 5609
    NO_POLICY = 5610

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
    Code.FROZEN: _Texts(
        Then.NEW_ID,
        "the unit, project, budget row or payee is frozen or no more",
        "单位、项目、预算或收款人已冻结或停用",
        "have it unfrozen, or use another",
    ),
    Code.FORBIDDEN_CLASS: _Texts(
        Then.NEW_ID,
        "the class is on the list of classes that are looked at before they are paid",
        "属于重点管控科目",
        "explain it to the officer who lifts the hold, or use the proper class",
    ),
    Code.NOT_UNIT_CLASS: _Texts(
        Then.NEW_ID,
        "transfers and debt are never paid by a unit",
        "转移支付、还本付息科目不得由单位支付",
        "finance issues transfers and pays debt",
    ),
    Code.ELEMENT_ROW: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the budget row of the quota",
        "缺失要素：指标的预算项目",
        "put the budget row on file, or correct the quota's official key",
    ),
    Code.ELEMENT_UNIT: _Texts(
        Then.NEVER,
        "which element is missing or unknown: a unit at the lowest level",
        "缺失要素：末级预算单位",
        "put the unit on file, or use a quota of a unit at the lowest level",
    ),
    Code.ELEMENT_PROJECT: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the project",
        "缺失要素：项目",
        "put the project into the library",
    ),
    Code.ELEMENT_PAYEE: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the payee's account",
        "缺失要素：收款人账号",
        "give the payee's account",
    ),
    Code.ELEMENT_PAYEE_NAME: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the payee's name",
        "缺失要素：收款人全称",
        "give the payee's name",
    ),
    Code.ELEMENT_BANK: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the number of the payee's bank",
        "缺失要素：收款行联行号",
        "give the bank's number",
    ),
    Code.ELEMENT_PURPOSE: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the purpose",
        "缺失要素：用途",
        "say what the payment is for",
    ),
    Code.ELEMENT_DOCUMENT: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the document behind the payment",
        "缺失要素：原始凭证",
        "name the invoice as code+number, or the other document",
    ),
    Code.ELEMENT_QUANTITY: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the quantity a standard is held to",
        "缺失要素：数量",
        "name the quantity in the document, as qty=3",
    ),
    Code.ELEMENT_STANDARD: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the project's spending standard on this day",
        "缺失要素：支出标准",
        "put the standard on file, or correct the project",
    ),
    Code.ELEMENT_CEILING: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the unit's approved ceiling",
        "缺失要素：批准额度",
        "set the unit's ceiling",
    ),
    Code.ELEMENT_CONTRACT: _Texts(
        Then.NEVER,
        "which element is missing or unknown: a registered contract or plan of this unit",
        "缺失要素：已备案的合同或采购计划",
        "register the contract, or name the one meant",
    ),
    Code.ELEMENT_INCOME: _Texts(
        Then.NEVER,
        "which element is missing or unknown: the unit's registered income of this fund nature",
        "缺失要素：单位收入",
        "register the income",
    ),
    Code.RULE_VERSION: _Texts(
        Then.NEVER,
        "which version of the rule it was: the figure is the version",
        "规则版本",
        "nothing",
    ),
    Code.PROJECT_STATE: _Texts(
        Then.NEW_ID,
        "the project is not under way in this year",
        "项目不在执行期",
        "start the project, or use another",
    ),
    Code.TRACK_BROKEN: _Texts(
        Then.NEW_ID,
        "the code of the tracked upper-level project was lost or changed",
        "追踪项目代码缺失或被改动",
        "correct the project or the budget row",
    ),
    Code.NO_GOAL: _Texts(
        Then.NEW_ID,
        "the project has no performance goal",
        "项目未设绩效目标",
        "set the goal",
    ),
    Code.PERFORMANCE_LOCK: _Texts(
        Then.NEW_ID,
        "the project is locked after its performance was rated",
        "绩效跟踪锁定",
        "mend the project and have the lock lifted",
    ),
    Code.NO_CONTRACT: _Texts(
        Then.NEW_ID,
        "the budget must be bought under procurement law, and no registered contract or plan is named",
        "政府采购项目无备案合同或计划",
        "register the contract and name it",
    ),
    Code.CONTRACT_MISMATCH: _Texts(
        Then.NEW_ID,
        "the contract has no open earmark on this quota, less left than asked, or another purchase plan",
        "合同占用不符",
        "register the earmark first or ask for what is left",
    ),
    Code.SPLIT_SUSPECT: _Texts(
        Then.NEW_ID,
        "payments of one unit, payee and purpose are each under a threshold and together over it",
        "疑似拆分支付",
        "explain it, with the documents",
    ),
    Code.DUPLICATE_INVOICE: _Texts(
        Then.NEW_ID,
        "another payment has used the invoice",
        "发票重复报销",
        "use the right invoice, or return the other payment",
    ),
    Code.DUPLICATE_PAYMENT: _Texts(
        Then.NEW_ID,
        "the same unit pays the same amount to the same account for the same purpose again",
        "疑似重复支付",
        "explain that it is not the same payment",
    ),
    Code.PAYEE_INVALID: _Texts(
        Then.NEW_ID,
        "the payee's account is not registered, or under another name or bank",
        "收款人未登记或账号户名不符",
        "register the payee, or correct name, account and bank",
    ),
    Code.NOT_WHITELISTED: _Texts(
        Then.NEW_ID,
        "such payments go only to payees on the white list",
        "收款人不在白名单",
        "have the payee put on the white list",
    ),
    Code.BLACKLISTED: _Texts(
        Then.NEW_ID,
        "the payee is on the black list",
        "收款人在黑名单",
        "nothing is paid to it",
    ),
    Code.OWN_ACCOUNT: _Texts(
        Then.NEW_ID,
        "the payee is an account of a unit that holds real money, or bears the payer's name",
        "向本单位或预算单位实有资金账户支付",
        "have an exemption recorded",
    ),
    Code.TO_PERSON: _Texts(
        Then.NEW_ID,
        "goods or services are paid to a person's account above the limit",
        "公款转入个人账户",
        "explain it to the officer who lifts the hold",
    ),
    Code.SECOND_APPROVAL: _Texts(
        Then.NEW_ID,
        "the amount needs a further approval",
        "大额支付需加审",
        "the further post approves",
    ),
    Code.DUTY_SEPARATION: _Texts(
        Then.NEW_ID,
        "the person already fills another post in this payment",
        "岗位不相容",
        "another person acts",
    ),
    Code.OVER_STANDARD: _Texts(
        Then.NEW_ID,
        "the amount is more than the standard's price times the quantity",
        "超支出标准",
        "ask for no more than the standard",
    ),
    Code.THREE_PUBLIC_OVER: _Texts(
        Then.NEW_ID,
        "the unit's year of the three public expenses would go over what is approved",
        "超“三公”经费控制数",
        "ask for less, or for a larger approval",
    ),
    Code.INCOME_NOT_REGISTERED: _Texts(
        Then.NEW_ID,
        "the income behind the quota is not registered, or none of it was collected",
        "收入未登记或未入账",
        "register the income and what was collected",
    ),
    Code.UNIT_FUND_SHORT: _Texts(
        Then.NEW_ID,
        "the unit would spend more of this fund nature than it has collected",
        "单位资金超已收数",
        "collect more first",
    ),
    Code.DORMANT_MONEY: _Texts(
        Then.NEW_ID,
        "the money was first approved two years ago or earlier",
        "存量沉淀资金",
        "finance recovers it",
    ),
    Code.SLOW_PROGRESS: _Texts(
        Then.NEW_ID,
        "the unit's progress is behind the time that has passed",
        "执行进度滞后",
        "the unit explains it",
    ),
    Code.YEAR_END_RUSH: _Texts(
        Then.NEW_ID,
        "December has more of the unit's year than is usual",
        "年底突击花钱",
        "the unit explains it",
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
    Code.OVER_BORNE: _Texts(
        Then.NEW_ID,
        "the quota bears less of the payment than is to be corrected",
        "更正金额超该指标承担数",
        "at most what it bears: executed, less what came back or was corrected already",
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
    Code.PAPER_LINE: _Texts(
        Then.NEVER,
        "where in the paper: the figures are its line and its column, from 1",
        "单据行列位置",
        "correct that field",
    ),
    Code.NO_TABLE: _Texts(
        Then.NEW_ID,
        "no such table",
        "无此数据表",
        "see the tables in the reference",
    ),
    Code.BAD_ROW: _Texts(
        Then.NEW_ID,
        "a field does not fit its column",
        "数据行不符合要求",
        "see the table's columns in the reference",
    ),
    Code.NO_ROW: _Texts(
        Then.NEW_ID,
        "no such row on file",
        "查无此数据行",
        "list the table",
    ),
    Code.IMPORT_UNFIT: _Texts(
        Then.NEW_ID,
        "rows of base data do not fit together or with what is on file",
        "基础信息数据不一致",
        "correct the lines and columns the figures name; treasury import lists them all",
    ),
    Code.NOT_BASE: _Texts(
        Then.NEW_ID,
        "rows of this table are not put or removed one by one",
        "该数据表不可直接登记",
        "file the paper of its subject",
    ),
    Code.NOT_HOLDER: _Texts(
        Then.NEW_ID,
        "the person does not hold the post that files this paper",
        "未持有办理该业务的岗位",
        "a holder of the post files it, or the base keeper registers the post",
    ),
    Code.NOT_LIVE: _Texts(
        Then.NEW_ID,
        "the division, or the unit's township, is not active or not live on this business day",
        "区划未上线或已停用",
        "wait for the go-live day, or have the base keeper correct it",
    ),
    Code.PROJECT_WRONG_STATE: _Texts(
        Then.NEW_ID,
        "where the project stands does not allow this",
        "项目状态不允许",
        "look the project up",
    ),
    Code.PROJECT_NO_GOAL: _Texts(
        Then.NEW_ID,
        "the project has no performance goal of its unit, with indicators",
        "项目未填报绩效目标",
        "file the goal, then name it in the project",
    ),
    Code.PROJECT_NO_BASIS: _Texts(
        Then.NEW_ID,
        "the project names no document it rests on",
        "项目缺少立项依据",
        "return it and have the unit name its basis",
    ),
    Code.PROJECT_NO_STANDARD: _Texts(
        Then.NEW_ID,
        "the project names no spending standard in force, and does not say that none applies",
        "项目未选用支出标准",
        "name a standard of the year, or the word none",
    ),
    Code.PROJECT_OVER_STANDARD: _Texts(
        Then.NEW_ID,
        "what the project needs in the year is not what its spending standard allows for the quantity",
        "项目需求超支出标准",
        "correct the quantity or the need",
    ),
    Code.PROJECT_DUPLICATE: _Texts(
        Then.NEW_ID,
        "another project of this unit has this code or name",
        "项目重复",
        "use the existing project",
    ),
    Code.PROJECT_NOT_IN_LIBRARY: _Texts(
        Then.NEW_ID,
        "the project is not in the library: nothing can be arranged for it",
        "项目未入库",
        "have it reviewed into the library first",
    ),
    Code.PROJECT_TERM_ENDED: _Texts(
        Then.NEW_ID,
        "the year is not in the project's term",
        "项目实施期已满或未到",
        "set up a new project or correct the term",
    ),
    Code.PROJECT_NEED_MISMATCH: _Texts(
        Then.NEW_ID,
        "the needs of the years are not in the term or do not sum up to the total",
        "分年需求与总需求不符",
        "correct the needs: one for each year, inside the term",
    ),
    Code.PROJECT_IN_BUDGET: _Texts(
        Then.NEW_ID,
        "rows of the budget rest on the project",
        "项目已列入预算",
        "drop its rows first",
    ),
    Code.PROJECT_RANK_TAKEN: _Texts(
        Then.NEW_ID,
        "another project of the department has this rank",
        "优先级重复",
        "rank both in one paper",
    ),
    Code.PROJECT_OUT_OF_RANK: _Texts(
        Then.NEW_ID,
        "the project is not ranked, or one of its department that ranks before it is not chosen yet",
        "未按优先级顺序入预算",
        "choose by rank, or rank anew",
    ),
    Code.REASON_MISSING: _Texts(
        Then.NEW_ID,
        "this step needs a reason",
        "未填写原因",
        "say why",
    ),
    Code.PROJECT_CUT_BY_GRADE: _Texts(
        Then.NEW_ID,
        "the grade of its last evaluation leaves the project less than this, or nothing",
        "绩效评价结果不支持安排",
        "ask for what the grade leaves, or give the project up",
    ),
    Code.PROJECT_NOT_EXPIRED: _Texts(
        Then.NEW_ID,
        "the project may still be chosen: its years in the library are not over",
        "项目储备未到期",
        "wait, or cancel it with a reason",
    ),
    Code.PROJECT_NO_TERM: _Texts(
        Then.NEW_ID,
        "the project has no term",
        "项目未填报实施年限",
        "return it and have the unit fill in the term",
    ),
    Code.PROJECT_NO_NEED: _Texts(
        Then.NEW_ID,
        "the project needs nothing in any year",
        "项目未填报资金需求",
        "return it and have the unit fill in the needs",
    ),
    Code.PROJECT_OF_ANOTHER_UNIT: _Texts(
        Then.NEW_ID,
        "the project belongs to another unit",
        "项目与单位不符",
        "name the project's own unit",
    ),
    Code.PROJECT_NOT_SELECTED: _Texts(
        Then.NEW_ID,
        "the project is in the library and was not chosen for the budget",
        "项目未列入预算",
        "have it chosen first",
    ),
    Code.PROJECT_OVER_NEED: _Texts(
        Then.NEW_ID,
        "the rows of the project are more than the need that was reviewed",
        "预算超项目审定需求",
        "lower the rows, or have the project reviewed anew",
    ),
    Code.BUDGET_WRONG_STATE: _Texts(
        Then.NEW_ID,
        "where the budget stands does not allow this",
        "预算编制环节不允许",
        "look the budget up",
    ),
    Code.OVER_ENVELOPE: _Texts(
        Then.NEW_ID,
        "the control figures of a fund nature are more than its income",
        "控制数超可用财力",
        "lower the control figures or register the income",
    ),
    Code.OVER_CONTROL: _Texts(
        Then.NEW_ID,
        "the rows of the unit are more than its control figure for the class of projects and the fund nature",
        "超控制数",
        "lower the rows to the control figure",
    ),
    Code.UNBALANCED: _Texts(
        Then.NEW_ID,
        "income and spending of a fund nature, with its surplus, are not equal",
        "收支不平衡",
        "correct rows, income or surplus",
    ),
    Code.NO_INCOME_REGISTERED: _Texts(
        Then.NEW_ID,
        "the unit has not registered income of this fund nature that covers the spending",
        "未登记收入不得安排支出",
        "register the unit's income first",
    ),
    Code.BUDGET_NO_GOAL: _Texts(
        Then.NEW_ID,
        "the project of a row has no complete performance goal",
        "预算项目未填报绩效目标",
        "file the goal",
    ),
    Code.SNAPSHOT_DIRTY: _Texts(
        Then.NEW_ID,
        "the rows are not those of the version that is named",
        "预算数据与上报版本不一致",
        "make a new version, or name the one that was reviewed",
    ),
    Code.REPLY_MISMATCH: _Texts(
        Then.NEW_ID,
        "the rows of a fund nature and functional class do not sum up to what the congress approved",
        "批复与人大批准预算不符",
        "correct the rows to the approved table",
    ),
    Code.RESERVE_OUT_OF_RANGE: _Texts(
        Then.NEW_ID,
        "the reserve fund is not between the legal shares of general budget spending",
        "预备费比例不合规",
        "correct the reserve fund: the figures are what it is and the bound it breaks",
    ),
    Code.PROCUREMENT_UNFLAGGED: _Texts(
        Then.NEW_ID,
        "a row of a class that is bought under procurement law is not flagged",
        "政府采购预算未标识",
        "flag the row",
    ),
    Code.NOT_SENT: _Texts(
        Then.NEW_ID,
        "a unit or department below has not sent its part of this round yet",
        "下级尚未报送",
        "have it sent first",
    ),
    Code.ALREADY_SENT: _Texts(
        Then.NEW_ID,
        "the unit or department has sent its part of this round: it is closed until it is returned",
        "已报送，不可修改",
        "have it returned",
    ),
    Code.UNIT_NOT_ACTIVE: _Texts(
        Then.NEW_ID,
        "no such unit, or it is not active",
        "单位不存在或未启用",
        "use an active unit",
    ),
    Code.UNIT_NOT_LEAF: _Texts(
        Then.NEW_ID,
        "money is placed with units at the end of the tree only",
        "非末级单位不可落实预算",
        "place it with a unit below",
    ),
    Code.ROW_DROPPED: _Texts(
        Then.NEW_ID,
        "the budget row was dropped",
        "预算已取消",
        "use another row",
    ),
    Code.NO_APPROVED_TABLE: _Texts(
        Then.NEW_ID,
        "what the congress approved is not on file",
        "未登记人大批准预算表",
        "register the approved table first",
    ),
    Code.ROW_HAS_QUOTA: _Texts(
        Then.NEW_ID,
        "a quota rests on the row: its elements and unit stay, and it is not dropped",
        "预算已生成指标，要素不可更改",
        "change the amount only",
    ),
    Code.OVER_EARLY_CAP: _Texts(
        Then.NEW_ID,
        "more than the unit may have before the budget is approved",
        "超预算批准前支出限额",
        "lower the amount, or register another ground",
    ),
    Code.PAPER_NO_DAY: _Texts(
        Then.NEW_ID,
        "this paper needs its business day",
        "单据未注明日期",
        "name the day",
    ),
    Code.ROW_TWICE: _Texts(
        Then.NEW_ID,
        "the paper changes one row twice",
        "单据内数据行重复",
        "name each row once",
    ),
    Code.OVER_LAST_YEAR: _Texts(
        Then.NEW_ID,
        "the cap is more than what the unit spent in all of last year",
        "限额超上年支出",
        "take the figure from the report of last year's same period",
    ),
    Code.NO_DOCUMENT: _Texts(
        Then.NEW_ID,
        "no document says so: none of this code, no authority on it, or an order by hand where quotas change by documents alone",
        "无指标文依据",
        "write a document that names its authority, and have it checked",
    ),
    Code.DOCUMENT_STATE: _Texts(
        Then.NEW_ID,
        "the document's state does not allow this",
        "单据状态不允许",
        "look the document up",
    ),
    Code.DOCUMENT_DUTY: _Texts(
        Then.NEW_ID,
        "the person fills another post in this document: who writes it does not check it, who issued it does not receive it",
        "单据岗位不相容",
        "another person acts",
    ),
    Code.DOCUMENT_MISMATCH: _Texts(
        Then.NEW_ID,
        "the lines are not as many as the head says, or do not add up to its sum",
        "明细与单据合计不符",
        "correct the head or the lines",
    ),
    Code.BAD_LINE: _Texts(
        Then.NEW_ID,
        "the line lacks what a document of this kind needs, or has what it cannot have",
        "明细填写与业务类型不符",
        "see the kinds of documents in the reference",
    ),
    Code.NO_APPROVED_BUDGET: _Texts(
        Then.NEW_ID,
        "the budget, or this row of it, is not replied",
        "预算未批复",
        "reply the budget first, or use pre-approval authority within its cap",
    ),
    Code.BAD_DIVISION: _Texts(
        Then.NEW_ID,
        "the receiving division is not one that can take this transfer",
        "接收区划有误",
        "name another division by its index and its code",
    ),
    Code.RECEIVE_MISMATCH: _Texts(
        Then.NEW_ID,
        "document number, amount or fund nature is not that of the transfer that arrived",
        "接收信息与指标文不符",
        "compare with the sender's document, or decline",
    ),
    Code.OVER_PARENT: _Texts(
        Then.NEW_ID,
        "the amount is more than what the quota above has available",
        "超上级指标可用数",
        "at most what is available above",
    ),
    Code.ELEMENT_CONFLICT: _Texts(
        Then.NEW_ID,
        "the elements do not refine those they come from",
        "要素与上级指标冲突",
        "keep fund nature and project, and classes at or under those above",
    ),
    Code.RETURN_OVER_AVAILABLE: _Texts(
        Then.NEW_ID,
        "more is returned than is available",
        "上交数超可用数",
        "at most what is available",
    ),
    Code.VIRE_FUND_NATURE: _Texts(
        Then.NEW_ID,
        "a virement keeps its fund nature",
        "调剂不得改变资金性质",
        "choose a row of the same fund nature",
    ),
    Code.VIRE_FORBIDDEN_CLASS: _Texts(
        Then.NEW_ID,
        "a rule forbids virement between these classes",
        "该类科目间不得调剂",
        "see the division's rules of virement",
    ),
    Code.VIRE_NEEDS_CONGRESS: _Texts(
        Then.NEW_ID,
        "from this amount on a virement between these classes needs a resolution",
        "调剂须经人大批准",
        "prepare an adjustment with its resolution",
    ),
    Code.NEEDS_CONGRESS: _Texts(
        Then.NEW_ID,
        "the approved total changes only by a resolution of the people's congress",
        "调整预算总额须经人大批准",
        "prepare an adjustment that names its resolution",
    ),
    Code.CLOSE_OPEN_ITEMS: _Texts(
        Then.NEW_ID,
        "documents or transfers are under way, or quotas still have money",
        "年终结账尚有未了事项",
        "finish them; carry over or recover what is left",
    ),
    Code.DORMANT: _Texts(
        Then.NEW_ID,
        "the money has lain for two years: it is recovered and not carried over",
        "连续两年未用完，应收回",
        "recover it",
    ),
    Code.OVER_BUDGET_ROW: _Texts(
        Then.NEW_ID,
        "the amount is more than what the budget row has left to issue",
        "超预算项未下达数",
        "at most what is left",
    ),
    Code.NO_BUDGET_ROW: _Texts(
        Then.NEW_ID,
        "no such budget row",
        "无此预算项",
        "check its code",
    ),
    Code.DECLINED: _Texts(
        Then.NEW_ID,
        "the receiver declined the transfer",
        "接收方已拒收",
        "see the receiver's reason",
    ),
    Code.NO_ARRIVAL: _Texts(
        Then.NEW_ID,
        "no such transfer waits here",
        "无此待接收转移支付",
        "list what has arrived",
    ),
    Code.NOT_PRE_APPROVAL: _Texts(
        Then.NEW_ID,
        "the quota does not rest on pre-approval authority",
        "非预算批准前指标",
        "nothing to replace",
    ),
    Code.DOCUMENT_TOO_LARGE: _Texts(
        Then.NEW_ID,
        "the document makes more acts and moves than one document may, since all of them take effect together",
        "指标文一并办理的笔数超限",
        "write several documents of named lines, each within what the figure allows",
    ),
    Code.RULE_LOOSER: _Texts(
        Then.NEW_ID,
        "the rule would be looser than the province's",
        "规则宽于省级规则",
        "propose at most what the province has, or a deviation the province has approved",
    ),
    Code.NO_DRAFT: _Texts(
        Then.NEW_ID,
        "nothing is proposed under this id",
        "无待审事项",
        "propose it first",
    ),
    Code.DRAFT_WAITS: _Texts(
        Then.NEW_ID,
        "something else is proposed under this id and waits for its checker",
        "已有待审事项",
        "have it approved or dropped first",
    ),
    Code.UNFIT_RULE: _Texts(
        Then.NEW_ID,
        "the rule's time, condition, code or release does not fit together",
        "规则要素不合规",
        "see the rules in the reference",
    ),
    Code.NOT_INHERITED: _Texts(
        Then.NEW_ID,
        "the division sets its own rules, or the province has set no such rule",
        "非省级规则",
        "the province's rules are inherited by divisions below",
    ),
    Code.BAD_TERM: _Texts(
        Then.NEW_ID,
        "the days it would hold are in the wrong order, or over already",
        "期限有误",
        "correct the days",
    ),
    Code.CEILING_BELOW_USED: _Texts(
        Then.NEW_ID,
        "the ceiling would be less than what the unit has used",
        "额度不得低于已用数",
        "approve at least what is used",
    ),
    Code.COMMITMENT_TAKEN: _Texts(
        Then.NEW_ID,
        "the registration number is taken",
        "备案编号已占用",
        "use another number",
    ),
    Code.NO_COMMITMENT: _Texts(
        Then.NEW_ID,
        "no such plan or contract, or not of this unit, or not registered",
        "无此备案合同或计划",
        "register it first",
    ),
    Code.OVER_COMMITMENT: _Texts(
        Then.NEW_ID,
        "the sum would be more than the plan or contract is for",
        "超合同或计划金额",
        "at most what is left, or change the contract",
    ),
    Code.COMMITMENT_BELOW_USED: _Texts(
        Then.NEW_ID,
        "the plan or contract would be for less than is earmarked or contracted under it",
        "不得低于已占用数",
        "give the earmark back first",
    ),
    Code.COMMITMENT_STATE: _Texts(
        Then.NEW_ID,
        "the plan's or contract's state does not allow this",
        "合同或计划状态不允许",
        "look it up",
    ),
    Code.WEIGHTS_NOT_WHOLE: _Texts(
        Then.NEW_ID,
        "the weights of the goal's indicators do not sum up to 100.00",
        "绩效指标权重合计不为100",
        "correct the weights",
    ),
    Code.LEVELS_MISSING: _Texts(
        Then.NEW_ID,
        "a goal needs indicators of output, benefit and satisfaction",
        "绩效指标级别不完整",
        "add the missing level",
    ),
    Code.GOAL_FROZEN: _Texts(
        Then.NEW_ID,
        "the goal is frozen with the project: it changes only by return or new approval",
        "绩效目标已随预算锁定",
        "have the project returned, or file the goal for new approval",
    ),
    Code.TRACK_INCOMPLETE: _Texts(
        Then.NEW_ID,
        "every indicator of the goal has to be tracked, and no other",
        "绩效监控指标不完整",
        "name each indicator of the goal once",
    ),
    Code.NO_SUPPLEMENT_BY_GRADE: _Texts(
        Then.NEW_ID,
        "the grade of the project's last evaluation allows no supplement",
        "绩效评价结果不予追加",
        "use the money elsewhere",
    ),
    Code.GOAL_STALE: _Texts(
        Then.NEW_ID,
        "the amount has moved too far from the one the goal was approved with",
        "预算调整幅度超限，绩效目标须重新审定",
        "have the goal approved anew",
    ),
    Code.NOT_DORMANT: _Texts(
        Then.NEW_ID,
        "the row's money is not dormant: too young, used up, or listed already",
        "不属于沉淀资金",
        "see the list of dormant money",
    ),
    Code.OVER_RECOVERED: _Texts(
        Then.NEW_ID,
        "more than what was taken back and is not planned anew yet",
        "超已收回未安排金额",
        "at most what is left",
    ),
    Code.NO_SELF_SCORE: _Texts(
        Then.NEW_ID,
        "the unit has not evaluated the project itself",
        "单位尚未自评",
        "the unit files its own evaluation first",
    ),
    Code.OVER_HUNDRED: _Texts(
        Then.NEW_ID,
        "a score or weight is more than 100.00",
        "分值超过100",
        "correct it",
    ),
    Code.NO_POLICY: _Texts(
        Then.NEW_ID,
        "no such number can be set, or it is looser than the default",
        "无此管理参数或放宽了默认值",
        "see the list of policies",
    ),
}
