//! Small closed vocabularies. Each has stable numbers for the wire and the disk.

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal, $slug:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant = $number,)+ }

        impl $name {
            /// Every value, in the order of its numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The value with a stable number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<$name> {
                match number { $($number => Some($name::$variant),)+ _ => None }
            }

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The name in texts, JSON and scripts.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $($name::$variant => $slug,)+ }
            }

            /// The value with a name.
            #[must_use]
            pub fn from_slug(slug: &str) -> Option<$name> {
                match slug { $($slug => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.slug())
            }
        }
    };
}
pub(crate) use numbered;

numbered! {
    /// In which capacity a command is given.
    Role {
        /// Desk maker (经办): asks for payments.
        Maker = 1, "maker";
        /// Desk checker (复核): approves at unit and department.
        Checker = 2, "checker";
        /// Finance department (财政): quotas, plans, instructions, holds.
        Finance = 3, "finance";
        /// Agent bank (代理银行): reports what it paid.
        Bank = 4, "bank";
        /// Central bank treasury (人民银行国库): reports what it settled.
        CentralBank = 5, "central-bank";
        /// Operator (运维): divisions, years, doubts, revival.
        Operator = 6, "operator";
        /// The engine itself, in a named person's name. Never accepted from a connection.
        Engine = 7, "engine";
    }
}

numbered! {
    /// An approval post (审核岗). A payment's quota names which of them it needs, filled in this
    /// order.
    Post {
        /// Unit check (单位复核).
        Unit = 0, "unit";
        /// Department review (主管部门审核).
        Department = 1, "department";
        /// Finance review (财政审核).
        Finance = 2, "finance";
    }
}

/// A set of approval posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Posts(u8);

impl Posts {
    /// No post.
    pub const NONE: Posts = Posts(0);
    /// The unit check alone: the usual chain.
    pub const UNIT: Posts = Posts(1);
    /// All three posts.
    pub const ALL: Posts = Posts(7);

    /// A set from its bits (1 unit, 2 department, 4 finance).
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Posts> {
        if bits <= 7 { Some(Posts(bits)) } else { None }
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// With one post more.
    #[must_use]
    pub const fn with(self, post: Post) -> Posts {
        Posts(self.0 | 1 << post as u8)
    }

    /// True when the post is in the set.
    #[must_use]
    pub const fn contains(self, post: Post) -> bool {
        self.0 & (1 << post as u8) != 0
    }

    /// The first post of `self` that `done` lacks.
    #[must_use]
    pub fn next_after(self, done: Posts) -> Option<Post> {
        Post::ALL.iter().copied().find(|&post| self.contains(post) && !done.contains(post))
    }
}

numbered! {
    /// Payment method (支付方式).
    Method {
        /// Finance or the unit pays from a zero-balance account: the single form after
        /// integration (国库集中支付).
        Centralized = 1, "centralized";
        /// Direct payment (财政直接支付), code 11.
        Direct = 11, "direct";
        /// Authorized payment (财政授权支付), code 12.
        Authorized = 12, "authorized";
        /// Real allocation (实拨), code 91: cash moved to an account.
        Allocation = 91, "allocation";
    }
}

numbered! {
    /// Business kind (业务类型).
    BusinessKind {
        /// A single payment.
        Single = 1, "single";
        /// Official card repayment (公务卡).
        Card = 2, "card";
        /// Payroll (工资统发).
        Payroll = 3, "payroll";
        /// A batch of details under one payment.
        Batch = 4, "batch";
        /// What a payee has collected by agreement before it was asked for (委托收款、托收).
        Collection = 5, "collection";
    }
}

numbered! {
    /// Settlement path: who settles a payment, by fund nature and method.
    Path {
        /// The agent bank advances, the central bank clears.
        Treasury = 1, "treasury";
        /// The fiscal special account (财政专户) repays the bank; finance reports it.
        Special = 2, "special";
        /// The unit's own account (单位资金): paid is final.
        Own = 3, "own";
        /// Real allocation: the central bank moves cash directly, instructed to cleared.
        Allocation = 4, "allocation";
    }
}

numbered! {
    /// Where a payment stands.
    PaymentState {
        /// Asked for; the money is reserved (占用).
        Reserved = 1, "reserved";
        /// Every post has approved (已审核).
        Approved = 2, "approved";
        /// Stopped by a rule or monitor until an officer lifts it (拦截).
        Held = 3, "held";
        /// Ordered to the bank (已发支付令).
        Instructed = 4, "instructed";
        /// The bank is silent; the money stays reserved (状态不明).
        Unknown = 5, "unknown";
        /// The bank has paid and waits for settlement (已支付).
        Paid = 6, "paid";
        /// Settled (已清算).
        Cleared = 7, "cleared";
        /// Ended without paying; everything was given back.
        Released = 8, "released";
    }
}

impl PaymentState {
    /// True while the payment can still pay: a year closes only without such payments.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            PaymentState::Reserved
                | PaymentState::Approved
                | PaymentState::Held
                | PaymentState::Instructed
                | PaymentState::Unknown
        )
    }
}

numbered! {
    /// How a released payment ended.
    Ending {
        /// Withdrawn by its maker (撤回).
        Withdrawn = 1, "withdrawn";
        /// Its maker's deadline passed.
        Lapsed = 2, "lapsed";
        /// Returned by whoever held it (退回).
        Returned = 3, "returned";
        /// Voided by finance before it left (作废).
        Voided = 4, "voided";
        /// Rejected by the bank (银行退回).
        Rejected = 5, "rejected";
    }
}

numbered! {
    /// Where a division's fiscal year stands.
    YearState {
        /// Not opened yet: nothing is taken.
        Unopened = 0, "unopened";
        /// Everything is taken.
        Open = 1, "open";
        /// Adjustment period (调整期): facts, releases, corrections and what winds the year up.
        Adjustment = 2, "adjustment";
        /// Closed: facts still settle what was paid.
        Closed = 3, "closed";
    }
}

numbered! {
    /// One order on a payment that exists.
    StepKind {
        /// Approval by the unit post.
        ApproveUnit = 1, "approve-unit";
        /// Approval by the department post.
        ApproveDepartment = 2, "approve-department";
        /// Approval by the finance post.
        ApproveFinance = 3, "approve-finance";
        /// Stop it (拦截), with a reason.
        Hold = 4, "hold";
        /// Lift the stop (解除拦截), with a reason.
        Unhold = 5, "unhold";
        /// The maker takes it back before any approval (撤回).
        Withdraw = 6, "withdraw";
        /// Whoever holds it sends it back, with a reason (退回).
        Return = 7, "return";
        /// The payment order goes out (支付令).
        Instruct = 8, "instruct";
        /// Taken back before it left, on finance's recorded word (作废).
        Void = 9, "void";
        /// The bank is silent (状态不明).
        Doubt = 10, "doubt";
    }
}

impl StepKind {
    /// The post an approval fills.
    #[must_use]
    pub const fn post(self) -> Option<Post> {
        match self {
            StepKind::ApproveUnit => Some(Post::Unit),
            StepKind::ApproveDepartment => Some(Post::Department),
            StepKind::ApproveFinance => Some(Post::Finance),
            _ => None,
        }
    }

    /// The approval of a post.
    #[must_use]
    pub const fn approve(post: Post) -> StepKind {
        match post {
            Post::Unit => StepKind::ApproveUnit,
            Post::Department => StepKind::ApproveDepartment,
            Post::Finance => StepKind::ApproveFinance,
        }
    }

    /// True where the order must say why.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, StepKind::Hold | StepKind::Unhold | StepKind::Return | StepKind::Void)
    }
}

numbered! {
    /// One fact a bank, the central bank or the special account reports about a payment.
    FactKind {
        /// Paid, whole or in part (回单).
        ConfirmPaid = 1, "confirm-paid";
        /// Nothing was paid (银行退回).
        Reject = 2, "reject";
        /// Settled (清算).
        Clear = 3, "clear";
        /// Money came back from the payee (退款).
        Refund = 4, "refund";
        /// The refund reached the treasury (退款入库).
        SettleRefund = 5, "settle-refund";
    }
}

numbered! {
    /// One order on a quota by amount.
    ActKind {
        /// First issue (年初下达).
        Issue = 1, "issue";
        /// Supplement (追加).
        Supplement = 2, "supplement";
        /// Cut (追减).
        Cut = 3, "cut";
        /// Freeze (冻结).
        Freeze = 4, "freeze";
        /// Unfreeze (解冻).
        Unfreeze = 5, "unfreeze";
        /// Earmark for a purchase plan or contract (采购占用).
        Earmark = 6, "earmark";
        /// Give an earmark back, and close it when nothing is left to give.
        Unearmark = 7, "unearmark";
        /// Take back dormant money (收回).
        Recover = 8, "recover";
        /// Close the quota (关闭); the amount is zero.
        Close = 9, "close";
        /// Rebuild a quarantined quota from the journal; the amount is zero.
        Revive = 10, "revive";
        /// The budget is replied (批复): a pre-approval quota rests on its line from now on, without a
        /// cap, and gets what the reply says beyond what it has. The engine's.
        Authorize = 11, "authorize";
    }
}

numbered! {
    /// Why money moves between two quotas.
    MoveKind {
        /// Down to a child quota of the same division (分解).
        Allocate = 1, "allocate";
        /// Down to a child quota of another division (转移下达).
        Transfer = 2, "transfer";
        /// Up to the parent (上交).
        ReturnUp = 3, "return-up";
        /// Across, inside the approved total (调剂).
        Virement = 4, "virement";
        /// Into the next year (结转).
        Carry = 5, "carry-out";
        /// What a payment was charged to is corrected (更正): the quota that should have borne it is
        /// charged, and the one that bore it gets it back.
        Correct = 6, "correct";
    }
}

numbered! {
    /// What a limit across quotas bounds.
    LimitKind {
        /// One month of a unit's cumulative payment plan (用款计划).
        PlanMonth = 1, "plan-month";
        /// The amount below which a division's rule approves `pay` in one act.
        PayCeiling = 2, "pay-ceiling";
    }
}

numbered! {
    /// Under whose authority a quota exists.
    AuthorityKind {
        /// A line of an approved budget (批复预算).
        BudgetLine = 1, "budget-line";
        /// Pre-approval authority of Budget Law Art. 54, with its cap (预算批准前支出).
        PreApproval = 2, "pre-approval";
    }
}

numbered! {
    /// What becomes of a parked fact.
    ResolveAction {
        /// Take it now: it fits.
        Apply = 1, "apply";
        /// Set it aside for good, with the reason on record.
        Dismiss = 2, "dismiss";
    }
}

numbered! {
    /// What is asked of an open batch.
    BatchStep {
        /// Apply every staged act at once.
        Close = 1, "close";
        /// Undo the staging: its maker does not want it any more.
        Drop = 2, "drop";
        /// Undo the staging: its time limit has passed. The engine's.
        Lapse = 3, "lapse";
        /// Undo the staging: it was open when the engine started. The engine's.
        Abandon = 4, "abandon";
    }
}

impl BatchStep {
    /// True for what people ask, under an id of its own; the rest the engine does by itself.
    #[must_use]
    pub const fn is_asked(self) -> bool {
        matches!(self, BatchStep::Close | BatchStep::Drop)
    }
}

numbered! {
    /// How a batch ended.
    BatchEnd {
        /// Every act took effect.
        Closed = 1, "closed";
        /// Dropped by its maker.
        Dropped = 2, "dropped";
        /// Dropped with an act of its maker that was refused.
        Refused = 3, "refused";
        /// Dropped when its time limit had passed.
        Lapsed = 4, "lapsed";
        /// Dropped because it was open when the engine started.
        Abandoned = 5, "abandoned";
    }
}

impl BatchEnd {
    /// How an open batch ends by a step.
    #[must_use]
    pub const fn by(step: BatchStep) -> BatchEnd {
        match step {
            BatchStep::Close => BatchEnd::Closed,
            BatchStep::Drop => BatchEnd::Dropped,
            BatchStep::Lapse => BatchEnd::Lapsed,
            BatchStep::Abandon => BatchEnd::Abandoned,
        }
    }
}

/// Whether payments of a fund nature go out of the unit's own account, where paid is final.
#[must_use]
pub fn is_own_money(fund: crate::ids::Class) -> bool {
    settlement_path(fund, Method::Centralized) == Some(Path::Own)
}

/// The settlement path of a payment, by the fund nature's tree (`1…` budgets, `14` social
/// insurance and `2` through a fiscal special account, `3` unit funds) and the method. `None`
/// where they do not go together: only treasury money moves by real allocation.
#[must_use]
pub fn settlement_path(fund: crate::ids::Class, method: Method) -> Option<Path> {
    let path = match fund.0 {
        [b'1', b'4', ..] | [b'2', ..] => Path::Special,
        [b'1', ..] => Path::Treasury,
        [b'3', ..] => Path::Own,
        _ => return None,
    };
    match (path, method) {
        (Path::Treasury, Method::Allocation) => Some(Path::Allocation),
        (Path::Special | Path::Own, Method::Allocation) => None,
        (path, _) => Some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Class;

    #[test]
    fn the_path_follows_fund_and_method() {
        let path = |fund, method| settlement_path(Class::new(fund).unwrap(), method);
        assert_eq!(path("111", Method::Centralized), Some(Path::Treasury));
        assert_eq!(path("122", Method::Allocation), Some(Path::Allocation));
        assert_eq!(path("14", Method::Direct), Some(Path::Special));
        assert_eq!(path("2", Method::Allocation), None);
        assert_eq!(path("31", Method::Centralized), Some(Path::Own));
        assert_eq!(path("8", Method::Centralized), None);
    }

    #[test]
    fn posts_are_filled_in_order() {
        assert_eq!(Posts::ALL.next_after(Posts::NONE), Some(Post::Unit));
        let skip = Posts::NONE.with(Post::Unit).with(Post::Finance);
        assert_eq!(skip.next_after(Posts::UNIT), Some(Post::Finance));
        assert_eq!(skip.next_after(skip), None);
    }

    #[test]
    fn numbers_and_slugs_lead_back() {
        for &kind in StepKind::ALL {
            assert_eq!(StepKind::from_number(kind.number()), Some(kind));
            assert_eq!(StepKind::from_slug(kind.slug()), Some(kind));
        }
    }
}
