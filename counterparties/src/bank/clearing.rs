//! Asking the central bank for what was paid (2301) and handing it what came back (2302), never netted.
//!
//! A request is for one day of payment, division, year, payer account, fund nature, method and lane, a line for each
//! voucher and what it was spent on. Refunds go once what they give back was cleared.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use domain::Fen;
use domain::ids::Day;
use domain::limits::VOUCHER_DETAILS_MAX;
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Value, Voucher, VoucherKey, VoucherKind, VoucherNumber,
};
use domain::{FiscalYear, money::FenSum};
use exchange::business::{Effect, Verdict};

use super::payment::ELEMENTS;
use super::record::Record;
use super::{
    Bank, Phase, RefundRow, Refusal, Request, Row, State, ZeroBalanceAccount, failed, noted,
};
use crate::ledger::SourceId;
use crate::limits::{REQUESTED_PER_ORDER_MAX, REQUESTS_PER_ORDER_MAX};
use crate::record::{BESIDE, KeyRecord, digest};
use crate::script::Fault;

/// What vouchers are requested together by, as it is read from a group's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group<'a> {
    pub(super) day: Day,
    pub(super) division: DivisionCode,
    pub(super) year: FiscalYear,
    pub(super) account: &'a str,
    pub(super) fund: &'a str,
    pub(super) method: &'a str,
    pub(super) lane: u8,
}

impl<'a> Group<'a> {
    pub(super) fn name(&self) -> String {
        let Group { day, division, year, account, fund, method, lane } = self;
        let (day, year) = (day.get(), year.get());
        format!("{day}\t{division}\t{year}\t{account}\t{fund}\t{method}\t{lane}")
    }

    pub(super) fn read(name: &'a str) -> Group<'a> {
        let mut parts = name.split('\t');
        let mut next = || parts.next().expect("a group's name has seven parts");
        Group {
            day: Day::new(number(next())).expect("a group has a day"),
            division: DivisionCode::new(next()).expect("a group has a division"),
            year: FiscalYear::new(number(next())).expect("a group has a year"),
            account: next(),
            fund: next(),
            method: next(),
            lane: number(next()),
        }
    }
}

fn number<T: FromStr>(text: &str) -> T {
    text.parse().ok().expect("a group's name has numbers where they belong")
}

/// A request that is being written.
struct Draft {
    details: Vec<Detail>,
    amount_fen: FenSum,
}

impl Bank {
    pub(super) fn group(&self, row: &Row) -> Group<'_> {
        Group::read(self.group_names.text(crate::ledger::TextId(row.group)))
    }

    pub(super) fn request_clearing(&self) -> Result<Vec<Effect>, Refusal> {
        let today = self.today()?;
        let mut effects = Vec::new();
        let (mut numbers, mut taken) = (0, 0);
        for &group in &self.groups_waiting {
            let name = self.group_names.text(group);
            let mut vouchers = self.groups[group.0 as usize].iter().copied().peekable();
            while vouchers.peek().is_some()
                && taken < REQUESTED_PER_ORDER_MAX
                && numbers < REQUESTS_PER_ORDER_MAX
            {
                let (count, draft) = self.draft(&mut vouchers, REQUESTED_PER_ORDER_MAX - taken);
                taken += count;
                let kind = VoucherKind::TransferRequest;
                let (key, issued) = self.request(kind, today, name, draft, numbers);
                numbers += 1;
                effects.push(noted(&Record::Requested {
                    key: KeyRecord::from(&key),
                    group: name,
                    vouchers: count as u32,
                    amount_fen: issued.1,
                }));
                effects.extend(issued.0);
            }
        }
        let waiting = self.refunds_waiting.iter().copied().take(REQUESTED_PER_ORDER_MAX);
        let waiting: Vec<u32> = waiting.collect();
        self.request_refunds(today, &waiting, State::Cleared, &mut numbers, &mut effects);
        Ok(effects)
    }

    /// The next request out of vouchers that wait: as many as it holds, at least one, at most `room`.
    fn draft(
        &self,
        vouchers: &mut std::iter::Peekable<impl Iterator<Item = SourceId>>,
        room: usize,
    ) -> (usize, Draft) {
        let mut draft = Draft { details: Vec::new(), amount_fen: 0 };
        let mut count = 0;
        while let Some(&source) = vouchers.peek() {
            let lines = self.clearing_lines(source);
            let paid_fen = FenSum::from(self.row(source).paid_fen.get());
            let lines_fit = draft.details.len() + lines.len() <= VOUCHER_DETAILS_MAX;
            let sum_fits = is_amount(draft.amount_fen + paid_fen);
            if count == room || (count > 0 && !(lines_fit && sum_fits)) {
                break;
            }
            vouchers.next();
            count += 1;
            draft.amount_fen += paid_fen;
            for line in &lines {
                draft.line(line);
            }
        }
        (count, draft)
    }

    /// The lines that an order is requested by: one for each of its details of which something was paid.
    fn clearing_lines(&self, source: SourceId) -> Vec<ClearingLine<'_>> {
        let row = self.row(source);
        let mut lines: Vec<ClearingLine<'_>> = Vec::with_capacity(row.paid_lines as usize);
        let mut places: HashMap<&str, usize> = HashMap::new();
        for paid in 0..row.paid_lines {
            let at = (row.first_entry + 2 * paid + 1) as usize;
            let (advanced, charged) = (&self.ledger.entries()[at - 1], &self.ledger.entries()[at]);
            let amount_fen = FenSum::from(charged.amount_fen.get());
            let detail = self.ledger.detail(charged);
            // Several payees beside may be part of one line.
            let place = *places.entry(detail).or_insert(lines.len());
            match lines.get_mut(place) {
                Some(line) => line.amount_fen += amount_fen,
                None => lines.push(ClearingLine {
                    order: self.ledger.key(source),
                    detail,
                    elements: self.ledger.elements(charged),
                    payment: self.payments[(row.first_payment + paid) as usize],
                    amount_fen,
                    beside: (advanced.source != source)
                        .then(|| self.ledger.key(advanced.source).number.as_str().to_owned()),
                }),
            }
        }
        lines
    }

    /// A request for a group, and its copies to the central bank and to finance, with its amount in fen.
    fn request(
        &self,
        kind: VoucherKind,
        today: Day,
        group: &str,
        draft: Draft,
        more: u32,
    ) -> (VoucherKey, (Vec<Effect>, i64)) {
        let group = Group::read(group);
        let account: &ZeroBalanceAccount = &self.accounts[group.account];
        let number: VoucherNumber = self.number_after(more);
        let key = VoucherKey { division: group.division, year: group.year, kind, number };
        let amount_fen = i64::try_from(draft.amount_fen).expect("a draft's sum is an amount");
        let head = Fields::new()
            .with_text(Field::FundType, group.fund)
            .with_text(Field::PayType, group.method)
            .with_text(Field::PayBank, self.identity.code.as_str())
            .with_text(Field::PayBankName, self.identity.name.as_str())
            .with_text(Field::ClearAccount, self.identity.clear_account.as_str())
            .with_text(Field::PayerAccount, group.account)
            .with_text(Field::PayerName, account.name.as_str())
            .with_text(Field::Treasury, account.treasury.as_str())
            .with_amount(Field::Amount, Fen::new(amount_fen))
            .with(Field::Total, Value::Count(draft.details.len() as u32))
            .with(Field::FirstDay, Value::Day(group.day))
            .with(Field::LastDay, Value::Day(group.day));
        let (flag, details) = (Flag::Original, draft.details);
        let voucher = Voucher { key, flag, date: today, head, details };
        // Finance's limit notice has to name the request, so finance gets a copy.
        let issued = vec![
            Effect::Issue { to: self.identity.central_bank, voucher: voucher.clone() },
            Effect::Issue { to: account.finance, voucher },
        ];
        (key, (issued, amount_fen))
    }

    /// Requests for those of some refunds whose order stands as given.
    fn request_refunds(
        &self,
        today: Day,
        refunds: &[u32],
        state: State,
        numbers: &mut u32,
        effects: &mut Vec<Effect>,
    ) {
        let mut groups: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for &refund in refunds {
            let row = self.row(self.refunds[refund as usize].source);
            if row.state == state {
                let group = Group { day: today, lane: 0, ..self.group(&row) };
                groups.entry(group.name()).or_default().push(refund);
            }
        }
        for (group, refunds) in groups {
            for refunds in self.refunds_in_requests(&refunds) {
                let mut draft = Draft { details: Vec::new(), amount_fen: 0 };
                for &refund in &refunds {
                    self.refund_line(refund, &mut draft);
                }
                let kind = VoucherKind::RefundRequest;
                let (key, issued) = self.request(kind, today, &group, draft, *numbers);
                *numbers += 1;
                effects.push(noted(&Record::RefundsRequested {
                    key: KeyRecord::from(&key),
                    group: &group,
                    refunds,
                    amount_fen: issued.1,
                }));
                effects.extend(issued.0);
            }
        }
    }

    /// Refunds dealt out to requests that hold their lines and their sums.
    fn refunds_in_requests(&self, refunds: &[u32]) -> Vec<Vec<u32>> {
        let mut requests: Vec<Vec<u32>> = vec![Vec::new()];
        let mut sum_fen = 0;
        for &refund in refunds {
            let RefundRow { source, line, .. } = self.refunds[refund as usize];
            let amount_fen = FenSum::from(self.paid_line(source, line).1.amount_fen.get());
            let last = requests.last().expect("there is always one");
            if last.len() == VOUCHER_DETAILS_MAX || !is_amount(sum_fen + amount_fen) {
                requests.push(Vec::new());
                sum_fen = 0;
            }
            sum_fen += amount_fen;
            requests.last_mut().expect("there is always one").push(refund);
        }
        requests
    }

    fn refund_line(&self, refund: u32, draft: &mut Draft) {
        let RefundRow { source, line, number, reason } = &self.refunds[refund as usize];
        let (advanced, charged) = self.paid_line(*source, *line);
        let amount_fen = -FenSum::from(charged.amount_fen.get());
        draft.line(&ClearingLine {
            order: self.ledger.key(*source),
            detail: self.ledger.detail(&advanced),
            elements: self.ledger.elements(&charged),
            payment: self.payments[(self.row(*source).first_payment + line) as usize],
            amount_fen,
            beside: (advanced.source != *source).then(|| self.ledger.detail(&charged).to_owned()),
        });
        draft.amount_fen += amount_fen;
        let written = draft.details.last_mut().expect("a line was written");
        written.fields.set(Field::RefundNumber, Value::Text(number.to_string()));
        written.fields.set(Field::Reason, Value::Text(reason.clone()));
    }

    /// A receipt of the central bank for one of our requests.
    pub(super) fn take_settled(&self, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        let source = self.ledger.find_source(receipt.key);
        let request = source.and_then(|source| self.requests.get(&source));
        let Some(request) = request else {
            return failed(format!(
                "无此划款凭证: this bank has sent no {}; look at the number",
                receipt.key
            ));
        };
        if request.end.is_some() {
            return (Verdict::Accepted, Vec::new());
        }
        let executed_fen = receipt.head.amount_fen(Field::ExecutedAmount);
        let Some(cleared_day) = receipt.head.day(Field::ClearedDay) else {
            return failed("缺清算日期: a receipt of clearing names its day in `XClearDate`");
        };
        if executed_fen != Some(request.amount_fen) {
            let told = executed_fen.unwrap_or_default();
            return failed(format!(
                "清算金额不符: requested {}, cleared {told}; a request is cleared whole",
                request.amount_fen
            ));
        }
        if self.phase == Phase::Closed {
            return self.settled_behind(receipt);
        }
        let (key, cleared_day) = (KeyRecord::from(&receipt.key), cleared_day.get());
        let mut effects = vec![noted(&Record::Settled { key, cleared_day })];
        let ours = |source: SourceId| request.vouchers.binary_search(&source).is_ok();
        if let Some(today) = self.day {
            // Refunds of what is cleared now had to wait for it.
            let waiting = self.refunds_waiting.iter().copied();
            let due: Vec<u32> =
                waiting.filter(|refund| ours(self.refunds[*refund as usize].source)).collect();
            self.request_refunds(today, &due, State::Requested, &mut 0, &mut effects);
        }
        effects.extend(self.send_held_after_clearing(request));
        (Verdict::Accepted, effects)
    }

    /// The closed day is told: what the treasury gives now is of the next one.
    fn settled_behind(&self, receipt: &Voucher) -> (Verdict, Vec<Effect>) {
        if self.behind.get(&receipt.key).is_some() {
            return (Verdict::Accepted, Vec::new());
        }
        match digest(receipt) {
            Some(digest) => {
                let from = self.identity.central_bank;
                (Verdict::Accepted, self.wait_for_day(from, receipt, digest))
            }
            None => failed("凭证无法规范化: the voucher has no canonical bytes; send one that has"),
        }
    }

    fn send_held_after_clearing(&self, request: &Request) -> Vec<Effect> {
        let held = request.vouchers.iter().filter(|source| {
            self.held.contains_key(source) && self.row(**source).fault == Some(Fault::AfterClearing)
        });
        let due: Vec<SourceId> = held.copied().collect();
        self.send_held(&due)
    }
}

/// Whether a sum in fen can stand in a field.
fn is_amount(sum_fen: FenSum) -> bool {
    i64::try_from(sum_fen).is_ok_and(|fen| Fen::new(fen).in_bounds())
}

/// A line of a request, about to be written.
struct ClearingLine<'a> {
    order: VoucherKey,
    detail: &'a str,
    elements: &'a str,
    payment: u128,
    amount_fen: FenSum,
    /// Where payees stand beside the order: see [`BESIDE`].
    beside: Option<String>,
}

impl Draft {
    fn line(&mut self, line: &ClearingLine<'_>) {
        let ClearingLine { order, detail, elements, payment, amount_fen, ref beside } = *line;
        let amount_fen = i64::try_from(amount_fen).expect("a line is part of an amount");
        let mut fields = Fields::new()
            .with_text(Field::OriginalKind, order.kind.code().to_string())
            .with_text(Field::OriginalNumber, order.number.as_str())
            .with_text(Field::OriginalDetail, detail)
            .with_amount(Field::Amount, Fen::new(amount_fen));
        for (field, text) in ELEMENTS.into_iter().zip(elements.split('\t')) {
            if !text.is_empty() {
                fields.set(field, Value::Text(text.to_owned()));
            }
        }
        if let Some(beside) = beside {
            fields.set(BESIDE, Value::Text(beside.clone()));
        }
        if payment != 0 {
            fields.set(Field::Payment, Value::Text(format!("{payment:032x}")));
        }
        let id = (self.details.len() + 1).to_string();
        self.details.push(Detail { id, fields });
    }
}
