//! `treasury scenario run budget-year`: a server of its own, a year of every finance office, and then
//! what the journal holds against what the scenario counted.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::Result;
use domain::codes::AuthorityKind;
use domain::invariants::{self, Finding};
use domain::money::yuan_grouped;
use domain::movement::Transit;
use domain::office::tables::base::Unit;
use domain::office::tables::document::{Document, DocumentState};
use domain::office::tables::project::Project;
use domain::{Code, Division, FiscalYear};
use scenarios::Scale;
use scenarios::budget::{Counts, Phase, Town, YEAR, budget_year};
use serde_json::{Value, json};
use storage::disk::{Disk, RealDisk};

use super::super::bench::grouped;
use super::super::show;
use crate::child::{Server, ServerOptions};
use crate::exit::{Exit, Failure};
use crate::runner::year::{self, Seen};
use crate::verification;

/// The scenario's name.
pub(super) const NAME: &str = "budget-year";
/// What it is, in a line.
pub(super) const TITLE: &str =
    "2023 in every division: preparation, issuance, twelve months, year end";

/// Size of a segment of its data set, in MiB.
const SEGMENT_MIB: u64 = 64;

/// What is spoilt on purpose in what was read back, to see that the laws see it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Sabotage {
    /// A transfer that has landed is taken out of what its receiver has on record: L5 must break.
    LoseTransfer,
}

/// One run.
pub(super) struct BudgetYear<'a> {
    /// Part of the published size.
    pub(super) scale: Scale,
    /// What was asked for.
    pub(super) scale_text: &'a str,
    pub(super) seed: u64,
    /// Where the data is kept; none: nowhere.
    pub(super) keep: Option<&'a PathBuf>,
    pub(super) sabotage: Option<Sabotage>,
    pub(super) json: bool,
}

/// What was found.
struct Found {
    counts: Counts,
    laws: BTreeMap<&'static str, Finding>,
    invariants: BTreeMap<&'static str, Finding>,
    lost: Option<String>,
}

impl BudgetYear<'_> {
    pub(super) fn run(&self) -> Result<Exit> {
        let temporary;
        let dir = match self.keep {
            Some(dir) => dir.clone(),
            None => {
                temporary = tempfile::tempdir()?;
                temporary.path().to_owned()
            }
        };
        let options = ServerOptions {
            data: dir.clone(),
            shards: 0,
            segment_mib: SEGMENT_MIB,
            memory_limit_mib: 0,
        };
        let server = Server::start(&options)?;
        let bar = show::bar();
        let shown = bar.clone();
        let progress: Box<dyn Fn(u64, u64)> =
            Box::new(move |done, of| show::advance(&shown, done, of));
        let seen = Rc::new(Seen { progress: Some(progress), ..Seen::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let towns = budget_year(self.scale, self.seed)?;
        let ran = runtime.block_on(year::run(server.address, towns, Rc::clone(&seen)));
        bar.finish_and_clear();
        for what in seen.heard.told.borrow().iter() {
            eprintln!("mismatch: {what}");
        }
        let towns = ran?;
        drop(runtime);
        let (status, _) = server.stop()?;
        if !status.success() {
            seen.heard.mismatch(|| format!("the server ended with {status}"));
        }
        let found = self.read_back(&dir, &towns, &seen)?;
        self.tell(&towns, &found, &seen)
    }

    /// Folds the journal, and counts in what it makes.
    fn read_back(&self, dir: &Path, towns: &[Town], seen: &Seen) -> Result<Found> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only());
        let mut divisions = verification::fold(&disk, dir)?;
        let mut counts = Counts {
            earmarked_fen: seen.earmarked_fen.get(),
            refusals: seen.heard.refusals.borrow().clone(),
            held: seen.held.borrow().clone(),
            second_approvals: seen.second_approvals.get(),
            ..Counts::default()
        };
        for division in &divisions {
            count(division, &mut counts);
        }
        compare_quotas(&divisions, towns, &mut counts, seen);
        let lost = match self.sabotage {
            None => None,
            Some(Sabotage::LoseTransfer) => {
                let lost = domain::laws::lose_transfer(&mut divisions);
                if lost.is_none() {
                    let what = anyhow::anyhow!("no transfer has landed that could be lost");
                    return Err(Failure::new(Exit::Usage, what).into());
                }
                lost.map(|id| id.to_string())
            }
        };
        let laws = domain::laws::check_all(divisions.iter()).into_iter().collect();
        let invariants = invariants::check_all(divisions.iter()).into_iter().collect();
        Ok(Found { counts, laws, invariants, lost })
    }

    fn tell(&self, towns: &[Town], found: &Found, seen: &Seen) -> Result<Exit> {
        let mut expected = Counts::default();
        towns.iter().for_each(|town| expected.add(town.counts()));
        let as_counted = expected == found.counts;
        let all = found.laws.values().chain(found.invariants.values());
        let hold = all.map(|finding| finding.violations).sum::<u64>() == 0;
        let good = as_counted && hold && seen.heard.mismatches.get() == 0;
        let mut out = std::io::stdout().lock();
        if self.json {
            let mut told = counts_json(&found.counts);
            let object = told.as_object_mut().expect("counts are an object");
            object.insert("scenario".into(), json!(NAME));
            object.insert("scale".into(), json!(self.scale_text));
            object.insert("seed".into(), json!(self.seed));
            object.insert("divisions".into(), json!(towns.len()));
            object.insert("commands".into(), json!(seen.heard.answers.get()));
            object.insert("mismatches".into(), json!(seen.heard.mismatches.get()));
            object.insert("expected".into(), counts_json(&expected));
            object.insert("laws".into(), findings_json(&found.laws));
            object.insert("invariants".into(), findings_json(&found.invariants));
            object.insert("lost_transfer".into(), json!(found.lost));
            let phases = seen.phases.borrow();
            let seconds: serde_json::Map<_, _> =
                phases.iter().map(|(name, seconds)| (name.clone(), json!(seconds))).collect();
            object.insert("seconds".into(), Value::Object(seconds));
            object.insert("good".into(), json!(good));
            writeln!(out, "{told}")?;
        } else {
            self.print(&mut out, found, &expected, seen)?;
            writeln!(out, "{}", if good { "good" } else { "NOT GOOD" })?;
        }
        Ok(if good { Exit::Ok } else { Exit::Mismatch })
    }

    fn print(
        &self,
        out: &mut impl Write,
        found: &Found,
        expected: &Counts,
        seen: &Seen,
    ) -> std::io::Result<()> {
        writeln!(
            out,
            "{NAME} at scale {}, seed {}: {} answers, {} unlike what the scenario says",
            self.scale_text,
            self.seed,
            grouped(seen.heard.answers.get()),
            seen.heard.mismatches.get()
        )?;
        let (there, due) = (&found.counts, expected);
        let rows = [
            ("projects 项目", there.projects, due.projects),
            ("units 预算单位", there.units, due.units),
            ("documents 指标文", there.documents, due.documents),
            ("quotas 指标", there.quotas, due.quotas),
            ("replaced 预批复转正", there.pre_approval_replaced, due.pre_approval_replaced),
            ("moves 指标调动", there.moves, due.moves),
            ("in transit 在途", there.in_transit, due.in_transit),
            ("payments 支付", there.payments, due.payments),
            ("second approvals 加审", there.second_approvals, due.second_approvals),
        ];
        for (name, there, due) in rows {
            writeln!(
                out,
                "  {}{:>14}{}",
                show::padded(name, 24),
                grouped(there),
                unlike(there == due, grouped(due))
            )?;
        }
        let sums = [
            ("paid 已清算", there.paid_fen, due.paid_fen),
            ("earmarked 合同占用", there.earmarked_fen, due.earmarked_fen),
            ("carried 结转", there.carried_fen, due.carried_fen),
            ("recovered 收回", there.recovered_fen, due.recovered_fen),
        ];
        for (name, there, due) in sums {
            let yuan = |fen: i64| yuan_grouped(fen.into());
            writeln!(
                out,
                "  {}{:>22}{}",
                show::padded(name, 24),
                yuan(there),
                unlike(there == due, yuan(due))
            )?;
        }
        for (word, there, due) in
            [("refused", &there.refusals, &due.refusals), ("held", &there.held, &due.held)]
        {
            for (&code, &count) in there {
                let slug = Code::from_number(code).map_or("?", Code::slug);
                let expected = due.get(&code).copied().unwrap_or(0);
                let unlike = unlike(count == expected, grouped(expected));
                writeln!(out, "  {word:<7} {code} {slug:<24}{:>8}{unlike}", grouped(count))?;
            }
        }
        for (name, finding) in found.laws.iter().chain(&found.invariants) {
            let word = if finding.violations == 0 { "holds" } else { "BROKEN" };
            writeln!(out, "  {name:<4}{word:<8}{:>14} checked", grouped(finding.checked))?;
            for example in &finding.examples {
                writeln!(out, "      {example}")?;
            }
        }
        let phases = seen.phases.borrow();
        let seconds = |name: String| phases.iter().find(|(known, _)| *known == name);
        if let Some((_, seconds)) = seconds(Phase::Issue.name()) {
            writeln!(out, "  {:.2} s from the reply to quotas that pay", seconds)?;
        }
        Ok(())
    }
}

fn unlike(alike: bool, due: impl std::fmt::Display) -> String {
    if alike { String::new() } else { format!("   should be {due}") }
}

fn counts_json(counts: &Counts) -> Value {
    json!({
        "projects": counts.projects, "units": counts.units, "documents": counts.documents,
        "quotas": counts.quotas, "pre_approval_replaced": counts.pre_approval_replaced,
        "moves": counts.moves, "in_transit": counts.in_transit, "payments": counts.payments,
        "paid_fen": counts.paid_fen, "refusals": counts.refusals,
        "held": counts.held, "second_approvals": counts.second_approvals,
        "earmarked_fen": counts.earmarked_fen, "carried_fen": counts.carried_fen,
        "recovered_fen": counts.recovered_fen,
    })
}

fn findings_json(findings: &BTreeMap<&'static str, Finding>) -> Value {
    let told = findings.iter().map(|(&name, found)| {
        let mut told = json!({ "checked": found.checked, "violations": found.violations });
        if !found.examples.is_empty() {
            told["examples"] = json!(found.examples);
        }
        (name.to_owned(), told)
    });
    Value::Object(told.collect())
}

/// Counts what one division has in the end.
fn count(division: &Division, counts: &mut Counts) {
    let fiscal = |year: u16| FiscalYear::new(year).and_then(|year| division.year(year));
    let Some(book) = fiscal(YEAR) else { return };
    let office = book.office();
    counts.projects += office.all::<Project>().count() as u64;
    counts.units += office.all::<Unit>().count() as u64;
    let done = |document: &&Document| document.state == DocumentState::Done;
    counts.documents += office.all::<Document>().filter(done).count() as u64;
    counts.quotas += book.quotas().count() as u64;
    for (_, row) in book.moves_out() {
        counts.moves += 1;
        counts.in_transit += u64::from(row.transit == Transit::InTransit);
    }
    counts.payments += book.payment_count() as u64;
    for (_, cell, cold) in book.quotas() {
        counts.paid_fen += cell.buckets.paid + cell.buckets.cleared;
        counts.recovered_fen += cold.totals().recovered;
    }
    let next = fiscal(YEAR + 1).into_iter().flat_map(|book| book.quotas());
    counts.carried_fen += next.map(|(_, _, cold)| cold.totals().carried_in).sum::<i64>();
}

/// Holds every quota against the scenario's own account of it.
fn compare_quotas(divisions: &[Division], towns: &[Town], counts: &mut Counts, seen: &Seen) {
    let by_index: BTreeMap<_, _> =
        divisions.iter().map(|division| (division.index, division)).collect();
    for end in towns.iter().flat_map(Town::quotas) {
        let book = by_index.get(&end.quota.division());
        let book = book.and_then(|division| division.year(end.quota.year()));
        let found = book.and_then(|book| Some((book.quota(end.quota)?, book.row(end.quota)?)));
        let Some((cell, cold)) = found else {
            seen.heard.mismatch(|| format!("quota {} does not exist", end.quota));
            continue;
        };
        let spent = cell.buckets.paid + cell.buckets.cleared;
        let left = cell.buckets.available();
        if (spent, left) != (end.spent_fen, 0) {
            let due = end.spent_fen;
            let quota = end.quota;
            seen.heard.mismatch(|| {
                format!("quota {quota}: {spent} fen spent, {left} left; should be {due}, 0")
            });
        }
        let replaced = end.was_early && cold.authority == AuthorityKind::BudgetLine;
        counts.pre_approval_replaced += u64::from(replaced);
    }
}
