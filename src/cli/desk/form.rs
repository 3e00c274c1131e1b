//! A form: fields that are filled in by keys. Knows texts and cursors, and nothing of what they mean.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Bytes a field takes at most; what a whole command may take is checked when it is made.
const FIELD_BYTES_MAX: usize = 1024;

/// One field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// By what the form's reader asks for it.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) chinese: &'static str,
    /// What may stand there, said while it is filled in.
    pub(super) hint: &'static str,
    pub(super) text: String,
    /// In bytes, on a boundary of a character.
    cursor: usize,
    /// What it may be; empty: any text.
    choices: &'static [&'static str],
}

impl Field {
    pub(super) fn new(
        name: &'static str,
        label: &'static str,
        chinese: &'static str,
        hint: &'static str,
    ) -> Field {
        let choices = &[];
        Field { name, label, chinese, hint, text: String::new(), cursor: 0, choices }
    }

    /// With a text that stands there from the beginning.
    pub(super) fn with(mut self, text: impl Into<String>) -> Field {
        self.text = text.into();
        self.cursor = self.text.len();
        self
    }

    /// One of a few, the first from the beginning.
    pub(super) fn of(mut self, choices: &'static [&'static str]) -> Field {
        self.choices = choices;
        self.with(choices[0])
    }

    /// The text before the cursor.
    pub(super) fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    fn key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let types = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Left | KeyCode::Right | KeyCode::Char(' ') if !self.choices.is_empty() => {
                self.choose(key.code == KeyCode::Left);
            }
            _ if !self.choices.is_empty() => {}
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char(c) if types && !c.is_control() && self.has_room_for(c) => {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
            KeyCode::Backspace => {
                if let Some(c) = self.before_cursor().chars().next_back() {
                    self.cursor -= c.len_utf8();
                    self.text.remove(self.cursor);
                }
            }
            KeyCode::Delete if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => {
                let c = self.before_cursor().chars().next_back();
                self.cursor -= c.map_or(0, char::len_utf8);
            }
            KeyCode::Right => {
                let c = self.text[self.cursor..].chars().next();
                self.cursor += c.map_or(0, char::len_utf8);
            }
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => {}
        }
    }

    fn has_room_for(&self, c: char) -> bool {
        self.text.len() + c.len_utf8() <= FIELD_BYTES_MAX
    }

    fn choose(&mut self, back: bool) {
        let count = self.choices.len();
        let at = self.choices.iter().position(|choice| *choice == self.text).unwrap_or(0);
        self.text = self.choices[(at + if back { count - 1 } else { 1 }) % count].to_owned();
        self.cursor = self.text.len();
    }
}

/// What a key made of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Still,
    /// It is to be read.
    Done,
    /// It is to be thrown away.
    Left,
}

/// Fields, one of which is filled in now.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) fields: Vec<Field>,
    pub(super) at: usize,
    /// What is wrong, and stands until the next key.
    pub(super) wrong: Option<String>,
}

impl Form {
    pub(super) fn new(fields: Vec<Field>) -> Form {
        Form { fields, at: 0, wrong: None }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Filled {
        self.wrong = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let last = self.fields.len() - 1;
        match key.code {
            KeyCode::Esc => return Filled::Left,
            KeyCode::Char('s') if control => return Filled::Done,
            KeyCode::Enter if self.at == last => return Filled::Done,
            KeyCode::Tab | KeyCode::Down | KeyCode::Enter => self.at = (self.at + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => self.at = self.at.saturating_sub(1),
            _ => self.fields[self.at].key(key),
        }
        Filled::Still
    }

    /// The text of a field, without blanks around it.
    pub(super) fn text(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map_or("", |field| field.text.trim())
    }

    /// Says what is wrong with a field, and goes there.
    pub(super) fn blame(&mut self, name: &str, why: impl Into<String>) {
        if let Some(at) = self.fields.iter().position(|field| field.name == name) {
            self.at = at;
        }
        self.wrong = Some(why.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(form: &mut Form, code: KeyCode) -> Filled {
        form.key(KeyEvent::from(code))
    }

    fn two() -> Form {
        let text = Field::new("payee", "payee", "收款人", "");
        let choice = Field::new("kind", "kind", "类型", "").of(&["single", "card"]);
        Form::new(vec![text, choice])
    }

    #[test]
    fn texts_are_edited_by_character_not_by_byte() {
        let mut form = two();
        "齐鲁x店".chars().for_each(|c| {
            press(&mut form, KeyCode::Char(c));
        });
        press(&mut form, KeyCode::Left);
        press(&mut form, KeyCode::Backspace);
        assert_eq!(form.text("payee"), "齐鲁店");
        press(&mut form, KeyCode::Home);
        press(&mut form, KeyCode::Delete);
        press(&mut form, KeyCode::Char('\u{1b}'));
        assert_eq!(form.text("payee"), "鲁店");
        form.key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL));
        assert_eq!(form.text("payee"), "鲁店", "a control key types nothing");
    }

    #[test]
    fn a_field_has_a_bound() {
        let mut form = two();
        (0..FIELD_BYTES_MAX + 5).for_each(|_| {
            press(&mut form, KeyCode::Char('x'));
        });
        assert_eq!(form.text("payee").len(), FIELD_BYTES_MAX);
    }

    #[test]
    fn choices_turn_and_the_last_enter_is_the_end() {
        let mut form = two();
        assert_eq!(press(&mut form, KeyCode::Enter), Filled::Still);
        press(&mut form, KeyCode::Char(' '));
        assert_eq!(form.text("kind"), "card");
        press(&mut form, KeyCode::Char('z'));
        press(&mut form, KeyCode::Left);
        assert_eq!(form.text("kind"), "single");
        assert_eq!(press(&mut form, KeyCode::Enter), Filled::Done);
        assert_eq!(press(&mut form, KeyCode::Esc), Filled::Left);
    }
}
