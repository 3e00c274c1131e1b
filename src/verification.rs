//! A whole journal checked offline: its chain, what follows from it, and every invariant that a
//! journal alone can show. Takes no lock and writes nothing, so a copy will do.
//!
//! Three passes: the chain with every byte of padding; one fold of all divisions, beside it a
//! walk over the events that shares nothing with the fold; then the fold again, in shares, as
//! shards would do it. One whole state is in memory at a time.

mod exactly_once;
mod fold;
mod outbox;
mod party_journal;
mod vouchers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actors::replay::digest;
use anyhow::Result;
use domain::invariants::{self, Finding};
use domain::{Division, DivisionIndex};
use serde_json::{Map, Value, json};
use storage::disk::{Disk, RealDisk};
use storage::inventory::InventoryError;
use storage::marks::Cut;
use storage::position::{Place, Position};
use storage::reader::ReadError;
use storage::recovery::{Damage, OpenError, RESTORE};
use storage::verify::Report;

use crate::exit::{Exit, Failure};

pub(crate) use fold::FoldError;
use fold::{Share, fold_share};
pub(crate) use party_journal::PartyJournal;
pub(crate) use vouchers::check as check_vouchers;

/// Threads that fold a share each, at most.
const SHARES_MAX: usize = 8;

/// What is checked of a party's journal beside its chain: that each record can be read.
pub(crate) const PARTY_RECORDS: &str = "R1";

/// Told as records go by: how many are done, and how many there are. Zero of zero: not known yet.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What a verification found.
#[derive(Clone, Debug)]
pub(crate) struct Verification {
    /// The last record that could be believed.
    pub(crate) position: Position,
    /// Records in the groups believed.
    pub(crate) records: u64,
    /// Groups believed.
    pub(crate) groups: u64,
    /// The digest of the state, if the journal could be folded.
    pub(crate) digest: Option<[u8; 32]>,
    /// What a start would cut off.
    pub(crate) torn: Option<Cut>,
    /// Whether the journal ends with `Closed`.
    pub(crate) closed: bool,
    /// What was checked, by the invariant's name.
    pub(crate) invariants: BTreeMap<&'static str, Finding>,
    /// Where the journal is not what was written.
    pub(crate) damage: Vec<Damage>,
    /// What is known of it where it is no engine's journal, but a party's of the exchange.
    pub(crate) party: Option<PartyJournal>,
}

impl Verification {
    fn of(report: Report) -> Verification {
        let mut chain = Finding { checked: report.groups, ..Finding::default() };
        for damage in &report.damage {
            chain.check(false, || format!("{}: {}", damage.place, damage.what));
        }
        chain.checked = report.groups + report.damaged;
        chain.violations = report.damaged;
        Verification {
            position: report.last.position,
            records: report.records,
            groups: report.groups,
            digest: None,
            torn: report.torn,
            closed: report.closed,
            invariants: BTreeMap::from([("I6", chain)]),
            damage: report.damage,
            party: None,
        }
    }

    /// Of segments that are no whole journal: nothing in them was read.
    fn of_segments(damage: Damage) -> Verification {
        let mut chain = Finding::default();
        chain.check(false, || damage.to_string());
        Verification {
            position: Position::START,
            records: 0,
            groups: 0,
            digest: None,
            torn: None,
            closed: false,
            invariants: BTreeMap::from([("I6", chain)]),
            damage: vec![damage],
            party: None,
        }
    }

    fn damaged(&mut self, damage: Damage) {
        let chain = self.invariants.entry("I6").or_default();
        chain.check(false, || format!("{}: {}", damage.place, damage.what));
        self.damage.push(damage);
    }

    /// Whether there is neither damage nor a broken invariant.
    pub(crate) fn is_good(&self) -> bool {
        self.damage.is_empty() && self.invariants.values().all(|found| found.violations == 0)
    }

    /// How a program that found this ends.
    pub(crate) fn exit(&self) -> Exit {
        match (self.damage.is_empty(), self.is_good()) {
            (false, _) => Exit::Damage,
            (true, false) => Exit::Mismatch,
            (true, true) => Exit::Ok,
        }
    }

    /// The digest as hex digits.
    pub(crate) fn digest_hex(&self) -> Option<String> {
        self.digest.map(|digest| blake3::Hash::from_bytes(digest).to_hex().to_string())
    }

    /// Everything, as one object.
    pub(crate) fn to_json(&self) -> Value {
        let mut invariants = Map::new();
        for (&name, found) in &self.invariants {
            invariants.insert(name.to_owned(), finding_json(found));
        }
        let mut told = json!({
            "ok": self.is_good(),
            "position": position_json(self.position),
            "records": self.records,
            "groups": self.groups,
            "digest": self.digest_hex(),
            "torn": self.torn.map(|cut| json!({
                "segment": cut.place.segment, "offset": cut.place.offset, "bytes": cut.bytes,
            })),
            "closed": self.closed,
            "invariants": invariants,
            "damage": self.damage.iter().map(damage_json).collect::<Vec<_>>(),
        });
        if let Some(found) = &self.party {
            told["party"] = json!({
                "party": found.party.map(|party| party.to_string()),
                "root": found.root.as_deref().map(crate::hex::write),
                "records": found.records,
            });
        }
        told
    }
}

/// What was found of one invariant, as an object.
pub(crate) fn finding_json(found: &Finding) -> Value {
    let mut told = json!({ "checked": found.checked, "violations": found.violations });
    if !found.examples.is_empty() {
        told["examples"] = json!(found.examples);
    }
    told
}

/// A position as an object.
pub(crate) fn position_json(position: Position) -> Value {
    json!({ "epoch": position.epoch, "sequence": position.sequence })
}

/// One damaged place as an object.
pub(crate) fn damage_json(damage: &Damage) -> Value {
    json!({
        "segment": damage.place.segment,
        "offset": damage.place.offset,
        "what": damage.what,
        "next": damage.next_step,
    })
}

/// Verifies the journal of a data directory, and its vouchers against those of the parties and the engine `with` which it
/// exchanges them.
///
/// # Errors
/// When there is no journal, the disk fails, or a program of another version wrote the records; of `with` besides, when
/// one is damaged.
pub(crate) fn verify(
    data: &Path,
    with: &[PathBuf],
    progress: Progress<'_>,
) -> Result<Verification> {
    let mut verification = verify_alone(data, progress)?;
    let has_vouchers = verification.party.is_some() || !with.is_empty();
    if has_vouchers && verification.is_good() {
        progress(0, 0);
        let all: Vec<PathBuf> = [data.to_owned()].into_iter().chain(with.iter().cloned()).collect();
        verification.invariants.insert("I8", check_vouchers(&all)?);
    }
    Ok(verification)
}

fn verify_alone(data: &Path, progress: Progress<'_>) -> Result<Verification> {
    progress(0, 0);
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only());
    let report = match storage::verify::verify(&disk, data) {
        Ok(report) => report,
        Err(error) => {
            let damage = damage_of(&error).ok_or(Failure::new(Exit::CannotStart, error))?;
            return Ok(Verification::of_segments(damage));
        }
    };
    let mut verification = Verification::of(report);
    if verification.damage.is_empty() {
        let checked = check(&mut verification, &disk, data, progress);
        match checked {
            Ok(()) => {}
            Err(error) => verification.damaged(error.into_damage()?),
        }
    }
    Ok(verification)
}

/// The state of all divisions at the end of the journal, by index.
///
/// # Errors
/// When the journal cannot be read or folded.
pub(crate) fn fold(disk: &Arc<dyn Disk>, data: &Path) -> Result<Vec<Division>> {
    let upto = last_position(disk, data)?;
    Ok(fold_share(disk, data, upto, Share::ALL, &mut |_| {}).map_err(FoldError::into_failure)?)
}

/// The last position of a journal in which nothing is damaged; a torn end is left out.
///
/// # Errors
/// The first damage, or why the journal cannot be read.
pub(crate) fn last_position(disk: &Arc<dyn Disk>, data: &Path) -> Result<Position, Failure> {
    let report = sound_report(disk, data)?;
    Ok(report.last.position)
}

/// What a verification of the chain found, if it found no damage.
///
/// # Errors
/// The first damage, or why the journal cannot be read.
pub(crate) fn sound_report(disk: &Arc<dyn Disk>, data: &Path) -> Result<Report, Failure> {
    let report = storage::verify::verify(disk, data).map_err(no_journal)?;
    match report.damage.first() {
        None => Ok(report),
        Some(damage) => {
            let what = anyhow::anyhow!("the journal is damaged: {damage}");
            Err(Failure::new(Exit::Damage, what))
        }
    }
}

/// All that needs an undamaged chain.
fn check(
    verification: &mut Verification,
    disk: &Arc<dyn Disk>,
    data: &Path,
    progress: Progress<'_>,
) -> Result<(), FoldError> {
    let upto = verification.position;
    if party_journal::is_one(disk, data, upto)? {
        let total = verification.records;
        let found = party_journal::read(disk, data, upto, &mut |done| progress(done, total))?;
        let mut reads = Finding { checked: found.records, ..Finding::default() };
        if let Some(why) = &found.unreadable {
            reads.check(false, || why.clone());
        }
        verification.invariants.insert(PARTY_RECORDS, reads);
        verification.party = Some(found);
        return Ok(());
    }
    // Each record is folded once in the whole and once in its share.
    let total = 2 * verification.records;
    let (walked, folded) = std::thread::scope(|scope| {
        let walk = scope.spawn(|| exactly_once::walk(disk, data, upto));
        let folded = fold_share(disk, data, upto, Share::ALL, &mut |done| progress(done, total));
        (walk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), folded)
    });
    let mut once = walked?;
    let divisions = folded?;
    for (name, finding) in invariants::check_all(divisions.iter()) {
        if name == "I3" {
            join(&mut once, finding);
        } else {
            verification.invariants.insert(name, finding);
        }
    }
    verification.invariants.insert("I3", once);
    let laws = domain::laws::check_all(divisions.iter()).into_iter();
    // What there is nothing of was not checked, and is not listed.
    verification.invariants.extend(laws.filter(|(_, finding)| finding.checked > 0));
    let whole = Digests::of(&divisions);
    verification.digest = Some(whole.all);
    drop(divisions);
    let half = verification.records;
    let in_shares = fold_in_shares(disk, data, upto, &mut |done| progress(half + done, total))?;
    verification.invariants.insert("I5", whole.compared_with(&Digests::of(&in_shares)));
    Ok(())
}

fn join(one: &mut Finding, other: Finding) {
    one.checked += other.checked;
    one.violations += other.violations;
    one.examples.extend(other.examples);
}

/// The fold in shares, a thread for each.
fn fold_in_shares(
    disk: &Arc<dyn Disk>,
    data: &Path,
    upto: Position,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Division>, FoldError> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    fold_by(disk, data, upto, cores.clamp(2, SHARES_MAX) as u16, progress)
}

/// The fold in `of` shares by division index, a thread for each.
pub(crate) fn fold_by(
    disk: &Arc<dyn Disk>,
    data: &Path,
    upto: Position,
    of: u16,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Division>, FoldError> {
    std::thread::scope(|scope| {
        let fold = |index| move || fold_share(disk, data, upto, Share { index, of }, &mut |_| {});
        let others: Vec<_> = (1..of).map(|index| scope.spawn(fold(index))).collect();
        let mut all = fold_share(disk, data, upto, Share { index: 0, of }, progress)?;
        for other in others {
            let folded = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.extend(folded?);
        }
        Ok(all)
    })
}

/// The digest of a whole state, and of each division alone.
struct Digests {
    all: [u8; 32],
    each: BTreeMap<DivisionIndex, [u8; 32]>,
}

impl Digests {
    fn of(divisions: &[Division]) -> Digests {
        let alone = |division: &Division| (division.index, digest([division]));
        Digests { all: digest(divisions), each: divisions.iter().map(alone).collect() }
    }

    /// I5, as far as one journal shows it.
    fn compared_with(&self, other: &Digests) -> Finding {
        let mut finding = Finding::default();
        finding.check(self.all == other.all, || {
            "the fold of all divisions and the fold in shares have different digests".to_owned()
        });
        let indexes: std::collections::BTreeSet<_> =
            self.each.keys().chain(other.each.keys()).collect();
        for index in indexes {
            finding.check(self.each.get(index) == other.each.get(index), || {
                format!("division {} is another one when it is folded in shares", index.0)
            });
        }
        finding
    }
}

/// The failure of a program that finds no journal it can read.
pub(crate) fn no_journal(error: InventoryError) -> Failure {
    let exit = if damage_of(&error).is_some() { Exit::Damage } else { Exit::CannotStart };
    Failure::new(exit, error)
}

/// How a program ends that cannot open a journal to go on with it.
pub(crate) fn exit_of(error: &OpenError) -> Exit {
    let damage = match error {
        OpenError::Inventory(error) => damage_of(error).is_some(),
        OpenError::Damage(_)
        | OpenError::WitnessAhead { .. }
        | OpenError::WitnessDiffers { .. }
        | OpenError::Refused { .. } => true,
        _ => false,
    };
    if damage { Exit::Damage } else { Exit::CannotStart }
}

/// The failure of a program that cannot go on reading.
pub(crate) fn unreadable(error: ReadError) -> Failure {
    match error {
        ReadError::Inventory(error) => no_journal(error),
        damage @ ReadError::Damage(_) => Failure::new(Exit::Damage, damage),
        other => Failure::new(Exit::CannotStart, other),
    }
}

/// The damage that keeps segments from being a journal; nothing where they are not the trouble.
/// The first segment says which data set this is: where that is not the one asked for, it is the
/// asking that is wrong.
pub(crate) fn damage_of(error: &InventoryError) -> Option<Damage> {
    let number = |file: &Path| {
        let name = file.file_stem().and_then(|stem| stem.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or_default()
    };
    let segment = match error {
        InventoryError::Missing { segment, .. } => *segment,
        InventoryError::Duplicate { number, .. } | InventoryError::Misnamed { number, .. } => {
            *number
        }
        InventoryError::WrongDataSet { file, .. }
        | InventoryError::WrongEnvironment { file, .. }
            if number(file) == 1 =>
        {
            return None;
        }
        InventoryError::Length { file, .. }
        | InventoryError::Header { file, .. }
        | InventoryError::Disagrees { file, .. }
        | InventoryError::WrongDataSet { file, .. }
        | InventoryError::WrongEnvironment { file, .. } => number(file),
        InventoryError::Disk(_)
        | InventoryError::NoDataSet { .. }
        | InventoryError::Strange { .. }
        | InventoryError::OtherFormat { .. } => return None,
    };
    let place = Place { segment, offset: 0 };
    Some(Damage { place, what: error.to_string(), next_step: RESTORE })
}
