//! Commitments (采购承诺): procurement plans and contracts that budget is earmarked for.

use crate::ids::{ContractId, Day, PersonId};
use crate::money::Fen;
use crate::office::field::{AccountNumber, Field, Name, Text, Word, vocabulary};

impl Field for ContractId {
    const FORM: &'static str = "a registration number, or 0 for none";

    fn read(text: &str) -> Option<Self> {
        u64::read(text).map(ContractId)
    }

    fn write(&self, into: &mut String) {
        self.0.write(into);
    }
}

vocabulary! {
    /// Which commitment.
    CommitmentKind {
        /// A procurement plan (采购计划): before there is a supplier.
        Plan = "plan", "采购计划";
        /// A contract (采购合同).
        Contract = "contract", "采购合同";
    }
}

vocabulary! {
    /// Where a commitment stands.
    CommitmentState {
        /// Written by its maker.
        Drafted = "drafted", "待审";
        /// Registered: budget may be earmarked for it.
        Registered = "registered", "已备案";
        /// Nothing more is earmarked or paid under it.
        Closed = "closed", "已关闭";
    }
}

row! {
    /// A procurement plan or contract. Its number names it in earmarks and payments.
    Commitment, key 1, {
        /// Registration number.
        number: ContractId = "备案编号",
        /// Which.
        kind: CommitmentKind = "类别",
        /// The plan a contract stands under; 0: none.
        under: ContractId = "采购计划",
        /// The unit that buys.
        unit: Word = "单位" in "unit",
        /// What is bought.
        name: Name = "名称",
        /// Official contract number; of a plan, its own.
        code: Name = "合同编号",
        /// The supplier's account, of a contract.
        supplier: Option<AccountNumber> = "供应商账号" in "payee",
        /// The amount.
        amount_fen: Fen = "金额",
        /// Day of its signature or approval.
        day: Day = "签订日期",
        /// Where it stands.
        state: CommitmentState = "状态",
        /// Counts its changes.
        version: u32 = "版本",
        /// Who wrote it or its last change.
        maker: PersonId = "经办人",
        /// Who checked it; 0: nobody yet.
        checker: PersonId = "复核人",
        /// The amount of a change that waits for its checker; empty: none.
        proposed_fen: Option<Fen> = "拟变更金额",
        /// Why it changes.
        reason: Text = "变更理由",
    }
}
