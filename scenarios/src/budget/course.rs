//! From the first quotas to the end of the year.

use domain::ids::{DivisionIndex, QuotaId};
use domain::money::Fen;

use super::paper::{Deed, Earmark, PlanMonth, Receive, Step, TAKEN, paper};
use super::prepare::LINES;
use super::town::{GENERAL, HANDED_DOWN, Kind, Post, Row, Town, document_number};
use super::{FISCAL_YEAR, YEAR};

/// What should be heard.
const OVER_QUOTA: u16 = 1002;
const OVER_PLAN: u16 = 1005;
const NOT_EXECUTABLE: u16 = 1006;
const YEAR_IN_ADJUSTMENT: u16 = 1010;
const OVER_AUTHORITY: u16 = 1012;
const CUT_BELOW_USED: u16 = 4001;
pub(super) const NOT_HOLDER: u16 = 5010;
const RECEIVE_MISMATCH: u16 = 5307;
const VIRE_FUND_NATURE: u16 = 5311;
const NEEDS_CONGRESS: u16 = 5314;
const CLOSE_OPEN_ITEMS: u16 = 5315;
const GOAL_STALE: u16 = 5605;

/// A row pays a sixteenth of its reply each month, so that a quarter is left in the end.
pub(super) const PARTS: i64 = 16;
/// Of what a row has, a document moves such a part: all documents together stay within the fifth that a
/// goal bears before it has to be approved anew.
const SHIFT: i64 = 20;
/// Of so many divisions that get money from above, one declines it.
const DECLINES_EACH: u16 = 29;
/// A year that is longer ago than money may lie.
const LONG_AGO: u16 = YEAR - 2;

impl Town {
    /// Quotas before the approval within their caps, and January's payments from them.
    pub(super) fn january(&mut self) -> Vec<Step> {
        let early = self.early_rows();
        let mut steps = vec![self.plans()];
        steps.extend(self.early_documents());
        let codes: Vec<String> = early.into_iter().map(|(code, _)| code).collect();
        steps.push(self.pay_all(1, &codes));
        steps
    }

    /// Quotas before the approval, each of its whole cap, and one fen more than that.
    pub(crate) fn early_documents(&mut self) -> Vec<Step> {
        let early = self.early_rows();
        let deed =
            |code: &str, fen: i64, cap: i64| Deed { cap: Fen::new(cap), ..Deed::to(code, fen) };
        let mut steps = Vec::new();
        for (some, number) in early.chunks(LINES).zip(1..) {
            let deeds: Vec<Deed> = some.iter().map(|(code, fen)| deed(code, *fen, *fen)).collect();
            let code = format!("E{number}");
            steps.extend(self.document(&code, "pre-approval", "预算法第五十四条", &deeds, TAKEN));
            for (code, fen) in some {
                self.give(code, *fen);
            }
        }
        if let Some((code, fen)) = early.first() {
            let over = self.refused(OVER_AUTHORITY);
            let deeds = [deed(code, 1, *fen)];
            steps.extend(self.document("E0", "pre-approval", "预算法第五十四条", &deeds, over));
        }
        steps
    }

    /// Rows that have money before the approval, with how much.
    fn early_rows(&self) -> Vec<(String, i64)> {
        let early = self.placed.iter().map(|code| (code.clone(), self.rows[code].early));
        early.filter(|&(_, early)| early > 0).collect()
    }

    /// The rows that a plan bounds: of the first unit, on general money.
    pub(super) fn planned(&self) -> impl Iterator<Item = &Row> {
        let (first, rows) = (self.unit(0), self.placed.iter().map(|code| &self.rows[code]));
        rows.filter(move |row| row.unit == first && row.fund == GENERAL)
    }

    /// What the first unit may be asked for in each month: exactly what it pays, and what it asks for
    /// where rules look at it.
    fn plans(&self) -> Step {
        let rows: Vec<&Row> = self.planned().collect();
        let first = self.unit(0);
        let month = |month: u8| {
            let pays = rows.iter().filter(|row| month > 1 || row.early > 0);
            let contract = rows.iter().filter(|row| month == 4 && row.code == self.placed[1]);
            let parts: i64 = pays.chain(contract).map(|row| row.reply / PARTS).sum();
            let amount = Fen::new(parts + self.planted_fen(month));
            PlanMonth { unit: first.clone(), fund: GENERAL, month, amount }
        };
        Step::Plans((1..=12).map(month).collect())
    }

    /// A share for each division below.
    pub(super) fn hand_down(&mut self) -> Vec<Step> {
        let share = HANDED_DOWN;
        let below = self.below.clone();
        if below.is_empty() {
            return Vec::new();
        }
        let mut deeds = Vec::new();
        for division in &below {
            let from = self.take("T", share);
            let to = QuotaId::unnamed(division.index, FISCAL_YEAR);
            let to = Some((to, division.code_text().to_owned()));
            deeds.push(Deed { to, ..Deed::across(from, "", share) });
            self.counts.moves += 1;
            if declines(division.index) {
                self.rows.get_mut("T").expect("just taken from").left += share;
            }
        }
        self.document("T1", "transfer", "", &deeds, TAKEN)
    }

    /// What has come from above goes to a row of its own, or back.
    pub(super) fn take_in(&mut self) -> Vec<Step> {
        if !self.takes {
            return Vec::new();
        }
        let row = self.row_of_finance("U", Kind::Received, YEAR);
        let officer = self.person(Post::Officer);
        let line = self.row_line(&Row { reply: HANDED_DOWN, ..row.clone() });
        let list = vec![paper(officer, "row-add", &line, TAKEN)];
        self.rows.insert("U".to_owned(), row);
        let amount = Fen::new(HANDED_DOWN);
        let said = Fen::new(amount.get() + 1);
        let expected = self.refused(RECEIVE_MISMATCH);
        let number = document_number(self.year, &self.parent_code(), "T1");
        let row = "U".to_owned();
        let wrong = Receive { number, amount, said, row, expected };
        let right = Receive { said: amount, expected: TAKEN, ..wrong.clone() };
        let right = match declines(self.division.index) {
            true => Receive { row: String::new(), ..right },
            false => {
                self.give("U", amount.get());
                right
            }
        };
        vec![Step::Papers { year: YEAR, list }, Step::Receive(wrong), Step::Receive(right)]
    }

    /// A month's payments, and what else happens in it.
    pub(super) fn month(&mut self, month: u8) -> Vec<Step> {
        let mut steps = self.plants(month);
        steps.extend(match month {
            2 => self.refusals_of_payments(),
            3 => self.contract(),
            4 => self.vire(),
            5 => self.freeze(),
            6 => self.unfreeze(),
            7 => self.adjust(),
            8 => self.supplement(),
            9 => self.allocate(),
            10 => self.give_back(),
            11 => self.recover_old(),
            _ => Vec::new(),
        });
        let codes = self.placed.clone();
        steps.push(self.pay_all(month, &codes));
        steps
    }

    fn refusals_of_payments(&mut self) -> Vec<Step> {
        let last = self.placed.last().expect("a division has rows").clone();
        let more = self.rows[&last].left + 1;
        let beyond_quota = self.refused_payment(2, &last, more, OVER_QUOTA);
        // The largest row has enough for more than the month of all rows that share its plan.
        let of_plan: Vec<&Row> = self.planned().collect();
        let most = of_plan.iter().max_by_key(|row| row.left).expect("a unit has rows");
        let planned = of_plan.iter().map(|row| row.reply / PARTS).sum::<i64>() + 1;
        let code = most.code.clone();
        let beyond_plan = self.refused_payment(2, &code, planned, OVER_PLAN);
        let held = self.refused_payment(2, "H", 100, NOT_EXECUTABLE);
        vec![Step::Payments(vec![beyond_quota, beyond_plan, held])]
    }

    /// A contract takes a part of a row's budget, and is paid.
    fn contract(&mut self) -> Vec<Step> {
        let code = self.placed[1].clone();
        let row = self.rows[&code].clone();
        let (maker, checker) = (self.person(Post::UnitMaker), self.person(Post::UnitChecker));
        let contract = self.contract_number();
        let fen = row.reply / PARTS;
        let line = format!(
            "{contract}\tcontract\t0\t{}\t设备维护\tHT-{contract}\t{}\t{}\t{YEAR}-02-10",
            row.unit,
            self.supplier().account,
            Fen::new(fen).to_yuan()
        );
        let number = contract.to_string();
        let by_maker = self.refused(NOT_HOLDER);
        let list = vec![
            paper(maker, "commitment-propose", &line, TAKEN),
            paper(self.person(Post::Clerk), "commitment-check", &number, by_maker),
            paper(checker, "commitment-check", &number, TAKEN),
        ];
        let quota = self.take(&code, fen);
        self.counts.earmarked_fen += fen;
        let earmark = Earmark { quota, contract, amount: Fen::new(fen), expected: TAKEN };
        vec![Step::Papers { year: YEAR, list }, Step::Earmark(earmark)]
    }

    /// Until a row's quota has what it should have by now.
    fn arrived(&self, code: &str) -> Step {
        let row = &self.rows[code];
        Step::AwaitMoney(row.quota.expect("a row that was given money"), Fen::new(row.left))
    }

    fn contract_number(&self) -> u64 {
        u64::from(self.division.index.0) + 1
    }

    /// What is due under the contract; money between two rows of one fund nature, and not to another.
    fn vire(&mut self) -> Vec<Step> {
        let (from, to) = (self.placed[0].clone(), self.placed[2].clone());
        let fen = self.rows[&from].reply.min(self.rows[&to].reply) / SHIFT;
        let (own, code) = (self.placed[3].clone(), self.placed[1].clone());
        let under = self.rows[&code].reply / PARTS;
        let contract = self.pay(4, &code, under, self.contract_number());
        let quota = self.take(&from, fen);
        self.give(&to, fen);
        self.counts.moves += 1;
        let mut steps =
            self.document("V1", "virement", "单位申请", &[Deed::across(quota, &to, fen)], TAKEN);
        steps.push(self.arrived(&to));
        steps.push(Step::Payments(vec![contract]));
        let refused = self.refused(VIRE_FUND_NATURE);
        let deeds = [Deed::across(quota, &own, fen)];
        steps.extend(self.document("V2", "virement", "单位申请", &deeds, refused));
        steps
    }

    fn freeze(&mut self) -> Vec<Step> {
        let code = self.placed[2].clone();
        let fen = self.rows[&code].reply / PARTS;
        let left = self.rows[&code].left;
        let quota = self.take(&code, fen);
        let mut steps =
            self.document("F1", "freeze", "审计意见", &[Deed::across(quota, "", fen)], TAKEN);
        let refused = self.refused(CUT_BELOW_USED);
        let deeds = [Deed::across(quota, "", left)];
        steps.extend(self.document("F2", "freeze", "审计意见", &deeds, refused));
        steps
    }

    fn unfreeze(&mut self) -> Vec<Step> {
        let code = self.placed[2].clone();
        let fen = self.rows[&code].reply / PARTS;
        let quota = self.give(&code, fen);
        self.document("F3", "unfreeze", "整改完成", &[Deed::across(quota, "", fen)], TAKEN)
    }

    /// A supplementary budget by resolution, and one without.
    fn adjust(&mut self) -> Vec<Step> {
        let (up, down) = (self.placed[2].clone(), self.placed[0].clone());
        let fen = self.rows[&down].reply.min(self.rows[&up].reply) / SHIFT;
        let refused = self.refused(NEEDS_CONGRESS);
        let deeds = [Deed::to(&up, fen)];
        let mut steps = self.document("A1", "adjustment", "", &deeds, refused);
        // Its goal was approved for about what the row has.
        let refused = self.refused(GOAL_STALE);
        let deeds = [Deed::to(&up, self.rows[&up].reply / 2)];
        steps.extend(self.document("A3", "adjustment", "常委会决议", &deeds, refused));
        self.give(&up, 2 * fen);
        let quota = self.take(&down, fen);
        let deeds = [Deed::to(&up, 2 * fen), Deed::across(quota, "", fen)];
        steps.extend(self.document("A2", "adjustment", "常委会决议", &deeds, TAKEN));
        steps
    }

    /// From the reserve fund.
    fn supplement(&mut self) -> Vec<Step> {
        let to = self.placed[2].clone();
        let fen = (self.rows["V"].reply / 4).min(self.rows[&to].reply / 50);
        let quota = self.take("V", fen);
        self.give(&to, fen);
        self.counts.moves += 1;
        let deeds = [Deed::across(quota, &to, fen)];
        let mut steps = self.document("S1", "supplement", "动支预备费", &deeds, TAKEN);
        steps.push(self.arrived(&to));
        steps
    }

    /// A row of its own for a part of what finance holds.
    fn allocate(&mut self) -> Vec<Step> {
        let officer = self.person(Post::Officer);
        let row = self.row_of_finance("N", Kind::Placed, YEAR);
        let fen = self.rows["H"].reply / 2;
        let line = self.row_line(&Row { reply: fen, ..row.clone() });
        let list = vec![paper(officer, "row-add", &line, TAKEN)];
        self.rows.insert("N".to_owned(), row);
        let quota = self.take("H", fen);
        self.give("N", fen);
        self.counts.moves += 1;
        let mut steps = vec![Step::Papers { year: YEAR, list }];
        steps.extend(self.document("L1", "allocate", "", &[Deed::across(quota, "N", fen)], TAKEN));
        steps.push(self.arrived("N"));
        steps
    }

    /// Some of it goes back up, and a cut into the pool.
    fn give_back(&mut self) -> Vec<Step> {
        let fen = self.rows["N"].left / 2;
        let quota = self.take("N", fen);
        self.give("H", fen);
        self.counts.moves += 1;
        let mut steps =
            self.document("B1", "return-up", "", &[Deed::across(quota, "", fen)], TAKEN);
        steps.push(self.arrived("H"));
        let code = self.placed[0].clone();
        let fen = self.rows[&code].reply / PARTS;
        let quota = self.take(&code, fen);
        self.give("H", fen);
        self.counts.moves += 1;
        let deeds = [Deed::across(quota, "H", fen)];
        steps.extend(self.document("C1", "cut", "压减一般性支出", &deeds, TAKEN));
        steps.push(self.arrived("H"));
        steps
    }

    /// Money that was first approved long ago comes back.
    fn recover_old(&mut self) -> Vec<Step> {
        let officer = self.person(Post::Officer);
        let row = self.row_of_finance("O", Kind::Carried, LONG_AGO);
        let fen = self.rows["V"].reply / 4;
        let line = self.row_line(&Row { reply: fen, ..row.clone() });
        self.rows.insert("O".to_owned(), row);
        let list = vec![paper(officer, "row-add", &line, TAKEN)];
        let reserve = self.take("V", fen);
        let old = self.give("O", fen);
        self.counts.moves += 1;
        let mut steps = vec![Step::Papers { year: YEAR, list }];
        let deeds = [Deed::across(reserve, "O", fen)];
        steps.extend(self.document("S2", "supplement", "补记结转", &deeds, TAKEN));
        steps.push(self.arrived("O"));
        self.take("O", fen);
        self.counts.recovered_fen += fen;
        let deeds = [Deed::across(old, "", fen)];
        steps.extend(self.document("K1", "recover", "", &deeds, TAKEN));
        steps
    }

    /// What units have left goes into the next year, the rest is taken back.
    pub(super) fn year_end(&mut self) -> Vec<Step> {
        let mut steps = vec![
            Step::SetYear { year: YEAR + 1, state: 1, expected: TAKEN },
            Step::SetYear { year: YEAR, state: 2, expected: TAKEN },
        ];
        let (from, to) = (self.placed[0].clone(), self.placed[2].clone());
        let quota = self.rows[&from].quota.expect("a row with a quota");
        let late = self.refused(YEAR_IN_ADJUSTMENT);
        let deeds = [Deed::across(quota, &to, 100)];
        steps.extend(self.document("V9", "virement", "单位申请", &deeds, late));
        let expected = self.refused(CLOSE_OPEN_ITEMS);
        steps.push(Step::SetYear { year: YEAR, state: 3, expected });
        let carried: Vec<String> = self
            .rows
            .values()
            .filter(|row| row.pays() && row.left > 0)
            .map(|row| row.code.clone())
            .collect();
        for (some, number) in carried.chunks(LINES).zip(1..) {
            let mut deeds = Vec::new();
            for code in some {
                let fen = self.rows[code].left;
                let quota = self.take(code, fen);
                deeds.push(Deed::across(quota, "", fen));
                self.counts.carried_fen += fen;
                self.counts.moves += 1;
            }
            steps.extend(self.document(&format!("J{number}"), "carry", "", &deeds, TAKEN));
        }
        let rest: i64 = self.rows.values().map(|row| row.left).sum();
        self.counts.recovered_fen += rest;
        self.rows.values_mut().for_each(|row| row.left = 0);
        steps.extend(self.document("K2", "recover", "", &[], TAKEN));
        steps.push(Step::Close(YEAR));
        steps
    }
}

/// Whether a division sends back what comes from above.
fn declines(division: DivisionIndex) -> bool {
    division.0 % DECLINES_EACH == 5
}
