//! Execution: what was spent of what may be spent, by whatever the rows stand for.
//!
//! Every sum is over cells, each of which is of one division's own level and holds money that no
//! other holds: a sum over an area counts no fen twice. Transfers to lower divisions are no spending
//! of the upper one and are left out, at its own level too (L6), so that an area is the sum of its
//! divisions.

use std::collections::HashMap;

use super::calendar::{TenDays, time_progress_bp};
use super::cell::{Cell, Plan, QuotaKind, progress_bp};
use super::ledger::QuotaFigures;
use super::page::{Form, Report, ReportColumn, RowText, Statement};
use super::question::{By, NoReport, ReportKind, ReportQuestion};
use super::sources::{Scope, Sources};
use crate::ids::{Class, Day, DivisionIndex};
use crate::limits::REPORT_ROWS_MAX;
use crate::money::{FenSum, yuan_grouped};
use crate::office::tables::base::{Subdivision, Unit};

/// Sums of one row.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    budget: FenSum,
    planned: FenSum,
    reserved: FenSum,
    period: FenSum,
    spent: FenSum,
    payments: u64,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.budget += other.budget;
        self.planned += other.planned;
        self.reserved += other.reserved;
        self.period += other.period;
        self.spent += other.spent;
        self.payments += other.payments;
    }
}

/// What is left out of a report that says so.
#[derive(Default)]
struct LeftOut {
    transfers: FenSum,
    carried: FenSum,
    plans: u64,
    planned: FenSum,
}

/// Whether a cell is one the question is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meant {
    Yes,
    No,
    /// It is a transfer to lower divisions.
    Transfer,
    /// It is carry-over, and that is not to count.
    Carried,
}

/// What a row stands for, as two numbers.
type RowKey = (u64, u64);

struct Work<'w, 's> {
    sources: &'w Sources<'s>,
    question: &'w ReportQuestion,
    scope: Scope,
    functional: Class,
    fund: Class,
    /// The period of the report, both ends included.
    first: TenDays,
    last: TenDays,
    left_out: LeftOut,
}

/// The report; rows by payment are [`super::payments`]'.
///
/// # Errors
/// When the question names what is not there.
pub(super) fn report(sources: &Sources<'_>, question: &ReportQuestion) -> Result<Report, NoReport> {
    let scope = sources.scope(question)?;
    let class = |text: &str| Class::new(text).unwrap_or(Class::ANY);
    let (functional, fund) = (class(&question.functional), class(&question.fund));
    let (first, last) = period(sources, question);
    let left_out = LeftOut::default();
    let work = Work { sources, question, scope, functional, fund, first, last, left_out };
    match question.by {
        By::Quota => work.by_quota(),
        By::Month | By::TenDays => Ok(work.by_time()),
        _ => work.by_cells(),
    }
}

/// The periods a report is about, both ends included.
fn period(sources: &Sources<'_>, question: &ReportQuestion) -> (TenDays, TenDays) {
    let here = || {
        let day = sources.ledger.business_day(question.year);
        day.map_or(TenDays::ADJUSTMENT, |day| TenDays::of(day, question.year))
    };
    match question.kind {
        ReportKind::TenDay => {
            let last = question.upto.unwrap_or_else(here);
            (last, last)
        }
        ReportKind::Monthly => {
            let month = question.upto.unwrap_or_else(here).month().unwrap_or(13);
            (TenDays::first_of_month(month), TenDays::last_of_month(month))
        }
        _ => (TenDays::FIRST, question.upto.unwrap_or(TenDays::ADJUSTMENT)),
    }
}

impl Work<'_, '_> {
    fn meant(&self, cell: &Cell) -> Meant {
        let unit = self.sources.ledger.word(cell.key.unit);
        let meant = unit.starts_with(&*self.question.unit)
            && self.functional.covers(cell.key.functional)
            && self.fund.covers(cell.key.fund);
        match cell.key.kind {
            _ if !meant => Meant::No,
            _ if cell.key.transfer => Meant::Transfer,
            QuotaKind::Carried if !self.question.carry_over => Meant::Carried,
            _ => Meant::Yes,
        }
    }

    fn sums(&self, cell: &Cell) -> Sums {
        let mut sums = Sums {
            budget: cell.funds.own(),
            reserved: cell.reserved,
            payments: cell.payments.into(),
            ..Sums::default()
        };
        for (period, spent) in cell.periods().iter().filter(|(period, _)| *period <= self.last) {
            let amount = self.question.basis.of(*spent);
            sums.spent += amount;
            if *period >= self.first {
                sums.period += amount;
            }
        }
        sums
    }

    /// Visits every cell the question is about, and counts what is left out.
    fn visit(&mut self, mut visit: impl FnMut(&Self, &Cell)) {
        let ledger = self.sources.ledger;
        for &division in &self.scope.divisions() {
            for cell in ledger.cells((division, self.question.year)) {
                match self.meant(cell) {
                    Meant::Yes => visit(self, cell),
                    Meant::No => {}
                    Meant::Transfer => self.left_out.transfers += cell.funds.own(),
                    Meant::Carried => self.left_out.carried += cell.funds.own(),
                }
            }
        }
    }

    /// Visits every plan whose quotas are all of one row, with the cell of one of them; a plan of
    /// several is left out, unless rows are divisions and nothing is filtered.
    fn visit_plans(&mut self, mut visit: impl FnMut(&Self, RowKey, &Plan)) {
        let (ledger, question) = (self.sources.ledger, self.question);
        let filtered = [&question.unit, &question.functional, &question.fund];
        let unfiltered = question.carry_over && filtered.iter().all(|text| text.is_empty());
        let whole = matches!(question.by, By::Division | By::Area | By::Month | By::TenDays);
        for &division in &self.scope.divisions() {
            let Some(book) = ledger.books.get(&(division, question.year)) else { continue };
            for plan in book.plans.values() {
                let Some(cell) = plan.cell.map(|cell| ledger.cell(cell)) else { continue };
                if plan.several && !(unfiltered && whole) {
                    self.left_out.plans += 1;
                    self.left_out.planned += self.planned(plan);
                } else if plan.several || self.meant(cell) == Meant::Yes {
                    visit(self, self.row_key(cell), plan);
                }
            }
        }
    }

    /// What is planned up to the end of the last month of the report.
    fn planned(&self, plan: &Plan) -> FenSum {
        let months = usize::from(self.last.month().unwrap_or(12));
        plan.months[..months].iter().map(|&fen| FenSum::from(fen)).sum()
    }

    fn row_key(&self, cell: &Cell) -> RowKey {
        let division = u64::from(cell.key.division.0);
        let class = |class: Class, digits: usize| {
            let mut bytes = class.0;
            bytes[digits..].fill(0);
            (u64::from_be_bytes(bytes), 0)
        };
        match self.question.by {
            By::Area => (self.scope.area[&cell.key.division].0.into(), 0),
            By::Unit => (division, cell.key.unit.into()),
            By::Township => (division, self.township(cell)),
            By::Function => class(cell.key.functional, 3),
            By::FunctionGroup => class(cell.key.functional, 5),
            By::FunctionItem => class(cell.key.functional, 7),
            By::Fund => class(cell.key.fund, 8),
            By::Kind => (cell.key.kind as u64, 0),
            _ => (division, 0),
        }
    }

    /// The code of the township of a cell's unit as a number; 0: none.
    fn township(&self, cell: &Cell) -> u64 {
        let book = (cell.key.division, self.question.year);
        let office = self.sources.shelves.office(book);
        let unit = office.get::<Unit>(self.sources.ledger.word(cell.key.unit));
        unit.and_then(|unit| unit.township.as_deref()?.parse().ok()).unwrap_or(0)
    }

    fn by_cells(mut self) -> Result<Report, NoReport> {
        let mut rows: HashMap<RowKey, Sums> = HashMap::new();
        if matches!(self.question.by, By::Division | By::Area) {
            // A division of which nothing is known yet has its row all the same.
            let by_area = self.question.by == By::Area;
            let shown =
                |(own, head): (&DivisionIndex, &DivisionIndex)| if by_area { *head } else { *own };
            rows.extend(
                self.scope.area.iter().map(shown).map(|d| ((d.0.into(), 0), Sums::default())),
            );
        }
        self.visit(|work, cell| {
            rows.entry(work.row_key(cell)).or_default().add(&work.sums(cell));
        });
        self.visit_plans(|work, key, plan| {
            rows.entry(key).or_default().planned += work.planned(plan);
        });
        if rows.len() > REPORT_ROWS_MAX {
            return Err(NoReport::TooManyRows);
        }
        let mut named: Vec<(Vec<String>, Sums)> =
            rows.into_iter().map(|(key, sums)| (self.names(key), sums)).collect();
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut total = Sums::default();
        named.iter().for_each(|(_, sums)| total.add(sums));
        let mut columns = self.key_columns();
        let keys = columns.len();
        columns.extend(self.figure_columns());
        let mut text = RowText::default();
        let rows = named.iter().map(|(names, sums)| {
            names.iter().for_each(|name| {
                text.text(name);
            });
            self.figures(&mut text, sums)
        });
        let rows = rows.collect();
        let total = self.figures(sum_names(&mut text, keys), &total);
        Ok(self.finish(columns, rows, total))
    }

    /// What rows are called, in the order of [`Work::key_columns`].
    fn names(&self, (first, second): RowKey) -> Vec<String> {
        let sources = self.sources;
        let division = |number: u64| DivisionIndex(number as u16);
        let class = |bits: u64| {
            let class = Class(bits.to_be_bytes());
            if class == Class::ANY { "none".to_owned() } else { class.as_str().to_owned() }
        };
        match self.question.by {
            By::Unit => {
                let unit = sources.ledger.word(second as u32);
                let book = (division(first), self.question.year);
                let shown = if unit.is_empty() { "none" } else { unit };
                let name = sources.unit_name(book, unit);
                vec![sources.code(division(first)), shown.to_owned(), name.to_owned()]
            }
            By::Township => {
                let code = if second == 0 { String::new() } else { format!("{second:09}") };
                let office = sources.shelves.office((division(first), self.question.year));
                let row = office.get::<Subdivision>(&code);
                let name = row.map_or("without townships", |row| &row.name).to_owned();
                vec![sources.code(division(first)), code, name]
            }
            By::Function | By::FunctionGroup | By::FunctionItem | By::Fund => vec![class(first)],
            By::Kind => {
                let kind = QuotaKind::ALL[first as usize];
                vec![kind.slug().to_owned(), kind.chinese().to_owned()]
            }
            _ => {
                let division = division(first);
                let level = sources.level((division, self.question.year));
                let name = sources.ledger.places().name(division);
                vec![sources.code(division), name.to_owned(), level.to_owned()]
            }
        }
    }

    fn key_columns(&self) -> Vec<ReportColumn> {
        let text = |name, chinese| ReportColumn::new(name, chinese, Form::Text);
        match self.question.by {
            By::Unit => vec![
                text("division", "区划代码"),
                text("unit", "单位代码"),
                text("unit_name", "单位名称"),
            ],
            By::Township => vec![
                text("division", "区划代码"),
                text("township", "乡镇代码"),
                text("township_name", "乡镇名称"),
            ],
            By::Function => vec![text("function", "支出功能分类(类)")],
            By::FunctionGroup => vec![text("function", "支出功能分类(款)")],
            By::FunctionItem => vec![text("function", "支出功能分类(项)")],
            By::Fund => vec![text("fund", "资金性质")],
            By::Kind => vec![text("kind", "指标类型"), text("kind_name", "类型名称")],
            By::Quota => {
                vec![text("quota", "指标"), text("key", "指标编码"), text("kind", "指标类型")]
            }
            By::Month | By::TenDays => {
                vec![text("period", "期间"), text("period_name", "期间名称")]
            }
            _ => vec![
                text("division", "区划代码"),
                text("division_name", "区划名称"),
                text("level", "预算级次"),
            ],
        }
    }

    fn has_period(&self) -> bool {
        matches!(self.question.kind, ReportKind::TenDay | ReportKind::Monthly)
    }

    fn figure_columns(&self) -> Vec<ReportColumn> {
        let column = ReportColumn::new;
        let mut columns = vec![
            column("budget", "当前指标数", Form::Fen),
            column("planned", "累计用款计划", Form::Fen),
        ];
        match self.question.kind {
            ReportKind::TenDay => columns.push(column("ten_days", "本旬执行数", Form::Fen)),
            ReportKind::Monthly => columns.push(column("month", "本月执行数", Form::Fen)),
            _ => {}
        }
        columns.extend([
            column("spent", "累计执行数", Form::Fen),
            column("progress", "执行进度", Form::BasisPoints),
            column("ahead", "与时间进度相差", Form::BasisPoints),
            column("reserved", "占用数", Form::Fen),
            column("payments", "支付笔数", Form::Count),
        ]);
        columns
    }

    fn figures(&self, text: &mut RowText, sums: &Sums) -> String {
        text.number(sums.budget).number(sums.planned);
        if self.has_period() {
            text.number(sums.period);
        }
        let progress = progress_bp(sums.spent, sums.budget);
        let ahead = progress.map(|done| done - self.time_bp());
        text.number(sums.spent).perhaps(progress).perhaps(ahead);
        text.number(sums.reserved).number(sums.payments).line()
    }

    fn day(&self) -> Day {
        let business = self.sources.today(self.question.year);
        if self.has_period() || self.question.upto.is_some() {
            self.last.last_day(self.question.year).min(business)
        } else {
            business
        }
    }

    fn time_bp(&self) -> i64 {
        time_progress_bp(self.day(), self.question.year)
    }

    fn by_time(mut self) -> Report {
        let by_month = self.question.by == By::Month;
        // A slot for each month or ten-day period, and the adjustment period last.
        let slot = move |period: TenDays| match period.month() {
            _ if !by_month => usize::from(period.number()),
            Some(month) => usize::from(month) - 1,
            None => 12,
        };
        let mut budget = 0;
        let mut spent = [0; TenDays::ADJUSTMENT.number() as usize + 1];
        let mut planned = [0; 12];
        self.visit(|work, cell| {
            budget += cell.funds.own();
            for (period, amount) in cell.periods() {
                if *period <= work.last {
                    spent[slot(*period)] += work.question.basis.of(*amount);
                }
            }
        });
        self.visit_plans(|_, _, plan| {
            for (sum, &fen) in planned.iter_mut().zip(&plan.months) {
                *sum += FenSum::from(fen);
            }
        });
        let (mut rows, mut so_far, mut planned_all) = (Vec::new(), 0, 0);
        let mut text = RowText::default();
        for (at, amount) in spent.iter().enumerate().take(slot(self.last) + 1) {
            let number = if by_month { at as u8 * 3 + 2 } else { at as u8 };
            let period = TenDays::from_number(number).unwrap_or(TenDays::ADJUSTMENT);
            let plan = match (by_month, period.month()) {
                (true, Some(month)) => Some(planned[usize::from(month) - 1]),
                _ => None,
            };
            so_far += amount;
            planned_all += plan.unwrap_or(0);
            let last_day = period.last_day(self.question.year);
            self.period_names(&mut text, period, by_month);
            text.number(budget).perhaps(plan).number(amount).number(so_far);
            text.perhaps(progress_bp(so_far, budget));
            rows.push(text.number(time_progress_bp(last_day, self.question.year)).line());
        }
        let text = sum_names(&mut text, 2);
        text.number(budget).perhaps(by_month.then_some(planned_all)).number(so_far).number(so_far);
        let total = text.perhaps(progress_bp(so_far, budget)).number(self.time_bp()).line();
        let mut columns = self.key_columns();
        let column = ReportColumn::new;
        columns.extend([
            column("budget", "当前指标数", Form::Fen),
            column("planned", "当期用款计划", Form::Fen),
            column("spent", "当期执行数", Form::Fen),
            column("so_far", "累计执行数", Form::Fen),
            column("progress", "执行进度", Form::BasisPoints),
            column("time", "时间进度", Form::BasisPoints),
        ]);
        self.finish(columns, rows, total)
    }

    fn period_names(&self, text: &mut RowText, period: TenDays, by_month: bool) {
        let year = self.question.year;
        match period.month() {
            Some(month) if by_month => {
                text.text(&format!("{}-{month:02}", year.get())).text(&format!("{month}月"));
            }
            _ => {
                text.text(&period.name(year)).text(&period.chinese());
            }
        }
    }

    fn by_quota(mut self) -> Result<Report, NoReport> {
        let &[division] = &*self.scope.divisions() else { return Err(NoReport::ManyDivisions) };
        if self.question.upto.is_some() || self.has_period() {
            return Err(NoReport::NoPeriods);
        }
        let mut total = (QuotaFigures::default(), 0);
        let (mut rows, mut text) = (Vec::new(), RowText::default());
        let ledger = self.sources.ledger;
        for (id, figures, cell) in ledger.quotas((division, self.question.year)) {
            if rows.len() >= REPORT_ROWS_MAX {
                return Err(NoReport::TooManyRows);
            }
            if self.meant(cell) == Meant::Yes {
                text.number(id).text((self.sources.key)(id)).text(cell.key.kind.slug());
                rows.push(self.quota_figures(&mut text, &figures));
                total.0.own += figures.own;
                total.0.reserved += figures.reserved;
                total.0.spent = total.0.spent.and(figures.spent);
                total.1 += 1;
            }
        }
        // Counts what is left out.
        self.visit(|_, _| {});
        let mut columns = self.key_columns();
        let column = ReportColumn::new;
        columns.extend([
            column("budget", "当前指标数", Form::Fen),
            column("spent", "累计执行数", Form::Fen),
            column("progress", "执行进度", Form::BasisPoints),
            column("reserved", "占用数", Form::Fen),
        ]);
        let total = self.quota_figures(sum_names(&mut text, 3), &total.0);
        Ok(self.finish(columns, rows, total))
    }

    fn quota_figures(&self, text: &mut RowText, figures: &QuotaFigures) -> String {
        let spent = self.question.basis.of(figures.spent);
        text.number(figures.own).number(spent);
        text.perhaps(progress_bp(spent, figures.own)).number(figures.reserved).line()
    }

    fn finish(self, columns: Vec<ReportColumn>, rows: Vec<String>, total: String) -> Report {
        let (title, chinese) = self.question.kind.title();
        let statements = self.statements();
        let (title, chinese) = (title.into(), chinese.into());
        Report { title, chinese, statements, columns, rows, total }
    }

    fn statements(&self) -> Vec<Statement> {
        let question = self.question;
        let mut said = self.sources.common_statements(question, &self.scope);
        let mut say = |name, chinese, text: &str| said.push(Statement::new(name, chinese, text));
        let carry = match question.carry_over {
            true => "in, 含结转".to_owned(),
            false => format!("out, 不含结转: {} left out", yuan_grouped(self.left_out.carried)),
        };
        say("carry-over", "结转", &carry);
        let transfers = yuan_grouped(self.left_out.transfers);
        let transfers = format!("left out, 不含对下转移支付: {transfers} not yet handed down");
        say("transfers", "转移支付", &transfers);
        let (first, last) = (self.first.name(question.year), self.last.name(question.year));
        say("period", "期间", &format!("{first} to {last}"));
        let day = self.day().get();
        let (year, month, date) = (day / 10_000, day / 100 % 100, day % 100);
        let time = self.time_bp();
        let time = format!("{}.{:02}% by {year:04}-{month:02}-{date:02}", time / 100, time % 100);
        say("time-progress", "时间进度", &time);
        for (name, chinese, text) in [
            ("unit", "预算单位", &question.unit),
            ("function", "支出功能分类", &question.functional),
            ("fund", "资金性质", &question.fund),
        ] {
            if !text.is_empty() {
                say(name, chinese, &format!("{text} and below"));
            }
        }
        if self.left_out.plans > 0 {
            let (plans, fen) = (self.left_out.plans, yuan_grouped(self.left_out.planned));
            let text = format!("{plans} plans of several rows are left out of planned: {fen}");
            say("plans", "用款计划", &text);
        }
        said
    }
}

/// The name of a sum, and nothing in the other columns of names.
fn sum_names(text: &mut RowText, columns: usize) -> &mut RowText {
    text.text("total 合计");
    (1..columns).for_each(|_| {
        text.text("");
    });
    text
}
