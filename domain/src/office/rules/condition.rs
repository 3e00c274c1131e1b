//! Conditions of rules: a closed set of typed predicates, to and from text. Not a script.
//!
//! A condition is clauses joined by ` or `; a clause is predicates joined by ` and `; the rule fires
//! when every predicate of some clause holds. `engine` stands alone: the quota's own decision has
//! the arithmetic. `scan …` stands alone too: it is looked for once a day, not at a payment.
//!
//! | Form | Holds when |
//! | --- | --- |
//! | `economic under 30299 39999` | the class begins with one of these; `apart`: with none |
//! | `project-state in executing` | the word is one of these; `out`: none |
//! | `exists lock`, `no goal` | there is, there is not |
//! | `amount >= 500000.00`, `amount > contract` | the amount against a figure or a limit on file |
//! | `repeat 1` | the same unit, payee, amount and purpose within so many days |
//! | `sum 7 >= 200000.00` | the same unit, payee and purpose over so many days, this payment with them |
//! | `total 30212 30217 > ceiling three-public` | the unit's year under these classes, this payment with them |
//! | `fund-total > collected` | the unit's year from this fund nature, this payment with them |

use crate::ids::Class;
use crate::limits::{RULE_TERMS_MAX, RULE_WINDOW_DAYS_MAX};
use crate::money::Fen;
use crate::office::field::Field;

/// A word of a closed vocabulary that a payment or what it rests on has.
macro_rules! subjects {
    ($($(#[$doc:meta])* $name:ident = $slug:literal, [$($word:literal),+];)+) => {
        /// What an `in` or `out` asks about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Subject { $($(#[$doc])* $name,)+ }

        impl Subject {
            /// The name in a condition.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Subject::$name => $slug,)+ }
            }

            /// The words it may be, in order.
            #[must_use]
            pub const fn words(self) -> &'static [&'static str] {
                match self { $(Subject::$name => &[$($word),+],)+ }
            }

            fn from_slug(slug: &str) -> Option<Subject> {
                match slug { $($slug => Some(Subject::$name),)+ _ => None }
            }
        }
    };
}

subjects! {
    /// Kind of the unit.
    UnitKind = "unit-kind", ["administrative", "civil-service", "public-one", "public-two", "other"];
    /// Where the unit stands.
    UnitState = "unit-state", ["draft", "active", "frozen", "merged", "cancelled"];
    /// Class of the project.
    ProjectClass = "project-class", ["personnel", "public", "operation", "specific"];
    /// Where the project stands.
    ProjectState = "project-state", [
        "drafted", "submitted", "dept-reviewed", "in-library", "selected", "approved", "executing",
        "suspended", "finished", "evaluated", "closed", "returned", "cancelled", "expired"
    ];
    /// The project's term against the year.
    Term = "term", ["before", "current", "ended"];
    /// The code of the tracked upper-level project, against the project's own.
    Track = "track", ["none", "kept", "broken"];
    /// Where the budget row stands.
    RowState = "row-state", ["current", "dropped"];
    /// Whether the budget row must be bought under procurement law.
    Procurement = "procurement", ["1", "2"];
    /// Payment method.
    Method = "method", ["centralized", "direct", "authorized", "allocation"];
    /// Business kind.
    Business = "business", ["single", "card", "payroll", "batch", "collection"];
    /// The payee against the register.
    Payee = "payee", ["registered", "unknown", "other-name", "other-bank"];
    /// Kind of the payee.
    PayeeKind = "payee-kind", ["unit", "enterprise", "individual"];
    /// Whether the payee bears the unit's own name.
    SameName = "same-name", ["1", "2"];
    /// The payee against the contract's supplier.
    Supplier = "supplier", ["same", "other"];
}

/// A classification code that a payment or what it rests on carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coded {
    /// Functional class of the budget row.
    Functional,
    /// Government economic class of the budget row.
    Government,
    /// Departmental economic class of the payment.
    Economic,
    /// Fund nature of the quota.
    Fund,
}

/// Something there is or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A contract or plan that is registered, named by the payment.
    Contract,
    /// A performance goal of the project.
    Goal,
    /// A performance lock on the project: its goal is far behind.
    Lock,
    /// An entry of the payee on the white list.
    White,
    /// An entry of the payee on the black list.
    Black,
    /// The payee's account is one of the division's own that holds real money.
    OwnAccount,
    /// An exemption of this rule for the unit and the payee, on the payment's day.
    Exemption,
    /// An invoice of the payment's document that another payment has used.
    Invoice,
    /// Registered income behind the quota's fund nature, and some of it collected.
    Income,
}

/// A limit on file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A figure in the rule itself.
    Fen(Fen),
    /// What the payment's contract has not paid yet, over all quotas.
    Contract,
    /// Price of the project's standard times the quantity the document names.
    Standard,
    /// What is approved for the unit under a name.
    Ceiling(Box<str>),
    /// What was collected of the unit's income of this fund nature.
    Collected,
}

/// How a figure is held against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Than {
    /// At least.
    AtLeast,
    /// More than; tolerances widen the limit.
    Over,
    /// Less than.
    Below,
}

/// One predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// `in` or, with `not`, `out`: a bit for each word of the subject.
    In {
        /// About what.
        subject: Subject,
        /// The words, by their places.
        words: u32,
    },
    /// `under` or, with `apart`, none of them.
    Under {
        /// About which code.
        coded: Coded,
        /// The beginnings.
        prefixes: Vec<Class>,
        /// True for `under`.
        holds: bool,
    },
    /// `unit under …` or `unit apart …`.
    Unit {
        /// The beginnings of the unit's code.
        prefixes: Vec<Box<str>>,
        /// True for `under`.
        holds: bool,
    },
    /// `exists` or `no`.
    Exists {
        /// What.
        thing: Thing,
        /// True for `exists`.
        holds: bool,
    },
    /// The payment's amount against a limit.
    Amount(Than, Limit),
    /// The same unit, payee, amount and purpose within so many days.
    Repeat(u32),
    /// The same unit, payee and purpose over so many days.
    Sum(u32, Than, Fen),
    /// The unit's year under some classes.
    Total(Vec<Class>, Than, Limit),
    /// The unit's year from the quota's fund nature.
    FundTotal(Than, Limit),
}

/// What is looked for once a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Money so many years after its first year.
    Dormant(u32),
    /// Progress so many points behind the time that has passed.
    Slow(u32),
    /// December over so many hundredths of the unit's year.
    YearEnd(u32),
    /// One unit, payee and purpose: over so many days so much, in payments that are each less.
    Split(u32, Fen),
    /// The unit's year under some classes, over what is approved under a name.
    Over(Vec<Class>, Box<str>),
}

/// When a rule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The quota's own decision has it.
    Engine,
    /// Some clause of predicates that all hold.
    Any(Vec<Vec<Predicate>>),
    /// Looked for once a day, beside any clauses at a payment.
    Daily(Scan),
}

impl Condition {
    /// The condition of a text.
    ///
    /// # Errors
    /// What was expected where it stops making sense.
    pub fn parse(text: &str) -> Result<Condition, String> {
        if text == "engine" {
            return Ok(Condition::Engine);
        }
        if let Some(rest) = text.strip_prefix("scan ") {
            return scan(rest).map(Condition::Daily);
        }
        let clauses: Result<Vec<_>, String> = text.split(" or ").map(clause).collect();
        let clauses = clauses?;
        let terms: usize = clauses.iter().map(Vec::len).sum();
        if terms > RULE_TERMS_MAX {
            return Err(format!("{terms} predicates are more than {RULE_TERMS_MAX}"));
        }
        Ok(Condition::Any(clauses))
    }

    /// True when this one fires wherever the other does, as far as their texts show.
    #[must_use]
    pub fn covers(&self, other: &Condition) -> bool {
        match (self, other) {
            (Condition::Any(own), Condition::Any(other)) => other.iter().all(|narrow| {
                own.iter().any(|wide| {
                    wide.iter().all(|pred| narrow.iter().any(|known| pred.follows_from(known)))
                })
            }),
            (Condition::Daily(own), Condition::Daily(other)) => own.covers(other),
            (own, other) => own == other,
        }
    }
}

impl Scan {
    fn covers(&self, other: &Scan) -> bool {
        match (self, other) {
            (Scan::Dormant(own), Scan::Dormant(other))
            | (Scan::Slow(own), Scan::Slow(other))
            | (Scan::YearEnd(own), Scan::YearEnd(other)) => own <= other,
            (Scan::Split(days, fen), Scan::Split(other_days, other_fen)) => {
                days >= other_days && fen <= other_fen
            }
            (own, other) => own == other,
        }
    }
}

impl Predicate {
    /// True when this one holds wherever the known one does.
    fn follows_from(&self, known: &Predicate) -> bool {
        use Predicate::{Amount, FundTotal, In, Repeat, Sum, Total, Under, Unit};
        let within = |own: &[Class], known: &[Class]| {
            known.iter().all(|code| own.iter().any(|above| above.covers(*code)))
        };
        match (self, known) {
            (In { subject: a, words: own }, In { subject: b, words: known }) => {
                a == b && known & !own == 0
            }
            (
                Under { coded: a, prefixes: own, holds: yes },
                Under { coded: b, prefixes: known, holds: also },
            ) => {
                let fits = if *yes { within(own, known) } else { within(known, own) };
                a == b && yes == also && fits
            }
            (Unit { prefixes: own, holds: yes }, Unit { prefixes: known, holds: also }) => {
                let (wide, narrow) = if *yes { (own, known) } else { (known, own) };
                let above = |code: &str| wide.iter().any(|above| code.starts_with(&**above));
                yes == also && narrow.iter().all(|code| above(code))
            }
            (Amount(a, own), Amount(b, known)) | (FundTotal(a, own), FundTotal(b, known)) => {
                a == b && no_looser(*a, own, known)
            }
            (Repeat(own), Repeat(known)) => own >= known,
            (Sum(days, a, own), Sum(known_days, b, known)) => {
                let fits = no_looser(*a, &Limit::Fen(*own), &Limit::Fen(*known));
                a == b && days >= known_days && fits
            }
            (Total(classes, a, own), Total(known_classes, b, known)) => {
                a == b && within(classes, known_classes) && no_looser(*a, own, known)
            }
            (own, known) => own == known,
        }
    }
}

/// Whether a figure that is past the known limit is past this one.
fn no_looser(than: Than, own: &Limit, known: &Limit) -> bool {
    match (than, own, known) {
        (Than::AtLeast | Than::Over, Limit::Fen(own), Limit::Fen(known)) => own <= known,
        (Than::Below, Limit::Fen(own), Limit::Fen(known)) => own >= known,
        (_, own, known) => own == known,
    }
}

fn clause(text: &str) -> Result<Vec<Predicate>, String> {
    text.split(" and ").map(predicate).collect()
}

fn predicate(text: &str) -> Result<Predicate, String> {
    let words: Vec<&str> = text.split(' ').collect();
    let unknown = || format!("{text:?} is no predicate");
    let (&first, rest) = words.split_first().ok_or_else(unknown)?;
    if words.iter().any(|word| word.is_empty()) {
        return Err(format!("one blank between words in {text:?}"));
    }
    Ok(match (first, rest) {
        ("exists", [thing]) => Predicate::Exists { thing: named(thing)?, holds: true },
        ("no", [thing]) => Predicate::Exists { thing: named(thing)?, holds: false },
        ("repeat", [days]) => Predicate::Repeat(window(days)?),
        ("sum", [days, than, fen]) => Predicate::Sum(span(days)?, compared(than)?, yuan(fen)?),
        ("amount", [than, rest @ ..]) => Predicate::Amount(compared(than)?, limit(rest)?),
        ("fund-total", [than, rest @ ..]) => Predicate::FundTotal(compared(than)?, limit(rest)?),
        ("total", rest) => {
            let at = rest.iter().position(|word| compared(word).is_ok()).ok_or_else(unknown)?;
            let classes = codes(&rest[..at])?;
            Predicate::Total(classes, compared(rest[at])?, limit(&rest[at + 1..])?)
        }
        ("unit", ["under", codes @ ..]) if !codes.is_empty() => units(codes, true),
        ("unit", ["apart", codes @ ..]) if !codes.is_empty() => units(codes, false),
        (code, ["under", prefixes @ ..]) => {
            Predicate::Under { coded: coded(code)?, prefixes: codes(prefixes)?, holds: true }
        }
        (code, ["apart", prefixes @ ..]) => {
            Predicate::Under { coded: coded(code)?, prefixes: codes(prefixes)?, holds: false }
        }
        (subject, [how @ ("in" | "out"), list @ ..]) if !list.is_empty() => {
            let subject = Subject::from_slug(subject).ok_or_else(unknown)?;
            let mut words = 0_u32;
            for word in list {
                let place = subject.words().iter().position(|known| known == word);
                words |= 1 << place.ok_or_else(|| format!("{word:?} is no {}", subject.slug()))?;
            }
            let all = (1_u32 << subject.words().len()) - 1;
            Predicate::In { subject, words: if *how == "in" { words } else { all & !words } }
        }
        _ => return Err(unknown()),
    })
}

fn units(codes: &[&str], holds: bool) -> Predicate {
    Predicate::Unit { prefixes: codes.iter().map(|&code| code.into()).collect(), holds }
}

fn named(word: &str) -> Result<Thing, String> {
    Ok(match word {
        "contract" => Thing::Contract,
        "goal" => Thing::Goal,
        "lock" => Thing::Lock,
        "white" => Thing::White,
        "black" => Thing::Black,
        "own-account" => Thing::OwnAccount,
        "exemption" => Thing::Exemption,
        "invoice" => Thing::Invoice,
        "income" => Thing::Income,
        _ => return Err(format!("{word:?} is nothing a rule can ask for")),
    })
}

fn coded(word: &str) -> Result<Coded, String> {
    Ok(match word {
        "functional" => Coded::Functional,
        "government" => Coded::Government,
        "economic" => Coded::Economic,
        "fund" => Coded::Fund,
        _ => return Err(format!("{word:?} is no classification")),
    })
}

fn codes(words: &[&str]) -> Result<Vec<Class>, String> {
    let code = |word: &&str| Class::read(word).ok_or_else(|| format!("{word:?} is no code"));
    if words.is_empty() { Err("a code expected".into()) } else { words.iter().map(code).collect() }
}

fn compared(word: &str) -> Result<Than, String> {
    Ok(match word {
        ">=" => Than::AtLeast,
        ">" => Than::Over,
        "<" => Than::Below,
        _ => return Err(format!("{word:?} is none of >= > <")),
    })
}

fn limit(words: &[&str]) -> Result<Limit, String> {
    Ok(match words {
        ["contract"] => Limit::Contract,
        ["standard"] => Limit::Standard,
        ["collected"] => Limit::Collected,
        ["ceiling", name] => Limit::Ceiling((*name).into()),
        [fen] => Limit::Fen(yuan(fen)?),
        _ => return Err(format!("{:?} is no limit", words.join(" "))),
    })
}

fn yuan(word: &str) -> Result<Fen, String> {
    let fen = Fen::read(word).filter(|fen| *fen >= Fen::ZERO);
    fen.ok_or_else(|| format!("{word:?} is not {}", Fen::FORM))
}

fn number(word: &str, what: &str) -> Result<u32, String> {
    u32::read(word).ok_or_else(|| format!("{word:?} is no number of {what}"))
}

/// So many days apart; none: on the same day.
fn window(word: &str) -> Result<u32, String> {
    match number(word, "days")? {
        days if days <= RULE_WINDOW_DAYS_MAX => Ok(days),
        days => Err(format!("{days} days are more than {RULE_WINDOW_DAYS_MAX}")),
    }
}

/// So many days in a row: at least one.
fn span(word: &str) -> Result<u32, String> {
    match window(word)? {
        0 => Err("0 days hold no payment".into()),
        days => Ok(days),
    }
}

fn scan(text: &str) -> Result<Scan, String> {
    let words: Vec<&str> = text.split(' ').collect();
    Ok(match words[..] {
        ["dormant", years] => Scan::Dormant(number(years, "years")?),
        ["slow", points] => Scan::Slow(number(points, "points")?),
        ["year-end", share] => Scan::YearEnd(number(share, "hundredths")?),
        ["split", days, fen] => Scan::Split(span(days)?, yuan(fen)?),
        ["over", ref classes @ .., "ceiling", name] => Scan::Over(codes(classes)?, name.into()),
        _ => return Err(format!("{text:?} is nothing to scan for")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        Condition::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn what_is_no_condition_says_why() {
        for (text, why) in [
            ("amount", "\"amount\" is no predicate"),
            ("amount = 5.00", "\"=\" is none of >= > <"),
            ("amount >= 5", "\"5\" is not yuan with two decimals, such as 1234.50"),
            ("colour in red", "\"colour in red\" is no predicate"),
            ("business in cheque", "\"cheque\" is no business"),
            ("economic under", "a code expected"),
            ("exists luck", "\"luck\" is nothing a rule can ask for"),
            ("sum 400 >= 5.00", "400 days are more than 31"),
            ("sum 0 >= 5.00", "0 days hold no payment"),
            ("scan split 0 5.00", "0 days hold no payment"),
            ("scan the sky", "\"the sky\" is nothing to scan for"),
            ("no goal  and exists lock", "one blank between words in \"no goal \""),
        ] {
            assert_eq!(Condition::parse(text), Err(why.into()), "{text}");
        }
    }

    #[test]
    fn a_tighter_condition_covers_a_looser_one_and_not_the_other_way() {
        for (tight, loose) in [
            ("amount >= 400000.00", "amount >= 500000.00"),
            ("amount >= 500000.00 or no goal", "amount >= 500000.00"),
            ("no goal", "project-class out personnel and no goal"),
            ("project-class out personnel", "project-class out personnel public"),
            ("economic under 302", "economic under 30299"),
            ("economic under 30299 39999", "economic under 30299"),
            ("economic apart 30299", "economic apart 302"),
            ("sum 9 >= 100.00", "sum 7 >= 200.00"),
            ("repeat 2", "repeat 1"),
            ("amount < 300.00", "amount < 200.00"),
            ("total 302 > ceiling public", "total 30212 30217 > ceiling public"),
            ("scan slow 10", "scan slow 20"),
            ("scan split 9 50.00", "scan split 7 50.00"),
        ] {
            let (tight, loose) = (condition(tight), condition(loose));
            assert!(tight.covers(&loose) && tight.covers(&tight), "{tight:?} over {loose:?}");
            assert!(!loose.covers(&tight), "{loose:?} over {tight:?}");
        }
        let (one, other) = (condition("exists lock"), condition("exists black"));
        assert!(!one.covers(&other) && !other.covers(&one));
        assert!(!condition("engine").covers(&one) && !one.covers(&condition("engine")));
    }

    #[test]
    fn words_of_a_condition_are_those_of_the_tables() {
        use crate::office::tables::{base, project, register};
        let words = |subject: Subject| subject.words().to_vec();
        let slugs = |all: Vec<&'static str>| all;
        let of = |all: &[base::UnitKind]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::UnitKind), slugs(of(base::UnitKind::ALL)));
        let of = |all: &[base::Standing]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::UnitState), slugs(of(base::Standing::ALL)));
        let of = |all: &[project::ProjectClass]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::ProjectClass), slugs(of(project::ProjectClass::ALL)));
        let of = |all: &[project::ProjectState]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::ProjectState), slugs(of(project::ProjectState::ALL)));
        let of = |all: &[register::PayeeKind]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::PayeeKind), slugs(of(register::PayeeKind::ALL)));
        let of = |all: &[crate::codes::Method]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::Method), slugs(of(crate::codes::Method::ALL)));
        let of = |all: &[crate::codes::BusinessKind]| all.iter().map(|one| one.slug()).collect();
        assert_eq!(words(Subject::Business), slugs(of(crate::codes::BusinessKind::ALL)));
    }
}
