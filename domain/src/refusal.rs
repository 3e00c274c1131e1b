//! Numbered answers, in two languages, with figures.
//!
//! A refusal is an answer, not a fault. One that depended on state is journaled and ends its id;
//! what is turned away before deciding leaves no trace and may be sent again with the same id.

use crate::limits::REFUSAL_FIGURES_MAX;
use crate::money::Fen;

/// What a caller does after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing: it is done or on record.
    Done,
    /// Send again with the same id.
    SameId,
    /// A new try needs a new id.
    NewId,
    /// Ask for the outcome by id before anything else.
    Ask,
    /// Never: the command itself is wrong.
    Never,
}

impl Retry {
    /// The word in documents and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Retry::Done => "done",
            Retry::SameId => "same-id",
            Retry::NewId => "new-id",
            Retry::Ask => "ask",
            Retry::Never => "never",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $retry:ident, $english:literal, $chinese:literal, $next:literal;)+) => {
        /// A stable answer code. Numbers are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code { $($(#[$doc])* $name = $number,)+ }

        impl Code {
            /// Every code, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code with a number.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Code> {
                match number { $($number => Some(Code::$name),)+ _ => None }
            }

            /// The name in texts, JSON and metrics.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Code::$name => $slug,)+ }
            }

            /// What the caller does next with the id.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self { $(Code::$name => Retry::$retry,)+ }
            }

            /// One English sentence.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Code::$name => $english,)+ }
            }

            /// The same in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Code::$name => $chinese,)+ }
            }

            /// What the reader can do.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Code::$name => $next,)+ }
            }
        }
    };
}

codes! {
    /// Done, and durable.
    Accepted = 0, "accepted", Done, "accepted", "已受理", "nothing";
    /// A fact that did not fit was put into suspense.
    Parked = 1, "parked", Done, "the fact does not fit its payment and was put into suspense", "与支付不符，已挂账", "finance resolves it; do not send it again under another number";

    /// The engine is at its bound.
    Busy = 100, "busy", SameId, "the engine is at its admission bound", "系统繁忙", "send the same command again after a pause";
    /// Disk space is below its first mark.
    DiskLow = 101, "disk-low", SameId, "disk space is low: new reservations and quotas are not taken", "磁盘空间不足，暂不受理新增", "operators free space; send the same command again later";
    /// Its deadline passed before it was decided.
    Late = 102, "late", SameId, "the command's deadline passed before it was decided", "已过时限，未受理", "send it again with a later deadline";
    /// The quota is quarantined.
    Quarantined = 103, "quarantined", SameId, "the quota or limit is quarantined after a fault", "指标已隔离", "an operator revives the quota; then send the same command again";
    /// A fault while deciding.
    Fault = 104, "fault", SameId, "a fault while deciding; nothing was changed", "处理异常，未生效", "operators look at the log; the same command may be sent again";
    /// The role or path does not allow it.
    NoRight = 105, "no-right", Never, "this role may not give this command here", "无权办理", "use a connection with the role the protocol table names";
    /// No person was named.
    NoPerson = 106, "no-person", Never, "the command names no person", "未注明经办人", "every command names the person who gives it";
    /// An amount is zero, negative or too large.
    AmountOutOfBounds = 107, "amount-out-of-bounds", Never, "the amount is not between 0.01 and 90071992547409.91 yuan", "金额超出范围", "correct the amount";
    /// A field has a value it cannot have.
    BadField = 108, "bad-field", Never, "a field has a value it cannot have for this command", "要素填写有误", "see the command's table in the protocol document";
    /// A text is too long.
    TextTooLong = 109, "text-too-long", Never, "a text is longer than its bound", "文本超长", "shorten the text";
    /// Same id, other contents.
    Conflict = 110, "conflict", Never, "the id is known with other contents", "编号已用于不同内容", "find out which of the two is meant; a new command needs a new id";
    /// The division is not registered.
    UnknownDivision = 111, "unknown-division", SameId, "the division is not registered", "区划未登记", "register the division, then send the same command again";
    /// A linked run was refused elsewhere.
    LinkedRefused = 112, "linked-refused", NewId, "another command of the linked run was refused, so none took effect", "联动业务中另有一笔被拒，全部未生效", "mend the refused command and send the run with new ids";
    /// A linked run breaks its own rules.
    BadLinkedRun = 113, "bad-linked-run", Never, "a linked run crosses divisions, is too long, mixes known and new ids, or holds a command that cannot be linked", "联动业务组成有误", "see linked runs in the protocol document";
    /// Unknown to the engine.
    NotFound = 114, "not-found", Never, "nothing is known under this id", "查无此编号", "check division, year and id; an unanswered command that is not found was never taken";
    /// A fact for a place that has no room now.
    SuspenseFull = 115, "suspense-full", SameId, "the channel has too many facts in suspense", "该渠道挂账过多", "finance resolves parked facts; send the same fact again later";
    /// The outcome is not known to the caller.
    OutcomeUnknown = 116, "outcome-unknown", Ask, "the outcome was not known in time", "结果未知", "ask for the outcome by id";
    /// The wrong environment.
    WrongEnvironment = 117, "wrong-environment", Never, "this data set is of another environment", "环境不符（生产/测试）", "connect to the environment you mean";
    /// A frame could not be read.
    BadFrame = 118, "bad-frame", Never, "the frame could not be read", "报文格式错误", "see the frame table in the protocol document";
    /// A version nobody here speaks.
    WrongVersion = 119, "wrong-version", Never, "no common protocol version", "协议版本不符", "use a client of a supported version";
    /// Journal and disk cannot take anything.
    DiskFull = 120, "disk-full", SameId, "no disk space is left for the journal: reads only", "磁盘已满，只可查询", "operators free space; send the same command again later";
    /// The server is going away.
    ShuttingDown = 121, "shutting-down", SameId, "the server is shutting down", "系统正在停止", "connect again and send the same command";
    /// A slow reader.
    SlowReader = 122, "slow-reader", Ask, "replies were not read in time and the connection was closed", "接收过慢，连接已断开", "connect again and ask for outcomes by id";
    /// Cursor not in this chain.
    Diverged = 123, "diverged", Never, "the cursor is not in this journal's chain", "位点与日志链不符", "start again from the last common position in the answer";
    /// Too many connections.
    TooManyConnections = 124, "too-many-connections", SameId, "the connection limit is reached", "连接数已满", "close idle connections or raise the limit";
    /// Silence at the start.
    HandshakeTimeout = 125, "handshake-timeout", SameId, "no complete hello arrived in time", "握手超时", "send the hello at once after connecting";
    /// The hello was not the first frame, or came twice.
    NoHello = 126, "no-hello", Never, "the first frame must be a hello, and there is only one", "未先握手", "send a hello first";

    /// No such quota.
    NoQuota = 1001, "no-quota", NewId, "no such quota in this division and year", "无此指标", "check the quota's id";
    /// More than is available.
    OverQuota = 1002, "over-quota", NewId, "the amount is more than what is available on the quota", "超可用指标", "ask for less, or for a supplement";
    /// The year is closed.
    YearClosed = 1003, "year-closed", Never, "the fiscal year is closed", "预算年度已关闭", "use the open year";
    /// The year is not open.
    YearNotOpen = 1004, "year-not-open", NewId, "the fiscal year is not open", "预算年度未开启", "open the year first";
    /// Over the payment plan.
    OverPlan = 1005, "over-plan", NewId, "the amount goes beyond the cumulative payment plan", "超用款计划", "ask for less, or for a larger plan";
    /// Not payable.
    NotExecutable = 1006, "not-executable", NewId, "the quota is not executable: no payment may be made from it", "指标不可执行", "allocate it down to a paying unit first";
    /// A code no table of the year has.
    BadElement = 1007, "bad-element", NewId, "an element's code is not in the year's tables, or the official key names another", "要素代码不在本年度代码表中或与指标要素不一致", "use a code of the year at the finest level, the same in field and key";
    /// Class not covered.
    EconomicMismatch = 1008, "economic-mismatch", NewId, "the economic class is not under the quota's class, or not mapped to the government class", "经济分类与指标不符", "correct the class or choose another quota";
    /// Fund and method do not go together.
    MethodMismatch = 1009, "method-mismatch", NewId, "this payment method does not go with the quota's fund nature", "支付方式与资金性质不符", "use a method the fund nature allows";
    /// The adjustment period takes no new business.
    YearInAdjustment = 1010, "year-in-adjustment", NewId, "the year is in its adjustment period: no new business", "处于调整期，不受理新业务", "use the open year";
    /// The quota is closed.
    QuotaClosed = 1011, "quota-closed", NewId, "the quota is closed", "指标已关闭", "use another quota";
    /// Above the pre-approval cap.
    OverAuthority = 1012, "over-authority", NewId, "the quota would exceed the cap of its pre-approval authority", "超预算批准前支出限额", "wait for the approved budget";
    /// Above the ceiling for one act.
    NoRuleApproves = 1013, "no-rule-approves", NewId, "no rule approves this payment in one act", "不符合一次办结条件", "reserve it and let the posts approve it";
    /// Unknown plan.
    NoLimit = 1014, "no-limit", NewId, "no such payment plan in this division and year", "无此用款计划", "set the plan first";
    /// Official key taken.
    KeyTaken = 1015, "key-taken", NewId, "another quota of this division and year has this official key", "指标要素重复", "use the existing quota";
    /// Too many.
    TooMany = 1016, "too-many", NewId, "a bound on the number of such things is reached", "数量已达上限", "see the bounds in the reference";
    /// Functional class and fund nature are of different budgets.
    FundClassMismatch = 1017, "fund-class-mismatch", NewId, "the functional class does not belong to the statutory budget of the fund nature", "功能分类与资金性质不符", "correct the functional class or the fund nature";

    /// Frozen.
    Frozen = 1018, "frozen", NewId, "the unit, project, budget row or payee is frozen or no more", "单位、项目、预算或收款人已冻结或停用", "have it unfrozen, or use another";
    /// A class that is held for this division.
    ForbiddenClass = 1019, "forbidden-class", NewId, "the class is on the list of classes that are looked at before they are paid", "属于重点管控科目", "explain it to the officer who lifts the hold, or use the proper class";
    /// A class no unit pays.
    NotUnitClass = 1020, "not-unit-class", NewId, "transfers and debt are never paid by a unit", "转移支付、还本付息科目不得由单位支付", "finance issues transfers and pays debt";
    /// Which element: the budget row.
    ElementRow = 1021, "element-row", Never, "which element is missing or unknown: the budget row of the quota", "缺失要素：指标的预算项目", "put the budget row on file, or correct the quota's official key";
    /// Which element: the unit.
    ElementUnit = 1022, "element-unit", Never, "which element is missing or unknown: a unit at the lowest level", "缺失要素：末级预算单位", "put the unit on file, or use a quota of a unit at the lowest level";
    /// Which element: the project.
    ElementProject = 1023, "element-project", Never, "which element is missing or unknown: the project", "缺失要素：项目", "put the project into the library";
    /// Which element: the payee's account.
    ElementPayee = 1024, "element-payee", Never, "which element is missing or unknown: the payee's account", "缺失要素：收款人账号", "give the payee's account";
    /// Which element: the payee's name.
    ElementPayeeName = 1025, "element-payee-name", Never, "which element is missing or unknown: the payee's name", "缺失要素：收款人全称", "give the payee's name";
    /// Which element: the payee's bank.
    ElementBank = 1026, "element-bank", Never, "which element is missing or unknown: the number of the payee's bank", "缺失要素：收款行联行号", "give the bank's number";
    /// Which element: the purpose.
    ElementPurpose = 1027, "element-purpose", Never, "which element is missing or unknown: the purpose", "缺失要素：用途", "say what the payment is for";
    /// Which element: the document.
    ElementDocument = 1028, "element-document", Never, "which element is missing or unknown: the document behind the payment", "缺失要素：原始凭证", "name the invoice as code+number, or the other document";
    /// Which element: the quantity.
    ElementQuantity = 1029, "element-quantity", Never, "which element is missing or unknown: the quantity a standard is held to", "缺失要素：数量", "name the quantity in the document, as qty=3";
    /// Which element: the standard.
    ElementStandard = 1030, "element-standard", Never, "which element is missing or unknown: the project's spending standard on this day", "缺失要素：支出标准", "put the standard on file, or correct the project";
    /// Which element: the ceiling.
    ElementCeiling = 1031, "element-ceiling", Never, "which element is missing or unknown: the unit's approved ceiling", "缺失要素：批准额度", "set the unit's ceiling";
    /// Which element: the contract.
    ElementContract = 1032, "element-contract", Never, "which element is missing or unknown: a registered contract or plan of this unit", "缺失要素：已备案的合同或采购计划", "register the contract, or name the one meant";
    /// Which element: the income.
    ElementIncome = 1033, "element-income", Never, "which element is missing or unknown: the unit's registered income of this fund nature", "缺失要素：单位收入", "register the income";
    /// Which version of a rule.
    RuleVersion = 1034, "rule-version", Never, "which version of the rule it was: the figure is the version", "规则版本", "nothing";

    /// The project may not pay now.
    ProjectState = 1101, "project-state", NewId, "the project is not under way in this year", "项目不在执行期", "start the project, or use another";
    /// The tracked project's code is not kept.
    TrackBroken = 1102, "track-broken", NewId, "the code of the tracked upper-level project was lost or changed", "追踪项目代码缺失或被改动", "correct the project or the budget row";
    /// No performance goal.
    NoGoal = 1103, "no-goal", NewId, "the project has no performance goal", "项目未设绩效目标", "set the goal";
    /// A performance lock.
    PerformanceLock = 1104, "performance-lock", NewId, "the project is locked after its performance was rated", "绩效跟踪锁定", "mend the project and have the lock lifted";

    /// Procurement without a contract.
    NoContract = 1201, "no-contract", NewId, "the budget must be bought under procurement law, and no registered contract or plan is named", "政府采购项目无备案合同或计划", "register the contract and name it";
    /// Contract unknown, closed, short, or under another plan.
    ContractMismatch = 1202, "contract-mismatch", NewId, "the contract has no open earmark on this quota, less left than asked, or another purchase plan", "合同占用不符", "register the earmark first or ask for what is left";
    /// Perhaps split.
    SplitSuspect = 1204, "split-suspect", NewId, "payments of one unit, payee and purpose are each under a threshold and together over it", "疑似拆分支付", "explain it, with the documents";
    /// The invoice was used.
    DuplicateInvoice = 1301, "duplicate-invoice", NewId, "another payment has used the invoice", "发票重复报销", "use the right invoice, or return the other payment";
    /// The payment was made.
    DuplicatePayment = 1302, "duplicate-payment", NewId, "the same unit pays the same amount to the same account for the same purpose again", "疑似重复支付", "explain that it is not the same payment";
    /// The payee is not the registered one.
    PayeeInvalid = 1401, "payee-invalid", NewId, "the payee's account is not registered, or under another name or bank", "收款人未登记或账号户名不符", "register the payee, or correct name, account and bank";
    /// Not on the white list.
    NotWhitelisted = 1402, "not-whitelisted", NewId, "such payments go only to payees on the white list", "收款人不在白名单", "have the payee put on the white list";
    /// On the black list.
    Blacklisted = 1403, "blacklisted", NewId, "the payee is on the black list", "收款人在黑名单", "nothing is paid to it";
    /// To an account of one's own.
    OwnAccount = 1404, "own-account", NewId, "the payee is an account of a unit that holds real money, or bears the payer's name", "向本单位或预算单位实有资金账户支付", "have an exemption recorded";
    /// To a person.
    ToPerson = 1405, "to-person", NewId, "goods or services are paid to a person's account above the limit", "公款转入个人账户", "explain it to the officer who lifts the hold";
    /// More posts approve.
    SecondApproval = 1501, "second-approval", NewId, "the amount needs a further approval", "大额支付需加审", "the further post approves";
    /// Two posts in one hand.
    DutySeparation = 1502, "duty-separation", NewId, "the person already fills another post in this payment", "岗位不相容", "another person acts";

    /// Over the standard.
    OverStandard = 1601, "over-standard", NewId, "the amount is more than the standard's price times the quantity", "超支出标准", "ask for no more than the standard";
    /// Over the three public expenses.
    ThreePublicOver = 1602, "three-public-over", NewId, "the unit's year of the three public expenses would go over what is approved", "超“三公”经费控制数", "ask for less, or for a larger approval";
    /// No income behind it.
    IncomeNotRegistered = 1701, "income-not-registered", NewId, "the income behind the quota is not registered, or none of it was collected", "收入未登记或未入账", "register the income and what was collected";
    /// More than the income.
    UnitFundShort = 1702, "unit-fund-short", NewId, "the unit would spend more of this fund nature than it has collected", "单位资金超已收数", "collect more first";
    /// Money nobody uses.
    DormantMoney = 1801, "dormant-money", NewId, "the money was first approved two years ago or earlier", "存量沉淀资金", "finance recovers it";
    /// Behind the time.
    SlowProgress = 1802, "slow-progress", NewId, "the unit's progress is behind the time that has passed", "执行进度滞后", "the unit explains it";
    /// Much in December.
    YearEndRush = 1805, "year-end-rush", NewId, "December has more of the unit's year than is usual", "年底突击花钱", "the unit explains it";

    /// No such payment.
    NoPayment = 3001, "no-payment", NewId, "no such payment on this quota", "无此支付", "check the payment's id and quota";
    /// The state does not allow it.
    WrongState = 3002, "wrong-state", NewId, "the payment's state does not allow this", "支付状态不允许", "look the payment up";
    /// The post is not next.
    PostNotNext = 3003, "post-not-next", NewId, "the post is not the next one this payment needs", "非当前审核岗", "the posts approve in their order";
    /// Already approved.
    AlreadyApproved = 3004, "already-approved", NewId, "somebody has approved already: the maker may no longer withdraw", "已审核，不可撤回", "ask the holder to return it";
    /// Not its maker.
    NotMaker = 3005, "not-maker", NewId, "only the maker may withdraw a payment", "非经办人不可撤回", "the maker withdraws it";
    /// The path has no such order.
    NotOnPath = 3006, "not-on-path", NewId, "the payment's settlement path has no such step", "该支付的清算方式无此环节", "see settlement paths in the reference";
    /// More than the quota bears of the payment.
    OverBorne = 3007, "over-borne", NewId, "the quota bears less of the payment than is to be corrected", "更正金额超该指标承担数", "at most what it bears: executed, less what came back or was corrected already";

    /// Fact: amount differs.
    AmountMismatch = 3101, "amount-mismatch", Done, "the reported amount does not fit the payment", "金额不符", "finance and the reporter compare their records";
    /// Fact: payee differs.
    PayeeMismatch = 3102, "payee-mismatch", Done, "the paid account is not the ordered one", "收款人不符", "finance and the bank compare their records";
    /// Fact: already reported with other contents.
    FactConflict = 3103, "fact-conflict", Done, "this fact was reported before with other contents", "回单内容前后不一", "the reporter explains which one holds";
    /// Fact: an earlier one is missing.
    FactEarly = 3104, "fact-early", Done, "an earlier fact is still missing", "前序回单未到", "nothing: it is taken when the missing fact arrives";
    /// Fact: unknown refund.
    NoRefund = 3105, "no-refund", Done, "no refund with this number waits for settling", "无此退款", "finance and the reporter compare their records";
    /// Fact: refund number used.
    RefundTaken = 3106, "refund-taken", Done, "the refund's number is known with other contents", "退款编号重复", "the bank corrects the number";
    /// Fact: the quota is quarantined.
    FactQuarantined = 3107, "fact-quarantined", Done, "the quota is quarantined: the fact waits in suspense", "指标已隔离，回单挂账", "revive the quota, then resolve the fact";

    /// Cut or freeze more than available.
    CutBelowUsed = 4001, "cut-below-used", NewId, "the amount is more than what is neither used nor held", "不得低于已用数", "at most the available amount";
    /// Unfreeze more than frozen.
    OverFrozen = 4002, "over-frozen", NewId, "the amount is more than what is frozen and not staged", "超冻结数", "at most the frozen amount";
    /// Something still open.
    OpenItems = 4003, "open-items", NewId, "payments are open, money is left or facts are parked", "尚有未了事项", "end the open items first";
    /// Plan below its use.
    PlanBelowUsed = 4004, "plan-below-used", NewId, "the plan would be less than what is used through that month", "计划不得低于已用数", "at least the used amount";
    /// Plan beyond bounds.
    OverBound = 4005, "over-bound", NewId, "the sum would leave the bounds of an amount", "累计金额超出范围", "use more than one quota or plan";
    /// Receiver's parent is another.
    NotChild = 4006, "not-child", NewId, "the two quotas are not parent and child", "非上下级指标", "move between parent and child, or use virement";
    /// Another fund nature.
    FundMismatch = 4007, "fund-mismatch", NewId, "the two quotas have different fund natures", "资金性质不同", "money keeps its fund nature";
    /// Parent lacks it.
    OverAllocated = 4008, "over-allocated", NewId, "more comes back than was handed down", "上交数超下达数", "check the amount and the parent";
    /// Unknown parent.
    NoParent = 4009, "no-parent", NewId, "no such parent quota", "无此上级指标", "create the parent first";
    /// Unknown batch.
    NoBatch = 4010, "no-batch", NewId, "no such open batch in this division and year", "无此批次", "open the batch first";
    /// Count or digest differ.
    BatchMismatch = 4011, "batch-mismatch", NewId, "the batch's count or digest is not what was announced", "批次笔数或摘要不符", "send what is missing, or drop the batch";
    /// Dropped by a refused act.
    BatchDropped = 4012, "batch-dropped", NewId, "the batch was dropped", "批次已撤销", "start a new batch with new ids";
    /// Not its maker.
    NotBatchMaker = 4013, "not-batch-maker", NewId, "only the batch's maker may do this", "非本批次经办人", "the maker does it";
    /// No such parked fact.
    NotParked = 4014, "not-parked", NewId, "no such fact in suspense", "无此挂账", "list the suspense";
    /// Still does not fit.
    StillUnfit = 4015, "still-unfit", NewId, "the parked fact still does not fit its payment", "挂账仍与支付不符", "mend the cause first, or dismiss it";
    /// Year order.
    WrongYearState = 4016, "wrong-year-state", NewId, "a year goes from open to adjustment to closed and never back", "年度状态不可逆", "look the year up";
    /// Registered otherwise.
    DivisionTaken = 4017, "division-taken", NewId, "the division index is registered with other particulars", "区划序号已占用", "indexes are never reused";
    /// Not quarantined.
    NotQuarantined = 4018, "not-quarantined", NewId, "the quota is not quarantined", "指标未隔离", "nothing to revive";
    /// Earmark gone.
    OverEarmark = 4019, "over-earmark", NewId, "the amount is more than what is left of the earmark", "超采购占用余额", "at most what is left";

    /// Where in a paper: the figures are its line and column.
    PaperLine = 5000, "paper-line", Never, "where in the paper: the figures are its line and its column, from 1", "单据行列位置", "correct that field";
    /// A paper names no table.
    NoTable = 5001, "no-table", NewId, "no such table", "无此数据表", "see the tables in the reference";
    /// A field of a row.
    BadRow = 5002, "bad-row", NewId, "a field does not fit its column", "数据行不符合要求", "see the table's columns in the reference";
    /// No such row.
    NoRow = 5003, "no-row", NewId, "no such row on file", "查无此数据行", "list the table";
    /// Base data that does not fit together.
    ImportUnfit = 5004, "import-unfit", NewId, "rows of base data do not fit together or with what is on file", "基础信息数据不一致", "correct the lines and columns the figures name; treasury import lists them all";
    /// Another subject's table.
    NotBase = 5005, "not-base", NewId, "rows of this table are not put or removed one by one", "该数据表不可直接登记", "file the paper of its subject";
    /// The post is not held.
    NotHolder = 5010, "not-holder", NewId, "the person does not hold the post that files this paper", "未持有办理该业务的岗位", "a holder of the post files it, or the base keeper registers the post";
    /// Nothing runs yet.
    NotLive = 5011, "not-live", NewId, "the division, or the unit's township, is not active or not live on this business day", "区划未上线或已停用", "wait for the go-live day, or have the base keeper correct it";

    /// The project is elsewhere in its life.
    ProjectWrongState = 5100, "project-wrong-state", NewId, "where the project stands does not allow this", "项目状态不允许", "look the project up";
    /// No goal.
    ProjectNoGoal = 5101, "project-no-goal", NewId, "the project has no performance goal of its unit, with indicators", "项目未填报绩效目标", "file the goal, then name it in the project";
    /// No basis.
    ProjectNoBasis = 5102, "project-no-basis", NewId, "the project names no document it rests on", "项目缺少立项依据", "return it and have the unit name its basis";
    /// Nobody has said which standard it is held to.
    ProjectNoStandard = 5103, "project-no-standard", NewId, "the project names no spending standard in force, and does not say that none applies", "项目未选用支出标准", "name a standard of the year, or the word none";
    /// Above its standard.
    ProjectOverStandard = 5104, "project-over-standard", NewId, "what the project needs in the year is not what its spending standard allows for the quantity", "项目需求超支出标准", "correct the quantity or the need";
    /// The same project again.
    ProjectDuplicate = 5105, "project-duplicate", NewId, "another project of this unit has this code or name", "项目重复", "use the existing project";
    /// Not in the library.
    ProjectNotInLibrary = 5106, "project-not-in-library", NewId, "the project is not in the library: nothing can be arranged for it", "项目未入库", "have it reviewed into the library first";
    /// Its term is over.
    ProjectTermEnded = 5107, "project-term-ended", NewId, "the year is not in the project's term", "项目实施期已满或未到", "set up a new project or correct the term";
    /// Needs of the years do not sum up.
    ProjectNeedMismatch = 5108, "project-need-mismatch", NewId, "the needs of the years are not in the term or do not sum up to the total", "分年需求与总需求不符", "correct the needs: one for each year, inside the term";
    /// It is in the budget.
    ProjectInBudget = 5109, "project-in-budget", NewId, "rows of the budget rest on the project", "项目已列入预算", "drop its rows first";
    /// The rank is taken.
    ProjectRankTaken = 5110, "project-rank-taken", NewId, "another project of the department has this rank", "优先级重复", "rank both in one paper";
    /// Not its turn.
    ProjectOutOfRank = 5111, "project-out-of-rank", NewId, "the project is not ranked, or one of its department that ranks before it is not chosen yet", "未按优先级顺序入预算", "choose by rank, or rank anew";
    /// No reason given.
    ReasonMissing = 5112, "reason-missing", NewId, "this step needs a reason", "未填写原因", "say why";
    /// Its grade leaves it nothing.
    ProjectCutByGrade = 5113, "project-cut-by-grade", NewId, "the grade of its last evaluation leaves the project less than this, or nothing", "绩效评价结果不支持安排", "ask for what the grade leaves, or give the project up";
    /// It may still be chosen.
    ProjectNotExpired = 5114, "project-not-expired", NewId, "the project may still be chosen: its years in the library are not over", "项目储备未到期", "wait, or cancel it with a reason";
    /// No term.
    ProjectNoTerm = 5115, "project-no-term", NewId, "the project has no term", "项目未填报实施年限", "return it and have the unit fill in the term";
    /// No need.
    ProjectNoNeed = 5116, "project-no-need", NewId, "the project needs nothing in any year", "项目未填报资金需求", "return it and have the unit fill in the needs";
    /// It belongs to another unit.
    ProjectOfAnotherUnit = 5117, "project-of-another-unit", NewId, "the project belongs to another unit", "项目与单位不符", "name the project's own unit";
    /// Not chosen.
    ProjectNotSelected = 5118, "project-not-selected", NewId, "the project is in the library and was not chosen for the budget", "项目未列入预算", "have it chosen first";
    /// More than was reviewed.
    ProjectOverNeed = 5119, "project-over-need", NewId, "the rows of the project are more than the need that was reviewed", "预算超项目审定需求", "lower the rows, or have the project reviewed anew";

    /// The budget is elsewhere in its way.
    BudgetWrongState = 5200, "budget-wrong-state", NewId, "where the budget stands does not allow this", "预算编制环节不允许", "look the budget up";
    /// Control figures beyond the income.
    OverEnvelope = 5201, "over-envelope", NewId, "the control figures of a fund nature are more than its income", "控制数超可用财力", "lower the control figures or register the income";
    /// Beyond the control figure.
    OverControl = 5202, "over-control", NewId, "the rows of the unit are more than its control figure for the class of projects and the fund nature", "超控制数", "lower the rows to the control figure";
    /// Income and spending differ.
    Unbalanced = 5203, "unbalanced", NewId, "income and spending of a fund nature, with its surplus, are not equal", "收支不平衡", "correct rows, income or surplus";
    /// Spending without registered income.
    NoIncome = 5204, "no-income-registered", NewId, "the unit has not registered income of this fund nature that covers the spending", "未登记收入不得安排支出", "register the unit's income first";
    /// A row without a goal.
    BudgetNoGoal = 5205, "budget-no-goal", NewId, "the project of a row has no complete performance goal", "预算项目未填报绩效目标", "file the goal";
    /// Rows have changed since the version was made.
    SnapshotDirty = 5206, "snapshot-dirty", NewId, "the rows are not those of the version that is named", "预算数据与上报版本不一致", "make a new version, or name the one that was reviewed";
    /// Not what the congress approved.
    ReplyMismatch = 5207, "reply-mismatch", NewId, "the rows of a fund nature and functional class do not sum up to what the congress approved", "批复与人大批准预算不符", "correct the rows to the approved table";
    /// Reserve fund.
    ReserveOutOfRange = 5208, "reserve-out-of-range", NewId, "the reserve fund is not between the legal shares of general budget spending", "预备费比例不合规", "correct the reserve fund: the figures are what it is and the bound it breaks";
    /// Procurement not flagged.
    ProcurementUnflagged = 5209, "procurement-unflagged", NewId, "a row of a class that is bought under procurement law is not flagged", "政府采购预算未标识", "flag the row";
    /// Not sent yet.
    NotSent = 5210, "not-sent", NewId, "a unit or department below has not sent its part of this round yet", "下级尚未报送", "have it sent first";
    /// Sent already.
    AlreadySent = 5211, "already-sent", NewId, "the unit or department has sent its part of this round: it is closed until it is returned", "已报送，不可修改", "have it returned";
    /// The unit does not work.
    UnitNotActive = 5212, "unit-not-active", NewId, "no such unit, or it is not active", "单位不存在或未启用", "use an active unit";
    /// Only leaves get placed money.
    UnitNotLeaf = 5213, "unit-not-leaf", NewId, "money is placed with units at the end of the tree only", "非末级单位不可落实预算", "place it with a unit below";
    /// The row is dropped.
    RowDropped = 5215, "row-dropped", NewId, "the budget row was dropped", "预算已取消", "use another row";
    /// No approved table.
    NoApprovedTable = 5216, "no-approved-table", NewId, "what the congress approved is not on file", "未登记人大批准预算表", "register the approved table first";
    /// A quota has its elements.
    RowHasQuota = 5218, "row-has-quota", NewId, "a quota rests on the row: its elements and unit stay, and it is not dropped", "预算已生成指标，要素不可更改", "change the amount only";
    /// Above the cap before the approval.
    OverEarlyCap = 5219, "over-early-cap", NewId, "more than the unit may have before the budget is approved", "超预算批准前支出限额", "lower the amount, or register another ground";
    /// The paper needs its day.
    PaperNoDay = 5220, "paper-no-day", NewId, "this paper needs its business day", "单据未注明日期", "name the day";
    /// The same row twice in one paper.
    RowTwice = 5221, "row-twice", NewId, "the paper changes one row twice", "单据内数据行重复", "name each row once";
    /// The early figure is more than last year's.
    OverLastYear = 5222, "over-last-year", NewId, "the cap is more than what the unit spent in all of last year", "限额超上年支出", "take the figure from the report of last year's same period";

    /// Q_NO_DOC.
    NoDocument = 5300, "no-document", NewId, "no document says so: none of this code, no authority on it, or an order by hand where quotas change by documents alone", "无指标文依据", "write a document that names its authority, and have it checked";
    /// The document stands elsewhere.
    DocumentState = 5301, "document-state", NewId, "the document's state does not allow this", "单据状态不允许", "look the document up";
    /// The same person twice.
    DocumentDuty = 5302, "document-duty", NewId, "the person fills another post in this document: who writes it does not check it, who issued it does not receive it", "单据岗位不相容", "another person acts";
    /// Lines do not add up to the head.
    DocumentMismatch = 5303, "document-mismatch", NewId, "the lines are not as many as the head says, or do not add up to its sum", "明细与单据合计不符", "correct the head or the lines";
    /// A line lacks or has what its kind does not allow.
    BadLine = 5304, "bad-line", NewId, "the line lacks what a document of this kind needs, or has what it cannot have", "明细填写与业务类型不符", "see the kinds of documents in the reference";
    /// Q_NO_APPROVED_BUDGET.
    NoApprovedBudget = 5305, "no-approved-budget", NewId, "the budget, or this row of it, is not replied", "预算未批复", "reply the budget first, or use pre-approval authority within its cap";
    /// Q_BAD_DIVISION.
    BadDivision = 5306, "bad-division", NewId, "the receiving division is not one that can take this transfer", "接收区划有误", "name another division by its index and its code";
    /// Q_RECEIVE_MISMATCH.
    ReceiveMismatch = 5307, "receive-mismatch", NewId, "document number, amount or fund nature is not that of the transfer that arrived", "接收信息与指标文不符", "compare with the sender's document, or decline";
    /// Q_OVER_PARENT.
    OverParent = 5308, "over-parent", NewId, "the amount is more than what the quota above has available", "超上级指标可用数", "at most what is available above";
    /// Q_ELEMENT_CONFLICT.
    ElementConflict = 5309, "element-conflict", NewId, "the elements do not refine those they come from", "要素与上级指标冲突", "keep fund nature and project, and classes at or under those above";
    /// Q_RETURN_OVER_AVAILABLE.
    ReturnOverAvailable = 5310, "return-over-available", NewId, "more is returned than is available", "上交数超可用数", "at most what is available";
    /// Q_VIRE_FUND_NATURE.
    VireFundNature = 5311, "vire-fund-nature", NewId, "a virement keeps its fund nature", "调剂不得改变资金性质", "choose a row of the same fund nature";
    /// Q_VIRE_FORBIDDEN_CLASS.
    VireForbiddenClass = 5312, "vire-forbidden-class", NewId, "a rule forbids virement between these classes", "该类科目间不得调剂", "see the division's rules of virement";
    /// Q_VIRE_NEEDS_CONGRESS.
    VireNeedsCongress = 5313, "vire-needs-congress", NewId, "from this amount on a virement between these classes needs a resolution", "调剂须经人大批准", "prepare an adjustment with its resolution";
    /// Q_NEEDS_CONGRESS.
    NeedsCongress = 5314, "needs-congress", NewId, "the approved total changes only by a resolution of the people's congress", "调整预算总额须经人大批准", "prepare an adjustment that names its resolution";
    /// Q_CLOSE_OPEN_ITEMS.
    CloseOpenItems = 5315, "close-open-items", NewId, "documents or transfers are under way, or quotas still have money", "年终结账尚有未了事项", "finish them; carry over or recover what is left";
    /// Dormant.
    Dormant = 5317, "dormant", NewId, "the money has lain for two years: it is recovered and not carried over", "连续两年未用完，应收回", "recover it";
    /// More than the row has.
    OverBudgetRow = 5318, "over-budget-row", NewId, "the amount is more than what the budget row has left to issue", "超预算项未下达数", "at most what is left";
    /// No such budget row.
    NoBudgetRow = 5319, "no-budget-row", NewId, "no such budget row", "无此预算项", "check its code";
    /// Declined by its receiver.
    Declined = 5320, "declined", NewId, "the receiver declined the transfer", "接收方已拒收", "see the receiver's reason";
    /// No such arrival.
    NoArrival = 5321, "no-arrival", NewId, "no such transfer waits here", "无此待接收转移支付", "list what has arrived";
    /// Authorized already.
    NotPreApproval = 5322, "not-pre-approval", NewId, "the quota does not rest on pre-approval authority", "非预算批准前指标", "nothing to replace";
    /// More than takes effect together. Its figure counts acts and moves: what it makes, and what it may.
    DocumentTooLarge = 5323, "document-too-large", NewId, "the document makes more acts and moves than one document may, since all of them take effect together", "指标文一并办理的笔数超限", "write several documents of named lines, each within what the figure allows";

    /// Looser than the province.
    RuleLooser = 5400, "rule-looser", NewId, "the rule would be looser than the province's", "规则宽于省级规则", "propose at most what the province has, or a deviation the province has approved";
    /// No draft.
    NoDraft = 5401, "no-draft", NewId, "nothing is proposed under this id", "无待审事项", "propose it first";
    /// A draft waits.
    DraftWaits = 5402, "draft-waits", NewId, "something else is proposed under this id and waits for its checker", "已有待审事项", "have it approved or dropped first";
    /// An unfit rule.
    UnfitRule = 5403, "unfit-rule", NewId, "the rule's time, condition, code or release does not fit together", "规则要素不合规", "see the rules in the reference";
    /// The province's own.
    NotInherited = 5404, "not-inherited", NewId, "the division sets its own rules, or the province has set no such rule", "非省级规则", "the province's rules are inherited by divisions below";
    /// The term of a deviation.
    BadTerm = 5405, "bad-term", NewId, "the days it would hold are in the wrong order, or over already", "期限有误", "correct the days";
    /// Below what is used.
    CeilingBelowUsed = 5406, "ceiling-below-used", NewId, "the ceiling would be less than what the unit has used", "额度不得低于已用数", "approve at least what is used";

    /// Number taken.
    CommitmentTaken = 5500, "commitment-taken", NewId, "the registration number is taken", "备案编号已占用", "use another number";
    /// No such commitment.
    NoCommitment = 5501, "no-commitment", NewId, "no such plan or contract, or not of this unit, or not registered", "无此备案合同或计划", "register it first";
    /// More than it is for.
    OverCommitment = 5502, "over-commitment", NewId, "the sum would be more than the plan or contract is for", "超合同或计划金额", "at most what is left, or change the contract";
    /// Less than is earmarked.
    CommitmentBelowUsed = 5503, "commitment-below-used", NewId, "the plan or contract would be for less than is earmarked or contracted under it", "不得低于已占用数", "give the earmark back first";
    /// Not in this state.
    CommitmentState = 5504, "commitment-state", NewId, "the plan's or contract's state does not allow this", "合同或计划状态不允许", "look it up";

    /// Weights.
    WeightsNotWhole = 5600, "weights-not-whole", NewId, "the weights of the goal's indicators do not sum up to 100.00", "绩效指标权重合计不为100", "correct the weights";
    /// Levels missing.
    LevelsMissing = 5601, "levels-missing", NewId, "a goal needs indicators of output, benefit and satisfaction", "绩效指标级别不完整", "add the missing level";
    /// The goal is frozen.
    GoalFrozen = 5602, "goal-frozen", NewId, "the goal is frozen with the project: it changes only by return or new approval", "绩效目标已随预算锁定", "have the project returned, or file the goal for new approval";
    /// Indicators missing in what was tracked.
    TrackIncomplete = 5603, "track-incomplete", NewId, "every indicator of the goal has to be tracked, and no other", "绩效监控指标不完整", "name each indicator of the goal once";
    /// No supplement.
    NoSupplementByGrade = 5604, "no-supplement-by-grade", NewId, "the grade of the project's last evaluation allows no supplement", "绩效评价结果不予追加", "use the money elsewhere";
    /// The goal was approved for another amount.
    GoalStale = 5605, "goal-stale", NewId, "the amount has moved too far from the one the goal was approved with", "预算调整幅度超限，绩效目标须重新审定", "have the goal approved anew";
    /// Not dormant.
    NotDormant = 5606, "not-dormant", NewId, "the row's money is not dormant: too young, used up, or listed already", "不属于沉淀资金", "see the list of dormant money";
    /// More than was taken back.
    OverRecovered = 5607, "over-recovered", NewId, "more than what was taken back and is not planned anew yet", "超已收回未安排金额", "at most what is left";
    /// The unit has not scored itself.
    NoSelfScore = 5608, "no-self-score", NewId, "the unit has not evaluated the project itself", "单位尚未自评", "the unit files its own evaluation first";
    /// Score beyond 100.
    OverHundred = 5609, "over-hundred", NewId, "a score or weight is more than 100.00", "分值超过100", "correct it";
    /// No such number.
    NoPolicy = 5610, "no-policy", NewId, "no such number can be set, or it is looser than the default", "无此管理参数或放宽了默认值", "see the list of policies";
}

impl Code {
    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// True for what was turned away before it was decided: no trace, no ended id. A command of
    /// a refused linked run was decided: its id is ended.
    #[must_use]
    pub const fn is_turned_away(self) -> bool {
        self.number() >= 100
            && self.number() < 1000
            && self.number() != Code::LinkedRefused.number()
    }

    /// True when the command took effect or is safely on record.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        matches!(self, Code::Accepted | Code::Parked)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.number(), self.slug())
    }
}

/// One limit that would have refused: what was asked, and what is left under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Which limit, by the code it refuses with.
    pub limit: Code,
    /// What was asked.
    pub requested_fen: Fen,
    /// What is left under the limit.
    pub left_fen: Fen,
}

impl Figure {
    /// Line and column, from 1, where it says where in a paper.
    #[must_use]
    pub fn place(&self) -> Option<(i64, i64)> {
        let place = (self.requested_fen.get(), self.left_fen.get());
        (self.limit == Code::PaperLine).then_some(place)
    }

    /// How many were asked for and how many may be, where it counts things and not money.
    #[must_use]
    pub fn counts(&self) -> Option<(i64, i64)> {
        let counts = (self.requested_fen.get(), self.left_fen.get());
        (self.limit == Code::DocumentTooLarge).then_some(counts)
    }
}

/// An answer that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    figures: [Option<Figure>; REFUSAL_FIGURES_MAX],
}

impl Refusal {
    /// A refusal without figures.
    #[must_use]
    pub const fn new(code: Code) -> Refusal {
        Refusal { code, figures: [None; REFUSAL_FIGURES_MAX] }
    }

    /// A refusal with one figure.
    #[must_use]
    pub fn with(code: Code, requested_fen: Fen, left_fen: Fen) -> Refusal {
        let mut refusal = Refusal::new(code);
        refusal.add(Figure { limit: code, requested_fen, left_fen });
        refusal
    }

    /// Adds a limit that would also have refused. Beyond [`REFUSAL_FIGURES_MAX`] it is dropped.
    pub fn add(&mut self, figure: Figure) {
        if let Some(slot) = self.figures.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(figure);
        }
    }

    /// The limits that refused, the binding one first.
    pub fn figures(&self) -> impl Iterator<Item = Figure> + '_ {
        self.figures.iter().flatten().copied()
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Refusal {
        Refusal::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_complete_and_lead_back() {
        let mut slugs = std::collections::BTreeSet::new();
        for &code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(code));
            assert!(slugs.insert(code.slug()), "{code} twice");
            assert!(!code.english().is_empty() && !code.next_step().is_empty());
            assert!(code.chinese().chars().any(|c| c > '\u{2fff}'), "{code} lacks Chinese text");
        }
        assert!(Code::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn figures_keep_their_order_and_bound() {
        let mut refusal = Refusal::with(Code::OverQuota, Fen::new(700), Fen::new(600));
        for _ in 0..9 {
            refusal.add(Figure {
                limit: Code::OverPlan,
                requested_fen: Fen::new(700),
                left_fen: Fen::ZERO,
            });
        }
        assert_eq!(refusal.figures().count(), REFUSAL_FIGURES_MAX);
        assert_eq!(refusal.figures().next().map(|f| f.left_fen), Some(Fen::new(600)));
    }
}
