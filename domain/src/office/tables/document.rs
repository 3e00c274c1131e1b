//! Quota documents (指标文): what is issued, moved, frozen and taken back, and how far that is.

use crate::ids::{Day, PersonId, QuotaId};
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
        /// Who wrote it.
        maker: PersonId = "经办人",
        /// Who checked it; 0: nobody yet.
        checker: PersonId = "复核人",
        /// How many lines it has.
        lines: u32 = "行数",
        /// Their sum.
        total_fen: Fen = "合计",
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
        /// The quota it gives to; `none`: the row's own quota, made if it is not there.
        to: QuotaId = "目标指标",
        /// The division it goes to, nine digits; empty: stays here.
        to_division: Text = "接收区划",
        /// How much.
        amount_fen: Fen = "金额",
    }
}
