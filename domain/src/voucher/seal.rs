//! Named places for seals (签章位置): who has to stand under a voucher before it goes out.
//!
//! A voucher is sent "with full signs" only when every place of its schema is filled. What a seal is made
//! of is not known here.

use crate::codes::numbered;

use super::party::PartyKind;

numbered! {
    /// A place for a seal or signature, by name.
    SealPlace {
        /// Finance's business seal (财政业务专用章), put on by its system.
        FinanceBusiness = 1, "finance-business";
        /// Maker at finance (经办人), with a certificate of their own.
        FinanceMaker = 2, "finance-maker";
        /// Checker at finance (复核人), another person.
        FinanceChecker = 3, "finance-checker";
        /// Business seal of an agent bank (银行业务专用章).
        BankBusiness = 4, "bank-business";
        /// Transfer seal of an agent bank (银行转讫章): the money has gone.
        BankTransfer = 5, "bank-transfer";
        /// Business seal of the treasury (国库业务专用章).
        TreasuryBusiness = 6, "treasury-business";
        /// Transfer seal of the treasury (国库转讫章): the money has gone.
        TreasuryTransfer = 7, "treasury-transfer";
    }
}

numbered! {
    /// What a seal is.
    SealSort {
        /// An organisation's (公章).
        Organisation = 1, "organisation";
        /// A person's, with a personal certificate (签名).
        Person = 2, "person";
    }
}

impl SealPlace {
    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            SealPlace::FinanceBusiness => "财政业务专用章",
            SealPlace::FinanceMaker => "经办人签名",
            SealPlace::FinanceChecker => "复核人签名",
            SealPlace::BankBusiness => "银行业务专用章",
            SealPlace::BankTransfer => "银行转讫章",
            SealPlace::TreasuryBusiness => "国库业务专用章",
            SealPlace::TreasuryTransfer => "国库转讫章",
        }
    }

    /// What belongs there.
    #[must_use]
    pub const fn sort(self) -> SealSort {
        match self {
            SealPlace::FinanceMaker | SealPlace::FinanceChecker => SealSort::Person,
            _ => SealSort::Organisation,
        }
    }

    /// Whose it is.
    #[must_use]
    pub const fn party(self) -> PartyKind {
        match self {
            SealPlace::FinanceBusiness | SealPlace::FinanceMaker | SealPlace::FinanceChecker => {
                PartyKind::Finance
            }
            SealPlace::BankBusiness | SealPlace::BankTransfer => PartyKind::Bank,
            SealPlace::TreasuryBusiness | SealPlace::TreasuryTransfer => PartyKind::CentralBank,
        }
    }
}
