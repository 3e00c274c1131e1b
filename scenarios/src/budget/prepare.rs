//! From base data to the reply.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::money::Fen;
use xxhash_rust::xxh3::Xxh3;

use super::paper::{Deed, Filing, Step, TAKEN, paper, papers};
use super::town::{
    FINANCE, FINANCE_PROJECT, FIRST_DEPARTMENT, GENERAL, Kind, Post, Row, Town, project_code,
};

/// Of so many projects that rows rest on, one is ranked and chosen by its rank.
const RANKED_EACH: u64 = 3;
/// Of so many projects one is for three years.
const LASTING_EACH: u64 = 5;

/// Fund nature of what a unit has in a special account.
const SPECIAL_ACCOUNT: &str = "2";
/// Lines of one document: all of them fit into one batch.
pub(crate) const LINES: usize = 1_000;

/// What should be heard.
const NOT_HOLDER: u16 = 5010;
const OVER_CONTROL: u16 = 5202;
const SNAPSHOT_DIRTY: u16 = 5206;

fn yuan(fen: i64) -> String {
    Fen::new(fen).to_yuan().to_string()
}

impl Town {
    /// The base data of this year and the next, and this year's beginning.
    pub(super) fn base_data(&mut self) -> Vec<Step> {
        self.know_payees();
        let year = self.year.get();
        vec![
            self.base_data_of(year),
            self.base_data_of(year + 1),
            Step::SetYear { year, state: 1, expected: TAKEN },
        ]
    }

    /// The card and the units of a year, people and payees.
    pub(crate) fn base_data_of(&self, year: u16) -> Step {
        let keeper = self.person(Post::Keeper);
        let lines = self.card().into_iter().chain(self.unit_lines()).chain(self.post_lines());
        Step::Papers { year, list: papers(keeper, "base-put", lines) }
    }

    fn card(&self) -> Vec<String> {
        let (code, name, level) = (self.code(), &self.division.name, self.level());
        let parent = if level == "province" { "" } else { &self.parent_code() };
        let mut lines = vec![
            format!("division\t{code}\t{name}\t{level}\t{parent}\t1\t1\t2022-01-01\tactive"),
            "mof-dep\tyw\t业务科\tbusiness".to_owned(),
        ];
        lines.extend(self.payee_lines());
        lines
    }

    fn unit_lines(&self) -> Vec<String> {
        let unit = |code: &str, name: &str, parent: &str, kind: &str, leaf: u8| {
            let level = if parent.is_empty() { 1 } else { 2 };
            format!(
                "unit\t{code}\t{name}\t{parent}\t{level}\t{kind}\tfull\t{leaf}\t\tyw\t\t\tactive"
            )
        };
        let mut lines = vec![unit(FINANCE, "财政局", "", "administrative", 1)];
        for number in 0..self.departments {
            let code = format!("{}", FIRST_DEPARTMENT + number);
            lines.push(unit(&code, &format!("第{number}主管部门"), "", "administrative", 2));
        }
        for number in 0..self.leaves {
            let department = self.department(number);
            let name = unit_name(number);
            lines.push(unit(&self.unit(number), &name, &department, self.unit_kind, 1));
        }
        lines
    }

    fn post_lines(&self) -> Vec<String> {
        let post = |who: Post, post: &str, unit: &str| {
            format!("post\t{}\t{post}\t{unit}\t张三", self.person(who))
        };
        let mut lines = vec![
            post(Post::Keeper, "base-keeper", ""),
            post(Post::Officer, "budget-officer", ""),
            post(Post::Head, "budget-head", ""),
            post(Post::Clerk, "congress-clerk", ""),
            post(Post::QuotaMaker, "quota-maker", ""),
            post(Post::QuotaChecker, "quota-checker", ""),
            post(Post::Receiver, "quota-maker", ""),
            post(Post::RuleMaker, "rule-maker", ""),
            post(Post::RuleChecker, "rule-checker", ""),
            post(Post::Treasury, "treasury-reviewer", ""),
            post(Post::TreasuryHead, "treasury-head", ""),
        ];
        // A post that names no unit is good for all of them.
        let all = || vec![String::new()];
        let units = if self.shares_desks { all() } else { self.spending_units() };
        for unit in units {
            lines.push(post(Post::UnitMaker, "unit-maker", &unit));
            lines.push(post(Post::UnitChecker, "unit-checker", &unit));
        }
        let departments = if self.shares_desks { all() } else { self.spending_departments() };
        for department in departments {
            lines.push(post(Post::Reviewer, "department-reviewer", &department));
        }
        lines
    }

    /// Units that have rows, finance among them.
    fn spending_units(&self) -> Vec<String> {
        let units = (0..self.spending).map(|number| self.unit(number));
        units.chain([FINANCE.to_owned()]).collect()
    }

    /// Departments that have rows, finance among them.
    fn spending_departments(&self) -> Vec<String> {
        let mut list: Vec<String> = (0..self.spending).map(|unit| self.department(unit)).collect();
        list.dedup();
        list.push(FINANCE.to_owned());
        list
    }

    fn project_list(&self) -> Vec<Project> {
        let mut needs: BTreeMap<u64, i64> = BTreeMap::new();
        for row in self.placed_rows() {
            *needs.entry(row.project.expect("units have projects")).or_default() += row.reply;
        }
        let mut ranks: BTreeMap<String, u64> = BTreeMap::new();
        let of_units = self.project_units.iter().zip(0_u64..);
        let mut list: Vec<_> = of_units
            .filter_map(|(unit, number)| Some(((*unit)?, number)))
            .map(|(unit, number)| {
                let with_rows = needs.get(&number);
                // More than it gets, so that the control figure is what binds.
                let need = with_rows.map_or(10_000_000, |replied| replied * 2);
                let rank = with_rows.filter(|_| is_ranked(number)).map(|_| {
                    let rank = ranks.entry(self.department(unit)).or_default();
                    *rank += 1;
                    *rank
                });
                let (code, unit) = (project_code(number), self.unit(unit));
                Project { code, unit, need, rank, has_rows: with_rows.is_some() }
            })
            .collect();
        let need = self.finance_rows().map(|row| row.reply).sum::<i64>() * 2;
        let (code, unit) = (FINANCE_PROJECT.to_owned(), FINANCE.to_owned());
        list.push(Project { code, unit, need: need.max(100), rank: None, has_rows: true });
        list
    }

    /// Every project with its goal: filed by its unit, reviewed by its department, taken in by finance.
    pub(crate) fn library(&mut self) -> Vec<Step> {
        let list = self.project_list();
        let (maker, checker) = (self.person(Post::UnitMaker), self.person(Post::UnitChecker));
        let (reviewer, officer) = (self.person(Post::Reviewer), self.person(Post::Officer));
        let goal = |Project { code, unit, .. }: &Project| {
            format!(
                "goal\tG-{code}\t{unit}\t按时足额\n\
                 indicator\tG-{code}\t1\toutput-time\t时效\t100%\t50.00\n\
                 indicator\tG-{code}\t2\tbenefit\t效益\t100%\t30.00\n\
                 indicator\tG-{code}\t3\tsatisfaction\t满意度\t95%\t20.00"
            )
        };
        let mut filed = papers(maker, "goal-put", list.iter().map(goal));
        let year = self.year.get();
        let drafts = list.iter().zip(0..).map(|(one, number)| draft(year, one, number));
        filed.extend(papers(maker, "project-draft", drafts));
        let codes = || list.iter().map(|project| project.code.clone());
        // Who wrote it does not send it on.
        let by_maker = self.refused(NOT_HOLDER);
        filed.push(paper(maker, "project-submit", &list[0].code, by_maker));
        filed.extend(papers(checker, "project-submit", codes()));
        filed.extend(papers(reviewer, "project-dept-review", codes()));
        filed.extend(papers(officer, "project-finance-review", codes()));
        let ranks = list.iter().filter_map(|one| Some(format!("{}\t{}", one.code, one.rank?)));
        filed.extend(papers(reviewer, "project-rank", ranks));
        vec![Step::Papers { year, list: filed }]
    }

    fn up(&self, kind: &'static str) -> Vec<Filing> {
        let units = self.spending_units().into_iter().map(|unit| format!("unit\t{unit}"));
        let departments = self.spending_departments().into_iter();
        let departments = departments.map(|unit| format!("department\t{unit}"));
        let mut list = papers(self.person(Post::UnitChecker), kind, units);
        list.extend(papers(self.person(Post::Reviewer), kind, departments));
        list.push(paper(self.person(Post::Officer), kind, "whole", TAKEN));
        list
    }

    fn placed_rows(&self) -> impl Iterator<Item = &Row> {
        self.placed.iter().map(|code| &self.rows[code])
    }

    fn finance_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.kind.is_finances())
    }

    /// The budget is asked for; units register what they earn and write their rows.
    pub(crate) fn first_up(&mut self) -> Vec<Step> {
        let (head, officer) = (self.person(Post::Head), self.person(Post::Officer));
        let maker = self.person(Post::UnitMaker);
        let mut list = vec![paper(head, "budget-open", "财预〔2022〕9号", TAKEN)];
        let mut own: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in self.placed_rows().filter(|row| !row.is_appropriated()) {
            *own.entry((&row.unit, row.fund)).or_default() += row.reply;
        }
        let own = own.into_iter().map(|((unit, fund), fen)| {
            let source = if fund == SPECIAL_ACCOUNT { "special-account" } else { "business" };
            format!("{unit}\t{fund}\t{source}\t{}", yuan(fen))
        });
        list.extend(papers(maker, "income-put", own));
        list.extend(papers(maker, "row-put", self.placed_rows().map(|row| self.row_line(row))));
        list.extend(papers(officer, "row-put", self.finance_rows().map(|row| self.row_line(row))));
        list.extend(self.up("budget-first-up"));
        vec![Step::Papers { year: self.year.get(), list }]
    }

    /// Control figures for each unit, and the projects that are chosen.
    pub(crate) fn first_down(&mut self) -> Vec<Step> {
        let (head, officer) = (self.person(Post::Head), self.person(Post::Officer));
        let mut incomes: BTreeMap<&str, i64> = BTreeMap::new();
        for row in self.rows.values().filter(|row| row.is_appropriated()) {
            *incomes.entry(row.fund).or_default() += row.reply;
        }
        let incomes = incomes.into_iter().map(|(fund, fen)| {
            let source = if fund == GENERAL { "tax" } else { "non-tax" };
            format!("division\t{fund}\t{source}\t{}", yuan(fen))
        });
        let mut figures: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
        for row in self.placed_rows().filter(|row| row.is_appropriated()) {
            let class = class_of(row.project.is_some_and(is_ranked));
            *figures.entry((&row.unit, class, row.fund)).or_default() += row.reply;
        }
        let figures = figures.into_iter();
        let figures = figures
            .map(|((unit, class, fund), fen)| format!("{unit}\t{class}\t{fund}\t{}", yuan(fen)));
        let all = self.project_list();
        let chosen = all.iter().filter(|one| one.has_rows);
        let mut chosen: Vec<_> =
            chosen.map(|one| (one.rank.unwrap_or(0), one.code.clone())).collect();
        chosen.sort();
        let mut list = papers(officer, "income-put", incomes);
        list.extend(papers(officer, "control-put", figures));
        list.extend(papers(officer, "project-select", chosen.into_iter().map(|(_, code)| code)));
        list.push(paper(head, "budget-first-down", "whole", TAKEN));
        vec![Step::Papers { year: self.year.get(), list }]
    }

    /// Rows as they are to be; one of them too large at first. Then the caps of January, and the draft
    /// goes before the congress.
    pub(crate) fn second_up(&mut self) -> Vec<Step> {
        let maker = self.person(Post::UnitMaker);
        let held_to_figure = self.placed_rows().find(|row| row.is_appropriated()).cloned();
        let checker = self.person(Post::UnitChecker);
        let (head, officer) = (self.person(Post::Head), self.person(Post::Officer));
        let mut list = papers(maker, "row-put", self.placed_rows().map(|row| self.row_line(row)));
        list.extend(papers(officer, "row-put", self.finance_rows().map(|row| self.row_line(row))));
        if let Some(row) = held_to_figure {
            let over = Row { reply: row.reply + 1, ..row.clone() };
            list.push(paper(maker, "row-put", &self.row_line(&over), TAKEN));
            let unit = format!("unit\t{}", row.unit);
            let refused = self.refused(OVER_CONTROL);
            list.push(paper(checker, "budget-second-up", &unit, refused));
            list.push(paper(maker, "row-put", &self.row_line(&row), TAKEN));
        }
        list.extend(self.up("budget-second-up"));
        let mut caps: BTreeMap<&str, i64> = BTreeMap::new();
        for row in self.placed_rows().filter(|row| row.early > 0) {
            *caps.entry(&row.unit).or_default() += row.early;
        }
        let caps = caps.into_iter();
        let caps =
            caps.map(|(unit, fen)| format!("{unit}\tobligation\t{}\t预算法第五十四条", yuan(fen)));
        list.extend(papers(officer, "early-cap-put", caps));
        let submitted = paper(head, "budget-submit", &self.digest(), TAKEN);
        list.push(Filing { day: self.day(110), ..submitted });
        vec![Step::Papers { year: self.year.get(), list }]
    }

    /// A day of the year, from month and day.
    fn day(&self, month_day: u32) -> u32 {
        u32::from(self.year.get()) * 10_000 + month_day
    }

    /// What names the draft that is before the congress: XXH3-128 over its rows as they are on file, by
    /// code. Each was asked for and agreed to as it is.
    fn digest(&self) -> String {
        let mut hash = Xxh3::new();
        for row in self.rows.values() {
            let (line, fen) = (self.row_line(row), yuan(row.reply));
            hash.update(format!("{line}\t{fen}\t{fen}\t0.00\t0.00\t{fen}\t2\n").as_bytes());
        }
        format!("{:032x}", hash.digest128())
    }

    /// The congress approves what was before it and nothing else; finance replies.
    pub(crate) fn reply(&mut self) -> Vec<Step> {
        let (clerk, head) = (self.person(Post::Clerk), self.person(Post::Head));
        let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in self.rows.values() {
            *sums.entry((row.fund, row.classes.0)).or_default() += row.reply;
        }
        let table = sums.into_iter();
        let table = table.map(|((fund, class), fen)| format!("{fund}\t{class}\t{}", yuan(fen)));
        let mut list = papers(clerk, "approved-put", table);
        let year = self.year.get();
        let resolution = |digest: &str| format!("人发〔{year}〕1号\t{year}-02-01\t{digest}");
        let dirty = self.refused(SNAPSHOT_DIRTY);
        let other = "0".repeat(32);
        list.push(paper(clerk, "budget-approve", &resolution(&other), dirty));
        list.push(paper(clerk, "budget-approve", &resolution(&self.digest()), TAKEN));
        list.push(paper(head, "budget-reply", "whole", TAKEN));
        let with_day = list.into_iter().map(|one| Filing { day: self.day(201), ..one });
        vec![Step::Papers { year, list: with_day.collect() }]
    }

    /// The reply in one document, which takes every row that is due without naming it; where the reserve
    /// fund waits, documents that name the others.
    pub(crate) fn issue(&mut self) -> Vec<Step> {
        let due: Vec<(String, i64, i64)> = self
            .rows
            .values()
            .filter(|row| !(self.reserve_waits && row.kind == Kind::Reserve))
            .map(|row| (row.code.clone(), row.reply, row.left + row.spent))
            .collect();
        let mut steps = Vec::new();
        if self.reserve_waits {
            for (some, number) in due.chunks(LINES).zip(1..) {
                let deeds: Vec<Deed> =
                    some.iter().map(|(code, reply, _)| Deed::to(code, *reply)).collect();
                steps.extend(self.document(&format!("I{number}"), "initial", "", &deeds, TAKEN));
            }
        } else {
            steps.extend(self.document("I1", "initial", "", &[], TAKEN));
        }
        for (code, reply, there) in &due {
            if self.rows[code].early > 0 {
                self.counts.pre_approval_replaced += 1;
            }
            self.give(code, reply - there);
        }
        steps
    }
}

/// The name of a unit under a department.
pub(super) fn unit_name(number: u64) -> String {
    format!("第{number}事业单位")
}

/// A project that a unit files.
struct Project {
    code: String,
    unit: String,
    /// What it needs this year, in fen.
    need: i64,
    /// Where it stands among those of its department that are chosen by rank.
    rank: Option<u64>,
    /// Whether rows of the budget rest on it.
    has_rows: bool,
}

fn is_ranked(number: u64) -> bool {
    number.is_multiple_of(RANKED_EACH)
}

fn class_of(is_ranked: bool) -> &'static str {
    if is_ranked { "specific" } else { "public" }
}

fn draft(year: u16, one: &Project, number: u64) -> String {
    let Project { code, unit, need, rank, .. } = one;
    let class = class_of(rank.is_some());
    let years = if number.is_multiple_of(LASTING_EACH) { 3 } else { 1 };
    let total = yuan(need * i64::from(years));
    let mut text = format!(
        "project\t{code}\t{code}项目\t{unit}\t{class}\t{year}\t{year}\t{years}\t{total}\t依据\tnone\t0\t\
         G-{code}\t\t"
    );
    for year in year..year + years {
        let _ = write!(text, "\nneed\t{code}\t{year}\t{}", yuan(*need));
    }
    text
}
