//! Control rules on file: large payments need the department, the largest finance too. The province
//! sets them, every division below takes them over; what they do to a payment is seen in its posts.

use crate::budget::{Post as Desk, TAKEN, Town, papers};
use crate::command::{Role, StepKind};
use crate::stream::Wave;

use super::Run;
use super::day::Stub;
use super::office::Due;
use super::people::Post;

/// What should be heard.
const RULE_LOOSER: u16 = 5400;

/// Of so many payments that wait for another post after their unit, one is asked back by its maker.
const ASKED_BACK_EACH: u64 = 8;

/// One rule: its id, what it asks for, and from which amount on.
fn line(id: &str, version: &str, action: &str, from: &str) -> String {
    format!(
        "{id}\t{version}submit\t{action}\tamount >= {from}\t1501\t0.00\t0\t1\t\t大额支付加审\t\
         large payments need more approvals\t"
    )
}

impl Run {
    /// The division's rules, by one person and approved by another. Below the province nobody may ask for
    /// less than it does.
    pub(super) fn rules(&mut self, town: &Town) -> Vec<Due> {
        let shape = &self.plan.spec.shape;
        let (department, finance) = (shape.department_from, shape.finance_from);
        let (maker, checker) = (town.person(Desk::RuleMaker), town.person(Desk::RuleChecker));
        let is_province = self.at == 0;
        let (kind, version) =
            if is_province { ("rule-propose", "") } else { ("rule-inherit", "1\t") };
        let of_department =
            |version: &str, from: &str| line("R-LARGE", version, "approve-department", from);
        let from = |fen: domain::money::Fen| fen.to_yuan().to_string();
        let lines = [
            of_department(version, &from(department)),
            line("R-LARGE-2", version, "approve-finance", &from(finance)),
        ];
        let mut list = papers(maker, kind, lines);
        let approved = ["R-LARGE", "R-LARGE-2"].map(str::to_owned);
        list.extend(papers(checker, "rule-approve", approved));
        if !is_province {
            let mut looser = papers(maker, "rule-propose", [of_department("", &from(finance))]);
            looser.iter_mut().for_each(|filing| filing.expected = RULE_LOOSER);
            list.extend(looser);
        }
        debug_assert!(list.iter().any(|filing| filing.expected == TAKEN), "rules are taken");
        self.model.large_from([department.get(), finance.get()]);
        list.into_iter().map(Due::File).collect()
    }

    /// Whether the rules have the department approve a payment, and whether finance.
    fn seconds(&self, stub: &Stub) -> (bool, bool) {
        let shape = &self.plan.spec.shape;
        (stub.asked >= shape.department_from.get(), stub.asked >= shape.finance_from.get())
    }

    /// Whether a maker asks a payment back that its unit has approved and another post has not.
    pub(super) fn is_asked_back(&self, stub: &Stub) -> bool {
        self.seconds(stub).0 && stub.number.is_multiple_of(ASKED_BACK_EACH)
    }

    pub(super) fn approve_department(&mut self, stub: &Stub, wave: &mut Wave) {
        if self.seconds(stub).0 {
            let kind = StepKind::ApproveDepartment;
            let approve = self.on(stub, Role::Checker, Post::Department, kind, 0);
            self.send(wave, approve);
        }
    }

    pub(super) fn approve_finance(&mut self, stub: &Stub, wave: &mut Wave) {
        if self.seconds(stub).1 {
            let approve = self.on(stub, Role::Finance, Post::Finance, StepKind::ApproveFinance, 0);
            self.send(wave, approve);
        }
    }
}
