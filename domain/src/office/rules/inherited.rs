//! What divisions have taken over from the province, held against what the province has set.
//!
//! A division writes the province's rule down again and two persons there vouch for it; no paper of a
//! division can look into the province's books. Here both are looked at: every inherited text against the
//! version of the province it names, and what is in force in a division against what is in force in the
//! province. States alone are compared; nothing is decided and nothing is changed.

use std::collections::BTreeMap;

use crate::division::{Division, YearBook};
use crate::ids::{Day, DivisionIndex, FiscalYear, PersonId};
use crate::invariants::Finding;
use crate::office::Office;
use crate::office::rules::condition::Condition;
use crate::office::table::Tabled;
use crate::office::tables::base::{Level, Standing};
use crate::office::tables::rule::{Deviation, Rule, RuleInherited, RuleVersion};

/// Columns that say who wrote a row and when, not what the rule is.
const OF_THE_ROW: [&str; 6] = ["version", "origin", "origin_version", "maker", "checker", "day"];

/// A rule of a division that is not as the province has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The division.
    pub division: DivisionIndex,
    /// The rule's id.
    pub rule: Box<str>,
    /// What differs.
    pub differs: Differs,
}

/// How a rule of a division differs from the province's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differs {
    /// The province has it in force, the division has it not on file.
    Missing {
        /// The province's version.
        province: u32,
    },
    /// The province never had the version that was taken over.
    Unset {
        /// The version the division names.
        inherited: u32,
        /// The province's version now; 0: no such rule.
        province: u32,
    },
    /// What was taken over is not what the province has in that version.
    Text {
        /// The version.
        version: u32,
        /// Each column that differs.
        columns: Vec<Column>,
    },
    /// What is in force in the division stops less than the province's rule does now.
    Looser {
        /// The division's own version.
        own: u32,
        /// The version of the province it was taken over from or held against.
        inherited: u32,
        /// The province's version now.
        province: u32,
    },
}

/// A column of a rule, as both have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What the division has.
    pub here: Box<str>,
    /// What the province has.
    pub province: Box<str>,
}

impl Differs {
    /// In a word, for reports.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Differs::Missing { .. } => "missing 未继承",
            Differs::Unset { .. } => "never set 省级无此版本",
            Differs::Text { .. } => "other text 与省级文本不一致",
            Differs::Looser { .. } => "looser 宽于省级",
        }
    }
}

impl std::fmt::Display for Differs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Differs::Missing { province } => {
                write!(f, "not on file; the province has version {province} in force")
            }
            Differs::Unset { inherited, province: 0 } => {
                write!(f, "version {inherited} was taken over; the province has no such rule")
            }
            Differs::Unset { inherited, province } => write!(
                f,
                "version {inherited} was taken over; the province never had it, and is at {province}"
            ),
            Differs::Text { version, columns } => {
                write!(f, "version {version} was taken over otherwise than the province set it")?;
                for Column { name, here, province } in columns {
                    write!(f, "; {name} is {here:?} here and {province:?} there")?;
                }
                Ok(())
            }
            Differs::Looser { own, inherited, province } => write!(
                f,
                "version {own}, by the province's {inherited}, is looser than the province's {province}"
            ),
        }
    }
}

/// What came of holding divisions against the province.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many rules were held against one of the province.
    pub checked: u64,
    /// Those that differ and that no deviation covers, by division, texts first.
    pub differences: Vec<Difference>,
}

/// Holds what the divisions of one year have on file against the province among them, as of `today`: the
/// business day the year has come to; none, where nothing was paid in it. Without a province's card there
/// is nothing to hold anything against.
#[must_use]
pub fn compare(offices: &[(DivisionIndex, &Office)], today: Option<Day>) -> Comparison {
    let mut comparison = Comparison::default();
    let set_by = offices.iter().find(|(_, office)| is_province(office));
    let Some(&(_, province)) = set_by else { return comparison };
    for &(division, office) in offices.iter().filter(|(_, office)| !is_province(office)) {
        let below = Below { office, province, today };
        let taken_over = office.all::<RuleInherited>();
        comparison.note(division, taken_over.map(|taken| (&*taken.id, below.text(taken))));
        if below.runs() {
            let set = province.all::<Rule>().filter(|set| set.in_force);
            comparison.note(division, set.map(|set| (&*set.id, below.force(set))));
        }
    }
    comparison
}

fn is_province(office: &Office) -> bool {
    office.card().is_some_and(|card| card.level == Level::Province)
}

impl Comparison {
    fn note<'a>(
        &mut self,
        division: DivisionIndex,
        found: impl Iterator<Item = (&'a str, Option<Differs>)>,
    ) {
        for (rule, differs) in found {
            self.checked += 1;
            let difference = |differs| Difference { division, rule: rule.into(), differs };
            self.differences.extend(differs.map(difference));
        }
    }
}

/// A division and the province above it.
struct Below<'a> {
    office: &'a Office,
    province: &'a Office,
    today: Option<Day>,
}

impl Below<'_> {
    /// Whether payments run in it: before that no rule is missed.
    fn runs(&self) -> bool {
        let begun = |day: Day| self.today.is_some_and(|today| day <= today);
        let card = self.office.card();
        card.is_some_and(|card| card.standing == Standing::Active && begun(card.go_live))
    }

    /// What was taken over, against the version it names.
    fn text(&self, taken: &RuleInherited) -> Option<Differs> {
        let key = format!("{}/{}", &*taken.id, taken.version);
        let Some(set) = self.province.get::<RuleVersion>(&key) else {
            let now: Option<&Rule> = self.province.get(&taken.id);
            let province = now.map_or(0, |rule| rule.version);
            return Some(Differs::Unset { inherited: taken.version, province });
        };
        let (taken, set) = (Rule::from(taken), Rule::from(set));
        let columns = columns_apart(&taken, &set);
        let covered = || self.is_granted(&taken, &set);
        (!columns.is_empty() && !covered())
            .then_some(Differs::Text { version: taken.version, columns })
    }

    /// What is in force, against what the province has in force.
    fn force(&self, set: &Rule) -> Option<Differs> {
        let Some(own) = self.office.get::<Rule>(&set.id) else {
            return Some(Differs::Missing { province: set.version });
        };
        let is_good = own.is_as_strict_as(set) || self.is_granted(own, set);
        (!is_good).then_some(Differs::Looser {
            own: own.version,
            inherited: own.origin_version,
            province: set.version,
        })
    }

    /// Whether a deviation that holds today lets a rule be as loose as it is, where the province has set
    /// another.
    fn is_granted(&self, rule: &Rule, set: &Rule) -> bool {
        let Some(deviation) = self.office.get::<Deviation>(&rule.id) else { return false };
        let term = deviation.valid_from..=deviation.valid_to;
        let holds = deviation.checker != PersonId::NOBODY
            && self.today.is_none_or(|today| term.contains(&today));
        let granted = Rule {
            action: deviation.action,
            condition: deviation.condition.clone(),
            tolerance_fen: deviation.tolerance_fen,
            tolerance_bp: deviation.tolerance_bp,
            in_force: true,
            ..set.clone()
        };
        holds && rule.is_as_strict_as(&granted)
    }
}

impl Rule {
    /// Whether two rules are the same in every column that says what a rule is.
    #[must_use]
    pub fn is_same_text_as(&self, other: &Rule) -> bool {
        columns_apart(self, other).is_empty()
    }
}

/// The columns in which a rule is not the one that was set.
fn columns_apart(taken: &Rule, set: &Rule) -> Vec<Column> {
    let (mut here, mut province) = (String::new(), String::new());
    taken.write(&mut here);
    set.write(&mut province);
    let both = here.split('\t').zip(province.split('\t'));
    let named = Rule::COLUMNS.iter().zip(both);
    let apart = named.filter(|(column, (here, province))| {
        here != province && !OF_THE_ROW.contains(&column.name)
    });
    apart
        .map(|(column, (here, province))| Column {
            name: column.name,
            here: here.into(),
            province: province.into(),
        })
        .collect()
}

impl Rule {
    /// Whether this rule stops everything another one stops, at least as hard, at all its times.
    #[must_use]
    pub fn is_as_strict_as(&self, other: &Rule) -> bool {
        if !other.in_force {
            return true;
        }
        let conditions = (Condition::parse(&self.condition), Condition::parse(&other.condition));
        let (Ok(condition), Ok(other_condition)) = conditions else { return false };
        let at_all_times =
            other.when.split(' ').all(|time| self.when.split(' ').any(|own| own == time));
        let tolerates_no_more =
            self.tolerance_fen <= other.tolerance_fen && self.tolerance_bp <= other.tolerance_bp;
        self.in_force
            && self.action >= other.action
            && at_all_times
            && tolerates_no_more
            && condition.covers(&other_condition)
    }
}

/// I14: every year of all divisions, each as of its latest payment.
pub(crate) fn one_rulebook<'a>(divisions: impl Iterator<Item = &'a Division>) -> Finding {
    let mut by_year: BTreeMap<FiscalYear, Vec<&YearBook>> = BTreeMap::new();
    for book in divisions.flat_map(Division::years) {
        by_year.entry(book.year).or_default().push(book);
    }
    let mut finding = Finding::default();
    for (year, books) in by_year {
        let offices: Vec<_> = books.iter().map(|book| (book.division, book.office())).collect();
        let days = books.iter().flat_map(|book| book.payments().map(|payment| payment.day));
        let comparison = compare(&offices, days.max());
        finding.checked += comparison.checked - comparison.differences.len() as u64;
        for Difference { division, rule, differs } in comparison.differences {
            finding.check(false, || {
                format!("division {} in {}, rule {rule}: {differs}", division.0, year.get())
            });
        }
    }
    finding
}
