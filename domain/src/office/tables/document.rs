//! Quota documents (指标文): what is issued, moved, frozen and taken back, and how far that is; and
//! the transfers on their way from one division to another.

use crate::ids::{Class, Day, DivisionIndex, FiscalYear, MoveId, PersonId, QuotaId};
use crate::money::Fen;
use crate::office::field::{Field, Name, Text, Word, vocabulary};

vocabulary! {
    /// What a document does (指标业务).
    DocumentKind {
        /// Quotas before the congress has approved (预拨), with their caps.
        PreApproval = "pre-approval", "预批复下达";
        /// The first quotas of the reply (年初批复下达).
        Initial = "initial", "年初批复下达";
        /// A supplement from a pool (追加).
        Supplement = "supplement", "追加";
        /// A cut into a pool (追减).
        Cut = "cut", "追减";
        /// Down the tree inside the division (分解).
        Allocate = "allocate", "分解";
        /// To another division (转移支付下达).
        Transfer = "transfer", "转移支付下达";
        /// Back up (上交).
        ReturnUp = "return-up", "上交";
        /// Between lines inside the approved total (调剂).
        Virement = "virement", "调剂";
        /// By resolution of the standing committee (调整).
        Adjustment = "adjustment", "预算调整";
        /// Held back (冻结).
        Freeze = "freeze", "冻结";
        /// Let go (解冻).
        Unfreeze = "unfreeze", "解冻";
        /// Dormant money taken back (收回盘活).
        Recover = "recover", "收回";
        /// Into next year (结转).
        Carry = "carry", "结转";
    }
}

vocabulary! {
    /// Where a document stands.
    DocumentState {
        /// Written by its maker (待审).
        Drafted = "drafted", "待审";
        /// Checked by another person: the engine carries it out.
        Checked = "checked", "已审";
        /// Carried out: every line of it.
        Done = "done", "已下达";
        /// Sent back by the checker, or withdrawn by the maker.
        Returned = "returned", "退回";
        /// Refused while it was carried out: no line of it took effect.
        Failed = "failed", "未生效";
    }
}

impl Field for PersonId {
    const FORM: &'static str = "a person's staff number";

    fn read(text: &str) -> Option<Self> {
        u64::read(text).map(PersonId)
    }

    fn write(&self, into: &mut String) {
        self.0.write(into);
    }
}

row! {
    /// A document.
    Document, key 1, {
        /// Its number in this system, without blanks; also the id of its batch, hashed.
        code: Word = "单据编号",
        /// What it does.
        kind: DocumentKind = "业务类型",
        /// Official document number (文号).
        number: Name = "指标文号",
        /// Title.
        title: Text = "标题",
        /// Its day.
        day: Day = "日期",
        /// The authority it rests on: a resolution, an approval, an upper document.
        authority: Text = "依据",
        /// How many lines it has; 0 for the kinds that take all that is there.
        lines: u32 = "行数",
        /// Their sum.
        total_fen: Fen = "合计",
        /// Who wrote it.
        maker: PersonId = "经办人",
        /// Who checked it; 0: nobody yet.
        checker: PersonId = "复核人",
        /// Where it stands.
        state: DocumentState = "状态",
        /// Why it was returned or failed.
        reason: Text = "原因",
    }
}

row! {
    /// A line of a document.
    DocumentLine, key 2, {
        /// The document.
        document: Word = "单据编号" in "document",
        /// Its number, from 1.
        line: u32 = "行号",
        /// The budget row it rests on, or goes to; empty: none.
        row: Text = "预算编码",
        /// The quota it takes from; `none`: from outside.
        from: QuotaId = "源指标",
        /// The quota it gives to; `none`: the row's own quota, made if it is not there. Of a
        /// transfer `17/2022/unnamed`: division 17 names it when it receives.
        to: QuotaId = "目标指标",
        /// The division it goes to, nine digits; empty: stays here.
        to_division: Text = "接收区划",
        /// How much.
        amount_fen: Fen = "金额",
        /// Before the congress's approval: what was spent in the same period of last year, which
        /// the quota may not exceed (Budget Law Art. 54); 0.00 for every other kind.
        cap_fen: Fen = "同期支出上限",
    }
}

impl DocumentKind {
    /// True for the kinds that may take all that is there instead of lines: the reply, and what
    /// winds a year up.
    #[must_use]
    pub const fn may_imply(self) -> bool {
        matches!(self, DocumentKind::Initial | DocumentKind::Recover | DocumentKind::Carry)
    }

    /// True for the kinds that a year's adjustment period still takes.
    #[must_use]
    pub const fn winds_up(self) -> bool {
        matches!(self, DocumentKind::Unfreeze | DocumentKind::Recover | DocumentKind::Carry)
    }
}

vocabulary! {
    /// Where a transfer stands at its origin.
    TransferState {
        /// Out, and not confirmed by its receiver (在途).
        Out = "out", "在途";
        /// In the receiver's quota.
        Landed = "landed", "已接收";
        /// Declined, and back in its origin.
        CameBack = "came-back", "已退回";
    }
}

impl Field for MoveId {
    const FORM: &'static str = "a move's number of 32 hex digits";

    fn read(text: &str) -> Option<Self> {
        let form = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 32 || !text.bytes().all(form) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(MoveId)
    }

    fn write(&self, into: &mut String) {
        into.push_str(&self.to_string());
    }
}

row! {
    /// A transfer that waits for its receiver, or did (转移支付在途), as its origin knows it.
    Transfer, key 1, {
        /// Its move.
        id: MoveId = "流水号",
        /// The document.
        document: Word = "单据编号" in "document",
        /// Official document number: the receiver confirms against it.
        number: Name = "指标文号",
        /// The quota it left.
        from: QuotaId = "源指标",
        /// The receiver, `17/2022/unnamed`.
        to: QuotaId = "接收方",
        /// The receiver's code, nine digits.
        to_division: Word = "接收区划",
        /// Functional class of the row it left.
        functional: Class = "支出功能分类",
        /// Fund nature.
        fund: Class = "资金性质",
        /// The project whose code it must keep; empty: not tracked.
        track: Text = "追踪项目",
        /// How much.
        amount_fen: Fen = "金额",
        /// Who wrote the document.
        maker: PersonId = "经办人",
        /// Who checked it.
        checker: PersonId = "复核人",
        /// Journaled time of leaving, in ms: its age counts from here.
        out_ms: u64 = "发出时间",
        /// Where it stands.
        state: TransferState = "状态",
    }
}

vocabulary! {
    /// Where a transfer stands at its receiver.
    ArrivalState {
        /// Waits for a person who confirms it (待接收).
        Waiting = "waiting", "待接收";
        /// Confirmed: the engine gives it to its quota.
        Received = "received", "已接收";
        /// In its quota.
        Landed = "landed", "已入账";
        /// Declined: the engine sends it back.
        Declined = "declined", "已拒收";
        /// Sent back.
        Returned = "returned", "已退回";
    }
}

row! {
    /// A transfer from another division (转移支付接收), as its receiver knows it.
    Arrival, key 2, {
        /// The division it comes from.
        sender: DivisionIndex = "发出区划",
        /// Its move there.
        id: MoveId = "流水号",
        /// Official document number of the sender.
        number: Name = "上级指标文号",
        /// The quota it left.
        from: QuotaId = "源指标",
        /// The division it is meant for, nine digits.
        to_division: Word = "接收区划",
        /// Functional class of the row it left.
        functional: Class = "支出功能分类",
        /// Fund nature.
        fund: Class = "资金性质",
        /// The project whose code it must keep; empty: not tracked.
        track: Text = "追踪项目",
        /// How much.
        amount_fen: Fen = "金额",
        /// Who wrote the sender's document.
        maker: PersonId = "发出经办人",
        /// Who checked it.
        checker: PersonId = "发出复核人",
        /// Journaled time of leaving, in ms: its age counts from here.
        out_ms: u64 = "发出时间",
        /// Where it stands.
        state: ArrivalState = "状态",
        /// The budget row it was received for; empty before.
        row: Text = "预算编码",
        /// Who received or declined it; 0: nobody yet.
        receiver: PersonId = "接收人",
        /// Why it was declined, or could not be taken.
        reason: Text = "原因",
    }
}

impl Arrival {
    /// The key of what left a quota under a move.
    #[must_use]
    pub fn key_of(from: QuotaId, id: MoveId) -> String {
        format!("{}/{id}", from.division().0)
    }
}

vocabulary! {
    /// What a virement between two classes needs.
    VirementNeed {
        /// It may not be (不得调剂).
        Forbidden = "forbidden", "禁止";
        /// A resolution of the standing committee: an adjustment, no virement.
        Congress = "congress", "须经人大批准";
    }
}

row! {
    /// A rule of virement (调剂规则): which pairs of classes need more than finance's word. Data of
    /// the division, since it differs from place to place; without rules every pair is free.
    VirementRule, key 1, {
        /// Its name.
        code: Word = "规则编号",
        /// Beginning of the departmental economic class it leaves; empty: any.
        from_class: Text = "调出经济分类",
        /// Beginning of the one it goes to; empty: any.
        to_class: Text = "调入经济分类",
        /// From this amount on.
        above_fen: Fen = "起点金额",
        /// What it needs.
        need: VirementNeed = "要求",
    }
}

row! {
    /// A document of last year whose money has all come into this one.
    CarriedIn, key 2, {
        /// The year it left.
        year: FiscalYear = "结转年度",
        /// The document's code there. Codes are each year's own.
        document: Word = "单据编号",
    }
}

impl CarriedIn {
    /// The key of a document's row.
    #[must_use]
    pub fn key_of(year: FiscalYear, document: &str) -> String {
        format!("{}/{document}", year.get())
    }
}
