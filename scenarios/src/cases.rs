//! What happens beside the plain course of a payment. Each payment draws one case from a table
//! in which every case of the scenario has its places, so that all of them come in every
//! thousand payments.

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident = $slug:literal;)+) => {
        /// What happens with or beside one paid payment.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Case {
            /// Nothing: the plain course.
            Plain,
            $($(#[$doc])* $name,)+
        }

        impl Case {
            /// Every case a scenario may name, with its name.
            pub(crate) const NAMED: &'static [(&'static str, Case)] =
                &[$(($slug, Case::$name),)+];
        }
    };
}

cases! {
    /// Reserved, approved and instructed in one act.
    OneAct = "one-act";
    /// The bank pays a part; the rest is released.
    Partial = "partial";
    /// The bank is silent for a while.
    Doubt = "doubt";
    /// Held and lifted.
    Hold = "hold";
    /// All of it comes back.
    RefundWhole = "refund-whole";
    /// Two details come back.
    RefundDetail = "refund-detail";
    /// Cleared before the receipt: parked, then taken by itself.
    ClearEarly = "clear-early";
    /// A refund settled before the payment is cleared: parked, then taken by itself.
    SettleEarly = "settle-early";
    /// A receipt over a wrong amount first.
    AmountWrong = "amount-wrong";
    /// A receipt over a wrong account first.
    PayeeWrong = "payee-wrong";
    /// The request is sent twice.
    RepeatReserve = "repeat-reserve";
    /// An approval is sent twice.
    RepeatApprove = "repeat-approve";
    /// The instruction is sent twice.
    RepeatInstruct = "repeat-instruct";
    /// The receipt is sent twice.
    RepeatConfirm = "repeat-confirm";
    /// The clearing is sent twice.
    RepeatClear = "repeat-clear";
    /// The id is used again for another amount.
    Conflict = "conflict";
    /// A second receipt with another number.
    ConfirmTwice = "confirm-twice";
    /// A rejection after the receipt.
    RejectLate = "reject-late";
    /// The maker tries to approve.
    DutyMaker = "duty-maker";
    /// An approver tries to instruct.
    DutyInstructor = "duty-instructor";
    /// An approver tries to lift a hold.
    DutyLifter = "duty-lifter";
    /// Instructed before it is approved.
    InstructEarly = "instruct-early";
    /// A post approves out of its turn.
    PostNotNext = "post-not-next";
    /// Another person tries to withdraw it.
    NotMaker = "not-maker";
    /// The maker tries to withdraw it after its approval.
    AlreadyApproved = "already-approved";
    /// Held after it went out.
    HoldLate = "hold-late";
    /// Voided after it was settled.
    VoidLate = "void-late";
    /// An approval of a payment nobody asked for.
    PaymentUnknown = "payment-unknown";
    /// An approval that names another quota.
    PaymentElsewhere = "payment-elsewhere";
    /// A maker tries to instruct.
    NoRight = "no-right";
    /// A payment beside it is withdrawn.
    Withdrawn = "withdrawn";
    /// A payment beside it is returned.
    Returned = "returned";
    /// A payment beside it is voided.
    Voided = "voided";
    /// A payment beside it is rejected by the bank.
    Rejected = "rejected";
    /// A payment beside it is paid by real allocation.
    Allocated = "allocated";
    /// A payment under a contract is returned.
    ReturnedContract = "returned-contract";
    /// Two payments in one linked run, withdrawn later.
    Linked = "linked";
    /// Beyond the payment plan.
    OverPlan = "over-plan";
    /// Beyond what is available.
    OverQuota = "over-quota";
    /// An economic class the quota does not cover: of another branch, or coarser than the quota's.
    Economic = "economic";
    /// No economic class.
    ElementMissing = "element-missing";
    /// A class, payment method or business kind no table has.
    ElementCode = "element-code";
    /// A contract nobody registered, or beyond what it holds.
    Contract = "contract";
    /// From a quota that only hands down.
    NotExecutable = "not-executable";
    /// A method that does not go with the fund nature.
    Method = "method";
    /// A quota that does not exist.
    NoQuota = "no-quota";
    /// In one act above the ceiling.
    NoRule = "no-rule";
    /// In a year that was not opened.
    YearNotOpen = "year-not-open";
    /// From a closed quota.
    QuotaClosed = "quota-closed";
    /// In a year in adjustment or closed.
    YearPast = "year-past";
    /// A linked run with one request too many.
    LinkedRefused = "linked-refused";
    /// An amount of zero.
    AmountZero = "amount-zero";
    /// A business date of another year.
    BadField = "bad-field";
    /// A command without a person.
    NoPerson = "no-person";
    /// A division that is not registered.
    UnknownDivision = "unknown-division";
    /// A receipt for a payment nobody asked for.
    FactUnknown = "fact-unknown";
    /// A receipt for a division nobody knows.
    FactForeign = "fact-foreign";
    /// Somebody supplements the quota by hand: that needs a document.
    Supplement = "supplement";
    /// Somebody cuts it by hand.
    Cut = "cut";
    /// Somebody takes money back by hand.
    CutRefused = "cut-refused";
    /// Somebody freezes by hand.
    Freeze = "freeze";
    /// Somebody unfreezes by hand.
    UnfreezeRefused = "unfreeze-refused";
    /// Earmarked for a contract that nobody registered.
    Earmark = "earmark";
    /// More of an earmark is given back than is left.
    EarmarkRefused = "earmark-refused";
    /// A plan below its use.
    PlanRefused = "plan-refused";
    /// A quota with money left is closed.
    CloseRefused = "close-refused";
    /// A parked fact that does not exist is set aside.
    ResolveUnknown = "resolve-unknown";
}

/// How many payments share one round of cases.
pub(crate) const ROUND: u64 = 1000;
/// Spreads the cases over a round: prime to [`ROUND`].
const STRIDE: u64 = 613;

/// The cases of a scenario, by place in a round.
#[derive(Clone, Debug)]
pub(crate) struct CaseTable {
    places: Vec<Case>,
}

impl CaseTable {
    /// A table from counts per thousand, which have at most a thousand places together.
    pub(crate) fn new(counts: impl Iterator<Item = (Case, u64)>) -> CaseTable {
        let mut places = Vec::with_capacity(ROUND as usize);
        for (case, count) in counts {
            places.extend(std::iter::repeat_n(case, count as usize));
        }
        places.resize(ROUND as usize, Case::Plain);
        CaseTable { places }
    }

    /// The case of a payment by its ordinal.
    pub(crate) fn case(&self, ordinal: u64) -> Case {
        self.places[(ordinal % ROUND * STRIDE % ROUND) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_comes_in_every_round() {
        let counts = Case::NAMED.iter().map(|&(_, case)| (case, 2));
        let table = CaseTable::new(counts);
        for start in [0, 500, 12_345] {
            for &(slug, case) in Case::NAMED {
                let seen = (start..start + ROUND).filter(|&at| table.case(at) == case).count();
                assert_eq!(seen, 2, "{slug}");
            }
        }
    }
}
