//! One payment before the rules: what it is, what it rests on, and what each predicate sees in it.

mod borne;
mod seen;

use std::cell::OnceCell;

use super::compile::{Ask, Head, Ready, Terms, covers, payment_word};
use super::condition::{Coded, Limit, Predicate, Subject, Than, Thing};
use super::facts::{Footing, NO_STANDARD, is_under, project_word, row_code, row_word, unit_word};
use super::payees::Known;
use super::trace::{Invoices, pair_of};
use super::windows::Pair;
use super::{Rules, row_at};
use crate::command::Reserve;
use crate::division::YearBook;
use crate::elements;
use crate::ids::{Class, ContractId};
use crate::limits::AMOUNT_FEN_MAX;
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::field::Field;
use crate::office::table::Table;
use crate::office::tables::base::Unit;
use crate::office::tables::budget::{BudgetRow, Income};
use crate::office::tables::commitment::{Commitment, CommitmentState};
use crate::office::tables::people::{Hardness, Standard};
use crate::office::tables::project::Project;
use crate::office::tables::register::{Account, AccountKind, PayeeList};
use crate::office::tables::rule::{Ceiling, Exemption};
use crate::quota::QuotaCell;
use crate::refusal::{Code, Figure, Refusal};

/// A payment in a division under control.
pub(crate) struct Case<'a> {
    book: &'a YearBook,
    rules: &'a Rules,
    office: &'a Office,
    reserve: &'a Reserve<'a>,
    quota: &'a QuotaCell,
    footing: Footing,
    /// What cannot be missing, a bit each.
    bits: u64,
    /// Payee name, account, bank, purpose, document, numbers.
    texts: [&'a [u8]; 6],
    payee_hash: u64,
    payee: Option<Known>,
    pair: u64,
    /// What counts of it, once it was asked for.
    known_pair: OnceCell<&'a Pair>,
    /// Invoices of its document, hashed.
    invoices: Invoices,
    /// True once the payment is counted in the windows itself.
    counted: bool,
}

/// A figure held against a bound.
struct Measure {
    figure: FenSum,
    than: Than,
    bound: FenSum,
}

/// An element that is missing or unknown.
pub(crate) fn lacks(element: Code) -> Refusal {
    let mut refusal = Refusal::new(Code::BadElement);
    refusal.add(Figure { limit: element, requested_fen: Fen::ZERO, left_fen: Fen::ZERO });
    refusal
}

impl<'a> Case<'a> {
    /// The payment with everything it rests on; `None`: it has no rules.
    ///
    /// # Errors
    /// An element that is missing or unknown: the refusal names it.
    pub(crate) fn of(
        book: &'a YearBook,
        reserve: &'a Reserve<'a>,
        quota: &'a QuotaCell,
        counted: bool,
    ) -> Result<Option<Case<'a>>, Refusal> {
        let (rules, office) = (&book.rules, &book.office);
        if !rules.apply() {
            return Ok(None);
        }
        let texts = reserve.particulars.texts();
        let keys = reserve.particulars.keys();
        let payee_hash = keys.payee;
        let footing = rules.footing(office, reserve.quota);
        let pair = pair_of(footing.unit, payee_hash, keys.purpose);
        let invoices = Invoices::of(reserve.particulars, keys);
        match footing.lacks {
            None => {}
            Some(Table::BudgetRow) => return Err(lacks(Code::ElementRow)),
            Some(Table::Unit) => return Err(lacks(Code::ElementUnit)),
            Some(_) => return Err(lacks(Code::ElementProject)),
        }
        elements::check_pair(reserve.economic, footing.government, book.year)?;
        let [name, account, bank, ..] = texts;
        let particulars = reserve.particulars.bytes();
        let payee = rules.payees.find(office, payee_hash, particulars, [name, account, bank]);
        Ok(Some(Case {
            book,
            rules,
            office,
            reserve,
            quota,
            footing,
            bits: footing.bits | rules.compiled.bits_of(reserve, quota),
            texts,
            payee_hash,
            payee,
            pair,
            known_pair: OnceCell::new(),
            invoices,
            counted,
        }))
    }

    fn row(&self) -> Result<&'a BudgetRow, Code> {
        row_at(self.office, self.footing.row).ok_or(Code::ElementRow)
    }

    fn unit(&self) -> Result<&'a Unit, Code> {
        row_at(self.office, self.footing.unit).ok_or(Code::ElementUnit)
    }

    fn project(&self) -> Result<&'a Project, Code> {
        row_at(self.office, self.footing.project).ok_or(Code::ElementProject)
    }

    /// Code of the unit that pays.
    pub(crate) fn unit_code(&self) -> &'a str {
        self.unit().map_or("", |unit| &unit.code)
    }

    /// The payment.
    pub(crate) fn reserve(&self) -> &Reserve<'a> {
        self.reserve
    }

    /// The first clause that holds, with the figures of its last predicate that has any.
    ///
    /// # Errors
    /// An element the terms ask for that is missing or unknown.
    pub(super) fn fires<'t>(
        &self,
        rule: &Ready,
        terms: &'t Terms,
    ) -> Result<Option<Fired<'t>>, Refusal> {
        'clauses: for clause in &terms.clauses {
            for predicate in &clause.written {
                if !self.holds(rule, terms, predicate).map_err(lacks)? {
                    continue 'clauses;
                }
            }
            let clause = &*clause.written;
            let figures = clause.iter().rev().find_map(|predicate| self.figures(terms, predicate));
            return Ok(Some(Fired { clause, figures }));
        }
        Ok(None)
    }

    /// True when something that a clause needs is not so.
    pub(super) fn is_against(&self, head: &Head) -> bool {
        head.needs & !self.bits != 0
    }

    /// Whether everything else holds that a clause asks for.
    ///
    /// # Errors
    /// As [`Case::fires`].
    pub(super) fn holds_all(&self, rule: &Ready, head: &Head) -> Result<bool, Refusal> {
        for ask in self.rules.compiled.asks_of(head) {
            let holds = match ask {
                Ask::Bit(bit) => self.bits & bit != 0,
                Ask::Holds(predicate) => {
                    let terms = rule.terms_on(self.reserve.day);
                    self.holds(rule, terms, predicate).map_err(lacks)?
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds(&self, rule: &Ready, terms: &Terms, predicate: &Predicate) -> Result<bool, Code> {
        Ok(match predicate {
            Predicate::In { subject, words } => words >> self.word(*subject)? & 1 == 1,
            Predicate::Under { coded, prefixes, holds } => {
                covers(prefixes, self.code(*coded)?) == *holds
            }
            Predicate::Unit { prefixes, holds } => is_under(self.unit()?, prefixes) == *holds,
            Predicate::Exists { thing, holds } => self.exists(rule, *thing)? == *holds,
            Predicate::Repeat(days) => {
                let (amount, day) = (self.reserve.amount_fen.get(), self.reserve.day);
                let known = self.counted_of(self.pair()?).repeats(amount, day, *days);
                known > u32::from(self.counted)
            }
            measured => {
                let measure = self.measure(terms, measured)?;
                measure.is_some_and(|measure| measure.than.holds(measure.figure, measure.bound))
            }
        })
    }

    /// What a predicate holds against a limit; `None`: nothing, or no limit applies.
    fn measure(&self, terms: &Terms, predicate: &Predicate) -> Result<Option<Measure>, Code> {
        let (figure, than, limit) = match predicate {
            Predicate::Amount(than, limit) => {
                (FenSum::from(self.reserve.amount_fen.get()), *than, self.limit(limit)?)
            }
            Predicate::Sum(days, than, fen) => {
                let known = self.counted_of(self.pair()?).sum(self.reserve.day, *days);
                (self.with_own(known), *than, Some(FenSum::from(fen.get())))
            }
            Predicate::Total(classes, than, limit) => {
                (self.with_own(self.total(classes)), *than, self.limit(limit)?)
            }
            Predicate::FundTotal(than, limit) => {
                let known = self.rules.windows.fund_total(self.footing.unit, self.quota.fund);
                (self.with_own(known), *than, self.limit(limit)?)
            }
            _ => return Ok(None),
        };
        Ok(limit.map(|limit| Measure { figure, than, bound: terms.bound(than, limit) }))
    }

    /// What was asked for, and what this payment might still have taken.
    fn figures(&self, terms: &Terms, predicate: &Predicate) -> Option<(Fen, Fen)> {
        let Measure { figure, bound, .. } = self.measure(terms, predicate).ok()??;
        let asked = FenSum::from(self.reserve.amount_fen.get());
        let left = (bound - (figure - asked)).clamp(0, FenSum::from(AMOUNT_FEN_MAX));
        Some((self.reserve.amount_fen, Fen::new(left as i64)))
    }

    /// What counts of a unit, payee and purpose.
    fn counted_of(&self, pair: u64) -> &'a Pair {
        self.known_pair.get_or_init(|| self.rules.windows.pair(pair))
    }

    fn total(&self, classes: &[Class]) -> FenSum {
        classes.iter().map(|&class| self.rules.windows.total(self.footing.unit, class)).sum()
    }

    /// A sum with this payment in it.
    fn with_own(&self, known: FenSum) -> FenSum {
        let own = if self.counted { 0 } else { self.reserve.amount_fen.get() };
        known + FenSum::from(own)
    }

    fn pair(&self) -> Result<u64, Code> {
        match self.pair {
            0 if self.texts[1].is_empty() => Err(Code::ElementPayee),
            0 => Err(Code::ElementPurpose),
            pair => Ok(pair),
        }
    }

    /// What a limit on file is; `None`: none applies.
    fn limit(&self, limit: &Limit) -> Result<Option<FenSum>, Code> {
        let fen = |fen: Fen| FenSum::from(fen.get());
        Ok(Some(match limit {
            Limit::Fen(known) => fen(*known),
            Limit::Contract => {
                let commitment = self.commitment().ok_or(Code::ElementContract)?;
                let used = self.rules.used_under(commitment.number);
                let own = if self.counted { fen(self.reserve.amount_fen) } else { 0 };
                fen(commitment.amount_fen) - (used - own)
            }
            Limit::Standard => return self.standard(),
            Limit::Ceiling(name) => {
                let key = format!("{}/{name}", &*self.unit()?.code);
                let ceiling: &Ceiling = self.office.get(&key).ok_or(Code::ElementCeiling)?;
                fen(ceiling.approved_fen)
            }
            Limit::Collected => {
                let mut income = self.income()?.peekable();
                income.peek().ok_or(Code::ElementIncome)?;
                income.map(|row| fen(row.collected_fen)).sum()
            }
        }))
    }

    fn standard(&self) -> Result<Option<FenSum>, Code> {
        let project = self.project()?;
        if *project.standard == *NO_STANDARD {
            return Ok(None);
        }
        let standard: &Standard =
            self.office.get(&project.standard).ok_or(Code::ElementStandard)?;
        let day = self.reserve.day;
        let holds = standard.valid_from <= day && standard.valid_to.is_none_or(|to| day <= to);
        if !holds {
            return Err(Code::ElementStandard);
        }
        if standard.hardness == Hardness::Reference || !standard.class.covers(self.reserve.economic)
        {
            return Ok(None);
        }
        let own = Some(project.quantity).filter(|&quantity| quantity > 0);
        let quantity = quantity(self.texts[4]).or(own).ok_or(Code::ElementQuantity)?;
        Ok(Some(FenSum::from(quantity) * FenSum::from(standard.price_fen.get())))
    }

    fn income(&self) -> Result<impl Iterator<Item = &'a Income>, Code> {
        let (unit, fund) = (&*self.unit()?.code, self.quota.fund);
        let of_unit = self.office.beginning::<Income>(unit).filter(move |row| *row.unit == *unit);
        Ok(of_unit.filter(move |row| row.fund.covers(fund)))
    }

    fn commitment(&self) -> Option<&'a Commitment> {
        let number = self.reserve.contract;
        if number == ContractId::NONE {
            return None;
        }
        let mut key = String::new();
        number.write(&mut key);
        let commitment: &Commitment = self.office.get(&key)?;
        let fits = commitment.state == CommitmentState::Registered
            && self.unit().is_ok_and(|unit| *commitment.unit == *unit.code);
        fits.then_some(commitment)
    }

    fn registered(&self) -> Result<Known, Code> {
        if self.texts[1].is_empty() {
            Err(Code::ElementPayee)
        } else {
            self.payee.ok_or(Code::PayeeInvalid)
        }
    }

    fn exists(&self, rule: &Ready, thing: Thing) -> Result<bool, Code> {
        // The account is an element wherever a rule asks about it.
        let account = || {
            if self.texts[1].is_empty() { Err(Code::ElementPayee) } else { Ok(self.texts[1]) }
        };
        let listed = |list| -> Result<bool, Code> {
            account()?;
            Ok(self.payee.is_some_and(|payee| payee.list == list))
        };
        Ok(match thing {
            Thing::Contract if self.reserve.contract.is_some() => {
                self.commitment().ok_or(Code::ElementContract)?;
                true
            }
            Thing::Contract => false,
            Thing::Goal => !self.project()?.goal.is_empty(),
            Thing::Lock => self.rules.red_goals.contains(&*self.project()?.goal),
            Thing::White => listed(PayeeList::White)?,
            Thing::Black => listed(PayeeList::Black)?,
            Thing::OwnAccount => {
                let account: Option<&Account> =
                    self.rules.account(self.office, self.payee_hash, account()?);
                account.is_some_and(|account| {
                    matches!(account.kind, AccountKind::RealFund | AccountKind::FiscalSpecial)
                })
            }
            Thing::Exemption => {
                let account = std::str::from_utf8(account()?).unwrap_or("");
                let key = format!("{}/{}/{account}", rule.id, &*self.unit()?.code);
                let exemption: Option<&Exemption> = self.office.get(&key);
                exemption.is_some_and(|row| row.checker.0 != 0 && self.reserve.day <= row.valid_to)
            }
            Thing::Invoice => {
                if self.texts[4].is_empty() {
                    return Err(Code::ElementDocument);
                }
                let own = u32::from(self.counted);
                self.invoices.iter().any(|&invoice| self.rules.windows.invoice(invoice) > own)
            }
            Thing::Income => self.income()?.any(|row| row.collected_fen > Fen::ZERO),
        })
    }

    /// The place of a subject's word among its words.
    fn word(&self, subject: Subject) -> Result<u8, Code> {
        Ok(match subject {
            Subject::UnitKind | Subject::UnitState => {
                unit_word(subject, self.unit()?).ok_or(Code::ElementUnit)?
            }
            Subject::RowState | Subject::Procurement => {
                row_word(subject, self.row()?).ok_or(Code::ElementRow)?
            }
            Subject::ProjectClass | Subject::ProjectState | Subject::Term => {
                let authority = self.book.row(self.reserve.quota).map(|row| row.authority);
                let authority = authority.ok_or(Code::ElementRow)?;
                let (project, year) = (self.project()?, self.book.year);
                project_word(subject, self.office, year, project, authority)
                    .ok_or(Code::ElementProject)?
            }
            Subject::Track => match (&*self.row()?.track, &*self.project()?.track) {
                ("", "") => 0,
                (row, project) if row == project => 1,
                _ => 2,
            },
            Subject::Method | Subject::Business => {
                payment_word(subject, self.reserve.method, self.reserve.kind)
                    .ok_or(Code::BadElement)?
            }
            Subject::Payee => self.payee_standing()?,
            Subject::PayeeKind => self.registered()?.kind as u8,
            Subject::SameName => {
                if self.texts[0].is_empty() {
                    return Err(Code::ElementPayeeName);
                }
                u8::from(!self.bears_the_units_name()?)
            }
            Subject::Supplier => {
                let commitment = self.commitment().ok_or(Code::ElementContract)?;
                let supplier = commitment.supplier.as_deref();
                // A plan has no supplier yet: nobody is another one.
                u8::from(supplier.is_some_and(|account| account.as_bytes() != self.texts[1]))
            }
        })
    }

    fn bears_the_units_name(&self) -> Result<bool, Code> {
        Ok(self.footing.may_be_unit(self.texts[0])
            && *self.unit()?.name.as_bytes() == *self.texts[0])
    }

    fn payee_standing(&self) -> Result<u8, Code> {
        for (text, element) in [
            (self.texts[1], Code::ElementPayee),
            (self.texts[0], Code::ElementPayeeName),
            (self.texts[2], Code::ElementBank),
        ] {
            if text.is_empty() {
                return Err(element);
            }
        }
        Ok(match self.payee {
            None => 1,
            Some(payee) if !payee.bears_its_name => 2,
            Some(payee) if !payee.banks_there => 3,
            Some(_) => 0,
        })
    }

    fn code(&self, coded: Coded) -> Result<Class, Code> {
        match coded {
            Coded::Functional | Coded::Government => {
                row_code(coded, self.row()?).ok_or(Code::ElementRow)
            }
            Coded::Economic => Ok(self.reserve.economic),
            Coded::Fund => Ok(self.quota.fund),
        }
    }
}

/// A clause that holds, and what was asked and left.
pub(crate) struct Fired<'t> {
    /// The clause.
    pub(crate) clause: &'t [Predicate],
    /// What was asked and what was left, where the clause counts.
    pub(crate) figures: Option<(Fen, Fen)>,
}

/// The quantity a document names: a word `qty=3` or `数量=3`.
fn quantity(document: &[u8]) -> Option<u32> {
    let document = std::str::from_utf8(document).ok()?;
    crate::particulars::official_numbers(document)
        .find_map(|word| word.strip_prefix("qty=").or_else(|| word.strip_prefix("数量=")))
        .and_then(u32::read)
}
