//! One division: its units, projects and rows, and what it has left of each.

use std::collections::BTreeMap;

use domain::ids::{DivisionIndex, FiscalYear, QuotaId};
use domain::money::Fen;

use super::paper::{Deed, Filing, Step, TAKEN, paper, papers};
use super::rules::{Ask, Rules};
use super::{Counts, FISCAL_YEAR, Phase, QuotaEnd};
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
pub(crate) const DEPARTMENT_UNITS: u64 = 400;
/// The code of the first department.
pub(crate) const FIRST_DEPARTMENT: u64 = 101;
/// Rows of one unit that spends.
const UNIT_ROWS: u64 = 7;
/// Of so many placed rows one has money before the approval.
const EARLY_EACH: u64 = 3;
/// The least and the spread of a row's amount, in yuan.
const ROW_YUAN: (u64, u64) = (24_000, 1_200_000);
/// Two hundredths of all spending of the general budget are the reserve fund: the law wants one to
/// three.
const RESERVE_SHARE: i64 = 50;
/// What goes to each division below, in fen.
pub(super) const HANDED_DOWN: i64 = 12_000_000;

/// Staff numbers of a division, behind its own hundred.
#[derive(Clone, Copy)]
pub(crate) enum Post {
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
pub(crate) enum Kind {
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

    /// Whether finance keeps it.
    pub(super) fn is_finances(self) -> bool {
        matches!(self, Kind::Held | Kind::Reserve | Kind::Transfer)
    }
}

/// Functional, government and departmental class.
pub(crate) type Classes = (&'static str, &'static str, &'static str);

/// Of the reserve fund, of what goes below, of what finance spends itself, and of a unit's own.
const OF_RESERVE: Classes = ("2270100", "59999", "39999");
const OF_TRANSFERS: Classes = ("2300299", "59999", "39999");
const OF_FINANCE: Classes = ("2010601", "50201", "30201");
/// Any goods and services: what exactly, each payment says.
const OF_UNITS: Classes = ("2050203", "50502", "302");

/// A row of the budget with the quota that rests on it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) code: String,
    pub(crate) unit: String,
    /// Its project's number in the division; none: that of finance's own rows.
    pub(crate) project: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) classes: Classes,
    pub(crate) fund: &'static str,
    pub(crate) first_year: u16,
    pub(crate) reply: i64,
    /// What it has before the approval.
    pub(crate) early: i64,
    pub(crate) quota: Option<QuotaId>,
    pub(crate) left: i64,
    pub(crate) spent: i64,
}

impl Row {
    /// Whether a unit pays from it.
    pub(super) fn pays(&self) -> bool {
        self.kind == Kind::Placed
    }

    /// Whether its money is of a statutory budget, not a unit's own income.
    pub(super) fn is_appropriated(&self) -> bool {
        self.fund.starts_with('1')
    }

    /// Its project's code.
    pub(super) fn project_code(&self) -> String {
        self.project.map_or_else(|| FINANCE_PROJECT.to_owned(), project_code)
    }
}

/// The code of a project.
pub(super) fn project_code(number: u64) -> String {
    format!("P{number:06}")
}

/// Fund nature of the general budget.
pub(super) const GENERAL: &str = "111";

/// How much of everything a division has.
pub(super) struct Size {
    /// Placed rows.
    pub(super) rows: u64,
    /// Projects.
    pub(super) projects: u64,
    /// Units.
    pub(super) units: u64,
}

/// What somebody else has laid out of a division: all of it but the reserve fund.
pub(crate) struct Given {
    /// The year.
    pub(crate) year: FiscalYear,
    pub(crate) departments: u64,
    /// Units under departments, and how many of them spend: the first ones.
    pub(crate) leaves: u64,
    pub(crate) spending: u64,
    /// The unit under a department that files each project, by the project's number; none: finance.
    pub(crate) project_units: Vec<Option<u64>>,
    /// Rows, with what finance holds.
    pub(crate) rows: Vec<Row>,
}

/// A division on its way through the year.
pub struct Town {
    pub(super) division: Division,
    pub(super) year: FiscalYear,
    /// The divisions that it sends money to.
    pub(super) below: Vec<Division>,
    /// Whether it gets money from above.
    pub(super) takes: bool,
    pub(super) departments: u64,
    /// Units under departments, and how many of them spend: the first ones.
    pub(super) leaves: u64,
    pub(super) spending: u64,
    /// The unit under a department that files each project, by the project's number; none where that is
    /// the one of finance.
    pub(super) project_units: Vec<Option<u64>>,
    /// What units are; and whether the same people serve all of them, so that posts name no unit.
    pub(super) unit_kind: &'static str,
    pub(super) shares_desks: bool,
    /// Whether the reserve fund gets no quota before it is needed.
    pub(super) reserve_waits: bool,
    pub(super) key: u64,
    /// By code, as the engine has them.
    pub(super) rows: BTreeMap<String, Row>,
    /// Codes of the placed rows of the first budget, in order.
    pub(super) placed: Vec<String>,
    pub(crate) counts: Counts,
    /// What its control rules go by.
    pub(super) rules: Rules,
    /// Payments that were sent back, with what may be used again.
    pub(super) returned: Vec<Ask>,
    next_serial: u64,
    next_payment: u64,
}

/// The unit of finance itself.
pub(crate) const FINANCE: &str = "100";
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
        // Finance stands beside its departments.
        let departments = (size.units - 1).div_ceil(DEPARTMENT_UNITS + 1);
        let spending = size.rows.div_ceil(UNIT_ROWS);
        let filed_by =
            |number| if number < size.rows { number / UNIT_ROWS } else { number % spending };
        let mut town = Town {
            division: division.clone(),
            year: FISCAL_YEAR,
            below,
            takes,
            departments,
            leaves: size.units - 1 - departments,
            spending,
            project_units: (0..size.projects - PROJECTS_OF_EACH).map(filed_by).map(Some).collect(),
            unit_kind: "public-one",
            shares_desks: false,
            reserve_waits: false,
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
        let placed = town.general();
        let down = town.below.len() as i64 * HANDED_DOWN;
        let held = whole_yuan(placed / 10);
        let reserve = whole_yuan((placed + held) / RESERVE_SHARE);
        town.keep("H", Kind::Held, held);
        town.keep("V", Kind::Reserve, reserve);
        if down > 0 {
            town.keep("T", Kind::Transfer, down);
        }
        (town.counts.projects, town.counts.units) = (size.projects, size.units);
        town
    }

    /// A division as it was laid out elsewhere. Its people serve all of its units, and the reserve
    /// fund, the one row that is added here, gets no quota with the reply.
    pub(crate) fn given(division: &Division, given: Given, key: u64) -> Town {
        let Given { year, departments, leaves, spending, project_units, rows } = given;
        let placed = rows.iter().filter(|row| row.pays()).map(|row| row.code.clone()).collect();
        let mut town = Town {
            division: division.clone(),
            year,
            below: Vec::new(),
            takes: false,
            departments,
            leaves,
            spending,
            project_units,
            // Whatever they are: their rows are of all kinds.
            unit_kind: "other",
            shares_desks: true,
            reserve_waits: true,
            key,
            rows: rows.into_iter().map(|row| (row.code.clone(), row)).collect(),
            placed,
            counts: Counts::default(),
            rules: Rules::default(),
            returned: Vec::new(),
            next_serial: 0,
            next_payment: 0,
        };
        let reserve = whole_yuan(town.general() / RESERVE_SHARE);
        if reserve > 0 {
            town.keep("V", Kind::Reserve, reserve);
        }
        let of_units = town.project_units.iter().flatten().count() as u64;
        town.counts.projects = of_units + PROJECTS_OF_EACH;
        town.counts.units = 1 + departments + leaves;
        town
    }

    /// All rows of the general budget.
    fn general(&self) -> i64 {
        self.rows.values().filter(|row| row.fund == GENERAL).map(|row| row.reply).sum()
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
            project: Some(number),
            kind: Kind::Placed,
            classes: OF_UNITS,
            fund: if own { "31" } else { GENERAL },
            first_year: self.year.get(),
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
        let row = self.row_of_finance(code, kind, self.year.get());
        self.rows.insert(code.to_owned(), Row { reply, ..row });
    }

    pub(super) fn row_of_finance(&self, code: &str, kind: Kind, first_year: u16) -> Row {
        Row {
            code: code.to_owned(),
            unit: FINANCE.to_owned(),
            project: None,
            kind,
            classes: match kind {
                Kind::Reserve => OF_RESERVE,
                Kind::Transfer => OF_TRANSFERS,
                _ => OF_FINANCE,
            },
            fund: GENERAL,
            first_year,
            reply: 0,
            early: 0,
            quota: None,
            left: 0,
            spent: 0,
        }
    }

    pub(crate) fn person(&self, post: Post) -> u64 {
        u64::from(self.division.index.0 + 1) * 100 + post as u64
    }

    pub(super) fn department(&self, number: u64) -> String {
        department_code(number)
    }

    /// The code of a unit under a department.
    pub(super) fn unit(&self, number: u64) -> String {
        unit_code(number)
    }

    pub(super) fn level(&self) -> &'static str {
        match self.division.level {
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
        }
    }

    /// A line that writes a row.
    pub(crate) fn row_line(&self, row: &Row) -> String {
        let (functional, government, departmental) = row.classes;
        let Row { code, unit, fund, first_year, reply, .. } = row;
        let (kind, project) = (row.kind.slug(), row.project_code());
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
            let quota = QuotaId::new(index, self.year, self.next_serial);
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
    pub(crate) fn document(
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
            "{code}\t{kind}\t{}\t\t{}-03-01\t{authority}\t{}\t{}",
            document_number(self.year, self.code(), code),
            self.year.get(),
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
        let papers = Step::Papers { year: self.year.get(), list };
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
pub(super) fn document_number(year: FiscalYear, division: &str, code: &str) -> String {
    format!("财预指〔{}〕{division}-{code}号", year.get())
}

/// The code of the department that a unit stands under, by the unit's number.
pub(crate) fn department_code(number: u64) -> String {
    format!("{}", FIRST_DEPARTMENT + number / DEPARTMENT_UNITS)
}

/// The code of a unit under a department: its last three digits are its number there.
pub(crate) fn unit_code(number: u64) -> String {
    format!("{}{:03}", department_code(number), number % DEPARTMENT_UNITS + 1)
}

fn whole_yuan(fen: i64) -> i64 {
    fen / 100 * 100
}
