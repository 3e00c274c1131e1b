//! Payments: what they say of themselves, what control rules say to them, and some in each division that
//! rules refuse, hold or have the department approve.

use domain::ids::QuotaId;
use domain::money::Fen;

use super::YEAR;
use super::course::{NOT_HOLDER, PARTS};
use super::paper::{Course, Payee, Payment, Step, TAKEN, paper};
use super::prepare::unit_name;
use super::rules::{Ask, Said};
use super::town::{Post, Row, Town};

/// What should be heard.
const WRONG_STATE: u16 = 3002;
const RULE_LOOSER: u16 = 5400;

/// What a payment is that only rules look at, in fen.
const SMALL: i64 = 5_000;
/// What a unit may spend on the three public expenses, in fen.
const CEILING: i64 = 20_000;
/// Parts of the year that a unit collects of what it earns itself: more than it pays, less than it plans.
const COLLECTED: i64 = 12;

/// How a payment is unlike any other of its row and month.
#[derive(Clone, Copy, Debug, Default)]
struct Unlike {
    economic: Option<&'static str>,
    payee: Option<Who>,
    /// Its purpose; none: of the row and month.
    purpose: Option<&'static str>,
    invoice: Named,
    /// Whether it is sent back where a rule holds it.
    sent_back: bool,
}

/// Who is paid.
#[derive(Clone, Copy, Debug)]
enum Who {
    Nobody,
    /// On the black list.
    Listed,
    /// Not registered.
    Stranger,
    /// Of the first unit's own name.
    Namesake,
}

/// The invoice a payment names.
#[derive(Clone, Copy, Debug, Default)]
enum Named {
    /// Its own.
    #[default]
    New,
    No,
    /// This one.
    Again(u64),
}

impl Town {
    fn payee(&self, name: &str, number: u8) -> Payee {
        let account = format!("16020001{}{number:02}", self.code());
        Payee { name: name.to_owned(), account, bank: "102451099999" }
    }

    /// The supplier that contracts are made with, and who is paid as a rule.
    pub(crate) fn supplier(&self) -> Payee {
        self.payee("泉城设备有限公司", 1)
    }

    fn listed(&self) -> Payee {
        self.payee("失信商贸有限公司", 2)
    }

    fn namesake(&self) -> Payee {
        self.payee(&unit_name(0), 3)
    }

    /// Everybody who is registered, with the kind and list.
    pub(super) fn payee_lines(&self) -> Vec<String> {
        let line = |payee: Payee, kind: &str, list: &str, why: &str| {
            let Payee { name, account, bank } = payee;
            format!("payee\t{account}\t{name}\t{bank}\t{kind}\t{list}\t{why}")
        };
        vec![
            line(self.supplier(), "enterprise", "none", ""),
            line(self.listed(), "enterprise", "black", "失信被执行人"),
            line(self.namesake(), "unit", "none", ""),
        ]
    }

    /// The rules' account of who is registered and what units are called.
    pub(super) fn know_payees(&mut self) {
        let all = [(self.supplier(), false), (self.listed(), true), (self.namesake(), false)];
        let all = all.map(|(payee, black)| (payee.account.clone(), (payee, black)));
        self.rules.registered.extend(all);
        let units = (0..self.spending).map(|number| (self.unit(number), unit_name(number)));
        self.rules.unit_names = units.collect();
    }

    fn is_province(&self) -> bool {
        self.level() == "province"
    }

    fn default_rules(&self) -> Step {
        let (maker, checker) = (self.person(Post::RuleMaker), self.person(Post::RuleChecker));
        Step::DefaultRules { maker, checker, own: self.is_province() }
    }

    /// The rules of the province, by its own word.
    pub(super) fn own_rules(&mut self) -> Vec<Step> {
        if self.is_province() { vec![self.default_rules()] } else { Vec::new() }
    }

    /// The province's rules below it; then payments that are large here need the department, and nobody
    /// may make of that less than the province.
    pub(super) fn inherited_rules(&mut self) -> Vec<Step> {
        if self.is_province() {
            return Vec::new();
        }
        let (maker, checker) = (self.person(Post::RuleMaker), self.person(Post::RuleChecker));
        let large = self.largest_part() + 1;
        let rule = |fen: i64| {
            format!(
                "R-LARGE\tsubmit review\tapprove-department\tamount >= {}\t1501\t0.00\t0\t1\t\t\
                 大额支付主管部门加审\tlarge payments need the department\t",
                Fen::new(fen).to_yuan()
            )
        };
        let looser = self.refused(RULE_LOOSER);
        let by_maker = self.refused(NOT_HOLDER);
        self.rules.large_fen = Some(large);
        let list = vec![
            paper(maker, "rule-propose", &rule(60_000_000), looser),
            paper(maker, "rule-propose", &rule(large), TAKEN),
            paper(maker, "rule-approve", "R-LARGE", by_maker),
            paper(checker, "rule-approve", "R-LARGE", TAKEN),
        ];
        vec![self.default_rules(), Step::Papers { year: YEAR, list }]
    }

    /// The most that a row pays in a month.
    fn largest_part(&self) -> i64 {
        self.largest().reply / PARTS
    }

    fn largest(&self) -> &Row {
        let rows = self.placed.iter().map(|code| &self.rows[code]);
        rows.max_by_key(|row| row.reply).expect("a division has rows")
    }

    /// The row that the first unit pays from what it earns itself.
    fn own_row(&self) -> &Row {
        &self.rows[&self.placed[3]]
    }

    /// What the unit has collected in the end: each month's part, and what is large.
    fn collected(&self) -> i64 {
        let own = self.own_row();
        let large = if self.largest().code == own.code { self.largest_part() + 1 } else { 0 };
        own.reply / PARTS * COLLECTED + large
    }

    /// What the first unit asks for in a month beside its parts, of what its plan bounds.
    pub(super) fn planted_fen(&self, month: u8) -> i64 {
        match month {
            5 => 3 * SMALL,
            6 if !self.is_province() => {
                let largest = &self.largest().code;
                let is_planned = self.planned().any(|row| row.code == *largest);
                if is_planned { self.largest_part() + 1 } else { 0 }
            }
            8 => CEILING + 1,
            10 => SMALL,
            _ => 0,
        }
    }

    /// The payments of a month that a rule has something to say to, and what is on file for them.
    pub(super) fn plants(&mut self, month: u8) -> Vec<Step> {
        let first = self.placed[0].clone();
        match month {
            2 => self.lacking(&first),
            3 => {
                let used = Unlike { invoice: Named::Again(1), ..Unlike::default() };
                vec![Step::Payments(vec![self.plant(3, &first, SMALL, used)])]
            }
            5 => self.repeated(&first),
            6 if !self.is_province() => self.large(),
            8 => self.three_public(&first),
            9 => self.beyond_collected(),
            10 => {
                let own = Unlike {
                    payee: Some(Who::Namesake),
                    purpose: Some("归垫"),
                    ..Unlike::default()
                };
                vec![Step::Payments(vec![self.plant(10, &first, SMALL, own)])]
            }
            _ => Vec::new(),
        }
    }

    /// Elements that are missing, payees that may not be paid, income that is not there; and then it is.
    fn lacking(&mut self, row: &str) -> Vec<Step> {
        let plain = Unlike::default();
        let mut list: Vec<Payment> = [
            Unlike { payee: Some(Who::Nobody), ..plain },
            Unlike { payee: Some(Who::Stranger), ..plain },
            Unlike { payee: Some(Who::Listed), ..plain },
            Unlike { purpose: Some(""), ..plain },
            Unlike { invoice: Named::No, ..plain },
        ]
        .into_iter()
        .map(|unlike| self.plant(2, row, SMALL, unlike))
        .collect();
        let own = self.placed[3].clone();
        list.push(self.plant(2, &own, SMALL, plain));
        // No other unit has such a row.
        let (unit, collected) = (self.own_row().unit.clone(), self.collected());
        let line = format!("{unit}\t31\tbusiness\t{}", Fen::new(collected).to_yuan());
        self.rules.collected.insert(unit, collected);
        let papers = vec![paper(self.person(Post::UnitMaker), "income-collect", &line, TAKEN)];
        vec![Step::Payments(list), Step::Papers { year: YEAR, list: papers }]
    }

    /// The same payment three times on one day: the second is lifted, the third sent back.
    fn repeated(&mut self, row: &str) -> Vec<Step> {
        let plain = Unlike { purpose: Some("办公用品"), ..Unlike::default() };
        let list = [plain, plain, Unlike { sent_back: true, ..plain }];
        let list = list.map(|unlike| self.plant(5, row, SMALL, unlike));
        // What was sent back counts no longer than until then.
        self.returned.iter().for_each(|ask| self.rules.uncount(ask));
        vec![Step::Payments(list.into())]
    }

    /// More than any other payment here, with the invoice of what was sent back.
    fn large(&mut self) -> Vec<Step> {
        let (row, fen) = (self.largest().code.clone(), self.largest_part() + 1);
        let free = self.returned.iter().find_map(|ask| ask.invoice).expect("one was sent back");
        let unlike =
            Unlike {
                purpose: Some("设备更新"), invoice: Named::Again(free), ..Unlike::default()
            };
        vec![Step::Payments(vec![self.plant(6, &row, fen, unlike)])]
    }

    /// A reception before there is a ceiling, beyond it, and within it.
    fn three_public(&mut self, row: &str) -> Vec<Step> {
        let plain = Unlike { economic: Some("30217"), ..Unlike::default() };
        let without = self.plant(8, row, SMALL, Unlike { purpose: Some("接待一"), ..plain });
        let (unit, approved) = (self.rows[row].unit.clone(), Fen::new(CEILING).to_yuan());
        let (maker, checker) = (self.person(Post::Treasury), self.person(Post::RuleChecker));
        let key = format!("{unit}\tthree-public");
        let by_maker = self.refused(NOT_HOLDER);
        let list = vec![
            paper(maker, "ceiling-propose", &format!("{key}\t{approved}\t预算批复"), TAKEN),
            paper(maker, "ceiling-set", &key, by_maker),
            paper(checker, "ceiling-set", &key, TAKEN),
        ];
        self.rules.ceilings.insert(unit, CEILING);
        let beyond = Unlike { purpose: Some("接待二"), ..plain };
        let beyond = self.plant(8, row, CEILING + 1, beyond);
        let within = self.plant(8, row, SMALL, Unlike { purpose: Some("接待三"), ..plain });
        vec![
            Step::Payments(vec![without]),
            Step::Papers { year: YEAR, list },
            Step::Payments(vec![beyond, within]),
        ]
    }

    /// More than the unit has collected, though its quota has it.
    fn beyond_collected(&mut self) -> Vec<Step> {
        let row = self.own_row();
        let (code, fen) = (row.code.clone(), self.collected() - row.spent + 1);
        vec![Step::Payments(vec![self.plant(9, &code, fen, Unlike::default())])]
    }

    /// Every one of these rows pays its part of a month.
    pub(super) fn pay_all(&mut self, month: u8, codes: &[String]) -> Step {
        let payments = codes.iter().map(|code| {
            let fen = self.rows[code].reply / PARTS;
            self.pay(month, code, fen, 0)
        });
        Step::Payments(payments.collect())
    }

    /// A payment that is made, and that rules have nothing to say to.
    pub(super) fn pay(&mut self, month: u8, code: &str, fen: i64, contract: u64) -> Payment {
        let (payment, ask) = self.asked(month, code, fen, contract, Unlike::default());
        let said = self.rules.say(&ask);
        assert_eq!(said, Said::Nothing, "{code} in month {month} of {}", self.code());
        self.made(payment, &ask, code)
    }

    /// A payment that goes as the rules say.
    fn plant(&mut self, month: u8, code: &str, fen: i64, unlike: Unlike) -> Payment {
        let (payment, ask) = self.asked(month, code, fen, 0, unlike);
        let course = match self.rules.say(&ask) {
            Said::Refused(refused) => {
                let expected = self.refused(refused);
                return Payment { expected, ..payment };
            }
            Said::Nothing => Course::Plain,
            Said::Department => {
                self.counts.second_approvals += 1;
                Course::Department { early: self.refused(WRONG_STATE) }
            }
            Said::Held(held) => {
                *self.counts.held.entry(held).or_default() += 1;
                if unlike.sent_back {
                    self.rules.count(&ask);
                    self.counts.payments += 1;
                    self.returned.push(ask);
                    return Payment { course: Course::Returned(held), ..payment };
                }
                Course::Lifted(held)
            }
        };
        self.made(Payment { course, ..payment }, &ask, code)
    }

    /// Takes what a payment costs.
    fn made(&mut self, payment: Payment, ask: &Ask, code: &str) -> Payment {
        let fen = ask.fen;
        self.rules.count(ask);
        // What is earmarked has left what is available already.
        self.take(code, if payment.contract == 0 { fen } else { 0 });
        self.rows.get_mut(code).expect("just taken from").spent += fen;
        self.counts.payments += 1;
        self.counts.paid_fen += fen;
        payment
    }

    /// A payment that arithmetic refuses before any rule looks at it.
    pub(super) fn refused_payment(
        &mut self,
        month: u8,
        code: &str,
        fen: i64,
        expected: u16,
    ) -> Payment {
        let expected = self.refused(expected);
        let (payment, _) = self.asked(month, code, fen, 0, Unlike::default());
        Payment { expected, ..payment }
    }

    /// What is asked for, as the desk sends it and as the rules see it.
    fn asked(
        &mut self,
        month: u8,
        code: &str,
        fen: i64,
        contract: u64,
        unlike: Unlike,
    ) -> (Payment, Ask) {
        let (id, number) = self.payment_id();
        let row = &self.rows[code];
        let quota: QuotaId = row.quota.expect("a row with a quota");
        let payee = match unlike.payee {
            None => Some(self.supplier()),
            Some(Who::Nobody) => None,
            Some(Who::Listed) => Some(self.listed()),
            Some(Who::Namesake) => Some(self.namesake()),
            Some(Who::Stranger) => Some(self.payee("无名商店", 9)),
        };
        let under = if contract == 0 { "" } else { "合同款" };
        let purpose = unlike.purpose.map(str::to_owned);
        let purpose = purpose.unwrap_or_else(|| format!("{code} {month}月{under}"));
        let invoice = match unlike.invoice {
            Named::New => Some(number),
            Named::No => None,
            Named::Again(number) => Some(number),
        };
        let ask = Ask {
            unit: row.unit.clone(),
            fund: row.fund,
            economic: unlike.economic.unwrap_or("30201"),
            payee,
            purpose,
            invoice,
            fen,
            // Months lie far enough apart for whatever looks back by days.
            day: u32::from(month) * 31 + 15,
        };
        let document = |number: u64| format!("发票 3700231130+{number:08}");
        let payment = Payment {
            id,
            quota,
            amount: Fen::new(fen),
            day: u32::from(YEAR) * 10_000 + u32::from(month) * 100 + 15,
            contract,
            economic: ask.economic,
            payee: ask.payee.clone(),
            purpose: ask.purpose.clone(),
            document: ask.invoice.map(document).unwrap_or_default(),
            course: Course::Plain,
            clears: row.fund != "31",
            expected: TAKEN,
        };
        (payment, ask)
    }
}
