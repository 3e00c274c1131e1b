//! The finance office of a division: its papers as commands, and what its documents do. All of the way to
//! the reply is that of [`crate::budget`]; what comes after it is written here.

use std::collections::BTreeSet;

use domain::ids::{ActId, FiscalYear, PersonId, QuotaId};
use domain::money::Fen;

use crate::budget::{self, FINANCE, Filing, Given, LINES, Row, TAKEN, Town, papers, unit_code};
use crate::classes::class;
use crate::command::{Body, Command, File, Role, Tail};
use crate::model::cells::{Buckets, Quota};
use crate::model::documents::Deed;
use crate::plan::{Kind, Units, YEAR};
use crate::stream::{Barrier, Wave};

use super::Run;
use super::people::{Space, id};
use super::setup::Stage;

/// What should be heard.
const CUT_BELOW_USED: u16 = 4001;
const OVER_FROZEN: u16 = 4002;
const NOT_CHILD: u16 = 4006;
const NO_PARENT: u16 = 4009;
const VIRE_FUND_NATURE: u16 = 5311;
const NEEDS_CONGRESS: u16 = 5314;

/// Papers by number, and in which capacity each is filed.
const PAPERS: [(&str, u8, Role); 29] = [
    ("base-put", 1, Role::Finance),
    ("project-draft", 20, Role::Maker),
    ("project-submit", 21, Role::Checker),
    ("project-dept-review", 22, Role::Checker),
    ("project-finance-review", 23, Role::Finance),
    ("project-rank", 25, Role::Checker),
    ("project-select", 26, Role::Finance),
    ("budget-open", 40, Role::Finance),
    ("row-put", 41, Role::Maker),
    ("income-put", 43, Role::Maker),
    ("control-put", 44, Role::Finance),
    ("budget-first-up", 45, Role::Maker),
    ("budget-first-down", 46, Role::Finance),
    ("budget-second-up", 47, Role::Maker),
    ("budget-submit", 49, Role::Finance),
    ("budget-approve", 50, Role::Finance),
    ("budget-reply", 51, Role::Finance),
    ("row-add", 53, Role::Finance),
    ("approved-put", 56, Role::Finance),
    ("early-cap-put", 57, Role::Finance),
    ("document-draft", 70, Role::Finance),
    ("document-lines", 71, Role::Finance),
    ("document-check", 72, Role::Finance),
    ("rule-propose", 110, Role::Finance),
    ("rule-approve", 111, Role::Finance),
    ("rule-inherit", 113, Role::Finance),
    ("commitment-propose", 140, Role::Maker),
    ("commitment-check", 141, Role::Checker),
    ("goal-put", 170, Role::Maker),
];

/// What the office does next.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// It files a paper.
    File(Filing),
    /// It waits until a document is carried out, which does this.
    Await(Vec<Effect>),
}

/// What a document does to one quota, by serial.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// It is made, under a plan where one is set.
    Made(u32),
    /// It changes.
    Changed(u32, Deed),
}

fn of_paper(kind: &str) -> (u8, Role) {
    let known = PAPERS.iter().find(|(name, ..)| *name == kind);
    let (_, number, role) = *known.expect("a paper that is listed");
    (number, role)
}

impl Run {
    /// Everything of a stage becomes due.
    pub(crate) fn take_up(&mut self, stage: Stage) {
        let mut town = self.town();
        let due = match stage {
            Stage::BaseData => {
                self.model.come_under_control();
                self.model.tally.units += town.counts().units;
                filed([town.base_data_of(YEAR)])
            }
            Stage::Rules => self.rules(&town),
            Stage::Projects => {
                self.model.tally.projects += town.counts().projects;
                filed(town.library())
            }
            Stage::Budget => {
                let ups = [town.first_up(), town.first_down(), town.second_up()];
                filed(ups.into_iter().flatten())
            }
            Stage::EarlyQuotas => {
                let early = self.division().early().map(Effect::Made).collect();
                with_effects(town.early_documents(), early)
            }
            Stage::Contracts => self.contracts(&town),
            Stage::Reply => {
                let mut due = filed(town.reply());
                due.extend(with_effects(town.issue(), self.replied()));
                due
            }
            Stage::HandDown => self.hand_down(&mut town),
            Stage::Across => self.across(&mut town),
            _ => unreachable!("a stage without papers"),
        };
        self.model.tally.documents += town.counts().documents;
        self.due.extend(due);
    }

    /// Bytes of text that are due.
    pub(crate) fn due_bytes(&self) -> usize {
        let bytes = |due: &Due| if let Due::File(filing) = due { filing.text.len() } else { 0 };
        self.due.iter().map(bytes).sum()
    }

    /// The role of the paper that is due next; none where a document is waited for, or nothing is due.
    pub(crate) fn next_role(&self) -> Option<Role> {
        match self.due.front()? {
            Due::File(filing) => Some(of_paper(filing.kind).1),
            Due::Await(_) => None,
        }
    }

    /// Files papers of the wave's role while they come next, until the wave has `most` commands.
    pub(crate) fn file_due(&mut self, most: usize, wave: &mut Wave) {
        while self.next_role() == Some(wave.role) && wave.len() < most {
            let Some(Due::File(filing)) = self.due.pop_front() else { break };
            let command = self.file(filing);
            self.send(wave, command);
        }
    }

    /// Adds what is waited for next.
    pub(crate) fn await_due(&mut self, barrier: &mut Barrier) {
        if let Some(Due::Await(_)) = self.due.front()
            && let Some(Due::Await(effects)) = self.due.pop_front()
        {
            self.carry_out(&effects, barrier);
        }
    }

    fn file(&mut self, filing: Filing) -> Command {
        let (kind, role) = of_paper(filing.kind);
        self.papers += 1;
        let body = Body::File(File {
            act: ActId(id(self.division().key, Space::Paper, self.papers)),
            division: self.index(),
            year: YEAR,
            kind,
            day: filing.day,
            expected: filing.expected,
        });
        let tail = Tail::Text(filing.text.into());
        Command { role, person: PersonId(filing.person), body, tail }
    }

    /// The division as its finance office knows it.
    fn town(&self) -> Town {
        let division = self.division();
        let held = (0..division.first_payable).map(|serial| self.row(serial));
        let early = division.early().map(|serial| self.row(serial));
        let Units { spending, .. } = division.units;
        let tree = division.units.tree();
        let given = Given {
            year: fiscal_year(),
            departments: tree.departments,
            leaves: tree.leaves,
            spending,
            project_units: division.units.project_units(),
            rows: held.chain(early).collect(),
        };
        Town::given(&self.plan.places[self.at], given, division.key)
    }

    /// The budget row that a quota rests on.
    fn row(&self, serial: u32) -> Row {
        let division = self.division();
        let quota = &division.quotas[serial as usize];
        let line = division.line(serial);
        let (letter, kind) = match quota.kind {
            Kind::Parent | Kind::Shut => ('H', budget::Kind::Held),
            Kind::Direct => ('R', budget::Kind::Placed),
            Kind::Allocated => ('N', budget::Kind::Placed),
        };
        let is_early = division.is_early(serial);
        Row {
            code: format!("{letter}{serial:08}"),
            unit: division.unit_of(serial).map_or_else(|| FINANCE.to_owned(), unit_code),
            project: division.project_of(serial),
            kind,
            classes: (line.functional, line.government, line.economic),
            fund: quota.fund.code(),
            first_year: YEAR,
            reply: division.endowment(serial),
            early: if is_early { division.early_endowment(serial) } else { 0 },
            quota: None,
            left: 0,
            spent: 0,
        }
    }

    /// What the reply does, in the order in which it is issued: by the codes of rows.
    fn replied(&self) -> Vec<Effect> {
        let division = self.division();
        let made = (0..division.first_payable).map(Effect::Made);
        let replaced = division.early().map(|serial| {
            Effect::Changed(serial, Deed::Replace { reply: division.endowment(serial) })
        });
        made.chain(replaced).collect()
    }

    /// Contracts of all quotas that have one, by their units.
    fn contracts(&mut self, town: &Town) -> Vec<Due> {
        let division = self.division();
        let with_one = (0..self.quota_count())
            .filter(|&serial| division.contract(serial).is_some())
            .collect::<Vec<u32>>();
        let line = |&serial: &u32| {
            let contract = division.contract(serial).0;
            let unit = division.unit_of(serial).map_or_else(|| FINANCE.to_owned(), unit_code);
            let (supplier, fen) =
                (town.supplier().account, Fen::new(self.contracted(serial)).to_yuan());
            format!(
                "{contract}\tcontract\t0\t{unit}\t政府采购\tHT-{contract}\t{supplier}\t{fen}\t{YEAR}-01-04"
            )
        };
        let numbers: Vec<u64> =
            with_one.iter().map(|&serial| division.contract(serial).0).collect();
        let (maker, checker) = town.desk();
        let mut list = papers(maker, "commitment-propose", with_one.iter().map(line));
        let checked = numbers.iter().map(u64::to_string);
        list.extend(papers(checker, "commitment-check", checked));
        numbers.into_iter().for_each(|number| self.model.register_contract(number));
        list.into_iter().map(Due::File).collect()
    }

    /// New rows get money from what finance holds, one row loses all of its own by resolution, and some
    /// is held back.
    fn hand_down(&mut self, town: &mut Town) -> Vec<Due> {
        let division = self.division();
        let mut wrong = Vec::new();
        if let Some((parent, other)) = self.no_child() {
            let deed = [budget::Deed::across(division.quota(parent), &self.row(other).code, 100)];
            wrong = filed(town.document("L0", "allocate", "", &deed, NOT_CHILD));
        }
        let rows: Vec<u32> = division.allocated().collect();
        let lines = rows.iter().map(|&serial| town.row_line(&self.row(serial)));
        let officer = town.person(budget::Post::Officer);
        let mut due: Vec<Due> =
            papers(officer, "row-add", lines).into_iter().map(Due::File).collect();
        due.extend(wrong);
        let deeds = rows.iter().filter_map(|&serial| {
            let (parent, fen) = (division.parent_of(serial)?, division.endowment(serial));
            let deed = budget::Deed::across(division.quota(parent), &self.row(serial).code, fen);
            let taken = Effect::Changed(parent, Deed::Allocate(fen));
            Some((deed, vec![Effect::Made(serial), taken]))
        });
        due.extend(documents(town, "L", "allocate", "", deeds));
        if let Some(shut) = division.shut() {
            let (quota, fen) = (division.quota(shut), division.endowment(shut));
            let deed = [budget::Deed::across(quota, "", fen)];
            let (why, none) = ("常委会决议", Effect::Changed(shut, Deed::Issue(-fen)));
            let without = town.document("A0", "adjustment", "", &deed, NEEDS_CONGRESS);
            due.extend(filed(without));
            due.extend(with_effects(
                town.document("A1", "adjustment", why, &deed, TAKEN),
                vec![none],
            ));
        }
        if let Some(serial) = division.early().next() {
            let fen = division.margin(serial);
            let all = division.endowment(serial) + 1;
            let deed = |fen| [budget::Deed::across(division.quota(serial), "", fen)];
            let over = town.document("F0", "freeze", "审计意见", &deed(all), CUT_BELOW_USED);
            due.extend(filed(over));
            let freeze = town.document("F1", "freeze", "审计意见", &deed(fen), TAKEN);
            let frozen = Effect::Changed(serial, Deed::Freeze(fen));
            due.extend(with_effects(freeze, vec![frozen]));
            let over = town.document("U0", "unfreeze", "整改完成", &deed(fen + 1), OVER_FROZEN);
            due.extend(filed(over));
            let unfreeze = town.document("U1", "unfreeze", "整改完成", &deed(fen), TAKEN);
            let given = Effect::Changed(serial, Deed::Freeze(-fen));
            due.extend(with_effects(unfreeze, vec![given]));
        }
        due
    }

    /// What finance holds to hand down, and a quota of the same elements that has its money by the reply:
    /// nothing goes down between them.
    fn no_child(&self) -> Option<(u32, u32)> {
        let division = self.division();
        let parent = self.serial_of(Kind::Parent)?;
        let (of_parent, fund) = (division.line(parent), division.quotas[parent as usize].fund);
        let mut others = division.early();
        let other = others.find(|&serial| {
            let line = division.line(serial);
            division.quotas[serial as usize].fund == fund
                && line.functional == of_parent.functional
                && line.economic.starts_with(of_parent.economic)
        })?;
        Some((parent, other))
    }

    /// Every other row that got money from above has got too much; and some goes between neighbours.
    fn across(&mut self, town: &mut Town) -> Vec<Due> {
        let division = self.division();
        let back = division.allocated().filter_map(|serial| {
            let (parent, fen) = (division.parent_of(serial)?, division.margin(serial) / 4);
            let deed = budget::Deed::across(division.quota(serial), "", fen);
            let gone = Effect::Changed(serial, Deed::Issue(-fen));
            let there = Effect::Changed(parent, Deed::Allocate(-fen));
            Some((deed, vec![gone, there]))
        });
        let mut due = documents(town, "B", "return-up", "", back.step_by(2));
        let neighbours = division.early().zip(division.early().skip(1));
        let fund = |serial: u32| division.quotas[serial as usize].fund;
        let like = |&(from, to): &(u32, u32)| fund(from) == fund(to);
        // What was handed down is more than the goal of its project was approved for: that bears no
        // more changes.
        let grown: BTreeSet<Option<u64>> =
            division.allocated().map(|serial| division.project_of(serial)).collect();
        let settled = |serial: u32| !grown.contains(&division.project_of(serial));
        let some = neighbours.clone().step_by(VIRED_EACH).filter(like);
        let some = some.filter(|&(from, to)| settled(from) && settled(to));
        let vired = some.map(|(from, to)| {
            // Little for both.
            let fen = division.margin(from).min(division.margin(to)) / 4;
            let deed = budget::Deed::across(division.quota(from), &self.row(to).code, fen);
            let gone = Effect::Changed(from, Deed::Issue(-fen));
            (deed, vec![gone, Effect::Changed(to, Deed::Issue(fen))])
        });
        due.extend(documents(town, "V", "virement", "单位申请", vired));
        if let Some(serial) = division.early().next() {
            let deed = [budget::Deed::across(division.quota(serial), "", 100)];
            due.extend(filed(town.document("B0", "return-up", "", &deed, NO_PARENT)));
        }
        if let Some((from, to)) = neighbours.clone().find(|pair| !like(pair)) {
            let deed = [budget::Deed::across(division.quota(from), &self.row(to).code, 100)];
            let refused = town.document("V0", "virement", "单位申请", &deed, VIRE_FUND_NATURE);
            due.extend(filed(refused));
        }
        due
    }

    /// Carries a document out; the quotas it has changed are to be as the model has them now.
    fn carry_out(&mut self, effects: &[Effect], barrier: &mut Barrier) {
        let mut changed = Vec::with_capacity(effects.len());
        for &effect in effects {
            let serial = match effect {
                Effect::Made(serial) => {
                    self.found(serial);
                    serial
                }
                Effect::Changed(serial, deed) => {
                    self.model.by_document(self.division().quota(serial), deed);
                    serial
                }
            };
            changed.push(self.division().quota(serial));
        }
        changed.sort_unstable();
        changed.dedup();
        let now = |quota: QuotaId| Some((quota, self.model.buckets(quota)?));
        barrier.quotas.extend(changed.into_iter().filter_map(now));
    }

    fn found(&mut self, serial: u32) {
        let division = self.division();
        let quota = &division.quotas[serial as usize];
        let key = division.plan_key(serial).0;
        let issued = match quota.kind {
            Kind::Direct => division.early_endowment(serial),
            _ => division.endowment(serial),
        };
        let found = Quota {
            buckets: Buckets { issued, ..Buckets::default() },
            fund: class(quota.fund.code()),
            economic: class(division.line(serial).economic),
            plan: if self.model.has_plan(key) { key } else { 0 },
            // One check, by the unit.
            posts: 1,
            executable: matches!(quota.kind, Kind::Direct | Kind::Allocated),
            closed: false,
            open_payments: 0,
        };
        self.model.found(found);
    }
}

/// Of so many neighbours two exchange money.
const VIRED_EACH: usize = 16;

fn fiscal_year() -> FiscalYear {
    FiscalYear::new(YEAR).expect("2022 is within the years there are")
}

/// Papers, none of which is a document that is carried out.
fn filed(steps: impl IntoIterator<Item = budget::Step>) -> Vec<Due> {
    with_effects(steps, Vec::new())
}

/// Papers, and behind each document that is carried out what it does: the next of the effects, so many
/// as it has lines.
fn with_effects(steps: impl IntoIterator<Item = budget::Step>, effects: Vec<Effect>) -> Vec<Due> {
    let mut effects = effects.chunks(LINES);
    let due = steps.into_iter().flat_map(|step| match step {
        budget::Step::Papers { list, .. } => list.into_iter().map(Due::File).collect(),
        budget::Step::AwaitDocument(_) => {
            vec![Due::Await(effects.next().unwrap_or_default().to_vec())]
        }
        other => unreachable!("{other:?} is no paper"),
    });
    due.collect()
}

/// As many documents as some deeds need, each with what it does.
fn documents(
    town: &mut Town,
    letter: &str,
    kind: &str,
    authority: &str,
    deeds: impl Iterator<Item = (budget::Deed, Vec<Effect>)>,
) -> Vec<Due> {
    let (deeds, effects): (Vec<_>, Vec<_>) = deeds.unzip();
    let mut due = Vec::new();
    for (number, (deeds, effects)) in (1..).zip(deeds.chunks(LINES).zip(effects.chunks(LINES))) {
        let steps = town.document(&format!("{letter}{number}"), kind, authority, deeds, TAKEN);
        for step in steps {
            match step {
                budget::Step::Papers { list, .. } => due.extend(list.into_iter().map(Due::File)),
                _ => due.push(Due::Await(effects.concat())),
            }
        }
    }
    due
}
