//! What a runner is given to do, and what it should hear.

use domain::ids::QuotaId;
use domain::money::Fen;

/// Bytes of one paper's text that are not gone beyond: below what a paper may have.
const PAPER_BYTES: usize = 7 * 1024;

/// Things that one paper names at most: each rewrites a row, and what a paper changes is bounded.
const PAPER_THINGS: usize = 48;

/// Heard when something is taken.
pub(crate) const TAKEN: u16 = 0;

/// A paper for the finance office.
#[derive(Clone, Debug)]
pub struct Filing {
    /// Who files it, by staff number.
    pub person: u64,
    /// Its name.
    pub kind: &'static str,
    /// Its lines.
    pub text: String,
    /// Its business day, YYYYMMDD; zero: none.
    pub day: u32,
    /// The number of the code that should be heard.
    pub expected: u16,
}

/// Who is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// The name.
    pub name: String,
    /// The account.
    pub account: String,
    /// The bank's number.
    pub bank: &'static str,
}

/// What becomes of a payment that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The unit approves, the treasury instructs, the bank pays.
    Plain,
    /// The department approves it too, and until then it cannot be instructed.
    Department {
        /// What the treasury hears before that.
        early: u16,
    },
    /// A rule holds it, by its code; an officer lifts that, and it goes on.
    Lifted(u16),
    /// A rule holds it, by its code, and it is sent back.
    Returned(u16),
}

impl Course {
    /// The code of the rule that holds it; none: nothing does.
    #[must_use]
    pub fn held_by(self) -> Option<u16> {
        match self {
            Course::Lifted(code) | Course::Returned(code) => Some(code),
            Course::Plain | Course::Department { .. } => None,
        }
    }
}

/// A payment, asked for and, as a rule, taken through to its clearing.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its id.
    pub id: u128,
    /// The quota that pays.
    pub quota: QuotaId,
    /// How much.
    pub amount: Fen,
    /// Business date, YYYYMMDD.
    pub day: u32,
    /// The contract it is under; zero: none.
    pub contract: u64,
    /// Departmental economic class.
    pub economic: &'static str,
    /// Who is paid; none: nobody is named.
    pub payee: Option<Payee>,
    /// What for.
    pub purpose: String,
    /// The document behind it.
    pub document: String,
    /// What becomes of it.
    pub course: Course,
    /// Whether the treasury clears it: what a unit pays from its own account ends there.
    pub clears: bool,
    /// What the request should hear; only what is taken goes on.
    pub expected: u16,
}

/// Budget set aside for a contract.
#[derive(Clone, Copy, Debug)]
pub struct Earmark {
    /// From which quota.
    pub quota: QuotaId,
    /// The contract.
    pub contract: u64,
    /// How much.
    pub amount: Fen,
    /// What should be heard.
    pub expected: u16,
}

/// The receipt of what another division has sent.
#[derive(Clone, Debug)]
pub struct Receive {
    /// The number of the document it came by.
    pub number: String,
    /// How much has come.
    pub amount: Fen,
    /// How much the paper says has come.
    pub said: Fen,
    /// The row it goes to; empty: it is declined.
    pub row: String,
    /// What should be heard.
    pub expected: u16,
}

/// A month of a unit's payment plan.
#[derive(Clone, Debug)]
pub struct PlanMonth {
    /// The unit.
    pub unit: String,
    /// The fund nature.
    pub fund: &'static str,
    /// The month, from 1.
    pub month: u8,
    /// How much may be asked for in it.
    pub amount: Fen,
}

/// What is done in a division, one thing after the other.
#[derive(Clone, Debug)]
pub enum Step {
    /// The division is registered.
    Register,
    /// The year goes to a state: 1 open, 2 in adjustment, 3 closed.
    SetYear {
        /// The year.
        year: u16,
        /// The state.
        state: u8,
        /// What should be heard.
        expected: u16,
    },
    /// The year is closed, as soon as nothing is on its way any more.
    Close(u16),
    /// The rules that come with the program are put on file: in the province by its own word, below it
    /// as the province has set them.
    DefaultRules {
        /// Who writes them down.
        maker: u64,
        /// Who approves them.
        checker: u64,
        /// Whether they are the province's own.
        own: bool,
    },
    /// Papers are filed in their order.
    Papers {
        /// The year they are of.
        year: u16,
        /// The papers.
        list: Vec<Filing>,
    },
    /// A plan is set, by one person and checked by another.
    Plans(Vec<PlanMonth>),
    /// A document is waited for until it is done.
    AwaitDocument(String),
    /// A quota is waited for until so much is available on it: what moves arrives by itself.
    AwaitMoney(QuotaId, Fen),
    /// Payments are made.
    Payments(Vec<Payment>),
    /// Budget is set aside.
    Earmark(Earmark),
    /// Something that was sent is received or declined, once it is there.
    Receive(Receive),
}

/// A line of a quota document.
#[derive(Clone, Debug)]
pub struct Deed {
    /// The row that gets; empty: none.
    pub row: String,
    /// The quota that gives.
    pub from: Option<QuotaId>,
    /// The division it goes to, by index and code.
    pub to: Option<(QuotaId, String)>,
    /// How much.
    pub amount: Fen,
    /// The cap of a quota before the approval.
    pub cap: Fen,
}

impl Deed {
    /// To a row, from outside.
    pub(crate) fn to(row: &str, amount: i64) -> Deed {
        let (amount, cap) = (Fen::new(amount), Fen::ZERO);
        Deed { row: row.to_owned(), from: None, to: None, amount, cap }
    }

    /// From a quota to a row; an empty row: away.
    pub(crate) fn across(from: QuotaId, row: &str, amount: i64) -> Deed {
        Deed { from: Some(from), ..Deed::to(row, amount) }
    }

    /// As a document's line has it, from its row on.
    pub(crate) fn line(&self) -> String {
        let quota = |id: Option<QuotaId>| id.map_or("none".to_owned(), |id| id.to_string());
        let (to, code) =
            self.to.clone().map_or((None, String::new()), |(id, code)| (Some(id), code));
        let (from, to) = (quota(self.from), quota(to));
        format!(
            "{}\t{from}\t{to}\t{code}\t{}\t{}",
            self.row,
            self.amount.to_yuan(),
            self.cap.to_yuan()
        )
    }
}

/// Papers of one kind that hold groups of lines, none of them torn.
pub(crate) fn papers(
    person: u64,
    kind: &'static str,
    groups: impl IntoIterator<Item = String>,
) -> Vec<Filing> {
    let mut list: Vec<Filing> = Vec::new();
    for (group, number) in groups.into_iter().zip(0_usize..) {
        let full = number.is_multiple_of(PAPER_THINGS);
        match list.last_mut() {
            Some(last) if !full && last.text.len() + 1 + group.len() <= PAPER_BYTES => {
                last.text.push('\n');
                last.text.push_str(&group);
            }
            _ => list.push(Filing { person, kind, text: group, day: 0, expected: TAKEN }),
        }
    }
    list
}

/// One paper that should hear a code.
pub(crate) fn paper(person: u64, kind: &'static str, text: &str, expected: u16) -> Filing {
    Filing { person, kind, text: text.to_owned(), day: 0, expected }
}
