//! Worklists: payments that wait at a post or at the bank, page by page, with how long they have.
//!
//! Never refreshes under a person's hands: a page is as it was when it came, until an order on it was
//! answered or somebody asks for it again.

use domain::codes::{PaymentState, Post, Role};
use domain::ids::PersonId;
use protocol::Position;
use protocol::directory::{
    Asked, Continuation, ListPayments, ListedPayment, PaymentFilter, PaymentPage,
};
use protocol::limits::DIRECTORY_WAIT_MS_MAX;

use super::Setup;

/// Payments asked for at a time.
const ITEMS: u16 = 50;

/// Pages without a payment of a post that are stepped over by themselves.
const EMPTY_PAGES_MAX: u32 = 20;

/// Pages that one can go back.
const PAGES_BACK_MAX: usize = 1_000;

/// What a list is of.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) chinese: &'static str,
    states: &'static [PaymentState],
    /// Of these, what waits at a post.
    post: Option<Post>,
    /// The person's own alone.
    is_own: bool,
}

const fn at_post(name: &'static str, chinese: &'static str, post: Post) -> Kind {
    let states = &[PaymentState::Reserved];
    Kind { name, chinese, states, post: Some(post), is_own: false }
}

const fn in_state(
    name: &'static str,
    chinese: &'static str,
    states: &'static [PaymentState],
) -> Kind {
    Kind { name, chinese, states, post: None, is_own: false }
}

const OPEN: &[PaymentState] = &[
    PaymentState::Reserved,
    PaymentState::Approved,
    PaymentState::Held,
    PaymentState::Instructed,
    PaymentState::Unknown,
];

/// Every list, in the order of a payment's way.
pub(super) const KINDS: [Kind; 9] = [
    Kind { is_own: true, ..in_state("mine, open", "本人在办", OPEN) },
    at_post("unit approval", "待单位复核", Post::Unit),
    at_post("department approval", "待主管部门审核", Post::Department),
    at_post("finance approval", "待财政审核", Post::Finance),
    in_state("to instruct", "待发支付令", &[PaymentState::Approved]),
    in_state("held", "已拦截", &[PaymentState::Held]),
    in_state("at the bank", "待银行回单", &[PaymentState::Instructed]),
    in_state("unknown", "状态不明", &[PaymentState::Unknown]),
    in_state("to settle", "待清算", &[PaymentState::Paid]),
];

/// One list, and the page of it that is seen.
pub(super) struct Lists {
    which: usize,
    pub(super) rows: Vec<ListedPayment>,
    pub(super) at: usize,
    /// The position and the time that the page is true at.
    pub(super) true_at: Option<(Position, u64)>,
    pub(super) is_asked: bool,
    pub(super) trouble: Option<String>,
    /// What continues it; all zero: nothing does.
    after: Continuation,
    /// Where this page began, and those before it.
    begins: Vec<Continuation>,
    empty_pages: u32,
    wait_for: Option<Position>,
    /// Whom to stand on, once the page has come.
    keep: Option<domain::PaymentId>,
}

impl Lists {
    /// Begins with the list that the role works on.
    pub(super) fn new(role: Role) -> Lists {
        let which = match role {
            Role::Maker | Role::Engine => 0,
            Role::Checker => 1,
            Role::Finance => 3,
            Role::Bank => 6,
            Role::Operator => 7,
            Role::CentralBank => 8,
        };
        let (rows, begins) = (Vec::new(), vec![Continuation::default()]);
        let after = Continuation::default();
        Lists {
            which,
            rows,
            at: 0,
            true_at: None,
            is_asked: false,
            trouble: None,
            after,
            begins,
            empty_pages: 0,
            wait_for: None,
            keep: None,
        }
    }

    pub(super) fn kind(&self) -> &'static Kind {
        &KINDS[self.which]
    }

    pub(super) fn selected(&self) -> Option<&ListedPayment> {
        self.rows.get(self.at)
    }

    /// Which page it is, from 1.
    pub(super) fn page(&self) -> usize {
        self.begins.len()
    }

    pub(super) fn has_more(&self) -> bool {
        self.after != Continuation::default()
    }

    /// Steps to another list, from its first page.
    pub(super) fn turn(&mut self, back: bool) {
        let count = KINDS.len();
        self.which = (self.which + if back { count - 1 } else { 1 }) % count;
        self.begins = vec![Continuation::default()];
        self.forget();
    }

    fn forget(&mut self) {
        (self.rows, self.at, self.true_at) = (Vec::new(), 0, None);
        (self.after, self.trouble) = (Continuation::default(), None);
        (self.empty_pages, self.keep) = (0, None);
    }

    pub(super) fn step(&mut self, back: bool) {
        self.at = match back {
            true => self.at.saturating_sub(1),
            false => (self.at + 1).min(self.rows.len().saturating_sub(1)),
        };
    }

    /// Goes to another page; false where there is none.
    pub(super) fn turn_page(&mut self, back: bool) -> bool {
        match back {
            true if self.begins.len() > 1 => {
                self.begins.pop();
            }
            false if self.has_more() && self.begins.len() < PAGES_BACK_MAX => {
                self.begins.push(self.after);
            }
            _ => return false,
        }
        self.forget();
        true
    }

    /// The page is asked for again, as it is behind a position.
    pub(super) fn again(&mut self, wait_for: Option<Position>) {
        self.keep = self.selected().map(|row| row.payment);
        self.wait_for = wait_for.or(self.wait_for);
        self.empty_pages = 0;
    }

    /// The question for the page.
    pub(super) fn question(&mut self, setup: &Setup) -> ListPayments {
        self.is_asked = true;
        let (kind, after) = (self.kind(), self.begins.last().copied().unwrap_or_default());
        let asked = Asked {
            wait_for: self.wait_for.take().unwrap_or_default(),
            wait_ms: DIRECTORY_WAIT_MS_MAX,
            items: ITEMS,
            after,
            ..Asked::default()
        };
        let filter = PaymentFilter {
            states: kind.states.to_vec(),
            division: setup.book.map(|(division, _)| division),
            year: setup.book.map(|(_, year)| year),
            key_prefix: setup.unit.clone(),
            maker: kind.is_own.then_some(PersonId(setup.by.person.0)),
            ..PaymentFilter::default()
        };
        ListPayments { asked, filter }
    }

    /// Takes a page; true where the next is to be asked for at once, since nothing of this one waits
    /// at the post.
    pub(super) fn take(&mut self, page: PaymentPage) -> bool {
        self.is_asked = false;
        self.trouble = None;
        self.true_at = Some((page.at, page.time_ms));
        self.after = page.after;
        let post = self.kind().post;
        let waits = |row: &ListedPayment| match post {
            Some(post) => row.posts.next_after(row.approved) == Some(post),
            None => true,
        };
        self.rows = page.payments.into_iter().filter(waits).collect();
        if self.rows.is_empty() && self.has_more() && self.empty_pages < EMPTY_PAGES_MAX {
            self.empty_pages += 1;
            if let Some(begin) = self.begins.last_mut() {
                *begin = self.after;
            }
            return true;
        }
        let kept = self.keep.take();
        let stood = kept.and_then(|id| self.rows.iter().position(|row| row.payment == id));
        self.at = stood.unwrap_or(self.at).min(self.rows.len().saturating_sub(1));
        false
    }

    /// There is no page, and why.
    pub(super) fn fail(&mut self, why: String) {
        self.is_asked = false;
        self.trouble = Some(why);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use domain::Fen;
    use domain::codes::{Path, Posts};
    use domain::ids::{DivisionIndex, FiscalYear, PaymentId, QuotaId};

    use super::*;
    use crate::cli::desk::tests::setup;

    pub(in crate::cli::desk) fn row(id: u128, fen: i64, payee: &str) -> ListedPayment {
        ListedPayment {
            payment: PaymentId(id),
            quota: QuotaId::new(DivisionIndex(5), FiscalYear::from_offset(22), 0),
            amount_fen: Fen::new(fen),
            executed_fen: Fen::ZERO,
            maker: PersonId(101),
            payee_hash: 0,
            reserved_ms: 1_642_400_000_000,
            changed_ms: 1_642_400_000_000 + 60_000 * id as u64,
            sequence: 7,
            changed_sequence: 8,
            state: PaymentState::Reserved,
            ending: None,
            path: Path::Treasury,
            posts: Posts::UNIT,
            approved: Posts::NONE,
            key: "101001/2010301/1".into(),
            payee_name: payee.into(),
            payee_account: "6222020000000000017".into(),
            purpose: "办公费".into(),
            numbers: "2022-000008".into(),
        }
    }

    pub(in crate::cli::desk) fn page(payments: Vec<ListedPayment>, more: bool) -> PaymentPage {
        let after = [u8::from(more); 24];
        let at = Position { epoch: 3, sequence: 900 };
        PaymentPage { at, time_ms: 1_642_410_000_000, after, payments }
    }

    #[test]
    fn a_list_of_a_post_has_what_waits_there_alone() {
        let mut lists = Lists::new(Role::Checker);
        let question = lists.question(&setup(Role::Checker));
        assert_eq!(question.filter.states, [PaymentState::Reserved]);
        assert_eq!(question.filter.maker, None);
        let mut finance = row(2, 200, "b");
        finance.posts = Posts::UNIT.with(Post::Finance);
        finance.approved = Posts::UNIT;
        assert!(!lists.take(page(vec![row(1, 100, "a"), finance], false)));
        let ids: Vec<u128> = lists.rows.iter().map(|row| row.payment.0).collect();
        assert_eq!(ids, [1]);
    }

    #[test]
    fn pages_without_anything_are_stepped_over_up_to_a_bound() {
        let mut lists = Lists::new(Role::Checker);
        let mut steps = 0;
        while lists.take(page(vec![], true)) {
            steps += 1;
        }
        assert_eq!(steps, EMPTY_PAGES_MAX);
        assert_eq!(lists.page(), 1, "they are one page to the person");
    }

    #[test]
    fn pages_turn_and_the_chosen_one_is_kept() {
        let mut lists = Lists::new(Role::Maker);
        let question = lists.question(&setup(Role::Maker));
        assert_eq!(question.filter.maker, Some(PersonId(101)));
        lists.take(page(vec![row(1, 100, "a"), row(2, 200, "b"), row(3, 300, "c")], true));
        lists.step(false);
        lists.again(Some(Position { epoch: 3, sequence: 950 }));
        assert_eq!(lists.question(&setup(Role::Maker)).asked.wait_for.sequence, 950);
        lists.take(page(vec![row(2, 200, "b"), row(3, 300, "c")], true));
        assert_eq!(lists.selected().map(|row| row.payment.0), Some(2), "one above it has gone");
        assert!(lists.turn_page(false) && lists.page() == 2);
        assert_eq!(lists.question(&setup(Role::Maker)).asked.after, [1; 24]);
        lists.take(page(vec![], false));
        assert!(!lists.turn_page(false) && lists.turn_page(true) && !lists.turn_page(true));
    }
}
