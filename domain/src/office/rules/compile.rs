//! From rows to rules that payments can be held against.
//!
//! Whatever cannot be missing of a payment is a **question** with a bit: what the rows decide that a
//! quota rests on (its budget row, unit and project) is answered where those rows change, what the
//! payment's class decides where the rules change, and a few figures and words at the payment itself.
//! A clause that has one of its bits against it is passed over without being looked at. What may be
//! missing is asked for all the same: a question behind one that may fail is not drawn before it.

use super::condition::{Coded, Condition, Limit, Predicate, Subject, Than, Thing};
use super::windows::{ByHash, mixed};
use crate::codes::{BusinessKind, Method};
use crate::command::Reserve;
use crate::elements;
use crate::ids::{Class, Day, FiscalYear};
use crate::limits::RULE_QUESTIONS_MAX;
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::tables::rule::{Action, Deviation, Rule};
use crate::quota::QuotaCell;
use crate::refusal::Code;

/// The rules in force that are looked at when a payment is asked for: those that refuse first, each
/// kind in the order of its ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Compiled {
    pub(super) rules: Vec<Ready>,
    /// Every clause of them, in order, close together.
    pub(super) heads: Vec<Head>,
    /// What the clauses ask, one after the other.
    pub(super) asks: Vec<Ask>,
    /// A bit each.
    pub(super) questions: Vec<Question>,
    /// What a payment's amount is held against, with its bit.
    of_amounts: Vec<(Than, FenSum, u64)>,
    /// By payment method and business kind, what they answer.
    of_words: Vec<u64>,
    /// The bit of payments that name a contract.
    of_contracts: u64,
    /// By the payment's class and the quota's fund nature, what they answer; others are asked then.
    of_classes: ByHash<u64>,
}

/// Something that cannot be missing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Question {
    /// A predicate holds.
    Holds(Predicate),
    /// The payment's amount against a figure, all tolerance in it.
    Amount(Than, FenSum),
    /// The payment names a contract: without one there is none to be registered.
    NamesContract,
    /// The project has a standard of spending: without one there is no limit to be over.
    Standard,
    /// The budget row or the project tracks a project above: otherwise no code of it is broken.
    Tracked,
}

/// A clause, as far as most payments get with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    /// Bits that all have to be set, or it does not hold and nothing that it asks for is missed.
    pub(super) needs: u64,
    /// The rule's place.
    pub(super) rule: u32,
    /// The first of what it asks further.
    from: u32,
    /// And the end of it.
    to: u32,
    /// True: it holds while the rule's deviation does. False: while none does.
    pub(super) deviates: bool,
}

/// A rule, ready for payments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ready {
    pub(super) id: Box<str>,
    pub(super) version: u32,
    pub(super) code: Code,
    pub(super) release: Box<str>,
    pub(super) terms: Terms,
    /// What holds instead, and in which days.
    deviation: Option<(Day, Day, Terms)>,
}

/// What a rule does, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(super) action: Action,
    pub(super) clauses: Vec<Clause>,
    tolerance_fen: Fen,
    tolerance_bp: u16,
}

/// Predicates that all have to hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clause {
    /// Bits that all have to be set, or it does not hold and nothing that it asks for is missed.
    pub(super) needs: u64,
    /// What is asked further, in order.
    pub(super) asks: Vec<Ask>,
    /// All of it, as it was written.
    pub(super) written: Vec<Predicate>,
}

/// What a clause asks of a payment.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    /// A bit that has to be set, behind something that may be missing.
    Bit(u64),
    /// A predicate.
    Holds(Predicate),
}

impl Terms {
    /// A limit with what is tolerated beyond it: of the amount and the share, the lower.
    pub(super) fn tolerated(&self, limit: FenSum) -> FenSum {
        let share = limit.max(0) * FenSum::from(self.tolerance_bp) / 10_000;
        limit + share.min(FenSum::from(self.tolerance_fen.get()))
    }

    /// What a figure is held against, where the limit is so much.
    pub(super) fn bound(&self, than: Than, limit: FenSum) -> FenSum {
        match than {
            Than::Over => self.tolerated(limit),
            Than::AtLeast | Than::Below => limit,
        }
    }
}

impl Than {
    /// Whether a figure is so, against its bound.
    pub(super) fn holds(self, figure: FenSum, bound: FenSum) -> bool {
        match self {
            Than::AtLeast => figure >= bound,
            Than::Over => figure > bound,
            Than::Below => figure < bound,
        }
    }
}

impl Ready {
    /// Whether its deviation holds on a day.
    pub(super) fn deviates_on(&self, day: Day) -> bool {
        matches!(&self.deviation, Some((from, to, _)) if *from <= day && day <= *to)
    }

    pub(super) fn terms_on(&self, day: Day) -> &Terms {
        match &self.deviation {
            Some((from, to, terms)) if *from <= day && day <= *to => terms,
            _ => &self.terms,
        }
    }
}

impl Compiled {
    /// What a clause asks further.
    pub(super) fn asks_of(&self, head: &Head) -> &[Ask] {
        &self.asks[head.from as usize..head.to as usize]
    }

    /// The bits that a payment answers, for a quota.
    pub(super) fn bits_of(&self, reserve: &Reserve<'_>, quota: &QuotaCell) -> u64 {
        let (economic, fund) = (reserve.economic, quota.fund);
        let of_class = self.of_classes.get(&classes_key(economic, fund)).copied();
        let mut bits = of_class.unwrap_or_else(|| self.bits_of_classes(economic, fund));
        bits |= self.of_words[usize::from(words_place(reserve.method, reserve.kind))];
        if reserve.contract.is_some() {
            bits |= self.of_contracts;
        }
        let amount = FenSum::from(reserve.amount_fen.get());
        for (than, bound, bit) in &self.of_amounts {
            bits |= if than.holds(amount, *bound) { *bit } else { 0 };
        }
        bits
    }

    /// The bits of the questions that something says yes to.
    fn bits_where(&self, holds: impl Fn(&Question) -> bool) -> u64 {
        let all = self.questions.iter().enumerate();
        all.fold(0, |bits, (at, question)| bits | u64::from(holds(question)) << at)
    }

    fn bits_of_classes(&self, economic: Class, fund: Class) -> u64 {
        self.bits_where(|question| match question {
            Question::Holds(Predicate::Under { coded: Coded::Economic, prefixes, holds }) => {
                covers(prefixes, economic) == *holds
            }
            Question::Holds(Predicate::Under { coded: Coded::Fund, prefixes, holds }) => {
                covers(prefixes, fund) == *holds
            }
            _ => false,
        })
    }

    fn bits_of_words(&self, method: Method, kind: BusinessKind) -> u64 {
        self.bits_where(|question| match question {
            Question::Holds(Predicate::In { subject, words }) => {
                let word = payment_word(*subject, method, kind);
                word.is_some_and(|word| words >> word & 1 == 1)
            }
            _ => false,
        })
    }

    /// Puts clauses close together and answers what the classes of a year answer.
    fn arranged(mut self, year: FiscalYear) -> Compiled {
        for (at, rule) in self.rules.iter().enumerate() {
            let own = rule.terms.clauses.iter().map(|clause| (false, clause));
            let other = rule.deviation.iter().flat_map(|(.., terms)| &terms.clauses);
            for (deviates, clause) in own.chain(other.map(|clause| (true, clause))) {
                let (needs, from) = (clause.needs, self.asks.len() as u32);
                self.asks.extend(clause.asks.iter().cloned());
                let to = self.asks.len() as u32;
                self.heads.push(Head { needs, rule: at as u32, from, to, deviates });
            }
        }
        for (at, question) in self.questions.iter().enumerate() {
            match question {
                Question::Amount(than, bound) => self.of_amounts.push((*than, *bound, 1 << at)),
                Question::NamesContract => self.of_contracts = 1 << at,
                _ => {}
            }
        }
        for method in Method::ALL {
            for kind in BusinessKind::ALL {
                let place = usize::from(words_place(*method, *kind));
                self.of_words.resize(self.of_words.len().max(place + 1), 0);
                self.of_words[place] = self.bits_of_words(*method, *kind);
            }
        }
        for economic in elements::payment_classes(year) {
            for fund in elements::funds(year) {
                let bits = self.bits_of_classes(economic, fund);
                self.of_classes.insert(classes_key(economic, fund), bits);
            }
        }
        self
    }
}

/// Two classes in one number.
fn classes_key(economic: Class, fund: Class) -> u64 {
    mixed(&[u64::from_le_bytes(economic.0), u64::from_le_bytes(fund.0)])
}

/// The place of what a method and a business kind say.
fn words_place(method: Method, kind: BusinessKind) -> u8 {
    method.number() << 3 | kind.number()
}

/// The place of a subject's word that a payment itself says.
pub(super) fn payment_word(subject: Subject, method: Method, kind: BusinessKind) -> Option<u8> {
    match subject {
        Subject::Method => {
            let place = Method::ALL.iter().position(|&known| known == method);
            place.map(|place| place as u8)
        }
        Subject::Business => Some(kind.number() - 1),
        _ => None,
    }
}

/// True where a code begins with one of these.
pub(super) fn covers(prefixes: &[Class], code: Class) -> bool {
    prefixes.iter().any(|prefix| prefix.covers(code))
}

/// The rules of payments that are on file and in force.
pub(super) fn compile(office: &Office, year: FiscalYear) -> Compiled {
    let deviation = |rule: &Rule| {
        office.get::<Deviation>(&rule.id).filter(|deviation| deviation.checker.0 != 0)
    };
    let mut questions = Vec::new();
    let rules = office.all::<Rule>().filter(|rule| rule.in_force && is_at_submit(rule));
    let mut rules: Vec<_> =
        rules.filter_map(|rule| one(rule, deviation(rule), Some(&mut questions))).collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.terms.action));
    Compiled { rules, questions, ..Compiled::default() }.arranged(year)
}

fn is_at_submit(rule: &Rule) -> bool {
    rule.when.split(' ').any(|word| word == "submit")
}

/// One rule, by itself; `None`: the quota's own decision has it, or it is looked for once a day.
pub(super) fn alone(rule: &Rule) -> Option<Ready> {
    one(rule, None, None)
}

fn one(
    rule: &Rule,
    deviation: Option<&Deviation>,
    mut questions: Option<&mut Vec<Question>>,
) -> Option<Ready> {
    let clauses = match Condition::parse(&rule.condition) {
        Ok(Condition::Any(clauses)) => clauses,
        Ok(Condition::Engine | Condition::Daily(_)) => return None,
        // No paper puts such a rule on file. If one is there, it is not passed over: it always fires.
        Err(_) => vec![Vec::new()],
    };
    let mut ready = |mut terms: Terms, clauses: Vec<Vec<Predicate>>| {
        let clause = |written| clause(written, &terms, questions.as_deref_mut());
        terms.clauses = clauses.into_iter().map(clause).collect();
        terms
    };
    let (tolerance_fen, tolerance_bp) = (rule.tolerance_fen, rule.tolerance_bp);
    let terms = Terms { action: rule.action, clauses: Vec::new(), tolerance_fen, tolerance_bp };
    let terms = ready(terms, clauses);
    let deviation = deviation.and_then(|deviation| {
        let Ok(Condition::Any(clauses)) = Condition::parse(&deviation.condition) else {
            return None;
        };
        let (tolerance_fen, tolerance_bp) = (deviation.tolerance_fen, deviation.tolerance_bp);
        let action = deviation.action;
        let terms = Terms { action, clauses: Vec::new(), tolerance_fen, tolerance_bp };
        Some((deviation.valid_from, deviation.valid_to, ready(terms, clauses)))
    });
    Some(Ready {
        id: (&*rule.id).into(),
        version: rule.version,
        code: Code::from_number(rule.code).unwrap_or(Code::UnfitRule),
        release: (&*rule.release).into(),
        terms,
        deviation,
    })
}

fn clause(
    written: Vec<Predicate>,
    terms: &Terms,
    mut questions: Option<&mut Vec<Question>>,
) -> Clause {
    let mut bit_of = |question: Option<Question>| {
        let (questions, what) = (questions.as_deref_mut()?, question?);
        let known = questions.iter().position(|known| *known == what);
        if known.is_none() && questions.len() < RULE_QUESTIONS_MAX {
            questions.push(what);
            return Some(1_u64 << (questions.len() - 1));
        }
        known.map(|at| 1 << at)
    };
    let (mut needs, mut asks, mut may_have_failed) = (0, Vec::new(), false);
    for predicate in &written {
        match (bit_of(question_of(predicate, terms)), may_have_failed) {
            (Some(bit), false) => needs |= bit,
            (Some(bit), true) => asks.push(Ask::Bit(bit)),
            (None, _) => {
                if !may_have_failed {
                    needs |= bit_of(impossible_without(predicate)).unwrap_or(0);
                }
                may_have_failed |= may_fail(predicate);
                asks.push(Ask::Holds(predicate.clone()));
            }
        }
    }
    Clause { needs, asks, written }
}

/// The question that is all of a predicate, where nothing of it can be missing.
fn question_of(predicate: &Predicate, terms: &Terms) -> Option<Question> {
    if let Predicate::Amount(than, Limit::Fen(fen)) = predicate {
        return Some(Question::Amount(*than, terms.bound(*than, FenSum::from(fen.get()))));
    }
    let is_one = match predicate {
        Predicate::In { subject, .. } => !matches!(subject, Subject::Track) && !may_fail(predicate),
        Predicate::Under { .. } | Predicate::Unit { .. } => true,
        Predicate::Exists { thing, .. } => matches!(thing, Thing::Goal | Thing::Lock),
        _ => false,
    };
    is_one.then(|| Question::Holds(predicate.clone()))
}

/// What must be so, or a predicate neither holds nor misses anything.
fn impossible_without(predicate: &Predicate) -> Option<Question> {
    match predicate {
        Predicate::Amount(_, Limit::Standard) => Some(Question::Standard),
        Predicate::Exists { thing: Thing::Contract, holds: true } => Some(Question::NamesContract),
        // The first word is that of a row and a project that track nothing.
        Predicate::In { subject: Subject::Track, words } if words & 1 == 0 => {
            Some(Question::Tracked)
        }
        _ => None,
    }
}

/// Whether something that a predicate asks for may be missing of a payment.
fn may_fail(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::In { subject, .. } => matches!(
            subject,
            Subject::Payee | Subject::PayeeKind | Subject::SameName | Subject::Supplier
        ),
        Predicate::Under { .. } | Predicate::Unit { .. } => false,
        Predicate::Exists { thing, .. } => {
            !matches!(thing, Thing::Goal | Thing::Lock | Thing::Income)
        }
        Predicate::Amount(_, limit)
        | Predicate::Total(_, _, limit)
        | Predicate::FundTotal(_, limit) => !matches!(limit, Limit::Fen(_)),
        Predicate::Repeat(_) | Predicate::Sum(..) => true,
    }
}
