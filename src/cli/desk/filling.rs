//! The forms of a desk: which fields each has, and the order that is read out of them. Decides
//! nothing: what a form cannot know, the server refuses.

use domain::codes::{BusinessKind, FactKind, Method, ResolveAction, StepKind};
use domain::command::By;
use domain::ids::{ActId, ChannelId, Class, ContractId, Day, PaymentId, QuotaId};
use domain::particulars::{Particulars, ParticularsText, account_hash};
use domain::voucher::papers;
use domain::{Code, Fen};
use protocol::directory::AsOf;

use super::ask::{Receipt, Target};
use super::form::{Field, Form};
use super::order::{Order, Report, Reservation, Resolution, What, fact_chinese, step_chinese};
use crate::cli::moment;

/// What a form is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Reserve(QuotaId),
    /// A step that has to say why.
    Step(StepKind, Target),
    Fact(FactKind, Target),
    /// What becomes of a fact in suspense.
    Resolve(Target),
}

/// A form on its way to be an order.
#[derive(Clone, Debug)]
pub(super) struct Filling {
    pub(super) purpose: Purpose,
    pub(super) form: Form,
    /// The id of the wish: the same, however often it is sent; another only when the books ended it.
    pub(super) id: Option<u128>,
    /// Its order is on its way.
    pub(super) is_sent: bool,
}

/// A field and what is wrong with it.
pub(super) type Wrong = (&'static str, String);

const IN_ONE_ACT: &str = "in one act 一次办结";
const METHODS: &[&str] = &["centralized", "direct", "authorized", "allocation"];
const KINDS: &[&str] = &["single", "card", "payroll", "batch"];
const DISMISS: &str = "set it aside for good 注销";
const ACTIONS: &[&str] = &["take it: it fits now 入账", DISMISS];
const APPROVALS: &[&str] = &["by the posts 逐岗审核", IN_ONE_ACT];

impl Filling {
    fn new(purpose: Purpose, fields: Vec<Field>) -> Filling {
        Filling { purpose, form: Form::new(fields), id: None, is_sent: false }
    }

    /// Asks for a payment. `day`: what stands in the field of the day.
    pub(super) fn reserve(quota: QuotaId, economic: &str, day: &str) -> Filling {
        let fields = vec![
            Field::new("amount", "amount", "金额", "yuan with two decimals, like 1234.50"),
            Field::new("economic", "economic class", "部门经济分类", "five digits, like 30201")
                .with(economic),
            Field::new("day", "day", "业务日期", "in the quota's year, like 2022-03-04").with(day),
            Field::new("payee", "payee", "收款人", "name of the account's holder"),
            Field::new("account", "account", "收款账号", "a receipt has to name the same"),
            Field::new("bank", "bank number", "联行号", "twelve digits, or empty"),
            Field::new("purpose", "purpose", "用途", "the payee's bank shows it"),
            Field::new("document", "document", "单据", "invoice, contract page, payroll sheet"),
            Field::new("numbers", "official numbers", "文号", "parted by blanks; may be empty"),
            Field::new("method", "method", "支付方式", "blank turns it").of(METHODS),
            Field::new("kind", "business kind", "业务类型", "blank turns it").of(KINDS),
            Field::new("contract", "contract", "合同", "its registration number, or empty"),
            Field::new("plan", "purchase plan", "采购计划", "its number, with a contract only"),
            Field::new("deadline", "lapses at", "时限", "like 2022-03-04T16:30, or empty: never"),
            Field::new("approval", "approval", "办理", "blank turns it").of(APPROVALS),
        ];
        Filling::new(Purpose::Reserve(quota), fields)
    }

    /// Asks why a step is taken.
    pub(super) fn reason(kind: StepKind, target: Target) -> Filling {
        let reason =
            Field::new("reason", "reason", "事由", "on record for ever; at most 512 bytes");
        Filling::new(Purpose::Step(kind, target), vec![reason])
    }

    /// Asks what was reported.
    pub(super) fn fact(kind: FactKind, target: Target, day: &str) -> Filling {
        let amount = || Field::new("amount", "amount", "金额", "as the receipt says, like 1234.50");
        let account =
            || Field::new("account", "account paid", "实付账号", "as the receipt says, or empty");
        let refund = || Field::new("refund", "refund number", "退款编号", "as the notice says");
        let detail = || Field::new("detail", "detail", "明细", "which came back; empty: the whole");
        let mut fields = match kind {
            FactKind::ConfirmPaid => vec![amount(), account()],
            FactKind::Reject => vec![],
            FactKind::Clear => vec![amount()],
            FactKind::Refund => vec![amount(), refund(), detail()],
            FactKind::SettleRefund => vec![amount(), refund(), detail()],
        };
        fields.extend([
            Field::new("serial", "receipt number", "回单编号", "a number, its own in your channel"),
            Field::new("day", "day", "日期", "of the payment or clearing").with(day),
            Field::new("note", "note", "附言", "as the receipt says, or empty"),
        ]);
        Filling::new(Purpose::Fact(kind, target), fields)
    }

    /// Asks what becomes of a fact in suspense: the first there is, unless another is named.
    pub(super) fn resolve(target: Target) -> Filling {
        let first = target.suspended.first().map(place).unwrap_or_default();
        let fields = vec![
            Field::new("fact", "fact", "挂账", "channel and number, as its receipts show them")
                .with(first),
            Field::new("action", "what becomes of it", "处理", "blank turns it").of(ACTIONS),
            Field::new("reason", "reason", "事由", "on record for ever; at most 512 bytes"),
        ];
        Filling::new(Purpose::Resolve(target), fields)
    }

    /// What stands above it.
    pub(super) fn title(&self) -> String {
        match &self.purpose {
            Purpose::Reserve(quota) => format!("reserve 占用 on quota {quota}"),
            Purpose::Step(kind, _) => format!("{} {}", kind.slug(), step_chinese(*kind)),
            Purpose::Fact(kind, _) => format!("{} {}", kind.slug(), fact_chinese(*kind)),
            Purpose::Resolve(_) => "resolve a fact in suspense 挂账处理".to_owned(),
        }
    }

    /// The payment it is about, where that exists already.
    pub(super) fn target(&self) -> Option<&Target> {
        match &self.purpose {
            Purpose::Reserve(_) => None,
            Purpose::Step(_, target) | Purpose::Fact(_, target) | Purpose::Resolve(target) => {
                Some(target)
            }
        }
    }

    /// Reads the order out of it.
    pub(super) fn read(&self, by: By, id: u128) -> Result<Order, Wrong> {
        let order = match &self.purpose {
            Purpose::Reserve(quota) => self.read_reserve(by, *quota, id)?,
            Purpose::Step(kind, target) => step(by, *kind, target, id, self.form.text("reason")),
            Purpose::Fact(kind, target) => self.read_fact(by, *kind, target)?,
            Purpose::Resolve(target) => self.read_resolve(by, target, id)?,
        };
        // What no field is to blame for by name.
        order.command().check_form().map_err(|code| ("", told(code)))?;
        Ok(order)
    }

    fn read_reserve(&self, by: By, quota: QuotaId, id: u128) -> Result<Order, Wrong> {
        let text = |name: &str| self.form.text(name);
        let texts = ParticularsText {
            payee_name: text("payee").to_owned(),
            payee_account: text("account").to_owned(),
            payee_bank: text("bank").to_owned(),
            purpose: text("purpose").to_owned(),
            document: text("document").to_owned(),
            numbers: text("numbers").to_owned(),
        };
        papers::named(&texts.numbers).map_err(|why| ("numbers", why.to_string()))?;
        let particulars = texts.encode();
        Particulars::parse(&particulars).map_err(|code| match code {
            Code::BadField => ("bank", "a bank number is twelve digits, or empty".to_owned()),
            code => ("purpose", format!("payee, purpose and papers together: {}", told(code))),
        })?;
        let day = self.day()?;
        if day.year() != quota.year().get() {
            return Err(("day", format!("the quota is of {}", quota.year().get())));
        }
        let economic = Class::new(text("economic")).filter(|class| *class != Class::ANY);
        let wrong_class = || ("economic", "a class is one to eight digits or letters".to_owned());
        let plan = ContractId(self.number("plan")?);
        let contract = ContractId(self.number("contract")?);
        if plan.is_some() && !contract.is_some() {
            return Err(("plan", "a purchase plan goes with a contract".to_owned()));
        }
        let wrong_choice = |name| (name, "choose one with the blank key".to_owned());
        let told = Reservation {
            economic: economic.ok_or_else(wrong_class)?,
            method: Method::from_slug(text("method")).ok_or_else(|| wrong_choice("method"))?,
            kind: BusinessKind::from_slug(text("kind")).ok_or_else(|| wrong_choice("kind"))?,
            day,
            contract,
            plan,
            deadline_ms: self.deadline_ms()?,
            one_act: text("approval") == IN_ONE_ACT,
            particulars,
        };
        let amount_fen = self.amount()?;
        let (payment, payee, what) = (PaymentId(id), texts.payee_name, What::Reserve(told));
        Ok(Order { by, payment, quota, amount_fen, payee, what })
    }

    fn read_fact(&self, by: By, kind: FactKind, target: &Target) -> Result<Order, Wrong> {
        let text = |name: &str| self.form.text(name);
        let amount_fen = match kind {
            FactKind::Reject => target.amount_fen,
            _ => self.amount()?,
        };
        let serial = self.number("serial")?;
        if serial == 0 {
            return Err(("serial", "a receipt has a number, from 1".to_owned()));
        }
        let refund = self.number("refund")?;
        if refund == 0 && matches!(kind, FactKind::Refund | FactKind::SettleRefund) {
            return Err(("refund", "a refund has a number, from 1".to_owned()));
        }
        let detail = u32::try_from(self.number("detail")?)
            .map_err(|_| ("detail", "a detail is a number below 4294967296".to_owned()))?;
        let report = Report {
            kind,
            serial,
            payee_hash: account_hash(text("account")),
            day: self.day()?,
            refund,
            detail,
            note: text("note").to_owned(),
        };
        let Target { payment, quota, payee, .. } = target.clone();
        Ok(Order { by, payment, quota, amount_fen, payee, what: What::Fact(report) })
    }

    fn read_resolve(&self, by: By, target: &Target, id: u128) -> Result<Order, Wrong> {
        let named = self.form.text("fact");
        let Some(fact) = target.suspended.iter().find(|fact| place(fact) == named) else {
            let there: Vec<String> = target.suspended.iter().map(place).collect();
            return Err(("fact", format!("in suspense here 挂账: {}", there.join("  "))));
        };
        let reason = self.form.text("reason");
        if reason.is_empty() {
            return Err(("reason", "it stays on record why 须注明事由".to_owned()));
        }
        let action = match self.form.text("action") {
            DISMISS => ResolveAction::Dismiss,
            _ => ResolveAction::Apply,
        };
        let resolution = Resolution {
            act: ActId(id),
            book: fact.book,
            channel: ChannelId(fact.channel),
            serial: fact.serial,
            action,
            reason: reason.to_owned(),
        };
        let Target { payment, quota, payee, .. } = target.clone();
        let (amount_fen, what) = (fact.amount_fen, What::Resolve(resolution));
        Ok(Order { by, payment, quota, amount_fen, payee, what })
    }

    fn amount(&self) -> Result<Fen, Wrong> {
        let amount = Fen::from_yuan(self.form.text("amount"));
        let amount = amount.map_err(|error| ("amount", error.to_string()))?;
        let above = Some(amount).filter(|amount| amount.is_payable());
        above.ok_or_else(|| ("amount", "an amount is above zero, like 1234.50".to_owned()))
    }

    fn day(&self) -> Result<Day, Wrong> {
        let text = self.form.text("day");
        let dashes = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let day = digits.parse().ok().and_then(Day::new);
        let wrong = || ("day", format!("{text:?} is no day of the calendar, like 2022-03-04"));
        day.filter(|_| dashes && digits.len() == 8).ok_or_else(wrong)
    }

    /// A number; zero where nothing stands.
    fn number(&self, name: &'static str) -> Result<u64, Wrong> {
        let text = self.form.text(name);
        if text.is_empty() {
            return Ok(0);
        }
        text.parse().map_err(|_| (name, format!("{text:?} is no number")))
    }

    fn deadline_ms(&self) -> Result<u64, Wrong> {
        let text = self.form.text("deadline");
        if text.is_empty() {
            return Ok(0);
        }
        match moment::as_of(text) {
            Ok(AsOf::TimeMs(ms)) => Ok(ms),
            _ => Err(("deadline", format!("{text:?} is no Beijing time, like 2022-03-04T16:30"))),
        }
    }
}

/// What a person names a fact by.
fn place(fact: &Receipt) -> String {
    format!("ch. {} no. {}", fact.channel, fact.serial)
}

/// A step on a payment; its number tells a second hold from a repeat of the first.
pub(super) fn step(by: By, kind: StepKind, target: &Target, id: u128, reason: &str) -> Order {
    let serial = match kind {
        StepKind::Hold | StepKind::Unhold => id as u64,
        _ => 0,
    };
    let Target { payment, quota, amount_fen, payee, .. } = target.clone();
    let what = What::Step { kind, serial, reason: reason.to_owned() };
    Order { by, payment, quota, amount_fen, payee, what }
}

fn told(code: Code) -> String {
    format!("{} {}", code.english(), code.chinese())
}

#[cfg(test)]
mod tests {
    use domain::codes::{Path, PaymentState, Posts, Role};
    use domain::ids::{ChannelId, DivisionIndex, FiscalYear, PersonId};

    use super::*;
    use crate::cli::desk::ask::Became;

    fn by(role: Role) -> By {
        By { person: PersonId(101), role, channel: ChannelId(10) }
    }

    fn quota() -> QuotaId {
        QuotaId::new(DivisionIndex(5), FiscalYear::from_offset(22), 0)
    }

    fn target() -> Target {
        Target {
            payment: PaymentId(7),
            quota: quota(),
            amount_fen: Fen::new(40_000),
            payee: "齐鲁文具店".into(),
            state: PaymentState::Instructed,
            path: Path::Treasury,
            posts: Posts::UNIT,
            approved: Posts::UNIT,
            suspended: Vec::new(),
        }
    }

    fn set(filling: &mut Filling, name: &str, text: &str) {
        let field = filling.form.fields.iter_mut().find(|field| field.name == name);
        let field = field.expect("the form has this field");
        *field = field.clone().with(text);
    }

    fn blamed(filling: &Filling, role: Role) -> &'static str {
        filling.read(by(role), 1).expect_err("something is wrong").0
    }

    #[test]
    fn a_reservation_names_what_is_wrong_field_by_field() {
        let mut filling = Filling::reserve(quota(), "302", "2022-01-17");
        for wrong in ["", "400", "400.5", "0.00", "-1.00", "1,000.00"] {
            set(&mut filling, "amount", wrong);
            assert_eq!(blamed(&filling, Role::Maker), "amount", "{wrong:?}");
        }
        set(&mut filling, "amount", "400.00");
        for (name, wrong, right) in [
            ("bank", "123", "102451000017"),
            ("day", "2022-02-30", "2022-02-28"),
            ("day", "2023-02-28", "2022-02-28"),
            ("day", "20220228", "2022-02-28"),
            ("economic", "30 1", "30201"),
            ("plan", "8", ""),
            ("contract", "x", "9"),
            ("deadline", "3/900", "2022-03-04T16:30"),
        ] {
            set(&mut filling, name, wrong);
            assert_eq!(blamed(&filling, Role::Maker), name, "{wrong:?}");
            set(&mut filling, name, right);
        }
        let order = filling.read(by(Role::Maker), 77).expect("all is well");
        assert_eq!((order.payment, order.amount_fen), (PaymentId(77), Fen::new(40_000)));
        let What::Reserve(told) = &order.what else { panic!("{order:?}") };
        assert_eq!((told.contract, told.one_act), (ContractId(9), false));
        assert_eq!(told.deadline_ms, 1_646_382_600_000);
    }

    #[test]
    fn a_receipt_needs_its_number_and_a_refund_its_own() {
        let mut paid = Filling::fact(FactKind::ConfirmPaid, target(), "2022-01-17");
        set(&mut paid, "amount", "400.00");
        assert_eq!(blamed(&paid, Role::Bank), "serial");
        set(&mut paid, "serial", "90001");
        set(&mut paid, "account", "62220");
        let order = paid.read(by(Role::Bank), 1).expect("all is well");
        let What::Fact(told) = &order.what else { panic!("{order:?}") };
        assert_eq!((told.serial, told.payee_hash), (90_001, account_hash("62220")));

        let mut refund = Filling::fact(FactKind::Refund, target(), "2022-01-17");
        set(&mut refund, "amount", "1.00");
        set(&mut refund, "serial", "90002");
        assert_eq!(blamed(&refund, Role::Bank), "refund");
        // A rejection says no amount, and shows its payment's.
        let mut reject = Filling::fact(FactKind::Reject, target(), "2022-01-17");
        set(&mut reject, "serial", "90003");
        let order = reject.read(by(Role::Bank), 1).expect("all is well");
        assert_eq!(order.amount_fen, target().amount_fen);
        assert_eq!(order.command().amount_fen(), Fen::ZERO);
    }

    #[test]
    fn a_fact_in_suspense_is_named_with_what_becomes_of_it_and_why() {
        let fact = |serial| Receipt {
            kind: FactKind::ConfirmPaid,
            time: String::new(),
            amount_fen: Fen::new(39_000),
            serial,
            channel: 20,
            refund: 0,
            book: (quota().division(), quota().year()),
            became: Became::Parked(Code::WrongState),
        };
        let suspended = vec![fact(90_002), fact(90_003)];
        let mut resolve = Filling::resolve(Target { suspended, ..target() });
        assert_eq!(blamed(&resolve, Role::Finance), "reason");
        set(&mut resolve, "reason", "与银行核对");
        let order = resolve.read(by(Role::Finance), 77).expect("all is well");
        let What::Resolve(told) = &order.what else { panic!("{order:?}") };
        assert_eq!((told.act, told.channel, told.serial), (ActId(77), ChannelId(20), 90_002));
        assert_eq!((told.action, order.amount_fen), (ResolveAction::Apply, Fen::new(39_000)));
        set(&mut resolve, "action", DISMISS);
        set(&mut resolve, "fact", "ch. 20 no. 90003");
        let order = resolve.read(by(Role::Finance), 77).expect("all is well");
        let What::Resolve(told) = &order.what else { panic!("{order:?}") };
        assert_eq!((told.serial, told.action), (90_003, ResolveAction::Dismiss));
        set(&mut resolve, "fact", "ch. 20 no. 90004");
        let (field, why) = resolve.read(by(Role::Finance), 77).expect_err("there is none");
        assert!(field == "fact" && why.ends_with("ch. 20 no. 90002  ch. 20 no. 90003"), "{why}");
    }

    #[test]
    fn a_step_that_needs_a_reason_is_not_read_without() {
        let mut filling = Filling::reason(StepKind::Hold, target());
        assert!(filling.read(by(Role::Finance), 9).is_err());
        set(&mut filling, "reason", "与合同不符");
        let order = filling.read(by(Role::Finance), 9).expect("all is well");
        let hold = What::Step { kind: StepKind::Hold, serial: 9, reason: "与合同不符".into() };
        assert_eq!(order.what, hold);
    }
}
