//! What keys do at a desk.

use domain::codes::Role;
use domain::ids::QuotaId;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Language;
use super::ask::{Ask, Target};
use super::choose::{Choose, Chosen};
use super::core::{Desk, For, Over, Screen};
use super::deeds::{self, Deed};
use super::filling::{Filling, step};
use super::form::Filled;
use super::order::Order;
use super::wish::Wish;
use crate::cli::show;

impl Desk {
    pub(super) fn key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if control && key.code == KeyCode::Char('c') {
            return self.leave();
        }
        match self.over.pop() {
            Some(over) => self.over_key(over, key),
            None if self.screen == Screen::Look && self.look.is_typing => {
                let ask = self.look.type_key(key, &self.setup);
                self.ask_look(ask);
            }
            None if is_plain => self.screen_key(key.code),
            None => {}
        }
    }

    fn leave(&mut self) {
        let asked = matches!(self.over.last(), Some(Over::Leave));
        if self.wish.is_none() || asked {
            self.has_left = true;
        } else {
            self.over.push(Over::Leave);
        }
    }

    /// A key for what lies on top, which was taken off and is put back where it stays.
    fn over_key(&mut self, over: Over, key: KeyEvent) {
        match over {
            Over::Help => {}
            Over::Leave => self.has_left = key.code == KeyCode::Char('y'),
            Over::Said(_) if matches!(key.code, KeyCode::Enter | KeyCode::Esc) => {}
            Over::Said(said) => self.over.push(Over::Said(said)),
            Over::Choose(choose) => self.choose_key(choose, key),
            Over::Confirm(order, warning) => match key.code {
                KeyCode::Char('y' | 'Y') => self.give(*order),
                KeyCode::Esc | KeyCode::Char('n' | 'N') => {}
                _ => self.over.push(Over::Confirm(order, warning)),
            },
            Over::Filling(filling) => self.filling_key(filling, key),
        }
    }

    fn choose_key(&mut self, mut choose: Choose, key: KeyEvent) {
        match choose.key(key, &self.keys, self.setup.book) {
            Chosen::Still => self.over.push(Over::Choose(choose)),
            Chosen::Left => {}
            Chosen::Quota(quota) => {
                (self.quota, self.view, self.trouble) = (Some(quota), None, None);
                self.screen = Screen::Quota;
                self.ask_quota();
            }
        }
    }

    fn filling_key(&mut self, mut filling: Box<Filling>, key: KeyEvent) {
        if filling.is_sent && key.code != KeyCode::Esc {
            // It waits for its answer, and must not be changed meanwhile.
            return self.over.push(Over::Filling(filling));
        }
        match filling.form.key(key) {
            Filled::Left => {}
            Filled::Still => self.over.push(Over::Filling(filling)),
            Filled::Done => {
                let order = self.read(&mut filling);
                let warning = deeds::warning(&filling.purpose);
                self.over.push(Over::Filling(filling));
                if let Some(order) = order {
                    self.over.push(Over::Confirm(Box::new(order), warning));
                }
            }
        }
    }

    /// The order in a form. Its id is drawn once, and kept until the books have ended it.
    fn read(&mut self, filling: &mut Filling) -> Option<Order> {
        if self.wish.is_some() {
            let why = "the answer to the last order is still due 上一笔结果未明";
            filling.form.wrong = Some(why.to_owned());
            return None;
        }
        let id = match filling.id.map_or_else(|| (self.ids)(), Ok) {
            Ok(id) => *filling.id.insert(id),
            Err(why) => {
                filling.form.wrong = Some(why);
                return None;
            }
        };
        match filling.read(self.setup.by, id) {
            Ok(order) => Some(order),
            Err((field, why)) => {
                filling.form.blame(field, why);
                None
            }
        }
    }

    fn give(&mut self, order: Order) {
        if let Some(Over::Filling(filling)) = self.over.last_mut() {
            filling.is_sent = true;
        }
        self.wish = Some(Wish::new(order.clone(), self.now.monotonic_ms));
        self.ask(For::Order, Ask::Give(Box::new(order)));
    }

    fn screen_key(&mut self, code: KeyCode) {
        self.trouble = None;
        match code {
            KeyCode::Char('q') => return self.leave(),
            KeyCode::Char('?') => return self.over.push(Over::Help),
            KeyCode::Char('l') => {
                self.language = match self.language {
                    Language::English => Language::Chinese,
                    Language::Chinese => Language::English,
                };
                return;
            }
            KeyCode::Char('1') => return self.screen = Screen::Quota,
            KeyCode::Char('2') => {
                self.screen = Screen::Lists;
                return self.ask_list();
            }
            KeyCode::Char('3') => return self.screen = Screen::Look,
            KeyCode::Char('g') => return self.open_choice(),
            _ => {}
        }
        match self.screen {
            Screen::Quota => self.quota_key(code),
            Screen::Lists => self.list_key(code),
            Screen::Look => self.look_key(code),
        }
    }

    pub(super) fn open_choice(&mut self) {
        self.over.push(Over::Choose(Choose::new()));
        // Quotas may have been created since.
        self.keys.is_whole = false;
        self.ask_keys();
    }

    fn quota_key(&mut self, code: KeyCode) {
        match (code, self.quota, &self.view) {
            (KeyCode::Char('r'), Some(quota), Some(view)) if self.setup.by.role == Role::Maker => {
                let economic = view.economic;
                let filling = Filling::reserve(quota, economic.as_str(), &self.day(quota));
                self.over.push(Over::Filling(Box::new(filling)));
            }
            (KeyCode::Char('r'), ..) if self.setup.by.role != Role::Maker => {
                let role = self.setup.by.role;
                self.trouble = Some(format!("a {role} does not reserve: start with --role maker"));
            }
            (KeyCode::Enter, ..) => {
                if let Some((_, answered)) = self.answers.front() {
                    self.over.push(Over::Said(Box::new(answered.clone())));
                }
            }
            (KeyCode::Char('R'), ..) => self.ask_quota(),
            _ => {}
        }
    }

    /// The day that stands in a form: today in Beijing where the quota's year has it.
    fn day(&self, quota: QuotaId) -> String {
        let today = show::time(self.now.wall_ms);
        let year = quota.year().get().to_string();
        if today.starts_with(&year) { today[..10].to_owned() } else { format!("{year}-") }
    }

    fn list_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Left | KeyCode::Right => {
                self.lists.turn(code == KeyCode::Left);
                self.ask_list();
            }
            KeyCode::Up | KeyCode::Down => self.lists.step(code == KeyCode::Up),
            KeyCode::PageUp | KeyCode::PageDown => {
                let turned = self.lists.turn_page(code == KeyCode::PageUp);
                if turned {
                    self.ask_list();
                }
            }
            KeyCode::Char('R') => {
                self.lists.again(None);
                self.ask_list();
            }
            KeyCode::Enter => {
                if let Some(payment) = self.lists.selected().map(|row| row.payment) {
                    self.screen = Screen::Look;
                    let ask = self.look.way(payment);
                    self.ask_look(Some(ask));
                }
            }
            KeyCode::Char('m') => self.show_balance(),
            KeyCode::Char(key) => {
                if let Some(target) = self.lists.selected().map(Target::of_listed) {
                    self.begin_deed(key, &target);
                }
            }
            _ => {}
        }
    }

    /// The quota of the chosen payment.
    fn show_balance(&mut self) {
        let listed = self.lists.selected().map(|row| row.quota);
        let quota = if self.screen == Screen::Look { self.look.quota() } else { listed };
        if let Some(quota) = quota {
            (self.quota, self.view) = (Some(quota), None);
            self.screen = Screen::Quota;
            self.ask_quota();
        }
    }

    fn look_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char('/') => self.look.begin(),
            KeyCode::Char('f') => self.look.turn(),
            KeyCode::Char('R') => {
                let again = self.look.payment().map(|payment| self.look.way(payment));
                self.ask_look(again);
            }
            KeyCode::Char('m') => self.show_balance(),
            KeyCode::Char(key) => {
                if let Some(target) = self.look.target() {
                    self.begin_deed(key, &target);
                }
            }
            code => {
                let ask = self.look.step_key(code);
                self.ask_look(ask);
            }
        }
    }

    /// Begins what a key stands for: fills in what it needs, or asks for a yes.
    fn begin_deed(&mut self, key: char, target: &Target) {
        let by = self.setup.by;
        let Some(deed) = deeds::of_key(by, target, key) else { return };
        if self.wish.is_some() {
            self.trouble = Some("the answer to the last order is still due 上一笔结果未明".into());
            return;
        }
        if let Some(filling) = deeds::form(deed, target, &self.day(target.quota)) {
            return self.over.push(Over::Filling(Box::new(filling)));
        }
        let Deed::Step(kind) = deed else { return };
        // A step without a form needs no number of its own.
        let order = step(by, kind, target, 0, "");
        self.over.push(Over::Confirm(Box::new(order), None));
    }
}
