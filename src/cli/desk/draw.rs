//! How a desk is drawn: a title, what has to be known at once, the screen or what lies over it, and
//! the keys. Changes nothing.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::choose::Choose;
use super::core::{Desk, Over, Screen};
use super::deeds;
use super::filling::Filling;
use super::form::{Field, Form};
use super::help;
use super::order::Order;
use super::panes;
use super::text::{cut, fit, width, wrap};
use super::wish::Answered;
use crate::cli::show::yuan;

/// Cells of a field's label, with its mark.
const LABEL_CELLS: usize = 30;

/// Lines, and where the cursor stands in them.
#[derive(Default)]
pub(super) struct Drawn {
    pub(super) lines: Vec<Line<'static>>,
    pub(super) cursor: Option<(u16, u16)>,
}

impl Drawn {
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.lines.push(Line::from(text.into()));
    }

    pub(super) fn styled(&mut self, text: impl Into<String>, style: Style) {
        self.lines.push(Line::styled(text.into(), style));
    }

    pub(super) fn gap(&mut self) {
        self.lines.push(Line::default());
    }

    /// A text in as many lines as it takes, set in.
    pub(super) fn long(&mut self, text: &str, cells: usize, indent: usize, style: Style) {
        for line in wrap(text, cells.saturating_sub(indent)) {
            self.styled(format!("{}{line}", " ".repeat(indent)), style);
        }
    }
}

pub(super) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

pub(super) fn warn() -> Style {
    bold().fg(Color::Yellow)
}

pub(super) fn draw(desk: &Desk, frame: &mut Frame<'_>) {
    let area = frame.area();
    let cells = usize::from(area.width);
    let mut top = vec![Line::styled(fit(&title(desk), cells), bold())];
    top.push(Line::styled(cut(&banner(desk), cells), warn()));
    let above = top.len() as u16;
    let body = Rect {
        y: area.y + above.min(area.height),
        height: area.height.saturating_sub(above + 1),
        ..area
    };
    let drawn = over(desk, cells).unwrap_or_else(|| match desk.screen {
        Screen::Quota => panes::quota(desk, cells),
        Screen::Lists => panes::lists(desk, cells, usize::from(body.height)),
        Screen::Look => panes::look(desk, cells, usize::from(body.height)),
    });
    frame.render_widget(Paragraph::new(top), Rect { height: area.height.min(above), ..area });
    if body.height > 0 {
        frame.render_widget(Paragraph::new(drawn.lines), body);
        if let Some((x, y)) = drawn.cursor.filter(|(_, y)| *y < body.height) {
            let x = x.min(area.width.saturating_sub(1));
            frame.set_cursor_position(Position { x: body.x + x, y: body.y + y });
        }
    }
    let bottom =
        Rect { y: area.y + area.height.saturating_sub(1), height: area.height.min(1), ..area };
    let keys = fit(&format!(" {}", help::keys(desk)), cells);
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    frame.render_widget(Paragraph::new(Line::styled(keys, reversed)), bottom);
}

fn title(desk: &Desk) -> String {
    let setup = &desk.setup;
    let place = match setup.book {
        Some((division, year)) => format!("{}/{}", division.0, year.get()),
        None => "all divisions".to_owned(),
    };
    let screen = match desk.screen {
        Screen::Quota => "balance 余额",
        Screen::Lists => "worklists 待办",
        Screen::Look => "look up 查询",
    };
    let unit = if setup.unit.is_empty() { String::new() } else { format!("  unit {}", setup.unit) };
    format!(
        "treasury desk  {screen}  {} {}  {place}{unit}  {} {}",
        setup.by.role, setup.by.person.0, setup.server, setup.environment
    )
}

/// What has to be known whatever is looked at: an outcome that is open, or a trouble.
fn banner(desk: &Desk) -> String {
    if let Some(wish) = &desk.wish {
        let seconds = desk.now.monotonic_ms.saturating_sub(wish.since_ms) / 1000;
        let line = wish.order.line();
        return match wish.is_doubted {
            false => format!("sent, {seconds} s 已发出: {line}"),
            true => format!(
                "! UNKNOWN 结果不明 {seconds} s, sent {} times, one id; {}: {line}",
                wish.sendings, wish.met
            ),
        };
    }
    desk.trouble.as_deref().map_or_else(String::new, |why| format!("! {why}"))
}

fn over(desk: &Desk, cells: usize) -> Option<Drawn> {
    Some(match desk.over.last()? {
        Over::Help => {
            let mut drawn = Drawn::default();
            help::TEXT.lines().for_each(|line| drawn.say(line));
            drawn
        }
        Over::Choose(choose) => choice(desk, choose, cells),
        Over::Filling(filling) => filled(desk, filling, cells),
        Over::Confirm(order, warning) => confirm(order, *warning, cells),
        Over::Said(said) => answered(said, cells),
        Over::Leave => leave(desk, cells),
    })
}

fn leave(desk: &Desk, cells: usize) -> Drawn {
    let mut drawn = Drawn::default();
    drawn.styled("Leave, though an order's outcome is open? 结果未明，仍要退出？", warn());
    drawn.gap();
    if let Some(order) = desk.open_order() {
        drawn.long(&order.line(), cells, 2, bold());
        drawn.say(format!("  payment 编号 {}", order.payment));
    }
    drawn.gap();
    drawn.long(
        "It may have been taken. Its id is printed when you leave: look it up before anything is \
         given in its place.",
        cells,
        0,
        Style::new(),
    );
    drawn
}

fn field_lines(drawn: &mut Drawn, form: &Form, cells: usize) {
    for (index, field) in form.fields.iter().enumerate() {
        let is_here = index == form.at;
        let mark = if is_here { ">" } else { " " };
        let label = fit(&format!("{mark} {} {}", field.label, field.chinese), LABEL_CELLS);
        let room = cells.saturating_sub(LABEL_CELLS + 1);
        let (seen, at) = window(field, room);
        let style = if is_here { bold() } else { Style::new() };
        if is_here {
            drawn.cursor = Some(((LABEL_CELLS + at) as u16, drawn.lines.len() as u16));
        }
        drawn.lines.push(Line::from(vec![Span::styled(label, style), Span::styled(seen, style)]));
    }
}

/// As much of a field as there is room for, with its cursor in it.
fn window(field: &Field, room: usize) -> (String, usize) {
    let mut text = field.text.as_str();
    let mut at = width(field.before_cursor());
    while at >= room.max(1) {
        let Some(c) = text.chars().next() else { break };
        text = &text[c.len_utf8()..];
        at -= width(c.encode_utf8(&mut [0; 4])).min(at);
    }
    (cut(text, room), at)
}

fn wrong_or_hint(drawn: &mut Drawn, form: &Form, cells: usize) {
    drawn.gap();
    match &form.wrong {
        Some(wrong) => drawn.long(&format!("! {wrong}"), cells, 0, warn()),
        None => drawn.long(form.fields[form.at].hint, cells, 2, Style::new()),
    }
}

fn choice(desk: &Desk, choose: &Choose, cells: usize) -> Drawn {
    let mut drawn = Drawn::default();
    drawn.styled("Choose a quota 选择指标", bold());
    field_lines(&mut drawn, &choose.form, cells);
    wrong_or_hint(&mut drawn, &choose.form, cells);
    drawn.gap();
    let Some((division, year)) = desk.setup.book else {
        drawn.say("  by id alone: the desk was opened without --division and --year");
        return drawn;
    };
    let (count, more) = (desk.keys.count(), if desk.keys.is_whole { "" } else { ", reading on" });
    drawn.say(format!("  {count} quotas of {}/{}{more}", division.0, year.get()));
    let matches = desk.keys.having(choose.form.text("quota"));
    // What was chosen stays in sight.
    for (index, (serial, key)) in matches.iter().enumerate().skip(choose.at.saturating_sub(10)) {
        let mark = if index == choose.at { ">" } else { " " };
        let id = fit(&format!("{}/{}/{serial}", division.0, year.get()), 16);
        let style = if index == choose.at { bold() } else { Style::new() };
        drawn.styled(format!("{mark} {id}{}", cut(key, cells.saturating_sub(18))), style);
    }
    drawn
}

fn filled(desk: &Desk, filling: &Filling, cells: usize) -> Drawn {
    let mut drawn = Drawn::default();
    drawn.styled(filling.title(), bold());
    match filling.target() {
        Some(target) => {
            let payee = if target.payee.is_empty() { "(no payee named)" } else { &target.payee };
            drawn.say(cut(&format!("  {}  {payee}", yuan(target.amount_fen)), cells));
            drawn.say(format!("  payment 编号 {}", target.payment));
            drawn.gap();
        }
        None => {
            let available = desk.view.as_ref().map(|view| view.buckets.available());
            let available = available.map_or_else(String::new, |fen| yuan(domain::Fen::new(fen)));
            drawn.say(format!("  available 可用 {available}"));
        }
    }
    field_lines(&mut drawn, &filling.form, cells);
    if let Some(warning) = deeds::warning(&filling.purpose) {
        drawn.styled(format!("! {warning}"), warn());
    }
    wrong_or_hint(&mut drawn, &filling.form, cells);
    drawn
}

fn confirm(order: &Order, warning: Option<&'static str>, cells: usize) -> Drawn {
    let mut drawn = Drawn::default();
    drawn.styled("Give this? 确认办理？", bold());
    drawn.gap();
    drawn.styled(format!("  {}", order.name()), bold());
    drawn.styled(format!("  {}", yuan(order.amount_fen)), bold());
    drawn.styled(format!("  {}", cut(order.payee(), cells.saturating_sub(2))), bold());
    drawn.gap();
    drawn.say(format!("  payment 编号 {}", order.payment));
    drawn.say(format!("  quota 指标   {}", order.quota));
    drawn.say(format!("  by 经办      person {} as {}", order.by.person.0, order.by.role));
    if let Some(warning) = warning {
        drawn.gap();
        drawn.styled(format!("! {warning}"), warn());
    }
    drawn
}

fn answered(said: &Answered, cells: usize) -> Drawn {
    let mut drawn = Drawn::default();
    drawn.styled(cut(&said.order.line(), cells), bold());
    drawn.say(format!("payment 编号 {}", said.order.payment));
    if said.sendings > 1 {
        drawn.say(format!(
            "certain after {} sendings, one id 经{}次发送确认",
            said.sendings, said.sendings
        ));
    }
    drawn.gap();
    for (index, line) in said.lines().iter().enumerate() {
        let style = match index {
            0 if said.is_taken() => bold().fg(Color::Green),
            0 => warn(),
            _ => Style::new(),
        };
        drawn.long(line, cells, 2, style);
    }
    drawn
}
