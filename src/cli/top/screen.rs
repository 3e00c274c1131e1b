//! The screen of `top`: a state, what keys do to it, and how it is drawn. Knows no terminal.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::reading::Reading;
use super::view::View;
use crate::cli::bench::grouped;

/// Rates that are remembered for the little chart.
const RATES_MAX: usize = 60;

/// The bars of the chart, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What the person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Stay,
    Leave,
}

/// What is on the screen.
pub(super) struct Screen {
    server: String,
    before: Option<Reading>,
    now: Option<Reading>,
    /// Why there is no newer reading.
    trouble: Option<String>,
    rates: VecDeque<u64>,
    paused: bool,
    help: bool,
}

impl Screen {
    pub(super) fn new(server: impl Into<String>) -> Screen {
        let rates = VecDeque::with_capacity(RATES_MAX);
        let server = server.into();
        Screen { server, before: None, now: None, trouble: None, rates, paused: false, help: false }
    }

    /// Whether the picture stands still.
    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Wish {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Wish::Leave,
            KeyCode::Char('q') => return Wish::Leave,
            KeyCode::Esc if !self.help => return Wish::Leave,
            KeyCode::Char('p' | ' ') => self.paused = !self.paused,
            KeyCode::Char('?') => self.help = !self.help,
            KeyCode::Esc => self.help = false,
            _ => {}
        }
        Wish::Stay
    }

    /// Takes a reading, or why there is none.
    pub(super) fn take(&mut self, reading: Result<Reading, String>) {
        match reading {
            Ok(reading) => {
                self.trouble = None;
                self.before = self.now.replace(reading);
                if let Some(rate) = self.view().and_then(|view| view.records_per_second()) {
                    if self.rates.len() == RATES_MAX {
                        self.rates.pop_front();
                    }
                    self.rates.push_back(rate);
                }
            }
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    fn view(&self) -> Option<View<'_>> {
        self.now.as_ref().map(|now| View::new(self.before.as_ref(), now))
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let [body, keys] = rows(area);
        let lines = if self.help { help() } else { self.body(usize::from(body.height)) };
        frame.render_widget(Paragraph::new(lines), body);
        let pause = if self.paused { "p go on" } else { "p pause" };
        let text = format!(" q quit  {pause}  ? help");
        let style = Style::new().add_modifier(Modifier::REVERSED);
        let padded = format!("{text:<width$}", width = usize::from(keys.width));
        frame.render_widget(Paragraph::new(Line::styled(padded, style)), keys);
    }

    fn body(&self, height: usize) -> Vec<Line<'static>> {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let warn = bold.fg(Color::Yellow);
        let mut title = vec![Span::styled(format!("treasury top  {}", self.server), bold)];
        if self.paused {
            title.push(Span::styled("  PAUSED", warn));
        }
        let mut lines = vec![Line::from(title)];
        let Some(view) = self.view() else {
            lines.extend(self.trouble.iter().map(|text| Line::styled(text.clone(), warn)));
            return lines;
        };
        lines.push(Line::from(view.title()));
        let note = view.now.note.as_str();
        if !note.is_empty() {
            lines.push(Line::styled(note.to_owned(), warn));
        }
        if let Some(trouble) = &self.trouble {
            lines.push(Line::styled(format!("! {trouble}"), warn));
        }
        lines.push(Line::default());
        for (name, text) in view.lines() {
            let style = if name == "alarms" && view.has_alarms() { warn } else { Style::new() };
            let chart = if name == "throughput" { self.chart() } else { String::new() };
            lines.push(Line::from(vec![
                Span::styled(format!("{name:<12}"), bold),
                Span::styled(text, style),
                Span::raw(chart),
            ]));
        }
        lines.push(Line::default());
        lines.push(Line::styled(
            format!("{:<24}{:>16}{:>14}", "outcome", "total", "a second"),
            bold,
        ));
        let outcomes = view.outcomes();
        let room = height.saturating_sub(lines.len());
        // The last line of a full screen says how many are not on it.
        let shown = if outcomes.len() > room { room.saturating_sub(1) } else { outcomes.len() };
        for (code, count, rate) in &outcomes[..shown] {
            let rate = rate.map_or_else(String::new, grouped);
            lines.push(Line::from(format!("{code:<24}{:>16}{rate:>14}", grouped(*count))));
        }
        if shown < outcomes.len() {
            lines.push(Line::from(format!("and {} more codes", outcomes.len() - shown)));
        }
        lines
    }

    /// The rates as bars; the highest fills its cell.
    fn chart(&self) -> String {
        let most = self.rates.iter().copied().max().unwrap_or(0).max(1);
        let bar = |rate: &u64| {
            let step = u128::from(*rate) * (BARS.len() as u128 - 1) / u128::from(most);
            BARS[step as usize]
        };
        let shown = self.rates.len().saturating_sub(40);
        format!("  {}", self.rates.iter().skip(shown).map(bar).collect::<String>())
    }
}

/// The room for the picture, and the line of keys at the bottom.
fn rows(area: Rect) -> [Rect; 2] {
    let height = area.height.saturating_sub(1);
    let keys = Rect { y: area.y + height, height: area.height.min(1), ..area };
    [Rect { height, ..area }, keys]
}

fn help() -> Vec<Line<'static>> {
    const TEXT: &str = "\
treasury top

throughput   records made durable a second, and the last readings as bars
replies      from admission to release: at most so long, for 50, 90, 99 and
             99.9 % of the commands and look-ups answered between two readings
queues       replies gathered or held for the disk; commands at the shards;
             questions at the directory; frames answered busy
journal      groups and bytes written; waits for a segment not filled yet
checkpoint   records a start would replay, and how long at the planned speed
pages        settled payments brought into memory, and put out of it
laws         what was checked for L1 to L9 where divisions stand, and what of
             it breaks one: then run verify
alarms       quotas set aside since the start (an operator revives them);
             facts put into suspense since the start (finance resolves them)
outcome      answers to commands by code; treasury explain CODE tells each

p or space   pause and go on        ? or Esc   close this page
q or Ctrl-C  quit";
    TEXT.lines().map(Line::from).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::cli::golden;
    use crate::cli::top::reading::tests::health;

    fn metrics(scale: u64) -> String {
        let mut text = String::new();
        for (name, value) in [
            ("journal_records_total", 120_000 * scale),
            ("journal_groups_total", 450 * scale),
            ("journal_bytes_total", 48_000_000 * scale),
            ("journal_segment_waits_total", 0),
            ("replies_held", 310),
            ("commands_in_flight", 4_100),
            ("questions_open", 2),
            ("busy_frames_total", 7 * scale),
            ("connections", 12),
            ("connections_failed_total", 1),
            ("checkpoint_sequence", 100_000 * scale),
            ("checkpoint_bytes", 7 << 20),
            ("payment_pages_in_total", 3 * scale),
            ("payment_pages_out_total", 40 * scale),
            ("directory_sequence", 119_000 * scale),
            ("directory_payments", 30_000 * scale),
            ("quarantines_total", 0),
            ("facts_parked_total", 2),
            ("outcomes_total{code=\"accepted\"}", 118_000 * scale),
            ("outcomes_total{code=\"over-quota\"}", 1_500 * scale),
            ("outcomes_total{code=\"plan-exceeded\"}", 500 * scale),
            ("reply_microseconds_bucket{le=\"1024\"}", 60_000 * scale),
            ("reply_microseconds_bucket{le=\"4096\"}", 118_000 * scale),
            ("reply_microseconds_bucket{le=\"16384\"}", 120_000 * scale),
            ("reply_microseconds_bucket{le=\"+Inf\"}", 120_000 * scale),
        ] {
            text.push_str(&format!("treasury_{name} {value}\n"));
        }
        text
    }

    fn reading(at: u64) -> Reading {
        Reading::new(at * 1_000, &health(3, 120_000 * at), &metrics(at))
    }

    fn drawn(screen: &Screen, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a buffer");
        terminal.draw(|frame| screen.draw(frame)).expect("a drawing");
        golden::text_of(terminal.backend().buffer())
    }

    #[test]
    fn a_loaded_server_fits_on_a_small_terminal() {
        let mut screen = Screen::new("127.0.0.1:7370");
        (1..=3).for_each(|at| screen.take(Ok(reading(at))));
        golden::check("top-loaded", &drawn(&screen, 80, 24));
        screen.key(KeyEvent::from(KeyCode::Char('?')));
        golden::check("top-help", &drawn(&screen, 80, 24));
    }

    #[test]
    fn what_cannot_be_shown_is_said() {
        let mut screen = Screen::new("127.0.0.1:7370");
        screen.take(Err("no answer within the deadline".to_owned()));
        assert!(drawn(&screen, 80, 24).contains("no answer"));
        screen.take(Ok(reading(1)));
        assert!(drawn(&screen, 80, 24).contains("no rate yet"));
        assert!(drawn(&screen, 80, 16).contains("and 3 more codes"));
        // Too small for anything is no reason to fall over.
        drawn(&screen, 3, 1);
    }

    #[test]
    fn keys_pause_help_and_leave() {
        let mut screen = Screen::new("s");
        let press = |screen: &mut Screen, code| screen.key(KeyEvent::from(code));
        press(&mut screen, KeyCode::Char('p'));
        assert!(screen.is_paused());
        press(&mut screen, KeyCode::Char(' '));
        assert!(!screen.is_paused());
        press(&mut screen, KeyCode::Char('?'));
        assert_eq!(press(&mut screen, KeyCode::Esc), Wish::Stay, "closes the help");
        assert_eq!(press(&mut screen, KeyCode::Esc), Wish::Leave);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(screen.key(interrupt), Wish::Leave);
    }
}
