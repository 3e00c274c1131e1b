//! One division: its units, projects and rows, and what it has left of each.

use std::collections::BTreeMap;

use domain::ids::{DivisionIndex, QuotaId};
use domain::money::Fen;

use super::paper::{Deed, Filing, Step, TAKEN, paper, papers};
use super::rules::{Ask, Rules};
use super::{Counts, FISCAL_YEAR, Phase, QuotaEnd, YEAR};
use crate::divisions::{Division, Level};
use crate::draws::{Draws, uuid};

/// Quotas of every division beside those of its placed rows: what finance holds, its reserve, what
/// comes from above or goes below, what is allocated in the year, what is older than the year.
pub(super) const QUOTAS_OF_EACH: u64 = 5;
/// Projects that rows of finance's own rest on.
pub(super) const PROJECTS_OF_EACH: u64 = 1;
/// Units of every division: finance, a department, two units that spend.
pub(super) const UNITS_MIN: u64 = 4;

/// Units of one department.
const DEPARTMENT_UNITS: u64 = 400;
/// Rows of one unit that spends.
const UNIT_ROWS: u64 = 7;
/// Of so many placed rows one has money before the approval.
const EARLY_EACH: u64 = 3;
/// The least and the spread of a row's amount, in yuan.
const ROW_YUAN: (u64, u64) = (24_000, 1_200_000);
/// What goes to each division below, in fen.
pub(super) const HANDED_DOWN: i64 = 12_000_000;

/// Staff numbers of a division, behind its own hundred.
#[derive(Clone, Copy)]
pub(super) enum Post {
    Keeper = 1,
    UnitMaker = 11,
    UnitChecker = 12,
    Reviewer = 21,
    Officer = 31,
    Head = 41,
    Clerk = 51,
    QuotaMaker = 71,
    QuotaChecker = 72,
    Receiver = 73,
    RuleMaker = 61,
    RuleChecker = 62,
    Treasury = 81,
    TreasuryHead = 82,
    Bank = 91,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Placed,
    Held,
    Reserve,
    Transfer,
    Received,
    Carried,
}

impl Kind {
    pub(super) fn slug(self) -> &'static str {
        match self {
            Kind::Placed => "placed",
            Kind::Held => "held",
            Kind::Reserve => "reserve",
            Kind::Transfer => "transfer",
            Kind::Received => "received",
            Kind::Carried => "carried",
        }
    }
}

/// A row of the budget with the quota that rests on it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) code: String,
    pub(super) unit: String,
    pub(super) project: String,
    pub(super) kind: Kind,
    pub(super) fund: &'static str,
    pub(super) first_year: u16,
    pub(super) reply: i64,
    /// What it has before the approval.
    pub(super) early: i64,
    pub(super) quota: Option<QuotaId>,
    pub(super) left: i64,
    pub(super) spent: i64,
}

impl Row {
    /// Functional, government and departmental class.
    pub(super) fn classes(&self) -> (&'static str, &'static str, &'static str) {
        match (self.kind, &*self.unit) {
            (Kind::Reserve, _) => ("2270100", "59999", "39999"),
            (Kind::Transfer, _) => ("2300299", "59999", "39999"),
            (_, FINANCE) => ("2010601", "50201", "30201"),
            // Any goods and services: what exactly, each payment says.
            _ => ("2050203", "50502", "302"),
        }
    }

    /// Whether a unit pays from it.
    pub(super) fn pays(&self) -> bool {
        self.kind == Kind::Placed
    }
}

/// How much of everything a division has.
pub(super) struct Size {
    /// Placed rows.
    pub(super) rows: u64,
    /// Projects.
    pub(super) projects: u64,
    /// Units.
    pub(super) units: u64,
}

/// A division on its way through the year.
pub struct Town {
    pub(super) division: Division,
    /// The divisions that it sends money to.
    pub(super) below: Vec<Division>,
    /// Whether it gets money from above.
    pub(super) takes: bool,
    pub(super) units: u64,
    pub(super) projects: u64,
    pub(super) key: u64,
    /// By code, as the engine has them.
    pub(super) rows: BTreeMap<String, Row>,
    /// Codes of the placed rows of the first budget, in order.
    pub(super) placed: Vec<String>,
    pub(super) counts: Counts,
    /// What its control rules go by.
    pub(super) rules: Rules,
    /// Payments that were sent back, with what may be used again.
    pub(super) returned: Vec<Ask>,
    next_serial: u64,
    next_payment: u64,
}

/// The unit of finance itself.
pub(super) const FINANCE: &str = "100";
/// The project of finance's own rows.
pub(super) const FINANCE_PROJECT: &str = "PF";

impl Town {
    pub(super) fn new(
        division: &Division,
        below: Vec<Division>,
        takes: bool,
        size: Size,
        key: u64,
    ) -> Town {
        let mut town = Town {
            division: division.clone(),
            below,
            takes,
            units: size.units,
            projects: size.projects,
            key,
            rows: BTreeMap::new(),
            placed: Vec::new(),
            counts: Counts::default(),
            rules: Rules::default(),
            returned: Vec::new(),
            next_serial: 0,
            next_payment: 0,
        };
        (0..size.rows).for_each(|number| town.lay_out(number));
        // What units earn themselves is not of the general budget.
        let general = town.rows.values().filter(|row| row.fund == "111");
        let placed: i64 = general.map(|row| row.reply).sum();
        let down = town.below.len() as i64 * HANDED_DOWN;
        // Two hundredths of all spending are the reserve fund: the law wants one to three.
        let held = whole_yuan(placed / 10);
        let reserve = whole_yuan((placed + held) / 50);
        town.keep("H", Kind::Held, held);
        town.keep("V", Kind::Reserve, reserve);
        if down > 0 {
            town.keep("T", Kind::Transfer, down);
        }
        (town.counts.projects, town.counts.units) = (size.projects, size.units);
        town
    }

    /// Where it is.
    #[must_use]
    pub fn division(&self) -> &Division {
        &self.division
    }

    /// The division's code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        self.division.code_text()
    }

    /// What there should be of it when all phases are through.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What its quotas should be then.
    pub fn quotas(&self) -> impl Iterator<Item = QuotaEnd> {
        self.rows.values().filter_map(|row| {
            let quota = row.quota?;
            Some(QuotaEnd { quota, spent_fen: row.spent, was_early: row.early > 0 })
        })
    }

    /// Who instructs its payments.
    #[must_use]
    pub fn treasury(&self) -> u64 {
        self.person(Post::Treasury)
    }

    /// Who checks what that person sets.
    #[must_use]
    pub fn treasury_head(&self) -> u64 {
        self.person(Post::TreasuryHead)
    }

    /// Who asks for its units' payments, and who approves them.
    #[must_use]
    pub fn desk(&self) -> (u64, u64) {
        (self.person(Post::UnitMaker), self.person(Post::UnitChecker))
    }

    /// Who approves those that a rule has the department approve.
    #[must_use]
    pub fn department_reviewer(&self) -> u64 {
        self.person(Post::Reviewer)
    }

    /// Who reports what became of them.
    #[must_use]
    pub fn bank(&self) -> u64 {
        self.person(Post::Bank)
    }

    /// Who receives what comes from above.
    #[must_use]
    pub fn receiver(&self) -> u64 {
        self.person(Post::Receiver)
    }

    /// What is done in a phase.
    pub fn steps(&mut self, phase: Phase) -> Vec<Step> {
        match phase {
            Phase::Register => vec![Step::Register],
            Phase::BaseData => self.base_data(),
            Phase::Rules => self.own_rules(),
            Phase::Inherit => self.inherited_rules(),
            Phase::Projects => self.library(),
            Phase::FirstUp => self.first_up(),
            Phase::FirstDown => self.first_down(),
            Phase::SecondUp => self.second_up(),
            Phase::January => self.january(),
            Phase::Reply => self.reply(),
            Phase::Issue => self.issue(),
            Phase::HandDown => self.hand_down(),
            Phase::TakeIn => self.take_in(),
            Phase::Month(month) => self.month(month),
            Phase::YearEnd => self.year_end(),
        }
    }

    fn lay_out(&mut self, number: u64) {
        let mut draws = Draws::at(self.key, number);
        let yuan = ROW_YUAN.0 + draws.below(ROW_YUAN.1);
        let reply = yuan as i64 * 100;
        // The fourth row is paid from what the unit earns itself.
        let own = number == 3;
        let early = if number.is_multiple_of(EARLY_EACH) && !own { reply / 4 } else { 0 };
        let row = Row {
            code: format!("R{number:06}"),
            unit: self.unit(number / UNIT_ROWS),
            project: format!("P{number:06}"),
            kind: Kind::Placed,
            fund: if own { "31" } else { "111" },
            first_year: YEAR,
            reply,
            early,
            quota: None,
            left: 0,
            spent: 0,
        };
        self.placed.push(row.code.clone());
        self.rows.insert(row.code.clone(), row);
    }

    fn keep(&mut self, code: &str, kind: Kind, reply: i64) {
        let row = self.row_of_finance(code, kind, YEAR);
        self.rows.insert(code.to_owned(), Row { reply, ..row });
    }

    pub(super) fn row_of_finance(&self, code: &str, kind: Kind, first_year: u16) -> Row {
        Row {
            code: code.to_owned(),
            unit: FINANCE.to_owned(),
            project: FINANCE_PROJECT.to_owned(),
            kind,
            fund: "111",
            first_year,
            reply: 0,
            early: 0,
            quota: None,
            left: 0,
            spent: 0,
        }
    }

    pub(super) fn person(&self, post: Post) -> u64 {
        u64::from(self.division.index.0 + 1) * 100 + post as u64
    }

    /// How many of its units spend: the first ones.
    pub(super) fn spending(&self) -> u64 {
        (self.placed.len() as u64).div_ceil(UNIT_ROWS)
    }

    pub(super) fn departments(&self) -> u64 {
        // Finance stands beside its departments.
        let below = self.units - 1;
        below.div_ceil(DEPARTMENT_UNITS + 1)
    }

    /// How many units stand under departments.
    pub(super) fn leaves(&self) -> u64 {
        self.units - 1 - self.departments()
    }

    pub(super) fn department(&self, number: u64) -> String {
        format!("{}", 101 + number / DEPARTMENT_UNITS)
    }

    /// The code of a unit under a department.
    pub(super) fn unit(&self, number: u64) -> String {
        format!("{}{:03}", self.department(number), number % DEPARTMENT_UNITS + 1)
    }

    pub(super) fn level(&self) -> &'static str {
        match self.division.level {
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
        }
    }

    /// A line that writes a row.
    pub(super) fn row_line(&self, row: &Row) -> String {
        let (functional, government, departmental) = row.classes();
        let Row { code, unit, project, fund, first_year, reply, .. } = row;
        let kind = row.kind.slug();
        format!(
            "{code}\t{unit}\t{project}\t{kind}\t{functional}\t{government}\t{departmental}\t{fund}\t2\t\t\t\
             {first_year}\t{}",
            Fen::new(*reply).to_yuan()
        )
    }

    /// The quota that rests on a row, made where it has none.
    pub(super) fn give(&mut self, code: &str, fen: i64) -> QuotaId {
        let index = self.division.index;
        let row = self.rows.get_mut(code).expect("a row of the town");
        row.left += fen;
        *row.quota.get_or_insert_with(|| {
            let quota = QuotaId::new(index, FISCAL_YEAR, self.next_serial);
            self.next_serial += 1;
            self.counts.quotas += 1;
            quota
        })
    }

    pub(super) fn take(&mut self, code: &str, fen: i64) -> QuotaId {
        let row = self.rows.get_mut(code).expect("a row of the town");
        row.left -= fen;
        row.quota.expect("a row that has money has a quota")
    }

    pub(super) fn refused(&mut self, code: u16) -> u16 {
        *self.counts.refusals.entry(code).or_default() += 1;
        code
    }

    /// A document of the year, written and checked, and carried out where it is taken.
    pub(super) fn document(
        &mut self,
        code: &str,
        kind: &str,
        authority: &str,
        deeds: &[Deed],
        expected: u16,
    ) -> Vec<Step> {
        let (maker, checker) = (self.person(Post::QuotaMaker), self.person(Post::QuotaChecker));
        let total: i64 = deeds.iter().map(|deed| deed.amount.get()).sum();
        let head = format!(
            "{code}\t{kind}\t{}\t\t{YEAR}-03-01\t{authority}\t{}\t{}",
            document_number(self.code(), code),
            deeds.len(),
            Fen::new(total).to_yuan()
        );
        let mut list = vec![paper(maker, "document-draft", &head, TAKEN)];
        let lines =
            deeds.iter().zip(1..).map(|(deed, number)| format!("{number}\t{}", deed.line()));
        let with_code = papers(maker, "document-lines", lines);
        list.extend(
            with_code
                .into_iter()
                .map(|one: Filing| Filing { text: format!("{code}\n{}", one.text), ..one }),
        );
        list.push(paper(checker, "document-check", code, expected));
        let papers = Step::Papers { year: YEAR, list };
        if expected != TAKEN {
            return vec![papers];
        }
        self.counts.documents += 1;
        vec![papers, Step::AwaitDocument(code.to_owned())]
    }

    /// The code of the division above.
    pub(super) fn parent_code(&self) -> String {
        match self.division.parent {
            DivisionIndex::PROVINCE => "370000000".to_owned(),
            _ => format!("{}00000", &self.code()[..4]),
        }
    }

    /// The id of the next payment, and its number.
    pub(super) fn payment_id(&mut self) -> (u128, u64) {
        self.next_payment += 1;
        (uuid(self.key, 7, self.next_payment), self.next_payment)
    }
}

/// The official number of a document of a division.
pub(super) fn document_number(division: &str, code: &str) -> String {
    format!("财预指〔{YEAR}〕{division}-{code}号")
}

fn whole_yuan(fen: i64) -> i64 {
    fen / 100 * 100
}
