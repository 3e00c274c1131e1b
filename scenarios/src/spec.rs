//! Scenario files: TOML, read strictly. An error names line and column, and for a key nobody
//! knows the nearest one.

use std::collections::BTreeMap;

use domain::money::Fen;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use crate::cases::{Case, ROUND};

/// The scenarios kept here, by name.
const BUILT_IN: [(&str, &str); 1] = [("shandong-2022", include_str!("../data/shandong-2022.toml"))];

/// A scenario as its file describes it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub title: String,
    /// Payments that reach Paid at scale 1.
    pub payments: u64,
    /// Their executed amount at scale 1.
    pub amount: Fen,
    /// Quotas at scale 1.
    pub quotas: u64,
    /// Projects at scale 1.
    pub projects: u64,
    /// Units registered at scale 1.
    pub units_registered: u64,
    /// Units that have quotas and payments at scale 1.
    pub units_active: u64,
    pub(crate) shape: Shape,
    pub(crate) components: [ComponentSpec; 5],
    pub(crate) cases: Vec<(Case, u64)>,
}

/// How the published totals are spread.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) zipf_fifths: u32,
    pub(crate) payments_per_quota_max: u64,
    pub(crate) payment_max: Fen,
    pub(crate) one_act_ceiling: Fen,
    /// From these amounts on the department approves too, and finance.
    pub(crate) department_from: Fen,
    pub(crate) finance_from: Fen,
    pub(crate) part_payments: u64,
}

/// The size of one kind of payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComponentSpec {
    pub(crate) per_mille: u64,
    pub(crate) median: Fen,
    pub(crate) sigma_hundredths: u32,
}

/// Why a scenario cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpecError {
    /// No scenario has this name.
    #[error("no scenario is called {name:?}; did you mean {nearest:?}?")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The nearest known name.
        nearest: String,
    },
    /// The file is not TOML, or not this form of it.
    #[error("line {line}, column {column}: {what}")]
    At {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    title: String,
    published: Published,
    shape: ShapeFile,
    component: Components,
    cases: BTreeMap<Spanned<String>, Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    payments: Spanned<u64>,
    amount: Spanned<String>,
    quotas: Spanned<u64>,
    projects: Spanned<u64>,
    units_registered: Spanned<u64>,
    units_active: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShapeFile {
    zipf_fifths: Spanned<u32>,
    payments_per_quota_max: Spanned<u64>,
    payment_max: Spanned<String>,
    one_act_ceiling: Spanned<String>,
    department_from: Spanned<String>,
    finance_from: Spanned<String>,
    part_payments: Spanned<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Components {
    office: Component,
    goods: Component,
    payroll: Component,
    projects: Component,
    funds: Component,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    per_mille: Spanned<u64>,
    median: Spanned<String>,
    sigma_hundredths: Spanned<u32>,
}

/// The scenarios kept here: name and title.
///
/// # Errors
/// If one of them was damaged.
pub fn list() -> Result<Vec<(String, String)>, SpecError> {
    let specs = BUILT_IN.iter().map(|(_, text)| Spec::parse(text));
    specs.map(|spec| spec.map(|spec| (spec.name, spec.title))).collect()
}

impl Spec {
    /// A scenario kept here, by name.
    ///
    /// # Errors
    /// If none has the name.
    pub fn named(name: &str) -> Result<Spec, SpecError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Spec::parse(text),
            None => Err(SpecError::Unknown {
                name: name.chars().take(80).collect(),
                nearest: nearest(name, BUILT_IN.iter().map(|(known, _)| *known)),
            }),
        }
    }

    /// A scenario from the text of its file.
    ///
    /// # Errors
    /// With line and column for anything that is not well-formed, unknown or out of bounds.
    pub fn parse(text: &str) -> Result<Spec, SpecError> {
        let file: File = toml::from_str(text).map_err(|error| explain(text, &error))?;
        let reader = Reader { text };
        let shape = Shape {
            zipf_fifths: reader.within(&file.shape.zipf_fifths, 1, 10)?,
            payments_per_quota_max: reader.within(
                &file.shape.payments_per_quota_max,
                1,
                1 << 30,
            )?,
            payment_max: reader.yuan(&file.shape.payment_max)?,
            one_act_ceiling: reader.yuan(&file.shape.one_act_ceiling)?,
            department_from: reader.yuan(&file.shape.department_from)?,
            finance_from: reader.yuan(&file.shape.finance_from)?,
            part_payments: reader.within(&file.shape.part_payments, 100, 1 << 30)?,
        };
        let c = &file.component;
        let components = [&c.office, &c.goods, &c.payroll, &c.projects, &c.funds];
        let share = components.iter().map(|component| component.per_mille.get_ref()).sum::<u64>();
        if share != 1000 {
            let what = format!("the shares of the components are {share} per mille, not 1000");
            return Err(reader.at(c.funds.per_mille.span().start, what));
        }
        let mut sizes = [ComponentSpec { per_mille: 0, median: Fen::ZERO, sigma_hundredths: 0 }; 5];
        for (size, component) in sizes.iter_mut().zip(components) {
            *size = ComponentSpec {
                per_mille: *component.per_mille.get_ref(),
                median: reader.yuan(&component.median)?,
                sigma_hundredths: reader.within(&component.sigma_hundredths, 1, 300)?,
            };
        }
        // Every unit that spends has a quota, and every registered unit has filed a project.
        let quotas = reader.within(&file.published.quotas, 1000, 1 << 30)?;
        let active = reader.within(&file.published.units_active, 1, quotas / 2)?;
        let registered = reader.within(&file.published.units_registered, active, 1 << 40)?;
        Ok(Spec {
            name: file.name,
            title: file.title,
            payments: reader.within(&file.published.payments, 1000, 1 << 40)?,
            amount: reader.yuan(&file.published.amount)?,
            quotas,
            projects: reader.within(&file.published.projects, registered, 1 << 40)?,
            units_registered: registered,
            units_active: active,
            shape,
            components: sizes,
            cases: reader.cases(&file.cases)?,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn at(&self, offset: usize, what: String) -> SpecError {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        SpecError::At { line, column, what }
    }

    fn within<T: Copy + Ord + std::fmt::Display>(
        &self,
        value: &Spanned<T>,
        least: T,
        most: T,
    ) -> Result<T, SpecError> {
        let found = *value.get_ref();
        if (least..=most).contains(&found) {
            return Ok(found);
        }
        let what = format!("{found} is not between {least} and {most}");
        Err(self.at(value.span().start, what))
    }

    fn yuan(&self, value: &Spanned<String>) -> Result<Fen, SpecError> {
        let amount = Fen::from_yuan(value.get_ref());
        let amount = amount.map_err(|error| self.at(value.span().start, error.to_string()))?;
        if amount.is_payable() {
            return Ok(amount);
        }
        Err(self.at(value.span().start, "the amount is not more than zero".to_owned()))
    }

    fn cases(
        &self,
        counts: &BTreeMap<Spanned<String>, Spanned<u64>>,
    ) -> Result<Vec<(Case, u64)>, SpecError> {
        let mut total = 0;
        let mut given = BTreeMap::new();
        for (key, count) in counts {
            let name = key.get_ref().as_str();
            let Some((_, case)) = Case::NAMED.iter().find(|(known, _)| *known == name) else {
                let nearest = nearest(name, Case::NAMED.iter().map(|(known, _)| *known));
                let what = format!("no case is called {name:?}; did you mean {nearest:?}?");
                return Err(self.at(key.span().start, what));
            };
            let count = self.within(count, 0, ROUND)?;
            total += count;
            if total > ROUND {
                let what = format!("the cases take more than {ROUND} in {ROUND} payments");
                return Err(self.at(key.span().start, what));
            }
            given.insert(*case, count);
        }
        Ok(given.into_iter().collect())
    }
}

/// An error of the TOML reader with line, column and, for an unknown key, the nearest known one.
fn explain(text: &str, error: &toml::de::Error) -> SpecError {
    let message = error.message();
    let mut what = message.to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field")
        && let Some(unknown) = quoted.next()
    {
        let nearest = nearest(unknown, quoted);
        what = format!("no key is called {unknown:?} here; did you mean {nearest:?}?");
    }
    Reader { text }.at(error.span().map_or(0, |span| span.start), what)
}

/// The known word with the fewest edits between it and another.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    known.min_by_key(|candidate| edits(word, candidate)).unwrap_or_default().to_owned()
}

fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, left) in left.chars().take(80).enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, &right) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = BUILT_IN[0].1;

    fn error(from: &str, to: &str) -> String {
        assert!(TEXT.contains(from));
        Spec::parse(&TEXT.replacen(from, to, 1)).unwrap_err().to_string()
    }

    #[test]
    fn the_scenarios_kept_here_are_sound() {
        let listed = list().unwrap();
        assert_eq!(listed.len(), BUILT_IN.len());
        for (name, title) in listed {
            assert!(Spec::named(&name).is_ok() && !title.is_empty());
        }
        let spec = Spec::named("shandong-2022").unwrap();
        assert_eq!((spec.payments, spec.amount.get()), (1_610_300, 28_206_300_000_000));
    }

    #[test]
    fn errors_name_the_place_and_the_nearest_word() {
        let unknown = Spec::named("shandong-2023").unwrap_err().to_string();
        assert!(unknown.contains("shandong-2022"), "{unknown}");
        let key = error("payments = 1610300", "paymets = 1610300");
        assert!(key.starts_with("line 8, column 1") && key.contains("\"payments\""), "{key}");
        let case = error("over-plan = 14", "over-pln = 14");
        assert!(case.contains("\"over-plan\""), "{case}");
        let amount = error("\"282063000000.00\"", "\"282063000000\"");
        assert!(
            amount.contains("line 9, column 10") && amount.contains("two decimals"),
            "{amount}"
        );
        let share = error("per_mille = 600", "per_mille = 601");
        assert!(share.contains("1001 per mille"), "{share}");
        let bounds = error("zipf_fifths = 4", "zipf_fifths = 40");
        assert!(bounds.contains("40 is not between 1 and 10"), "{bounds}");
        let cases = error("one-act = 50", "one-act = 990");
        assert!(cases.contains("1000"), "{cases}");
    }
}
