//! From a row's key and value to its page. No length and no number is trusted: whatever is wrong
//! here throws the checkpoint away.

use bincode::Decode;
use domain::batch::{Batch, Staged};
use domain::codes::{
    ActKind, AuthorityKind, BatchEnd, BusinessKind, Ending, FactKind, Method, MoveKind, Path,
    PaymentState, Posts, Role, StepKind, YearState,
};
use domain::division::{ActRow, RecoveredPool, RefusedRow, Registration, RowKey};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear,
    LimitKey, MoveId, PaymentId, PersonId, QuotaId,
};
use domain::limit::{ContractCell, PayCeiling, PlanCell};
use domain::money::Fen;
use domain::movement::{MoveInRow, MoveOutRow, Transit};
use domain::office::Slot;
use domain::office::line::read_all;
use domain::office::rules::trace::Trace;
use domain::office::table::{Row as OfficeRow, Table};
use domain::page::{Page, YearHead, YearPage};
use domain::payment::{FactSeen, Later, Payment, Refund, StepSeen};
use domain::quota::{Buckets, QuotaCell, QuotaRow, Totals, UnderWay};
use domain::refusal::{Code, Figure, Refusal};
use domain::suspense::{Parked, ParkedEnd, ParkedKey};
use thiserror::Error;

use super::*;

/// Why a row is not a page.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// Its key names no page.
    #[error("a row's key names no page: {key:02x?}")]
    Key {
        /// The key.
        key: Vec<u8>,
    },
    /// It is of another version.
    #[error("a row has version {version}, and this program reads {PAGE_VERSION}")]
    Version {
        /// Its version.
        version: u8,
    },
    /// Its value is not laid out like its kind.
    #[error("the value of row {key:02x?} is not laid out like a page of its kind")]
    Layout {
        /// Its key.
        key: Vec<u8>,
    },
    /// A field holds a number that means nothing.
    #[error("a row says {field} {value}, which means nothing")]
    Field {
        /// The field.
        field: &'static str,
        /// What it says.
        value: u64,
    },
}

/// How much of a page of payments is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichPayments {
    /// Of settled pages the ids alone; of others everything.
    Unsettled,
    /// Everything.
    All,
}

/// The page that a row holds.
///
/// # Errors
/// What is wrong with the row.
pub fn decode(key: &[u8], value: &[u8], which: WhichPayments) -> Result<Page, PageError> {
    let (&version, rest) = value.split_first().ok_or_else(|| layout(key))?;
    if version != PAGE_VERSION {
        return Err(PageError::Version { version });
    }
    let mut row = Row { key, rest };
    let page = row.page(which)?;
    // A page is known by its own key alone: one that says another, or more, is no page.
    if super::key(&page.name()) != key {
        return Err(PageError::Key { key: key.to_vec() });
    }
    if row.rest.is_empty() { Ok(page) } else { Err(layout(key)) }
}

fn layout(key: &[u8]) -> PageError {
    PageError::Layout { key: key.to_vec() }
}

fn known<T>(field: &'static str, value: impl Into<u64>, known: Option<T>) -> Result<T, PageError> {
    known.ok_or(PageError::Field { field, value: value.into() })
}

struct Row<'a> {
    key: &'a [u8],
    rest: &'a [u8],
}

impl Row<'_> {
    fn take<T: Decode<()>>(&mut self) -> Result<T, PageError> {
        let taken = bincode::decode_from_slice(self.rest, config());
        let (value, used) = taken.map_err(|_| layout(self.key))?;
        self.rest = &self.rest[used..];
        Ok(value)
    }

    fn list<R: Decode<()>, T>(
        &mut self,
        of: impl Fn(R) -> Result<T, PageError>,
    ) -> Result<Vec<T>, PageError> {
        let count: u32 = self.take()?;
        // No element is smaller than a byte: a count beyond what is left is none.
        if count as usize > self.rest.len() {
            return Err(layout(self.key));
        }
        (0..count).map(|_| of(self.take()?)).collect()
    }

    fn page(&mut self, which: WhichPayments) -> Result<Page, PageError> {
        let bad_key = || PageError::Key { key: self.key.to_vec() };
        let (&kind, name) = self.key.split_first().ok_or_else(bad_key)?;
        if kind == kind::REGISTRATION {
            let (code, parent, name): ([u8; 9], u16, String) = self.take()?;
            let parent = DivisionIndex(parent);
            return Ok(Page::Registration(Registration { code, parent, name: name.into() }));
        }
        let (&year, name) = name.split_first().ok_or_else(bad_key)?;
        let year = FiscalYear::from_offset(year);
        Ok(Page::OfYear(year, self.year_page(kind, name, which)?))
    }

    fn year_page(
        &mut self,
        kind: u8,
        name: &[u8],
        which: WhichPayments,
    ) -> Result<YearPage, PageError> {
        let bad_key = || PageError::Key { key: self.key.to_vec() };
        let number = || name.try_into().map(u32::from_be_bytes).map_err(|_| bad_key());
        Ok(match kind {
            kind::HEAD => YearPage::Head(head(self.take()?)?),
            kind::CELLS => YearPage::Cells(number()?, self.list(cell)?),
            kind::ROWS => YearPage::Rows(number()?, self.list(cold)?),
            kind::PLANS => YearPage::Plans(number()?, self.list(plan)?),
            kind::PAYMENTS => self.payments(number()?, which)?,
            kind::TRACES => YearPage::Traces(number()?, self.list(trace)?),
            kind::ACTS => YearPage::Acts(number()?, self.list(act)?),
            kind::REFUSED => YearPage::Refused(number()?, self.list(refused)?),
            _ => {
                let key = row_key(kind, name).ok_or_else(bad_key)?;
                self.keyed(key)?
            }
        })
    }

    fn payments(&mut self, number: u32, which: WhichPayments) -> Result<YearPage, PageError> {
        let short = || layout(self.key);
        let (head, rest) = self.rest.split_at_checked(2).ok_or_else(short)?;
        let (settled, count) = (head[0] == 1, usize::from(head[1]));
        let (ids, rest) = rest.split_at_checked(16 * count).ok_or_else(short)?;
        let ids = ids.as_chunks::<16>().0.iter().map(|id| PaymentId(u128::from_le_bytes(*id)));
        if settled && which == WhichPayments::Unsettled {
            self.rest = &[];
            return Ok(YearPage::PaymentIds(number, ids.collect()));
        }
        self.rest = rest;
        let payments = ids.map(|id| payment(id, self.take()?)).collect::<Result<_, _>>()?;
        Ok(YearPage::Payments(number, payments))
    }

    fn keyed(&mut self, key: RowKey) -> Result<YearPage, PageError> {
        let present: u8 = self.take()?;
        Ok(match (present, key) {
            (presence::GONE, key) => YearPage::Gone(key),
            (presence::ENDED, RowKey::Parked(key)) => {
                let end: u8 = self.take()?;
                let known_end = [ParkedEnd::Taken, ParkedEnd::Dismissed];
                let is_it = known_end.into_iter().find(|&known| known as u8 == end);
                YearPage::ParkedEnded(key, known("end", end, is_it)?)
            }
            (presence::HERE, RowKey::Contract(serial, _)) => {
                let (contract, plan, earmarked, used, open): ContractRow = self.take()?;
                let (contract, plan) = (ContractId(contract), ContractId(plan));
                YearPage::Contract(serial, ContractCell { contract, plan, earmarked, used, open })
            }
            (presence::HERE, RowKey::MoveOut(id)) => {
                let mut row = move_out(self.take()?)?;
                if row.kind == MoveKind::Correct {
                    row.payment = PaymentId(self.take()?);
                }
                YearPage::MoveOut(id, row)
            }
            (presence::HERE, RowKey::MoveRefused(id)) => {
                YearPage::MoveRefused(id, refused(self.take()?)?)
            }
            (presence::HERE, RowKey::MoveIn(id, ..)) => {
                let (from, to, amount, outcome): MoveInOf = self.take()?;
                let outcome = known("outcome", outcome, Code::from_number(outcome))?;
                let (from, to, amount_fen) = (QuotaId(from), QuotaId(to), Fen::new(amount));
                YearPage::MoveIn(id, MoveInRow { from, to, amount_fen, outcome })
            }
            (presence::HERE, RowKey::Batch(id)) => YearPage::Batch(id, batch(self.take()?)?),
            (presence::HERE, RowKey::Staged(id, number)) => {
                let rows: Vec<StagedRow> = self.take()?;
                let staged = rows.into_iter().map(staged).collect::<Result<_, PageError>>()?;
                YearPage::Staged(id, number, staged)
            }
            (presence::HERE, RowKey::Slot(number)) => YearPage::Slot(number, slot(self.take()?)?),
            (presence::HERE, RowKey::Parked(key)) => YearPage::Parked(key, parked(self.take()?)?),
            _ => return Err(layout(self.key)),
        })
    }
}

fn row_key(kind: u8, name: &[u8]) -> Option<RowKey> {
    let id = || name.try_into().ok().map(u128::from_be_bytes);
    Some(match kind {
        kind::CONTRACT => {
            let (serial, contract) = name.split_first_chunk::<8>()?;
            let contract = u64::from_be_bytes(contract.try_into().ok()?);
            RowKey::Contract(u64::from_be_bytes(*serial), ContractId(contract))
        }
        kind::MOVE_OUT => RowKey::MoveOut(MoveId(id()?)),
        kind::MOVE_REFUSED => RowKey::MoveRefused(MoveId(id()?)),
        kind::MOVE_IN => {
            let (id, from) = name.split_first_chunk::<16>()?;
            let [high, low, year] = from.try_into().ok()?;
            let division = DivisionIndex(u16::from_be_bytes([high, low]));
            let id = MoveId(u128::from_be_bytes(*id));
            RowKey::MoveIn(id, division, FiscalYear::from_offset(year))
        }
        kind::BATCH => RowKey::Batch(BatchId(id()?)),
        kind::STAGED => {
            let (id, number) = name.split_first_chunk::<16>()?;
            let number = u32::from_be_bytes(number.try_into().ok()?);
            RowKey::Staged(BatchId(u128::from_be_bytes(*id)), number)
        }
        kind::PARKED => RowKey::Parked(parked_key(name)?),
        kind::SLOT => RowKey::Slot(u32::from_be_bytes(name.try_into().ok()?)),
        _ => return None,
    })
}

fn parked_key(name: &[u8]) -> Option<ParkedKey> {
    let (channel, rest) = name.split_first_chunk::<2>()?;
    let (serial, fingerprint) = rest.split_first_chunk::<8>()?;
    let fingerprint = u128::from_be_bytes(fingerprint.try_into().ok()?);
    let channel = ChannelId(u16::from_be_bytes(*channel));
    Some((channel, u64::from_be_bytes(*serial), Fingerprint(fingerprint)))
}

fn head(row: HeadRow) -> Result<YearHead, PageError> {
    let (state, (version, amount, maker, checker), (in_transit_fen, in_hand_fen), open, arrivals) =
        row;
    Ok(YearHead {
        state: known("year state", state, YearState::from_number(state))?,
        ceiling: PayCeiling {
            version,
            amount_fen: Fen::new(amount),
            maker: PersonId(maker),
            checker: PersonId(checker),
        },
        pool: RecoveredPool { in_transit_fen, in_hand_fen },
        open_payments: open,
        arrivals,
    })
}

fn posts(bits: u8) -> Result<Posts, PageError> {
    known("posts", bits, Posts::from_bits(bits))
}

fn cell(row: CellRow) -> Result<QuotaCell, PageError> {
    let ((version, plan_slot, open_payments, bits, executable, closed, fund, economic), b) = row;
    let [issued, allocated, transferred, frozen, staged, earmarked, reserved, paid, cleared, back] =
        b;
    let buckets = Buckets {
        issued,
        allocated,
        transferred,
        frozen,
        staged,
        earmarked,
        reserved,
        paid,
        cleared,
        refunding: back,
    };
    Ok(QuotaCell {
        version,
        plan_slot,
        open_payments,
        posts: posts(bits)?,
        executable,
        closed,
        fund: Class(fund),
        economic: Class(economic),
        buckets,
    })
}

fn cold(row: ColdRow) -> Result<QuotaRow, PageError> {
    let (parent, authority, cap, key, t, open_contracts, (moves, out)) = row;
    let [allocated, transferred, issued] = out;
    let [
        initial,
        supplemented,
        moved_in,
        vired_in,
        carried_in,
        cut,
        returned,
        vired,
        taken,
        carried,
    ] = t;
    let totals = Totals {
        initial,
        supplemented,
        moved_in,
        vired_in,
        carried_in,
        cut,
        returned_up: returned,
        vired_out: vired,
        recovered: taken,
        carried_out: carried,
    };
    let authority = known("authority", authority, AuthorityKind::from_number(authority))?;
    let mut row = QuotaRow::new(QuotaId(parent), authority, Fen::new(cap), &key);
    row.set_figures(totals, UnderWay { moves, allocated, transferred, issued });
    row.open_contracts = open_contracts;
    Ok(row)
}

fn plan((key, version, planned, used): PlanRow) -> Result<PlanCell, PageError> {
    Ok(PlanCell { key: LimitKey(key), version, planned, used })
}

fn trace(row: TraceRow) -> Result<Trace, PageError> {
    let (pair, asked_fen, left_fen, economic, fund, unit, day, invoices) = row;
    let (economic, fund) = (Class(economic), Class(fund));
    // What is remembered of a payment before there were rules has no day.
    let day = match day {
        0 => Day::default(),
        number => known("day", number, Day::new(number))?,
    };
    let invoices = invoices.into_iter().collect();
    Ok(Trace { pair, asked_fen, left_fen, economic, fund, unit, day, invoices })
}

fn act((id, fingerprint, quota, created, sequence): ActRowOf) -> Result<ActRow, PageError> {
    let (id, fingerprint, quota) = (ActId(id), Fingerprint(fingerprint), QuotaId(quota));
    Ok(ActRow { id, fingerprint, quota, created, sequence })
}

fn refused(row: RefusedIdRow) -> Result<RefusedRow, PageError> {
    let (id, fingerprint, of_payment, quota, (code, figures), sequence) = row;
    let mut refusal = Refusal::new(known("code", code, Code::from_number(code))?);
    for (limit, requested, left) in figures {
        let limit = known("limit", limit, Code::from_number(limit))?;
        refusal.add(Figure { limit, requested_fen: Fen::new(requested), left_fen: Fen::new(left) });
    }
    let (fingerprint, quota) = (Fingerprint(fingerprint), QuotaId(quota));
    Ok(RefusedRow { id, fingerprint, of_payment, quota, refusal, sequence })
}

fn payment(id: PaymentId, row: PaymentRow) -> Result<Payment, PageError> {
    let (who, what, (steps, facts, refunds)) = row;
    let (fingerprint, quota, amount, executed, maker, approvers, instructor, contract, plan) = who;
    let (economic, payee_hash, deadline_ms, sequence, day, rule_version, codes) = what;
    let [method, kind, path, state, ending, bits, approved] = codes;
    let no_day = (day == 0).then(Day::default);
    let none = steps.is_empty() && facts.is_empty() && refunds.is_empty();
    let later = if none { None } else { Some(Box::new(later(steps, facts, refunds)?)) };
    Ok(Payment {
        id,
        fingerprint: Fingerprint(fingerprint),
        quota: QuotaId(quota),
        amount_fen: Fen::new(amount),
        executed_fen: Fen::new(executed),
        maker: PersonId(maker),
        approvers: approvers.map(PersonId),
        instructor: PersonId(instructor),
        contract: ContractId(contract),
        plan: ContractId(plan),
        economic: Class(economic),
        payee_hash,
        deadline_ms,
        sequence,
        day: known("day", day, no_day.or_else(|| Day::new(day)))?,
        rule_version,
        method: known("method", method, Method::from_number(method))?,
        kind: known("business kind", kind, BusinessKind::from_number(kind))?,
        path: known("path", path, Path::from_number(path))?,
        state: known("state", state, PaymentState::from_number(state))?,
        ending: match ending {
            0 => None,
            number => Some(known("ending", number, Ending::from_number(number))?),
        },
        posts: posts(bits)?,
        approved: posts(approved)?,
        later,
    })
}

fn later(
    steps: Vec<(u8, u64, u64)>,
    facts: Vec<(u8, u16, u64, u128)>,
    refunds: Vec<(u64, i64, u32, bool, bool)>,
) -> Result<Later, PageError> {
    let step = |(kind, serial, person): (u8, u64, u64)| {
        let kind = known("step", kind, StepKind::from_number(kind))?;
        Ok(StepSeen { kind, serial, person: PersonId(person) })
    };
    let fact = |(kind, channel, serial, fingerprint): (u8, u16, u64, u128)| {
        let kind = known("fact", kind, FactKind::from_number(kind))?;
        let (channel, fingerprint) = (ChannelId(channel), Fingerprint(fingerprint));
        Ok(FactSeen { kind, channel, serial, fingerprint })
    };
    let refund = |(number, amount, detail, settled, to_pool)| {
        let amount_fen = Fen::new(amount);
        Refund { number, amount_fen, detail, settled, to_pool }
    };
    Ok(Later {
        steps: steps.into_iter().map(step).collect::<Result<_, PageError>>()?,
        facts: facts.into_iter().map(fact).collect::<Result<_, PageError>>()?,
        refunds: refunds.into_iter().map(refund).collect(),
    })
}

fn move_out(row: MoveOutOf) -> Result<MoveOutRow, PageError> {
    let (fingerprint, sequence, person, kind, from, to, amount, fund, transit) = row;
    let transits =
        [Transit::Staged, Transit::InTransit, Transit::Landed, Transit::CameBack, Transit::Dropped];
    let is_it = transits.into_iter().find(|&known| known as u8 == transit);
    Ok(MoveOutRow {
        fingerprint: Fingerprint(fingerprint),
        sequence,
        person: PersonId(person),
        kind: known("move", kind, MoveKind::from_number(kind))?,
        from: QuotaId(from),
        to: QuotaId(to),
        amount_fen: Fen::new(amount),
        fund: Class(fund),
        payment: PaymentId::NONE,
        transit: known("transit", transit, is_it)?,
    })
}

fn batch(row: BatchRow) -> Result<Batch, PageError> {
    let (fingerprint, maker, count, digest, staged_digest, deadline_ms, end) = row;
    Ok(Batch {
        fingerprint: Fingerprint(fingerprint),
        maker: PersonId(maker),
        count,
        digest,
        staged_digest,
        deadline_ms,
        end: match end {
            0 => None,
            number => Some(known("batch end", number, BatchEnd::from_number(number))?),
        },
        staged: Vec::new(),
        staged_bytes: 0,
    })
}

fn staged((kind, quota, amount, id, changes): StagedRow) -> Result<Staged, PageError> {
    match kind {
        0 => Ok(Staged::Move { id: MoveId(id) }),
        STAGED_PAPER => {
            read_all(&changes).map_err(|_| PageError::Field { field: "staged paper", value: 0 })?;
            Ok(Staged::Paper { changes: changes.into() })
        }
        _ => {
            let (quota, amount_fen) = (QuotaId(quota), Fen::new(amount));
            let kind = known("act", kind, ActKind::from_number(kind))?;
            Ok(Staged::Act { kind, quota, amount_fen })
        }
    }
}

fn slot((table, key, line): SlotRow) -> Result<Slot, PageError> {
    let table = known("table", table, Table::from_number(table))?;
    let row = line.map(|line| OfficeRow::read(table, &line)).transpose();
    let row = row.map_err(|unfit| PageError::Field {
        field: "column of a row on file",
        value: unfit.column as u64,
    })?;
    if row.as_ref().is_some_and(|row| row.key() != key) {
        return Err(PageError::Field { field: "key of a row on file", value: 0 });
    }
    Ok(Slot { table, key: key.into(), row })
}

fn parked(row: ParkedRow) -> Result<Parked, PageError> {
    let (
        person,
        role,
        kind,
        payment,
        quota,
        amount,
        payee_hash,
        day,
        refund,
        detail,
        note,
        reason,
        arrival,
    ) = row;
    let no_day = (day == 0).then(Day::default);
    Ok(Parked {
        person: PersonId(person),
        role: known("role", role, Role::from_number(role))?,
        kind: known("fact", kind, FactKind::from_number(kind))?,
        payment: PaymentId(payment),
        quota: QuotaId(quota),
        amount_fen: Fen::new(amount),
        payee_hash,
        day: known("day", day, no_day.or_else(|| Day::new(day)))?,
        refund,
        detail,
        note: note.into(),
        reason: known("reason", reason, Code::from_number(reason))?,
        arrival,
    })
}
