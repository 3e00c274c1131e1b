//! Looking a payment up: by its id or an official number; then its whole way in words, or what the
//! bank and the central bank reported about it.

use domain::ids::{PaymentId, QuotaId};
use protocol::Position;
use protocol::directory::{Asked, ListPayments, ListedPayment, PaymentFilter, PaymentPage};
use protocol::limits::DIRECTORY_WAIT_MS_MAX;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::Setup;
use super::ask::{Ask, Target, Way};
use super::form::{Field, Filled, Form};
use super::text::wrap;
use crate::cli::arguments;
use crate::cli::payment::now::Both;

/// Payments with one official number that are offered.
const FOUND_MAX: u16 = 50;

/// What is seen of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Way,
    Receipts,
}

/// What is looked up, and what was found.
pub(super) struct Look {
    pub(super) form: Form,
    pub(super) is_typing: bool,
    pub(super) is_asked: bool,
    /// Several payments with one official number.
    pub(super) found: Vec<ListedPayment>,
    pub(super) at: usize,
    pub(super) ways: Vec<Way>,
    pub(super) side: Side,
    /// Lines above the first that is seen.
    pub(super) scroll: usize,
    pub(super) trouble: Option<String>,
}

impl Look {
    pub(super) fn new() -> Look {
        let hint = "a payment's id or an official number";
        let field = Field::new("what", "look up", "查询", hint);
        Look {
            form: Form::new(vec![field]),
            is_typing: true,
            is_asked: false,
            found: Vec::new(),
            at: 0,
            ways: Vec::new(),
            side: Side::Way,
            scroll: 0,
            trouble: None,
        }
    }

    /// The payment that something can be done with: the one that is seen.
    pub(super) fn target(&self) -> Option<Target> {
        self.ways.first().and_then(Target::of_way)
    }

    /// The payment whose way is seen, accepted or not.
    pub(super) fn payment(&self) -> Option<PaymentId> {
        self.ways.first().map(|way| way.payment)
    }

    /// The quota behind it.
    pub(super) fn quota(&self) -> Option<QuotaId> {
        self.ways.first().and_then(|way| way.view.as_ref()).map(|view| view.quota)
    }

    /// Begins to type.
    pub(super) fn begin(&mut self) {
        let field = self.form.fields[0].clone().with("");
        self.form = Form::new(vec![field]);
        self.is_typing = true;
    }

    /// Takes a key while the text is typed; gives the question once it is whole.
    pub(super) fn type_key(&mut self, key: KeyEvent, setup: &Setup) -> Option<Ask> {
        match self.form.key(key) {
            Filled::Still => None,
            Filled::Left => {
                self.is_typing = false;
                None
            }
            Filled::Done => {
                let text = self.form.text("what").to_owned();
                if text.is_empty() {
                    self.form.blame("what", "give a payment's id, or an official number");
                    return None;
                }
                self.is_typing = false;
                Some(match arguments::payment(&text) {
                    Ok(id) => self.way(id),
                    Err(_) => self.by_number(text, setup),
                })
            }
        }
    }

    /// Asks for a payment's way.
    pub(super) fn way(&mut self, id: PaymentId) -> Ask {
        (self.is_asked, self.is_typing, self.trouble) = (true, false, None);
        self.found.clear();
        if self.payment() != Some(id) {
            self.ways.clear();
            self.scroll = 0;
        }
        Ask::Way(id)
    }

    fn by_number(&mut self, number: String, setup: &Setup) -> Ask {
        (self.is_asked, self.trouble) = (true, None);
        (self.scroll, self.at) = (0, 0);
        self.ways.clear();
        self.found.clear();
        let asked = Asked {
            wait_for: Position::default(),
            wait_ms: DIRECTORY_WAIT_MS_MAX,
            items: FOUND_MAX,
            newest_first: true,
            ..Asked::default()
        };
        let filter = PaymentFilter {
            division: setup.book.map(|(division, _)| division),
            year: setup.book.map(|(_, year)| year),
            number,
            ..PaymentFilter::default()
        };
        Ask::List(Box::new(ListPayments { asked, filter }))
    }

    /// Takes payments with a number; the way of the only one is asked for at once.
    pub(super) fn take_found(&mut self, page: PaymentPage) -> Option<Ask> {
        self.is_asked = false;
        match page.payments.as_slice() {
            [] => {
                let number = self.form.text("what");
                self.trouble = Some(format!("no payment has the id or official number {number:?}"));
                None
            }
            [only] => Some(self.way(only.payment)),
            _ => {
                self.found = page.payments;
                None
            }
        }
    }

    pub(super) fn take_ways(&mut self, ways: Vec<Way>) {
        self.is_asked = false;
        if ways.is_empty() {
            self.trouble = Some("nothing was ever journaled under this id; check it".to_owned());
        }
        self.ways = ways;
    }

    pub(super) fn fail(&mut self, why: String) {
        self.is_asked = false;
        self.trouble = Some(why);
    }

    /// Moves what is seen, or the choice among those found; gives a question where one was chosen.
    pub(super) fn step_key(&mut self, code: KeyCode) -> Option<Ask> {
        let choosing = !self.found.is_empty();
        match code {
            KeyCode::Up if choosing => self.at = self.at.saturating_sub(1),
            KeyCode::Down if choosing => self.at = (self.at + 1).min(self.found.len() - 1),
            KeyCode::Enter if choosing => return Some(self.way(self.found[self.at].payment)),
            KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::Down => self.scroll += 1,
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::PageDown => self.scroll += 10,
            KeyCode::Home => self.scroll = 0,
            _ => {}
        }
        self.scroll = self.scroll.min(self.lines_max());
        None
    }

    /// Lines of what is seen, at most: on a terminal of 80, in the longer language. So far it scrolls.
    fn lines_max(&self) -> usize {
        let told = |both: &Both| 1 + wrap(&both.english, 78).len();
        let of_way = |way: &Way| match self.side {
            Side::Way => {
                let events: usize = way.events.iter().map(|event| told(&event.told)).sum();
                2 + events + told(&way.now)
            }
            Side::Receipts => 8 + 2 * way.receipts.len(),
        };
        self.ways.iter().map(of_way).sum()
    }

    /// Turns from the way to the receipts, and back.
    pub(super) fn turn(&mut self) {
        self.scroll = 0;
        self.side = match self.side {
            Side::Way => Side::Receipts,
            Side::Receipts => Side::Way,
        };
    }
}

#[cfg(test)]
mod tests {
    use domain::codes::Role;

    use super::*;
    use crate::cli::desk::list::tests::{page, row};
    use crate::cli::desk::tests::setup;

    fn typed(look: &mut Look, text: &str) -> Option<Ask> {
        for c in text.chars() {
            look.type_key(KeyEvent::from(KeyCode::Char(c)), &setup(Role::Maker));
        }
        look.type_key(KeyEvent::from(KeyCode::Enter), &setup(Role::Maker))
    }

    #[test]
    fn an_id_is_asked_for_by_itself_and_anything_else_as_a_number() {
        let mut look = Look::new();
        let asked = typed(&mut look, "01927c5e-4b7a-7d11-9a41-00000000000a");
        assert!(matches!(asked, Some(Ask::Way(_))));
        look.begin();
        let Some(Ask::List(list)) = typed(&mut look, "2022-000008") else { panic!("a list") };
        assert_eq!(list.filter.number, "2022-000008");
        assert!(look.take_found(page(vec![row(1, 100, "a"), row(2, 200, "b")], false)).is_none());
        look.step_key(KeyCode::Down);
        assert_eq!(look.step_key(KeyCode::Enter), Some(Ask::Way(PaymentId(2))));
        look.begin();
        typed(&mut look, "17");
        assert_eq!(
            look.take_found(page(vec![row(3, 300, "c")], false)),
            Some(Ask::Way(PaymentId(3)))
        );
        look.begin();
        typed(&mut look, "18");
        look.take_found(page(vec![], false));
        assert!(look.trouble.as_deref().is_some_and(|why| why.contains("\"18\"")));
        look.begin();
        assert!(typed(&mut look, "  ").is_none() && look.is_typing);
    }
}
