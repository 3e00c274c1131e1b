//! A statement of a bank or of the central bank: taken apart, put together with its other parts, compared, answered.

use std::collections::{BTreeMap, BTreeSet};

use domain::Fen;
use domain::ids::Day;
use domain::limits::DIFFERENCES_MAX;
use domain::money::FenSum;
use domain::reconciliation::class::OwnedFinding;
use domain::reconciliation::comparison::Compared;
use domain::reconciliation::opening::{Ended, openings};
use domain::reconciliation::period::of_statement;
use domain::reconciliation::period::sums::told as sums_told;
use domain::reconciliation::register::{Event, Order, Told};
use domain::reconciliation::statement::{
    HeadProblem, Part, answer, balance, check_head, day_of, lines, reason,
};
use domain::reconciliation::{Comparison, Figures, Item, ItemState, Line, Scope, Side, Source};
use domain::voucher::facts::named_voucher;
use domain::voucher::numbers::{Giving, Series};
use domain::voucher::{
    Field, Flag, Party, PartyKind, Voucher, VoucherKey, VoucherKind, VoucherNumber, canonical,
};

use super::carried::waiting_in;
use super::held::held_in;
use super::record::{Asked, Change, Record};
use super::{BOOKS, read, source_of};
use crate::business::{Effect, Verdict};
use crate::finance::record::Record as FinanceRecord;
use crate::finance::{Finance, failed, noted};
use crate::limits::{STATEMENT_PARTS_MAX, STATEMENTS_IN_PARTS_MAX};

/// Whose statement of what and of which day, and which part of it.
pub(super) fn headed(from: Party, statement: &Voucher) -> (Told, Day, Part) {
    let source = source_of(statement).expect("a statement was kept");
    let part = Part::of(statement).expect("a part was kept");
    (Told { source, party: from }, day_of(statement), part)
}

/// A record of reconciliation as an effect.
pub(super) fn reconciled(record: Record) -> Effect {
    noted(&FinanceRecord::Reconciled(record))
}

impl Finance {
    /// Takes a statement.
    pub(in crate::finance) fn statement_came(
        &self,
        from: Party,
        statement: &Voucher,
        source: Source,
    ) -> (Verdict, Vec<Effect>) {
        match self.hear(from, statement, source) {
            Ok(effects) => (Verdict::Accepted, effects),
            Err(reason) => failed(reason),
        }
    }

    fn hear(
        &self,
        from: Party,
        statement: &Voucher,
        source: Source,
    ) -> Result<Vec<Effect>, String> {
        let key = statement.key;
        let is_theirs = match source.told_by() {
            PartyKind::CentralBank => from == self.central_bank,
            _ => statement.head.text(Field::PayBank) == Some(from.code()),
        };
        if from.kind() != source.told_by() || !is_theirs {
            return Err(format!("{key} is not {from}'s to tell; {} does", source.told_by()));
        }
        let part = Part::of(statement).filter(|part| part.of <= STATEMENT_PARTS_MAX);
        let part = part.ok_or_else(|| {
            format!("{key} says no part of a statement in `Hold1`; write one like 1/2")
        })?;
        let day = day_of(statement);
        let is_of_a_period = source.is_of_a_period();
        let closed = self.reconciled.register.closed_until().filter(|_| !is_of_a_period);
        if let Some(closed) = closed.filter(|one| day <= *one) {
            return Err(format!("{key} tells of {}, and {} is closed", day.get(), closed.get()));
        }
        if let Some((period, _)) = of_statement(statement) {
            sums_told(period, source, std::slice::from_ref(statement))
                .map_err(|unfit| unfit.to_string())?;
        } else {
            for line in lines(statement).map_err(|unfit| unfit.to_string())? {
                line.map_err(|unfit| unfit.to_string())?;
            }
        }
        if source == Source::Account {
            balance(statement).map_err(|unfit| unfit.to_string())?;
        }
        let problems = head_problems(statement, source);
        if !problems.is_empty() {
            return self.not_compared(from, statement, &problems);
        }
        let bytes = canonical::bytes(statement).map_err(|why| why.to_string())?;
        let mut effects = vec![noted(&FinanceRecord::Reported { key: key.to_string() })];
        let told = Told { source, party: from };
        let mut came = BTreeMap::new();
        let known = self.reconciled.parts.get(&(day, told));
        if let Some(parts) = known.filter(|parts| parts.of == part.of) {
            came.extend(parts.came.iter().map(|(number, bytes)| (*number, bytes.as_slice())));
        } else if known.is_none() && self.reconciled.parts.len() >= STATEMENTS_IN_PARTS_MAX {
            return Err(format!(
                "{STATEMENTS_IN_PARTS_MAX} statements wait for their other parts; send those first"
            ));
        }
        came.insert(part.number, bytes.as_slice());
        if came.len() < part.of as usize {
            let from = from.to_string();
            effects.push(reconciled(Record::Part { from, statement: bytes }));
            return Ok(effects);
        }
        let statements: Vec<Voucher> = came.values().map(|bytes| read(bytes)).collect();
        let (compared, events) = self.compare(told, day, &statements)?;
        effects.extend(compared);
        if source == Source::Clearing {
            effects.push(reconciled(waiting_in(day, &statements)));
            effects.extend(self.requests_sent_back(&statements));
        }
        if source == Source::Account {
            effects.extend(self.holds_there(from, day, &held_in(&statements)));
            effects.push(balances(from, day, &statements));
            let mut register = self.reconciled.register.clone();
            events.iter().for_each(|event| register.apply(event));
            effects.extend(self.requests_of_day(from, day, register, None));
            effects.extend(self.those_taken_back(&effects));
        }
        Ok(effects)
    }

    /// A statement whose head does not say what its lines say is not compared: it stays due. To the central bank's an
    /// answer says what is wrong with it.
    fn not_compared(
        &self,
        from: Party,
        statement: &Voucher,
        problems: &[HeadProblem],
    ) -> Result<Vec<Effect>, String> {
        let why = reason(problems, std::iter::empty());
        let mut effects = vec![noted(&FinanceRecord::Reported { key: statement.key.to_string() })];
        let mut numbers = self.numbers.giving();
        match self.reply(from, statement, &why, &mut numbers)? {
            Some(reply) => effects.extend(reply),
            None => return Err(why),
        }
        Ok(effects)
    }

    /// Compares all that a party tells of one source and day, and answers where an answer is asked for.
    fn compare(
        &self,
        told: Told,
        day: Day,
        statements: &[Voucher],
    ) -> Result<(Vec<Effect>, Vec<Event>), String> {
        let (agreed, findings) = match told.source.is_of_a_period() {
            true => self.period_findings(told, statements)?,
            false => self.findings(told, day, statements)?,
        };
        let order = Order::Compare { told, day, agreed, findings: findings.clone() };
        let events = self.reconciled.register.decide(BOOKS, day, order);
        let events = events.map_err(|refusal| refusal.to_string())?;
        let changes = events.iter().map(Change::from).collect();
        let compared = Record::Compared { told: told.into(), day: day.get(), changes };
        let mut effects = vec![reconciled(compared)];
        if told.source == Source::Treasury {
            let unknown = Ended::default();
            let (_, ends) = openings(statements, &unknown);
            let balances = ends.into_iter().map(|(code, fen)| (code.to_owned(), fen.get()));
            effects
                .push(reconciled(Record::Ended { day: day.get(), balances: balances.collect() }));
        }
        let mut numbers = self.numbers.giving();
        for statement in statements {
            let VoucherKey { division, year, .. } = statement.key;
            let of_it = findings.iter().filter(|finding| {
                let voucher = finding.place.voucher;
                (voucher.division, voucher.year) == (division, year)
            });
            let why = reason(&[], of_it.map(OwnedFinding::as_finding));
            let reply = self.reply(told.party, statement, &why, &mut numbers)?;
            effects.extend(reply.into_iter().flatten());
        }
        Ok((effects, events))
    }

    /// How many lines say the same on both sides, and all that differs.
    fn findings(
        &self,
        told: Told,
        day: Day,
        statements: &[Voucher],
    ) -> Result<(u64, Vec<OwnedFinding>), String> {
        let mut comparison = Comparison::new(told.source);
        let mut named = BTreeSet::new();
        let mut moved: BTreeMap<VoucherKey, FenSum> = BTreeMap::new();
        let mut payees: BTreeMap<(VoucherKey, &str, &str), (FenSum, Line<'_>)> = BTreeMap::new();
        for statement in statements {
            for line in lines(statement).map_err(|unfit| unfit.to_string())? {
                let line = line.map_err(|unfit| unfit.to_string())?;
                if told.source == Source::Treasury {
                    // It has a line for each functional class of a request.
                    let fen = FenSum::from(line.figures.amount_fen.get());
                    *moved.entry(line.item.voucher).or_default() += fen;
                    continue;
                }
                named.insert(line.item.voucher);
                let scope = Scope { fund: "", ..line.scope };
                let scope = match told.source {
                    Source::Clearing => Scope { account: "", ..scope },
                    _ => scope,
                };
                let line = Line { scope, ..line };
                if self.is_of_a_sheet(told.source, &line) {
                    // It has a line for each payee, where our books have one for each payment.
                    let place = (line.item.voucher, line.item.detail, line.scope.account);
                    let fen = FenSum::from(line.figures.amount_fen.get());
                    payees.entry(place).or_insert((0, line)).0 += fen;
                    continue;
                }
                comparison.add(Side::Theirs, &line).map_err(|why| why.to_string())?;
            }
        }
        for (fen, line) in payees.into_values() {
            let fen = i64::try_from(fen).map(Fen::new).ok().filter(|fen| fen.in_bounds());
            let voucher = line.item.voucher;
            let amount_fen = fen.ok_or_else(|| format!("what {voucher} paid is no amount"))?;
            let line = Line { figures: Figures { amount_fen, ..line.figures }, ..line };
            comparison.add(Side::Theirs, &line).map_err(|why| why.to_string())?;
        }
        // What moves no cash in the end, a correction, is in no books of cash.
        for (voucher, fen) in moved.into_iter().filter(|(_, fen)| *fen != 0) {
            let fen = i64::try_from(fen).map(Fen::new).ok().filter(|fen| fen.in_bounds());
            let amount_fen = fen.ok_or_else(|| format!("what moved by {voucher} is no amount"))?;
            let scope = Scope { bank: "", account: "", fund: "" };
            let figures = Figures { amount_fen, state: ItemState::Done, day };
            let line = Line { scope, item: Item { voucher, detail: "" }, figures };
            comparison.add(Side::Theirs, &line).map_err(|why| why.to_string())?;
        }
        if matches!(told.source, Source::Treasury | Source::Account) {
            let ended = self.reconciled.ended_before(told, day);
            let (breaks, _) = openings(statements, &ended);
            for [ours, theirs] in breaks.iter().map(|one| one.lines(day)) {
                comparison.add(Side::Ours, &ours).map_err(|why| why.to_string())?;
                comparison.add(Side::Theirs, &theirs).map_err(|why| why.to_string())?;
            }
        }
        let waits = held_in(statements);
        self.our_lines((told, day), &named, &waits, &mut |line| comparison.add(Side::Ours, line))
            .map_err(|why| why.to_string())?;
        taken_down(&comparison.finish())
    }

    /// Whether a line says that a payee beside an order of ours was paid. What came back names its payee itself.
    fn is_of_a_sheet(&self, source: Source, line: &Line<'_>) -> bool {
        let paid = line.figures.state == ItemState::Done && line.figures.amount_fen > Fen::ZERO;
        let row = self.voucher(&line.item.voucher).filter(|_| paid && source == Source::Account);
        row.is_some_and(|row| row.sheet.is_some())
    }

    /// The answer to a clearing statement (5502), and its number noted; none to other statements.
    fn reply(
        &self,
        to: Party,
        statement: &Voucher,
        why: &str,
        numbers: &mut Giving<'_>,
    ) -> Result<Option<[Effect; 2]>, String> {
        if statement.key.kind != VoucherKind::ClearingStatement {
            return Ok(None);
        }
        let VoucherKey { division, year, .. } = statement.key;
        let series = Series { division, year, kind: VoucherKind::StatementAnswer };
        let serial = numbers.give(series).map_err(|none| none.to_string())?;
        let number = series.key(serial).number;
        let date = self.reconciled.day.map_or(statement.date, |day| day.max(statement.date));
        let Some(voucher) = answer(statement, number, date, why) else { return Ok(None) };
        let noted = reconciled(Record::Replied { answer: voucher.key.to_string() });
        Ok(Some([noted, Effect::Issue { to, voucher }]))
    }

    /// What finance takes down of a request, beside what it is answered with.
    pub(in crate::finance) fn request_heard(&self, from: Party, voucher: &Voucher) -> Vec<Effect> {
        let asked = |(ours_fen, missing): (Fen, Vec<(VoucherKey, u64)>)| {
            let asked = reconciled(Record::Asked(Asked {
                request: voucher.key.to_string(),
                bank: from.to_string(),
                day: voucher.date.get(),
                asked_fen: voucher.head.amount_fen(Field::Amount).unwrap_or_default().get(),
                ours_fen: ours_fen.get(),
                missing: missing.iter().map(|(key, number)| (key.to_string(), *number)).collect(),
            }));
            [asked].into_iter().chain(self.request_compared(from, voucher)).collect()
        };
        match (voucher.key.kind, voucher.flag) {
            (VoucherKind::TransferRequest, Flag::Original) => asked((Fen::ZERO, Vec::new())),
            (VoucherKind::RefundRequest, Flag::Original) => asked(self.refunds_of(voucher)),
            (VoucherKind::RefundRequest, Flag::Receipt) => {
                let day = voucher.head.day(Field::ClearedDay).unwrap_or(voucher.date).get();
                let request = voucher.key.to_string();
                vec![reconciled(Record::RequestEnded { request, day, returned: false })]
            }
            _ => Vec::new(),
        }
    }

    /// What was decided, with what it means for reconciliation: limit notices that were written, and differences
    /// that end by it.
    pub(in crate::finance) fn with_reconciled(&self, mut effects: Vec<Effect>) -> Vec<Effect> {
        let notices = effects.iter().filter_map(|effect| match effect {
            Effect::Issue { voucher, .. } => limited(voucher),
            _ => None,
        });
        let notices: Vec<Effect> = notices.map(reconciled).collect();
        effects.extend(notices);
        effects.extend(self.mended(&effects));
        effects
    }

    /// That the request was sent back for which a limit notice of ours was.
    pub(in crate::finance) fn request_sent_back(&self, notice: &VoucherKey) -> Option<Effect> {
        let request = self.reconciled.by_notice.get(notice)?;
        let known = self.reconciled.requests.get(request)?;
        let day = self.reconciled.day.map_or(known.day, |day| day.max(known.day)).get();
        let request = request.to_string();
        Some(reconciled(Record::RequestEnded { request, day, returned: true }))
    }

    /// That requests were sent back that got no limit notice of ours: the central bank's statement is the one word of it.
    fn requests_sent_back(&self, statements: &[Voucher]) -> Vec<Effect> {
        let told = statements.iter().filter_map(|statement| lines(statement).ok());
        let back = told.flatten().flatten();
        let back = back.filter(|line| line.figures.state == ItemState::Returned);
        let ended = back.filter_map(|line| {
            let (key, day) = (line.item.voucher, line.figures.day);
            let known = self.reconciled.requests.get(&key)?;
            let (request, day) = (key.to_string(), day.get());
            known
                .is_without_limit()
                .then(|| reconciled(Record::RequestEnded { request, day, returned: true }))
        });
        ended.collect()
    }

    /// What our books have of the refunds that a request names, each once and less than zero; and those of which no
    /// notice has come.
    fn refunds_of(&self, request: &Voucher) -> (Fen, Vec<(VoucherKey, u64)>) {
        let VoucherKey { division, year, .. } = request.key;
        let mut seen = BTreeSet::new();
        let (mut sum_fen, mut missing): (FenSum, _) = (0, Vec::new());
        for line in &request.details {
            let number = line.fields.text(Field::RefundNumber);
            let number = number.and_then(domain::voucher::form::refund_number);
            let (Some(key), Some(number)) = (named_voucher(division, year, &line.fields), number)
            else {
                continue;
            };
            let Some(at) = self.by_key.get(&key) else { continue };
            if !seen.insert((*at, number)) {
                continue;
            }
            let refund = (*at, number);
            match (self.refunds.get(&refund), self.settled.get(&refund)) {
                (Some(back), _) => {
                    let back_fen = back.iter().map(|fact| FenSum::from(fact.amount_fen));
                    sum_fen -= back_fen.sum::<FenSum>();
                }
                // The central bank's receipt was here first.
                (None, Some((_, back_fen))) => sum_fen -= back_fen,
                (None, None) => missing.push((key, number)),
            }
        }
        (i64::try_from(sum_fen).map_or(Fen::ZERO, Fen::new), missing)
    }
}

/// How many lines agree, and all that differs, where it is not too much to be taken down.
pub(super) fn taken_down(compared: &Compared) -> Result<(u64, Vec<OwnedFinding>), String> {
    if compared.different() > DIFFERENCES_MAX {
        return Err(format!(
            "{} lines differ and {DIFFERENCES_MAX} are the most that are taken down; look for what is wrong with the \
             statement as a whole, and send it again",
            compared.different()
        ));
    }
    Ok((compared.agreed(), compared.findings().map(|one| one.to_owned()).collect()))
}

/// What a bank tells of its accounts' balances, all together: those that are not at zero.
fn balances(bank: Party, day: Day, statements: &[Voucher]) -> Effect {
    let told = statements.iter().filter_map(|statement| balance(statement).ok().flatten());
    // An account has a voucher for each year of its orders: the last one says what it has at the end.
    let last: BTreeMap<&str, Fen> = told.collect();
    let not_zero = last.into_iter().filter(|(_, balance_fen)| *balance_fen != Fen::ZERO);
    let not_zero = not_zero.map(|(account, fen)| (account.to_owned(), fen.get())).collect();
    reconciled(Record::Balances { bank: bank.to_string(), day: day.get(), not_zero })
}

/// The request that a limit notice is for, and what it says of it.
fn limited(notice: &Voucher) -> Option<Record> {
    let is_notice =
        matches!(notice.key.kind, VoucherKind::AuthorizedLimit | VoucherKind::DirectLimit);
    let number = notice.head.text(Field::ClearingNumber).filter(|_| is_notice)?;
    let number = VoucherNumber::new(number)?;
    let request = VoucherKey { kind: VoucherKind::TransferRequest, number, ..notice.key };
    Some(Record::Limited {
        request: request.to_string(),
        notice: notice.key.to_string(),
        ours_fen: notice.head.amount_fen(Field::Amount)?.get(),
    })
}

/// What of a statement's head is not what its lines say. A treasury account's statement tells balances and no sum.
fn head_problems(statement: &Voucher, source: Source) -> Vec<HeadProblem> {
    let mut problems = check_head(statement);
    if source == Source::Treasury && statement.head.amount_fen(Field::TotalAmount).is_none() {
        problems.retain(|problem| !matches!(problem, HeadProblem::Sum { .. }));
    }
    problems
}
