//! Runs *Budget year* against a server: phase by phase, some divisions side by side, every answer
//! compared with what the scenario says.

mod desk;
mod payments;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};
use domain::Code;
use scenarios::budget::{Phase, Town};
use tokio::task::LocalSet;

use crate::clock;
use desk::Desk;

/// Divisions that go through a phase side by side.
const LANES: usize = 8;

/// What was heard and seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// Answers, as of any run.
    pub(crate) heard: super::Seen,
    /// What quotas showed as earmarked when it was, in fen.
    pub(crate) earmarked_fen: Cell<i64>,
    /// Payments that the worklist has, by the code of the rule that holds them.
    pub(crate) held: RefCell<BTreeMap<u16, u64>>,
    /// Payments that could not be instructed before the department had approved them.
    pub(crate) second_approvals: Cell<u64>,
    /// Each phase with its seconds.
    pub(crate) phases: RefCell<Vec<(String, f64)>>,
    /// Called with phases done and all of them.
    pub(crate) progress: Option<Box<dyn Fn(u64, u64)>>,
}

impl Seen {
    fn compare(&self, expected: u16, code: Code, what: impl FnOnce() -> String) {
        let heard = &self.heard;
        heard.answers.set(heard.answers.get() + 1);
        if code != Code::Accepted {
            *heard.refusals.borrow_mut().entry(code.number()).or_default() += 1;
        }
        if code.number() != expected {
            heard.mismatch(|| {
                let expected = Code::from_number(expected).map_or("?", Code::slug);
                format!("{}: expected {expected}, heard {}", what(), code.slug())
            });
        }
    }
}

/// Takes all divisions through the year.
///
/// # Errors
/// If the server is gone, or something never came about.
pub(crate) async fn run(
    address: SocketAddr,
    towns: Vec<Town>,
    seen: Rc<Seen>,
) -> Result<Vec<Town>> {
    let phases: Vec<Phase> = Phase::all().collect();
    let mut towns = towns;
    for (done, &phase) in phases.iter().enumerate() {
        if let Some(progress) = &seen.progress {
            progress(done as u64, phases.len() as u64);
        }
        // A division is registered after the one above it.
        let lanes = if phase == Phase::Register { 1 } else { LANES };
        let began = clock::now();
        towns = one_phase(address, phase, lanes, towns, &seen).await?;
        let seconds = began.elapsed().as_secs_f64();
        seen.phases.borrow_mut().push((phase.name(), seconds));
        // What follows rests on what was taken: after a wrong answer it means nothing.
        if seen.heard.mismatches.get() > 0 {
            bail!(
                "{} answers of {} are unlike what the scenario says",
                seen.heard.mismatches.get(),
                phase.name()
            );
        }
    }
    Ok(towns)
}

async fn one_phase(
    address: SocketAddr,
    phase: Phase,
    lanes: usize,
    towns: Vec<Town>,
    seen: &Rc<Seen>,
) -> Result<Vec<Town>> {
    let count = towns.len();
    let waiting: Rc<RefCell<VecDeque<Town>>> = Rc::new(RefCell::new(towns.into()));
    let done: Rc<RefCell<Vec<Town>>> = Rc::new(RefCell::new(Vec::with_capacity(count)));
    let local = LocalSet::new();
    let lane = || {
        let (waiting, done, seen) = (Rc::clone(&waiting), Rc::clone(&done), Rc::clone(seen));
        local.spawn_local(async move {
            let mut desk = Desk::new(address, seen);
            loop {
                let next = waiting.borrow_mut().pop_front();
                let Some(mut town) = next else { return Ok::<(), anyhow::Error>(()) };
                desk.number_from((u128::from(town.division().index.0) << 64) | phase_bits(phase));
                for step in town.steps(phase) {
                    let told = desk.step(&town, &step).await;
                    told.with_context(|| format!("{} in {}", phase.name(), town.code()))?;
                }
                done.borrow_mut().push(town);
            }
        })
    };
    let tasks: Vec<_> = (0..lanes).map(|_| lane()).collect();
    local
        .run_until(async {
            for task in tasks {
                task.await??;
            }
            Ok::<(), anyhow::Error>(())
        })
        .await?;
    let mut done = done.take();
    ensure!(done.len() == count, "a lane ended before its divisions were done");
    done.sort_by_key(|town| town.division().index);
    Ok(done)
}

/// Acts of each phase have ids of their own.
fn phase_bits(phase: Phase) -> u128 {
    let place = Phase::all().position(|known| known == phase).unwrap_or(0);
    (place as u128 + 1) << 40
}
