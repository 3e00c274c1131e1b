//! The desk's state, what keys and answers do to it, and what it asks. Knows no terminal, no network,
//! no clock and no chance: those are passed in.

use std::collections::{BTreeMap, VecDeque};

use domain::codes::Role;
use domain::ids::QuotaId;
use protocol::Position;
use protocol::views::QuotaView;

use super::ask::{Answer, Ask, Request, Told};
use super::choose::{Choose, Keys};
use super::filling::Filling;
use super::list::Lists;
use super::look::Look;
use super::order::Order;
use super::wish::{Answered, Wish};
use super::{Language, Setup};

/// Answers to orders that are kept to be seen.
const ANSWERS_MAX: usize = 50;

/// What a person has before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    Quota,
    Lists,
    Look,
}

/// What lies over the screen, the topmost last.
pub(super) enum Over {
    Help,
    Choose(Choose),
    Filling(Box<Filling>),
    /// An order that wants a yes.
    Confirm(Box<Order>, Option<&'static str>),
    /// The answer to an order.
    Said(Box<Answered>),
    /// Leaving, while an outcome is open.
    Leave,
}

/// What a request is for: each has at most one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum For {
    Quota,
    Keys,
    Order,
    List,
    Found,
    Way,
}

/// Both clocks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Now {
    pub(super) monotonic_ms: u64,
    pub(super) wall_ms: u64,
}

/// Draws ids.
pub(super) type Ids = Box<dyn FnMut() -> Result<u128, String>>;

/// The whole desk.
pub(super) struct Desk {
    pub(super) setup: Setup,
    pub(super) language: Language,
    pub(super) now: Now,
    pub(super) screen: Screen,
    pub(super) over: Vec<Over>,
    /// The quota that was chosen, and how it stood when.
    pub(super) quota: Option<QuotaId>,
    pub(super) view: Option<Box<QuotaView>>,
    pub(super) seen_ms: u64,
    /// Why there is no newer view, or why something could not be done.
    pub(super) trouble: Option<String>,
    pub(super) keys: Keys,
    pub(super) lists: Lists,
    pub(super) look: Look,
    pub(super) wish: Option<Wish>,
    /// The last answers with their wall times, newest first.
    pub(super) answers: VecDeque<(u64, Answered)>,
    pub(super) has_left: bool,
    pub(super) ids: Ids,
    refresh_at_ms: u64,
    due: BTreeMap<For, u64>,
    tickets: u64,
    out: Vec<Request>,
}

impl Desk {
    pub(super) fn new(setup: Setup, ids: Ids, now: Now) -> Desk {
        let lists = Lists::new(setup.by.role);
        let (language, quota) = (setup.language, setup.quota);
        // A maker works from a quota, others from what waits for them.
        let screen = match setup.by.role {
            Role::Maker => Screen::Quota,
            _ if quota.is_some() => Screen::Quota,
            _ => Screen::Lists,
        };
        let mut desk = Desk {
            setup,
            language,
            now,
            screen,
            over: Vec::new(),
            quota,
            view: None,
            seen_ms: 0,
            trouble: None,
            keys: Keys::default(),
            lists,
            look: Look::new(),
            wish: None,
            answers: VecDeque::new(),
            has_left: false,
            ids,
            refresh_at_ms: now.monotonic_ms,
            due: BTreeMap::new(),
            tickets: 0,
            out: Vec::new(),
        };
        match desk.screen {
            Screen::Lists => desk.ask_list(),
            _ if desk.quota.is_none() => desk.open_choice(),
            _ => {}
        }
        desk
    }

    /// What has to be asked now.
    pub(super) fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.out)
    }

    /// An order that an earlier desk has left is this one's now: its outcome is asked for.
    pub(super) fn take_up(&mut self, order: Order) {
        self.wish = Some(Wish::taken_up(order, self.now.monotonic_ms));
    }

    /// An order whose outcome is open, for whoever leaves.
    pub(super) fn open_order(&self) -> Option<&Order> {
        self.wish.as_ref().map(|wish| &wish.order)
    }

    // ---- time and answers ----------------------------------------------------------------------

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Now) {
        self.now = now;
        if let Some(wish) = &mut self.wish
            && wish.goes_again(now.monotonic_ms)
        {
            let order = wish.order.clone();
            self.ask(For::Order, Ask::Give(Box::new(order)));
        }
        if now.monotonic_ms >= self.refresh_at_ms && !self.due.contains_key(&For::Quota) {
            self.ask_quota();
        }
    }

    /// When something is due by itself, at the latest.
    pub(super) fn wakes_ms(&self) -> u64 {
        // Ages and waits are told in seconds.
        self.now.monotonic_ms + 1_000.min(self.setup.refresh_ms)
    }

    /// An answer has come. One that nobody waits for any more is dropped.
    pub(super) fn answer(&mut self, answer: Answer) {
        let waiting = self.due.iter().find(|(_, ticket)| **ticket == answer.ticket);
        let Some((&of, _)) = waiting else { return };
        self.due.remove(&of);
        match (of, answer.told) {
            (For::Quota, Told::Quota(view)) => self.take_quota(view),
            (For::Quota, Told::Failed(why)) => self.trouble = Some(why),
            (For::Keys, Told::Keys(page)) => {
                self.keys.take(page);
                self.ask_keys();
            }
            (For::Order, Told::Given(outcome)) => self.hear(Ok(outcome)),
            (For::Order, Told::Failed(why)) => self.hear(Err(why)),
            (For::List, Told::Page(page)) => {
                if self.lists.take(*page) {
                    self.ask_list();
                }
            }
            (For::List, Told::Failed(why)) => self.lists.fail(why),
            (For::Found, Told::Page(page)) => {
                let ask = self.look.take_found(*page);
                self.ask_look(ask);
            }
            (For::Way, Told::Way(ways)) => self.look.take_ways(ways),
            (For::Found | For::Way, Told::Failed(why)) => self.look.fail(why),
            (For::Keys, Told::Failed(why)) => self.trouble = Some(why),
            // Answers come by ticket; one of another kind would be the network's defect.
            (_, told) => self.trouble = Some(format!("an answer that was not asked for: {told:?}")),
        }
    }

    fn take_quota(&mut self, view: Option<Box<QuotaView>>) {
        self.trouble = None;
        self.seen_ms = self.now.monotonic_ms;
        if view.is_none() {
            let id = self.quota.unwrap_or(QuotaId::NONE);
            self.trouble = Some(format!("no quota {id}; check division, year and serial"));
        }
        self.view = view;
    }

    fn hear(&mut self, outcome: Result<protocol::Outcome, String>) {
        let Some(wish) = &mut self.wish else { return };
        let Some(end) = wish.hear(outcome, self.now.monotonic_ms) else { return };
        self.wish = None;
        let payment = end.order.payment;
        self.settle_form(&end);
        self.answers.truncate(ANSWERS_MAX - 1);
        self.answers.push_front((self.now.wall_ms, end.clone()));
        let at = end.at();
        self.over.retain(|over| !matches!(over, Over::Leave));
        self.over.push(Over::Said(Box::new(end)));
        self.after_answer(payment, at);
    }

    /// A form whose order was taken goes; one that was refused can be mended.
    fn settle_form(&mut self, end: &Answered) {
        let sent = |over: &Over| matches!(over, Over::Filling(filling) if filling.is_sent);
        let Some(at) = self.over.iter().position(sent) else { return };
        if end.is_taken() {
            self.over.remove(at);
        } else if let Over::Filling(filling) = &mut self.over[at] {
            filling.is_sent = false;
            if !end.keeps_its_id() {
                filling.id = None;
            }
        }
    }

    /// What is seen may have changed.
    fn after_answer(&mut self, payment: domain::PaymentId, at: Option<Position>) {
        self.ask_quota();
        self.lists.again(at);
        if self.screen == Screen::Lists {
            self.ask_list();
        }
        if self.look.payment() == Some(payment) {
            let ask = self.look.way(payment);
            self.ask_look(Some(ask));
        }
    }

    // ---- questions -----------------------------------------------------------------------------

    pub(super) fn ask(&mut self, of: For, ask: Ask) {
        self.tickets += 1;
        self.due.insert(of, self.tickets);
        self.out.push(Request { ticket: self.tickets, ask });
    }

    pub(super) fn ask_quota(&mut self) {
        self.refresh_at_ms = self.now.monotonic_ms + self.setup.refresh_ms;
        if let Some(quota) = self.quota {
            self.ask(For::Quota, Ask::Quota(quota));
        }
    }

    pub(super) fn ask_keys(&mut self) {
        let open = self.over.iter().any(|over| matches!(over, Over::Choose(_)));
        let (Some(book), Some(from)) = (self.setup.book, self.keys.next()) else { return };
        if open && !self.keys.is_whole && !self.due.contains_key(&For::Keys) {
            self.ask(For::Keys, Ask::Keys { book, from });
        }
    }

    pub(super) fn ask_list(&mut self) {
        let question = self.lists.question(&self.setup);
        self.ask(For::List, Ask::List(Box::new(question)));
    }

    pub(super) fn ask_look(&mut self, ask: Option<Ask>) {
        match ask {
            Some(ask @ Ask::List(_)) => self.ask(For::Found, ask),
            Some(ask) => self.ask(For::Way, ask),
            None => {}
        }
    }
}
