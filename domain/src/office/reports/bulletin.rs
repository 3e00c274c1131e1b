//! The half-monthly roll-out bulletin: how far each division is on line, and what lies open.

use std::collections::BTreeMap;

use super::cell::progress_bp;
use super::page::{Form, Report, ReportColumn, RowText, Statement};
use super::question::{NoReport, ReportKind, ReportQuestion};
use super::sources::Sources;
use crate::ids::{Day, DivisionIndex};
use crate::money::FenSum;
use crate::office::field::Field;
use crate::office::tables::base::{Standing, Unit};

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

    fn figures(&self, text: &mut RowText) -> String {
        text.number(self.units).number(self.live).number(self.new);
        text.number(self.payments).number(self.on_line);
        text.perhaps(progress_bp(self.on_line.into(), self.payments.into()));
        text.number(self.parked).number(self.held).number(self.unknown);
        for moves in self.transit {
            text.number(moves);
        }
        text.number(self.transit_fen).line()
    }
}

pub(super) fn report(sources: &Sources<'_>, question: &ReportQuestion) -> Result<Report, NoReport> {
    let scope = sources.scope(question)?;
    let today = sources.today(question.year);
    let mut lines: Vec<(String, DivisionIndex, Line)> = scope
        .divisions()
        .into_iter()
        .map(|division| {
            (sources.code(division), division, line(sources, question, division, today))
        })
        .collect();
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut total, mut text) = (Line::default(), RowText::default());
    let rows = lines.iter().map(|(code, division, line)| {
        total.add(line);
        let card = sources.card((*division, question.year));
        let go_live = card.map(|card| card.go_live);
        text.text(code).text(sources.ledger.places().name(*division));
        let mut written = String::new();
        go_live.write(&mut written);
        text.text(&written).text(state(sources, question, *division, today));
        line.figures(&mut text)
    });
    let rows = rows.collect();
    let total = total.figures(text.text("total 合计").text("").text("").text(""));
    let (title, chinese) = ReportKind::Bulletin.title();
    let mut statements = sources.common_statements(question, &scope);
    statements.retain(|said| &*said.name != "basis");
    let half = half_month(today);
    statements.push(Statement::new(
        "half-month",
        "半月",
        &format!("{half}, of which new units are"),
    ));
    statements.push(Statement::new(
        "on-line",
        "电子化",
        "payments whose order is with the bank, of all that have not ended without paying",
    ));
    let (title, chinese) = (title.into(), chinese.into());
    Ok(Report { title, chinese, statements, columns: columns(), rows, total })
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

fn line(
    sources: &Sources<'_>,
    question: &ReportQuestion,
    division: DivisionIndex,
    today: Day,
) -> Line {
    let book = (division, question.year);
    let mut line = Line::default();
    let units = sources.shelves.office(book).all::<Unit>();
    line.units =
        units.filter(|unit| unit.is_leaf && unit.standing == Standing::Active).count() as u64;
    // A unit is live from its first payment on.
    let mut first: BTreeMap<u32, Day> = BTreeMap::new();
    for cell in sources.ledger.cells(book) {
        line.payments += u64::from(cell.payments);
        line.on_line += u64::from(cell.on_line);
        if let Some(day) = cell.first {
            let known = first.entry(cell.key.unit).or_insert(day);
            *known = (*known).min(day);
        }
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

fn state(
    sources: &Sources<'_>,
    question: &ReportQuestion,
    division: DivisionIndex,
    today: Day,
) -> &'static str {
    match sources.card((division, question.year)) {
        None => "no card 未登记",
        Some(card) if card.standing != Standing::Active => match card.standing {
            Standing::Frozen => "frozen 冻结",
            Standing::Merged => "merged 合并",
            _ => "cancelled 撤销",
        },
        Some(card) if card.go_live > today => "not yet 未上线",
        Some(_) => "live 已上线",
    }
}
