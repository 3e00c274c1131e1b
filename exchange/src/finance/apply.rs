//! The only way finance's business changes.

use domain::Fen;
use domain::codes::Path;
use domain::ids::{Day, PaymentId, QuotaId};
use domain::voucher::VoucherKey;
use domain::voucher::again;
use domain::voucher::canonical;
use domain::voucher::numbers::Series;
use domain::voucher::payees::SheetDigest;

use super::correction::CorrectionStanding;
use super::reconciled::record::Record as ReconciledRecord;
use super::record::{
    FactDue, Issued, LineAgain, LineRecord, PartRecord, PaymentName, Record, SheetIssued, key_of,
    party_of,
};
use super::sheet::Sheet;
use super::{Finance, Line, Part, Row, Standing};

impl Finance {
    pub(super) fn change(&mut self, record: Record) {
        match record {
            Record::Issued(issued) => self.issued(issued),
            Record::Left { payment, why } => {
                // What waits for its debit is told to after that.
                self.waiting.remove(&payment.name());
                self.left.insert(payment.name(), why);
            }
            Record::Debited(debit) => self.debited(&debit),
            Record::DebitOrdered { debit, order } => {
                self.debit_ordered(key_of(&debit), key_of(&order));
            }
            Record::WaitsForDebit { payment, to, path, voucher } => {
                let path = Path::from_number(path).expect("a path was written");
                self.waits(payment, party_of(&to), path, &voucher);
            }
            Record::DebitBack { key, day, .. } => {
                let day = Day::new(day).expect("a day was written");
                self.debit_came_back(key_of(&key), day);
            }
            Record::Answered { key, paid_fen, lines, facts } => {
                self.answered(&key, &paid_fen, lines, day_of(&facts));
                self.facts.extend(facts);
            }
            Record::Refunded { key, notice, details, facts } => {
                self.money_back(&key, &notice, &details, facts);
            }
            Record::RefundSettled { key, number, facts } => {
                let at = self.by_key[&key_of(&key)];
                self.refunds.remove(&(at, number));
                let back_fen = facts.iter().map(|fact| i128::from(fact.amount_fen)).sum::<i128>();
                self.settled.insert((at, number), (day_of(&facts), back_fen));
                self.facts.extend(facts);
            }
            Record::SettlementWaits { receipt } => {
                let receipt = canonical::read(&receipt).expect("a receipt was written");
                self.settlements.insert(receipt.key, receipt);
            }
            Record::SettlementEnded { request } => {
                self.settlements.remove(&key_of(&request));
            }
            Record::Noticed { notice, vouchers } => {
                let notice = key_of(&notice);
                self.numbered(Series::of(&notice), notice.number.as_str());
                let rows: Vec<u32> = vouchers.iter().map(|key| self.by_key[&key_of(key)]).collect();
                for at in &rows {
                    self.rows[*at as usize].standing = Standing::Noticed;
                }
                self.notices_back.retain(|_, back| !back.iter().any(|at| rows.contains(at)));
                self.noticed.insert(notice, rows);
            }
            Record::Cleared { notice, facts } => {
                let notice = key_of(&notice);
                self.reconciled.cleared(&notice, day_of(&facts));
                for at in self.noticed.remove(&notice).unwrap_or_default() {
                    let row = &mut self.rows[at as usize];
                    row.standing = Standing::Cleared;
                    row.cleared_on = day_of(&facts);
                    row.lines = Box::default();
                    let paid_fen = row.paid_fen();
                    self.cleared_fen += paid_fen;
                    *self.exposure_fen.entry(row.to).or_default() -= paid_fen;
                }
                self.facts.extend(facts);
            }
            Record::Voided { payment } => self.voided(payment),
            Record::NoticeBack { notice } => {
                let notice = key_of(&notice);
                let rows = self.noticed.remove(&notice).expect("a notice that is out comes back");
                for at in &rows {
                    self.rows[*at as usize].standing = Standing::Paid;
                }
                self.notices_back.insert(notice, rows);
            }
            Record::RequestWaits { from, request } => {
                let request = canonical::read(&request).expect("a request was written");
                self.requests.insert(request.key, (party_of(&from), request));
            }
            Record::RequestEnded { request } => {
                self.requests.remove(&key_of(&request));
            }
            Record::SheetNamed { payment, digest } => {
                self.sheets_named.insert(payment.name(), SheetDigest(digest));
            }
            Record::PaysAgain { payment, order } => {
                let payments = self.paying_again.entry(key_of(&order)).or_default();
                payments.insert(payment.name());
            }
            Record::SheetIssued(sheet) => self.sheet_issued(sheet),
            Record::LinesAgain { order, lines } => self.paid_again(key_of(&order), lines),
            Record::SheetGiven { order, by } => {
                let row = &mut self.rows[self.by_key[&key_of(&order)] as usize];
                row.sheet.as_mut().expect("a sheet that was written is given").by = by.into();
            }
            Record::SheetBack { order, sheet, reason } => {
                self.sheet_is_back(key_of(&order), key_of(&sheet), &reason);
            }
            Record::SheetAnswered { order, paid_fen, failed } => {
                let row = &mut self.rows[self.by_key[&key_of(&order)] as usize];
                let sheet = row.sheet.as_mut().expect("a sheet that was written is answered");
                for (part, paid_fen) in sheet.parts.iter_mut().zip(paid_fen) {
                    part.paid_fen = Fen::new(paid_fen);
                }
                sheet.answered = true;
                sheet.failed = failed.into_iter().map(|one| (one.at, one.why.into())).collect();
            }
            Record::Reported { key } => {
                self.reports.insert(key_of(&key));
            }
            Record::Reconciled(ReconciledRecord::HeldBack { orders }) => {
                for key in &orders {
                    self.rows[self.by_key[&key_of(key)] as usize].held = true;
                }
            }
            Record::Reconciled(ReconciledRecord::LetGo { day }) => {
                let day = Day::new(day).expect("a day was written");
                for row in self.rows.iter_mut().filter(|row| row.held) {
                    (row.held, row.due_on) = (false, day);
                }
            }
            Record::Reconciled(ReconciledRecord::HeldThere { bank, day, orders }) => {
                self.held_there(party_of(&bank), day, &orders);
            }
            Record::Reconciled(record) => {
                if let ReconciledRecord::Replied { answer } = &record {
                    let answer = key_of(answer);
                    self.numbered(Series::of(&answer), answer.number.as_str());
                }
                self.reconciled.apply(record);
            }
            Record::CorrectionIssued(issued) => self.correction_issued(issued),
            Record::CorrectionBooked { key } => {
                self.correction_stands(&key, CorrectionStanding::Booked);
            }
            Record::CorrectionBack { key, reason } => {
                self.correction_stands(&key, CorrectionStanding::Back(reason));
            }
            Record::FactsTaken { through } => {
                while self.facts_taken < through {
                    self.facts.pop_front().expect("only facts that were due are taken");
                    self.facts_taken += 1;
                }
            }
        }
    }

    fn money_back(&mut self, key: &str, notice: &str, details: &[u32], facts: Vec<FactDue>) {
        let key = key_of(key);
        let at = self.by_key[&key];
        let row = &mut self.rows[at as usize];
        let parts = details.iter().map(|at| row.payees()[*at as usize].paid_fen.get());
        let back_fen: i64 = parts.sum();
        self.refunded_fen += i128::from(back_fen);
        row.came_back(details, &facts);
        self.reconciled.refunded(&key, &facts);
        // Elsewhere the money is where it belongs when the notice comes.
        match row.path {
            Path::Treasury => {
                for fact in &facts {
                    self.refunds.entry((at, fact.refund)).or_default().push(fact.clone());
                }
            }
            Path::Allocation => {
                self.reconciled.came_back(key_of(notice), day_of(&facts), Fen::new(back_fen));
            }
            Path::Special | Path::Own => {}
        }
        self.facts.extend(facts);
    }

    fn issued(&mut self, issued: Issued) {
        let key = key_of(&issued.key);
        self.numbered(Series::of(&key), key.number.as_str());
        let at = u32::try_from(self.rows.len()).expect("fewer than four milliards of vouchers");
        let (division, year) = (issued.division, issued.year);
        for part in &issued.parts {
            let name = PaymentName { division, year, payment: part.payment }.name();
            self.left.remove(&name);
            self.waiting.remove(&name);
            self.by_payment.insert(name, at);
        }
        let (to, day) = (party_of(&issued.to), Day::new(issued.day).expect("a day was written"));
        let path = Path::from_number(issued.path).expect("a path was written");
        if path == Path::Treasury {
            self.reconciled.ordered(to, day);
        }
        self.by_key.insert(key, at);
        self.rows.push(Row {
            key,
            to,
            path,
            day,
            due_on: day,
            held: false,
            digest: issued.digest,
            amount_fen: Fen::new(issued.amount_fen),
            standing: Standing::Out,
            paid_on: Day::default(),
            cleared_on: Day::default(),
            payer: self.reconciled.payers.number(issued.payer),
            parts: issued.parts.iter().map(part).collect(),
            sheet: None,
            lines: Box::default(),
        });
    }

    fn sheet_issued(&mut self, issued: SheetIssued) {
        let key = key_of(&issued.key);
        self.numbered(Series::of(&key), key.number.as_str());
        let at = self.by_key[&key_of(&issued.order)];
        self.by_sheet.insert(key, at);
        self.sheets_back.remove(&at);
        let parts = issued.parts.iter().map(part).collect();
        let (by, digest) = (Box::default(), issued.digest);
        let sheet = Sheet { key, by, digest, parts, answered: false, failed: Vec::new() };
        self.rows[at as usize].sheet = Some(Box::new(sheet));
    }

    fn paid_again(&mut self, order: VoucherKey, lines: Vec<LineAgain>) {
        for LineAgain { number, order: failed, again } in lines {
            let failed = again::Line { order: key_of(&failed), number: again };
            self.retries.given(again::Line { order, number }, failed);
        }
    }

    fn answered(&mut self, key: &str, paid_fen: &[i64], lines: Vec<LineRecord>, day: Day) {
        let at = self.by_key[&key_of(key)];
        self.sheets_back.remove(&at);
        let row = &mut self.rows[at as usize];
        for (part, paid_fen) in row.parts.iter_mut().zip(paid_fen) {
            part.paid_fen = Fen::new(*paid_fen);
        }
        let lines = lines.into_iter().map(|line| Line {
            department: line.department.into(),
            function: line.function.into(),
            paid_fen: Fen::new(line.paid_fen),
        });
        row.lines = lines.collect();
        let paid_fen = row.paid_fen();
        if paid_fen != 0 {
            row.paid_on = day;
        }
        row.standing = match (paid_fen, row.path) {
            (0, _) => Standing::Ended,
            (_, Path::Treasury) => Standing::Paid,
            // The central bank pays out of the treasury itself: nothing is left to be cleared.
            (_, Path::Allocation) => Standing::Cleared,
            (_, Path::Special | Path::Own) => Standing::Settled,
        };
        if let (Standing::Ended, Some(sheet)) = (row.standing, &mut row.sheet) {
            // Whatever its bank had said of payees, it has taken back (冲正).
            sheet.parts.iter_mut().for_each(|part| part.paid_fen = Fen::ZERO);
        }
        match row.standing {
            Standing::Paid => *self.exposure_fen.entry(row.to).or_default() += paid_fen,
            Standing::Cleared => self.cleared_fen += paid_fen,
            _ => {}
        }
    }

    fn voided(&mut self, payment: PaymentName) {
        let name = payment.name();
        self.left.remove(&name);
        self.waiting.remove(&name);
        if let Some(at) = self.by_payment.get(&name) {
            let parts = self.rows[*at as usize].parts.iter_mut();
            parts.filter(|part| part.payment == name.1).for_each(|part| part.voided = true);
        }
    }

    pub(super) fn numbered(&mut self, series: Series, number: &str) {
        let serial = number.parse().expect("numbers of this business are serials");
        self.numbers.give_exactly(series, serial).expect("a number is given once");
    }
}

impl Row {
    /// Details of it came back, as facts say.
    pub(super) fn came_back(&mut self, details: &[u32], facts: &[FactDue]) {
        for at in details {
            let part = &mut self.payees_mut()[*at as usize];
            part.refunded = true;
            part.refunded_on = day_of(facts);
        }
    }
}

/// The day that facts of one voucher tell; none where there are none.
fn day_of(facts: &[FactDue]) -> Day {
    facts.first().map_or_else(Day::default, |fact| fact.fact().day)
}

fn part(part: &PartRecord) -> Part {
    Part {
        payment: PaymentId(part.payment),
        quota: QuotaId(part.quota),
        ordered_fen: Fen::new(part.ordered_fen),
        paid_fen: Fen::ZERO,
        refunded: false,
        voided: false,
        refunded_on: Day::default(),
    }
}
