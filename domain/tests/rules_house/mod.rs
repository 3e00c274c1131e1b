//! A division under control with a unit, a project, quotas, payees, people in posts and the rules that
//! come with the program.

// Each test file uses its own part of this.
#![allow(dead_code)]

use domain::codes::{
    ActKind, AuthorityKind, BusinessKind, FactKind, LimitKind, Method, Posts, Role, StepKind,
    YearState,
};
use domain::command::{
    Act, Body, By, Create, Fact, Paper, Register, Reserve, SetLimit, SetYear, Step,
};
use domain::decide::check;
use domain::division::{Answer, YearBook};
use domain::event::{Event, EventBody};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, Fingerprint, LimitKey, PersonId,
};
use domain::office::Office;
use domain::office::paper::PaperKind;
use domain::office::rules::defaults;
use domain::office::tables::rule::{Held, Rule};
use domain::particulars::{Particulars, ParticularsText};
use domain::payment::Payment;
use domain::{Code, Command, Division, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};

use crate::world::World;

pub(crate) const RULE_MAKER: u64 = 31;
pub(crate) const RULE_CHECKER: u64 = 32;
pub(crate) const TREASURY: u64 = 33;
pub(crate) const UNIT_MAKER: u64 = 34;
pub(crate) const UNIT_CHECKER: u64 = 35;

const DIVISION: DivisionIndex = DivisionIndex(1);
const YEAR: FiscalYear = FiscalYear::from_offset(23);

/// Everything on file before any rule.
const ROWS: &str = "\
+division\t370102000\t历下区\tcounty\t370100000\t1\t2\t2023-01-01\tactive
+post\t31\trule-maker\t\t张三
+post\t32\trule-checker\t\t李四
+post\t33\ttreasury-reviewer\t\t赵六
+post\t34\tunit-maker\t\t钱七
+post\t35\tunit-checker\t\t孙八
+unit\t101\t教育局\t\t1\tadministrative\tfull\t2\t\t\t\t\tactive
+unit\t101001\t第一中学\t101\t2\tpublic-one\tfull\t1\t\t\t\t\tactive
+project\tP1\t设备\t101001\tspecific\t2023\t2023\t3\t9.00\t9.00\t文\tnone\t0\tG1\t\t\t1\tselected\t2023\t1\t2\t
+budget\tbudget\t布置\treplied\t1\t1\t\t\t\t\t2023-01-01\t1\t
+budget-row\tR1\t101001\tP1\tplaced\t2050203\t50502\t302\t111\t2\t\t\t2023\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2
+budget-row\tR2\t101001\tP1\tplaced\t2300201\t50502\t302\t111\t2\t\t\t2023\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2
+budget-row\tR3\t101001\tP1\tplaced\t2050203\t50502\t302\t111\t1\t\t\t2023\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2
+budget-row\tR4\t101001\tP1\tplaced\t2050203\t50502\t302\t31\t2\t\t\t2023\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t2
+payee\t6222000000000001\t齐鲁文具店\t102451000018\tenterprise\tnone\t
+payee\t6222000000000002\t王五\t102451000018\tindividual\tnone\t
+payee\t6222000000000003\t失信公司\t102451000018\tenterprise\tblack\t失信
+payee\t6222000000000004\t第一中学\t102451000018\tunit\tnone\t
+account\t6222000000000004\t第一中学\treal-fund\tunit\t101001\t\t某银行\t102451000018\t\tactive";

/// Quotas by serial: the budget row, and whether it may pay.
const QUOTAS: [(&str, &str, bool); 5] = [
    ("2050203/50502/302/111/P1/R1", "111", true),
    ("2050203/50502/302/111/P1/R1/held/R1", "111", false),
    ("2300201/50502/302/111/P1/R2", "111", true),
    ("2050203/50502/302/111/P1/R3", "111", true),
    ("2050203/50502/302/31/P1/R4", "31", true),
];

/// A payment; by default one that keeps all rules.
#[derive(Clone, Debug)]
pub(crate) struct Pay {
    pub(crate) quota: u64,
    pub(crate) amount: &'static str,
    pub(crate) economic: &'static str,
    pub(crate) day: u32,
    pub(crate) kind: BusinessKind,
    pub(crate) payee: (&'static str, &'static str, &'static str),
    pub(crate) purpose: &'static str,
    pub(crate) document: &'static str,
    pub(crate) contract: u64,
    pub(crate) plan: u64,
    pub(crate) one_act: bool,
}

impl Default for Pay {
    fn default() -> Pay {
        Pay {
            quota: 0,
            amount: "100.00",
            economic: "30201",
            day: 20_230_310,
            kind: BusinessKind::Single,
            payee: ("齐鲁文具店", "6222000000000001", "102451000018"),
            purpose: "办公用品",
            document: "发票 3700222130+00000001",
            contract: 0,
            plan: 0,
            one_act: false,
        }
    }
}

/// The division, and what its callers have heard.
pub(crate) struct House {
    pub(crate) world: World,
    acts: u128,
    answers: std::collections::BTreeMap<u128, Answer>,
    last: Option<Answer>,
}

impl House {
    /// With the rules that come with the program.
    pub(crate) fn new() -> House {
        House::with(|_| true)
    }

    /// With all of them but one.
    pub(crate) fn new_without(rule: &str) -> House {
        House::with(|line| !line.starts_with(&format!("{rule}\t")))
    }

    fn with(keep: impl Fn(&str) -> bool) -> House {
        let mut house = House::without_rules();
        let kept = defaults::lines().filter(|line| keep(line));
        for text in defaults::parted(kept) {
            assert_eq!(
                house.file(PaperKind::RulePropose, RULE_MAKER, &text, 20_230_101),
                Code::Accepted
            );
            let ids: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
            let ids = ids.join("\n");
            assert_eq!(
                house.file(PaperKind::RuleApprove, RULE_CHECKER, &ids, 20_230_101),
                Code::Accepted
            );
        }
        house
    }

    pub(crate) fn without_rules() -> House {
        let mut house = House {
            world: World::new(),
            acts: 0,
            answers: std::collections::BTreeMap::new(),
            last: None,
        };
        let code = *b"370102000";
        let parent = DivisionIndex(0);
        house.order(
            1,
            Role::Operator,
            Body::Register(Register { division: DIVISION, code, parent, name: "历下区" }),
        );
        let act = house.act_id();
        let (division, year) = (DIVISION, YEAR);
        house.order(
            1,
            Role::Finance,
            Body::SetYear(SetYear { act, division, year, state: YearState::Open }),
        );
        house.on_file(&ROWS.lines().collect::<Vec<_>>());
        for (serial, (key, fund, executable)) in QUOTAS.into_iter().enumerate() {
            let key = format!("370102000/101001/{key}");
            house.new_quota(serial as u64, key, fund, executable, "90000000.00");
        }
        house
    }

    /// Creates the quota with a serial, the next, and gives it money.
    pub(crate) fn new_quota(
        &mut self,
        serial: u64,
        key: String,
        fund: &str,
        executable: bool,
        amount: &str,
    ) {
        let class = |code| Class::new(code).expect("a class");
        let create = Create {
            act: self.act_id(),
            division: DIVISION,
            year: YEAR,
            parent: QuotaId::NONE,
            fund: class(fund),
            economic: class("302"),
            posts: Posts::UNIT,
            executable,
            plan: LimitKey(0),
            authority: AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
            key: key.leak(),
        };
        assert_eq!(self.order(1, Role::Engine, Body::Create(create)), Code::Accepted);
        assert_eq!(self.act(ActKind::Issue, serial, 0, 0, amount), Code::Accepted);
    }

    /// Proposes a rule and approves it.
    pub(crate) fn in_force(&mut self, line: &str) {
        let id = line.split('\t').next().expect("an id");
        for (kind, person, text) in
            [(PaperKind::RulePropose, RULE_MAKER, line), (PaperKind::RuleApprove, RULE_CHECKER, id)]
        {
            assert_eq!(self.file(kind, person, text, 20_230_101), Code::Accepted, "{line}");
        }
    }

    /// Takes the division out of control, or puts it under control again.
    pub(crate) fn control(&mut self, is_on: bool) {
        let card = ROWS.lines().next().expect("the card");
        self.on_file(&[if is_on { card } else { "-division\t370102000" }]);
    }

    fn act_id(&mut self) -> ActId {
        self.acts += 1;
        ActId(self.acts)
    }

    fn order(&mut self, person: u64, role: Role, body: Body<'static>) -> Code {
        let by = By { person: PersonId(person), role, channel: ChannelId(1) };
        let answer = self.world.send(&Command { by, body }).answer;
        self.last = Some(answer);
        answer.code
    }

    /// Puts rows on file past all papers, as an event says it.
    pub(crate) fn on_file(&mut self, lines: &[&str]) {
        let act = self.act_id();
        let by = By { person: PersonId(1), role: Role::Finance, channel: ChannelId(1) };
        let command = Paper {
            act,
            division: DIVISION,
            year: YEAR,
            kind: PaperKind::BasePut,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: None,
            text: "on file",
        };
        let changes = lines.iter().map(|line| format!("{line}\n")).collect::<String>().into();
        let body = EventBody::Filed { fingerprint: Fingerprint(act.0), changes, command };
        self.world.happens(Event { by, body });
    }

    /// Files a paper.
    pub(crate) fn file(&mut self, kind: PaperKind, person: u64, text: &str, day: u32) -> Code {
        let act = self.act_id();
        let paper = Paper {
            act,
            division: DIVISION,
            year: YEAR,
            kind,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day: Day::new(day),
            text: text.to_owned().leak(),
        };
        self.order(person, Role::Finance, Body::File(paper))
    }

    /// Where in the last paper the refusal points.
    pub(crate) fn place(&self) -> Option<(i64, i64)> {
        let refusal = self.last.and_then(|answer| answer.refusal)?;
        let place = refusal.figures().find(|figure| figure.limit == Code::PaperLine)?;
        Some((place.requested_fen.get(), place.left_fen.get()))
    }

    fn quota(serial: u64) -> QuotaId {
        QuotaId::new(DIVISION, YEAR, serial)
    }

    pub(crate) fn reserve(pay: &Pay, id: u128) -> Command<'static> {
        let texts = ParticularsText {
            payee_name: pay.payee.0.into(),
            payee_account: pay.payee.1.into(),
            payee_bank: pay.payee.2.into(),
            purpose: pay.purpose.into(),
            document: pay.document.into(),
            numbers: String::new(),
        };
        let particulars = Particulars::parse(texts.encode().leak()).expect("particulars");
        let body = Body::Reserve(Reserve {
            payment: PaymentId(id),
            quota: House::quota(pay.quota),
            amount_fen: Fen::from_yuan(pay.amount).expect("an amount"),
            economic: Class::new(pay.economic).expect("a class"),
            method: Method::Centralized,
            kind: pay.kind,
            day: Day::new(pay.day).expect("a day"),
            contract: ContractId(pay.contract),
            plan: ContractId(pay.plan),
            deadline_ms: 0,
            one_act: pay.one_act,
            particulars,
        });
        let by = By { person: PersonId(UNIT_MAKER), role: Role::Maker, channel: ChannelId(1) };
        Command { by, body }
    }

    /// Asks for a payment.
    pub(crate) fn pay_as(&mut self, pay: &Pay, id: u128) {
        let answer = self.world.send(&House::reserve(pay, id)).answer;
        self.answers.insert(id, answer);
    }

    /// Asks for payments in one linked run; true: it was taken.
    pub(crate) fn run(&mut self, pays: &[(&Pay, u128)]) -> bool {
        let commands: Vec<_> = pays.iter().map(|(pay, id)| House::reserve(pay, *id)).collect();
        let (_, refused, _) = self.world.run(&commands);
        refused.is_none()
    }

    /// A funds check.
    pub(crate) fn check(&mut self, pay: &Pay) -> Answer {
        let division = &self.world.divisions[&DIVISION.0];
        check(division, &House::reserve(pay, 999), Fingerprint(1), 0)
    }

    /// What was heard of a payment.
    pub(crate) fn answer(&self, id: u128) -> Answer {
        self.answers[&id]
    }

    pub(crate) fn step(&mut self, id: u128, kind: StepKind, person: u64, role: Role) {
        let quota = self.payment(id).quota;
        let step = Step { kind, payment: PaymentId(id), quota, serial: 1, reason: "有因" };
        assert_eq!(self.order(person, role, Body::Step(step)), Code::Accepted, "{kind}");
    }

    pub(crate) fn fact(&mut self, id: u128, kind: FactKind, fen: i64) {
        let payee_hash = self.payment(id).payee_hash;
        let (quota, serial) = (self.payment(id).quota, self.acts as u64 + 1);
        self.acts += 1;
        let refund = if kind == FactKind::Refund { serial } else { 0 };
        let fact = Fact {
            kind,
            payment: PaymentId(id),
            quota,
            serial,
            amount_fen: Fen::new(fen),
            payee_hash,
            day: Day::new(20_230_320).expect("a day"),
            refund,
            detail: 0,
            note: "",
        };
        let role = if kind == FactKind::Clear { Role::CentralBank } else { Role::Bank };
        assert_eq!(self.order(91, role, Body::Fact(fact)), Code::Accepted, "{kind}");
    }

    /// Approves, instructs, pays and clears it.
    pub(crate) fn pay_to_the_end(&mut self, id: u128, fen: i64) {
        self.step(id, StepKind::ApproveUnit, UNIT_CHECKER, Role::Checker);
        self.step(id, StepKind::Instruct, TREASURY, Role::Finance);
        self.fact(id, FactKind::ConfirmPaid, fen);
        self.fact(id, FactKind::Clear, fen);
    }

    pub(crate) fn act(
        &mut self,
        kind: ActKind,
        quota: u64,
        contract: u64,
        plan: u64,
        amount: &str,
    ) -> Code {
        let act = self.act_id();
        let body = Body::Act(Act {
            kind,
            act,
            quota: House::quota(quota),
            amount_fen: Fen::from_yuan(amount).expect("an amount"),
            contract: ContractId(contract),
            plan: ContractId(plan),
            batch: BatchId(0),
            note: "",
        });
        // Money comes by documents alone where rules apply: the engine brings it.
        let role = if kind == ActKind::Issue { Role::Engine } else { Role::Finance };
        self.order(2, role, body)
    }

    pub(crate) fn earmark(&mut self, quota: u64, contract: u64, plan: u64, amount: &str) -> Code {
        self.act(ActKind::Earmark, quota, contract, plan, amount)
    }

    /// An earmark from before the division was under control.
    pub(crate) fn earmark_before_control(&mut self, quota: u64, contract: u64, amount: &str) {
        self.control(false);
        assert_eq!(self.earmark(quota, contract, 0, amount), Code::Accepted);
        self.control(true);
    }

    /// Sets the ceiling for one act.
    pub(crate) fn ceiling(&mut self, amount: &str) {
        let act = self.act_id();
        let limit = SetLimit {
            act,
            division: DIVISION,
            year: YEAR,
            kind: LimitKind::PayCeiling,
            key: LimitKey(0),
            month: 0,
            amount_fen: Fen::from_yuan(amount).expect("an amount"),
            checker: PersonId(3),
        };
        assert_eq!(self.order(2, Role::Finance, Body::SetLimit(limit)), Code::Accepted);
    }

    pub(crate) fn division(&self) -> &Division {
        &self.world.divisions[&DIVISION.0]
    }

    pub(crate) fn book(&self) -> &YearBook {
        self.world.divisions[&DIVISION.0].year(YEAR).expect("the year")
    }

    pub(crate) fn office(&self) -> &Office {
        self.book().office()
    }

    pub(crate) fn payment(&self, id: u128) -> &Payment {
        self.book().payment(PaymentId(id)).expect("a payment")
    }

    /// A payment's id as it stands in rows.
    pub(crate) fn word(&self, id: u128) -> String {
        PaymentId(id).to_string()
    }

    pub(crate) fn held(&self, id: u128) -> Option<&Held> {
        self.office().get(&self.word(id))
    }

    pub(crate) fn rule(&self, id: &str) -> Option<&Rule> {
        self.office().get(id)
    }

    pub(crate) fn rules_in_force(&self) -> Vec<String> {
        let rules = self.office().all::<Rule>().filter(|rule| rule.in_force);
        rules.map(|rule| rule.id.to_string()).collect()
    }

    /// The invariants, and that replay gives the same, what rules go by with it.
    pub(crate) fn must_hold_together(&self) {
        assert_eq!(self.world.broken_invariant(), None);
        assert_eq!(self.world.replay_differs(), None);
        assert_eq!(self.world.replayed(false).broken_invariant(), None);
    }
}
