//! Choosing a quota: by its id, or by a part of its official key among those of the desk's division
//! and year.

use domain::ids::QuotaId;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::ask::{Book, KeysPage};
use super::form::{Field, Filled, Form};
use crate::cli::arguments;

/// Keys of quotas that a desk keeps at most.
const KEYS_MAX: usize = 65_536;

/// Matches that are shown to choose from.
const MATCHES_MAX: usize = 200;

/// The official keys of a book's quotas, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Keys {
    names: Vec<String>,
    /// Every key there was at the last reading is here.
    pub(super) is_whole: bool,
}

impl Keys {
    /// The serial the next reading begins with; nothing, at the bound.
    pub(super) fn next(&self) -> Option<u64> {
        (self.names.len() < KEYS_MAX).then_some(self.names.len() as u64)
    }

    pub(super) fn take(&mut self, page: KeysPage) {
        if page.from == self.names.len() as u64 {
            let room = KEYS_MAX - self.names.len();
            self.names.extend(page.keys.into_iter().take(room));
            self.is_whole = page.is_end;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// Serials and keys that have a text in them.
    pub(super) fn having(&self, part: &str) -> Vec<(u64, &str)> {
        let all = self.names.iter().enumerate().map(|(serial, key)| (serial as u64, key.as_str()));
        all.filter(|(_, key)| key.contains(part)).take(MATCHES_MAX).collect()
    }
}

/// A choice on its way.
#[derive(Debug)]
pub(super) struct Choose {
    pub(super) form: Form,
    /// Which of the matches.
    pub(super) at: usize,
}

/// What a key made of a choice.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    Still,
    Left,
    Quota(QuotaId),
}

impl Choose {
    pub(super) fn new() -> Choose {
        let field =
            Field::new("quota", "key or id", "指标", "part of a key, or division/year/serial");
        Choose { form: Form::new(vec![field]), at: 0 }
    }

    pub(super) fn key(&mut self, key: KeyEvent, keys: &Keys, book: Option<Book>) -> Chosen {
        let matches = keys.having(self.form.text("quota"));
        match key.code {
            KeyCode::Down => self.at = (self.at + 1).min(matches.len().saturating_sub(1)),
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Enter => return self.choose(&matches, book),
            _ => {
                let before = self.form.text("quota").to_owned();
                if self.form.key(key) == Filled::Left {
                    return Chosen::Left;
                }
                if self.form.text("quota") != before {
                    self.at = 0;
                }
            }
        }
        Chosen::Still
    }

    fn choose(&mut self, matches: &[(u64, &str)], book: Option<Book>) -> Chosen {
        let text = self.form.text("quota").to_owned();
        if let Ok(quota) = arguments::quota(&text) {
            return Chosen::Quota(quota);
        }
        match (book, matches.get(self.at)) {
            (Some((division, year)), Some((serial, _))) => {
                return Chosen::Quota(QuotaId::new(division, year, *serial));
            }
            (Some(_), None) => {
                let why = format!("no quota's key has {text:?} in it; give another part, or an id");
                self.form.blame("quota", why);
            }
            (None, _) => {
                let why = "by key with --division and --year alone; give an id, like 184/2022/17";
                self.form.blame("quota", why);
            }
        }
        Chosen::Still
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{DivisionIndex, FiscalYear};

    use super::*;

    fn keys() -> Keys {
        let mut keys = Keys::default();
        let names = ["101001/2010301", "101001/2050203", "101002/2010301"];
        let names: Vec<String> = names.map(str::to_owned).to_vec();
        keys.take(KeysPage { from: 0, keys: names, is_end: false });
        keys
    }

    #[test]
    fn a_quota_is_chosen_by_a_part_of_its_key_or_by_its_id() {
        let (keys, book) = (keys(), Some((DivisionIndex(5), FiscalYear::from_offset(22))));
        let mut choose = Choose::new();
        let press = |choose: &mut Choose, code| choose.key(KeyEvent::from(code), &keys, book);
        for c in "20103".chars() {
            press(&mut choose, KeyCode::Char(c));
        }
        press(&mut choose, KeyCode::Down);
        press(&mut choose, KeyCode::Down);
        let Chosen::Quota(quota) = press(&mut choose, KeyCode::Enter) else { panic!("chosen") };
        assert_eq!(quota.to_string(), "5/2022/2");
        for c in "x".chars() {
            press(&mut choose, KeyCode::Char(c));
        }
        assert_eq!(press(&mut choose, KeyCode::Enter), Chosen::Still);
        assert!(choose.form.wrong.is_some());
        let mut by_id = Choose::new();
        for c in "184/2022/17".chars() {
            by_id.key(KeyEvent::from(KeyCode::Char(c)), &keys, None);
        }
        let Chosen::Quota(quota) = by_id.key(KeyEvent::from(KeyCode::Enter), &keys, None) else {
            panic!("chosen")
        };
        assert_eq!(quota.to_string(), "184/2022/17");
    }

    #[test]
    fn a_page_that_does_not_go_on_is_not_taken() {
        let mut keys = keys();
        keys.take(KeysPage { from: 1, keys: vec!["twice".into()], is_end: true });
        assert_eq!((keys.count(), keys.is_whole), (3, false));
        keys.take(KeysPage { from: 3, keys: vec![], is_end: true });
        assert!(keys.is_whole && keys.next() == Some(3));
    }
}
