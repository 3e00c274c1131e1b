//! What is asked of the directory: lists of payments, histories, states as they were, and rows that
//! the finance office has on file.
//!
//! Each request may wait for a position, so that a client reads what it wrote, and may ask about
//! an earlier position or time. Pages are bounded; what continues a list is opaque. Never decides
//! what is in a list.

mod pages;
mod reports;
mod rows;

use domain::codes::PaymentState;
use domain::ids::{DivisionIndex, FiscalYear, PaymentId, PersonId, QuotaId};
use domain::limits::OFFICIAL_KEY_BYTES_MAX;
use domain::{Code, Fen};

use crate::bytes::{Reader, Short, put_text};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{
    CONTINUATION_BYTES, DIRECTORY_PAGE_ITEMS_MAX, DIRECTORY_TEXT_BYTES_MAX, DIRECTORY_WAIT_MS_MAX,
    LOOK_UP_BYTES,
};
use crate::lookup::LookUp;
use crate::results::{Position, put_prologue, read_prologue};

pub use pages::{HistoryBuilder, HistoryEvent, HistoryPage, ListedPayment, PaymentPage, StateThen};
pub use reports::{AskReport, ReportPage, continuation};
pub use rows::{ListRows, RowPage};

/// What continues a list or a history behind a page: whoever gets it gives it back unchanged, with
/// the same question. All zero: from the beginning in a request, the end in a reply.
pub type Continuation = [u8; CONTINUATION_BYTES];

/// The moment a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// As far as the directory has come.
    #[default]
    Now,
    /// Everything up to a position, and nothing behind it.
    Position(Position),
    /// Everything journaled up to this time, in ms since 1970, and nothing behind it.
    TimeMs(u64),
}

/// What every question to the directory says beside its subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Answer only once the directory has come at least so far; sequence 0: at once.
    pub wait_for: Position,
    /// How long to wait for that at most, in ms: then the answer is `late`.
    pub wait_ms: u32,
    /// The moment it is about.
    pub as_of: AsOf,
    /// Items wanted on a page; 0: as many as a page may have.
    pub items: u16,
    /// Newest first; otherwise oldest first.
    pub newest_first: bool,
    /// Where to go on.
    pub after: Continuation,
}

/// From what an age is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgeSince {
    /// The payment's last event: how long it has stood as it stands.
    #[default]
    Changed,
    /// Its reservation.
    Reserved,
}

impl AgeSince {
    /// The name in texts and JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            AgeSince::Changed => "changed",
            AgeSince::Reserved => "reserved",
        }
    }
}

/// Which payments are listed: those that meet every condition. A default value lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// Of these states; empty: of any.
    pub states: Vec<PaymentState>,
    /// Of this division.
    pub division: Option<DivisionIndex>,
    /// Of this fiscal year.
    pub year: Option<FiscalYear>,
    /// Of this quota.
    pub quota: Option<QuotaId>,
    /// Of quotas whose official key begins so: the budget unit stands at its beginning.
    pub key_prefix: String,
    /// To the payee's account with this hash ([`domain::particulars::account_hash`]).
    pub payee_hash: Option<u64>,
    /// With this official number among its numbers.
    pub number: String,
    /// Asked for by this person.
    pub maker: Option<PersonId>,
    /// At least so old, in ms.
    pub older_than_ms: Option<u64>,
    /// At most so old, in ms.
    pub younger_than_ms: Option<u64>,
    /// From what ages are counted.
    pub age_since: AgeSince,
    /// Of at least so much.
    pub amount_from: Option<Fen>,
    /// Of at most so much.
    pub amount_to: Option<Fen>,
}

/// Asks for a page of payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPayments {
    /// When, how many, and where to go on.
    pub asked: Asked,
    /// Which.
    pub filter: PaymentFilter,
}

/// Whose history is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A payment's.
    Payment {
        /// Its division and year; nothing: of every division and year that knows the id.
        book: Option<(DivisionIndex, FiscalYear)>,
        /// Its id.
        id: PaymentId,
    },
    /// A quota's, with the payments on it.
    Quota(QuotaId),
}

/// Asks for a page of events of one payment or quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When, how many, and where to go on.
    pub asked: Asked,
    /// Whose.
    pub subject: Subject,
}

/// Asks how a quota or a payment stood at an earlier position or time. Of what is asked, only the
/// waiting and the moment mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateAt {
    /// When.
    pub asked: Asked,
    /// Of what: a quota or a payment.
    pub look_up: LookUp,
}

const NEWEST_FIRST: u16 = 1;
const SINCE_RESERVED: u16 = 2;
const OF_DIVISION: u16 = 4;

/// Stands for no quota, as for the parent of none.
const ANY_QUOTA: u64 = u64::MAX;

const OF_PAYMENT: u16 = 1;
const OF_QUOTA: u16 = 2;

impl Asked {
    fn put(&self, flags: u16, out: &mut Vec<u8>) {
        put_prologue(out, self.wait_for);
        let (position, time_ms) = match self.as_of {
            AsOf::Now => (Position::default(), 0),
            AsOf::Position(position) => (position, 0),
            AsOf::TimeMs(time_ms) => (Position::default(), time_ms),
        };
        put_prologue(out, position);
        out.extend_from_slice(&time_ms.to_le_bytes());
        out.extend_from_slice(&self.wait_ms.to_le_bytes());
        out.extend_from_slice(&self.items.to_le_bytes());
        let newest = if self.newest_first { NEWEST_FIRST } else { 0 };
        out.extend_from_slice(&(flags | newest).to_le_bytes());
        out.extend_from_slice(&self.after);
    }

    /// What is asked, and the flags that `known` allows beside the order.
    fn read(
        reader: &mut Reader<'_>,
        kind: FrameKind,
        known: u16,
    ) -> Result<(Asked, u16), FrameError> {
        let short = FrameError::short(kind);
        let wait_for = read_prologue(reader).map_err(&short)?;
        let position = read_prologue(reader).map_err(&short)?;
        let time_ms = reader.u64().map_err(&short)?;
        let wait_ms = reader.u32().map_err(&short)?;
        let items = reader.u16().map_err(&short)?;
        let flags = reader.u16().map_err(&short)?;
        let after = reader.array().map_err(&short)?;
        if flags & !(known | NEWEST_FIRST) != 0 {
            return Err(value(kind, "flags", flags.into()));
        }
        if wait_ms > DIRECTORY_WAIT_MS_MAX {
            return Err(value(kind, "wait_ms", wait_ms.into()));
        }
        if usize::from(items) > DIRECTORY_PAGE_ITEMS_MAX {
            return Err(value(kind, "items", items.into()));
        }
        let as_of = match (position, time_ms) {
            (Position { epoch: 0, sequence: 0 }, 0) => AsOf::Now,
            (Position { epoch: 0, sequence: 0 }, time_ms) => AsOf::TimeMs(time_ms),
            (position, 0) => AsOf::Position(position),
            (_, time_ms) => return Err(value(kind, "as_of_ms", time_ms)),
        };
        let newest_first = flags & NEWEST_FIRST != 0;
        Ok((Asked { wait_for, wait_ms, as_of, items, newest_first, after }, flags & known))
    }

    /// Items of a page: what was wanted, within the bound.
    #[must_use]
    pub fn page_items(&self) -> usize {
        match usize::from(self.items) {
            0 => DIRECTORY_PAGE_ITEMS_MAX,
            items => items.min(DIRECTORY_PAGE_ITEMS_MAX),
        }
    }
}

fn value(kind: FrameKind, field: &'static str, value: u64) -> FrameError {
    FrameError::Value { kind: kind.slug(), field, value }
}

impl PaymentFilter {
    fn flags(&self) -> u16 {
        let since = match self.age_since {
            AgeSince::Changed => 0,
            AgeSince::Reserved => SINCE_RESERVED,
        };
        since | if self.division.is_some() { OF_DIVISION } else { 0 }
    }

    /// What it says as bytes: two filters that are alike have the same.
    pub fn put(&self, out: &mut Vec<u8>) {
        let states = self.states.iter().fold(0, |bits, state| bits | state_bit(*state));
        out.extend_from_slice(&states.to_le_bytes());
        out.extend_from_slice(&self.division.unwrap_or_default().0.to_le_bytes());
        out.extend_from_slice(&self.year.map_or(0, FiscalYear::get).to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.quota.map_or(ANY_QUOTA, |quota| quota.0).to_le_bytes());
        out.extend_from_slice(&self.payee_hash.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.maker.map_or(0, |maker| maker.0).to_le_bytes());
        out.extend_from_slice(&self.older_than_ms.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.younger_than_ms.unwrap_or(0).to_le_bytes());
        for bound in [self.amount_from, self.amount_to] {
            out.extend_from_slice(&bound.map_or(0, Fen::get).to_le_bytes());
        }
        put_text(out, &self.key_prefix, OFFICIAL_KEY_BYTES_MAX);
        put_text(out, &self.number, DIRECTORY_TEXT_BYTES_MAX);
    }

    fn read(reader: &mut Reader<'_>, flags: u16) -> Result<PaymentFilter, FrameError> {
        let kind = FrameKind::ListPayments;
        let short = FrameError::short(kind);
        let bits = reader.u16().map_err(&short)?;
        let all = PaymentState::ALL.iter().fold(0, |bits, state| bits | state_bit(*state));
        if bits & !all != 0 {
            return Err(value(kind, "states", bits.into()));
        }
        let of = |state: &PaymentState| bits & state_bit(*state) != 0;
        let states = PaymentState::ALL.iter().copied().filter(of).collect();
        let division = reader.u16().map_err(&short)?;
        let year = reader.u16().map_err(&short)?;
        let zero = reader.u16().map_err(&short)?;
        if flags & OF_DIVISION == 0 && division != 0 {
            return Err(value(kind, "division", division.into()));
        }
        if zero != 0 {
            return Err(short(Short));
        }
        let numbers: [u64; 5] = read_all(reader).map_err(&short)?;
        let [quota, payee_hash, maker, older_than_ms, younger_than_ms] = numbers;
        let amounts = [reader.i64().map_err(&short)?, reader.i64().map_err(&short)?];
        if let Some(wrong) = amounts.iter().find(|fen| **fen < 0) {
            return Err(value(kind, "amount", wrong.cast_unsigned()));
        }
        let key_prefix = reader.text(OFFICIAL_KEY_BYTES_MAX).map_err(&short)?.to_owned();
        let number = reader.text(DIRECTORY_TEXT_BYTES_MAX).map_err(&short)?.to_owned();
        let some = |number: u64| (number != 0).then_some(number);
        let amount = |fen: i64| (fen != 0).then_some(Fen::new(fen));
        Ok(PaymentFilter {
            states,
            division: (flags & OF_DIVISION != 0).then_some(DivisionIndex(division)),
            year: read_year(kind, year)?,
            quota: (quota != ANY_QUOTA).then_some(QuotaId(quota)),
            key_prefix,
            payee_hash: some(payee_hash),
            number,
            maker: some(maker).map(PersonId),
            older_than_ms: some(older_than_ms),
            younger_than_ms: some(younger_than_ms),
            age_since: match flags & SINCE_RESERVED {
                0 => AgeSince::Changed,
                _ => AgeSince::Reserved,
            },
            amount_from: amount(amounts[0]),
            amount_to: amount(amounts[1]),
        })
    }
}

fn state_bit(state: PaymentState) -> u16 {
    1 << (state.number() - 1)
}

fn read_all<const N: usize>(reader: &mut Reader<'_>) -> Result<[u64; N], Short> {
    let mut all = [0; N];
    for number in &mut all {
        *number = reader.u64()?;
    }
    Ok(all)
}

fn read_year(kind: FrameKind, year: u16) -> Result<Option<FiscalYear>, FrameError> {
    match (year, FiscalYear::new(year)) {
        (0, _) => Ok(None),
        (_, Some(year)) => Ok(Some(year)),
        (year, None) => Err(value(kind, "year", year.into())),
    }
}

impl ListPayments {
    /// Appends the request as a frame. Texts beyond their bounds are cut.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::ListPayments, request, 0, 0);
        self.asked.put(self.filter.flags(), out);
        self.filter.put(out);
        end_frame(out, start);
    }

    /// The request in a frame of kind [`FrameKind::ListPayments`].
    ///
    /// # Errors
    /// [`FrameError::Body`] if the body is not one, [`FrameError::Value`] if a field cannot be so.
    pub fn parse(frame: &Frame<'_>) -> Result<ListPayments, FrameError> {
        let mut reader = Reader::new(frame.body);
        let known = SINCE_RESERVED | OF_DIVISION;
        let (asked, flags) = Asked::read(&mut reader, FrameKind::ListPayments, known)?;
        let filter = PaymentFilter::read(&mut reader, flags)?;
        reader.end().map_err(FrameError::short(FrameKind::ListPayments))?;
        Ok(ListPayments { asked, filter })
    }
}

impl History {
    /// Appends the request as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::History, request, 0, 0);
        self.asked.put(0, out);
        let (what, book, quota, payment) = match self.subject {
            Subject::Payment { book, id } => (OF_PAYMENT, book, QuotaId(0), id),
            Subject::Quota(quota) => (OF_QUOTA, None, quota, PaymentId(0)),
        };
        out.extend_from_slice(&what.to_le_bytes());
        out.extend_from_slice(&book.map_or(0, |(division, _)| division.0).to_le_bytes());
        out.extend_from_slice(&book.map_or(0, |(_, year)| year.get()).to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&quota.0.to_le_bytes());
        out.extend_from_slice(&payment.0.to_le_bytes());
        end_frame(out, start);
    }

    /// The request in a frame of kind [`FrameKind::History`].
    ///
    /// # Errors
    /// As [`ListPayments::parse`].
    pub fn parse(frame: &Frame<'_>) -> Result<History, FrameError> {
        let kind = FrameKind::History;
        let short = FrameError::short(kind);
        let mut reader = Reader::new(frame.body);
        let (asked, _) = Asked::read(&mut reader, kind, 0)?;
        let what = reader.u16().map_err(&short)?;
        let division = reader.u16().map_err(&short)?;
        let year = read_year(kind, reader.u16().map_err(&short)?)?;
        let zero = reader.u16().map_err(&short)?;
        let quota = reader.u64().map_err(&short)?;
        let payment = reader.u128().map_err(&short)?;
        reader.end().map_err(&short)?;
        let subject = match (what, year) {
            (OF_PAYMENT, Some(year)) if quota == 0 => {
                let book = Some((DivisionIndex(division), year));
                Subject::Payment { book, id: PaymentId(payment) }
            }
            (OF_PAYMENT, None) if quota == 0 && division == 0 => {
                Subject::Payment { book: None, id: PaymentId(payment) }
            }
            (OF_QUOTA, None) if division == 0 && payment == 0 => Subject::Quota(QuotaId(quota)),
            (OF_PAYMENT | OF_QUOTA, _) => return Err(value(kind, "division", division.into())),
            (what, _) => return Err(value(kind, "what", what.into())),
        };
        if zero == 0 { Ok(History { asked, subject }) } else { Err(short(Short)) }
    }
}

impl StateAt {
    /// Appends the request as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::StateAt, request, 0, 0);
        self.asked.put(0, out);
        out.extend_from_slice(&self.look_up.encode());
        end_frame(out, start);
    }

    /// The request in a frame of kind [`FrameKind::StateAt`].
    ///
    /// # Errors
    /// As [`ListPayments::parse`]; an outcome is no state.
    pub fn parse(frame: &Frame<'_>) -> Result<StateAt, FrameError> {
        let kind = FrameKind::StateAt;
        let short = FrameError::short(kind);
        let mut reader = Reader::new(frame.body);
        let (asked, _) = Asked::read(&mut reader, kind, 0)?;
        let bytes: [u8; LOOK_UP_BYTES] = reader.array().map_err(&short)?;
        reader.end().map_err(&short)?;
        let wrong = |code: Code| value(kind, "what", code.number().into());
        let look_up = LookUp::decode(&bytes).map_err(wrong)?;
        match look_up {
            LookUp::Quota(_) | LookUp::Payment { .. } => Ok(StateAt { asked, look_up }),
            LookUp::Outcome { .. } => Err(value(kind, "what", look_up.number().into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;

    fn asked() -> Asked {
        Asked {
            wait_for: Position { epoch: 3, sequence: 900 },
            wait_ms: 2_000,
            as_of: AsOf::Position(Position { epoch: 2, sequence: 40 }),
            items: 20,
            newest_first: true,
            after: [7; CONTINUATION_BYTES],
        }
    }

    fn filter() -> PaymentFilter {
        PaymentFilter {
            states: vec![PaymentState::Reserved, PaymentState::Released],
            division: Some(DivisionIndex(0)),
            year: FiscalYear::new(2022),
            quota: Some(QuotaId(5)),
            key_prefix: "184001".into(),
            payee_hash: Some(9),
            number: "2023-000008".into(),
            maker: Some(PersonId(4)),
            older_than_ms: Some(86_400_000),
            younger_than_ms: Some(1),
            age_since: AgeSince::Reserved,
            amount_from: Some(Fen::new(1)),
            amount_to: Some(Fen::new(2)),
        }
    }

    #[test]
    fn a_question_survives_its_frame_and_no_part_of_it_is_one() {
        for list in [
            ListPayments { asked: asked(), filter: filter() },
            ListPayments::default(),
            ListPayments {
                asked: Asked { as_of: AsOf::TimeMs(5), ..Asked::default() },
                ..ListPayments::default()
            },
        ] {
            let mut out = Vec::new();
            list.put(&mut out, 7);
            let frame = split_frame(&out).unwrap().unwrap();
            assert_eq!(ListPayments::parse(&frame), Ok(list));
            for cut in 0..frame.body.len() {
                assert!(ListPayments::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
            }
        }
        let book = Some((DivisionIndex(184), FiscalYear::from_offset(22)));
        for subject in [
            Subject::Payment { book, id: PaymentId(3) },
            Subject::Payment { book: None, id: PaymentId(3) },
            Subject::Quota(QuotaId(77)),
        ] {
            let history = History { asked: asked(), subject };
            let mut out = Vec::new();
            history.put(&mut out, 7);
            let frame = split_frame(&out).unwrap().unwrap();
            assert_eq!(History::parse(&frame), Ok(history));
            for cut in 0..frame.body.len() {
                assert!(History::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
            }
        }
        let state = StateAt { asked: asked(), look_up: LookUp::Quota(QuotaId(3)) };
        let mut out = Vec::new();
        state.put(&mut out, 7);
        assert_eq!(StateAt::parse(&split_frame(&out).unwrap().unwrap()), Ok(state));
    }

    #[test]
    fn values_out_of_bounds_are_named() {
        let named = |asked: Asked| {
            let mut out = Vec::new();
            ListPayments { asked, ..ListPayments::default() }.put(&mut out, 7);
            ListPayments::parse(&split_frame(&out).unwrap().unwrap()).unwrap_err().to_string()
        };
        let too_many = Asked { items: 501, ..Asked::default() };
        assert!(named(too_many).contains("items"));
        let too_long = Asked { wait_ms: DIRECTORY_WAIT_MS_MAX + 1, ..Asked::default() };
        assert!(named(too_long).contains("wait_ms"));
    }
}
