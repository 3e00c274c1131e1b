//! Pages of the directory's answers. Each says the position and the time it is true at.

use domain::Fen;
use domain::codes::{Ending, Path, PaymentState, Posts};
use domain::ids::{PaymentId, PersonId, QuotaId};
use domain::limits::OFFICIAL_KEY_BYTES_MAX;

use super::Continuation;
use crate::bytes::{Reader, Short, put_text};
use crate::frame::{Frame, FrameError, FrameKind, begin_frame, end_frame};
use crate::limits::{
    DIRECTORY_PAGE_ITEMS_MAX, DIRECTORY_TEXT_BYTES_MAX, FRAME_BYTES_MAX, FRAME_HEADER_BYTES,
    HISTORY_EVENT_HEADER_BYTES, HISTORY_PROLOGUE_BYTES,
};
use crate::lookup::Answer;
use crate::results::{Position, put_prologue, read_prologue};
use crate::subscribe::Record;

/// One payment of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPayment {
    /// Its id.
    pub payment: PaymentId,
    /// The quota that pays.
    pub quota: QuotaId,
    /// The amount asked for.
    pub amount_fen: Fen,
    /// The amount executed; zero before.
    pub executed_fen: Fen,
    /// Who asked for it.
    pub maker: PersonId,
    /// Hash of the payee's account; zero: none was given.
    pub payee_hash: u64,
    /// When it was reserved, in ms of journaled time.
    pub reserved_ms: u64,
    /// When its last event was, in ms of journaled time.
    pub changed_ms: u64,
    /// The sequence of the record that reserved it.
    pub sequence: u64,
    /// The sequence of its last event.
    pub changed_sequence: u64,
    /// Where it stands.
    pub state: PaymentState,
    /// How it ended, once released.
    pub ending: Option<Ending>,
    /// The settlement path.
    pub path: Path,
    /// Posts it needs.
    pub posts: Posts,
    /// Posts that have approved.
    pub approved: Posts,
    /// The official key of its quota.
    pub key: String,
    /// The payee's name, cut to the bound of a text in a list; so are the others.
    pub payee_name: String,
    /// The payee's account.
    pub payee_account: String,
    /// The purpose.
    pub purpose: String,
    /// Official numbers.
    pub numbers: String,
}

impl ListedPayment {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.payment.0.to_le_bytes());
        out.extend_from_slice(&self.quota.0.to_le_bytes());
        for fen in [self.amount_fen, self.executed_fen] {
            out.extend_from_slice(&fen.get().to_le_bytes());
        }
        for number in [
            self.maker.0,
            self.payee_hash,
            self.reserved_ms,
            self.changed_ms,
            self.sequence,
            self.changed_sequence,
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let ending = self.ending.map_or(0, Ending::number);
        let (posts, approved) = (self.posts.bits(), self.approved.bits());
        let (state, path) = (self.state.number(), self.path.number());
        out.extend_from_slice(&[state, ending, path, posts, approved, 0, 0, 0]);
        put_text(out, &self.key, OFFICIAL_KEY_BYTES_MAX);
        for text in [&self.payee_name, &self.payee_account, &self.purpose, &self.numbers] {
            put_text(out, text, DIRECTORY_TEXT_BYTES_MAX);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<ListedPayment, Short> {
        let payment = PaymentId(reader.u128()?);
        let quota = QuotaId(reader.u64()?);
        let amount_fen = Fen::new(reader.i64()?);
        let executed_fen = Fen::new(reader.i64()?);
        let maker = PersonId(reader.u64()?);
        let payee_hash = reader.u64()?;
        let reserved_ms = reader.u64()?;
        let changed_ms = reader.u64()?;
        let sequence = reader.u64()?;
        let changed_sequence = reader.u64()?;
        let [state, ending, path, posts, approved, zeros @ ..]: [u8; 8] = reader.array()?;
        let ending = match ending {
            0 => None,
            number => Some(Ending::from_number(number).ok_or(Short)?),
        };
        if zeros != [0; 3] {
            return Err(Short);
        }
        let key = reader.text(OFFICIAL_KEY_BYTES_MAX)?.to_owned();
        let mut text = || reader.text(DIRECTORY_TEXT_BYTES_MAX).map(str::to_owned);
        Ok(ListedPayment {
            payment,
            quota,
            amount_fen,
            executed_fen,
            maker,
            payee_hash,
            reserved_ms,
            changed_ms,
            sequence,
            changed_sequence,
            state: PaymentState::from_number(state).ok_or(Short)?,
            ending,
            path: Path::from_number(path).ok_or(Short)?,
            posts: Posts::from_bits(posts).ok_or(Short)?,
            approved: Posts::from_bits(approved).ok_or(Short)?,
            key,
            payee_name: text()?,
            payee_account: text()?,
            purpose: text()?,
            numbers: text()?,
        })
    }
}

/// A page of payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPage {
    /// The position it is true at.
    pub at: Position,
    /// The time of that position, and from which ages are counted back, in ms since 1970.
    pub time_ms: u64,
    /// What continues the list; all zero at its end. A page may be short, even empty, and yet not
    /// be the last: the directory looks at so many payments for one page and no more.
    pub after: Continuation,
    /// The payments.
    pub payments: Vec<ListedPayment>,
}

impl PaymentPage {
    /// Appends the page as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let count = self.payments.len() as u32;
        let start = begin_frame(out, FrameKind::Payments, request, 0, count);
        put_page_prologue(out, self.at, self.time_ms, &self.after);
        for payment in &self.payments {
            payment.put(out);
        }
        end_frame(out, start);
    }

    /// The page in a frame of kind [`FrameKind::Payments`].
    ///
    /// # Errors
    /// If the body is not as its numbers say.
    pub fn parse(frame: &Frame<'_>) -> Result<PaymentPage, FrameError> {
        let kind = FrameKind::Payments;
        let short = FrameError::short(kind);
        let count = page_count(frame, kind)?;
        let mut reader = Reader::new(frame.body);
        let (at, time_ms, after) = read_page_prologue(&mut reader).map_err(&short)?;
        let mut payments = Vec::with_capacity(count);
        for _ in 0..count {
            payments.push(ListedPayment::read(&mut reader).map_err(&short)?);
        }
        reader.end().map_err(&short)?;
        Ok(PaymentPage { at, time_ms, after, payments })
    }
}

pub(super) fn put_page_prologue(
    out: &mut Vec<u8>,
    at: Position,
    time_ms: u64,
    after: &Continuation,
) {
    put_prologue(out, at);
    out.extend_from_slice(&time_ms.to_le_bytes());
    out.extend_from_slice(after);
}

pub(super) fn read_page_prologue(
    reader: &mut Reader<'_>,
) -> Result<(Position, u64, Continuation), Short> {
    Ok((read_prologue(reader)?, reader.u64()?, reader.array()?))
}

fn page_count(frame: &Frame<'_>, kind: FrameKind) -> Result<usize, FrameError> {
    let (count, max) = (frame.header.count, DIRECTORY_PAGE_ITEMS_MAX);
    if count as usize > max {
        return Err(FrameError::Count { kind: kind.slug(), count, max });
    }
    Ok(count as usize)
}

/// One event of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryEvent<'a> {
    /// The record, as it lies in the journal.
    pub record: Record<'a>,
    /// When it was journaled, in ms since 1970.
    pub time_ms: u64,
}

/// Builds a page of events.
#[derive(Clone, Debug, Default)]
pub struct HistoryBuilder {
    events: Vec<u8>,
    count: u32,
}

impl HistoryBuilder {
    /// An empty page.
    #[must_use]
    pub fn new() -> HistoryBuilder {
        HistoryBuilder::default()
    }

    /// How many events it holds.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Adds an event; false when the page has no room for it.
    #[must_use]
    pub fn push(&mut self, event: &HistoryEvent<'_>) -> bool {
        let record = &event.record;
        let bytes = HISTORY_EVENT_HEADER_BYTES + record.body.len();
        let head = FRAME_HEADER_BYTES + HISTORY_PROLOGUE_BYTES;
        if self.count as usize >= DIRECTORY_PAGE_ITEMS_MAX
            || head + self.events.len() + bytes > FRAME_BYTES_MAX
        {
            return false;
        }
        let out = &mut self.events;
        out.extend_from_slice(&record.position.epoch.to_le_bytes());
        out.extend_from_slice(&record.kind.to_le_bytes());
        out.extend_from_slice(&record.version.to_le_bytes());
        out.extend_from_slice(&record.position.sequence.to_le_bytes());
        out.extend_from_slice(&event.time_ms.to_le_bytes());
        out.extend_from_slice(&(record.body.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(record.body);
        self.count += 1;
        true
    }

    /// Appends the page as a frame, true at a position and its time.
    pub fn finish_into(
        &self,
        out: &mut Vec<u8>,
        request: u64,
        at: Position,
        time_ms: u64,
        after: &Continuation,
    ) {
        let start = begin_frame(out, FrameKind::HistoryPage, request, 0, self.count);
        put_page_prologue(out, at, time_ms, after);
        out.extend_from_slice(&self.events);
        end_frame(out, start);
    }
}

/// A page of events, in bytes of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// The position it is true at.
    pub at: Position,
    /// The time of that position, in ms since 1970.
    pub time_ms: u64,
    /// What continues the history; all zero at its end.
    pub after: Continuation,
    events: Vec<u8>,
    count: u32,
}

impl HistoryPage {
    /// The page in a frame of kind [`FrameKind::HistoryPage`].
    ///
    /// # Errors
    /// If the body is not as its numbers say.
    pub fn parse(frame: &Frame<'_>) -> Result<HistoryPage, FrameError> {
        let kind = FrameKind::HistoryPage;
        let short = FrameError::short(kind);
        let count = page_count(frame, kind)? as u32;
        let mut reader = Reader::new(frame.body);
        let (at, time_ms, after) = read_page_prologue(&mut reader).map_err(&short)?;
        let events = reader.rest().to_vec();
        for _ in 0..count {
            read_event(&mut reader).map_err(&short)?;
        }
        reader.end().map_err(&short)?;
        Ok(HistoryPage { at, time_ms, after, events, count })
    }

    /// How many events it holds.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Each event in order.
    pub fn iter(&self) -> impl Iterator<Item = HistoryEvent<'_>> {
        let mut reader = Reader::new(&self.events);
        std::iter::from_fn(move || read_event(&mut reader).ok())
    }
}

fn read_event<'a>(reader: &mut Reader<'a>) -> Result<HistoryEvent<'a>, Short> {
    let epoch = reader.u32()?;
    let kind = reader.u16()?;
    let version = reader.u16()?;
    let position = Position { epoch, sequence: reader.u64()? };
    let time_ms = reader.u64()?;
    let length = reader.u32()? as usize;
    if reader.u32()? != 0 {
        return Err(Short);
    }
    let record = Record { position, kind, version, body: reader.take(length)? };
    Ok(HistoryEvent { record, time_ms })
}

/// How a quota or a payment stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateThen {
    /// The position it is true at.
    pub at: Position,
    /// The time of that position, in ms since 1970.
    pub time_ms: u64,
    /// The answer, as to a look-up then.
    pub answer: Answer,
}

impl StateThen {
    /// Appends it as a frame.
    pub fn put(&self, out: &mut Vec<u8>, request: u64) {
        let start = begin_frame(out, FrameKind::StateThen, request, 0, 1);
        put_prologue(out, self.at);
        out.extend_from_slice(&self.time_ms.to_le_bytes());
        out.extend_from_slice(&self.answer.encode());
        end_frame(out, start);
    }

    /// The state in a frame of kind [`FrameKind::StateThen`].
    ///
    /// # Errors
    /// If the body is not as its numbers say.
    pub fn parse(frame: &Frame<'_>) -> Result<StateThen, FrameError> {
        StateThen::read(frame.body).map_err(FrameError::short(FrameKind::StateThen))
    }

    fn read(body: &[u8]) -> Result<StateThen, Short> {
        let mut reader = Reader::new(body);
        let at = read_prologue(&mut reader)?;
        let time_ms = reader.u64()?;
        let answer = Answer::read(&mut reader)?;
        reader.end()?;
        Ok(StateThen { at, time_ms, answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::split_frame;
    use domain::Code;

    #[test]
    fn pages_survive_their_frames() {
        let text = |count: usize| "长".repeat(count);
        let payment = |number: u128| ListedPayment {
            payment: PaymentId(number),
            quota: QuotaId(5),
            amount_fen: Fen::new(100),
            executed_fen: Fen::new(90),
            maker: PersonId(1),
            payee_hash: 2,
            reserved_ms: 3,
            changed_ms: 4,
            sequence: 5,
            changed_sequence: 6,
            state: PaymentState::Released,
            ending: Some(Ending::Voided),
            path: Path::Own,
            posts: Posts::ALL,
            approved: Posts::UNIT,
            key: "184001-111".into(),
            payee_name: text(85),
            payee_account: "6222".into(),
            purpose: String::new(),
            numbers: text(3),
        };
        let page = PaymentPage {
            at: Position { epoch: 1, sequence: 9 },
            time_ms: 10,
            after: [3; 24],
            payments: (0..DIRECTORY_PAGE_ITEMS_MAX as u128).map(payment).collect(),
        };
        let mut out = Vec::new();
        page.put(&mut out, 8);
        let frame = split_frame(&out).unwrap().unwrap();
        assert_eq!(PaymentPage::parse(&frame).as_ref(), Ok(&page));
        let cut = Frame { body: &frame.body[..frame.body.len() - 1], ..frame };
        assert!(PaymentPage::parse(&cut).is_err());

        let mut builder = HistoryBuilder::new();
        let position = Position { epoch: 1, sequence: 4 };
        let record = Record { position, kind: 17, version: 1, body: b"body" };
        let event = HistoryEvent { record, time_ms: 77 };
        assert!(builder.push(&event) && builder.push(&event));
        out.clear();
        builder.finish_into(&mut out, 8, page.at, 10, &[0; 24]);
        let frame = split_frame(&out).unwrap().unwrap();
        let history = HistoryPage::parse(&frame).unwrap();
        assert_eq!(history.iter().collect::<Vec<_>>(), [event, event]);
        for cut in 0..frame.body.len() {
            assert!(HistoryPage::parse(&Frame { body: &frame.body[..cut], ..frame }).is_err());
        }

        let state = StateThen { at: page.at, time_ms: 1, answer: Answer::Failed(Code::NotFound) };
        out.clear();
        state.put(&mut out, 8);
        assert_eq!(StateThen::parse(&split_frame(&out).unwrap().unwrap()), Ok(state));
    }

    #[test]
    fn the_largest_page_fits_into_a_frame_and_no_larger_record_does() {
        let body = vec![1; 300_000];
        let record = Record { position: Position::default(), kind: 1, version: 1, body: &body };
        let mut builder = HistoryBuilder::new();
        let taken = (0..9).take_while(|_| builder.push(&HistoryEvent { record, time_ms: 0 }));
        assert_eq!(taken.count(), 3);
    }
}
