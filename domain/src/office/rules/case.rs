//! One payment before the rules: what it is, what it rests on, and what each predicate sees in it.

use std::fmt::Write;

use super::condition::{Coded, Limit, Predicate, Subject, Than, Thing};
use super::windows::{invoices_of, pair_of, purpose_hash};
use super::{Compiled, Rules, Terms, row_at};
use crate::command::Reserve;
use crate::division::YearBook;
use crate::elements;
use crate::ids::{Class, ContractId};
use crate::money::{Fen, FenSum};
use crate::office::Office;
use crate::office::authority::{project_may_pay, project_state_with_rows};
use crate::office::field::Field;
use crate::office::tables::base::Unit;
use crate::office::tables::budget::{BudgetRow, Income};
use crate::office::tables::commitment::{Commitment, CommitmentState};
use crate::office::tables::people::{Hardness, Standard};
use crate::office::tables::project::{Project, ProjectState};
use crate::office::tables::register::{Account, AccountKind, Payee, PayeeList};
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
    row: &'a BudgetRow,
    unit: &'a Unit,
    unit_slot: u32,
    project: &'a Project,
    /// Payee name, account, bank, purpose, document, numbers.
    texts: [&'a [u8]; 6],
    payee: Option<&'a Payee>,
    pair: u64,
    /// True once the payment is counted in the windows itself.
    counted: bool,
}

/// What a predicate found: it does not hold, it holds, it holds and these are what was asked and
/// what was left.
type Found = Result<Option<Option<(Fen, Fen)>>, Code>;

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
        if !rules.apply(office) {
            return Ok(None);
        }
        let facts = rules.facts(office, book, reserve.quota);
        let row: &BudgetRow = row_at(office, facts.row).ok_or_else(|| lacks(Code::ElementRow))?;
        let unit: &Unit = row_at(office, facts.unit).ok_or_else(|| lacks(Code::ElementUnit))?;
        let project: &Project =
            row_at(office, facts.project).ok_or_else(|| lacks(Code::ElementProject))?;
        if !unit.is_leaf {
            return Err(lacks(Code::ElementUnit));
        }
        elements::check_pair(reserve.economic, row.government, book.year)?;
        let texts = reserve.particulars.texts();
        let payee_hash = reserve.particulars.payee_hash();
        let payee = rules.payee(office, payee_hash, texts[1]);
        let pair = pair_of(facts.unit, payee_hash, purpose_hash(texts[3]));
        let unit_slot = facts.unit;
        Ok(Some(Case {
            book,
            rules,
            office,
            reserve,
            quota,
            row,
            unit,
            unit_slot,
            project,
            texts,
            payee,
            pair,
            counted,
        }))
    }

    /// Code of the unit that pays.
    pub(crate) fn unit(&self) -> &'a str {
        &self.unit.code
    }

    /// The payment.
    pub(crate) fn reserve(&self) -> &Reserve<'a> {
        self.reserve
    }

    /// The first clause that holds, with the figures of its last predicate that has any.
    ///
    /// # Errors
    /// An element the terms ask for that is missing or unknown.
    pub(crate) fn fires<'t>(
        &self,
        rule: &Compiled,
        terms: &'t Terms,
    ) -> Result<Option<Fired<'t>>, Refusal> {
        'clauses: for clause in &terms.clauses {
            let mut figures = None;
            for predicate in clause {
                match self.holds(rule, terms, predicate).map_err(lacks)? {
                    None => continue 'clauses,
                    Some(seen) => figures = seen.or(figures),
                }
            }
            return Ok(Some(Fired { clause, figures }));
        }
        Ok(None)
    }

    fn holds(&self, rule: &Compiled, terms: &Terms, predicate: &Predicate) -> Found {
        let yes = |holds: bool| Ok(holds.then_some(None));
        match predicate {
            Predicate::In { subject, words } => yes(words >> self.word(*subject)? & 1 == 1),
            Predicate::Under { coded, prefixes, holds } => {
                let code = self.code(*coded);
                yes(prefixes.iter().any(|prefix| prefix.covers(code)) == *holds)
            }
            Predicate::Unit { prefixes, holds } => {
                let mut prefixes = prefixes.iter();
                yes(prefixes.any(|prefix| self.unit.code.starts_with(&**prefix)) == *holds)
            }
            Predicate::Exists { thing, holds } => yes(self.exists(rule, *thing)? == *holds),
            Predicate::Amount(than, limit) => {
                self.compare(terms, *than, FenSum::from(self.reserve.amount_fen.get()), limit)
            }
            Predicate::Repeat(days) => {
                let pair = self.pair()?;
                let (amount, day) = (self.reserve.amount_fen.get(), self.reserve.day);
                let known = self.rules.windows.repeats(pair, amount, day, *days);
                yes(known > u32::from(self.counted))
            }
            Predicate::Sum(days, than, fen) => {
                let known = self.rules.windows.sum(self.pair()?, self.reserve.day, *days);
                self.compare(terms, *than, self.with_own(known), &Limit::Fen(*fen))
            }
            Predicate::Total(classes, than, limit) => {
                self.compare(terms, *than, self.with_own(self.total(classes)), limit)
            }
            Predicate::FundTotal(than, limit) => {
                let known = self.rules.windows.fund_total(self.unit_slot, self.quota.fund);
                self.compare(terms, *than, self.with_own(known), limit)
            }
        }
    }

    fn total(&self, classes: &[Class]) -> i64 {
        classes.iter().map(|&class| self.rules.windows.total(self.unit_slot, class)).sum()
    }

    /// A sum with this payment in it.
    fn with_own(&self, known: i64) -> FenSum {
        let own = if self.counted { 0 } else { self.reserve.amount_fen.get() };
        FenSum::from(known) + FenSum::from(own)
    }

    fn pair(&self) -> Result<u64, Code> {
        match self.pair {
            0 if self.texts[1].is_empty() => Err(Code::ElementPayee),
            0 => Err(Code::ElementPurpose),
            pair => Ok(pair),
        }
    }

    /// A figure against a limit; what is left is what this payment might still have taken.
    fn compare(&self, terms: &Terms, than: Than, figure: FenSum, limit: &Limit) -> Found {
        let Some(limit) = self.limit(limit)? else { return Ok(None) };
        let limit = match than {
            Than::Over => terms.tolerated(limit),
            Than::AtLeast | Than::Below => limit,
        };
        let limit = FenSum::from(limit.get());
        let holds = match than {
            Than::AtLeast => figure >= limit,
            Than::Over => figure > limit,
            Than::Below => figure < limit,
        };
        let asked = FenSum::from(self.reserve.amount_fen.get());
        let left = i64::try_from((limit - (figure - asked)).max(0)).unwrap_or(i64::MAX);
        Ok(holds.then(|| Some((self.reserve.amount_fen, Fen::new(left)))))
    }

    /// What a limit on file is; `None`: none applies.
    fn limit(&self, limit: &Limit) -> Result<Option<Fen>, Code> {
        Ok(Some(match limit {
            Limit::Fen(fen) => *fen,
            Limit::Contract => {
                let commitment = self.commitment().ok_or(Code::ElementContract)?;
                let used = self.rules.used_under(commitment.number);
                let own = if self.counted { self.reserve.amount_fen.get() } else { 0 };
                Fen::new(commitment.amount_fen.get() - (used - own))
            }
            Limit::Standard => return self.standard(),
            Limit::Ceiling(name) => {
                let key = format!("{}/{name}", &*self.unit.code);
                self.office.get::<Ceiling>(&key).ok_or(Code::ElementCeiling)?.approved_fen
            }
            Limit::Collected => {
                let mut income = self.income().peekable();
                income.peek().ok_or(Code::ElementIncome)?;
                Fen::new(income.map(|row| row.collected_fen.get()).sum())
            }
        }))
    }

    fn standard(&self) -> Result<Option<Fen>, Code> {
        let code = &self.project.standard;
        if **code == *"none" {
            return Ok(None);
        }
        let standard: &Standard = self.office.get(code).ok_or(Code::ElementStandard)?;
        let day = self.reserve.day;
        let holds = standard.valid_from <= day && standard.valid_to.is_none_or(|to| day <= to);
        if !holds {
            return Err(Code::ElementStandard);
        }
        if standard.hardness == Hardness::Reference || !standard.class.covers(self.reserve.economic)
        {
            return Ok(None);
        }
        let own = Some(self.project.quantity).filter(|&quantity| quantity > 0);
        let quantity = quantity(self.texts[4]).or(own).ok_or(Code::ElementQuantity)?;
        let limit = i64::from(quantity).checked_mul(standard.price_fen.get());
        Ok(Some(Fen::new(limit.unwrap_or(crate::limits::AMOUNT_FEN_MAX))))
    }

    fn income(&self) -> impl Iterator<Item = &'a Income> {
        let (unit, fund) = (&*self.unit.code, self.quota.fund);
        let of_unit = self.office.beginning::<Income>(unit).filter(move |row| *row.unit == *unit);
        of_unit.filter(move |row| row.fund.covers(fund))
    }

    fn commitment(&self) -> Option<&'a Commitment> {
        let number = self.reserve.contract;
        if number == ContractId::NONE {
            return None;
        }
        let mut key = String::new();
        number.write(&mut key);
        let commitment: &Commitment = self.office.get(&key)?;
        let fits =
            commitment.state == CommitmentState::Registered && *commitment.unit == *self.unit.code;
        fits.then_some(commitment)
    }

    fn registered(&self) -> Result<&'a Payee, Code> {
        if self.texts[1].is_empty() {
            Err(Code::ElementPayee)
        } else {
            self.payee.ok_or(Code::PayeeInvalid)
        }
    }

    fn exists(&self, rule: &Compiled, thing: Thing) -> Result<bool, Code> {
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
            Thing::Goal => !self.project.goal.is_empty(),
            Thing::Lock => self.rules.red_goals.contains(&*self.project.goal),
            Thing::White => listed(PayeeList::White)?,
            Thing::Black => listed(PayeeList::Black)?,
            Thing::OwnAccount => {
                let account: Option<&Account> = self.rules.account(
                    self.office,
                    self.reserve.particulars.payee_hash(),
                    account()?,
                );
                account.is_some_and(|account| {
                    matches!(account.kind, AccountKind::RealFund | AccountKind::FiscalSpecial)
                })
            }
            Thing::Exemption => {
                let account = std::str::from_utf8(account()?).unwrap_or("");
                let key = format!("{}/{}/{account}", rule.id, &*self.unit.code);
                let exemption: Option<&Exemption> = self.office.get(&key);
                exemption.is_some_and(|row| row.checker.0 != 0 && self.reserve.day <= row.valid_to)
            }
            Thing::Invoice => {
                if self.texts[4].is_empty() {
                    return Err(Code::ElementDocument);
                }
                let own = u32::from(self.counted);
                invoices_of(self.texts[4]).any(|invoice| self.rules.windows.invoice(invoice) > own)
            }
            Thing::Income => self.income().any(|row| row.collected_fen > Fen::ZERO),
        })
    }

    /// The place of a subject's word among its words.
    fn word(&self, subject: Subject) -> Result<u8, Code> {
        Ok(match subject {
            Subject::UnitKind => self.unit.kind as u8,
            Subject::UnitState => self.unit.standing as u8,
            Subject::ProjectClass => self.project.class as u8,
            Subject::ProjectState => self.project_state() as u8,
            Subject::Term => {
                let (year, from) = (self.book.year.get(), self.project.start_year.get());
                let over = u32::from(year) >= u32::from(from) + u32::from(self.project.term_years);
                if year < from { 0 } else { 1 + u8::from(over) }
            }
            Subject::Track => match (&*self.row.track, &*self.project.track) {
                ("", "") => 0,
                (row, project) if row == project => 1,
                _ => 2,
            },
            Subject::RowState => u8::from(self.row.is_dropped),
            Subject::Procurement => u8::from(!self.row.procurement),
            Subject::Method => {
                let all = crate::codes::Method::ALL;
                all.iter().position(|&method| method == self.reserve.method).unwrap_or(0) as u8
            }
            Subject::Business => self.reserve.kind.number() - 1,
            Subject::Payee => self.payee_standing()?,
            Subject::PayeeKind => self.registered()?.kind as u8,
            Subject::SameName => {
                if self.texts[0].is_empty() {
                    return Err(Code::ElementPayeeName);
                }
                u8::from(*self.unit.name.as_bytes() != *self.texts[0])
            }
            Subject::Supplier => {
                let commitment = self.commitment().ok_or(Code::ElementContract)?;
                let supplier = commitment.supplier.as_deref();
                // A plan has no supplier yet: nobody is another one.
                u8::from(supplier.is_some_and(|account| account.as_bytes() != self.texts[1]))
            }
        })
    }

    /// Where the project stands for a payment of this quota: one before the approval may pay too.
    fn project_state(&self) -> ProjectState {
        let authority = self.book.row(self.reserve.quota).map(|row| row.authority);
        let may_pay = |authority| project_may_pay(self.office, self.project, authority);
        match authority {
            Some(authority) if may_pay(authority) => ProjectState::Executing,
            _ => project_state_with_rows(self.office, self.project),
        }
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
            Some(payee) if *payee.name.as_bytes() != *self.texts[0] => 2,
            Some(payee) if *payee.bank_number.as_bytes() != *self.texts[2] => 3,
            Some(_) => 0,
        })
    }

    fn code(&self, coded: Coded) -> Class {
        match coded {
            Coded::Functional => self.row.functional,
            Coded::Government => self.row.government,
            Coded::Economic => self.reserve.economic,
            Coded::Fund => self.quota.fund,
        }
    }

    /// What a clause saw, in words for the worklist.
    pub(crate) fn seen(&self, clause: &[Predicate], figures: Option<(Fen, Fen)>) -> String {
        let mut text = format!("amount={}", self.reserve.amount_fen.to_yuan());
        let mut say = |name: &str, value: &str| {
            let _ = write!(text, " {name}={value}");
        };
        for predicate in clause {
            match predicate {
                Predicate::In { subject, .. } => {
                    let place = self.word(*subject).ok().map(usize::from);
                    let word = place.and_then(|place| subject.words().get(place));
                    say(subject.slug(), word.unwrap_or(&"unknown"));
                }
                Predicate::Under { coded, .. } => {
                    let code = self.code(*coded);
                    let name = match coded {
                        Coded::Functional => "functional",
                        Coded::Government => "government",
                        Coded::Economic => "economic",
                        Coded::Fund => "fund",
                    };
                    say(name, code.as_str());
                }
                Predicate::Unit { .. } => say("unit", &self.unit.code),
                Predicate::Exists { thing, holds } => {
                    say(&format!("{thing:?}").to_lowercase(), if *holds { "yes" } else { "no" });
                }
                Predicate::Repeat(days) => say("repeat-within-days", &days.to_string()),
                Predicate::Sum(days, ..) => {
                    let sum =
                        self.with_own(self.rules.windows.sum(self.pair, self.reserve.day, *days));
                    say(&format!("sum-of-{days}-days"), &yuan(sum));
                }
                Predicate::Total(classes, ..) => {
                    say("year-total", &yuan(self.with_own(self.total(classes))));
                }
                Predicate::Amount(..) | Predicate::FundTotal(..) => {}
            }
        }
        if let Some((_, left)) = figures {
            say("left", &left.to_yuan());
        }
        text
    }
}

/// A clause that holds, and what was asked and left.
pub(crate) struct Fired<'t> {
    /// The clause.
    pub(crate) clause: &'t [Predicate],
    /// What was asked and what was left, where the clause counts.
    pub(crate) figures: Option<(Fen, Fen)>,
}

fn yuan(sum: FenSum) -> String {
    i64::try_from(sum).map_or_else(|_| sum.to_string(), |fen| Fen::new(fen).to_yuan())
}

/// The quantity a document names: a word `qty=3` or `数量=3`.
fn quantity(document: &[u8]) -> Option<u32> {
    let document = std::str::from_utf8(document).ok()?;
    crate::particulars::official_numbers(document)
        .find_map(|word| word.strip_prefix("qty=").or_else(|| word.strip_prefix("数量=")))
        .and_then(u32::read)
}
