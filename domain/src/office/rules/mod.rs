//! Control rules (控制规则) at work: compiled from their rows, held against each payment of a division
//! under control, and what came of it.
//!
//! Rules are data ([`crate::office::tables::rule`]); [`condition`] is what they may ask, [`windows`]
//! what is remembered of payments, `case` one payment before them, [`scan`] what is looked for once
//! a day. Everything here but the traces follows from rows and is made again wherever those change:
//! live, in replay and from a checkpoint alike.
//!
//! A payment is held against the rules twice: before it is reserved, by those that refuse it or send
//! it to a further post, and after, by those that hold it, warn or record. An element that a rule asks
//! for and that is missing or unknown is a refusal that names it, never a rule passed over.

pub(crate) mod case;
pub mod condition;
pub mod defaults;
pub mod scan;
pub mod trial;
pub mod windows;

mod compile;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use case::Case;
use compile::compile;
use condition::Predicate;
use windows::{ByHash, Windows};

use crate::codes::{Post, Posts};
use crate::command::Reserve;
use crate::division::YearBook;
use crate::ids::{ContractId, Day, PaymentId, QuotaId};
use crate::limits::{RULE_INPUTS_BYTES_MAX, RULES_LISTED_MAX};
use crate::money::Fen;
use crate::office::Office;
use crate::office::field::Text;
use crate::office::line::Change;
use crate::office::table::{Row, Table, Tabled};
use crate::office::tables::base::Unit;
use crate::office::tables::budget::BudgetRow;
use crate::office::tables::performance::{Light, Tracked};
use crate::office::tables::project::Project;
use crate::office::tables::register::{Account, Payee};
use crate::office::tables::rule::{Action, Alert, AlertState, Held, Rule};
use crate::particulars::account_hash;
use crate::quota::QuotaCell;
use crate::quota::row_of_key;
use crate::refusal::{Code, Figure, Refusal};

/// No slot: not on file.
pub(crate) const NONE: u32 = u32::MAX;

/// The rules of a year and what they look at, ready for payments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Slot of the division's card.
    card: Option<u32>,
    /// True when any rule is, or ever was, on file.
    has_rules: bool,
    /// Rules that are looked at when a payment is asked for.
    compiled: Vec<Compiled>,
    /// For each quota, by serial, the slots of what it rests on.
    facts: Vec<Facts>,
    /// Hash of an account, to the slot of its payee.
    payees: ByHash<u32>,
    /// Hash of an account, to the slot of it.
    accounts: ByHash<u32>,
    /// Goals that were far behind when they were looked at last.
    red_goals: BTreeSet<Box<str>>,
    /// Sums over payments.
    windows: Windows,
    /// The payment that was judged last, if none of its rules leaves a row.
    quiet: Quiet,
    /// What payments have used of each plan or contract, over all quotas, and what is earmarked.
    under: HashMap<ContractId, Under>,
}

/// Remembers of the payment that was decided last that no rule leaves anything of it, so that it is not
/// judged a second time once it is reserved. Forgotten, nothing changes but time.
#[derive(Debug, Default)]
struct Quiet(AtomicU64);

impl Clone for Quiet {
    fn clone(&self) -> Quiet {
        Quiet::default()
    }
}

impl Quiet {
    /// The payment in few bits; zero stands for none.
    fn mark(payment: PaymentId) -> u64 {
        ((payment.0 >> 64) as u64 ^ payment.0 as u64).max(1)
    }

    fn set(&self, payment: PaymentId, quiet: bool) {
        self.0.store(if quiet { Quiet::mark(payment) } else { 0 }, Ordering::Relaxed);
    }

    fn is(&self, payment: PaymentId) -> bool {
        self.0.load(Ordering::Relaxed) == Quiet::mark(payment)
    }
}

/// What stands under a plan or contract, over all quotas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Under {
    /// Earmarked less given back.
    pub(crate) earmarked: i64,
    /// Taken by payments.
    pub(crate) used: i64,
}

/// The slots of what a quota rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    row: u32,
    unit: u32,
    project: u32,
}

/// A rule, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    id: Box<str>,
    version: u32,
    code: Code,
    release: Box<str>,
    terms: Terms,
    /// What holds instead, and in which days.
    deviation: Option<(Day, Day, Terms)>,
}

/// What a rule does, and when.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    action: Action,
    clauses: Vec<Vec<Predicate>>,
    tolerance_fen: Fen,
    tolerance_bp: u16,
}

impl Terms {
    /// A limit with what is tolerated beyond it: of the amount and the share, the lower.
    pub(crate) fn tolerated(&self, limit: Fen) -> Fen {
        let share = i128::from(limit.get().max(0)) * i128::from(self.tolerance_bp) / 10_000;
        let beyond = share.min(i128::from(self.tolerance_fen.get()));
        Fen::new(limit.get() + beyond as i64)
    }
}

impl Compiled {
    fn terms_on(&self, day: Day) -> &Terms {
        match &self.deviation {
            Some((from, to, terms)) if *from <= day && day <= *to => terms,
            _ => &self.terms,
        }
    }
}

/// A rule that fired and does not refuse.
pub(crate) struct Fired {
    rule: Box<str>,
    version: u32,
    code: Code,
    action: Action,
    release: Box<str>,
    inputs: String,
}

impl Rules {
    /// The rules of a year whose rows and traces are all there.
    pub(crate) fn of(book: &YearBook) -> Rules {
        let mut rules = Rules { windows: Windows::over(book.traces.iter()), ..Rules::default() };
        for (slot, row) in book.office.slots().iter().enumerate() {
            rules.note(row.table, &row.key, slot as u32);
            rules.look_at(&book.office, row.table, &row.key);
        }
        rules.compiled = compile(&book.office);
        if rules.card.is_some() {
            let facts =
                |(_, _, row): (_, _, &crate::quota::QuotaRow)| Facts::of(&book.office, &row.key);
            rules.facts = book.quotas().map(facts).collect();
        }
        for (_, cell) in book.contracts() {
            let under = rules.under.entry(cell.contract).or_default();
            under.earmarked += cell.earmarked;
            under.used += cell.used;
        }
        rules
    }

    /// Learns that a row was put or removed.
    pub(crate) fn learn(&mut self, office: &Office, slot: u32) {
        let Some(row) = office.slots().get(slot as usize) else { return };
        self.note(row.table, &row.key, slot);
        self.look_at(office, row.table, &row.key);
        if matches!(row.table, Table::Rule | Table::Deviation) {
            self.compiled = compile(office);
        }
    }

    /// Learns that the newest slot of a table was taken back. Only rows that the engine leaves of
    /// payments are filed in a linked run, and they take back what they added.
    pub(crate) fn unlearn(&mut self, office: &Office, table: Table) {
        if matches!(table, Table::Rule | Table::Deviation) {
            self.compiled = compile(office);
        }
    }

    fn note(&mut self, table: Table, key: &str, slot: u32) {
        match table {
            Table::DivisionCard => self.card = Some(slot),
            Table::Rule => self.has_rules = true,
            Table::Payee => drop(self.payees.insert(account_hash(key), slot)),
            Table::Account => drop(self.accounts.insert(account_hash(key), slot)),
            _ => {}
        }
    }

    /// A goal that was tracked is red or is not, by the last day it was looked at.
    fn look_at(&mut self, office: &Office, table: Table, key: &str) {
        if table != Table::Tracked {
            return;
        }
        let Some((goal, _)) = key.split_once('/') else { return };
        let of_goal = format!("{goal}/");
        let last = office.beginning::<Tracked>(&of_goal).last();
        if last.is_some_and(|tracked| tracked.light == Light::Red) {
            self.red_goals.insert(goal.into());
        } else {
            self.red_goals.remove(goal);
        }
    }

    /// True when the division is under control and has rules on file: before that, only the engine's
    /// own rules apply.
    pub(crate) fn apply(&self, office: &Office) -> bool {
        let row = |slot: u32| office.slots().get(slot as usize).and_then(|slot| slot.row.as_ref());
        self.has_rules && self.card.and_then(row).is_some()
    }

    /// True when the payment was decided last and no rule leaves anything of it.
    pub(crate) fn is_quiet(&self, payment: PaymentId) -> bool {
        self.quiet.is(payment)
    }

    /// Learns what a new quota rests on.
    pub(crate) fn learn_quota(&mut self, office: &Office, serial: usize, key: &str) {
        if self.card.is_some() {
            self.facts.resize(serial + 1, Facts::UNKNOWN);
            self.facts[serial] = Facts::of(office, key);
        }
    }

    /// What a quota rests on. Where its rows came after it, or its budget row names others by now, it
    /// is looked up by its key.
    fn facts(&self, office: &Office, book: &YearBook, quota: QuotaId) -> Facts {
        match self.facts.get(quota.serial() as usize) {
            Some(facts) if facts.hold(office) => *facts,
            _ => book.row(quota).map_or(Facts::UNKNOWN, |row| Facts::of(office, &row.key)),
        }
    }

    fn payee<'a>(&self, office: &'a Office, hash: u64, account: &[u8]) -> Option<&'a Payee> {
        let slot = *self.payees.get(&hash)?;
        let payee = Payee::of(office.slots().get(slot as usize)?.row.as_ref()?)?;
        (*payee.account.as_bytes() == *account).then_some(payee)
    }

    fn account<'a>(&self, office: &'a Office, hash: u64, account: &[u8]) -> Option<&'a Account> {
        let slot = *self.accounts.get(&hash)?;
        let known = Account::of(office.slots().get(slot as usize)?.row.as_ref()?)?;
        (*known.number.as_bytes() == *account).then_some(known)
    }

    /// What stands under a plan or contract, over all quotas.
    pub(crate) fn under(&self, contract: ContractId) -> Under {
        self.under.get(&contract).copied().unwrap_or_default()
    }

    fn used_under(&self, contract: ContractId) -> i64 {
        self.under(contract).used
    }

    /// Learns that a contract's cell on one quota has changed by so much.
    pub(crate) fn learn_contract(&mut self, contract: ContractId, earmarked: i64, used: i64) {
        let under = self.under.entry(contract).or_default();
        under.earmarked += earmarked;
        under.used += used;
    }

    /// The sums over payments.
    pub(crate) fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Counts a trace, or takes it back.
    pub(crate) fn count(&mut self, trace: &windows::Trace, more: bool) {
        if more { self.windows.add(trace) } else { self.windows.remove(trace) }
    }

    /// Bytes kept in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let facts = self.facts.capacity() * size_of::<Facts>();
        facts + (self.payees.capacity() + self.accounts.capacity()) * 13 + self.windows.bytes()
    }

    /// True when what it keeps of quotas, payees, contracts and payments is what it would be made anew.
    pub(crate) fn agrees_with(&self, book: &YearBook) -> bool {
        let anew = Rules::of(book);
        let under = |rules: &Rules| {
            let mut all: Vec<_> = rules.under.iter().map(|(&id, &under)| (id, under)).collect();
            all.retain(|(_, under)| *under != Under::default());
            all.sort_unstable_by_key(|(id, _)| *id);
            all
        };
        self.windows == anew.windows
            && self.compiled.len() == anew.compiled.len()
            && self.payees == anew.payees
            && self.red_goals == anew.red_goals
            && under(self) == under(&anew)
    }
}

impl Facts {
    const UNKNOWN: Facts = Facts { row: NONE, unit: NONE, project: NONE };

    /// True when all of it is on file and the budget row still names this unit and this project.
    fn hold(&self, office: &Office) -> bool {
        let row: Option<&BudgetRow> = row_at(office, self.row);
        let unit: Option<&Unit> = row_at(office, self.unit);
        let project: Option<&Project> = row_at(office, self.project);
        match (row, unit, project) {
            (Some(row), Some(unit), Some(project)) => {
                row.unit == unit.code && row.project == project.code
            }
            _ => false,
        }
    }

    /// What the official key of a quota names: its last part is the budget row, and that names the
    /// rest.
    fn of(office: &Office, key: &str) -> Facts {
        let slot = |table, key: &str| office.slot_of(table, key).unwrap_or(NONE);
        let code = row_of_key(key);
        let Some(row) = office.get::<BudgetRow>(code) else { return Facts::UNKNOWN };
        Facts {
            row: slot(Table::BudgetRow, code),
            unit: slot(Table::Unit, &row.unit),
            project: slot(Table::Project, &row.project),
        }
    }
}

/// The row of a slot, if it is there.
fn row_at<T: Tabled>(office: &Office, slot: u32) -> Option<&T> {
    if slot == NONE { None } else { T::of(office.slots().get(slot as usize)?.row.as_ref()?) }
}

/// Which posts a payment needs, as its quota and the rules have it.
///
/// # Errors
/// The first rule that refuses it, with its version and figures; an element that is missing.
pub(crate) fn judge_before(case: &Case<'_>, rules: &Rules, posts: Posts) -> Result<Posts, Refusal> {
    let reserve = case.reserve();
    let mut needed = posts;
    let (mut stopped, mut told) = (false, false);
    rules.quiet.set(reserve.payment, false);
    for rule in &rules.compiled {
        let terms = rule.terms_on(reserve.day);
        let Some(fired) = case.fires(rule, terms)? else { continue };
        match terms.action {
            Action::Refuse => return Err(refusal(rule, fired.figures)),
            Action::ApproveDepartment => needed = needed.with(Post::Department),
            Action::ApproveFinance => needed = needed.with(Post::Finance),
            Action::Hold => stopped = true,
            Action::Warn | Action::Record => told = true,
        }
    }
    rules.quiet.set(reserve.payment, !stopped && !told);
    // What is approved in one act has been seen by nobody: no rule may ask for more.
    if reserve.one_act && (stopped || needed != posts) {
        return Err(Code::NoRuleApproves.into());
    }
    Ok(needed)
}

fn refusal(rule: &Compiled, figures: Option<(Fen, Fen)>) -> Refusal {
    let mut refusal = Refusal::new(rule.code);
    if let Some((requested_fen, left_fen)) = figures {
        refusal.add(Figure { limit: rule.code, requested_fen, left_fen });
    }
    let requested_fen = Fen::new(i64::from(rule.version));
    refusal.add(Figure { limit: Code::RuleVersion, requested_fen, left_fen: Fen::ZERO });
    refusal
}

/// The rules that fired at a payment that was just reserved and neither refuse it nor need a post.
fn judge_after(case: &Case<'_>, rules: &Rules) -> Vec<Fired> {
    let mut all = Vec::new();
    for rule in &rules.compiled {
        let terms = rule.terms_on(case.reserve().day);
        if !matches!(terms.action, Action::Hold | Action::Warn | Action::Record) {
            continue;
        }
        // Every element was there before it was reserved, and nothing has changed since.
        let Ok(Some(fired)) = case.fires(rule, terms) else { continue };
        all.push(Fired {
            rule: rule.id.clone(),
            version: rule.version,
            code: rule.code,
            action: terms.action,
            release: rule.release.clone(),
            inputs: case.seen(fired.clause, fired.figures),
        });
    }
    all
}

/// What a funds check tells beside the decision: the rule that would hold the payment.
pub(crate) fn would_hold(case: &Case<'_>, rules: &Rules) -> Option<Code> {
    let mut held = rules.compiled.iter().filter(|rule| {
        let terms = rule.terms_on(case.reserve().day);
        terms.action == Action::Hold && matches!(case.fires(rule, terms), Ok(Some(_)))
    });
    held.next().map(|rule| rule.code)
}

/// Rows that the rules leave of a payment that was just reserved: in the worklist, as alerts.
pub(crate) fn rows_after(book: &YearBook, reserve: &Reserve<'_>) -> Vec<Change> {
    if book.rules.quiet.is(reserve.payment) {
        return Vec::new();
    }
    let Some(quota) = book.quota(reserve.quota) else { return Vec::new() };
    let Ok(Some(case)) = Case::of(book, reserve, quota, true) else { return Vec::new() };
    let mut all = judge_after(&case, &book.rules);
    // By what each does on the payment's day: a deviation may have made a graver rule milder.
    all.sort_by_key(|fired| Reverse(fired.action));
    all.truncate(RULES_LISTED_MAX);
    let mut changes = Vec::new();
    let mut held = false;
    for fired in all {
        let row = if fired.action == Action::Hold && !held {
            held = true;
            held_row(&case, fired).into_row()
        } else {
            alert_row(&case, fired).into_row()
        };
        changes.push(Change::Put(row));
    }
    changes
}

fn held_row(case: &Case<'_>, fired: Fired) -> Held {
    let reserve = case.reserve();
    Held {
        payment: payment_word(reserve),
        quota: reserve.quota,
        unit: case.unit().into(),
        rule: (&*fired.rule).into(),
        version: fired.version,
        code: fired.code.number(),
        amount_fen: reserve.amount_fen,
        day: Some(reserve.day),
        inputs: plain(&fired.inputs),
        release: (&*fired.release).into(),
    }
}

fn alert_row(case: &Case<'_>, fired: Fired) -> Alert {
    let reserve = case.reserve();
    Alert {
        rule: (&*fired.rule).into(),
        subject: payment_word(reserve),
        version: fired.version,
        code: fired.code.number(),
        action: fired.action,
        unit: case.unit().into(),
        amount_fen: reserve.amount_fen,
        day: Some(reserve.day),
        inputs: plain(&fired.inputs),
        state: AlertState::Open,
        answer: "".into(),
    }
}

/// A text as it may stand in a row: no control characters, cut to its bound.
fn plain(text: &str) -> Text {
    let mut plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    while plain.len() > RULE_INPUTS_BYTES_MAX {
        plain.pop();
    }
    (&*plain).into()
}

fn payment_word(reserve: &Reserve<'_>) -> crate::office::field::Word {
    (&*reserve.payment.to_string()).into()
}

/// Whether one rule, as a row, would have fired at a payment, were it asked for now: the code it
/// gives and what it saw. For trying a rule out against past payments, each before it is applied.
///
/// # Errors
/// The refusal of a payment that lacks an element.
pub fn would_fire(
    division: &crate::Division,
    reserve: &Reserve<'_>,
    rule: &Rule,
) -> Result<Option<String>, Refusal> {
    let Some(book) = division.year(reserve.quota.year()) else { return Ok(None) };
    let Some(quota) = book.quota(reserve.quota) else { return Ok(None) };
    let Some(compiled) = compile::one(rule, None) else { return Ok(None) };
    let Some(case) = Case::of(book, reserve, quota, false)? else { return Ok(None) };
    let fired = case.fires(&compiled, &compiled.terms)?;
    Ok(fired.map(|fired| case.seen(fired.clause, fired.figures)))
}

/// What stays of a payment for later ones to be held against, where the division is under control.
pub(crate) fn trace_of(
    book: &YearBook,
    reserve: &Reserve<'_>,
    quota: &QuotaCell,
) -> Option<windows::Trace> {
    let rules = &book.rules;
    if !rules.apply(&book.office) {
        return None;
    }
    let unit = rules.facts(&book.office, book, reserve.quota).unit;
    let [.., purpose, document, _] = reserve.particulars.texts();
    let fen = reserve.amount_fen.get();
    Some(windows::Trace {
        pair: windows::pair_of(
            unit,
            reserve.particulars.payee_hash(),
            windows::purpose_hash(purpose),
        ),
        asked_fen: fen,
        left_fen: fen,
        economic: reserve.economic,
        fund: quota.fund,
        unit,
        day: reserve.day,
        invoices: windows::invoices_of(document).collect(),
    })
}

/// The row a hold by a person leaves in the worklist.
pub(crate) fn held_by_hand(
    book: &YearBook,
    payment: crate::PaymentId,
    reason: &str,
) -> Option<Row> {
    let known = book.payment(payment)?;
    Some(
        Held {
            payment: (&*payment.to_string()).into(),
            quota: known.quota,
            unit: "".into(),
            rule: "manual".into(),
            version: 0,
            code: 0,
            amount_fen: known.amount_fen,
            day: Some(known.day),
            inputs: plain(reason),
            release: "".into(),
        }
        .into_row(),
    )
}
