//! From base data to the reply.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::money::Fen;

use super::YEAR;
use super::paper::{Filing, Step, TAKEN, paper, papers};
use super::town::{FINANCE, FINANCE_PROJECT, Post, Row, Town};

/// Of so many projects that rows rest on, one is ranked and chosen by its rank.
const RANKED_EACH: u64 = 3;
/// Of so many projects one is for three years.
const LASTING_EACH: u64 = 5;

/// What should be heard.
const NOT_HOLDER: u16 = 5010;
const OVER_CONTROL: u16 = 5202;
const SNAPSHOT_DIRTY: u16 = 5206;

fn yuan(fen: i64) -> String {
    Fen::new(fen).to_yuan().to_string()
}

impl Town {
    /// The card and the units of both years, people and payees.
    pub(super) fn base_data(&mut self) -> Vec<Step> {
        self.know_payees();
        let mut steps = Vec::new();
        for year in [YEAR, YEAR + 1] {
            let keeper = self.person(Post::Keeper);
            let lines = self.card().into_iter().chain(self.unit_lines()).chain(self.post_lines());
            steps.push(Step::Papers { year, list: papers(keeper, "base-put", lines) });
        }
        steps.push(Step::SetYear { year: YEAR, state: 1, expected: TAKEN });
        steps
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
        for number in 0..self.departments() {
            let code = format!("{}", 101 + number);
            lines.push(unit(&code, &format!("第{number}主管部门"), "", "administrative", 2));
        }
        for number in 0..self.leaves() {
            let department = self.department(number);
            let name = unit_name(number);
            lines.push(unit(&self.unit(number), &name, &department, "public-one", 1));
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
        let spending = (0..self.spending()).map(|number| self.unit(number));
        for unit in spending.chain([FINANCE.to_owned()]) {
            lines.push(post(Post::UnitMaker, "unit-maker", &unit));
            lines.push(post(Post::UnitChecker, "unit-checker", &unit));
        }
        for department in self.spending_departments() {
            lines.push(post(Post::Reviewer, "department-reviewer", &department));
        }
        lines
    }

    /// Departments that have rows, finance among them.
    fn spending_departments(&self) -> Vec<String> {
        let mut list: Vec<String> =
            (0..self.spending()).map(|unit| self.department(unit)).collect();
        list.dedup();
        list.push(FINANCE.to_owned());
        list
    }

    fn project_list(&self) -> Vec<Project> {
        let mut ranks: BTreeMap<String, u64> = BTreeMap::new();
        let spending = self.spending();
        let mut list: Vec<_> = (0..self.projects - 1)
            .map(|number| {
                let code = format!("P{number:06}");
                let row = self.placed.get(number as usize).map(|row| &self.rows[row]);
                let unit = row.map_or_else(|| self.unit(number % spending), |row| row.unit.clone());
                // More than it gets, so that the control figure is what binds.
                let need = row.map_or(10_000_000, |row| row.reply * 2);
                let rank = row.filter(|_| is_ranked(number)).map(|_| {
                    let rank = ranks.entry(unit[..3].to_owned()).or_default();
                    *rank += 1;
                    *rank
                });
                Project { code, unit, need, rank }
            })
            .collect();
        let of_finance = self.rows.values().filter(|row| row.unit == FINANCE);
        let need = of_finance.map(|row| row.reply).sum::<i64>() * 2;
        let (code, unit) = (FINANCE_PROJECT.to_owned(), FINANCE.to_owned());
        list.push(Project { code, unit, need, rank: None });
        list
    }

    /// Every project with its goal: filed by its unit, reviewed by its department, taken in by finance.
    pub(super) fn library(&mut self) -> Vec<Step> {
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
        filed.extend(papers(maker, "project-draft", list.iter().zip(0..).map(draft)));
        let codes = || list.iter().map(|project| project.code.clone());
        // Who wrote it does not send it on.
        let by_maker = self.refused(NOT_HOLDER);
        filed.push(paper(maker, "project-submit", &list[0].code, by_maker));
        filed.extend(papers(checker, "project-submit", codes()));
        filed.extend(papers(reviewer, "project-dept-review", codes()));
        filed.extend(papers(officer, "project-finance-review", codes()));
        let ranks = list.iter().filter_map(|one| Some(format!("{}\t{}", one.code, one.rank?)));
        filed.extend(papers(reviewer, "project-rank", ranks));
        vec![Step::Papers { year: YEAR, list: filed }]
    }

    fn up(&self, kind: &'static str) -> Vec<Filing> {
        let units =
            (0..self.spending()).map(|number| self.unit(number)).chain([FINANCE.to_owned()]);
        let units = units.map(|unit| format!("unit\t{unit}"));
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
        self.rows.values().filter(|row| row.unit == FINANCE)
    }

    /// The budget is asked for; units register what they earn and write their rows.
    pub(super) fn first_up(&mut self) -> Vec<Step> {
        let (head, officer) = (self.person(Post::Head), self.person(Post::Officer));
        let maker = self.person(Post::UnitMaker);
        let mut list = vec![paper(head, "budget-open", "财预〔2022〕9号", TAKEN)];
        let own = self.placed_rows().filter(|row| row.fund == "31");
        let own = own.map(|row| format!("{}\t31\tbusiness\t{}", row.unit, yuan(row.reply)));
        list.extend(papers(maker, "income-put", own));
        list.extend(papers(maker, "row-put", self.placed_rows().map(|row| self.row_line(row))));
        list.extend(papers(officer, "row-put", self.finance_rows().map(|row| self.row_line(row))));
        list.extend(self.up("budget-first-up"));
        vec![Step::Papers { year: YEAR, list }]
    }

    /// Control figures for each unit, and the projects that are chosen.
    pub(super) fn first_down(&mut self) -> Vec<Step> {
        let (head, officer) = (self.person(Post::Head), self.person(Post::Officer));
        let general = self.rows.values().filter(|row| row.fund == "111");
        let income: i64 = general.map(|row| row.reply).sum();
        let mut figures: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for (row, number) in self.placed_rows().zip(0_u64..) {
            if row.fund == "111" {
                *figures.entry((&row.unit, class_of(is_ranked(number)))).or_default() += row.reply;
            }
        }
        let figures = figures.into_iter();
        let figures =
            figures.map(|((unit, class), fen)| format!("{unit}\t{class}\t111\t{}", yuan(fen)));
        let all = self.project_list();
        let chosen = |(number, one): (usize, &Project)| {
            let has_rows = number < self.placed.len() || one.code == FINANCE_PROJECT;
            has_rows.then(|| (one.rank.unwrap_or(0), one.code.clone()))
        };
        let mut chosen: Vec<_> = all.iter().enumerate().filter_map(chosen).collect();
        chosen.sort();
        let mut list = vec![paper(
            officer,
            "income-put",
            &format!("division\t111\ttax\t{}", yuan(income)),
            TAKEN,
        )];
        list.extend(papers(officer, "control-put", figures));
        list.extend(papers(officer, "project-select", chosen.into_iter().map(|(_, code)| code)));
        list.push(paper(head, "budget-first-down", "whole", TAKEN));
        vec![Step::Papers { year: YEAR, list }]
    }

    /// Rows as they are to be; one of them too large at first. Then the caps of January, and the draft
    /// goes before the congress.
    pub(super) fn second_up(&mut self) -> Vec<Step> {
        let maker = self.person(Post::UnitMaker);
        let over = {
            let row = self.placed_rows().next().expect("a division has rows");
            Row { reply: row.reply + 1, ..row.clone() }
        };
        let checker = self.person(Post::UnitChecker);
        let (head, officer) = (self.person(Post::Head), self.person(Post::Officer));
        let mut list = papers(maker, "row-put", self.placed_rows().map(|row| self.row_line(row)));
        list.extend(papers(officer, "row-put", self.finance_rows().map(|row| self.row_line(row))));
        list.push(paper(maker, "row-put", &self.row_line(&over), TAKEN));
        let unit = format!("unit\t{}", over.unit);
        let refused = self.refused(OVER_CONTROL);
        list.push(paper(checker, "budget-second-up", &unit, refused));
        let first = &self.rows[&self.placed[0]];
        list.push(paper(maker, "row-put", &self.row_line(first), TAKEN));
        list.extend(self.up("budget-second-up"));
        let mut caps: BTreeMap<&str, i64> = BTreeMap::new();
        for row in self.placed_rows().filter(|row| row.early > 0) {
            *caps.entry(&row.unit).or_default() += row.early;
        }
        let caps = caps.into_iter();
        let caps =
            caps.map(|(unit, fen)| format!("{unit}\tobligation\t{}\t预算法第五十四条", yuan(fen)));
        list.extend(papers(officer, "early-cap-put", caps));
        let submitted = paper(head, "budget-submit", "{digest}", TAKEN);
        list.push(Filing { day: YEAR as u32 * 10_000 + 110, ..submitted });
        vec![Step::Papers { year: YEAR, list }]
    }

    /// The congress approves what was before it and nothing else; finance replies.
    pub(super) fn reply(&mut self) -> Vec<Step> {
        let (clerk, head) = (self.person(Post::Clerk), self.person(Post::Head));
        let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in self.rows.values() {
            *sums.entry((row.fund, row.classes().0)).or_default() += row.reply;
        }
        let table = sums.into_iter();
        let table = table.map(|((fund, class), fen)| format!("{fund}\t{class}\t{}", yuan(fen)));
        let mut list = papers(clerk, "approved-put", table);
        let resolution = |digest: &str| format!("人发〔{YEAR}〕1号\t{YEAR}-02-01\t{digest}");
        let dirty = self.refused(SNAPSHOT_DIRTY);
        let other = "0".repeat(32);
        list.push(paper(clerk, "budget-approve", &resolution(&other), dirty));
        list.push(paper(clerk, "budget-approve", &resolution("{digest}"), TAKEN));
        list.push(paper(head, "budget-reply", "whole", TAKEN));
        let with_day =
            list.into_iter().map(|one| Filing { day: YEAR as u32 * 10_000 + 201, ..one });
        vec![Step::Papers { year: YEAR, list: with_day.collect() }]
    }

    /// The reply in one document, which takes every row that is due without naming it.
    pub(super) fn issue(&mut self) -> Vec<Step> {
        let due: Vec<(String, i64, i64)> = self
            .rows
            .values()
            .map(|row| (row.code.clone(), row.reply, row.left + row.spent))
            .collect();
        let steps = self.document("I1", "initial", "", &[], TAKEN);
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
}

fn is_ranked(number: u64) -> bool {
    number.is_multiple_of(RANKED_EACH)
}

fn class_of(is_ranked: bool) -> &'static str {
    if is_ranked { "specific" } else { "public" }
}

fn draft((Project { code, unit, need, rank }, number): (&Project, u64)) -> String {
    let class = class_of(rank.is_some());
    let years = if number.is_multiple_of(LASTING_EACH) { 3 } else { 1 };
    let total = yuan(need * i64::from(years));
    let mut text = format!(
        "project\t{code}\t{code}项目\t{unit}\t{class}\t{YEAR}\t{YEAR}\t{years}\t{total}\t依据\tnone\t0\t\
         G-{code}\t\t"
    );
    for year in YEAR..YEAR + years {
        let _ = write!(text, "\nneed\t{code}\t{year}\t{}", yuan(*need));
    }
    text
}
