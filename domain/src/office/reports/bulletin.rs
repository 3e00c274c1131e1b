//! The half-monthly roll-out bulletin: how far each division is on line, and what lies open.

use std::collections::{BTreeMap, HashMap};

use super::cell::{Cell, progress_bp};
use super::page::{Form, Report, ReportColumn, RowText, Statement};
use super::question::{By, NoReport, ReportKind, ReportQuestion};
use super::sources::Sources;
use crate::ids::Day;
use crate::money::FenSum;
use crate::office::field::Field;
use crate::office::shelves::Book;
use crate::office::tables::base::{Level, Standing, Subdivision, Unit};

/// Ages of money in transit, in ms: below the first, below the second, and above.
const AGES_MS: [u64; 2] = [24 * 3_600_000, 72 * 3_600_000];

/// One division.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    units: u64,
    live: u64,
    new: u64,
    payments: u64,
    on_line: u64,
    parked: u64,
    held: u64,
    unknown: u64,
    /// Moves by age, and their sum.
    transit: [u64; 3],
    transit_fen: FenSum,
}

impl Line {
    fn add(&mut self, other: &Line) {
        self.units += other.units;
        self.live += other.live;
        self.new += other.new;
        self.payments += other.payments;
        self.on_line += other.on_line;
        self.parked += other.parked;
        self.held += other.held;
        self.unknown += other.unknown;
        self.transit_fen += other.transit_fen;
        for (sum, more) in self.transit.iter_mut().zip(other.transit) {
            *sum += more;
        }
    }

    fn count(&mut self, cell: &Cell) {
        self.payments += u64::from(cell.payments);
        self.on_line += u64::from(cell.on_line);
    }

    /// What lies open is known of a division, and not of its townships.
    fn figures(&self, text: &mut RowText, with_open: bool) -> String {
        text.number(self.units).number(self.live).number(self.new);
        text.number(self.payments).number(self.on_line);
        text.perhaps(progress_bp(self.on_line.into(), self.payments.into()));
        let open = |count: u64| with_open.then_some(count);
        text.perhaps(open(self.parked)).perhaps(open(self.held)).perhaps(open(self.unknown));
        for moves in self.transit {
            text.perhaps(open(moves));
        }
        text.perhaps(with_open.then_some(self.transit_fen)).line()
    }
}

/// A row in the making: its code, its name, from when it runs, where it stands, its figures.
struct Shown {
    code: String,
    name: String,
    go_live: Option<Day>,
    state: &'static str,
    line: Line,
}

pub(super) fn report(sources: &Sources<'_>, question: &ReportQuestion) -> Result<Report, NoReport> {
    let scope = sources.scope(question)?;
    let today = sources.today(question.year);
    let by_township = question.by == By::Township;
    let mut shown = Vec::new();
    for division in scope.divisions() {
        let book = (division, question.year);
        if by_township {
            townships(sources, book, today, &mut shown);
            continue;
        }
        let card = sources.card(book);
        shown.push(Shown {
            code: sources.code(division),
            name: sources.ledger.places().name(division).to_owned(),
            go_live: card.map(|card| card.go_live),
            state: card.map_or("no card 未登记", |card| {
                state(card.standing, Some(card.go_live), today)
            }),
            line: line(sources, book, today),
        });
    }
    shown.sort_by(|a, b| a.code.cmp(&b.code));
    let mut text = RowText::default();
    let rows = shown.iter().map(|row| {
        let mut go_live = String::new();
        row.go_live.write(&mut go_live);
        text.text(&row.code).text(&row.name).text(&go_live).text(row.state);
        row.line.figures(&mut text, !by_township)
    });
    let rows = rows.collect();
    let total = text.text("total 合计").text("").text("").text("");
    let total = sum(&shown).figures(total, !by_township);
    let (title, chinese) = ReportKind::Bulletin.title();
    let mut statements = sources.common_statements(question, &scope);
    statements.retain(|said| &*said.name != "basis");
    let half = format!("{}, in which units_new began", half_month(today));
    statements.push(Statement::new("half-month", "半月", &half));
    statements.push(Statement::new(
        "on-line",
        "电子化",
        "payments whose order is with the bank, of all that have not ended without paying",
    ));
    let (title, chinese) = (title.into(), chinese.into());
    Ok(Report { title, chinese, statements, columns: columns(), rows, total })
}

fn sum(shown: &[Shown]) -> Line {
    shown.iter().fold(Line::default(), |mut sum, row| {
        sum.add(&row.line);
        sum
    })
}

/// The townships of a division, which have no books of their own: their units pay from its quotas.
fn townships(sources: &Sources<'_>, book: Book, today: Day, shown: &mut Vec<Shown>) {
    let office = sources.shelves.office(book);
    let mut lines: BTreeMap<&str, Line> = BTreeMap::new();
    let mut of_unit: HashMap<&str, &str> = HashMap::new();
    for unit in office.all::<Unit>() {
        let Some(township) = unit.township.as_deref() else { continue };
        of_unit.insert(&unit.code, township);
        let active = unit.is_leaf && unit.standing == Standing::Active;
        lines.entry(township).or_default().units += u64::from(active);
    }
    let mut first: BTreeMap<u32, Day> = BTreeMap::new();
    for cell in sources.ledger.cells(book) {
        let Some(township) = of_unit.get(sources.ledger.word(cell.key.unit)) else { continue };
        lines.entry(township).or_default().count(cell);
        note_first(&mut first, cell);
    }
    for (unit, day) in first {
        let Some(township) = of_unit.get(sources.ledger.word(unit)) else { continue };
        let line = lines.entry(township).or_default();
        line.live += 1;
        line.new += u64::from(is_of_half_month(day, today));
    }
    let rows = office.all::<Subdivision>().filter(|row| row.level == Level::Township);
    shown.extend(rows.map(|row| Shown {
        code: row.code.to_string(),
        name: row.name.to_string(),
        go_live: row.go_live,
        state: state(row.standing, row.go_live, today),
        line: lines.get(&*row.code).copied().unwrap_or_default(),
    }));
}

/// The first day of each unit's payments.
fn note_first(first: &mut BTreeMap<u32, Day>, cell: &Cell) {
    if let Some(day) = cell.first {
        let known = first.entry(cell.key.unit).or_insert(day);
        *known = (*known).min(day);
    }
}

fn columns() -> Vec<ReportColumn> {
    let column = ReportColumn::new;
    vec![
        column("division", "区划代码", Form::Text),
        column("division_name", "区划名称", Form::Text),
        column("go_live", "上线日期", Form::Day),
        column("state", "上线状态", Form::Text),
        column("units", "末级单位数", Form::Count),
        column("units_live", "上线单位数", Form::Count),
        column("units_new", "本半月新上线", Form::Count),
        column("payments", "支付笔数", Form::Count),
        column("on_line", "电子支付笔数", Form::Count),
        column("on_line_share", "电子支付占比", Form::BasisPoints),
        column("parked", "挂账", Form::Count),
        column("held", "拦截待处理", Form::Count),
        column("unknown", "状态不明", Form::Count),
        column("transit_day", "在途一日内", Form::Count),
        column("transit_three_days", "在途三日内", Form::Count),
        column("transit_longer", "在途超三日", Form::Count),
        column("transit", "在途金额", Form::Fen),
    ]
}

/// The half of a month a day lies in.
fn half_month(day: Day) -> String {
    let number = day.get();
    let half = if number % 100 <= 15 { "first half 上半月" } else { "second half 下半月" };
    format!("{:04}-{:02} {half}", number / 10_000, number / 100 % 100)
}

fn is_of_half_month(day: Day, today: Day) -> bool {
    let half = |day: Day| (day.get() / 100, day.get() % 100 > 15);
    half(day) == half(today)
}

fn line(sources: &Sources<'_>, book: Book, today: Day) -> Line {
    let mut line = Line::default();
    let units = sources.shelves.office(book).all::<Unit>();
    let active = units.filter(|unit| unit.is_leaf && unit.standing == Standing::Active);
    line.units = active.count() as u64;
    // A unit is live from its first payment on.
    let mut first: BTreeMap<u32, Day> = BTreeMap::new();
    for cell in sources.ledger.cells(book) {
        line.count(cell);
        note_first(&mut first, cell);
    }
    line.live = first.len() as u64;
    line.new = first.values().filter(|day| is_of_half_month(**day, today)).count() as u64;
    if let Some(of) = sources.ledger.books.get(&book) {
        line.parked = of.parked.len() as u64;
        (line.held, line.unknown) = (of.held.into(), of.unknown.into());
    }
    for (_, moved) in sources.ledger.in_transit(book) {
        let age_ms = sources.now_ms.saturating_sub(moved.since_ms);
        let slot = AGES_MS.iter().position(|&limit_ms| age_ms < limit_ms).unwrap_or(AGES_MS.len());
        line.transit[slot] += 1;
        line.transit_fen += FenSum::from(moved.amount);
    }
    line
}

/// Where a division or township stands. Without a day nothing runs.
fn state(standing: Standing, go_live: Option<Day>, today: Day) -> &'static str {
    match standing {
        Standing::Draft => "draft 待启用",
        Standing::Frozen => "frozen 冻结",
        Standing::Merged => "merged 合并",
        Standing::Cancelled => "cancelled 撤销",
        Standing::Active if go_live.is_some_and(|day| day <= today) => "live 已上线",
        Standing::Active => "not yet 未上线",
    }
}
