//! One fiscal division: its registration, its years, and everything in them.
//!
//! The state only changes through [`crate::apply`]. While a linked run is decided, each change
//! leaves its before-image here, so that a refused run leaves nothing behind.

mod change;
mod corrections;
mod find;

use std::collections::{BTreeMap, HashMap};

use crate::apply::Placed;
use crate::arena::Arena;
use crate::batch::Batch;
use crate::codes::{PaymentState, YearState};
use crate::contents::HashKey;
use crate::id_index::IdIndex;
use crate::ids::{
    ActId, BatchId, ContractId, DivisionIndex, Fingerprint, FiscalYear, LimitKey, MoveId,
    PaymentId, QuotaId,
};
use crate::limit::{ContractCell, PayCeiling, PlanCell};
use crate::marks::{KeyMarks, PageMarks};
use crate::movement::{MoveInRow, MoveOutRow};
use crate::office::rules::Rules;
use crate::office::rules::trace::Trace;
use crate::office::{Gate, Office};
use crate::page::{Page, YearPage};
use crate::payment::Payment;
use crate::payment_pages::PaymentPages;
use crate::quota::{QuotaCell, QuotaRow};
use crate::refusal::{Code, Refusal};
use crate::suspense::{ParkedKey, Suspense};

/// What a caller hears about one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The code.
    pub code: Code,
    /// An earlier outcome, told again.
    pub repeat: bool,
    /// The payment's state now, where there is one.
    pub state: Option<PaymentState>,
    /// True when `value` is the id of a quota that was created.
    pub created: bool,
    /// What is available on the quota now, in fen; for `create`, the quota's id.
    pub value: i64,
    /// Sequence of the record that carries the outcome; 0: not yet placed, or no record.
    pub sequence: u64,
    /// The figures, when it was refused.
    pub refusal: Option<Refusal>,
}

impl Answer {
    /// An answer that carries a code alone.
    #[must_use]
    pub fn of(code: Code) -> Answer {
        Answer {
            code,
            repeat: false,
            state: None,
            created: false,
            value: 0,
            sequence: 0,
            refusal: None,
        }
    }
}

/// A division's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Nine-digit code.
    pub code: [u8; 9],
    /// The division above.
    pub parent: DivisionIndex,
    /// Name.
    pub name: Box<str>,
}

/// The outcome of an act, for its repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActRow {
    /// Its id.
    pub id: ActId,
    /// Keyed hash of its contents.
    pub fingerprint: Fingerprint,
    /// The quota it changed or created; [`QuotaId::NONE`] where there is none.
    pub quota: QuotaId,
    /// True for a creation: the answer is the quota's id.
    pub created: bool,
    /// Sequence of its record.
    pub sequence: u64,
}

/// An id that a refusal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The id, whatever its kind.
    pub id: u128,
    /// Keyed hash of its contents.
    pub fingerprint: Fingerprint,
    /// True for a payment's id; false for an act's or a move's.
    pub of_payment: bool,
    /// The quota it was sent to.
    pub quota: QuotaId,
    /// What its caller heard.
    pub refusal: Refusal,
    /// Sequence of its record.
    pub sequence: u64,
}

/// Money that came back after the year's close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveredPool {
    /// Reported by the bank, not yet in the treasury.
    pub in_transit_fen: i64,
    /// In the treasury.
    pub in_hand_fen: i64,
}

/// What an id leads to.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A payment that was accepted.
    Payment(u32, &'a Payment),
    /// A payment that was accepted and whose page is out of memory, by its index.
    PaymentOut(u32),
    /// An act that was accepted.
    Act(&'a ActRow),
    /// An id that was refused.
    Refused(&'a RefusedRow),
}

/// One year of a division.
#[derive(Clone, Debug)]
pub struct YearBook {
    /// The division.
    pub division: DivisionIndex,
    /// The year.
    pub year: FiscalYear,
    key: HashKey,
    /// Where the year stands.
    pub state: YearState,
    /// The rule that approves small payments in one act.
    pub ceiling: PayCeiling,
    /// Facts that wait for people.
    pub suspense: Suspense,
    /// What came back after the close.
    pub pool: RecoveredPool,
    /// Payments that can still pay.
    pub open_payments: u64,
    pub(crate) quotas: Arena<QuotaCell>,
    pub(crate) rows: Arena<QuotaRow>,
    /// Official keys, to serials; the keys themselves stand in the rows.
    pub(crate) key_index: IdIndex,
    pub(crate) payments: PaymentPages,
    pub(crate) payment_ids: IdIndex,
    pub(crate) acts: Arena<ActRow>,
    pub(crate) act_ids: IdIndex,
    pub(crate) refused: Arena<RefusedRow>,
    pub(crate) plans: Vec<PlanCell>,
    pub(crate) plan_slots: HashMap<LimitKey, u32>,
    pub(crate) contracts: BTreeMap<(u64, ContractId), ContractCell>,
    pub(crate) moves_out: BTreeMap<MoveId, MoveOutRow>,
    /// Corrections of a payment, in the order they were asked for: follows from the moves.
    pub(crate) corrections: BTreeMap<PaymentId, Vec<MoveId>>,
    pub(crate) moves_refused: BTreeMap<MoveId, RefusedRow>,
    /// By id and by where it left: a move's id is unique among what leaves one division and year,
    /// so two that meet here may share it.
    pub(crate) moves_in: BTreeMap<(MoveId, DivisionIndex, FiscalYear), MoveInRow>,
    pub(crate) batches: BTreeMap<BatchId, Batch>,
    /// What is staged in all of them, in bytes.
    pub(crate) staged_bytes: usize,
    pub(crate) office: Office,
    /// From which day on payments run; follows from the office.
    pub(crate) gate: Gate,
    /// The control rules, compiled: follows from the office, the quotas and the traces.
    pub(crate) rules: Rules,
    /// What rules remember of each payment, by its index; shorter where they looked at none yet.
    pub(crate) traces: Arena<Trace>,
    /// What the batch that closed last let out, for whoever hands it over.
    pub(crate) moves_let_out: Vec<MoveId>,
    pub(crate) marks: Marks,
    /// Pages that were copied just before they changed, for the running round.
    pub(crate) captured: Vec<YearPage>,
    /// Where the search for pages that may leave memory goes on.
    pub(crate) leave_from: usize,
    undo: Option<Vec<change::Undo>>,
}

/// What has changed, page by page and row by row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    pub(crate) cells: PageMarks,
    pub(crate) rows: PageMarks,
    pub(crate) plans: PageMarks,
    pub(crate) payments: PageMarks,
    pub(crate) traces: PageMarks,
    pub(crate) acts: PageMarks,
    pub(crate) refused: PageMarks,
    pub(crate) keys: KeyMarks<RowKey>,
}

/// What names a row that is found by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// A contract's cell, by the serial of its quota.
    Contract(u64, ContractId),
    /// A move out.
    MoveOut(MoveId),
    /// The ended id of a refused move.
    MoveRefused(MoveId),
    /// A move in, by its id and where it left.
    MoveIn(MoveId, DivisionIndex, FiscalYear),
    /// A batch.
    Batch(BatchId),
    /// A page of what is staged in one.
    Staged(BatchId, u32),
    /// A fact that is or was in suspense.
    Parked(ParkedKey),
    /// A slot of what the finance office has on file.
    Slot(u32),
}

impl YearBook {
    /// An unopened year.
    #[must_use]
    pub fn new(division: DivisionIndex, year: FiscalYear, key: HashKey) -> YearBook {
        YearBook {
            division,
            year,
            key,
            state: YearState::Unopened,
            ceiling: PayCeiling::default(),
            suspense: Suspense::default(),
            pool: RecoveredPool::default(),
            open_payments: 0,
            quotas: Arena::default(),
            rows: Arena::default(),
            key_index: IdIndex::new(key.index_seed(division, year, 2)),
            payments: PaymentPages::default(),
            payment_ids: IdIndex::new(key.index_seed(division, year, 0)),
            acts: Arena::default(),
            act_ids: IdIndex::new(key.index_seed(division, year, 1)),
            refused: Arena::default(),
            plans: Vec::new(),
            plan_slots: HashMap::new(),
            contracts: BTreeMap::new(),
            moves_out: BTreeMap::new(),
            corrections: BTreeMap::new(),
            moves_refused: BTreeMap::new(),
            moves_in: BTreeMap::new(),
            batches: BTreeMap::new(),
            staged_bytes: 0,
            office: Office::default(),
            gate: Gate::default(),
            rules: Rules::new(key, division, year),
            traces: Arena::default(),
            moves_let_out: Vec::new(),
            marks: Marks::default(),
            captured: Vec::new(),
            leave_from: 0,
            undo: None,
        }
    }

    /// The data set's key.
    #[must_use]
    pub fn key(&self) -> HashKey {
        self.key
    }

    /// The cell of a quota of this year.
    #[must_use]
    pub fn quota(&self, id: QuotaId) -> Option<&QuotaCell> {
        if id.division() != self.division || id.year() != self.year {
            return None;
        }
        self.quotas.get(usize::try_from(id.serial()).ok()?)
    }

    /// The cold row of a quota of this year.
    #[must_use]
    pub fn row(&self, id: QuotaId) -> Option<&QuotaRow> {
        self.quota(id)?;
        self.rows.get(usize::try_from(id.serial()).ok()?)
    }

    /// Every quota with its cell and row, by serial.
    pub fn quotas(&self) -> impl Iterator<Item = (QuotaId, &QuotaCell, &QuotaRow)> {
        let id = |serial: usize| QuotaId::new(self.division, self.year, serial as u64);
        self.quotas.iter().zip(self.rows.iter()).enumerate().map(move |(s, (c, r))| (id(s), c, r))
    }

    /// How many quotas it has.
    #[must_use]
    pub fn quota_count(&self) -> usize {
        self.quotas.len()
    }

    /// Every payment in memory, in the order they were accepted.
    pub fn payments(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter()
    }

    /// How many payments it has.
    #[must_use]
    pub fn payment_count(&self) -> usize {
        self.payments.len()
    }

    /// Ids of payments and acts that memory holds, ended ones too.
    #[must_use]
    pub fn id_count(&self) -> usize {
        self.payment_ids.len() + self.act_ids.len()
    }

    /// Every act.
    pub fn acts(&self) -> impl Iterator<Item = &ActRow> {
        self.acts.iter()
    }

    /// Every ended id of a payment or act.
    pub fn refused(&self) -> impl Iterator<Item = &RefusedRow> {
        self.refused.iter()
    }

    /// Every payment plan.
    pub fn plans(&self) -> impl Iterator<Item = &PlanCell> {
        self.plans.iter()
    }

    /// A payment plan by key.
    #[must_use]
    pub fn plan(&self, key: LimitKey) -> Option<&PlanCell> {
        self.plan_slots.get(&key).map(|&slot| &self.plans[slot as usize])
    }

    /// Every contract cell with the quota it stands on.
    pub fn contracts(&self) -> impl Iterator<Item = (QuotaId, &ContractCell)> {
        let id = |serial| QuotaId::new(self.division, self.year, serial);
        self.contracts.iter().map(move |(&(serial, _), cell)| (id(serial), cell))
    }

    /// The cell of a contract on a quota.
    #[must_use]
    pub fn contract(&self, quota: QuotaId, contract: ContractId) -> Option<&ContractCell> {
        self.contracts.get(&(quota.serial(), contract))
    }

    /// Every move out of the year.
    pub fn moves_out(&self) -> impl Iterator<Item = (MoveId, &MoveOutRow)> {
        self.moves_out.iter().map(|(&id, row)| (id, row))
    }

    /// Every ended id of a refused move.
    pub fn moves_refused(&self) -> impl Iterator<Item = (MoveId, &RefusedRow)> {
        self.moves_refused.iter().map(|(&id, row)| (id, row))
    }

    /// Every move into the year.
    pub fn moves_in(&self) -> impl Iterator<Item = (MoveId, &MoveInRow)> {
        self.moves_in.iter().map(|(&(id, ..), row)| (id, row))
    }

    /// A move out, by id.
    #[must_use]
    pub fn move_out(&self, id: MoveId) -> Option<&MoveOutRow> {
        self.moves_out.get(&id)
    }

    /// A move in, by the quota it left and its id.
    #[must_use]
    pub fn move_in(&self, from: QuotaId, id: MoveId) -> Option<&MoveInRow> {
        self.moves_in.get(&(id, from.division(), from.year()))
    }

    pub(crate) fn add_move_in(&mut self, id: MoveId, row: MoveInRow) {
        let key = (id, row.from.division(), row.from.year());
        self.touch_key(RowKey::MoveIn(id, key.1, key.2));
        let before = self.moves_in.insert(key, row);
        assert!(before.is_none(), "I3: a move arrives once");
    }

    /// Every batch.
    pub fn batches(&self) -> impl Iterator<Item = (BatchId, &Batch)> {
        self.batches.iter().map(|(&id, batch)| (id, batch))
    }

    /// How many batches have ended, either way.
    #[must_use]
    pub fn batches_ended(&self) -> usize {
        self.batches().filter(|(_, batch)| !batch.is_open()).count()
    }

    /// The moves that the batch which ended last let out, in the order they were staged.
    pub fn moves_let_out(&self) -> impl Iterator<Item = (MoveId, &MoveOutRow)> {
        self.moves_let_out.iter().filter_map(|&id| Some((id, self.move_out(id)?)))
    }

    /// A batch by id.
    #[must_use]
    pub fn batch(&self, id: BatchId) -> Option<&Batch> {
        self.batches.get(&id)
    }

    /// What the finance office has on file of the year.
    #[must_use]
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// What rules remember of each payment, by its index.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.traces.iter()
    }

    /// What rules still count of a payment, in fen; `None`: they did not look at it.
    #[must_use]
    pub fn trace(&self, payment: PaymentId) -> Option<i64> {
        let trace = self.traces.get(self.payment_index(payment)?)?;
        (trace.asked_fen != 0).then_some(trace.left_fen)
    }

    /// True when control rules are held against payments of this year.
    #[must_use]
    pub fn has_rules(&self) -> bool {
        self.rules.apply()
    }

    /// True when everything that rules go by (rules, quotas, contracts, registers and sums over
    /// payments) is what it would be made anew.
    #[must_use]
    pub fn rules_agree(&self) -> bool {
        self.rules == Rules::of(self)
    }

    /// Tells what an event added where its record landed.
    pub fn place(&mut self, placed: Placed, sequence: u64) {
        let known = match placed {
            Placed::Nothing => return,
            Placed::Payment(index) => {
                self.payments.get_mut(index as usize).map(|payment| &mut payment.sequence)
            }
            Placed::Act(index) => self.acts.get_mut(index as usize).map(|row| &mut row.sequence),
            Placed::Refused(index) => {
                self.refused.get_mut(index as usize).map(|row| &mut row.sequence)
            }
            Placed::Move(id) => match self.moves_out.get_mut(&id) {
                Some(row) => Some(&mut row.sequence),
                None => self.moves_refused.get_mut(&id).map(|row| &mut row.sequence),
            },
        };
        if let Some(known) = known {
            *known = sequence;
        }
    }

    /// revives a quarantined quota.
    pub fn adopt(&mut self, id: QuotaId, from: &YearBook) {
        let serial = id.serial() as usize;
        let (Some(cell), Some(row)) = (from.quota(id), from.row(id)) else { return };
        self.touch_cell(serial);
        self.touch_row(serial);
        if let Some(slot) = self.quotas.get_mut(serial) {
            *slot = *cell;
        }
        if let Some(slot) = self.rows.get_mut(serial) {
            *slot = row.clone();
        }
        for payment in from.payments().filter(|payment| payment.quota == id) {
            let Some(Found::Payment(index, _)) = self.find_payment(payment.id) else { continue };
            if let Some(trace) = from.payment_index(payment.id).and_then(|at| from.traces.get(at)) {
                self.put_trace(index as usize, trace.clone());
            }
            self.touch_payment(index as usize);
            if let Some(slot) = self.payments.get_mut(index as usize) {
                *slot = payment.clone();
            }
        }
    }
}

pub(crate) fn pack(index: usize, refused: bool) -> u32 {
    assert!(index < crate::limits::RECORDS_PER_YEAR_MAX, "records of a year are at their bound");
    (index as u32) << 1 | u32::from(refused)
}

fn unpack(locator: u32) -> (usize, bool) {
    ((locator >> 1) as usize, locator & 1 == 1)
}

/// One fiscal division.
#[derive(Clone, Debug)]
pub struct Division {
    /// Its index.
    pub index: DivisionIndex,
    /// Its registration; `None`: nothing runs in it.
    pub registration: Option<Registration>,
    /// True when something has happened since the last round began.
    pub(crate) changed: bool,
    /// What the running round copied when it began.
    pub(crate) round: Vec<Page>,
    pub(crate) years: Vec<YearBook>,
    key: HashKey,
}

impl Division {
    /// An unregistered division, hashing under the data set's key.
    #[must_use]
    pub fn new(index: DivisionIndex, key: HashKey) -> Division {
        let (changed, round, years) = (false, Vec::new(), Vec::new());
        Division { index, registration: None, changed, round, years, key }
    }

    /// The data set's key.
    #[must_use]
    pub fn key(&self) -> HashKey {
        self.key
    }

    /// A year, if anything ever happened in it.
    #[must_use]
    pub fn year(&self, year: FiscalYear) -> Option<&YearBook> {
        self.years.iter().find(|book| book.year == year)
    }

    /// A year to change, if anything ever happened in it.
    #[must_use]
    pub fn year_mut(&mut self, year: FiscalYear) -> Option<&mut YearBook> {
        self.years.iter_mut().find(|book| book.year == year)
    }

    /// Every year, in order.
    pub fn years(&self) -> impl Iterator<Item = &YearBook> {
        self.years.iter()
    }

    /// The year's book, begun if need be.
    pub(crate) fn year_or_new(&mut self, year: FiscalYear) -> &mut YearBook {
        let place = self.years.partition_point(|book| book.year < year);
        if self.years.get(place).is_none_or(|book| book.year != year) {
            self.years.insert(place, YearBook::new(self.index, year, self.key));
        }
        &mut self.years[place]
    }

    /// The cell of a quota.
    #[must_use]
    pub fn quota(&self, id: QuotaId) -> Option<&QuotaCell> {
        self.year(id.year())?.quota(id)
    }
}
